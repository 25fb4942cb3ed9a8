//! What is asked of a switch.

use super::input::FlowInput;
use super::options::WriteOptions;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Exit, Failure};
use crate::openflow::flow_change::FlowChange;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::version::Version;

/// What is asked of a switch.
#[derive(Debug)]
pub(super) struct FlowRequest<'a> {
    pub(super) cx: &'a Context,
    pub(super) switch: SwitchArg,
    pub(super) input: FlowInput<'a>,
    pub(super) options: &'a WriteOptions,
    /// What a flow without a word of its own is for.
    pub(super) command: FlowCommand,
    /// Whether a warning is an error.
    pub(super) refuses_warnings: bool,
    /// Whether what matches no flow is added.
    pub(super) or_add: bool,
    /// Whether all flows may be deleted at once.
    pub(super) may_delete_all: bool,
}

/// A change, with the number of its line or argument; 0: it has none.
pub(super) type Numbered = (usize, FlowChange);

/// The failure that several flows cannot be written at once.
pub(super) fn no_bundles(switch: &SwitchArg, version: Version) -> Failure {
    let message = format!(
        "{} cannot write several flows at once over {version}: it has no bundles there; nothing changed",
        switch.name()
    );
    Failure::new(Exit::Failed, message).hint(
        "-O OpenFlow14 has bundles, if the bridge allows it (its protocols column); \
         --no-atomic writes the flows one by one",
    )
}
