//! Changes as operators think of them, planned on a [`Draft`]: what is asked becomes a checked draft, and that
//! one transaction. Nothing is written here.
//!
//! Every function takes an [`Edit`], looks at what is there, refuses what cannot be meant, and lays the
//! change over the draft. So one command is a plan of one step, and a batch one of many: a later step
//! sees what an earlier one made.
//!
//! | room | what is in it |
//! |---|---|
//! | [`draft`] | a transaction in the making: rows as they will be once it is committed |
//! | [`place`] | bridges and ports by name or number, as the draft has them |
//! | [`keys`] | whether the keys and values that a plan sets are documented |
//! | [`name`] | which names a bridge, a port or an interface can have |
//! | [`bridge`] | bridges and VLAN bridges: added, changed, removed |
//! | [`port`] | ports and bonds: added, changed, removed |
//! | [`patch`] | pairs of patch ports: made, repaired, removed |
//! | [`tunnel`] | tunnels: added, changed, removed |
//! | [`vlan`] | what a change makes of a port's VLANs, said in words |
//! | [`record`] | rows of any table, by name or identity |
//! | [`database`] | changes to rows of any table |
//! | [`filter`] | conditions on rows of any table |
//! | [`report`] | what the draft changes, object by object, with before and after |

pub mod bridge;
pub mod database;
pub mod draft;
pub mod filter;
pub mod keys;
pub mod name;
pub mod patch;
pub mod place;
pub mod port;
pub mod record;
pub mod report;
pub mod tunnel;
pub mod vlan;

use std::collections::HashMap;
use std::rc::Rc;

pub use crate::base::terminal::quoted;
use crate::ovsdb::schema::Schema;
use crate::ovsdb::{self, Atom, Datum, Uuid};
use crate::source::Database;
pub use draft::RowId;
use draft::{Change, Draft};

/// A change being planned.
#[derive(Debug)]
pub struct Edit<'c> {
    /// What will be written.
    pub draft: Draft<'c>,
    /// What the user should know although it is done.
    pub warnings: Vec<Warning>,
    /// What the user asked to be told.
    pub notes: Vec<String>,
    /// Interfaces that were named, whether or not anything changes: the user wants to know how they do.
    pub touched: Vec<RowId>,
    /// The bridge of each port and the port of each interface that was looked at.
    homes: HashMap<RowId, RowId>,
    /// The database's schema, if it was asked for.
    schema: Option<Rc<Schema>>,
    /// What `@NAME` stands for.
    symbols: HashMap<String, RowId>,
    /// Rows that go at once unless something refers to them, with their `@NAME`.
    unrooted: Vec<(RowId, Option<String>)>,
    /// Ports whose surroundings no decision needs, but the report does.
    alone: Vec<RowId>,
    /// The identities that new rows got when they were written.
    pub made: HashMap<RowId, Uuid>,
}

/// Something that is done, but may not be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// What, in one plain sentence without a full stop.
    pub text: String,
    /// Whether it is about a key or value that is not documented: `--strict` refuses it.
    pub is_about_keys: bool,
}

/// Why a change is not made. Nothing is written then.
#[derive(Debug)]
pub enum Refusal {
    /// It makes no sense here, or would break something.
    Refused {
        /// What cannot be done, and why.
        message: String,
        /// What helps.
        hint: Option<String>,
    },
    /// What is to be changed does not exist.
    NotFound {
        /// Its kind: `bridge`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// Where was looked, with its preposition, or empty.
        place: String,
        /// Names that there are.
        candidates: Vec<String>,
    },
    /// What was asked for contradicts itself or is no value of its kind.
    Usage {
        /// What is wrong with it.
        message: String,
        /// What helps.
        hint: Option<String>,
    },
    /// The database did not answer.
    Database(ovsdb::Error),
}

/// One column, and what is to be done to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The column.
    pub column: String,
    /// What is done to it.
    pub change: Change,
}

impl<'c> Edit<'c> {
    /// A plan that changes nothing.
    pub fn new(database: &'c Database) -> Self {
        Self {
            draft: Draft::new(database),
            warnings: Vec::new(),
            notes: Vec::new(),
            touched: Vec::new(),
            homes: HashMap::new(),
            schema: None,
            symbols: HashMap::new(),
            unrooted: Vec::new(),
            alone: Vec::new(),
            made: HashMap::new(),
        }
    }

    /// Something that is done, but may not be meant.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(Warning {
            text: text.into(),
            is_about_keys: false,
        });
    }

    /// Does to a row's columns what is to be done to them.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn assign(&mut self, row: RowId, assignments: &[Assignment]) -> Result<(), Refusal> {
        for Assignment { column, change } in assignments {
            self.draft.apply(row, column, change.clone()).await?;
        }
        Ok(())
    }

    /// The row of table `Open_vSwitch`.
    ///
    /// # Errors
    ///
    /// The table is empty, or the database does not answer.
    pub async fn root(&mut self) -> Result<RowId, Refusal> {
        let root = self.draft.only("Open_vSwitch", &[]).await?;
        root.ok_or_else(|| {
            Refusal::refused("the database has no row in table Open_vSwitch")
                .hint("`ovs-vsctl --no-wait init`, or starting Open vSwitch, makes it")
        })
    }

    /// A column's text; empty if there is none.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn text(&mut self, row: RowId, column: &str) -> Result<String, Refusal> {
        Ok(match self.draft.value(row, column).await? {
            Datum::Atom(Atom::String(text)) => text,
            _ => String::new(),
        })
    }

    /// A column's number, if it has one.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn number(&mut self, row: RowId, column: &str) -> Result<Option<i64>, Refusal> {
        Ok(match self.draft.value(row, column).await? {
            Datum::Atom(Atom::Integer(number)) => Some(number),
            _ => None,
        })
    }

    /// A pair of a column's map.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn pair(
        &mut self,
        row: RowId,
        column: &str,
        key: &str,
    ) -> Result<Option<String>, Refusal> {
        let Datum::Map(pairs) = self.draft.value(row, column).await? else {
            return Ok(None);
        };
        Ok(pairs.into_iter().find_map(|pair| match pair {
            (Atom::String(k), Atom::String(value)) if k == key => Some(value),
            _ => None,
        }))
    }
}

impl Assignment {
    /// Sets the column.
    pub fn set(column: &str, datum: impl Into<Datum>) -> Self {
        Self {
            column: column.to_owned(),
            change: Change::Set(datum.into()),
        }
    }

    /// Empties the column.
    pub fn clear(column: &str) -> Self {
        Self::set(column, Datum::EMPTY)
    }
}

impl Refusal {
    /// It makes no sense here, or would break something.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused {
            message: message.into(),
            hint: None,
        }
    }

    /// What was asked for contradicts itself or is no value of its kind.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage {
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what helps.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Refused { hint, .. } | Self::Usage { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }
}

impl From<ovsdb::Error> for Refusal {
    fn from(error: ovsdb::Error) -> Self {
        Self::Database(error)
    }
}
