//! The text and JSON of groups, and the messages about them (OpenFlow 1.5.1 §7.3.4.4, §7.3.5.9 to §7.3.5.11;
//! Nicira's in 1.0). [`groups`](super::groups) decodes groups and their statistics.
//!
//! ```text
//! mod, 1.1 - 1.4      command(2) type(1) pad(1) group_id(4) | buckets
//! mod, 1.0 and 1.5    command(2) type(1) pad(1) group_id(4) bucket_array_len(2) pad(2)
//!                     command_bucket_id(4) | buckets | properties
//! requests            group_id(4) pad(4); nothing for descriptions in 1.1 to 1.4
//! features            types(4) capabilities(4) max_groups(4 × 4) actions(4 × 4)
//! ```

use serde::{Serialize, Serializer};

use super::codec::{
    At, Encode, Head, Message, Place, nicira, nicira_reply, nicira_request, reply, request, typed,
};
use super::features::action_names;
use super::groups::{
    Bucket, Buckets, GROUP_ALL, GROUP_ANY, GroupDesc, GroupStats, NICIRA_DESC, NICIRA_STATS,
    Properties, SELECT, Selection, has_ids,
};
use super::members::{CHex, Counts, Named, json_context, put_command, raw};
use super::multipart;
use crate::base::json::Json;
use crate::base::terminal::acts_on_a_terminal;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::FieldRef;
use crate::openflow::listed::{self, ListedMembers, ListedValue, Punctuation};
use crate::openflow::spelling::write_actions;
use crate::openflow::text::{PORT_ANY, Plain, Sink, TextContext, TextRole};
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
pub(in crate::openflow) const BUCKETS: &[(u32, &str)] = &[
    (0xffff_fffd, "first"),
    (0xffff_fffe, "last"),
    (BUCKETS_ALL, "all"),
];

/// `OFPG_BUCKET_ALL`
pub const BUCKETS_ALL: u32 = u32::MAX;

/// `OFPT_GROUP_MOD`, `NXT_GROUP_MOD`
#[derive(Debug, Clone, Serialize)]
pub struct GroupMod<'a> {
    /// `OFPGC_*`
    pub command: Named,
    /// The bucket that the command applies to; 1.0 and 1.5.
    pub command_bucket_id: Option<Named>,
    /// The group.
    pub group: GroupDesc<'a>,
}

impl<'a> Message<'a> for GroupMod<'a> {
    const PLACES: &'static [Place] = &[
        typed("OFPT_GROUP_MOD", 15, V11, V15),
        nicira("NXT_GROUP_MOD", 31, V10, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<GroupMod<'a>, DecodeError> {
        let command = Named::new(body.u16("command")?, COMMANDS);
        let kind = body.u8("group type")?;
        body.skip(1, "padding")?;
        let group_id = body.u32("group_id")?;
        let mut command_bucket_id = None;
        let buckets = if has_ids(head.version) {
            let length = usize::from(body.u16("bucket_array_len")?);
            body.skip(2, "padding")?;
            command_bucket_id = Some(Named::new(body.u32("command_bucket_id")?, BUCKETS));
            body.sub(length, "buckets")?
        } else {
            body.sub(body.remaining(), "buckets")?
        };
        let group = GroupDesc {
            group_id,
            kind,
            buckets: Buckets::new(head.version, kind, buckets),
            properties: Properties::new(body.sub(body.remaining(), "group properties")?),
        };
        group.note_malformed(head);
        Ok(GroupMod {
            command,
            command_bucket_id,
            group,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put("\n ");
        put_command(self.command, sink);
        sink.put(" ");
        // The errors were recorded when the message was decoded.
        let of_buckets = matches!(self.command.number, INSERT_BUCKET | REMOVE_BUCKET);
        if let Some(bucket) = self.command_bucket_id.filter(|_| of_buckets) {
            write!(sink, "command_bucket_id:{bucket},");
        }
        let _ = self.group.put(!of_buckets, None, sink, cx);
    }
}

impl Encode for GroupMod<'_> {
    /// Buckets and properties must be encoded for the version.
    fn encode_body(&self, version: Version, _: At, out: &mut Vec<u8>) -> Option<()> {
        let buckets = self.group.buckets.bytes();
        out.extend(u16::try_from(self.command.number).ok()?.to_be_bytes());
        out.extend([self.group.kind, 0]);
        out.extend(self.group.group_id.to_be_bytes());
        if has_ids(version) {
            out.extend(u16::try_from(buckets.len()).ok()?.to_be_bytes());
            out.extend([0; 2]);
            let bucket = self.command_bucket_id.map_or(BUCKETS_ALL, |id| id.number);
            out.extend(bucket.to_be_bytes());
        }
        out.extend(buckets);
        out.extend(self.group.properties.bytes());
        Some(())
    }
}

