//! The table: one row per match field of ovs-fields(7), in the order in which a flow dump prints them.
//!
//! Decoding, encoding, text, JSON and parsing all read these rows. Adding a field is adding a row.

use super::super::version::Version;
use crate::base::compile_time::fail_compilation;

/// One row of the field table.
#[derive(Debug)]
pub struct Field {
    /// Which row this is.
    pub id: Id,
    /// The name that ovs-fields(7) uses: `eth_src`.
    pub name: &'static str,
    /// The other name that ovs-ofctl accepts: `dl_src`.
    pub alias: Option<&'static str>,
    /// How many of the least significant bits may be nonzero.
    pub bits: u16,
    /// Width on the wire in bytes; the most that a field of variable width may take.
    pub bytes: u8,
    /// How a value is written.
    pub kind: FieldKind,
    /// Whether any bits may be masked; if not, the field is matched whole or not at all.
    pub maskable: bool,
    /// The prerequisite of matching the field.
    pub prereq: Prereq,
    /// Whether actions may change the field.
    pub writable: bool,
    /// Its numbers on the wire, oldest first; empty for the fields of OpenFlow 1.0 and of the datapath.
    pub wire: &'static [WireField],
    /// The key in the match of a flow dump, where it is not the name: `nw_src`.
    pub key: &'static str,
    /// The numbers in the match of a flow dump.
    pub form: DumpForm,
    /// Its position where ovs-ofctl lists fields; numbered fields have one position and come in the order of
    /// the table.
    pub listed: u16,
}

/// A number of a field on the wire.
#[derive(Debug)]
pub struct WireField {
    /// The name that ovs-ofctl prints: `NXM_OF_ETH_SRC`.
    pub name: &'static str,
    /// `oxm_class`
    pub class: u16,
    /// The experimenter id of class 0xffff.
    pub experimenter: Option<u32>,
    /// `oxm_field`
    pub number: u8,
    /// The first version of OpenFlow in which this number is the one to send.
    pub since: Version,
    /// The first version of Open vSwitch that knew it.
    pub ovs: &'static str,
}

/// How a value is written (`Format` in ovs-fields(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A number in decimal, its mask in hexadecimal.
    Decimal,
    /// A number in hexadecimal of any width.
    Hex,
    /// `00:11:22:33:44:55`
    Mac,
    /// `10.0.0.1`
    Ipv4,
    /// `fe80::1`
    Ipv6,
    /// A 16-bit port of OpenFlow 1.0.
    Port16,
    /// A 32-bit port.
    Port32,
    /// `no`, `yes`, `first`, `later`, `not_later`
    Frag,
    /// Flags of a TCP header.
    TcpFlags,
    /// States of connection tracking.
    CtState,
    /// Flags of a tunnel.
    TunFlags,
    /// `(namespace,type)`
    PacketType,
}

/// The prerequisite of matching a field (`Prerequisites` in ovs-fields(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prereq {
    /// Nothing.
    Any,
    /// An Ethernet packet.
    Ethernet,
    /// A tag is present.
    Vlan,
    /// `arp` or `rarp`
    Arp,
    /// `ip`
    Ipv4,
    /// `ipv6`
    Ipv6,
    /// `ip` or `ipv6`
    Ip,
    /// `mpls` or `mplsm`
    Mpls,
    /// `dl_type=0x894f`
    Nsh,
    /// A tracked connection: `ct_state` with the bit `trk`, neither `inv` nor `-trk`.
    Ct,
    /// `tcp` or `tcp6`
    Tcp,
    /// `udp` or `udp6`
    Udp,
    /// `sctp` or `sctp6`
    Sctp,
    /// `icmp`
    Icmp,
    /// `icmp6`
    Icmp6,
    /// `icmp6` with type 135 or 136, code 0
    Nd,
    /// `icmp6` with type 135, code 0
    NdSolicit,
    /// `icmp6` with type 136, code 0
    NdAdvert,
}

/// How the numbers of kinds [`FieldKind::Decimal`] and [`FieldKind::Hex`] stand in the match of a flow dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DumpForm {
    /// Decimal; with a mask, hexadecimal of at least so many digits.
    Decimal(usize),
    /// `0x1f`, zero as `0`.
    Hex,
    /// `0x` and at least so many digits.
    Padded(usize),
    /// As [`DumpForm::Decimal`], but ovs-ofctl leaves the mask out.
    BareDecimal,
    /// As [`DumpForm::Hex`], but ovs-ofctl leaves the mask out.
    BareHex,
    /// As the value of an action.
    Value,
}

