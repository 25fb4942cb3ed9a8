//! `clone`: actions whose changes are undone afterwards (ovs-actions(7)).

use super::nested::{nested_action, padding};
use super::prelude::*;

nested_action! {
    /// Actions on a copy of the packet: `clone(output:1)`.
    ///
    /// JSON: `{"type":"clone","actions":[{"type":"output","port":{"number":1}}]}`.
    CloneActions = "clone" at Wire::nicira(42), ListOwner::Clone, InstructionRank::Apply
}
