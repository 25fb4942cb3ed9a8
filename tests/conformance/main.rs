//! Random flows over all fields and actions, printed by `ovs` and by the real `ovs-ofctl`.
//!
//! The flows are made from a seed and loaded into a private switch; what `ovs-ofctl` or the switch refuses
//! is dropped and counted. Then both tools dump them over every version, with names and with numbers, and
//! line is compared with line.
//!
//! [`writing`] compares what both tools write; [`replacing`] gives dumps back.
//!
//! `COUNT` flows of each class from `SEED` on, if the environment has them (`make conformance`).

#[macro_use]
#[path = "../it/common/mod.rs"]
mod common;

mod actions;
mod bridge;
mod flows;
mod merges;
mod replacing;
mod template;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;

use bridge::{Bridge, Lines};
use common::Sandbox;
use flows::Class;

const VERSIONS: [&str; 6] = [
    "OpenFlow10",
    "OpenFlow11",
    "OpenFlow12",
    "OpenFlow13",
    "OpenFlow14",
    "OpenFlow15",
];

/// How many differences are worth reading.
const SHOWN: usize = 60;

/// What can never be in a flow of a switch, and why.
const EXCEPTIONS: [(&str, &str); 3] = [
    ("skb_priority", "has no number on the wire"),
    ("tun_tos", "has no number on the wire"),
    ("tun_ttl", "has no number on the wire"),
];

#[test]
fn flows_that_all_versions_carry() {
    flows_read_as_in_ovs_ofctl("old", Class::Old);
}

#[test]
fn flows_of_openflow_1_1_and_later() {
    flows_read_as_in_ovs_ofctl("new", Class::New);
}

#[test]
fn flows_of_openflow_1_3_and_later() {
    flows_read_as_in_ovs_ofctl("encap", Class::Encap);
}

fn flows_read_as_in_ovs_ofctl(name: &'static str, class: Class) {
    let sandbox = Sandbox::empty();
    let mut differences = Differences::default();
    let mut bridge = Bridge::new(&sandbox, name, class);
    bridge.load(number("SEED", 1), number("COUNT", 400));
    bridge.compare(&mut differences);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for name in bridge.taken.values().flat_map(|flow| &flow.used) {
        *seen.entry(name).or_default() += 1;
    }
    eprintln!("{name}: {seen:?}");
    differences.report();
    let missing = bridge.missing();
    assert!(missing.is_empty(), "no flow had {missing:?}");
}

fn number(variable: &str, default: u64) -> u64 {
    match env::var(variable) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => default,
    }
}

