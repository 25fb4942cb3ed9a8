//! `ovs path`: the way from a port.

use std::fs;
use std::process::Command;

use ovs::sandbox::Neutron;

use crate::common::{self, Sandbox};

const COLUMNS: &str = "way,kind,from,to,at,vlan,key,remote_ip,state";

fn legs(sandbox: &Sandbox, port: &str) -> Vec<String> {
    let said = sandbox.ovs_stdout(&["path", port, "--columns", COLUMNS]);
    let lines = said.lines().filter(|line| !line.contains("\tunseen\t"));
    lines.map(|line| line.replace('\t', " ")).collect()
}

/// The table of fixtures/neutron/README.md, way by way.
#[test]
fn a_host_with_every_network_type() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    for (port, expected) in [
        (
            "qvobeeb2c54-aa",
            &[
                "- port qvobeeb2c54-aa br-int br-int 1 - - -",
                "1 patch int-br-ens37 phy-br-ens37 br-ens37 1 - - ok",
                "1 wire br-ens37 ens37 br-ens37 66 - - ok",
            ][..],
        ),
        (
            "qg-6afd63fc-71",
            &[
                "- port qg-6afd63fc-71 br-int br-int 3 - - -",
                "1 patch int-br-external phy-br-external br-external 3 - - ok",
                "1 wire br-external ens38 br-external - - - ok",
            ],
        ),
        (
            "tap474ece45-69",
            &[
                "- port tap474ece45-69 br-int br-int 4 - - -",
                "1 patch patch-tun patch-int br-tun 4 - - ok",
                "1 tunnel br-tun vxlan-0a000048 br-tun - 100 10.0.0.72 ok",
            ],
        ),
        (
            "qvo59492399-57",
            &[
                "- port qvo59492399-57 br-int br-int 5 - - -",
                "1 end br-int - - - - - local",
            ],
        ),
        (
            "ens37",
            &[
                "- port ens37 br-ens37 br-ens37 - - - -",
                "1 tag - br-int br-int 1 - - -",
                "1 patch int-br-ens37 phy-br-ens37 br-ens37 1 - - ok",
                "1 wire br-ens37 ens37 br-ens37 66 - - ok",
                "2 tag - br-int br-int 2 - - -",
                "2 patch int-br-ens37 phy-br-ens37 br-ens37 2 - - ok",
                "2 wire br-ens37 ens37 br-ens37 88 - - ok",
            ],
        ),
        (
            "patch-int",
            &[
                "- port patch-int br-tun br-tun - - - -",
                "1 tag - br-int br-int 4 - - -",
                "1 patch patch-tun patch-int br-tun 4 - - ok",
                "1 tunnel br-tun vxlan-0a000048 br-tun - 100 10.0.0.72 ok",
            ],
        ),
    ] {
        assert_eq!(legs(&sandbox, port), expected, "{port}");
    }
    let said = sandbox.ovs_stdout(&["path", "qvobeeb2c54-aa", "-g", "note"]);
    assert!(said.contains("dummy devices"), "{said}");
    common::golden(
        "path/node.table",
        &sandbox.ovs_stdout(&["path", "qvobeeb2c54-aa", "-o", "table"]),
    );
    common::golden(
        "path/node.json",
        &sandbox.ovs_stdout(&["path", "qvo6b5e4978-e2", "--json"]),
    );
    sandbox.ovs(&["path", "qvobeeb2c54"]).assert().code(3);

    sandbox.ofctl(&[
        "--strict",
        "del-flows",
        "br-ens37",
        "priority=4,in_port=phy-br-ens37,dl_vlan=1",
    ]);
    assert_eq!(
        legs(&sandbox, "qvobeeb2c54-aa")[1..],
        [
            "1 patch int-br-ens37 phy-br-ens37 br-ens37 - - - ok",
            "1 wire br-ens37 ens37 br-ens37 66 - - no-outbound",
        ]
    );
}

#[test]
fn one_tag_two_ways() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    assert_eq!(
        legs(&sandbox, "qvobeeb2c54-aa"),
        [
            "- port qvobeeb2c54-aa br-int br-int 1 - - -",
            "1 patch int-br-ens37 phy-br-ens37 br-ens37 1 - - ok",
            "1 wire br-ens37 ens37 br-ens37 66 - - conflict",
            "2 patch patch-tun patch-int br-tun 1 - - ok",
            "2 tunnel br-tun vxlan-0a000048 br-tun - 100 10.0.0.72 conflict",
        ]
    );
}

