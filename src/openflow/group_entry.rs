//! A group of one's own, and the message that changes a group (OpenFlow 1.5.1 §7.3.4.3; Nicira's of 1.0).
//!
//! [`messages::groups`](super::messages::groups) has the view over a group in a message.

use super::actions::{ActionList, ListForm, SwitchReference};
use super::bytes::{Cursor, DecodeError};
use super::fields::{FieldRef, Id};
use super::meaning::put_actions;
use super::messages::codec::{At, NICIRA, encode};
use super::messages::group_messages::{BUCKETS_ALL, GroupMod};
use super::messages::groups::{self, Buckets, GROUP_ANY, GroupDesc, Properties, SELECT, has_ids};
use super::messages::members::Named;
use super::text::{PORT_ANY, Plain, Sink, TextContext};
use super::version::Version;

/// A group that does not borrow from a message; its actions are those of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its number.
    pub group_id: u32,
    /// `OFPGT_*`: 0 all, 1 select, 2 indirect, 3 fast failover.
    pub kind: u8,
    /// How a bucket is selected; none before 1.5 but in 1.0 with the Nicira extension.
    pub selection: Option<SelectionMethod>,
    /// Its buckets, in their order.
    pub buckets: Vec<GroupBucket>,
    /// Unknown properties, header and padding included.
    pub unknown: Vec<u8>,
    /// The version of the actions and of the unknown properties.
    pub version: Version,
}

/// One bucket of a [`Group`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupBucket {
    /// Its id in the group; `None`: the first that is free. 1.1 to 1.4 have none.
    pub bucket_id: Option<u32>,
    /// Its share of the packets, in groups of type select; elsewhere 0.
    pub weight: u16,
    /// The port that must be live; [`PORT_ANY`]: none.
    pub watch_port: u32,
    /// The group that must be live; [`GROUP_ANY`]: none.
    pub watch_group: u32,
    /// Its actions, encoded.
    pub actions: Vec<u8>,
    /// Unknown properties, header and padding included.
    pub unknown: Vec<u8>,
}

/// How a group of type select selects a bucket: Netronome's property, as ovs-vswitchd has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SelectionMethod {
    /// `hash`, `dp_hash` or another word of at most 15 bytes.
    pub method: String,
    /// The method's parameter.
    pub param: u64,
    /// The fields that are hashed, each with its mask.
    pub fields: Vec<(Id, Vec<u8>)>,
}

/// What is done to a group (`OFPGC_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupCommand {
    /// Adds a group; one that exists is refused.
    Add,
    /// Changes a group that exists.
    Modify,
    /// Changes a group, or adds it: an extension of Open vSwitch.
    AddOrModify,
    /// Deletes a group, and the flows that use it.
    Delete,
    /// Inserts buckets at a place; 1.5, and 1.0 with the Nicira extension.
    InsertBuckets,
    /// Removes a bucket, or all; 1.5, and 1.0 with the Nicira extension.
    RemoveBuckets,
}

impl GroupCommand {
    /// Its number on the wire.
    fn number(self) -> u32 {
        match self {
            GroupCommand::Add => 0,
            GroupCommand::Modify => 1,
            GroupCommand::Delete => 2,
            GroupCommand::InsertBuckets => 3,
            GroupCommand::RemoveBuckets => 5,
            GroupCommand::AddOrModify => 0x8000,
        }
    }

    /// Whether it changes single buckets.
    pub fn is_of_buckets(self) -> bool {
        matches!(
            self,
            GroupCommand::InsertBuckets | GroupCommand::RemoveBuckets
        )
    }
}

impl GroupBucket {
    /// A bucket of a group of type `kind` that is given nothing else than these actions.
    pub fn new(kind: u8, actions: Vec<u8>) -> GroupBucket {
        GroupBucket {
            bucket_id: None,
            weight: (kind == SELECT).into(),
            watch_port: PORT_ANY,
            watch_group: GROUP_ANY,
            actions,
            unknown: Vec::new(),
        }
    }

