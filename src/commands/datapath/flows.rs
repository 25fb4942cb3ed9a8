//! `ovs datapath flows`: the flows of the datapaths, ports by name.

use std::cmp::Ordering;

use clap::ValueEnum;

use super::filter::{FlowFilter, protocol};
use super::show::DATAPATH;
use super::{bridge_ports, datapaths};
use crate::base::order::by_name;
use crate::commands::about::About;
use crate::commands::argument::{Takes as _, Value};
use crate::commands::lines::InterfaceRow;
use crate::commands::{Context, Exit, Failure};
use crate::output::{Cell, ColourRole, Column, Shape, headings};
use crate::unixctl::datapath_flows::{DatapathFlow, FlowDump};
use crate::unixctl::datapaths::{BridgePort, Datapath};

pub(super) const ABOUT: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
Read from ovs-vswitchd (dpctl/dump-flows) by its control socket. These are the flows that ovs-vswitchd has added for \
packets that came, each for all packets that its flow tables treat alike; those that no packet uses go after some seconds. \
A packet that is looked up several times (connection tracking, select groups) has a flow for each, with the recirc_id of \
the action recirc before it.

Fields have the names of OpenFlow, values and actions are as the datapath writes them; fields that a flow ignores are left \
out. Ports are those of the datapath: patch ports are not in it, and all tunnels of a kind share one; `ovs datapath ports` \
lists them. MATCH and --port take the name of an OpenFlow port, too.")
    .examples("\
ovs datapath flows
ovs datapath flows in_port=tap18a66eac-38,tcp
ovs datapath flows nw_dst=10.0.0.72 --hit
ovs datapath flows --drops                         the packets that are dropped at present
ovs datapath flows --port ens37 --rsort n_packets  the busiest flows first
ovs datapath flows --watch");

// The arguments of `ovs datapath flows`.
#[derive(Debug, clap::Args)]
pub struct FlowArgs {
    /// The flows to show: FIELD=VALUE[/MASK] or tcp, arp, ..., with commas between, as in `ovs dump-flows`. A flow
    /// is shown if it matches on these fields and packets with these values can match it
    #[arg(takes = Value::MATCH)]
    filter: Option<String>,

    /// Only this datapath: system@ovs-system, or ovs-system
    #[arg(long, takes = Value::free("DATAPATH"))]
    datapath: Option<String>,

    /// Only flows that match on this port or send to it
    #[arg(long, takes = Value::OPENFLOW_PORT)]
    port: Option<String>,

    /// Only flows that have matched packets: n_packets > 0
    #[arg(long)]
    hit: bool,

    /// Only flows whose actions are drop, or that have none
    #[arg(long)]
    drops: bool,

    /// Sort by a column; flows without a value last
    #[arg(long, value_enum, value_name = "COLUMN", conflicts_with = "rsort")]
    sort: Option<SortColumn>,

    /// Sort by a column, the highest value first
    #[arg(long, value_enum, value_name = "COLUMN")]
    rsort: Option<SortColumn>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum SortColumn {
    NPackets,
    NBytes,
    UsedMs,
    InPort,
    RecircId,
    Protocol,
    Actions,
}

/// A flow of a datapath, with the bridge of its input port.
struct FlowRow {
    datapath: String,
    bridge: Option<String>,
    flow: DatapathFlow,
}

fn columns() -> Vec<Column<FlowRow>> {
    vec![
        DATAPATH
            .of(|row: &FlowRow| Cell::text(&row.datapath))
            .identity()
            .extra(),
        InterfaceRow::NAMED_BRIDGE
            .of(|row: &FlowRow| Cell::from(row.bridge.as_deref()))
            .shape(Shape::TEXT_OR_NULL)
            .role(ColourRole::Name)
            .drop(4),
        Column::new("in_port", |row: &FlowRow| Cell::from(row.flow.value("in_port")))
            .text_or_null("the port of the datapath that the packets come from")
            .role(ColourRole::Name)
            .identity(),
        Column::new("recirc_id", |row: &FlowRow| Cell::from(row.flow.value("recirc_id")))
            .text_or_null("0 for packets that come from a port, else the number of the action recirc before it")
            .role(ColourRole::Number)
            .identity()
            .drop(3),
        Column::new("protocol", |row: &FlowRow| Cell::text(protocol(&row.flow).0))
            .text("the protocol of the packets: tcp, arp, ..., or the Ethernet type")
            .role(ColourRole::Kind)
            .identity(),
        Column::new("match", |row: &FlowRow| matched(&row.flow))
            .text_map("the other fields that the flow matches on, with their masks")
            .identity()
            .wrap(),
        Column::new("n_packets", |row: &FlowRow| Cell::from(row.flow.packets))
            .whole("how many packets have matched")
            .counter(),
        Column::new("n_bytes", |row: &FlowRow| Cell::from(row.flow.bytes))
            .whole("how many bytes these packets had")
            .counter()
            .drop(2),
        Column::new("used_ms", |row: &FlowRow| Cell::from(row.flow.used))
            .whole_or_null("the milliseconds since a packet last matched; null: none has")
            .clock()
            .drop(1),
        Column::new("actions", |row: &FlowRow| Cell::text(&row.flow.actions))
            .text("the actions of the datapath, with its ports by name; drop: none")
            .wrap(),
        Column::new("flags", |row: &FlowRow| Cell::from(row.flow.flags.as_deref()))
            .text_or_null("the TCP flags of the packets, as letters: S (SYN), F (FIN), R (RST), P (PSH), . (ACK), ...")
            .extra(),
        Column::new("offloaded", |row: &FlowRow| {
            Cell::from(row.flow.offloaded.as_deref())
        })
        .text_or_null("whether the flow is offloaded to hardware: yes, partial; null: the datapath does not tell, or no")
        .extra(),
        Column::new("layer", |row: &FlowRow| Cell::from(row.flow.layer.as_deref()))
            .text_or_null("what has the flow: ovs, tc, dpdk")
            .extra(),
        Column::new("thread", |row: &FlowRow| Cell::from(row.flow.thread.as_deref()))
            .text_or_null("in userspace the thread that has the flow: main, or the core of a PMD thread")
            .identity()
            .extra(),
        Column::new("ufid", |row: &FlowRow| Cell::from(row.flow.ufid.as_deref()))
            .text_or_null("the identifier of the flow, for dpctl/get-flow")
            .identity()
            .extra(),
        Column::new("extra_info", |row: &FlowRow| Cell::from(row.flow.extra.as_deref()))
            .text_or_null("what the datapath says of the flow besides")
            .extra(),
    ]
}

/// The fields that have no column.
fn matched(flow: &DatapathFlow) -> Cell {
    let (_, tells_number) = protocol(flow);
    let mut pairs: Vec<(String, Cell)> = Vec::new();
    for field in &flow.fields {
        match &*field.name {
            "in_port" | "recirc_id" | "dl_type" => continue,
            "nw_proto" if tells_number => continue,
            _ => {}
        }
        let value = match &field.mask {
            Some(mask) => format!("{}/{mask}", field.value),
            None => field.value.clone(),
        };
        let mut name = field.name.to_string();
        while pairs.iter().any(|(other, _)| *other == name) {
            name.insert_str(0, "inner_");
        }
        pairs.push((name, Cell::text(value)));
    }
    Cell::Map(pairs)
}

impl FlowArgs {
    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let filter = FlowFilter::parse(self.filter.as_deref().unwrap_or_default());
        let filter = filter.map_err(|what| {
            Failure::new(Exit::Usage, format!("MATCH: {what}")).hint(
                "fields are those of ovs-fields(7): in_port=NAME,tcp,nw_src=10.0.0.0/8,tp_dst=22",
            )
        })?;
        let client = cx.vswitchd().await?;
        let progress = cx.progress("the flows of the datapath");
        let all = datapaths(cx, &client, self.datapath.as_deref()).await?;
        let users = BridgePort::read_all(&client).await?;
        let ports = Ports {
            datapaths: &all,
            users: &users,
        };
        for word in filter.ports().chain(self.port.as_deref()) {
            ports.check(word)?;
        }
        let mut rows = Vec::new();
        for datapath in &all {
            let dump = FlowDump::read(&client, &datapath.name).await?;
            cx.remark_unknown(&datapath.name, &dump.unknown);
            let is_port = |port: &str, word: &str| ports.is_it(datapath, port, word);
            let of_port: Option<Vec<&str>> = self.port.as_ref().map(|word| {
                let names = datapath.ports.iter().map(|port| port.name.as_str());
                names.filter(|name| is_port(name, word)).collect()
            });
            for mut flow in dump.flows {
                name_in_port(&mut flow, datapath);
                if !filter.takes(&flow, is_port) || !self.takes(&flow, of_port.as_deref()) {
                    continue;
                }
                rows.push(FlowRow {
                    datapath: datapath.name.clone(),
                    bridge: ports.bridge(datapath, &flow),
                    flow,
                });
            }
        }
        drop(progress);
        if let Some(column) = self.sort.or(self.rsort) {
            rows.sort_by(|a, b| column.compare(&a.flow, &b.flow, self.rsort.is_some()));
        }
        cx.print_list(&view, &rows, "flows")
    }

    /// Whether the options take a flow; `of_port` are the ports that --port names.
    fn takes(&self, flow: &DatapathFlow, of_port: Option<&[&str]>) -> bool {
        let is_at = |ports: &[&str]| {
            let mut ports = ports.iter();
            ports.any(|port| flow.value("in_port") == Some(port) || flow.sends_to(port))
        };
        (!self.hit || flow.packets > 0)
            && (!self.drops || matches!(flow.actions.as_str(), "drop" | ""))
            && of_port.is_none_or(is_at)
    }
}

/// Replaces the number of the input port, which old releases tell, by its name.
fn name_in_port(flow: &mut DatapathFlow, datapath: &Datapath) {
    let Some(field) = flow.fields.iter_mut().find(|field| field.name == "in_port") else {
        return;
    };
    let mut ports = datapath.ports.iter();
    if let Ok(number) = field.value.parse::<u32>()
        && !datapath.ports.iter().any(|port| port.name == field.value)
        && let Some(port) = ports.find(|port| port.number == number)
    {
        field.value.clone_from(&port.name);
    }
}

/// The ports of the datapaths and of the bridges.
struct Ports<'t> {
    datapaths: &'t [Datapath],
    users: &'t [BridgePort],
}

