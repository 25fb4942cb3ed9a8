//! The operator's view of a switch, built from one snapshot of the database. No I/O, no clap, no colour.
//!
//! | module | contents |
//! |---|---|
//! | [`topology`] | the switch as a tree: bridges, ports, interfaces, connections |
//! | [`want`] | what is read: of which bridges and ports, and how much of each |
//! | [`reading`] | which rows to select, and the tree from the answers |
//! | [`services`] | mirrors, `QoS` with its queues, what reports flows |
//! | [`names`] | port names and OpenFlow numbers of one bridge |
//! | [`resolve`] | ports as the user names them, with suggestions |
//! | [`vlan`] | what a port does with VLAN tags; which ports bear which tag |
//! | [`keys`] | the documented keys of `options`, `other_config` and the other maps |
//! | [`controller`] | which targets of controllers ovs-vswitchd uses |
//! | [`owned`] | the columns that the daemons own and write back |
//! | [`vlan_bridge`] | bridges that are a VLAN of another |
//! | [`patch`] | pairs of patch ports, and what is wrong with them |
//! | [`port_state`] | whether packets pass an interface: link, BFD, CFM, LACP |
//! | [`tunnel`] | tunnels: where they lead, with which key |
//! | `budget` | limits the work of a search |
//! | `liveness` | which groups are live |
//! | [`drops`] | whether the actions of a flow can send a packet |
//! | [`segment`] | what a tag is on the wire: the segment that flows translate it to |
//! | [`host`] | addresses, routes and devices of the host that a switch runs on |
//! | [`hosts`] | lists of hosts, as the command line and files name them |
//! | [`devices`] | the host's network devices, and how they are joined to each other |
//! | [`difference`] | in what the configuration of two hosts differs |
//! | [`check`] | the faults of a switch, with hints |
//! | [`trace`] | what the switch says that it does with a packet, as a tree and as results |
//! | [`path`] | the way from a port to the wire, and to the guest behind it |
//! | [`graph`] | bridges, hosts and the links between them; similar ports folded |

mod assembly;
mod budget;
pub mod check;
pub mod controller;
pub mod devices;
pub mod difference;
pub mod drops;
pub mod graph;
pub mod host;
pub mod hosts;
pub mod keys;
mod liveness;
pub mod names;
pub mod owned;
pub mod patch;
pub mod path;
pub mod port_state;
pub mod reading;
pub mod resolve;
pub mod segment;
pub mod services;
pub mod topology;
pub mod trace;
pub mod tunnel;
pub mod vlan;
pub mod vlan_bridge;
pub mod want;

pub use assembly::port;
pub use names::PortNames;
pub use reading::{Reading, select_port};
pub use topology::{Bridge, Connection, GUEST_KEYS, Interface, OpenVSwitch, Port, Topology};
pub use want::{Depth, Extra, Scope, Want};
