//! `--dry-run` and `--explain` warn of flows that no packet reaches, and of flows that overlap.

use std::fmt::Write as _;

use crate::common::Sandbox;

const SWITCH: &str =
    "add-br br0 -- add-port br0 p1 -- set Interface p1 type=dummy ofport_request=1";

const OVERLAP: &str = "which of both takes a packet is undefined: it overlaps with";
const HIDDEN: &str = "no packet reaches it: hidden by";

/// The warnings of `ovs LINE --dry-run` with these flows in a file.
fn warnings(sandbox: &Sandbox, flows: &str) -> Vec<String> {
    let run = ovs!(sandbox, "flow add br0 --file - --dry-run")
        .write_stdin(flows)
        .ok();
    let stderr = run.stderr;
    let lines = stderr.lines().filter(|line| line.contains("warning: "));
    lines.map(str::to_owned).collect()
}

/// Two flows of one priority overlap if the switch refuses the second where it is told to check that.
#[test]
fn overlaps_are_those_of_the_switch() {
    const MATCHES: [&str; 20] = [
        "",
        "ip",
        "tcp",
        "udp",
        "arp",
        "ip,nw_src=10.0.0.0/8",
        "ip,nw_src=11.0.0.0/8",
        "ip,nw_dst=10.1.0.0/16",
        "tcp,tp_dst=0x10/0xfff0",
        "tcp,tp_dst=22",
        "tcp6,tp_dst=22",
        "dl_vlan=5",
        "dl_vlan=6,dl_vlan_pcp=3",
        "dl_vlan_pcp=3",
        "vlan_tci=0/0x1fff",
        "vlan_tci=0x1000/0x1000",
        "in_port=1",
        "reg0=1/1",
        "xreg0=0x100000000/0x100000000",
        "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
    ];
    let sandbox = Sandbox::with(SWITCH);
    let mut pairs = Vec::new();
    for (index, one) in MATCHES.into_iter().enumerate() {
        pairs.extend(
            MATCHES
                .into_iter()
                .skip(index + 1)
                .map(|other| (one, other)),
        );
    }
    let (mut there, mut checked) = (String::new(), String::new());
    let table = |index: usize| (index % 200, 1 + index / 200);
    for (index, (one, other)) in pairs.iter().enumerate() {
        let (table, priority) = table(index);
        let head = format!("table={table},priority={priority}");
        writeln!(there, "{head},{one},actions=drop").unwrap();
        writeln!(
            checked,
            "{head},cookie=2,check_overlap,{other},actions=output:1"
        )
        .unwrap();
    }
    ovs!(sandbox, "flow add br0 --file -")
        .write_stdin(there)
        .ok();
    let mut told = Vec::new();
    let lines: Vec<&str> = checked.lines().collect();
    // The warnings of ten flows are all told.
    for chunk in lines.chunks(10) {
        let text = chunk.join("\n").replace("check_overlap,", "");
        let warnings = warnings(&sandbox, &text);
        let is_told = |number: usize| {
            let place = format!("line {number}: {OVERLAP}");
            warnings.iter().any(|warning| warning.contains(&place))
        };
        told.extend((1..=chunk.len()).map(is_told));
    }
    ovs!(sandbox, "flow add br0 --file - --no-atomic")
        .write_stdin(checked)
        .fails(5, "OVERLAP");
    let accepted = ofctl!(sandbox, "--no-stats dump-flows br0 cookie=2/-1");
    for (index, pair) in pairs.iter().enumerate() {
        let (table, priority) = table(index);
        let is_here = |line: &str| {
            let line = format!("{},", line.replacen(" actions", ", actions", 1));
            let table = format!(" table={table},");
            (line.contains(&table) || table == " table=0," && !line.contains(" table="))
                && line.contains(&format!(" priority={priority},"))
        };
        let overlaps = !accepted.lines().any(is_here);
        assert_eq!(told[index], overlaps, "{pair:?}\n{accepted}");
    }
}

