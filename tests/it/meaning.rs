//! What flows mean, whatever spelling: written by the real `ovs-ofctl` over one version, read over the others.

use std::collections::BTreeMap;

use ovs::openflow::fields::Filter;
use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::flow_entry::{Flow, FlowEntry};
use ovs::openflow::meaning::{put_effect, put_key};
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::messages::flow_stats::Scratch;
use ovs::openflow::session::Session;
use ovs::openflow::text::{NoNames, Plain};
use ovs::openflow::version::{Version, Versions};
use ovs::transport::Endpoint;

use crate::common::Sandbox;
use crate::common::openflow::{self, VERSIONS};

/// Key and effect of a flow, as OpenFlow 1.0 tells them.
type Meaning = (Vec<u8>, Vec<u8>);

fn meaning(flow: &FlowEntry<'_>, told_by: Version) -> Meaning {
    let (mut key, mut effect) = (Vec::new(), Vec::new());
    put_key(flow, Some(told_by), &mut key);
    put_effect(flow, Some(told_by), &mut Plain::default(), &mut effect).unwrap();
    (key, effect)
}

/// What the switch's flows mean, by priority, read over a version.
fn read(sandbox: &Sandbox, version: &str, told_by: Version) -> BTreeMap<u16, (Meaning, Flow)> {
    let endpoint = Endpoint::parse(&openflow::socket(sandbox, "br0"), None).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let offer = [of(version)].into_iter().collect::<Versions>();
        let mut session = Session::connect(&endpoint, offer, None).await.unwrap();
        session.ask_flows(&Filter::default()).await.unwrap();
        let mut scratch = Scratch::new();
        let mut flows = BTreeMap::new();
        while let Some(mut entries) = session.flows().await.unwrap() {
            while let Some(flow) = entries.next_entry(&mut scratch) {
                let flow = flow.unwrap();
                let known = (meaning(&flow, told_by), Flow::from(&flow.entry));
                assert!(flows.insert(flow.priority, known).is_none());
            }
        }
        flows
    })
}

/// What a text means.
fn parsed(text: &str, version: Version, told_by: Version) -> Meaning {
    let change = FlowChange::parse(text, FlowCommand::Add, &NoNames, version).unwrap();
    change
        .flow
        .view(|entry| meaning(entry, told_by))
        .unwrap()
        .unwrap()
}

