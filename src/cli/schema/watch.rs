//! What `--watch` prints: what became of what.

use serde_json::{Value, json};

use super::shape::{Object, list, map, pattern, seconds, words};
use super::{Document, document};

/// The name of the document.
const WATCH: &str = "ovs-watch";

/// Any document that is watched: a look, which is a line.
pub(super) fn look() -> Document {
    watched(json!({}), json!({}), false)
}

/// The same of this document, whose definitions go with it; `as_lines` is with `--output jsonl`.
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
    let time = pattern("^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}\\.[0-9]{3}Z$");
    let told = |object: Object| {
        object
            .with("change", words(&["=", "+", "~", "-"]))
            .with("row", row)
            .maybe("was", json!({}))
            .maybe("rates", map(seconds()))
            .closed()
    };
    let whole = if as_lines {
        told(Object::new().with("time", time))
    } else {
        let rows = list(told(Object::new()));
        Object::new().with("time", time).with("rows", rows).closed()
    };
    let mut document = document(
        WATCH,
        "A look at what is watched, a line for each that saw a change: what is there at first (=), is new \
         (+), has changed (~; `was` has those members that were different) or is gone (-). `row` is what \
         the command prints of it without --watch; `rates` are the counters' growth, a second. With \
         --output jsonl the rows are lines of their own, which have the time in them",
        whole,
        [],
    );
    if let (Value::Object(schema), Value::Object(definitions)) = (&mut document.schema, definitions)
        && !definitions.is_empty()
    {
        schema.insert("$defs".to_owned(), definitions.into());
    }
    document
}
