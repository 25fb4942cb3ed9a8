//! The log of a server of a clustered database: ovsdb(5), "Clustered Format".
//!
//! The first record has a snapshot of the database; later ones add entries to the log of the cluster, or say how far
//! it is committed. As in ovsdb-server at its start, entries up to the last commit index are applied; in a cluster of
//! one server all of them are, since it then commits them alone. A record with an index that the log has already
//! replaces the entries from there on.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::error::Fault;
use super::record::Records;
use super::tables::Tables;
use super::transaction::Transaction;
use crate::base::terminal::quoted;
use crate::ovsdb::members::RowMembers;
use crate::ovsdb::stored::StoredDatabase;

/// The magic of its records.
pub(super) const MAGIC: &str = "CLUSTER";

/// A change of the database: a new schema, which empties it, and a transaction. A schema alone converts it.
type ClusterTransaction<'f> = (Option<&'f RawValue>, Option<Transaction<'f>>);

/// The servers of the cluster, by their identifier.
type Servers<'f> = RowMembers<'f>;

/// The first record.
#[derive(Deserialize)]
struct Header<'f> {
    /// Present until the server has joined its cluster.
    remote_addresses: Option<IgnoredAny>,
    prev_index: Option<i64>,
    prev_term: Option<i64>,
    #[serde(borrow)]
    prev_servers: Option<Servers<'f>>,
    #[serde(borrow)]
    prev_data: Option<ClusterTransaction<'f>>,
}

/// Any other record.
#[derive(Deserialize)]
struct LogRecord<'f> {
    term: Option<i64>,
    index: Option<i64>,
    commit_index: Option<i64>,
    note: Option<Cow<'f, str>>,
    #[serde(borrow)]
    servers: Option<Servers<'f>>,
    #[serde(borrow)]
    data: Option<ClusterTransaction<'f>>,
}

/// The log of the cluster.
struct Log<'f> {
    /// The index of the first entry.
    start: u64,
    entries: Vec<Entry<'f>>,
    /// The index of the last committed entry.
    committed: u64,
    /// The term of the snapshot.
    term: u64,
    /// Whether the server has left the cluster.
    has_left: bool,
}

struct Entry<'f> {
    /// The offset of its record.
    at: usize,
    term: u64,
    /// The number of servers from here on.
    servers: Option<usize>,
    data: Option<ClusterTransaction<'f>>,
}

/// Reads a log. As in ovsdb-server, a damaged record ends it: what comes before is applied.
pub(super) fn read(file: &[u8], name: &str) -> Result<StoredDatabase, Fault> {
    let mut records = Records::new(file, MAGIC);
    let first = records
        .next()
        .ok_or_else(|| Fault::of_file("the file is empty"))??;
    let header: Header<'_> = first.parse()?;
    let (schema, transaction) = match header.prev_data {
        Some((Some(schema), transaction)) => (schema, transaction),
        _ if header.remote_addresses.is_some() => {
            return Err(Fault::of_file(
                "the server has not joined its cluster yet: it has no data",
            ));
        }
        _ => return Err(first.wrong("the record has no snapshot of the database")),
    };
    let mut tables = Tables::new(schema).map_err(|what| first.wrong(what))?;
    tables
        .apply(transaction.unwrap_or_default())
        .map_err(|what| first.wrong(what))?;

    let snapshot = unsigned(header.prev_index.unwrap_or_default());
    let mut log = Log {
        start: snapshot.saturating_add(1),
        entries: Vec::new(),
        committed: snapshot,
        term: unsigned(header.prev_term.unwrap_or_default()),
        has_left: false,
    };
    let mut remarks = Vec::new();
    for record in records {
        let added = record.and_then(|record| {
            let parsed: LogRecord<'_> = record.parse()?;
            log.add(record.at, parsed)
                .map_err(|what| record.wrong(what))
        });
        if let Err(fault) = added {
            remarks.push(fault.remark(name));
            break;
        }
    }

    let first_servers = header.prev_servers.map(|servers| servers.members.len());
    let later_servers = log.entries.iter().rev().find_map(|entry| entry.servers);
    let pending = match later_servers.or(first_servers) {
        Some(1) => 0,
        _ => log.end().saturating_sub(log.committed).saturating_sub(1),
    };
    let applied = log
        .entries
        .len()
        .saturating_sub(usize::try_from(pending).unwrap_or(usize::MAX));
    if pending > 0 {
        remarks.push(format!(
            "{}: {pending} last {} of the log left out: not known to be committed",
            quoted(name),
            if pending == 1 { "entry" } else { "entries" },
        ));
    }
    if log.has_left {
        remarks.push(format!(
            "{}: the server had left its cluster: the database may have changed since",
            quoted(name),
        ));
    }
    for Entry { at, data, .. } in log.entries.into_iter().take(applied) {
        let (schema, transaction) = data.unwrap_or_default();
        let apply = || -> Result<(), String> {
            if let Some(schema) = schema {
                match &transaction {
                    Some(_) => tables = Tables::new(schema)?,
                    None => tables.convert(schema)?,
                }
            }
            tables.apply(transaction.unwrap_or_default())
        };
        if let Err(what) = apply() {
            remarks.push(Fault::at_byte(at, what).remark(name));
            break;
        }
    }
    Ok(tables.finish(remarks))
}

impl<'f> Log<'f> {
    /// The index of the next entry.
    fn end(&self) -> u64 {
        self.start.saturating_add(self.entries.len() as u64)
    }

    fn add(&mut self, at: usize, record: LogRecord<'f>) -> Result<(), String> {
        if let Some(note) = record.note {
            self.has_left |= note == "left";
            return Ok(());
        }
        if let Some(index) = record.commit_index.map(unsigned) {
            if index < self.committed || index >= self.end() {
                return Err(format!(
                    "commit index {index} after {}, with the last entry {}",
                    self.committed,
                    self.end().saturating_sub(1),
                ));
            }
            self.committed = index;
            return Ok(());
        }
        let Some(index) = record.index.map(unsigned) else {
            // A term, a vote, a leader.
            return Ok(());
        };
        if index < self.start || index < self.committed || index > self.end() {
            return Err(format!(
                "entry {index} where {} is expected, with {} committed",
                self.end(),
                self.committed,
            ));
        }
        let kept = usize::try_from(index.saturating_sub(self.start)).unwrap_or(usize::MAX);
        self.entries.truncate(kept);
        let term = record.term.map(unsigned).unwrap_or_default();
        let before = self.entries.last().map_or(self.term, |entry| entry.term);
        if term < before {
            return Err(format!(
                "entry {index} of term {term} after one of term {before}"
            ));
        }
        self.entries.push(Entry {
            at,
            term,
            servers: record.servers.map(|servers| servers.members.len()),
            data: record.data,
        });
        Ok(())
    }
}

/// Numbers of 64 bits are written as signed ones.
fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}
