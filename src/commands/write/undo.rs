//! `--atomic`: what the switch refuses is taken out again.

use super::print::Line;
use super::{ATTEMPTS, is_lost_race, with_frame};
use crate::commands::{Exit, Failure};
use crate::model::edit::Edit;
use crate::model::edit::report::Verb;
use crate::ovsdb::Client;
use crate::ovsdb::client::OPEN_VSWITCH;

/// Removes the ports that this command has added.
pub(super) async fn take_out_again(client: &Client, lines: &[Line], failed: &[String]) -> Failure {
    let failed = failed.join("; ");
    let names: Vec<&str> = lines
        .iter()
        .filter(|line| line.object.verb == Verb::Added && line.object.kind == "port")
        .filter_map(|line| line.object.name.as_deref())
        .collect();
    match remove(client, &names).await {
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
        .hint(format!("`ovs port del {}` takes it out", names.join(" "))),
    }
}

async fn remove(client: &Client, names: &[&str]) -> Result<(), Failure> {
    for attempt in 1.. {
        let mut edit = Edit::new(client);
        for name in names {
            if let Some(place) = edit.port_if(name).await? {
                edit.delete_port(&place).await?;
            }
        }
        let operations = with_frame(edit.draft.operations());
        match client.transact(OPEN_VSWITCH, &operations).await {
            Ok(_) => break,
            Err(error) if attempt < ATTEMPTS && is_lost_race(&error, &operations) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
