//! Parts of a reply made into lines: here while there is one, on a second core when there are more.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, JoinHandle};

use super::choice::Choice;
use super::printer::Printer;
use crate::commands::{Exit, Failure};
use crate::model::names::PortNames;
use crate::openflow::bytes::DecodeError;
use crate::openflow::messages::flow_stats::{Entries, Scratch};
use crate::openflow::text::{PortSpelling, Style, TextContext};
use crate::openflow::version::Version;

/// All that it takes to print the flows of one switch.
pub(super) struct Lines {
    pub(super) printer: Printer,
    pub(super) choice: Choice,
    pub(super) words: Words,
    /// The first flow that made no sense.
    pub(super) malformed: Option<DecodeError>,
    pub(super) scratch: Scratch,
}

/// How flows are spelt.
pub(super) struct Words {
    pub(super) version: Version,
    pub(super) style: Style,
    pub(super) ports: PortSpelling,
    pub(super) names: PortNames,
}

impl Words {
    /// What a formatter needs to know.
    pub(super) fn context(&self) -> TextContext<'_> {
        TextContext {
            version: self.version,
            style: self.style,
            ports: self.ports,
            names: &self.names,
        }
    }
}

impl Lines {
    /// Prints the flows in a message.
    fn part(&mut self, message: &[u8]) -> Result<(), Failure> {
        let cx = self.words.context();
        let mut entries = match Entries::of_message(self.words.version, message) {
            Ok(entries) => entries,
            Err(error) => {
                self.malformed.get_or_insert(error);
                return Ok(());
            }
        };
        while let Some(entry) = entries.next_entry(&mut self.scratch) {
            let outcome = match entry {
                Ok(flow) if self.choice.takes(&flow) => self.printer.flow(&flow, &cx),
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                self.malformed.get_or_insert(error);
            }
        }
        self.printer.flush()
    }
}

/// Where lines are made.
pub(super) enum Work {
    /// On this thread.
    Here(Box<Lines>),
    /// On a thread of its own, so that reading and printing take a core each.
    There(Worker),
}

impl Work {
    /// Prints the flows in a message; `more` says whether another one follows.
    ///
    /// An error means that nobody wants more; [`Work::finish`] knows why.
    pub(super) fn take(self, message: &[u8], more: bool) -> (Work, Result<(), Failure>) {
        let mut work = match self {
            Work::Here(lines) if more => Worker::start(lines),
            work => work,
        };
        let outcome = match &mut work {
            Work::Here(lines) => lines.part(message),
            Work::There(worker) => worker.give(message),
        };
        (work, outcome)
    }

    /// The lines when all is printed, and why that ended early.
    pub(super) fn finish(self) -> Printed {
        match self {
            Work::Here(lines) => (Some(lines), Ok(())),
            Work::There(worker) => worker.finish(),
        }
    }
}

/// So many messages may wait to be printed; each has at most 64 KiB.
const WAITING: usize = 24;

/// The lines, when no part is left or nobody wants more.
type Printed = (Option<Box<Lines>>, Result<(), Failure>);

/// A thread that prints.
pub(super) struct Worker {
    full: SyncSender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    thread: JoinHandle<Printed>,
}

impl Worker {
    /// Hands the lines to a new thread; keeps them here if there is none to be had.
    fn start(lines: Box<Lines>) -> Work {
        if thread::available_parallelism().is_ok_and(|cores| cores.get() == 1) {
            return Work::Here(lines);
        }
        let (full, parts) = sync_channel::<Vec<u8>>(WAITING);
        let (used, empty) = channel();
        let (hand_over, handed) = channel::<Box<Lines>>();
        let thread = thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || match handed.recv() {
                Ok(lines) => print_parts(lines, &parts, &used),
                Err(_) => (None, Ok(())),
            });
        let Ok(thread) = thread else {
            return Work::Here(lines);
        };
        match hand_over.send(lines) {
            Ok(()) => Work::There(Worker {
                full,
                empty,
                thread,
            }),
            Err(unsent) => Work::Here(unsent.0),
        }
    }

    /// Gives a copy of a message to the thread; waits while too many wait.
    fn give(&mut self, message: &[u8]) -> Result<(), Failure> {
        let mut copy = self.empty.try_recv().unwrap_or_default();
        copy.clear();
        copy.extend_from_slice(message);
        self.full
            .send(copy)
            .map_err(|_| Failure::silent(Exit::Done))
    }

    fn finish(self) -> Printed {
        drop(self.full);
        let failed = || Failure::new(Exit::Failed, "the thread that prints has failed");
        self.thread.join().unwrap_or_else(|_| (None, Err(failed())))
    }
}

fn print_parts(
    mut lines: Box<Lines>,
    parts: &Receiver<Vec<u8>>,
    used: &Sender<Vec<u8>>,
) -> Printed {
    for part in parts {
        if let Err(failure) = lines.part(&part) {
            return (Some(lines), Err(failure));
        }
        // Nobody may be there to take it any more, at the end.
        let _ = used.send(part);
    }
    (Some(lines), Ok(()))
}
