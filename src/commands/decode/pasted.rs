//! Parsing of bytes in text: hex with or without prefixes and commas, C arrays, escaped strings, and the rows
//! of `xxd`, `hexdump -C`, `od`, Wireshark, `tshark -x`, `tcpdump -x` and `-X`, and ovs-ofctl.

use super::block::{column, pair, pairs};
use super::rows::{self, Row};

pub use super::block::{Block, Malformed};

/// Parses a text. Each dump with offsets is a block, and other text around it is ignored; a text without
/// offsets is one block.
///
/// # Errors
///
/// A character that is not part of a byte, or a row whose offset contradicts the number of bytes before it.
pub fn read(text: &str) -> Result<Vec<Block>, Malformed> {
    let lines: Vec<&str> = text.lines().collect();
    let shapes: Vec<Option<Row<'_>>> = lines.iter().map(|line| Row::of(line)).collect();
    // Hex without offsets may look like a row, but not like the first row of a dump.
    let first = shapes.iter().flatten().next();
    if first.is_some_and(|row| row.is_certain || row.start() == Some(0)) {
        return rows::blocks(&lines, &shapes);
    }
    let is_words = |line: &&str| line.starts_with("0000000 ");
    if let Some(index) = lines.iter().position(is_words) {
        let what = "16-bit words in the order of a host: use hexdump -C or xxd";
        return Err(Malformed {
            line: index + 1,
            column: 9,
            what: what.to_owned(),
        });
    }
    let bytes = plain(&lines)?;
    let block = Block {
        line: 1,
        reassembled: false,
        bytes,
    };
    Ok(vec![block])
}

/// Parses hex without offsets.
fn plain(lines: &[&str]) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::new();
    let mut source = CommentStripper::new(lines);
    let is_prefixed = lines.iter().any(|line| line.contains("0x"));
    let is_code = source.is_code;
    for (index, line) in lines.iter().enumerate() {
        let code = source.code(line);
        let mut words = LineReader {
            line: &code,
            at: 0,
            is_prefixed,
            is_code,
            out: &mut out,
        };
        words.read().map_err(|(at, what)| Malformed {
            line: index + 1,
            column: column(&code, at),
            what,
        })?;
    }
    Ok(out)
}

/// Removes comments, and the text outside of the braces of initializers, from C and similar languages.
struct CommentStripper {
    /// Whether the text contains braces.
    is_code: bool,
    depth: usize,
    in_comment: bool,
}

impl CommentStripper {
    fn new(lines: &[&str]) -> CommentStripper {
        CommentStripper {
            is_code: lines.iter().any(|line| line.contains('{')),
            depth: 0,
            in_comment: false,
        }
    }

    /// The line with blanks in place of ignored text; the other characters keep their positions.
    fn code(&mut self, line: &str) -> String {
        let mut out = String::with_capacity(line.len());
        let mut rest = line.chars().peekable();
        let mut quote = None;
        while let Some(c) = rest.next() {
            let next = rest.peek().copied();
            let mut shown = c;
            match (c, next) {
                ('*', Some('/')) if self.in_comment => {
                    self.in_comment = false;
                    rest.next();
                    out.push(' ');
                    shown = ' ';
                }
                _ if self.in_comment => shown = ' ',
                ('\\', Some(escaped)) if quote.is_some() => {
                    rest.next();
                    out.push(c);
                    shown = escaped;
                }
                _ if quote == Some(c) => quote = None,
                _ if quote.is_some() => {}
                ('"' | '\'', _) => quote = Some(c),
                ('/', Some('*')) => {
                    self.in_comment = true;
                    rest.next();
                    out.push(' ');
                    shown = ' ';
                }
                ('/', Some('/')) => break,
                ('{', _) if self.is_code => {
                    self.depth += 1;
                    shown = ' ';
                }
                ('}', _) if self.is_code => {
                    self.depth = self.depth.saturating_sub(1);
                    shown = ' ';
                }
                _ => {}
            }
            if self.is_code && self.depth == 0 {
                shown = ' ';
            }
            out.push(shown);
        }
        out
    }
}

/// An offset in the line, in bytes, and the error there.
type LineFault = (usize, String);

/// Parses the words of a line into bytes.
struct LineReader<'l, 'o> {
    line: &'l str,
    at: usize,
    /// Whether any number of the text begins with `0x`.
    is_prefixed: bool,
    /// Whether the text is code: numbers without `0x` among those with it are decimal.
    is_code: bool,
    out: &'o mut Vec<u8>,
}