impl GroupDesc<'_> {
    /// Records the first malformed part of a group; the parts before it are shown.
    fn note_malformed(&self, head: &Head<'_>) {
        let cx = json_context(head.version);
        if let Err(error) = self.text(None, &mut Plain::default(), &cx) {
            head.note(error);
        }
    }
}

impl Serialize for GroupDesc<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(serializer, |json| {
            let _ = self.json(None, json, &json_context(self.buckets.version));
        })
    }
}

/// Requests for the statistics or descriptions of groups
#[derive(Debug, Clone, Copy, Serialize)]
pub struct GroupRequest {
    /// The requested group.
    pub group_id: Named,
}

/// Reserved group numbers.
const NAMES: &[(u32, &str)] = &[(GROUP_ALL, "ALL"), (GROUP_ANY, "ANY")];

impl<'a> Message<'a> for GroupRequest {
    const PLACES: &'static [Place] = &[
        request("OFPST_GROUP", multipart::GROUP_STATS, V11, V15),
        request("OFPST_GROUP_DESC", multipart::GROUP_DESC, V11, V15),
        nicira_request("NXST_GROUP", NICIRA_STATS, V10),
        nicira_request("NXST_GROUP_DESC", NICIRA_DESC, V10),
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
            group_id: Named::new(number, NAMES),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, " group_id={}", self.group_id);
    }
}

/// `OFPST_GROUP_DESC` reply
#[derive(Debug, Clone, Serialize)]
pub struct GroupDescReply<'a> {
    /// The groups.
    pub groups: Vec<GroupDesc<'a>>,
}

impl<'a> Message<'a> for GroupDescReply<'a> {
    const PLACES: &'static [Place] = &[
        reply("OFPST_GROUP_DESC", multipart::GROUP_DESC, V11, V15),
        nicira_reply("NXST_GROUP_DESC", NICIRA_DESC, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<GroupDescReply<'a>, DecodeError> {
        let groups = head.list(body, |body| {
            let entry = body.sized(0, 8, ("group length", "group length"))?;
            let group = GroupDesc::decode(head.version, entry);
            Ok(group.map_err(|error| head.note(error)).ok())
        });
        let groups: Vec<_> = groups.into_iter().flatten().collect();
        for group in &groups {
            group.note_malformed(head);
        }
        Ok(GroupDescReply { groups })
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        for group in &self.groups {
            sink.put("\n ");
            let _ = group.text(None, sink, cx);
        }
    }
}

/// `OFPST_GROUP` reply
#[derive(Debug, Clone, Serialize)]
pub struct GroupStatsReply {
    /// The counters, group by group.
    pub groups: Vec<GroupStats>,
}

