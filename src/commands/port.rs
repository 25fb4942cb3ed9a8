//! `ovs port`: list, show, resolve, stats, find, add, del, set.

mod change;
mod find;
mod openflow;
mod resolve;
mod settings;
mod show;
mod stats;

use std::collections::HashSet;

use super::lines::{InterfaceRow, Picture, ports_of};
use super::write;
use super::{Context, Exit, Failure};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::resolve::{PortWord, find, parse};
use crate::model::{self, Depth, Extra, Port, Scope, Topology, Want, select_port};
use crate::openflow::text::PORT_LOCAL;
use crate::output::{Column, headings};
use crate::ovsdb::{Error, Function, Select};

/// The commands on ports.
// One exists per process, and one per line of a batch.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The ports with their OpenFlow numbers; a bond has a line per interface
    #[command(describe = LIST)]
    List {
        /// Only this bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: Option<String>,
    },
    /// Everything about one port
    #[command(describe = show::ABOUT)]
    Show {
        /// The port: its name, or BRIDGE/NUMBER
        #[arg(takes = Value::PORT)]
        port: String,
    },
    /// The name of a port and its OpenFlow number, whichever is given
    #[command(describe = resolve::ABOUT)]
    Resolve {
        /// The bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: String,
        /// Names or numbers; a number in double quotes is a name
        #[arg(takes = Value::NAME_OR_NUMBER, required = true)]
        ports: Vec<String>,
    },
    /// The packet and byte counters of the ports
    #[command(describe = stats::ABOUT)]
    Stats {
        /// Only this bridge; or unix:PATH, tcp:HOST:PORT
        #[arg(takes = Value::SWITCH)]
        switch: Option<String>,
        /// Only this port: its interface's name or its number
        #[arg(takes = Value::OPENFLOW_PORT)]
        port: Option<String>,
    },
    #[command(flatten)]
    Change(change::PortChange),
    /// The ports that have this MAC address, Neutron or instance id, number or name
    #[command(describe = find::ABOUT)]
    Find {
        /// A MAC address, an id (iface-id, vm-id, vm-uuid), an OpenFlow number, a name
        #[arg(takes = Value::free("WHAT"))]
        what: String,
    },
}

const LIST: About = About::watchable().list(|| headings(&columns())).remarks("\
A bond has one line if only columns are shown that its interfaces have in common: bridge, port, tag, trunks, \
vlan_mode. A port that belongs to a VLAN bridge has that bridge's name, and is listed for the bridge that has the \
VLAN bridge, too.").examples(
    "\
ovs port list br-int
ovs port list --columns port,ofport,tag
ovs port list br-int --json | jq -r '.[] | select(.tag == 1).port'",
);

fn columns<'t>() -> Vec<Column<InterfaceRow<'t>>> {
    vec![
        InterfaceRow::BRIDGE.drop(2),
        InterfaceRow::PORT,
        InterfaceRow::INTERFACE.drop(1),
        InterfaceRow::OFPORT,
        InterfaceRow::TYPE.drop(3),
        InterfaceRow::TAG,
        InterfaceRow::TRUNKS.drop(5),
        InterfaceRow::MAC.drop(6),
        InterfaceRow::STATE.drop(4),
        InterfaceRow::VLAN_MODE.extra(),
        InterfaceRow::MTU.extra(),
        InterfaceRow::ADMIN_STATE.extra(),
        InterfaceRow::LINK_STATE.extra(),
        InterfaceRow::BFD.extra(),
        InterfaceRow::CFM.extra(),
        InterfaceRow::LACP_CURRENT.extra(),
        InterfaceRow::ERROR.extra(),
        InterfaceRow::PEER.extra(),
        InterfaceRow::PEER_BRIDGE.extra(),
        InterfaceRow::REMOTE_IP.extra(),
        InterfaceRow::LOCAL_IP.extra(),
        InterfaceRow::KEY.extra(),
        InterfaceRow::OPTIONS.extra(),
        InterfaceRow::EXTERNAL_IDS.extra(),
    ]
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database or switch does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::List { bridge } => list(cx, bridge.clone()).await,
            Command::Show { port } => show::show(cx, port).await,
            Command::Stats { switch, port } => {
                stats::stats(cx, switch.as_deref(), port.as_deref()).await
            }
            Command::Find { what } => find::find(cx, what).await,
            Command::Resolve { bridge, ports } => resolve::resolve(cx, bridge, ports).await,
            Command::Change(change) => match change.openflow()? {
                Some((port, words)) => openflow::set(cx, port, words).await,
                None => write::make(cx, change).await,
            },
        }
    }
}

