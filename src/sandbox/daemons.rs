//! The daemons and the tools of Open vSwitch: found, run, waited for, stopped.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

use super::error::SandboxError;
use super::installation::Installation;

/// The name of the database's socket in the run directory.
pub(super) const DB_SOCKET: &str = "db.sock";

/// The name of the database's file in the run directory.
const DB_FILE: &str = "conf.db";

/// Time limit for a program of Open vSwitch; all of them take milliseconds.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Time that a daemon has to end after SIGTERM.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum time to wait for a daemon's end; only a process blocked in the kernel takes so long.
const GIVE_UP: Duration = Duration::from_secs(10);

/// One of the two daemons of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Daemon {
    /// The database.
    Ovsdb,
    /// The switch.
    Vswitchd,
}

impl Daemon {
    /// The program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ovsdb => "ovsdb-server",
            Self::Vswitchd => "ovs-vswitchd",
        }
    }

    /// The argument that names its pid file, by which the process is recognized. With this file name in the
    /// run directory, `ovs-appctl` finds the daemon without options.
    fn pidfile_argument(self, dir: &Path) -> OsString {
        path_option("--pidfile=", &dir.join(self.name()).with_extension("pid"))
    }
}

/// Which devices of the switch are dummies (ovs-vswitchd's `--enable-dummy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dummy {
    /// Bridges, system and internal ports; patch and tunnel ports stay real.
    #[default]
    System,
    /// Every port, tunnels too.
    Override,
    /// Only those whose type is `dummy`, and bridges whose `datapath_type` is.
    Typed,
}

impl Dummy {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Override => "override",
            Self::Typed => "typed",
        }
    }

    /// Every mode, in the order of the manual.
    pub const ALL: [Self; 3] = [Self::System, Self::Override, Self::Typed];

    fn argument(self) -> &'static str {
        match self {
            Self::System => "--enable-dummy=system",
            Self::Override => "--enable-dummy=override",
            Self::Typed => "--enable-dummy",
        }
    }
}

/// The programs and the schema file that a sandbox needs.
#[derive(Debug)]
pub(super) struct Programs {
    ovsdb_tool: PathBuf,
    ovsdb_server: PathBuf,
    vswitchd: PathBuf,
    pub(super) vsctl: PathBuf,
    pub(super) ofctl: PathBuf,
    /// The schema of the database.
    pub(super) schema: PathBuf,
}

impl Programs {
    pub(super) fn of(installation: &Installation) -> Result<Self, SandboxError> {
        let ovsdb_server = installation.find(Daemon::Ovsdb.name())?;
        Ok(Self {
            schema: installation.schema(&ovsdb_server)?,
            vswitchd: installation.find(Daemon::Vswitchd.name())?,
            ovsdb_tool: installation.find("ovsdb-tool")?,
            vsctl: installation.find("ovs-vsctl")?,
            ofctl: installation.find("ovs-ofctl")?,
            ovsdb_server,
        })
    }
}

/// Creates an empty database in `dir`. Returns the version of Open vSwitch, as `3.1.0`.
pub(super) fn create_database(programs: &Programs, dir: &Path) -> Result<String, SandboxError> {
    thread::scope(|scope| {
        let asked = scope.spawn(|| {
            let mut ask = command(&programs.vsctl, dir);
            ask.arg("--version");
            finish(ask, b"")
        });
        let mut create = command(&programs.ovsdb_tool, dir);
        create
            .arg("-vsyslog:off")
            .arg("create")
            .arg(dir.join(DB_FILE))
            .arg(&programs.schema);
        finish(create, b"")?;
        let said = asked.join().unwrap_or_else(|_| Ok(String::new()))?;
        // First line: `ovs-vsctl (Open vSwitch) 3.1.0`.
        let version = said
            .lines()
            .next()
            .and_then(|line| line.split(' ').next_back());
        Ok(version.unwrap_or_default().to_owned())
    })
}

/// Starts ovsdb-server; its socket accepts connections when this returns.
pub(super) fn start_ovsdb(programs: &Programs, dir: &Path) -> Result<(), SandboxError> {
    let mut server = daemon(&programs.ovsdb_server, Daemon::Ovsdb, dir);
    server
        .arg(path_option("--remote=punix:", &dir.join(DB_SOCKET)))
        .arg(dir.join(DB_FILE));
    finish(server, b"").map(drop)
}

/// Starts ovs-vswitchd; it has read the database when this returns.
pub(super) fn start_vswitchd(
    programs: &Programs,
    dir: &Path,
    dummy: Dummy,
) -> Result<(), SandboxError> {
    let mut switch = daemon(&programs.vswitchd, Daemon::Vswitchd, dir);
    // The order matters: once system datapaths are disabled, dummies cannot replace them.
    switch
        .arg(dummy.argument())
        .arg("--disable-system")
        .arg(path_option("unix:", &dir.join(DB_SOCKET)));
    finish(switch, b"").map(drop)
}

/// Runs one of the tools to its end, and returns what it printed.
pub(super) fn tool(
    program: &Path,
    dir: &Path,
    arguments: &[String],
    input: &[u8],
) -> Result<String, SandboxError> {
    let mut command = command(program, dir);
    command.arg("-vsyslog:off").args(arguments);
    finish(command, input)
}

/// A command of Open vSwitch that works on this sandbox.
pub(super) fn command(program: &Path, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.envs(environment(dir));
    command
}

