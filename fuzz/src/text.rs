//! Matches and actions as text: parsed, printed and parsed again.

use ovs::base::json::Json;
use ovs::openflow::actions::{ParsedActions, parse_actions};
use ovs::openflow::bytes::{Cursor, DecodeError};
use ovs::openflow::fields::{Filter, Match, MatchFields, parse_filter};
use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::meaning::put_actions;
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::spelling::write_actions;
use ovs::openflow::text::{NameLookup, NoNames, Plain, PortSpelling, Style, TextContext};
use ovs::openflow::version::Version;

use super::assert_harmless;
use super::flow::encodes;

/// Two ports, so that names lead somewhere.
pub struct Ports;

impl NameLookup for Ports {
    fn port_name(&self, _: u32) -> Option<&str> {
        None
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        match name {
            "eth0" => Some(2),
            "a,b(c" => Some(3),
            _ => None,
        }
    }
}

/// Numbers, no names.
pub fn context(version: Version, style: Style) -> TextContext<'static> {
    TextContext {
        version,
        style,
        ports: PortSpelling::Number,
        names: &NoNames,
    }
}

/// A MATCH argument, alone and before actions.
pub fn match_text(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match parse_filter(text, &Ports) {
        Ok(filter) => check_fields(&filter.fields),
        Err(error) => assert_harmless(&error.to_string(), false),
    }
    for version in Version::ALL {
        match FlowChange::parse(text, FlowCommand::Add, &Ports, version) {
            Ok(change) => {
                check_fields(&change.flow.fields);
                encodes(&change, text);
            }
            Err(error) => assert_harmless(&error.to_string(), false),
        }
    }
}

/// What was parsed is what its text says, in the versions that can say all of it.
fn check_fields(fields: &MatchFields) {
    for version in Version::ALL {
        let bytes = fields.encode(version);
        let mut scratch = Vec::new();
        match decode(&bytes, version, &mut scratch) {
            Ok(decoded) => reads_back(&decoded, version, 0x8000),
            Err(error) => panic!("{version}: {error} in {bytes:02x?} of {fields:?}"),
        }
    }
    let bytes = fields.encode(Version::V15);
    let Ok(decoded) = Match::decode_tlvs(&bytes, 0) else {
        return;
    };
    // The classic style says all; the wire's leaves out what ovs-ofctl leaves out.
    let text = text_of(&decoded, 0x8000, Style::Classic);
    match parse_filter(&text, &NoNames) {
        Ok(again) if width_is_lost(&text) => drop(again),
        Ok(again) => {
            let again = again.fields.encode(Version::V15);
            // Two registers by their own names, or as one wide one: the same.
            match Match::decode_tlvs(&again, 0) {
                Ok(decoded) if text.contains("reg") => {
                    assert_eq!(text_of(&decoded, 0x8000, Style::Classic), text);
                }
                _ => assert_eq!(again, bytes, "{text}"),
            }
        }
        Err(error) => panic!("{error}: {text}"),
    }
}

/// A match as [`MatchFields::encode`] has it.
fn decode<'a>(
    bytes: &'a [u8],
    version: Version,
    scratch: &'a mut Vec<u8>,
) -> Result<Match<'a>, DecodeError> {
    match (version, bytes) {
        (Version::V11, [0, 0, ..]) => Match::decode_v11(&mut Cursor::new(bytes, 0), scratch),
        (Version::V11, [_, _, high, low, ..]) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            Match::decode_tlvs(bytes.get(4..length).unwrap_or_default(), 4)
        }
        _ => Match::decode_tlvs(bytes, 0),
    }
}

/// Whether nothing in the text tells how wide an option of a tunnel is.
pub fn width_is_lost(text: &str) -> bool {
    text.contains("tun_metadata")
}

/// The text of a match, where it can be read, says the same match.
pub fn reads_back(fields: &Match<'_>, version: Version, priority: u16) {
    let text = text_of(fields, priority, Style::Wire);
    assert_harmless(&text, false);
    assert_harmless(&text_of(fields, priority, Style::Classic), false);
    let mut json = String::new();
    let mut writer = Json::new(&mut json);
    writer.begin_object();
    fields.json(&mut writer, &context(Version::V15, Style::Wire));
    writer.end_object();
    if let Err(error) = serde_json::from_str::<serde_json::Value>(&json) {
        panic!("{error}: {json}");
    }
    if fields.has_unknown() || width_is_lost(&text) {
        return;
    }
    // `priority=5,` stands before the match, and is none of it.
    let text = text_of(fields, 0x8000, Style::Classic);
    let Ok(Filter { fields: again, .. }) = parse_filter(&text, &NoNames) else {
        // A match that no switch would take: without what its fields need, say.
        return;
    };
    let bytes = again.encode(version);
    match decode(&bytes, version, &mut Vec::new()) {
        // No tag, and bits of one: the same as no tag.
        Ok(_) if text.contains("vlan_tci=") => {}
        // Of ARP that is the word for its operation, and no switch takes the field itself.
        Ok(_) if text.contains("arp,") && text.contains("nw_proto=") => {}
        Ok(decoded) => assert_eq!(text_of(&decoded, 0x8000, Style::Classic), text, "{version}"),
        Err(error) => panic!("{error}: {text}"),
    }
}

