//! Small random hosts.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use crate::common::Sandbox;
use crate::common::chance::Chance;

/// VLANs that ports have and flows match on.
pub(crate) const VLANS: [u16; 3] = [5, 6, 100];
/// Tunnel keys that flows match on and set.
pub(crate) const KEYS: [u64; 2] = [100, 101];
/// Ends of the MAC addresses that flows match on.
pub(crate) const MACS: [u8; 2] = [0x0a, 0x0b];
/// Ends of the IPv4 addresses that flows match on.
pub(crate) const ADDRESSES: [u8; 2] = [1, 2];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A device without a mark: a wire, or a guest's where it belongs to one VLAN of the home.
    Wire,
    /// A device of a guest.
    Guest,
    /// To a port of another bridge, by name.
    Patch(String),
    /// Type, far end, key (`None`: from the flows).
    Tunnel(&'static str, u8, Option<u64>),
}

#[derive(Debug, Clone)]
pub(crate) struct Port {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) kind: Kind,
    pub(crate) tag: Option<u16>,
    pub(crate) trunks: Vec<u16>,
}

#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) table: u8,
    pub(crate) priority: u16,
    pub(crate) matched: String,
    pub(crate) actions: String,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Bridge {
    pub(crate) name: String,
    pub(crate) ports: Vec<Port>,
    pub(crate) groups: Vec<String>,
    pub(crate) flows: Vec<Flow>,
}

#[derive(Debug, Clone)]
pub(crate) struct Host {
    pub(crate) bridges: Vec<Bridge>,
}

/// Where the tunnels' packets go.
const UNDERLAY: &str = "under";

/// Whether a port is one by which tunnels' packets leave.
pub(crate) fn is_of_underlay(port: &str) -> bool {
    port == UNDERLAY || port == "u0"
}

impl Port {
    /// Whether it belongs to one VLAN.
    pub(crate) fn is_access(&self) -> bool {
        self.tag.is_some()
    }
}

impl Bridge {
    fn add(&mut self, name: String, kind: Kind, tag: Option<u16>, trunks: Vec<u16>) {
        let number = self.ports.len() as u32 + 1;
        self.ports.push(Port {
            name,
            number,
            kind,
            tag,
            trunks,
        });
    }

    pub(crate) fn port(&self, name: &str) -> Option<&Port> {
        self.ports.iter().find(|port| port.name == name)
    }
}

impl Host {
    pub(crate) fn random(chance: &mut Chance) -> Host {
        let count = chance.between(1, 4) as usize;
        let mut bridges: Vec<Bridge> = (0..count)
            .map(|index| Bridge {
                name: format!("br{index}"),
                ..Bridge::default()
            })
            .collect();
        for (index, bridge) in bridges.iter_mut().enumerate() {
            let home = index == 0;
            let guests = if home {
                chance.between(1, 3)
            } else {
                chance.below(2)
            };
            for number in 0..guests {
                let tag = if chance.one_in(5) {
                    None
                } else {
                    Some(chance.of(&VLANS[..2]))
                };
                bridge.add(format!("g{index}{number}"), Kind::Guest, tag, Vec::new());
            }
            let wires = if home {
                chance.below(2)
            } else {
                chance.between(1, 2)
            };
            for number in 0..wires {
                let tag = chance.one_in(5).then(|| chance.of(&VLANS));
                let trunks = if tag.is_none() && chance.one_in(4) {
                    vec![chance.of(&VLANS)]
                } else {
                    Vec::new()
                };
                bridge.add(format!("w{index}{number}"), Kind::Wire, tag, trunks);
            }
            if chance.one_in(3) {
                let kind = chance.of(&["vxlan", "gre", "geneve"]);
                let key = chance.one_in(3).then(|| chance.of(&KEYS));
                let end = 2 + index as u8;
                let kind = Kind::Tunnel(kind, end, key);
                bridge.add(format!("t{index}"), kind, None, Vec::new());
            }
        }
        for index in 1..count {
            let near = chance.below(index as u64) as usize;
            let (a, b) = (format!("p{near}{index}"), format!("p{index}{near}"));
            let vlan = |chance: &mut Chance| match chance.below(6) {
                0 => (Some(chance.of(&VLANS)), Vec::new()),
                1 => (None, vec![chance.of(&VLANS[..2]), VLANS[2]]),
                _ => (None, Vec::new()),
            };
            let (tag, trunks) = vlan(chance);
            bridges[near].add(a.clone(), Kind::Patch(b.clone()), tag, trunks);
            let (tag, trunks) = vlan(chance);
            bridges[index].add(b, Kind::Patch(a), tag, trunks);
        }
        for bridge in &mut bridges {
            if chance.one_in(2) {
                bridge.groups = groups(bridge, chance);
            }
            let mut seen = BTreeSet::new();
            for _ in 0..chance.between(2, 9) {
                let flow = flow(bridge, chance);
                if seen.insert((flow.table, flow.priority, flow.matched.clone())) {
                    bridge.flows.push(flow);
                }
            }
            if chance.one_in(2) && seen.insert((0, 0, String::new())) {
                bridge.flows.push(Flow {
                    table: 0,
                    priority: 0,
                    matched: String::new(),
                    actions: "NORMAL".to_owned(),
                });
            }
        }
        Host { bridges }
    }

