//! `ovs fdb`: MAC tables against the text of the real daemons, and where an address is.

use ovs::sandbox::Neutron;
use ovs::unixctl::fdb::{MacCounters, MacTable};
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::server::until;

/// What ovs-vswitchd of both versions said, as `fixtures/golden/make_unixctl` has it.
#[test]
fn tables_of_both_versions() {
    for (table, counters) in [
        (
            include_str!("../../fixtures/golden/unixctl/fdb-show-3.1.txt"),
            include_str!("../../fixtures/golden/unixctl/fdb-stats-show-3.1.txt"),
        ),
        (
            include_str!("../../fixtures/golden/unixctl/fdb-show-3.5.txt"),
            include_str!("../../fixtures/golden/unixctl/fdb-stats-show-3.5.txt"),
        ),
    ] {
        let table = MacTable::from_text(table);
        // Of a bond, here of e1 and e2, the daemon names any member.
        let port = |number: u16| if number == 2 { 1 } else { number };
        let entries: Vec<_> = table
            .entries
            .iter()
            .map(|entry| {
                (
                    entry.mac.as_str(),
                    entry.vlan,
                    port(entry.port),
                    entry.age.is_none(),
                )
            })
            .collect();
        let expected = [
            ("50:54:00:00:00:07", 0, 1, false),
            ("50:54:00:00:00:08", 0, 1, false),
            ("50:54:00:00:00:09", 66, 8, false),
            ("50:54:00:00:00:0a", 4095, 8, true),
            ("50:54:00:00:00:0b", 0, 0xfffe, true),
        ];
        assert_eq!(entries, expected);
        assert!(table.unknown.is_empty());
        let counters = MacCounters::from_text(counters);
        let expected = MacCounters {
            entries: 5,
            limit: 8192,
            learned: 3,
            evicted: 0,
            moved: 0,
        };
        assert_eq!(counters, expected);
    }
}

fn switch() -> Sandbox {
    let port = |name: &str, number: u8| {
        format!("add-port br0 {name} -- set Interface {name} type=dummy ofport_request={number}")
    };
    let ports = [port("p1", 1), port("p2", 2)].join(" -- ");
    let bond = "add-bond br0 bond0 e3 e4 -- set Interface e3 type=dummy ofport_request=3 \
                -- set Interface e4 type=dummy ofport_request=4";
    let sandbox = Sandbox::with(&format!("add-br br0 -- {ports} -- {bond} -- add-br br1"));
    learn(&sandbox, "p1", 1, "02:00:00:00:00:01", None);
    learn(&sandbox, "p2", 2, "02:00:00:00:00:02", Some(66));
    // Only of the active member.
    until("the bond learns", || {
        learn(&sandbox, "e3", 3, "02:00:00:00:00:03", None);
        learn(&sandbox, "e4", 4, "02:00:00:00:00:03", None);
        sandbox.appctl(&["fdb/show", "br0"]).contains(":03")
    });
    sandbox.appctl(&["fdb/add", "br0", "br0", "7", "02:00:00:00:00:04"]);
    sandbox
}

/// A packet from this address arrives.
fn learn(sandbox: &Sandbox, port: &str, number: u8, mac: &str, vlan: Option<u16>) {
    let ethernet = match vlan {
        None => "eth_type(0x1234)".to_owned(),
        Some(vid) => format!("eth_type(0x8100),vlan(vid={vid},pcp=0),encap(eth_type(0x1234))"),
    };
    let packet = format!("in_port({number}),eth(src={mac},dst=02:ff:00:00:00:00),{ethernet}");
    sandbox.appctl(&["netdev-dummy/receive", port, &packet]);
}

