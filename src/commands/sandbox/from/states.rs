//! The states of the saved ports: links that are down, and flags of OpenFlow.

use std::collections::BTreeMap;
use std::time::Duration;

use super::devices::has_link;
use crate::commands::{Context, quoted};
use crate::model::port_state::is_path_broken;
use crate::model::{Bridge, Interface};
use crate::openflow::messages::ports::{
    CONFIG_V11, LINK_DOWN, PORT_DOWN, PortDesc, PortMod, PortWord,
};
use crate::openflow::messages::{Body, Decoded};
use crate::openflow::text::port_from_v10;
use crate::openflow::version::{Version, Versions};
use crate::source::address::SwitchConnectError;
use crate::source::{Database, Host, Switch, SwitchAddress};

/// How often the ports are read, and how long to wait in between, until a change of them shows.
const READINGS: usize = 40;
const BETWEEN: Duration = Duration::from_millis(50);

/// The ports of the saved switches, by bridge, as far as the report has them.
pub(super) struct SavedPorts {
    described: BTreeMap<String, DescribedPorts>,
}

struct DescribedPorts {
    ports: Vec<PortDesc>,
    /// The flags that their version has.
    flags: u32,
}

/// What becomes of a port of the sandbox.
struct WantedPort<'t> {
    name: &'t str,
    ofport: u32,
    config: u32,
    /// The bits of the configuration that are known.
    mask: u32,
}

impl SavedPorts {
    /// Reads the ports.
    pub(super) async fn read(cx: &Context, bridges: &[Bridge]) -> SavedPorts {
        let mut described = BTreeMap::new();
        for bridge in bridges {
            if let Some(ports) = early_ports(cx, &bridge.name) {
                let flags = u32::MAX;
                described.insert(bridge.name.clone(), DescribedPorts { ports, flags });
                continue;
            }
            let switch = connect(&cx.host, &cx.database, &bridge.name, Versions::ALL).await;
            let Ok(mut switch) = switch else {
                continue;
            };
            let flags = match switch.version() {
                Version::V10 => u32::MAX,
                _ => CONFIG_V11,
            };
            if let Ok(ports) = switch.ports().await {
                described.insert(bridge.name.clone(), DescribedPorts { ports, flags });
            }
        }
        SavedPorts { described }
    }

    /// Says which flags of ports are not in the report.
    pub(super) fn remark_unknown(&self, cx: &Context, bridges: &[Bridge]) {
        let names = |is_it: &dyn Fn(Option<&DescribedPorts>) -> bool| {
            let bridges = bridges.iter().map(|bridge| bridge.name.as_str());
            let bridges = bridges.filter(|name| is_it(self.described.get(*name)));
            bridges.map(quoted).collect::<Vec<_>>().join(", ")
        };
        let without = names(&|ports| ports.is_none());
        if !without.is_empty() {
            cx.remark(&format!(
                "OpenFlow flags of the ports of {without}: not in the report"
            ));
        }
        let later = names(&|ports| ports.is_some_and(|ports| ports.flags == CONFIG_V11));
        if !later.is_empty() {
            cx.remark(&format!(
                "no-flood, no-stp and no-recv-stp of the ports of {later}: not in the report: only OpenFlow 1.0 has them"
            ));
        }
    }

    /// Gives the ports of a bridge in the sandbox, by their numbers there, the saved links and flags. What cannot be
    /// replayed is remarked.
    pub(super) async fn replay(
        &self,
        cx: &Context,
        (host, database): (&Host, &Database),
        bridge: &Bridge,
        numbers: &BTreeMap<String, u32>,
    ) {
        let interfaces = bridge.interfaces();
        let wanted = interfaces.filter_map(|(_, interface)| {
            let ofport = *numbers.get(&interface.name)?;
            Some(self.wanted(bridge, interface, ofport))
        });
        let wanted: Vec<WantedPort<'_>> = wanted.collect();
        let of = quoted(&bridge.name);
        match set(host, database, &bridge.name, &wanted).await {
            Ok(others) if others.is_empty() => {}
            Ok(others) => cx.remark(&format!("ports of {of}: not replayed: {others}")),
            Err(error) => cx.remark(&format!("ports of {of}: {error}")),
        }
    }

