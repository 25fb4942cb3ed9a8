//! `group`: processes the packet with a group (OpenFlow 1.5.1 §7.2.6.6).

use super::prelude::*;

fixed_action! {
    /// Processes the packet with a group: `group:5`.
    ///
    /// JSON: `{"type":"group","group":5}`.
    Group = "group" at &[Wire::openflow(22, Version::V11), Wire::nicira_v10(40)], {
        /// The group's number.
        ":" group: u32 as GroupNumber,
    }
}
