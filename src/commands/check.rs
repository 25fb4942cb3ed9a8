//! `ovs check`: the faults of the switch, with hints.
//!
//! | file | contents |
//! |---|---|
//! | `bridge` | the flows, groups, meters and ports of one bridge, over OpenFlow |
//! | `daemon` | bonds, MAC addresses and datapaths, by the control socket |
//! | `recorded` | what a saved host records of daemons that could not be asked |
//! | `messages` | the findings as text, in the form of compiler messages |

mod bridge;
mod daemon;
mod messages;
mod recorded;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use clap::ValueEnum;

use super::hint::HintWay;
use super::host::HostArgs;
use super::lines::InterfaceRow;
use super::progress::Progress;
use super::{Context, Exit, Failure};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::model::check::{
    Daemon, Finding, FindingKind, HostFinding, HostView, Severity, Snapshot, daemon_findings,
    findings, host_findings, sort,
};
use crate::model::{Topology, Want};
use crate::output::{Cell, ColourRole, Column, Format, Frame, Mode, Shape, View, headings};
use crate::source::saved::MissingCause;

use bridge::BridgeAnswer;
use daemon::DaemonCheck;
use messages::messages;
pub(super) use messages::{HostOfMessages, messages_of_hosts};

// The arguments of `ovs check`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// Only this bridge, and faults of the whole switch
    #[arg(takes = Value::BRIDGE)]
    bridge: Option<String>,

    /// The minimum severity to show
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "note")]
    severity: Least,

    #[command(flatten)]
    host: HostArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Least {
    Error,
    Warning,
    Note,
}

impl From<Least> for Severity {
    fn from(least: Least) -> Severity {
        match least {
            Least::Error => Severity::Error,
            Least::Warning => Severity::Warning,
            Least::Note => Severity::Note,
        }
    }
}

const ABOUT: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks_made(remarks)
    .examples(
        "\
ovs check
ovs check br-int --severity error
ovs check --columns object,hint
ovs check --json | jq '.[] | select(.finding == \"hidden-flow\").object'",
    );

fn remarks() -> String {
    let mut text = String::from(
        "Nothing is changed. The exit code is 0 where there is no finding of severity error, and 1 where \
         there is one; other failures have their own codes (`ovs --help`).\n\n\
         On a terminal a finding is a message with its hint below, and what several things have in common is \
         written once; --columns makes a table of them. Elsewhere each is a record.\n\n\
         The commands of hints have the options that lead to the host; a change of a saved host is made where it was saved, \
         which is HOST there.\n\n\
         Of several hosts, equal findings are one message with the names of the hosts; records have a host each.\n\n\
         What is looked for:\n",
    );
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let _ = writeln!(text, "  {}", severity.word());
        for kind in FindingKind::ALL
            .iter()
            .filter(|kind| kind.severity() == severity)
        {
            let _ = writeln!(text, "    {:<22} {}", kind.word(), kind.about());
        }
    }
    text.push_str(
        "\nFlows and the host's routes are looked at where the switch is this host's: its database is a \
         unix socket. Flows that expire are left out, they go by themselves.",
    );
    text
}

fn columns() -> Vec<Column<Finding>> {
    vec![
        Column::new("severity", |finding: &Finding| {
            Cell::text(finding.kind.severity().word())
        })
        .is(
            Shape::Words(&["error", "warning", "note"]),
            "error, warning or note",
        )
        .role(ColourRole::State),
        Column::new("finding", |finding: &Finding| {
            Cell::text(finding.kind.word())
        })
        .is(
            Shape::WordsOf(|| FindingKind::ALL.iter().map(|kind| kind.word()).collect()),
            "what kind of thing is wrong",
        )
        .identity()
        .drop(2),
        InterfaceRow::NAMED_BRIDGE
            .of(|finding: &Finding| Cell::from(finding.bridge.as_deref()))
            .shape(Shape::TEXT_OR_NULL)
            .identity()
            .drop(1),
        Column::new("object", |finding: &Finding| Cell::text(&finding.object))
            .text("the port, bridge or other thing that it is about")
            .role(ColourRole::Name)
            .identity()
            .wrap(),
        Column::new("what", |finding: &Finding| Cell::text(&finding.what))
            .text("what is wrong, in words")
            .wrap(),
        Column::new("hint", |finding: &Finding| Cell::text(&finding.hint))
            .text("what helps")
            .wrap(),
    ]
}

/// How long ovs-vswitchd may take to apply the current configuration.
const SETTLES: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(100);

