//! `ovs decode`: OpenFlow messages, to text or JSON.

mod block;
mod packets;
pub mod pasted;
mod rows;

use std::fmt::Write as _;
use std::io::{self, Read as _};
use std::path::Path;

use super::{Context, Exit, Failure, quoted};
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::commands::spelling::StyleArg;
use crate::openflow::messages::Decoded;
use crate::openflow::text::{NoNames, PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::output::{Mode, PaintedText};
use packets::{Brought, Packet, Segment, Streams};
use pasted::Malformed;

const ABOUT: About = About::reads().document(JsonDocument::Messages)
    .examples("\
ovs decode 0100000800000001                one message, its bytes in hex
ovs decode capture.bin                     a file of messages, one after the other, binary or hex
xxd -p capture.bin | ovs decode            the same from a pipe; xxd and hexdump -C do as well
ovs decode 0x4 0x14 0x0 0x8 00 00 00 02    bytes as languages write them; between quotes '\\x04\\x14'
tcpdump -x -r of.pcap | ovs decode         packets: the messages in their TCP streams
tshark -x -r of.pcap | ovs decode          the same from Wireshark's rows; or ovs decode of.pcap
ovs decode --json capture.bin | jq '.[].type'");

// The arguments of `ovs decode`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// Messages in hex, or a file that has them, in hex or as they are; - is stdin. Hex may have blanks,
    /// commas, colons, 0x and \x, be a C array, or rows with offsets and text (xxd, hexdump -C, Wireshark,
    /// tcpdump -x and -X, ovs-ofctl); messages are found behind the headers of packets, and in pcap files
    #[arg(takes = Value::new("HEX|FILE|-", Completer::Files), default_value = "-")]
    input: Vec<String>,

    /// The style of flows: that of ovs-ofctl for the message's version, or that of OpenFlow 1.0
    /// where it is exact
    #[arg(long, value_enum, value_name = "STYLE", default_value = "wire")]
    style: StyleArg,
}

/// Size of the write buffer, in bytes.
const MUCH: usize = 65_536;

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the input cannot be read or decoded, or stdout cannot be written.
    pub fn run(&self, cx: &Context) -> Result<(), Failure> {
        if cx.format.columns.is_some() {
            let message = "decode prints whole messages, no columns";
            return Err(Failure::new(Exit::Usage, message).hint("--json and jq pick members"));
        }
        let input = self.input()?;
        let text = TextContext {
            version: Version::V15,
            style: match self.style {
                StyleArg::Classic => Style::Classic,
                StyleArg::Wire => Style::Wire,
            },
            ports: PortSpelling::Number,
            names: &NoNames,
        };
        let mut printer = Printer {
            cx,
            text,
            out: PaintedText::new(cx.format.palette),
            count: 0,
        };
        let outcome = printer.input(&input);
        printer.end();
        cx.print(&printer.out.text)?;
        outcome
    }

    fn input(&self) -> Result<Vec<Piece>, Failure> {
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
                // Rows pasted between quotes keep their lines.
                let has_lines = words.iter().any(|word| word.contains('\n'));
                let text = words.join(if has_lines { "\n" } else { " " });
                of_text(&text).map_err(|malformed| {
                    let place = place(&malformed, if has_lines { "line" } else { "" });
                    match words {
                        [input]
                            if !has_lines && !input.starts_with(|c: char| c.is_ascii_digit()) =>
                        {
                            let message = format!("{} is neither a file nor hex", quoted(input));
                            Failure::new(Exit::Usage, message).hint(place)
                        }
                        _ => Failure::new(Exit::Usage, place),
                    }
                })
            }
        }
    }
}

/// The packets of an argument as `decode` takes it: hex, or a file that has them, as a capture or in hex.
///
/// # Errors
///
/// The input cannot be read, or is neither; or the first packet has no Ethernet header.
pub(super) fn packets_of(input: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let args = Args {
        input: vec![input.to_owned()],
        style: StyleArg::Wire,
    };
    let pieces = args.input()?;
    let link_type = pieces.first().and_then(|first| first.link_type);
    if let Some(link_type) = link_type.filter(|link_type| *link_type != packets::ETHERNET) {
        let message = format!(
            "{} is a capture of {} (link type {link_type}): there is no Ethernet header",
            quoted(input),
            packets::link_type_name(link_type)
        );
        return Err(Failure::new(Exit::Failed, message)
            .hint("a capture of one Ethernet device has them: tcpdump -i PORT, not -i any"));
    }
    let pieces = pieces.into_iter();
    Ok(pieces.map(|piece| piece.bytes).collect())
}

/// A run of bytes, with the name of its position if there are several.
struct Piece {
    place: String,
    bytes: Vec<u8>,
    /// Of a packet of a capture.
    link_type: Option<u16>,
}

