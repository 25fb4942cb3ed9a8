//! Parser for groups as `ovs-ofctl add-group` accepts them (ovs-ofctl(8), "Group Syntax"):
//! `group_id=1,type=select,bucket=weight:2,output:1,bucket=output:2`.
//!
//! Text that `ovs dump-groups` and `ovs-ofctl dump-groups` print is such a group: statistics are ignored.

use std::fmt;

use super::actions::{Argument, Arguments, hex_bytes, parse_bucket, shown};
use super::entry_keys::{GROUP_KEYS, set, unknown_key};
use super::fields::{Field, Id, ParseError, Problem, number, parse_port, parse_value};
use super::group_entry::{
    Group, GroupBucket, GroupCommand, SelectionMethod, put_in_order, put_padded,
};
use super::group_json;
use super::messages::group_messages::{BUCKETS, TYPES};
use super::messages::groups::{FAST_FAILOVER, GROUP_ALL, SELECT, has_ids};
use super::text::{NameLookup, PORT_ANY};
use super::version::Version;

/// `OFPG_MAX`, the last number of a group.
pub const GROUP_MAX: u32 = 0xffff_ff00;
/// `OFPG_BUCKET_MAX`, the last id of a bucket.
const BUCKET_MAX: u32 = 0xffff_ff00;

/// `OFPG_BUCKET_FIRST`: the first bucket.
pub const BUCKET_FIRST: u32 = 0xffff_fffd;
/// `OFPG_BUCKET_LAST`: the last bucket.
pub const BUCKET_LAST: u32 = 0xffff_fffe;
pub use super::messages::group_messages::BUCKETS_ALL;

/// A change to the groups of a switch, in one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupChange {
    /// What is done.
    pub command: GroupCommand,
    /// The group; of a deletion the number alone, which is [`GROUP_ALL`] where all are meant.
    pub group: Group,
    /// The bucket after which buckets are inserted, or which is removed.
    pub bucket: Option<u32>,
    /// What is probably a mistake.
    pub warnings: Vec<GroupWarning>,
}

/// What is probably a mistake in a group, although a switch takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupWarning {
    /// All buckets of a group of type select have weight 0.
    NoWeight,
    /// The version has no ids of buckets, so those in the text are left out.
    NoBucketIds(Version),
    /// A weight is given, and only groups of type select heed it.
    WeightIgnored,
    /// A selection method is given, and only groups of type select heed it.
    MethodIgnored,
    /// Fields are given with a mask of zeros.
    FieldIgnored(Id),
    /// The group has no buckets, so it drops packets.
    NoBuckets,
    /// The group refers to itself.
    Loop,
}

impl fmt::Display for GroupWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GroupWarning::NoWeight => {
                f.write_str("every bucket has weight 0, so no bucket is ever selected")
            }
            GroupWarning::NoBucketIds(version) => {
                write!(
                    f,
                    "{version} has no ids of buckets: bucket_id is left out; OpenFlow 1.5 has them"
                )
            }
            GroupWarning::WeightIgnored => {
                f.write_str("only groups of type select heed the weight of a bucket")
            }
            GroupWarning::MethodIgnored => {
                f.write_str("only groups of type select heed selection_method")
            }
            GroupWarning::FieldIgnored(id) => write!(
                f,
                "the mask of {} is 0, so it has no part in the hash",
                id.row().name
            ),
            GroupWarning::NoBuckets => {
                f.write_str("the group has no buckets, so it drops every packet")
            }
            GroupWarning::Loop => f.write_str("the group refers to itself"),
        }
    }
}

/// The words that a line of a file may begin with.
const COMMANDS: [(&str, GroupCommand); 6] = [
    ("add", GroupCommand::Add),
    ("modify", GroupCommand::Modify),
    ("add_or_mod", GroupCommand::AddOrModify),
    ("delete", GroupCommand::Delete),
    ("insert_bucket", GroupCommand::InsertBuckets),
    ("remove_bucket", GroupCommand::RemoveBuckets),
];

/// The statistics of a dumped group, of which those of buckets are the last two.
const STATISTICS: [&str; 4] = ["duration", "ref_count", "packet_count", "byte_count"];

