//! `ovs patch add` and `del`.

use clap::Args;
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::commands::about::About;
use crate::commands::write::Change;
use crate::plan::{Edit, Refusal};

// Arguments of `patch add`.
#[derive(Debug, Args)]
pub struct Add {
    /// The one bridge, and what its port is called [default: patch- and the other bridge without br-]
    #[arg(value_name = "BRIDGE[:PORT]")]
    near: String,
    /// The other
    #[arg(value_name = "BRIDGE[:PORT]")]
    far: String,
    /// If the ports exist, make them the pair that is asked for
    #[arg(long)]
    may_exist: bool,
}

// Arguments of `patch del`.
#[derive(Debug, Args)]
pub struct Delete {
    /// Either end: its name, or BRIDGE/NUMBER; or two bridges
    #[arg(value_name = "PORT | BRIDGE BRIDGE", required = true, num_args = 1..=2)]
    ends: Vec<String>,
    /// It is no error if there is none
    #[arg(long)]
    if_exists: bool,
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

impl Change for Add {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        edit.add_patch([&self.near, &self.far], self.may_exist)
            .boxed_local()
    }
}

impl Change for Delete {
    fn plan<'a, 'c: 'a>(
        &'a self,
        edit: &'a mut Edit<'c>,
    ) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            let deleted = match self.ends.as_slice() {
                [near, far] => edit.delete_patches_between([near, far]).await,
                ends => match ends.first() {
                    Some(port) => edit.delete_patch(port).await,
                    None => Ok(()),
                },
            };
            match deleted {
                Err(Refusal::NotFound { .. }) if self.if_exists => Ok(()),
                other => other,
            }
        }
        .boxed_local()
    }
}
