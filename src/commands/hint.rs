//! Commands in hints, with the options that lead to the host that they are about.

/// Begins a command in a hint.
const COMMAND: &str = "`ovs ";

/// These commands are not about the host, or name the way themselves.
const OTHER: [&str; 3] = ["-", "sandbox", "help"];

/// The second words of commands that change something.
const CHANGES: [&str; 4] = ["add", "del", "destroy", "set"];

/// The options that lead to one host, for commands in hints.
#[derive(Debug, Clone, Copy)]
pub(super) struct HintWay<'w> {
    /// As a shell reads them; empty: there are none.
    pub(super) words: &'w str,
    /// Whether the host is a saved one: a change is made where it was saved.
    pub(super) is_saved: bool,
}

impl HintWay<'_> {
    /// The hint, whose commands name the host.
    pub(super) fn hint(&self, hint: &str) -> String {
        with_options(hint, |command| {
            let second = command.split([' ', '`']).nth(1).unwrap_or_default();
            if self.is_saved && CHANGES.contains(&second) {
                "--host HOST"
            } else {
                self.words
            }
        })
    }
}

/// The hint, whose commands have these options, as a shell reads them.
pub(super) fn hint_with_options(hint: &str, words: &str) -> String {
    with_options(hint, |_| words)
}

fn with_options<'w>(hint: &str, words: impl Fn(&str) -> &'w str) -> String {
    let mut parts = hint.split(COMMAND);
    let mut named = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        named.push_str(COMMAND);
        let words = words(part);
        if !words.is_empty() && !OTHER.iter().any(|other| part.starts_with(other)) {
            named.push_str(words);
            named.push(' ');
        }
        named.push_str(part);
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_the_way_to_the_host() {
        let hint = |text: &str| hint_with_options(text, "--host 'a b'");
        assert_eq!(
            hint("`ovs port list` or `ovs show`"),
            "`ovs --host 'a b' port list` or `ovs --host 'a b' show`"
        );
        assert_eq!(
            hint("`ovs sandbox start`, `ssh x`"),
            "`ovs sandbox start`, `ssh x`"
        );
        assert_eq!(hint("`ovs --from x show`"), "`ovs --from x show`");
        assert_eq!(hint_with_options("`ovs show`", ""), "`ovs show`");
    }

    #[test]
    fn a_saved_host_is_changed_where_it_was_saved() {
        let way = HintWay {
            words: "--from x.tar",
            is_saved: true,
        };
        assert_eq!(
            way.hint("`ovs port show p`, `ovs port set p --lacp active`"),
            "`ovs --from x.tar port show p`, `ovs --host HOST port set p --lacp active`"
        );
    }
}