/// The number of a row: an index into [`ROWS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u8);

impl Id {
    /// How many registers there are.
    pub const REGISTERS: u8 = REGS.len() as u8;

    /// The index of the row in [`ROWS`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The row.
    pub fn row(self) -> &'static Field {
        // `Id`s are made in this file only, one for every row.
        ROWS.get(self.index()).copied().unwrap_or(&FRONT[0])
    }

    /// `reg0`, `reg1` and so on, not `xreg` or `xxreg`; `None` if there is no such register.
    pub const fn reg(number: u8) -> Option<Id> {
        if number < Id::REGISTERS {
            Some(Id(REG0 + number))
        } else {
            None
        }
    }

    /// The 32-bit registers that a register field covers: the first and the count.
    pub const fn registers(self) -> Option<(u8, u8)> {
        match self.0 {
            n if n >= REG0 && n < XREG0 => Some((n - REG0, 1)),
            n if n >= XREG0 && n < XXREG0 => Some(((n - XREG0) * 2, 2)),
            n if n >= XXREG0 && n < MIDDLE => Some(((n - XXREG0) * 4, 4)),
            _ => None,
        }
    }

    /// Whether this is one of `tun_metadata0` to `tun_metadata63`, whose width is set in the switch.
    pub const fn is_tun_metadata(self) -> bool {
        self.0 >= TUN_METADATA0 && self.0 < BACK
    }
}

/// Class and experimenter of a wire name, by its prefix.
#[allow(clippy::indexing_slicing, reason = "at compile time")]
const fn class_of(name: &str) -> (u16, Option<u32>) {
    const PREFIXES: [(&str, u16, Option<u32>); 8] = [
        ("OXM_OF_PKT_REG", 0x8001, None),
        ("OXM_OF_", 0x8000, None),
        ("NXM_OF_", 0x0000, None),
        ("NXM_NX_", 0x0001, None),
        ("ERICOXM_OF_", 0x1000, None),
        ("NXOXM_ET_", 0xffff, Some(0x0000_2320)),
        ("NXOXM_NSH_", 0xffff, Some(0x005a_d650)),
        ("ONFOXM_ET_", 0xffff, Some(0x4f4e_4600)),
    ];
    let mut at = 0;
    while at < PREFIXES.len() {
        let (prefix, class, experimenter) = PREFIXES[at];
        if starts_with(name, prefix) {
            return (class, experimenter);
        }
        at += 1;
    }
    fail_compilation(&["no class for the prefix of ", name, ": add it to PREFIXES"])
}

