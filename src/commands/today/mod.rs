//! What is typed with Open vSwitch's own tools, and its counterpart with `ovs`.
//!
//! A command line that begins with a verb of those tools, or has settings, ports and options as they do, gets its
//! counterpart as a hint, with the arguments that were typed; so does a line of `ovs batch`. A verb that writes flows, groups,
//! meters or what OpenFlow has of ports runs its counterpart, and so does a command of a daemon.
//!
//! | file | contents |
//! |---|---|
//! | [`verbs`] | every verb of the tools: a row each, with its counterpart or the reason why there is none |
//! | [`tasks`] | common tasks, both ways: the table of the README |
//! | `typed` | the verb and its options in the words of a command line |
//! | `carry` | the command of `ovs` for a verb, with the arguments that were typed |
//! | `appctl` | the same for a command of a daemon |
//! | `settings` | hints for settings and options |

mod appctl;
mod carry;
mod settings;
pub mod tasks;
mod typed;
pub mod verbs;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

pub use carry::WordsToCursor;
use settings::{tip_for_argument, tip_for_option, tip_for_reading};
use typed::called;

/// Puts the counterpart of what was typed into the error in place of clap's suggestions.
pub fn explain(error: &mut clap::Error, root: &clap::Command, words: &[&str]) {
    if let Some(tip) = tip(error, root, words) {
        forget_suggestions(error);
        let tips = vec![StyledStr::from(tip)];
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(tips));
    }
}

/// The words of the command that a verb of Open vSwitch's tools runs, after the program's name; `None` if these words have
/// no such verb.
///
/// # Errors
///
/// The reason why an option that was typed has no counterpart.
pub fn runs(root: &clap::Command, words: &[&str]) -> Option<Result<Vec<String>, String>> {
    match appctl::runs(root, words) {
        Some(carried) => Some(Ok(carried)),
        None => carry::runs(root, words),
    }
}

/// The words of the command that a verb of Open vSwitch's tools runs, up to the cursor, for completion; `None` if the words
/// before the cursor have no such verb.
pub fn to_cursor(root: &clap::Command, words: &[&str]) -> Option<WordsToCursor> {
    carry::to_cursor(root, words)
}

/// Removes clap's suggestions from the error: what is spelled like a verb of another tool is unrelated to it.
pub fn forget_suggestions(error: &mut clap::Error) {
    for kind in [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::Suggested,
    ] {
        error.remove(kind);
    }
}

/// The counterpart of a verb of Open vSwitch's tools, for an error about a command line that has one; or of a setting,
/// a port or an option, for an error about an extra argument. `words` follow the program's name, `root` is the
/// definition that they were parsed with.
pub fn tip(error: &clap::Error, root: &clap::Command, words: &[&str]) -> Option<String> {
    let unknown_command = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) => Some(word.as_str()),
        _ => None,
    };
    let reading = unknown_command.and_then(|unknown| tip_for_reading(root, words, unknown));
    if reading.is_some() {
        return reading;
    }
    if let Some(tip) = carry::tip(root, words, unknown_command) {
        return Some(tip);
    }
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let command = called(root, words);
    if word.starts_with("--") {
        tip_for_option(word, root, command)
    } else if error.get(ContextKind::Suggested).is_none() {
        tip_for_argument(word, command)
    } else {
        None
    }
}