/// Through three bridges, with a translation on the last patch.
#[test]
fn a_longer_row_of_patches() {
    let sandbox = Sandbox::empty();
    let mut words: Vec<&str> =
        "add-br br0 -- add-br br1 -- add-br br2 -- add-port br0 guest tag=7 \
         -- add-port br2 wire"
            .split_whitespace()
            .collect();
    for [bridge, name, peer] in [
        ["br0", "a0", "a1"],
        ["br1", "a1", "a0"],
        ["br1", "b1", "b2"],
        ["br2", "b2", "b1"],
    ] {
        words.extend(["--", "add-port", bridge, name]);
        words.extend(["--", "set", "Interface", name, "type=patch"]);
        words.push(match peer {
            "a0" => "options:peer=a0",
            "a1" => "options:peer=a1",
            "b1" => "options:peer=b1",
            _ => "options:peer=b2",
        });
    }
    sandbox.vsctl(&words);
    sandbox.ofctl(&[
        "add-flow",
        "br1",
        "priority=9,in_port=a1,dl_vlan=7,actions=mod_vlan_vid:70,output:b1",
    ]);
    sandbox.ofctl(&[
        "add-flow",
        "br1",
        "priority=9,in_port=b1,dl_vlan=70,actions=mod_vlan_vid:7,output:a1",
    ]);
    sandbox.ofctl(&["add-flow", "br1", "priority=8,in_port=b1,actions=drop"]);
    assert_eq!(
        legs(&sandbox, "guest"),
        [
            "- port guest br0 br0 7 - - -",
            "1 patch a0 a1 br1 7 - - ok",
            "1 patch b1 b2 br2 70 - - ok",
            "1 wire br2 wire br2 70 - - ok",
        ]
    );
}

/// As Neutron's hybrid driver joins an instance, in a file that stands for the kernel.
#[test]
fn what_is_behind_a_port() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let facts = sandbox.run_dir().join("facts");
    fs::write(
        &facts,
        "address 10.0.0.71\n\
         device qvobeeb2c54-aa kind=veth peer=qvbbeeb2c54-aa master=ovs-system\n\
         device qvbbeeb2c54-aa kind=veth peer=qvobeeb2c54-aa master=qbrbeeb2c54-aa\n\
         device qbrbeeb2c54-aa kind=bridge\n\
         device tapbeeb2c54-aa kind=tun master=qbrbeeb2c54-aa\n\
         device qr-54e6fd7e-1b kind=openvswitch netns=qrouter-7\n\
         unseen namespace qdhcp-1: permission denied\n",
    )
    .unwrap();
    let first = |port: &str| {
        let file = facts.to_str().unwrap();
        let arguments = ["path", port, "--host-facts", file, "--columns"];
        let said = sandbox.ovs_stdout(&[&arguments[..], &["kind,from,to,at,note"]].concat());
        let lines = said.lines().take_while(|line| !line.starts_with("port\t"));
        lines
            .map(|line| line.replace('\t', " "))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        first("qvobeeb2c54-aa"),
        [
            "tap tapbeeb2c54-aa qbrbeeb2c54-aa - -",
            "member qbrbeeb2c54-aa qvbbeeb2c54-aa - Linux bridge",
            "veth qvbbeeb2c54-aa qvobeeb2c54-aa - -",
        ]
    );
    assert_eq!(
        first("qr-54e6fd7e-1b"),
        ["netns - qr-54e6fd7e-1b qrouter-7 -"]
    );
    assert_eq!(
        first("tap42a1d679-f0"),
        [
            "unseen - tap42a1d679-f0 - no device of this name could be seen; \
             namespace qdhcp-1: permission denied"
        ]
    );
}

