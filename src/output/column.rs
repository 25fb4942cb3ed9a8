//! Columns: what a command can show, declared once.

use super::{Cell, Role};

/// One column of records of type `R`.
#[derive(Debug)]
pub struct Column<R> {
    /// What is known of it without a record.
    pub heading: Heading,
    /// Reads the value off a record.
    cell: Read<R>,
}

/// What is known of a column without a record.
#[derive(Debug, Clone, Copy)]
pub struct Heading {
    /// Its name in snake case: the key in JSON, in capitals the header.
    pub name: &'static str,
    /// What its values are in JSON.
    pub shape: Shape,
    /// What it means, for the manual and the schemas; empty where the name says it.
    pub meaning: &'static str,
    /// What the name means in any command, where that is less than `meaning` says.
    general: Option<&'static str>,
    /// The columns of the database that its values are made of, where the command reads no others
    /// than are shown.
    pub reads: &'static [&'static str],
    /// What its values are.
    pub role: Role,
    /// Where the table is too wide, the column with the highest number goes first; 0 stays.
    pub drop: u8,
    /// Shown only when `--columns` or `--get` names it.
    pub extra: bool,
    /// A table leaves it out where all its values are those of this column.
    pub echoes: Option<&'static str>,
    /// Whether its values may break at blanks where the table is too wide.
    pub wrap: bool,
    /// Whether it tells, with others of its kind, which record this is: what it was a moment ago and what
    /// it is now are then two looks at one thing.
    pub identity: bool,
    /// What it means that its values change.
    pub pulse: Pulse,
}

impl Heading {
    /// A column that is shown, never dropped, and of no particular role.
    pub(super) const fn new(name: &'static str) -> Heading {
        Heading {
            name,
            shape: Shape::Any,
            meaning: "",
            general: None,
            reads: &[],
            role: Role::Plain,
            drop: 0,
            extra: false,
            echoes: None,
            wrap: false,
            identity: false,
            pulse: Pulse::Value,
        }
    }

    /// What the name means in any command that has it.
    pub fn general_meaning(&self) -> &'static str {
        self.general.unwrap_or(self.meaning)
    }
}

