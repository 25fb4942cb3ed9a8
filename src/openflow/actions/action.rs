//! The list of all actions, and what is made from it: the enum and its dispatch.

use crate::base::compile_time::fail_compilation;
use crate::base::json::Json;
use crate::openflow::bytes::Cursor;
use crate::openflow::fields::{Id, Problem};
use crate::openflow::json_object::JsonObject;
use crate::openflow::text::{PORT_CONTROLLER, Sink, TextContext};
use crate::openflow::version::Version;

use super::bits::Bits;
use super::bundle::{Bundle, BundleLoad};
use super::check_pkt_larger::CheckPktLarger;
use super::clone_actions::CloneActions;
use super::codec::{ActionCodec, ActionHeader, EXPERIMENTER, Unencodable, Vendor, Wire};
use super::conjunction::Conjunction;
use super::controller::Controller;
use super::ct::{Ct, CtClear};
use super::debug::{DebugRecirc, DebugSlow};
use super::delete_field::DeleteField;
use super::exit::Exit;
use super::fin_timeout::FinTimeout;
use super::goto_table::GotoTable;
use super::group::Group;
use super::learn::Learn;
use super::metadata::WriteMetadata;
use super::meter::Meter;
use super::mod_header::{
    ModDlDst, ModDlSrc, ModNwDst, ModNwEcn, ModNwSrc, ModNwTos, ModNwTtl, ModTpDst, ModTpSrc,
};
use super::mpls::{DecMplsTtl, PopMpls, PushMpls, SetMplsLabel, SetMplsTc, SetMplsTtl};
use super::multipath::Multipath;
use super::nat::Nat;
use super::note::Note;
use super::nsh::{DecNshTtl, Decap, Encap};
use super::output::{Output, OutputReg, OutputTrunc};
use super::parser::{InstructionRank, Parser};
use super::queue::{Enqueue, PopQueue, SetQueue};
use super::reg_load::RegLoad;
use super::reg_move::RegMove;
use super::resubmit::Resubmit;
use super::sample::Sample;
use super::set_field::SetField;
use super::shape::JsonMember;
use super::stack::{StackPop, StackPush};
use super::ttl::DecTtl;
use super::tunnel::SetTunnel;
use super::unknown::{self, Unknown};
use super::vlan::{ModVlanPcp, ModVlanVid, PopVlan, PushVlan, SetVlanPcp, SetVlanVid, StripVlan};
use super::write_actions::{ClearActions, WriteActions};
use super::written::WordForm;

