//! What a flow means, as bytes that are equal for flows of one meaning, however they are spelt.
//!
//! The same meaning can be spelt by several actions, by one or several fields, and differently in every version;
//! ovs-actions(7) and ovs-fields(7) say which are equivalent. A flow has two parts:
//!
//! - the key, by which a switch knows it: table, priority and match;
//! - the effect: timeouts, importance, flags, cookie and actions. Left out is `reset_counts`, which says how the flow was
//!   added; statistics are no part of a flow.
//!
//! Only what both sides can tell is compared. Before OpenFlow 1.3 a dump tells no flags, before 1.4 no importance, and
//! since 1.1 not every mask of `vlan_tci`; so keys and effects are those of a version, of which the dump is.
//!
//! | compared as equal | |
//! |---|---|
//! | `strip_vlan` | `pop_vlan` |
//! | `mod_vlan_vid:66` | `push_vlan:0x8100,set_field:4162->vlan_vid` where no tag is known to be there, else `set_field` alone |
//! | `set_tunnel:1` | `set_tunnel64:1`, `set_field:1->tun_id`, `load:1->NXM_NX_TUN_ID[]` |
//! | `mod_nw_src`, `mod_dl_dst`, `mod_tp_src`, `mod_nw_tos`, `mod_nw_ttl`, `set_mpls_label`, ... | `set_field`, `load` |
//! | `load:0x1->reg0[0..7],load:0x2->reg0[8..15]` | `set_field:0x201/0xffff->reg0` |
//! | `set_field:0x100000002->xreg0` | `set_field:1->reg0,set_field:2->reg1` |
//! | `enqueue:1:2` | `set_queue:2,output:1,pop_queue` |
//! | `controller(max_len=100)` | `CONTROLLER:100` |
//! | `resubmit:1` | `resubmit(1,)` |
//!
//! The order of actions is kept: `goto_table` and `resubmit`, `write_actions` and what is applied at once, are different.

mod actions;

use super::actions::ActionList;
use super::bytes::{Cursor, DecodeError};
use super::flow_entry::{FlowEntry, RESET_COUNTS};
use super::text::Plain;
use super::version::Version;

/// Length of what stands before the actions in an effect.
const HEAD: usize = 16;

/// Appends the key: table, priority, match. `told_by` is the version of the dump that it is compared with; `None`: with a
/// file, which tells everything.
pub fn put_key(flow: &FlowEntry<'_>, told_by: Option<Version>, out: &mut Vec<u8>) {
    out.push(flow.table_id);
    out.extend(flow.priority.to_be_bytes());
    flow.fields.put_key(told_by, out);
}

/// Appends the effect: timeouts, importance, flags, cookie, actions. `scratch` is overwritten.
///
/// # Errors
///
/// A length inside the actions is inconsistent.
pub fn put_effect(
    flow: &FlowEntry<'_>,
    told_by: Option<Version>,
    scratch: &mut Plain,
    out: &mut Vec<u8>,
) -> Result<(), DecodeError> {
    let told = |since, value| {
        if told_by.is_none_or(|version| version >= since) {
            value
        } else {
            0
        }
    };
    out.extend(flow.idle_timeout.to_be_bytes());
    out.extend(flow.hard_timeout.to_be_bytes());
    out.extend(told(Version::V14, flow.importance).to_be_bytes());
    out.extend(told(Version::V13, flow.flags & !RESET_COUNTS).to_be_bytes());
    out.extend(flow.cookie.to_be_bytes());
    scratch.0.clear();
    actions::write(&flow.actions, scratch, flow.fields.vlan_tag_known().into())?;
    out.extend(scratch.0.as_bytes());
    Ok(())
}

/// Appends what the actions of a bucket mean.
///
/// # Errors
///
/// A length inside the actions is inconsistent.
pub fn put_actions(actions: &ActionList<'_>, out: &mut Plain) -> Result<(), DecodeError> {
    actions::write(actions, out, 0)
}

/// Whether two effects differ in their actions only.
pub fn only_actions_differ(one: &[u8], other: &[u8]) -> bool {
    one.get(..HEAD) == other.get(..HEAD) && one != other
}

/// The part of an effect that is about actions.
pub fn actions_of(effect: &[u8]) -> &[u8] {
    effect.get(HEAD..).unwrap_or_default()
}

/// What stands before the actions in an effect: `idle_timeout`, `hard_timeout`, importance, cookie.
pub(super) fn head(effect: &[u8]) -> (u16, u16, u16, u64) {
    let mut head = Cursor::new(effect, 0);
    let mut short = || head.u16("effect").unwrap_or(0);
    let (idle_timeout, hard_timeout, importance, _flags) = (short(), short(), short(), short());
    (
        idle_timeout,
        hard_timeout,
        importance,
        head.u64("effect").unwrap_or(0),
    )
}
