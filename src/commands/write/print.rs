//! The report of a change.

use super::applied::State;
use crate::base::json::Json;
use crate::base::secret::masked;
use crate::commands::{Context, Exit, Failure};
use crate::output::{Cell, ColourRole, Column, Mode, Shape};
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::{Atom, Datum, Operation, Uuid};
use crate::plan::Edit;
use crate::plan::report::{Difference, Object, Verb};

/// A changed object, with its state in the switch.
pub(super) struct ChangedObject {
    pub(super) object: Object,
    /// Known once the change is written.
    pub(super) uuid: Option<Uuid>,
    /// The cell of a missing value: `null` in JSON; in text it would be invisible.
    absent: Cell,
    ofports: Vec<i64>,
    errors: Vec<String>,
}

/// An object of a switch that changes.
#[derive(Debug, Clone)]
pub(in crate::commands) struct SwitchChange {
    /// `port`, `table`, `flows`
    pub(in crate::commands) kind: &'static str,
    /// Its name.
    pub(in crate::commands) name: String,
    /// The switch.
    pub(in crate::commands) switch: String,
    /// The OpenFlow number of a port.
    pub(in crate::commands) ofport: Option<u32>,
    /// What changes.
    pub(in crate::commands) columns: Vec<Difference>,
    /// Why it did not.
    pub(in crate::commands) error: Option<String>,
}

impl SwitchChange {
    /// The changed object.
    pub(super) fn object(self, cx: &Context) -> ChangedObject {
        let object = Object {
            row: None,
            verb: Verb::Changed,
            kind: self.kind.to_owned(),
            name: Some(self.name),
            bridge: Some(self.switch),
            interfaces: Vec::new(),
            columns: self.columns,
        };
        // The number of LOCAL is that of the database.
        let ofport = self.ofport.map(|number| i64::from(number & 0xffff));
        ChangedObject::new(cx, object, ofport, self.error)
    }
}

/// The objects that a plan changes.
pub(super) fn lines(cx: &Context, edit: &Edit<'_>) -> Vec<ChangedObject> {
    let line = |object| ChangedObject::new(cx, object, None, None);
    edit.report().into_iter().map(line).collect()
}

impl ChangedObject {
    /// An object with its OpenFlow number and the error of the switch, as far as known.
    pub(super) fn new(
        cx: &Context,
        object: Object,
        ofport: Option<i64>,
        error: Option<String>,
    ) -> ChangedObject {
        ChangedObject {
            object,
            uuid: None,
            absent: if cx.format.is_json() {
                Cell::Absent
            } else {
                Cell::text("-")
            },
            ofports: ofport.into_iter().collect(),
            errors: error.into_iter().collect(),
        }
    }

    /// Its name, or its UUID if known.
    fn name(&self) -> Cell {
        match (&self.object.name, self.uuid) {
            (Some(name), _) => Cell::text(name),
            (None, Some(uuid)) => Cell::text(uuid.to_string()),
            (None, None) => Cell::text("new"),
        }
    }

    /// The name and UUID of a port that was added.
    pub(super) fn added_port(&self) -> Option<(&str, Uuid)> {
        let is_port = self.object.verb == Verb::Added && self.object.kind == "port";
        let name = self.object.name.as_deref().filter(|_| is_port)?;
        Some((name, self.uuid?))
    }

    /// Whether it is an added port, or an interface of one: they exist or fail together.
    pub(super) fn goes_with_port(&self) -> bool {
        let object = &self.object;
        object.verb == Verb::Added && ["port", "interface"].contains(&object.kind.as_str())
    }

    pub(super) fn learn(&mut self, states: &[State]) {
        let own = |state: &&State| self.object.interfaces.contains(&state.row);
        for state in states.iter().filter(own) {
            self.ofports.extend(state.ofport);
            self.errors.extend(state.error.clone());
        }
    }

    fn values(&self, side: impl Fn(&Difference) -> Option<&Datum>) -> Cell {
        let mut pairs = Vec::new();
        for difference in &self.object.columns {
            let Some(datum) = side(difference) else {
                continue;
            };
            let column = &difference.column;
            match cell(column, datum) {
                Cell::Absent => pairs.push((column.clone(), self.absent.clone())),
                Cell::Map(values) if self.names_keys() => {
                    for key in difference.keys() {
                        let key = key_text(key);
                        let value = values.iter().find(|(name, _)| *name == key);
                        let value = value.map_or(&self.absent, |(_, value)| value);
                        pairs.push((format!("{column}:{key}"), value.clone()));
                    }
                }
                cell => pairs.push((column.clone(), cell)),
            }
        }
        Cell::Map(pairs)
    }

    /// Whether each changed key of a map is printed as `column:key`, as it is typed. In JSON maps are objects.
    fn names_keys(&self) -> bool {
        self.object.verb == Verb::Changed && self.absent != Cell::Absent
    }
}

