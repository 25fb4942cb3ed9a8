//! Secrets of the database, masked wherever they are shown or saved.
//!
//! They are values of keys, in columns that map strings to strings: `options`, `other_config`, `external_ids`. The database
//! itself has no private key: `SSL.private_key` is a path.

use std::borrow::Cow;

/// Instead of a secret.
pub const MASK: &str = "***";

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

/// Whether the value of a key is a secret: a word of the key is one of [`WORDS`], or it names a private key and the value
/// is not the path of a file. An empty value is none.
///
/// Case and digits at the end of a word do not count. A capital letter after a small one or a digit, or before a small
/// one, begins a word, too: `authToken`, `APIToken2`.
pub fn is_secret(key: &str, value: &str) -> bool {
    let is_word_of_secret = |key: &str| {
        let words = key.split(|c: char| !c.is_ascii_alphanumeric());
        let words = words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
        let words: Vec<String> = words.map(str::to_ascii_lowercase).collect();
        let is_private_key = words.windows(2).any(|pair| pair == ["private", "key"])
            || words
                .iter()
                .any(|word| ["privatekey", "privkey"].contains(&word.as_str()));
        words.iter().any(|word| WORDS.contains(&word.as_str()))
            || (is_private_key && !is_path(value))
    };
    !value.is_empty() && (is_word_of_secret(key) || is_word_of_secret(&with_capitals_apart(key)))
}

/// The key with `_` before each capital letter that begins a word: `auth_Token`, `API_Token2`.
fn with_capitals_apart(key: &str) -> String {
    let mut apart = String::with_capacity(key.len());
    let mut chars = key.chars().peekable();
    let mut is_after_small = false;
    while let Some(c) = chars.next() {
        let is_before_small = chars.peek().is_some_and(char::is_ascii_lowercase);
        if c.is_ascii_uppercase() && (is_after_small || is_before_small) {
            apart.push('_');
        }
        is_after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
        apart.push(c);
    }
    apart
}

/// The value of a key, or [`MASK`] if it is a secret.
pub fn masked<'v>(key: &str, value: &'v str) -> Cow<'v, str> {
    if is_secret(key, value) {
        MASK.into()
    } else {
        value.into()
    }
}

/// A word of a command line, cut before the value of the first secret key: `options:psk=***`.
pub fn without_secret(word: &str) -> String {
    let is_of_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    for (at, _) in word.match_indices('=') {
        let (before, value) = (word.get(..at), word.get(at + 1..));
        let (Some(before), Some(value)) = (before, value) else {
            continue;
        };
        let key = before.trim_end_matches('"');
        let begin = key.trim_end_matches(is_of_key).len();
        if is_secret(key.get(begin..).unwrap_or_default(), value) {
            return format!("{before}={MASK}");
        }
    }
    word.to_owned()
}

/// [`WORDS`] in a sentence: `psk, password or token`.
pub fn words_in_text() -> String {
    let (last, others) = WORDS.split_last().unwrap_or((&"", &[]));
    format!("{} or {last}", others.join(", "))
}

fn is_path(text: &str) -> bool {
    text.starts_with('/') && !text.contains(['\n', ' '])
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
            "authToken",
            "APIToken",
            "v2Token",
            "passWord",
            "privateKey",
            "privKey2",
            "remote_password2",
            "psk1",
            "PSK2Remote",
        ] {
            assert_eq!(masked(key, "x"), "***", "{key}");
            assert_eq!(masked(key, ""), "", "{key}");
        }
        assert!(is_secret("private_key", "-----BEGIN PRIVATE KEY-----"));
        assert!(is_secret("private_key", "/x y\n"));
        for key in [
            "key",
            "remote_ip",
            "tokens_per_second",
            "pskx",
            "iface-id",
            "public_key",
            "tokensPerSecond",
            "Pskov",
            "secretary",
            "2psk",
        ] {
            assert_eq!(masked(key, "x"), "x", "{key}");
        }
        assert!(!is_secret("private_key", "/etc/keys/host-privkey.pem"));
    }

    #[test]
    fn words_of_a_command_line() {
        for (word, shown) in [
            ("options:psk=swordfish", "options:psk=***"),
            (
                "other_config:admin-password=a=b",
                "other_config:admin-password=***",
            ),
            ("psk=swordfish", "psk=***"),
            (
                "options={remote_ip=a,psk=b}",
                "options={remote_ip=a,psk=***",
            ),
            ("options={\"psk\"=b,remote_ip=a}", "options={\"psk\"=***"),
            ("private_key=/etc/key", "private_key=/etc/key"),
            ("external_ids:authToken=x", "external_ids:authToken=***"),
            ("tokens=5", "tokens=5"),
            ("br0", "br0"),
            ("ü=ö", "ü=ö"),
        ] {
            assert_eq!(without_secret(word), shown);
        }
    }
}
