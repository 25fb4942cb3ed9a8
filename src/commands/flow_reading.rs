//! All flows of a switch, each handed over as it comes and then forgotten: for commands that ask what
//! the flows mean, not how they read. What they keep of a flow is theirs to bound.

use std::collections::{BTreeMap, BTreeSet};

use super::switch::Switch;
use super::{Context, Exit, Failure};
use crate::base::shell::word;
use crate::model::segment::{FlowRules, Network};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_stats::{Dialect, FlowStats, Scratch};
use crate::openflow::messages::groups::{self, Descs, GROUP_ALL, GroupDesc};
use crate::openflow::session::{self, Session};
use crate::openflow::version::Version;

/// Reads all flows of `switch`, over the highest version that both sides have, and gives each to
/// `take`: table, priority, match and actions as a view over the message. The order is the switch's.
///
/// Errors: the switch cannot be reached, ends its answer early, or sends a flow that makes no sense
/// (the others are given nevertheless, so that the caller may show what it has).
pub(super) async fn each_flow(
    cx: &Context,
    switch: &Switch,
    mut take: impl FnMut(&FlowStats<'_>),
) -> Result<(), Failure> {
    let failure = |error: session::Error| switch.failure(error);
    let mut session = switch.connect(cx).await?;
    let version = session.version();
    let everything = Filter::default();
    let asked = session.ask_flows(Dialect::Nicira, &everything).await;
    asked.map_err(failure)?;
    let mut scratch = Scratch::new();
    let mut malformed: Option<DecodeError> = None;
    // Whether asking in other words is of no more use, or would give the same flows again.
    let mut plain = false;
    let mut count = 0;
    loop {
        match session.flows().await {
            Ok(None) => break,
            Ok(Some(mut entries)) => {
                plain = true;
                while let Some(entry) = entries.next_entry(&mut scratch) {
                    count += 1;
                    if count > MOST {
                        let (limit, what) = (MOST, "flows");
                        return Err(failure(session::Error::Endless { limit, what }));
                    }
                    match entry {
                        Ok(flow) => take(&flow),
                        Err(error) => {
                            malformed.get_or_insert(error);
                        }
                    }
                }
            }
            // A switch of OpenFlow 1.0 that does not know the Nicira extension is asked once more.
            Err(session::Error::Refused(error))
                if !plain && version == Version::V10 && error.is_unsupported() =>
            {
                plain = true;
                let asked = session.ask_flows(Dialect::Plain, &everything).await;
                asked.map_err(failure)?;
            }
            Err(error) => return Err(failure(error)),
        }
    }
    match malformed {
        None => Ok(()),
        Some(error) => Err(switch.senseless_flow(&error)),
    }
}

/// The columns of ports and interfaces that say where packets may go.
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

/// More flows than a switch has room for.
const MOST: usize = 1 << 24;

/// What matters to VLANs of the flows of the bridges that matter, by bridge.
pub(super) async fn rules_of<'t>(
    cx: &Context,
    network: &Network<'t>,
) -> Result<BTreeMap<&'t str, FlowRules>, Failure> {
    let mut flows = BTreeMap::new();
    for name in network.bridges_that_matter() {
        let switch = Switch::parse(cx, name)?;
        let mut rules = FlowRules::default();
        each_flow(cx, &switch, |flow| rules.add(flow)).await?;
        if rules.needs_groups() {
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

/// Adds the groups of a switch; a switch of a version without groups has not told them.
async fn add_groups(cx: &Context, switch: &Switch, rules: &mut FlowRules) -> Result<(), Failure> {
    let mut session = switch.connect(cx).await?;
    let told = each_group(&mut session, |group| rules.add_group(group)).await;
    if told.map_err(|error| switch.failure(error))?.is_some() {
        rules.groups_are_complete();
    }
    Ok(())
}

/// Reads all groups of a switch and gives each to `take`; their numbers, or `None` if the switch does not list
/// groups.
pub(super) async fn each_group(
    session: &mut Session,
    mut take: impl FnMut(&GroupDesc<'_>),
) -> Result<Option<BTreeSet<u32>>, session::Error> {
    let answer = session
        .collect(
            |version, xid| groups::desc_request(version, xid, GROUP_ALL),
            |version, part| {
                let mut descs = Descs::new(version, part)?;
                let mut ids = Vec::new();
                while let Some(entry) = descs.next_bytes() {
                    let group = GroupDesc::decode(version, entry?)?;
                    take(&group);
                    ids.push(group.group_id);
                }
                Ok(ids)
            },
        )
        .await;
    where_supported(answer)
}

/// The numbers that a switch told; `None` if it does not know the request.
pub(super) fn where_supported(
    answer: Result<Vec<u32>, session::Error>,
) -> Result<Option<BTreeSet<u32>>, session::Error> {
    match answer {
        Ok(ids) => Ok(Some(ids.into_iter().collect())),
        Err(session::Error::Refused(error)) if error.is_unsupported() => Ok(None),
        Err(error) => Err(error),
    }
}

impl Switch {
    fn senseless_flow(&self, error: &DecodeError) -> Failure {
        let message = format!("{}: a flow makes no sense: {error}", self.name());
        let hint = format!(
            "`ovs dump-flows {}` shows it up to there",
            word(self.name())
        );
        Failure::new(Exit::Failed, message).hint(hint)
    }
}
