//! `ovs fdb find`: where a MAC address is.

use super::{MacRow, MacTables, bridges, ofport, word};
use crate::base::mac::mac;
use crate::commands::about::About;
use crate::commands::lines::{InterfaceRow, Picture};
use crate::commands::{Context, Exit, Failure};
use crate::model::{Interface, Topology};
use crate::output::{Cell, ColourRole, Column, Shape, headings};

pub(super) const ABOUT: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
Searches the MAC learning tables of all bridges, and the addresses in the database: mac_in_use, mac, and those \
that cloud software wrote into external_ids (attached-mac). found tells by which. The port with the device behind it is \
first, then tunnels, last the patch ports that lead to it from other bridges.

Exit code 3: the address is nowhere; 4: the database does not have it, and ovs-vswitchd could not be asked.")
    .examples("\
ovs fdb find fa:16:3e:75:d5:a4
ovs fdb find fa16.3e75.d5a4 br-int
ovs fdb find FA-16-3E-75-D5-A4 -g port");

/// A port behind which the address is, or to which it is configured.
struct Location<'t> {
    bridge: &'t str,
    /// Its row, if the database has it.
    line: Option<InterfaceRow<'t>>,
    ofport: Option<i64>,
    vlan: Option<u16>,
    age: Option<u64>,
    /// `learned` or `static`, and the columns of the database that have the address.
    found: Vec<String>,
}

/// A column of the interface's row.
macro_rules! of_line {
    ($column:expr) => {
        $column.of(|at: &Location<'t>| {
            at.line
                .as_ref()
                .map_or(Cell::Absent, |line| $column.value(line))
        })
    };
}

fn columns<'t>() -> Vec<Column<Location<'t>>> {
    vec![
        InterfaceRow::NAMED_BRIDGE
            .of(|at: &Location<'t>| Cell::text(at.bridge))
            .role(ColourRole::Name)
            .identity(),
        of_line!(InterfaceRow::PORT).shape(Shape::TEXT_OR_NULL),
        of_line!(InterfaceRow::INTERFACE).shape(Shape::TEXT_OR_NULL),
        InterfaceRow::OFPORT
            .of(|at: &Location<'t>| Cell::from(at.ofport))
            .identity(),
        of_line!(InterfaceRow::TYPE)
            .shape(Shape::TEXT_OR_NULL)
            .drop(2),
        of_line!(InterfaceRow::TAG),
        Column::new("vlan", |at: &Location<'t>| {
            Cell::from(at.vlan.map(i64::from))
        })
        .vid_or_null("the VLAN in which it was learned; 0: without a tag; null if it is configured only")
        .role(ColourRole::Number)
        .identity(),
        Column::new("found", |at: &Location<'t>| {
            Cell::texts(at.found.iter().map(String::as_str))
        })
        .texts("by what: learned or static in the MAC table; mac_in_use, mac, external_ids:KEY in the database"),
        Column::new("age", |at: &Location<'t>| Cell::from(at.age))
            .whole_or_null("the seconds since the address was last seen; null if it is static")
            .clock(),
        of_line!(InterfaceRow::PEER).drop(1),
        of_line!(InterfaceRow::PEER_BRIDGE).extra(),
    ]
}

pub(super) async fn find(cx: &Context, address: &str, bridge: Option<&str>) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let (topology, vlan) = bridges(cx, bridge).await?;
    let (learned, entries, not_read) = match learned(cx, &topology, address).await {
        Ok(learned) => learned,
        Err(failure) => (Vec::new(), 0, Some(failure)),
    };
    let picture = Picture::with_peers(cx, topology.clone(), true).await?;
    let mut found: Vec<Location<'_>> = Vec::new();
    let lines = picture.lines();
    for row in &learned {
        let is_in = |vid| i64::from(row.entry.vlan) == vid;
        if !vlan.is_none_or(is_in) {
            continue;
        }
        let interface = row.at.map(|(_, interface)| interface.name.as_str());
        let line = lines
            .iter()
            .find(|line| Some(line.interface.name.as_str()) == interface);
        found.push(Location {
            bridge: row.bridge,
            line: line.copied(),
            ofport: Some(ofport(&row.entry)),
            vlan: Some(row.entry.vlan),
            age: row.entry.age,
            found: vec![word(&row.entry).to_owned()],
        });
    }
    for line in &lines {
        let configured = configured(line.interface, address);
        if configured.is_empty() || vlan.is_some_and(|vid| line.port.tag != Some(vid)) {
            continue;
        }
        let is_it = |at: &&mut Location<'_>| {
            at.line
                .is_some_and(|other| other.interface.name == line.interface.name)
        };
        let mut known = found.iter_mut().filter(is_it).peekable();
        if known.peek().is_none() {
            drop(known);
            found.push(Location {
                bridge: &line.bridge.name,
                line: Some(*line),
                ofport: line.ofport(),
                vlan: None,
                age: None,
                found: configured,
            });
            continue;
        }
        known.for_each(|at| at.found.extend(configured.clone()));
    }
    found.sort_by_key(rank);
    match not_read {
        Some(failure) if found.is_empty() => return Err(failure),
        Some(failure) => cx.say(&failure),
        None if found.is_empty() => return Err(nowhere(address, bridge, &topology, entries)),
        None => {}
    }
    cx.print_list(&view, &found, "ports")
}

