//! One value of a field, with its mask: `10.0.0.0/8`, `+trk-new`, `0x5/0xff`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::text::NameLookup;
use super::field_bytes::FieldBytes;
use super::problem::Problem;
use super::table::{Field, FieldKind, Id};
use super::values::{
    CT_STATE, FRAGMENTS, TCP_FLAGS, TUN_FLAGS, TUN_FLAGS_PUBLIC, all_ones, all_zeros,
};
use super::words::{cookie_number, number, parse_port};

/// A value and, unless it covers the field, its mask.
pub(in crate::openflow) type ParsedValue = (FieldBytes, Option<FieldBytes>);

/// Reads `VALUE[/MASK]` as ovs-ofctl does for a match of this field; `*` and the empty text match anything, and so does
/// `ANY`, as in dumps, if the field is no port.
pub(in crate::openflow) fn parse_value(
    field: &Field,
    text: &str,
    names: &dyn NameLookup,
) -> Result<ParsedValue, Problem> {
    let (value, mask) = parse_bits(field, text, names)?;
    let partial = |mask: &FieldBytes| !all_ones(mask) && !all_zeros(mask);
    if !field.maskable && mask.as_ref().is_some_and(partial) {
        return Err(Problem::syntax(format!(
            "{} is matched as a whole or not at all",
            field.name
        )));
    }
    Ok((value, mask))
}

/// [`parse_value`] with any mask: some bits of every field can be set.
pub(in crate::openflow) fn parse_bits(
    field: &Field,
    text: &str,
    names: &dyn NameLookup,
) -> Result<ParsedValue, Problem> {
    let width = usize::from(field.bytes);
    let is_port = matches!(field.kind, FieldKind::Port16 | FieldKind::Port32);
    if text == "*" || text.is_empty() || text == "ANY" && !is_port {
        let width = if field.id.is_tun_metadata() { 4 } else { width };
        let zeros: FieldBytes = std::iter::repeat_n(0, width).collect();
        return Ok((zeros.clone(), Some(zeros)));
    }
    Ok(match field.kind {
        FieldKind::Port16 => {
            let port = parse_port(text, names)?;
            // Reserved ports keep their meaning in the low half; the others end at 0xfeff.
            (be(u128::from(port & 0xffff), width), None)
        }
        FieldKind::Port32 => (be(u128::from(parse_port(text, names)?), width), None),
        FieldKind::Frag => fragment(text)?,
        FieldKind::TcpFlags => flags(field, text, TCP_FLAGS, 0xfff)?,
        FieldKind::CtState => flags(field, text, CT_STATE, 0xff)?,
        FieldKind::TunFlags => flags(field, text, TUN_FLAGS, TUN_FLAGS_PUBLIC)?,
        FieldKind::PacketType => (packet_type(text)?, None),
        FieldKind::Decimal | FieldKind::Hex if field.id.is_tun_metadata() => option(text)?,
        kind => masked(field, kind, text)?,
    })
}

/// The low bytes of a number.
fn be(number: u128, width: usize) -> FieldBytes {
    let bytes = number.to_be_bytes();
    let low = bytes.get(bytes.len().saturating_sub(width)..);
    FieldBytes::from(low.unwrap_or_default())
}

