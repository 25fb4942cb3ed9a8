//! Adding, changing and removing tunnels (ovs-vswitchd.conf.db(5), "Tunnel Options").

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::place::{INTERFACE, PortPlace};
use super::port::NewPort;
use super::settings::{Pair, PortSettings};
use super::{Edit, Refusal, Result, RowId, quoted};
use crate::base::shell::word;
use crate::model::tunnel::{
    self, IpFamily, KINDS, Key, TunnelKind, TunnelPort, is_tunnel, why_unknown,
};
use crate::ovsdb::{Atom, Condition, Datum};

/// A tunnel to be added.
#[derive(Debug, Clone)]
pub(crate) struct NewTunnel<'a> {
    /// Its bridge.
    pub(crate) bridge: &'a str,
    /// Its name; `None`: [`default_name`].
    pub(crate) name: Option<&'a str>,
    /// Its type.
    pub(crate) kind: &'a TunnelKind,
    /// Its settings, including its type and its options.
    pub(crate) settings: &'a PortSettings,
    /// Whether an existing tunnel is changed to these settings.
    pub(crate) may_exist: bool,
}

/// The options of an interface.
type Options = BTreeMap<String, String>;

/// The properties by which received packets are matched to a tunnel: unique among tunnels.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    kind: &'static str,
    remote: Address,
    local: Option<Address>,
    key: IncomingKey,
    dst_port: Option<u16>,
    packet_type: Option<String>,
}

/// One end of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Address {
    /// Set for each packet by flows.
    Flow,
    Ip(IpAddr),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IncomingKey {
    Flow,
    /// Zero is equal to no key.
    Number(u64),
}

