//! The errors of a switch for a group, in words.

use super::plan::GroupStep;
use crate::base::shell::word;
use crate::commands::entries::RefusalReason;
use crate::openflow::messages::error::ErrorMessage;

/// The reason for an error of the switch `name` for this step.
pub(in crate::commands) fn reason(
    error: &ErrorMessage,
    step: Option<&GroupStep>,
    name: &str,
) -> RefusalReason {
    let switch = word(name);
    let group = step.map_or(0, |step| step.change.group.group_id);
    let (text, hint) = match error.name.unwrap_or_default() {
        "OFPGMFC_GROUP_EXISTS" => (
            format!("group {group} is on {name} already"),
            format!("`ovs group mod {switch} ...` changes it"),
        ),
        "OFPGMFC_UNKNOWN_GROUP" => (
            format!("{name} has no group {group}"),
            format!("`ovs dump-groups {switch}` lists its groups"),
        ),
        "OFPGMFC_BUCKET_EXISTS" => (
            "the group has a bucket with this id".to_owned(),
            format!("`ovs dump-groups {switch} {group}` shows its buckets"),
        ),
        "OFPGMFC_UNKNOWN_BUCKET" => (
            "the group has no bucket with this id".to_owned(),
            format!("`ovs dump-groups {switch} {group}` shows its buckets"),
        ),
        "OFPGMFC_WATCH_UNSUPPORTED" => (
            "its type cannot watch ports or groups".to_owned(),
            "groups of type ff and select can".to_owned(),
        ),
        "OFPGMFC_INVALID_GROUP" => (
            "its buckets do not fit its type".to_owned(),
            "a group of type indirect has exactly one bucket".to_owned(),
        ),
        "OFPGMFC_LOOP" => (
            "the groups refer to each other in a circle".to_owned(),
            String::new(),
        ),
        "OFPGMFC_CHAINING_UNSUPPORTED" | "OFPGMFC_CHAINED_GROUP" => (
            format!("{name} does not support groups that refer to groups"),
            String::new(),
        ),
        "OFPGMFC_OUT_OF_GROUPS" => (format!("{name} has room for no more groups"), String::new()),
        "OFPGMFC_OUT_OF_BUCKETS" => (
            format!("{name} has room for no more buckets"),
            String::new(),
        ),
        "OFPGMFC_BAD_TYPE" => (format!("{name} has no groups of this type"), String::new()),
        "OFPGMFC_WEIGHT_UNSUPPORTED" => (
            format!("{name} does not support buckets of unequal weight"),
            String::new(),
        ),
        "OFPGMFC_BAD_BUCKET" => ("a bucket is not valid".to_owned(), String::new()),
        "OFPGMFC_BAD_WATCH" => (
            "a port or group that is watched is not valid".to_owned(),
            String::new(),
        ),
        "OFPBPC_BAD_VALUE" => (
            "the selection method, or a field of it, is not supported".to_owned(),
            "Open vSwitch knows hash, with fields, and dp_hash".to_owned(),
        ),
        "OFPBAC_BAD_OUT_PORT" => (
            "a bucket sends to a port that it cannot send to".to_owned(),
            format!("`ovs port list {switch}` lists its ports"),
        ),
        "OFPBAC_BAD_OUT_GROUP" => (
            "a bucket refers to a group that does not exist".to_owned(),
            format!("`ovs dump-groups {switch}` lists its groups"),
        ),
        "OFPBRC_IS_SLAVE" | "OFPBRC_IS_SECONDARY" => (
            "this connection may not change the switch: its role is secondary".to_owned(),
            String::new(),
        ),
        _ if error.is_unsupported() => (format!("{name} knows no groups"), String::new()),
        _ => ("the switch refused it".to_owned(), String::new()),
    };
    RefusalReason {
        text,
        hint: Some(hint).filter(|hint| !hint.is_empty()),
    }
}
