//! Error messages and the names of their types and codes (OpenFlow 1.5.1 §7.5.4; Nicira and ONF extensions).
//!
//! ```text
//! header(8) | type(2) code(2) | data
//!           | 0xb0c2(2) 0(2) vendor(4) type(2) code(2) | data     Nicira's of 1.0 and 1.1
//!           | 0xffff(2) type(2) experimenter(4) | data            1.2 and later
//! ```

use std::fmt;

use serde::Serialize;

use super::codec::{DEPTH_LIMIT, Head, Message, Place, typed};
use super::decoded::Decoded;
use super::header::{self, HEADER_LEN};
use super::members::{Bytes, put_hex_dump};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version;

/// An `OFPT_ERROR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorMessage {
    /// The experimenter that defines type and code; 0 for OpenFlow itself.
    pub vendor: u32,
    /// `OFPET_*`, or the experimenter's own type.
    #[serde(rename = "error_type")]
    pub kind: u16,
    /// The code within the type; 0 where an experimenter's error has none.
    pub code: u16,
    /// Its name in the specification or in ovs-ofctl: `OFPBRC_BAD_TYPE`.
    pub name: Option<&'static str>,
    /// The text of a `HELLO_FAILED` error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl ErrorMessage {
    /// Reads an error message of `version`.
    ///
    /// # Errors
    ///
    /// The message ends early.
    pub fn decode(version: Version, message: &[u8]) -> Result<ErrorMessage, DecodeError> {
        let mut cursor = Cursor::new(message, 0);
        cursor.skip(HEADER_LEN, "header")?;
        let mut kind = cursor.u16("error type")?;
        let mut code = cursor.u16("error code")?;
        let mut vendor = OF;
        if kind == NICIRA_VENDOR_ERROR {
            vendor = cursor.u32("error vendor")?;
            kind = cursor.u16("vendor's error type")?;
            code = cursor.u16("vendor's error code")?;
        } else if kind == EXPERIMENTER_ERROR {
            vendor = cursor.u32("error experimenter")?;
            kind = code;
            code = 0;
        }
        let text = (vendor == OF && kind == HELLO_FAILED).then(|| cursor.rest());
        Ok(ErrorMessage {
            kind,
            code,
            vendor,
            name: name(version, vendor, kind, code),
            text: text
                .filter(|text| !text.is_empty())
                .map(|text| String::from_utf8_lossy(text).into_owned()),
        })
    }

    /// The error of this name, as a switch sends it in `version`; `None` if the version has no such error.
    pub fn named(version: Version, name: &str) -> Option<ErrorMessage> {
        let is_it = |row: &&Row| row.name == name && row.is_of(version);
        let row = ROWS.iter().find(is_it)?;
        Some(ErrorMessage {
            vendor: row.vendor,
            kind: row.kind,
            code: row.code,
            name: Some(row.name),
            text: None,
        })
    }

    /// The text of an error without a name.
    fn numbers(&self) -> String {
        let numbers = format!("type {}, code {}", self.kind, self.code);
        match self.vendor {
            OF => numbers,
            vendor => format!("{numbers} of vendor {vendor:#010x}"),
        }
    }

    /// Whether the peer does not know the request type, so that another request for the same data may succeed.
    pub fn is_unsupported(&self) -> bool {
        matches!(
            self.name,
            Some(
                "OFPBRC_BAD_TYPE" | "OFPBRC_BAD_STAT" | "OFPBRC_BAD_VENDOR" | "OFPBRC_BAD_SUBTYPE"
            )
        )
    }

    /// Whether the request named a meter that the switch does not have.
    pub fn is_unknown_meter(&self) -> bool {
        matches!(
            self.name,
            Some("OFPMMFC_UNKNOWN_METER" | "OFPMMFC_INVALID_METER")
        )
    }

    /// Whether the request named a port that the switch does not have.
    pub fn is_bad_port(&self) -> bool {
        matches!(self.name, Some("OFPBRC_BAD_PORT"))
    }
}

impl fmt::Display for ErrorMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name {
            Some(name) => f.write_str(name)?,
            None => write!(f, "error {}", self.numbers())?,
        }
        match &self.text {
            Some(text) => write!(f, " ({})", text.trim_end_matches('\0')),
            None => Ok(()),
        }
    }
}

/// `OFPT_ERROR`, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorReport<'a> {
    /// The error.
    #[serde(flatten)]
    pub error: ErrorMessage,
    /// The beginning of the message that caused the error, if it can be decoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Box<Decoded<'a>>>,
    /// The data of the error message.
    pub payload: Bytes<'a>,
}

