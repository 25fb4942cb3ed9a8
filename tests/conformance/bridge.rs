//! A bridge of a private switch, filled through the real `ovs-ofctl` and dumped by both tools.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Output};

use super::common::{self, Sandbox};
use super::flows::{self, Class, Flow, PORTS};
use super::{EXCEPTIONS, VERSIONS};
use crate::common::chance::Chance;

/// Lines by the number of their flow.
pub(crate) type Lines = BTreeMap<u64, String>;

/// Why flows were refused, how many, and one of them.
pub(crate) type Reasons = BTreeMap<String, (u64, String)>;

/// A bridge with ports, a group, a meter and options of tunnels, and the flows it took.
pub(crate) struct Bridge<'s> {
    pub(crate) sandbox: &'s Sandbox,
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// By their cookie.
    pub(crate) taken: BTreeMap<u64, Flow>,
    /// The flows that ovs-ofctl or the switch refused, and what ovs-ofctl said.
    pub(crate) refused: Vec<(Flow, String)>,
    /// How many flows the switch has.
    held: u64,
}

impl<'s> Bridge<'s> {
    pub(crate) fn new(sandbox: &'s Sandbox, name: &'static str, class: Class) -> Self {
        Self::with_ports(sandbox, name, class, "")
    }

    /// A bridge whose ports have names that begin so: another bridge of the sandbox has other ports.
    pub(crate) fn with_ports(
        sandbox: &'s Sandbox,
        name: &'static str,
        class: Class,
        prefix: &str,
    ) -> Self {
        let mut setup = format!(
            "add-br {name} -- set bridge {name} fail_mode=secure protocols={}",
            VERSIONS.join(",")
        );
        for (number, port) in (1..).zip(PORTS) {
            let _ = write!(
                setup,
                " -- add-port {name} '{prefix}{port}' \
                 -- set interface '{prefix}{port}' type=dummy ofport_request={number}"
            );
        }
        vsctl!(sandbox, "{setup}");
        for group in ["5", "4294967040"] {
            let group = format!("group_id={group},type=all,bucket=output:1");
            ofctl!(sandbox, "-O OpenFlow13 add-group {name} '{group}'");
        }
        ofctl!(
            sandbox,
            "-O OpenFlow13 add-meter {name} meter=5,kbps,band=type=drop,rate=1000"
        );
        let options: Vec<String> = flows::options(class)
            .iter()
            .enumerate()
            .map(|(number, len)| {
                format!("{{class=0x102,type={number},len={len}}}->tun_metadata{number}")
            })
            .collect();
        ofctl!(sandbox, "add-tlv-map {name} '{}'", options.join(","));
        Self {
            sandbox,
            name,
            class,
            taken: BTreeMap::new(),
            refused: Vec::new(),
            held: 0,
        }
    }