pub(super) fn columns() -> Vec<Column<ChangedObject>> {
    // The names of these columns are their meanings.
    let column =
        |name, shape, cell: fn(&ChangedObject) -> Cell| Column::new(name, cell).is(shape, "");
    vec![
        column(
            "change",
            Shape::Words(&["added", "changed", "removed"]),
            |line: &ChangedObject| Cell::text(line.object.verb.word()),
        )
        .role(ColourRole::Kind),
        column(
            "kind",
            Shape::Pattern("^[a-z0-9_]+$"),
            |line: &ChangedObject| Cell::text(&line.object.kind),
        )
        .drop(6),
        column("name", Shape::Text, ChangedObject::name).role(ColourRole::Name),
        column("bridge", Shape::TEXT_OR_NULL, |line: &ChangedObject| {
            Cell::from(line.object.bridge.as_deref())
        })
        .drop(5),
        column(
            "ofport",
            Shape::AnyOf(&[Shape::OFPORT_OR_NULL, Shape::List(&Shape::UpTo(u16::MAX))]),
            |line: &ChangedObject| match line.ofports.as_slice() {
                [] => Cell::Absent,
                [only] => Cell::from(*only),
                several => Cell::List(several.iter().map(|number| Cell::from(*number)).collect()),
            },
        )
        .role(ColourRole::Number)
        .drop(4),
        column(
            "before",
            Shape::Map(&Shape::DatabaseValue),
            |line: &ChangedObject| line.values(|difference| difference.before.as_ref()),
        )
        .wrap(),
        column(
            "after",
            Shape::Map(&Shape::DatabaseValue),
            |line: &ChangedObject| line.values(|difference| difference.after.as_ref()),
        )
        .wrap(),
        column(
            "error",
            Shape::TEXT_OR_NULL,
            |line: &ChangedObject| match line.errors.as_slice() {
                [] => Cell::Absent,
                errors => Cell::text(errors.join("; ")),
            },
        )
        .role(ColourRole::Error)
        .wrap(),
        column(
            "uuid",
            Shape::OrNull(&Shape::Uuid),
            |line: &ChangedObject| Cell::from(line.uuid.map(|uuid| uuid.to_string())),
        )
        .extra(),
    ]
}

/// Columns that hold any number of values are lists even with one value.
const SETS: [&str; 15] = [
    "openflow_config",
    "bridges",
    "ports",
    "trunks",
    "cvlans",
    "protocols",
    "controller",
    "interfaces",
    "mirrors",
    "flood_vlans",
    "targets",
    "select_src_port",
    "select_dst_port",
    "select_vlan",
    "manager_options",
];

/// A key of a map, which is a string or an integer in every table of Open vSwitch.
fn key_text(key: &Atom) -> String {
    match key {
        Atom::String(text) => text.clone(),
        Atom::Integer(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn cell(column: &str, datum: &Datum) -> Cell {
    let atom = |atom: &Atom| match atom {
        Atom::Integer(number) => Cell::from(*number),
        Atom::Real(number) => Cell::text(number.to_string()),
        Atom::Boolean(truth) => Cell::Bool(*truth),
        Atom::String(text) => Cell::text(text),
        Atom::Uuid(uuid) => Cell::text(uuid.to_string()),
        Atom::NamedUuid(name) => Cell::text(name),
    };
    match datum {
        Datum::Atom(only) if SETS.contains(&column) => Cell::List(vec![atom(only)]),
        Datum::Atom(only) => atom(only),
        Datum::Set(atoms) if atoms.is_empty() && !SETS.contains(&column) => Cell::Absent,
        Datum::Set(atoms) => {
            let integer = |atom: &Atom| match atom {
                Atom::Integer(number) => Some(*number),
                _ => None,
            };
            let integers: Option<Vec<i64>> = atoms.iter().map(integer).collect();
            integers.map_or_else(
                || Cell::List(atoms.iter().map(atom).collect()),
                Cell::Integers,
            )
        }
        Datum::Map(pairs) => {
            let pair = |(k, v): &(Atom, Atom)| match (key_text(k), v) {
                (key, Atom::String(text)) => {
                    let text = masked(&key, text).into_owned();
                    (key, Cell::Text(text))
                }
                (key, other) => (key, atom(other)),
            };
            let mut cells: Vec<(String, Cell)> = pairs.iter().map(pair).collect();
            cells.sort_by(|a, b| a.0.cmp(&b.0));
            Cell::Map(cells)
        }
    }
}

/// Prints the changes. In table mode, no change is stated; with `--quiet` only JSON is printed.
pub(super) fn print_changes(cx: &Context, text: &str, nothing: bool) -> Result<(), Failure> {
    match cx.format.mode {
        Mode::Json | Mode::Jsonl => cx.print(text),
        _ if cx.quiet => Ok(()),
        Mode::Table | Mode::Text if nothing => cx.print("unchanged\n"),
        Mode::Table | Mode::Text | Mode::Raw => cx.print(text),
    }
}

/// Prints what would change; in JSON with the transaction.
pub(super) fn print_plan(
    cx: &Context,
    edit: &Edit<'_>,
    then: Option<Vec<SwitchChange>>,
    operations: &[Operation],
) -> Result<(), Failure> {
    let mut all = lines(cx, edit);
    let then = then.into_iter().flatten();
    all.extend(then.map(|change| change.object(cx)));
    print_plan_of(cx, &all, operations)
}

/// Prints these changes as a plan.
pub(super) fn print_plan_of(
    cx: &Context,
    lines: &[ChangedObject],
    operations: &[Operation],
) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let changes = view.list(lines);
    if !cx.format.is_json() {
        print_changes(cx, &changes, lines.is_empty())?;
        cx.remark("dry run: nothing is written");
        return Ok(());
    }
    let mut transaction = Vec::new();
    for operation in operations {
        let text = serde_json::to_string(operation).map_err(|error| {
            Failure::new(
                Exit::Failed,
                format!("cannot print the transaction: {error}"),
            )
        })?;
        transaction.push(text);
    }
    let changes = match cx.format.mode {
        Mode::Jsonl => format!("[{}]", changes.trim_end().replace('\n', ",")),
        _ => changes.trim_end().to_owned(),
    };
    let mut out = String::new();
    let mut json = Json::new(&mut out);
    json.begin_object();
    json.key("changes");
    json.value_of(|out| out.push_str(&changes));
    json.key("transaction");
    json.begin_array();
    json.string(OPEN_VSWITCH);
    for operation in &transaction {
        json.value_of(|out| out.push_str(operation));
    }
    json.end_array();
    json.end_object();
    out.push('\n');
    cx.print(&out)
}
