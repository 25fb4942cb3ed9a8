//! `ovs batch` with lines that write groups and meters, judged by the real ovs-ofctl.

use crate::common::Sandbox;

const SWITCHES: &str = "add-br br0 -- add-port br0 p1 -- set Interface p1 type=dummy ofport_request=1 -- \
    add-br br10 -- set Bridge br10 protocols=OpenFlow10";

/// The lines of a dump, without what follows a word.
fn dump(sandbox: &Sandbox, what: &str) -> Vec<String> {
    let text = ofctl!(sandbox, "--names -O OpenFlow15 {what}");
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("OFPST_"));
    let mut lines: Vec<String> = lines.map(|line| line.trim().to_owned()).collect();
    lines.sort();
    lines
}

fn state(sandbox: &Sandbox) -> Vec<String> {
    [
        "--no-stats dump-flows br0",
        "dump-groups br0",
        "dump-meters br0",
    ]
    .into_iter()
    .flat_map(|what| dump(sandbox, what))
    .collect()
}

const METER: &str = "kbps,bands=type=drop,rate=10";

#[test]
fn groups_and_meters_come_with_ports_and_flows() {
    let sandbox = Sandbox::with(SWITCHES);
    let lines = format!(
        "\
flow add br0 in_port=p1,actions=meter:3,LOCAL
port add br0 tap9 --type internal --ofport 9
group add br0 group_id=1,type=all,bucket=tap9 'group_id=2,type=select,bucket=p1'
group insert-buckets br0 group_id=2,command_bucket_id=last,bucket=weight:3,tap9
flow add br0 tcp,actions=group:2
meter add br0 meter=3,{METER} meter=4,{METER}
"
    );
    let text = "\
added\tport\ttap9\tbr0\t9\t-\tofport_request=9,type=internal\t-
changed\tmeters\tbr0\tbr0\t-\t-\tmeter_add=2\t-
changed\tgroups\tbr0\tbr0\t-\t-\tgroup_add=2,group_mod=1\t-
changed\tflows\tbr0\tbr0\t-\t-\tflow_add=2\t-
";
    let plan = text.replace("\t9\t-\tofport", "\t-\t-\tofport");
    ovs!(sandbox, "batch --dry-run")
        .write_stdin(lines.as_str())
        .prints(plan);
    ovs!(sandbox, "batch")
        .write_stdin(lines.as_str())
        .prints(text);
    assert_eq!(
        state(&sandbox),
        [
            "in_port=p1 actions=meter:3,LOCAL",
            "priority=0 actions=NORMAL",
            "tcp actions=group:2",
            "group_id=1,type=all,bucket=bucket_id:0,actions=output:tap9",
            "group_id=2,type=select,bucket=bucket_id:0,actions=output:p1,\
             bucket=bucket_id:1,weight:3,actions=output:tap9",
            "meter=3 kbps bands=",
            "meter=4 kbps bands=",
            "type=drop rate=10",
            "type=drop rate=10",
        ]
    );
    // Meters that are removed go after the flows that do not use them any more.
    let lines = format!(
        "\
meter del br0 3
flow mod br0 in_port=p1,actions=LOCAL
group remove-buckets br0 group_id=2,command_bucket_id=first
group mod br0 group_id=2,type=select,bucket=bucket_id:1,weight:3,tap9
group mod --may-create br0 group_id=7,type=all,bucket=group:2
group del br0 1
meter mod br0 meter=4,kbps,bands=type=drop,rate=20
meter mod --may-create br0 meter=5,{METER}
"
    );
    ovs!(sandbox, "batch").write_stdin(lines).prints(
        "\
changed\tmeters\tbr0\tbr0\t-\t-\tmeter_add=1,meter_mod=1,meter_del=1\t-
changed\tgroups\tbr0\tbr0\t-\t-\tgroup_add=1,group_mod=1,group_del=1\t-
changed\tflows\tbr0\tbr0\t-\t-\tflow_mod=1\t-
",
    );
    assert_eq!(
        state(&sandbox),
        [
            "in_port=p1 actions=LOCAL",
            "priority=0 actions=NORMAL",
            "tcp actions=group:2",
            "group_id=2,type=select,bucket=bucket_id:1,weight:3,actions=output:tap9",
            "group_id=7,type=all,bucket=bucket_id:0,actions=group:2",
            "meter=4 kbps bands=",
            "meter=5 kbps bands=",
            "type=drop rate=10",
            "type=drop rate=20",
        ]
    );
    let lines = "group del br0 --all\nmeter del br0 --all\n";
    ovs!(sandbox, "batch").write_stdin(lines).ok();
    assert_eq!(
        state(&sandbox),
        ["in_port=p1 actions=LOCAL", "priority=0 actions=NORMAL"]
    );
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .prints("unchanged\n");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let sandbox = Sandbox::with(SWITCHES);
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-group br0 group_id=1,type=all,bucket=1"
    );
    ofctl!(sandbox, "-O OpenFlow13 add-meter br0 meter=1,{METER}");
    let (database, before) = (sandbox.contents(), state(&sandbox));
    let meter = format!("meter add br0 meter=1,{METER}");
    let twice = format!("meter del br0 1\nmeter add br0 meter=1,{METER}");
    let old = format!("meter add br10 meter=1,{METER}");
    for (line, code, words) in [
        (
            "group add br0 group_id=1,type=all,bucket=1",
            1,
            "line 2: group 1 is on br0 already",
        ),
        (
            "group mod br0 group_id=2,type=all,bucket=1",
            3,
            "line 2: group 2 not found on br0",
        ),
        ("group del br0 2", 3, "line 2: group 2 not found on br0"),
        ("group del br0", 2, "line 2: which groups? GROUP is missing"),
        (
            "group add br0 --file f",
            2,
            "line 2: --file cannot be in a batch",
        ),
        (
            "group add br0 --no-atomic group_id=3,type=all",
            2,
            "line 2: --no-atomic cannot be in a batch",
        ),
        (
            "group replace br0 f",
            2,
            "line 2: a batch takes group add, mod, del",
        ),
        (
            "group add br0 'modify group_id=1,type=all,bucket=1'",
            2,
            "line 2: only the file",
        ),
        (
            "group add br0 group_id=3,type=some",
            2,
            "line 2: \"type=some\"",
        ),
        (
            "group add br0 group_id=3,type=all,bucket=output:nix",
            3,
            "line 2: port \"nix\" not found on br0",
        ),
        (
            "group insert-buckets br0 group_id=1,command_bucket_id=9,bucket=1",
            3,
            "line 2: group 1 on br0 has no bucket 9",
        ),
        (
            "group del br0 1\nflow add br0 tcp,actions=group:1",
            1,
            "line 3: group 1 does not exist on br0",
        ),
        (
            "group add br10 group_id=1,type=all group_id=2,type=all",
            1,
            "over OpenFlow10: it has no bundles",
        ),
        (&meter, 1, "line 2: meter 1 is on br0 already"),
        (&twice, 2, "line 3: line 2 is about meter 1 already"),
        (&old, 1, "meters need OpenFlow 1.3 or later"),
        (
            "meter mod br0 meter=2,kbps,bands=type=drop,rate=1",
            3,
            "line 2: meter 2 not found on br0",
        ),
        ("meter del br0", 2, "line 2: which meters? METER is missing"),
        ("meter add br0 meter=2", 2, "line 2: "),
        ("dump-groups br0", 2, "changes nothing"),
    ] {
        let lines = format!("port add br0 tap9 --type internal\n{line}\n");
        for dry_run in ["", " --dry-run"] {
            ovs!(sandbox, "batch{dry_run}")
                .write_stdin(lines.as_str())
                .fails(code, words);
        }
        assert_same!(database, sandbox.contents(), "{line}");
        assert_eq!(before, state(&sandbox), "{line}");
    }
    let strict = "group add br0 group_id=3,type=all,bucket=group:9\n";
    ovs!(sandbox, "batch --strict")
        .write_stdin(strict)
        .fails(1, "group 3 refers to group 9, which br0 does not have then");
    // A port that the batch makes has no number yet when it is checked.
    let made =
        "port add br0 tap8 --type internal\ngroup add br0 group_id=3,type=all,bucket=output:tap8\n";
    ovs!(sandbox, "batch --strict").write_stdin(made).ok();
    // The flows of all groups go with them.
    ovs!(sandbox, "flow add br0 tcp,actions=group:3").ok();
    let lines = "group del br0 --all\nflow mod br0 tcp,actions=drop\n";
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .fails(3, "line 2: br0 has no flow that it matches");
    // One maximum for all lines.
    let many: Vec<String> = (11..=40)
        .map(|id| format!("group add br0 group_id={id},type=all\n"))
        .collect();
    let ran = ovs!(sandbox, "batch").write_stdin(many.concat()).ok();
    assert!(
        ran.stderr.contains("ovs: and 10 more warnings"),
        "{}",
        ran.stderr
    );
}