impl<'a> Message<'a> for ErrorReport<'a> {
    const PLACES: &'static [Place] = &[typed(
        "OFPT_ERROR",
        header::ERROR,
        Version::V10,
        Version::V15,
    )];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<ErrorReport<'a>, DecodeError> {
        let error = ErrorMessage::decode(head.version, head.message)?;
        let mut start = *body;
        let before = match start.u16("error type")? {
            NICIRA_VENDOR_ERROR => 12,
            EXPERIMENTER_ERROR => 8,
            _ => 4,
        };
        body.skip(before, "error")?;
        let payload = body.take(body.remaining(), "data")?;
        let is_message = error.text.is_none() && head.depth < DEPTH_LIMIT;
        let message = Some(payload).filter(|payload| is_message && !payload.is_empty());
        Ok(ErrorReport {
            error,
            message: message
                .and_then(|message| Decoded::nested(message, head.depth + 1).ok())
                .map(Box::new),
            payload: Bytes(payload),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        match self.error.name {
            Some(name) => writeln!(sink, " {name}"),
            None => writeln!(sink, " {}", self.error.numbers()),
        }
        let payload = self.payload.0;
        match (&self.error.text, &self.message) {
            (Some(_), _) => {
                for byte in payload {
                    // A byte that is not printable is shown as three octal digits.
                    match byte {
                        b' '..=b'~' if *byte != b'\\' => {
                            sink.buffer().push(char::from(*byte));
                        }
                        _ => {
                            write!(sink, "\\{byte:03o}");
                        }
                    }
                }
                return;
            }
            (None, Some(message)) if usize::from(message.header().length) > payload.len() => {
                message.header_text(sink);
                let length = message.header().length;
                writeln!(
                    sink,
                    "\n(***truncated to {} bytes from {length}***)",
                    payload.len()
                );
            }
            (None, Some(message)) if usize::from(message.header().length) < payload.len() => {
                writeln!(
                    sink,
                    "(***only uses {} bytes out of {}***)",
                    message.header().length,
                    payload.len()
                );
            }
            (None, Some(message)) => {
                message.text(sink, cx);
                return;
            }
            (None, None) if payload.is_empty() => writeln!(sink, "OpenFlow message is empty"),
            (None, None) => match payload {
                [_, _, high, low, _, _, _, _, ..] => writeln!(
                    sink,
                    "(***only uses {} bytes out of {}***)",
                    u16::from_be_bytes([*high, *low]),
                    payload.len()
                ),
                _ => writeln!(
                    sink,
                    "OpenFlow packet too short (only {} bytes):",
                    payload.len()
                ),
            },
        }
        put_hex_dump(sink.buffer(), payload);
    }
}

fn name(version: Version, vendor: u32, kind: u16, code: u16) -> Option<&'static str> {
    ROWS.iter()
        .find(|row| {
            row.vendor == vendor && row.kind == kind && row.code == code && row.is_of(version)
        })
        .map(|row| row.name)
}

/// `OFPET_HELLO_FAILED`
const HELLO_FAILED: u16 = 0;
/// `NXET_VENDOR`, the Nicira error type of OpenFlow 1.0 and 1.1
const NICIRA_VENDOR_ERROR: u16 = 0xb0c2;
/// `OFPET_EXPERIMENTER`
const EXPERIMENTER_ERROR: u16 = 0xffff;

const OF: u32 = 0;
const NX: u32 = 0x0000_2320;
const ONF: u32 = 0x4f4e_4600;

struct Row {
    name: &'static str,
    vendor: u32,
    since: Version,
    until: Version,
    kind: u16,
    code: u16,
}

impl Row {
    fn is_of(&self, version: Version) -> bool {
        (self.since..=self.until).contains(&version)
    }
}

const fn row(
    name: &'static str,
    vendor: u32,
    since: Version,
    until: Version,
    kind: u16,
    code: u16,
) -> Row {
    Row {
        name,
        vendor,
        since,
        until,
        kind,
        code,
    }
}

