//! The text notation of values: ovs-vsctl(8), "Database Values".

use super::schema::{AtomicType, Base, Type};
use super::value::{Atom, Datum, Uuid};
use crate::base::shell;

/// Maximum number of elements of a range of integers.
const MAX_RANGE: i64 = 4096;

/// The characters that end a token outside of quotes.
const DELIMITERS: &[char] = &[':', '=', ',', ' ', '[', ']', '{', '}', '!', '<', '>'];

/// A parsed argument `COLUMN[:KEY][OPERATOR VALUE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument<'t> {
    /// The column, as it was written.
    pub column: String,
    /// The key, as it was written, with its quotes.
    pub key: Option<String>,
    /// The operator and the value after it; `None` if nothing follows the column or key.
    pub value: Option<(&'t str, &'t str)>,
}

impl<'t> Argument<'t> {
    /// Parses an argument; the longest matching operator is taken.
    ///
    /// # Errors
    ///
    /// A message for the user: what is wrong with the text.
    pub fn parse(text: &'t str, operators: &[&'t str]) -> Result<Self, String> {
        let mut rest = text;
        let column = token(&mut rest)?;
        if column.is_empty() {
            return Err(format!(
                "\"{}\" does not begin with a column",
                text.escape_debug()
            ));
        }
        let key = match rest.strip_prefix(':') {
            Some(after) => {
                rest = after;
                Some(word(&mut rest, |c| c != ':' && DELIMITERS.contains(&c))?)
            }
            None => None,
        };
        let matching = operators
            .iter()
            .filter(|operator| rest.starts_with(**operator));
        let value = match matching.max_by_key(|operator| operator.len()) {
            _ if rest.is_empty() => None,
            Some(operator) => {
                let value = rest.get(operator.len()..).unwrap_or_default();
                if value.is_empty() {
                    return Err(format!(
                        "\"{}\" has no value: the empty string is \"\", the empty set [], the empty map {{}}",
                        text.escape_debug()
                    ));
                }
                Some((*operator, value))
            }
            None => {
                return Err(format!(
                    "in \"{}\", \"{}\" is not expected",
                    text.escape_debug(),
                    rest.escape_debug()
                ));
            }
        };
        Ok(Self { column, key, value })
    }
}

