//! The options of the dumps that determine how ports, tables and actions are written.

use clap::ValueEnum;

use super::Context;
use crate::openflow::text::{PortSpelling, Style};

// `--names`, `--no-names`, `--ports` and `--style`.
#[derive(Debug, clap::Args)]
pub(super) struct Spelling {
    /// How ports and tables are written: both is 2(phy-br-ens37) [default: name]
    #[arg(long, value_enum, value_name = "HOW", num_args = 0..=1, require_equals = true,
        default_missing_value = "name", conflicts_with_all = ["ports", "no_names"])]
    names: Option<HowNamed>,

    /// The same as --names=number
    #[arg(long)]
    no_names: bool,

    /// The same as --names=HOW
    #[arg(long, value_enum, value_name = "HOW", conflicts_with = "no_names")]
    ports: Option<HowNamed>,

    /// The style: that of OpenFlow 1.0 where it is exact, or that of ovs-ofctl -O VERSION
    /// [default: classic; wire with -O]
    #[arg(long, value_enum, value_name = "STYLE")]
    style: Option<StyleArg>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum HowNamed {
    Name,
    Number,
    Both,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum StyleArg {
    Classic,
    Wire,
}

impl Spelling {
    /// How ports and tables are written.
    pub(super) fn ports(&self) -> PortSpelling {
        match self.names.or(self.ports) {
            Some(HowNamed::Both) => PortSpelling::Both,
            Some(HowNamed::Number) => PortSpelling::Number,
            None if self.no_names => PortSpelling::Number,
            Some(HowNamed::Name) | None => PortSpelling::Name,
        }
    }

    /// The style of the text: with `-O` that of the version.
    pub(super) fn style(&self, cx: &Context) -> Style {
        match self.style {
            Some(StyleArg::Wire) => Style::Wire,
            None if cx.versions.is_some() => Style::Wire,
            Some(StyleArg::Classic) | None => Style::Classic,
        }
    }
}
