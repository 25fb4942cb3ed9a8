//! The rules of a bridge, found by packet.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::packet::Packet;
use super::rules::{FlowRules, Rule, VlanIs, When};

/// The rules of a bridge, found by packet.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    tables: HashMap<u8, Table>,
    /// The VLANs that rules match on.
    pub(super) vids: HashSet<u16>,
    /// The tunnel keys that rules match on.
    pub(super) tun_ids: HashSet<u64>,
    /// What the rules that match on a port come to, port by port.
    signatures: HashMap<u32, u64>,
}

/// A table: rules by what they match exactly.
#[derive(Debug, Default)]
struct Table {
    rules: HashMap<Exactly, Vec<Rule>>,
    /// Which keys can be in `rules`.
    shapes: HashSet<Shape>,
}

/// What a rule matches as a whole: of input port, VLAN and tunnel key whether it does, of the registers
/// the first.
type Shape = (bool, bool, bool, Option<u8>);

/// Input port, VLAN, tunnel key and a register, each where it is matched as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Exactly {
    in_port: Option<u32>,
    vlan: VlanIs,
    tun_id: Option<u64>,
    register: Option<(u8, u32)>,
}

impl Exactly {
    fn shape(&self) -> Shape {
        (
            self.in_port.is_some(),
            self.vlan != VlanIs::Any,
            self.tun_id.is_some(),
            self.register.map(|(slot, _)| slot),
        )
    }
}

impl Pipeline {
    pub(super) fn of(flows: FlowRules) -> Pipeline {
        let mut pipeline = Pipeline::default();
        for rule in flows.rules {
            let vlan = match rule.when.vlan {
                VlanIs::Any | VlanIs::Masked(..) => VlanIs::Any,
                VlanIs::Untagged => VlanIs::Untagged,
                VlanIs::Vid(vid) => {
                    pipeline.vids.insert(vid);
                    VlanIs::Vid(vid)
                }
            };
            let tun_id = match rule.when.tun_id {
                (tun_id, u64::MAX) => {
                    pipeline.tun_ids.insert(tun_id);
                    Some(tun_id)
                }
                _ => None,
            };
            if let Some(port) = rule.when.in_port {
                let signature = pipeline.signatures.entry(port).or_default();
                // The order in which the rules come says nothing.
                *signature = signature.wrapping_add(rule.apart_from_port());
            }
            let whole = |(_, _, mask): &&(u8, u32, u32)| *mask == u32::MAX;
            let register = rule.when.registers.iter().find(whole);
            let key = Exactly {
                in_port: rule.when.in_port,
                vlan,
                tun_id,
                register: register.map(|(slot, value, _)| (*slot, *value)),
            };
            let table = pipeline.tables.entry(rule.table).or_default();
            table.shapes.insert(key.shape());
            table.rules.entry(key).or_default().push(rule);
        }
        pipeline
    }

    /// Ports of the same signature are alike to the flows.
    pub(super) fn signature(&self, ofport: u32) -> u64 {
        self.signatures.get(&ofport).copied().unwrap_or_default()
    }

    /// The rules that such a packet may meet in a table, the highest priority first, and whether
    /// there may be one that meets none.
    pub(super) fn meets<'p>(&'p self, table: u8, packet: &Packet) -> (Vec<&'p Rule>, bool) {
        let Some(table) = self.tables.get(&table) else {
            return (Vec::new(), true);
        };
        let tagged = packet.tags.outer.map_or(VlanIs::Untagged, VlanIs::Vid);
        let mut rules: Vec<(&'p Rule, bool)> = Vec::new();
        let mut look_at = |rule: &'p Rule| match rule.takes(packet) {
            Some(false) => {}
            taken => rules.push((rule, taken.is_some())),
        };
        for shape in &table.shapes {
            let (in_port, vlan, tun_id, slot) = *shape;
            let value = slot.map(|slot| packet.registers.value(slot));
            if value == Some(None) {
                // Any value may be in that register.
                let of_shape = table.rules.iter().filter(|(key, _)| key.shape() == *shape);
                of_shape.flat_map(|(_, rules)| rules).for_each(&mut look_at);
                continue;
            }
            let key = Exactly {
                in_port: in_port.then_some(packet.in_port),
                vlan: if vlan { tagged } else { VlanIs::Any },
                tun_id: tun_id.then_some(packet.tun_id),
                register: slot.zip(value.flatten()),
            };
            let found = table.rules.get(&key);
            found.into_iter().flatten().for_each(&mut look_at);
        }
        rules.sort_by_key(|(rule, _)| std::cmp::Reverse(rule.priority));
        let last = rules.iter().position(|(_, certain)| *certain);
        if let Some(last) = last {
            rules.truncate(last.saturating_add(1));
        }
        let rules = rules.into_iter().map(|(rule, _)| rule).collect();
        (rules, last.is_none())
    }
}

impl Rule {
    fn apart_from_port(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        let When {
            in_port: _,
            vlan,
            tun_id,
            registers,
        } = &self.when;
        (self.table, self.priority, self.certain).hash(&mut hasher);
        (vlan, tun_id, registers).hash(&mut hasher);
        self.steps.hash(&mut hasher);
        hasher.finish()
    }
}
