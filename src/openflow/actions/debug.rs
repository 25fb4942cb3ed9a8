//! Actions that exist for the tests of Open vSwitch itself; a switch takes them only with `--enable-dummy`.

use super::prelude::*;

fixed_action! {
    /// Sends the packet through the slow path: `debug_slow`.
    ///
    /// JSON: `{"type":"debug_slow"}`.
    DebugSlow = "debug_slow" at &[Wire::nicira(254)], {}
}

fixed_action! {
    /// Recirculates the packet: `debug_recirc`.
    ///
    /// JSON: `{"type":"debug_recirc"}`.
    DebugRecirc = "debug_recirc" at &[Wire::nicira(255)], {}
}
