//! A saved host answers as the live one did.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use ovs::openflow::fields::parse_filter;
use ovs::openflow::flow_entry::Flow;
use ovs::openflow::messages::flow_stats::FlowStats;
use ovs::openflow::messages::groups::GROUP_ALL;
use ovs::openflow::messages::meters::METER_ALL;
use ovs::openflow::text::{NoNames, PORT_ANY};
use ovs::openflow::version::Version;
use ovs::ovsdb::stored::StoredRow;
use ovs::ovsdb::{Error, Function, Select};
use ovs::sandbox::Neutron;
use ovs::source::saved::{Part, Report, SavedHost, UnknownColumns};
use ovs::source::{Database, Host, Switch, SwitchAddress, SwitchError};
use ovs::transport::{Endpoint, Tls};

use crate::common::{Sandbox, report};

/// A switch with flows of every way to send to a port or group.
fn switch() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- set Bridge br0 \
         protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15 \
         -- add-port br0 p1 -- set Interface p1 ofport_request=1 \
         -- add-port br0 p2 -- set Interface p2 ofport_request=2",
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-group br0 group_id=7,type=all,bucket=output:1"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-group br0 group_id=8,type=indirect,bucket=output:2"
    );
    ofctl!(
        sandbox,
        "-O OpenFlow13 add-meter br0 meter=3,kbps,band=type=drop,rate=1000"
    );
    for flow in [
        "in_port=1,actions=output:2",
        "cookie=0x15,table=1,priority=5,in_port=2,actions=enqueue:1:0",
        "cookie=0x25,table=1,priority=6,ip,nw_src=10.0.0.0/8,actions=controller",
        "table=2,ip,nw_src=10.1.2.3,actions=output(port=2,max_len=100)",
        "table=2,ip,nw_src=10.1.0.0/16,nw_dst=10.0.0.1,actions=bundle(eth_src,0,hrw,ofport,members:2)",
        "table=3,tcp,tp_dst=80,actions=clone(output:2),output:1",
        "table=3,tcp,tp_dst=0x50/0xfff0,actions=ct(commit,zone=1)",
        "table=4,dl_vlan=5,actions=strip_vlan,output:2",
        "table=4,dl_vlan=5,dl_vlan_pcp=1,actions=drop",
        "table=4,vlan_tci=0,actions=flood",
        "table=5,reg0=1,tun_id=0x64,actions=output:NXM_NX_REG1[]",
        "table=5,ipv6,ipv6_dst=2001:db8::/32,actions=in_port",
    ] {
        ofctl!(sandbox, "add-flow br0 '{flow}'");
    }
    for flow in [
        "table=6,in_port=1,actions=group:7",
        "table=6,in_port=2,actions=write_actions(group:8,output:2)",
        "table=6,priority=1,actions=meter:3,output:1",
    ] {
        ofctl!(sandbox, "-O OpenFlow13 add-flow br0 '{flow}'");
    }
    sandbox
}

fn live(sandbox: &Sandbox) -> Host {
    let limit = Some(Duration::from_secs(20));
    Host::new(Endpoint::Unix(sandbox.db_socket()), limit, Tls::default())
}

fn saved(report: Report) -> Host {
    Host::saved(SavedHost::new(report))
}

async fn connect(host: &Host, bridge: &str, version: Version) -> Switch {
    let address = SwitchAddress::parse(host, bridge).unwrap();
    let database = Database::new(host.clone());
    let offer = [version].into_iter().collect();
    address.connect(&database, offer).await.unwrap()
}

/// The flows that a filter selects, in any order.
async fn flows(switch: &mut Switch, filter: &str) -> Result<BTreeSet<String>, SwitchError> {
    let filter = parse_filter(filter, &NoNames).unwrap();
    let mut flows = BTreeSet::new();
    let take = |flow: &FlowStats<'_>| {
        flows.insert(format!("{:?}", Flow::from(&flow.entry)));
    };
    let malformed = switch.each_flow_of(&filter, take).await?;
    assert_eq!(malformed, None);
    Ok(flows)
}

