//! The effects of flows that determine where a packet goes and with which tag and key.

use super::class::row;
use crate::openflow::actions::{
    Action, ActionList, Bits, ETH_TYPE_VLAN, Enqueue, NumberOrField, Output, OutputTrunc,
};
use crate::openflow::bytes::{DecodeError, be_number};
use crate::openflow::fields::{Field, Header, Id};
use crate::openflow::text::{
    PORT_ALL, PORT_CONTROLLER, PORT_FLOOD, PORT_IN_PORT, PORT_NORMAL, PORT_TABLE, port_from_v10,
};

/// The effect of an action.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// Adds a tag of VLAN 0.
    Push,
    /// Adds a tag of VLAN 0 if there is none. On a packet with a tag, `mod_vlan_vid` changes it and
    /// `push_vlan` adds another, and a dump does not distinguish them (the flow's match does not say whether
    /// there is a tag).
    PushFirst,
    Pop,
    /// Sets the VLAN of the outer tag; adds a tag if there is none.
    SetVid(u16),
    /// Sets the VLAN of the outer tag if there is one.
    Retag(u16),
    /// Sets the outer tag's priority; whether a tag is added if there is none.
    SetPcp {
        pcp: u8,
        push: bool,
    },
    /// Sets bits of the tag control information, including the presence bit.
    Tci {
        value: u16,
        mask: u16,
    },
    /// Sets bits of a field, from `offset` on, which is 0 or 64. There are many rules, so steps are small.
    Load {
        row: u8,
        offset: u8,
        value: u64,
        mask: u64,
    },
    /// Copies bits of one field to another.
    Move {
        from: Part,
        to: Part,
    },
    /// Makes bits opaque.
    Forget(Part),
    /// Sets bits to a number below `count`, chosen by a hash.
    Choose {
        part: Part,
        count: u16,
    },
    InPort(u32),
    /// Sends to a port, without changing the packet.
    Output(u32),
    /// Sends to the port whose number is in a field.
    OutputField(Part),
    /// Sends to one of these ports, chosen by a hash or by liveness.
    OneOf(Box<[u32]>),
    /// Sends to the input port.
    Back,
    /// The NORMAL action.
    Normal,
    /// Sends to all ports except the input port.
    Flood,
    Group(u32),
    /// Looks the packet up again, with this input port, in this table.
    Resubmit {
        in_port: Option<u32>,
        table: Option<u8>,
    },
    /// Sends a copy through connection tracking, and looks it up in this table.
    Track {
        table: u8,
        zone: Option<u16>,
        translates: bool,
    },
    /// Removes the state of connection tracking.
    Untrack,
    /// Executes steps on a copy.
    Clone(Box<[Step]>),
    /// Adds to the action set.
    Write(Box<[Step]>),
    /// Clears the action set.
    Clear,
    /// Ends the processing.
    Exit,
    /// Changes the packet into one that is not followed.
    Lost,
}

/// Bits of a field: row, lowest bit, number of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub(super) row: u8,
    pub(super) offset: u16,
    pub(super) n_bits: u16,
}

impl Part {
    fn of(bits: &Bits) -> Option<Part> {
        let field = bits.header.field()?;
        Some(Part::new(field, bits.offset, bits.n_bits))
    }

    /// Registers of 64 and 128 bits consist of several; offsets count from the rightmost.
    fn new(field: &Field, offset: u16, n_bits: u16) -> Part {
        let (id, offset) = match field.id.registers() {
            Some((first, count)) if count > 1 => {
                let (words, within) = (offset / 32, offset % 32);
                let word = u16::from(count).saturating_sub(1).saturating_sub(words);
                let number = u16::from(first).saturating_add(word);
                let id = u8::try_from(number).ok().and_then(Id::reg);
                (id.unwrap_or(field.id), within)
            }
            _ => (field.id, offset),
        };
        Part {
            row: row(id),
            offset,
            n_bits,
        }
    }

    pub(super) fn mask(self) -> u128 {
        let ones = 1u128
            .checked_shl(self.n_bits.into())
            .map_or(u128::MAX, |bit| bit.wrapping_sub(1));
        ones.checked_shl(self.offset.into()).unwrap_or(0)
    }

