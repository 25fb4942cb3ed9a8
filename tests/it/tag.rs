//! `ovs tag`: which ports carry which tag.

use std::collections::BTreeMap;

use ovs::base::order::by_name;
use ovs::sandbox::Neutron;

use crate::common::{self, Sandbox, host};

/// The tags of br-int by the host's description; the ports of each by name.
fn tags(neutron: Neutron) -> String {
    let mut tags: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for port in host::ports(neutron) {
        if let Some(tag) = port.tag {
            tags.entry(tag).or_default().push(port.name);
        }
    }
    for ports in tags.values_mut() {
        ports.sort_by(|a, b| by_name(a, b));
    }
    let lines = tags
        .iter()
        .map(|(tag, ports)| ["br-int", &tag.to_string(), &ports.join(",")].join("\t") + "\n");
    lines.collect()
}

#[test]
fn a_line_per_tag() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        let expected = tags(neutron);
        for arguments in [&["tag", "list"][..], &["tag", "list", "br-int"]] {
            let said = sandbox.ovs_stdout(arguments);
            assert!(said == expected, "{}", common::diff(&expected, &said));
        }
        let of_one = expected
            .lines()
            .find(|line| line.contains("\t1\t"))
            .unwrap();
        let said = sandbox.ovs_stdout(&["tag", "list", "--tag", "1"]);
        assert_eq!(said.trim_end(), of_one);
        assert_eq!(sandbox.ovs_stdout(&["tag", "list", "--tag", "4000"]), "");
        assert_eq!(sandbox.ovs_stdout(&["tag", "list", "br-tun"]), "");
    }
}

#[test]
fn tables_break_between_names() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let mut command = sandbox.ovs(&["tag", "list", "-o", "table"]);
    let output = command.env("COLUMNS", "60").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    common::golden("tag/list-60.table", &table);
    assert!(table.lines().all(|line| line.len() <= 60), "{table}");
    let json = sandbox.ovs_stdout(&["tag", "list", "--json"]);
    common::golden("tag/list.json", &json);
}

#[test]
fn show_says_what_happens_to_frames() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    sandbox.vsctl(&[
        "set",
        "Port",
        "patch-tun",
        "trunks=10,20",
        "--",
        "set",
        "Port",
        "ens37",
        "tag=7",
        "vlan_mode=native-untagged",
    ]);
    for (port, tag, trunks, mode) in [
        ("qvobeeb2c54-aa", "1", "-", "access"),
        ("int-br-ens37", "-", "-", "trunk"),
        ("patch-tun", "-", "10,20", "trunk"),
        ("ens37", "7", "-", "native-untagged"),
    ] {
        assert_eq!(
            sandbox.ovs_stdout(&[
                "tag",
                "show",
                port,
                "--columns",
                "port,tag,trunks,vlan_mode"
            ]),
            format!("{port}\t{tag}\t{trunks}\t{mode}\n")
        );
    }
    let said = sandbox.ovs_stdout(&["tag", "show", "patch-tun", "-g", "vlan"]);
    assert_eq!(said, "VLANs 10,20, tagged\n");
    sandbox
        .ovs(&["tag", "show", "qvobeeb2c54"])
        .assert()
        .code(3)
        .stderr(
            "ovs: port \"qvobeeb2c54\" not found (did you mean \"qvobeeb2c54-aa\"?)\n\
             hint: `ovs port list` lists the ports\n",
        );
}
