//! A change to the flows of a switch, from the text of ovs-ofctl(8) ("Flow Syntax"): a flow to be added, or which flows to
//! modify or delete.

use super::fields::{ParseError, Problem};
use super::flow_entry::Flow;
use super::flow_spec::parse_flow;
use super::messages::flow_mod::FlowCommand;
use super::text::NameLookup;
use super::version::Version;

/// A change to the flows of a switch, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowChange {
    /// What is done with the flow.
    pub command: FlowCommand,
    /// The flow that is added, or the match and the actions of a modification; of a deletion, the match. The table is
    /// 255 where all tables are meant.
    pub flow: Flow,
    /// Selects the flows to be modified or deleted by cookie: value and mask.
    pub match_cookie: Option<(u64, u64)>,
    /// Selects the flows to be deleted by a port that they output to.
    pub out_port: Option<u32>,
    /// Selects the flows to be deleted by a group that they use.
    pub out_group: Option<u32>,
    /// What is probably a mistake.
    pub warnings: Vec<FlowWarning>,
}

/// What is probably a mistake in a flow, although a switch takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowWarning {}

impl std::fmt::Display for FlowWarning {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

/// Why a version cannot carry a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCarried {
    /// What it cannot carry.
    pub what: String,
    /// The version asked for.
    pub version: Version,
    /// The versions that can.
    pub carried_by: super::version::Versions,
}

impl std::fmt::Display for NotCarried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} cannot carry {}", self.version, self.what)
    }
}

impl std::error::Error for NotCarried {}

impl FlowChange {
    /// Reads one line of text. `command` is what is done unless the line begins with a word of its own: `add`, `modify`,
    /// `modify_strict`, `delete`, `delete_strict`.
    ///
    /// # Errors
    ///
    /// The malformed piece and the reason.
    pub fn parse(
        text: &str,
        command: FlowCommand,
        names: &dyn NameLookup,
        version: Version,
    ) -> Result<FlowChange, ParseError> {
        if matches!(command, FlowCommand::Delete | FlowCommand::DeleteStrict) {
            return Err(Problem::syntax("deleting is not there yet").at(text));
        }
        let flow = parse_flow(text, names)?.flow(names, version)?;
        Ok(FlowChange {
            command,
            flow,
            match_cookie: None,
            out_port: None,
            out_group: None,
            warnings: Vec::new(),
        })
    }

    /// The message that makes the change.
    ///
    /// # Errors
    ///
    /// The version cannot carry the change.
    pub fn message(&self, xid: u32) -> Result<Vec<u8>, NotCarried> {
        let message = self.flow.flow_mod(self.command);
        message
            .and_then(|message| message.message(xid))
            .ok_or_else(|| NotCarried {
                what: "this flow".to_owned(),
                version: self.flow.version(),
                carried_by: super::version::Versions::NONE,
            })
    }
}
