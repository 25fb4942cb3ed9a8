//! Random flows over all fields, in the words of ovs-ofctl(8).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ovs::openflow::fields::{Field, FieldKind, Prereq, ROWS};

use super::actions;
use crate::common::chance::Chance;

/// What can carry a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// OpenFlow 1.0 with Nicira's extensions, and all that follow.
    Old,
    /// 1.1 and all that follow.
    New,
    /// 1.3 and all that follow.
    Encap,
}

/// One flow to add.
pub(crate) struct Flow {
    /// As `ovs-ofctl add-flow` takes it.
    pub(crate) text: String,
    /// Its number, and cookie.
    pub(crate) cookie: u64,
    /// The fields and actions that are in it, by the names of the manual pages.
    pub(crate) used: BTreeSet<&'static str>,
}

/// What is known of a flow while its parts are made.
pub(crate) struct Making<'c> {
    pub(crate) chance: &'c mut Chance,
    pub(crate) class: Class,
    /// Of the flow.
    pub(crate) number: u64,
    /// What the match says, besides [`Prereq::Any`].
    pub(crate) says: Vec<Prereq>,
    pub ipv6: bool,
    /// Whether packets have a tag.
    pub(crate) tagged: bool,
    /// How many bits the subfields of the action have.
    pub(crate) bits: u32,
    pub(crate) used: BTreeSet<&'static str>,
}

const FLAGS: [&str; 5] = [
    "send_flow_rem",
    "no_packet_counts",
    "no_byte_counts",
    "check_overlap",
    "reset_counts",
];

/// How many flows a table has.
const PER_TABLE: u64 = 400;

/// The names of the bridge's ports, from number 1 on: plain ones, and such as have to be quoted.
pub(crate) const PORTS: [&str; 9] = [
    "p1", "p-2", "tap.3", "4th", "_five", "six 6", "se,ven", "drop", "nine(9)",
];

/// The widths in bytes of the options that a switch for flows of this class knows, from `tun_metadata0`
/// on: 256 are the most. Either all options, or some that differ.
pub(crate) fn options(class: Class) -> &'static [u32] {
    match class {
        Class::Old => &[4; 64],
        Class::New | Class::Encap => &[4, 8, 16, 124, 12, 4, 4, 20, 4],
    }
}

/// What a match begins with, and what that lets it say.
const BEGINNINGS: &[(&str, bool, &[Prereq])] = {
    use Prereq::{
        Arp, Icmp, Icmp6, Ip, Ipv4, Ipv6, Mpls, Nd, NdAdvert, NdSolicit, Nsh, Sctp, Tcp, Udp,
    };
    &[
        ("", false, &[]),
        ("", false, &[]),
        ("", false, &[]),
        ("ip", false, &[Ipv4, Ip]),
        ("dl_type=0x0800", false, &[Ipv4, Ip]),
        ("ipv6", true, &[Ipv6, Ip]),
        ("tcp", false, &[Ipv4, Ip, Tcp]),
        ("tcp6", true, &[Ipv6, Ip, Tcp]),
        ("udp", false, &[Ipv4, Ip, Udp]),
        ("udp6", true, &[Ipv6, Ip, Udp]),
        ("sctp", false, &[Ipv4, Ip, Sctp]),
        ("sctp6", true, &[Ipv6, Ip, Sctp]),
        ("icmp", false, &[Ipv4, Ip, Icmp]),
        ("icmp6", true, &[Ipv6, Ip, Icmp6]),
        (
            "icmp6,icmp_type=135,icmp_code=0",
            true,
            &[Ipv6, Ip, Nd, NdSolicit],
        ),
        (
            "icmp6,icmp_type=136,icmp_code=0",
            true,
            &[Ipv6, Ip, Nd, NdAdvert],
        ),
        ("ip,nw_proto=50", false, &[Ipv4, Ip]),
        ("ip,nw_proto=58", false, &[Ipv4, Ip]),
        ("ipv6,nw_proto=1", true, &[Ipv6, Ip]),
        ("ipv6,nw_proto=0", true, &[Ipv6, Ip]),
        ("arp", false, &[Arp]),
        ("rarp", false, &[Arp]),
        ("mpls", false, &[Mpls]),
        ("mplsm", false, &[Mpls]),
        ("dl_type=0x894f", false, &[Nsh]),
        ("dl_type=0x88cc", false, &[]),
        ("dl_type=0x5ff", false, &[]),
        ("dl_type=0x0042", false, &[]),
        ("packet_type=(0,0)", false, &[]),
        ("packet_type=(1,0x800)", false, &[Ipv4, Ip]),
        ("packet_type=(1,0x86dd)", true, &[Ipv6, Ip]),
        ("packet_type=(1,0x894f)", false, &[Nsh]),
        ("packet_type=(1,0x8847)", false, &[Mpls]),
        ("packet_type=(1,0x800),nw_proto=6", false, &[Ipv4, Ip, Tcp]),
    ]
};

