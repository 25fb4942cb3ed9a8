//! `ovs flow diff`.

use super::comparison::{Comparison, DifferencePrinter, SideSpelling};
use super::sides::{
    NamedSwitch, NamedSwitchNames, Side, all_of, each_of_file, each_of_file_alone, reader, unusable,
};
use crate::base::shell::word;
use crate::commands::about::{About, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::invented_names::InventedNames;
use crate::commands::spelling::Spelling;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Exit, Failure};
use crate::model::names::SwitchNames;
use crate::openflow::fields::Filter;
use crate::openflow::flow_set::FlowSet;
use crate::openflow::version::{Version, Versions};

use super::input::FlowInput;

pub(super) const ABOUT: About = About::other().document(JsonDocument::FlowChanges).remarks("\
Each of A and B is a switch or a file of flows: a bridge, unix:PATH or tcp:HOST[:6653]; -, a path with a /, or the name \
of a file that exists. Flows are compared by what they mean, not by how they are spelt: strip_vlan and pop_vlan, \
set_tunnel and set_field, load and set_field, the order of the fields of a match, names and numbers are the same. \
Statistics and reset_counts are not compared, the order of actions is; flags not before OpenFlow 1.3 and importance not \
before 1.4, because a switch does not tell them there. Two switches are compared by the numbers of their ports.

A line that begins with - is a flow of A that B does not have so; with +, one of B. In JSON a flow of the same table, \
priority and match on both sides is one change with before and after.

The exit code is 0 if there is no difference, 1 if there is one, and 2 or more after an error.")
    .examples("\
ovs flow diff br-int flows.txt
ovs flow diff before.txt br-int
ovs flow diff before.txt after.txt
ovs dump-flows br-int | ovs flow diff - tcp:192.0.2.7
ovs flow diff br0 br1 --json | jq '.[] | select(.change == \"modified\")'");

// The arguments of `ovs flow diff`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A switch or a file; -: stdin
    #[arg(takes = Value::SWITCH_OR_FILE, value_name = "A")]
    first: String,

    /// A switch or a file; -: stdin
    #[arg(takes = Value::SWITCH_OR_FILE, value_name = "B")]
    second: String,

    #[command(flatten)]
    spelling: Spelling,
}

impl Args {
    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        match self.compare(cx).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Failure::silent(Exit::Failed)),
            Err(failure) => Err(failure.of_comparison()),
        }
    }

    /// Prints what differs; returns whether nothing does.
    async fn compare(&self, cx: &Context) -> Result<bool, Failure> {
        if cx.format.columns.is_some() {
            let message = "flow diff prints whole flows, no columns";
            return Err(Failure::new(Exit::Usage, message).hint("--json and jq pick members"));
        }
        if self.first == "-" && self.second == "-" {
            return Err(Failure::new(Exit::Usage, "stdin is A or B, not both"));
        }
        let first = Side::open(cx, &self.first).await?;
        let second = Side::open(cx, &self.second).await?;
        // The side that is the base of the comparison is the second, unless the other order reads less at a time.
        let (comparison, base_is_first, names) = match (&first, &second) {
            (Side::Switch(switch), Side::File(file)) => {
                let (comparison, names) = with_file(cx, switch, file).await?;
                (comparison, false, [names.clone(), names])
            }
            (Side::File(file), Side::Switch(switch)) => {
                let (comparison, names) = with_file(cx, switch, file).await?;
                (comparison, true, [names.clone(), names])
            }
            (Side::Switch(first), Side::Switch(second)) => {
                let (comparison, names) = two_switches([(cx, first), (cx, second)]).await?;
                (comparison, true, names)
            }
            (Side::File(first), Side::File(second)) => {
                let (comparison, names) = two_files(cx, first, second)?;
                (comparison, true, [names.clone(), names])
            }
        };
        let [first, second] = names.each_ref().map(|names| SideSpelling {
            names,
            ports: self.spelling.ports(),
            style: self.spelling.style(cx),
        });
        let mut printer = DifferencePrinter::new(cx);
        let differences = comparison.differences();
        for difference in &differences {
            let base = difference.base.and_then(|at| comparison.base.get(at));
            let other = difference.other.and_then(|at| comparison.others.get(at));
            let (before, after) = if base_is_first {
                (base, other)
            } else {
                (other, base)
            };
            printer.add(None, before, after, [first, second])?;
        }
        printer.finish()?;
        Ok(differences.is_empty())
    }
}

