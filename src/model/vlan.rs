//! The VLAN configuration of ports (ovs-vswitchd.conf.db(5), table `Port`, "VLAN Configuration").

use std::collections::BTreeMap;
use std::fmt;

use super::topology::{Bridge, Port};
use crate::base::digits::ranges;

/// The values of the column `vlan_mode`.
pub const MODES: [&str; 5] = [
    "access",
    "trunk",
    "native-tagged",
    "native-untagged",
    "dot1q-tunnel",
];

/// The VLAN configuration of a port, with the defaults filled in.
///
/// A VLAN id is 0 to 4095. An empty list of VLANs means all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vlan {
    /// One VLAN, untagged on the port.
    Access {
        /// The VLAN.
        tag: i64,
    },
    /// VLANs with their tags.
    Trunk {
        /// The VLANs.
        trunks: Vec<i64>,
    },
    /// A trunk with a native VLAN whose packets leave tagged.
    NativeTagged {
        /// The native VLAN.
        tag: i64,
        /// The other VLANs.
        trunks: Vec<i64>,
    },
    /// A trunk with a native VLAN whose packets leave untagged.
    NativeUntagged {
        /// The native VLAN.
        tag: i64,
        /// The other VLANs.
        trunks: Vec<i64>,
    },
    /// All packets, tagged or not, get one more tag (802.1Q in 802.1Q).
    Dot1qTunnel {
        /// The outer VLAN.
        tag: i64,
        /// The allowed inner VLANs.
        cvlans: Vec<i64>,
    },
}

impl Vlan {
    /// The configuration by the port's columns.
    ///
    /// Without `vlan_mode`, a port with a tag is an access port, and one without a trunk. A mode that needs
    /// a tag uses VLAN 0 without one. An unknown mode is ignored.
    pub fn of(port: &Port) -> Self {
        // ovs-vswitchd ignores a tag out of range.
        let configured = port.tag.filter(|tag| (0..=4095).contains(tag));
        let tag = configured.unwrap_or(0);
        let trunks = || port.trunks.clone();
        match port.vlan_mode.as_deref() {
            Some("access") => Self::Access { tag },
            Some("trunk") => Self::Trunk { trunks: trunks() },
            Some("native-tagged") => Self::NativeTagged {
                tag,
                trunks: trunks(),
            },
            Some("native-untagged") => Self::NativeUntagged {
                tag,
                trunks: trunks(),
            },
            Some("dot1q-tunnel") => Self::Dot1qTunnel {
                tag,
                cvlans: port.cvlans.clone(),
            },
            _ if configured.is_some() => Self::Access { tag },
            _ => Self::Trunk { trunks: trunks() },
        }
    }

    /// The value of the column `vlan_mode`.
    pub fn mode(&self) -> &'static str {
        match self {
            Self::Access { .. } => "access",
            Self::Trunk { .. } => "trunk",
            Self::NativeTagged { .. } => "native-tagged",
            Self::NativeUntagged { .. } => "native-untagged",
            Self::Dot1qTunnel { .. } => "dot1q-tunnel",
        }
    }

    /// The tag that the port adds to untagged packets; `None` for a plain trunk.
    pub fn tag(&self) -> Option<i64> {
        match self {
            Self::Access { tag }
            | Self::NativeTagged { tag, .. }
            | Self::NativeUntagged { tag, .. }
            | Self::Dot1qTunnel { tag, .. } => Some(*tag),
            Self::Trunk { .. } => None,
        }
    }

    /// Whether the port carries packets of this VLAN.
    pub fn carries(&self, vid: i64) -> bool {
        let among = |vids: &[i64]| vids.is_empty() || vids.contains(&vid);
        match self {
            Self::Access { tag } | Self::Dot1qTunnel { tag, .. } => *tag == vid,
            Self::Trunk { trunks } => among(trunks),
            Self::NativeTagged { tag, trunks } | Self::NativeUntagged { tag, trunks } => {
                *tag == vid || among(trunks)
            }
        }
    }
}

