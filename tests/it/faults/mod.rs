//! What goes wrong from outside, one test for each row of `cli::manual::faults` and of its name. A fault is
//! brought about by a relay between `ovs` and the real daemons of a sandbox, or by a peer that sends what
//! they sent, damaged; what is seen is compared with the row.
//!
//! | file | what is in it |
//! |---|---|
//! | `peer` | relays, peers, and what a real switch sent |
//! | `seen` | a command run, and what came of it against its row |
//! | the others | the tests, by kind as in the manual |

mod connecting;
mod control;
mod daemons;
mod hosts;
mod local;
mod openflow;
mod ovsdb;
pub(crate) mod peer;
pub(crate) mod seen;

use std::collections::BTreeSet;

use ::ovs::cli::manual::faults::FAULTS;

/// The files in which tests stand, in the order of the manual.
const FILES: [(&str, &str); 6] = [
    ("Connecting", include_str!("connecting.rs")),
    ("OVSDB", include_str!("ovsdb.rs")),
    ("OpenFlow", include_str!("openflow.rs")),
    ("The daemons", include_str!("daemons.rs")),
    ("Control sockets", include_str!("control.rs")),
    ("Other hosts", include_str!("hosts.rs")),
];

#[test]
fn each_row_has_its_test_and_each_test_its_row() {
    let files = FILES
        .into_iter()
        .chain([("On this side", include_str!("local.rs"))]);
    let mut kinds = FAULTS.iter();
    for (title, text) in files {
        let kind = kinds.next().expect("the table has this kind");
        assert_eq!(kind.title, title);
        let rows: BTreeSet<&str> = kind.faults.iter().map(|fault| fault.name).collect();
        let tests: BTreeSet<&str> = text
            .split("#[test]\nfn ")
            .skip(1)
            .filter_map(|test| test.split('(').next())
            .collect();
        assert_eq!(tests, rows, "{title}");
        for test in tests {
            let judged = format!("Row::of(\"{test}\")");
            assert!(
                text.contains(&judged),
                "{test} is not compared with its row"
            );
        }
    }
    assert!(kinds.next().is_none());
}
