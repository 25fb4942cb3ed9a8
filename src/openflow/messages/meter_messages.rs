//! Messages about meters, as they are shown (OpenFlow 1.5.1 §7.3.4.5, §7.3.5.12 to §7.3.5.14).
//! [`meters`](super::meters) reads meters and their statistics, [`meter`] writes
//! them.
//!
//! ```text
//! mod         command(2) flags(2) meter_id(4) | bands
//! requests    meter_id(4) pad(4)
//! features    max_meter(4) band_types(4) capabilities(4) max_bands(1) max_color(1) pad(2)
//! ```

use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use super::codec::{At, Head, List, Message, Place, place};
use super::members::{Flags, Named, raw};
use super::meters::{
    MeterConfig, MeterStats, RESERVED_METERS, decode_bands, decode_config, decode_stats,
};
use super::multipart::{self, Part};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::meter;
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V13, V15};

/// `OFPMC_*`
const COMMANDS: &[(u32, &str)] = &[(0, "ADD"), (1, "MOD"), (DELETE, "DEL")];
const DELETE: u32 = 2;
/// `OFPMP_METER_FEATURES`
const METER_FEATURES: u16 = 11;

impl Serialize for MeterConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(serializer, |json| meter::json(self, None, json))
    }
}

fn put_config<S: Sink>(config: &MeterConfig, sink: &mut S) {
    meter::text(config, None, ("\n", "\n"), sink);
    sink.put("\n");
}

/// `OFPT_METER_MOD`
#[derive(Debug, Clone, Serialize)]
pub struct MeterMod {
    /// `OFPMC_*`
    pub command: Named,
    /// The meter.
    pub meter: MeterConfig,
}

impl<'a> Message<'a> for MeterMod {
    const PLACES: &'static [Place] = &[place("OFPT_METER_MOD", At::Type(29), V13, V15)];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MeterMod, DecodeError> {
        let command = Named {
            number: body.u16("command")?.into(),
            names: COMMANDS,
        };
        let flags = body.u16("flags")?;
        let meter_id = body.u32("meter_id")?;
        let bands = decode_bands(body.sub(body.remaining(), "bands")?)?;
        let deletes = command.number == DELETE;
        Ok(MeterMod {
            command,
            meter: MeterConfig {
                meter_id,
                flags: if deletes { 0 } else { flags },
                bands: if deletes { Vec::new() } else { bands },
            },
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let _ = match self.command.name() {
            Some(name) => write!(sink.buffer(), " {name} "),
            None => write!(sink.buffer(), " cmd:{} ", self.command),
        };
        put_config(&self.meter, sink);
    }
}

/// Requests for the statistics or the configuration of meters
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MeterRequest {
    /// The meter asked for.
    pub meter_id: Named,
}

impl<'a> Message<'a> for MeterRequest {
    const PLACES: &'static [Place] = &[
        place("OFPST_METER", At::Request(multipart::METER_STATS), V13, V15),
        place(
            "OFPST_METER_CONFIG",
            At::Request(multipart::METER_CONFIG),
            V13,
            V15,
        ),
    ];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MeterRequest, DecodeError> {
        let number = body.u32("meter_id")?;
        body.skip(4, "padding")?;
        Ok(MeterRequest {
            meter_id: Named {
                number,
                names: &RESERVED_METERS,
            },
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let _ = write!(sink.buffer(), " meter={}", self.meter_id);
    }
}

/// Reads entry by entry, so that what comes before an error is not lost.
fn list<'a, T>(
    body: &mut Cursor<'a>,
    kind: u16,
    length_at: usize,
    decode: impl Fn(Part<'a>) -> Result<Vec<T>, DecodeError>,
) -> List<T> {
    let entries: List<Vec<T>> = List::read(body, |body| {
        let mut peek = *body;
        peek.skip(length_at, "meter")?;
        let length = usize::from(peek.u16("meter length")?);
        // An impossible length is for the decoder to find.
        let entry = body.sub(length.max(length_at + 2), "meter")?;
        decode(Part {
            kind,
            more: false,
            body: entry,
        })
    });
    List {
        entries: entries.entries.into_iter().flatten().collect(),
        trouble: entries.trouble,
    }
}

/// `OFPST_METER_CONFIG` reply
#[derive(Debug, Clone, Serialize)]
pub struct MeterConfigReply {
    /// The meters.
    pub meters: List<MeterConfig>,
}

impl<'a> Message<'a> for MeterConfigReply {
    const PLACES: &'static [Place] = &[place(
        "OFPST_METER_CONFIG",
        At::Reply(multipart::METER_CONFIG),
        V13,
        V15,
    )];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MeterConfigReply, DecodeError> {
        Ok(MeterConfigReply {
            meters: list(body, multipart::METER_CONFIG, 0, decode_config),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        for config in &self.meters.entries {
            sink.put("\n");
            put_config(config, sink);
        }
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.meters.trouble.clone()
    }
}

/// `OFPST_METER` reply
#[derive(Debug, Clone, Serialize)]
pub struct MeterStatsReply {
    /// The counters, meter by meter.
    pub meters: List<MeterStats>,
}

impl<'a> Message<'a> for MeterStatsReply {
    const PLACES: &'static [Place] = &[place(
        "OFPST_METER",
        At::Reply(multipart::METER_STATS),
        V13,
        V15,
    )];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MeterStatsReply, DecodeError> {
        Ok(MeterStatsReply {
            meters: list(body, multipart::METER_STATS, 4, decode_stats),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        for stats in &self.meters.entries {
            sink.put("\n");
            meter::stats_text(stats, sink);
        }
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.meters.trouble.clone()
    }
}

impl Serialize for MeterStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Counts {
            packet_count: u64,
            byte_count: u64,
        }
        #[derive(Serialize)]
        struct Members {
            meter_id: Named,
            flow_count: u32,
            packet_in_count: u64,
            byte_in_count: u64,
            duration_sec: u32,
            duration_nsec: u32,
            bands: Vec<Counts>,
        }
        let counts = |(packet_count, byte_count): &(u64, u64)| Counts {
            packet_count: *packet_count,
            byte_count: *byte_count,
        };
        Members {
            meter_id: Named {
                number: self.meter_id,
                names: &RESERVED_METERS,
            },
            flow_count: self.flow_count,
            packet_in_count: self.packet_in_count,
            byte_in_count: self.byte_in_count,
            duration_sec: self.duration.0,
            duration_nsec: self.duration.1,
            bands: self.bands.iter().map(counts).collect(),
        }
        .serialize(serializer)
    }
}

