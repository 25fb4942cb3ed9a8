//! `ovs bridge add`, `del` and `set`.

use clap::{Args, Subcommand};
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::setting::{one_of, switch};
use crate::commands::write::DatabaseChange;
use crate::model::controller::TARGET_FORMS;
use crate::model::keys;
use crate::openflow::version::Version;
use crate::ovsdb::{Atom, Datum};
use crate::plan::bridge::NewBridge;
use crate::plan::settings::{BridgeSettings, Pair};
use crate::plan::{Edit, Refusal, Sought as _};
use crate::source::address::check_target;

// The changes of bridges.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum BridgeChange {
    /// Add a bridge, or a VLAN bridge
    #[command(describe = ADD)]
    Add {
        /// The new bridge's name
        #[arg(takes = Value::BRIDGE)]
        bridge: String,
        /// Make it a VLAN bridge of this bridge
        #[arg(long, takes = Value::BRIDGE, requires = "vlan")]
        parent: Option<String>,
        /// The VLAN of a VLAN bridge
        #[arg(long, takes = Value::VID, requires = "parent", value_parser = clap::value_parser!(i64).range(0..=4095))]
        vlan: Option<i64>,
        /// If the bridge exists, change it to these settings
        #[arg(long)]
        may_exist: bool,
        #[command(flatten)]
        settings: SettingArgs,
    },
    /// Remove bridges with all their ports
    #[command(visible_alias = "delete", describe = DELETE)]
    Del {
        /// The bridges
        #[arg(takes = Value::BRIDGE, required = true)]
        bridges: Vec<String>,
        /// Ignore bridges that do not exist
        #[arg(long)]
        if_exists: bool,
    },
    /// Change settings of a bridge; others are kept
    #[command(describe = SET)]
    Set {
        /// The bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: String,
        #[command(flatten)]
        settings: SettingArgs,
    },
}

pub(super) const ADD: About = About::changes()
    .remarks("\
A VLAN bridge is a port of its parent that other programs see as a bridge: ports added to it are access \
ports of its VLAN. Of its own it has --external-id only.")
    .examples("\
ovs bridge add br-test
ovs bridge add br-ex --fail-mode secure --protocols OpenFlow13,OpenFlow15
ovs bridge add br-int --controller tcp:127.0.0.1:6633 --dpid 00000000000000aa --may-exist
ovs bridge add br-vlan7 --parent br-ex --vlan 7");

pub(super) const DELETE: About = About::changes()
    .remarks("A bridge goes with all its ports and VLAN bridges; a VLAN bridge with the ports of its VLAN.")
    .examples("\
ovs bridge del br-test
ovs bridge del br-a br-b --if-exists");

pub(super) const SET: About = About::changes().examples(
    "\
ovs bridge set br-int --fail-mode secure --rstp on
ovs bridge set br-int --controller none
ovs bridge set br-int --protocols none --other-config hwaddr-",
);

// The settings of a bridge. `none` unsets one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings (none takes one back, K- a pair)")]
pub struct SettingArgs {
    /// system, netdev, or another type that the switch has [default: system]
    #[arg(long, takes = Value::free("DATAPATH"), value_parser = datapath_type)]
    datapath_type: Option<Datum>,

    /// Behaviour without a controller: standalone, secure [default: standalone]
    #[arg(long, value_name = "MODE", value_parser = one_of(&["standalone", "secure"]), hide_possible_values = true)]
    fail_mode: Option<Datum>,

    /// OpenFlow versions to allow: OpenFlow10,OpenFlow13
    #[arg(long, takes = Value::VERSIONS, value_parser = protocols)]
    protocols: Option<Datum>,

    /// The datapath ID: 16 hexadecimal digits, or up to 16 after 0x
    #[arg(long, takes = Value::free("HEX"), value_parser = dpid)]
    dpid: Option<String>,

    /// A controller, tcp:HOST:PORT, ssl:HOST:PORT, unix:PATH, ptcp:PORT, ...; may be given several times,
    /// and the bridge has these and no others
    #[arg(long = "controller", takes = Value::free("TARGET"), value_parser = target)]
    controllers: Vec<String>,

    /// Spanning tree (IEEE 802.1D): on, off
    #[arg(long, takes = Value::ON_OFF, value_parser = |text: &str| switch(text))]
    stp: Option<Datum>,

    /// Rapid spanning tree (IEEE 802.1D-2004): on, off
    #[arg(long, takes = Value::ON_OFF, value_parser = |text: &str| switch(text))]
    rstp: Option<Datum>,

    /// IGMP and MLD snooping: on, off
    #[arg(long, takes = Value::ON_OFF, value_parser = |text: &str| switch(text))]
    mcast_snooping: Option<Datum>,

    /// external_ids: K=V sets one, K- removes it
    #[arg(long = "external-id", takes = Value::pair("Bridge", "external_ids"))]
    external_ids: Vec<Pair>,

    /// other_config: K=V sets it, K- removes it
    #[arg(long = "other-config", takes = Value::pair("Bridge", "other_config"))]
    other_config: Vec<Pair>,
}

impl SettingArgs {
    fn settings(&self) -> Result<BridgeSettings, Refusal> {
        let mut other_config = self.other_config.clone();
        other_config.extend(self.dpid.as_ref().map(|dpid| {
            Pair::new(
                "datapath-id",
                Some(dpid.as_str()).filter(|dpid| *dpid != NONE),
            )
        }));
        let controllers = match self.controllers.as_slice() {
            [] => None,
            [only] if only == NONE => Some(Vec::new()),
            several if several.iter().any(|target| target == NONE) => {
                return Err(Refusal::usage(
                    "--controller none removes all: it cannot be combined with others",
                ));
            }
            several => Some(several.to_vec()),
        };
        Ok(BridgeSettings {
            datapath_type: self.datapath_type.clone(),
            fail_mode: self.fail_mode.clone(),
            protocols: self.protocols.clone(),
            stp_enable: self.stp.clone(),
            rstp_enable: self.rstp.clone(),
            mcast_snooping_enable: self.mcast_snooping.clone(),
            external_ids: self.external_ids.clone(),
            other_config,
            controllers,
        })
    }
}

impl DatabaseChange for BridgeChange {
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            match self {
                BridgeChange::Add {
                    bridge,
                    parent,
                    vlan,
                    may_exist,
                    settings,
                } => {
                    let new = NewBridge {
                        name: bridge,
                        parent: parent.as_deref().zip(*vlan),
                        settings: &settings.settings()?,
                        may_exist: *may_exist,
                    };
                    edit.add_bridge(&new).await.map(drop)
                }
                BridgeChange::Del { bridges, if_exists } => {
                    // All are looked up before any is deleted: a VLAN bridge may be deleted with its parent.
                    let mut places = Vec::new();
                    for bridge in bridges {
                        places.extend(edit.bridge(bridge).await.or_none_if(*if_exists)?);
                    }
                    edit.delete_bridges(&places).await
                }
                BridgeChange::Set { bridge, settings } => {
                    let settings = settings.settings()?;
                    let place = edit.bridge(bridge).await?;
                    edit.set_bridge(&place, &settings).await
                }
            }
        }
        .boxed_local()
    }
}

