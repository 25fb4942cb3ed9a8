//! Writes the log of a standalone database: ovsdb(5), "Standalone Format".

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use sha1::{Digest as _, Sha1};

use crate::base::digits::put_pair;
use crate::ovsdb::Uuid;

/// The rows that a transaction inserts into a table, each an object of columns ([`StoredRow`], [`Columns`]).
///
/// [`StoredRow`]: crate::ovsdb::stored::StoredRow
/// [`Columns`]: crate::ovsdb::operation::Columns
pub type InsertedRows<R> = BTreeMap<Uuid, R>;

/// The first record of a log: the schema (RFC 7047, section 3.2), as the server's `get_schema` returns it.
pub fn schema_record(schema: &RawValue) -> Vec<u8> {
    record(schema.get())
}

/// A record that inserts rows. One record has them all: ovsdb-server removes a row to which no row of its transaction
/// or an earlier one refers, unless its table is a root.
///
/// `date` is in milliseconds since 1970. An empty comment is left out.
///
/// # Errors
///
/// A row is not representable in JSON.
pub fn transaction_record<R: Serialize>(
    date: u64,
    comment: &str,
    tables: &BTreeMap<&str, &InsertedRows<R>>,
) -> serde_json::Result<Vec<u8>> {
    let transaction = Transaction {
        date,
        comment,
        tables,
    };
    Ok(record(&serde_json::to_string(&transaction)?))
}

/// The header line and the line with the JSON.
fn record(json: &str) -> Vec<u8> {
    let body = format!("{json}\n");
    let mut record = format!("OVSDB JSON {} ", body.len());
    for byte in Sha1::digest(body.as_bytes()).as_slice() {
        put_pair(&mut record, *byte);
    }
    record.push('\n');
    record.push_str(&body);
    record.into_bytes()
}

struct Transaction<'a, R> {
    date: u64,
    comment: &'a str,
    tables: &'a BTreeMap<&'a str, &'a InsertedRows<R>>,
}

impl<R: Serialize> Serialize for Transaction<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        for (table, rows) in self.tables {
            object.serialize_entry(table, &Rows(rows))?;
        }
        object.serialize_entry("_date", &self.date)?;
        if !self.comment.is_empty() {
            object.serialize_entry("_comment", self.comment)?;
        }
        object.end()
    }
}

struct Rows<'a, R>(&'a InsertedRows<R>);

impl<R: Serialize> Serialize for Rows<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(uuid, row)| (uuid.to_string(), row)))
    }
}
