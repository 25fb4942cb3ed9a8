//! Secrets in settings: compared as they are where both sides have them, and masked in what is printed.

use serde_json::Value;

use super::configuration::Settings;
use crate::base::secret::{MASK, masked};

/// Whether a setting is the same on both sides. A side that has only the mask, since the secret was left out when the host
/// was saved, is not compared.
pub(super) fn is_same(name: &str, before: &Value, after: &Value) -> bool {
    before == after
        || (has_mask(before) || has_mask(after))
            && without_secrets(name, before) == without_secrets(name, after)
}

/// Masks the secrets.
pub(super) fn mask(settings: &mut Settings) {
    for (name, value) in settings {
        *value = without_secrets(name, value);
    }
}

fn has_mask(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MASK,
        Value::Array(values) => values.iter().any(has_mask),
        Value::Object(settings) => settings.values().any(has_mask),
        _ => false,
    }
}

/// The value of the setting of this name: `other_config:password`. A row that is referred to is a value with settings.
fn without_secrets(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) => {
            let key = name.split_once(':').map_or("", |(_, key)| key);
            masked(key, text).into()
        }
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
