//! The flows that a bundle adds: later changes of it may not find them.
//!
//! Within a bundle, Open vSwitch 3.1 does not find an added flow by a modification or deletion that is not strict, if no
//! flow of the table had the same masks before. It reports no error.

use std::fmt;

use super::plan::FlowPlan;
use crate::openflow::flow_change::FlowChange;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::version::Version;

/// The flows that the changes of a bundle add, so far.
pub(in crate::commands) struct BundledFlows(FlowPlan);

/// A change selects a flow that another change of the bundle adds.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct NotSeen {
    /// The number of the other change.
    pub(in crate::commands) adds: usize,
}

impl BundledFlows {
    pub(in crate::commands) fn new(version: Version) -> BundledFlows {
        BundledFlows(FlowPlan::empty(version))
    }

    /// Takes the next change of the bundle.
    ///
    /// # Errors
    ///
    /// It selects an added flow, and is not strict.
    pub(in crate::commands) fn take(
        &mut self,
        number: usize,
        change: &FlowChange,
    ) -> Result<(), NotSeen> {
        if is_wide(change) {
            let adds = self.0.made_by(change);
            return adds.map_or(Ok(()), |adds| Err(NotSeen { adds }));
        }
        self.0.follow(number, change);
        Ok(())
    }
}

/// Whether the change is of all flows that match at least some fields.
pub(super) fn is_wide(change: &FlowChange) -> bool {
    matches!(change.command, FlowCommand::Modify | FlowCommand::Delete)
}

impl NotSeen {
    /// The reason; `place` is that of the other change.
    pub(in crate::commands) fn reason(place: &dyn fmt::Display) -> String {
        format!(
            "it selects a flow that {place} adds, which Open vSwitch may not find within a bundle"
        )
    }
}
