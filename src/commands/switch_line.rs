//! A line of a batch that writes to a switch by OpenFlow: what the commands that write flows, groups and meters give to
//! `ovs batch`.

use crate::openflow::group_entry::GroupCommand;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::openflow::meter_spec::MeterCommand;

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    Flow(FlowCommand),
    Group(GroupCommand),
    Meter {
        command: MeterCommand,
        /// Whether a meter that is to be changed may be absent, and is added then.
        may_create: bool,
    },
}

/// The arguments of a line.
#[derive(Debug)]
pub(super) struct SwitchLine<'a> {
    /// The switch as it was named.
    pub(super) switch: &'a str,
    pub(super) kind: LineKind,
    /// The flows, groups or meters.
    pub(super) texts: Vec<&'a str>,
    /// Whether a warning is an error, whatever `--strict` of the batch says.
    pub(super) refuses_warnings: bool,
}