#[tokio::test]
async fn a_saved_switch_selects_flows_as_the_switch() {
    const FILTERS: &[&str] = &[
        "",
        "table=1",
        "table=9",
        "in_port=1",
        "cookie=0x15/-1",
        "cookie=0x5/0xf,table=1",
        "ip",
        "ip,nw_src=10.0.0.0/8",
        "ip,nw_src=10.1.0.0/16",
        "tcp",
        "tcp,tp_dst=0x50/0xfff0",
        "dl_vlan=5",
        "vlan_tci=0x1000/0x1000",
        "vlan_tci=0",
        "reg0=1",
        "reg0=0x1/0x1",
        "ipv6",
        "out_port=1",
        "out_port=2",
        "out_port=CONTROLLER",
        "out_port=FLOOD",
        "out_port=IN_PORT",
        "out_port=2,table=2",
        "out_group=7",
        "out_group=8",
    ];
    let sandbox = switch();
    for version in Version::ALL {
        let mut live = connect(&live(&sandbox), "br0", version).await;
        let report = report::recorded(&sandbox, version, &[]);
        let mut saved = connect(&saved(report), "br0", version).await;
        assert_eq!(saved.version(), version);
        let mut counts = BTreeSet::new();
        for filter in FILTERS {
            // OpenFlow 1.0 has no groups, and its messages do not have the actions of write_actions.
            let is_of_13 = filter.contains("out_group") || *filter == "out_port=2";
            // OpenFlow 1.1 has no exact match on an absent VLAN tag.
            let is_lost = *filter == "vlan_tci=0";
            if version == Version::V10 && is_of_13 || version == Version::V11 && is_lost {
                continue;
            }
            let expected = flows(&mut live, filter).await.unwrap();
            assert_eq!(
                flows(&mut saved, filter).await.unwrap(),
                expected,
                "{version} {filter}"
            );
            counts.insert(expected.len());
            let filter = parse_filter(filter, &NoNames).unwrap();
            let (here, there) = (saved.aggregate(&filter), live.aggregate(&filter));
            assert_eq!(
                here.await.unwrap(),
                there.await.unwrap(),
                "{version} {filter:?}"
            );
        }
        assert!(counts.len() > 4, "{version}: {counts:?}");
        let hidden = flows(&mut saved, "table=254").await.unwrap_err();
        let expected = "unknown: not in the report: flows of table 254 of br0";
        assert_eq!(hidden.to_string(), expected);
    }
}

#[tokio::test]
async fn a_saved_switch_has_groups_meters_ports_and_tables() {
    let sandbox = switch();
    for version in Version::ALL {
        let mut live = connect(&live(&sandbox), "br0", version).await;
        let mut saved = connect(
            &saved(report::recorded(&sandbox, version, &[])),
            "br0",
            version,
        )
        .await;
        macro_rules! same {
            ($switch:ident => $question:expr) => {{
                let $switch = &mut live;
                let expected = $question.await.map_err(|error| error.to_string());
                let $switch = &mut saved;
                let found = $question.await.map_err(|error| error.to_string());
                // Time passes.
                let timeless = |text: String| {
                    let mut words: Vec<&str> = text.split(' ').collect();
                    let mut before = "";
                    words.retain(|word| {
                        !std::mem::replace(&mut before, word).starts_with("duration_")
                    });
                    words.join(" ")
                };
                let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
                assert_eq!(
                    timeless(found),
                    timeless(expected),
                    "{version} {}",
                    stringify!($question)
                );
            }};
        }
        same!(s => s.ports());
        for port in [1, 2, 9, PORT_ANY] {
            same!(s => s.port_stats(port));
        }
        for group in [7, 8, 9, GROUP_ALL] {
            same!(s => s.groups(group, |_, bytes| Ok(bytes.rest().to_vec())));
            same!(s => s.group_stats(group));
        }
        if version >= Version::V13 {
            for meter in [3, 4, METER_ALL] {
                same!(s => s.meters(meter));
                same!(s => s.meter_stats(meter));
            }
        }
        same!(s => s.table_features());
        if version >= Version::V14 {
            same!(s => s.table_descs());
        }
        let tables = saved.table_stats().await.unwrap();
        assert!(
            tables
                .iter()
                .any(|table| table.table_id == 6 && table.active == 3),
            "{tables:?}"
        );
    }
}

