//! How actions are written, for completion.

/// What a piece of an action's text takes.
#[derive(Debug, Clone, Copy)]
pub enum Takes {
    /// A number, an address or other text.
    Text,
    /// A port of the switch.
    Port,
    /// A table of the switch.
    Table,
    /// A group of the switch.
    Group,
    /// A meter of the switch.
    Meter,
    /// The name of a field that is changed.
    Field,
    /// Several fields, commas between them.
    Fields,
    /// Bits of a field that are read.
    Bits,
    /// Bits of a field that are changed.
    BitsToSet,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A list of actions.
    Actions,
    /// A list of these actions.
    SomeActions(&'static [&'static str]),
    /// Arguments in any order, commas between them.
    Named(&'static [NamedArgument]),
    /// The same, or bits of a field and what they equal.
    NamedOrBits(&'static [NamedArgument]),
    /// Several ports, commas between them.
    Ports,
}

/// A way to write an action or an argument: what follows its word, piece by piece, each with the text before it.
pub type WordForm = &'static [(&'static str, Takes)];

/// An argument of an action that begins with a word, and how it is written.
pub type NamedArgument = (&'static str, WordForm);

/// The form `=NUMBER`, or another text.
pub(super) const EQUALS_TEXT: WordForm = &[("=", Takes::Text)];
/// The form `=PORT`.
pub(super) const EQUALS_PORT: WordForm = &[("=", Takes::Port)];
/// The form `=TABLE`.
pub(super) const EQUALS_TABLE: WordForm = &[("=", Takes::Table)];
/// The form `=BITS`.
pub(super) const EQUALS_BITS: WordForm = &[("=", Takes::Bits)];
