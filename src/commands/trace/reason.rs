//! Why no flow let the packet through: what the flows of the table would have matched.

use super::holders::BridgeFlows;
use crate::commands::{Context, Failure};
use crate::model::Topology;
use crate::model::trace::drops::{Drop, DropCause};
use crate::model::trace::labels::Labels;
use crate::model::trace::reply::{Lookup, NodeKind, Reply};
use crate::model::trace::verdict::{ResultKind, Results, TraceResult};
use crate::model::trace::wanted::{PacketAt, Wanted};
use crate::openflow::fields::{Filter, MatchFields, parse_filter};
use crate::openflow::text::NoNames;

/// Completes the reasons of drops by table, if nothing comes out. The flows of a table are read for this only then; where
/// they cannot be read, the reason stays as it is.
pub(super) async fn explain(
    cx: &Context,
    topology: &Topology,
    labels: &Labels,
    reply: &Reply,
    results: &mut Results,
) {
    if !results.is_dropped() {
        return;
    }
    for (index, drop) in results.drops.iter().enumerate() {
        let wanted = match wanted(cx, topology, reply, drop).await {
            Ok(Some(wanted)) => wanted,
            Ok(None) => {
                if let Some(before) = sent_by(labels, reply, drop)
                    && let Some(result) = result_of(&mut results.results, index)
                {
                    let reason = result.reason.get_or_insert_default();
                    reason.push_str(&before);
                }
                continue;
            }
            Err(failure) => {
                cx.tell(&format!("the flows of the table: {}", failure.message));
                continue;
            }
        };
        let bridge = drop.bridge.as_deref().unwrap_or_default();
        let text = labels.match_text(bridge, &wanted, 0x8000);
        if let Some(result) = result_of(&mut results.results, index) {
            result.reason = Some(format!("no flow for {text}"));
        }
    }
}

/// The result of a drop.
fn result_of(results: &mut [TraceResult], drop: usize) -> Option<&mut TraceResult> {
    let mut results = results.iter_mut();
    results.find(|result| result.kind == ResultKind::Dropped && result.drop == Some(drop))
}

/// Where a flow drops every packet that comes to its table: the flow that sent it there.
fn sent_by(labels: &Labels, reply: &Reply, drop: &Drop) -> Option<String> {
    let DropCause::Flow(flow) = &drop.cause else {
        return None;
    };
    let section = reply.sections.get(drop.section)?;
    let bridge = drop.bridge.as_deref()?;
    let before = section.nodes.get(drop.node?)?.parent?;
    let NodeKind::Table {
        table,
        found: Lookup::Flow {
            matched, priority, ..
        },
    } = &section.nodes.get(before)?.kind
    else {
        return None;
    };
    if !reply.at(&flow.matched).is_empty() || section.bridge_of(before) != Some(bridge) {
        return None;
    }
    let flow = labels.flow(bridge, reply.at(matched), *priority);
    Some(format!(", where table {table} sent it by {flow}"))
}

/// The headers of the packet that no flow of the table lets through.
async fn wanted(
    cx: &Context,
    topology: &Topology,
    reply: &Reply,
    drop: &Drop,
) -> Result<Option<MatchFields>, Failure> {
    let (matched, priority) = match &drop.cause {
        DropCause::Miss => (None, None),
        DropCause::Flow(flow) => {
            let Ok(filter) = parse_filter(reply.at(&flow.matched), &NoNames) else {
                return Ok(None);
            };
            (Some(filter.fields), Some(flow.priority))
        }
        _ => return Ok(None),
    };
    let (Some(node), Some(bridge), Some(table)) = (drop.node, &drop.bridge, drop.table) else {
        return Ok(None);
    };
    let section = reply.sections.get(drop.section);
    let packet = section.and_then(|section| PacketAt::at(reply, section, node, topology));
    let Some(packet) = packet else {
        return Ok(None);
    };
    let mut wanted = Wanted::default();
    let filter = Filter {
        table: Some(table),
        ..Filter::default()
    };
    let mut flows = BridgeFlows::of(cx, bridge)?;
    flows
        .each_of(&filter, |of, found, drops| {
            if !drops && priority.is_none_or(|priority| of > priority) {
                wanted.add(&packet, &MatchFields::from(found));
            }
        })
        .await?;
    Ok(wanted.fields(matched.as_ref(), &packet))
}
