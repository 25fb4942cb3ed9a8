//! Bundles of ovs-bugtool: a directory `bug-report-DATE` with a file for each command, named by a label. Some files have
//! the output for each bridge, after a line with the command.

use super::outputs::{Command, Output};

/// Labels of files that have the reply to one command of a control socket.
const REPLIES: [(&str, &str); 9] = [
    ("ovs-appctl-bfd-show", "bfd/show"),
    ("ovs-appctl-bond-show", "bond/show"),
    ("ovs-appctl-cfm-show", "cfm/show"),
    ("ovs-appctl-coverage-show", "coverage/show"),
    ("ovs-appctl-dpctl-show-s", "dpctl/show -s"),
    ("ovs-appctl-dpif", "dpif/show"),
    ("ovs-appctl-lacp-show", "lacp/show"),
    ("ovs-appctl-memory-show", "memory/show"),
    ("ovs-appctl-route-show", "ovs/route/show"),
];

/// Labels of files that have the output for each bridge.
const OF_BRIDGES: [&str; 2] = ["ovs-ofctl-", "ovs-appctl-fdb-show"];

/// The database as `ovsdb-client -f csv dump` prints it.
const DATABASE: &str = "dump-ovsdb.out";

/// What a command that ran out of time ends with.
const TIMEOUT: &[u8] = b"** timeout **";

/// What a file of a bundle is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BundleFile<'p> {
    /// The database, as text.
    Database,
    /// Outputs, by the label of the file.
    Outputs(&'p str),
}

/// What the file at `path` is, if it is in a bundle and of use; `directory` is where the path begins.
pub(super) fn bundle_file<'p>(directory: &str, path: &'p str) -> Option<BundleFile<'p>> {
    let (directory, name) = path.rsplit_once('/').unwrap_or((directory, path));
    let top = directory.rsplit('/').next()?;
    if !top.starts_with("bug-report-") {
        return None;
    }
    if name == DATABASE {
        return Some(BundleFile::Database);
    }
    let label = name.strip_suffix(".out")?;
    let is_reply = REPLIES.iter().any(|(known, _)| *known == label);
    let is_of_bridges = OF_BRIDGES.iter().any(|known| label.starts_with(known));
    (is_reply || is_of_bridges).then_some(BundleFile::Outputs(label))
}

/// The outputs in a file.
pub(super) fn output(label: &str, name: String, text: &[u8]) -> Output {
    let reply = REPLIES.iter().find(|(known, _)| *known == label);
    let command = reply.map(|(_, words)| {
        let words: Vec<&str> = words.split(' ').collect();
        Command::appctl(&words, None)
    });
    Output {
        name,
        command,
        is_cut: text.trim_ascii_end().ends_with(TIMEOUT),
        text: without_dates(text),
        ..Output::default()
    }
}

/// The text without the dates above the outputs of commands that run several times; its lines keep their numbers.
fn without_dates(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.map(|line| if is_date(line) { b"\n" } else { line });
    lines.collect::<Vec<_>>().concat()
}

/// Whether a line is what date(1) prints: `Sun Nov 29 23:40:56 UTC 2026`.
fn is_date(line: &[u8]) -> bool {
    let is_number = |word: &str, digits| word.len() == digits && word.parse::<u16>().is_ok();
    let is_time = |word: &str| {
        let parts: Vec<&str> = word.split(':').collect();
        parts.len() == 3 && parts.iter().all(|part| is_number(part, 2))
    };
    let words = str::from_utf8(line).unwrap_or_default().split_whitespace();
    let words: Vec<&str> = words.take(9).collect();
    (5..9).contains(&words.len())
        && words.iter().any(|word| is_time(word))
        && words.iter().any(|word| is_number(word, 4))
}
