//! `ovs dump-flows`: the flows of a switch, ports by name.

use clap::ValueEnum;

use super::switch::Switch;
use super::{Context, Exit, Failure};
use crate::model::names::PortNames;
use crate::model::resolve::{self, PortWord};
use crate::openflow::bytes::DecodeError;
use crate::openflow::fields::{Filter, ParseError, ParseErrorKind, parse_filter};
use crate::openflow::flow;
use crate::openflow::json::Json;
use crate::openflow::messages::flow_stats::{Dialect, Entries, FlowStats, Scratch};
use crate::openflow::session::{self, Session};
use crate::openflow::text::{Names, NoNames, PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::output::{FlowText, Mode};

/// The arguments of `ovs dump-flows`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  ovs dump-flows br-int                              every flow, in the switch's order
  ovs dump-flows br-int in_port=qvo6b5e4978-e2       the flows that match on a port
  ovs dump-flows br-int --port qvo6b5e4978-e2        those, and the flows that send to it
  ovs dump-flows br-tun table=20,dl_vlan=1 --no-stats
  ovs dump-flows br-int --cookie 0xdc4665db71852389
  ovs dump-flows br-int --json | jq '.[] | select(.n_packets > 0)'")]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    switch: String,

    /// The flows to show, as in ovs-ofctl(8): FIELD=VALUE[/MASK] or tcp, arp, ..., with commas
    /// between; also table=, cookie=, out_port=, out_group=. Ports by name or number. The switch
    /// does the choosing
    #[arg(value_name = "MATCH")]
    filter: Option<String>,

    /// How ports are written: both is 2(phy-br-ens37) [default: name]
    #[arg(long, value_enum, value_name = "HOW", conflicts_with_all = ["names", "no_names"])]
    ports: Option<Ports>,

    /// The same as --ports name
    #[arg(long, conflicts_with = "no_names")]
    names: bool,

    /// The same as --ports number
    #[arg(long)]
    no_names: bool,

    /// Only flows that match on this port or send to it
    #[arg(long, value_name = "PORT")]
    port: Option<String>,

    /// Only flows of this table
    #[arg(long, value_name = "N")]
    table: Option<u8>,

    /// Only flows with this cookie, in the bits of the mask
    #[arg(long, value_name = "V[/M]", value_parser = cookie)]
    cookie: Option<Cookie>,

    /// Only flows that send to this port; the switch does the choosing
    #[arg(long, value_name = "PORT")]
    out_port: Option<String>,

    /// Only flows that send to this group
    #[arg(long, value_name = "N")]
    out_group: Option<u32>,

    /// Leave out what changes by itself: duration, counters, ages
    #[arg(long)]
    no_stats: bool,

    /// The words: those of OpenFlow 1.0 where they are true, or those of ovs-ofctl -O VERSION
    /// [default: classic; wire with -O]
    #[arg(long, value_enum, value_name = "STYLE")]
    style: Option<Words>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Ports {
    Name,
    Number,
    Both,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Words {
    Classic,
    Wire,
}

#[derive(Debug, Clone, Copy)]
struct Cookie {
    value: u64,
    mask: u64,
}

impl Args {
    /// Runs the command.
    pub async fn run(self, cx: &Context) -> Result<(), Failure> {
        if cx.format.columns.is_some() {
            let message = "dump-flows prints whole flows, no columns";
            return Err(Failure::new(Exit::Usage, message).hint("--json and jq pick members"));
        }
        let switch = Switch::parse(cx, &self.switch)?;
        // Names that the request needs come first; others are looked up while the switch, which
        // gathers all flows before it sends the first, is busy.
        let early = self.names_a_port()?;
        let mut names = PortNames::default();
        if early {
            names = switch.names(cx).await?;
        }
        let filter = self.filter(&names, &switch)?;
        let port = match &self.port {
            Some(port) => Some(number(port, &names, &switch)?),
            None => None,
        };
        let mut session = switch.connect(cx).await?;
        session
            .ask_flows(Dialect::Nicira, &filter)
            .await
            .map_err(|error| switch.failure(error))?;
        let spelling = self.spelling();
        if !early && spelling != PortSpelling::Number {
            names = switch.names(cx).await?;
        }
        let printer = Printer {
            cx,
            text: TextContext {
                version: session.version(),
                style: self.words(cx),
                ports: spelling,
                names: &names,
            },
            stats: !self.no_stats,
            port,
            out: FlowText::new(cx.format.palette),
            count: 0,
            malformed: None,
        };
        printer.run(&mut session, &switch, &filter).await
    }

    fn spelling(&self) -> PortSpelling {
        match self.ports {
            Some(Ports::Both) => PortSpelling::Both,
            Some(Ports::Number) => PortSpelling::Number,
            None if self.no_names => PortSpelling::Number,
            Some(Ports::Name) | None => PortSpelling::Name,
        }
    }

    fn words(&self, cx: &Context) -> Style {
        match self.style {
            Some(Words::Wire) => Style::Wire,
            None if cx.versions.is_some() => Style::Wire,
            Some(Words::Classic) | None => Style::Classic,
        }
    }

    /// Whether the request or the choice of flows needs the number of a port that is named.
    fn names_a_port(&self) -> Result<bool, Failure> {
        let named = |port: &Option<String>| {
            port.as_ref()
                .is_some_and(|port| matches!(resolve::parse(port).port, PortWord::Name(_)))
        };
        if named(&self.port) || named(&self.out_port) {
            return Ok(true);
        }
        match parse_filter(self.filter.as_deref().unwrap_or_default(), &NoNames) {
            Ok(_) => Ok(false),
            Err(error) if matches!(error.kind, ParseErrorKind::UnknownPort(_)) => Ok(true),
            Err(error) => Err(malformed_match(&error)),
        }
    }

    /// MATCH and the options that say the same.
    fn filter(&self, names: &PortNames, switch: &Switch) -> Result<Filter, Failure> {
        let text = self.filter.as_deref().unwrap_or_default();
        let mut filter = parse_filter(text, names).map_err(|error| match &error.kind {
            ParseErrorKind::UnknownPort(port) => switch.unknown_port(port, names),
            _ => malformed_match(&error),
        })?;
        let out_port = match &self.out_port {
            Some(port) => Some(number(port, names, switch)?),
            None => None,
        };
        let cookie = self.cookie.map(|cookie| (cookie.value, cookie.mask));
        either("table", &mut filter.table, self.table)?;
        either("cookie", &mut filter.cookie, cookie)?;
        either("out_port", &mut filter.out_port, out_port)?;
        either("out_group", &mut filter.out_group, self.out_group)?;
        Ok(filter)
    }
}

/// Takes a value from its option; MATCH may have it too if it is the same.
fn either<T: PartialEq>(
    what: &str,
    in_match: &mut Option<T>,
    option: Option<T>,
) -> Result<(), Failure> {
    match (in_match.as_ref(), option) {
        (Some(in_match), Some(option)) if *in_match != option => {
            let message = format!("MATCH and the option name two different values for {what}");
            Err(Failure::new(Exit::Usage, message))
        }
        (None, Some(option)) => {
            *in_match = Some(option);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn malformed_match(error: &ParseError) -> Failure {
    Failure::new(Exit::Usage, format!("MATCH: {error}"))
        .hint("fields are those of ovs-fields(7): in_port=NAME,tcp,nw_src=10.0.0.0/8,tp_dst=22")
}

/// The number of a port given as an option.
fn number(port: &str, names: &PortNames, switch: &Switch) -> Result<u32, Failure> {
    match resolve::parse(port).port {
        PortWord::Number(number) => Ok(number),
        PortWord::Name(name) => names
            .ofport(&name)
            .ok_or_else(|| switch.unknown_port(&name, names)),
    }
}

fn cookie(text: &str) -> Result<Cookie, String> {
    let (value, mask) = text.split_once('/').unwrap_or((text, "-1"));
    let number = |text: &str| match text.strip_prefix("0x") {
        _ if text == "-1" => Some(u64::MAX),
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let wrong = |text: &str| format!("\"{text}\" is not a number of 64 bits");
    Ok(Cookie {
        value: number(value).ok_or_else(|| wrong(value))?,
        mask: number(mask).ok_or_else(|| wrong(mask))?,
    })
}

/// Why a dump ended early.
enum Stop {
    Session(session::Error),
    Output(Failure),
}

/// Prints flows as they arrive.
struct Printer<'a> {
    cx: &'a Context,
    text: TextContext<'a>,
    stats: bool,
    /// Only flows that match on this port or send to it.
    port: Option<u32>,
    out: FlowText,
    count: u64,
    /// The first flow that made no sense.
    malformed: Option<DecodeError>,
}

impl Printer<'_> {
    async fn run(
        mut self,
        session: &mut Session,
        switch: &Switch,
        filter: &Filter,
    ) -> Result<(), Failure> {
        let is_document = self.cx.format.mode == Mode::Json;
        if is_document {
            self.out.text.push('[');
        }
        let mut outcome = self.flows(session).await;
        // A switch of OpenFlow 1.0 that does not know the Nicira extension is asked once more.
        if session.version() == Version::V10
            && matches!(&outcome, Err(Stop::Session(session::Error::Refused(error))) if error.is_unsupported())
        {
            session
                .ask_flows(Dialect::Plain, filter)
                .await
                .map_err(|error| switch.failure(error))?;
            outcome = self.flows(session).await;
        }
        if is_document {
            self.out
                .text
                .push_str(if self.count == 0 { "]\n" } else { "\n]\n" });
        }
        self.flush()?;
        match (outcome, self.malformed) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(error)) => Err(Failure::new(
                Exit::Failed,
                format!("a flow made no sense from here on: {error}"),
            )
            .hint("its line is cut there; the others are whole")),
            (Err(Stop::Output(failure)), _) => Err(failure),
            (Err(Stop::Session(error)), _) => {
                let mut failure = switch.failure(error);
                if self.count > 0 {
                    let (said, count) = (failure.message, self.count);
                    failure.message = format!("{said}; the dump is cut short after {count} flows");
                }
                Err(failure)
            }
        }
    }

    async fn flows(&mut self, session: &mut Session) -> Result<(), Stop> {
        let mut scratch = Scratch::new();
        while let Some(mut entries) = session.flows().await.map_err(Stop::Session)? {
            self.part(&mut entries, &mut scratch);
            self.flush().map_err(Stop::Output)?;
        }
        Ok(())
    }

    fn part(&mut self, entries: &mut Entries<'_>, scratch: &mut Scratch) {
        while let Some(entry) = entries.next_entry(scratch) {
            let outcome = match entry {
                Ok(flow) if self.wants(&flow) => self.flow(&flow),
                Ok(_) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                self.malformed.get_or_insert(error);
            }
        }
    }

    fn wants(&self, flow: &FlowStats<'_>) -> bool {
        self.port
            .is_none_or(|port| flow.fields.in_port() == Some(port) || flow.actions.sends_to(port))
    }

    fn flow(&mut self, flow: &FlowStats<'_>) -> Result<(), DecodeError> {
        let first = self.count == 0;
        self.count += 1;
        match self.cx.format.mode {
            Mode::Json => {
                self.out.text.push_str(if first { "\n" } else { ",\n" });
                flow::json(
                    flow,
                    self.stats,
                    &mut Json::new(&mut self.out.text),
                    &self.text,
                )
            }
            Mode::Jsonl => {
                let json = &mut Json::new(&mut self.out.text);
                let outcome = flow::json(flow, self.stats, json, &self.text);
                self.out.text.push('\n');
                outcome
            }
            Mode::Table | Mode::Text | Mode::Raw => {
                let outcome = flow::text(flow, self.stats, &mut self.out, &self.text);
                self.out.text.push('\n');
                outcome
            }
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let outcome = self.cx.print(&self.out.text);
        self.out.text.clear();
        outcome
    }
}