fn text_of(fields: &Match<'_>, priority: u16, style: Style) -> String {
    let mut sink = Plain::default();
    fields.text(&mut sink, &context(Version::V15, style), priority);
    sink.0
}

/// Actions: the first byte chooses the version, the others are what follows `actions=`.
pub fn action_text(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let version = Version::ALL[usize::from(*first) % Version::ALL.len()];
    let parsed = match parse_actions(text, &Ports, version) {
        Ok(parsed) => parsed,
        Err(error) => return assert_harmless(&error.to_string(), false),
    };
    let classic = printed(&parsed, Style::Classic);
    assert_harmless(&classic, false);
    match parse_actions(&classic, &NoNames, version) {
        Ok(again) if !says_less(&classic) => assert_eq!(
            meaning(&again),
            meaning(&parsed),
            "{version} {classic}\n  {text}"
        ),
        Err(error) if !says_less(&classic) => panic!("{version} {classic}\n  {error}\n  {text}"),
        _ => {}
    }
    let mut json = String::new();
    let cx = context(version, Style::Wire);
    let ended = parsed.list().json(&mut Json::new(&mut json), &cx);
    assert!(ended.is_ok(), "{ended:?} of {text}");
    if let Err(error) = serde_json::from_str::<serde_json::Value>(&json) {
        panic!("{error}: {json}");
    }
    let wire = printed(&parsed, Style::Wire);
    assert_harmless(&wire, false);
    match parse_actions(&wire, &NoNames, version) {
        Ok(again) if again == parsed => {}
        // `userdata` of nothing makes the action of Nicira, and is not shown.
        Ok(again) if text.contains("userdata") => assert_eq!(printed(&again, Style::Wire), wire),
        // 65530 in 32 bits is a port, and read as the number of NORMAL in 16 bits, as ovs-ofctl reads it.
        Ok(_) if wire.contains("->in_port") => {}
        // ovs-ofctl prints this mask for a load of the whole field, and does not read it.
        Ok(_) if wire.contains("/0xffffff->nsh_spi") => {}
        Ok(again) if says_less(&wire) => assert_eq!(printed(&again, Style::Wire), wire),
        Err(_) if says_less(&wire) => {}
        Ok(again) => panic!(
            "{version} {wire}\n  {:02x?}\n  {:02x?}",
            parsed.bytes, again.bytes
        ),
        Err(error) => panic!("{version} {wire}\n  {error}"),
    }
}

fn meaning(parsed: &ParsedActions) -> String {
    let mut meaning = Plain::default();
    let ended = put_actions(&parsed.list(), &mut meaning);
    assert!(ended.is_ok(), "{ended:?}");
    meaning.0
}

fn printed(parsed: &ParsedActions, style: Style) -> String {
    let mut sink = Plain::default();
    let cx = context(parsed.version, style);
    let ended = write_actions(&parsed.list(), &mut sink, &cx, false);
    assert!(ended.is_ok(), "{ended:?}");
    sink.0
}

/// Whether a text cannot tell the bytes: it has no `max_len` of outputs, which `enqueue` sets, and nothing
/// tells the width of a tunnel's option, which the switch decides, nor a mask of all there is. Since 1.5 a
/// `load` of the type of service reads as a `set_field`, which has no bits of the ECN. The zeros that begin the
/// data of a TLV of NSH are left out, as ovs-ofctl leaves them out.
pub fn says_less(text: &str) -> bool {
    // ovs-ofctl shows the flags of nat behind addresses only, and one port for a range of one.
    [
        "pop_queue",
        "tun_metadata",
        "TUN_METADATA",
        "->tun_flags",
        // A load of such a field is an action of Nicira that reads as a set_field of OpenFlow.
        "->nsh_",
        "nat(",
        "tlv(",
        // Nor does it show the `ct` of a resubmit to the same table; the JSON has it.
        "resubmit:",
        // `ANY` is nothing of a port and a reserved port; bits of a port are printed and not read, as in ovs-ofctl.
        "->in_port",
    ]
    .iter()
    .any(|word| text.contains(word))
        || text.contains("->nw_tos")
}
