//! Dumps of bytes in rows: offset, hex, and a column of text that repeats the bytes.
//!
//! ```text
//! xxd          00000000: 0414 0008 0000 0002                      ........
//! hexdump -C   00000000  04 14 00 08 00 00 00 02                           |........|
//! od           0000000 04 14 00 08 00 00 00 02                          >........<
//! Wireshark    0000  04 14 00 08 00 00 00 02                           ........
//! tcpdump      0x0000:  0414 0008 0000 0002                      ........
//! ovs-ofctl    00000000  04 14 00 08 00 00 00 02-                        |........        |
//! ```
//!
//! The text column may look like hex ("dead beef"), so its content does not identify it. The number of bytes
//! in a row follows from the offset of the next; in the last row, the text column is the text that repeats
//! the bytes before it, or begins at the same character as in the rows above.

use super::block::{Block, Malformed, column, pairs};

/// Maximum number of bytes that omitted repeated rows may represent.
const MAX_REPEATED: u64 = 1 << 24;
/// The offset of the first row of a dump is below this.
const MAX_START: u64 = 1 << 62;
/// The number of digits in the offsets of `od`.
const OCTAL_DIGITS: usize = 7;
/// Maximum number of bytes of a row.
const MAX_ROW: u64 = 256;

/// A line in the form of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'l> {
    line: &'l str,
    /// The digits of the offset.
    offset: &'l str,
    /// The base of the offset: octal for the seven digits of `od`, else 16.
    base: u32,
    /// The offset of the rest in the line, in bytes.
    at: usize,
    /// Whether the line cannot be hex without an offset.
    pub(super) is_certain: bool,
}

