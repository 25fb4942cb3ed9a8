//! Option values that are settings: what becomes of a column, or of a key of one.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::ovsdb::{Atom, Datum};
use crate::plan::Assignment;
use crate::plan::draft::Change;

/// The value that a column gets; the word `none` empties it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting(pub Datum);

/// What becomes of one key of a map: `K=V` sets it, `K-` removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    /// The key.
    pub key: String,
    /// Its value; `None` removes it.
    pub value: Option<String>,
}

impl std::str::FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = match (text.split_once('='), text.strip_suffix('-')) {
            (Some((key, value)), _) => (key, Some(value.to_owned())),
            (None, Some(key)) => (key, None),
            (None, None) => {
                return Err("expected KEY=VALUE, or KEY- to remove the key".to_owned());
            }
        };
        if key.is_empty() {
            return Err("the key before \"=\" is missing".to_owned());
        }
        Ok(Self {
            key: key.to_owned(),
            value,
        })
    }
}

/// The settings that were given, by columns: whole columns, then keys of maps.
pub(super) fn assignments<'s>(
    columns: impl IntoIterator<Item = (&'static str, &'s Option<Setting>)>,
    maps: impl IntoIterator<Item = (&'static str, &'s Vec<Pair>)>,
) -> Vec<Assignment> {
    let columns = columns.into_iter().filter_map(|(column, setting)| {
        let setting = setting.as_ref()?;
        Some(Assignment::set(column, setting.0.clone()))
    });
    let maps = maps.into_iter().filter(|(_, pairs)| !pairs.is_empty());
    let maps = maps.map(|(column, pairs)| {
        let (mut put, mut removed): (Vec<(Atom, Atom)>, Vec<Atom>) = (Vec::new(), Vec::new());
        for Pair { key, value } in pairs {
            // Of one key given twice, the later counts.
            let key = Atom::from(key.as_str());
            put.retain(|(other, _)| *other != key);
            removed.retain(|other| *other != key);
            match value {
                Some(value) => put.push((key, value.as_str().into())),
                None => removed.push(key),
            }
        }
        Assignment {
            column: column.to_owned(),
            change: Change::Pairs { put, removed },
        }
    });
    columns.chain(maps).collect()
}

/// The words, each where it stands first.
pub(super) fn each_once(words: &[String]) -> impl Iterator<Item = &String> {
    let mut seen = HashSet::new();
    words.iter().filter(move |word| seen.insert(*word))
}

/// A whole number in a range.
pub(super) fn integer(text: &str, range: RangeInclusive<i64>) -> Result<Setting, String> {
    if text == "none" {
        return Ok(Setting(Datum::EMPTY));
    }
    match text.parse::<i64>() {
        Ok(number) if range.contains(&number) => Ok(Setting(number.into())),
        _ => Err(format!(
            "expected {} to {}, or none",
            range.start(),
            range.end()
        )),
    }
}

/// One of several words, or `none`.
pub(super) fn one_of(words: &'static [&'static str]) -> impl TypedValueParser<Value = Setting> {
    let words = words.iter().copied();
    PossibleValuesParser::new(words.chain([NONE])).map(|word| match word.as_str() {
        NONE => Setting(Datum::EMPTY),
        word => Setting(word.into()),
    })
}

/// A number of 32 bits for a column that always has one; `none` is its 0.
pub(super) fn amount(text: &str) -> Result<Setting, String> {
    match text {
        NONE => Ok(Setting(0.into())),
        _ => integer(text, 0..=i64::from(u32::MAX)),
    }
}

/// The word that takes a setting back.
const NONE: &str = "none";

/// An interface's type; `system` is the database's empty default.
pub(super) fn interface_type(text: &str) -> Result<Setting, String> {
    match text {
        "" => Err("expected a type: system, internal, patch, vxlan, ...".to_owned()),
        "system" | "none" => Ok(Setting("".into())),
        kind => Ok(Setting(kind.into())),
    }
}

/// `on` or `off`.
pub(super) fn switch(text: &str) -> Result<Setting, String> {
    match text {
        "on" | "true" | "yes" => Ok(Setting(true.into())),
        "off" | "false" | "no" | "none" => Ok(Setting(false.into())),
        _ => Err("expected on or off".to_owned()),
    }
}

/// An Ethernet address, which no interface can have if it is a group's.
pub(super) fn mac(text: &str) -> Result<Setting, String> {
    if text == "none" {
        return Ok(Setting(Datum::EMPTY));
    }
    let octet = |part: &str| {
        // A sign would be taken, too.
        let is_plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_plain.then(|| u8::from_str_radix(part, 16).ok())?
    };
    let octets: Option<Vec<u8>> = text.split(':').map(octet).collect();
    match octets.as_deref() {
        Some([0, 0, 0, 0, 0, 0]) => Err("it is no address: all zero".to_owned()),
        Some([first, _, _, _, _, _]) if first & 1 == 0 => {
            Ok(Setting(text.to_ascii_lowercase().as_str().into()))
        }
        Some([_, _, _, _, _, _]) => Err("it is a multicast address".to_owned()),
        _ => Err("expected a MAC address, 0a:00:00:00:00:01, or none".to_owned()),
    }
}

/// VLANs with ranges: `1-5,10`.
pub(super) fn vlans(text: &str) -> Result<Setting, String> {
    if text == "none" {
        return Ok(Setting(Datum::EMPTY));
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
    Ok(Setting(Datum::set(vids.into_iter().map(Atom::from))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vlans_with_ranges() {
        let set = |vids: &[i64]| Setting(Datum::set(vids.iter().map(|vid| Atom::from(*vid))));
        assert_eq!(vlans("1-3,10,2").unwrap(), set(&[1, 2, 3, 10]));
        assert_eq!(vlans("7").unwrap(), set(&[7]));
        assert_eq!(vlans("none").unwrap(), Setting(Datum::EMPTY));
        for wrong in ["", "a", "5-1", "4096", "1-", "-1", "1,,2", "0-99999999999"] {
            assert!(vlans(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn pairs_and_their_removal() {
        let pair = |text: &str| text.parse::<Pair>();
        assert_eq!(pair("a=b=c").unwrap().value.as_deref(), Some("b=c"));
        assert_eq!(pair("a-b=").unwrap().value.as_deref(), Some(""));
        assert_eq!(
            pair("bond-x-").unwrap(),
            Pair {
                key: "bond-x".into(),
                value: None
            }
        );
        assert!(pair("a").is_err() && pair("=b").is_err() && pair("-").is_err());
    }

    #[test]
    fn none_of_an_amount_is_zero() {
        assert_eq!(amount("none").unwrap(), Setting(0.into()));
        assert_eq!(amount("7").unwrap(), Setting(7.into()));
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
