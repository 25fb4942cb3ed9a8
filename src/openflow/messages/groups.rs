//! Group descriptions and group statistics: the requests and the entries of the replies.
//!
//! | version | description | statistics |
//! |---|---|---|
//! | 1.0 with the Nicira extension | `NXST_GROUP_DESC` (8), laid out as in 1.5 | `NXST_GROUP` (7), as in 1.3 |
//! | 1.1, 1.2 | `OFPMP_GROUP_DESC`: id, type, buckets | `OFPMP_GROUP_STATS` without duration |
//! | 1.3, 1.4 | the same | with duration |
//! | 1.5 | bucket ids, properties of buckets and of the group | the same |
//!
//! Sources: OpenFlow 1.1.0 §A.3.5.6, 1.3.5 §7.3.5.9, 1.5.1 §7.3.5.10 and §7.3.4.3; the property that
//! has the selection method is Netronome's, as ovs-vswitchd sends it.

use serde::Serialize;

use super::members::Counts;
use super::multipart::{self, Part};
use crate::openflow::actions::{ActionList, ListForm};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::fields::Header;
use crate::openflow::text::PORT_ANY;
use crate::openflow::version::Version::{self, V10, V11, V12, V15};

/// `OFPG_ALL`
pub const GROUP_ALL: u32 = 0xffff_fffc;
/// `OFPG_ANY`
pub const GROUP_ANY: u32 = 0xffff_ffff;
/// `OFPGT_SELECT`
pub const SELECT: u8 = 1;
/// `OFPGT_FF`
pub const FAST_FAILOVER: u8 = 3;

/// `NXST_GROUP`
pub const NICIRA_STATS: u32 = 7;
/// `NXST_GROUP_DESC`
pub const NICIRA_DESC: u32 = 8;
/// `OFPGPT_EXPERIMENTER` and `OFPGBPT_EXPERIMENTER`
const EXPERIMENTER: u16 = 0xffff;
/// Netronome's id, and the one that Open vSwitch 2.4 took for it.
const NETRONOME: [u32; 2] = [0x154d, 0x1540];
/// `NTRT_SELECTION_METHOD`
const SELECTION_METHOD: u32 = 1;

/// A request for the description of a group, or of all with [`GROUP_ALL`]. In 1.1 to 1.4 the reply
/// describes all groups whatever was asked.
pub fn desc_request(version: Version, xid: u32, group_id: u32) -> Option<Vec<u8>> {
    let body = |out: &mut Vec<u8>| put_group(group_id, out);
    match version {
        V10 => multipart::nicira_request(NICIRA_DESC, xid, body),
        V15 => multipart::request(version, multipart::GROUP_DESC, xid, body),
        _ => multipart::request(version, multipart::GROUP_DESC, xid, |_| ()),
    }
}

/// A request for the statistics of a group, or of all with [`GROUP_ALL`].
pub fn stats_request(version: Version, xid: u32, group_id: u32) -> Option<Vec<u8>> {
    let body = |out: &mut Vec<u8>| put_group(group_id, out);
    match version {
        V10 => multipart::nicira_request(NICIRA_STATS, xid, body),
        _ => multipart::request(version, multipart::GROUP_STATS, xid, body),
    }
}

fn put_group(group_id: u32, out: &mut Vec<u8>) {
    out.extend(group_id.to_be_bytes());
    out.extend([0; 4]);
}

/// The description of one group.
#[derive(Debug, Clone)]
pub struct GroupDesc<'a> {
    /// Its number.
    pub group_id: u32,
    /// `OFPGT_*`: 0 all, 1 select, 2 indirect, 3 fast failover.
    pub kind: u8,
    /// Its buckets.
    pub buckets: Buckets<'a>,
    /// `OFPGPT_*`; none before 1.5 but in 1.0 with the Nicira extension.
    pub properties: Properties<'a>,
}

