//! The verb of Open vSwitch's tools in the words of a command line.

use super::verbs::{Tool, Verb};

/// A verb that was typed, with the words around it.
#[derive(Debug)]
pub(super) struct Typed<'w> {
    /// Its row.
    pub verb: &'static Verb,
    /// The options before it, and those before the tool's name.
    pub before: Vec<&'w str>,
    /// What follows it, up to the next `--`.
    pub after: &'w [&'w str],
    /// The further commands, without the `--` before each.
    pub further: Vec<&'w [&'w str]>,
    /// Whether it stands where a command of a group does: `port list-ports`.
    pub is_in_group: bool,
}

impl<'w> Typed<'w> {
    /// The words after the tool's name.
    pub(super) fn words(&self) -> Vec<&'w str> {
        let mut words = self.before.clone();
        words.push(self.verb.name);
        words.extend(self.after);
        for command in &self.further {
            words.push("--");
            words.extend(*command);
        }
        words
    }

    /// The verb that a command line begins with, after options and their values; `tool`: of this tool only.
    /// `is_own` tells the commands of `ovs`, which are no verbs unless the tool is named.
    pub(super) fn find(
        words: &'w [&'w str],
        tool: Option<Tool>,
        is_own: impl Fn(&str) -> bool,
    ) -> Option<Typed<'w>> {
        let (mut of_tool, mut tool) = (None, tool);
        let mut may_be_value = false;
        for (at, word) in words.iter().enumerate() {
            if word.starts_with('-') {
                may_be_value = *word != "--" && !word.contains('=');
                continue;
            }
            let named = Tool::ALL.into_iter().find(|tool| tool.is_named(word));
            if tool.is_none()
                && let Some(named) = named
            {
                (of_tool, tool, may_be_value) = (Some(at), Some(named), false);
                continue;
            }
            if tool.is_none() && is_own(word) {
                return None;
            }
            if let Some(verb) = Verb::find(word, tool) {
                let before = words.iter().take(at).enumerate();
                let before = before.filter(|(at, _)| Some(*at) != of_tool);
                let before = before.map(|(_, word)| *word).collect();
                return Some(Typed::of(verb, before, words.get(at + 1..)?));
            }
            if !may_be_value {
                return None;
            }
            may_be_value = false;
        }
        None
    }

    /// The verb that stands in place of a command of a group.
    pub(super) fn in_group(words: &'w [&'w str], unknown: &str) -> Option<Typed<'w>> {
        let verb = Verb::find(unknown, None)?;
        let at = words.iter().position(|word| *word == unknown)?;
        Some(Typed {
            is_in_group: true,
            ..Typed::of(verb, Vec::new(), words.get(at + 1..)?)
        })
    }

    fn of(verb: &'static Verb, before: Vec<&'w str>, rest: &'w [&'w str]) -> Typed<'w> {
        let mut commands = rest.split(|word| *word == "--");
        Typed {
            verb,
            before,
            after: commands.next().unwrap_or_default(),
            further: commands.filter(|command| !command.is_empty()).collect(),
            is_in_group: false,
        }
    }
}

/// The command of `root` that these words call.
pub(super) fn called<'c>(root: &'c clap::Command, words: &[&str]) -> &'c clap::Command {
    words.iter().fold(root, |command, word| {
        command.find_subcommand(word).unwrap_or(command)
    })
}
