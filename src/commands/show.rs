//! `ovs show`: bridges, ports, tags, patch peers and tunnels, in one view.
//!
//! Three views of one snapshot: a tree in table mode, a row per interface in text mode, the whole topology in
//! JSON.

mod json;
mod tree;

use super::lines::{InterfaceRow, Picture};
use super::{Context, Failure};
use crate::base::json::Json;
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::model::{Depth, Extra, Scope, Want};
use crate::output::{Column, Mode, headings};

// Arguments of `show`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// Only this bridge
    #[arg(takes = Value::BRIDGE)]
    bridge: Option<String>,
}

const ABOUT: About = About::watchable()
    .document(JsonDocument::Topology)
    .list(|| headings(&columns()))
    .remarks(
        "\
On a terminal a tree; in a pipe one line per interface; with --json the whole topology.
With --columns, --get or --output jsonl: the lines.",
    )
    .examples(
        "\
ovs show
ovs show br-int | grep -w patch
ovs show --json | jq -r '.bridges[].name'",
    );

/// The row of one interface.
fn columns<'t>() -> Vec<Column<InterfaceRow<'t>>> {
    vec![
        InterfaceRow::BRIDGE,
        InterfaceRow::PORT,
        InterfaceRow::INTERFACE.drop(9),
        InterfaceRow::OFPORT,
        InterfaceRow::TYPE,
        InterfaceRow::TAG,
        InterfaceRow::TRUNKS.drop(6),
        InterfaceRow::PEER,
        InterfaceRow::PEER_BRIDGE.drop(3),
        InterfaceRow::REMOTE_IP.drop(1),
        InterfaceRow::LOCAL_IP.drop(5),
        InterfaceRow::KEY.drop(2),
        InterfaceRow::STATE.drop(7),
        InterfaceRow::ERROR.drop(8),
        InterfaceRow::MAC.extra(),
        InterfaceRow::MTU.extra(),
        InterfaceRow::ADMIN_STATE.extra(),
        InterfaceRow::LINK_STATE.extra(),
        InterfaceRow::BFD.extra(),
        InterfaceRow::CFM.extra(),
        InterfaceRow::LACP_CURRENT.extra(),
        InterfaceRow::OPTIONS.extra(),
        InterfaceRow::EXTERNAL_IDS.extra(),
    ]
}

impl Args {
    /// Prints the topology.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let scope = self.bridge.clone().map_or(Scope::All, Scope::Bridge);
        let as_lines = cx.format.columns.is_some();
        let want = match cx.format.mode {
            Mode::Table if !as_lines => Want::of(scope, Depth::Full)
                .only(tree::reads())
                .with(Extra::ALL),
            Mode::Json if !as_lines => Want::of(scope, Depth::Full)
                .only(json::reads())
                .with(Extra::ALL),
            _ => Want::of(scope, Depth::Ports).only(view.reads()),
        };
        let picture = Picture::read(cx, want, true).await?;
        match cx.format.mode {
            Mode::Table if !as_lines => {
                cx.print_items(tree::tree(&picture, &cx.format), "", "bridges")
            }
            Mode::Json if !as_lines => {
                let mut out = String::new();
                json::topology(&picture, &cx.format.not_saved).write_json(&mut Json::new(&mut out));
                out.push('\n');
                cx.print(&out)
            }
            _ => cx.print_list(&view, &picture.lines(), "ports"),
        }
    }
}
