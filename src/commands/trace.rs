//! `ovs trace`: what the switch does with a packet, in its own words with names, and what comes of it.

mod ask;
mod holders;
mod packet;
mod place;
mod reason;
mod request;
mod show;

use std::io::{self, IsTerminal as _};
use std::net::IpAddr;

use super::host::HostArgs;
use super::{Context, Exit, Failure, quoted};
use crate::base::terminal::visible;
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::model::trace::labels::Labels;
use crate::model::trace::verdict::TraceResult;
use crate::model::{Depth, Scope, Topology, Want};
use crate::openflow::fields::CT_STATE;
use crate::output::{Mode, headings};
use ask::{Ask, Asked};
pub(super) use request::{PacketArgs, mac};

pub(crate) use show::{filled_headings, result_headings, step_headings};

const ABOUT: About = About::reads()
    .document(JsonDocument::Trace)
    .list(|| headings(&show::columns()))
    .remarks("\
ovs-vswitchd is asked by its control socket (ofproto/trace); the packet is not sent. On a terminal, and with --output \
table, the tables and bridges that it passes, then the verdict; in a pipe one line per result; with --json all of it.

The packet is given by words, as a FLOW, or as bytes. What the words leave open is filled in and shown. The source \
is the address of what is behind the port: external_ids:attached-mac, else the dl_src, nw_src and arp_spa that the \
port's flows let through, else, of internal ports, mac_in_use. The destination MAC is that of the port of this host \
that has the destination address, by the flows of the input bridge or as an address of its device; for any other --to-mac names it.

result: delivered (to a guest, a container or a device of this host), sent (by a wire), tunnelled, local (a bridge's \
own port), controller, switch (a protocol of the switch itself, as LACP), unknown, dropped

Connection tracking is assumed to find a new connection; --ct says otherwise, once per recirculation. A select group \
that chooses by a hash is traced with every hash that makes a difference: one of several ways is taken.")
    .examples("\
ovs trace qvobeeb2c54-aa --to 66.0.0.180 --tcp 80
ovs trace qvobeeb2c54-aa --arp 66.0.0.1
ovs trace qvobeeb2c54-aa --to 66.0.0.180 --expect delivered
ovs trace ens37 --vlan 66 --from-mac 00:00:00:00:00:01 --to-mac fa:16:3e:75:d5:a4
ovs trace br-tun 'in_port=vxlan-0a000048,tun_id=0x64,dl_dst=fa:16:3e:1b:ae:85'
ovs trace qvobeeb2c54-aa --to 66.0.0.180 --json | jq -r .verdict");

// Arguments of `trace`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// The port where the packet comes in; or a bridge, with in_port in FLOW
    #[arg(takes = Value::new("PORT|BRIDGE", Completer::PortsAndBridges))]
    at: String,

    /// The packet's fields, as in ovs-ofctl(8), ports by name
    #[arg(takes = Value::new("FLOW", Completer::Match))]
    flow: Option<String>,

    #[command(flatten)]
    packet: PacketArgs,

    #[command(flatten)]
    host: HostArgs,

    /// What connection tracking finds: new, est, rel, rpl, inv, snat, dnat, several with commas in between;
    /// once per recirculation
    #[arg(long, takes = Value::free("STATE"), value_parser = ct_state)]
    ct: Vec<String>,

    /// Follow this hash, where a select group chooses by one
    #[arg(long, takes = Value::free("N"), value_parser = hash)]
    hash: Option<u32>,

    /// Change the switch as the packet would: MAC learning, learn(), packets to the controller
    #[arg(long)]
    side_effects: bool,

    /// Exit with 1 unless this comes of it: delivered (at the destination, if that is a port of this host), dropped,
    /// PORT (it comes out there), not:PORT
    #[arg(long, takes = Value::new("WHAT", Completer::Ports))]
    expect: Option<String>,

    /// Print the reply of ovs-vswitchd as it is
    #[arg(long)]
    raw: bool,
}

/// The columns of ports and interfaces that are needed.
const COLUMNS: [&str; 8] = [
    "tag",
    "trunks",
    "vlan_mode",
    "options",
    "external_ids",
    "mac_in_use",
    "link_state",
    "other_config",
];

impl Args {
    /// Takes the source address of the packet out of the values of the global option `--from`.
    ///
    /// # Errors
    ///
    /// There are two, or the packet is given as bytes.
    pub fn take_source(&mut self, from: &mut Vec<String>) -> Result<(), Failure> {
        let mut addresses = from.extract_if(.., |value| value.parse::<IpAddr>().is_ok());
        let source = addresses.next();
        let is_another = addresses.next().is_some();
        drop(addresses);
        if is_another {
            let message = "--from names the source address of the packet twice";
            return Err(Failure::new(Exit::Usage, message));
        }
        if source.is_some() && self.packet.packet.is_some() {
            let message =
                "--from names the source address of a packet in words; --packet has its own";
            return Err(Failure::new(Exit::Usage, message));
        }
        self.packet.from = source.and_then(|text| text.parse().ok());
        Ok(())
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database, the switch or ovs-vswitchd do not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<Exit, Failure> {
        if self.raw && (cx.format.is_json() || cx.format.columns.is_some()) {
            let message = "--raw prints the reply as it is, without JSON and columns";
            return Err(
                Failure::new(Exit::Usage, message).hint("without --raw, --json has all of it")
            );
        }
        let columns = show::columns();
        let view = cx.format.view(&columns)?;
        cx.needs_links()?;
        let topology = cx.topology(want()).await?;
        let expectation = self
            .expect
            .as_deref()
            .map(|text| Expectation::parse(&topology, text))
            .transpose()?;
        let labels = Labels::of(&topology);
        let request = self
            .packet
            .request(
                cx,
                &self.host,
                &topology,
                &labels,
                (&self.at, self.flow.as_deref()),
            )
            .await?;
        let ask = Ask {
            cx,
            topology: &topology,
            states: &self.ct,
            hash: self.hash,
            side_effects: self.side_effects && !cx.writing.dry_run,
        };
        let asked = ask.run(&request, labels).await?;
        if let Some(remark) = self.unused(&asked) {
            cx.remark(&remark);
        }
        let target = match &expectation {
            Some(Expectation::Port(interfaces)) => interfaces,
            _ => &request.target,
        };
        if self.raw {
            let mut text = String::new();
            for way in &asked.ways {
                text.push_str(way.reply.text());
                // Since Open vSwitch 3.5 the last line has no end on the socket; ovs-appctl prints one.
                if !text.ends_with('\n') {
                    text.push('\n');
                }
            }
            let is_terminal = io::stdout().is_terminal();
            cx.print(&if is_terminal { visible(&text) } else { text })?;
        } else {
            let shown = show::Shown {
                request: &request,
                asked: &asked,
                topology: &topology,
                target,
            };
            match cx.format.mode {
                Mode::Json if cx.format.columns.is_none() => cx.print(&shown.json())?,
                Mode::Table if cx.format.columns.is_none() => cx.print(&shown.tree(&cx.format))?,
                _ => cx.print_list(&view, &shown.lines(), "results")?,
            }
        }
        let Some(expectation) = &expectation else {
            return Ok(Exit::Done);
        };
        if expectation.is_met(&asked, &request.target) {
            return Ok(Exit::Done);
        }
        let expected = self.expect.as_deref().unwrap_or_default();
        cx.remark(&format!(
            "ovs: expected {}: {}",
            quoted(expected),
            asked.headline(target)
        ));
        Ok(Exit::Failed)
    }
}

impl Args {
    /// Which of `--ct` and `--hash` no way of the packet used.
    fn unused(&self, asked: &Asked) -> Option<String> {
        let met = asked.ways.iter().map(|way| ask::lookups_by_ct(&way.reply));
        let met = met.max().unwrap_or_default();
        if let Some(state) = self.ct.get(met) {
            let state = state.trim_start_matches("trk,");
            let met = match met {
                0 => "no ct(table=...) was met".to_owned(),
                met => format!("only {met} ct(table=...) was met"),
            };
            return Some(format!("{met}: --ct {state} was not used"));
        }
        let hash = self.hash?;
        let is_used = asked.ways.iter().any(|way| ask::hash_mask(&way.reply) != 0);
        (!is_used).then(|| format!("no select group chose by a hash: --hash {hash} was not used"))
    }
}

/// The topology as a trace needs it.
fn want() -> Want {
    Want::of(Scope::All, Depth::Full).only(COLUMNS.to_vec())
}

/// The results of a packet from a port to an IP address, and the headline.
///
/// # Errors
///
/// The addresses of the packet are not known, or the switch or ovs-vswitchd do not reply.
pub(super) async fn results(
    cx: &Context,
    port: &str,
    packet: &PacketArgs,
    host: &HostArgs,
) -> Result<(Vec<TraceResult>, String), Failure> {
    cx.needs_links()?;
    let topology = cx.topology(want()).await?;
    let labels = Labels::of(&topology);
    let request = packet
        .request(cx, host, &topology, &labels, (port, None))
        .await?;
    let ask = Ask {
        cx,
        topology: &topology,
        states: &[],
        hash: None,
        side_effects: false,
    };
    let asked = ask.run(&request, labels).await?;
    let headline = asked.headline(&request.target);
    let results = asked.ways.into_iter().flat_map(|way| way.results.results);
    Ok((results.collect(), headline))
}

/// What `--expect` asks for.
#[derive(Debug)]
enum Expectation {
    Delivered,
    Dropped,
    /// It comes out at one of these interfaces.
    Port(Vec<String>),
    NotPort(Vec<String>),
}

impl Expectation {
    fn parse(topology: &Topology, text: &str) -> Result<Expectation, Failure> {
        let port = |name: &str| {
            let interfaces = interfaces(topology, name);
            if !interfaces.is_empty() {
                return Ok(interfaces);
            }
            let all = topology.interfaces();
            let names = all.map(|(_, _, interface)| interface.name.as_str());
            Err(Failure::not_found("port", name, "", names)
                .hint("--expect takes delivered, dropped, PORT or not:PORT"))
        };
        Ok(match text {
            "delivered" => Expectation::Delivered,
            "dropped" => Expectation::Dropped,
            _ => match text.strip_prefix("not:") {
                Some(name) => Expectation::NotPort(port(name)?),
                None => Expectation::Port(port(text)?),
            },
        })
    }

    /// Whether it holds, whichever way is taken. What is unknown meets no expectation.
    fn is_met(&self, asked: &Asked, target: &[String]) -> bool {
        asked.ways.iter().all(|way| {
            let results = &way.results;
            match self {
                Expectation::Delivered if target.is_empty() => {
                    results.results.iter().any(|result| result.kind.comes_out())
                }
                Expectation::Delivered => results.reaches(target),
                Expectation::Dropped => results.is_dropped(),
                Expectation::Port(interfaces) => results.reaches(interfaces),
                Expectation::NotPort(interfaces) => {
                    !results.reaches(interfaces) && !results.is_open()
                }
            }
        })
    }
}

/// The interfaces of the port of this name, or the interface.
fn interfaces(topology: &Topology, name: &str) -> Vec<String> {
    let of_port = topology.port(name).map(|(_, port)| &port.interfaces);
    let names = of_port.into_iter().flatten();
    let names: Vec<String> = names.map(|interface| interface.name.clone()).collect();
    if names.is_empty() && topology.interface(name).is_some() {
        return vec![name.to_owned()];
    }
    names
}

/// `est,rpl`, as the request has it: `trk,est,rpl`.
fn ct_state(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text
        .split([',', '|'])
        .map(|word| word.trim().trim_start_matches('+'))
        .filter(|word| *word != "trk")
        .collect();
    if let Some(unknown) = words.iter().find(|word| !CT_STATE.contains(word)) {
        return Err(format!(
            "{} is no state of a connection: {}",
            quoted(unknown),
            CT_STATE.join(", ")
        ));
    }
    Ok(["trk"]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join(","))
}

/// A hash in decimal, or in hexadecimal after `0x`; 0 stands for none.
fn hash(text: &str) -> Result<u32, String> {
    let number = match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    number
        .filter(|number| *number != 0)
        .ok_or_else(|| "a hash is a number from 1 to 0xffffffff".to_owned())
}