impl Args {
    /// Runs the command; returns [`Exit::Failed`] if there is an error among the findings, else
    /// [`Exit::Done`].
    ///
    /// # Errors
    ///
    /// An argument is wrong, the database cannot be read, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<Exit, Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let progress = cx.progress("reading the database");
        let topology = settled(cx, &progress).await?;
        let bridges: Vec<&str> = match &self.bridge {
            None => topology
                .bridges
                .iter()
                .map(|bridge| bridge.name.as_str())
                .collect(),
            Some(name) => vec![&cx.bridge_with_all(&topology, name)?.name],
        };
        if let Some(run) = cx.host_run() {
            run.keep_view(HostView::of(&run.name, &topology));
        }
        let facts = self.host.facts(cx, &topology).await?;
        let run_directories = if cx.host.has_sockets() {
            cx.host.run_directories().await
        } else {
            Vec::new()
        };
        let mut switch = SwitchFindings::default();
        let mut told = None;
        if cx.host.has_sockets() {
            let (begun, ()) = tokio::join!(
                Box::pin(DaemonCheck::begin(cx, &bridges)),
                Box::pin(switch.read(cx, &progress, &topology, &bridges)),
            );
            let read = match begun {
                // A daemon that does not reply is not waited for again.
                Ok(_) if switch.daemon == Daemon::Silent => None,
                Ok(begun) => Some(begun.finish(&topology).await),
                Err(failure) => Some(Err(failure)),
            };
            told = read.and_then(|read| daemon::told(cx, &switch.daemon, read));
        } else {
            cx.remark(
                "the database is on another host: flows, routes and MAC addresses are not checked",
            );
        }
        progress.say(|| "comparing".to_owned());
        let mut found = findings(&Snapshot {
            topology: &topology,
            daemon: &switch.daemon,
            host: facts.as_ref(),
            run_directories: &run_directories,
        });
        found.retain(|finding| match &finding.bridge {
            Some(bridge) => bridges.contains(&bridge.as_str()) || self.bridge.is_none(),
            None => true,
        });
        if let Some(facts) = told {
            let mut of_daemon = daemon_findings(&topology, &facts, &found);
            of_daemon.retain(|finding| {
                finding
                    .bridge
                    .as_deref()
                    .is_none_or(|name| bridges.contains(&name))
            });
            found.append(&mut of_daemon);
        }
        found.append(&mut switch.findings);
        self.leave_out_unknown(cx, &mut found);
        found.retain(|finding| finding.kind.severity() <= self.severity.into());
        sort(&mut found);
        drop(progress);
        let is_error = |finding: &Finding| finding.kind.severity() == Severity::Error;
        let has_error = found.iter().any(is_error);
        print(cx, &view, found)?;
        match switch.failed {
            _ if has_error => Ok(Exit::Failed),
            // A bridge that could not be checked is not reported as clean.
            Some(exit) => Ok(exit),
            None => Ok(Exit::Done),
        }
    }
}

impl Args {
    /// Removes the findings that depend on what a saved host does not know, and says which were not looked for.
    fn leave_out_unknown(&self, cx: &Context, found: &mut Vec<Finding>) {
        let not_saved = &cx.format.not_saved;
        let is_unknown = |kind: FindingKind| {
            kind.severity() <= self.severity.into() && not_saved.print(kind.reads())
        };
        let unknown: Vec<FindingKind> = FindingKind::ALL
            .iter()
            .copied()
            .filter(|kind| is_unknown(*kind))
            .collect();
        if !unknown.is_empty() {
            let words: Vec<&str> = unknown.iter().map(|kind| kind.word()).collect();
            cx.remark(&format!("not looked for: {}", words.join(", ")));
            found.retain(|finding| !unknown.contains(&finding.kind));
        }
    }

    /// The findings between several hosts, and the exit code.
    pub(super) fn between(&self, hosts: &[HostView]) -> (Vec<HostFinding>, Exit) {
        let is_asked = |HostFinding { finding, .. }: &HostFinding| {
            let bridges = (&self.bridge, &finding.bridge);
            let is_of_bridge = !matches!(bridges, (Some(asked), Some(bridge)) if asked != bridge);
            is_of_bridge && finding.kind.severity() <= self.severity.into()
        };
        let found: Vec<HostFinding> = host_findings(hosts).into_iter().filter(is_asked).collect();
        let is_error = |found: &HostFinding| found.finding.kind.severity() == Severity::Error;
        let exit = if found.iter().any(is_error) {
            Exit::Failed
        } else {
            Exit::Done
        };
        (found, exit)
    }
}

