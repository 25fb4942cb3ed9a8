//! The instructions about the action set: `write_actions`, `clear_actions` (OpenFlow 1.5.1 §7.2.5).

use super::nested::{nested_action, padding};
use super::prelude::*;

nested_action! {
    /// Adds actions to the action set: `write_actions(output:1)`.
    ///
    /// JSON: `{"type":"write_actions","actions":[{"type":"output","port":{"number":1}}]}`.
    WriteActions = "write_actions" at Wire::instruction(3), ListOwner::WriteActions, InstructionRank::Write
}

fixed_action! {
    /// Empties the action set: `clear_actions`.
    ///
    /// JSON: `{"type":"clear_actions"}`.
    ClearActions = "clear_actions" at &[Wire::instruction(5)], {}

    const RANK: InstructionRank = InstructionRank::Clear;
}
