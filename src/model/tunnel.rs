//! Tunnels: their endpoints and keys (ovs-vswitchd.conf.db(5), table `Interface`, "Tunnel Options").

use std::fmt;
use std::net::IpAddr;

use super::topology::{Bridge, Interface, Port, Topology};

/// A type of interface that is a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TunnelKind {
    /// The type, as the database has it.
    pub name: &'static str,
    /// How many bits its key has; `None` if it has no key. The manual has those of Geneve, VXLAN, LISP, GRE
    /// and STT; a TEID of GTP-U has 32 (3GPP TS 29.281), an ERSPAN session id 10 (draft-foschiano-erspan).
    pub key_bits: Option<u32>,
    /// Which UDP or TCP port it has.
    pub port: TunnelPort,
    /// What it carries where its option `packet_type` does not say.
    pub packet_type: &'static str,
    /// The one family of addresses that it runs over; `None`: either.
    pub family: Option<IpFamily>,
    /// The version of Open vSwitch that no longer has it.
    pub gone_since: Option<&'static str>,
}

/// Which UDP or TCP port a tunnel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TunnelPort {
    /// It has none.
    None,
    /// It must be given.
    Given,
    /// This one, where none is given.
    Default(u16),
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IpFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

/// The types of interface that are tunnels.
pub static KINDS: [TunnelKind; 11] = [
    kind("bareudp", None, TunnelPort::Given, L3, None),
    kind("erspan", Some(10), TunnelPort::None, L2, V4),
    kind("geneve", Some(24), TunnelPort::Default(6081), L2, None),
    kind("gre", Some(32), TunnelPort::None, L2, V4),
    kind("gtpu", Some(32), TunnelPort::Default(2152), L3, None),
    kind("ip6erspan", Some(10), TunnelPort::None, L2, V6),
    kind("ip6gre", Some(32), TunnelPort::None, L2, V6),
    gone_in_3_6(kind("lisp", Some(24), TunnelPort::Default(4341), L3, None)),
    kind("srv6", None, TunnelPort::None, L3, V6),
    gone_in_3_6(kind("stt", Some(64), TunnelPort::Default(7471), L2, None)),
    kind("vxlan", Some(24), TunnelPort::Default(4789), L2, None),
];

/// Frames.
const L2: &str = "legacy_l2";
/// Packets without an Ethernet header.
const L3: &str = "legacy_l3";
const V4: Option<IpFamily> = Some(IpFamily::V4);
const V6: Option<IpFamily> = Some(IpFamily::V6);

const fn kind(
    name: &'static str,
    key_bits: Option<u32>,
    port: TunnelPort,
    packet_type: &'static str,
    family: Option<IpFamily>,
) -> TunnelKind {
    TunnelKind {
        name,
        key_bits,
        port,
        packet_type,
        family,
        gone_since: None,
    }
}

const fn gone_in_3_6(kind: TunnelKind) -> TunnelKind {
    TunnelKind {
        gone_since: Some("3.6"),
        ..kind
    }
}

/// What is to be said of a type that a switch does not know: `, which Open vSwitch no longer has since 3.6`.
pub fn why_unknown(kind: &str) -> String {
    let since = TunnelKind::of(kind).and_then(|kind| kind.gone_since);
    since.map_or_else(String::new, |since| {
        format!(", which Open vSwitch no longer has since {since}")
    })
}

impl TunnelKind {
    /// The type of this name; `None` if it is no tunnel.
    pub fn of(name: &str) -> Option<&'static TunnelKind> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The type that is the same over the other family of addresses, if there is one.
    pub fn twin(&self) -> Option<&'static str> {
        let is_twin = |other: &&TunnelKind| {
            other.name.strip_prefix("ip6") == Some(self.name)
                || self.name.strip_prefix("ip6") == Some(other.name)
        };
        KINDS.iter().find(is_twin).map(|twin| twin.name)
    }

    /// The UDP or TCP port where none is given, if it has one.
    pub fn default_port(&self) -> Option<u16> {
        match self.port {
            TunnelPort::Default(port) => Some(port),
            TunnelPort::None | TunnelPort::Given => None,
        }
    }
}

/// A tunnel interface.
#[derive(Debug, Clone, PartialEq)]
pub struct Tunnel<'t> {
    /// Its bridge.
    pub bridge: &'t Bridge,
    /// Its port.
    pub port: &'t Port,
    /// The interface itself: link state, error and the rest.
    pub interface: &'t Interface,
    /// The local address, or `flow`; `None`: the system chooses.
    pub local: Option<&'t str>,
    /// The remote address, or `flow`; `None` only if the configuration is incomplete.
    pub remote: Option<&'t str>,
    /// The key of received packets.
    pub in_key: Key<'t>,
    /// The key of sent packets.
    pub out_key: Key<'t>,
    /// The UDP or TCP port, configured or the type's default; `None` for types without one.
    pub dst_port: Option<u16>,
}

/// The key of a tunnel's packets: VNI, GRE key, TEID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'t> {
    /// Not configured: zero, or no key where the type allows that.
    None,
    /// Flows match on it and set it, as `tun_id`.
    Flow,
    /// A fixed number.
    Number(u64),
    /// Any other configured text.
    Other(&'t str),
}

