//! The actions of the datapath, as ovs-vswitchd prints them: `push_vlan(vid=66,pcp=0),37` (ovs-actions(7), odp-util).

use super::reply::number_of;
use crate::unixctl::members::parts;

/// An action of the datapath.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatapathAction {
    /// Sends the packet to a port, by number.
    Output(u32),
    /// Ends.
    Drop,
    /// Adds a tag in front of the others.
    PushVlan(u16),
    /// Removes the first tag.
    PopVlan,
    /// Changes the first tag.
    SetVlan(u16),
    /// Sets the tunnel that the next output to a tunnel's port takes.
    SetTunnel(TunnelHeader),
    /// Puts the packet into a tunnel; what follows is done with the outer packet.
    PushTunnel {
        /// The tunnel's port, by number.
        port: u32,
        /// The header.
        header: TunnelHeader,
    },
    /// Takes the packet out of a tunnel; then it comes in at the tunnel's port, by number.
    PopTunnel(u32),
    /// The pipeline goes on with a new lookup.
    Recirculate(u32),
    /// Computes the hash that a select group or a bond chooses by.
    Hash,
    /// Connection tracking; its arguments.
    Track(String),
    /// To ovs-vswitchd.
    Userspace(Upcall),
    /// Done with a copy of the packet.
    Clone(Vec<DatapathAction>),
    /// Done with a copy of some packets.
    Sample(Vec<DatapathAction>),
    /// The next output is cut to this length, in bytes.
    Truncate(u64),
    /// By the packet's length.
    CheckLength {
        /// Done if it is longer.
        longer: Vec<DatapathAction>,
        /// Done otherwise.
        otherwise: Vec<DatapathAction>,
    },
    /// To a member of a bond, by its number, not by name.
    Balance(u32),
    /// Changes a header, counts, or is not known: its text.
    Other(String),
}

/// Why the datapath passes a packet to ovs-vswitchd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upcall {
    /// A controller gets it.
    Controller,
    /// ovs-vswitchd does the actions itself.
    SlowPath,
    /// It is reported by sFlow, IPFIX or another sampling.
    Report,
}

/// The header of a tunnel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct TunnelHeader {
    /// The far end's address.
    pub remote: Option<String>,
    /// The key: a VNI, a GRE key.
    pub key: Option<u64>,
}

/// Maximum depth of actions within actions.
const MAX_DEPTH: usize = 32;

/// Reads a list of actions.
pub fn parse(text: &str) -> Vec<DatapathAction> {
    list(text, 0)
}

fn list(text: &str, depth: usize) -> Vec<DatapathAction> {
    split(text).map(|piece| action(piece, depth)).collect()
}

/// The pieces between commas that are in no parentheses.
fn split(text: &str) -> impl Iterator<Item = &str> {
    parts(text).map(str::trim).filter(|piece| !piece.is_empty())
}

fn action(text: &str, depth: usize) -> DatapathAction {
    let other = || DatapathAction::Other(text.to_owned());
    let (word, inner) = match text.split_once('(') {
        Some((word, rest)) => (word, rest.strip_suffix(')').unwrap_or(rest)),
        None => (text, ""),
    };
    let nested = |text: &str| list(text, depth + 1);
    let action = match word {
        "drop" => Some(DatapathAction::Drop),
        "pop_vlan" => Some(DatapathAction::PopVlan),
        "push_vlan" => vid(inner).map(DatapathAction::PushVlan),
        "set" => set(inner),
        "tnl_push" => push_tunnel(inner),
        "tnl_pop" => port(inner).map(DatapathAction::PopTunnel),
        "recirc" => port(inner).map(DatapathAction::Recirculate),
        "hash" => Some(DatapathAction::Hash),
        "ct" => Some(DatapathAction::Track(inner.to_owned())),
        "userspace" => Some(DatapathAction::Userspace(upcall(inner))),
        "trunc" => number_of(inner).map(DatapathAction::Truncate),
        "lb_output" => port(inner).map(DatapathAction::Balance),
        "clone" | "sample" | "check_pkt_len" if depth >= MAX_DEPTH => None,
        "clone" => Some(DatapathAction::Clone(nested(inner))),
        "sample" => {
            let actions = argument(inner, "actions").unwrap_or_default();
            Some(DatapathAction::Sample(nested(actions)))
        }
        "check_pkt_len" => Some(DatapathAction::CheckLength {
            longer: nested(argument(inner, "gt").unwrap_or_default()),
            otherwise: nested(argument(inner, "le").unwrap_or_default()),
        }),
        _ => port(text).map(DatapathAction::Output),
    };
    action.unwrap_or_else(other)
}

fn port(text: &str) -> Option<u32> {
    u32::try_from(number_of(text)?).ok()
}

/// The argument in parentheses after a word: `gt(3)`.
fn argument<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    split(text).find_map(|piece| {
        piece
            .strip_prefix(word)?
            .strip_prefix('(')?
            .strip_suffix(')')
    })
}

/// The value of `key=`, without its mask.
fn value<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    split(text).find_map(|piece| {
        let value = piece.strip_prefix(key)?.strip_prefix('=')?;
        Some(value.split_once('/').map_or(value, |(value, _)| value))
    })
}

fn vid(text: &str) -> Option<u16> {
    u16::try_from(number_of(value(text, "vid")?)?).ok()
}

