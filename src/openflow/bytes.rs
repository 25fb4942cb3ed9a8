//! A checked cursor over bytes from the wire, and the error that says where it went wrong.
//!
//! Nothing in this module panics, whatever the bytes.

use thiserror::Error;

/// What is wrong with a message, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} at byte {at}: {kind}")]
pub struct DecodeError {
    /// Offset from the start of the message (or of the bytes handed to the decoder), in bytes.
    pub at: usize,
    /// The thing that was being read, in the words of the specification.
    pub what: &'static str,
    /// What is wrong with it.
    pub kind: DecodeErrorKind,
}

/// The kinds of [`DecodeError`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeErrorKind {
    /// The bytes end before the thing does.
    #[error("needs {need} bytes, only {have} are left")]
    Truncated {
        /// Bytes the thing takes.
        need: usize,
        /// Bytes that are left.
        have: usize,
    },
    /// A length field contradicts its surroundings.
    #[error("impossible length {0}")]
    BadLength(usize),
    /// The thing ends before its bytes do.
    #[error("{0} bytes are left over")]
    Surplus(usize),
    /// A value that the specification does not allow here.
    #[error("unexpected value {0:#x}")]
    BadValue(u64),
}

/// A position in a byte slice that remembers its offset from the start of the message.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    rest: &'a [u8],
    at: usize,
}

#[allow(clippy::missing_errors_doc, reason = "each fails where the bytes end")]
impl<'a> Cursor<'a> {
    /// A cursor over `bytes` whose first byte is at offset `at` of the message.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Cursor { rest: bytes, at }
    }

    /// Offset of the next byte from the start of the message.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The bytes not yet read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// How many bytes are left.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// An error at the current position.
    pub fn error(&self, what: &'static str, kind: DecodeErrorKind) -> DecodeError {
        DecodeError {
            at: self.at,
            what,
            kind,
        }
    }

    /// The next `n` bytes.
    pub fn take(&mut self, n: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        match self.rest.split_at_checked(n) {
            Some((head, tail)) => {
                self.rest = tail;
                self.at += n;
                Ok(head)
            }
            None => Err(self.error(
                what,
                DecodeErrorKind::Truncated {
                    need: n,
                    have: self.rest.len(),
                },
            )),
        }
    }

    /// A cursor over the next `n` bytes, which this cursor skips.
    pub fn sub(&mut self, n: usize, what: &'static str) -> Result<Cursor<'a>, DecodeError> {
        let at = self.at;
        Ok(Cursor {
            rest: self.take(n, what)?,
            at,
        })
    }

    /// A thing that has its own length, of two bytes, at offset `at`; `what` names the length and the thing.
    ///
    /// # Errors
    ///
    /// The length is less than `at_least`, or there are fewer bytes.
    pub fn sized(
        &mut self,
        at: usize,
        at_least: usize,
        (what_length, what): (&'static str, &'static str),
    ) -> Result<Cursor<'a>, DecodeError> {
        let mut peek = *self;
        peek.skip(at, what)?;
        let length = usize::from(peek.u16(what_length)?);
        if length < at_least {
            return Err(self.error(what_length, DecodeErrorKind::BadLength(length)));
        }
        self.sub(length, what)
    }

    /// Everything that `read` finds up to the end.
    ///
    /// # Errors
    ///
    /// The first of `read`.
    pub fn all<T>(
        mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut all = Vec::new();
        while !self.is_empty() {
            all.push(read(&mut self)?);
        }
        Ok(all)
    }

    /// Skips `n` bytes of padding.
    pub fn skip(&mut self, n: usize, what: &'static str) -> Result<(), DecodeError> {
        self.take(n, what).map(|_| ())
    }

    /// The next `N` bytes as an array.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, tail)) => {
                self.rest = tail;
                self.at += N;
                Ok(*head)
            }
            None => Err(self.error(
                what,
                DecodeErrorKind::Truncated {
                    need: N,
                    have: self.rest.len(),
                },
            )),
        }
    }

    /// The next byte.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    /// The next two bytes, network order.
    pub fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// The next four bytes, network order.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// The next eight bytes, network order.
    pub fn u64(&mut self, what: &'static str) -> Result<u64, DecodeError> {
        self.array(what).map(u64::from_be_bytes)
    }
}

/// The big-endian unsigned number in up to sixteen bytes; of more bytes, the last sixteen.
pub fn be_number(bytes: &[u8]) -> u128 {
    match *bytes {
        [byte] => byte.into(),
        [a, b] => u16::from_be_bytes([a, b]).into(),
        [a, b, c, d] => u32::from_be_bytes([a, b, c, d]).into(),
        _ => match bytes.try_into() {
            Ok(eight) => u64::from_be_bytes(eight).into(),
            Err(_) => bytes
                .iter()
                .fold(0, |number, byte| (number << 8) | u128::from(*byte)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_order_and_says_where_it_ends() {
        let mut cursor = Cursor::new(&[1, 0, 2, 0, 0, 0, 3, 9], 8);
        assert_eq!(cursor.u8("a").unwrap(), 1);
        assert_eq!(cursor.u16("b").unwrap(), 2);
        assert_eq!(cursor.u32("c").unwrap(), 3);
        assert_eq!(
            cursor.u16("d").unwrap_err().to_string(),
            "d at byte 15: needs 2 bytes, only 1 are left"
        );
        assert_eq!(cursor.rest(), [9]);
    }

    #[test]
    fn numbers_of_any_width() {
        assert_eq!(be_number(&[]), 0);
        assert_eq!(be_number(&[1, 2, 3]), 0x0001_0203);
        assert_eq!(be_number(&[0xff; 16]), u128::MAX);
    }
}
