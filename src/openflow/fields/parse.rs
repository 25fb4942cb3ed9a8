//! The MATCH argument of ovs-ofctl(8), "Flow Syntax": `tcp,in_port=qvo1234,tp_dst=80,table=0`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::super::bytes::be_number;
use super::super::text::{NameLookup, PORT_ANY};
use super::field_bytes::FieldBytes;
use super::parse_value::parse_value;
use super::problem::{ParseError, ParseErrorKind, Problem};
use super::request::MatchFields;
use super::resolve::{KeyValue, RequestedField, resolve};
use super::shorthand::{protocol, protocol_words};
use super::table::{Field, Id, ROWS};
use super::values::all_zeros;
use super::words::{cookie_number, number, parse_port, parse_table};

/// A parsed MATCH argument.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The table; `None` for all.
    pub table: Option<u8>,
    /// The cookie's value and mask.
    pub cookie: Option<(u64, u64)>,
    /// The port that the flow outputs to.
    pub out_port: Option<u32>,
    /// The group that the flow uses.
    pub out_group: Option<u32>,
    /// The flow matches at least these fields.
    pub fields: MatchFields,
    /// `dl_vlan=0xffff` is among the fields.
    pub is_untagged: bool,
    /// The pieces whose value has bits outside of its mask, which are ignored: `nw_dst=10.0.0.1/8`.
    pub outside_mask: Vec<String>,
}

/// Reads a MATCH argument (ovs-ofctl(8), ovs-fields(7)).
///
/// Beyond what ovs-ofctl takes: a cookie without mask, names in JSON quotes, ports and tables as
/// `2(phy-br-ens37)`, and the statistics of a dumped flow, which are ignored. What ovs-ofctl silently
/// ignores is an error here: a field whose prerequisite is not in the match, a value with more
/// bits than the field. `dl_vlan=0xffff` finds flows for packets without a tag, in any version
/// they were added in.
///
/// # Errors
///
/// The malformed piece and the reason.
pub fn parse_filter(text: &str, names: &dyn NameLookup) -> Result<Filter, ParseError> {
    parse_match(text, names, |_, _| Ok(false))
}

/// [`parse_filter`], but `own` may consume a key that is no field and its value; it returns whether it did.
pub(in crate::openflow) fn parse_match(
    text: &str,
    names: &dyn NameLookup,
    mut own: impl FnMut(&str, &str) -> Result<bool, Problem>,
) -> Result<Filter, ParseError> {
    let mut filter = Filter::default();
    let mut requested = Vec::with_capacity(8);
    let mut statistics: Vec<KeyValue<'_>> = Vec::new();
    let mut rest = text;
    while let Some(piece) = next_piece(&mut rest)? {
        let before = requested.len();
        let outcome = match WORDS.get(piece.key) {
            Some(word) => parse_word(*word, piece, names, &mut requested),
            None => match own(piece.key, piece.value) {
                Ok(false) if STATISTICS.contains(&piece.key) => {
                    statistics.push(piece);
                    Ok(())
                }
                Ok(false) => parse_piece(piece, names, &mut filter, &mut requested),
                other => other.map(|_| ()),
            },
        };
        outcome.map_err(|problem| problem.at(piece.text))?;
        if requested.len() > before
            && requested
                .last()
                .is_some_and(RequestedField::is_outside_mask)
        {
            filter.outside_mask.push(piece.text.to_owned());
        }
    }
    // The statistics of a dumped flow include its duration; others are meant as filters.
    let is_dumped = statistics.len() > 1 && statistics.iter().any(|piece| piece.key == "duration");
    if let (Some(piece), false) = (statistics.first(), is_dumped) {
        let reason = format!("the switch cannot filter by {}", piece.key);
        return Err(Problem::syntax(reason).at(piece.text));
    }
    // A mask of zeros matches anything, except that a tunnel option must be present.
    requested.retain(|requested: &RequestedField<'_>| {
        requested.field.id.is_tun_metadata() || !requested.mask.as_deref().is_some_and(all_zeros)
    });
    filter.is_untagged = requested.iter().any(|requested| {
        requested.field.id == Id::DL_VLAN && be_number(&requested.value) == 0xffff
    });
    resolve(&requested, &mut filter.fields)?;
    Ok(filter)
}

