//! `ovs dump-groups` against a real switch, its lines against those of the real `ovs-ofctl`.

use serde_json::Value;

use crate::common::Sandbox;
use crate::common::openflow::{VERSIONS, entries};

const GROUPS: [&str; 9] = [
    "group_id=1,type=all,bucket=output:1,bucket=actions=set_field:5->reg0,mod_vlan_vid:7,output:2",
    "group_id=2,type=select,selection_method=dp_hash,selection_method_param=7,bucket=weight:5,output:1,bucket=bucket_id:9,weight:0,output:2",
    "group_id=3,type=select,selection_method=hash,fields(ip_dst=255.255.255.0,nw_proto,tcp_src),bucket=output:1",
    "group_id=4,type=select,selection_method=hash,fields=eth_src,bucket=output:1",
    "group_id=5,type=ff,bucket=watch_port:1,output:1,bucket=watch_port:2,watch_group:1,output:2",
    "group_id=6,type=indirect,bucket=resubmit(,5)",
    "group_id=7,type=all",
    "group_id=8,type=select,bucket=drop,bucket=watch_group:6,group:6",
    "group_id=4000000000,type=all,bucket=bucket_id:7,ct(commit,zone=3,exec(set_field:1->ct_mark)),NORMAL",
];

fn bridge_with_groups() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- set bridge br0 fail_mode=secure \
                -- add-port br0 p1 -- set interface p1 type=dummy ofport_request=1 \
                -- add-port br0 patch-to-somewhere-else \
                -- set interface patch-to-somewhere-else type=dummy ofport_request=2 \
                -- add-br br1",
    );
    for group in GROUPS {
        ofctl!(sandbox, "-O OpenFlow15 add-group br0 '{group}'");
    }
    sandbox
}

/// What `ovs-ofctl` prints, without the reply's header and the leading blanks, by group.
fn ofctl(sandbox: &Sandbox, line: &[&str]) -> Vec<String> {
    let mut lines = entries(&sandbox.ofctl(line));
    lines.sort_by_key(|line| number(line));
    lines
}

