//! `ovs table set`, judged by what the real ovs-ofctl shows of the tables.

use serde_json::json;

use crate::common::Sandbox;

/// The lines of one table in `ovs-ofctl dump-table-desc`, without blanks around them.
fn desc(sandbox: &Sandbox, table: u8) -> String {
    let text = ofctl!(sandbox, "-O OpenFlow14 dump-table-desc br0");
    let lines = text.lines().map(str::trim);
    let mut lines = lines.skip_while(|line| *line != format!("table {table}:"));
    lines.next().unwrap();
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// The tables with names in `ovs-ofctl dump-table-features`.
fn named(sandbox: &Sandbox, version: &str) -> Vec<String> {
    let text = ofctl!(sandbox, "-O {version} dump-table-features br0");
    let lines = text.lines().filter(|line| line.contains("(\""));
    lines
        .map(|line| line.trim().split(':').next().unwrap().to_owned())
        .collect()
}

const OFF: &str = "eviction=off eviction_flags=OTHER|IMPORTANCE|LIFETIME vacancy=off";
const EVICTS: &str = "eviction=on eviction_flags=OTHER|IMPORTANCE|LIFETIME vacancy=off";

#[test]
fn names_over_each_version() {
    for version in ["OpenFlow13", "OpenFlow14", "OpenFlow15"] {
        let sandbox = Sandbox::with("add-br br0");
        vsctl!(sandbox, "set Bridge br0 protocols={version}");
        ovs!(sandbox, "table set br0 20 --name learn")
            .prints("changed\ttable\t20\tbr0\t-\tname=-\tname=learn\t-\n");
        ovs!(sandbox, "table set br0 253 --name 'a b'").ok();
        ovs!(sandbox, "table set br0 learn --name learn").prints("unchanged\n");
        assert_eq!(
            named(&sandbox, version),
            ["table 20 (\"learn\")", "table 253 (\"a b\")"]
        );
        ovs!(sandbox, "dump-flows br0 table=learn").ok();
        ovs!(sandbox, "table set br0 learn --name other").ok();
        ovs!(sandbox, "table set br0 253 --name none").ok();
        assert_eq!(named(&sandbox, version), ["table 20 (\"other\")"]);
        ovs!(sandbox, "table set br0 all --name none").ok();
        assert!(named(&sandbox, version).is_empty());
    }
}

#[test]
fn eviction_and_vacancy_keep_each_other() {
    let sandbox = Sandbox::with("add-br br0");
    for version in ["OpenFlow14", "OpenFlow15"] {
        ovs!(sandbox, "-O {version} table set br0 3 5 --eviction on").ok();
        assert_eq!(
            [3, 4, 5].map(|table| desc(&sandbox, table)),
            [EVICTS, OFF, EVICTS]
        );
        ovs!(sandbox, "-O {version} table set br0 3 --vacancy 10,20")
            .prints("changed\ttable\t3\tbr0\t-\tvacancy=off\tvacancy=\"10,20\"\t-\n");
        let vacancy = "vacancy=on vacancy_down=10% vacancy_up=20% vacancy=100%";
        assert_eq!(desc(&sandbox, 3), EVICTS.replace("vacancy=off", vacancy));
        ovs!(sandbox, "-O {version} table set br0 3 --eviction off").ok();
        assert_eq!(desc(&sandbox, 3), OFF.replace("vacancy=off", vacancy));
        ovs!(sandbox, "-O {version} table set br0 3 --vacancy off").ok();
        assert_eq!(desc(&sandbox, 3), OFF);
        ovs!(sandbox, "-O {version} table set br0 5 --eviction off").ok();
    }
    let changes = ovs!(sandbox, "table set br0 all --vacancy 20,40").json();
    assert_eq!(changes.as_array().unwrap().len(), 254);
    let text = ofctl!(sandbox, "-O OpenFlow14 dump-table-desc br0");
    assert_eq!(text.matches("vacancy_down=20% vacancy_up=40%").count(), 254);
    ovs!(sandbox, "table set br0 all --vacancy 20,40").prints("unchanged\n");
}

#[test]
fn table_miss_changes_what_happens_to_packets() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 -- set Interface p1 type=dummy -- \
         add-port br0 p2 -- set Interface p2 type=dummy",
    );
    ofctl!(sandbox, "del-flows br0");
    ofctl!(sandbox, "add-flow br0 table=1,actions=output:p2");
    for (miss, verdict) in [
        ("continue", "Datapath actions: 2"),
        ("drop", "Datapath actions: drop"),
    ] {
        ovs!(sandbox, "table set br0 0 --miss {miss}").ok();
        let text = ofctl!(sandbox, "-O OpenFlow12 dump-tables br0");
        assert!(text.contains(&format!("config={miss}")), "{text}");
        let trace = appctl!(sandbox, "ofproto/trace br0 in_port=p1");
        assert!(trace.contains(verdict), "{miss}: {trace}");
        ovs!(sandbox, "table set br0 0 --miss {miss}").prints("unchanged\n");
    }
    ovs!(sandbox, "-O OpenFlow11 table set br0 0 --miss continue")
        .ok()
        .says("cannot be read back");
    let trace = appctl!(sandbox, "ofproto/trace br0 in_port=p1");
    assert!(trace.contains("Datapath actions: 2"), "{trace}");
    // The trace shows no action where the packet goes to the controller.
    ovs!(sandbox, "table set br0 0 --miss controller").ok();
    assert!(!appctl!(sandbox, "ofproto/trace br0 in_port=p1").contains("Datapath actions: 2"));
}

