//! `ovs dump-flows --drops` against the switch's own `ofproto/trace`: where the last flow of a packet is listed
//! as a drop, nothing comes of that flow; where it is not listed, the packet comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fmt::Write as _;

use serde_json::Value;

use crate::common::Sandbox;
use crate::common::chance::Chance;
use crate::common::openflow::add;

/// Ports that actions send to at once: this plus the number of the flow.
const APPLIED: u64 = 10;
/// Ports that the action set sends to: this plus the number of the flow.
const WRITTEN: u64 = 40;
/// Flows of a pipeline, at most.
const FLOWS: u64 = 12;

/// A bridge with port 1, a port and a group for everything that a flow may send to.
fn bridge() -> Sandbox {
    let mut line = "add-br br0 -- set bridge br0 fail_mode=secure".to_owned();
    let ports: Vec<u64> = ports().collect();
    for port in std::iter::once(1).chain(ports.iter().copied()) {
        let _ = write!(
            line,
            " -- add-port br0 p{port} -- set interface p{port} type=dummy ofport_request={port}"
        );
    }
    let sandbox = Sandbox::with(&line);
    let mut groups = String::new();
    for port in ports {
        let _ = writeln!(groups, "group_id={port},type=all,bucket=output:{port}");
    }
    add(&sandbox, "-O OpenFlow15", "add-groups", "br0", &groups);
    sandbox
}

fn ports() -> impl Iterator<Item = u64> {
    (APPLIED..APPLIED + FLOWS).chain(WRITTEN..WRITTEN + FLOWS)
}

fn load(sandbox: &Sandbox, flows: &[String]) {
    ofctl!(sandbox, "-O OpenFlow15 del-flows br0");
    add(
        sandbox,
        "-O OpenFlow15",
        "add-flows",
        "br0",
        &flows.join("\n"),
    );
}

/// What `--drops` says of each cookie that it lists.
fn verdicts(sandbox: &Sandbox, options: &[&str]) -> BTreeMap<u64, String> {
    let json = sandbox
        .ovs(&[&["dump-flows", "br0", "--drops", "--json"], options].concat())
        .out();
    let flows: Value = serde_json::from_str(&json).unwrap();
    let verdict = |flow: &Value| {
        let cookie = flow["cookie"]
            .as_str()
            .unwrap()
            .trim_start_matches("0x")
            .to_owned();
        let drops = flow["drops"].as_str().unwrap().to_owned();
        (u64::from_str_radix(&cookie, 16).unwrap(), drops)
    };
    flows.as_array().unwrap().iter().map(verdict).collect()
}

/// What the switch says of a packet.
#[derive(Debug)]
struct Trace {
    text: String,
    /// The cookies of the flows that it met, in their order.
    met: Vec<u64>,
    /// A table without a flow for it was the last that it met.
    missed: bool,
    /// The ports that it came out of; [`APPLIED`] and the number of the flow also for a controller.
    out: BTreeSet<u64>,
}

impl Trace {
    fn of(sandbox: &Sandbox, numbers: &BTreeMap<u64, u64>, tp_dst: u64) -> Trace {
        let packet = format!(
            "in_port=1,udp,dl_src=00:00:00:00:00:01,dl_dst=00:00:00:00:00:02,\
             nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_ttl=64,udp_src=1,udp_dst={tp_dst}"
        );
        let text = appctl!(sandbox, "ofproto/trace br0 {packet}");
        let (mut met, mut missed, mut out) = (Vec::new(), false, BTreeSet::new());
        for line in text.lines() {
            let is_table = line.trim_start().starts_with(|c: char| c.is_ascii_digit());
            if let Some((_, cookie)) = line.split_once(", cookie 0x").filter(|_| is_table) {
                met.push(u64::from_str_radix(cookie, 16).unwrap());
                missed = false;
            }
            missed |= line.ends_with("No match.");
            for action in line
                .strip_prefix("Datapath actions: ")
                .unwrap_or_default()
                .split(',')
            {
                if let Ok(number) = action.parse() {
                    out.insert(*numbers.get(&number).unwrap_or(&number));
                }
                if let Some(id) = action.strip_prefix("controller_id=") {
                    out.insert(id.parse().unwrap());
                }
            }
        }
        Trace {
            text,
            met,
            missed,
            out,
        }
    }
}

