//! Faults of the daemon, the bridges, their datapath ids.

use std::collections::BTreeMap;

use super::finding::{Daemon, Found, Snapshot};
use super::kind::FindingKind;
use crate::model::Bridge;

const DAEMON: &str = "ovs-vswitchd";

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    let ovs = &snapshot.topology.ovs;
    let numbers = format!("cur_cfg is {}, next_cfg {}", ovs.cur_cfg, ovs.next_cfg);
    match snapshot.daemon {
        Daemon::Down => found.add(FindingKind::VswitchdDown, None, DAEMON, "it does not run"),
        Daemon::Silent => found.add(
            FindingKind::VswitchdSilent,
            None,
            DAEMON,
            "it accepts connections and does not answer",
        ),
        Daemon::Unknown | Daemon::Runs { .. } if snapshot.is_behind() => {
            found.add(FindingKind::NotApplied, None, DAEMON, numbers);
        }
        Daemon::Unknown => {}
        Daemon::Runs { unserved } => {
            for bridge in &snapshot.topology.bridges {
                if unserved.contains(&bridge.name) {
                    let what = format!(
                        "ovs-vswitchd does not serve it; its datapath_type is {}",
                        bridge.datapath_kind()
                    );
                    found.add(FindingKind::BridgeDown, Some(bridge), &bridge.name, what);
                }
            }
        }
    }
    datapath_ids(snapshot, found);
}

fn datapath_ids(snapshot: &Snapshot<'_>, found: &mut Found) {
    let mut first: BTreeMap<&str, &Bridge> = BTreeMap::new();
    for bridge in &snapshot.topology.bridges {
        let Some(id) = bridge.datapath_id.as_deref() else {
            continue;
        };
        match first.get(id) {
            None => {
                first.insert(id, bridge);
            }
            Some(other) => {
                let what = format!("its datapath_id {id} is that of {} too", other.name);
                found.add(
                    FindingKind::DatapathIdTwice,
                    Some(bridge),
                    &bridge.name,
                    what,
                );
            }
        }
    }
}