impl Flow {
    /// The flow of this number: no two have the same table and priority.
    pub(crate) fn random(chance: &mut Chance, class: Class, number: u64) -> Self {
        let mut making = Making {
            chance,
            class,
            number,
            says: Vec::new(),
            ipv6: false,
            tagged: false,
            bits: 0,
            used: BTreeSet::new(),
        };
        let mut text = making.head(number);
        let words = making.matched();
        if !words.is_empty() {
            text.push(',');
            text.push_str(&words);
        }
        let list = actions::list(&mut making);
        let _ = write!(text, " actions={list}");
        Self {
            text,
            cookie: number,
            used: making.used,
        }
    }
}

impl Making<'_> {
    /// Cookie, table, priority, timeouts and flags.
    fn head(&mut self, number: u64) -> String {
        let table = number / PER_TABLE % 254;
        // Counted from somewhere else in each table, so that all lengths of numbers come.
        let base = match table % 4 {
            0 => 0,
            1 => 0x8000 - PER_TABLE / 2,
            2 => 0xffff - PER_TABLE,
            _ => 9900,
        } + number / PER_TABLE / 254 * PER_TABLE;
        let priority = (base + number % PER_TABLE) & 0xffff;
        let mut text = format!("cookie={number:#x},table={table},priority={priority}");
        for key in ["idle_timeout", "hard_timeout"] {
            if self.chance.one_in(6) {
                let seconds = self.chance.between(40_000, 65_535);
                let _ = write!(text, ",{key}={seconds}");
                self.used.insert(key);
            }
        }
        if self.class != Class::Old {
            if self.chance.one_in(4) {
                let _ = write!(text, ",importance={}", self.chance.below(0x1_0000));
                self.used.insert("importance");
            }
            for flag in FLAGS {
                if self.chance.one_in(8) {
                    let _ = write!(text, ",{flag}");
                    self.used.insert(flag);
                }
            }
        }
        text
    }

    fn matched(&mut self) -> String {
        // Each field in its turn, so that none is left to chance, behind something that allows it.
        let due = ROWS[self.number as usize % ROWS.len()];
        let (mut beginning, mut ipv6, mut says) = self.chance.of(BEGINNINGS);
        for _ in 0..300 {
            self.ipv6 = ipv6;
            self.says = [says, &[Prereq::Ethernet, Prereq::Ct]].concat();
            if self.allows(due) && (due.prereq != Prereq::Ct || says.contains(&Prereq::Ip)) {
                break;
            }
            (beginning, ipv6, says) = self.chance.of(BEGINNINGS);
        }
        self.ipv6 = ipv6;
        self.says = says.to_vec();
        let mut words = Vec::new();
        if !beginning.is_empty() {
            words.push(beginning.to_owned());
        }
        let packet_type = beginning.starts_with("packet_type");
        if packet_type {
            self.used.insert("packet_type");
        }
        if beginning.contains("type=") && !packet_type {
            self.used.insert("eth_type");
        }
        if beginning.contains("nw_proto=") {
            self.used.insert("nw_proto");
        }
        if !packet_type || beginning.ends_with("(0,0)") {
            self.says.push(Prereq::Ethernet);
            if self.chance.one_in(4) {
                words.push(self.tag());
            }
        }
        if says.contains(&Prereq::Ip) && (due.prereq == Prereq::Ct || self.chance.one_in(4)) {
            words.push(format!(
                "ct_state=+trk{}",
                self.chance.of(&["", "+est", "+new-rel", "-inv"])
            ));
            self.used.insert("ct_state");
            self.says.push(Prereq::Ct);
        }
        let mut taken = BTreeSet::new();
        for turn in 0..self.chance.of(&[1, 1, 1, 2, 2, 3, 5]) {
            let field = if turn == 0 { due } else { self.row() };
            // Two names for the same bits are an error, not a flow.
            let bits = match field.name.trim_start_matches('x').strip_prefix("reg") {
                Some(_) => "reg",
                None if field.name.starts_with("in_port") => "in_port",
                None => field.name,
            };
            // `tag` writes these, and a flow of the switch has no hidden fields.
            let other = [
                "vlan_tci",
                "vlan_vid",
                "vlan_pcp",
                "dl_vlan",
                "dl_vlan_pcp",
                "dp_hash",
                "recirc_id",
                "skb_priority",
                "tun_tos",
                "tun_ttl",
            ];
            if other.contains(&field.name)
                || !self.allows(field)
                || words.iter().any(|word| names(word, field))
                || !taken.insert(bits)
            {
                continue;
            }
            words.push(self.word(field));
        }
        // What the real tool prints of these depends on another field.
        for (prefix, word) in [
            ("nsh_c", "nsh_mdtype=1"),
            ("tun_erspan_idx", "tun_erspan_ver=1"),
            ("tun_erspan_dir", "tun_erspan_ver=2"),
            ("tun_erspan_hwid", "tun_erspan_ver=2"),
        ] {
            let (needed, _) = word.split_once('=').unwrap_or_default();
            if taken.iter().any(|name| name.starts_with(prefix))
                && !taken.contains(needed)
                && self.chance.one_in(2)
            {
                words.push(word.to_owned());
                taken.insert(needed);
            }
        }
        // The registers are many: a few at once, so that their order is seen.
        if taken.contains("reg") && self.chance.one_in(2) {
            let first = self.chance.below(16);
            if !words
                .iter()
                .any(|word| word.starts_with('x') || word.starts_with(&format!("reg{first}=")))
            {
                words.push(format!("reg{first}={:#x}", self.chance.number(32)));
            }
        }
        words.join(",")
    }

    /// A field, those of the packet as often as the many registers and options together.
    pub(crate) fn row(&mut self) -> &'static Field {
        loop {
            let field = self.chance.of(&ROWS);
            let many = field.id.is_tun_metadata() || field.id.registers().is_some();
            if !many || self.chance.one_in(5) {
                return field;
            }
        }
    }

    /// Whether the match may say something of the field.
    pub(crate) fn allows(&self, field: &Field) -> bool {
        // Open vSwitch 3.1 has 16 registers.
        let later = field.wire.first().is_some_and(|wire| wire.ovs == "3.7");
        let other_ip = match field.name {
            "ct_nw_src" | "ct_nw_dst" => self.ipv6,
            "ct_ipv6_src" | "ct_ipv6_dst" => !self.ipv6,
            _ => false,
        };
        let apart = matches!(field.name, "eth_type" | "packet_type" | "ct_state");
        let unknown = later || self.width(field) == 0;
        !(unknown || other_ip || apart) && self.satisfies(field.prereq)
    }

    /// Whether what the match says is enough for a field with this prerequisite.
    pub(crate) fn satisfies(&self, prereq: Prereq) -> bool {
        match prereq {
            Prereq::Any => true,
            Prereq::Vlan => self.tagged,
            prereq => self.says.contains(&prereq),
        }
    }

    /// What the match says of the tag, in one of the four spellings.
    fn tag(&mut self) -> String {
        let vid = self.chance.number(12);
        let pcp = self.chance.below(8);
        let kind = self.chance.below(9);
        let (word, used, tagged) = match kind {
            0 => (format!("dl_vlan={vid}"), "dl_vlan", true),
            1 => (
                format!("dl_vlan={vid},dl_vlan_pcp={pcp}"),
                "dl_vlan_pcp",
                true,
            ),
            2 => (format!("dl_vlan_pcp={pcp}"), "dl_vlan_pcp", true),
            3 => ("dl_vlan=0xffff".to_owned(), "dl_vlan", false),
            4 => (format!("vlan_vid={:#x}", vid | 0x1000), "vlan_vid", true),
            5 => (
                format!("vlan_vid={:#x},vlan_pcp={pcp}", vid | 0x1000),
                "vlan_pcp",
                true,
            ),
            6 => {
                let mask = self.chance.mask(12) | 0x1000;
                (
                    format!("vlan_vid={:#x}/{mask:#x}", (vid | 0x1000) & mask),
                    "vlan_vid",
                    true,
                )
            }
            7 => {
                let mask = self.chance.mask(16) | 0x1000;
                let value = (self.chance.number(16) | 0x1000) & mask;
                (format!("vlan_tci={value:#x}/{mask:#x}"), "vlan_tci", true)
            }
            _ => ("vlan_tci=0".to_owned(), "vlan_tci", false),
        };
        self.tagged = tagged;
        self.used.insert(used);
        word
    }

    /// `FIELD=VALUE[/MASK]`
    fn word(&mut self, field: &'static Field) -> String {
        self.used.insert(field.name);
        if field.id.is_tun_metadata() && self.chance.one_in(5) {
            return field.name.to_owned();
        }
        let name = match field.alias {
            Some(alias) if self.chance.one_in(2) => alias,
            _ => field.name,
        };
        format!("{name}={}", self.value(field, true))
    }

    /// A value of a field, with a mask sometimes if the field and `maskable` allow it.
    pub(crate) fn value(&mut self, field: &'static Field, maskable: bool) -> String {
        let masked = maskable && field.maskable && self.chance.one_in(3);
        let bits = self.width(field);
        if field.name == "nsh_mdtype" {
            return self.chance.of(&["1", "2"]).to_owned();
        }
        match field.kind {
            FieldKind::Port16 | FieldKind::Port32 => self.port(),
            FieldKind::Frag => (self
                .chance
                .of(&["no", "yes", "first", "later", "not_later"]))
            .to_owned(),
            FieldKind::TunFlags => (self.chance.of(&["oam", "+oam", "-oam", "0"])).to_owned(),
            FieldKind::PacketType => "(0,0)".to_owned(),
            FieldKind::CtState => "+trk".to_owned(),
            FieldKind::TcpFlags => match self.chance.below(3) {
                0 => (self.chance.of(&[
                    "+syn-ack",
                    "syn|ack",
                    "+rst",
                    "-fin+psh+urg",
                    "+ece+cwr-ns",
                    "+[200]+[800]",
                ]))
                .to_owned(),
                1 => format!("{:#x}", self.chance.number(12)),
                _ => {
                    let mask = self.chance.mask(12);
                    format!("{:#x}/{mask:#x}", self.chance.number(12) & mask)
                }
            },
            FieldKind::Mac => self.masked(bits, masked, mac),
            FieldKind::Ipv4 => self.masked(bits, masked, ipv4),
            FieldKind::Ipv6 => {
                let value = self.address();
                if masked {
                    let mask = self.chance.mask(128);
                    match mask.leading_ones() {
                        n if mask == u128::MAX.checked_shl(128 - n).unwrap_or(0) => {
                            format!("{}/{n}", ipv6(value & mask))
                        }
                        _ => format!("{}/{}", ipv6(value & mask), ipv6(mask)),
                    }
                } else {
                    ipv6(value)
                }
            }
            FieldKind::Hex if bits > 128 => {
                let mut digits = String::from("0x");
                for _ in 0..self.chance.between(1, u64::from(bits) / 4) {
                    let _ = write!(digits, "{:x}", self.chance.below(16));
                }
                digits
            }
            FieldKind::Decimal if !masked && self.chance.one_in(2) => {
                self.chance.number(bits).to_string()
            }
            FieldKind::Decimal | FieldKind::Hex => {
                self.masked(bits, masked, |value| format!("{value:#x}"))
            }
        }
    }

    fn masked(&mut self, bits: u32, masked: bool, text: fn(u128) -> String) -> String {
        let value = self.chance.number(bits);
        if masked {
            let mask = self.chance.mask(bits);
            format!("{}/{}", text(value & mask), text(mask))
        } else {
            text(value)
        }
    }

    /// An IPv6 address, with runs of zeros more often than chance has them.
    fn address(&mut self) -> u128 {
        match self.chance.below(4) {
            0 => self.chance.number(128),
            1 => 0xfe80 << 112 | self.chance.number(64),
            2 => 0xffff << 32 | self.chance.number(32),
            _ => (0..8).fold(0, |address, _| {
                let word = match self.chance.below(3) {
                    0 => self.chance.number(16),
                    _ => 0,
                };
                address << 16 | word
            }),
        }
    }

    /// A port: of the bridge or not, or a reserved one.
    pub(crate) fn port(&mut self) -> String {
        match self.chance.below(10) {
            0 => "LOCAL".to_owned(),
            1 => self.chance.between(100, 0xfeff).to_string(),
            _ => self.chance.between(1, PORTS.len() as u64).to_string(),
        }
    }

    /// How many bits a value may have on this switch; none if it does not know the option.
    pub(crate) fn width(&self, field: &Field) -> u32 {
        match field
            .name
            .strip_prefix("tun_metadata")
            .map(str::parse::<usize>)
        {
            Some(Ok(number)) => options(self.class).get(number).map_or(0, |bytes| bytes * 8),
            _ => field.bits.into(),
        }
    }

    /// An IPv4 address.
    pub(crate) fn ipv4(&mut self) -> u32 {
        self.chance.number(32) as u32
    }
}

