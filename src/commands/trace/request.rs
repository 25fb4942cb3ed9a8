//! The packet that is traced: given as a flow, by words, or as bytes; and what is filled in.

use std::net::IpAddr;

use super::holders::{
    AllowedAddresses, BridgeFlows, Mac, mac_of, mac_text, multicast, octets, parse_mac, solicited,
};
use super::packet::{first_packet, flags_piece};
use super::place::place;
use crate::base::shell::word;
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::commands::host::HostArgs;
use crate::commands::switch::FIELDS_HINT;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::patch::{PatchState, patches_of};
use crate::model::topology::{Bridge, Interface, Topology};
use crate::model::trace::labels::Labels;
use crate::openflow::bytes::be_number;
use crate::openflow::fields::{Field, Filter, Id, MatchFields, ParseErrorKind, parse_filter};
use crate::openflow::packet::Packet;

// The words for a packet.
#[derive(Debug, Default, clap::Args)]
pub(in crate::commands) struct PacketArgs {
    /// To this IP address. Without --tcp, --udp or --icmp an ICMP echo request
    #[arg(long, takes = Value::free("IP"), conflicts_with = "arp")]
    to: Option<IpAddr>,

    // From this IP address: of the values of the global option `--from`.
    #[arg(skip)]
    pub(super) from: Option<IpAddr>,

    /// To this MAC address
    #[arg(long, takes = Value::free("MAC"), value_parser = mac)]
    to_mac: Option<Mac>,

    /// From this MAC address
    #[arg(long, takes = Value::free("MAC"), value_parser = mac)]
    from_mac: Option<Mac>,

    /// An ARP request for this address; for an IPv6 address a neighbour solicitation
    #[arg(long, takes = Value::free("IP"), conflicts_with_all = ["icmp", "tcp", "udp"])]
    arp: Option<IpAddr>,

    /// An ICMP echo request
    #[arg(long, conflicts_with_all = ["tcp", "udp"])]
    icmp: bool,

    /// TCP to this port
    #[arg(long, takes = Value::free("PORT"), value_parser = layer4_port, conflicts_with = "udp")]
    tcp: Option<u16>,

    /// UDP to this port
    #[arg(long, takes = Value::free("PORT"), value_parser = layer4_port)]
    udp: Option<u16>,

    /// With a VLAN tag
    #[arg(long, takes = Value::VID, value_parser = clap::value_parser!(u16).range(0..=4095))]
    vlan: Option<u16>,

    /// A packet in hexadecimal, or the first one of a capture; turned into a flow, unless --side-effects
    #[arg(long, takes = Value::new("HEX|FILE", Completer::Files),
          conflicts_with_all = ["flow", "to", "to_mac", "from_mac", "arp", "icmp", "tcp", "udp", "vlan"])]
    pub(super) packet: Option<String>,
}

/// Parses a MAC address of the command line.
pub(in crate::commands) fn mac(text: &str) -> Result<Mac, String> {
    parse_mac(text).ok_or_else(|| "a MAC address is written as 00:11:22:33:44:55".to_owned())
}

/// Parses a port of TCP or UDP.
fn layer4_port(text: &str) -> Result<u16, String> {
    text.parse()
        .map_err(|_| "a port of TCP or UDP is a number from 0 to 65535".to_owned())
}

/// What is traced.
#[derive(Debug)]
pub(super) struct Request<'t> {
    /// The bridge where the packet comes in.
    pub(super) bridge: &'t Bridge,
    /// Its headers and its input port.
    pub(super) fields: MatchFields,
    /// The bytes, if it was given so.
    pub(super) packet: Option<Vec<u8>>,
    /// What was filled in: the field in words, and where it comes from.
    pub(super) filled: Vec<(String, String)>,
    /// The interfaces that have the destination, as far as known.
    pub(super) target: Vec<String>,
}

