//! Columns: what a command can show, declared once each.

use super::{Cell, ColourRole, NotSaved};

/// One column of records of type `R`.
#[derive(Debug)]
pub struct Column<R> {
    /// Its properties that need no record.
    pub heading: Heading,
    /// Reads the value off a record.
    cell: Read<R>,
}

/// The properties of a column that need no record.
#[derive(Debug, Clone, Copy)]
pub struct Heading {
    /// Its name in snake case: the key in JSON, in capitals the header.
    pub name: &'static str,
    /// The type of its values in JSON.
    pub shape: Shape,
    /// Its meaning, for the manual and the schemas; empty where the name says it.
    pub meaning: &'static str,
    /// The meaning of the name in any command, if more general than `meaning`.
    general: Option<&'static str>,
    /// The database columns that its values are made of, if declared. If all shown columns declare theirs, no other
    /// database column is read.
    pub reads: Option<&'static [&'static str]>,
    /// The role of its values.
    pub role: ColourRole,
    /// If the table is too wide, the column with the highest number is dropped first; 0: never dropped.
    pub drop: u8,
    /// Shown only when `--columns` or `--get` names it.
    pub extra: bool,
    /// A table omits it if all its values equal those of this column.
    pub echoes: Option<&'static str>,
    /// Whether its values may break at blanks where the table is too wide.
    pub wrap: bool,
    /// Whether it is part of a record's key, by which a watched record is recognized in the next frame.
    pub identity: bool,
    /// What a change of its values means.
    pub pulse: Pulse,
}

impl Heading {
    /// A column that is shown, never dropped, and has no role.
    pub(super) const fn new(name: &'static str) -> Heading {
        Heading {
            name,
            shape: Shape::Any,
            meaning: "",
            general: None,
            reads: None,
            role: ColourRole::Plain,
            drop: 0,
            extra: false,
            echoes: None,
            wrap: false,
            identity: false,
            pulse: Pulse::Value,
        }
    }

    /// The meaning of the name in any command that has it.
    pub fn general_meaning(&self) -> &'static str {
        self.general.unwrap_or(self.meaning)
    }
}

