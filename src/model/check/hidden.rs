//! Flows that no packet reaches: another of the same table, of higher priority, matches whatever they
//! match.
//!
//! At equal priority neither hides the other, OpenFlow leaves the choice to the switch: see
//! [`super::overlaps`]. Where a cover is not certain, nothing is said:
//! - A flow that expires hides nothing for good, and goes by itself: it is neither told as hidden nor
//!   as hiding.
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

/// A flow that is hidden, and one that hides it; both by their place in the order they came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cover {
    /// The flow that no packet reaches.
    pub hidden: u32,
    /// The flow that takes them.
    pub by: u32,
}

/// The hidden flows of a table that a controller hides itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Designed {
    /// How many they are.
    pub count: u64,
    /// The first of them.
    pub first: Cover,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Covers {
    /// The hidden flows; of each, the hiding flow with the highest priority.
    pub covers: Vec<Cover>,
    /// How many more were found, but not kept.
    pub more: u64,
    /// Those that one controller wrote as well as what hides them, by table.
    pub designed: BTreeMap<u8, Designed>,
    /// Whether all flows were looked at: there is a limit to the work.
    pub complete: bool,
}

impl Index<'_> {
    /// Which flows are hidden; at most `limit` are kept.
    pub fn covers(&self, limit: usize) -> Covers {
        let mut found = Covers {
            complete: true,
            ..Covers::default()
        };
        let flows = self.flows;
        let mut by_shape: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (number, flow) in (0u32..).zip(flows.kept()) {
            if flow.may_be_hidden {
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
                    self.add(&mut found, limit, Cover { hidden, by });
                }
                if budget.is_spent() {
                    found.complete = false;
                    return found;
                }
            }
        }
        found
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
