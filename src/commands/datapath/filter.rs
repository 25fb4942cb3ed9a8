//! The selection of datapath flows by a MATCH, as `ovs dump-flows` has it.

use std::net::IpAddr;

use crate::base::mac::mac;
use crate::model::resolve::did_you_mean;
use crate::openflow::fields::{Field, FieldKind, Id, ROWS};
use crate::unixctl::datapath_flows::{DatapathField, DatapathFlow};

/// Protocols: word, `dl_type`, `nw_proto`.
static PROTOCOLS: [(&str, &str, Option<&str>); 16] = [
    ("ip", "0x0800", None),
    ("icmp", "0x0800", Some("1")),
    ("tcp", "0x0800", Some("6")),
    ("udp", "0x0800", Some("17")),
    ("sctp", "0x0800", Some("132")),
    ("ipv6", "0x86dd", None),
    ("icmp6", "0x86dd", Some("58")),
    ("tcp6", "0x86dd", Some("6")),
    ("udp6", "0x86dd", Some("17")),
    ("sctp6", "0x86dd", Some("132")),
    ("ip6", "0x86dd", None),
    ("icmpv6", "0x86dd", Some("58")),
    ("arp", "0x0806", None),
    ("rarp", "0x8035", None),
    ("mpls", "0x8847", None),
    ("mplsm", "0x8848", None),
];

/// A MATCH.
#[derive(Debug, Clone, Default)]
pub(super) struct FlowFilter(Vec<Term>);

#[derive(Debug, Clone)]
enum Term {
    Protocol(&'static str, Option<&'static str>),
    Port(String),
    Field(DatapathField),
}

/// The protocol of a flow: the word for it, and whether it tells `nw_proto`; without a word the Ethernet type.
pub(super) fn protocol(flow: &DatapathFlow) -> (&str, bool) {
    let Some(kind) = dl_type(flow) else {
        return ("any", false);
    };
    let number = exact(flow, "nw_proto");
    let word = |number: Option<&str>| {
        let is_it = |row: &&(&str, &str, Option<&str>)| row.1 == kind && row.2 == number;
        PROTOCOLS.iter().find(is_it).map(|(word, ..)| *word)
    };
    match (number.and_then(|number| word(Some(number))), word(None)) {
        (Some(word), _) => (word, true),
        (None, Some(word)) => (word, false),
        (None, None) => (kind, false),
    }
}

/// The type of the innermost Ethernet header: those of VLAN tags come first.
fn dl_type(flow: &DatapathFlow) -> Option<&str> {
    let mut types = flow.fields.iter().rev();
    let last = types.find(|field| field.name == "dl_type")?;
    Some(&last.value)
}

/// The value of a field of which the flow matches every bit.
fn exact<'f>(flow: &'f DatapathFlow, name: &str) -> Option<&'f str> {
    let field = flow.fields.iter().find(|field| field.name == name)?;
    field.mask.is_none().then_some(field.value.as_str())
}

impl FlowFilter {
    /// Reads a MATCH: `in_port=NAME,tcp,nw_src=10.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<FlowFilter, String> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(term).collect::<Result<_, _>>().map(FlowFilter)
    }

    /// The words for input ports.
    pub(super) fn ports(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|term| match term {
            Term::Port(port) => Some(port.as_str()),
            _ => None,
        })
    }

    /// Whether a flow matches on all fields named, and packets with these values can match it. The input ports are
    /// compared by `is_port`.
    pub(super) fn takes(&self, flow: &DatapathFlow, is_port: impl Fn(&str, &str) -> bool) -> bool {
        self.0.iter().all(|term| match term {
            Term::Protocol(kind, number) => {
                dl_type(flow) == Some(kind)
                    && number.is_none_or(|number| exact(flow, "nw_proto") == Some(number))
            }
            Term::Port(wanted) => flow
                .value("in_port")
                .is_some_and(|port| is_port(port, wanted)),
            Term::Field(wanted) => flow
                .fields
                .iter()
                .any(|field| field.name == wanted.name && can_match(field, wanted)),
        })
    }
}

