//! A database as a file has it: a log, a dump, a report.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::Uuid;

/// The tables of a database that was read from a file.
#[derive(Debug, Default)]
pub struct StoredDatabase {
    /// Its schema (RFC 7047, section 3.2); `None` if the file has none.
    pub schema: Option<Box<RawValue>>,
    /// The rows of its tables.
    pub tables: BTreeMap<String, BTreeMap<Uuid, StoredRow>>,
    /// What is wrong with the file, though what comes before is used.
    pub remarks: Vec<String>,
}

/// The values of a row, by column (RFC 7047, section 5.1). A column that has its type's default value may be missing.
pub type StoredRow = BTreeMap<String, Box<RawValue>>;
