//! Flow tables: their statistics in every version's layout (OpenFlow 1.0.0 §5.3.5, 1.1.0 §A.3.5.4,
//! 1.2 §A.3.5.4, 1.5.1 §7.3.5.3), and what 1.3 and later have moved to the features (§7.3.5.18).

use serde::Serialize;

use super::members::{Hex, WireText};
use super::multipart::{self, Part};
use super::table_features::Abilities;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::version::Version::{self, V10, V11, V12, V13, V14, V15};

/// What a table holds and did.
#[derive(Debug, Clone, Serialize)]
pub struct TableStats {
    /// Its number.
    #[serde(rename = "table")]
    pub table_id: u8,
    /// How many flows it holds.
    pub active: u32,
    /// Packets that were looked up in it.
    pub lookups: u64,
    /// Packets that a flow of it matched.
    pub matched: u64,
    /// What 1.0 to 1.2 tell besides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub features: Option<TableFeatures>,
}

/// What a table can do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TableFeatures {
    /// Its number.
    #[serde(rename = "table")]
    pub table_id: u8,
    /// Its name; empty, or of some versions of Open vSwitch `table0` and so on, where none was given.
    pub name: WireText,
    /// How many flows it has room for.
    pub max_entries: u32,
    /// The bits of the metadata that it can match; since 1.2.
    pub metadata_match: Option<Hex>,
    /// The bits of the metadata that it can write; since 1.2.
    pub metadata_write: Option<Hex>,
    /// What its flows can match and do.
    #[serde(flatten)]
    pub abilities: Abilities,
}

impl TableFeatures {
    /// Whether somebody gave the table its name.
    pub fn has_own_name(&self) -> bool {
        let name = self.name.as_str();
        !name.is_empty() && name != format!("table{}", self.table_id)
    }

    /// The bits of the metadata that it can match and write; since 1.2.
    pub fn metadata(&self) -> Option<(u64, u64)> {
        Some((self.metadata_match?.0, self.metadata_write?.0))
    }
}

/// A request for the statistics of all tables.
pub fn stats_request(version: Version, xid: u32) -> Option<Vec<u8>> {
    multipart::request(version, multipart::TABLE_STATS, xid, |_| ())
}

/// A request for the features of all tables. `None` before 1.3: there they are in the statistics.
pub fn features_request(version: Version, xid: u32) -> Option<Vec<u8>> {
    if version < V13 {
        return None;
    }
    multipart::request(version, multipart::TABLE_FEATURES, xid, |_| ())
}

/// A request that gives a table another name, made of the bodies of the features reply: in 1.5 of the entry of that
/// table without its properties (`OFPTFC_MODIFY`); before, of all entries. `None` if the table is not in it, the name
/// is too long, or before 1.3.
pub fn rename_request(
    version: Version,
    xid: u32,
    told: &[Vec<u8>],
    table: u8,
    name: &str,
) -> Option<Vec<u8>> {
    let mut field = [0; NAME_LEN];
    // The last byte stays a NUL.
    field
        .get_mut(..name.len())
        .filter(|room| room.len() < NAME_LEN)?
        .copy_from_slice(name.as_bytes());
    let mut bodies = told.to_vec();
    let (index, at) = told.iter().enumerate().find_map(|(index, body)| {
        let mut cursor = Cursor::new(body, 0);
        while !cursor.is_empty() {
            let at = cursor.at();
            let entry = cursor
                .sized(0, HEAD_LEN, ("length", "table features"))
                .ok()?;
            if entry.rest().get(2) == Some(&table) {
                return Some((index, at));
            }
        }
        None
    })?;
    let body = bodies.get_mut(index)?;
    body.get_mut(at + 8..at + 8 + NAME_LEN)?
        .copy_from_slice(&field);
    if version >= V15 {
        let mut entry = body.get(at..at + HEAD_LEN)?.to_vec();
        let head = [0, HEAD_LEN as u8, table, MODIFY];
        entry.get_mut(..4)?.copy_from_slice(&head);
        bodies = vec![entry];
    }
    if version < V13 {
        return None;
    }
    let mut request = Vec::new();
    let mut bodies = bodies.iter().peekable();
    while let Some(body) = bodies.next() {
        let more = bodies.peek().is_some();
        let kind = multipart::TABLE_FEATURES;
        let part = multipart::request_part(version, kind, xid, more, |out| out.extend(body));
        request.extend(part?);
    }
    Some(request)
}