fn number(line: &str) -> u32 {
    let number = line.strip_prefix("group_id=").unwrap();
    number.split(',').next().unwrap().parse().unwrap()
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn as_ovs_ofctl_prints_them_in_every_version() {
    let sandbox = bridge_with_groups();
    for version in VERSIONS {
        for names in ["--names", "--no-names"] {
            let ours = ovs!(sandbox, "dump-groups br0 --no-stats -O {version} {names}").out();
            let real = ofctl(&sandbox, &["-O", version, names, "dump-groups", "br0"]);
            // OpenFlow cuts names at 15 bytes.
            let ours = ours.replace("patch-to-somewhere-else", "patch-to-somewh");
            assert_eq!(lines(&ours), real, "{version} {names}");
            assert_eq!(real.len(), GROUPS.len());
        }
    }
}

#[test]
fn statistics_joined() {
    let sandbox = bridge_with_groups();
    ofctl!(
        sandbox,
        "-O OpenFlow15 add-flow br0 'in_port=LOCAL actions=group:1'"
    );
    for _ in 0..3 {
        ofctl!(
            sandbox,
            "packet-out br0 'in_port=LOCAL packet=0200000000010200000000990800 actions=table'"
        );
    }
    for version in VERSIONS {
        let ours = ovs!(sandbox, "dump-groups br0 -O {version} --no-names").out();
        let real = ofctl(&sandbox, &["-O", version, "dump-group-stats", "br0"]);
        assert_eq!(ours.lines().count(), real.len());
        for (ours, real) in ours.lines().zip(real) {
            assert_eq!(number(ours), number(&real));
            // ref_count=1,packet_count=3,byte_count=42 in both; time passes between them.
            let counters = real.split_once("ref_count=").unwrap().1;
            let (group, buckets) = match counters.split_once(",bucket0:") {
                Some((group, _)) => (group, counters.matches(",bucket").count()),
                None => (counters, 0),
            };
            assert!(
                ours.contains(&format!("ref_count={group}")),
                "{version}\n{ours}\n{real}"
            );
            assert_eq!(
                ours.matches("packet_count:").count(),
                buckets,
                "{version}\n{ours}"
            );
            assert_eq!(
                ours.contains("duration="),
                real.contains("duration="),
                "{version}"
            );
        }
        let bare = without_counters(&ours);
        let plain = ovs!(
            sandbox,
            "dump-groups br0 -O {version} --no-names --no-stats"
        )
        .out();
        assert_eq!(bare, plain, "{version}: nothing but counters is added");
    }
    let groups = ovs!(sandbox, "dump-groups br0 1").json();
    assert_eq!(groups[0]["packet_count"], 3);
    assert_eq!(groups[0]["buckets"][1]["byte_count"], 42);
    assert_eq!(groups[0]["ref_count"], 1);
}

/// The lines without what the statistics add.
fn without_counters(text: &str) -> String {
    let mut out = text.to_owned();
    for added in [
        "duration=",
        "ref_count=",
        "packet_count=",
        "byte_count=",
        "packet_count:",
        "byte_count:",
    ] {
        while let Some(at) = out.find(added) {
            let length = out[at..].find([',', '\n']).unwrap();
            // With the comma behind it; at the end of a line with the one before.
            let (from, to) = if out[at + length..].starts_with(',') {
                (at, at + length + 1)
            } else {
                (at - 1, at + length)
            };
            out.replace_range(from..to, "");
        }
    }
    out
}

#[test]
fn by_name_in_the_words_of_1_0_and_as_json() {
    let sandbox = bridge_with_groups();
    let text = ovs!(sandbox, "dump-groups br0 --no-stats").out();
    let words = lines(&text);
    assert_eq!(
        words[0],
        "group_id=1,type=all,bucket=bucket_id:0,actions=output:p1,bucket=bucket_id:1,\
         actions=load:0x5->NXM_NX_REG0[],mod_vlan_vid:7,output:\"patch-to-somewhere-else\""
    );
    assert_eq!(words, {
        let mut real = ofctl(&sandbox, &["--names", "dump-groups", "br0"]);
        for line in &mut real {
            *line = line.replace("patch-to-somewh", "patch-to-somewhere-else");
        }
        real
    });
    let both = ovs!(sandbox, "dump-groups br0 5 --no-stats --ports both").out();
    assert!(both.contains("watch_port:2(patch-to-somewhere-else),watch_group:1"));
    let json = ovs!(sandbox, "dump-groups br0 --json --no-stats").out();
    let groups: Value = serde_json::from_str(&json).unwrap();
    let ids: Vec<u64> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["group_id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [1, 2, 3, 4, 5, 6, 7, 8, 4_000_000_000]);
    assert_eq!(
        groups[2]["selection_method"],
        serde_json::json!({"method": "hash", "fields": [
            {"field": "ip_dst", "mask": "255.255.255.0"}, {"field": "nw_proto"}, {"field": "tcp_src"}
        ]})
    );
    assert_eq!(groups[1]["selection_method"]["param"], 7);
    assert_eq!(groups[1]["buckets"][1]["bucket_id"], 9);
    assert_eq!(groups[1]["buckets"][1]["weight"], 0);
    assert_eq!(
        groups[4]["buckets"][1]["watch_port"]["name"],
        "patch-to-somewhere-else"
    );
    assert_eq!(groups[6]["buckets"], serde_json::json!([]));
    assert_eq!(groups[7]["buckets"][0]["actions"], serde_json::json!([]));
    let json_lines = ovs!(sandbox, "dump-groups br0 --output jsonl").out();
    assert_eq!(json_lines.lines().count(), GROUPS.len());
}

#[test]
fn one_none_and_unknown() {
    let sandbox = bridge_with_groups();
    for version in VERSIONS {
        let one = ovs!(sandbox, "dump-groups br0 6 --no-stats -O {version}").out();
        assert!(
            one.starts_with("group_id=6,") && one.lines().count() == 1,
            "{version}: {one}"
        );
        ovs!(sandbox, "dump-groups br0 99 -O {version}")
            .exits(3)
            .says("group 99 not found on br0");
        ovs!(sandbox, "dump-groups br1 -O {version}").prints("");
        ovs!(sandbox, "dump-groups br1 -j -O {version}").prints("[]\n");
    }
    ovs!(sandbox, "dump-groups br1 -o table")
        .run()
        .says_only("no groups\n");
    for wrong in ["br0 six", "br0 -g type"] {
        ovs!(sandbox, "dump-groups {wrong}").exits(2);
    }
}
