//! Fields and values inside a MATCH: `tcp,tp_` and `in_port=`.

use super::ask::NameSource;
use super::names::{flow_tables, interfaces, named, tags};
use super::{Candidate, Completion};
use crate::model::names::reserved;
use crate::openflow::fields::{FILTER_KEYS, Field, FieldKind, ROWS, protocol_words};

/// Completes a partial MATCH on `bridge`.
pub(super) fn of(bridge: Option<&str>, typed: &str, ask: &NameSource) -> Completion {
    let at = typed.rfind(',').map_or(0, |comma| comma + 1);
    let (head, part) = typed.split_at(at);
    let Some((key, _)) = part.split_once('=') else {
        return keys(head).after(head);
    };
    let head = format!("{head}{key}=");
    let candidates = match Field::by_name(key).map(|field| (field.name, field.kind)) {
        Some((_, FieldKind::Port16 | FieldKind::Port32)) => ports(bridge, ask),
        Some(("dl_vlan" | "vlan_vid", _)) => tags(bridge, ask),
        Some((_, FieldKind::Frag)) => named(["no", "yes", "first", "later", "not_later"]),
        None if key == "out_port" => ports(bridge, ask),
        None if key == "table" => flow_tables(bridge, ask),
        _ => Vec::new(),
    };
    Completion::open(candidates).after(&head)
}

/// The ports of the bridge, then the reserved ones.
fn ports(bridge: Option<&str>, ask: &NameSource) -> Vec<Candidate> {
    let mut ports = interfaces(bridge, ask);
    ports.extend(reserved().map(Candidate::new));
    ports
}

/// Fields and words, without the fields already given.
fn keys(head: &str) -> Completion {
    let given: Vec<&str> = head
        .split(',')
        .map(|part| part.split_once('=').map_or(part, |(key, _)| key))
        .collect();
    let fields = ROWS.iter().flat_map(|row| [Some(row.name), row.alias]);
    let keys = FILTER_KEYS.iter().copied().chain(fields.flatten());
    let with_value = keys.map(|key| (key, format!("{key}=")));
    let words = protocol_words().map(|word| (word, word.to_owned()));
    let all = words.chain(with_value);
    let new = all.filter(|(key, _)| !given.contains(key));
    Completion::open(new.map(|(_, text)| Candidate::new(text)).collect())
}
