//! Which addresses a port's packets have: from the database, from the flows that keep others out, from the device.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::base::mac::mac;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Failure};
use crate::model::topology::{Bridge, Interface};
use crate::openflow::bytes::be_number;
use crate::openflow::fields::{Filter, Id, Match, MatchFields};
use crate::source::Switch;

/// A MAC address.
pub(super) type Mac = [u8; 6];

/// What is asked of the flows of one bridge.
pub(super) struct BridgeFlows<'c> {
    cx: &'c Context,
    switch: SwitchArg,
    connected: Option<Switch>,
}

/// The addresses that the flows of a port let through.
#[derive(Debug, Default)]
pub(super) struct AllowedAddresses {
    pub(super) macs: BTreeSet<Mac>,
    /// `arp_spa`
    pub(super) arp: BTreeSet<IpAddr>,
    /// `nw_src` and `ipv6_src`
    pub(super) ip: BTreeSet<IpAddr>,
}

impl<'c> BridgeFlows<'c> {
    pub(super) fn of(cx: &'c Context, bridge: &str) -> Result<BridgeFlows<'c>, Failure> {
        Ok(BridgeFlows {
            cx,
            switch: SwitchArg::of_bridge(cx, bridge)?,
            connected: None,
        })
    }

    /// The addresses that the flows of an input port match exactly and do not drop.
    pub(super) async fn allowed(&mut self, ofport: u32) -> Result<AllowedAddresses, Failure> {
        let mut allowed = AllowedAddresses::default();
        let mut fields = MatchFields::default();
        fields.set(Id::IN_PORT_OXM.row(), &ofport.to_be_bytes(), None);
        self.each(fields, |matched| {
            if let Some(mac) = exact(matched, Id::ETH_SRC).and_then(|value| value.try_into().ok()) {
                // A multicast address belongs to no single port.
                let mac: Mac = mac;
                if mac.first().is_some_and(|first| first & 1 == 0) {
                    allowed.macs.insert(mac);
                }
            }
            allowed.arp.extend(address(matched, Id::ARP_SPA));
            allowed.ip.extend(address(matched, Id::IP_SRC));
            allowed.ip.extend(address(matched, Id::IPV6_SRC));
        })
        .await?;
        Ok(allowed)
    }

    /// The input ports whose flows let packets from this IP address through.
    pub(super) async fn ports_with_ip(&mut self, ip: IpAddr) -> Result<BTreeSet<u32>, Failure> {
        let mut ports = BTreeSet::new();
        let questions: &[(u16, Id)] = match ip {
            IpAddr::V4(_) => &[(0x0806, Id::ARP_SPA), (0x0800, Id::IP_SRC)],
            IpAddr::V6(_) => &[(0x86dd, Id::IPV6_SRC)],
        };
        for (dl_type, id) in questions {
            let mut fields = MatchFields::default();
            fields.set(Id::ETH_TYPE.row(), &dl_type.to_be_bytes(), None);
            fields.set(id.row(), &octets(ip), None);
            self.each(fields, |matched| ports.extend(matched.in_port()))
                .await?;
        }
        Ok(ports)
    }

    /// The input ports whose flows let packets from this MAC address through.
    pub(super) async fn ports_with_mac(&mut self, mac: Mac) -> Result<BTreeSet<u32>, Failure> {
        let mut ports = BTreeSet::new();
        let mut fields = MatchFields::default();
        fields.set(Id::ETH_SRC.row(), &mac, None);
        self.each(fields, |matched| ports.extend(matched.in_port()))
            .await?;
        Ok(ports)
    }

    /// Calls `take` with the match of each flow that matches on these fields, or more, and has actions.
    async fn each(
        &mut self,
        fields: MatchFields,
        mut take: impl FnMut(&Match<'_>),
    ) -> Result<(), Failure> {
        let filter = Filter {
            fields,
            ..Filter::default()
        };
        self.each_of(&filter, |_, matched, drops| {
            if !drops {
                take(matched);
            }
        })
        .await
    }

    /// Calls `take` with the priority and the match of each flow that `filter` selects, and whether it drops.
    pub(super) async fn each_of(
        &mut self,
        filter: &Filter,
        mut take: impl FnMut(u16, &Match<'_>, bool),
    ) -> Result<(), Failure> {
        if self.connected.is_none() {
            self.connected = Some(self.switch.connect(self.cx).await?);
        }
        let Some(connected) = &mut self.connected else {
            return Ok(());
        };
        let read = connected.each_flow_of(filter, |flow| {
            take(flow.priority, &flow.fields, flow.actions.is_empty());
        });
        // A malformed flow is left out.
        read.await
            .map(|_| ())
            .map_err(|error| self.switch.failure(error))
    }
}

fn exact<'m>(matched: &Match<'m>, id: Id) -> Option<&'m [u8]> {
    match matched.value(id.row())? {
        (value, None) => Some(value),
        (_, Some(_)) => None,
    }
}

fn address(matched: &Match<'_>, id: Id) -> Option<IpAddr> {
    let value = exact(matched, id)?;
    match value.len() {
        4 => Some(IpAddr::V4((be_number(value) as u32).into())),
        16 => Some(IpAddr::V6(be_number(value).into())),
        _ => None,
    }
}

/// The bytes of an address.
pub(super) fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// The MAC address of what is behind an interface, as the database has it, and where from. A device's own is that of
/// its packets only where the host itself is behind it.
pub(super) fn mac_of(bridge: &Bridge, interface: &Interface) -> Option<(Mac, &'static str)> {
    for (key, source) in [
        ("attached-mac", "the port's external_ids:attached-mac"),
        ("attached_mac", "the port's external_ids:attached_mac"),
    ] {
        if let Some(mac) = interface
            .external_ids
            .get(key)
            .and_then(|text| parse_mac(text))
        {
            return Some((mac, source));
        }
    }
    let is_own = interface.kind() == "internal" || interface.name == bridge.name;
    let mac = interface.mac_in_use.as_deref().filter(|_| is_own)?;
    Some((parse_mac(mac)?, "the port's mac_in_use"))
}

/// The bytes of an address in any spelling.
pub(super) fn parse_mac(text: &str) -> Option<Mac> {
    let text = mac(text.trim())?;
    let mut bytes = [0; 6];
    for (byte, pair) in bytes.iter_mut().zip(text.split(':')) {
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(bytes)
}

pub(super) fn mac_text(mac: Mac) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// The solicited-node address (RFC 4291 §2.7.1).
pub(super) fn solicited(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => {
            let low = u128::from(ip) & 0xff_ffff;
            let prefix = 0xff02_0000_0000_0000_0000_0001_ff00_0000_u128;
            IpAddr::V6((prefix | low).into())
        }
    }
}

/// The MAC address of a group of IP (RFC 1112 §6.4, RFC 2464 §7).
pub(super) fn multicast(ip: IpAddr) -> Option<Mac> {
    match ip {
        IpAddr::V4(ip) if ip.is_broadcast() => Some([0xff; 6]),
        IpAddr::V4(ip) if ip.is_multicast() => {
            let [_, b, c, d] = ip.octets();
            Some([0x01, 0x00, 0x5e, b & 0x7f, c, d])
        }
        IpAddr::V6(ip) if ip.is_multicast() => {
            let [.., a, b, c, d] = ip.octets();
            Some([0x33, 0x33, a, b, c, d])
        }
        _ => None,
    }
}
