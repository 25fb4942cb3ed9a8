//! What all integration tests share: a private Open vSwitch for each test, `ovs` and the real tools
//! on it, golden files.
//!
//! ```ignore
//! let sandbox = Sandbox::neutron(Neutron::Notes);
//! vsctl!(sandbox, "set port qvobeeb2c54-aa tag=7");
//! ovs!(sandbox, "tag show qvobeeb2c54-aa -g tag").prints("7\n");
//! ovs!(sandbox, "tag show nosuch").fails(3, "port \"nosuch\" not found");
//! ```
#![allow(clippy::format_collect, clippy::format_push_string)]
#![allow(dead_code, unreachable_pub, unused_macros)] // `tests/conformance`, which includes it, does not use all of it.

#[macro_use]
pub mod line;

pub mod chance;
pub mod checks;
pub mod hex;
pub mod host;
pub mod ofctl_peer;
pub mod openflow;
pub mod report;
pub mod run;
pub mod saved;
pub mod server;
pub mod sshd;
pub mod terminal;
pub mod wires;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex, PoisonError};

use ovs::sandbox::{Daemon, Neutron, Options};
use serde_json::Value;

pub use run::{Ovs, Ran};

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

    /// A switch after an `ovs-vsctl LINE`.
    pub fn with(line: &str) -> Self {
        let sandbox = Self::empty();
        vsctl!(sandbox, "{line}");
        sandbox.settle();
        sandbox
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
        let sandbox = match ovs::sandbox::Sandbox::start(options) {
            Ok(inner) => Self {
                inner,
                _place: place,
            },
            Err(error) => panic!("{error}; {}", error.hint().unwrap_or_default()),
        };
        sandbox.settle();
        sandbox
    }

    /// Waits until ovs-vswitchd has written the state of its interfaces. It does so after it has told ovs-vsctl
    /// that it is done, when 100 ms have passed since the last time.
    #[track_caller]
    pub fn settle(&self) {
        let without_state = "--no-wait --bare --columns=name find Interface ofport>0 mac_in_use=[]";
        server::until("every interface has its state", || {
            vsctl!(self, "{without_state}").is_empty()
        });
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
    pub fn ovs(&self, arguments: &[impl AsRef<OsStr>]) -> Ovs {
        let mut command = ovs(arguments);
        command.env("OVS_RUNDIR", self.run_dir());
        command
    }

    /// What the real `ovs-vsctl ARGUMENTS` prints. Waits for ovs-vswitchd. If that could not apply what was
    /// written, ovs-vsctl exits with 0 and since 3.6 with 65: neither is an error here.
    pub fn vsctl(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        const NOT_APPLIED: i32 = 65;
        let mut words = vec![OsStr::new("--timeout=20")];
        words.extend(arguments.iter().map(AsRef::as_ref));
        let mut ran = self.ran("ovs-vsctl", &words);
        if ran.code == NOT_APPLIED {
            ran.code = 0;
        }
        ran.exits(0).stdout
    }

    /// What the real `ovs-ofctl ARGUMENTS` prints.
    pub fn ofctl(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        self.tool("ovs-ofctl", arguments)
    }

    /// What the real `ovs-appctl ARGUMENTS` prints.
    pub fn appctl(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        self.tool("ovs-appctl", arguments)
    }

    /// What the real `ovsdb-client ARGUMENTS` prints; the server is named where it wants it.
    pub fn ovsdb_client(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let server = format!("unix:{}", self.db_socket().display());
        let mut words: Vec<&OsStr> = arguments.iter().map(AsRef::as_ref).collect();
        words.insert(1, OsStr::new(&server));
        self.tool("ovsdb-client", &words)
    }

    #[track_caller]
    /// What a command that changes nothing leaves as it was: the database, and the flows, groups and meters of
    /// every switch that answers.
    pub fn contents(&self) -> String {
        let mut contents = self.database();
        for bridge in vsctl!(self, "--no-wait list-br").lines() {
            for command in ["dump-flows --no-stats", "dump-groups", "dump-meters"] {
                let line = line::words(&format!("-O OpenFlow15 {command} {bridge}"));
                let mut ofctl = self
                    .inner
                    .tool("ovs-ofctl")
                    .expect("Open vSwitch is installed");
                let output = ofctl.args(&line).output().expect("the tool runs");
                contents += &format!("{line:?}: {}\n", String::from_utf8_lossy(&output.stdout));
            }
        }
        contents
    }

    /// All tables of the database, a row a line, without the state that the daemons alone write: it goes on by
    /// itself, at any time after a change.
    pub fn database(&self) -> String {
        self.tables(&[])
    }

    /// The same without the columns that say how often something was changed: what is the same once a change was
    /// taken back.
    pub fn configuration(&self) -> String {
        self.tables(&["next_cfg", "cur_cfg"])
    }

    /// What ovs-vswitchd has logged until now. It writes its log in a thread of its own: all of it is there once
    /// it has closed the file.
    pub fn log(&self) -> String {
        self.appctl(&["vlog/reopen"]);
        std::fs::read_to_string(self.run_dir().join("ovs-vswitchd.log")).expect("it has a log")
    }

    fn tables(&self, left_out: &[&str]) -> String {
        let schema: Value =
            serde_json::from_str(&self.ovsdb_client(&["get-schema", "Open_vSwitch"]))
                .expect("it is JSON");
        let dump = self.ovsdb_client(&["dump", "--format=json"]);
        let mut lines = String::new();
        for table in serde_json::Deserializer::from_str(&dump).into_iter::<Value>() {
            let table = table.expect("it is JSON");
            let array = |value: &Value| value.as_array().expect("it is an array").clone();
            let name = table["caption"]
                .as_str()
                .and_then(|caption| caption.split(' ').next());
            let columns = &schema["tables"][name.expect("a table has a name")]["columns"];
            for row in array(&table["data"]) {
                lines += &format!("{}:", table["caption"]);
                for (heading, cell) in array(&table["headings"]).iter().zip(array(&row)) {
                    let is_state = heading
                        .as_str()
                        .is_some_and(|name| columns[name]["ephemeral"] == true);
                    if !is_state && !left_out.iter().any(|name| heading == name) {
                        lines += &format!(" {heading}={cell}");
                    }
                }
                lines.push('\n');
            }
        }
        lines
    }

    /// `ovs LINE` must exit with the code, say the words on stderr and print nothing, and leave the database alone.
    #[track_caller]
    pub fn refuses(&self, line: &str, code: i32, words: &str) {
        self.refuses_each("", &[(line, code, words)]);
    }

    /// The same of lines that begin with the same command.
    #[track_caller]
    pub fn refuses_each(&self, command: &str, cases: &[(&str, i32, &str)]) {
        let before = self.database();
        for (line, code, words) in cases {
            ovs!(self, "{command} {line}").fails(*code, words);
        }
        assert_same!(before, self.database(), "{cases:?}");
    }

    #[track_caller]
    fn tool(&self, program: &'static str, arguments: &[impl AsRef<OsStr>]) -> String {
        self.ran(program, arguments).exits(0).stdout
    }

    #[track_caller]
    fn ran(&self, program: &'static str, arguments: &[impl AsRef<OsStr>]) -> Ran {
        let mut command = self.inner.tool(program).expect("Open vSwitch is installed");
        let output = command.args(arguments).output().expect("the tool runs");
        Ran::new(format!("{command:?}"), output)
    }

    /// SIGKILL for ovs-vswitchd, once what it was told is in the database; its sockets stay, and refuse.
    #[track_caller]
    pub fn kill_vswitchd(&self) {
        if UnixStream::connect(self.db_socket()).is_ok() {
            self.settle();
        }
        self.inner.kill(Daemon::Vswitchd).expect("it can be killed");
    }

    /// Starts ovs-vswitchd once more, as the sandbox does; it ends with the sandbox.
    pub fn start_vswitchd(&self) {
        self.start_vswitchd_with(&["--enable-dummy=system"]);
    }

    /// Starts an ovs-vswitchd that has the devices of the calling thread's network namespace.
    pub fn start_real_vswitchd(&self) {
        self.start_vswitchd_with(&[]);
    }

    fn start_vswitchd_with(&self, options: &[&str]) {
        let in_dir =
            |option: &str, file: &str| format!("{option}{}", self.run_dir().join(file).display());
        let (log, pid) = (
            in_dir("--log-file=", "ovs-vswitchd.log"),
            in_dir("--pidfile=", "ovs-vswitchd.pid"),
        );
        let server = in_dir("unix:", "db.sock");
        let mut words = vec!["-vconsole:err", "-vsyslog:off", "--detach"];
        words.extend(options);
        // After the dummies: what is disabled is not replaced by one.
        words.push("--disable-system");
        words.extend([log.as_str(), &pid, &server]);
        self.tool("ovs-vswitchd", &words);
    }

    /// SIGKILL for ovsdb-server; its socket stays, and refuses.
    pub fn kill_ovsdb(&self) {
        self.inner.kill(Daemon::Ovsdb).expect("it can be killed");
    }
}

