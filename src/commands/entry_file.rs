//! A FILE of flows, groups or meters, or stdin: its entries one after another, each with the number of its line.
//!
//! It is text, an entry a line, as `ovs-ofctl add-flows` reads it and `dump-flows` prints it: blank lines are skipped,
//! and so is what follows a `#` outside of quotes. If its first character is `[` or `{`, it is JSON: an array of
//! objects, or objects one after another, as `dump-flows --json` prints them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::base::shell::word;
use crate::commands::failure::words_of;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::{Depth, Scope, Want};
use crate::openflow::flow_change::without_comment;

/// Maximum size of a file, in bytes: about ten million flows.
const LARGEST: u64 = 1 << 30;

/// Maximum length of a line or object, in bytes; the message of a flow has less than 64 KiB.
const LONGEST: usize = 1 << 20;

/// Whether what is named is a file and no switch. `unix:PATH`, `tcp:HOST` and `ssl:HOST` are switches; `-`, what has a
/// `/`, and the name of a file that exists are files; everything else is a bridge.
///
/// # Errors
///
/// It is the name of a file and of a bridge, or of neither.
pub(super) async fn names_file(cx: &Context, text: &str) -> Result<bool, Failure> {
    let schemes = ["unix:", "tcp:", "ssl:"];
    if schemes.iter().any(|scheme| text.starts_with(scheme)) {
        return Ok(false);
    }
    if text == "-" || text.contains('/') {
        return Ok(true);
    }
    let is_file = Path::new(text).exists();
    let bridge = Want::of(Scope::Bridge(text.to_owned()), Depth::BridgeNames);
    // Without a database, what is no file is a switch, whose error tells why.
    let read = cx.read(bridge).await;
    match read.map(|topology| !topology.bridges.is_empty()) {
        Ok(true) if is_file => {
            let message = format!("{} is a bridge, and a file here", quoted(text));
            let hint = format!(
                "./{} is the file; `cd` elsewhere for the bridge",
                word(text)
            );
            Err(Failure::new(Exit::Usage, message).hint(hint))
        }
        Ok(true) => Ok(false),
        Ok(false) if !is_file => Err(neither(text)),
        Ok(false) | Err(_) => Ok(is_file),
    }
}

fn neither(text: &str) -> Failure {
    let message = format!("{} is neither a bridge nor a file here", quoted(text));
    Failure::new(Exit::NotFound, message).hint(
        "`ovs bridge list` lists the bridges; other switches are unix:PATH or tcp:HOST[:6653]",
    )
}

/// A file, or what stdin had.
#[derive(Debug)]
pub(super) struct EntryFile<'a> {
    /// Its name in messages, quoted if necessary.
    name: String,
    content: Content<'a>,
}

#[derive(Debug)]
enum Content<'a> {
    /// It is read as often as needed.
    Path(&'a Path),
    /// What can be read once only: a pipe.
    Bytes(&'static [u8]),
}

/// Reads stdin (`-`) or a pipe, at most one byte more than `largest`. Its content is kept until the process ends: every
/// host of several reads it.
pub(super) fn read_once(path: &Path, largest: u64) -> io::Result<&'static [u8]> {
    static READ: Mutex<BTreeMap<PathBuf, &'static [u8]>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(bytes) = read.get(path) {
        return Ok(bytes);
    }
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin()
            .lock()
            .take(largest + 1)
            .read_to_end(&mut bytes)?;
    } else {
        File::open(path)?
            .take(largest + 1)
            .read_to_end(&mut bytes)?;
    }
    let bytes: &'static [u8] = bytes.leak();
    read.insert(path.to_owned(), bytes);
    Ok(bytes)
}

/// An entry of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct EntryLine<'l> {
    /// The line that it begins in, from 1.
    pub(super) number: usize,
    /// Its text, or the JSON object.
    pub(super) text: &'l str,
}