    /// Whether a port has the VLAN for its tag, or a flow matches on it.
    pub(crate) fn names(&self, vid: u16) -> bool {
        self.bridges.iter().any(|bridge| {
            bridge.ports.iter().any(|port| port.tag == Some(vid))
                || bridge.ports.iter().any(|port| port.trunks.contains(&vid))
                || bridge.flows.iter().any(|flow| {
                    let words = flow.matched.split(',');
                    words
                        .into_iter()
                        .any(|word| word == format!("dl_vlan={vid}"))
                })
        })
    }

    /// Loads it into a switch.
    pub(crate) fn build(&mut self, sandbox: &Sandbox) {
        let mut words = format!(
            "add-br {UNDERLAY} -- add-port {UNDERLAY} u0 -- set Interface u0 ofport_request=1"
        );
        for bridge in &self.bridges {
            let _ = write!(words, " -- add-br {}", bridge.name);
            for port in &bridge.ports {
                let name = &port.name;
                let _ = write!(
                    words,
                    " -- add-port {} {name} -- set Interface {name} ofport_request={}",
                    bridge.name, port.number
                );
                match &port.kind {
                    Kind::Wire => {}
                    Kind::Guest => words.push_str(" external_ids:iface-id=guest"),
                    Kind::Patch(peer) => {
                        let _ = write!(words, " type=patch options:peer={peer}");
                    }
                    Kind::Tunnel(kind, end, key) => {
                        let key = key.map_or("flow".to_owned(), |key| key.to_string());
                        let _ = write!(
                            words,
                            " type={kind} options:remote_ip=10.9.0.{end} options:key={key}"
                        );
                    }
                }
                if let Some(tag) = port.tag {
                    let _ = write!(words, " -- set Port {name} tag={tag}");
                }
                if !port.trunks.is_empty() {
                    let trunks: Vec<String> = port.trunks.iter().map(u16::to_string).collect();
                    let _ = write!(words, " -- set Port {name} trunks={}", trunks.join(","));
                }
            }
        }
        vsctl!(sandbox, "{words}");
        appctl!(sandbox, "netdev-dummy/ip4addr {UNDERLAY} 10.9.0.1/24");
        appctl!(sandbox, "ovs/route/add 10.9.0.0/24 {UNDERLAY}");
        for end in 2..8 {
            let (address, mac) = (format!("10.9.0.{end}"), format!("aa:bb:cc:00:00:{end:02x}"));
            appctl!(sandbox, "tnl/neigh/set {UNDERLAY} {address} {mac}");
        }
        for bridge in &self.bridges {
            for group in &bridge.groups {
                ofctl!(sandbox, "-OOpenFlow15 add-group {} '{group}'", bridge.name);
            }
        }
        while let Some((bridge, line)) = self.refused(sandbox) {
            self.bridges[bridge].flows.remove(line);
        }
        self.load(sandbox, |_, flow| flow.priority);
    }

    /// The first flow that ovs-ofctl does not take: a third tag, for instance.
    fn refused(&self, sandbox: &Sandbox) -> Option<(usize, usize)> {
        for (index, bridge) in self.bridges.iter().enumerate() {
            let file = sandbox.run_dir().join("flows");
            fs::write(&file, lines(bridge, |flow| flow.priority)).unwrap();
            let output = Command::new("ovs-ofctl")
                .env("OVS_RUNDIR", sandbox.run_dir())
                .args(["-OOpenFlow15", "add-flows", &bridge.name])
                .arg(&file)
                .output()
                .unwrap();
            if !output.status.success() {
                let said = String::from_utf8(output.stderr).unwrap();
                // `ovs-ofctl: /tmp/.../flows:4: actions are invalid with specified match (OFPBAC_BAD_TAG)`
                let line = said
                    .split("flows:")
                    .nth(1)
                    .and_then(|rest| rest.split(':').next());
                let line: usize = line.and_then(|line| line.parse().ok()).expect(&said);
                return Some((index, line - 1));
            }
        }
        None
    }

    /// Loads the flows, each with the priority that is given for it.
    pub(crate) fn load(&self, sandbox: &Sandbox, mut priority: impl FnMut(usize, &Flow) -> u16) {
        for (index, bridge) in self.bridges.iter().enumerate() {
            let file = sandbox.run_dir().join("flows");
            fs::write(&file, lines(bridge, |flow| priority(index, flow))).unwrap();
            let file = file.to_str().unwrap();
            let bridge = bridge.name.as_str();
            ofctl!(sandbox, "-OOpenFlow15 del-flows {bridge}");
            ofctl!(sandbox, "-OOpenFlow15 add-flows {bridge} {file}");
        }
    }

