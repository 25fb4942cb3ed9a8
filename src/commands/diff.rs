//! `ovs diff`: in what two hosts differ, or one at two times.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::rc::Rc;

use serde_json::Value;

use super::flow::{DifferencePrinter, SideSpelling, two_switches};
use super::group;
use super::spelling::Spelling;
use super::switch::SwitchArg;
use super::{Context, Exit, Failure, quoted};
use crate::base::json::Json;
use crate::base::saved::NOT_IN_REPORT;
use crate::base::shell::word;
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Takes as _, Value as Taken};
use crate::commands::effects::Outcome;
use crate::model::difference::configuration::{
    Configuration, ItemKind, SettingColumns, Settings, setting_columns,
};
use crate::model::difference::{ItemDifference, differences};
use crate::output::{ColourRole, ItemChange, escape};
use crate::ovsdb::notation::written;
use crate::ovsdb::schema::Schema;
use crate::ovsdb::{Atom, Select};
use crate::source::Host;
use crate::source::saved::{Report, SavedHost};
use crate::transport::Endpoints;

/// This host, as it is now.
const NOW: &str = "now";

/// Maximum number of columns named in a remark.
const MAX_NAMED: usize = 8;

const ABOUT: About = About::other().document(JsonDocument::HostChanges).remarks("\
Each of A and B is a saved host (a file of `ovs save`, a report, a file of the database, or anything else that --from \
takes), the endpoint of a database (unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT), or `now`: this host as it is. A file named \
now is ./now.

Compared are the settings of Open vSwitch, bridges, ports and interfaces in the database, and of the bridges that both \
have the flows and groups, by what they mean (as `ovs flow diff` and `ovs group diff` do). Rows are matched by their names, \
not by their UUIDs; controllers, queues and other rows without a name are compared as settings of the rows that refer to \
them. State, statistics, counters and ages are not compared. Flows refer to ports by number, and so differ if the number \
of a port does: that is the setting ofport of its interface.

A line that begins with - is of A, one with + of B. Of an item that both have, the settings that differ are printed. What \
one side does not have because it was not saved is a remark, no difference.

The exit code is 0 if there is no difference, 1 if there is one, and 2 or more after an error.")
    .examples("\
ovs diff before.tar.zst now
ovs diff monday.conf.db tuesday.conf.db
ovs diff sosreport-compute1.tar.xz sosreport-compute2.tar.xz
ovs diff before now --json | jq '.[] | select(.kind == \"port\")'");

// The arguments of `ovs diff`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// A saved host, the endpoint of a database, or now
    #[arg(takes = Taken::HOST_OR_FILE, value_name = "A")]
    first: String,

    /// A saved host, the endpoint of a database, or now
    #[arg(takes = Taken::HOST_OR_FILE, value_name = "B")]
    second: String,

    #[command(flatten)]
    spelling: Spelling,
}

/// One of the hosts.
struct Side<'a> {
    /// As it was named.
    name: &'a str,
    cx: Context,
    schema: Rc<Schema>,
}

impl Args {
    /// Runs it; the exit code is 1 if there is a difference.
    pub(super) async fn run(&self, cx: &Context) -> Result<Exit, Failure> {
        match self.compare(cx).await {
            Ok(true) => Ok(Exit::Done),
            Ok(false) => Ok(Exit::Failed),
            Err(failure) => Err(failure.of_comparison()),
        }
    }

    /// Prints what differs; returns whether nothing does.
    async fn compare(&self, cx: &Context) -> Result<bool, Failure> {
        if cx.format.columns.is_some() {
            let message = "diff prints whole differences, no columns";
            return Err(Failure::new(Exit::Usage, message).hint("--json and jq pick members"));
        }
        let sides = [
            Side::open(cx, &self.first).await?,
            Side::open(cx, &self.second).await?,
        ];
        let columns = common_columns(cx, &sides);
        let [first, second] = &sides;
        // That of rows without a schema knows no defaults.
        let schema = if first.schema.is_partial {
            &second.schema
        } else {
            &first.schema
        };
        let progress = cx.progress("reading the databases");
        let (before, after) = tokio::try_join!(
            Box::pin(first.configuration(&columns, schema)),
            Box::pin(second.configuration(&columns, schema))
        )?;
        drop(progress);

        let mut printer = DifferencePrinter::new(cx);
        let items = differences(&before, &after);
        let mut are_same = items.is_empty();
        for item in &items {
            print_item(&mut printer, item)?;
        }
        let bridges = |configuration: &Configuration| -> BTreeSet<String> {
            let items = configuration.items.keys();
            let bridges = items.filter(|(kind, _)| *kind == ItemKind::Bridge);
            bridges.map(|(_, name)| name.clone()).collect()
        };
        let mut unknown = Vec::new();
        for bridge in bridges(&before).intersection(&bridges(&after)) {
            for is_same in [
                self.flows(bridge, &sides, &mut printer).await,
                self.groups(bridge, &sides, &mut printer).await,
            ] {
                are_same &= match is_same {
                    Err(failure) if failure.message.contains(NOT_IN_REPORT) => {
                        let what = failure.message.split(NOT_IN_REPORT).last();
                        unknown.push(what.unwrap_or_default().to_owned());
                        true
                    }
                    is_same => is_same?,
                };
            }
        }
        if !unknown.is_empty() {
            cx.remark(&format!(
                "not compared, {NOT_IN_REPORT}{}",
                some_of(unknown)
            ));
        }
        printer.finish()?;
        Ok(are_same)
    }

