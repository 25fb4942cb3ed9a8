//! In what the configuration of two hosts differs, by name.
//!
//! | file | contents |
//! |---|---|
//! | [`configuration`] | the settings in the rows of a database |
//! | `secrets` | secrets among them |

pub mod configuration;
mod secrets;

use std::collections::BTreeSet;

use configuration::{Configuration, ItemKind, Settings};

/// An item that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemDifference {
    /// What it is.
    pub kind: ItemKind,
    /// Its name; empty for the switch as a whole.
    pub name: String,
    /// Its settings before: all if it is not there after, otherwise those that differ; `None`: it was not there.
    pub before: Option<Settings>,
    /// Its settings after, likewise.
    pub after: Option<Settings>,
}

/// The items that differ, by kind and name; secrets are masked.
pub fn differences(before: &Configuration, after: &Configuration) -> Vec<ItemDifference> {
    let items: BTreeSet<_> = before.items.keys().chain(after.items.keys()).collect();
    let mut all = Vec::new();
    for item in items {
        let (mut before, mut after) = (
            before.items.get(item).cloned(),
            after.items.get(item).cloned(),
        );
        if before == after {
            continue;
        }
        if let (Some(before), Some(after)) = (&mut before, &mut after) {
            let same: Vec<String> = before
                .iter()
                .filter(|(name, value)| {
                    let other = after.get(*name);
                    other.is_some_and(|other| secrets::is_same(name, value, other))
                })
                .map(|(name, _)| name.clone())
                .collect();
            for name in same {
                before.remove(&name);
                after.remove(&name);
            }
            if before.is_empty() && after.is_empty() {
                continue;
            }
        }
        before
            .iter_mut()
            .chain(after.iter_mut())
            .for_each(secrets::mask);
        let (kind, name) = item.clone();
        all.push(ItemDifference {
            kind,
            name,
            before,
            after,
        });
    }
    all
}
