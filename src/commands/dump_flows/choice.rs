//! The selection of flows that a switch cannot make: this client tests each flow.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::commands::{Exit, Failure};
use crate::model::drops::{self, Outcome};
use crate::model::resolve::closest;
use crate::openflow::actions::{Action, ActionList, words};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::spelling::write_actions;
use crate::openflow::text::{NoNames, PortSpelling, Sink, Style, TextContext, TextRole};

/// The conditions on a flow besides those in the request.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// It matches on this port or sends to it.
    pub(super) port: Option<u32>,
    /// It has matched packets.
    pub(super) hit: bool,
    /// It drops its packets.
    pub(super) drops: bool,
    /// It has an action of this type.
    pub(super) action: Option<String>,
    /// How many flows were passed over since it is not known whether they have matched packets.
    pub(super) uncounted: AtomicU64,
}

impl Choice {
    /// Says of which flows of the bridge it is not known whether they are selected.
    ///
    /// # Errors
    ///
    /// There are such flows.
    pub(super) fn check(&self, bridge: &str) -> Result<(), Failure> {
        match self.uncounted.swap(0, Ordering::Relaxed) {
            0 => Ok(()),
            count => {
                let message = format!(
                    "{bridge}: it is unknown whether packets have hit flows without counters: {count}"
                );
                Err(Failure::new(Exit::NotFound, message))
            }
        }
    }

    /// Parses `--action`: a type of an action as in JSON, or a word of the text.
    pub(super) fn action_word(text: &str) -> Result<String, String> {
        let word = text.to_ascii_lowercase();
        if words().any(|known| known == word) {
            return Ok(word);
        }
        Err(match closest(&word, words()) {
            Some(close) => format!("there is no such action (did you mean \"{close}\"?)"),
            None => "there is no such action; ovs-actions(7) lists them".to_owned(),
        })
    }

    /// Whether every flow is selected.
    pub(super) fn is_all(&self) -> bool {
        self.port.is_none() && !self.hit && !self.drops && self.action.is_none()
    }

    /// Whether the flow is selected.
    pub(super) fn takes(&self, flow: &FlowStats<'_>) -> bool {
        let port = |port| flow.fields.in_port() == Some(port) || flow.actions.sends_to(port);
        let does = |word: &str| does(&flow.actions, word, flow.fields.vlan_tag_known());
        let takes = self.port.is_none_or(port)
            && (!self.hit || flow.packet_count != Some(0))
            && (!self.drops || drops::outcome(&flow.actions) != Outcome::Goes)
            && self.action.as_deref().is_none_or(does);
        let is_uncounted = takes && self.hit && flow.packet_count.is_none();
        if is_uncounted {
            self.uncounted.fetch_add(1, Ordering::Relaxed);
        }
        takes && !is_uncounted
    }
}

/// Whether an action is of this type, or the text of either style has this word.
fn does(actions: &ActionList<'_>, word: &str, vlan_tag_known: bool) -> bool {
    has(actions, word)
        || says(actions, word, Style::Classic, vlan_tag_known)
        || says(actions, word, Style::Wire, vlan_tag_known)
}

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

/// Whether the text of the actions contains this word, ignoring case: `mod_vlan_vid:66` or `NORMAL` can be
/// searched as printed, whichever action it is on the wire.
fn says(actions: &ActionList<'_>, word: &str, style: Style, vlan_tag_known: bool) -> bool {
    let cx = TextContext {
        version: actions.version(),
        style,
        ports: PortSpelling::Number,
        names: &NoNames,
    };
    let mut watch = Watch {
        text: String::new(),
        began: None,
        word,
        found: false,
    };
    let _ = write_actions(actions, &mut watch, &cx, vlan_tag_known);
    watch.found
}

/// A sink that looks for the name of an action or of a reserved port; other ports are numbers.
struct Watch<'w> {
    text: String,
    /// The offset of the current name.
    began: Option<usize>,
    word: &'w str,
    found: bool,
}

impl Sink for Watch<'_> {
    fn buffer(&mut self) -> &mut String {
        &mut self.text
    }

    fn begin(&mut self, role: TextRole) {
        if matches!(role, TextRole::Action | TextRole::Drop | TextRole::Port) {
            self.began = Some(self.text.len());
        }
    }

    fn end(&mut self, _: TextRole) {
        if let Some(name) = self.began.take().and_then(|at| self.text.get(at..)) {
            self.found |= name.eq_ignore_ascii_case(self.word);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::openflow::actions::ListForm;
    use crate::openflow::version::Version;

    #[test]
    fn words_of_actions() {
        assert_eq!(Choice::action_word("CT").unwrap(), "ct");
        assert_eq!(Choice::action_word("mod_vlan_vid").unwrap(), "mod_vlan_vid");
        let error = Choice::action_word("resubmt").unwrap_err();
        assert!(error.contains("did you mean \"resubmit\""), "{error}");
        assert!(Choice::action_word("").is_err());
    }

    /// The names of the actions in a text, including nested ones; not arguments, such as `table=3`.
    fn shown(text: &str) -> Vec<String> {
        let text = text.replace(",ct)", ")");
        let shown = text.split([',', '(', ')']);
        let shown = shown.filter_map(|piece| piece.split(':').next());
        let shown = shown.filter(|word| words().any(|known| known == word.to_ascii_lowercase()));
        shown.map(str::to_owned).collect()
    }

    #[test]
    fn every_word_that_the_real_tool_prints_is_found() {
        let golden = include_str!("../../../fixtures/golden/actions.tsv");
        let (mut firsts, mut looked) = (BTreeSet::new(), 0);
        for line in golden.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let &[version, form, tagged, hex, wire, classic, ..] = columns.as_slice() else {
                panic!("{line}")
            };
            let version = Version::ALL[version.parse::<usize>().unwrap() - 1];
            let form = match form {
                "A" => ListForm::Actions,
                _ => ListForm::Instructions,
            };
            let bytes: Vec<u8> = (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2).unwrap(), 16).unwrap())
                .collect();
            let list = ActionList::new(&bytes, 0, version, form);
            for text in [wire, classic].into_iter().filter(|text| *text != "-") {
                let first = text.split([':', '(', ',', '=']).next().unwrap().to_owned();
                firsts.insert(first.clone());
                for word in shown(text).into_iter().chain([first]) {
                    let word =
                        Choice::action_word(&word).unwrap_or_else(|_| panic!("{word}: {text}"));
                    looked += 1;
                    assert!(does(&list, &word, tagged == "1"), "{word}: {text}");
                }
            }
        }
        assert!(firsts.len() > 50 && looked > 2000, "{firsts:?} {looked}");
    }
}
