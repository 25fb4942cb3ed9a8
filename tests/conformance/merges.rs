//! What the classic style says otherwise than the real tool: a list, each with its reason.
//!
//! The classic style is read over OpenFlow 1.5, in which the switch says in one word what it says over 1.0
//! in two. Which of the two was meant is lost, so the classic style always says the same one. A line of the
//! real tool is rewritten here to that one word; nothing is compared loosely.

use std::net::{Ipv4Addr, Ipv6Addr};

use ovs::openflow::fields::{Field, Kind};

use crate::common::chance::ones;

/// The classic line of a flow, from the line of a plain `ovs-ofctl`; `None` where that is not the truth,
/// which the line over OpenFlow 1.5 tells.
pub(crate) fn of_1_0(line: &str, truth: &str) -> Option<String> {
    let (head, list) = line.split_once(" actions=")?;
    let lost = truth
        .split("set_field:")
        .skip(1)
        .filter_map(|set| set.split_once("->"))
        .any(|(value, rest)| {
            let field = rest.split([',', ')']).next().unwrap_or(rest);
            // Said as `strip_vlan` or as two actions, unless it was added as `load` over 1.0.
            field == "vlan_tci" || value.contains('/') && MASK_LOST.contains(&field)
        });
    (!lost).then(|| format!("{} actions={}", head_of(head), list_of_1_0(list)))
}

/// Fields that OpenFlow 1.0 sets with an action of its own, which has no mask.
const MASK_LOST: [&str; 15] = [
    "nw_ecn", "eth_src", "eth_dst", "vlan_vid", "vlan_pcp", "ip_src", "ip_dst", "ip_dscp",
    "nw_tos", "tcp_src", "tcp_dst", "udp_src", "udp_dst", "sctp_src", "sctp_dst",
];

/// The classic line of a flow, from the line over OpenFlow 1.5; `None` where that takes more than words.
pub(crate) fn of_1_5(line: &str) -> Option<String> {
    let line = line.replace("reset_counts ", "");
    let (head, list) = line.split_once(" actions=")?;
    Some(format!("{} actions={}", head_of(head), list_of_1_5(list)?))
}

/// Our own classic line, without what the real tool never prints.
pub(crate) fn ours(line: &str) -> String {
    match line.split_once(" actions=") {
        Some((head, list)) => format!("{} actions={list}", head_of(head)),
        None => line.to_owned(),
    }
}

/// Fields that the real tool prints without their mask, or not at all, though the switch matches them; the
/// wire style, which is compared whole, does as the tool does.
const NOT_WHOLE: [&str; 11] = [
    "tun_gbp_flags",
    "tun_erspan_ver",
    "tun_erspan_idx",
    "tun_erspan_dir",
    "tun_erspan_hwid",
    "gtpu_flags",
    "gtpu_msgtype",
    "nsh_c1",
    "nsh_c2",
    "nsh_c3",
    "nsh_c4",
];

/// What stands before the actions, without [`NOT_WHOLE`].
fn head_of(head: &str) -> String {
    let mut quoted = false;
    let mut start = 0;
    for (at, c) in head.char_indices() {
        quoted ^= c == '"';
        if c == ' ' && !quoted {
            start = at + 1;
        }
    }
    let (numbers, matched) = head.split_at(start);
    let words: Vec<String> = split(matched)
        .into_iter()
        .filter(|word| !NOT_WHOLE.contains(&word.split('=').next().unwrap_or(word)))
        .flat_map(|word| tag(word).unwrap_or_else(|| vec![option(word)]))
        .collect();
    // Without words the blank before them goes too.
    format!("{numbers}{}", words.join(","))
        .trim_end()
        .to_owned()
}

