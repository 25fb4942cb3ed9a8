//! `ovs tag map`: what a bridge's tags are on the wire.

use std::collections::BTreeMap;

use crate::base::shell::word;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::flow_reading::{COLUMNS, rules_of};
use crate::commands::lines::InterfaceRow;
use crate::commands::{Context, Exit, Failure};
use crate::model::path::is_end_of;
use crate::model::resolve::find;
use crate::model::segment::{Network, TagLine, TagState, tag_lines};
use crate::model::vlan::tags;
use crate::model::{Depth, Scope, Topology, Want};
use crate::output::{Cell, ColourRole, Column, Shape, headings};

// The selection of tags.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// Only the tags of this bridge [default: all bridges that have ports with tags]
    #[arg(takes = Value::BRIDGE)]
    bridge: Option<String>,
    /// Only this tag
    #[arg(long, takes = Value::VID, value_parser = clap::value_parser!(u16).range(0..=4095))]
    tag: Option<u16>,
    /// Only what is this VLAN or tunnel key on the wire; hexadecimal with 0x
    #[arg(long, takes = Value::free("NUMBER"), value_parser = number)]
    segment: Option<u64>,
    /// Only the tag of this port, or the tags of packets that pass it
    #[arg(long, takes = Value::PORT)]
    port: Option<String>,
}

const ABOUT: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
The flows say it: packets are followed from the ports of each tag through all bridges that hang \
together by patches, and back. A tag that leads to two segments has a line for each.

network_type: vlan (segment is the VLAN), flat (untagged), local (nothing leaves), or the type of the \
tunnels: vxlan, gre, geneve, ... (segment is the key, the VNI)
exits: the wires or tunnels by which it leaves, or, where nothing leaves, by which it enters
state: ok; no-inbound, no-outbound (one direction is missing); local; conflict (one tag on two \
segments, or two tags on one); broken-patch (the flows are there, the patch does not work); ambiguous \
(flows of equal priority match the same packets, and the switch takes any); unknown (it could not be \
found out)
reason: why the state is ambiguous or unknown, or which packets are meant
record: what Neutron's agent wrote down (Port.other_config); differs: in which keys the flows, or other \
ports of the tag, say something else")
    .examples("\
ovs tag map br-int
ovs tag map --port qvobeeb2c54-aa -g segment
ovs tag map --segment 100
ovs tag map --json | jq '.[] | select(.state != \"ok\" and .state != \"local\")'");

/// A number in decimal, or hexadecimal with `0x`.
fn number(text: &str) -> Result<u64, String> {
    let hex = text.strip_prefix("0x").or(text.strip_prefix("0X"));
    let number = match hex {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    number.map_err(|error| error.to_string())
}

fn columns<'t>() -> Vec<Column<TagLine<'t>>> {
    vec![
        InterfaceRow::NAMED_BRIDGE
            .of(|line: &TagLine<'t>| Cell::text(&line.bridge.name))
            .drop(5)
            .identity(),
        InterfaceRow::TAG
            .of(|line: &TagLine<'t>| Cell::from(line.tag))
            .shape(Shape::VID)
            .identity(),
        Column::new("network_type", |line: &TagLine<'t>| {
            Cell::from(network_type(line))
        })
        .text_or_null("what the tag is on the wire: vlan, flat, local, or the type of its tunnels")
        .role(ColourRole::Kind),
        Column::new("leaves_by", |line: &TagLine<'t>| {
            let bridge = line.segment.as_ref().and_then(|segment| segment.leaves_by);
            Cell::from(bridge.map(|bridge| bridge.name.as_str()))
        })
        .text_or_null("the bridge by which the tag leaves the host")
        .drop(1),
        Column::new("patch", |line: &TagLine<'t>| {
            Cell::texts(line.patches.iter().map(|patch| patch.name.as_str()))
        })
        .texts("the patch ports by which it leaves the bridge")
        .in_general("patch ports")
        .role(ColourRole::Name)
        .drop(4),
        Column::new("peer", |line: &TagLine<'t>| {
            Cell::texts(line.patches.iter().filter_map(|patch| patch.peer()))
        })
        .texts("the far ends of these patch ports")
        .role(ColourRole::Name)
        .drop(6),
        Column::new("exits", |line: &TagLine<'t>| Cell::texts(exits(line)))
            .texts("the wires or tunnels by which the tag leaves the host")
            .role(ColourRole::Name)
            .wrap()
            .drop(3),
        Column::new("remote_ip", |line: &TagLine<'t>| Cell::texts(remotes(line)))
            .texts("the far ends of the tunnels by which it leaves")
            .role(ColourRole::Address)
            .wrap()
            .drop(2),
        Column::new("segment", |line: &TagLine<'t>| {
            Cell::from(line.segment.as_ref().and_then(|segment| segment.id))
        })
        .whole_or_null("the VLAN or tunnel key on the wire")
        .role(ColourRole::Number),
        Column::new("inner_vlan", |line: &TagLine<'t>| {
            Cell::from(line.segment.as_ref().and_then(|segment| segment.inner_vlan))
        })
        .vid_or_null("the inner tag, where there are two")
        .role(ColourRole::Number)
        .extra(),
        Column::new("ports", |line: &TagLine<'t>| {
            Cell::texts(line.ports.iter().map(|port| port.name.as_str()))
        })
        .texts("the ports that bear the tag")
        .role(ColourRole::Name)
        .wrap()
        .drop(7),
        Column::new("outbound", |line: &TagLine<'t>| {
            Cell::from(line.segment.as_ref().map(|segment| segment.outbound))
        })
        .truth_or_null("the flows by which packets go out")
        .extra(),
        Column::new("inbound", |line: &TagLine<'t>| {
            Cell::from(line.segment.as_ref().map(|segment| segment.inbound))
        })
        .truth_or_null("the flows by which packets come in")
        .extra(),
        InterfaceRow::STATE
            .of(|line: &TagLine<'t>| Cell::text(line.state.word()))
            .is(Shape::Words(TagState::WORDS), InterfaceRow::WORKS)
            .reads(&[]),
        Column::new("record", |line: &TagLine<'t>| match &line.record {
            Some(record) => Cell::text_map(record.pairs.iter().copied()),
            None => Cell::Absent,
        })
        .is(
            Shape::OrNull(&Shape::TEXT_MAP),
            "what Neutron's agent wrote down about the tag",
        )
        .drop(8),
        Column::new("differs", |line: &TagLine<'t>| match &line.record {
            Some(_) => Cell::texts(line.differs.iter().copied()),
            None => Cell::Absent,
        })
        .is(
            Shape::OrNull(&Shape::TEXTS),
            "in which keys the flows differ from the record",
        )
        .role(ColourRole::Error),
        Column::new("reason", |line: &TagLine<'t>| {
            Cell::from(Some(line.note.as_str()).filter(|note| !note.is_empty()))
        })
        .text_or_null("why the state is ambiguous or unknown, or which packets are meant")
        .wrap()
        .drop(9),
    ]
}

