//! The state shared by the parsers of actions, including what is known of the packets.

use crate::openflow::fields::{Field, Id, Prereq, Problem, parse_bits, parse_port, parse_table};
use crate::openflow::text::NameLookup;
use crate::openflow::version::Version;

/// Maximum nesting depth of lists, as in ovs-ofctl.
const DEPTH_LIMIT: u8 = 100;

/// The order of instructions, required in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::openflow) enum InstructionRank {
    Meter,
    Apply,
    Clear,
    Write,
    Metadata,
    Goto,
    /// An unknown instruction; may be repeated.
    Unknown,
}

/// What a list of actions belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListOwner {
    Flow,
    WriteActions,
    Ct,
    Clone,
    /// A bucket of a group.
    Bucket,
}

/// What is known of the packets that reach an action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::openflow) struct KnownHeaders {
    /// Whether the flow's match is known, so that missing prerequisites are errors.
    pub(in crate::openflow) checked: bool,
    /// Minimum number of VLAN tags.
    pub(in crate::openflow) vlan_tags: u8,
    /// Whether packets have no Ethernet header.
    pub(in crate::openflow) bare: bool,
    /// The Ethernet type.
    pub(in crate::openflow) eth_type: Option<u16>,
    /// The IP protocol.
    pub(in crate::openflow) nw_proto: Option<u8>,
    /// The table of the flow.
    pub(in crate::openflow) table: Option<u8>,
}

impl KnownHeaders {
    /// An action gives the packet this Ethernet type. Open vSwitch keeps that of the packet type where there is no
    /// Ethernet header, as far as prerequisites go.
    pub(super) fn set_eth_type(&mut self, eth_type: u16) {
        if !self.bare {
            self.eth_type = Some(eth_type);
        }
    }

    /// What the match lacks for a prerequisite, if known.
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

/// The state shared by the parsers of the actions of one text.
pub(in crate::openflow) struct Parser<'p> {
    /// The names of ports and tables.
    pub(super) names: &'p dyn NameLookup,
    /// The version to encode for.
    pub(super) version: Version,
    /// What is known of the packet before the next action.
    pub(super) known: KnownHeaders,
    /// The actions of the list at hand, as bytes.
    pub(super) out: Vec<u8>,
    /// What the list at hand belongs to.
    pub(super) outer: ListOwner,
    /// Parses the actions of a list and appends them; a callback, so that action files do not import the
    /// list of all actions.
    actions: fn(&mut Parser<'p>, &str) -> Result<(), Problem>,
    /// How many lists the one at hand is nested in.
    depth: u8,
    /// Whether one of them is the action set.
    in_set: bool,
    /// The actions whose value has bits outside of its mask.
    pub(super) outside_mask: Vec<String>,
}

impl<'p> Parser<'p> {
    pub(super) fn new(
        names: &'p dyn NameLookup,
        version: Version,
        known: KnownHeaders,
        actions: fn(&mut Parser<'p>, &str) -> Result<(), Problem>,
    ) -> Parser<'p> {
        Parser {
            names,
            version,
            known,
            out: Vec::new(),
            outer: ListOwner::Flow,
            actions,
            depth: 0,
            in_set: false,
            outside_mask: Vec::new(),
        }
    }

    /// Notes an action whose value has bits outside of its mask.
    pub(super) fn note_outside_mask(&mut self, action: &str, value: &[u8], mask: Option<&[u8]>) {
        let mut bits = value.iter().zip(mask.unwrap_or_default());
        if bits.any(|(value, mask)| value & !mask != 0) {
            self.outside_mask.push(action.to_owned());
        }
    }

    /// Parses and returns a list of actions; for a flow of OpenFlow 1.1 and later, of instructions.
    pub(super) fn list(&mut self, text: &str, outer: ListOwner) -> Result<Vec<u8>, Problem> {
        if self.depth >= DEPTH_LIMIT {
            return Err(Problem::syntax(format!(
                "no more than {DEPTH_LIMIT} lists may be nested in each other"
            )));
        }
        // Changes of a nested list do not affect what is known after it.
        let (before, known, in_set) = (self.outer, self.known, self.in_set);
        let out = std::mem::take(&mut self.out);
        self.outer = outer;
        self.in_set |= outer == ListOwner::WriteActions;
        self.depth += 1;
        let outcome = (self.actions)(self, text);
        self.depth -= 1;
        self.outer = before;
        self.known = known;
        self.in_set = in_set;
        outcome.map(|()| std::mem::replace(&mut self.out, out))
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
        let (value, mask) = parse_bits(field, text, self.names)?;
        Ok((value.to_vec(), mask.map(|mask| mask.to_vec())))
    }

    /// An error if the match lacks a prerequisite of every version.
    pub(super) fn demand(&self, what: &str, prereq: Prereq) -> Result<(), Problem> {
        match self.known.lacks(prereq) {
            Some(needs) => Err(Problem::syntax(format!(
                "{what} needs {needs} in the match"
            ))),
            None => Ok(()),
        }
    }

    /// An error if the match lacks a prerequisite of versions after 1.0. In an action set this is not checked:
    /// the packet at its execution is unknown.
    pub(super) fn demand_since_v11(&self, what: &str, prereq: Prereq) -> Result<(), Problem> {
        if self.version == Version::V10 || self.in_set {
            Ok(())
        } else {
            self.demand(what, prereq)
        }
    }

    /// An error if the field cannot be changed here, or the match lacks what it needs.
    pub(super) fn demand_writable(&self, field: &Field) -> Result<(), Problem> {
        self.demand_settable(field)?;
        self.demand(field.name, field.prereq)
    }

    /// An error if the field cannot be changed here, whatever packets have it.
    pub(super) fn demand_settable(&self, field: &Field) -> Result<(), Problem> {
        let tracked = matches!(field.id, Id::CT_MARK | Id::CT_LABEL);
        let reason = if !field.writable {
            "cannot be changed"
        } else if tracked && self.outer != ListOwner::Ct {
            "is set in ct(commit,exec(...)) only"
        } else if !tracked && self.outer == ListOwner::Ct {
            "cannot be set in ct, only ct_mark and ct_label can"
        } else {
            return Ok(());
        };
        Err(Problem::syntax(format!("{} {reason}", field.name)))
    }
}
