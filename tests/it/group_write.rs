//! `ovs group` on a real switch, against what the real `ovs-ofctl` shows there.

use std::fs;

use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::openflow::{VERSIONS, entries};

/// A bridge of all versions with two ports, one of which has a name that OpenFlow cuts, and another bridge.
fn bridge() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- set bridge br0 fail_mode=secure datapath_type=dummy \
                -- add-port br0 eth0 -- set interface eth0 type=dummy ofport_request=1 \
                -- add-port br0 patch-to-somewhere-else \
                -- set interface patch-to-somewhere-else type=dummy ofport_request=2 \
                -- add-br br1 -- set bridge br1 datapath_type=dummy",
    );
    let protocols = VERSIONS.join(",");
    vsctl!(
        sandbox,
        "set bridge br0 protocols={protocols} -- set bridge br1 protocols={protocols}"
    );
    sandbox
}

/// The groups as the real `ovs-ofctl` prints them, sorted.
fn real(sandbox: &Sandbox, version: &str) -> Vec<String> {
    let text = ofctl!(sandbox, "-O {version} --no-names dump-groups br0");
    let mut groups = entries(&text);
    groups.sort();
    groups
}

const GROUPS: [&str; 6] = [
    "group_id=1,type=all,bucket=output:eth0,bucket=actions=set_field:5->reg0,mod_vlan_vid:7,output:\"patch-to-somewhere-else\"",
    "group_id=2,type=select,bucket=weight:5,output:1,bucket=weight:0,output:2",
    "group_id=5,type=ff,bucket=watch_port:eth0,output:1,bucket=watch_port:2,watch_group:1,output:2",
    "group_id=6,type=indirect,bucket=resubmit(,5)",
    "group_id=8,type=select,bucket=drop,bucket=watch_group:6,group:6",
    "group_id=4000000000,type=all,bucket=ct(commit,zone=3,exec(set_field:1->ct_mark)),NORMAL",
];

#[test]
fn groups_are_those_that_ovs_ofctl_adds_in_every_version() {
    let sandbox = bridge();
    for version in VERSIONS {
        for group in GROUPS {
            let by_number = group
                .replace("\"patch-to-somewhere-else\"", "2")
                .replace("eth0", "1");
            if version != "OpenFlow11" || !group.contains("set_field") {
                ofctl!(sandbox, "-O {version} add-group br0 '{by_number}'");
            } else {
                // ovs-ofctl does not send these over 1.1; the switch takes them.
                ofctl!(sandbox, "-O OpenFlow12 add-group br0 '{by_number}'");
            }
        }
        let expected = real(&sandbox, "OpenFlow15");
        ofctl!(sandbox, "-O {version} del-groups br0");
        let words: Vec<String> = GROUPS.iter().map(|group| format!("'{group}'")).collect();
        let words = words.join(" ");
        let no_atomic = if version < "OpenFlow13" {
            "--no-atomic"
        } else {
            ""
        };
        ovs!(sandbox, "-O {version} group add br0 {no_atomic} {words}")
            .prints("added\t6\t1,2,5,6,8,4000000000\t-\tbr0\n");
        assert_eq!(real(&sandbox, "OpenFlow15"), expected, "{version}");
        ovs!(sandbox, "-O {version} group del br0 --all")
            .prints("removed\t6\t1,2,5,6,8,4000000000\t0\tbr0\n");
        assert!(real(&sandbox, "OpenFlow15").is_empty());
    }
}

#[test]
fn selection_methods_where_the_version_has_them() {
    let sandbox = bridge();
    let groups = [
        "group_id=2,type=select,selection_method=dp_hash,selection_method_param=7,bucket=bucket_id:9,output:2",
        "group_id=3,type=select,selection_method=hash,fields(ip_dst=255.255.255.0,nw_proto,tcp_src),bucket=output:1",
    ];
    for version in ["OpenFlow10", "OpenFlow15"] {
        for group in groups {
            ofctl!(sandbox, "-O {version} add-group br0 '{group}'");
        }
        let expected = real(&sandbox, version);
        ofctl!(sandbox, "-O {version} del-groups br0");
        for group in groups {
            ovs!(sandbox, "-O {version} group add br0 '{group}'").out();
        }
        assert_eq!(real(&sandbox, version), expected, "{version}");
        ofctl!(sandbox, "-O {version} del-groups br0");
    }
    let group = groups[1];
    ovs!(sandbox, "-O OpenFlow13 group add br0 '{group}'")
        .exits(2)
        .says("OpenFlow13 cannot carry selection_method: OpenFlow 1.5 can");
    ovs!(
        sandbox,
        "group add br0 group_id=3,type=select,selection_method=other,bucket=output:1"
    )
    .exits(1)
    .says("the selection method, or a field of it, is not supported (OFPBPC_BAD_VALUE)");
    assert!(real(&sandbox, "OpenFlow15").is_empty());
}

