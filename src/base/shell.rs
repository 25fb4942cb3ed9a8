//! Quotes names for commands that can be pasted into a shell.
//!
//! Names come from the database and may contain shell metacharacters or line breaks. Every suggested
//! command quotes its names with this module.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::base::terminal::acts_on_a_terminal;

/// Quotes `text` as one shell word on one line without control characters: unchanged if plain, else in
/// single quotes, or in `$'...'` (bash, zsh, ksh) if it holds control characters.
pub fn word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.into()
    } else if text.contains(acts_on_a_terminal) {
        with_escapes(text).into()
    } else {
        format!("'{}'", text.replace('\'', r"'\''")).into()
    }
}

fn with_escapes(text: &str) -> String {
    let mut out = "$'".to_owned();
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\'' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if acts_on_a_terminal(c) && c.is_ascii() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c if acts_on_a_terminal(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_where_it_can_be() {
        for text in ["br-int", "tcp:10.0.0.1:6640", "eth0.5", "a/b@c%d+e"] {
            assert_eq!(word(text), text);
        }
        assert_eq!(word(""), "''");
        assert_eq!(word("a b;$(reboot)`x`"), "'a b;$(reboot)`x`'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word("~"), "'~'");
        assert_eq!(
            word("a\nhint: \u{1b}'\\\u{202e}"),
            r"$'a\nhint: \x1b\'\\\u202e'"
        );
    }

    /// Compares with what the shell parses.
    #[test]
    fn a_shell_reads_them_back() {
        for text in [
            "br-int",
            "",
            "a b\tc\nd\re",
            "$(echo x)`echo x`${HOME}!!*?[a]~{a,b}",
            "it's \"quoted\" \\ and \\n",
            "\u{1b}[31m'\u{7f}\u{1}0\u{85}\u{9b}1\u{202e}\u{2066}é漢",
        ] {
            let command = format!("printf %s {}", word(text));
            let output = std::process::Command::new("bash")
                .args(["-c", &command])
                .env("LC_ALL", "C.UTF-8")
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{command}");
        }
    }
}