impl Ports<'_> {
    /// Whether a port of a datapath is the one that a word names: by its name, its number, or the name of an
    /// OpenFlow port.
    fn is_it(&self, datapath: &Datapath, port: &str, word: &str) -> bool {
        if port == word {
            return true;
        }
        let Some(port) = datapath.ports.iter().find(|other| other.name == port) else {
            return false;
        };
        word.parse() == Ok(port.number)
            || bridge_ports(self.users, &datapath.name, port).any(|user| user.name == word)
    }

    /// The bridge of the input port, if only one uses it.
    fn bridge(&self, datapath: &Datapath, flow: &DatapathFlow) -> Option<String> {
        let name = flow.value("in_port")?;
        let port = datapath.ports.iter().find(|port| port.name == name)?;
        let mut users = bridge_ports(self.users, &datapath.name, port);
        let bridge = &users.next()?.bridge;
        users
            .all(|user| user.bridge == *bridge)
            .then(|| bridge.clone())
    }

    /// Refuses a word that names no port of the datapaths.
    fn check(&self, word: &str) -> Result<(), Failure> {
        let has = |datapath: &Datapath| {
            let mut ports = datapath.ports.iter();
            ports.any(|port| self.is_it(datapath, &port.name, word))
        };
        if self.datapaths.iter().any(has) {
            return Ok(());
        }
        let hint = "`ovs datapath ports` lists the ports of the datapath";
        if self.users.iter().any(|user| user.name == word) {
            let message = format!(
                "port {} is not in the datapath: ovs-vswitchd itself takes packets through patch ports",
                crate::commands::quoted(word)
            );
            return Err(Failure::new(Exit::NotFound, message).hint(hint));
        }
        let of_datapaths = self.datapaths.iter().flat_map(|datapath| &datapath.ports);
        let names = of_datapaths.map(|port| port.name.as_str());
        let names = names.chain(self.users.iter().map(|user| user.name.as_str()));
        Err(Failure::not_found("port", word, "in the datapath", names).hint(hint))
    }
}