#[test]
fn all_or_none_unless_one_by_one() {
    let sandbox = bridge();
    let lines = "group_id=1,type=all,bucket=output:eth0\n\
                 # the switch refuses the next one\n\
                 group_id=2,type=all,bucket=watch_port:eth0,output:eth0\n\
                 group_id=3,type=all,bucket=output:eth0\n";
    let file = sandbox.run_dir().join("groups.txt");
    fs::write(&file, lines).unwrap();
    let file = file.display();
    let refusal = "line 3: its type cannot watch ports or groups (OFPGMFC_WATCH_UNSUPPORTED)";
    for version in ["OpenFlow13", "OpenFlow14", "OpenFlow15"] {
        ovs!(sandbox, "-O {version} group add br0 --file {file}")
            .exits(1)
            .says(refusal);
        assert!(real(&sandbox, version).is_empty(), "{version}");
    }
    ovs!(sandbox, "-O OpenFlow12 group add br0 --file {file}")
        .exits(1)
        .says("cannot write several groups all or none over OpenFlow12");
    for version in VERSIONS {
        ovs!(
            sandbox,
            "-O {version} group add br0 --file {file} --no-atomic"
        )
        .exits(5)
        .says(refusal)
        .says("2 of 3 changes were made; the switch refused 1");
        assert_eq!(real(&sandbox, version).len(), 2, "{version}");
        ovs!(sandbox, "-O {version} group del br0 --all").out();
    }
}

#[test]
fn refused_before_anything_is_sent() {
    let sandbox = bridge();
    ovs!(
        sandbox,
        "group add br0 group_id=1,type=all,bucket=output:eth0"
    )
    .out();
    for (line, code, says) in [
        (
            "add br0 group_id=1,type=all",
            1,
            "group 1 is on br0 already",
        ),
        (
            "add br0 group_id=1,type=all",
            1,
            "hint: `ovs group mod br0 ...` changes it",
        ),
        (
            "add br0 group_id=2,type=all,bucket=output:eth9",
            3,
            "port \"eth9\" not found on br0 (did you mean \"eth0\"?)",
        ),
        (
            "add br0 group_id=2,type=ff,bucket=watch_port:eth9,drop",
            3,
            "port \"eth9\" not found on br0",
        ),
        (
            "add br0 group_id=2,type=ff,bucket=output:eth0",
            2,
            "needs watch_port or watch_group",
        ),
        (
            "add br0 group_id=2,type=all,bucket=goto_table:1",
            2,
            "stands in a flow only",
        ),
        ("add br0 group_id=2", 2, "type= is missing"),
        (
            "add br0 --strict group_id=2,type=all,bucket=output:77",
            1,
            "sends to port 77, which br0 does not have",
        ),
        ("mod br0 group_id=9,type=all", 3, "group 9 not found on br0"),
        (
            "mod br0 group_id=9,type=all",
            3,
            "hint: --may-create adds it",
        ),
        ("del br0 9", 3, "group 9 not found on br0"),
        (
            "del br0 1,type=all",
            2,
            "type is given where a group is added or modified only",
        ),
        ("del br0", 2, "GROUP"),
        (
            "insert-buckets br0 group_id=9,command_bucket_id=last,bucket=drop",
            3,
            "group 9 not found",
        ),
        (
            "insert-buckets br0 group_id=1,bucket=drop",
            2,
            "command_bucket_id= is missing",
        ),
        (
            "insert-buckets br0 group_id=1,command_bucket_id=last,bucket=bucket_id:0,drop",
            1,
            "has a bucket 0 already",
        ),
        (
            "insert-buckets br0 group_id=1,command_bucket_id=last,bucket=weight:5,drop",
            2,
            "only buckets of groups of type select",
        ),
        (
            "remove-buckets br0 group_id=1,command_bucket_id=7",
            3,
            "has no bucket 7",
        ),
        (
            "remove-buckets br0 -O OpenFlow13 group_id=1",
            2,
            "cannot change single buckets: OpenFlow 1.5 can",
        ),
        ("add br0 --file /nonexistent", 1, "cannot read /nonexistent"),
        (
            "add nosuch group_id=1,type=all",
            3,
            "bridge \"nosuch\" not found",
        ),
        (
            "add br0 group_id=1,type=all --columns rate",
            2,
            "no column \"rate\"",
        ),
    ] {
        ovs!(sandbox, "group {line}").exits(code).says(says);
    }
    assert_eq!(
        real(&sandbox, "OpenFlow13"),
        ["group_id=1,type=all,bucket=actions=output:1"]
    );
}

