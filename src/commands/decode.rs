//! `ovs decode`: OpenFlow messages, to text or JSON.

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::Path;

use super::{Context, Exit, Failure, quoted};
use crate::openflow::messages::Decoded;
use crate::openflow::text::{NoNames, PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::output::{FlowText, Mode};

// The arguments of `ovs decode`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ovs decode 0100000800000001                one message, its bytes in hex
  ovs decode capture.bin                     a file of messages, one after the other, binary or hex
  xxd -p capture.bin | ovs decode            the same from a pipe; xxd and hexdump -C do as well
  ovs decode --json capture.bin | jq '.[].type'")]
pub struct Args {
    /// Messages in hex (blanks and colons between the digits are skipped), or a file that has them,
    /// in hex or as they are; - is stdin
    #[arg(value_name = "HEX|FILE|-", default_value = "-")]
    input: Vec<String>,

    /// The words of flows: those of ovs-ofctl for the message's version, or those of OpenFlow 1.0
    /// where they are true
    #[arg(long, value_enum, value_name = "STYLE", default_value = "wire")]
    style: Words,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Words {
    Classic,
    Wire,
}

/// So much text is written at once, in bytes.
const MUCH: usize = 65_536;

impl Args {
    /// Runs the command.
    pub fn run(&self, cx: &Context) -> Result<(), Failure> {
        if cx.format.columns.is_some() {
            let message = "decode prints whole messages, no columns";
            return Err(Failure::new(Exit::Usage, message).hint("--json and jq pick members"));
        }
        let bytes = self.bytes()?;
        let text = TextContext {
            version: Version::V15,
            style: match self.style {
                Words::Classic => Style::Classic,
                Words::Wire => Style::Wire,
            },
            ports: PortSpelling::Number,
            names: &NoNames,
        };
        let mut printer = Printer {
            cx,
            text,
            out: FlowText::new(cx.format.palette),
            count: 0,
        };
        let outcome = printer.messages(&bytes);
        printer.end();
        cx.print(&printer.out.text)?;
        outcome
    }

    fn bytes(&self) -> Result<Vec<u8>, Failure> {
        match self.input.as_slice() {
            [input] if input == "-" => {
                let mut bytes = Vec::new();
                io::stdin()
                    .lock()
                    .read_to_end(&mut bytes)
                    .map_err(|error| {
                        Failure::new(Exit::Failed, format!("cannot read stdin: {error}"))
                    })?;
                of_file(bytes, "stdin")
            }
            [input] if Path::new(input).exists() => {
                let bytes = std::fs::read(input).map_err(|error| {
                    let message = format!("cannot read {}: {error}", quoted(input));
                    Failure::new(Exit::Failed, message)
                })?;
                of_file(bytes, input)
            }
            words => {
                let text = words.join(" ");
                hex(&text).map_err(|column| {
                    let message = match words {
                        [input] if !input.starts_with(|c: char| c.is_ascii_digit()) => {
                            format!("{} is neither a file nor hex", quoted(input))
                        }
                        _ => format!("character {column} is no hex digit, or one digit is missing"),
                    };
                    Failure::new(Exit::Usage, message)
                })
            }
        }
    }
}

/// The bytes of a file: as they are where one of them is no text, else what its hex says.
fn of_file(bytes: Vec<u8>, name: &str) -> Result<Vec<u8>, Failure> {
    let is_text = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    if !bytes.iter().all(is_text) {
        return Ok(bytes);
    }
    let text = String::from_utf8_lossy(&bytes);
    let mut all = Vec::new();
    let mut in_dump = false;
    for (number, line) in text.lines().enumerate() {
        // hexdump ends with an offset alone.
        if in_dump && line.len() == 8 && line.chars().all(|c| c.is_ascii_hexdigit()) {
            continue;
        }
        in_dump = line.contains('|');
        let part = hex(dump_line(line)).map_err(|column| {
            let message = format!(
                "{}, line {}: character {column} is no hex digit, or one digit is missing",
                quoted(name),
                number + 1
            );
            Failure::new(Exit::Failed, message)
        })?;
        all.extend(part);
    }
    Ok(all)
}

/// The digits of a line: without the offset and the characters of `xxd` and `hexdump -C`.
fn dump_line(line: &str) -> &str {
    let line = line.trim();
    let is_hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    // xxd: `00000000: 0105 0008  ....`
    if let Some((offset, rest)) = line.split_once(": ")
        && offset.len() >= 7
        && is_hex(offset)
    {
        let rest = rest.trim_start();
        return rest.split_once("  ").map_or(rest, |(digits, _)| digits);
    }
    // hexdump -C and ovs-ofctl: `00000000  01 05 00 08-00  |....|`, with an offset alone at the end.
    if let Some((rest, _)) = line.split_once('|')
        && let Some((offset, digits)) = rest.split_once("  ")
        && is_hex(offset)
    {
        return digits;
    }
    line
}

/// The bytes that hex digits say. The error is the place of what is no digit, counted from one.
fn hex(text: &str) -> Result<Vec<u8>, usize> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let skipped = text.len() - digits.len();
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let mut high: Option<u8> = None;
    for (index, c) in digits.char_indices() {
        let digit = match c.to_digit(16) {
            Some(digit) => digit as u8,
            None if c.is_ascii_whitespace() || matches!(c, ':' | '-' | '.' | ',') => continue,
            None => return Err(skipped + index + 1),
        };
        high = match high {
            None => Some(digit),
            Some(high) => {
                bytes.push(high << 4 | digit);
                None
            }
        };
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err(text.len()),
    }
}

/// Prints messages one after the other.
struct Printer<'a> {
    cx: &'a Context,
    text: TextContext<'a>,
    out: FlowText,
    count: usize,
}