const NONE: &str = "none";

/// `system` is the empty string in the database.
#[allow(clippy::unnecessary_wraps)] // It is clap's.
fn datapath_type(text: &str) -> Result<Datum, String> {
    Ok(if matches!(text, "system" | NONE) {
        "".into()
    } else {
        text.into()
    })
}

fn protocols(text: &str) -> Result<Datum, String> {
    if text == NONE {
        return Ok(Datum::EMPTY);
    }
    let mut versions = Vec::new();
    for word in text.split(',') {
        let version = Atom::from(word.trim().parse::<Version>()?.name());
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    Ok(Datum::set(versions))
}

fn dpid(text: &str) -> Result<String, String> {
    if text == NONE {
        return Ok(text.to_owned());
    }
    if !keys::Value::DatapathId.accepts(text) {
        return Err(format!("expected {}, or none", keys::Value::DatapathId));
    }
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    Ok(format!("{:0>16}", digits.unwrap_or(text)).to_ascii_lowercase())
}

fn target(text: &str) -> Result<String, String> {
    if text != NONE {
        check_target(text).map_err(|reason| match reason {
            Some(reason) => reason,
            None => format!("expected {TARGET_FORMS}, or none"),
        })?;
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        assert_eq!(
            protocols("OpenFlow13,1.0,openflow13").unwrap(),
            Datum::set(["OpenFlow13".into(), "OpenFlow10".into()])
        );
        assert!(protocols("OpenFlow16").is_err() && protocols("").is_err());
        for good in ["00000000000000AA", "0xaa", "0XAA", "0x00000000000000aa"] {
            assert_eq!(dpid(good).unwrap(), "00000000000000aa");
        }
        for wrong in [
            "",
            "aa",
            "0x",
            "0x0",
            "0x1g",
            "0x12345678901234567",
            "0000000000000000",
            "00000000000000aaa",
        ] {
            assert!(dpid(wrong).is_err(), "{wrong}");
        }
        for good in [
            "tcp:1.2.3.4:6633",
            "ssl:[::1]:6653",
            "unix:/x",
            "ptcp:",
            "ptcp:6653",
            "none",
        ] {
            assert!(target(good).is_ok(), "{good}");
        }
        for wrong in [
            "",
            "1.2.3.4",
            "udp:1.2.3.4",
            "tcp:",
            "unix:",
            "tcp:a b",
            "tcp:127.0.0.1:66333",
            "tcp:::1:6633",
            "ptcp:99999",
            "pssl:x:127.0.0.1",
        ] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
    }
}
