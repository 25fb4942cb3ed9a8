//! The flows of a datapath: the reply to `dpctl/dump-flows -m` (dpctl(8)).

use std::borrow::Cow;

use super::client::Client;
use super::error::Error;
use super::members::{group, parts};

/// Maximum depth of `encap(...)`: an Ethernet frame has two VLAN tags at most.
const MAX_ENCAP: u8 = 4;

/// What a datapath has, in the order of the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FlowDump {
    /// The flows.
    pub flows: Vec<DatapathFlow>,
    /// Lines of the reply that are not understood.
    pub unknown: Vec<String>,
}

/// A flow of a datapath.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatapathFlow {
    /// The thread that has it, if the datapath is in userspace: `main`, or the core of a PMD thread.
    pub thread: Option<String>,
    /// Its identifier, a UUID.
    pub ufid: Option<String>,
    /// What it matches on, without the fields that it ignores.
    pub fields: Vec<DatapathField>,
    /// The packets that it has matched.
    pub packets: u64,
    /// The bytes of these packets.
    pub bytes: u64,
    /// The milliseconds since a packet last matched it; `None`: never.
    pub used: Option<u64>,
    /// The TCP flags that were seen, as letters: `SF.`.
    pub flags: Option<String>,
    /// Whether it is offloaded to hardware: `yes`, `partial`; `None`: not told.
    pub offloaded: Option<String>,
    /// What has it: `ovs`, `tc`, `dpdk`.
    pub layer: Option<String>,
    /// Its actions, as the text has them; `drop` if there are none.
    pub actions: String,
    /// What the datapath says besides.
    pub extra: Option<String>,
}

/// A field that a flow matches on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatapathField {
    /// Its name in OpenFlow; that of the datapath if OpenFlow has no such field.
    pub name: Cow<'static, str>,
    /// Its value, as the text has it.
    pub value: String,
    /// Its mask, as the text has it; `None`: all bits.
    pub mask: Option<String>,
}

/// The names in OpenFlow of members of the datapath: group, member, name.
static NAMES: &[(&str, &str, &str)] = &[
    ("eth", "src", "dl_src"),
    ("eth", "dst", "dl_dst"),
    ("vlan", "vid", "dl_vlan"),
    ("vlan", "pcp", "dl_vlan_pcp"),
    ("ipv4", "src", "nw_src"),
    ("ipv4", "dst", "nw_dst"),
    ("ipv4", "proto", "nw_proto"),
    ("ipv4", "tos", "nw_tos"),
    ("ipv4", "ttl", "nw_ttl"),
    ("ipv4", "frag", "nw_frag"),
    ("ipv6", "src", "ipv6_src"),
    ("ipv6", "dst", "ipv6_dst"),
    ("ipv6", "label", "ipv6_label"),
    ("ipv6", "proto", "nw_proto"),
    ("ipv6", "tclass", "nw_tos"),
    ("ipv6", "hlimit", "nw_ttl"),
    ("ipv6", "frag", "nw_frag"),
    ("tcp", "src", "tp_src"),
    ("tcp", "dst", "tp_dst"),
    ("udp", "src", "tp_src"),
    ("udp", "dst", "tp_dst"),
    ("sctp", "src", "tp_src"),
    ("sctp", "dst", "tp_dst"),
    ("icmp", "type", "icmp_type"),
    ("icmp", "code", "icmp_code"),
    ("icmpv6", "type", "icmp_type"),
    ("icmpv6", "code", "icmp_code"),
    ("nd", "target", "nd_target"),
    ("nd", "sll", "nd_sll"),
    ("nd", "tll", "nd_tll"),
    ("arp", "sip", "arp_spa"),
    ("arp", "tip", "arp_tpa"),
    ("arp", "op", "arp_op"),
    ("arp", "sha", "arp_sha"),
    ("arp", "tha", "arp_tha"),
    ("mpls", "label", "mpls_label"),
    ("mpls", "tc", "mpls_tc"),
    ("mpls", "ttl", "mpls_ttl"),
    ("mpls", "bos", "mpls_bos"),
    ("tunnel", "tun_id", "tun_id"),
    ("tunnel", "src", "tun_src"),
    ("tunnel", "dst", "tun_dst"),
    ("tunnel", "ipv6_src", "tun_ipv6_src"),
    ("tunnel", "ipv6_dst", "tun_ipv6_dst"),
    ("ct_tuple4", "src", "ct_nw_src"),
    ("ct_tuple4", "dst", "ct_nw_dst"),
    ("ct_tuple4", "proto", "ct_nw_proto"),
    ("ct_tuple4", "tp_src", "ct_tp_src"),
    ("ct_tuple4", "tp_dst", "ct_tp_dst"),
    ("ct_tuple6", "src", "ct_ipv6_src"),
    ("ct_tuple6", "dst", "ct_ipv6_dst"),
    ("ct_tuple6", "proto", "ct_nw_proto"),
    ("ct_tuple6", "tp_src", "ct_tp_src"),
    ("ct_tuple6", "tp_dst", "ct_tp_dst"),
    ("skb_mark", "", "pkt_mark"),
    ("eth_type", "", "dl_type"),
];

