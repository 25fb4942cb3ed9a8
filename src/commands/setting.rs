//! Option values that set a column; the word `none` unsets it.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::ovsdb::{Atom, Datum};

/// The words, each once, in the order of their first occurrence.
pub(super) fn each_once(words: &[String]) -> impl Iterator<Item = &String> {
    let mut seen = HashSet::new();
    words.iter().filter(move |word| seen.insert(*word))
}

/// The first word that occurs twice.
pub(super) fn given_twice(words: &[String]) -> Option<&String> {
    let mut seen = HashSet::new();
    words.iter().find(|word| !seen.insert(*word))
}

/// An integer in a range.
pub(super) fn integer(text: &str, range: RangeInclusive<i64>) -> Result<Datum, String> {
    if text == "none" {
        return Ok(Datum::EMPTY);
    }
    match text.parse::<i64>() {
        Ok(number) if range.contains(&number) => Ok(number.into()),
        _ => Err(format!(
            "expected {} to {}, or none",
            range.start(),
            range.end()
        )),
    }
}

/// One of several words, or `none`.
pub(super) fn one_of(words: &'static [&'static str]) -> impl TypedValueParser<Value = Datum> {
    let words = words.iter().copied();
    PossibleValuesParser::new(words.chain([NONE])).map(|word| match word.as_str() {
        NONE => Datum::EMPTY,
        word => word.into(),
    })
}

/// A 32-bit number for a column that always has a value; `none` is 0.
pub(super) fn amount(text: &str) -> Result<Datum, String> {
    match text {
        NONE => Ok(0.into()),
        _ => integer(text, 0..=i64::from(u32::MAX)),
    }
}

/// The word that unsets a column.
const NONE: &str = "none";

/// An interface's type; `system` is the empty string in the database.
pub(super) fn interface_type(text: &str) -> Result<String, String> {
    match text {
        "" => Err("expected a type: system, internal, patch, vxlan, ...".to_owned()),
        "system" | "none" => Ok(String::new()),
        kind => Ok(kind.to_owned()),
    }
}

/// `on` or `off`.
pub(super) fn switch(text: &str) -> Result<Datum, String> {
    match text {
        "on" | "true" | "yes" => Ok(true.into()),
        "off" | "false" | "no" | "none" => Ok(false.into()),
        _ => Err("expected on or off".to_owned()),
    }
}

/// An Ethernet address; an interface cannot have a group address.
pub(super) fn mac(text: &str) -> Result<Datum, String> {
    if text == "none" {
        return Ok(Datum::EMPTY);
    }
    let octet = |part: &str| {
        // `parse` would accept a sign.
        let is_plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_plain.then(|| u8::from_str_radix(part, 16).ok())?
    };
    let octets: Option<Vec<u8>> = text.split(':').map(octet).collect();
    match octets.as_deref() {
        Some([0, 0, 0, 0, 0, 0]) => Err("it is no address: all zero".to_owned()),
        Some([first, _, _, _, _, _]) if first & 1 == 0 => {
            Ok(text.to_ascii_lowercase().as_str().into())
        }
        Some([_, _, _, _, _, _]) => Err("it is a multicast address".to_owned()),
        _ => Err("expected a MAC address, 0a:00:00:00:00:01, or none".to_owned()),
    }
}

/// VLANs with ranges: `1-5,10`.
pub(super) fn vlans(text: &str) -> Result<Datum, String> {
    if text == "none" {
        return Ok(Datum::EMPTY);
    }
    let wrong = || "expected VLANs from 0 to 4095, as in 1-5,10, or none".to_owned();
    let vid = |text: &str| {
        let vid = text.trim().parse::<i64>().ok();
        vid.filter(|vid| (0..=4095).contains(vid)).ok_or_else(wrong)
    };
    let mut vids = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (vid(first)?, vid(last)?);
        if last < first {
            return Err(format!("the range {first}-{last} is empty"));
        }
        vids.extend(first..=last);
    }
    vids.sort_unstable();
    vids.dedup();
    Ok(Datum::set(vids.into_iter().map(Atom::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vlans_with_ranges() {
        let set = |vids: &[i64]| Datum::set(vids.iter().map(|vid| Atom::from(*vid)));
        assert_eq!(vlans("1-3,10,2").unwrap(), set(&[1, 2, 3, 10]));
        assert_eq!(vlans("7").unwrap(), set(&[7]));
        assert_eq!(vlans("none").unwrap(), Datum::EMPTY);
        for wrong in ["", "a", "5-1", "4096", "1-", "-1", "1,,2", "0-99999999999"] {
            assert!(vlans(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn none_of_an_amount_is_zero() {
        assert_eq!(amount("none").unwrap(), 0.into());
        assert_eq!(amount("7").unwrap(), 7.into());
        assert!(amount("-1").is_err() && amount("4294967296").is_err());
    }

    #[test]
    fn addresses() {
        assert!(mac("0A:00:00:00:00:01").is_ok() && mac("none").is_ok());
        for wrong in [
            "",
            "01:00:00:00:00:01",
            "00:00:00:00:00:00",
            "0a:00:00:00:00",
            "0a:00:00:00:00:1g",
            "0a-00-00-00-00-01",
            "+a:00:00:00:00:01",
            "0:0:0:0:0:1",
            "0a:00:00:00:00:001",
        ] {
            assert!(mac(wrong).is_err(), "{wrong}");
        }
    }
}