impl<'a> Message<'a> for GroupStatsReply {
    const PLACES: &'static [Place] = &[
        reply("OFPST_GROUP", multipart::GROUP_STATS, V11, V15),
        nicira_reply("NXST_GROUP", NICIRA_STATS, V10),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<GroupStatsReply, DecodeError> {
        Ok(GroupStatsReply {
            groups: head.list(body, |body| GroupStats::decode(head.version, body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        for stats in &self.groups {
            sink.put("\n ");
            stats.text(sink);
        }
    }
}

/// `OFPST_GROUP_FEATURES` reply; the bits of the actions are kept as they came.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct GroupFeatures {
    /// One bit for each type that the switch supports.
    pub types: u32,
    /// `OFPGFC_*`
    pub capabilities: u32,
    /// Maximum number of groups of each type.
    pub max_groups: [u32; 4],
    /// The supported actions of each type of group, one bit for each `OFPAT_*`.
    pub actions: [u32; 4],
}

impl<'a> Message<'a> for GroupFeatures {
    const PLACES: &'static [Place] = &[
        reply("OFPST_GROUP_FEATURES", 8, V12, V15),
        nicira_reply("NXST_GROUP_FEATURES", 9, V11),
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
        write!(
            sink,
            "\n Group table:\n    Types:  {:#x}\n    Capabilities:  {:#x}\n",
            self.types, self.capabilities
        );
        let names = ["all", "select", "indirect", "fast failover"];
        for (index, name) in names.into_iter().enumerate() {
            if self.types & 1 << index == 0 {
                continue;
            }
            let max = self.max_groups.get(index).copied().unwrap_or(0);
            write!(
                sink,
                "    {name} group:\n       max_groups={}\n       actions: ",
                CHex(max.into())
            );
            let bits = self.actions.get(index).copied().unwrap_or(0);
            let words = action_names(cx.version, bits);
            if words.is_empty() {
                sink.put("<none>");
            }
            sink.put(&words.join(" "));
            sink.put("\n");
        }
    }
}

/// The types of groups by their number (`OFPGT_*`), in the words of ovs-ofctl.
pub(in crate::openflow) const TYPES: [&str; 4] = ["all", "select", "indirect", "ff"];

const IN_GROUP: Punctuation = Punctuation {
    before: ",",
    after: "",
    equals: "=",
    counts: "=",
};
const IN_BUCKET: Punctuation = Punctuation {
    before: "",
    after: ",",
    equals: ":",
    counts: ":",
};

impl GroupDesc<'_> {
    /// Writes the group as one line, without a line feed: that of `ovs-ofctl dump-groups` without its leading
    /// blank (ovs-ofctl(8)). Statistics stand in the words of `ovs-ofctl dump-group-stats` before the buckets
    /// and in each bucket before its actions.
    ///
    /// # Errors
    ///
    /// The first malformed part; the line has the parts before it.
    pub fn text<S: Sink>(
        &self,
        stats: Option<&GroupStats>,
        sink: &mut S,
        cx: &TextContext<'_>,
    ) -> Result<(), DecodeError> {
        self.put(true, stats, sink, cx)
    }

    /// Writes the group; the type only with `with_type`: commands that change single buckets ignore it.
    fn put<S: Sink>(
        &self,
        with_type: bool,
        stats: Option<&GroupStats>,
        sink: &mut S,
        cx: &TextContext<'_>,
    ) -> Result<(), DecodeError> {
        put_id(self.group_id, sink);
        if with_type {
            sink.put(",");
            sink.key("type");
            let word = TYPES.get(usize::from(self.kind));
            sink.put(word.copied().unwrap_or("unknown"));
        }
        if let Some(selection) = self.selection() {
            put_selection(&selection, sink, cx);
        }
        listed::text(&members(self, stats), IN_GROUP, sink, cx);
        for (index, bucket) in self.buckets.clone().enumerate() {
            let bucket = bucket?;
            sink.put(",");
            sink.key("bucket");
            let members = bucket_members(&bucket, self.kind, counts(stats, index));
            listed::text(&members, IN_BUCKET, sink, cx);
            sink.put_as(TextRole::Action, "actions=");
            write_actions(&bucket.actions, sink, cx, false)?;
        }
        self.check_properties()
    }

    /// Writes the group as a JSON object: `group_id`, `type`, `selection_method` with `method`, `param` and
    /// `fields`, with statistics `duration`, `ref_count`, `packet_count` and `byte_count`, and `buckets`,
    /// each with `bucket_id`, `weight`, `watch_port`, `watch_group`, `packet_count`, `byte_count` and
    /// `actions`. Keys that do not apply are left out.
    ///
    /// # Errors
    ///
    /// The first malformed part; the object is well-formed but lacks that part.
    pub fn json(
        &self,
        stats: Option<&GroupStats>,
        json: &mut Json<'_>,
        cx: &TextContext<'_>,
    ) -> Result<(), DecodeError> {
        json.begin_object();
        json.key("group_id");
        json.number(self.group_id);
        json.key("type");
        json.word_or(TYPES.get(usize::from(self.kind)).copied(), self.kind);
        if let Some(selection) = self.selection() {
            json.key("selection_method");
            selection_json(&selection, json, cx);
        }
        listed::json(&members(self, stats), json, cx);
        json.key("buckets");
        json.begin_array();
        let mut outcome = Ok(());
        for (index, bucket) in self.buckets.clone().enumerate() {
            let one = bucket.and_then(|bucket| {
                let members = bucket_members(&bucket, self.kind, counts(stats, index));
                json.begin_object();
                listed::json(&members, json, cx);
                json.key("actions");
                let one = bucket.actions.json(json, cx);
                json.end_object();
                one
            });
            outcome = outcome.and(one);
        }
        json.end_array();
        json.end_object();
        outcome.and(self.check_properties())
    }
}

impl GroupStats {
    /// Writes the statistics alone, as `ovs-ofctl dump-group-stats` does, without a line feed.
    pub fn text<S: Sink>(&self, sink: &mut S) {
        put_id(self.group_id, sink);
        listed::text(&counters(self), IN_GROUP, sink, &json_context(V15));
        for (index, counts) in self.buckets.iter().enumerate() {
            if let Some(counts) = counts {
                write!(sink, ",bucket{index}:");
                sink.key("packet_count");
                write!(sink, "{},", counts.packet_count);
                sink.key("byte_count");
                write!(sink, "{}", counts.byte_count);
            }
        }
    }
}

/// The statistics of a group, in text and JSON.
fn members<'a>(group: &GroupDesc<'a>, stats: Option<&GroupStats>) -> ListedMembers<'a> {
    let mut members = unknown(group.unknown());
    members.extend(stats.into_iter().flat_map(counters));
    members
}

