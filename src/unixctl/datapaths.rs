//! The datapaths and their ports: the replies to `dpctl/dump-dps`, `dpctl/show`, `dpif/show` and `upcall/show`
//! (dpctl(8), ovs-vswitchd(8)).

use super::client::Client;
use super::error::Error;

/// A datapath.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Datapath {
    /// Its type and name: `system@ovs-system`.
    pub name: String,
    /// How many packets found a flow.
    pub hit: Option<u64>,
    /// How many packets found none, and went to ovs-vswitchd.
    pub missed: Option<u64>,
    /// How many of these were lost on the way.
    pub lost: Option<u64>,
    /// How many flows it has.
    pub flows: Option<u64>,
    /// How many masks its flows have; told by the kernel's datapath.
    pub masks: Option<u64>,
    /// Its ports.
    pub ports: Vec<DatapathPort>,
    /// Lines of the reply that are not understood.
    pub unknown: Vec<String>,
}

/// A port of a datapath.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DatapathPort {
    /// Its number in the datapath.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Its type and options, as the text has them: `vxlan: packet_type=ptap`; empty for devices of the system.
    pub kind: String,
}

/// A port of a bridge, and its port in the datapath.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgePort {
    /// The datapath: `system@ovs-system`.
    pub datapath: String,
    /// The bridge.
    pub bridge: String,
    /// The name of the port in OpenFlow.
    pub name: String,
    /// Its OpenFlow number.
    pub ofport: u32,
    /// The number of its port in the datapath; `None`: it has none, as patch ports.
    pub number: Option<u32>,
}

/// How many flows ovs-vswitchd keeps in a datapath.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpcallState {
    /// The datapath: `system@ovs-system`.
    pub datapath: String,
    /// How many flows it has.
    pub current: u64,
    /// How many it has on average.
    pub average: u64,
    /// The most it has had.
    pub maximum: u64,
    /// How many it may have at present.
    pub limit: u64,
    /// How long the last dump of the flows took, in milliseconds.
    pub dump_duration: Option<u64>,
}

impl Datapath {
    /// Asks for all datapaths that ovs-vswitchd uses, with their ports.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn read_all(client: &Client) -> Result<Vec<Datapath>, Error> {
        let names = client.text("dpctl/dump-dps", &[""; 0]).await?;
        let names: Vec<&str> = names.lines().filter(|line| !line.is_empty()).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        Ok(Self::from_text(&client.text("dpctl/show", &names).await?))
    }

    /// The datapaths in a reply to `dpctl/show`.
    pub fn from_text(text: &str) -> Vec<Datapath> {
        let mut all: Vec<Datapath> = Vec::new();
        for line in text.lines() {
            if let Some(name) = heading(line) {
                all.push(Datapath {
                    name: name.to_owned(),
                    ..Datapath::default()
                });
            } else if let Some(datapath) = all.last_mut()
                && datapath.take(line).is_none()
            {
                datapath.unknown.push(line.to_owned());
            }
        }
        all
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let line = line.trim();
        if let Some(port) = line.strip_prefix("port ") {
            let (number, rest) = port.split_once(": ")?;
            // A name may contain any character.
            let named = rest.rsplit_once(" (");
            let named = named.and_then(|(name, kind)| Some((name, kind.strip_suffix(')')?)));
            let (name, kind) = named.unwrap_or((rest, ""));
            self.ports.push(DatapathPort {
                number: number.parse().ok()?,
                name: name.to_owned(),
                kind: kind.to_owned(),
            });
            return Some(());
        }
        let (name, values) = line.split_once(':')?;
        let member = |name: &str| {
            let of_name = |word: &str| word.strip_prefix(name)?.strip_prefix(':')?.parse().ok();
            values.split_ascii_whitespace().find_map(of_name)
        };
        match name {
            "lookups" => {
                self.hit = member("hit");
                self.missed = member("missed");
                self.lost = member("lost");
            }
            "flows" => self.flows = Some(values.trim().parse().ok()?),
            "masks" => self.masks = member("total"),
            // Of the implementation.
            "cache" | "caches" | "masks-cache" => {}
            _ => return None,
        }
        Some(())
    }
}

