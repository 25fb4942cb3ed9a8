//! What of a bridge's flows decides where a VLAN goes, kept once however many flows say it.
//!
//! A flow comes down to its table and priority, what it matches of input port, VLAN tag, tunnel key and
//! registers, whether it matches anything else, and the steps among its actions that change these
//! or send the packet on. A hundred thousand flows, one for each address, come down to a few.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::packet::{METADATA_SLOT, Packet, TCI_PRESENT, TCI_VID};
use crate::openflow::actions::{Action, ActionList, Bits};
use crate::openflow::bytes::{DecodeError, be_number};
use crate::openflow::fields::{Header, Id, ROWS, RowSet};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::text::{PORT_CONTROLLER, port_from_v10};

/// What is kept of the flows of one bridge.
#[derive(Debug, Default)]
pub struct FlowRules {
    pub(super) rules: HashSet<Rule>,
    senseless: Option<DecodeError>,
}

impl FlowRules {
    /// Takes a flow in.
    pub fn add(&mut self, flow: &FlowStats<'_>) {
        match Rule::of(flow) {
            Ok(Some(rule)) => {
                self.rules.insert(rule);
            }
            Ok(None) => {}
            Err(error) => {
                self.senseless.get_or_insert(error);
            }
        }
    }

    /// Why a flow was left out, if one was: its actions make no sense.
    pub fn senseless(&self) -> Option<&DecodeError> {
        self.senseless.as_ref()
    }
}

/// A flow, as far as it matters.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Rule {
    pub(super) table: u8,
    pub(super) priority: u16,
    pub(super) when: When,
    /// Whether this is all that it matches: else it takes some of these packets, and some it does not.
    pub(super) certain: bool,
    pub(super) steps: Box<[Step]>,
}

/// What it matches.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct When {
    pub(super) in_port: Option<u32>,
    pub(super) vlan: VlanIs,
    /// Value and mask.
    pub(super) tun_id: (u64, u64),
    /// Slot, value and mask.
    pub(super) registers: Box<[(u8, u32, u32)]>,
}

/// What it matches of the VLAN tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum VlanIs {
    Any,
    Untagged,
    Vid(u16),
    /// Value and mask of the tag control information, without the priority.
    Masked(u16, u16),
}

/// What it does.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// Adds a tag of VLAN 0.
    Push,
    /// The same, where there is no tag.
    PushFirst,
    Pop,
    /// Changes the outer tag, adds it where there is none.
    SetVid(u16),
    /// Changes the outer tag where there is one.
    Retag(u16),
    Tci {
        value: u16,
        mask: u16,
    },
    TunId {
        value: u64,
        mask: u64,
    },
    Register {
        slot: u8,
        value: u32,
        mask: u32,
    },
    Forget {
        slot: u8,
    },
    InPort(u32),
    /// To one port, as it is.
    Output(u32),
    /// Back to where it came from, as it is.
    Back,
    /// As an ordinary switch does; also where a group or a field says which port.
    Normal,
    /// To all ports, as it is.
    Flood,
    /// Looks it up again, as from this port, in this table.
    Resubmit {
        in_port: Option<u32>,
        table: Option<u8>,
    },
    /// Steps on a copy.
    Branch(Box<[Step]>),
    /// Tag or key become what nobody knows, or nothing more happens.
    Stop,
}

/// The fields that are looked at one by one: those that are named, and all registers.
static UNDERSTOOD: LazyLock<RowSet> = LazyLock::new(|| {
    let named = [
        Id::IN_PORT,
        Id::IN_PORT_OXM,
        Id::VLAN_TCI,
        Id::VLAN_VID,
        Id::VLAN_PCP,
        Id::TUN_ID,
        Id::METADATA,
    ];
    let all = ROWS.iter().map(|field| field.id);
    let registers = all.filter(|id| id.registers().is_some());
    let mut understood = RowSet::default();
    named
        .into_iter()
        .chain(registers)
        .for_each(|id| understood.insert(id));
    understood
});

const PORT_IN_PORT: u32 = 0xffff_fff8;
const PORT_NORMAL: u32 = 0xffff_fffa;
const PORT_FLOOD: u32 = 0xffff_fffb;
const PORT_ALL: u32 = 0xffff_fffc;
const TCI_PCP: u16 = 0xe000;
const ETH_TYPE_VLAN: u16 = 0x8100;