/// The bits of `ct_state`, from the lowest.
const CT_STATES: [&str; 8] = ["new", "est", "rel", "rpl", "inv", "trk", "snat", "dnat"];

impl FlowDump {
    /// Asks for all flows of a datapath. The daemon names ports if it can.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`](super::ErrorKind::Refused) if there is no such datapath; else why there is no reply.
    pub async fn read(client: &Client, datapath: &str) -> Result<FlowDump, Error> {
        let text = client
            .text("dpctl/dump-flows", &["-m", "--names", datapath])
            .await?;
        Ok(FlowDump::from_text(&text))
    }

    /// The flows in a reply: one a line, those of a thread after a line that names it.
    pub fn from_text(text: &str) -> FlowDump {
        let mut dump = FlowDump::default();
        let mut thread = None;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("flow-dump from ") {
                thread = thread_of(rest);
                if thread.is_some() {
                    continue;
                }
            }
            match DatapathFlow::from_line(line) {
                Some(flow) => dump.flows.push(DatapathFlow {
                    thread: thread.clone(),
                    ..flow
                }),
                None if line.trim().is_empty() => {}
                None => dump.unknown.push(line.to_owned()),
            }
        }
        dump
    }
}

/// The thread in `the main thread:`, `pmd on cpu core: 3`, `non-dpdk interfaces:`.
fn thread_of(text: &str) -> Option<String> {
    if let Some(core) = text.strip_prefix("pmd on cpu core: ") {
        return Some(core.to_owned());
    }
    match text {
        "the main thread:" | "non-dpdk interfaces:" => Some("main".to_owned()),
        _ => None,
    }
}

impl DatapathFlow {
    /// Reads a line; `None` if it is not understood.
    pub fn from_line(line: &str) -> Option<DatapathFlow> {
        let mut flow = DatapathFlow::default();
        let (head, rest) = line.split_once(", packets:")?;
        let head = match head.strip_prefix("ufid:") {
            Some(rest) => {
                let (ufid, fields) = rest.split_once([',', ' '])?;
                flow.ufid = Some(ufid.to_owned());
                fields.trim_start()
            }
            None => head,
        };
        let (statistics, actions) = rest.split_once(", actions:")?;
        let (actions, extra) = match actions.rsplit_once(", dp-extra-info:") {
            Some((actions, extra)) => (actions, Some(extra.to_owned())),
            None => (actions, None),
        };
        actions.clone_into(&mut flow.actions);
        flow.extra = extra;
        let mut statistics = statistics.split(", ");
        flow.packets = statistics.next()?.parse().ok()?;
        for statistic in statistics {
            let (name, value) = statistic.split_once(':')?;
            match name {
                "bytes" => flow.bytes = value.parse().ok()?,
                "used" if value == "never" => flow.used = None,
                "used" => flow.used = Some(milliseconds(value)?),
                "flags" => flow.flags = Some(value.to_owned()),
                "offloaded" => flow.offloaded = Some(value.to_owned()),
                "dp" => flow.layer = Some(value.to_owned()),
                _ => return None,
            }
        }
        let (before, port, after) = around_port(head);
        take_fields(before, &mut flow.fields, MAX_ENCAP)?;
        flow.fields.extend(port.map(|port| DatapathField {
            name: Cow::Borrowed("in_port"),
            value: port.to_owned(),
            mask: None,
        }));
        take_fields(after, &mut flow.fields, MAX_ENCAP)?;
        Some(flow)
    }

