//! The choice of flows that a switch cannot make: this side looks at each.

use crate::model::drops::{self, Outcome};
use crate::model::resolve::closest;
use crate::openflow::actions::{Action, ActionList, NAMES};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::text::{NoNames, PortSpelling, Role, Sink, Style, TextContext};
use crate::openflow::version::Version;

/// What a flow has to be like, besides what the switch chose by.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// It matches on this port or sends to it.
    pub(super) port: Option<u32>,
    /// Packets have hit it.
    pub(super) hit: bool,
    /// It sends its packets nowhere.
    pub(super) drops: bool,
    /// It has an action of this type.
    pub(super) action: Option<String>,
}

impl Choice {
    /// Reads `--action`: a type of an action as JSON has it, or a word of the text.
    pub(super) fn action_word(text: &str) -> Result<String, String> {
        let word = text.to_ascii_lowercase();
        let mut known: Vec<&str> = NAMES.to_vec();
        known.extend(TEXT_WORDS);
        if known.contains(&word.as_str()) {
            return Ok(word);
        }
        Err(match closest(&word, known) {
            Some(close) => format!("there is no such action (did you mean \"{close}\"?)"),
            None => "there is no such action; ovs-actions(7) lists them".to_owned(),
        })
    }

    /// Whether every flow is chosen.
    pub(super) fn is_all(&self) -> bool {
        self.port.is_none() && !self.hit && !self.drops && self.action.is_none()
    }

    /// Whether the flow is chosen.
    pub(super) fn takes(&self, flow: &FlowStats<'_>) -> bool {
        let port = |port| flow.fields.in_port() == Some(port) || flow.actions.sends_to(port);
        let does = |word: &str| {
            has(&flow.actions, word) || says(&flow.actions, word, flow.fields.vlan_tag_known())
        };
        self.port.is_none_or(port)
            && (!self.hit || flow.packet_count.is_some_and(|count| count > 0))
            && (!self.drops || drops::outcome(&flow.actions) != Outcome::Goes)
            && self.action.as_deref().is_none_or(does)
    }
}

/// Words that begin an action in the text and are no type of their own.
const TEXT_WORDS: [&str; 2] = ["drop", "set_tunnel64"];

/// Whether an action, nested ones included, is of this type.
fn has(actions: &ActionList<'_>, name: &str) -> bool {
    actions.iter().flatten().any(|action| {
        let nested = match action {
            Action::CloneActions(action) => Some(action.actions),
            Action::WriteActions(action) => Some(action.actions),
            Action::Ct(action) => Some(action.actions),
            _ => None,
        };
        action.name() == name || nested.is_some_and(|actions| has(&actions, name))
    })
}

/// Whether the text of the actions in the words of OpenFlow 1.0 has this one: who reads
/// `mod_vlan_vid:66` may ask for it, whatever it is on the wire.
fn says(actions: &ActionList<'_>, word: &str, vlan_tag_known: bool) -> bool {
    let cx = TextContext {
        version: Version::V15,
        style: Style::Classic,
        ports: PortSpelling::Number,
        names: &NoNames,
    };
    let mut watch = Watch {
        text: String::new(),
        began: None,
        word,
        found: false,
    };
    let _ = actions.text(&mut watch, &cx, vlan_tag_known);
    watch.found
}

/// Waits for the name of an action.
struct Watch<'w> {
    text: String,
    /// Where the name that is being written begins.
    began: Option<usize>,
    word: &'w str,
    found: bool,
}

impl Sink for Watch<'_> {
    fn buffer(&mut self) -> &mut String {
        &mut self.text
    }

    fn begin(&mut self, role: Role) {
        if matches!(role, Role::Action | Role::Drop) {
            self.began = Some(self.text.len());
        }
    }

    fn end(&mut self, _: Role) {
        if let Some(name) = self.began.take().and_then(|at| self.text.get(at..)) {
            self.found |= name == self.word;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_actions() {
        assert_eq!(Choice::action_word("CT").unwrap(), "ct");
        assert_eq!(Choice::action_word("mod_vlan_vid").unwrap(), "mod_vlan_vid");
        let error = Choice::action_word("resubmt").unwrap_err();
        assert!(error.contains("did you mean \"resubmit\""), "{error}");
        assert!(Choice::action_word("").is_err());
    }
}
