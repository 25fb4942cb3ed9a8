//! The keys of groups, meters and their parts as text, for their parsers and for completion.

use super::actions::{NamedArgument, Takes, shown};
use super::fields::{Problem, nearest_of, number};
use super::messages::group_messages::TYPES;

/// The keys of a group before its buckets, and the key that begins a bucket.
pub const GROUP_KEYS: &[NamedArgument] = &[
    ("group_id", &[("=", Takes::Group)]),
    ("type", &[("=", Takes::Words(&TYPES))]),
    (
        "command_bucket_id",
        &[("=", Takes::Words(&["first", "last", "all"]))],
    ),
    (
        "selection_method",
        &[("=", Takes::Words(&["hash", "dp_hash"]))],
    ),
    ("selection_method_param", &[("=", Takes::Text)]),
    ("fields", &[("(", Takes::Fields)]),
    ("bucket", &[("=", Takes::Text)]),
];

/// The keys of a bucket; its actions stand beside them without one, too.
pub const BUCKET_KEYS: &[NamedArgument] = &[
    ("bucket_id", &[(":", Takes::Text)]),
    ("weight", &[(":", Takes::Text)]),
    ("watch_port", &[(":", Takes::Port)]),
    ("watch_group", &[(":", Takes::Group)]),
    ("actions", &[("=", Takes::Actions)]),
];

/// The keys and flags of a meter before its bands, and the keys that begin the bands.
pub const METER_KEYS: &[NamedArgument] = &[
    ("meter", &[("=", Takes::Meter)]),
    ("kbps", &[]),
    ("pktps", &[]),
    ("burst", &[]),
    ("stats", &[]),
    ("bands", &[("=", Takes::Text)]),
    ("band", &[("=", Takes::Text)]),
];

/// The keys of a band.
pub const BAND_KEYS: &[NamedArgument] = &[
    ("type", &[("=", Takes::Words(&["drop", "dscp_remark"]))]),
    ("rate", &[("=", Takes::Text)]),
    ("burst_size", &[("=", Takes::Text)]),
    ("prec_level", &[("=", Takes::Text)]),
];

/// Sets what is given once.
pub(super) fn set<T>(place: &mut Option<T>, key: &str, value: T) -> Result<(), Problem> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Problem::syntax(format!("{key} is given twice"))),
    }
}

/// `what` has no such key; names the nearest it has.
pub(super) fn unknown_key(what: &str, key: &str, known: &'static [NamedArgument]) -> Problem {
    if let Some((id, [(_, Takes::Group | Takes::Meter)])) = known.first()
        && number(key).is_some()
    {
        return Problem::syntax(format!("a {what} begins with {id}={key}"));
    }
    // `group=` for `group_id=`.
    let names = || known.iter().map(|(known, _)| *known);
    let hint = nearest_of(key, names())
        .or_else(|| names().find(|name| name.strip_suffix("_id") == Some(key)))
        .map_or_else(String::new, |name| format!("; did you mean {name}?"));
    Problem::syntax(format!("a {what} has no \"{}\"{hint}", shown(key)))
}
