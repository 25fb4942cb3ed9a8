//! `ovs --from PATH sandbox run`: a saved host replayed into a private Open vSwitch.
//!
//! What the replayed switch has is asked with the real ovs-ofctl, and compared with that of the host that was saved.

use std::path::Path;
use std::process::Command;

use ovs::sandbox::Neutron;
use serde_json::{Value, json};

use crate::common::{Ran, Sandbox, ovs};
use crate::readme::shell;

/// Runs a shell's line in the replayed host.
fn replayed(file: &Path, line: &str) -> Ran {
    let mut run = ovs(&["--from"]);
    run.arg(file)
        .args(["sandbox", "run", "--", "sh", "-c", line]);
    run.run()
}

/// The lines of flows, sorted: two switches have equal flows of one priority in any order.
fn flows(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().filter(|l| !l.contains("reply")).collect();
    lines.sort_unstable();
    lines
}

fn saved(sandbox: &Sandbox, dir: &Path) -> std::path::PathBuf {
    let file = dir.join("host.tar.zst");
    ovs!(sandbox, "save {}", file.display()).ok();
    file
}

#[test]
fn the_switch_is_the_saved_one() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    appctl!(
        sandbox,
        "fdb/add br-ens37 phy-br-ens37 66 fa:16:3e:75:d5:a4"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-meter br-ens37 meter=7,kbps,bands=type=drop,rate=1000"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-group br-ens37 group_id=5,type=all,bucket=output:1,bucket=output:2"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-flow br-ens37 cookie=0x77,priority=3,actions=meter:7,group:5"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = saved(&sandbox, dir.path());
    for bridge in vsctl!(sandbox, "list-br").lines() {
        let dump = format!("-O OpenFlow13 --no-stats --no-names dump-flows {bridge}");
        let said = replayed(&file, &format!("ovs-ofctl {dump}")).exits(0);
        let live = ofctl!(sandbox, "{dump}");
        assert!(!flows(&live).is_empty());
        assert_eq!(flows(&said.stdout), flows(&live), "{bridge}");
    }
    for command in ["dump-groups", "dump-meters"] {
        let line = format!("-O OpenFlow13 {command} br-ens37");
        let said = replayed(&file, &format!("ovs-ofctl {line}")).exits(0);
        let rest = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
        let live = ofctl!(sandbox, "{line}");
        assert!(!rest(&live).is_empty());
        assert_eq!(rest(&said.stdout), rest(&live));
    }
    let said = replayed(&file, "ovs-appctl fdb/show br-ens37").exits(0);
    let words: Vec<Vec<&str>> = said
        .stdout
        .lines()
        .map(|line| line.split_whitespace().take(3).collect())
        .collect();
    assert!(
        words.contains(&vec!["2", "66", "fa:16:3e:75:d5:a4"]),
        "{said:?}"
    );
    let columns = "port list --columns bridge,port,ofport,type,tag";
    let live = ovs!(sandbox, "{columns}").out();
    let said = replayed(&file, &format!("ovs {columns}")).exits(0);
    for line in live.lines() {
        assert!(said.stdout.lines().any(|l| l == line), "{line}: {said:?}");
    }
}

