//! Keys, values and actions inside a GROUP and a METER.

use super::ask::NameSource;
use super::names::{meters, named, named_ports};
use super::{Candidate, Completion, actions};
use crate::openflow::actions::{NamedArgument, Takes};
use crate::openflow::entry_keys::{BAND_KEYS, BUCKET_KEYS, GROUP_KEYS, METER_KEYS};

/// The command that takes the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryCommand {
    /// It adds what is not there.
    Add,
    /// It changes what is there.
    Modify,
    /// It changes the buckets of a group.
    OfBuckets,
}

/// Completes a partial GROUP on `bridge`.
pub(super) fn group(
    command: EntryCommand,
    bridge: Option<&str>,
    typed: &str,
    ask: &NameSource,
) -> Completion {
    if let Some((head, bucket)) = after_last(typed, &["bucket="]) {
        return of_bucket(bridge, bucket, ask).after(head);
    }
    let is_meant = |key: &str| match key {
        "group_id" | "bucket" => true,
        key => (key == "command_bucket_id") == (command == EntryCommand::OfBuckets),
    };
    // The groups that are there are not those that can be added.
    if command == EntryCommand::Add && last_key(typed) == Some("group_id") {
        return Completion::default();
    }
    keys(bridge, GROUP_KEYS, typed, ask, is_meant)
}

/// Completes a partial METER on `bridge`.
pub(super) fn meter(
    command: EntryCommand,
    bridge: Option<&str>,
    typed: &str,
    ask: &NameSource,
) -> Completion {
    if let Some((head, bands)) = after_last(typed, &["bands=", "band="]) {
        let is_meant = |key: &str| key == "type" || !bands.is_empty();
        return keys(bridge, BAND_KEYS, bands, ask, is_meant).after(head);
    }
    if last_key(typed) == Some("meter") {
        let (head, _) = typed.split_at(typed.rfind(['=', ':']).map_or(0, |at| at + 1));
        let candidates = match command {
            EntryCommand::Add => named(["controller", "slowpath"]),
            _ => meters(bridge, ask),
        };
        return Completion::open(candidates).after(head);
    }
    keys(bridge, METER_KEYS, typed, ask, |key| key != "band")
}

/// Keys of a bucket, and actions.
fn of_bucket(bridge: Option<&str>, typed: &str, ask: &NameSource) -> Completion {
    let own = keys(bridge, BUCKET_KEYS, typed, ask, |_| true);
    match last_key(typed) {
        Some("watch_port") => {
            let (head, part) = typed.split_at(typed.rfind([':', '=']).map_or(0, |at| at + 1));
            Completion::open(named_ports(bridge, part, ask)).after(head)
        }
        Some(key) if BUCKET_KEYS.iter().any(|(known, _)| *known == key) => own,
        Some(_) => actions::of(bridge, typed, ask),
        None => {
            let mut all = actions::of(bridge, typed, ask);
            all.candidates.extend(own.candidates);
            if let Some(begin) = last_begin(typed).filter(|begin| *begin > 0) {
                let head = typed.get(..begin).unwrap_or_default();
                all.candidates
                    .push(Candidate::new(format!("{head}bucket=")));
            }
            all
        }
    }
}

/// Completes a text of these keys, of which those that are given or not meant are not offered.
fn keys(
    bridge: Option<&str>,
    known: &'static [NamedArgument],
    typed: &str,
    ask: &NameSource,
    is_meant: impl Fn(&str) -> bool,
) -> Completion {
    let mut completion = actions::form(bridge, Takes::Named(known), typed, ask);
    if last_key(typed).is_none() {
        let begins = actions::items(typed).unwrap_or_default();
        let head = begins.last().copied().unwrap_or_default();
        let items = begins.iter().filter(|begin| **begin < head);
        let items = items.filter_map(|begin| typed.get(*begin..));
        let given: Vec<&str> = items.map(key_of).collect();
        completion.candidates.retain(|candidate| {
            let key = candidate.word.get(head..).map(key_of).unwrap_or_default();
            is_meant(key) && !given.contains(&key)
        });
    }
    completion
}

/// The text up to the last item that begins with one of these words, with the word; and the text after it.
fn after_last<'t>(typed: &'t str, words: &[&str]) -> Option<(&'t str, &'t str)> {
    let begins = actions::items(typed)?;
    let ends = begins.into_iter().rev().filter_map(|begin| {
        let item = typed.get(begin..)?;
        let word = words.iter().find(|word| item.starts_with(**word))?;
        Some(begin + word.len())
    });
    typed.split_at_checked(ends.into_iter().next()?)
}

/// The key of the last item, if its value has begun.
fn last_key(typed: &str) -> Option<&str> {
    let item = typed.get(last_begin(typed)?..)?;
    item.contains(OPENINGS).then(|| key_of(item))
}

fn last_begin(typed: &str) -> Option<usize> {
    actions::items(typed)?.pop()
}

/// What may stand between a key and its value.
const OPENINGS: [char; 3] = [':', '=', '('];

/// The key that an item begins with.
fn key_of(item: &str) -> &str {
    let end = item.find(|c| OPENINGS.contains(&c) || matches!(c, ',' | ' '));
    item.get(..end.unwrap_or(item.len())).unwrap_or_default()
}
