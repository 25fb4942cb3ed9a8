//! The rows of `show` and of the lists: one per interface.

use std::collections::{BTreeMap, HashMap};

use super::{Context, Failure};
use crate::base::secret::masked;
use crate::model::port_state::{Bfd, Cfm, PortState};
use crate::model::{Bridge, Depth, Interface, Port, Scope, Topology, Want};
use crate::output::{Cell, ColourRole, Column, Shape};
use crate::ovsdb::{Error, Function, Select};

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
        Self::with_peers(cx, shown, peers).await
    }

    /// Like [`Picture::read`], but empty if there is no such bridge or port.
    pub(super) async fn read_if(cx: &Context, want: Want, peers: bool) -> Result<Picture, Failure> {
        let shown = cx.read(want).await?;
        Self::with_peers(cx, shown, peers).await
    }

    /// The same of what was read already.
    pub(super) async fn with_peers(
        cx: &Context,
        shown: Topology,
        peers: bool,
    ) -> Result<Picture, Failure> {
        let mut elsewhere = Vec::new();
        if peers {
            let mut missing: Vec<&str> = shown
                .interfaces()
                .filter_map(|(_, _, interface)| interface.peer())
                .filter(|peer| shown.interface(peer).is_none())
                .collect();
            missing.sort_unstable();
            missing.dedup();
            let want = |scope| Want::of(scope, Depth::Ports).only(vec!["options"]);
            if missing.len() > WORTH_ASKING_FOR {
                elsewhere.push(cx.read(want(Scope::All)).await?);
                missing.clear();
            }
            let mut other_names = Vec::new();
            for peer in missing {
                let found = cx.read(want(Scope::Port(peer.to_owned()))).await?;
                // A peer is an interface, whatever the name of its port.
                if found.interface(peer).is_none() {
                    other_names.push(Select::columns("Interface", &["_uuid"]).when(
                        "name",
                        Function::Equal,
                        peer,
                    ));
                } else {
                    elsewhere.push(found);
                }
            }
            for port in ports_of(cx, other_names).await? {
                elsewhere.push(cx.read(want(Scope::Port(port))).await?);
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
            Cell::text(line.port.bridge_in(line.bridge))
        })
        .text("the bridge's name")
        .reads(&["tag"]);

    /// The same where the bridge is named by itself, not found by a port, which may be one of a VLAN bridge.
    pub(super) const NAMED_BRIDGE: InterfaceColumn<'t> = Self::BRIDGE.reads(&[]);

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

    /// The interface's name where the list is of OpenFlow ports.
    pub(super) const OPENFLOW_NAME: InterfaceColumn<'t> =
        Column::new("interface", |line: &InterfaceRow<'t>| {
            Cell::text(&line.interface.name)
        })
        .text("the interface's name, which is the name in OpenFlow")
        .role(ColourRole::Name)
        .identity()
        .reads(&[]);

    /// [`InterfaceRow::PORT`] beside [`InterfaceRow::OPENFLOW_NAME`].
    pub(super) const ITS_PORT: InterfaceColumn<'t> =
        Column::new("port", |line: &InterfaceRow<'t>| {
            Cell::text(&line.port.name)
        })
        .text("the port's name")
        .role(ColourRole::Name)
        .echoes("interface")
        .reads(&[]);

    pub(super) const OFPORT: InterfaceColumn<'t> =
        Column::new("ofport", |line: &InterfaceRow<'t>| {
            Cell::from(line.ofport())
        })
        .is(Shape::OFPORT_OR_NULL, "the OpenFlow port number")
        .role(ColourRole::Number)
        .reads(&["ofport"]);

    pub(super) const TYPE: InterfaceColumn<'t> = Column::new("type", |line: &InterfaceRow<'t>| {
        Cell::text(line.interface.kind())
    })
    .text("the type of the interface: system, internal, patch, vxlan, ...")
    .role(ColourRole::Kind)
    .reads(&["type"]);

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

    pub(super) const OFPORT_REQUEST: InterfaceColumn<'t> =
        Column::new("ofport_request", |line: &InterfaceRow<'t>| {
            Cell::from(line.interface.ofport_request)
        })
        .is(
            Shape::OFPORT_OR_NULL,
            "the OpenFlow port number that was asked for",
        )
        .role(ColourRole::Number)
        .reads(&["ofport_request"]);

    pub(super) const MAC_REQUEST: InterfaceColumn<'t> =
        Column::new("mac_request", |line: &InterfaceRow<'t>| {
            Cell::from(line.interface.mac.as_deref())
        })
        .text_or_null("the Ethernet address that was asked for (column mac of the database)")
        .role(ColourRole::Address)
        .reads(&["mac"]);

    pub(super) const MTU_REQUEST: InterfaceColumn<'t> =
        Column::new("mtu_request", |line: &InterfaceRow<'t>| {
            Cell::from(line.interface.mtu_request)
        })
        .whole_or_null("the MTU in bytes that was asked for")
        .reads(&["mtu_request"]);

    pub(super) const POLICING: InterfaceColumn<'t> =
        Column::new("ingress_policing", |line: &InterfaceRow<'t>| {
            let policing = line.interface.policing.iter();
            let pairs = policing.map(|(key, value)| ((*key).to_owned(), Cell::from(*value)));
            Cell::Map(pairs.collect())
        })
        .is(
            Shape::Map(&Shape::Whole),
            "limits of what the port receives: rate in kbit/s, burst in kbit, kpkts_rate in 1000 packets per \
             second, kpkts_burst in 1000 packets",
        )
        .reads(&[
            "ingress_policing_rate",
            "ingress_policing_burst",
            "ingress_policing_kpkts_rate",
            "ingress_policing_kpkts_burst",
        ]);

    pub(super) const INTERFACE_CONFIG: InterfaceColumn<'t> =
        Column::new("interface_other_config", |line: &InterfaceRow<'t>| {
            map(&line.interface.other_config)
        })
        .text_map("other_config of the interface, not of its port")
        .reads(&["other_config"]);

    pub(super) const BFD_SETTINGS: InterfaceColumn<'t> =
        Column::new("bfd_settings", |line: &InterfaceRow<'t>| {
            map(&line.interface.bfd)
        })
        .text_map("settings of BFD, by key")
        .reads(&["bfd"]);

    pub(super) const CFM_MPID: InterfaceColumn<'t> =
        Column::new("cfm_mpid", |line: &InterfaceRow<'t>| {
            Cell::from(line.interface.cfm_mpid)
        })
        .whole_or_null("the maintenance point of CFM; without one CFM is off")
        .reads(&["cfm_mpid"]);

    pub(super) const LLDP: InterfaceColumn<'t> =
        Column::new("lldp", |line: &InterfaceRow<'t>| map(&line.interface.lldp))
            .text_map("settings of LLDP, by key")
            .reads(&["lldp"]);

    pub(super) const STATUS: InterfaceColumn<'t> =
        Column::new("status", |line: &InterfaceRow<'t>| {
            map(&line.interface.status)
        })
        .is(
            Shape::OrNull(&Shape::TEXT_MAP),
            "the status reported by the device, by key",
        )
        .reads(&["status"]);

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

    /// The meaning of the column `state` where it is not that of a port.
    pub(super) const WORKS: &'static str = "whether it works: ok, or what is wrong";

    pub(super) const STATE: InterfaceColumn<'t> =
        Column::new("state", |line: &InterfaceRow<'t>| {
            state(PortState::of(line.port, line.interface))
        })
        .is(
            Shape::OrNull(&Shape::Words(&PortState::WORDS)),
            "up, down, error, or not-live: the link is up, but BFD, CFM or LACP keeps it from being used",
        )
        .in_general(Self::WORKS)
        .role(ColourRole::State)
        .reads(&PortState::READS);

    pub(super) const BFD: InterfaceColumn<'t> = Column::new("bfd", |line: &InterfaceRow<'t>| {
        Cell::from(Bfd::of(line.interface).map(|bfd| bfd.to_string()))
    })
    .text_or_null("the state of the BFD session, with its diagnostics; null without BFD")
    .role(ColourRole::State)
    .reads(&["bfd_status"]);

    pub(super) const CFM: InterfaceColumn<'t> = Column::new("cfm", |line: &InterfaceRow<'t>| {
        Cell::from(Cfm::of(line.interface).map(|cfm| cfm.to_string()))
    })
    .text_or_null("the state of CFM: ok, or its faults; null without CFM")
    .role(ColourRole::State)
    .reads(&["cfm_fault", "cfm_fault_status", "cfm_remote_opstate"]);

    pub(super) const LACP_CURRENT: InterfaceColumn<'t> =
        Column::new("lacp_current", |line: &InterfaceRow<'t>| {
            line.interface.lacp_current.map_or(Cell::Absent, Cell::Bool)
        })
        .truth_or_null("whether what the LACP partner said is current; null without LACP")
        .role(ColourRole::State)
        .reads(&["lacp_current"]);

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

/// The state of an interface or a port in one word.
pub(super) fn state(state: Option<PortState>) -> Cell {
    Cell::from(state.map(PortState::word))
}

/// A map of strings, secrets masked.
pub(super) fn map(map: &BTreeMap<String, String>) -> Cell {
    Cell::text_map(
        map.iter()
            .map(|(key, value)| (key.as_str(), masked(key, value))),
    )
}

/// The distinct names of the ports of the interfaces whose `_uuid` is selected.
pub(super) async fn ports_of(
    cx: &Context,
    interfaces: Vec<Select>,
) -> Result<Vec<String>, Failure> {
    let mut ports = Vec::new();
    for row in cx.database.select(interfaces).await?.concat() {
        let uuid = row.uuid("_uuid").map_err(Error::from)?;
        ports.push(Select::columns("Port", &["name"]).when("interfaces", Function::Includes, uuid));
    }
    let rows = cx.database.select(ports).await?.concat();
    let names = rows.iter().map(|row| row.string("name").map(str::to_owned));
    let mut names: Vec<String> = names.collect::<Result<_, _>>().map_err(Error::from)?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
