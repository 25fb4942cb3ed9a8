//! Changes of a switch by OpenFlow, reported like those of the database. They are not in the database.

pub(in crate::commands) use super::print::SwitchChange;
use super::print::{ChangedObject, columns, print_changes, print_plan_of};
use crate::commands::{Context, Failure};

/// Prints what changed; with `--dry-run` what would change.
///
/// # Errors
///
/// There is no such column, or stdout cannot be written.
pub(in crate::commands) fn print(cx: &Context, changes: Vec<SwitchChange>) -> Result<(), Failure> {
    let lines = changes.into_iter().map(|change| change.object(cx));
    let lines: Vec<ChangedObject> = lines.collect();
    if cx.writing.dry_run {
        return print_plan_of(cx, &lines, &[]);
    }
    let columns = columns();
    let text = cx.format.view(&columns)?.list(&lines);
    print_changes(cx, &text, lines.is_empty())
}