/// [`ActionCodec::parse`] of one action.
pub(super) type ParseAction = fn(&str, &str, &mut Parser<'_>) -> Result<(), Problem>;

/// [`ActionCodec::text_of_json`] of one action.
type TextOfJson = fn(&mut JsonObject<'_>, &mut String) -> Result<(), Problem>;

/// Makes the enum and the dispatch from one list of action structs.
macro_rules! actions {
    ($life:lifetime: $($name:ident $(<$arg:lifetime>)?),* $(,)?) => {
        /// A decoded action or instruction, borrowed from its message.
        #[derive(Debug, Clone, Copy)]
        pub enum Action<$life> {
            $(#[doc = concat!("See [`", stringify!($name), "`].")]
            $name($name $(<$arg>)?),)*
            /// An unknown or malformed action, kept as bytes.
            Unknown(Unknown<$life>),
        }

        #[derive(Debug, Clone, Copy)]
        enum ActionKind {
            $($name,)*
        }

        /// Every action with its numbers on the wire.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        const KINDS: &[(ActionKind, &[Wire])] = &[
            $((ActionKind::$name, <$name as ActionCodec<'static>>::WIRE),)*
        ];

        /// The names of all known actions, in the order of ovs-actions(7); some are repeated.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        pub const NAMES: &[&str] = &[
            $(<$name as ActionCodec<'static>>::NAME,)*
        ];

        /// The name of every action with the members of its JSON besides `type`; of a repeated
        /// name, the first entry has all members.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        const MEMBERS: &[(&str, &[JsonMember])] = &[
            $((<$name as ActionCodec<'static>>::NAME, <$name as ActionCodec<'static>>::MEMBERS),)*
        ];

        /// The name of every action with the function that makes its text from its JSON; of a repeated name, the first
        /// makes the text of all.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        pub(super) const TEXT_OF_JSON: &[(&str, TextOfJson)] = &[
            $((
                <$name as ActionCodec<'static>>::NAME,
                <$name as ActionCodec<'static>>::text_of_json,
            ),)*
            ("unknown", unknown::text_of_json),
            ("experimenter", unknown::text_of_json),
            ("unknown_instruction", unknown::text_of_json_instruction),
            ("experimenter_instruction", unknown::text_of_json_instruction),
        ];

        /// Every action that text can contain, with its instruction rank and its parser.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        pub(super) const PARSERS: &[(&[&str], InstructionRank, ParseAction)] = &[
            $((
                <$name as ActionCodec<'static>>::WORDS,
                <$name as ActionCodec<'static>>::RANK,
                <$name as ActionCodec<'static>>::parse,
            ),)*
            (unknown::WORDS, InstructionRank::Apply, unknown::parse),
            (unknown::INSTRUCTION_WORDS, InstructionRank::Unknown, unknown::parse),
        ];

        /// The words that begin each action in text, and the ways to write it.
        #[allow(elided_lifetimes_in_paths, reason = "some structs borrow, some do not")]
        pub const WRITTEN: &[(&[&str], &[WordForm])] = &[
            $((
                <$name as ActionCodec<'static>>::WORDS,
                <$name as ActionCodec<'static>>::FORMS,
            ),)*
        ];

        /// Decodes the body of an action; a malformed one is kept as bytes.
        ///
        /// Returns no `Result`, for speed: this runs for every action of a dump.
        #[inline]
        fn decode_kind<$life>(
            kind: ActionKind,
            mut body: Cursor<$life>,
            head: ActionHeader,
            whole: Unknown<$life>,
        ) -> Action<$life> {
            match kind {
                $(ActionKind::$name => match ActionCodec::decode(&mut body, head) {
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

            /// Appends the action, encoded for `version`.
            ///
            /// # Errors
            ///
            /// The action is not representable in `version`.
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

/// The JSON members of every action besides `type`, once per action name.
pub fn members() -> impl Iterator<Item = (&'static str, &'static [JsonMember])> {
    let before = |at: usize| MEMBERS.iter().take(at).map(|(name, _)| *name);
    let known = MEMBERS.iter().enumerate();
    known
        .filter(move |(at, (name, _))| before(*at).all(|before| before != *name))
        .map(|(_, members)| *members)
        .chain(unknown::MEMBERS)
}

/// Lengths of actions are multiples of this; fewer remaining bytes are padding.
const ALIGNMENT: usize = 8;

/// The kinds of one vendor by version and number, the number counted from `first`.
#[allow(clippy::indexing_slicing, reason = "at compile time")]
const fn table<const N: usize>(vendor: Vendor, first: u16) -> [[Option<ActionKind>; N]; 7] {
    let mut table = [[None; N]; 7];
    let mut kind = 0;
    while kind < KINDS.len() {
        let ((action, wires), name) = (KINDS[kind], NAMES[kind]);
        let mut wire = 0;
        while wire < wires.len() {
            let place = wires[wire];
            if place.vendor as u8 == vendor as u8 {
                if place.number < first || (place.number - first) as usize >= N {
                    fail_compilation(&[
                        "the wire number of action ",
                        name,
                        " is outside its table",
                    ]);
                }
                let mut version = place.since as u8 as usize;
                while version <= place.until as u8 as usize {
                    let slot = &mut table[version][(place.number - first) as usize];
                    if let Some(other) = *slot {
                        let other = NAMES[other as usize];
                        fail_compilation(&[
                            "actions ",
                            other,
                            " and ",
                            name,
                            " have the same wire number",
                        ]);
                    }
                    *slot = Some(action);
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
static OPENFLOW: [[Option<ActionKind>; 32]; 7] = table(Vendor::OpenFlow, 0);
static INSTRUCTION: [[Option<ActionKind>; 8]; 7] = table(Vendor::Instruction, 0);
static NICIRA: [[Option<ActionKind>; 256]; 7] = table(Vendor::Nicira, 0);
static ONF: [[Option<ActionKind>; 4]; 7] = table(Vendor::Onf, ONF_FIRST);

fn kind(version: Version, vendor: Vendor, number: u16) -> Option<ActionKind> {
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
    /// An unknown or malformed action is returned as [`Action::Unknown`].
    #[inline]
    pub(super) fn decode(
        whole: Cursor<'a>,
        version: Version,
        instruction: bool,
        depth: u8,
    ) -> Action<'a> {
        let unknown = Unknown::new(whole.rest(), instruction);
        let mut body = whole;
        match Action::head(&mut body, version, instruction, depth) {
            Some((kind, head)) => decode_kind(kind, body, head, unknown),
            None => Action::Unknown(unknown),
        }
    }

    /// Reads the header; `None` if the action is unknown.
    #[inline]
    fn head(
        body: &mut Cursor<'a>,
        version: Version,
        instruction: bool,
        depth: u8,
    ) -> Option<(ActionKind, ActionHeader)> {
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
        let head = ActionHeader {
            version,
            vendor,
            number,
            depth,
        };
        Some((kind(version, vendor, number)?, head))
    }

    /// Whether the action changes bits of this field by its number on the wire.
    pub fn changes(&self, field: Id) -> bool {
        let (Action::SetField(SetField { header, .. })
        | Action::RegLoad(RegLoad {
            dst: Bits { header, .. },
            ..
        })
        | Action::RegMove(RegMove {
            dst: Bits { header, .. },
            ..
        })
        | Action::StackPop(StackPop {
            bits: Bits { header, .. },
        })) = self
        else {
            return false;
        };
        header.field().is_some_and(|row| row.id == field)
    }

    /// Whether the action itself, or one nested in it, sends packets to this port.
    pub fn sends_to(&self, ofport: u32) -> bool {
        let mut sends = false;
        self.references(&mut |reference| sends |= reference == SwitchReference::Output(ofport));
        sends
    }

    /// Calls `take` for each number in the action, or in one nested in it, that names something of the switch.
    /// Numbers that come from a field are not known here.
    pub fn references(&self, take: &mut dyn FnMut(SwitchReference)) {
        match self {
            Action::Output(Output { port, .. })
            | Action::OutputTrunc(OutputTrunc { port, .. })
            | Action::Enqueue(Enqueue { port, .. }) => take(SwitchReference::Output(*port)),
            Action::Bundle(bundle) => {
                bundle
                    .members()
                    .for_each(|port| take(SwitchReference::Output(port)));
            }
            Action::BundleLoad(bundle) => {
                bundle
                    .choice
                    .ports()
                    .for_each(|port| take(SwitchReference::InPort(port)));
            }
            Action::Controller(controller) => {
                take(SwitchReference::Output(PORT_CONTROLLER));
                if controller.meter_id != 0 {
                    take(SwitchReference::Meter(controller.meter_id));
                }
            }
            Action::Learn(learn) => learn
                .matched_ports()
                .for_each(|port| take(SwitchReference::InPort(port))),
            Action::Resubmit(resubmit) => take(SwitchReference::InPort(resubmit.in_port)),
            Action::Group(Group { group }) => take(SwitchReference::Group(*group)),
            Action::Meter(Meter { meter_id }) => take(SwitchReference::Meter(*meter_id)),
            Action::CloneActions(CloneActions { actions })
            | Action::WriteActions(WriteActions { actions })
            | Action::Ct(Ct { actions, .. }) => actions.references(take),
            _ => {}
        }
    }
}

/// A number in an action that names something of the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchReference {
    /// Packets are sent to this port, which may be a reserved one.
    Output(u32),
    /// A port that packets are not sent to: of `resubmit`, `bundle_load`, the match of `learn`. It may be a reserved one.
    InPort(u32),
    /// A group.
    Group(u32),
    /// A meter.
    Meter(u32),
}
