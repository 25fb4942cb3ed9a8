//! `exit`: the rest of the actions is skipped (ovs-actions(7)).

use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::codec::bare_parse;
use super::{ActionCodec, Head, Unencodable, Wire, bare_action};

/// Skips the rest of the actions, those of tables that resubmitted here included: `exit`.
///
/// JSON: `{"type":"exit"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit;

bare_action!(Exit, "exit", &[Wire::nicira(17)]);

bare_parse!(Exit, "exit", Any);
