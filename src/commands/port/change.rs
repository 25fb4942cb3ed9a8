//! `ovs port add`, `del` and `set`.

use clap::Args;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::settings::SettingArgs;
use crate::commands::about::About;
use crate::commands::setting::each_once;
use crate::commands::write::Change;
use crate::plan::port::NewPort;
use crate::plan::{Edit, Refusal};

// Arguments of `port add`.
#[derive(Debug, Args)]
pub struct Add {
    /// The bridge
    #[arg(value_name = "BRIDGE")]
    bridge: String,
    /// The new port's name
    #[arg(value_name = "PORT")]
    port: String,
    /// Make a bond of these interfaces
    #[arg(long, value_name = "IF,IF", value_delimiter = ',')]
    bond: Vec<String>,
    /// If the port exists on the bridge, make it what is asked for
    #[arg(long)]
    may_exist: bool,
    /// If the switch refuses the port, take it out again
    #[arg(long)]
    atomic: bool,
    #[command(flatten)]
    settings: SettingArgs,
}

// Arguments of `port del`.
#[derive(Debug, Args)]
pub struct Delete {
    /// The ports: names, or BRIDGE/NUMBER, not interfaces of a bond; with --all one bridge
    #[arg(value_name = "PORT", required = true)]
    ports: Vec<String>,
    /// All ports of the bridge, its own and those of its VLAN bridges aside
    #[arg(long)]
    all: bool,
    /// Pass over ports that do not exist
    #[arg(long)]
    if_exists: bool,
}

// Arguments of `port set`.
#[derive(Debug, Args)]
pub struct Set {
    /// The port: its name, or BRIDGE/NUMBER. Of an interface of a bond, what an interface has goes to it alone,
    /// the rest to the bond
    #[arg(value_name = "PORT")]
    port: String,
    /// Add an interface to the port, which makes it a bond
    #[arg(long, value_name = "IF")]
    add_member: Vec<String>,
    /// Take an interface out of the bond
    #[arg(long, value_name = "IF")]
    remove_member: Vec<String>,
    #[command(flatten)]
    settings: SettingArgs,
}

pub(super) const ADD: About = About::changes().examples(
    "\
ovs port add br-int tap0 --type internal --tag 5
ovs port add br-int eth1 --trunks 100-199 --may-exist
ovs port add br-ex bond0 --bond eth2,eth3 --bond-mode balance-tcp --lacp active",
);

pub(super) const DELETE: About = About::changes()
    .remarks("A bond goes whole, by its own name; `ovs port set BOND --remove-member IF` takes an interface out.")
    .examples("\
ovs port del tap0 tap1
ovs port del br-int/15
ovs port del br-test --all");

pub(super) const SET: About = About::changes().examples(
    "\
ovs port set tap0 --tag 7
ovs port set tap0 --tag none --trunks 1-5,10
ovs port set vxlan0 --option remote_ip=192.0.2.7 --option csum-
ovs port set bond0 --add-member eth4 --remove-member eth2",
);

impl Change for Add {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            if self.bond.len() == 1 {
                return Err(Refusal::usage("a bond has two interfaces or more"));
            }
            if self.bond.iter().any(String::is_empty) {
                return Err(Refusal::usage(
                    "the name of an interface of the bond is missing",
                ));
            }
            for (number, name) in self.bond.iter().enumerate() {
                if self.bond.iter().take(number).any(|other| other == name) {
                    return Err(Refusal::usage(format!("{name} is given twice")));
                }
            }
            let settings = self.settings.settings();
            let new = NewPort {
                bridge: &self.bridge,
                name: &self.port,
                members: &self.bond,
                settings: &settings,
                may_exist: self.may_exist,
            };
            edit.add_port(&new).await.map(drop)
        }
        .boxed_local()
    }

    fn is_atomic(&self) -> bool {
        self.atomic
    }
}

impl Change for Delete {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            if self.all {
                let [bridge] = self.ports.as_slice() else {
                    return Err(Refusal::usage("--all takes one bridge"));
                };
                return edit.delete_ports_of(bridge, self.if_exists).await;
            }
            for port in each_once(&self.ports) {
                match edit.whole_port(port).await {
                    Ok(place) => edit.delete_port(&place).await?,
                    Err(Refusal::NotFound { .. }) if self.if_exists => {}
                    Err(refusal) => return Err(refusal),
                }
            }
            Ok(())
        }
        .boxed_local()
    }
}

impl Change for Set {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            let settings = self.settings.settings();
            let mut place = edit.port(&self.port).await?;
            let member = edit.member_named(&self.port, &place).await?;
            if !self.add_member.is_empty() || !self.remove_member.is_empty() {
                place.interfaces = edit
                    .change_members(&place, &self.add_member, &self.remove_member)
                    .await?;
            }
            if let Some(member) = member.filter(|member| place.interfaces.contains(member)) {
                place.interfaces = vec![member];
            }
            edit.set_port(&place, &settings).await
        }
        .boxed_local()
    }
}
