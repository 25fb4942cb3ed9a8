//! The table of keys against ovs-vswitchd.conf.db(5) of the Open vSwitch that is installed.

use std::collections::BTreeSet;

use ovs::model::keys::{Key, Section, Source, Value, interface_types, sections};

/// The manual page as roff, font changes taken out.
fn manual() -> String {
    crate::common::server::manual("man5/ovs-vswitchd.conf.db.5")
}

/// The version of Open vSwitch in the page's first line.
fn version(page: &str) -> (u8, u8) {
    let after = page.split("\"Open vSwitch ").nth(1).unwrap();
    let mut numbers = after.split(['.', '"']).map(|n| n.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// `column : key` of the summaries: table, column, key and what the page says of the value.
fn documented(page: &str) -> Vec<(&str, &str, &str, &str)> {
    let mut found = Vec::new();
    for part in page.split("\n.SH \"").skip(1) {
        let Some((table, rest)) = part.split_once(" TABLE\"") else {
            continue;
        };
        let Some((_, summary)) = rest.split_once(".SS \"Summary:") else {
            continue;
        };
        let summary = summary.split(".SS \"Details:").next().unwrap();
        let lines: Vec<&str> = summary.lines().collect();
        for pair in lines.windows(2) {
            if let Some((column, key)) = pair[0].split_once(" : ") {
                found.push((table, column, key, pair[1]));
            }
        }
    }
    found
}

/// Columns that the switch writes.
const READ_ONLY: [&str; 7] = [
    "bfd_status",
    "capabilities",
    "cfm_fault_status",
    "rstp_statistics",
    "rstp_status",
    "statistics",
    "status",
];

fn rows(section: &Section, key: &str) -> Vec<&'static Key> {
    let keys = section.keys.iter();
    keys.filter(|row| row.name == key).collect()
}

#[test]
fn every_key_of_the_manual_is_a_row() {
    let page = manual();
    let documented = documented(&page);
    let mut seen = 0;
    for (table, column, key, _) in &documented {
        if READ_ONLY.contains(column) {
            continue;
        }
        let section = sections().find(|s| s.table == *table && s.column == *column);
        let section = section.unwrap_or_else(|| panic!("no rows for {table}.{column}"));
        assert!(!rows(section, key).is_empty(), "{table}.{column}:{key}");
        seen += 1;
    }
    assert!(seen >= 200, "only {seen} keys");
}

#[test]
fn every_row_is_in_the_manual_of_its_version() {
    let page = manual();
    let version = version(&page);
    let pages: BTreeSet<_> = documented(&page)
        .into_iter()
        .map(|(table, column, key, _)| (table, column, key))
        .collect();
    for section in sections() {
        for row in section.keys {
            let expected = match row.source {
                Source::Page { since, until } => {
                    since.is_none_or(|since| since <= version)
                        && until.is_none_or(|until| version <= until)
                }
                Source::Switch | Source::Practice => continue,
            };
            let place = (section.table, section.column, row.name);
            assert_eq!(pages.contains(&place), expected, "{place:?} in {version:?}");
        }
    }
    for section in sections() {
        for row in section.keys {
            let place = (section.table, section.column, row.name);
            let written = |row: &&Key| matches!(row.source, Source::Page { .. });
            let elsewhere = rows(section, row.name).iter().any(written);
            assert!(
                written(&row) || elsewhere || !pages.contains(&place),
                "{place:?} is in the page"
            );
        }
    }
}

/// `containing an integer, in range 1 to 10` and the like, in the page's own words.
fn words(value: Value) -> Option<String> {
    let thousands = |n: i64| {
        let digits = n.to_string();
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| std::str::from_utf8(group).unwrap())
            .collect();
        groups.join(",")
    };
    Some(match value {
        Value::Bool | Value::Words(["true", "false"]) => "either true or false".to_owned(),
        Value::Int(least, i64::MAX) => {
            format!("containing an integer, at least {}", thousands(least))
        }
        Value::Int(least, most) => {
            let (least, most) = (thousands(least), thousands(most));
            format!("containing an integer, in range {least} to {most}")
        }
        Value::Words([one, other]) => format!("either {one} or {other}"),
        Value::Words(words) => format!("one of {}", words.join(", ")),
        _ => return None,
    })
}

/// The words of such a text in no order: the page sorts them by their markup.
fn unordered(text: &str) -> BTreeSet<&str> {
    let words = text.split([' ', ',']);
    words.filter(|word| !["", "or"].contains(word)).collect()
}

#[test]
fn values_are_those_of_the_manual() {
    let page = manual();
    // Where the page's type is narrower or wider than what it says in words, or than what the switch takes.
    let own = BTreeSet::from([
        // "In the form of a hex string", typed as an integer.
        "dpdk-lcore-mask",
        // "May be the string random".
        "cfm_ccm_vlan",
        // Zero since 3.2, where it is documented to mean always.
        "min-revalidate-pps",
        // No more than 4096 before 3.6.
        "n_rxq_desc",
        "n_txq_desc",
        // Hexadecimal too.
        "stp-port-num",
        "stp-port-priority",
        "rstp-port-num",
        "rstp-port-priority",
    ]);
    let mut seen = 0;
    for (table, column, key, text) in documented(&page) {
        let Some(text) = text.strip_prefix("optional string, ") else {
            continue;
        };
        // An integer without bounds.
        if READ_ONLY.contains(&column) || own.contains(key) || text == "containing an integer" {
            continue;
        }
        let section = sections().find(|s| s.table == table && s.column == column);
        let rows = rows(section.unwrap(), key);
        assert!(
            rows.iter()
                .filter_map(|row| words(row.value))
                .any(|ours| unordered(&ours) == unordered(text)),
            "{table}.{column}:{key}: {text}, not {:?}",
            words(rows[0].value)
        );
        seen += 1;
    }
    assert!(seen >= 100, "only {seen} values");
}

#[test]
fn the_manuals_types_of_interfaces() {
    let page = manual();
    let (_, interface) = page.split_once("\n.SH \"Interface TABLE\"").unwrap();
    let (_, details) = interface.split_once(".SS \"Details:").unwrap();
    let (_, types) = details.split_once(".IP \"type: string\"\n").unwrap();
    let types = types.split("\n.IP \"").next().unwrap();
    let lines: Vec<&str> = types.lines().collect();
    let mut seen = 0;
    for pair in lines.windows(2) {
        if pair[0] != ".TP" && !pair[0].starts_with(".TQ") {
            continue;
        }
        // The page writes Bareudp; the type is bareudp.
        let name = pair[1].to_lowercase();
        assert!(interface_types().contains(&name.as_str()), "{name}");
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} types");
}
