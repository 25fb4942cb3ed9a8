//! The parts of pasted text: blocks of bytes, or the position of the first malformed character.

/// A run of bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// The number of the first line, from 1.
    pub line: usize,
    /// Whether the line before says that the bytes were reassembled from packets above.
    pub reassembled: bool,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A malformed character, and its position.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1; 0 for the line as a whole.
    pub column: usize,
    /// The reason.
    pub what: String,
}

/// The number, from 1, of the character at an offset in bytes.
pub(super) fn column(line: &str, at: usize) -> usize {
    line.get(..at).map_or(0, |before| before.chars().count()) + 1
}

/// The byte with two hex digits.
pub(super) fn pair(digits: &str) -> Option<u8> {
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if digits.len() != 2 || !all {
        return None;
    }
    u8::from_str_radix(digits, 16).ok()
}

/// The bytes of an even number of hex digits.
pub(super) fn pairs(digits: &str) -> impl Iterator<Item = u8> + '_ {
    (0..digits.len())
        .step_by(2)
        .filter_map(move |at| digits.get(at..at + 2).and_then(pair))
}