/// A match on the tag that later versions say otherwise: no tag means no presence bit and no id there, and
/// a priority is matched whole or not at all.
fn tag(word: &str) -> Option<Vec<String>> {
    let said = word.strip_prefix("vlan_tci=")?;
    if said == "0x0000" {
        return Some(vec!["vlan_tci=0x0000/0x1fff".to_owned()]);
    }
    let (value, mask) = said.split_once('/')?;
    let (value, mask) = (number(value), number(mask));
    if mask & 0xe000 == 0 || mask & 0x1000 == 0 {
        return None;
    }
    let mask = mask | 0xe000;
    let (vid, pcp) = (value & 0xfff, value >> 13);
    Some(match mask & 0xfff {
        0 => vec![format!("dl_vlan_pcp={pcp}")],
        0xfff => vec![format!("dl_vlan={vid}"), format!("dl_vlan_pcp={pcp}")],
        _ => vec![format!("vlan_tci={value:#06x}/{mask:#06x}")],
    })
}

/// The real tool does not know how wide an option is, and leaves out a mask that covers what is not zero.
fn option(word: &str) -> String {
    match word.split_once('/') {
        Some((said, mask))
            if said.starts_with("tun_metadata")
                && mask[2..].chars().all(|digit| digit == 'f')
                && mask.len() % 2 == 0
                && said
                    .split_once('=')
                    .is_some_and(|(_, value)| value.len() <= mask.len()) =>
        {
            said.to_owned()
        }
        _ => word.to_owned(),
    }
}

fn list_of_1_0(list: &str) -> String {
    let actions: Vec<String> = split(list)
        .into_iter()
        .map(|action| nested(action, &|list| Some(list_of_1_0(list))).unwrap_or_default())
        .map(|action| word_of_1_0(&action))
        .collect();
    queues(&actions)
}

/// Rewrites the lists within an action.
fn nested(action: &str, rewrite: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    for name in ["clone", "write_actions"] {
        if let Some(inside) = inside(action, name) {
            return Some(format!("{name}({})", rewrite(inside)?));
        }
    }
    if let Some(words) = inside(action, "ct") {
        let words: Option<Vec<String>> = split(words)
            .into_iter()
            .map(|word| match inside(word, "exec") {
                Some(list) => Some(format!("exec({})", rewrite(list)?)),
                None => Some(word.to_owned()),
            })
            .collect();
        return Some(format!("ct({})", words?.join(",")));
    }
    Some(action.to_owned())
}

fn inside<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.strip_prefix(name)?
        .strip_prefix('(')?
        .strip_suffix(')')
}

/// Over 1.1 and later there is no `enqueue`; one that was added so reads so over 1.0 only.
fn queues(actions: &[String]) -> String {
    let mut words = Vec::new();
    let mut rest = actions;
    while let Some(first) = rest.first() {
        if let [set, output, pop, after @ ..] = rest
            && let Some(queue) = set.strip_prefix("set_queue:")
            && pop == "pop_queue"
            && let Some(port) = queued(output)
        {
            words.push(format!("enqueue:{port}:{queue}"));
            rest = after;
        } else {
            words.push(first.clone());
            rest = &rest[1..];
        }
    }
    words.join(",")
}

fn queued(output: &str) -> Option<&str> {
    match output {
        "LOCAL" | "IN_PORT" => Some(output),
        _ => output
            .strip_prefix("output:")
            .filter(|port| !port.contains('[')),
    }
}

