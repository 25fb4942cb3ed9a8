//! A line of a file of flows: parsed, encoded, decoded, printed and parsed again.

use ovs::openflow::flow;
use ovs::openflow::flow_change::{FlowChange, without_comment};
use ovs::openflow::flow_entry::{Flow, FlowEntry};
use ovs::openflow::meaning::{put_effect, put_key};
use ovs::openflow::messages::flow_mod::{FlowCommand, FlowMod};
use ovs::openflow::messages::flow_stats::FlowStats;
use ovs::openflow::messages::{Body, Decoded};
use ovs::openflow::repeats::Repeats;
use ovs::openflow::text::{NoNames, Plain, Style};
use ovs::openflow::version::Version;

use super::assert_harmless;
use super::text::{Ports, context, says_less};

const COMMANDS: [FlowCommand; 5] = [
    FlowCommand::Add,
    FlowCommand::Modify,
    FlowCommand::ModifyStrict,
    FlowCommand::Delete,
    FlowCommand::DeleteStrict,
];

/// A change: the first byte chooses the version and the command, the others are the line.
pub fn flow_text(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(rest) else {
        return;
    };
    let line = without_comment(text);
    let choice = usize::from(first.wrapping_sub(b'0'));
    let version = Version::ALL[choice % Version::ALL.len()];
    let command = COMMANDS[choice / Version::ALL.len() % COMMANDS.len()];
    match FlowChange::parse(line, command, &Ports, version) {
        Ok(change) => encodes(&change, line),
        Err(error) => assert_harmless(&error.to_string(), false),
    }
}

/// The message of a change that was parsed says what the change says, and so does what a dump prints of the flow.
pub fn encodes(change: &FlowChange, line: &str) {
    for warning in &change.warnings {
        assert_harmless(&warning.to_string(), false);
    }
    let message = match change.message(7) {
        Ok(message) => message,
        Err(error) => return assert_harmless(&error.to_string(), false),
    };
    let decoded = Decoded::decode(&message).unwrap_or_else(|error| panic!("{error}: {line}"));
    assert!(decoded.error().is_none(), "{:?}: {line}", decoded.error());
    let Some(Body::FlowMod(flow_mod)) = decoded.body() else {
        panic!("no change of a flow: {line}");
    };
    is_the_change(flow_mod, change, line);
    if change.command == FlowCommand::Add {
        reads_back(flow_mod, &change.flow, line);
    }
}

/// The message says what was parsed.
fn is_the_change(flow_mod: &FlowMod<'_>, change: &FlowChange, line: &str) {
    let meant = &change.flow;
    assert_eq!(flow_mod.command.number, change.command as u32, "{line}");
    let mut entry = entry(flow_mod, line);
    let bits = flow_mod.flags.bits as u16 & !RESET_COUNTS;
    assert_eq!(bits, meant.flags & !RESET_COUNTS, "{line}");
    // All ones are decoded as "unchanged", which they are in a modification.
    if change.command == FlowCommand::Add && meant.cookie != u64::MAX {
        assert_eq!(entry.cookie, meant.cookie, "{line}");
    }
    let select = flow_mod.match_cookie.as_ref();
    let select = select.map(|cookie| (cookie.value.0, cookie.mask.0));
    assert_eq!(select, change.match_cookie, "{line}");
    if let Some(port) = change.out_port {
        assert_eq!(flow_mod.out_port.0, port, "{line}");
    }
    assert_eq!(flow_mod.out_group, change.out_group, "{line}");
    // What a message has beside these means the same.
    entry.cookie = meant.cookie;
    entry.flags = meant.flags;
    // Only an addition is read with its importance.
    if change.command != FlowCommand::Add {
        entry.importance = meant.importance;
    }
    assert_means(&entry, meant, line);
}

/// `reset_counts`, which versions before 1.2 imply.
const RESET_COUNTS: u16 = 4;

/// Whether the match may have fields that ovs-ofctl does not print, and so the wire style does not.
fn hides(line: &str) -> bool {
    ["tun_erspan_", "tun_gtpu_", "nsh_", "ct_tp_"]
        .iter()
        .any(|word| line.contains(word))
}

fn entry<'m>(flow_mod: &'m FlowMod<'_>, line: &str) -> FlowEntry<'m> {
    flow_mod
        .entry()
        .unwrap_or_else(|| panic!("a match: {line}"))
}

/// What is there means what was meant.
fn assert_means(there: &FlowEntry<'_>, meant: &Flow, line: &str) {
    let version = meant.version();
    let flow_mod = meant.flow_mod(FlowCommand::Add);
    let flow_mod = flow_mod.unwrap_or_else(|| panic!("a port of 1.0: {line}"));
    let mut meant = entry(&flow_mod, line);
    // The decoder gives a match of 1.0 without wildcards the highest priority, which it has.
    if version == Version::V10 {
        meant.priority = there.priority;
    }
    let keys = [there, &meant].map(|flow| {
        let mut key = Vec::new();
        put_key(flow, Some(version), &mut key);
        key
    });
    let [key, expected] = keys;
    assert_eq!(key, expected, "{version} {line}");
    let effects = [there, &meant].map(|flow| {
        let mut effect = Vec::new();
        let scratch = &mut Plain::default();
        let ended = put_effect(flow, Some(version), scratch, &mut effect);
        assert!(ended.is_ok(), "{ended:?}: {line}");
        String::from_utf8_lossy(&effect).into_owned()
    });
    let [effect, expected] = effects;
    assert_eq!(effect, expected, "{version} {line}");
}

/// The line that a dump has for the flow is the same flow, in both styles.
fn reads_back(flow_mod: &FlowMod<'_>, flow: &Flow, line: &str) {
    let version = flow.version();
    let mut entry_of_dump = entry(flow_mod, line);
    entry_of_dump.cookie = flow.cookie;
    let stats = FlowStats::without_stats(entry_of_dump);
    for style in [Style::Wire, Style::Classic] {
        let mut sink = Plain::default();
        let cx = context(version, style);
        let ended = flow::text(&stats, false, &mut Repeats::default(), &mut sink, &cx);
        assert!(ended.is_ok(), "{ended:?}: {line}");
        let text = sink.0;
        assert_harmless(&text, false);
        match FlowChange::parse(&text, FlowCommand::Add, &NoNames, version) {
            Ok(again) if says_less(&text) || style == Style::Wire && hides(line) => drop(again),
            Ok(again) => {
                let again = again.flow.flow_mod(FlowCommand::Add).expect("a flow mod");
                let mut again = entry(&again, line);
                again.flags = flow.flags;
                assert_means(&again, flow, &format!("{text}\n  {line}"));
            }
            Err(_) if says_less(&text) => {}
            // The classic words for these need what the flow does not match, and no switch applies them without.
            Err(_) if line.contains("mod_nw_ttl") || line.contains("mod_nw_ecn") => {}
            Err(error) => panic!("{version} {style:?} {text}\n  {error}\n  {line}"),
        }
    }
}