    /// The value of a field that it matches on, without the mask.
    pub fn value(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        Some(&field.value)
    }

    /// Whether it sends to this port of the datapath.
    pub fn sends_to(&self, port: &str) -> bool {
        let is_word = |c: char| !matches!(c, '(' | ')' | ',');
        let mut rest = self.actions.as_str();
        while let Some(at) = rest.find(port).filter(|_| !port.is_empty()) {
            let before = rest.get(..at).unwrap_or_default();
            let after = rest.get(at + port.len()..).unwrap_or_default();
            if !before.ends_with(is_word) && (after.is_empty() || after.starts_with([',', ')'])) {
                return true;
            }
            rest = after;
        }
        false
    }
}

/// Milliseconds of `12.345s`.
fn milliseconds(text: &str) -> Option<u64> {
    let (seconds, rest) = text.strip_suffix('s')?.split_once('.')?;
    let thousandths: u64 = format!("{rest:0<3}").get(..3)?.parse().ok()?;
    let seconds: u64 = seconds.parse().ok()?;
    seconds.checked_mul(1000)?.checked_add(thousandths)
}

/// The content of `in_port(...)`, and the text before and after it. It is a name, which may contain any character: it
/// ends where another field begins.
fn around_port(text: &str) -> (&str, Option<&str>, &str) {
    const BEGIN: &str = "in_port(";
    let found = match text.strip_prefix(BEGIN) {
        Some(rest) => Some(("", rest)),
        None => text.split_once(",in_port("),
    };
    let Some((before, rest)) = found else {
        return (text, None, "");
    };
    let begins_field = |after: &str| {
        let name = after.split_once('(').map(|(name, _)| name);
        name.is_some_and(|name| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        })
    };
    for (at, end) in rest.match_indices("),") {
        let after = rest.get(at + end.len()..).unwrap_or_default();
        if begins_field(after) {
            return (before, rest.get(..at), after);
        }
    }
    (before, rest.strip_suffix(')'), "")
}

/// Adds the fields of a match; `None` if the text is none.
fn take_fields(text: &str, fields: &mut Vec<DatapathField>, depth: u8) -> Option<()> {
    for part in parts(text) {
        let (name, content) = group(part.trim())?;
        if name == "encap" {
            take_fields(content, fields, depth.checked_sub(1)?)?;
            continue;
        }
        let is_set = parts(content).all(|member| is_named(member) || group(member).is_some());
        if !is_set || content.is_empty() {
            take_field(name, "", content, fields);
            continue;
        }
        // Every packet has this type.
        if name == "packet_type" && content == "ns=0,id=0" {
            continue;
        }
        for member in parts(content) {
            match (member.split_once('='), group(member)) {
                (_, Some((member, value))) | (Some((member, value)), None) => {
                    take_field(name, member, value, fields);
                }
                (None, None) => {}
            }
        }
    }
    Some(())
}

fn is_named(member: &str) -> bool {
    let name = member.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
}

/// Adds a field unless the flow ignores it.
fn take_field(group: &str, member: &str, text: &str, fields: &mut Vec<DatapathField>) {
    let (value, mask) = match text.split_once('/') {
        Some((value, mask)) => (value, Some(mask)),
        None => (text, None),
    };
    let is_nothing = |mask: &str| mask.bytes().all(|b| matches!(b, b'0' | b'x' | b':' | b'.'));
    if mask.is_some_and(is_nothing) {
        return;
    }
    let known = NAMES
        .iter()
        .find(|(of, is, _)| *of == group && *is == member);
    let name = match known {
        Some((.., name)) => Cow::Borrowed(*name),
        None if member.is_empty() => Cow::Owned(group.to_owned()),
        None => Cow::Owned(format!("{group}_{member}")),
    };
    let states = (group == "ct_state")
        .then(|| ct_state(value, mask))
        .flatten();
    let field = match states {
        Some(states) => DatapathField {
            name,
            value: states,
            mask: None,
        },
        None => DatapathField {
            name,
            value: value.to_owned(),
            mask: mask.map(str::to_owned),
        },
    };
    fields.push(field);
}

