//! The flow monitor of a switch: what changed since the flows were read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::switch::{Switch, SwitchError};
use crate::openflow::fields::{Filter, MatchFields};
use crate::openflow::flow_entry::Flow;
use crate::openflow::messages::bare::MONITOR_PAUSED;
use crate::openflow::messages::flow_monitor::{Update, UpdatedFlow};
use crate::openflow::messages::{Body, Decoded};
use crate::openflow::session::Session;
use crate::openflow::version::Version;

/// Maximum size in bytes of the updates that are kept until they are taken: some 50,000 flows.
const KEPT_AT_MOST: usize = 1 << 26;

/// Receives the changes of a switch's flows, over a connection of its own, until it is dropped.
#[derive(Debug)]
pub struct FlowMonitor {
    version: Version,
    filter: Filter,
    received: Arc<Mutex<Received>>,
    task: AbortHandle,
}

/// What was received, and not taken yet.
#[derive(Debug, Default)]
struct Received {
    changes: FlowChanges,
    /// Whether anything may have changed.
    is_news: bool,
    /// Whether the connection has ended.
    is_over: bool,
}

impl FlowMonitor {
    /// Monitors the flows that `filter` selects, except by cookie, and before OpenFlow 1.4 by group; notifies `news`
    /// of changes and of the end of the connection. A switch that is silent for the time of `probe` is asked for an
    /// echo. `None`: the switch has no flow monitor.
    ///
    /// # Errors
    ///
    /// The connection failed.
    pub(super) async fn start(
        switch: Switch,
        filter: &Filter,
        probe: Option<Duration>,
        news: Arc<Notify>,
    ) -> Result<Option<FlowMonitor>, SwitchError> {
        let mut session = switch.session;
        if !session.monitor_flows(filter).await? {
            return Ok(None);
        }
        let received = Arc::default();
        Ok(Some(FlowMonitor {
            version: session.version(),
            filter: filter.clone(),
            received: Arc::clone(&received),
            task: tokio::spawn(receive(session, probe, received, news)).abort_handle(),
        }))
    }

    /// Whether it receives the changes of these flows.
    pub fn is_of(&self, version: Version, filter: &Filter) -> bool {
        !self.received().is_over && self.version == version && self.filter == *filter
    }

    /// Whether there are changes to take, or the connection has ended.
    pub fn has_news(&self) -> bool {
        let received = self.received();
        received.is_news || received.is_over
    }

    /// Takes the changes since the last call.
    pub fn take(&self) -> FlowChanges {
        let mut received = self.received();
        received.is_news = false;
        std::mem::take(&mut received.changes)
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        lock(&self.received)
    }
}

impl Drop for FlowMonitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(received: &Mutex<Received>) -> MutexGuard<'_, Received> {
    received.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Receives messages until the connection ends.
async fn receive(
    mut session: Session,
    probe: Option<Duration>,
    received: Arc<Mutex<Received>>,
    news: Arc<Notify>,
) {
    while let Ok(message) = session.next_message(probe).await {
        let mut received = lock(&received);
        if received.changes.add(message) {
            received.is_news = true;
            news.notify_one();
        }
    }
    lock(&received).is_over = true;
    news.notify_one();
}

/// The flows that were added or removed, in the order of the first change of each.
#[derive(Debug, Default)]
pub struct FlowChanges {
    flows: Vec<ChangedFlow>,
    /// The position of each flow in `flows`, by table, priority and match.
    places: HashMap<(u8, u16, MatchFields), usize>,
    /// Size of the flows, in bytes.
    kept: usize,
    is_incomplete: bool,
}

/// A flow that was added, possibly in place of one with its key, or removed, or both.
#[derive(Debug)]
pub struct ChangedFlow {
    /// The flow as the last change reported it, without flags and importance.
    pub flow: Flow,
    /// Whether it was added.
    pub was_added: bool,
    /// Whether it was removed.
    pub was_removed: bool,
}

impl FlowChanges {
    /// The flows.
    pub fn flows(&self) -> &[ChangedFlow] {
        &self.flows
    }

    /// Whether some changes are not known: the switch paused the monitor, or there were too many.
    pub fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }

    /// Adds the changes in a message; returns whether it has any.
    fn add(&mut self, message: &[u8]) -> bool {
        let Ok(decoded) = Decoded::decode(message) else {
            return false;
        };
        match decoded.body() {
            Some(Body::MonitorReply(reply)) => {
                for update in &reply.updates {
                    self.update(update);
                }
                !reply.updates.is_empty() || decoded.error().is_some()
            }
            Some(Body::Bare(_)) if decoded.at().is_some_and(|at| MONITOR_PAUSED.contains(&at)) => {
                self.is_incomplete = true;
                true
            }
            _ => false,
        }
    }

    fn update(&mut self, update: &Update<'_>) {
        self.is_incomplete |= update.is_pause();
        if !update.is_addition() && !update.is_removal() {
            return;
        }
        if self.kept > KEPT_AT_MOST {
            self.is_incomplete = true;
            return;
        }
        let Some(flow) = update.flow.as_ref().and_then(UpdatedFlow::flow) else {
            return;
        };
        let next = self.flows.len();
        let (table, priority, fields) = flow.key();
        let place = self.places.entry((table, priority, fields.clone()));
        let place = *place.or_insert(next);
        if place == next {
            // The fields are in both collections, each in an allocation of its own.
            self.kept += 2 * size_of::<ChangedFlow>() + flow.actions.bytes.len();
            self.kept += 256 * fields.iter().count();
            self.flows.push(ChangedFlow {
                flow,
                was_added: update.is_addition(),
                was_removed: update.is_removal(),
            });
        } else if let Some(changed) = self.flows.get_mut(place) {
            changed.was_added |= update.is_addition();
            changed.was_removed |= update.is_removal();
            if update.is_addition() {
                changed.flow = flow;
            }
        }
    }
}
