//! `ovs dump-groups`: the groups of a switch with their statistics, ports by name.

use std::collections::HashMap;

use super::dumped::Dumped;
use super::spelling::Spelling;
use super::switch::{SwitchArg, or_unknown};
use super::{Context, Exit, Failure};
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::messages::groups::{GROUP_ALL, GroupDesc, GroupStats};
use crate::openflow::text::{PortSpelling, TextContext};
use crate::source::Switch;

const ABOUT: About = About::watchable().document(JsonDocument::Groups)
    .remarks("\
The line is that of ovs-ofctl dump-groups; what went through the group stands before its buckets, what \
went through a bucket before its actions. Groups come by their number.")
    .examples("\
ovs dump-groups br-int
ovs dump-groups br-int 5 --no-stats
ovs dump-groups br-int --ports both
ovs dump-flows br-int --out-group 5                which flows send to it
ovs dump-groups br-int --json | jq '.[].buckets[].watch_port.name'");

// The arguments of `ovs dump-groups`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// Only this group
    #[arg(takes = Value::GROUP_NUMBER)]
    group: Option<u32>,

    #[command(flatten)]
    spelling: Spelling,

    /// Leave out duration and counters
    #[arg(long)]
    no_stats: bool,
}

/// The bytes of one group; all are kept, then printed in the order of their numbers.
struct Entry {
    group_id: u32,
    at: usize,
    bytes: Box<[u8]>,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch does not reply, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let mut dumped = Dumped::new(cx, "groups")?;
        let switch = SwitchArg::parse(cx, &self.switch)?;
        let mut connected = switch.connect(cx).await?;
        let entries = self.entries(&switch, &mut connected).await?;
        let stats = if self.no_stats || entries.is_empty() {
            Vec::new()
        } else {
            let stats = or_unknown(cx, connected.group_stats(self.wanted()).await);
            stats.map_err(|error| switch.failure(error))?
        };
        let stats: HashMap<u32, GroupStats> = stats
            .into_iter()
            .map(|stats| (stats.group_id, stats))
            .collect();
        let ports = self.spelling.ports();
        let names = if ports == PortSpelling::Number || entries.is_empty() {
            switch.names_for_numbers(cx)
        } else {
            switch.all_names(cx, connected.allowed()).await?
        };
        let text = TextContext {
            version: connected.version(),
            style: self.spelling.style(cx),
            ports,
            names: &names,
        };
        let mut malformed = None;
        for entry in &entries {
            let bytes = Cursor::new(&entry.bytes, entry.at);
            let stats = stats.get(&entry.group_id);
            let outcome = GroupDesc::decode(text.version, bytes).and_then(|group| {
                dumped.add(
                    group.group_id,
                    |out| group.text(stats, out, &text),
                    |json| group.json(stats, json, &text),
                )
            });
            if let Err(error) = outcome {
                malformed.get_or_insert(error);
            }
        }
        dumped.finish("groups")?;
        match malformed {
            None => Ok(()),
            Some(error) => {
                let message = format!("a group made no sense from here on: {error}");
                Err(Failure::new(Exit::Failed, message)
                    .hint("its line ends there; the others are complete"))
            }
        }
    }

    fn wanted(&self) -> u32 {
        self.group.unwrap_or(GROUP_ALL)
    }

    async fn entries(
        &self,
        switch: &SwitchArg,
        connected: &mut Switch,
    ) -> Result<Vec<Entry>, Failure> {
        let version = connected.version();
        let entries = connected
            .groups(self.wanted(), |_, bytes| entry(bytes))
            .await;
        let mut entries = entries.map_err(|error| switch.unsupported("groups", version, error))?;
        if let Some(wanted) = self.group {
            // Some versions describe all groups, whichever was requested.
            entries.retain(|entry| entry.group_id == wanted);
            if entries.is_empty() {
                return Err(switch.not_there("group", wanted, "dump-groups"));
            }
        }
        entries.sort_unstable_by_key(|entry| entry.group_id);
        Ok(entries)
    }
}

fn entry(bytes: Cursor<'_>) -> Result<Entry, DecodeError> {
    let mut header = bytes;
    header.skip(4, "group length")?;
    Ok(Entry {
        group_id: header.u32("group_id")?,
        at: bytes.at(),
        bytes: bytes.rest().into(),
    })
}