#[test]
fn warnings_do_not_prevent() {
    let sandbox = bridge();
    for (group, says) in [
        (
            "group_id=1,type=all,bucket=output:77",
            "sends to port 77, which br0 does not have",
        ),
        (
            "group_id=2,type=ff,bucket=watch_port:78,output:eth0",
            "watches port 78, which br0 does not have",
        ),
        (
            "group_id=3,type=select,bucket=weight:0,output:eth0",
            "every bucket has weight 0",
        ),
        (
            "group_id=4,type=all,bucket=weight:0,output:eth0",
            "only groups of type select heed the weight",
        ),
        ("group_id=5,type=all", "it drops every packet"),
        (
            "group_id=6,type=all,bucket=group:66",
            "group 6 refers to group 66, which br0 does not have then",
        ),
        ("group_id=7,type=all,bucket=group:7", "refers to itself"),
    ] {
        ovs!(sandbox, "group add br0 '{group}'")
            .exits(0)
            .says("ovs: warning: ")
            .says(says);
    }
    assert_eq!(real(&sandbox, "OpenFlow13").len(), 7);
    ovs!(sandbox, "group del br0 1").ok();
    assert_eq!(real(&sandbox, "OpenFlow13").len(), 6);
}

#[test]
fn deletion_counts_the_flows_that_go_with_groups() {
    let sandbox = bridge();
    let add = "group add br0 group_id=1,type=all,bucket=output:1 group_id=2,type=all,bucket=output:2 group_id=3,type=all,bucket=group:2";
    for version in VERSIONS {
        let atomic = if version < "OpenFlow13" {
            "--no-atomic"
        } else {
            ""
        };
        ovs!(sandbox, "-O {version} {add} {atomic}").out();
        for flow in [
            "in_port=1,actions=group:1",
            "in_port=2,actions=group:1,group:2",
            "in_port=3,actions=clone(group:2)",
            "in_port=4,actions=NORMAL",
        ] {
            ofctl!(sandbox, "-O OpenFlow15 add-flow br0 '{flow}'");
        }
        ovs!(sandbox, "-O {version} group del br0 1 --dry-run").prints("removed\t1\t1\t2\tbr0\n");
        assert_eq!(real(&sandbox, version).len(), 3, "{version}");
        ovs!(sandbox, "-O {version} group del br0 {atomic} 1 2")
            .exits(0)
            .says("group 3 refers to group 2, which br0 does not have then")
            .prints("removed\t2\t1,2\t3\tbr0\n");
        let left = ofctl!(
            sandbox,
            "-O OpenFlow15 --no-stats --no-names dump-flows br0"
        );
        // The flow whose reference is in clone goes, too.
        assert_eq!(entries(&left).len(), 1, "{left}");
        ovs!(sandbox, "-O {version} group del br0 --all").out();
        ofctl!(sandbox, "-O OpenFlow15 del-flows br0");
    }
}

