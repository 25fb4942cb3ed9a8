//! Objects of the JSON of flows, read back into the words of ovs-ofctl.
//!
//! The text of a flow is made from its JSON and then parsed: so there is one parser of values. Every member of an object
//! is either used or an error.

use serde_json::{Map, Value};

use super::fields::{Field, FieldKind, Id, ParseErrorKind, Problem, nearest_of};
use super::text::{NameLookup, put_quoted, reserved_port_number};

type JsonMap = Map<String, Value>;

/// An object whose members are taken one by one.
pub(super) struct JsonObject<'j> {
    members: &'j JsonMap,
    /// What the object is, for errors.
    what: &'j str,
    pub(super) names: &'j dyn NameLookup,
    /// The members that were asked for.
    known: Vec<&'static str>,
}

impl<'j> JsonObject<'j> {
    pub(super) fn new(
        value: &'j Value,
        what: &'j str,
        names: &'j dyn NameLookup,
    ) -> Result<JsonObject<'j>, Problem> {
        let Value::Object(members) = value else {
            return Err(Problem::syntax(format!("{what} is a JSON object")));
        };
        Ok(JsonObject {
            members,
            what,
            names,
            known: Vec::new(),
        })
    }

    /// The members that were not asked for yet are those of this object.
    pub(super) fn members(&self) -> &'j JsonMap {
        self.members
    }

    /// A member.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'j Value> {
        self.known.push(key);
        self.members.get(key)
    }

    /// An object within this one.
    pub(super) fn within(
        &self,
        value: &'j Value,
        what: &'j str,
    ) -> Result<JsonObject<'j>, Problem> {
        JsonObject::new(value, what, self.names)
    }

    /// The word for a member: a number, a text, a port, bits of a field.
    pub(super) fn word(&mut self, key: &'static str) -> Result<Option<String>, Problem> {
        let names = self.names;
        self.take(key)
            .map(|value| word(value, names).map_err(|problem| problem.within(key)))
            .transpose()
    }

    /// The word for a member that must be there.
    pub(super) fn need(&mut self, key: &'static str) -> Result<String, Problem> {
        self.word(key)?.ok_or_else(|| self.missing(key))
    }

    pub(super) fn missing(&self, key: &str) -> Problem {
        Problem::syntax(format!("{} has no member \"{key}\"", self.what))
    }

    /// A member that is `true` or left out.
    pub(super) fn flag(&mut self, key: &'static str) -> Result<bool, Problem> {
        match self.take(key) {
            None => Ok(false),
            Some(Value::Bool(is_set)) => Ok(*is_set),
            Some(_) => Err(Problem::syntax(format!("\"{key}\" is true or false"))),
        }
    }

    /// A member that is a list; empty if it is left out.
    pub(super) fn list(&mut self, key: &'static str) -> Result<&'j [Value], Problem> {
        match self.take(key) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(Problem::syntax(format!("\"{key}\" is a list"))),
        }
    }

    /// The members `table` and `table_name`: the number, or the name in quotes if there is only a name.
    pub(super) fn table(&mut self) -> Result<Option<String>, Problem> {
        let number = self.take("table");
        let name = match self.take("table_name") {
            None => None,
            Some(Value::String(name)) => Some(name.as_str()),
            Some(_) => return Err(Problem::syntax("\"table_name\" is a text")),
        };
        let number = match number {
            None => return Ok(name.map(quoted)),
            Some(number) => number
                .as_u64()
                .ok_or_else(|| Problem::syntax("\"table\" is a number from 0 to 254"))?,
        };
        let named = name
            .map(|name| self.names.tables_named(name))
            .unwrap_or_default();
        let name = name.unwrap_or_default();
        if !named.is_empty() && !named.iter().any(|table| u64::from(*table) == number) {
            return Err(contradiction("table", number, name));
        }
        Ok(Some(number.to_string()))
    }

    /// An error if there is a member that was not asked for.
    pub(super) fn end(self) -> Result<(), Problem> {
        let is_known = |key: &str| self.known.contains(&key);
        let Some(key) = self.members.keys().find(|key| !is_known(key)) else {
            return Ok(());
        };
        let hint = match nearest_of(key, self.known.iter().copied()) {
            Some(name) => format!("; did you mean {name}?"),
            None => String::new(),
        };
        let reason = format!("{} has no member of this name{hint}", self.what);
        Err(Problem::new(reason, ParseErrorKind::Syntax).within(key))
    }
}

/// The word for a number, a text, a port or bits of a field.
pub(super) fn word(value: &Value, names: &dyn NameLookup) -> Result<String, Problem> {
    match value {
        Value::Number(number) if number.is_u64() => Ok(number.to_string()),
        Value::String(text) if is_plain(text) => Ok(text.clone()),
        Value::Object(members) if members.contains_key("field") => bits(members),
        Value::Object(members)
            if members.contains_key("number") || members.contains_key("name") =>
        {
            port(members, names)
        }
        other => Err(Problem::syntax("this value means nothing here").within(&other.to_string())),
    }
}

/// Whether a text is one word wherever it stands, so that it cannot add to the flow.
fn is_plain(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"_.:/+-[]|".contains(&c);
    !text.is_empty() && text.bytes().all(plain)
}

fn quoted(name: &str) -> String {
    let mut word = String::new();
    put_quoted(&mut word, name);
    word
}

