//! Ports and interfaces of different names: what concerns the database takes the port's name, what concerns
//! OpenFlow the interface's.

use serde_json::json;

use crate::common::Sandbox;

/// Port `port1` with interface `eth1`; crossed names: port `a` with interface `b`, port `b` with interface `a`; a
/// bond that bears the name of one of its interfaces, and one that does not.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with("add-br br0");
    vsctl!(
        sandbox,
        "-- --id=@eth1 create Interface name=eth1 type=internal ofport_request=1 \
         -- --id=@port1 create Port name=port1 interfaces=@eth1 \
         -- --id=@ib create Interface name=b type=internal ofport_request=2 \
         -- --id=@a create Port name=a interfaces=@ib tag=5 \
         -- --id=@ia create Interface name=a type=internal ofport_request=3 \
         -- --id=@b create Port name=b interfaces=@ia tag=6 \
         -- --id=@m1 create Interface name=m1 type=internal ofport_request=4 \
         -- --id=@m2 create Interface name=m2 type=internal ofport_request=5 \
         -- --id=@m create Port name=m1 interfaces=@m1,@m2 \
         -- --id=@s1 create Interface name=s1 type=internal ofport_request=6 \
         -- --id=@s2 create Interface name=s2 type=internal ofport_request=7 \
         -- --id=@s create Port name=bond0 interfaces=@s1,@s2 \
         -- set Bridge br0 ports=@port1,@a,@b,@m,@s"
    );
    sandbox
}

#[test]
fn the_database_takes_the_names_of_ports() {
    let sandbox = sandbox();
    // As `list-ports` and `port-to-br` have it: an interface's name is no port's.
    let ports = vsctl!(sandbox, "list-ports br0");
    assert_eq!(ports, "a\nb\nbond0\nm1\nport1\n");
    for port in ports.lines() {
        ovs!(sandbox, "port show {port} -g bridge").prints(vsctl!(sandbox, "port-to-br {port}"));
        ovs!(sandbox, "tag show {port} -g tag").ok();
        ovs!(sandbox, "path {port}").ok();
    }
    let before = sandbox.contents();
    for (interface, port) in [("eth1", "port1"), ("m2", "m1"), ("s1", "bond0")] {
        let said = format!("\"{interface}\" is an interface of port \"{port}\", not a port");
        for command in [
            "port show @",
            "port show @ -g tag",
            "port show br0/@",
            "port del @",
            "port del br0/@",
            "port set @ --tag 7",
            "tag show @",
            "tag set @ 7",
            "tag set br0/@ 7",
            "tag clear @",
            "tag map --port @",
            "tunnel show @",
            "tunnel set @ --key 5",
            "tunnel del @",
            "patch del @",
            "path @",
        ] {
            let command = command.replace('@', interface);
            ovs!(sandbox, "{command}")
                .fails(3, &said)
                .says(format!("give the name of the port: {port}"));
        }
        let line = format!("port set {interface} --tag 7\n");
        ovs!(sandbox, "batch -").write_stdin(line).fails(3, &said);
        // There is no such port; that the name is an interface's is said.
        ovs!(sandbox, "port del {interface} --if-exists")
            .prints("unchanged\n")
            .says(&said);
        ovs!(sandbox, "db get Port {interface} name").exits(3);
    }
    assert_eq!(sandbox.contents(), before);
    // Where both bear the name, the port's counts.
    ovs!(sandbox, "tag set a 8").ok();
    assert_eq!(
        vsctl!(sandbox, "get Port a tag -- get Port b tag"),
        "8\n6\n"
    );
    ovs!(sandbox, "port set b --mtu 1400").ok();
    assert_eq!(vsctl!(sandbox, "get Interface a mtu_request"), "1400\n");
    ovs!(sandbox, "port set m1 --tag 9").ok();
    assert_eq!(vsctl!(sandbox, "get Port m1 tag"), "9\n");
    ovs!(sandbox, "port del a").ok();
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "b\nbond0\nm1\nport1\n");
    assert_eq!(
        vsctl!(sandbox, "list-ifaces br0"),
        "a\neth1\nm1\nm2\ns1\ns2\n"
    );
    ovs!(sandbox, "port del port1 m1").ok();
    assert_eq!(vsctl!(sandbox, "list-ifaces br0"), "a\ns1\ns2\n");
}

#[test]
fn an_interface_of_a_bond_takes_what_interfaces_have() {
    let sandbox = sandbox();
    ovs!(sandbox, "port set s2 --mtu 1400").ok();
    assert_eq!(
        vsctl!(
            sandbox,
            "get Interface s2 mtu_request -- get Interface s1 mtu_request"
        ),
        "1400\n[]\n"
    );
    for settings in [
        "--mtu 1300 --tag 4",
        "--bond-mode balance-slb",
        "--remove-member s1",
    ] {
        ovs!(sandbox, "port set s2 {settings}").fails(3, "is an interface of port \"bond0\"");
    }
    // A port with one interface is given by its own name.
    ovs!(sandbox, "port set eth1 --mtu 1400").fails(3, "is an interface of port \"port1\"");
}

