//! `output`: to a port, to a port held in a field, or truncated (ovs-actions(7), "Output Actions").

use crate::openflow::text::{
    PORT_ANY, PORT_CONTROLLER, PORT_IN_PORT, PORT_LOCAL, PORT_UNSET, put_port, reserved_port,
};

use super::codec::{port, put_port_u16};
use super::prelude::*;

/// Sends the packet to a port: `output:1`, `NORMAL`, `CONTROLLER:65535`.
///
/// JSON: `{"type":"output","port":{"number":2,"name":"x"}}`; with `"max_len"` to `CONTROLLER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// The port's number, 32 bits in every version.
    pub port: u32,
    /// Maximum bytes sent to the controller.
    pub max_len: u16,
}

impl<'a> ActionCodec<'a> for Output {
    const NAME: &'static str = "output";
    const WIRE: &'static [Wire] = &[Wire::openflow(0, Version::V10)];
    const FORMS: &'static [WordForm] = &[
        &[(":", Takes::Port)],
        &[(
            "(",
            Takes::Named(&[("port", EQUALS_PORT), ("max_len", EQUALS_TEXT)]),
        )],
    ];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::optional("port", JsonShape::PORT),
        JsonMember::optional("field", JsonShape::BITS),
        JsonMember::optional("max_len", JsonShape::U32),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let output = Output {
            port: port(body, head)?,
            max_len: body.u16("max_len")?,
        };
        if head.version > Version::V10 {
            body.skip(6, "padding")?;
        }
        Ok(output)
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        if version == Version::V10 {
            put_port_u16(self.port, Self::unencodable(version), out)?;
            out.extend(self.max_len.to_be_bytes());
        } else {
            out.extend(self.port.to_be_bytes());
            out.extend(self.max_len.to_be_bytes());
            put_zeros(out, 6);
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        if reserved_port(self.port).is_none() {
            sink.put_as(TextRole::Action, "output");
            sink.put(":");
        }
        put_port(sink, cx, self.port);
        if self.port == PORT_CONTROLLER {
            sink.put(":");
            put_dec(sink, self.max_len);
        }
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("port");
        put_port_json(json, cx.names, self.port);
        if self.port == PORT_CONTROLLER {
            json.key("max_len");
            json.number(self.max_len);
        }
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        let (port, field) = (object.word("port")?, object.word("field")?);
        let max_len = object.word("max_len")?;
        let text = match (port, field, max_len) {
            (Some(port), None, None) => format!("output:{port}"),
            (Some(port), None, Some(max_len)) if port == "CONTROLLER" => {
                format!("CONTROLLER:{max_len}")
            }
            (Some(port), None, Some(max_len)) => format!("output(port={port},max_len={max_len})"),
            (None, Some(field), None) => format!("output:{field}"),
            (None, Some(field), Some(max_len)) if max_len == "65535" => format!("output:{field}"),
            (None, Some(_), Some(_)) => {
                return Err(Problem::syntax(
                    "max_len is 65535 where a field holds the port",
                ));
            }
            _ => return Err(Problem::syntax("an output has either a port or a field")),
        };
        out.push_str(&text);
        Ok(())
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        if argument.contains("max_len") {
            return OutputTrunc::parse_arguments(argument, parser)?.put(parser);
        }
        match parser.ofport(argument) {
            Ok(port) => {
                let max_len = if port == PORT_CONTROLLER { u16::MAX } else { 0 };
                put_output(port, max_len, parser)
            }
            Err(problem) if argument.starts_with('"') => Err(problem),
            Err(problem) => {
                let bracket = argument.contains('[');
                let src = match Bits::parse_source(argument, parser) {
                    Err(_) if !bracket => Err(problem),
                    other => other,
                }?;
                let output = OutputReg {
                    src,
                    max_len: u16::MAX,
                    long: src.header.experimenter.is_some(),
                };
                output.put(parser)
            }
        }
    }
}

/// Sends the packet to the port held in a field: `output:NXM_NX_REG0[0..15]`.
///
/// JSON: `{"type":"output","field":{"field":"reg0","offset":0,"n_bits":16},"max_len":65535}`.
#[derive(Debug, Clone, Copy)]
pub struct OutputReg {
    /// The field that holds the port number.
    pub src: Bits,
    /// Maximum bytes sent to the controller, if that is the port.
    pub max_len: u16,
    /// Whether it was received as `NXAST_OUTPUT_REG2`.
    pub long: bool,
}

