//! Tables as `ovsdb-client dump` and `ovs-vsctl list` print them, in the formats table, list, csv and json.
//!
//! ```text
//! Port table
//! _uuid                                name tag
//! ------------------------------------ ---- ---
//! 8c561aae-e267-4fbe-a6a5-356cfd3b6bbe p2   []
//! ```
//!
//! `ovs-vsctl` prints no name of the table: it follows from the columns.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::cell;
use super::error::Fault;
use crate::base::terminal::quoted;
use crate::ovsdb::stored::{StoredDatabase, StoredRow};
use crate::ovsdb::{Datum, Uuid};

/// Tables without a name, by a column that no other table has.
const TABLES: [(&str, &str); 17] = [
    ("cur_cfg", "Open_vSwitch"),
    ("datapath_id", "Bridge"),
    ("interfaces", "Port"),
    ("ofport", "Interface"),
    ("controller_burst_limit", "Controller"),
    ("is_connected", "Manager"),
    ("select_all", "Mirror"),
    ("queues", "QoS"),
    ("dscp", "Queue"),
    ("flow_limit", "Flow_Table"),
    ("engine_id", "NetFlow"),
    ("polling", "sFlow"),
    ("obs_domain_id", "IPFIX"),
    ("ca_cert", "SSL"),
    ("system_description", "AutoAttach"),
    ("timeout_policy", "CT_Zone"),
    ("ct_zones", "Datapath"),
];

/// Maximum length of the name of a table or column, in bytes. Every row has the names of its columns.
const LONGEST_ID: usize = 64;

const MALFORMED_HEADINGS: &str = "malformed headings";
const NO_UUID: &str = "the row has no column _uuid, which tells rows apart: print that column, too";

/// The names of the columns and the texts of their cells.
type Cells<'f> = Vec<(Cow<'f, str>, Cow<'f, str>)>;

/// Reads a dump. What comes before a malformed line is used.
pub(super) fn read(file: &[u8], name: &str) -> Result<StoredDatabase, Fault> {
    let (text, is_cut) = match std::str::from_utf8(file) {
        Ok(text) => (text, false),
        Err(error) => {
            let (start, _) = file
                .split_at_checked(error.valid_up_to())
                .unwrap_or_default();
            (std::str::from_utf8(start).unwrap_or_default(), true)
        }
    };
    let mut database = StoredDatabase::default();
    let mut read = if text.trim_start().starts_with('{') {
        json(text, &mut database)
    } else {
        lines(text, &mut database)
    };
    if is_cut && read.is_ok() {
        read = Err(Fault::at_byte(text.len(), "the file is not UTF-8"));
    }
    match read {
        Err(fault) if database.tables.values().all(BTreeMap::is_empty) => Err(fault),
        Err(fault) => {
            database.remarks.push(fault.remark(name));
            Ok(database)
        }
        Ok(()) => Ok(database),
    }
}

/// Whether the file may be a dump: what it begins with.
pub(super) fn is_like(file: &[u8]) -> bool {
    let start = file.get(..file.len().min(1024)).unwrap_or_default();
    let start = String::from_utf8_lossy(start);
    let mut lines = start
        .lines()
        .filter(|line| !line.trim().is_empty() && !is_time(line));
    lines.next().is_some_and(|line| {
        caption(line).is_some()
            || line.starts_with("_uuid")
            || is_padded_cell(line)
            || line.starts_with("{\"caption\":")
            || line.starts_with("{\"data\":")
            || line.trim() == "{"
                && lines
                    .next()
                    .is_some_and(|line| line.contains("\"caption\""))
    })
}

/// One table of the format json.
#[derive(Deserialize)]
struct JsonTable<'f> {
    #[serde(borrow)]
    caption: Option<Cow<'f, str>>,
    #[serde(borrow)]
    headings: Vec<Cow<'f, str>>,
    #[serde(borrow)]
    data: Vec<Vec<&'f RawValue>>,
}