    /// A number shifted to the position of these bits.
    pub(super) fn shift(self, value: u128) -> u128 {
        value.checked_shl(self.offset.into()).unwrap_or(0)
    }
}

/// The presence bit of the tag control information.
pub(super) const TCI_PRESENT: u16 = 0x1000;
/// The bits of the VLAN id in the tag control information.
pub(super) const TCI_VID: u16 = 0x0fff;

/// A clause of a conjunctive match: `conjunction(ID, CLAUSE/N)`, the clause from 0.
pub(super) type Clause = (u32, u8, u8);

/// The steps of some actions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    pub(super) steps: Vec<Step>,
    /// The clauses, if the flow is only a part of conjunctive matches.
    pub(super) clauses: Vec<Clause>,
}

/// The steps of actions on a packet; `is_tagged`: it is known to have a tag.
///
/// # Errors
///
/// An action is malformed.
pub(super) fn parse(actions: &ActionList<'_>, is_tagged: bool) -> Result<Parsed, DecodeError> {
    let mut tags = u8::from(is_tagged);
    let mut parsed = Parsed::default();
    let mut rest = actions.iter();
    while let Some(action) = rest.next() {
        match action? {
            Action::Conjunction(part) => {
                parsed.clauses.push((part.id, part.clause, part.n_clauses));
            }
            Action::CloneActions(clone) => {
                let inside = parse(&clone.actions, tags > 0)?.steps;
                parsed.steps.push(Step::Clone(inside.into()));
            }
            Action::WriteActions(write) => {
                let inside = parse(&write.actions, tags > 0)?.steps;
                parsed.steps.push(Step::Write(inside.into()));
            }
            // Later versions encode `mod_vlan_vid` in this way, which adds no second tag.
            Action::PushVlan(push)
                if tags == 0
                    && push.eth_type == ETH_TYPE_VLAN
                    && matches!(rest.clone().next(), Some(Ok(next)) if sets_tag(&next)) =>
            {
                tags = 1;
                parsed.steps.push(Step::PushFirst);
            }
            action => {
                tags = match action {
                    Action::PushVlan(_) => tags.saturating_add(1),
                    Action::PopVlan(_) | Action::StripVlan(_) => tags.saturating_sub(1),
                    Action::ModVlanVid(_) | Action::ModVlanPcp(_) => tags.max(1),
                    _ => tags,
                };
                add(&action, &mut parsed.steps);
            }
        }
    }
    Ok(parsed)
}

/// Whether an action sets the whole id or priority of the tag.
fn sets_tag(action: &Action<'_>) -> bool {
    match action {
        Action::SetVlanVid(_) | Action::SetVlanPcp(_) => true,
        Action::SetField(set) => {
            let id = set.field().map(|field| field.id);
            set.mask.is_none() && matches!(id, Some(Id::VLAN_VID | Id::VLAN_PCP))
        }
        _ => false,
    }
}

/// The field that an action sets, its value and mask.
fn set_by(action: &Action<'_>) -> Option<(Id, u128, u128)> {
    let (id, value) = match action {
        Action::SetTunnel(action) => (Id::TUN_ID, action.tun_id.into()),
        Action::ModDlSrc(action) => (Id::ETH_SRC, be_number(&action.address)),
        Action::ModDlDst(action) => (Id::ETH_DST, be_number(&action.address)),
        Action::ModNwSrc(action) => (Id::IP_SRC, be_number(&action.address)),
        Action::ModNwDst(action) => (Id::IP_DST, be_number(&action.address)),
        Action::ModNwEcn(action) => (Id::NW_ECN, action.nw_ecn.into()),
        Action::ModNwTtl(action) => (Id::NW_TTL, action.nw_ttl.into()),
        Action::PushMpls(action) => (Id::ETH_TYPE, action.eth_type.into()),
        Action::PopMpls(action) => (Id::ETH_TYPE, action.eth_type.into()),
        Action::ModNwTos(action) => return Some((Id::NW_TOS, action.nw_tos.into(), 0xfc)),
        Action::WriteMetadata(write) => {
            return Some((Id::METADATA, write.metadata.into(), write.mask.into()));
        }
        _ => return None,
    };
    Some((id, value, u128::MAX))
}