const SEPARATORS: [char; 5] = [',', ' ', '\t', '\r', '\n'];

/// Whether it is one of [`SEPARATORS`].
fn separates(byte: u8) -> bool {
    matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n')
}

/// The statistics that a dump prints; not usable as filters.
pub(in crate::openflow) const STATISTICS: [&str; 5] =
    ["duration", "n_packets", "n_bytes", "idle_age", "hard_age"];

/// The next piece: `key`, `key=value`, `key:value` or `key(value)`, up to a comma or blank outside
/// of quotes and parentheses.
fn next_piece<'t>(rest: &mut &'t str) -> Result<Option<KeyValue<'t>>, ParseError> {
    let text = rest.trim_start_matches(SEPARATORS);
    if text.is_empty() {
        return Ok(None);
    }
    let key_end = text
        .bytes()
        .position(|byte| separates(byte) || matches!(byte, b':' | b'=' | b'('));
    let (key, tail) = split_at(text, key_end);
    let in_parentheses = tail.starts_with('(');
    let value = match tail.chars().next() {
        Some('=' | ':' | '(') => split_at(tail, Some(1)).1,
        _ => "",
    };
    let mut depth = usize::from(in_parentheses);
    let (mut quoted, mut escaped) = (false, false);
    let mut end = None;
    if !value.is_empty() {
        for (at, byte) in value.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'(' => depth += 1,
                b')' if depth > 0 => {
                    depth -= 1;
                    if depth == 0 && in_parentheses {
                        end = Some(at);
                        break;
                    }
                }
                byte if depth == 0 && separates(byte) => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
    }
    if quoted || (depth > 0 && end.is_none()) {
        let missing = if quoted {
            "a closing quote"
        } else {
            "a closing parenthesis"
        };
        return Err(Problem::syntax(format!("{missing} is missing")).at(text));
    }
    let (value, after) = split_at(value, end);
    *rest = if in_parentheses {
        after.strip_prefix(')').unwrap_or(after)
    } else if value.is_empty() && after.is_empty() {
        tail.strip_prefix(['=', ':']).unwrap_or(tail)
    } else {
        after
    };
    let length = text.len() - rest.len();
    Ok(Some(KeyValue {
        text: split_at(text, Some(length)).0,
        key,
        value,
    }))
}

/// The text before and from a position; the whole text and nothing if there is none.
fn split_at(text: &str, at: Option<usize>) -> (&str, &str) {
    at.and_then(|at| text.split_at_checked(at))
        .unwrap_or((text, ""))
}

/// What a key without brackets stands for.
#[derive(Debug, Clone, Copy)]
enum Word {
    /// An Ethernet type, and an IP protocol: `tcp6`.
    Protocol(u16, Option<u8>),
    Field(&'static Field),
}

/// The words by what they are: the protocols, and the fields by name, by alias, and by the key that dumps print where
/// that is neither: `gtpu_flags`.
static WORDS: LazyLock<FxHashMap<&'static str, Word>> = LazyLock::new(|| {
    let protocols = protocol_words().filter_map(|word| {
        let (eth_type, nw_proto) = protocol(word)?;
        Some((word, Word::Protocol(eth_type, nw_proto)))
    });
    let mut words: FxHashMap<_, _> = protocols.collect();
    let named = field_names().filter_map(|name| Some((name, Field::by_name(name)?)));
    for (name, field) in named.chain(ROWS.iter().map(|row| (row.key, *row))) {
        words.entry(name).or_insert(Word::Field(field));
    }
    words
});

