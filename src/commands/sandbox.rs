//! `ovs sandbox`: a private Open vSwitch to try things on, without root.

mod from;

use std::env;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValue;

use crate::base::shell::word;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::commands::{Context, Exit, Failure};
use crate::sandbox::{self, Dummy, Neutron, Options, Sandbox, SandboxError};

const START: About = About::other()
    .remarks("\
With --from, the sandbox has the bridges and ports of a saved host, with their numbers and settings, names of flow tables, \
groups, meters, flows, maps of tunnel options, MAC addresses, and states of links, ports and bonds, so that `ovs trace` follows a packet through it. Devices are dummies; controllers are left out. Tunnels go \
over a bridge of the sandbox's own. What the report does not have is said.")
    .examples(
        "\
eval \"$(ovs sandbox start --neutron)\"
ovs sandbox start --dir /tmp/switch
eval \"$(ovs --from host.tar.zst sandbox start)\"",
    );

const STOP: About = About::other().examples(
    "\
ovs sandbox stop
ovs sandbox stop --dir /tmp/switch",
);

const RUN: About = About::other().examples(
    "\
ovs sandbox run --neutron -- sh -c 'ovs show; ovs dump-flows br-int'
ovs sandbox run --ovs /opt/openvswitch -- ovs-vswitchd --version
ovs sandbox run -- bash
ovs --from sosreport.tar.xz sandbox run -- ovs trace tap1 --to 10.0.0.5",
);

/// The commands on sandboxes.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// Start a private Open vSwitch that runs on until `ovs sandbox stop`
    ///
    /// Prints the line that makes it the default for the shell:
    /// eval "$(ovs sandbox start)"
    #[command(describe = START)]
    Start {
        /// The run directory: a new one, or an empty one [default: a fresh one under
        /// $XDG_RUNTIME_DIR or /tmp]
        #[arg(long, takes = Value::DIRECTORY)]
        dir: Option<PathBuf>,
        #[command(flatten)]
        content: Content,
    },
    /// Stop a sandbox and remove what it made
    #[command(describe = STOP)]
    Stop {
        /// Its run directory [default: $OVS_RUNDIR]
        #[arg(long, takes = Value::DIRECTORY)]
        dir: Option<PathBuf>,
    },
    /// Run a command inside a sandbox that lasts as long as the command
    ///
    /// The command finds the sandbox through OVS_RUNDIR and OVS_DB, and this `ovs` first in its
    /// PATH; with --ovs, that installation's programs before it. Its exit code is passed through; 128 and the signal's number if a signal ended it.
    #[command(describe = RUN)]
    Run {
        #[command(flatten)]
        content: Content,
        /// The command and its arguments
        #[arg(required = true, trailing_var_arg = true, takes = Value::new("CMD", Completer::Files))]
        command: Vec<OsString>,
    },
    /// Stop the sandbox in DIR when standard input ends
    #[command(hide = true)]
    Guard {
        /// The run directory
        dir: PathBuf,
    },
}

// What is in the sandbox.
#[derive(Debug, clap::Args)]
pub struct Content {
    /// Load the bridges, ports and flows of a Neutron host
    #[arg(
        long,
        value_name = "HOST",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "notes"
    )]
    neutron: Option<Neutron>,
    /// Which devices of the switch are dummies (ovs-vswitchd --enable-dummy)
    #[arg(long, takes = Value::free("MODE"), default_value = "system")]
    dummy: Dummy,
    /// The installation of Open vSwitch to run, by its root or prefix: its programs, its schema
    /// [default: the machine's own]
    #[arg(long, takes = Value::DIRECTORY)]
    ovs: Option<PathBuf>,
    // The saved host to replay: the arguments of `--from`.
    #[arg(skip)]
    from: Vec<String>,
}

impl Command {
    /// Takes the arguments of `--from`, which name the host to replay.
    ///
    /// # Errors
    ///
    /// The command makes no sandbox, another host is loaded into it, or a source can be read only once.
    pub fn replay(&mut self, from: &[String]) -> Result<(), Failure> {
        let refused = |message| Err(Failure::new(Exit::Usage, message));
        match self {
            _ if from.is_empty() => Ok(()),
            Command::Start { content, .. } | Command::Run { content, .. } => {
                if content.neutron.is_some() {
                    return refused("--from and --neutron contradict each other");
                }
                let is_read_once = |source: &String| {
                    let metadata = Path::new(source).metadata();
                    source == "-" || metadata.is_ok_and(|file| file.file_type().is_fifo())
                };
                if from.iter().any(is_read_once) {
                    return refused("a sandbox reads its sources several times: name files");
                }
                from.clone_into(&mut content.from);
                Ok(())
            }
            Command::Stop { .. } | Command::Guard { .. } => {
                refused("--from goes with sandbox start and sandbox run")
            }
        }
    }
}

