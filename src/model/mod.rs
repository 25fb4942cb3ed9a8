//! What operators think in, built from one snapshot of the database. No I/O of its own, no clap, no
//! colour.
//!
//! | room | what is in it |
//! |---|---|
//! | [`topology`] | the switch as a tree: bridges, ports, interfaces, connections |
//! | [`want`] | what is read: of which bridges and ports, and how much of each |
//! | [`reading`] | which rows to ask for, and when the answers are all |
//! | [`names`] | port names and OpenFlow numbers of one bridge |
//! | [`resolve`] | a port as the user names it, and what was meant instead |
//! | [`vlan`] | what a port does with VLAN tags; which ports bear which tag |
//! | [`keys`] | the documented keys of `options`, `other_config` and the other maps |
//! | [`vlan_bridge`] | bridges that are a VLAN of another |
//! | [`patch`] | pairs of patch ports, and what is wrong with them |
//! | [`tunnel`] | tunnels: where they lead, with which key |
//! | [`drops`] | whether anything can come of the actions of a flow |
//! | [`segment`] | what a tag is on the wire: the segment that flows translate it to |
//! | [`host`] | addresses, routes and devices of the host that a switch runs on |
//! | [`devices`] | the host's network devices, and how they are joined to each other |
//! | [`check`] | what is wrong with a switch, and what to do about it |
//! | [`path`] | the way from a port to the wire, and to the guest behind it |
//! | [`graph`] | bridges, hosts and what joins them; what is alike folded |

mod assembly;
pub mod check;
pub mod devices;
pub mod drops;
pub mod graph;
pub mod host;
pub mod keys;
pub mod names;
pub mod patch;
pub mod path;
pub mod reading;
pub mod resolve;
pub mod segment;
pub mod topology;
pub mod tunnel;
pub mod vlan;
pub mod vlan_bridge;
pub mod want;

pub use assembly::port;
pub use names::PortNames;
pub use reading::{Reading, select_port};
pub use topology::{Bridge, Connection, Interface, Mirror, OpenVSwitch, Port, Topology};
pub use want::{Depth, Scope, Want};
