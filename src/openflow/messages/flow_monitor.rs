//! Watching the flow tables (OpenFlow 1.5.1 §7.3.5.17; the ONF's extension of 1.3, Nicira's of 1.0).
//!
//! ```text
//! request, 1.4+    monitor_id(4) out_port(4) out_group(4) flags(2) table_id(1) command(1) | ofp_match
//! request, ONF     id(4) flags(2) match_len(2) out_port(4) table_id(1) pad(3) | ofp_match
//! request, Nicira  id(4) flags(2) out_port(2) match_len(2) table_id(1) pad(5) | NXM, padded to 8
//! update, 1.4+     length(2) event(2) table_id(1) reason(1) idle_timeout(2) hard_timeout(2)
//!                  priority(2) pad(4) cookie(8) | ofp_match | instructions
//! update, others   length(2) event(2) reason(2) priority(2) idle_timeout(2) hard_timeout(2)
//!                  match_len(2) table_id(1) pad(1) cookie(8) | NXM or ofp_match | actions
//! abbreviated      length(2) event(2) xid(4)
//! cancel           id(4)
//! ```

use serde::Serialize;

use super::codec::{
    self, At, Encode, Head, Message, NICIRA, ONF, Place, nicira, nicira_reply, nicira_request, onf,
    place, reply, request,
};
use super::flow_removed::REASONS;
use super::members::{Actions, DEFAULT_PRIORITY, Fields, Flags, Hex, Named, Port};
use super::tables::ALL_TABLES;
use crate::openflow::actions::ListForm;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::fields::Filter;
use crate::openflow::flow_entry::{Flow, FlowEntry};
use crate::openflow::text::{PORT_ANY, Sink, TextContext, TextRole, port_from_v10, port_to_v10};
use crate::openflow::version::Version::{self, V10, V12, V13, V14, V15};

/// `OFPMP_FLOW_MONITOR`
const FLOW_MONITOR: u16 = 16;
/// Its subtypes in the extensions.
const NICIRA_MONITOR: u32 = 2;
const ONF_MONITOR: u32 = 1870;

/// `OFPFMF_*`
const FLAGS: &[(u32, &str)] = &[
    (1 << 0, "initial"),
    (1 << 1, "add"),
    (1 << 2, "delete"),
    (1 << 3, "modify"),
    (1 << 4, "actions"),
    (1 << 5, "no-abbrev"),
    (OWN, "own"),
];
const OWN: u32 = 1 << 6;
/// `add`, `delete`, `modify` and `actions`
const EVERY_CHANGE: u32 = 0b1_1110;
/// `own` in the extensions
const EXTENSION_OWN: u32 = 1 << 5;

/// `OFPFMC_*`
const COMMANDS: &[(u32, &str)] = &[(0, "add"), (1, "modify"), (DELETE, "delete")];
const DELETE: u32 = 2;

/// `OFPFME_*`
const EVENTS: &[(u32, &str)] = &[
    (0, "INITIAL"),
    (1, "ADDED"),
    (DELETED, "DELETED"),
    (3, "MODIFIED"),
    (ABBREVIATED, "ABBREV"),
    (PAUSED, "PAUSED"),
    (RESUMED, "RESUMED"),
];
const ADDED: u32 = 1;
const DELETED: u32 = 2;
const ABBREVIATED: u32 = 4;
const PAUSED: u32 = 5;
const RESUMED: u32 = 6;

/// `OFPST_FLOW_MONITOR` request
#[derive(Debug, Clone, Serialize)]
pub struct MonitorRequest {
    /// The requested monitors.
    pub monitors: Vec<Monitor>,
}

/// A request to monitor flows.
#[derive(Debug, Clone, Serialize)]
pub struct Monitor {
    /// The id that the controller chose for it.
    pub id: u32,
    /// `OFPFMC_*`
    pub command: Named,
    /// `OFPFMF_*`; in the extensions `own` has another bit.
    pub flags: Flags,
    /// Selects flows that output to this port.
    pub out_port: Port,
    /// Selects flows that output to this group.
    pub out_group: Option<u32>,
    /// The table; 255 for all.
    pub table: u8,
    /// Selects flows that match at least these fields.
    #[serde(rename = "match")]
    pub fields: Fields,
}

