//! Files under a temporary name: removed if a signal ends the process before they are complete.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use tempfile::NamedTempFile;

use crate::commands::signals::heeded;

/// The temporary files of this process: several, if several hosts are saved.
static UNFINISHED: Mutex<UnfinishedFiles> = Mutex::new(UnfinishedFiles {
    paths: BTreeSet::new(),
    is_guarded: false,
});

struct UnfinishedFiles {
    paths: BTreeSet<PathBuf>,
    /// Whether signals are received.
    is_guarded: bool,
}

/// A temporary file.
pub(super) struct UnfinishedFile {
    /// `None` once it has its name.
    file: Option<NamedTempFile>,
}

impl UnfinishedFile {
    /// Creates a file with a name of its own in a directory, readable by its owner only.
    pub(super) fn create(directory: &Path) -> io::Result<UnfinishedFile> {
        // A signal waits for the lock, so that it removes every file that exists.
        let mut files = files();
        if !files.is_guarded {
            guard()?;
            files.is_guarded = true;
        }
        let file = tempfile::Builder::new()
            .prefix(".ovs-save-")
            .tempfile_in(directory)?;
        files.paths.insert(file.path().to_owned());
        Ok(UnfinishedFile { file: Some(file) })
    }

    /// Gives the file its name, also in place of another file if `replaces`.
    pub(super) fn complete(mut self, path: &Path, replaces: bool) -> io::Result<()> {
        if let Some(file) = &self.file {
            file.as_file().sync_all()?;
        }
        let mut files = files();
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        files.paths.remove(file.path());
        let named = if replaces {
            file.persist(path)
        } else {
            file.persist_noclobber(path)
        };
        named.map(drop).map_err(|error| error.error)
    }
}

impl io::Write for UnfinishedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), NamedTempFile::flush)
    }
}

impl Drop for UnfinishedFile {
    fn drop(&mut self) {
        let mut files = files();
        if let Some(file) = self.file.take() {
            files.paths.remove(file.path());
            // It is removed.
            drop(file);
        }
    }
}

fn files() -> MutexGuard<'static, UnfinishedFiles> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Receives the signals that end the process: the files are removed, then the signal has its default effect. A thread
/// does this, because a write to a full pipe or a slow disk may block the others.
fn guard() -> io::Result<()> {
    let mut signals = Signals::new(heeded(&[SIGHUP, SIGINT, SIGTERM]))?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for signal in signals.forever() {
                let files = files();
                for path in &files.paths {
                    let _ = fs::remove_file(path);
                }
                // It does not return; until then no file is created.
                let _ = emulate_default_handler(signal);
                drop(files);
            }
        })
        .map(drop)
}
