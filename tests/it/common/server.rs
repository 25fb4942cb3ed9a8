//! A real ovsdb-server with a command line of its own: TLS, clusters.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// An ovsdb-server; killed when the test ends.
pub struct Server {
    child: Child,
    log: PathBuf,
    socket: PathBuf,
    control: PathBuf,
}

impl Server {
    /// Starts it on the database file `DIR/NAME.db`, with these arguments besides.
    pub fn start(dir: &Path, name: &str, arguments: &[String]) -> Self {
        let file = |suffix: &str| dir.join(format!("{name}.{suffix}"));
        let option = |option: &str, path: &Path| format!("--{option}={}", path.display());
        let (log, socket, control) = (file("log"), file("sock"), file("ctl"));
        let _ = fs::remove_file(&log);
        let child = tool("ovsdb-server")
            .args(["-vconsole:off", "-vsyslog:off", "-vfile:info"])
            .arg(option("log-file", &log))
            .arg(option("unixctl", &control))
            .arg(format!("--remote=punix:{}", socket.display()))
            .args(arguments)
            .arg(file("db"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("ovsdb-server runs");
        let server = Self {
            child,
            log,
            socket,
            control,
        };
        until("ovsdb-server is up", || {
            server.log().contains("ovsdb-server (Open vSwitch)")
        });
        server
    }

    /// Starts it with an empty database.
    pub fn with_new_database(dir: &Path, name: &str, arguments: &[String]) -> Self {
        run(tool("ovsdb-tool")
            .arg("create")
            .arg(dir.join(format!("{name}.db")))
            .arg(schema()));
        Self::start(dir, name, arguments)
    }

    /// The port that it chose for a `pssl:0:127.0.0.1` or `ptcp:0:127.0.0.1`.
    pub fn port(&self) -> u16 {
        listening_port(&self.log)
    }

    /// Its own socket.
    pub fn unix(&self) -> String {
        format!("unix:{}", self.socket.display())
    }

    /// What it has written into its log.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// What `ovs-appctl ARGUMENTS` on it says; empty when it does not answer.
    pub fn appctl(&self, arguments: &[impl AsRef<std::ffi::OsStr>]) -> String {
        let output = tool("ovs-appctl")
            .arg("-t")
            .arg(&self.control)
            .args(arguments)
            .output()
            .expect("ovs-appctl runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The port that a daemon chose where it was told 0, from its log.
pub fn listening_port(log: &Path) -> u16 {
    let mut port = None;
    until("the daemon listens", || {
        let text = fs::read_to_string(log).unwrap_or_default();
        let after = text
            .rsplit_once("listening on port ")
            .map(|(_, after)| after);
        port = after.and_then(|after| after.lines().next()?.trim().parse().ok());
        port.is_some()
    });
    port.unwrap()
}

/// A port that nobody has, for what must be told one.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A program of Open vSwitch; Debian has the daemons where users' PATHs do not lead.
pub fn tool(program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("env");
    command
        .arg(format!("PATH={path}:/usr/sbin:/sbin:/usr/local/sbin"))
        .arg(program);
    command
}

/// Runs a command that must succeed; what it prints.
pub fn run(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The schema of the switch's database: that of the ovsdb-server that is run.
pub fn schema() -> PathBuf {
    ovs::sandbox::schema().expect("Open vSwitch is installed")
}

/// A manual page of the Open vSwitch that is run, as roff, font changes taken out: `man5/ovs-vswitchd.conf.db.5`.
pub fn manual(page: &str) -> String {
    let schema = schema();
    let share = schema.ancestors().nth(2).expect("it is in a prefix");
    let file = share.join("man").join(page);
    let page = fs::read(&file).unwrap_or_else(|_| {
        let packed = format!("{}.gz", file.display());
        let output = Command::new("gzip").args(["-dc", &packed]).output();
        let output = output.expect("gzip runs");
        assert!(output.status.success(), "{packed} is not installed");
        output.stdout
    });
    String::from_utf8(page)
        .expect("it is UTF-8")
        .replace("\\fB", "")
        .replace("\\fR", "")
        .replace("\\-", "-")
        .replace("\\[char46]", ".")
        .replace("\\[char59]", ";")
}

/// Waits until it holds, at most half a minute.
#[track_caller]
pub fn until(what: &str, holds: impl FnMut() -> bool) {
    assert!(within(Duration::from_secs(30), holds), "never: {what}");
}

/// Waits until it holds, at most so long; whether it does.
pub fn within(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    loop {
        if holds() {
            return true;
        }
        if start.elapsed() > limit {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
}