/// A request for all changes of the flows that `filter` selects, except those that this connection makes, with the
/// actions. The cookie does not select, before OpenFlow 1.4 nor does the group. `None` if the version cannot carry it.
pub fn request_changes(version: Version, xid: u32, filter: &Filter) -> Option<Vec<u8>> {
    let (at, layout) = match version {
        V10 | Version::V11 | V12 => (At::VendorRequest(NICIRA, NICIRA_MONITOR), V10),
        V13 => (At::VendorRequest(ONF, ONF_MONITOR), version),
        V14 | V15 => (At::Request(FLOW_MONITOR), version),
    };
    let monitor = Monitor {
        id: 1,
        command: Named::new(0u32, COMMANDS),
        flags: Flags::new(EVERY_CHANGE, FLAGS),
        out_port: Port(filter.out_port.unwrap_or(PORT_ANY)),
        out_group: filter.out_group,
        table: filter.table.unwrap_or(ALL_TABLES),
        fields: Fields::from_request(&filter.fields, layout)?,
    };
    let request = MonitorRequest {
        monitors: vec![monitor],
    };
    codec::encode(&request, version, at, xid)
}

/// The bits of the extensions as those of 1.4.
fn extension_flags(bits: u16) -> u32 {
    let bits = u32::from(bits);
    bits & !EXTENSION_OWN | if bits & EXTENSION_OWN != 0 { OWN } else { 0 }
}

/// The inverse of [`extension_flags`]; `no-abbrev` does not exist there.
fn flags_of_extension(bits: u32) -> Option<u16> {
    let own = if bits & OWN != 0 { EXTENSION_OWN } else { 0 };
    u16::try_from(bits & !OWN & !EXTENSION_OWN | own).ok()
}

impl Monitor {
    fn decode(body: &mut Cursor<'_>, at: At) -> Result<Monitor, DecodeError> {
        let id = body.u32("id")?;
        let mut out_group = None;
        let mut command = 0u32;
        let bits;
        let out_port;
        let table;
        let fields;
        match at {
            At::VendorRequest(NICIRA, _) => {
                bits = extension_flags(body.u16("flags")?);
                out_port = port_from_v10(body.u16("out_port")?);
                let match_len = usize::from(body.u16("match_len")?);
                table = body.u8("table_id")?;
                body.skip(5, "padding")?;
                fields = Fields::nxm(body, match_len)?;
            }
            At::VendorRequest(..) => {
                bits = extension_flags(body.u16("flags")?);
                body.skip(2, "match_len")?;
                out_port = body.u32("out_port")?;
                table = body.u8("table_id")?;
                body.skip(3, "padding")?;
                fields = Fields::v11(body)?;
            }
            _ => {
                out_port = body.u32("out_port")?;
                out_group = Some(body.u32("out_group")?).filter(|group| *group != u32::MAX);
                bits = body.u16("flags")?.into();
                table = body.u8("table_id")?;
                command = body.u8("command")?.into();
                fields = Fields::v11(body)?;
            }
        }
        Ok(Monitor {
            id,
            command: Named::new(command, COMMANDS),
            flags: Flags::new(bits, FLAGS),
            out_port: Port(out_port),
            out_group,
            table,
            fields,
        })
    }