#[test]
fn only_an_ambiguity_is_told() {
    let sandbox = Sandbox::with(SWITCH);
    let silent = [
        // The same actions, however they are spelt, whatever the cookies.
        "priority=5,ip,actions=mod_nw_src:1.1.1.1,1\npriority=5,tcp,cookie=7,actions=set_field:1.1.1.1->ip_src,output:1",
        "priority=5,ip,actions=drop\npriority=6,tcp,actions=1",
        "table=1,priority=5,ip,actions=drop\ntable=2,priority=5,tcp,actions=1",
        "priority=5,ip,actions=drop\npriority=5,ip,actions=1",
        "priority=5,udp,actions=drop\npriority=5,tcp,actions=1",
        "priority=5,dl_vlan=5,actions=drop\npriority=5,dl_vlan=6,actions=1",
        "priority=5,ip,nw_src=10.0.0.0/9,actions=drop\npriority=5,ip,nw_src=10.128.0.0/9,actions=1",
        // A flow of a higher priority takes what both match.
        "priority=5,ip,actions=drop\npriority=5,tcp,actions=1\npriority=6,ip,nw_src=10.0.0.0/9,actions=drop\n\
         priority=6,tcp,nw_dst=10.0.0.0/9,actions=drop\npriority=7,tcp,actions=drop",
        "priority=5,ip,actions=conjunction(1,1/2)\npriority=5,tcp,actions=conjunction(1,2/2)",
    ];
    for flows in silent {
        let told = warnings(&sandbox, flows);
        let told: Vec<&String> = told.iter().filter(|told| told.contains(OVERLAP)).collect();
        assert!(told.is_empty(), "{flows}\n{told:?}");
    }
    let told = [
        "priority=5,ip,actions=drop\npriority=5,tcp,actions=1",
        "priority=5,ip,nw_src=10.0.0.0/8,actions=drop\npriority=5,ip,nw_dst=10.0.0.0/8,actions=1",
        "priority=5,dl_vlan=5,actions=drop\npriority=5,dl_vlan_pcp=3,actions=1",
        "priority=5,idle_timeout=9,ip,actions=drop\npriority=5,tcp,actions=1",
    ];
    for flows in told {
        let told = warnings(&sandbox, flows);
        let place = format!("line 2: {OVERLAP} ");
        // Each pair is told once.
        assert!(
            told.len() == 1 && told[0].contains(&place),
            "{flows}\n{told:?}"
        );
    }
    // Flows that are not changed are of no interest.
    ofctl!(sandbox, "add-flow br0 priority=5,ip,actions=drop");
    ofctl!(sandbox, "add-flow br0 priority=5,tcp,actions=1");
    assert_eq!(warnings(&sandbox, "priority=6,arp,actions=1\n"), [""; 0]);
}

/// The work grows with the flows, not with their pairs; the first ten are told.
#[test]
fn many_flows_are_compared() {
    let sandbox = Sandbox::with(SWITCH);
    let mut flows = String::new();
    for number in 0..4000 {
        let (high, low) = (number / 250, number % 250);
        writeln!(flows, "priority=5,ip,nw_dst=10.0.{high}.{low},actions=drop").unwrap();
        writeln!(flows, "priority=5,ip,nw_src=10.0.{high}.{low},actions=1").unwrap();
        writeln!(
            flows,
            "priority=4,ip,nw_src=10.0.{high}.{low},tcp,actions=drop"
        )
        .unwrap();
    }
    let told = warnings(&sandbox, &flows);
    let count = |words: &str| told.iter().filter(|told| told.contains(words)).count();
    assert_eq!(
        (count(HIDDEN), count(OVERLAP), told.len()),
        (10, 10, 22),
        "{told:?}"
    );
    assert_eq!(count("3990 more flows are hidden by others"), 1, "{told:?}");
    assert_eq!(count("more flows overlap with others of their priority"), 1);
}

#[test]
fn a_replacement_is_warned_of_too() {
    let sandbox = Sandbox::with(SWITCH);
    ofctl!(
        sandbox,
        "add-flow br0 'cookie=1,table=1,priority=5,tcp,actions=output:1'"
    );
    let there = "cookie=1,table=1,priority=5,tcp,actions=output:1\n";
    let new = "cookie=2,table=1,priority=5,ip,nw_src=10.0.0.0/8,actions=drop\n";
    for (options, file, line) in [
        ("", format!("{there}{new}"), 2),
        ("--cookie 2/-1", new.to_owned(), 1),
    ] {
        let line = format!("stdin, line {line}: {OVERLAP}");
        ovs!(sandbox, "flow replace br0 - --dry-run {options}")
            .write_stdin(file.as_str())
            .ok()
            .says(line.as_str());
        ovs!(sandbox, "flow replace br0 - --dry-run --strict {options}")
            .write_stdin(file.as_str())
            .fails(1, line.as_str());
    }
    // Of what stays as it is nothing is said.
    let same = ovs!(sandbox, "flow replace br0 - --dry-run")
        .write_stdin(there)
        .ok();
    assert!(!same.stderr.contains("warning"), "{}", same.stderr);
}
