//! The canonical form of a list of actions: settings of fields in one notation, all other actions in the words of
//! ovs-ofctl with the numbers of ports and tables.

use std::fmt::Write as _;

use crate::openflow::actions::{
    Action, ActionIter, ActionList, Bits, DecTtl, ETH_TYPE_VLAN, Enqueue, Output, PushVlan,
    RegLoad, SetField, SetQueue, ones,
};
use crate::openflow::bytes::{DecodeError, be_number};
use crate::openflow::fields::{Field, FieldRef, Id};
use crate::openflow::text::{NoNames, Plain, PortSpelling, Sink, Style, TextContext};
use crate::openflow::version::Version;

/// Writes the actions, for packets with this known number of VLAN tags.
pub(super) fn write(list: &ActionList<'_>, sink: &mut Plain, tags: u8) -> Result<(), DecodeError> {
    let mut writer = MeaningWriter {
        sink,
        version: list.version(),
        tags,
        settings: Vec::new(),
    };
    let mut actions = list.iter();
    while let Some(action) = actions.next() {
        writer.action(action?, &mut actions);
    }
    writer.flush();
    Ok(())
}

/// The presence bit of `vlan_tci` and `vlan_vid`.
const TAG_PRESENT: u128 = 0x1000;
const VID: u128 = 0x0fff;

struct MeaningWriter<'s> {
    sink: &'s mut Plain,
    version: Version,
    /// How many VLAN tags are known to be on the packet at this point.
    tags: u8,
    /// The settings that the next one may add to: of one field, or of registers, whose order means nothing.
    settings: Vec<Setting>,
}

/// Bits of a field that are set.
struct Setting {
    id: Id,
    value: u128,
    mask: u128,
}

