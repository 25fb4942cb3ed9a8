//! What all integration tests share: a private Open vSwitch for each test, `ovs` and the real tools
//! on it, golden files.
//!
//! ```ignore
//! let sandbox = Sandbox::neutron(Neutron::Notes);
//! sandbox.ovs(&["port", "list"]).assert().success();
//! sandbox.vsctl(&["set", "port", "qvobeeb2c54-aa", "tag=7"]);
//! ```
#![allow(dead_code, unreachable_pub)] // `tests/conformance`, which includes it, does not use all of it.

pub mod chance;
pub mod checks;
pub mod host;
pub mod run;
pub mod saved;
pub mod server;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Condvar, Mutex, PoisonError};

use ovs::sandbox::{Daemon, Neutron, Options};

pub use run::Ovs;

/// How many sandboxes of one test binary run at a time. Each is three processes that are idle most
/// of the time, so this is more than there are processors.
const AT_ONCE: usize = 8;

/// A private Open vSwitch for one test; gone when the test ends, however it ends.
pub struct Sandbox {
    inner: ovs::sandbox::Sandbox,
    _place: Place,
}

impl Sandbox {
    /// A switch without bridges.
    pub fn empty() -> Self {
        Self::start(Options::default())
    }

    /// A Neutron host.
    pub fn neutron(host: Neutron) -> Self {
        Self::start(Options {
            neutron: Some(host),
            ..Options::default()
        })
    }

    /// A sandbox of any kind; the guardian is always there, for tests that are killed.
    pub fn start(options: Options) -> Self {
        let place = Place::take();
        let options = Options {
            guard: Some(binary()),
            ..options
        };
        match ovs::sandbox::Sandbox::start(options) {
            Ok(inner) => Self {
                inner,
                _place: place,
            },
            Err(error) => panic!("{error}; {}", error.hint().unwrap_or_default()),
        }
    }

    /// Where the sockets are.
    pub fn run_dir(&self) -> &Path {
        self.inner.run_dir()
    }

    /// The database's socket.
    pub fn db_socket(&self) -> PathBuf {
        self.inner.db_socket()
    }

    /// `ovs ARGUMENTS` on this sandbox.
    pub fn ovs(&self, arguments: &[&str]) -> Ovs {
        let mut command = ovs(arguments);
        command.env("OVS_RUNDIR", self.run_dir());
        command
    }

    /// What `ovs ARGUMENTS` prints; the test fails unless it exits with 0.
    pub fn ovs_stdout(&self, arguments: &[&str]) -> String {
        let output = self.ovs(arguments).output().expect("ovs runs");
        stdout(&format!("ovs {}", arguments.join(" ")), output)
    }

    /// What the real `ovs-vsctl ARGUMENTS` prints. Waits for ovs-vswitchd.
    pub fn vsctl(&self, arguments: &[&str]) -> String {
        self.tool("ovs-vsctl", &[&["--timeout=20"], arguments].concat())
    }

    /// What the real `ovs-ofctl ARGUMENTS` prints.
    pub fn ofctl(&self, arguments: &[&str]) -> String {
        self.tool("ovs-ofctl", arguments)
    }

    /// What the real `ovs-appctl ARGUMENTS` prints.
    pub fn appctl(&self, arguments: &[&str]) -> String {
        self.tool("ovs-appctl", arguments)
    }

    /// What the real `ovsdb-client ARGUMENTS` prints; the server is named where it wants it.
    pub fn ovsdb_client(&self, arguments: &[&str]) -> String {
        let server = format!("unix:{}", self.db_socket().display());
        let (command, rest) = arguments.split_first().expect("a command is given");
        self.tool("ovsdb-client", &[&[*command, &server], rest].concat())
    }

    fn tool(&self, program: &'static str, arguments: &[&str]) -> String {
        let mut command = self.inner.tool(program).expect("Open vSwitch is installed");
        let output = command.args(arguments).output().expect("the tool runs");
        stdout(&format!("{program} {}", arguments.join(" ")), output)
    }

    /// SIGKILL for ovs-vswitchd; its sockets stay, and refuse.
    pub fn kill_vswitchd(&self) {
        self.inner.kill(Daemon::Vswitchd).expect("it can be killed");
    }

