//! The report of flows that were written: how many, in a row for each kind of change.

use crate::commands::effects::Outcome;
use crate::commands::{Context, Failure};
use crate::output::{Cell, ColourRole, Column, Heading, Mode, Shape, headings};

/// A number of flows.
#[derive(Debug)]
pub(super) struct FlowCount {
    pub(super) outcome: Outcome,
    /// `None` if they were not counted.
    pub(super) flows: Option<u64>,
    pub(super) switch: String,
}

/// The columns of the report.
pub(super) fn count_headings() -> Vec<Heading> {
    headings(&columns())
}

fn columns() -> Vec<Column<FlowCount>> {
    vec![
        Column::new("change", |count: &FlowCount| {
            Cell::text(count.outcome.word())
        })
        .is(
            Shape::Words(&["written", "added", "modified", "removed", "unchanged"]),
            "what became of the flows; written: added, or put in the place of a flow with the \
                 same table, priority and match",
        )
        .role(ColourRole::Kind),
        Column::new("flows", |count: &FlowCount| {
            count.flows.map_or(Cell::Absent, Cell::from)
        })
        .is(
            Shape::OrNull(&Shape::Whole),
            "how many flows; null if they were not counted",
        )
        .role(ColourRole::Number),
        Column::new("switch", |count: &FlowCount| Cell::text(&count.switch))
            .is(Shape::Text, "the switch as it was named"),
    ]
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

/// Prints the numbers; with `--quiet` only as JSON or raw values.
///
/// # Errors
///
/// Stdout cannot be written.
pub(super) fn print_counts(cx: &Context, counts: &[FlowCount]) -> Result<(), Failure> {
    if cx.quiet && matches!(cx.format.mode, Mode::Table | Mode::Text) {
        return Ok(());
    }
    let columns = columns();
    let view = cx.format.view(&columns)?;
    cx.print(&view.list(counts))
}
