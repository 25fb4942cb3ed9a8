//! What every other module may use. Nothing in here knows OVSDB, OpenFlow or the command line.
//!
//! | room | what is in it |
//! |---|---|
//! | [`terminal`] | text from outside made safe for a terminal |
//! | `digits` | numbers and addresses as text |
//! | [`json`] | a small streaming JSON writer |
//! | [`order`] | names in the order people expect |
//! | [`shell`] | names as words of a command that can be pasted |

pub(crate) mod digits;
pub mod json;
pub mod order;
pub mod shell;
pub mod terminal;
