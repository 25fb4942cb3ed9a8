//! What `ovs check` says of flows that hide and overlap, on random tables: held against every packet of a
//! small world, and against the switch's own `ofproto/trace` for some of them.
//!
//! `COUNT` tables from `SEED` on, if the environment has them (`make conformance`).

use std::env;
use std::fmt::Write as _;

use crate::common::Sandbox;
use crate::common::chance::Chance;
use crate::common::checks::small;

const KINDS: [&str; 5] = ["arp", "ip", "tcp", "udp", "icmp"];

/// A packet; addresses are three numbers after `10.`
#[derive(Debug, Clone, Copy)]
struct Packet {
    in_port: usize,
    kind: usize,
    src: [usize; 3],
    dst: [usize; 3],
}

#[derive(Debug)]
struct Flow {
    priority: usize,
    in_port: Option<usize>,
    kind: Option<usize>,
    src: Vec<usize>,
    dst: Vec<usize>,
    output: usize,
}

impl Flow {
    fn random(random: &mut Chance) -> Flow {
        // Addresses need a protocol; packets of kind ip have one that no flow asks for.
        let kind = [None, Some(0), Some(1), Some(2), Some(3)][random.index(5)];
        let mut prefix = || {
            let length = random.index(6).saturating_sub(2) * usize::from(kind.is_some());
            (0..length).map(|_| random.index(2)).collect::<Vec<_>>()
        };
        let (src, dst) = (prefix(), prefix());
        Flow {
            priority: 1 + random.index(3),
            in_port: [None, Some(1), Some(2)][random.index(3)],
            kind,
            src,
            dst,
            output: 1 + random.index(2),
        }
    }

    fn takes(&self, packet: &Packet) -> bool {
        self.in_port.is_none_or(|port| port == packet.in_port)
            && self.kind.is_none_or(|kind| match kind {
                1 => packet.kind != 0,
                kind => kind == packet.kind,
            })
            && packet.src.starts_with(&self.src)
            && packet.dst.starts_with(&self.dst)
    }

    fn is_same_match(&self, other: &Flow) -> bool {
        let key = |flow: &Flow| {
            (
                flow.priority,
                flow.in_port,
                flow.kind,
                flow.src.clone(),
                flow.dst.clone(),
            )
        };
        key(self) == key(other)
    }

    fn text(&self) -> String {
        let mut text = format!("priority={}", self.priority);
        if let Some(port) = self.in_port {
            write!(text, ",in_port={port}").unwrap();
        }
        if let Some(kind) = self.kind {
            write!(text, ",{}", KINDS[kind]).unwrap();
        }
        let [source, destination] = address_keys(self.kind);
        for (key, prefix) in [(source, &self.src), (destination, &self.dst)] {
            if !prefix.is_empty() {
                let mut numbers = prefix.clone();
                numbers.resize(3, 0);
                let [a, b, c] = numbers[..] else {
                    unreachable!()
                };
                let length = 8 + 8 * prefix.len();
                write!(text, ",{key}=10.{a}.{b}.{c}/{length}").unwrap();
            }
        }
        text
    }
}

impl Packet {
    /// All of them: numbers up to 2, of which flows ask for 0 and 1; a port that no flow asks for.
    fn all() -> Vec<Packet> {
        let numbers = || (0..27).map(|n| [n / 9, n / 3 % 3, n % 3]);
        let mut all = Vec::new();
        for in_port in [1, 2, 3] {
            for kind in [0, 2, 3, 4] {
                for src in numbers() {
                    all.extend(numbers().map(|dst| Packet {
                        in_port,
                        kind,
                        src,
                        dst,
                    }));
                }
            }
        }
        all
    }

    fn text(&self) -> String {
        let address = |[a, b, c]: [usize; 3]| format!("10.{a}.{b}.{c}");
        let [source, destination] = address_keys(Some(self.kind));
        format!(
            "in_port={},{},{source}={},{destination}={}",
            self.in_port,
            KINDS[self.kind],
            address(self.src),
            address(self.dst)
        )
    }
}

/// What the addresses of a kind are called.
fn address_keys(kind: Option<usize>) -> [&'static str; 2] {
    if kind == Some(0) {
        ["arp_spa", "arp_tpa"]
    } else {
        ["nw_src", "nw_dst"]
    }
}

