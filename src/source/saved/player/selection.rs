//! The entries of saved messages that a request selects, as the switch selects them.

use crate::openflow::actions::{Action, ActionList};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::MatchFields;
use crate::openflow::messages::flow_reply::Aggregate;
use crate::openflow::messages::flow_request::FlowRequest;
use crate::openflow::messages::flow_stats::{Entries, FlowStats, Scratch};
use crate::openflow::messages::groups::{self, GROUP_ALL};
use crate::openflow::messages::meters::METER_ALL;
use crate::openflow::messages::{Body, multipart};
use crate::openflow::text::{PORT_ANY, PORT_CONTROLLER, port_from_v10};
use crate::openflow::version::Version;
use crate::source::saved::Part;

/// What a request selects.
pub(super) enum Selection {
    /// Everything.
    All,
    /// One group, meter or port.
    Number(u32),
    /// Flows.
    Flows(Box<FlowSelection>),
}

/// Which flows a request selects.
pub(super) struct FlowSelection {
    /// The table; 255: all that are not hidden.
    pub(super) table: u8,
    cookie: u64,
    cookie_mask: u64,
    /// The port that they output to.
    out_port: Option<u32>,
    /// The group that they send to.
    out_group: Option<u32>,
    /// What they match at least.
    fields: MatchFields,
}

/// The table of the switch's own flows, which a request for all tables leaves out.
const HIDDEN_TABLE: u8 = 254;

const ALL_TABLES: u8 = 255;

impl Selection {
    /// What this request selects.
    pub(super) fn of(request: &Body<'_>) -> Selection {
        let number = |number: u32, all: &[u32]| {
            if all.contains(&number) {
                Selection::All
            } else {
                Selection::Number(number)
            }
        };
        match request {
            Body::FlowRequest(request) => {
                let flows = FlowSelection::new(request);
                if flows.is_everything() {
                    Selection::All
                } else {
                    Selection::Flows(Box::new(flows))
                }
            }
            Body::GroupRequest(request) => number(request.group_id.number, &[GROUP_ALL]),
            Body::MeterRequest(request) => number(request.meter_id.number, &[METER_ALL]),
            Body::PortStatsRequest(request) => number(request.port.0, &[PORT_ANY]),
            _ => Selection::All,
        }
    }
}

impl FlowSelection {
    /// What a request for flows, or for their totals, selects.
    pub(super) fn new(request: &FlowRequest) -> FlowSelection {
        let fields = request.fields.view();
        FlowSelection {
            table: request.table,
            cookie: request.cookie.0,
            cookie_mask: request.cookie_mask.0,
            out_port: Some(request.out_port.0).filter(|port| *port != PORT_ANY),
            out_group: request.out_group,
            fields: fields.map_or_else(MatchFields::default, |fields| MatchFields::from(&fields)),
        }
    }

    /// Whether it names a table.
    pub(super) fn is_of_one_table(&self) -> bool {
        self.table != ALL_TABLES
    }

    /// Whether its table is one of these.
    pub(super) fn is_of(&self, tables: &TableSet) -> bool {
        tables.has(self.table)
    }

    fn is_everything(&self) -> bool {
        self.table == ALL_TABLES
            && self.cookie_mask == 0
            && (self.out_port, self.out_group) == (None, None)
            && self.fields.is_empty()
    }

    /// Whether it names a table that a request for all tables leaves out.
    pub(super) fn is_of_hidden_table(&self) -> bool {
        self.table == HIDDEN_TABLE
    }

    fn selects(&self, flow: &FlowStats<'_>) -> bool {
        (self.table == ALL_TABLES || self.table == flow.table_id)
            && (flow.cookie ^ self.cookie) & self.cookie_mask == 0
            && self
                .out_port
                .is_none_or(|port| outputs_to(&flow.actions, port))
            && self
                .out_group
                .is_none_or(|group| sends_to_group(&flow.actions, group))
            && (self.fields.is_empty() || self.fields.covers(&MatchFields::from(&flow.fields)))
    }

    /// Whether it selects a flow of a message.
    pub(super) fn selects_any(&self, version: Version, message: &[u8]) -> bool {
        let mut selects = false;
        self.each(version, message, |_| selects = true);
        selects
    }

    /// Passes the selected flows of a message to `take`.
    fn each(&self, version: Version, message: &[u8], mut take: impl FnMut(&FlowStats<'_>)) {
        let part = multipart::decode(version, message).ok().flatten();
        let entries = part.and_then(|part| Entries::new(version, part).ok());
        let mut scratch = Scratch::new();
        if let Some(mut entries) = entries {
            while let Some(entry) = entries.next_entry(&mut scratch) {
                if let Ok(flow) = entry
                    && self.selects(&flow)
                {
                    take(&flow);
                }
            }
        }
    }

    /// The body of an aggregate reply about the selected flows.
    pub(super) fn totals(&self, version: Version, messages: &[Vec<u8>]) -> Vec<u8> {
        let (mut count, mut packets, mut bytes) = (0_u32, Some(0_u64), Some(0_u64));
        let add = |sum: Option<u64>, more: Option<u64>| Some(sum?.wrapping_add(more?));
        for message in messages {
            self.each(version, message, |flow| {
                count += 1;
                packets = add(packets, flow.packet_count);
                bytes = add(bytes, flow.byte_count);
            });
        }
        let totals = Aggregate {
            packet_count: packets,
            byte_count: bytes,
            flow_count: Some(count),
        };
        totals.encode(version)
    }
}

/// The tables that the flows of a message are in: clients ask for one table after the other.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TableSet([u64; 4]);

impl TableSet {
    /// Reads them. A malformed message may have flows of any table.
    pub(super) fn of(version: Version, message: &[u8]) -> TableSet {
        let mut set = TableSet::default();
        let part = multipart::decode(version, message).ok().flatten();
        let Some(mut entries) = part.and_then(|part| Entries::new(version, part).ok()) else {
            return TableSet([u64::MAX; 4]);
        };
        let mut scratch = Scratch::new();
        while let Some(entry) = entries.next_entry(&mut scratch) {
            match entry {
                Ok(flow) => set.add(flow.table_id),
                Err(_) => return TableSet([u64::MAX; 4]),
            }
        }
        set
    }

