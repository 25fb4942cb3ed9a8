//! `ovs path`: the path from a port to the wire, and to the guest behind it.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use super::flow_reading::{COLUMNS, rules_of};
use super::host::HostArgs;
use super::lines::InterfaceRow;
use super::trace::{self, PacketArgs, mac};
use super::{Context, Exit, Failure, quoted};
use crate::base::shell::word;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::devices::Devices;
use crate::model::path::{Leg, host_legs, unknown_way, ways};
use crate::model::resolve::{Found, ResolveError, argument, find};
use crate::model::segment::{Network, TagState, is_of_guest, port_lines, tag_lines};
use crate::model::trace::outputs::VlanTag;
use crate::model::{Depth, Scope, Topology, Want};
use crate::output::{Cell, ColourRole, Column, Shape, headings};

// Arguments of `path`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// The port: its name, or BRIDGE/PORT, or BRIDGE/NUMBER; or a device of the host behind it: a tap, the
    /// end of a veth pair, a Linux bridge
    #[arg(takes = Value::PORT)]
    port: String,

    /// Ask the switch, too, for a packet to --to: where it comes out, and which of the ways that confirms
    #[arg(long, requires = "to")]
    trace: bool,

    /// With --trace: the destination
    #[arg(long, requires = "trace", takes = Value::free("IP"))]
    to: Option<IpAddr>,

    /// With --trace: the destination's MAC address, if it is not a port of this host
    #[arg(long, requires = "trace", takes = Value::free("MAC"), value_parser = mac)]
    to_mac: Option<[u8; 6]>,

    /// With --trace: the source's MAC address, if it is not known
    #[arg(long, requires = "trace", takes = Value::free("MAC"), value_parser = mac)]
    from_mac: Option<[u8; 6]>,

    #[command(flatten)]
    host: HostArgs,
}

