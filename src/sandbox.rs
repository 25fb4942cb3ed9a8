//! A private Open vSwitch, for trying things and for the tests.
//!
//! [`Sandbox::start`] runs the real ovsdb-server and ovs-vswitchd of the machine, or of another
//! installation, in a directory of their own: sockets, pid files, logs and the database are there and nowhere else. It needs no
//! root, no kernel module and no port, and touches nothing of the host: the switch forwards between
//! dummy devices (`--enable-dummy`, `--disable-system`), nothing goes to the system's log.
//!
//! Nothing is left behind: dropping a [`Sandbox`] stops the daemons and removes the directory. If the
//! process is killed first, a guardian process ([`Options::guard`]) does it.

mod daemons;
mod dir;
mod error;
mod guard;
mod installation;
mod neutron;
mod run;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use installation::Installation;

pub use daemons::{Daemon, Dummy};
pub use error::SandboxError;
pub use guard::main as guard_main;
pub use neutron::Neutron;

/// The schema of the switch's database that belongs to the ovsdb-server of this machine.
///
/// # Errors
///
/// ovsdb-server or its schema is not installed.
pub fn schema() -> Result<PathBuf, SandboxError> {
    let own = Installation::new(None)?;
    own.schema(&own.find(Daemon::Ovsdb.name())?)
}

/// What kind of sandbox to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The run directory: a new one, or one that is empty. `None`: a fresh one under
    /// `$XDG_RUNTIME_DIR` or `/tmp`.
    pub dir: Option<PathBuf>,
    /// The installation of Open vSwitch to run: its root or its prefix. `None`: the machine's own.
    pub ovs: Option<PathBuf>,
    /// The Neutron host to load: bridges, ports and flows.
    pub neutron: Option<Neutron>,
    /// Which devices of the switch are dummies.
    pub dummy: Dummy,
    /// Whether ovs-vswitchd runs, or ovsdb-server alone.
    pub vswitchd: bool,
    /// The `ovs` binary to run as guardian (`ovs sandbox guard DIR`), which cleans up if this
    /// process is killed. `None`: only [`Drop`] cleans up.
    pub guard: Option<PathBuf>,
}

impl Default for Options {
    /// An empty switch in a fresh directory, without guardian.
    fn default() -> Self {
        Self {
            dir: None,
            ovs: None,
            neutron: None,
            dummy: Dummy::default(),
            vswitchd: true,
            guard: None,
        }
    }
}

/// A running private Open vSwitch. Stopped when dropped, unless [kept](Sandbox::keep).
#[derive(Debug)]
pub struct Sandbox {
    dir: PathBuf,
    installation: Installation,
    schema: PathBuf,
    guard: Option<guard::Guard>,
    kept: bool,
}

impl Sandbox {
    /// Starts the daemons and loads what `options` ask for. When it returns, ovs-vswitchd has
    /// applied all of it (`cur_cfg` has reached `next_cfg`, ovs-vswitchd.conf.db(5)).
    ///
    /// # Errors
    ///
    /// A program or the directory is not usable, or a program failed: see [`SandboxError`].
    pub fn start(options: Options) -> Result<Self, SandboxError> {
        let installation = Installation::new(options.ovs.as_deref())?;
        let programs = daemons::Programs::of(&installation)?;
        let dir = match options.dir {
            Some(dir) => dir::prepare(&dir)?,
            None => dir::fresh()?,
        };
        // If a later step fails, dropping `sandbox` cleans up.
        let mut sandbox = Self {
            dir,
            installation,
            schema: programs.schema.clone(),
            guard: None,
            kept: false,
        };
        if let Some(binary) = &options.guard {
            sandbox.guard = Some(guard::Guard::spawn(binary, &sandbox.dir)?);
        }
        let version = daemons::create_database(&programs, &sandbox.dir)?;
        daemons::start_ovsdb(&programs, &sandbox.dir)?;
        if options.vswitchd {
            daemons::start_vswitchd(&programs, &sandbox.dir, options.dummy)?;
        }
        let mut setup = vec!["--timeout=30".to_owned()];
        if !options.vswitchd {
            setup.push("--no-wait".to_owned());
        }
        setup.extend(["--", "init", "--", "set", "Open_vSwitch", "."].map(String::from));
        setup.push(format!("ovs_version=\"{version}\""));
        setup.push("external_ids:system-id=sandbox".to_owned());
        if let Some(host) = options.neutron {
            setup.extend(host.vsctl_arguments());
        }
        daemons::tool(&programs.vsctl, &sandbox.dir, &setup, b"")?;
        if let Some(host) = options.neutron.filter(|_| options.vswitchd) {
            host.add_flows(&programs.ofctl, &sandbox.dir)?;
        }
        Ok(sandbox)
    }

    /// Stops the sandbox in `dir`, whoever started it, and removes what it made there. A directory
    /// that is not a sandbox is left alone: [`SandboxError::NotASandbox`].
    ///
    /// # Errors
    ///
    /// There is no sandbox, a daemon cannot be stopped, or a file not removed: see [`SandboxError`].
    pub fn stop(dir: &Path) -> Result<(), SandboxError> {
        let dir = dir::existing(dir)?;
        daemons::stop(&dir)?;
        dir::clear(&dir)
    }

    /// The run directory, absolute: the value of `OVS_RUNDIR`.
    pub fn run_dir(&self) -> &Path {
        &self.dir
    }

    /// The path of the database's socket.
    pub fn db_socket(&self) -> PathBuf {
        self.dir.join(daemons::DB_SOCKET)
    }

    /// The environment in which `ovs`, and the tools of Open vSwitch, find this sandbox.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut endpoint = OsString::from("unix:");
        endpoint.push(self.db_socket());
        let mut variables = daemons::environment(&self.dir).to_vec();
        variables.push(("OVS_DB", endpoint));
        if let Some(data) = self.schema.parent() {
            variables.push((installation::DATA, data.as_os_str().to_owned()));
        }
        variables
    }

    /// The schema of its database.
    pub fn schema(&self) -> &Path {
        &self.schema
    }

    /// The command that runs one of Open vSwitch's own programs (ovs-vsctl, ovs-ofctl, …) on this
    /// sandbox.
    ///
    /// # Errors
    ///
    /// The program is not installed.
    pub fn tool(&self, program: &'static str) -> Result<Command, SandboxError> {
        let program = self.installation.find(program)?;
        Ok(daemons::command(&program, &self.dir))
    }

    /// Kills one of the daemons (SIGKILL) and waits until it is gone. Its sockets stay behind.
    ///
    /// # Errors
    ///
    /// The process cannot be killed, or does not end.
    pub fn kill(&self, daemon: Daemon) -> Result<(), SandboxError> {
        daemons::kill(&self.dir, daemon)
    }

    /// Runs `command` with its arguments in this sandbox, with the directory `bin` in front of its
    /// `PATH` (before it those of another installation's programs), and returns its exit code; 128 and the signal's number if a signal ended it. SIGINT,
    /// SIGTERM, SIGHUP and SIGQUIT are passed on to it.
    ///
    /// # Errors
    ///
    /// The command cannot be run.
    pub fn run(&self, command: &[OsString], bin: Option<&Path>) -> Result<u8, SandboxError> {
        run::run(self, command, bin)
    }

    /// Lets the daemons run on, and returns the run directory.
    pub fn keep(mut self) -> PathBuf {
        self.kept = true;
        if let Some(guard) = self.guard.take() {
            guard.keep();
        }
        self.dir.clone()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if !self.kept {
            // The error cannot be returned; the guardian tries again.
            let _ = Self::stop(&self.dir);
        }
    }
}
