//! Faults of names that are too long for a device or for OpenFlow.

use std::collections::BTreeMap;

use super::finding::{Found, Snapshot};
use super::kind::FindingKind;
use crate::model::{Bridge, Port};

/// Maximum length in bytes of a device name (`IFNAMSIZ` less the closing NUL), and of a port name in
/// OpenFlow (`OFP_MAX_PORT_NAME_LEN` less the same).
const LONGEST: usize = 15;

/// The types of interface that have a device of the same name.
const WITH_DEVICE: [&str; 5] = ["system", "internal", "tap", "afxdp", "afxdp-nonpmd"];

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    for bridge in &snapshot.topology.bridges {
        for (_, interface) in bridge.interfaces() {
            let length = interface.name.len();
            if length > LONGEST && WITH_DEVICE.contains(&interface.kind()) {
                let what = format!(
                    "its name has {length} bytes, a device of type {} can have {LONGEST}",
                    interface.kind()
                );
                found.add(FindingKind::LongName, Some(bridge), &interface.name, what);
                found.explain(interface);
            }
        }
        cut_names(bridge, found);
    }
}

/// OVN's own ports are left out: its naming scheme makes them similar, and it uses numbers.
fn cut_names(bridge: &Bridge, found: &mut Found) {
    let mut alike: BTreeMap<&[u8], Vec<&str>> = BTreeMap::new();
    for (port, interface) in bridge.interfaces() {
        // Other long names have a finding of their own.
        let long = interface.name.len() > LONGEST && WITH_DEVICE.contains(&interface.kind());
        if let (false, false, Some(cut)) = (long, is_ovn(port), cut(&interface.name)) {
            alike.entry(cut).or_default().push(&interface.name);
        }
    }
    for (cut, mut names) in alike {
        names.dedup();
        if names.len() > 1 {
            let what = format!(
                "in OpenFlow all of these are \"{}\": {}",
                String::from_utf8_lossy(cut),
                names.join(", ")
            );
            found.add(FindingKind::CutNames, Some(bridge), &bridge.name, what);
        }
    }
}

fn cut(name: &str) -> Option<&[u8]> {
    name.as_bytes().get(..name.len().min(LONGEST))
}

fn is_ovn(port: &Port) -> bool {
    port.external_ids.keys().any(|key| key.starts_with("ovn-"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, port, switch};

    #[test]
    fn long_names() {
        let patch = |name| port(name, "patch", &[]);
        let mut ports = [
            port("tap-of-15-bytes", "internal", &[]),
            port("tap-of-16-bytes-", "", &[]),
            patch("patch-to-the-east"),
            patch("patch-to-the-ea"),
            patch("patch-to-the-west"),
        ];
        let told = |ports: &[_]| {
            let mut lines = found(&switch(&[("br0", ports)]), None);
            lines.retain(|line| !line.starts_with("dangling-patch"));
            lines
        };
        assert_eq!(
            told(&ports),
            ["long-name tap-of-16-bytes-", "cut-names br0"]
        );
        for port in &mut ports {
            let id = ("ovn-localnet-port".to_owned(), "provnet".to_owned());
            port.external_ids.extend([id]);
        }
        assert_eq!(told(&ports), ["long-name tap-of-16-bytes-"]);
    }
}