fn term(word: &str) -> Result<Term, String> {
    let Some((key, value)) = word.split_once('=') else {
        let known = PROTOCOLS.iter().find(|(name, ..)| *name == word);
        let known = known.map(|(_, kind, number)| Term::Protocol(kind, *number));
        return known.ok_or_else(|| {
            let meant = did_you_mean(word, PROTOCOLS.iter().map(|(name, ..)| *name));
            let word = word.escape_debug();
            format!("\"{word}\" is no protocol{meant}, and no FIELD=VALUE")
        });
    };
    let name = match (key, Field::by_name(key)) {
        ("in_port" | "in_port_oxm", _) => return Ok(Term::Port(value.to_owned())),
        (_, Some(field)) => field.key,
        ("skb_priority", None) => "skb_priority",
        (_, None) => {
            let meant = did_you_mean(key, ROWS.iter().flat_map(|row| [row.key, row.name]));
            return Err(format!(
                "there is no field \"{}\"{meant}",
                key.escape_debug()
            ));
        }
    };
    let wrong = |reason: &str| format!("{}: {reason}", word.escape_debug());
    if let Some(field) = Field::by_name(key) {
        let checked = field.check_value(value);
        checked.map_err(|reason| wrong(&reason))?;
        let is_flags = matches!(field.kind, FieldKind::CtState | FieldKind::TcpFlags);
        if is_flags && !value.starts_with(['+', '-']) {
            return Err(wrong(
                "flags of the datapath are compared one by one: +trk-new",
            ));
        }
    }
    let (value, mask) = match value.split_once('/') {
        Some((value, mask)) => (value, Some(mask)),
        None => (value, None),
    };
    let field = DatapathField {
        name: name.into(),
        value: value.to_owned(),
        mask: mask.map(str::to_owned),
    };
    if number(&field).is_none() && (mask.is_some() || name == "skb_priority") {
        return Err(wrong("it is not VALUE[/MASK]"));
    }
    Ok(Term::Field(in_datapath(key, field).map_err(wrong)?))
}

/// The field that the datapath has for one of OpenFlow: DSCP and ECN are bits of `nw_tos`, the presence bit of a VLAN tag
/// is not in `dl_vlan`.
fn in_datapath(key: &str, field: DatapathField) -> Result<DatapathField, &'static str> {
    let bits = |shift: u32, of_field: u128, name: &'static str| -> Result<_, &'static str> {
        let (value, mask) = number(&field).ok_or("it is no number")?;
        Ok(DatapathField {
            name: name.into(),
            value: format!("{:#x}", (value << shift) & of_field),
            mask: Some(format!("{:#x}", (mask << shift) & of_field)),
        })
    };
    match Field::by_name(key).map(|field| field.id) {
        Some(Id::IP_DSCP) => bits(2, 0xfc, "nw_tos"),
        Some(Id::NW_TOS) => bits(0, 0xfc, "nw_tos"),
        Some(Id::NW_ECN) => bits(0, 0x03, "nw_tos"),
        Some(Id::VLAN_VID) => bits(0, 0xfff, "dl_vlan"),
        Some(Id::VLAN_TCI) => Err("the datapath has dl_vlan and dl_vlan_pcp instead"),
        _ => Ok(field),
    }
}

/// Whether the two have a value in common. Flags such as those of `ct_state` are compared one by one, values that are
/// not numbers or addresses as text.
fn can_match(field: &DatapathField, wanted: &DatapathField) -> bool {
    if let (Some((value, mask)), Some((other, of_other))) = (number(field), number(wanted)) {
        return (value ^ other) & mask & of_other == 0;
    }
    if wanted.value.starts_with(['+', '-']) {
        let has = flags(&field.value);
        return flags(&wanted.value).iter().all(|flag| has.contains(flag));
    }
    field.value == wanted.value
}

/// `+trk` and `-new` of `+trk-new`.
fn flags(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = text.match_indices(['+', '-']).map(|(at, _)| at).collect();
    starts.push(text.len());
    let pairs = starts.iter().zip(starts.iter().skip(1));
    pairs
        .filter_map(|(start, end)| text.get(*start..*end))
        .collect()
}