/// The steps of one action without nested actions.
fn add(action: &Action<'_>, steps: &mut Vec<Step>) {
    if let Some((id, value, mask)) = set_by(action) {
        return set_steps(id, value, mask, steps);
    }
    let mut set = |header: Header, value: u128, mask: u128| match header.field() {
        Some(field) => set_steps(field.id, value, mask, steps),
        None => steps.push(Step::Lost),
    };
    let all = u128::MAX;
    let step = match action {
        Action::PushVlan(_) => Step::Push,
        Action::PopVlan(_) | Action::StripVlan(_) => Step::Pop,
        Action::ModVlanPcp(action) => Step::SetPcp {
            pcp: action.vlan_pcp,
            push: true,
        },
        Action::SetVlanPcp(action) => Step::SetPcp {
            pcp: action.vlan_pcp,
            push: false,
        },
        Action::ModVlanVid(action) => Step::SetVid(action.vlan_vid & TCI_VID),
        Action::SetVlanVid(action) => Step::Retag(action.vlan_vid & TCI_VID),
        Action::SetField(action) => {
            let mask = action.mask.map_or(all, be_number);
            return set(action.header, be_number(action.value), mask);
        }
        Action::RegLoad(load) => {
            let part = Part {
                row: 0,
                offset: load.dst.offset,
                n_bits: load.dst.n_bits,
            };
            return set(load.dst.header, part.shift(load.value.into()), part.mask());
        }
        Action::ModTpSrc(action) => {
            let ports = [Id::TCP_SRC, Id::UDP_SRC, Id::SCTP_SRC];
            return ports
                .into_iter()
                .for_each(|id| set_steps(id, action.port.into(), all, steps));
        }
        Action::ModTpDst(action) => {
            let ports = [Id::TCP_DST, Id::UDP_DST, Id::SCTP_DST];
            return ports
                .into_iter()
                .for_each(|id| set_steps(id, action.port.into(), all, steps));
        }
        Action::DecTtl(_) => forget_all(Id::NW_TTL),
        Action::RegMove(action) => return move_steps(&action.src, &action.dst, steps),
        Action::StackPop(action) => return forget_steps(&action.bits, steps),
        Action::BundleLoad(action) => return forget_steps(&action.dst, steps),
        Action::Multipath(action) => {
            let count = u16::try_from(action.n_links).unwrap_or(u16::MAX);
            return choose_steps(&action.dst, count, steps);
        }
        Action::CheckPktLarger(action) => return choose_steps(&action.dst, 2, steps),
        Action::Output(Output { port, .. })
        | Action::OutputTrunc(OutputTrunc { port, .. })
        | Action::Enqueue(Enqueue { port, .. }) => return steps.extend(output(*port)),
        Action::OutputReg(action) => match Part::of(&action.src) {
            Some(part) => Step::OutputField(part),
            None => Step::Lost,
        },
        Action::Bundle(bundle) => Step::OneOf(bundle.members().collect()),
        Action::Group(group) => Step::Group(group.group),
        Action::Resubmit(action) => Step::Resubmit {
            in_port: (action.in_port != PORT_IN_PORT).then_some(action.in_port),
            table: (action.table != u8::MAX).then_some(action.table),
        },
        Action::GotoTable(action) => Step::Resubmit {
            in_port: None,
            table: Some(action.table),
        },
        Action::Ct(action) if action.table != u8::MAX => Step::Track {
            table: action.table,
            zone: match action.zone {
                NumberOrField::Number(number) => Some(number),
                NumberOrField::Field(_) => None,
            },
            translates: action
                .actions
                .iter()
                .any(|inner| matches!(inner, Ok(Action::Nat(_)))),
        },
        Action::CtClear(_) => Step::Untrack,
        Action::ClearActions(_) => Step::Clear,
        Action::Exit(_) => Step::Exit,
        Action::Encap(_) | Action::Decap(_) | Action::Unknown(_) => Step::Lost,
        // Set by `set_by`, or without an effect that is followed. No wildcard: a new action must be considered.
        Action::Controller(_)
        | Action::StackPush(_)
        | Action::DeleteField(_)
        | Action::PushMpls(_)
        | Action::PopMpls(_)
        | Action::SetMplsLabel(_)
        | Action::SetMplsTc(_)
        | Action::SetMplsTtl(_)
        | Action::DecMplsTtl(_)
        | Action::DecNshTtl(_)
        | Action::ModDlSrc(_)
        | Action::ModDlDst(_)
        | Action::ModNwSrc(_)
        | Action::ModNwDst(_)
        | Action::ModNwTos(_)
        | Action::ModNwEcn(_)
        | Action::ModNwTtl(_)
        | Action::SetQueue(_)
        | Action::PopQueue(_)
        | Action::SetTunnel(_)
        | Action::Learn(_)
        | Action::Conjunction(_)
        | Action::Note(_)
        | Action::FinTimeout(_)
        | Action::Sample(_)
        | Action::CloneActions(_)
        | Action::Meter(_)
        | Action::WriteActions(_)
        | Action::WriteMetadata(_)
        | Action::DebugSlow(_)
        | Action::DebugRecirc(_)
        | Action::Ct(_)
        | Action::Nat(_) => return,
    };
    steps.push(step);
}

