//! Meters: their configuration, changes of it, statistics and features, OpenFlow 1.3 and later (OpenFlow
//! 1.3.5 §7.3.5.12 to §7.3.5.14, 1.5.1 §7.3.4.5, §7.3.5.12 to §7.3.5.15).
//!
//! ```text
//! mod         command(2) flags(2) meter_id(4) | bands
//! requests    meter_id(4) pad(4)
//! config      length(2) flags(2) meter_id(4) | bands
//! band        type(2) length(2) rate(4) burst_size(4) | prec_level(1) pad(3), or pad(4)
//! statistics  meter_id(4) length(2) pad(6) flow_count(4) packet_in_count(8) byte_in_count(8)
//!             duration_sec(4) duration_nsec(4) | packet_band_count(8) byte_band_count(8), band by band
//! features    max_meter(4) band_types(4) capabilities(4) max_bands(1) max_color(1) pad(2)
//! ```
//!
//! The text is that of `ovs-ofctl dump-meters` and `ovs-ofctl meter-stats` (ovs-ofctl(8)).

use serde::{Serialize, Serializer};

use super::codec::{At, Encode, Head, Message, Place, reply, request, typed};
use super::members::{Counts, Flags, Named, json_context, put_command, raw};
use super::multipart::{self, Part};
use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::listed::{self, ListedMembers, ListedValue, Punctuation};
use crate::openflow::text::{Sink, TextContext, TextRole};
use crate::openflow::version::Version::{self, V13, V15};

/// `OFPM_ALL`
pub const METER_ALL: u32 = 0xffff_ffff;
/// `OFPM_MAX`, the last number that is not reserved.
pub(in crate::openflow) const METER_MAX: u32 = 0xffff_0000;
/// Meters with a name of their own (`OFPM_*`).
const RESERVED_METERS: &[(u32, &str)] = &[
    (0xffff_fffd, "slowpath"),
    (0xffff_fffe, "controller"),
    (METER_ALL, "all"),
];

/// `OFPMC_*`
const COMMANDS: &[(u32, &str)] = &[(0, "ADD"), (1, "MOD"), (DELETE, "DEL")];
const DELETE: u32 = 2;
/// `OFPMF_*` with the words of ovs-ofctl.
const FLAGS: &[(u32, &str)] = &[(1, "kbps"), (2, "pktps"), (BURST, "burst"), (8, "stats")];
const BURST: u32 = 4;
/// `OFPMBT_*`
const BANDS: &[(u32, &str)] = &[(1, "drop"), (DSCP_REMARK, "dscp_remark")];
const DSCP_REMARK: u32 = 2;
/// `OFPMBT_*`, a bit each.
const BAND_TYPES: &[(u32, &str)] = &[(1 << 1, "drop"), (1 << 2, "dscp_remark")];

/// The number of a meter from its number or name: `5`, `controller`, `slowpath`.
pub fn parse_id(text: &str) -> Option<u32> {
    let reserved = RESERVED_METERS.iter().find(|(_, name)| *name == text);
    match reserved {
        Some((number, _)) => Some(*number),
        None => text.parse().ok(),
    }
}

/// The name of a meter that has one, or its number.
pub fn meter_word(meter_id: u32) -> String {
    named(meter_id).to_string()
}

/// The bit of a flag of meters from its word: `kbps`, `pktps`, `burst`, `stats`.
pub(in crate::openflow) fn meter_flag(word: &str) -> Option<u16> {
    number_of(FLAGS, word)
}

/// The type of a band from its word: `drop`, `dscp_remark`.
pub(in crate::openflow) fn band_kind(word: &str) -> Option<u16> {
    number_of(BANDS, word)
}

fn number_of(words: &[(u32, &str)], word: &str) -> Option<u16> {
    let (number, _) = words.iter().find(|(_, known)| *known == word)?;
    u16::try_from(*number).ok()
}

/// A request for the configuration of a meter, or of all with [`METER_ALL`]. `None` before 1.3.
pub fn config_request(version: Version, xid: u32, meter_id: u32) -> Option<Vec<u8>> {
    encode_request(version, multipart::METER_CONFIG, xid, meter_id)
}

/// A request for the statistics of a meter, or of all with [`METER_ALL`]. `None` before 1.3.
pub fn stats_request(version: Version, xid: u32, meter_id: u32) -> Option<Vec<u8>> {
    encode_request(version, multipart::METER_STATS, xid, meter_id)
}

fn encode_request(version: Version, kind: u16, xid: u32, meter_id: u32) -> Option<Vec<u8>> {
    if version < V13 {
        return None;
    }
    multipart::request(version, kind, xid, |out| {
        out.extend(meter_id.to_be_bytes());
        out.extend([0; 4]);
    })
}

