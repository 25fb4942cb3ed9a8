//! Errors of sandboxes, with hints.

use std::io;
use std::path::PathBuf;

/// Why a sandbox operation failed.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A program of Open vSwitch is not on this machine.
    #[error("{program} is not installed (not in PATH, /usr/sbin, /sbin or /usr/local/sbin)")]
    MissingProgram {
        /// Its name.
        program: &'static str,
    },
    /// The directory of another installation is none.
    #[error("{} is not a directory", dir.display())]
    NoInstallation {
        /// The directory, as given.
        dir: PathBuf,
    },
    /// A program is not in the other installation.
    #[error("{program} is not in {} (nor in usr/sbin, usr/bin, sbin or bin in it)", dir.display())]
    NotInInstallation {
        /// Its name.
        program: &'static str,
        /// The directory, absolute.
        dir: PathBuf,
    },
    /// The database's schema is not in the installation of ovsdb-server.
    #[error("{} has no vswitch.ovsschema in ../share/openvswitch", ovsdb_server.display())]
    MissingSchema {
        /// The path of ovsdb-server.
        ovsdb_server: PathBuf,
    },
    /// The run directory's path leaves no room for the names of the sockets in it.
    #[error(
        "{} is too long for a run directory: {length} bytes, where unix sockets leave room for {limit}",
        dir.display()
    )]
    PathTooLong {
        /// The directory, absolute.
        dir: PathBuf,
        /// Its length in bytes.
        length: usize,
        /// The longest possible, in bytes.
        limit: usize,
    },
    /// The directory is not empty: a sandbox might overwrite its files.
    #[error("{} is not empty", dir.display())]
    NotEmpty {
        /// The directory.
        dir: PathBuf,
    },
    /// The directory holds a sandbox already.
    #[error("{} is a sandbox already", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
    },
    /// The directory is not a sandbox, so it is left alone.
    #[error("{} is not a sandbox", dir.display())]
    NotASandbox {
        /// The directory.
        dir: PathBuf,
    },
    /// No directory was named.
    #[error("which sandbox? Neither --dir nor OVS_RUNDIR names one")]
    Unnamed,
    /// A program of Open vSwitch failed.
    #[error("{program} failed: {said}")]
    Failed {
        /// Its path.
        program: String,
        /// What it wrote to stderr, or its exit status.
        said: String,
    },
    /// A program of Open vSwitch did not end.
    #[error("{program} did not finish within {seconds} s")]
    TimedOut {
        /// Its path.
        program: String,
        /// The time limit, in seconds.
        seconds: u64,
    },
    /// The command to run in the sandbox cannot be run.
    #[error("cannot run {command}: {source}")]
    Command {
        /// The command's name.
        command: String,
        /// The cause.
        source: io::Error,
    },
    /// The operating system refused something.
    #[error("{what}: {source}")]
    Io {
        /// The operation and its object.
        what: String,
        /// The cause.
        source: io::Error,
    },
}

impl SandboxError {
    /// An [`SandboxError::Io`] for the operation `what`.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// The next step for the user, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoInstallation { .. } | Self::NotInInstallation { .. } => Some(
                "--ovs names the root or the prefix of an installation: the directory that contains \
                 usr/sbin, sbin or bin"
                    .to_owned(),
            ),
            Self::MissingSchema { .. } => {
                Some("OVS_PKGDATADIR=DIR names the directory of the machine's own".to_owned())
            }
            Self::MissingProgram { .. } => Some(
                "install Open vSwitch: `apt-get install openvswitch-switch` (Debian, Ubuntu) or \
                 `dnf install openvswitch` (Fedora)"
                    .to_owned(),
            ),
            Self::PathTooLong { .. } => Some("choose a shorter one with --dir".to_owned()),
            Self::NotEmpty { .. } => {
                Some("a sandbox needs a new directory or an empty one".to_owned())
            }
            Self::InUse { dir } => Some(format!(
                "`ovs sandbox stop --dir {}` stops it and clears the directory",
                dir.display()
            )),
            Self::NotASandbox { .. } | Self::Unnamed => Some(
                "`ovs sandbox start` makes one and prints the directory as OVS_RUNDIR".to_owned(),
            ),
            Self::Failed { .. }
            | Self::TimedOut { .. }
            | Self::Command { .. }
            | Self::Io { .. } => None,
        }
    }
}
