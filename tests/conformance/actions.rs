//! Random lists of all actions, in the words of ovs-ofctl(8).

use std::fmt::Write as _;

use ovs::openflow::fields::{Field, FieldKind, Prereq};

use super::flows::{self, Class, Making};

/// Makes the text of one action; `None` where the match, or the class, does not allow it.
type Make = fn(&mut Making<'_>, u8) -> Option<String>;

/// The actions that OpenFlow 1.0 carries, by the names of ovs-actions(7).
const OLD: &[(&str, Make)] = &[
    ("output", |m, _| Some(output(m))),
    ("output", |m, _| Some(output(m))),
    ("output_reg", |m, _| {
        let bits = m.chance.of(&[16, 32, 5]);
        Some(format!("output:{}", source(m, bits)?))
    }),
    ("output_trunc", |m, _| {
        Some(format!(
            "output(port={},max_len={})",
            m.port(),
            m.chance.between(14, 70_000)
        ))
    }),
    ("controller", |m, _| Some(controller(m))),
    ("enqueue", |m, _| {
        Some(format!("enqueue:{}:{}", m.port(), m.chance.number(32)))
    }),
    ("bundle", |m, _| Some(format!("bundle({})", bundle(m)))),
    ("bundle_load", |m, _| {
        let hash = hash(m);
        let target = target(m, 16)?;
        let members = members(m);
        let basis = m.chance.number(16);
        Some(format!(
            "bundle_load({hash},{basis},hrw,ofport,{target},members:{members})"
        ))
    }),
    ("group", |m, _| {
        Some(format!("group:{}", m.chance.of(&[5, 4_294_967_040_u32])))
    }),
    ("strip_vlan", |m, _| {
        let word = m.chance.of(&["strip_vlan", "pop_vlan"]);
        (m.tagged || m.chance.one_in(9)).then(|| word.to_owned())
    }),
    ("mod_vlan_vid", |m, _| {
        let vid = m.chance.number(12);
        m.satisfies(Prereq::Ethernet)
            .then(|| format!("mod_vlan_vid:{vid}"))
    }),
    ("mod_vlan_pcp", |m, _| {
        let pcp = m.chance.number(3);
        m.satisfies(Prereq::Ethernet)
            .then(|| format!("mod_vlan_pcp:{pcp}"))
    }),
    ("push_mpls", |m, _| {
        Some(format!("push_mpls:{:#x}", m.chance.of(&[0x8847, 0x8848])))
    }),
    ("pop_mpls", |m, _| {
        let eth_type = m.chance.of(&[0x800, 0x86dd, 0x8847, 0x1234]);
        m.satisfies(Prereq::Mpls)
            .then(|| format!("pop_mpls:{eth_type:#06x}"))
    }),
    ("set_mpls_label", |m, _| {
        let label = m.chance.number(20);
        m.satisfies(Prereq::Mpls)
            .then(|| format!("set_mpls_label({label})"))
    }),
    ("set_mpls_tc", |m, _| {
        let tc = m.chance.number(3);
        m.satisfies(Prereq::Mpls)
            .then(|| format!("set_mpls_tc({tc})"))
    }),
    ("set_mpls_ttl", |m, _| {
        let ttl = m.chance.number(8);
        m.satisfies(Prereq::Mpls)
            .then(|| format!("set_mpls_ttl({ttl})"))
    }),
    ("dec_mpls_ttl", |m, _| {
        m.satisfies(Prereq::Mpls).then(|| "dec_mpls_ttl".to_owned())
    }),
    ("set_field", |m, _| {
        let field = writable(m)?;
        set_field(m, field)
    }),
    ("set_field", |m, _| {
        let field = writable(m)?;
        set_field(m, field)
    }),
    ("load", |m, _| load(m)),
    ("load", |m, _| load(m)),
    ("move", |m, _| {
        let bits = m.chance.of(&[1, 3, 8, 16, 32, 48]);
        let (from, to) = (source(m, bits)?, target(m, bits)?);
        Some(format!("move:{from}->{to}"))
    }),
    ("mod_dl_src", |m, _| {
        ethernet(m).map(|mac| format!("mod_dl_src:{mac}"))
    }),
    ("mod_dl_dst", |m, _| {
        ethernet(m).map(|mac| format!("mod_dl_dst:{mac}"))
    }),
    ("mod_nw_src", |m, _| {
        ip4(m).map(|ip| format!("mod_nw_src:{ip}"))
    }),
    ("mod_nw_dst", |m, _| {
        ip4(m).map(|ip| format!("mod_nw_dst:{ip}"))
    }),
    ("mod_nw_tos", |m, _| {
        let tos = m.chance.number(6) << 2;
        m.satisfies(Prereq::Ip).then(|| format!("mod_nw_tos:{tos}"))
    }),
    ("mod_nw_ecn", |m, _| {
        let ecn = m.chance.number(2);
        m.satisfies(Prereq::Ip).then(|| format!("mod_nw_ecn:{ecn}"))
    }),
    ("mod_nw_ttl", |m, _| {
        let ttl = m.chance.number(8);
        m.satisfies(Prereq::Ip).then(|| format!("mod_nw_ttl:{ttl}"))
    }),
    ("mod_tp_src", |m, _| {
        l4(m).map(|port| format!("mod_tp_src:{port}"))
    }),
    ("mod_tp_dst", |m, _| {
        l4(m).map(|port| format!("mod_tp_dst:{port}"))
    }),
    ("dec_ttl", |m, _| {
        let list = ids(m);
        let text = if m.chance.one_in(2) {
            "dec_ttl".to_owned()
        } else {
            format!("dec_ttl({list})")
        };
        m.satisfies(Prereq::Ip).then_some(text)
    }),
    ("check_pkt_larger", |m, _| {
        let bytes = m.chance.number(16);
        Some(format!("check_pkt_larger({bytes})->{}", target(m, 1)?))
    }),
    ("delete_field", |m, _| {
        Some(format!(
            "delete_field:tun_metadata{}",
            m.chance.below(flows::options(m.class).len() as u64)
        ))
    }),
    ("set_tunnel", |m, _| {
        Some(match m.chance.below(3) {
            0 => format!("set_tunnel64:{:#x}", m.chance.number(64)),
            1 => format!("set_tunnel64:{:#x}", m.chance.number(64) | 1 << 32),
            _ => format!("set_tunnel:{:#x}", m.chance.number(32)),
        })
    }),
    ("set_queue", |m, _| {
        Some(format!("set_queue:{}", m.chance.number(32)))
    }),
    ("pop_queue", |_, _| Some("pop_queue".to_owned())),
    ("resubmit", |m, _| Some(resubmit(m))),
    ("learn", |m, _| learn(m)),
    ("learn", |m, _| learn(m)),
    ("multipath", |m, _| {
        let hash = hash(m);
        let way = m
            .chance
            .of(&["modulo_n", "hash_threshold", "hrw", "iter_hash"]);
        let basis = m.chance.number(16);
        let (links, argument) = (m.chance.between(1, 64), m.chance.number(16));
        Some(format!(
            "multipath({hash},{basis},{way},{links},{argument},{})",
            target(m, 16)?
        ))
    }),
    ("note", |m, _| {
        let count = m.chance.below(12);
        let bytes = bytes(m, count);
        Some(format!("note:{bytes}"))
    }),
    ("exit", |_, _| Some("exit".to_owned())),
    ("fin_timeout", |m, _| {
        let (idle, hard) = (m.chance.number(16), m.chance.number(16));
        let words = match m.chance.below(3) {
            0 => format!("idle_timeout={idle}"),
            1 => format!("hard_timeout={hard}"),
            _ => format!("idle_timeout={idle},hard_timeout={hard}"),
        };
        m.satisfies(Prereq::Tcp)
            .then(|| format!("fin_timeout({words})"))
    }),
    ("sample", |m, _| Some(sample(m))),
    ("ct", |m, _| ct(m)),
    ("ct", |m, _| ct(m)),
    ("ct_clear", |_, _| Some("ct_clear".to_owned())),
    ("clone", |m, depth| {
        if depth >= 4 {
            return None;
        }
        let tagged = m.tagged;
        let inside = some(m, OLD, depth + 1);
        m.tagged = tagged;
        Some(format!("clone({inside})"))
    }),
    ("push", |m, _| {
        let bits = m.chance.of(&[1, 7, 16, 32]);
        Some(format!("push:{}", source(m, bits)?))
    }),
    ("pop", |m, _| {
        let bits = m.chance.of(&[1, 7, 16, 32]);
        Some(format!("pop:{}", target(m, bits)?))
    }),
];

/// What only later versions carry, or carry truly.
const NEW: &[(&str, Make)] = &[
    ("push_vlan", |m, _| {
        let eth_type = m.chance.of(&[0x8100, 0x8100, 0x88a8]);
        m.satisfies(Prereq::Ethernet)
            .then(|| format!("push_vlan:{eth_type:#x}"))
    }),
    ("push_vlan", |m, _| {
        if !m.satisfies(Prereq::Ethernet) {
            return None;
        }
        let vid = 0x1000 | m.chance.number(12);
        m.tagged = true;
        Some(format!("push_vlan:0x8100,set_field:{vid}->vlan_vid"))
    }),
    ("pop_queue", |m, _| {
        let port = m.port();
        Some(format!(
            "set_queue:{},output:{port},pop_queue",
            m.chance.number(32)
        ))
    }),
    ("set_vlan_vid", |m, _| {
        let vid = m.chance.number(12);
        m.tagged.then(|| format!("set_vlan_vid:{vid}"))
    }),
    ("set_vlan_pcp", |m, _| {
        let pcp = m.chance.number(3);
        m.tagged.then(|| format!("set_vlan_pcp:{pcp}"))
    }),
    ("set_field", |m, _| {
        let vid = 0x1000 | m.chance.number(12);
        let pcp = m.chance.number(3);
        let set = match m.chance.below(3) {
            0 => format!("set_field:{vid}->vlan_vid"),
            1 => format!("set_field:{pcp}->vlan_pcp"),
            _ => format!("set_field:{:#x}/{:#x}->vlan_vid", vid & 0x10f3, 0x10f3),
        };
        m.tagged.then_some(set)
    }),
];

/// What 1.3 and later carry.
const ENCAP: &[(&str, Make)] =
    &[
        ("encap", |m, _| {
            Some(match m.chance.below(7) {
            0 => "encap(nsh(md_type=1))".to_owned(),
            1 => {
                let count = m.chance.below(16);
                let value = hex(m, count + 1);
                let (class, kind) = (m.chance.number(16), m.chance.number(7));
                format!("encap(nsh(md_type=2,tlv({class:#x},{kind},{value})))")
            }
            2 => "encap(ethernet)".to_owned(),
            3 => "encap(nsh),encap(ethernet)".to_owned(),
            4 => "encap(mpls)".to_owned(),
            5 => "encap(mpls_mc)".to_owned(),
            _ => "encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba9876543210)))"
                .to_owned(),
        })
        }),
        ("decap", |m, _| {
            Some(match m.chance.below(3) {
                0 => "decap()".to_owned(),
                1 => "decap".to_owned(),
                _ => format!(
                    "decap(packet_type(ns={},type={:#x}))",
                    m.chance.of(&[0, 1]),
                    m.chance.of(&[0, 0x800, 0x86dd, 0x894f, 0x8847, 0xfffe])
                ),
            })
        }),
        ("dec_nsh_ttl", |m, _| {
            m.satisfies(Prereq::Nsh).then(|| "dec_nsh_ttl".to_owned())
        }),
        ("dec_nsh_ttl", |m, _| {
            m.satisfies(Prereq::Nsh).then(|| "dec_nsh_ttl".to_owned())
        }),
    ];

/// What an action set may hold.
const SET: &[(&str, Make)] = &[
    ("output", |m, _| Some(output(m))),
    ("group", |_, _| Some("group:5".to_owned())),
    ("set_field", |m, _| {
        let field = writable(m)?;
        set_field(m, field)
    }),
    ("load", |m, _| load(m)),
    ("set_queue", |m, _| {
        Some(format!("set_queue:{}", m.chance.number(32)))
    }),
    ("strip_vlan", |_, _| Some("strip_vlan".to_owned())),
    ("mod_dl_src", |m, _| {
        ethernet(m).map(|mac| format!("mod_dl_src:{mac}"))
    }),
    ("push_vlan", |m, _| {
        if !m.satisfies(Prereq::Ethernet) {
            return None;
        }
        let pcp = m.chance.number(3);
        let tagged = std::mem::replace(&mut m.tagged, true);
        Some(if tagged {
            "push_vlan:0x88a8".to_owned()
        } else {
            format!("push_vlan:0x8100,set_field:{pcp}->vlan_pcp")
        })
    }),
    ("dec_ttl", |m, _| {
        m.satisfies(Prereq::Ip).then(|| "dec_ttl".to_owned())
    }),
    ("push_mpls", |_, _| Some("push_mpls:0x8847".to_owned())),
];

/// The names of what has to come among the flows of a class.
pub(crate) fn names(class: Class) -> Vec<&'static str> {
    let (list, others): (_, &[&str]) = match class {
        Class::Old => (OLD, &["drop", "conjunction"]),
        Class::New => (
            NEW,
            &[
                "drop",
                "meter",
                "clear_actions",
                "write_actions",
                "write_metadata",
                "goto_table",
            ],
        ),
        Class::Encap => (ENCAP, &[]),
    };
    list.iter()
        .map(|(name, _)| *name)
        .chain(others.iter().copied())
        .collect()
}