/// Whether a word of the match says something of the field.
fn names(word: &str, field: &Field) -> bool {
    let says = |name: &str| {
        word.split(',')
            .any(|word| word.split('=').next() == Some(name))
    };
    says(field.name)
        || field.alias.is_some_and(says)
        || (field.name.starts_with("icmpv6") && word.contains("icmp_type"))
}

pub(crate) fn mac(value: u128) -> String {
    let bytes = (value as u64).to_be_bytes();
    let pairs: Vec<String> = bytes[2..]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    pairs.join(":")
}

pub(crate) fn ipv4(value: u128) -> String {
    std::net::Ipv4Addr::from(value as u32).to_string()
}

pub(crate) fn ipv6(value: u128) -> String {
    std::net::Ipv6Addr::from(value).to_string()
}

/// Every name that has to come among the flows of a class that the switch took: each field in the first,
/// each action in the first that can carry it.
pub(crate) fn all_names(class: Class) -> BTreeSet<&'static str> {
    let mut names: BTreeSet<&str> = actions::names(class).into_iter().collect();
    match class {
        Class::Old => {
            let known = |field: &&Field| field.wire.first().is_none_or(|wire| wire.ovs != "3.7");
            names.extend(ROWS.into_iter().filter(known).map(|field| field.name));
            names.extend(["idle_timeout", "hard_timeout"]);
        }
        Class::New => names.extend(FLAGS.into_iter().chain(["importance"])),
        Class::Encap => {}
    }
    names
}
