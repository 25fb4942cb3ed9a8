//! `ovs port`: names, numbers, and everything about one port.

use ovs::sandbox::Neutron;
use serde_json::{Value, json};

use crate::common::{self, Sandbox, host};

#[test]
fn a_number_beside_every_name() {
    for neutron in Neutron::ALL {
        let sandbox = Sandbox::neutron(neutron);
        let lines = |bridge: Option<&str>| -> String {
            host::ports(neutron)
                .iter()
                .filter(|port| bridge.is_none_or(|bridge| bridge == port.bridge))
                .map(|port| {
                    let mac = vsctl!(sandbox, "get Interface {} mac_in_use", port.name);
                    let ofport = port.ofport.to_string();
                    let tag = port.tag_text();
                    [
                        &port.bridge,
                        &port.name,
                        &port.name,
                        &ofport,
                        &port.kind,
                        &tag,
                        "-",
                        mac.trim().trim_matches('"'),
                        "up",
                    ]
                    .join("\t")
                        + "\n"
                })
                .collect()
        };
        let (expected, said) = (lines(None), ovs!(sandbox, "port list").out());
        assert!(said == expected, "{}", common::diff(&expected, &said));
        let (expected, said) = (
            lines(Some("br-tun")),
            ovs!(sandbox, "port list br-tun").out(),
        );
        assert!(said == expected, "{}", common::diff(&expected, &said));
    }
}

#[test]
fn names_alone_are_the_same_as_with_the_rest() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let ports = host::ports(Neutron::Notes);
    let names: String = ports.iter().map(|port| port.name.clone() + "\n").collect();
    ovs!(sandbox, "port list -g port").prints(&names);
    let json = ovs!(sandbox, "port list --json").out();
    let all: Value = serde_json::from_str(&json).unwrap();
    let shown: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|port| port["port"].as_str().unwrap())
        .collect();
    assert_eq!(shown, names.lines().collect::<Vec<_>>());
    let lines = ovs!(sandbox, "port list --output jsonl").out();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(json!(lines), all);
}

#[test]
fn name_to_number_and_back() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for port in host::ports(Neutron::Notes) {
        let pair = format!("{0}\t{1}\t{0}\n", port.name, port.ofport);
        for word in [&port.name, &port.ofport.to_string()] {
            ovs!(sandbox, "port resolve {} {word}", port.bridge).prints(&pair);
        }
    }
    ovs!(sandbox, "port resolve br-int 15 LOCAL patch-tun -g ofport").prints("15\n65534\n2\n");
}

#[test]
fn what_is_not_found_does_not_hide_what_is() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    ovs!(sandbox, "port resolve br-int qvoX 15 99 ens37")
        .exits(3)
        .prints("int-br-ens37\t15\tint-br-ens37\n")
        .says_only(
            "ovs: port \"qvoX\" not found on br-int (did you mean \"qvo0d3ade5c-72\"?)\n\
             hint: `ovs port list br-int` lists its ports\n\
             ovs: port \"99\" not found on br-int\n\
             ovs: port \"ens37\" is not on br-int, but on br-ens37\n",
        );
    ovs!(sandbox, "port resolve br-nit 15").exits(3).says_only(
        "ovs: bridge \"br-nit\" not found (did you mean \"br-int\"?)\n\
             hint: `ovs bridge list` lists the bridges\n",
    );
}