    fn encode(&self, at: At, out: &mut Vec<u8>) -> Option<()> {
        out.extend(self.id.to_be_bytes());
        match at {
            At::VendorRequest(NICIRA, _) => {
                out.extend(flags_of_extension(self.flags.bits)?.to_be_bytes());
                out.extend(port_to_v10(self.out_port.0)?.to_be_bytes());
                out.extend(u16::try_from(self.fields.len()).ok()?.to_be_bytes());
                out.extend([self.table, 0, 0, 0, 0, 0]);
                self.fields.put_nxm(out);
            }
            At::VendorRequest(..) => {
                out.extend(flags_of_extension(self.flags.bits)?.to_be_bytes());
                out.extend(u16::try_from(self.fields.len() + 4).ok()?.to_be_bytes());
                out.extend(self.out_port.0.to_be_bytes());
                out.extend([self.table, 0, 0, 0]);
                self.fields.put_oxm(out)?;
            }
            _ => {
                out.extend(self.out_port.0.to_be_bytes());
                out.extend(self.out_group.unwrap_or(u32::MAX).to_be_bytes());
                out.extend(u16::try_from(self.flags.bits).ok()?.to_be_bytes());
                out.extend([self.table, u8::try_from(self.command.number).ok()?]);
                self.fields.put_oxm(out)?;
            }
        }
        Some(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        write!(sink, "\n id={}", self.id);
        if self.command.number == DELETE {
            write!(sink, " command={}", self.command);
            return;
        }
        sink.put(" flags=");
        self.flags.text(sink, ",");
        if self.out_port.0 != PORT_ANY {
            sink.put(" out_port=");
            self.out_port.text(sink, cx);
        }
        if let Some(group) = self.out_group.filter(|group| *group != 0) {
            write!(sink, " out_group={group}");
        }
        if self.table != u8::MAX {
            write!(sink, " table={}", self.table);
        }
        if self.fields.view().is_some_and(|fields| !fields.is_empty()) {
            sink.put(" ");
            self.fields.text(sink, cx, DEFAULT_PRIORITY);
        }
    }
}

impl<'a> Message<'a> for MonitorRequest {
    const PLACES: &'static [Place] = &[
        request("OFPST_FLOW_MONITOR", FLOW_MONITOR, V14, V15),
        place(
            "ONFST_FLOW_MONITOR",
            At::VendorRequest(ONF, ONF_MONITOR),
            V13,
            V13,
        ),
        nicira_request("NXST_FLOW_MONITOR", NICIRA_MONITOR, V12),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<MonitorRequest, DecodeError> {
        Ok(MonitorRequest {
            monitors: head.list(body, |body| Monitor::decode(body, head.at)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        for monitor in &self.monitors {
            monitor.text(sink, cx);
        }
    }
}

impl Encode for MonitorRequest {
    fn encode_body(&self, _: Version, at: At, out: &mut Vec<u8>) -> Option<()> {
        let mut monitors = self.monitors.iter();
        monitors.try_for_each(|monitor| monitor.encode(at, out))
    }
}

/// `OFPST_FLOW_MONITOR` reply
#[derive(Debug, Clone, Serialize)]
pub struct MonitorReply<'a> {
    /// The updates.
    pub updates: Vec<Update<'a>>,
}

/// One change of the flow tables.
#[derive(Debug, Clone, Serialize)]
pub struct Update<'a> {
    /// `OFPFME_*`
    pub event: Named,
    /// The xid of the request of this controller that caused it; only for `OFPFME_ABBREV`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xid: Option<u32>,
    /// The flow; absent for `OFPFME_ABBREV`, which has the xid alone.
    #[serde(flatten)]
    pub flow: Option<UpdatedFlow<'a>>,
}

/// The flow that changed.
#[derive(Debug, Clone, Serialize)]
pub struct UpdatedFlow<'a> {
    /// The reason for its removal (`OFPRR_*`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Named>,
    /// Its table.
    pub table: u8,
    /// Its priority.
    pub priority: u16,
    /// Seconds without a packet before it expires; 0: never.
    pub idle_timeout: u16,
    /// Seconds before it expires; 0: never.
    pub hard_timeout: u16,
    /// Its cookie.
    pub cookie: Hex,
    /// Its match.
    #[serde(rename = "match")]
    pub fields: Fields,
    /// Its actions, if requested.
    pub actions: Actions<'a>,
}

/// `OFPIT_APPLY_ACTIONS`
const APPLY_ACTIONS: u16 = 4;

impl UpdatedFlow<'_> {
    /// The flow with what an update has of it: without flags and importance. `None` if its match is malformed.
    pub fn flow(&self) -> Option<Flow> {
        let list = *self.actions.list();
        let mut flow = Flow::from(&FlowEntry {
            table_id: self.table,
            priority: self.priority,
            idle_timeout: self.idle_timeout,
            hard_timeout: self.hard_timeout,
            flags: 0,
            importance: 0,
            cookie: self.cookie.0,
            fields: self.fields.view()?,
            actions: list,
        });
        if list.version() > V10 && list.form() == ListForm::Actions {
            // The flow of another message has instructions.
            let bytes = &mut flow.actions.bytes;
            let length = u16::try_from(bytes.len() + 8).ok()?;
            let head = [APPLY_ACTIONS, length, 0, 0].map(u16::to_be_bytes).concat();
            bytes.splice(..0, head);
        }
        Some(flow)
    }
}

impl<'a> Update<'a> {
    /// Whether a flow was added, possibly in place of one with its key.
    pub fn is_addition(&self) -> bool {
        self.event.number == ADDED
    }

    /// Whether a flow was removed.
    pub fn is_removal(&self) -> bool {
        self.event.number == DELETED
    }

