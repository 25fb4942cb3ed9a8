//! OpenSSH's sshd on a port of the loopback, with keys and configurations of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::server::{free_port, until};
use super::{Ovs, Sandbox};

/// An sshd, and the configuration with which ssh reaches it as `web`; killed when the test ends.
pub struct Sshd {
    child: Child,
    dir: tempfile::TempDir,
    port: u16,
}

impl Sshd {
    /// Starts it with these lines of `sshd_config(5)` besides; ssh logs in as the user of the test.
    pub fn start(lines: &str) -> Sshd {
        Sshd::run_by(Command::new("setsid"), lines)
    }

    /// The same, by a program that runs the command which is the end of its command line.
    pub fn run_by(mut program: Command, lines: &str) -> Sshd {
        let dir = tempfile::Builder::new().prefix("ssh-").tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for key in ["host", "id", "other"] {
            super::server::run(
                Command::new("ssh-keygen")
                    .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                    .arg(dir.path().join(key)),
            );
        }
        // Where it can, it leaves its privileges in this directory.
        let _ = fs::create_dir_all("/run/sshd");
        let port = free_port();
        let file = |name: &str| dir.path().join(name);
        let place = dir.path().display();
        fs::copy(file("id.pub"), file("authorized")).unwrap();
        fs::write(
            file("sshd_config"),
            format!(
                "{lines}\nPort {port}\nListenAddress 127.0.0.1\nHostKey {place}/host\nAuthorizedKeysFile {place}/authorized\n\
                 PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n\
                 MaxStartups 100\nLogLevel VERBOSE\n"
            ),
        )
        .unwrap();
        let host_key = fs::read_to_string(file("host.pub")).unwrap();
        fs::write(
            file("known_hosts"),
            format!("[127.0.0.1]:{port} {host_key}"),
        )
        .unwrap();
        let child = program
            .args(["/usr/sbin/sshd", "-D", "-e", "-f"])
            .arg(file("sshd_config"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(file("log")).unwrap())
            .spawn()
            .expect("openssh-server is installed: scripts/install-deps tests");
        let sshd = Sshd { child, dir, port };
        sshd.configure("");
        until("sshd listens", || sshd.log().contains("Server listening"));
        sshd
    }

    /// Writes the client's configuration, with these lines before the others: the first value of each counts.
    pub fn configure(&self, lines: &str) {
        let place = self.dir.path().display();
        let text = format!(
            "Host web\n{lines}\n HostName 127.0.0.1\n Port {}\n IdentityFile {place}/id\n IdentitiesOnly yes\n\
             UserKnownHostsFile {place}/known_hosts\n GlobalKnownHostsFile none\n",
            self.port
        );
        fs::write(self.path("config"), text).unwrap();
    }

    /// A file beside its keys.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The ssh with this configuration, as a command line.
    pub fn client(&self) -> String {
        format!("ssh -F {}", self.path("config").display())
    }

    /// `ssh ARGUMENTS`
    pub fn ssh(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.arg("-F").arg(self.path("config")).args(arguments);
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// What it wrote.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// The processes of its sessions.
    pub fn sessions(&self) -> Vec<u32> {
        children_of(self.child.id())
    }

    /// `ovs --host web LINE` with the database of the sandbox; what ovs makes in the directory of temporary files, it
    /// makes in `TMP`.
    pub fn ovs(&self, sandbox: &Sandbox, line: &str) -> Ovs {
        let database = sandbox.db_socket();
        self.ovs_without_database(&format!("--db unix:{} {line}", database.display()))
    }

    /// The same with the database in its usual place.
    pub fn ovs_without_database(&self, line: &str) -> Ovs {
        self.ovs_here(&format!("--host web {line}"))
    }

    /// `ovs LINE`, which can reach the host as `web`.
    pub fn ovs_here(&self, line: &str) -> Ovs {
        let temporary = self.path("tmp");
        let _ = fs::create_dir(&temporary);
        let mut ovs = super::ovs(&super::line::words(line));
        ovs.env("OVS_SSH", self.client())
            .env("OVS_RUNDIR", "/nonexistent")
            .env("TMPDIR", &temporary)
            .timeout(Duration::from_secs(60));
        ovs
    }

    /// What ovs left: files in the directory of temporary files, and sessions of sshd.
    pub fn is_clean(&self) -> bool {
        let left = fs::read_dir(self.path("tmp")).map(Iterator::count);
        left.unwrap_or_default() == 0 && self.sessions().is_empty()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        for process in descendants_of(self.child.id()) {
            if let Some(pid) = rustix::process::Pid::from_raw(process.cast_signed()) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The children of a process (proc(5)).
pub fn children_of(process: u32) -> Vec<u32> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let fields = stat.rsplit_once(") ").map(|(_, fields)| fields);
        let parent = fields.and_then(|fields| fields.split(' ').nth(1)?.parse().ok());
        if parent == Some(process) {
            children.push(pid);
        }
    }
    children
}

fn descendants_of(process: u32) -> Vec<u32> {
    let children = children_of(process);
    let further: Vec<u32> = children.iter().copied().flat_map(descendants_of).collect();
    children.into_iter().chain(further).collect()
}

/// The process is killed.
pub fn kill(process: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(process.cast_signed()).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}