#[test]
fn buckets_are_inserted_with_free_ids() {
    let sandbox = bridge();
    ovs!(
        sandbox,
        "group add br0 group_id=1,type=select,bucket=weight:2,output:1,bucket=output:2"
    )
    .out();
    for version in ["OpenFlow15", "OpenFlow10"] {
        ovs!(sandbox, "-O {version} group insert-buckets br0 group_id=1,command_bucket_id=first,bucket=weight:9,output:3")
            .exits(0)
            .prints("modified\t1\t1\t-\tbr0\n");
        ovs!(sandbox, "-O {version} group insert-buckets br0 group_id=1,command_bucket_id=0,bucket=output:LOCAL").out();
        let expected = "group_id=1,type=select,bucket=bucket_id:2,weight:9,actions=output:3,bucket=bucket_id:0,weight:2,actions=output:1,\
                        bucket=bucket_id:3,actions=LOCAL,bucket=bucket_id:1,actions=output:2";
        assert_eq!(real(&sandbox, version), [expected]);
        ovs!(
            sandbox,
            "-O {version} group remove-buckets br0 group_id=1,command_bucket_id=3"
        )
        .out();
        ovs!(
            sandbox,
            "-O {version} group remove-buckets br0 group_id=1,command_bucket_id=first"
        )
        .out();
        let expected = "group_id=1,type=select,bucket=bucket_id:0,weight:2,actions=output:1,bucket=bucket_id:1,actions=output:2";
        assert_eq!(real(&sandbox, version), [expected]);
    }
    ovs!(sandbox, "group remove-buckets br0 group_id=1").out();
    assert_eq!(real(&sandbox, "OpenFlow15"), ["group_id=1,type=select"]);
    ovs!(sandbox, "group remove-buckets br0 group_id=1").prints("unchanged\t1\t1\t-\tbr0\n");
}

/// What a dump prints is a file for `replace`; what is the same stays, with its counters.
#[test]
fn replace_converges_and_keeps_what_is_the_same() {
    let sandbox = bridge();
    for group in GROUPS {
        ofctl!(
            sandbox,
            "-O OpenFlow15 add-group br0 '{}'",
            group
                .replace("\"patch-to-somewhere-else\"", "2")
                .replace("eth0", "1")
        );
    }
    let file = sandbox.run_dir().join("groups.txt");
    let path = file.display().to_string();
    for version in VERSIONS {
        for style in ["classic", "wire"] {
            for names in ["--names", "--no-names", "--ports both"] {
                let dump = ovs!(
                    sandbox,
                    "-O {version} dump-groups br0 --style {style} {names}"
                )
                .out();
                fs::write(&file, dump).unwrap();
                ovs!(sandbox, "-O {version} group replace br0 {path}")
                    .prints("unchanged\t6\t1,2,5,6,8,4000000000\t-\tbr0\n");
                ovs!(sandbox, "-O {version} group diff br0 {path}")
                    .exits(0)
                    .prints("");
            }
        }
        fs::write(&file, ofctl!(sandbox, "-O {version} dump-groups br0")).unwrap();
        ovs!(sandbox, "-O {version} group replace br0 {path}")
            .prints("unchanged\t6\t1,2,5,6,8,4000000000\t-\tbr0\n");
    }
    ofctl!(
        sandbox,
        "-O OpenFlow15 add-flow br0 in_port=LOCAL,actions=group:1"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow15 add-flow br0 in_port=1,actions=group:2"
    );
    for _ in 0..3 {
        ofctl!(
            sandbox,
            "packet-out br0 'in_port=LOCAL packet=0200000000010200000000990800 actions=table'"
        );
    }
    // Group 30 refers to 31, which comes after it in the file.
    let text = "\
        group_id=30,type=all,bucket=group:31\n\
        group_id=1,type=all,bucket=output:eth0,bucket=load:5->NXM_NX_REG0[],push_vlan:0x8100,set_field:4103->vlan_vid,output:2\n\
        group_id=5,type=ff,bucket=watch_port:1,output:1\n\
        group_id=6,type=indirect,bucket=resubmit(,5)\n\
        group_id=31,type=all,bucket=output:1\n";
    fs::write(&file, text).unwrap();
    let report = "added\t2\t30,31\t-\tbr0\nmodified\t1\t5\t-\tbr0\nremoved\t3\t2,8,4000000000\t1\tbr0\nunchanged\t2\t1,6\t-\tbr0\n";
    let before = real(&sandbox, "OpenFlow15");
    ovs!(sandbox, "group replace br0 {path} --dry-run")
        .exits(0)
        .prints(report);
    assert_eq!(real(&sandbox, "OpenFlow15"), before);
    ovs!(sandbox, "group replace br0 {path}")
        .exits(0)
        .prints(report);
    let groups = ovs!(sandbox, "dump-groups br0 --json").out();
    let groups: Value = serde_json::from_str(&groups).unwrap();
    assert_eq!(groups[0]["packet_count"], 3, "{}", groups[0]);
    assert_eq!(groups.as_array().unwrap().len(), 5);
    ovs!(sandbox, "group replace br0 {path}").prints("unchanged\t5\t1,5,6,30,31\t-\tbr0\n");
}