#[test]
fn what_the_switch_does_not_do_is_said() {
    let sandbox =
        Sandbox::with("add-br br0 -- add-br br13 -- set Bridge br13 protocols=OpenFlow13");
    vsctl!(
        sandbox,
        "set Bridge br0 flow_tables:7=@t -- --id=@t create Flow_Table name=own"
    );
    ovs!(sandbox, "table set br0 7 --name other")
        .fails(1, "br0 refused to change table 7: OFPTFFC_EPERM")
        .says("the database may name it");
    ovs!(sandbox, "table set br0 own --eviction on").ok();
    assert_eq!(desc(&sandbox, 7), EVICTS);
    for (arguments, code, words) in [
        ("br0 3", 2, "nothing to set is given"),
        (
            "br0 3 --miss drop --name x",
            2,
            "no version of OpenFlow has both --miss and --name",
        ),
        (
            "br0 3 --miss drop --vacancy off",
            2,
            "both --miss and --vacancy",
        ),
        ("br0 254 --eviction on", 3, "table 254 not found"),
        ("br0 300 --eviction on", 3, "table \"300\" not found"),
        ("br0 owm --eviction on", 3, "did you mean \"own\""),
        ("br0 all --name x", 2, "all tables"),
        ("br0 all 3 --eviction on", 2, "all stands alone"),
        ("br0 3 4 --name x", 2, "several tables"),
        ("br0 3 --name 77", 2, "taken for a number"),
        (
            "br0 3 --name abcdefghijabcdefghijabcdefghijab",
            2,
            "32 bytes",
        ),
        ("br0 3 --vacancy 20,10", 2, "must be less"),
        ("br0 3 --vacancy 20,101", 2, "two percentages"),
        ("br9 3 --vacancy 20,100", 3, "bridge \"br9\" not found"),
        (
            "br0 3 --vacancy 20,100 -O OpenFlow13",
            2,
            "--vacancy exists in OpenFlow14, OpenFlow15 only",
        ),
        (
            "br13 3 --miss drop",
            1,
            "--miss exists in OpenFlow11, OpenFlow12 only, and br13 allows OpenFlow13",
        ),
        (
            "br13 3 --eviction on",
            1,
            "--eviction exists in OpenFlow14, OpenFlow15 only",
        ),
    ] {
        ovs!(sandbox, "table set {arguments}").fails(code, words);
    }
    let plan = ovs!(sandbox, "table set br0 3 --name x --eviction on --dry-run").json();
    assert_eq!(
        plan["changes"][0]["after"],
        json!({"name": "x", "eviction": true})
    );
    assert_eq!(desc(&sandbox, 3), OFF);
}