impl Rule {
    /// `None` for a flow that no packet can notice.
    fn of(flow: &FlowStats<'_>) -> Result<Option<Rule>, DecodeError> {
        let fields = &flow.fields;
        let (tci, mask) = fields.vlan_tci();
        let mut certain = true;
        let vlan = match (tci & mask & !TCI_PCP, mask & !TCI_PCP) {
            (_, 0) => VlanIs::Any,
            (0, mask) if mask & TCI_PRESENT != 0 => VlanIs::Untagged,
            (value, mask) if mask == TCI_PRESENT | TCI_VID && value & TCI_PRESENT != 0 => {
                VlanIs::Vid(value & TCI_VID)
            }
            (value, mask) => VlanIs::Masked(value, mask),
        };
        // What has no tag has no priority.
        if mask & TCI_PCP != 0 && vlan != VlanIs::Untagged {
            certain = false;
        }
        let wide = |id: Id, bits: u128| {
            let (value, mask) = fields.value(id.row())?;
            let mask = mask.map_or(bits, be_number) & bits;
            Some((be_number(value) & mask, mask))
        };
        let all = u128::from(u64::MAX);
        let (tun_id, tun_mask) = wide(Id::TUN_ID, all).unwrap_or((0, 0));
        let slots = (0..).zip(fields.register_values());
        let mut registers: Vec<(u8, u32, u32)> = slots
            .filter(|(_, (_, mask))| *mask != 0)
            .map(|(slot, (value, mask))| (slot, value, mask))
            .collect();
        if let Some((value, mask)) = wide(Id::METADATA, all) {
            let halves = words(value, mask, METADATA_SLOT, 2);
            registers.extend(halves.filter(|(_, _, mask)| *mask != 0));
        }
        if fields.has_other_than(&UNDERSTOOD) {
            certain = false;
        }
        let tags = u8::from(fields.vlan_tag_known());
        let Some(steps) = steps(&flow.actions, tags)? else {
            return Ok(None);
        };
        if steps.is_empty() && !certain {
            return Ok(None);
        }
        Ok(Some(Rule {
            table: flow.table_id,
            priority: flow.priority,
            when: When {
                in_port: fields.in_port(),
                vlan,
                tun_id: (tun_id as u64, tun_mask as u64),
                registers: registers.into(),
            },
            certain,
            steps: steps.into(),
        }))
    }

    /// Whether it takes such a packet; `None`: some of them.
    pub(super) fn takes(&self, packet: &Packet) -> Option<bool> {
        let when = &self.when;
        let (tun_id, mask) = when.tun_id;
        let vlan = match when.vlan {
            VlanIs::Any => true,
            VlanIs::Untagged => packet.tags.outer.is_none(),
            VlanIs::Vid(vid) => packet.tags.outer == Some(vid),
            VlanIs::Masked(value, mask) => packet.tags.tci() & mask == value,
        };
        if !vlan
            || when.in_port.is_some_and(|port| port != packet.in_port)
            || packet.tun_id & mask != tun_id
        {
            return Some(false);
        }
        let mut certain = self.certain;
        for (slot, value, mask) in &when.registers {
            match packet.registers.is(*slot, *value, *mask) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => certain = false,
            }
        }
        certain.then_some(true)
    }
}

/// The steps of some actions on a packet with so many known tags; `None` where they only help another
/// flow to match.
fn steps(actions: &ActionList<'_>, mut tags: u8) -> Result<Option<Vec<Step>>, DecodeError> {
    let mut steps = Vec::new();
    let mut rest = actions.iter();
    while let Some(action) = rest.next() {
        match action? {
            Action::Conjunction(_) => return Ok(None),
            Action::CloneActions(clone) => {
                let inside = self::steps(&clone.actions, tags)?.unwrap_or_default();
                steps.push(Step::Branch(inside.into()));
            }
            Action::WriteActions(write) => {
                let mut inside = self::steps(&write.actions, tags)?.unwrap_or_default();
                inside.sort_by_key(Step::rank_in_action_set);
                steps.push(Step::Branch(inside.into()));
            }
            // So later versions say `mod_vlan_vid`, which adds no second tag.
            Action::PushVlan(push)
                if tags == 0
                    && push.eth_type == ETH_TYPE_VLAN
                    && matches!(rest.clone().next(), Some(Ok(next)) if sets_tag(&next)) =>
            {
                tags = 1;
                steps.push(Step::PushFirst);
            }
            action => {
                tags = match action {
                    Action::PushVlan(_) => tags.saturating_add(1),
                    Action::PopVlan(_) | Action::StripVlan(_) => tags.saturating_sub(1),
                    Action::ModVlanVid(_) | Action::ModVlanPcp(_) => tags.max(1),
                    _ => tags,
                };
                steps_of(&action, &mut steps);
            }
        }
    }
    Ok(Some(steps))
}

/// Whether an action sets the id or the priority of the tag as a whole.
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

