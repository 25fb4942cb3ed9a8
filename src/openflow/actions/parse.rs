//! Parser for the text of actions (ovs-actions(7), ovs-ofctl(8) "Flow Syntax").
//!
//! [`parse_actions`] reads what follows `actions=`. This file cuts the list into actions, finds the action by its
//! word, and wraps actions in instructions as ovs-ofctl does; each action parses its own arguments by
//! [`ActionCodec::parse`].
//!
//! [`ActionCodec::parse`]: super::codec::ActionCodec::parse
//!
//! The meaning of some words depends on the version or on the packets that the flow matches:
//! `mod_vlan_vid` adds a tag unless there is one, `mod_tp_src` sets the port of TCP, UDP or SCTP. [`KnownHeaders`] tracks
//! what is known of the packet from action to action.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::openflow::fields::{ParseError, ParseErrorKind, Problem, nearest_of, parse_port};
use crate::openflow::text::NameLookup;
use crate::openflow::version::Version;

use super::action::{NAMES, PARSERS, ParseAction};
use super::arguments::{Argument, Arguments, shown};
use super::list::{ActionList, ListForm};
use super::output::put_output;
use super::parser::{InstructionRank, KnownHeaders, ListOwner, Parser};

/// The longest action or instruction: its length has 16 bits and is a multiple of 8.
const LONGEST: usize = 0xfff8;

/// Actions parsed from text, encoded for one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedActions {
    /// Actions in OpenFlow 1.0, instructions in later versions.
    pub bytes: Vec<u8>,
    /// The version of the bytes.
    pub version: Version,
}

impl ParsedActions {
    /// The actions as a decodable list.
    pub fn list(&self) -> ActionList<'_> {
        let form = if self.version == Version::V10 {
            ListForm::Actions
        } else {
            ListForm::Instructions
        };
        ActionList::new(&self.bytes, 0, self.version, form)
    }
}

/// Reads the actions of a flow, as they follow `actions=`, and encodes them for `version`.
///
/// The bytes are those that `ovs-ofctl -O VERSION add-flow` sends for a flow that matches everything. What a
/// version cannot represent is an error, also where ovs-ofctl silently omits it (`write_actions` and
/// masks of `set_field` in OpenFlow 1.0). Beyond what ovs-ofctl takes: ports as `2(phy-br-ens37)`, names in
/// quotes anywhere, and the `unknown(...)` and `experimenter(...)` of a dump.
///
/// # Errors
///
/// The malformed piece and the reason; for an unknown word, the nearest known one.
pub fn parse_actions(
    text: &str,
    names: &dyn NameLookup,
    version: Version,
) -> Result<ParsedActions, ParseError> {
    parse_with(text, names, version, KnownHeaders::default()).map(|(actions, _)| actions)
}

/// [`parse_actions`] for a flow with a match; also the actions whose value has bits outside of its mask.
pub(in crate::openflow) fn parse_with(
    text: &str,
    names: &dyn NameLookup,
    version: Version,
    known: KnownHeaders,
) -> Result<(ParsedActions, Vec<String>), ParseError> {
    let mut parser = Parser::new(names, version, known, actions);
    actions(&mut parser, text).map_err(|problem| problem.at(text))?;
    let bytes = parser.out;
    Ok((ParsedActions { bytes, version }, parser.outside_mask))
}

/// The entries of [`PARSERS`] by their words.
static BY_WORD: LazyLock<FxHashMap<&'static str, (InstructionRank, ParseAction)>> =
    LazyLock::new(|| {
        let entries = PARSERS.iter().rev();
        let by_word = entries.flat_map(|(words, rank, parse)| {
            words.iter().map(move |word| (*word, (*rank, *parse)))
        });
        by_word.collect()
    });
/// Reads the actions of a bucket and encodes them for `version`; instructions are refused.
///
/// # Errors
///
/// As [`parse_actions`].
pub(in crate::openflow) fn parse_bucket(
    text: &str,
    names: &dyn NameLookup,
    version: Version,
) -> Result<Vec<u8>, ParseError> {
    let mut parser = Parser::new(names, version, KnownHeaders::default(), actions);
    parser.outer = ListOwner::Bucket;
    actions(&mut parser, text).map_err(|problem| problem.at(text))?;
    Ok(parser.out)
}

const NOT_IN_CT: &str = "does not stand in ct, where only ct_mark and ct_label are set";

/// An error if what was appended since `start` is too long for an action.
fn check_length(parser: &Parser<'_>, start: usize) -> Result<(), Problem> {
    if parser.out.len() - start > LONGEST {
        return Err(Problem::syntax(format!(
            "this is longer than {LONGEST} bytes"
        )));
    }
    Ok(())
}