#[tokio::test]
async fn what_was_not_saved_of_a_switch_is_said() {
    let sandbox = switch();
    let mut report = report::recorded(&sandbox, Version::V15, &[]);
    let switch = report.switches.get_mut("br0").unwrap();
    switch.parts.retain(|part, _| *part == Part::Flows);
    let mut partly = connect(&saved(report), "br0", Version::V15).await;
    let said = |error: SwitchError| error.to_string();
    assert_eq!(
        said(partly.ports().await.unwrap_err()),
        "unknown: not in the report: ports of br0"
    );
    let groups = partly.groups(GROUP_ALL, |_, _| Ok(())).await.unwrap_err();
    assert_eq!(said(groups), "unknown: not in the report: groups of br0");
    assert_eq!(flows(&mut partly, "").await.unwrap().len(), 16);

    let mut report = report::recorded(&sandbox, Version::V15, &[]);
    report.switches.clear();
    let host = saved(report);
    for version in Version::ALL {
        let mut without = connect(&host, "br0", version).await;
        let error = flows(&mut without, "").await.unwrap_err();
        assert_eq!(
            said(error),
            "unknown: not in the report: flows of br0",
            "{version}"
        );
    }
    let address = SwitchAddress::parse(&host, "br1").unwrap();
    let database = Database::new(host);
    let error = address
        .connect(&database, [Version::V15].into_iter().collect())
        .await;
    assert!(error.unwrap_err().is_not_listening());
}

#[tokio::test]
async fn a_saved_database_answers_as_the_server() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let host = saved(report::recorded(&sandbox, Version::V15, &[]));
    let (live, saved) = (Database::new(live(&sandbox)), Database::new(host));
    let first = &live
        .select(vec![Select::columns("Interface", &["_uuid"])])
        .await
        .unwrap()[0][0];
    let uuid = first.uuid("_uuid").unwrap();
    let columns = ["_uuid", "name", "tag", "trunks", "other_config"];
    let ports = || Select::columns("Port", &columns);
    let all = || Select {
        table: "Interface".to_owned(),
        when: Vec::new(),
        columns: None,
    };
    let selects = vec![
        ports(),
        ports().when("name", Function::Equal, "br-int"),
        ports().when("name", Function::Equal, "nosuch"),
        ports().when("tag", Function::Equal, 1),
        ports().when("tag", Function::Includes, 1),
        all().when("_uuid", Function::Equal, uuid),
        all().when("type", Function::Equal, "patch"),
        all().when("mtu", Function::Less, 1500),
        Select::columns("Bridge", &["_uuid", "name", "ports", "datapath_id"]),
        Select::columns("Mirror", &["_uuid"]),
        Select::columns("Open_vSwitch", &["ovs_version", "external_ids", "bridges"]),
    ];
    // Counters go on.
    let sets = |rows: Vec<Vec<ovs::ovsdb::Row>>| {
        let row = |row: &ovs::ovsdb::Row| {
            let columns = row
                .columns()
                .filter(|(name, _)| !["statistics", "_version"].contains(name));
            let columns: BTreeSet<String> = columns.map(|column| format!("{column:?}")).collect();
            columns
        };
        let rows = rows.iter().map(|rows| rows.iter().map(row).collect());
        rows.collect::<Vec<BTreeSet<BTreeSet<String>>>>()
    };
    let expected = sets(live.select(selects.clone()).await.unwrap());
    assert!(
        expected[0].len() > 10 && expected[6].len() > 2,
        "{expected:?}"
    );
    let found = sets(saved.select(selects).await.unwrap());
    assert_eq!(found, expected);
    let topology = async |database: &Database| {
        let want = ovs::model::Want::all();
        format!("{:#?}", ovs::commands::read(database, want).await.unwrap())
    };
    assert_same!(topology(&saved).await, topology(&live).await);
    assert_eq!(
        *saved.schema().await.unwrap(),
        *live.schema().await.unwrap()
    );
    let without = Database::new(self::saved(Report::default()));
    let error = without.select(vec![ports()]).await.unwrap_err();
    assert!(matches!(error, Error::NotSaved(_)), "{error}");
    assert_eq!(
        error.to_string(),
        "unknown: not in the report: the database"
    );
}

