//! A command run, and what came of it against its row of the table.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use ::ovs::cli::manual::faults::{FAULTS, Fault, Outcome, STAND_INS};

use crate::common::clean;

/// How long a command may take that has a limit of a second or less: far more than it needs, also on a
/// machine that is busy, and far less than for ever.
const ENDS_WITHIN: Duration = Duration::from_secs(40);

/// `ovs LINE` with sockets in this directory.
pub(crate) fn ovs(run_dir: &Path, line: &str) -> Command {
    piped(ovs!("{line}").env("OVS_RUNDIR", run_dir).command())
}

/// A command whose output is read.
pub(crate) fn piped(mut command: Command) -> Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A program that runs the command which is the end of its own command line.
pub(crate) fn by_way_of(mut program: Command, command: &Command) -> Command {
    program.arg(command.get_program()).args(command.get_args());
    clean(&mut program);
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            program.env(name, value);
        }
    }
    piped(program)
}

/// The same command with no more than so much memory of its own (setrlimit(2), `RLIMIT_DATA`).
pub(crate) fn within(mebibytes: usize, command: &Command) -> Command {
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -d \"$0\" && exec \"$@\""])
        .arg((mebibytes * 1024).to_string());
    by_way_of(limited, command)
}

/// The same command with the signals' own effects: where the tests run in the background of a shell, they
/// ignore SIGINT, and what they run would do so too.
pub(crate) fn heeding_signals(command: &Command) -> Command {
    let mut heeding = Command::new("env");
    heeding.arg("--default-signal=INT,TERM");
    by_way_of(heeding, command)
}

/// Runs a command, which must end by itself.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Output {
    end_of(command.spawn().expect("it runs"))
}

/// Waits for the end of a command, which must come by itself.
#[track_caller]
pub(crate) fn end_of(child: Child) -> Output {
    let start = Instant::now();
    let pid = Pid::from_child(&child);
    let (ended, waits) = channel::<()>();
    thread::spawn(move || {
        if waits.recv_timeout(ENDS_WITHIN) == Err(RecvTimeoutError::Timeout) {
            let _ = kill_process(pid, Signal::KILL);
        }
    });
    let output = child.wait_with_output().expect("it is ours");
    drop(ended);
    assert!(
        start.elapsed() < ENDS_WITHIN,
        "it took too long: {}",
        told(&output)
    );
    output
}

/// A row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Row(&'static Fault);

impl Row {
    /// The row of this name.
    pub(crate) fn of(name: &str) -> Row {
        let faults = FAULTS.iter().flat_map(|kind| kind.faults);
        let fault = faults.into_iter().find(|fault| fault.name == name);
        Row(fault.unwrap_or_else(|| panic!("there is no row {name}")))
    }

    /// What came of it must be the outcome with this number, from 0.
    #[track_caller]
    pub(crate) fn is(self, number: usize, output: &Output) {
        assert_eq!(self.which(output), number, "{}", told(output));
    }

    /// Which outcome it is; it must be one of them.
    #[track_caller]
    pub(crate) fn which(self, output: &Output) -> usize {
        let found = self
            .0
            .outcomes
            .iter()
            .position(|outcome| fits(outcome, output));
        found.unwrap_or_else(|| panic!("{}: no outcome fits: {}", self.0.name, told(output)))
    }

    /// What is said in the outcome with this number must be this text, as the library has it.
    #[track_caller]
    pub(crate) fn says(self, number: usize, text: &str) {
        let outcome = &self.0.outcomes[number];
        assert!(stands_for(outcome.says, text), "{:?}: {text}", outcome.says);
    }
}

/// How many lines are on stdout.
pub(crate) fn lines(output: &Output) -> usize {
    String::from_utf8_lossy(&output.stdout).lines().count()
}

/// The exit code as a shell shows it.
pub(crate) fn code(output: &Output) -> i32 {
    let signal = output.status.signal().map(|signal| 128 + signal);
    signal.or(output.status.code()).expect("it has ended")
}

fn fits(outcome: &Outcome, output: &Output) -> bool {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let is_said = if outcome.says.is_empty() {
        stderr.is_empty()
    } else {
        stderr
            .lines()
            .any(|line| stands_for(outcome.says, line.strip_prefix("ovs: ").unwrap_or(line)))
    };
    code(output) == i32::from(outcome.exit.code()) && is_said
}

fn told(output: &Output) -> String {
    format!(
        "exit code {}, stderr {:?}",
        code(output),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Whether a line is what the row says, with other words in the place of those that stand for others.
fn stands_for(says: &str, line: &str) -> bool {
    let mut literals = vec![String::new()];
    let mut rest = says;
    while let Some(first) = rest.chars().next() {
        let begins_word = !literals
            .last()
            .is_some_and(|literal| literal.ends_with(|c: char| c.is_ascii_alphabetic()));
        let stand_in = STAND_INS.iter().find(|word| {
            rest.strip_prefix(**word).is_some_and(|after| {
                begins_word && !after.starts_with(|c: char| c.is_ascii_alphabetic())
            })
        });
        if let Some(word) = stand_in {
            literals.push(String::new());
            rest = &rest[word.len()..];
        } else {
            literals.last_mut().unwrap().push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    // From left to right, the first place of each will do: what is between them may be anything.
    let (Some(begin), Some(end)) = (literals.first(), literals.last()) else {
        return false;
    };
    if literals.len() == 1 {
        return line == begin;
    }
    let inner = line
        .strip_prefix(begin.as_str())
        .and_then(|line| line.strip_suffix(end.as_str()));
    let Some(mut inner) = inner else {
        return false;
    };
    literals[1..literals.len() - 1].iter().all(|literal| {
        inner
            .split_once(literal.as_str())
            .map(|(_, after)| inner = after)
            .is_some()
    })
}

#[test]
fn what_stands_for_what() {
    for (says, line, fits) in [
        ("", "", true),
        ("a b", "a b", true),
        ("a b", "a b c", false),
        ("within SECS s", "within 0.3 s", true),
        ("within SECS s", "within 0.3 s, or", false),
        ("SWITCH: after N flows", "unix:/x: after 12 flows", true),
        ("NONE", "NONE", true),
        ("NONE", "0ONE", false),
        ("refused: OFPHFC_WORDS", "refused: OFPHFC_X", true),
        ("\"HTTP WORDS", "\"HTTP 1.1", true),
    ] {
        assert_eq!(stands_for(says, line), fits, "{says:?} {line:?}");
    }
}