const ABOUT: About = About::reads()
    .list(|| headings(&columns()))
    .remarks("\
One line per leg. First what is behind the port on its host, the farthest first; then the port on its \
bridge; then its tag's way through patches to the wire or tunnel, as the flows have it. A tag that \
leads to several segments has several ways. A port without a tag of its own (a wire, a tunnel, a patch \
port) shows the ways of the tags that pass it.

kind: tap, veth, member (a port of a Linux bridge), netns (a network namespace), device; unseen (what \
could not be seen, and why); port, tag; patch; wire, tunnel; end; trace (a result of --trace, as of ovs trace)
vlan: the VLAN on that leg; key: the tunnel's key (the VNI)
state: of a patch ok or broken-patch; where it leaves, that of `ovs tag map`

The way is static: what flows may do with any packet of the tag, not what they do with one. Network \
namespaces are looked into where they have a name and the user has the rights.

A device of the host that is no port leads to the port in front of it, over veth pairs and Linux \
bridges; where several are in front of it, they are named, and one of them is to be given.")
    .examples("\
ovs path qvobeeb2c54-aa
ovs path br-int/20
ovs path tapbeeb2c54-aa
ovs path qvobeeb2c54-aa --trace --to 66.0.0.1 --to-mac fa:16:3e:00:00:01
ovs path ens37 --json | jq '.[] | select(.kind == \"tag\") | .vlan'");

fn columns() -> Vec<Column<Leg>> {
    vec![
        Column::new("way", |leg: &Leg| {
            leg.way
                .map_or(Cell::Absent, |way| Cell::Integer(way as i128))
        })
        .whole_or_null("the number of the way, where there are several")
        .drop(3),
        Column::new("kind", |leg: &Leg| Cell::text(leg.kind))
            .is(
                Shape::Pattern("^[a-z_-]+$"),
                "of which kind the line is; the command's page lists them",
            )
            .role(ColourRole::Kind),
        Column::new("from", |leg: &Leg| Cell::from(leg.from.as_deref()))
            .text_or_null("where the leg begins")
            .role(ColourRole::Name),
        Column::new("to", |leg: &Leg| Cell::from(leg.to.as_deref()))
            .text_or_null("where the leg ends")
            .role(ColourRole::Name),
        Column::new("at", |leg: &Leg| Cell::from(leg.at.as_deref()))
            .text_or_null("the port or bridge at which the leg ends or stops")
            .drop(4),
        Column::new("vlan", |leg: &Leg| Cell::from(leg.vlan))
            .vid_or_null("the VLAN tag that packets bear there")
            .role(ColourRole::Number),
        Column::new("key", |leg: &Leg| Cell::from(leg.key))
            .whole_or_null("the tunnel key on the wire")
            .role(ColourRole::Number),
        InterfaceRow::REMOTE_IP
            .of(|leg: &Leg| Cell::from(leg.remote_ip.as_deref()))
            .drop(2),
        InterfaceRow::STATE
            .of(|leg: &Leg| Cell::from(leg.state))
            .is(
                Shape::OrNull(&Shape::Words(TagState::WORDS)),
                InterfaceRow::WORKS,
            )
            .reads(&[]),
        Column::new("note", |leg: &Leg| Cell::text(&leg.note))
            .text("what else is to be said, in words")
            .wrap()
            .drop(1),
    ]
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let want = Want::of(Scope::All, Depth::Full)
            .only(COLUMNS.to_vec())
            .with_health();
        cx.needs_links()?;
        cx.format
            .not_saved
            .print(&["Mirror._uuid", "Open_vSwitch.other_config"]);
        let topology = cx.topology(want).await?;
        let devices = self.host.devices(cx, &topology).await?;
        let (found, is_behind) = match find(&topology, None, &self.port) {
            Ok(found) => (found, false),
            Err(error @ ResolveError::Interface { .. }) => return Err(error.into()),
            Err(error) => match port_before(&topology, &devices, &self.port)? {
                Some(found) => (found, true),
                None => return Err(error.into()),
            },
        };
        let is_own = is_of_guest(found.bridge, found.port);
        let home = is_own.then_some(found.bridge.name.as_str());
        let network = Network::new(&topology, home);
        let mut legs = host_legs(found.port, &devices);
        let is_told = |leg: &Leg| [&leg.from, &leg.to].contains(&&Some(self.port.clone()));
        if is_behind && !legs.iter().any(is_told) {
            let (device, port) = (&self.port, &found.port.name);
            cx.remark(&format!("{device} is behind {port}"));
        }
        let flows = if network.bridges_that_matter().is_empty() {
            Ok(BTreeMap::new())
        } else {
            rules_of(cx, &network).await
        };
        let flows = match flows {
            Ok(flows) => flows,
            // The devices behind the port are known nevertheless.
            Err(failure) => {
                legs.extend(unknown_way(&found));
                cx.print_list(&view, &legs, "legs")?;
                return Err(failure);
            }
        };
        let lines = if is_own {
            port_lines(&network, flows, found.port)
        } else {
            tag_lines(&network, flows)
        };
        legs.extend(ways(&topology, &found, is_own, &lines));
        if let Some(to) = self.to {
            legs.extend(self.traced(cx, &found, to, &legs).await?);
        }
        cx.print_list(&view, &legs, "legs")
    }
}

impl Args {
    /// A leg for each result of a trace, with the way that it confirms.
    async fn traced(
        &self,
        cx: &Context,
        found: &Found<'_>,
        to: IpAddr,
        legs: &[Leg],
    ) -> Result<Vec<Leg>, Failure> {
        let packet = PacketArgs::to(to, self.to_mac, self.from_mac);
        let port = argument(&found.port.name);
        let (results, headline) = trace::results(cx, &port, &packet, &self.host).await?;
        let out = results.iter().filter(|result| result.kind.comes_out());
        let mut traced: Vec<Leg> = out
            .map(|result| {
                let vlan = match result.vlans.first() {
                    Some(VlanTag::Vlan(vid)) => Some(i64::from(*vid)),
                    _ => None,
                };
                let mut leg = Leg {
                    kind: "trace",
                    from: Some(found.port.name.clone()),
                    to: result.port.clone(),
                    at: result.bridge.clone(),
                    vlan,
                    key: result.key,
                    remote_ip: result.remote_ip.clone(),
                    ..Leg::default()
                };
                let is_its_end = |end: &&Leg| {
                    matches!(end.kind, "wire" | "tunnel")
                        && (&end.to, end.vlan, end.key) == (&leg.to, leg.vlan, leg.key)
                };
                let way = legs.iter().find(is_its_end).map(|end| end.way);
                leg.way = way.flatten();
                leg.note = match way {
                    Some(Some(way)) => format!("confirms way {way}"),
                    Some(None) => "confirms the way".to_owned(),
                    None => result.text(),
                };
                leg
            })
            .collect();
        if traced.is_empty() {
            let at = results.iter().find_map(|result| result.bridge.clone());
            traced.push(Leg {
                kind: "trace",
                from: Some(found.port.name.clone()),
                at,
                note: headline,
                ..Leg::default()
            });
        } else {
            let rest = results.iter().filter(|result| !result.kind.comes_out());
            traced.extend(rest.map(|result| Leg {
                kind: "trace",
                from: Some(found.port.name.clone()),
                at: result.bridge.clone(),
                note: result.text(),
                ..Leg::default()
            }));
        }
        Ok(traced)
    }
}

/// The port in front of a device of the host; `None` if there is no such device.
fn port_before<'t>(
    topology: &'t Topology,
    devices: &Devices,
    name: &str,
) -> Result<Option<Found<'t>>, Failure> {
    let interfaces = topology.interfaces().map(|(bridge, port, interface)| {
        let found = Found {
            bridge,
            port,
            interface: Some(interface),
            number: interface.port_number(),
        };
        (interface.name.as_str(), found)
    });
    let interfaces: HashMap<&str, Found<'t>> = interfaces.collect();
    let Some(ports) = devices.ports_before(name, |name| interfaces.contains_key(name)) else {
        return Ok(None);
    };
    let found: Vec<&Found<'t>> = ports
        .iter()
        .filter_map(|name| interfaces.get(name))
        .collect();
    match found.as_slice() {
        [only] => Ok(Some(**only)),
        [] => Err(Failure::new(
            Exit::NotFound,
            format!("device {} is joined to no port of the switch", quoted(name)),
        )
        .hint("`ovs port list` lists the ports")),
        [first, ..] => {
            let places: Vec<String> = ports
                .iter()
                .zip(&found)
                .map(|(name, found)| format!("{} on {}", quoted(name), quoted(&found.bridge.name)))
                .collect();
            let message = format!(
                "device {} is behind several ports: {}",
                quoted(name),
                places.join(", ")
            );
            let first = argument(&first.port.name);
            Err(Failure::new(Exit::Usage, message)
                .hint(format!("name one of them: `ovs path {}`", word(&first))))
        }
    }
}
