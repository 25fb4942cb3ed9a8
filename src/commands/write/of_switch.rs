//! Changes of a switch by OpenFlow, reported like those of the database. They are not in the database.

use super::print::{ChangedObject, columns, print_changes, print_plan_of};
use crate::commands::{Context, Failure};
use crate::plan::report::{Difference, Object, Verb};

/// An object of a switch that changes.
#[derive(Debug)]
pub(in crate::commands) struct SwitchChange {
    /// `port`, `table`
    pub(in crate::commands) kind: &'static str,
    /// Its name.
    pub(in crate::commands) name: String,
    /// The switch.
    pub(in crate::commands) switch: String,
    /// The OpenFlow number of a port.
    pub(in crate::commands) ofport: Option<u32>,
    /// What changes.
    pub(in crate::commands) columns: Vec<Difference>,
    /// Why it did not.
    pub(in crate::commands) error: Option<String>,
}

/// Prints what changed; with `--dry-run` what would change.
///
/// # Errors
///
/// There is no such column, or stdout cannot be written.
pub(in crate::commands) fn print(cx: &Context, changes: Vec<SwitchChange>) -> Result<(), Failure> {
    let object = |change: SwitchChange| {
        let object = Object {
            row: None,
            verb: Verb::Changed,
            kind: change.kind.to_owned(),
            name: Some(change.name),
            bridge: Some(change.switch),
            interfaces: Vec::new(),
            columns: change.columns,
        };
        // The number of LOCAL is that of the database.
        let ofport = change.ofport.map(|number| i64::from(number & 0xffff));
        ChangedObject::new(cx, object, ofport, change.error)
    };
    let lines: Vec<ChangedObject> = changes.into_iter().map(object).collect();
    if cx.writing.dry_run {
        return print_plan_of(cx, &lines, &[]);
    }
    let columns = columns();
    let text = cx.format.view(&columns)?.list(&lines);
    print_changes(cx, &text, lines.is_empty())
}
