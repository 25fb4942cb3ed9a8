//! Numbers and addresses as text, without `std::fmt`, which is too slow for dumps of millions of numbers.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A number in decimal.
pub(crate) fn put_decimal(out: &mut String, number: impl itoa::Integer) {
    let mut buffer = itoa::Buffer::new();
    match buffer.format(number) {
        // The most frequent number in a flow.
        "0" => out.push('0'),
        digits => out.push_str(digits),
    }
}

/// Ascending integers, three or more consecutive ones as a range: `1-4,10,20`, with `separator` for the comma.
pub(crate) fn ranges(numbers: &[i64], separator: &str) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for &number in numbers {
        match parts.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => parts.push((number, number)),
        }
    }
    let part = |(first, last): &(i64, i64)| match last.saturating_sub(*first) {
        0 => first.to_string(),
        1 => format!("{first}{separator}{last}"),
        _ => format!("{first}-{last}"),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(separator)
}

/// A number in hexadecimal after `0x`, zero-padded to `digits` digits.
pub(crate) fn put_hex(out: &mut String, number: u64, digits: usize) {
    let needed = 16 - number.leading_zeros() as usize / 4;
    out.push_str("0x");
    for place in (0..needed.max(digits).clamp(1, 16)).rev() {
        out.push(digit((number >> (4 * place)) as u8));
    }
}

/// A byte as two digits.
pub(crate) fn put_pair(out: &mut String, byte: u8) {
    out.push(digit(byte >> 4));
    out.push(digit(byte));
}

/// The lower four bits as a digit.
fn digit(bits: u8) -> char {
    char::from(match bits & 15 {
        number @ ..10 => b'0' + number,
        letter => b'a' - 10 + letter,
    })
}

/// Bytes of any length as one hexadecimal number without leading zeros; zero as `0`.
pub(crate) fn put_hex_bytes(out: &mut String, bytes: &[u8]) {
    let mut rest = bytes.iter().skip_while(|byte| **byte == 0);
    let Some(first) = rest.next() else {
        out.push('0');
        return;
    };
    put_hex(out, u64::from(*first), 1);
    rest.for_each(|byte| put_pair(out, *byte));
}

/// Bytes of any length as one hexadecimal number that keeps its leading zeros.
pub(crate) fn put_all_hex(out: &mut String, bytes: &[u8]) {
    out.push_str("0x");
    for byte in bytes {
        put_pair(out, *byte);
    }
}

/// `00:11:22:33:44:55`
pub(crate) fn put_mac(out: &mut String, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.push(':');
        }
        put_pair(out, *byte);
    }
}

/// `10.0.0.1`; hexadecimal if the bytes are not four.
pub(crate) fn put_v4(out: &mut String, bytes: &[u8]) {
    if bytes.len() != 4 {
        put_hex_bytes(out, bytes);
        return;
    }
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.push('.');
        }
        put_octet(out, *byte);
    }
}

/// A byte in decimal.
fn put_octet(out: &mut String, byte: u8) {
    let digit = |number: u8| char::from(b'0' + number % 10);
    if byte >= 100 {
        out.push(digit(byte / 100));
    }
    if byte >= 10 {
        out.push(digit(byte / 10));
    }
    out.push(digit(byte));
}

/// An IPv6 address as `inet_ntop(3)` writes it; hexadecimal if the bytes are not sixteen.
pub(crate) fn put_v6(out: &mut String, bytes: &[u8]) {
    let Ok(octets) = <[u8; 16]>::try_from(bytes) else {
        put_hex_bytes(out, bytes);
        return;
    };
    let _ = match octets {
        // `::a.b.c.d`, the only form that `inet_ntop(3)` writes and the standard library does not.
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last @ ..] if last[..2] != [0, 0] => {
            write!(out, "::{}", Ipv4Addr::from(last))
        }
        _ => write!(out, "{}", Ipv6Addr::from(octets)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_std_fmt_writes_them() {
        for number in [
            0,
            1,
            9,
            10,
            15,
            16,
            99,
            255,
            256,
            4096,
            65535,
            1 << 32,
            u64::MAX,
        ] {
            let mut out = String::new();
            put_decimal(&mut out, number);
            assert_eq!(out, format!("{number}"));
            for digits in [0, 1, 2, 4, 8, 16] {
                let mut out = String::new();
                put_hex(&mut out, number, digits);
                assert_eq!(out, format!("0x{number:0digits$x}"));
            }
        }
    }
}
