//! The valid values of a key: tests texts, and describes the values in words.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The valid values of a key. `Display` describes them in words: `an integer from 0 to 255`.
#[derive(Debug, Clone, Copy)]
pub enum Value {
    /// Any text, including the empty one.
    Any,
    /// Any text except the empty one.
    Text,
    /// A text of at most this length in bytes.
    Short(usize),
    /// `true` or `false`, in any case.
    Bool,
    /// An integer in decimal, both bounds included.
    Int(i64, i64),
    /// An integer in decimal, or in hexadecimal after `0x`, both bounds included.
    Number(u64, u64),
    /// A number that is a multiple of the first, from zero up to the second.
    MultipleOf(u64, u64),
    /// A number in hexadecimal, with or without `0x`, both bounds included.
    Hex(u64, u64),
    /// One of these words.
    Words(&'static [&'static str]),
    /// An Ethernet address.
    Mac,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An IPv4 or IPv6 address, multicast or not.
    Ip,
    /// An IPv4 or IPv6 address, not multicast.
    Unicast,
    /// One of several.
    Either(&'static [Value]),
    /// A list of these values, separated by commas; `true`: may be empty.
    List(&'static Value, bool),
    /// Two values separated by this character.
    Pair(&'static Value, char, &'static Value),
    /// An OpenFlow datapath id: 16 hexadecimal digits, or up to 16 after `0x`, not all zero.
    DatapathId,
}

/// No upper bound.
pub(super) const UNBOUNDED: i64 = i64::MAX;
/// No upper bound, for masks that may be wider than 64 bits.
pub(super) const WIDE: u64 = u64::MAX;

impl Value {
    /// Whether `text` is a valid value.
    pub fn accepts(&self, text: &str) -> bool {
        match *self {
            Self::Any => true,
            Self::Text => !text.is_empty(),
            Self::Short(most) => text.len() <= most,
            Self::Bool => ["true", "false"]
                .iter()
                .any(|word| text.eq_ignore_ascii_case(word)),
            Self::Int(least, most) => decimal(text).is_some_and(|n| (least..=most).contains(&n)),
            Self::Number(least, most) => within(number(text), least, most),
            Self::MultipleOf(unit, most) => {
                number(text).is_some_and(|n| n <= most && n.is_multiple_of(unit))
            }
            Self::Hex(least, most) => {
                let digits = hexadecimal(text).unwrap_or(text);
                if most == WIDE && digits.len() > 16 {
                    digits.bytes().all(|byte| byte.is_ascii_hexdigit())
                } else {
                    within(integer(digits, 16), least, most)
                }
            }
            Self::Words(words) => words.contains(&text),
            Self::Mac => {
                let octets = || text.split(':');
                let octet = |octet: &str| octet.len() <= 2 && integer(octet, 16).is_some();
                octets().count() == 6 && octets().all(octet)
            }
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Ip => text.parse::<IpAddr>().is_ok(),
            Self::Unicast => text.parse().is_ok_and(|ip: IpAddr| !ip.is_multicast()),
            Self::Either(values) => values.iter().any(|value| value.accepts(text)),
            Self::List(value, may_be_empty) => {
                (may_be_empty && text.is_empty())
                    || text.split(',').all(|item| value.accepts(item.trim()))
            }
            Self::Pair(first, between, second) => text
                .split_once(between)
                .is_some_and(|(one, two)| first.accepts(one) && second.accepts(two)),
            Self::DatapathId => {
                let digits = hexadecimal(text).or((text.len() == 16).then_some(text));
                digits.is_some_and(|digits| within(integer(digits, 16), 1, u64::MAX))
            }
        }
    }
}

/// The switch accepts a sign.
fn decimal(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// `from_str_radix` would accept a sign.
fn integer(text: &str, radix: u32) -> Option<u64> {
    let digits = text.chars().all(|c| c.is_digit(radix));
    digits.then(|| u64::from_str_radix(text, radix).ok())?
}

fn number(text: &str) -> Option<u64> {
    match hexadecimal(text) {
        Some(digits) => integer(digits, 16),
        None => integer(text, 10),
    }
}

fn hexadecimal(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))
}

fn within(n: Option<u64>, least: u64, most: u64) -> bool {
    n.is_some_and(|n| (least..=most).contains(&n))
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Any => f.write_str("any text"),
            Self::Text => f.write_str("a text that is not empty"),
            Self::Short(most) => write!(f, "a text of at most {most} bytes"),
            Self::Bool => f.write_str("true or false"),
            Self::Int(least, UNBOUNDED) => write!(f, "a decimal integer of at least {least}"),
            Self::Int(least, most) => write!(f, "a decimal integer from {least} to {most}"),
            Self::Number(least, most) => write!(f, "a number from {least} to {most}"),
            Self::MultipleOf(unit, most) => write!(f, "a multiple of {unit} up to {most}"),
            Self::Hex(_, WIDE) => f.write_str("a mask in hexadecimal"),
            Self::Hex(least, most) => write!(f, "a hexadecimal number from {least:x} to {most:x}"),
            Self::Words(words) => alternatives(f, words),
            Self::Mac => f.write_str("an Ethernet address"),
            Self::Ipv4 => f.write_str("an IPv4 address"),
            Self::Ipv6 => f.write_str("an IPv6 address"),
            Self::Ip => f.write_str("an IPv4 or IPv6 address"),
            Self::Unicast => f.write_str("a unicast IPv4 or IPv6 address"),
            Self::Either(values) => alternatives(f, values),
            Self::List(value, _) => write!(f, "a list, separated by commas, of: {value}"),
            Self::Pair(first, between, second) => {
                write!(f, "{first} and {second} with \"{between}\" between them")
            }
            Self::DatapathId => {
                f.write_str("16 hexadecimal digits, or up to 16 after 0x, not all of them zero")
            }
        }
    }
}

/// `a, b or c`.
fn alternatives(f: &mut fmt::Formatter<'_>, items: &[impl fmt::Display]) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        let last = at + 1 == items.len();
        f.write_str(match at {
            0 => "",
            _ if last => " or ",
            _ => ", ",
        })?;
        item.fmt(f)?;
    }
    Ok(())
}
