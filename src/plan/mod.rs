//! Changes in the terms of operators, planned on a [`Draft`]: requests become a checked draft, and that one
//! transaction. Nothing is written here.
//!
//! Every function takes an [`Edit`], reads the current state, refuses what is not possible, and applies the
//! change to the draft. A command is a plan of one step, a batch a plan of many: a later step sees the
//! results of the earlier ones.
//!
//! | module | contents |
//! |---|---|
//! | [`draft`] | a pending transaction: rows as they will be after the commit |
//! | [`place`] | bridges and ports of the draft, by name or number |
//! | [`keys`] | checks that keys and values are documented |
//! | [`controller`] | checks that ovs-vswitchd will use the controllers that a plan sets |
//! | [`settings`] | the settings of a bridge or a port |
//! | [`name`] | the valid names of bridges, ports and interfaces |
//! | [`bridge`] | adding, changing and removing bridges and VLAN bridges |
//! | [`port`] | adding, changing and removing ports and bonds |
//! | [`patch`] | adding, repairing and removing pairs of patch ports |
//! | [`tunnel`] | adding, changing and removing tunnels |
//! | [`vlan`] | the VLAN configuration of a port after a change, in words |
//! | [`record`] | rows of any table, by name or UUID |
//! | [`database`] | changes to rows of any table |
//! | [`filter`] | conditions on rows of any table |
//! | [`report`] | the changes of the draft, object by object, with before and after |

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

pub(crate) use crate::base::terminal::quoted;
use crate::model::resolve::not_found;
use crate::ovsdb::{self, Uuid};
use crate::source::Database;
use draft::Draft;
pub(crate) use draft::RowId;
use settings::Assignment;

/// A change being planned.
#[derive(Debug)]
pub(crate) struct Edit<'c> {
    /// The pending transaction.
    pub(crate) draft: Draft<'c>,
    /// Warnings about the change.
    pub(crate) warnings: Vec<Warning>,
    /// Notes that the user requested.
    pub(crate) notes: Vec<String>,
    /// Named interfaces, changed or not: their state is reported.
    pub(crate) touched: Vec<RowId>,
    /// The bridge of each port and the port of each interface that was read.
    homes: HashMap<RowId, RowId>,
    /// The rows that `@NAME`s stand for.
    symbols: HashMap<String, RowId>,
    /// Rows that are deleted unless a row refers to them, with their `@NAME`.
    unrooted: Vec<(RowId, Option<String>)>,
    /// Patch ports that are removed, each with its peer.
    removed_patches: Vec<(String, String)>,
    /// Ports whose bridge and interfaces only the report needs.
    alone: Vec<RowId>,
    /// The UUIDs of the inserted rows, once they are written.
    pub(crate) made: HashMap<RowId, Uuid>,
}

/// A warning: the change is made, but may not be intended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// The text, one sentence without a full stop.
    pub(crate) text: String,
    /// Whether it concerns an undocumented key or value: `--strict` refuses it.
    pub(crate) is_about_keys: bool,
}

/// The reason why a change is refused. Nothing is written then.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The change conflicts with the current state, or would break something.
    Refused(Reason),
    /// The object to change does not exist.
    NotFound(Reason),
    /// The request contradicts itself or contains a malformed value.
    Usage(Reason),
    /// The database did not reply.
    Database(ovsdb::Error),
}

/// The result of a planning step.
pub(crate) type Result<T, E = Refusal> = std::result::Result<T, E>;

/// A reason with a hint.
#[derive(Debug)]
pub(crate) struct Reason {
    /// The message, one line without a full stop.
    pub(crate) message: String,
    /// The hint.
    pub(crate) hint: Option<String>,
}

impl<'c> Edit<'c> {
    /// Creates a plan that changes nothing.
    pub(crate) fn new(database: &'c Database) -> Self {
        Self {
            draft: Draft::new(database),
            warnings: Vec::new(),
            notes: Vec::new(),
            touched: Vec::new(),
            homes: HashMap::new(),
            symbols: HashMap::new(),
            unrooted: Vec::new(),
            removed_patches: Vec::new(),
            alone: Vec::new(),
            made: HashMap::new(),
        }
    }

    /// Adds a warning: the change is made, but may not be intended.
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(Warning {
            text: text.into(),
            is_about_keys: false,
        });
    }

    /// Applies assignments to the columns of a row.
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
    /// Refuses a change that conflicts with the current state, or would break something.
    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::Refused(Reason::new(message))
    }

    /// Refuses a request that contradicts itself or contains a malformed value.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(Reason::new(message))
    }

    /// Refuses a name that does not exist; `place` is where it was searched, including the preposition, or
    /// empty.
    pub(crate) fn not_found(kind: &str, name: &str, place: &str, candidates: &[String]) -> Self {
        let candidates = candidates.iter().map(String::as_str);
        let refusal = Self::NotFound(Reason::new(not_found(kind, name, place, candidates)));
        match kind {
            "bridge" | "port" => refusal.hint(format!("`ovs {kind} list` lists the {kind}s")),
            _ => refusal,
        }
    }

    /// Sets the hint.
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

/// The result of a search.
pub(crate) trait Sought<T> {
    /// Converts `NotFound` to `None`, for `--if-exists`.
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
