//! Actions and instructions: one file per action or family (OpenFlow 1.5.1 §7.2.6, ovs-actions(7)).
//!
//! An action is a struct that says where it stands on the wire ([`ActionCodec::WIRE`]) and how it is
//! read, written, and shown. The list at the `actions!` call below names every one of them once; the
//! enum [`Action`] and the dispatch by (version, vendor, number) are made from it. The struct is the same
//! whatever the version.
//!
//! What is not understood is never lost: an unknown vendor or number, or a known action whose inside
//! does not make sense, becomes [`Unknown`], which prints its bytes and encodes to what it was. Only
//! lengths that contradict each other end a list, since nothing behind them can be found.
//!
//! The JSON of each action is described at its struct. `type` is the name that ovs-actions(7) uses; keys
//! that do not apply are left out.

mod arguments;
mod bits;
mod bundle;
mod check_pkt_larger;
mod clone_actions;
mod codec;
mod conjunction;
mod controller;
mod ct;
mod debug;
mod delete_field;
mod exit;
mod fin_timeout;
mod goto_table;
mod group;
mod learn;
mod list;
mod metadata;
mod meter;
mod mod_header;
mod mpls;
mod multipath;
mod nat;
mod note;
mod nsh;
mod number;
mod output;
mod parse;
mod queue;
mod reg_load;
mod reg_move;
mod resubmit;
mod sample;
mod separator;
mod set_field;
mod stack;
mod ttl;
mod tunnel;
mod unknown;
mod vlan;
mod write_actions;

use super::bytes::Cursor;
use super::text::{Sink, TextContext};
use super::version::Version;
use crate::base::json::Json;

use parse::{ActionParse, ParseAction, Rank};

use codec::{
    EXPERIMENTER, bare_action, gap, hash_fields, hex_json, number_action, place, port, port_json,
    port_u16, put_action, put_name, put_zeros, skip_zeros,
};

pub use bits::Bits;
pub use bundle::{Bundle, BundleLoad, Choice};
pub use check_pkt_larger::CheckPktLarger;
pub use clone_actions::CloneActions;
pub use codec::{ActionCodec, Head, Unencodable, Vendor, Wire};
pub use conjunction::Conjunction;
pub use controller::{Controller, ControllerForm};
pub use ct::{Ct, CtClear, Zone};
pub use debug::{DebugRecirc, DebugSlow};
pub use delete_field::DeleteField;
pub use exit::Exit;
pub use fin_timeout::FinTimeout;
pub use goto_table::GotoTable;
pub use group::Group;
pub use learn::{Learn, LearnSource, LearnSpec, LearnTarget, Second as LearnSecond};
pub use list::{ActionIter, ActionList, Form};
pub use metadata::WriteMetadata;
pub use meter::Meter;
pub use mod_header::{
    ModDlDst, ModDlSrc, ModNwDst, ModNwEcn, ModNwSrc, ModNwTos, ModNwTtl, ModTpDst, ModTpSrc,
};
pub use mpls::{DecMplsTtl, PopMpls, PushMpls, SetMplsLabel, SetMplsTc, SetMplsTtl};
pub use multipath::Multipath;
pub use nat::Nat;
pub use note::Note;
pub use nsh::{DecNshTtl, Decap, Encap, EncapProperty};
pub(crate) use number::put_hex_or_zero;
pub use output::{Output, OutputReg, OutputTrunc};
pub(in crate::openflow) use parse::{Known, parse_with};
pub use parse::{Parsed, parse_actions, words};
pub use queue::{Enqueue, PopQueue, SetQueue};
pub use reg_load::RegLoad;
pub use reg_move::RegMove;
pub use resubmit::{Resubmit, ResubmitForm};
pub use sample::{Direction, Sample};
pub use set_field::SetField;
pub use stack::{StackPop, StackPush};
pub use ttl::DecTtl;
pub use tunnel::SetTunnel;
pub use unknown::Unknown;
pub use vlan::{ModVlanPcp, ModVlanVid, PopVlan, PushVlan, SetVlanPcp, SetVlanVid, StripVlan};
pub use write_actions::{ClearActions, WriteActions};

