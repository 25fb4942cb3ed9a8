//! JSON Schemas (draft 2020-12) of the documents that commands print, for `schema/`, for the manual and
//! for the tests, which validate every document.
//!
//! | file | contents |
//! |---|---|
//! | `shape` | building blocks of schemas; the schema of a column |
//! | `topology` | `ovs show`, and what changed |
//! | `flows` | matches, flows, groups and meters: made of the table of fields |
//! | `actions` | every action with its members |
//! | `messages` | OpenFlow messages |
//! | `trace` | `ovs trace` |
//! | `watch` | the `--watch` form of any of them |
//!
//! The members of a list are the columns of the command, from the column list that also prints them; those
//! of a match are the rows of the table of fields.

mod actions;
mod flows;
mod messages;
mod shape;
mod topology;
mod trace;
mod watch;

use std::collections::BTreeSet;

use clap::Command;
use serde_json::{Map, Value, json};

use super::leaves;
use crate::commands::about::{About, Does, JsonDocument, Prints};
use crate::commands::effects::effect_headings;
use crate::output::{HOST, Heading};
use shape::{ObjectSchema, list, refer};

/// The name of the record definition in the schemas of lists.
const RECORD: &str = "record";

/// A document that commands print, and its schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The name of the schema: `ovs-port-list`.
    pub name: String,
    /// The commands that print it, as typed: `ovs port list`.
    pub commands: Vec<String>,
    /// A one-line description.
    pub about: String,
    schema: Value,
}

impl Document {
    /// The schema of the whole document.
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The schema of one line of `--output jsonl`; `None` if the document is not a list.
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