impl<'a> EntryFile<'a> {
    /// Opens a file; `-` is stdin, which is read to its end, and so is everything that is not a regular file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is too large.
    pub(super) fn open(path: &'a Path) -> Result<EntryFile<'a>, Failure> {
        let is_stdin = path.as_os_str() == "-";
        let name = if is_stdin {
            "stdin".to_owned()
        } else {
            let name = path.to_string_lossy();
            let is_plain = |c: char| c.is_alphanumeric() || "/._-+".contains(c);
            if !name.is_empty() && name.chars().all(is_plain) {
                name.into_owned()
            } else {
                quoted(&name)
            }
        };
        let failure = |error: io::Error| unreadable(&name, &error);
        if !is_stdin {
            let metadata = path.metadata().map_err(failure)?;
            if metadata.is_file() {
                // Opened now for the error.
                File::open(path).map_err(failure)?;
                refuse_large(metadata.len(), &name)?;
                let content = Content::Path(path);
                return Ok(EntryFile { name, content });
            }
        }
        let bytes = read_once(path, LARGEST).map_err(failure)?;
        refuse_large(bytes.len() as u64, &name)?;
        let content = Content::Bytes(bytes);
        Ok(EntryFile { name, content })
    }

    /// Its name in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its entries.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub(super) fn lines(&self) -> Result<EntryLines<'_>, Failure> {
        let reader: Box<dyn BufRead> = match &self.content {
            Content::Path(path) => {
                let file = File::open(path).map_err(|error| unreadable(&self.name, &error))?;
                Box::new(BufReader::with_capacity(1 << 16, file.take(LARGEST)))
            }
            Content::Bytes(bytes) => Box::new(*bytes),
        };
        Ok(EntryLines {
            name: &self.name,
            reader,
            format: None,
            line: 0,
            buffer: Vec::new(),
        })
    }

    /// The entry that begins in this line.
    pub(super) fn text_of(&self, number: usize) -> Option<String> {
        let mut lines = self.lines().ok()?;
        while let Ok(Some(line)) = lines.next_entry() {
            if line.number == number {
                return Some(line.text.to_owned());
            }
        }
        None
    }
}

/// The entries of a file, read one after another.
pub(super) struct EntryLines<'f> {
    name: &'f str,
    reader: Box<dyn BufRead + 'f>,
    /// Known once something was read.
    format: Option<FileFormat>,
    /// The number of the last line read, from 1; in JSON how many line feeds were read.
    line: usize,
    buffer: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileFormat {
    Text,
    /// JSON: what may come next.
    Json(Next),
}

/// What may come between the objects of JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The first object of an array, or its end.
    First,
    /// An object of an array.
    Object,
    /// A comma, or the end of the array.
    Comma,
    /// An object outside of an array, or nothing.
    Line,
    /// Nothing: the array has ended.
    Nothing,
}

