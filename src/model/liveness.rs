//! Which groups are live, by the ports and groups that their buckets watch (OpenFlow 1.3.5 §6.5): a bucket that
//! watches gets packets only while one of what it watches is live, a group is live while it has a live bucket.

use std::collections::BTreeMap;

use crate::openflow::messages::groups::{Bucket, GROUP_ANY};
use crate::openflow::text::PORT_ANY;

/// Open vSwitch follows groups that watch groups so far; what is beyond is not live.
const MAX_LINKS: usize = 128;

/// What a bucket watches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Watch {
    pub(super) port: Option<u32>,
    pub(super) group: Option<u32>,
}

/// Groups by number, and whether they are live; `None`: that is not known.
pub(super) type LiveGroups = BTreeMap<u32, Option<bool>>;

impl Watch {
    pub(super) const NOTHING: Watch = Watch {
        port: None,
        group: None,
    };

    pub(super) fn of(bucket: &Bucket<'_>) -> Watch {
        Watch {
            port: Some(bucket.watch_port).filter(|port| *port != PORT_ANY),
            group: Some(bucket.watch_group).filter(|group| *group != GROUP_ANY),
        }
    }

    /// Whether it watches anything.
    pub(super) fn is_any(self) -> bool {
        self.port.is_some() || self.group.is_some()
    }

    /// Whether the bucket is live: anything that it watches is, or it watches nothing.
    pub(super) fn is_live(
        self,
        port: impl Fn(u32) -> Option<bool>,
        group: impl Fn(u32) -> Option<bool>,
    ) -> Option<bool> {
        let watched = [self.port.map(port), self.group.map(group)];
        if !self.is_any() {
            return Some(true);
        }
        any(watched.into_iter().flatten())
    }
}

/// Whether any is `true`; `None`: that is not known.
fn any(all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut any = Some(false);
    for one in all {
        match one {
            Some(true) => return Some(true),
            Some(false) => {}
            None => any = None,
        }
    }
    any
}

/// Which of these groups are live, each with what its buckets watch. `group` tells of those that are not among
/// them.
pub(super) fn live_groups<W: IntoIterator<Item = Watch>>(
    groups: &(impl Iterator<Item = (u32, W)> + Clone),
    port: impl Fn(u32) -> Option<bool>,
    group: impl Fn(u32) -> Option<bool>,
) -> LiveGroups {
    let mut live: LiveGroups = groups.clone().map(|(id, _)| (id, Some(false))).collect();
    for _ in 0..MAX_LINKS {
        let mut changed = false;
        for (id, watches) in groups.clone() {
            let known = |id: u32| live.get(&id).copied().unwrap_or_else(|| group(id));
            let is_live = any(watches.into_iter().map(|watch| watch.is_live(&port, known)));
            changed |= live.insert(id, is_live) != Some(is_live);
        }
        if !changed {
            break;
        }
    }
    live
}
