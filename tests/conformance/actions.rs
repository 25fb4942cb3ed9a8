//! Random lists of all actions, in the words of ovs-ofctl(8).

use ovs::openflow::fields::{Field, FieldKind, Prereq};

use super::flows::{self, Class, Making};
use super::template::filled;

/// An action: its name in ovs-actions(7), what the match must say (one of these), its text (see [`filled`]).
type Action = (&'static str, &'static [Prereq], &'static str);

const ANY: &[Prereq] = &[Prereq::Any];
const ETHERNET: &[Prereq] = &[Prereq::Ethernet];
const TAG: &[Prereq] = &[Prereq::Vlan];
const MPLS: &[Prereq] = &[Prereq::Mpls];
const IP: &[Prereq] = &[Prereq::Ip];
const IPV4: &[Prereq] = &[Prereq::Ipv4];
const PORTS: &[Prereq] = &[Prereq::Tcp, Prereq::Udp, Prereq::Sctp];
const TCP: &[Prereq] = &[Prereq::Tcp];
const UDP: &[Prereq] = &[Prereq::Udp];
const TRACKED: &[Prereq] = &[Prereq::Ct];
const NSH: &[Prereq] = &[Prereq::Nsh];

/// The actions that OpenFlow 1.0 carries. What stands twice is made twice as often.
const OLD: &[Action] = &[
    ("output", ANY, "{output}"),
    ("output", ANY, "{output}"),
    ("output_reg", ANY, "{bits 5 16 32}output:{source}"),
    (
        "output_trunc",
        ANY,
        "output(port={port},max_len={14-70000})",
    ),
    (
        "controller",
        ANY,
        "controller([|;reason=[no_match|action|invalid_ttl|action_set|group|packet_out]][|;max_len={16}]\
         [|;id={16}][|;userdata={bytes}][||;pause][|||;meter_id=5])",
    ),
    ("enqueue", ANY, "enqueue:{port}:{32}"),
    (
        "bundle",
        ANY,
        "bundle({hash},{16},[hrw|active_backup],ofport,members:{members})",
    ),
    (
        "bundle_load",
        ANY,
        "bundle_load({hash},{16},hrw,ofport,{bits 16}{target},members:{members})",
    ),
    ("group", ANY, "group:[5|4294967040]"),
    ("strip_vlan", TAG, "[strip_vlan|pop_vlan]"),
    ("strip_vlan", ANY, "{one in 9}[strip_vlan|pop_vlan]"),
    ("mod_vlan_vid", ETHERNET, "mod_vlan_vid:{12}"),
    ("mod_vlan_pcp", ETHERNET, "mod_vlan_pcp:{3}"),
    ("push_mpls", ANY, "push_mpls:[0x8847|0x8848]"),
    ("pop_mpls", MPLS, "pop_mpls:[0x0800|0x86dd|0x8847|0x1234]"),
    ("set_mpls_label", MPLS, "set_mpls_label({20})"),
    ("set_mpls_tc", MPLS, "set_mpls_tc({3})"),
    ("set_mpls_ttl", MPLS, "set_mpls_ttl({8})"),
    ("dec_mpls_ttl", MPLS, "dec_mpls_ttl"),
    ("set_field", ANY, "{set_field}"),
    ("set_field", ANY, "{set_field}"),
    ("load", ANY, "{load}"),
    ("load", ANY, "{load}"),
    ("move", ANY, "{bits 1 3 8 16 32 48}move:{source}->{target}"),
    ("mod_dl_src", ETHERNET, "mod_dl_src:{mac}"),
    ("mod_dl_dst", ETHERNET, "mod_dl_dst:{mac}"),
    ("mod_nw_src", IPV4, "mod_nw_src:{ipv4}"),
    ("mod_nw_dst", IPV4, "mod_nw_dst:{ipv4}"),
    ("mod_nw_tos", IP, "mod_nw_tos:{tos}"),
    ("mod_nw_ecn", IP, "mod_nw_ecn:{2}"),
    ("mod_nw_ttl", IP, "mod_nw_ttl:{8}"),
    ("mod_tp_src", PORTS, "mod_tp_src:{16}"),
    ("mod_tp_dst", PORTS, "mod_tp_dst:{16}"),
    ("dec_ttl", IP, "dec_ttl[|({list , 16 1 5})]"),
    (
        "check_pkt_larger",
        ANY,
        "{bits 1}check_pkt_larger({16})->{target}",
    ),
    ("delete_field", ANY, "delete_field:{option}"),
    (
        "set_tunnel",
        ANY,
        "[set_tunnel64:{x64}|set_tunnel64:{x33}|set_tunnel:{x32}]",
    ),
    ("set_queue", ANY, "set_queue:{32}"),
    ("pop_queue", ANY, "pop_queue"),
    (
        "resubmit",
        ANY,
        "resubmit[:{port}|({port},{0-253})|(,{0-253})]",
    ),
    ("resubmit", TRACKED, "resubmit([|{port}],{0-253},ct)"),
    ("learn", ANY, "{learn}"),
    ("learn", ANY, "{learn}"),
    (
        "multipath",
        ANY,
        "multipath({hash},{16},[modulo_n|hash_threshold|hrw|iter_hash],{1-64},{16},{bits 16}{target})",
    ),
    ("note", ANY, "note:[|{bytes}|{bytes}|{bytes}]"),
    ("exit", ANY, "exit"),
    (
        "fin_timeout",
        TCP,
        "fin_timeout([idle_timeout={16}|hard_timeout={16}|idle_timeout={16},hard_timeout={16}])",
    ),
    (
        "sample",
        ANY,
        "sample(probability={1-65535},collector_set_id={32},obs_domain_id={32},obs_point_id={32}\
         [|,sampling_port={port}[|,ingress|,egress]])",
    ),
    ("ct", IP, "ct({ct to}[|;nat])"),
    (
        "ct",
        IP,
        "ct(;commit[|||;force]{ct to}[|;{nat}][|;exec({marks})])",
    ),
    (
        "ct",
        TCP,
        "ct(;commit[|||;force]{ct to}[|;{nat}][|;exec({marks})];alg=ftp)",
    ),
    (
        "ct",
        UDP,
        "ct(;commit[|||;force]{ct to}[|;{nat}][|;exec({marks})];alg=tftp)",
    ),
    ("ct_clear", ANY, "ct_clear"),
    ("clone", ANY, "clone({clone})"),
    ("push", ANY, "{bits 1 7 16 32}push:{source}"),
    ("pop", ANY, "{bits 1 7 16 32}pop:{target}"),
];

/// What only later versions carry, or carry truly.
const NEW: &[Action] = &[
    ("push_vlan", ETHERNET, "push_vlan:[0x8100|0x8100|0x88a8]"),
    (
        "push_vlan",
        ETHERNET,
        "push_vlan:0x8100,set_field:{vid}->vlan_vid",
    ),
    ("pop_queue", ANY, "set_queue:{32},output:{port},pop_queue"),
    ("set_vlan_vid", TAG, "set_vlan_vid:{12}"),
    ("set_vlan_pcp", TAG, "set_vlan_pcp:{3}"),
    (
        "set_field",
        TAG,
        "set_field:[{vid}->vlan_vid|{3}->vlan_pcp|{masked vid}->vlan_vid]",
    ),
];

/// What 1.3 and later carry.
const ENCAP: &[Action] = &[
    (
        "encap",
        ANY,
        "[encap(nsh(md_type=1))|encap(nsh(md_type=2,tlv({x16},{7},{hex})))|encap(ethernet)|\
         encap(nsh),encap(ethernet)|encap(mpls)|encap(mpls_mc)|\
         encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba9876543210)))]",
    ),
    (
        "decap",
        ANY,
        "decap[()||(packet_type(ns=[0|1],type=[0x0|0x800|0x86dd|0x894f|0x8847|0xfffe]))]",
    ),
    ("dec_nsh_ttl", NSH, "dec_nsh_ttl"),
    ("dec_nsh_ttl", NSH, "dec_nsh_ttl"),
];

/// What an action set may hold.
const SET: &[Action] = &[
    ("output", ANY, "{output}"),
    ("group", ANY, "group:5"),
    ("set_field", ANY, "{set_field}"),
    ("load", ANY, "{load}"),
    ("set_queue", ANY, "set_queue:{32}"),
    ("strip_vlan", ANY, "strip_vlan"),
    ("mod_dl_src", ETHERNET, "mod_dl_src:{mac}"),
    ("push_vlan", ETHERNET, "{push_vlan of a set}"),
    ("dec_ttl", IP, "dec_ttl"),
    ("push_mpls", ANY, "push_mpls:0x8847"),
];

/// Parts that several actions have, or have several times.
const PARTS: &[(&str, &str)] = &[
    (
        "output",
        "[[LOCAL|IN_PORT|NORMAL|FLOOD|ALL|CONTROLLER:{16}]|output:{port}]",
    ),
    (
        "hash",
        "[eth_src|symmetric_l4|symmetric_l3l4|symmetric_l3l4+udp|nw_src|nw_dst|symmetric_l3]",
    ),
    ("members", "{list , port 0 4}"),
    ("bytes", "{list . byte 1 30}"),
    (
        "ct to",
        "[|;table={0-253}][|;zone={16}|{bits 16};zone={source}]",
    ),
    (
        "nat",
        "nat[|([src|dst])|([src|dst]={nat range})|([src|dst]={nat range})]",
    ),
    (
        "nat range",
        "{addresses}[|,random|,hash|,persistent|,random,persistent|,hash,persistent]",
    ),
    ("marks", "{list , mark 1 3}"),
    ("mark", "[{mark of ct_mark}|{mark of ct_label}]"),
    ("conjunction", "conjunction({32},{clause})"),
    ("push and set", "push_vlan:0x8100,set_field:{3}->vlan_pcp"),
    (
        "learnt flow",
        "table={1-253}[|||,idle_timeout={16}][|||,hard_timeout={16}][|||,fin_idle_timeout={16}]\
         [|||,fin_hard_timeout={16}][|||,priority={16}][||,cookie={x64}][|||,send_flow_rem]\
         [|||,delete_learned][|||,limit={32}[|{bits 1},result_dst={target}]]",
    ),
];

/// What stands in a hole of a template; `None` where the match, or the class, has nothing for it.
pub(crate) fn hole(m: &mut Making<'_>, name: &str, depth: u8) -> Option<String> {
    if let Some((_, part)) = PARTS.iter().find(|(part, _)| *part == name) {
        return filled(m, part, depth);
    }
    let words: Vec<&str> = name.split(' ').collect();
    let number = |word: &str| word.parse().expect("a number");
    Some(match words[..] {
        ["list", between, part, least, most] => {
            let count = m.chance.between(number(least), number(most));
            let part = format!("{{{part}}}");
            let parts = (0..count).map(|_| filled(m, &part, depth));
            parts.collect::<Option<Vec<_>>>()?.join(between)
        }
        ["one", "in", n] => return m.chance.one_in(number(n)).then(String::new),
        // How many bits `source` and `target` have.
        ["bits", ref choices @ ..] => {
            m.bits = number(m.chance.of(choices)) as u32;
            String::new()
        }
        ["source"] => return source(m, m.bits),
        ["target"] => return target(m, m.bits),
        ["set_field"] => {
            let field = writable(m)?;
            return set_field(m, field);
        }
        ["load"] => return load(m),
        ["learn"] => return learn(m),
        ["mark", "of", name] => return mark(m, name),
        ["clone"] => {
            if depth >= 4 {
                return None;
            }
            let tagged = m.tagged;
            let inside = some(m, OLD, depth + 1);
            m.tagged = tagged;
            inside
        }
        ["push_vlan", "of", "a", "set"] if m.tagged => "push_vlan:0x88a8".to_owned(),
        ["push_vlan", "of", "a", "set"] => return filled(m, "{push and set}", depth),
        ["vid"] => (0x1000 | m.chance.number(12)).to_string(),
        ["masked", "vid"] => {
            let vid = 0x1000 | m.chance.number(12);
            format!("{:#x}/0x10f3", vid & 0x10f3)
        }
        ["option"] => {
            let options = flows::options(m.class).len() as u64;
            format!("tun_metadata{}", m.chance.below(options))
        }
        ["clause"] => {
            let clauses = m.chance.between(2, 64);
            format!("{}/{clauses}", m.chance.between(1, clauses))
        }
        ["tos"] => (m.chance.number(6) << 2).to_string(),
        ["port"] => m.port(),
        ["mac"] => flows::mac(m.chance.number(48)),
        ["ipv4"] => flows::ipv4(m.ipv4().into()),
        ["addresses"] => addresses(m),
        ["byte"] => format!("{:02x}", m.chance.number(8)),
        ["hex"] => {
            let count = m.chance.between(1, 16);
            let bytes = (0..count).map(|_| format!("{:02x}", m.chance.number(8)));
            "0x".to_owned() + &bytes.collect::<String>()
        }
        _ => panic!("{{{name}}}"),
    })
}

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
        .map(|(name, ..)| *name)
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
        // It stands with nothing else but notes.
        1 if m.class == Class::Old => {
            m.used.insert("conjunction");
            return filled(m, "{list , conjunction 1 3}", 0).expect("it needs nothing");
        }
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
fn some(m: &mut Making<'_>, of: &[Action], depth: u8) -> String {
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

fn one(m: &mut Making<'_>, of: &[Action], depth: u8) -> Option<String> {
    let entry = m.chance.of(of);
    made(m, entry, depth)
}

fn made(m: &mut Making<'_>, (name, needs, template): Action, depth: u8) -> Option<String> {
    if !needs.iter().any(|prereq| m.satisfies(*prereq)) {
        return None;
    }
    let text = filled(m, template, depth)?;
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

/// The addresses of `nat`, with ports sometimes.
fn addresses(m: &mut Making<'_>) -> String {
    let port = m.chance.between(1, 60_000);
    let ports = match m.chance.below(3) {
        0 => format!(":{port}"),
        1 => format!(":{port}-{}", port + m.chance.below(5000)),
        _ => String::new(),
    };
    let first = if m.ipv6 {
        m.chance.wide() >> 1
    } else {
        m.chance.between(1, 0xffff_0000).into()
    };
    let text = |address| match (m.ipv6, ports.is_empty()) {
        (false, _) => flows::ipv4(address),
        (true, true) => flows::ipv6(address),
        (true, false) => format!("[{}]", flows::ipv6(address)),
    };
    let mut range = text(first);
    if m.chance.one_in(2) {
        let last = first + u128::from(m.chance.between(1, 9));
        range = format!("{range}-{}", text(last));
    }
    range + &ports
}

/// What `ct(exec())` may hold.
fn mark(m: &mut Making<'_>, name: &str) -> Option<String> {
    let field = Field::by_name(name)?;
    m.used.insert(field.name);
    Some(match m.chance.below(3) {
        0 => {
            let bits = m.chance.between(1, u64::from(m.width(field).min(64))) as u32;
            let to = subfield(m, field, bits);
            format!("load:{:#x}->{to}", m.chance.number(bits))
        }
        1 => {
            let bits = m.chance.of(&[1, 16, 32]);
            let from = source(m, bits)?;
            format!("move:{from}->{}", subfield(m, field, bits))
        }
        _ => {
            let maskable = m.class != Class::Old || m.width(field) <= 64;
            format!("set_field:{}->{name}", m.value(field, maskable))
        }
    })
}

/// `learn`: a flow in a flow, with conditions and actions from the packet or from the text.
fn learn(m: &mut Making<'_>) -> Option<String> {
    let mut words = vec![filled(m, "{learnt flow}", 0)?];
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
                let bits = m.chance.of(&[16, 32]);
                source(m, bits).map(|from| format!("output:{from}"))
            }
        };
        words.extend(word);
    }
    m.says = says;
    m.tagged = tagged;
    Some(format!("learn({})", words.join(",")))
}