impl Bridge<'_> {
    fn compare(&self, differences: &mut Differences) {
        let mut plain = Lines::new();
        let mut newest = Lines::new();
        for version in self.versions() {
            for names in ["--no-names", "--names"] {
                let real = self.real(&["-O", version, names, "--no-stats"]);
                let ours = self.ours(&["-O", version, names, "--no-stats"]);
                let title = format!("{} {version} {names}", self.name);
                assert_eq!(ours.len(), self.taken.len(), "{title}");
                differences.add(&title, self, &real, &ours);
                match (*version, names) {
                    ("OpenFlow10", "--names") => plain = real,
                    ("OpenFlow15", "--names") => newest = real,
                    _ => {}
                }
            }
            let time = |lines: Lines| -> Lines {
                lines
                    .into_iter()
                    .map(|(cookie, line)| (cookie, without_time(&line)))
                    .collect()
            };
            let real = time(self.real(&["-O", version, "--no-names"]));
            let ours = time(self.ours(&["-O", version, "--no-names"]));
            differences.add(
                &format!("{} {version} statistics", self.name),
                self,
                &real,
                &ours,
            );
        }
        let ours: Lines = self
            .ours(&["--no-stats"])
            .into_iter()
            .map(|(cookie, line)| (cookie, merges::ours(&line)))
            .collect();
        let expected: Lines = match self.class {
            Class::Old => plain
                .iter()
                .filter_map(|(cookie, line)| {
                    Some((*cookie, merges::of_1_0(line, newest.get(cookie)?)?))
                })
                .collect(),
            Class::New | Class::Encap => newest
                .iter()
                .filter_map(|(cookie, line)| Some((*cookie, merges::of_1_5(line)?)))
                .collect(),
        };
        differences.add(&format!("{} classic", self.name), self, &expected, &ours);
        self.json();
        self.add_again(&newest, differences);
    }

    /// The classic lines, added to another switch, make the same flows: they say the truth, whatever
    /// 1.0 says.
    fn add_again(&self, newest: &Lines, differences: &mut Differences) {
        let sandbox = Sandbox::empty();
        let mut again = Bridge::new(&sandbox, self.name, self.class);
        again.load_lines(&self.ours(&["--no-stats", "--no-names"]));
        let bare = |lines: &Lines| -> Lines {
            lines
                .iter()
                .filter(|(cookie, _)| again.taken.contains_key(cookie))
                // The real tool prints these values without leading zeros, and reads them as bytes.
                .filter(|(_, line)| !line.contains("tlv("))
                .filter(|(cookie, _)| {
                    !newest
                        .get(cookie)
                        .is_some_and(|line| merges::sets_twice(line))
                })
                .map(|(cookie, line)| (*cookie, merges::meaning(line)))
                .collect()
        };
        let made = again.real(&["-O", "OpenFlow15", "--names", "--no-stats"]);
        let title = format!("{} classic, added again", self.name);
        differences.add(&title, self, &bare(newest), &bare(&made));
    }

    /// The versions that carry the flows.
    fn versions(&self) -> &'static [&'static str] {
        match self.class {
            Class::Old => &VERSIONS,
            Class::New => &VERSIONS[1..],
            Class::Encap => &VERSIONS[3..],
        }
    }

    /// Every flow's JSON has as many actions as its line in OpenFlow 1.5 has.
    fn json(&self) {
        let json = ovs!(self.sandbox, "dump-flows {}", self.name).json();
        let flows = json.as_array().expect("an array");
        assert_eq!(flows.len(), self.taken.len());
        let wire = self.ours(&["-O", "OpenFlow15"]);
        for flow in flows {
            let cookie = flow["cookie"].as_str().expect("a cookie");
            let cookie = u64::from_str_radix(&cookie[2..], 16).unwrap();
            let line = &wire[&cookie];
            let actions = flow["actions"].as_array().expect("actions").len();
            assert_eq!(actions, merges::top_level(line).len(), "{line}\n{flow}");
        }
    }
}

/// Time passes between two commands.
fn without_time(line: &str) -> String {
    let (head, tail) = line.split_once(" actions=").unwrap_or((line, ""));
    let kept: Vec<&str> = head
        .split(", ")
        .filter(|piece| !piece.starts_with("duration=") && !piece.contains("_age="))
        .collect();
    format!("{} actions={tail}", kept.join(", "))
}

/// What differed.
#[derive(Default)]
struct Differences {
    text: String,
    summary: String,
    count: usize,
    unprinted: BTreeSet<u64>,
}

impl Differences {
    fn add(&mut self, title: &str, bridge: &Bridge<'_>, real: &Lines, ours: &Lines) {
        let mut unequal = 0;
        let mut seen = BTreeSet::new();
        // Nothing compared would be equal, too. Of the newer flows, 1.0's words are known for some only.
        let least = if title.ends_with(" classic") { 30 } else { 80 };
        assert!(
            real.len() * 100 >= bridge.taken.len() * least,
            "{title}: only {} of {} flows to compare",
            real.len(),
            bridge.taken.len()
        );
        for (cookie, real) in real {
            let ours = ours.get(cookie).map_or("", String::as_str);
            if ours == real {
                continue;
            }
            unequal += 1;
            self.count += 1;
            if seen.len() < SHOWN && seen.insert(cookie) {
                let flow = bridge.taken.get(cookie).map_or("?", |flow| &flow.text);
                let _ = writeln!(
                    self.text,
                    "{title}\n  added {flow}\n  real  {real}\n  ours  {ours}"
                );
            }
        }
        if title.ends_with("--no-names") {
            for (cookie, flow) in &bridge.taken {
                if !real.contains_key(cookie) && self.unprinted.insert(*cookie) {
                    eprintln!("{title}: not printed by the real tool: {}", flow.text);
                }
            }
        }
        let _ = writeln!(
            self.summary,
            "{title}: {} compared, {unequal} unequal, {} not printed by the real tool",
            real.len(),
            ours.len().saturating_sub(real.len())
        );
    }

    fn report(&self) {
        eprintln!("{}", self.summary);
        assert!(
            self.count == 0,
            "{} lines differ\n{}",
            self.count,
            self.text
        );
    }
}
