//! `ovs diff` compares every column of every table of the schema: of two databases, made by the real ovsdb-tool, that
//! differ in one column.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::common::server::{run, schema, tool};

/// Columns of state. Those that the schema calls ephemeral are not in a file.
const STATE: [&str; 16] = [
    "Bridge.datapath_version",
    "Datapath.capabilities",
    "Datapath.datapath_version",
    "Interface.cfm_flap_count",
    "Interface.error",
    "Open_vSwitch.cur_cfg",
    "Open_vSwitch.datapath_types",
    "Open_vSwitch.db_version",
    "Open_vSwitch.dpdk_initialized",
    "Open_vSwitch.dpdk_version",
    "Open_vSwitch.iface_types",
    "Open_vSwitch.next_cfg",
    "Open_vSwitch.ovs_version",
    "Open_vSwitch.system_type",
    "Open_vSwitch.system_version",
    "Port.bond_active_slave",
];

/// Columns that are shown otherwise than by their names: those of names, and of what an item consists of.
const OTHERWISE: [&str; 6] = [
    "Bridge.name",
    "Port.name",
    "Interface.name",
    "Open_vSwitch.bridges",
    "Bridge.ports",
    "Port.interfaces",
];

#[test]
fn every_column_of_every_table_is_compared() {
    let dir = tempfile::tempdir().unwrap();
    let tables: Value = serde_json::from_slice(&fs::read(schema()).unwrap()).unwrap();
    let tables = Tables(&tables["tables"]);
    let base = tables.database(dir.path(), "base", "");
    let same = tables.database(dir.path(), "same", "");
    let diff = |other: &Path| ovs!("diff {} {}", base.display(), other.display()).run();
    diff(&same).exits(0).prints("");
    let mut count = 0;
    for (table, column) in tables.columns() {
        let name = format!("{table}.{column}");
        let other = tables.database(dir.path(), &name, &name);
        let diff = diff(&other);
        if STATE.contains(&name.as_str()) {
            diff.exits(0).prints("");
            continue;
        }
        assert_eq!(diff.code, 1, "{name}: {}", diff.stdout);
        let is_shown = diff.stdout.contains(column) || OTHERWISE.contains(&name.as_str());
        assert!(is_shown, "{name}: {}", diff.stdout);
        count += 1;
    }
    assert!(count > 100, "the schema has columns: {count}");
}

/// The tables of a schema.
struct Tables<'s>(&'s Value);

impl Tables<'_> {
    /// The columns that are in a file, with their tables.
    fn columns(&self) -> Vec<(&str, &str)> {
        let tables = self.0.as_object().unwrap().iter();
        let columns = tables.flat_map(|(table, description)| {
            let columns = description["columns"].as_object().unwrap().iter();
            let columns = columns.filter(|(_, column)| column["ephemeral"] != true);
            columns.map(move |(column, _)| (table.as_str(), column.as_str()))
        });
        columns.collect()
    }

    /// A database with a row of each table that has a value in each column, and another row where there may be
    /// several. `changed`: the column of the first row with another value, as `TABLE.COLUMN`.
    fn database(&self, dir: &Path, name: &str, changed: &str) -> PathBuf {
        let file = dir.join(format!("{name}.db"));
        run(tool("ovsdb-tool").arg("create").arg(&file).arg(schema()));
        let mut operations = vec![json!("Open_vSwitch")];
        for row in ["a", "b"] {
            for (table, description) in self.0.as_object().unwrap() {
                if row == "b" && description["maxRows"] == 1 {
                    continue;
                }
                let columns = self.columns().into_iter().filter(|(of, _)| of == table);
                let values = columns.filter_map(|(_, column)| {
                    let is_changed = format!("{table}.{column}") == changed;
                    let value = self.value(table, column, row, is_changed)?;
                    Some((column.to_owned(), value))
                });
                operations.push(json!({
                    "op": "insert", "table": table, "uuid-name": format!("{table}_{row}"),
                    "row": values.collect::<serde_json::Map<_, _>>(),
                }));
            }
        }
        let result = run(tool("ovsdb-tool")
            .arg("transact")
            .arg(&file)
            .arg(Value::from(operations).to_string()));
        assert!(!result.contains("error"), "{changed}: {result}");
        file
    }

    /// The value of a column; the second row refers only to those rows that it must refer to.
    fn value(&self, table: &str, column: &str, row: &str, is_changed: bool) -> Option<Value> {
        let kind = &self.0[table]["columns"][column]["type"];
        let [key, of_map] = ["key", "value"].map(|part| &kind[part]);
        let key = if key.is_null() { kind } else { key };
        let number = match row {
            "b" => 2,
            _ => usize::from(is_changed),
        };
        let to = [key, of_map].map(|base| base["refTable"].as_str());
        if let Some(to) = to[0].or(to[1]) {
            if row == "b" && kind["min"] == 0 {
                return None;
            }
            if is_changed && self.0[to]["maxRows"] == 1 {
                return None;
            }
        }
        if of_map.is_null() {
            return Some(atom(key, number));
        }
        Some(json!(["map", [[atom(key, 0), atom(of_map, number)]]]))
    }
}

/// One of three values of a type. Of two, the third is the first.
fn atom(base: &Value, number: usize) -> Value {
    if let Some(table) = base["refTable"].as_str() {
        let row = if number == 0 { "a" } else { "b" };
        return json!(["named-uuid", format!("{table}_{row}")]);
    }
    if let Some(words) = base["enum"][1].as_array() {
        return words[number % words.len()].clone();
    }
    let kind = base["type"].as_str().or(base.as_str()).unwrap();
    match kind {
        "string" => json!(["a", "b", "c"][number]),
        "boolean" => json!(number != 1),
        "integer" => {
            let least = base["minInteger"].as_i64().unwrap_or(1).max(1);
            json!(least + i64::try_from(number).unwrap())
        }
        _ => json!(1.5 + f64::from(u32::try_from(number).unwrap())),
    }
}
