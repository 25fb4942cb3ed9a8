//! Fields and values inside a MATCH, and the same with actions inside a FLOW: `tcp,tp_`, `in_port=`,
//! `actions=output:`.

use super::ask::NameSource;
use super::names::{flow_tables, groups, named, openflow_ports, tags};
use super::{Candidate, Completion, actions};
use crate::openflow::fields::{FILTER_KEYS, Field, FieldKind, ROWS, protocol_words};
use crate::openflow::flow_change::{FLOW_FLAGS, FLOW_KEYS, split_actions};

/// Completes a partial MATCH on `bridge`.
pub(super) fn of(bridge: Option<&str>, typed: &str, ask: &NameSource) -> Completion {
    let (head, part) = typed.split_at(start_of_last(typed));
    let Some((key, value)) = part.split_once('=') else {
        let filters = FILTER_KEYS.map(|key| format!("{key}="));
        return keys(head, filters.map(Candidate::new));
    };
    let head = format!("{head}{key}=");
    let candidates = match Field::by_name(key).map(|field| (field.name, field.kind)) {
        Some((_, FieldKind::Port16 | FieldKind::Port32)) => openflow_ports(bridge, value, ask),
        Some(("dl_vlan" | "vlan_vid", _)) => tags(bridge, ask),
        Some((_, FieldKind::Frag)) => named(["no", "yes", "first", "later", "not_later"]),
        None if key == "out_port" => openflow_ports(bridge, value, ask),
        None if key == "out_group" => groups(bridge, ask),
        None if key == "table" => flow_tables(bridge, ask),
        _ => Vec::new(),
    };
    Completion::open(candidates).after(&head)
}

/// Completes a partial FLOW on `bridge`.
pub(super) fn flow(bridge: Option<&str>, typed: &str, ask: &NameSource) -> Completion {
    if let Some((_, list)) = split_actions(typed) {
        let head = typed.get(..typed.len() - list.len()).unwrap_or_default();
        return actions::of(bridge, list, ask).after(head);
    }
    let (head, part) = typed.split_at(start_of_last(typed));
    if part.contains('=') {
        return of(bridge, typed, ask);
    }
    let own = FLOW_KEYS.iter().map(|key| format!("{key}="));
    let flags = FLOW_FLAGS.iter().map(|(_, word)| (*word).to_owned());
    let own = own.chain(flags).chain(["actions=".to_owned()]);
    keys(head, own.map(Candidate::new))
}

/// Where the last field of a MATCH begins.
fn start_of_last(typed: &str) -> usize {
    typed.rfind([',', ' ']).map_or(0, |separator| separator + 1)
}

/// Words of protocols, these keys and all fields, without those already given in `head`.
fn keys(head: &str, own: impl IntoIterator<Item = Candidate>) -> Completion {
    let given: Vec<&str> = head.split([',', ' ']).map(key_of).collect();
    let fields = ROWS.iter().flat_map(|row| [Some(row.name), row.alias]);
    let fields = fields
        .flatten()
        .map(|name| Candidate::new(format!("{name}=")));
    let words = protocol_words().map(Candidate::new);
    let all = words.chain(own).chain(fields);
    let new = all.filter(|candidate| !given.contains(&key_of(&candidate.word)));
    Completion::open(new.collect()).after(head)
}

fn key_of(part: &str) -> &str {
    part.split_once('=').map_or(part, |(key, _)| key)
}