/// Numbers and addresses.
fn masked(field: &Field, kind: FieldKind, text: &str) -> Result<ParsedValue, Problem> {
    let (value, mask) = match text.split_once('/') {
        Some((value, mask)) => (value, Some(mask)),
        None => (text, None),
    };
    let width = usize::from(field.bytes);
    match kind {
        FieldKind::Mac => {
            let bad = || Problem::syntax("an Ethernet address is like 00:11:22:33:44:55");
            let address = |text: &str| Some(FieldBytes::from(mac(text)?.as_slice()));
            let mask = mask.map(|mask| address(mask).ok_or_else(bad)).transpose()?;
            Ok((address(value).ok_or_else(bad)?, mask))
        }
        FieldKind::Ipv4 => {
            let bad = || {
                Problem::syntax(
                    "an IPv4 address is like 10.0.0.1, 10.0.0.0/8 or 10.0.0.0/255.0.0.0",
                )
            };
            let address = |text: &str| {
                text.parse::<Ipv4Addr>()
                    .map(|address| FieldBytes::from(address.octets().as_slice()))
                    .ok()
            };
            let mask = mask
                .map(|mask| {
                    address(mask)
                        .or_else(|| prefix(mask, width))
                        .ok_or_else(bad)
                })
                .transpose()?;
            Ok((address(value).ok_or_else(bad)?, mask))
        }
        FieldKind::Ipv6 => {
            let bad =
                || Problem::syntax("an IPv6 address is like fe80::1, fe80::/10 or fe80::/ffff::");
            let address = |text: &str| {
                text.parse::<Ipv6Addr>()
                    .map(|address| FieldBytes::from(address.octets().as_slice()))
                    .ok()
            };
            let mask = mask
                .map(|mask| {
                    address(mask)
                        .or_else(|| prefix(mask, width))
                        .ok_or_else(bad)
                })
                .transpose()?;
            Ok((address(value).ok_or_else(bad)?, mask))
        }
        _ => {
            let bits = match field.id {
                // Includes the presence bit.
                Id::VLAN_VID => 13,
                Id::DL_VLAN => 16,
                // Only one of the two bytes is ever matched.
                Id::ARP_OP => 8,
                // The number of hops has 6 bits in the header.
                Id::NSH_TTL => 6,
                _ => u32::from(field.bits),
            };
            let most = u128::MAX.checked_shr(128 - bits).unwrap_or(0);
            // -1 is all ones for 64-bit fields.
            let signed = |text| match field.bits {
                64 => cookie_number(text).map(u128::from),
                _ => number(text),
            };
            let value = signed(value)
                .ok_or_else(|| Problem::syntax(format!("{} is a number", field.name)))?;
            if value > most {
                return Err(Problem::syntax(format!("{} has {bits} bits", field.name)));
            }
            let whole = u128::MAX
                .checked_shr(128 - u32::from(field.bytes) * 8)
                .unwrap_or(0);
            let mask = match mask {
                None => None,
                Some(mask) => match signed(mask) {
                    Some(mask) if mask & most == most => None,
                    Some(mask) if mask <= whole => Some(be(mask, width)),
                    _ => {
                        return Err(Problem::syntax(format!(
                            "the mask of {} is a number of its width",
                            field.name
                        )));
                    }
                },
            };
            Ok((be(value, width), mask))
        }
    }
}

/// The mask for a prefix length.
fn prefix(text: &str, width: usize) -> Option<FieldBytes> {
    let bits: usize = text.parse().ok()?;
    let byte = |at: usize| {
        0xff00_u16
            .checked_shr(bits.saturating_sub(at * 8).min(8) as u32)
            .unwrap_or(0) as u8
    };
    (bits <= width * 8).then(|| (0..width).map(byte).collect())
}

