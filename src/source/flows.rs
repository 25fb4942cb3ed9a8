//! The flows of a switch, as they come.

use super::switch::{Rest, Switch, SwitchError};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_reply::Aggregate;
use crate::openflow::messages::flow_stats::{FlowStats, Scratch};

/// So table_groups flows take a switch long enough to gather that it pays to read the first while it gathers the
/// others. Fewer are asked for at once, so that all are of one moment.
const MANY_FLOWS: u64 = 20_000;

/// More flows than a switch has room for.
const MAX_FLOWS: usize = 1 << 24;

impl Switch {
    /// Asks for the flows that `filter` selects; they come through [`Switch::flow_part`]. With `early`, where they
    /// are table_groups, some tables after the others: the first come while the switch gathers the others.
    ///
    /// # Errors
    ///
    /// The filter is not representable in this OpenFlow version, or the connection is over.
    pub async fn ask_flows(&mut self, filter: &Filter, early: bool) -> Result<(), SwitchError> {
        let groups = if early && self.is_bridge && *filter == Filter::default() {
            self.table_groups().await?
        } else {
            Vec::new()
        };
        self.session.ask_flows_of(groups, filter).await
    }

    /// The next part of the reply as a whole message, and what follows it; `None` after the last.
    ///
    /// # Errors
    ///
    /// The switch does not answer as it should.
    pub async fn flow_part(&mut self) -> Result<Option<(&[u8], Rest)>, SwitchError> {
        self.session.part_message().await
    }

    /// The tables that have flows, in groups that are worth waiting for each, if they are table_groups; none where they
    /// are few, or the switch does not tell.
    async fn table_groups(&mut self) -> Result<Vec<Vec<u8>>, SwitchError> {
        let tables = match self.table_stats().await {
            Ok(tables) => tables,
            Err(SwitchError::Refused(_) | SwitchError::Malformed(_)) => return Ok(Vec::new()),
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

    /// Reads all flows and gives each to `take`, in the switch's order: table, priority, match and actions as a
    /// view over the message. Returns the first malformed flow, if there is one; the others are given
    /// nevertheless.
    ///
    /// # Errors
    ///
    /// The switch does not answer as it should, or its answer does not end.
    pub async fn each_flow(
        &mut self,
        mut take: impl FnMut(&FlowStats<'_>),
    ) -> Result<Option<DecodeError>, SwitchError> {
        self.ask_flows(&Filter::default(), false).await?;
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

    /// How table_groups flows `filter` selects, and what went through them.
    ///
    /// # Errors
    ///
    /// The switch does not answer as it should.
    pub async fn aggregate(&mut self, filter: &Filter) -> Result<Aggregate, SwitchError> {
        self.session.aggregate(filter).await
    }
}

/// Tables that have flows, in their order, in groups of [`MANY_FLOWS`] flows or a few more.
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
