//! The members of a JSON object, in order, borrowed from its text.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::value::{Text, Uuid};
use crate::base::terminal::quoted;

/// The members of an object, in order; a name may come twice.
#[derive(Debug)]
pub(super) struct Members<'j, K, V> {
    pub(super) members: Vec<(K, V)>,
    lifetime: PhantomData<&'j ()>,
}

/// The columns of a row, and their values.
pub(super) type RowMembers<'j> = Members<'j, Cow<'j, str>, &'j RawValue>;

/// A name of a member.
pub(super) trait Name<'j>: Sized {
    /// # Errors
    ///
    /// What is wrong with the name.
    fn of(name: Cow<'j, str>) -> Result<Self, String>;
}

impl<'j> Name<'j> for Cow<'j, str> {
    fn of(name: Cow<'j, str>) -> Result<Self, String> {
        Ok(name)
    }
}

impl<'j> Name<'j> for Uuid {
    fn of(name: Cow<'j, str>) -> Result<Self, String> {
        name.parse()
            .map_err(|_| format!("{} is no UUID", quoted(&name)))
    }
}

impl<'de: 'j, 'j, K: Name<'j>, V: Deserialize<'de>> Deserialize<'de> for Members<'j, K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor<'j, K, V>(PhantomData<(&'j (), K, V)>);

        impl<'de: 'j, 'j, K: Name<'j>, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<'j, K, V> {
            type Value = Members<'j, K, V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(Text(name)) = map.next_key()? {
                    let name = K::of(name).map_err(de::Error::custom)?;
                    members.push((name, map.next_value()?));
                }
                Ok(Members {
                    members,
                    lifetime: PhantomData,
                })
            }
        }

        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

/// A JSON object that is not parsed yet; its syntax is checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowObject<'j>(pub(super) &'j RawValue);

impl<'j> RowObject<'j> {
    /// Its columns, in order.
    pub(super) fn columns(self) -> Vec<(Cow<'j, str>, &'j RawValue)> {
        let read: Result<RowMembers<'_>, _> = serde_json::from_str(self.0.get());
        read.map(|read| read.members).unwrap_or_default()
    }
}

impl<'de: 'j, 'j> Deserialize<'de> for RowObject<'j> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json: &RawValue = Deserialize::deserialize(deserializer)?;
        let text = json.get();
        // The syntax is checked; what may still be wrong are the escapes of its names.
        if !text.starts_with('{') || text.contains('\\') {
            let read: Result<RowMembers<'_>, _> = serde_json::from_str(text);
            read.map_err(|error| {
                let text = error.to_string();
                let what = text.split(" at line ").next().unwrap_or_default();
                de::Error::custom(what)
            })?;
        }
        Ok(Self(json))
    }
}