fn contradiction(what: &str, number: u64, name: &str) -> Problem {
    let reason = format!("{what} {number} is not the one with this name; leave out one of them");
    Problem::syntax(reason).within(name)
}

/// `{"field":"reg0","offset":0,"n_bits":16}`
fn bits(members: &JsonMap) -> Result<String, Problem> {
    let bad = || {
        let reason = "bits of a field are like {\"field\":\"reg0\",\"offset\":0,\"n_bits\":16}";
        Problem::syntax(reason).within(&Value::Object(members.clone()).to_string())
    };
    let number = |key: &str| members.get(key).and_then(Value::as_u64).ok_or_else(bad);
    let field = members.get("field").and_then(Value::as_str);
    let field = field.filter(|field| is_plain(field)).ok_or_else(bad)?;
    let (offset, n_bits) = (number("offset")?, number("n_bits")?);
    if members.len() != 3 || n_bits == 0 {
        return Err(bad());
    }
    let last = offset.checked_add(n_bits - 1).ok_or_else(bad)?;
    Ok(format!("{field}[{offset}..{last}]"))
}

/// `{"number":2,"name":"x"}`, `{"number":2}`, `{"name":"x"}`, `{"name":"LOCAL"}`
fn port(members: &JsonMap, names: &dyn NameLookup) -> Result<String, Problem> {
    let bad = || {
        let reason = "a port is like {\"number\":2,\"name\":\"eth0\"}";
        Problem::syntax(reason).within(&Value::Object(members.clone()).to_string())
    };
    if members.keys().any(|key| key != "number" && key != "name") {
        return Err(bad());
    }
    let name = members
        .get("name")
        .map(|name| name.as_str().ok_or_else(bad))
        .transpose()?;
    let number = members
        .get("number")
        .map(|number| number.as_u64().ok_or_else(bad))
        .transpose()?;
    match (number, name) {
        (None, Some(name)) if reserved_port_number(name).is_some() => Ok(name.to_owned()),
        (None, Some(name)) => Ok(quoted(name)),
        (Some(number), Some(name)) => {
            let named = names.ofport(name).map(u64::from);
            let of_number = u32::try_from(number)
                .ok()
                .and_then(|number| names.port_name(number));
            let agrees = named.map_or(of_number.is_none(), |named| named == number);
            if agrees {
                Ok(number.to_string())
            } else {
                Err(contradiction("port", number, name))
            }
        }
        (Some(number), None) => Ok(number.to_string()),
        (None, None) => Err(bad()),
    }
}

/// The value of a field, as [`Field::value_json`] writes it; `key` is the field's name.
pub(super) fn field_value(
    key: &str,
    value: &Value,
    names: &dyn NameLookup,
) -> Result<String, Problem> {
    let field = Field::by_name(key);
    let one = |value: &Value| match value {
        Value::Array(_) => flags(value).map(|flags| match flags.join("|") {
            none if none.is_empty() => "0".to_owned(),
            flags => flags,
        }),
        value => word(value, names),
    };
    match (value, field) {
        (Value::Object(members), _) if members.contains_key("value") => {
            let (Some(value), Some(mask), 2) =
                (members.get("value"), members.get("mask"), members.len())
            else {
                let reason = "a value with its mask is like {\"value\":1,\"mask\":3}";
                return Err(Problem::syntax(reason).within(key));
            };
            match (value, mask) {
                (Value::Array(_), Value::Array(_)) => {
                    let (value, mask) = (flags(value)?, flags(mask)?);
                    Ok(masked_flags(&value, &mask))
                }
                (value, mask) => Ok(format!("{}/{}", one(value)?, one(mask)?)),
            }
        }
        // The id alone stands for the id with the bit that says that there is a tag.
        (Value::Number(id), Some(field)) if field.id == Id::VLAN_VID => match id.as_u64() {
            Some(id @ 0..0x1000) => Ok((id | 0x1000).to_string()),
            _ => Err(Problem::syntax("a VLAN id is a number from 0 to 4095").within(key)),
        },
        (Value::Object(members), Some(field)) if field.kind == FieldKind::PacketType => {
            let half = |key: &str| members.get(key).and_then(Value::as_u64);
            match (half("namespace"), half("type")) {
                (Some(namespace), Some(kind)) if members.len() == 2 => {
                    Ok(format!("({namespace},{kind})"))
                }
                _ => {
                    let reason = "a packet type is like {\"namespace\":1,\"type\":2048}";
                    Err(Problem::syntax(reason).within(key))
                }
            }
        }
        (value, _) => one(value).map_err(|problem| problem.within(key)),
    }
}

/// The names of flags.
fn flags(value: &Value) -> Result<Vec<&str>, Problem> {
    let items = value.as_array().into_iter().flatten();
    let names = items.map(|item| {
        let name = item.as_str().filter(|name| is_plain(name));
        name.ok_or_else(|| {
            Problem::syntax("the name of a flag is a text").within(&item.to_string())
        })
    });
    names.collect()
}

/// `+trk-new`
fn masked_flags(value: &[&str], mask: &[&str]) -> String {
    let mut text = String::new();
    for flag in mask {
        text.push(if value.contains(flag) { '+' } else { '-' });
        text.push_str(flag);
    }
    if text.is_empty() {
        text.push_str("0/0");
    }
    text
}
