//! Warnings of changed flows that need the others: those that no packet reaches, and those that overlap with another of
//! their priority.

use super::input::FlowReader;
use super::plan::{FlowPlan, PlannedFlow, text_of};
use crate::commands::Failure;
use crate::model::check::flow_set::Flows;
use crate::openflow::messages::flow_mod::{FlowCommand, FlowMod};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::text::TextContext;

/// Maximum number of flows of each kind that are warned of one by one.
const MAX_TOLD: usize = 10;

/// Warns of added and changed flows that no packet reaches, or of which it is undefined whether they or others take a
/// packet: these have the same table and priority, match some of the same packets, and have other actions.
///
/// # Errors
///
/// Warnings are errors.
pub(super) fn warn(
    plan: &FlowPlan,
    reader: &mut FlowReader<'_>,
    cx: &TextContext<'_>,
) -> Result<(), Failure> {
    let (flows, all) = gather(plan);
    let changed: Vec<bool> = all.iter().map(|planned| planned.by.is_some()).collect();
    let get = |flow: u32| all.get(flow as usize).copied();
    let index = flows.index();

    let wanted = (0u32..)
        .zip(&changed)
        .filter(|(_, is_changed)| **is_changed);
    let (covers, has_all_covers) = index.covers_of(wanted.map(|(flow, _)| flow));
    let hidden = covers.iter().filter_map(|cover| {
        let other = get(cover.by)?;
        Some((get(cover.hidden)?.by?, other))
    });
    let what = |other: &str| format!("no packet reaches it: hidden by {other}");
    let more = "are hidden by others";
    tell(hidden.collect(), what, more, reader, cx)?;

    let (pairs, has_all_pairs) = index.overlaps_of(&changed);
    let overlapping = pairs.iter().filter_map(|(one, other)| {
        let (one, other) = (get(*one)?, get(*other)?);
        // Of two changed flows, the later overlaps with the earlier.
        let (one, other) = if one.by < other.by {
            (other, one)
        } else {
            (one, other)
        };
        Some((one.by?, other))
    });
    let what = |other: &str| {
        format!("which of both takes a packet is undefined: it overlaps with {other}")
    };
    let more = "overlap with others of their priority";
    tell(overlapping.collect(), what, more, reader, cx)?;

    if !(has_all_covers && has_all_pairs) {
        let text = "too many flows: not all were compared with the others of their table";
        reader.warnings.keep(text.to_owned());
    }
    Ok(())
}

/// The flows in the form that they are compared in, and as they are planned, in the same order.
fn gather(plan: &FlowPlan) -> (Flows, Vec<&PlannedFlow>) {
    let (mut flows, mut all) = (Flows::default(), Vec::new());
    for planned in plan.flows() {
        let message = planned.flow.flow_mod(FlowCommand::Add);
        if let Some(entry) = message.as_ref().and_then(FlowMod::entry) {
            flows.add_doing(&FlowStats::without_stats(entry), planned.actions());
            all.push(planned);
        }
    }
    (flows, all)
}

/// Warns of the first flows, by the numbers of their changes, each with another one, and says how many more there are.
fn tell(
    mut found: Vec<(usize, &PlannedFlow)>,
    what: impl Fn(&str) -> String,
    more: &str,
    reader: &mut FlowReader<'_>,
    cx: &TextContext<'_>,
) -> Result<(), Failure> {
    found.sort_by_key(|(number, other)| (*number, other.by));
    for (number, other) in found.iter().take(MAX_TOLD) {
        reader.warn_of(*number, &what(&text_of(&other.flow, cx)))?;
    }
    let rest = found.len().saturating_sub(MAX_TOLD);
    if rest > 0 {
        let flows = if rest == 1 { "flow" } else { "flows" };
        reader.warnings.keep(format!("{rest} more {flows} {more}"));
    }
    Ok(())
}