/// The number of OpenFlow for each of the datapath.
fn numbers(sandbox: &Sandbox) -> BTreeMap<u64, u64> {
    let text = appctl!(sandbox, "dpif/show");
    let pairs = text.lines().filter_map(|line| {
        let pair = line.trim().strip_prefix('p')?.split_whitespace().nth(1)?;
        let (ofport, number) = pair.trim_end_matches(':').split_once('/')?;
        Some((number.parse().ok()?, ofport.parse().ok()?))
    });
    let numbers: BTreeMap<u64, u64> = pairs.collect();
    assert!(numbers.len() > FLOWS as usize, "{text}");
    numbers
}

/// A flow of a random pipeline; its number is its cookie.
#[derive(Debug, Default)]
struct Flow {
    line: String,
    /// Looks the packet up in another table, and goes on.
    resubmits: bool,
    has_clone: bool,
    /// Decides of the action set after what it resubmits to.
    has_last_word: bool,
}

fn flow(chance: &mut Chance, table: u64, priority: u64, number: u64) -> Flow {
    let mut flow = Flow::default();
    let (applied, written) = (APPLIED + number, WRITTEN + number);
    let mut actions: Vec<String> = Vec::new();
    let send = |chance: &mut Chance| match chance.below(4) {
        0 => format!("controller(id={applied})"),
        1 => format!("group:{applied}"),
        _ => format!("output:{applied}"),
    };
    // Seldom the table that has no flow.
    let beyond = |chance: &mut Chance| {
        (table + 1 + chance.below(2))
            .min(2 + chance.below(8) / 7)
            .max(table + 1)
    };
    for _ in 0..chance.below(5) / 2 {
        actions.push(match chance.below(8) {
            0 => send(chance),
            1..=3 if table < 2 => {
                flow.resubmits = true;
                format!("resubmit(,{})", beyond(chance))
            }
            4 => {
                flow.has_clone = true;
                let inside = match chance.below(3) {
                    0 => send(chance),
                    1 => format!("resubmit(,{})", beyond(chance)),
                    _ => "note:01".to_owned(),
                };
                format!("clone(set_field:1->reg0,{inside})")
            }
            5 => "learn(table=9,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])"
                .to_owned(),
            6 if chance.one_in(2) => {
                flow.has_last_word = true;
                "exit".to_owned()
            }
            _ => "set_field:2->reg1".to_owned(),
        });
    }
    if chance.one_in(4) {
        flow.has_last_word = true;
        actions.push("clear_actions".to_owned());
    }
    let writes = chance.one_in(2);
    if writes {
        flow.has_last_word = true;
        actions.push(match chance.below(4) {
            0 => "write_actions(set_field:3->reg2)".to_owned(),
            1 => format!("write_actions(group:{written})"),
            _ => format!("write_actions(set_field:3->reg2,output:{written})"),
        });
    }
    if table < 2 && writes != chance.one_in(3) {
        actions.push(format!("goto_table:{}", beyond(chance)));
    }
    let actions = if actions.is_empty() {
        "drop".to_owned()
    } else {
        actions.join(",")
    };
    let matched = match chance.below(5) {
        0..3 => String::new(),
        _ => format!(",tp_dst={}", 1 + chance.below(3)),
    };
    flow.line =
        format!("table={table},priority={priority},cookie={number},udp{matched},actions={actions}");
    flow
}

