//! `ovs --from PATH sandbox run`: a saved host replayed into a private Open vSwitch.
//!
//! What the replayed switch has is asked with the real ovs-ofctl, and compared with that of the host that was saved.

use std::path::Path;

use ovs::sandbox::Neutron;

use crate::common::{Ran, Sandbox, ovs};
use crate::readme::shell;

/// Runs a shell's line in the replayed host.
fn replayed(file: &Path, line: &str) -> Ran {
    let mut run = ovs(&["--from"]);
    run.arg(file)
        .args(["sandbox", "run", "--", "sh", "-c", line]);
    run.run()
}

/// The lines of flows, sorted: two switches have equal flows of one priority in any order.
fn flows(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().filter(|l| !l.contains("reply")).collect();
    lines.sort_unstable();
    lines
}

fn saved(sandbox: &Sandbox, dir: &Path) -> std::path::PathBuf {
    let file = dir.join("host.tar.zst");
    ovs!(sandbox, "save {}", file.display()).ok();
    file
}

#[test]
fn the_switch_is_the_saved_one() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    appctl!(
        sandbox,
        "fdb/add br-ens37 phy-br-ens37 66 fa:16:3e:75:d5:a4"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-meter br-ens37 meter=7,kbps,bands=type=drop,rate=1000"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-group br-ens37 group_id=5,type=all,bucket=output:1,bucket=output:2"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-flow br-ens37 cookie=0x77,priority=3,actions=meter:7,group:5"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = saved(&sandbox, dir.path());
    for bridge in vsctl!(sandbox, "list-br").lines() {
        let dump = format!("-O OpenFlow13 --no-stats --no-names dump-flows {bridge}");
        let said = replayed(&file, &format!("ovs-ofctl {dump}")).exits(0);
        let live = ofctl!(sandbox, "{dump}");
        assert!(!flows(&live).is_empty());
        assert_eq!(flows(&said.stdout), flows(&live), "{bridge}");
    }
    for command in ["dump-groups", "dump-meters"] {
        let line = format!("-O OpenFlow13 {command} br-ens37");
        let said = replayed(&file, &format!("ovs-ofctl {line}")).exits(0);
        let rest = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        let live = ofctl!(sandbox, "{line}");
        assert!(!rest(&live).is_empty());
        assert_eq!(rest(&said.stdout), rest(&live));
    }
    let said = replayed(&file, "ovs-appctl fdb/show br-ens37").exits(0);
    let words: Vec<Vec<&str>> = said
        .stdout
        .lines()
        .map(|line| line.split_whitespace().take(3).collect())
        .collect();
    assert!(
        words.contains(&vec!["2", "66", "fa:16:3e:75:d5:a4"]),
        "{said:?}"
    );
    let columns = "port list --columns bridge,port,ofport,type,tag";
    let live = ovs!(sandbox, "{columns}").out();
    let said = replayed(&file, &format!("ovs {columns}")).exits(0);
    for line in live.lines() {
        assert!(said.stdout.lines().any(|l| l == line), "{line}: {said:?}");
    }
}

/// The lines of a trace: each switch floods in an order of its own.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn packets_are_traced() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let dir = tempfile::tempdir().unwrap();
    let file = saved(&sandbox, dir.path());
    let line = "trace qvobeeb2c54-aa --to 66.0.0.180 --columns result,port,text";
    let live = ovs!(sandbox, "{line}").run();
    let said = replayed(&file, &format!("ovs {line}"));
    assert_eq!(said.code, live.code);
    assert_eq!(sorted(&said.stdout), sorted(&live.stdout));
    let line = "trace qvo6b5e4978-e2 --to 77.0.0.9 --to-mac fa:16:3e:fd:8a:ed";
    replayed(
        &file,
        &format!("ovs {line} --columns result,port,remote_ip,key,text"),
    )
    .exits(0)
    .shows("tunnelled to 10.0.0.72, VNI 100")
    .says("is not the host's");
}

/// A trace of the saved host itself says how it is done: the line in its hint does it.
#[test]
fn the_hint_of_a_trace_replays() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("host of today.tar.zst");
    ovs(&["save"])
        .env("OVS_RUNDIR", sandbox.run_dir())
        .arg(&file)
        .ok();
    let mut trace = ovs(&["--from"]);
    trace
        .arg(&file)
        .args(["trace", "qvobeeb2c54-aa", "--to", "66.0.0.180"]);
    let failed = trace.fails(3, "unknown: not in the report: the trace");
    let hint = format!(
        "hint: `ovs --from '{}' sandbox start` replays it",
        file.display()
    );
    let failed = failed.says(&hint);
    let line = failed.stderr.split('`').nth(1).unwrap();
    let line = line.replace(
        "sandbox start",
        "sandbox run -- ovs trace qvobeeb2c54-aa --to 66.0.0.180",
    );
    let said = shell(&sandbox, &line).exits(0);
    let live = ovs!(sandbox, "trace qvobeeb2c54-aa --to 66.0.0.180").out();
    assert_eq!(sorted(&said.stdout), sorted(&live));
}

#[test]
fn a_database_has_no_flows() {
    let sandbox = Sandbox::with("add-br br0 -- add-bond br0 bond0 eth0 eth1 -- add-port br0 eth2");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("conf.db");
    std::fs::copy(sandbox.run_dir().join("conf.db"), &file).unwrap();
    replayed(&file, "ovs-vsctl list-ifaces br0")
        .prints("eth0\neth1\neth2\n")
        .says("flows of \"br0\": not in the report");
}

#[test]
fn what_cannot_be_replayed() {
    let sandbox = Sandbox::empty();
    let dir = tempfile::tempdir().unwrap();
    let file = saved(&sandbox, dir.path());
    replayed(&file, "true").fails(3, "no bridge in the report");
    let from = file.display();
    ovs!("--from {from} sandbox start --neutron").fails(2, "contradict each other");
    ovs!("--from {from} sandbox stop").fails(2, "goes with sandbox start");
}