    /// Whether the switch stops to report changes for a while, since this connection does not keep up.
    pub fn is_pause(&self) -> bool {
        self.event.number == PAUSED
    }

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Update<'a>, DecodeError> {
        let start = *body;
        let length = usize::from(body.u16("update length")?);
        if length < 8 || !length.is_multiple_of(8) {
            return Err(start.error("update length", DecodeErrorKind::BadLength(length)));
        }
        let is_extension = matches!(head.at, At::VendorReply(..));
        let event = u32::from(body.u16("event")?) + u32::from(is_extension);
        let event = Named::new(event, EVENTS);
        let mut body_of = |what| body.sub(length - 4, what);
        match event.number {
            ABBREVIATED => {
                let mut inside = body_of("abbreviated update")?;
                Ok(Update {
                    event,
                    xid: Some(inside.u32("xid")?),
                    flow: None,
                })
            }
            PAUSED | RESUMED if !is_extension => {
                body_of("update")?;
                Ok(Update {
                    event,
                    xid: None,
                    flow: None,
                })
            }
            0..=3 => {
                let mut inside = body_of("update")?;
                let mut flow = if is_extension {
                    extension_flow(&mut inside, head)?
                } else {
                    flow(&mut inside, head)?
                };
                flow.reason = flow.reason.filter(|_| event.number == DELETED);
                Ok(Update {
                    event,
                    xid: None,
                    flow: Some(flow),
                })
            }
            other => {
                let mut at = start;
                at.skip(2, "update length")?;
                Err(at.error("event", DecodeErrorKind::BadValue(other.into())))
            }
        }
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        write!(sink, "\n event={}", self.event);
        if let Some(xid) = self.xid {
            write!(sink, " xid={xid:#x}");
        }
        let Some(flow) = &self.flow else {
            return;
        };
        if let Some(reason) = flow.reason {
            write!(sink, " reason={reason}");
        }
        write!(sink, " table={}", flow.table);
        for (key, seconds) in [
            ("idle_timeout", flow.idle_timeout),
            ("hard_timeout", flow.hard_timeout),
        ] {
            if seconds != 0 {
                write!(sink, " {key}={seconds}");
            }
        }
        match flow.cookie.0 {
            0 => write!(sink, " cookie=0 "),
            cookie => write!(sink, " cookie={cookie:#x} "),
        }
        flow.fields.text(sink, cx, DEFAULT_PRIORITY);
        if !flow.actions.is_empty() {
            if !sink.buffer().ends_with(' ') {
                sink.put(" ");
            }
            sink.put_as(TextRole::Action, "actions=");
            flow.actions.text(sink, cx);
        }
    }
}

fn reason(number: u16) -> Named {
    Named::new(number, REASONS)
}

fn flow<'a>(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<UpdatedFlow<'a>, DecodeError> {
    let table = body.u8("table_id")?;
    let reason = Some(reason(body.u8("reason")?.into()));
    let idle_timeout = body.u16("idle_timeout")?;
    let hard_timeout = body.u16("hard_timeout")?;
    let priority = body.u16("priority")?;
    body.skip(4, "padding")?;
    let cookie = Hex(body.u64("cookie")?);
    let fields = Fields::v11(body)?;
    Ok(UpdatedFlow {
        reason,
        table,
        priority,
        idle_timeout,
        hard_timeout,
        cookie,
        actions: Actions::rest_of_flow(body, head, &fields)?,
        fields,
    })
}

fn extension_flow<'a>(
    body: &mut Cursor<'a>,
    head: &Head<'a>,
) -> Result<UpdatedFlow<'a>, DecodeError> {
    let reason = Some(reason(body.u16("reason")?));
    let priority = body.u16("priority")?;
    let idle_timeout = body.u16("idle_timeout")?;
    let hard_timeout = body.u16("hard_timeout")?;
    let match_len = usize::from(body.u16("match_len")?);
    let table = body.u8("table_id")?;
    body.skip(1, "padding")?;
    let cookie = Hex(body.u64("cookie")?);
    let (fields, actions) = if let At::VendorReply(NICIRA, _) = head.at {
        let fields = Fields::nxm(body, match_len)?;
        let length = body.remaining();
        let actions = Actions::read(body, length, head, ListForm::Actions)?;
        (fields, actions)
    } else {
        let fields = Fields::v11(body)?;
        let actions = Actions::rest_of_flow(body, head, &fields)?;
        (fields, actions)
    };
    Ok(UpdatedFlow {
        reason,
        table,
        priority,
        idle_timeout,
        hard_timeout,
        cookie,
        fields,
        actions,
    })
}

impl<'a> Message<'a> for MonitorReply<'a> {
    const PLACES: &'static [Place] = &[
        reply("OFPST_FLOW_MONITOR", FLOW_MONITOR, V14, V15),
        place(
            "ONFST_FLOW_MONITOR",
            At::VendorReply(ONF, ONF_MONITOR),
            V13,
            V13,
        ),
        nicira_reply("NXST_FLOW_MONITOR", NICIRA_MONITOR, V12),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<MonitorReply<'a>, DecodeError> {
        Ok(MonitorReply {
            updates: head.list(body, |body| Update::decode(body, head)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        for update in &self.updates {
            update.text(sink, cx);
        }
    }
}

/// `NXT_FLOW_MONITOR_CANCEL`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MonitorCancel {
    /// The id that the controller chose for the monitor.
    pub id: u32,
}

impl<'a> Message<'a> for MonitorCancel {
    const PLACES: &'static [Place] = &[
        nicira("NXT_FLOW_MONITOR_CANCEL", 21, V10, V12),
        onf("ONFT_FLOW_MONITOR_CANCEL", 1870),
    ];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MonitorCancel, DecodeError> {
        Ok(MonitorCancel {
            id: body.u32("id")?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, " id={}", self.id);
    }
}
