//! Networks that differ between hosts, and ports that several hosts have.

use std::collections::{BTreeMap, BTreeSet};

use super::host_view::{
    HostView, HostsFound, NetworkSegment, PortOwner, PortPlace, most_frequent, some,
};
use super::kind::FindingKind;

/// Networks that are not the same on two hosts.
pub(super) fn networks(found: &mut HostsFound<'_>) {
    let hosts = found.hosts;
    let mut segments: BTreeMap<&str, Vec<(usize, &NetworkSegment, &PortPlace)>> = BTreeMap::new();
    let mut mtus: BTreeMap<&str, Vec<(usize, i64, &PortPlace)>> = BTreeMap::new();
    for (number, host) in hosts.iter().enumerate() {
        for ((network, segment), place) in &host.segments {
            let all = segments.entry(network).or_default();
            all.push((number, segment, place));
        }
        for ((network, mtu), place) in &host.network_mtus {
            mtus.entry(network).or_default().push((number, *mtu, place));
        }
    }
    for (network, all) in segments {
        let Some(usual) = most_frequent(all.iter().map(|(_, segment, _)| *segment)) else {
            continue;
        };
        let of_usual = all.iter().filter(|(_, segment, _)| *segment == usual);
        let usual_hosts: BTreeSet<usize> = of_usual.map(|(host, ..)| *host).collect();
        for (number, segment, place) in &all {
            // One host with both is another fault: `tag map` shows it.
            if *segment == usual || usual_hosts.contains(number) {
                continue;
            }
            let is_elsewhere = segment.physical_network != usual.physical_network;
            let kind = if is_elsewhere {
                FindingKind::NetworkElsewhere
            } else {
                FindingKind::NetworkSegment
            };
            let what = format!(
                "its network {network} is {} here and {} on {}",
                segment.words(),
                usual.words(),
                found.some_names(&usual_hosts)
            );
            found.add(*number, kind, Some(&place.bridge), &place.port, what);
        }
    }
    for (network, all) in mtus {
        let Some(usual) = most_frequent(all.iter().map(|(_, mtu, _)| *mtu)) else {
            continue;
        };
        let of_usual = all.iter().filter(|(_, mtu, _)| *mtu == usual);
        let usual_hosts: BTreeSet<usize> = of_usual.map(|(host, ..)| *host).collect();
        for (number, mtu, place) in &all {
            if *mtu == usual || usual_hosts.contains(number) {
                continue;
            }
            let what = format!(
                "its MTU is {mtu}; that of ports of its network {network} on {} is {usual}",
                found.some_names(&usual_hosts)
            );
            let kind = FindingKind::NetworkMtu;
            found.add(*number, kind, Some(&place.bridge), &place.port, what);
        }
    }
}

/// The values of a host that no other host may have, with the ports that have each.
type Owned = fn(&HostView) -> &BTreeMap<String, Vec<PortOwner>>;

/// Ports and MAC addresses that two hosts have.
pub(super) fn owned_twice(found: &mut HostsFound<'_>) {
    let hosts = found.hosts;
    let kinds: [(FindingKind, &str, Owned); 2] = [
        (FindingKind::PortIdTwice, "iface-id", |host| &host.ids),
        (FindingKind::MacTwice, "MAC address", |host| &host.macs),
    ];
    for (kind, word, owned) in kinds {
        let mut owners: BTreeMap<&str, Vec<(usize, &PortOwner)>> = BTreeMap::new();
        for (number, host) in hosts.iter().enumerate() {
            for (value, of_host) in owned(host) {
                let of_value = owners.entry(value).or_default();
                of_value.extend(of_host.iter().map(|owner| (number, owner)));
            }
        }
        for (value, owners) in owners {
            let Some((host, owner, others)) = twice(&owners) else {
                continue;
            };
            let names = others
                .iter()
                .map(|(host, owner)| format!("{} of {}", owner.place.port, found.name(*host)));
            let others = some(names, others.len());
            let what = format!("its {word} {value} is that of {others}, too");
            let place = &owner.place;
            found.add(host, kind, Some(&place.bridge), &place.port, what);
        }
    }
}

type OwnerOn<'h> = (usize, &'h PortOwner);

/// The first owner of a value that other hosts have, and the others. A port that is there twice has its MAC address twice:
/// these two ports are left out, and no others.
fn twice<'h>(owners: &[OwnerOn<'h>]) -> Option<(usize, &'h PortOwner, Vec<OwnerOn<'h>>)> {
    let (_, first) = owners.first()?;
    if first.id.is_some() && owners.iter().all(|(_, owner)| owner.id == first.id) {
        return None;
    }
    owners.iter().find_map(|(host, owner)| {
        let is_other = |(other_host, other): &&OwnerOn<'_>| {
            other_host != host && (owner.id.is_none() || other.id != owner.id)
        };
        let others: Vec<OwnerOn<'_>> = owners.iter().filter(is_other).copied().collect();
        (!others.is_empty()).then_some((*host, *owner, others))
    })
}
