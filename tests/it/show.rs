//! `ovs show`: what it shows is what the host's description says, in all its outputs.

use ovs::sandbox::Neutron;
use serde_json::{Value, json};

use crate::common::host::{self, Port};
use crate::common::{self, Sandbox};

/// The line of a port in a pipe, by the host's description; dummy devices are all up.
fn line(ports: &[Port], port: &Port) -> String {
    let option = |key| port.option(key).unwrap_or("-").to_owned();
    let peer = option("peer");
    let peer_bridge = ports
        .iter()
        .find(|other| other.name == peer)
        .map_or("-", |other| &other.bridge);
    let key = match port.kind.as_str() {
        "vxlan" => "flow",
        _ => "-",
    };
    [
        &port.bridge,
        &port.name,
        &port.name,
        &port.ofport.to_string(),
        &port.kind,
        &port.tag_text(),
        "-",
        &peer,
        peer_bridge,
        &option("remote_ip"),
        &option("local_ip"),
        key,
        "up",
        "-",
    ]
    .join("\t")
        + "\n"
}

#[test]
fn a_line_per_port_in_a_pipe() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        let ports = host::ports(neutron);
        let expected: String = ports.iter().map(|port| line(&ports, port)).collect();
        let said = ovs!(sandbox, "show").out();
        assert!(said == expected, "{}", common::diff(&expected, &said));

        let of_one: String = ports
            .iter()
            .filter(|port| port.bridge == "br-tun")
            .map(|port| line(&ports, port))
            .collect();
        let said = ovs!(sandbox, "show br-tun").out();
        assert!(said == of_one, "{}", common::diff(&of_one, &said));
    }
}

#[test]
fn trees() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        let tree = ovs!(sandbox, "show --output table").out();
        // The version is that of the machine; nobody listens at the controller's port, and whether
        // ovs-vswitchd has noticed depends on when one asks.
        let version = vsctl!(sandbox, "get Open_vSwitch . ovs_version");
        let tree = tree
            .replace(version.trim().trim_matches('"'), "VERSION")
            .replace("  Connection refused\n", "\n");
        common::golden(&format!("show/{}.tree", neutron.name()), &tree);
    }
}

#[test]
fn everything_in_json() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        let topology: Value = ovs!(sandbox, "show").json();
        assert_eq!(topology["managers"], json!([]));
        assert_eq!(
            topology["ovs_version"].as_str().unwrap(),
            vsctl!(sandbox, "get Open_vSwitch . ovs_version")
                .trim()
                .trim_matches('"')
        );
        let bridges = host::bridges(neutron);
        let shown = topology["bridges"].as_array().unwrap();
        assert_eq!(shown.len(), bridges.len());
        for (bridge, shown) in bridges.iter().zip(shown) {
            assert_eq!(shown["name"], bridge.name);
            assert_eq!(shown["fail_mode"], bridge.fail_mode);
            assert_eq!(
                shown["datapath_id"],
                format!("0000{}", bridge.hwaddr.replace(':', ""))
            );
            assert_eq!(shown["controllers"][0]["target"], bridge.controller);
            assert_eq!(shown["controllers"][0]["is_connected"], false);
        }
        for port in host::ports(neutron) {
            let bridge = shown
                .iter()
                .find(|shown| shown["name"] == port.bridge)
                .unwrap();
            let ports = bridge["ports"].as_array().unwrap();
            let shown = ports
                .iter()
                .find(|shown| shown["name"] == port.name)
                .unwrap();
            assert_eq!(shown["tag"], json!(port.tag), "{}", port.name);
            let interface = &shown["interfaces"][0];
            assert_eq!(interface["ofport"], port.ofport, "{}", port.name);
            assert_eq!(interface["type"], port.kind, "{}", port.name);
            for (key, value) in &port.options {
                assert_eq!(interface["options"][key], *value, "{}", port.name);
            }
        }
    }
}

#[test]
fn named_columns_make_lines_of_it() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    ovs!(sandbox, "show br-ens37 --columns ofport,port")
        .prints("1\tens37\n2\tphy-br-ens37\n65534\tbr-ens37\n");
    ovs!(sandbox, "show br-ens37 -g peer").prints("\nint-br-ens37\n\n");
    ovs!(sandbox, "show br-ens37 --json --columns port,tag").prints(
        "[\n{\"port\":\"ens37\",\"tag\":null},\n{\"port\":\"phy-br-ens37\",\"tag\":null},\n\
         {\"port\":\"br-ens37\",\"tag\":null}\n]\n",
    );
}

#[test]
fn an_empty_switch() {
    let sandbox = Sandbox::empty();
    ovs!(sandbox, "show").prints("");
    let tree = ovs!(sandbox, "show --output table").out();
    let version = vsctl!(sandbox, "get Open_vSwitch . ovs_version");
    let version = version.trim().trim_matches('"');
    assert!(
        tree.starts_with(&format!("Open vSwitch {version}  ")),
        "{tree}"
    );
    let topology: Value = ovs!(sandbox, "show").json();
    assert_eq!(topology["bridges"], json!([]));
    ovs!(sandbox, "show --output jsonl").prints("");
}

#[test]
fn a_long_name_shifts_its_own_line_only() {
    let sandbox = Sandbox::empty();
    let long = "a-name-of-sixty-characters-which-openflow-cuts-at-fifteen-xx";
    vsctl!(
        sandbox,
        "add-br br0 -- add-port br0 p1 -- set Interface p1 ofport_request=1 -- add-port br0 \
         {long} -- set Interface {long} type=patch options:peer=p2 ofport_request=2 -- \
         add-port br0 p2 -- set Interface p2 type=patch ofport_request=3 options:peer={long}"
    );
    let tree = ovs!(sandbox, "show -o table").env("COLUMNS", "80").out();
    let (_, ports) = tree.split_once("\n\n").unwrap();
    let ports: Vec<&str> = ports.lines().skip(1).collect();
    assert_eq!(ports[0], format!("      1  {:24}  system", "p1"));
    assert_eq!(ports[1], format!("      2  {long}  patch"));
    assert_eq!(ports[2], "         -> p2 (br0)");
    assert_eq!(ports[3], format!("      3  {:24}  patch", "p2"));
    // Nothing to break at: the terminal has to.
    assert_eq!(ports[4], format!("         -> {long} (br0)"));
}

#[test]
fn unknown_bridge() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let said = ovs!(sandbox, "show br-itn").exits(3).prints("");
    let stderr = said.stderr;
    assert!(
        stderr.starts_with("ovs: bridge \"br-itn\" not found (did you mean \"br-int\"?)\n"),
        "{stderr}"
    );
}

#[test]
fn the_database_is_enough() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let before = ovs!(sandbox, "show").out();
    sandbox.kill_vswitchd();
    ovs!(sandbox, "show").prints(&before);
    sandbox.kill_ovsdb();
    ovs!(sandbox, "show").exits(4).prints("");
}