/// The type of a column's values in JSON.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Any value.
    Any,
    /// A string.
    Text,
    /// A string that matches this pattern.
    Pattern(&'static str),
    /// One of these strings.
    Words(&'static [&'static str]),
    /// One of the strings that this function returns.
    WordsOf(fn() -> Vec<&'static str>),
    /// A number of 64 bits, as a string of hexadecimal digits.
    Hex,
    /// A non-negative integer.
    Whole,
    /// An integer from zero up to this one.
    UpTo(u16),
    /// `true` or `false`.
    Truth,
    /// An array.
    List(&'static Shape),
    /// An object with keys of any name.
    Map(&'static Shape),
    /// An array of objects with these members.
    Records(fn() -> Vec<Heading>),
    /// A value of any database column.
    DatabaseValue,
    /// The UUID of a database row.
    Uuid,
    /// One of these types.
    AnyOf(&'static [Shape]),
    /// This type, or `null`.
    OrNull(&'static Shape),
}

impl Shape {
    /// A VLAN id.
    pub const VID: Shape = Shape::UpTo(4095);
    /// A string or `null`.
    pub const TEXT_OR_NULL: Shape = Shape::OrNull(&Shape::Text);
    /// A list of strings.
    pub const TEXTS: Shape = Shape::List(&Shape::Text);
    /// A map of strings; `null`: a secret that was left out when the host was saved.
    pub const TEXT_MAP: Shape = Shape::Map(&Shape::TEXT_OR_NULL);
    /// A port number in the database, or `null`.
    pub const OFPORT_OR_NULL: Shape = Shape::OrNull(&Shape::UpTo(u16::MAX));
}

/// What a change of a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// Something has happened.
    Value,
    /// A counter: its rate is shown.
    Counter,
    /// Only time has passed.
    Clock,
}

/// How a value is read off a record.
#[derive(Debug)]
enum Read<R> {
    /// The columns are known at compile time.
    By(fn(&R) -> Cell),
    /// The columns are known at run time only: the value at this index.
    At(fn(&R, usize) -> Cell, usize),
}

impl<R> Column<R> {
    /// A column that is shown, never dropped, and has no role. [`Column::is`] sets its type and meaning.
    pub const fn new(name: &'static str, cell: fn(&R) -> Cell) -> Column<R> {
        Column {
            heading: Heading::new(name),
            cell: Read::By(cell),
        }
    }

    /// A column of records whose columns are known at run time only: `cell` is given the record and the
    /// column's index.
    pub const fn at(name: &'static str, place: usize, cell: fn(&R, usize) -> Cell) -> Column<R> {
        Column {
            heading: Heading::new(name),
            cell: Read::At(cell, place),
        }
    }

    /// The value of this column for a record.
    pub fn value(&self, record: &R) -> Cell {
        match self.cell {
            Read::By(cell) => cell(record),
            Read::At(cell, place) => cell(record, place),
        }
    }

    /// The value of this column for a record, as far as the database columns that it is made of are known.
    pub fn value_or_unknown(&self, record: &R, not_saved: &NotSaved) -> Cell {
        let reads = self.heading.reads.unwrap_or_default();
        if !not_saved.is_empty() && not_saved.print(reads) {
            Cell::Unknown
        } else {
            not_saved.of_secrets(self.heading.name, self.value(record))
        }
    }

    /// The same column for records of another type, read by `cell`.
    #[must_use]
    pub const fn of<S>(self, cell: fn(&S) -> Cell) -> Column<S> {
        Column {
            heading: self.heading,
            cell: Read::By(cell),
        }
    }

    /// Sets the JSON type and the meaning of its values.
    #[must_use]
    pub const fn is(mut self, shape: Shape, meaning: &'static str) -> Column<R> {
        self.heading.meaning = meaning;
        self.shape(shape)
    }

    /// Its values are strings with this meaning.
    #[must_use]
    pub const fn text(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::Text, meaning)
    }

    /// Its values are strings or `null`, with this meaning.
    #[must_use]
    pub const fn text_or_null(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::TEXT_OR_NULL, meaning)
    }

    /// Its values are lists of strings with this meaning.
    #[must_use]
    pub const fn texts(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::TEXTS, meaning)
    }

    /// Its values are maps of strings with this meaning.
    #[must_use]
    pub const fn text_map(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::TEXT_MAP, meaning)
    }

    /// Its values are non-negative integers with this meaning.
    #[must_use]
    pub const fn whole(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::Whole, meaning)
    }

    /// Its values are non-negative integers or `null`, with this meaning.
    #[must_use]
    pub const fn whole_or_null(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::OrNull(&Shape::Whole), meaning)
    }

    /// Its values are VLAN ids or `null`, with this meaning.
    #[must_use]
    pub const fn vid_or_null(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::OrNull(&Shape::VID), meaning)
    }

    /// Its values are booleans with this meaning.
    #[must_use]
    pub const fn truth(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::Truth, meaning)
    }

    /// Its values are booleans or `null`, with this meaning.
    #[must_use]
    pub const fn truth_or_null(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::OrNull(&Shape::Truth), meaning)
    }

    /// Sets the JSON type of its values.
    #[must_use]
    pub const fn shape(mut self, shape: Shape) -> Column<R> {
        self.heading.shape = shape;
        self
    }

    /// Sets the general meaning of its name, if its own meaning is specific to one command.
    #[must_use]
    pub const fn in_general(mut self, meaning: &'static str) -> Column<R> {
        self.heading.general = Some(meaning);
        self
    }

    /// Declares the database columns that its values are made of, besides names, types and OpenFlow numbers.
    #[must_use]
    pub const fn reads(mut self, columns: &'static [&'static str]) -> Column<R> {
        self.heading.reads = Some(columns);
        self
    }

    /// Sets the role of its values.
    #[must_use]
    pub const fn role(mut self, role: ColourRole) -> Column<R> {
        self.heading.role = role;
        self
    }

    /// Lets a narrow table drop it: the highest `order` is dropped first.
    #[must_use]
    pub const fn drop(mut self, order: u8) -> Column<R> {
        self.heading.drop = order;
        self
    }

    /// Shows it only on request.
    #[must_use]
    pub const fn extra(mut self) -> Column<R> {
        self.heading.extra = true;
        self
    }

    /// Lets a table omit it if all its values equal those of the column `name`.
    #[must_use]
    pub const fn echoes(mut self, name: &'static str) -> Column<R> {
        self.heading.echoes = Some(name);
        self
    }

    /// Makes it part of a record's key.
    #[must_use]
    pub const fn identity(mut self) -> Column<R> {
        self.heading.identity = true;
        self
    }

    /// Its values are counters.
    #[must_use]
    pub const fn counter(mut self) -> Column<R> {
        self.heading.pulse = Pulse::Counter;
        self
    }

    /// Its values change as time passes.
    #[must_use]
    pub const fn clock(mut self) -> Column<R> {
        self.heading.pulse = Pulse::Clock;
        self
    }

    /// Lets its values break at blanks.
    #[must_use]
    pub const fn wrap(mut self) -> Column<R> {
        self.heading.wrap = true;
        self
    }
}

/// A requested column that the command does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no column \"{name}\"")]
pub struct UnknownColumn {
    /// The name that was requested.
    pub name: String,
    /// The names of the columns that exist.
    pub known: Vec<&'static str>,
}

/// The named columns, in that order; without names, those that are not extra. Case does not matter, and `-`
/// stands for `_`.
pub(super) fn choose<'c, R>(
    columns: &'c [Column<R>],
    names: Option<&[String]>,
) -> Result<Vec<&'c Column<R>>, UnknownColumn> {
    let Some(names) = names else {
        return Ok(columns
            .iter()
            .filter(|column| !column.heading.extra)
            .collect());
    };
    names
        .iter()
        .map(|name| {
            let wanted = name.trim().to_ascii_lowercase().replace('-', "_");
            columns
                .iter()
                .find(|column| column.heading.name == wanted)
                .ok_or_else(|| UnknownColumn {
                    name: name.clone(),
                    known: columns.iter().map(|column| column.heading.name).collect(),
                })
        })
        .collect()
}

/// The headings of these columns.
pub fn headings<R>(columns: &[Column<R>]) -> Vec<Heading> {
    columns.iter().map(|column| column.heading).collect()
}