    fn wanted<'t>(&self, bridge: &Bridge, interface: &'t Interface, ofport: u32) -> WantedPort<'t> {
        let described = self.described.get(&bridge.name);
        let ports = described.map_or(&[][..], |described| &described.ports);
        let desc = ports
            .iter()
            .find(|desc| Some(desc.ofport) == interface.port_number());
        let mut wanted = WantedPort {
            name: &interface.name,
            ofport,
            config: desc.map_or(0, |desc| desc.config.bits) & !PORT_DOWN,
            mask: 0,
        };
        if let (Some(_), Some(described)) = (desc, described) {
            wanted.mask = PortWord::all().fold(0, |bits, word| bits | word.bit);
            wanted.mask &= described.flags & !PORT_DOWN;
        }
        if has_link(bridge, interface) {
            let is_down = is_down(interface, desc);
            if is_path_broken(interface) || is_down == Some(true) {
                wanted.config |= PORT_DOWN;
            }
            if wanted.config & PORT_DOWN != 0 || is_down.is_some() {
                wanted.mask |= PORT_DOWN;
            }
        }
        wanted
    }
}

/// The ports of a saved switch as OpenFlow 1.0 describes them, if they were saved beside those of a later version.
fn early_ports(cx: &Context, bridge: &str) -> Option<Vec<PortDesc>> {
    let saved = cx.host.reach.saved()?;
    let messages = saved.report.switches.get(bridge)?.early_ports.as_ref()?;
    let mut ports = Vec::new();
    for message in messages {
        let decoded = Decoded::decode(message).ok()?;
        if let Some(Body::PortDescReply(reply)) = decoded.body() {
            ports.extend(reply.ports.iter().cloned());
        }
    }
    Some(ports)
}

/// Whether the link of an interface was down; `None` if the report does not tell.
fn is_down(interface: &Interface, desc: Option<&PortDesc>) -> Option<bool> {
    let states = [&interface.admin_state, &interface.link_state];
    if states.iter().any(|state| state.as_deref() == Some("down")) {
        return Some(true);
    }
    if interface.link_state.is_some() {
        return Some(false);
    }
    desc.map(|desc| desc.state.bits & LINK_DOWN != 0 || desc.config.bits & PORT_DOWN != 0)
}

/// Sets what differs, and waits until it shows. Returns what does not.
async fn set(
    host: &Host,
    database: &Database,
    bridge: &str,
    wanted: &[WantedPort<'_>],
) -> Result<String, String> {
    if wanted.iter().all(|port| port.mask == 0) {
        return Ok(String::new());
    }
    // It has all flags.
    let offer = [Version::V10].into_iter().collect();
    let mut switch = connect(host, database, bridge, offer).await?;
    let ports = switch.ports().await.map_err(|error| error.to_string())?;
    let mods: Vec<PortMod> = ports
        .iter()
        .filter_map(|desc| {
            let port = wanted.iter().find(|port| port.ofport == desc.ofport)?;
            let differs = (desc.config.bits ^ port.config) & port.mask;
            (differs != 0).then(|| {
                let config = port.config & port.mask;
                PortMod::new(desc.ofport, desc.hw_addr, config, port.mask)
            })
        })
        .collect();
    if mods.is_empty() {
        return Ok(String::new());
    }
    let refused = switch.settle(&mods).await;
    refused.map_err(|error| error.to_string())?;
    let mut readings = 0;
    loop {
        let ports = switch.ports().await.map_err(|error| error.to_string())?;
        let others = wanted.iter().filter_map(|port| port.lacking(&ports));
        let others: Vec<String> = others.collect();
        readings += 1;
        if others.is_empty() || readings == READINGS {
            return Ok(others.join("; "));
        }
        tokio::time::sleep(BETWEEN).await;
    }
}

impl WantedPort<'_> {
    /// What the switch has not done of it: `"p1": no-flood`.
    fn lacking(&self, ports: &[PortDesc]) -> Option<String> {
        let desc = ports.iter().find(|desc| desc.ofport == self.ofport)?;
        let mut left = (desc.config.bits ^ self.config) & self.mask;
        if self.config & self.mask & PORT_DOWN != 0 && desc.state.bits & LINK_DOWN == 0 {
            left |= PORT_DOWN;
        }
        let words = PortWord::of(self.config, left).map(|word| word.word);
        let words: Vec<&str> = words.collect();
        (!words.is_empty()).then(|| format!("{}: {}", quoted(self.name), words.join(", ")))
    }
}

/// Connects to a bridge of a host with one of these versions.
async fn connect(
    host: &Host,
    database: &Database,
    bridge: &str,
    offer: Versions,
) -> Result<Switch, String> {
    let address = SwitchAddress::of_bridge(host, bridge);
    let address = address.map_err(|_| "no bridge has such a name".to_owned())?;
    match address.connect(database, offer).await {
        Ok(switch) => Ok(switch),
        Err(SwitchConnectError::Session(error)) => Err(error.to_string()),
        Err(_) => Err("no OpenFlow connection".to_owned()),
    }
}

/// The OpenFlow number of an interface of the sandbox, by its column `ofport`.
pub(super) fn number_of(ofport: i64) -> Option<u32> {
    u16::try_from(ofport).ok().map(port_from_v10)
}
