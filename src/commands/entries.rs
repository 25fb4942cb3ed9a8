//! Groups and meters that a command is given, as arguments or in a file, and their messages to a switch.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::switch::SwitchArg;
use super::{Exit, Failure, quoted};
use crate::base::shell::word;
use crate::openflow::actions::SwitchReference;
use crate::openflow::flow_change::without_comment;
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::version::Version;
use crate::source::{Atomicity, Outbox, Switch, SwitchError, WriteError, Written};

/// Maximum size of a file, in bytes.
const LARGEST: u64 = 64 << 20;

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

impl Entries {
    /// The entries of the file if one is named, `-` for stdin, else those of the command line.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is too large, or not text.
    pub(super) fn open(
        kind: &'static str,
        arguments: &[String],
        file: Option<&Path>,
    ) -> Result<Entries, Failure> {
        if let Some(path) = file {
            return Entries::of_file(kind, path);
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
    /// line that begins with `type=` continues the one before: `ovs-ofctl dump-meters` breaks before bands.
    ///
    /// # Errors
    ///
    /// As [`Entries::open`].
    pub(super) fn of_file(kind: &'static str, path: &Path) -> Result<Entries, Failure> {
        let (name, bytes) = read(path)?;
        let wrong = |number: usize, reason: &str| {
            Failure::new(Exit::Failed, format!("{name}, line {number}: {reason}"))
        };
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let lines = error.as_bytes().iter().take(valid);
            wrong(
                1 + lines.filter(|byte| **byte == b'\n').count(),
                "not UTF-8",
            )
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim_start().starts_with(['[', '{']) {
            let message = format!("{name}: {kind}s are read as text, not as JSON");
            let hint = format!("`ovs dump-{kind}s` prints the text");
            return Err(Failure::new(Exit::Failed, message).hint(hint));
        }
        let mut all: Vec<Entry> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = entry_of(line);
            if line.is_empty() {
                continue;
            }
            match all.last_mut() {
                Some(before) if line.starts_with("type=") => {
                    before.text.push(' ');
                    before.text.push_str(line);
                }
                _ => all.push(Entry {
                    number,
                    text: line.to_owned(),
                }),
            }
        }
        let origin = Origin::File(name);
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

/// The entry in a line, without blanks around it and without comment.
fn entry_of(line: &str) -> &str {
    let entry = without_comment(line);
    let is_heading = (entry.starts_with("OFPST_") || entry.starts_with("NXST_"))
        && entry.contains(" reply")
        && entry.ends_with(':');
    if is_heading { "" } else { entry }
}

/// The name of a file in messages, and its bytes.
fn read(path: &Path) -> Result<(String, Vec<u8>), Failure> {
    let is_stdin = path.as_os_str() == "-";
    let name = if is_stdin {
        "stdin".to_owned()
    } else {
        let name = path.to_string_lossy();
        let is_plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
        if !name.is_empty() && name.chars().all(is_plain) {
            name.into_owned()
        } else {
            quoted(&name)
        }
    };
    let mut bytes = Vec::new();
    let length = if is_stdin {
        io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    match length {
        Ok(length) if length as u64 > LARGEST => Err(Failure::new(
            Exit::Failed,
            format!("{name} has more than {} MiB", LARGEST >> 20),
        )),
        Ok(_) => Ok((name, bytes)),
        Err(error) => Err(Failure::new(
            Exit::Failed,
            format!("cannot read {name}: {error}"),
        )),
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
                error, may_have, ..
            }) => {
                let failure = self.switch.failure(*error);
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
        Failure {
            exit: Exit::Failed,
            message: self.message(messages, index, &text),
            hint,
        }
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