    fn add(&mut self, table: u8) {
        let word = self.0.get_mut(usize::from(table / 64));
        if let Some(word) = word {
            *word |= 1 << (table % 64);
        }
    }

    fn has(&self, table: u8) -> bool {
        let word = self.0.get(usize::from(table / 64));
        word.is_some_and(|word| word >> (table % 64) & 1 == 1)
    }
}

/// Whether the switch counts a flow with these actions as one that outputs to the port: by `output`, `enqueue` and
/// `controller`, also within `clone`, `ct` and `write_actions`.
fn outputs_to(actions: &ActionList<'_>, port: u32) -> bool {
    any(actions, &|action| match action {
        Action::Output(output) => output.port == port,
        Action::Enqueue(enqueue) => enqueue.port == port,
        Action::Controller(_) => port == PORT_CONTROLLER,
        _ => false,
    })
}

fn sends_to_group(actions: &ActionList<'_>, number: u32) -> bool {
    any(
        actions,
        &|action| matches!(action, Action::Group(group) if group.group == number),
    )
}

/// Whether an action, or one within it, is such a one.
fn any(actions: &ActionList<'_>, is_it: &dyn Fn(&Action<'_>) -> bool) -> bool {
    actions.iter().flatten().any(|action| {
        is_it(&action)
            || match &action {
                Action::CloneActions(clone) => any(&clone.actions, is_it),
                Action::WriteActions(write) => any(&write.actions, is_it),
                Action::Ct(ct) => any(&ct.actions, is_it),
                _ => false,
            }
    })
}

/// The message with those of its entries that are selected; `None` if there are none. What is malformed is left in,
/// for the client to report.
pub(super) fn entries_of(
    version: Version,
    part: Part,
    message: &[u8],
    selection: &Selection,
) -> Option<Vec<u8>> {
    let reply = multipart::decode(version, message).ok()??;
    let mut kept: Vec<u8> = Vec::new();
    let begin = match selection {
        Selection::All => return Some(message.to_vec()),
        Selection::Flows(flows) => {
            let mut entries = Entries::new(version, reply).ok()?;
            let form = entries.form();
            let mut scratch = Scratch::new();
            let mut begin = None;
            while let Some(entry) = entries.next_bytes() {
                let Ok(entry) = entry else {
                    return Some(message.to_vec());
                };
                begin.get_or_insert(entry.at());
                match form.decode(entry, &mut scratch) {
                    Ok(flow) if !flows.selects(&flow) => {}
                    _ => kept.extend(entry.rest()),
                }
            }
            begin?
        }
        Selection::Number(wanted) => {
            let mut body = body_of(version, part, reply)?;
            let begin = body.at();
            while !body.is_empty() {
                match numbered(version, part, &mut body) {
                    Ok((number, entry)) if number == *wanted => kept.extend(entry.rest()),
                    Ok(_) => {}
                    Err(_) => return Some(message.to_vec()),
                }
            }
            begin
        }
    };
    if kept.is_empty() {
        return None;
    }
    let mut selected = message.get(..begin)?.to_vec();
    selected.extend(kept);
    Some(selected)
}

/// The entries of a reply about groups, meters or ports.
fn body_of(version: Version, part: Part, reply: multipart::Part<'_>) -> Option<Cursor<'_>> {
    match part {
        Part::Groups => reply
            .expect(version, multipart::GROUP_DESC, groups::NICIRA_DESC)
            .ok(),
        Part::GroupStats => reply
            .expect(version, multipart::GROUP_STATS, groups::NICIRA_STATS)
            .ok(),
        _ => Some(reply.body),
    }
}

/// The next entry of such a reply, and its number.
fn numbered<'a>(
    version: Version,
    part: Part,
    body: &mut Cursor<'a>,
) -> Result<(u32, Cursor<'a>), DecodeError> {
    let what = ("entry length", "entry");
    let (entry, at) = match part {
        Part::Groups | Part::GroupStats | Part::Meters => (body.sized(0, 8, what)?, 4),
        Part::MeterStats => (body.sized(4, 8, what)?, 0),
        _ if version >= Version::V14 => (body.sized(0, 8, what)?, 4),
        _ if version == Version::V13 => (body.sub(112, what.1)?, 0),
        _ => (body.sub(104, what.1)?, 0),
    };
    let mut fields = entry;
    fields.skip(at, what.1)?;
    let number = match (part, version) {
        (Part::PortStats, Version::V10) => port_from_v10(fields.u16("port_no")?),
        _ => fields.u32("number")?,
    };
    Ok((number, entry))
}
