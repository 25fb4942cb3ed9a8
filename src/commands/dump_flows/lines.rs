//! Formatting of the parts of a reply: on this thread if there is one part, else on several cores.

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};

use super::choice::Choice;
use super::printer::Printer;
use crate::commands::{Exit, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::bytes::DecodeError;
use crate::openflow::messages::flow_stats::{Entries, Scratch};
use crate::openflow::messages::multipart::{Part, PartHeader};
use crate::openflow::text::{PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::source::switch::Rest;

/// The state to print the flows of one switch.
pub(super) struct FlowOutput {
    pub(super) printer: Printer,
    pub(super) settings: Arc<DumpSettings>,
    /// The first malformed flow.
    pub(super) malformed: Option<DecodeError>,
    pub(super) scratch: Scratch,
}

/// The selection of flows, and their format.
pub(super) struct DumpSettings {
    pub(super) choice: Choice,
    /// The number of flows read, by all threads.
    pub(super) seen: Arc<AtomicU64>,
    pub(super) version: Version,
    pub(super) style: Style,
    pub(super) ports: PortSpelling,
    pub(super) names: SwitchNames,
}

impl DumpSettings {
    /// The context of the formatters.
    pub(super) fn context(&self) -> TextContext<'_> {
        TextContext {
            version: self.version,
            style: self.style,
            ports: self.ports,
            names: &self.names,
        }
    }
}

impl FlowOutput {
    pub(super) fn new(printer: Printer, settings: DumpSettings) -> FlowOutput {
        FlowOutput {
            printer,
            settings: Arc::new(settings),
            malformed: None,
            scratch: Scratch::new(),
        }
    }

    /// The same with empty buffers, for another thread.
    fn for_worker(&self) -> FlowOutput {
        FlowOutput {
            printer: self.printer.for_worker(),
            settings: Arc::clone(&self.settings),
            malformed: None,
            scratch: Scratch::new(),
        }
    }

    /// Formats the flows of a part of the reply.
    fn make(&mut self, part: Part<'_>) {
        let cx = self.settings.context();
        let mut entries = match Entries::new(cx.version, part) {
            Ok(entries) => entries,
            Err(error) => {
                self.malformed.get_or_insert(error);
                return;
            }
        };
        let mut seen = 0;
        while let Some(entry) = entries.next_entry(&mut self.scratch) {
            seen += 1;
            let outcome = match entry {
                Ok(flow) if self.settings.choice.takes(&flow) => {
                    self.printer.flow(&flow, None, &cx)
                }
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                self.malformed.get_or_insert(error);
            }
        }
        self.settings.seen.fetch_add(seen, Ordering::Relaxed);
    }
}

/// The printing of a reply: on this thread, or on workers while this thread reads.
pub(super) struct Work<'l> {
    lines: &'l mut FlowOutput,
    workers: Option<Workers>,
}

impl<'l> Work<'l> {
    pub(super) fn new(lines: &'l mut FlowOutput) -> Work<'l> {
        Work {
            lines,
            workers: None,
        }
    }

    /// Prints the flows in a part; `rest` says what follows it.
    ///
    /// An error means that the output is closed; [`Work::finish`] may return the reason.
    pub(super) fn take(&mut self, part: Part<'_>, rest: Rest) -> Result<(), Failure> {
        // The text before the first flow differs from that between flows; it is written by this thread.
        if self.workers.is_none() && rest != Rest::Nothing && self.lines.printer.can_use_workers() {
            self.workers = Workers::start(self.lines, rest);
        }
        if let Some(workers) = &mut self.workers {
            return workers.give(part);
        }
        self.lines.make(part);
        self.lines.printer.flush()
    }

    /// Waits until everything is printed.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.workers {
            Some(workers) => workers.finish(self.lines),
            None => Ok(()),
        }
    }
}

/// Maximum number of messages that wait to be printed; each takes up to 64 KiB of memory. While a switch
/// gathers the flows of a table it sends nothing: the messages sent before keep the workers busy.
const WAITING: usize = 50;

/// The size of the pipe to the reader, in bytes: with the default of 64 KiB, writer and reader block each
/// other.
const PIPE: usize = 256 << 10;

/// Maximum number of workers: more would wait for each other to write.
const MOST: usize = 3;

/// The workers: each formats a part, waits for the write token, and writes it. The reading thread has a core
/// of its own; it formats, too, when the queue is full, because then the switch would wait as well.
struct Workers {
    full: SyncSender<WaitingPart>,
    /// The other end of `full`.
    parts: Arc<Mutex<Receiver<WaitingPart>>>,
    used: Sender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    /// The token that follows the last part.
    token: Receiver<WriteToken>,
    threads: Vec<JoinHandle<Outcome>>,
    /// The state of the reading thread.
    own: FlowOutput,
}

/// A copy of a part, with its place in the order of writing.
struct WaitingPart {
    header: PartHeader,
    body: Vec<u8>,
    token: Receiver<WriteToken>,
    next: Sender<WriteToken>,
}

/// The right to write, passed on from part to part. A worker that fails does not pass it on.
struct WriteToken {
    /// The first malformed flow.
    malformed: Option<DecodeError>,
}

/// The number of flows that a worker printed, and its result.
type Outcome = (u64, Result<(), Failure>);

