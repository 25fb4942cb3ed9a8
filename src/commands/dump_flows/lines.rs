//! Parts of a reply made into lines: here while there is one, on every core when there are more.

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
use crate::openflow::text::{PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::source::switch::Rest;

/// All that it takes to print the flows of one switch.
pub(super) struct Lines {
    pub(super) printer: Printer,
    pub(super) order: Arc<Order>,
    /// The first flow that made no sense.
    pub(super) malformed: Option<DecodeError>,
    pub(super) scratch: Scratch,
}

/// Which flows are wanted, and how they are spelt.
pub(super) struct Order {
    pub(super) choice: Choice,
    /// How many flows were looked at, by whatever thread.
    pub(super) seen: Arc<AtomicU64>,
    pub(super) version: Version,
    pub(super) style: Style,
    pub(super) ports: PortSpelling,
    pub(super) names: SwitchNames,
}

impl Order {
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
    pub(super) fn new(printer: Printer, order: Order) -> Lines {
        Lines {
            printer,
            order: Arc::new(order),
            malformed: None,
            scratch: Scratch::new(),
        }
    }

    /// More of the same, for another thread.
    fn for_worker(&self) -> Lines {
        Lines {
            printer: self.printer.for_worker(),
            order: Arc::clone(&self.order),
            malformed: None,
            scratch: Scratch::new(),
        }
    }

    /// Makes lines of the flows in a message.
    fn make(&mut self, message: &[u8]) {
        let cx = self.order.context();
        let mut entries = match Entries::of_message(cx.version, message) {
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
                Ok(flow) if self.order.choice.takes(&flow) => self.printer.flow(&flow, None, &cx),
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                self.malformed.get_or_insert(error);
            }
        }
        self.order.seen.fetch_add(seen, Ordering::Relaxed);
    }
}

/// The printing of a reply: on this thread, or on threads of their own while this one reads.
pub(super) struct Work<'l> {
    lines: &'l mut Lines,
    workers: Option<Workers>,
}

impl<'l> Work<'l> {
    pub(super) fn new(lines: &'l mut Lines) -> Work<'l> {
        Work {
            lines,
            workers: None,
        }
    }

    /// Prints the flows in a message; `rest` says what follows it.
    ///
    /// An error means that nobody wants more; [`Work::finish`] may know why.
    pub(super) fn take(&mut self, message: &[u8], rest: Rest) -> Result<(), Failure> {
        // What stands before the first flow is different; it is written here.
        if self.workers.is_none() && rest != Rest::Nothing && self.lines.printer.can_use_workers() {
            self.workers = Workers::start(self.lines, rest);
        }
        if let Some(workers) = &mut self.workers {
            return workers.give(message);
        }
        self.lines.make(message);
        self.lines.printer.flush()
    }

    /// Waits until all is printed.
    pub(super) fn finish(self) -> Result<(), Failure> {
        match self.workers {
            Some(workers) => workers.finish(self.lines),
            None => Ok(()),
        }
    }
}

/// So many messages may wait to be printed; each has at most 64 KiB, and is memory. A switch that gathers
/// the flows of some tables sends none: what it sent before is what there is to print meanwhile.
const WAITING: usize = 50;

/// So much may wait in a pipe for whoever reads it, in bytes: at the usual 64 KiB, writing and reading
/// wait for each other.
const PIPE: usize = 256 << 10;

/// More threads than these would wait for each other to write.
const MOST: usize = 3;

/// Threads that print: each makes lines of a part, waits for the write token, and writes them. The thread that reads
/// has a core of its own: it prints along when it cannot read on, for then the switch waits, too.
struct Workers {
    full: SyncSender<Part>,
    /// The other end of `full`.
    parts: Arc<Mutex<Receiver<Part>>>,
    used: Sender<Vec<u8>>,
    empty: Receiver<Vec<u8>>,
    /// The token that follows the last part given.
    token: Receiver<WriteToken>,
    threads: Vec<JoinHandle<Outcome>>,
    /// What the reading thread prints.
    own: Lines,
}

/// A message, and its place among the others.
struct Part {
    message: Vec<u8>,
    token: Receiver<WriteToken>,
    next: Sender<WriteToken>,
}

/// The right to write, passed on from part to part. It is lost with whoever fails.
struct WriteToken {
    /// The first flow that made no sense.
    malformed: Option<DecodeError>,
}

/// How many flows a thread printed, and why it ended.
type Outcome = (u64, Result<(), Failure>);

impl Workers {
    /// Starts a thread for each core but this one's; `None` if there is none to be had, or no core for it.
    fn start(lines: &mut Lines, rest: Rest) -> Option<Workers> {
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        // On one core a thread is good for reading on while it prints, for a switch that gathers on.
        if cores == 1 && rest != Rest::Replies {
            return None;
        }
        // Only pipes have this, and not all are allowed so much.
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
        // They print from here on.
        lines.printer.shrink();
        let malformed = lines.malformed.take();
        // The other end is in hand.
        let _ = first.send(WriteToken { malformed });
        Some(workers)
    }

    /// Starts a thread; whether there is one more now.
    fn spawn_worker(&mut self, lines: &Lines) -> bool {
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

    /// Gives a copy of a message to the threads; prints along while too many wait.
    fn give(&mut self, message: &[u8]) -> Result<(), Failure> {
        // Room for the longest from the start: what grows doubles.
        let copy = self.empty.try_recv();
        let mut copy = copy.unwrap_or_else(|_| Vec::with_capacity(u16::MAX.into()));
        copy.clear();
        copy.extend_from_slice(message);
        let (next, token) = channel();
        let mut part = Part {
            message: copy,
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

    /// Prints the part that waits longest, unless somebody else is about to.
    fn print_along(&mut self) -> Result<(), Failure> {
        // Whoever waits for a part holds the lock, and waits for this thread.
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

    fn finish(self, lines: &mut Lines) -> Result<(), Failure> {
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
        // Where somebody failed, parts are left, and with them the turns that nobody will have.
        drop(self.parts);
        if let Ok(token) = self.token.recv() {
            lines.malformed = token.malformed;
        }
        outcome
    }
}

/// Prints parts until there are no more.
fn print_parts(
    lines: &mut Lines,
    parts: &Mutex<Receiver<Part>>,
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

/// Makes lines of a part, and writes them when the token arrives; `false` if it never does.
fn print_part(lines: &mut Lines, part: Part, used: &Sender<Vec<u8>>) -> Result<bool, Failure> {
    lines.make(&part.message);
    let Ok(mut token) = part.token.recv() else {
        return Ok(false);
    };
    lines.printer.flush()?;
    if let Some(error) = lines.malformed.take() {
        token.malformed.get_or_insert(error);
    }
    // The receivers may have ended by then.
    let _ = part.next.send(token);
    let _ = used.send(part.message);
    Ok(true)
}
