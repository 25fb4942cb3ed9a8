//! A value as the real tools print it in a table: ovs-vsctl(8), "Database Values".
//!
//! The type of the column is not needed: a string that would read as something else is printed in quotes. What is not
//! told apart is a set of one element and the element, which are the same value (RFC 7047, section 5.1), and an
//! integral real number and an integer, which the server writes alike, too.

use crate::base::terminal::quoted;
use crate::ovsdb::{Atom, Datum};

/// Reads a value: an atom, `[ATOM, ...]`, `{ATOM=ATOM, ...}`.
///
/// # Errors
///
/// What is wrong with the text.
pub(super) fn read(text: &str) -> Result<Datum, String> {
    let mut rest = text;
    let datum = value(&mut rest).filter(|_| rest.is_empty());
    datum.ok_or_else(|| {
        let start: String = text.chars().take(40).collect();
        format!(
            "{} is no value as ovsdb-client and ovs-vsctl print it",
            quoted(&start)
        )
    })
}

fn value(rest: &mut &str) -> Option<Datum> {
    if let Some(after) = rest.strip_prefix('[') {
        *rest = after;
        let mut atoms = Vec::new();
        elements(rest, ']', |rest| {
            atoms.push(atom(rest)?);
            Some(())
        })?;
        return Some(Datum::set(atoms));
    }
    if let Some(after) = rest.strip_prefix('{') {
        *rest = after;
        let mut pairs = Vec::new();
        elements(rest, '}', |rest| {
            let key = atom(rest)?;
            *rest = rest.strip_prefix('=')?;
            pairs.push((key, atom(rest)?));
            Some(())
        })?;
        return Some(Datum::Map(pairs));
    }
    Some(atom(rest)?.into())
}

/// Reads elements separated by `, ` up to the closing bracket.
fn elements(
    rest: &mut &str,
    close: char,
    mut element: impl FnMut(&mut &str) -> Option<()>,
) -> Option<()> {
    if let Some(after) = rest.strip_prefix(close) {
        *rest = after;
        return Some(());
    }
    loop {
        element(rest)?;
        if let Some(after) = rest.strip_prefix(close) {
            *rest = after;
            return Some(());
        }
        *rest = rest.strip_prefix(", ")?;
    }
}

fn atom(rest: &mut &str) -> Option<Atom> {
    if rest.starts_with('"') {
        let end = end_of_string(rest)?;
        let (text, after) = rest.split_at_checked(end)?;
        *rest = after;
        return Some(Atom::String(serde_json::from_str(text).ok()?));
    }
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let (word, after) = rest.split_at_checked(end)?;
    *rest = after;
    match word {
        "" => None,
        "true" => Some(Atom::Boolean(true)),
        "false" => Some(Atom::Boolean(false)),
        _ => Some(uuid_number_or_string(word)),
    }
}

fn uuid_number_or_string(word: &str) -> Atom {
    if let Ok(uuid) = word.parse() {
        return Atom::Uuid(uuid);
    }
    let is_number = word.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if let Some(integer) = word.parse().ok().filter(|_| is_number) {
        return Atom::Integer(integer);
    }
    match word.parse::<f64>() {
        Ok(real) if is_number && real.is_finite() => Atom::Real(real),
        _ => Atom::String(word.to_owned()),
    }
}

/// The length of the string in quotes with which the text begins.
fn end_of_string(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_values() {
        for text in [
            "", "[", "[1,2]", "[1, ]", "{a}", "{a=}", "{a=b", "\"a", "\"a\\\"", "a b", "[1] ",
            "{a=[]}", "[[]]", "ü",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
