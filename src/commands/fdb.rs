//! `ovs fdb`: the MAC learning tables of the bridges, and where an address is.

mod find;

use super::lines::InterfaceRow;
use super::{Context, Exit, Failure, quoted};
use crate::base::mac::mac;
use crate::base::saved::NOT_IN_REPORT;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::resolve::{Found, PortWord, ResolveError, argument, find, find_of_switch, parse};
use crate::model::{Bridge, Depth, Interface, Port, Scope, Topology, Want};
use crate::openflow::text::port_from_v10;
use crate::output::{Cell, ColourRole, Column, Shape, headings};
use crate::unixctl::fdb::{MacEntry, MacTable};
use crate::unixctl::{Client, Error, ErrorKind};

/// The commands on MAC learning tables.
#[derive(Debug, clap::Subcommand)]
#[command(defer = true)]
pub enum Command {
    /// The MAC addresses that bridges have learned, with VLAN, port and age
    #[command(describe = LIST)]
    List(ListArgs),
    /// The port behind which a MAC address is, learned or configured
    #[command(describe = find::ABOUT)]
    Find {
        /// The address, in any spelling: fa:16:3e:75:d5:a4, FA-16-3E-75-D5-A4, fa16.3e75.d5a4
        #[arg(takes = Value::free("MAC"), value_parser = address)]
        mac: String,
        /// Only this bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: Option<String>,
    },
}

const LIST: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
Read from ovs-vswitchd (fdb/show) by its control socket. Only flows with the action NORMAL learn: a bridge whose flows \
do it themselves (learn) has its addresses in a flow table instead, `ovs dump-flows`. VLAN 0 is without a tag. Of a bond \
the number and the interface are those of one of its members. age is since the address was last seen, in seconds.")
    .examples("\
ovs fdb list br-int
ovs fdb list --vlan 66
ovs fdb list br-int --port ens37 -g mac
ovs fdb list --watch");

// The arguments of `ovs fdb list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only this bridge
    #[arg(takes = Value::BRIDGE)]
    bridge: Option<String>,
    /// Only this VLAN; 0: without a tag
    #[arg(long, takes = Value::VID, value_parser = clap::value_parser!(u16).range(0..=4095))]
    vlan: Option<u16>,
    /// Only this port: its name, or BRIDGE and its number
    #[arg(long, takes = Value::OPENFLOW_PORT)]
    port: Option<String>,
}

/// Reads the argument `MAC`.
fn address(text: &str) -> Result<String, String> {
    mac(text).ok_or_else(|| "it is no MAC address, such as fa:16:3e:75:d5:a4".to_owned())
}

/// An entry of a MAC learning table, with its port.
struct MacRow<'t> {
    bridge: &'t str,
    entry: MacEntry,
    at: Option<(&'t Port, &'t Interface)>,
}

/// The port of an entry: the number in the database's form.
fn ofport(entry: &MacEntry) -> i64 {
    i64::from(entry.port)
}

