//! Interfaces that ovs-vswitchd could not open.

use super::finding::{Found, Snapshot, has_failed};
use super::kind::FindingKind;
use crate::model::resolve::argument;
use crate::model::tunnel::why_unknown;

/// The start of ovs-vswitchd's error for a missing device.
const NOT_OPENED: &str = "could not open network device";
/// `ENODEV`, as strerror(3) prints it.
const NO_SUCH_DEVICE: &str = "No such device";
/// The hint if the device is a member of a bond.
const MEMBER: &str = "if it is a leftover: `ovs port set {bond} --remove-member {member}`";

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    if !snapshot.daemon.may_be_believed() {
        return;
    }
    let known = &snapshot.topology.ovs.iface_types;
    for (bridge, port, interface) in snapshot.topology.interfaces() {
        if found.is_explained(interface) || !snapshot.daemon.serves(bridge) {
            continue;
        }
        let name = &interface.name;
        let error = interface.error.as_deref();
        if error.is_some_and(|error| error.contains(NOT_OPENED) && error.contains(NO_SUCH_DEVICE)) {
            let what = error.unwrap_or_default();
            found.add(FindingKind::NoDevice, Some(bridge), name, what);
            if port.is_bond() {
                let bond = argument(&port.name);
                found.hint(MEMBER, &[("{bond}", &bond), ("{member}", name)]);
            }
        } else if has_failed(interface) {
            let mut what = error.unwrap_or("its ofport is -1").to_owned();
            if !known.is_empty() && !known.iter().any(|kind| kind == interface.kind()) {
                what = format!(
                    "{what}; this ovs-vswitchd knows no type {}{}",
                    interface.kind(),
                    why_unknown(interface.kind())
                );
            }
            found.add(FindingKind::PortError, Some(bridge), name, what);
        } else if snapshot.is_without_ofport(interface) {
            let what = "ovs-vswitchd has given it no OpenFlow number";
            found.add(FindingKind::NoOfport, Some(bridge), name, what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, port, switch};
    use super::super::{Daemon, Finding, Snapshot, findings};

    /// The errors are ovs-vswitchd's own, from the column `error`: of a tap whose instance is gone, on a
    /// host with the kernel's datapath, and of a tunnel without options.
    #[test]
    fn errors_of_ports() {
        let mut ports = [port("tap1", "", &[]), port("v3", "vxlan", &[])];
        for (port, error) in ports.iter_mut().zip([
            "could not open network device tap1 (No such device)",
            "v3: vxlan type requires valid 'remote_ip' argument",
        ]) {
            port.interfaces[0].ofport = Some(-1);
            port.interfaces[0].error = Some(error.into());
        }
        assert_eq!(
            found(&switch(&[("br0", &ports)]), None),
            ["no-device tap1", "port-error v3"]
        );
    }
    /// An interface that ovs-vswitchd has not processed yet has no number, which is no fault of the
    /// interface.
    #[test]
    fn without_a_number() {
        let mut ports = [port("tap1", "", &[]), port("tap2", "", &[])];
        ports[0].tag = Some(1);
        ports[1].interfaces[0].ofport = None;
        let mut topology = switch(&[("br0", &ports)]);
        let told = |topology: &crate::model::Topology| {
            let snapshot = Snapshot {
                topology,
                daemon: &Daemon::Runs {
                    unserved: [].into(),
                },
                host: None,
                run_directories: &[],
            };
            let line = |finding: &Finding| format!("{} {}", finding.kind.word(), finding.object);
            let mut lines: Vec<String> = findings(&snapshot).iter().map(line).collect();
            lines.sort();
            lines
        };
        // That it would carry every VLAN is not reported.
        assert_eq!(told(&topology), ["no-ofport tap2"]);
        topology.ovs.next_cfg = 2;
        assert_eq!(
            told(&topology),
            ["not-applied ovs-vswitchd", "trunks-all tap2"]
        );
    }
}