/// Parses the value of a column. In a column of references, what is no UUID becomes [`Atom::NamedUuid`]: `@NAME`, a row
/// of the same transaction, including the `@`; or the name of a row.
///
/// # Errors
///
/// A message for the user: what is wrong with the text, or not allowed by the type.
pub fn datum(text: &str, kind: &Type) -> Result<Datum, String> {
    let (open, close, what) = match kind.value {
        Some(_) => ('{', '}', "{}"),
        None => ('[', ']', "[]"),
    };
    let mut rest = text.trim_start();
    let is_enclosed = rest.starts_with(open);
    if is_enclosed {
        rest = rest.get(1..).unwrap_or_default().trim_start();
    } else if rest.is_empty() {
        return Err(format!("nothing is written {what}"));
    }
    let mut keys: Vec<Atom> = Vec::new();
    let mut values: Vec<Atom> = Vec::new();
    // The pair before, from its value on: what follows may have been meant as a part of it.
    let mut last: Option<(String, &str)> = None;
    while !(rest.is_empty() || is_enclosed && rest.starts_with(close)) {
        let before = rest;
        let word = element(&mut rest, &kind.key, is_enclosed, kind.is_map())?;
        if word.is_empty() {
            return Err(format!(
                "\"{}\" is not expected{}",
                before.escape_debug(),
                in_quotes(&kind.key, text)
            ));
        }
        match &kind.value {
            None => keys.extend(atoms(&word, &kind.key)?),
            Some(value) => {
                keys.push(atom(&word, &kind.key)?);
                let Some(after) = rest.trim_start().strip_prefix('=') else {
                    let hint = match &last {
                        Some((key, start)) => pair_in_quotes(value, key, start),
                        None => String::new(),
                    };
                    return Err(format!(
                        "expected KEY=VALUE, not \"{}\"{hint}",
                        word.escape_debug()
                    ));
                };
                rest = after.trim_start();
                let start = rest;
                let item = element(&mut rest, value, is_enclosed, false)?;
                let after = rest.trim_start();
                let is_last = after.is_empty() || is_enclosed && after.starts_with(close);
                if !is_last && item.contains('=') && !item.starts_with('"') {
                    return Err(format!(
                        "\"{}\" may be one value or several pairs{}",
                        start.escape_debug(),
                        pair_in_quotes(value, &word, start)
                    ));
                }
                values.push(atom(&item, value)?);
                last = Some((word, start));
            }
        }
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    if is_enclosed {
        let Some(after) = rest.strip_prefix(close) else {
            return Err(format!("\"{close}\" is missing at the end"));
        };
        if !after.trim().is_empty() {
            return Err(format!(
                "\"{}\" after \"{close}\"{}",
                after.trim().escape_debug(),
                in_quotes(&kind.key, text)
            ));
        }
    }
    check_number(keys.len(), kind)?;
    for (at, key) in keys.iter().enumerate() {
        if keys.iter().skip(at + 1).any(|other| other == key) {
            return Err(format!("{} is there twice", written(key)));
        }
    }
    Ok(match kind.value {
        Some(_) => Datum::Map(keys.into_iter().zip(values).collect()),
        None => Datum::set(keys),
    })
}

/// Checks that a column may have this number of elements.
///
/// # Errors
///
/// A message for the user: how many it may have.
pub fn check_number(number: usize, kind: &Type) -> Result<(), String> {
    let what = |count: usize| match (kind.is_map(), count) {
        (false, 1) => "value",
        (false, _) => "values",
        (true, 1) => "pair",
        (true, _) => "pairs",
    };
    if number > kind.max {
        Err(format!(
            "it holds {} {} at most, not {number}",
            kind.max,
            what(kind.max)
        ))
    } else if number < kind.min {
        Err(format!("it needs {} {}", kind.min, what(kind.min)))
    } else {
        Ok(())
    }
}

/// Parses a text that is one atom.
///
/// # Errors
///
/// As [`datum`].
pub fn atom(text: &str, base: &Base) -> Result<Atom, String> {
    let wrong = || format!("expected {}, not \"{}\"", base.kind, text.escape_debug());
    let atom = match base.kind {
        AtomicType::Integer => Atom::Integer(text.parse().map_err(|_| wrong())?),
        AtomicType::Real => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Atom::Real(number),
            _ => return Err(wrong()),
        },
        AtomicType::Boolean => Atom::Boolean(match text {
            "true" | "yes" | "on" | "1" => true,
            "false" | "no" | "off" | "0" => false,
            _ => return Err(wrong()),
        }),
        AtomicType::String if text.is_empty() => {
            return Err("the empty string is written \"\"".to_owned());
        }
        AtomicType::String => Atom::String(unquoted(text)?),
        AtomicType::Uuid => match text.parse::<Uuid>() {
            Ok(uuid) => Atom::Uuid(uuid),
            Err(_) if text.starts_with('@') || base.refers_to.is_some() => {
                Atom::NamedUuid(unquoted(text)?)
            }
            Err(_) => return Err(wrong()),
        },
    };
    check(&atom, base)?;
    Ok(atom)
}

/// A text, which may stand in quotes, as in JSON.
fn unquoted(text: &str) -> Result<String, String> {
    if !text.starts_with('"') {
        return Ok(text.to_owned());
    }
    serde_json::from_str(text)
        .map_err(|_| format!("expected a string in quotes, not {}", text.escape_debug()))
}

/// Checks that the type allows this atom.
fn check(atom: &Atom, base: &Base) -> Result<(), String> {
    if !base.choices.is_empty() && !base.choices.contains(atom) {
        let choices: Vec<String> = base.choices.iter().map(bare).collect();
        return Err(format!(
            "expected one of {}, not {}",
            choices.join(", "),
            written(atom)
        ));
    }
    match atom {
        Atom::Integer(number) => {
            let (least, greatest) = base.integers;
            match (least, greatest) {
                _ if (least..=greatest).contains(number) => Ok(()),
                (_, i64::MAX) => Err(format!("expected {least} or more, not {number}")),
                (i64::MIN, _) => Err(format!("expected {greatest} or less, not {number}")),
                _ => Err(format!("expected {least} to {greatest}, not {number}")),
            }
        }
        Atom::Real(number) => {
            let (least, greatest) = base.reals;
            if (least..=greatest).contains(number) {
                Ok(())
            } else {
                Err(format!("expected {least} to {greatest}, not {number}"))
            }
        }
        Atom::String(text) => {
            let (least, greatest) = base.lengths;
            if (least..=greatest).contains(&text.chars().count()) {
                Ok(())
            } else {
                Err(format!("expected {least} to {greatest} characters"))
            }
        }
        Atom::Boolean(_) | Atom::Uuid(_) | Atom::NamedUuid(_) => Ok(()),
    }
}

/// Formats an atom as ovs-vsctl does: a string in quotes where it would be ambiguous.
pub fn written(atom: &Atom) -> String {
    match atom {
        Atom::String(text) if needs_quotes(text) => {
            serde_json::to_string(text).unwrap_or_else(|_| text.clone())
        }
        Atom::NamedUuid(name) => {
            let mut out = String::new();
            for c in name.chars() {
                if matches!(c, '\\' | '"') || DELIMITERS.contains(&c) {
                    out.push('\\');
                }
                out.push(c);
            }
            out
        }
        other => bare(other),
    }
}