fn columns<'t>() -> Vec<Column<MacRow<'t>>> {
    vec![
        InterfaceRow::NAMED_BRIDGE
            .of(|row: &MacRow<'t>| Cell::text(row.bridge))
            .role(ColourRole::Name)
            .identity(),
        Column::new("vlan", |row: &MacRow<'t>| {
            Cell::from(i64::from(row.entry.vlan))
        })
        .is(Shape::VID, "the VLAN of an address; 0: without a tag")
        .role(ColourRole::Number)
        .identity(),
        InterfaceRow::MAC
            .reads(&[])
            .of(|row: &MacRow<'t>| Cell::text(&row.entry.mac))
            .text("the address that was learned")
            .identity(),
        Column::new("port", |row: &MacRow<'t>| {
            Cell::from(row.at.map(|(port, _)| port.name.as_str()))
        })
        .text_or_null(
            "the port behind which it is; null if the database has no port of this number",
        )
        .role(ColourRole::Name),
        Column::new("interface", |row: &MacRow<'t>| {
            Cell::from(row.at.map(|(_, interface)| interface.name.as_str()))
        })
        .text_or_null("the interface's name; of a bond one of its members")
        .role(ColourRole::Name)
        .echoes("port"),
        InterfaceRow::OFPORT
            .of(|row: &MacRow<'t>| Cell::from(ofport(&row.entry)))
            .shape(Shape::UpTo(u16::MAX)),
        Column::new("kind", |row: &MacRow<'t>| Cell::text(word(&row.entry)))
            .is(
                Shape::Words(&["learned", "static"]),
                "learned from a packet, or static: added by fdb/add",
            )
            .role(ColourRole::Kind),
        Column::new("age", |row: &MacRow<'t>| Cell::from(row.entry.age))
            .whole_or_null("the seconds since the address was last seen; null if it is static")
            .clock(),
    ]
}

/// Whether an entry is `learned` or `static`.
fn word(entry: &MacEntry) -> &'static str {
    match entry.age {
        Some(_) => "learned",
        None => "static",
    }
}

impl Command {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database or ovs-vswitchd does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self {
            Command::List(args) => args.run(cx).await,
            Command::Find { mac, bridge } => find::find(cx, mac, bridge.as_deref()).await,
        }
    }
}

impl ListArgs {
    async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let whole = match &self.port {
            Some(_) => Some(cx.topology(want(Scope::All)).await?),
            None => None,
        };
        let wanted = match (&self.port, &whole) {
            (Some(port), Some(whole)) => Some(port_of(whole, self.bridge.as_deref(), port)?),
            _ => None,
        };
        let of_port = wanted.map(|found| found.bridge.name.as_str());
        let bridge = self.bridge.as_deref().or(of_port);
        let (topology, vlan) = bridges(cx, bridge).await?;
        let client = cx.vswitchd().await?;
        let tables = MacTables::read(cx, &client, &topology).await?;
        if let (Some(name), [(_, Err(error))]) = (bridge, tables.0.as_slice())
            && matches!(error.kind, ErrorKind::Refused(_))
        {
            return Err(not_served(name));
        }
        let has_answer = tables.0.iter().any(|(_, table)| table.is_ok());
        let (mut rows, unknown) = tables.into_rows(cx);
        let exit = match unknown {
            Some(failure) if !has_answer => return Err(failure),
            Some(failure) => {
                cx.say(&failure);
                Some(failure.exit)
            }
            None => None,
        };
        rows.retain(|row| {
            let is_in = |vid: u16| row.entry.vlan == vid;
            vlan.is_none_or(|vid| i64::from(row.entry.vlan) == vid) && self.vlan.is_none_or(is_in)
        });
        if let Some(wanted) = wanted {
            rows.retain(|row| {
                row.at.is_some_and(|(port, interface)| {
                    let is_member = wanted
                        .interface
                        .is_none_or(|wanted| wanted.name == interface.name);
                    row.bridge == wanted.bridge.name && port.name == wanted.port.name && is_member
                })
            });
        }
        cx.print_list(&view, &rows, "MAC addresses")?;
        exit.map_or(Ok(()), |exit| Err(Failure::silent(exit)))
    }
}

/// The columns that rows need.
fn want(scope: Scope) -> Want {
    let columns = vec!["tag", "mac_in_use", "mac", "external_ids", "options"];
    Want::of(scope, Depth::Full).only(columns)
}

/// The port of this name or number, or a member of a bond. A number is one of `bridge`, or of the only bridge.
fn port_of<'t>(
    topology: &'t Topology,
    bridge: Option<&str>,
    text: &str,
) -> Result<Found<'t>, Failure> {
    let only = match topology.bridges.as_slice() {
        [only] => Some(only.name.as_str()),
        _ => None,
    };
    let found =
        find(topology, bridge.or(only), text).or_else(|error| match (&error, parse(text).port) {
            (ResolveError::Interface { interface, .. }, PortWord::Name(_)) => {
                let (of, ..) = topology.interface(interface).ok_or(error.clone())?;
                let of = bridge.unwrap_or(&of.name);
                find_of_switch(topology, of, &argument(interface))
            }
            _ => Err(error),
        });
    Ok(found?)
}

