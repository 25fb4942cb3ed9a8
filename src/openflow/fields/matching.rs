//! What a flow matches: OXM or NXM fields, kept as received, with the offset of every row.

mod key;
mod print;

use self::print::{MatchJson, MatchText, MatchVisitor};
use super::super::bytes::{Cursor, DecodeError, DecodeErrorKind, be_number};
use super::super::text::{Sink, Style, TextContext, TextRole, port_from_v10};
use super::Header;
use super::row_set::{ETHERNET, RowSet, SOMETIMES_HIDDEN, TAGS, WIDE_REGISTERS};
use super::shorthand::{TCI_PCP, TCI_PRESENT, TCI_VID, Tci, TciForm, word_for};
use super::table::{Field, Id};
use super::values::{all_ones, all_zeros};
use crate::base::digits::put_decimal;
use crate::base::json::Json;

/// The priority that text leaves out.
const DEFAULT_PRIORITY: u16 = 0x8000;

/// Rows that hold the same field: the port in 16 bits and in 32, the DSCP shifted and not.
const EQUIVALENT_ROWS: [[Id; 2]; 2] = [[Id::IN_PORT, Id::IN_PORT_OXM], [Id::NW_TOS, Id::IP_DSCP]];

/// A value with its mask; no mask if every bit is matched.
pub type Masked<'a> = (&'a [u8], Option<&'a [u8]>);

/// The match of a flow: a view over its fields' bytes (OpenFlow 1.5.1 §7.2.3, ovs-fields(7)).
#[derive(Debug, Clone)]
pub struct Match<'a> {
    bytes: &'a [u8],
    /// Offset of `bytes` in the message.
    at: usize,
    /// The offset of each field that has a row, in the order of the rows.
    places: FieldOffsets,
    /// The rows present in the match.
    present: RowSet,
    /// Whether there are fields without a row.
    has_unknown: bool,
}

impl<'a> Match<'a> {
    /// A view over a list of OXM or NXM fields without the header and padding of `ofp_match`.
    ///
    /// `at` is the offset of the list in its message, for errors. Fields without a row are kept.
    ///
    /// # Errors
    ///
    /// A field is repeated (in either width), or its length contradicts its row or exceeds the list.
    pub fn decode_tlvs(bytes: &'a [u8], at: usize) -> Result<Match<'a>, DecodeError> {
        let mut cursor = Cursor::new(bytes, at);
        let mut matched = Match {
            bytes,
            at,
            places: FieldOffsets::default(),
            present: RowSet::EMPTY,
            has_unknown: false,
        };
        while !cursor.is_empty() {
            let start = cursor;
            let header = Header::decode(&mut cursor)?;
            let Ok(value_at) = u16::try_from(cursor.at() - at) else {
                return Err(start.error("match", DecodeErrorKind::BadLength(bytes.len())));
            };
            if header.masked && header.length % 2 != 0 {
                return Err(start.error(
                    "oxm_length",
                    DecodeErrorKind::BadLength(usize::from(header.length)),
                ));
            }
            let (value, mask) = payload(&mut cursor, header)?;
            if cookie(header, value, mask).is_some() {
                continue;
            }
            let Some(field) = header.field() else {
                matched.has_unknown = true;
                continue;
            };
            let variable = field.id.is_tun_metadata();
            let fits = if variable {
                value.len() <= usize::from(field.bytes)
            } else {
                value.len() == usize::from(field.bytes)
            };
            if !fits {
                return Err(start.error(field.name, DecodeErrorKind::BadLength(value.len())));
            }
            let covers = mask.map_or(MaskCoverage::All, |mask| MaskCoverage::of(field, mask));
            // A mask of zeros matches everything, except that a tunnel option must be present.
            if covers == MaskCoverage::Nothing && !variable {
                continue;
            }
            if matched.present.contains(field.id) {
                return Err(start.error(
                    field.name,
                    DecodeErrorKind::BadValue(be_number(value) as u64),
                ));
            }
            matched.places.insert(FieldOffset {
                id: field.id,
                at: value_at,
                width: value.len() as u8,
                masked: covers != MaskCoverage::All,
            });
            matched.present.insert(field.id);
        }
        for rows in EQUIVALENT_ROWS {
            if rows.iter().all(|id| matched.present.contains(*id)) {
                return Err(matched.twice(rows));
            }
        }
        Ok(matched)
    }

    /// The error for a field present in two of its rows, at the later one.
    fn twice(&self, rows: [Id; 2]) -> DecodeError {
        let places = self.places.all().iter();
        let places = places.filter(|place| rows.contains(&place.id));
        let [id, _] = rows;
        let (id, at) = places
            .map(|place| (place.id, usize::from(place.at)))
            .max_by_key(|(_, at)| *at)
            .unwrap_or((id, 0));
        let value = self
            .value(id.row())
            .map_or(0, |(value, _)| be_number(value));
        let kind = DecodeErrorKind::BadValue(value as u64);
        Cursor::new(&[], self.at + at).error(id.row().name, kind)
    }

    /// The value and mask of a field as received; `None` if the match does not have it.
    ///
    /// Only this row is looked up: `in_port` is not found as `in_port_oxm`, nor `reg0` in `xreg0`.
    pub fn value(&self, field: &Field) -> Option<Masked<'a>> {
        if !self.present.contains(field.id) {
            return None;
        }
        let mut places = self.places.all().iter();
        self.at_place(*places.find(|place| place.id == field.id)?)
    }

