//! Actions of later versions in the words of OpenFlow 1.0 with Nicira's extensions.
//!
//! Operators and scripts expect what `ovs-ofctl` prints over OpenFlow 1.0. Later versions use other actions;
//! this file writes them in the old words if the meaning is the same:
//!
//! | later versions | here |
//! |---|---|
//! | `set_field:4162->vlan_vid`, `set_field:3->vlan_pcp` (where a tag is known) | `mod_vlan_vid:66`, `mod_vlan_pcp:3` |
//! | `push_vlan:0x8100` before one of them, where no tag is known | the same, once |
//! | `pop_vlan` | `strip_vlan` |
//! | `set_field:0x64->tun_id` | `set_tunnel:0x64`; over 32 bits `set_tunnel64` |
//! | `set_field:...->eth_src`, `ip_dst`, `tcp_src`, `ip_dscp`, ... | `mod_dl_src`, `mod_nw_dst`, `mod_tp_src`, `mod_nw_tos`, ... |
//! | `set_field:0x1/0xffff->reg0` | `load:0x1->NXM_NX_REG0[0..15]`, one for each run of bits |
//! | `mod_nw_ttl:3`, `mod_nw_ecn:2` | `load:0x3->NXM_NX_IP_TTL[]`, `load:0x2->NXM_NX_IP_ECN[]` |
//! | `set_queue:2,output:1,pop_queue` | `enqueue:1:2` |
//!
//! The same holds for a `load` of a whole field, so that a flow reads the same in every
//! version. All other actions keep the words of their version.

use crate::openflow::actions::{
    Action, ActionCodec, ActionIter, ActionList, ETH_TYPE_VLAN, Enqueue, ModDlDst, ModDlSrc,
    ModNwDst, ModNwSrc, ModNwTos, ModTpDst, ModTpSrc, ModVlanPcp, ModVlanVid, Output, PushVlan,
    RegLoad, SetField, SetQueue, SetTunnel, SetVlanPcp, SetVlanVid, StripVlan, ones,
    put_hex_or_zero, runs_of_ones,
};
use crate::openflow::bytes::{DecodeError, be_number};
use crate::openflow::fields::{Field, FieldRef, Id, Subfield};
use crate::openflow::text::{PORT_IN_PORT, PORT_LOCAL, Sink, TextContext, TextRole};
use crate::openflow::version::Version;

/// Writes a list of actions in the words of OpenFlow 1.0, for packets with this known number of
/// VLAN tags.
///
/// # Errors
///
/// A length inside the list is inconsistent; the actions before it are written.
pub(super) fn write<S: Sink>(
    list: &ActionList<'_>,
    sink: &mut S,
    cx: &TextContext<'_>,
    tags: u8,
) -> Result<(), DecodeError> {
    let mut writer = ClassicWriter {
        sink,
        cx,
        tags,
        pushed: 0,
        empty: true,
    };
    let mut actions = list.iter();
    while let Some(action) = actions.next() {
        writer.action(action?, &mut actions);
    }
    if writer.empty {
        writer.sink.put_as(TextRole::Drop, "drop");
    }
    Ok(())
}

/// `CFI`: the presence bit of `vlan_tci` and `vlan_vid`.
const TAG_PRESENT: u128 = 0x1000;

struct ClassicWriter<'s, 'c, S> {
    sink: &'s mut S,
    cx: &'s TextContext<'c>,
    /// How many VLAN tags are known to be on the packet at this point.
    tags: u8,
    /// How many of them were written as `push_vlan`; settings of those keep their words.
    pushed: u8,
    /// Whether nothing has been written yet.
    empty: bool,
}

impl<S: Sink> ClassicWriter<'_, '_, S> {
    /// Writes one action, and those of `rest` that it folds with.
    fn action(&mut self, action: Action<'_>, rest: &mut ActionIter<'_>) {
        match action {
            Action::PushVlan(push) => self.push_vlan(push, rest),
            Action::PopVlan(_) | Action::StripVlan(_) => {
                self.tags = self.tags.saturating_sub(1);
                self.pushed = self.pushed.saturating_sub(1);
                self.put(&StripVlan {});
            }
            Action::ModVlanVid(action) => self.tag(&action),
            Action::ModVlanPcp(action) => self.tag(&action),
            Action::SetVlanVid(SetVlanVid { vlan_vid }) if self.sets_known_tag() => {
                self.put(&ModVlanVid { vlan_vid });
            }
            Action::SetVlanPcp(SetVlanPcp { vlan_pcp }) if self.sets_known_tag() => {
                self.put(&ModVlanPcp { vlan_pcp });
            }
            Action::SetField(action) => self.set_field(&action),
            Action::RegLoad(action) => self.reg_load(&action),
            Action::ModNwTtl(action) => self.load_whole(Id::NW_TTL, action.nw_ttl),
            Action::ModNwEcn(action) => self.load_whole(Id::NW_ECN, action.nw_ecn),
            Action::SetTunnel(action) => self.set_tunnel(action.tun_id),
            Action::SetQueue(action) => self.set_queue(action, rest),
            Action::CloneActions(action) => {
                self.comma();
                action.text_with(self.sink, nested(self.cx, self.tags));
            }
            Action::WriteActions(action) => {
                self.comma();
                action.text_with(self.sink, nested(self.cx, self.tags));
            }
            Action::Ct(action) => {
                self.comma();
                action.text_with(self.sink, self.cx, nested(self.cx, self.tags));
            }
            other => {
                self.comma();
                other.text(self.sink, self.cx);
            }
        }
    }

