//! Whether the keys and values that a plan sets are documented.

use std::fmt::Write as _;

use super::{Edit, Refusal, RowId, Warning, quoted};
use crate::model::keys::{check, interface_types, missing};
use crate::model::resolve::closest;
use crate::ovsdb::{Atom, Datum};

impl Edit<'_> {
    /// Warns of what the switch will ignore: keys that nobody documents, values out of their range,
    /// options that are needed and not there. Only of what the plan sets; what was there stays as it is.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub async fn check_keys(&mut self) -> Result<(), Refusal> {
        for row in self.draft.rows() {
            if self.draft.is_gone(row) {
                continue;
            }
            let table = self.draft.table(row).to_owned();
            let changed = self.draft.changed_columns(row);
            let changed: Vec<String> = changed.into_iter().map(str::to_owned).collect();
            if changed.is_empty() {
                continue;
            }
            let kind = match table.as_str() {
                "Interface" | "QoS" => match self.draft.peek(row, "type").await? {
                    Datum::Atom(Atom::String(kind)) => Some(kind),
                    _ => Some(String::new()),
                },
                _ => None,
            };
            if let Some(text) = unknown_type(&table, kind.as_deref(), &changed) {
                self.warnings.push(Warning {
                    text: format!("{}: {text}", self.subject(row)),
                    is_about_keys: true,
                });
                continue;
            }
            if table == "Bridge" && changed.iter().any(|column| column == "datapath_type") {
                self.warn_of_datapath(row).await?;
            }
            for column in &changed {
                let pairs = self.pairs_set(row, column);
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str()));
                for finding in check(&table, column, kind.as_deref(), pairs) {
                    self.warnings.push(Warning {
                        text: format!("{}: {finding}", self.subject(row)),
                        is_about_keys: true,
                    });
                }
            }
            let asks = |column: &String| column == "options" || column == "type";
            if table == "Interface" && changed.iter().any(asks) {
                self.warn_of_missing(row, kind.as_deref().unwrap_or_default())
                    .await?;
            }
        }
        Ok(())
    }

    /// Warns of a type of datapath that this ovs-vswitchd has not: the bridge would be down.
    async fn warn_of_datapath(&mut self, bridge: RowId) -> Result<(), Refusal> {
        let kind = self.text(bridge, "datapath_type").await?;
        let known = self.datapath_types().await?;
        if kind.is_empty() || known.is_empty() || known.contains(&kind) {
            return Ok(());
        }
        self.warnings.push(Warning {
            text: format!(
                "{}: this ovs-vswitchd has no datapath_type {}: it has {}",
                self.subject(bridge),
                quoted(&kind),
                known.join(", ")
            ),
            is_about_keys: true,
        });
        Ok(())
    }

    /// What a warning is about: a row's name, or its table where it has none.
    fn subject(&self, row: RowId) -> String {
        match self.name_of(row) {
            name if name.is_empty() => self.draft.table(row).to_owned(),
            name => quoted(&name),
        }
    }

    async fn warn_of_missing(&mut self, row: RowId, kind: &str) -> Result<(), Refusal> {
        let options = self.draft.peek(row, "options").await?;
        let keys = match &options {
            Datum::Map(pairs) => pairs.as_slice(),
            Datum::Atom(_) | Datum::Set(_) => &[],
        };
        let keys = keys.iter().filter_map(|(key, _)| match key {
            Atom::String(key) => Some(key.as_str()),
            _ => None,
        });
        for key in missing(kind, keys) {
            self.warnings.push(Warning {
                text: format!(
                    "{}: an interface of type {kind} needs the option {key}",
                    self.subject(row)
                ),
                is_about_keys: false,
            });
        }
        Ok(())
    }

    /// The pairs of a map that the plan sets: those that were not there.
    fn pairs_set(&self, row: RowId, column: &str) -> Vec<(String, String)> {
        let before = match self.draft.before(row, column) {
            Some(Datum::Map(pairs)) => pairs.as_slice(),
            _ => &[],
        };
        let Some(Datum::Map(after)) = self.draft.known(row, column) else {
            return Vec::new();
        };
        let after = after.into_iter().filter(|pair| !before.contains(pair));
        after
            .filter_map(|pair| match pair {
                (Atom::String(key), Atom::String(value)) => Some((key, value)),
                _ => None,
            })
            .collect()
    }
}

/// Of a type that there is not, no option can be right.
fn unknown_type(table: &str, kind: Option<&str>, changed: &[String]) -> Option<String> {
    let kind = kind.filter(|kind| !kind.is_empty() && !interface_types().contains(kind))?;
    if table != "Interface" || !changed.iter().any(|column| column == "type") {
        return None;
    }
    let mut text = format!("Open vSwitch has no interface type {}", quoted(kind));
    if let Some(meant) = closest(kind, interface_types().iter().copied()) {
        let _ = write!(text, " (did you mean {}?)", quoted(&meant));
    }
    Some(text)
}
