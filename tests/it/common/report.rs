//! A host as it is saved: recorded from a sandbox, its rows by select, its switches' messages as they sent them.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use ovs::openflow::fields::Filter;
use ovs::openflow::messages::flow_stats::{self, Dialect};
use ovs::openflow::messages::header::{self, HEADER_LEN, Header};
use ovs::openflow::messages::{
    groups, hello, meters, multipart, port_stats, ports, table_config, tables,
};
use ovs::openflow::text::PORT_ANY;
use ovs::openflow::version::Version;
use ovs::ovsdb::stored::{StoredDatabase, StoredRow};
use ovs::source::saved::{Part, Report, SavedSwitch};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Sandbox;

/// The database, the switches in this version, and these commands of ovs-vswitchd.
pub fn recorded(sandbox: &Sandbox, version: Version, commands: &[&str]) -> Report {
    let bridges = vsctl!(sandbox, "list-br");
    let switches = bridges
        .lines()
        .map(|bridge| (bridge.to_owned(), switch(sandbox, bridge, version)));
    let replies = commands.iter().map(|command| {
        let words: Vec<&str> = command.split(' ').collect();
        ((*command).to_owned(), sandbox.appctl(&words))
    });
    Report {
        name: "the sandbox".to_owned(),
        database: Some(database(sandbox)),
        switches: switches.collect(),
        replies: BTreeMap::from([("ovs-vswitchd".to_owned(), replies.collect())]),
        ..Report::default()
    }
}

/// All rows with all columns.
pub fn database(sandbox: &Sandbox) -> StoredDatabase {
    let schema = sandbox.ovsdb_client(&["get-schema", "Open_vSwitch"]);
    let value: Value = serde_json::from_str(&schema).unwrap();
    let mut tables = BTreeMap::new();
    for table in value["tables"].as_object().unwrap().keys() {
        let select = format!(r#"["Open_vSwitch",{{"op":"select","table":"{table}","where":[]}}]"#);
        let reply = sandbox.ovsdb_client(&["transact", &select]);
        let reply: Vec<BTreeMap<String, Vec<StoredRow>>> = serde_json::from_str(&reply).unwrap();
        let rows = reply
            .into_iter()
            .flat_map(|reply| reply.into_values().flatten());
        let rows = rows.map(|row| {
            let uuid = row.get("_uuid").unwrap();
            let columns = row.columns().into_iter();
            let of_row = columns.filter(|(column, _)| column != "_uuid" && column != "_version");
            (serde_json::from_str(uuid.get()).unwrap(), of_row.collect())
        });
        tables.insert(table.clone(), rows.collect());
    }
    StoredDatabase {
        schema: Some(RawValue::from_string(schema.trim().to_owned()).unwrap()),
        tables,
        ..StoredDatabase::default()
    }
}

/// Every part of a switch that this version has.
pub fn switch(sandbox: &Sandbox, bridge: &str, version: Version) -> SavedSwitch {
    let socket = sandbox.run_dir().join(format!("{bridge}.mgmt"));
    let mut stream = UnixStream::connect(socket).unwrap();
    stream
        .write_all(&hello::encode([version].into_iter().collect(), 1).unwrap())
        .unwrap();
    message(&mut stream);
    let all = Filter::default();
    let requests = [
        (Part::Features, ports::features_request(version, 2)),
        (
            Part::Flows,
            flow_stats::request(version, Dialect::Nicira, 2, &all).ok(),
        ),
        (
            Part::Groups,
            groups::desc_request(version, 2, groups::GROUP_ALL),
        ),
        (
            Part::GroupStats,
            groups::stats_request(version, 2, groups::GROUP_ALL),
        ),
        (
            Part::Meters,
            meters::config_request(version, 2, meters::METER_ALL),
        ),
        (
            Part::MeterStats,
            meters::stats_request(version, 2, meters::METER_ALL),
        ),
        (Part::Ports, ports::desc_request(version, 2)),
        (
            Part::PortStats,
            port_stats::stats_request(version, 2, PORT_ANY),
        ),
        (Part::TableStats, tables::stats_request(version, 2)),
        (Part::TableFeatures, tables::features_request(version, 2)),
        (Part::TableDescs, table_config::desc_request(version, 2)),
    ];
    let mut parts = BTreeMap::new();
    for (part, request) in requests {
        let Some(request) = request else {
            continue;
        };
        stream.write_all(&request).unwrap();
        let mut messages = Vec::new();
        loop {
            let reply = message(&mut stream);
            assert_ne!(reply[1], header::ERROR, "{part:?}: {reply:?}");
            let more = multipart::decode(version, &reply)
                .unwrap()
                .is_some_and(|part| part.more);
            messages.push(reply);
            if !more {
                break;
            }
        }
        parts.insert(part, messages);
    }
    SavedSwitch {
        parts,
        ..SavedSwitch::new(version)
    }
}

/// The next message; echo requests are not answered.
fn message(stream: &mut UnixStream) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_LEN];
    stream.read_exact(&mut bytes).unwrap();
    let header = Header::decode(&bytes).unwrap();
    bytes.resize(header.length.into(), 0);
    stream.read_exact(&mut bytes[HEADER_LEN..]).unwrap();
    if header.kind == header::ECHO_REQUEST {
        return message(stream);
    }
    bytes
}