fn json(text: &str, database: &mut StoredDatabase) -> Result<(), Fault> {
    let mut tables = serde_json::Deserializer::from_str(text).into_iter::<JsonTable<'_>>();
    loop {
        let at = tables.byte_offset();
        let wrong = |what: String| Fault::at_byte(at, what);
        let Some(table) = tables.next() else {
            return Ok(());
        };
        let table = table.map_err(|error| wrong(format!("malformed table: {error}")))?;
        let columns: Vec<&str> = table.headings.iter().map(|name| &**name).collect();
        if !columns.iter().all(|name| is_id(name)) {
            return Err(wrong(MALFORMED_HEADINGS.to_owned()));
        }
        let name = match &table.caption {
            Some(line) => caption(line).map(str::to_owned),
            None => table_of(&columns).map(str::to_owned),
        };
        let name = name.ok_or_else(|| wrong("a table without a known name".to_owned()))?;
        let rows = database.tables.entry(name).or_default();
        for cells in table.data {
            if cells.len() != columns.len() {
                return Err(wrong(format!(
                    "{} cells in {} columns",
                    cells.len(),
                    columns.len()
                )));
            }
            let mut row: BTreeMap<&str, &RawValue> = columns.iter().copied().zip(cells).collect();
            let uuid = row.remove("_uuid");
            let uuid = uuid.and_then(|uuid| serde_json::from_str::<Uuid>(uuid.get()).ok());
            let uuid = uuid.ok_or_else(|| wrong(NO_UUID.to_owned()))?;
            rows.insert(uuid, row.into_iter().collect());
        }
    }
}

