//! Where one JSON message ends and the next begins.
//!
//! OVSDB puts no length and no separator between messages (RFC 7047 §4): a message ends where its
//! outermost brace closes. [`Framer`] looks at every byte once, however the bytes are cut, and
//! remembers where it stopped.

use memchr::memchr2;

/// The longest message that is read, in bytes: all of a switch with some 150,000 ports.
pub const MAX_MESSAGE: usize = 128 << 20;

/// The longest string in a message that is read, in bytes. What a database of a switch holds in one
/// string is a name, an address, a key or a path.
pub const MAX_STRING: usize = 4 << 20;

/// The deepest nesting of braces and brackets that is read.
///
/// OVSDB needs about a dozen levels; JSON parsers behind this one give up at 128, less clearly.
pub const MAX_NESTING: usize = 100;

/// Why bytes are no message.
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
    /// A string longer than [`MAX_STRING`].
    #[error("it sent a string of more than {MAX_STRING} bytes")]
    LongString,
}

/// Cuts received bytes into messages.
#[derive(Debug)]
pub struct Framer {
    /// What was received and not yet handed out.
    buffer: Vec<u8>,
    /// Where the message at hand begins.
    start: usize,
    /// Where scanning stopped; every byte before it was seen.
    seen: usize,
    /// How many braces and brackets are open; 0 between messages.
    depth: usize,
    in_string: bool,
    /// Where the string at hand begins, if in one.
    string: usize,
    after_backslash: bool,
    max_message: usize,
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
        }
    }

    /// Where received bytes are to be appended, with room for a good read.
    pub fn room(&mut self) -> &mut Vec<u8> {
        const READ: usize = 64 * 1024;
        const LARGE: usize = 1024 * 1024;
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.seen -= self.start;
            self.string = self.string.saturating_sub(self.start);
            self.start = 0;
            if self.buffer.is_empty() && self.buffer.capacity() > LARGE {
                // One large answer shall not weigh on all that follows.
                self.buffer = Vec::new();
            }
        }
        self.buffer.reserve(READ);
        &mut self.buffer
    }

    /// The next whole message, or `None` until more bytes are there.
    ///
    /// # Errors
    ///
    /// Why what was received is no message. Whatever follows has lost its meaning: the connection is of no
    /// more use.
    pub fn next_message(&mut self) -> Result<Option<&[u8]>, FramingError> {
        if self.depth == 0 {
            self.skip_blanks()?;
        }
        while let Some(byte) = self.buffer.get(self.seen).copied() {
            if self.in_string {
                self.skip_string();
                if self.seen - self.string > MAX_STRING {
                    return Err(FramingError::LongString);
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

    /// Whether part of a message is there.
    pub fn in_message(&self) -> bool {
        self.depth > 0
    }

    /// How many bytes of a message are there that is not yet whole; 0 between messages.
    pub fn length_so_far(&self) -> usize {
        if self.in_message() {
            self.seen - self.start
        } else {
            0
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

    /// Goes to the end of the string that `seen` is in, or of the buffer.
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
            // The first message makes room, and the string moves to the front.
            framer.room().resize(6 + length, b'x');
            let next = framer.next_message().map(|message| message.is_some());
            assert_eq!(next.is_ok(), is_read, "{length}: {next:?}");
        }
    }
}
