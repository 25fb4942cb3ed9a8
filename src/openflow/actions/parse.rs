//! The text of actions, read back (ovs-actions(7), ovs-ofctl(8) "Flow Syntax").
//!
//! [`parse_actions`] reads what follows `actions=`. Each action reads its own arguments, beside where it
//! writes them, by [`ActionParse`]; this file cuts the list into actions, finds the reader by the word, and
//! wraps instructions as ovs-ofctl does.
//!
//! Some words say different things in different versions, or depend on the packets that the flow matches:
//! `mod_vlan_vid` adds a tag unless there is one, `mod_tp_src` sets the port of TCP, UDP or SCTP. What is
//! known of the packet goes along in [`Known`], and changes from action to action.

use crate::openflow::fields::{
    Field, Id, ParseError, ParseErrorKind, Prereq, Problem, nearest_of, parse_port, parse_table,
    parse_value,
};
use crate::openflow::text::{Names, PORT_ANY};
use crate::openflow::version::Version;

use super::arguments::{Argument, Arguments, shown};
use super::list::{ActionList, Form};
use super::{ActionCodec, NAMES, Output, TEXTS, Unencodable};

/// The most lists that may be nested in each other, as in ovs-ofctl.
const DEPTH_LIMIT: u8 = 100;
/// The longest action or instruction: its length has 16 bits and is a multiple of 8.
const LONGEST: usize = 0xfff8;

/// Actions that were read from text, as bytes of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// Actions in OpenFlow 1.0, instructions in later versions.
    pub bytes: Vec<u8>,
    /// The version of the bytes.
    pub version: Version,
}

impl Parsed {
    /// The actions, to be shown or looked at.
    pub fn list(&self) -> ActionList<'_> {
        let form = if self.version == Version::V10 {
            Form::Actions
        } else {
            Form::Instructions
        };
        ActionList::new(&self.bytes, 0, self.version, form)
    }
}

/// Reads the actions of a flow, as they follow `actions=`, and encodes them for `version`.
///
/// The bytes are those that `ovs-ofctl -O VERSION add-flow` sends for a flow that matches everything. What a
/// version cannot say is an error here, also where ovs-ofctl leaves it out in silence (`write_actions` and
/// masks of `set_field` in OpenFlow 1.0). Beyond what ovs-ofctl takes: ports as `2(phy-br-ens37)`, names in
/// quotes anywhere, and the `unknown(...)` and `experimenter(...)` of a dump.
///
/// # Errors
///
/// The piece that is wrong, the reason, and where a word is not known, the one that comes nearest.
pub fn parse_actions(
    text: &str,
    names: &dyn Names,
    version: Version,
) -> Result<Parsed, ParseError> {
    parse_with(text, names, version, Known::default())
}

/// [`parse_actions`] for a flow whose match says something of its packets.
pub(in crate::openflow) fn parse_with(
    text: &str,
    names: &dyn Names,
    version: Version,
    known: Known,
) -> Result<Parsed, ParseError> {
    let mut parser = Parser {
        names,
        version,
        known,
        outer: Outer::Flow,
        depth: 0,
        in_set: false,
    };
    let mut bytes = Vec::new();
    parser
        .list(text, Outer::Flow, &mut bytes)
        .map_err(|problem| problem.at(text))?;
    Ok(Parsed { bytes, version })
}

/// How an action is read from text.
pub(super) trait ActionParse {
    /// The words that begin the action, in any case; none for an action that another one's words stand for.
    const WORDS: &'static [&'static str] = &[];

    /// Where the action stands among instructions.
    const RANK: Rank = Rank::Apply;

    /// Reads what follows the word and appends the action as the parser's version says it.
    ///
    /// `word` is in lower case. What it appends is one action or instruction, or several actions.
    fn parse(
        word: &str,
        argument: &str,
        parser: &mut Parser<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        // Without words of its own nothing leads here.
        let _ = (argument, parser, out);
        Err(unknown_action(word))
    }
}