pub(in crate::openflow) fn mac(text: &str) -> Option<[u8; 6]> {
    let mut parts = text.split(':');
    let mut bytes = [0; 6];
    for byte in &mut bytes {
        let part = parts.next()?;
        if part.len() > 2 || !part.starts_with(|c: char| c.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

fn fragment(text: &str) -> Result<ParsedValue, Problem> {
    FRAGMENTS
        .iter()
        .find(|(_, _, word)| word.eq_ignore_ascii_case(text))
        .map(|(mask, value, _)| {
            let byte = |byte: u8| FieldBytes::from([byte].as_slice());
            (byte(*value), (*mask != 3).then_some(byte(*mask)))
        })
        .ok_or_else(|| Problem::syntax("fragments are no, yes, first, later or not_later"))
}

/// `(1,0x800)`
fn packet_type(text: &str) -> Result<FieldBytes, Problem> {
    // packet_type(1,0x800) was already split at its parentheses.
    let inner = text
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
        .unwrap_or(text);
    let half = |text: &str| number(text.trim()).and_then(|number| u16::try_from(number).ok());
    inner
        .split_once(',')
        .and_then(|(space, kind)| {
            let number = u128::from(half(space)?) << 16 | u128::from(half(kind)?);
            Some(be(number, 4))
        })
        .ok_or_else(|| Problem::syntax("a packet type is like (1,0x800)"))
}

/// `+trk-new`, `trk|est`, `0x21/0x21`
fn flags(field: &Field, text: &str, names: &[&str], allowed: u64) -> Result<ParsedValue, Problem> {
    let width = usize::from(field.bytes);
    let bad = |what: &str| {
        let known: Vec<&str> = names
            .iter()
            .enumerate()
            .filter(|(bit, _)| allowed & 1 << bit != 0)
            .map(|(_, name)| *name)
            .collect();
        Problem::syntax(format!(
            "\"{}\" is no flag of {}: {}",
            what.escape_debug(),
            field.name,
            known.join(", ")
        ))
    };
    let flag = |name: &str| {
        let bit = names.iter().position(|known| *known == name)?;
        Some(1 << bit).filter(|bit: &u64| allowed & bit != 0)
    };
    let bits = |text: &str| {
        number(text)
            .and_then(|number| u64::try_from(number).ok())
            .filter(|bits| bits & !allowed == 0)
    };
    let bytes = |number: u64| be(u128::from(number), width);
    if let Some((value, mask)) = text.split_once('/') {
        let value = bits(value).ok_or_else(|| bad(value))?;
        let mask = bits(mask).ok_or_else(|| bad(mask))?;
        return Ok((bytes(value), Some(bytes(mask))));
    }
    if text.starts_with(['+', '-']) {
        let (mut value, mut mask) = (0, 0);
        let mut rest = text;
        while let Some(sign) = rest.chars().next() {
            let tail = rest.get(1..).unwrap_or_default();
            let end = tail.find(['+', '-']).unwrap_or(tail.len());
            let (name, after) = tail.split_at_checked(end).unwrap_or((tail, ""));
            let bit = flag(name).ok_or_else(|| bad(name))?;
            if mask & bit != 0 {
                return Err(Problem::syntax(format!("{name} comes twice")));
            }
            mask |= bit;
            if sign == '+' {
                value |= bit;
            }
            rest = after;
        }
        return Ok((bytes(value), Some(bytes(mask))));
    }
    let value = text.split('|').try_fold(0, |value, name| {
        let bit = bits(name).or_else(|| flag(name)).ok_or_else(|| bad(name))?;
        Ok::<u64, Problem>(value | bit)
    })?;
    Ok((bytes(value), Some(bytes(allowed))))
}

/// The option of a tunnel: hexadecimal of any width, in multiples of four bytes.
fn option(text: &str) -> Result<ParsedValue, Problem> {
    let bad = || Problem::syntax("the option of a tunnel is a number of up to 124 bytes");
    let bytes = |text: &str| -> Option<Vec<u8>> {
        let Some(digits) = text.strip_prefix("0x") else {
            return Some(
                number(text)?
                    .to_be_bytes()
                    .into_iter()
                    .skip_while(|byte| *byte == 0)
                    .collect(),
            );
        };
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if digits.is_empty() || digits.len() > 248 || !is_hex {
            return None;
        }
        let padded = format!("{}{digits}", "0".repeat(digits.len() % 2));
        (0..padded.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(padded.get(at..at + 2)?, 16).ok())
            .collect()
    };
    let (value, mask) = match text.split_once('/') {
        Some((value, mask)) => (
            bytes(value).ok_or_else(bad)?,
            Some(bytes(mask).ok_or_else(bad)?),
        ),
        None => (bytes(text).ok_or_else(bad)?, None),
    };
    let width = value
        .len()
        .max(mask.as_ref().map_or(0, Vec::len))
        .max(1)
        .next_multiple_of(4);
    let widen = |bytes: Vec<u8>| -> FieldBytes {
        let zeros = std::iter::repeat_n(0, width.saturating_sub(bytes.len()));
        zeros.chain(bytes).collect()
    };
    Ok((widen(value), mask.map(widen)))
}