/// Reads the value of a field, or what a protocol stands for.
fn parse_word<'t>(
    word: Word,
    piece: KeyValue<'t>,
    names: &dyn NameLookup,
    requested: &mut Vec<RequestedField<'t>>,
) -> Result<(), Problem> {
    let KeyValue { key, value, .. } = piece;
    let mut say = |field, value, mask| requested.push(piece.requests(field, value, mask));
    match word {
        Word::Field(field) => {
            let (value, mask) = parse_value(field, value, names)?;
            say(field, value, mask);
        }
        Word::Protocol(..) if !value.is_empty() => {
            return Err(Problem::syntax(format!("{key} takes no value")));
        }
        Word::Protocol(eth_type, nw_proto) => {
            let number = eth_type.to_be_bytes();
            say(Id::ETH_TYPE.row(), FieldBytes::from(&number[..]), None);
            if let Some(nw_proto) = nw_proto {
                say(Id::NW_PROTO.row(), FieldBytes::from(&[nw_proto][..]), None);
            }
        }
    }
    Ok(())
}

/// Reads a key that is no such word: some bits of a field, or what is not part of the match.
fn parse_piece<'t>(
    piece: KeyValue<'t>,
    names: &dyn NameLookup,
    filter: &mut Filter,
    requested: &mut Vec<RequestedField<'t>>,
) -> Result<(), Problem> {
    let KeyValue { key, value, .. } = piece;
    let mut say = |field, value, mask| requested.push(piece.requests(field, value, mask));
    if let Some((field, offset, bits)) = parse_subfield(key)? {
        let (value, mask) = shifted(field, value, offset, bits)?;
        say(field, value, Some(mask));
        return Ok(());
    }
    if FILTER_KEYS.contains(&key) && value.is_empty() {
        return Err(Problem::syntax(format!("{key} needs a value")));
    }
    match key {
        "eth" => say(
            Id::PACKET_TYPE.row(),
            FieldBytes::from([0; 4].as_slice()),
            None,
        ),
        "table" => {
            let table = parse_table(value, names)?;
            filter.table = Some(table).filter(|table| *table != 0xff);
        }
        "cookie" => {
            let (cookie, mask) = match value.split_once('/') {
                Some((cookie, mask)) => (cookie_number(cookie), cookie_number(mask)),
                None => (cookie_number(value), Some(u64::MAX)),
            };
            let (Some(cookie), Some(mask)) = (cookie, mask) else {
                return Err(Problem::syntax(
                    "a cookie is a number of 64 bits, its mask too",
                ));
            };
            filter.cookie = Some((cookie & mask, mask)).filter(|(_, mask)| *mask != 0);
        }
        "out_port" => {
            filter.out_port = Some(parse_port(value, names)?).filter(|port| *port != PORT_ANY);
        }
        "out_group" => {
            filter.out_group = match value.to_ascii_lowercase().as_str() {
                "any" => None,
                "all" => Some(GROUP_ALL),
                value => match number(value).and_then(|group| u32::try_from(group).ok()) {
                    Some(u32::MAX) => None,
                    Some(group @ (0..=0xffff_ff00 | GROUP_ALL)) => Some(group),
                    _ => {
                        let problem = "a group is a number from 0 to 4294967040, all or any";
                        return Err(Problem::syntax(problem));
                    }
                },
            };
        }
        "no_readonly_table" | "allow_hidden_fields" => {}
        "priority" => return Err(Problem::syntax("the switch cannot filter by priority")),
        "actions" | "action" => return Err(Problem::syntax("the switch cannot filter by actions")),
        "idle_timeout" | "hard_timeout" | "importance" | "send_flow_rem" | "check_overlap"
        | "reset_counts" | "no_packet_counts" | "no_byte_counts" => {
            return Err(Problem::syntax(format!(
                "the switch cannot filter by {key}"
            )));
        }
        _ => {
            let did_you_mean = nearest(key);
            return Err(Problem::new(
                match did_you_mean {
                    Some(name) => format!("no field has this name; did you mean {name}?"),
                    None => "no field has this name".to_owned(),
                },
                ParseErrorKind::UnknownField { did_you_mean },
            ));
        }
    }
    Ok(())
}

/// `OFPG_ALL`
const GROUP_ALL: u32 = 0xffff_fffc;