impl<'a> GroupDesc<'a> {
    /// Reads one entry of a group description, its length included.
    ///
    /// # Errors
    ///
    /// The entry ends early.
    pub fn decode(version: Version, mut entry: Cursor<'a>) -> Result<GroupDesc<'a>, DecodeError> {
        entry.skip(2, "group length")?;
        let kind = entry.u8("group type")?;
        entry.skip(1, "padding")?;
        let group_id = entry.u32("group_id")?;
        let long = has_ids(version);
        let buckets = if long {
            let length = usize::from(entry.u16("bucket_array_len")?);
            entry.skip(6, "padding")?;
            entry.sub(length, "buckets")?
        } else {
            entry.sub(entry.remaining(), "buckets")?
        };
        Ok(GroupDesc {
            group_id,
            kind,
            buckets: Buckets::new(version, kind, buckets),
            properties: Properties(entry),
        })
    }

    /// Checks the properties for malformed ones, which iteration skips.
    ///
    /// # Errors
    ///
    /// The first of them.
    pub fn check_properties(&self) -> Result<(), DecodeError> {
        self.properties.clone().try_for_each(|each| each.map(drop))
    }

    /// The unknown properties, header included.
    pub fn unknown(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.properties
            .clone()
            .flatten()
            .filter(|property| property.selection().is_none())
            .map(|property| property.whole)
    }

    /// The selection method, if the group has one.
    pub fn selection(&self) -> Option<Selection<'a>> {
        self.properties
            .clone()
            .flatten()
            .find_map(|property| property.selection())
    }
}

/// Whether buckets have the layout of 1.5.
pub(in crate::openflow) fn has_ids(version: Version) -> bool {
    matches!(version, V10 | V15)
}

/// The groups in a part of a reply, one after the other. After an error of an entry's own length there
/// is no next entry.
#[derive(Debug, Clone)]
pub struct Descs<'a> {
    version: Version,
    body: Cursor<'a>,
}

impl<'a> Descs<'a> {
    /// The groups of a part.
    ///
    /// # Errors
    ///
    /// The part is no group description.
    pub fn new(version: Version, part: Part<'a>) -> Result<Descs<'a>, DecodeError> {
        let body = part.expect(version, multipart::GROUP_DESC, NICIRA_DESC)?;
        Ok(Descs { version, body })
    }

    /// The bytes of the next group for [`GroupDesc::decode`].
    pub fn next_bytes(&mut self) -> Option<Result<Cursor<'a>, DecodeError>> {
        next_entry(&mut self.body, 8, "group length")
    }
}

impl<'a> Iterator for Descs<'a> {
    type Item = Result<GroupDesc<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let version = self.version;
        let entry = self.next_bytes()?;
        Some(entry.and_then(|entry| GroupDesc::decode(version, entry)))
    }
}

/// An item that begins with its length in two bytes. An error is the last item.
fn next_entry<'a>(
    body: &mut Cursor<'a>,
    at_least: usize,
    what: &'static str,
) -> Option<Result<Cursor<'a>, DecodeError>> {
    if body.is_empty() {
        return None;
    }
    let entry = body.sized(0, at_least, (what, what));
    if entry.is_err() {
        *body = Cursor::new(&[], body.at());
    }
    Some(entry)
}

/// The buckets of a group, one after the other. An error is the last.
#[derive(Debug, Clone)]
pub struct Buckets<'a> {
    /// The version whose layout they have.
    pub version: Version,
    select: bool,
    body: Cursor<'a>,
}

impl<'a> Buckets<'a> {
    /// The buckets in `body`, of a group of type `kind`, as `version` lays them out.
    pub fn new(version: Version, kind: u8, body: Cursor<'a>) -> Buckets<'a> {
        Buckets {
            version,
            select: kind == SELECT,
            body,
        }
    }

    /// The bytes not decoded yet.
    pub fn bytes(&self) -> &'a [u8] {
        self.body.rest()
    }
}

impl<'a> Iterator for Buckets<'a> {
    type Item = Result<Bucket<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (long, version, select) = (has_ids(self.version), self.version, self.select);
        let entry = next_entry(&mut self.body, if long { 8 } else { 16 }, "bucket length")?;
        let bucket = entry.and_then(|entry| {
            if long {
                v15_bucket(version, select, entry)
            } else {
                v11_bucket(version, entry)
            }
        });
        if bucket.is_err() {
            self.body = Cursor::new(&[], self.body.at());
        }
        Some(bucket)
    }
}

/// One bucket of a group.
#[derive(Debug, Clone)]
pub struct Bucket<'a> {
    /// Its id in the group; 1.1 to 1.4 have none.
    pub bucket_id: Option<u32>,
    /// Its share of the packets, in groups of type select; elsewhere 0.
    pub weight: u16,
    /// The port that must be live; [`PORT_ANY`]: none.
    pub watch_port: u32,
    /// The group that must be live; [`GROUP_ANY`]: none.
    pub watch_group: u32,
    /// Its actions.
    pub actions: ActionList<'a>,
    /// `OFPGBPT_*`, those above among them; none in 1.1 to 1.4.
    pub properties: Properties<'a>,
}

