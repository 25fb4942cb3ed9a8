//! Resolves the fields of a MATCH argument to rows, and checks their prerequisites.
//!
//! Keys such as `tp_src` stand for a field of the matched protocol: the protocol decides the row, and the
//! prerequisite is required.

use super::super::bytes::be_number;
use super::super::text::port_from_v10;
use super::super::version::Version;
use super::field_bytes::FieldBytes;
use super::problem::{ParseError, Problem};
use super::request::MatchFields;
use super::shorthand::{TCI_PCP, TCI_PRESENT, TCI_VID, Tci};
use super::table::{Field, Id, Prereq};

/// A key with the value that belongs to it, which may be empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyValue<'t> {
    pub(super) text: &'t str,
    pub(super) key: &'t str,
    pub(super) value: &'t str,
}

impl<'t> KeyValue<'t> {
    /// The field that it requests.
    pub(super) fn requests(
        self,
        field: &'static Field,
        value: FieldBytes,
        mask: Option<FieldBytes>,
    ) -> RequestedField<'t> {
        RequestedField {
            piece: self,
            field,
            value,
            mask,
        }
    }
}

/// A field of a MATCH argument.
pub(super) struct RequestedField<'t> {
    pub(super) piece: KeyValue<'t>,
    pub(super) field: &'static Field,
    pub(super) value: FieldBytes,
    pub(super) mask: Option<FieldBytes>,
}

impl RequestedField<'_> {
    /// Whether the value has bits outside of its mask.
    pub(super) fn is_outside_mask(&self) -> bool {
        let mask = self.mask.as_deref().unwrap_or_default().iter();
        mask.zip(&*self.value)
            .any(|(mask, value)| value & !mask != 0)
    }
}