/// Length of a table's features without the properties, in bytes.
const HEAD_LEN: usize = 64;
/// `OFP_MAX_TABLE_NAME_LEN`
const NAME_LEN: usize = 32;
/// `OFPTFC_MODIFY`
const MODIFY: u8 = 1;

/// The tables in a part of a statistics reply.
///
/// # Errors
///
/// The part is something else, or malformed.
pub fn decode_stats(version: Version, part: Part<'_>) -> Result<Vec<TableStats>, DecodeError> {
    let body = part.only(multipart::TABLE_STATS)?;
    body.all(|body| TableStats::decode(version, body))
}

impl TableStats {
    /// Reads one table of a statistics reply.
    pub(super) fn decode(
        version: Version,
        body: &mut Cursor<'_>,
    ) -> Result<TableStats, DecodeError> {
        let length = match version {
            V10 => 64,
            V11 => 88,
            V12 => 128,
            _ => 24,
        };
        let mut table = body.sub(length, "table statistics")?;
        let table_id = table.u8("table_id")?;
        table.skip(if matches!(version, V11 | V12) { 7 } else { 3 }, "padding")?;
        let features = if version < V13 {
            let mut features = TableFeatures {
                table_id,
                name: name(table.array("table name")?),
                ..TableFeatures::default()
            };
            match version {
                V10 => features.abilities = Abilities::v10(&mut table)?,
                V11 => features.abilities = Abilities::v11(&mut table)?,
                _ => {
                    let (abilities, (matched, written)) = Abilities::v12(&mut table)?;
                    features.abilities = abilities;
                    features.metadata_match = Some(Hex(matched));
                    features.metadata_write = Some(Hex(written));
                }
            }
            features.max_entries = table.u32("max_entries")?;
            Some(features)
        } else {
            None
        };
        Ok(TableStats {
            table_id,
            active: table.u32("active_count")?,
            lookups: table.u64("lookup_count")?,
            matched: table.u64("matched_count")?,
            features,
        })
    }
}

/// The tables in a part of a features reply. Their properties are passed over.
///
/// # Errors
///
/// The part is something else, or malformed.
pub fn decode_features(part: Part<'_>) -> Result<Vec<TableFeatures>, DecodeError> {
    let body = part.only(multipart::TABLE_FEATURES)?;
    body.all(|body| Ok(features_head(body)?.0))
}

/// One table of a features message, with its properties.
pub(super) fn features_entry(
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
    if version >= V15 {
        let Some(name) = COMMANDS.get(usize::from(command)) else {
            return bad("table features command", command);
        };
        table.abilities.command = Some(*name);
    }
    if version >= V14 {
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
    let mut table = body.sized(0, 64, ("table features length", "table features"))?;
    table.skip(2, "table features length")?;
    let table_id = table.u8("table_id")?;
    let command = table.u8("command")?;
    table.skip(4, "features")?;
    let name = name(table.array("table name")?);
    let (matched, written) = (table.u64("metadata_match")?, table.u64("metadata_write")?);
    let capabilities = table.u32("capabilities")?;
    let features = TableFeatures {
        table_id,
        name,
        max_entries: table.u32("max_entries")?,
        metadata_match: Some(Hex(matched)),
        metadata_write: Some(Hex(written)),
        abilities: Abilities::default(),
    };
    Ok((features, table, command, capabilities))
}

/// A name, without the part of a character that is left where the room for it ended.
fn name(bytes: [u8; 32]) -> WireText {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let bytes = bytes.get(..end).unwrap_or(&bytes);
    let whole = match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => bytes.get(..error.valid_up_to()),
        _ => None,
    };
    WireText(String::from_utf8_lossy(whole.unwrap_or(bytes)).into_owned())
}