    /// The names of [`flows::all_names`] that no flow has.
    pub(crate) fn missing(&self) -> BTreeSet<&'static str> {
        let mut names = flows::all_names(self.class);
        for name in self.taken.values().flat_map(|flow| &flow.used) {
            names.remove(name);
        }
        names.retain(|name| EXCEPTIONS.iter().all(|(exception, _)| exception != name));
        names
    }

    /// Adds random flows until the switch has taken so many, with every name among them. Each name has its turn, but
    /// the switch may refuse the flow for something else in it.
    pub(crate) fn load(&mut self, seed: u64, count: u64) {
        let mut chance = Chance::new(seed.wrapping_mul(3) + self.class as u64);
        let mut tried = 0;
        let mut reasons = Reasons::new();
        while (self.taken.len() as u64) < count || (tried < count * 3 && !self.missing().is_empty())
        {
            let batch: Vec<Flow> = (0..100)
                .map(|index| Flow::random(&mut chance, self.class, tried + index + 1))
                .collect();
            tried += batch.len() as u64;
            assert!(
                tried < count * 3 + 1000,
                "most flows are refused: {reasons:?}"
            );
            let version = match self.class {
                Class::Old => chance.of(&[0, 0, 3, 5, 5]),
                Class::New | Class::Encap => chance.of(&[3, 4, 5, 5, 5, 5]),
            };
            self.add(batch, VERSIONS[version], &mut reasons);
        }
        self.report(tried, reasons);
    }

    /// Adds the lines of a dump; those that the real tool or the switch refuses are left out.
    pub(crate) fn load_lines(&mut self, lines: &Lines) {
        let mut reasons = Reasons::new();
        let flows: Vec<Flow> = lines
            .iter()
            .map(|(cookie, line)| Flow {
                text: line.clone(),
                cookie: *cookie,
                used: BTreeSet::new(),
            })
            .collect();
        let mut flows = flows.into_iter();
        loop {
            let batch: Vec<Flow> = flows.by_ref().take(100).collect();
            if batch.is_empty() {
                break;
            }
            self.add(batch, "OpenFlow15", &mut reasons);
        }
        self.report(lines.len() as u64, reasons);
    }

    fn report(&self, tried: u64, reasons: Reasons) {
        let refused: u64 = reasons.values().map(|(times, _)| times).sum();
        eprintln!("{}: {tried} flows, {refused} refused", self.name);
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, (times, _))| std::cmp::Reverse(*times));
        for (reason, (times, example)) in reasons {
            eprintln!("{times:7} {reason}: {example}");
        }
    }

    pub(crate) fn add(&mut self, batch: Vec<Flow>, version: &str, reasons: &mut Reasons) {
        let mut batch = VecDeque::from(batch);
        // How many of the first to try at once: all, until one of unknown place is wrong.
        let mut at_once = batch.len();
        while !batch.is_empty() {
            at_once = at_once.clamp(1, batch.len());
            let file = self.sandbox.run_dir().join("flows.txt");
            let mut text = String::new();
            for flow in batch.iter().take(at_once) {
                let _ = writeln!(text, "{}", flow.text);
            }
            fs::write(&file, text).unwrap();
            let path = file.to_str().unwrap();
            let output = self.ofctl(&["-O", version, "add-flows", self.name, path]);
            let said = String::from_utf8_lossy(&output.stderr);
            let good = output.status.success();
            if good {
                self.held += at_once as u64;
                self.take(batch.drain(..at_once));
                at_once *= 2;
                continue;
            }
            let place = format!("{}:", file.display());
            let bad = match said.lines().find_map(|line| line.split_once(&place)) {
                // None was sent.
                Some((_, rest)) => {
                    let line: usize = rest.split(':').next().unwrap().parse().unwrap();
                    let good = batch.drain(..line - 1).collect::<Vec<_>>();
                    let bad = batch.pop_front().unwrap();
                    for flow in good.into_iter().rev() {
                        batch.push_front(flow);
                    }
                    bad
                }
                None if said.contains("OFPT_ERROR") => {
                    let held = self.count();
                    let sent = (held - self.held) as usize;
                    self.held = held;
                    self.take(batch.drain(..sent));
                    batch.pop_front().unwrap()
                }
                None if at_once > 1 => {
                    at_once /= 2;
                    continue;
                }
                None => batch.pop_front().unwrap(),
            };
            let reason = said
                .lines()
                .find(|line| {
                    let is_log = line.contains("|WARN|") || line.contains("|INFO|");
                    !is_log && !line.starts_with(['0', ' '])
                })
                .unwrap_or_default()
                .replace(&place, "");
            let reason = reason.trim_start_matches(|c: char| c.is_ascii_digit());
            let reason = reason.split("(xid").next().unwrap().to_owned()
                + said.split("OFPBAC_").nth(1).map_or("", |_| " OFPBAC")
                + said
                    .split(": OFP")
                    .nth(1)
                    .map_or("", |text| text.split('\n').next().unwrap());
            let known = reasons.entry(reason.clone());
            known.or_insert_with(|| (0, bad.text.clone())).0 += 1;
            self.refused.push((bad, reason));
        }
    }

    fn take(&mut self, flows: impl Iterator<Item = Flow>) {
        self.taken.extend(flows.map(|flow| (flow.cookie, flow)));
    }

    /// How many flows the switch has.
    fn count(&self) -> u64 {
        let said = ofctl!(self.sandbox, "-O OpenFlow15 dump-aggregate {}", self.name);
        let (_, count) = said.rsplit_once("flow_count=").expect("a count");
        count
            .split_whitespace()
            .next()
            .unwrap()
            .parse()
            .expect("a number")
    }

    /// Runs ovs-ofctl, which may fail.
    fn ofctl(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("ovs-ofctl");
        common::clean(&mut command);
        command
            .args(arguments)
            .env("OVS_RUNDIR", self.sandbox.run_dir())
            .output()
            .expect("ovs-ofctl runs")
    }

    /// The real tool's flows; those that it cannot print are missing.
    pub(crate) fn real(&self, options: &[&str]) -> Lines {
        self.real_of(options, &self.taken.keys().copied().collect())
    }

    /// [`Bridge::real`] of a bridge that has flows with these cookies.
    pub(crate) fn real_of(&self, options: &[&str], cookies: &BTreeSet<u64>) -> Lines {
        let dump = |filter: &str| {
            let output = self.ofctl(&[options, &["dump-flows", self.name, filter]].concat());
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            let is_whole = output.status.success() && !text.contains("***");
            let good = text.lines().filter(|line| !line.contains("***"));
            (is_whole, lines(good))
        };
        // One flow that it cannot read ends a message with many: halves, until that one is alone.
        let mut all = Lines::new();
        let mut due = vec![(0_u64, 0_u64)];
        while let Some((value, mask)) = due.pop() {
            let missing = |all: &Lines| {
                let cookies = cookies.iter().filter(|cookie| *cookie & mask == value);
                cookies.filter(|cookie| !all.contains_key(cookie)).count()
            };
            if missing(&all) == 0 {
                continue;
            }
            let (is_whole, lines) = dump(&format!("cookie={value:#x}/{mask:#x}"));
            let is_alone = lines.is_empty() && missing(&all) == 1;
            all.extend(lines);
            if !is_whole && !is_alone {
                let bit = mask + 1;
                due.extend([(value, mask | bit), (value | bit, mask | bit)]);
            }
        }
        all
    }

    pub(crate) fn ours(&self, options: &[&str]) -> Lines {
        let arguments = [&["dump-flows", self.name], options].concat();
        lines(self.sandbox.ovs(&arguments).out().lines())
    }
}

/// The lines of a dump that are flows, without the leading blank, by cookie.
fn lines<'a>(lines: impl Iterator<Item = &'a str>) -> Lines {
    lines
        .filter_map(|line| {
            let line = line.trim_start();
            let digits = line.strip_prefix("cookie=0x")?.split(',').next()?;
            let cookie = u64::from_str_radix(digits, 16).ok()?;
            // No flow of ours has none: the switch has its own in table 254.
            (cookie != 0).then_some((cookie, line.to_owned()))
        })
        .collect()
}
