//! A transaction of a log: ovsdb(5), "Standalone Format".

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::base::terminal::quoted;
use crate::ovsdb::Uuid;
use crate::ovsdb::value::Text;

/// A transaction: by table and row, the columns that it sets.
#[derive(Debug, Default)]
pub(super) struct Transaction<'f> {
    /// Whether it has differences (`_is_diff`).
    pub(super) is_diff: bool,
    /// The changed rows, by table.
    pub(super) tables: Vec<(Cow<'f, str>, ChangedRows<'f>)>,
}

/// The changed rows of a table; `None`: deleted.
pub(super) type ChangedRows<'f> = Members<'f, Uuid, Option<ChangedRow<'f>>>;

/// The columns of a row, and their values.
pub(super) type ChangedRow<'f> = Members<'f, Cow<'f, str>, &'f RawValue>;

/// The members of an object, in order.
#[derive(Debug)]
pub(super) struct Members<'f, K, V> {
    pub(super) members: Vec<(K, V)>,
    lifetime: std::marker::PhantomData<&'f ()>,
}

/// A name of a member.
pub(super) trait Name<'f>: Sized {
    /// # Errors
    ///
    /// What is wrong with the name.
    fn of(name: Cow<'f, str>) -> Result<Self, String>;
}

impl<'f> Name<'f> for Cow<'f, str> {
    fn of(name: Cow<'f, str>) -> Result<Self, String> {
        Ok(name)
    }
}

impl<'f> Name<'f> for Uuid {
    fn of(name: Cow<'f, str>) -> Result<Self, String> {
        name.parse()
            .map_err(|_| format!("{} is no UUID", quoted(&name)))
    }
}

impl<'de: 'f, 'f, K: Name<'f>, V: Deserialize<'de>> Deserialize<'de> for Members<'f, K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor<'f, K, V>(std::marker::PhantomData<(&'f (), K, V)>);

        impl<'de: 'f, 'f, K: Name<'f>, V: Deserialize<'de>> Visitor<'de> for MembersVisitor<'f, K, V> {
            type Value = Members<'f, K, V>;

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
                    lifetime: std::marker::PhantomData,
                })
            }
        }

        deserializer.deserialize_map(MembersVisitor(std::marker::PhantomData))
    }
}

impl<'de: 'f, 'f> Deserialize<'de> for Transaction<'f> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TransactionVisitor;

        impl<'de> Visitor<'de> for TransactionVisitor {
            type Value = Transaction<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a transaction: an object of tables")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut transaction = Transaction::default();
                while let Some(Text(name)) = map.next_key()? {
                    match &*name {
                        "_date" | "_comment" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        "_is_diff" => transaction.is_diff = map.next_value()?,
                        _ => transaction.tables.push((name, map.next_value()?)),
                    }
                }
                Ok(transaction)
            }
        }

        deserializer.deserialize_map(TransactionVisitor)
    }
}
