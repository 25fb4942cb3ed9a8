//! The checks of one bridge over OpenFlow: its flows, groups, meters and ports.

use std::collections::BTreeSet;

use crate::commands::flow_reading::{each_flow, each_group, where_supported};
use crate::commands::switch::{SwitchArg, offered, or_unknown};
use crate::commands::{Context, Failure};
use crate::model::Topology;
use crate::model::check::Existing;
use crate::model::check::{Finding, FlowCheck};
use crate::model::names::{PortNames, SwitchNames};
use crate::openflow::messages::meters::METER_ALL;
use crate::openflow::text::{PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::source::{ControlError, Switch, SwitchError};

/// The result of the checks.
#[derive(Debug)]
pub(super) enum BridgeAnswer {
    /// The faults of its flows.
    Findings(Vec<Finding>),
    /// The connection was refused: no process listens at its socket.
    NoSocket,
    /// The connection was accepted, but there was no reply in time.
    Silence,
}

/// Reads the flows of the bridge, and the ports, groups and meters that they may refer to.
pub(super) async fn findings(
    cx: &Context,
    topology: &Topology,
    name: &str,
) -> Result<BridgeAnswer, Failure> {
    let switch = SwitchArg::of_bridge(cx, name)?;
    let mut connected = match switch.try_connect(cx, offered(cx)).await {
        Ok(connected) => connected,
        Err(error) if error.is_not_listening() => return Ok(BridgeAnswer::NoSocket),
        Err(error) if error.is_silence() => return Ok(BridgeAnswer::Silence),
        Err(error) => return Err(switch.no_session(cx, error).await),
    };
    let names = SwitchNames {
        ports: PortNames::of(topology, name),
        tables: switch.table_names(cx, connected.allowed()).await,
    };
    let text = TextContext {
        version: connected.version(),
        style: Style::Classic,
        ports: PortSpelling::Name,
        names: &names,
    };
    let mut check = FlowCheck::default();
    each_flow(cx, &switch, |flow| check.add(flow, &text)).await?;
    let failure = |error: SwitchError| switch.failure(error);
    let groups = each_group(&mut connected, |group| check.add_group(group)).await;
    let groups = or_unknown(cx, groups).map_err(failure)?;
    let meters = if check.has_meters() {
        or_unknown(cx, meters(&mut connected).await).map_err(failure)?
    } else {
        None
    };
    let ports = connected.ports().await.map_err(failure)?;
    let existing = Existing {
        ports: ports.iter().map(|port| port.ofport).collect(),
        groups,
        meters,
    };
    let (found, complete) = check.finish(name, &existing, &text);
    if !complete {
        cx.remark(&format!(
            "{name}: its flows match on too many combinations of fields; not all hidden or overlapping flows are shown"
        ));
    }
    Ok(BridgeAnswer::Findings(found))
}

/// Whether ovs-vswitchd accepts connections for any bridge of the database, or at its control socket; `None`
/// if there is neither a bridge nor a socket.
pub(super) async fn any_answers(cx: &Context, topology: &Topology) -> Option<bool> {
    for bridge in &topology.bridges {
        if let Ok(switch) = SwitchArg::of_bridge(cx, &bridge.name)
            && switch.try_connect(cx, offered(cx)).await.is_ok()
        {
            return Some(true);
        }
    }
    match cx.host.vswitchd().await {
        Ok(_) => Some(true),
        Err(ControlError::Stale { .. }) => Some(false),
        Err(_) => (!topology.bridges.is_empty()).then_some(false),
    }
}

/// The numbers of all meters; `None` if the switch does not list meters.
async fn meters(connected: &mut Switch) -> Result<Option<BTreeSet<u32>>, SwitchError> {
    if connected.version() < Version::V13 {
        return Ok(None);
    }
    let meters = connected.meters(METER_ALL).await;
    where_supported(meters.map(|meters| meters.iter().map(|meter| meter.meter_id).collect()))
}