/// Settings of bridges, ports, interfaces and tables, and the map of tunnel options: as the real tools read them.
#[test]
fn settings_are_the_saved_ones() {
    let sandbox = Sandbox::with(
        "add-br br0 -- set Bridge br0 datapath_type=dummy fail_mode=secure mcast_snooping_enable=true \
         other_config:mac-aging-time=77 other_config:forward-bpdu=true flood_vlans=7 \
         flow_tables:5=@t -- --id=@t create Flow_Table name=classify flow_limit=100 overflow_policy=evict groups=in_port \
         prefixes=nw_dst \
         -- add-port br0 p1 tag=5 vlan_mode=dot1q-tunnel cvlans=6,7 other_config:qinq-ethtype=802.1q protected=true \
         -- set Interface p1 type=dummy mtu_request=1400 ofport_request=7 other_config:key=value \
         -- add-bond br0 bond0 p2 p3 bond_mode=active-backup bond_updelay=100 other_config:bond-detect-mode=miimon \
         -- set Interface p2 type=dummy -- set Interface p3 type=dummy -- set Interface br0 mtu_request=1300",
    );
    ofctl!(
        sandbox,
        "add-tlv-map br0 '{{class=0xffff,type=1,len=4}}->tun_metadata3,{{class=0x102,type=0x80,len=8}}->tun_metadata0'"
    );
    ofctl!(
        sandbox,
        "add-flow br0 table=5,tun_metadata3=0x11223344,actions=drop"
    );
    // ovs-ofctl prints no such mask.
    ofctl!(
        sandbox,
        "add-flow br0 table=6,tun_metadata0=0x1/0xff,actions=drop"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = saved(&sandbox, dir.path());
    let reads = [
        "ovs-vsctl --columns=fail_mode,mcast_snooping_enable,flood_vlans list Bridge br0",
        "ovs-vsctl get Bridge br0 other_config:mac-aging-time other_config:forward-bpdu datapath_id",
        "ovs-vsctl --columns=tag,vlan_mode,cvlans,other_config,protected list Port p1",
        "ovs-vsctl --columns=bond_mode,bond_updelay,other_config list Port bond0",
        "ovs-vsctl --columns=mtu_request,mtu,ofport,other_config list Interface p1",
        "ovs-vsctl --columns=mtu_request,mtu list Interface br0",
        "ovs-vsctl --columns=name,flow_limit,overflow_policy,groups,prefixes list Flow_Table",
        "ovs-ofctl dump-tlv-map br0 | tail -n +2",
        "ovs-ofctl --no-stats dump-flows br0 | tail -n +2",
        "ovs-appctl bridge/dump-flows br0 | grep -o 'tun_metadata.*'",
        "ovs-ofctl -O OpenFlow15 dump-table-desc br0 5 | tail -n +2",
    ];
    let line = reads.join("; ");
    let live = shell(&sandbox, &line).exits(0);
    assert!(
        live.stdout.contains("tun_metadata0=0x1/0xff") && live.stdout.contains("evict"),
        "{live:?}"
    );
    replayed(&file, &line).exits(0).prints(&live.stdout);
}

/// More ports than fit in a command line.
#[test]
fn many_ports() {
    const COUNT: usize = 5000;
    let sandbox = Sandbox::empty();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("conf.db");
    std::fs::copy(sandbox.run_dir().join("conf.db"), &file).unwrap();
    let transact = |operations: Vec<Value>| {
        let operations: Vec<Value> = [json!("Open_vSwitch")]
            .into_iter()
            .chain(operations)
            .collect();
        let mut tool = Command::new("ovsdb-tool");
        tool.arg("transact")
            .arg(&file)
            .arg(Value::from(operations).to_string());
        let output = tool.output().unwrap();
        assert!(
            output.status.success() && !String::from_utf8_lossy(&output.stdout).contains("error"),
            "{output:?}"
        );
    };
    let mutate = |table: &str, column: &str, rows: Value| json!({"op": "mutate", "table": table, "where": [], "mutations": [[column, "insert", ["set", rows]]]});
    transact(vec![
        json!({"op": "insert", "table": "Bridge", "uuid-name": "b", "row": {"name": "br0"}}),
        mutate("Open_vSwitch", "bridges", json!([["named-uuid", "b"]])),
    ]);
    let numbers: Vec<usize> = (0..COUNT).collect();
    for numbers in numbers.chunks(200) {
        let mut operations = Vec::new();
        let mut ports = Vec::new();
        for number in numbers {
            let name = format!("port{number}");
            operations.push(json!({"op": "insert", "table": "Interface", "uuid-name": format!("i{number}"), "row": {
                "name": name,
                "ofport_request": number + 1,
                "external_ids": ["map", [
                    ["iface-id", format!("0d3ade5c-72ad-4c34-b3a5-{number:012}")],
                    ["attached-mac", "fa:16:3e:00:00:01"],
                ]],
            }}));
            operations.push(
                json!({"op": "insert", "table": "Port", "uuid-name": format!("p{number}"), "row": {
                    "name": name,
                    "tag": number % 4000,
                    "interfaces": ["named-uuid", format!("i{number}")],
                    "other_config": ["map", [["net_uuid", "5e6f7a8b-9c00-4c34-b3a5-000000000000"]]],
                }}),
            );
            ports.push(json!(["named-uuid", format!("p{number}")]));
        }
        operations.push(mutate("Bridge", "ports", json!(ports)));
        transact(operations);
    }
    replayed(
        &file,
        "ovs-vsctl list-ports br0 | wc -l; ovs-vsctl get Interface port4999 ofport",
    )
    .exits(0)
    .prints(format!("{COUNT}\n{COUNT}\n"));
}

#[test]
fn packets_are_traced() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let dir = tempfile::tempdir().unwrap();
    let file = saved(&sandbox, dir.path());
    let line = "trace qvobeeb2c54-aa --to 66.0.0.180 --columns result,port,text";
    let live = ovs!(sandbox, "{line}").run();
    let said = replayed(&file, &format!("ovs {line}"));
    // Two switches flood in any order.
    assert_eq!(
        (said.code, flows(&said.stdout)),
        (live.code, flows(&live.stdout))
    );
    let line = "trace qvo6b5e4978-e2 --to 77.0.0.9 --to-mac fa:16:3e:fd:8a:ed";
    replayed(
        &file,
        &format!("ovs {line} --columns result,port,remote_ip,key,text"),
    )
    .exits(0)
    .shows("tunnelled to 10.0.0.72, VNI 100")
    .says("is not the host's");
}