/// The step of an output; `None` if it is not followed.
pub(super) fn output(port: u32) -> Option<Step> {
    match port {
        PORT_NORMAL => Some(Step::Normal),
        PORT_FLOOD | PORT_ALL => Some(Step::Flood),
        PORT_IN_PORT => Some(Step::Back),
        PORT_TABLE => Some(Step::Resubmit {
            in_port: None,
            table: Some(0),
        }),
        PORT_CONTROLLER => None,
        port => Some(Step::Output(port)),
    }
}

/// The step that writes bits of a field.
fn set_steps(id: Id, value: u128, mask: u128, steps: &mut Vec<Step>) {
    match id {
        Id::VLAN_TCI | Id::VLAN_VID => steps.push(Step::Tci {
            value: value as u16 & (TCI_PRESENT | TCI_VID),
            mask: mask as u16 & (TCI_PRESENT | TCI_VID),
        }),
        Id::VLAN_PCP => steps.push(Step::SetPcp {
            pcp: value as u8,
            push: false,
        }),
        Id::IN_PORT => steps.push(Step::InPort(port_from_v10(value as u16))),
        Id::IN_PORT_OXM => steps.push(Step::InPort(value as u32)),
        Id::IP_DSCP => set_steps(Id::NW_TOS, value << 2, mask << 2 & 0xfc, steps),
        _ => {
            for (id, value, mask) in registers(id, value, mask) {
                for offset in [0, 64] {
                    let half = |bits: u128| (bits >> offset) as u64;
                    if half(mask) != 0 {
                        steps.push(Step::Load {
                            row: row(id),
                            offset,
                            value: half(value),
                            mask: half(mask),
                        });
                    }
                }
            }
        }
    }
}

/// A field as 32-bit registers, if it consists of several; else itself.
fn registers(id: Id, value: u128, mask: u128) -> impl Iterator<Item = (Id, u128, u128)> {
    let (first, count) = match id.registers() {
        Some((first, count)) if count > 1 => (first, count),
        _ => (0, 0),
    };
    let words = (0..count).filter_map(move |index| {
        let shift = 32 * u32::from(count.saturating_sub(index).saturating_sub(1));
        let word = |bits: u128| bits.checked_shr(shift).unwrap_or(0) & u128::from(u32::MAX);
        Some((
            Id::reg(first.saturating_add(index))?,
            word(value),
            word(mask),
        ))
    });
    let alone = (count == 0).then_some((id, value, mask));
    words.chain(alone)
}

fn forget_all(id: Id) -> Step {
    Step::Forget(Part {
        row: row(id),
        offset: 0,
        n_bits: 128,
    })
}

/// Fields with steps of their own, which cannot be opaque.
fn is_apart(id: Id) -> bool {
    matches!(
        id,
        Id::VLAN_TCI | Id::VLAN_VID | Id::VLAN_PCP | Id::IN_PORT | Id::IN_PORT_OXM
    )
}

