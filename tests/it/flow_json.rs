//! Flows read from our JSON, against the bytes of the switch that the JSON was made from.

use std::collections::BTreeMap;

use ovs::base::json::Json;
use ovs::openflow::actions::{ActionList, ListForm, ParsedActions};
use ovs::openflow::fields::{Filter, Match};
use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::flow_entry::Flow;
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::messages::flow_stats::Scratch;
use ovs::openflow::spelling::write_actions;
use ovs::openflow::text::{NoNames, Style};
use ovs::openflow::version::Version;
use serde_json::json;

use crate::common::hex::{bytes as unhex, digits};
use crate::common::openflow::{self, Ports, cx, version};
use crate::flow_mod::{bridges, runtime, send, session};

fn parse(text: &str, version: Version) -> Result<FlowChange, String> {
    FlowChange::parse(text, FlowCommand::Add, &NoNames, version).map_err(|error| error.to_string())
}

/// A flow in JSON, from its match and the bytes of its actions.
fn json_of(flow: &Flow, actions: &ActionList<'_>) -> String {
    let tlvs = flow.fields.encode(Version::V10);
    let mut out = String::new();
    let mut writer = Json::new(&mut out);
    let cx = cx(flow.version(), Style::Wire);
    writer.begin_object();
    writer.key("table");
    writer.number(flow.table_id);
    writer.key("match");
    writer.begin_object();
    Match::decode_tlvs(&tlvs, 0).unwrap().json(&mut writer, &cx);
    writer.end_object();
    writer.key("actions");
    actions.json(&mut writer, &cx).unwrap();
    writer.end_object();
    out
}

/// What the JSON does not tell: how long a plain output may be, which `enqueue` sets; the form of `set_tunnel64`; the
/// width of the option of a tunnel.
fn json_says_less(text: &str) -> bool {
    [
        "pop_queue",
        "enqueue",
        "tun_metadata",
        "TUN_METADATA",
        "set_tunnel64",
    ]
    .iter()
    .any(|word| text.contains(word))
}

fn text_of(actions: &ParsedActions) -> String {
    let cx = cx(actions.version, Style::Wire);
    openflow::text(|sink| write_actions(&actions.list(), sink, &cx, false).unwrap())
}

