//! `ovs flow add`.

use super::asked::FlowRequest;
use super::input::FlowInput;
use super::options::WriteOptions;
use super::report::count_headings;
use crate::commands::about::About;
use crate::commands::argument::{Takes as _, Value};
use crate::commands::switch::SwitchArg;
use crate::commands::switch_line::{LineKind, SwitchLine};
use crate::commands::{Context, Failure};
use crate::openflow::messages::flow_mod::FlowCommand;

pub(super) const ABOUT: About = About::writes_flows()
    .list(count_headings)
    .remarks("\
A FLOW is written as in ovs-ofctl(8), with ports and tables by name or number, or as dump-flows prints it: its \
statistics are ignored. One with the table, priority and match of a flow that is there takes its place.

Several flows are written all or none, in one bundle, which OpenFlow 1.3 and later have; the first that the switch \
refuses is named. In a file, blank lines and what follows # are skipped, and a line may begin with add, modify, \
modify_strict, delete or delete_strict. A modify or delete that selects a flow which a line before adds is refused: Open \
vSwitch may not find it within a bundle, and does not say so. --no-atomic writes the flows one by one: the exit code is 5 if some were \
refused.

--dry-run and --explain read the flows of the switch first, and its groups and meters if a FLOW refers to one: what the \
switch would refuse is refused as without them.

Warned of: a port number that the switch does not have, output to the port that the packets come from, bits outside \
of a mask. --strict makes them errors.")
    .examples("\
ovs flow add br-int 'priority=10,in_port=qvo6b5e4978-e2,actions=NORMAL'
ovs flow add br-int 'table=LB,tcp,tp_dst=22,actions=output:\"int-br-ens37\"' --dry-run
ovs flow add br-int --file flows.txt
ovs dump-flows br-int --json | ovs flow add br-test --file -");

// The arguments of `ovs flow add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The flows: MATCH,actions=ACTIONS as in ovs-ofctl(8), ports and tables by name or number
    #[arg(takes = Value::FLOW, required_unless_present = "file", conflicts_with = "file")]
    flows: Vec<String>,

    #[command(flatten)]
    options: WriteOptions,
}

impl Args {
    pub(super) fn line(&self) -> Result<SwitchLine<'_>, &'static str> {
        self.options.none()?;
        Ok(SwitchLine {
            switch: &self.switch,
            kind: LineKind::Flow(FlowCommand::Add),
            texts: self.flows.iter().map(String::as_str).collect(),
            refuses_warnings: false,
        })
    }

    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let request = FlowRequest {
            cx,
            switch: SwitchArg::parse(cx, &self.switch)?,
            input: FlowInput::open(&self.flows, self.options.file.as_deref())?,
            options: &self.options,
            command: FlowCommand::Add,
            refuses_warnings: cx.writing.strict,
            or_add: false,
            may_delete_all: true,
        };
        request.run().await
    }
}