fn set(text: &str) -> Option<DatapathAction> {
    if let Some(tunnel) = argument(text, "tunnel") {
        return Some(DatapathAction::SetTunnel(TunnelHeader {
            remote: value(tunnel, "dst")
                .or_else(|| value(tunnel, "ipv6_dst"))
                .map(str::to_owned),
            key: value(tunnel, "tun_id").and_then(number_of),
        }));
    }
    let vlan = argument(text, "vlan")?;
    vid(vlan).map(DatapathAction::SetVlan)
}

/// `tnl_port(4789),header(size=50,type=4,eth(...),ipv4(src=..,dst=..),udp(...),vxlan(flags=0x8000000,vni=0x64)),out_port(1)`
fn push_tunnel(text: &str) -> Option<DatapathAction> {
    let header = argument(text, "header").unwrap_or_default();
    let ip = argument(header, "ipv4").or_else(|| argument(header, "ipv6"));
    let remote = ip.and_then(|ip| value(ip, "dst")).map(str::to_owned);
    let vni = ["vxlan", "geneve"]
        .into_iter()
        .find_map(|word| value(argument(header, word)?, "vni"));
    // `gre((flags=0x2000,proto=0x6558),key=0x9)`, `erspan(ver=1,sid=0x64,...)`, `gtpu(flags=..,teid=0x64)`
    let key = vni
        .or_else(|| value(argument(header, "gre")?, "key"))
        .or_else(|| value(argument(header, "erspan")?, "sid"))
        .or_else(|| value(argument(header, "gtpu")?, "teid"));
    Some(DatapathAction::PushTunnel {
        port: port(argument(text, "tnl_port")?)?,
        header: TunnelHeader {
            remote,
            key: key.and_then(number_of),
        },
    })
}

fn upcall(text: &str) -> Upcall {
    let has = |word: &str| split(text).any(|piece| piece.starts_with(word));
    if has("controller(") {
        Upcall::Controller
    } else if has("slow_path(") {
        Upcall::SlowPath
    } else {
        Upcall::Report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_real_traces() {
        use DatapathAction as A;
        let header = |remote: &str, key| TunnelHeader {
            remote: Some(remote.to_owned()),
            key: Some(key),
        };
        let push = "tnl_push(tnl_port(4789),header(size=50,type=4,eth(dst=aa:bb:cc:00:00:01,src=0a:c3:f6:74:13:47,\
                    dl_type=0x0800),ipv4(src=10.0.0.71,dst=10.0.0.72,proto=17,tos=0,ttl=64,frag=0x4000),udp(src=0,\
                    dst=4789,csum=0x0),vxlan(flags=0x8000000,vni=0x64)),out_port(1))";
        let pushed = || A::PushTunnel {
            port: 4789,
            header: header("10.0.0.72", 100),
        };
        let cases: [(&str, Vec<A>); 14] = [
            ("drop", vec![A::Drop]),
            (
                "18,push_vlan(vid=66,pcp=0),37,pop_vlan",
                vec![A::Output(18), A::PushVlan(66), A::Output(37), A::PopVlan],
            ),
            ("push_vlan(tpid=0x88a8,vid=7,pcp=1)", vec![A::PushVlan(7)]),
            (&format!("{push},2"), vec![pushed(), A::Output(2)]),
            (
                &format!("clone({push},2),4"),
                vec![A::Clone(vec![pushed(), A::Output(2)]), A::Output(4)],
            ),
            (
                "set(tunnel(tun_id=0x64,dst=10.0.0.72,ttl=64,tp_dst=4789,flags(df|key))),3",
                vec![A::SetTunnel(header("10.0.0.72", 100)), A::Output(3)],
            ),
            (
                "set(tunnel(tun_id=0x5,src=10.0.0.1,dst=10.0.0.72/255.255.255.255))",
                vec![A::SetTunnel(header("10.0.0.72", 5))],
            ),
            (
                "ct(commit,zone=3,mark=0x1/0xffffffff,nat(src=1.1.1.1)),2",
                vec![
                    A::Track("commit,zone=3,mark=0x1/0xffffffff,nat(src=1.1.1.1)".into()),
                    A::Output(2),
                ],
            ),
            (
                "hash(sym_l4(0)),recirc(0xc)",
                vec![A::Hash, A::Recirculate(12)],
            ),
            (
                "userspace(pid=0,controller(reason=1,dont_send=1,continuation=0,recirc_id=13,rule_cookie=0,controller_id=0,max_len=65535)),2",
                vec![A::Userspace(Upcall::Controller), A::Output(2)],
            ),
            (
                "check_pkt_len(size=100,gt(3),le(push_eth(src=00:00:00:00:00:00,dst=00:00:00:00:00:00),3))",
                vec![A::CheckLength {
                    longer: vec![A::Output(3)],
                    otherwise: vec![
                        A::Other("push_eth(src=00:00:00:00:00:00,dst=00:00:00:00:00:00)".into()),
                        A::Output(3),
                    ],
                }],
            ),
            ("trunc(100),2", vec![A::Truncate(100), A::Output(2)]),
            (
                "sample(sample=50.0%,actions(userspace(pid=1,sFlow(vid=0)),5))",
                vec![A::Sample(vec![A::Userspace(Upcall::Report), A::Output(5)])],
            ),
            ("tnl_pop(4789)", vec![A::PopTunnel(4789)]),
        ];
        for (text, actions) in cases {
            assert_eq!(parse(text), actions, "{text}");
        }
    }

    #[test]
    fn any_text_is_read() {
        for text in [
            "",
            ",",
            "(((",
            ")))",
            "clone",
            "clone(",
            "tnl_push()",
            "99999999999",
            "push_vlan(vid=x)",
        ] {
            parse(text);
        }
        let deep = "clone(".repeat(100_000);
        parse(&deep);
    }
}
