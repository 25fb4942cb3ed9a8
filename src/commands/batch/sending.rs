//! The sending of what the lines of a batch write to a switch.

use super::plan::{PlannedChange, at};
use crate::commands::switch::SwitchArg;
use crate::commands::{Exit, Failure};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::version::Version;
use crate::source::{Atomicity, Outbox, Switch, WriteError};

/// A connected switch.
pub(super) struct SwitchWriter {
    pub(super) switch: SwitchArg,
    pub(super) session: Switch,
}

impl SwitchWriter {
    /// Sends changes: together, if `is_bundle`, else one by one. Returns those that took effect, and the failure.
    pub(super) async fn write<'l>(
        &mut self,
        changes: &'l [PlannedChange],
        is_bundle: bool,
    ) -> (Vec<&'l PlannedChange>, Option<Failure>) {
        let how = if is_bundle && changes.len() > 1 {
            Atomicity::Bundle
        } else {
            Atomicity::Each
        };
        if changes.is_empty() {
            return (Vec::new(), None);
        }
        let version = self.session.version();
        let put_all = async |outbox: &mut Outbox<'_>| {
            for change in changes {
                outbox.put(|_| change.message(version)).await?;
            }
            Ok(())
        };
        let (written, index, error) = match self.session.write(how, put_all).await {
            Ok(written) => match written.refused.first().cloned() {
                None => return (changes.iter().collect(), None),
                Some((index, error)) => (Some(written), Some(index), error),
            },
            Err(WriteError::Refused { index, error }) => (None, index, error),
            Err(WriteError::NoTables {
                index,
                error,
                written,
            }) => (Some(written), Some(index), error),
            Err(WriteError::Producer { error, written }) => {
                let accepted = changes.iter().take(written.accepted()).collect();
                return (accepted, Some(error));
            }
            Err(WriteError::NoBundles(version)) => {
                return (Vec::new(), Some(without_bundles(&self.switch, version)));
            }
            Err(WriteError::TooLong { index }) => {
                let reason = "it is too long for a bundle";
                let failure = self.failure(changes.get(index), reason, is_bundle);
                return (Vec::new(), Some(failure));
            }
            Err(WriteError::Lost {
                error,
                may_have: true,
                ..
            }) => return (Vec::new(), Some(self.switch.unconfirmed(*error))),
            Err(WriteError::Lost { error, .. }) => {
                return (Vec::new(), Some(self.switch.failure(*error)));
            }
        };
        let change = index.and_then(|index| changes.get(index));
        let failure = self.refused(change, &error, is_bundle);
        let accepted = written.map_or_else(Vec::new, |written| {
            let is_refused = |at: usize| written.refused.iter().any(|(index, _)| *index == at);
            let sent = changes.iter().enumerate().take(written.sent);
            sent.filter(|(at, _)| !is_refused(*at))
                .map(|(_, change)| change)
                .collect()
        });
        (accepted, Some(failure))
    }

    fn refused(
        &self,
        change: Option<&PlannedChange>,
        error: &ErrorMessage,
        is_bundle: bool,
    ) -> Failure {
        let name = self.switch.name();
        let Some(change) = change else {
            return self.failure(None, &format!("{name} refused it ({error})"), is_bundle);
        };
        let reason = change.reason(error, name);
        Failure {
            hint: reason.hint,
            ..self.failure(
                Some(change),
                &format!("{} ({error})", reason.text),
                is_bundle,
            )
        }
    }

    fn failure(&self, change: Option<&PlannedChange>, reason: &str, is_bundle: bool) -> Failure {
        let reason = if is_bundle {
            let name = self.switch.name();
            format!("{reason}; no flow or group of {name} is changed")
        } else {
            reason.to_owned()
        };
        let message = change.map_or_else(|| reason.clone(), |change| at(change.line, &reason));
        Failure::new(Exit::Failed, message)
    }
}

/// Refuses a version without bundles.
pub(super) fn refuse_without_bundles(switch: &SwitchArg, version: Version) -> Result<(), Failure> {
    if version < Version::V13 {
        return Err(without_bundles(switch, version));
    }
    Ok(())
}

fn without_bundles(switch: &SwitchArg, version: Version) -> Failure {
    let message = format!(
        "{} cannot write several flows or groups at once over {version}: it has no bundles there",
        switch.name()
    );
    Failure::new(Exit::Failed, message)
        .hint("-O OpenFlow14 has bundles, if the bridge allows it (its protocols column)")
}