impl Edit<'_> {
    /// Adds a tunnel, or changes the existing one to the settings.
    pub(crate) async fn add_tunnel(&mut self, new: &NewTunnel<'_>) -> Result<PortPlace> {
        let bridge = self.bridge(new.bridge).await?;
        let options = asked_options(new.settings);
        check(new.kind, &options)?;
        self.refuse_unknown_kind(new.kind.name).await?;
        let remote = options
            .get("remote_ip")
            .map(String::as_str)
            .unwrap_or_default();
        let mut name = match new.name {
            Some(name) => name.to_owned(),
            None => default_name(new.kind.name, remote),
        };
        let wanted = Identity::of(new.kind.name, &options);
        let mut before = None;
        if let Some(place) = self.port_if(&name).await? {
            let Some(interface) = self.tunnel_interface(&place).await? else {
                let refusal = self.other_purpose(&place).await?;
                return Err(refusal.hint("`ovs tunnel add BRIDGE PORT --remote ...` names it"));
            };
            before = self.identity(interface).await?;
            self.refuse_existing(new, bridge.row, &place, before.as_ref(), wanted.as_ref())?;
        } else if let (None, Some(wanted), true) = (new.name, &wanted, new.may_exist)
            && let Some(same) = self.tunnel_like(wanted, None).await?
            && let Some(port) = self.port_of(same).await?
            && self.bridge_of(port).await? == Some(bridge.row)
            && self.name_of(port) == self.name_of(same)
        {
            name = self.name_of(port);
        }
        let port = NewPort {
            bridge: new.bridge,
            name: &name,
            members: &[],
            settings: new.settings,
            may_exist: new.may_exist,
        };
        let place = self.add_port(&port).await?;
        self.check_tunnel(&place, before.as_ref()).await?;
        Ok(place)
    }

    /// Changes the given settings of a tunnel; others are kept.
    pub(crate) async fn set_tunnel(&mut self, port: &str, settings: &PortSettings) -> Result<()> {
        let place = self.port(port).await?;
        let interface = self.tunnel(&place).await?;
        let before = self.identity(interface).await?;
        if let Some(kind) = &settings.kind {
            self.refuse_unknown_kind(kind).await?;
        }
        self.set_port(&place, settings).await?;
        if settings.kind.is_some() || !settings.options.is_empty() {
            self.check_tunnel(&place, before.as_ref()).await?;
        }
        Ok(())
    }

    /// Removes a tunnel.
    pub(crate) async fn delete_tunnel(&mut self, port: &str) -> Result<()> {
        let place = self.port(port).await?;
        self.tunnel(&place).await?;
        self.delete_port(&place).await
    }

    /// Refuses settings of the tunnel that ovs-vswitchd would not accept.
    async fn check_tunnel(&mut self, place: &PortPlace, before: Option<&Identity>) -> Result<()> {
        for interface in &place.interfaces {
            let kind = self.text(*interface, "type").await?;
            let Some(kind) = TunnelKind::of(&kind) else {
                continue;
            };
            check(kind, &self.options(*interface).await?)?;
            let Some(identity) = self.identity(*interface).await? else {
                continue;
            };
            if before == Some(&identity) {
                continue;
            }
            if let Some(same) = self.tunnel_like(&identity, Some(*interface)).await? {
                let (name, bridge) = (self.name_of(same), self.home_name(same).await?);
                return Err(Refusal::refused(format!(
                    "tunnel {} on {bridge} is the same already: {identity}",
                    quoted(&name)
                ))
                .hint(format!(
                    "`ovs tunnel show {}` shows it; {} tells two tunnels apart",
                    word(&name),
                    distinctions(kind)
                )));
            }
        }
        Ok(())
    }

    /// Another tunnel, on any bridge, that received packets would match as well.
    async fn tunnel_like(
        &mut self,
        wanted: &Identity,
        own: Option<RowId>,
    ) -> Result<Option<RowId>> {
        let kind = Condition::is("type", wanted.kind);
        let with_remote = |remote: String| {
            let pair = Datum::map([("remote_ip", remote.as_str())]);
            vec![kind.clone(), Condition::includes("options", pair)]
        };
        let searches = match wanted.remote {
            Address::Flow => vec![with_remote("flow".to_owned())],
            // Itself, and the two usual spellings of it as a mapped IPv6 address.
            Address::Ip(IpAddr::V4(address)) => {
                let [a, b, c, d] = address.octets().map(u16::from);
                let hex = format!("::ffff:{:x}:{:x}", a << 8 | b, c << 8 | d);
                let all = [address.to_string(), format!("::ffff:{address}"), hex];
                all.into_iter().map(with_remote).collect()
            }
            // It can be written in many ways.
            Address::Ip(IpAddr::V6(_)) => vec![vec![kind.clone()]],
        };
        for when in searches {
            for other in self.draft.search("Interface", when, INTERFACE).await? {
                if Some(other) != own && self.identity(other).await?.as_ref() == Some(wanted) {
                    return Ok(Some(other));
                }
            }
        }
        Ok(None)
    }

    /// ovs-vswitchd lists the types that it supports, once it has run.
    async fn refuse_unknown_kind(&mut self, kind: &str) -> Result<()> {
        let root = self.root().await?;
        let known = self.draft.value(root, "iface_types").await?;
        let known = known.as_set().unwrap_or_default();
        if known.is_empty() || known.contains(&Atom::from(kind)) {
            return Ok(());
        }
        let is_known = |kind: &&TunnelKind| known.contains(&Atom::from(kind.name));
        let tunnels = KINDS.iter().filter(is_known);
        let tunnels: Vec<&str> = tunnels.map(|kind| kind.name).collect();
        Err(Refusal::refused(format!(
            "this ovs-vswitchd does not know tunnels of type {kind}{}",
            why_unknown(kind)
        ))
        .hint(format!("it knows {}", tunnels.join(", "))))
    }

    /// Refuses to add a tunnel that exists, unless it may.
    fn refuse_existing(
        &self,
        new: &NewTunnel<'_>,
        on: RowId,
        place: &PortPlace,
        there: Option<&Identity>,
        wanted: Option<&Identity>,
    ) -> Result<()> {
        let what = there.map_or_else(|| "incomplete".to_owned(), Identity::to_string);
        let (name, bridge) = (
            quoted(&self.name_of(place.port)),
            self.name_of(place.bridge),
        );
        // A default name stands for exactly this tunnel, so another one of the same name is not rewritten.
        if new.name.is_none() && there != wanted {
            return Err(Refusal::refused(format!(
                "the name {name} is that of another tunnel on {bridge}: {what}"
            ))
            .hint("`ovs tunnel add BRIDGE PORT --remote ...` gives it a name of your choice"));
        }
        if place.bridge != on {
            return Err(Refusal::refused(format!(
                "tunnel {name} exists on another bridge, {bridge}: {what}"
            ))
            .hint(format!(
                "`ovs tunnel del {}` takes it off there first",
                word(&self.name_of(place.port))
            )));
        }
        if new.may_exist {
            return Ok(());
        }
        Err(
            Refusal::refused(format!("tunnel {name} exists on {bridge} already: {what}"))
                .hint("`ovs tunnel set` changes it; --may-exist changes it to these settings"),
        )
    }

    /// The interface of a tunnel port; refuses other ports.
    async fn tunnel(&mut self, place: &PortPlace) -> Result<RowId> {
        if let Some(interface) = self.tunnel_interface(place).await? {
            return Ok(interface);
        }
        let what = self.purpose(place).await?;
        let name = quoted(&self.name_of(place.port));
        Err(
            Refusal::refused(format!("{name} is no tunnel: it is {what}"))
                .hint("`ovs tunnel list` lists the tunnels"),
        )
    }

    async fn tunnel_interface(&mut self, place: &PortPlace) -> Result<Option<RowId>> {
        match place.interfaces.as_slice() {
            [interface] if is_tunnel(&self.text(*interface, "type").await?) => Ok(Some(*interface)),
            _ => Ok(None),
        }
    }

    async fn options(&mut self, interface: RowId) -> Result<Options> {
        let options = self.draft.value(interface, "options").await?;
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        Ok(options.text_pairs().map(owned).collect())
    }

    async fn identity(&mut self, interface: RowId) -> Result<Option<Identity>> {
        let kind = self.text(interface, "type").await?;
        let options = self.options(interface).await?;
        Ok(Identity::of(&kind, &options))
    }
}