/// `NXAST_OUTPUT_REG`, `NXAST_OUTPUT_REG2`
const OUTPUT_REG: Wire = Wire::nicira(15);
const OUTPUT_REG2: Wire = Wire::nicira(32);

impl<'a> ActionCodec<'a> for OutputReg {
    const NAME: &'static str = "output";
    const WIRE: &'static [Wire] = &[OUTPUT_REG, OUTPUT_REG2];
    /// Parsed as a form of `output`.
    const WORDS: &'static [&'static str] = &[];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let start = *body;
        let ofs_nbits = body.u16("ofs_nbits")?;
        let long = head.number == OUTPUT_REG2.number;
        let (header, max_len);
        if long {
            max_len = body.u16("max_len")?;
            let mut rest = body.sub(10, "source field")?;
            header = plain_header(&mut rest)?;
            skip_zeros(&mut rest.clone(), rest.remaining())?;
        } else {
            header = short_header(body)?;
            max_len = body.u16("max_len")?;
            skip_zeros(body, 6)?;
        }
        Ok(OutputReg {
            src: Bits::packed(header, ofs_nbits, &start)?,
            max_len,
            long,
        })
    }

    fn wire(&self, _: Version) -> Option<Wire> {
        Some(if self.long { OUTPUT_REG2 } else { OUTPUT_REG })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        out.extend(self.src.pack().to_be_bytes());
        if self.long {
            out.extend(self.max_len.to_be_bytes());
            self.src.header.encode(out);
            // Padding fills the space of an 8-byte header.
        } else {
            self.src.header.encode(out);
            out.extend(self.max_len.to_be_bytes());
            put_zeros(out, 6);
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "output");
        sink.put(":");
        self.src.text(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("field");
        self.src.json(json);
        json.key("max_len");
        json.number(self.max_len);
    }

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        Output::parse(word, argument, parser)
    }
}

/// Sends the truncated packet to a port: `output(port=1,max_len=100)`.
///
/// JSON: `{"type":"output","port":{...},"max_len":100}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputTrunc {
    /// The port's number.
    pub port: u32,
    /// Maximum bytes.
    pub max_len: u32,
}

impl<'a> ActionCodec<'a> for OutputTrunc {
    const NAME: &'static str = "output";
    const WIRE: &'static [Wire] = &[Wire::nicira(39)];
    /// Parsed as a form of `output`.
    const WORDS: &'static [&'static str] = &[];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        Ok(OutputTrunc {
            port: port(body, head)?,
            max_len: body.u32("max_len")?,
        })
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_port_u16(self.port, Self::unencodable(version), out)?;
        out.extend(self.max_len.to_be_bytes());
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "output");
        sink.put("(");
        sink.key("port");
        put_port(sink, cx, self.port);
        sink.put(",");
        sink.key("max_len");
        put_dec(sink, self.max_len);
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("port");
        put_port_json(json, cx.names, self.port);
        json.key("max_len");
        json.number(self.max_len);
    }

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        Output::parse(word, argument, parser)
    }
}

impl OutputTrunc {
    fn parse_arguments(text: &str, parser: &Parser<'_>) -> Result<OutputTrunc, Problem> {
        let (mut port, mut max_len) = (None, None);
        set_arguments!("output", text, |key, value| {
            "port" => port = Some(parser.ofport(value)?),
            "max_len" => max_len = Some(uint::<u32>(value, key)?),
        });
        let (Some(port), Some(max_len)) = (port, max_len) else {
            return Err(Problem::syntax("output(port=...,max_len=...) needs both"));
        };
        if max_len < SHORTEST {
            return Err(Problem::syntax(format!("max_len is at least {SHORTEST}")));
        }
        if !matches!(port, 0..0xff00 | PORT_IN_PORT | PORT_LOCAL) {
            return Err(Problem::syntax("packets to this port cannot be truncated"));
        }
        Ok(OutputTrunc { port, max_len })
    }
}

/// Minimum truncated length: an Ethernet header.
const SHORTEST: u32 = 14;

/// Appends an output to a port.
pub(super) fn put_output(port: u32, max_len: u16, parser: &mut Parser<'_>) -> Result<(), Problem> {
    if port == PORT_ANY || port == PORT_UNSET {
        return Err(Problem::syntax("packets cannot be sent to this port"));
    }
    Output { port, max_len }.put(parser)
}
