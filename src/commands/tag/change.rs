//! `ovs tag set` and `clear`.

use clap::Subcommand;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::setting::{integer, one_of, vlans};
use crate::commands::write::DatabaseChange;
use crate::model::vlan::MODES;
use crate::ovsdb::Datum;
use crate::plan::settings::{Pair, VlanSettings, pairs};
use crate::plan::{Edit, Refusal};

// The changes of tags.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum TagChange {
    /// Set a port's tag, trunks and VLAN mode; others are kept
    #[command(describe = SET)]
    Set {
        /// The port: its name, or BRIDGE/NUMBER
        #[arg(takes = Value::PORT)]
        port: String,
        /// The VLAN: of an access port, or the native one; none unsets it
        #[arg(
            takes = Value::VID,
            required_unless_present_any = ["trunks", "vlan_mode", "cvlans", "qinq_ethertype"],
            value_parser = |text: &str| integer(text, 0..=4095)
        )]
        vid: Option<Datum>,
        /// VLANs that a trunk carries: 1-5,10; none: all
        #[arg(long, takes = Value::VIDS, value_parser = vlans)]
        trunks: Option<Datum>,
        /// access, trunk, native-tagged, native-untagged, dot1q-tunnel; none: by the tag
        #[arg(long, value_name = "MODE", value_parser = one_of(&MODES), hide_possible_values = true)]
        vlan_mode: Option<Datum>,
        /// Inner VLANs that a dot1q-tunnel carries: 1-5,10; none: all
        #[arg(long, takes = Value::VIDS, value_parser = vlans)]
        cvlans: Option<Datum>,
        /// Ethernet type of the outer tag of a dot1q-tunnel: 802.1ad, 802.1q; none: the default
        #[arg(
            long,
            value_name = "ETHERTYPE",
            value_parser = one_of(&["802.1ad", "802.1q"]),
            hide_possible_values = true
        )]
        qinq_ethertype: Option<Datum>,
    },
    /// Unset a port's tag, trunks and VLAN mode
    #[command(describe = CLEAR)]
    Clear {
        /// The ports: names, or BRIDGE/NUMBER
        #[arg(takes = Value::PORT, required = true)]
        ports: Vec<String>,
    },
}

pub(super) const SET: About = About::changes()
    .remarks(
        "\
A tag alone makes an access port, trunks alone a trunk. A tag and trunks make an access port \
whose trunks are ignored, unless --vlan-mode is native-tagged or native-untagged.",
    )
    .examples(
        "\
ovs tag set tap0 5
ovs tag set eth1 --trunks 1-5,10 none
ovs tag set eth1 1 --trunks 2-9 --vlan-mode native-untagged",
    );

pub(super) const CLEAR: About = About::changes()
    .remarks(
        "Takes away the tag, trunks, cvlans and vlan_mode: the port is then a trunk of all VLANs.",
    )
    .examples("ovs tag clear tap0");

impl DatabaseChange for TagChange {
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            match self {
                TagChange::Set {
                    port,
                    vid,
                    trunks,
                    vlan_mode,
                    cvlans,
                    qinq_ethertype,
                } => {
                    let vlan = VlanSettings {
                        tag: vid.clone(),
                        trunks: trunks.clone(),
                        vlan_mode: vlan_mode.clone(),
                        cvlans: cvlans.clone(),
                    };
                    let ethertype = qinq_ethertype.as_ref().map(Datum::as_str);
                    let ethertype = ethertype.map(|word| Pair::new("qinq-ethtype", word));
                    let other_config = pairs("other_config", ethertype.as_slice());
                    let port = edit.port_alone(port).await?;
                    edit.set_vlan(port, &vlan).await?;
                    edit.assign(port, other_config.as_slice()).await?;
                    edit.say_vlan(port, false).await
                }
                TagChange::Clear { ports } => {
                    for port in ports {
                        let port = edit.port_alone(port).await?;
                        edit.refuse_tag_of_vlan_bridge(port, &Datum::EMPTY).await?;
                        for column in ["tag", "trunks", "vlan_mode", "cvlans"] {
                            edit.draft.set(port, column, Datum::EMPTY).await?;
                        }
                        edit.say_vlan(port, true).await?;
                    }
                    Ok(())
                }
            }
        }
        .boxed_local()
    }
}
