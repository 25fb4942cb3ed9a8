//! Mirrors, `QoS` with queues, what reports flows, managers and TLS: made by a batch, shown, checked. What is expected
//! is what the real `ovs-vsctl` makes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::checks::see;

const PORTS: &str = "add-br br0 -- add-port br0 eth0 tag=1 -- add-port br0 eth1 tag=1 \
                     -- add-port br0 tap0 tag=1";

/// Tables of the database, with names in place of UUIDs.
fn made(sandbox: &Sandbox) -> String {
    let mut text = String::new();
    let mut names = Vec::new();
    for (table, name, columns) in [
        ("Bridge", "name", "name,mirrors"),
        ("Port", "name", "name,tag,qos"),
        (
            "Mirror",
            "name",
            "name,select_all,select_src_port,select_dst_port,select_vlan,output_port,output_vlan",
        ),
        ("QoS", "type", "type,other_config,queues"),
        ("Queue", "other_config", "dscp,other_config"),
    ] {
        let rows = |columns: &str| {
            vsctl!(
                sandbox,
                "--format=csv --no-headings --columns={columns} list {table}"
            )
        };
        for row in rows(&format!("_uuid,{name}")).lines() {
            let (uuid, name) = row.split_once(',').unwrap();
            names.push((uuid.to_owned(), format!("<{name}>")));
        }
        let rows = rows(columns);
        let mut rows: Vec<&str> = rows.lines().collect();
        rows.sort_unstable();
        writeln!(text, "{table}\n{}", rows.join("\n")).unwrap();
    }
    for (uuid, name) in names {
        text = text.replace(&uuid, &name);
    }
    // The order of a set is that of its UUIDs.
    let mut lines: Vec<String> = text.lines().map(sorted_set).collect();
    lines.sort_unstable();
    lines.join("\n")
}

fn sorted_set(line: &str) -> String {
    let Some((before, rest)) = line.split_once("\"[") else {
        return line.to_owned();
    };
    let Some((set, after)) = rest.split_once("]\"") else {
        return line.to_owned();
    };
    let mut set: Vec<&str> = set.split(", ").collect();
    set.sort_unstable();
    format!("{before}\"[{}]\"{after}", set.join(", "))
}

/// The mirrors and the `QoS` of Open vSwitch's FAQ, by ovs-vsctl and by a batch.
#[test]
fn a_mirror_and_a_qos_are_a_batch_each() {
    for (theirs, ours) in [
        (
            "-- --id=@p get port tap0 -- --id=@m create mirror name=m0 select-all=true output-port=@p \
             -- set bridge br0 mirrors=@m",
            &[
                "db get Port tap0 --id=@p\n\
                 db create Mirror name=m0 select_all=true output_port=@p --id=@m\n\
                 db set Bridge br0 mirrors=@m\n",
                "db create Mirror name=m0 select_all=true output_port=tap0\n\
                 db add Bridge br0 mirrors m0\n",
            ][..],
        ),
        (
            "-- --id=@a get port eth0 -- --id=@b get port eth1 -- --id=@p get port tap0 \
             -- --id=@m create mirror name=m0 select-src-port=@a,@b select-dst-port=@a select-vlan=1,2 \
             output-port=@p -- set bridge br0 mirrors=@m",
            &[
                "db get Port eth0 --id=@a\ndb get Port eth1 --id=@b\n\
                 db create Mirror name=m0 select_src_port=@a,@b select_dst_port=eth0 select_vlan=1,2 \
                 output_port=tap0 --id=@m\ndb set Bridge br0 mirrors=@m\n",
                "db create Mirror name=m0 select_src_port=eth0,eth1 select_dst_port=eth0 select_vlan=1,2\n\
                 db set Mirror m0 output_port=tap0\ndb add Bridge br0 mirrors m0\n",
            ],
        ),
        (
            "-- set port eth1 qos=@newqos -- --id=@newqos create qos type=linux-htb \
             other-config:max-rate=1000000000 queues:0=@q0 queues:1=@q1 \
             -- --id=@q0 create queue other-config:min-rate=100000000 other-config:max-rate=100000000 \
             -- --id=@q1 create queue other-config:min-rate=500000000",
            &[
                "db create Queue --id=@q0 other_config:min-rate=100000000 other_config:max-rate=100000000\n\
                 db create Queue --id=@q1 other_config:min-rate=500000000\n\
                 db create QoS --id=@q type=linux-htb other_config:max-rate=1000000000 queues:0=@q0 \
                 queues:1=@q1\ndb set Port eth1 qos=@q\n",
            ],
        ),
    ] {
        let sandbox = Sandbox::with(PORTS);
        vsctl!(sandbox, "{theirs}");
        let expected = made(&sandbox);
        for batch in ours {
            let sandbox = Sandbox::with(PORTS);
            ovs!(sandbox, "batch").write_stdin(*batch).ok();
            assert_eq!(made(&sandbox), expected, "{batch}");
        }
    }
}