    fn comma(&mut self) {
        if !self.empty {
            self.sink.put(",");
        }
        self.empty = false;
    }

    fn put<'a>(&mut self, action: &impl ActionCodec<'a>) {
        self.comma();
        action.text(self.sink, self.cx);
    }

    /// Writes an action after which there is a tag.
    fn tag<'a>(&mut self, action: &impl ActionCodec<'a>) {
        self.tags = self.tags.max(1);
        self.put(action);
    }

    /// Folds the push of a first tag with the setting of its id or priority.
    fn push_vlan(&mut self, push: PushVlan, rest: &mut ActionIter<'_>) {
        if self.tags == 0 && push.eth_type == ETH_TYPE_VLAN {
            let mut ahead = rest.clone();
            let sets = match ahead.next() {
                Some(Ok(Action::SetField(action))) => {
                    whole_field(&action).and_then(|(field, value)| vlan_word(field, value))
                }
                Some(Ok(Action::SetVlanVid(action))) => Some(VlanWord::Vid(action.vlan_vid)),
                Some(Ok(Action::SetVlanPcp(action))) => Some(VlanWord::Pcp(action.vlan_pcp)),
                _ => None,
            };
            if let Some(word) = sets {
                *rest = ahead;
                self.vlan(word);
                return;
            }
        }
        self.tags = self.tags.saturating_add(1);
        self.pushed = self.pushed.saturating_add(1);
        self.put(&push);
    }

    /// Whether `mod_vlan_vid` is equivalent to setting the id here. Without a known tag it would add one;
    /// after a `push_vlan`, OpenFlow 1.0 would not refer to the second tag.
    fn sets_known_tag(&self) -> bool {
        self.tags > 0 && self.pushed == 0
    }

    fn vlan(&mut self, word: VlanWord) {
        match word {
            VlanWord::Vid(vlan_vid) => self.tag(&ModVlanVid { vlan_vid }),
            VlanWord::Pcp(vlan_pcp) => self.tag(&ModVlanPcp { vlan_pcp }),
        }
    }

    fn set_queue(&mut self, action: SetQueue, rest: &mut ActionIter<'_>) {
        let mut ahead = rest.clone();
        if let Some(Ok(Action::Output(Output { port, .. }))) = ahead.next()
            && let Some(Ok(Action::PopQueue(_))) = ahead.next()
            && takes_queue(port)
        {
            *rest = ahead;
            let queue = action.queue;
            self.put(&Enqueue { port, queue });
        } else {
            self.put(&action);
        }
    }

    fn set_tunnel(&mut self, tun_id: u64) {
        let long = tun_id > u32::MAX.into();
        self.put(&SetTunnel { tun_id, long });
    }

    fn set_field(&mut self, action: &SetField<'_>) {
        let whole = whole_field(action);
        if let Some((field, value)) = whole
            && self.word(field, value)
        {
            return;
        }
        let sets_tag = whole.is_some_and(|(field, value)| vlan_word(field, value).is_some());
        match action.field() {
            Some(field) if !sets_tag && loads(field, action) => {
                let value = be_number(action.value);
                let mask = action.mask.map_or(u128::MAX, be_number) & ones(field.n_bits());
                self.note_tci(field, value, mask);
                self.load_runs(field, value, mask);
            }
            _ => self.put(action),
        }
    }

    fn reg_load(&mut self, action: &RegLoad) {
        let bits = action.dst;
        let value = u128::from(action.value);
        if let FieldRef::Known(field) = bits.subfield().field {
            if bits.offset == 0 && bits.n_bits == field.n_bits() && self.word(field, value) {
                return;
            }
            if bits.offset < 128 {
                let mask = ones(bits.n_bits) << bits.offset;
                self.note_tci(field, value << bits.offset, mask);
            }
        }
        self.put(action);
    }

    /// Writes the setting of a whole field by the action that OpenFlow 1.0 has for it, if it has one.
    fn word(&mut self, field: &Field, value: u128) -> bool {
        let address = (value as u32).to_be_bytes();
        let [_, _, mac @ ..] = (value as u64).to_be_bytes();
        let port = value as u16;
        match field.id {
            Id::VLAN_VID | Id::VLAN_PCP => match vlan_word(field, value) {
                Some(word) if self.sets_known_tag() => self.vlan(word),
                _ => return false,
            },
            Id::TUN_ID => self.set_tunnel(value as u64),
            Id::ETH_SRC => self.put(&ModDlSrc { address: mac }),
            Id::ETH_DST => self.put(&ModDlDst { address: mac }),
            Id::IP_SRC => self.put(&ModNwSrc { address }),
            Id::IP_DST => self.put(&ModNwDst { address }),
            Id::TCP_SRC | Id::UDP_SRC | Id::SCTP_SRC => self.put(&ModTpSrc { port }),
            Id::TCP_DST | Id::UDP_DST | Id::SCTP_DST => self.put(&ModTpDst { port }),
            Id::IP_DSCP => self.put(&ModNwTos {
                nw_tos: (value as u8) << 2,
            }),
            Id::NW_TOS if value.is_multiple_of(4) => self.put(&ModNwTos {
                nw_tos: value as u8,
            }),
            _ => return false,
        }
        true
    }

    /// Writes `load:0x1->NXM_NX_REG0[0..15]` for every run of bits of `mask`, at most 64 bits each.
    fn load_runs(&mut self, field: &'static Field, value: u128, mask: u128) {
        for (offset, n_bits) in runs_of_ones(mask) {
            self.load(field, offset, n_bits, value);
        }
    }

    /// Writes the load of `n_bits` from `offset` on, from a `value` as wide as the field.
    fn load(&mut self, field: &'static Field, offset: u16, n_bits: u16, value: u128) {
        self.comma();
        self.sink.put_as(TextRole::Action, "load");
        self.sink.put(":");
        let bits = value.checked_shr(offset.into()).unwrap_or(0) & ones(n_bits);
        put_hex_or_zero(self.sink, bits as u64);
        self.sink.put("->");
        let subfield = Subfield {
            field: FieldRef::Known(field),
            offset,
            n_bits,
        };
        subfield.text(self.sink);
    }

    /// Writes the load of a whole field.
    fn load_whole(&mut self, id: Id, value: u8) {
        let field = id.row();
        self.load(field, 0, field.n_bits(), value.into());
    }

    /// Updates the number of tags if the presence bit of `vlan_tci` is set or cleared.
    fn note_tci(&mut self, field: &Field, value: u128, mask: u128) {
        if field.id == Id::VLAN_TCI && mask & TAG_PRESENT != 0 {
            self.tags = if value & TAG_PRESENT != 0 {
                self.tags.max(1)
            } else {
                self.tags.saturating_sub(1)
            };
        }
    }
}