fn v11_bucket(version: Version, mut bucket: Cursor<'_>) -> Result<Bucket<'_>, DecodeError> {
    bucket.skip(2, "bucket length")?;
    let weight = bucket.u16("weight")?;
    let watch_port = bucket.u32("watch_port")?;
    let watch_group = bucket.u32("watch_group")?;
    bucket.skip(4, "padding")?;
    let actions = ActionList::new(bucket.rest(), bucket.at(), version, ListForm::Actions);
    bucket.skip(bucket.remaining(), "bucket")?;
    Ok(Bucket {
        bucket_id: None,
        weight,
        watch_port,
        watch_group,
        actions,
        properties: Properties(bucket),
    })
}

fn v15_bucket(
    version: Version,
    select: bool,
    mut entry: Cursor<'_>,
) -> Result<Bucket<'_>, DecodeError> {
    entry.skip(2, "bucket length")?;
    let length = usize::from(entry.u16("action_array_len")?);
    let bucket_id = entry.u32("bucket_id")?;
    let actions = entry.sub(length, "actions of a bucket")?;
    let mut bucket = Bucket {
        bucket_id: Some(bucket_id),
        weight: select.into(),
        watch_port: PORT_ANY,
        watch_group: GROUP_ANY,
        actions: ActionList::new(actions.rest(), actions.at(), version, ListForm::Actions),
        properties: Properties(entry),
    };
    for property in bucket.properties.clone() {
        let mut property = property?;
        match property.kind {
            WEIGHT => bucket.weight = property.body.u16("weight")?,
            WATCH_PORT => bucket.watch_port = property.body.u32("watch_port")?,
            WATCH_GROUP => bucket.watch_group = property.body.u32("watch_group")?,
            _ => {}
        }
    }
    Ok(bucket)
}

/// `OFPGBPT_*`
pub(in crate::openflow) const WEIGHT: u16 = 0;
pub(in crate::openflow) const WATCH_PORT: u16 = 1;
pub(in crate::openflow) const WATCH_GROUP: u16 = 2;

impl<'a> Bucket<'a> {
    /// The unknown properties, header included.
    pub fn unknown(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.properties
            .clone()
            .flatten()
            .filter(|property| property.kind > WATCH_GROUP)
            .map(|property| property.whole)
    }
}

/// Properties, one after the other (OpenFlow 1.5.1 §7.1.2). An error is the last.
#[derive(Debug, Clone)]
pub struct Properties<'a>(Cursor<'a>);

/// One property.
#[derive(Debug, Clone, Copy)]
pub struct Property<'a> {
    /// Its type.
    pub kind: u16,
    /// Its bytes without padding, header included.
    pub whole: &'a [u8],
    /// What follows the header.
    pub body: Cursor<'a>,
}

impl<'a> Properties<'a> {
    /// The properties in `body`.
    pub fn new(body: Cursor<'a>) -> Properties<'a> {
        Properties(body)
    }

    /// The bytes not decoded yet.
    pub fn bytes(&self) -> &'a [u8] {
        self.0.rest()
    }
}

impl<'a> Iterator for Properties<'a> {
    type Item = Result<Property<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let start = self.0;
        let property = property(&mut self.0);
        if property.is_err() {
            self.0 = Cursor::new(&[], start.at());
        }
        Some(property)
    }
}

fn property<'a>(rest: &mut Cursor<'a>) -> Result<Property<'a>, DecodeError> {
    let mut header = *rest;
    let kind = header.u16("property type")?;
    let length = usize::from(header.u16("property length")?);
    if length < 4 {
        return Err(rest.error("property length", DecodeErrorKind::BadLength(length)));
    }
    let mut body = rest.sub(length, "property")?;
    let whole = body.rest();
    body.skip(4, "property")?;
    let padding = length.next_multiple_of(8) - length;
    rest.skip(padding.min(rest.remaining()), "property padding")?;
    Ok(Property { kind, whole, body })
}

impl<'a> Property<'a> {
    /// The selection method of a group, if this is one.
    pub fn selection(&self) -> Option<Selection<'a>> {
        let mut body = self.body;
        if self.kind != EXPERIMENTER
            || !NETRONOME.contains(&body.u32("experimenter").ok()?)
            || body.u32("exp_type").ok()? != SELECTION_METHOD
        {
            return None;
        }
        body.skip(4, "padding").ok()?;
        let method = body.take(16, "selection_method").ok()?;
        let end = method.iter().position(|byte| *byte == 0)?;
        Some(Selection {
            method: std::str::from_utf8(method.get(..end)?).ok()?,
            param: body.u64("selection_method_param").ok()?,
            fields: body,
        })
    }
}

