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
        let expected = pairs(neutron);
        let said = sandbox.ovs_stdout(&["patch", "list"]);
        assert!(said == expected, "{}", common::diff(&expected, &said));
    }
}

#[test]
fn seen_from_a_bridge() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    assert_eq!(
        sandbox.ovs_stdout(&["patch", "list", "br-int"]),
        "br-int\tint-br-ens37\t1\tbr-ens37\tphy-br-ens37\t2\tok\n\
         br-int\tint-br-external\t2\tbr-external\tphy-br-external\t2\tok\n\
         br-int\tpatch-tun\t3\tbr-tun\tpatch-int\t1\tok\n"
    );
    assert_eq!(
        sandbox.ovs_stdout(&["patch", "list", "br-tun"]),
        "br-tun\tpatch-int\t1\tbr-int\tpatch-tun\t3\tok\n"
    );
    sandbox.ovs(&["patch", "list", "br-tnu"]).assert().code(3);
}

#[test]
fn tables() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let table = sandbox.ovs_stdout(&["patch", "list", "-o", "table"]);
    common::golden("patch/list.table", &table);
    let json = sandbox.ovs_stdout(&["patch", "list", "--json"]);
    common::golden("patch/list.json", &json);
}

#[test]
fn ends_that_do_not_meet() {
    let sandbox = Sandbox::empty();
    let add = |bridge, port, peer: &str| {
        let option = format!("options:peer={peer}");
        // A patch port without its peer gets no OpenFlow number, but ovs-vswitchd goes on.
        sandbox.vsctl(&[
            "--may-exist",
            "add-br",
            bridge,
            "--",
            "add-port",
            bridge,
            port,
            "--",
            "set",
            "Interface",
            port,
            "type=patch",
            &option,
        ]);
    };
    add("br0", "a-dangling", "nowhere");
    add("br0", "b-one", "b-two");
    add("br1", "b-two", "b-three");
    add("br0", "d-self", "e-self");
    add("br0", "e-self", "d-self");
    let said = sandbox.ovs_stdout(&["patch", "list", "--columns", "port,peer,state"]);
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
    assert_eq!(sandbox.ovs_stdout(&["patch", "list"]), "");
    assert_eq!(sandbox.ovs_stdout(&["patch", "list", "--json"]), "[]\n");
    sandbox
        .ovs(&["patch", "list", "-o", "table"])
        .assert()
        .success()
        .stdout("")
        .stderr("no patch ports\n");
}
