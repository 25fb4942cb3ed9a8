//! The switch: OpenFlow 1.0 to 1.5 with the Nicira extensions.
//!
//! Everything here but [`session`] is a function from bytes to views and back, without I/O.
//!
//! | room | what is in it |
//! |---|---|
//! | [`bytes`] | a checked cursor over received bytes, and the error that says where |
//! | [`version`] | protocol versions and sets of them |
//! | [`text`] | where flow text goes, and who knows the ports' names |
//! | [`fields`] | match fields: one table, one row per field |
//! | [`actions`] | actions and instructions: one file per action or family |
//! | [`messages`] | the messages around them: header, hello, error, multipart, statistics |
//! | [`flow`] | one flow as text or JSON |
//! | [`repeats`] | what was written for actions that came before |
//! | [`packet`] | the headers of a packet as fields |
//! | [`flow_spec`] | a flow as text, read back |
//! | [`spelling`] | actions in the words of their version, or in those of OpenFlow 1.0 |
//! | [`session`] | the connection: version negotiation, echo, streamed multipart replies |

pub mod actions;
pub mod bytes;
pub mod fields;
pub mod flow;
pub mod flow_spec;
mod listed;
pub mod messages;
pub mod packet;
pub mod repeats;
pub mod session;
pub mod spelling;
pub mod text;
pub mod version;
