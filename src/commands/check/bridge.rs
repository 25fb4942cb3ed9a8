//! The conversation with one bridge: its flows, groups, meters and ports.

use std::collections::BTreeSet;

use crate::commands::flow_reading::{each_flow, each_group, where_supported};
use crate::commands::switch::{Switch, offered};
use crate::commands::{Context, Failure};
use crate::model::Topology;
use crate::model::check::flows::Existing;
use crate::model::check::{Finding, FlowCheck};
use crate::model::names::{PortNames, SwitchNames};
use crate::openflow::messages::meters::{self, METER_ALL};
use crate::openflow::session::{self, Session};
use crate::openflow::text::{PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::source::switch::NoSwitch;

/// What came of asking a bridge.
#[derive(Debug)]
pub(super) enum Answer {
    /// What is wrong with its flows.
    Findings(Vec<Finding>),
    /// Nobody listens for it.
    NoSocket,
    /// Somebody listens, and says nothing.
    Silence,
}

/// Asks the bridge for all that its flows refer to.
pub(super) async fn look(cx: &Context, topology: &Topology, name: &str) -> Result<Answer, Failure> {
    let switch = Switch::parse(cx, name)?;
    let mut session = match switch.try_connect(cx, offered(cx)).await {
        Ok(session) => session,
        Err(error) if error.nobody_listens() => return Ok(Answer::NoSocket),
        Err(NoSwitch::Session(session::Error::TimedOut(_))) => return Ok(Answer::Silence),
        Err(error) => return Err(switch.no_session(cx, error).await),
    };
    let names = SwitchNames {
        ports: PortNames::of(topology, name),
        tables: switch.table_names(cx, session.allowed()).await,
    };
    let text = TextContext {
        version: session.version(),
        style: Style::Classic,
        ports: PortSpelling::Name,
        names: &names,
    };
    let mut check = FlowCheck::default();
    each_flow(cx, &switch, |flow| check.add(flow, &text)).await?;
    let failure = |error: session::Error| switch.failure(error);
    let groups = each_group(&mut session, |group| check.add_group(group)).await;
    let groups = groups.map_err(failure)?;
    let meters = if check.has_meters() {
        meters(&mut session).await.map_err(failure)?
    } else {
        None
    };
    let ports = session.ports().await.map_err(failure)?;
    let existing = Existing {
        ports: ports.iter().map(|port| port.ofport).collect(),
        groups,
        meters,
    };
    let (findings, complete) = check.finish(name, &existing, &text);
    if !complete {
        cx.remark(&format!(
            "{name}: its flows look at too many unlike fields; not all that are hidden or overlap are shown"
        ));
    }
    Ok(Answer::Findings(findings))
}

/// Whether ovs-vswitchd listens for any bridge of the database, or for its own commands; `None` where
/// there is neither a bridge nor a pid file.
pub(super) async fn any_answers(cx: &Context, topology: &Topology) -> Option<bool> {
    for bridge in &topology.bridges {
        if let Ok(switch) = Switch::parse(cx, &bridge.name)
            && switch.try_connect(cx, offered(cx)).await.is_ok()
        {
            return Some(true);
        }
    }
    match cx.host.vswitchd_listens().await {
        None => (!topology.bridges.is_empty()).then_some(false),
        listens => listens,
    }
}

async fn meters(session: &mut Session) -> Result<Option<BTreeSet<u32>>, session::Error> {
    if session.version() < Version::V13 {
        return Ok(None);
    }
    let answer = session
        .collect(
            |version, xid| meters::config_request(version, xid, METER_ALL),
            |_, part| meters::decode_config(part),
        )
        .await;
    let ids =
        |meters: Vec<meters::MeterConfig>| meters.iter().map(|meter| meter.meter_id).collect();
    where_supported(answer.map(ids))
}