impl EntryLines<'_> {
    /// The next entry; `None` at the end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not made of lines or of JSON objects. The message names file and line.
    pub(super) fn next_entry(&mut self) -> Result<Option<EntryLine<'_>>, Failure> {
        let format = match self.format {
            Some(format) => format,
            None => self.detect()?,
        };
        match format {
            FileFormat::Text => self.next_line(),
            FileFormat::Json(next) => self.next_object(next),
        }
    }

    /// Skips a byte order mark and what is blank, and looks at the first character.
    fn detect(&mut self) -> Result<FileFormat, Failure> {
        const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
        let mut is_first = true;
        let format = loop {
            let chunk = self.reader.fill_buf();
            let chunk = chunk.map_err(|error| unreadable(self.name, &error))?;
            let mark = match chunk.strip_prefix(BYTE_ORDER_MARK) {
                Some(_) if is_first => BYTE_ORDER_MARK.len(),
                _ => 0,
            };
            is_first = false;
            let rest = chunk.get(mark..).unwrap_or_default();
            let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
            let blanks = blanks.count();
            let skipped = rest.get(..blanks).unwrap_or_default();
            self.line += skipped.split(|byte| *byte == b'\n').count() - 1;
            let format = match rest.get(blanks) {
                Some(b'[') => Some((FileFormat::Json(Next::First), 1)),
                Some(b'{') => Some((FileFormat::Json(Next::Line), 0)),
                Some(_) => Some((FileFormat::Text, 0)),
                None if chunk.is_empty() => Some((FileFormat::Text, 0)),
                None => None,
            };
            self.reader
                .consume(mark + blanks + format.map_or(0, |(_, bracket)| bracket));
            if let Some((format, _)) = format {
                break format;
            }
        };
        self.format = Some(format);
        Ok(format)
    }

    fn next_line(&mut self) -> Result<Option<EntryLine<'_>>, Failure> {
        loop {
            self.buffer.clear();
            let mut limited = (&mut self.reader).take(LONGEST as u64 + 1);
            let read = limited.read_until(b'\n', &mut self.buffer);
            if read.map_err(|error| unreadable(self.name, &error))? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if self.buffer.len() > LONGEST {
                return Err(self.wrong(self.line, TOO_LONG));
            }
            let text = str::from_utf8(&self.buffer);
            let text = text.map_err(|_| self.wrong(self.line, "not UTF-8"))?;
            if !entry_of(text).is_empty() {
                break;
            }
        }
        let text = str::from_utf8(&self.buffer).unwrap_or_default();
        Ok(Some(EntryLine {
            number: self.line,
            text: entry_of(text),
        }))
    }

    fn next_object(&mut self, mut next: Next) -> Result<Option<EntryLine<'_>>, Failure> {
        self.buffer.clear();
        let mut scan = ObjectScan::default();
        // The number of a line is that of the line feeds before it, plus 1.
        let mut number = self.line + 1;
        loop {
            let chunk = self.reader.fill_buf();
            let chunk = chunk.map_err(|error| unreadable(self.name, &error))?;
            if chunk.is_empty() {
                return match next {
                    _ if scan.depth > 0 => Err(self.wrong(number, "the object does not end")),
                    Next::Line | Next::Nothing => Ok(None),
                    _ => Err(self.wrong(self.line + 1, "the array does not end")),
                };
            }
            let mut used = 0;
            let mut wrong = None;
            let mut begins = if scan.depth > 0 { 0 } else { usize::MAX };
            for byte in chunk {
                used += 1;
                let is_line_feed = *byte == b'\n';
                if scan.depth > 0 {
                    scan.take(*byte);
                    if scan.depth == 0 {
                        break;
                    }
                } else if *byte == b'{' && next.takes_object() {
                    (number, begins) = (self.line + 1, used - 1);
                    scan.take(*byte);
                } else if !byte.is_ascii_whitespace() {
                    let Some(after) = next.after(*byte) else {
                        wrong = Some(next.expected());
                        break;
                    };
                    next = after;
                }
                self.line += usize::from(is_line_feed);
            }
            let of_object = chunk.get(begins..used).unwrap_or_default();
            self.buffer.extend_from_slice(of_object);
            self.reader.consume(used);
            if let Some(wrong) = wrong {
                return Err(self.wrong(self.line + 1, wrong));
            }
            if self.buffer.len() > LONGEST {
                return Err(self.wrong(number, TOO_LONG));
            }
            if scan.depth == 0 && !self.buffer.is_empty() {
                break;
            }
        }
        self.format = Some(FileFormat::Json(match next {
            Next::Line => Next::Line,
            _ => Next::Comma,
        }));
        let text = str::from_utf8(&self.buffer);
        let text = text.map_err(|_| self.wrong(number, "not UTF-8"))?;
        Ok(Some(EntryLine { number, text }))
    }

    fn wrong(&self, number: usize, reason: &str) -> Failure {
        Failure::new(
            Exit::Failed,
            format!("{}, line {number}: {reason}", self.name),
        )
    }
}

const TOO_LONG: &str = "longer than 1 MiB";

impl Next {
    fn takes_object(self) -> bool {
        matches!(self, Next::First | Next::Object | Next::Line)
    }

    /// What may come after this character, which is not that of an object; `None` if it must not come.
    fn after(self, byte: u8) -> Option<Next> {
        match (self, byte) {
            (Next::Comma, b',') => Some(Next::Object),
            (Next::First | Next::Comma, b']') => Some(Next::Nothing),
            _ => None,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Next::First | Next::Object | Next::Line => "expected a JSON object, {...}",
            Next::Comma => "expected a comma, or ] at the end of the array",
            Next::Nothing => "expected nothing after the array",
        }
    }
}

/// Finds the end of a JSON object.
#[derive(Debug, Default)]
struct ObjectScan {
    /// How many brackets are open.
    depth: usize,
    in_string: bool,
    is_escaped: bool,
}

