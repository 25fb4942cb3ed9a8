//! Faults of mirrors: missing output ports.

use super::finding::{Found, Snapshot};
use super::kind::FindingKind;

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    for bridge in &snapshot.topology.bridges {
        for mirror in &bridge.mirrors {
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
