//! The documents that `--watch` prints.

use serde_json::{Value, json};

use super::shape::{ObjectSchema, any_of, list, map, pattern, words};
use super::{Document, document};

/// The name of the document.
const WATCH_DOCUMENT: &str = "ovs-watch";

/// Any watched document: a snapshot, or with `--output jsonl` a part of one; each is a line.
pub(super) fn any() -> Document {
    let forms = [false, true].map(|as_lines| form(json!({}), as_lines));
    document(WATCH_DOCUMENT, ABOUT, any_of(forms), [])
}

/// The watched form of this document, with its definitions; `as_lines` is `--output jsonl`.
pub(super) fn of(watched_document: &Document, as_lines: bool) -> Document {
    let schema = &watched_document.schema;
    let mut row = schema.get("items").unwrap_or(schema).clone();
    let definitions = schema.get("$defs").cloned();
    if let Value::Object(row) = &mut row {
        row.shift_remove("$defs");
        row.shift_remove("$schema");
    }
    watched(row, definitions.unwrap_or_else(|| json!({})), as_lines)
}

fn watched(row: Value, definitions: Value, as_lines: bool) -> Document {
    let mut document = document(WATCH_DOCUMENT, ABOUT, form(row, as_lines), []);
    if let (Value::Object(schema), Value::Object(definitions)) = (&mut document.schema, definitions)
        && !definitions.is_empty()
    {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    document
}

const ABOUT: &str = "A look at what is watched, a line for each that saw a change: what is there at first (=), is \
     new (+), has changed (~; `was` has those members that were different) or is gone (-). `row` is what the \
     command prints of it without --watch; `rates` are the counters' growth, a second. With --output jsonl \
     the rows are lines of their own, which have the time in them";

fn form(row: Value, as_lines: bool) -> Value {
    let time = pattern("^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\\.[0-9]{3}Z$");
    let told = |object: ObjectSchema| {
        object
            .with("change", words(&["=", "+", "~", "-"]))
            .with("row", row)
            .maybe("was", json!({}))
            .maybe("rates", map(json!({"type": "number", "minimum": 0})))
            .closed()
    };
    if as_lines {
        return told(ObjectSchema::new().with("time", time));
    }
    let rows = list(told(ObjectSchema::new()));
    ObjectSchema::new()
        .with("time", time)
        .with("rows", rows)
        .closed()
}