    /// The value and mask at an offset.
    fn at_place(&self, place: FieldOffset) -> Option<Masked<'a>> {
        let width = usize::from(place.width);
        let (value, rest) = self
            .bytes
            .get(usize::from(place.at)..)?
            .split_at_checked(width)?;
        let mask = if place.masked {
            Some(rest.get(..width)?)
        } else {
            None
        };
        Some((value, mask))
    }

    /// The input port, widened to 32 bits.
    pub fn in_port(&self) -> Option<u32> {
        if let Some((value, _)) = self.value(Id::IN_PORT_OXM.row()) {
            return Some(be_number(value) as u32);
        }
        let (value, _) = self.value(Id::IN_PORT.row())?;
        Some(port_from_v10(be_number(value) as u16))
    }

    /// Whether the match requires a VLAN tag.
    pub fn vlan_tag_known(&self) -> bool {
        self.tci().is_tagged()
    }

    /// Cookie and mask of a request's filter (`NXM_NX_COOKIE`).
    pub fn cookie(&self) -> Option<(u64, u64)> {
        let mut cursor = Cursor::new(self.bytes, self.at);
        let mut found = None;
        while let Ok(header) = Header::decode(&mut cursor) {
            let (value, mask) = payload(&mut cursor, header).ok()?;
            found = cookie(header, value, mask).or(found);
        }
        found
    }

    /// Whether every packet matches.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty() && !self.has_unknown
    }

    /// The match on the VLAN tag, from any of its fields: value and mask of the tag control
    /// information as `vlan_tci` has it (ovs-fields(7)), bit 12 for presence.
    pub fn vlan_tci(&self) -> (u16, u16) {
        let tci = self.tci();
        (tci.value & tci.mask, tci.mask)
    }

    /// Value and mask of each register, also from fields of two or four registers.
    pub fn register_values(&self) -> [(u32, u32); Id::REGISTERS as usize] {
        let mut registers = [(0u32, 0u32); Id::REGISTERS as usize];
        for place in self.places.all() {
            let Some((first, count)) = place.id.registers() else {
                continue;
            };
            let Some((value, mask)) = self.at_place(*place) else {
                continue;
            };
            let slots = registers
                .iter_mut()
                .skip(usize::from(first))
                .take(usize::from(count));
            for (number, slot) in (0..).zip(slots) {
                let (value, bits) = register(value, mask, number);
                slot.0 |= value;
                slot.1 |= bits;
            }
        }
        registers
    }

    /// Every field that has a row, with its value and mask as received, in the order of the rows.
    pub fn fields(&self) -> impl Iterator<Item = (&'static Field, Masked<'a>)> + '_ {
        let field = |place: FieldOffset| Some((place.id.row(), self.at_place(place)?));
        self.places.all().iter().copied().filter_map(field)
    }

    /// The OXM or NXM fields as received.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Whether there are fields without a row: it matches fewer packets than its rows say.
    pub fn has_unknown(&self) -> bool {
        self.has_unknown
    }

    /// Writes the match as ovs-ofctl does in a flow dump: `priority=5,tcp,in_port=2,tp_dst=80`.
    ///
    /// Words and their order are the same in all versions of OpenFlow and both styles, but the wire
    /// style omits what ovs-ofctl omits: some masks, some fields of ERSPAN and NSH. A field
    /// without a row comes last, as `oxm_0x8000_45=0x0102/0xffff` or, of an experimenter,
    /// `oxm_0xffff_0x00001234_45=0x01`.
    pub fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>, priority: u16) {
        let mut words = MatchText {
            sink,
            cx,
            hidden: match cx.style {
                Style::Wire => self.hidden(),
                Style::Classic => RowSet::EMPTY,
            },
            first: true,
        };
        if priority != DEFAULT_PRIORITY {
            words.separate();
            words.sink.put_as(TextRole::Special, "priority=");
            put_decimal(words.sink.buffer(), u64::from(priority));
        }
        self.walk(&mut words);
    }

    /// Writes the members of the match's JSON object, with the keys of [`Match::text`].
    ///
    /// Instead of the word for a protocol there are the numbers `dl_type` and `nw_proto`. Values
    /// have the forms of [`Field::value_json`].
    pub fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        self.walk(&mut MatchJson { json, cx });
    }

    /// Calls the visitor for each part of the match, in the order of a dump.
    fn walk(&self, visit: &mut impl MatchVisitor) {
        let eth_type = self.number(Id::ETH_TYPE).map(|number| number as u16);
        let nw_proto = self.number(Id::NW_PROTO).map(|number| number as u8);
        let word = eth_type.and_then(|eth_type| word_for(eth_type, nw_proto));
        let mut word_due = word;
        // Ethernet is implied, except in datapath flows.
        let mut ethernet_due = self.present.contains(Id::RECIRC_ID) && self.is_ethernet();
        let mut tci_due = true;
        let registers_in_order = self.registers_in_order();
        let mut registers_due = true;
        for place in self.places.all() {
            let id = place.id;
            if id >= Id::PACKET_TYPE && std::mem::take(&mut ethernet_due) {
                visit.ethernet();
            }
            if id > Id::PACKET_TYPE
                && let Some((word, nw_proto)) = word_due.take()
            {
                visit.protocol(word, eth_type.unwrap_or_default(), nw_proto);
            }
            let field = id.row();
            let Some((value, mask)) = self.at_place(*place) else {
                continue;
            };
            if let Some((first, count)) = id.registers() {
                if registers_in_order {
                    for number in 0..count {
                        let (value, bits) = register(value, mask, number);
                        walk_register(first + number, value, bits, visit);
                    }
                } else if registers_due {
                    registers_due = false;
                    self.walk_registers(visit);
                }
                continue;
            }
            if TAGS.contains(id) {
                if tci_due {
                    tci_due = false;
                    walk_tag(self.tci(), visit);
                }
                continue;
            }
            match id {
                Id::PACKET_TYPE if all_zeros(value) => {}
                Id::ETH_TYPE if word.is_some() => {}
                Id::NW_PROTO if word.is_some_and(|(_, included)| included.is_some()) => {}
                Id::NW_TOS | Id::IP_DSCP => {
                    let shift = if id == Id::IP_DSCP { 2 } else { 0 };
                    let tos = value.first().map_or(0, |tos| tos << shift & 0xfc);
                    visit.field(Id::NW_TOS.row(), &[tos], None);
                }
                _ => visit.field(field, value, mask),
            }
        }
        self.each_unknown(|header, value, mask| visit.unknown(header, value, mask));
    }

    fn walk_registers(&self, visit: &mut impl MatchVisitor) {
        let registers = self.register_values();
        for (number, (value, bits)) in registers.into_iter().enumerate() {
            walk_register(number as u8, value, bits, visit);
        }
    }

    /// Whether the rows are in the order of their registers and no register is repeated.
    fn registers_in_order(&self) -> bool {
        if !self.present.intersects(&WIDE_REGISTERS) {
            return true;
        }
        let mut next = 0;
        let ranges = self.places.all().iter();
        let mut ranges = ranges.filter_map(|place| place.id.registers());
        ranges.all(|(first, count)| first >= std::mem::replace(&mut next, first + count))
    }

    /// The matched fields that ovs-ofctl does not print: the version of ERSPAN, flags and message type
    /// of GTP-U where they are zero, fields of ERSPAN that the version which is matched does not have, contexts of
    /// NSH that are not of metadata type 1, and ports of a tracked connection whose protocol is not matched.
    fn hidden(&self) -> RowSet {
        if !self.present.intersects(&SOMETIMES_HIDDEN) {
            return RowSet::EMPTY;
        }
        let masked = |id: Id| match self.value(id.row()) {
            Some((value, mask)) => be_number(value) & mask.map_or(u128::MAX, be_number),
            None => 0,
        };
        let version = masked(Id::TUN_ERSPAN_VER);
        let mut hidden = RowSet::EMPTY;
        for id in [Id::TUN_ERSPAN_VER, Id::TUN_GTPU_FLAGS, Id::TUN_GTPU_MSGTYPE] {
            if masked(id) == 0 {
                hidden.insert(id);
            }
        }
        if version != 1 {
            hidden.insert(Id::TUN_ERSPAN_IDX);
        }
        if version != 2 {
            hidden.insert(Id::TUN_ERSPAN_DIR);
            hidden.insert(Id::TUN_ERSPAN_HWID);
        }
        if self.number(Id::NSH_MDTYPE) != Some(1) {
            hidden.insert(Id::NSH_C1);
            hidden.insert(Id::NSH_C2);
            hidden.insert(Id::NSH_C3);
            hidden.insert(Id::NSH_C4);
        }
        if !self.present.contains(Id::CT_NW_PROTO) {
            hidden.insert(Id::CT_TP_SRC);
            hidden.insert(Id::CT_TP_DST);
        }
        hidden
    }

    /// Calls `take` for each field without a row, with its header, value and mask as received.
    pub(super) fn each_unknown(&self, mut take: impl FnMut(Header, &[u8], Option<&[u8]>)) {
        if !self.has_unknown {
            return;
        }
        let mut cursor = Cursor::new(self.bytes, self.at);
        while let Ok(header) = Header::decode(&mut cursor) {
            let Ok((value, mask)) = payload(&mut cursor, header) else {
                return;
            };
            if header.field().is_none() {
                take(header, value, mask);
            }
        }
    }

    /// The rows present in the match.
    pub(super) fn present(&self) -> RowSet {
        self.present
    }

    /// The match on the VLAN tag, from any of its fields.
    pub(super) fn tci(&self) -> Tci {
        let mut tci = Tci::default();
        if !self.present.intersects(&TAGS) {
            return tci;
        }
        let mut add = |id: Id, all: u16, shift: u32, implied: u16| {
            if let Some((value, mask)) = self.value(id.row()) {
                let bits = |bytes| (be_number(bytes) as u16) << shift;
                tci.and(
                    bits(value) | implied,
                    mask.map_or(all, bits) & all | implied,
                );
            }
        };
        add(Id::VLAN_TCI, u16::MAX, 0, 0);
        add(Id::VLAN_VID, TCI_VID | TCI_PRESENT, 0, 0);
        // A priority implies a tag.
        add(Id::VLAN_PCP, TCI_PCP, 13, TCI_PRESENT);
        tci
    }

    /// The value of a field that is matched exactly.
    fn number(&self, id: Id) -> Option<u64> {
        match self.value(id.row())? {
            (value, None) => Some(be_number(value) as u64),
            (_, Some(_)) => None,
        }
    }

    /// Whether the match requires or implies Ethernet.
    fn is_ethernet(&self) -> bool {
        match self.number(Id::PACKET_TYPE) {
            Some(packet_type) => packet_type == 0,
            None => self.present.intersects(&ETHERNET),
        }
    }
}

