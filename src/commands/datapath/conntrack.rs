//! `ovs datapath conntrack`: the connections that datapaths track.

use std::net::IpAddr;

use super::datapaths;
use super::show::DATAPATH;
use crate::commands::about::About;
use crate::commands::argument::{Takes as _, Value};
use crate::commands::{Context, Failure};
use crate::output::{Cell, ColourRole, Column, Shape, headings};
use crate::unixctl::conntrack::{Connection, Connections, Tuple};
use crate::unixctl::{Error, ErrorKind};

pub(super) const ABOUT: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks("\
Read from ovs-vswitchd (dpctl/dump-conntrack) by its control socket. src, sport, dst and dport are those of the first \
packet, reply_src and so on those of the replies: without translation of addresses the same in reverse. nat says whether \
they differ. The zones are those of ct(zone=...) in the flows.")
    .examples("\
ovs datapath conntrack
ovs datapath conntrack --zone 5 --protocol tcp
ovs datapath conntrack --address 10.0.0.72
ovs datapath conntrack --json | jq 'group_by(.zone)[] | {zone: .[0].zone, n: length}'");

// The arguments of `ovs datapath conntrack`.
#[derive(Debug, clap::Args)]
pub struct ConntrackArgs {
    /// Only this datapath: system@ovs-system, or ovs-system
    #[arg(takes = Value::free("DATAPATH"))]
    datapath: Option<String>,
    /// Only this zone; the datapath selects
    #[arg(long, takes = Value::free("N"))]
    zone: Option<u16>,
    /// Only this protocol: tcp, udp, icmp, icmpv6, sctp, ..., or its number
    #[arg(long, takes = Value::free("PROTOCOL"), value_parser = protocol)]
    protocol: Option<String>,
    /// Only connections that one end of which has this address, translated or not
    #[arg(long, takes = Value::free("IP"))]
    address: Option<IpAddr>,
}

/// The protocols that have a name in the reply, with their numbers (IANA); others are numbers there, too.
const PROTOCOLS: [(u8, &str); 8] = [
    (1, "icmp"),
    (2, "igmp"),
    (6, "tcp"),
    (17, "udp"),
    (33, "dccp"),
    (58, "icmpv6"),
    (132, "sctp"),
    (136, "udplite"),
];

/// A protocol as the reply has it.
fn protocol(text: &str) -> Result<String, String> {
    let name = text.to_ascii_lowercase();
    let name = if name == "icmp6" { "icmpv6" } else { &name };
    if let Ok(number) = name.parse::<u8>() {
        let known = PROTOCOLS.iter().find(|(of, _)| *of == number);
        return Ok(known.map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned()));
    }
    let names = PROTOCOLS.map(|(_, name)| name);
    if names.contains(&name) {
        return Ok(name.to_owned());
    }
    // Short words: two letters in the other order count as one mistake.
    let distance = |known: &&str| strsim::damerau_levenshtein(name, known);
    let close = names.into_iter().min_by_key(distance);
    let close = close.filter(|known| distance(known) <= 2);
    let close = close.map_or_else(String::new, |close| format!(" (did you mean {close}?)"));
    Err(format!(
        "no such protocol{close}; {}, or a number",
        names.join(", ")
    ))
}

/// A connection of a datapath.
struct ConnectionRow {
    datapath: String,
    connection: Connection,
}

/// Columns of one direction.
macro_rules! tuple {
    ($tuple:ident, $src:literal $sport:literal $dst:literal $dport:literal, $of:literal, $drop:literal) => {
        [
            Column::new($src, |row: &ConnectionRow| {
                Cell::text(&row.connection.$tuple.source)
            })
            .text(concat!("the source address of ", $of))
            .role(ColourRole::Address)
            .identity()
            .drop($drop),
            Column::new($sport, |row: &ConnectionRow| {
                Cell::from(row.connection.$tuple.source_port)
            })
            .is(PORT, concat!("the source port of ", $of))
            .role(ColourRole::Number)
            .identity()
            .drop($drop),
            Column::new($dst, |row: &ConnectionRow| {
                Cell::text(&row.connection.$tuple.destination)
            })
            .text(concat!("the destination address of ", $of))
            .role(ColourRole::Address)
            .identity()
            .drop($drop),
            Column::new($dport, |row: &ConnectionRow| {
                Cell::from(row.connection.$tuple.destination_port)
            })
            .is(PORT, concat!("the destination port of ", $of))
            .role(ColourRole::Number)
            .identity()
            .drop($drop),
        ]
    };
}

const PORT: Shape = Shape::OrNull(&Shape::UpTo(u16::MAX));