impl BridgePort {
    /// Asks for the ports of all bridges.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn read_all(client: &Client) -> Result<Vec<BridgePort>, Error> {
        Ok(Self::from_text(&client.text("dpif/show", &[""; 0]).await?))
    }

    /// The ports in a reply to `dpif/show`: bridges below their datapath, ports below their bridge.
    pub fn from_text(text: &str) -> Vec<BridgePort> {
        let mut datapath = "";
        let mut bridge = "";
        let mut ports = Vec::new();
        for line in text.lines() {
            let depth = line.len() - line.trim_start().len();
            let line = line.trim_start();
            match depth {
                0 => datapath = line.split(": ").next().unwrap_or(line),
                1..=2 => bridge = line.strip_suffix(':').unwrap_or(line),
                _ => ports.extend(bridge_port(datapath, bridge, line)),
            }
        }
        ports
    }
}

/// The port of `p1 1/2: (dummy)`; of a patch port the number in the datapath is `none`.
fn bridge_port(datapath: &str, bridge: &str, line: &str) -> Option<BridgePort> {
    let (name, _) = line.rsplit_once(": (").or_else(|| line.rsplit_once(':'))?;
    let (name, numbers) = name.rsplit_once(' ')?;
    let (ofport, number) = numbers.split_once('/')?;
    Some(BridgePort {
        datapath: datapath.to_owned(),
        bridge: bridge.to_owned(),
        name: name.to_owned(),
        ofport: ofport.parse().ok()?,
        number: number.parse().ok(),
    })
}

impl UpcallState {
    /// Asks for all datapaths.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn read_all(client: &Client) -> Result<Vec<UpcallState>, Error> {
        Ok(Self::from_text(
            &client.text("upcall/show", &[""; 0]).await?,
        ))
    }

    /// The datapaths in a reply to `upcall/show`.
    pub fn from_text(text: &str) -> Vec<UpcallState> {
        let mut all: Vec<UpcallState> = Vec::new();
        for line in text.lines() {
            if let Some(name) = heading(line) {
                all.push(UpcallState {
                    datapath: name.to_owned(),
                    ..UpcallState::default()
                });
                continue;
            }
            let (Some(state), Some((name, value))) = (all.last_mut(), line.split_once(':')) else {
                continue;
            };
            match name.trim() {
                "flows" => {
                    let member = |name: &str| {
                        let (_, rest) = value.split_once(name)?;
                        let digits = rest.trim_start().split(')').next()?;
                        digits.parse().ok()
                    };
                    state.current = member("(current ").unwrap_or_default();
                    state.average = member("(avg ").unwrap_or_default();
                    state.maximum = member("(max ").unwrap_or_default();
                    state.limit = member("(limit ").unwrap_or_default();
                }
                "dump duration" => {
                    let value = value.trim().strip_suffix("ms");
                    state.dump_duration = value.and_then(|value| value.parse().ok());
                }
                _ => {}
            }
        }
        all
    }
}

/// The datapath in `system@ovs-system:`.
fn heading(line: &str) -> Option<&str> {
    let name = line.strip_suffix(':')?;
    (!name.starts_with([' ', '\t']) && name.contains('@')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_datapath_and_news() {
        let text = "system@ovs-system:\n  lookups: hit:5 missed:6 lost:7\n  flows: 8\n\
            \x20 masks: hit:9 total:2 hit/pkt:1.50\n  cache: hit:1 hit-rate:1.0%\n  caches:\n    masks-cache: size:256\n\
            \x20 port 0: ovs-system (internal)\n  port 2: eth0\n  port 3: a, (b (tap)\n  news: 1\n  port x: y\n";
        let all = Datapath::from_text(text);
        let [datapath] = all.as_slice() else {
            panic!("{all:?}")
        };
        assert_eq!(
            [
                datapath.hit,
                datapath.missed,
                datapath.lost,
                datapath.flows,
                datapath.masks
            ],
            [Some(5), Some(6), Some(7), Some(8), Some(2)]
        );
        assert_eq!(datapath.unknown, ["  news: 1", "  port x: y"]);
        let names: Vec<&str> = datapath
            .ports
            .iter()
            .map(|port| port.name.as_str())
            .collect();
        assert_eq!(names, ["ovs-system", "eth0", "a, (b"]);
    }
}