/// `OFPST_METER_FEATURES` reply
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MeterFeatures {
    /// How many meters there may be.
    pub max_meter: u32,
    /// `OFPMBT_*` that the switch knows.
    pub band_types: Flags,
    /// `OFPMF_*` that the switch knows.
    pub capabilities: Flags,
    /// How many bands a meter may have.
    pub max_bands: u8,
    /// How many levels of drop precedence there are.
    pub max_color: u8,
}

const BAND_TYPES: &[(u32, &str)] = &[(1 << 1, "drop"), (1 << 2, "dscp_remark")];
const CAPABILITIES: &[(u32, &str)] = &[(1, "kbps"), (2, "pktps"), (4, "burst"), (8, "stats")];

impl<'a> Message<'a> for MeterFeatures {
    const PLACES: &'static [Place] = &[place(
        "OFPST_METER_FEATURES",
        At::Reply(METER_FEATURES),
        V13,
        V15,
    )];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MeterFeatures, DecodeError> {
        let features = MeterFeatures {
            max_meter: body.u32("max_meter")?,
            band_types: Flags {
                bits: body.u32("band_types")?,
                names: BAND_TYPES,
            },
            capabilities: Flags {
                bits: body.u32("capabilities")?,
                names: CAPABILITIES,
            },
            max_bands: body.u8("max_bands")?,
            max_color: body.u8("max_color")?,
        };
        body.skip(2, "padding")?;
        Ok(features)
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let _ = write!(
            sink.buffer(),
            "\nmax_meter:{} max_bands:{} max_color:{}\nband_types: ",
            self.max_meter,
            self.max_bands,
            self.max_color
        );
        self.band_types.text(sink, " ");
        sink.put("\ncapabilities: ");
        self.capabilities.text(sink, " ");
        sink.put("\n");
    }
}