/// The keys of a filter other than fields, for suggestions and completion.
pub const FILTER_KEYS: [&str; 4] = ["table", "cookie", "out_port", "out_group"];

/// Words of other tools for fields.
const SYNONYMS: [(&str, &str); 9] = [
    ("dport", "tp_dst"),
    ("sport", "tp_src"),
    ("dst_port", "tp_dst"),
    ("src_port", "tp_src"),
    ("vlan", "dl_vlan"),
    ("vlan_id", "dl_vlan"),
    ("vid", "dl_vlan"),
    ("proto", "nw_proto"),
    ("ethertype", "dl_type"),
];

/// The known name nearest to an unknown one.
fn nearest(key: &str) -> Option<&'static str> {
    if let Some((_, name)) = SYNONYMS.iter().find(|(word, _)| *word == key) {
        return Some(name);
    }
    nearest_of(
        key,
        field_names().chain(protocol_words()).chain(FILTER_KEYS),
    )
}

/// The field name nearest to an unknown one.
pub(in crate::openflow) fn nearest_field(name: &str) -> Option<&'static str> {
    nearest_of(name, field_names())
}

fn field_names() -> impl Iterator<Item = &'static str> {
    ROWS.iter()
        .flat_map(|row| [Some(row.name), row.alias])
        .flatten()
}

/// The nearest of `names` to an unknown one, if any is near.
pub(in crate::openflow) fn nearest_of(
    key: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    if key.len() > 40 {
        return None;
    }
    names
        .map(|name| (strsim::damerau_levenshtein(key, name), name))
        .filter(|(distance, name)| *distance <= 2.min(name.len() / 2))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `reg0[0..15]`, `NXM_NX_REG0[]`: the field, the lowest bit, the number of bits.
fn parse_subfield(key: &str) -> Result<Option<(&'static Field, u16, u16)>, Problem> {
    let Some((name, range)) = key.split_once('[') else {
        return Ok(Field::by_nxm_name(key).map(|field| (field, 0, field.bits)));
    };
    let Some(field) = Field::by_nxm_name(name).or_else(|| Field::by_name(name)) else {
        return Ok(None);
    };
    let bad = || {
        Problem::syntax(format!(
            "the bits of {name} are [0..{}]",
            field.bits.saturating_sub(1)
        ))
    };
    let range = range.strip_suffix(']').ok_or_else(bad)?;
    if range.is_empty() {
        return Ok(Some((field, 0, field.bits)));
    }
    let (first, last) = range.split_once("..").unwrap_or((range, range));
    let (first, last): (u16, u16) = (
        first.parse().map_err(|_| bad())?,
        last.parse().map_err(|_| bad())?,
    );
    if first > last || last >= field.bits {
        return Err(bad());
    }
    Ok(Some((field, first, last - first + 1)))
}

/// The value and mask of a field for some of its bits.
fn shifted(
    field: &Field,
    value: &str,
    offset: u16,
    bits: u16,
) -> Result<(FieldBytes, FieldBytes), Problem> {
    let bytes = usize::from(field.bytes);
    if bytes > 16 {
        return Err(Problem::syntax(format!(
            "some bits of {} cannot be matched",
            field.name
        )));
    }
    if !field.maskable && bits != field.bits {
        return Err(Problem::syntax(format!(
            "{} is matched as a whole or not at all",
            field.name
        )));
    }
    let value = number(value).ok_or_else(|| Problem::syntax("a number is missing"))?;
    let ones = u128::MAX.checked_shr(128 - u32::from(bits)).unwrap_or(0);
    if value > ones {
        return Err(Problem::syntax(format!(
            "the value needs more than {bits} bits"
        )));
    }
    let cut = |number: u128| {
        let all = number.to_be_bytes();
        FieldBytes::from(all.get(16 - bytes..).unwrap_or_default())
    };
    let mask = if bits == field.bits {
        u128::MAX
    } else {
        ones << offset
    };
    Ok((cut(value << offset), cut(mask)))
}