/// The default name of a tunnel: the first six letters of its type, and the remote address in hex; for an
/// IPv6 address the FNV-1a hash (32 bits) of its 16 octets; or the word `flow`. At most 15 bytes, which
/// OpenFlow does not truncate.
pub(crate) fn default_name(kind: &str, remote: &str) -> String {
    let kind: String = kind.chars().take(6).collect();
    match Address::parse(remote) {
        Some(Address::Ip(IpAddr::V4(address))) => format!("{kind}-{:08x}", address.to_bits()),
        Some(Address::Ip(IpAddr::V6(address))) => {
            format!("{kind}-{:08x}", fnv1a(&address.octets()))
        }
        Some(Address::Flow) | None => format!("{kind}-{remote}"),
    }
}

fn fnv1a(octets: &[u8]) -> u32 {
    let step = |hash: u32, octet: &u8| (hash ^ u32::from(*octet)).wrapping_mul(0x0100_0193);
    octets.iter().fold(0x811c_9dc5, step)
}

/// The options that are set, of those given.
fn asked_options(settings: &PortSettings) -> Options {
    let mut options = Options::new();
    for Pair { key, value } in &settings.options {
        match value {
            Some(value) => options.insert(key.clone(), value.clone()),
            None => options.remove(key),
        };
    }
    options
}

/// The options that distinguish tunnels of a type to one address.
fn distinctions(kind: &TunnelKind) -> &'static str {
    match (kind.key_bits, kind.port) {
        (Some(_), TunnelPort::None) => "another --key or --local",
        (Some(_), _) => "another --key, --local or --dst-port",
        (None, TunnelPort::None) => "another --local",
        (None, _) => "another --local or --dst-port",
    }
}

/// Refuses options that conflict, or have malformed values.
fn check(kind: &TunnelKind, options: &Options) -> Result<()> {
    check_addresses(kind, options)?;
    for name in ["key", "in_key", "out_key"] {
        if let Some(text) = options.get(name) {
            check_key(kind, name, text)?;
        }
    }
    match (kind.port, options.get("dst_port")) {
        (TunnelPort::None, Some(_)) => {
            return Err(Refusal::usage(format!(
                "a tunnel of type {} has no port: dst_port means nothing to it",
                kind.name
            )));
        }
        (TunnelPort::Given, None) => {
            return Err(Refusal::usage(format!(
                "a tunnel of type {} has no port of its own",
                kind.name
            ))
            .hint("--dst-port gives it one, as in --dst-port 6635 for MPLS"));
        }
        (_, Some(text)) if !matches!(text.parse::<u16>(), Ok(1..)) => {
            return Err(Refusal::usage(format!(
                "dst_port={text} is no port: it is a number from 1 to 65535"
            )));
        }
        _ => {}
    }
    for name in ["csum", "df_default", "seq"] {
        if let Some(text) = options.get(name)
            && !matches!(text.as_str(), "true" | "false")
        {
            return Err(Refusal::usage(format!(
                "{name}={text}: it is true or false"
            )));
        }
    }
    if let Some(text) = options.get("tos")
        && text != "inherit"
        && !matches!(Key::of(Some(text)), Key::Number(tos) if tos <= 252 && tos % 4 == 0)
    {
        return Err(Refusal::usage(format!(
            "tos={text}: it is inherit, or a number up to 252 whose ECN bits (the lower two) are zero"
        )));
    }
    match options.get("ttl") {
        Some(text) if text != "inherit" && !matches!(text.parse::<u8>(), Ok(1..)) => {
            Err(Refusal::usage(format!(
                "ttl={text}: it is inherit, or a number from 1 to 255"
            )))
        }
        _ => Ok(()),
    }
}

