//! `ovs dump-tables` against a real switch and the real `ovs-ofctl dump-tables`.

use serde_json::Value;

use crate::common::Sandbox;
use crate::common::openflow::VERSIONS;

fn bridge() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- set bridge br0 fail_mode=secure flow_tables:7=@t \
                -- --id=@t create Flow_Table name=seven flow_limit=5000",
    );
    for flow in [
        "in_port=LOCAL actions=goto_table:3",
        "table=3 actions=drop",
        "table=3,tcp actions=drop",
    ] {
        ofctl!(sandbox, "-O OpenFlow13 add-flow br0 '{flow}'");
    }
    ofctl!(
        sandbox,
        "packet-out br0 'in_port=LOCAL packet=0200000000010200000000990800 actions=table'"
    );
    sandbox
}

/// active, lookup and matched of a table, as `ovs-ofctl dump-tables` prints them.
fn real(text: &str, table: u8) -> String {
    let mut lines = text.lines();
    let head = format!("  table {table}");
    let own = |line: &&str| {
        let rest = line.strip_prefix(&head);
        rest.is_some_and(|rest| !rest.contains("ditto") && rest.starts_with([':', ' ']))
    };
    match lines.find(own).and_then(|_| lines.next()) {
        Some(counters) => counters.trim().to_owned(),
        // As the unused one before it.
        None => "active=0, lookup=0, matched=0".to_owned(),
    }
}

#[test]
fn as_ovs_ofctl_counts_in_every_version() {
    let sandbox = bridge();
    for version in VERSIONS {
        let text = ofctl!(sandbox, "-O {version} dump-tables br0");
        let json = ovs!(sandbox, "dump-tables br0 --json -O {version}").out();
        let tables: Value = serde_json::from_str(&json).unwrap();
        let tables = tables.as_array().unwrap();
        let shown: Vec<u64> = tables
            .iter()
            .map(|table| table["table"].as_u64().unwrap())
            .collect();
        assert_eq!(shown, [0, 3, 7], "{version}");
        for (table, line) in shown.into_iter().zip(tables) {
            let ours = format!(
                "active={}, lookup={}, matched={}",
                line["active"], line["lookups"], line["matched"]
            );
            assert_eq!(ours, real(&text, table as u8), "{version}");
        }
        assert_eq!(tables[1]["lookups"], 1, "{version}");
        assert_eq!(tables[2]["name"], "seven", "{version}");
        assert_eq!(tables[2]["max_entries"], 5000, "{version}");
        assert_eq!(tables[0]["name"], Value::Null, "{version}");
        assert_eq!(tables[0]["max_entries"], 1_000_000, "{version}");
    }
}

#[test]
fn three_outputs() {
    let sandbox = bridge();
    let text = ovs!(sandbox, "dump-tables br0").out();
    assert_eq!(
        text,
        "0\t-\t1\t1\t1\t1000000\n3\t-\t2\t1\t1\t1000000\n7\tseven\t0\t0\t0\t5000\n"
    );
    ovs!(sandbox, "dump-tables br0 -o table")
        .ok()
        .begins("TABLE  NAME   ACTIVE  LOOKUPS")
        .says("251 unused tables are left out; --all");
    let all = ovs!(sandbox, "dump-tables br0 --all -g table").out();
    assert_eq!(all.lines().count(), 254);
    ovs!(sandbox, "dump-tables br0 --columns table,metadata_match")
        .ok()
        .begins("0\t0xffffffffffffffff\n");
    ovs!(sandbox, "dump-tables br0 -g actve")
        .exits(2)
        .says("did you mean \"active\"");
}

/// The texts of OpenFlow 1.0 have names and sizes; those of later versions not, but the database has the names.
#[test]
fn from_texts() {
    let sandbox = bridge();
    let dir = tempfile::tempdir().unwrap();
    let texts = |version: &str| {
        let files = ["dump-flows", "dump-tables"].map(|command| {
            let file = dir.path().join(format!("{command}-{version}"));
            std::fs::write(&file, ofctl!(sandbox, "-O {version} {command} br0")).unwrap();
            file.to_str().unwrap().to_owned()
        });
        files.join(",")
    };
    let early = texts("OpenFlow10");
    for list in ["dump-tables br0 --json", "dump-tables br0 --json --all"] {
        let live = ovs!(sandbox, "{list} -O OpenFlow10").json();
        assert_eq!(ovs!("{list} --from br0={early}").json(), live, "{list}");
    }
    let database = sandbox.run_dir().join("conf.db");
    let database = database.to_str().unwrap();
    let columns = "--columns table,name,active,lookups,matched";
    let live = ovs!(sandbox, "dump-tables br0 {columns}").out();
    assert!(live.contains("\n7\tseven\t"), "{live}");
    let (later, flows) = (texts("OpenFlow15"), early.split(',').next().unwrap());
    let tables = early.split(',').nth(1).unwrap();
    let later_flows = later.split(',').next().unwrap();
    for from in [
        format!("{later} --from {database}"),
        format!("{later_flows},{tables} --from {database}"),
    ] {
        let ran = ovs!("dump-tables br0 {columns} --from br0={from}").run();
        assert_eq!(ran.stdout, live, "{ran:?}");
    }
    // The messages are of the version of the flows.
    let later_tables = later.split(',').nth(1).unwrap();
    ovs!("dump-tables br0 --from br0={flows},{later_tables}")
        .fails(3, "unknown: not in the report: table statistics of br0");
}
