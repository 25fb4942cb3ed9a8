//! Protocol versions, and sets of them (OpenFlow 1.5.1 §7.5.1, `OFPHET_VERSIONBITMAP`).

use std::fmt;
use std::str::FromStr;

/// A version of OpenFlow; the discriminant is its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Version {
    /// OpenFlow 1.0, wire 0x01.
    V10 = 1,
    /// OpenFlow 1.1, wire 0x02.
    V11 = 2,
    /// OpenFlow 1.2, wire 0x03.
    V12 = 3,
    /// OpenFlow 1.3, wire 0x04.
    V13 = 4,
    /// OpenFlow 1.4, wire 0x05.
    V14 = 5,
    /// OpenFlow 1.5, wire 0x06.
    V15 = 6,
}

impl Version {
    /// All versions, oldest first.
    pub const ALL: [Version; 6] = [
        Version::V10,
        Version::V11,
        Version::V12,
        Version::V13,
        Version::V14,
        Version::V15,
    ];

    /// The version with this number on the wire.
    pub fn from_wire(number: u8) -> Option<Version> {
        Version::ALL
            .into_iter()
            .find(|version| *version as u8 == number)
    }

    /// The name used in `Bridge.protocols` and by `-O`: `OpenFlow13`.
    pub fn name(self) -> &'static str {
        match self {
            Version::V10 => "OpenFlow10",
            Version::V11 => "OpenFlow11",
            Version::V12 => "OpenFlow12",
            Version::V13 => "OpenFlow13",
            Version::V14 => "OpenFlow14",
            Version::V15 => "OpenFlow15",
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Version {
    type Err = String;

    /// Accepts `OpenFlow13`, `openflow1.3` and `1.3`, whatever the case.
    fn from_str(text: &str) -> Result<Version, String> {
        let lower = text.to_ascii_lowercase();
        let digits: String = lower
            .strip_prefix("openflow")
            .unwrap_or(&lower)
            .chars()
            .filter(|c| *c != '.')
            .collect();
        Version::ALL
            .into_iter()
            .find(|version| version.name().ends_with(&digits) && digits.len() == 2)
            .ok_or_else(|| {
                format!("\"{text}\" is not an OpenFlow version (OpenFlow10 to OpenFlow15)")
            })
    }
}

/// A set of versions, kept as the bitmap of `OFPHET_VERSIONBITMAP`: bit N for wire number N.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions(u32);

impl Versions {
    /// Versions 1.0 to 1.5.
    pub const ALL: Versions = Versions(0b111_1110);

    /// The set with no version.
    pub const NONE: Versions = Versions(0);

    /// The set with the bits of `bitmap` that stand for versions known here.
    pub fn from_bitmap(bitmap: u32) -> Versions {
        Versions(bitmap & Versions::ALL.0)
    }

    /// The bitmap as it goes on the wire.
    pub fn bitmap(self) -> u32 {
        self.0
    }

    /// Whether `version` is in the set.
    pub fn contains(self, version: Version) -> bool {
        self.0 & (1 << version as u8) != 0
    }

    /// The versions in both sets.
    #[must_use]
    pub fn intersection(self, other: Versions) -> Versions {
        Versions(self.0 & other.0)
    }

    /// The highest version of the set.
    pub fn highest(self) -> Option<Version> {
        self.iter().last()
    }

    /// The set in words: `OpenFlow13 and later`, `OpenFlow10 to OpenFlow12`, `OpenFlow10, OpenFlow15`.
    pub fn spans(self) -> String {
        let (Some(first), Some(last)) = (self.iter().next(), self.highest()) else {
            return self.to_string();
        };
        let between = Version::ALL
            .into_iter()
            .filter(|version| (first..=last).contains(version));
        if first == last || !between.clone().all(|version| self.contains(version)) {
            self.to_string()
        } else if last == Version::V15 {
            format!("{first} and later")
        } else {
            format!("{first} to {last}")
        }
    }

    /// The versions of the set, oldest first.
    pub fn iter(self) -> impl Iterator<Item = Version> {
        Version::ALL.into_iter().filter(move |v| self.contains(*v))
    }
}

impl FromIterator<Version> for Versions {
    fn from_iter<I: IntoIterator<Item = Version>>(versions: I) -> Versions {
        Versions(
            versions
                .into_iter()
                .fold(0, |bits, v| bits | (1 << v as u8)),
        )
    }
}

impl fmt::Display for Versions {
    /// `OpenFlow10, OpenFlow13`; `none` for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("none");
        }
        for (index, version) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{version}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_both_ways() {
        for version in Version::ALL {
            assert_eq!(version.name().parse(), Ok(version));
        }
        assert_eq!("1.4".parse(), Ok(Version::V14));
        assert!("OpenFlow16".parse::<Version>().is_err());
        assert!("0".parse::<Version>().is_err());
        assert!("".parse::<Version>().is_err());
    }

    #[test]
    fn sets() {
        let set: Versions = [Version::V10, Version::V13].into_iter().collect();
        assert_eq!(set.bitmap(), 0b1_0010);
        assert_eq!(set.highest(), Some(Version::V13));
        assert_eq!(set.to_string(), "OpenFlow10, OpenFlow13");
        let spans = |versions: &[Version]| versions.iter().copied().collect::<Versions>().spans();
        assert_eq!(
            spans(&[Version::V10, Version::V13]),
            "OpenFlow10, OpenFlow13"
        );
        assert_eq!(spans(&[Version::V10]), "OpenFlow10");
        assert_eq!(spans(&Version::ALL[..3]), "OpenFlow10 to OpenFlow12");
        assert_eq!(spans(&Version::ALL[3..]), "OpenFlow13 and later");
        assert_eq!(Versions::from_bitmap(u32::MAX), Versions::ALL);
        assert_eq!(Versions::NONE.highest(), None);
    }
}
