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
        ovs!(sandbox, "tag list").prints(&expected);
        ovs!(sandbox, "tag list br-int").prints(&expected);
        let of_one = expected
            .lines()
            .find(|line| line.contains("\t1\t"))
            .unwrap();
        ovs!(sandbox, "tag list --tag 1").prints(format!("{of_one}\n"));
        ovs!(sandbox, "tag list --tag 4000").prints("");
        ovs!(sandbox, "tag list br-tun").prints("");
    }
}

#[test]
fn tables_break_between_names() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let table = ovs!(sandbox, "tag list -o table")
        .env("COLUMNS", "60")
        .out();
    common::golden("tag/list-60.table", &table);
    assert!(table.lines().all(|line| line.len() <= 60), "{table}");
    common::golden("tag/list.json", &ovs!(sandbox, "tag list --json").out());
}

#[test]
fn show_says_what_happens_to_frames() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    vsctl!(
        sandbox,
        "set Port patch-tun trunks=10,20 -- set Port ens37 tag=7 vlan_mode=native-untagged"
    );
    for (port, tag, trunks, mode) in [
        ("qvobeeb2c54-aa", "1", "-", "access"),
        ("int-br-ens37", "-", "-", "trunk"),
        ("patch-tun", "-", "10,20", "trunk"),
        ("ens37", "7", "-", "native-untagged"),
    ] {
        ovs!(
            sandbox,
            "tag show {port} --columns port,tag,trunks,vlan_mode"
        )
        .prints(format!("{port}\t{tag}\t{trunks}\t{mode}\n"));
    }
    ovs!(sandbox, "tag show patch-tun -g vlan").prints("VLANs 10,20, tagged\n");
    ovs!(sandbox, "tag show qvobeeb2c54").exits(3).says_only(
        "ovs: port \"qvobeeb2c54\" not found (did you mean \"qvobeeb2c54-aa\"?)\n\
             hint: `ovs port list` lists the ports\n",
    );
}
