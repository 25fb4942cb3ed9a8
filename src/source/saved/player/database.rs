//! The database of a saved host, served as ovsdb-server does (RFC 7047 §4; ovsdb-server(7)): for clients that read.
//!
//! The values are the JSON that was saved: they are copied into a reply as they are.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::net::UnixStream;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json_rpc::{self, Refusal, Request};
use crate::base::terminal::push_string;
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::relation::Relation;
use crate::ovsdb::schema::{AtomicType, Schema, Table, Type};
use crate::ovsdb::stored::{StoredDatabase, StoredRow};
use crate::ovsdb::{Atom, Condition, Datum, Function, Uuid};
use crate::source::saved::{PartSource, SavedHost};

/// Replies to the requests of a client.
///
/// # Errors
///
/// The connection fails.
pub(super) fn serve(stream: UnixStream, host: &SavedHost) -> io::Result<()> {
    json_rpc::serve(stream, |request, out| {
        let database = host.report.database.as_ref();
        let database = database.ok_or_else(|| {
            let source = PartSource::Database;
            let report = &host.report;
            let words = report.missing_words("the database", source, OPEN_VSWITCH, None);
            Refusal::not_saved(&words)
        })?;
        let schema = host.schema.as_ref();
        let schema = schema.ok_or_else(|| Refusal::not_saved("the database's schema"))?;
        Server { database, schema }.answer(request, out)
    })
}

/// The database, and its tables.
struct Server<'h> {
    database: &'h StoredDatabase,
    schema: &'h Schema,
}

/// An operation of a transaction.
#[derive(Debug, Deserialize)]
struct Operation {
    op: String,
    #[serde(default)]
    table: String,
    #[serde(default, rename = "where")]
    when: Vec<Condition>,
    columns: Option<Vec<String>>,
    until: Option<String>,
    #[serde(default)]
    rows: Vec<BTreeMap<String, Datum>>,
}

/// What a monitor asks of a table.
#[derive(Debug, Deserialize)]
struct MonitorRequest {
    columns: Option<Vec<String>>,
    #[serde(default, rename = "where")]
    when: Vec<Condition>,
    #[serde(default)]
    select: MonitorSelect,
}

#[derive(Debug, Default, Deserialize)]
struct MonitorSelect {
    initial: Option<bool>,
}

impl Server<'_> {
    fn answer(&self, request: &Request<'_>, out: &mut String) -> Result<(), Refusal> {
        let params = request.params.get();
        match request.method.as_str() {
            "list_dbs" => {
                out.push('[');
                push_string(out, OPEN_VSWITCH);
                out.push(']');
                Ok(())
            }
            "echo" => {
                out.push_str(params);
                Ok(())
            }
            "get_schema" => {
                let [name]: [String; 1] = read(params)?;
                is_it(&name)?;
                let schema = self.database.schema.as_ref();
                let schema = schema.ok_or_else(|| Refusal::not_saved("the database's schema"))?;
                out.push_str(schema.get());
                Ok(())
            }
            "transact" => self.transact(params, out),
            "monitor_cond" => self.monitor(params, "initial", out),
            "monitor" => self.monitor(params, "new", out),
            method => Err(Refusal::new("unknown method", method)),
        }
    }

    fn transact(&self, params: &str, out: &mut String) -> Result<(), Refusal> {
        let params: Vec<&RawValue> = read(params)?;
        let mut params = params.iter();
        let name = params
            .next()
            .map_or(Ok(String::new()), |name| read(name.get()))?;
        is_it(&name)?;
        out.push('[');
        for (index, operation) in params.enumerate() {
            if index > 0 {
                out.push(',');
            }
            let begin = out.len();
            let done = read(operation.get()).and_then(|operation| self.run(&operation, out));
            if let Err(refusal) = done {
                out.truncate(begin);
                out.push_str(&serde_json::json!(refusal).to_string());
                break;
            }
        }
        out.push(']');
        Ok(())
    }

    fn run(&self, operation: &Operation, out: &mut String) -> Result<(), Refusal> {
        match operation.op.as_str() {
            "comment" => {
                out.push_str("{}");
                Ok(())
            }
            "select" => {
                let table = self.table(&operation.table)?;
                let columns = table.columns(operation.columns.as_deref())?;
                out.push_str("{\"rows\":[");
                let mut count = 0;
                table.each(&operation.when, |uuid, row| {
                    if count > 0 {
                        out.push(',');
                    }
                    count += 1;
                    put_row(&columns, uuid, row, true, out);
                })?;
                out.push_str("]}");
                Ok(())
            }
            "wait" => {
                let table = self.table(&operation.table)?;
                if table.is_met(operation)? {
                    out.push_str("{}");
                    Ok(())
                } else {
                    Err(Refusal::new("timed out", "a saved host does not change"))
                }
            }
            op => Err(Refusal::new(
                "not changed",
                format!("{op}: a saved host is not changed"),
            )),
        }
    }

    fn monitor(&self, params: &str, word: &str, out: &mut String) -> Result<(), Refusal> {
        type Requests = BTreeMap<String, Vec<MonitorRequest>>;
        let (name, _, requests): (String, &RawValue, Requests) = read(params)?;
        is_it(&name)?;
        out.push('{');
        let begin = out.len();
        for (name, requests) in &requests {
            let table = self.table(name)?;
            for request in requests {
                let mut columns = table.columns(request.columns.as_deref())?;
                // It is the key of the row.
                columns.retain(|column| column.name != UUID);
                if request.select.initial == Some(false) || table.rows().next().is_none() {
                    continue;
                }
                if out.len() > begin {
                    out.push(',');
                }
                push_string(out, name);
                out.push_str(":{");
                let mut count = 0;
                table.each(&request.when, |uuid, row| {
                    if count > 0 {
                        out.push(',');
                    }
                    count += 1;
                    out.push('"');
                    uuid.push(out);
                    out.push_str("\":{");
                    push_string(out, word);
                    out.push(':');
                    put_row(&columns, uuid, row, word == "new", out);
                    out.push('}');
                })?;
                out.push('}');
            }
        }
        out.push('}');
        Ok(())
    }

    fn table(&self, name: &str) -> Result<TableRows<'_>, Refusal> {
        let mut tables = self.schema.tables.iter();
        let schema = tables
            .find(|table| table.name == name)
            .ok_or_else(|| Refusal::new("syntax error", format!("No table named {name}.")))?;
        Ok(TableRows {
            schema,
            rows: self.database.tables.get(name),
        })
    }
}

