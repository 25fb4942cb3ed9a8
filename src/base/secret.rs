//! Secrets of the database, masked wherever they are shown.

use std::borrow::Cow;

/// Instead of a secret.
pub const MASK: &str = "***";

/// The keys whose values are secret.
const KEYS: [&str; 4] = ["psk", "password", "secret", "private_key"];

/// The value of a key, or [`MASK`] if it is secret. The name of a file with a private key is none.
pub fn masked<'v>(key: &str, value: &'v str) -> Cow<'v, str> {
    let is_file = key == "private_key" && is_path(value);
    if KEYS.contains(&key) && !is_file && !value.is_empty() {
        MASK.into()
    } else {
        value.into()
    }
}

/// A word of a command line, without the value of a secret key: `options:psk=***`.
pub fn without_secret(word: &str) -> String {
    for key in KEYS {
        let key = format!("{key}=");
        if let Some((before, _)) = word.split_once(&key) {
            return format!("{before}{key}{MASK}");
        }
    }
    word.to_owned()
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.contains(['\n', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_are_masked() {
        for (key, value, shown) in [
            ("psk", "swordfish", "***"),
            ("psk", "", ""),
            ("private_key", "-----BEGIN PRIVATE KEY-----", "***"),
            ("private_key", "/etc/keys/host.pem", "/etc/keys/host.pem"),
            ("remote_ip", "10.0.0.72", "10.0.0.72"),
        ] {
            assert_eq!(masked(key, value), shown);
        }
        assert_eq!(without_secret("options:psk=swordfish"), "options:psk=***");
        assert_eq!(without_secret("br0"), "br0");
    }
}
