//! `ovs help`: a page of the manual, as text.

use std::io::{self, Write as _};

use clap::Args;

use super::manual;
use crate::commands::about::{About, Describe as _};
use crate::commands::{Exit, Failure};

const ABOUT: About = About::other()
    .remarks("The page is the one that `man ovs-COMMAND` shows.")
    .examples(
        "\
ovs help dump-flows
ovs help port add
ovs help flows          how flows are written
ovs help json           the JSON documents",
    );

// Arguments of `help`.
#[derive(Debug, Args)]
#[command(describe = ABOUT)]
pub(super) struct Help {
    /// A command, one of its commands, or faults, flows, json; without it: ovs
    #[arg(value_name = "COMMAND", num_args = 0..=2)]
    words: Vec<String>,
}

impl Help {
    /// Prints the page, in lines of at most `width` cells.
    pub(super) fn run(&self, width: Option<usize>) -> Result<(), Failure> {
        /// Maximum line length, for readability.
        const WIDEST: usize = 100;
        const USUAL: usize = 80;
        let Some(page) = manual::find(&self.words) else {
            let topics = manual::topics();
            let known = topics.iter().map(String::as_str);
            let mut failure = Failure::not_found("page", &self.words.join(" "), "", known);
            failure.exit = Exit::Usage;
            return Err(failure.hint(format!("pages: {}", topics.join(", "))));
        };
        let text = page.text(width.unwrap_or(USUAL).min(WIDEST));
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| Failure::stdout(&error))
    }
}
