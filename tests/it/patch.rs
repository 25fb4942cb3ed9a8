//! `ovs patch`: which patch port leads where.

use ovs::sandbox::Neutron;

use crate::common::{self, Sandbox, host};

/// The pairs of a host by its description, from the end that is first by bridge and number.
fn pairs(neutron: Neutron) -> String {
    let ports = host::ports(neutron);
    let mut lines = String::new();
    for (at, port) in ports.iter().enumerate() {
        let Some(peer) = port.option("peer") else {
            continue;
        };
        let there = ports.iter().position(|port| port.name == peer).unwrap();
        if at < there {
            let far = &ports[there];
            let (number, far_number) = (port.ofport.to_string(), far.ofport.to_string());
            let cells = [
                &port.bridge,
                &port.name,
                &number,
                &far.bridge,
                peer,
                &far_number,
                "ok",
                &port.name,
            ];
            lines.push_str(&(cells.join("\t") + "\n"));
        }
    }
    lines
}

#[test]
fn every_pair_once() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        ovs!(sandbox, "patch list").prints(pairs(neutron));
    }
}

#[test]
fn seen_from_a_bridge() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    ovs!(sandbox, "patch list br-int").prints(
        "br-int\tint-br-ens37\t1\tbr-ens37\tphy-br-ens37\t2\tok\tint-br-ens37\n\
         br-int\tint-br-external\t2\tbr-external\tphy-br-external\t2\tok\tint-br-external\n\
         br-int\tpatch-tun\t3\tbr-tun\tpatch-int\t1\tok\tpatch-tun\n",
    );
    ovs!(sandbox, "patch list br-tun")
        .prints("br-tun\tpatch-int\t1\tbr-int\tpatch-tun\t3\tok\tpatch-int\n");
    ovs!(sandbox, "patch list br-tnu").exits(3);
}

#[test]
fn tables() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for (file, option) in [("list.table", "-o table"), ("list.json", "--json")] {
        let said = ovs!(sandbox, "patch list {option}").out();
        common::golden(&format!("patch/{file}"), &said);
    }
}

#[test]
fn ends_that_do_not_meet() {
    let sandbox = Sandbox::empty();
    for (bridge, port, peer) in [
        ("br0", "a-dangling", "nowhere"),
        ("br0", "b-one", "b-two"),
        ("br1", "b-two", "b-three"),
        ("br0", "d-self", "e-self"),
        ("br0", "e-self", "d-self"),
    ] {
        // A patch port without its peer gets no OpenFlow number, but ovs-vswitchd goes on.
        vsctl!(
            sandbox,
            "--may-exist add-br {bridge} -- add-port {bridge} {port} -- \
             set Interface {port} type=patch options:peer={peer}"
        );
    }
    let said = ovs!(sandbox, "patch list --columns port,peer,state").out();
    let mut states: Vec<&str> = said.lines().collect();
    states.sort_unstable();
    assert_eq!(
        states,
        [
            "a-dangling\tnowhere\tdangling",
            "b-one\tb-two\tone-way",
            "b-two\tb-three\tdangling",
            "d-self\te-self\tsame-bridge",
        ]
    );
}

#[test]
fn none() {
    let sandbox = Sandbox::empty();
    ovs!(sandbox, "patch list").prints("");
    ovs!(sandbox, "patch list --json").prints("[]\n");
    ovs!(sandbox, "patch list -o table")
        .prints("")
        .says_only("no patch ports\n");
}
