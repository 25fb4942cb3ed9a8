//! One value of one record.

use std::fmt::Write as _;

use crate::base::digits::ranges;
use crate::base::json::Json;
use crate::base::terminal::push_string;

/// A value of a record, before it is formatted as text or JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value: `-`, in JSON `null`.
    Absent,
    /// A value that is not known: `unknown`, in JSON `null`.
    Unknown,
    /// A string.
    Text(String),
    /// A number of any width up to 64 bits, signed or not.
    Integer(i128),
    /// A 64-bit identifier (cookie, tunnel id): `0x1f`, in JSON `"0x1f"`.
    Hex64(u64),
    /// `true` or `false`.
    Bool(bool),
    /// Several values: `a,b`, in JSON an array.
    List(Vec<Cell>),
    /// Ascending integers: `1-4,10`, in JSON an array of each.
    Integers(Vec<i64>),
    /// Keys and values: `k=v,k2=v2`, in JSON an object.
    Map(Vec<(String, Cell)>),
}

/// The text of a value that is not known.
pub const UNKNOWN: &str = "unknown";

impl Cell {
    /// A string.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// A list of strings.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Cell {
        Cell::List(texts.into_iter().map(Cell::text).collect())
    }

    /// A map of strings.
    pub fn text_map<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Cell {
        Cell::Map(
            pairs
                .into_iter()
                .map(|(key, value)| (key.into(), Cell::text(value)))
                .collect(),
        )
    }

    /// Whether there is no value, or an empty string, list or map.
    pub fn is_empty(&self) -> bool {
        match self {
            Cell::Absent => true,
            Cell::Text(text) => text.is_empty(),
            Cell::List(list) => list.is_empty(),
            Cell::Integers(numbers) => numbers.is_empty(),
            Cell::Map(map) => map.is_empty(),
            Cell::Unknown | Cell::Integer(_) | Cell::Hex64(_) | Cell::Bool(_) => false,
        }
    }

    /// Appends the value as JSON.
    pub fn write_json(&self, json: &mut Json<'_>) {
        match self {
            Cell::Absent | Cell::Unknown => json.null(),
            Cell::Text(text) => json.string(text),
            Cell::Integer(number) => json.number(*number),
            Cell::Hex64(number) => json.hex(u128::from(*number)),
            Cell::Bool(value) => json.bool(*value),
            Cell::List(list) => {
                json.begin_array();
                for cell in list {
                    cell.write_json(json);
                }
                json.end_array();
            }
            Cell::Integers(numbers) => {
                json.begin_array();
                for number in numbers {
                    json.number(*number);
                }
                json.end_array();
            }
            Cell::Map(map) => {
                json.begin_object();
                for (key, cell) in map {
                    json.key_of(key);
                    cell.write_json(json);
                }
                json.end_object();
            }
        }
    }

    /// Appends the value as text, not yet escaped; `comma` separates the elements of lists and maps. An
    /// empty value appends nothing.
    pub(super) fn write_plain(&self, out: &mut String, comma: &str) {
        match self {
            Cell::Absent => {}
            Cell::Unknown => out.push_str(UNKNOWN),
            Cell::Text(text) => out.push_str(text),
            Cell::Integer(number) => {
                let _ = write!(out, "{number}");
            }
            Cell::Hex64(number) => {
                let _ = write!(out, "{number:#x}");
            }
            Cell::Bool(value) => {
                let _ = write!(out, "{value}");
            }
            Cell::List(list) => {
                for (index, cell) in list.iter().enumerate() {
                    if index > 0 {
                        out.push_str(comma);
                    }
                    cell.write_element(out, comma);
                }
            }
            Cell::Integers(numbers) => out.push_str(&ranges(numbers, comma)),
            Cell::Map(map) => {
                let pairs = map.iter().filter(|(_, cell)| *cell != Cell::Absent);
                for (index, (key, cell)) in pairs.enumerate() {
                    if index > 0 {
                        out.push_str(comma);
                    }
                    write_pair(out, key, cell, comma);
                }
            }
        }
    }

    /// Appends an element of a list or map, in double quotes if it is ambiguous without.
    fn write_element(&self, out: &mut String, comma: &str) {
        match self {
            Cell::Text(text) => push_quotable(out, text),
            Cell::List(_) | Cell::Integers(_) => {
                out.push('[');
                self.write_plain(out, comma);
                out.push(']');
            }
            Cell::Map(_) => {
                out.push('{');
                self.write_plain(out, comma);
                out.push('}');
            }
            _ => self.write_plain(out, comma),
        }
    }
}

/// Appends `key=value`.
pub(super) fn write_pair(out: &mut String, key: &str, value: &Cell, comma: &str) {
    push_quotable(out, key);
    out.push('=');
    value.write_element(out, comma);
}

fn push_quotable(out: &mut String, text: &str) {
    let ambiguous = |c: char| matches!(c, ',' | ' ' | '=' | '"' | '[' | ']' | '{' | '}');
    if text.is_empty() || text.contains(ambiguous) {
        push_string(out, text);
    } else {
        out.push_str(text);
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Cell {
        value.map_or(Cell::Absent, Into::into)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::text(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

impl From<&String> for Cell {
    fn from(text: &String) -> Cell {
        Cell::text(text)
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Cell {
        Cell::Bool(value)
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {
        $(impl From<$integer> for Cell {
            fn from(number: $integer) -> Cell {
                Cell::Integer(i128::from(number))
            }
        })*
    };
}

integers!(u8 u16 u32 u64 i64);

#[cfg(test)]
mod tests {
    use super::*;

    fn text(cell: &Cell) -> String {
        let mut out = String::new();
        cell.write_plain(&mut out, ",");
        out
    }

    fn json(cell: &Cell) -> serde_json::Value {
        let mut out = String::new();
        cell.write_json(&mut Json::new(&mut out));
        serde_json::from_str(&out).unwrap()
    }

    #[test]
    fn text_and_json_of_every_kind() {
        let list = Cell::List(vec![Cell::from(1_u16), Cell::text("a b"), Cell::text("c")]);
        let map = Cell::text_map([("remote_ip", "10.0.0.72"), ("odd key", "x=y")]);
        for (cell, expected_text, expected_json) in [
            (Cell::Absent, "", serde_json::json!(null)),
            (Cell::Unknown, "unknown", serde_json::json!(null)),
            (
                Cell::Integer(i128::from(u64::MAX)),
                "18446744073709551615",
                serde_json::json!(u64::MAX),
            ),
            (Cell::Hex64(31), "0x1f", serde_json::json!("0x1f")),
            (Cell::Bool(false), "false", serde_json::json!(false)),
            (list, "1,\"a b\",c", serde_json::json!([1, "a b", "c"])),
            (
                map,
                "remote_ip=10.0.0.72,\"odd key\"=\"x=y\"",
                serde_json::json!({"remote_ip": "10.0.0.72", "odd key": "x=y"}),
            ),
            (Cell::from(None::<u16>), "", serde_json::json!(null)),
        ] {
            assert_eq!(text(&cell), expected_text);
            assert_eq!(json(&cell), expected_json);
        }
    }
}
