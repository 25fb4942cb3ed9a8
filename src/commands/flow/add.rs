//! `ovs flow add`.

use crate::commands::about::About;
use crate::commands::argument::{Takes as _, Value};
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Exit, Failure};
use crate::openflow::flow_change::FlowChange;
use crate::openflow::messages::flow_mod::FlowCommand;
use crate::source::{Atomicity, Outbox};

pub(super) const ABOUT: About = About::other()
    .remarks("A flow is written as in ovs-ofctl(8), with the names of ports and tables.")
    .examples("ovs flow add br-int 'priority=10,in_port=qvo6b5e4978-e2,actions=NORMAL'");

// The arguments of `ovs flow add`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The flows: MATCH,actions=ACTIONS as in ovs-ofctl(8), ports and tables by name or number
    #[arg(takes = Value::FLOW, required = true)]
    flows: Vec<String>,
}

impl Args {
    pub(super) async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let switch = SwitchArg::parse(cx, &self.switch)?;
        let mut connected = switch.connect(cx).await?;
        let names = switch.all_names(cx, connected.allowed()).await?;
        let wrong = |why: String| Failure::new(Exit::Usage, why);
        for flow in &self.flows {
            let version = connected.version();
            let change = FlowChange::parse(flow, FlowCommand::Add, &names, version)
                .map_err(|error| wrong(error.to_string()))?;
            let message = change
                .message(2)
                .map_err(|error| wrong(error.to_string()))?;
            let put = async |outbox: &mut Outbox<'_>| outbox.put(|_| Ok(message)).await.map(|_| ());
            let written = connected.write::<Failure>(Atomicity::Each, put).await;
            let written =
                written.map_err(|error| Failure::new(Exit::Failed, format!("{error:?}")))?;
            if let Some((_, error)) = written.refused.into_iter().next() {
                return Err(Failure::new(Exit::Failed, error.to_string()));
            }
        }
        Ok(())
    }
}
