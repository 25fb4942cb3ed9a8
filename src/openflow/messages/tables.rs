//! Flow tables: their statistics in every version's layout (OpenFlow 1.0.0 §5.3.5, 1.1.0 §A.3.5.4,
//! 1.2 §A.3.5.4, 1.5.1 §7.3.5.3), and what 1.3 and later have moved to the features (§7.3.5.18).

use super::multipart::{self, Part};
use super::table_features::Abilities;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::version::Version;

/// What a table holds and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableStats {
    /// Its number.
    pub table_id: u8,
    /// How many flows it holds.
    pub active: u32,
    /// Packets that were looked up in it.
    pub lookups: u64,
    /// Packets that a flow of it matched.
    pub matched: u64,
    /// What 1.0 to 1.2 tell besides.
    pub features: Option<TableFeatures>,
}

/// What a table can do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TableFeatures {
    /// Its number.
    pub table_id: u8,
    /// Its name; empty, or of some versions of Open vSwitch `table0` and so on, where none was given.
    pub name: String,
    /// How many flows it has room for.
    pub max_entries: u32,
    /// The bits of the metadata that it can match and write; since 1.2.
    pub metadata: Option<(u64, u64)>,
    /// What its flows can match and do.
    pub abilities: Abilities,
}

impl TableFeatures {
    /// Whether somebody gave the table its name.
    pub fn has_own_name(&self) -> bool {
        !self.name.is_empty() && self.name != format!("table{}", self.table_id)
    }
}

/// A request for the statistics of all tables.
pub fn stats_request(version: Version, xid: u32) -> Option<Vec<u8>> {
    multipart::request(version, multipart::TABLE_STATS, xid, |_| ())
}

/// A request for the features of all tables. `None` before 1.3: there they are in the statistics.
pub fn features_request(version: Version, xid: u32) -> Option<Vec<u8>> {
    if version < Version::V13 {
        return None;
    }
    multipart::request(version, multipart::TABLE_FEATURES, xid, |_| ())
}

/// The tables in a part of a statistics reply; an error if the part is something else.
pub fn decode_stats(version: Version, part: Part<'_>) -> Result<Vec<TableStats>, DecodeError> {
    let mut body = expect(part, multipart::TABLE_STATS)?;
    let mut tables = Vec::new();
    while !body.is_empty() {
        tables.push(stats_entry(version, &mut body)?);
    }
    Ok(tables)
}

/// One table of a statistics reply.
pub fn stats_entry(version: Version, body: &mut Cursor<'_>) -> Result<TableStats, DecodeError> {
    match version {
        Version::V10 => v10_table(body.sub(64, "table statistics")?),
        Version::V11 => v11_table(body.sub(88, "table statistics")?),
        Version::V12 => v12_table(body.sub(128, "table statistics")?),
        _ => {
            let mut table = body.sub(24, "table statistics")?;
            let table_id = table.u8("table_id")?;
            table.skip(3, "padding")?;
            counted(table_id, table, None)
        }
    }
}

fn v10_table(mut table: Cursor<'_>) -> Result<TableStats, DecodeError> {
    let table_id = table.u8("table_id")?;
    table.skip(3, "padding")?;
    let name = name(table.array("table name")?);
    let abilities = Abilities::v10(&mut table)?;
    let features = TableFeatures {
        table_id,
        name,
        max_entries: table.u32("max_entries")?,
        metadata: None,
        abilities,
    };
    counted(table_id, table, Some(features))
}

fn v11_table(mut table: Cursor<'_>) -> Result<TableStats, DecodeError> {
    let table_id = table.u8("table_id")?;
    table.skip(7, "padding")?;
    let name = name(table.array("table name")?);
    let abilities = Abilities::v11(&mut table)?;
    let features = TableFeatures {
        table_id,
        name,
        max_entries: table.u32("max_entries")?,
        metadata: None,
        abilities,
    };
    counted(table_id, table, Some(features))
}

fn v12_table(mut table: Cursor<'_>) -> Result<TableStats, DecodeError> {
    let table_id = table.u8("table_id")?;
    table.skip(7, "padding")?;
    let name = name(table.array("table name")?);
    let (abilities, metadata) = Abilities::v12(&mut table)?;
    let features = TableFeatures {
        table_id,
        name,
        max_entries: table.u32("max_entries")?,
        metadata: Some(metadata),
        abilities,
    };
    counted(table_id, table, Some(features))
}

