//! The flows of a switch, as they come.

use super::switch::{Rest, Switch, SwitchError};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_stats::{Aggregate, Dialect, Entries, FlowStats, Scratch};
use crate::openflow::version::Version;

/// So many flows take a switch long enough to gather that it pays to read the first while it gathers the
/// others. Fewer are asked for at once, so that all are of one moment.
const MANY: u64 = 20_000;

/// More flows than a switch has room for.
const MOST: usize = 1 << 24;

impl Switch {
    /// Asks for the flows that `filter` selects; they come through [`Switch::flow_parts`].
    ///
    /// # Errors
    ///
    /// The filter is not representable in this OpenFlow version, or the connection is over.
    pub async fn ask_flows(&mut self, filter: &Filter) -> Result<(), SwitchError> {
        self.asked = (filter.clone(), Vec::new());
        self.ask(Dialect::Nicira).await
    }

    /// [`Switch::ask_flows`]; where they are many, some tables after the others, so that the first come while
    /// the switch gathers the others.
    ///
    /// # Errors
    ///
    /// As for [`Switch::ask_flows`].
    pub async fn ask_flows_early(&mut self, filter: &Filter) -> Result<(), SwitchError> {
        let groups = self.many(filter).await?;
        self.asked = (filter.clone(), groups);
        self.ask(Dialect::Nicira).await
    }

    async fn ask(&mut self, dialect: Dialect) -> Result<(), SwitchError> {
        match &self.asked {
            (filter, groups) if groups.is_empty() => self.session.ask_flows(dialect, filter).await,
            (filter, groups) => self.session.ask_flows_of(groups, dialect, filter).await,
        }
    }

    /// The tables that have flows, in groups that are worth waiting for each, if the request is for all flows
    /// and they are many. None where the switch chooses among them, and for what may not be Open vSwitch, or
    /// does not tell.
    async fn many(&mut self, filter: &Filter) -> Result<Vec<Vec<u8>>, SwitchError> {
        if *filter != Filter::default() || !self.is_bridge {
            return Ok(Vec::new());
        }
        let tables = match self.table_stats().await {
            Ok(tables) => tables,
            Err(SwitchError::Refused(_) | SwitchError::Malformed(_)) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let tables = tables
            .iter()
            .map(|table| (table.table_id, u64::from(table.active)));
        let flows: u64 = tables.clone().map(|(_, flows)| flows).sum();
        Ok(if flows >= MANY {
            groups(tables)
        } else {
            Vec::new()
        })
    }

    /// Gives the messages of the reply to `take`, with what follows them. A switch of OpenFlow 1.0 that does not
    /// know the Nicira extension is asked once more without it.
    ///
    /// # Errors
    ///
    /// The switch does not answer as it should; or, in the inner result, the first error of `take`.
    pub async fn flow_parts<E>(
        &mut self,
        mut take: impl FnMut(&[u8], Rest) -> Result<(), E>,
    ) -> Result<Result<(), E>, SwitchError> {
        let version = self.version();
        // Whether asking in other words is of no more use, or would give the same flows again.
        let mut plain = false;
        loop {
            match self.session.part_message().await {
                Ok(None) => return Ok(Ok(())),
                Ok(Some((message, rest))) => {
                    plain = true;
                    if let Err(error) = take(message, rest) {
                        return Ok(Err(error));
                    }
                }
                Err(error) if !plain && wants_plain(version, &error) => {
                    plain = true;
                    self.ask(Dialect::Plain).await?;
                }
                Err(error) => return Err(error),
            }
        }
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
        self.ask_flows(&Filter::default()).await?;
        let version = self.version();
        let mut scratch = Scratch::new();
        let mut malformed = None;
        let mut count = 0;
        let read = self.flow_parts(|message, _| {
            let mut entries = Entries::of_message(version, message)?;
            while let Some(entry) = entries.next_entry(&mut scratch) {
                count += 1;
                if count > MOST {
                    let (limit, what) = (MOST, "flows");
                    return Err(SwitchError::Endless { limit, what });
                }
                match entry {
                    Ok(flow) => take(&flow),
                    Err(error) => {
                        malformed.get_or_insert(error);
                    }
                }
            }
            Ok(())
        });
        read.await??;
        Ok(malformed)
    }

    /// How many flows `filter` selects, and what went through them.
    ///
    /// # Errors
    ///
    /// The switch does not answer as it should.
    pub async fn aggregate(&mut self, filter: &Filter) -> Result<Aggregate, SwitchError> {
        match self.session.aggregate(Dialect::Nicira, filter).await {
            Err(error) if wants_plain(self.version(), &error) => {
                self.session.aggregate(Dialect::Plain, filter).await
            }
            answer => answer,
        }
    }
}

/// Whether the switch does not know the Nicira extension of OpenFlow 1.0.
fn wants_plain(version: Version, error: &SwitchError) -> bool {
    version == Version::V10
        && matches!(error, SwitchError::Refused(error) if error.is_unsupported())
}

/// Tables that have flows, in their order, in groups of [`MANY`] flows or a few more.
fn groups(tables: impl Iterator<Item = (u8, u64)>) -> Vec<Vec<u8>> {
    let mut groups = vec![Vec::new()];
    let mut room = MANY;
    for (table, flows) in tables.filter(|(_, flows)| *flows > 0) {
        if room == 0 {
            groups.push(Vec::new());
            room = MANY;
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
        assert_eq!(asked(&[(0, 1), (1, 0), (2, MANY - 2)]), [[0, 2]]);
        assert_eq!(asked(&[(0, MANY), (5, 1), (7, 1)]), [vec![0], vec![5, 7]]);
        assert_eq!(asked(&[(0, 1), (1, MANY), (2, 1)]), [vec![0, 1], vec![2]]);
    }
}
