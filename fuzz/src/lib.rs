//! What must hold whatever comes in: one function per fuzz target, which panics where it does not.
//!
//! The fuzz targets call these functions, and so does `tests/it/fuzz_corpus.rs`, which includes this
//! file: with every seed, every input that once went wrong, and changed ones of both.

pub mod archive;
pub mod batch;
pub mod database;
pub mod datapath;
pub mod dump;
pub mod flow;
pub mod framing;
pub mod group;
pub mod messages;
pub mod mutation;
pub mod pasted;
pub mod seeds;
pub mod stored_database;
pub mod text;
pub mod trace;

pub use archive::archive;
pub use batch::batch;
pub use database::ovsdb_value;
pub use datapath::datapath;
pub use dump::dump_text;
pub use flow::flow_text;
pub use framing::framing;
pub use group::{group_text, meter_text};
pub use messages::openflow;
pub use pasted::pasted;
pub use stored_database::stored_database;
pub use text::{action_text, match_text};
pub use trace::trace;

/// The function of a fuzz target.
pub type Target = fn(&[u8]);

/// Every fuzz target, by its name.
pub const TARGETS: [(&str, Target); 15] = [
    ("openflow", openflow),
    ("match_text", match_text),
    ("action_text", action_text),
    ("flow_text", flow_text),
    ("group_text", group_text),
    ("meter_text", meter_text),
    ("framing", framing),
    ("ovsdb_value", ovsdb_value),
    ("batch", batch),
    ("pasted", pasted),
    ("trace", trace),
    ("datapath", datapath),
    ("dump_text", dump_text),
    ("archive", archive),
    ("stored_database", stored_database),
];

/// Fails where text would act on a terminal or make a line of its own.
pub fn assert_harmless(text: &str, breaks: bool) {
    let bad = text
        .chars()
        .find(|c| ovs::base::terminal::acts_on_a_terminal(*c) && !(breaks && *c == '\n'));
    assert!(bad.is_none(), "{bad:?} stands raw in {text:?}");
}