/// The content of a file: packets, messages, or text that contains them.
fn of_file(bytes: Vec<u8>, name: &str) -> Result<Vec<Piece>, Failure> {
    if let Some(packets) = packets::capture(&bytes) {
        let packets = packets.map_err(|error| {
            let message = format!("{} is a capture that is cut: {error}", quoted(name));
            Failure::new(Exit::Failed, message)
        })?;
        let piece = |(index, packet): (usize, packets::CapturedPacket<'_>)| Piece {
            place: format!("packet {}", index + 1),
            bytes: packet.bytes.to_vec(),
            link_type: Some(packet.link_type),
        };
        return Ok(packets.into_iter().enumerate().map(piece).collect());
    }
    let is_control =
        |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') || *byte == 0x7f;
    if bytes.iter().any(is_control) {
        return Ok(vec![Piece {
            place: String::new(),
            bytes,
            link_type: None,
        }]);
    }
    of_text(&String::from_utf8_lossy(&bytes)).map_err(|malformed| {
        let message = format!("{}, {}", quoted(name), place(&malformed, "line"));
        Failure::new(Exit::Failed, message)
    })
}

fn of_text(text: &str) -> Result<Vec<Piece>, Malformed> {
    let mut blocks = pasted::read(text)?;
    // Bytes that tshark reassembled from packets are in the packets, too.
    blocks.retain(|block| !block.reassembled);
    let several = blocks.len() > 1;
    let piece = |block: pasted::Block| Piece {
        place: if several {
            format!("line {}", block.line)
        } else {
            String::new()
        },
        bytes: block.bytes,
        link_type: None,
    };
    Ok(blocks.into_iter().map(piece).collect())
}

/// `line 3, character 7: 'x' is no hex digit`
fn place(malformed: &Malformed, line: &str) -> String {
    let mut places = Vec::new();
    if !line.is_empty() {
        places.push(format!("{line} {}", malformed.line));
    }
    if malformed.column > 0 {
        places.push(format!("character {}", malformed.column));
    }
    format!("{}: {}", places.join(", "), malformed.what)
}

/// Prints messages one after the other.
struct Printer<'a> {
    cx: &'a Context,
    text: TextContext<'a>,
    out: PaintedText,
    count: usize,
}

impl Printer<'_> {
    /// Prints the messages of all pieces, or those in the packets that the pieces are. Returns the first
    /// failure after all are printed.
    fn input(&mut self, pieces: &[Piece]) -> Result<(), Failure> {
        let mut streams = Streams::default();
        let mut first_failure = None;
        let mut count_packets = 0;
        for piece in pieces {
            let place = &piece.place;
            let outcome = match packets::packet(&piece.bytes) {
                _ if packets::are_messages(&piece.bytes) => self.messages(&piece.bytes, place),
                Some(Packet::Tcp(segment)) => {
                    count_packets += 1;
                    self.segment(&mut streams, &segment, place)
                }
                Some(Packet::Other) => {
                    count_packets += 1;
                    Ok(())
                }
                // A frame of another protocol among the packets.
                None if count_packets > 0 => Ok(()),
                None => self.messages(&piece.bytes, place),
            };
            first_failure = first_failure.or(outcome.err());
        }
        for pending in streams.unfinished() {
            let outcome = self.messages(&pending, "at the end");
            first_failure = first_failure.or(outcome.err());
        }
        match first_failure {
            Some(failure) => Err(failure),
            None if self.count > 0 => Ok(()),
            None if count_packets > 0 => {
                let s = if count_packets == 1 { "" } else { "s" };
                let message = format!("no OpenFlow in {count_packets} packet{s}");
                Err(Failure::new(Exit::Failed, message))
            }
            None => {
                Err(Failure::new(Exit::Failed, "the input has no bytes").hint("ovs decode --help"))
            }
        }
    }

    /// Prints the messages that a segment completes.
    fn segment(
        &mut self,
        streams: &mut Streams,
        segment: &Segment<'_>,
        place: &str,
    ) -> Result<(), Failure> {
        match streams.add(segment) {
            Brought::Messages(whole) => self.messages(&whole, place),
            Brought::Gap(pending) => {
                let cut = self.messages(&pending, place);
                self.segment(streams, segment, place)?;
                cut
            }
            Brought::Foreign([from, to]) => {
                let message = format!("TCP from port {from} to {to} is no OpenFlow");
                let hint = "a message begins there, but no OpenFlow header: another protocol, TLS, or a \
                            capture that begins within a message";
                Err(Failure::new(Exit::Failed, at_place(place, &message)).hint(hint))
            }
        }
    }

    /// Prints consecutive messages; ends at the first bytes that are not a message.
    fn messages(&mut self, bytes: &[u8], place: &str) -> Result<(), Failure> {
        let mut at = 0;
        let mut first_error = None;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let message = Decoded::decode(rest).map_err(|mut error| {
                error.at += at;
                Failure::new(Exit::Failed, at_place(place, &error.to_string()))
                    .hint("a message begins there, but no OpenFlow header")
            })?;
            self.message(&message);
            if self.out.text.len() > MUCH {
                self.cx.print(&self.out.text)?;
                self.out.text.clear();
            }
            if let Some(error) = message.error() {
                let mut error = error.clone();
                error.at += at;
                first_error.get_or_insert(error);
            }
            at += usize::from(message.header().length);
        }
        match first_error {
            None => Ok(()),
            Some(error) => {
                let message = at_place(place, &error.to_string());
                Err(Failure::new(Exit::Failed, message))
            }
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

fn at_place(place: &str, message: &str) -> String {
    if place.is_empty() {
        message.to_owned()
    } else {
        format!("{place}: {message}")
    }
}