/// The configuration of a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterConfig {
    /// Its number.
    pub meter_id: u32,
    /// `OFPMF_*`
    pub flags: u16,
    /// Its bands.
    pub bands: Vec<Band>,
}

/// One band of a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// `OFPMBT_*`: 1 drop, 2 DSCP remark.
    pub kind: u16,
    /// The rate above which the band applies, in kb/s or packets/s.
    pub rate: u32,
    /// The size of bursts, in kb or packets; meaningful with `OFPMF_BURST`.
    pub burst_size: u32,
    /// The number of levels by which a DSCP remark raises the drop precedence.
    pub prec_level: Option<u8>,
}

/// The statistics of a meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeterStats {
    /// The meter.
    #[serde(serialize_with = "name")]
    pub meter_id: u32,
    /// Number of flows that use it.
    pub flow_count: u32,
    /// Packets in.
    pub packet_in_count: u64,
    /// Bytes in.
    pub byte_in_count: u64,
    /// Seconds since the meter was added.
    pub duration_sec: u32,
    /// Nanoseconds beyond them.
    pub duration_nsec: u32,
    /// The counters of each band, in the order of the bands.
    pub bands: Vec<Counts>,
}

fn named(meter_id: u32) -> Named {
    Named::new(meter_id, RESERVED_METERS)
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn name<S: Serializer>(meter_id: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    named(*meter_id).serialize(serializer)
}

impl MeterConfig {
    /// The meters in a part of a configuration reply.
    ///
    /// # Errors
    ///
    /// The part is something else, or malformed.
    pub fn of_part(part: Part<'_>) -> Result<Vec<MeterConfig>, DecodeError> {
        part.only(multipart::METER_CONFIG)?.all(MeterConfig::decode)
    }

    /// The meter without the sizes of bursts, if its flags give them no meaning: a switch reports its own there.
    #[must_use]
    pub fn without_unused(mut self) -> MeterConfig {
        if u32::from(self.flags) & BURST == 0 {
            self.bands.iter_mut().for_each(|band| band.burst_size = 0);
        }
        self
    }

    fn decode(body: &mut Cursor<'_>) -> Result<MeterConfig, DecodeError> {
        let mut meter = body.sized(0, 8, ("meter length", "meter"))?;
        meter.skip(2, "meter length")?;
        let flags = meter.u16("meter flags")?;
        let meter_id = meter.u32("meter_id")?;
        Ok(MeterConfig {
            meter_id,
            flags,
            bands: meter.all(Band::decode)?,
        })
    }

    /// Writes the meter. A separator precedes each band: the first of the two for the first band, the second for the
    /// others. Statistics of the meter precede the bands; those of a band follow it.
    pub fn text<S: Sink>(
        &self,
        stats: Option<&MeterStats>,
        separators: (&str, &str),
        sink: &mut S,
    ) {
        let cx = json_context(V15);
        put_id(self.meter_id, "=", sink);
        listed::text(&self.members(stats), IN_METER, sink, &cx);
        sink.key("bands");
        let (first, others) = separators;
        for (index, band) in self.bands.iter().enumerate() {
            sink.put(if index == 0 { first } else { others });
            sink.key("type");
            match band.word() {
                Ok(word) => sink.put_as(TextRole::Action, word),
                Err(number) => write!(sink, "{number}"),
            }
            let members = band.members(self.flags, counts(stats, index));
            listed::text(&members, IN_BAND, sink, &cx);
        }
    }

    /// Writes the meter as a JSON object: `meter_id` (a number, or the name of one that has one), `flags`,
    /// with statistics `flow_count`, `packet_in_count`, `byte_in_count` and `duration`, and `bands`, each
    /// with `type`, `rate`, `burst_size`, `prec_level`, `packet_count` and `byte_count`. Keys that do not
    /// apply are left out.
    pub fn json(&self, stats: Option<&MeterStats>, json: &mut Json<'_>) {
        let cx = json_context(V15);
        json.begin_object();
        json.key("meter_id");
        json.word_or(named(self.meter_id).name(), self.meter_id);
        listed::json(&self.members(stats), json, &cx);
        json.key("bands");
        json.begin_array();
        for (index, band) in self.bands.iter().enumerate() {
            json.begin_object();
            json.key("type");
            json.word_or(band.word().ok(), band.kind);
            let members = band.members(self.flags, counts(stats, index));
            listed::json(&members, json, &cx);
            json.end_object();
        }
        json.end_array();
        json.end_object();
    }

    /// The members of a meter before its bands, in text and JSON.
    fn members(&self, stats: Option<&MeterStats>) -> ListedMembers<'static> {
        let mut members = vec![("flags", ListedValue::Flags(self.flags, FLAGS))];
        members.extend(stats.into_iter().flat_map(MeterStats::members));
        members
    }
}

