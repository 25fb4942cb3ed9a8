//! The two spellings of the actions of a flow.
//!
//! The wire spelling uses the words of the action's version ([`ActionList::text`]); the classic one uses
//! the words of OpenFlow 1.0.

mod classic;

use super::actions::ActionList;
use super::bytes::DecodeError;
use super::text::{Sink, Style, TextContext};

/// Writes what follows `actions=` in a dump, in the style of the context.
///
/// `vlan_tag_known` says whether the flow matches only packets with a VLAN tag; it matters to
/// [`Style::Classic`] only.
///
/// # Errors
///
/// A length inside the list is inconsistent; the actions before it are written.
pub fn write_actions<S: Sink>(
    actions: &ActionList<'_>,
    sink: &mut S,
    cx: &TextContext<'_>,
    vlan_tag_known: bool,
) -> Result<(), DecodeError> {
    match cx.style {
        Style::Classic => classic::write(actions, sink, cx, vlan_tag_known.into()),
        Style::Wire => actions.text(sink, cx),
    }
}