async fn list(cx: &Context, bridge: Option<String>) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let scope = bridge.map_or(Scope::All, Scope::Bridge);
    let names = ["port", "interface", "ofport", "type"];
    let depth = if view.shows_only(&names) {
        Depth::PortNames
    } else {
        Depth::Ports
    };
    let picture = Picture::read(
        cx,
        Want::of(scope, depth).only(view.reads()),
        view.shows("peer_bridge"),
    )
    .await?;
    let mut lines = picture.lines();
    if view.shows_only(&OF_PORT) {
        // The interfaces of a bond would be equal lines.
        let mut shown = HashSet::new();
        lines.retain(|line| shown.insert(line.port.name.as_str()));
    }
    cx.print_list(&view, &lines, "ports")
}

/// The columns of `port list` that the interfaces of a bond have in common.
const OF_PORT: [&str; 5] = ["bridge", "port", "tag", "trunks", "vlan_mode"];

/// Reads the port that `text` names: `PORT`, `BRIDGE/PORT`, `BRIDGE/NUMBER`. With `peers` also the peer of a patch port; only these
/// columns, if any are given ([`Want::columns`]); also these tables ([`Want::extras`]).
pub(super) async fn locate(
    cx: &Context,
    text: &str,
    peers: bool,
    columns: Option<Vec<&'static str>>,
    extras: &[Extra],
) -> Result<Picture, Failure> {
    let argument = parse(text);
    let want = |name: &str| Want {
        columns: columns.clone(),
        extras: extras.to_vec(),
        ..Want::of(Scope::Port(name.to_owned()), Depth::Ports)
    };
    // The database finds a port by its own name.
    if let (None, PortWord::Name(name)) = (&argument.bridge, &argument.port) {
        match Picture::read(cx, want(name), peers).await {
            Err(failure) if failure.exit == Exit::NotFound => {}
            other => return other,
        }
    }
    let named = named(cx, argument.bridge.as_deref(), &[text]).await?;
    let name = if let Ok(found) = find(&named, None, text) {
        found.port.name.clone()
    } else {
        // Suggestions need the whole database.
        let want = Want::of(Scope::All, Depth::PortNames).with_tags();
        let all = cx.topology(want).await?;
        find(&all, None, text)?.port.name.clone()
    };
    Picture::read(cx, want(&name), peers).await
}

/// The port with exactly this name, from its own row, without interfaces: one request to the database, where
/// [`locate`] needs two.
async fn own_row(
    cx: &Context,
    text: &str,
    columns: &[&'static str],
) -> Result<Option<Port>, Failure> {
    let argument = parse(text);
    let (None, PortWord::Name(name)) = (argument.bridge, argument.port) else {
        return Ok(None);
    };
    let rows = cx
        .database
        .select(vec![select_port(&name, columns)])
        .await?;
    let rows = rows.concat();
    let port = rows.first().map(model::port).transpose();
    Ok(port.map_err(Error::from)?)
}

/// The ports that `words` name by their own name or by a number on `bridge`, with their bridges; words that
/// match neither are left out. The cost depends on the number of words, not on the size of the database.
async fn named(
    cx: &Context,
    bridge: Option<&str>,
    words: &[impl AsRef<str>],
) -> Result<Topology, Failure> {
    let mut topology = Topology::default();
    for word in words {
        let names = match (parse(word.as_ref()).port, bridge) {
            (PortWord::Name(name), _) => vec![name],
            (PortWord::Number(PORT_LOCAL), Some(bridge)) => vec![bridge.to_owned()],
            (PortWord::Number(number), _) => ports_with_number(cx, number).await?,
        };
        for name in names {
            let want = Want::of(Scope::Port(name), Depth::PortNames);
            for bridge in cx.read(want).await?.bridges {
                match topology.bridges.iter_mut().find(|b| b.uuid == bridge.uuid) {
                    Some(known) => known.ports.extend(bridge.ports),
                    None => topology.bridges.push(bridge),
                }
            }
        }
    }
    Ok(topology)
}

/// The names of the ports with this OpenFlow number, on any bridge.
async fn ports_with_number(cx: &Context, number: u32) -> Result<Vec<String>, Failure> {
    let interfaces =
        Select::columns("Interface", &["_uuid"]).when("ofport", Function::Equal, i64::from(number));
    ports_of(cx, vec![interfaces]).await
}
