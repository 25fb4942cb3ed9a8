//! Actions as JSON, read back into the text of ovs-ofctl.

use serde_json::Value;

use crate::openflow::fields::{ParseErrorKind, Problem, nearest_of};
use crate::openflow::json_object::JsonObject;
use crate::openflow::text::NameLookup;

use super::action::{NAMES, TEXT_OF_JSON};

/// Appends what follows `actions=` for a JSON array of actions, as
/// [`ActionList::json`](super::list::ActionList::json) writes it.
pub(in crate::openflow) fn text_of_actions(
    actions: &Value,
    names: &dyn NameLookup,
    out: &mut String,
) -> Result<(), Problem> {
    let Value::Array(actions) = actions else {
        return Err(Problem::syntax("\"actions\" is a list"));
    };
    if actions.is_empty() {
        out.push_str("drop");
    }
    for (number, value) in actions.iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        text_of_action(value, names, out).map_err(|problem| problem.within(&value.to_string()))?;
    }
    Ok(())
}

fn text_of_action(value: &Value, names: &dyn NameLookup, out: &mut String) -> Result<(), Problem> {
    let kind = value
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Some((name, text_of_json)) = TEXT_OF_JSON.iter().find(|(name, _)| *name == kind) else {
        let did_you_mean = nearest_of(kind, NAMES.iter().copied());
        return Err(Problem::new(
            "the \"type\" of an action is its name",
            ParseErrorKind::UnknownAction { did_you_mean },
        ));
    };
    let mut object = JsonObject::new(value, name, names)?;
    let _ = object.take("type");
    text_of_json(&mut object, out)?;
    object.end()
}