/// How the rows of a table are printed.
enum Format<'f> {
    /// A line for each column.
    List,
    /// Columns at fixed offsets: their first bytes and lengths.
    Table(Vec<&'f str>, Vec<(usize, usize)>),
    /// Cells separated by commas.
    Csv(Vec<Cow<'f, str>>),
}

fn lines(text: &str, database: &mut StoredDatabase) -> Result<(), Fault> {
    let numbered = text.split_inclusive('\n').zip(1..);
    let mut lines = numbered
        .map(|(line, number)| {
            (
                number,
                line.trim_end_matches(['\n', '\r']),
                line.ends_with('\n'),
            )
        })
        .filter(|(_, line, _)| !is_time(line))
        .peekable();
    let mut table: Option<&str> = None;
    let mut format: Option<Format<'_>> = None;
    // Of the format list: the row that is read, and the number of columns of the rows of each table.
    let mut cells: Cells<'_> = Vec::new();
    let mut widths = BTreeMap::new();
    let mut last = 0;
    while let Some((number, line, is_ended)) = lines.next() {
        last = number;
        let wrong = |what: &str| Fault::at_line(number, what);
        if line.trim().is_empty() {
            if !cells.is_empty() {
                let row = std::mem::take(&mut cells);
                let (name, width) = insert_listed(database, table, row).map_err(|w| wrong(&w))?;
                widths.insert(name, width);
            }
            format = None;
            continue;
        }
        if let Some(name) = caption(line).filter(|_| cells.is_empty()) {
            database.tables.entry(name.to_owned()).or_default();
            (table, format) = (Some(name), None);
            continue;
        }
        if !is_ended && !is_complete(line) {
            return Err(wrong("the line is cut off"));
        }
        let next = lines.peek().map(|(_, line, _)| *line).unwrap_or_default();
        let is_underlined = !next.is_empty() && next.bytes().all(|c| matches!(c, b'-' | b' '));
        // ovs-vsctl prints no blank line after the last row: the output of another command may follow.
        if begins_table(format.as_ref(), line, is_underlined) {
            format = None;
        }
        match &format {
            None => {
                if is_underlined {
                    lines.next();
                    let columns = offsets(next);
                    let name = |column: &(usize, usize)| slice(line, *column);
                    let names: Option<Vec<&str>> = columns.iter().map(name).collect();
                    let names = names.filter(|names| names.iter().all(|name| is_id(name)));
                    let names = names.ok_or_else(|| wrong(MALFORMED_HEADINGS))?;
                    format = Some(Format::Table(names, columns));
                } else if let Some(cell) = list_cell(line) {
                    cells.push(cell);
                    format = Some(Format::List);
                } else {
                    let names = csv(line).filter(|names| names.iter().all(|name| is_id(name)));
                    let names = names.ok_or_else(|| wrong(MALFORMED_HEADINGS))?;
                    if !names.iter().any(|name| name == "_uuid") {
                        return Err(wrong("no row of a table"));
                    }
                    format = Some(Format::Csv(names));
                }
            }
            Some(Format::List) => {
                let cell = list_cell(line).ok_or_else(|| wrong("no COLUMN: VALUE"))?;
                if cells.iter().any(|(column, _)| *column == cell.0) {
                    let row = std::mem::take(&mut cells);
                    let (name, width) =
                        insert_listed(database, table, row).map_err(|w| wrong(&w))?;
                    widths.insert(name, width);
                }
                cells.push(cell);
            }
            Some(Format::Table(names, columns)) => {
                let cell = |column| slice(line, column).map(Cow::from);
                let row: Option<Vec<_>> = columns.iter().map(|column| cell(*column)).collect();
                let row = row.ok_or_else(|| wrong("the row does not fit its columns"))?;
                let row: Cells<'_> = names.iter().map(|name| Cow::from(*name)).zip(row).collect();
                let name = name_of(table, &row).map_err(|what| wrong(&what))?;
                insert(database, name, row).map_err(|what| wrong(&what))?;
            }
            Some(Format::Csv(names)) => {
                let row = csv(line).filter(|row| row.len() == names.len());
                let row = row.ok_or_else(|| wrong("the row does not fit its columns"))?;
                let row: Cells<'_> = names.iter().cloned().zip(row).collect();
                let name = name_of(table, &row).map_err(|what| wrong(&what))?;
                insert(database, name, row).map_err(|what| wrong(&what))?;
            }
        }
    }
    if cells.is_empty() {
        return Ok(());
    }
    let wrong = |what: String| Fault::at_line(last, what);
    let name = name_of(table, &cells).map_err(wrong)?;
    // The other columns of a row that is cut off would count as empty.
    if widths.get(name).is_some_and(|width| *width != cells.len()) {
        return Err(wrong("the row is cut off".to_owned()));
    }
    insert(database, name, cells).map_err(wrong)
}

/// Whether a line after rows in a format has the headings of another table.
fn begins_table(format: Option<&Format<'_>>, line: &str, is_underlined: bool) -> bool {
    match format {
        Some(Format::Table(..)) => is_underlined,
        Some(Format::Csv(_)) => {
            csv(line).is_some_and(|cells| cells.iter().any(|cell| cell == "_uuid"))
        }
        _ => false,
    }
}

/// Whether the last line of a file without a line end is whole for certain: a word may be cut off.
fn is_complete(line: &str) -> bool {
    line.ends_with([']', '}', '"']) || line.ends_with("true") || line.ends_with("false")
}

/// The name of the table, which follows from the columns where it is not printed.
fn name_of<'t>(table: Option<&'t str>, cells: &Cells<'_>) -> Result<&'t str, String> {
    let columns: Vec<&str> = cells.iter().map(|(column, _)| &**column).collect();
    table
        .or_else(|| table_of(&columns))
        .ok_or_else(|| "the columns are of no known table".to_owned())
}

/// Adds a row to its table.
fn insert(database: &mut StoredDatabase, name: &str, cells: Cells<'_>) -> Result<(), String> {
    let mut row = BTreeMap::new();
    let mut uuid = None;
    for (column, text) in cells {
        let in_column = |what: String| format!("column {}: {what}", quoted(&column));
        if column == "_uuid" {
            uuid = Some(
                text.parse::<Uuid>()
                    .map_err(|error| in_column(error.to_string()))?,
            );
            continue;
        }
        let value: Datum = cell::read(&text).map_err(in_column)?;
        let value = to_raw_value(&value).map_err(|error| in_column(error.to_string()))?;
        row.insert(column, value);
    }
    let uuid = uuid.ok_or(NO_UUID)?;
    let row: StoredRow = row.into_iter().collect();
    match database.tables.get_mut(name) {
        Some(rows) => drop(rows.insert(uuid, row)),
        None => drop(
            database
                .tables
                .insert(name.to_owned(), [(uuid, row)].into()),
        ),
    }
    Ok(())
}

/// Adds a row of the format list; returns its table, and the number of its columns.
fn insert_listed(
    database: &mut StoredDatabase,
    table: Option<&str>,
    cells: Cells<'_>,
) -> Result<(String, usize), String> {
    let name = name_of(table, &cells)?.to_owned();
    let width = cells.len();
    insert(database, &name, cells)?;
    Ok((name, width))
}

/// Whether it can be the name of a table or column (RFC 7047, section 3.1 `<id>`).
fn is_id(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.is_empty() && name.len() <= LONGEST_ID && name.bytes().all(is_part)
}

/// `Port table`: the name of the table.
fn caption(line: &str) -> Option<&str> {
    let name = line.strip_suffix(" table")?;
    is_id(name).then_some(name)
}

/// `2025-11-29 11:55:15.123`, which `--timestamp` prints before a table.
fn is_time(line: &str) -> bool {
    let is_part = |c: u8| c.is_ascii_digit() || matches!(c, b'-' | b' ' | b':' | b'.');
    let has = |c| line.contains(c);
    line.len() >= 19 && has(':') && has('-') && has(' ') && line.bytes().all(is_part)
}

fn table_of(columns: &[&str]) -> Option<&'static str> {
    let found = TABLES.iter().find(|(column, _)| columns.contains(column));
    found.map(|(_, table)| *table)
}

