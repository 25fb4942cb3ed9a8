//! JSON Schemas (draft 2020-12) of the documents that commands print, for `schema/`, for the manual and
//! for the tests, which hold every document against its schema.
//!
//! | file | what is in it |
//! |---|---|
//! | `shape` | the words schemas are made of |
//! | `columns` | what the columns of the lists hold |
//! | `topology` | `ovs show`, and what changed |
//! | `flows` | matches, flows, groups and meters: made of the table of fields |
//! | `actions` | every action with its members |
//! | `messages` | OpenFlow messages |
//! | `watch` | what `--watch` makes of any of them |
//!
//! The members of a list are the columns of the command, from the column list that also prints them; those
//! of a match are the rows of the table of fields.

mod actions;
mod columns;
mod flows;
mod messages;
mod shape;
mod topology;
mod watch;

use std::collections::BTreeSet;

use clap::{ArgMatches, Command};
use serde_json::{Map, Value, json};

use super::columns::Columns;
use super::manual;
use shape::{Object, list, refer};

/// The keyword that a definition of a record bears in the schemas of lists.
const RECORD: &str = "record";

/// A document that commands print, and its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The name of the schema: `ovs-port-list`.
    pub name: String,
    /// The commands that print it, as they are typed: `ovs port list`.
    pub commands: Vec<String>,
    /// What it is, in a line.
    pub about: String,
    schema: Value,
}

impl Document {
    /// The schema of the whole document.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The schema of one line of `--output jsonl`; `None` where the document is no list.
    pub fn line(&self) -> Option<Value> {
        let mut schema = self.schema.clone();
        let members = schema.as_object_mut()?;
        let items = members.remove("items")?;
        members.shift_remove("type");
        let defs = members.remove("$defs");
        members.extend(items.as_object().cloned()?);
        members.extend(defs.map(|defs| ("$defs".to_owned(), defs)));
        Some(schema)
    }

    /// The schema with these members only, in every record: what `--columns` leaves of a list.
    fn only(mut self, columns: &[String]) -> Self {
        let pointer = match self.schema.get("items") {
            Some(_) => format!("/$defs/{RECORD}"),
            None => String::new(),
        };
        let record = self.schema.pointer_mut(&pointer);
        let Some(record) = record.and_then(Value::as_object_mut) else {
            return self;
        };
        let names: Vec<String> = columns.iter().map(|name| plain(name)).collect();
        if let Some(Value::Object(properties)) = record.get_mut("properties") {
            properties.retain(|name, _| names.iter().any(|column| column == name));
        }
        record.insert("required".to_owned(), json!(names));
        self
    }

    /// The name of the file in `schema/`.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.name)
    }

    /// The contents of the file.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.schema)
    }
}

/// A column's name as it is written in JSON, however it was typed.
fn plain(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace('-', "_")
}

/// Every document that a command prints, in the order of the commands.
pub fn documents() -> Vec<Document> {
    let root = super::command();
    let mut documents = Vec::new();
    for path in leaves(&root) {
        let document = of_path(&root, &path, &[]);
        add(&mut documents, document, &path);
        for variant in variants(&path) {
            add(&mut documents, of_path(&root, &path, variant), &path);
        }
    }
    documents.push(Document {
        commands: vec!["--watch".to_owned()],
        ..watch::any()
    });
    documents
}

fn add(documents: &mut Vec<Document>, document: Option<Document>, path: &[String]) {
    let Some(mut document) = document else {
        return;
    };
    let command = typed(path);
    match documents
        .iter_mut()
        .find(|known| known.name == document.name)
    {
        Some(known) if known.commands.contains(&command) => {}
        Some(known) => known.commands.push(command),
        None => {
            document.commands = vec![command];
            documents.push(document);
        }
    }
}

/// The commands that there are, each as its words: `["port", "list"]`.
pub fn commands() -> Vec<Vec<String>> {
    leaves(&super::command())
}

