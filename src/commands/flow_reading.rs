//! Reading of all flows of a switch, one after another, for commands that analyse them. A caller that keeps
//! flows must bound its memory.

use std::collections::{BTreeMap, BTreeSet};

use super::switch::SwitchArg;
use super::{Context, Exit, Failure};
use crate::base::shell::word;
use crate::model::segment::{FlowRules, Network};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::messages::groups::{GROUP_ALL, GroupDesc};
use crate::source::{Switch, SwitchError};

/// Reads all flows of `switch`, over the highest version that both sides support, and passes each to `take`:
/// table, priority, match and actions as a view of the message, in the order of the switch.
///
/// # Errors
///
/// The switch cannot be reached, ends its reply early, or sends a malformed flow (the others are passed
/// nevertheless, so that the caller may show them).
pub(super) async fn each_flow(
    cx: &Context,
    switch: &SwitchArg,
    take: impl FnMut(&FlowStats<'_>),
) -> Result<(), Failure> {
    let mut connected = switch.connect(cx).await?;
    let malformed = connected.each_flow(take).await;
    match malformed.map_err(|error| switch.failure(error))? {
        None => Ok(()),
        Some(error) => {
            let message = format!("{}: malformed flow: {error}", switch.name());
            let hint = format!(
                "`ovs dump-flows {}` shows it up to there",
                word(switch.name())
            );
            Err(Failure::new(Exit::Failed, message).hint(hint))
        }
    }
}

/// The columns of ports and interfaces that determine where packets may go.
pub(super) const COLUMNS: [&str; 8] = [
    "tag",
    "trunks",
    "vlan_mode",
    "cvlans",
    "options",
    "other_config",
    "external_ids",
    "link_state",
];

/// The rules that concern VLANs, from the flows of the bridges that matter, by bridge.
pub(super) async fn rules_of<'t>(
    cx: &Context,
    network: &Network<'t>,
) -> Result<BTreeMap<&'t str, FlowRules>, Failure> {
    let mut flows = BTreeMap::new();
    for name in network.bridges_that_matter() {
        let switch = SwitchArg::of_bridge(cx, name)?;
        let mut rules = FlowRules::default();
        each_flow(cx, &switch, |flow| rules.add(flow)).await?;
        if rules.needs_groups() {
            // Whether a bucket is live depends on it.
            cx.format.not_saved.print(&["link_state"]);
            add_groups(cx, &switch, &mut rules).await?;
        }
        if let Some(error) = rules.malformed() {
            cx.remark(&format!(
                "{name}: a flow or group is malformed and is left out: {error}"
            ));
        }
        flows.insert(name, rules);
    }
    Ok(flows)
}

/// Adds the groups of a switch; without them if the OpenFlow version has none.
async fn add_groups(
    cx: &Context,
    switch: &SwitchArg,
    rules: &mut FlowRules,
) -> Result<(), Failure> {
    let mut connected = switch.connect(cx).await?;
    let told = each_group(&mut connected, |group| rules.add_group(group)).await;
    if told.map_err(|error| switch.failure(error))?.is_some() {
        rules.groups_are_complete();
    }
    Ok(())
}

/// Reads all groups of a switch and passes each to `take`; returns their numbers, or `None` if the switch
/// does not list groups.
pub(super) async fn each_group(
    connected: &mut Switch,
    mut take: impl FnMut(&GroupDesc<'_>),
) -> Result<Option<BTreeSet<u32>>, SwitchError> {
    let ids = connected.groups(GROUP_ALL, |version, bytes| {
        let group = GroupDesc::decode(version, bytes)?;
        take(&group);
        Ok(group.group_id)
    });
    where_supported(ids.await)
}

/// The result of a request; `None` if the switch does not support it.
pub(super) fn where_supported(
    answer: Result<Vec<u32>, SwitchError>,
) -> Result<Option<BTreeSet<u32>>, SwitchError> {
    match answer {
        Ok(ids) => Ok(Some(ids.into_iter().collect())),
        Err(SwitchError::Refused(error)) if error.is_unsupported() => Ok(None),
        Err(error) => Err(error),
    }
}
