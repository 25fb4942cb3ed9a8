//! In what the configuration of two hosts differs, by name.
//!
//! | file | contents |
//! |---|---|
//! | [`configuration`] | the settings in the rows of a database |
//! | `secrets` | secrets among them |

pub mod configuration;
mod secrets;

use std::collections::BTreeSet;

use configuration::{Configuration, ItemKey, ItemKind, Settings};
use secrets::Comparison;

/// In what two configurations differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Differences {
    /// The items that differ, by kind and name; secrets are masked.
    pub items: Vec<ItemDifference>,
    /// The settings with secrets that a side does not have, and which are the same otherwise.
    pub unknown_secrets: Vec<UnknownSecret>,
}

/// An item that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemDifference {
    /// What it is.
    pub kind: ItemKind,
    /// Its name; empty for the switch as a whole, the table of a row without a name.
    pub name: String,
    /// Its settings before: all if it is not there after, otherwise those that differ; `None`: it was not there.
    pub before: Option<Settings>,
    /// Its settings after, likewise.
    pub after: Option<Settings>,
}

/// A setting with a secret that was left out when a side was saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSecret {
    /// What it is of.
    pub kind: ItemKind,
    /// Its name, as of an [`ItemDifference`].
    pub name: String,
    /// The setting: `options:psk`.
    pub setting: String,
}

/// Compares two configurations.
pub fn differences(before: &Configuration, after: &Configuration) -> Differences {
    let mut all = Differences::default();
    let keys: BTreeSet<&ItemKey> = before.items.keys().chain(after.items.keys()).collect();
    for key in keys {
        let ItemKey { kind, name, .. } = key;
        let (mut before, mut after) = (
            before.items.get(key).cloned(),
            after.items.get(key).cloned(),
        );
        if let (Some(before), Some(after)) = (&mut before, &mut after) {
            before.retain(|setting, value| {
                let Some(other) = after.get(setting) else {
                    return true;
                };
                let comparison = secrets::compare(setting, value, other);
                if comparison == Comparison::SameButSecrets {
                    all.unknown_secrets.push(UnknownSecret {
                        kind: *kind,
                        name: name.clone(),
                        setting: setting.clone(),
                    });
                }
                if comparison != Comparison::Different {
                    after.remove(setting);
                }
                comparison == Comparison::Different
            });
            if before.is_empty() && after.is_empty() {
                continue;
            }
        }
        before
            .iter_mut()
            .chain(after.iter_mut())
            .for_each(secrets::mask);
        all.items.push(ItemDifference {
            kind: *kind,
            name: name.clone(),
            before,
            after,
        });
    }
    all
}
