//! The schema of a database: tables, columns and their types (RFC 7047 §3.2).

use std::fmt;

use ovsdb_client::schema::{ColumnSchema, DatabaseSchema, TableSchema};
use serde_json::Value;

use super::error::Error;
use super::value::{Atom, Datum};

/// The tables of a database.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Its version: `8.3.1`.
    pub version: String,
    /// By name.
    pub tables: Vec<Table>,
    /// Whether only some tables, and some of their columns, are known: those that a saved host has.
    pub is_partial: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The version of its schema: `8.3.1`.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Whether its rows are kept without references from other rows.
    pub is_root: bool,
    /// Whether only some columns are known: those that a saved host has.
    pub is_partial: bool,
    /// `_uuid`, then the others by name.
    pub columns: Vec<Column>,
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// Whether it can be changed after the row was inserted.
    pub is_mutable: bool,
    /// Whether its values are not kept when the server ends: a file of the database has none.
    pub is_ephemeral: bool,
    /// Whether its values are known; those of a saved host may not be.
    pub is_known: bool,
}

/// The type of a column (RFC 7047 §3.2 `<type>`).
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// The elements of a set, the keys of a map.
    pub key: Base,
    /// The values of a map; `None`: it is a set, or one value.
    pub value: Option<Base>,
    /// Minimum number of elements: 0 or 1.
    pub min: usize,
    /// Maximum number of elements.
    pub max: usize,
}

/// The type of an atom (RFC 7047 §3.2 `<base-type>`).
#[derive(Debug, Clone, PartialEq)]
pub struct Base {
    /// Its kind.
    pub kind: AtomicType,
    /// The permitted values; empty: any.
    pub choices: Vec<Atom>,
    /// The smallest and the largest integer.
    pub integers: (i64, i64),
    /// The smallest and the largest number.
    pub reals: (f64, f64),
    /// The minimum and maximum length of a string, in characters.
    pub lengths: (usize, usize),
    /// The table that a UUID refers to.
    pub refers_to: Option<String>,
    /// Whether the reference is strong: its row must exist, and is kept while referred to.
    pub is_strong: bool,
}

/// The kinds of atoms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtomicType {
    /// 64 bits, signed.
    Integer,
    /// A floating-point number.
    Real,
    /// `true` or `false`.
    Boolean,
    /// A string.
    String,
    /// A reference to a row.
    Uuid,
}

/// A name that matches no table or column, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedName {
    /// The candidates: those with this prefix; if there are none, all.
    pub names: Vec<String>,
    /// Whether several have this prefix.
    pub is_ambiguous: bool,
}

impl Schema {
    /// Reads a schema in JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Protocol`] if it is malformed.
    pub fn parse(json: &str) -> Result<Self, Error> {
        let schema: DatabaseSchema = serde_json::from_str(json)?;
        Self::try_from(&schema)
    }

    /// Finds a table by its name or an unambiguous prefix; ignores case, and treats `-` as `_`.
    ///
    /// # Errors
    ///
    /// [`UnresolvedName`] if it means none or several.
    pub fn table(&self, word: &str) -> Result<&Table, UnresolvedName> {
        best(&self.tables, word, |table| &table.name)
    }
}

impl Table {
    /// Finds a column as [`Schema::table`] finds tables.
    ///
    /// # Errors
    ///
    /// [`UnresolvedName`] if it means none or several.
    pub fn column(&self, word: &str) -> Result<&Column, UnresolvedName> {
        best(&self.columns, word, |column| &column.name)
    }

    /// The column of exactly this name.
    pub(super) fn exact(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether rows have this column and its value is known; every row has `_uuid` and `_version` (RFC 7047 §3.2).
    pub(super) fn has(&self, name: &str) -> bool {
        name == "_version" || self.exact(name).is_some_and(|column| column.is_known)
    }
}

impl Type {
    /// Whether it is a map.
    pub fn is_map(&self) -> bool {
        self.value.is_some()
    }

    /// Converts a value to this type: the server sends the real number 1 as an integer.
    #[must_use]
    pub fn of(&self, datum: Datum) -> Datum {
        let real = |base: Option<&Base>, atom: Atom| match (base.map(|base| base.kind), atom) {
            #[allow(clippy::cast_precision_loss)]
            (Some(AtomicType::Real), Atom::Integer(number)) => Atom::Real(number as f64),
            (_, atom) => atom,
        };
        let key = |atom| real(Some(&self.key), atom);
        match datum {
            Datum::Atom(atom) => Datum::Atom(key(atom)),
            Datum::Set(atoms) if self.is_map() && atoms.is_empty() => Datum::Map(Vec::new()),
            Datum::Set(atoms) => Datum::Set(atoms.into_iter().map(key).collect()),
            Datum::Map(pairs) => {
                let pair = |(k, v)| (key(k), real(self.value.as_ref(), v));
                Datum::Map(pairs.into_iter().map(pair).collect())
            }
        }
    }
}

impl fmt::Display for AtomicType {
    /// Includes the article: `an integer`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Integer => "an integer",
            Self::Real => "a number",
            Self::Boolean => "true or false",
            Self::String => "a string",
            Self::Uuid => "a UUID",
        })
    }
}

impl TryFrom<&DatabaseSchema> for Schema {
    type Error = Error;