/// Formats an atom without quotes.
pub fn bare(atom: &Atom) -> String {
    match atom {
        Atom::Integer(number) => number.to_string(),
        Atom::Real(number) => number.to_string(),
        Atom::Boolean(truth) => truth.to_string(),
        Atom::String(text) | Atom::NamedUuid(text) => text.clone(),
        Atom::Uuid(uuid) => uuid.to_string(),
    }
}

fn needs_quotes(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !text.starts_with(begins)
        || !text.chars().all(goes_on)
        || matches!(text, "true" | "false")
        || text.parse::<Uuid>().is_ok()
}

/// Parses one atom, or the integers of a range: `1-5`.
fn atoms(word: &str, base: &Base) -> Result<Vec<Atom>, String> {
    let range = word.char_indices().skip(1).find(|(_, c)| *c == '-');
    let (AtomicType::Integer, Some((at, _))) = (base.kind, range) else {
        return Ok(vec![atom(word, base)?]);
    };
    let (first, last) = word.split_at(at);
    let integer = |text: &str| match atom(text, base)? {
        Atom::Integer(number) => Ok(number),
        other => Err(written(&other)),
    };
    let (first, last) = (integer(first)?, integer(last.get(1..).unwrap_or_default())?);
    match last.checked_sub(first) {
        Some(more) if (0..MAX_RANGE).contains(&more) => {
            Ok((first..=last).map(Atom::Integer).collect())
        }
        Some(more) if more < 0 => Err(format!("the range {word} is empty")),
        _ => Err(format!(
            "the range {word} has more than {MAX_RANGE} elements"
        )),
    }
}

/// `: a string with such characters stands in quotes: '"[::1]:6343"'`, for a shell; nothing of other kinds.
fn in_quotes(base: &Base, text: &str) -> String {
    if base.kind != AtomicType::String || text.contains('"') {
        return String::new();
    }
    let quoted = written(&Atom::String(text.trim().to_owned()));
    format!(
        ": a string with such characters stands in quotes: {}",
        shell::word(&quoted)
    )
}

/// `: if it is one value, it stands in quotes: 'key="a=b,c"'`; nothing of other kinds.
fn pair_in_quotes(base: &Base, key: &str, value: &str) -> String {
    let value = value.trim_end().trim_end_matches('}');
    if base.kind != AtomicType::String || value.contains('"') {
        return String::new();
    }
    let value = written(&Atom::String(value.to_owned()));
    format!(
        ": if it is one value, it stands in quotes: {}",
        shell::word(&format!("{key}={value}"))
    )
}

/// Takes the next element of a value. In a string, `:`, `=` and brackets that cannot be anything else stand for
/// themselves; ovs-vsctl(8) wants them in quotes. An empty word: something else stands there.
fn element(
    rest: &mut &str,
    base: &Base,
    is_enclosed: bool,
    is_map_key: bool,
) -> Result<String, String> {
    if base.kind != AtomicType::String || rest.starts_with(DELIMITERS) {
        return token(rest);
    }
    word(rest, |c| match c {
        ',' | ' ' => true,
        '=' => is_map_key,
        '[' | ']' | '{' | '}' => is_enclosed,
        _ => false,
    })
}

/// Takes the next token, up to a delimiter outside of quotes.
fn token(rest: &mut &str) -> Result<String, String> {
    word(rest, |c| DELIMITERS.contains(&c))
}

/// Takes the next word, up to a character outside of quotes that ends it. A backslash escapes the next character;
/// in quotes both are kept, because quoted strings are decoded later.
fn word(rest: &mut &str, ends: impl Fn(char) -> bool) -> Result<String, String> {
    let mut word = String::new();
    let mut in_quotes = false;
    let mut chars = rest.char_indices();
    let end = loop {
        match chars.next() {
            None if in_quotes => {
                return Err(format!("a quote is missing after {}", word.escape_debug()));
            }
            None => break rest.len(),
            Some((_, '\\')) => {
                if in_quotes {
                    word.push('\\');
                }
                match chars.next() {
                    Some((_, c)) => word.push(c),
                    None => return Err("a backslash stands at the end".to_owned()),
                }
            }
            Some((at, c)) if !in_quotes && ends(c) => break at,
            Some((_, c)) => {
                in_quotes ^= c == '"';
                word.push(c);
            }
        }
    };
    *rest = rest.get(end..).unwrap_or_default();
    Ok(word)
}