/// Matches and actions; those on one line mean the same. Every version carries them.
const SAME: &[(&str, &[&str])] = &[
    (
        "dl_vlan=7",
        &["strip_vlan,1", "pop_vlan,1", "pop_vlan,output:1"],
    ),
    (
        "dl_vlan=7",
        &[
            "mod_vlan_vid:66",
            "set_vlan_vid:66",
            "set_field:4162->vlan_vid",
            "load:66->NXM_OF_VLAN_TCI[0..11]",
        ],
    ),
    (
        "dl_vlan=7",
        &[
            "mod_vlan_vid:66,mod_vlan_pcp:3",
            "set_field:4162->vlan_vid,set_field:3->vlan_pcp",
            "set_field:0x7042->vlan_tci",
        ],
    ),
    (
        "dl_vlan=7",
        &[
            "strip_vlan,mod_vlan_vid:66",
            "pop_vlan,push_vlan:0x8100,set_field:4162->vlan_vid",
        ],
    ),
    (
        "",
        &[
            "mod_vlan_vid:66,1",
            "push_vlan:0x8100,set_field:4162->vlan_vid,1",
        ],
    ),
    (
        "",
        &[
            "mod_vlan_vid:66,mod_vlan_pcp:3,1",
            "push_vlan:0x8100,set_field:4162->vlan_vid,set_field:3->vlan_pcp,1",
        ],
    ),
    (
        "",
        &[
            "mod_vlan_pcp:3,1",
            "push_vlan:0x8100,set_field:3->vlan_pcp,1",
        ],
    ),
    (
        "",
        &[
            "set_tunnel:0x64",
            "set_tunnel64:0x64",
            "set_field:0x64->tun_id",
            "load:0x64->NXM_NX_TUN_ID[]",
            "set_field:100->tunnel_id",
        ],
    ),
    (
        "",
        &["set_tunnel64:0x123456789", "set_field:0x123456789->tun_id"],
    ),
    (
        "ip",
        &[
            "mod_nw_src:10.0.0.1",
            "set_field:10.0.0.1->ip_src",
            "load:0x0a000001->NXM_OF_IP_SRC[]",
            "set_field:10.0.0.1->nw_src",
        ],
    ),
    (
        "ip",
        &[
            "mod_nw_dst:10.0.0.1",
            "set_field:10.0.0.1->ip_dst",
            "load:0x0a000001->NXM_OF_IP_DST[]",
        ],
    ),
    (
        "",
        &[
            "mod_dl_src:00:11:22:33:44:55",
            "set_field:00:11:22:33:44:55->eth_src",
            "load:0x001122334455->NXM_OF_ETH_SRC[]",
        ],
    ),
    (
        "",
        &[
            "mod_dl_dst:00:11:22:33:44:55",
            "set_field:00:11:22:33:44:55->eth_dst",
        ],
    ),
    (
        "tcp",
        &[
            "mod_tp_src:80",
            "set_field:80->tcp_src",
            "load:80->NXM_OF_TCP_SRC[]",
        ],
    ),
    (
        "udp6",
        &[
            "mod_tp_dst:80",
            "set_field:80->udp_dst",
            "load:80->NXM_OF_UDP_DST[]",
        ],
    ),
    (
        "ip",
        &[
            "mod_nw_tos:16",
            "set_field:16->nw_tos",
            "set_field:4->ip_dscp",
        ],
    ),
    (
        "ip",
        &[
            "mod_nw_ecn:2",
            "load:2->NXM_NX_IP_ECN[]",
            "set_field:2->nw_ecn",
        ],
    ),
    (
        "ip",
        &[
            "mod_nw_ttl:3",
            "load:3->NXM_NX_IP_TTL[]",
            "set_field:3->nw_ttl",
        ],
    ),
    (
        "mpls",
        &[
            "set_mpls_label(5)",
            "set_field:5->mpls_label",
            "load:5->OXM_OF_MPLS_LABEL[]",
        ],
    ),
    ("mpls", &["set_mpls_tc(5)", "set_field:5->mpls_tc"]),
    ("mpls", &["set_mpls_ttl(5)", "set_field:5->mpls_ttl"]),
    (
        "",
        &[
            "load:1->NXM_NX_REG0[0..15]",
            "set_field:1/0xffff->reg0",
            "load:1->reg0[0..15]",
        ],
    ),
    (
        "",
        &[
            "load:3->NXM_NX_REG2[]",
            "set_field:3->reg2",
            "load:3->reg2[0..15],load:0->reg2[16..31]",
        ],
    ),
    (
        "",
        &[
            "set_field:0x4/0xf0f->reg3",
            "load:4->reg3[0..3],load:0->reg3[8..11]",
        ],
    ),
    (
        "",
        &[
            "set_field:0x100000002->xreg0",
            "load:1->reg0,load:2->reg1",
            "set_field:1->reg0,set_field:2->reg1",
        ],
    ),
    (
        "ipv6",
        &[
            "set_field:::1->ipv6_src",
            "load:1->NXM_NX_IPV6_SRC[0..63],load:0->NXM_NX_IPV6_SRC[64..127]",
        ],
    ),
    ("", &["enqueue:1:2", "set_queue:2,output:1,pop_queue"]),
    (
        "",
        &[
            "CONTROLLER:100",
            "controller(max_len=100)",
            "controller:100",
        ],
    ),
    ("", &["resubmit:1", "resubmit(1,)"]),
    ("", &["resubmit(,1)"]),
    ("", &["drop"]),
    ("", &["1", "output:1", "output=1"]),
    (
        "ip",
        &[
            "ct(commit,exec(load:1->NXM_NX_CT_MARK[]))",
            "ct(commit,exec(set_field:1->ct_mark))",
        ],
    ),
    (
        "",
        &[
            "clone(set_field:1->tun_id,1)",
            "clone(set_tunnel:1,output:1)",
        ],
    ),
    ("ip", &["dec_ttl", "dec_ttl(0)"]),
    ("", &["note:01.02.03", "note:01.02.03.00.00.00"]),
    (
        "",
        &["move:NXM_NX_REG0[]->NXM_NX_REG1[]", "move:reg0->reg1"],
    ),
];

/// Matches that are the same.
const SAME_MATCH: &[&[&str]] = &[
    &[
        "ip,in_port=1,nw_src=10.0.0.0/8",
        "nw_src=10.1.2.3/255.0.0.0,dl_type=0x0800,in_port=1",
    ],
    &[
        "tcp,tp_dst=80",
        "tcp_dst=80,dl_type=0x800,nw_proto=6",
        "ip,nw_proto=6,tcp_dst=80",
    ],
    &[
        "dl_vlan=7,dl_vlan_pcp=1",
        "vlan_tci=0x3007",
        "vlan_vid=4103,vlan_pcp=1",
    ],
    &["vlan_tci=0x1000/0x1000", "vlan_vid=0x1000/0x1000"],
    &["xreg0=0x100000002", "reg0=1,reg1=2"],
    &["ip,nw_tos=16", "ip,ip_dscp=4"],
    &["in_port=LOCAL", "in_port=65534"],
    &[
        "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00",
        "eth_dst=ff:00:00:00:00:00/01:00:00:00:00:00",
    ],
    &["tun_id=5", "tunnel_id=0x5"],
    &["metadata=5", "metadata=0x5/0xffffffffffffffff"],
];

