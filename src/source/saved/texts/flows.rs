//! Dumps of flows, made into the reply of a switch.
//!
//! The text is read in pieces side by side. Lines that cannot be read are left out and counted.

use std::hash::BuildHasher as _;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rustc_hash::FxBuildHasher;

use super::entries::{each_line, each_object, is_json};
use super::names::TextNames;
use super::problems::LineProblems;
use crate::openflow::flow_dump::FlowDump;
use crate::openflow::messages::flow_stats_encode::put_entry;
use crate::openflow::version::Version;

/// The flows of a dump: the entries of the reply one after another.
#[derive(Debug, Default)]
pub(super) struct DumpedFlows {
    /// The entries.
    pub(super) bytes: Vec<u8>,
    /// Where each of them ends.
    pub(super) ends: Vec<usize>,
    /// What identifies each of them, as a hash.
    pub(super) keys: Vec<u64>,
    /// Hidden flows: only `bridge/dump-flows` prints them.
    pub(super) hidden: usize,
    /// Flows that have no statistics.
    pub(super) without_counts: usize,
}

/// About how many bytes are read at once.
const PIECE: usize = 1 << 20;

/// Maximum number of threads that read.
const MAX_THREADS: usize = 8;

/// Reads the flows of a section, whose first line has the number `line`, in the words of `version`.
pub(super) fn read(
    body: &[u8],
    line: usize,
    version: Version,
    names: &TextNames,
    problems: &mut LineProblems,
) -> DumpedFlows {
    if is_json(body) {
        let mut flows = DumpedFlows::default();
        let mut dump = FlowDump::new(version, names);
        each_object(body, problems, |text, line, problems| {
            flows.read_flow(text, line, &mut dump, problems);
        });
        return flows;
    }
    let pieces = pieces(body, line);
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let next = AtomicUsize::new(0);
    let read_pieces = || {
        let mut read = Vec::new();
        let mut dump = FlowDump::new(version, names);
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((piece, line)) = pieces.get(index) else {
                return read;
            };
            read.push((index, read_piece(piece, *line, &mut dump)));
        }
    };
    let mut read = thread::scope(|scope| {
        let others = 1..threads.min(pieces.len()).min(MAX_THREADS);
        let others: Vec<_> = others.map(|_| scope.spawn(read_pieces)).collect();
        let mut read = read_pieces();
        for other in others {
            read.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        read
    });
    read.sort_unstable_by_key(|(index, _)| *index);
    let mut flows = DumpedFlows::default();
    for (_, (piece, of_piece)) in read {
        flows.append(piece);
        problems.append(of_piece);
    }
    flows
}

impl DumpedFlows {
    fn append(&mut self, other: DumpedFlows) {
        let before = self.bytes.len();
        if before == 0 {
            self.bytes = other.bytes;
        } else {
            self.bytes.extend(other.bytes);
        }
        self.ends
            .extend(other.ends.into_iter().map(|end| end + before));
        self.keys.extend(other.keys);
        self.hidden += other.hidden;
        self.without_counts += other.without_counts;
    }

    /// Adds the flow of one line or object.
    fn read_flow(
        &mut self,
        text: &str,
        line: usize,
        dump: &mut FlowDump<'_>,
        problems: &mut LineProblems,
    ) {
        if is_hidden(text) {
            self.hidden += 1;
            return;
        }
        match dump.flow(text) {
            Ok((flow, counts)) => {
                if put_entry(&flow, &counts, &mut self.bytes).is_none() {
                    problems.add(line, "the flow is too long for a message");
                    return;
                }
                self.ends.push(self.bytes.len());
                self.keys.push(FxBuildHasher.hash_one(flow.key()));
                let has_none = counts.packet_count.is_none() && counts.duration_sec == 0;
                self.without_counts += usize::from(has_none);
            }
            Err(error) => problems.add(line, &error.to_string()),
        }
    }
}

/// Cuts a text into pieces that end with a line, each with the number of its first line.
fn pieces(mut rest: &[u8], mut line: usize) -> Vec<(&[u8], usize)> {
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let after = rest.get(PIECE..).unwrap_or_default();
        let end = memchr::memchr(b'\n', after).map_or(rest.len(), |end| PIECE + end + 1);
        let (piece, others) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        pieces.push((piece, line));
        line += memchr::memchr_iter(b'\n', piece).count();
        rest = others;
    }
    pieces
}

fn read_piece(piece: &[u8], first: usize, dump: &mut FlowDump<'_>) -> (DumpedFlows, LineProblems) {
    let mut flows = DumpedFlows {
        // Flows have about half as many bytes as their text.
        bytes: Vec::with_capacity(piece.len() / 2),
        ..DumpedFlows::default()
    };
    let mut problems = LineProblems::default();
    each_line(piece, first, &mut problems, |text, line, problems| {
        flows.read_flow(text, line, dump, problems);
    });
    (flows, problems)
}

/// Whether a flow is one that a switch does not show over OpenFlow: of its internal table, or of a priority that
/// OpenFlow does not have (ovs-vswitchd(8), `bridge/dump-flows`).
fn is_hidden(text: &str) -> bool {
    if text.starts_with("table_id=254,") {
        return true;
    }
    if !text.starts_with("duration=") && !text.starts_with("table_id=") {
        return false;
    }
    let priority = text.split_once(" priority=").map(|(_, rest)| rest);
    let digits = priority.and_then(|rest| rest.split([',', ' ']).next());
    digits.is_some_and(|digits| digits.parse().is_ok_and(|priority: u64| priority > 0xffff))
}

/// Words of later versions than 1.0 in a dump without a heading, with the version that they need at least.
const LATER_WORDS: [(&str, Version); 12] = [
    ("importance=", Version::V14),
    (" send_flow_rem ", Version::V13),
    (" reset_counts ", Version::V13),
    (" no_packet_counts ", Version::V13),
    (" no_byte_counts ", Version::V13),
    ("meter:", Version::V13),
    ("set_field:", Version::V13),
    ("goto_table:", Version::V13),
    ("write_actions(", Version::V13),
    ("clear_actions", Version::V13),
    ("push_vlan:", Version::V13),
    ("pop_vlan", Version::V13),
];

/// The version whose words a dump without a heading has. `ovs-ofctl` uses 1.0 if it can; in later versions only 1.5 tells
/// the time since the last packet. JSON has the words of 1.5.
pub(super) fn version_of(body: &[u8]) -> Version {
    if is_json(body) {
        return Version::V15;
    }
    let has = |word: &str| memchr::memmem::find(body, word.as_bytes()).is_some();
    let words = LATER_WORDS.iter().filter(|(word, _)| has(word));
    match words.map(|(_, version)| *version).max() {
        None => Version::V10,
        Some(_) if has("idle_age=") => Version::V15,
        Some(version) => version,
    }
}