const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
/// The source port of TCP and UDP: the first of the dynamic ports (RFC 6335 §6).
const SOURCE_PORT: u16 = 49_152;
/// The TTL, or hop limit.
const TTL: u8 = 64;
/// The hop limit of a neighbour solicitation (RFC 4861 §4.3).
const ND_TTL: u8 = 255;
const BROADCAST: Mac = [0xff; 6];

impl PacketArgs {
    /// An echo request to this address.
    pub(in crate::commands) fn to(
        to: IpAddr,
        to_mac: Option<Mac>,
        from_mac: Option<Mac>,
    ) -> PacketArgs {
        PacketArgs {
            to: Some(to),
            to_mac,
            from_mac,
            ..PacketArgs::default()
        }
    }

    /// Whether any of the words for a packet is given.
    fn is_given(&self) -> bool {
        self.is_described() || self.from.is_some() || self.from_mac.is_some() || self.vlan.is_some()
    }

    /// Whether a word is given that says more than where the packet comes from.
    fn is_described(&self) -> bool {
        self.to.is_some()
            || self.arp.is_some()
            || self.icmp
            || self.tcp.is_some()
            || self.udp.is_some()
            || self.to_mac.is_some()
            || self.packet.is_some()
    }

    /// The request that the arguments describe, for a packet at a port or bridge, with its FLOW.
    pub(super) async fn request<'t>(
        &self,
        cx: &Context,
        host: &HostArgs,
        topology: &'t Topology,
        labels: &Labels,
        (at, flow): (&str, Option<&str>),
    ) -> Result<Request<'t>, Failure> {
        let place = place(topology, at, flow)?;
        let mut maker = Maker {
            cx,
            args: self,
            host,
            topology,
            labels,
            bridge: place.bridge,
            interface: place.interface,
            flows: BridgeFlows::of(cx, &place.bridge.name)?,
            fields: MatchFields::default(),
            filled: Vec::new(),
            target: Vec::new(),
            allowed: None,
        };
        let mut packet = None;
        if let Some(text) = flow {
            maker.fields = maker.parse(text, "FLOW:")?;
        }
        if let Some(input) = &self.packet {
            let bytes = first_packet(cx, input)?;
            maker.fields = maker.of_packet(&bytes)?;
            packet = Some(bytes);
        }
        if let Some(number) = place.number {
            let own = maker.fields.value(Id::IN_PORT_OXM);
            if own.is_some_and(|(value, _)| be_number(value) as u32 != number) {
                let message = format!("in_port is another port than {}", quoted(at));
                return Err(Failure::new(Exit::Usage, message));
            }
            maker.set(Id::IN_PORT_OXM, &number.to_be_bytes());
        }
        if packet.is_none() && (place.interface.is_some() || self.is_given()) {
            maker.fill(flow.is_some()).await?;
        } else if let Some(mac) = maker.destination() {
            maker.find_target(mac).await?;
        }
        if maker.fields.value(Id::IN_PORT_OXM).is_none() {
            let name = word(at);
            return Err(
                Failure::new(Exit::Usage, "the port where the packet comes in is missing").hint(
                    format!("in_port=PORT in FLOW, or a port instead of the bridge {name}"),
                ),
            );
        }
        Ok(Request {
            bridge: maker.bridge,
            fields: maker.fields,
            packet,
            filled: maker.filled,
            target: maker.target,
        })
    }
}

struct Maker<'m, 't> {
    cx: &'m Context,
    args: &'m PacketArgs,
    host: &'m HostArgs,
    topology: &'t Topology,
    labels: &'m Labels,
    bridge: &'t Bridge,
    interface: Option<&'t Interface>,
    flows: BridgeFlows<'m>,
    fields: MatchFields,
    filled: Vec<(String, String)>,
    target: Vec<String>,
    allowed: Option<AllowedAddresses>,
}

impl<'m, 't> Maker<'m, 't> {
    fn set(&mut self, id: Id, value: &[u8]) {
        self.fields.set(id.row(), value, None);
    }

    fn has(&self, id: Id) -> bool {
        self.fields.value(id).is_some()
    }