/// Value and mask as numbers.
fn number(field: &DatapathField) -> Option<(u128, u128)> {
    let (value, width) = bits(&field.value)?;
    let mask = match &field.mask {
        None => u128::MAX,
        Some(mask) => match (mask.parse::<u32>(), width) {
            (Ok(prefix), Some(width @ (32 | 128))) => {
                let free = width.checked_sub(prefix)?;
                u128::MAX.checked_shl(free).unwrap_or(0)
            }
            _ => bits(mask)?.0,
        },
    };
    Some((value, mask))
}

/// A number, or an address and its width in bits.
fn bits(text: &str) -> Option<(u128, Option<u32>)> {
    if let Some(digits) = text.strip_prefix("0x") {
        return Some((u128::from_str_radix(digits, 16).ok()?, None));
    }
    if let Ok(number) = text.parse() {
        return Some((number, None));
    }
    match text.parse() {
        Ok(IpAddr::V4(address)) => return Some((u32::from(address).into(), Some(32))),
        Ok(IpAddr::V6(address)) => return Some((address.into(), Some(128))),
        Err(_) => {}
    }
    let digits = mac(text).filter(|_| text.contains(':'))?.replace(':', "");
    Some((u128::from_str_radix(&digits, 16).ok()?, Some(48)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_that_packets_can_match() {
        let line = "recirc_id(0x2),in_port(p1),ct_state(0x22/0x23),eth(dst=01:00:00:00:00:00/01:00:00:00:00:00),\
            eth_type(0x8100),vlan(vid=7,pcp=0/0x0),encap(eth_type(0x0800),ipv4(src=10.1.0.0/255.255.0.0,\
            dst=10.2.0.2,proto=6,tos=0xb9,frag=no),tcp(src=9/0,dst=80/0xfff0)), packets:0, bytes:0, used:never, \
            actions:drop";
        let flow = DatapathFlow::from_line(line).unwrap();
        assert_eq!(protocol(&flow), ("tcp", true));
        for (text, is_taken) in [
            ("", true),
            ("ip,tcp", true),
            ("udp", false),
            ("tcp6", false),
            ("in_port=p1,recirc_id=2", true),
            ("in_port=p2", false),
            ("dl_vlan=7,nw_src=10.1.2.3", true),
            ("vlan_vid=8", false),
            ("ip_src=10.0.0.0/8", true),
            ("nw_src=10.2.0.0/16", false),
            ("nw_dst=10.2.0.0/255.255.0.0", true),
            ("tp_dst=80 tcp_dst=95", true),
            ("tp_dst=96", false),
            ("tp_src=9", false),
            ("dl_dst=ff:ff:ff:ff:ff:ff", true),
            ("eth_dst=00:00:00:00:00:01", false),
            ("ct_state=+trk-new", true),
            ("ct_state=+new", false),
            ("vlan_vid=0x1007", true),
            ("vlan_vid=0x1008", false),
            ("ip_dscp=46", true),
            ("ip_dscp=45", false),
            ("nw_tos=184", true),
            ("nw_ecn=1,ip_dscp=46", true),
            ("nw_ecn=2", false),
            ("nw_frag=no", true),
            ("nw_frag=yes", false),
        ] {
            let filter = FlowFilter::parse(text).unwrap();
            assert_eq!(
                filter.takes(&flow, |port, wanted| port == wanted),
                is_taken,
                "{text}"
            );
        }
        for text in [
            "nosuch",
            "nosuch=1",
            "nw_src=x/8",
            "nw_src=10.0.0.300",
            "tp_dst=abc",
            "tp_dst=65536",
            "ip_dscp=64",
            "dl_src=00:00",
            "ct_state=trk",
            "ct_state=+nosuch",
            "vlan_tci=0x1007",
            "skb_priority=x",
        ] {
            assert!(FlowFilter::parse(text).is_err(), "{text}");
        }
    }
}
