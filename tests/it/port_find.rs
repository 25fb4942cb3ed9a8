//! `ovs port find`: ports by what others call them.

use ovs::sandbox::Neutron;

use crate::common::Sandbox;
use crate::common::host;

const IFACE_ID: &str = "beeb2c54-aa31-4b1e-9d3c-5f6f0a1b2c3d";
const VM: &str = "7d0c5a1e-52a0-4f0e-9a43-0b1f7c1d2e3f";

/// A host whose agent wrote down what Neutron's agent does.
fn neutron() -> Sandbox {
    let sandbox = Sandbox::neutron(Neutron::Node);
    sandbox.vsctl(&[
        "set",
        "interface",
        "qvobeeb2c54-aa",
        &format!("external_ids:iface-id={IFACE_ID}"),
        "external_ids:attached-mac=\"fa:16:3e:75:d5:a4\"",
        "external_ids:iface-status=active",
        &format!("external_ids:vm-uuid={VM}"),
        "--",
        "set",
        "interface",
        "tap18a66eac-38",
        &format!("external_ids:vm-id={VM}"),
    ]);
    sandbox
}

/// Bridge, port and what it was found by.
fn found(sandbox: &Sandbox, what: &str) -> String {
    sandbox.ovs_stdout(&["port", "find", what, "--columns", "bridge,port,matched"])
}

#[test]
fn by_whatever_it_is_known() {
    let sandbox = neutron();
    let line = |by: &str| format!("br-int\tqvobeeb2c54-aa\t{by}\n");
    for (what, by) in [
        ("fa:16:3e:75:d5:a4", "external_ids:attached-mac"),
        ("FA-16-3E-75-D5-A4", "external_ids:attached-mac"),
        ("fa16.3e75.d5a4", "external_ids:attached-mac"),
        (IFACE_ID, "external_ids:iface-id"),
        (&IFACE_ID.to_uppercase(), "external_ids:iface-id"),
        ("beeb2c54-aa", "name,external_ids:iface-id"),
        ("qvobeeb2c54-aa", "name"),
        ("qvobeeb", "name"),
        ("active", "external_ids:iface-status"),
        ("10", "ofport"),
    ] {
        assert_eq!(found(&sandbox, what), line(by), "{what}");
    }
    assert_eq!(
        found(&sandbox, VM),
        "br-int\tqvobeeb2c54-aa\texternal_ids:vm-uuid\n\
         br-int\ttap18a66eac-38\texternal_ids:vm-id\n"
    );
    let mac = sandbox.vsctl(&["get", "interface", "qvo458013d8-e2", "mac_in_use"]);
    assert_eq!(
        found(&sandbox, mac.trim().trim_matches('"')),
        "br-int\tqvo458013d8-e2\tmac_in_use\n"
    );
    // Nothing is written down of this one, but the id is in the name that Neutron makes.
    assert_eq!(
        found(&sandbox, "458013d8-e234-4b1e-9d3c-5f6f0a1b2c3d"),
        "br-int\tqvo458013d8-e2\tname\n"
    );
}

#[test]
fn a_number_is_one_of_each_bridge() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for (what, ofport) in [("1", 1), ("LOCAL", 65534), ("65534", 65534)] {
        let expected: String = host::ports(Neutron::Notes)
            .iter()
            .filter(|port| port.ofport == ofport)
            .map(|port| [&port.bridge, &port.name, "ofport"].join("\t") + "\n")
            .collect();
        assert_eq!(found(&sandbox, what), expected, "{what}");
    }
}

#[test]
fn three_outputs() {
    let sandbox = neutron();
    sandbox.vsctl(&[
        "set",
        "interface",
        "qvobeeb2c54-aa",
        "mac=\"fa:16:3e:00:00:0a\"",
    ]);
    let find = |more: &[&str]| sandbox.ovs_stdout(&[&["port", "find", IFACE_ID], more].concat());
    let mac = find(&["-g", "mac"]);
    let mac = mac.trim();
    assert_eq!(
        find(&[]),
        format!(
            "br-int\tqvobeeb2c54-aa\tqvobeeb2c54-aa\t10\tsystem\t1\t{mac}\texternal_ids:iface-id\n"
        )
    );
    let table = find(&["-o", "table", "--columns", "bridge,port,ofport,tag,matched"]);
    assert_eq!(
        table,
        "BRIDGE  PORT            OFPORT  TAG  MATCHED\n\
         br-int  qvobeeb2c54-aa  10      1    external_ids:iface-id\n"
    );
    let json: serde_json::Value = serde_json::from_str(&find(&["--json"])).unwrap();
    assert_eq!(json[0]["port"], "qvobeeb2c54-aa");
    assert_eq!(json[0]["matched"][0], "external_ids:iface-id");
    assert_eq!(find(&["-g", "port"]), "qvobeeb2c54-aa\n");
}

#[test]
fn port_show_has_what_is_found() {
    let sandbox = neutron();
    let ids = sandbox.ovs_stdout(&["port", "show", "tap18a66eac-38", "-g", "external_ids"]);
    assert_eq!(ids, format!("vm-id={VM}\n"));
}

#[test]
fn nothing_is_found() {
    let sandbox = neutron();
    for what in ["999", "fa:16:3e:00:00:00", "nobody", ""] {
        sandbox
            .ovs(&["port", "find", what])
            .assert()
            .code(3)
            .stdout("")
            .stderr(format!(
                "ovs: no port is known by \"{what}\"\n\
                 hint: `ovs port list --columns port,ofport,mac,external_ids` lists what is searched\n"
            ));
    }
    sandbox
        .ovs(&["port", "find", "qvo"])
        .assert()
        .code(3)
        .stderr(predicates::str::contains(
            "hint: the beginning of a name or an id is looked for from 4 characters on",
        ));
    sandbox.ovs(&["port", "find"]).assert().code(2);
}
