//! Faults of `QoS` and queues: types and values that the switch does not understand, and rows left over.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Found, Snapshot};
use super::kind::FindingKind;
use crate::base::order::by_name;
use crate::model::keys::{self, KeyFault, QOS_TYPES, check as check_keys};
use crate::model::resolve::did_you_mean;
use crate::model::services::Qos;
use crate::model::{Bridge, Port};
use crate::ovsdb::Uuid;

pub(super) fn check(snapshot: &Snapshot<'_>, found: &mut Found) {
    let shaping = &snapshot.topology.shaping;
    let version = snapshot.topology.ovs.ovs_version.as_deref();
    let version = version.and_then(keys::version);
    // Ports may share a QoS, and several QoS a queue: each is checked once.
    let mut users: BTreeMap<Uuid, (&Bridge, &Port)> = BTreeMap::new();
    for bridge in &snapshot.topology.bridges {
        for port in &bridge.ports {
            if let Some(qos) = port.qos {
                users.entry(qos).or_insert((bridge, port));
            }
        }
    }
    let mut used: Vec<_> = users.iter().collect();
    used.sort_by(|(_, (_, a)), (_, (_, b))| by_name(&a.name, &b.name));
    let mut checked = BTreeSet::new();
    for (id, (bridge, port)) in used {
        let Some(qos) = shaping.qos.get(id) else {
            continue;
        };
        if !QOS_TYPES.contains(&qos.type_.as_str()) {
            let meant = did_you_mean(&qos.type_, QOS_TYPES.iter().copied());
            let what = format!(
                "Open vSwitch has no QoS type \"{}\"{meant}: nothing is shaped",
                qos.type_.escape_debug()
            );
            found.add(FindingKind::QosType, Some(bridge), &port.name, what);
            found.hint(FindingKind::QosType.hint(), &[("{row}", &id.to_string())]);
            continue;
        }
        let mut place = ShapingRow {
            version,
            bridge,
            port,
            table: "QoS",
            id: *id,
            qos,
            queue: None,
        };
        place.check(&qos.other_config, found);
        for (number, id) in &qos.queues {
            if let Some(queue) = shaping.queues.get(id)
                && checked.insert(*id)
            {
                (place.table, place.id, place.queue) = ("Queue", *id, Some(*number));
                place.check(&queue.other_config, found);
            }
        }
    }
    left_over(snapshot, &users, found);
}

/// A row of table `QoS` or `Queue`, and a port that it shapes.
struct ShapingRow<'t> {
    /// Of Open vSwitch.
    version: Option<(u8, u8)>,
    bridge: &'t Bridge,
    port: &'t Port,
    table: &'static str,
    id: Uuid,
    qos: &'t Qos,
    queue: Option<i64>,
}

impl ShapingRow<'_> {
    fn check(&self, config: &BTreeMap<String, String>, found: &mut Found) {
        let pairs = config
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()));
        let kind = Some(self.qos.type_.as_str());
        for wrong in check_keys(self.table, "other_config", kind, self.version, pairs) {
            let of = match self.queue {
                Some(number) => format!("queue {number} of its QoS"),
                None => "its QoS".to_owned(),
            };
            let (bridge, port) = (Some(self.bridge), self.port.name.as_str());
            match &wrong.kind {
                KeyFault::BadValue { value, .. } => {
                    found.add(
                        FindingKind::QosValue,
                        bridge,
                        port,
                        format!("{of}: {wrong}"),
                    );
                    let whole = whole(value).unwrap_or_else(|| "NUMBER".to_owned());
                    found.hint(
                        FindingKind::QosValue.hint(),
                        &[
                            ("{table}", self.table),
                            ("{row}", &self.id.to_string()),
                            ("{setting}", &format!("other_config:{}={whole}", wrong.key)),
                        ],
                    );
                }
                KeyFault::UnknownKey { .. } | KeyFault::Removed { .. } => {
                    let kind = match wrong.kind {
                        KeyFault::Removed { .. } => FindingKind::RemovedKey,
                        _ => FindingKind::UnknownKey,
                    };
                    found.add(kind, bridge, port, format!("{of}: {wrong}"));
                }
                // Programs write the rates of queues to the QoS, too.
                KeyFault::KeyOfOtherType { .. } | KeyFault::KeyOfOtherColumn { .. } => {}
            }
        }
    }
}

/// The plain integer that a number with a fraction or an exponent stands for.
fn whole(value: &str) -> Option<String> {
    /// Integers up to this one are exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number: f64 = value.trim().parse().ok()?;
    (1.0..=EXACT)
        .contains(&number)
        .then(|| format!("{number:.0}"))
}

/// Rows that nothing refers to: the database keeps them until they are destroyed.
fn left_over(snapshot: &Snapshot<'_>, users: &BTreeMap<Uuid, (&Bridge, &Port)>, found: &mut Found) {
    let shaping = &snapshot.topology.shaping;
    let in_use: BTreeSet<Uuid> = shaping
        .qos
        .values()
        .flat_map(|qos| qos.queues.values().copied())
        .collect();
    for (id, qos) in &shaping.qos {
        if users.contains_key(id) {
            continue;
        }
        let id = id.to_string();
        let what = format!("no port has this QoS of type {}", qos.type_.escape_debug());
        found.add(FindingKind::OrphanedQos, None, &id, what);
    }
    for id in shaping.queues.keys().filter(|id| !in_use.contains(id)) {
        let what = "no QoS has this queue";
        found.add(FindingKind::OrphanedQueue, None, &id.to_string(), what);
    }
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn the_plain_integer_of_a_number() {
        for (value, integer) in [
            ("250000000.0", Some("250000000")),
            ("1e9", Some("1000000000")),
            ("1.5", Some("2")),
            ("10Mbit", None),
            ("-1.0", None),
            ("inf", None),
            ("NaN", None),
        ] {
            assert_eq!(whole(value).as_deref(), integer, "{value}");
        }
    }
}