    /// Compares the flows of a bridge; returns whether they are the same.
    async fn flows(
        &self,
        bridge: &str,
        [first, second]: &[Side<'_>; 2],
        printer: &mut DifferencePrinter<'_>,
    ) -> Result<bool, Failure> {
        let args = [
            SwitchArg::parse(&first.cx, bridge)?,
            SwitchArg::parse(&second.cx, bridge)?,
        ];
        let sides = [(&first.cx, &args[0]), (&second.cx, &args[1])];
        let (comparison, names) = Box::pin(two_switches(sides)).await?;
        let [first, second] =
            [(&first.cx, &names[0]), (&second.cx, &names[1])].map(|(cx, names)| SideSpelling {
                names,
                ports: self.spelling.ports(),
                style: self.spelling.style(cx),
            });
        let differences = comparison.differences();
        for difference in &differences {
            let before = difference.base.and_then(|at| comparison.base.get(at));
            let after = difference.other.and_then(|at| comparison.others.get(at));
            printer.add(Some(bridge), before, after, [first, second])?;
        }
        Ok(differences.is_empty())
    }

    /// Compares the groups of a bridge; returns whether they are the same.
    async fn groups(
        &self,
        bridge: &str,
        [first, second]: &[Side<'_>; 2],
        printer: &mut DifferencePrinter<'_>,
    ) -> Result<bool, Failure> {
        let sides = [(&first.cx, bridge), (&second.cx, bridge)];
        let (a, b) = Box::pin(group::two_switches(sides)).await?;
        let mut are_same = true;
        for (before, after) in group::differences(&a, &b) {
            are_same = false;
            let texts = [(before, &a), (after, &b)];
            let texts = texts.map(|(group, side)| (group, side.text(&self.spelling, &first.cx)));
            printer.record(
                |out| {
                    for ((group, text), (change, mark)) in texts.iter().zip(MARKS) {
                        if let Some(group) = group {
                            out.mark(change, ColourRole::Plain, mark);
                            out.text.push_str("group ");
                            out.text.push_str(&escape(bridge));
                            out.text.push_str(": ");
                            group.text(out, text);
                            out.text.push('\n');
                        }
                    }
                },
                |json| {
                    json.key("kind");
                    json.word("group");
                    json.key("bridge");
                    json.string(bridge);
                    json.key("change");
                    json.word(outcome(before.is_some(), after.is_some()).word());
                    for ((group, text), key) in texts.iter().zip(["before", "after"]) {
                        if let Some(group) = group {
                            json.key(key);
                            group.json(json, text);
                        }
                    }
                },
            )?;
        }
        Ok(are_same)
    }
}

const MARKS: [(ItemChange, &str); 2] = [(ItemChange::Gone, "-"), (ItemChange::New, "+")];

impl<'a> Side<'a> {
    async fn open(cx: &Context, name: &'a str) -> Result<Side<'a>, Failure> {
        let is_endpoint = ["unix:", "tcp:", "ssl:"]
            .iter()
            .any(|scheme| name.starts_with(scheme));
        let host = if name == NOW {
            cx.host.clone()
        } else if is_endpoint {
            let endpoints = Endpoints::parse(name, None);
            let endpoints =
                endpoints.map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
            cx.host.at(endpoints)
        } else {
            if !Path::new(name).exists() {
                let message = format!("no file {}", quoted(name));
                return Err(Failure::new(Exit::NotFound, message).hint(
                    "A and B are a saved host, unix:PATH, tcp:HOST:PORT, or now; `ovs save FILE` saves this one",
                ));
            }
            let report = Report::open(&[name.to_owned()])?;
            Host::saved(SavedHost::new(report))
        };
        let cx = cx.of_host(&host);
        let schema = cx.database.schema().await?;
        Ok(Side { name, cx, schema })
    }

    async fn configuration(
        &self,
        columns: &SettingColumns,
        schema: &Schema,
    ) -> Result<Configuration, Failure> {
        let known = setting_columns(&self.schema);
        let selects = columns.iter().filter_map(|(table, columns)| {
            let columns = columns.intersection(known.get(table)?);
            let columns = columns.map(String::as_str);
            let columns: Vec<&str> = ["_uuid"].into_iter().chain(columns).collect();
            Some(Select::columns(table, &columns))
        });
        let rows = self.cx.database.select(selects.collect()).await?;
        Ok(Configuration::of(schema, &rows.concat()))
    }
}

/// The columns of settings that both sides know; what one alone knows is a remark.
fn common_columns(cx: &Context, sides: &[Side<'_>; 2]) -> SettingColumns {
    let [mut first, mut second] = sides.each_ref().map(|side| {
        let mut columns = setting_columns(&side.schema);
        for columns in columns.values_mut() {
            columns.remove("_uuid");
        }
        columns
    });
    // Of rows without a schema, a table without rows has no columns.
    for (table, columns) in &mut first {
        let others = second.entry(table.clone());
        if let Entry::Occupied(mut others) = others {
            if columns.is_empty() {
                columns.clone_from(others.get());
            } else if others.get().is_empty() {
                others.get_mut().clone_from(columns);
            }
        }
    }
    for (side, columns, others) in [(&sides[1], &second, &first), (&sides[0], &first, &second)] {
        let mut unknown = Vec::new();
        for (table, others) in others {
            match columns.get(table) {
                None => unknown.push(table.clone()),
                Some(columns) => {
                    let missing = others.difference(columns);
                    unknown.extend(missing.map(|column| format!("{table}.{column}")));
                }
            }
        }
        if !unknown.is_empty() {
            let what = match side.cx.host.reach.saved() {
                Some(_) => "not in the report",
                None => "not in the schema",
            };
            let (name, unknown) = (word(side.name), some_of(unknown));
            cx.remark(&format!("not compared, {what} of {name}: {unknown}"));
        }
    }
    let tables = first.into_iter().filter_map(|(table, columns)| {
        let others = second.get(&table)?;
        Some((table, columns.intersection(others).cloned().collect()))
    });
    tables.collect()
}

/// The first of a list, and how many more there are.
fn some_of(mut all: Vec<String>) -> String {
    let more = all.len().saturating_sub(MAX_NAMED);
    all.truncate(MAX_NAMED);
    let named = all.join(", ");
    match more {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn outcome(is_before: bool, is_after: bool) -> Outcome {
    match (is_before, is_after) {
        (false, _) => Outcome::Added,
        (_, false) => Outcome::Removed,
        (true, true) => Outcome::Modified,
    }
}

fn print_item(printer: &mut DifferencePrinter<'_>, item: &ItemDifference) -> Result<(), Failure> {
    let sides = [&item.before, &item.after];
    printer.record(
        |out| {
            let are_both = sides.iter().all(|side| side.is_some());
            for (settings, (change, mark)) in sides.iter().zip(MARKS) {
                let shown = |settings: &&Settings| !(are_both && settings.is_empty());
                if let Some(settings) = settings.as_ref().filter(shown) {
                    out.mark(change, ColourRole::Plain, mark);
                    out.text.push_str(&line(item, settings));
                    out.text.push('\n');
                }
            }
        },
        |json| {
            json.key("kind");
            json.word(item.kind.word());
            json.key("name");
            json.string(&item.name);
            json.key("change");
            json.word(outcome(item.before.is_some(), item.after.is_some()).word());
            for (settings, key) in sides.iter().zip(["before", "after"]) {
                if let Some(settings) = settings {
                    json.key(key);
                    json.begin_object();
                    for (name, value) in settings {
                        json.key_of(name);
                        put_value(json, value);
                    }
                    json.end_object();
                }
            }
        },
    )
}

/// Writes a value of any kind.
fn put_value(json: &mut Json<'_>, value: &Value) {
    match value {
        Value::Null => json.null(),
        Value::Bool(is_set) => json.bool(*is_set),
        Value::Number(number) => json.value_of(|out| out.push_str(&number.to_string())),
        Value::String(text) => json.string(text),
        Value::Array(values) => {
            json.begin_array();
            for value in values {
                put_value(json, value);
            }
            json.end_array();
        }
        Value::Object(members) => {
            json.begin_object();
            for (name, value) in members {
                json.key_of(name);
                put_value(json, value);
            }
            json.end_object();
        }
    }
}

/// `port p1 bridge=br-int tag=5`
fn line(item: &ItemDifference, settings: &Settings) -> String {
    let mut line = item.kind.word().to_owned();
    if !item.name.is_empty() {
        line.push(' ');
        line.push_str(&written(&Atom::String(item.name.clone())));
    }
    for (name, value) in settings {
        let value = match value {
            Value::String(text) => written(&Atom::String(text.clone())),
            other => other.to_string(),
        };
        line.extend([" ", name, "=", &value]);
    }
    escape(&line)
}