/// A whole list, with instructions if the class has them.
pub(crate) fn list(m: &mut Making<'_>) -> String {
    match m.chance.below(24) {
        0 => {
            m.used.insert("drop");
            return "drop".to_owned();
        }
        1 if m.class == Class::Old => return conjunctions(m),
        _ => {}
    }
    // Each in its turn, so that none is left to chance.
    let own = match m.class {
        Class::Old => OLD,
        Class::New => NEW,
        Class::Encap => ENCAP,
    };
    let mut parts = Vec::new();
    if m.class != Class::Old && m.chance.one_in(5) {
        m.used.insert("meter");
        parts.push("meter:5".to_owned());
    }
    parts.extend(made(m, own[(m.number / 2) as usize % own.len()], 0));
    if m.class == Class::Old {
        parts.push(some(m, OLD, 0));
        if m.chance.one_in(2) {
            parts.reverse();
        }
        return parts.join(",");
    }
    for _ in 0..m.chance.below(4) {
        let list = match m.chance.below(4) {
            0 | 1 => OLD,
            2 if m.class == Class::Encap => ENCAP,
            _ => NEW,
        };
        if let Some(action) = one(m, list, 0) {
            parts.push(action);
        }
    }
    if m.chance.one_in(6) {
        m.used.insert("clear_actions");
        parts.push("clear_actions".to_owned());
    }
    if m.chance.one_in(4) {
        m.used.insert("write_actions");
        parts.push(format!("write_actions({})", some(m, SET, 1)));
    }
    if m.chance.one_in(4) {
        m.used.insert("write_metadata");
        let value = m.value(Field::by_name("metadata").unwrap(), true);
        parts.push(format!("write_metadata:{value}"));
    }
    if parts.is_empty() || m.chance.one_in(4) {
        m.used.insert("goto_table");
        parts.push("goto_table:254".to_owned());
    }
    parts.join(",")
}

