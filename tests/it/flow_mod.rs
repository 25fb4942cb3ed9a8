//! Flows that are written: the bytes of the real `ovs-ofctl`, and what a real switch makes of ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use ovs::openflow::fields::Filter;
use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::flow_entry::Flow;
use ovs::openflow::messages::Decoded;
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::messages::flow_stats::Scratch;
use ovs::openflow::session::{Atomicity, Session};
use ovs::openflow::text::{NoNames, Style};
use ovs::openflow::version::{Version, Versions};
use ovs::transport::Endpoint;

use crate::common::openflow::{self, VERSIONS, cx, entries, sorted};
use crate::common::{Sandbox, hex};

/// Every match that ovs-ofctl printed for the golden vectors, without options whose width only a switch knows, and
/// without keys that it does not read.
fn matches() -> BTreeSet<String> {
    openflow::rows(include_str!("../../fixtures/golden/fields.tsv"))
        .filter(|cells| !cells[3].contains("tun_metadata") && !cells[3].contains("gtpu_"))
        .map(|cells| {
            let pieces = cells[3].split(',');
            let pieces = pieces.filter(|piece| !piece.starts_with("priority="));
            pieces.collect::<Vec<_>>().join(",")
        })
        .collect()
}

/// Answers one connection of ovs-ofctl, and passes on the flow mods that come.
fn listen(stream: &mut UnixStream, flow_mods: &Sender<Vec<u8>>) -> std::io::Result<()> {
    loop {
        let mut message = vec![0; 8];
        stream.read_exact(&mut message)?;
        let length = u16::from_be_bytes([message[2], message[3]]);
        message.resize(length.into(), 0);
        stream.read_exact(&mut message[8..])?;
        let is_v10 = message[0] == 1;
        match message[1] {
            0 => stream.write_all(&[message[0], 0, 0, 8, 0, 0, 0, 0])?,
            2 => {
                message[1] = 3;
                stream.write_all(&message)?;
            }
            18 if is_v10 => stream.write_all(&reply(&message, 19))?,
            20 if !is_v10 => stream.write_all(&reply(&message, 21))?,
            14 => flow_mods.send(message).unwrap(),
            4 if message[8..16] == [0, 0, 0x23, 0x20, 0, 0, 0, 13] => {
                flow_mods.send(message).unwrap();
            }
            _ => {}
        }
    }
}

fn reply(request: &[u8], kind: u8) -> Vec<u8> {
    [&[request[0], kind, 0, 8], &request[4..8]].concat()
}

/// The flow mod that the real ovs-ofctl sends for a flow, for each flow that it takes; `words` are its command and
/// options.
fn sent_by_ovs_ofctl(version: &str, words: &[&str], flows: &[String]) -> Vec<Option<Vec<u8>>> {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("switch");
    let listener = UnixListener::bind(&socket).unwrap();
    let (sender, flow_mods) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = listen(&mut stream.unwrap(), &sender);
        }
    });
    let target = format!("unix:{}", socket.display());
    let sent = flows.iter().map(|flow| {
        let before = ["-O", version, "--no-names"];
        let mut command = Command::new("ovs-ofctl");
        let command = command.args(before).args(words).args([&target, flow]);
        let output = command.output().unwrap();
        let taken = output.status.success();
        taken.then(|| flow_mods.recv_timeout(Duration::from_secs(10)).unwrap())
    });
    sent.collect()
}

fn text(message: &[u8]) -> String {
    let decoded = Decoded::decode(message).unwrap();
    openflow::text(|sink| decoded.text(sink, &cx(Version::V10, Style::Wire)))
}

