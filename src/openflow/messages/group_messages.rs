//! Messages about groups, as they are shown (OpenFlow 1.5.1 §7.3.4.4, §7.3.5.9 to §7.3.5.11; Nicira's in
//! 1.0). [`groups`](super::groups) reads groups and their statistics, [`group`]
//! writes them.
//!
//! ```text
//! mod, 1.1 - 1.4      command(2) type(1) pad(1) group_id(4) | buckets
//! mod, 1.0 and 1.5    command(2) type(1) pad(1) group_id(4) bucket_array_len(2) pad(2)
//!                     command_bucket_id(4) | buckets | properties
//! requests            group_id(4) pad(4); nothing for descriptions in 1.1 to 1.4
//! features            types(4) capabilities(4) max_groups(4 × 4) actions(4 × 4)
//! ```

use std::fmt::Write as _;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::codec::{At, Head, List, Message, NICIRA, Place, place};
use super::groups::{
    Buckets, Descs, GROUP_ALL, GROUP_ANY, GroupDesc, GroupStats, Properties, Stats,
};
use super::members::{Named, json_context};
use super::multipart::{self, Part};
use crate::base::json::Json;
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::group;
use crate::openflow::text::{Plain, Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V11, V12, V14, V15};

/// `OFPGC_*`
const COMMANDS: &[(u32, &str)] = &[
    (0, "ADD"),
    (1, "MOD"),
    (2, "DEL"),
    (INSERT_BUCKET, "INSERT_BUCKET"),
    (REMOVE_BUCKET, "REMOVE_BUCKET"),
    (0x8000, "ADD_OR_MOD"),
];
const INSERT_BUCKET: u32 = 3;
const REMOVE_BUCKET: u32 = 5;

/// `OFPG_BUCKET_*`
const BUCKETS: &[(u32, &str)] = &[
    (0xffff_fffd, "first"),
    (0xffff_fffe, "last"),
    (0xffff_ffff, "all"),
];

/// `OFPT_GROUP_MOD`, `NXT_GROUP_MOD`
#[derive(Debug, Clone)]
pub struct GroupMod<'a> {
    /// `OFPGC_*`
    pub command: Named,
    /// The bucket that the command is about; 1.0 and 1.5.
    pub command_bucket_id: Option<Named>,
    /// The group.
    pub group: GroupDesc<'a>,
    version: Version,
}

impl<'a> Message<'a> for GroupMod<'a> {
    const PLACES: &'static [Place] = &[
        place("OFPT_GROUP_MOD", At::Type(15), V11, V15),
        place("NXT_GROUP_MOD", At::Vendor(NICIRA, 31), V10, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<GroupMod<'a>, DecodeError> {
        let command = Named {
            number: body.u16("command")?.into(),
            names: COMMANDS,
        };
        let kind = body.u8("group type")?;
        body.skip(1, "padding")?;
        let group_id = body.u32("group_id")?;
        let mut command_bucket_id = None;
        let buckets = if matches!(head.version, V10 | V15) {
            let length = usize::from(body.u16("bucket_array_len")?);
            body.skip(2, "padding")?;
            command_bucket_id = Some(Named {
                number: body.u32("command_bucket_id")?,
                names: BUCKETS,
            });
            body.sub(length, "buckets")?
        } else {
            body.sub(body.remaining(), "buckets")?
        };
        let properties = Properties::new(body.sub(body.remaining(), "group properties")?);
        Ok(GroupMod {
            command,
            command_bucket_id,
            group: GroupDesc {
                group_id,
                kind,
                buckets: Buckets::new(head.version, kind, buckets),
                properties,
            },
            version: head.version,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let out = sink.buffer();
        let _ = match self.command.name() {
            Some(name) => write!(out, "\n {name} "),
            None => write!(out, "\n cmd:{} ", self.command),
        };
        // The errors are what `trouble` tells.
        if !matches!(self.command.number, INSERT_BUCKET | REMOVE_BUCKET) {
            let _ = group::text(&self.group, None, sink, cx);
            return;
        }
        if let Some(bucket) = self.command_bucket_id {
            let _ = write!(out, "command_bucket_id:{bucket},");
        }
        let _ = group::text_without_type(&self.group, sink, cx);
    }

    fn trouble(&self) -> Option<DecodeError> {
        trouble_in(&self.group, self.version)
    }
}

fn trouble_in(group: &GroupDesc<'_>, version: Version) -> Option<DecodeError> {
    group::text(group, None, &mut Plain::default(), &json_context(version)).err()
}

/// A group as the value of a JSON member.
fn raw_group<E: serde::ser::Error>(
    group: &GroupDesc<'_>,
    version: Version,
) -> Result<Box<RawValue>, E> {
    let mut out = String::new();
    let _ = group::json(
        group,
        None,
        &mut Json::new(&mut out),
        &json_context(version),
    );
    RawValue::from_string(out).map_err(E::custom)
}

impl Serialize for GroupMod<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("GroupMod", 3)?;
        members.serialize_field("command", &self.command)?;
        members.serialize_field("command_bucket_id", &self.command_bucket_id)?;
        members.serialize_field("group", &raw_group::<S::Error>(&self.group, self.version)?)?;
        members.end()
    }
}

