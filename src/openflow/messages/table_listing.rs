//! Replies about flow tables, as `ovs-ofctl dump-tables` and `dump-table-features` print them: what is as in
//! the table before is not said again. [`tables`](super::tables) reads the tables.

use std::fmt::Write as _;

use serde::Serialize;

use super::codec::{Head, Message, Place, reply, request};
use super::members::CHex;
use super::multipart;
use super::table_features::{Abilities, FlowAbilities};
use super::tables::{TableFeatures, TableStats, features_entry};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::{RowSet, listing};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V13, V15};

/// `OFPST_TABLE` reply
#[derive(Debug, Clone, Serialize)]
pub struct TableStatsReply {
    /// The tables.
    pub tables: Vec<TableStats>,
}

impl<'a> Message<'a> for TableStatsReply {
    const PLACES: &'static [Place] = &[reply("OFPST_TABLE", multipart::TABLE_STATS, V10, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<TableStatsReply, DecodeError> {
        Ok(TableStatsReply {
            tables: head.list(body, |body| TableStats::decode(head.version, body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_stats(sink.buffer(), &self.tables);
    }
}

/// `OFPST_TABLE_FEATURES`, asked and answered: a request may say what the tables shall be.
#[derive(Debug, Clone, Serialize)]
pub struct TableFeaturesList {
    /// The tables.
    pub tables: Vec<TableFeatures>,
}

impl<'a> Message<'a> for TableFeaturesList {
    const PLACES: &'static [Place] = &[
        request("OFPST_TABLE_FEATURES", multipart::TABLE_FEATURES, V13, V15),
        reply("OFPST_TABLE_FEATURES", multipart::TABLE_FEATURES, V13, V15),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<TableFeaturesList, DecodeError> {
        Ok(TableFeaturesList {
            tables: head.list(body, |body| features_entry(head.version, body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        put_features(sink.buffer(), &self.tables);
    }
}

/// Active flows, lookups and matches.
type Counters = (u32, u64, u64);

/// Writes the tables of a statistics reply.
fn put_stats(out: &mut String, tables: &[TableStats]) {
    let mut listing = Listing::default();
    for table in tables {
        let mut features = table.features.clone().unwrap_or_default();
        features.table_id = table.table_id;
        let counters = (table.active, table.lookups, table.matched);
        listing.put(out, features, Some(counters));
    }
    listing.end(out);
}

/// Writes the tables of a features message.
fn put_features(out: &mut String, tables: &[TableFeatures]) {
    let mut listing = Listing::default();
    for table in tables {
        listing.put(out, table.clone(), None);
    }
    listing.end(out);
}

#[derive(Default)]
struct Listing {
    before: Option<(TableFeatures, Option<Counters>)>,
    /// The first and the last of the tables that are as the one before them.
    alike: Option<(u8, u8)>,
}

impl Listing {
    fn put(&mut self, out: &mut String, table: TableFeatures, counters: Option<Counters>) {
        let before = self.before.take();
        self.put_behind(out, before.as_ref(), &table, counters);
        self.before = Some((table, counters));
    }

    fn put_behind(
        &mut self,
        out: &mut String,
        before: Option<&(TableFeatures, Option<Counters>)>,
        table: &TableFeatures,
        counters: Option<Counters>,
    ) {
        let command = table.abilities.command.filter(|word| *word != "replace");
        if let (None, Some(command)) = (before, command) {
            let _ = write!(out, "\n  command: {command}");
        }
        let id = table.table_id;
        let same_counters = counters.is_none() || before.is_some_and(|(_, past)| *past == counters);
        let before = before.map(|(past, _)| past);
        let same_features = before.is_some_and(|before| same_features(table, before));
        let ditto = same_counters && same_features;
        if ditto && table.name.0.is_empty() {
            let (first, _) = self.alike.unwrap_or((id, id));
            self.alike = Some((first, id));
            return;
        }
        self.end(out);
        let _ = write!(out, "\n  table {id}");
        if !table.name.0.is_empty() {
            let _ = write!(out, " (\"{}\")", table.name);
        }
        out.push(':');
        if ditto {
            out.push_str(" ditto");
            return;
        }
        out.push('\n');
        if let Some((active, lookups, matched)) = counters {
            let _ = writeln!(
                out,
                "    active={active}, lookup={lookups}, matched={matched}"
            );
        }
        if !same_features {
            put_abilities(out, table, before);
        } else if !is_empty(table) {
            out.push_str("    (same features)\n");
        }
    }

    /// Writes which tables were left out.
    fn end(&mut self, out: &mut String) {
        let _ = match self.alike.take() {
            Some((first, last)) if first == last => write!(out, "\n  table {first}: ditto\n"),
            Some((first, last)) => write!(out, "\n  tables {first}...{last}: ditto\n"),
            None => Ok(()),
        };
    }
}

fn same_features(a: &TableFeatures, b: &TableFeatures) -> bool {
    a.metadata() == b.metadata()
        && a.max_entries == b.max_entries
        && a.abilities.miss_config == b.abilities.miss_config
        && a.abilities.eviction == b.abilities.eviction
        && a.abilities.vacancy_events == b.abilities.vacancy_events
        && same_flows(a, b)
        && a.abilities.matched == b.abilities.matched
}

fn same_flows(a: &TableFeatures, b: &TableFeatures) -> bool {
    let (a_id, b_id) = (a.table_id, b.table_id);
    let (a, b) = (&a.abilities, &b.abilities);
    same_abilities((a_id, &a.flows), (b_id, &b.flows))
        && same_abilities((a_id, a.miss()), (b_id, b.miss()))
}

fn same_abilities((a_id, a): (u8, &FlowAbilities), (b_id, b): (u8, &FlowAbilities)) -> bool {
    let (earlier, later) = if b_id < a_id {
        ((b_id, b), (a_id, a))
    } else {
        ((a_id, a), (b_id, b))
    };
    same_next(earlier, later) && a.instructions == b.instructions && a.actions() == b.actions()
}

/// Flows go to later tables only: a table can go to its follower, and that cannot go to itself. Neighbours
/// that differ in nothing else count as alike.
fn same_next(
    (earlier_id, earlier): (u8, &FlowAbilities),
    (later_id, later): (u8, &FlowAbilities),
) -> bool {
    let mut next = later.next.clone();
    if earlier_id.checked_add(1) == Some(later_id) && earlier.next.contains(&later_id) {
        next.insert(later_id);
    }
    earlier.next == next
}

fn is_empty(table: &TableFeatures) -> bool {
    let abilities = &table.abilities;
    table.metadata().unwrap_or_default() == (0, 0)
        && table.max_entries == 0
        && abilities.miss_config.is_none()
        && abilities.eviction.is_none()
        && abilities.vacancy_events.is_none()
        && abilities.flows == FlowAbilities::default()
        && *abilities.miss() == FlowAbilities::default()
        && abilities.matched.is_empty()
}

fn put_abilities(out: &mut String, table: &TableFeatures, before: Option<&TableFeatures>) {
    let abilities = &table.abilities;
    let (matched, written) = table.metadata().unwrap_or_default();
    if (matched, written) != (0, 0) {
        out.push_str("    metadata:");
        for (word, bits) in [("match", matched), ("write", written)] {
            let _ = write!(out, " {word}={}", CHex(bits));
        }
        out.push('\n');
    }
    if let Some(config) = abilities.miss_config {
        let _ = writeln!(out, "    config={config}");
    }
    for (word, supported) in [
        ("eviction", abilities.eviction),
        ("vacancy events", abilities.vacancy_events),
    ] {
        if let Some(supported) = supported {
            let not = if supported { "" } else { "not " };
            let _ = writeln!(out, "    {word}: {not}supported");
        }
    }
    if table.max_entries != 0 {
        let _ = writeln!(out, "    max_entries={}", table.max_entries);
    }
    let past = before.map(|before| &before.abilities);
    if before.is_some_and(|before| same_flows(table, before)) {
        if abilities.flows != FlowAbilities::default() {
            out.push_str("    (same instructions)\n");
        }
    } else if abilities.flows != *abilities.miss() {
        out.push_str("    instructions (other than table miss):\n");
        put_flows(out, &abilities.flows, past.map(|past| &past.flows));
        out.push_str("    instructions (table miss):\n");
        put_flows(out, abilities.miss(), past.map(Abilities::miss));
    } else if abilities.flows != FlowAbilities::default() {
        out.push_str("    instructions (table miss and others):\n");
        put_flows(out, &abilities.flows, past.map(|past| &past.flows));
    }
    if past.is_some_and(|past| past.matched == abilities.matched) {
        if !abilities.matched.is_empty() {
            out.push_str("    (same matching)\n");
        }
    } else if !abilities.matched.is_empty() {
        out.push_str("    matching:\n");
        put_matching(out, abilities);
    }
}

fn put_matching(out: &mut String, abilities: &Abilities) {
    let (masked, wildcards) = (abilities.masked, abilities.wildcards);
    let whole = abilities.matched.without(masked);
    let any_mask = abilities.matched.and(masked).and(wildcards);
    for (title, fields) in [
        ("      arbitrary mask:", any_mask),
        ("      exact match or wildcard:", whole.and(wildcards)),
        ("      must exact match:", whole.without(wildcards)),
    ] {
        put_fields(out, title, fields);
    }
}

fn put_fields(out: &mut String, title: &str, fields: RowSet) {
    if !fields.is_empty() {
        out.push_str(title);
        out.push(' ');
        listing::put(out, &listing::names(fields));
        out.push('\n');
    }
}

/// The names of actions, and the fields that `set_field` can set.
type Actions<'t> = (&'t [&'static str], RowSet);

impl FlowAbilities {
    /// What can be written to the action set, and what can be done at once.
    fn actions(&self) -> [Actions<'_>; 2] {
        [
            (&self.write_actions, self.write_setfield),
            (&self.apply_actions, self.apply_setfield),
        ]
    }
}

fn put_flows(out: &mut String, flows: &FlowAbilities, past: Option<&FlowAbilities>) {
    if !flows.next.is_empty() {
        out.push_str("      next tables: ");
        put_ranges(out, flows.next.iter().copied());
        out.push('\n');
    }
    if !flows.instructions.is_empty() {
        if past.is_some_and(|past| past.instructions == flows.instructions) {
            out.push_str("      (same instructions)\n");
        } else {
            let names = flows.instructions.join(" ");
            let _ = writeln!(out, "      instructions: {names}");
        }
    }
    let [write, apply] = flows.actions();
    let same = past.is_some_and(|past| past.actions() == flows.actions());
    if same && !flows.write_setfield.is_empty() {
        out.push_str("      (same actions)\n");
    } else if write != apply {
        out.push_str("      Write-Actions features:\n");
        put_actions(out, write);
        out.push_str("      Apply-Actions features:\n");
        put_actions(out, apply);
    } else if !write.0.is_empty() || !write.1.is_empty() {
        out.push_str("      Write-Actions and Apply-Actions features:\n");
        put_actions(out, write);
    }
}

fn put_actions(out: &mut String, (names, set_fields): Actions<'_>) {
    if !names.is_empty() {
        let _ = writeln!(out, "        actions: {}", names.join(" "));
    }
    put_fields(out, "        supported on Set-Field:", set_fields);
}

/// `1-5,7`
fn put_ranges(out: &mut String, numbers: impl Iterator<Item = u8>) {
    let mut ranges: Vec<(u8, u8)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    for (index, (first, last)) in ranges.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(out, "{comma}{first}");
        if first != last {
            let _ = write!(out, "-{last}");
        }
    }
}
