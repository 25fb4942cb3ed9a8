//! The text of flows, plain or coloured by what each piece is.

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
}

impl Sink for FlowText {
    fn buffer(&mut self) -> &mut String {
        &mut self.text
    }

    fn begin(&mut self, role: Role) {
        if self.coloured {
            let prefix = style(role).prefix_formatter();
            let _ = std::fmt::Write::write_fmt(&mut self.text, format_args!("{prefix}"));
        }
    }

    fn end(&mut self, role: Role) {
        if self.coloured {
            let suffix = style(role).suffix_formatter();
            let _ = std::fmt::Write::write_fmt(&mut self.text, format_args!("{suffix}"));
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