struct Spelt {
    group: usize,
    text: String,
}

/// Every spelling, by its priority.
fn spellings() -> BTreeMap<u16, Spelt> {
    let actions = SAME
        .iter()
        .enumerate()
        .flat_map(|(group, (fields, lists))| {
            lists
                .iter()
                .map(move |actions| (group, format!("{fields},actions={actions}")))
        });
    let matches = SAME_MATCH.iter().enumerate().flat_map(|(group, fields)| {
        fields
            .iter()
            .map(move |fields| (SAME.len() + group, format!("{fields},actions=1")))
    });
    let all = actions.chain(matches);
    (1..)
        .zip(all)
        .map(|(priority, (group, text))| {
            let text = format!("priority={priority},{text}");
            (priority, Spelt { group, text })
        })
        .collect()
}

#[test]
fn spellings_mean_the_same_in_every_version() {
    let spellings = spellings();
    let sandbox = Sandbox::with(&format!(
        "add-br br0 -- set bridge br0 fail_mode=secure protocols={}",
        VERSIONS.join(",")
    ));
    let mut differences = Vec::new();
    let mut written = 0;
    for writes in VERSIONS
        .into_iter()
        .filter(|version| *version != "OpenFlow11")
    {
        ofctl!(sandbox, "-O OpenFlow15 del-flows br0");
        let mut lines = String::new();
        for spelt in spellings.values() {
            if carries(writes, &spelt.text) {
                lines.push_str(&spelt.text);
                lines.push('\n');
            }
        }
        openflow::add(
            &sandbox,
            &format!("-O {writes}"),
            "add-flows",
            "br0",
            &lines,
        );
        let mut first: BTreeMap<usize, (Meaning, String)> = BTreeMap::new();
        for reads in VERSIONS {
            let flows = read(&sandbox, reads, Version::V10);
            written += flows.len();
            for (priority, (mut found, flow)) in flows {
                let spelt = &spellings[&priority];
                found.0.drain(1..3);
                let title = format!("{writes} {reads} {}", spelt.text);
                let (expected, of) = first
                    .entry(spelt.group)
                    .or_insert_with(|| (found.clone(), title.clone()));
                if *expected != found {
                    differences.push(format!(
                        "{of}\n  {} {}\n{title}\n  {} {}\n  {:?}",
                        hex(&expected.0),
                        expected.1.escape_ascii(),
                        hex(&found.0),
                        found.1.escape_ascii(),
                        flow.actions
                    ));
                }
            }
        }
        // What is read from text means the same.
        for (priority, spelt) in &spellings {
            if !carries(writes, &spelt.text) {
                continue;
            }
            let version = of(writes);
            let mut found = parsed(&spelt.text, version, Version::V10);
            found.0.drain(1..3);
            let (expected, of) = &first[&spelt.group];
            if *expected != found {
                differences.push(format!(
                    "{of}\n  {} {}\nfrom text, {version}, {priority}: {}\n  {} {}",
                    hex(&expected.0),
                    expected.1.escape_ascii(),
                    spelt.text,
                    hex(&found.0),
                    found.1.escape_ascii()
                ));
            }
        }
        // And no two groups mean the same.
        let mut of_meaning = BTreeMap::new();
        for (group, (found, title)) in first {
            if let Some((_, other)) = of_meaning.insert(found, (group, title.clone())) {
                differences.push(format!("the same: {other} and {title}"));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differ\n{}",
        differences.len(),
        differences.join("\n")
    );
    assert!(written > 1500, "{written}");
}

/// The version that `-O` takes by this word.
fn of(word: &str) -> Version {
    let mut all = VERSIONS.iter().zip(Version::ALL);
    all.find(|(name, _)| **name == word).unwrap().1
}

fn hex(bytes: &[u8]) -> String {
    crate::common::hex::digits(bytes)
}

/// Whether ovs-ofctl can say it over this version, and the switch then says the truth over all others: a part of
/// `vlan_tci` that was set over 1.5 is `strip_vlan` over 1.0.
fn carries(version: &str, text: &str) -> bool {
    match version {
        "OpenFlow10" => !text.contains("push_vlan"),
        "OpenFlow15" => !text.contains("VLAN_TCI[0..11]"),
        _ => true,
    }
}