/// Writes actions nested in another, whose lengths were checked before.
fn nested<S: Sink>(cx: &TextContext<'_>, tags: u8) -> impl FnOnce(&ActionList<'_>, &mut S) {
    move |actions, sink| {
        let _ = write(actions, sink, cx, tags);
    }
}

/// A setting of a VLAN id or priority.
#[derive(Clone, Copy)]
enum VlanWord {
    Vid(u16),
    Pcp(u8),
}

/// The word for setting all of `vlan_vid` (with its presence bit) or `vlan_pcp`.
fn vlan_word(field: &Field, value: u128) -> Option<VlanWord> {
    match field.id {
        Id::VLAN_VID if value & TAG_PRESENT != 0 => Some(VlanWord::Vid(value as u16 & 0xfff)),
        Id::VLAN_PCP => Some(VlanWord::Pcp(value as u8)),
        _ => None,
    }
}

/// The field and value of a `set_field` whose mask, if there is one, has all bits of the field.
fn whole_field(action: &SetField<'_>) -> Option<(&'static Field, u128)> {
    let field = action.field()?;
    let all = ones(field.n_bits());
    let mask = action.mask.map_or(all, be_number);
    (action.value.len() <= 16 && mask & all == all).then(|| (field, be_number(action.value)))
}

/// Whether OpenFlow 1.0 can `load` this: a field of fixed width with a 4-byte header, and at least one
/// bit.
fn loads(field: &Field, action: &SetField<'_>) -> bool {
    let header = field.header(Version::V10, false);
    let width = usize::from(header.length);
    header.experimenter.is_none()
        && !field.id.is_tun_metadata()
        && action.value.len() == width
        && width <= 16
        && action
            .mask
            .is_none_or(|mask| be_number(mask) & ones(field.n_bits()) != 0)
}

/// Whether `enqueue` takes this port: a number of OpenFlow 1.0, `IN_PORT` or `LOCAL`.
fn takes_queue(port: u32) -> bool {
    port < 0xff00 || matches!(port, PORT_IN_PORT | PORT_LOCAL)
}
