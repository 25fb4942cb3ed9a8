//! Flows that no packet reaches: another of the same table, of higher priority, matches whatever they
//! match.
//!
//! At equal priority neither hides the other, OpenFlow leaves the choice to the switch: see
//! [`super::overlaps`]. If a cover is not certain, nothing is reported:
//! - A flow that expires hides nothing for good, and goes by itself: it is neither told as hidden nor as
//!   hiding.
//! - A flow of a conjunctive match (`conjunction(...)`) hides nothing: where the rest of its conjunction
//!   fails, the search goes on below it.
//! - A flow with fields that are not known may match less than it seems, and hides nothing.
//! - The flow that ovs-vswitchd itself puts into a bridge without a controller is meant to be hidden.
//!
//! What a controller hides behind flows of its own is its design (`cookies`): it is counted by
//! table, not told one by one.

use std::collections::BTreeMap;

use super::cookies::{Written, same_writer};
use super::flow_set::{Index, table_of};

/// A hidden flow, and one that hides it; both by index in the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cover {
    /// The flow that no packet reaches.
    pub hidden: u32,
    /// The flow that takes them.
    pub by: u32,
}

/// The hidden flows of a table that a controller hides by design.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Designed {
    /// Their number.
    pub count: u64,
    /// The first of them.
    pub first: Cover,
}

/// The result of the search.
#[derive(Debug, Default)]
pub struct Covers {
    /// The hidden flows, each with the hiding flow of the highest priority.
    pub covers: Vec<Cover>,
    /// The number of further hidden flows, which were not kept.
    pub more: u64,
    /// The flows hidden by flows of the same controller, by table.
    pub designed: BTreeMap<u8, Designed>,
    /// Whether all flows were compared: the work is limited.
    pub complete: bool,
}

impl Index<'_> {
    /// Finds the hidden flows; at most `limit` are kept.
    pub fn covers(&self, limit: usize) -> Covers {
        let mut found = Covers {
            complete: true,
            ..Covers::default()
        };
        let flows = (0u32..).zip(self.flows.kept());
        let flows = flows.filter(|(_, flow)| flow.may_be_hidden);
        found.complete = self.each_cover(flows.map(|(number, _)| number), |cover| {
            self.add(&mut found, limit, cover);
        });
        found
    }

    /// Finds which of these flows are hidden, whatever they are. The flag is false if the search reached its work limit.
    pub fn covers_of(&self, flows: impl Iterator<Item = u32>) -> (Vec<Cover>, bool) {
        let mut covers = Vec::new();
        let is_complete = self.each_cover(flows, |cover| covers.push(cover));
        (covers, is_complete)
    }

    /// Passes those of the flows that are hidden to `take`; `false` if the work limit is reached.
    fn each_cover(&self, wanted: impl Iterator<Item = u32>, mut take: impl FnMut(Cover)) -> bool {
        let flows = self.flows;
        let mut by_shape: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for number in wanted {
            if let Some(flow) = flows.get(number) {
                by_shape.entry(flow.shape).or_default().push(number);
            }
        }
        let budget = flows.budget();
        for (shape, same) in by_shape {
            let shape = flows.shape(shape);
            let priorities = same
                .iter()
                .filter_map(|flow| Some(flows.get(*flow)?.priority));
            let Some(lowest) = priorities.min() else {
                continue;
            };
            let wider = self.wider(shape, lowest, &budget);
            for hidden in same {
                let Some(flow) = flows.get(hidden) else {
                    continue;
                };
                let values = flows.values_of(flow);
                if let Some(by) = self.cover(values, flow.priority, &wider, &budget) {
                    take(Cover { hidden, by });
                }
                if budget.is_spent() {
                    return false;
                }
            }
        }
        true
    }

    fn add(&self, found: &mut Covers, limit: usize, cover: Cover) {
        let written = |flow: u32| {
            let flow = self.flows.get(flow)?;
            let shape = self.flows.shape(flow.shape);
            Some(Written {
                cookie: flow.cookie,
                priority: flow.priority,
                shape,
            })
        };
        let (Some(hidden), Some(by)) = (written(cover.hidden), written(cover.by)) else {
            return;
        };
        if same_writer(hidden, by) {
            let designed = found.designed.entry(table_of(hidden.shape));
            let designed = designed.or_insert(Designed {
                count: 0,
                first: cover,
            });
            designed.count += 1;
        } else if found.covers.len() < limit {
            found.covers.push(cover);
        } else {
            found.more += 1;
        }
    }
}