/// The steps of one action without others inside.
fn steps_of(action: &Action<'_>, steps: &mut Vec<Step>) {
    let mut set = |header: Header, value: u128, mask: u128| {
        if let Some(field) = header.field() {
            set_steps(field.id, value, mask, steps);
        }
    };
    let step = match action {
        Action::PushVlan(_) => Step::Push,
        Action::PopVlan(_) | Action::StripVlan(_) => Step::Pop,
        Action::ModVlanPcp(_) => Step::PushFirst,
        Action::ModVlanVid(action) => Step::SetVid(action.vlan_vid & TCI_VID),
        Action::SetVlanVid(action) => Step::Retag(action.vlan_vid & TCI_VID),
        Action::SetTunnel(action) => Step::TunId {
            value: action.tun_id,
            mask: u64::MAX,
        },
        Action::SetField(action) => {
            let mask = action.mask.map_or(u128::MAX, be_number);
            return set(action.header, be_number(action.value), mask);
        }
        Action::RegLoad(load) => {
            let ones = 1u128
                .checked_shl(load.dst.n_bits.into())
                .map_or(u128::MAX, |bit| bit - 1);
            let shift = |bits: u128| bits.checked_shl(load.dst.offset.into()).unwrap_or(0);
            return set(load.dst.header, shift(load.value.into()), shift(ones));
        }
        Action::WriteMetadata(write) => {
            return set_steps(
                Id::METADATA,
                write.metadata.into(),
                write.mask.into(),
                steps,
            );
        }
        Action::RegMove(action) => return forget_steps(&action.dst, steps),
        Action::StackPop(action) => return forget_steps(&action.bits, steps),
        Action::BundleLoad(action) => return forget_steps(&action.dst, steps),
        Action::Multipath(action) => return forget_steps(&action.dst, steps),
        Action::CheckPktLarger(action) => return forget_steps(&action.dst, steps),
        Action::Output(action) => match output(action.port) {
            Some(step) => step,
            None => return,
        },
        Action::OutputTrunc(action) => Step::Output(action.port),
        Action::Enqueue(action) => Step::Output(action.port),
        Action::OutputReg(_) | Action::Group(_) | Action::Bundle(_) => Step::Normal,
        Action::Resubmit(action) => Step::Resubmit {
            in_port: (action.in_port != PORT_IN_PORT).then_some(action.in_port),
            table: (action.table != u8::MAX).then_some(action.table),
        },
        Action::GotoTable(action) => Step::Resubmit {
            in_port: None,
            table: Some(action.table),
        },
        Action::Ct(action) if action.table != u8::MAX => Step::Resubmit {
            in_port: None,
            table: Some(action.table),
        },
        Action::Exit(_) => Step::Stop,
        _ => return,
    };
    steps.push(step);
}

fn output(port: u32) -> Option<Step> {
    match port {
        PORT_NORMAL => Some(Step::Normal),
        PORT_FLOOD | PORT_ALL => Some(Step::Flood),
        PORT_IN_PORT => Some(Step::Back),
        PORT_CONTROLLER => None,
        port => Some(Step::Output(port)),
    }
}

/// Bits written into a field.
fn set_steps(id: Id, value: u128, mask: u128, steps: &mut Vec<Step>) {
    let tag_bits = TCI_PRESENT | TCI_VID;
    match id {
        Id::VLAN_TCI | Id::VLAN_VID => steps.push(Step::Tci {
            value: value as u16 & tag_bits,
            mask: mask as u16 & tag_bits,
        }),
        Id::TUN_ID => steps.push(Step::TunId {
            value: value as u64,
            mask: mask as u64,
        }),
        Id::IN_PORT => steps.push(Step::InPort(port_from_v10(value as u16))),
        Id::IN_PORT_OXM => steps.push(Step::InPort(value as u32)),
        _ => {
            let (first, count) = slots(id);
            for (slot, value, mask) in words(value, mask, first, count) {
                if mask != 0 {
                    steps.push(Step::Register { slot, value, mask });
                }
            }
        }
    }
}

/// Bits of a field that become what nobody knows.
fn forget_steps(bits: &Bits, steps: &mut Vec<Step>) {
    let Some(field) = bits.header.field() else {
        return;
    };
    match field.id {
        Id::VLAN_TCI | Id::VLAN_VID | Id::TUN_ID | Id::IN_PORT | Id::IN_PORT_OXM => {
            steps.push(Step::Stop);
        }
        id => {
            let (first, count) = slots(id);
            steps.extend((first..first.saturating_add(count)).map(|slot| Step::Forget { slot }));
        }
    }
}

/// The slots that a field fills: the first and how many; none for most fields.
fn slots(id: Id) -> (u8, u8) {
    match id {
        Id::METADATA => (METADATA_SLOT, 2),
        id => id.registers().unwrap_or((0, 0)),
    }
}

/// A number in 32-bit words, the highest first, with their slots.
fn words(value: u128, mask: u128, first: u8, count: u8) -> impl Iterator<Item = (u8, u32, u32)> {
    (0..count).map(move |index| {
        let shift = 32 * u32::from(count.saturating_sub(index).saturating_sub(1));
        let word = |bits: u128| bits.checked_shr(shift).unwrap_or(0) as u32;
        (first.saturating_add(index), word(value), word(mask))
    })
}

impl Step {
    /// Where it comes in an action set (OpenFlow 1.5.1 §5.6): what sends the packet is last.
    fn rank_in_action_set(&self) -> u8 {
        match self {
            Step::Pop => 0,
            Step::Push | Step::PushFirst => 1,
            Step::Output(_) | Step::Back | Step::Normal | Step::Flood => 3,
            _ => 2,
        }
    }
}