    fn number(&self, id: Id) -> Option<u64> {
        self.fields
            .value(id)
            .map(|(value, _)| be_number(value) as u64)
    }

    /// Sets a field that is not given, and notes why.
    fn fill_in(&mut self, id: Id, value: &[u8], source: &str) {
        if self.has(id) {
            return;
        }
        self.set(id, value);
        self.note(id.row(), value, source);
    }

    fn note(&mut self, field: &'static Field, value: &[u8], source: &str) {
        let mut one = MatchFields::default();
        one.set(field, value, None);
        let text = self.labels.match_text(&self.bridge.name, &one, 0x8000);
        self.filled.push((text, source.to_owned()));
    }

    fn parse(&self, text: &str, what: &str) -> Result<MatchFields, Failure> {
        let names = self.labels.names(&self.bridge.name);
        let filter = parse_filter(text, names).map_err(|error| match &error.kind {
            ParseErrorKind::UnknownPort(port) => {
                let message = format!("{} has no port {}", quoted(&self.bridge.name), quoted(port));
                Failure::new(Exit::NotFound, message)
                    .hint(format!("`ovs port list {}`", word(&self.bridge.name)))
            }
            ParseErrorKind::UnknownField { .. } => {
                Failure::new(Exit::Usage, format!("{what} {error}")).hint(FIELDS_HINT)
            }
            _ => Failure::new(Exit::Usage, format!("{what} {error}")),
        })?;
        let Filter {
            table,
            cookie,
            out_port,
            out_group,
            fields,
            ..
        } = filter;
        for (is_given, key) in [
            (table.is_some(), "table"),
            (cookie.is_some(), "cookie"),
            (out_port.is_some(), "out_port"),
            (out_group.is_some(), "out_group"),
        ] {
            if is_given {
                let message = format!("{what} a packet has no {key}");
                return Err(Failure::new(Exit::Usage, message));
            }
        }
        Ok(fields)
    }

    /// The headers of a packet.
    fn of_packet(&self, bytes: &[u8]) -> Result<MatchFields, Failure> {
        let mut text = String::new();
        Packet::decode(bytes, 0).text(&mut text);
        let text = text.split([' ', '\n']).next().unwrap_or_default();
        let keys = |piece: &str| {
            piece
                .split_once('=')
                .map_or(piece, |(key, _)| key)
                .to_owned()
        };
        let pieces: Vec<&str> = text.split(',').collect();
        let has_second = pieces.iter().any(|piece| keys(piece) == "dl_vlan1");
        // The switch parses one tag by default (`vlan-limit`): the Ethernet type is what follows that tag.
        let kept = pieces.iter().filter_map(|piece| {
            let key = keys(piece);
            let is_outer = ["dl_vlan", "dl_vlan_pcp", "dl_src", "dl_dst"].contains(&key.as_str());
            let is_absent =
                key.starts_with("vlan_tci") || key.ends_with("vlan1") || key == "dl_vlan_pcp1";
            match piece.split_once('=') {
                _ if is_absent || has_second && !is_outer => None,
                Some(("nw_frag", "no")) => None,
                Some(("tcp_flags", flags)) => Some(flags_piece(flags)),
                _ => Some((*piece).to_owned()),
            }
        });
        let mut text: Vec<String> = kept.collect();
        if has_second {
            text.push("dl_type=0x8100".to_owned());
        }
        self.parse(&text.join(","), "--packet:")
    }

    /// Fills in what the words say, and what follows from them and from the port.
    async fn fill(&mut self, has_flow: bool) -> Result<(), Failure> {
        if !has_flow && !self.args.is_described() {
            let message = "what packet? neither a FLOW nor words for one are given";
            return Err(Failure::new(Exit::Usage, message)
                .hint("--to IP [--tcp PORT | --udp PORT], --arp IP, --packet HEX, or a FLOW as `tcp,nw_dst=10.0.0.1`"));
        }
        self.words()?;
        if let Some(vid) = self.args.vlan {
            let tci = (vid | 0x1000).to_be_bytes();
            self.fields
                .set(Id::VLAN_TCI.row(), &tci, Some(&0x1fff_u16.to_be_bytes()));
        }
        self.source_mac(has_flow).await?;
        self.source_ip().await?;
        self.target_mac(has_flow).await?;
        self.headers();
        Ok(())
    }