/// What the values of a column are in JSON.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Anything.
    Any,
    /// A string.
    Text,
    /// A string that matches this pattern.
    Pattern(&'static str),
    /// One of these strings.
    Words(&'static [&'static str]),
    /// One of the strings that this returns.
    WordsOf(fn() -> Vec<&'static str>),
    /// A number of 64 bits, as a string of hexadecimal digits.
    Hex,
    /// A whole number that is not negative.
    Whole,
    /// A whole number up to this one.
    UpTo(u16),
    /// `true` or `false`.
    Truth,
    /// An array.
    List(&'static Shape),
    /// An object with keys of any name.
    Map(&'static Shape),
    /// An array of objects with these members.
    Records(fn() -> Vec<Heading>),
    /// A value of any column of the database.
    DatabaseValue,
    /// The identity of a row in the database.
    Uuid,
    /// One of these.
    AnyOf(&'static [Shape]),
    /// That, or `null`.
    OrNull(&'static Shape),
}

impl Shape {
    /// A VLAN.
    pub const VID: Shape = Shape::UpTo(4095);
    /// A string, or nothing.
    pub const TEXT_OR_NULL: Shape = Shape::OrNull(&Shape::Text);
    /// Strings.
    pub const TEXTS: Shape = Shape::List(&Shape::Text);
    /// Strings by their keys.
    pub const TEXT_MAP: Shape = Shape::Map(&Shape::Text);
    /// A whole number, or nothing.
    pub const WHOLE_OR_NULL: Shape = Shape::OrNull(&Shape::Whole);
    /// A VLAN, or nothing.
    pub const VID_OR_NULL: Shape = Shape::OrNull(&Shape::VID);
    /// The number of a port in the database, or nothing.
    pub const OFPORT_OR_NULL: Shape = Shape::OrNull(&Shape::UpTo(u16::MAX));
}

/// What it means that a value changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pulse {
    /// Something has happened.
    Value,
    /// It counts: so much has happened since.
    Counter,
    /// Time has passed, nothing else.
    Clock,
}

/// How a value is read off a record.
#[derive(Debug)]
enum Read<R> {
    /// The columns are known beforehand.
    By(fn(&R) -> Cell),
    /// They are known at run time only: the value stands at this place.
    At(fn(&R, usize) -> Cell, usize),
}

impl<R> Column<R> {
    /// A column that is shown, never dropped, and of no particular role. What it is says [`Column::is`].
    pub const fn new(name: &'static str, cell: fn(&R) -> Cell) -> Column<R> {
        Column {
            heading: Heading::new(name),
            cell: Read::By(cell),
        }
    }

    /// A column of records whose columns are known at run time only: `cell` is given the record and the
    /// column's place.
    pub const fn at(name: &'static str, place: usize, cell: fn(&R, usize) -> Cell) -> Column<R> {
        Column {
            heading: Heading::new(name),
            cell: Read::At(cell, place),
        }
    }

    /// The value of this column in a record.
    pub fn value(&self, record: &R) -> Cell {
        match self.cell {
            Read::By(cell) => cell(record),
            Read::At(cell, place) => cell(record, place),
        }
    }

    /// The same column of other records: `cell` reads it off one of those.
    #[must_use]
    pub const fn of<S>(self, cell: fn(&S) -> Cell) -> Column<S> {
        Column {
            heading: self.heading,
            cell: Read::By(cell),
        }
    }

    /// Sets what its values are in JSON, and what it means.
    #[must_use]
    pub const fn is(mut self, shape: Shape, meaning: &'static str) -> Column<R> {
        self.heading.meaning = meaning;
        self.shape(shape)
    }

    /// Its values are a string; this is what they mean.
    #[must_use]
    pub const fn text(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::Text, meaning)
    }

    /// Its values are a string, or nothing; this is what they mean.
    #[must_use]
    pub const fn text_or_null(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::TEXT_OR_NULL, meaning)
    }

    /// Its values are strings; this is what they mean.
    #[must_use]
    pub const fn texts(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::TEXTS, meaning)
    }

    /// Its values are strings by their keys; this is what they mean.
    #[must_use]
    pub const fn text_map(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::TEXT_MAP, meaning)
    }

    /// Its values are a whole number; this is what they mean.
    #[must_use]
    pub const fn whole(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::Whole, meaning)
    }

    /// Its values are a whole number, or nothing; this is what they mean.
    #[must_use]
    pub const fn whole_or_null(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::OrNull(&Shape::Whole), meaning)
    }

    /// Its values are a VLAN, or nothing; this is what they mean.
    #[must_use]
    pub const fn vid_or_null(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::OrNull(&Shape::VID), meaning)
    }

    /// It tells whether something is so; this is what they mean.
    #[must_use]
    pub const fn truth(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::Truth, meaning)
    }

    /// It tells whether something is so, or nothing; this is what they mean.
    #[must_use]
    pub const fn truth_or_null(self, meaning: &'static str) -> Column<R> {
        self.is(Shape::OrNull(&Shape::Truth), meaning)
    }

    /// Sets what its values are in JSON.
    #[must_use]
    pub const fn shape(mut self, shape: Shape) -> Column<R> {
        self.heading.shape = shape;
        self
    }

    /// Sets what its name means in any command, where its meaning is that of one.
    #[must_use]
    pub const fn in_general(mut self, meaning: &'static str) -> Column<R> {
        self.heading.general = Some(meaning);
        self
    }

    /// Sets the columns of the database that its values are made of.
    #[must_use]
    pub const fn reads(mut self, columns: &'static [&'static str]) -> Column<R> {
        self.heading.reads = columns;
        self
    }

    /// Sets what its values are.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Column<R> {
        self.heading.role = role;
        self
    }

    /// Lets a narrow table drop it: the highest `order` goes first.
    #[must_use]
    pub const fn drop(mut self, order: u8) -> Column<R> {
        self.heading.drop = order;
        self
    }

    /// Shows it only when it is asked for.
    #[must_use]
    pub const fn extra(mut self) -> Column<R> {
        self.heading.extra = true;
        self
    }

    /// Lets a table leave it out where all its values are those of the column `name`.
    #[must_use]
    pub const fn echoes(mut self, name: &'static str) -> Column<R> {
        self.heading.echoes = Some(name);
        self
    }

    /// Lets it tell, with others of its kind, which record this is.
    #[must_use]
    pub const fn identity(mut self) -> Column<R> {
        self.heading.identity = true;
        self
    }

    /// Its values count.
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

/// A column was asked for that the command does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no column \"{name}\"")]
pub struct UnknownColumn {
    /// The name that was asked for.
    pub name: String,
    /// The names of the columns that exist.
    pub known: Vec<&'static str>,
}

/// The columns named, in that order; without names those that are not extra. Case does not matter,
/// and `-` stands for `_`.
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

/// What is known of these columns without a record.
pub fn headings<R>(columns: &[Column<R>]) -> Vec<Heading> {
    columns.iter().map(|column| column.heading).collect()
}