#[allow(clippy::indexing_slicing, reason = "at compile time")]
const fn starts_with(name: &str, prefix: &str) -> bool {
    let (name, prefix) = (name.as_bytes(), prefix.as_bytes());
    let mut at = 0;
    while at < prefix.len() {
        if at >= name.len() || name[at] != prefix[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// The form that follows from the kind.
const fn form_of(kind: FieldKind, bytes: u8) -> DumpForm {
    match (kind, bytes) {
        (FieldKind::Decimal, 1) => DumpForm::Decimal(2),
        (FieldKind::Decimal, 4) => DumpForm::Decimal(8),
        (FieldKind::Decimal, _) => DumpForm::Decimal(1),
        (FieldKind::Hex, 0..=8) => DumpForm::Hex,
        _ => DumpForm::Value,
    }
}

macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

macro_rules! or {
    ($default:expr) => {
        $default
    };
    ($default:expr, $value:expr) => {
        $value
    };
}

macro_rules! row {
    ($id:expr, $name:expr, ($($alias:expr)?), $bits:literal / $bytes:literal, $kind:ident, $mask:ident, $prereq:ident,
     $access:ident, $listed:literal, [$($wire:expr, $number:expr, $since:ident, $ovs:expr);*], ($($key:expr)?), ($($form:expr)?)) => {
        Field {
            id: Id($id),
            name: $name,
            alias: optional!($($alias)?),
            bits: $bits,
            bytes: $bytes,
            kind: FieldKind::$kind,
            maskable: access!($mask),
            prereq: Prereq::$prereq,
            writable: access!($access),
            wire: &[$(WireField {
                name: $wire,
                class: class_of($wire).0,
                experimenter: class_of($wire).1,
                number: $number,
                since: Version::$since,
                ovs: $ovs,
            }),*],
            key: or!($name $(, $key)?),
            form: or!(form_of(FieldKind::$kind, $bytes) $(, $form)?),
            listed: $listed,
        }
    };
}

macro_rules! access {
    (bits) => {
        true
    };
    (whole) => {
        false
    };
    (rw) => {
        true
    };
    (ro) => {
        false
    };
}

/// Rows that stand alone. The columns: name, alias, bits/bytes, kind, mask (any `bits`, or the field
/// `whole`), prerequisite, access, position in the lists of ovs-ofctl (any number between those of its neighbours
/// there), numbers on the wire with the versions of OpenFlow and Open vSwitch since which they are valid, and key
/// and form if the flow dump has its own.
macro_rules! rows {
    ($group:ident, $order:ident from $first:expr;
     $($id:ident: $name:literal ($($alias:literal)?) $bits:literal/$bytes:literal $kind:ident $mask:ident $prereq:ident
       $access:ident $listed:literal [$($wire:ident $number:literal $since:ident $ovs:literal),*]
       $(key $key:literal)? $(form $form:expr)?;)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum $order { $($id),* }

        #[allow(missing_docs)]
        impl Id {
            $(pub const $id: Id = Id($first + $order::$id as u8);)*
        }

        static $group: [Field; [$($name),*].len()] = [
            $(row!($first + $order::$id as u8, $name, ($($alias)?), $bits/$bytes, $kind, $mask, $prereq, $access, $listed,
                   [$(stringify!($wire), $number, $since, $ovs);*], ($($key)?), ($($form)?))),*
        ];
    };
}

/// Rows that differ in a number only: register N, option N of a tunnel.
macro_rules! numbered {
    ($group:ident from $first:expr; $prefix:literal $bits:literal/$bytes:literal $kind:ident $listed:literal;
     $($wire:literal + $shift:literal $since:ident: $($n:literal $ovs:literal)*;)*) => {
        static $group: [Field; [$($($n),*),*].len()] = [$($(
            row!($first + $n, concat!($prefix, $n), (), $bits/$bytes, $kind, bits, Any, rw, $listed,
                 [concat!($wire, $n), $n + $shift, $since, $ovs], (), ())
        ),*),*];
    };
}

const REG0: u8 = FRONT.len() as u8;
const XREG0: u8 = REG0 + REGS.len() as u8;
const XXREG0: u8 = XREG0 + XREGS.len() as u8;
const MIDDLE: u8 = XXREG0 + XXREGS.len() as u8;
const TUN_METADATA0: u8 = MIDDLE + TUNNEL.len() as u8;
const BACK: u8 = TUN_METADATA0 + TUN_METADATA.len() as u8;
const ROW_COUNT: u8 = BACK + PACKET.len() as u8;

rows! { FRONT, FrontOrder from 0;
    PKT_MARK: "pkt_mark" () 32/4 Hex bits Any rw 270 [NXM_NX_PKT_MARK 33 V10 "2.0"];
    RECIRC_ID: "recirc_id" () 32/4 Decimal whole Any ro 20 [NXM_NX_RECIRC_ID 36 V10 "2.2"] form DumpForm::Hex;
    DP_HASH: "dp_hash" () 32/4 Hex bits Any ro 10 [NXOXM_ET_DP_HASH 0 V10 "2.4", NXM_NX_DP_HASH 35 V10 "2.2"];
    CONJ_ID: "conj_id" () 32/4 Decimal whole Any ro 40 [NXM_NX_CONJ_ID 37 V10 "2.4"];
    SKB_PRIORITY: "skb_priority" () 32/4 Hex whole Any ro 260 [];
    ACTSET_OUTPUT: "actset_output" () 32/4 Port32 whole Any ro 250
        [ONFOXM_ET_ACTSET_OUTPUT 43 V13 "2.4", OXM_OF_ACTSET_OUTPUT 43 V15 "2.4"];
    CT_STATE: "ct_state" () 32/4 CtState bits Any ro 280 [NXM_NX_CT_STATE 105 V10 "2.5"];
    CT_ZONE: "ct_zone" () 16/2 Hex whole Any ro 290 [NXM_NX_CT_ZONE 106 V10 "2.5"] form DumpForm::Decimal(1);
    CT_MARK: "ct_mark" () 32/4 Hex bits Any rw 300 [NXM_NX_CT_MARK 107 V10 "2.5"];
    CT_LABEL: "ct_label" () 128/16 Hex bits Any rw 310 [NXM_NX_CT_LABEL 108 V10 "2.5"];
    CT_NW_SRC: "ct_nw_src" () 32/4 Ipv4 bits Ct ro 330 [NXM_NX_CT_NW_SRC 120 V10 "2.8"];
    CT_IPV6_SRC: "ct_ipv6_src" () 128/16 Ipv6 bits Ct ro 350 [NXM_NX_CT_IPV6_SRC 122 V10 "2.8"];
    CT_NW_DST: "ct_nw_dst" () 32/4 Ipv4 bits Ct ro 340 [NXM_NX_CT_NW_DST 121 V10 "2.8"];
    CT_IPV6_DST: "ct_ipv6_dst" () 128/16 Ipv6 bits Ct ro 360 [NXM_NX_CT_IPV6_DST 123 V10 "2.8"];
    CT_NW_PROTO: "ct_nw_proto" () 8/1 Decimal whole Ct ro 320 [NXM_NX_CT_NW_PROTO 119 V10 "2.8"];
    CT_TP_SRC: "ct_tp_src" () 16/2 Decimal bits Ct ro 370 [NXM_NX_CT_TP_SRC 124 V10 "2.8"];
    CT_TP_DST: "ct_tp_dst" () 16/2 Decimal bits Ct ro 380 [NXM_NX_CT_TP_DST 125 V10 "2.8"];
    PACKET_TYPE: "packet_type" () 32/4 PacketType whole Any ro 30 [OXM_OF_PACKET_TYPE 44 V15 "2.8"];
}

numbered! { REGS from REG0; "reg" 32/4 Hex 390;
    "NXM_NX_REG" + 0 V10: 0 "1.1" 1 "1.1" 2 "1.1" 3 "1.1" 4 "1.3" 5 "1.7" 6 "1.7" 7 "1.7"
        8 "2.6" 9 "2.6" 10 "2.6" 11 "2.6" 12 "2.6" 13 "2.6" 14 "2.6" 15 "2.6";
    "NXOXM_ET_REG" + 1 V10: 16 "3.7" 17 "3.7" 18 "3.7" 19 "3.7" 20 "3.7" 21 "3.7" 22 "3.7" 23 "3.7"
        24 "3.7" 25 "3.7" 26 "3.7" 27 "3.7" 28 "3.7" 29 "3.7" 30 "3.7" 31 "3.7";
}

numbered! { XREGS from XREG0; "xreg" 64/8 Hex 400;
    "OXM_OF_PKT_REG" + 0 V13: 0 "2.4" 1 "2.4" 2 "2.4" 3 "2.4" 4 "2.4" 5 "2.4" 6 "2.4" 7 "2.4"
        8 "3.7" 9 "3.7" 10 "3.7" 11 "3.7" 12 "3.7" 13 "3.7" 14 "3.7" 15 "3.7";
}

numbered! { XXREGS from XXREG0; "xxreg" 128/16 Hex 410;
    "NXM_NX_XXREG" + 111 V10: 0 "2.6" 1 "2.6" 2 "2.6" 3 "2.6";
    "NXOXM_ET_XXREG" + 29 V10: 4 "3.7" 5 "3.7" 6 "3.7" 7 "3.7";
}

rows! { TUNNEL, TunnelOrder from MIDDLE;
    TUN_ID: "tun_id" ("tunnel_id") 64/8 Hex bits Any rw 50 [NXM_NX_TUN_ID 16 V10 "1.1", OXM_OF_TUNNEL_ID 38 V13 "1.10"];
    TUN_SRC: "tun_src" () 32/4 Ipv4 bits Any rw 60 [NXM_NX_TUN_IPV4_SRC 31 V10 "2.0"];
    TUN_DST: "tun_dst" () 32/4 Ipv4 bits Any rw 70 [NXM_NX_TUN_IPV4_DST 32 V10 "2.0"];
    TUN_IPV6_SRC: "tun_ipv6_src" () 128/16 Ipv6 bits Any rw 80 [NXM_NX_TUN_IPV6_SRC 109 V10 "2.5"];
    TUN_IPV6_DST: "tun_ipv6_dst" () 128/16 Ipv6 bits Any rw 90 [NXM_NX_TUN_IPV6_DST 110 V10 "2.5"];
    TUN_GBP_ID: "tun_gbp_id" () 16/2 Decimal bits Any rw 130 [NXM_NX_TUN_GBP_ID 38 V10 "2.4"];
    TUN_GBP_FLAGS: "tun_gbp_flags" () 8/1 Hex bits Any rw 140 [NXM_NX_TUN_GBP_FLAGS 39 V10 "2.4"] form DumpForm::BareHex;
    TUN_TOS: "tun_tos" () 8/1 Decimal whole Any ro 120 [];
    TUN_TTL: "tun_ttl" () 8/1 Decimal whole Any ro 110 [];
    TUN_ERSPAN_VER: "tun_erspan_ver" () 4/1 Decimal bits Any rw 160 [NXOXM_ET_ERSPAN_VER 12 V10 "2.10"] form DumpForm::BareDecimal;
    TUN_ERSPAN_IDX: "tun_erspan_idx" () 20/4 Hex bits Any rw 150 [NXOXM_ET_ERSPAN_IDX 11 V10 "2.10"] form DumpForm::BareHex;
    TUN_ERSPAN_DIR: "tun_erspan_dir" () 1/1 Decimal bits Any rw 170 [NXOXM_ET_ERSPAN_DIR 13 V10 "2.10"] form DumpForm::BareDecimal;
    TUN_ERSPAN_HWID: "tun_erspan_hwid" () 6/1 Hex bits Any rw 180 [NXOXM_ET_ERSPAN_HWID 14 V10 "2.10"] form DumpForm::BareHex;
    TUN_GTPU_FLAGS: "tun_gtpu_flags" () 8/1 Hex bits Any ro 190 [NXOXM_ET_GTPU_FLAGS 15 V10 "2.13"] key "gtpu_flags" form DumpForm::BareHex;
    TUN_GTPU_MSGTYPE: "tun_gtpu_msgtype" () 8/1 Decimal bits Any ro 200 [NXOXM_ET_GTPU_MSGTYPE 16 V10 "2.13"]
        key "gtpu_msgtype" form DumpForm::BareDecimal;
    TUN_FLAGS: "tun_flags" () 1/2 TunFlags bits Any rw 100 [NXM_NX_TUN_FLAGS 104 V10 "2.5"];
}

numbered! { TUN_METADATA from TUN_METADATA0; "tun_metadata" 992/124 Hex 210;
    "NXM_NX_TUN_METADATA" + 40 V10: 0 "2.5" 1 "2.5" 2 "2.5" 3 "2.5" 4 "2.5" 5 "2.5" 6 "2.5" 7 "2.5"
        8 "2.5" 9 "2.5" 10 "2.5" 11 "2.5" 12 "2.5" 13 "2.5" 14 "2.5" 15 "2.5" 16 "2.5" 17 "2.5"
        18 "2.5" 19 "2.5" 20 "2.5" 21 "2.5" 22 "2.5" 23 "2.5" 24 "2.5" 25 "2.5" 26 "2.5" 27 "2.5"
        28 "2.5" 29 "2.5" 30 "2.5" 31 "2.5" 32 "2.5" 33 "2.5" 34 "2.5" 35 "2.5" 36 "2.5" 37 "2.5"
        38 "2.5" 39 "2.5" 40 "2.5" 41 "2.5" 42 "2.5" 43 "2.5" 44 "2.5" 45 "2.5" 46 "2.5" 47 "2.5"
        48 "2.5" 49 "2.5" 50 "2.5" 51 "2.5" 52 "2.5" 53 "2.5" 54 "2.5" 55 "2.5" 56 "2.5" 57 "2.5"
        58 "2.5" 59 "2.5" 60 "2.5" 61 "2.5" 62 "2.5" 63 "2.5";
}

rows! { PACKET, PacketOrder from BACK;
    METADATA: "metadata" () 64/8 Hex bits Any rw 220 [OXM_OF_METADATA 2 V12 "1.8"];
    IN_PORT: "in_port" () 16/2 Port16 whole Any rw 230 [NXM_OF_IN_PORT 0 V10 "1.1"];
    IN_PORT_OXM: "in_port_oxm" () 32/4 Port32 whole Any rw 240 [OXM_OF_IN_PORT 0 V12 "1.7"] key "in_port";
    VLAN_TCI: "vlan_tci" () 16/2 Hex bits Ethernet rw 450 [NXM_OF_VLAN_TCI 4 V10 "1.1"] form DumpForm::Padded(4);
    DL_VLAN: "dl_vlan" () 12/2 Decimal whole Ethernet rw 460 [];
    VLAN_VID: "vlan_vid" () 12/2 Decimal bits Ethernet rw 470 [OXM_OF_VLAN_VID 6 V12 "1.7"] key "dl_vlan";
    DL_VLAN_PCP: "dl_vlan_pcp" () 3/1 Decimal whole Ethernet rw 480 [];
    VLAN_PCP: "vlan_pcp" () 3/1 Decimal whole Vlan rw 490 [OXM_OF_VLAN_PCP 7 V12 "1.7"] key "dl_vlan_pcp";
    ETH_SRC: "eth_src" ("dl_src") 48/6 Mac bits Ethernet rw 420
        [NXM_OF_ETH_SRC 2 V10 "1.1", OXM_OF_ETH_SRC 4 V12 "1.7"] key "dl_src";
    ETH_DST: "eth_dst" ("dl_dst") 48/6 Mac bits Ethernet rw 430
        [NXM_OF_ETH_DST 1 V10 "1.1", OXM_OF_ETH_DST 3 V12 "1.7"] key "dl_dst";
    ETH_TYPE: "eth_type" ("dl_type") 16/2 Hex whole Ethernet ro 440
        [NXM_OF_ETH_TYPE 3 V10 "1.1", OXM_OF_ETH_TYPE 5 V12 "1.7"] key "dl_type" form DumpForm::Padded(4);
    IPV6_SRC: "ipv6_src" () 128/16 Ipv6 bits Ipv6 rw 560 [NXM_NX_IPV6_SRC 19 V10 "1.1", OXM_OF_IPV6_SRC 26 V12 "1.1"];
    IPV6_DST: "ipv6_dst" () 128/16 Ipv6 bits Ipv6 rw 570 [NXM_NX_IPV6_DST 20 V10 "1.1", OXM_OF_IPV6_DST 27 V12 "1.1"];
    IPV6_LABEL: "ipv6_label" () 20/4 Hex bits Ipv6 rw 580
        [NXM_NX_IPV6_LABEL 27 V10 "1.4", OXM_OF_IPV6_FLABEL 28 V12 "1.7"] form DumpForm::Padded(5);
    ARP_SPA: "arp_spa" () 32/4 Ipv4 bits Arp rw 660 [NXM_OF_ARP_SPA 16 V10 "1.1", OXM_OF_ARP_SPA 22 V12 "1.7"];
    ARP_TPA: "arp_tpa" () 32/4 Ipv4 bits Arp rw 670 [NXM_OF_ARP_TPA 17 V10 "1.1", OXM_OF_ARP_TPA 23 V12 "1.7"];
    NSH_FLAGS: "nsh_flags" () 8/1 Decimal bits Nsh rw 860 [NXOXM_NSH_FLAGS 1 V10 "2.8"];
    NSH_TTL: "nsh_ttl" () 8/1 Decimal whole Nsh rw 950 [NXOXM_NSH_TTL 10 V10 "2.9"];
    NSH_MDTYPE: "nsh_mdtype" () 8/1 Decimal whole Nsh ro 870 [NXOXM_NSH_MDTYPE 2 V10 "2.8"];
    NSH_NP: "nsh_np" () 8/1 Decimal whole Nsh ro 880 [NXOXM_NSH_NP 3 V10 "2.8"];
    NSH_SPI: "nsh_spi" ("nsp") 24/4 Hex whole Nsh rw 890 [NXOXM_NSH_SPI 4 V10 "2.8"] form DumpForm::Padded(1);
    NSH_SI: "nsh_si" ("nsi") 8/1 Decimal whole Nsh rw 900 [NXOXM_NSH_SI 5 V10 "2.8"];
    NSH_C1: "nsh_c1" ("nshc1") 32/4 Hex bits Nsh rw 910 [NXOXM_NSH_C1 6 V10 "2.8"] form DumpForm::Padded(1);
    NSH_C2: "nsh_c2" ("nshc2") 32/4 Hex bits Nsh rw 920 [NXOXM_NSH_C2 7 V10 "2.8"] form DumpForm::Padded(1);
    NSH_C3: "nsh_c3" ("nshc3") 32/4 Hex bits Nsh rw 930 [NXOXM_NSH_C3 8 V10 "2.8"] form DumpForm::Padded(1);
    NSH_C4: "nsh_c4" ("nshc4") 32/4 Hex bits Nsh rw 940 [NXOXM_NSH_C4 9 V10 "2.8"] form DumpForm::Padded(1);
    IP_SRC: "ip_src" ("nw_src") 32/4 Ipv4 bits Ipv4 rw 540
        [NXM_OF_IP_SRC 7 V10 "1.1", OXM_OF_IPV4_SRC 11 V12 "1.7"] key "nw_src";
    IP_DST: "ip_dst" ("nw_dst") 32/4 Ipv4 bits Ipv4 rw 550
        [NXM_OF_IP_DST 8 V10 "1.1", OXM_OF_IPV4_DST 12 V12 "1.7"] key "nw_dst";
    NW_PROTO: "nw_proto" ("ip_proto") 8/1 Decimal whole Ip ro 590
        [NXM_OF_IP_PROTO 6 V10 "1.1", OXM_OF_IP_PROTO 10 V12 "1.7"];
    ARP_OP: "arp_op" () 16/2 Decimal whole Arp rw 650 [NXM_OF_ARP_OP 15 V10 "1.1", OXM_OF_ARP_OP 21 V12 "1.7"];
    ARP_SHA: "arp_sha" () 48/6 Mac bits Arp rw 680 [NXM_NX_ARP_SHA 17 V10 "1.1", OXM_OF_ARP_SHA 24 V12 "1.7"];
    ARP_THA: "arp_tha" () 48/6 Mac bits Arp rw 690 [NXM_NX_ARP_THA 18 V10 "1.1", OXM_OF_ARP_THA 25 V12 "1.7"];
    NW_TOS: "nw_tos" () 8/1 Decimal whole Ip rw 600 [NXM_OF_IP_TOS 5 V10 "1.1"];
    IP_DSCP: "ip_dscp" () 6/1 Decimal whole Ip rw 610 [OXM_OF_IP_DSCP 8 V12 "1.7"] key "nw_tos";
    NW_ECN: "nw_ecn" ("ip_ecn") 2/1 Decimal whole Ip rw 620 [NXM_NX_IP_ECN 28 V10 "1.4", OXM_OF_IP_ECN 9 V12 "1.7"];
    NW_TTL: "nw_ttl" () 8/1 Decimal whole Ip rw 630 [NXM_NX_IP_TTL 29 V10 "1.4"];
    MPLS_LABEL: "mpls_label" () 20/4 Decimal whole Mpls rw 500 [OXM_OF_MPLS_LABEL 34 V12 "1.11"];
    MPLS_TC: "mpls_tc" () 3/1 Decimal whole Mpls rw 510 [OXM_OF_MPLS_TC 35 V12 "1.11"];
    MPLS_TTL: "mpls_ttl" () 8/1 Decimal whole Mpls rw 530 [NXM_NX_MPLS_TTL 30 V10 "2.6"];
    MPLS_BOS: "mpls_bos" () 1/1 Decimal whole Mpls ro 520 [OXM_OF_MPLS_BOS 36 V13 "1.11"];
    IP_FRAG: "ip_frag" ("nw_frag") 2/1 Frag bits Ip ro 640 [NXM_NX_IP_FRAG 26 V10 "1.3"] key "nw_frag";
    ICMP_TYPE: "icmp_type" () 8/1 Decimal whole Icmp rw 770 [NXM_OF_ICMP_TYPE 13 V10 "1.1", OXM_OF_ICMPV4_TYPE 19 V12 "1.7"];
    ICMP_CODE: "icmp_code" () 8/1 Decimal whole Icmp rw 780 [NXM_OF_ICMP_CODE 14 V10 "1.1", OXM_OF_ICMPV4_CODE 20 V12 "1.7"];
    ICMPV6_TYPE: "icmpv6_type" () 8/1 Decimal whole Icmp6 rw 790
        [NXM_NX_ICMPV6_TYPE 21 V10 "1.1", OXM_OF_ICMPV6_TYPE 29 V12 "1.7"] key "icmp_type";
    ICMPV6_CODE: "icmpv6_code" () 8/1 Decimal whole Icmp6 rw 800
        [NXM_NX_ICMPV6_CODE 22 V10 "1.1", OXM_OF_ICMPV6_CODE 30 V12 "1.7"] key "icmp_code";
    ND_TARGET: "nd_target" () 128/16 Ipv6 bits Nd rw 810 [NXM_NX_ND_TARGET 23 V10 "1.1", OXM_OF_IPV6_ND_TARGET 31 V12 "1.7"];
    ND_SLL: "nd_sll" () 48/6 Mac bits NdSolicit rw 820 [NXM_NX_ND_SLL 24 V10 "1.1", OXM_OF_IPV6_ND_SLL 32 V12 "1.7"];
    ND_TLL: "nd_tll" () 48/6 Mac bits NdAdvert rw 830 [NXM_NX_ND_TLL 25 V10 "1.1", OXM_OF_IPV6_ND_TLL 33 V12 "1.7"];
    ND_RESERVED: "nd_reserved" () 32/4 Decimal whole Nd rw 840 [ERICOXM_OF_ICMPV6_ND_RESERVED 1 V10 "2.11"];
    ND_OPTIONS_TYPE: "nd_options_type" () 8/1 Decimal whole Nd rw 850 [ERICOXM_OF_ICMPV6_ND_OPTIONS_TYPE 2 V10 "2.11"];
    TCP_SRC: "tcp_src" ("tp_src") 16/2 Decimal bits Tcp rw 700
        [NXM_OF_TCP_SRC 9 V10 "1.1", OXM_OF_TCP_SRC 13 V12 "1.7"] key "tp_src";
    TCP_DST: "tcp_dst" ("tp_dst") 16/2 Decimal bits Tcp rw 710
        [NXM_OF_TCP_DST 10 V10 "1.1", OXM_OF_TCP_DST 14 V12 "1.7"] key "tp_dst";
    UDP_SRC: "udp_src" () 16/2 Decimal bits Udp rw 730 [NXM_OF_UDP_SRC 11 V10 "1.1", OXM_OF_UDP_SRC 15 V12 "1.7"] key "tp_src";
    UDP_DST: "udp_dst" () 16/2 Decimal bits Udp rw 740 [NXM_OF_UDP_DST 12 V10 "1.1", OXM_OF_UDP_DST 16 V12 "1.7"] key "tp_dst";
    SCTP_SRC: "sctp_src" () 16/2 Decimal bits Sctp rw 750 [OXM_OF_SCTP_SRC 17 V12 "2.0"] key "tp_src";
    SCTP_DST: "sctp_dst" () 16/2 Decimal bits Sctp rw 760 [OXM_OF_SCTP_DST 18 V12 "2.0"] key "tp_dst";
    TCP_FLAGS: "tcp_flags" () 12/2 TcpFlags bits Tcp ro 720
        [NXM_NX_TCP_FLAGS 34 V10 "2.1", ONFOXM_ET_TCP_FLAGS 42 V13 "2.4", OXM_OF_TCP_FLAGS 42 V15 "2.3"];
}

/// Every row, in the order in which a flow dump prints the fields.
#[allow(clippy::indexing_slicing, reason = "at compile time")]
pub static ROWS: [&Field; ROW_COUNT as usize] = {
    let mut rows = [&FRONT[0]; ROW_COUNT as usize];
    let groups: [&[Field]; 7] = [
        &FRONT,
        &REGS,
        &XREGS,
        &XXREGS,
        &TUNNEL,
        &TUN_METADATA,
        &PACKET,
    ];
    let (mut group, mut at) = (0, 0);
    while group < groups.len() {
        let mut row = 0;
        while row < groups[group].len() {
            rows[at] = &groups[group][row];
            assert!(rows[at].id.index() == at, "a row whose id is not its place");
            at += 1;
            row += 1;
        }
        group += 1;
    }
    rows
};

/// No row.
const NONE: u8 = u8::MAX;

/// How many different pairs of class and experimenter there are.
const CLASSES: usize = 8;

/// Where the rows of a class begin in [`BY_NUMBER`].
const fn class_index(class: u16, experimenter: Option<u32>) -> Option<usize> {
    match (class, experimenter) {
        (0x8000, None) => Some(0),
        (0x0000, None) => Some(1),
        (0x0001, None) => Some(2),
        (0x8001, None) => Some(3),
        (0x1000, None) => Some(4),
        (0xffff, Some(0x0000_2320)) => Some(5),
        (0xffff, Some(0x005a_d650)) => Some(6),
        (0xffff, Some(0x4f4e_4600)) => Some(7),
        _ => None,
    }
}

/// The row of every class and number: looked up once per field when decoding a match.
#[allow(clippy::indexing_slicing, reason = "at compile time")]
static BY_NUMBER: [[u8; 128]; CLASSES] = {
    let mut table = [[NONE; 128]; CLASSES];
    let mut at = 0;
    while at < ROWS.len() {
        let mut wire = 0;
        while wire < ROWS[at].wire.len() {
            let WireField {
                class,
                experimenter,
                number,
                ..
            } = ROWS[at].wire[wire];
            let Some(index) = class_index(class, experimenter) else {
                fail_compilation(&[
                    "no index for the class of ",
                    ROWS[at].name,
                    ": add it to class_index",
                ])
            };
            if number >= 128 {
                fail_compilation(&[
                    "the wire number of ",
                    ROWS[at].name,
                    " has more than 7 bits",
                ]);
            }
            let other = table[index][number as usize];
            if other != NONE {
                let (other, name) = (ROWS[other as usize].name, ROWS[at].name);
                fail_compilation(&[
                    "fields ",
                    other,
                    " and ",
                    name,
                    " have the same wire number",
                ]);
            }
            table[index][number as usize] = at as u8;
            wire += 1;
        }
        at += 1;
    }
    table
};

/// The row with this number on the wire.
pub(super) fn by_wire(class: u16, experimenter: Option<u32>, number: u8) -> Option<&'static Field> {
    let row = *BY_NUMBER
        .get(class_index(class, experimenter)?)?
        .get(usize::from(number))?;
    ROWS.get(usize::from(row)).copied()
}