impl GroupChange {
    /// Reads one line of text, or a JSON object as `ovs dump-groups --json` prints it. `command` is what is done unless the line begins with a word of its own: `add`, `modify`,
    /// `add_or_mod`, `delete`, `insert_bucket`, `remove_bucket`. A deletion takes a number without `group_id=`, too.
    ///
    /// What ovs-ofctl silently leaves out of the message (`selection_method` before OpenFlow 1.5) is an error.
    ///
    /// # Errors
    ///
    /// The malformed piece and the reason; for an unknown word, the nearest known one.
    pub fn parse(
        text: &str,
        command: GroupCommand,
        names: &dyn NameLookup,
        version: Version,
    ) -> Result<GroupChange, ParseError> {
        GroupChange::parse_for(text, command, names, version, None)
    }

    /// [`GroupChange::parse`] for a group that has the type `kind`, as far as the text gives none: it determines the
    /// weight of a bucket that is inserted, and what the bucket must have.
    ///
    /// # Errors
    ///
    /// As [`GroupChange::parse`].
    pub fn parse_for(
        text: &str,
        command: GroupCommand,
        names: &dyn NameLookup,
        version: Version,
        kind: Option<u8>,
    ) -> Result<GroupChange, ParseError> {
        let line;
        let text = if text.trim_start().starts_with('{') {
            line = group_json::group_line(text, names)?;
            &line
        } else {
            text
        };
        let (command, rest) = command_of(text, command);
        let mut parsing = Parsing::new(command, names, version);
        parsing.read(rest).map_err(|problem| problem.at(text))?;
        parsing.finish(text, kind)
    }

    /// The message that makes the change; `None` if the group is too large for a message.
    pub fn message(&self, xid: u32) -> Option<Vec<u8>> {
        self.group.message(self.command, self.bucket, xid)
    }
}

/// What is done, by the first word if it is one of a command, and the text after it.
fn command_of(text: &str, command: GroupCommand) -> (GroupCommand, &str) {
    let trimmed = text.trim_start();
    let end = trimmed.find([' ', '\t', ',']).unwrap_or(trimmed.len());
    let (word, rest) = trimmed.split_at_checked(end).unwrap_or((trimmed, ""));
    let found = COMMANDS.iter().find(|(known, _)| *known == word);
    found.map_or((command, text), |(_, command)| (*command, rest))
}

/// A bucket that is being read.
struct OpenBucket<'t> {
    text: &'t str,
    bucket_id: Option<u32>,
    weight: Option<u16>,
    watch_port: Option<u32>,
    watch_group: Option<u32>,
    unknown: Vec<u8>,
    actions: Vec<&'t str>,
    has_actions: bool,
}

struct Parsing<'t, 'n> {
    command: GroupCommand,
    names: &'n dyn NameLookup,
    version: Version,
    group_id: Option<u32>,
    kind: Option<u8>,
    bucket: Option<u32>,
    method: Option<&'t str>,
    param: Option<u64>,
    fields: Option<Vec<(Id, Vec<u8>)>>,
    unknown: Vec<u8>,
    buckets: Vec<OpenBucket<'t>>,
}

impl<'t, 'n> Parsing<'t, 'n> {
    fn new(command: GroupCommand, names: &'n dyn NameLookup, version: Version) -> Self {
        Parsing {
            command,
            names,
            version,
            group_id: None,
            kind: None,
            bucket: None,
            method: None,
            param: None,
            fields: None,
            unknown: Vec::new(),
            buckets: Vec::new(),
        }
    }

    fn read(&mut self, text: &'t str) -> Result<(), Problem> {
        for argument in Arguments::new(text) {
            let argument = argument?;
            let outcome = if argument.key == "bucket" {
                self.begin_bucket(argument)
            } else if let Some(bucket) = self.buckets.last_mut() {
                bucket.read(argument, self.names)
            } else {
                self.group_key(argument)
            };
            outcome.map_err(|problem| problem.within(argument.text))?;
        }
        Ok(())
    }

    fn begin_bucket(&mut self, argument: Argument<'t>) -> Result<(), Problem> {
        match self.command {
            GroupCommand::Delete => {
                return Err(Problem::syntax("a deletion takes no buckets"));
            }
            GroupCommand::RemoveBuckets => {
                let problem = "command_bucket_id says which bucket is removed";
                return Err(Problem::syntax(problem));
            }
            _ => {}
        }
        let mut bucket = OpenBucket {
            text: argument.text,
            bucket_id: None,
            weight: None,
            watch_port: None,
            watch_group: None,
            unknown: Vec::new(),
            actions: Vec::new(),
            has_actions: false,
        };
        for argument in Arguments::new(argument.value) {
            bucket.read(argument?, self.names)?;
        }
        self.buckets.push(bucket);
        Ok(())
    }