fn check_addresses(kind: &TunnelKind, options: &Options) -> Result<()> {
    let address = |name: &str| match options.get(name) {
        None => Ok(None),
        Some(text) => Address::parse(text).map(Some).ok_or_else(|| {
            Refusal::usage(format!(
                "{name}={text} is no address: it is an IPv4 or IPv6 address, or flow"
            ))
        }),
    };
    let (remote, local) = (address("remote_ip")?, address("local_ip")?);
    let Some(remote) = remote else {
        return Err(
            Refusal::usage("a tunnel leads somewhere, and the remote address is missing")
                .hint("--remote takes an address, or the word flow where flows choose it"),
        );
    };
    match (remote, local) {
        (Address::Ip(ip), _) if ip.is_multicast() => {
            return Err(Refusal::usage(format!(
                "the remote address {ip} is a multicast address: a tunnel leads to one host"
            )));
        }
        (Address::Ip(ip), _) if ip.is_unspecified() => {
            return Err(Refusal::usage(format!(
                "the remote address {ip} is no host's"
            )));
        }
        (Address::Ip(_), Some(Address::Flow)) => {
            return Err(Refusal::usage(
                "flows can choose the local address only where they choose the remote one",
            )
            .hint("--remote flow goes with --local flow"));
        }
        (Address::Ip(remote), Some(Address::Ip(local))) if remote.is_ipv4() != local.is_ipv4() => {
            return Err(Refusal::usage(format!(
                "the remote address {remote} and the local address {local} are of two families"
            ))
            .hint("both are IPv4, or both IPv6"));
        }
        _ => {}
    }
    let Some(family) = kind.family else {
        return Ok(());
    };
    for address in [Some(remote), local].into_iter().flatten() {
        if let Address::Ip(ip) = address
            && ip.is_ipv4() != (family == IpFamily::V4)
        {
            let refusal = Refusal::usage(format!(
                "a tunnel of type {} runs over IP{}, and {ip} is no such address",
                kind.name,
                if family == IpFamily::V4 { "v4" } else { "v6" }
            ));
            return Err(match kind.twin() {
                Some(twin) => refusal.hint(format!("--type {twin} runs over the other")),
                None => refusal,
            });
        }
    }
    Ok(())
}

fn check_key(kind: &TunnelKind, name: &str, text: &str) -> Result<()> {
    let TunnelKind { name: type_, .. } = kind;
    let Some(bits) = kind.key_bits else {
        return Err(Refusal::usage(format!(
            "a tunnel of type {type_} has no key"
        )));
    };
    let largest = u64::MAX >> (64 - bits);
    match Key::of(Some(text)) {
        Key::Flow => Ok(()),
        Key::Number(number) if number <= largest => Ok(()),
        _ => Err(Refusal::usage(format!(
            "{name}={text}: the key of type {type_} is flow, or a number of {bits} bits, 0 to {largest}"
        ))),
    }
}

impl Address {
    fn parse(text: &str) -> Option<Self> {
        if text == "flow" {
            return Some(Self::Flow);
        }
        tunnel::address(text).map(Self::Ip)
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flow => f.write_str("flow"),
            Self::Ip(ip) => ip.fmt(f),
        }
    }
}

impl Identity {
    /// `None` for text that ovs-vswitchd does not accept.
    fn of(kind: &str, options: &Options) -> Option<Self> {
        let kind = TunnelKind::of(kind)?;
        let option = |name: &str| options.get(name).map(String::as_str);
        let key = option("in_key").or(option("key"));
        let key = match Key::of(key.filter(|_| kind.key_bits.is_some())) {
            Key::Flow => IncomingKey::Flow,
            Key::Number(number) => IncomingKey::Number(number),
            Key::None => IncomingKey::Number(0),
            Key::Other(_) => return None,
        };
        let local = match option("local_ip") {
            Some(text) => Some(Address::parse(text)?),
            None => None,
        };
        let dst_port = option("dst_port").and_then(|text| text.parse().ok());
        let dst_port = dst_port.filter(|_| kind.port != TunnelPort::None);
        let packet_type = option("packet_type").filter(|word| *word != kind.packet_type);
        Some(Self {
            kind: kind.name,
            remote: Address::parse(option("remote_ip")?)?,
            local,
            key,
            dst_port: dst_port.or(kind.default_port()),
            packet_type: packet_type.map(str::to_owned),
        })
    }
}

