//! Random flows written by `ovs flow add` and by the real `ovs-ofctl`, from the same text into two bridges: both
//! hold the same flows, as `ovs-ofctl` prints them. What `ovs-ofctl` or the switch refuses, `ovs` refuses, with a
//! reason.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::bridge::{Bridge, Lines};
use super::common::Sandbox;
use super::flows::{Class, Flow};
use super::merges::meaning;
use super::{SHOWN, VERSIONS, number};
use crate::common::chance::Chance;

/// What `ovs` refuses although `ovs-ofctl` writes it: words of the refusal, and the reason for it.
const STRICTER: &[(&str, &str)] = &[
    (
        "has two values in this match",
        "ovs-ofctl takes the last value, whatever the match begins with: `icmp6,nw_proto=8` matches protocol 8",
    ),
    (
        "needs ct_state=+trk-inv in the match",
        "ovs-ofctl leaves the field out: the flow would match every tracked connection",
    ),
    (
        "has no action meter",
        "ovs-ofctl leaves the meter out before 1.3, if there is a clone",
    ),
    (
        "arp_op has 8 bits",
        "ovs-ofctl cuts the value off: `arp_op=0x2001` matches requests",
    ),
    (
        "this action has no room for the field",
        "ovs-ofctl writes another zone: the field of an experimenter is longer than its place in ct",
    ),
];

/// What `ovs` writes although `ovs-ofctl` refuses it: words of what that says, and the reason.
const WIDER: &[(&str, &str)] = &[
    (
        "is among the allowed flow formats (OpenFlow11)",
        "Open vSwitch takes the matches and actions of its extensions in 1.1, too",
    ),
    (
        "port value out of range for in_port",
        "ovs-ofctl reads hexadecimal numbers of ports in `in_port=`, not in `in_port[]=`",
    ),
    ("invalid or unknown port for in_port", "the same"),
    (
        "OFPT_ERROR (OF1.3)  OFPBACBAC_BAD_SET_ARGUMENT",
        "what 1.3 refuses in a `set_field` is a `load` in 1.1",
    ),
    (
        "invalid mask for field",
        "ovs-ofctl does not read the masks of `set_field` that it prints",
    ),
    (
        "invalid IPv6 address",
        "ovs-ofctl does not read all masks of IPv6 addresses that it prints",
    ),
    (
        "IPv6 network prefix bits not between",
        "nor such masks that begin with digits",
    ),
];

/// How many flows a file has.
const AT_ONCE: usize = 100;

#[test]
fn written_over_openflow_1_0() {
    written_as_by_ovs_ofctl(0);
}

#[test]
fn written_over_openflow_1_1() {
    written_as_by_ovs_ofctl(1);
}

#[test]
fn written_over_openflow_1_2() {
    written_as_by_ovs_ofctl(2);
}

#[test]
fn written_over_openflow_1_3() {
    written_as_by_ovs_ofctl(3);
}

#[test]
fn written_over_openflow_1_4() {
    written_as_by_ovs_ofctl(4);
}

#[test]
fn written_over_openflow_1_5() {
    written_as_by_ovs_ofctl(5);
}

fn written_as_by_ovs_ofctl(version: usize) {
    let classes: &[Class] = match version {
        0 => &[Class::Old],
        1 | 2 => &[Class::Old, Class::New],
        _ => &[Class::Old, Class::New, Class::Encap],
    };
    let count = number("COUNT", 400) / classes.len() as u64;
    let mut report = String::new();
    for class in classes {
        written(version, *class, count, &mut report);
    }
    assert!(report.is_empty(), "{report}");
}

/// Writes flows of a class to both bridges, and adds what differs to the report.
fn written(version: usize, class: Class, count: u64, report: &mut String) {
    let sandbox = Sandbox::empty();
    let mut real = Bridge::new(&sandbox, "real", class);
    let ours = Bridge::with_ports(&sandbox, "ours", class, "o-");
    let openflow = VERSIONS[version];
    let mut chance = Chance::new(number("SEED", 1).wrapping_mul(7) + version as u64);
    let flows = (1..=count).map(|number| Flow::random(&mut chance, class, number));
    let flows = flows.filter(|flow| !is_untrue(&flow.text, version));
    let (mut flows, mut over_other) = (flows.collect::<VecDeque<_>>(), VecDeque::new());
    if openflow == "OpenFlow11" {
        // ovs-ofctl refuses most of them here, one by one, and writes the same flow in another version.
        let is_first = |flow: &Flow| flow.cookie.is_multiple_of(8);
        (flows, over_other) = flows.into_iter().partition(is_first);
        over_other.iter_mut().for_each(fit_1_1);
    }
    add(&mut real, &mut flows, openflow);
    let elsewhere: BTreeSet<u64> = over_other.iter().map(|flow| flow.cookie).collect();
    add(&mut real, &mut over_other, "OpenFlow13");
    let title = format!("{class:?} over {openflow}");
    let mut stricter: BTreeMap<&str, u64> = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for (cookie, reason) in write(&ours, openflow, &real.taken) {
        refused.insert(cookie);
        let known = STRICTER.iter().find(|(words, _)| reason.contains(words));
        match known {
            Some((words, _)) => *stricter.entry(*words).or_default() += 1,
            None => differs(
                report,
                &title,
                &real,
                cookie,
                &format!("ours refuses: {reason}"),
            ),
        }
    }
    let mut compared = 0;
    for dumped in BTreeSet::from([openflow, "OpenFlow15"]) {
        let options = ["-O", dumped, "--no-names", "--no-stats"];
        let expected: Lines = real.real(&options);
        let written = ours.real_of(&options, &real.taken.keys().copied().collect());
        for (cookie, expected) in expected {
            // Written over another version, they are spelt in another way over this one.
            if refused.contains(&cookie) || dumped == "OpenFlow11" && elsewhere.contains(&cookie) {
                continue;
            }
            compared += 1;
            let written = written.get(&cookie).map_or("nothing", String::as_str);
            let is_same = written == expected
                || elsewhere.contains(&cookie) && meaning(written) == meaning(&expected);
            if !is_same {
                let difference =
                    format!("dumped over {dumped}\n  real  {expected}\n  ours  {written}");
                differs(report, &title, &real, cookie, &difference);
            }
        }
    }
    let mut taken = 0;
    for (flow, reason) in &real.refused {
        let flow = flow.text.as_str();
        let ran = sandbox
            .ovs(&["flow", "add", "ours", flow, "-O", openflow])
            .run();
        if ran.code == 0 {
            taken += 1;
            if WIDER.iter().any(|(words, _)| reason.contains(words)) {
                continue;
            }
            let _ = writeln!(
                report,
                "{title}: ours takes {flow}\n  real refuses: {reason}"
            );
        } else if ran.stderr.trim().is_empty() {
            let _ = writeln!(report, "{title}: ours gives no reason for {flow}");
        }
    }
    eprintln!(
        "{title}: {} flows ({} tried over another version), {compared} lines compared; {} refused by both, \
         {taken} by ovs-ofctl alone; {stricter:?}",
        real.taken.len(),
        elsewhere.len(),
        real.refused.len() - taken,
    );
}

