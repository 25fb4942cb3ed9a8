//! Items that differ, as they are printed.

use serde_json::Value;

use crate::base::json::Json;
use crate::commands::Failure;
use crate::commands::effects::Outcome;
use crate::commands::flow::DifferencePrinter;
use crate::model::difference::ItemDifference;
use crate::model::difference::configuration::Settings;
use crate::output::{ColourRole, ItemChange, escape};
use crate::ovsdb::Atom;
use crate::ovsdb::notation::written;

/// How lines of the first and the second side begin.
pub(super) const MARKS: [(ItemChange, &str); 2] = [(ItemChange::Gone, "-"), (ItemChange::New, "+")];

/// What became of an item, from whether each side has it.
pub(super) fn change_word(is_before: bool, is_after: bool) -> &'static str {
    let outcome = match (is_before, is_after) {
        (false, _) => Outcome::Added,
        (_, false) => Outcome::Removed,
        (true, true) => Outcome::Modified,
    };
    outcome.word()
}

/// Prints a row of the configuration that differs.
///
/// # Errors
///
/// Stdout cannot be written.
pub(super) fn print_item(
    printer: &mut DifferencePrinter<'_>,
    item: &ItemDifference,
) -> Result<(), Failure> {
    let sides = [&item.before, &item.after];
    printer.record(
        |out| {
            let are_both = sides.iter().all(|side| side.is_some());
            for (settings, (change, mark)) in sides.iter().zip(MARKS) {
                let shown = |settings: &&Settings| !(are_both && settings.is_empty());
                if let Some(settings) = settings.as_ref().filter(shown) {
                    out.mark(change, ColourRole::Plain, mark);
                    out.text.push_str(&line(item, settings));
                    out.text.push('\n');
                }
            }
        },
        |json| {
            json.key("kind");
            json.word(item.kind.word());
            json.key("name");
            json.string(&item.name);
            json.key("change");
            json.word(change_word(item.before.is_some(), item.after.is_some()));
            for (settings, key) in sides.iter().zip(["before", "after"]) {
                if let Some(settings) = settings {
                    json.key(key);
                    json.begin_object();
                    for (name, value) in settings {
                        json.key_of(name);
                        put_value(json, value);
                    }
                    json.end_object();
                }
            }
        },
    )
}

/// Writes a value of any kind.
fn put_value(json: &mut Json<'_>, value: &Value) {
    match value {
        Value::Null => json.null(),
        Value::Bool(is_set) => json.bool(*is_set),
        Value::Number(number) => json.value_of(|out| out.push_str(&number.to_string())),
        Value::String(text) => json.string(text),
        Value::Array(values) => {
            json.begin_array();
            for value in values {
                put_value(json, value);
            }
            json.end_array();
        }
        Value::Object(members) => {
            json.begin_object();
            for (name, value) in members {
                json.key_of(name);
                put_value(json, value);
            }
            json.end_object();
        }
    }
}

/// `port p1 bridge=br-int tag=5`
fn line(item: &ItemDifference, settings: &Settings) -> String {
    let mut line = item.kind.word().to_owned();
    if !item.name.is_empty() {
        line.push(' ');
        line.push_str(&written(&Atom::String(item.name.clone())));
    }
    for (name, value) in settings {
        let value = match value {
            Value::String(text) => written(&Atom::String(text.clone())),
            other => other.to_string(),
        };
        line.extend([" ", name, "=", &value]);
    }
    escape(&line)
}