/// At least one action of these.
fn some(m: &mut Making<'_>, of: &[(&'static str, Make)], depth: u8) -> String {
    let mut parts = Vec::new();
    for _ in 0..m.chance.between(1, 6 - u64::from(depth)) {
        parts.extend(one(m, of, depth));
    }
    if parts.is_empty() {
        m.used.insert("output");
        parts.push("output:1".to_owned());
    }
    parts.join(",")
}

fn one(m: &mut Making<'_>, of: &[(&'static str, Make)], depth: u8) -> Option<String> {
    let entry = m.chance.of(of);
    made(m, entry, depth)
}

fn made(m: &mut Making<'_>, (name, make): (&'static str, Make), depth: u8) -> Option<String> {
    let text = make(m, depth)?;
    m.used.insert(name);
    // A flow of the old class must not set what 1.0 takes for a tag, nor a tag that is not there.
    match name {
        "mod_vlan_vid" | "mod_vlan_pcp" | "push_vlan" | "set_vlan_vid" | "set_vlan_pcp" => {
            m.tagged = true;
        }
        "strip_vlan" => m.tagged = false,
        // After these the packet is another, and what the match says is void.
        "push_mpls" | "pop_mpls" | "encap" | "decap" => {
            let ethernet = match name {
                "decap" => false,
                "encap" => text.ends_with("encap(ethernet)"),
                _ => m.satisfies(Prereq::Ethernet),
            };
            m.says.clear();
            m.tracked = false;
            m.tagged = false;
            if ethernet {
                m.says.push(Prereq::Ethernet);
            }
            if name == "push_mpls" {
                m.says.push(Prereq::Mpls);
            }
        }
        _ => {}
    }
    Some(text)
}