/// The step that makes bits of a field opaque.
fn forget_steps(bits: &Bits, steps: &mut Vec<Step>) {
    match (bits.header.field(), Part::of(bits)) {
        (Some(field), _) if is_apart(field.id) => steps.push(Step::Lost),
        (Some(field), _) if field.id.registers().is_some_and(|(_, count)| count > 1) => {
            let whole = Part {
                row: 0,
                offset: bits.offset,
                n_bits: bits.n_bits,
            };
            for (id, _, mask) in registers(field.id, 0, whole.mask()) {
                for offset in (0..32).filter(|bit| mask >> bit & 1 == 1) {
                    steps.push(Step::Forget(Part {
                        row: row(id),
                        offset,
                        n_bits: 1,
                    }));
                }
            }
        }
        (_, Some(part)) => steps.push(Step::Forget(part)),
        (_, None) => steps.push(Step::Lost),
    }
}

fn move_steps(src: &Bits, dst: &Bits, steps: &mut Vec<Step>) {
    let wide = |bits: &Bits| {
        let count = bits.header.field().and_then(|field| field.id.registers());
        let offset = bits.offset % 32;
        count.is_some_and(|(_, count)| count > 1) && offset.saturating_add(bits.n_bits) > 32
    };
    let to = dst.header.field().map(|field| field.id);
    match (Part::of(src), Part::of(dst)) {
        (Some(from), Some(part)) if !wide(src) && !wide(dst) => match to {
            Some(Id::VLAN_TCI | Id::VLAN_VID | Id::VLAN_PCP) => {
                steps.push(Step::Move { from, to: part });
            }
            Some(id) if is_apart(id) => steps.push(Step::Lost),
            _ => steps.push(Step::Move { from, to: part }),
        },
        _ => forget_steps(dst, steps),
    }
}

fn choose_steps(dst: &Bits, count: u16, steps: &mut Vec<Step>) {
    let apart = dst.header.field().is_none_or(|field| is_apart(field.id));
    match Part::of(dst) {
        Some(part) if !apart => steps.push(Step::Choose { part, count }),
        _ => forget_steps(dst, steps),
    }
}

/// The position of an action in the order of an action set; of several actions at one position the last
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Pop,
    Push,
    Set,
    Final(u8),
}

impl Step {
    fn slot(&self) -> Option<Slot> {
        Some(match self {
            Step::Pop => Slot::Pop,
            Step::Push | Step::PushFirst => Slot::Push,
            Step::SetVid(_)
            | Step::Retag(_)
            | Step::SetPcp { .. }
            | Step::Tci { .. }
            | Step::Load { .. }
            | Step::Move { .. }
            | Step::InPort(_)
            | Step::Lost => Slot::Set,
            // Open vSwitch executes these, too, unless there is another output.
            Step::Track { .. } => Slot::Final(0),
            Step::Untrack => Slot::Final(1),
            Step::Resubmit { .. } => Slot::Final(2),
            Step::Output(_) | Step::Back | Step::Normal | Step::Flood => Slot::Final(3),
            Step::Group(_) => Slot::Final(4),
            _ => return None,
        })
    }
}

/// Whether steps may end the list that contains them.
pub(super) fn may_exit(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Exit | Step::Resubmit { .. } => true,
        Step::Clone(steps) => may_exit(steps),
        _ => false,
    })
}

/// The steps of an action set in the order of execution (OpenFlow 1.5.1 §5.6): the last of each kind, all
/// that set fields, a group rather than an output; none if nothing sends the packet.
pub(super) fn in_order<'w>(set: impl Iterator<Item = &'w Step>) -> Vec<&'w Step> {
    let (mut pop, mut push, mut last) = (None, None, None);
    let mut sets = Vec::new();
    for step in set {
        match step.slot() {
            Some(Slot::Pop) => pop = Some(step),
            Some(Slot::Push) => push = Some(step),
            Some(Slot::Set) => sets.push(step),
            Some(slot @ Slot::Final(_)) if last.is_none_or(|(before, _)| slot >= before) => {
                last = Some((slot, step));
            }
            _ => {}
        }
    }
    let Some((_, last)) = last else {
        return Vec::new();
    };
    let first = pop.into_iter().chain(push);
    first.chain(sets).chain([last]).collect()
}
