//! Which values of a database are secrets, and are left out of a saved host.
//!
//! In every column that maps strings to strings (`options`, `other_config`, `external_ids`, ...), the value of a key is
//! replaced with `***` if a word of the key, whatever its case, is one of [`WORDS`], or if it names a private key and its value is
//! not the path of a file. The database itself has no private key: `SSL.private_key` is a path.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::base::secret::MASK;
use crate::ovsdb::stored::StoredDatabase;

/// The words of keys whose values are secrets: `psk`, `admin_password`, `auth-token`.
pub const WORDS: [&str; 9] = [
    "psk",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "credential",
    "credentials",
];

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
            && !value.is_empty()
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

fn is_secret(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let words: Vec<&str> = key.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is_private_key = words.windows(2).any(|pair| pair == ["private", "key"])
        || words
            .iter()
            .any(|word| ["privatekey", "privkey"].contains(word));
    words.iter().any(|word| WORDS.contains(word)) || (is_private_key && !value.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_the_words_of_their_keys() {
        for key in [
            "psk",
            "PSK",
            "admin_password",
            "auth-token",
            "x.secret",
            "private_key",
        ] {
            assert!(is_secret(key, "x"), "{key}");
        }
        assert!(is_secret("private_key", "-----BEGIN PRIVATE KEY-----"));
        for key in [
            "key",
            "remote_ip",
            "tokens_per_second",
            "pskx",
            "iface-id",
            "public_key",
        ] {
            assert!(!is_secret(key, "x"), "{key}");
        }
        assert!(!is_secret("private_key", "/etc/keys/host-privkey.pem"));
    }

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
