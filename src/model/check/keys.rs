//! Keys of `options` and `other_config`: the database takes any, and the switch ignores what it does not know.

use std::collections::BTreeMap;

use super::{Found, Kind, Snapshot};
use crate::model::Bridge;
use crate::model::keys::{self, Kind as Wrong};

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    let topology = snapshot.topology;
    let ovs = Place {
        bridge: None,
        object: "Open_vSwitch",
        table: "Open_vSwitch",
        kind: None,
    };
    ovs.check("other_config", &topology.ovs.other_config, found);
    for bridge in &topology.bridges {
        let place = |object, table, kind| Place {
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
struct Place<'t> {
    bridge: Option<&'t Bridge>,
    object: &'t str,
    table: &'t str,
    kind: Option<&'t str>,
}

impl Place<'_> {
    fn check(&self, column: &str, map: &BTreeMap<String, String>, found: &mut Found) {
        let pairs = map
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        for wrong in keys::check(self.table, column, self.kind, pairs) {
            let kind = match wrong.kind {
                Wrong::BadValue { .. } => Kind::BadValue,
                Wrong::UnknownKey { .. }
                | Wrong::KeyOfOtherType { .. }
                | Wrong::KeyOfOtherColumn { .. } => Kind::UnknownKey,
            };
            found.add(kind, self.bridge, self.object, wrong.to_string());
        }
    }
}
