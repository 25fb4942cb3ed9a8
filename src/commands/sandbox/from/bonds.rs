//! The members of the saved bonds: which are enabled, which is active, and the hashes that are assigned to them.

use std::time::{Duration, Instant};

use super::partners::had_partner;
use crate::commands::{Context, Failure, quoted};
use crate::model::port_state::has_lacp;
use crate::model::{Port, Topology};
use crate::unixctl::Client;
use crate::unixctl::bonds::BondState;

/// How long LACP may take until the members are enabled that were, and how long to wait in between.
const WITHIN: Duration = Duration::from_secs(10);
const STEP: Duration = Duration::from_millis(50);

/// Replays the state of all bonds. `saved` is that of the report, if it has it. What cannot be replayed is remarked.
pub(super) async fn replay(
    cx: &Context,
    client: &Client,
    topology: &Topology,
    saved: Option<&[BondState]>,
) {
    let ports = topology.bridges.iter().flat_map(|bridge| &bridge.ports);
    for port in ports.clone() {
        let is_known = |member| had_partner(port, member, saved).is_some();
        if has_lacp(port.lacp.as_deref()) && !port.interfaces.iter().any(is_known) {
            cx.remark(&format!(
                "LACP of {}: not in the report: it has no partner here",
                quoted(&port.name)
            ));
        }
    }
    let bonds: Vec<&Port> = ports.filter(|port| port.is_bond()).collect();
    if bonds.is_empty() {
        return;
    }
    enable_members(cx, client, saved.unwrap_or_default()).await;
    for port in &bonds {
        let state = saved.and_then(|saved| saved.iter().find(|bond| bond.name == port.name));
        match active(port, state) {
            Active::Member(member) => {
                let set = call(client, "set-active", &[&port.name, member]).await;
                if let Err(error) = set {
                    cx.remark(&format!(
                        "the active member of {} is not replayed: {error}",
                        quoted(&port.name)
                    ));
                }
            }
            Active::None => {}
            Active::Unknown => cx.remark(&format!(
                "the active member of {}: not in the report",
                quoted(&port.name)
            )),
        }
        if let Some(state) = state.filter(|state| state.mode.as_deref() == Some("balance-slb")) {
            migrate(cx, client, state).await;
        }
    }
    let hashing = bonds.iter().filter(|port| {
        let mode = port.bond_mode.as_deref();
        mode.is_some_and(|mode| mode.starts_with("balance"))
    });
    let hashing: Vec<String> = hashing.map(|port| quoted(&port.name)).collect();
    if !hashing.is_empty() {
        cx.remark(&format!(
            "hashes of packets may be assigned to other members here: bonds {}",
            hashing.join(", ")
        ));
    }
}

/// The active member of a saved bond.
enum Active<'t> {
    Member(&'t str),
    /// It had none.
    None,
    /// The report does not tell.
    Unknown,
}

fn active<'t>(port: &'t Port, state: Option<&'t BondState>) -> Active<'t> {
    if let Some(state) = state {
        return match state.active() {
            Some(member) => Active::Member(&member.name),
            None => Active::None,
        };
    }
    let Some(mac) = &port.bond_active else {
        return Active::Unknown;
    };
    let mut members = port.interfaces.iter();
    match members.find(|member| member.mac_in_use.as_ref() == Some(mac)) {
        Some(member) => Active::Member(&member.name),
        None if mac == "00:00:00:00:00:00" => Active::None,
        None => Active::Unknown,
    }
}

/// Waits until the members are enabled and disabled as saved, without the delays of the bonds. Those that do not become
/// so are remarked.
async fn enable_members(cx: &Context, client: &Client, saved: &[BondState]) {
    let began = Instant::now();
    loop {
        let now = match BondState::read_all(client).await {
            Ok(now) => now,
            Err(error) => return cx.remark(&format!("bonds: {}", Failure::from(error).message)),
        };
        let mut others = Vec::new();
        let mut is_pending = false;
        for bond in saved {
            let here = now.iter().find(|here| here.name == bond.name);
            let here = here.map_or(&[][..], |here| &here.members);
            for member in &bond.members {
                let Some(here) = here.iter().find(|here| here.name == member.name) else {
                    continue;
                };
                if here.is_enabled == member.is_enabled {
                    continue;
                }
                others.push((bond, member));
                if here.may_enable == Some(member.is_enabled) {
                    let verb = if member.is_enabled {
                        "enable"
                    } else {
                        "disable"
                    };
                    // A member that is not changed is found in the next round.
                    let _ = call(client, verb, &[&bond.name, &member.name]).await;
                    is_pending = true;
                }
                // A member that may be enabled here cannot be kept from it.
                is_pending |= member.is_enabled;
            }
        }
        if is_pending && began.elapsed() < WITHIN {
            tokio::time::sleep(STEP).await;
            continue;
        }
        for (bond, member) in others {
            let (was, is) = if member.is_enabled {
                ("enabled", "disabled")
            } else {
                ("disabled", "enabled")
            };
            cx.remark(&format!(
                "member {} of bond {} was {was}, and is {is} here",
                quoted(&member.name),
                quoted(&bond.name)
            ));
        }
        return;
    }
}

/// Assigns the hashes that carried load to their members.
async fn migrate(cx: &Context, client: &Client, bond: &BondState) {
    for member in &bond.members {
        for (hash, _) in &member.hashes {
            let words = [bond.name.as_str(), &hash.to_string(), &member.name];
            if let Err(error) = client.call("bond/migrate", &words).await {
                let error = Failure::from(error).message;
                return cx.remark(&format!("hashes of bond {}: {error}", quoted(&bond.name)));
            }
        }
    }
}

/// Runs a command on a member; before Open vSwitch 2.14 its name ends with the word `slave`.
async fn call(client: &Client, verb: &str, words: &[&str; 2]) -> Result<(), String> {
    let mut failed = String::new();
    for word in ["member", "slave"] {
        match client.call(&format!("bond/{verb}-{word}"), words).await {
            Ok(_) => return Ok(()),
            Err(error) if failed.is_empty() => failed = Failure::from(error).message,
            Err(_) => {}
        }
    }
    Err(failed)
}
