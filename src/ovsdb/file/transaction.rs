//! A transaction of a log: ovsdb(5), "Standalone Format".

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ovsdb::Uuid;
use crate::ovsdb::members::{Members, RowObject};
use crate::ovsdb::stored::StoredRow;
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

/// The columns of a row, read when they are needed: few rows of a log change twice.
#[derive(Debug)]
pub(super) struct ChangedRow<'f> {
    /// As the log has them, until they are read.
    object: Option<RowObject<'f>>,
    columns: BTreeMap<Cow<'f, str>, Cow<'f, RawValue>>,
}

impl<'f> ChangedRow<'f> {
    /// The columns by name.
    pub(super) fn columns(&mut self) -> &mut BTreeMap<Cow<'f, str>, Cow<'f, RawValue>> {
        if let Some(row) = self.object.take() {
            let columns = row.columns().into_iter();
            let columns = columns.map(|(name, value)| (name, Cow::Borrowed(value)));
            self.columns = columns.collect();
        }
        &mut self.columns
    }

    /// The row to keep.
    pub(super) fn stored(self) -> StoredRow {
        match self.object {
            Some(row) => row.into(),
            None => self.columns.into_iter().collect(),
        }
    }
}

impl<'de: 'f, 'f> Deserialize<'de> for ChangedRow<'f> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = RowObject::deserialize(deserializer)?;
        Ok(Self {
            object: Some(object),
            columns: BTreeMap::new(),
        })
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
