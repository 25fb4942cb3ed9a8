//! Faults of connections to OpenFlow controllers.

use super::finding::{Found, Snapshot};
use super::kind::FindingKind;
use crate::model::{Bridge, Connection};

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    if !snapshot.daemon.may_be_believed() {
        return;
    }
    for bridge in &snapshot.topology.bridges {
        if snapshot.daemon.serves(bridge) {
            check_bridge(bridge, found);
        }
    }
}

fn check_bridge(bridge: &Bridge, found: &mut Found) {
    // A bridge that listens (`ptcp:`) need not be connected.
    let active = |controller: &&Connection| !controller.target.starts_with('p');
    let controllers: Vec<&Connection> = bridge.controllers.iter().filter(active).collect();
    let (versions, mut away): (Vec<&Connection>, Vec<&Connection>) = controllers
        .iter()
        .filter(|controller| !controller.is_connected)
        .partition(|controller| refuses_versions(controller));
    for controller in &versions {
        let what = format!(
            "it answers, but speaks none of the bridge's versions ({})",
            if bridge.protocols.is_empty() {
                "the default ones".to_owned()
            } else {
                bridge.protocols.join(", ")
            }
        );
        found.add(
            FindingKind::ControllerVersions,
            Some(bridge),
            &controller.target,
            what,
        );
    }
    let secure = bridge.fail_mode.as_deref() == Some("secure");
    if secure && !away.is_empty() && versions.is_empty() && away.len() == controllers.len() {
        let targets: Vec<&str> = away.iter().map(|away| away.target.as_str()).collect();
        let what = format!(
            "fail_mode is secure, and {} is not connected{}",
            targets.join(" or "),
            away.first().map(|away| reason(away)).unwrap_or_default()
        );
        found.add(FindingKind::NoController, Some(bridge), &bridge.name, what);
        away.clear();
    }
    for controller in away {
        let what = format!("not connected{}", reason(controller));
        found.add(
            FindingKind::ControllerUnreachable,
            Some(bridge),
            &controller.target,
            what,
        );
    }
}

/// ovs-vswitchd's words for a failed negotiation: `EPROTO`, as strerror(3) has it.
fn refuses_versions(controller: &Connection) -> bool {
    controller
        .status
        .get("last_error")
        .is_some_and(|error| error == "Protocol error")
}

/// `: Connection refused (BACKOFF)`
fn reason(controller: &Connection) -> String {
    let status = |key: &str| controller.status.get(key).map(String::as_str);
    match (status("last_error"), status("state")) {
        (Some(error), Some(state)) => format!(": {error} ({state})"),
        (Some(word), None) | (None, Some(word)) => format!(": {word}"),
        (None, None) => String::new(),
    }
}
