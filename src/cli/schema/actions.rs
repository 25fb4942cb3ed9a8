//! Every action with its members. A test compares the list with that of the actions, and holds every
//! action that a real switch sent against it.

use serde_json::{Value, json};

use super::shape::{Object, any_of, bytes, hex, ipv4, list, mac, refer, text, up_to, whole, words};

/// What an action can be, by its `type`.
pub(super) fn action() -> Value {
    let choices: Vec<Value> = all()
        .into_iter()
        .map(|(name, members)| {
            let mut schema = Object::new().with("type", json!({"const": name}));
            for (member, kind) in members {
                schema = match member.strip_suffix('?') {
                    Some(member) => schema.maybe(member, kind),
                    None => schema.with(member, kind),
                };
            }
            schema.closed()
        })
        .collect();
    json!({"anyOf": choices})
}

/// The types that there are.
#[cfg(test)]
pub(super) fn types() -> impl Iterator<Item = &'static str> {
    all().into_iter().map(|(name, _)| name)
}

/// The names of actions, and their members; `?` behind one that may be left out.
fn all() -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let byte = || up_to(0xff);
    let short = || up_to(0xffff);
    let long = || up_to(0xffff_ffff);
    let port = || refer("port");
    let bits = || refer("bits");
    let actions = || refer("actions");
    let always = || json!({"const": true});
    let choice = |algorithms: &[&str]| {
        vec![
            ("fields", any_of([text(), short()])),
            ("basis", short()),
            ("algorithm", any_of([words(algorithms), short()])),
        ]
    };
    let bundle = || {
        let mut members = choice(&["active_backup", "hrw"]);
        members.push(("members", list(port())));
        members
    };
    let with = |mut members: Vec<(&'static str, Value)>, more: Vec<(&'static str, Value)>| {
        members.extend(more);
        members
    };
    let seconds = ["idle_timeout?", "hard_timeout?"].map(|name| (name, short()));
    vec![
        (
            "output",
            vec![("port?", port()), ("field?", bits()), ("max_len?", long())],
        ),
        (
            "controller",
            vec![
                ("max_len?", short()),
                ("id?", short()),
                ("reason?", any_of([text(), byte()])),
                ("userdata?", bytes()),
                ("pause?", always()),
                ("meter_id?", long()),
            ],
        ),
        ("enqueue", vec![("port", port()), ("queue", long())]),
        ("group", vec![("group", long())]),
        ("bundle", bundle()),
        ("bundle_load", with(bundle(), vec![("dst", bits())])),
        (
            "set_field",
            vec![
                ("field", text()),
                ("value", refer("field_value")),
                ("mask?", hex()),
            ],
        ),
        ("load", vec![("value", hex()), ("dst", bits())]),
        ("move", vec![("src", bits()), ("dst", bits())]),
        ("push", vec![("bits", bits())]),
        ("pop", vec![("bits", bits())]),
        ("delete_field", vec![("field", text())]),
        (
            "check_pkt_larger",
            vec![("pkt_len", short()), ("dst", bits())],
        ),
        ("set_vlan_vid", vec![("vlan_vid", short())]),
        ("set_vlan_pcp", vec![("vlan_pcp", byte())]),
        ("pop_vlan", vec![]),
        ("push_vlan", vec![("eth_type", short())]),
        ("strip_vlan", vec![]),
        ("mod_vlan_vid", vec![("vlan_vid", short())]),
        ("mod_vlan_pcp", vec![("vlan_pcp", byte())]),
        ("push_mpls", vec![("eth_type", short())]),
        ("pop_mpls", vec![("eth_type", short())]),
        ("set_mpls_label", vec![("mpls_label", long())]),
        ("set_mpls_tc", vec![("mpls_tc", byte())]),
        ("set_mpls_ttl", vec![("mpls_ttl", byte())]),
        ("dec_mpls_ttl", vec![]),
        (
            "encap",
            vec![
                ("packet_type", any_of([text(), long()])),
                ("properties?", list(property())),
            ],
        ),
        (
            "decap",
            vec![(
                "packet_type?",
                Object::new().all(&["ns", "type"], &short()).closed(),
            )],
        ),
        ("dec_nsh_ttl", vec![]),
        ("mod_dl_src", vec![("address", mac())]),
        ("mod_dl_dst", vec![("address", mac())]),
        ("mod_nw_src", vec![("address", ipv4())]),
        ("mod_nw_dst", vec![("address", ipv4())]),
        ("mod_nw_tos", vec![("nw_tos", byte())]),
        ("mod_nw_ecn", vec![("nw_ecn", byte())]),
        ("mod_nw_ttl", vec![("nw_ttl", byte())]),
        ("mod_tp_src", vec![("port", short())]),
        ("mod_tp_dst", vec![("port", short())]),
        ("dec_ttl", vec![("ids?", list(short()))]),
        ("set_queue", vec![("queue", long())]),
        ("pop_queue", vec![]),
        ("set_tunnel", vec![("tun_id", hex())]),
        (
            "resubmit",
            vec![
                ("port?", port()),
                ("table?", byte()),
                ("table_name?", text()),
                ("ct?", always()),
            ],
        ),
        (
            "learn",
            with(
                vec![("table", byte()), ("table_name?", text())],
                with(
                    seconds.to_vec(),
                    vec![
                        ("fin_idle_timeout?", short()),
                        ("fin_hard_timeout?", short()),
                        ("priority?", short()),
                        ("send_flow_rem?", always()),
                        ("delete_learned?", always()),
                        ("cookie?", hex()),
                        ("limit?", long()),
                        ("result_dst?", bits()),
                        ("specs", list(refer("learn_spec"))),
                    ],
                ),
            ),
        ),
        (
            "conjunction",
            vec![("id", long()), ("clause", whole()), ("n_clauses", whole())],
        ),
        (
            "multipath",
            with(
                choice(&["modulo_n", "hash_threshold", "hrw", "iter_hash"]),
                vec![("n_links", whole()), ("arg", long()), ("dst", bits())],
            ),
        ),
        ("note", vec![("data", bytes())]),
        ("exit", vec![]),
        ("fin_timeout", seconds.to_vec()),
        (
            "sample",
            vec![
                ("probability", short()),
                ("collector_set_id?", long()),
                ("obs_domain_id?", long()),
                ("obs_point_id?", long()),
                ("sampling_port?", port()),
                ("direction?", words(&["ingress", "egress"])),
            ],
        ),
        (
            "ct",
            vec![
                ("commit?", always()),
                ("force?", always()),
                ("table?", byte()),
                ("table_name?", text()),
                ("zone?", any_of([short(), bits()])),
                ("alg?", short()),
                ("exec?", actions()),
            ],
        ),
        ("ct_clear", vec![]),
        (
            "nat",
            vec![
                ("kind?", words(&["src", "dst"])),
                ("addr_min?", text()),
                ("addr_max?", text()),
                ("port_min?", short()),
                ("port_max?", short()),
                ("persistent?", always()),
                ("hash?", always()),
                ("random?", always()),
            ],
        ),
        ("clone", vec![("actions", actions())]),
        ("meter", vec![("meter_id", long())]),
        ("clear_actions", vec![]),
        ("write_actions", vec![("actions", actions())]),
        (
            "write_metadata",
            vec![("metadata", hex()), ("mask?", hex())],
        ),
        (
            "goto_table",
            vec![("table", byte()), ("table_name?", text())],
        ),
        ("debug_slow", vec![]),
        ("debug_recirc", vec![]),
        // What is not understood, kept whole.
        ("unknown", vec![("number", short()), ("data", bytes())]),
        ("experimenter", vec![("id", long()), ("data", bytes())]),
        (
            "unknown_instruction",
            vec![("number", short()), ("data", bytes())],
        ),
        (
            "experimenter_instruction",
            vec![("id", long()), ("data", bytes())],
        ),
    ]
}

/// What `encap` says of the header that it puts in front.
fn property() -> Value {
    let md_type = Object::new()
        .with("type", json!({"const": "md_type"}))
        .with("md_type", up_to(0xff));
    let tlv = Object::new()
        .with("type", json!({"const": "tlv"}))
        .with("class", up_to(0xffff))
        .with("tlv_type", up_to(0xff))
        .with("data", bytes());
    any_of([md_type.closed(), tlv.closed()])
}

/// What `learn` does with a packet: match, load or output.
pub(super) fn learn_spec() -> Value {
    let kind = |kinds: &[&str]| Object::new().with("type", words(kinds));
    any_of([
        kind(&["match"])
            .with("field", text())
            .with("value", refer("field_value"))
            .closed(),
        kind(&["match", "load"])
            .with("dst", refer("bits"))
            .with("src", refer("bits"))
            .closed(),
        kind(&["match", "load"])
            .with("dst", refer("bits"))
            .with("value", hex())
            .closed(),
        kind(&["output"]).with("src", refer("bits")).closed(),
        kind(&["output"]).with("value", hex()).closed(),
    ])
}
