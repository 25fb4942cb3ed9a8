//! `ovs check`: what is wrong with the switch, and what to do about it.
//!
//! | room | what is in it |
//! |---|---|
//! | `bridge` | the conversation with one bridge: its flows, groups, meters and ports |
//! | `host` | the host's addresses, routes and devices, from the kernel or a file |
//! | `messages` | the findings for people, as compilers write theirs |

mod bridge;
mod host;
mod messages;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

use super::lines::Line;
use super::progress::Progress;
use super::{Context, Exit, Failure};
use crate::commands::about::{About, Describe as _};
use crate::model::check::{Daemon, Finding, Kind, Severity, Snapshot, findings, sort};
use crate::model::{Topology, Want};
use crate::output::{Cell, Column, Mode, Role, Shape, View, headings};

use bridge::Answer;

// The arguments of `ovs check`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// Only this bridge, and what concerns the whole switch
    bridge: Option<String>,

    /// The least severity to show
    #[arg(long, value_enum, value_name = "SEVERITY", default_value = "note")]
    severity: Least,

    /// A file with the host's addresses, routes and devices instead of the kernel's
    #[arg(long, value_name = "FILE", hide = true)]
    host_facts: Option<PathBuf>,
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
         What is looked for:\n",
    );
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let _ = writeln!(text, "  {}", severity.word());
        for kind in Kind::ALL.iter().filter(|kind| kind.severity() == severity) {
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
        .role(Role::State),
        Column::new("finding", |finding: &Finding| {
            Cell::text(finding.kind.word())
        })
        .is(
            Shape::WordsOf(|| Kind::ALL.iter().map(|kind| kind.word()).collect()),
            "what kind of thing is wrong",
        )
        .identity()
        .drop(2),
        Line::BRIDGE
            .of(|finding: &Finding| Cell::from(finding.bridge.as_deref()))
            .shape(Shape::TEXT_OR_NULL)
            .identity()
            .drop(1),
        Column::new("object", |finding: &Finding| Cell::text(&finding.object))
            .text("the port, bridge or other thing that it is about")
            .role(Role::Name)
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

/// So long ovs-vswitchd may take to apply what was just configured.
const SETTLES: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(100);

impl Args {
    /// Runs the command: [`Exit::Done`], or [`Exit::Failed`] where there is an error among the findings.
    ///
    /// # Errors
    ///
    /// An argument is wrong, what is to be checked cannot be read, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<Exit, Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let facts = self
            .host_facts
            .as_deref()
            .map(host::read_file)
            .transpose()?;
        let progress = cx.progress("reading the database");
        let topology = settled(cx, &progress).await?;
        let bridges: Vec<&str> = match &self.bridge {
            None => topology
                .bridges
                .iter()
                .map(|bridge| bridge.name.as_str())
                .collect(),
            Some(name) if topology.bridge(name).is_some() => vec![name],
            Some(name) => return Err(Failure::no_bridge(name, &topology)),
        };
        let is_local = cx.host.is_local();
        // A switch with dummy devices is not the host's, though it runs there.
        let is_hosts = is_local && !topology.ovs.iface_types.iter().any(|kind| kind == "dummy");
        let facts = facts.or_else(|| is_hosts.then(|| host::read(cx)));
        let run_directories = if is_local {
            cx.host.run_directories()
        } else {
            Vec::new()
        };
        let mut look = Look::default();
        if is_local {
            look.at(cx, &progress, &topology, &bridges).await;
        } else {
            cx.remark("the database is another host's: flows and routes are not looked at");
        }
        progress.say(|| "comparing".to_owned());
        let mut found = findings(&Snapshot {
            topology: &topology,
            daemon: &look.daemon,
            host: facts.as_ref(),
            run_directories: &run_directories,
        });
        found.retain(|finding| match (&self.bridge, &finding.bridge) {
            (Some(asked), Some(bridge)) => asked == bridge,
            _ => true,
        });
        found.append(&mut look.findings);
        found.retain(|finding| finding.kind.severity() <= self.severity.into());
        sort(&mut found);
        drop(progress);
        print(cx, &view, &found)?;
        let is_error = |finding: &Finding| finding.kind.severity() == Severity::Error;
        match look.failed {
            _ if found.iter().any(is_error) => Ok(Exit::Failed),
            // What could not be looked at is not clean.
            Some(exit) => Ok(exit),
            None => Ok(Exit::Done),
        }
    }
}

/// Messages for people; a list where columns were asked for, and everywhere else.
fn print(cx: &Context, view: &View<'_, Finding>, found: &[Finding]) -> Result<(), Failure> {
    let is_list = cx.format.mode != Mode::Table || cx.format.columns.is_some();
    // What is watched is compared finding by finding.
    if is_list || cx.look().is_some() || found.is_empty() {
        return cx.print_list(view, found, "findings");
    }
    cx.print(&messages::messages(found, &cx.format))
}

/// The database, once ovs-vswitchd has applied what was configured, or has had the time for it.
async fn settled(cx: &Context, progress: &Progress) -> Result<Topology, Failure> {
    let mut waited = Duration::ZERO;
    loop {
        let topology = cx.topology(Want::all().with_health()).await?;
        if topology.ovs.cur_cfg >= topology.ovs.next_cfg || waited >= SETTLES {
            return Ok(topology);
        }
        progress.say(|| "waiting for ovs-vswitchd to apply the configuration".to_owned());
        tokio::time::sleep(STEP).await;
        waited += STEP;
    }
}

/// What the daemon itself tells.
#[derive(Debug, Default)]
struct Look {
    daemon: Daemon,
    findings: Vec<Finding>,
    /// What could not be looked at: the worst that happened.
    failed: Option<Exit>,
}

impl Look {
    async fn at(
        &mut self,
        cx: &Context,
        progress: &Progress,
        topology: &Topology,
        bridges: &[&str],
    ) {
        let mut unserved = BTreeSet::new();
        let mut answered = false;
        for (number, name) in (1..).zip(bridges) {
            let count = bridges.len();
            progress.say(|| format!("the flows of {name}, bridge {number} of {count}"));
            match bridge::look(cx, topology, name).await {
                Ok(Answer::Findings(mut findings)) => {
                    answered = true;
                    self.findings.append(&mut findings);
                }
                Ok(Answer::NoSocket) => {
                    unserved.insert((*name).to_owned());
                }
                Ok(Answer::Silence) => {
                    self.daemon = Daemon::Silent;
                    return;
                }
                Err(failure) => {
                    // It answered, if not as it should.
                    answered = true;
                    cx.say(&failure);
                    self.failed.get_or_insert(failure.exit);
                }
            }
        }
        if answered {
            self.daemon = Daemon::Runs { unserved };
            return;
        }
        self.daemon = match bridge::any_answers(cx, topology).await {
            Some(true) => Daemon::Runs { unserved },
            Some(false) => Daemon::Down,
            None => Daemon::Unknown,
        };
    }
}
