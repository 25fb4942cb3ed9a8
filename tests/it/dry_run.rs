//! `--dry-run` changes nothing: neither the database nor what any switch does.

use ovs::cli::schema::commands;

use crate::common::Sandbox;

/// Every command that changes something, and what it has to change.
pub(crate) const CHANGES: [&str; 20] = [
    "bridge add br9 --fail-mode secure --controller tcp:127.0.0.1:1",
    "bridge set br0 --fail-mode secure --protocols OpenFlow13 --stp on",
    "bridge del br0 br1",
    "port add br0 p9 --type internal --tag 5",
    "port set p1 --tag 9 --mac 0a:00:00:00:00:01 --ofport 77",
    "port del p1",
    "port del br0 --all",
    "patch add br0:x br1:y",
    "patch del br0 br1",
    "tag set p1 9 --vlan-mode native-tagged",
    "tag clear p1",
    "tunnel add br0 --remote 10.0.0.9 --key 7",
    "tunnel set t1 --remote 10.0.0.9 --key flow",
    "tunnel del t1",
    "db set Port p1 tag=9",
    "db add Port p1 trunks 7",
    "db remove Port p1 other_config a",
    "db clear Port p1 tag",
    "db create Queue dscp=7",
    "db destroy Queue --all",
];

/// Every command that changes a switch by OpenFlow: their dry runs print flows, groups, ... instead of a transaction.
const SWITCH_CHANGES: [&str; 18] = [
    "flow add br0 priority=9,arp,actions=drop",
    "flow mod br0 in_port=p1,actions=drop",
    "flow del br0 in_port=p1",
    "flow del br0 --all",
    "flow replace br0 FLOWS",
    "group add br0 group_id=2,type=all,bucket=output:p1",
    "group mod br0 group_id=1,type=all,bucket=output:p1,bucket=output:a",
    "group del br0 1",
    "group insert-buckets br0 group_id=1,command_bucket_id=last,bucket=output:p1",
    "group remove-buckets br0 group_id=1,command_bucket_id=first",
    "group replace br0 GROUPS",
    "meter add br0 meter=2,kbps,bands=type=drop,rate=9",
    "meter mod br0 meter=1,kbps,bands=type=drop,rate=9",
    "meter del br0 1",
    "table set br0 3 --name x",
    "table set br0 3 --eviction on",
    "packet-out br0 --in-port p1 --actions a udp,dl_dst=0a:00:00:00:00:01",
    "port set p1 --openflow-config no-flood",
];

const LAST_WORDS: [&str; 13] = [
    "add",
    "set",
    "mod",
    "del",
    "replace",
    "clear",
    "remove",
    "create",
    "destroy",
    "batch",
    "packet-out",
    "insert-buckets",
    "remove-buckets",
];

/// What the database and the flows, groups and meters do not show: the configuration of ports and tables, and whether
/// packets were sent.
fn others(sandbox: &Sandbox) -> String {
    let ports = ofctl!(sandbox, "-O OpenFlow10 dump-ports-desc br0");
    let tables = ofctl!(sandbox, "-O OpenFlow15 dump-table-desc br0");
    let features = ofctl!(sandbox, "-O OpenFlow15 dump-table-features br0");
    let sent = ofctl!(sandbox, "-O OpenFlow10 dump-ports br0 a");
    let sent = sent.lines().filter(|line| line.contains("tx"));
    ports + &tables + &features + &sent.collect::<String>()
}

/// A switch that has all that is changed.
pub(crate) fn sandbox() -> Sandbox {
    Sandbox::with(
        "add-br br0 -- add-br br1 \
         -- add-port br0 p1 tag=1 other_config:a=b -- set Interface p1 type=internal \
         -- add-port br0 a -- set Interface a type=patch options:peer=b \
         -- add-port br1 b -- set Interface b type=patch options:peer=a \
         -- add-port br0 t1 -- set Interface t1 type=vxlan options:remote_ip=10.0.0.1 \
         -- create Queue dscp=1",
    )
}

/// Those changes that go together in one transaction.
pub(crate) fn batch() -> String {
    let lines = CHANGES.map(|line| line.to_owned() + "\n");
    lines[3..5].concat() + &lines[7..17].concat()
}

#[test]
fn nothing_changes() {
    let sandbox = sandbox();
    ofctl!(
        sandbox,
        "add-flow br0 priority=7,in_port=p1,actions=output:a"
    );
    ofctl!(sandbox, "add-flow br1 priority=7,in_port=b,actions=drop");
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-group br0 group_id=1,type=all,bucket=actions=output:1"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-meter br0 meter=1,kbps,band=type=drop,rate=1000"
    );
    let before = sandbox.contents();
    for part in ["priority=7", "group_id=1", "meter=1", "\"p1\""] {
        assert!(before.contains(part), "{part} is not in {before}");
    }
    let batch = batch();
    for output in ["text", "table", "json", "jsonl"] {
        let dry_run = |line: &str| {
            let mut dry_run = ovs!(sandbox, "{line} --dry-run --output {output}");
            let ran = dry_run.write_stdin(batch.as_str()).ok();
            assert!(
                !["", "unchanged\n"].contains(&ran.stdout.as_str()),
                "{line}: {ran:?}"
            );
            if output.starts_with("json") {
                ran.shows("\"transaction\":[\"Open_vSwitch\",")
            } else {
                ran.says("dry run: nothing is written\n")
            }
        };
        for line in CHANGES {
            dry_run(line);
        }
        dry_run("batch");
    }
    assert_same!(before, sandbox.contents());
    // Nor what they change by OpenFlow.
    let other = others(&sandbox);
    let file = |name: &str, text: &str| {
        let path = sandbox.run_dir().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_string_lossy().into_owned()
    };
    let flows = file("flows.txt", "tcp,actions=drop\n");
    let groups = file("groups.txt", "group_id=7,type=all,bucket=output:p1\n");
    for line in SWITCH_CHANGES {
        let line = line.replace("FLOWS", &flows).replace("GROUPS", &groups);
        for output in ["text", "json"] {
            let ran = ovs!(sandbox, "{line} --dry-run --output {output}").ok();
            let nothing = ["", "[]\n", "unchanged\n"];
            assert!(!nothing.contains(&ran.stdout.as_str()), "{line}: {ran:?}");
            // Those of ports are among the changes of a transaction.
            if !ran.stdout.contains("\"transaction\":[") {
                ran.says("dry run: nothing is ");
            }
        }
    }
    assert_same!(before, sandbox.contents());
    assert_same!(other, others(&sandbox));
    // What is compared is what a change changes.
    ofctl!(sandbox, "mod-flows br1 in_port=b,actions=NORMAL");
    let after = sandbox.contents();
    assert_ne!(after, before);
    ovs!(sandbox, "tag set p1 9").ok();
    assert_ne!(sandbox.contents(), after);
    // Nor without a switch, for which none of them waits.
    sandbox.kill_vswitchd();
    let before = sandbox.database();
    for line in CHANGES {
        ovs!(sandbox, "{line} --dry-run").ok();
    }
    assert_same!(before, sandbox.database());
}

#[test]
fn every_command_that_changes_is_tried() {
    for command in commands() {
        let line = command.join(" ");
        let changes = LAST_WORDS.contains(&command.last().unwrap().as_str());
        let mut tried = CHANGES.iter().chain(&SWITCH_CHANGES);
        let is_tried = line == "batch" || tried.any(|tried| tried.starts_with(&line));
        assert_eq!(is_tried, changes, "{line}");
    }
}
