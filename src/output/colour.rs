//! Colours: chosen by the role of a value, not by its position.

use owo_colors::{Style, Styled};

use super::ItemChange;
use crate::openflow::text;

/// The role of a piece of text, which determines its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourRole {
    /// No role.
    Plain,
    /// The name of a port or bridge.
    Name,
    /// An OpenFlow port number, a VLAN tag, a tunnel key.
    Number,
    /// A kind: the type of an interface, a datapath.
    Kind,
    /// An address.
    Address,
    /// A state in words, coloured by the last of them: good or bad.
    State,
    /// An error message.
    Error,
    /// A heading.
    Heading,
    /// Less important: keys, lines of a tree, absent values.
    Faint,
}

/// Whether and how colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// No colours.
    #[default]
    Off,
    /// Escape sequences between the words.
    On,
    /// A [`PaintedText`](super::PaintedText) keeps the colours in a list beside the text, so that texts can
    /// be compared; elsewhere there are none.
    Apart,
}

impl Palette {
    /// With colour or without.
    pub fn new(on: bool) -> Palette {
        if on { Palette::On } else { Palette::Off }
    }

    /// Whether escape sequences are written into the text.
    pub fn is_on(self) -> bool {
        self == Palette::On
    }

    /// The same with colours kept apart from the text.
    #[must_use]
    pub fn apart(self) -> Palette {
        if self.is_on() { Palette::Apart } else { self }
    }

    /// `text` in the colour of its role, or unchanged without colours.
    pub fn paint(self, role: ColourRole, text: &str) -> Styled<&str> {
        let style = if self.is_on() {
            style(role, text)
        } else {
            Style::new()
        };
        style.style(text)
    }

    /// The style of `text` by its role.
    pub(super) fn style(self, role: ColourRole, text: &str) -> Style {
        match self {
            Palette::Off => Style::new(),
            Palette::On | Palette::Apart => style(role, text),
        }
    }

    /// The style of `text` with this role after a change.
    pub(super) fn mark(self, change: ItemChange, role: ColourRole, text: &str) -> Style {
        match change {
            _ if self == Palette::Off => Style::new(),
            ItemChange::New => Style::new().green(),
            ItemChange::Gone => Style::new().red(),
            ItemChange::Changed => style(role, text).bold().reversed(),
        }
    }
}

/// The only table of colours. Uses the eight standard colours, which the terminal's theme defines.
fn style(role: ColourRole, text: &str) -> Style {
    let plain = Style::new();
    match role {
        ColourRole::Plain => plain,
        ColourRole::Name => plain.cyan(),
        ColourRole::Number => plain.yellow(),
        ColourRole::Kind => plain.magenta(),
        ColourRole::Address => plain.blue(),
        ColourRole::State => match text.rsplit(' ').next().unwrap_or(text) {
            "up" | "ok" | "true" | "connected" => plain.green(),
            "down" | "false" | "disconnected" | "warning" => plain.yellow(),
            "note" => plain,
            _ => plain.red(),
        },
        ColourRole::Error => plain.red(),
        ColourRole::Heading => plain.bold(),
        ColourRole::Faint => plain.dimmed(),
    }
}

/// The colours of a flow.
pub(super) fn flow_style(role: text::TextRole) -> Style {
    let plain = Style::new();
    match role {
        text::TextRole::Key => plain.cyan(),
        text::TextRole::Value => plain.green(),
        text::TextRole::Port => plain.yellow(),
        text::TextRole::Action => plain.magenta(),
        text::TextRole::Drop => plain.red(),
        text::TextRole::Special => plain.blue(),
    }
}