/// Compares the flows of a switch with those of a file, which are the base.
async fn with_file(
    cx: &Context,
    arg: &SwitchArg,
    file: &FlowInput<'_>,
) -> Result<(Comparison, SwitchNames), Failure> {
    let progress = cx.progress(&format!("{}: reading flows", arg.name()));
    let mut switch = NamedSwitch::open(cx, arg).await?;
    switch.ask(&Filter::default()).await?;
    // While the switch gathers its flows, those of the file are read.
    let version = switch.session.version();
    let told_by = Some(version);
    let names = switch.names.clone();
    let mut base = FlowSet::new(version, told_by);
    let flows = reader(file, arg, &names, version, false);
    each_of_file(
        file,
        |line| flows.parse(line),
        |flow, line| Ok(base.insert(flow, line)?),
    )?;
    let mut comparison = Comparison::new(base, version, told_by);
    let shown = NamedSwitchNames {
        name: arg.name(),
        names: &names,
    };
    let read = switch.each(|flow| {
        let added = comparison.add(flow, 0);
        added.map_err(|error| unusable(&shown, flow, &error, &mut comparison))
    });
    read.await?;
    drop(progress);
    Ok((comparison, names))
}

/// Compares the flows of two switches, which may be on different hosts. Those of the first are the base.
///
/// # Errors
///
/// A switch does not reply, or a flow is malformed.
pub(in crate::commands) async fn two_switches(
    [(cx, first), (second_cx, second)]: [(&Context, &SwitchArg); 2],
) -> Result<(Comparison, [SwitchNames; 2]), Failure> {
    let opened = NamedSwitch::open(cx, first).await;
    let mut before = cx.of_side(opened).await?;
    let opened = NamedSwitch::open(second_cx, second).await;
    let mut after = second_cx.of_side(opened).await?;
    // A version tells actions in its own way: the lower one on both sides, if they allow it. A saved host has one.
    let lower = before.session.version().min(after.session.version());
    for (cx, side) in [(cx, &mut before), (second_cx, &mut after)] {
        if side.session.version() > lower
            && cx.host.reach.saved().is_none()
            && let Ok(session) = side
                .arg
                .try_connect(cx, [lower].into_iter().collect())
                .await
        {
            side.session = session;
        }
    }
    let told_by = Some(before.session.version().min(after.session.version()));
    let progress = cx.progress(&format!("{}: reading flows", first.name()));
    let read = async {
        before.ask(&Filter::default()).await?;
        all_of(&mut before, told_by).await
    };
    let read = read.await;
    let base = cx.of_side(read).await?;
    progress.say(|| format!("{}: reading flows", second.name()));
    let asked = after.ask(&Filter::default()).await;
    second_cx.of_side(asked).await?;
    let mut comparison = Comparison::new(base, after.session.version(), told_by);
    let names = after.names.clone();
    let shown = NamedSwitchNames {
        name: second.name(),
        names: &names,
    };
    let read = after.each(|flow| {
        let added = comparison.add(flow, 0);
        added.map_err(|error| unusable(&shown, flow, &error, &mut comparison))
    });
    let read = read.await;
    second_cx.of_side(read).await?;
    let versions = [before.session.version(), after.session.version()];
    if versions[0] != versions[1] && !comparison.differences().is_empty() {
        cx.remark(&format!(
            "{}: flows in {} are compared with flows in {}: what one version does not tell, such as meters, is a difference",
            word(first.name()),
            versions[0],
            versions[1]
        ));
    }
    Ok((comparison, [before.names, names]))
}

fn two_files(
    cx: &Context,
    first: &FlowInput<'_>,
    second: &FlowInput<'_>,
) -> Result<(Comparison, SwitchNames), Failure> {
    let version = cx.versions.and_then(Versions::highest);
    let version = version.unwrap_or(Version::V15);
    let names = InventedNames::default();
    let mut base = FlowSet::new(version, None);
    each_of_file_alone(first, &names, version, |flow, line| {
        Ok(base.insert(flow, line)?)
    })?;
    let mut comparison = Comparison::new(base, version, None);
    each_of_file_alone(second, &names, version, |flow, line| {
        Ok(comparison.add(flow, line)?)
    })?;
    let names = names.names();
    Ok((comparison, names))
}