/// Requests for the statistics or descriptions of groups
#[derive(Debug, Clone, Copy, Serialize)]
pub struct GroupRequest {
    /// The group asked for.
    pub group_id: Named,
}

/// Groups that are none.
const NAMES: &[(u32, &str)] = &[(GROUP_ALL, "ALL"), (GROUP_ANY, "ANY")];

impl<'a> Message<'a> for GroupRequest {
    const PLACES: &'static [Place] = &[
        place("OFPST_GROUP", At::Request(multipart::GROUP_STATS), V11, V15),
        place(
            "OFPST_GROUP_DESC",
            At::Request(multipart::GROUP_DESC),
            V11,
            V15,
        ),
        place("NXST_GROUP", At::VendorRequest(NICIRA, 7), V10, V10),
        place("NXST_GROUP_DESC", At::VendorRequest(NICIRA, 8), V10, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<GroupRequest, DecodeError> {
        let names_none =
            head.at == At::Request(multipart::GROUP_DESC) && (V11..=V14).contains(&head.version);
        let number = if names_none {
            GROUP_ALL
        } else {
            let number = body.u32("group_id")?;
            body.skip(4, "padding")?;
            number
        };
        Ok(GroupRequest {
            group_id: Named {
                number,
                names: NAMES,
            },
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let _ = write!(sink.buffer(), " group_id={}", self.group_id);
    }
}

/// The part of a reply that the body of a message is.
fn part<'a>(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<Part<'a>, DecodeError> {
    let start = *body;
    body.skip(body.remaining(), "entries")?;
    multipart::decode(head.version, head.message)?
        .ok_or_else(|| start.error("multipart type", DecodeErrorKind::BadValue(0)))
}

fn collect<T>(entries: impl Iterator<Item = Result<T, DecodeError>>) -> List<T> {
    let mut list = List {
        entries: Vec::new(),
        trouble: None,
    };
    for entry in entries {
        match entry {
            Ok(entry) => list.entries.push(entry),
            Err(error) => {
                list.trouble.get_or_insert(error);
            }
        }
    }
    list
}

/// `OFPST_GROUP_DESC` reply
#[derive(Debug, Clone)]
pub struct GroupDescReply<'a> {
    /// The groups.
    pub groups: List<GroupDesc<'a>>,
    version: Version,
}

impl<'a> Message<'a> for GroupDescReply<'a> {
    const PLACES: &'static [Place] = &[
        place(
            "OFPST_GROUP_DESC",
            At::Reply(multipart::GROUP_DESC),
            V11,
            V15,
        ),
        place("NXST_GROUP_DESC", At::VendorReply(NICIRA, 8), V10, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<GroupDescReply<'a>, DecodeError> {
        Ok(GroupDescReply {
            groups: collect(Descs::new(head.version, part(body, head)?)?),
            version: head.version,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        for group in &self.groups.entries {
            sink.put("\n ");
            let _ = group::text(group, None, sink, cx);
        }
    }

    fn trouble(&self) -> Option<DecodeError> {
        let mut groups = self.groups.entries.iter();
        groups
            .find_map(|group| trouble_in(group, self.version))
            .or_else(|| self.groups.trouble.clone())
    }
}

impl Serialize for GroupDescReply<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let groups = self.groups.entries.iter();
        let groups: Result<Vec<_>, S::Error> =
            groups.map(|group| raw_group(group, self.version)).collect();
        let mut members = serializer.serialize_struct("GroupDescReply", 1)?;
        members.serialize_field("groups", &groups?)?;
        members.end()
    }
}

/// `OFPST_GROUP` reply
#[derive(Debug, Clone, Serialize)]
pub struct GroupStatsReply {
    /// The counters, group by group.
    pub groups: List<GroupStats>,
}

impl<'a> Message<'a> for GroupStatsReply {
    const PLACES: &'static [Place] = &[
        place("OFPST_GROUP", At::Reply(multipart::GROUP_STATS), V11, V15),
        place("NXST_GROUP", At::VendorReply(NICIRA, 7), V10, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<GroupStatsReply, DecodeError> {
        Ok(GroupStatsReply {
            groups: collect(Stats::new(head.version, part(body, head)?)?),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        for stats in &self.groups.entries {
            sink.put("\n ");
            group::stats_text(stats, sink);
        }
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.groups.trouble.clone()
    }
}

/// `OFPST_GROUP_FEATURES` reply; the bits of the actions are kept as they came.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct GroupFeatures {
    /// One bit for each type that the switch knows.
    pub types: u32,
    /// `OFPGFC_*`
    pub capabilities: u32,
    /// How many groups of each type there may be.
    pub max_groups: [u32; 4],
    /// The actions that groups of each type may have, one bit for each `OFPAT_*`.
    pub actions: [u32; 4],
}

/// Bits of `OFPAT_*` since 1.1, in the order in which ovs-ofctl names them.
const ACTIONS: &[(u32, &str)] = &[
    (1 << 0, "output"),
    (1 << 22, "group"),
    (1 << 25, "set_field"),
    (1 << 1, "set_vlan_vid"),
    (1 << 2, "set_vlan_pcp"),
    (1 << 18, "strip_vlan"),
    (1 << 17, "push_vlan"),
    (1 << 3, "mod_dl_src"),
    (1 << 4, "mod_dl_dst"),
    (1 << 5, "mod_nw_src"),
    (1 << 6, "mod_nw_dst"),
    (1 << 7, "mod_nw_tos"),
    (1 << 8, "mod_nw_ecn"),
    (1 << 23, "mod_nw_ttl"),
    (1 << 9, "mod_tp_src"),
    (1 << 10, "mod_tp_dst"),
    (1 << 24, "dec_ttl"),
    (1 << 13, "set_mpls_label"),
    (1 << 14, "set_mpls_tc"),
    (1 << 15, "set_mpls_ttl"),
    (1 << 16, "dec_mpls_ttl"),
    (1 << 19, "push_mpls"),
    (1 << 20, "pop_mpls"),
    (1 << 21, "set_queue"),
];
/// Those that 1.2 has in place of its `set_field`, and `set_field` itself.
const UNTIL_V11: u32 = 0x67fe;
const SET_FIELD: u32 = 1 << 25;

impl<'a> Message<'a> for GroupFeatures {
    const PLACES: &'static [Place] = &[
        place("OFPST_GROUP_FEATURES", At::Reply(8), V12, V15),
        place("NXST_GROUP_FEATURES", At::VendorReply(NICIRA, 9), V10, V11),
    ];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<GroupFeatures, DecodeError> {
        let types = body.u32("types")?;
        let capabilities = body.u32("capabilities")?;
        let mut max_groups = [0; 4];
        for max in &mut max_groups {
            *max = body.u32("max_groups")?;
        }
        let mut actions = [0; 4];
        for bits in &mut actions {
            *bits = body.u32("actions")?;
        }
        Ok(GroupFeatures {
            types,
            capabilities,
            max_groups,
            actions,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        let out = sink.buffer();
        let _ = write!(
            out,
            "\n Group table:\n    Types:  {:#x}\n    Capabilities:  {:#x}\n",
            self.types, self.capabilities
        );
        let names = ["all", "select", "indirect", "fast failover"];
        for (index, name) in names.into_iter().enumerate() {
            if self.types & 1 << index == 0 {
                continue;
            }
            let max = self.max_groups.get(index).copied().unwrap_or(0);
            let prefix = if max == 0 { "" } else { "0x" };
            let _ = write!(
                out,
                "    {name} group:\n       max_groups={prefix}{max:x}\n       actions: "
            );
            let bits = self.actions.get(index).copied().unwrap_or(0);
            let (names, bits) = match cx.version {
                V10 => (super::features::ACTIONS, bits),
                V11 => (ACTIONS, bits & !SET_FIELD),
                _ => (ACTIONS, bits & !UNTIL_V11),
            };
            let known = names.iter().filter(|(bit, _)| bits & bit != 0);
            let words: Vec<&str> = known.map(|(_, word)| *word).collect();
            if words.is_empty() {
                out.push_str("<none>");
            }
            out.push_str(&words.join(" "));
            out.push('\n');
        }
    }
}

impl Serialize for GroupStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Counts {
            packet_count: u64,
            byte_count: u64,
        }
        let mut members = serializer.serialize_struct("GroupStats", 7)?;
        members.serialize_field("group_id", &self.group_id)?;
        members.serialize_field("ref_count", &self.ref_count)?;
        members.serialize_field("packet_count", &self.packet_count)?;
        members.serialize_field("byte_count", &self.byte_count)?;
        members.serialize_field("duration_sec", &self.duration.map(|(sec, _)| sec))?;
        members.serialize_field("duration_nsec", &self.duration.map(|(_, nsec)| nsec))?;
        let buckets: Vec<Option<Counts>> = self
            .buckets
            .iter()
            .map(|bucket| {
                bucket.map(|(packet_count, byte_count)| Counts {
                    packet_count,
                    byte_count,
                })
            })
            .collect();
        members.serialize_field("buckets", &buckets)?;
        members.end()
    }
}
