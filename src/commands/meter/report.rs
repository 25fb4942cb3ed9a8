//! The report of what became of meters.

use std::collections::BTreeSet;

use super::plan::MeterPlan;
use crate::commands::{Context, Failure};
use crate::openflow::messages::meters::{MeterConfig, meter_word};
use crate::output::{Cell, ColourRole, Column, Heading, Mode, Shape, headings};

/// What becomes of the meters that are named.
pub(super) struct Report {
    added: BTreeSet<u32>,
    modified: BTreeSet<u32>,
    pub(super) removed: BTreeSet<u32>,
    unchanged: BTreeSet<u32>,
}

impl Report {
    pub(super) fn new(plan: &MeterPlan) -> Report {
        let MeterPlan {
            before,
            after,
            named,
        } = plan;
        let of = |is: &dyn Fn(Option<&MeterConfig>, Option<&MeterConfig>) -> bool| {
            let meters = named
                .iter()
                .filter(|id| is(before.get(*id), after.get(*id)));
            meters.copied().collect()
        };
        Report {
            added: of(&|before, after| before.is_none() && after.is_some()),
            modified: of(&|before, after| before.is_some() && after.is_some() && before != after),
            removed: of(&|before, after| before.is_some() && after.is_none()),
            unchanged: of(&|before, after| before.is_some() && before == after),
        }
    }

    /// Prints the report; with `--quiet` only as JSON or raw values. `flows` is how many flows are removed.
    ///
    /// # Errors
    ///
    /// Stdout cannot be written.
    pub(super) fn print(
        &self,
        cx: &Context,
        switch: &str,
        flows: Option<u64>,
    ) -> Result<(), Failure> {
        if cx.quiet && matches!(cx.format.mode, Mode::Table | Mode::Text) {
            return Ok(());
        }
        let all = [
            ("added", &self.added),
            ("modified", &self.modified),
            ("removed", &self.removed),
            ("unchanged", &self.unchanged),
        ];
        // That nothing was asked for is said, too.
        let is_empty = all.iter().all(|(_, meters)| meters.is_empty());
        let is_shown = |(change, meters): &(&str, &BTreeSet<u32>)| {
            !meters.is_empty() || is_empty && *change == "unchanged"
        };
        let rows = all.into_iter().filter(is_shown);
        let rows: Vec<MeterRow> = rows
            .map(|(change, meters)| MeterRow {
                change,
                meters: meters.iter().copied().collect(),
                flows: flows.filter(|_| change == "removed"),
                switch: switch.to_owned(),
            })
            .collect();
        let columns = columns();
        let view = cx.format.view(&columns)?;
        cx.print_list(&view, &rows, "changes")
    }
}

/// Refuses columns that the report does not have.
///
/// # Errors
///
/// An unknown column is asked for.
pub(super) fn check_columns(cx: &Context) -> Result<(), Failure> {
    cx.format.view(&columns())?;
    Ok(())
}

/// The meters of which the same became.
#[derive(Debug)]
struct MeterRow {
    change: &'static str,
    meters: Vec<u32>,
    /// How many flows the switch removed with them.
    flows: Option<u64>,
    switch: String,
}

/// The columns of the report.
pub(super) fn report_headings() -> Vec<Heading> {
    headings(&columns())
}

fn columns() -> Vec<Column<MeterRow>> {
    vec![
        Column::new("change", |row: &MeterRow| Cell::text(row.change))
            .is(
                Shape::Words(&["added", "modified", "removed", "unchanged"]),
                "what became of the meters",
            )
            .role(ColourRole::Kind),
        Column::new("meters", |row: &MeterRow| {
            Cell::from(i64::try_from(row.meters.len()).unwrap_or(i64::MAX))
        })
        .whole("how many meters")
        .role(ColourRole::Number),
        Column::new("meter_ids", |row: &MeterRow| {
            Cell::texts(row.meters.iter().map(|meter| meter_word(*meter)))
        })
        .texts("the meters: numbers, controller, slowpath"),
        Column::new("flows", |row: &MeterRow| {
            row.flows.map_or(Cell::Absent, Cell::from)
        })
        .is(
            Shape::OrNull(&Shape::Whole),
            "how many flows the switch removes with them, because they use them; null: it removes none",
        )
        .role(ColourRole::Number),
        Column::new("switch", |row: &MeterRow| Cell::text(&row.switch))
            .is(Shape::Text, "the switch as it was named"),
    ]
}
