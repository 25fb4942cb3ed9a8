//! `ovs graph`: the bridges and their connections, as a picture.

use clap::ValueEnum;

use super::lines;
use super::{Context, Exit, Failure};
use crate::base::digits::ranges;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::graph::{Graph, GraphLink, Item, ItemIndex, ItemKind};
use crate::model::patch::PatchState;
use crate::model::vlan::Vlan;
use crate::model::{Bridge, Depth, Scope, Want};
use crate::output::graph::{
    End, Frame, FrameKind, Join, JoinKind, Picture, Row, dot, drawing, mermaid, svg,
};
use crate::output::{Cell, ColourRole, Column, Mode, Shape, headings};

// Arguments of `graph`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// Only this bridge, and what is connected to it
    #[arg(takes = Value::BRIDGE)]
    bridge: Option<String>,
    /// How to draw [default: drawing on a terminal, else text]
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with_all = ["output", "json", "get"])]
    format: Option<Language>,
    /// Every port separately, including the bridges' own ports
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Language {
    /// Boxes and lines on the terminal
    Drawing,
    /// A line for each port or group of ports
    Text,
    /// For Graphviz
    Dot,
    /// For Mermaid, in Markdown pages
    Mermaid,
    /// A picture for a browser or printer
    Svg,
}

const ABOUT: About = About::reads()
    .list(|| headings(&columns()))
    .remarks("\
Bridges with their ports, the patches between them, the tunnels to other hosts. Ports of one tag are \
one row with their number; --all shows each.")
    .notes("\
kind: port, patch, tunnel or local (the bridge's own port, with --all)
state: ok, error (ovs-vswitchd could not open it), or what is wrong with a patch")
    .examples("\
ovs graph
ovs graph br-int --all
ovs graph --format svg > network.svg
ovs graph --format dot | dot -Tpdf > network.pdf
ovs graph --json | jq '.[] | select(.kind == \"patch\")'");

/// A row of a bridge's box.
struct ItemRow<'g, 't> {
    bridge: &'t Bridge,
    item: &'g Item<'t>,
    peer_bridge: Option<&'t Bridge>,
}

fn columns<'g, 't>() -> Vec<Column<ItemRow<'g, 't>>> {
    vec![
        lines::InterfaceRow::NAMED_BRIDGE
            .of(|line: &ItemRow<'g, 't>| Cell::text(&line.bridge.name)),
        Column::new("kind", |line: &ItemRow<'g, 't>| {
            Cell::text(line.item.kind.word())
        })
        .is(
            Shape::Words(&["local", "port", "patch", "tunnel"]),
            "of which kind the line is; the command's page lists them",
        )
        .role(ColourRole::Kind),
        Column::new("count", |line: &ItemRow<'g, 't>| {
            Cell::Integer(line.item.ports.len() as i128)
        })
        .whole("how many ports the line stands for"),
        Column::new("ports", |line: &ItemRow<'g, 't>| {
            Cell::texts(line.item.ports.iter().map(|port| port.name.as_str()))
        })
        .texts("the names of the ports that the line stands for")
        .role(ColourRole::Name)
        .wrap(),
        lines::InterfaceRow::TYPE
            .of(|line: &ItemRow<'g, 't>| Cell::texts(line.item.types()))
            .shape(Shape::TEXTS),
        lines::InterfaceRow::TAG.of(|line: &ItemRow<'g, 't>| Cell::from(line.item.vlan.tag())),
        lines::InterfaceRow::TRUNKS
            .of(|line: &ItemRow<'g, 't>| Cell::Integers(trunks(line.item).to_vec()))
            .drop(2),
        lines::InterfaceRow::PEER_BRIDGE.of(|line: &ItemRow<'g, 't>| {
            Cell::from(line.peer_bridge.map(|bridge| bridge.name.as_str()))
        }),
        lines::InterfaceRow::PEER.of(|line: &ItemRow<'g, 't>| Cell::from(line.item.peer)),
        lines::InterfaceRow::REMOTE_IP
            .of(|line: &ItemRow<'g, 't>| Cell::texts(line.item.remotes()))
            .shape(Shape::TEXTS)
            .wrap(),
        lines::InterfaceRow::KEY
            .of(|line: &ItemRow<'g, 't>| Cell::from(line.item.key.as_deref()))
            .role(ColourRole::Plain)
            .drop(1),
        lines::InterfaceRow::STATE
            .of(|line: &ItemRow<'g, 't>| Cell::text(line.item.problem.unwrap_or("ok")))
            .text(lines::InterfaceRow::WORKS)
            .reads(&["options", "error"]),
    ]
}

fn trunks<'g>(item: &'g Item<'_>) -> &'g [i64] {
    match &item.vlan {
        Vlan::Trunk { trunks }
        | Vlan::NativeTagged { trunks, .. }
        | Vlan::NativeUntagged { trunks, .. } => trunks,
        Vlan::Dot1qTunnel { cvlans, .. } => cvlans,
        Vlan::Access { .. } => &[],
    }
}

/// The columns of the database that are needed.
const READ: [&str; 6] = ["tag", "trunks", "vlan_mode", "cvlans", "options", "error"];

impl Args {
    /// Whether it is drawn in a language for pictures.
    pub(super) fn is_picture(&self) -> bool {
        matches!(
            self.format,
            Some(Language::Dot | Language::Mermaid | Language::Svg)
        )
    }

    /// Draws it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let want = Want::of(Scope::All, Depth::Full).only(READ.to_vec());
        cx.needs_links()?;
        let topology = cx.topology(want).await?;
        let bridge = self.bridge.as_deref();
        let bridge = bridge.map(|name| cx.bridge_with_all(&topology, name));
        let bridge = bridge.transpose()?.map(|bridge| bridge.name.as_str());
        let graph = Graph::new(&topology, bridge, !self.all);
        let as_lines = cx.format.columns.is_some();
        let language = self.format.unwrap_or(match cx.format.mode {
            Mode::Table if !as_lines => Language::Drawing,
            _ => Language::Text,
        });
        match language {
            Language::Drawing => {
                let text = drawing(&picture(&graph), &cx.format).map_err(|error| {
                    Failure::new(Exit::Failed, error.to_string())
                        .hint("one bridge, without --all, or --format svg")
                })?;
                if text.is_empty() {
                    cx.remark("no bridges");
                }
                cx.print(&text)
            }
            Language::Dot => cx.print(&dot(&picture(&graph))),
            Language::Mermaid => cx.print(&mermaid(&picture(&graph))),
            Language::Svg => cx.print(&svg(&picture(&graph))),
            Language::Text => {
                let lines = lines(&graph);
                if self.format.is_some() {
                    let format = crate::output::Format {
                        mode: Mode::Text,
                        ..cx.format.clone()
                    };
                    let view = format.view(&columns)?;
                    return cx.print(&view.list(&lines));
                }
                cx.print_list(&view, &lines, "ports")
            }
        }
    }
}

fn lines<'g, 't>(graph: &'g Graph<'t>) -> Vec<ItemRow<'g, 't>> {
    let mut lines = Vec::new();
    for (bridge, node) in graph.bridges.iter().enumerate() {
        for (item, entry) in node.items.iter().enumerate() {
            let here = ItemIndex { bridge, item };
            let far = graph.links.iter().find_map(|link| match link {
                GraphLink::Patch { from, to, .. } if *from == here => Some(to.bridge),
                GraphLink::Patch { from, to, state }
                    if *to == here && *state != PatchState::OneWay =>
                {
                    Some(from.bridge)
                }
                _ => None,
            });
            let far = far.and_then(|bridge| graph.bridges.get(bridge));
            lines.push(ItemRow {
                bridge: node.bridge,
                item: entry,
                peer_bridge: far.map(|node| node.bridge),
            });
        }
    }
    lines
}

/// The graph as boxes and lines.
fn picture(graph: &Graph<'_>) -> Picture {
    let mut frames: Vec<Frame> = Vec::new();
    for node in &graph.bridges {
        frames.push(Frame {
            title: node.bridge.name.clone(),
            kind: FrameKind::Bridge,
            rows: node.items.iter().map(row).collect(),
        });
    }
    for remote in &graph.remotes {
        frames.push(host(&remote.addresses));
    }
    let end = |place: &ItemIndex| End {
        frame: place.bridge,
        row: Some(place.item),
    };
    let join = |link: &GraphLink| match link {
        GraphLink::Patch { from, to, state } => Join {
            from: end(from),
            to: end(to),
            kind: match state {
                PatchState::Ok => JoinKind::Patch,
                _ => JoinKind::Broken,
            },
        },
        GraphLink::Tunnel { from, remote } => Join {
            from: end(from),
            to: End {
                frame: graph.bridges.len() + remote,
                row: None,
            },
            kind: JoinKind::Tunnel,
        },
    };
    Picture {
        joins: graph.links.iter().map(join).collect(),
        frames,
    }
}

/// The label of a remote host, or of several.
fn host(addresses: &[&str]) -> Frame {
    /// Maximum number of addresses in a label.
    const NAMED: usize = 3;
    let row = |name: String| Row {
        name,
        ..Row::default()
    };
    let (title, rows) = match addresses {
        ["flow"] => ("any host".to_owned(), vec![row("as flows say".to_owned())]),
        [one] => ((*one).to_owned(), Vec::new()),
        many => {
            let mut rows: Vec<Row> = many
                .iter()
                .take(NAMED)
                .map(|address| row((*address).to_owned()))
                .collect();
            if many.len() > NAMED {
                rows.push(row(format!("and {} more", many.len() - NAMED)));
            }
            (format!("{} hosts", many.len()), rows)
        }
    };
    Frame {
        title,
        kind: FrameKind::Host,
        rows,
    }
}

fn row(item: &Item<'_>) -> Row {
    let name = match item.ports.as_slice() {
        [port] => port.name.clone(),
        ports => {
            let families = item.families();
            let words: Vec<String> = families
                .iter()
                .take(4)
                .map(|(family, count)| format!("{count} {family}"))
                .collect();
            let more = if families.len() > 4 { ", …" } else { "" };
            match families.as_slice() {
                [_] => words.join(""),
                _ => format!("{} ports: {}{more}", ports.len(), words.join(", ")),
            }
        }
    };
    let mut notes = Vec::new();
    let tag = match &item.vlan {
        Vlan::Access { tag } => Some(*tag),
        Vlan::Trunk { trunks } if trunks.is_empty() => None,
        Vlan::Trunk { trunks } => {
            notes.push(format!("trunks {}", ranges(trunks, ",")));
            None
        }
        vlan @ (Vlan::NativeTagged { tag, .. }
        | Vlan::NativeUntagged { tag, .. }
        | Vlan::Dot1qTunnel { tag, .. }) => {
            notes.push(vlan.mode().to_owned());
            Some(*tag)
        }
    };
    match item.kind {
        ItemKind::Local => notes.push("the bridge itself".to_owned()),
        ItemKind::Tunnel => {
            notes.extend(item.types().into_iter().map(str::to_owned));
            notes.extend(item.key.as_ref().map(|key| format!("key {key}")));
        }
        ItemKind::Port => {
            let members: Vec<&str> = match item.ports.as_slice() {
                [port] if port.is_bond() => {
                    port.interfaces.iter().map(|it| it.name.as_str()).collect()
                }
                _ => Vec::new(),
            };
            if !members.is_empty() {
                notes.push(format!("bond of {}", members.join(", ")));
            }
        }
        ItemKind::Patch => {}
    }
    Row {
        name,
        note: notes.join("  "),
        tag,
        problem: item.problem.map(|problem| match (problem, item.peer) {
            ("dangling", Some(peer)) => format!("dangling: no {peer}"),
            ("one-way", Some(peer)) => format!("one-way to {peer}"),
            (problem, _) => problem.to_owned(),
        }),
    }
}
