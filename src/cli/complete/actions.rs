//! Actions inside a FLOW: their words, and what the arguments of each take.

use super::ask::NameSource;
use super::names::{self, flow_tables, groups, meters, named, named_ports, openflow_ports};
use super::{Candidate, Completion};
use crate::openflow::actions::{NamedArgument, PLAIN_WORDS, Takes, WRITTEN, WordForm};
use crate::openflow::fields::{Field, ROWS};

/// Completes a partial list of actions on `bridge`.
pub(super) fn of(bridge: Option<&str>, typed: &str, ask: &NameSource) -> Completion {
    form(bridge, Takes::Actions, typed, ask)
}

/// Completes a partial text of this form.
pub(super) fn form(
    bridge: Option<&str>,
    takes: Takes,
    typed: &str,
    ask: &NameSource,
) -> Completion {
    let (head, takes) = at_cursor(typed, takes);
    let (before, part) = typed.split_at_checked(head).unwrap_or((typed, ""));
    let mut candidates = match takes {
        Takes::Port | Takes::Ports => openflow_ports(bridge, part, ask),
        Takes::Table => flow_tables(bridge, ask),
        Takes::Group => groups(bridge, ask),
        // Not those of the switch itself, which have names.
        Takes::Meter => {
            let mut meters = meters(bridge, ask);
            meters.retain(|meter| meter.word.starts_with(|c: char| c.is_ascii_digit()));
            meters
        }
        other => words(other, part),
    };
    // An action may be a port alone.
    if matches!(takes, Takes::Actions) && !part.is_empty() {
        candidates.extend(named_ports(bridge, part, ask));
    }
    Completion::open(candidates).after(before)
}

/// The words that do not depend on the switch.
fn words(takes: Takes, part: &str) -> Vec<Candidate> {
    match takes {
        Takes::Actions => action_words(part, |_| true),
        Takes::SomeActions(words) => action_words(part, |word| words.contains(&word)),
        Takes::Named(arguments) => argument_words(arguments),
        Takes::NamedOrBits(arguments) => {
            let mut candidates = argument_words(arguments);
            let fields = on_the_wire().flat_map(names_of);
            candidates.extend(fields.map(|name| Candidate::new(format!("{name}="))));
            candidates.extend(bits(part, |_| true));
            candidates
        }
        Takes::Field => {
            let fields = on_the_wire().filter(|field| field.writable);
            names::sorted(named(fields.flat_map(names_of)))
        }
        Takes::Fields => names::sorted(named(on_the_wire().flat_map(names_of))),
        Takes::Bits => bits(part, |_| true),
        Takes::BitsToSet => bits(part, |field| field.writable),
        Takes::Words(words) => named(words.iter().copied().filter(|word| !word.is_empty())),
        Takes::Text | Takes::Port | Takes::Ports | Takes::Table | Takes::Group | Takes::Meter => {
            Vec::new()
        }
    }
}

/// What is written at the end of a partial text of this form, and where that begins.
fn at_cursor(typed: &str, mut takes: Takes) -> (usize, Takes) {
    let mut at = 0;
    loop {
        let text = typed.get(at..).unwrap_or_default();
        let Some(begin) = last_item(text) else {
            return (at, Takes::Text);
        };
        let item = text.get(begin..).unwrap_or_default();
        let words: Vec<NamedArgument> = match takes {
            Takes::Actions => action_forms().collect(),
            Takes::SomeActions(some) => action_forms()
                .filter(|(word, _)| some.contains(word))
                .collect(),
            Takes::Named(arguments) | Takes::NamedOrBits(arguments) => arguments.to_vec(),
            Takes::Ports | Takes::Fields => return (at + begin, takes),
            one => return (at, one),
        };
        at += begin;
        let Some(end) = item.find([':', '=', '(']) else {
            return (at, takes);
        };
        let (word, rest) = item.split_at_checked(end).unwrap_or((item, ""));
        let mut forms = words
            .into_iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(word))
            .filter_map(|(_, form)| piece_at_end(form, rest));
        let (offset, next) = match (forms.next(), takes) {
            (Some(found), _) => found,
            (None, Takes::NamedOrBits(_)) => (1, Takes::Bits),
            (None, _) => return (typed.len(), Takes::Text),
        };
        at += end + offset;
        takes = next;
    }
}

/// The piece of a form that the text ends in, and where that begins; `None` if the text is not of this form.
fn piece_at_end(form: WordForm, text: &str) -> Option<(usize, Takes)> {
    let ((before, first), others) = form.split_first()?;
    // A colon and an equals sign are the same.
    let is_either = |text: &str| text.starts_with([':', '=']);
    if !(text.starts_with(before) || is_either(before) && is_either(text)) {
        return None;
    }
    let (mut at, mut takes) = (before.len(), *first);
    for (before, next) in others {
        let Some(found) = text.get(at..)?.find(before) else {
            break;
        };
        at += found + before.len();
        takes = *next;
    }
    Some((at, takes))
}

/// Where the last item of a list begins; `None` if a parenthesis closes the list.
fn last_item(text: &str) -> Option<usize> {
    items(text)?.pop()
}

