//! `ovs patch add` and `del`.

use clap::Subcommand;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::commands::write::DatabaseChange;
use crate::plan::{Edit, Refusal, Sought as _};

// The changes of patch ports.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum PatchChange {
    /// Connect two bridges by a pair of patch ports
    #[command(describe = ADD)]
    Add {
        /// The one bridge, and what its port is called [default: patch- and the other bridge without br-]
        #[arg(takes = Value::BRIDGE_AND_PORT)]
        near: String,
        /// The other
        #[arg(takes = Value::BRIDGE_AND_PORT)]
        far: String,
        /// If the ports exist, change them to this pair
        #[arg(long)]
        may_exist: bool,
    },
    /// Remove a pair of patch ports, both ends
    #[command(visible_alias = "delete", describe = DELETE)]
    Del {
        /// Either end: its name, or BRIDGE/NUMBER; or two bridges
        #[arg(takes = Value::new("PORT | BRIDGE BRIDGE", Completer::PortsAndBridges), required = true, num_args = 1..=2)]
        ends: Vec<String>,
        /// Do nothing if there is none
        #[arg(long)]
        if_exists: bool,
    },
}

pub(super) const ADD: About = About::changes()
    .remarks(
        "\
Both ports are made at once. A port of that name that is something else, or makes a pair with \
another, is left alone, and nothing is changed. --may-exist repairs a pair of which one end is \
missing or leads elsewhere; tags and the like stay as they are.",
    )
    .examples(
        "\
ovs patch add br-int br-tun                          (patch-tun on br-int, patch-int on br-tun)
ovs patch add br-int:int-br-ex br-ex:phy-br-ex
ovs patch add br-int br-tun --may-exist",
    );

pub(super) const DELETE: About = About::changes()
    .remarks("Both ends go, whichever is named. Of two bridges, all pairs between them.")
    .examples(
        "\
ovs patch del patch-tun
ovs patch del br-int br-tun --if-exists",
    );

impl DatabaseChange for PatchChange {
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            match self {
                PatchChange::Add {
                    near,
                    far,
                    may_exist,
                } => edit.add_patch([near, far], *may_exist).await,
                PatchChange::Del { ends, if_exists } => {
                    let deleted = match ends.as_slice() {
                        [near, far] => edit.delete_patches_between([near, far]).await,
                        [port, ..] => edit.delete_patch(port).await,
                        [] => Ok(()),
                    };
                    deleted.or_none_if(*if_exists).map(drop)
                }
            }
        }
        .boxed_local()
    }
}