impl<'l> LineReader<'l, '_> {
    fn rest(&self) -> &'l str {
        self.line.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self, c: char) {
        self.at += c.len_utf8();
    }

    fn read(&mut self) -> Result<(), LineFault> {
        while let Some(c) = self.peek() {
            let rest = self.rest();
            match c {
                _ if c.is_whitespace() || is_separator(c) => self.skip(c),
                '"' | '\'' => self.string(c)?,
                // A bytes literal of Python.
                'b' if rest.starts_with("b\"") || rest.starts_with("b'") => self.at += 1,
                // A backslash at the end of a line continues it.
                '\\' if rest.trim_end() == "\\" => return Ok(()),
                '\\' => self.escaped()?,
                _ => self.digits()?,
            }
        }
        Ok(())
    }

    /// A string: bytes with escapes if it contains `\x`, else hex.
    fn string(&mut self, quote: char) -> Result<(), LineFault> {
        let start = self.at;
        self.skip(quote);
        let is_escaped = self.rest().contains("\\x");
        loop {
            match self.peek() {
                None => return Err((start, "begins a string that does not end".to_owned())),
                Some(c) if c == quote => {
                    self.skip(c);
                    return Ok(());
                }
                Some('\\') => self.escaped()?,
                Some(c) if is_escaped => {
                    let mut bytes = [0; 4];
                    self.out.extend(c.encode_utf8(&mut bytes).as_bytes());
                    self.skip(c);
                }
                Some(c) if c.is_whitespace() || is_separator(c) => self.skip(c),
                Some(_) => self.digits()?,
            }
        }
    }

    /// `\x04`, `\n`, `\0`
    fn escaped(&mut self) -> Result<(), LineFault> {
        let start = self.at;
        self.skip('\\');
        let simple = match self.peek() {
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('a') => 7,
            Some('b') => 8,
            Some('v') => 11,
            Some('f') => 12,
            Some('0') => 0,
            Some(c @ ('\\' | '"' | '\'')) => c as u8,
            Some('x') => {
                self.skip('x');
                let pair = self.rest().get(..2).and_then(pair);
                let byte =
                    pair.ok_or((start, "begins no byte: \\xHH has two digits".to_owned()))?;
                self.out.push(byte);
                self.at += 2;
                return Ok(());
            }
            _ => return Err((start, "begins no byte".to_owned())),
        };
        self.out.push(simple);
        self.at += 1;
        Ok(())
    }

    /// `04`, `041d0010`, `0x4`, `x04` (what a shell leaves of `\x04`)
    fn digits(&mut self) -> Result<(), LineFault> {
        let start = self.at;
        let rest = self.rest();
        let prefix = ["0x", "0X", "x", "X"]
            .into_iter()
            .find(|prefix| rest.starts_with(prefix));
        let behind = prefix.map_or(0, str::len);
        let word = rest.get(behind..).unwrap_or_default();
        let length = word
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(word.len());
        let digits = word.get(..length).unwrap_or_default();
        let next = word.get(length..).and_then(|rest| rest.chars().next());
        let ends = |c: char| {
            c.is_whitespace()
                || is_separator(c)
                || matches!(c, '"' | '\'' | '\\')
                || c == 'x' && prefix == Some("x")
        };
        match (length, prefix) {
            (0, Some("x" | "X")) => return Err((start, "'x' is no hex digit".to_owned())),
            _ if next.is_some_and(|c| !ends(c)) || length == 0 => {
                let what = match next {
                    Some(c) => format!("{c:?} is no hex digit"),
                    None => "hex digits are missing".to_owned(),
                };
                return Err((start + behind + length, what));
            }
            (2.., None) if self.is_code && self.is_prefixed => {
                let what = format!("{digits} is decimal among hex: write it with 0x");
                return Err((start, what));
            }
            (1, _) if prefix.is_some() || self.is_prefixed => {
                self.out.extend(u8::from_str_radix(digits, 16));
            }
            (1, _) => {
                let what = format!("one hex digit is missing: write 0x{digits} or 0{digits}");
                return Err((start, what));
            }
            _ if length % 2 == 1 => return Err((start, "one hex digit is missing".to_owned())),
            _ => self.out.extend(pairs(digits)),
        }
        self.at += behind + length;
        Ok(())
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, ',' | ':' | '-' | '.' | ';' | '[' | ']' | '(' | ')')
}
