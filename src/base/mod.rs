//! Code that every other module may use. It does not depend on OVSDB, OpenFlow or the command line.
//!
//! | module | contents |
//! |---|---|
//! | [`terminal`] | text from outside made safe for a terminal |
//! | `digits` | numbers and addresses as text |
//! | `compile_time` | errors of tables that are checked at compile time |
//! | [`mac`] | MAC addresses in any spelling |
//! | [`json`] | a small streaming JSON writer |
//! | [`order`] | natural order of names |
//! | [`saved`] | the words for what a saved host does not know |
//! | [`secret`] | secrets of the database, masked |
//! | [`shell`] | names quoted for a shell command |

pub(crate) mod compile_time;
pub(crate) mod digits;
pub mod json;
pub mod mac;
pub mod order;
pub mod saved;
pub mod secret;
pub mod shell;
pub mod terminal;