impl fmt::Display for Vlan {
    /// In words: `VLAN 5, untagged`, `all VLANs, tagged`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access { tag } => write!(f, "VLAN {tag}, untagged"),
            Self::Trunk { trunks } => write!(f, "{}, tagged", vlans(trunks)),
            Self::NativeTagged { tag, trunks } => write!(
                f,
                "{}, tagged; untagged packets are VLAN {tag} and leave tagged",
                vlans(trunks)
            ),
            Self::NativeUntagged { tag, trunks } => write!(
                f,
                "{}, tagged; untagged packets are VLAN {tag} and leave untagged",
                vlans(trunks)
            ),
            Self::Dot1qTunnel { tag, cvlans } if cvlans.is_empty() => {
                write!(f, "everything inside VLAN {tag} (802.1Q tunnel)")
            }
            Self::Dot1qTunnel { tag, cvlans } => {
                write!(f, "{} inside VLAN {tag} (802.1Q tunnel)", vlans(cvlans))
            }
        }
    }
}

/// `all VLANs`, `VLAN 5`, `VLANs 1-3,7`
fn vlans(vids: &[i64]) -> String {
    match vids {
        [] => "all VLANs".to_owned(),
        [one] => format!("VLAN {one}"),
        _ => format!("VLANs {}", ranges(vids, ",")),
    }
}

/// The tags of a bridge, ascending, each with the ports that add it to untagged packets.
pub fn tags(bridge: &Bridge) -> BTreeMap<i64, Vec<&Port>> {
    let mut tags: BTreeMap<i64, Vec<&Port>> = BTreeMap::new();
    for port in &bridge.ports {
        if let Some(tag) = Vlan::of(port).tag() {
            tags.entry(tag).or_default().push(port);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(mode: Option<&str>, tag: Option<i64>, trunks: &[i64]) -> Port {
        Port {
            vlan_mode: mode.map(str::to_owned),
            tag,
            trunks: trunks.to_vec(),
            cvlans: vec![7],
            ..Port::default()
        }
    }

    /// ovs-vswitchd.conf.db(5), table `Port`: `vlan_mode` and its default.
    #[test]
    fn modes_and_defaults() {
        for (mode, tag, trunks, words) in [
            (None, None, &[][..], "trunk: all VLANs, tagged"),
            (None, None, &[1, 2, 3, 7][..], "trunk: VLANs 1-3,7, tagged"),
            (None, Some(5), &[][..], "access: VLAN 5, untagged"),
            (None, Some(5), &[6][..], "access: VLAN 5, untagged"),
            (Some("access"), None, &[][..], "access: VLAN 0, untagged"),
            (Some("trunk"), Some(5), &[6][..], "trunk: VLAN 6, tagged"),
            (
                Some("native-tagged"),
                Some(5),
                &[6, 7][..],
                "native-tagged: VLANs 6,7, tagged; untagged packets are VLAN 5 and leave tagged",
            ),
            (
                Some("native-untagged"),
                Some(5),
                &[][..],
                "native-untagged: all VLANs, tagged; untagged packets are VLAN 5 and leave untagged",
            ),
            (
                Some("dot1q-tunnel"),
                Some(5),
                &[][..],
                "dot1q-tunnel: VLAN 7 inside VLAN 5 (802.1Q tunnel)",
            ),
            (None, Some(9999), &[][..], "trunk: all VLANs, tagged"),
            (Some("later"), Some(5), &[][..], "access: VLAN 5, untagged"),
        ] {
            let vlan = Vlan::of(&port(mode, tag, trunks));
            assert_eq!(format!("{}: {vlan}", vlan.mode()), words);
        }
    }

    #[test]
    fn packets_that_pass() {
        let passes = |port: &Port, vid| Vlan::of(port).carries(vid);
        assert!(passes(&port(None, Some(5), &[]), 5));
        assert!(!passes(&port(None, Some(5), &[6]), 6));
        assert!(passes(&port(None, None, &[]), 6));
        assert!(!passes(&port(None, None, &[6]), 5));
        assert!(passes(&port(Some("native-tagged"), Some(5), &[6]), 5));
    }

    #[test]
    fn tags_with_their_ports() {
        let mut bridge = Bridge::default();
        for (name, tag) in [("a", Some(2)), ("b", None), ("c", Some(1)), ("d", Some(2))] {
            bridge.ports.push(Port {
                name: name.into(),
                tag,
                ..Port::default()
            });
        }
        let tags = tags(&bridge);
        let names = |tag| {
            tags[&tag]
                .iter()
                .map(|p| p.name.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(tags.keys().copied().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(names(2), ["a", "d"]);
    }
}
