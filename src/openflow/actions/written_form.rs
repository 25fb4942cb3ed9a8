//! How an action whose members follow one after the other is written.

use std::fmt;

/// How an action is written. It displays as the action with the members' names in capitals:
/// `check_pkt_larger(PKT_LEN)->DST`.
#[derive(Debug, Clone, Copy)]
pub(in crate::openflow) struct WrittenForm {
    pub(super) word: &'static str,
    /// The members, each with the text before it.
    pub(super) members: &'static [(&'static str, &'static str)],
    /// The text after the members.
    pub(super) after: &'static str,
}

impl WrittenForm {
    /// An action that is a word.
    pub(super) const fn word(word: &'static str) -> WrittenForm {
        WrittenForm::new(word, &[], "")
    }

    pub(super) const fn new(
        word: &'static str,
        members: &'static [(&'static str, &'static str)],
        after: &'static str,
    ) -> WrittenForm {
        WrittenForm {
            word,
            members,
            after,
        }
    }
}

impl fmt::Display for WrittenForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)?;
        for (before, member) in self.members {
            write!(f, "{before}{}", member.to_ascii_uppercase())?;
        }
        f.write_str(self.after)
    }
}
