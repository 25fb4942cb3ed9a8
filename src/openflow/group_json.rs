//! Groups and meters as `ovs dump-groups --json` and `dump-meters --json` print them, read back into the text of ovs-ofctl.

use serde_json::Value;

use super::actions::text_of_actions;
use super::fields::{ParseError, Problem};
use super::json_object::{JsonObject, field_value};
use super::text::{NameLookup, NoNames};

/// The text for the JSON object of a group. The statistics are ignored; any other member that is unknown is an error.
pub(super) fn group_line(json: &str, names: &dyn NameLookup) -> Result<String, ParseError> {
    group(&value_of(json)?, names).map_err(|problem| problem.at(json))
}

/// The text for the JSON object of a meter, likewise.
pub(super) fn meter_line(json: &str) -> Result<String, ParseError> {
    meter(&value_of(json)?).map_err(|problem| problem.at(json))
}

fn value_of(json: &str) -> Result<Value, ParseError> {
    serde_json::from_str(json)
        .map_err(|error| Problem::syntax(format!("malformed JSON: {error}")).at(json))
}

/// Appends `key=word,`.
fn put(line: &mut String, key: &str, word: &str) {
    line.push_str(key);
    line.push('=');
    line.push_str(word);
    line.push(',');
}

fn group(value: &Value, names: &dyn NameLookup) -> Result<String, Problem> {
    let mut group = JsonObject::new(value, "a group", names)?;
    let mut line = String::new();
    for key in ["group_id", "type"] {
        if let Some(word) = group.word(key)? {
            put(&mut line, key, &word);
        }
    }
    if let Some(value) = group.take("selection_method") {
        let mut selection = group.within(value, "a selection method")?;
        put(&mut line, "selection_method", &selection.need("method")?);
        if let Some(param) = selection.word("param")? {
            put(&mut line, "selection_method_param", &param);
        }
        let mut fields = String::new();
        for field in selection.list("fields")? {
            let mut hashed = selection.within(field, "a field that is hashed")?;
            let name = hashed.need("field")?;
            if let Some(mask) = hashed.take("mask") {
                put(&mut fields, &name, &field_value(&name, mask, names)?);
            } else {
                fields.push_str(&name);
                fields.push(',');
            }
            hashed.end()?;
        }
        if !fields.is_empty() {
            line.push_str("fields(");
            line.push_str(fields.trim_end_matches(','));
            line.push_str("),");
        }
        selection.end()?;
    }
    for key in ["duration", "ref_count", "packet_count", "byte_count"] {
        let _ = group.take(key);
    }
    for value in group.list("buckets")? {
        bucket(group.within(value, "a bucket")?, &mut line)
            .map_err(|problem| problem.within(&value.to_string()))?;
    }
    group.end()?;
    line.truncate(line.trim_end_matches(',').len());
    Ok(line)
}

fn bucket(mut bucket: JsonObject<'_>, line: &mut String) -> Result<(), Problem> {
    let names = bucket.names;
    line.push_str("bucket=");
    for key in ["bucket_id", "weight", "watch_port", "watch_group"] {
        if let Some(word) = bucket.word(key)? {
            line.push_str(key);
            line.push(':');
            line.push_str(&word);
            line.push(',');
        }
    }
    for key in ["packet_count", "byte_count"] {
        let _ = bucket.take(key);
    }
    let actions = bucket.take("actions");
    let actions = actions.ok_or_else(|| bucket.missing("actions"))?;
    line.push_str("actions=");
    text_of_actions(actions, names, line)?;
    line.push(',');
    bucket.end()
}

fn meter(value: &Value) -> Result<String, Problem> {
    let mut meter = JsonObject::new(value, "a meter", &NoNames)?;
    let mut line = String::new();
    if let Some(word) = meter.word("meter_id")? {
        put(&mut line, "meter", &word);
    }
    for flag in meter.list("flags")? {
        let word = flag.as_str();
        let word = word.filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase()));
        let Some(word) = word else {
            return Err(Problem::syntax("no flag has this name").within(&flag.to_string()));
        };
        line.push_str(word);
        line.push(',');
    }
    for key in ["flow_count", "packet_in_count", "byte_in_count", "duration"] {
        let _ = meter.take(key);
    }
    line.push_str("bands=");
    for value in meter.list("bands")? {
        let mut band = meter.within(value, "a band")?;
        for key in ["type", "rate", "burst_size", "prec_level"] {
            if let Some(word) = band.word(key)? {
                put(&mut line, key, &word);
            }
        }
        for key in ["packet_count", "byte_count"] {
            let _ = band.take(key);
        }
        band.end()?;
    }
    meter.end()?;
    line.truncate(line.trim_end_matches(',').len());
    Ok(line)
}