/// The word for what 1.0 says in several.
fn word_of_1_0(action: &str) -> String {
    // Later versions have one number for the id of a tunnel, whatever its width.
    if let Some(id) = action.strip_prefix("set_tunnel64:") {
        return tunnel(number(id));
    }
    // Later versions have no actions of their own for the label, but fields.
    for (name, field) in [("set_mpls_label", "LABEL"), ("set_mpls_tc", "TC")] {
        if let Some(value) = inside(action, name) {
            return load(number(value), &format!("OXM_OF_MPLS_{field}[]"));
        }
    }
    let Some((value, to)) = action
        .strip_prefix("load:")
        .and_then(|rest| rest.split_once("->"))
    else {
        return action.to_owned();
    };
    let value = number(value);
    let mac = || {
        let bytes = value.to_be_bytes();
        let pairs: Vec<String> = bytes[2..]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        pairs.join(":")
    };
    // Later versions set fields, whole ones too; `load` and `mod_...` are the same there.
    match to {
        "NXM_NX_TUN_ID[]" => tunnel(value),
        "NXM_OF_ETH_SRC[]" => format!("mod_dl_src:{}", mac()),
        "NXM_OF_ETH_DST[]" => format!("mod_dl_dst:{}", mac()),
        "NXM_OF_IP_SRC[]" => format!("mod_nw_src:{}", Ipv4Addr::from(value as u32)),
        "NXM_OF_IP_DST[]" => format!("mod_nw_dst:{}", Ipv4Addr::from(value as u32)),
        "NXM_OF_TCP_SRC[]" | "NXM_OF_UDP_SRC[]" | "OXM_OF_SCTP_SRC[]" => {
            format!("mod_tp_src:{value}")
        }
        "NXM_OF_TCP_DST[]" | "NXM_OF_UDP_DST[]" | "OXM_OF_SCTP_DST[]" => {
            format!("mod_tp_dst:{value}")
        }
        "NXM_OF_IP_TOS[]" if value.is_multiple_of(4) => format!("mod_nw_tos:{value}"),
        "OXM_OF_IP_DSCP[]" => format!("mod_nw_tos:{}", value << 2),
        _ => action.to_owned(),
    }
}

fn load(value: u64, to: &str) -> String {
    match value {
        0 => format!("load:0->{to}"),
        _ => format!("load:{value:#x}->{to}"),
    }
}

fn tunnel(id: u64) -> String {
    let long = if id > u32::MAX.into() { "64" } else { "" };
    if id == 0 {
        "set_tunnel:0".to_owned()
    } else {
        format!("set_tunnel{long}:{id:#x}")
    }
}

fn number(text: &str) -> u64 {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).expect("a number"),
        None => text.parse().expect("a number"),
    }
}

/// Only what one word says: flows that 1.0 carries are compared with 1.0, the rest of the words there.
fn list_of_1_5(list: &str) -> Option<String> {
    let actions: Option<Vec<String>> = split(list)
        .into_iter()
        .map(|action| {
            let action = nested(action, &list_of_1_5)?;
            if let Some(id) = action
                .strip_prefix("set_field:")
                .and_then(|rest| rest.strip_suffix("->tun_id"))
                .filter(|value| !value.contains('/'))
            {
                return Some(tunnel(number(id)));
            }
            if let Some((value, field)) = action
                .strip_prefix("set_field:")
                .and_then(|rest| rest.split_once("->"))
            {
                if value.contains('/') {
                    return None;
                }
                return match field {
                    "eth_src" => Some(format!("mod_dl_src:{value}")),
                    "eth_dst" => Some(format!("mod_dl_dst:{value}")),
                    "ip_src" => Some(format!("mod_nw_src:{value}")),
                    "ip_dst" => Some(format!("mod_nw_dst:{value}")),
                    "tcp_src" | "udp_src" | "sctp_src" => Some(format!("mod_tp_src:{value}")),
                    "tcp_dst" | "udp_dst" | "sctp_dst" => Some(format!("mod_tp_dst:{value}")),
                    _ => None,
                };
            }
            // 1.0 has no actions of their own for these.
            for (name, field) in [
                ("mod_nw_ttl:", "NXM_NX_IP_TTL[]"),
                ("mod_nw_ecn:", "NXM_NX_IP_ECN[]"),
            ] {
                if let Some(value) = action.strip_prefix(name) {
                    return Some(load(number(value), field));
                }
            }
            match action.as_str() {
                "pop_vlan" => Some("strip_vlan".to_owned()),
                _ if action.starts_with("push_vlan") => None,
                _ => Some(action),
            }
        })
        .collect();
    Some(queues(&actions?))
}

/// The actions of a line, those nested in others left where they are.
pub(crate) fn top_level(line: &str) -> Vec<&str> {
    match line.split_once(" actions=") {
        None | Some((_, "drop")) => Vec::new(),
        Some((_, list)) => split(list),
    }
}