/// A table.
struct TableRows<'h> {
    schema: &'h Table,
    rows: Option<&'h BTreeMap<Uuid, StoredRow>>,
}

/// A column of a reply.
struct ReplyColumn<'h> {
    /// Its name.
    name: String,
    /// Its name as JSON, with the colon after it.
    key: String,
    /// Its type.
    kind: &'h Type,
    /// Its value in a row that lacks it.
    default: &'static str,
}

const UUID: &str = "_uuid";

impl<'h> TableRows<'h> {
    fn rows(&self) -> impl Iterator<Item = (&Uuid, &StoredRow)> {
        self.rows.into_iter().flatten()
    }

    /// The type of a column.
    fn kind(&self, column: &str) -> Result<&'h Type, Refusal> {
        let mut columns = self.schema.columns.iter();
        let known = columns.find(|known| known.name == column && known.is_known);
        known.map(|column| &column.kind).ok_or_else(|| {
            Refusal::new(
                "unknown column",
                format!("No column {column} in table {}.", self.schema.name),
            )
        })
    }

    /// The named columns, or all.
    fn columns(&self, names: Option<&[String]>) -> Result<Vec<ReplyColumn<'h>>, Refusal> {
        let column = |name: &String| {
            let mut key = String::new();
            push_string(&mut key, name);
            key.push(':');
            let kind = self.kind(name)?;
            Ok(ReplyColumn {
                name: name.clone(),
                key,
                kind,
                default: default_of(kind),
            })
        };
        if let Some(names) = names {
            return names.iter().map(column).collect();
        }
        let known = self.schema.columns.iter().filter(|column| column.is_known);
        known.map(|known| column(&known.name)).collect()
    }

    /// Passes the rows that meet all conditions to `take`.
    fn each(
        &self,
        when: &[Condition],
        mut take: impl FnMut(Uuid, &StoredRow),
    ) -> Result<(), Refusal> {
        let mut conditions = Vec::new();
        for condition in when {
            conditions.push(PreparedCondition::new(condition, self.kind(&condition.0)?));
        }
        // One row by its UUID is the most frequent request.
        if let Some(uuid) = conditions.iter().find_map(PreparedCondition::uuid) {
            let row = self.rows.and_then(|rows| rows.get(&uuid));
            if let Some(row) = row
                && all_hold(&conditions, uuid, row)?
            {
                take(uuid, row);
            }
            return Ok(());
        }
        for (uuid, row) in self.rows() {
            if all_hold(&conditions, *uuid, row)? {
                take(*uuid, row);
            }
        }
        Ok(())
    }

    /// Whether the condition of a `wait` holds.
    fn is_met(&self, operation: &Operation) -> Result<bool, Refusal> {
        let columns = self.columns(operation.columns.as_deref())?;
        let mut found = Vec::new();
        let mut malformed = None;
        self.each(&operation.when, |uuid, row| {
            let values = columns.iter().map(|column| {
                let datum = datum_of(column, uuid, row);
                datum.map(|datum| (column.name.clone(), datum))
            });
            match values.collect::<Result<BTreeMap<_, _>, _>>() {
                Ok(values) => found.push(values),
                Err(error) => malformed = Some(error),
            }
        })?;
        if let Some(refusal) = malformed {
            return Err(refusal);
        }
        let is_same = |row: &BTreeMap<String, Datum>, other: &BTreeMap<String, Datum>| {
            columns.iter().all(|column| match other.get(&column.name) {
                Some(expected) => row
                    .get(&column.name)
                    .is_some_and(|value| Relation::Equal.holds(value, expected)),
                None => true,
            })
        };
        let are_equal = found.len() == operation.rows.len()
            && found
                .iter()
                .all(|row| operation.rows.iter().any(|other| is_same(row, other)))
            && operation
                .rows
                .iter()
                .all(|other| found.iter().any(|row| is_same(row, other)));
        Ok(are_equal == (operation.until.as_deref() != Some("!=")))
    }
}