    /// Reads a key before the buckets.
    fn group_key(&mut self, argument: Argument<'t>) -> Result<(), Problem> {
        let Argument { text, key, value } = argument;
        let defines = !matches!(
            self.command,
            GroupCommand::Delete | GroupCommand::InsertBuckets | GroupCommand::RemoveBuckets
        );
        match key {
            "group_id" => set(&mut self.group_id, key, group_number(value)?),
            "type" | "selection_method" | "selection_method_param" | "fields" if !defines => {
                Err(Problem::syntax(format!(
                    "{key} is given where a group is added or modified only"
                )))
            }
            "type" => set(&mut self.kind, key, kind_of(value)?),
            "command_bucket_id" => {
                if !self.command.is_of_buckets() {
                    return Err(Problem::syntax(
                        "command_bucket_id is given where buckets are inserted or removed only",
                    ));
                }
                set(&mut self.bucket, key, bucket_place(value, self.command)?)
            }
            "selection_method" => {
                if value.is_empty() || value.len() > 15 || value.contains(char::is_control) {
                    return Err(Problem::syntax(
                        "a selection method has 1 to 15 bytes, without control characters",
                    ));
                }
                set(&mut self.method, key, value)
            }
            "selection_method_param" => {
                let param = number(value).and_then(|number| u64::try_from(number).ok());
                let param = param.ok_or_else(|| {
                    Problem::syntax("selection_method_param is a number of 64 bits")
                })?;
                set(&mut self.param, key, param)
            }
            "fields" => {
                let fields = hash_fields(value, self.names)?;
                set(&mut self.fields, key, fields)
            }
            "property" => put_property(value, &mut self.unknown),
            key if STATISTICS.contains(&key) => Ok(()),
            _ if self.command == GroupCommand::Delete && key == text && self.group_id.is_none() => {
                set(&mut self.group_id, "group_id", group_number(text)?)
            }
            key => Err(unknown_key("group", key, GROUP_KEYS)),
        }
    }

    fn finish(self, text: &str, existing: Option<u8>) -> Result<GroupChange, ParseError> {
        let (command, version) = (self.command, self.version);
        let problem = |reason: String| Problem::syntax(reason).at(text);
        let Some(group_id) = self.group_id else {
            return Err(problem("group_id= is missing".to_owned()));
        };
        let all_allowed = command == GroupCommand::Delete;
        if group_id == GROUP_ALL && !all_allowed {
            return Err(problem("all groups can only be deleted".to_owned()));
        }
        let kind = match (self.kind, command) {
            (Some(kind), _) => kind,
            (None, GroupCommand::Add | GroupCommand::Modify | GroupCommand::AddOrModify) => {
                let types = "type= is missing: all, select, indirect or ff";
                return Err(problem(types.to_owned()));
            }
            // Until the group's own type is known.
            (None, _) => existing.unwrap_or(0),
        };
        if command.is_of_buckets() && !has_ids(version) {
            return Err(problem(format!(
                "{version} cannot change single buckets: OpenFlow 1.5 can, and Open vSwitch in 1.0"
            )));
        }
        if command == GroupCommand::InsertBuckets && self.bucket.is_none() {
            return Err(problem(
                "command_bucket_id= is missing: first, last, or the id of the bucket after which they are inserted"
                    .to_owned(),
            ));
        }
        if kind == INDIRECT && self.buckets.len() > 1 {
            let one = "a group of type indirect has one bucket";
            return Err(problem(one.to_owned()));
        }
        let mut warnings = Vec::new();
        let selection = selection(self.method, self.param, self.fields).map_err(&problem)?;
        if let Some(selection) = &selection {
            if !has_ids(version) {
                return Err(problem(format!(
                    "{version} cannot carry selection_method: OpenFlow 1.5 can, and Open vSwitch in 1.0"
                )));
            }
            if kind != SELECT {
                warnings.push(GroupWarning::MethodIgnored);
            }
            let no_part = selection.fields.iter();
            let no_part = no_part.filter(|(_, mask)| mask.iter().all(|byte| *byte == 0));
            warnings.extend(no_part.map(|(id, _)| GroupWarning::FieldIgnored(*id)));
        }
        if !self.unknown.is_empty() && !has_ids(version) {
            return Err(problem(format!(
                "{version} cannot carry properties of a group"
            )));
        }
        let mut group = Group {
            selection,
            unknown: self.unknown,
            ..Group::new(group_id, kind, version)
        };
        for bucket in self.buckets {
            let unknown = command == GroupCommand::InsertBuckets && existing.is_none();
            let weighed = unknown || kind == SELECT;
            group
                .buckets
                .push(bucket.close(kind, weighed, self.names, version, &mut warnings)?);
        }
        let mut ids: Vec<u32> = group
            .buckets
            .iter()
            .filter_map(|one| one.bucket_id)
            .collect();
        ids.sort_unstable();
        if let Some(id) = ids
            .windows(2)
            .find_map(|two| (two.first() == two.last()).then(|| two.first()).flatten())
        {
            return Err(problem(format!("two buckets have the id {id}")));
        }
        let defines = !command.is_of_buckets() && command != GroupCommand::Delete;
        if defines && group.buckets.is_empty() && kind != INDIRECT {
            warnings.push(GroupWarning::NoBuckets);
        }
        if kind == SELECT
            && !group.buckets.is_empty()
            && group.buckets.iter().all(|bucket| bucket.weight == 0)
        {
            warnings.push(GroupWarning::NoWeight);
        }
        if group.groups_used().contains(&group_id) {
            warnings.push(GroupWarning::Loop);
        }
        warnings.dedup();
        Ok(GroupChange {
            command,
            group,
            bucket: self.bucket,
            warnings,
        })
    }
}