    pub(crate) fn remove(&self, sandbox: &Sandbox) {
        let bridges = self.bridges.iter().map(|bridge| bridge.name.as_str());
        let bridges: Vec<&str> = bridges.chain([UNDERLAY]).collect();
        vsctl!(sandbox, "del-br {}", bridges.join(" -- del-br "));
    }

    /// The host in words, for a person who looks for the fault.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for bridge in &self.bridges {
            let _ = writeln!(text, "bridge {}", bridge.name);
            for port in &bridge.ports {
                let _ = writeln!(text, "  {port:?}");
            }
            for group in &bridge.groups {
                let _ = writeln!(text, "  group {group}");
            }
            for flow in &bridge.flows {
                let Flow {
                    table,
                    priority,
                    matched,
                    actions,
                } = flow;
                let _ = writeln!(
                    text,
                    "  table={table},priority={priority} {matched} actions={actions}"
                );
            }
        }
        text
    }
}

/// The flows as ovs-ofctl(8) reads them.
fn lines(bridge: &Bridge, mut priority: impl FnMut(&Flow) -> u16) -> String {
    let mut text = String::new();
    for flow in &bridge.flows {
        let _ = writeln!(
            text,
            "table={},priority={},{}{}actions={}",
            flow.table,
            priority(flow),
            flow.matched,
            if flow.matched.is_empty() { "" } else { "," },
            flow.actions
        );
    }
    text
}

/// Some port's number; now and then one that does not exist.
fn port(bridge: &Bridge, chance: &mut Chance) -> u32 {
    if chance.one_in(20) {
        return 99;
    }
    chance.between(1, bridge.ports.len() as u64) as u32
}

fn groups(bridge: &Bridge, chance: &mut Chance) -> Vec<String> {
    let count = chance.between(1, 3);
    let mut groups = Vec::new();
    for id in 1..=count {
        let kind = chance.of(&["all", "all", "ff", "ff", "select", "indirect"]);
        let buckets = if kind == "indirect" {
            1
        } else {
            chance.between(1, 3)
        };
        let mut text = format!("group_id={id},type={kind}");
        for _ in 0..buckets {
            text.push_str(",bucket=");
            if kind == "select" {
                let _ = write!(text, "weight:{},", chance.between(1, 3));
            }
            let mut watches = false;
            if kind == "ff" || kind == "select" && chance.one_in(3) {
                let _ = write!(text, "watch_port:{},", port(bridge, chance));
                watches = true;
            }
            if watches && id > 1 && chance.one_in(3) {
                let _ = write!(text, "watch_group:{},", chance.between(1, id - 1));
            }
            let mut actions = Vec::new();
            if chance.one_in(4) {
                actions.push(format!(
                    "push_vlan:0x88a8,set_field:{}->vlan_vid",
                    4096 + chance.of(&VLANS)
                ));
            }
            if chance.one_in(4) {
                actions.push(format!("set_field:{}->tun_id", chance.of(&KEYS)));
            }
            match chance.below(6) {
                0 => actions.push("NORMAL".to_owned()),
                1 if id > 1 => actions.push(format!("group:{}", chance.between(1, id - 1))),
                2 => actions.push(format!("resubmit(,{})", chance.between(2, 3))),
                _ => actions.push(format!("output:{}", port(bridge, chance))),
            }
            let _ = write!(text, "actions={}", actions.join(","));
        }
        groups.push(text);
    }
    groups
}

fn flow(bridge: &Bridge, chance: &mut Chance) -> Flow {
    let table = chance.of(&[0, 0, 0, 1, 1, 2, 3]);
    let priority = chance.of(&[1, 2, 2, 3, 3, 10]);
    let mut words: Vec<String> = Vec::new();
    if chance.one_in(2) {
        words.push(format!("in_port={}", port(bridge, chance)));
    }
    let mut is_tagged = false;
    if chance.one_in(2) {
        match chance.below(5) {
            0 => words.push("vlan_tci=0x0000/0x1000".to_owned()),
            1 => {
                words.push("vlan_tci=0x1000/0x1000".to_owned());
                is_tagged = true;
            }
            _ => {
                words.push(format!("dl_vlan={}", chance.of(&VLANS)));
                is_tagged = true;
            }
        }
    }
    if chance.one_in(4) {
        words.push(match chance.below(3) {
            0 => "dl_dst=01:00:00:00:00:00/01:00:00:00:00:00".to_owned(),
            _ => format!("dl_dst=02:00:00:00:00:{:02x}", chance.of(&MACS)),
        });
    }
    if chance.one_in(4) {
        words.push(match chance.below(4) {
            0 => "ip".to_owned(),
            1 => "ip,nw_dst=10.0.0.0/30".to_owned(),
            _ => format!("ip,nw_dst=10.0.0.{}", chance.of(&ADDRESSES)),
        });
    }
    if table > 0 && chance.one_in(3) {
        words.push(format!("reg0={}", chance.below(2)));
    }
    if table > 0 && chance.one_in(5) {
        words.push(format!("metadata={}", chance.below(2)));
    }
    if chance.one_in(6) {
        words.push(format!("tun_id={}", chance.of(&KEYS)));
    }
    Flow {
        table,
        priority,
        matched: words.join(","),
        actions: actions(bridge, table, is_tagged, chance),
    }
}

