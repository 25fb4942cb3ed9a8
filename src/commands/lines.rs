//! The rows of `show` and of the lists: one per interface.

use std::collections::{BTreeMap, HashMap};

use super::{Context, Failure};
use crate::model::{Bridge, Depth, Interface, Port, Scope, Topology, Want};
use crate::output::{Cell, ColourRole, Column, Shape};

/// With more peers than this on other bridges, reading all bridges is cheaper.
const WORTH_ASKING_FOR: usize = 16;

/// The requested objects, and the peers of their patch ports.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) shown: Topology,
    elsewhere: Vec<Topology>,
}

impl Picture {
    /// Reads what `want` names; with `peers` also the peers of its patch ports on other bridges.
    pub(super) async fn read(cx: &Context, want: Want, peers: bool) -> Result<Picture, Failure> {
        let shown = cx.topology(want).await?;
        let mut elsewhere = Vec::new();
        if peers {
            let mut missing: Vec<&str> = shown
                .interfaces()
                .filter_map(|(_, _, interface)| interface.peer())
                .filter(|peer| shown.port(peer).is_none())
                .collect();
            missing.sort_unstable();
            missing.dedup();
            let scopes = if missing.len() > WORTH_ASKING_FOR {
                vec![Scope::All]
            } else {
                let port = |peer: &&str| Scope::Port((*peer).to_owned());
                missing.iter().map(port).collect()
            };
            for scope in scopes {
                let want = Want::of(scope, Depth::Ports).only(vec!["options"]);
                elsewhere.push(cx.read(want).await?);
            }
        }
        Ok(Picture { shown, elsewhere })
    }

    /// A row per interface: by bridge, then by OpenFlow number, those without one last.
    pub(super) fn lines(&self) -> Vec<InterfaceRow<'_>> {
        let far_ends: HashMap<&str, (&Bridge, &Interface)> = self
            .elsewhere
            .iter()
            .chain([&self.shown])
            .flat_map(Topology::interfaces)
            .filter(|(_, _, interface)| interface.peer().is_some())
            .map(|(bridge, _, interface)| (interface.name.as_str(), (bridge, interface)))
            .collect();
        let mut lines: Vec<InterfaceRow<'_>> = Vec::new();
        for bridge in &self.shown.bridges {
            let start = lines.len();
            lines.extend(bridge.interfaces().map(|(port, interface)| {
                InterfaceRow {
                    bridge,
                    port,
                    interface,
                    far_end: interface
                        .peer()
                        .and_then(|peer| far_ends.get(peer).copied()),
                }
            }));
            if let Some(of_bridge) = lines.get_mut(start..) {
                // Stable: rows with equal or no numbers stay in the order of names.
                of_bridge.sort_by_key(|line| line.interface.port_number().unwrap_or(u32::MAX));
            }
        }
        lines
    }
}

/// An interface with its port and bridge. An ordinary port has one row; a bond has one for each interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct InterfaceRow<'t> {
    pub(super) bridge: &'t Bridge,
    pub(super) port: &'t Port,
    pub(super) interface: &'t Interface,
    /// The bridge and interface of a patch port's peer, if it exists.
    pub(super) far_end: Option<(&'t Bridge, &'t Interface)>,
}

impl InterfaceRow<'_> {
    /// The number in the database; `None` if ovs-vswitchd has assigned none.
    pub(super) fn ofport(&self) -> Option<i64> {
        self.interface.ofport.filter(|number| *number >= 0)
    }
}

type InterfaceColumn<'t> = Column<InterfaceRow<'t>>;

