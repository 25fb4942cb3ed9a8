//! `ovs trace` on random hosts: its results are what the datapath's actions say, its tree is the reply.

use ovs::model::trace::reply::Reply;
use serde_json::Value;

use super::compare::{Entry, entries, headers};
use super::host::{Host, is_of_underlay};
use super::number;
use super::trace::{Output, Switch, Target};
use crate::common::Sandbox;
use crate::common::chance::Chance;
use crate::trace::printed;

/// Packets that are traced on one host.
const PER_HOST: usize = 20;

#[test]
fn verdicts_are_what_the_datapath_does() {
    let count = number("COUNT").unwrap_or(40) as usize;
    let seed = number("SEED").unwrap_or(1);
    let sandbox = Sandbox::empty();
    let mut traced = 0;
    let mut dropped = 0;
    for seed in seed.. {
        let mut host = Host::random(&mut Chance::new(seed));
        host.build(&sandbox);
        let mut switch = Switch::of(&sandbox);
        let mut chance = Chance::new(!seed);
        let headers = headers(&host);
        // The switch looks at one tag.
        let mut entries = entries(&host);
        entries.retain(|(_, _, tags, _)| tags.len() < 2);
        for _ in 0..PER_HOST.min(count - traced) {
            let entry = &entries[chance.index(entries.len())];
            let header = &headers[chance.index(headers.len())];
            let hash = chance.between(1, 16);
            let outputs = compare(&sandbox, &mut switch, &host, entry, header, hash);
            traced += 1;
            dropped += usize::from(outputs == 0);
        }
        host.remove(&sandbox);
        if traced >= count {
            break;
        }
    }
    println!("{traced} packets traced, {dropped} of them dropped");
    assert!(dropped < traced);
}

/// Traces a packet both ways; how many outputs it has.
fn compare(
    sandbox: &Sandbox,
    switch: &mut Switch,
    host: &Host,
    (index, port, tags, key): &Entry,
    header: &str,
    hash: u64,
) -> usize {
    let bridge = &host.bridges[*index];
    let in_port = match bridge.port(port) {
        Some(port) => port.number.to_string(),
        None => "LOCAL".to_owned(),
    };
    let vlan = tags.first().map(|vid| format!(",dl_vlan={vid}"));
    let key = if *key == 0 {
        String::new()
    } else {
        format!(",tun_id={key}")
    };
    let vlan = vlan.unwrap_or_default();
    let packet = format!("in_port={in_port}{vlan}{key},dp_hash={hash},{header}");
    let name = &bridge.name;
    let reply = switch.ask("ofproto/trace", &[name, &packet]);
    // Since 3.5 the last line has no end on the socket.
    let reply = format!("{}\n", reply.trim_end());
    assert_eq!(printed(&Reply::parse(reply.clone())), reply);
    let actions = reply
        .lines()
        .find_map(|line| line.strip_prefix("Datapath actions: "));
    let expected = switch.literally(actions.unwrap(), tags);
    let document = ovs!(sandbox, "trace {name} {packet}").json();
    let mut said: Vec<Output> = document["ways"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(output)
        .collect();
    said.sort();
    assert_eq!(said, expected, "{packet}\n{reply}\n{document:#}");
    said.len()
}

/// The output that a result says.
fn output(result: &Value) -> Option<Output> {
    let port = result["port"].as_str().unwrap_or_default();
    let to = match result["result"].as_str().unwrap() {
        "dropped" | "controller" => return None,
        "tunnelled" => {
            let far = result["remote_ip"].as_str().unwrap();
            let end = far.rsplit('.').next().unwrap().parse().unwrap();
            Target::Tunnel(end, result["key"].as_u64().unwrap_or(0))
        }
        _ if is_of_underlay(port) => return None,
        _ => Target::Port(port.to_owned()),
    };
    let tags = ["vlan", "inner_vlan"].map(|key| result[key].as_u64());
    Some(Output {
        to,
        tags: tags.into_iter().flatten().map(|vid| vid as u16).collect(),
    })
}
