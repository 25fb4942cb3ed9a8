//! The flows of a switch, streamed.

use super::switch::{Rest, Switch, SwitchError};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_reply::Aggregate;
use crate::openflow::messages::flow_stats::{FlowStats, Scratch};
use crate::openflow::messages::multipart::Part;

/// From this number of flows on, tables are requested in groups, so that the first are read while the switch
/// gathers the others. Fewer are requested at once, as one consistent snapshot.
const MANY_FLOWS: u64 = 20_000;

/// Maximum number of flows accepted.
const MAX_FLOWS: usize = 1 << 24;

impl Switch {
    /// Requests the flows that `filter` selects; [`Switch::flow_part`] returns them. With `early`, many flows are
    /// requested in groups of tables: the first are received while the switch gathers the others.
    ///
    /// # Errors
    ///
    /// The filter is not representable in this OpenFlow version, or the connection has ended.
    pub async fn ask_flows(&mut self, filter: &Filter, early: bool) -> Result<(), SwitchError> {
        let groups = if early && self.is_bridge && *filter == Filter::default() {
            self.table_groups().await?
        } else {
            Vec::new()
        };
        self.session.ask_flows_of(groups, filter).await
    }

    /// Returns the next part of the reply, and what follows it; `None` after the last.
    ///
    /// # Errors
    ///
    /// See [`SwitchError`].
    pub async fn flow_part(&mut self) -> Result<Option<(Part<'_>, Rest)>, SwitchError> {
        self.session.part_and_rest().await
    }

    /// Groups the tables that have flows; no groups if there are few flows or the switch has no table statistics.
    async fn table_groups(&mut self) -> Result<Vec<Vec<u8>>, SwitchError> {
        let tables = match self.table_stats().await {
            Ok(tables) => tables,
            Err(SwitchError::Refused(_) | SwitchError::NotSaved(_) | SwitchError::Malformed(_)) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(error),
        };
        let tables = tables
            .iter()
            .map(|table| (table.table_id, u64::from(table.active)));
        let flows: u64 = tables.clone().map(|(_, flows)| flows).sum();
        Ok(if flows >= MANY_FLOWS {
            groups(tables)
        } else {
            Vec::new()
        })
    }

    /// Reads all flows and passes each to `take`, in the switch's order, as a view over the message. Returns the
    /// error of the first malformed flow, if any; the others are passed nevertheless.
    ///
    /// # Errors
    ///
    /// See [`SwitchError`].
    pub async fn each_flow(
        &mut self,
        take: impl FnMut(&FlowStats<'_>),
    ) -> Result<Option<DecodeError>, SwitchError> {
        self.each_flow_of(&Filter::default(), take).await
    }

    /// Reads the flows that `filter` selects, as [`Switch::each_flow`].
    ///
    /// # Errors
    ///
    /// See [`SwitchError`], and the filter may not be representable in this version.
    pub async fn each_flow_of(
        &mut self,
        filter: &Filter,
        take: impl FnMut(&FlowStats<'_>),
    ) -> Result<Option<DecodeError>, SwitchError> {
        self.ask_flows(filter, false).await?;
        self.asked_flows(take).await
    }

    /// Reads the flows that [`Switch::ask_flows`] requested, as [`Switch::each_flow`].
    ///
    /// # Errors
    ///
    /// See [`SwitchError`].
    pub async fn asked_flows(
        &mut self,
        mut take: impl FnMut(&FlowStats<'_>),
    ) -> Result<Option<DecodeError>, SwitchError> {
        let mut scratch = Scratch::new();
        let mut malformed = None;
        let mut count = 0;
        while let Some(mut entries) = self.session.flows().await? {
            while let Some(entry) = entries.next_entry(&mut scratch) {
                count += 1;
                if count > MAX_FLOWS {
                    let (limit, what) = (MAX_FLOWS, "flows");
                    return Err(SwitchError::Endless { limit, what });
                }
                match entry {
                    Ok(flow) => take(&flow),
                    Err(error) => {
                        malformed.get_or_insert(error);
                    }
                }
            }
        }
        Ok(malformed)
    }

    /// Returns the number of flows that `filter` selects, and the sums of their counters.
    ///
    /// # Errors
    ///
    /// See [`SwitchError`].
    pub async fn aggregate(&mut self, filter: &Filter) -> Result<Aggregate, SwitchError> {
        self.session.aggregate(filter).await
    }
}

/// Groups tables that have flows, in their order, into at least [`MANY_FLOWS`] flows each.
fn groups(tables: impl Iterator<Item = (u8, u64)>) -> Vec<Vec<u8>> {
    let mut groups = vec![Vec::new()];
    let mut room = MANY_FLOWS;
    for (table, flows) in tables.filter(|(_, flows)| *flows > 0) {
        if room == 0 {
            groups.push(Vec::new());
            room = MANY_FLOWS;
        }
        if let Some(group) = groups.last_mut() {
            group.push(table);
        }
        room = room.saturating_sub(flows);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_asked_for_in_groups() {
        let asked = |tables: &[(u8, u64)]| groups(tables.iter().copied());
        assert_eq!(asked(&[(0, 1), (1, 0), (2, MANY_FLOWS - 2)]), [[0, 2]]);
        assert_eq!(
            asked(&[(0, MANY_FLOWS), (5, 1), (7, 1)]),
            [vec![0], vec![5, 7]]
        );
        assert_eq!(
            asked(&[(0, 1), (1, MANY_FLOWS), (2, 1)]),
            [vec![0, 1], vec![2]]
        );
    }
}