#[test]
fn a_file_of_changes() {
    let sandbox = bridge();
    let file = sandbox.run_dir().join("groups.txt");
    let text = "# changes\n\n\
        group_id=1,type=all,bucket=output:eth0 # the first\n\
        insert_bucket group_id=1,command_bucket_id=last,bucket=output:2\n\
        add group_id=2,type=indirect,bucket=output:1\n\
        modify group_id=2,type=indirect,bucket=output:2\n\
        add_or_mod group_id=3,type=indirect,bucket=output:2\n\
        remove_bucket group_id=1,command_bucket_id=first\n\
        delete group_id=2\n";
    fs::write(&file, text).unwrap();
    let path = file.display();
    ovs!(sandbox, "group add br0 --file {path}")
        .exits(0)
        .prints("added\t2\t1,3\t-\tbr0\n");
    let expected = [
        "group_id=1,type=all,bucket=bucket_id:1,actions=output:2",
        "group_id=3,type=indirect,bucket=bucket_id:0,actions=output:2",
    ];
    assert_eq!(real(&sandbox, "OpenFlow15"), expected);
    ovs!(sandbox, "group mod br0 --file {path}")
        .exits(1)
        .says("only the file of `ovs group add` may have lines of other commands");
    let mut stdin = ovs!(sandbox, "group add br0 --file -");
    stdin.write_stdin("group_id=7,type=all,bucket=drop\ngroup_id=x,type=all\n");
    stdin
        .exits(1)
        .says("stdin, line 2: \"group_id=x\": a group is a number");
    let mut stdin = ovs!(sandbox, "group add br0 --file -");
    stdin.write_stdin("[{\"group_id\":7}]");
    stdin.exits(1).says("type= is missing");
    fs::write(&file, "group_id=4,type=all\ngroup_id=4,type=all\n").unwrap();
    ovs!(sandbox, "group replace br0 {path}")
        .exits(1)
        .says("line 2: group 4 is in line 1 already");
    fs::write(&file, "delete group_id=4\n").unwrap();
    ovs!(sandbox, "group replace br0 {path}")
        .exits(1)
        .says("its lines have no word of a command");
    assert_eq!(real(&sandbox, "OpenFlow15"), expected);
}