/// Where the items of a list begin, at least one; `None` if a parenthesis closes the list.
pub(super) fn items(text: &str) -> Option<Vec<usize>> {
    let (mut begins, mut depth) = (vec![0], 0usize);
    let (mut is_quoted, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            ',' | ' ' if depth == 0 => begins.push(at + 1),
            _ => {}
        }
    }
    Some(begins)
}

/// The words of all actions with their forms; `nat` is one in `ct` only.
fn action_forms() -> impl Iterator<Item = NamedArgument> {
    let written = WRITTEN.iter().flat_map(|(words, forms)| {
        let words = words.iter().filter(|word| **word != "nat");
        words.flat_map(|word| forms.iter().map(|form| (*word, *form)))
    });
    let plain: WordForm = &[];
    written.chain(PLAIN_WORDS.map(|word| (word, plain)))
}

/// The words of actions, each with what follows it. Ports without a number come in capitals, unless lower case is typed.
fn action_words(part: &str, is_meant: impl Fn(&str) -> bool) -> Vec<Candidate> {
    let is_lower = part.starts_with(|c: char| c.is_ascii_lowercase());
    let forms = action_forms().filter(|(word, _)| is_meant(word));
    let words = forms.map(|(word, form)| {
        let is_port = PLAIN_WORDS.contains(&word) && word != "drop";
        if is_port && !is_lower {
            word.to_ascii_uppercase()
        } else {
            with_opening(word, form)
        }
    });
    names::sorted(named(words))
}

fn argument_words(arguments: &[NamedArgument]) -> Vec<Candidate> {
    named(
        arguments
            .iter()
            .map(|(word, form)| with_opening(word, form)),
    )
}

/// A word and the beginning of what follows it: `output:`, `resubmit(`, `drop`.
fn with_opening(word: &str, form: WordForm) -> String {
    let opening = form.first().map_or("", |(before, _)| *before);
    format!("{word}{opening}")
}

/// The fields that an action can name.
fn on_the_wire() -> impl Iterator<Item = &'static Field> {
    ROWS.iter().copied().filter(|field| !field.wire.is_empty())
}

fn names_of(field: &'static Field) -> impl Iterator<Item = &'static str> {
    [Some(field.name), field.alias].into_iter().flatten()
}

/// Fields with the bracket that their bits follow; in capitals by the names that a dump has.
fn bits(part: &str, is_meant: impl Fn(&Field) -> bool) -> Vec<Candidate> {
    let is_upper = part.starts_with(|c: char| c.is_ascii_uppercase());
    let fields = on_the_wire().filter(|field| is_meant(field));
    let names = fields.flat_map(|field| {
        let wire = field.wire.iter().filter(move |_| is_upper);
        let own = names_of(field).filter(move |_| !is_upper);
        own.chain(wire.map(|wire| wire.name))
    });
    names::sorted(named(names.map(|name| format!("{name}["))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The actions that ovs-ofctl takes and prints: where a word, an argument or a field begins, it is among the candidates.
    #[test]
    fn every_word_of_a_real_action_is_offered() {
        let golden = include_str!("../../../fixtures/golden/actions.tsv");
        let lines = golden
            .lines()
            .filter(|line| !line.starts_with('#') && !line.ends_with("\tofp-print"));
        let (mut checked, mut missing) = (0, Vec::new());
        for line in lines {
            let columns: Vec<&str> = line.split('\t').collect();
            let printed = columns[4];
            let (_, typed) = columns[6]
                .split_once("actions=")
                .unwrap_or(("", columns[6]));
            for list in [printed, typed] {
                let starts = list.match_indices([':', '=', '(', ',', '>']);
                for at in starts.map(|(at, _)| at + 1).chain([0]) {
                    let (before, next) = list.split_at(at);
                    let (head, takes) = at_cursor(before, Takes::Actions);
                    let offered = words(takes, next);
                    if head != at || offered.is_empty() || !next.starts_with(char::is_alphabetic) {
                        continue;
                    }
                    checked += 1;
                    let next = next.to_ascii_lowercase();
                    let is_next = |one: &Candidate| {
                        let word = one.word.to_ascii_lowercase();
                        next.starts_with(word.trim_end_matches('['))
                    };
                    if !offered.iter().any(is_next) {
                        missing.push(format!("{before}|{next}"));
                    }
                }
            }
        }
        missing.dedup();
        assert!(missing.is_empty(), "{missing:#?}");
        assert!(checked > 1000, "{checked}");
    }

    #[test]
    fn each_offered_argument_is_one() {
        use crate::openflow::actions::parse_actions;
        use crate::openflow::text::NoNames;
        use crate::openflow::version::Version;
        let (mut lists, mut checked) = (Vec::new(), 0);
        lists.extend(action_forms().map(|(word, form)| (word.to_owned(), form)));
        while let Some((text, form)) = lists.pop() {
            for (before, takes) in form {
                if let Takes::Named(arguments) | Takes::NamedOrBits(arguments) = takes {
                    for (word, form) in *arguments {
                        let text = format!("{text}{before}{word}");
                        let closed = ")".repeat(text.matches('(').count());
                        let error =
                            parse_actions(&format!("{text}{closed}"), &NoNames, Version::V15);
                        let error = error
                            .err()
                            .map(|error| error.to_string())
                            .unwrap_or_default();
                        assert!(!error.contains("no argument"), "{text}: {error}");
                        lists.push((text, *form));
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 50, "{checked}");
    }
}