/// The bridges whose tables are asked for, with the columns that rows need; for a VLAN bridge its parent, and its VLAN.
async fn bridges(cx: &Context, name: Option<&str>) -> Result<(Topology, Option<i64>), Failure> {
    let Some(name) = name else {
        return Ok((cx.topology(want(Scope::All)).await?, None));
    };
    let topology = cx.topology(want(Scope::Bridge(name.to_owned()))).await?;
    let of_vlan = |bridge: &Bridge| Some((bridge.parent.clone()?, bridge.vlan?));
    match topology.bridges.first().and_then(of_vlan) {
        Some((parent, vid)) => {
            let parent = cx.topology(want(Scope::Bridge(parent))).await?;
            Ok((parent, Some(vid)))
        }
        None => Ok((topology, None)),
    }
}

/// The MAC learning tables of bridges, or why there is none: ovs-vswitchd refuses it, or it was not saved.
struct MacTables<'t>(Vec<(&'t Bridge, Result<MacTable, Error>)>);

impl<'t> MacTables<'t> {
    /// Reads the tables of these bridges.
    async fn read(
        cx: &Context,
        client: &Client,
        topology: &'t Topology,
    ) -> Result<MacTables<'t>, Failure> {
        let progress = cx.progress("the MAC addresses");
        client.prefer_json().await?;
        let mut tables = Vec::new();
        for bridge in &topology.bridges {
            progress.say(|| format!("the MAC addresses of {}", bridge.name));
            let table = match MacTable::read(client, &bridge.name).await {
                Err(error)
                    if !matches!(error.kind, ErrorKind::Refused(_) | ErrorKind::NotSaved(_)) =>
                {
                    return Err(error.into());
                }
                table => table,
            };
            tables.push((bridge, table));
        }
        Ok(MacTables(tables))
    }

    /// The entries, by bridge, VLAN and address, and a failure that names the tables that were not saved. What is not
    /// understood or was refused is remarked.
    fn into_rows(self, cx: &Context) -> (Vec<MacRow<'t>>, Option<Failure>) {
        let (mut rows, mut not_saved) = (Vec::new(), Vec::new());
        for (bridge, table) in self.0 {
            let mut table = match table {
                Ok(table) => table,
                Err(error) => {
                    let name = quoted(&bridge.name);
                    match error.kind {
                        ErrorKind::NotSaved(what) => not_saved.push(what),
                        ErrorKind::Refused(why) => {
                            cx.remark(&format!("the MAC addresses of {name} are not known: {why}"));
                        }
                        // Not in it.
                        _ => {}
                    }
                    continue;
                }
            };
            cx.remark_unknown(&bridge.name, &table.unknown);
            table
                .entries
                .sort_by(|a, b| (a.vlan, &a.mac).cmp(&(b.vlan, &b.mac)));
            let of_number = |number: u16| {
                let mut all = bridge.interfaces();
                let is_it = |i: &Interface| i.port_number() == Some(port_from_v10(number));
                all.find(|(_, interface)| is_it(interface))
            };
            rows.extend(table.entries.into_iter().map(|entry| MacRow {
                bridge: &bridge.name,
                at: of_number(entry.port),
                entry,
            }));
        }
        let unknown = (!not_saved.is_empty()).then(|| {
            Failure::not_saved(format!("unknown: {NOT_IN_REPORT}{}", not_saved.join(", ")))
        });
        (rows, unknown)
    }
}

fn not_served(bridge: &str) -> Failure {
    let message = format!(
        "bridge {} is in the database, but ovs-vswitchd does not serve it",
        quoted(bridge)
    );
    Failure::new(Exit::Unreachable, message).hint("`ovs check` says more")
}
