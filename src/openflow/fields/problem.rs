//! Parse errors: the piece of text, the reason, and the kind.

use std::fmt;

use super::super::version::Versions;

/// A parse error of a MATCH argument, flow or action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The malformed piece.
    pub text: String,
    /// The reason.
    pub reason: String,
    /// The kind of error.
    pub kind: ParseErrorKind,
}

/// The kinds of [`ParseError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// A malformed value or mask, or one that contradicts the rest.
    Syntax,
    /// No field has this name.
    UnknownField {
        /// The nearest known name.
        did_you_mean: Option<&'static str>,
    },
    /// No port has this name.
    UnknownPort(String),
    /// No table has this name.
    UnknownTable(String),
    /// Several tables, with these numbers, have this name.
    AmbiguousTable(String, Vec<u8>),
    /// No action has this name.
    UnknownAction {
        /// The nearest known name.
        did_you_mean: Option<&'static str>,
    },
    /// Only these versions can carry it.
    NeedsVersion(Versions),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\": {}", self.text.escape_debug(), self.reason)
    }
}

impl std::error::Error for ParseError {}

/// A parse error whose piece may not be set yet.
#[derive(Debug)]
pub(in crate::openflow) struct Problem {
    piece: Option<String>,
    reason: String,
    kind: ParseErrorKind,
}

impl Problem {
    /// What is wrong.
    pub(in crate::openflow) fn into_reason(self) -> String {
        self.reason
    }

    pub(in crate::openflow) fn new(reason: impl Into<String>, kind: ParseErrorKind) -> Problem {
        Problem {
            piece: None,
            reason: reason.into(),
            kind,
        }
    }

    pub(in crate::openflow) fn syntax(reason: impl Into<String>) -> Problem {
        Problem::new(reason, ParseErrorKind::Syntax)
    }

    /// Sets the piece unless a smaller one is already set.
    pub(in crate::openflow) fn within(mut self, text: &str) -> Problem {
        self.piece.get_or_insert_with(|| {
            let mut piece: String = text.chars().take(80).collect();
            if piece.len() < text.len() {
                piece.push('…');
            }
            piece
        });
        self
    }

    pub(in crate::openflow) fn at(self, text: &str) -> ParseError {
        let Problem {
            piece,
            reason,
            kind,
        } = self.within(text);
        ParseError {
            text: piece.unwrap_or_default(),
            reason,
            kind,
        }
    }
}