/// The location of a field in a match.
#[derive(Debug, Clone, Copy)]
struct FieldOffset {
    id: Id,
    /// Offset of the value in the bytes of the match; a mask follows it.
    at: u16,
    /// The width of the value, and of the mask, in bytes.
    width: u8,
    /// Whether there is a mask that does not cover all bits.
    masked: bool,
}

/// Maximum number of offsets stored without allocation; more fields are rare.
const INLINE_FIELDS: usize = 10;

/// The offsets of a match's fields, in the order of their rows.
#[derive(Debug, Clone)]
struct FieldOffsets {
    few: [FieldOffset; INLINE_FIELDS],
    /// How many of `few` are used.
    count: u8,
    /// All offsets, if there are more.
    many: Vec<FieldOffset>,
}

impl Default for FieldOffsets {
    fn default() -> FieldOffsets {
        let nowhere = FieldOffset {
            id: Id::PKT_MARK,
            at: 0,
            width: 0,
            masked: false,
        };
        FieldOffsets {
            few: [nowhere; INLINE_FIELDS],
            count: 0,
            many: Vec::new(),
        }
    }
}

impl FieldOffsets {
    fn all(&self) -> &[FieldOffset] {
        match self.few.get(..usize::from(self.count)) {
            Some(few) if self.many.is_empty() => few,
            _ => &self.many,
        }
    }

