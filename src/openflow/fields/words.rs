//! Numbers, ports and tables in text.

use super::super::text::{NameLookup, port_from_v10, reserved_port_number};
use super::problem::{ParseError, ParseErrorKind, Problem};

/// A number in decimal, hexadecimal after `0x`, or octal after `0`.
pub(in crate::openflow) fn number(text: &str) -> Option<u128> {
    let (digits, radix) =
        if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            (digits, 16)
        } else if text.len() > 1 && text.starts_with('0') {
            (text, 8)
        } else {
            (text, 10)
        };
    // Rejects a sign.
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    // Nearly every number has 64 bits.
    match u64::from_str_radix(digits, radix) {
        Ok(number) => Some(number.into()),
        Err(_) => u128::from_str_radix(digits, radix).ok(),
    }
}

/// A number of 64 bits; negative ones in two's complement, -1 is all ones.
pub(in crate::openflow) fn cookie_number(text: &str) -> Option<u64> {
    match text.strip_prefix('-') {
        Some(text) => Some((u64::try_from(number(text)?).ok()?).wrapping_neg()),
        None => u64::try_from(number(text)?).ok(),
    }
}

/// A port: a number, a reserved name, a name, a name in quotes, or `2(phy-br-ens37)`.
///
/// A number takes precedence over a port of that name; quotes force the name.
pub(in crate::openflow) fn parse_port(text: &str, names: &dyn NameLookup) -> Result<u32, Problem> {
    let unknown = |name: &str| {
        Problem::new(
            "no port has this name",
            ParseErrorKind::UnknownPort(name.to_owned()),
        )
    };
    if text.starts_with('"') {
        let name: String = serde_json::from_str(text)
            .map_err(|_| Problem::syntax("a name in quotes ends with the quote"))?;
        return names.quoted_ofport(&name).ok_or_else(|| unknown(&name));
    }
    let both = text.split_once('(').filter(|(_, name)| name.ends_with(')'));
    if let Some(port) = number(both.map_or(text, |(port, _)| port)) {
        return match u32::try_from(port) {
            Ok(port) if port <= 0xffff => Ok(port_from_v10(port as u16)),
            Ok(port) if port >= 0xffff_ff00 => Ok(port),
            _ => Err(Problem::syntax("port numbers end at 65279")),
        };
    }
    reserved_port_number(text)
        .or_else(|| names.ofport(text))
        .ok_or_else(|| unknown(text))
}

/// A table: a number, a name, a name in quotes, or `3(ServiceLB)`.
///
/// A number takes precedence over a table of that name; quotes force the name.
pub(in crate::openflow) fn parse_table(text: &str, names: &dyn NameLookup) -> Result<u8, Problem> {
    let both = text.split_once('(').filter(|(_, name)| name.ends_with(')'));
    if let Some(table) = number(both.map_or(text, |(table, _)| table)) {
        return u8::try_from(table)
            .map_err(|_| Problem::syntax("a table is a number from 0 to 254"));
    }
    let name = if text.starts_with('"') {
        serde_json::from_str(text)
            .map_err(|_| Problem::syntax("a name in quotes ends with the quote"))?
    } else {
        text.to_owned()
    };
    if name.is_empty() {
        return Err(Problem::syntax(
            "a table is a name or a number from 0 to 254",
        ));
    }
    match *names.tables_named(&name) {
        [table] => Ok(table),
        [] => Err(Problem::new(
            "no table has this name; a table is a name or a number from 0 to 254",
            ParseErrorKind::UnknownTable(name),
        )),
        ref tables => Err(Problem::new(
            "several tables have this name",
            ParseErrorKind::AmbiguousTable(name, tables.to_vec()),
        )),
    }
}

/// The number of a table given by number or name outside of a MATCH.
///
/// # Errors
///
/// No table has this name, or several have.
pub fn parse_table_word(text: &str, names: &dyn NameLookup) -> Result<u8, ParseError> {
    parse_table(text, names).map_err(|problem| problem.at(text))
}