/// A number of the environment.
fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Small random pipelines of three tables, a fourth is empty: `COUNT` of them from `SEED` on, if the environment
/// has these.
#[test]
fn random_pipelines_as_the_trace_has_them() {
    let sandbox = bridge();
    let numbers = numbers(&sandbox);
    let mut seen = BTreeMap::<String, u32>::new();
    let (first, count) = (number("SEED", 1), number("COUNT", 40));
    for seed in first..first + count {
        let mut chance = Chance::new(seed);
        let mut flows = BTreeMap::new();
        for table in 0..3 {
            for priority in 1..=2 + chance.below(3) {
                let number = flows.len() as u64;
                // The cookie 0 is not shown.
                if number + 1 < FLOWS {
                    flows.insert(number + 1, flow(&mut chance, table, priority, number + 1));
                }
            }
        }
        let lines: Vec<String> = flows.values().map(|flow| flow.line.clone()).collect();
        load(&sandbox, &lines);
        let verdicts = verdicts(&sandbox, &[]);
        for tp_dst in 1..=3 {
            let trace = Trace::of(&sandbox, &numbers, tp_dst);
            let Some((last, before)) = trace.met.split_last() else {
                continue;
            };
            let others = || before.iter().filter(|number| *number != last);
            let context = || {
                format!(
                    "seed {seed}: flow {last}, {verdicts:?}\n{}\n{}",
                    lines.join("\n"),
                    trace.text
                )
            };
            // What others send by themselves, or after this flow, is none of its business.
            let (mut allowed, mut has_clone, mut goes_on) = (BTreeSet::new(), false, false);
            for other in others() {
                allowed.insert(APPLIED + other);
                has_clone |= flows[other].has_clone;
                if flows[other].resubmits && flows[other].has_last_word {
                    allowed.insert(WRITTEN + other);
                    goes_on = true;
                }
            }
            if has_clone {
                allowed.extend(others().map(|other| WRITTEN + other));
            }
            let verdict = verdicts.get(last).map_or("", String::as_str);
            match verdict {
                "always" => assert!(trace.out.is_subset(&allowed), "{}", context()),
                "maybe" => {}
                _ if trace.missed || goes_on => continue,
                _ => assert!(!trace.out.is_empty(), "{}", context()),
            }
            let came_out = !trace.out.is_subset(&allowed);
            *seen.entry(format!("{verdict} {came_out}")).or_default() += 1;
        }
    }
    // Every case came often enough for the comparison to be worth something; who may drop, does or does not.
    for case in ["always false", "maybe true", "maybe false", " true"] {
        assert!(
            seen.get(case).is_some_and(|count| *count >= 5),
            "{case}: {seen:?}"
        );
    }
}

/// One line each: flows with their number as cookie, and what `--drops` says of them.
#[test]
fn what_the_action_set_decides() {
    let sandbox = bridge();
    let numbers = numbers(&sandbox);
    let write = "cookie=1,table=0,actions=write_actions(output:41),goto_table:1";
    for (flows, listed, comes_out) in [
        // As controllers write it: the set of table 0 is executed by a flow without instructions.
        (
            &[write, "cookie=2,table=1,priority=9,udp,actions=drop"][..],
            &[(2, "maybe")][..],
            true,
        ),
        (
            &[write, "cookie=2,table=1,actions=clear_actions"],
            &[(2, "always")],
            false,
        ),
        (
            &[write, "cookie=2,table=1,actions=exit"],
            &[(2, "always")],
            false,
        ),
        (
            &[write, "cookie=2,table=1,udp,actions=ct(commit)"],
            &[(2, "maybe")],
            true,
        ),
        (
            &[write, "cookie=2,table=1,actions=set_field:1->reg0"],
            &[(2, "maybe")],
            true,
        ),
        (
            &[
                write,
                "cookie=2,table=1,actions=clone(note:01),clear_actions",
            ],
            &[(2, "maybe")],
            true,
        ),
        (
            &[write, "cookie=2,table=1,actions=clone(exit),output:12"],
            &[(2, "always")],
            false,
        ),
        (
            &[
                write,
                "cookie=2,table=1,actions=write_actions(set_field:1->reg0)",
            ],
            &[(2, "maybe")],
            true,
        ),
        (
            &[
                "cookie=1,table=0,actions=drop",
                "cookie=2,table=1,actions=drop",
            ],
            &[(1, "always"), (2, "always")],
            false,
        ),
        (&["cookie=1,actions=write_actions(output:41)"], &[], true),
        (
            &["cookie=1,actions=clear_actions,write_actions(group:41)"],
            &[],
            true,
        ),
        (
            &["cookie=1,actions=write_actions(set_field:1->reg0)"],
            &[(1, "always")],
            false,
        ),
        // A set without group or output executes these.
        (
            &[
                "cookie=1,actions=write_actions(resubmit(,1))",
                "cookie=2,table=1,actions=output:12",
            ],
            &[],
            true,
        ),
        // They do not count where there is an output.
        (
            &[
                "cookie=1,actions=write_actions(resubmit(,1),output:41)",
                "cookie=2,table=1,actions=drop",
            ],
            &[(2, "always")],
            true,
        ),
        // The set comes back from a resubmit.
        (
            &[
                "cookie=1,actions=resubmit(,1),resubmit(,2)",
                "cookie=2,table=1,actions=write_actions(output:42)",
                "cookie=3,table=2,actions=note:01",
            ],
            &[(3, "maybe")],
            true,
        ),
        (
            &[
                "cookie=1,actions=clone(resubmit(,1)),resubmit(,2)",
                "cookie=2,table=1,actions=write_actions(output:42)",
                "cookie=3,table=2,actions=note:01",
            ],
            &[(3, "always")],
            true,
        ),
        (
            &[
                "cookie=1,udp,actions=ct(table=1)",
                "cookie=2,table=1,actions=drop",
            ],
            &[(2, "always")],
            false,
        ),
        (&["cookie=1,actions=NORMAL"], &[], true),
        (
            &["cookie=1,actions=bundle(eth_src,0,active_backup,ofport,members:11,12)"],
            &[],
            true,
        ),
        (
            &["cookie=1,actions=set_field:0xb->reg0,output:NXM_NX_REG0[]"],
            &[],
            true,
        ),
        (&["cookie=1,actions=enqueue:11:0"], &[], true),
        (&["cookie=1,actions=conjunction(7,1/2)"], &[], false),
    ] {
        let lines: Vec<String> = flows.iter().map(|line| (*line).to_owned()).collect();
        load(&sandbox, &lines);
        let listed: BTreeMap<u64, String> = listed
            .iter()
            .map(|(number, verdict)| (*number, (*verdict).to_owned()))
            .collect();
        for version in ["OpenFlow11", "OpenFlow13", "OpenFlow15"] {
            assert_eq!(
                verdicts(&sandbox, &["-O", version]),
                listed,
                "{version} {flows:?}"
            );
        }
        // A choice of flows changes nothing of what is said of them.
        let filtered = verdicts(&sandbox, &["table=1"]);
        assert!(
            filtered
                .iter()
                .all(|(number, verdict)| listed[number] == *verdict),
            "{flows:?}"
        );
        // In Open vSwitch 3.1 this `clear_actions` has no effect, in 3.5 it has.
        if flows
            .iter()
            .any(|flow| flow.contains("clone(note:01),clear_actions"))
        {
            continue;
        }
        let trace = Trace::of(&sandbox, &numbers, 5);
        assert_eq!(
            !trace.out.is_empty(),
            comes_out,
            "{flows:?}\n{}",
            trace.text
        );
    }
}