    fn try_from(schema: &DatabaseSchema) -> Result<Self, Error> {
        let tables = schema
            .tables
            .iter()
            .map(|(name, table)| self::table(name, table, &schema.version));
        let mut tables = tables.collect::<Result<Vec<_>, _>>()?;
        tables.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self {
            version: schema.version.clone(),
            tables,
            is_partial: false,
        })
    }
}

fn table(name: &str, table: &TableSchema, version: &str) -> Result<Table, Error> {
    let columns = table.columns.iter().map(|(column, schema)| {
        self::column(column, schema)
            .ok_or_else(|| Error::Protocol(format!("the schema has no type for {name}.{column}")))
    });
    let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
    columns.sort_by(|a, b| a.name.cmp(&b.name));
    let uuid = Column {
        name: "_uuid".to_owned(),
        kind: Type {
            key: Base::of(AtomicType::Uuid),
            value: None,
            min: 1,
            max: 1,
        },
        is_mutable: false,
        is_ephemeral: false,
        is_known: true,
    };
    columns.insert(0, uuid);
    Ok(Table {
        schema: version.to_owned(),
        name: name.to_owned(),
        is_root: table.is_root.unwrap_or(false),
        is_partial: false,
        columns,
    })
}

fn column(name: &str, schema: &ColumnSchema) -> Option<Column> {
    Some(Column {
        name: name.to_owned(),
        kind: kind(&schema.r#type)?,
        is_mutable: schema.mutable.unwrap_or(true),
        is_ephemeral: schema.ephemeral.unwrap_or(false),
        is_known: true,
    })
}

fn kind(json: &Value) -> Option<Type> {
    let Value::Object(object) = json else {
        return Some(Type {
            key: Base::read(json)?,
            value: None,
            min: 1,
            max: 1,
        });
    };
    let size = |number: &Value| usize::try_from(number.as_u64()?).ok();
    Some(Type {
        key: Base::read(object.get("key")?)?,
        value: match object.get("value") {
            Some(value) => Some(Base::read(value)?),
            None => None,
        },
        min: object.get("min").map_or(Some(1), size)?,
        max: match object.get("max") {
            None => 1,
            Some(Value::String(word)) if word == "unlimited" => usize::MAX,
            Some(number) => size(number)?,
        },
    })
}

impl Base {
    /// A type without constraints.
    pub fn of(kind: AtomicType) -> Self {
        Self {
            kind,
            choices: Vec::new(),
            integers: (i64::MIN, i64::MAX),
            reals: (f64::NEG_INFINITY, f64::INFINITY),
            lengths: (0, usize::MAX),
            refers_to: None,
            is_strong: false,
        }
    }

    fn read(json: &Value) -> Option<Self> {
        let kind = |word: &str| {
            Some(match word {
                "integer" => AtomicType::Integer,
                "real" => AtomicType::Real,
                "boolean" => AtomicType::Boolean,
                "string" => AtomicType::String,
                "uuid" => AtomicType::Uuid,
                _ => return None,
            })
        };
        let object = match json {
            Value::String(word) => return kind(word).map(Self::of),
            Value::Object(object) => object,
            _ => return None,
        };
        let mut base = Self::of(kind(object.get("type")?.as_str()?)?);
        let length = |number: &Value| usize::try_from(number.as_u64()?).ok();
        for (member, value) in object {
            match member.as_str() {
                "enum" => {
                    let datum: Datum = serde_json::from_value(value.clone()).ok()?;
                    base.choices = datum.as_set()?.to_vec();
                }
                "minInteger" => base.integers.0 = value.as_i64()?,
                "maxInteger" => base.integers.1 = value.as_i64()?,
                "minReal" => base.reals.0 = value.as_f64()?,
                "maxReal" => base.reals.1 = value.as_f64()?,
                "minLength" => base.lengths.0 = length(value)?,
                "maxLength" => base.lengths.1 = length(value)?,
                "refTable" => base.refers_to = Some(value.as_str()?.to_owned()),
                _ => {}
            }
        }
        let weak = object.get("refType").and_then(Value::as_str) == Some("weak");
        base.is_strong = base.refers_to.is_some() && !weak;
        Some(base)
    }
}

/// Finds by exact name, else by name ignoring case and `-`, else by unambiguous prefix.
fn best<'t, T>(all: &'t [T], word: &str, name: fn(&T) -> &str) -> Result<&'t T, UnresolvedName> {
    let alike = |text: &str| text.to_ascii_lowercase().replace('-', "_");
    let wanted = alike(word);
    let exact = all.iter().find(|one| name(one) == word);
    if let Some(one) = exact.or_else(|| all.iter().find(|one| alike(name(one)) == wanted)) {
        return Ok(one);
    }
    let begin = |one: &&T| !wanted.is_empty() && alike(name(one)).starts_with(&wanted);
    let found: Vec<&T> = all.iter().filter(begin).collect();
    match found.as_slice() {
        [only] => Ok(only),
        [] => Err(UnresolvedName {
            names: all.iter().map(|one| name(one).to_owned()).collect(),
            is_ambiguous: false,
        }),
        several => Err(UnresolvedName {
            names: several.iter().map(|one| name(one).to_owned()).collect(),
            is_ambiguous: true,
        }),
    }
}