/// From a device of the host that is no port: the port in front of it, from which the way is as ever.
#[test]
fn from_what_is_behind_a_port() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let facts = sandbox.run_dir().join("facts");
    fs::write(
        &facts,
        "device ovs-system kind=openvswitch\n\
         device qvobeeb2c54-aa kind=veth peer=qvbbeeb2c54-aa master=ovs-system\n\
         device qvbbeeb2c54-aa kind=veth peer=qvobeeb2c54-aa master=qbrbeeb2c54-aa\n\
         device qbrbeeb2c54-aa kind=bridge\n\
         device tapbeeb2c54-aa kind=tun master=qbrbeeb2c54-aa\n\
         device tap474ece45-69 kind=veth peer=eth0@guest master=ovs-system\n\
         device eth0 kind=veth peer=tap474ece45-69 netns=guest\n\
         device both kind=bridge\n\
         device in-1 kind=veth peer=qvo6b5e4978-e2 master=both\n\
         device qvo6b5e4978-e2 kind=veth peer=in-1 master=ovs-system\n\
         device in-2 kind=veth peer=tap42a1d679-f0 master=both\n\
         device tap42a1d679-f0 kind=veth peer=in-2 master=ovs-system\n\
         device far kind=veth peer=near master=beyond\n\
         device near kind=veth peer=far master=qbrbeeb2c54-aa\n\
         device beyond kind=bridge\n\
         device eth9 hardware\n",
    )
    .unwrap();
    let path = |port: &str| {
        let file = facts.to_str().unwrap();
        let mut ovs = sandbox.ovs(&["path", port, "--host-facts", file, "--columns", COLUMNS]);
        let output = ovs.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let code = output.status.code().unwrap();
        (code, text(output.stdout), text(output.stderr))
    };
    let whole = path("qvobeeb2c54-aa");
    assert_eq!((whole.0, whole.2.as_str()), (0, ""));
    for device in ["tapbeeb2c54-aa", "qbrbeeb2c54-aa", "qvbbeeb2c54-aa"] {
        assert_eq!(path(device), whole, "{device}");
    }
    let guest = path("tap474ece45-69");
    assert_eq!(path("eth0"), guest);
    // A device that is not among the legs is said to be behind the port.
    let (code, legs, said) = path("beyond");
    assert_eq!((code, legs), (0, whole.1));
    assert_eq!(said, "beyond is behind qvobeeb2c54-aa\n");
    assert_eq!(
        path("both"),
        (
            2,
            String::new(),
            "ovs: device \"both\" is behind several ports: \"qvo6b5e4978-e2\" on \"br-int\", \
             \"tap42a1d679-f0\" on \"br-int\"\n\
             hint: name one of them: `ovs path qvo6b5e4978-e2`\n"
                .to_owned()
        )
    );
    let (code, _, said) = path("eth9");
    assert_eq!(code, 3);
    assert!(
        said.starts_with("ovs: device \"eth9\" is joined to no port of the switch\n"),
        "{said}"
    );
    let (code, _, said) = path("tapbeeb2c54");
    assert_eq!(code, 3);
    assert!(
        said.starts_with("ovs: port \"tapbeeb2c54\" not found"),
        "{said}"
    );
}

/// Makes a device of each kind that the next test needs: not every kernel has them all.
const EACH_KIND: &str = "ip link add name a type veth && ip link add name b type bridge && \
    ip tuntap add c mode tap && mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && \
    ip netns add d";

/// Devices that ip(8) made, in a network namespace of the test's own. Needs the rights to make one.
#[test]
fn the_kernels_own_devices() {
    let may = Command::new("unshare")
        .args(["-nm", "sh", "-c", EACH_KIND])
        .output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this user or kernel makes no network devices");
        return;
    }
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&[
        "add-br", "br0", "--", "add-port", "br0", "qvo1", "--", "add-port", "br0", "far", "--",
        "add-port", "br0", "tap2", "--", "add-port", "br0", "gone",
    ]);
    // A switch that has no dummies is the host's.
    sandbox.kill_vswitchd();
    sandbox.vsctl(&["--no-wait", "clear", "Open_vSwitch", ".", "iface_types"]);
    let script = "\
        mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && ip netns add guest && \
        ip link add name qvo1 type veth peer name qvb1 && ip link add name qbr1 type bridge && \
        ip link set qvb1 master qbr1 && ip tuntap add tap1 mode tap && ip link set tap1 master qbr1 && \
        ip tuntap add tap2 mode tap && ip link add name far type veth peer name eth0 netns guest && \
        for port in qvo1 far tap2 gone tap1 qbr1 qvb1 eth0; do \
        \"$0\" path $port --columns kind,from,to,at; done";
    let output = Command::new("unshare")
        .args(["-nm", "sh", "-c", script])
        .arg(common::binary())
        .env("OVS_RUNDIR", sandbox.run_dir())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let host: Vec<&str> = said
        .lines()
        .filter(|line| !line.starts_with("port\t") && !line.starts_with("end\t"))
        .collect();
    assert_eq!(
        host,
        [
            "tap\ttap1\tqbr1\t-",
            "member\tqbr1\tqvb1\t-",
            "veth\tqvb1\tqvo1\t-",
            "veth\teth0\tfar\tguest",
            "tap\t-\ttap2\t-",
            "unseen\t-\tgone\t-",
            // From what is behind qvo1 and far.
            "tap\ttap1\tqbr1\t-",
            "member\tqbr1\tqvb1\t-",
            "veth\tqvb1\tqvo1\t-",
            "tap\ttap1\tqbr1\t-",
            "member\tqbr1\tqvb1\t-",
            "veth\tqvb1\tqvo1\t-",
            "tap\ttap1\tqbr1\t-",
            "member\tqbr1\tqvb1\t-",
            "veth\tqvb1\tqvo1\t-",
            "veth\teth0\tfar\tguest",
        ],
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
