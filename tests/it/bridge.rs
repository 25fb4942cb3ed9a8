//! `ovs bridge`: list, show, exists.

use ovs::sandbox::Neutron;
use serde_json::{Value, json};

use crate::common::{self, Sandbox, host};

#[test]
fn a_line_per_bridge() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        let ports = host::ports(neutron);
        let expected: String = host::bridges(neutron)
            .iter()
            .map(|bridge| {
                let on_it = ports.iter().filter(|port| port.bridge == bridge.name);
                [
                    &bridge.name,
                    &on_it.count().to_string(),
                    &bridge.fail_mode,
                    "system",
                    &format!("0000{}", bridge.hwaddr.replace(':', "")),
                    "-",
                    &bridge.controller,
                    "false",
                    "-",
                    "-",
                ]
                .join("\t")
                    + "\n"
            })
            .collect();
        let said = sandbox.ovs_stdout(&["bridge", "list"]);
        assert!(said == expected, "{}", common::diff(&expected, &said));
        // The same names as the real tool has.
        assert_eq!(
            sandbox.ovs_stdout(&["bridge", "list", "-g", "bridge"]),
            sandbox.vsctl(&["list-br"])
        );
        let json = sandbox.ovs_stdout(&["bridge", "list", "--json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json[0]["bridge"], "br-ens37");
        assert_eq!(json[0]["ports"], 3);
        assert_eq!(json[0]["protocols"], json!([]));
        assert_eq!(json[0]["connected"], false);
    }
}

#[test]
fn show_says_what_the_local_port_is_for() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let said = sandbox.ovs_stdout(&["bridge", "show", "br-int", "-o", "table"]);
    common::golden("bridge/show.table", &said);
    assert!(said.contains("LOCAL (65534)"), "{said}");
    assert!(said.lines().all(|line| line.len() <= 80), "{said}");
    let json = sandbox.ovs_stdout(&["bridge", "show", "br-int", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["bridge"], "br-int");
    assert_eq!(json["other_config"], json!({"hwaddr": "06:a6:5d:a0:41:4f"}));
    assert_eq!(
        sandbox.ovs_stdout(&["bridge", "show", "br-int", "-g", "fail_mode"]),
        "secure\n"
    );
    sandbox.ovs(&["bridge", "show", "brint"]).assert().code(3);
}

#[test]
fn exists_is_silent() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    for (bridge, code) in [("br-int", 0), ("br-in", 3), ("qvobeeb2c54-aa", 3)] {
        sandbox
            .ovs(&["bridge", "exists", bridge])
            .assert()
            .code(code)
            .stdout("")
            .stderr("");
    }
    sandbox.kill_ovsdb();
    // Not knowing is not the same as not existing.
    sandbox
        .ovs(&["bridge", "exists", "br-int"])
        .assert()
        .code(4);
}

#[test]
fn no_bridges() {
    let sandbox = Sandbox::empty();
    assert_eq!(sandbox.ovs_stdout(&["bridge", "list"]), "");
    assert_eq!(sandbox.ovs_stdout(&["bridge", "list", "--json"]), "[]\n");
    sandbox
        .ovs(&["bridge", "list", "-o", "table"])
        .assert()
        .success()
        .stdout("")
        .stderr("no bridges\n");
}
