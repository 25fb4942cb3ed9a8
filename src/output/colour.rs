//! Colours: what a value is decides, not where it stands.

use owo_colors::{Style, Styled};

use super::Change;
use crate::openflow::text;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing in particular.
    Plain,
    /// The name of a port or bridge.
    Name,
    /// An OpenFlow port number, a VLAN tag, a tunnel key.
    Number,
    /// A kind: the type of an interface, a datapath.
    Kind,
    /// An address.
    Address,
    /// A state in words, of which the last decides; good ones and bad ones differ.
    State,
    /// What went wrong.
    Error,
    /// A heading.
    Heading,
    /// What can be overlooked: keys, lines of a tree, what is absent.
    Faint,
}

/// The colours, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// No colours.
    #[default]
    Off,
    /// Colours, as codes between the words.
    On,
    /// A [`PaintedText`](super::PaintedText) keeps them apart from the words, which can be compared then;
    /// elsewhere there are none.
    Apart,
}

impl Palette {
    /// With colour or without.
    pub fn new(on: bool) -> Palette {
        if on { Palette::On } else { Palette::Off }
    }

    /// Whether the codes of colours stand between the words.
    pub fn is_on(self) -> bool {
        self == Palette::On
    }

    /// The same colours, apart from the words.
    #[must_use]
    pub fn apart(self) -> Palette {
        if self.is_on() { Palette::Apart } else { self }
    }

    /// `text` in the colour of its role; as it is where there is no colour.
    pub fn paint(self, role: Role, text: &str) -> Styled<&str> {
        let style = if self.is_on() {
            style(role, text)
        } else {
            Style::new()
        };
        style.style(text)
    }

    /// The style of `text` by its role.
    pub(super) fn style(self, role: Role, text: &str) -> Style {
        match self {
            Palette::Off => Style::new(),
            Palette::On | Palette::Apart => style(role, text),
        }
    }

    /// The style of `text`, which had that of its role, by what happened to it.
    pub(super) fn mark(self, change: Change, role: Role, text: &str) -> Style {
        match change {
            _ if self == Palette::Off => Style::new(),
            Change::New => Style::new().green(),
            Change::Gone => Style::new().red(),
            Change::Changed => style(role, text).bold().reversed(),
        }
    }
}

/// The one table of colours. Only the eight that every terminal has, so that its theme decides.
fn style(role: Role, text: &str) -> Style {
    let plain = Style::new();
    match role {
        Role::Plain => plain,
        Role::Name => plain.cyan(),
        Role::Number => plain.yellow(),
        Role::Kind => plain.magenta(),
        Role::Address => plain.blue(),
        Role::State => match text.rsplit(' ').next().unwrap_or(text) {
            "up" | "ok" | "true" | "connected" => plain.green(),
            "down" | "false" | "disconnected" | "warning" => plain.yellow(),
            "note" => plain,
            _ => plain.red(),
        },
        Role::Error => plain.red(),
        Role::Heading => plain.bold(),
        Role::Faint => plain.dimmed(),
    }
}

/// The colours of a flow.
pub(super) fn flow_style(role: text::Role) -> Style {
    let plain = Style::new();
    match role {
        text::Role::Key => plain.cyan(),
        text::Role::Value => plain.green(),
        text::Role::Port => plain.yellow(),
        text::Role::Action => plain.magenta(),
        text::Role::Drop => plain.red(),
        text::Role::Special => plain.blue(),
    }
}