/// `OFPGT_INDIRECT`
const INDIRECT: u8 = 2;

impl<'t> OpenBucket<'t> {
    fn read(&mut self, argument: Argument<'t>, names: &dyn NameLookup) -> Result<(), Problem> {
        let Argument { text, key, value } = argument;
        match key {
            "weight" => {
                let weight = number(value).and_then(|number| u16::try_from(number).ok());
                let weight =
                    weight.ok_or_else(|| Problem::syntax("weight is a number from 0 to 65535"))?;
                set(&mut self.weight, key, weight)
            }
            "watch_port" => {
                let port = parse_port(value, names)?;
                if port != PORT_ANY && port >= FIRST_RESERVED_PORT {
                    return Err(Problem::syntax("only a port with a number can be watched"));
                }
                set(&mut self.watch_port, key, port)
            }
            "watch_group" => set(&mut self.watch_group, key, watched_group(value)?),
            "bucket_id" => set(&mut self.bucket_id, key, bucket_id(value)?),
            "property" => put_property(value, &mut self.unknown),
            "packet_count" | "byte_count" => Ok(()),
            "actions" | "action" => {
                self.has_actions = true;
                self.actions.push(value);
                Ok(())
            }
            _ => {
                self.has_actions = true;
                self.actions.push(text);
                Ok(())
            }
        }
    }

    fn close(
        self,
        kind: u8,
        weighed: bool,
        names: &dyn NameLookup,
        version: Version,
        warnings: &mut Vec<GroupWarning>,
    ) -> Result<GroupBucket, ParseError> {
        let problem = |reason: &str| Problem::syntax(reason).at(self.text);
        if !self.has_actions {
            return Err(problem("the bucket has no actions; actions= alone drops"));
        }
        let actions = parse_bucket(&self.actions.join(","), names, version)?;
        let mut bucket = GroupBucket::new(kind, actions);
        bucket.bucket_id = self.bucket_id;
        if self.bucket_id.is_some() && !has_ids(version) {
            bucket.bucket_id = None;
            warnings.push(GroupWarning::NoBucketIds(version));
        }
        match self.weight {
            Some(0) if !weighed => warnings.push(GroupWarning::WeightIgnored),
            Some(_) if !weighed => {
                return Err(problem(
                    "only buckets of groups of type select have a weight",
                ));
            }
            Some(weight) => bucket.weight = weight,
            None => {}
        }
        bucket.watch_port = self.watch_port.unwrap_or(bucket.watch_port);
        bucket.watch_group = self.watch_group.unwrap_or(bucket.watch_group);
        if kind == FAST_FAILOVER && !bucket.watches() {
            return Err(problem(
                "a bucket of a group of type ff needs watch_port or watch_group",
            ));
        }
        if !self.unknown.is_empty() && !has_ids(version) {
            return Err(problem("properties of a bucket need OpenFlow 1.5"));
        }
        bucket.unknown = self.unknown;
        Ok(bucket)
    }
}

/// The first of the reserved port numbers.
const FIRST_RESERVED_PORT: u32 = 0xffff_ff00;