/// A trace of the saved host itself says how it is done: the line in its hint does it.
#[test]
fn the_hint_of_a_trace_replays() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("host of today.tar.zst");
    ovs(&["save"])
        .env("OVS_RUNDIR", sandbox.run_dir())
        .arg(&file)
        .ok();
    let mut trace = ovs(&["--from"]);
    trace
        .arg(&file)
        .args(["trace", "qvobeeb2c54-aa", "--to", "66.0.0.180"]);
    let failed = trace.fails(3, "unknown: not in the report: the trace");
    let hint = format!(
        "hint: `ovs --from '{}' sandbox start` replays it",
        file.display()
    );
    let failed = failed.says(&hint);
    let line = failed.stderr.split('`').nth(1).unwrap();
    let line = line.replace(
        "sandbox start",
        "sandbox run -- ovs trace qvobeeb2c54-aa --to 66.0.0.180",
    );
    let said = shell(&sandbox, &line).exits(0);
    let live = ovs!(sandbox, "trace qvobeeb2c54-aa --to 66.0.0.180").out();
    // Two switches flood in any order.
    assert_eq!(flows(&said.stdout), flows(&live));
}

#[test]
fn a_database_has_no_flows() {
    let sandbox = Sandbox::with("add-br br0 -- add-bond br0 bond0 eth0 eth1 -- add-port br0 eth2");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("conf.db");
    std::fs::copy(sandbox.run_dir().join("conf.db"), &file).unwrap();
    replayed(&file, "ovs-vsctl list-ifaces br0")
        .prints("eth0\neth1\neth2\n")
        .says("flows of \"br0\": not in the report");
}

/// Flows that refer to groups which the report does not have: which and why is said.
#[test]
fn a_text_of_flows_without_groups() {
    let sandbox = Sandbox::with("add-br br0");
    ofctl!(sandbox, "del-flows br0");
    ofctl!(sandbox, "-O OpenFlow15 add-group br0 group_id=5,type=all");
    for flow in ["tcp,actions=group:5", "udp,actions=drop"] {
        ofctl!(sandbox, "-O OpenFlow15 add-flow br0 {flow}");
    }
    let dir = tempfile::tempdir().unwrap();
    let (database, text) = (dir.path().join("conf.db"), dir.path().join("flows"));
    std::fs::copy(sandbox.run_dir().join("conf.db"), &database).unwrap();
    std::fs::write(&text, ofctl!(sandbox, "-O OpenFlow15 dump-flows br0")).unwrap();
    let (database, text) = (database.display(), text.display());
    ovs!("--from {database} --from br0={text} sandbox run -- ovs-ofctl --no-stats dump-flows br0")
        .exits(0)
        .shows("udp actions=drop")
        .says("not in the report of \"br0\": map of tunnel options, groups, meters")
        .says("1 of 2 flows were written; the switch refused 1; the first: group 5 does not exist");
}

#[test]
fn what_cannot_be_replayed() {
    let sandbox = Sandbox::empty();
    let dir = tempfile::tempdir().unwrap();
    let file = saved(&sandbox, dir.path());
    replayed(&file, "true").fails(3, "no bridge in the report");
    let from = file.display();
    ovs!("--from {from} sandbox start --neutron").fails(2, "contradict each other");
    ovs!("--from {from} sandbox stop").fails(2, "goes with sandbox start");
    ovs!("--from - sandbox run -- true").fails(2, "reads its sources several times");
    ovs!("--from {from} --from {from} sandbox start").fails(2, "a sandbox replays one saved host");
}

/// A bridge of a report whose name is an endpoint: only the switch of the sandbox is changed.
#[test]
fn a_bridge_with_the_name_of_an_endpoint() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let name = format!("tcp:{}", listener.local_addr().unwrap());
    let sandbox = Sandbox::with(&format!(
        "add-br {name} -- set Bridge {name} datapath_type=dummy fail_mode=secure"
    ));
    let socket = |dir: &str| format!("unix:{dir}/{name}.mgmt");
    let here = socket(sandbox.run_dir().to_str().unwrap());
    ofctl!(sandbox, "add-flow {here} priority=7,tcp,actions=drop");
    let dir = tempfile::tempdir().unwrap();
    let file = saved(&sandbox, dir.path());
    let line = format!(
        "ovs-ofctl dump-flows --no-stats '{}'",
        socket("$OVS_RUNDIR")
    );
    let line = line.replace('\'', "\"");
    replayed(&file, &line)
        .exits(0)
        .shows("priority=7,tcp actions=drop");
    let connected = listener.accept();
    assert!(connected.is_err(), "{connected:?}");
}
