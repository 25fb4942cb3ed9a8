//! Names of the command line that are not found, for commands that take several.

use super::host_run::{Hints, MissingName, say_once};
use super::{Context, Exit, Failure};
use crate::plan::{Refusal, Result as PlanResult};

/// What was found under a name; if nothing was, the name is kept in `missing`.
///
/// # Errors
///
/// The search failed for another reason.
pub(super) fn found_or_missing<T>(
    name: &str,
    found: PlanResult<T>,
    missing: &mut Vec<MissingName>,
) -> Result<Option<T>, Failure> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(refusal @ Refusal::NotFound(_)) => {
            missing.push(MissingName::new(name, refusal.into()));
            Ok(None)
        }
        Err(refusal) => Err(refusal.into()),
    }
}

impl Context {
    /// Says which names were not found, after what was found (`is_any_found`) has been printed. Of several hosts this waits
    /// for the others: a name that one of them has is found.
    ///
    /// # Errors
    ///
    /// A name was not found.
    pub(super) async fn report_missing(
        &self,
        missing: Vec<MissingName>,
        is_any_found: bool,
    ) -> Result<(), Failure> {
        if missing.is_empty() {
            return Ok(());
        }
        if self.capture().is_some() {
            if is_any_found {
                for missing in &missing {
                    self.say(&missing.failure);
                }
                return Ok(());
            }
            let messages: Vec<String> = missing
                .into_iter()
                .map(|missing| missing.failure.message)
                .collect();
            return Err(Failure::new(Exit::NotFound, messages.join("; ")));
        }
        let hints = Hints::default();
        for MissingName { name, failure } in missing {
            if let Some(run) = self.host_run() {
                let failure = failure.with_way(&self.ways.words);
                run.misses(MissingName { name, failure });
            } else {
                let failure = failure.of_host(&self.host).await;
                let failure = failure.with_way(&self.ways.words);
                say_once(&failure.message, &failure, &hints, self.quiet);
            }
        }
        Err(Failure::silent(Exit::NotFound))
    }
}