/// A condition, with its operand in the type of the column.
struct PreparedCondition<'c> {
    column: &'c str,
    function: Function,
    operand: Datum,
    kind: &'c Type,
    default: &'static str,
}

impl<'c> PreparedCondition<'c> {
    fn new(condition: &'c Condition, kind: &'c Type) -> PreparedCondition<'c> {
        let Condition(column, function, operand) = condition;
        PreparedCondition {
            column,
            function: *function,
            operand: kind.of(operand.clone()),
            kind,
            default: default_of(kind),
        }
    }

    /// The only row that can meet it, if it names one.
    fn uuid(&self) -> Option<Uuid> {
        match (self.column, self.function, &self.operand) {
            (UUID, Function::Equal, Datum::Atom(Atom::Uuid(uuid))) => Some(*uuid),
            _ => None,
        }
    }

    fn holds(&self, uuid: Uuid, row: &StoredRow) -> Result<bool, Refusal> {
        let value = if self.column == UUID {
            uuid.into()
        } else {
            let json = row.get(self.column).map_or(self.default, RawValue::get);
            // Strings without escapes are compared as they are.
            let inner = json
                .strip_prefix('"')
                .and_then(|json| json.strip_suffix('"'));
            if let (Some(text), Some(inner), Function::Equal) =
                (self.operand.as_str(), inner, self.function)
                && !inner.contains('\\')
            {
                return Ok(inner == text);
            }
            self.kind.of(read(json)?)
        };
        Ok(match (self.function, &value) {
            (Function::Equal, value) => Relation::Equal.holds(value, &self.operand),
            (Function::Includes, value) => Relation::Superset.holds(value, &self.operand),
            (Function::Less, Datum::Atom(_)) => Relation::Less.holds(&value, &self.operand),
            (Function::Less, _) => false,
        })
    }
}

fn all_hold(
    conditions: &[PreparedCondition<'_>],
    uuid: Uuid,
    row: &StoredRow,
) -> Result<bool, Refusal> {
    for condition in conditions {
        if !condition.holds(uuid, row)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Appends a row. A column that it lacks has its default, or is left out.
fn put_row(
    columns: &[ReplyColumn<'_>],
    uuid: Uuid,
    row: &StoredRow,
    with_defaults: bool,
    out: &mut String,
) {
    out.push('{');
    let begin = out.len();
    let values = row.columns();
    for column in columns {
        let value = values.iter().rfind(|(name, _)| *name == column.name);
        let value = value.map(|(_, json)| json.get());
        let is_uuid = column.name == UUID;
        if value.is_none() && !with_defaults && !is_uuid {
            continue;
        }
        if out.len() > begin {
            out.push(',');
        }
        out.push_str(&column.key);
        if is_uuid {
            out.push_str("[\"uuid\",\"");
            uuid.push(out);
            out.push_str("\"]");
        } else {
            out.push_str(value.unwrap_or(column.default));
        }
    }
    out.push('}');
}

/// The value of a column of a row.
fn datum_of(column: &ReplyColumn<'_>, uuid: Uuid, row: &StoredRow) -> Result<Datum, Refusal> {
    if column.name == UUID {
        return Ok(uuid.into());
    }
    let json = row.get(&column.name);
    Ok(column
        .kind
        .of(read(json.map_or(column.default, RawValue::get))?))
}

/// The default value of a type (RFC 7047 §5.2.1).
fn default_of(kind: &Type) -> &'static str {
    match (kind.is_map(), kind.min, kind.key.kind) {
        (true, ..) => "[\"map\",[]]",
        (false, 0, _) => "[\"set\",[]]",
        (_, _, AtomicType::Integer | AtomicType::Real) => "0",
        (_, _, AtomicType::Boolean) => "false",
        (_, _, AtomicType::String) => "\"\"",
        (_, _, AtomicType::Uuid) => "[\"uuid\",\"00000000-0000-0000-0000-000000000000\"]",
    }
}

/// Reads JSON of a request or of the file.
fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Refusal> {
    serde_json::from_str(json).map_err(|error| Refusal::malformed(&error))
}

/// Refuses a request for another database.
fn is_it(name: &str) -> Result<(), Refusal> {
    if name == OPEN_VSWITCH {
        return Ok(());
    }
    Err(Refusal::new(
        "unknown database",
        format!("no database {name}"),
    ))
}
