//! Files that have a database: its log, dumps of it.
//!
//! | file | contents |
//! |---|---|
//! | `record` | the records of a log |
//! | `transaction` | what a record of a log changes |
//! | `tables` | the tables that the transactions make |
//! | `clustered` | the log of a server of a clustered database |
//! | `standalone` | the log of a standalone database |
//! | `dump` | tables as ovsdb-client and ovs-vsctl print them |
//! | `cell` | a value of such a table |
//! | [`error`] | the errors, with their place |
//! | [`writer`] | writes the log of a standalone database |

mod cell;
mod clustered;
mod dump;
pub mod error;
mod record;
mod standalone;
mod tables;
mod transaction;
pub mod writer;

pub use error::{FileError, Place};

use error::Fault;

use super::stored::StoredDatabase;

/// Reads a database from the bytes of a file, whose format is recognized by its content:
///
/// - The log of a standalone database (ovsdb(5)): `conf.db`, or the output of `ovsdb-client backup`.
/// - The log of a server of a clustered database: with its snapshot, and the entries that the server knows as committed.
/// - Tables as `ovsdb-client dump` (in the formats table, list, csv and json) and `ovs-vsctl list` print them, also
///   several outputs one after another. Such a file has no schema, and only the tables that were printed.
///
/// If the file is cut off or damaged after its beginning, what comes before is used, and a remark says where it ends.
/// `name` is for messages.
///
/// The memory needed is proportional to the length of the file, whatever lengths it claims.
///
/// # Errors
///
/// The content is of no known format, or its beginning is damaged.
pub fn read(file: &[u8], name: &str) -> Result<StoredDatabase, FileError> {
    let read = if is_standalone(file) {
        standalone::read(file, name)
    } else if is_clustered(file) {
        clustered::read(file, name)
    } else if dump::is_like(file) {
        dump::read(file, name)
    } else if file.is_empty() {
        Err(Fault::of_file("the file is empty"))
    } else {
        Err(Fault::of_file(
            "no database: neither the log of one nor a dump of its tables",
        ))
    };
    read.map_err(|fault| fault.of(name))
}

/// Whether a file begins like one that [`read`] reads.
pub fn is_database(file: &[u8]) -> bool {
    is_standalone(file) || is_clustered(file) || dump::is_like(file)
}

fn is_standalone(file: &[u8]) -> bool {
    file.starts_with(b"OVSDB JSON ")
}

fn is_clustered(file: &[u8]) -> bool {
    file.starts_with(b"OVSDB CLUSTER ")
}