impl MeaningWriter<'_> {
    /// Writes one action, and those of `rest` that it is one with.
    fn action(&mut self, action: Action<'_>, rest: &mut ActionIter<'_>) {
        match action {
            Action::PushVlan(push) => self.push_vlan(push, rest),
            Action::PopVlan(_) | Action::StripVlan(_) => {
                self.tags = self.tags.saturating_sub(1);
                self.word("pop");
            }
            Action::ModVlanVid(action) => self.vid_of_any(action.vlan_vid),
            Action::ModVlanPcp(action) => self.pcp_of_any(action.vlan_pcp),
            Action::SetVlanVid(action) => {
                self.set(Id::VLAN_VID, TAG_PRESENT | u128::from(action.vlan_vid));
            }
            Action::SetVlanPcp(action) => self.set(Id::VLAN_PCP, action.vlan_pcp),
            Action::ModDlSrc(action) => self.set(Id::ETH_SRC, be_number(&action.address)),
            Action::ModDlDst(action) => self.set(Id::ETH_DST, be_number(&action.address)),
            Action::ModNwSrc(action) => self.set(Id::IP_SRC, be_number(&action.address)),
            Action::ModNwDst(action) => self.set(Id::IP_DST, be_number(&action.address)),
            Action::ModNwTos(action) => self.set(Id::NW_TOS, action.nw_tos),
            Action::ModNwEcn(action) => self.set(Id::NW_ECN, action.nw_ecn),
            Action::ModNwTtl(action) => self.set(Id::NW_TTL, action.nw_ttl),
            Action::ModTpSrc(action) => self.set(Id::TCP_SRC, action.port),
            Action::ModTpDst(action) => self.set(Id::TCP_DST, action.port),
            Action::SetMplsLabel(action) => self.set(Id::MPLS_LABEL, action.mpls_label),
            Action::SetMplsTc(action) => self.set(Id::MPLS_TC, action.mpls_tc),
            Action::SetMplsTtl(action) => self.set(Id::MPLS_TTL, action.mpls_ttl),
            Action::SetTunnel(action) => self.set(Id::TUN_ID, action.tun_id),
            Action::SetField(action) => self.set_field(&action),
            Action::RegLoad(action) => self.reg_load(&action),
            Action::SetQueue(action) => self.set_queue(action, rest),
            Action::Enqueue(Enqueue { port, queue }) => self.enqueue(port, queue),
            Action::DecTtl(DecTtl { ids: Some([0, 0]) }) => {
                self.text(&Action::DecTtl(DecTtl { ids: None }));
            }
            Action::CloneActions(action) => {
                let tags = self.tags;
                let sink = self.next();
                action.text_with(sink, |actions, sink| nested(actions, sink, tags));
            }
            Action::WriteActions(action) => {
                let tags = self.tags;
                let sink = self.next();
                action.text_with(sink, |actions, sink| nested(actions, sink, tags));
            }
            Action::Ct(action) => {
                let (tags, cx) = (self.tags, self.context());
                let sink = self.next();
                action.text_with(sink, &cx, |actions, sink| nested(actions, sink, tags));
            }
            other => self.text(&other),
        }
    }

    fn context(&self) -> TextContext<'static> {
        TextContext {
            version: self.version,
            style: Style::Classic,
            ports: PortSpelling::Number,
            names: &NoNames,
        }
    }

    /// The sink, for an action that sets no field.
    fn next(&mut self) -> &mut Plain {
        self.flush();
        self.sink.put(",");
        self.sink
    }

    fn text(&mut self, action: &Action<'_>) {
        let cx = self.context();
        action.text(self.next(), &cx);
    }

    fn word(&mut self, word: &str) {
        self.next().put(word);
    }

    /// Writes the pending settings: `=` and the row, the value, the mask if it is not whole.
    fn flush(&mut self) {
        let out = &mut self.sink.0;
        self.settings
            .sort_unstable_by_key(|setting| setting.id.index());
        for Setting { id, value, mask } in self.settings.drain(..) {
            // Writing to memory does not fail.
            let _ = write!(out, ",={:x}:{value:x}", id.index());
            if mask != ones(id.row().n_bits()) {
                let _ = write!(out, "/{mask:x}");
            }
        }
    }

    /// Sets a whole field.
    fn set(&mut self, id: Id, value: impl Into<u128>) {
        let bits = match id {
            Id::VLAN_VID => TAG_PRESENT | VID,
            _ => ones(id.row().n_bits()),
        };
        self.set_bits(id, value.into(), bits);
    }

    /// Sets bits of a field, in the one row that stands for all of its rows.
    fn set_bits(&mut self, id: Id, value: u128, mask: u128) {
        let tagged = self.tags > 0;
        if id == Id::VLAN_TCI && mask & TAG_PRESENT != 0 {
            self.tags = match value & TAG_PRESENT {
                0 => 0,
                _ => self.tags.max(1),
            };
        }
        let (id, shift, bits) = match id {
            Id::VLAN_VID if tagged => (Id::VLAN_TCI, 0, VID),
            Id::VLAN_PCP if tagged => (Id::VLAN_TCI, 13, 0x7),
            Id::VLAN_TCI if tagged && value & mask & TAG_PRESENT != 0 => {
                (Id::VLAN_TCI, 0, !TAG_PRESENT)
            }
            // The tag is there, or it is added by this: no switch takes an id without the bit.
            Id::VLAN_VID => (Id::VLAN_VID, 0, VID),
            Id::IP_DSCP => (Id::NW_TOS, 2, 0x3f),
            Id::NW_TOS => (Id::NW_TOS, 0, 0xfc),
            Id::UDP_SRC | Id::SCTP_SRC => (Id::TCP_SRC, 0, u128::MAX),
            Id::UDP_DST | Id::SCTP_DST => (Id::TCP_DST, 0, u128::MAX),
            _ => (id, 0, u128::MAX),
        };
        let mask = (mask & bits) << shift;
        let value = value << shift & mask;
        match id.registers() {
            Some((first, count)) if count > 1 => {
                for number in 0..count {
                    let above = u32::from(count - 1 - number) * 32;
                    if let Some(register) = Id::reg(first + number) {
                        let word = |bits: u128| bits >> above & ones(32);
                        self.add(register, word(value), word(mask));
                    }
                }
            }
            _ => self.add(id, value, mask),
        }
    }

    fn add(&mut self, id: Id, value: u128, mask: u128) {
        if mask == 0 {
            return;
        }
        let is_register = |id: Id| id.registers().is_some();
        if let Some(setting) = self.settings.iter_mut().find(|setting| setting.id == id) {
            setting.value = setting.value & !mask | value;
            setting.mask |= mask;
            return;
        }
        // A setting in between leaves the register as it is, but what others change may be one field.
        let is_free = is_register(id) && self.settings.iter().all(|other| is_register(other.id));
        if !is_free {
            self.flush();
        }
        self.settings.push(Setting { id, value, mask });
    }

    fn set_field(&mut self, action: &SetField<'_>) {
        match action.field() {
            Some(field) if action.value.len() <= 16 && !field.id.is_tun_metadata() => {
                let all = match field.id {
                    Id::VLAN_VID => TAG_PRESENT | VID,
                    _ => ones(field.n_bits()),
                };
                let mask = action.mask.map_or(all, be_number) & all;
                self.set_bits(field.id, be_number(action.value), mask);
            }
            Some(field) if field.id.is_tun_metadata() => self.set_option(field, action),
            _ => self.text(&Action::SetField(*action)),
        }
    }

    /// Sets an option of a tunnel, which has as many bytes as the switch says.
    fn set_option(&mut self, field: &Field, action: &SetField<'_>) {
        let out = &mut self.next().0;
        let _ = write!(out, "={:x}:", field.id.index());
        put_significant(out, action.value);
        if let Some(mask) = action.mask {
            out.push('/');
            put_significant(out, mask);
        }
    }

    fn reg_load(&mut self, action: &RegLoad) {
        let Bits { offset, n_bits, .. } = action.dst;
        match action.dst.subfield().field {
            FieldRef::Known(field)
                if u32::from(offset) + u32::from(n_bits) <= 128 && !field.id.is_tun_metadata() =>
            {
                let value = u128::from(action.value) << offset;
                self.set_bits(field.id, value, ones(n_bits) << offset);
            }
            _ => self.text(&Action::RegLoad(*action)),
        }
    }

    /// `mod_vlan_vid`: adds a tag if there is none.
    fn vid_of_any(&mut self, vlan_vid: u16) {
        if self.tags > 0 {
            return self.set(Id::VLAN_VID, vlan_vid);
        }
        self.tags = 1;
        let _ = write!(self.next().0, "vid:{vlan_vid:x}");
    }

    /// `mod_vlan_pcp`: adds a tag if there is none.
    fn pcp_of_any(&mut self, vlan_pcp: u8) {
        if self.tags > 0 {
            return self.set(Id::VLAN_PCP, vlan_pcp);
        }
        self.tags = 1;
        let _ = write!(self.next().0, "pcp:{vlan_pcp:x}");
    }

    /// A push of a first tag with the setting of its id or priority is what OpenFlow 1.0 calls `mod_vlan_vid`.
    fn push_vlan(&mut self, push: PushVlan, rest: &mut ActionIter<'_>) {
        if self.tags == 0 && push.eth_type == ETH_TYPE_VLAN {
            let mut ahead = rest.clone();
            let tag = ahead.next().and_then(Result::ok).and_then(tag_of);
            if let Some(tag) = tag {
                *rest = ahead;
                match tag {
                    Tag::Vid(vlan_vid) => self.vid_of_any(vlan_vid),
                    Tag::Pcp(vlan_pcp) => self.pcp_of_any(vlan_pcp),
                }
                return;
            }
        }
        self.tags = self.tags.saturating_add(1);
        self.text(&Action::PushVlan(push));
    }

    fn set_queue(&mut self, action: SetQueue, rest: &mut ActionIter<'_>) {
        let mut ahead = rest.clone();
        if let Some(Ok(Action::Output(Output { port, .. }))) = ahead.next()
            && let Some(Ok(Action::PopQueue(_))) = ahead.next()
        {
            *rest = ahead;
            self.enqueue(port, action.queue);
        } else {
            self.text(&Action::SetQueue(action));
        }
    }

    fn enqueue(&mut self, port: u32, queue: u32) {
        let _ = write!(self.next().0, "enqueue:{port:x}:{queue:x}");
    }
}

