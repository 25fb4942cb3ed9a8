//! What becomes of each flow: the output of `--dry-run` and `--explain`.

use super::report::FlowOutcome;
use crate::commands::{Context, Failure};
use crate::output::{Cell, ColourRole, Column, Heading, Mode, Shape, headings};

/// What becomes of a flow.
#[derive(Debug)]
pub(super) struct FlowEffect {
    /// The number of the line, or of the argument, that asks for it; 0: the file does not have the flow.
    pub(super) number: usize,
    pub(super) outcome: FlowOutcome,
    /// The flow as it is then; a removed one as it was.
    pub(super) flow: String,
    /// The flow as it was, if it is modified.
    pub(super) before: Option<String>,
}

/// The columns of the effects.
pub(crate) fn effect_headings() -> Vec<Heading> {
    headings(&columns())
}

fn columns() -> Vec<Column<FlowEffect>> {
    vec![
        Column::new("change", |effect: &FlowEffect| {
            Cell::text(effect.outcome.word())
        })
        .is(
            Shape::Words(&["added", "modified", "removed", "unchanged"]),
            "what becomes of the flow",
        )
        .role(ColourRole::Kind),
        Column::new("flow", |effect: &FlowEffect| Cell::text(&effect.flow))
            .is(
                Shape::Text,
                "the flow as it is then, as dump-flows prints it; a removed one as it was",
            )
            .wrap(),
        Column::new("before", |effect: &FlowEffect| {
            Cell::from(effect.before.as_deref())
        })
        .is(Shape::TEXT_OR_NULL, "the flow as it was, if it is modified")
        .wrap(),
        Column::new("line", |effect: &FlowEffect| {
            match u64::try_from(effect.number) {
                Ok(0) | Err(_) => Cell::Absent,
                Ok(number) => Cell::from(number),
            }
        })
        .is(
            Shape::OrNull(&Shape::Whole),
            "the line of the file, or the place among the arguments, from 1; null if none asks for it",
        )
        .drop(1),
    ]
}

/// Refuses columns that effects do not have.
///
/// # Errors
///
/// An unknown column is asked for.
pub(super) fn check_columns(cx: &Context) -> Result<(), Failure> {
    cx.format.view(&columns())?;
    Ok(())
}

/// Prints the effects: in JSON all, else those that change something, and how many there are of each kind to stderr.
/// `others` more flows are unchanged.
///
/// # Errors
///
/// Stdout cannot be written.
pub(super) fn print_effects(
    cx: &Context,
    switch: &str,
    effects: &[FlowEffect],
    others: u64,
) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let is_shown =
        |effect: &&FlowEffect| cx.format.is_json() || effect.outcome != FlowOutcome::Unchanged;
    let text = view.list(effects.iter().filter(is_shown));
    let is_nothing = effects
        .iter()
        .all(|effect| effect.outcome == FlowOutcome::Unchanged);
    match cx.format.mode {
        Mode::Json | Mode::Jsonl | Mode::Raw => cx.print(&text)?,
        _ if cx.quiet => {}
        Mode::Table | Mode::Text if is_nothing => cx.print("unchanged\n")?,
        Mode::Table | Mode::Text => cx.print(&text)?,
    }
    let count = |outcome| {
        effects
            .iter()
            .filter(|effect| effect.outcome == outcome)
            .count() as u64
            + if outcome == FlowOutcome::Unchanged {
                others
            } else {
                0
            }
    };
    let kinds = [
        FlowOutcome::Added,
        FlowOutcome::Modified,
        FlowOutcome::Removed,
        FlowOutcome::Unchanged,
    ];
    let counts = kinds.map(|kind| format!("{} {}", count(kind), kind.word()));
    let done = if cx.writing.dry_run {
        "; dry run: nothing is written"
    } else {
        ""
    };
    cx.remark(&format!(
        "{switch}, as it was read now: {}{done}",
        counts.join(", ")
    ));
    Ok(())
}