/// Actions that change the VLAN tag; whether there is one afterwards, and whether one was added: the switch
/// takes no more than two.
fn vlan_actions(is_tagged: &mut bool, has_pushed: &mut bool, chance: &mut Chance) -> String {
    let vid = chance.of(&VLANS);
    if *is_tagged {
        return match chance.below(5) {
            0 => {
                *is_tagged = false;
                "pop_vlan".to_owned()
            }
            1 if !*has_pushed => {
                *has_pushed = true;
                format!("push_vlan:0x8100,set_field:{}->vlan_vid", 4096 + vid)
            }
            _ => format!("set_field:{}->vlan_vid", 4096 + vid),
        };
    }
    *is_tagged = true;
    *has_pushed = true;
    match chance.below(8) {
        0 => format!("push_vlan:0x8100,set_field:{}->vlan_vid", 4096 + vid),
        1 => {
            // For ovs-ofctl that is no tag.
            *is_tagged = false;
            format!("set_field:0x{:x}->vlan_tci", 0x1000 + vid)
        }
        _ => format!("push_vlan:0x88a8,set_field:{}->vlan_vid", 4096 + vid),
    }
}

fn actions(bridge: &Bridge, table: u8, is_matched: bool, chance: &mut Chance) -> String {
    let mut is_tagged = is_matched;
    let mut has_pushed = false;
    let mut list: Vec<String> = Vec::new();
    let apply = chance.below(4);
    for _ in 0..apply {
        let action = match chance.below(16) {
            0..=2 => vlan_actions(&mut is_tagged, &mut has_pushed, chance),
            3 => format!("set_field:{}->tun_id", chance.of(&KEYS)),
            4 => format!("set_field:{}->reg0", chance.below(2)),
            5 => "NORMAL".to_owned(),
            6 if table < 3 => format!("resubmit(,{})", chance.between(u64::from(table) + 1, 3)),
            7 if !bridge.groups.is_empty() && table < 2 => {
                format!("group:{}", chance.between(1, bridge.groups.len() as u64))
            }
            8 => {
                let (mut inside, mut pushed) = (is_tagged, has_pushed);
                let vlan = vlan_actions(&mut inside, &mut pushed, chance);
                format!("clone({vlan},output:{})", port(bridge, chance))
            }
            9 => format!("set_field:02:00:00:00:00:{:02x}->eth_dst", chance.of(&MACS)),
            10 if chance.one_in(3) => "FLOOD".to_owned(),
            11 if chance.one_in(3) => "exit".to_owned(),
            12 => "move:NXM_OF_IN_PORT[0..0]->NXM_NX_REG0[0..0]".to_owned(),
            _ => format!("output:{}", port(bridge, chance)),
        };
        list.push(action);
    }
    if chance.one_in(6) {
        list.push("clear_actions".to_owned());
    }
    if chance.one_in(4) {
        let mut inside = Vec::new();
        if chance.one_in(2) {
            let mut tagged = is_tagged && is_matched;
            let mut pushed = has_pushed;
            inside.push(vlan_actions(&mut tagged, &mut pushed, chance));
        }
        if chance.one_in(4) {
            inside.push(format!("set_field:{}->tun_id", chance.of(&KEYS)));
        }
        if chance.one_in(4) && !bridge.groups.is_empty() {
            inside.push(format!(
                "group:{}",
                chance.between(1, bridge.groups.len() as u64)
            ));
        }
        if !chance.one_in(4) {
            inside.push(format!("output:{}", port(bridge, chance)));
        }
        list.push(format!("write_actions({})", inside.join(",")));
    }
    if chance.one_in(5) {
        list.push(format!("write_metadata:{}", chance.below(2)));
    }
    if table < 3 && chance.one_in(3) {
        list.push(format!(
            "goto_table:{}",
            chance.between(u64::from(table) + 1, 3)
        ));
    }
    if list.is_empty() {
        list.push(if chance.one_in(3) { "drop" } else { "NORMAL" }.to_owned());
    }
    list.join(",")
}
