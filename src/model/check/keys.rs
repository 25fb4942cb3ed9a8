//! Faults of keys of `options` and `other_config`: the database accepts any key, and the switch ignores
//! unknown ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::finding::{Finding, Found, Snapshot};
use super::kind::FindingKind;
use crate::model::Bridge;
use crate::model::keys::{self, KeyFault};

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    let topology = snapshot.topology;
    let version = topology.ovs.ovs_version.as_deref().and_then(keys::version);
    let ovs = CheckedRecord {
        version,
        bridge: None,
        object: "Open_vSwitch",
        table: "Open_vSwitch",
        kind: None,
    };
    ovs.check("other_config", &topology.ovs.other_config, found);
    for bridge in &topology.bridges {
        let place = |object, table, kind| CheckedRecord {
            version,
            bridge: Some(bridge),
            object,
            table,
            kind,
        };
        let own = place(&bridge.name, "Bridge", None);
        own.check("other_config", &bridge.other_config, found);
        own.check("external_ids", &bridge.external_ids, found);
        for port in &bridge.ports {
            let own = place(&port.name, "Port", None);
            own.check("other_config", &port.other_config, found);
            own.check("external_ids", &port.external_ids, found);
        }
        for (_, interface) in bridge.interfaces() {
            let own = place(&interface.name, "Interface", Some(interface.kind()));
            own.check("options", &interface.options, found);
            own.check("other_config", &interface.other_config, found);
            own.check("external_ids", &interface.external_ids, found);
        }
    }
}

/// A row of the database.
#[derive(Debug, Clone, Copy)]
struct CheckedRecord<'t> {
    /// Of Open vSwitch.
    version: Option<(u8, u8)>,
    bridge: Option<&'t Bridge>,
    object: &'t str,
    table: &'t str,
    kind: Option<&'t str>,
}

impl CheckedRecord<'_> {
    fn check(&self, column: &str, map: &BTreeMap<String, String>, found: &mut Found) {
        let pairs = map
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        for wrong in keys::check(self.table, column, self.kind, self.version, pairs) {
            let kind = match wrong.kind {
                KeyFault::BadValue { .. } => FindingKind::BadValue,
                KeyFault::Removed { .. } => FindingKind::RemovedKey,
                KeyFault::UnknownKey { .. }
                | KeyFault::KeyOfOtherType { .. }
                | KeyFault::KeyOfOtherColumn { .. } => FindingKind::UnknownKey,
            };
            found.keys.push((found.findings.len(), word_of(&wrong)));
            found.add(kind, self.bridge, self.object, wrong.to_string());
        }
    }
}

/// The key that was probably meant.
fn word_of(wrong: &keys::KeyFinding) -> String {
    match &wrong.kind {
        KeyFault::UnknownKey { meant: Some(meant) } => meant.clone(),
        _ => wrong.key.clone(),
    }
}

/// Merges the finding on a wrong key with the fault that it causes: `options:remote-ip`, and a tunnel
/// without `remote_ip`, are one.
pub(super) fn merge(found: &mut Found) {
    let place = |finding: &Finding| (finding.bridge.clone(), finding.object.clone());
    let follows = |finding: &Finding| {
        matches!(
            finding.kind,
            FindingKind::PortError | FindingKind::DanglingPatch
        )
    };
    let findings = found.findings.iter().enumerate();
    let faults: BTreeMap<_, usize> = findings
        .filter(|(_, finding)| follows(finding))
        .map(|(index, finding)| (place(finding), index))
        .collect();
    let mut merged = BTreeSet::new();
    for (index, word) in std::mem::take(&mut found.keys) {
        let Some(key) = found.findings.get(index) else {
            continue;
        };
        let (fault, what) = (faults.get(&place(key)), key.what.clone());
        let fault = fault.and_then(|fault| found.findings.get_mut(*fault));
        if let Some(fault) = fault.filter(|fault| fault.what.contains(&word)) {
            let _ = write!(fault.what, "; {what}");
            merged.insert(index);
        }
    }
    let mut index = 0;
    found.findings.retain(|_| {
        index += 1;
        !merged.contains(&(index - 1))
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, port, switch};

    /// The error is ovs-vswitchd's own.
    #[test]
    fn a_key_and_its_consequence_are_one_fault() {
        let mut ports = [
            port("v0", "vxlan", &[("remote-ip", "10.0.0.72")]),
            port("p0", "patch", &[("peeer", "p1")]),
            port(
                "v1",
                "vxlan",
                &[("remote_ip", "10.0.0.73"), ("remote-ipp", "x")],
            ),
        ];
        ports[0].interfaces[0].ofport = Some(-1);
        ports[0].interfaces[0].error =
            Some("v0: vxlan type requires valid 'remote_ip' argument".into());
        assert_eq!(
            found(&switch(&[("br0", &ports)]), None),
            ["dangling-patch p0", "port-error v0", "unknown-key v1"]
        );
    }
}
