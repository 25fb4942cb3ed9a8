//! OpenFlow messages: decoded, printed, made into JSON, and what can be encoded again and read back.

use ovs::base::json::Json;
use ovs::openflow::actions::{Action, ActionList, ListForm};
use ovs::openflow::bytes::DecodeError;
use ovs::openflow::flow;
use ovs::openflow::messages::flow_stats::{Entries, Scratch};
use ovs::openflow::messages::groups::{Descs, GroupStats};
use ovs::openflow::messages::{Body, Decoded, multipart};
use ovs::openflow::repeats::Repeats;
use ovs::openflow::text::{NameLookup, NoNames, Plain, PortSpelling, Style, TextContext};
use ovs::openflow::version::Version;

use super::{assert_harmless, text};

/// A switch whose ports all have a name that must not be believed.
struct Hostile;

impl NameLookup for Hostile {
    fn port_name(&self, ofport: u32) -> Option<&str> {
        (ofport % 2 == 1).then_some("a\u{1b}[2J\n\"b\u{202e}")
    }

    fn ofport(&self, _: &str) -> Option<u32> {
        None
    }
}

fn context(version: Version, style: Style, hostile: bool) -> TextContext<'static> {
    TextContext {
        version,
        style,
        ports: if hostile {
            PortSpelling::Both
        } else {
            PortSpelling::Number
        },
        names: if hostile { &Hostile } else { &NoNames },
    }
}

/// One message: in words of both styles, in JSON; what it says of flows and groups as a dump reads it; its
/// actions and matches encoded and read back.
pub fn openflow(input: &[u8]) {
    let Ok(decoded) = Decoded::decode(input) else {
        return;
    };
    if let Some(error) = decoded.error() {
        assert!(error.at <= input.len(), "{error}: behind the end");
        assert_harmless(&error.to_string(), false);
    }
    for style in [Style::Wire, Style::Classic] {
        for hostile in [false, true] {
            let mut sink = Plain::default();
            decoded.text(&mut sink, &context(Version::V15, style, hostile));
            assert!(sink.0.ends_with('\n'), "{:?}", sink.0);
            assert_harmless(&sink.0, true);
        }
    }
    check_json(&decoded.json());
    match decoded.body() {
        Some(Body::FlowMod(body)) => there_and_back(body.actions.list()),
        Some(Body::PacketOut(body)) => there_and_back(body.actions.list()),
        _ => {}
    }
    if let Some(version) = Version::from_wire(decoded.header().version) {
        let end = usize::from(decoded.header().length).min(input.len());
        dump(version, &input[..end]);
    }
}

fn check_json(json: &str) {
    assert_harmless(json, false);
    if let Err(error) = serde_json::from_str::<&serde_json::value::RawValue>(json) {
        panic!("{error}: {json}");
    }
}

/// Flows and groups as the dumping commands read them.
fn dump(version: Version, message: &[u8]) {
    let Ok(Some(part)) = multipart::decode(version, message) else {
        return;
    };
    if let Ok(mut entries) = Entries::new(version, part) {
        let mut scratch = Scratch::new();
        while let Some(entry) = entries.next_entry(&mut scratch) {
            let Ok(entry) = entry else { continue };
            for style in [Style::Wire, Style::Classic] {
                let cx = context(version, style, true);
                let mut sink = Plain::default();
                let text = flow::text(&entry, true, &mut Repeats::default(), &mut sink, &cx);
                assert_harmless(&sink.0, false);
                let mut out = String::new();
                let ended = flow::json(
                    &entry,
                    true,
                    &mut Repeats::default(),
                    &mut Json::new(&mut out),
                    &cx,
                );
                check_json(&out);
                assert_eq!(text, ended);
                within(ended, message);
            }
            there_and_back(&entry.actions);
            text::reads_back(&entry.fields, version, entry.priority);
        }
    }
    if let Ok(descs) = Descs::new(version, part) {
        for desc in descs.flatten() {
            let cx = context(version, Style::Classic, true);
            let mut sink = Plain::default();
            let ended = desc.text(None, &mut sink, &cx);
            assert_harmless(&sink.0, false);
            within(ended, message);
            let mut out = String::new();
            let ended = desc.json(None, &mut Json::new(&mut out), &cx);
            check_json(&out);
            within(ended, message);
            for bucket in desc.buckets.clone().flatten() {
                there_and_back(&bucket.actions);
            }
        }
    }
    if let Ok(stats) = GroupStats::of_part(version, part) {
        for stats in stats {
            let mut sink = Plain::default();
            stats.text(&mut sink);
            assert_harmless(&sink.0, false);
        }
    }
}

fn within(ended: Result<(), DecodeError>, message: &[u8]) {
    if let Err(error) = ended {
        assert!(error.at <= message.len(), "{error}: behind the end");
    }
}

/// Every action that its own version can say reads back as the same.
fn there_and_back(list: &ActionList<'_>) {
    let version = list.version();
    list.sends_to(1);
    for action in list.iter().flatten() {
        if matches!(&action, Action::Unknown(unknown) if unknown.instruction && unknown.bytes.starts_with(&[0, 4]))
        {
            // A second list of actions to apply: on its own it would be the first.
            continue;
        }
        for other in Version::ALL {
            let mut bytes = Vec::new();
            if action.encode(other, &mut bytes).is_err() {
                continue;
            }
            if bytes.len() > 0xffff {
                // No message has room for it, and its own length wrapped around.
                continue;
            }
            assert!(bytes.len().is_multiple_of(8), "{action:?}");
            let form = if is_instruction(&action, other) {
                ListForm::Instructions
            } else {
                ListForm::Actions
            };
            let again = ActionList::new(&bytes, 0, other, form);
            let again: Vec<_> = again.iter().collect();
            if other != version {
                assert!(again.iter().all(Result::is_ok), "{action:?} in {other}");
                continue;
            }
            let [Ok(again)] = again.as_slice() else {
                panic!("{action:?} is encoded as {bytes:02x?}: {again:?}");
            };
            assert_eq!(said(again, version), said(&action, version));
            let mut twice = Vec::new();
            assert!(again.encode(version, &mut twice).is_ok(), "{again:?}");
            assert_eq!(twice, bytes, "{action:?}");
        }
    }
}

/// Whether an action goes as an instruction.
fn is_instruction(action: &Action<'_>, version: Version) -> bool {
    match action {
        Action::Unknown(unknown) => unknown.instruction,
        Action::Meter(_) => version < Version::V15,
        Action::ClearActions(_)
        | Action::WriteActions(_)
        | Action::WriteMetadata(_)
        | Action::GotoTable(_) => version > Version::V10,
        _ => false,
    }
}

/// All that is printed of an action.
fn said(action: &Action<'_>, version: Version) -> [String; 2] {
    let cx = context(version, Style::Wire, false);
    let mut sink = Plain::default();
    action.text(&mut sink, &cx);
    let mut json = String::new();
    action.json(&mut Json::new(&mut json), &cx);
    [sink.0, json]
}