/// The note on a tag whose path is broken without further information.
fn network_type<'t>(line: &TagLine<'t>) -> Option<&'t str> {
    match &line.segment {
        Some(segment) => Some(segment.kind),
        None => (line.state == TagState::Local).then_some("local"),
    }
}

/// The ports through which the segment leaves; a bond once.
fn exits<'t>(line: &TagLine<'t>) -> Vec<&'t str> {
    let exits = line.segment.iter().flat_map(|segment| &segment.exits);
    let mut names: Vec<&str> = exits.map(|exit| exit.port.name.as_str()).collect();
    names.dedup();
    names
}

/// The remote addresses of its tunnels.
fn remotes<'t>(line: &TagLine<'t>) -> Vec<&'t str> {
    let exits = line.segment.iter().flat_map(|segment| &segment.exits);
    exits
        .filter_map(|exit| exit.interface.options.get("remote_ip"))
        .map(String::as_str)
        .collect()
}

impl Args {
    /// Runs it.
    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let want = Want::of(Scope::All, Depth::Full)
            .only(COLUMNS.to_vec())
            .with_health();
        cx.needs_links()?;
        cx.format
            .not_saved
            .print(&["Mirror._uuid", "Open_vSwitch.other_config"]);
        let topology = cx.topology(want).await?;
        let asked = self.bridge.as_deref();
        let asked = asked.map(|name| Context::real_bridge(&topology, name));
        let (bridge, vlan) = asked.transpose()?.unzip();
        let bridge = bridge.map(|bridge| bridge.name.as_str());
        let network = Network::new(&topology, bridge);
        let flows = match bridge.and_then(|name| topology.bridge(name)) {
            Some(bridge) if tags(bridge).is_empty() => BTreeMap::new(),
            _ => rules_of(cx, &network).await?,
        };
        let mut lines = tag_lines(&network, flows);
        // A VLAN bridge has one tag.
        if let Some(vid) = vlan.flatten() {
            lines.retain(|line| line.tag == vid);
        }
        self.choose(&topology, &mut lines)?;
        cx.print_list(&view, &lines, "tags")
    }

    /// Removes the rows that were not requested.
    fn choose(&self, topology: &Topology, lines: &mut Vec<TagLine<'_>>) -> Result<(), Failure> {
        let place = match &self.bridge {
            Some(bridge) => format!(" on {bridge}"),
            None => String::new(),
        };
        let missing = |what: String, hint: &str| {
            let hint = match &self.bridge {
                Some(bridge) => format!("`{hint} {}` lists them", word(bridge)),
                None => format!("`{hint}` lists them"),
            };
            Failure::new(Exit::NotFound, what).hint(hint)
        };
        if let Some(tag) = self.tag {
            lines.retain(|line| line.tag == i64::from(tag));
            if lines.is_empty() {
                let what = format!("no port has tag {tag}{place}");
                return Err(missing(what, "ovs tag list"));
            }
        }
        if let Some(text) = &self.port {
            let found = find(topology, None, text)?;
            let is_it = |line: &TagLine<'_>| {
                let own = line.bridge.name == found.bridge.name
                    && line.ports.iter().any(|port| port.name == found.port.name);
                let mut exits = line.segment.iter().flat_map(|segment| &segment.exits);
                own || exits.any(|exit| exit.port.name == found.port.name)
                    || line
                        .patches
                        .iter()
                        .any(|patch| is_end_of(found.port, patch))
            };
            lines.retain(is_it);
            if lines.is_empty() {
                let port = &found.port.name;
                let what = format!("port {port} has none of the tags{place}, nor do they pass it");
                return Err(missing(what, "ovs tag map"));
            }
        }
        if let Some(id) = self.segment {
            lines.retain(|line| line.segment.as_ref().and_then(|segment| segment.id) == Some(id));
            if lines.is_empty() {
                let what = format!("none of the tags{place} is segment {id}");
                return Err(missing(what, "ovs tag map"));
            }
        }
        Ok(())
    }
}