/// Makes the enum and the dispatch from one list of action structs.
macro_rules! actions {
    ($life:lifetime: $($name:ident $(<$arg:lifetime>)?),* $(,)?) => {
        /// An action or instruction, read but still borrowed from its message.
        #[derive(Debug, Clone, Copy)]
        pub enum Action<$life> {
            $(#[doc = concat!("See [`", stringify!($name), "`].")]
            $name($name $(<$arg>)?),)*
            /// What is not understood, kept whole.
            Unknown(Unknown<$life>),
        }

        #[derive(Debug, Clone, Copy)]
        enum Kind {
            $($name,)*
        }

        /// Every action with its places on the wire.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        const KINDS: &[(Kind, &[Wire])] = &[
            $((Kind::$name, <$name as ActionCodec<'static>>::WIRE),)*
        ];

        /// The names of all actions that are known, in the order of ovs-actions(7); some come twice.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        pub const NAMES: &[&str] = &[
            $(<$name as ActionCodec<'static>>::NAME,)*
        ];

        /// Every action that has words in text, with its place among instructions and its reader.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        const TEXTS: &[(&[&str], Rank, ParseAction)] = &[
            $((
                <$name as ActionParse>::WORDS,
                <$name as ActionParse>::RANK,
                <$name as ActionParse>::parse,
            ),)*
            (unknown::WORDS, Rank::Apply, unknown::parse),
            (unknown::INSTRUCTION_WORDS, Rank::Unknown, unknown::parse),
        ];

        /// Reads the inside of an action, or keeps it whole.
        ///
        /// One match and no detour by `Result` on the way out: this runs for every action of a dump.
        #[inline]
        fn decode_kind<$life>(
            kind: Kind,
            mut body: Cursor<$life>,
            head: Head,
            whole: Unknown<$life>,
        ) -> Action<$life> {
            match kind {
                $(Kind::$name => match ActionCodec::decode(&mut body, head) {
                    Ok(action) if body.remaining() < ALIGNMENT => Action::$name(action),
                    _ => Action::Unknown(whole),
                },)*
            }
        }

        impl<$life> Action<$life> {
            /// The name that ovs-actions(7) uses, and `type` in JSON.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Action::$name(_) => <$name $(<$arg>)? as ActionCodec<$life>>::NAME,)*
                    Action::Unknown(unknown) => unknown.name(),
                }
            }

            /// Appends the action as `version` says it.
            pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
                match self {
                    $(Action::$name(action) => action.encode(version, out),)*
                    Action::Unknown(unknown) => {
                        unknown.encode(out);
                        Ok(())
                    }
                }
            }

            /// Writes the action as `ovs-ofctl -O VERSION` does.
            pub fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
                match self {
                    $(Action::$name(action) => action.text(sink, cx),)*
                    Action::Unknown(unknown) => unknown.text(sink),
                }
            }

            /// Writes the action as a JSON object.
            pub fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
                json.begin_object();
                json.key("type");
                json.word(self.name());
                match self {
                    $(Action::$name(action) => action.json(json, cx),)*
                    Action::Unknown(unknown) => unknown.json(json),
                }
                json.end_object();
            }
        }
    };
}

actions! { 'a:
    Output, OutputReg, OutputTrunc, Controller<'a>, Enqueue, Group, Bundle<'a>, BundleLoad<'a>,
    SetField<'a>, RegLoad, RegMove, StackPush, StackPop, DeleteField, CheckPktLarger,
    SetVlanVid, SetVlanPcp, PopVlan, PushVlan, StripVlan, ModVlanVid, ModVlanPcp,
    PushMpls, PopMpls, SetMplsLabel, SetMplsTc, SetMplsTtl, DecMplsTtl,
    Encap<'a>, Decap, DecNshTtl,
    ModDlSrc, ModDlDst, ModNwSrc, ModNwDst, ModNwTos, ModNwEcn, ModNwTtl, ModTpSrc, ModTpDst,
    DecTtl<'a>, SetQueue, PopQueue, SetTunnel,
    Resubmit, Learn<'a>, Conjunction, Multipath, Note<'a>, Exit, FinTimeout, Sample,
    Ct<'a>, CtClear, Nat<'a>, CloneActions<'a>,
    Meter, ClearActions, WriteActions<'a>, WriteMetadata, GotoTable,
    DebugSlow, DebugRecirc,
}