    /// Whether its liveness depends on a port or a group.
    pub fn watches(&self) -> bool {
        self.watch_port != PORT_ANY || self.watch_group != GROUP_ANY
    }

    /// The actions as a decodable list.
    pub fn action_list(&self, version: Version) -> ActionList<'_> {
        ActionList::new(&self.actions, 0, version, ListForm::Actions)
    }

    /// The bucket, with this id, in the layout of `version`.
    fn encode(&self, version: Version, kind: u8, bucket_id: u32, out: &mut Vec<u8>) -> Option<()> {
        let mut tail = Vec::new();
        if has_ids(version) {
            if kind == SELECT || self.weight != 0 {
                tail.extend([0, groups::WEIGHT as u8, 0, 8]);
                tail.extend(self.weight.to_be_bytes());
                tail.extend([0; 2]);
            }
            let watched = [
                (groups::WATCH_PORT, self.watch_port, PORT_ANY),
                (groups::WATCH_GROUP, self.watch_group, GROUP_ANY),
            ];
            for (property, value, _) in watched.iter().filter(|(_, value, none)| value != none) {
                tail.extend(property.to_be_bytes());
                tail.extend([0, 8]);
                tail.extend(value.to_be_bytes());
            }
            tail.extend(&self.unknown);
        }
        let header = if has_ids(version) { 8 } else { 16 };
        let length = header + self.actions.len() + tail.len();
        out.extend(u16::try_from(length).ok()?.to_be_bytes());
        if has_ids(version) {
            out.extend(u16::try_from(self.actions.len()).ok()?.to_be_bytes());
            out.extend(bucket_id.to_be_bytes());
        } else {
            out.extend(self.weight.to_be_bytes());
            out.extend(self.watch_port.to_be_bytes());
            out.extend(self.watch_group.to_be_bytes());
            out.extend([0; 4]);
        }
        out.extend(&self.actions);
        out.extend(tail);
        Some(())
    }
}

impl SelectionMethod {
    fn of(group: &GroupDesc<'_>) -> Option<SelectionMethod> {
        let selection = group.selection()?;
        let mut fields: Vec<(Id, Vec<u8>)> = Vec::new();
        for (header, mask) in selection.fields() {
            match FieldRef::of(header) {
                FieldRef::Known(field) => fields.push((field.id, mask.to_vec())),
                FieldRef::Unknown(_) => return None,
            }
        }
        put_in_order(&mut fields);
        Some(SelectionMethod {
            method: selection.method.to_owned(),
            param: selection.param,
            fields,
        })
    }

    fn encode(&self, version: Version, out: &mut Vec<u8>) -> Option<()> {
        let mut fields = Vec::new();
        for (id, mask) in &self.fields {
            id.row().header(version, false).encode(&mut fields);
            fields.extend(mask);
        }
        groups::put_selection(&self.method, self.param, &fields, out)
    }
}

/// The bytes of a group's buckets and properties.
struct EncodedGroup {
    buckets: Vec<u8>,
    properties: Vec<u8>,
}

impl Group {
    /// A group without buckets.
    pub fn new(group_id: u32, kind: u8, version: Version) -> Group {
        Group {
            group_id,
            kind,
            selection: None,
            buckets: Vec::new(),
            unknown: Vec::new(),
            version,
        }
    }

