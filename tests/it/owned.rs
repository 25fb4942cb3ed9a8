//! Columns that the daemons own: the list against the real daemons, what `ovs db` refuses, and that a change
//! reports what is there afterwards.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ovs::model::owned::{owned, owned_columns};
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::server::until;

/// A switch with everything that has state: a bond with LACP, BFD, CFM, STP, RSTP, a mirror, a controller.
fn busy() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 -- set Interface p1 type=internal \
         -- add-bond br0 bond0 b1 b2 lacp=active -- set Interface b1 type=internal \
         -- set Interface b2 type=internal \
         -- add-port br0 vx -- set Interface vx type=vxlan options:remote_ip=127.0.0.2 bfd:enable=true \
         -- add-port br0 cf -- set Interface cf type=internal cfm_mpid=3 \
         -- add-br br1 -- set Bridge br1 rstp_enable=true -- add-port br1 q1 \
         -- set Interface q1 type=internal \
         -- add-br br2 -- set Bridge br2 stp_enable=true -- add-port br2 s1 \
         -- set Interface s1 type=internal \
         -- set-controller br0 tcp:127.0.0.1:1 \
         -- --id=@m create Mirror name=m0 select-all=true output-vlan=5 -- set Bridge br0 mirrors=@m",
    );
    // The server of a host takes its remotes from the table.
    vsctl!(sandbox, "set-manager ptcp:0:127.0.0.1");
    sandbox.appctl(&[
        "-t",
        &control_socket(sandbox.run_dir()),
        "ovsdb-server/add-remote",
        "db:Open_vSwitch,Open_vSwitch,manager_options",
    ]);
    // Nobody answers LACP and CFM: their state changes once.
    until("the state of LACP and CFM settles", || {
        let state = "get Interface b1 lacp_current -- get Interface b2 lacp_current -- get Interface cf cfm_fault";
        vsctl!(sandbox, "{state}") == "false\nfalse\ntrue\n"
    });
    sandbox
}

/// That of ovsdb-server.
fn control_socket(dir: &Path) -> String {
    let pid = std::fs::read_to_string(dir.join("ovsdb-server.pid")).unwrap();
    let socket = dir.join(format!("ovsdb-server.{}.ctl", pid.trim()));
    socket.to_str().unwrap().to_owned()
}

fn transact(sandbox: &Sandbox, operations: &[Value]) -> Vec<Value> {
    let mut all = vec![json!("Open_vSwitch")];
    all.extend_from_slice(operations);
    let answer = sandbox.ovsdb_client(&["transact", &Value::Array(all).to_string()]);
    serde_json::from_str(&answer).unwrap()
}

/// A value that no daemon would write; `None`: the column refers to rows, or takes only one value.
fn strange(kind: &Value) -> Option<Value> {
    let atom = |base: &Value| -> Option<Value> {
        let name = base.as_str().or_else(|| base["type"].as_str())?;
        let choices = &base["enum"][1];
        match name {
            _ if choices.is_array() => choices[1].clone().into(),
            "integer" => {
                let most = base["maxInteger"].as_i64().unwrap_or(4321);
                Some(json!(most.min(4321)))
            }
            "string" => Some(json!("strange")),
            "boolean" => Some(json!(true)),
            "real" => Some(json!(1.5)),
            _ => None,
        }
    };
    let key = kind.get("key").unwrap_or(kind);
    match kind.get("value") {
        Some(value) => Some(json!(["map", [[atom(key)?, atom(value)?]]])),
        None => atom(key),
    }
}

/// The values of a column.
fn values(sandbox: &Sandbox, table: &str, column: &str) -> Vec<Value> {
    let select = json!({"op": "select", "table": table, "where": [], "columns": [column]});
    let answer = transact(sandbox, &[select]);
    let rows = answer[0]["rows"].as_array().unwrap();
    rows.iter().map(|row| row[column].clone()).collect()
}

#[test]
fn the_list_is_what_the_daemons_write_back() {
    let sandbox = busy();
    let schema: Value =
        serde_json::from_str(&sandbox.ovsdb_client(&["get-schema", "Open_vSwitch"])).unwrap();
    let kind = |table: &str, column: &str| &schema["tables"][table]["columns"][column]["type"];
    let set = |table: &str, column: &str, value: &Value| {
        transact(
            &sandbox,
            &[
                json!({"op": "update", "table": table, "where": [], "row": {column: value}}),
                json!({"op": "mutate", "table": "Open_vSwitch", "where": [],
                       "mutations": [["next_cfg", "+=", 1]]}),
            ],
        );
    };
    let mut written = Vec::new();
    for owned in owned_columns() {
        let kind = kind(owned.table, owned.column);
        assert!(!kind.is_null(), "{owned:?} is no column");
        let value = strange(kind).unwrap();
        // What is so anyway would not be put back.
        let value = if values(&sandbox, owned.table, owned.column).contains(&value) {
            let choices = kind["key"]["enum"][1].clone();
            if choices.is_array() {
                choices[0].clone()
            } else {
                json!(false)
            }
        } else {
            value
        };
        set(owned.table, owned.column, &value);
        written.push((owned, value));
    }
    // The counters are written every five seconds.
    until("the daemons put all back", || {
        written.retain(|(owned, value)| {
            let now = values(&sandbox, owned.table, owned.column);
            now.iter().all(|now| now == value)
        });
        written.is_empty()
    });

    // And no other column is put back; these would take the interfaces and the test's own counting away.
    let spared: BTreeSet<(&str, &str)> = [
        ("Bridge", "datapath_type"),
        ("Interface", "type"),
        ("Open_vSwitch", "next_cfg"),
    ]
    .into();
    let mut others = Vec::new();
    for (table, members) in schema["tables"].as_object().unwrap() {
        for (column, properties) in members["columns"].as_object().unwrap() {
            let is_other = owned(table, column).is_none()
                && !spared.contains(&(table.as_str(), column.as_str()))
                && properties["mutable"] != json!(false);
            if let Some(value) = strange(&properties["type"]).filter(|_| is_other) {
                set(table, column, &value);
                others.push((table, column, value));
            }
        }
    }
    vsctl!(sandbox, "set Open_vSwitch . external_ids:settled=1");
    std::thread::sleep(std::time::Duration::from_secs(6));
    for (table, column, value) in others {
        let now = values(&sandbox, table, column);
        let is_kept = |now: &Value| {
            *now == value || (table, column) == (&"Open_vSwitch".into(), &"external_ids".into())
        };
        assert!(
            now.iter().all(is_kept),
            "{table} {column}: {now:?}, not {value}"
        );
    }
}