/// [`ActionParse::parse`] of one action.
pub(super) type ParseAction = fn(&str, &str, &mut Parser<'_>, &mut Vec<u8>) -> Result<(), Problem>;

/// The order of instructions, which the text must keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Meter,
    Apply,
    Clear,
    Write,
    Metadata,
    Goto,
    /// What is not known, as often as it comes.
    Unknown,
}

/// What a list of actions belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outer {
    Flow,
    WriteActions,
    Ct,
    Clone,
}

/// What is known of the packets that an action meets.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::openflow) struct Known {
    /// Whether the flow's match is known, so that what it lacks is an error.
    pub(in crate::openflow) checked: bool,
    /// How many VLAN tags there are at least.
    pub(in crate::openflow) vlan_tags: u8,
    /// Whether packets have no Ethernet header.
    pub(in crate::openflow) bare: bool,
    /// The Ethernet type.
    pub(in crate::openflow) eth_type: Option<u16>,
    /// The IP protocol.
    pub(in crate::openflow) nw_proto: Option<u8>,
}

impl Known {
    /// What a match lacks for a prerequisite, as far as it can be told.
    fn lacks(self, prereq: Prereq) -> Option<&'static str> {
        let eth_type = self.eth_type;
        let ip = matches!(eth_type, Some(0x0800 | 0x86dd));
        let transport = |protocol: u8| ip && self.nw_proto == Some(protocol);
        let (met, needs) = match prereq {
            Prereq::Vlan => (self.vlan_tags > 0, "dl_vlan"),
            Prereq::Arp => (matches!(eth_type, Some(0x0806 | 0x8035)), "arp or rarp"),
            Prereq::Ipv4 => (eth_type == Some(0x0800), "ip"),
            Prereq::Ipv6 => (eth_type == Some(0x86dd), "ipv6"),
            Prereq::Ip => (ip, "ip or ipv6"),
            Prereq::Mpls => (matches!(eth_type, Some(0x8847 | 0x8848)), "mpls or mplsm"),
            Prereq::Tcp => (transport(6), "tcp or tcp6"),
            Prereq::Udp => (transport(17), "udp or udp6"),
            Prereq::Sctp => (transport(132), "sctp or sctp6"),
            Prereq::Icmp => (eth_type == Some(0x0800) && self.nw_proto == Some(1), "icmp"),
            Prereq::Icmp6 | Prereq::Nd | Prereq::NdSolicit | Prereq::NdAdvert => (
                eth_type == Some(0x86dd) && self.nw_proto == Some(58),
                "icmp6",
            ),
            Prereq::Ethernet => (!self.bare, "eth"),
            Prereq::Any | Prereq::Nsh | Prereq::Ct => (true, ""),
        };
        (self.checked && !met).then_some(needs)
    }
}

/// What the actions of one text share while they are read.
pub(super) struct Parser<'p> {
    /// Who knows the names of ports and tables.
    pub(super) names: &'p dyn Names,
    /// The version to encode for.
    pub(super) version: Version,
    /// What is known of the packet where the next action stands.
    pub(super) known: Known,
    /// What the list at hand belongs to.
    outer: Outer,
    /// How many lists the one at hand is nested in.
    depth: u8,
    /// Whether one of them is the action set.
    in_set: bool,
}

const NOT_IN_CT: &str = "does not stand in ct, where only ct_mark and ct_label are set";

fn check_length(actions: &[u8]) -> Result<(), Problem> {
    if actions.len() > LONGEST {
        return Err(Problem::syntax(format!(
            "this is longer than {LONGEST} bytes"
        )));
    }
    Ok(())
}

