//! Groups and meters as text: parsed, encoded, decoded, printed and parsed again.

use ovs::openflow::group_entry::{Group, GroupCommand};
use ovs::openflow::group_spec::GroupChange;
use ovs::openflow::messages::{Body, Decoded};
use ovs::openflow::meter_spec::{MeterChange, MeterCommand};
use ovs::openflow::text::{NoNames, Plain, Style};
use ovs::openflow::version::Version;

use super::assert_harmless;
use super::text::{Ports, context, says_less};

const COMMANDS: [GroupCommand; 6] = [
    GroupCommand::Add,
    GroupCommand::Modify,
    GroupCommand::AddOrModify,
    GroupCommand::Delete,
    GroupCommand::InsertBuckets,
    GroupCommand::RemoveBuckets,
];

/// The number of the version and the command that the first byte chooses, and the text.
fn chosen(input: &[u8]) -> Option<(usize, &str)> {
    let (first, rest) = input.split_first()?;
    let text = std::str::from_utf8(rest).ok()?;
    Some((first.wrapping_sub(b'0').into(), text))
}

/// A group: the first byte chooses the version and the command, the others are the line.
pub fn group_text(input: &[u8]) {
    let Some((choice, text)) = chosen(input) else {
        return;
    };
    let version = Version::ALL[choice % Version::ALL.len()];
    let command = COMMANDS[choice / Version::ALL.len() % COMMANDS.len()];
    let change = match GroupChange::parse(text, command, &Ports, version) {
        Ok(change) => change,
        Err(error) => return assert_harmless(&error.to_string(), false),
    };
    for warning in &change.warnings {
        assert_harmless(&warning.to_string(), false);
    }
    let Some(message) = change.message(7) else {
        return;
    };
    let decoded = Decoded::decode(&message).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(decoded.error().is_none(), "{:?}: {text}", decoded.error());
    let Some(Body::GroupMod(group_mod)) = decoded.body() else {
        panic!("no change of a group: {text}");
    };
    let sent = Group::of(&group_mod.group).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(sent.group_id, change.group.group_id, "{text}");
    if change.command == GroupCommand::Delete {
        return;
    }
    if let (Some(bucket), Some(meant)) = (&group_mod.command_bucket_id, change.bucket) {
        assert_eq!(bucket.number, meant, "{text}");
    }
    assert!(
        sent.means_the_same(&change.group),
        "{version} {text}\n  {sent:?}\n  {:?}",
        change.group
    );
    if change.command.is_of_buckets() {
        return;
    }
    for style in [Style::Wire, Style::Classic] {
        let mut sink = Plain::default();
        sent.text(&mut sink, &context(version, style));
        let printed = sink.0;
        assert_harmless(&printed, false);
        match GroupChange::parse(&printed, GroupCommand::Add, &NoNames, version) {
            Ok(again) => assert!(
                says_less(&printed) || again.group.means_the_same(&sent),
                "{version} {style:?} {printed}\n  {text}\n  {:?}\n  {sent:?}",
                again.group
            ),
            Err(_) if says_less(&printed) => {}
            Err(error) => panic!("{version} {style:?} {printed}\n  {error}\n  {text}"),
        }
    }
}

/// A meter: the first byte chooses the version and the command, the others are the text.
pub fn meter_text(input: &[u8]) {
    const COMMANDS: [MeterCommand; 3] = [
        MeterCommand::Add,
        MeterCommand::Modify,
        MeterCommand::Delete,
    ];
    let Some((choice, text)) = chosen(input) else {
        return;
    };
    let versions = [Version::V13, Version::V14, Version::V15];
    let (version, command) = (versions[choice % 3], COMMANDS[choice / 3 % 3]);
    let change = match MeterChange::parse(text, command) {
        Ok(change) => change,
        Err(error) => return assert_harmless(&error.to_string(), false),
    };
    let Some(message) = change.message(version, 7) else {
        return;
    };
    let decoded = Decoded::decode(&message).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(decoded.error().is_none(), "{:?}: {text}", decoded.error());
    let Some(Body::MeterMod(meter_mod)) = decoded.body() else {
        panic!("no change of a meter: {text}");
    };
    assert_eq!(meter_mod.meter, change.meter, "{text}");
    if command == MeterCommand::Delete {
        return;
    }
    let mut sink = Plain::default();
    meter_mod.meter.text(None, (" ", ", "), &mut sink);
    let printed = sink.0;
    assert_harmless(&printed, false);
    match MeterChange::parse(&printed, command) {
        Ok(again) => assert_eq!(again.meter.without_unused(), change.meter.without_unused()),
        Err(error) => panic!("{printed}\n  {error}\n  {text}"),
    }
}