/// The words between commas that are neither quoted nor in parentheses.
fn split(list: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut depth, mut start, mut quoted) = (0, 0, false);
    for (at, c) in list.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                words.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    words.push(&list[start..]);
    words
}

/// A line over OpenFlow 1.5 in which what sets a field says which bits, however it said so: loads of all bits
/// of a field, of its two halves, and actions of their own mean what `set_field` means.
pub(crate) fn meaning(line: &str) -> String {
    let line = line.replace("reset_counts ", "");
    match line.split_once(" actions=") {
        Some((head, list)) => format!("{head} actions={}", meaning_of(list)),
        None => line,
    }
}

fn meaning_of(list: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut last: Option<Set<'_>> = None;
    for action in split(list) {
        let Some(set) = Set::parse(action) else {
            words.extend(last.take().map(|set| set.text()));
            words.extend(nested(action, &|list| Some(meaning_of(list))));
            continue;
        };
        last = Some(match last.take() {
            Some(before) if before.field == set.field && before.mask & set.mask == 0 => Set {
                value: before.value | set.value,
                mask: before.mask | set.mask,
                ..set
            },
            before => {
                words.extend(before.map(|set| set.text()));
                set
            }
        });
    }
    words.extend(last.map(|set| set.text()));
    words.join(",")
}

/// Sets the bits of a mask.
struct Set<'t> {
    field: &'t str,
    value: u128,
    mask: u128,
}

impl<'t> Set<'t> {
    fn parse(action: &'t str) -> Option<Self> {
        let (said, mut field) = match action.split_once(':')? {
            ("mod_nw_ttl", value) => (value, "nw_ttl"),
            ("mod_nw_ecn", value) => (value, "nw_ecn"),
            ("set_field", rest) => rest.split_once("->")?,
            _ => return None,
        };
        let row = Field::by_name(field).filter(|row| !row.id.is_tun_metadata())?;
        let all = ones(row.n_bits().into());
        let (value, mask) = match said.split_once('/') {
            Some((value, mask)) => (value, Some(mask)),
            None => (said, None),
        };
        let mut value = numeral(value)?;
        let mut mask = match mask {
            None => all,
            Some(mask) if row.kind == Kind::Ipv6 && !mask.contains(':') => {
                !ones(128 - mask.parse::<u32>().ok()?)
            }
            Some(mask) if row.kind == Kind::Ipv4 && !mask.contains('.') => {
                all & !ones(32 - mask.parse::<u32>().ok()?)
            }
            Some(mask) => numeral(mask)? & all,
        };
        // The one is the other with two more bits, which it does not set.
        if field == "nw_tos" && mask & 0xfc == 0xfc {
            (field, value, mask) = ("ip_dscp", value >> 2, 0x3f);
        }
        Some(Set { field, value, mask })
    }

    fn text(&self) -> String {
        format!("{:#x}/{:#x}->{}", self.value, self.mask, self.field)
    }
}

/// A number or an address.
fn numeral(text: &str) -> Option<u128> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u128::from_str_radix(digits, 16).ok();
    }
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Some(address.into());
    }
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some(u32::from(address).into());
    }
    if text.len() == 17 && text.contains(':') {
        return u128::from_str_radix(&text.replace(':', ""), 16).ok();
    }
    text.parse().ok()
}

/// Whether a line of OpenFlow 1.5 sets one field twice in a row. Read as `load`s and sent again, the
/// real tool makes other `set_field`s of the runs of bits; what is in the field at the end is the same.
pub(crate) fn sets_twice(line: &str) -> bool {
    let target = |piece: &str| {
        let (set, target) = piece.rsplit_once("->")?;
        let target = target.trim_end_matches(')').to_owned();
        set.contains("set_field:").then_some(target)
    };
    let pieces: Vec<Option<String>> = line.split(',').map(target).collect();
    pieces
        .windows(2)
        .any(|pair| pair[0].is_some() && pair[0] == pair[1])
}