#[test]
fn flow_mods_have_the_bytes_of_ovs_ofctl() {
    let flows: Vec<String> = matches()
        .iter()
        .enumerate()
        .map(|(number, fields)| match number % 3 {
            0 => format!("priority={number},cookie=0x{number:x},{fields},actions=output:5"),
            1 => format!("idle_timeout=7,hard_timeout={number},{fields},actions=drop"),
            _ => format!("send_flow_rem,check_overlap,{fields},actions=output:5,output:7"),
        })
        .collect();
    let mut wrong = String::new();
    for (name, version) in VERSIONS.into_iter().zip(Version::ALL) {
        let (mut same, mut typed, mut other) = (0, 0, 0);
        for (flow, sent) in flows
            .iter()
            .zip(sent_by_ovs_ofctl(name, &["add-flow"], &flows))
        {
            let Some(mut sent) = sent else { continue };
            sent[4..8].copy_from_slice(&9u32.to_be_bytes());
            let own = added(flow, version).message(9).unwrap();
            if sent[1] == 14 {
                typed += 1;
            }
            // Fields of NXM stand in another order; some have a mask of all their bits. What ovs-ofctl loses is kept.
            let loses = match version {
                Version::V10 => false,
                Version::V11 => flow.contains("nw_ecn"),
                _ => flow.contains("/0x2000,") || flow.contains("/0x3fff,"),
            };
            if own == sent {
                same += 1;
            } else if own[..2] == sent[..2] && text(&own) == text(&sent) || loses {
                other += 1;
            } else {
                let (own, sent) = (hex::digits(&own), hex::digits(&sent));
                let _ = writeln!(wrong, "{version} {flow}:\n  own  {own}\n  sent {sent}");
            }
        }
        assert!(same >= 70 && other < same, "{version}: {same} {other}");
        assert!(typed >= 60, "{version}: {typed} of OFPT_FLOW_MOD");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn added(text: &str, version: Version) -> FlowChange {
    FlowChange::parse(text, FlowCommand::Add, &NoNames, version).unwrap()
}

/// Modifications and deletions that ovs-ofctl sends as we do, or refuses as we do.
const CHANGES: [(FlowCommand, &[&str]); 4] = [
    (
        FlowCommand::Modify,
        &[
            "cookie=5/7,ip,actions=1",
            "cookie=5/-1,table=3,ip,priority=9,actions=1,2",
            "cookie=5/7,idle_timeout=3,hard_timeout=4,send_flow_rem,check_overlap,tcp,actions=1",
            "cookie=5/7,reset_counts,ip,actions=1",
            "cookie=5/7,no_packet_counts,no_byte_counts,ip,actions=1",
            "cookie=5/7,ipv6,reg3=5/7,actions=drop",
            "out_port=1,actions=1",
            "ip",
        ],
    ),
    (
        FlowCommand::ModifyStrict,
        &[
            "cookie=1/1,priority=3,table=2,ip,actions=1",
            "cookie=0x8000/0xffff,dl_vlan=5,actions=strip_vlan,output:2",
        ],
    ),
    (
        FlowCommand::Delete,
        &[
            "table=3,ip,out_port=7",
            "table=3,ip,out_port=LOCAL",
            "table=0,cookie=5/7,ip",
            "table=1,cookie=5/-1",
            "table=1,cookie=5/0,reg1=1",
            "table=1,ip,out_group=9",
            "table=1,ip,duration=5s,n_packets=7",
            "ip,priority=7",
            "ip,actions=1",
            "idle_timeout=4",
            "send_flow_rem",
            "nw_src=1.2.3.4/99",
        ],
    ),
    (
        FlowCommand::DeleteStrict,
        &[
            "table=1,ip,priority=7",
            "table=1,ip,cookie=7/7,priority=7",
            "table=1,tcp,tp_dst=0x50/0xfff0,out_port=3",
        ],
    ),
];

#[test]
fn changes_have_the_bytes_of_ovs_ofctl() {
    let mut wrong = String::new();
    for (name, version) in VERSIONS.into_iter().zip(Version::ALL) {
        for (command, texts) in CHANGES {
            let words: &[&str] = match command {
                FlowCommand::Modify => &["mod-flows"],
                FlowCommand::ModifyStrict => &["--strict", "mod-flows"],
                FlowCommand::Delete => &["del-flows"],
                _ => &["--strict", "del-flows"],
            };
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            for (flow, sent) in texts.iter().zip(sent_by_ovs_ofctl(name, words, &texts)) {
                let own = FlowChange::parse(flow, command, &NoNames, version);
                match (own, sent) {
                    (Ok(own), Some(mut sent)) => {
                        sent[4..8].copy_from_slice(&9u32.to_be_bytes());
                        let own = own.message(9).unwrap();
                        // Fields of NXM stand in another order.
                        if own != sent && (own[..2] != sent[..2] || text(&own) != text(&sent)) {
                            let (own, sent) = (hex::digits(&own), hex::digits(&sent));
                            let _ =
                                writeln!(wrong, "{version} {flow}:\n  own  {own}\n  sent {sent}");
                        }
                    }
                    (Err(_), None) => {}
                    // Registers have no field in the match of 1.1; a switch takes OXM there.
                    (Ok(_), None) if version == Version::V11 && flow.contains("reg") => {}
                    (Ok(_), None) if version == Version::V11 && flow.contains("/0xfff0") => {}
                    (own, sent) => {
                        let _ = writeln!(wrong, "{version} {flow}: {own:?}, {}", sent.is_some());
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A bridge of all versions.
pub(crate) fn bridges(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::empty();
    let protocols = format!("protocols={}", VERSIONS.join(","));
    for name in names {
        let words = [
            "add-br",
            name,
            "--",
            "set",
            "bridge",
            name,
            &protocols,
            "fail_mode=secure",
        ];
        sandbox.vsctl(&words);
    }
    sandbox
}

pub(crate) async fn session(run_dir: &Path, bridge: &str, version: Version) -> Session {
    let endpoint = Endpoint::Unix(run_dir.join(format!("{bridge}.mgmt")));
    let offer: Versions = [version].into_iter().collect();
    let limit = Some(Duration::from_secs(20));
    Session::connect(&endpoint, offer, limit).await.unwrap()
}

fn flows(sandbox: &Sandbox, bridge: &str) -> Vec<String> {
    let words = ["-O", "OpenFlow15", "--no-stats", "dump-flows", bridge];
    // Flows that were added over OpenFlow 1.0 and 1.1 have a flag that the version does not know.
    let flows = sandbox.ofctl(&words).replace("reset_counts ", "");
    sorted(entries(&flows))
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

/// Sends the flows; returns the numbers of those that the switch refuses.
pub(crate) async fn send(
    session: &mut Session,
    command: FlowCommand,
    flows: &[Flow],
) -> BTreeSet<usize> {
    let written = session.write(Atomicity::Each, async |outbox| {
        for flow in flows {
            let flow_mod = flow.flow_mod(command).unwrap();
            // Whatever was refused: the others are sent.
            outbox.put(|xid| flow_mod.message(xid).ok_or(())).await?;
        }
        Ok::<(), ()>(())
    });
    let refused = written.await.unwrap().refused;
    refused.into_iter().map(|(index, _)| index).collect()
}

#[test]
fn a_switch_takes_our_flows_as_those_of_ovs_ofctl() {
    let sandbox = bridges(&["br0", "br1"]);
    let texts: Vec<String> = (1..)
        .zip(matches())
        .map(|(priority, fields)| format!("priority={priority},{fields},actions=output:5"))
        .collect();
    let runtime = runtime();
    for (name, version) in VERSIONS.into_iter().zip(Version::ALL) {
        let all: Vec<Flow> = texts.iter().map(|text| added(text, version).flow).collect();
        let refused = runtime.block_on(async {
            let mut session = session(sandbox.run_dir(), "br1", version).await;
            send(&mut session, FlowCommand::Add, &all).await
        });
        let taken: Vec<&str> = texts
            .iter()
            .enumerate()
            .filter(|(number, _)| !refused.contains(number))
            .map(|(_, text)| text.as_str())
            .collect();
        assert!(refused.len() < 25, "{version}: {refused:?}");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), taken.join("\n")).unwrap();
        let file = file.path().to_str().unwrap();
        sandbox.ofctl(&["-O", "OpenFlow15", "add-flows", "br0", file]);
        assert_eq!(flows(&sandbox, "br1"), flows(&sandbox, "br0"), "{name}");
        for bridge in ["br0", "br1"] {
            sandbox.ofctl(&["-O", "OpenFlow15", "del-flows", bridge]);
        }
    }
}

/// What was read is written to another switch, found by its keys, and deleted there.
#[test]
fn flows_that_were_read_are_written() {
    let sandbox = bridges(&["br0", "br1"]);
    for text in [
        include_str!("../../fixtures/neutron/notes/flows/br-tun.flows"),
        include_str!("../../fixtures/hosts/neutron-firewall/flows/br-int.flows"),
    ] {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let file = file.path().to_str().unwrap();
        sandbox.ofctl(&["-O", "OpenFlow15", "add-flows", "br0", file]);
    }
    runtime().block_on(async {
        let mut source = session(sandbox.run_dir(), "br0", Version::V15).await;
        source.ask_flows(&Filter::default()).await.unwrap();
        let mut all: Vec<Flow> = Vec::new();
        let mut scratch = Scratch::new();
        while let Some(mut entries) = source.flows().await.unwrap() {
            while let Some(stats) = entries.next_entry(&mut scratch) {
                all.push(Flow::from(&stats.unwrap().entry));
            }
        }
        assert!(all.len() > 50, "{}", all.len());
        let mut target = session(sandbox.run_dir(), "br1", Version::V15).await;
        let refused = send(&mut target, FlowCommand::Add, &all).await;
        assert!(refused.is_empty(), "{refused:?}");
        assert_eq!(flows(&sandbox, "br1"), flows(&sandbox, "br0"));
        // The text of a dump is a flow with the same key and the same actions.
        let by_key: BTreeMap<String, &Flow> = all
            .iter()
            .map(|flow| (format!("{:?}", flow.key()), flow))
            .collect();
        for line in flows(&sandbox, "br0") {
            let flow = added(&line, Version::V15).flow;
            let known = by_key[&format!("{:?}", flow.key())];
            assert_eq!((&flow, flow.cookie), (known, known.cookie), "{line}");
        }
        let half = &all[..all.len() / 2];
        let refused = send(&mut target, FlowCommand::DeleteStrict, half).await;
        assert!(refused.is_empty(), "{refused:?}");
        let left = flows(&sandbox, "br1").len();
        assert_eq!(left, all.len() - half.len());
    });
}