#[test]
fn everything_about_a_port() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let mac = "fa:16:3e:0a:0b:0c";
    vsctl!(
        sandbox,
        "set Interface qvobeeb2c54-aa external_ids:iface-id=beeb2c54-aa00 \
         'external_ids:attached-mac=\"{mac}\"' 'external_ids:vm-uuid=\"a b=c\"' -- set Port \
         qvobeeb2c54-aa other_config:segmentation_id=66"
    );
    let show = |port: &str| -> Value { ovs!(sandbox, "port show {port}").json() };
    let port = show("qvobeeb2c54-aa");
    for (key, value) in [
        ("bridge", json!("br-int")),
        ("port", json!("qvobeeb2c54-aa")),
        ("ofport", json!(20)),
        ("type", json!("system")),
        ("tag", json!(1)),
        ("trunks", json!([])),
        ("vlan_mode", json!("access")),
        ("vlan", json!("VLAN 1, untagged")),
        ("mtu", json!(1500)),
        ("link_state", json!("up")),
        ("error", json!(null)),
        ("peer", json!(null)),
        (
            "external_ids",
            json!({"iface-id": "beeb2c54-aa00", "attached-mac": mac, "vm-uuid": "a b=c"}),
        ),
        ("other_config", json!({"segmentation_id": "66"})),
        ("interfaces", json!(null)),
    ] {
        assert_eq!(port[key], value, "{key}");
    }
    assert_eq!(show("br-int/20"), port);
    assert_eq!(show("br-int/qvobeeb2c54-aa"), port);

    let patch = show("int-br-ens37");
    assert_eq!(patch["peer"], "phy-br-ens37");
    assert_eq!(patch["peer_bridge"], "br-ens37");
    assert_eq!(patch["peer_ofport"], 2);
    let tunnel = show("vxlan-0a000048");
    assert_eq!(tunnel["remote_ip"], "10.0.0.72");

    let table = ovs!(sandbox, "port show qvobeeb2c54-aa -o table").out();
    let mac_in_use = vsctl!(sandbox, "get Interface qvobeeb2c54-aa mac_in_use");
    common::golden(
        "port/show.table",
        &table.replace(mac_in_use.trim().trim_matches('"'), "MAC"),
    );
    ovs!(
        sandbox,
        "port show qvobeeb2c54-aa --columns ofport,external_ids"
    )
    .prints(format!(
        "20\tattached-mac={mac},iface-id=beeb2c54-aa00,vm-uuid=\"a b=c\"\n"
    ));
}

/// Of what is not shown nothing is read: what is shown must not change by it.
#[test]
fn a_column_alone_is_what_the_whole_record_has() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    vsctl!(
        sandbox,
        "add-bond br-int bond0 eth1 eth2 tag=5 lacp=active -- set Port bond0 external_ids:a=b \
         other_config:c=d"
    );
    // The switch takes some seconds to find that there is no LACP partner.
    vsctl!(
        sandbox,
        "wait-until Interface eth1 lacp_current=false -- wait-until Interface eth2 lacp_current=false"
    );
    let record =
        |port: &str, of: &[&str]| -> Value { ovs!(sandbox, "port show {port}").args(of).json() };
    for port in [
        "qvobeeb2c54-aa",
        "br-int/LOCAL",
        "int-br-ens37",
        "vxlan-0a000048",
        "bond0",
    ] {
        let whole = record(port, &[]);
        let columns = whole.as_object().unwrap();
        assert!(columns.len() > 20, "{whole}");
        for (column, value) in columns {
            let alone = record(port, &["--columns", column]);
            assert_eq!(alone, json!({ column: value }), "{port}");
        }
    }
}

#[test]
fn ports_that_are_not_there() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    for (port, code, said) in [
        (
            "qvobeeb2c54",
            3,
            "ovs: port \"qvobeeb2c54\" not found (did you mean \"qvobeeb2c54-aa\"?)\n",
        ),
        ("br-int/99", 3, "ovs: port \"99\" not found on br-int\n"),
        ("15", 2, "ovs: port 15 of which bridge?"),
        (
            "br-tun/qvobeeb2c54-aa",
            3,
            "is not on br-tun, but on br-int",
        ),
    ] {
        let assert = ovs!(sandbox, "port show {port}").exits(code).prints("");
        let stderr = assert.stderr;
        assert!(stderr.contains(said), "{port}: {stderr}");
    }
}

#[test]
fn a_bond_has_a_line_per_interface() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-bond br0 bond0 eth1 eth2 tag=5 bond_mode=active-backup -- set \
         Interface eth1 ofport_request=7 -- set Interface eth2 ofport_request=8",
    );
    ovs!(sandbox, "port list --columns port,interface,ofport,tag")
        .prints("bond0\teth1\t7\t5\nbond0\teth2\t8\t5\nbr0\tbr0\t65534\t-\n");
    ovs!(sandbox, "port resolve br0 eth2 7 bond0")
        .prints("eth2\t8\tbond0\neth1\t7\tbond0\neth1\t7\tbond0\neth2\t8\tbond0\n");
    let json = ovs!(sandbox, "port show br0/8 --json").out();
    let bond: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(bond["port"], "bond0");
    assert_eq!(bond["bond_mode"], "active-backup");
    assert_eq!(bond["ofport"], json!(null));
    assert_eq!(bond["interfaces"][1]["interface"], "eth2");
    assert_eq!(bond["interfaces"][1]["ofport"], 8);
    ovs!(sandbox, "show -o table")
        .ok()
        .shows("\n      7  eth1 (bond0)  system    tag 5  active-backup\n");
}