fn selection(
    method: Option<&str>,
    param: Option<u64>,
    fields: Option<Vec<(Id, Vec<u8>)>>,
) -> Result<Option<SelectionMethod>, String> {
    if fields.is_some() && method != Some("hash") {
        return Err("fields are hashed with selection_method=hash only".to_owned());
    }
    let Some(method) = method else {
        return match param {
            None | Some(0) => Ok(None),
            Some(_) => Err("selection_method_param needs selection_method=".to_owned()),
        };
    };
    Ok(Some(SelectionMethod {
        method: method.to_owned(),
        param: param.unwrap_or(0),
        fields: fields.unwrap_or_default(),
    }))
}

/// The number of a group from text: a number, or `all`.
fn group_number(text: &str) -> Result<u32, Problem> {
    if text == "all" {
        return Ok(GROUP_ALL);
    }
    let group = number(text).and_then(|number| u32::try_from(number).ok());
    let group = group.filter(|group| *group <= GROUP_MAX || *group == GROUP_ALL);
    group.ok_or_else(|| Problem::syntax("a group is a number from 0 to 4294967040"))
}

fn watched_group(text: &str) -> Result<u32, Problem> {
    if text.eq_ignore_ascii_case("any") {
        return Ok(super::messages::groups::GROUP_ANY);
    }
    let group = group_number(text)?;
    if group > GROUP_MAX {
        return Err(Problem::syntax("only a single group can be watched"));
    }
    Ok(group)
}

fn kind_of(text: &str) -> Result<u8, Problem> {
    let word = if text == "fast_failover" { "ff" } else { text };
    let kind = TYPES.iter().position(|known| *known == word);
    let kind = kind.and_then(|kind| u8::try_from(kind).ok());
    kind.ok_or_else(|| {
        Problem::syntax(format!(
            "\"{}\" is no type of group: all, select, indirect, ff",
            shown(text)
        ))
    })
}

fn bucket_id(text: &str) -> Result<u32, Problem> {
    let id = number(text).and_then(|number| u32::try_from(number).ok());
    id.filter(|id| *id <= BUCKET_MAX)
        .ok_or_else(|| Problem::syntax("the id of a bucket is a number from 0 to 4294967040"))
}

fn bucket_place(text: &str, command: GroupCommand) -> Result<u32, Problem> {
    let word = BUCKETS.iter().find(|(_, word)| *word == text);
    match word {
        Some((_, "all")) if command == GroupCommand::InsertBuckets => Err(Problem::syntax(
            "buckets are inserted first, last, or after the bucket with an id",
        )),
        Some((number, _)) => Ok(*number),
        None => bucket_id(text).map_err(|_| {
            Problem::syntax("command_bucket_id is first, last, all, or the id of a bucket")
        }),
    }
}

/// The fields that are hashed, each with the mask that is given as its value, in their order on the wire.
fn hash_fields(text: &str, names: &dyn NameLookup) -> Result<Vec<(Id, Vec<u8>)>, Problem> {
    let mut fields: Vec<(Id, Vec<u8>)> = Vec::new();
    for argument in Arguments::new(text) {
        let Argument { text, key, value } = argument?;
        let field = Field::by_name(key).ok_or_else(|| {
            let hint = super::fields::nearest_field(key)
                .map_or_else(String::new, |name| format!("; did you mean {name}?"));
            Problem::syntax(format!("\"{}\" is no field{hint}", shown(key))).within(text)
        })?;
        let mask = if value.is_empty() {
            vec![u8::MAX; usize::from(field.bytes)]
        } else {
            let whole_only = !field.maskable;
            match parse_value(field, value, names).map_err(|problem| problem.within(text))? {
                (_, Some(_)) => {
                    let problem = "the value is the mask itself, so it has none of its own";
                    return Err(Problem::syntax(problem).within(text));
                }
                (mask, None) if whole_only && mask.iter().any(|byte| *byte != u8::MAX) => {
                    let problem = format!("{key} is hashed as a whole");
                    return Err(Problem::syntax(problem).within(text));
                }
                (mask, None) => mask.to_vec(),
            }
        };
        if fields.iter().any(|(id, _)| *id == field.id) {
            return Err(Problem::syntax("this field is given twice").within(text));
        }
        fields.push((field.id, mask));
    }
    put_in_order(&mut fields);
    Ok(fields)
}

/// `0x…`: an unknown property, header included.
fn put_property(text: &str, out: &mut Vec<u8>) -> Result<(), Problem> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let property = hex_bytes(digits)?;
    let length = property.get(2..4).map(|length| {
        length
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte))
    });
    if length != Some(property.len()) {
        return Err(Problem::syntax(
            "the length in this property is not its own",
        ));
    }
    put_padded(&property, out);
    Ok(())
}
