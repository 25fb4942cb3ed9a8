//! The JSON schema of actions, from the declared members of each action.

use serde_json::{Value, json};

use crate::openflow::actions::{self, JsonMember, JsonShape, LEARN_SPEC};

use super::shape::{ObjectSchema, list, refer, text, up_to, whole, words};

/// The schema of an action, one variant per `type`.
pub(super) fn action() -> Value {
    let choices: Vec<Value> = actions::members()
        .map(|(name, members)| {
            let named = ObjectSchema::new().with("type", json!({"const": name}));
            object(named, members)
        })
        .collect();
    json!({"anyOf": choices})
}

/// A specification of `learn`: match, load or output.
pub(super) fn learn_spec() -> Value {
    value(&LEARN_SPEC)
}

fn object(object: ObjectSchema, members: &[JsonMember]) -> Value {
    let add = |object: ObjectSchema, member: &JsonMember| {
        let schema = value(&member.shape);
        let object = if member.is_optional {
            object.maybe(member.name, schema)
        } else {
            object.with(member.name, schema)
        };
        match member.shape {
            JsonShape::Table => object.maybe("table_name", text()),
            _ => object,
        }
    };
    members.iter().fold(object, add).closed()
}

fn value(shape: &JsonShape) -> Value {
    match shape {
        JsonShape::UpTo(most) => up_to(*most),
        JsonShape::Whole => whole(),
        JsonShape::Text => text(),
        JsonShape::Word(word) => json!({"const": word}),
        JsonShape::Words(these) => words(these),
        JsonShape::True => json!({"const": true}),
        JsonShape::Table => up_to(u8::MAX.into()),
        JsonShape::Named(name) => refer(name),
        JsonShape::List(item) => list(value(item)),
        JsonShape::Either(choices) => {
            let choices: Vec<Value> = choices.iter().map(value).collect();
            json!({"anyOf": choices})
        }
        JsonShape::Object(members) => object(ObjectSchema::new(), members),
    }
}