#[test]
fn rows_are_referred_to_by_name() {
    let sandbox = Sandbox::with(PORTS);
    let batch = "db create Mirror name=m0 select_src_port=eth0 output_port=tap0\n\
                 db add Bridge br0 mirrors m0\n";
    ovs!(sandbox, "batch").write_stdin(batch).ok();
    ovs!(sandbox, "db find Mirror output_port=tap0 --columns name").prints("m0\n");
    ovs!(sandbox, "db find Mirror output_port=eth0 --columns name").prints("");
    ovs!(sandbox, "db find Port tag=1 name=tap0 --columns name").prints("tap0\n");
    ovs!(sandbox, "-t 5 db wait Mirror m0 output_port=tap0").ok();
    let before = sandbox.database();
    for (line, code, words) in [
        (
            "set Mirror m0 output_port=tapp0",
            3,
            "record \"tapp0\" not found in table Port (did you mean \"tap0\"?)",
        ),
        ("find Mirror output_port=nope", 3, "not found in table Port"),
        (
            "remove Bridge br0 mirrors m1",
            3,
            "not found in table Mirror",
        ),
        ("get Port tap0 --id=@p", 2, "for later lines of a batch"),
        ("get Port tap0 tag --id=@p", 2, "cannot be used with"),
    ] {
        ovs!(sandbox, "db {line}").fails(code, words);
    }
    for (batch, words) in [
        ("db get Port tap0\n", "line 1: \"db get\" changes nothing"),
        (
            "db get Port tap0 --id=@p\ndb get Port eth0 --id=@p\n",
            "line 2: \"@p\" is made twice",
        ),
        (
            "db get Port tap0 --id=@p\ndb set Bridge br0 mirrors=@p\n",
            "line 2: column mirrors of table Bridge refers to table Mirror",
        ),
    ] {
        let ran = ovs!(sandbox, "batch").write_stdin(batch).run();
        assert!(
            ran.code != 0 && ran.stderr.contains(words),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(sandbox.database(), before);
    ovs!(sandbox, "batch")
        .write_stdin("db get Port tap0 --id=@p\n")
        .prints("unchanged\n");
    ovs!(sandbox, "db remove Bridge br0 mirrors m0").ok();
    assert_eq!(vsctl!(sandbox, "list Mirror"), "");
}

/// A switch with all of it.
fn full() -> Sandbox {
    let sandbox = Sandbox::with(PORTS);
    vsctl!(
        sandbox,
        "-- --id=@e get Port eth0 -- --id=@p get Port tap0 \
         -- --id=@m create Mirror name=m0 select_src_port=@e select_dst_port=@e output_port=@p \
         -- --id=@n create Mirror name=m1 select_all=true select_vlan=7 output_vlan=9 \
         -- set Bridge br0 mirrors=@m,@n \
         -- set Port eth1 qos=@q -- --id=@q create QoS type=linux-htb other_config:max-rate=1000000000 \
         queues:0=@q0 queues:5=@q5 -- --id=@q0 create Queue other_config:min-rate=1000 \
         other_config:max-rate=2000 -- --id=@q5 create Queue dscp=10 other_config:priority=3 \
         -- set Bridge br0 sflow=@s -- --id=@s create sFlow targets=\"10.0.0.1\\:6343\" sampling=64 \
         -- set Bridge br0 netflow=@f -- --id=@f create NetFlow targets=\"10.0.0.1\\:5566\" \
         -- set Bridge br0 ipfix=@i -- --id=@i create IPFIX targets=\"10.0.0.1\\:4739\""
    );
    vsctl!(sandbox, "set-ssl /keys/key.pem /keys/cert.pem /keys/ca.pem");
    sandbox
}

#[test]
fn what_mirrors_and_shapes_a_port_is_shown() {
    let sandbox = full();
    let m0 = json!({"mirror": "m0", "select_all": false, "select_src_port": ["eth0"],
        "select_dst_port": ["eth0"], "select_vlan": [], "output_port": "tap0", "output_vlan": null,
        "snaplen": null});
    let m1 = json!({"mirror": "m1", "select_all": true, "select_src_port": [], "select_dst_port": [],
        "select_vlan": [7], "output_port": null, "output_vlan": 9, "snaplen": null});
    let queues = json!([
        {"queue": 0, "min_rate": "1000", "max_rate": "2000", "dscp": null, "other_config": {}},
        {"queue": 5, "min_rate": null, "max_rate": null, "dscp": 10, "other_config": {"priority": "3"}},
    ]);
    let bridge: Value = ovs!(sandbox, "bridge show br0").json();
    assert_eq!(bridge["mirrors"], json!([m0, m1]));
    for (column, target) in [
        ("sflow", "10.0.0.1:6343"),
        ("netflow", "10.0.0.1:5566"),
        ("ipfix", "10.0.0.1:4739"),
    ] {
        assert_eq!(bridge[column], json!([target]));
    }
    let role = |mirror: &str, roles: &[&str]| {
        let whole = if mirror == "m0" { &m0 } else { &m1 };
        json!({"mirror": mirror, "roles": roles, "select_vlan": whole["select_vlan"],
            "output_port": whole["output_port"], "output_vlan": whole["output_vlan"]})
    };
    let both = ["received", "sent"];
    for (port, mirrors) in [
        ("eth0", json!([role("m0", &both), role("m1", &both)])),
        ("tap0", json!([role("m0", &["output"]), role("m1", &both)])),
        ("eth1", json!([role("m1", &both)])),
    ] {
        let shown: Value = ovs!(sandbox, "port show {port}").json();
        assert_eq!(shown["mirrors"], mirrors, "{port}");
        let alone = ovs!(sandbox, "port show {port} --columns mirrors").json();
        assert_eq!(alone["mirrors"], mirrors, "{port}");
    }
    let eth1: Value = ovs!(sandbox, "port show eth1").json();
    assert_eq!(eth1["qos"], "linux-htb");
    assert_eq!(eth1["qos_other_config"], json!({"max-rate": "1000000000"}));
    assert_eq!(eth1["queues"], queues);
    ovs!(sandbox, "port show eth1 -g qos").prints("linux-htb\n");
    ovs!(sandbox, "port show eth0 -g qos").prints("\n");
    let show: Value = ovs!(sandbox, "show").json();
    assert_eq!(show["ssl"]["certificate"], "/keys/cert.pem");
    let bridge = &show["bridges"][0];
    assert_eq!(bridge["mirrors"], json!([m0, m1]));
    assert_eq!(
        bridge["sflow"],
        json!({"targets": ["10.0.0.1:6343"], "sampling": 64})
    );
    let ports = bridge["ports"].as_array().unwrap();
    let eth1 = ports.iter().find(|port| port["name"] == "eth1").unwrap();
    assert_eq!(eth1["qos"]["queues"], queues);
    let tree = ovs!(sandbox, "show -o table").out();
    for line in [
        "  ssl  private_key /keys/key.pem  certificate /keys/cert.pem  ca_cert /keys/ca.pem",
        "  mirror m0  received eth0  sent eth0  -> tap0",
        "  mirror m1  all ports  vlan 7  -> vlan 9",
        "  sflow 10.0.0.1:6343  sampling 64",
        "  netflow 10.0.0.1:5566",
        "  ipfix 10.0.0.1:4739",
        "         queue 0  max-rate=2000  min-rate=1000",
        "         queue 5  priority=3  dscp 10",
    ] {
        assert!(tree.lines().any(|shown| shown == line), "{line}: {tree}");
    }
    assert!(
        tree.contains("tag 1  qos linux-htb max-rate=1000000000"),
        "{tree}"
    );
    // Of one bridge, too, beside others.
    vsctl!(sandbox, "add-br br1");
    let one = ovs!(sandbox, "show br0 -o table").out();
    assert_eq!(
        one,
        ovs!(sandbox, "show -o table")
            .out()
            .split("\n\nbr1")
            .next()
            .unwrap()
            .to_owned()
            + "\n"
    );
}

#[test]
fn everything_that_a_port_is_asked_to_be() {
    let sandbox = Sandbox::with(PORTS);
    vsctl!(
        sandbox,
        "set Interface tap0 ofport_request=77 mtu_request=1400 ingress_policing_rate=1000 \
         ingress_policing_burst=100 ingress_policing_kpkts_rate=5 other_config:a=b bfd:enable=true \
         bfd:min_rx=2000 cfm_mpid=3 lldp:enable=true 'mac=\"02:00:00:00:00:01\"' \
         -- set Port tap0 lacp=active other_config:lacp-time=fast -- set Bridge br0 rstp_enable=true \
         -- add-bond br0 bond0 m0 m1 -- set Port bond0 bond_updelay=100 bond_downdelay=200 \
         -- set Interface m0 options:n_rxq=2 other_config:x=y ofport_request=55"
    );
    let tap0: Value = ovs!(sandbox, "port show tap0").json();
    for (column, value) in [
        ("ofport", json!(77)),
        ("ofport_request", json!(77)),
        ("mtu", json!(1400)),
        ("mtu_request", json!(1400)),
        ("mac_request", json!("02:00:00:00:00:01")),
        (
            "ingress_policing",
            json!({"rate": 1000, "burst": 100, "kpkts_rate": 5}),
        ),
        ("other_config", json!({"lacp-time": "fast"})),
        ("interface_other_config", json!({"a": "b"})),
        ("bfd_settings", json!({"enable": "true", "min_rx": "2000"})),
        ("cfm_mpid", json!(3)),
        ("lldp", json!({"enable": "true"})),
        ("lacp", json!("active")),
        ("bond_updelay", json!(null)),
    ] {
        assert_eq!(tap0[column], value, "{column}");
    }
    assert!(tap0["rstp_status"]["rstp_port_state"].is_string(), "{tap0}");
    let bond0: Value = ovs!(sandbox, "port show bond0").json();
    assert_eq!(bond0["bond_updelay"], 100);
    assert_eq!(bond0["bond_downdelay"], 200);
    let members = bond0["interfaces"].as_array().unwrap();
    let m0 = members.iter().find(|it| it["interface"] == "m0").unwrap();
    assert_eq!(m0["options"], json!({"n_rxq": "2"}));
    assert_eq!(m0["interface_other_config"], json!({"x": "y"}));
    assert_eq!(m0["ofport_request"], 55);
    // On a terminal the columns in which a member has something.
    ovs!(sandbox, "port show bond0 -o table")
        .ok()
        .shows("n_rxq=2")
        .hides("CFM_MPID");
}

/// Named by its key a secret is shown, and nowhere else.
#[test]
fn secrets_are_masked() {
    const SECRET: &str = "swordfish";
    let sandbox = Sandbox::with("add-br br0");
    let add =
        format!("port add br0 v1 --type gre --option remote_ip=10.0.0.5 --option psk={SECRET}");
    ovs!(sandbox, "{add}").ok().shows("psk=***").hides(SECRET);
    let set = format!("port set v1 --option psk={SECRET}2");
    ovs!(sandbox, "{set} --dry-run -o table").ok().hides(SECRET);
    for line in [
        "show --json",
        "port show v1",
        "port show v1 --json",
        "port list --columns options",
        "tunnel show v1 --columns options",
        "tunnel list --columns options",
        "db list Interface v1",
        "db get Interface v1 options",
        "db find Interface name=v1 --json",
    ] {
        ovs!(sandbox, "{line}").ok().shows("***").hides(SECRET);
    }
    ovs!(sandbox, "db get Interface v1 options:psk").prints(format!("{SECRET}\n"));
}

/// The command in the hint of the only finding.
fn mend(sandbox: &Sandbox) -> String {
    let findings: Value = ovs!(sandbox, "check --json").run().json();
    let hint = findings[0]["hint"].as_str().unwrap_or_default();
    let command = hint.split('`').nth(1).unwrap_or_default();
    command.strip_prefix("ovs ").unwrap().to_owned()
}

#[test]
fn faults_are_found_and_mended() {
    let sandbox = Sandbox::with(PORTS);
    see(&sandbox, &[]);
    let qos = "-- set Port tap0 qos=@q -- --id=@q create QoS type=linux-htb queues:1=@u \
               -- --id=@u create Queue other_config:max-rate=250000000";
    vsctl!(sandbox, "{qos}");
    see(&sandbox, &[]);
    let queue = vsctl!(sandbox, "--bare --columns=_uuid list Queue");
    let queue = queue.trim();
    for (make, finding) in [
        (
            "-- --id=@p get Port eth0 -- --id=@m create Mirror name=m0 output_port=@p \
             -- set Bridge br0 mirrors=@m",
            "mirror-selects-nothing m0",
        ),
        (
            "set Mirror m0 select_src_port=[] select_dst_port=[] select_vlan=1",
            "mirror-selects-nothing m0",
        ),
        ("set QoS tap0 type=linux-htp", "qos-type tap0"),
        ("set QoS tap0 other_config:max-rate=1e9", "qos-value tap0"),
        (
            &format!("set Queue {queue} other_config:max-rate=250000000.0"),
            "qos-value tap0",
        ),
    ] {
        vsctl!(sandbox, "{make}");
        see(&sandbox, &[finding]);
        let command = mend(&sandbox).replace("_port=PORT", "_port=tap0");
        ovs!(sandbox, "{command}").ok();
        see(&sandbox, &[]);
    }
    assert_eq!(
        vsctl!(sandbox, "get Queue {queue} other_config:max-rate"),
        "\"250000000\"\n"
    );
    assert_eq!(
        vsctl!(sandbox, "get QoS tap0 other_config:max-rate"),
        "\"1000000000\"\n"
    );
    // What programs write, and the manual does not have of this table.
    vsctl!(
        sandbox,
        "set QoS tap0 other_config:min-rate=1 other_config:burst=2 external_ids:a=b"
    );
    see(&sandbox, &[]);
    // A misspelt key.
    vsctl!(sandbox, "set Queue {queue} other_config:min_rate=5");
    see(&sandbox, &["unknown-key tap0"]);
    vsctl!(sandbox, "remove Queue {queue} other_config min_rate");
    // A QoS goes, and then its queue.
    let id = vsctl!(sandbox, "--bare --columns=_uuid list QoS");
    vsctl!(sandbox, "clear Port tap0 qos");
    see(&sandbox, &[&format!("orphaned-qos {}", id.trim())]);
    ovs!(sandbox, "{}", mend(&sandbox)).ok();
    see(&sandbox, &[&format!("orphaned-queue {queue}")]);
    ovs!(sandbox, "{}", mend(&sandbox)).ok();
    see(&sandbox, &[]);
}