/// The rows of the real `fdb/show`: port, VLAN, address, static or not.
fn real(sandbox: &Sandbox, bridge: &str) -> Vec<(String, u64, String, bool)> {
    let text = sandbox.appctl(&["fdb/show", bridge]);
    let rows = text.lines().skip(1).map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let port = words[0].replace("LOCAL", "65534");
        (
            port,
            words[1].parse().unwrap(),
            words[2].to_owned(),
            words[3] == "static",
        )
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

fn ours(list: &Value) -> Vec<(String, u64, String, bool)> {
    let rows = list.as_array().unwrap().iter().map(|row| {
        let is_static = row["kind"] == "static";
        assert_eq!(row["age"].is_null(), is_static, "{row}");
        (
            row["ofport"].to_string(),
            row["vlan"].as_u64().unwrap(),
            row["mac"].as_str().unwrap().to_owned(),
            is_static,
        )
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort();
    rows
}

#[test]
fn the_list_is_that_of_the_daemon_with_names() {
    let sandbox = switch();
    let list = ovs!(sandbox, "fdb list br0").json();
    assert_eq!(ours(&list), real(&sandbox, "br0"));
    assert_eq!(list.as_array().unwrap().len(), 4);
    let of = |mac: &str| {
        let rows = list.as_array().unwrap();
        rows.iter().find(|row| row["mac"] == mac).unwrap().clone()
    };
    assert_eq!(of("02:00:00:00:00:01")["port"], "p1");
    assert_eq!(of("02:00:00:00:00:02")["vlan"], 66);
    // Of a bond the daemon names any member.
    let bond = of("02:00:00:00:00:03");
    assert_eq!(bond["port"], "bond0");
    assert!(
        [json!("e3"), json!("e4")].contains(&bond["interface"]),
        "{bond}"
    );
    assert_eq!(of("02:00:00:00:00:04")["port"], "br0");

    let macs = |line: &str| ovs!(sandbox, "fdb list {line} -g mac").out();
    assert_eq!(macs("--vlan 66"), "02:00:00:00:00:02\n");
    assert_eq!(macs("br0 --port p1"), "02:00:00:00:00:01\n");
    assert_eq!(macs("--port bond0"), "02:00:00:00:00:03\n");
    assert_eq!(macs("br0 --port LOCAL"), "02:00:00:00:00:04\n");
    assert_eq!(macs("br0 --port 2"), "02:00:00:00:00:02\n");
    assert_eq!(macs("--port br0/2"), "02:00:00:00:00:02\n");
    assert_eq!(macs("br0 --port 2 --vlan 0"), "");
    // The same as `ovs trace` says.
    for (line, code, words) in [
        ("--port 2", 2, "of which bridge?"),
        ("br1 --port p1", 3, "port \"p1\" is not on br1, but on br0"),
        ("br1 --port br0/2", 3, "is not on br1, but on br0"),
    ] {
        ovs!(sandbox, "fdb list {line}").fails(code, words);
    }
    assert_eq!(macs("br1"), "");
    ovs!(sandbox, "fdb list --port p9").fails(3, "port \"p9\" not found");
    ovs!(sandbox, "fdb list br9").fails(3, "bridge \"br9\" not found");
    // A VLAN bridge has the addresses of its VLAN.
    vsctl!(sandbox, "add-br br66 br0 66");
    assert_eq!(macs("br66"), "02:00:00:00:00:02\n");
}

#[test]
fn a_bridge_that_the_daemon_does_not_have() {
    let sandbox = Sandbox::with("add-br br0");
    vsctl!(
        sandbox,
        "--no-wait add-br br1 -- set Bridge br1 datapath_type=bogus"
    );
    vsctl!(sandbox, "set Open_vSwitch . external_ids:seen=yes");
    ovs!(sandbox, "fdb list br1").fails(4, "ovs-vswitchd does not serve it");
    ovs!(sandbox, "fdb list")
        .ok()
        .says("the MAC addresses of \"br1\" are not known: no such bridge");
}

/// The instance's address is configured at its port, and learned there and at the patch ports on the way out.
#[test]
fn the_port_with_the_device_is_first() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let mac = "fa:16:3e:00:00:77";
    let find = |line: &str| {
        let rows = ovs!(sandbox, "fdb find {line}").json();
        let row = |row: &Value| {
            let port = row["port"].as_str().unwrap().to_owned();
            (port, row["vlan"].clone(), row["found"].to_string())
        };
        rows.as_array().unwrap().iter().map(row).collect::<Vec<_>>()
    };
    ovs!(sandbox, "fdb find {mac}").fails(
        3,
        "fa:16:3e:00:00:77 is neither learned nor configured: searched",
    );
    sandbox.appctl(&["fdb/add", "br-ens37", "phy-br-ens37", "66", mac]);
    sandbox.appctl(&["fdb/add", "br-int", "qvobeeb2c54-aa", "1", mac]);
    let learned = r#"["static"]"#.to_owned();
    let expected = [
        ("qvobeeb2c54-aa".to_owned(), json!(1), learned.clone()),
        ("phy-br-ens37".to_owned(), json!(66), learned),
    ];
    for spelling in [mac, "FA-16-3E-00-00-77", "fa16.3e00.0077", "fa163e000077"] {
        assert_eq!(find(spelling), expected, "{spelling}");
    }
    assert_eq!(find(&format!("{mac} br-ens37")), expected[1..]);
    let patch = ovs!(sandbox, "fdb find {mac} br-ens37").json();
    assert_eq!(patch[0]["peer"], "int-br-ens37");
    let device = ovs!(sandbox, "fdb find {mac} br-int").json();
    assert_eq!(device[0]["tag"], 1);

    // Configured there, too, and at another port.
    vsctl!(
        sandbox,
        "set Interface qvobeeb2c54-aa external_ids:attached-mac=\\\"{mac}\\\""
    );
    vsctl!(
        sandbox,
        "set Interface qvo458013d8-e2 external_ids:attached_mac=\\\"{mac}\\\""
    );
    let both = r#"["static","external_ids:attached-mac"]"#.to_owned();
    let configured = r#"["external_ids:attached_mac"]"#.to_owned();
    let found = find(mac);
    assert_eq!(found[0], ("qvobeeb2c54-aa".to_owned(), json!(1), both));
    assert_eq!(
        found[1],
        ("qvo458013d8-e2".to_owned(), Value::Null, configured)
    );
    assert_eq!(found[2].0, "phy-br-ens37");
    ovs!(sandbox, "fdb find beeb2c54").fails(2, "it is no MAC address");
}

/// What the database knows is told without the daemon; what is not there is not known then.
#[test]
fn without_the_daemon() {
    let sandbox =
        Sandbox::with("add-br br0 -- set Bridge br0 other_config:hwaddr=02:00:00:00:00:aa");
    sandbox.kill_vswitchd();
    ovs!(sandbox, "fdb find 02:00:00:00:00:aa -g port")
        .exits(0)
        .says("cannot connect to ovs-vswitchd: connection refused");
    ovs!(sandbox, "fdb find 02:00:00:00:00:ab").fails(4, "connection refused");
}
