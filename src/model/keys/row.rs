//! One row of the table of keys.

use super::value::Value;

/// The keys of one column of one table.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The table, as the schema names it.
    pub table: &'static str,
    /// The column, a map.
    pub column: &'static str,
    /// The known keys.
    pub keys: &'static [Key],
}

/// One key, or a family of keys.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// The key; with `*` at its end, a prefix of keys.
    pub name: &'static str,
    /// The types that it is valid for: of the interface, of the `QoS`, of the `QoS` a queue belongs to.
    /// Empty: all.
    pub of: &'static [&'static str],
    /// Its valid values.
    pub value: Value,
    /// Where it is documented.
    pub source: Source,
    /// Whether the switch refuses an interface of these types without it.
    pub required: bool,
    /// Whether versions after the last one of [`Source::Page`] ignore it.
    pub gone: bool,
}

/// Where a key is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// In ovs-vswitchd.conf.db(5), from one version of Open vSwitch up to and including another.
    Page {
        /// The first version, if later than 3.1.
        since: Option<(u8, u8)>,
        /// The last version, if it was removed.
        until: Option<(u8, u8)>,
    },
    /// Undocumented, but read by the switch or its `IPsec` companion.
    Switch,
    /// In the manual of programs that write it: OVN, `OpenStack`, `XenServer`.
    Practice,
}

/// A key of the manual page, for all types.
pub(super) const fn key(name: &'static str, value: Value) -> Key {
    Key {
        name,
        of: &[],
        value,
        source: Source::Page {
            since: None,
            until: None,
        },
        required: false,
        gone: false,
    }
}

/// A key written by other programs.
pub(super) const fn practice(name: &'static str) -> Key {
    Key {
        source: Source::Practice,
        ..key(name, Value::Any)
    }
}

impl Section {
    /// Whether its keys depend on a type.
    pub fn is_by_type(&self) -> bool {
        self.keys.iter().any(|key| !key.of.is_empty())
    }
}

impl Key {
    /// Restricts it to these types.
    pub(super) const fn of(self, of: &'static [&'static str]) -> Self {
        Self { of, ..self }
    }

    /// Sets the first version that has it.
    pub(super) const fn since(self, major: u8, minor: u8) -> Self {
        let source = Source::Page {
            since: Some((major, minor)),
            until: None,
        };
        Self { source, ..self }
    }

    /// Sets the last version that has it: later ones ignore it.
    pub(super) const fn gone_after(self, major: u8, minor: u8) -> Self {
        Self {
            gone: true,
            ..self.until(major, minor)
        }
    }

    /// Sets the last version that documents it.
    pub(super) const fn until(self, major: u8, minor: u8) -> Self {
        let source = Source::Page {
            since: None,
            until: Some((major, minor)),
        };
        Self { source, ..self }
    }

    /// The switch reads it, but the page does not mention it.
    pub(super) const fn unwritten(self) -> Self {
        Self {
            source: Source::Switch,
            ..self
        }
    }

    /// Marks it as required.
    pub(super) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Whether this row is about `name`.
    pub fn is(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(beginning) => name.len() > beginning.len() && name.starts_with(beginning),
            None => self.name == name,
        }
    }

    /// Whether it is valid for this type; without a type, for any.
    pub fn is_for(&self, kind: Option<&str>) -> bool {
        self.of.is_empty() || kind.is_none_or(|kind| self.of.contains(&kind))
    }

    /// The last version that had it, if `version` is later and ignores it.
    pub fn gone_in(&self, version: (u8, u8)) -> Option<(u8, u8)> {
        match self.source {
            Source::Page { until, .. } if self.gone => until.filter(|last| version > *last),
            _ => None,
        }
    }

    /// Whether it stands for a family of keys.
    pub fn is_family(&self) -> bool {
        self.name.ends_with('*')
    }
}