/// The digits of bytes without leading zeros.
fn put_significant(out: &mut String, bytes: &[u8]) {
    for byte in bytes.iter().skip_while(|byte| **byte == 0) {
        let _ = write!(out, "{byte:02x}");
    }
}

/// Writes nested actions, whose lengths were checked before.
fn nested(actions: &ActionList<'_>, sink: &mut Plain, tags: u8) {
    let _ = write(actions, sink, tags);
}

/// A setting of a VLAN id or priority.
enum Tag {
    Vid(u16),
    Pcp(u8),
}

/// The id or priority that an action sets, if it sets the whole of it and nothing else.
fn tag_of(action: Action<'_>) -> Option<Tag> {
    let (id, value) = match action {
        Action::SetVlanVid(action) => return Some(Tag::Vid(action.vlan_vid)),
        Action::SetVlanPcp(action) => return Some(Tag::Pcp(action.vlan_pcp)),
        Action::SetField(action) if action.mask.is_none() => {
            (action.field()?.id, be_number(action.value) as u16)
        }
        _ => return None,
    };
    match id {
        Id::VLAN_VID if value & TAG_PRESENT as u16 != 0 => Some(Tag::Vid(value & VID as u16)),
        Id::VLAN_PCP => Some(Tag::Pcp(value as u8)),
        _ => None,
    }
}
