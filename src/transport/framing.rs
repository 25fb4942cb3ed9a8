//! Splits a byte stream into JSON messages.
//!
//! OVSDB has no length prefix and no separator between messages (RFC 7047 §4): a message ends where its
//! outermost brace closes. [`Framer`] is incremental: it scans every byte once.

use memchr::memchr2;

/// Maximum length of a message, in bytes: enough for a switch with some 150,000 ports.
pub const MAX_MESSAGE: usize = 128 << 20;

/// Maximum length of a string in a message, in bytes. The strings in the database of a switch are names,
/// addresses, keys and paths.
pub const MAX_STRING: usize = 4 << 20;

/// Maximum nesting of braces and brackets.
///
/// OVSDB needs about a dozen levels; the JSON parser has a limit of 128, with a less specific error.
pub const MAX_NESTING: usize = 100;

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A message must be a JSON object; this begins otherwise.
    #[error("it does not speak JSON-RPC: it sent \"{begin}\"")]
    NotAnObject {
        /// What was sent, at most its first 40 bytes, escaped.
        begin: String,
    },
    /// More nesting than [`MAX_NESTING`].
    #[error("it sent a message nested more than {MAX_NESTING} levels deep")]
    TooDeep,
    /// A message longer than the limit.
    #[error("it sent a message of more than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// A string longer than the limit.
    #[error("it sent a string of more than {limit} bytes")]
    LongString {
        /// The limit in bytes.
        limit: usize,
    },
}

/// Splits received bytes into messages.
#[derive(Debug)]
pub struct Framer {
    /// Received bytes that were not yet returned.
    buffer: Vec<u8>,
    /// Offset of the current message.
    start: usize,
    /// Offset of the next byte to scan.
    seen: usize,
    /// How many braces and brackets are open; 0 between messages.
    depth: usize,
    in_string: bool,
    /// Offset of the current string, if in one.
    string: usize,
    after_backslash: bool,
    max_message: usize,
    max_string: usize,
}

impl Default for Framer {
    fn default() -> Self {
        Self::with_limit(MAX_MESSAGE)
    }
}

impl Framer {
    /// A framer that refuses messages of more than `max_message` bytes.
    pub fn with_limit(max_message: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            seen: 0,
            depth: 0,
            in_string: false,
            string: 0,
            after_backslash: false,
            max_message,
            max_string: MAX_STRING,
        }
    }

    /// The same framer, with strings that may be as long as messages.
    #[must_use]
    pub fn with_long_strings(self) -> Self {
        Self {
            max_string: self.max_message,
            ..self
        }
    }

    /// The buffer to which received bytes are appended, with capacity for the next read.
    pub fn room(&mut self) -> &mut Vec<u8> {
        const READ: usize = 64 * 1024;
        const LARGE: usize = 1024 * 1024;
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.seen -= self.start;
            self.string = self.string.saturating_sub(self.start);
            self.start = 0;
            if self.buffer.is_empty() && self.buffer.capacity() > LARGE {
                // Release the memory of a large message.
                self.buffer = Vec::new();
            }
        }
        self.buffer.reserve(READ);
        &mut self.buffer
    }

    /// Returns the next complete message, or `None` if more bytes are needed.
    ///
    /// # Errors
    ///
    /// The received bytes are not a message. The stream cannot be resynchronised: close the connection.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, FramingError> {
        if self.depth == 0 {
            self.skip_blanks()?;
        }
        while let Some(byte) = self.buffer.get(self.seen).copied() {
            if self.in_string {
                self.skip_string();
                if self.seen - self.string > self.max_string {
                    return Err(self.long_string());
                }
                continue;
            }
            self.seen += 1;
            if self.seen - self.start > self.max_message {
                break;
            }
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.string = self.seen;
                }
                b'{' | b'[' => {
                    self.depth += 1;
                    if self.depth > MAX_NESTING {
                        return Err(FramingError::TooDeep);
                    }
                }
                b'}' | b']' => {
                    // A message begins with a brace, so depth is not 0 here.
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        let begin = std::mem::replace(&mut self.start, self.seen);
                        return Ok(self.buffer.get(begin..self.seen));
                    }
                }
                _ => {}
            }
        }
        if self.seen - self.start > self.max_message {
            return Err(FramingError::TooLong {
                limit: self.max_message,
            });
        }
        Ok(None)
    }

    /// Whether part of a message was received.
    pub fn in_message(&self) -> bool {
        self.depth > 0
    }

    /// Number of received bytes of an incomplete message; 0 between messages.
    pub fn length_so_far(&self) -> usize {
        if self.in_message() {
            self.seen - self.start
        } else {
            0
        }
    }

    fn long_string(&self) -> FramingError {
        if self.max_string < self.max_message {
            FramingError::LongString {
                limit: self.max_string,
            }
        } else {
            FramingError::TooLong {
                limit: self.max_message,
            }
        }
    }

    fn skip_blanks(&mut self) -> Result<(), FramingError> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.start += blanks;
        self.seen = self.start;
        match rest.get(blanks..) {
            Some(rest @ [first, ..]) if *first != b'{' => Err(FramingError::NotAnObject {
                begin: rest.get(..40).unwrap_or(rest).escape_ascii().to_string(),
            }),
            _ => Ok(()),
        }
    }

    /// Advances `seen` to the end of the current string, or of the buffer.
    fn skip_string(&mut self) {
        if self.after_backslash {
            self.after_backslash = false;
            self.seen += 1;
            return;
        }
        let rest = self.buffer.get(self.seen..).unwrap_or_default();
        match memchr2(b'"', b'\\', rest) {
            None => self.seen = self.buffer.len(),
            Some(at) => {
                if rest.get(at) == Some(&b'"') {
                    self.in_string = false;
                } else {
                    self.after_backslash = true;
                }
                self.seen += at + 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_may_be_so_long_and_no_longer() {
        for (length, is_read) in [(MAX_STRING, true), (MAX_STRING + 1, false)] {
            let mut framer = Framer::default();
            let room = framer.room();
            room.extend_from_slice(b"{} {\"a\":\"");
            assert_eq!(framer.next_message().unwrap().unwrap(), b"{}");
            assert_eq!(framer.next_message(), Ok(None));
            // The first message is dropped, and the string moves to the front.
            framer.room().resize(6 + length, b'x');
            let next = framer.next_message().map(|message| message.is_some());
            assert_eq!(next.is_ok(), is_read, "{length}: {next:?}");
        }
    }
}
