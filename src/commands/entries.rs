//! Groups and meters that a command is given, as arguments or in a file, and their messages to a switch.

use std::path::Path;

use super::entry_file::{EntryFile, EntryLine};
use super::switch::SwitchArg;
use super::{Exit, Failure, quoted};
use crate::base::shell::word;
use crate::openflow::actions::SwitchReference;
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::version::Version;
use crate::source::{Atomicity, Outbox, Switch, SwitchError, WriteError, Written};

/// Maximum number of characters of an entry in a message.
const SHOWN: usize = 200;

/// Maximum number of refused entries that are reported one by one.
const MAX_REPORTED: usize = 20;

/// Groups or meters as text.
#[derive(Debug)]
pub(super) struct Entries {
    /// `group`
    kind: &'static str,
    origin: Origin,
    all: Vec<Entry>,
}

/// Where entries come from.
#[derive(Debug)]
enum Origin {
    CommandLine,
    /// A file of this name, quoted if necessary.
    File(String),
    /// The lines of a batch.
    Batch,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Entry {
    /// The number of its line or argument, from 1.
    pub(super) number: usize,
    pub(super) text: String,
}

/// None of what is to be removed is given: `noun` is `group`.
pub(super) fn none_given(noun: &str) -> Failure {
    let message = format!("which {noun}s? {} is missing", noun.to_uppercase());
    Failure::new(Exit::Usage, message).hint(format!("--all removes every {noun}"))
}

/// The file of a `replace` is empty, which is more often a mistake than meant; `how` selects what `del` removes.
pub(super) fn empties(noun: &str, file: &Path, count: u64, switch: &str, how: &str) -> Failure {
    let file = match &*file.to_string_lossy() {
        "-" => "stdin".to_owned(),
        file => quoted(file),
    };
    let all = if count == 1 {
        "the one"
    } else {
        &format!("all {count}")
    };
    let message = format!("{file} has no {noun}s: {all} of {switch} would be removed");
    let hint = format!("`ovs {noun} del {} {how}` removes them", word(switch));
    Failure::new(Exit::Failed, message).hint(hint)
}

/// An argument that stands for a FLOW, GROUP or METER is the name of a file, or `-`.
///
/// # Errors
///
/// It is.
pub(super) fn refuse_file(noun: &str, text: &str) -> Result<(), Failure> {
    let is_path = !text.contains('=') && text.contains(['.', '/']);
    if text != "-" && !(is_path && Path::new(text).is_file()) {
        return Ok(());
    }
    let what = if text == "-" { "stdin" } else { "a file" };
    let message = format!("{} is no {noun}, but {what}", quoted(text));
    let hint = format!("--file {} reads the {noun}s in it", word(text));
    Err(Failure::new(Exit::Usage, message).hint(hint))
}

impl Entries {
    /// The entries of the file if one is named, `-` for stdin, else those of the command line.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is too large, or not text; or an argument is a file.
    pub(super) fn open(
        kind: &'static str,
        arguments: &[String],
        file: Option<&Path>,
    ) -> Result<Entries, Failure> {
        if let Some(path) = file {
            return Entries::of_file(kind, path);
        }
        for text in arguments {
            refuse_file(kind, text)?;
        }
        let all = (1..).zip(arguments).map(|(number, text)| Entry {
            number,
            text: text.clone(),
        });
        Ok(Entries {
            kind,
            origin: Origin::CommandLine,
            all: all.collect(),
        })
    }

    /// The entries of the lines of a batch.
    pub(super) fn of_batch(kind: &'static str, all: Vec<Entry>) -> Entries {
        let origin = Origin::Batch;
        Entries { kind, origin, all }
    }

    /// The entries of a file, one a line; blank lines, comments after `#` and the headings of `ovs-ofctl` are skipped. A
    /// line that begins with `type=` continues the one before: `ovs-ofctl dump-meters` breaks before bands. Or JSON
    /// objects.
    ///
    /// # Errors
    ///
    /// As [`Entries::open`].
    pub(super) fn of_file(kind: &'static str, path: &Path) -> Result<Entries, Failure> {
        let file = EntryFile::open(path)?;
        let mut lines = file.lines()?;
        let mut all: Vec<Entry> = Vec::new();
        while let Some(EntryLine { number, text }) = lines.next_entry()? {
            match all.last_mut() {
                Some(before) if text.starts_with("type=") => {
                    before.text.push(' ');
                    before.text.push_str(text);
                }
                _ => all.push(Entry {
                    number,
                    text: text.to_owned(),
                }),
            }
        }
        let origin = Origin::File(file.name().to_owned());
        Ok(Entries { kind, origin, all })
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.all.iter()
    }

