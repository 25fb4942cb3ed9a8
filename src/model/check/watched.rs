//! Ports and groups that the buckets of groups watch: a bucket that watches gets packets only while one
//! of what it watches is live (OpenFlow 1.3.5 §6.5).
//!
//! Groups of types select and fast failover skip buckets that are not live; the other types watch
//! nothing. A group is live while it has a live bucket.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::kind::FindingKind;
use super::references::{Existing, MAX_REFERENCES, MAX_REPORTED, References};
use crate::model::liveness::{Watch, live_groups};
use crate::openflow::messages::groups::{FAST_FAILOVER, GroupDesc, SELECT};
use crate::openflow::text::PORT_CONTROLLER;

/// What the buckets of all groups watch.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The groups whose liveness depends on what they watch, or that have no bucket.
    groups: BTreeMap<u32, Vec<WatchingBucket>>,
    /// The number of stored buckets.
    count: usize,
}

/// A bucket, and what it watches.
#[derive(Debug)]
struct WatchingBucket {
    bucket_id: u32,
    watch: Watch,
}

impl Watched {
    pub(super) fn add(&mut self, group: &GroupDesc<'_>) {
        let watches = matches!(group.kind, SELECT | FAST_FAILOVER);
        let mut buckets = Vec::new();
        for (index, bucket) in (0..).zip(group.buckets.clone().flatten()) {
            // A bucket of weight 0 is meant to get no packets.
            if group.kind != SELECT || bucket.weight > 0 {
                buckets.push(WatchingBucket {
                    bucket_id: bucket.bucket_id.unwrap_or(index),
                    watch: if watches {
                        Watch::of(&bucket)
                    } else {
                        Watch::NOTHING
                    },
                });
            }
        }
        let depends = buckets.is_empty() || buckets.iter().any(|bucket| bucket.watch.is_any());
        if depends && self.count < MAX_REFERENCES {
            self.count += buckets.len();
            self.groups.insert(group.group_id, buckets);
        }
    }

    /// Adds findings for watched ports and groups that do not exist.
    pub(super) fn check(&self, bridge: &str, existing: &Existing, findings: &mut Vec<Finding>) {
        let Some(groups) = &existing.groups else {
            return;
        };
        let has_port = |port: u32| port == PORT_CONTROLLER || existing.ports.contains(&port);
        let has_group = |group: u32| groups.contains(&group);
        let watches = self.groups.iter().map(|(group_id, buckets)| {
            let watches = buckets.iter().map(|bucket| bucket.watch);
            (*group_id, watches)
        });
        let live = live_groups(
            &watches,
            |port| Some(has_port(port)),
            |group| Some(has_group(group)),
        );
        let may_live =
            |group| has_group(group) && live.get(&group).is_none_or(|live| *live == Some(true));
        let is_live =
            |watch: Watch| watch.port.is_some_and(has_port) || watch.group.is_some_and(may_live);
        let (mut ports, mut groups) = (References::default(), References::default());
        let mut dead_groups = 0;
        let mut add = |kind, object: &str, what| {
            findings.push(Finding::new(kind, Some(bridge), object, what));
        };
        for (group_id, buckets) in &self.groups {
            let object = format!("group {group_id}");
            let text = || object.clone();
            let mut dead = buckets
                .iter()
                .filter(|bucket| bucket.watch.is_any() && !is_live(bucket.watch));
            if let Some(first) = dead.next() {
                dead_groups += 1;
                if dead_groups <= MAX_REPORTED {
                    let more = match dead.count() {
                        0 => String::new(),
                        more => format!("; {more} more of its {} buckets likewise", buckets.len()),
                    };
                    let what = first.why_dead(first.watch.group.is_some_and(has_group)) + &more;
                    add(FindingKind::BucketNeverLive, &object, what);
                }
            }
            let alive = buckets.iter().map(|bucket| bucket.watch);
            for watch in alive.filter(|watch| is_live(*watch)) {
                if let Some(port) = watch.port.filter(|port| !has_port(*port)) {
                    ports.add(port, (*group_id).into(), &text);
                }
                if let Some(group) = watch.group.filter(|group| !has_group(*group)) {
                    groups.add(group, (*group_id).into(), &text);
                }
            }
        }
        if let Some(more @ 1..) = dead_groups.checked_sub(MAX_REPORTED) {
            let what = format!("{more} more groups have such buckets");
            add(FindingKind::BucketNeverLive, bridge, what);
        }
        for (word, missing) in [("port", ports), ("group", groups)] {
            for (number, uses) in &missing.0 {
                let what = uses.text(FindingKind::WatchMissing);
                add(FindingKind::WatchMissing, &format!("{word} {number}"), what);
            }
        }
    }
}

impl WatchingBucket {
    /// `bucket 0 watches port 9, which does not exist`
    fn why_dead(&self, has_group: bool) -> String {
        let port = self.watch.port;
        let port = port.map(|port| format!("port {port}, which does not exist"));
        let why = if has_group {
            "has no bucket that can be live"
        } else {
            "does not exist"
        };
        let group = self.watch.group;
        let group = group.map(|group| format!("group {group}, which {why}"));
        let both: Vec<String> = port.into_iter().chain(group).collect();
        format!("bucket {} watches {}", self.bucket_id, both.join(", and "))
    }
}
