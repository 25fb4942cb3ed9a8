//! `ovs dump-tables`: the flow tables of a switch, with their numbers of flows and lookups.

use super::switch::{SwitchArg, or_unknown};
use super::{Context, Failure};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::names::TABLE_CUT;
use crate::openflow::messages::tables::{TableFeatures, TableStats};
use crate::output::{Cell, ColourRole, Column, Mode, Shape, headings};
use crate::source::SwitchError;

// The arguments of `ovs dump-tables`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// Include empty tables without a name and without lookups
    #[arg(short, long)]
    all: bool,
}

const ABOUT: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks(
        "\
A table that is empty, has no name of its own and was never looked up is left out, unless --all is \
given.",
    )
    .examples(
        "\
ovs dump-tables br-int
ovs dump-tables br-int --all --json
ovs dump-tables br-int -g active
ovs dump-flows br-int --table 20                   the flows of one",
    );

/// One table.
struct FlowTableRow {
    stats: TableStats,
    features: Option<TableFeatures>,
    /// Whether the features of the switch's tables were not saved.
    is_without_features: bool,
    /// Whether neither these nor the names in the database were saved.
    is_without_names: bool,
    /// The name in the database, if it was looked up.
    whole_name: Option<String>,
}

impl FlowTableRow {
    /// The name that was set by a user or controller.
    fn name(&self) -> Option<&str> {
        if let Some(name) = &self.whole_name {
            return Some(name);
        }
        let features = self.features.as_ref()?;
        features.has_own_name().then_some(features.name.as_str())
    }

    /// Whether the name fills the field that OpenFlow has for it.
    fn may_be_cut(&self) -> bool {
        // The incomplete last character was removed: at most three bytes.
        self.name().is_some_and(|name| name.len() + 3 >= TABLE_CUT)
    }

    fn is_used(&self) -> bool {
        self.stats.active > 0 || self.stats.lookups > 0 || self.name().is_some()
    }

    /// What the features say; unknown if they were not saved.
    fn feature(&self, cell: Cell) -> Cell {
        match self.features {
            None if self.is_without_features => Cell::Unknown,
            _ => cell,
        }
    }

    fn metadata(&self) -> Option<(u64, u64)> {
        self.features.as_ref()?.metadata()
    }
}

fn columns() -> Vec<Column<FlowTableRow>> {
    vec![
        Column::new("table", |line: &FlowTableRow| {
            Cell::from(line.stats.table_id)
        })
        .whole("the table's number")
        .role(ColourRole::Number)
        .identity(),
        Column::new("name", |line: &FlowTableRow| match line.name() {
            None if line.is_without_names => Cell::Unknown,
            name => Cell::from(name),
        })
        .text_or_null("the table's name, if it has one")
        .role(ColourRole::Name)
        .in_general("the name"),
        Column::new("active", |line: &FlowTableRow| {
            Cell::from(line.stats.active)
        })
        .whole("how many flows are in the table"),
        Column::new("lookups", |line: &FlowTableRow| {
            Cell::from(line.stats.lookups)
        })
        .whole("how many packets were looked up in the table")
        .counter(),
        Column::new("matched", |line: &FlowTableRow| {
            Cell::from(line.stats.matched)
        })
        .whole("how many packets matched a flow; in port find what of the port was found")
        .counter(),
        Column::new("max_entries", |line: &FlowTableRow| {
            let features = line.features.as_ref();
            line.feature(Cell::from(features.map(|features| features.max_entries)))
        })
        .whole_or_null("how many flows the table has room for")
        .drop(1),
        Column::new("metadata_match", |line: &FlowTableRow| {
            let bits = line.metadata();
            line.feature(bits.map_or(Cell::Absent, |(bits, _)| Cell::Hex64(bits)))
        })
        .is(
            Shape::OrNull(&Shape::Hex),
            "the bits of metadata that flows of the table can match",
        )
        .extra(),
        Column::new("metadata_write", |line: &FlowTableRow| {
            let bits = line.metadata();
            line.feature(bits.map_or(Cell::Absent, |(_, bits)| Cell::Hex64(bits)))
        })
        .is(
            Shape::OrNull(&Shape::Hex),
            "the bits of metadata that flows of the table can write",
        )
        .extra(),
    ]
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let switch = SwitchArg::parse(cx, &self.switch)?;
        let mut connected = switch.connect(cx).await?;
        let version = connected.version();
        let stats = connected.table_stats().await;
        let stats =
            stats.map_err(|error| switch.unsupported("table statistics", version, error))?;
        // The names decide which tables are shown, so the features are needed unless few columns are.
        let counters = ["table", "active", "lookups", "matched"];
        let has_names = !(self.all && view.shows_only(&counters));
        let mut is_without_features = false;
        let features = if has_names {
            match connected.table_features().await {
                // A switch may not support the request.
                Err(SwitchError::Refused(_)) => Vec::new(),
                features => {
                    is_without_features = matches!(features, Err(SwitchError::NotSaved(_)));
                    or_unknown(cx, features).map_err(|error| switch.failure(error))?
                }
            }
        } else {
            Vec::new()
        };
        let of_names = ["Bridge.flow_tables", "Flow_Table._uuid"];
        let is_without_names = is_without_features && !cx.format.not_saved.of(&of_names).is_empty();
        let mut lines: Vec<FlowTableRow> = stats
            .into_iter()
            .map(|mut stats| {
                let told = features
                    .iter()
                    .find(|features| features.table_id == stats.table_id);
                FlowTableRow {
                    features: stats.features.take().or_else(|| told.cloned()),
                    stats,
                    is_without_features,
                    is_without_names,
                    whole_name: None,
                }
            })
            .collect();
        // OpenFlow truncates names, or they were not saved of it; the database has them in full.
        let is_told = |line: &FlowTableRow| line.features.is_some() && !line.may_be_cut();
        if has_names && !lines.iter().all(is_told) {
            let names = switch.whole_table_names(cx).await;
            for line in &mut lines {
                line.whole_name = names.get(line.stats.table_id).map(str::to_owned);
            }
        }
        lines.sort_by_key(|line| line.stats.table_id);
        let all = lines.len();
        if !self.all {
            lines.retain(FlowTableRow::is_used);
        }
        let hidden = all - lines.len();
        cx.print_list(&view, &lines, "tables in use")?;
        if hidden > 0 && cx.format.mode == Mode::Table {
            cx.remark(&format!(
                "{hidden} unused tables are left out; --all lists them"
            ));
        }
        Ok(())
    }
}
