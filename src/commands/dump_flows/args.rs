//! The arguments of `ovs dump-flows`, and the request made from them.

use std::cell::Cell;

use super::choice::Choice;
use super::sort::Sorting;
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::spelling::Spelling;
use crate::commands::switch::{FIELDS_HINT, SwitchArg};
use crate::commands::{Exit, Failure};
use crate::model::names::{PortNames, SwitchNames};
use crate::model::resolve::{self, PortWord};
use crate::openflow::fields::{Filter, ParseError, ParseErrorKind, parse_filter, parse_table_word};
use crate::openflow::text::NameLookup;

const ABOUT: About = About::watchable().document(JsonDocument::Flows)
    .remarks("\
Without --sort the flows come in the switch's order, as they arrive. With --all the line begins with \
the bridge's name and a tab (in JSON: the member bridge); a bridge that does not answer is reported \
and the others are printed; a port that MATCH names need not be on every bridge.

The flows are those of one moment, except that all flows of a bridge that has 20,000 or more are asked \
for table by table, so the dump is not a consistent snapshot; unix:PATH in place of the bridge requests all at once.

--watch learns of new, changed and removed flows from the switch's flow monitor, where it has one: flows that came and went \
between two readings are shown, too. Counters are asked for at the interval; with --no-stats nothing is, and \
changes are shown immediately.")
    .examples("\
ovs dump-flows br-int                              every flow, in the switch's order
ovs dump-flows br-int in_port=qvo6b5e4978-e2       the flows that match on a port
ovs dump-flows br-int --port qvo6b5e4978-e2        those, and the flows that send to it
ovs dump-flows br-tun table=20,dl_vlan=1 --no-stats
ovs dump-flows br-int table=ServiceLB              a table by its name
ovs dump-flows br-int --cookie 0xdc4665db71852389
ovs dump-flows br-int --sort                       by table, then the highest priority first
ovs dump-flows br-int --rsort=n_packets --hit      the busiest flows first
ovs dump-flows --all --drops --hit                 who dropped packets, on any bridge
ovs dump-flows --all dl_vlan=1                     a MATCH on every bridge
ovs dump-flows br-tun table=20 --count
ovs dump-flows br-int --no-stats --watch           what changes, immediately
ovs dump-flows br-int --json | jq '.[] | select(.n_packets > 0)'");

// The arguments of `ovs dump-flows`.
#[allow(clippy::struct_excessive_bools)] // Each is an option.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH, required_unless_present = "all")]
    switch: Option<String>,

    /// The flows to show, as in ovs-ofctl(8): FIELD=VALUE[/MASK] or tcp, arp, ..., with commas
    /// between; also table=, cookie=, out_port=, out_group=. Ports and tables by name or number. The switch
    /// selects them
    #[arg(takes = Value::MATCH)]
    filter: Option<String>,

    #[command(flatten)]
    pub(super) spelling: Spelling,

    /// Only flows that match on this port or send to it
    #[arg(long, takes = Value::OPENFLOW_PORT)]
    port: Option<String>,

    /// Only flows of this table, by name or number
    #[arg(long, takes = Value::FLOW_TABLE)]
    table: Option<String>,

    /// Only flows with this cookie, in the bits of the mask
    #[arg(long, takes = Value::free("V[/M]"), value_parser = cookie)]
    cookie: Option<Cookie>,

    /// Only flows that send to this port; selected by the switch
    #[arg(long, takes = Value::OPENFLOW_PORT)]
    out_port: Option<String>,

    /// Only flows that send to this group
    #[arg(long, takes = Value::free("N"), value_parser = clap::value_parser!(u32).range(..=GROUP_MAX))]
    out_group: Option<u32>,

    /// Only flows that have matched packets: n_packets > 0
    #[arg(long)]
    pub(super) hit: bool,

    /// Only flows that send packets nowhere: no output, and none in the action set. In
    /// JSON `drops` is `always`, or `maybe` where an earlier table may have written the set
    #[arg(long)]
    pub(super) drops: bool,

    /// Only flows with this action, inside others too: a type of JSON, or a word of the text in
    /// any style: ct, resubmit, set_field, mod_vlan_vid, NORMAL, drop
    #[arg(long, takes = Value::ACTION, value_parser = Choice::action_word)]
    action: Option<String>,

    #[command(flatten)]
    pub(super) sorting: Sorting,

    /// The flows of every bridge of the database, the bridge's name first on each line; the only
    /// argument is then MATCH
    #[arg(long)]
    pub(super) all: bool,

    /// Only how many flows there are; with --json also their packets and bytes
    #[arg(long, conflicts_with_all = ["sort", "rsort", "no_stats"])]
    pub(super) count: bool,

    /// Leave out duration, counters and ages
    #[arg(long)]
    pub(super) no_stats: bool,
}

/// `OFPG_MAX`
const GROUP_MAX: i64 = 0xffff_ff00;

/// Selects flows by cookie.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Cookie {
    pub(in crate::commands) value: u64,
    pub(in crate::commands) mask: u64,
}

impl Args {
    /// The switch and the MATCH: with `--all` the only argument is a MATCH.
    pub(super) fn places(&self) -> Result<(Option<&str>, &str), Failure> {
        let (switch, filter) = (self.switch.as_deref(), self.filter.as_deref());
        match (self.all, filter) {
            (false, filter) => Ok((switch, filter.unwrap_or_default())),
            (true, None) => Ok((None, switch.unwrap_or_default())),
            (true, Some(_)) => {
                let message = "--all is every bridge: it takes a MATCH, no SWITCH";
                Err(Failure::new(Exit::Usage, message))
            }
        }
    }