impl Printer<'_> {
    fn messages(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut at = 0;
        let mut first_trouble = None;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let message = Decoded::decode(rest).map_err(|mut error| {
                error.at += at;
                Failure::new(Exit::Failed, error.to_string())
                    .hint("a message begins there, but no OpenFlow header")
            })?;
            self.message(&message);
            if self.out.text.len() > MUCH {
                self.cx.print(&self.out.text)?;
                self.out.text.clear();
            }
            if let Some(trouble) = message.trouble() {
                let mut trouble = trouble.clone();
                trouble.at += at;
                first_trouble.get_or_insert(trouble);
            }
            at += usize::from(message.header().length);
        }
        match first_trouble {
            None if self.count == 0 => {
                Err(Failure::new(Exit::Failed, "the input has no bytes").hint("ovs decode --help"))
            }
            None => Ok(()),
            Some(trouble) => Err(Failure::new(Exit::Failed, trouble.to_string())),
        }
    }

    fn message(&mut self, message: &Decoded<'_>) {
        let first = self.count == 0;
        self.count += 1;
        match self.cx.format.mode {
            Mode::Json => {
                let comma = if first { "[\n" } else { ",\n" };
                let _ = write!(self.out.text, "{comma}{}", message.json());
            }
            Mode::Jsonl => {
                let _ = writeln!(self.out.text, "{}", message.json());
            }
            Mode::Table | Mode::Text | Mode::Raw => message.text(&mut self.out, &self.text),
        }
    }

    fn end(&mut self) {
        if self.cx.format.mode == Mode::Json {
            self.out
                .text
                .push_str(if self.count == 0 { "[]\n" } else { "\n]\n" });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_in_many_layouts() {
        for text in [
            "0105000800000001",
            "0x0105000800000001",
            "01:05:00:08:00:00:00:01",
            "01 05 00 08\n00 00 00 01\n",
            "00000000: 0105 0008 0000 0001  ........\n",
            "00000000  01 05 00 08 00 00 00 01  |........|\n",
            "00000000  01 05 00 08 00 00 00 01                           |........|\n",
            "0105 0008\r\n0000 0001",
        ] {
            assert_eq!(
                of_file(text.as_bytes().to_vec(), "x").unwrap(),
                [1, 5, 0, 8, 0, 0, 0, 1],
                "{text}"
            );
        }
        assert_eq!(of_file(vec![1, 5, 0, 8], "x").unwrap(), [1, 5, 0, 8]);
        assert_eq!(hex("01g"), Err(3));
        assert_eq!(hex("010"), Err(3));
    }
}
