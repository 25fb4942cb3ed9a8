//! Actions that exist for the tests of Open vSwitch itself; a switch takes them only with `--enable-dummy`.

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::codec::bare_parse;
use super::{ActionCodec, Head, Unencodable, Wire, bare_action};

/// Sends the packet the slow way: `debug_slow`.
///
/// JSON: `{"type":"debug_slow"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebugSlow;

bare_action!(DebugSlow, "debug_slow", &[Wire::nicira(254)]);

/// Recirculates the packet: `debug_recirc`.
///
/// JSON: `{"type":"debug_recirc"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DebugRecirc;

bare_action!(DebugRecirc, "debug_recirc", &[Wire::nicira(255)]);

bare_parse!(DebugSlow, "debug_slow", Any);

bare_parse!(DebugRecirc, "debug_recirc", Any);
