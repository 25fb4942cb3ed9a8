//! The integration tests: `ovs` against real daemons, the real tools, and what they sent and printed.
//!
//! One file per command or subject, in one process: `cargo test --test it port_change::` runs the tests of one.
//! No test changes the environment, the working directory or the signal handlers of the process.

#[macro_use]
mod common;

mod actions;
mod batch;
mod big;
mod bridge;
mod bridge_change;
mod check;
mod check_flows;
mod check_hints;
mod check_hosts;
mod check_random;
mod cluster;
mod completion;
mod db;
mod decode;
mod decode_pasted;
mod dry_run;
mod dump_flows;
mod dump_flows_drops;
mod dump_flows_filters;
mod dump_flows_sort;
mod dump_flows_tables;
mod dump_groups;
mod dump_messages;
mod dump_meters;
mod dump_tables;
mod errors;
mod faults;
mod fields_filter;
mod fields_golden;
mod fields_manual;
mod fields_request;
mod flow_mod;
mod fuzz_corpus;
mod graph;
mod hostile;
mod keys_manual;
mod keys_switch;
mod layers;
mod licences;
mod manual;
mod model;
mod openflow_session;
mod oracle;
mod outcomes;
mod output;
mod ovsdb;
mod parse;
mod patch;
mod patch_change;
mod path;
mod port;
mod port_change;
mod port_find;
mod port_names;
mod progress;
mod readme;
mod remote;
mod sandbox;
mod schema;
mod segments;
mod show;
mod snapshots;
mod tag;
mod tag_change;
mod tag_map;
mod tls;
mod tunnel;
mod tunnel_change;
mod vlan_bridge;
mod watch;
