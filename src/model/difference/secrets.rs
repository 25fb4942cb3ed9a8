//! Secrets in settings: compared as they are where both sides have them, and masked in what is printed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::base::secret::{MASK, is_secret, masked};

/// How two values of a setting compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Same,
    /// The same but for secrets of which a side has only the mask, since they were left out when the host was saved.
    SameButSecrets,
    Different,
}

/// Compares the values of a setting.
pub(super) fn compare(name: &str, before: &Value, after: &Value) -> Comparison {
    let is_left_out = has_mask(name, before) || has_mask(name, after);
    if before != after
        && !(is_left_out && without_secrets(name, before) == without_secrets(name, after))
    {
        Comparison::Different
    } else if is_left_out {
        Comparison::SameButSecrets
    } else {
        Comparison::Same
    }
}

/// Masks the secrets.
pub(super) fn mask(settings: &mut BTreeMap<String, Value>) {
    for (name, value) in settings {
        *value = without_secrets(name, value);
    }
}

/// Whether a value has the mask in place of a secret.
fn has_mask(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => text == MASK && is_secret(key(name), text),
        Value::Array(values) => values.iter().any(|value| has_mask(name, value)),
        Value::Object(settings) => settings.iter().any(|(name, value)| has_mask(name, value)),
        _ => false,
    }
}

/// The value of the setting of this name: `other_config:password`. A row that is referred to is a value with settings.
pub(super) fn without_secrets(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) => masked(key(name), text).into(),
        Value::Array(values) => values
            .iter()
            .map(|value| without_secrets(name, value))
            .collect(),
        Value::Object(settings) => {
            let setting =
                |(name, value): (&String, _)| (name.clone(), without_secrets(name, value));
            Value::Object(settings.iter().map(setting).collect())
        }
        other => other.clone(),
    }
}

/// The key of a setting of a map; empty for another one.
fn key(name: &str) -> &str {
    name.split_once(':').map_or("", |(_, key)| key)
}