#[test]
fn actions_of_a_switch_come_back() {
    let mut wrong: Vec<String> = Vec::new();
    let mut same = 0;
    for cells in openflow::rows(include_str!("../../fixtures/golden/actions.tsv")) {
        let version = version(cells[0]);
        let (bytes, flow) = (unhex(cells[3]), cells[6]);
        let bare = cells[1] == "A";
        let form = if bare {
            ListForm::Actions
        } else {
            ListForm::Instructions
        };
        let Ok(change) = parse(flow, version) else {
            continue;
        };
        if json_says_less(cells[4]) {
            continue;
        }
        let list = ActionList::new(&bytes, 0, version, form);
        let json = json_of(&change.flow, &list);
        let read = parse(&json, version).map(|read| {
            let actions = &read.flow.actions.bytes;
            let actions = if bare && version > Version::V10 {
                &actions[8..]
            } else {
                actions
            };
            (read.flow.fields == change.flow.fields, digits(actions))
        });
        if read == Ok((true, digits(&bytes))) {
            same += 1;
        } else {
            wrong.push(format!(
                "{version} {flow}\n  {json}\n  {read:?}\n  {}",
                digits(&bytes)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(same > 700, "{same}");
}

#[test]
fn matches_of_a_switch_come_back() {
    let mut wrong: Vec<String> = Vec::new();
    let mut same = 0;
    for cells in openflow::rows(include_str!("../../fixtures/golden/fields.tsv")) {
        // Matches of the datapath are none of OpenFlow.
        if cells[3].contains("recirc_id") {
            continue;
        }
        let text = format!("{},actions=drop", cells[3]);
        let Ok(change) = parse(&text, Version::V15) else {
            continue;
        };
        let json = json_of(&change.flow, &change.flow.actions.list());
        match parse(&json, Version::V15) {
            Ok(read) if read.flow.fields == change.flow.fields => same += 1,
            Ok(_) if json_says_less(&text) => {}
            read => wrong.push(format!("{text}\n  {json}\n  {read:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(same > 300, "{same}");
}

/// What `dump-flows` prints as JSON and as text, of hosts of many kinds, is the flows of the switch.
#[test]
fn dumps_come_back_as_the_flows_of_the_switch() {
    let sandbox = bridges(&["br0"]);
    let texts = [
        include_str!("../../fixtures/neutron/node/flows/br-int.flows"),
        include_str!("../../fixtures/neutron/notes/flows/br-tun.flows"),
        include_str!("../../fixtures/hosts/neutron-firewall/flows/br-int.flows"),
        include_str!("../../fixtures/hosts/neutron-dvr/flows/br-int.flows"),
        include_str!("../../fixtures/hosts/openshift-sdn/flows/br0.flows"),
        include_str!("../../fixtures/hosts/antrea/flows/br-int.flows"),
        include_str!("../../fixtures/hosts/ovn-kubernetes/flows/br-int.flows"),
        include_str!("../../fixtures/hosts/netvirt/flows/br-int.flows"),
    ];
    let lines = texts.into_iter().flat_map(str::lines);
    let flows: Vec<Flow> = lines
        .filter(|line| line.contains("actions="))
        .map(|line| parse(line, Version::V15).unwrap().flow)
        .collect();
    runtime().block_on(async {
        let mut session = session(sandbox.run_dir(), "br0", Version::V15).await;
        // Groups and meters are not on this switch.
        let refused = send(&mut session, FlowCommand::Add, &flows).await;
        assert!(refused.len() < flows.len() / 10, "{}", refused.len());
    });
    for version in [Version::V10, Version::V13, Version::V15] {
        let all: Vec<Flow> = runtime().block_on(async {
            let mut source = session(sandbox.run_dir(), "br0", version).await;
            source.ask_flows(&Filter::default()).await.unwrap();
            let mut all = Vec::new();
            let mut scratch = Scratch::new();
            while let Some(mut entries) = source.flows().await.unwrap() {
                while let Some(stats) = entries.next_entry(&mut scratch) {
                    all.push(Flow::from(&stats.unwrap().entry));
                }
            }
            all
        });
        assert!(all.len() > 100, "{}", all.len());
        let by_key: BTreeMap<String, &Flow> = all
            .iter()
            .map(|flow| (format!("{:?}", flow.key()), flow))
            .collect();
        for options in [
            "--output=jsonl",
            "--output=jsonl --no-names --no-stats",
            "--style=wire",
            "--style=classic",
        ] {
            let name = version.name();
            let dump = ovs!(sandbox, "dump-flows br0 -O {name} {options}").out();
            let mut count = 0;
            for line in dump.lines() {
                let mut flow = parse(line, version).unwrap().flow;
                let known = by_key[&format!("{:?}", flow.key())];
                // The classic style leaves out `reset_counts`, and has other actions that mean the same. A switch has
                // two forms of `move`, by the version in which the flow was added.
                let is_classic = options == "--style=classic";
                if is_classic {
                    flow.flags = known.flags;
                }
                if is_classic || text_of(&flow.actions) == text_of(&known.actions) {
                    flow.actions.bytes.clone_from(&known.actions.bytes);
                }
                assert_eq!(&flow, known, "{line}");
                count += 1;
            }
            assert_eq!(count, all.len(), "{options}");
        }
    }
}

#[test]
fn every_member_counts() {
    const PORTS: Ports = Ports(&[("eth0", 2), ("a,b(c", 3)]);
    let error = |value: serde_json::Value| {
        let text = value.to_string();
        let change = FlowChange::parse(&text, FlowCommand::Add, &PORTS, Version::V15);
        change.unwrap_err().to_string()
    };
    for (value, want) in [
        (
            json!({"priorty": 5, "actions": []}),
            "\"priorty\": a flow has no member of this name; did you mean priority?",
        ),
        (json!({"match": {}}), "\"\": actions= is missing"),
        (
            json!({"actions": [{"type": "output", "port": {"number": 5, "name": "eth0"}}]}),
            "\"eth0\": port 5 is not the one with this name; leave out one of them",
        ),
        (
            json!({"actions": [{"type": "output", "port": {"name": "eth9"}}]}),
            "\"output:\\\"eth9\\\"\": no port has this name",
        ),
        (
            json!({"actions": [{"type": "group", "grup": 5}]}),
            "\"{\\\"type\\\":\\\"group\\\",\\\"grup\\\":5}\": group has no member \"group\"",
        ),
        (
            json!({"actions": [{"type": "group", "group": 5, "table": 5}]}),
            "\"table\": group has no member of this name",
        ),
        (
            json!({"actions": [{"type": "note", "data": "01),output:1"}]}),
            "\"\\\"01),output:1\\\"\": this value means nothing here",
        ),
        (
            json!({"match": {"nw_dst": "10.0.0.1,ip"}, "actions": []}),
            "\"\\\"10.0.0.1,ip\\\"\": this value means nothing here",
        ),
    ] {
        let error = error(value);
        assert!(error.contains(want) || error == want, "{error}\n{want}");
    }
    let read = |value: serde_json::Value| {
        let text = value.to_string();
        FlowChange::parse(&text, FlowCommand::Add, &PORTS, Version::V15).unwrap()
    };
    let flow = read(json!({
        "match": {"in_port": {"name": "a,b(c"}},
        "actions": [{"type": "output", "port": {"number": 2, "name": "eth0"}}],
    }));
    let same = FlowChange::parse(
        "in_port=3,actions=output:2",
        FlowCommand::Add,
        &NoNames,
        Version::V15,
    );
    assert_eq!(Ok(flow), same);
}
