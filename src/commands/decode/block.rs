//! What pasted text holds: blocks of bytes, or what cannot be read.

/// Bytes that stand together.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The line where they begin, from 1.
    pub line: usize,
    /// Whether the line before says that these bytes were put together from packets above.
    pub reassembled: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// What cannot be read, and where.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1; 0 for the line as a whole.
    pub column: usize,
    /// What is wrong with it.
    pub what: String,
}

/// The number of the character at an offset in bytes, from 1.
pub(super) fn column(line: &str, at: usize) -> usize {
    line.get(..at).map_or(0, |before| before.chars().count()) + 1
}

/// The byte of two digits.
pub(super) fn pair(digits: &str) -> Option<u8> {
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if digits.len() != 2 || !all {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

/// The bytes of an even number of digits.
pub(super) fn pairs(digits: &str) -> impl Iterator<Item = u8> + '_ {
    (0..digits.len())
        .step_by(2)
        .filter_map(move |at| digits.get(at..at + 2).and_then(pair))
}