impl<'l> Row<'l> {
    /// Parses a line as a row.
    pub(super) fn of(line: &'l str) -> Option<Row<'l>> {
        let start = line.len() - line.trim_start().len();
        let text = line.get(start..)?;
        let prefix = if text.starts_with("0x") { 2 } else { 0 };
        let digits = text.get(prefix..)?;
        let length = digits.find(|c: char| !c.is_ascii_hexdigit())?;
        let offset = digits.get(..length)?;
        let rest = digits.get(length..)?;
        let at = start + prefix + length;
        let row = |base, skip: usize, is_certain| {
            let at = at + skip;
            Some(Row {
                line,
                offset,
                base,
                at,
                is_certain,
            })
        };
        let after_colon = rest.strip_prefix(':');
        if after_colon.is_some_and(|rest| rest.starts_with([' ', '\t'])) {
            // 00000000: xxd; 0x0000: tcpdump
            let enough = if prefix > 0 { 2 } else { 7 };
            return if length >= enough {
                row(16, 1, true)
            } else {
                None
            };
        }
        let blanks = rest.len() - rest.trim_start().len();
        let word = rest.trim_start().split([' ', '-', '\t']).next()?;
        let is_pair = word.len() == 2 && word.bytes().all(|c| c.is_ascii_hexdigit());
        let is_wide = blanks >= 2 || rest.starts_with('\t');
        let is_od = blanks == 1 && matches!(length, 6 | 7);
        if prefix > 0 || length < 4 || !is_pair || !(is_wide || is_od) {
            return None;
        }
        let base = if is_od && length == OCTAL_DIGITS {
            8
        } else {
            16
        };
        row(base, 0, is_wide && rest.trim_end().ends_with('|'))
    }

    /// The offset at the end of the output of hexdump and od.
    fn end(line: &'l str, base: u32) -> Option<Row<'l>> {
        let offset = line.trim();
        let digits = offset.bytes().all(|c| c.is_ascii_hexdigit());
        (digits && offset.len() >= 6).then_some(Row {
            line,
            offset,
            base,
            at: line.len(),
            is_certain: false,
        })
    }

    /// The value of the offset.
    pub(super) fn start(&self) -> Option<u64> {
        u64::from_str_radix(self.offset, self.base).ok()
    }
}

/// Parses the blocks of a text that contains dumps.
pub(super) fn blocks(lines: &[&str], shapes: &[Option<Row<'_>>]) -> Result<Vec<Block>, Malformed> {
    let mut dump = Dump::default();
    for (index, line) in lines.iter().enumerate() {
        let number = index + 1;
        let fault = |column, what| Malformed {
            line: number,
            column,
            what,
        };
        let Some(row) = shapes.get(index).copied().flatten() else {
            dump.other(line).map_err(|what| fault(0, what))?;
            continue;
        };
        dump.begin(row, number).map_err(|what| fault(0, what))?;
        let after = shapes.get(index + 1).copied().flatten();
        let after = after.or_else(|| Row::end(lines.get(index + 1)?, row.base));
        let count = dump.count_until(after);
        let bytes = dump
            .bytes_of(row, count)
            .map_err(|(at, what)| fault(column(line, at), what))?;
        dump.add(bytes);
    }
    dump.other("end").map_err(|what| Malformed {
        line: lines.len(),
        column: 0,
        what,
    })?;
    Ok(dump.done)
}

/// The blocks, of which the last is in progress.
#[derive(Default)]
struct Dump {
    done: Vec<Block>,
    block: Option<Block>,
    /// The offset at the start of the block.
    start: u64,
    /// The base of its offsets.
    base: u32,
    /// The number of bytes in the previous row.
    row_length: usize,
    /// The number of bytes that omitted rows have represented so far.
    repeated: u64,
    /// The position of the text column, in characters.
    text_column: Option<usize>,
    /// Whether the previous line was a row.
    in_rows: bool,
    /// Whether rows equal to the last are omitted here.
    squeezed: bool,
    /// Whether the previous line says that the bytes below were reassembled from packets above.
    reassembled: bool,
}

impl Dump {
    /// The expected offset of the next row.
    fn next_offset(&self) -> u64 {
        let length = self.block.as_ref().map_or(0, |block| block.bytes.len());
        self.start + length as u64
    }

    /// Adds a line that is not a row: a heading, an end, or `*`.
    fn other(&mut self, line: &str) -> Result<(), String> {
        let text = line.trim();
        if text == "*" && self.in_rows {
            self.squeezed = true;
            return Ok(());
        }
        if let Some(end) = Row::end(line, self.base).filter(|_| self.in_rows) {
            self.unsqueeze(end)?;
            if end.start() != Some(self.next_offset()) {
                return Err(self.contradiction(end.offset));
            }
            self.close();
            return Ok(());
        }
        let word = text.split([' ', '\t']).next().unwrap_or_default();
        let hex = word
            .strip_prefix("0x")
            .unwrap_or(word)
            .trim_end_matches(':');
        if self.in_rows && !hex.is_empty() && hex.bytes().all(|c| c.is_ascii_hexdigit()) {
            return Err("no row of the dump above: it has no offset".to_owned());
        }
        if self.squeezed {
            return Err("the rows that \"*\" stands for have no end".to_owned());
        }
        self.in_rows = false;
        if !text.is_empty() {
            self.close();
            self.reassembled = text.starts_with("Reassembled");
        }
        Ok(())
    }

    /// Starts a block, or continues one.
    fn begin(&mut self, row: Row<'_>, line: usize) -> Result<(), String> {
        self.unsqueeze(row)?;
        let start = row.start();
        if self.block.is_none() || start != Some(self.next_offset()) {
            if self.block.is_some() && start != Some(0) {
                return Err(self.contradiction(row.offset));
            }
            self.close();
            self.start = start
                .filter(|start| *start == 0 || row.is_certain && *start < MAX_START)
                .ok_or_else(|| format!("the dump begins at offset {}", row.offset))?;
            self.base = row.base;
            self.block = Some(Block {
                line,
                reassembled: std::mem::take(&mut self.reassembled),
                bytes: Vec::new(),
            });
        }
        self.in_rows = true;
        Ok(())
    }

    fn contradiction(&self, offset: &str) -> String {
        format!(
            "offset {offset}, but the row before it ends at {:#x}",
            self.next_offset()
        )
    }

    /// Repeats the last row in place of omitted rows before this one.
    fn unsqueeze(&mut self, until: Row<'_>) -> Result<(), String> {
        if !std::mem::take(&mut self.squeezed) {
            return Ok(());
        }
        let next = self.next_offset();
        let Some(missing) = until.start().and_then(|end| end.checked_sub(next)) else {
            return Err(self.contradiction(until.offset));
        };
        self.repeated = self.repeated.saturating_add(missing);
        if self.repeated > MAX_REPEATED {
            return Err(format!("{missing} bytes are left out above: too many"));
        }
        if let Some(block) = &mut self.block {
            let from = block.bytes.len().saturating_sub(self.row_length);
            let row = block.bytes.get(from..).unwrap_or_default().to_vec();
            let repeated = row.iter().cycle().take(missing as usize);
            block.bytes.extend(repeated);
        }
        Ok(())
    }

    /// The number of bytes in the current row, from the offset of the next row.
    fn count_until(&self, after: Option<Row<'_>>) -> Option<usize> {
        let count = after?.start()?.checked_sub(self.next_offset())?;
        (1..=MAX_ROW).contains(&count).then_some(count as usize)
    }

    /// The bytes of a row: the given number, or those before its text column.
    fn bytes_of(&mut self, row: Row<'_>, count: Option<usize>) -> Result<Vec<u8>, (usize, String)> {
        let line = row.line;
        let rest = line.get(row.at..).unwrap_or_default();
        // The text column between bars, or between the arrows of od.
        let bar = rest.find('|');
        let arrow = rest.find('>').filter(|_| rest.trim_end().ends_with('<'));
        let hex = Hex::read(
            line,
            row.at,
            bar.or(arrow).map_or(line.len(), |n| row.at + n),
        );
        let whole = hex.whole();
        let found = if let Some(count) = count {
            let counted = hex.ends.iter().find(|end| end.bytes == count);
            counted.ok_or_else(|| {
                let message =
                    format!("a row of {count} bytes, by the next offset, has not so many");
                (row.at, message)
            })?
        } else if let (Some(_), Some(whole)) = (bar.or(arrow), whole) {
            whole
        } else if let Some(spelled) = hex.ends.iter().rev().find(|end| hex.spells(end)) {
            spelled
        } else if let Some(end) = hex.ends.iter().find(|end| {
            let text = column(line, end.text);
            Some(text) == self.text_column && end.text < line.len()
        }) {
            end
        } else if let Some(whole) = whole {
            whole
        } else {
            let c = line.get(hex.stop..).and_then(|rest| rest.chars().next());
            return Err(match c {
                Some(c) if !c.is_ascii_hexdigit() => (hex.stop, format!("{c:?} is no hex digit")),
                _ => (hex.stop, "one hex digit is missing".to_owned()),
            });
        };
        if bar.or(arrow).is_none() && found.text < line.trim_end().len() {
            self.text_column = Some(column(line, found.text));
        }
        Ok(hex.bytes.get(..found.bytes).unwrap_or_default().to_vec())
    }

    fn add(&mut self, bytes: Vec<u8>) {
        self.row_length = bytes.len();
        if let Some(block) = &mut self.block {
            block.bytes.extend(bytes);
        }
    }

    fn close(&mut self) {
        self.in_rows = false;
        self.text_column = None;
        self.done.extend(self.block.take());
    }
}

/// The hex digits of a row, possibly including some of its text column.
struct Hex<'l> {
    line: &'l str,
    bytes: Vec<u8>,
    /// Possible ends of the hex digits.
    ends: Vec<End>,
    /// The position of the first character that is not part of a byte, or the end.
    stop: usize,
}

/// A possible end of the hex digits of a row.
struct End {
    /// The number of bytes before it.
    bytes: usize,
    /// The start of the text column, in bytes of the line.
    text: usize,
}

impl<'l> Hex<'l> {
    /// Parses from `at` to `end`, or to the first character that is not hex.
    fn read(line: &'l str, at: usize, end: usize) -> Hex<'l> {
        let mut hex = Hex {
            line,
            bytes: Vec::new(),
            ends: Vec::new(),
            stop: at,
        };
        loop {
            let rest = line.get(hex.stop..end).unwrap_or_default();
            let blank = rest
                .find(|c| !matches!(c, ' ' | '\t' | '-'))
                .unwrap_or(rest.len());
            let digits = rest.get(blank..).unwrap_or_default();
            // Bytes are separated by one blank, or two in the middle of a row.
            let is_gap = blank >= 2 || rest.starts_with('\t') || digits.is_empty();
            if is_gap && !hex.bytes.is_empty() {
                hex.ends.push(End {
                    bytes: hex.bytes.len(),
                    text: hex.stop + blank,
                });
            }
            let length = digits
                .find(|c: char| !c.is_ascii_hexdigit())
                .unwrap_or(digits.len());
            let is_word = digits
                .get(length..)
                .is_none_or(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '-']));
            hex.stop += blank;
            if length == 0 || length % 2 == 1 || !is_word {
                if length > 0 && is_word {
                    return hex;
                }
                hex.stop += length;
                return hex;
            }
            hex.bytes
                .extend(pairs(digits.get(..length).unwrap_or_default()));
            hex.stop += length;
        }
    }

    /// The end that is followed by nothing.
    fn whole(&self) -> Option<&End> {
        let last = self.ends.last()?;
        let bar = self.line.get(last.text..).unwrap_or_default();
        let nothing = bar.trim().is_empty() || bar.starts_with(['|', '>']);
        (nothing && last.bytes == self.bytes.len()).then_some(last)
    }

    /// Whether the text column after an end repeats the bytes before it. Trailing blanks may be missing.
    fn spells(&self, end: &End) -> bool {
        let text = self.line.get(end.text..).unwrap_or_default();
        let bytes = self.bytes.get(..end.bytes).unwrap_or_default();
        // Leading blanks cannot be distinguished from the gap before the column.
        let visible = bytes.trim_ascii_start();
        let spelled = |bytes: &[u8]| {
            let mut chars = text.trim_end().chars();
            let each = bytes.iter().all(|byte| match (byte, chars.next()) {
                (b' ', c) => matches!(c, None | Some(' ' | '.')),
                (b'!'..=b'~', c) => c == Some(char::from(*byte)),
                (_, c) => c.is_some_and(|c| c == '.' || !c.is_ascii()),
            });
            each && chars.next().is_none()
        };
        !text.trim().is_empty() && (spelled(bytes) || spelled(visible))
    }
}