/// `+trk-new` for the bits of `ct_state` and their mask; `None` if they are words already.
fn ct_state(value: &str, mask: Option<&str>) -> Option<String> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let value = number(value)?;
    let mask = match mask {
        Some(mask) => number(mask)?,
        None => value,
    };
    let mut text = String::new();
    for (bit, name) in CT_STATES.iter().enumerate() {
        if mask >> bit & 1 == 1 {
            text.push(if value >> bit & 1 == 1 { '+' } else { '-' });
            text.push_str(name);
        }
    }
    (mask >> CT_STATES.len() == 0).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(flow: &DatapathFlow) -> Vec<String> {
        let one = |field: &DatapathField| match &field.mask {
            Some(mask) => format!("{}={}/{mask}", field.name, field.value),
            None => format!("{}={}", field.name, field.value),
        };
        flow.fields.iter().map(one).collect()
    }

    #[test]
    fn what_is_not_understood_is_kept() {
        let text = "flow-dump from pmd on cpu core: 3\n\
            ufid:d7,recirc_id(0),in_port(a, (\"b),eth_type(0x0800), packets:7, bytes:9, used:1.05s, flags:SF., \
            offloaded:yes, dp:tc, actions:set(x(y=1)),p2\n\
            ufid:d8,in_port(p1), packets:x, bytes:9, used:never, actions:drop\n\
            in_port(p1), packets:1, bytes:9, used:never, news:1, actions:drop\n\
            flow-dump from elsewhere\n\n";
        let dump = FlowDump::from_text(text);
        assert_eq!(dump.unknown.len(), 3, "{:?}", dump.unknown);
        let [flow] = dump.flows.as_slice() else {
            panic!("{dump:?}")
        };
        assert_eq!(flow.thread.as_deref(), Some("3"));
        assert_eq!(flow.ufid.as_deref(), Some("d7"));
        assert_eq!(
            fields(flow),
            ["recirc_id=0", "in_port=a, (\"b", "dl_type=0x0800"]
        );
        assert_eq!((flow.packets, flow.bytes, flow.used), (7, 9, Some(1050)));
        assert_eq!(flow.offloaded.as_deref(), Some("yes"));
        assert!(flow.sends_to("p2") && !flow.sends_to("y") && !flow.sends_to("p"));
    }

    #[test]
    fn tunnels_and_unknown_members() {
        let line = "tunnel(tun_id=0x64,src=10.0.0.72,dst=10.0.0.71,ttl=64/0,\
            geneve({class=0x102,type=0x80,len=4,0xa/0xff}),flags(-df+csum+key)),ct_state(0x22/0x23),new(1/3),\
            vlan(vid=7,pcp=0/0x0),encap(eth_type(0x0800),ipv4(src=10.1.0.0/255.255.0.0,frag=no)), packets:0, bytes:0, \
            used:never, actions:drop";
        let flow = DatapathFlow::from_line(line).unwrap();
        assert_eq!(
            fields(&flow),
            [
                "tun_id=0x64",
                "tun_src=10.0.0.72",
                "tun_dst=10.0.0.71",
                "tunnel_geneve={class=0x102,type=0x80,len=4,0xa/0xff}",
                "tunnel_flags=-df+csum+key",
                "ct_state=-new+est+trk",
                "new=1/3",
                "dl_vlan=7",
                "dl_type=0x0800",
                "nw_src=10.1.0.0/255.255.0.0",
                "nw_frag=no",
            ]
        );
        let deep = format!(
            "{}{}, packets:0, actions:",
            "encap(".repeat(9),
            ")".repeat(9)
        );
        assert_eq!(DatapathFlow::from_line(&deep), None);
    }
}
