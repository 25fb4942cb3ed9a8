//! Files that have a database.

use std::collections::BTreeMap;

use ovs::ovsdb::file::{self, Place, writer};
use ovs::ovsdb::stored::StoredDatabase;
use serde_json::value::RawValue;

use super::assert_harmless;

/// The input as a file, and its lines as the records of logs: a changed record has no correct hash.
pub fn stored_database(input: &[u8]) {
    read(input);
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let records = text.lines().filter_map(|line| {
        let json = RawValue::from_string(line.to_owned()).ok()?;
        String::from_utf8(writer::schema_record(&json)).ok()
    });
    let log: String = records.collect();
    read(log.as_bytes());
    read(log.replace("OVSDB JSON ", "OVSDB CLUSTER ").as_bytes());
}

fn read(file: &[u8]) {
    match file::read(file, "conf.db") {
        Err(error) => {
            match error.place {
                Place::File => {}
                Place::Byte(at) => assert!(at <= file.len(), "{error}"),
                Place::Line(number) => {
                    let lines = file.split(|byte| *byte == b'\n').count();
                    assert!((1..=lines).contains(&number), "{error}");
                }
            }
            assert_harmless(&error.to_string(), false);
        }
        Ok(database) => {
            for remark in &database.remarks {
                assert_harmless(remark, false);
            }
            written(&database);
        }
    }
}

/// What is written as a log reads as the same.
fn written(database: &StoredDatabase) {
    let Some(schema) = &database.schema else {
        return;
    };
    let mut log = writer::schema_record(schema);
    let tables = database.tables.iter();
    let tables: BTreeMap<&str, _> = tables.map(|(name, rows)| (&**name, rows)).collect();
    let Ok(record) = writer::transaction_record(1, "", &tables) else {
        return;
    };
    log.extend(record);
    let again = match file::read(&log, "written") {
        Ok(again) => again,
        Err(error) => panic!("{error}"),
    };
    // Tables of these names would be members of the transaction itself.
    let is_special = |name: &String| name.starts_with('_');
    if !database.tables.keys().any(is_special) {
        assert!(again.remarks.is_empty(), "{:?}", again.remarks);
        assert_eq!(
            format!("{:?}", again.tables),
            format!("{:?}", database.tables)
        );
    }
}
