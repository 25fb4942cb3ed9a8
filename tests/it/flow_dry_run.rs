//! `--dry-run` and `--explain` of flows refuse what the switch itself refuses, in the same words.

use std::fs;

use crate::common::Sandbox;

const SWITCH: &str =
    "add-br br0 -- add-port br0 p1 -- set Interface p1 type=dummy ofport_request=1";

/// The flow commands with `{}` in the place of the flow or the file that has it, and what they need.
const COMMANDS: [&str; 6] = [
    "flow add br0 '{}'",
    "flow add br0 priority=9,actions=drop '{}'",
    "flow add br0 --no-atomic priority=9,actions=drop '{}'",
    "flow mod br0 --or-add '{}'",
    "flow replace br0 FILE",
    "flow replace br0 --no-atomic FILE",
];

const REFUSED: [(&str, &str); 9] = [
    ("ip,actions=group:77", "OFPBAC_BAD_OUT_GROUP"),
    ("ip,actions=group:1,group:77", "OFPBAC_BAD_OUT_GROUP"),
    ("ip,actions=clone(group:77)", "OFPBAC_BAD_OUT_GROUP"),
    ("ip,actions=write_actions(group:77)", "OFPBAC_BAD_OUT_GROUP"),
    ("ip,actions=meter:1,group:77", "OFPBAC_BAD_OUT_GROUP"),
    ("ip,actions=meter:77,NORMAL", "OFPMMFC_INVALID_METER"),
    ("ip,actions=meter:77,group:77", "OFPMMFC_INVALID_METER"),
    ("ip,actions=meter:0,goto_table:3", "OFPMMFC_INVALID_METER"),
    ("table=254,ip,actions=drop", "OFPBRC_EPERM"),
];

/// The errors without the warnings, which a dry run has more of.
fn errors(stderr: &str) -> Vec<&str> {
    let lines = stderr.lines();
    let lines = lines.filter(|line| line.starts_with("ovs: ") || line.starts_with("hint: "));
    lines
        .filter(|line| !line.starts_with("ovs: warning: "))
        .collect()
}

#[test]
fn what_the_switch_refuses_a_dry_run_refuses() {
    let sandbox = Sandbox::with(SWITCH);
    ofctl!(sandbox, "-O OpenFlow13 add-group br0 group_id=1,type=all");
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-meter br0 meter=1,kbps,bands=type=drop,rate=9"
    );
    let file = sandbox.run_dir().join("flows.txt");
    for (flow, name) in REFUSED {
        fs::write(&file, format!("priority=9,actions=drop\n{flow}\n")).unwrap();
        for command in COMMANDS {
            // Flows of table 254 are compared as any others.
            if name == "OFPBRC_EPERM" && command.contains("replace") {
                continue;
            }
            let command = command.replace("{}", flow);
            let command = command.replace("FILE", &file.to_string_lossy());
            ofctl!(sandbox, "del-flows br0");
            let dry = ovs!(sandbox, "{command} --dry-run").run();
            let explained = ovs!(sandbox, "{command} --explain").run();
            ofctl!(sandbox, "del-flows br0");
            let real = ovs!(sandbox, "{command}").run();
            assert!(real.stderr.contains(name), "{command}: {}", real.stderr);
            assert_eq!(real.code, explained.code, "{command}");
            assert_eq!(errors(&real.stderr), errors(&explained.stderr), "{command}");
            let words = dry.stderr.replace(
                " would be written; the switch would refuse ",
                " were written; the switch refused ",
            );
            assert_eq!(real.code, dry.code, "{command}");
            assert_eq!(errors(&real.stderr), errors(&words), "{command}");
        }
    }
}

#[test]
fn what_the_switch_accepts_a_dry_run_accepts() {
    let sandbox = Sandbox::with(SWITCH);
    ofctl!(sandbox, "-O OpenFlow13 add-group br0 group_id=1,type=all");
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-meter br0 meter=1,kbps,bands=type=drop,rate=9"
    );
    ovs!(sandbox, "flow add br0 ip,actions=meter:1,group:1 --dry-run")
        .ok()
        .begins("added\tip actions=meter:1,group:1");
    for version in ["OpenFlow10", "OpenFlow11", "OpenFlow15"] {
        ovs!(
            sandbox,
            "flow add br0 -O {version} ip,actions=group:1 --dry-run"
        )
        .ok();
        ovs!(
            sandbox,
            "flow add br0 -O {version} ip,actions=group:2 --dry-run"
        )
        .fails(1, "group 2 does not exist on br0 (OFPBAC_BAD_OUT_GROUP)");
    }
    // What is deleted refers to no group.
    ovs!(sandbox, "flow del br0 out_group=7 --dry-run").ok();
}

#[test]
fn bundles_and_overlaps_are_those_of_the_switch() {
    let sandbox = Sandbox::with(SWITCH);
    let several = "flow add br0 -O OpenFlow10 tcp,actions=drop udp,actions=drop";
    for dry_run in ["", " --dry-run"] {
        ovs!(sandbox, "{several}{dry_run}").fails(1, "it has no bundles there");
        ovs!(sandbox, "{several}{dry_run} --no-atomic").ok();
    }
    let overlapping = "flow add br0 check_overlap,ip,nw_src=10.0.0.1,actions=drop";
    ovs!(sandbox, "{overlapping} --dry-run").fails(1, "OFPFMFC_OVERLAP");
    ovs!(sandbox, "{overlapping}").fails(1, "OFPFMFC_OVERLAP");
    // The flow itself is no other one.
    let same = "flow add br0 check_overlap,tcp,actions=NORMAL";
    ovs!(sandbox, "{same} --dry-run").ok();
    ovs!(sandbox, "{same}").ok();
}