/// Whether ovs-ofctl writes something else than the text says.
fn is_untrue(flow: &str, version: usize) -> bool {
    // Versions since 1.1 do not have all masks of the tag, and 1.1 no mask for setting it.
    version > 0 && flow.contains("vlan_tci=0x")
        || version == 1 && (flow.contains("/0x10f3->vlan_vid") || flow.contains("->vlan_tci"))
        // In 1.1 it leaves this field out of the match.
        || version == 1 && flow.contains("_ecn=")
}

/// Leaves out what 1.3 has and 1.1 has not.
fn fit_1_1(flow: &mut Flow) {
    let mut text = flow.text.clone();
    for word in [
        ",no_packet_counts",
        ",no_byte_counts",
        ",reset_counts",
        "meter:5,",
    ] {
        text = text.replace(word, "");
    }
    flow.text = text.replace("actions=meter:5", "actions=drop");
}

fn differs(report: &mut String, title: &str, real: &Bridge<'_>, cookie: u64, difference: &str) {
    if report.lines().count() < SHOWN * 400 {
        let flow = &real.taken[&cookie].text;
        let _ = writeln!(report, "{title}: {flow}\n  {difference}");
    } else {
        report.push_str(".\n");
    }
}

/// Writes the flows by ovs-ofctl, in files of some lines: it stops at the first that is refused.
fn add(real: &mut Bridge<'_>, flows: &mut VecDeque<Flow>, openflow: &str) {
    let mut reasons = BTreeMap::new();
    while !flows.is_empty() {
        let batch: Vec<Flow> = flows.drain(..flows.len().min(AT_ONCE)).collect();
        real.add(batch, openflow, &mut reasons);
    }
}

/// Writes the flows from files of some lines, as [`add`] does; returns those that were refused, with the reason.
fn write(ours: &Bridge<'_>, version: &str, flows: &BTreeMap<u64, Flow>) -> Vec<(u64, String)> {
    let file = ours.sandbox.run_dir().join("ours.txt");
    let path = file.to_str().unwrap();
    let mut arguments = vec!["flow", "add", ours.name, "--file", path, "-O", version];
    if ["OpenFlow10", "OpenFlow11", "OpenFlow12"].contains(&version) {
        arguments.push("--no-atomic");
    }
    let mut flows = flows.values();
    let mut refused = Vec::new();
    loop {
        let mut due: Vec<&Flow> = flows.by_ref().take(AT_ONCE).collect();
        if due.is_empty() {
            return refused;
        }
        while let Some((line, reason)) = refusal(ours, &arguments, &file, &due) {
            refused.push((due.remove(line - 1).cookie, reason));
        }
    }
}

/// Runs `ovs` with a file of flows; returns the line that was refused, with the reason.
fn refusal(
    ours: &Bridge<'_>,
    arguments: &[&str],
    file: &Path,
    flows: &[&Flow],
) -> Option<(usize, String)> {
    let lines = flows.iter().flat_map(|flow| [flow.text.as_str(), "\n"]);
    fs::write(file, lines.collect::<String>()).unwrap();
    let ran = ours.sandbox.ovs(arguments).run();
    if ran.code == 0 {
        return None;
    }
    let mut said = ran.stderr.lines();
    let error = said.find(|line| !line.contains("warning: "));
    let error = error.unwrap_or_else(|| panic!("{arguments:?}: exit code {}", ran.code));
    let place = error.split_once(", line ");
    let line = place.and_then(|(_, rest)| rest.split(':').next()?.parse::<usize>().ok());
    let line = line.unwrap_or_else(|| panic!("{arguments:?}: {error}"));
    Some((line, error.to_owned()))
}