/// The entries of all tables for this address, how many there are for all addresses, and which tables were not saved.
async fn learned<'t>(
    cx: &Context,
    topology: &'t Topology,
    address: &str,
) -> Result<(Vec<MacRow<'t>>, usize, Option<Failure>), Failure> {
    let client = cx.vswitchd().await?;
    let tables = MacTables::read(cx, &client, topology).await?;
    let (mut rows, unknown) = tables.into_rows(cx);
    let all = rows.len();
    rows.retain(|row| row.entry.mac == address);
    Ok((rows, all, unknown))
}

/// The columns of an interface that have this address.
fn configured(interface: &Interface, address: &str) -> Vec<String> {
    let is_it = |value: &str| mac(value).as_deref() == Some(address);
    let mut found = Vec::new();
    for (name, value) in [
        ("mac_in_use", &interface.mac_in_use),
        ("mac", &interface.mac),
    ] {
        if value.as_deref().is_some_and(is_it) {
            found.push(name.to_owned());
        }
    }
    let ids = interface.external_ids.iter();
    let ids = ids.filter(|(_, value)| is_it(value));
    found.extend(ids.map(|(key, _)| format!("external_ids:{key}")));
    found
}

/// The port with the device behind it first: the one that cloud software gave the address to, then other ports than
/// tunnels and patch ports.
fn rank(at: &Location<'_>) -> u8 {
    let is_given = at
        .found
        .iter()
        .any(|found| found.starts_with("external_ids:"));
    let Some(line) = &at.line else { return 2 };
    match line.interface.kind() {
        _ if is_given => 0,
        "patch" => 4,
        _ if line.interface.options.contains_key("remote_ip") => 3,
        _ => 1,
    }
}

/// The failure that the address is nowhere, with what was searched.
fn nowhere(address: &str, bridge: Option<&str>, topology: &Topology, entries: usize) -> Failure {
    let interfaces = topology.interfaces().count();
    let place = match (bridge, topology.bridges.len()) {
        (Some(bridge), _) => crate::commands::quoted(bridge),
        (None, 1) => "1 bridge".to_owned(),
        (None, several) => format!("{several} bridges"),
    };
    let count = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    };
    let entries = count(entries, "entry", "entries");
    let interfaces = count(interfaces, "interface", "interfaces");
    Failure::new(
        Exit::NotFound,
        format!(
            "{address} is neither learned nor configured: searched the MAC tables of {place} ({entries}) and the addresses \
             of {interfaces}"
        ),
    )
    .hint("an address is learned from a packet that an action NORMAL handles; flows with learn() keep theirs in a table: `ovs dump-flows`")
}
