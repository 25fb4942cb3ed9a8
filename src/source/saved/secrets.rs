//! Leaves the secrets of a database out of a saved host: they are replaced with `***`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::base::secret::{MASK, is_secret};
use crate::ovsdb::stored::StoredDatabase;

/// Replaces the secrets of a database. Returns each as `TABLE RECORD COLUMN:KEY`.
pub fn hide(database: &mut StoredDatabase) -> Vec<String> {
    let mut hidden = Vec::new();
    for (table, rows) in &mut database.tables {
        for (uuid, row) in rows {
            let columns = row.columns().into_iter();
            let columns = columns.map(|(column, value)| (column, Cow::Borrowed(value)));
            let mut columns: BTreeMap<_, _> = columns.collect();
            let name = columns
                .get("name")
                .and_then(|name| serde_json::from_str(name.get()).ok());
            let name = name.unwrap_or_else(|| uuid.to_string());
            let before = hidden.len();
            for (column, value) in &mut columns {
                let Some((safe, keys)) = without_secrets(value) else {
                    continue;
                };
                *value = Cow::Owned(safe);
                hidden.extend(
                    keys.iter()
                        .map(|key| format!("{table} {name} {column}:{key}")),
                );
            }
            if hidden.len() > before {
                let safe = columns.into_iter().collect();
                *row = safe;
            }
        }
    }
    hidden
}

/// A map without its secrets, and their keys; `None` if it has none, or the value is no map.
fn without_secrets(value: &RawValue) -> Option<(Box<RawValue>, Vec<String>)> {
    let mut value: Value = match value.get().split_once('"') {
        Some((_, rest)) if rest.starts_with("map\"") => serde_json::from_str(value.get()).ok()?,
        _ => return None,
    };
    let mut keys = Vec::new();
    for pair in value.get_mut(1)?.as_array_mut()? {
        if let Some([Value::String(key), Value::String(value)]) =
            pair.as_array_mut().map(Vec::as_mut_slice)
            && is_secret(key, value)
            && value != MASK
        {
            MASK.clone_into(value);
            keys.push(key.clone());
        }
    }
    if keys.is_empty() {
        return None;
    }
    Some((to_raw_value(&value).ok()?, keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_of_maps_are_replaced() {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        let map = raw(r#"["map",[["psk","swordfish"],["remote_ip","10.0.0.1"]]]"#);
        let (safe, keys) = without_secrets(&map).unwrap();
        assert_eq!(
            safe.get(),
            r#"["map",[["psk","***"],["remote_ip","10.0.0.1"]]]"#
        );
        assert_eq!(keys, ["psk"]);
        for other in [
            r#"["map",[["a","b"]]]"#,
            r#"["set",["psk"]]"#,
            r#""psk""#,
            "1",
        ] {
            assert!(without_secrets(&raw(other)).is_none(), "{other}");
        }
    }
}
