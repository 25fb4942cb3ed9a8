//! `ovs bridge`: list, show, exists.

use ovs::sandbox::Neutron;
use serde_json::json;

use crate::common::{self, Sandbox, host};

#[test]
fn a_line_per_bridge() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        let ports = host::ports(neutron);
        let expected: String = host::bridges(neutron)
            .iter()
            .map(|bridge| {
                let is_on_it =
                    |port: &&host::Port| port.bridge == bridge.name && port.name != bridge.name;
                let on_it = ports.iter().filter(is_on_it);
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
        ovs!(sandbox, "bridge list").prints(&expected);
        // The same names as the real tool has.
        ovs!(sandbox, "bridge list -g bridge").prints(vsctl!(sandbox, "list-br"));
        let json = ovs!(sandbox, "bridge list").json();
        assert_eq!(json[0]["bridge"], "br-ens37");
        // The bridge's own port is not counted, as in the real tool.
        let ports = vsctl!(sandbox, "list-ports br-ens37");
        assert_eq!(json[0]["ports"], ports.lines().count());
        assert_eq!(json[0]["protocols"], json!([]));
        assert_eq!(json[0]["connected"], false);
    }
}

#[test]
fn show_says_what_the_local_port_is_for() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let said = ovs!(sandbox, "bridge show br-int -o table").out();
    common::golden("bridge/show.table", &said);
    assert!(said.contains("LOCAL (65534)"), "{said}");
    assert!(said.lines().all(|line| line.len() <= 80), "{said}");
    let json = ovs!(sandbox, "bridge show br-int").json();
    assert_eq!(json["bridge"], "br-int");
    assert_eq!(json["other_config"], json!({"hwaddr": "06:a6:5d:a0:41:4f"}));
    ovs!(sandbox, "bridge show br-int -g fail_mode").prints("secure\n");
    ovs!(sandbox, "bridge show brint").exits(3);
}

#[test]
fn exists_is_silent() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    for (bridge, code) in [("br-int", 0), ("br-in", 3), ("qvobeeb2c54-aa", 3)] {
        ovs!(sandbox, "bridge exists {bridge}")
            .exits(code)
            .prints("")
            .says_nothing();
    }
    sandbox.kill_ovsdb();
    // Not knowing is not the same as not existing.
    ovs!(sandbox, "bridge exists br-int").exits(4);
}

#[test]
fn no_bridges() {
    let sandbox = Sandbox::empty();
    ovs!(sandbox, "bridge list").prints("");
    ovs!(sandbox, "bridge list --json").prints("[]\n");
    ovs!(sandbox, "bridge list -o table")
        .prints("")
        .says_only("no bridges\n");
}