fn output(m: &mut Making<'_>) -> String {
    match m.chance.below(14) {
        0 => "LOCAL".to_owned(),
        1 => "IN_PORT".to_owned(),
        2 => "NORMAL".to_owned(),
        3 => "FLOOD".to_owned(),
        4 => "ALL".to_owned(),
        5 => format!("CONTROLLER:{}", m.chance.number(16)),
        _ => format!("output:{}", m.port()),
    }
}

fn controller(m: &mut Making<'_>) -> String {
    let mut words = Vec::new();
    if m.chance.one_in(2) {
        let reasons = [
            "no_match",
            "action",
            "invalid_ttl",
            "action_set",
            "group",
            "packet_out",
        ];
        words.push(format!("reason={}", m.chance.of(&reasons)));
    }
    if m.chance.one_in(2) {
        words.push(format!("max_len={}", m.chance.number(16)));
    }
    if m.chance.one_in(2) {
        words.push(format!("id={}", m.chance.number(16)));
    }
    if m.chance.one_in(2) {
        let count = m.chance.between(1, 30);
        words.push(format!("userdata={}", bytes(m, count)));
    }
    if m.chance.one_in(3) {
        words.push("pause".to_owned());
    }
    if m.chance.one_in(4) {
        words.push("meter_id=5".to_owned());
    }
    format!("controller({})", words.join(","))
}

