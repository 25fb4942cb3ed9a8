//! Creates, marks, recognizes and removes the run directory.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::error::SandboxError;

/// The file that marks a directory as a sandbox. It contains [`MADE`] or [`GIVEN`].
const MARKER: &str = ".ovs-sandbox";

/// The sandbox created the directory, and removes it.
const MADE: &str = "made\n";

/// The directory existed before; only the files of the sandbox are removed.
const GIVEN: &str = "given\n";

/// Maximum length of a unix socket's path, in bytes: `sun_path` without the closing NUL (unix(7)).
const SOCKET_PATH_MAX: usize = 107;

/// The longest name of a socket in the directory. A process number has at most seven digits; a
/// bridge's sockets (`BRIDGE.mgmt`, `BRIDGE.snoop`) are shorter.
const LONGEST_SOCKET: &str = "/ovs-vswitchd.4194304.ctl";

/// Creates a fresh run directory under `$XDG_RUNTIME_DIR`, or else under `/tmp`.
pub(super) fn fresh() -> Result<PathBuf, SandboxError> {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR")
        .filter(|dir| !dir.is_empty())
        .and_then(|dir| fresh_in(Path::new(&dir)).ok());
    match runtime {
        Some(dir) => Ok(dir),
        None => fresh_in(Path::new("/tmp")),
    }
}

fn fresh_in(parent: &Path) -> Result<PathBuf, SandboxError> {
    let failed = |source| SandboxError::Io {
        what: format!("cannot make a directory in {}", parent.display()),
        source,
    };
    let parent = parent.canonicalize().map_err(failed)?;
    let made = tempfile::Builder::new()
        .prefix("ovs-sandbox-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(failed)?;
    checked_length(made.path())?;
    mark(made.path(), MADE)?;
    Ok(made.keep())
}

/// Makes `dir` a run directory: it must be new or empty. Returns its absolute path.
pub(super) fn prepare(dir: &Path) -> Result<PathBuf, SandboxError> {
    let cannot = || format!("cannot use {} as a run directory", dir.display());
    // The length is checked before anything is created.
    checked_length(&std::path::absolute(dir).map_err(SandboxError::io(cannot()))?)?;
    let owner = match fs::DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => MADE,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => GIVEN,
        Err(error) => return Err(SandboxError::io(cannot())(error)),
    };
    let absolute = dir.canonicalize().map_err(SandboxError::io(cannot()))?;
    checked_length(&absolute)?;
    if absolute.join(MARKER).exists() {
        return Err(SandboxError::InUse { dir: absolute });
    }
    let mut entries = fs::read_dir(&absolute).map_err(SandboxError::io(cannot()))?;
    if entries.next().is_some() {
        return Err(SandboxError::NotEmpty { dir: absolute });
    }
    mark(&absolute, owner)?;
    Ok(absolute)
}

/// The absolute path of `dir`, if it is a sandbox.
pub(super) fn existing(dir: &Path) -> Result<PathBuf, SandboxError> {
    match dir.canonicalize() {
        Ok(absolute) if absolute.join(MARKER).is_file() => Ok(absolute),
        _ => Err(SandboxError::NotASandbox {
            dir: dir.to_owned(),
        }),
    }
}

/// Removes the files of a stopped sandbox in `dir`, and `dir` itself if the sandbox created it.
pub(super) fn clear(dir: &Path) -> Result<(), SandboxError> {
    let result = match fs::read_to_string(dir.join(MARKER)) {
        Ok(owner) if owner == MADE => fs::remove_dir_all(dir),
        Ok(_) => remove_own_files(dir),
        Err(error) => Err(error),
    };
    match result {
        // Removed concurrently: by the guardian, or by a second `stop`.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(SandboxError::io(format!("cannot clear {}", dir.display()))),
    }
}

/// Removes the daemons' files, then the marker, so that an interrupted attempt can be repeated.
fn remove_own_files(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().as_bytes();
        let ours = name.starts_with(b"conf.db")
            || name.starts_with(b".conf.db")
            || [".pid", ".ctl", ".log", ".sock", ".mgmt", ".snoop"]
                .iter()
                .any(|end| name.ends_with(end.as_bytes()));
        if ours {
            fs::remove_file(&path)?;
        }
    }
    fs::remove_file(dir.join(MARKER))
}

fn mark(dir: &Path, owner: &str) -> Result<(), SandboxError> {
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(dir.join(MARKER))
        .and_then(|mut file| file.write_all(owner.as_bytes()))
        .map_err(SandboxError::io(format!(
            "cannot write to {}",
            dir.display()
        )))
}

fn checked_length(dir: &Path) -> Result<(), SandboxError> {
    let length = dir.as_os_str().len();
    let limit = SOCKET_PATH_MAX.saturating_sub(LONGEST_SOCKET.len());
    if length > limit {
        return Err(SandboxError::PathTooLong {
            dir: dir.to_owned(),
            length,
            limit,
        });
    }
    Ok(())
}
