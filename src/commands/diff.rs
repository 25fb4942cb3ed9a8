//! `ovs diff`: in what two hosts differ, or one at two times.
//!
//! | file | contents |
//! |---|---|
//! | `side` | a side: a host, as it is or as it was saved |
//! | `item` | rows of the configuration that differ, as they are printed |
//! | `entries` | flows, groups and meters that differ |

mod entries;
mod item;
mod side;

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use self::entries::EntryComparison;
use self::item::print_item;
use self::side::Side;
use super::flow::DifferencePrinter;
use super::spelling::Spelling;
use super::{Context, Exit, Failure};
use crate::base::saved::NOT_IN_REPORT;
use crate::base::shell::word;
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::model::difference::configuration::{
    Configuration, ItemKey, ItemKind, SettingColumns, setting_columns,
};
use crate::model::difference::{UnknownSecret, differences};

/// Maximum number of columns named in a remark.
const MAX_NAMED: usize = 8;

const ABOUT: About = About::other().document(JsonDocument::HostChanges).remarks("\
Each of A and B is `now`: the host of the command line as it is, that of --host, --via or --db, else this one; host:NAME: \
another host by ssh, with NAME as for --host; the endpoint of a database (unix:PATH, tcp:HOST:PORT, ssl:HOST:PORT); or the \
path of a saved host (a file of `ovs save`, a report, a file of the database, or anything else that --from takes). A file \
named now is ./now. --db unix:PATH is the socket of now and of each host:NAME.

Compared are the settings of Open vSwitch, bridges, ports and interfaces in the database, and of the bridges that both \
have the flows, groups and meters, by what they mean (as `ovs flow diff` and `ovs group diff` do). Of a bridge that only one \
has, the numbers of its flows, groups and meters are printed. Rows are matched by their names, not by their UUIDs; \
controllers, queues, zones of connection tracking and other rows without a name are compared as settings of the rows that refer \
to them; those that no row refers to are compared whole, as row TABLE. State, statistics, counters and ages are not compared. Flows refer to ports by number, and so differ if the number of a port does: that is the \
setting ofport of its interface.

A line that begins with - is of A, one with + of B. Of an item that both have, the settings that differ are printed. What \
one side does not have because it was not saved is a remark, no difference.

The exit code is 0 if there is no difference, 1 if there is one, and 2 or more after an error.")
    .examples("\
ovs diff before.tar.zst now
ovs --host compute1 diff before.tar.zst now
ovs diff host:compute1 host:compute2
ovs diff monday.conf.db tuesday.conf.db
ovs diff sosreport-compute1.tar.xz sosreport-compute2.tar.xz
ovs diff before now --json | jq '.[] | select(.kind == \"port\")'");

// The arguments of `ovs diff`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// A saved host, host:NAME, the endpoint of a database, or now
    #[arg(takes = Value::HOST_OR_FILE, value_name = "A")]
    first: String,

    /// A saved host, host:NAME, the endpoint of a database, or now
    #[arg(takes = Value::HOST_OR_FILE, value_name = "B")]
    second: String,

    #[command(flatten)]
    spelling: Spelling,
}

impl Args {
    /// The refusal of `--from`, with its arguments: the host as it is now is not a saved one.
    pub fn refused_from(&self, from: &[String]) -> Failure {
        let saved = match from {
            [saved] => saved,
            _ => "FILE",
        };
        let names_it = [&self.first, &self.second].contains(&&saved.to_owned());
        let sides = [&self.first, &self.second].map(|side| match side.as_str() {
            side::NOW if !names_it => word(saved),
            side => word(side),
        });
        let line = format!("`ovs diff {}`", sides.join(" "));
        let hint = match from {
            [_] => line,
            _ => format!("`ovs --from ... save FILE` makes one file of several, then {line}"),
        };
        let message = "diff has no --from: A and B name saved hosts themselves";
        Failure::new(Exit::Usage, message).hint(hint)
    }

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
        // A schema inferred from rows has no default values.
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
        let differences = differences(&before, &after);
        let mut are_same = differences.items.is_empty();
        for item in &differences.items {
            print_item(&mut printer, item)?;
        }
        let secrets = differences.unknown_secrets.iter();
        let bridges = |configuration: &Configuration| -> BTreeSet<String> {
            let keys = configuration.items.keys();
            let bridges = keys.filter(|key: &&ItemKey| key.kind == ItemKind::Bridge);
            bridges.map(|key| key.name.clone()).collect()
        };
        let (of_first, of_second) = (bridges(&before), bridges(&after));
        let mut entries = EntryComparison {
            sides: &sides,
            spelling: &self.spelling,
            printer: &mut printer,
            configurations: [&before, &after],
            unknown: secrets.map(secret_words).collect(),
            without_meters: Vec::new(),
        };
        for bridge in of_first.union(&of_second) {
            match (of_first.contains(bridge), of_second.contains(bridge)) {
                (true, true) => are_same &= entries.both(bridge).await?,
                (is_first, _) => entries.one(bridge, is_first).await?,
            }
        }
        let EntryComparison {
            unknown,
            without_meters,
            ..
        } = entries;
        if !unknown.is_empty() {
            let unknown = some_of(unknown);
            cx.remark(&format!("not compared, {NOT_IN_REPORT}{unknown}"));
        }
        if !without_meters.is_empty() {
            let bridges = some_of(without_meters);
            cx.remark(&format!(
                "not compared, meters need OpenFlow 1.3 or later: those of {bridges}"
            ));
        }
        printer.finish()?;
        Ok(are_same)
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

/// A secret that is not known: `options:psk of interface vx0`.
fn secret_words(secret: &UnknownSecret) -> String {
    let UnknownSecret {
        kind,
        name,
        setting,
    } = secret;
    let name = if name.is_empty() {
        ""
    } else {
        &format!(" {}", word(name))
    };
    format!("{setting} of {}{name}", kind.word())
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