/// Findings of hosts as lists, a list for each host that has any; `way` has the options that lead to a host.
///
/// # Errors
///
/// There is no such column.
pub(super) fn lists<'w>(
    format: &Format,
    found: &[HostFinding],
    way: impl Fn(usize) -> Option<HintWay<'w>>,
) -> Result<Vec<(usize, Frame)>, Failure> {
    let columns = columns();
    let view = format.view(&columns)?;
    let of_host = |found: &[HostFinding]| {
        let host = found.first()?.host;
        let mut found: Vec<Finding> = found.iter().map(|f| f.finding.clone()).collect();
        sort(&mut found);
        if let Some(way) = way(host) {
            name_host(&mut found, &way);
        }
        Some((host, view.frame(&found, "findings")))
    };
    let by_host = found.chunk_by(|a, b| a.host == b.host);
    Ok(by_host.filter_map(of_host).collect())
}

/// Whether findings are records: not on a terminal, unless columns are named.
pub(super) fn is_list(format: &Format) -> bool {
    format.mode != Mode::Table || format.columns.is_some()
}

/// Messages in table mode, unless columns were named; else a list.
fn print(cx: &Context, view: &View<'_, Finding>, mut found: Vec<Finding>) -> Result<(), Failure> {
    // A watched command is compared finding by finding.
    if is_list(&cx.format) || cx.capture().is_some() || found.is_empty() {
        name_host(&mut found, &cx.hint_way());
        return cx.print_list(view, &found, "findings");
    }
    match cx.host_run() {
        Some(run) => run.finds(&found),
        None => cx.print(&messages(&found, cx.hint_way(), &cx.format))?,
    }
    Ok(())
}

/// Names the host in the commands of the hints.
fn name_host(found: &mut [Finding], way: &HintWay<'_>) {
    for finding in found {
        finding.hint = way.hint(&finding.hint);
    }
}

/// Reads the database once ovs-vswitchd has applied the configuration, or the time limit has passed.
async fn settled(cx: &Context, progress: &Progress) -> Result<Topology, Failure> {
    cx.needs_links()?;
    let mut waited = Duration::ZERO;
    loop {
        let topology = cx.topology(Want::all().with_health()).await?;
        let is_settled = topology.ovs.cur_cfg >= topology.ovs.next_cfg;
        if is_settled || waited >= SETTLES || cx.host.reach.saved().is_some() {
            return Ok(topology);
        }
        progress.say(|| "waiting for ovs-vswitchd to apply the configuration".to_owned());
        tokio::time::sleep(STEP).await;
        waited += STEP;
    }
}

/// The results of the checks over OpenFlow.
#[derive(Debug, Default)]
struct SwitchFindings {
    daemon: Daemon,
    findings: Vec<Finding>,
    /// The exit code of the first bridge that could not be checked.
    failed: Option<Exit>,
}

impl SwitchFindings {
    async fn read(
        &mut self,
        cx: &Context,
        progress: &Progress,
        topology: &Topology,
        bridges: &[&str],
    ) {
        let mut unserved = BTreeSet::new();
        let mut answered = false;
        let report = cx.host.reach.saved().map(|saved| &saved.report);
        for (number, name) in (1..).zip(bridges) {
            let count = bridges.len();
            progress.say(|| format!("the flows of {name}, bridge {number} of {count}"));
            let recorded = report.and_then(|report| recorded::of_bridge(report, name));
            let answer = match recorded {
                Some(MissingCause::NotListening) => Ok(BridgeAnswer::NoSocket),
                Some(MissingCause::NoReply) => Ok(BridgeAnswer::Silence),
                _ => bridge::findings(cx, topology, name).await,
            };
            match answer {
                Ok(BridgeAnswer::Findings(mut findings)) => {
                    answered = true;
                    self.findings.append(&mut findings);
                }
                Ok(BridgeAnswer::NoSocket) => {
                    unserved.insert((*name).to_owned());
                }
                Ok(BridgeAnswer::Silence) => {
                    self.daemon = Daemon::Silent;
                    return;
                }
                Err(failure) => {
                    // It replied, although with an error.
                    answered = true;
                    let failure = failure.with_last_words(&cx.host).await;
                    cx.say(&failure);
                    self.failed.get_or_insert(failure.exit);
                }
            }
        }
        if answered {
            self.daemon = Daemon::Runs { unserved };
            return;
        }
        let recorded = report.and_then(recorded::of_daemon);
        let answers = match recorded {
            Some(MissingCause::NoReply) => {
                self.daemon = Daemon::Silent;
                return;
            }
            Some(MissingCause::NotListening) => Some(false),
            _ => bridge::any_answers(cx, topology).await,
        };
        self.daemon = match answers {
            Some(true) => Daemon::Runs { unserved },
            Some(false) => Daemon::Down,
            None => Daemon::Unknown,
        };
    }
}