impl clap::ValueEnum for Neutron {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()).help(match self {
            Neutron::Notes => "a host as an operator's notes have it, with what is wrong in them",
            Neutron::Node => "a whole host, with every type of network",
        }))
    }
}

impl clap::ValueEnum for Dummy {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.name()))
    }
}

/// Runs `ovs sandbox`, without remarks and hints if the context is quiet. Returns the exit code: that of the command
/// for `run`, else 0; 1 and another code if a saved host cannot be replayed, which is said.
///
/// # Errors
///
/// The sandbox cannot be started or stopped, or the command in it cannot be run.
pub async fn run(command: &Command, cx: &Context) -> Result<u8, SandboxError> {
    let (content, dir) = match command {
        Command::Start { dir, content } => (content, dir.as_deref()),
        Command::Run { content, .. } => (content, None),
        Command::Stop { dir } => return stop(dir.as_deref()),
        Command::Guard { dir } => return sandbox::guard_main(dir).map(|()| 0),
    };
    let binary = own_binary()?;
    content.remark(cx.quiet);
    let sandbox = match content.sandbox(cx, dir, &binary).await? {
        Ok(sandbox) => sandbox,
        Err(failure) => {
            failure.say(cx.quiet);
            return Ok(failure.exit.code());
        }
    };
    match command {
        Command::Run { command, .. } => sandbox.run(command, binary.parent()),
        _ => Ok(started(sandbox, cx.quiet)),
    }
}

/// The exit code for an error; if the command of `run` cannot be run, that of a shell.
pub fn exit_code(error: &SandboxError) -> u8 {
    match error {
        SandboxError::Unnamed => 2,
        SandboxError::Command { source, .. } => match source.kind() {
            std::io::ErrorKind::NotFound => 127,
            _ => 126,
        },
        _ => 1,
    }
}

impl Content {
    /// Reports what differs from the data that is loaded.
    fn remark(&self, quiet: bool) {
        if !quiet && self.neutron.is_some_and(Neutron::controller_is_taken) {
            eprintln!(
                "ovs: a program listens where the host's controller would be: the bridges are made \
                 without controller"
            );
        }
    }

    /// Starts the sandbox with its content; the inner error is that of a saved host that cannot be replayed.
    async fn sandbox(
        &self,
        cx: &Context,
        dir: Option<&Path>,
        binary: &Path,
    ) -> Result<Result<Sandbox, Failure>, SandboxError> {
        if self.from.is_empty() {
            return Sandbox::start(self.options(dir, binary)).map(Ok);
        }
        let saved = match from::SavedContent::read(cx, &self.from).await {
            Ok(saved) => saved,
            Err(failure) => return Ok(Err(failure)),
        };
        let sandbox = Sandbox::start(self.options(dir, binary))?;
        let replayed = saved.replay(&sandbox, binary).await;
        Ok(replayed.map(|()| sandbox))
    }

    fn options(&self, dir: Option<&Path>, guard: &Path) -> Options {
        Options {
            dir: dir.map(Path::to_owned),
            ovs: self.ovs.clone(),
            neutron: self.neutron,
            dummy: self.dummy,
            guard: Some(guard.to_owned()),
            ..Options::default()
        }
    }
}

/// Lets the sandbox run on, and prints how it is used.
fn started(sandbox: Sandbox, quiet: bool) -> u8 {
    let dir = sandbox.keep();
    let dir = dir.to_string_lossy();
    let quoted = word(&dir);
    println!("export OVS_RUNDIR={quoted}");
    if env::var_os("OVS_DB").is_some() {
        // It would lead out of the sandbox.
        println!("unset OVS_DB");
    }
    if quiet {
        return 0;
    }
    eprintln!("Open vSwitch runs in {quoted}");
    if std::io::stdout().is_terminal() {
        // No shell has evaluated the line.
        eprintln!("hint: `export OVS_RUNDIR={quoted}` makes it the default in this shell");
    }
    eprintln!("hint: `ovs sandbox stop --dir {quoted}` stops it");
    0
}

fn stop(dir: Option<&Path>) -> Result<u8, SandboxError> {
    let dir = match dir {
        Some(dir) => dir.to_owned(),
        None => env::var_os("OVS_RUNDIR")
            .filter(|dir| !dir.is_empty())
            .map(PathBuf::from)
            .ok_or(SandboxError::Unnamed)?,
    };
    Sandbox::stop(&dir).map(|()| 0)
}

fn own_binary() -> Result<PathBuf, SandboxError> {
    env::current_exe().map_err(|source| SandboxError::Io {
        what: "cannot find this program's own file".to_owned(),
        source,
    })
}
