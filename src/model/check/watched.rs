//! Ports and groups that the buckets of groups watch: a bucket that watches gets packets only while one
//! of what it watches is live (OpenFlow 1.3.5 §6.5).
//!
//! Groups of types select and fast failover skip buckets that are not live; the other types watch
//! nothing. A group is live while it has a live bucket.

use std::collections::{BTreeMap, BTreeSet};

use super::flows::{Existing, REMEMBERED, References, SHOWN};
use super::{Finding, Kind};
use crate::openflow::messages::groups::{FAST_FAILOVER, GROUP_ANY, GroupDesc, SELECT};
use crate::openflow::text::{PORT_ANY, PORT_CONTROLLER};

/// Open vSwitch follows groups that watch groups so far; what is beyond is not live.
const LINKS: usize = 128;

/// What the buckets of all groups watch.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The groups whose life depends on what they watch, or that have no bucket to live by.
    groups: BTreeMap<u32, Vec<Watch>>,
    /// How many buckets are remembered.
    count: usize,
}

/// What a bucket watches.
#[derive(Debug, Clone, Copy)]
struct Watch {
    bucket_id: u32,
    port: u32,
    group: u32,
}

impl Watch {
    fn is_any(&self) -> bool {
        self.port != PORT_ANY || self.group != GROUP_ANY
    }
}

impl Watched {
    pub(super) fn add(&mut self, group: &GroupDesc<'_>) {
        let watches = matches!(group.kind, SELECT | FAST_FAILOVER);
        let mut buckets = Vec::new();
        for (index, bucket) in (0..).zip(group.buckets.clone().flatten()) {
            // A bucket without weight is meant to get no packets.
            if group.kind != SELECT || bucket.weight > 0 {
                buckets.push(Watch {
                    bucket_id: bucket.bucket_id.unwrap_or(index),
                    port: if watches { bucket.watch_port } else { PORT_ANY },
                    group: if watches {
                        bucket.watch_group
                    } else {
                        GROUP_ANY
                    },
                });
            }
        }
        let depends = buckets.is_empty() || buckets.iter().any(Watch::is_any);
        if depends && self.count < REMEMBERED {
            self.count += buckets.len();
            self.groups.insert(group.group_id, buckets);
        }
    }

    /// Adds what the buckets watch that is not there.
    pub(super) fn check(&self, bridge: &str, existing: &Existing, findings: &mut Vec<Finding>) {
        let Some(groups) = &existing.groups else {
            return;
        };
        let has_port = |port: u32| port == PORT_CONTROLLER || existing.ports.contains(&port);
        let has_group = |group: u32| groups.contains(&group);
        let live = self.live(&has_port, &has_group);
        let may_live = |group| has_group(group) && self.may_live(group, &live);
        let (mut ports, mut lost) = (References::default(), References::default());
        let mut dead_groups = 0;
        let mut add = |kind, object: &str, what| {
            findings.push(Finding::new(kind, Some(bridge), object, what));
        };
        for (group_id, buckets) in &self.groups {
            let object = format!("group {group_id}");
            let text = || object.clone();
            let mut dead = buckets
                .iter()
                .filter(|watch| watch.is_any() && !has_port(watch.port) && !may_live(watch.group));
            if let Some(first) = dead.next() {
                dead_groups += 1;
                if dead_groups <= SHOWN {
                    let more = match dead.count() {
                        0 => String::new(),
                        more => format!("; {more} more of its {} buckets likewise", buckets.len()),
                    };
                    let what = first.why_dead(has_group(first.group)) + &more;
                    add(Kind::BucketNeverLive, &object, what);
                }
            }
            let alive = |watch: &&Watch| has_port(watch.port) || may_live(watch.group);
            for watch in buckets.iter().filter(alive) {
                if watch.port != PORT_ANY && !has_port(watch.port) {
                    ports.add(watch.port, (*group_id).into(), &text);
                }
                if watch.group != GROUP_ANY && !has_group(watch.group) {
                    lost.add(watch.group, (*group_id).into(), &text);
                }
            }
        }
        if let Some(more @ 1..) = dead_groups.checked_sub(SHOWN) {
            let what = format!("{more} more groups have such buckets");
            add(Kind::BucketNeverLive, bridge, what);
        }
        for (word, missing) in [("port", ports), ("group", lost)] {
            for (number, uses) in &missing.0 {
                let what = uses.text(Kind::WatchMissing);
                add(Kind::WatchMissing, &format!("{word} {number}"), what);
            }
        }
    }

    /// Whether a group that is there can be live, given those of [`Self::groups`] that can.
    fn may_live(&self, group: u32, live: &BTreeSet<u32>) -> bool {
        !self.groups.contains_key(&group) || live.contains(&group)
    }

    /// The groups of [`Self::groups`] that can be live.
    fn live(
        &self,
        has_port: &impl Fn(u32) -> bool,
        has_group: &impl Fn(u32) -> bool,
    ) -> BTreeSet<u32> {
        let mut live = BTreeSet::new();
        for _ in 0..LINKS {
            let before = live.len();
            for (group_id, buckets) in &self.groups {
                let is_live = buckets.iter().any(|watch| {
                    let by_group = || has_group(watch.group) && self.may_live(watch.group, &live);
                    !watch.is_any() || has_port(watch.port) || by_group()
                });
                if is_live {
                    live.insert(*group_id);
                }
            }
            if live.len() == before {
                break;
            }
        }
        live
    }
}

impl Watch {
    /// `bucket 0 watches port 9, which does not exist`
    fn why_dead(&self, has_group: bool) -> String {
        let port =
            (self.port != PORT_ANY).then(|| format!("port {}, which does not exist", self.port));
        let why = if has_group {
            "has no bucket that can be live"
        } else {
            "does not exist"
        };
        let group = (self.group != GROUP_ANY).then(|| format!("group {}, which {why}", self.group));
        let both: Vec<String> = port.into_iter().chain(group).collect();
        format!("bucket {} watches {}", self.bucket_id, both.join(", and "))
    }
}