    /// The protocol and the addresses that are given.
    fn words(&mut self) -> Result<(), Failure> {
        let args = self.args;
        if let Some(ip) = args.arp {
            match ip {
                IpAddr::V4(_) => {
                    self.set(Id::ETH_TYPE, &ARP.to_be_bytes());
                    self.set(Id::ARP_OP, &1u16.to_be_bytes());
                    self.set(Id::ARP_TPA, &octets(ip));
                }
                IpAddr::V6(_) => {
                    self.set(Id::ETH_TYPE, &IPV6.to_be_bytes());
                    self.set(Id::NW_PROTO, &[ICMPV6]);
                    self.set(Id::ICMPV6_TYPE, &[135]);
                    self.set(Id::ND_TARGET, &octets(ip));
                    self.set(Id::IPV6_DST, &octets(solicited(ip)));
                    self.set(Id::NW_TTL, &[ND_TTL]);
                }
            }
            return Ok(());
        }
        // Of an ARP packet in FLOW it is arp_spa.
        let is_arp = self.number(Id::ETH_TYPE) == Some(u64::from(ARP));
        let ip = args.to.or(args.from.filter(|_| !is_arp));
        let is_ip = ip.is_some() || args.icmp || args.tcp.is_some() || args.udp.is_some();
        if !is_ip {
            return Ok(());
        }
        if let (Some(to), Some(from)) = (args.to, args.from)
            && to.is_ipv4() != from.is_ipv4()
        {
            let message = "--to and --from are addresses of two families";
            return Err(Failure::new(Exit::Usage, message));
        }
        let is_v6 = ip.map_or_else(
            || self.number(Id::ETH_TYPE) == Some(u64::from(IPV6)),
            |ip| ip.is_ipv6(),
        );
        let (dl_type, destination) = if is_v6 {
            (IPV6, Id::IPV6_DST)
        } else {
            (IPV4, Id::IP_DST)
        };
        let given = self.number(Id::ETH_TYPE);
        if given.is_some_and(|given| given != u64::from(dl_type)) {
            let message = "the words and FLOW describe different protocols";
            return Err(Failure::new(Exit::Usage, message));
        }
        self.set(Id::ETH_TYPE, &dl_type.to_be_bytes());
        if let Some(to) = args.to {
            self.set(destination, &octets(to));
        }
        let (proto, port) = match (args.tcp, args.udp) {
            (Some(port), _) => (TCP, Some((Id::TCP_SRC, Id::TCP_DST, port))),
            (_, Some(port)) => (UDP, Some((Id::UDP_SRC, Id::UDP_DST, port))),
            _ if is_v6 => (ICMPV6, None),
            _ => (ICMP, None),
        };
        if args.icmp || port.is_some() {
            self.set(Id::NW_PROTO, &[proto]);
        } else if !self.has(Id::NW_PROTO) {
            self.fill_in(Id::NW_PROTO, &[proto], "an echo request, as --icmp");
        }
        if let Some((source, destination, port)) = port {
            self.set(destination, &port.to_be_bytes());
            self.fill_in(source, &SOURCE_PORT.to_be_bytes(), "a dynamic port");
        } else if self.number(Id::NW_PROTO) == Some(u64::from(proto)) {
            let (id, kind) = if is_v6 {
                (Id::ICMPV6_TYPE, 128)
            } else {
                (Id::ICMP_TYPE, 8)
            };
            if !self.has(id) {
                self.set(id, &[kind]);
            }
        }
        Ok(())
    }

