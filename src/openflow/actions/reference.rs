//! What actions refer to: ports, groups and meters of the switch.

use super::action::Action;
use super::clone_actions::CloneActions;
use super::controller::Controller;
use super::ct::Ct;
use super::group::Group;
use super::list::ActionList;
use super::meter::Meter;
use super::output::{Output, OutputTrunc};
use super::queue::Enqueue;
use super::write_actions::WriteActions;

/// What an action refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchReference {
    /// A port that it sends to, by its number; reserved numbers too.
    Output(u32),
    /// A group.
    Group(u32),
    /// A meter.
    Meter(u32),
}

impl ActionList<'_> {
    /// Passes what the actions refer to, also those inside of others, in order; malformed ones are skipped.
    pub fn references(&self, take: &mut dyn FnMut(SwitchReference)) {
        for action in self.iter().flatten() {
            match action {
                Action::Output(Output { port, .. })
                | Action::OutputTrunc(OutputTrunc { port, .. })
                | Action::Enqueue(Enqueue { port, .. }) => take(SwitchReference::Output(port)),
                Action::Bundle(bundle) => {
                    for port in bundle.members() {
                        take(SwitchReference::Output(port));
                    }
                }
                Action::Group(Group { group }) => take(SwitchReference::Group(group)),
                Action::Meter(Meter { meter_id }) => take(SwitchReference::Meter(meter_id)),
                Action::Controller(Controller { meter_id, .. }) if meter_id != 0 => {
                    take(SwitchReference::Meter(meter_id));
                }
                Action::CloneActions(CloneActions { actions })
                | Action::WriteActions(WriteActions { actions })
                | Action::Ct(Ct { actions, .. }) => actions.references(take),
                _ => {}
            }
        }
    }
}