/// The document that a command line prints, and whether it comes as lines (`--output jsonl`); `None` if it
/// prints no JSON. The words are those behind `ovs`.
pub fn printed(words: &[&str]) -> Option<(Document, bool)> {
    let root = super::command();
    let line = ["ovs"].iter().chain(words);
    let matches = root.clone().try_get_matches_from(line).ok()?;
    let mut path = Vec::new();
    let mut last: &ArgMatches = &matches;
    while let Some((word, matches)) = last.subcommand() {
        path.push(word.to_owned());
        last = matches;
    }
    let format = last.get_one::<super::Output>("output");
    let lines = format == Some(&super::Output::Jsonl);
    if !lines && format != Some(&super::Output::Json) && !last.get_flag("json") {
        return None;
    }
    let is_watched = matches!(last.try_get_raw("watch"), Ok(Some(_)));
    let columns: Vec<String> = last
        .get_many::<String>("columns")
        .map(|names| names.cloned().collect())
        .unwrap_or_default();
    let is_set = |option: &str| matches!(last.try_get_one::<bool>(option), Ok(Some(true)));
    let mut options: Vec<&str> = ["dry_run", "count", "all"]
        .into_iter()
        .filter(|option| is_set(option))
        .collect();
    if lines {
        options.push("lines");
    }
    if !columns.is_empty() {
        options.push("columns");
    }
    let document = of_path(&root, &path, &options)?;
    // Of the plan the columns choose members of its changes.
    let is_plan = document.name == topology::PLAN;
    let chosen = !columns.is_empty() && !is_plan && path.first().is_none_or(|word| word != "db");
    let document = if chosen {
        document.only(&columns)
    } else if is_plan && !columns.is_empty() {
        topology::plan_of(Some(&columns))
    } else {
        document
    };
    if is_watched {
        return Some((watch::of(&document, lines), true));
    }
    // A plan is one object, also as a line; one thing too.
    let lines = lines && document.schema.get("items").is_some();
    Some((document, lines))
}

/// The options by which a command prints a document of another kind.
fn variants(path: &[String]) -> &'static [&'static [&'static str]] {
    match words(path).as_slice() {
        ["show"] => &[&["lines"]],
        ["dump-flows"] => &[&["count"], &["count", "all"]],
        _ if is_change(path) => &[&["dry_run"]],
        _ => &[],
    }
}

/// The document of a command with such options.
fn of_path(root: &Command, path: &[String], options: &[&str]) -> Option<Document> {
    let has = |option: &str| options.contains(&option);
    let command = find(root, path)?;
    match words(path).as_slice() {
        ["show"] if !has("lines") && !has("columns") => Some(topology::show()),
        ["dump-flows"] if has("count") => Some(flows::count(has("all"))),
        ["dump-flows"] => Some(flows::flows()),
        ["dump-groups"] => Some(flows::groups()),
        ["dump-meters"] => Some(flows::meters()),
        ["decode"] => Some(messages::messages()),
        ["db", "get"] => Some(topology::db_get()),
        ["db", "list" | "find"] => Some(topology::db_list()),
        _ if is_change(path) && has("dry_run") => Some(topology::plan_of(None)),
        _ if is_change(path) => Some(topology::changes()),
        words => {
            let columns = super::columns::of(command);
            if columns.all.is_empty() {
                return None;
            }
            let is_one = words.last() == Some(&"show") && words.len() > 1;
            Some(table(path, &columns, command, is_one))
        }
    }
}

/// Whether the command changes the database.
fn is_change(path: &[String]) -> bool {
    matches!(
        words(path).as_slice(),
        ["batch"]
            | [
                "bridge" | "port" | "patch" | "tunnel",
                "add" | "del" | "set"
            ]
            | ["tag", "set" | "clear"]
            | [
                "db",
                "set" | "add" | "remove" | "clear" | "create" | "destroy"
            ]
    )
}

/// The document of a command with columns: a list of records, or one.
fn table(path: &[String], columns: &Columns, command: &Command, is_one: bool) -> Document {
    let typed = typed(path);
    let shown = columns.all.len() - columns.extra;
    let mut record = Object::new();
    for (at, name) in columns.all.iter().enumerate() {
        let mut schema = columns::of(&typed, name).unwrap_or_else(|| json!({}));
        if let (Some(meaning), Value::Object(schema)) =
            (manual::meaning_of(&typed, name), &mut schema)
        {
            schema.insert("description".to_owned(), json!(meaning));
        }
        record = if at < shown {
            record.with(name, schema)
        } else {
            record.maybe(name, schema)
        };
    }
    let about = command.get_about().map(ToString::to_string);
    let about = match words(path).as_slice() {
        ["show"] => "The lines of show: an interface each".to_owned(),
        _ => about.unwrap_or_default(),
    };
    let name = match words(path).as_slice() {
        ["show"] => "ovs-show-lines".to_owned(),
        _ => typed.replace(' ', "-"),
    };
    if is_one {
        document(&name, &about, record.closed(), [])
    } else {
        listing(&name, &about, RECORD, [(RECORD, record.closed())])
    }
}