    fn insert(&mut self, place: FieldOffset) {
        let count = usize::from(self.count);
        let places = if let Some(slot) = self.few.get_mut(count) {
            *slot = place;
            self.count += 1;
            self.few.get_mut(..=count).unwrap_or_default()
        } else {
            if self.many.is_empty() {
                self.many.extend(self.few);
            }
            self.many.push(place);
            &mut self.many
        };
        // Moves it into order; most fields are in order.
        for last in (1..places.len()).rev() {
            match places.get_mut(last - 1..=last) {
                Some([before, behind]) if behind.id < before.id => std::mem::swap(before, behind),
                _ => break,
            }
        }
    }
}

/// The part of a field that a mask covers, ignoring bits that the field does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MaskCoverage {
    All,
    Some,
    Nothing,
}

impl MaskCoverage {
    fn of(field: &Field, mask: &[u8]) -> MaskCoverage {
        // The presence bit is above the id.
        let n_bits = if field.id == Id::VLAN_VID {
            13
        } else {
            field.bits
        };
        if mask.len() * 8 > usize::from(n_bits) {
            let bits = (1u128 << n_bits.min(127)) - 1;
            return match be_number(mask) & bits {
                0 => MaskCoverage::Nothing,
                covered if covered == bits => MaskCoverage::All,
                _ => MaskCoverage::Some,
            };
        }
        if all_zeros(mask) {
            MaskCoverage::Nothing
        } else if all_ones(mask) {
            MaskCoverage::All
        } else {
            MaskCoverage::Some
        }
    }
}

