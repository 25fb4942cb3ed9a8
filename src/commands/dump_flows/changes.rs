//! `--watch`: the flows that came and went between two dumps, from the flow monitor of the switch.
//!
//! What is shown of a flow that is there comes from the dump: an update of a monitor has neither flags nor
//! importance, and before OpenFlow 1.3 no instructions. A flow that is not in a dump any more is shown as it was
//! added.

use std::rc::Rc;
use std::sync::Arc;

use super::args::Args;
use super::lines::FlowOutput;
use crate::commands::Context;
use crate::commands::flow_monitors::Known;
use crate::commands::switch::SwitchArg;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_mod::{FlowCommand, FlowMod};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::version::Version;
use crate::source::Switch;
use crate::source::flow_monitor::FlowChanges;

impl Args {
    /// While the command is watched: the changes of the flows that `filter` selects since the last dump, to be taken
    /// before the next is asked for. The first call begins to monitor them. `None` also if the switch has no monitor.
    pub(super) async fn changes(
        &self,
        cx: &Context,
        switch: &SwitchArg,
        session: &Switch,
        filter: &Filter,
    ) -> Option<FlowChanges> {
        let monitors = &cx.capture()?.monitors;
        let version = match session.version() {
            // Open vSwitch sends instructions there that cannot be told from actions.
            Version::V11 | Version::V12 if session.allowed().contains(Version::V10) => Version::V10,
            version => version,
        };
        let mut monitor = monitors.of(switch.name(), version, filter);
        if monitor.is_none() {
            let started = Box::pin(switch.monitor_flows(cx, version, filter, monitors.news()));
            monitor = match started.await {
                Ok(Some(monitor)) => Some(Known::Monitor(Rc::new(monitor))),
                Ok(None) => Some(Known::None),
                // It is tried again with the next run.
                Err(_) => None,
            };
            monitors.keep(switch.name(), monitor.clone());
        }
        match monitor {
            Some(Known::Monitor(monitor)) => Some(monitor.take()),
            Some(Known::None) | None => {
                monitors.miss();
                None
            }
        }
    }

    /// Whether everything that is shown changes by changes of flows alone: no counters, nothing that follows from them.
    pub(super) fn shows_flows_only(&self) -> bool {
        self.no_stats && !self.hit && !self.sorting.is_by_statistics()
    }
}

/// Keeps the flows that were added or removed since the last dump.
pub(super) fn keep(
    cx: &Context,
    switch: &SwitchArg,
    changes: &FlowChanges,
    filter: &Filter,
    lines: &mut FlowOutput,
) {
    if changes.is_incomplete() {
        cx.remark(&format!(
            "{}: more changes than its flow monitor reports; flows that came and went may be missing",
            switch.name()
        ));
    }
    let settings = Arc::clone(&lines.settings);
    let text = settings.context();
    for changed in changes.flows() {
        let flow_mod = changed.flow.flow_mod(FlowCommand::Add);
        let Some(entry) = flow_mod.as_ref().and_then(FlowMod::entry) else {
            continue;
        };
        let flow = FlowStats::without_stats(entry);
        let is_shown =
            changed.was_added && is_selected(&flow, filter) && settings.choice.takes(&flow);
        let shown = is_shown.then_some(&text);
        lines.printer.changed(&flow, changed.was_removed, shown);
    }
}

/// Whether `filter` selects a flow by what a monitor does not select by; a group that the monitor does not know is
/// taken for another.
fn is_selected(flow: &FlowStats<'_>, filter: &Filter) -> bool {
    let (cookie, mask) = filter.cookie.unwrap_or_default();
    let knows_groups = flow.actions.version() >= Version::V14;
    (flow.cookie ^ cookie) & mask == 0 && (filter.out_group.is_none() || knows_groups)
}