use Version::{V10, V11, V12, V13, V14, V15};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("OFPHFC_INCOMPATIBLE", OF, V10, V15, 0, 0),
    row("OFPHFC_EPERM", OF, V10, V15, 0, 1),
    row("OFPBRC_BAD_VERSION", OF, V10, V15, 1, 0),
    row("OFPBRC_BAD_TYPE", OF, V10, V15, 1, 1),
    row("OFPBRC_BAD_STAT", OF, V10, V15, 1, 2),
    row("OFPBRC_BAD_VENDOR", OF, V10, V15, 1, 3),
    row("OFPBRC_BAD_SUBTYPE", OF, V10, V15, 1, 4),
    row("OFPBRC_EPERM", OF, V10, V15, 1, 5),
    row("OFPBRC_BAD_LEN", OF, V10, V15, 1, 6),
    row("OFPBRC_BUFFER_EMPTY", OF, V10, V15, 1, 7),
    row("OFPBRC_BUFFER_UNKNOWN", OF, V10, V15, 1, 8),
    row("OFPBRC_BAD_TABLE_ID", NX, V10, V10, 1, 512),
    row("OFPBRC_BAD_TABLE_ID", OF, V11, V15, 1, 9),
    row("OFPBRC_IS_SECONDARY", OF, V10, V11, 1, 5),
    row("OFPBRC_IS_SECONDARY", OF, V12, V15, 1, 10),
    row("OFPBRC_BAD_PORT", NX, V10, V11, 1, 514),
    row("OFPBRC_BAD_PORT", OF, V12, V15, 1, 11),
    row("OFPBRC_BAD_PACKET", OF, V12, V15, 1, 12),
    row("OFPBRC_MULTIPART_BUFFER_OVERFLOW", OF, V13, V15, 1, 13),
    row("OFPBRC_MULTIPART_REQUEST_TIMEOUT", ONF, V13, V13, 2640, 0),
    row("OFPBRC_MULTIPART_REQUEST_TIMEOUT", OF, V14, V15, 1, 14),
    row("OFPBRC_MULTIPART_REPLY_TIMEOUT", ONF, V13, V13, 2641, 0),
    row("OFPBRC_MULTIPART_REPLY_TIMEOUT", OF, V14, V15, 1, 15),
    row("OFPBRC_MULTIPART_BAD_SCHED", OF, V15, V15, 1, 16),
    row("OFPBRC_PIPELINE_FIELDS_ONLY", OF, V15, V15, 1, 17),
    row("OFPBRC_UNKNOWN", OF, V15, V15, 1, 18),
    row("NXBRC_NXM_INVALID", NX, V10, V11, 1, 256),
    row("NXBRC_NXM_INVALID", NX, V12, V15, 2, 0),
    row("NXBRC_NXM_BAD_TYPE", NX, V10, V11, 1, 257),
    row("NXBRC_NXM_BAD_TYPE", NX, V12, V15, 3, 0),
    row("NXBRC_MUST_BE_ZERO", NX, V10, V11, 1, 515),
    row("NXBRC_MUST_BE_ZERO", NX, V12, V15, 4, 0),
    row("NXBRC_BAD_REASON", NX, V10, V11, 1, 516),
    row("NXBRC_BAD_REASON", NX, V12, V15, 5, 0),
    row("NXBRC_FM_BAD_EVENT", NX, V10, V11, 1, 520),
    row("NXBRC_FM_BAD_EVENT", NX, V12, V15, 9, 0),
    row("NXBRC_UNENCODABLE_ERROR", NX, V10, V11, 1, 521),
    row("NXBRC_UNENCODABLE_ERROR", NX, V12, V15, 10, 0),
    row("OFPBAC_BAD_TYPE", OF, V10, V15, 2, 0),
    row("OFPBAC_BAD_LEN", OF, V10, V15, 2, 1),
    row("OFPBAC_BAD_VENDOR", OF, V10, V15, 2, 2),
    row("OFPBAC_BAD_VENDOR_TYPE", OF, V10, V15, 2, 3),
    row("OFPBAC_BAD_OUT_PORT", OF, V10, V15, 2, 4),
    row("OFPBAC_BAD_ARGUMENT", OF, V10, V15, 2, 5),
    row("OFPBAC_EPERM", OF, V10, V15, 2, 6),
    row("OFPBAC_TOO_MANY", OF, V10, V15, 2, 7),
    row("OFPBAC_BAD_QUEUE", OF, V10, V15, 2, 8),
    row("OFPBAC_BAD_OUT_GROUP", NX, V10, V10, 2, 9),
    row("OFPBAC_BAD_OUT_GROUP", OF, V11, V15, 2, 9),
    row("OFPBAC_MATCH_INCONSISTENT", NX, V10, V10, 1, 522),
    row("OFPBAC_MATCH_INCONSISTENT", OF, V11, V15, 2, 10),
    row("OFPBAC_UNSUPPORTED_ORDER", OF, V11, V15, 2, 11),
    row("OFPBAC_BAD_TAG", OF, V11, V15, 2, 12),
    row("OFPBAC_BAD_SET_TYPE", NX, V10, V11, 1, 523),
    row("OFPBAC_BAD_SET_TYPE", OF, V12, V15, 2, 13),
    row("OFPBAC_BAD_SET_LEN", NX, V10, V11, 1, 524),
    row("OFPBAC_BAD_SET_LEN", OF, V12, V15, 2, 14),
    row("OFPBAC_BAD_SET_ARGUMENT", NX, V10, V11, 1, 525),
    row("OFPBAC_BAD_SET_ARGUMENT", OF, V12, V15, 2, 15),
    row("OFPBAC_BAD_SET_MASK", ONF, V13, V14, 0x109a, 0),
    row("OFPBAC_BAD_SET_MASK", OF, V15, V15, 2, 16),
    row("OFPBAC_BAD_METER", OF, V15, V15, 2, 17),
    row("NXBAC_MUST_BE_ZERO", NX, V10, V11, 2, 256),
    row("NXBAC_MUST_BE_ZERO", NX, V12, V15, 11, 0),
    row("NXBAC_BAD_CONJUNCTION", NX, V10, V11, 2, 526),
    row("NXBAC_BAD_CONJUNCTION", NX, V12, V15, 15, 0),
    row("NXBAC_BAD_HEADER_TYPE", NX, V13, V15, 39, 0),
    row("NXBAC_UNKNOWN_ED_PROP", NX, V13, V15, 40, 0),
    row("NXBAC_BAD_ED_PROP", NX, V13, V15, 41, 0),
    row("NXBAC_CT_DATAPATH_SUPPORT", NX, V10, V11, 1, 265),
    row("NXBAC_CT_DATAPATH_SUPPORT", NX, V12, V15, 42, 0),
    row("OFPBIC_UNKNOWN_INST", OF, V11, V15, 3, 0),
    row("OFPBIC_UNSUP_INST", NX, V10, V10, 2, 257),
    row("OFPBIC_UNSUP_INST", OF, V11, V15, 3, 1),
    row("OFPBIC_BAD_TABLE_ID", OF, V11, V15, 3, 2),
    row("OFPBIC_UNSUP_METADATA", OF, V11, V15, 3, 3),
    row("OFPBIC_UNSUP_METADATA_MASK", OF, V11, V15, 3, 4),
    row("OFPBIC_BAD_EXPERIMENTER", OF, V11, V15, 3, 5),
    row("OFPBIC_BAD_EXP_TYPE", OF, V11, V11, 3, 5),
    row("OFPBIC_BAD_EXP_TYPE", OF, V12, V15, 3, 6),
    row("OFPBIC_BAD_LEN", OF, V12, V15, 3, 7),
    row("OFPBIC_EPERM", OF, V12, V15, 3, 8),
    row("OFPBIC_DUP_INST", NX, V11, V11, 3, 256),
    row("OFPBIC_DUP_INST", ONF, V12, V13, 2600, 0),
    row("OFPBIC_DUP_INST", OF, V14, V15, 3, 9),
    row("OFPBMC_BAD_TYPE", OF, V11, V15, 4, 0),
    row("OFPBMC_BAD_LEN", OF, V11, V15, 4, 1),
    row("OFPBMC_BAD_TAG", OF, V11, V15, 4, 2),
    row("OFPBMC_BAD_DL_ADDR_MASK", OF, V11, V15, 4, 3),
    row("OFPBMC_BAD_NW_ADDR_MASK", OF, V11, V15, 4, 4),
    row("OFPBMC_BAD_WILDCARDS", NX, V10, V10, 1, 262),
    row("OFPBMC_BAD_WILDCARDS", OF, V11, V15, 4, 5),
    row("OFPBMC_BAD_FIELD", NX, V10, V10, 0, 263),
    row("OFPBMC_BAD_FIELD", OF, V11, V15, 4, 6),
    row("OFPBMC_BAD_VALUE", NX, V10, V10, 1, 258),
    row("OFPBMC_BAD_VALUE", OF, V11, V15, 4, 7),
    row("OFPBMC_BAD_MASK", NX, V10, V11, 1, 259),
    row("OFPBMC_BAD_MASK", OF, V12, V15, 4, 8),
    row("OFPBMC_BAD_PREREQ", NX, V10, V11, 1, 260),
    row("OFPBMC_BAD_PREREQ", OF, V12, V15, 4, 9),
    row("OFPBMC_DUP_FIELD", NX, V10, V11, 1, 261),
    row("OFPBMC_DUP_FIELD", OF, V12, V15, 4, 10),
    row("OFPBMC_EPERM", OF, V12, V15, 4, 11),
    row("NXBMC_CT_DATAPATH_SUPPORT", NX, V10, V11, 1, 264),
    row("NXBMC_CT_DATAPATH_SUPPORT", NX, V12, V15, 43, 0),
    row("OFPFMFC_UNKNOWN", OF, V11, V15, 5, 0),
    row("OFPFMFC_TABLE_FULL", OF, V10, V10, 3, 0),
    row("OFPFMFC_TABLE_FULL", OF, V11, V15, 5, 1),
    row("OFPFMFC_BAD_TABLE_ID", OF, V11, V15, 5, 2),
    row("OFPFMFC_OVERLAP", OF, V10, V10, 3, 1),
    row("OFPFMFC_OVERLAP", OF, V11, V15, 5, 3),
    row("OFPFMFC_EPERM", OF, V10, V10, 3, 2),
    row("OFPFMFC_EPERM", OF, V11, V15, 5, 4),
    row("OFPFMFC_BAD_TIMEOUT", OF, V11, V15, 5, 5),
    row("OFPFMFC_BAD_EMERG_TIMEOUT", OF, V10, V10, 3, 3),
    row("OFPFMFC_BAD_COMMAND", OF, V10, V10, 3, 4),
    row("OFPFMFC_BAD_COMMAND", OF, V11, V15, 5, 6),
    row("OFPFMFC_BAD_FLAGS", NX, V10, V10, 3, 258),
    row("OFPFMFC_BAD_FLAGS", NX, V11, V11, 5, 258),
    row("OFPFMFC_BAD_FLAGS", OF, V12, V15, 5, 7),
    row("OFPFMFC_CANT_SYNC", OF, V14, V15, 5, 8),
    row("OFPFMFC_BAD_PRIORITY", ONF, V13, V13, 2360, 0),
    row("OFPFMFC_BAD_PRIORITY", OF, V14, V15, 5, 9),
    row("OFPFMFC_IS_SYNC", OF, V14, V15, 5, 10),
    row("OFPFMFC_UNSUPPORTED", OF, V10, V10, 3, 5),
    row("NXFMFC_HARDWARE", NX, V10, V11, 5, 256),
    row("NXFMFC_HARDWARE", NX, V12, V15, 12, 0),
    row("NXFMFC_BAD_TABLE_ID", NX, V10, V11, 5, 257),
    row("NXFMFC_BAD_TABLE_ID", NX, V12, V15, 13, 0),
    row("NXFMFC_INVALID_TLV_FIELD", NX, V10, V11, 1, 536),
    row("NXFMFC_INVALID_TLV_FIELD", NX, V12, V15, 37, 0),
    row("OFPGMFC_GROUP_EXISTS", NX, V10, V10, 6, 0),
    row("OFPGMFC_GROUP_EXISTS", OF, V11, V15, 6, 0),
    row("OFPGMFC_INVALID_GROUP", NX, V10, V10, 6, 1),
    row("OFPGMFC_INVALID_GROUP", OF, V11, V15, 6, 1),
    row("OFPGMFC_WEIGHT_UNSUPPORTED", NX, V10, V10, 6, 2),
    row("OFPGMFC_WEIGHT_UNSUPPORTED", OF, V11, V15, 6, 2),
    row("OFPGMFC_OUT_OF_GROUPS", NX, V10, V10, 6, 3),
    row("OFPGMFC_OUT_OF_GROUPS", OF, V11, V15, 6, 3),
    row("OFPGMFC_OUT_OF_BUCKETS", NX, V10, V10, 6, 4),
    row("OFPGMFC_OUT_OF_BUCKETS", OF, V11, V15, 6, 4),
    row("OFPGMFC_CHAINING_UNSUPPORTED", NX, V10, V10, 6, 5),
    row("OFPGMFC_CHAINING_UNSUPPORTED", OF, V11, V15, 6, 5),
    row("OFPGMFC_WATCH_UNSUPPORTED", NX, V10, V10, 6, 6),
    row("OFPGMFC_WATCH_UNSUPPORTED", OF, V11, V15, 6, 6),
    row("OFPGMFC_LOOP", NX, V10, V10, 6, 7),
    row("OFPGMFC_LOOP", OF, V11, V15, 6, 7),
    row("OFPGMFC_UNKNOWN_GROUP", NX, V10, V10, 6, 8),
    row("OFPGMFC_UNKNOWN_GROUP", OF, V11, V15, 6, 8),
    row("OFPGMFC_CHAINED_GROUP", NX, V10, V10, 6, 9),
    row("OFPGMFC_CHAINED_GROUP", OF, V12, V15, 6, 9),
    row("OFPGMFC_BAD_TYPE", NX, V10, V10, 6, 10),
    row("OFPGMFC_BAD_TYPE", OF, V12, V15, 6, 10),
    row("OFPGMFC_BAD_COMMAND", NX, V10, V10, 6, 11),
    row("OFPGMFC_BAD_COMMAND", OF, V12, V15, 6, 11),
    row("OFPGMFC_BAD_BUCKET", NX, V10, V10, 6, 12),
    row("OFPGMFC_BAD_BUCKET", OF, V12, V15, 6, 12),
    row("OFPGMFC_BAD_WATCH", NX, V10, V10, 6, 13),
    row("OFPGMFC_BAD_WATCH", OF, V12, V15, 6, 13),
    row("OFPGMFC_EPERM", NX, V10, V10, 6, 14),
    row("OFPGMFC_EPERM", OF, V12, V15, 6, 14),
    row("OFPGMFC_UNKNOWN_BUCKET", NX, V10, V10, 6, 15),
    row("OFPGMFC_UNKNOWN_BUCKET", OF, V15, V15, 6, 15),
    row("OFPGMFC_BUCKET_EXISTS", NX, V10, V10, 6, 16),
    row("OFPGMFC_BUCKET_EXISTS", OF, V15, V15, 6, 16),
    row("OFPPMFC_BAD_PORT", OF, V10, V10, 4, 0),
    row("OFPPMFC_BAD_PORT", OF, V11, V15, 7, 0),
    row("OFPPMFC_BAD_HW_ADDR", OF, V10, V10, 4, 1),
    row("OFPPMFC_BAD_HW_ADDR", OF, V11, V15, 7, 1),
    row("OFPPMFC_BAD_CONFIG", OF, V11, V15, 7, 2),
    row("OFPPMFC_BAD_ADVERTISE", OF, V11, V15, 7, 3),
    row("OFPPMFC_EPERM", OF, V12, V15, 7, 4),
    row("OFPTMFC_BAD_TABLE", OF, V11, V15, 8, 0),
    row("OFPTMFC_BAD_CONFIG", OF, V11, V15, 8, 1),
    row("OFPTMFC_EPERM", OF, V12, V15, 8, 2),
    row("OFPQOFC_BAD_PORT", OF, V10, V10, 5, 0),
    row("OFPQOFC_BAD_PORT", OF, V11, V15, 9, 0),
    row("OFPQOFC_BAD_QUEUE", OF, V10, V10, 5, 1),
    row("OFPQOFC_BAD_QUEUE", OF, V11, V15, 9, 1),
    row("OFPQOFC_EPERM", OF, V10, V10, 5, 2),
    row("OFPQOFC_EPERM", OF, V11, V15, 9, 2),
    row("NXQOFC_QUEUE_ERROR", NX, V14, V15, 23, 0),
    row("OFPSCFC_BAD_FLAGS", OF, V11, V15, 10, 0),
    row("OFPSCFC_BAD_LEN", OF, V11, V15, 10, 1),
    row("OFPSCFC_EPERM", OF, V12, V15, 10, 2),
    row("OFPRRFC_STALE", OF, V12, V15, 11, 0),
    row("OFPRRFC_UNSUP", OF, V12, V15, 11, 1),
    row("OFPRRFC_BAD_ROLE", NX, V10, V11, 1, 513),
    row("OFPRRFC_BAD_ROLE", OF, V12, V15, 11, 2),
    row("OFPRRFC_ID_UNSUP", OF, V15, V15, 11, 3),
    row("OFPRRFC_ID_IN_USE", OF, V15, V15, 11, 4),
    row("OFPMMFC_UNKNOWN", OF, V13, V15, 12, 0),
    row("OFPMMFC_METER_EXISTS", OF, V13, V15, 12, 1),
    row("OFPMMFC_INVALID_METER", OF, V13, V15, 12, 2),
    row("OFPMMFC_UNKNOWN_METER", OF, V13, V15, 12, 3),
    row("OFPMMFC_BAD_COMMAND", OF, V13, V15, 12, 4),
    row("OFPMMFC_BAD_FLAGS", OF, V13, V15, 12, 5),
    row("OFPMMFC_BAD_RATE", OF, V13, V15, 12, 6),
    row("OFPMMFC_BAD_BURST", OF, V13, V15, 12, 7),
    row("OFPMMFC_BAD_BAND", OF, V13, V15, 12, 8),
    row("OFPMMFC_BAD_BAND_VALUE", OF, V13, V15, 12, 9),
    row("OFPMMFC_OUT_OF_METERS", OF, V13, V15, 12, 10),
    row("OFPMMFC_OUT_OF_BANDS", OF, V13, V15, 12, 11),
    row("OFPTFFC_BAD_TABLE", OF, V13, V15, 13, 0),
    row("OFPTFFC_BAD_METADATA", OF, V13, V15, 13, 1),
    row("OFPTFFC_EPERM", OF, V13, V15, 13, 5),
    row("OFPTFFC_BAD_CAPA", OF, V15, V15, 13, 6),
    row("OFPTFFC_BAD_MAX_ENT", OF, V15, V15, 13, 7),
    row("OFPTFFC_BAD_FEATURES", OF, V15, V15, 13, 8),
    row("OFPTFFC_BAD_COMMAND", OF, V15, V15, 13, 9),
    row("OFPTFFC_TOO_MANY", OF, V15, V15, 13, 10),
    row("NXTFFC_DUP_TABLE", NX, V13, V15, 44, 0),
    row("OFPBPC_BAD_TYPE", NX, V10, V11, 13, 2),
    row("OFPBPC_BAD_TYPE", NX, V12, V12, 25, 0),
    row("OFPBPC_BAD_TYPE", OF, V13, V13, 13, 2),
    row("OFPBPC_BAD_TYPE", OF, V14, V15, 14, 0),
    row("OFPBPC_BAD_LEN", NX, V10, V11, 13, 3),
    row("OFPBPC_BAD_LEN", NX, V12, V12, 26, 0),
    row("OFPBPC_BAD_LEN", OF, V13, V13, 13, 3),
    row("OFPBPC_BAD_LEN", OF, V14, V15, 14, 1),
    row("OFPBPC_BAD_VALUE", NX, V10, V11, 13, 4),
    row("OFPBPC_BAD_VALUE", NX, V12, V12, 27, 0),
    row("OFPBPC_BAD_VALUE", OF, V13, V13, 13, 4),
    row("OFPBPC_BAD_VALUE", OF, V14, V15, 14, 2),
    row("OFPBPC_TOO_MANY", NX, V10, V11, 14, 3),
    row("OFPBPC_TOO_MANY", NX, V12, V12, 28, 0),
    row("OFPBPC_TOO_MANY", ONF, V13, V13, 0x115b, 0),
    row("OFPBPC_TOO_MANY", OF, V14, V15, 14, 3),
    row("OFPBPC_DUP_TYPE", NX, V10, V11, 14, 4),
    row("OFPBPC_DUP_TYPE", NX, V12, V12, 29, 0),
    row("OFPBPC_DUP_TYPE", ONF, V13, V13, 0x115c, 0),
    row("OFPBPC_DUP_TYPE", OF, V14, V15, 14, 4),
    row("OFPBPC_BAD_EXPERIMENTER", NX, V10, V11, 14, 5),
    row("OFPBPC_BAD_EXPERIMENTER", NX, V12, V12, 30, 0),
    row("OFPBPC_BAD_EXPERIMENTER", ONF, V13, V13, 0x115d, 0),
    row("OFPBPC_BAD_EXPERIMENTER", OF, V14, V15, 14, 5),
    row("OFPBPC_BAD_EXP_TYPE", NX, V10, V11, 14, 6),
    row("OFPBPC_BAD_EXP_TYPE", NX, V12, V12, 31, 0),
    row("OFPBPC_BAD_EXP_TYPE", ONF, V13, V13, 0x115e, 0),
    row("OFPBPC_BAD_EXP_TYPE", OF, V14, V15, 14, 6),
    row("OFPBPC_BAD_EXP_VALUE", NX, V10, V11, 14, 7),
    row("OFPBPC_BAD_EXP_VALUE", NX, V12, V12, 32, 0),
    row("OFPBPC_BAD_EXP_VALUE", ONF, V13, V13, 0x115f, 0),
    row("OFPBPC_BAD_EXP_VALUE", OF, V14, V15, 14, 7),
    row("OFPBPC_EPERM", NX, V10, V11, 14, 8),
    row("OFPBPC_EPERM", NX, V12, V12, 33, 0),
    row("OFPBPC_EPERM", ONF, V13, V13, 0x1160, 0),
    row("OFPBPC_EPERM", OF, V14, V15, 14, 8),
    row("OFPACFC_INVALID", ONF, V13, V13, 2370, 0),
    row("OFPACFC_INVALID", OF, V14, V15, 15, 0),
    row("OFPACFC_UNSUPPORTED", ONF, V13, V13, 2371, 0),
    row("OFPACFC_UNSUPPORTED", OF, V14, V15, 15, 1),
    row("OFPACFC_EPERM", ONF, V13, V13, 2372, 0),
    row("OFPACFC_EPERM", OF, V14, V15, 15, 2),
    row("OFPBFC_UNKNOWN", ONF, V13, V13, 2300, 0),
    row("OFPBFC_UNKNOWN", OF, V14, V15, 17, 0),
    row("OFPBFC_EPERM", ONF, V13, V13, 2301, 0),
    row("OFPBFC_EPERM", OF, V14, V15, 17, 1),
    row("OFPBFC_BAD_ID", ONF, V13, V13, 2302, 0),
    row("OFPBFC_BAD_ID", OF, V14, V15, 17, 2),
    row("OFPBFC_BUNDLE_EXIST", ONF, V13, V13, 2303, 0),
    row("OFPBFC_BUNDLE_EXIST", OF, V14, V15, 17, 3),
    row("OFPBFC_BUNDLE_CLOSED", ONF, V13, V13, 2304, 0),
    row("OFPBFC_BUNDLE_CLOSED", OF, V14, V15, 17, 4),
    row("OFPBFC_OUT_OF_BUNDLES", ONF, V13, V13, 2305, 0),
    row("OFPBFC_OUT_OF_BUNDLES", OF, V14, V15, 17, 5),
    row("OFPBFC_BAD_TYPE", ONF, V13, V13, 2306, 0),
    row("OFPBFC_BAD_TYPE", OF, V14, V15, 17, 6),
    row("OFPBFC_BAD_FLAGS", ONF, V13, V13, 2307, 0),
    row("OFPBFC_BAD_FLAGS", OF, V14, V15, 17, 7),
    row("OFPBFC_MSG_BAD_LEN", ONF, V13, V13, 2308, 0),
    row("OFPBFC_MSG_BAD_LEN", OF, V14, V15, 17, 8),
    row("OFPBFC_MSG_BAD_XID", ONF, V13, V13, 2309, 0),
    row("OFPBFC_MSG_BAD_XID", OF, V14, V15, 17, 9),
    row("OFPBFC_MSG_UNSUP", ONF, V13, V13, 2310, 0),
    row("OFPBFC_MSG_UNSUP", OF, V14, V15, 17, 10),
    row("OFPBFC_MSG_CONFLICT", ONF, V13, V13, 2311, 0),
    row("OFPBFC_MSG_CONFLICT", OF, V14, V15, 17, 11),
    row("OFPBFC_MSG_TOO_MANY", ONF, V13, V13, 2312, 0),
    row("OFPBFC_MSG_TOO_MANY", OF, V14, V15, 17, 12),
    row("OFPBFC_MSG_FAILED", ONF, V13, V13, 2313, 0),
    row("OFPBFC_MSG_FAILED", OF, V14, V15, 17, 13),
    row("OFPBFC_TIMEOUT", ONF, V13, V13, 2314, 0),
    row("OFPBFC_TIMEOUT", OF, V14, V15, 17, 14),
    row("OFPBFC_BUNDLE_IN_PROGRESS", ONF, V13, V13, 2315, 0),
    row("OFPBFC_BUNDLE_IN_PROGRESS", OF, V14, V15, 17, 15),
    row("OFPBFC_SCHED_NOT_SUPPORTED", OF, V15, V15, 17, 16),
    row("OFPBFC_SCHED_FUTURE", OF, V15, V15, 17, 17),
    row("OFPBFC_SCHED_PAST", OF, V15, V15, 17, 18),
    row("OFPBFC_BAD_VERSION", NX, V14, V15, 22, 0),
    row("OFPMOFC_UNKNOWN", OF, V14, V15, 16, 0),
    row("OFPMOFC_MONITOR_EXISTS", NX, V10, V11, 1, 517),
    row("OFPMOFC_MONITOR_EXISTS", NX, V12, V13, 6, 0),
    row("OFPMOFC_MONITOR_EXISTS", OF, V14, V15, 16, 1),
    row("OFPMOFC_INVALID_MONITOR", OF, V14, V15, 16, 2),
    row("OFPMOFC_UNKNOWN_MONITOR", NX, V10, V11, 1, 519),
    row("OFPMOFC_UNKNOWN_MONITOR", NX, V12, V13, 8, 0),
    row("OFPMOFC_UNKNOWN_MONITOR", OF, V14, V15, 16, 3),
    row("OFPMOFC_BAD_COMMAND", OF, V14, V15, 16, 4),
    row("OFPMOFC_BAD_FLAGS", NX, V10, V11, 1, 518),
    row("OFPMOFC_BAD_FLAGS", NX, V12, V13, 7, 0),
    row("OFPMOFC_BAD_FLAGS", OF, V14, V15, 16, 5),
    row("OFPMOFC_BAD_TABLE_ID", OF, V14, V15, 16, 6),
    row("OFPMOFC_BAD_OUT", OF, V14, V15, 16, 7),
    row("NXTTMFC_BAD_COMMAND", NX, V10, V11, 1, 527),
    row("NXTTMFC_BAD_COMMAND", NX, V12, V15, 16, 0),
    row("NXTTMFC_BAD_OPT_LEN", NX, V10, V11, 1, 528),
    row("NXTTMFC_BAD_OPT_LEN", NX, V12, V15, 17, 0),
    row("NXTTMFC_BAD_FIELD_IDX", NX, V10, V11, 1, 529),
    row("NXTTMFC_BAD_FIELD_IDX", NX, V12, V15, 18, 0),
    row("NXTTMFC_TABLE_FULL", NX, V10, V11, 1, 530),
    row("NXTTMFC_TABLE_FULL", NX, V12, V15, 19, 0),
    row("NXTTMFC_ALREADY_MAPPED", NX, V10, V11, 1, 531),
    row("NXTTMFC_ALREADY_MAPPED", NX, V12, V15, 20, 0),
    row("NXTTMFC_DUP_ENTRY", NX, V10, V11, 1, 532),
    row("NXTTMFC_DUP_ENTRY", NX, V12, V15, 21, 0),
    row("NXTTMFC_INVALID_TLV_DEL", NX, V10, V11, 1, 537),
    row("NXTTMFC_INVALID_TLV_DEL", NX, V12, V15, 38, 0),
    row("NXR_NOT_SUPPORTED", NX, V10, V11, 1, 533),
    row("NXR_NOT_SUPPORTED", NX, V12, V15, 34, 0),
    row("NXR_STALE", NX, V10, V11, 1, 534),
    row("NXR_STALE", NX, V12, V15, 35, 0),
    row("NXST_NOT_CONFIGURED", NX, V10, V11, 1, 535),
    row("NXST_NOT_CONFIGURED", NX, V12, V15, 36, 0),
];

