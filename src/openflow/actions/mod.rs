//! Actions and instructions: one file per action or family (OpenFlow 1.5.1 §7.2.6, ovs-actions(7)).
//!
//! An action of fixed layout is declared as the list of its members (`fixed_action!` in `fixed`); one of
//! another layout is a struct that implements `ActionCodec`. The list in `action` names every action once;
//! the enum [`Action`] and the dispatch by (version, vendor, number) are made from it. An action has one struct
//! for all versions.
//!
//! An unknown vendor or number, or a known action with a malformed body, becomes [`Unknown`], which prints its
//! bytes and encodes to the same bytes. Only contradictory lengths end a list: the actions after them cannot
//! be found.
//!
//! The JSON of each action is described at its struct. `type` is the name that ovs-actions(7) uses; keys
//! that do not apply are left out.

mod action;
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
mod field_setting;
mod fin_timeout;
mod fixed;
mod goto_table;
mod group;
mod json_text;
mod learn;
mod list;
mod member;
mod metadata;
mod meter;
mod mod_header;
mod mpls;
mod multipath;
mod nat;
mod nested;
mod note;
mod nsh;
mod number;
mod number_or_field;
mod output;
mod parse;
mod parser;
mod prelude;
mod put_field;
mod queue;
mod reg_load;
mod reg_move;
mod resubmit;
mod sample;
mod separator;
mod set_field;
mod shape;
mod stack;
mod ttl;
mod tunnel;
mod unknown;
mod vlan;
mod write_actions;
mod written;
mod written_form;

pub use action::{Action, NAMES, SwitchReference, WRITTEN, members};
pub(in crate::openflow) use arguments::{Argument, Arguments, hex_bytes, shown};
pub use bits::Bits;
pub use bundle::{Bundle, BundleChoice, BundleLoad};
pub use check_pkt_larger::CheckPktLarger;
pub use clone_actions::CloneActions;
pub(in crate::openflow) use codec::ActionCodec;
pub use codec::Unencodable;
pub use conjunction::Conjunction;
pub use controller::{Controller, ControllerForm};
pub use ct::{Ct, CtClear};
pub use debug::{DebugRecirc, DebugSlow};
pub use delete_field::DeleteField;
pub use exit::Exit;
pub use fin_timeout::FinTimeout;
pub use goto_table::GotoTable;
pub use group::Group;
pub(in crate::openflow) use json_text::text_of_actions;
pub use learn::{LEARN_SPEC, Learn, Learn2, LearnSource, LearnSpec, LearnTarget};
pub use list::{ActionIter, ActionList, ListForm};
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
pub use number_or_field::NumberOrField;
pub use output::{Output, OutputReg, OutputTrunc};
pub use parse::{PLAIN_WORDS, ParsedActions, parse_actions, words};
pub(in crate::openflow) use parse::{parse_bucket, parse_with};
pub(in crate::openflow) use parser::KnownHeaders;
pub(in crate::openflow) use put_field::{ones, runs_of_ones};
pub use queue::{Enqueue, PopQueue, SetQueue};
pub use reg_load::RegLoad;
pub use reg_move::RegMove;
pub use resubmit::Resubmit;
pub use sample::{Sample, SampleDirection};
pub use set_field::SetField;
pub use shape::{JsonMember, JsonShape};
pub use stack::{StackPop, StackPush};
pub use ttl::DecTtl;
pub use tunnel::SetTunnel;
pub use unknown::Unknown;
pub use vlan::{
    ETH_TYPE_VLAN, ModVlanPcp, ModVlanVid, PopVlan, PushVlan, SetVlanPcp, SetVlanVid, StripVlan,
};
pub use write_actions::{ClearActions, WriteActions};
pub use written::{NamedArgument, Takes, WordForm};