/// The lines are the flows as ever; that some may not drop is told once, on stderr.
#[test]
fn who_may_not_drop_is_told_once() {
    let sandbox = bridge();
    let flows = [
        "table=1,ip,nw_dst=10.1.0.144,actions=write_actions(output:41),goto_table:2",
        "table=2,priority=30000,ip,actions=drop",
        "table=2,priority=0,actions=clear_actions",
    ];
    load(&sandbox, &flows.map(str::to_owned));
    let run = |options: &[&str]| {
        let line = [&["dump-flows", "--no-stats"], options].concat();
        let ran = sandbox.ovs(&line).ok();
        (ran.stdout, ran.stderr)
    };
    let lines =
        "table=2, priority=30000,ip actions=drop\ntable=2, priority=0 actions=clear_actions\n";
    let (printed, told) = run(&["br0", "--drops"]);
    assert_eq!(printed, lines);
    assert!(
        told.starts_with("1 of these flows may drop or not: "),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1);
    assert_eq!(
        run(&["br0", "--drops", "-q"]),
        (lines.to_owned(), String::new())
    );
    // Sorted, of all bridges, of one table: the same.
    let (printed, told) = run(&["br0", "--drops", "--sort", "table=2"]);
    assert_eq!((printed.as_str(), told.lines().count()), (lines, 1));
    let (printed, told) = run(&["--all", "--drops"]);
    assert_eq!(printed.lines().count(), 2);
    assert_eq!(told.lines().count(), 1);
    let counted = ovs!(sandbox, "dump-flows br0 --drops --count").prints("2\n");
    assert!(counted.stderr.starts_with("1 of these flows"));
    let (_, told) = run(&["br0", "--drops", "arp"]);
    assert_eq!(told, "", "no flow is listed");
    // OpenFlow 1.0 hides what is written, where the switch has it.
    let verdicts = verdicts(&sandbox, &["-O", "OpenFlow10"]);
    assert!(
        verdicts.values().all(|verdict| verdict == "maybe"),
        "{verdicts:?}"
    );
    vsctl!(sandbox, "set bridge br0 protocols=OpenFlow10");
    ofctl!(sandbox, "del-flows br0");
    ofctl!(sandbox, "add-flow br0 table=3,actions=drop");
    assert_eq!(run(&["br0", "--drops"]).1, "");
}
