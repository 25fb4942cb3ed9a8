//! Faults of connections to OpenFlow controllers.

use super::finding::{Found, Snapshot};
use super::kind::FindingKind;
use crate::model::controller::{RefusedTarget, needs_tls, refused_target};
use crate::model::{Bridge, Connection};

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    if !snapshot.daemon.may_be_believed() {
        return;
    }
    for bridge in &snapshot.topology.bridges {
        if snapshot.daemon.serves(bridge) {
            check_bridge(snapshot, bridge, found);
        }
    }
}

fn check_bridge(snapshot: &Snapshot<'_>, bridge: &Bridge, found: &mut Found) {
    // A bridge that listens (`ptcp:`) need not be connected.
    let active = |controller: &&Connection| !controller.is_passive();
    let unused = |controller: &Connection| unused(snapshot, bridge, controller);
    for controller in bridge.controllers.iter().filter(|it| !active(it)) {
        if let Some(unused) = unused(controller) {
            add_unused(bridge, controller, &unused, found);
        }
    }
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
    let none_is_connected = versions.is_empty() && away.len() == controllers.len();
    let targets = |away: &[&Connection]| {
        let targets: Vec<&str> = away.iter().map(|away| away.target.as_str()).collect();
        targets.join(" or ")
    };
    if secure
        && none_is_connected
        && let Some(first) = away.first()
    {
        let why = |controller: &&Connection| match unused(controller) {
            Some(unused) => format!(": {}", unused.why),
            None => reason(controller),
        };
        // Those with one reason are named together.
        let groups: Vec<String> = away
            .chunk_by(|a, b| why(a) == why(b))
            .map(|group| {
                let why = group.first().map(why).unwrap_or_default();
                format!("{} is not connected{why}", targets(group))
            })
            .collect();
        let what = format!("fail_mode is secure, and {}", groups.join("; "));
        let unused = unused(first);
        found.add(FindingKind::NoController, Some(bridge), &bridge.name, what);
        if let Some(unused) = unused {
            found.hint(&unused.hint, &[]);
        }
        away.clear();
    }
    // What ovs-vswitchd does not use does not make it fail open.
    let (tried, others): (Vec<&Connection>, Vec<&Connection>) = away
        .iter()
        .partition(|controller| none_is_connected && unused(controller).is_none());
    if let Some(first) = tried.first() {
        let what = format!(
            "fail_mode is standalone, and {} is not connected{}; after three inactivity probes without it the flows \
             are deleted, and the bridge learns addresses",
            targets(&tried),
            reason(first)
        );
        found.add(FindingKind::FailOpen, Some(bridge), &bridge.name, what);
    }
    for controller in others {
        if let Some(unused) = unused(controller) {
            add_unused(bridge, controller, &unused, found);
            continue;
        }
        let what = format!("not connected{}", reason(controller));
        found.add(
            FindingKind::ControllerUnreachable,
            Some(bridge),
            &controller.target,
            what,
        );
    }
}

/// Why ovs-vswitchd does not use a controller, and what helps.
struct Unused {
    why: String,
    hint: String,
}

/// `None`: it uses it.
fn unused(snapshot: &Snapshot<'_>, bridge: &Bridge, controller: &Connection) -> Option<Unused> {
    let target = &controller.target;
    if let Some(refused) = refused_target(target, Some(&bridge.name), snapshot.run_directories) {
        return Some(Unused {
            why: format!("ovs-vswitchd does not use it: {}", refused.reason()),
            hint: match &refused {
                // The list of forms has colons and commas of its own.
                RefusedTarget::Form => format!(
                    "`ovs bridge set {{bridge}} --controller TARGET` sets another: {}",
                    refused.hint()
                ),
                RefusedTarget::Socket { .. } => format!(
                    "{}: `ovs bridge set {{bridge}} --controller TARGET`",
                    refused.hint()
                ),
            },
        });
    }
    // With a key from its command line it would have tried to connect.
    let error = controller.status.get("last_error");
    let has_tried = error.is_some_and(|error| error != "Protocol not available");
    let is_without_key = needs_tls(target)
        && snapshot.topology.ssl.is_none()
        && !controller.is_connected
        && !has_tried
        && !controller.is_passive();
    is_without_key.then(|| Unused {
        why: "ovs-vswitchd has no key and certificates: table SSL has no row".to_owned(),
        hint: "`ovs-vsctl set-ssl KEY CERTIFICATE CA` names them".to_owned(),
    })
}

fn add_unused(bridge: &Bridge, controller: &Connection, unused: &Unused, found: &mut Found) {
    let target = &controller.target;
    found.add(
        FindingKind::ControllerUnreachable,
        Some(bridge),
        target,
        unused.why.as_str(),
    );
    found.hint(&unused.hint, &[]);
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
