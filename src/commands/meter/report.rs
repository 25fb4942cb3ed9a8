//! The report of what became of meters.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::MeterPlan;
use crate::commands::effects::{self, Effect, Outcome};
use crate::commands::{Context, Failure};
use crate::openflow::messages::meters::{MeterConfig, meter_word};
use crate::openflow::text::Plain;
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

    /// What becomes of each meter; `asked` has the line or argument that asks for it.
    pub(super) fn effects(&self, plan: &MeterPlan, asked: &BTreeMap<u32, usize>) -> Vec<Effect> {
        let text = |meter: &MeterConfig| {
            let mut text = Plain::default();
            meter.text(None, ("", " "), &mut text);
            text.0
        };
        let all = [
            (Outcome::Added, &self.added),
            (Outcome::Modified, &self.modified),
            (Outcome::Removed, &self.removed),
            (Outcome::Unchanged, &self.unchanged),
        ];
        let all = all
            .into_iter()
            .flat_map(|(outcome, ids)| ids.iter().map(move |id| (outcome, id)));
        all.filter_map(|(outcome, id)| {
            let (before, after) = (plan.before.get(id), plan.after.get(id));
            Some(Effect {
                number: asked.get(id).copied().unwrap_or(0),
                outcome,
                entry: text(after.or(before)?),
                before: before.filter(|_| outcome == Outcome::Modified).map(text),
            })
        })
        .collect()
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
pub(super) fn check_columns(cx: &Context, explains: bool) -> Result<(), Failure> {
    if explains {
        return effects::check_columns(cx, "meter");
    }
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
