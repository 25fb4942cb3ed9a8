//! A flow, whichever message it came in: a view over the message ([`FlowEntry`]) and a flow of one's own ([`Flow`]).

use super::actions::{ActionList, ParsedActions};
use super::fields::{Match, MatchFields};
use super::version::Version;

/// A flow as a message has it: a view over the message.
#[derive(Debug, Clone)]
pub struct FlowEntry<'a> {
    /// The table the flow is in.
    pub table_id: u8,
    /// Priority; 32768 is ovs-ofctl's default.
    pub priority: u16,
    /// Seconds without a packet before the flow expires; 0: never.
    pub idle_timeout: u16,
    /// Seconds before the flow expires; 0: never.
    pub hard_timeout: u16,
    /// `OFPFF_*` bits; in flow statistics 0 before 1.3.
    pub flags: u16,
    /// Eviction importance; 0 before 1.4.
    pub importance: u16,
    /// The controller's cookie.
    pub cookie: u64,
    /// What the flow matches.
    pub fields: Match<'a>,
    /// What the flow does.
    pub actions: ActionList<'a>,
}

/// A flow that does not borrow from a message; its actions are those of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The table the flow is in.
    pub table_id: u8,
    /// Priority; 32768 is ovs-ofctl's default.
    pub priority: u16,
    /// Seconds without a packet before the flow expires; 0: never.
    pub idle_timeout: u16,
    /// Seconds before the flow expires; 0: never.
    pub hard_timeout: u16,
    /// `OFPFF_*` bits.
    pub flags: u16,
    /// Eviction importance, which OpenFlow 1.4 and later have.
    pub importance: u16,
    /// The controller's cookie.
    pub cookie: u64,
    /// What the flow matches.
    pub fields: MatchFields,
    /// What the flow does.
    pub actions: ParsedActions,
}

/// What identifies a flow in a switch: table, priority and match. A flow that is added replaces the one with its key.
pub type FlowKey<'f> = (u8, u16, &'f MatchFields);

impl Flow {
    /// What identifies the flow.
    pub fn key(&self) -> FlowKey<'_> {
        (self.table_id, self.priority, &self.fields)
    }

    /// The version of the actions.
    pub fn version(&self) -> Version {
        self.actions.version
    }
}

/// What a switch counts of a flow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FlowCounts {
    /// Seconds the flow has been in the table.
    pub duration_sec: u32,
    /// Nanoseconds beyond `duration_sec`.
    pub duration_nsec: u32,
    /// Seconds since the last packet, if known.
    pub idle_age: Option<u32>,
    /// Seconds since the last change, if known.
    pub hard_age: Option<u32>,
    /// Packets, if known.
    pub packet_count: Option<u64>,
    /// Bytes, if known.
    pub byte_count: Option<u64>,
}

impl From<&FlowEntry<'_>> for Flow {
    fn from(entry: &FlowEntry<'_>) -> Flow {
        Flow {
            table_id: entry.table_id,
            priority: entry.priority,
            idle_timeout: entry.idle_timeout,
            hard_timeout: entry.hard_timeout,
            flags: entry.flags,
            importance: entry.importance,
            cookie: entry.cookie,
            fields: MatchFields::from(&entry.fields),
            actions: ParsedActions {
                bytes: entry.actions.bytes().to_vec(),
                version: entry.actions.version(),
            },
        }
    }
}

/// `OFPFF_*` of OpenFlow 1.5.1 §7.3.4.1 with the words of ovs-ofctl, oldest first.
pub const FLAGS: &[(u32, &str)] = &[
    (1, "send_flow_rem"),
    (2, "check_overlap"),
    (4, "reset_counts"),
    (8, "no_packet_counts"),
    (16, "no_byte_counts"),
];

/// `OFPFF_RESET_COUNTS`: `reset_counts`. Before OpenFlow 1.2 there is no such flag: a flow that is added always resets the
/// counters.
pub const RESET_COUNTS: u16 = 4;

/// The [`FLAGS`] that a version has. OpenFlow 1.0 also has a third one, `emerg`, which is not here.
pub(super) fn flags_of(version: Version) -> &'static [(u32, &'static str)] {
    let count = match version {
        Version::V10 | Version::V11 => 2,
        Version::V12 => 3,
        Version::V13 | Version::V14 | Version::V15 => FLAGS.len(),
    };
    FLAGS.get(..count).unwrap_or_default()
}
