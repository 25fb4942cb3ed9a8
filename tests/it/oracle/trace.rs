//! The switch's own word: `ofproto/trace` by its control socket, and the outputs among the datapath's actions.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use super::host::is_of_underlay;
use crate::common::Sandbox;

/// A frame that comes out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Output {
    /// The port; of a tunnel, the last number of its far end.
    pub(crate) to: Target,
    /// The VLANs of its tags, the outer first.
    pub(crate) tags: Vec<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    /// A port by its name.
    Port(String),
    /// A tunnel: the last number of the far end's address, and the key.
    Tunnel(u8, u64),
}

/// The control socket of ovs-vswitchd.
pub(crate) struct Switch {
    stream: UnixStream,
    /// Names of ports by the datapath's numbers.
    ports: BTreeMap<u32, String>,
}

impl Switch {
    pub(crate) fn of(sandbox: &Sandbox) -> Switch {
        let pid = fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
        let socket = format!("ovs-vswitchd.{}.ctl", pid.trim());
        let stream = UnixStream::connect(sandbox.run_dir().join(socket)).unwrap();
        let mut switch = Switch {
            stream,
            ports: BTreeMap::new(),
        };
        let shown = switch.ask("dpif/show", &[]);
        for line in shown.lines() {
            // `    w0 2/4: (system)`
            let mut words = line.split_whitespace();
            if let (Some(name), Some(numbers)) = (words.next(), words.next())
                && let Some((_, number)) = numbers.trim_end_matches(':').split_once('/')
                && let Ok(number) = number.parse()
            {
                switch.ports.insert(number, name.to_owned());
            }
        }
        switch
    }

    pub(crate) fn ask(&mut self, method: &str, arguments: &[&str]) -> String {
        let request = json!({"id": 0, "method": method, "params": arguments});
        self.stream
            .write_all(request.to_string().as_bytes())
            .unwrap();
        let mut bytes = Vec::new();
        let mut buffer = [0; 8192];
        loop {
            let count = self.stream.read(&mut buffer).unwrap();
            assert!(count > 0, "ovs-vswitchd closed its socket");
            bytes.extend_from_slice(&buffer[..count]);
            if let Ok(reply) = serde_json::from_slice::<Value>(&bytes) {
                assert!(reply["error"].is_null(), "{method} {arguments:?}: {reply}");
                return reply["result"].as_str().unwrap_or_default().to_owned();
            }
        }
    }

    /// What comes out when a packet with these tags comes in, and whether a group chose a bucket.
    pub(crate) fn trace(
        &mut self,
        bridge: &str,
        packet: &str,
        tags: &[u16],
    ) -> (Vec<Output>, bool) {
        let text = self.ask("ofproto/trace", &[bridge, packet]);
        let actions = text
            .lines()
            .find_map(|line| line.strip_prefix("Datapath actions: "))
            .unwrap_or_else(|| panic!("{bridge} {packet}: {text}"));
        let mut outputs = Vec::new();
        self.interpret(actions, tags.to_vec(), false, &mut outputs);
        outputs.sort();
        outputs.dedup();
        (outputs, text.contains("using bucket"))
    }

    /// What comes out by these actions of the datapath, taken literally: what follows a tunnel without a clone around it
    /// is done with the outer packet.
    pub(crate) fn literally(&self, actions: &str, tags: &[u16]) -> Vec<Output> {
        let mut outputs = Vec::new();
        self.interpret(actions, tags.to_vec(), true, &mut outputs);
        outputs.sort();
        outputs.dedup();
        outputs
    }

    fn interpret(
        &self,
        actions: &str,
        mut tags: Vec<u16>,
        is_literal: bool,
        outputs: &mut Vec<Output>,
    ) {
        let mut is_outer = false;
        for action in split(actions) {
            let (word, rest) = match action.split_once('(') {
                Some((word, rest)) => (word, rest.strip_suffix(')').unwrap_or(rest)),
                None => (action, ""),
            };
            match word {
                "drop" | "set" | "userspace" | "trunc" | "sample" => {}
                "push_vlan" | "pop_vlan" if is_outer => {}
                "push_vlan" => tags.insert(0, number_of(rest, "vid=") as u16),
                "pop_vlan" => {
                    tags.remove(0);
                }
                "clone" => self.interpret(rest, tags.clone(), is_literal, outputs),
                "tnl_push" => {
                    is_outer = is_literal;
                    let end = rest.split("dst=10.9.0.").nth(1).unwrap();
                    let end = end.split(',').next().unwrap().parse().unwrap();
                    let key = match (rest.contains("vni="), rest.contains("key=")) {
                        (true, _) => number_of(rest, "vni="),
                        (_, true) => number_of(rest, "key="),
                        _ => 0,
                    };
                    outputs.push(Output {
                        to: Target::Tunnel(end, key),
                        tags: tags.clone(),
                    });
                }
                number if number.parse::<u32>().is_ok() && is_outer => {}
                number if number.parse::<u32>().is_ok() => {
                    let name = &self.ports[&number.parse().unwrap()];
                    // What has been put into a tunnel comes out at the underlay's ports. ovs-vswitchd 3.1 goes on
                    // with the original packet behind it, though no clone is around the tunnel.
                    if !is_of_underlay(name) {
                        outputs.push(Output {
                            to: Target::Port(name.clone()),
                            tags: tags.clone(),
                        });
                    }
                }
                _ => panic!("what is {action} in {actions}?"),
            }
        }
    }
}

/// Parts between commas that are in no parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut begin) = (0, 0);
    let mut parts = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

fn number_of(text: &str, key: &str) -> u64 {
    let rest = text.split(key).nth(1).unwrap();
    let word = rest.split([',', ')']).next().unwrap();
    match word.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).unwrap(),
        None => word.parse().unwrap(),
    }
}