/// Value and mask after a header.
fn payload<'a>(cursor: &mut Cursor<'a>, header: Header) -> Result<Masked<'a>, DecodeError> {
    let value = cursor.take(header.value_bytes(), "oxm value")?;
    let mask = if header.masked {
        Some(cursor.take(header.value_bytes(), "oxm mask")?)
    } else {
        None
    };
    Ok((value, mask))
}

/// `NXM_NX_COOKIE`, which has the number of `NXM_NX_MPLS_TTL` but another length.
fn cookie(header: Header, value: &[u8], mask: Option<&[u8]>) -> Option<(u64, u64)> {
    let number = |bytes: &[u8]| bytes.try_into().ok().map(u64::from_be_bytes);
    if (header.class, header.number) != (0x0001, 30) {
        return None;
    }
    Some((number(value)?, mask.map_or(Some(u64::MAX), number)?))
}

/// Value and mask of one of the registers that are in a field, counted from the first.
fn register(value: &[u8], mask: Option<&[u8]>, number: u8) -> (u32, u32) {
    let first = usize::from(number) * 4;
    let word = |bytes: &[u8]| bytes.get(first..first + 4).map_or(0, be_number) as u32;
    let bits = mask.map_or(u32::MAX, word);
    (word(value) & bits, bits)
}

