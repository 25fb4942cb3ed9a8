//! Hosts that are kept as data: `fixtures/hosts`, and `fixtures/neutron` in the same layout.

use std::fs;
use std::path::Path;

use super::Sandbox;

/// Makes the bridges and ports of a host, and adds its groups and flows. Controllers are left out: nothing
/// listens for them.
pub fn load(sandbox: &Sandbox, host: &str) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(host);
    let table = |name: &str| fs::read_to_string(dir.join(name)).expect("the host has the table");
    let mut words: Vec<String> = Vec::new();
    for row in rows(&table("bridges.tsv")) {
        let [bridge, hwaddr, fail_mode, ..] = &row[..] else {
            panic!("{host}: {row:?}");
        };
        words.extend(["--", "add-br", bridge].map(str::to_owned));
        words.extend(set("Bridge", bridge, "other_config:hwaddr", hwaddr));
        words.extend(set("Bridge", bridge, "fail_mode", fail_mode));
    }
    for row in rows(&table("ports.tsv")) {
        let [bridge, port, ofport, tag, kind, options] = &row[..] else {
            panic!("{host}: {row:?}");
        };
        words.extend(["--", "add-port", bridge, port].map(str::to_owned));
        words.extend(set("Interface", port, "ofport_request", ofport));
        words.extend(set("Interface", port, "type", kind));
        words.extend(set("Port", port, "tag", tag));
        for option in options.split(' ').filter(|option| *option != EMPTY) {
            let (key, value) = option.split_once('=').expect("an option has a value");
            words.extend(set("Interface", port, &format!("options:{key}"), value));
        }
    }
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    sandbox.vsctl(&words);
    for (bridge, file) in files(&dir.join("tlv")) {
        let map = fs::read_to_string(file).unwrap();
        sandbox.ofctl(&["add-tlv-map", &bridge, map.trim()]);
    }
    for (bridge, file) in files(&dir.join("groups")) {
        sandbox.ofctl(&["-O", "OpenFlow15", "add-groups", &bridge, &file]);
    }
    for (bridge, file) in files(&dir.join("flows")) {
        let flows = fs::read_to_string(&file).unwrap();
        // Instructions and groups are of OpenFlow 1.1 and later.
        let later = flows.contains("goto_table") || flows.contains("group:");
        let version = if later { "OpenFlow13" } else { "OpenFlow10" };
        sandbox.ofctl(&["-O", version, "add-flows", &bridge, &file]);
    }
}

/// What stands in a cell without a value.
const EMPTY: &str = "-";

fn rows(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect()).collect()
}

/// `-- set TABLE RECORD COLUMN=VALUE`, if there is a value.
fn set(table: &str, record: &str, column: &str, value: &str) -> Vec<String> {
    if value == EMPTY {
        return Vec::new();
    }
    let quotes = if value.contains(':') { "\"" } else { "" };
    let column = format!("{column}={quotes}{value}{quotes}");
    ["--", "set", table, record, &column]
        .map(str::to_owned)
        .to_vec()
}

/// The files of a directory, by bridge; the text that `.expected` files hold is for others.
fn files(dir: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let inputs = paths.filter(|path| path.extension().is_some_and(|word| word != "expected"));
    let by_bridge = inputs.map(|path| {
        let bridge = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (bridge, path.to_str().unwrap().to_owned())
    });
    by_bridge.collect()
}