fn columns() -> Vec<Column<ConnectionRow>> {
    let mut columns = vec![
        DATAPATH
            .of(|row: &ConnectionRow| Cell::text(&row.datapath))
            .identity()
            .extra(),
        Column::new("zone", |row: &ConnectionRow| {
            Cell::from(row.connection.zone)
        })
        .is(Shape::UpTo(u16::MAX), "the zone of the connection")
        .role(ColourRole::Number)
        .identity(),
        Column::new("protocol", |row: &ConnectionRow| {
            Cell::text(&row.connection.protocol)
        })
        .text("the protocol of the packets: tcp, udp, icmp, ...")
        .role(ColourRole::Kind)
        .identity(),
    ];
    columns.extend(tuple!(original, "src" "sport" "dst" "dport", "the first packet", 0));
    columns
        .extend(tuple!(reply, "reply_src" "reply_sport" "reply_dst" "reply_dport", "replies", 4));
    columns.extend([
        Column::new("state", |row: &ConnectionRow| {
            Cell::from(row.connection.state.as_deref())
        })
        .text_or_null(
            "the state of TCP, of both directions if they differ; null for other protocols",
        )
        .in_general("the state of what the row is about")
        .role(ColourRole::State),
        Column::new("timeout", |row: &ConnectionRow| {
            Cell::from(row.connection.timeout)
        })
        .whole_or_null(
            "the seconds until the connection is forgotten; null if the release does not tell",
        )
        .clock()
        .drop(1),
        Column::new("mark", |row: &ConnectionRow| {
            Cell::from(row.connection.mark.as_deref())
        })
        .text_or_null("the mark of the connection, as the datapath writes it")
        .in_general("the mark of a connection, or that a packet must have")
        .role(ColourRole::Number)
        .drop(2),
        Column::new("labels", |row: &ConnectionRow| {
            Cell::from(row.connection.labels.as_deref())
        })
        .text_or_null("the labels of the connection, as the datapath writes them")
        .drop(3),
        Column::new("nat", |row: &ConnectionRow| {
            Cell::Bool(is_translated(&row.connection))
        })
        .truth("whether addresses or ports are translated")
        .drop(3),
        Column::new("icmp", |row: &ConnectionRow| {
            let tuple = &row.connection.original;
            let members = [
                ("type", tuple.icmp_type.map(u16::from)),
                ("code", tuple.icmp_code.map(u16::from)),
                ("id", tuple.icmp_id),
            ];
            let members = members
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), Cell::from(value?))));
            Cell::Map(members.collect())
        })
        .is(Shape::Map(&Shape::Whole), "type, code and id of ICMP")
        .identity()
        .extra(),
        Column::new("status", |row: &ConnectionRow| {
            Cell::from(row.connection.status.as_deref())
        })
        .text_or_null(
            "the flags of the kernel: SEEN_REPLY, ASSURED, CONFIRMED, ...; in userspace a number",
        )
        .extra(),
        Column::new("helper", |row: &ConnectionRow| {
            Cell::from(row.connection.helper.as_deref())
        })
        .text_or_null("the helper that looks into the packets")
        .extra(),
        Column::new("more", |row: &ConnectionRow| {
            let others = row.connection.others.iter();
            Cell::text_map(others.map(|(name, value)| (name.as_str(), value.as_str())))
        })
        .text_map("the other members of the daemon's line, by name")
        .in_general("what the daemon says besides, as it is")
        .extra(),
    ]);
    columns
}

/// Whether the reply is not the original in reverse.
fn is_translated(connection: &Connection) -> bool {
    let Connection {
        original, reply, ..
    } = connection;
    let ends = |source: &Tuple| {
        (
            source.source.clone(),
            source.source_port,
            source.destination.clone(),
            source.destination_port,
        )
    };
    let (source, source_port, destination, destination_port) = ends(reply);
    ends(original) != (destination, destination_port, source, source_port)
}

impl ConntrackArgs {
    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let client = cx.vswitchd().await?;
        let progress = cx.progress("the connections");
        let mut rows = Vec::new();
        for datapath in datapaths(cx, &client, self.datapath.as_deref()).await? {
            let all = match Connections::read(&client, &datapath.name, self.zone).await {
                Err(Error {
                    kind: ErrorKind::Refused(text),
                    ..
                }) if self.datapath.is_none() => {
                    let name = &datapath.name;
                    cx.remark(&format!("the connections of {name} are not known: {text}"));
                    continue;
                }
                all => all?,
            };
            cx.remark_unknown(&datapath.name, &all.unknown);
            let row = |connection| ConnectionRow {
                datapath: datapath.name.clone(),
                connection,
            };
            let chosen = all.connections.into_iter().filter(|it| self.takes(it));
            rows.extend(chosen.map(row));
        }
        drop(progress);
        cx.print_list(&view, &rows, "connections")
    }

    fn takes(&self, connection: &Connection) -> bool {
        let is_protocol = |wanted: &String| connection.protocol.eq_ignore_ascii_case(wanted);
        let has = |wanted: IpAddr| connection.has_address(|text| text.parse() == Ok(wanted));
        // Not every datapath selects by zone.
        self.zone.is_none_or(|zone| connection.zone == zone)
            && self.protocol.as_ref().is_none_or(is_protocol)
            && self.address.is_none_or(has)
    }
}