/// Appends the property of a selection method with its padding; `fields` are headers with masks. `None` if the method is
/// longer than 15 bytes, or there are too many fields.
pub(in crate::openflow) fn put_selection(
    method: &str,
    param: u64,
    fields: &[u8],
    out: &mut Vec<u8>,
) -> Option<()> {
    let start = out.len();
    let length = 40 + fields.len();
    let mut name = [0; 16];
    // A NUL ends the name.
    let place = name
        .get_mut(..method.len())
        .filter(|place| place.len() < 16)?;
    place.copy_from_slice(method.as_bytes());
    out.extend(EXPERIMENTER.to_be_bytes());
    out.extend(u16::try_from(length).ok()?.to_be_bytes());
    out.extend(NETRONOME[0].to_be_bytes());
    out.extend(SELECTION_METHOD.to_be_bytes());
    out.extend([0; 4]);
    out.extend(name);
    out.extend(param.to_be_bytes());
    out.extend(fields);
    out.resize(start + length.next_multiple_of(8), 0);
    Some(())
}

/// How a group of type select selects a bucket.
#[derive(Debug, Clone, Copy)]
pub struct Selection<'a> {
    /// `hash`, `dp_hash` or another word.
    pub method: &'a str,
    /// The method's parameter.
    pub param: u64,
    fields: Cursor<'a>,
}

impl<'a> Selection<'a> {
    /// The fields that are hashed, each with a mask.
    pub fn fields(&self) -> impl Iterator<Item = (Header, &'a [u8])> + use<'a> {
        let mut rest = self.fields;
        std::iter::from_fn(move || {
            let header = Header::decode(&mut rest).ok()?;
            let mask = rest.take(usize::from(header.length), "field").ok()?;
            Some((header, mask))
        })
    }
}

/// The statistics of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GroupStats {
    /// The group.
    pub group_id: u32,
    /// Number of flows and groups that use it.
    pub ref_count: u32,
    /// Packets.
    pub packet_count: u64,
    /// Bytes.
    pub byte_count: u64,
    /// Seconds since the group was added; OpenFlow 1.3 and later.
    pub duration_sec: Option<u32>,
    /// Nanoseconds beyond them.
    pub duration_nsec: Option<u32>,
    /// The counters of each bucket, in the order of the buckets; `None` where the switch does not count.
    pub buckets: Vec<Option<Counts>>,
}

impl GroupStats {
    /// The groups in a part of a statistics reply.
    ///
    /// # Errors
    ///
    /// The part is not group statistics, or malformed.
    pub fn of_part(version: Version, part: Part<'_>) -> Result<Vec<GroupStats>, DecodeError> {
        let body = part.expect(version, multipart::GROUP_STATS, NICIRA_STATS)?;
        body.all(|body| GroupStats::decode(version, body))
    }

    pub(super) fn decode(
        version: Version,
        body: &mut Cursor<'_>,
    ) -> Result<GroupStats, DecodeError> {
        let what = "group statistics length";
        let mut entry = body.sized(0, 32, (what, what))?;
        entry.skip(4, what)?;
        let group_id = entry.u32("group_id")?;
        let ref_count = entry.u32("ref_count")?;
        entry.skip(4, "padding")?;
        let mut stats = GroupStats {
            group_id,
            ref_count,
            packet_count: entry.u64("packet_count")?,
            byte_count: entry.u64("byte_count")?,
            duration_sec: None,
            duration_nsec: None,
            buckets: Vec::new(),
        };
        if !matches!(version, V11 | V12) {
            let duration = (entry.u32("duration_sec")?, entry.u32("duration_nsec")?);
            // All ones: not known.
            let known = Some(duration).filter(|duration| *duration != (u32::MAX, u32::MAX));
            (stats.duration_sec, stats.duration_nsec) = known.unzip();
        }
        stats.buckets = entry.all(|entry| {
            let counts = Counts {
                packet_count: entry.u64("packet_count")?,
                byte_count: entry.u64("byte_count")?,
            };
            Ok(Some(counts).filter(|counts| counts.packet_count != u64::MAX))
        })?;
        Ok(stats)
    }

    /// Seconds since the group was added, and nanoseconds beyond them; OpenFlow 1.3 and later.
    pub fn duration(&self) -> Option<(u32, u32)> {
        self.duration_sec.zip(self.duration_nsec)
    }
}
