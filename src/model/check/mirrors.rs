//! Faults of mirrors: missing output ports, nothing selected.

use super::finding::{Found, Snapshot};
use super::kind::FindingKind;

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    let mirrors = || {
        let bridges = snapshot.topology.bridges.iter();
        bridges.flat_map(|bridge| &bridge.mirrors)
    };
    for bridge in &snapshot.topology.bridges {
        for mirror in &bridge.mirrors {
            if mirror.selects_nothing() {
                let what = match mirror.select_vlan.as_slice() {
                    [] => "it selects no port",
                    _ => "it selects VLANs, but no port to mirror them of",
                };
                let kind = FindingKind::MirrorSelectsNothing;
                found.add(kind, Some(bridge), &mirror.name, what);
                // Names of mirrors need not be unique, or there.
                let mut named = mirrors().filter(|other| other.name == mirror.name);
                let is_unique = !mirror.name.is_empty() && named.nth(1).is_none();
                let row = mirror.uuid.to_string();
                let row = if is_unique { &mirror.name } else { &row };
                found.hint(kind.hint(), &[("{mirror}", row)]);
            }
            let is_here = |id| bridge.ports.iter().any(|port| port.uuid == id);
            let what = match (mirror.output_port, mirror.output_vlan) {
                (_, Some(_)) => continue,
                (Some(id), None) if is_here(id) => continue,
                (Some(_), None) => "its output port is not on this bridge",
                (None, None) => "it has neither an output port nor an output VLAN",
            };
            found.add(
                FindingKind::MirrorNoOutput,
                Some(bridge),
                &mirror.name,
                what,
            );
        }
    }
}