impl std::fmt::Display for Identity {
    /// `vxlan to 10.0.0.72, local 10.0.0.1, key flow, port 4789`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.kind, self.remote)?;
        if let Some(local) = &self.local {
            write!(f, ", local {local}")?;
        }
        match self.key {
            IncomingKey::Flow => f.write_str(", key flow")?,
            IncomingKey::Number(0) => {}
            IncomingKey::Number(number) => write!(f, ", key {number}")?,
        }
        match self.dst_port {
            Some(port) => write!(f, ", port {port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_names() {
        for (kind, remote, name) in [
            ("vxlan", "10.0.0.72", "vxlan-0a000048"),
            ("geneve", "255.255.255.255", "geneve-ffffffff"),
            ("vxlan", "::ffff:10.0.0.72", "vxlan-0a000048"),
            ("ip6gre", "2001:db8::1", "ip6gre-6e5b04f4"),
            ("ip6erspan", "2001:DB8:0::1", "ip6ers-6e5b04f4"),
            ("bareudp", "flow", "bareud-flow"),
        ] {
            assert_eq!(default_name(kind, remote), name);
            assert!(name.len() <= 15);
        }
        // The published vectors of FNV-1a.
        assert_eq!(fnv1a(b""), 0x811c_9dc5);
        assert_eq!(fnv1a(b"a"), 0xe40c_292c);
        assert_eq!(fnv1a(b"foobar"), 0xbf9c_f968);
    }

    fn options(pairs: &[(&str, &str)]) -> Options {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn invalid_tunnels_are_refused() {
        let remote = ("remote_ip", "10.0.0.1");
        let six = ("remote_ip", "fd00::1");
        for (kind, pairs, good) in [
            ("vxlan", &[remote][..], true),
            ("vxlan", &[remote, ("key", "16777215")], true),
            ("vxlan", &[remote, ("key", "flow")], true),
            ("vxlan", &[remote, ("out_key", "x")], false),
            ("gre", &[remote, ("in_key", "4294967295")], true),
            ("gre", &[remote, ("in_key", "4294967296")], false),
            ("stt", &[remote, ("key", "18446744073709551615")], true),
            ("bareudp", &[remote, ("dst_port", "6635")], true),
            ("vxlan", &[remote, ("local_ip", "10.0.0.2")], true),
            (
                "vxlan",
                &[("remote_ip", "flow"), ("local_ip", "flow")],
                true,
            ),
            (
                "vxlan",
                &[("remote_ip", "flow"), ("local_ip", "fd00::2")],
                true,
            ),
            ("vxlan", &[("remote_ip", "ff02::1")], false),
            ("vxlan", &[("remote_ip", "0.0.0.0")], false),
            ("vxlan", &[six], true),
            ("ip6gre", &[six], true),
            ("vxlan", &[remote, ("dst_port", "65536")], false),
            (
                "vxlan",
                &[remote, ("tos", "0x20"), ("ttl", "64"), ("csum", "true")],
                true,
            ),
            (
                "vxlan",
                &[remote, ("tos", "inherit"), ("ttl", "inherit")],
                true,
            ),
            ("vxlan", &[remote, ("ttl", "0")], false),
            ("vxlan", &[remote, ("csum", "yes")], false),
        ] {
            assert_eq!(
                check(TunnelKind::of(kind).unwrap(), &options(pairs)).is_ok(),
                good,
                "{kind} {pairs:?}"
            );
        }
    }

    #[test]
    fn which_are_the_same() {
        let remote = ("remote_ip", "fd00::1");
        let of = |kind: &str, pairs: &[(&str, &str)]| Identity::of(kind, &options(pairs));
        let plain = of("vxlan", &[remote]);
        assert!(plain.is_some());
        assert_eq!(
            plain,
            of(
                "vxlan",
                &[("remote_ip", "fd00:0:0::1"), ("dst_port", "4789")]
            )
        );
        assert_eq!(
            plain,
            of(
                "vxlan",
                &[remote, ("key", "0"), ("out_key", "7"), ("ttl", "3")]
            )
        );
        assert_eq!(plain, of("vxlan", &[remote, ("packet_type", "legacy_l2")]));
        for other in [
            of("geneve", &[remote]),
            of("vxlan", &[remote, ("key", "1")]),
            of("vxlan", &[remote, ("in_key", "flow")]),
            of("vxlan", &[remote, ("local_ip", "fd00::2")]),
            of("vxlan", &[remote, ("dst_port", "8472")]),
            of("vxlan", &[remote, ("packet_type", "ptap")]),
            of("vxlan", &[("remote_ip", "flow")]),
        ] {
            assert_ne!(plain, other);
        }
    }
}