fn counts(stats: Option<&MeterStats>, band: usize) -> Option<Counts> {
    stats?.bands.get(band).copied()
}

impl Band {
    fn decode(bands: &mut Cursor<'_>) -> Result<Band, DecodeError> {
        let mut band = bands.sized(2, 12, ("band length", "band"))?;
        let kind = band.u16("band type")?;
        band.skip(2, "band length")?;
        let (rate, burst_size) = (band.u32("rate")?, band.u32("burst_size")?);
        let is_remark = u32::from(kind) == DSCP_REMARK;
        Ok(Band {
            kind,
            rate,
            burst_size,
            prec_level: if is_remark {
                Some(band.u8("prec_level")?)
            } else {
                None
            },
        })
    }

    /// Appends the band.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.kind.to_be_bytes());
        out.extend(16u16.to_be_bytes());
        out.extend(self.rate.to_be_bytes());
        out.extend(self.burst_size.to_be_bytes());
        out.extend([self.prec_level.unwrap_or(0), 0, 0, 0]);
    }

    /// The name of its type, or the number if it has none.
    fn word(&self) -> Result<&'static str, u16> {
        Named::new(self.kind, BANDS).name().ok_or(self.kind)
    }

    /// The members after the type of a band, in a meter with these flags.
    fn members(&self, flags: u16, counts: Option<Counts>) -> ListedMembers<'static> {
        let mut members = vec![("rate", ListedValue::Number(self.rate.into()))];
        if u32::from(flags) & BURST != 0 {
            members.push(("burst_size", ListedValue::Number(self.burst_size.into())));
        }
        if let Some(level) = self.prec_level {
            members.push(("prec_level", ListedValue::Number(level.into())));
        }
        members.extend(counts.into_iter().flat_map(listed::counts));
        members
    }
}

const IN_METER: Punctuation = Punctuation {
    before: "",
    after: " ",
    equals: "=",
    counts: ":",
};
const IN_BAND: Punctuation = Punctuation {
    before: " ",
    after: "",
    ..IN_METER
};

impl MeterStats {
    /// The meters in a part of a statistics reply.
    ///
    /// # Errors
    ///
    /// The part is something else, or malformed.
    pub fn of_part(part: Part<'_>) -> Result<Vec<MeterStats>, DecodeError> {
        part.only(multipart::METER_STATS)?.all(MeterStats::decode)
    }

    fn decode(body: &mut Cursor<'_>) -> Result<MeterStats, DecodeError> {
        let mut meter = body.sized(4, 40, ("meter length", "meter"))?;
        let meter_id = meter.u32("meter_id")?;
        meter.skip(8, "meter length")?;
        Ok(MeterStats {
            meter_id,
            flow_count: meter.u32("flow_count")?,
            packet_in_count: meter.u64("packet_in_count")?,
            byte_in_count: meter.u64("byte_in_count")?,
            duration_sec: meter.u32("duration_sec")?,
            duration_nsec: meter.u32("duration_nsec")?,
            bands: meter.all(|meter| {
                Ok(Counts {
                    packet_count: meter.u64("packet_band_count")?,
                    byte_count: meter.u64("byte_band_count")?,
                })
            })?,
        })
    }

    /// Writes the statistics alone, as `ovs-ofctl meter-stats` does: a line, and one for each band.
    pub fn text<S: Sink>(&self, sink: &mut S) {
        put_id(self.meter_id, ":", sink);
        listed::text(&self.members(), IN_METER, sink, &json_context(V15));
        sink.put("bands:\n");
        for (index, counts) in self.bands.iter().enumerate() {
            write!(sink, "{index}:");
            listed::text(&listed::counts(*counts), IN_BAND, sink, &json_context(V15));
            sink.put("\n");
        }
    }

    fn members(&self) -> ListedMembers<'static> {
        vec![
            ("flow_count", ListedValue::Counter(self.flow_count.into())),
            (
                "packet_in_count",
                ListedValue::Counter(self.packet_in_count),
            ),
            ("byte_in_count", ListedValue::Counter(self.byte_in_count)),
            (
                "duration",
                ListedValue::Duration((self.duration_sec, self.duration_nsec)),
            ),
        ]
    }
}

fn put_id<S: Sink>(meter_id: u32, equals: &str, sink: &mut S) {
    sink.begin(TextRole::Special);
    sink.put("meter");
    sink.put(equals);
    sink.end(TextRole::Special);
    match named(meter_id).name() {
        None if meter_id > METER_MAX => sink.put("unknown "),
        _ => write!(sink, "{} ", named(meter_id)),
    }
}

