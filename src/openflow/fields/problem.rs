//! Why text cannot be parsed: the piece, the reason, and the kind.

use std::fmt;

/// Why a MATCH argument cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The piece that is wrong.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
    /// What kind of error it is.
    pub kind: ParseErrorKind,
}

/// The kinds of [`ParseError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseErrorKind {
    /// A value or mask that cannot be read, or that contradicts the rest.
    Syntax,
    /// No field has this name.
    UnknownField {
        /// The name that comes nearest.
        did_you_mean: Option<&'static str>,
    },
    /// No port has this name.
    UnknownPort(String),
    /// No table has this name.
    UnknownTable(String),
    /// Several tables have this name: which.
    AmbiguousTable(String, Vec<u8>),
    /// No action has this name.
    UnknownAction {
        /// The name that comes nearest.
        did_you_mean: Option<&'static str>,
    },
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\": {}", self.text.escape_debug(), self.reason)
    }
}

impl std::error::Error for ParseError {}

/// An error that may not yet know its piece.
#[derive(Debug)]
pub(in crate::openflow) struct Problem {
    piece: Option<String>,
    reason: String,
    kind: ParseErrorKind,
}

impl Problem {
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

    /// The same, about this piece unless a smaller one is known already.
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