    /// The entry of this index.
    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        self.all.get(index)
    }

    /// Whether they come from a file.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.origin, Origin::File(_))
    }

    /// A failure with an entry: its place, the reason and its text. One on the command line is an error of usage.
    pub(super) fn wrong(&self, entry: &Entry, reason: &str) -> Failure {
        let exit = if self.is_file() {
            Exit::Failed
        } else {
            Exit::Usage
        };
        Failure::new(exit, self.message(entry, reason))
    }

    /// The place of an entry, the reason, and its text.
    pub(super) fn message(&self, entry: &Entry, reason: &str) -> String {
        let place = match &self.origin {
            Origin::File(name) => format!("{name}, line {}: ", entry.number),
            Origin::Batch => format!("line {}: ", entry.number),
            Origin::CommandLine if self.all.len() > 1 => {
                format!("{} {}: ", self.kind.to_uppercase(), entry.number)
            }
            Origin::CommandLine => String::new(),
        };
        // A number alone is in the reason.
        let is_short = !entry.text.contains([',', ' ']) && entry.text.len() < 30;
        if is_short || reason.contains(&*quoted(&entry.text)) {
            return format!("{place}{reason}");
        }
        let mut shown: String = entry.text.chars().take(SHOWN).collect();
        if shown.len() < entry.text.len() {
            shown.push('…');
        }
        format!("{place}{reason}; the {} is {}", self.kind, quoted(&shown))
    }
}

/// A message, and what it is about.
#[derive(Debug)]
pub(super) struct EntryMessage {
    pub(super) bytes: Vec<u8>,
    /// What it is about, for an error: `groups.txt, line 3: ...` with `reason` in the middle.
    pub(super) about: EntryPlace,
}

/// What a message is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum EntryPlace {
    /// The entry of this index.
    Entry(usize),
    /// What has this number on the switch, and no entry.
    Number(u32),
}

/// Why a switch refused a message, and the next step.
#[derive(Debug)]
pub(super) struct RefusalReason {
    pub(super) text: String,
    pub(super) hint: Option<String>,
}

/// The sending of messages to a switch.
pub(super) struct Sending<'a> {
    pub(super) switch: &'a SwitchArg,
    pub(super) entries: &'a Entries,
    /// The command that lists what there is: `dump-groups`.
    pub(super) list: &'static str,
    /// The words for an error about the message of this index.
    pub(super) reason: &'a dyn Fn(&ErrorMessage, usize) -> RefusalReason,
    /// Prints a failure; the command continues.
    pub(super) say: &'a dyn Fn(&Failure),
}

