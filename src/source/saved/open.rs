//! Opens what `--from` names.

use std::fmt;
use std::io;
use std::path::Path;

use super::archive::{Archive, ArchiveError, ArchiveErrorKind, Form};
use super::{Report, snapshot};
use crate::base::terminal::quoted;
use crate::ovsdb::file;

/// Why something cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenError {
    /// What it is, and the reason.
    pub message: String,
    /// What can be done about it.
    pub hint: Option<String>,
    /// What is wrong with it.
    pub kind: OpenErrorKind,
}

/// The kinds of [`OpenError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenErrorKind {
    /// There is no such file.
    NotFound,
    /// It cannot be read, is damaged, or is of no known kind.
    Unreadable,
    /// What is asked for is not clear.
    Usage,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OpenError {}

impl OpenError {
    fn new(kind: OpenErrorKind, message: String, hint: Option<&str>) -> OpenError {
        OpenError {
            message,
            hint: hint.map(str::to_owned),
            kind,
        }
    }
}

impl From<ArchiveError> for OpenError {
    fn from(error: ArchiveError) -> OpenError {
        let kind = match &error.kind {
            ArchiveErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound => {
                OpenErrorKind::NotFound
            }
            _ => OpenErrorKind::Unreadable,
        };
        OpenError::new(kind, error.to_string(), error.hint())
    }
}

impl Report {
    /// Opens what was saved of one host: the parts in several files are put together.
    ///
    /// # Errors
    ///
    /// One of them does not exist, cannot be read, or is of no known kind; two of them have a database.
    pub fn open(sources: &[String]) -> Result<Report, OpenError> {
        let mut report = Report {
            name: sources.join(", "),
            ..Report::default()
        };
        for source in sources {
            report.add(source)?;
        }
        Ok(report)
    }

    fn add(&mut self, source: &str) -> Result<(), OpenError> {
        let mut archive = Archive::open(Path::new(source))?;
        if let Some(report) = snapshot::read(&mut archive)? {
            if self.database.is_some() || !self.switches.is_empty() {
                let message = format!("{}: a second host", quoted(source));
                let hint = "a file of `ovs save` is given alone";
                return Err(OpenError::new(OpenErrorKind::Usage, message, Some(hint)));
            }
            *self = report;
            return Ok(());
        }
        if archive.form() != Form::File {
            let message = format!("{}: of no known kind", quoted(source));
            return Err(OpenError::new(OpenErrorKind::Unreadable, message, None));
        }
        let mut bytes = Vec::new();
        archive.entries(|_, contents| {
            bytes = contents.keep()?;
            Ok(())
        })?;
        let database = file::read(&bytes, source).map_err(|error| {
            let hint = "known are files of `ovs save`, conf.db and the output of ovsdb-client";
            OpenError::new(OpenErrorKind::Unreadable, error.to_string(), Some(hint))
        })?;
        if self.database.is_some() {
            let message = format!("{}: a second database", quoted(source));
            return Err(OpenError::new(
                OpenErrorKind::Usage,
                message,
                Some("give one database"),
            ));
        }
        self.remarks.extend(database.remarks.iter().cloned());
        self.database = Some(database);
        Ok(())
    }
}
