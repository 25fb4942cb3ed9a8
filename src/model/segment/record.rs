//! The data that Neutron's agent stores about the network of a tag, in `Port.other_config`.

use crate::model::topology::Port;

/// The keys that the agent writes.
const KEYS: [&str; 5] = [
    "net_uuid",
    "network_type",
    "physical_network",
    "segmentation_id",
    "tag",
];

/// Neutron's data about a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record<'t> {
    /// The stored pairs, from the first port that has any.
    pub pairs: Vec<(&'static str, &'t str)>,
    /// The keys whose values differ among the ports of a tag.
    disputed: Vec<&'static str>,
}

impl<'t> Record<'t> {
    /// The data of the ports of a tag; `None` if no port has any.
    pub(super) fn of(ports: &[&'t Port]) -> Option<Record<'t>> {
        let kept = ports
            .iter()
            .filter(|port| port.other_config.contains_key("net_uuid"));
        let mut pairs = Vec::new();
        let mut disputed = Vec::new();
        for key in KEYS {
            let mut values = kept.clone().map(|port| value(port, key));
            let Some(first) = values.next() else {
                continue;
            };
            if values.any(|other| other != first) {
                disputed.push(key);
            }
            if let Some(first) = first {
                pairs.push((key, first));
            }
        }
        (!pairs.is_empty()).then_some(Record { pairs, disputed })
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&'t str> {
        let pair = self.pairs.iter().find(|(name, _)| *name == key)?;
        Some(pair.1)
    }

    /// The keys whose values differ from the flows, or among the ports.
    pub(super) fn differs(
        &self,
        tag: i64,
        network_type: &str,
        segment: Option<u64>,
    ) -> Vec<&'static str> {
        let mut keys = self.disputed.clone();
        let number = |key: &str| self.get(key).map(str::parse::<u64>);
        let segment_said = number("segmentation_id");
        for (key, differs) in [
            (
                "network_type",
                self.get("network_type")
                    .is_some_and(|word| word != network_type),
            ),
            (
                "segmentation_id",
                match (&segment_said, segment) {
                    // A local network has a segmentation id that is not used.
                    (said, None) => said.is_some() && network_type != "local",
                    (None, Some(_)) => true,
                    (Some(said), Some(segment)) => said.as_ref() != Ok(&segment),
                },
            ),
            (
                "tag",
                number("tag").is_some_and(|said| said.map(i64::try_from) != Ok(Ok(tag))),
            ),
        ] {
            if differs && !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }
}

/// The agent stores `None` for an absent value.
fn value<'t>(port: &'t Port, key: &str) -> Option<&'t str> {
    let value = port.other_config.get(key)?;
    Some(value.as_str()).filter(|value| !matches!(*value, "" | "None"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(pairs: &[(&str, &str)]) -> Port {
        Port {
            other_config: pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            ..Port::default()
        }
    }

    #[test]
    fn records_agree_differ_or_are_not_there() {
        let record = [
            ("net_uuid", "fce1"),
            ("network_type", "vlan"),
            ("physical_network", "physnet1"),
            ("segmentation_id", "66"),
            ("tag", "1"),
        ];
        let (one, bare) = (port(&record), port(&[]));
        let told = Record::of(&[&bare, &one]).unwrap();
        assert_eq!(told.pairs, record);
        assert!(told.differs(1, "vlan", Some(66)).is_empty());
        assert_eq!(
            told.differs(2, "vlan", Some(67)),
            ["segmentation_id", "tag"]
        );
        assert_eq!(
            told.differs(1, "flat", None),
            ["network_type", "segmentation_id"]
        );
        assert_eq!(told.differs(1, "local", None), ["network_type"]);
        assert_eq!(Record::of(&[&bare]), None);

        let flat = port(&[
            ("net_uuid", "0a53"),
            ("network_type", "flat"),
            ("segmentation_id", "None"),
        ]);
        let told = Record::of(&[&flat]).unwrap();
        assert!(told.differs(3, "flat", None).is_empty());
        let told = Record::of(&[&one, &flat]).unwrap();
        assert_eq!(
            told.differs(1, "vlan", Some(66)),
            KEYS,
            "two networks on one tag"
        );
    }
}
