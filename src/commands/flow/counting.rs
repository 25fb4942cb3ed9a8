//! How many flows of the switch a change selects, as of a reading just before it: the switch itself does not say.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use super::asked::{FlowRequest, Numbered};
use super::input::FlowReader;
use crate::commands::{Exit, Failure};
use crate::openflow::fields::{Filter, MatchFields};
use crate::openflow::flow_change::FlowChange;
use crate::openflow::flow_entry::FlowEntry;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::source::{Switch, SwitchError};

/// `OFPTT_ALL`
const ALL_TABLES: u8 = 255;

/// The number of flows that these deletions remove.
///
/// # Errors
///
/// The switch does not say.
pub(super) async fn deleted(
    session: &mut Switch,
    request: &FlowRequest<'_>,
    changes: &[Numbered],
) -> Result<u64, Failure> {
    let mut selected = Selected::default();
    let is_one = changes.len() == 1;
    let mut sum = 0;
    for (_, change) in changes {
        let count = selected.count(session, change, is_one).await;
        sum += count.map_err(|error| request.switch.failure(error))?.fresh;
    }
    Ok(sum)
}

/// The number of flows that these modifications change. Those that change none are made additions, if that is asked
/// for.
///
/// # Errors
///
/// The switch does not say, or one of them selects no flow.
pub(super) async fn modified(
    session: &mut Switch,
    request: &FlowRequest<'_>,
    reader: &mut FlowReader<'_>,
    changes: &mut [Numbered],
) -> Result<u64, Failure> {
    let mut selected = Selected::default();
    let is_one = changes.len() == 1;
    let (mut sum, mut missing, mut first) = (0, 0usize, None);
    for (number, change) in changes {
        let count = selected.count(session, change, is_one).await;
        let count = count.map_err(|error| request.switch.failure(error))?;
        sum += count.fresh;
        if count.all > 0 {
            continue;
        }
        if request.or_add {
            *change = reader.read_again(*number, FlowCommand::Add)?;
            continue;
        }
        missing += 1;
        if first.is_none() {
            let is_strict = change.command == FlowCommand::ModifyStrict;
            let with = is_strict.then(|| with_priority(change.flow.priority));
            first = Some((*number, with.unwrap_or_default()));
        }
    }
    let Some((first, with)) = first else {
        return Ok(sum);
    };
    let text = request.input.text_of(first);
    let others = match missing {
        1 => String::new(),
        missing => format!(", and none for {} others", missing - 1),
    };
    let reason = format!(
        "{} has no flow that it matches{with}{others}",
        request.switch.name()
    );
    let message = request
        .input
        .message(first, &text.unwrap_or_default(), &reason);
    Err(Failure::new(Exit::NotFound, message).hint("nothing changed; --or-add adds such a flow"))
}

/// Which priority a strict change looked for: `, with priority 32768, the default`.
fn with_priority(priority: u16) -> String {
    let default = if priority == 0x8000 {
        ", the default"
    } else {
        ""
    };
    format!(", with priority {priority}{default}")
}

/// What strict deletions that removed nothing looked for; `None` if there are others among them.
pub(super) fn looked_for(changes: &[Numbered]) -> Option<String> {
    let is_strict = |(_, change): &Numbered| change.command == FlowCommand::DeleteStrict;
    let (_, first) = changes.first()?;
    if !changes.iter().all(is_strict) {
        return None;
    }
    Some(match changes {
        [_] => format!(
            "no flow has exactly this match{}",
            with_priority(first.flow.priority)
        ),
        _ => "no flow has exactly one of these matches and its priority".to_owned(),
    })
}

/// The flows that changes have selected, by a hash of their keys.
#[derive(Debug, Default)]
struct Selected {
    keys: HashSet<u64>,
    hasher: RandomState,
}

/// How many flows a change selects.
struct Count {
    all: u64,
    /// Those that no change before it selected.
    fresh: u64,
}

impl Selected {
    /// Counts the flows of a change; with `is_one` there is no other.
    async fn count(
        &mut self,
        session: &mut Switch,
        change: &FlowChange,
        is_one: bool,
    ) -> Result<Count, SwitchError> {
        let filter = filter(change);
        let is_strict = matches!(
            change.command,
            FlowCommand::ModifyStrict | FlowCommand::DeleteStrict
        );
        if is_one
            && !is_strict
            && let Some(all) = session.aggregate(&filter).await?.flow_count
        {
            let all = all.into();
            return Ok(Count { all, fresh: all });
        }
        let mut count = Count { all: 0, fresh: 0 };
        session
            .each_flow_of(&filter, |flow| {
                let fields = MatchFields::from(&flow.fields);
                if is_strict && !is_flow_of(change, flow, &fields) {
                    return;
                }
                count.all += 1;
                let key = self
                    .hasher
                    .hash_one((flow.table_id, flow.priority, &fields));
                count.fresh += u64::from(self.keys.insert(key));
            })
            .await?;
        Ok(count)
    }
}

/// Whether the flow has the priority and the match of the change.
fn is_flow_of(change: &FlowChange, flow: &FlowEntry<'_>, fields: &MatchFields) -> bool {
    change.flow.priority == flow.priority && change.flow.fields == *fields
}

/// The flows that the change selects; priority aside.
fn filter(change: &FlowChange) -> Filter {
    Filter {
        table: Some(change.flow.table_id).filter(|table| *table != ALL_TABLES),
        cookie: change.match_cookie,
        out_port: change.out_port,
        out_group: change.out_group,
        fields: change.flow.fields.clone(),
        ..Filter::default()
    }
}