    /// The group that a switch described.
    ///
    /// # Errors
    ///
    /// The first malformed part.
    pub fn of(desc: &GroupDesc<'_>) -> Result<Group, DecodeError> {
        desc.check_properties()?;
        let selection = SelectionMethod::of(desc);
        let known =
            |property: &groups::Property<'_>| selection.is_some() && property.selection().is_some();
        let mut unknown = Vec::new();
        for property in desc.properties.clone().flatten() {
            if !known(&property) {
                put_padded(property.whole, &mut unknown);
            }
        }
        let mut buckets = Vec::new();
        for bucket in desc.buckets.clone() {
            let bucket = bucket?;
            let mut unknown = Vec::new();
            for property in bucket.unknown() {
                put_padded(property, &mut unknown);
            }
            buckets.push(GroupBucket {
                bucket_id: bucket.bucket_id,
                weight: bucket.weight,
                watch_port: bucket.watch_port,
                watch_group: bucket.watch_group,
                actions: bucket.actions.bytes().to_vec(),
                unknown,
            });
        }
        Ok(Group {
            group_id: desc.group_id,
            kind: desc.kind,
            selection,
            buckets,
            unknown,
            version: desc.buckets.version,
        })
    }

    /// Gives ids to the buckets that have none: the smallest that neither `taken` nor another bucket has.
    pub fn number_buckets(&mut self, taken: &[u32]) {
        let given = self.buckets.iter().filter_map(|bucket| bucket.bucket_id);
        let used: std::collections::HashSet<u32> = taken.iter().copied().chain(given).collect();
        let mut free = (0..).filter(|id| !used.contains(id));
        for bucket in &mut self.buckets {
            if bucket.bucket_id.is_none() {
                bucket.bucket_id = free.next();
            }
        }
    }

    fn encoded(&self) -> Option<EncodedGroup> {
        let mut numbered = self.clone();
        numbered.number_buckets(&[]);
        let mut encoded = EncodedGroup {
            buckets: Vec::new(),
            properties: Vec::new(),
        };
        for bucket in &numbered.buckets {
            let id = bucket.bucket_id.unwrap_or_default();
            bucket.encode(self.version, self.kind, id, &mut encoded.buckets)?;
        }
        if has_ids(self.version) {
            if let Some(selection) = &self.selection {
                selection.encode(self.version, &mut encoded.properties)?;
            }
            encoded.properties.extend(&self.unknown);
        }
        Some(encoded)
    }

    /// Appends the entry of a reply that describes groups. `None` if the group is too large for a message.
    pub fn put_desc(&self, out: &mut Vec<u8>) -> Option<()> {
        let encoded = self.encoded()?;
        let (buckets, properties) = (&encoded.buckets, &encoded.properties);
        let head = if has_ids(self.version) { 16 } else { 8 };
        let length = head + buckets.len() + properties.len();
        let length = u16::try_from(length)
            .ok()
            .filter(|length| *length < 65_500)?;
        out.extend(length.to_be_bytes());
        out.extend([self.kind, 0]);
        out.extend(self.group_id.to_be_bytes());
        if has_ids(self.version) {
            out.extend(u16::try_from(buckets.len()).ok()?.to_be_bytes());
            out.extend([0; 6]);
        }
        out.extend(buckets);
        out.extend(properties);
        Some(())
    }

