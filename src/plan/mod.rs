//! Changes as operators think of them, planned on a [`Draft`]: what is asked becomes a checked draft, and that
//! one transaction. Nothing is written here.
//!
//! Every function takes an [`Edit`], looks at what is there, refuses what cannot be meant, and lays the
//! change over the draft. So one command is a plan of one step, and a batch one of many: a later step
//! sees what an earlier one made.
//!
//! | module | contents |
//! |---|---|
//! | [`draft`] | a transaction in the making: rows as they will be once it is committed |
//! | [`place`] | bridges and ports by name or number, as the draft has them |
//! | [`keys`] | whether the keys and values that a plan sets are documented |
//! | [`controller`] | whether ovs-vswitchd will use the controllers that a plan sets |
//! | [`settings`] | what a bridge or a port shall be |
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

pub(crate) mod bridge;
pub(crate) mod controller;
pub(crate) mod database;
pub(crate) mod draft;
pub(crate) mod filter;
pub(crate) mod keys;
pub(crate) mod name;
pub(crate) mod patch;
pub(crate) mod place;
pub(crate) mod port;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod settings;
pub(crate) mod tunnel;
pub(crate) mod vlan;

use std::collections::HashMap;
use std::rc::Rc;

pub(crate) use crate::base::terminal::quoted;
use crate::model::resolve::not_found;
use crate::ovsdb::schema::Schema;
use crate::ovsdb::{self, Uuid};
use crate::source::Database;
use draft::Draft;
pub(crate) use draft::RowId;
use settings::Assignment;

/// A change being planned.
#[derive(Debug)]
pub(crate) struct Edit<'c> {
    /// What will be written.
    pub(crate) draft: Draft<'c>,
    /// What the user should know although it is done.
    pub(crate) warnings: Vec<Warning>,
    /// What the user asked to be told.
    pub(crate) notes: Vec<String>,
    /// Interfaces that were named, whether or not anything changes: the user wants to know how they do.
    pub(crate) touched: Vec<RowId>,
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
    pub(crate) made: HashMap<RowId, Uuid>,
}

/// Something that is done, but may not be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// What, in one plain sentence without a full stop.
    pub(crate) text: String,
    /// Whether it is about a key or value that is not documented: `--strict` refuses it.
    pub(crate) is_about_keys: bool,
}

/// Why a change is not made. Nothing is written then.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The change does not fit what is there, or would break something.
    Refused(Reason),
    /// What is to be changed does not exist.
    NotFound(Reason),
    /// What was asked for contradicts itself or is no value of its kind.
    Usage(Reason),
    /// The database did not answer.
    Database(ovsdb::Error),
}

/// What a plan comes to, or why it is not made.
pub(crate) type Result<T, E = Refusal> = std::result::Result<T, E>;

/// What cannot be done, and why.
#[derive(Debug)]
pub(crate) struct Reason {
    /// In one line without a full stop.
    pub(crate) message: String,
    /// What helps.
    pub(crate) hint: Option<String>,
}

impl<'c> Edit<'c> {
    /// A plan that changes nothing.
    pub(crate) fn new(database: &'c Database) -> Self {
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
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(Warning {
            text: text.into(),
            is_about_keys: false,
        });
    }

    /// Does to a row's columns what is to be done to them.
    pub(crate) async fn assign(&mut self, row: RowId, assignments: &[Assignment]) -> Result<()> {
        for (column, change) in assignments {
            self.draft.apply(row, column, change.clone()).await?;
        }
        Ok(())
    }

    /// The row of table `Open_vSwitch`.
    pub(crate) async fn root(&mut self) -> Result<RowId> {
        let root = self.draft.only("Open_vSwitch", &[]).await?;
        root.ok_or_else(|| {
            Refusal::refused("the database has no row in table Open_vSwitch")
                .hint("`ovs-vsctl --no-wait init`, or starting Open vSwitch, makes it")
        })
    }

    /// A column's text; empty if there is none.
    pub(crate) async fn text(&mut self, row: RowId, column: &str) -> Result<String> {
        let datum = self.draft.value(row, column).await?;
        Ok(datum.as_str().unwrap_or_default().to_owned())
    }

    /// A column's number, if it has one.
    pub(crate) async fn number(&mut self, row: RowId, column: &str) -> Result<Option<i64>> {
        Ok(self.draft.value(row, column).await?.as_integer())
    }

    /// A pair of a column's map.
    pub(crate) async fn pair(
        &mut self,
        row: RowId,
        column: &str,
        key: &str,
    ) -> Result<Option<String>> {
        let datum = self.draft.value(row, column).await?;
        let pair = datum.text_pairs().find(|(known, _)| *known == key);
        Ok(pair.map(|(_, value)| value.to_owned()))
    }
}

impl Refusal {
    /// The change does not fit what is there, or would break something.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(Reason::new(message))
    }

    /// What was asked for contradicts itself or is no value of its kind.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(Reason::new(message))
    }

    /// There is nothing of this name; `place` is where was looked, with its preposition, or empty.
    pub(crate) fn not_found(kind: &str, name: &str, place: &str, candidates: &[String]) -> Self {
        let candidates = candidates.iter().map(String::as_str);
        let refusal = Self::NotFound(Reason::new(not_found(kind, name, place, candidates)));
        match kind {
            "bridge" | "port" => refusal.hint(format!("`ovs {kind} list` lists the {kind}s")),
            _ => refusal,
        }
    }

    /// Adds what helps.
    #[must_use]
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Refused(reason) | Self::NotFound(reason) | Self::Usage(reason) = &mut self {
            reason.hint = Some(text.into());
        }
        self
    }
}

impl Reason {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
        }
    }
}

/// What was looked for, or why it is not there.
pub(crate) trait Sought<T> {
    /// Nothing instead of a refusal, where what is not found is to be passed over.
    fn or_none_if(self, if_exists: bool) -> Result<Option<T>>;
}

impl<T> Sought<T> for Result<T> {
    fn or_none_if(self, if_exists: bool) -> Result<Option<T>> {
        match self {
            Err(Refusal::NotFound(_)) if if_exists => Ok(None),
            other => other.map(Some),
        }
    }
}

impl From<ovsdb::Error> for Refusal {
    fn from(error: ovsdb::Error) -> Self {
        Self::Database(error)
    }
}