#[test]
fn meters_that_were_written_before_a_refusal_are_told() {
    let sandbox = Sandbox::with(SWITCHES);
    let lines = format!(
        "\
meter add br0 meter=3,{METER}
group add br0 group_id=1,type=all,bucket=p1
flow add br0 table=254,actions=drop
"
    );
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .exits(5)
        .says("line 3: table 254 is for the switch itself (OFPBRC_EPERM); no flow or group of br0 is changed; what was written before stands: the meters of br0")
        .prints("changed\tmeters\tbr0\tbr0\t-\t-\tmeter_add=1\t-\n");
    assert!(dump(&sandbox, "dump-groups br0").is_empty());
    assert_eq!(
        dump(&sandbox, "dump-meters br0"),
        ["meter=3 kbps bands=", "type=drop rate=10"]
    );
    // Of several meters the switch refuses one: it has no bands of this type.
    let lines = format!(
        "\
meter add br0 meter=4,kbps,bands=type=dscp_remark,rate=1,prec_level=1 meter=5,{METER}
group add br0 group_id=1,type=all,bucket=p1
"
    );
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .exits(5)
        .says("line 1: ")
        .says("what was written before stands: the meters of br0")
        .prints("changed\tmeters\tbr0\tbr0\t-\t-\tmeter_add=1\t-\n");
    assert!(dump(&sandbox, "dump-groups br0").is_empty());
    // The switch refuses a group: nothing of its bundle is there.
    let lines = "flow add br0 tcp,actions=drop\ngroup add br0 group_id=1,type=indirect\n";
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .fails(1, "line 2: ");
    assert_eq!(
        dump(&sandbox, "--no-stats dump-flows br0"),
        ["priority=0 actions=NORMAL"]
    );
}
