//! Names in the order people expect: `eth2` before `eth10`, and hashes letter by letter.

use std::cmp::Ordering;

/// Compares two names; equal only for equal names.
///
/// A run of digits compares as a number, and comes before letters, where the name or its part up to
/// the next separator ends with it: `eth2`, `eth2.10`, `vlan7-up`. A part that ends in eight
/// hexadecimal digits is taken for a hash or an address, which has no numbers: `qvo1663eac4-93`,
/// `vxlan-0a000048`.
pub fn by_name(a: &str, b: &str) -> Ordering {
    // What differs only in leading zeros must not be equal.
    tokens(a).cmp(tokens(b)).then_with(|| a.cmp(b))
}

/// Puts things in the order of their names.
pub fn sort_by_name<T>(things: &mut [T], name: impl Fn(&T) -> &str) {
    things.sort_by_cached_key(|thing| key(name(thing)));
}

/// What orders names as [`by_name`] does when compared: for sorting many, made once of each.
fn key(name: &str) -> Vec<u8> {
    /// Before every token, so that a name comes before those that it begins.
    const END: u8 = 0;
    const NUMBER: u8 = 1;
    const BYTE: u8 = 2;
    let mut key = Vec::with_capacity(4 * name.len());
    for token in tokens(name) {
        match token {
            Token::Number(digits, value) => {
                key.push(NUMBER);
                key.extend(digits.to_be_bytes());
                key.extend(value);
            }
            Token::Byte(byte) => key.extend([BYTE, byte]),
        }
    }
    key.push(END);
    key.extend(name.as_bytes());
    key
}

/// The hexadecimal digits of a hash in a port's name, or of an IPv4 address.
const HASH: usize = 8;

/// What is compared at once.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Token<'n> {
    /// Its digits without leading zeros, their number first.
    Number(usize, &'n [u8]),
    Byte(u8),
}

fn tokens<'n>(name: &'n str) -> impl Iterator<Item = Token<'n>> {
    name.as_bytes()
        .split_inclusive(|byte| !byte.is_ascii_alphanumeric())
        .flat_map(|part| {
            let (words, number, end) = number_in(part);
            let zeros = number.iter().take_while(|byte| **byte == b'0').count();
            let value = number.get(zeros..).unwrap_or_default();
            let number = (!number.is_empty()).then_some(Token::Number(value.len(), value));
            let bytes = |bytes: &'n [u8]| bytes.iter().copied().map(Token::Byte);
            bytes(words).chain(number).chain(bytes(end))
        })
}

/// What stands before the number that a part ends with, the number, and the separator.
fn number_in(part: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let separator = part
        .last()
        .is_some_and(|byte| !byte.is_ascii_alphanumeric());
    let (word, end) = part.split_at(part.len() - usize::from(separator));
    let digits = |of: fn(&u8) -> bool| word.iter().rev().take_while(|byte| of(byte)).count();
    let length = if digits(u8::is_ascii_hexdigit) >= HASH {
        0
    } else {
        digits(u8::is_ascii_digit)
    };
    let (word, number) = word.split_at(word.len() - length);
    (word, number, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_as_numbers() {
        let sorted = [
            "br-ens37",
            "br-ex",
            "br-int",
            "enp0s2",
            "enp0s10",
            "eth2",
            "eth2.5",
            "eth2.10",
            "eth10",
            "eth1000000",
            "int-br-ens37",
            "patch-tun",
            "qvo0d3ade5c-72",
            "qvo1663eac4-93",
            "qvo458013d8-e2",
            "qvo59492399-57",
            "qvo6b5e4978-e2",
            "tap",
            "tap0a53a2c0-98",
            "tap0c4e5ec8-46",
            "tap18a66eac-38",
            "vxlan-0a000048",
            "vxlan-0a00004b",
        ];
        for pair in sorted.windows(2) {
            assert_eq!(by_name(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(by_name(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
            assert!(key(pair[0]) < key(pair[1]), "{pair:?}");
        }
        assert_eq!(by_name("eth02", "eth2"), Ordering::Less);
        assert_eq!(by_name("a1", "a1"), Ordering::Equal);
        assert!(key("eth02") < key("eth2") && key("eth") < key("eth2"));
    }
}