#[cfg(test)]
mod tests {
    use super::*;

    // `ovs-ofctl ofp-print HEX` of Open vSwitch 3.1 names each of these.
    #[test]
    fn names_as_ovs_ofctl_prints_them() {
        let error = |version: Version, body: &[u8]| {
            let mut message = vec![version as u8, 1, 0, 8 + body.len() as u8, 0, 0, 0, 1];
            message.extend(body);
            ErrorMessage::decode(version, &message).unwrap().to_string()
        };
        assert_eq!(error(Version::V10, &[0, 1, 0, 1]), "OFPBRC_BAD_TYPE");
        assert_eq!(error(Version::V13, &[0, 5, 0, 2]), "OFPFMFC_BAD_TABLE_ID");
        assert_eq!(
            error(
                Version::V10,
                &[0xb0, 0xc2, 0, 0, 0, 0, 0x23, 0x20, 0, 1, 1, 0]
            ),
            "NXBRC_NXM_INVALID"
        );
        assert_eq!(
            error(Version::V13, &[0xff, 0xff, 0, 2, 0, 0, 0x23, 0x20]),
            "NXBRC_NXM_INVALID"
        );
        assert_eq!(
            error(Version::V15, b"\0\0\0\0no common version"),
            "OFPHFC_INCOMPATIBLE (no common version)"
        );
        assert_eq!(error(Version::V15, &[0, 99, 0, 7]), "error type 99, code 7");
    }

    #[test]
    fn a_truncated_error_has_its_offset() {
        let error = ErrorMessage::decode(Version::V13, &[4, 1, 0, 10, 0, 0, 0, 1, 0, 1]);
        assert_eq!(error.unwrap_err().at, 10);
    }
}