/// A document that is an array of one of its definitions.
fn listing<const N: usize>(
    name: &str,
    about: &str,
    record: &str,
    defs: [(&str, Value); N],
) -> Document {
    document(name, about, list(refer(record)), defs)
}

/// A document with the definitions that it is made of.
fn document<'d>(
    name: &str,
    about: &str,
    schema: Value,
    defs: impl IntoIterator<Item = (&'d str, Value)>,
) -> Document {
    let mut whole = Map::new();
    whole.insert(
        "$schema".to_owned(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    whole.insert("title".to_owned(), json!(name));
    whole.insert("description".to_owned(), json!(about));
    if let Value::Object(members) = schema {
        whole.extend(members);
    }
    let all: Map<String, Value> = defs
        .into_iter()
        .chain(shape::shared())
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let used = reached(&whole, &all);
    let defs: Map<String, Value> = all
        .into_iter()
        .filter(|(name, _)| used.contains(name))
        .collect();
    if !defs.is_empty() {
        whole.insert("$defs".to_owned(), Value::Object(defs));
    }
    Document {
        name: name.to_owned(),
        commands: Vec::new(),
        about: about.to_owned(),
        schema: Value::Object(whole),
    }
}

/// The definitions that a schema refers to, by way of others too.
fn reached(schema: &Map<String, Value>, defs: &Map<String, Value>) -> BTreeSet<String> {
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    match value.as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
                        Some(name) if key == "$ref" => found.push(name.to_owned()),
                        _ => references(value, found),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut due = Vec::new();
    references(&Value::Object(schema.clone()), &mut due);
    let mut used = BTreeSet::new();
    while let Some(name) = due.pop() {
        if let Some(schema) = defs.get(&name)
            && used.insert(name)
        {
            references(schema, &mut due);
        }
    }
    used
}

fn leaves(root: &Command) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for command in manual::shown(root) {
        let name = command.get_name().to_owned();
        if command.has_subcommands() {
            let parts = manual::shown(command);
            paths.extend(parts.map(|part| vec![name.clone(), part.get_name().to_owned()]));
        } else {
            paths.push(vec![name]);
        }
    }
    paths
}

fn find<'c>(root: &'c Command, path: &[String]) -> Option<&'c Command> {
    let step = |command: &'c Command, word: &String| command.find_subcommand(word);
    path.iter().try_fold(root, step)
}

fn words(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

fn typed(path: &[String]) -> String {
    format!("ovs {}", path.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_kind() {
        let root = crate::cli::command();
        for path in leaves(&root) {
            let command = find(&root, &path).unwrap();
            for column in super::super::columns::of(command).all {
                let typed = typed(&path);
                assert!(columns::of(&typed, &column).is_some(), "{typed}: {column}");
            }
        }
    }

    #[test]
    fn a_command_line_tells_its_document() {
        let name = |words: &[&str]| printed(words).map(|(document, lines)| (document.name, lines));
        let of = |name: &str, lines| Some((name.to_owned(), lines));
        assert_eq!(name(&["show"]), None);
        assert_eq!(name(&["show", "--json"]), of("ovs-show", false));
        assert_eq!(
            name(&["show", "--output", "jsonl"]),
            of("ovs-show-lines", true)
        );
        assert_eq!(
            name(&["-j", "port", "list", "br-int"]),
            of("ovs-port-list", false)
        );
        assert_eq!(
            name(&["dump-flows", "br0", "--count", "-j"]),
            of("ovs-dump-flows-count", false)
        );
        assert_eq!(
            name(&["bridge", "add", "x", "-o", "json", "--dry-run"]),
            of(topology::PLAN, false)
        );
        let (chosen, _) = printed(&["port", "list", "-j", "--columns", "tag,Link-State"]).unwrap();
        let record = chosen.schema().pointer("/$defs/record").unwrap();
        assert_eq!(record["required"], json!(["tag", "link_state"]));
        assert_eq!(record["properties"].as_object().unwrap().len(), 2);
    }
}
