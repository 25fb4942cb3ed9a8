//! The limits of what is read of an archive, and the contents of a file under them.

use std::cell::Cell;
use std::io::{self, Read};

use super::error::{ArchiveErrorKind, Excess, cause};

/// How much is read of an archive at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that a pass over it unpacks, of files that are read and of others.
    pub unpacked: u64,
    /// Bytes of one file that is read.
    pub file: u64,
    /// Bytes that [`Contents::keep`] keeps, of all files together.
    pub kept: u64,
    /// Files and links.
    pub entries: u64,
    /// Bytes of their names.
    pub names: u64,
}

impl Default for Limits {
    /// 4 GiB unpacked, 1 GiB of a file, 1 GiB kept, 500,000 files, 64 MiB of names.
    fn default() -> Limits {
        Limits {
            unpacked: 4 << 30,
            file: 1 << 30,
            kept: 1 << 30,
            entries: 500_000,
            names: 64 << 20,
        }
    }
}

/// What was used of the [`Limits`].
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) limits: Limits,
    unpacked: Cell<u64>,
    kept: Cell<u64>,
    /// The entries of directories, themselves directories or not.
    entries: Cell<u64>,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Budget {
        Budget {
            limits,
            unpacked: Cell::new(0),
            kept: Cell::new(0),
            entries: Cell::new(0),
        }
    }

    /// Begins a pass; what is kept stays counted.
    pub(super) fn begin(&self) {
        self.unpacked.set(0);
        self.entries.set(0);
    }

    /// The number of bytes that this pass unpacked.
    pub(super) fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }

    /// Counts an entry of a directory.
    pub(super) fn count_entry(&self) -> io::Result<()> {
        self.entries.set(self.entries.get().saturating_add(1));
        self.check_entries(self.entries.get())
    }

    /// Refuses more entries than there may be.
    pub(super) fn check_entries(&self, count: u64) -> io::Result<()> {
        if count > self.limits.entries {
            let excess = Excess::Entries(self.limits.entries);
            return Err(ArchiveErrorKind::TooMuch(excess).into());
        }
        Ok(())
    }

    fn unpack(&self, count: usize) -> io::Result<()> {
        add(
            &self.unpacked,
            count,
            self.limits.unpacked,
            Excess::Unpacked,
        )
    }

    fn keep(&self, count: usize) -> io::Result<()> {
        add(&self.kept, count, self.limits.kept, Excess::Kept)
    }
}

fn add(sum: &Cell<u64>, count: usize, limit: u64, excess: fn(u64) -> Excess) -> io::Result<()> {
    sum.set(sum.get().saturating_add(count as u64));
    if sum.get() > limit {
        return Err(ArchiveErrorKind::TooMuch(excess(limit)).into());
    }
    Ok(())
}

/// A reader whose bytes are counted; after an error it is not read again.
pub(super) struct Metered<'b, R> {
    inner: R,
    budget: &'b Budget,
    has_failed: bool,
    /// Whether its end was read.
    is_at_end: &'b Cell<bool>,
}

impl<'b, R: Read> Metered<'b, R> {
    pub(super) fn new(inner: R, budget: &'b Budget, is_at_end: &'b Cell<bool>) -> Metered<'b, R> {
        Metered {
            inner,
            budget,
            has_failed: false,
            is_at_end,
        }
    }
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.has_failed {
            return Err(ArchiveErrorKind::Truncated.into());
        }
        let read = self.inner.read(buffer);
        let read = read.and_then(|count| self.budget.unpack(count).map(|()| count));
        match read {
            Ok(0) if !buffer.is_empty() => {
                self.is_at_end.set(true);
                Ok(0)
            }
            Ok(count) => Ok(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.has_failed = true;
                Err(cause(error).into())
            }
        }
    }
}

/// The contents of a file in an archive.
pub struct Contents<'a> {
    reader: &'a mut dyn Read,
    budget: &'a Budget,
    claimed: u64,
    /// The number of bytes that there must be.
    least: u64,
    done: u64,
}

impl<'a> Contents<'a> {
    /// The contents of a file that should be of `claimed` bytes.
    pub(super) fn new(reader: &'a mut dyn Read, budget: &'a Budget, claimed: u64) -> Contents<'a> {
        Contents {
            reader,
            budget,
            claimed,
            least: claimed,
            done: 0,
        }
    }

    /// The contents of a file on disk, which may be written meanwhile.
    pub(super) fn of_any_size(
        reader: &'a mut dyn Read,
        budget: &'a Budget,
        claimed: u64,
    ) -> Contents<'a> {
        Contents {
            least: 0,
            ..Contents::new(reader, budget, claimed)
        }
    }

    /// The number of bytes that the archive claims; reading tells.
    pub fn claimed(&self) -> u64 {
        self.claimed
    }

    /// Passes over all that is left, however long it is.
    ///
    /// # Errors
    ///
    /// The archive is truncated or damaged.
    pub(super) fn skip(&mut self) -> io::Result<()> {
        let skipped = io::copy(&mut self.reader, &mut io::sink())?;
        if self.done.saturating_add(skipped) < self.least {
            return Err(ArchiveErrorKind::Truncated.into());
        }
        Ok(())
    }

    /// Reads all that is left into memory.
    ///
    /// # Errors
    ///
    /// The archive is truncated or damaged, or a limit is exceeded.
    pub fn keep(&mut self) -> io::Result<Vec<u8>> {
        let mut kept = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = match self.read(&mut buffer) {
                Ok(0) => return Ok(kept),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            self.budget.keep(count)?;
            kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    }
}

impl Read for Contents<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.done = self.done.saturating_add(count as u64);
        if count == 0 && !buffer.is_empty() && self.done < self.least {
            return Err(ArchiveErrorKind::Truncated.into());
        }
        if self.done > self.budget.limits.file {
            let limit = self.budget.limits.file;
            return Err(ArchiveErrorKind::TooMuch(Excess::File(limit)).into());
        }
        Ok(count)
    }
}