    /// The addresses that the flows of the input port let through.
    async fn allowed(&mut self) -> Result<&AllowedAddresses, Failure> {
        if self.allowed.is_none() {
            let number = self.number(Id::IN_PORT_OXM).map(|number| number as u32);
            let allowed = match number {
                Some(number) => self.flows.allowed(number).await?,
                None => AllowedAddresses::default(),
            };
            self.allowed = Some(allowed);
        }
        Ok(self.allowed.get_or_insert_default())
    }

    async fn source_mac(&mut self, has_flow: bool) -> Result<(), Failure> {
        if let Some(mac) = self.args.from_mac {
            self.set(Id::ETH_SRC, &mac);
        }
        if !self.has(Id::ETH_SRC) {
            let of_database = self
                .interface
                .and_then(|interface| mac_of(self.bridge, interface));
            let attached = of_database.filter(|(_, source)| source.contains("attached"));
            if let Some((mac, source)) = attached {
                self.fill_in(Id::ETH_SRC, &mac, source);
            } else {
                let macs = self.allowed().await?.macs.clone();
                match (macs.iter().collect::<Vec<_>>().as_slice(), of_database) {
                    ([mac], _) => {
                        self.fill_in(Id::ETH_SRC, *mac, "dl_src of the port's own flows");
                    }
                    ([], Some((mac, source))) => self.fill_in(Id::ETH_SRC, &mac, source),
                    (several, _) if !has_flow => return Err(self.no_source(several)),
                    _ => {}
                }
            }
        }
        if self.number(Id::ETH_TYPE) == Some(u64::from(ARP))
            && let Some((mac, _)) = self.fields.value(Id::ETH_SRC)
        {
            let mac = mac.to_vec();
            self.fill_in(Id::ARP_SHA, &mac, "the same as dl_src");
        }
        Ok(())
    }

    fn no_source(&self, several: &[&Mac]) -> Failure {
        let port = self
            .interface
            .map_or("the port", |interface| &interface.name);
        let (message, example) = match several {
            [] => (
                format!(
                    "the MAC address of what is behind {} is not known: neither the database nor the port's flows have it",
                    quoted(port)
                ),
                "00:00:00:00:00:01".to_owned(),
            ),
            [first, ..] => {
                let macs: Vec<String> = several.iter().map(|mac| mac_text(**mac)).collect();
                (
                    format!(
                        "{} MAC addresses may be behind {}: {}",
                        several.len(),
                        quoted(port),
                        macs.join(", ")
                    ),
                    mac_text(**first),
                )
            }
        };
        Failure::new(Exit::Usage, message).hint(format!("name the source: --from-mac {example}"))
    }

    async fn source_ip(&mut self) -> Result<(), Failure> {
        let dl_type = self.number(Id::ETH_TYPE);
        let id = match dl_type {
            Some(kind) if kind == u64::from(IPV4) => Id::IP_SRC,
            Some(kind) if kind == u64::from(IPV6) => Id::IPV6_SRC,
            Some(kind) if kind == u64::from(ARP) => Id::ARP_SPA,
            _ => return Ok(()),
        };
        if let Some(from) = self.args.from {
            if from.is_ipv6() != (id == Id::IPV6_SRC) {
                let message = "--from is an address of another family than the packet";
                return Err(Failure::new(Exit::Usage, message));
            }
            self.set(id, &octets(from));
        }
        if self.has(id) {
            return Ok(());
        }
        let is_v6 = id == Id::IPV6_SRC;
        let allowed = self.allowed().await?;
        let fitting = |set: &std::collections::BTreeSet<IpAddr>| -> Vec<IpAddr> {
            let ips = set.iter().copied();
            ips.filter(|ip| ip.is_ipv6() == is_v6).collect()
        };
        let (arp, ip) = (fitting(&allowed.arp), fitting(&allowed.ip));
        let (first, second) = match id {
            Id::ARP_SPA => ((arp, "arp_spa"), (ip, "nw_src")),
            Id::IP_SRC => ((ip, "nw_src"), (arp, "arp_spa")),
            _ => ((ip, "ipv6_src"), (arp, "arp_spa")),
        };
        for (addresses, key) in [first, second] {
            if let [only] = addresses.as_slice() {
                let source = format!("{key} of the port's own flows");
                self.fill_in(id, &octets(*only), &source);
                return Ok(());
            }
        }
        let none = if is_v6 { vec![0; 16] } else { vec![0; 4] };
        self.note(id.row(), &none, "not known; --from names one");
        Ok(())
    }

