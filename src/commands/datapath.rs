//! `ovs datapath`: what ovs-vswitchd's datapaths have: flows, connections, ports; the routes of its tunnels.
//!
//! | file | contents |
//! |---|---|
//! | `show` | the datapaths and their counters, their ports |
//! | `flows` | the flows of a datapath |
//! | `filter` | MATCH: the selection of flows |
//! | `conntrack` | tracked connections |
//! | `routes` | routes and neighbours of tunnels |

mod conntrack;
mod filter;
mod flows;
mod routes;
mod show;

use super::{Context, Failure};
use crate::commands::about::Describe as _;
use crate::commands::argument::{Takes as _, Value};
use crate::unixctl::Client;
use crate::unixctl::datapaths::{BridgePort, Datapath, DatapathPort};

/// The commands on datapaths.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The datapaths: lookups, packets lost, flows and how many there may be
    #[command(describe = show::SHOW)]
    Show(DatapathArg),
    /// The ports of the datapaths, with their bridges and OpenFlow ports
    #[command(describe = show::PORTS)]
    Ports(DatapathArg),
    /// The flows of the datapaths, ports by name
    #[command(describe = flows::ABOUT)]
    Flows(flows::FlowArgs),
    /// The connections that the datapaths track: addresses, zone, state
    #[command(describe = conntrack::ABOUT)]
    Conntrack(conntrack::ConntrackArgs),
    /// The neighbours of tunnels: addresses and MAC addresses
    #[command(describe = routes::NEIGHBOURS)]
    Neighbours,
    /// The routes of tunnels; the route to an address
    #[command(describe = routes::ROUTES)]
    Routes {
        /// Only the route that is used to this address
        #[arg(takes = Value::free("IP"))]
        address: Option<std::net::IpAddr>,
    },
}

// A datapath.
#[derive(Debug, clap::Args)]
pub struct DatapathArg {
    /// Only this datapath: system@ovs-system, or ovs-system
    #[arg(takes = Value::free("DATAPATH"))]
    datapath: Option<String>,
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, ovs-vswitchd does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::Show(arg) => show::show(cx, arg).await,
            Command::Ports(arg) => show::ports(cx, arg).await,
            Command::Flows(args) => args.run(cx).await,
            Command::Conntrack(args) => args.run(cx).await,
            Command::Neighbours => routes::neighbours(cx).await,
            Command::Routes { address } => routes::routes(cx, *address).await,
        }
    }
}

/// The datapaths, or the one of this name.
async fn datapaths(
    cx: &Context,
    client: &Client,
    name: Option<&str>,
) -> Result<Vec<Datapath>, Failure> {
    let mut all = Datapath::read_all(client).await?;
    if let Some(name) = name {
        let is_it = |datapath: &Datapath| {
            let short = datapath.name.split_once('@').map(|(_, short)| short);
            datapath.name == name || short == Some(name)
        };
        if !all.iter().any(is_it) {
            let names = all.iter().map(|datapath| datapath.name.as_str());
            return Err(Failure::not_found("datapath", name, "", names)
                .hint("`ovs datapath show` lists the datapaths"));
        }
        all.retain(is_it);
    }
    for datapath in &all {
        cx.remark_unknown(&datapath.name, &datapath.unknown);
    }
    Ok(all)
}

/// The ports of bridges that are this port of a datapath; a tunnel's is that of all tunnels of its kind.
fn bridge_ports<'p>(
    ports: &'p [BridgePort],
    datapath: &'p str,
    port: &'p DatapathPort,
) -> impl Iterator<Item = &'p BridgePort> {
    ports
        .iter()
        .filter(move |other| other.datapath == datapath && other.number == Some(port.number))
}
