//! What ovs-vswitchd says of bonds, MAC addresses and datapaths, by its control socket.

use crate::commands::{Context, Failure};
use crate::model::check::{Daemon, DaemonFacts, DatapathFacts, userspace_remotes};
use crate::model::{Port, Topology};
use crate::unixctl::bonds::BondState;
use crate::unixctl::datapaths::{Datapath, UpcallState};
use crate::unixctl::fdb::MacCounters;
use crate::unixctl::tunnel_routes::{TunnelNeighbour, TunnelRoute};
use crate::unixctl::{Client, Error, ErrorKind};

/// The counters of the bridges that have a MAC table.
type BridgeCounters = Vec<(String, MacCounters)>;

/// A reading at the beginning of the checks, to which the one at their end is compared.
pub(super) struct DaemonCheck {
    client: Client,
    before: BridgeCounters,
}

impl DaemonCheck {
    /// Connects and reads the counters of these bridges.
    pub(super) async fn begin(cx: &Context, bridges: &[&str]) -> Result<DaemonCheck, Failure> {
        let client = cx.vswitchd().await?;
        let before = counters(&client, bridges).await?;
        Ok(DaemonCheck { client, before })
    }

    /// Reads the rest.
    pub(super) async fn finish(self, topology: &Topology) -> Result<DaemonFacts, Failure> {
        let mut ports = topology.bridges.iter().flat_map(|bridge| &bridge.ports);
        let bonds = if ports.any(Port::is_bond) {
            BondState::read_all(&self.client).await?
        } else {
            Vec::new()
        };
        let names: Vec<&str> = self.before.iter().map(|(name, _)| name.as_str()).collect();
        let now = counters(&self.client, &names).await?;
        let macs = self.before.into_iter().filter_map(|(name, before)| {
            let (_, now) = now.iter().find(|(other, _)| *other == name)?;
            Some((name, before, *now))
        });
        Ok(DaemonFacts {
            bonds,
            macs: macs.collect(),
            datapaths: datapaths(&self.client, topology).await?,
        })
    }
}

/// Maximum number of remote addresses whose routes are asked for.
const MAX_ROUTES: usize = 1000;

/// The datapaths. What a release does not have is left out.
async fn datapaths(client: &Client, topology: &Topology) -> Result<DatapathFacts, Error> {
    let mut facts = DatapathFacts {
        datapaths: match Datapath::read_all(client).await {
            Err(error) if is_refused(&error) => Vec::new(),
            all => all?,
        },
        upcalls: match UpcallState::read_all(client).await {
            Err(error) if is_refused(&error) => Vec::new(),
            all => all?,
        },
        ..DatapathFacts::default()
    };
    let remotes = userspace_remotes(topology);
    if remotes.is_empty() {
        return Ok(facts);
    }
    for remote in remotes.into_iter().take(MAX_ROUTES) {
        let route = TunnelRoute::lookup(client, remote).await?;
        facts.routes.push((remote, route));
    }
    (facts.neighbours, _) = TunnelNeighbour::read_all(client).await?;
    Ok(facts)
}

fn is_refused(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Refused(_))
}

/// Bridges that ovs-vswitchd does not serve are left out: they have findings of their own. So are all if its release has
/// no counters.
async fn counters(client: &Client, bridges: &[&str]) -> Result<BridgeCounters, Failure> {
    let mut all = Vec::new();
    for bridge in bridges {
        match MacCounters::read(client, bridge).await {
            Ok(counters) => all.push(((*bridge).to_owned(), counters)),
            Err(Error {
                kind: ErrorKind::Refused(_),
                ..
            }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(all)
}

/// What the daemon says; `None` if it was not reached, which is remarked unless a finding says so.
pub(super) fn told(
    cx: &Context,
    daemon: &Daemon,
    facts: Result<DaemonFacts, Failure>,
) -> Option<DaemonFacts> {
    match facts {
        Ok(facts) => Some(facts),
        Err(failure) => {
            if matches!(daemon, Daemon::Runs { .. }) {
                cx.remark(&format!(
                    "bonds, moves of MAC addresses and datapaths are not checked: {}",
                    failure.message
                ));
            }
            None
        }
    }
}
