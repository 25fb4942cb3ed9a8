//! Colours: what a value is decides, not where it stands.

use owo_colors::{Style, Styled};

use super::Change;

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
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    on: bool,
}

impl Palette {
    /// With colour or without.
    pub fn new(on: bool) -> Palette {
        Palette { on }
    }

    /// Whether there is colour.
    pub fn is_on(self) -> bool {
        self.on
    }

    /// `text` in the colour of its role; as it is where there is no colour.
    pub fn paint(self, role: Role, text: &str) -> Styled<&str> {
        let style = if self.on {
            style(role, text)
        } else {
            Style::new()
        };
        style.style(text)
    }

    /// `text`, which was in the colour of its role, as what happened to it.
    pub(super) fn mark(self, change: Change, role: Role, text: &str) -> Styled<&str> {
        let style = match change {
            _ if !self.on => Style::new(),
            Change::New => Style::new().green(),
            Change::Gone => Style::new().red(),
            Change::Changed => style(role, text).bold().reversed(),
        };
        style.style(text)
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