#[test]
fn a_port_that_the_switch_could_not_open() {
    let sandbox = Sandbox::empty();
    // A tunnel that names no remote end.
    vsctl!(
        sandbox,
        "add-br br0 -- add-port br0 bad -- set Interface bad type=vxlan"
    );
    let error = vsctl!(sandbox, "get Interface bad error");
    let error = error.trim().trim_matches('"');
    assert!(error.contains("bad"), "{error}");
    ovs!(sandbox, "port list br0 --columns port,ofport,error")
        .prints(format!("br0\t65534\t-\nbad\t-\t{error}\n"));
    let tree = ovs!(sandbox, "show -o table").out();
    assert!(
        tree.ends_with(&format!(
            "      -  bad  vxlan     -> ?\n         error: {error}\n"
        )),
        "{tree}"
    );
}

#[test]
fn names_of_every_kind() {
    let sandbox = Sandbox::empty();
    let long = "a-name-of-sixty-characters-which-openflow-cuts-at-fifteen-xx";
    assert_eq!(long.len(), 60);
    let names = [
        "eth0.100",
        "with space",
        "ünïcödé-漢字",
        "7",
        "-dash",
        "a\\b",
        long,
    ];
    vsctl!(sandbox, "add-br br0 -- set bridge br0 datapath_type=dummy");
    for (at, name) in names.iter().enumerate() {
        let name = quote(name);
        // Patch ports take any name: no device is made of them.
        vsctl!(
            sandbox,
            "-- --id=@i create Interface 'name={name}' type=patch options:peer=nowhere \
             ofport_request={} -- --id=@p create Port 'name={name}' interfaces=@i \
             -- add bridge br0 ports @p",
            at + 1
        );
    }
    let shown = ovs!(sandbox, "port list -g port").out();
    let mut shown: Vec<&str> = shown.lines().collect();
    shown.sort_unstable();
    let mut expected = names.to_vec();
    expected.push("br0");
    expected.sort_unstable();
    assert_eq!(shown, expected);
    for name in names {
        // A number names a port by number; in double quotes it is a name.
        let word = if name == "7" { "\"7\"" } else { name };
        ovs!(sandbox, "port show -g port --")
            .arg(word)
            .prints(format!("{name}\n"));
    }
    ovs!(sandbox, "port list br0 --columns port")
        .ok()
        .shows("a\\\\b\n");
}

/// As a string of ovs-vsctl(8).
fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\"))
}

#[test]
fn names_that_would_act_on_a_terminal() {
    let sandbox = Sandbox::with(
        "add-br br0 -- set Interface br0 \
         'external_ids:evil=\"\\u001b[31mred\\u202e\\ttab\\nline\"'",
    );
    for output in ["table", "text", "json", "jsonl"] {
        let said = ovs!(sandbox, "port show br0 -o {output}").out();
        assert!(said.contains("evil"), "{said}");
        let acts = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
        assert!(!said.contains(acts), "{output}: {said:?}");
        assert!(!said.contains("\ttab"), "{output}: {said:?}");
        assert!(!said.contains("\nline"), "{output}: {said:?}");
    }
    let raw = ovs!(sandbox, "port show br0 -g external_ids").out();
    assert_eq!(raw.lines().count(), 1, "{raw:?}");
}

#[test]
fn a_column_alone_is_what_it_is_among_others() {
    const COLUMNS: &str = "bridge,port,interface,ofport,type,tag,trunks,mac,state,link_state,vlan_mode,mtu,\
        admin_state,error,peer,peer_bridge,remote_ip,local_ip,key,options,external_ids";
    let sandbox = Sandbox::neutron(Neutron::Node);
    vsctl!(
        sandbox,
        "add-port br-tun bad -- set Interface bad type=gre -- set Port ens37 trunks=3,5 \
         vlan_mode=native-tagged tag=9 -- set Interface ens37 external_ids:iface-id=x"
    );
    let all = ovs!(sandbox, "port list --columns {COLUMNS}").out();
    for (at, column) in COLUMNS.split(',').enumerate() {
        let among: String = all
            .lines()
            .flat_map(|line| [line.split('\t').nth(at).unwrap(), "\n"])
            .collect();
        assert!(
            among.lines().any(|cell| cell != "-"),
            "{column} is never there"
        );
        let alone = ovs!(sandbox, "port list --columns {column}").out();
        assert!(alone == among, "{column}: {}", common::diff(&among, &alone));
    }
}
