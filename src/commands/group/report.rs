//! The report of what became of groups.

use super::plan::GroupPlan;
use crate::commands::{Context, Failure, effects};
use crate::output::{Cell, ColourRole, Column, Heading, Mode, Shape, headings};

/// The groups of which the same became.
#[derive(Debug)]
struct GroupRow {
    change: &'static str,
    group_ids: Vec<i64>,
    /// How many flows the switch removed with them.
    flows: Option<u64>,
    switch: String,
}

/// The columns of the report.
pub(super) fn report_headings() -> Vec<Heading> {
    headings(&columns())
}

fn columns() -> Vec<Column<GroupRow>> {
    vec![
        Column::new("change", |row: &GroupRow| Cell::text(row.change))
            .is(
                Shape::Words(&["added", "modified", "removed", "unchanged"]),
                "what became of the groups",
            )
            .role(ColourRole::Kind),
        Column::new("groups", |row: &GroupRow| {
            Cell::from(i64::try_from(row.group_ids.len()).unwrap_or(i64::MAX))
        })
        .whole("how many groups")
        .role(ColourRole::Number),
        Column::new("group_ids", |row: &GroupRow| Cell::Integers(row.group_ids.clone())).is(
            Shape::List(&Shape::Whole),
            "their numbers",
        ),
        Column::new("flows", |row: &GroupRow| {
            row.flows.map_or(Cell::Absent, Cell::from)
        })
        .is(
            Shape::OrNull(&Shape::Whole),
            "how many flows the switch removes with them, because they use them; null: it removes none, or they were \
             not counted",
        )
        .role(ColourRole::Number),
        Column::new("switch", |row: &GroupRow| Cell::text(&row.switch))
            .is(Shape::Text, "the switch as it was named"),
    ]
}

/// Refuses columns that the report does not have.
///
/// # Errors
///
/// An unknown column is asked for.
pub(super) fn check_columns(cx: &Context, explains: bool) -> Result<(), Failure> {
    if explains {
        return effects::check_columns(cx, "group");
    }
    cx.format.view(&columns())?;
    Ok(())
}

/// Prints what becomes of the groups; with `--quiet` only as JSON or raw values. `flows` is how many flows are removed.
///
/// # Errors
///
/// Stdout cannot be written.
pub(super) fn print_plan(
    cx: &Context,
    plan: &GroupPlan,
    switch: &str,
    flows: Option<u64>,
) -> Result<(), Failure> {
    if cx.quiet && matches!(cx.format.mode, Mode::Table | Mode::Text) {
        return Ok(());
    }
    let all: [(&'static str, Vec<u32>); 4] = [
        ("added", plan.added().collect()),
        ("modified", plan.modified().collect()),
        ("removed", plan.removed().collect()),
        ("unchanged", plan.unchanged().collect()),
    ];
    // That nothing was asked for is said, too.
    let is_empty = all.iter().all(|(_, ids)| ids.is_empty());
    let is_shown =
        |(change, ids): &(&str, Vec<u32>)| !ids.is_empty() || is_empty && *change == "unchanged";
    let rows = all.into_iter().filter(is_shown);
    let rows: Vec<GroupRow> = rows
        .map(|(change, ids)| GroupRow {
            change,
            flows: flows.filter(|_| change == "removed"),
            group_ids: ids.into_iter().map(i64::from).collect(),
            switch: switch.to_owned(),
        })
        .collect();
    let columns = columns();
    let view = cx.format.view(&columns)?;
    cx.print_list(&view, &rows, "changes")
}
