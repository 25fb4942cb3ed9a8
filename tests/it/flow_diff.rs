//! `ovs flow diff` of switches and files.

use std::fs;

use crate::common::Sandbox;
use crate::common::openflow::{VERSIONS, add};

fn file(sandbox: &Sandbox, name: &str, content: &str) -> String {
    let path = sandbox.run_dir().join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

const FLOWS: &str = "priority=1,ip,actions=mod_nw_src:10.0.0.1,LOCAL\n\
                     priority=2,dl_vlan=7,actions=strip_vlan,1\n\
                     priority=3,actions=mod_vlan_vid:66,1\n\
                     priority=4,actions=load:0x1->NXM_NX_REG0[0..15],resubmit(,1)\n\
                     cookie=0x5,priority=5,in_port=1,tcp,nw_dst=10.0.0.0/8,actions=enqueue:1:2\n";

/// The same in other words.
const RESPELT: &str = "# the same\n\
                       dl_type=0x0800,priority=1,actions=set_field:10.0.0.1->ip_src,output:LOCAL\n\
                       priority=2,vlan_vid=4103,actions=pop_vlan,output:tap-1\n\
                       priority=3,actions=push_vlan:0x8100,set_field:4162->vlan_vid,tap-1\n\
                       priority=4,actions=set_field:0x1/0xffff->reg0,resubmit(,1)\n\
                       tcp,cookie=5,nw_dst=10.9.9.9/255.0.0.0,in_port=tap-1,priority=5,actions=set_queue:2,tap-1,pop_queue\n";

fn sandbox() -> Sandbox {
    let versions = VERSIONS.join(",");
    let bridge = |name: &str, port: &str| {
        format!(
            "add-br {name} -- set bridge {name} fail_mode=secure protocols={versions} \
             -- add-port {name} {port} -- set interface {port} type=dummy ofport_request=1"
        )
    };
    let sandbox = Sandbox::with(&format!(
        "{} -- {}",
        bridge("br0", "tap-1"),
        bridge("br1", "tap-2")
    ));
    for name in ["br0", "br1"] {
        add(&sandbox, "", "add-flows", name, FLOWS);
    }
    sandbox
}

#[test]
fn spellings_are_no_difference() {
    let sandbox = sandbox();
    let flows = file(&sandbox, "flows", FLOWS);
    let respelt = file(&sandbox, "respelt", RESPELT);
    for (first, second) in [
        ("br0", "br1"),
        ("br0", &flows),
        (&respelt, "br0"),
        (&flows, &flows),
    ] {
        ovs!(sandbox, "flow diff {first} {second}").prints("");
        ovs!(sandbox, "flow diff {first} {second} --json").prints("[]\n");
    }
    // A switch that allows one version only is compared over that one.
    vsctl!(sandbox, "set bridge br1 protocols=OpenFlow10");
    ovs!(sandbox, "flow diff br0 br1").prints("");
    vsctl!(sandbox, "set bridge br1 protocols=OpenFlow13");
    ovs!(sandbox, "flow diff br1 br0").prints("");
}

#[test]
fn differences_are_lines_with_a_sign() {
    let sandbox = sandbox();
    let other = FLOWS
        .replace("strip_vlan,1", "drop")
        .replace("priority=3,", "priority=6,")
        .replace("cookie=0x5", "cookie=0x6");
    let other = file(&sandbox, "other", &other);
    let expected = "\
        +priority=6 actions=mod_vlan_vid:66,output:\"tap-1\"\n\
        -cookie=0x5, priority=5,tcp,in_port=\"tap-1\",nw_dst=10.0.0.0/8 actions=enqueue:\"tap-1\":2\n\
        +cookie=0x6, priority=5,tcp,in_port=\"tap-1\",nw_dst=10.0.0.0/8 actions=enqueue:\"tap-1\":2\n\
        -priority=3 actions=mod_vlan_vid:66,output:\"tap-1\"\n\
        -priority=2,dl_vlan=7 actions=strip_vlan,output:\"tap-1\"\n\
        +priority=2,dl_vlan=7 actions=drop\n";
    let signs = |text: &str| {
        let swapped = |line: &str| match line.split_at(1) {
            ("+", rest) => format!("-{rest}"),
            (_, rest) => format!("+{rest}"),
        };
        let mut lines: Vec<String> = text.lines().map(swapped).collect();
        lines.sort();
        lines
    };
    let ran = ovs!(sandbox, "flow diff br0 {other}").exits(1);
    ran.prints(expected).says_nothing();
    let reversed = ovs!(sandbox, "flow diff {other} br0").exits(1);
    let mut reversed: Vec<String> = reversed.stdout.lines().map(str::to_owned).collect();
    reversed.sort();
    assert_eq!(reversed, signs(expected));
    let json = ovs!(sandbox, "flow diff br0 {other} --json")
        .exits(1)
        .json();
    let kinds: Vec<&str> = json
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["change"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["added", "modified", "removed", "modified"]);
    assert_eq!(json[1]["before"]["cookie"], "0x5");
    assert_eq!(json[1]["after"]["cookie"], "0x6");
    // Two files, with the names of ports that no switch knows.
    let one = file(&sandbox, "one", "in_port=\"qvo-1\",actions=\"qvo-2\"\n");
    let two = file(&sandbox, "two", "in_port=\"qvo-1\",actions=\"qvo-3\"\n");
    ovs!(sandbox, "flow diff {one} {two}")
        .exits(1)
        .prints("-in_port=\"qvo-1\" actions=output:\"qvo-2\"\n+in_port=\"qvo-1\" actions=output:\"qvo-3\"\n");
}

#[test]
fn an_error_is_no_difference() {
    let sandbox = sandbox();
    let wrong = file(&sandbox, "wrong", "ip,actions=1\nnosuch=1,actions=drop\n");
    ovs!(sandbox, "flow diff br0 {wrong}").fails(2, "line 2");
    ovs!(sandbox, "flow diff {wrong} {wrong}").fails(2, "line 2");
    ovs!(sandbox, "flow diff br0 nosuch").exits(3);
    ovs!(sandbox, "flow diff br0 ./nosuch").fails(2, "cannot read ./nosuch");
    ovs!(sandbox, "flow diff - -").fails(2, "stdin");
    let absent = file(&sandbox, "absent", "in_port=tap-9,actions=1\n");
    ovs!(sandbox, "flow diff br0 {absent}").fails(2, "tap-9");
    file(&sandbox, "br0", FLOWS);
    ovs!(sandbox, "flow diff br0 br1")
        .current_dir(sandbox.run_dir())
        .fails(2, "\"br0\" is a bridge, and a file here")
        .says("./br0");
}
