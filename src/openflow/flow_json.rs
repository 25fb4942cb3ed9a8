//! A flow as [`flow::json`](super::flow::json) writes it, read back into the text of ovs-ofctl.

use serde_json::Value;

use super::actions::text_of_actions;
use super::fields::{ParseError, Problem, STATISTICS};
use super::flow_entry::FLAGS;
use super::json_object::{JsonObject, field_value};
use super::text::NameLookup;

/// The line for a JSON object. Any member that is unknown is an error.
pub(super) fn line(json: &str, names: &dyn NameLookup) -> Result<String, ParseError> {
    let value: Value = serde_json::from_str(json)
        .map_err(|error| Problem::syntax(format!("malformed JSON: {error}")).at(json))?;
    flow(&value, names).map_err(|problem| problem.at(json))
}

fn flow(value: &Value, names: &dyn NameLookup) -> Result<String, Problem> {
    let mut flow = JsonObject::new(value, "a flow", names)?;
    let mut line = String::new();
    let mut put = |key: &str, word: &str| {
        line.push_str(key);
        line.push('=');
        line.push_str(word);
        line.push(',');
    };
    if let Some(table) = flow.table()? {
        put("table", &table);
    }
    for key in [
        "priority",
        "cookie",
        "idle_timeout",
        "hard_timeout",
        "importance",
    ] {
        if let Some(word) = flow.word(key)? {
            put(key, &word);
        }
    }
    for key in STATISTICS {
        if let Some(Value::Number(count)) = flow.take(key) {
            let seconds = count.as_f64().filter(|_| count.is_f64());
            // Without an exponent.
            put(
                key,
                &seconds.map_or(count.to_string(), |seconds| seconds.to_string()),
            );
        }
    }
    for flag in flow.list("flags")? {
        let known = FLAGS.iter().find(|(_, word)| flag.as_str() == Some(word));
        let Some((_, word)) = known else {
            return Err(Problem::syntax("no flag has this name").within(&flag.to_string()));
        };
        line.push_str(word);
        line.push(',');
    }
    if let Some(fields) = flow.take("match") {
        let fields = flow.within(fields, "a match")?;
        for (key, value) in fields.members() {
            if !key.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_') {
                return Err(Problem::syntax("no field has this name").within(key));
            }
            line.push_str(key);
            line.push('=');
            line.push_str(&field_value(key, value, names)?);
            line.push(',');
        }
    }
    if let Some(actions) = flow.take("actions") {
        line.push_str("actions=");
        text_of_actions(actions, names, &mut line)?;
    }
    flow.end()?;
    Ok(line)
}
