//! The switch: OpenFlow 1.0 to 1.5 with the Nicira extensions.
//!
//! Everything here but [`session`] is a function from bytes to views and back, without I/O.
//!
//! | module | content |
//! |---|---|
//! | [`bytes`] | a checked cursor over received bytes, and the decode error |
//! | [`version`] | protocol versions and sets of them |
//! | [`text`] | the sink of flow text, and the lookup of names |
//! | [`fields`] | match fields: one table, one row per field |
//! | [`actions`] | actions and instructions: one file per action or family |
//! | [`messages`] | the messages around them: header, hello, error, multipart, statistics |
//! | [`flow_dump`] | the flows of a dump, from text or JSON with their statistics |
//! | [`flow_entry`] | one flow of any message: borrowed, and owned |
//! | [`flow`] | one flow as text or JSON |
//! | [`repeats`] | a cache of the output for actions |
//! | [`meaning`] | what a flow means, as bytes to compare |
//! | [`packet`] | the headers of a packet as fields |
//! | [`compose`] | a packet made of fields |
//! | [`flow_set`] | flows by their keys, to be compared with others |
//! | [`flow_change`] | a change to the flows, from text to its message |
//! | [`group_entry`] | a group of one's own |
//! | [`entry_keys`] | the keys of groups and meters as text |
//! | [`group_spec`] | a change to the groups, from text to its message |
//! | [`meter_spec`] | a change to the meters, likewise |
//! | [`spelling`] | actions in the words of their version, or in those of OpenFlow 1.0 |
//! | [`session`] | the connection: version negotiation, echo, streamed multipart replies |

pub mod actions;
pub mod bytes;
pub mod compose;
pub mod entry_keys;
pub mod fields;
pub mod flow;
pub mod flow_change;
pub mod flow_dump;
pub mod flow_entry;
mod flow_json;
pub mod flow_set;
pub mod group_entry;
mod group_json;
pub mod group_spec;
mod json_object;
mod listed;
pub mod meaning;
pub mod messages;
pub mod meter_spec;
pub mod packet;
pub mod repeats;
pub mod session;
pub mod spelling;
pub mod text;
pub mod version;