impl Parser<'_> {
    /// Reads a list of actions; in a flow of OpenFlow 1.1 and later, of instructions.
    pub(super) fn list(
        &mut self,
        text: &str,
        outer: Outer,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        if self.depth >= DEPTH_LIMIT {
            return Err(Problem::syntax(format!(
                "no more than {DEPTH_LIMIT} lists may be nested in each other"
            )));
        }
        // What a nested list does to the packet is forgotten behind it.
        let (before, known, in_set) = (self.outer, self.known, self.in_set);
        self.outer = outer;
        self.in_set |= outer == Outer::WriteActions;
        self.depth += 1;
        let outcome = self.actions(text, out);
        self.depth -= 1;
        self.outer = before;
        self.known = known;
        self.in_set = in_set;
        outcome
    }

    fn actions(&mut self, text: &str, out: &mut Vec<u8>) -> Result<(), Problem> {
        let wraps = self.outer == Outer::Flow && self.version > Version::V10;
        let mut last: Option<Rank> = None;
        // Where `apply_actions` began, if the last action stands in one.
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
            let mut piece = Vec::new();
            let rank = self
                .action(argument, &mut piece)
                .map_err(|problem| problem.within(text))?;
            if out_of_order(last, rank) {
                return Err(Problem::syntax(format!("the order is {ORDER}")).within(text));
            }
            last = Some(rank);
            match key.to_ascii_lowercase().as_str() {
                "conjunction" => conjunction = true,
                "note" => {}
                _ => other = other.or(Some(text)),
            }
            // Meters became actions in 1.5.
            let is_action =
                rank == Rank::Apply || (rank == Rank::Meter && self.version >= Version::V15);
            // Setting no bits at all is nothing.
            if wraps && is_action && apply.is_none() && !piece.is_empty() {
                apply = Some(out.len());
                out.extend([0, 4, 0, 8, 0, 0, 0, 0]);
            }
            if !is_action {
                apply = None;
            }
            out.append(&mut piece);
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
            return Err(Problem::syntax("drop stands alone or not at all"));
        }
        if let Some(other) = other.filter(|_| conjunction) {
            return Err(
                Problem::syntax("conjunction stands beside conjunction and note only")
                    .within(other),
            );
        }
        Ok(())
    }

    /// Reads one action.
    fn action(&mut self, argument: Argument<'_>, out: &mut Vec<u8>) -> Result<Rank, Problem> {
        let Argument { text, key, value } = argument;
        let word = key.to_ascii_lowercase();
        let found = TEXTS
            .iter()
            .find(|(words, ..)| words.contains(&word.as_str()));
        let Some((_, rank, parse)) = found else {
            return self.port(argument, out);
        };
        let place = match (self.outer, *rank) {
            (Outer::Flow, _) => None,
            (
                _,
                Rank::Meter
                | Rank::Clear
                | Rank::Write
                | Rank::Metadata
                | Rank::Goto
                | Rank::Unknown,
            ) => Some("stands in a flow only, not in another action"),
            (Outer::Ct, Rank::Apply) => {
                (!matches!(word.as_str(), "set_field" | "load" | "move" | "nat"))
                    .then_some(NOT_IN_CT)
            }
            (_, Rank::Apply) => None,
        };
        if let Some(place) = place {
            return Err(Problem::syntax(format!("{word} {place}")));
        }
        if word == "nat" && self.outer != Outer::Ct {
            return Err(Problem::syntax("nat stands in ct only"));
        }
        parse(&word, value, self, out)?;
        check_length(out).map_err(|problem| problem.within(text))?;
        // In 1.0 it is an action, and goto_table behind it reads as resubmit.
        Ok(match rank {
            Rank::Metadata if self.version == Version::V10 => Rank::Apply,
            rank => *rank,
        })
    }

    /// Reads a port that stands for `output`.
    fn port(&mut self, argument: Argument<'_>, out: &mut Vec<u8>) -> Result<Rank, Problem> {
        let Argument { text, key, value } = argument;
        let port = match parse_port(text, self.names) {
            Ok(port) => port,
            Err(_) if key.eq_ignore_ascii_case("apply_actions") => {
                return Err(Problem::syntax(
                    "the actions of apply_actions are written without it",
                ));
            }
            Err(_) if !value.is_empty() && parse_port(key, self.names).is_ok() => {
                return Err(Problem::syntax("a port takes no argument here"));
            }
            Err(problem) if key.starts_with('"') => return Err(problem),
            Err(_) => return Err(unknown_action(key)),
        };
        if self.outer == Outer::Ct {
            return Err(Problem::syntax(format!("output {NOT_IN_CT}")));
        }
        self.output(port, 0, out)?;
        check_length(out).map_err(|problem| problem.within(text))?;
        Ok(Rank::Apply)
    }

    /// Appends an output to a port.
    pub(super) fn output(
        &mut self,
        port: u32,
        max_len: u16,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        if port == PORT_ANY || port == 0xffff_fff7 {
            return Err(Problem::syntax("nothing can be sent to this port"));
        }
        self.put(&Output { port, max_len }, out)
    }

    /// Appends an action as the version says it.
    pub(super) fn put<'a>(
        &self,
        action: &impl ActionCodec<'a>,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        Ok(action.encode(self.version, out)?)
    }

    /// A port of the switch or a reserved one.
    pub(super) fn ofport(&self, text: &str) -> Result<u32, Problem> {
        parse_port(text, self.names)
    }

    /// A table of the switch.
    pub(super) fn table(&self, text: &str) -> Result<u8, Problem> {
        parse_table(text, self.names)
    }

    /// A value of a field, with its mask.
    pub(super) fn field_value(
        &self,
        field: &Field,
        text: &str,
    ) -> Result<(Vec<u8>, Option<Vec<u8>>), Problem> {
        parse_value(field, text, self.names)
    }

    /// An error if the match lacks what every version wants for this.
    pub(super) fn demand(&self, what: &str, prereq: Prereq) -> Result<(), Problem> {
        match self.known.lacks(prereq) {
            Some(needs) => Err(Problem::syntax(format!(
                "{what} needs {needs} in the match"
            ))),
            None => Ok(()),
        }
    }

    /// An error if the match lacks what later versions than 1.0 want for this; but what a packet meets
    /// when its action set is executed cannot be told.
    pub(super) fn demand_since_v11(&self, what: &str, prereq: Prereq) -> Result<(), Problem> {
        if self.version == Version::V10 || self.in_set {
            Ok(())
        } else {
            self.demand(what, prereq)
        }
    }

    /// An error if the field cannot be changed here.
    pub(super) fn demand_writable(&self, field: &Field) -> Result<(), Problem> {
        let tracked = matches!(field.id, Id::CT_MARK | Id::CT_LABEL);
        let reason = if !field.writable {
            "cannot be changed"
        } else if tracked && self.outer != Outer::Ct {
            "is set in ct(commit,exec(...)) only"
        } else if !tracked && self.outer == Outer::Ct {
            "cannot be set in ct, only ct_mark and ct_label can"
        } else {
            return self.demand(field.name, field.prereq);
        };
        Err(Problem::syntax(format!("{} {reason}", field.name)))
    }
}

const ORDER: &str = "meter, actions, clear_actions, write_actions, write_metadata, goto_table; each but actions once";

fn out_of_order(last: Option<Rank>, rank: Rank) -> bool {
    let once = !matches!(rank, Rank::Apply | Rank::Unknown);
    last.is_some_and(|last| rank < last || (rank == last && once))
}

impl From<Unencodable> for Problem {
    fn from(error: Unencodable) -> Problem {
        Problem::syntax(error.to_string())
    }
}

/// What stands alone for an action, besides those with words of their own.
const PLAIN_WORDS: [&str; 7] = [
    "drop", "normal", "flood", "all", "local", "in_port", "table",
];

/// Words that text shows and does not take.
const SHOWN_WORDS: [&str; 2] = ["exec", "set_tunnel64"];

/// Every word by which an action is known, in lower case: its type in JSON, and what text begins it with or
/// has in its place; some come twice.
pub fn words() -> impl Iterator<Item = &'static str> {
    NAMES.iter().copied().chain(text_words()).chain(SHOWN_WORDS)
}

/// Every word that text may begin an action with.
fn text_words() -> impl Iterator<Item = &'static str> {
    let words = TEXTS.iter().flat_map(|(words, ..)| words.iter().copied());
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