impl ObjectScan {
    fn take(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' if self.in_string => self.is_escaped = true,
            b'"' => self.in_string = !self.in_string,
            _ if self.in_string => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth -= 1,
            _ => {}
        }
    }
}

/// The entry in a line of text, without blanks around it and without comment; empty if there is none. The heading
/// that ovs-ofctl prints above those of a dump is none.
fn entry_of(line: &str) -> &str {
    let entry = without_comment(line);
    let is_heading = (entry.starts_with("OFPST_") || entry.starts_with("NXST_"))
        && entry.contains(" reply")
        && entry.ends_with(':');
    if is_heading { "" } else { entry }
}

fn refuse_large(length: u64, name: &str) -> Result<(), Failure> {
    if length <= LARGEST {
        return Ok(());
    }
    let limit = LARGEST >> 30;
    let message = format!("{name} has more than {limit} GiB, the limit");
    Err(Failure::new(Exit::Failed, message).hint("give it in several files"))
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!("cannot read {name}: {}", words_of(error)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows(bytes: &[u8]) -> Result<Vec<(usize, String)>, String> {
        let file = EntryFile {
            name: "f".to_owned(),
            content: Content::Bytes(bytes.to_vec().leak()),
        };
        let mut lines = file.lines().unwrap();
        let mut all = Vec::new();
        loop {
            match lines.next_entry() {
                Ok(Some(line)) => all.push((line.number, line.text.to_owned())),
                Ok(None) => return Ok(all),
                Err(failure) => return Err(failure.message),
            }
        }
    }

    fn found(flows: &[(usize, &str)]) -> Vec<(usize, String)> {
        let owned = |(number, text): &(usize, &str)| (*number, (*text).to_owned());
        flows.iter().map(owned).collect()
    }

    #[test]
    fn lines_of_text() {
        let text = b"\xef\xbb\xbf\n# a comment\r\n  tcp,actions=1 # another\r\n\nin_port=\"a#b\\\"#\",actions=2\n \
            OFPST_FLOW reply (OF1.3) (xid=0x2):\nactions=3";
        let expected = [
            (3, "tcp,actions=1"),
            (5, "in_port=\"a#b\\\"#\",actions=2"),
            (7, "actions=3"),
        ];
        assert_eq!(flows(text), Ok(found(&expected)));
        assert_eq!(flows(b""), Ok(found(&[])));
        assert_eq!(flows(b"\n \n#"), Ok(found(&[])));
        assert_eq!(flows(b"a\n\xff\n"), Err("f, line 2: not UTF-8".to_owned()));
        let long = vec![b'a'; LONGEST + 1];
        assert_eq!(flows(&long), Err(format!("f, line 1: {TOO_LONG}")));
    }

    #[test]
    fn objects_of_json() {
        let one = r#"{"a":"}\"]\\","b":[{}]}"#;
        let array = format!("\n[{one},\n\n {one}\n]\n");
        assert_eq!(flows(array.as_bytes()), Ok(found(&[(2, one), (4, one)])));
        let lines = format!("{one}\n{one} {one}\n");
        assert_eq!(
            flows(lines.as_bytes()),
            Ok(found(&[(1, one), (2, one), (2, one)]))
        );
        assert_eq!(flows(b"[]\n"), Ok(found(&[])));
        assert_eq!(
            flows(b"{\n\"a\": 1\n}"),
            Ok(found(&[(1, "{\n\"a\": 1\n}")]))
        );
        for (text, reason) in [
            ("[", "line 1: the array does not end"),
            ("[{}\n", "line 2: the array does not end"),
            ("\n{\n\n", "line 2: the object does not end"),
            (
                "[{}\n{}]",
                "line 2: expected a comma, or ] at the end of the array",
            ),
            ("[{},]", "line 1: expected a JSON object, {...}"),
            ("[{}]\n{}", "line 2: expected nothing after the array"),
            ("{}\nx", "line 2: expected a JSON object, {...}"),
            ("[1]", "line 1: expected a JSON object, {...}"),
        ] {
            assert_eq!(
                flows(text.as_bytes()),
                Err(format!("f, {reason}")),
                "{text}"
            );
        }
        let open = vec![b'{'; LONGEST + 1];
        assert_eq!(flows(&open), Err(format!("f, line 1: {TOO_LONG}")));
    }
}
