//! What becomes of each flow, group or meter: the output of `--explain`, and of flows also that of `--dry-run`.

use super::{Context, Failure};
use crate::output::{Cell, ColourRole, Column, Heading, Mode, Shape, headings};

/// What becomes of a flow, a group or a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// It was given to the switch, which added it or replaced another with its key.
    Written,
    Added,
    Modified,
    Removed,
    Unchanged,
}

impl Outcome {
    pub(super) fn word(self) -> &'static str {
        match self {
            Outcome::Written => "written",
            Outcome::Added => "added",
            Outcome::Modified => "modified",
            Outcome::Removed => "removed",
            Outcome::Unchanged => "unchanged",
        }
    }
}

/// What becomes of one.
#[derive(Debug)]
pub(super) struct Effect {
    /// The number of the line, or of the argument, that asks for it; 0: none does.
    pub(super) number: usize,
    pub(super) outcome: Outcome,
    /// The flow, group or meter as it is then; a removed one as it was.
    pub(super) entry: String,
    /// As it was, if it is modified.
    pub(super) before: Option<String>,
}

/// The columns of the effects on flows, groups or meters: `what` is `flow`, `group` or `meter`.
pub(crate) fn effect_headings(what: &'static str) -> Vec<Heading> {
    headings(&columns(what))
}

fn columns(what: &'static str) -> Vec<Column<Effect>> {
    let (meaning, then, before) = match what {
        "group" => (
            "what becomes of the group",
            "the group as it is then, as dump-groups prints it; a removed one as it was",
            "the group as it was, if it is modified",
        ),
        "meter" => (
            "what becomes of the meter",
            "the meter as it is then, as dump-meters prints it; a removed one as it was",
            "the meter as it was, if it is modified",
        ),
        _ => (
            "what becomes of the flow",
            "the flow as it is then, as dump-flows prints it; a removed one as it was",
            "the flow as it was, if it is modified",
        ),
    };
    vec![
        Column::new("change", |effect: &Effect| {
            Cell::text(effect.outcome.word())
        })
        .is(
            Shape::Words(&["added", "modified", "removed", "unchanged"]),
            meaning,
        )
        .role(ColourRole::Kind),
        Column::new(what, |effect: &Effect| Cell::text(&effect.entry))
            .is(Shape::Text, then)
            .wrap(),
        Column::new("before", |effect: &Effect| {
            Cell::from(effect.before.as_deref())
        })
        .is(Shape::TEXT_OR_NULL, before)
        .wrap(),
        Column::new("line", |effect: &Effect| {
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
pub(super) fn check_columns(cx: &Context, what: &'static str) -> Result<(), Failure> {
    cx.format.view(&columns(what))?;
    Ok(())
}

/// Says how many flows the switch removes with groups or meters.
pub(super) fn remark_flows(cx: &Context, with: &str, flows: Option<u64>) {
    if let Some(flows) = flows.filter(|flows| *flows > 0) {
        let (flows, use_them) = match flows {
            1 => ("1 flow".to_owned(), "uses one of them"),
            _ => (format!("{flows} flows"), "use them"),
        };
        cx.remark(&format!("removed with the {with}: {flows} that {use_them}"));
    }
}

/// Prints the effects: in JSON all, else those that change something, and how many there are of each kind to stderr.
/// `others` more are unchanged.
///
/// # Errors
///
/// Stdout cannot be written.
pub(super) fn print_effects(
    cx: &Context,
    what: &'static str,
    switch: &str,
    effects: &[Effect],
    others: u64,
) -> Result<(), Failure> {
    let columns = columns(what);
    let view = cx.format.view(&columns)?;
    let is_shown = |effect: &&Effect| cx.format.is_json() || effect.outcome != Outcome::Unchanged;
    let text = view.list(effects.iter().filter(is_shown));
    let is_nothing = effects
        .iter()
        .all(|effect| effect.outcome == Outcome::Unchanged);
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
            + if outcome == Outcome::Unchanged {
                others
            } else {
                0
            }
    };
    let kinds = [
        Outcome::Added,
        Outcome::Modified,
        Outcome::Removed,
        Outcome::Unchanged,
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
