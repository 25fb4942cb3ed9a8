//! The flow monitors of a watched command: one for each switch whose flows it shows.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::openflow::fields::Filter;
use crate::openflow::version::Version;
use crate::source::FlowMonitor;

/// The monitors by the name of their switch.
#[derive(Debug, Default)]
pub(super) struct FlowMonitors {
    all: RefCell<HashMap<String, Known>>,
    news: Arc<Notify>,
    /// Whether the run showed flows whose changes are not reported.
    is_missing: Cell<bool>,
}

/// What is known about a switch.
#[derive(Debug, Clone)]
pub(super) enum Known {
    Monitor(Rc<FlowMonitor>),
    /// It has no flow monitor.
    None,
}

impl FlowMonitors {
    /// What is known about the monitor for these flows.
    pub(super) fn of(&self, switch: &str, version: Version, filter: &Filter) -> Option<Known> {
        let known = self.all.borrow().get(switch).cloned();
        known.filter(|known| match known {
            Known::Monitor(monitor) => monitor.is_of(version, filter),
            Known::None => true,
        })
    }

    /// Keeps what is known about a switch, in place of what was.
    pub(super) fn keep(&self, switch: &str, known: Option<Known>) {
        let mut all = self.all.borrow_mut();
        match known {
            Some(known) => all.insert(switch.to_owned(), known),
            None => all.remove(switch),
        };
    }

    /// What the monitors notify.
    pub(super) fn news(&self) -> Arc<Notify> {
        Arc::clone(&self.news)
    }

    /// Waits until a monitor has changes that were not taken, or has ended.
    pub(super) async fn changed(&self) {
        let has_news =
            |known: &Known| matches!(known, Known::Monitor(monitor) if monitor.has_news());
        while !self.all.borrow().values().any(has_news) {
            self.news.notified().await;
        }
    }

    /// Marks the begin of a run.
    pub(super) fn begin(&self) {
        self.is_missing.set(false);
    }

    /// Records that changes of the shown flows are not reported.
    pub(super) fn miss(&self) {
        self.is_missing.set(true);
    }

    /// Whether all changes of the shown flows are reported.
    pub(super) fn is_complete(&self) -> bool {
        !self.is_missing.get()
    }
}
