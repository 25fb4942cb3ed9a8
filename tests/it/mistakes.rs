//! Mistakes with the commands that write flows, groups and meters: what is said, and that nothing is changed.

use std::fs;

use ovs::sandbox::Neutron;

use crate::common::Sandbox;

/// A file without flows is more often the output of a command that failed than meant.
#[test]
fn a_replacement_by_nothing_is_refused() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let flows = || ofctl!(sandbox, "--no-stats dump-flows br-tun");
    let before = flows();
    ovs!(sandbox, "flow replace br-tun -")
        .write_stdin("# none\n")
        .fails(1, "stdin has no flows: all 12 of br-tun would be removed");
    ovs!(sandbox, "flow replace br-tun /dev/null --dry-run")
        .fails(1, "`ovs flow del br-tun --all` removes them");
    ovs!(sandbox, "flow replace br-tun --table 4 /dev/null")
        .fails(1, "all 2 of br-tun would be removed");
    assert_same!(before, flows());
    ovs!(sandbox, "flow replace br-tun --table 44 /dev/null").prints("unchanged\t0\tbr-tun\n");

    for command in ["replace br-tun", "add br-tun --file"] {
        ovs!(sandbox, "group {command} /dev/null").prints("unchanged\t0\t-\t-\tbr-tun\n");
    }
    ovs!(sandbox, "group add br-tun --file /nowhere")
        .fails(1, "cannot read /nowhere: No such file or directory\n");
    ovs!(
        sandbox,
        "group add br-tun group_id=1,type=all,bucket=patch-itn"
    )
    .fails(
        2,
        "neither an action nor a port (did you mean \"patch-int\"?)",
    );
    ovs!(sandbox, "flow add br-tun actions=patch-itn").fails(
        2,
        "neither an action nor a port (did you mean \"patch-int\"?)",
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-group br-tun group_id=1,type=all"
    );
    ovs!(sandbox, "group replace br-tun /dev/null").fails(1, "has no groups: the one of br-tun");
    let groups = ofctl!(sandbox, "-O OpenFlow13 dump-groups br-tun");
    assert!(groups.contains("group_id=1"), "{groups}");
}

#[test]
fn a_file_where_its_lines_are_expected() {
    let sandbox = Sandbox::with("add-br br0");
    let file = sandbox.run_dir().join("flows.txt");
    fs::write(&file, "arp,actions=drop\n").unwrap();
    let file = file.display();
    for (noun, command) in [
        ("flow", "flow add"),
        ("flow", "flow del"),
        ("group", "group add"),
        ("group", "group del"),
        ("meter", "meter mod"),
    ] {
        let said = format!("is no {noun}, but a file\nhint: --file {file} reads the {noun}s in it");
        ovs!(sandbox, "{command} br0 {file}").fails(2, said);
        ovs!(sandbox, "{command} br0 -").fails(2, format!("\"-\" is no {noun}, but stdin"));
    }
    // What is not there may be a misspelt flow.
    ovs!(sandbox, "flow add br0 nofile.txt").fails(2, "actions= is missing");
    ovs!(sandbox, "flow add br0 table=6,arp actions=drop").fails(2, "quote it if it has blanks");
    ovs!(sandbox, "flow add br0 tcp,dport=80,actions=drop").fails(
        2,
        "did you mean tp_dst?\nhint: fields are those of ovs-fields(7)",
    );
    ovs!(sandbox, "group add br0 group=2,type=all").fails(2, "did you mean group_id?");
    ovs!(sandbox, "group add br0 2").fails(2, "a group begins with group_id=2");
    ovs!(sandbox, "meter add br0 2").fails(2, "a meter begins with meter=2");
}

#[test]
fn words_of_other_commands() {
    let sandbox = Sandbox::with("add-br br0");
    for (line, tip) in [
        ("flow list br0", "'ovs dump-flows SWITCH' prints the flows"),
        (
            "-j group ls br0",
            "'ovs dump-groups SWITCH' prints the groups",
        ),
        (
            "meter show br0",
            "'ovs dump-meters SWITCH' prints the meters",
        ),
        (
            "table stats br0",
            "'ovs dump-tables SWITCH' prints the tables",
        ),
        ("fdb show br0", "for this type 'ovs fdb list'"),
        ("bond ls", "for this type 'ovs bond show'"),
        (
            "flow add br0 --table 5 actions=drop",
            "it is a part of FLOW: 'table=...'",
        ),
        (
            "flow mod br0 --actions=drop",
            "it is a part of FLOW: 'actions=...'",
        ),
        (
            "flow del br0 --in-port 5",
            "it is a part of MATCH: 'in_port=...'",
        ),
        (
            "dump-flows br0 --nw-dst 10.0.0.1",
            "it is a part of MATCH: 'nw_dst=...'",
        ),
    ] {
        ovs!(sandbox, "{line}").fails(2, tip);
    }
}