    /// Starts ovs-vswitchd once more, as the sandbox does; it ends with the sandbox.
    pub fn start_vswitchd(&self) {
        let in_dir =
            |option: &str, file: &str| format!("{option}{}", self.run_dir().join(file).display());
        self.tool(
            "ovs-vswitchd",
            &[
                "-vconsole:err",
                "-vsyslog:off",
                "--detach",
                "--enable-dummy=system",
                "--disable-system",
                &in_dir("--log-file=", "ovs-vswitchd.log"),
                &in_dir("--pidfile=", "ovs-vswitchd.pid"),
                &in_dir("unix:", "db.sock"),
            ],
        );
    }

    /// SIGKILL for ovsdb-server; its socket stays, and refuses.
    pub fn kill_ovsdb(&self) {
        self.inner.kill(Daemon::Ovsdb).expect("it can be killed");
    }
}

/// The binary under test.
pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_ovs"))
}

/// `ovs ARGUMENTS` in an environment in which nothing changes what it prints. Its JSON is held against its
/// schema.
pub fn ovs(arguments: &[&str]) -> Ovs {
    Ovs::new(arguments)
}

/// Takes out of a command's environment what our tool, or Open vSwitch's, would act on.
pub fn clean(command: &mut Command) {
    const ACTED_ON: [&str; 8] = [
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "COLUMNS",
        "TERM",
        "COLORTERM",
        "PAGER",
        "XDG_RUNTIME_DIR",
    ];
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("OVS_")) {
            command.env_remove(name);
        }
    }
    for name in ACTED_ON {
        command.env_remove(name);
    }
}

/// The same command, run by a user without rights (`nobody`) where the tests run as root; the
/// command itself where they do not. The unprivileged user must be able to reach the binary, so
/// `ovs` runs from a copy in `dir`, which this makes readable for all.
///
/// A socket's permissions are tested so: the run directory is made passable (`chmod 755`) for the
/// socket's own mode (0750) to be what refuses; `None` says that the test has no other user to be.
pub fn as_nobody(command: &Command, dir: &Path) -> Option<Command> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).ok()?;
    let program = if Path::new(command.get_program()) == binary() {
        let copy = dir.join("ovs-for-nobody");
        if !copy.exists() {
            fs::copy(binary(), &copy).expect("the binary can be copied");
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).ok()?;
        }
        copy.into_os_string()
    } else {
        command.get_program().to_owned()
    };
    let mut other = Command::new("setpriv");
    other
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(program)
        .args(command.get_args())
        .current_dir("/");
    clean(&mut other);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    Some(other)
}

/// Compares with `fixtures/golden/NAME`; `UPDATE_GOLDEN=1` in the environment writes it instead.
///
/// # Panics
/// When they differ, with both, line by line.
pub fn golden(name: &str, actual: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/golden")
        .join(name);
    if env::var_os("UPDATE_GOLDEN").is_some_and(|value| !value.is_empty() && value != "0") {
        fs::create_dir_all(file.parent().expect("it has a parent")).expect("it can be made");
        fs::write(&file, actual).expect("the golden file can be written");
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("fixtures/golden/{name}: {error}; UPDATE_GOLDEN=1 writes it. Actual:\n{actual}")
    });
    assert!(
        expected == actual,
        "fixtures/golden/{name} differs (- golden, + actual; UPDATE_GOLDEN=1 rewrites it):\n{}",
        diff(&expected, actual)
    );
}

/// The lines of both texts, those in one alone marked with `-` or `+`: the longest common
/// subsequence, as diff(1) has it.
pub fn diff(old: &str, new: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    // common[i][j]: how many lines old[i..] and new[j..] can have in common.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let mut text = String::new();
    let mut line = |mark: char, line: &str| {
        text.push(mark);
        text.push_str(line.strip_suffix('\n').unwrap_or(line));
        text.push_str(if line.ends_with('\n') {
            "\n"
        } else {
            "(no newline)\n"
        });
    };
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            line(' ', old[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            line('-', old[i]);
            i += 1;
        } else {
            line('+', new[j]);
            j += 1;
        }
    }
    text
}

fn stdout(what: &str, output: Output) -> String {
    assert!(
        output.status.success(),
        "{what}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("it prints UTF-8")
}

/// One of the [`AT_ONCE`] places.
struct Place;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

impl Place {
    fn take() -> Self {
        // A test that panicked poisons nothing: the count is right all the same.
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = FREED
            .wait_while(taken, |taken| *taken >= AT_ONCE)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREED.notify_one();
    }
}
