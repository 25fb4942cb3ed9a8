//! The records of a log: ovsdb(5).
//!
//! ```text
//! OVSDB <magic> <length> <SHA-1>\n
//! <JSON>\n
//! ```
//!
//! The length is that of the second line with its line end, and the SHA-1 is of the same bytes.

use memchr::memchr;
use serde::Deserialize;
use sha1::{Digest as _, Sha1};

use super::error::Fault;
use crate::base::digits::put_pair;

/// Maximum length of a header line, as in ovsdb-server.
const MAX_HEADER: usize = 128;

/// The records of a file, in order. Ends after the first damaged one.
#[derive(Debug)]
pub(super) struct Records<'f> {
    file: &'f [u8],
    /// Where the next record begins.
    at: usize,
    magic: &'static str,
}

/// A record whose hash is correct.
#[derive(Debug)]
pub(super) struct Record<'f> {
    /// The offset of its header.
    pub(super) at: usize,
    /// The offset of its JSON.
    body_at: usize,
    json: &'f str,
}

impl<'f> Records<'f> {
    /// Reads the records of this magic: `JSON`, `CLUSTER`.
    pub(super) fn new(file: &'f [u8], magic: &'static str) -> Self {
        Self { file, at: 0, magic }
    }

    fn read(&self) -> Result<(Record<'f>, usize), Fault> {
        let rest = self.file.get(self.at..).unwrap_or_default();
        let wrong = |what: &str| Fault::at_byte(self.at, what);
        let Some(end) = memchr(b'\n', rest.get(..MAX_HEADER).unwrap_or(rest)) else {
            return Err(wrong(if rest.len() < MAX_HEADER {
                "the header of the record is cut off"
            } else {
                "no record begins here"
            }));
        };
        let (header, body) = rest.split_at(end + 1);
        let header = std::str::from_utf8(header).unwrap_or_default();
        let (length, hash) = self
            .header(header)
            .ok_or_else(|| wrong("no record begins here"))?;
        let body_at = self.at + header.len();
        let body = usize::try_from(length)
            .ok()
            .and_then(|length| body.get(..length))
            .ok_or_else(|| {
                let what = format!(
                    "the record is cut off: it has {} of {length} bytes",
                    body.len()
                );
                Fault::at_byte(body_at, what)
            })?;
        let mut actual = String::with_capacity(40);
        for byte in Sha1::digest(body).as_slice() {
            put_pair(&mut actual, *byte);
        }
        if !actual.eq_ignore_ascii_case(hash) {
            let what = "the record is damaged: its SHA-1 differs from that in its header";
            return Err(Fault::at_byte(body_at, what));
        }
        let json = std::str::from_utf8(body).map_err(|error| {
            Fault::at_byte(body_at + error.valid_up_to(), "the record is not UTF-8")
        })?;
        let record = Record {
            at: self.at,
            body_at,
            json,
        };
        Ok((record, body_at + body.len()))
    }

    /// The length and the hash.
    fn header<'h>(&self, header: &'h str) -> Option<(u64, &'h str)> {
        let header = header.strip_suffix('\n')?.strip_prefix("OVSDB ")?;
        let header = header.strip_prefix(self.magic)?.strip_prefix(' ')?;
        let (length, hash) = header.split_once(' ')?;
        let is_length = !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit());
        let is_hash = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let length: u64 = length.parse().ok()?;
        (is_length && is_hash && length > 0).then_some((length, hash))
    }
}

impl<'f> Iterator for Records<'f> {
    type Item = Result<Record<'f>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.file.len() {
            return None;
        }
        Some(match self.read() {
            Ok((record, end)) => {
                self.at = end;
                Ok(record)
            }
            Err(fault) => {
                self.at = self.file.len();
                Err(fault)
            }
        })
    }
}

impl<'f> Record<'f> {
    /// Its content.
    pub(super) fn parse<T: Deserialize<'f>>(&self) -> Result<T, Fault> {
        serde_json::from_str(self.json).map_err(|error| {
            // A record is one line: its column is an offset.
            let at = match error.line() {
                0 | 1 => self.body_at + error.column().saturating_sub(1),
                _ => self.body_at,
            };
            let what = error.to_string();
            let what = what
                .rsplit_once(" at line ")
                .map_or(&*what, |(what, _)| what);
            Fault::at_byte(at, format!("malformed record: {what}"))
        })
    }

    /// An error of its content.
    pub(super) fn wrong(&self, what: impl Into<String>) -> Fault {
        Fault::at_byte(self.at, what)
    }
}
