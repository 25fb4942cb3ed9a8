//! Why no flow let the packet through: what the flows of the table would have matched.

use super::holders::BridgeFlows;
use crate::commands::{Context, Failure};
use crate::model::Topology;
use crate::model::trace::drops::{Drop, DropCause};
use crate::model::trace::labels::Labels;
use crate::model::trace::reply::Reply;
use crate::model::trace::verdict::{ResultKind, Results};
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
            Ok(None) => continue,
            Err(failure) => {
                cx.tell(&format!("the flows of the table: {}", failure.message));
                continue;
            }
        };
        let bridge = drop.bridge.as_deref().unwrap_or_default();
        let text = labels.match_text(bridge, &wanted, 0x8000);
        if let Some(result) = results
            .results
            .iter_mut()
            .find(|result| result.kind == ResultKind::Dropped && result.drop == Some(index))
        {
            result.reason = Some(format!("no flow for {text}"));
        }
    }
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