fn counters<'a>(stats: &GroupStats) -> ListedMembers<'a> {
    let duration = stats.duration().map(ListedValue::Duration);
    let mut members: ListedMembers<'_> = duration
        .map(|value| ("duration", value))
        .into_iter()
        .collect();
    members.push(("ref_count", ListedValue::Counter(stats.ref_count.into())));
    members.extend(listed::counts(Counts {
        packet_count: stats.packet_count,
        byte_count: stats.byte_count,
    }));
    members
}

fn counts(stats: Option<&GroupStats>, bucket: usize) -> Option<Counts> {
    *stats?.buckets.get(bucket)?
}

/// The members of a bucket before its actions, in text and JSON.
fn bucket_members<'a>(bucket: &Bucket<'a>, kind: u8, counts: Option<Counts>) -> ListedMembers<'a> {
    let mut members = ListedMembers::new();
    if let Some(id) = bucket.bucket_id {
        members.push(("bucket_id", ListedValue::Number(id.into())));
    }
    if kind == SELECT {
        members.push(("weight", ListedValue::UnlessOne(bucket.weight.into())));
    } else if bucket.weight != 0 {
        members.push(("weight", ListedValue::Number(bucket.weight.into())));
    }
    if bucket.watch_port != PORT_ANY {
        members.push(("watch_port", ListedValue::Port(bucket.watch_port)));
    }
    if bucket.watch_group != GROUP_ANY {
        members.push((
            "watch_group",
            ListedValue::Number(bucket.watch_group.into()),
        ));
    }
    members.extend(unknown(bucket.unknown()));
    members.extend(counts.into_iter().flat_map(listed::counts));
    members
}

fn unknown<'a>(properties: impl Iterator<Item = &'a [u8]>) -> ListedMembers<'a> {
    let properties: Vec<&[u8]> = properties.collect();
    if properties.is_empty() {
        return ListedMembers::new();
    }
    vec![("properties", ListedValue::Properties(properties))]
}

fn put_id<S: Sink>(group_id: u32, sink: &mut S) {
    sink.put_as(TextRole::Special, "group_id=");
    write!(sink, "{group_id}");
}

fn put_selection<S: Sink>(selection: &Selection<'_>, sink: &mut S, cx: &TextContext<'_>) {
    sink.put(",");
    sink.key("selection_method");
    // Untrusted text: control characters are shown as dots.
    let shown = |c: char| if acts_on_a_terminal(c) { '.' } else { c };
    sink.buffer().extend(selection.method.chars().map(shown));
    if selection.param != 0 {
        sink.put(",");
        sink.key("selection_method_param");
        write!(sink, "{}", selection.param);
    }
    let mut fields: Vec<_> = selection.fields().collect();
    if fields.is_empty() {
        return;
    }
    sink.put(",");
    let (before, after) = if fields.len() > 1 {
        ("fields(", ")")
    } else {
        ("fields=", "")
    };
    sink.put_as(TextRole::Key, before);
    // In the order of ovs-ofctl, not that of the wire.
    fields.sort_by_key(|(header, _)| header.field().map_or(u16::MAX, |row| row.listed));
    for (index, (header, mask)) in fields.into_iter().enumerate() {
        if index > 0 {
            sink.put(",");
        }
        match FieldRef::of(header) {
            FieldRef::Known(field) => {
                sink.put(field.name);
                if !all_ones(mask) {
                    sink.put("=");
                    field.value_text(mask, None, sink, cx);
                }
            }
            FieldRef::Unknown(header) => header.put_unknown(sink.buffer()),
        }
    }
    sink.put(after);
}

fn selection_json(selection: &Selection<'_>, json: &mut Json<'_>, cx: &TextContext<'_>) {
    json.begin_object();
    json.key("method");
    json.string(selection.method);
    if selection.param != 0 {
        json.key("param");
        json.number(selection.param);
    }
    json.key("fields");
    json.begin_array();
    for (header, mask) in selection.fields() {
        json.begin_object();
        json.key("field");
        match FieldRef::of(header) {
            FieldRef::Known(field) => {
                json.word(field.name);
                if !all_ones(mask) {
                    json.key("mask");
                    field.value_json(mask, None, json, cx);
                }
            }
            FieldRef::Unknown(header) => json.plain(|out| header.put_unknown(out)),
        }
        json.end_object();
    }
    json.end_array();
    json.end_object();
}

fn all_ones(mask: &[u8]) -> bool {
    mask.iter().all(|byte| *byte == u8::MAX)
}