    fn destination(&self) -> Option<Mac> {
        let (value, _) = self.fields.value(Id::ETH_DST)?;
        value.try_into().ok()
    }

    /// The destination: a port of this host that has the address.
    async fn target_mac(&mut self, has_flow: bool) -> Result<(), Failure> {
        if let Some(mac) = self.args.to_mac {
            self.set(Id::ETH_DST, &mac);
        }
        let ip = self.destination_ip();
        if let Some(ip) = ip {
            for number in self.flows.ports_with_ip(ip).await? {
                self.add_target(self.bridge, number);
            }
        }
        if self.args.arp.is_some() {
            let mac = match self.args.arp {
                Some(ip @ IpAddr::V6(_)) => multicast(solicited(ip)),
                _ => None,
            };
            self.fill_in(Id::ETH_DST, &mac.unwrap_or(BROADCAST), "to all");
        }
        if let Some(mac) = self.destination() {
            return self.find_target(mac).await;
        }
        let Some(ip) = ip else {
            return if has_flow {
                Ok(())
            } else {
                Err(no_destination(None))
            };
        };
        if let Some(mac) = multicast(ip) {
            self.fill_in(Id::ETH_DST, &mac, "to the group");
            return Ok(());
        }
        if self.target.is_empty() {
            self.add_devices(ip).await?;
        }
        if self.target.is_empty() {
            for bridge in self.patched() {
                let Some(mut flows) = self.flows_of(bridge) else {
                    continue;
                };
                match flows.ports_with_ip(ip).await {
                    Ok(ports) => ports
                        .into_iter()
                        .for_each(|port| self.add_target(bridge, port)),
                    Err(failure) => self.not_searched(bridge, &failure),
                }
            }
        }
        if let [target] = self.target.as_slice()
            && let Some((mac, source)) = self.mac_of_target(&target.clone()).await?
        {
            self.fill_in(Id::ETH_DST, &mac, &source);
            return Ok(());
        }
        if has_flow {
            Ok(())
        } else {
            Err(no_destination(Some(ip)))
        }
    }

    fn destination_ip(&self) -> Option<IpAddr> {
        let value = |id| self.fields.value(id).map(|(value, _)| be_number(value));
        value(Id::IP_DST)
            .or(value(Id::ARP_TPA))
            .map(|bits| IpAddr::V4((bits as u32).into()))
            .or_else(|| {
                let bits = value(Id::ND_TARGET).or(value(Id::IPV6_DST))?;
                Some(IpAddr::V6(bits.into()))
            })
    }

    /// Adds the interfaces whose device has the address: bridges, and what ovs-vswitchd has made for a router or a
    /// container, in any network namespace.
    async fn add_devices(&mut self, ip: IpAddr) -> Result<(), Failure> {
        let devices = self.host.devices(self.cx, self.topology).await?;
        for name in devices.with_address(ip) {
            let found = self.topology.interface(name);
            if let Some((bridge, _, interface)) = found
                && mac_of(bridge, interface).is_some()
                && !self.target.contains(&interface.name)
            {
                self.target.push(interface.name.clone());
            }
        }
        Ok(())
    }

