//! `output`: to a port, to the port that a field names, or cut short (ovs-actions(7), "Output Actions").

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::bits::{Bits, plain_header, short_header};
use super::number::put_dec;
use super::{
    ActionCodec, Head, Unencodable, Wire, place, port, port_json, port_u16, put_action, put_zeros,
    skip_zeros,
};
use crate::openflow::text::{PORT_CONTROLLER, put_port, reserved_port};

/// Sends the packet to a port: `output:1`, `NORMAL`, `CONTROLLER:65535`.
///
/// JSON: `{"type":"output","port":{"number":2,"name":"x"}}`; with `"max_len"` to `CONTROLLER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// The port's number, 32 bits in every version.
    pub port: u32,
    /// How many bytes of the packet the controller gets.
    pub max_len: u16,
}

impl<'a> ActionCodec<'a> for Output {
    const NAME: &'static str = "output";
    const WIRE: &'static [Wire] = &[Wire::openflow(0, Version::V10)];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        let output = Output {
            port: port(body, head)?,
            max_len: body.u16("max_len")?,
        };
        if head.version > Version::V10 {
            skip_zeros(body, 6)?;
        }
        Ok(output)
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let wire = place(Self::WIRE, version, Self::NAME)?;
        if version == Version::V10 {
            let port = port_u16(self.port, Self::NAME, version)?;
            put_action(wire, out, |out| {
                out.extend(port.to_be_bytes());
                out.extend(self.max_len.to_be_bytes());
            });
        } else {
            put_action(wire, out, |out| {
                out.extend(self.port.to_be_bytes());
                out.extend(self.max_len.to_be_bytes());
                put_zeros(out, 6);
            });
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        if reserved_port(self.port).is_none() {
            sink.put_as(Role::Action, "output");
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
        port_json(json, cx, self.port);
        if self.port == PORT_CONTROLLER {
            json.key("max_len");
            json.number(self.max_len);
        }
    }
}

/// Sends the packet to the port that a field names: `output:NXM_NX_REG0[0..15]`.
///
/// JSON: `{"type":"output","field":{"field":"reg0","offset":0,"n_bits":16},"max_len":65535}`.
#[derive(Debug, Clone, Copy)]
pub struct OutputReg {
    /// Where the port's number is.
    pub src: Bits,
    /// How many bytes of the packet the controller gets, if that is the port.
    pub max_len: u16,
    /// Whether it came in the form that has room for an experimenter's field.
    pub long: bool,
}

/// `NXAST_OUTPUT_REG`, `NXAST_OUTPUT_REG2`
const OUTPUT_REG: Wire = Wire::nicira(15);
const OUTPUT_REG2: Wire = Wire::nicira(32);

impl<'a> ActionCodec<'a> for OutputReg {
    const NAME: &'static str = "output";
    const WIRE: &'static [Wire] = &[OUTPUT_REG, OUTPUT_REG2];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
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

    fn encode(&self, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        if self.long {
            put_action(OUTPUT_REG2, out, |out| {
                out.extend(self.src.pack().to_be_bytes());
                out.extend(self.max_len.to_be_bytes());
                let start = out.len();
                self.src.header.encode(out);
                put_zeros(out, 10usize.saturating_sub(out.len() - start));
            });
        } else {
            put_action(OUTPUT_REG, out, |out| {
                out.extend(self.src.pack().to_be_bytes());
                self.src.header.encode(out);
                out.extend(self.max_len.to_be_bytes());
                put_zeros(out, 6);
            });
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(Role::Action, "output");
        sink.put(":");
        self.src.text(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("field");
        self.src.json(json);
        json.key("max_len");
        json.number(self.max_len);
    }
}

/// Sends the beginning of the packet to a port: `output(port=1,max_len=100)`.
///
/// JSON: `{"type":"output","port":{...},"max_len":100}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputTrunc {
    /// The port's number.
    pub port: u32,
    /// How many bytes at most.
    pub max_len: u32,
}

impl<'a> ActionCodec<'a> for OutputTrunc {
    const NAME: &'static str = "output";
    const WIRE: &'static [Wire] = &[Wire::nicira(39)];

    fn decode(body: &mut Cursor<'a>, head: Head) -> Result<Self, DecodeError> {
        Ok(OutputTrunc {
            port: port(body, head)?,
            max_len: body.u32("max_len")?,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        let port = port_u16(self.port, Self::NAME, version)?;
        put_action(place(Self::WIRE, version, Self::NAME)?, out, |out| {
            out.extend(port.to_be_bytes());
            out.extend(self.max_len.to_be_bytes());
        });
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(Role::Action, "output");
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
        port_json(json, cx, self.port);
        json.key("max_len");
        json.number(self.max_len);
    }
}
