//! What one flow costs: from the bytes of a reply to its text in both styles and to JSON, for each kind
//! of flow that a Neutron host with OVN-like tables has.
//!
//! `cargo bench`. The bytes are made here from the flows' text, in the layout of OpenFlow 1.5.

use divan::{Bencher, black_box};
use ovs::base::json::Json;
use ovs::openflow::flow;
use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::messages::flow_stats::{Entries, Scratch};
use ovs::openflow::messages::multipart;
use ovs::openflow::repeats::Repeats;
use ovs::openflow::text::{NoNames, Plain, PortSpelling, Style, TextContext};
use ovs::openflow::version::Version;

fn main() {
    divan::main();
}

/// A name and a flow of each kind.
const KINDS: [(&str, &str); 7] = [
    ("drop", "priority=2,in_port=2 actions=drop"),
    (
        "resubmit",
        "priority=9,in_port=3,dl_src=fa:16:3e:75:d5:a4 actions=resubmit(,25)",
    ),
    (
        "tunnel",
        "table=22,dl_vlan=1 actions=strip_vlan,set_tunnel:0x64,output:2,output:3",
    ),
    (
        "provider",
        "priority=4,in_port=2,dl_vlan=1 actions=mod_vlan_vid:66,NORMAL",
    ),
    (
        "loads",
        "table=40,ip,metadata=0x7,nw_dst=10.0.0.1 \
         actions=load:0x5->NXM_NX_REG15[],load:0x1->NXM_NX_REG10[6],resubmit(,41)",
    ),
    (
        "ct",
        "table=41,ip,reg14=0x3,metadata=0x7 \
         actions=ct(commit,zone=NXM_NX_REG13[0..15],exec(load:0->NXM_NX_CT_MARK[0])),resubmit(,42)",
    ),
    (
        "learn",
        "table=10,priority=1 actions=learn(table=20,hard_timeout=300,priority=1,\
         NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],load:0->NXM_OF_VLAN_TCI[],\
         load:NXM_NX_TUN_ID[]->NXM_NX_TUN_ID[],output:NXM_OF_IN_PORT[]),output:1",
    ),
];

fn parsed(text: &str) -> FlowChange {
    FlowChange::parse(text, FlowCommand::Add, &NoNames, Version::V15).expect("a flow")
}

/// A multipart reply with this one flow.
fn reply(text: &str) -> Vec<u8> {
    let change = parsed(text);
    let fields = change.flow.fields.encode(Version::V15);
    let actions = change.flow.actions.bytes;
    let mut entry = vec![0; 24];
    entry.extend([0, 1]);
    entry.extend((fields.len() as u16 + 4).to_be_bytes());
    entry.extend(&fields);
    entry.resize(entry.len().next_multiple_of(8), 0);
    // Duration, idle time, packets and bytes.
    entry.extend([0, 0, 0, 52]);
    for number in [0, 1, 4, 5] {
        entry.extend([0x80, 0x02, number << 1, 8, 0, 0, 4, 210, 0, 0, 0, 7]);
    }
    entry.extend([0; 4]);
    entry.extend(&actions);
    let length = (entry.len() as u16).to_be_bytes();
    entry[..2].copy_from_slice(&length);
    let mut message = vec![6, 19, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 0, 0, 0];
    message.extend(entry);
    let length = (message.len() as u16).to_be_bytes();
    message[2..4].copy_from_slice(&length);
    message
}

fn message(kind: &str) -> Vec<u8> {
    let (_, text) = KINDS
        .iter()
        .find(|(name, _)| *name == kind)
        .expect("a kind");
    reply(text)
}

fn entries(message: &[u8]) -> Entries<'_> {
    let part = multipart::decode(Version::V15, message).expect("a reply");
    Entries::new(Version::V15, part.expect("a reply")).expect("flows")
}

fn text(bencher: Bencher<'_, '_>, kind: &str, style: Style) {
    let message = message(kind);
    let cx = context(style);
    let (mut scratch, mut sink) = (Scratch::new(), Plain::default());
    bencher.bench_local(|| {
        sink.0.clear();
        let mut entries = entries(black_box(&message));
        let flow = entries
            .next_entry(&mut scratch)
            .expect("a flow")
            .expect("a flow");
        flow::text(&flow, true, &mut Repeats::default(), &mut sink, &cx).expect("text");
        black_box(sink.0.len())
    });
}

fn context(style: Style) -> TextContext<'static> {
    TextContext {
        version: Version::V15,
        style,
        ports: PortSpelling::Number,
        names: &NoNames,
    }
}

/// What one line of a file costs: from its text to the message that adds the flow.
#[divan::bench(args = KINDS.map(|(name, _)| name))]
fn parse_and_encode(bencher: Bencher<'_, '_>, kind: &str) {
    let (_, text) = KINDS
        .iter()
        .find(|(name, _)| *name == kind)
        .expect("a kind");
    bencher.bench_local(|| {
        let message = parsed(black_box(text)).message(1);
        black_box(message.expect("a message").len())
    });
}

#[divan::bench(args = KINDS.map(|(name, _)| name))]
fn classic(bencher: Bencher<'_, '_>, kind: &str) {
    text(bencher, kind, Style::Classic);
}

#[divan::bench(args = KINDS.map(|(name, _)| name))]
fn wire(bencher: Bencher<'_, '_>, kind: &str) {
    text(bencher, kind, Style::Wire);
}

#[divan::bench(args = KINDS.map(|(name, _)| name))]
fn json(bencher: Bencher<'_, '_>, kind: &str) {
    let message = message(kind);
    let cx = context(Style::Classic);
    let (mut scratch, mut out) = (Scratch::new(), String::new());
    bencher.bench_local(|| {
        out.clear();
        let mut entries = entries(black_box(&message));
        let flow = entries
            .next_entry(&mut scratch)
            .expect("a flow")
            .expect("a flow");
        flow::json(
            &flow,
            true,
            &mut Repeats::default(),
            &mut Json::new(&mut out),
            &cx,
        )
        .expect("JSON");
        black_box(out.len())
    });
}
