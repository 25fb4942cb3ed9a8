//! `ovs port add`, `del` and `set`.

use clap::Subcommand;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use super::settings::SettingArgs;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::setting::{each_once, given_twice};
use crate::commands::write::DatabaseChange;
use crate::model::resolve::{self, parse};
use crate::openflow::messages::ports::PortWord;
use crate::plan::port::NewPort;
use crate::plan::{Edit, Refusal, Sought as _};

// The changes of ports.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum PortChange {
    /// Add a port, or a bond, to a bridge
    #[command(describe = ADD)]
    Add {
        /// The bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: String,
        /// The new port's name
        #[arg(takes = Value::PORT)]
        port: String,
        /// Make a bond of these interfaces
        #[arg(long, takes = Value::DEVICES, value_delimiter = ',')]
        bond: Vec<String>,
        /// If the port exists on the bridge, change it to these settings
        #[arg(long)]
        may_exist: bool,
        /// If the switch refuses the port, remove it again
        #[arg(long)]
        atomic: bool,
        #[command(flatten)]
        settings: SettingArgs,
    },
    /// Remove ports
    #[command(visible_alias = "delete", describe = DELETE)]
    Del {
        /// The ports: names, or BRIDGE/NUMBER, not interfaces of a bond; with --all one bridge
        #[arg(takes = Value::PORT, required = true)]
        ports: Vec<String>,
        /// All ports of the bridge, its own and those of its VLAN bridges aside
        #[arg(long)]
        all: bool,
        /// Ignore ports that do not exist
        #[arg(long)]
        if_exists: bool,
    },
    /// Change settings of a port; others are kept
    #[command(describe = SET)]
    Set {
        /// The port: its name, or BRIDGE/NUMBER; or an interface of a bond, for what an interface has
        #[arg(takes = Value::PORT)]
        port: String,
        /// Add an interface to the port, which makes it a bond
        #[arg(long, takes = Value::DEVICE)]
        add_member: Vec<String>,
        /// Remove an interface from the bond
        #[arg(long, takes = Value::DEVICE)]
        remove_member: Vec<String>,
        /// OpenFlow configuration instead of settings: up, down, no-recv, no-flood, no-forward, no-packet-in, ...
        #[arg(long, takes = Value::PORT_WORDS, value_delimiter = ',', value_parser = openflow_word)]
        openflow_config: Vec<PortWord>,
        #[command(flatten)]
        settings: SettingArgs,
    },
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

pub(super) const SET: About = About::changes()
    .remarks("\
--openflow-config changes the port's configuration in the switch by OpenFlow, and what came of it is read back. It is not in the database: it \
is gone when ovs-vswitchd restarts. The words are up, down, recv, no-recv, forward, no-forward, packet-in, \
no-packet-in; in OpenFlow 1.0 only, which is then negotiated, also flood, no-flood, stp, no-stp, recv-stp, \
no-recv-stp. Of a bond, each interface is a port in OpenFlow.")
    .examples(
    "\
ovs port set tap0 --tag 7
ovs port set tap0 --tag none --trunks 1-5,10
ovs port set vxlan0 --option remote_ip=192.0.2.7 --option csum-
ovs port set bond0 --add-member eth4 --remove-member eth2
ovs port set tap0 --openflow-config no-flood,no-packet-in
ovs port set br-int/LOCAL --openflow-config up",
);

fn openflow_word(text: &str) -> Result<PortWord, String> {
    PortWord::parse(text).ok_or_else(|| {
        let words: Vec<&str> = PortWord::all().map(|word| word.word).collect();
        format!("expected one of {}", words.join(", "))
    })
}

/// `--openflow-config` with something else.
fn of_its_own(why: &str) -> Refusal {
    Refusal::usage(format!(
        "--openflow-config cannot be combined with other changes: {why}"
    ))
    .hint("give it in a command of its own: `ovs port set PORT --openflow-config WORD`")
}

impl PortChange {
    /// The port and the words of `--openflow-config`, if this is about them.
    ///
    /// # Errors
    ///
    /// There are settings for the database, too.
    pub(super) fn openflow(&self) -> Result<Option<(&str, &[PortWord])>, Refusal> {
        match self {
            PortChange::Set {
                port,
                openflow_config,
                add_member,
                remove_member,
                settings,
            } if !openflow_config.is_empty() => {
                let is_alone = add_member.is_empty()
                    && remove_member.is_empty()
                    && *settings == SettingArgs::default();
                if is_alone {
                    Ok(Some((port, openflow_config)))
                } else {
                    Err(of_its_own("those are in the database, and it is not"))
                }
            }
            _ => Ok(None),
        }
    }
}

impl DatabaseChange for PortChange {
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            match self {
                PortChange::Add {
                    bridge,
                    port,
                    bond,
                    may_exist,
                    settings,
                    ..
                } => {
                    check_bond(bond)?;
                    let new = NewPort {
                        bridge,
                        name: port,
                        members: bond,
                        settings: &settings.settings(),
                        may_exist: *may_exist,
                    };
                    edit.add_port(&new).await.map(drop)
                }
                PortChange::Del {
                    ports,
                    all: true,
                    if_exists,
                } => {
                    let [bridge] = ports.as_slice() else {
                        return Err(Refusal::usage("--all takes one bridge"));
                    };
                    match edit.bridge(bridge).await.or_none_if(*if_exists)? {
                        Some(place) => edit.delete_ports_of(&place).await,
                        None => Ok(()),
                    }
                }
                PortChange::Del {
                    ports, if_exists, ..
                } => {
                    for port in each_once(ports) {
                        if let Some(place) = edit.whole_port(port).await.or_none_if(*if_exists)? {
                            edit.delete_port(&place).await?;
                        }
                    }
                    Ok(())
                }
                PortChange::Set {
                    openflow_config, ..
                } if !openflow_config.is_empty() => Err(of_its_own("it is not in the database")),
                PortChange::Set {
                    port,
                    add_member,
                    remove_member,
                    settings,
                    ..
                } => {
                    let (mut place, member) = edit.port_or_member(port).await?;
                    let settings = settings.settings();
                    if let (Some(member), resolve::PortWord::Name(_)) = (member, parse(port).port)
                        && (settings.is_of_port()
                            || !add_member.is_empty()
                            || !remove_member.is_empty())
                    {
                        return Err(edit.not_a_port(&place, member));
                    }
                    if !add_member.is_empty() || !remove_member.is_empty() {
                        place.interfaces = edit
                            .change_members(&place, add_member, remove_member)
                            .await?;
                    }
                    if let Some(member) = member.filter(|member| place.interfaces.contains(member))
                    {
                        place.interfaces = vec![member];
                    }
                    edit.set_port(&place, &settings).await
                }
            }
        }
        .boxed_local()
    }

    fn is_atomic(&self) -> bool {
        matches!(self, PortChange::Add { atomic: true, .. })
    }
}

fn check_bond(members: &[String]) -> Result<(), Refusal> {
    if members.len() == 1 {
        return Err(Refusal::usage("a bond has two interfaces or more"));
    }
    if members.iter().any(String::is_empty) {
        return Err(Refusal::usage(
            "the name of an interface of the bond is missing",
        ));
    }
    match given_twice(members) {
        Some(name) => Err(Refusal::usage(format!("{name} is given twice"))),
        None => Ok(()),
    }
}
