//! The JSON of actions as a schema, from what each action says of its members.

use serde_json::{Value, json};

use crate::openflow::actions::{self, LEARN_SPEC, Member, Shape};

use super::shape::{Object, list, refer, text, up_to, whole, words};

/// What an action can be, by its `type`.
pub(super) fn action() -> Value {
    let choices: Vec<Value> = actions::members()
        .map(|(name, members)| {
            let named = Object::new().with("type", json!({"const": name}));
            object(named, members)
        })
        .collect();
    json!({"anyOf": choices})
}

/// What `learn` does with a packet: match, load or output.
pub(super) fn learn_spec() -> Value {
    value(&LEARN_SPEC)
}

fn object(object: Object, members: &[Member]) -> Value {
    let add = |object: Object, member: &Member| {
        let schema = value(&member.shape);
        let object = if member.is_optional {
            object.maybe(member.name, schema)
        } else {
            object.with(member.name, schema)
        };
        match member.shape {
            Shape::Table => object.maybe("table_name", text()),
            _ => object,
        }
    };
    members.iter().fold(object, add).closed()
}

fn value(shape: &Shape) -> Value {
    match shape {
        Shape::UpTo(most) => up_to(*most),
        Shape::Whole => whole(),
        Shape::Text => text(),
        Shape::Word(word) => json!({"const": word}),
        Shape::Words(these) => words(these),
        Shape::True => json!({"const": true}),
        Shape::Table => up_to(u8::MAX.into()),
        Shape::Named(name) => refer(name),
        Shape::List(item) => list(value(item)),
        Shape::Either(choices) => {
            let choices: Vec<Value> = choices.iter().map(value).collect();
            json!({"anyOf": choices})
        }
        Shape::Object(members) => object(Object::new(), members),
    }
}
