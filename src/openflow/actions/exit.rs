//! `exit`: skips the remaining actions (ovs-actions(7)).

use super::prelude::*;

fixed_action! {
    /// Skips the remaining actions, including those of resubmitting tables: `exit`.
    ///
    /// JSON: `{"type":"exit"}`.
    Exit = "exit" at &[Wire::nicira(17)], {}
}