/// `name                : p1`
fn list_cell(line: &str) -> Option<(Cow<'_, str>, Cow<'_, str>)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    is_id(name).then_some((name.into(), value.trim().into()))
}

/// Whether a line is a column of the format list as the tools print it: the name fills 20 columns.
fn is_padded_cell(line: &str) -> bool {
    let name = line.split_once(':').map_or("", |(name, _)| name);
    let value = line.get(name.len()..).unwrap_or_default();
    name.len() >= 20 && value.starts_with(": ") && is_id(name.trim_end())
}

/// The first byte and the length of each column, from the dashes below the headings.
fn offsets(dashes: &str) -> Vec<(usize, usize)> {
    let mut at = 0;
    let mut columns = Vec::new();
    for column in dashes.split(' ') {
        columns.push((at, column.len()));
        at += column.len() + 1;
    }
    columns
}

/// The text of a column, without the blanks that fill it; trailing blanks of a line are not printed.
fn slice(line: &str, (at, length): (usize, usize)) -> Option<&str> {
    let end = line.len().min(at + length);
    Some(line.get(at.min(end)..end)?.trim_end())
}

/// The cells of a line: `a,"b ""c"", d",e`.
fn csv(line: &str) -> Option<Vec<Cow<'_, str>>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after): (Cow<'_, str>, &str) = match rest.strip_prefix('"') {
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (cell, after) = rest.split_at_checked(end)?;
                (cell.into(), after)
            }
            Some(quoted) => {
                let mut cell = String::new();
                let mut quoted = quoted;
                loop {
                    let (part, after) = quoted.split_once('"')?;
                    cell.push_str(part);
                    match after.strip_prefix('"') {
                        Some(after) => {
                            cell.push('"');
                            quoted = after;
                        }
                        None => break (cell.into(), after),
                    }
                }
            }
        };
        cells.push(cell);
        if after.is_empty() {
            return Some(cells);
        }
        rest = after.strip_prefix(',')?;
    }
}
