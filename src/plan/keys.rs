//! Checks that the keys and values that a plan sets are documented.

use super::{Edit, Result, RowId, Warning, quoted};
use crate::model::keys::{check, interface_types, missing, version, was_removed};
use crate::model::resolve::did_you_mean;
use crate::ovsdb::Datum;

impl Edit<'_> {
    /// Warns of undocumented keys, which the switch ignores, of values out of range, and of missing required
    /// options. Only checks what the plan sets; existing values are not checked.
    pub(crate) async fn check_keys(&mut self) -> Result<()> {
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
                "Interface" | "QoS" => {
                    let kind = self.draft.peek(row, "type").await?;
                    Some(kind.as_str().unwrap_or_default().to_owned())
                }
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
                let version = if pairs
                    .iter()
                    .any(|(key, _)| was_removed(&table, column, key))
                {
                    let root = self.root().await?;
                    let text = self.draft.peek(root, "ovs_version").await?;
                    text.as_str().and_then(version)
                } else {
                    None
                };
                let pairs = pairs
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str()));
                for finding in check(&table, column, kind.as_deref(), version, pairs) {
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

    /// Warns of a datapath type that this ovs-vswitchd does not support: the bridge would be down.
    async fn warn_of_datapath(&mut self, bridge: RowId) -> Result<()> {
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

    /// The object of a warning: a row's name, or its table if it has no name.
    fn subject(&self, row: RowId) -> String {
        match self.name_of(row) {
            name if name.is_empty() => self.draft.table(row).to_owned(),
            name => quoted(&name),
        }
    }

    async fn warn_of_missing(&mut self, row: RowId, kind: &str) -> Result<()> {
        let options = self.draft.peek(row, "options").await?;
        for key in missing(kind, options.text_pairs().map(|(key, _)| key)) {
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

    /// The pairs of a map that the plan sets: those that are new.
    fn pairs_set(&self, row: RowId, column: &str) -> Vec<(String, String)> {
        let before = self.draft.before(row, column);
        let is_there = |pair: &(&str, &str)| {
            before.is_some_and(|before| before.text_pairs().any(|known| known == *pair))
        };
        let after = self.draft.known(row, column).unwrap_or(Datum::EMPTY);
        let set = after.text_pairs().filter(|pair| !is_there(pair));
        set.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }
}

/// Options of an unknown type cannot be checked.
fn unknown_type(table: &str, kind: Option<&str>, changed: &[String]) -> Option<String> {
    let kind = kind.filter(|kind| !kind.is_empty() && !interface_types().contains(kind))?;
    if table != "Interface" || !changed.iter().any(|column| column == "type") {
        return None;
    }
    Some(format!(
        "Open vSwitch has no interface type {}{}",
        quoted(kind),
        did_you_mean(kind, interface_types().iter().copied())
    ))
}
