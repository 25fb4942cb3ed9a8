//! `exit`: the rest of the actions is skipped (ovs-actions(7)).

use super::prelude::*;

bare_action! {
    /// Skips the rest of the actions, those of tables that resubmitted here included: `exit`.
    ///
    /// JSON: `{"type":"exit"}`.
    Exit = "exit" at &[Wire::nicira(17)], needs Any
}