impl Sending<'_> {
    /// Sends the messages: several in a bundle, unless `how` is one by one.
    ///
    /// # Errors
    ///
    /// The switch refuses a message, has no bundles, or the connection fails. The exit code says what changed.
    pub(super) async fn send(
        &self,
        connected: &mut Switch,
        how: Atomicity,
        messages: &[EntryMessage],
    ) -> Result<(), Failure> {
        let produce = async |out: &mut Outbox<'_>| {
            for message in messages {
                let put = out.put(|_| Ok::<_, std::convert::Infallible>(message.bytes.clone()));
                if !put.await? && how == Atomicity::Bundle {
                    break;
                }
            }
            Ok::<(), std::convert::Infallible>(())
        };
        let kind = self.entries.kind;
        match connected.write(how, produce).await {
            Ok(written) if written.refusals == 0 => Ok(()),
            Ok(written) => Err(self.partly(&written, messages)),
            Err(WriteError::Producer { error, .. }) => match error {},
            Err(WriteError::Refused { index, error }) => Err(self.refused(index, &error, messages)),
            Err(WriteError::TooLong { index }) => {
                let reason = "it is too long for a message of a bundle";
                let message = self.message(messages, index, reason);
                Err(Failure::new(Exit::Failed, message))
            }
            Err(WriteError::NoBundles(version)) => Err(no_bundles(self.switch, kind, version)),
            Err(WriteError::NoTables { error, .. }) => {
                Err(Failure::new(Exit::Failed, error.to_string()))
            }
            Err(WriteError::Lost {
                error,
                may_have,
                sent,
            }) => {
                let failure = if may_have || sent > 0 {
                    self.switch.last_failure(*error)
                } else {
                    self.switch.failure(*error)
                };
                if !may_have {
                    let message = format!("{}; nothing changed", failure.message);
                    return Err(Failure { message, ..failure });
                }
                let message = format!(
                    "{}; whether the {kind}s are written is unknown",
                    failure.message
                );
                let name = word(self.switch.name());
                let hint = format!("`ovs {} {name}` shows what is there", self.list);
                Err(Failure::new(Exit::Unknown, message).hint(hint))
            }
        }
    }

    fn message(&self, messages: &[EntryMessage], index: usize, reason: &str) -> String {
        match messages.get(index).map(|message| message.about) {
            Some(EntryPlace::Entry(entry)) => match self.entries.all.get(entry) {
                Some(entry) => self.entries.message(entry, reason),
                None => reason.to_owned(),
            },
            Some(EntryPlace::Number(number)) => {
                format!("{} {number}: {reason}", self.entries.kind)
            }
            None => reason.to_owned(),
        }
    }

    fn refused(
        &self,
        index: Option<usize>,
        error: &ErrorMessage,
        messages: &[EntryMessage],
    ) -> Failure {
        let Some(index) = index else {
            let message = format!("{}: the switch refused it ({error})", self.switch.name());
            return Failure::new(Exit::Failed, message);
        };
        let RefusalReason { text, hint } = (self.reason)(error, index);
        let text = format!("{text} ({error})");
        Failure::with(Exit::Failed, self.message(messages, index, &text), hint)
    }

    /// The failure where messages were sent one by one and some were refused.
    fn partly(&self, written: &Written, messages: &[EntryMessage]) -> Failure {
        let failures = written.refused.iter().take(MAX_REPORTED);
        let mut failures =
            failures.map(|(index, error)| self.refused(Some(*index), error, messages));
        if written.sent == 1
            && let Some(failure) = failures.next()
        {
            return failure;
        }
        failures.for_each(|failure| (self.say)(&failure));
        let (accepted, sent) = (written.accepted(), written.sent);
        let message = format!(
            "{accepted} of {sent} changes were made; the switch refused {}",
            written.refusals
        );
        let exit = match accepted {
            0 => Exit::Failed,
            _ => Exit::NotApplied,
        };
        Failure::new(exit, message)
    }
}

/// How these messages are sent: one needs no bundle.
///
/// # Errors
///
/// The version has no bundles.
pub(super) fn atomicity(
    switch: &SwitchArg,
    kind: &str,
    version: Version,
    messages: &[EntryMessage],
    no_atomic: bool,
) -> Result<Atomicity, Failure> {
    if messages.len() < 2 || no_atomic {
        Ok(Atomicity::Each)
    } else if version < Version::V13 {
        Err(no_bundles(switch, kind, version))
    } else {
        Ok(Atomicity::Bundle)
    }
}

fn no_bundles(switch: &SwitchArg, kind: &str, version: Version) -> Failure {
    let message = format!(
        "{} cannot write several {kind}s all or none over {version}: it has no bundles",
        switch.name()
    );
    Failure::new(Exit::Failed, message).hint(
        "OpenFlow 1.4 and later have bundles, and Open vSwitch in 1.3; --no-atomic writes them one by one",
    )
}

/// The number of flows with a number in their actions that `uses` selects.
///
/// # Errors
///
/// The switch does not reply.
pub(super) async fn flows_that(
    connected: &mut Switch,
    uses: &dyn Fn(SwitchReference) -> bool,
) -> Result<u64, SwitchError> {
    let mut count = 0;
    connected
        .each_flow(|flow| {
            let mut is_one = false;
            flow.actions
                .references(&mut |reference| is_one |= uses(reference));
            count += u64::from(is_one);
        })
        .await?;
    Ok(count)
}
