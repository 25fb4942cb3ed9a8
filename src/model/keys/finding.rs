//! Findings on keys, in words.

use std::fmt;

/// A finding on one key or its value. `Display` is one plain sentence without a full stop:
/// `options:remote-ip of interface type vxlan is not a documented key (did you mean remote_ip?)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFinding {
    /// The table.
    pub table: &'static str,
    /// The column, a map.
    pub column: &'static str,
    /// The type of the interface or `QoS`, if given and relevant.
    pub of: Option<String>,
    /// The key, as written.
    pub key: String,
    /// What is wrong.
    pub kind: KeyFault,
}

/// What is wrong with a key or its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFault {
    /// Not a documented key.
    UnknownKey {
        /// The key that was probably meant.
        meant: Option<String>,
    },
    /// Documented only for other types of interfaces or `QoS`.
    KeyOfOtherType {
        /// The types it is for.
        types: Vec<&'static str>,
    },
    /// Documented for another column.
    KeyOfOtherColumn {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The key is no longer there in the version of Open vSwitch that is run.
    Removed {
        /// The last version that had it.
        last: (u8, u8),
        /// The version that is run.
        now: (u8, u8),
    },
    /// The key is documented, but the value is not valid.
    BadValue {
        /// The value.
        value: String,
        /// The valid values, in words.
        expected: String,
    },
}

impl fmt::Display for KeyFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} of ", self.column, self.key.escape_debug())?;
        let of = self.of.as_deref().map(str::escape_debug);
        match (of, self.table) {
            (Some(of), "Interface") => write!(f, "interface type {of}")?,
            (Some(of), "QoS") => write!(f, "QoS type {of}")?,
            (Some(of), _) => write!(f, "a queue of QoS type {of}")?,
            (None, table) => write!(f, "table {table}")?,
        }
        match &self.kind {
            KeyFault::UnknownKey { meant } => {
                f.write_str(" is not a documented key")?;
                match meant {
                    Some(meant) => write!(f, " (did you mean {meant}?)"),
                    None => Ok(()),
                }
            }
            KeyFault::KeyOfOtherType { types } => {
                let s = if types.len() == 1 { "" } else { "s" };
                write!(f, " is not a documented key; it is one of type{s} ")?;
                f.write_str(&types.join(", "))
            }
            KeyFault::KeyOfOtherColumn { table, column } if *table == self.table => {
                write!(f, " is not a documented key; it is one of column {column}")
            }
            KeyFault::KeyOfOtherColumn { table, column } => write!(
                f,
                " is not a documented key; it is one of column {column} of table {table}"
            ),
            KeyFault::Removed { last, now } => write!(
                f,
                " is ignored: Open vSwitch {}.{} was the last version that had it, and this is {}.{}",
                last.0, last.1, now.0, now.1
            ),
            KeyFault::BadValue { value, expected } => write!(
                f,
                " is \"{}\", but should be {expected}",
                value.escape_debug()
            ),
        }
    }
}