/// The three counters that end the entry in every version.
fn counted(
    table_id: u8,
    mut table: Cursor<'_>,
    features: Option<TableFeatures>,
) -> Result<TableStats, DecodeError> {
    Ok(TableStats {
        table_id,
        active: table.u32("active_count")?,
        lookups: table.u64("lookup_count")?,
        matched: table.u64("matched_count")?,
        features,
    })
}

/// The tables in a part of a features reply; an error if the part is something else. Their properties
/// are passed over.
pub fn decode_features(part: Part<'_>) -> Result<Vec<TableFeatures>, DecodeError> {
    let mut body = expect(part, multipart::TABLE_FEATURES)?;
    let mut tables = Vec::new();
    while !body.is_empty() {
        tables.push(features_head(&mut body)?.0);
    }
    Ok(tables)
}

/// One table of a features message, with its properties.
pub fn features_entry(
    version: Version,
    body: &mut Cursor<'_>,
) -> Result<TableFeatures, DecodeError> {
    let start = *body;
    let (mut table, properties, command, capabilities) = features_head(body)?;
    let bad = |what, value: u8| Err(start.error(what, DecodeErrorKind::BadValue(value.into())));
    if properties.remaining() % 8 != 0 {
        let length = 64 + properties.remaining();
        return Err(start.error("table features length", DecodeErrorKind::BadLength(length)));
    }
    if table.table_id == ALL_TABLES {
        return bad("table_id", table.table_id);
    }
    if version >= Version::V15 {
        let Some(name) = COMMANDS.get(usize::from(command)) else {
            return bad("table features command", command);
        };
        table.abilities.command = Some(*name);
    }
    if version >= Version::V14 {
        table.abilities.eviction = Some(capabilities & EVICTION != 0);
        table.abilities.vacancy_events = Some(capabilities & VACANCY_EVENTS != 0);
    }
    table.abilities.properties(version, properties)?;
    Ok(table)
}

/// `OFPTT_ALL`: all tables, and none of them.
pub(in crate::openflow) const ALL_TABLES: u8 = 0xff;
/// `OFPTFC_*`
const COMMANDS: [&str; 4] = ["replace", "modify", "enable", "disable"];
/// `OFPTC_EVICTION`
const EVICTION: u32 = 1 << 2;
/// `OFPTC_VACANCY_EVENTS`
const VACANCY_EVENTS: u32 = 1 << 3;

/// What stands before the properties; the properties, the command and the capabilities.
fn features_head<'a>(
    body: &mut Cursor<'a>,
) -> Result<(TableFeatures, Cursor<'a>, u8, u32), DecodeError> {
    let mut peek = *body;
    let length = usize::from(peek.u16("table features length")?);
    if length < 64 {
        return Err(body.error("table features length", DecodeErrorKind::BadLength(length)));
    }
    let mut table = body.sub(length, "table features")?;
    table.skip(2, "table features length")?;
    let table_id = table.u8("table_id")?;
    let command = table.u8("command")?;
    table.skip(4, "features")?;
    let name = name(table.array("table name")?);
    let metadata = (table.u64("metadata_match")?, table.u64("metadata_write")?);
    let capabilities = table.u32("capabilities")?;
    let features = TableFeatures {
        table_id,
        name,
        max_entries: table.u32("max_entries")?,
        metadata: Some(metadata),
        abilities: Abilities::default(),
    };
    Ok((features, table, command, capabilities))
}

fn expect(part: Part<'_>, kind: u16) -> Result<Cursor<'_>, DecodeError> {
    if part.kind == kind {
        return Ok(part.body);
    }
    let kind = DecodeErrorKind::BadValue(part.kind.into());
    Err(part.body.error("multipart type", kind))
}

/// A name, without the part of a character that is left where the room for it ended.
fn name(bytes: [u8; 32]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let bytes = bytes.get(..end).unwrap_or(&bytes);
    let whole = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()),
        _ => None,
    };
    String::from_utf8_lossy(whole.unwrap_or(bytes)).into_owned()
}