/// Whether a type of interface is a tunnel.
pub fn is_tunnel(kind: &str) -> bool {
    TunnelKind::of(kind).is_some()
}

/// An address of a tunnel as ovs-vswitchd reads it: an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is its
/// IPv4 address. `None` for `flow` and malformed text.
pub fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical())
}

/// The tunnels of a topology, by bridge and name.
pub fn tunnels(topology: &Topology) -> impl Iterator<Item = Tunnel<'_>> {
    topology
        .interfaces()
        .filter_map(|(bridge, port, interface)| Tunnel::of(bridge, port, interface))
}

impl<'t> Tunnel<'t> {
    /// The interface as a tunnel; `None` if it is none.
    pub fn of(bridge: &'t Bridge, port: &'t Port, interface: &'t Interface) -> Option<Self> {
        let kind = TunnelKind::of(interface.kind())?;
        let option = |name: &str| interface.options.get(name).map(String::as_str);
        let key = |own: &str| Key::of(option(own).or_else(|| option("key")));
        Some(Self {
            bridge,
            port,
            interface,
            local: option("local_ip"),
            remote: option("remote_ip"),
            in_key: key("in_key"),
            out_key: key("out_key"),
            dst_port: option("dst_port")
                .and_then(|text| text.parse().ok())
                .filter(|port| *port != 0)
                .or(kind.default_port()),
        })
    }

    /// `vxlan`, `gre`, …
    pub fn kind(&self) -> &'t str {
        self.interface.kind()
    }

    /// Both keys in one text: `flow`, `100`, `in=5 out=flow`; `None` where there is none.
    pub fn key(&self) -> Option<String> {
        match (self.in_key, self.out_key) {
            (Key::None, Key::None) => None,
            (one, other) if one == other => Some(one.to_string()),
            (one, other) => Some(format!("in={one} out={other}")),
        }
    }

    /// `error` if ovs-vswitchd could not create it, else its link state `up` or `down`; `None` if not known
    /// yet.
    pub fn state(&self) -> Option<&'t str> {
        if self.interface.error.is_some() || self.interface.ofport == Some(-1) {
            return Some("error");
        }
        self.interface.link_state.as_deref()
    }
}

impl<'t> Key<'t> {
    pub(crate) fn of(text: Option<&'t str>) -> Self {
        let Some(text) = text else {
            return Self::None;
        };
        // Parsed as by strtoull() with base 0.
        let number = if let Some(hex) = text.strip_prefix("0x").or(text.strip_prefix("0X")) {
            u64::from_str_radix(hex, 16)
        } else if text.len() > 1 && text.starts_with('0') {
            u64::from_str_radix(text, 8)
        } else {
            text.parse()
        };
        match number {
            _ if text == "flow" => Self::Flow,
            Ok(number) => Self::Number(number),
            Err(_) => Self::Other(text),
        }
    }
}

impl fmt::Display for Key<'_> {
    /// `flow`, the number in decimal, or `-` for none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("-"),
            Self::Flow => f.write_str("flow"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(kind: &str, options: &[(&str, &str)]) -> Interface {
        Interface {
            type_: kind.into(),
            options: options
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
            ..Interface::default()
        }
    }

    #[test]
    fn options_and_defaults() {
        let (bridge, port) = (Bridge::default(), Port::default());
        for (kind, options, key, dst_port) in [
            (
                "vxlan",
                &[("in_key", "flow"), ("out_key", "flow")][..],
                Some("flow"),
                Some(4789),
            ),
            ("geneve", &[("key", "0x64")][..], Some("100"), Some(6081)),
            (
                "gre",
                &[("key", "7"), ("out_key", "flow")][..],
                Some("in=7 out=flow"),
                None,
            ),
            ("gre", &[("in_key", "010")][..], Some("in=8 out=-"), None),
            ("stt", &[("dst_port", "99")][..], None, Some(99)),
            ("ip6gre", &[("key", "odd")][..], Some("odd"), None),
        ] {
            let interface = interface(kind, options);
            let tunnel = Tunnel::of(&bridge, &port, &interface).unwrap();
            assert_eq!(tunnel.key().as_deref(), key, "{kind}");
            assert_eq!(tunnel.dst_port, dst_port, "{kind}");
            assert_eq!(tunnel.state(), None);
        }
        assert!(Tunnel::of(&bridge, &port, &interface("patch", &[])).is_none());
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        let four = address("10.0.0.72");
        assert!(four.is_some_and(|address| address.is_ipv4()));
        for text in [
            "::ffff:10.0.0.72",
            "::FFFF:a00:48",
            "0:0:0:0:0:ffff:0a00:0048",
        ] {
            assert_eq!(address(text), four, "{text}");
        }
        assert_ne!(address("::10.0.0.72"), four);
        assert_eq!(address("flow"), None);
    }

    #[test]
    fn an_error_outweighs_the_link() {
        let (bridge, port) = (Bridge::default(), Port::default());
        let mut interface = interface("vxlan", &[]);
        interface.link_state = Some("up".into());
        let state = |i: &Interface| {
            Tunnel::of(&bridge, &port, i)
                .unwrap()
                .state()
                .map(str::to_owned)
        };
        assert_eq!(state(&interface).as_deref(), Some("up"));
        interface.ofport = Some(-1);
        assert_eq!(state(&interface).as_deref(), Some("error"));
    }
}