/// Lengths of actions are multiples of this; what is left of the last eight bytes is padding.
const ALIGNMENT: usize = 8;

/// The kinds of one vendor by version and number, the number counted from `first`.
#[allow(clippy::indexing_slicing, reason = "at compile time")]
const fn table<const N: usize>(vendor: Vendor, first: u16) -> [[Option<Kind>; N]; 7] {
    let mut table = [[None; N]; 7];
    let mut kind = 0;
    while kind < KINDS.len() {
        let (name, wires) = KINDS[kind];
        let mut wire = 0;
        while wire < wires.len() {
            let place = wires[wire];
            if place.vendor as u8 == vendor as u8 {
                let mut version = place.since as u8 as usize;
                while version <= place.until as u8 as usize {
                    let slot = &mut table[version][(place.number - first) as usize];
                    assert!(slot.is_none(), "two actions in one place");
                    *slot = Some(name);
                    version += 1;
                }
            }
            wire += 1;
        }
        kind += 1;
    }
    table
}

const ONF_FIRST: u16 = 3200;
static OPENFLOW: [[Option<Kind>; 32]; 7] = table(Vendor::OpenFlow, 0);
static INSTRUCTION: [[Option<Kind>; 8]; 7] = table(Vendor::Instruction, 0);
static NICIRA: [[Option<Kind>; 256]; 7] = table(Vendor::Nicira, 0);
static ONF: [[Option<Kind>; 4]; 7] = table(Vendor::Onf, ONF_FIRST);

fn kind(version: Version, vendor: Vendor, number: u16) -> Option<Kind> {
    let (version, number) = (version as usize, usize::from(number));
    *match vendor {
        Vendor::OpenFlow => OPENFLOW.get(version)?.get(number)?,
        Vendor::Instruction => INSTRUCTION.get(version)?.get(number)?,
        Vendor::Nicira => NICIRA.get(version)?.get(number)?,
        Vendor::Onf => ONF
            .get(version)?
            .get(number.checked_sub(usize::from(ONF_FIRST))?)?,
    }
}

impl<'a> Action<'a> {
    /// Reads the action (or, with `instruction`, the instruction) that `whole` holds, header included.
    ///
    /// What is not understood comes back as [`Action::Unknown`].
    #[inline]
    fn decode(whole: Cursor<'a>, version: Version, instruction: bool, depth: u8) -> Action<'a> {
        let unknown = Unknown::new(whole.rest(), instruction);
        let mut body = whole;
        match Action::head(&mut body, version, instruction, depth) {
            Some((kind, head)) => decode_kind(kind, body, head, unknown),
            None => Action::Unknown(unknown),
        }
    }

    /// Reads the header; `None` for what is not known.
    #[inline]
    fn head(
        body: &mut Cursor<'a>,
        version: Version,
        instruction: bool,
        depth: u8,
    ) -> Option<(Kind, Head)> {
        let mut number = body.u16("action type").ok()?;
        body.skip(2, "action length").ok()?;
        let vendor = if number != EXPERIMENTER {
            if instruction {
                Vendor::Instruction
            } else {
                Vendor::OpenFlow
            }
        } else if instruction {
            return None;
        } else {
            let vendor = match body.u32("experimenter").ok()? {
                0x2320 => Vendor::Nicira,
                0x4f4e_4600 => Vendor::Onf,
                _ => return None,
            };
            number = body.u16("experimenter's action type").ok()?;
            vendor
        };
        let head = Head {
            version,
            vendor,
            number,
            depth,
        };
        Some((kind(version, vendor, number)?, head))
    }

    /// Whether the action itself, or one nested in it, sends packets to this port.
    pub fn sends_to(&self, ofport: u32) -> bool {
        match self {
            Action::Output(Output { port, .. })
            | Action::OutputTrunc(OutputTrunc { port, .. })
            | Action::Enqueue(Enqueue { port, .. }) => *port == ofport,
            Action::Bundle(bundle) => bundle.members().any(|port| port == ofport),
            Action::Controller(_) => ofport == super::text::PORT_CONTROLLER,
            Action::CloneActions(CloneActions { actions })
            | Action::WriteActions(WriteActions { actions })
            | Action::Ct(Ct { actions, .. }) => actions.sends_to(ofport),
            _ => false,
        }
    }
}