#[test]
fn random_tables() {
    let sandbox = small();
    vsctl!(sandbox, "add-port br0 tap3 tag=3");
    let packets = Packet::all();
    let (mut hidden, mut overlapping, mut clear) = (0, 0, 0);
    let number = |name, default| env::var(name).map_or(default, |text| text.parse().unwrap());
    let first: u64 = number("SEED", 1);
    for seed in first..first + number("COUNT", 40) {
        let mut random = Chance::new(seed);
        let mut flows: Vec<Flow> = Vec::new();
        for _ in 0..3 + random.index(8) {
            let flow = Flow::random(&mut random);
            if !flows.iter().any(|other| other.is_same_match(&flow)) {
                flows.push(flow);
            }
        }
        let said = said_of(&sandbox, &flows);
        let top = |packet: &Packet| {
            let taking = (0..flows.len()).filter(|flow| flows[*flow].takes(packet));
            let highest = taking.clone().map(|flow| flows[flow].priority).max();
            taking
                .filter(|flow| Some(flows[*flow].priority) == highest)
                .collect::<Vec<_>>()
        };
        let tops: Vec<Vec<usize>> = packets.iter().map(top).collect();
        for (number, flow) in flows.iter().enumerate() {
            let is_said = said.hidden.contains(&number);
            let is_taken = tops.iter().any(|top| top.contains(&number));
            assert!(
                !(is_said && is_taken),
                "seed {seed}: {} is not hidden",
                flow.text()
            );
            let is_covered = flows.iter().any(|other| {
                let covers = |packet: &Packet| !flow.takes(packet) || other.takes(packet);
                other.priority > flow.priority && packets.iter().all(covers)
            });
            assert!(
                is_said || !is_covered,
                "seed {seed}: {} is hidden",
                flow.text()
            );
        }
        let differ = |top: &Vec<usize>| {
            top.iter()
                .any(|flow| flows[*flow].output != flows[top[0]].output)
        };
        let is_overlap = tops.iter().any(differ);
        assert_eq!(said.overlapping, is_overlap, "seed {seed}: {flows:?}");
        for _ in 0..10 {
            let number = random.index(packets.len());
            trace(&sandbox, &packets[number], &tops[number]);
        }
        // A packet of an overlap takes one of its flows.
        if let Some(number) = tops.iter().position(differ) {
            trace(&sandbox, &packets[number], &tops[number]);
        }
        hidden += said.hidden.len();
        overlapping += usize::from(is_overlap);
        clear += usize::from(!is_overlap);
    }
    assert!(
        hidden > 10 && overlapping > 5 && clear > 5,
        "{hidden} {overlapping} {clear}"
    );
}

/// What is said of flows; they are numbers.
struct Said {
    hidden: Vec<usize>,
    overlapping: bool,
}

/// Puts the flows into the switch, each with its number plus 1 as its cookie, and asks.
fn said_of(sandbox: &Sandbox, flows: &[Flow]) -> Said {
    ofctl!(sandbox, "del-flows br0");
    let mut names = Vec::new();
    for (number, flow) in flows.iter().enumerate() {
        let cookie = number + 1;
        let line = format!(
            "cookie={cookie},{},actions=output:{}",
            flow.text(),
            flow.output
        );
        ofctl!(sandbox, "add-flow br0 '{line}'");
        // As the real tool writes the match.
        let only = format!("cookie={cookie}/-1");
        let dump = ofctl!(sandbox, "--no-stats --names dump-flows br0 '{only}'");
        let line = dump.lines().last().unwrap();
        let text = line.trim().split_once(", ").unwrap().1;
        names.push(format!(
            "table=0,{}",
            text.split_once(" actions=").unwrap().0.replace('"', "")
        ));
    }
    let stdout = ovs!(sandbox, "check --columns=finding,object").run().stdout;
    let mut said = Said {
        hidden: Vec::new(),
        overlapping: false,
    };
    for line in stdout.lines() {
        match line.split_once('\t').unwrap() {
            ("hidden-flow", object) => {
                let number = names.iter().position(|name| name == object);
                said.hidden
                    .push(number.unwrap_or_else(|| panic!("{object} of {names:?}")));
            }
            ("overlapping-flows", "table 0") => said.overlapping = true,
            other => panic!("{other:?}"),
        }
    }
    said
}

/// The switch takes one of the flows for the packet, or none if there is none.
fn trace(sandbox: &Sandbox, packet: &Packet, flows: &[usize]) {
    let text = appctl!(sandbox, "ofproto/trace br0 {}", packet.text());
    let line = text.lines().find(|line| line.starts_with(" 0. ")).unwrap();
    let cookie = line
        .split_once("cookie 0x")
        .map(|(_, cookie)| usize::from_str_radix(cookie, 16).unwrap());
    match cookie {
        Some(cookie) => assert!(
            flows.contains(&(cookie - 1)),
            "{packet:?}: {line}, {flows:?}"
        ),
        None => assert!(
            flows.is_empty() && line.contains("No match"),
            "{packet:?}: {line}"
        ),
    }
}