    /// The selection made by this client, once the names are known.
    pub(super) fn choice(&self, names: &PortNames, switch: &SwitchArg) -> Result<Choice, Failure> {
        let port = match &self.port {
            Some(port) => Some(number(port, names, switch)?),
            None => None,
        };
        Ok(Choice {
            port,
            hit: self.hit,
            drops: self.drops,
            action: self.action.clone(),
            ..Choice::default()
        })
    }

    /// The names whose numbers the request or the selection needs.
    pub(super) fn wanted(&self) -> Result<Wanted, Failure> {
        let seen = Seen::default();
        parse_filter(self.places()?.1, &seen).map_err(|error| malformed_match(&error))?;
        if let Some(table) = &self.table {
            let number = parse_table_word(table, &seen).map_err(|error| malformed_table(&error))?;
            if number == ALL_TABLES {
                let message = "--table 255: a table is a name or a number from 0 to 254";
                return Err(Failure::new(Exit::Usage, message));
            }
        }
        let named = |port: &Option<String>| {
            port.as_ref()
                .is_some_and(|port| matches!(resolve::parse(port).port, PortWord::Name(_)))
        };
        Ok(Wanted {
            port: seen.port.get() || named(&self.port) || named(&self.out_port),
            table: seen.table.get(),
        })
    }

    /// The MATCH combined with the options that mean the same.
    pub(super) fn filter(
        &self,
        names: &SwitchNames,
        switch: &SwitchArg,
    ) -> Result<Filter, Failure> {
        let unknown = |error: &ParseError| match &error.kind {
            ParseErrorKind::UnknownPort(port) => Some(switch.unknown_port(port, &names.ports)),
            ParseErrorKind::UnknownTable(table) => Some(switch.unknown_table(table, names)),
            ParseErrorKind::AmbiguousTable(table, numbers) => {
                Some(switch.ambiguous_table(table, numbers))
            }
            _ => None,
        };
        let mut filter = parse_filter(self.places()?.1, names)
            .map_err(|error| unknown(&error).unwrap_or_else(|| malformed_match(&error)))?;
        let out_port = match &self.out_port {
            Some(port) => Some(number(port, &names.ports, switch)?),
            None => None,
        };
        let table = match &self.table {
            Some(table) => Some(
                parse_table_word(table, names)
                    .map_err(|error| unknown(&error).unwrap_or_else(|| malformed_table(&error)))?,
            ),
            None => None,
        };
        let cookie = self.cookie.map(|cookie| (cookie.value, cookie.mask));
        either("table", &mut filter.table, table)?;
        either("cookie", &mut filter.cookie, cookie)?;
        either("out_port", &mut filter.out_port, out_port)?;
        either("out_group", &mut filter.out_group, self.out_group)?;
        Ok(filter)
    }
}

/// The kinds of names in the arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// Whether there is the name of a port.
    pub(super) port: bool,
    /// Whether there is the name of a table.
    pub(super) table: bool,
}

impl Wanted {
    /// Whether there is any name.
    pub(super) fn any(self) -> bool {
        self.port || self.table
    }
}

/// Resolves every name, and records which kinds were looked up.
#[derive(Debug, Default)]
struct Seen {
    port: Cell<bool>,
    table: Cell<bool>,
}

impl NameLookup for Seen {
    fn port_name(&self, _: u32) -> Option<&str> {
        None
    }

    fn ofport(&self, _: &str) -> Option<u32> {
        self.port.set(true);
        Some(1)
    }

    fn tables_named(&self, _: &str) -> Vec<u8> {
        self.table.set(true);
        vec![0]
    }
}

/// Takes a value from its option; MATCH may contain it too if it is equal.
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
    let key = error.text.split(['=', ':']).next().unwrap_or_default();
    let hint = match key {
        "actions" | "action" => {
            "--action TYPE and --drops choose by actions; grep finds any word of a line"
        }
        "n_packets" | "n_bytes" => {
            "--hit chooses flows that packets have hit; --sort=n_packets orders"
        }
        "priority" => "--sort=priority orders by it; grep finds the lines: `| grep -w priority=10`",
        _ => FIELDS_HINT,
    };
    Failure::new(Exit::Usage, format!("MATCH: {error}")).hint(hint)
}

/// `OFPTT_ALL`: no table has this number.
const ALL_TABLES: u8 = 255;

fn malformed_table(error: &ParseError) -> Failure {
    Failure::new(Exit::Usage, format!("--table {error}"))
}

/// The number of a port given as an option.
fn number(port: &str, names: &PortNames, switch: &SwitchArg) -> Result<u32, Failure> {
    match resolve::parse(port).port {
        PortWord::Number(number) => Ok(number),
        PortWord::Name(name) => names
            .ofport(&name)
            .ok_or_else(|| switch.unknown_port(&name, names)),
    }
}

/// Reads `V[/M]`.
pub(in crate::commands) fn cookie(text: &str) -> Result<Cookie, String> {
    let (value, mask) = text.split_once('/').unwrap_or((text, "-1"));
    let number = |text: &str| match text.strip_prefix("0x") {
        _ if text == "-1" => Some(u64::MAX),
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    let wrong = |text: &str| format!("\"{text}\" is not a number of 64 bits");
    let mask = number(mask).ok_or_else(|| wrong(mask))?;
    Ok(Cookie {
        value: number(value).ok_or_else(|| wrong(value))? & mask,
        mask,
    })
}
