//! Random flows of the real `ovs-ofctl`, dumped by `ovs dump-flows` and given to `ovs flow replace` as they stand: it
//! finds every flow unchanged, in every version that carries the flows, in both styles and as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use super::bridge::Bridge;
use super::common::Sandbox;
use super::flows::Class;
use super::{SHOWN, number};

#[test]
fn dumps_of_flows_that_all_versions_carry() {
    dumps_are_unchanged("old", Class::Old);
}

#[test]
fn dumps_of_flows_of_openflow_1_1_and_later() {
    dumps_are_unchanged("new", Class::New);
}

#[test]
fn dumps_of_flows_of_openflow_1_3_and_later() {
    dumps_are_unchanged("encap", Class::Encap);
}

fn dumps_are_unchanged(name: &'static str, class: Class) {
    let sandbox = Sandbox::empty();
    let mut bridge = Bridge::new(&sandbox, name, class);
    bridge.load(number("SEED", 1), number("COUNT", 400));
    let mut report = String::new();
    for version in bridge.versions() {
        for form in [
            ["--style", "classic"].as_slice(),
            &["--style", "wire"],
            &["--json"],
        ] {
            let options = [["-O", version].as_slice(), form].concat();
            let before = report.len();
            let compared = replace(&bridge, &options, &mut report);
            let lines = report[before..].lines().count();
            eprintln!("{name} {options:?}: {compared} flows, {lines} lines of differences");
        }
    }
    assert!(report.is_empty(), "{report}");
}

/// What a dump cannot tell, or a version cannot carry: words of the refusal or of the change, and the reason.
const LOST: &[(&str, &str)] = &[
    (
        "the lower two bits of nw_tos are the ECN",
        "a switch takes a load of these bits, and tells of it a set_field that ovs-ofctl cannot read either",
    ),
    (
        "OpenFlow10 can carry it",
        "OpenFlow 1.0 takes actions whose fields the match does not have, the others do not",
    ),
    (
        "not found on",
        "bits of a port are set by a value with a mask, which is no port",
    ),
    (
        "tlv(",
        "the value of a TLV is printed without leading zeros, as ovs-ofctl does, and has as many bytes as its text",
    ),
];

/// Fields that ovs-ofctl, and so the wire style, leaves out of some matches, or prints without their masks.
const HIDDEN: &[&str] = &[
    "nsh_",
    "tun_erspan_",
    "tun_gtpu_",
    "tun_gbp_",
    "ct_nw_",
    "ct_ipv6_",
    "ct_tp_",
];

/// Adds to the report what a dump given back would change; returns how many flows it has.
fn replace(bridge: &Bridge<'_>, options: &[&str], report: &mut String) -> usize {
    let file = bridge.sandbox.run_dir().join("dump.txt");
    let path = file.to_str().unwrap();
    let arguments = [&["dump-flows", bridge.name], options].concat();
    let dump = bridge.sandbox.ovs(&arguments).out();
    let mut lines: Vec<&str> = dump.lines().collect();
    let count = lines.iter().filter(|line| line.contains("cookie")).count();
    let is_lost = |text: &str| {
        let flow = cookie_of(text).and_then(|cookie| bridge.taken.get(&cookie));
        let is_hidden = |name: &&str| HIDDEN.iter().any(|hidden| name.starts_with(hidden));
        LOST.iter().any(|(words, _)| text.contains(words))
            || options.contains(&"wire") && flow.is_some_and(|flow| flow.used.iter().any(is_hidden))
    };
    let mut left_out = BTreeSet::new();
    let mut shown = 0;
    loop {
        fs::write(&file, lines.join("\n")).unwrap();
        let arguments = ["flow", "replace", bridge.name, path, "--dry-run"];
        let arguments = [arguments.as_slice(), &options[..2]].concat();
        let ran = bridge.sandbox.ovs(&arguments).run();
        let is_error = |line: &&str| line.contains(", line ") && !line.contains("warning: ");
        let error = ran.stderr.lines().find(is_error);
        let refused = error.filter(|_| ran.code != 0);
        let changes: Vec<&str> = match refused {
            Some(error) => vec![error],
            None => ran
                .stdout
                .lines()
                .filter(|line| !line.starts_with("unchanged"))
                .collect(),
        };
        for change in changes {
            let is_due = cookie_of(change).is_some_and(|cookie| left_out.contains(&cookie));
            if is_lost(change) || change.starts_with("removed\t") && is_due {
                continue;
            }
            shown += 1;
            if shown <= SHOWN {
                let _ = writeln!(report, "{} {options:?}: {change}", bridge.name);
            }
        }
        let Some(error) = refused else {
            return count;
        };
        // The others are compared without it, in an array that goes on.
        let place = error.split_once(", line ").map(|(_, rest)| rest);
        let line = place.and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
        let line = line.expect("a number of a line");
        left_out.extend(cookie_of(lines[line - 1]));
        lines.remove(line - 1);
        if options.contains(&"--json") && !lines[line - 1].starts_with('{') {
            lines[line - 2] = lines[line - 2].trim_end_matches(',');
        }
    }
}

/// The cookie of a flow in a line of text or JSON.
fn cookie_of(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once("cookie")?;
    let (_, digits) = rest.split_once("0x")?;
    let end = digits.find(|c: char| !c.is_ascii_hexdigit());
    u64::from_str_radix(&digits[..end.unwrap_or(digits.len())], 16).ok()
}