/// The environment that makes the programs of Open vSwitch use `dir` only.
pub(super) fn environment(dir: &Path) -> [(&'static str, OsString); 4] {
    ["OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR", "OVS_SYSCONFDIR"]
        .map(|name| (name, dir.as_os_str().to_owned()))
}

/// The arguments common to both daemons. With `--detach`, the command ends when the daemon is
/// ready. `-v` comes before `--log-file`, whose opening would be reported to stderr.
fn daemon(program: &Path, which: Daemon, dir: &Path) -> Command {
    let log = dir.join(which.name()).with_extension("log");
    let mut command = command(program, dir);
    command
        .args(["-vconsole:err", "-vsyslog:off", "--detach"])
        .arg(path_option("--log-file=", &log))
        .arg(which.pidfile_argument(dir));
    command
}

fn path_option(option: &str, path: &Path) -> OsString {
    let mut argument = OsString::from(option);
    argument.push(path);
    argument
}

/// Runs a command to its end, and returns what it printed.
fn finish(mut command: Command, input: &[u8]) -> Result<String, SandboxError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(SandboxError::io(format!("cannot run {program}")))?;
    let pid = Pid::from_child(&child);
    if let Some(mut stdin) = child.stdin.take() {
        // A write error is ignored: a program that does not read its input reports the cause on stderr.
        let _ = stdin.write_all(input);
    }
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    let Ok(output) = receiver.recv_timeout(START_TIMEOUT) else {
        let _ = kill_process(pid, Signal::KILL);
        return Err(SandboxError::TimedOut {
            program,
            seconds: START_TIMEOUT.as_secs(),
        });
    };
    let output = output.map_err(SandboxError::io(format!("cannot wait for {program}")))?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    // ovs-vsctl exits with 0 even if ovs-vswitchd could not apply the configuration.
    if output.status.success() && !said.contains("Error detected while setting up") {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(SandboxError::Failed {
        program,
        said: match said.lines().next() {
            None => output.status.to_string(),
            // Only the first line: the rest repeats it and names the log file.
            Some(first) => first.to_owned(),
        },
    })
}

/// Stops both daemons of the sandbox in `dir`, and waits until they are gone.
pub(super) fn stop(dir: &Path) -> Result<(), SandboxError> {
    let begin = Instant::now();
    signal_until_gone(dir, &[Daemon::Vswitchd, Daemon::Ovsdb], || {
        if begin.elapsed() < STOP_TIMEOUT {
            Signal::TERM
        } else {
            Signal::KILL
        }
    })
}

/// Kills one daemon of the sandbox in `dir`, and waits until it is gone.
pub(super) fn kill(dir: &Path, daemon: Daemon) -> Result<(), SandboxError> {
    signal_until_gone(dir, &[daemon], || Signal::KILL)
}

/// Sends the daemons SIGTERM, later SIGKILL, until none is left. Lists the processes again each time: a
/// daemon that was starting may have forked since.
fn signal_until_gone(
    dir: &Path,
    daemons: &[Daemon],
    signal: impl Fn() -> Signal,
) -> Result<(), SandboxError> {
    let begin = Instant::now();
    let mut told: Vec<(Pid, Signal)> = Vec::new();
    loop {
        let found = processes(dir, daemons);
        if found.is_empty() && told.iter().all(|(pid, _)| is_gone(*pid)) {
            return Ok(());
        }
        let due = signal();
        for pid in found {
            if told.contains(&(pid, due)) {
                continue;
            }
            told.push((pid, due));
            match kill_process(pid, due) {
                // ESRCH: it ended after it was listed.
                Ok(()) | Err(Errno::SRCH) => {}
                Err(error) => {
                    return Err(SandboxError::io(format!("cannot stop process {pid}"))(
                        error.into(),
                    ));
                }
            }
            // A stopped process handles SIGTERM only after SIGCONT.
            let _ = kill_process(pid, Signal::CONT);
        }
        if begin.elapsed() > GIVE_UP {
            return Err(SandboxError::TimedOut {
                program: format!("stopping the daemons in {}", dir.display()),
                seconds: GIVE_UP.as_secs(),
            });
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Whether a process is gone or a zombie. Its command line disappears first, its sockets later.
fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The state follows the name in parentheses (proc(5)).
    stat.rsplit_once(") ")
        .is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

/// The processes of these daemons in the sandbox in `dir`, recognized by their command lines (proc(5)): a
/// pid file may not be written yet, or hold a reused process number.
fn processes(dir: &Path, daemons: &[Daemon]) -> Vec<Pid> {
    let marks: Vec<(&str, OsString)> = daemons
        .iter()
        .map(|daemon| (daemon.name(), daemon.pidfile_argument(dir)))
        .collect();
    let is_ours = |cmdline: &[u8]| {
        let mut arguments = cmdline.split(|byte| *byte == 0).map(OsStr::from_bytes);
        let program = arguments
            .next()
            .and_then(|path| Path::new(path).file_name());
        marks.iter().any(|(name, mark)| {
            program == Some(OsStr::new(name)) && arguments.clone().any(|argument| argument == mark)
        })
    };
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let cmdline = fs::read(entry.path().join("cmdline")).ok()?;
            if is_ours(&cmdline) {
                Pid::from_raw(pid)
            } else {
                None
            }
        })
        .collect()
}