/// The columns that several commands share.
impl<'t> InterfaceRow<'t> {
    pub(super) const BRIDGE: InterfaceColumn<'t> =
        Column::new("bridge", |line: &InterfaceRow<'t>| {
            Cell::text(&line.bridge.name)
        })
        .text("the bridge's name")
        .reads(&[]);

    pub(super) const PORT: InterfaceColumn<'t> = Column::new("port", |line: &InterfaceRow<'t>| {
        Cell::text(&line.port.name)
    })
    .text("the port's name")
    .role(ColourRole::Name)
    .identity()
    .reads(&[]);

    pub(super) const INTERFACE: InterfaceColumn<'t> =
        Column::new("interface", |line: &InterfaceRow<'t>| {
            Cell::text(&line.interface.name)
        })
        .text("the interface's name; a bond has several")
        .role(ColourRole::Name)
        .echoes("port")
        .identity()
        .reads(&[]);

    pub(super) const OFPORT: InterfaceColumn<'t> =
        Column::new("ofport", |line: &InterfaceRow<'t>| {
            Cell::from(line.ofport())
        })
        .is(Shape::OFPORT_OR_NULL, "the OpenFlow port number")
        .role(ColourRole::Number)
        .reads(&[]);

    pub(super) const TYPE: InterfaceColumn<'t> = Column::new("type", |line: &InterfaceRow<'t>| {
        Cell::text(line.interface.kind())
    })
    .text("the type of the interface: system, internal, patch, vxlan, ...")
    .role(ColourRole::Kind)
    .reads(&[]);

    pub(super) const TAG: InterfaceColumn<'t> =
        Column::new("tag", |line: &InterfaceRow<'t>| Cell::from(line.port.tag))
            .vid_or_null("the VLAN of an access port; the native VLAN of a trunk")
            .role(ColourRole::Number)
            .reads(&["tag"]);

    pub(super) const TRUNKS: InterfaceColumn<'t> =
        Column::new("trunks", |line: &InterfaceRow<'t>| {
            Cell::Integers(line.port.trunks.clone())
        })
        .is(
            Shape::List(&Shape::VID),
            "the VLANs that a trunk carries; empty: all",
        )
        .role(ColourRole::Number)
        .reads(&["trunks"]);

    pub(super) const MAC: InterfaceColumn<'t> = Column::new("mac", |line: &InterfaceRow<'t>| {
        Cell::from(line.interface.mac_in_use.as_deref())
    })
    .text_or_null("the Ethernet address in use")
    .role(ColourRole::Address)
    .reads(&["mac_in_use"]);

    pub(super) const MTU: InterfaceColumn<'t> = Column::new("mtu", |line: &InterfaceRow<'t>| {
        Cell::from(line.interface.mtu)
    })
    .whole_or_null("the MTU in bytes")
    .reads(&["mtu"]);

    pub(super) const ADMIN_STATE: InterfaceColumn<'t> =
        Column::new("admin_state", |line: &InterfaceRow<'t>| {
            Cell::from(line.interface.admin_state.as_deref())
        })
        .is(
            Shape::OrNull(&Shape::Words(&["up", "down"])),
            "whether the device is set up: up, down",
        )
        .role(ColourRole::State)
        .reads(&["admin_state"]);

    pub(super) const LINK_STATE: InterfaceColumn<'t> =
        Column::new("link_state", |line: &InterfaceRow<'t>| {
            Cell::from(line.interface.link_state.as_deref())
        })
        .is(
            Shape::OrNull(&Shape::Words(&["up", "down"])),
            "whether the link is up: up, down",
        )
        .role(ColourRole::State)
        .reads(&["link_state"]);

    pub(super) const ERROR: InterfaceColumn<'t> =
        Column::new("error", |line: &InterfaceRow<'t>| {
            Cell::from(line.interface.error.as_deref())
        })
        .text_or_null("the error of the switch")
        .role(ColourRole::Error)
        .wrap()
        .reads(&["error"]);

    pub(super) const PEER: InterfaceColumn<'t> = Column::new("peer", |line: &InterfaceRow<'t>| {
        Cell::from(line.interface.peer())
    })
    .text_or_null("of a patch port: the name of its far end")
    .role(ColourRole::Name)
    .reads(&["options"]);

    pub(super) const PEER_BRIDGE: InterfaceColumn<'t> =
        Column::new("peer_bridge", |line: &InterfaceRow<'t>| {
            Cell::from(line.far_end.map(|(bridge, _)| bridge.name.as_str()))
        })
        .text_or_null("the bridge on which the far end is")
        .reads(&["options"]);

    pub(super) const PEER_OFPORT: InterfaceColumn<'t> =
        Column::new("peer_ofport", |line: &InterfaceRow<'t>| {
            Cell::from(
                line.far_end
                    .and_then(|(_, interface)| interface.port_number()),
            )
        })
        .is(
            Shape::OFPORT_OR_NULL,
            "the OpenFlow port number of the far end",
        )
        .role(ColourRole::Number)
        .reads(&["options"]);

    pub(super) const OPTIONS: InterfaceColumn<'t> =
        Column::new("options", |line: &InterfaceRow<'t>| {
            map(&line.interface.options)
        })
        .text_map("options of the interface's type")
        .reads(&["options"]);

    pub(super) const EXTERNAL_IDS: InterfaceColumn<'t> =
        Column::new("external_ids", |line: &InterfaceRow<'t>| {
            map(&line.interface.external_ids)
        })
        .text_map("keys and values that others, such as Neutron, have left")
        .reads(&["external_ids"]);
}

/// A map of strings.
pub(super) fn map(map: &BTreeMap<String, String>) -> Cell {
    Cell::text_map(
        map.iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    )
}
