//! `ovs flow mod` and `ovs flow del`.

use super::asked::FlowRequest;
use super::input::FlowInput;
use super::options::WriteOptions;
use super::report::count_headings;
use crate::commands::about::About;
use crate::commands::argument::{Takes as _, Value};
use crate::commands::switch::SwitchArg;
use crate::commands::switch_line::{LineKind, SwitchLine};
use crate::commands::{Context, Exit, Failure};
use crate::openflow::messages::flow_mod::FlowCommand;

pub(super) const MODIFY: About = About::writes_flows()
    .list(count_headings)
    .remarks("\
The flows that match at least the fields of FLOW get its actions; their counters stay. cookie=V/M selects them by \
their cookie. With --strict only the flow with exactly this table, priority and match is changed.

How many flows are changed is read just before: the switch does not report it. If there is none, nothing is changed and \
the exit code is 3; --or-add adds the flow instead. A flow that another program adds or removes between the two is not \
considered; over OpenFlow 1.0 and 1.1 the switch itself adds the flow then.

--warnings-as-errors refuses what is warned of: --strict is about the match here.")
    .examples("\
ovs flow mod br-int 'tcp,tp_dst=22,actions=drop'
ovs flow mod br-int --strict 'priority=10,tcp,tp_dst=22,actions=drop'
ovs flow mod br-int --or-add 'in_port=qvo6b5e4978-e2,actions=NORMAL'");

pub(super) const DELETE: About = About::writes_flows()
    .list(count_headings)
    .remarks("\
The flows that match at least the fields of MATCH are removed, in all tables unless it has table=. It may also have \
cookie=V[/M], out_port= and out_group=. With --strict only the flow with exactly this table, priority and match is \
removed. To remove every flow, --all is needed.

How many flows are removed is read just before: the switch does not report it. Flows that other programs add or remove \
between the two are not counted.")
    .examples("\
ovs flow del br-int in_port=qvo6b5e4978-e2
ovs flow del br-int table=20,cookie=0xdc4665db71852389
ovs flow del br-int --strict priority=10,tcp,tp_dst=22
ovs flow del br-int out_port=qvo6b5e4978-e2 --dry-run
ovs flow del br-test --all");

// The arguments of `ovs flow mod`.
#[derive(Debug, clap::Args)]
pub struct ModifyArgs {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// Which flows, and their new actions: MATCH,actions=ACTIONS
    #[arg(takes = Value::FLOW, required_unless_present = "file", conflicts_with = "file")]
    flows: Vec<String>,

    /// Only the flow with exactly this table, priority and match
    #[arg(long)]
    strict: bool,

    /// Add the flow if none matches
    #[arg(long)]
    or_add: bool,

    /// Refuse what is warned of
    #[arg(long)]
    warnings_as_errors: bool,

    #[command(flatten)]
    options: WriteOptions,
}

impl ModifyArgs {
    fn command(&self) -> FlowCommand {
        if self.strict {
            FlowCommand::ModifyStrict
        } else {
            FlowCommand::Modify
        }
    }

    pub(super) fn line(&self) -> Result<SwitchLine<'_>, &'static str> {
        self.options.none()?;
        if self.or_add {
            return Err("--or-add cannot be in a batch");
        }
        Ok(SwitchLine {
            switch: &self.switch,
            kind: LineKind::Flow(self.command()),
            texts: self.flows.iter().map(String::as_str).collect(),
            refuses_warnings: self.warnings_as_errors,
        })
    }

    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let request = FlowRequest {
            cx,
            switch: SwitchArg::parse(cx, &self.switch)?,
            input: FlowInput::open(&self.flows, self.options.file.as_deref())?,
            options: &self.options,
            command: self.command(),
            refuses_warnings: self.warnings_as_errors,
            or_add: self.or_add,
            may_delete_all: false,
        };
        request.run().await
    }
}

// The arguments of `ovs flow del`.
#[derive(Debug, clap::Args)]
pub struct DeleteArgs {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// Which flows, as for dump-flows: FIELD=VALUE[/MASK] or tcp, arp, ..., with commas between; also table=, cookie=,
    /// out_port=, out_group=
    #[arg(value_name = "MATCH", takes = Value::MATCH, conflicts_with_all = ["file", "all"])]
    matches: Vec<String>,

    /// Every flow of every table
    #[arg(long, conflicts_with_all = ["file", "strict"])]
    all: bool,

    /// Only the flow with exactly this table, priority and match
    #[arg(long)]
    strict: bool,

    /// Refuse what is warned of
    #[arg(long)]
    warnings_as_errors: bool,

    #[command(flatten)]
    options: WriteOptions,
}

impl DeleteArgs {
    fn command(&self) -> FlowCommand {
        if self.strict {
            FlowCommand::DeleteStrict
        } else {
            FlowCommand::Delete
        }
    }

    pub(super) fn line(&self) -> Result<SwitchLine<'_>, &'static str> {
        self.options.none()?;
        let flows = match self.matches.as_slice() {
            [] if self.all => vec![""],
            [] => return Err("which flows? MATCH is missing; --all removes every flow"),
            matches => matches.iter().map(String::as_str).collect(),
        };
        Ok(SwitchLine {
            switch: &self.switch,
            kind: LineKind::Flow(self.command()),
            texts: flows,
            refuses_warnings: self.warnings_as_errors,
        })
    }

    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let every = [String::new()];
        if self.matches.is_empty() && !self.all && self.options.file.is_none() {
            let message = "which flows? MATCH is missing";
            return Err(Failure::new(Exit::Usage, message).hint("--all removes every flow"));
        }
        let matches = if self.all {
            every.as_slice()
        } else {
            &self.matches
        };
        let request = FlowRequest {
            cx,
            switch: SwitchArg::parse(cx, &self.switch)?,
            input: FlowInput::open(matches, self.options.file.as_deref())?,
            options: &self.options,
            command: self.command(),
            refuses_warnings: self.warnings_as_errors,
            or_add: false,
            may_delete_all: self.all,
        };
        request.run().await
    }
}