impl SortColumn {
    fn compare(self, a: &DatapathFlow, b: &DatapathFlow, descending: bool) -> Ordering {
        let turn = |order: Ordering| if descending { order.reverse() } else { order };
        let number = |text: Option<&str>| {
            let digits = text.and_then(|text| text.strip_prefix("0x")).unwrap_or("0");
            u64::from_str_radix(digits, 16).unwrap_or_default()
        };
        match self {
            SortColumn::NPackets => turn(a.packets.cmp(&b.packets)),
            SortColumn::NBytes => turn(a.bytes.cmp(&b.bytes)),
            SortColumn::UsedMs => match (a.used, b.used) {
                (Some(a), Some(b)) => turn(a.cmp(&b)),
                (a, b) => a.is_none().cmp(&b.is_none()),
            },
            SortColumn::InPort => {
                let name =
                    |flow: &DatapathFlow| flow.value("in_port").unwrap_or_default().to_owned();
                turn(by_name(&name(a), &name(b)))
            }
            SortColumn::RecircId => {
                turn(number(a.value("recirc_id")).cmp(&number(b.value("recirc_id"))))
            }
            SortColumn::Protocol => turn(protocol(a).cmp(&protocol(b))),
            SortColumn::Actions => turn(a.actions.cmp(&b.actions)),
        }
    }
}
