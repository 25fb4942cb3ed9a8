//! The same answer as a table, as text and as JSON: cell by cell. How a value is written in a cell is
//! written down here once more, from the manual, and not taken from the code that is looked at.

use ovs::cli::schema;
use ovs::output::width;
use serde_json::{Map, Value};

use crate::common::Ran;

type Record = Map<String, Value>;

/// The sign for what was cut out of a name.
const CUT: char = '…';

/// The name of the document that `ovs WORDS --json` prints.
fn document(words: &[&str]) -> Option<String> {
    let (document, _) = schema::printed(&[words, &["--json"]].concat())?;
    Some(document.name)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The records in a document, and whether an absent value in a map is written down.
fn records(name: &str, json: &str) -> (Vec<Record>, bool) {
    let value = parsed(json);
    let (value, is_plan) = match (name, value) {
        ("ovs-plan", Value::Object(mut plan)) => (plan.remove("changes").unwrap(), true),
        (_, value) => (value, false),
    };
    let record = |value: Value| match value {
        Value::Object(record) => record,
        other => panic!("no object: {other}"),
    };
    let all = match value {
        Value::Array(values) => values.into_iter().map(record).collect(),
        value => vec![record(value)],
    };
    (all, is_plan)
}

/// Documents of which the text is no columns.
const DUMPS: [&str; 8] = [
    "ovs-dump-flows",
    "ovs-dump-flows-count",
    "ovs-dump-flows-all-count",
    "ovs-dump-groups",
    "ovs-dump-meters",
    "ovs-decode",
    "ovs-flow-changes",
    "ovs-group-changes",
];

/// In a pipe there is a line for every record of the JSON, with its values.
pub(crate) fn text_and_json(words: &[&str], text: &Ran, json: &Ran, lines: &Ran) {
    assert_eq!((text.code, json.code), (lines.code, lines.code));
    let Some(name) = document(words) else {
        assert_eq!((json.stdout.as_str(), text.stdout.as_str()), ("", ""));
        return;
    };
    if json.stdout.is_empty() {
        assert!(text.stdout.is_empty() && json.code != 0, "{text:?}");
        return;
    }
    // What is said besides is the same.
    if !text.stderr.contains("dry run") {
        assert_eq!(text.stderr, json.stderr);
    }
    let (mut all, is_plan) = records(&name, &json.stdout);
    let rows: Vec<Record> = lines
        .stdout
        .lines()
        .map(|line| parsed(line).as_object().unwrap().clone())
        .collect();
    match name.as_str() {
        "ovs-show" | "ovs-trace" => all = rows,
        // The transaction names the command that it is of.
        "ovs-plan" => assert_eq!(all, records(&name, &lines.stdout).0),
        // Flows and groups have an age, which is another a moment later.
        "ovs-dump-flows" | "ovs-dump-groups" | "ovs-dump-meters" => {
            assert_eq!(all.len(), rows.len());
        }
        _ => assert_eq!(all, rows),
    }
    if DUMPS.contains(&name.as_str()) {
        if matches!(name.as_str(), "ovs-dump-flows" | "ovs-dump-groups") {
            assert_eq!(text.stdout.lines().count(), all.len(), "{}", text.stdout);
        }
        return;
    }
    if is_plan && all.is_empty() {
        assert_eq!(text.stdout, "unchanged\n");
        return;
    }
    assert_eq!(text.stdout.lines().count(), all.len(), "{}", text.stdout);
    for (line, record) in text.stdout.lines().zip(with_named_keys(&all, is_plan)) {
        let cells: Vec<String> = record.values().map(|value| cell(value, is_plan)).collect();
        assert_eq!(line.split('\t').collect::<Vec<_>>(), cells);
    }
}

/// What a terminal shows are the values of the JSON, whole or with a sign that they were cut; what it does
/// not show is named, or is nothing.
pub(crate) fn table_and_json(words: &[&str], said: &Ran, json: &Ran) {
    let Some(name) = document(words) else {
        assert_eq!(said.stdout, "");
        return;
    };
    if json.stdout.is_empty() || DUMPS.contains(&name.as_str()) {
        return;
    }
    if name == "ovs-show" {
        return tree(&said.stdout, &parsed(&json.stdout));
    }
    if name == "ovs-trace" {
        let document = parsed(&json.stdout);
        for member in ["flow", "verdict"] {
            let text = document[member].as_str().unwrap();
            assert!(
                said.stdout.contains(text),
                "{text} is not in\n{}",
                said.stdout
            );
        }
        return;
    }
    let (all, is_plan) = records(&name, &json.stdout);
    if name == "ovs-check" {
        return messages(&said.stdout, &all);
    }
    let Some(first) = all.first() else {
        let is_nothing = said.stdout.is_empty() || (is_plan && said.stdout == "unchanged\n");
        assert!(is_nothing, "{}", said.stdout);
        return;
    };
    if words[0] == "graph" {
        let ports = all.iter().filter_map(|record| record["ports"].as_array());
        assert!(ports.count() > 0 && said.stdout.contains('┌'));
        return;
    }
    let header: Vec<String> = said
        .stdout
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let is_table = header.iter().all(|name| {
        first.contains_key(&name.to_ascii_lowercase()) && *name == name.to_ascii_uppercase()
    });
    if is_table {
        table(&said.stdout, &with_named_keys(&all, is_plan), is_plan);
    } else {
        // A record is a block of lines, a key each.
        for record in &all {
            for (key, value) in record {
                let value = squeezed(&cell(value, is_plan));
                if value == "-" || value.starts_with('[') || key == "interfaces" {
                    continue;
                }
                // A map has a line for each of its keys, without the comma.
                let has = squeezed(&said.stdout.replace(',', "")).contains(&value.replace(',', ""));
                assert!(has, "{key}: {value} is not in\n{}", said.stdout);
            }
        }
    }
}

/// Every finding is told, with its object; hints that differ in names only are told once.
fn messages(said: &str, all: &[Record]) {
    let squeezed_said = squeezed(said);
    for record in all {
        let text = |key: &str| record[key].as_str().unwrap_or_default();
        let head = format!("{}[{}]", text("severity"), text("finding"));
        for word in [&head, text("bridge"), text("object"), text("what")] {
            assert!(
                squeezed_said.contains(&squeezed(word)),
                "{word} is not in\n{said}"
            );
        }
        let mut alike = all.iter().filter(|it| it["finding"] == record["finding"]);
        let is_told = |it: &Record| squeezed_said.contains(&squeezed(it["hint"].as_str().unwrap()));
        assert!(
            alike.any(is_told),
            "{} has no hint in\n{said}",
            text("finding")
        );
    }
    for (word, severity) in ["error", "warning", "note"].map(|word| (word, Value::from(word))) {
        let count = all.iter().filter(|it| it["severity"] == severity).count();
        let plural = if count == 1 { "" } else { "s" };
        let last = said.lines().last().unwrap_or_default();
        let is_counted = last.contains(&format!("{count} {word}{plural}"));
        assert_eq!(is_counted, count > 0 && all.len() > 1, "{said}");
    }
}

fn tree(said: &str, whole: &Value) {
    let is_said = |name: &Value| {
        let name = name.as_str().unwrap();
        let lines = said.lines().flat_map(|line| line.split("  "));
        let mut words = lines.map(str::trim);
        assert!(
            words
                .any(|word| is_cut(name, word.split(" (").next().unwrap_or(word))
                    || is_cut(name, word)),
            "{name} is not in\n{said}"
        );
    };
    for bridge in whole["bridges"].as_array().unwrap() {
        is_said(&bridge["name"]);
        for port in bridge["ports"].as_array().unwrap() {
            for interface in port["interfaces"].as_array().unwrap() {
                is_said(&interface["name"]);
            }
        }
    }
}

/// Whether a word is the name, or what is left of it.
fn is_cut(name: &str, word: &str) -> bool {
    match word.split_once(CUT) {
        None => name == word,
        Some((head, tail)) => name.starts_with(head) && name.ends_with(tail),
    }
}

fn table(said: &str, all: &[Record], is_plan: bool) {
    let lines: Vec<&str> = said.lines().collect();
    let is_footer = |line: &&str| line.starts_with("hidden: ") || line.starts_with("cut: ");
    let end = lines.iter().position(is_footer).unwrap_or(lines.len());
    let footer = lines[end..].join(" ");
    let named = |what: &str| -> Vec<String> {
        let text = footer
            .split(['(', ';'])
            .find_map(|part| part.trim().strip_prefix(what));
        let names = text.unwrap_or_default().split(',');
        names.map(|name| name.trim().to_owned()).collect()
    };
    let (hidden, cut) = (named("hidden: "), named("cut: "));
    let columns = starts(lines[0]);
    for name in all[0].keys() {
        let values: Vec<String> = all
            .iter()
            .map(|r| cell(&r[name.as_str()], is_plan))
            .collect();
        let place = columns.iter().position(|(column, _)| column == name);
        let Some(place) = place else {
            let is_nothing = values.iter().all(|value| value == "-");
            let is_echo = all[0].keys().any(|other| {
                other != name && all.iter().all(|r| r[other.as_str()] == r[name.as_str()])
            });
            assert!(
                hidden.contains(name) || is_nothing || is_echo,
                "{name} is gone, and not said to be:\n{said}"
            );
            continue;
        };
        let from = columns[place].1;
        let to = columns
            .get(place + 1)
            .map_or(usize::MAX, |(_, start)| *start);
        let shown: String = lines[1..end]
            .iter()
            .map(|line| between(line, from, to))
            .collect();
        let (shown, values) = (squeezed(&shown), squeezed(&values.concat()));
        if shown.contains(CUT) {
            assert!(
                cut.contains(name),
                "{name} is cut, and not said to be:\n{said}"
            );
            assert!(
                is_left_of(&values, &shown),
                "{name}: {values} is not {shown}"
            );
        } else {
            assert_eq!(shown, values, "{name}:\n{said}");
        }
    }
}

/// The columns of a header, with the cells at which they begin.
fn starts(header: &str) -> Vec<(String, usize)> {
    let mut columns: Vec<(String, usize)> = Vec::new();
    let mut before = ' ';
    for (at, c) in header.char_indices() {
        if c != ' ' && before == ' ' {
            columns.push((String::new(), at));
        }
        if let Some((name, _)) = columns.last_mut().filter(|_| c != ' ') {
            name.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    columns
}

/// What stands in these cells of a line.
fn between(line: &str, from: usize, to: usize) -> &str {
    let place = |cells: usize| {
        let mut ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
        // A character without width belongs to the one before it.
        let is_next = |at: &usize| width(&line[..*at]) >= cells;
        ends.find(is_next).unwrap_or(line.len())
    };
    let (from, to) = (place(from), place(to));
    &line[from.min(to)..to]
}

/// Without blanks: where lines break is another matter.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// Whether `shown` is `whole` with parts left out where the sign is.
fn is_left_of(whole: &str, shown: &str) -> bool {
    let mut rest = whole;
    let parts: Vec<&str> = shown.split(CUT).collect();
    let last = parts.len() - 1;
    for (place, part) in parts.into_iter().enumerate() {
        let at = match place {
            0 if rest.starts_with(part) => 0,
            0 => return false,
            _ if place == last => return rest.ends_with(part),
            _ => match rest.find(part) {
                Some(at) => at,
                None => return false,
            },
        };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Of an object that changes, text has each changed key of a map as `column:key`.
fn with_named_keys(all: &[Record], is_plan: bool) -> Vec<Record> {
    let mut all = all.to_vec();
    for record in &mut all {
        if !is_plan || record["change"] != "changed" {
            continue;
        }
        let sides = ["before", "after"].map(|side| record[side].as_object().unwrap().clone());
        for (side, values) in ["before", "after"].iter().zip(&sides) {
            let mut named = Map::new();
            for (column, value) in values {
                if !value.is_object() {
                    named.insert(column.clone(), value.clone());
                    continue;
                }
                let keys = sides
                    .iter()
                    .flat_map(|values| values[column].as_object().unwrap().keys());
                for key in keys {
                    let value = value.get(key).cloned().unwrap_or_default();
                    named.insert(format!("{column}:{key}"), value);
                }
            }
            record[*side] = Value::Object(named);
        }
    }
    all
}

/// A value as a cell has it: ovs(8), OUTPUT.
fn cell(value: &Value, is_plan: bool) -> String {
    let empty = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    match value {
        _ if empty => "-".to_owned(),
        Value::String(text) if text == "-" => "\\-".to_owned(),
        Value::String(text) => text.replace('\\', "\\\\"),
        value => inner(value, is_plan),
    }
}

fn inner(value: &Value, is_plan: bool) -> String {
    match value {
        Value::Array(values) => {
            let elements: Vec<String> = values.iter().map(|v| element(v, is_plan)).collect();
            let numbers: Option<Vec<i64>> = values.iter().map(Value::as_i64).collect();
            numbers.map_or_else(|| elements.join(","), |numbers| ranges(&numbers))
        }
        Value::Object(members) => {
            let pairs: Vec<String> = members
                .iter()
                .filter(|(_, value)| is_plan || !value.is_null())
                .map(|(key, value)| format!("{}={}", word(key), element(value, is_plan)))
                .collect();
            pairs.join(",")
        }
        Value::Null => "-".to_owned(),
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// VLANs, three or more in a row as a range.
fn ranges(numbers: &[i64]) -> String {
    let rows = numbers.chunk_by(|a, b| a + 1 == *b);
    let row = |row: &[i64]| match row {
        [first, _, .., last] => format!("{first}-{last}"),
        few => few.iter().map(i64::to_string).collect::<Vec<_>>().join(","),
    };
    rows.map(row).collect::<Vec<_>>().join(",")
}

fn element(value: &Value, is_plan: bool) -> String {
    match value {
        Value::Array(_) => format!("[{}]", inner(value, is_plan)),
        Value::Object(_) => format!("{{{}}}", inner(value, is_plan)),
        other => inner(other, is_plan),
    }
}

/// In quotes where it could be taken for more than one.
fn word(text: &str) -> String {
    if text.is_empty() || text.contains([',', ' ', '=', '"', '[', ']', '{', '}']) {
        Value::from(text).to_string()
    } else {
        text.to_owned()
    }
}
