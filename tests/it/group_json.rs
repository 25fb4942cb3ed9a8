//! The JSON of groups and meters, given back to the commands that write them.

use crate::common::Sandbox;

const SWITCH: &str =
    "add-br br0 -- add-port br0 p1 -- set Interface p1 type=dummy ofport_request=1";

/// The lines of a dump of ovs-ofctl, sorted.
fn real(sandbox: &Sandbox, command: &str) -> Vec<String> {
    let dump = ofctl!(sandbox, "-O OpenFlow15 {command} br0");
    let mut lines: Vec<String> = dump.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn dumped_groups_are_taken_back() {
    let sandbox = Sandbox::with(SWITCH);
    for (version, group) in [
        (
            "OpenFlow15",
            "group_id=1,type=select,selection_method=hash,selection_method_param=3,\
            fields(ip_src=255.255.0.0,tcp_dst,vlan_vid),bucket=weight:2,p1,bucket=bucket_id:7,group:4,mod_vlan_vid:5,LOCAL",
        ),
        (
            "OpenFlow15",
            "group_id=1,type=select,selection_method=dp_hash,bucket=p1",
        ),
        (
            "OpenFlow10",
            "group_id=1,type=select,bucket=weight:0,p1,bucket=output:1",
        ),
        (
            "OpenFlow13",
            "group_id=1,type=indirect,bucket=set_field:5->reg1,resubmit(,7)",
        ),
    ] {
        ovs!(sandbox, "group del br0 --all").ok();
        ovs!(
            sandbox,
            "group add br0 --no-atomic -O {version} '{group}' \
             group_id=2,type=ff,bucket=watch_port:p1,watch_group:5,1,bucket=watch_group:1,drop \
             group_id=4,type=all,bucket=drop group_id=5,type=all,bucket=clone(dec_ttl,p1)"
        )
        .ok();
        let before = real(&sandbox, "dump-groups");
        for format in ["--json", "-o jsonl"] {
            let dump = ovs!(sandbox, "dump-groups br0 {format} -O {version}").out();
            ovs!(sandbox, "group replace br0 - -O {version}")
                .write_stdin(dump.as_str())
                .ok()
                .begins("unchanged\t4\t1,2,4,5\t");
            ovs!(sandbox, "group del br0 --all").ok();
            ovs!(sandbox, "group add br0 --no-atomic --file - -O {version}")
                .write_stdin(dump.as_str())
                .ok()
                .begins("added\t4\t1,2,4,5\t");
            assert_eq!(real(&sandbox, "dump-groups"), before);
        }
    }
}

#[test]
fn dumped_meters_are_taken_back() {
    let sandbox = Sandbox::with(SWITCH);
    ovs!(
        sandbox,
        "meter add br0 meter=1,kbps,burst,stats,bands=type=drop,rate=10,burst_size=5 \
         meter=controller,pktps,bands=type=drop,rate=9"
    )
    .ok();
    let before = real(&sandbox, "dump-meters");
    for format in ["--json", "-o jsonl"] {
        let dump = ovs!(sandbox, "dump-meters br0 {format}").out();
        ovs!(sandbox, "meter mod br0 --file -")
            .write_stdin(dump.as_str())
            .ok()
            .begins("unchanged\t2\t1,controller\t");
        ovs!(sandbox, "meter del br0 --all").ok();
        ovs!(sandbox, "meter add br0 --file -")
            .write_stdin(dump.as_str())
            .ok()
            .begins("added\t2\t1,controller\t");
        assert_eq!(real(&sandbox, "dump-meters"), before);
    }
}

#[test]
fn malformed_json_is_refused() {
    let sandbox = Sandbox::with(SWITCH);
    for (group, words) in [
        (
            r#"{"group_id":1,"type":"all","bucket":[]}"#,
            "a group has no member of this name; did you mean buckets?",
        ),
        (
            r#"{"group_id":1,"type":"all","buckets":[{"actions":[{"type":"output","port":{"number":2,"name":"p1"}}]}]}"#,
            "port 2 is not the one with this name",
        ),
        (
            r#"{"group_id":1,"type":"all,bucket=1"}"#,
            "this value means nothing here",
        ),
        (
            r#"{"group_id":1,"type":"all","buckets":[{}]}"#,
            "a bucket has no member \"actions\"",
        ),
        (
            r#"{"group_id":1,"type":"all","buckets":[{"weight":1,"actions":[],"x":1}]}"#,
            "a bucket has no member of this name",
        ),
        (r#"{"group_id":1"#, "the object does not end"),
        ("[1]", "expected a JSON object"),
    ] {
        ovs!(sandbox, "group add br0 --file -")
            .write_stdin(group)
            .fails(1, words)
            .says("stdin, line 1: ");
    }
    for (meter, words) in [
        (r#"{"meter_id":1,"flags":["kbps"]}"#, "bands"),
        (r#"{"meter_id":1,"flags":["nope"],"bands":[]}"#, "nope"),
        (
            r#"{"meter_id":1,"flags":["kbps"],"bands":[{"type":"drop","rate":"1,rate=2"}]}"#,
            "this value means nothing here",
        ),
        (
            r#"{"meter_id":1,"flags":["kbps"],"bands":[{"type":"drop","rates":1}]}"#,
            "did you mean rate?",
        ),
    ] {
        ovs!(sandbox, "meter add br0 --file -")
            .write_stdin(meter)
            .fails(1, words);
    }
}

#[test]
fn what_is_neither_a_bridge_nor_a_file() {
    let sandbox = Sandbox::with(SWITCH);
    for command in ["flow diff br0 nofile", "group diff nofile br0"] {
        ovs!(sandbox, "{command}").fails(3, "\"nofile\" is neither a bridge nor a file here");
    }
    ovs!(sandbox, "flow diff br0 br0").ok();
}