/// Copies the binary under test by another process: a file that this one has open for writing while a thread
/// starts a process cannot be run ("text file busy").
pub fn copy_binary(to: &Path) {
    let status = Command::new("cp").arg(binary()).arg(to).status();
    assert!(status.expect("cp runs").success(), "cp to {}", to.display());
}

/// The binary under test.
pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_ovs"))
}

/// `ovs ARGUMENTS` in an environment in which nothing changes what it prints. Its JSON is held against its
/// schema.
pub fn ovs(arguments: &[impl AsRef<OsStr>]) -> Ovs {
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
            copy_binary(&copy);
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

/// Compares with `fixtures/golden/NAME`; see [`same_as_file`].
#[track_caller]
pub fn golden(name: &str, actual: &str) {
    same_as_file(&format!("fixtures/golden/{name}"), actual);
}

/// Whether the files that tests compare with are to be written instead: `UPDATE_GOLDEN=1` in the environment.
pub fn is_update() -> bool {
    env::var_os("UPDATE_GOLDEN").is_some_and(|value| !value.is_empty() && value != "0")
}

/// A file of the project.
pub fn of_project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares with a file of the project; `UPDATE_GOLDEN=1` in the environment writes it instead.
///
/// # Panics
/// When they differ, with both, line by line.
#[track_caller]
pub fn same_as_file(name: &str, actual: &str) {
    let file = of_project(name);
    if is_update() {
        fs::create_dir_all(file.parent().expect("it has a parent")).expect("it can be made");
        fs::write(&file, actual).expect("the file can be written");
        return;
    }
    let expected = fs::read_to_string(&file).unwrap_or_else(|error| {
        panic!("{name}: {error}; UPDATE_GOLDEN=1 writes it. Actual:\n{actual}")
    });
    assert!(
        expected == actual,
        "{name} differs (- file, + actual; UPDATE_GOLDEN=1 rewrites it):\n{}",
        diff(&expected, actual)
    );
}

/// Compares the files of a directory, by their names, which are all that are there; see [`same_as_file`].
#[track_caller]
pub fn same_as_directory(directory: &str, files: impl IntoIterator<Item = (String, String)>) {
    let mut names = BTreeSet::new();
    for (name, text) in files {
        same_as_file(&format!("{directory}/{name}"), &text);
        names.insert(name);
    }
    let entries = fs::read_dir(of_project(directory)).expect("it is there");
    let there = entries.map(|entry| entry.expect("it can be read").file_name());
    let left: Vec<_> = there
        .filter(|name| !names.contains(name.to_str().expect("it is UTF-8")))
        .collect();
    assert!(left.is_empty(), "nothing makes {left:?} in {directory}");
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

/// One of the [`AT_ONCE`] places.
struct Place;

static TAKEN: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

thread_local! {
    /// How many places this thread, and so this test, has.
    static OWN: Cell<usize> = const { Cell::new(0) };
}

impl Place {
    /// Waits for a place; for a second one of the same test not, or tests could wait for each other for ever.
    fn take() -> Self {
        let has_one = OWN.get() > 0;
        OWN.set(OWN.get() + 1);
        // A test that panicked poisons nothing: the count is right all the same.
        let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = FREED
            .wait_while(taken, |taken| *taken >= AT_ONCE && !has_one)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        OWN.set(OWN.get().saturating_sub(1));
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        FREED.notify_one();
    }
}