impl Workers {
    /// Starts a worker for each core but this thread's; `None` if no worker can be started, or there is no
    /// core for one.
    fn start(lines: &mut FlowOutput, rest: Rest) -> Option<Workers> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        // On one core a worker helps only if the switch gathers flows between replies.
        if cores == 1 && rest != Rest::Replies {
            return None;
        }
        // Fails unless stdout is a pipe and the size is permitted.
        let _ = rustix::pipe::fcntl_setpipe_size(std::io::stdout(), PIPE);
        let (full, parts) = sync_channel(WAITING);
        let (used, empty) = channel();
        let (first, token) = channel();
        let mut workers = Workers {
            full,
            parts: Arc::new(Mutex::new(parts)),
            used,
            empty,
            token,
            threads: Vec::new(),
            own: lines.for_worker(),
        };
        let most = (cores - 1).clamp(1, MOST);
        while workers.threads.len() < most && workers.spawn_worker(lines) {}
        if workers.threads.is_empty() {
            return None;
        }
        // The workers print from here on.
        lines.printer.shrink();
        let malformed = lines.malformed.take();
        // The receiver exists.
        let _ = first.send(WriteToken { malformed });
        Some(workers)
    }

    /// Starts a worker; returns whether it was started.
    fn spawn_worker(&mut self, lines: &FlowOutput) -> bool {
        let (mut lines, parts, used) = (
            lines.for_worker(),
            Arc::clone(&self.parts),
            self.used.clone(),
        );
        let thread = thread::Builder::new()
            .name("printer".to_owned())
            .spawn(move || print_parts(&mut lines, &parts, &used));
        match thread {
            Ok(thread) => {
                self.threads.push(thread);
                true
            }
            Err(_) => false,
        }
    }

    /// Sends a copy of a part to the workers; prints parts itself while the queue is full.
    fn give(&mut self, part: Part<'_>) -> Result<(), Failure> {
        // Reserves the maximum length: growing would double the capacity.
        let copy = self.empty.try_recv();
        let mut copy = copy.unwrap_or_else(|_| Vec::with_capacity(u16::MAX.into()));
        copy.clear();
        copy.extend_from_slice(part.body.rest());
        let (next, token) = channel();
        let mut part = WaitingPart {
            header: PartHeader::of(part),
            body: copy,
            token: std::mem::replace(&mut self.token, token),
            next,
        };
        loop {
            match self.full.try_send(part) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(back)) => part = back,
                Err(TrySendError::Disconnected(_)) => return Err(Failure::silent(Exit::Done)),
            }
            self.print_along()?;
        }
    }

    /// Prints the oldest part, unless a worker is about to take it.
    fn print_along(&mut self) -> Result<(), Failure> {
        // A worker that waits for a part holds the lock, and waits for this thread.
        let part = match self.parts.try_lock() {
            Ok(parts) => parts.try_recv().ok(),
            Err(TryLockError::Poisoned(parts)) => parts.into_inner().try_recv().ok(),
            Err(TryLockError::WouldBlock) => None,
        };
        let Some(part) = part else {
            thread::yield_now();
            return Ok(());
        };
        if print_part(&mut self.own, part, &self.used)? {
            Ok(())
        } else {
            Err(Failure::silent(Exit::Done))
        }
    }

    fn finish(self, lines: &mut FlowOutput) -> Result<(), Failure> {
        drop(self.full);
        let mut own = self.own;
        let (count, mut outcome) = print_parts(&mut own, &self.parts, &self.used);
        lines.printer.add_count(count);
        for thread in self.threads {
            let failed = || Failure::new(Exit::Failed, "a thread that prints has failed");
            let (count, ended) = thread.join().unwrap_or_else(|_| (0, Err(failed())));
            lines.printer.add_count(count);
            outcome = outcome.and(ended);
        }
        // After a failure some parts remain; dropping them closes the channel of the token, so that `recv` returns.
        drop(self.parts);
        if let Ok(token) = self.token.recv() {
            lines.malformed = token.malformed;
        }
        outcome
    }
}

/// Prints parts until there are no more.
fn print_parts(
    lines: &mut FlowOutput,
    parts: &Mutex<Receiver<WaitingPart>>,
    used: &Sender<Vec<u8>>,
) -> Outcome {
    loop {
        let part = parts.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let ended = match part {
            Ok(part) => print_part(lines, part, used),
            Err(_) => Ok(false),
        };
        match ended {
            Ok(true) => {}
            Ok(false) => return (lines.printer.count(), Ok(())),
            Err(failure) => return (lines.printer.count(), Err(failure)),
        }
    }
}

/// Formats a part, and writes it when the token arrives; `false` if it never does.
fn print_part(
    lines: &mut FlowOutput,
    part: WaitingPart,
    used: &Sender<Vec<u8>>,
) -> Result<bool, Failure> {
    lines.make(part.header.part(&part.body));
    let Ok(mut token) = part.token.recv() else {
        return Ok(false);
    };
    lines.printer.flush()?;
    if let Some(error) = lines.malformed.take() {
        token.malformed.get_or_insert(error);
    }
    // The receivers may have ended.
    let _ = part.next.send(token);
    let _ = used.send(part.body);
    Ok(true)
}
