//! Values of columns: atoms, sets and maps (RFC 7047 §5.1).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeTuple, Serializer};

use crate::base::digits::put_pair;

/// The identifier of a row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Uuid(pub u128);

/// One scalar value (RFC 7047 §5.1 `<atom>`).
///
/// Numbers are ordered by value, the others by their bytes. Atoms of different kinds, which no column mixes, are
/// in the order of the variants.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub enum Atom {
    /// A 64-bit integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A string.
    String(String),
    /// A reference to a row.
    Uuid(Uuid),
    /// A row that the same transaction inserts, by its `uuid-name`.
    NamedUuid(String),
}

/// The value of a column (RFC 7047 §5.1 `<value>`).
///
/// A set of one element is always a [`Datum::Atom`].
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// Exactly one value.
    Atom(Atom),
    /// No value, or more than one, in the server's order.
    Set(Vec<Atom>),
    /// Pairs of key and value, in the server's order.
    Map(Vec<(Atom, Atom)>),
}

impl Datum {
    /// The empty set: the value of an optional column without a value.
    pub const EMPTY: Self = Self::Set(Vec::new());

    /// Builds a set.
    pub fn set(atoms: impl IntoIterator<Item = Atom>) -> Self {
        let mut atoms: Vec<Atom> = atoms.into_iter().collect();
        match atoms.pop() {
            Some(only) if atoms.is_empty() => Self::Atom(only),
            Some(last) => {
                atoms.push(last);
                Self::Set(atoms)
            }
            None => Self::EMPTY,
        }
    }

    /// Builds a map.
    pub fn map<K: Into<Atom>, V: Into<Atom>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let pair = |(key, value): (K, V)| (key.into(), value.into());
        Self::Map(pairs.into_iter().map(pair).collect())
    }

    /// The elements of a set; `None` for a map.
    pub fn as_set(&self) -> Option<&[Atom]> {
        match self {
            Self::Atom(atom) => Some(std::slice::from_ref(atom)),
            Self::Set(atoms) => Some(atoms),
            Self::Map(_) => None,
        }
    }

    /// The text, if the value is exactly one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Atom(Atom::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The integer, if the value is exactly one.
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Atom(Atom::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// The pairs of a map of texts; none of any other value.
    pub fn text_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = match self {
            Self::Map(pairs) => pairs.as_slice(),
            Self::Atom(_) | Self::Set(_) => &[],
        };
        pairs.iter().filter_map(|pair| match pair {
            (Atom::String(key), Atom::String(value)) => Some((key.as_str(), value.as_str())),
            _ => None,
        })
    }
}

impl From<&str> for Atom {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Atom {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i64> for Atom {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Atom {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<Uuid> for Atom {
    fn from(uuid: Uuid) -> Self {
        Self::Uuid(uuid)
    }
}

impl<T: Into<Atom>> From<T> for Datum {
    fn from(atom: T) -> Self {
        Self::Atom(atom.into())
    }
}

impl Uuid {
    /// Appends 8-4-4-4-12 hexadecimal digits in lower case.
    pub(crate) fn push(self, out: &mut String) {
        for (index, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                out.push('-');
            }
            put_pair(out, byte);
        }
    }
}

impl fmt::Display for Uuid {
    /// 8-4-4-4-12 hexadecimal digits in lower case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(36);
        self.push(&mut text);
        f.write_str(&text)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A malformed UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a UUID", .0.escape_debug())]
pub struct NotAUuid(pub String);

impl FromStr for Uuid {
    type Err = NotAUuid;

    fn from_str(text: &str) -> Result<Self, NotAUuid> {
        read_uuid(text.as_bytes()).ok_or_else(|| NotAUuid(text.to_owned()))
    }
}

/// Parses 8-4-4-4-12 hexadecimal digits, by hand because a large reply has tens of thousands of them.
fn read_uuid(text: &[u8]) -> Option<Uuid> {
    let text: &[u8; 36] = text.try_into().ok()?;
    if [text[8], text[13], text[18], text[23]] != *b"----" {
        return None;
    }
    let digits = |digits: &[u8]| -> Option<u64> {
        let digit = |sum, digit: &u8| Some(sum << 4 | u64::from(char::from(*digit).to_digit(16)?));
        digits.iter().try_fold(0, digit)
    };
    let high = digits(&text[..8])? << 32 | digits(&text[9..13])? << 16 | digits(&text[14..18])?;
    let low = digits(&text[19..23])? << 48 | digits(&text[24..])?;
    Some(Uuid(u128::from(high) << 64 | u128::from(low)))
}

impl Serialize for Uuid {
    /// `["uuid", "8-4-4-4-12"]`
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        tagged(serializer, "uuid", &self.to_string())
    }
}

impl Serialize for Atom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Real(number) => serializer.serialize_f64(*number),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
            Self::String(text) => serializer.serialize_str(text),
            Self::Uuid(uuid) => uuid.serialize(serializer),
            Self::NamedUuid(name) => tagged(serializer, "named-uuid", name),
        }
    }
}

