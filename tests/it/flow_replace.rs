//! `ovs flow replace`: the flows of a switch brought to those of a file; what the switch has then is asked of the real
//! `ovs-ofctl`.

use std::fmt::Write as _;
use std::fs;

use ovs::sandbox::Neutron;

use crate::common::Sandbox;
use crate::common::openflow::{VERSIONS, entries, sorted};

/// A bridge without flows, which allows every version.
fn bridge() -> Sandbox {
    Sandbox::with(&format!(
        "add-br br0 -- set bridge br0 fail_mode=secure protocols={} \
         -- add-port br0 tap-1 -- set interface tap-1 type=dummy ofport_request=1",
        VERSIONS.join(",")
    ))
}

/// A file of the sandbox with this content.
fn file(sandbox: &Sandbox, name: &str, content: &str) -> String {
    let path = sandbox.run_dir().join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

/// The flows of br0, as the real tool prints them over 1.4.
fn flows(sandbox: &Sandbox) -> Vec<String> {
    sorted(entries(&ofctl!(
        sandbox,
        "-O OpenFlow14 --no-stats dump-flows br0"
    )))
}

#[test]
fn what_differs_is_written_and_a_second_run_changes_nothing() {
    let sandbox = bridge();
    let before = "priority=1,ip,actions=drop\n\
                  priority=2,arp,actions=tap-1 # stays\n\
                  priority=3,in_port=tap-1,dl_vlan=7,actions=strip_vlan,set_tunnel:5,LOCAL\n\
                  cookie=4,priority=4,tcp,actions=LOCAL\n";
    let path = file(&sandbox, "flows", before);
    ovs!(sandbox, "flow replace br0 {path}").prints("added\t4\tbr0\n");
    ovs!(sandbox, "flow replace br0 {path}")
        .prints("unchanged\t4\tbr0\n")
        .says_nothing();

    let after = "priority=1,ip,actions=LOCAL\n\
                 arp,priority=2,actions=output:1\n\
                 priority=3,dl_vlan=7,in_port=1,actions=pop_vlan,set_field:5->tun_id,output:LOCAL\n\
                 cookie=5,priority=5,tcp,actions=LOCAL\n";
    let path = file(&sandbox, "flows", after);
    let counts = "added\t1\tbr0\nmodified\t1\tbr0\nremoved\t1\tbr0\nunchanged\t2\tbr0\n";
    let there = flows(&sandbox);
    ovs!(sandbox, "flow replace br0 {path} --dry-run")
        .ok()
        .shows("modified\tpriority=1,ip actions=LOCAL\tpriority=1,ip actions=drop\t1\n")
        .shows("added\tcookie=0x5, priority=5,tcp actions=LOCAL\t-\t4\n")
        .shows("removed\tcookie=0x4, priority=4,tcp actions=LOCAL\t-\t-\n")
        .says("2 unchanged; dry run");
    assert_eq!(flows(&sandbox), there);
    ovs!(sandbox, "flow replace br0 {path}").prints(counts);
    assert_eq!(
        flows(&sandbox),
        [
            "cookie=0x5, priority=5,tcp actions=LOCAL",
            "priority=1,ip actions=LOCAL",
            "priority=2,arp actions=output:1",
            "priority=3,in_port=1,dl_vlan=7 actions=pop_vlan,set_field:0x5->tun_id,LOCAL",
        ]
    );
    let json = ovs!(sandbox, "flow replace br0 {path}").json();
    assert_eq!(json[0]["change"], "unchanged");
    assert_eq!(json[0]["flows"], 4);
}

#[test]
fn counters_of_flows_that_stay_are_kept() {
    let sandbox = bridge();
    let packet =
        "ffffffffffff0000000000010806000108000604000100000000000100000000000000000000000000000000";
    for version in VERSIONS {
        ofctl!(sandbox, "-O OpenFlow14 del-flows br0");
        let path = file(
            &sandbox,
            "flows",
            "priority=1,arp,actions=resubmit(,1)\ntable=1,priority=1,arp,actions=drop\n",
        );
        // Two flows at once need a bundle before 1.3; one by one they do not.
        ovs!(sandbox, "-O {version} flow replace br0 {path} --no-atomic").ok();
        ofctl!(
            sandbox,
            "packet-out br0 'in_port=tap-1,packet={packet},actions=resubmit(,0)'"
        );
        let counted = || {
            let told = ofctl!(sandbox, "-O OpenFlow14 dump-flows br0");
            told.matches("n_packets=1,").count()
        };
        assert_eq!(counted(), 2, "{version}");
        let path = file(
            &sandbox,
            "flows",
            "priority=1,arp,actions=resubmit(,1)\ntable=1,priority=1,arp,actions=LOCAL\n",
        );
        ovs!(sandbox, "-O {version} flow replace br0 {path}")
            .prints("modified\t1\tbr0\nunchanged\t1\tbr0\n");
        assert_eq!(counted(), 2, "{version}");
    }
}

#[test]
fn a_dump_given_back_changes_nothing() {
    for host in Neutron::ALL {
        let sandbox = Sandbox::neutron(host);
        let bridges = vsctl!(sandbox, "list-br");
        for bridge in bridges.lines() {
            let versions = VERSIONS.join(",");
            vsctl!(sandbox, "set bridge {bridge} protocols={versions}");
            let count = ovs!(sandbox, "dump-flows {bridge} --count").out();
            let count = count.split_whitespace().next().unwrap().to_owned();
            let unchanged = format!("unchanged\t{count}\t{bridge}\n");
            for options in [String::new()]
                .into_iter()
                .chain(VERSIONS.iter().flat_map(|version| {
                    ["classic", "wire"].map(|style| format!("-O {version} --style {style}"))
                }))
            {
                let dump = ovs!(sandbox, "dump-flows {bridge} {options}").out();
                let path = file(&sandbox, "dump", &dump);
                ovs!(sandbox, "flow replace {bridge} {path} {options}").prints(&unchanged);
                ovs!(sandbox, "flow diff {bridge} {path} {options}").prints("");
            }
            let dump = ovs!(sandbox, "dump-flows {bridge} --json").out();
            let path = file(&sandbox, "dump", &dump);
            ovs!(sandbox, "flow replace {bridge} {path}").prints(&unchanged);
        }
    }
}

#[test]
fn two_flows_of_one_key_are_refused_with_both_named() {
    let sandbox = bridge();
    let path = file(
        &sandbox,
        "flows",
        "priority=1,ip,nw_src=10.0.0.1,actions=drop\npriority=2,actions=drop\n\
         priority=1,nw_src=10.0.0.1,ip,actions=LOCAL\n",
    );
    ovs!(sandbox, "flow replace br0 {path}")
        .fails(1, "line 3: line 1 has the same table, priority and match");
    assert!(flows(&sandbox).is_empty());
    ofctl!(sandbox, "add-flow br0 priority=7,vlan_tci=0x0,actions=drop");
    ofctl!(
        sandbox,
        "add-flow br0 priority=7,vlan_tci=0x0/0x1fff,actions=LOCAL"
    );
    let path = file(&sandbox, "flows", "priority=2,actions=drop\n");
    ovs!(sandbox, "flow replace br0 {path}")
        .fails(1, "br0 has two flows that OpenFlow15 cannot distinguish: priority=7,vlan_tci=0x0000/0x1fff actions=")
        .says("-O OpenFlow10");
    assert_eq!(flows(&sandbox).len(), 2);
    // OpenFlow 1.0 tells them apart.
    ovs!(sandbox, "-O OpenFlow10 flow replace br0 {path} --no-atomic")
        .prints("added\t1\tbr0\nremoved\t2\tbr0\n");
}

#[test]
fn only_a_table_or_a_cookie_is_replaced() {
    let sandbox = bridge();
    let mut all = String::new();
    for table in 0..3 {
        for cookie in 0..2 {
            let _ = writeln!(
                all,
                "cookie={cookie},table={table},priority={cookie},ip,actions=drop"
            );
        }
    }
    let path = file(&sandbox, "flows", &all);
    ovs!(sandbox, "flow replace br0 {path}").ok();
    ovs!(sandbox, "flow replace br0 {path} --table 1")
        .fails(1, "line 1: it is in table 0, which --table leaves as it is");
    ovs!(sandbox, "flow replace br0 {path} --cookie 1").fails(
        1,
        "line 1: it has cookie 0x0, which --cookie leaves as it is",
    );
    let path = file(
        &sandbox,
        "one",
        "cookie=1,table=1,priority=1,ip,actions=LOCAL\n",
    );
    ovs!(sandbox, "flow replace br0 {path} --table 1 --cookie 1/1").prints("modified\t1\tbr0\n");
    assert_eq!(flows(&sandbox).len(), 6);
    ovs!(sandbox, "flow replace br0 {path} --table 1")
        .prints("removed\t1\tbr0\nunchanged\t1\tbr0\n");
    ovs!(sandbox, "flow replace br0 {path} --cookie 1")
        .prints("removed\t2\tbr0\nunchanged\t1\tbr0\n");
    assert_eq!(flows(&sandbox).len(), 3);
    // A flow that must stay has the key of one of the file.
    let path = file(
        &sandbox,
        "one",
        "cookie=3,table=0,priority=0,ip,actions=LOCAL\n",
    );
    ovs!(sandbox, "flow replace br0 {path} --cookie 3").fails(
        1,
        "br0 has a flow of this table, priority and match with cookie 0x0",
    );
}

#[test]
fn several_changes_need_a_bundle_or_no_atomic() {
    let sandbox = bridge();
    let path = file(&sandbox, "flows", "ip,actions=drop\narp,actions=drop\n");
    for version in ["OpenFlow10", "OpenFlow11", "OpenFlow12"] {
        ovs!(sandbox, "-O {version} flow replace br0 {path}").fails(1, "--no-atomic");
        assert!(flows(&sandbox).is_empty());
    }
    ovs!(sandbox, "-O OpenFlow12 flow replace br0 {path} --no-atomic").prints("added\t2\tbr0\n");
    // Nothing is written of a file with a flow that the switch refuses.
    let path = file(
        &sandbox,
        "flows",
        "ip,actions=LOCAL\nudp,actions=group:77\n",
    );
    ovs!(sandbox, "flow replace br0 {path}").fails(1, "line 2: group 77 does not exist on br0");
    assert_eq!(flows(&sandbox).len(), 2);
    let path = file(&sandbox, "flows", "ip,actions=LOCAL\ndelete udp\n");
    ovs!(sandbox, "flow replace br0 {path}").fails(1, "line 2");
}