/// Appends the actions of a list; in a flow of OpenFlow 1.1 and later, wrapped in instructions.
fn actions(parser: &mut Parser<'_>, text: &str) -> Result<(), Problem> {
    let wraps = parser.outer == ListOwner::Flow && parser.version > Version::V10;
    let mut last: Option<InstructionRank> = None;
    // The start of the open `apply_actions`, if any.
    let mut apply: Option<usize> = None;
    let mut dropped = false;
    let (mut conjunction, mut other) = (false, None);
    for argument in Arguments::new(text) {
        let argument = argument?;
        let Argument { text, key, .. } = argument;
        if key.eq_ignore_ascii_case("drop") {
            dropped = true;
            continue;
        }
        let start = parser.out.len();
        let rank = action(parser, argument).map_err(|problem| problem.within(text))?;
        if out_of_order(last, rank) {
            return Err(Problem::syntax(format!("the order is {ORDER}")).within(text));
        }
        last = Some(rank);
        if key.eq_ignore_ascii_case("conjunction") {
            conjunction = true;
        } else if !key.eq_ignore_ascii_case("note") {
            other = other.or(Some(text));
        }
        // Meters became actions in 1.5.
        let is_action = rank == InstructionRank::Apply
            || (rank == InstructionRank::Meter && parser.version >= Version::V15);
        // Setting no bits encodes to nothing.
        let out = &mut parser.out;
        if wraps && is_action && apply.is_none() && out.len() > start {
            apply = Some(start);
            out.splice(start..start, [0, 4, 0, 8, 0, 0, 0, 0]);
        }
        if !is_action {
            apply = None;
        }
        if let Some(start) = apply {
            let length = out.len() - start;
            if length > LONGEST {
                return Err(Problem::syntax(
                    "these are more actions than fit in a message",
                ));
            }
            if let Some(field) = out.get_mut(start + 2..start + 4) {
                field.copy_from_slice(&(length as u16).to_be_bytes());
            }
        } else if out.len() > LONGEST {
            return Err(Problem::syntax(
                "these are more actions than fit in a message",
            ));
        }
    }
    if dropped && last.is_some() {
        return Err(Problem::syntax("drop is the only action of its list"));
    }
    if let Some(other) = other.filter(|_| conjunction) {
        return Err(
            Problem::syntax("beside conjunction only conjunction and note are allowed")
                .within(other),
        );
    }
    Ok(())
}

/// Reads one action.
fn action(parser: &mut Parser<'_>, argument: Argument<'_>) -> Result<InstructionRank, Problem> {
    let Argument { text, key, value } = argument;
    let word = if key.bytes().any(|c| c.is_ascii_uppercase()) {
        Cow::Owned(key.to_ascii_lowercase())
    } else {
        Cow::Borrowed(key)
    };
    let word = &*word;
    let Some((rank, parse)) = BY_WORD.get(word) else {
        return port(parser, argument);
    };
    let start = parser.out.len();
    let place = match (parser.outer, *rank) {
        (ListOwner::Flow, _) => None,
        // Meters became actions in 1.5.
        (ListOwner::Bucket, InstructionRank::Meter) => {
            (parser.version < Version::V15).then_some("stands in a bucket in OpenFlow 1.5 only")
        }
        (
            _,
            InstructionRank::Meter
            | InstructionRank::Clear
            | InstructionRank::Write
            | InstructionRank::Metadata
            | InstructionRank::Goto
            | InstructionRank::Unknown,
        ) => Some("stands in a flow only, not in another action or in a bucket"),
        (ListOwner::Ct, InstructionRank::Apply) => {
            (!matches!(word, "set_field" | "load" | "move" | "nat")).then_some(NOT_IN_CT)
        }
        (_, InstructionRank::Apply) => None,
    };
    if let Some(place) = place {
        return Err(Problem::syntax(format!("{word} {place}")));
    }
    if word == "nat" && parser.outer != ListOwner::Ct {
        return Err(Problem::syntax("nat stands in ct only"));
    }
    parse(word, value, parser)?;
    check_length(parser, start).map_err(|problem| problem.within(text))?;
    // In 1.0 it is an action, and a later goto_table is encoded as resubmit.
    Ok(match rank {
        InstructionRank::Metadata if parser.version == Version::V10 => InstructionRank::Apply,
        rank => *rank,
    })
}

/// Reads a port without `output:` before it.
fn port(parser: &mut Parser<'_>, argument: Argument<'_>) -> Result<InstructionRank, Problem> {
    let Argument { text, key, value } = argument;
    let port = match parse_port(text, parser.names) {
        Ok(port) => port,
        Err(_) if key.eq_ignore_ascii_case("apply_actions") => {
            return Err(Problem::syntax(
                "the actions of apply_actions are written without it",
            ));
        }
        Err(_) if !value.is_empty() && parse_port(key, parser.names).is_ok() => {
            return Err(Problem::syntax("a port takes no argument here"));
        }
        Err(problem) if key.starts_with('"') => return Err(problem),
        Err(_) => return Err(unknown_action(key)),
    };
    if parser.outer == ListOwner::Ct {
        return Err(Problem::syntax(format!("output {NOT_IN_CT}")));
    }
    put_output(port, 0, parser)?;
    Ok(InstructionRank::Apply)
}

const ORDER: &str = "meter, actions, clear_actions, write_actions, write_metadata, goto_table; each but actions once";

fn out_of_order(last: Option<InstructionRank>, rank: InstructionRank) -> bool {
    let once = !matches!(rank, InstructionRank::Apply | InstructionRank::Unknown);
    last.is_some_and(|last| rank < last || (rank == last && once))
}

/// Words that are a whole action, besides the names of actions.
pub const PLAIN_WORDS: [&str; 7] = [
    "drop", "normal", "flood", "all", "local", "in_port", "table",
];

/// Words that are printed but not accepted.
const SHOWN_WORDS: [&str; 2] = ["exec", "set_tunnel64"];

/// Every word that names an action, in lower case: its type in JSON, the words that begin it in text, and ports
/// in its place; some are repeated.
pub fn words() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied().chain(text_words()).chain(SHOWN_WORDS)
}

/// Every word that text may begin an action with.
fn text_words() -> impl Iterator<Item = &'static str> {
    let words = PARSERS.iter().flat_map(|(words, ..)| words.iter().copied());
    words.chain(PLAIN_WORDS)
}

fn unknown_action(key: &str) -> Problem {
    let did_you_mean = nearest_of(&key.to_ascii_lowercase(), text_words());
    let hint = match did_you_mean {
        Some(name) => format!("; did you mean {name}?"),
        None => String::new(),
    };
    Problem::new(
        format!("\"{}\" is neither an action nor a port{hint}", shown(key)),
        ParseErrorKind::UnknownAction { did_you_mean },
    )
}