/// Adds the requested fields: `tp_src` becomes the port of the matched protocol, all fields of the VLAN
/// tag become one. Then checks the prerequisites.
pub(super) fn resolve(
    requested: &[RequestedField<'_>],
    fields: &mut MatchFields,
) -> Result<(), ParseError> {
    let last = |id: Id| {
        requested
            .iter()
            .rfind(|requested| requested.field.id == id)
            .map(|requested| be_number(&requested.value))
    };
    let eth_type = last(Id::ETH_TYPE).map(|number| number as u16).or_else(|| {
        let packet_type = last(Id::PACKET_TYPE)? as u32;
        (packet_type >> 16 == 1).then_some(packet_type as u16)
    });
    let nw_proto = last(Id::NW_PROTO).map(|number| number as u8);
    let mut tci = Tci::default();
    for RequestedField {
        piece,
        field,
        value,
        mask,
    } in requested
    {
        let fail = |reason: String| Problem::syntax(reason).at(piece.text);
        let short = be_number(value) as u16;
        match field.id {
            Id::DL_VLAN if short == 0xffff => tci.and(0, TCI_VID | TCI_PRESENT),
            Id::DL_VLAN if short > TCI_VID => {
                return Err(fail("a VLAN id is a number from 0 to 4095".to_owned()));
            }
            Id::DL_VLAN => tci.and(short | TCI_PRESENT, TCI_VID | TCI_PRESENT),
            Id::DL_VLAN_PCP => tci.and(short << 13 | TCI_PRESENT, TCI_PCP | TCI_PRESENT),
            Id::VLAN_PCP => tci.and(short << 13, TCI_PCP),
            Id::VLAN_VID | Id::VLAN_TCI => {
                let all = if field.id == Id::VLAN_VID {
                    TCI_VID | TCI_PRESENT
                } else {
                    u16::MAX
                };
                tci.and(
                    short,
                    mask.as_deref()
                        .map_or(all, |mask| be_number(mask) as u16 & all),
                );
            }
            id => {
                let row = home(id, piece.key, eth_type, nw_proto);
                let value = value_at(row, id, value).map_err(|problem| problem.at(piece.text))?;
                let id = row;
                if id.row().wire_in(Version::V15).is_none() {
                    return Err(fail(format!(
                        "{} has no number in OpenFlow: no switch can be asked for it",
                        piece.key
                    )));
                }
                // Bits of one field may be given separately.
                match (mask, fields.value(id)) {
                    (Some(mask), Some((old, Some(old_mask)))) if piece.key.contains('[') => {
                        let or = |a: &[u8], b: &[u8]| {
                            a.iter().zip(b).map(|(a, b)| a | b).collect::<Vec<u8>>()
                        };
                        let (value, mask) = (or(&value, old), or(mask, old_mask));
                        fields.set(id.row(), &value, Some(&mask));
                    }
                    _ => {
                        if fields.replace(id.row(), &value, mask.as_deref()) {
                            let reason = format!("{} has two values in this match", piece.key);
                            return Err(fail(reason));
                        }
                    }
                }
            }
        }
    }
    if tci.mask != 0 {
        fields.set_tci(tci);
    }
    for RequestedField { piece, field, .. } in requested {
        // A resolved row implies its prerequisite.
        let row = home(field.id, piece.key, eth_type, nw_proto).row();
        if let Some(needs) = missing(row.prereq, eth_type, nw_proto, fields) {
            // These keys also apply to other protocols.
            let needs = match (field.id, piece.key) {
                (Id::TCP_SRC | Id::TCP_DST, "tp_src" | "tp_dst") => {
                    "tcp, udp or sctp, or tcp6, udp6 or sctp6,"
                }
                (Id::IP_SRC | Id::IP_DST, _) => "ip or arp",
                (Id::NW_PROTO, _) => "ip, ipv6 or arp",
                (Id::ICMP_TYPE | Id::ICMP_CODE, _) => "icmp or icmp6",
                _ => needs,
            };
            return Err(
                Problem::syntax(format!("{} needs {needs} in the match", piece.key)).at(piece.text),
            );
        }
    }
    Ok(())
}

/// The row for a field under its protocol.
fn home(id: Id, key: &str, eth_type: Option<u16>, nw_proto: Option<u8>) -> Id {
    let is_arp = matches!(eth_type, Some(0x0806 | 0x8035));
    let any_port = key == "tp_src" || key == "tp_dst";
    match (id, eth_type, nw_proto) {
        (Id::IN_PORT, ..) => Id::IN_PORT_OXM,
        (Id::IP_DSCP, ..) => Id::NW_TOS,
        (Id::IP_SRC, ..) if is_arp => Id::ARP_SPA,
        (Id::IP_DST, ..) if is_arp => Id::ARP_TPA,
        (Id::NW_PROTO, ..) if is_arp => Id::ARP_OP,
        (Id::TCP_SRC, Some(0x0800), Some(1)) if any_port => Id::ICMP_TYPE,
        (Id::TCP_DST, Some(0x0800), Some(1)) if any_port => Id::ICMP_CODE,
        (Id::TCP_SRC, Some(0x86dd), Some(58)) if any_port => Id::ICMPV6_TYPE,
        (Id::TCP_DST, Some(0x86dd), Some(58)) if any_port => Id::ICMPV6_CODE,
        (Id::TCP_SRC, _, Some(17)) if any_port => Id::UDP_SRC,
        (Id::TCP_DST, _, Some(17)) if any_port => Id::UDP_DST,
        (Id::TCP_SRC, _, Some(132)) if any_port => Id::SCTP_SRC,
        (Id::TCP_DST, _, Some(132)) if any_port => Id::SCTP_DST,
        (Id::ICMP_TYPE, Some(0x86dd), Some(58)) => Id::ICMPV6_TYPE,
        (Id::ICMP_CODE, Some(0x86dd), Some(58)) => Id::ICMPV6_CODE,
        (id, ..) => id,
    }
}

/// The value of a field in its row: [`home`].
fn value_at(home: Id, id: Id, value: &[u8]) -> Result<FieldBytes, Problem> {
    Ok(match (id, home) {
        (Id::IN_PORT, _) => {
            let port = port_from_v10(be_number(value) as u16).to_be_bytes();
            FieldBytes::from(port.as_slice())
        }
        (Id::IP_DSCP, _) => value.iter().map(|dscp| dscp << 2).collect(),
        (Id::NW_TOS, _) => value.iter().map(|tos| tos & 0xfc).collect(),
        (Id::NW_PROTO, Id::ARP_OP) => [0].iter().chain(value).copied().collect(),
        (
            Id::TCP_SRC | Id::TCP_DST,
            Id::ICMP_TYPE | Id::ICMP_CODE | Id::ICMPV6_TYPE | Id::ICMPV6_CODE,
        ) => match value {
            [0, byte] => FieldBytes::from([*byte].as_slice()),
            _ => return Err(Problem::syntax("the value needs more than 8 bits")),
        },
        _ => FieldBytes::from(value),
    })
}

/// What a match lacks for a prerequisite.
fn missing(
    prereq: Prereq,
    eth_type: Option<u16>,
    nw_proto: Option<u8>,
    fields: &MatchFields,
) -> Option<&'static str> {
    let ip = matches!(eth_type, Some(0x0800 | 0x86dd));
    let is = |id: Id, number: u128| {
        fields
            .value(id)
            .is_some_and(|(value, mask)| mask.is_none() && be_number(value) == number)
    };
    // Neutron matches on neighbour discovery by type alone: a code that is not matched counts as 0.
    let nd = |kind: u128| {
        is(Id::ICMPV6_TYPE, kind)
            && (fields.value(Id::ICMPV6_CODE).is_none() || is(Id::ICMPV6_CODE, 0))
    };
    let (met, needs) = match prereq {
        Prereq::Any => (true, ""),
        Prereq::Ethernet => (
            fields
                .value(Id::PACKET_TYPE)
                .is_none_or(|(value, _)| be_number(value) == 0),
            "eth",
        ),
        Prereq::Vlan => (fields.tci().is_tagged(), "dl_vlan or vlan_vid"),
        Prereq::Arp => (matches!(eth_type, Some(0x0806 | 0x8035)), "arp or rarp"),
        Prereq::Ipv4 => (eth_type == Some(0x0800), "ip"),
        Prereq::Ipv6 => (eth_type == Some(0x86dd), "ipv6"),
        Prereq::Ip => (ip, "ip or ipv6"),
        Prereq::Mpls => (matches!(eth_type, Some(0x8847 | 0x8848)), "mpls or mplsm"),
        Prereq::Nsh => (eth_type == Some(0x894f), "dl_type=0x894f"),
        Prereq::Ct => {
            let (value, mask) = fields.value(Id::CT_STATE).unwrap_or_default();
            let (value, mask) = (be_number(value), mask.map_or(u128::MAX, be_number));
            // new, est, rel, rpl, snat, dnat; or trk and not inv.
            (
                value & 0xcf != 0 || (value & 0x20 != 0 && mask & 0x10 != 0 && value & 0x10 == 0),
                "ct_state=+trk-inv",
            )
        }
        Prereq::Tcp => (ip && nw_proto == Some(6), "tcp or tcp6"),
        Prereq::Udp => (ip && nw_proto == Some(17), "udp or udp6"),
        Prereq::Sctp => (ip && nw_proto == Some(132), "sctp or sctp6"),
        Prereq::Icmp => (eth_type == Some(0x0800) && nw_proto == Some(1), "icmp"),
        Prereq::Icmp6 => (eth_type == Some(0x86dd) && nw_proto == Some(58), "icmp6"),
        Prereq::Nd => (
            nd(135) || nd(136),
            "icmp6,icmp_type=135 or icmp6,icmp_type=136",
        ),
        Prereq::NdSolicit => (nd(135), "icmp6,icmp_type=135"),
        Prereq::NdAdvert => (nd(136), "icmp6,icmp_type=136"),
    };
    (!met).then_some(needs)
}
