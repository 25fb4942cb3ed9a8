//! What takes the files and links that a pass over an archive finds.

use std::io;

use super::budget::{Contents, Limits};
use super::index::{Index, LinkTarget};
use crate::base::terminal::quoted;

/// Maximum number of remarks.
const MAX_REMARKS: usize = 50;

/// What a file is passed to, with its path.
pub(super) type Take<'a> = dyn FnMut(&str, &mut Contents<'_>) -> io::Result<()> + 'a;

/// Takes what a pass over an archive finds.
pub(super) struct Visitor<'a> {
    index: &'a mut Index,
    limits: Limits,
    remarks: &'a mut Vec<String>,
    take: &'a mut Take<'a>,
    /// The member that is read, for errors.
    current: Option<String>,
    /// The number of files that were read without an error.
    files: usize,
}

impl<'a> Visitor<'a> {
    pub(super) fn new(
        index: &'a mut Index,
        limits: Limits,
        remarks: &'a mut Vec<String>,
        take: &'a mut Take<'a>,
    ) -> Visitor<'a> {
        Visitor {
            index,
            limits,
            remarks,
            take,
            current: None,
            files: 0,
        }
    }

    /// The member that was read last, if it was not read whole, and the number of files.
    pub(super) fn finish(self) -> (Option<String>, usize) {
        (self.current, self.files)
    }

    /// Ends the last member.
    pub(super) fn end(&mut self) {
        self.current = None;
    }

    /// Begins a member.
    pub(super) fn begin(&mut self, name: &[u8]) {
        self.current = Some(String::from_utf8_lossy(name).into_owned());
    }

    /// Takes a file.
    pub(super) fn file(&mut self, path: &str, contents: &mut Contents<'_>) -> io::Result<()> {
        self.index.add_file(path, &self.limits)?;
        (self.take)(path, contents)?;
        self.files = self.files.saturating_add(1);
        Ok(())
    }

    /// Takes a link.
    pub(super) fn link(&mut self, path: &str, target: LinkTarget) -> io::Result<()> {
        Ok(self.index.add_link(path, target, &self.limits)?)
    }

    /// Says that a member is not taken, since its name leads out of the archive.
    pub(super) fn skip_outside(&mut self, name: &[u8]) {
        let name = quoted(&String::from_utf8_lossy(name));
        add_remark(
            self.remarks,
            format!("{name} leads out of the archive: not read"),
        );
    }

    /// Says that a file or directory cannot be read.
    pub(super) fn remark_unreadable(&mut self, path: &str, error: &io::Error) {
        add_remark(
            self.remarks,
            format!("{} cannot be read: {error}", quoted(path)),
        );
    }
}

/// Adds a remark, once.
pub(super) fn add_remark(remarks: &mut Vec<String>, text: String) {
    if remarks.len() < MAX_REMARKS && !remarks.contains(&text) {
        remarks.push(text);
    }
}