fn bundle(m: &mut Making<'_>) -> String {
    let (hash, members) = (hash(m), members(m));
    let way = m.chance.of(&["hrw", "active_backup"]);
    format!(
        "{hash},{},{way},ofport,members:{members}",
        m.chance.number(16)
    )
}

fn hash(m: &mut Making<'_>) -> &'static str {
    m.chance.of(&[
        "eth_src",
        "symmetric_l4",
        "symmetric_l3l4",
        "symmetric_l3l4+udp",
        "nw_src",
        "nw_dst",
        "symmetric_l3",
    ])
}

fn members(m: &mut Making<'_>) -> String {
    let count = m.chance.below(5);
    let ports: Vec<String> = (0..count).map(|_| m.port()).collect();
    ports.join(",")
}

fn ethernet(m: &mut Making<'_>) -> Option<String> {
    let mac = flows::mac(m.chance.number(48));
    m.satisfies(Prereq::Ethernet).then_some(mac)
}

fn ip4(m: &mut Making<'_>) -> Option<String> {
    let ip = flows::ipv4(m.ipv4().into());
    m.satisfies(Prereq::Ipv4).then_some(ip)
}

fn l4(m: &mut Making<'_>) -> Option<u128> {
    let port = m.chance.number(16);
    [Prereq::Tcp, Prereq::Udp, Prereq::Sctp]
        .into_iter()
        .any(|prereq| m.satisfies(prereq))
        .then_some(port)
}

fn ids(m: &mut Making<'_>) -> String {
    let count = m.chance.between(1, 5);
    let ids: Vec<String> = (0..count)
        .map(|_| m.chance.number(16).to_string())
        .collect();
    ids.join(",")
}

fn bytes(m: &mut Making<'_>, count: u64) -> String {
    let bytes: Vec<String> = (0..count)
        .map(|_| format!("{:02x}", m.chance.number(8)))
        .collect();
    bytes.join(".")
}

fn hex(m: &mut Making<'_>, count: u64) -> String {
    (0..count).fold("0x".to_owned(), |mut text, _| {
        let _ = write!(text, "{:02x}", m.chance.number(8));
        text
    })
}

/// A field that actions may change and the match allows.
fn writable(m: &mut Making<'_>) -> Option<&'static Field> {
    for _ in 0..20 {
        let field = m.row();
        let connection = field.name.starts_with("ct_");
        if field.writable && !connection && !field.wire.is_empty() && m.allows(field) {
            m.used.insert(field.name);
            return Some(field);
        }
    }
    None
}

fn set_field(m: &mut Making<'_>, field: &'static Field) -> Option<String> {
    // OpenFlow 1.0 says them as `load` of bits, and has none for fields with another header.
    if m.class == Class::Old && field.name == "vlan_tci" {
        // 1.0 says it as `strip_vlan` or two actions, later versions as `load` does: which, is lost.
        return None;
    }
    let maskable = field.maskable && (m.class != Class::Old || m.width(field) <= 64);
    let value = m.value(field, maskable && m.class != Class::Old);
    if field.kind == FieldKind::Ipv6 && value.ends_with("/0") {
        return None;
    }
    Some(format!("set_field:{value}->{}", field.name))
}

fn load(m: &mut Making<'_>) -> Option<String> {
    let field = writable(m)?;
    let bits = m.chance.between(1, u64::from(m.width(field).min(64))) as u32;
    let bits = if m.chance.one_in(2) {
        m.width(field).min(64)
    } else {
        bits
    };
    let subfield = subfield(m, field, bits);
    Some(format!("load:{:#x}->{subfield}", m.chance.number(bits)))
}

/// Some bits to read.
fn source(m: &mut Making<'_>, bits: u32) -> Option<String> {
    for _ in 0..30 {
        let field = m.row();
        let mappable = !field.name.starts_with("tun_metadata") || m.width(field) >= bits;
        if m.width(field) >= bits && !field.wire.is_empty() && mappable && m.allows(field) {
            m.used.insert(field.name);
            return Some(subfield(m, field, bits));
        }
    }
    None
}

/// Some bits to write.
fn target(m: &mut Making<'_>, bits: u32) -> Option<String> {
    for _ in 0..30 {
        let field = writable(m)?;
        if m.width(field) >= bits {
            return Some(subfield(m, field, bits));
        }
    }
    None
}

fn subfield(m: &mut Making<'_>, field: &'static Field, bits: u32) -> String {
    let whole = m.width(field);
    let first = m.chance.below(u64::from(whole - bits) + 1) as u32;
    let first = if m.chance.one_in(2) { 0 } else { first };
    let name = if m.chance.one_in(2) {
        field.name
    } else {
        field.nxm_name()
    };
    if bits == whole && field.name.starts_with("tun_metadata") {
        // Without numbers, the tool takes the option to be of its full width.
        return format!("{name}[0..{}]", bits - 1);
    }
    match bits {
        _ if bits == whole => format!("{name}[]"),
        1 => format!("{name}[{first}]"),
        _ => format!("{name}[{first}..{}]", first + bits - 1),
    }
}

fn resubmit(m: &mut Making<'_>) -> String {
    let table = m.chance.below(254);
    let port = m.port();
    match m.chance.below(5) {
        0 => format!("resubmit:{port}"),
        1 => format!("resubmit({port},{table})"),
        2 if m.tracked => format!("resubmit(,{table},ct)"),
        3 if m.tracked => format!("resubmit({port},{table},ct)"),
        _ => format!("resubmit(,{table})"),
    }
}

fn sample(m: &mut Making<'_>) -> String {
    let mut text = format!(
        "sample(probability={},collector_set_id={},obs_domain_id={},obs_point_id={}",
        m.chance.between(1, 65_535),
        m.chance.number(32),
        m.chance.number(32),
        m.chance.number(32)
    );
    if m.chance.one_in(2) {
        let port = m.port();
        let _ = write!(text, ",sampling_port={port}");
        text.push_str(m.chance.of(&["", ",ingress", ",egress"]));
    }
    text + ")"
}

/// A list of `conjunction`, which stands with nothing else but notes.
fn conjunctions(m: &mut Making<'_>) -> String {
    m.used.insert("conjunction");
    let count = m.chance.between(1, 3);
    let parts: Vec<String> = (0..count)
        .map(|_| {
            let clauses = m.chance.between(2, 64);
            let id = m.chance.number(32);
            format!(
                "conjunction({id},{}/{clauses})",
                m.chance.between(1, clauses)
            )
        })
        .collect();
    parts.join(",")
}

fn ct(m: &mut Making<'_>) -> Option<String> {
    if !m.satisfies(Prereq::Ip) {
        return None;
    }
    let mut words = Vec::new();
    let commit = m.chance.one_in(2);
    if commit {
        words.push("commit".to_owned());
        if m.chance.one_in(4) {
            words.push("force".to_owned());
        }
    }
    if m.chance.one_in(2) {
        words.push(format!("table={}", m.chance.below(254)));
    }
    match m.chance.below(3) {
        0 => words.push(format!("zone={}", m.chance.number(16))),
        1 => words.extend(source(m, 16).map(|source| format!("zone={source}"))),
        _ => {}
    }
    if m.chance.one_in(2) {
        words.push(nat(m, commit));
    }
    if commit && m.chance.one_in(2) {
        words.push(format!("exec({})", marks(m)));
    }
    if commit && m.chance.one_in(4) {
        if m.satisfies(Prereq::Tcp) {
            words.push("alg=ftp".to_owned());
        } else if m.satisfies(Prereq::Udp) {
            words.push("alg=tftp".to_owned());
        }
    }
    Some(format!("ct({})", words.join(",")))
}

fn nat(m: &mut Making<'_>, commit: bool) -> String {
    if !commit || m.chance.one_in(5) {
        return "nat".to_owned();
    }
    let way = m.chance.of(&["src", "dst"]);
    if m.chance.one_in(5) {
        return format!("nat({way})");
    }
    let port = m.chance.between(1, 60_000);
    let ports = match m.chance.below(3) {
        0 => format!(":{port}"),
        1 => format!(":{port}-{}", port + m.chance.below(5000)),
        _ => String::new(),
    };
    let range = m.chance.one_in(2);
    let addresses = if m.ipv6 {
        let first = m.chance.wide() >> 1;
        let last = first + 1 + u128::from(m.chance.below(9));
        let bracket = !ports.is_empty();
        let put = |address| {
            let address = flows::ipv6(address);
            if bracket {
                format!("[{address}]")
            } else {
                address
            }
        };
        if range {
            format!("{}-{}", put(first), put(last))
        } else {
            put(first)
        }
    } else {
        let first = m.chance.between(1, 0xffff_0000);
        let last = first + m.chance.between(1, 9);
        let put = |address: u64| flows::ipv4(address.into());
        if range {
            format!("{}-{}", put(first), put(last))
        } else {
            put(first)
        }
    };
    let flags = m.chance.of(&[
        "",
        ",random",
        ",hash",
        ",persistent",
        ",random,persistent",
        ",hash,persistent",
    ]);
    format!("nat({way}={addresses}{ports}{flags})")
}

/// What `ct(exec())` may hold.
fn marks(m: &mut Making<'_>) -> String {
    let mut parts = Vec::new();
    for _ in 0..m.chance.between(1, 3) {
        let name = m.chance.of(&["ct_mark", "ct_label"]);
        let field = Field::by_name(name).unwrap();
        m.used.insert(name);
        match m.chance.below(3) {
            0 => {
                let bits = m.chance.between(1, u64::from(m.width(field).min(64))) as u32;
                let to = subfield(m, field, bits);
                parts.push(format!("load:{:#x}->{to}", m.chance.number(bits)));
            }
            1 => {
                let bits = m.chance.of(&[1, 16, 32]);
                if let Some(from) = source(m, bits) {
                    let to = subfield(m, field, bits);
                    parts.push(format!("move:{from}->{to}"));
                }
            }
            _ => {
                let maskable = m.class != Class::Old || m.width(field) <= 64;
                let value = m.value(field, maskable);
                parts.push(format!("set_field:{value}->{name}"));
            }
        }
    }
    parts.join(",")
}

/// `learn`: a flow in a flow, with conditions and actions from the packet or from the text.
fn learn(m: &mut Making<'_>) -> Option<String> {
    let mut words = vec![format!("table={}", m.chance.between(1, 253))];
    for key in [
        "idle_timeout",
        "hard_timeout",
        "fin_idle_timeout",
        "fin_hard_timeout",
        "priority",
    ] {
        if m.chance.one_in(4) {
            words.push(format!("{key}={}", m.chance.number(16)));
        }
    }
    if m.chance.one_in(3) {
        words.push(format!("cookie={:#x}", m.chance.number(64)));
    }
    for flag in ["send_flow_rem", "delete_learned"] {
        if m.chance.one_in(4) {
            words.push(flag.to_owned());
        }
    }
    if m.chance.one_in(4) {
        words.push(format!("limit={}", m.chance.number(32)));
        if m.chance.one_in(2) {
            words.push(format!("result_dst={}", target(m, 1)?));
        }
    }
    // The learnt flow says for itself what its fields need.
    let says = std::mem::take(&mut m.says);
    let mut learnt = vec![Prereq::Ethernet];
    match m.chance.below(5) {
        0 => {
            words.push("eth_type=0x800".to_owned());
            learnt.extend([Prereq::Ipv4, Prereq::Ip]);
        }
        1 => {
            words.push("eth_type=0x86dd,nw_proto=6".to_owned());
            learnt.extend([Prereq::Ipv6, Prereq::Ip, Prereq::Tcp]);
        }
        2 => {
            words.push("dl_type=0x0800,nw_proto=17".to_owned());
            learnt.extend([Prereq::Ipv4, Prereq::Ip, Prereq::Udp]);
        }
        _ => {}
    }
    let tagged = std::mem::replace(&mut m.tagged, false);
    m.used.insert("learn");
    for _ in 0..m.chance.between(1, 6) {
        let bits = m.chance.of(&[1, 3, 7, 9, 12, 16, 17, 20, 32, 33, 48, 64]);
        m.says.clone_from(&says);
        let from = source(m, bits);
        m.says.clone_from(&learnt);
        let word = match m.chance.below(8) {
            0 => {
                let field = writable(m);
                field
                    .filter(|field| !matches!(field.name, "in_port_oxm"))
                    .map(|field| {
                        let value = m.value(field, false);
                        format!("{}={value}", field.name)
                    })
            }
            1 => from
                .zip(source(m, bits))
                .map(|(from, to)| format!("{to}={from}")),
            // The same field here and there: both must have what it needs.
            2 => {
                m.says.retain(|prereq| says.contains(prereq));
                source(m, bits)
            }
            3 => source(m, bits).map(|to| format!("{to}={:#x}", m.chance.number(bits))),
            4 => target(m, bits).map(|to| format!("load:{:#x}->{to}", m.chance.number(bits))),
            5 | 6 => from
                .zip(target(m, bits))
                .map(|(from, to)| format!("load:{from}->{to}")),
            _ => {
                m.says.clone_from(&says);
                {
                    let bits = m.chance.of(&[16, 32]);
                    source(m, bits)
                }
                .map(|from| format!("output:{from}"))
            }
        };
        words.extend(word);
    }
    m.says = says;
    m.tagged = tagged;
    Some(format!("learn({})", words.join(",")))
}
