//! `ovs tag set` and `clear`.

use clap::Args;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::commands::about::About;
use crate::commands::setting::{Pair, Setting, assignments, integer, one_of, vlans};
use crate::commands::write::Change;
use crate::model::vlan::MODES;
use crate::ovsdb::{Atom, Datum};
use crate::plan::{Assignment, Edit, Refusal};

// Arguments of `tag set`.
#[derive(Debug, Args)]
pub struct Set {
    /// The port: its name, or BRIDGE/NUMBER
    #[arg(value_name = "PORT")]
    port: String,
    /// The VLAN: of an access port, or the native one; none takes it away
    #[arg(
        value_name = "VID",
        required_unless_present_any = ["trunks", "vlan_mode", "cvlans", "qinq_ethertype"],
        value_parser = |text: &str| integer(text, 0..=4095)
    )]
    vid: Option<Setting>,
    /// VLANs that a trunk carries: 1-5,10; none: all
    #[arg(long, value_name = "VIDS", value_parser = vlans)]
    trunks: Option<Setting>,
    /// access, trunk, native-tagged, native-untagged, dot1q-tunnel; none: by the tag
    #[arg(long, value_name = "MODE", value_parser = one_of(&MODES), hide_possible_values = true)]
    vlan_mode: Option<Setting>,
    /// Inner VLANs that a dot1q-tunnel carries: 1-5,10; none: all
    #[arg(long, value_name = "VIDS", value_parser = vlans)]
    cvlans: Option<Setting>,
    /// Ethernet type of the outer tag of a dot1q-tunnel: 802.1ad, 802.1q; none: the default
    #[arg(
        long,
        value_name = "ETHERTYPE",
        value_parser = one_of(&["802.1ad", "802.1q"]),
        hide_possible_values = true
    )]
    qinq_ethertype: Option<Setting>,
}

// Arguments of `tag clear`.
#[derive(Debug, Args)]
pub struct Clear {
    /// The ports: names, or BRIDGE/NUMBER
    #[arg(value_name = "PORT", required = true)]
    ports: Vec<String>,
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

impl Set {
    /// What is done to the port's row.
    fn assignments(&self) -> Vec<Assignment> {
        let mut pairs = Vec::new();
        if let Some(Setting(datum)) = &self.qinq_ethertype {
            pairs.push(Pair {
                key: "qinq-ethtype".to_owned(),
                value: match datum {
                    Datum::Atom(Atom::String(word)) => Some(word.clone()),
                    _ => None,
                },
            });
        }
        assignments(
            [
                ("tag", &self.vid),
                ("trunks", &self.trunks),
                ("vlan_mode", &self.vlan_mode),
                ("cvlans", &self.cvlans),
            ],
            [("other_config", &pairs)],
        )
    }
}

impl Change for Set {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            let port = edit.port_alone(&self.port).await?;
            edit.set_port_row(port, &self.assignments()).await?;
            edit.say_vlan(port, false).await
        }
        .boxed_local()
    }
}

impl Change for Clear {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            for port in &self.ports {
                let port = edit.port_alone(port).await?;
                edit.refuse_tag_of_vlan_bridge(port, &Datum::EMPTY).await?;
                for column in ["tag", "trunks", "vlan_mode", "cvlans"] {
                    edit.draft.set(port, column, Datum::EMPTY).await?;
                }
                edit.say_vlan(port, true).await?;
            }
            Ok(())
        }
        .boxed_local()
    }
}
