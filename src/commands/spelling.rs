//! How ports and actions are written: the options that the dumps share.

use clap::ValueEnum;

use super::Context;
use crate::openflow::text::{PortSpelling, Style};

// `--ports`, `--names`, `--no-names` and `--style`.
#[derive(Debug, clap::Args)]
pub(super) struct Spelling {
    /// How ports are written: both is 2(phy-br-ens37) [default: name]
    #[arg(long, value_enum, value_name = "HOW", conflicts_with_all = ["names", "no_names"])]
    ports: Option<Ports>,

    /// The same as --ports name
    #[arg(long, conflicts_with = "no_names")]
    names: bool,

    /// The same as --ports number
    #[arg(long)]
    no_names: bool,

    /// The words: those of OpenFlow 1.0 where they are true, or those of ovs-ofctl -O VERSION
    /// [default: classic; wire with -O]
    #[arg(long, value_enum, value_name = "STYLE")]
    style: Option<Words>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Ports {
    Name,
    Number,
    Both,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Words {
    Classic,
    Wire,
}

impl Spelling {
    /// How ports are written.
    pub(super) fn ports(&self) -> PortSpelling {
        match self.ports {
            Some(Ports::Both) => PortSpelling::Both,
            Some(Ports::Number) => PortSpelling::Number,
            None if self.no_names => PortSpelling::Number,
            Some(Ports::Name) | None => PortSpelling::Name,
        }
    }

    /// Which words are used: `-O` asks for those of its version.
    pub(super) fn style(&self, cx: &Context) -> Style {
        match self.style {
            Some(Words::Wire) => Style::Wire,
            None if cx.versions.is_some() => Style::Wire,
            Some(Words::Classic) | None => Style::Classic,
        }
    }
}