impl Serialize for Datum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Atom(atom) => atom.serialize(serializer),
            Self::Set(atoms) => tagged(serializer, "set", atoms),
            Self::Map(pairs) => tagged(serializer, "map", pairs),
        }
    }
}

fn tagged<S: Serializer, T: Serialize + ?Sized>(
    serializer: S,
    tag: &str,
    content: &T,
) -> Result<S::Ok, S::Error> {
    let mut pair = serializer.serialize_tuple(2)?;
    pair.serialize_element(tag)?;
    pair.serialize_element(content)?;
    pair.end()
}

impl<'de> Deserialize<'de> for Datum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DatumVisitor)
    }
}

impl<'de> Deserialize<'de> for Atom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(DatumVisitor)? {
            Datum::Atom(atom) => Ok(atom),
            Datum::Set(_) => Err(de::Error::custom("a set where a single value must stand")),
            Datum::Map(_) => Err(de::Error::custom("a map where a single value must stand")),
        }
    }
}

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Atom::deserialize(deserializer)? {
            Atom::Uuid(uuid) => Ok(uuid),
            _ => Err(de::Error::custom("expected [\"uuid\", UUID]")),
        }
    }
}

/// A string, borrowed from the reply unless it has escapes.
#[derive(Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

struct DatumVisitor;

impl<'de> Visitor<'de> for DatumVisitor {
    type Value = Datum;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in the notation of RFC 7047 section 5.1")
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Datum, E> {
        Ok(Atom::Boolean(truth).into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Datum, E> {
        Ok(Atom::Integer(number).into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Datum, E> {
        i64::try_from(number)
            .map(|number| Atom::Integer(number).into())
            .map_err(|_| E::custom(format_args!("{number} is out of the range of an integer")))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Datum, E> {
        Ok(Atom::Real(number).into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Datum, E> {
        Ok(Atom::String(text.to_owned()).into())
    }

    fn visit_string<E>(self, text: String) -> Result<Datum, E> {
        Ok(Atom::String(text).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Datum, A::Error> {
        let short = || de::Error::custom("expected a pair like [\"set\", [...]]");
        let Text(tag) = sequence.next_element()?.ok_or_else(short)?;
        let datum = match &*tag {
            "uuid" => {
                let Text(text) = sequence.next_element()?.ok_or_else(short)?;
                Atom::Uuid(text.parse().map_err(de::Error::custom)?).into()
            }
            "named-uuid" => Atom::NamedUuid(sequence.next_element()?.ok_or_else(short)?).into(),
            "set" => {
                let atoms: Vec<Atom> = sequence.next_element()?.ok_or_else(short)?;
                Datum::set(atoms)
            }
            "map" => Datum::Map(sequence.next_element()?.ok_or_else(short)?),
            _ => {
                return Err(de::Error::custom(format_args!(
                    "\"{}\" is not uuid, named-uuid, set or map",
                    tag.escape_debug()
                )));
            }
        };
        match sequence.next_element::<de::IgnoredAny>()? {
            None => Ok(datum),
            Some(_) => Err(de::Error::custom(format_args!(
                "more than one value after \"{tag}\""
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_where_none_are_needed() {
        let id: Datum =
            serde_json::from_str(r#"["\u0075uid","\u00336bef046-7da7-43a5-905a-c17899216fcb"]"#)
                .unwrap();
        let plain: Uuid = "36bef046-7da7-43a5-905a-c17899216fcb".parse().unwrap();
        assert_eq!(id, plain.into());
    }

    #[test]
    fn malformed_values() {
        for json in [
            "null",
            "{}",
            "[]",
            r#"["set"]"#,
            r#"["set",5]"#,
            r#"["set",[["set",[]]]]"#,
            r#"["map",[["a"]]]"#,
            r#"["map",[["a","b","c"]]]"#,
            r#"["uuid","36bef046-7da7-43a5-905a-c17899216fc"]"#,
            r#"["uuid","36bef0467da7-43a5-905a-c17899216fcbb"]"#,
            r#"["uuid","36bef046-7da7-43a5-905a0c17899216fcb"]"#,
            r#"["uuid","36bef046-7da7-43a5-905a-c1789921+fcb"]"#,
            r#"["uuid","36bef046-7da7-43a5-905a-c1789921éfc"]"#,
            r#"["uuid","36bef046-7da7-43a5-905a-c17899216fcb0"]"#,
            r#"["uuid",1]"#,
            r#"["sets",[]]"#,
            r#"["set",[],1]"#,
            "18446744073709551615",
        ] {
            assert!(serde_json::from_str::<Datum>(json).is_err(), "{json}");
        }
    }
}
