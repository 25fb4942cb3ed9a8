//! `--atomic`: ports that the switch refuses are removed again.

use super::{ATTEMPTS, is_lost_race, with_frame};
use crate::commands::{Exit, Failure};
use crate::ovsdb::Uuid;
use crate::plan::Edit;
use crate::source::Database;

/// Removes the ports that this command has added: exactly those rows, not rows that others have inserted with
/// the same names.
pub(super) async fn take_out_again(
    database: &Database,
    added: &[(&str, Uuid)],
    failed: &str,
) -> Failure {
    match remove(database, added).await {
        Ok(()) => Failure::new(
            Exit::Failed,
            format!("the switch refused it, and it was taken out again: {failed}"),
        )
        .hint("ovs-vswitchd's log says more"),
        Err(failure) => Failure::new(
            Exit::NotApplied,
            format!(
                "the switch could not apply it: {failed}; and it could not be taken out again: {}",
                failure.message
            ),
        )
        .hint("`ovs port del` takes it out"),
    }
}

async fn remove(database: &Database, added: &[(&str, Uuid)]) -> Result<(), Failure> {
    for attempt in 1.. {
        let mut edit = Edit::new(database);
        for (name, uuid) in added {
            if let Some(place) = edit.port_if(name).await?
                && edit.draft.uuid(place.port) == Some(*uuid)
            {
                edit.delete_port(&place).await?;
            }
        }
        let operations = with_frame(edit.draft.operations(false), Vec::new());
        match database.transact(&operations).await {
            Ok(_) => break,
            Err(error) if attempt < ATTEMPTS && is_lost_race(&error, &operations) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