fn walk_register(number: u8, value: u32, bits: u32, visit: &mut impl MatchVisitor) {
    let Some(id) = Id::reg(number) else { return };
    if bits != 0 {
        let mask_bytes = bits.to_be_bytes();
        let mask = (bits != u32::MAX).then_some(mask_bytes.as_slice());
        visit.field(id.row(), &value.to_be_bytes(), mask);
    }
}

fn walk_tag(tci: Tci, visit: &mut impl MatchVisitor) {
    if tci.mask == 0 {
        return;
    }
    match tci.words() {
        TciForm::Parts { vid, pcp } => {
            if let Some(vid) = vid {
                visit.field(Id::DL_VLAN.row(), &vid.to_be_bytes(), None);
            }
            if let Some(pcp) = pcp {
                visit.field(Id::DL_VLAN_PCP.row(), &[pcp], None);
            }
        }
        TciForm::Whole => {
            let mask = tci.mask.to_be_bytes();
            let mask = (tci.mask != u16::MAX).then_some(mask.as_slice());
            visit.field(Id::VLAN_TCI.row(), &tci.value.to_be_bytes(), mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_fields_are_in_the_order_of_the_rows() {
        // NXM_NX_REG0 to REG15 backwards, each with its number.
        let numbers = (0..16u8).rev();
        let bytes: Vec<u8> = numbers
            .flat_map(|number| [0, 1, number << 1, 4, 0, 0, 0, number])
            .collect();
        for count in 0..=16 {
            let matched = Match::decode_tlvs(&bytes[..count * 8], 0).unwrap();
            let names: Vec<String> = matched
                .fields()
                .map(|(row, _)| row.name.to_owned())
                .collect();
            let expected: Vec<String> = (16 - count..16).map(|n| format!("reg{n}")).collect();
            assert_eq!(names, expected);
            for (row, (value, mask)) in matched.fields() {
                assert_eq!(row.name, format!("reg{}", be_number(value)));
                assert_eq!((mask, matched.value(row)), (None, Some((value, None))));
            }
        }
    }

    #[test]
    fn a_field_in_two_widths_is_a_duplicate() {
        // NXM_OF_IN_PORT and OXM_OF_IN_PORT, either way round; ovs-vswitchd calls it OFPBMC_DUP_FIELD.
        let short = [0, 0, 0, 2, 0, 5];
        let long = [0x80, 0, 0, 4, 0, 0, 0, 6];
        for (bytes, at, value) in [
            ([&short[..], &long].concat(), 10, 6),
            ([&long[..], &short].concat(), 12, 5),
        ] {
            let error = Match::decode_tlvs(&bytes, 0).unwrap_err();
            assert_eq!(error.at, at);
            assert!(matches!(error.kind, DecodeErrorKind::BadValue(v) if v == value));
        }
        // NXM_OF_IP_TOS and OXM_OF_IP_DSCP
        let tos = [0, 0, 0x0a, 1, 4, 0x80, 0, 0x10, 1, 1];
        assert_eq!(Match::decode_tlvs(&tos, 0).unwrap_err().at, 9);
    }
}
