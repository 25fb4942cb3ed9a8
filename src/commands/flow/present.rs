//! The groups and meters that a switch has, for `--dry-run` and `--explain`: flows that refer to others are refused, as
//! the switch itself refuses them.

use std::collections::BTreeSet;

use crate::commands::Failure;
use crate::commands::switch::SwitchArg;
use crate::openflow::actions::{ActionList, SwitchReference};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::groups::{GROUP_ALL, GroupDesc};
use crate::openflow::messages::meters::METER_ALL;
use crate::source::{Switch, SwitchError};

/// The groups and meters of a switch, as far as they were asked for.
#[derive(Debug, Default)]
pub(super) struct Present {
    /// `None`: not known.
    groups: Option<BTreeSet<u32>>,
    /// `None`: not known.
    meters: Option<BTreeSet<u32>>,
}

impl Present {
    /// Asks for the groups if one of the flows with these actions refers to a group, and likewise for the meters.
    ///
    /// # Errors
    ///
    /// The switch does not reply.
    pub(super) async fn read<'l>(
        session: &mut Switch,
        switch: &SwitchArg,
        flows: impl IntoIterator<Item = ActionList<'l>>,
    ) -> Result<Present, Failure> {
        let (mut groups, mut meters) = (false, false);
        for actions in flows {
            actions.references(&mut |reference| {
                groups |= matches!(reference, SwitchReference::Group(_));
                meters |= matches!(reference, SwitchReference::Meter(_));
            });
        }
        let mut present = Present::default();
        if groups {
            let told = session
                .groups(GROUP_ALL, |version, bytes| {
                    Ok(GroupDesc::decode(version, bytes)?.group_id)
                })
                .await;
            present.groups = known(told, switch)?;
        }
        if meters {
            let told = session.meters(METER_ALL).await;
            let told = told.map(|meters| meters.into_iter().map(|meter| meter.meter_id).collect());
            present.meters = known(told, switch)?;
        }
        Ok(present)
    }

    /// The error of the switch for a flow with these actions, if one of its groups or meters is not there.
    pub(super) fn refusal(&self, actions: &ActionList<'_>) -> Option<ErrorMessage> {
        let has = |known: &Option<BTreeSet<u32>>, number: u32| {
            known.as_ref().is_none_or(|known| known.contains(&number))
        };
        refused_reference(
            actions,
            |group| has(&self.groups, group),
            |meter| has(&self.meters, meter),
        )
    }
}

/// The error of the switch for a flow with these actions, if one of its groups or meters is not there.
pub(in crate::commands) fn refused_reference(
    actions: &ActionList<'_>,
    has_group: impl Fn(u32) -> bool,
    has_meter: impl Fn(u32) -> bool,
) -> Option<ErrorMessage> {
    let mut name = None;
    actions.references(&mut |reference| {
        let error = match reference {
            SwitchReference::Group(group) if !has_group(group) => "OFPBAC_BAD_OUT_GROUP",
            SwitchReference::Meter(meter) if !has_meter(meter) => "OFPMMFC_INVALID_METER",
            _ => return,
        };
        name.get_or_insert(error);
    });
    ErrorMessage::named(actions.version(), name?)
}

/// The numbers that a switch told; `None` if it cannot tell them.
fn known(
    told: Result<Vec<u32>, SwitchError>,
    switch: &SwitchArg,
) -> Result<Option<BTreeSet<u32>>, Failure> {
    match told {
        Ok(numbers) => Ok(Some(numbers.into_iter().collect())),
        Err(SwitchError::Refused(_)) => Ok(None),
        Err(error) => Err(switch.failure(error)),
    }
}