#[test]
fn differences_by_meaning() {
    let sandbox = bridge();
    let dir = sandbox.run_dir();
    let [one, two] = ["one.txt", "two.txt"].map(|name| dir.join(name));
    fs::write(&one, "group_id=1,type=select,bucket=weight:1,output:nic\ngroup_id=2,type=all,bucket=strip_vlan,output:7\n").unwrap();
    fs::write(&two, "group_id=2,type=all,bucket=pop_vlan,output:7\ngroup_id=1,type=select,bucket=output:\"nic\"\n").unwrap();
    let paths = [one.display(), two.display()].map(|path| path.to_string());
    let [one, two] = &paths;
    ovs!(sandbox, "group diff {one} {two}").exits(0).prints("");
    fs::write(
        two,
        "group_id=2,type=all,bucket=output:7,bucket=drop\ngroup_id=3,type=all\n",
    )
    .unwrap();
    let lines = "-group_id=1,type=select,bucket=bucket_id:0,actions=output:nic\n\
                 -group_id=2,type=all,bucket=bucket_id:0,actions=strip_vlan,output:7\n\
                 +group_id=2,type=all,bucket=bucket_id:0,actions=output:7,bucket=bucket_id:1,actions=drop\n\
                 +group_id=3,type=all\n";
    ovs!(sandbox, "group diff {one} {two}")
        .exits(1)
        .prints(lines);
    let document = ovs!(sandbox, "group diff {one} {two} --json")
        .exits(1)
        .stdout;
    let document: Value = serde_json::from_str(&document).unwrap();
    let changes: Vec<&Value> = document
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["change"])
        .collect();
    assert_eq!(
        changes,
        [&json!("removed"), &json!("modified"), &json!("added")]
    );
    assert_eq!(document[0]["after"], Value::Null);
    // Two switches, and a switch with a file.
    ovs!(sandbox, "group add br0 group_id=3,type=all").exits(0);
    ovs!(sandbox, "group diff br0 br1")
        .exits(1)
        .prints("-group_id=3,type=all\n");
    ovs!(sandbox, "group diff br1 br1").exits(0).prints("");
    ovs!(sandbox, "group diff br1 {two}")
        .exits(1)
        .prints("+group_id=2,type=all,bucket=bucket_id:0,actions=output:7,bucket=bucket_id:1,actions=drop\n+group_id=3,type=all\n");
    // An error is no difference.
    let malformed = dir.join("malformed.txt");
    fs::write(&malformed, "group_id=x,type=all\n").unwrap();
    for other in [two.as_str(), "br0"] {
        for file in [malformed.as_path(), dir] {
            ovs!(sandbox, "group diff {other} {}", file.display())
                .exits(2)
                .prints("");
        }
    }
    ovs!(sandbox, "group diff br0 nosuch")
        .exits(3)
        .says("\"nosuch\" is neither a bridge nor a file here");
    ovs!(sandbox, "group diff - -")
        .exits(2)
        .says("stdin is A or B, not both");
}

#[test]
fn explained_group_by_group_as_dump_groups_has_them() {
    let sandbox = bridge();
    let dump = |id: u32| ovs!(sandbox, "dump-groups br0 {id} --no-stats").out();
    ovs!(
        sandbox,
        "group add br0 'group_id=1,type=select,bucket=eth0,bucket=patch-to-somewhere-else' 'group_id=2,type=all,bucket=eth0' \
         'group_id=3,type=all,bucket=patch-to-somewhere-else'"
    )
    .out();
    let (first, third) = (dump(1), dump(3));
    let file = sandbox.run_dir().join("groups.txt");
    let text = "# the first is changed\ngroup_id=1,type=select,bucket=patch-to-somewhere-else\ngroup_id=2,type=all,bucket=eth0\n\n\
                group_id=9,type=all,bucket=patch-to-somewhere-else\n";
    fs::write(&file, text).unwrap();
    let path = file.display();
    let explained = |options: &str| {
        let json = ovs!(
            sandbox,
            "group replace br0 {path} --explain --json {options}"
        )
        .out();
        serde_json::from_str::<Value>(&json).unwrap()
    };
    let planned = explained("--dry-run");
    assert_eq!(dump(1), first, "a dry run changes nothing");
    assert_eq!(explained(""), planned);
    assert_eq!(
        planned,
        json!([
            {"change": "added", "group": dump(9).trim_end(), "before": null, "line": 5},
            {"change": "modified", "group": dump(1).trim_end(), "before": first.trim_end(), "line": 2},
            {"change": "removed", "group": third.trim_end(), "before": null, "line": null},
            {"change": "unchanged", "group": dump(2).trim_end(), "before": null, "line": null},
        ])
    );
    ovs!(sandbox, "group replace br0 {path} --explain").prints("unchanged\n");

    ovs!(sandbox, "flow add br0 actions=group:9").out();
    ovs!(sandbox, "group del br0 9 --explain")
        .prints("removed\tgroup_id=9,type=all,bucket=bucket_id:0,actions=output:\"patch-to-somewhere-else\"\t-\t1\n")
        .says("removed with the groups: 1 flow that uses one of them");
    ovs!(sandbox, "group del br0 1 --explain --columns group_ids").fails(2, "group_ids");
}