#[tokio::test]
async fn a_database_file_does_not_know_ephemeral_columns() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let mut report = report::recorded(&sandbox, Version::V15, &[]);
    let schema = saved_schema(&sandbox);
    for (table, rows) in &mut report.database.as_mut().unwrap().tables {
        for row in rows.values_mut() {
            let is_kept =
                |column: &str| schema["tables"][table]["columns"][column]["ephemeral"] != true;
            let columns = row.columns().into_iter();
            let kept: StoredRow = columns.filter(|(column, _)| is_kept(column)).collect();
            *row = kept;
        }
    }
    let host = SavedHost::new(report);
    let UnknownColumns::These(unknown) = host.not_saved() else {
        panic!("{:?}", host.not_saved());
    };
    for column in [
        "Interface.link_state",
        "Interface.mtu",
        "Bridge.datapath_id",
    ] {
        assert!(
            unknown.iter().any(|name| name == column),
            "{column}: {unknown:?}"
        );
    }
    assert!(!unknown.iter().any(|name| name == "Interface.ofport"));
    let database = Database::new(Host::saved(host));
    let select = Select::columns("Interface", &["name", "link_state", "ofport"]);
    let rows = database
        .select(vec![select.clone()])
        .await
        .unwrap()
        .concat();
    assert!(rows.len() > 10);
    assert!(
        rows.iter()
            .all(|row| !row.has("link_state") && row.has("ofport"))
    );
    let down = select.when("link_state", Function::Equal, "down");
    let error = database.select(vec![down]).await.unwrap_err().to_string();
    assert_eq!(error, "unknown: not in the report: Interface.link_state");
}

fn saved_schema(sandbox: &Sandbox) -> serde_json::Value {
    serde_json::from_str(&sandbox.ovsdb_client(&["get-schema", "Open_vSwitch"])).unwrap()
}

#[tokio::test]
async fn a_saved_daemon_repeats_its_replies() {
    let sandbox = switch();
    let commands = ["fdb/show br0", "version"];
    let host = saved(report::recorded(&sandbox, Version::V15, &commands));
    assert_eq!(host.daemons().await, ["ovs-vswitchd"]);
    let client = host.vswitchd().await.unwrap();
    let text = client.text("fdb/show", &["br0"]).await.unwrap();
    assert_eq!(text, appctl!(sandbox, "fdb/show br0"));
    let error = client.text("fdb/show", &["br1"]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown: not in the report: fdb/show br1"
    );
    assert!(!client.prefer_json().await.unwrap());
    let listed = client.text("list-commands", &[] as &[&str]).await.unwrap();
    assert_eq!(
        listed,
        "The available commands are:\n  fdb/show\n  version\n"
    );
}

/// A message that is shorter than its header is no reply; the client gets one all the same.
#[tokio::test]
async fn a_reply_ends_after_a_malformed_message() {
    let sandbox = switch();
    let mut report = report::recorded(&sandbox, Version::V13, &[]);
    let short = vec![4, 19, 0, 8, 0, 0, 0, 1];
    let parts = &mut report.switches.get_mut("br0").unwrap().parts;
    parts.get_mut(&Part::Groups).unwrap().push(short);
    let host = saved(report);
    let mut switch = connect(&host, "br0", Version::V13).await;
    let groups = switch.groups(GROUP_ALL, |_, _| Ok(())).await.unwrap();
    assert_eq!(groups.len(), 2);
}

/// Of texts without a database, a bridge without texts may be there: what is asked of it is named, not the database. Table
/// features that are not in the texts are unknown.
#[test]
fn texts_of_another_bridge() {
    let sandbox = Sandbox::with("add-br br0 -- set Bridge br0 datapath_type=dummy");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("tables.txt");
    let text = ofctl!(sandbox, "-O OpenFlow13 dump-tables br0");
    fs::write(&file, text).unwrap();
    let from = format!("--from br0={}", file.display());
    for (line, what) in [
        ("dump-flows br1", "flows"),
        ("dump-flows br1 --count", "flows"),
        ("dump-groups br1", "groups"),
        ("dump-tables br1", "table statistics"),
        ("port stats br1", "port statistics"),
        ("port resolve br1 1", "ports"),
    ] {
        ovs!("{from} {line}")
            .exits(3)
            .prints("")
            .says(format!("ovs: unknown: not in the report: {what} of br1"))
            .omits("database");
    }
    ovs!("{from} dump-tables br0 --columns table,name,active,max_entries,metadata_match --all")
        .ok()
        .begins("0\tunknown\t1\tunknown\tunknown\n")
        .says_only("unknown: not in the report: table features of br0\n");
    let tables = ovs!("{from} dump-tables br0 --all").json();
    assert_eq!(tables[0]["max_entries"], serde_json::Value::Null);
}