    /// The schema with only these members in every record, as with `--columns`.
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

/// The JSON name of a column, from any spelling.
fn plain(name: &str) -> String {
    name.trim().to_ascii_lowercase().replace('-', "_")
}

/// Every document that a command prints, in the order of the commands.
pub fn documents() -> Vec<Document> {
    let root = super::command();
    let mut documents = Vec::new();
    for (path, command) in leaves(&root) {
        add(&mut documents, of_command(&path, command, &[]), &path);
        for variant in variants(About::of(command)) {
            add(&mut documents, of_command(&path, command, variant), &path);
        }
    }
    documents.push(Document {
        commands: vec!["--watch".to_owned()],
        ..watch::any()
    });
    documents
}

fn add(documents: &mut Vec<Document>, document: Option<Document>, path: &[&str]) {
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
    let root = super::command();
    let owned = |path: Vec<&str>| path.into_iter().map(str::to_owned).collect();
    leaves(&root)
        .into_iter()
        .map(|(path, _)| owned(path))
        .collect()
}

/// The document that a command line prints, and whether it comes as lines (`--output jsonl`); `None` if it
/// prints no JSON. The words are those behind `ovs`. Of several hosts it is the document of each: the objects of all hosts,
/// each with the member `host`, are in one array.
pub fn printed(words: &[&str]) -> Option<(Document, bool)> {
    let root = super::command();
    let line = ["ovs"].iter().chain(words);
    let matches = root.clone().try_get_matches_from(line).ok()?;
    let (path, last) = super::innermost(&matches);
    let format = last.get_one::<super::Output>("output");
    let lines = format == Some(&super::Output::Jsonl);
    if !lines && format != Some(&super::Output::Json) && !last.get_flag("json") {
        return None;
    }
    let is_watched = matches!(last.try_get_raw("watch"), Ok(Some(_)));
    let columns = last.get_many::<String>("columns").unwrap_or_default();
    // The host, of several, is no column of the command.
    let columns = columns.filter(|name| plain(name) != HOST.name);
    let columns: Vec<String> = columns.cloned().collect();
    let is_set = |option: &str| matches!(last.try_get_one::<bool>(option), Ok(Some(true)));
    let mut options: Vec<&str> = ["dry_run", "explain", "count", "all"]
        .into_iter()
        .filter(|option| is_set(option))
        .collect();
    if lines {
        options.push("lines");
    }
    if !columns.is_empty() {
        options.push("columns");
    }
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let step = |command, word: &&str| Command::find_subcommand(command, word);
    let command = path.iter().try_fold(&root, step)?;
    let document = of_command(&path, command, &options)?;
    // The columns of a plan select members of its changes.
    let is_plan = document.name == topology::PLAN_DOCUMENT;
    let is_open = matches!(
        About::of(command).document,
        JsonDocument::Record | JsonDocument::Records
    );
    let chosen = !columns.is_empty() && !is_plan && !is_open;
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
    // A plan is one object also with `--output jsonl`, and so is a single record.
    let lines = lines && document.schema.get("items").is_some();
    Some((document, lines))
}

/// The options with which a command prints another kind of document.
fn variants(about: About) -> &'static [&'static [&'static str]] {
    match about.document {
        JsonDocument::Topology | JsonDocument::Trace => &[&["lines"]],
        JsonDocument::Flows => &[&["count"], &["count", "all"]],
        JsonDocument::FlowCounts => &[&["dry_run"]],
        JsonDocument::Changes(_) => &[&["explain"]],
        _ if about.does == Does::Changes => &[&["dry_run"]],
        _ => &[],
    }
}

/// The document of a command with such options.
fn of_command(path: &[&str], command: &Command, options: &[&str]) -> Option<Document> {
    let has = |option: &str| options.contains(&option);
    let about = About::of(command);
    let record = || record(&about.columns()).closed();
    Some(match about.document {
        JsonDocument::Topology if has("lines") || has("columns") => {
            let line = "The lines of show: an interface each";
            listing("ovs-show-lines", line, RECORD, [(RECORD, record())])
        }
        JsonDocument::Topology => topology::show(),
        JsonDocument::Trace if has("lines") || has("columns") => {
            let line = "The results of trace, one per line";
            listing("ovs-trace-lines", line, RECORD, [(RECORD, record())])
        }
        JsonDocument::Trace => trace::trace(),
        JsonDocument::FlowCounts if has("dry_run") || has("explain") => {
            let line = "What becomes of each flow (--dry-run, --explain)";
            let effect = self::record(&effect_headings("flow")).closed();
            listing("ovs-flow-effects", line, RECORD, [(RECORD, effect)])
        }
        JsonDocument::Changes(what) if has("explain") => {
            let line = format!("What becomes of each {what} (--explain)");
            let effect = self::record(&effect_headings(what)).closed();
            listing(
                &format!("ovs-{what}-effects"),
                &line,
                RECORD,
                [(RECORD, effect)],
            )
        }
        JsonDocument::FlowCounts => {
            let line = "How many flows a command has written, changed or removed";
            listing("ovs-flow-counts", line, RECORD, [(RECORD, record())])
        }
        JsonDocument::Flows if has("count") => flows::count(has("all")),
        JsonDocument::Flows => flows::flows(),
        JsonDocument::FlowChanges => flows::changes(),
        JsonDocument::HostChanges => flows::host_changes(),
        JsonDocument::Groups => flows::groups(),
        JsonDocument::GroupChanges => flows::group_changes(),
        JsonDocument::Meters => flows::meters(),
        JsonDocument::Messages => messages::messages(),
        JsonDocument::Record => topology::db_get(),
        JsonDocument::Records => topology::db_list(),
        JsonDocument::Columns if about.does == Does::Changes && has("dry_run") => {
            topology::plan_of(None)
        }
        JsonDocument::Columns if about.does == Does::Changes => topology::changes(),
        JsonDocument::Columns | JsonDocument::Changes(_) => {
            let name = typed(path).replace(' ', "-");
            let line = command.get_about().map(ToString::to_string);
            let line = line.unwrap_or_default();
            match about.prints {
                Prints::Nothing => return None,
                Prints::List(_) => listing(&name, &line, RECORD, [(RECORD, record())]),
                Prints::One(_) => document(&name, &line, record(), []),
            }
        }
    })
}

/// A record with these columns.
fn record(columns: &[Heading]) -> ObjectSchema {
    columns.iter().fold(ObjectSchema::new(), |record, column| {
        let mut schema = shape::of(column.shape);
        if let (false, Value::Object(schema)) = (column.meaning.is_empty(), &mut schema) {
            schema.insert("description".to_owned(), json!(column.meaning));
        }
        if column.extra {
            record.maybe(column.name, schema)
        } else {
            record.with(column.name, schema)
        }
    })
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

/// A document with the definitions that it uses.
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

/// The definitions that a schema refers to, directly or indirectly.
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

fn typed(path: &[&str]) -> String {
    format!("ovs {}", path.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Shape;

    #[test]
    fn every_column_has_a_type_and_meaning() {
        let root = crate::cli::command();
        for (path, command) in leaves(&root) {
            for column in About::of(command).columns() {
                let is_said = !matches!(column.shape, Shape::Any) && !column.meaning.is_empty();
                assert!(is_said, "{path:?}: {}", column.name);
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
            of(topology::PLAN_DOCUMENT, false)
        );
        let (chosen, _) = printed(&["port", "list", "-j", "--columns", "tag,Link-State"]).unwrap();
        let record = chosen.schema().pointer("/$defs/record").unwrap();
        assert_eq!(record["required"], json!(["tag", "link_state"]));
        assert_eq!(record["properties"].as_object().unwrap().len(), 2);
    }
}
