//! What a daemon replies on its control socket, command by command.

use std::collections::BTreeSet;
use std::io;

use super::destination::Writer;
use crate::source::control::VSWITCHD;
use crate::source::saved::{MissingCause, MissingPart, PartSource, layout};
use crate::unixctl::{Client, ErrorKind};

/// The commands of every daemon whose replies are saved.
const OF_ALL: [&str; 5] = [
    "version",
    "list-commands",
    "coverage/show",
    "memory/show",
    "vlog/list",
];
/// Those of ovs-vswitchd without arguments.
const OF_VSWITCHD: [&str; 13] = [
    "bfd/show",
    "bond/show",
    "cfm/show",
    "dpif/show",
    "lacp/show",
    "ofproto/list",
    "ofproto/list-tunnels",
    "ovs/route/show",
    "rstp/show",
    "stp/show",
    "tnl/neigh/show",
    "tnl/ports/show",
    "upcall/show",
];
/// Those whose argument is a datapath, if there are several.
const OF_USERSPACE: [&str; 2] = ["dpif-netdev/pmd-rxq-show", "dpif-netdev/pmd-stats-show"];
/// Those whose argument is a bridge.
const OF_BRIDGE: [&str; 3] = ["dpif/show-dp-features", "fdb/show", "fdb/stats-show"];

/// The replies of a daemon.
pub(super) struct DaemonReplies<'a> {
    daemon: &'a str,
    client: Client,
    /// The commands that it has; `None` before it was asked.
    known: Option<BTreeSet<String>>,
    /// Whether it did not reply to a command: it is not asked any more.
    is_lost: bool,
    /// The number of replies.
    pub(super) count: u64,
    /// Their length.
    pub(super) bytes: u64,
    /// The commands without a reply.
    pub(super) missing: Vec<MissingPart>,
}

impl<'a> DaemonReplies<'a> {
    /// No replies yet.
    pub(super) fn new(daemon: &'a str, client: Client) -> DaemonReplies<'a> {
        DaemonReplies {
            daemon,
            client,
            known: None,
            is_lost: false,
            count: 0,
            bytes: 0,
            missing: Vec::new(),
        }
    }

    /// Asks, and writes the replies.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub(super) async fn write(
        &mut self,
        writer: &mut Writer,
        bridges: &[String],
    ) -> io::Result<()> {
        let Some(list) = self.ask(writer, "list-commands", &[]).await? else {
            return Ok(());
        };
        // A heading, then a command a line, indented.
        let commands = list.lines().filter_map(|line| line.strip_prefix("  "));
        let commands = commands.filter_map(|line| line.split_ascii_whitespace().next());
        self.known = Some(commands.map(str::to_owned).collect());
        for command in OF_ALL
            .into_iter()
            .filter(|command| *command != "list-commands")
        {
            self.ask(writer, command, &[]).await?;
        }
        if self.daemon != VSWITCHD {
            return Ok(());
        }
        for command in OF_VSWITCHD {
            self.ask(writer, command, &[]).await?;
        }
        let datapaths = self.ask(writer, "dpctl/dump-dps", &[]).await?;
        let datapaths = datapaths.unwrap_or_default();
        let datapaths: Vec<&str> = datapaths.lines().filter(|name| !name.is_empty()).collect();
        for command in OF_USERSPACE {
            self.ask_userspace(writer, command, &datapaths).await?;
        }
        for bridge in bridges {
            for command in OF_BRIDGE {
                self.ask(writer, command, &[bridge]).await?;
            }
        }
        // As `unixctl` asks for them.
        if !datapaths.is_empty() {
            self.ask(writer, "dpctl/show", &datapaths).await?;
        }
        for datapath in datapaths {
            self.ask(writer, "dpctl/dump-flows", &["-m", "--names", datapath])
                .await?;
            let missing = self.missing.len();
            self.ask(writer, "dpctl/dump-conntrack", &["-m", "-s", datapath])
                .await?;
            if self.missing.len() > missing && !self.is_lost {
                self.missing.truncate(missing);
                self.ask(writer, "dpctl/dump-conntrack", &["-m", datapath])
                    .await?;
            }
        }
        Ok(())
    }

    /// Asks for the threads of the userspace datapaths, which are named without their type. Which of them are in userspace
    /// is not known: others are refused.
    async fn ask_userspace(
        &mut self,
        writer: &mut Writer,
        command: &str,
        datapaths: &[&str],
    ) -> io::Result<()> {
        let missing = self.missing.len();
        // With one datapath the argument is optional, and as a rule left out: so the reply is saved without it.
        if let [_] = datapaths {
            self.ask(writer, command, &[]).await?;
        } else {
            for datapath in datapaths {
                let name = datapath.split_once('@').map_or(*datapath, |(_, name)| name);
                self.ask(writer, command, &[name]).await?;
            }
        }
        if !self.is_lost {
            self.missing.truncate(missing);
        }
        Ok(())
    }

    /// Asks, and writes the reply; `None` if the daemon does not have the command, refuses it, or does not reply.
    async fn ask(
        &mut self,
        writer: &mut Writer,
        command: &str,
        arguments: &[&str],
    ) -> io::Result<Option<String>> {
        let is_known = self
            .known
            .as_ref()
            .is_none_or(|known| known.contains(command));
        if self.is_lost || !is_known {
            return Ok(None);
        }
        let words = [&[command], arguments].concat().join(" ");
        match self.client.text(command, arguments).await {
            Ok(text) => {
                writer.add(&layout::reply(self.daemon, &words), text.as_bytes())?;
                self.count += 1;
                self.bytes += text.len() as u64;
                Ok(Some(text))
            }
            Err(error) => {
                let text = error.to_string();
                let (cause, why) = match &error.kind {
                    ErrorKind::Refused(why) => {
                        let why = why.lines().next().unwrap_or("refused");
                        (MissingCause::Refused, why)
                    }
                    kind => {
                        self.is_lost = true;
                        let cause = match kind {
                            ErrorKind::TimedOut(_) => MissingCause::NoReply,
                            _ => MissingCause::Other,
                        };
                        let place = format!("{}: {command}: ", error.daemon);
                        (cause, text.strip_prefix(&place).unwrap_or(&text))
                    }
                };
                self.missing.push(MissingPart {
                    source: PartSource::Control,
                    name: self.daemon.to_owned(),
                    part: Some(words),
                    cause,
                    why: why.to_owned(),
                });
                Ok(None)
            }
        }
    }
}
