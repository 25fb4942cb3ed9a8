//! The log of a standalone database: ovsdb(5), "Standalone Format". `ovsdb-client backup` prints one, too.

use serde_json::value::RawValue;

use super::error::Fault;
use super::record::Records;
use super::tables::Tables;
use super::transaction::Transaction;
use crate::ovsdb::stored::StoredDatabase;

/// The magic of its records.
pub(super) const MAGIC: &str = "JSON";

/// Reads a log. As in ovsdb-server, a damaged record ends it: the transactions before it are applied.
pub(super) fn read(file: &[u8], name: &str) -> Result<StoredDatabase, Fault> {
    let mut records = Records::new(file, MAGIC);
    let first = records
        .next()
        .ok_or_else(|| Fault::of_file("the file is empty"))??;
    let schema: &RawValue = first.parse()?;
    let mut tables = Tables::new(schema).map_err(|what| first.wrong(what))?;
    let mut remarks = Vec::new();
    for record in records {
        let applied = record.and_then(|record| {
            let transaction: Transaction<'_> = record.parse()?;
            tables.apply(transaction).map_err(|what| record.wrong(what))
        });
        if let Err(fault) = applied {
            remarks.push(fault.remark(name));
            break;
        }
    }
    Ok(tables.finish(remarks))
}
