//! VLAN bridges (`ovs-vsctl add-br BRIDGE PARENT VLAN`) are bridges to every command, as they are to ovs-vsctl.

use crate::common::Sandbox;

/// A host of a cloud that makes VLAN bridges: a bridge, a VLAN bridge on it, ports and a bond of both.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with("add-br cloudbr0 -- add-br cloudbr1");
    vsctl!(
        sandbox,
        "add-br cloudbr0.10 cloudbr0 10 -- add-port cloudbr0.10 vnet1 -- add-port cloudbr0 vnet0 -- \
         add-port cloudbr0 vnet2 tag=10 -- add-bond cloudbr0.10 bond1 s1 s2 -- add-port cloudbr0 \
         vnet3 tag=11 -- add-port cloudbr1 vnet4 tag=10 -- set Interface vnet0 type=internal -- set \
         Interface vnet1 type=internal -- set Interface vnet2 type=internal -- set Interface vnet3 \
         type=internal -- set Interface vnet4 type=internal -- set Interface s1 type=internal -- \
         set Interface s2 type=internal"
    );
    sandbox
}

fn sorted(lines: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn its_ports_are_those_of_ovs_vsctl() {
    let sandbox = sandbox();
    for (list, column) in [("list-ports", "port"), ("list-ifaces", "interface")] {
        let mut theirs = vsctl!(sandbox, "{list} cloudbr0.10");
        // Ours has the bridge's own, too.
        theirs.push_str("cloudbr0.10\n");
        for command in ["port list", "show"] {
            let ours = ovs!(sandbox, "{command} cloudbr0.10 -g {column}").out();
            let mut ours = sorted(&ours);
            ours.dedup();
            assert_eq!(ours, sorted(&theirs), "{command}");
        }
    }
    for bridge in vsctl!(sandbox, "list-br").lines() {
        for port in vsctl!(sandbox, "list-ports {bridge}").lines() {
            let theirs = vsctl!(sandbox, "port-to-br {port}");
            ovs!(sandbox, "port show {port} -g bridge").prints(&theirs);
            ovs!(sandbox, "port show {bridge}/{port} -g bridge").prints(&theirs);
            ovs!(sandbox, "tag show {bridge}/{port} -g bridge").prints(&theirs);
            let all = ovs!(sandbox, "port list --columns port,bridge").out();
            let line = format!("{port}\t{theirs}");
            assert!(all.contains(&line), "{line}: {all}");
            if port != "bond1" {
                ovs!(sandbox, "port find {port} --columns port,bridge").prints(&line);
            }
        }
    }
    // The bridge below has all ports in OpenFlow.
    let all = ovs!(sandbox, "port list cloudbr0 -g interface").out();
    let described = ofctl!(sandbox, "--no-names show cloudbr0");
    for interface in all.lines() {
        assert!(described.contains(&format!("({interface})")), "{described}");
    }
    for wrong in ["port show cloudbr0.10/vnet0", "tag show cloudbr0.10/vnet3"] {
        ovs!(sandbox, "{wrong}").fails(3, "is not on cloudbr0.10, but on cloudbr0");
    }
    ovs!(sandbox, "port del cloudbr0.10/vnet0").fails(3, "not found on cloudbr0.10");
    ovs!(sandbox, "port show cloudbr0.11/vnet3").fails(3, "bridge \"cloudbr0.11\" not found");
}

#[test]
fn every_command_takes_it() {
    let sandbox = sandbox();
    let parent = vsctl!(sandbox, "br-to-parent cloudbr0.10");
    let vlan = vsctl!(sandbox, "br-to-vlan cloudbr0.10");
    ovs!(sandbox, "bridge list -g bridge").prints(vsctl!(sandbox, "list-br"));
    ovs!(sandbox, "bridge show cloudbr0.10 -g parent").prints(&parent);
    ovs!(sandbox, "bridge show cloudbr0.10 -g vlan").prints(&vlan);
    ovs!(sandbox, "bridge exists cloudbr0.10").ok();
    let ports = "bond1,cloudbr0.10,vnet1,vnet2";
    ovs!(sandbox, "tag list cloudbr0.10").prints(format!("cloudbr0.10\t10\t{ports}\n"));
    ovs!(sandbox, "tag list --tag 10")
        .prints(format!("cloudbr0.10\t10\t{ports}\ncloudbr1\t10\tvnet4\n"));
    ovs!(sandbox, "tag map cloudbr0.10 --columns tag,ports").prints(format!("10\t{ports}\n"));
    let number = vsctl!(sandbox, "get Interface vnet1 ofport");
    ovs!(sandbox, "port resolve cloudbr0.10 vnet1 -g ofport").prints(&number);
    ovs!(sandbox, "port resolve cloudbr0.10 vnet0")
        .fails(3, "port \"vnet0\" is not on cloudbr0.10, but on cloudbr0");
    ovs!(sandbox, "tunnel add cloudbr0.10 tun1 --remote 192.0.2.1").ok();
    ovs!(sandbox, "tunnel list cloudbr0.10 --columns bridge,port").prints("cloudbr0.10\ttun1\n");
    assert_eq!(vsctl!(sandbox, "port-to-br tun1"), "cloudbr0.10\n");
    ovs!(sandbox, "patch add cloudbr0.10:a cloudbr1:b").ok();
    assert_eq!(vsctl!(sandbox, "port-to-br a"), "cloudbr0.10\n");
    ovs!(
        sandbox,
        "patch list cloudbr0.10 --columns bridge,port,peer_bridge"
    )
    .prints("cloudbr0.10\ta\tcloudbr1\n");
    ovs!(
        sandbox,
        "patch list cloudbr1 --columns bridge,port,peer_bridge"
    )
    .prints("cloudbr1\tb\tcloudbr0.10\n");
    for command in ["check", "graph"] {
        ovs!(sandbox, "{command} cloudbr0.10")
            .run()
            .says("is a VLAN bridge, VLAN 10 of \"cloudbr0\"")
            .omits("not found");
    }
    // It has no OpenFlow socket: ovs-ofctl knows no such bridge.
    for command in [
        "dump-flows cloudbr0.10",
        "dump-flows cloudbr0.10 in_port=vnet1",
        "dump-groups cloudbr0.10",
        "dump-meters cloudbr0.10",
        "dump-tables cloudbr0.10",
        "port stats cloudbr0.10",
    ] {
        ovs!(sandbox, "{command}")
            .fails(3, "\"cloudbr0.10\" is a VLAN bridge, VLAN 10 of cloudbr0")
            .says("hint: name cloudbr0, ");
    }
    ovs!(sandbox, "dump-flows cloudbr0.12").fails(3, "bridge \"cloudbr0.12\" not found");
    ovs!(sandbox, "bridge set cloudbr0.10 --external-id a=b").ok();
    assert_eq!(vsctl!(sandbox, "br-get-external-id cloudbr0.10 a"), "b\n");
    ovs!(sandbox, "bridge del cloudbr0.10").ok();
    assert_eq!(vsctl!(sandbox, "list-br"), "cloudbr0\ncloudbr1\n");
    ovs!(sandbox, "port list cloudbr0.10").fails(3, "bridge \"cloudbr0.10\" not found");
}

#[test]
fn a_bond_is_one_line_where_names_are_listed() {
    let sandbox = sandbox();
    for bridge in vsctl!(sandbox, "list-br").lines() {
        let ours = ovs!(sandbox, "port list {bridge} -g port").out();
        // As it belongs to ovs-vsctl's bridges, and the bridges' own.
        let mut theirs = vsctl!(sandbox, "list-ports {bridge}") + bridge + "\n";
        if bridge == "cloudbr0" {
            theirs.push_str(&vsctl!(sandbox, "list-ports cloudbr0.10"));
            theirs.push_str("cloudbr0.10\n");
        }
        assert_eq!(sorted(&ours), sorted(&theirs), "{bridge}");
    }
    ovs!(sandbox, "port list cloudbr0.10 --columns port,tag")
        .ok()
        .shows("bond1\t10\n");
    // With numbers, a line per interface.
    let numbers = ovs!(sandbox, "port list cloudbr0.10 --columns port,ofport").out();
    assert_eq!(numbers.matches("bond1\t").count(), 2, "{numbers}");
}