#[test]
fn openflow_takes_the_names_of_interfaces() {
    let sandbox = sandbox();
    for (number, interface) in [(1, "eth1"), (2, "b"), (3, "a"), (4, "m1"), (5, "m2")] {
        // ovs-ofctl knows the interfaces only.
        ofctl!(sandbox, "add-flow br0 in_port={interface},actions=drop");
        let flow = ofctl!(
            sandbox,
            "--names --no-stats dump-flows br0 in_port={number}"
        );
        let flow = flow.lines().last().unwrap().trim().to_owned();
        assert_eq!(flow, format!("in_port={interface} actions=drop"));
        for asked in ["in_port=", "--port="] {
            ovs!(sandbox, "dump-flows br0 --no-stats {asked}{interface}")
                .prints(format!("{flow}\n"));
        }
        let counted = ofctl!(sandbox, "dump-ports br0 {interface}");
        assert!(counted.contains(&format!("port  {number}:")), "{counted}");
        ovs!(sandbox, "port stats br0 {interface} -g ofport").prints(format!("{number}\n"));
        ovs!(sandbox, "port resolve br0 {interface}")
            .ok()
            .begins(format!("{interface}\t{number}\t"));
        ovs!(sandbox, "port resolve br0 {number}")
            .ok()
            .begins(format!("{interface}\t{number}\t"));
    }
    // A port's name, where it is unambiguous.
    ovs!(sandbox, "dump-flows br0 --no-stats in_port=port1").prints("in_port=eth1 actions=drop\n");
    ovs!(sandbox, "dump-flows br0 --no-stats --port port1").prints("in_port=eth1 actions=drop\n");
    ovs!(sandbox, "port stats br0 port1 -g interface").prints("eth1\n");
    ovs!(sandbox, "port resolve br0 port1").prints("eth1\t1\tport1\n");
    // A bond is no OpenFlow port.
    for command in [
        "dump-flows br0 in_port=bond0",
        "dump-flows br0 --port bond0",
        "port stats br0 bond0",
    ] {
        ovs!(sandbox, "{command}").fails(
            3,
            "\"bond0\" is a bond, and OpenFlow knows its interfaces: s1, s2",
        );
    }
    ovs!(sandbox, "port resolve br0 bond0").prints("s1\t6\tbond0\ns2\t7\tbond0\n");
}

#[test]
fn lists_show_both_names_where_they_differ() {
    let sandbox = sandbox();
    vsctl!(
        sandbox,
        "add-br br1 -- --id=@i create Interface name=int type=patch options:peer=ext -- --id=@p \
         create Port name=to-br1 interfaces=@i -- add Bridge br0 ports @p -- --id=@j create \
         Interface name=ext type=patch options:peer=int -- --id=@q create Port name=to-br0 \
         interfaces=@j -- add Bridge br1 ports @q -- --id=@t create Interface name=vx0 type=vxlan \
         options:remote_ip=192.0.2.1 -- --id=@u create Port name=tun0 interfaces=@t -- add Bridge \
         br1 ports @u"
    );
    ovs!(sandbox, "port find port1 --columns port,interface,matched").prints("port1\teth1\tname\n");
    ovs!(sandbox, "port find eth1 --columns port,interface,matched").prints("port1\teth1\tname\n");
    for (command, shown) in [
        ("port list br0", "br0     port1   eth1       1 "),
        (
            "port stats br0 port1 --columns interface,port",
            "eth1       port1\n",
        ),
        ("port resolve br0 1", "eth1       1       port1\n"),
        (
            "port show port1",
            "port            port1\ninterface       eth1\n",
        ),
        ("patch list br0", " ok     int\n"),
        ("tunnel list", " vx0\n"),
        ("show", "eth1 (port1)"),
    ] {
        ovs!(sandbox, "{command} -o table").ok().shows(shown);
    }
    let both = json!([{"interface": "eth1", "ofport": 1, "port": "port1"}]);
    assert_eq!(ovs!(sandbox, "port resolve br0 port1").json(), both);
    // Where all are equal, one is enough.
    for command in [
        "port stats br1 LOCAL",
        "port resolve br1 br1",
        "port show br1",
    ] {
        ovs!(sandbox, "{command} -o table")
            .ok()
            .hides("interface")
            .hides("  PORT");
    }
    // The peer of a patch port is an interface.
    ovs!(
        sandbox,
        "patch list br0 --columns port,peer_bridge,peer,state"
    )
    .prints("to-br1\tbr1\text\tok\n");
    ovs!(sandbox, "port show to-br1 -g peer_bridge").prints("br1\n");
    ovs!(sandbox, "port del to-br0")
        .ok()
        .says("`ovs patch del to-br1`");
    ovs!(sandbox, "check --columns finding,object,hint")
        .exits(1)
        .shows(
            "dangling-patch\tto-br1\tname the other end (`ovs port set to-br1 --option peer=PORT`)",
        );
    ovs!(sandbox, "patch del to-br1").ok();
    assert_eq!(vsctl!(sandbox, "list-ports br1"), "tun0\n");
}
