//! The text of flows, plain or coloured by what each piece is.

use std::fmt::Write as _;

use owo_colors::Style;

use super::Palette;
use crate::openflow::text::{Role, Sink};

/// Collects the text of flows, coloured if the palette is on.
#[derive(Debug, Default)]
pub struct FlowText {
    /// What was written so far; the owner takes it and clears it.
    pub text: String,
    coloured: bool,
}

impl FlowText {
    /// An empty text in these colours.
    pub fn new(palette: Palette) -> FlowText {
        FlowText {
            text: String::new(),
            coloured: palette.is_on(),
        }
    }

    /// An empty text in the colours of this one.
    #[must_use]
    pub fn fellow(&self) -> FlowText {
        FlowText {
            text: String::new(),
            coloured: self.coloured,
        }
    }
}

// Apart from the places where nothing is painted, which are many.
impl FlowText {
    #[cold]
    fn paint(&mut self, role: Role) {
        let _ = write!(self.text, "{}", style(role).prefix_formatter());
    }

    #[cold]
    fn unpaint(&mut self, role: Role) {
        let _ = write!(self.text, "{}", style(role).suffix_formatter());
    }
}

impl Sink for FlowText {
    fn buffer(&mut self) -> &mut String {
        &mut self.text
    }

    #[inline]
    fn begin(&mut self, role: Role) {
        if self.coloured {
            self.paint(role);
        }
    }

    #[inline]
    fn end(&mut self, role: Role) {
        if self.coloured {
            self.unpaint(role);
        }
    }
}

/// The colours of a flow.
fn style(role: Role) -> Style {
    let plain = Style::new();
    match role {
        Role::Key => plain.cyan(),
        Role::Value => plain.green(),
        Role::Port => plain.yellow(),
        Role::Action => plain.magenta(),
        Role::Drop => plain.red(),
        Role::Special => plain.blue(),
    }
}
