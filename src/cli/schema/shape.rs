//! Building blocks of schemas.

use serde_json::{Map, Value, json};

use crate::output::{Heading, Shape};

/// The schema of a column of this shape.
pub(super) fn of(shape: Shape) -> Value {
    match shape {
        Shape::Any => json!({}),
        Shape::Text => text(),
        Shape::Pattern(form) => pattern(form),
        Shape::Words(choices) => words(choices),
        Shape::WordsOf(choices) => words(&choices()),
        Shape::Hex => hex(),
        Shape::Whole => whole(),
        Shape::UpTo(most) => up_to(most.into()),
        Shape::Truth => truth(),
        Shape::List(item) => list(of(*item)),
        Shape::Map(value) => map(of(*value)),
        Shape::Records(members) => {
            let members = members().into_iter();
            let add =
                |object: ObjectSchema, member: Heading| object.with(member.name, of(member.shape));
            list(members.fold(ObjectSchema::new(), add).closed())
        }
        Shape::DatabaseValue => refer("value"),
        Shape::Uuid => pattern("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
        Shape::AnyOf(choices) => any_of(choices.iter().map(|choice| of(*choice))),
        Shape::OrNull(value) => or_null(of(*value)),
    }
}

/// Any string.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// One of these strings.
pub(super) fn words(words: &[&str]) -> Value {
    json!({"enum": words})
}

/// A string of this form.
pub(super) fn pattern(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// A number of 64 bits, or of more, as a string.
pub(super) fn hex() -> Value {
    refer("hex")
}

/// Bytes, as their hexadecimal digits.
pub(super) fn bytes() -> Value {
    refer("bytes")
}

/// An Ethernet address.
pub(super) fn mac() -> Value {
    refer("mac")
}

/// An address of IPv4, or a network.
pub(super) fn ipv4() -> Value {
    refer("ipv4")
}

/// An address of IPv6, or a network.
pub(super) fn ipv6() -> Value {
    refer("ipv6")
}

/// The definitions that any document may refer to.
pub(super) fn shared() -> [(&'static str, Value); 5] {
    [
        ("hex", pattern("^0x[0-9a-f]+$")),
        ("bytes", pattern("^([0-9a-f]{2})*$")),
        ("mac", pattern("^[0-9a-f]{2}(:[0-9a-f]{2}){5}$")),
        ("ipv4", pattern("^[0-9]+(\\.[0-9]+){3}(/[0-9]+)?$")),
        ("ipv6", pattern("^[0-9a-f:.]+(/[0-9]+)?$")),
    ]
}

/// A non-negative integer.
pub(super) fn whole() -> Value {
    json!({"type": "integer", "minimum": 0})
}

/// An integer from 0 to this.
pub(super) fn up_to(most: u64) -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": most})
}

/// A VLAN id.
pub(super) fn vid() -> Value {
    up_to(4095)
}

/// Seconds, possibly fractional.
pub(super) fn seconds() -> Value {
    json!({"type": "number", "minimum": 0})
}

/// `true` or `false`.
pub(super) fn truth() -> Value {
    json!({"type": "boolean"})
}

/// An array of `item`.
pub(super) fn list(item: Value) -> Value {
    typed("array", "items", item)
}

/// An object with keys of any name.
pub(super) fn map(value: Value) -> Value {
    typed("object", "additionalProperties", value)
}

/// One of several.
pub(super) fn any_of(choices: impl IntoIterator<Item = Value>) -> Value {
    Value::Object(Map::from_iter([(
        "anyOf".to_owned(),
        Value::Array(choices.into_iter().collect()),
    )]))
}

/// A schema with a type and one more keyword.
fn typed(kind: &str, keyword: &str, what: Value) -> Value {
    let kind = ("type".to_owned(), json!(kind));
    Value::Object(Map::from_iter([kind, (keyword.to_owned(), what)]))
}

/// That, or null.
pub(super) fn or_null(schema: Value) -> Value {
    match schema {
        Value::Object(mut members) => match members.get_mut("type") {
            Some(kind @ Value::String(_)) => {
                *kind = json!([kind, "null"]);
                Value::Object(members)
            }
            _ => match members.get_mut("enum") {
                Some(Value::Array(words)) => {
                    words.push(Value::Null);
                    Value::Object(members)
                }
                _ => any_of([Value::Object(members), json!({"type": "null"})]),
            },
        },
        other => other,
    }
}

/// One of the document's definitions.
pub(super) fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// An object with named members.
#[derive(Debug, Clone, Default)]
pub(super) struct ObjectSchema {
    properties: Map<String, Value>,
    required: Vec<String>,
}

impl ObjectSchema {
    /// Without members.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A required member.
    pub(super) fn with(mut self, name: &str, schema: Value) -> Self {
        self.required.push(name.to_owned());
        self.maybe(name, schema)
    }

    /// An optional member.
    pub(super) fn maybe(mut self, name: &str, schema: Value) -> Self {
        self.properties.insert(name.to_owned(), schema);
        self
    }

    /// Required members of the same schema.
    pub(super) fn all(self, names: &[&str], schema: &Value) -> Self {
        let add = |object: Self, name: &&str| object.with(name, schema.clone());
        names.iter().fold(self, add)
    }

    /// Optional members of the same schema.
    pub(super) fn any(self, names: &[&str], schema: &Value) -> Self {
        let add = |object: Self, name: &&str| object.maybe(name, schema.clone());
        names.iter().fold(self, add)
    }

    /// The schema, without other members.
    pub(super) fn closed(self) -> Value {
        self.schema(json!(false))
    }

    /// The schema, with `others` for other members.
    pub(super) fn schema(self, others: Value) -> Value {
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        if !self.properties.is_empty() {
            schema.insert("properties".to_owned(), Value::Object(self.properties));
        }
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), json!(self.required));
        }
        schema.insert("additionalProperties".to_owned(), others);
        Value::Object(schema)
    }
}
