//! Why a host cannot be reached.

use std::io;

use rustix::io::Errno;

use crate::transport::{ConnectErrorKind, HostError};

/// Why a host cannot be reached.
#[derive(Debug, Clone)]
pub(super) struct RemoteError {
    reason: String,
    hint: Option<String>,
    pub(super) is_timeout: bool,
    /// Whether sshd closed the connection before the login: another attempt may succeed.
    pub(super) is_dropped: bool,
}

impl RemoteError {
    pub(super) fn new(reason: String) -> RemoteError {
        RemoteError {
            reason,
            hint: None,
            is_timeout: false,
            is_dropped: false,
        }
    }

    /// The same: sshd closed the connection before the login.
    pub(super) fn dropped(self) -> RemoteError {
        let error = RemoteError {
            is_dropped: true,
            ..self
        };
        error.hint("sshd drops logins when too many begin at once (MaxStartups in sshd_config)")
    }

    pub(super) fn timed_out() -> RemoteError {
        RemoteError {
            is_timeout: true,
            ..RemoteError::new(String::new())
        }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> RemoteError {
        RemoteError {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl From<RemoteError> for ConnectErrorKind {
    fn from(error: RemoteError) -> ConnectErrorKind {
        ConnectErrorKind::Host(HostError {
            reason: error.reason,
            hint: error.hint,
        })
    }
}

/// The hint for an error of this process, or of the system, that has as many files open as it may have; `None` for others.
pub(super) fn hint_on_files(error: &io::Error) -> Option<&'static str> {
    let number = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(number, Some(Errno::MFILE | Errno::NFILE)).then_some(
        "--parallel N takes fewer hosts at once; `ulimit -n` is how many files there may be",
    )
}

/// An error of this host.
pub(super) fn local(error: io::Error) -> ConnectErrorKind {
    match hint_on_files(&error) {
        Some(hint) => RemoteError::new(words_of(&error)).hint(hint).into(),
        None => ConnectErrorKind::Other(error),
    }
}

/// The words of an error, without the number that the system has for it.
pub(super) fn words_of(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}