    fn view<'e>(&self, encoded: &'e EncodedGroup) -> GroupDesc<'e> {
        GroupDesc {
            group_id: self.group_id,
            kind: self.kind,
            buckets: Buckets::new(self.version, self.kind, Cursor::new(&encoded.buckets, 0)),
            properties: Properties::new(Cursor::new(&encoded.properties, 0)),
        }
    }

    /// The message that changes this group; `bucket` is the bucket that the command applies to, 1.5 and Nicira's 1.0.
    /// `None` if the version has no such message, or the group is too large for one.
    pub fn message(&self, command: GroupCommand, bucket: Option<u32>, xid: u32) -> Option<Vec<u8>> {
        let encoded = self.encoded()?;
        let message = GroupMod {
            command: Named::new(command.number(), &[]),
            command_bucket_id: Some(Named::new(bucket.unwrap_or(BUCKETS_ALL), &[])),
            group: GroupDesc {
                // The type is that of the group that exists.
                kind: if command.is_of_buckets() {
                    0
                } else {
                    self.kind
                },
                ..self.view(&encoded)
            },
        };
        if command.is_of_buckets() && !has_ids(self.version) {
            return None;
        }
        let at = match self.version {
            Version::V10 => At::Vendor(NICIRA, NICIRA_GROUP_MOD),
            _ => At::Type(GROUP_MOD),
        };
        encode(&message, self.version, at, xid)
    }

    /// Writes the group as one line, as [`GroupDesc::text`]; buckets without an id have the one that they will be sent
    /// with.
    pub fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        if let Some(encoded) = self.encoded() {
            let _ = self.view(&encoded).text(None, sink, cx);
        }
    }

    /// Writes the group as a JSON object, as [`GroupDesc::json`].
    pub fn json(&self, json: &mut crate::base::json::Json<'_>, cx: &TextContext<'_>) {
        if let Some(encoded) = self.encoded() {
            let _ = self.view(&encoded).json(None, json, cx);
        }
    }

    /// The groups that it refers to: by an action `group`, or that a bucket watches.
    pub fn groups_used(&self) -> Vec<u32> {
        let mut used = Vec::new();
        for bucket in &self.buckets {
            if bucket.watch_group != GROUP_ANY {
                used.push(bucket.watch_group);
            }
            bucket
                .action_list(self.version)
                .references(&mut |reference| {
                    if let SwitchReference::Group(group) = reference {
                        used.push(group);
                    }
                });
        }
        used
    }

    /// The ports that it names by their numbers: that a bucket watches or sends to. Reserved ones are left out.
    pub fn ports_used(&self) -> Vec<u32> {
        let mut used = Vec::new();
        for bucket in &self.buckets {
            used.push(bucket.watch_port);
            bucket
                .action_list(self.version)
                .references(&mut |reference| {
                    if let SwitchReference::Output(port) = reference {
                        used.push(port);
                    }
                });
        }
        used.retain(|port| *port < FIRST_RESERVED_PORT);
        used
    }
}

/// `OFPT_GROUP_MOD`
const GROUP_MOD: u8 = 15;
/// `NXT_GROUP_MOD`
const NICIRA_GROUP_MOD: u32 = 31;

/// The first of the reserved port numbers.
const FIRST_RESERVED_PORT: u32 = 0xffff_ff00;

/// Sorts fields that are hashed: the order of ovs-ofctl on the wire.
pub(super) fn put_in_order(fields: &mut [(Id, Vec<u8>)]) {
    fields.sort_by_key(|(id, _)| (id.row().listed, *id));
}

/// Appends a property and its padding.
pub(super) fn put_padded(property: &[u8], out: &mut Vec<u8>) {
    out.extend(property);
    let padding = property.len().next_multiple_of(8) - property.len();
    out.extend(std::iter::repeat_n(0, padding));
}

impl Group {
    /// Whether two groups do the same with a packet: buckets in the same order, with the same weights and the same
    /// actions, however these are spelled and in whatever version. The ids of buckets count where both have them
    /// (`None` is no id).
    pub fn means_the_same(&self, other: &Group) -> bool {
        let alike = |(one, two): (&GroupBucket, &GroupBucket)| {
            let ids = one.bucket_id.zip(two.bucket_id);
            ids.is_none_or(|(one, two)| one == two)
                && (one.weight, one.watch_port, one.watch_group)
                    == (two.weight, two.watch_port, two.watch_group)
                && one.unknown == two.unknown
                && (self.version == other.version && one.actions == two.actions
                    || meaning(one, self.version)
                        .is_some_and(|one| Some(one) == meaning(two, other.version)))
        };
        self.kind == other.kind
            && self.selection == other.selection
            && self.unknown == other.unknown
            && self.buckets.len() == other.buckets.len()
            && self.buckets.iter().zip(&other.buckets).all(alike)
    }
}

/// What the actions mean, the same in every version; `None` if they are malformed.
fn meaning(bucket: &GroupBucket, version: Version) -> Option<String> {
    let mut text = Plain::default();
    put_actions(&bucket.action_list(version), &mut text).ok()?;
    Some(text.0)
}
