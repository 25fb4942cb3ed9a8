//! Natural order of names: `eth2` before `eth10`; hashes are compared byte by byte.

use std::cmp::Ordering;

/// Compares two names; equal only for equal names.
///
/// A run of digits compares as a number, and sorts before letters, if it ends the name or a part of it
/// before a separator: `eth2`, `eth2.10`, `vlan7-up`. A part that ends in eight hexadecimal digits is
/// treated as a hash or an address, without numbers: `qvo1663eac4-93`, `vxlan-0a000048`.
pub fn by_name(a: &str, b: &str) -> Ordering {
    // Names that differ only in leading zeros must not compare equal.
    tokens(a).cmp(tokens(b)).then_with(|| a.cmp(b))
}

/// Sorts items by their names.
pub fn sort_by_name<T>(things: &mut [T], name: impl Fn(&T) -> &str) {
    things.sort_by_cached_key(|thing| key(name(thing)));
}

/// A byte key that sorts as [`by_name`] compares; computed once per name when sorting.
fn key(name: &str) -> Vec<u8> {
    /// Ends the key's tokens; lower than every token, so that a prefix of a name sorts first.
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

/// The number of hexadecimal digits of a hash in a port name, or of an IPv4 address.
const HASH: usize = 8;

/// A unit of comparison.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Token<'n> {
    /// The number of digits without leading zeros, then these digits.
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

/// Splits a part into the text before its trailing number, the number, and the separator.
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
