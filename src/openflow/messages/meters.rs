//! Meters: their configuration and their statistics, OpenFlow 1.3 and later (OpenFlow 1.3.5 §7.3.5.12
//! to §7.3.5.13, 1.5.1 §7.3.5.15).

use super::multipart::{self, Part};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::version::Version;

/// `OFPM_ALL`
pub const METER_ALL: u32 = 0xffff_ffff;
/// `OFPM_MAX`, the last number that is no name.
pub const METER_MAX: u32 = 0xffff_0000;
/// Meters with a name of their own (`OFPM_*`).
pub const RESERVED_METERS: [(u32, &str); 3] = [
    (0xffff_fffd, "slowpath"),
    (0xffff_fffe, "controller"),
    (METER_ALL, "all"),
];

/// `OFPMF_*` with the words of ovs-ofctl.
pub const FLAGS: [(u16, &str); 4] = [(1, "kbps"), (2, "pktps"), (BURST, "burst"), (8, "stats")];
/// `OFPMF_BURST`
pub const BURST: u16 = 4;
/// `OFPMBT_DROP`
pub const DROP: u16 = 1;
/// `OFPMBT_DSCP_REMARK`
pub const DSCP_REMARK: u16 = 2;

/// A request for the configuration of a meter, or of all with [`METER_ALL`]. `None` before 1.3.
pub fn config_request(version: Version, xid: u32, meter_id: u32) -> Option<Vec<u8>> {
    request(version, multipart::METER_CONFIG, xid, meter_id)
}

/// A request for the statistics of a meter, or of all with [`METER_ALL`]. `None` before 1.3.
pub fn stats_request(version: Version, xid: u32, meter_id: u32) -> Option<Vec<u8>> {
    request(version, multipart::METER_STATS, xid, meter_id)
}

fn request(version: Version, kind: u16, xid: u32, meter_id: u32) -> Option<Vec<u8>> {
    if version < Version::V13 {
        return None;
    }
    multipart::request(version, kind, xid, |out| {
        out.extend(meter_id.to_be_bytes());
        out.extend([0; 4]);
    })
}

/// How a meter is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterConfig {
    /// Its number.
    pub meter_id: u32,
    /// `OFPMF_*`
    pub flags: u16,
    /// What happens at which rate.
    pub bands: Vec<Band>,
}

/// One band of a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// `OFPMBT_*`: 1 drop, 2 DSCP remark.
    pub kind: u16,
    /// The rate from which the band applies, in kb/s or packets/s.
    pub rate: u32,
    /// The size of bursts, in kb or packets; meaningful with [`BURST`].
    pub burst_size: u32,
    /// How many levels of drop precedence are added, by [`DSCP_REMARK`].
    pub prec_level: Option<u8>,
}

/// The meters in a part of a configuration reply; an error if the part is something else.
pub fn decode_config(part: Part<'_>) -> Result<Vec<MeterConfig>, DecodeError> {
    entries(part, multipart::METER_CONFIG, 8, |mut meter| {
        meter.skip(2, "meter length")?;
        let flags = meter.u16("meter flags")?;
        let meter_id = meter.u32("meter_id")?;
        Ok(MeterConfig {
            meter_id,
            flags,
            bands: decode_bands(meter)?,
        })
    })
}

/// The bands in `bytes`, as `OFPT_METER_MOD` has them too.
pub fn decode_bands(mut bytes: Cursor<'_>) -> Result<Vec<Band>, DecodeError> {
    let mut bands = Vec::new();
    while !bytes.is_empty() {
        let mut header = bytes;
        let kind = header.u16("band type")?;
        let length = usize::from(header.u16("band length")?);
        if length < 12 {
            return Err(bytes.error("band length", DecodeErrorKind::BadLength(length)));
        }
        let mut band = bytes.sub(length, "band")?;
        band.skip(4, "band")?;
        let (rate, burst_size) = (band.u32("rate")?, band.u32("burst_size")?);
        let prec_level = match kind {
            DSCP_REMARK => Some(band.u8("prec_level")?),
            _ => None,
        };
        bands.push(Band {
            kind,
            rate,
            burst_size,
            prec_level,
        });
    }
    Ok(bands)
}

/// What went through a meter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterStats {
    /// The meter.
    pub meter_id: u32,
    /// How many flows use it; in 1.5 how many did when it was asked.
    pub flow_count: u32,
    /// Packets that came to it.
    pub packet_in_count: u64,
    /// Bytes that came to it.
    pub byte_in_count: u64,
    /// Seconds, and nanoseconds beyond them, that the meter has been there.
    pub duration: (u32, u32),
    /// Packets and bytes of each band, in the order of the bands.
    pub bands: Vec<(u64, u64)>,
}

/// The meters in a part of a statistics reply; an error if the part is something else.
pub fn decode_stats(part: Part<'_>) -> Result<Vec<MeterStats>, DecodeError> {
    entries(part, multipart::METER_STATS, 40, |mut meter| {
        let meter_id = meter.u32("meter_id")?;
        meter.skip(8, "meter length")?;
        let flow_count = meter.u32("flow_count")?;
        let packet_in_count = meter.u64("packet_in_count")?;
        let byte_in_count = meter.u64("byte_in_count")?;
        let duration = (meter.u32("duration_sec")?, meter.u32("duration_nsec")?);
        let mut bands = Vec::new();
        while !meter.is_empty() {
            bands.push((
                meter.u64("packet_band_count")?,
                meter.u64("byte_band_count")?,
            ));
        }
        Ok(MeterStats {
            meter_id,
            flow_count,
            packet_in_count,
            byte_in_count,
            duration,
            bands,
        })
    })
}

/// Reads entry by entry; the length stands first in a configuration, after the number in statistics.
fn entries<T>(
    part: Part<'_>,
    kind: u16,
    at_least: usize,
    read: impl Fn(Cursor<'_>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    let mut body = part.body;
    if part.kind != kind {
        let kind = DecodeErrorKind::BadValue(part.kind.into());
        return Err(body.error("multipart type", kind));
    }
    let mut all = Vec::new();
    while !body.is_empty() {
        let mut peek = body;
        if kind == multipart::METER_STATS {
            peek.skip(4, "meter_id")?;
        }
        let length = usize::from(peek.u16("meter length")?);
        if length < at_least {
            return Err(body.error("meter length", DecodeErrorKind::BadLength(length)));
        }
        all.push(read(body.sub(length, "meter")?)?);
    }
    Ok(all)
}