#[test]
fn a_column_that_a_daemon_owns_is_refused() {
    let sandbox = busy();
    let written = "is written by ovs-vswitchd: a value set there does not stay\n";
    let mtu = format!("ovs: column mtu of table Interface {written}");
    let ofport = format!("ovs: column ofport of table Interface {written}");
    for more in ["", " --no-wait", " --dry-run"] {
        sandbox.refuses(
            &format!("db set Interface p1 mtu=1400{more}"),
            1,
            &format!("{mtu}hint: mtu_request requests it: mtu_request=1400\n"),
        );
    }
    sandbox.refuses_each(
        "db",
        &[
            (
                "set Interface p1 external_ids:a=b OFPORT=99",
                1,
                &format!("{ofport}hint: ofport_request requests it: ofport_request=99\n"),
            ),
            (
                "set Bridge br0 datapath_id=00000000000000ab",
                1,
                "hint: other_config:datapath-id requests it: other_config:datapath-id=00000000000000ab\n",
            ),
            ("set Interface p1 mac_in_use=aa:bb:cc:dd:ee:00", 1, "hint: mac requests it: mac="),
            ("set Interface p1 admin_state=down", 1, "admin_state of table Interface"),
            ("set Interface p1 link_st=down", 1, "link_state of table Interface"),
            ("set Interface p1 status:driver_name=x", 1, "column status of table Interface"),
            ("set Port bond0 bond_active_slave=x", 1, "bond_active_slave of table Port"),
            ("set Interface b1 lacp_current=true", 1, "hint: Port.lacp enables it\n"),
            ("set Open . iface_types=x", 1, "iface_types of table Open_vSwitch"),
            ("set Controller br0 role=slave", 1, "role of table Controller"),
            (
                "set Manager . is_connected=true",
                1,
                "column is_connected of table Manager is written by ovsdb-server",
            ),
            ("add Interface p1 statistics a=5", 1, "statistics of table Interface"),
            ("remove Interface p1 statistics rx_bytes", 1, "statistics of table Interface"),
            ("clear Interface p1 external_ids ofport", 1, "hint: ofport_request requests it\n"),
            ("create Interface name=x ofport=3", 1, &ofport),
            ("create Mirror name=m statistics:a=1", 1, "statistics of table Mirror"),
        ],
    );
    // In a batch nothing of the other lines is written either.
    let before = sandbox.database();
    let mut batch = ovs!(sandbox, "batch");
    batch.write_stdin("db set Bridge br0 external_ids:a=b\ndb set Interface p1 ofport=5\n");
    batch.fails(
        1,
        format!("ovs: line 2: column ofport of table Interface {written}"),
    );
    assert_eq!(sandbox.database(), before);
    // What requests it is taken, and so are columns that others own.
    ovs!(sandbox, "db set Interface p1 ofport_request=99")
        .ok()
        .shows("99");
    assert_eq!(vsctl!(sandbox, "get Interface p1 ofport").trim(), "99");
    ovs!(
        sandbox,
        "db set Open_vSwitch . ovs_version=x db_version=1 system_type=x"
    )
    .ok();
    ovs!(sandbox, "db set Interface nope mtu=3 --if-exists").ok();
}

#[test]
fn a_change_reports_what_is_there_afterwards() {
    let sandbox = Sandbox::with("add-br br0 -- set Bridge br0 external_ids:x=0 external_ids:y=0");
    let bridge = "bridge br0";
    // Another program puts x back before ovs-vswitchd has applied the change.
    let race = |line: &str, then: &str| {
        let pid = std::fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
        let signal = |name: &str| {
            let done = Command::new("kill").args([name, pid.trim()]).status();
            assert!(done.unwrap().success());
        };
        signal("-STOP");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                vsctl!(
                    sandbox,
                    "--no-wait wait-until {bridge} external_ids:x=1 -- {then}"
                );
                signal("-CONT");
            });
            ovs!(sandbox, "{line}").run()
        })
    };
    race(
        "db set Bridge br0 external_ids:x=1",
        "set bridge br0 external_ids:x=0",
    )
    .exits(5)
    .says(
        "ovs: written, but what was there before is there again: Bridge \"br0\": external_ids\n\
         hint: another program sets it",
    )
    .prints("unchanged\n");
    // What stays of it is what is printed.
    let changed = race(
        "--json db set Bridge br0 external_ids:x=1 external_ids:y=1",
        "set bridge br0 external_ids:y=2",
    )
    .exits(0)
    .json();
    assert_eq!(
        changed[0]["after"],
        json!({"external_ids": {"x": "1", "y": "2"}})
    );
}