    /// The other bridges to which patches lead from that of the input port, the nearest first.
    fn patched(&self) -> Vec<&'t Bridge> {
        let mut found = vec![self.bridge];
        let mut next = 0;
        while let Some(bridge) = found.get(next) {
            next += 1;
            for patch in patches_of(self.topology, &bridge.name) {
                if let (PatchState::Ok, Some(far)) = (patch.state, patch.far)
                    && !found.iter().any(|known| known.name == far.bridge.name)
                {
                    found.push(far.bridge);
                }
            }
        }
        found.split_off(1)
    }

    fn flows_of(&self, bridge: &Bridge) -> Option<BridgeFlows<'m>> {
        let flows = BridgeFlows::of(self.cx, &bridge.name);
        flows
            .map_err(|failure| self.not_searched(bridge, &failure))
            .ok()
    }

    fn not_searched(&self, bridge: &Bridge, failure: &Failure) {
        let name = quoted(&bridge.name);
        self.cx.tell(&format!(
            "the flows of {name} are not searched: {}",
            failure.message
        ));
    }

    fn add_target(&mut self, bridge: &Bridge, number: u32) {
        let mut interfaces = bridge.interfaces();
        let found = interfaces.find(|(_, interface)| interface.port_number() == Some(number));
        if let Some((_, interface)) = found
            && !self.target.contains(&interface.name)
        {
            self.target.push(interface.name.clone());
        }
    }

    /// The interface that has this MAC address, of any bridge.
    async fn find_target(&mut self, mac: Mac) -> Result<(), Failure> {
        if !self.target.is_empty() || mac.first().is_some_and(|first| first & 1 != 0) {
            return Ok(());
        }
        let all = self.topology.interfaces();
        let mut with_mac = all.filter(|(bridge, _, interface)| {
            mac_of(bridge, interface).is_some_and(|(own, _)| own == mac)
        });
        if let Some((_, _, interface)) = with_mac.next() {
            self.target.push(interface.name.clone());
            return Ok(());
        }
        for number in self.flows.ports_with_mac(mac).await? {
            self.add_target(self.bridge, number);
        }
        for bridge in self.patched() {
            if !self.target.is_empty() {
                break;
            }
            let Some(mut flows) = self.flows_of(bridge) else {
                continue;
            };
            match flows.ports_with_mac(mac).await {
                Ok(ports) => ports
                    .into_iter()
                    .for_each(|port| self.add_target(bridge, port)),
                Err(failure) => self.not_searched(bridge, &failure),
            }
        }
        Ok(())
    }

    async fn mac_of_target(&mut self, target: &str) -> Result<Option<(Mac, String)>, Failure> {
        let Some((bridge, _, interface)) = self.topology.interface(target) else {
            return Ok(None);
        };
        if let Some((mac, source)) = mac_of(bridge, interface) {
            let source = source.replace("the port's", &format!("of {target}:"));
            return Ok(Some((mac, source)));
        }
        let Some(number) = interface.port_number() else {
            return Ok(None);
        };
        let allowed = if bridge.name == self.bridge.name {
            self.flows.allowed(number).await?
        } else {
            let mut flows = BridgeFlows::of(self.cx, &bridge.name)?;
            flows.allowed(number).await?
        };
        let macs: Vec<&Mac> = allowed.macs.iter().collect();
        Ok(match macs.as_slice() {
            [only] => Some((**only, format!("dl_src of the flows of {target}"))),
            _ => None,
        })
    }

    /// What every packet of its protocol has.
    fn headers(&mut self) {
        let dl_type = self.number(Id::ETH_TYPE);
        if [IPV4, IPV6].map(u64::from).map(Some).contains(&dl_type) {
            self.fill_in(Id::NW_TTL, &[TTL], "usual");
        }
    }
}

fn no_destination(ip: Option<IpAddr>) -> Failure {
    let message = match ip {
        Some(ip) => format!(
            "the MAC address to which packets to {ip} are sent is not known: no port of this host is known to have that address"
        ),
        None => "the destination is missing".to_owned(),
    };
    let hint = match ip {
        Some(_) => "name it: --to-mac MAC, that of the router if the address is in another network",
        None => "--to IP, --to-mac MAC or --arp IP",
    };
    Failure::new(Exit::Usage, message).hint(hint)
}