impl Serialize for MeterConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(serializer, |json| self.json(None, json))
    }
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
    const PLACES: &'static [Place] = &[typed("OFPT_METER_MOD", 29, V13, V15)];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MeterMod, DecodeError> {
        let command = Named::new(body.u16("command")?, COMMANDS);
        let flags = body.u16("flags")?;
        let meter_id = body.u32("meter_id")?;
        let bands = body.sub(body.remaining(), "bands")?.all(Band::decode)?;
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
        sink.put(" ");
        put_command(self.command, sink);
        sink.put(" ");
        self.meter.text(None, ("\n", "\n"), sink);
        sink.put("\n");
    }
}

impl Encode for MeterMod {
    fn encode_body(&self, _: Version, _: At, out: &mut Vec<u8>) -> Option<()> {
        out.extend(u16::try_from(self.command.number).ok()?.to_be_bytes());
        out.extend(self.meter.flags.to_be_bytes());
        out.extend(self.meter.meter_id.to_be_bytes());
        for band in &self.meter.bands {
            band.put(out);
        }
        Some(())
    }
}

/// Requests for the statistics or the configuration of meters
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MeterRequest {
    /// The requested meter.
    pub meter_id: Named,
}

impl<'a> Message<'a> for MeterRequest {
    const PLACES: &'static [Place] = &[
        request("OFPST_METER", multipart::METER_STATS, V13, V15),
        request("OFPST_METER_CONFIG", multipart::METER_CONFIG, V13, V15),
    ];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MeterRequest, DecodeError> {
        let meter_id = named(body.u32("meter_id")?);
        body.skip(4, "padding")?;
        Ok(MeterRequest { meter_id })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, " meter={}", self.meter_id);
    }
}

/// `OFPST_METER_CONFIG` reply
#[derive(Debug, Clone, Serialize)]
pub struct MeterConfigReply {
    /// The meters.
    pub meters: Vec<MeterConfig>,
}

impl<'a> Message<'a> for MeterConfigReply {
    const PLACES: &'static [Place] = &[reply(
        "OFPST_METER_CONFIG",
        multipart::METER_CONFIG,
        V13,
        V15,
    )];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<MeterConfigReply, DecodeError> {
        Ok(MeterConfigReply {
            meters: head.list(body, MeterConfig::decode),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        for config in &self.meters {
            sink.put("\n");
            config.text(None, ("\n", "\n"), sink);
            sink.put("\n");
        }
    }
}

/// `OFPST_METER` reply
#[derive(Debug, Clone, Serialize)]
pub struct MeterStatsReply {
    /// The counters, meter by meter.
    pub meters: Vec<MeterStats>,
}

impl<'a> Message<'a> for MeterStatsReply {
    const PLACES: &'static [Place] = &[reply("OFPST_METER", multipart::METER_STATS, V13, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<MeterStatsReply, DecodeError> {
        Ok(MeterStatsReply {
            meters: head.list(body, MeterStats::decode),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        for stats in &self.meters {
            sink.put("\n");
            stats.text(sink);
        }
    }
}

/// `OFPST_METER_FEATURES` reply
#[derive(Debug, Clone, Copy, Serialize)]
pub struct MeterFeatures {
    /// Maximum number of meters.
    pub max_meter: u32,
    /// `OFPMBT_*` that the switch supports.
    pub band_types: Flags,
    /// `OFPMF_*` that the switch supports.
    pub capabilities: Flags,
    /// Maximum number of bands of a meter.
    pub max_bands: u8,
    /// Number of colours (levels of drop precedence).
    pub max_color: u8,
}

impl<'a> Message<'a> for MeterFeatures {
    const PLACES: &'static [Place] = &[reply("OFPST_METER_FEATURES", 11, V13, V15)];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<MeterFeatures, DecodeError> {
        let features = MeterFeatures {
            max_meter: body.u32("max_meter")?,
            band_types: Flags::new(body.u32("band_types")?, BAND_TYPES),
            capabilities: Flags::new(body.u32("capabilities")?, FLAGS),
            max_bands: body.u8("max_bands")?,
            max_color: body.u8("max_color")?,
        };
        body.skip(2, "padding")?;
        Ok(features)
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(
            sink,
            "\nmax_meter:{} max_bands:{} max_color:{}\nband_types: ",
            self.max_meter, self.max_bands, self.max_color
        );
        self.band_types.text(sink, " ");
        sink.put("\ncapabilities: ");
        self.capabilities.text(sink, " ");
        sink.put("\n");
    }
}
