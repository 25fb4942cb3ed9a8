//! What `ovs` concludes of packets, held against what the switch itself says of them: `ofproto/trace`.
//!
//! Small hosts are made from a seed: bridges, patches, tunnels, flows, groups. Every packet of a domain that
//! holds each value which their flows match on, and one that they do not, is traced. What the traces say is
//! where packets come out, with which VLAN or tunnel key; `ovs tag map` and `ovs path` must name that, and
//! nothing that no packet does:
//!
//! - sound: each output of a trace is in a row;
//! - complete: each row has a packet whose trace does it, but for those with the state `unknown`.
//!
//! Where flows of one priority match the same packets, the same host is traced again with their priorities
//! set apart in several orders: a row `ambiguous` must hold in one of them, any other in all.
//!
//! `ovs trace` is held against the same traces: what it says comes out is what the datapath's actions send, and the tree
//! that it reads is the reply. `COUNT` packets, if the environment has it.
//!
//! `HOSTS` hosts from `SEED` on, if the environment has them (`make conformance`).

mod claims;
mod compare;
mod host;
mod trace;
mod verdict;

use std::env;

use compare::{Tally, examine};
use host::Host;

use crate::common::Sandbox;
use crate::common::chance::Chance;

/// How many hosts with disagreements are worth reading.
const SHOWN: usize = 5;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn random_hosts_of_even_seeds() {
    random_hosts(0);
}

#[test]
fn random_hosts_of_odd_seeds() {
    random_hosts(1);
}

/// Every second host, so that two processors have something to do.
fn random_hosts(first: u64) {
    let seed = number("SEED").unwrap_or(1);
    let hosts = number("HOSTS").unwrap_or(8);
    let own = || (seed..seed + hosts).filter(|number| number % 2 == first);
    if own().next().is_none() {
        return;
    }
    let mut tally = Tally::default();
    let sandbox = Sandbox::empty();
    let mut shown = 0;
    for number in own() {
        let mut host = Host::random(&mut Chance::new(number));
        host.build(&sandbox);
        let faults = examine(&sandbox, &host, &mut Chance::new(!number), &mut tally);
        if !faults.is_empty() && shown < SHOWN {
            shown += 1;
            println!("-- host {number}\n{}{}", host.text(), faults.join("\n"));
        }
        tally.faults += faults.len();
        host.remove(&sandbox);
    }
    println!("{tally}");
    assert_eq!(tally.faults, 0, "{tally}");
    assert!(tally.pairs > 0);
    assert!(tally.unknown * 50 < tally.pairs, "{tally}");
}
