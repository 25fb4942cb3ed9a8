//! The errors of a switch for a flow, in words: what the flow asks for that the switch refuses.

use std::collections::BTreeSet;

use crate::base::shell::word;
use crate::commands::entries::RefusalReason;
use crate::openflow::actions::{Action, SwitchReference};
use crate::openflow::flow_change::FlowChange;
use crate::openflow::messages::error::ErrorMessage;

/// The reason for an error of the switch `name`; `change` is the flow that it refused, if known.
pub(in crate::commands) fn reason(
    error: &ErrorMessage,
    change: Option<&FlowChange>,
    name: &str,
) -> RefusalReason {
    let switch = word(name);
    let table = change.map_or(0, |change| change.flow.table_id);
    let (text, hint) = match error.name.unwrap_or_default() {
        "OFPBAC_BAD_OUT_GROUP" => (
            format!("{} on {name}", absent("group", &groups(change))),
            format!("`ovs dump-groups {switch}` lists its groups"),
        ),
        "OFPMMFC_INVALID_METER" | "OFPMMFC_UNKNOWN_METER" => (
            format!("{} on {name}", absent("meter", &meters(change))),
            format!("`ovs dump-meters {switch}` lists its meters"),
        ),
        "OFPBAC_BAD_OUT_PORT" => (
            format!("{} on {name}", absent("port", &ports(change))),
            format!("`ovs port list {switch}` lists its ports"),
        ),
        "OFPFMFC_TABLE_FULL" | "OFPFMFC_ALL_TABLES_FULL" => (
            format!("table {table} of {name} is full"),
            "`ovs db list Flow_Table` shows the limits of tables (flow_limit)".to_owned(),
        ),
        "OFPFMFC_OVERLAP" => (
            "it overlaps a flow of the same priority, which check_overlap forbids".to_owned(),
            format!("`ovs dump-flows {switch} table={table}` shows the flows of the table"),
        ),
        "OFPBRC_EPERM" | "OFPFMFC_EPERM" if table == 254 => (
            "table 254 is for the switch itself".to_owned(),
            "tables 0 to 253 are free".to_owned(),
        ),
        "OFPBRC_IS_SLAVE" | "OFPBRC_IS_SECONDARY" => (
            "this connection may not change the switch: its role is secondary".to_owned(),
            String::new(),
        ),
        "OFPBRC_BAD_TABLE_ID" | "OFPFMFC_BAD_TABLE_ID" => (
            format!("{name} has no table {table}"),
            format!("`ovs dump-tables {switch}` lists its tables"),
        ),
        "OFPBIC_BAD_TABLE_ID" => (
            match next_table(change) {
                Some(next) if next <= table => {
                    format!("goto_table:{next} leads back: it must lead to a table after {table}")
                }
                _ => "goto_table must lead to a later table that the switch has".to_owned(),
            },
            String::new(),
        ),
        "OFPBAC_MATCH_INCONSISTENT" | "OFPBMC_BAD_PREREQ" | "OFPBAC_BAD_SET_ARGUMENT_PREREQ" => (
            "an action or a field needs a protocol that the match does not have".to_owned(),
            "ovs-fields(7) lists what a field needs in the match: ip, tcp, ...".to_owned(),
        ),
        "NXFMFC_INVALID_TLV_FIELD" => (
            "no Geneve option is mapped to a field tun_metadata of it".to_owned(),
            format!("`ovs-ofctl add-tlv-map {switch} ...` maps options"),
        ),
        "OFPBMC_BAD_FIELD" => (
            format!("{name} does not support a field of the match"),
            String::new(),
        ),
        "OFPBMC_BAD_MASK" | "OFPBMC_BAD_WILDCARDS" => (
            format!("{name} does not support a mask of the match"),
            String::new(),
        ),
        "OFPBMC_BAD_VALUE" => (
            "a value of the match is out of range".to_owned(),
            String::new(),
        ),
        "OFPBAC_BAD_TYPE"
        | "OFPBAC_BAD_VENDOR"
        | "OFPBAC_BAD_VENDOR_TYPE"
        | "OFPBAC_BAD_SET_TYPE"
        | "OFPBAC_UNSUPPORTED_ORDER"
        | "OFPBIC_UNKNOWN_INST"
        | "OFPBIC_UNSUP_INST" => (
            format!("{name} does not support an action of the flow"),
            String::new(),
        ),
        "OFPBAC_BAD_ARGUMENT"
        | "OFPBAC_BAD_SET_ARGUMENT"
        | "OFPBAC_BAD_SET_LEN"
        | "OFPBAC_BAD_LEN" => (
            "an argument of an action is out of range".to_owned(),
            String::new(),
        ),
        "OFPBAC_TOO_MANY" => ("it has too many actions".to_owned(), String::new()),
        "OFPBFC_TIMEOUT" | "OFPBFC_BAD_ID" => (
            "the switch dropped the bundle: nothing was added to it for too long".to_owned(),
            "`ovs-vsctl set Open_vSwitch . other_config:bundle-idle-timeout=SECS` sets that time"
                .to_owned(),
        ),
        "OFPBFC_OUT_OF_BUNDLES" => (
            "the switch has too many open bundles".to_owned(),
            String::new(),
        ),
        _ => ("the switch refused it".to_owned(), String::new()),
    };
    RefusalReason {
        text,
        hint: Some(hint).filter(|hint| !hint.is_empty()),
    }
}

/// `group 77 does not exist`, where it may be one of several.
fn absent(kind: &str, numbers: &BTreeSet<u32>) -> String {
    let words: Vec<String> = numbers.iter().map(u32::to_string).collect();
    match words.as_slice() {
        [] => format!("a {kind} of it does not exist"),
        [only] => format!("{kind} {only} does not exist"),
        several => format!("one of the {kind}s {} does not exist", several.join(", ")),
    }
}

fn references(
    change: Option<&FlowChange>,
    wanted: impl Fn(SwitchReference) -> Option<u32>,
) -> BTreeSet<u32> {
    let mut numbers = BTreeSet::new();
    if let Some(change) = change {
        change.flow.actions.list().references(&mut |reference| {
            numbers.extend(wanted(reference));
        });
    }
    numbers
}

fn groups(change: Option<&FlowChange>) -> BTreeSet<u32> {
    references(change, |reference| match reference {
        SwitchReference::Group(group) => Some(group),
        _ => None,
    })
}

fn meters(change: Option<&FlowChange>) -> BTreeSet<u32> {
    references(change, |reference| match reference {
        SwitchReference::Meter(meter) => Some(meter),
        _ => None,
    })
}

fn ports(change: Option<&FlowChange>) -> BTreeSet<u32> {
    references(change, |reference| match reference {
        SwitchReference::Output(port) => Some(port),
        _ => None,
    })
}

/// The table of a `goto_table`.
fn next_table(change: Option<&FlowChange>) -> Option<u8> {
    let actions = change?.flow.actions.list();
    actions.iter().flatten().find_map(|action| match action {
        Action::GotoTable(goto) => Some(goto.table),
        _ => None,
    })
}
