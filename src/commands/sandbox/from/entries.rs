//! The groups, meters and flows of a saved switch, and its map of tunnel options, added to that of the sandbox.

use std::path::Path;
use std::process::Command;

use super::program::run;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::openflow::messages::{Body, Decoded};
use crate::openflow::version::Version;
use crate::sandbox::Sandbox;
use crate::source::saved::{Part, SavedSwitch};

/// What the entries of a saved host are copied with.
pub(super) struct EntryReplay<'c> {
    pub(super) cx: &'c Context,
    /// The arguments of `--from`.
    pub(super) from: &'c [String],
    pub(super) sandbox: &'c Sandbox,
    /// This program.
    pub(super) binary: &'c Path,
}

impl EntryReplay<'_> {
    /// Adds the entries of a bridge. What cannot be added is remarked.
    ///
    /// # Errors
    ///
    /// A program cannot be run.
    pub(super) fn replay(&self, bridge: &str) -> Result<(), Failure> {
        let saved = self.cx.host.reach.saved();
        let switch = saved.and_then(|host| host.report.switches.get(bridge));
        let Some(switch) = switch.filter(|switch| switch.parts.contains_key(&Part::Flows)) else {
            self.cx
                .remark(&format!("flows of {}: not in the report", quoted(bridge)));
            return Ok(());
        };
        // The name comes from the report: it may look like an endpoint, an option or another path.
        if bridge.contains(['/', '\0']) {
            self.cx.remark(&format!(
                "flows of {} are left out: no bridge has such a name",
                quoted(bridge)
            ));
            return Ok(());
        }
        let socket = format!("unix:{}/{bridge}.mgmt", self.sandbox.run_dir().display());
        // A new bridge has a flow of its own.
        self.ofctl(switch.version, &["del-flows", &socket])?;
        // Flows match the fields that it makes.
        let options = tunnel_options(switch);
        if !options.is_empty() {
            self.ofctl(switch.version, &["add-tlv-map", &socket, &options])?;
        }
        let expected = [
            (Part::TlvMap, "map of tunnel options", Version::V10),
            (Part::Groups, "groups", Version::V10),
            (Part::Meters, "meters", Version::V13),
        ];
        let missing = expected.iter().filter(|(part, _, since)| {
            !switch.parts.contains_key(part) && switch.version >= *since
        });
        let missing: Vec<&str> = missing.map(|(_, what, _)| *what).collect();
        if !missing.is_empty() {
            self.cx.remark(&format!(
                "not in the report of {}: {}",
                quoted(bridge),
                missing.join(", ")
            ));
        }
        for (part, dump, add) in [
            (Part::Groups, "dump-groups", "group"),
            (Part::Meters, "dump-meters", "meter"),
            (Part::Flows, "dump-flows", "flow"),
        ] {
            if !switch.parts.contains_key(&part) {
                continue;
            }
            let copied = self.copy([bridge, &socket], switch.version, dump, add);
            if let Err(failure) = copied {
                self.cx.remark(&format!(
                    "{add}s of {} are left out: {}",
                    quoted(bridge),
                    failure.message
                ));
            }
        }
        Ok(())
    }

    /// Runs ovs-ofctl; an error of it is remarked.
    fn ofctl(&self, version: Version, arguments: &[&str]) -> Result<(), Failure> {
        let ofctl = self.sandbox.tool("ovs-ofctl");
        let mut ofctl =
            ofctl.map_err(|error| Failure::with(Exit::Failed, error.to_string(), error.hint()))?;
        ofctl
            .args(["-vsyslog:off", "-O", &version.to_string()])
            .args(arguments);
        let ended = run(ofctl, None)?;
        if !ended.is_success {
            self.cx.remark(&ended.last_error());
        }
        Ok(())
    }

    /// Dumps entries of a saved bridge and adds them at a socket of the sandbox, each by a run of this program.
    fn copy(
        &self,
        [bridge, socket]: [&str; 2],
        version: Version,
        dump: &str,
        add: &str,
    ) -> Result<(), Failure> {
        let version = version.to_string();
        let mut read = Command::new(self.binary);
        for from in self.from {
            read.args(["--from", from]);
        }
        // JSON has all masks; the text with -O leaves out those that ovs-ofctl does.
        read.args(["--quiet", "-o", "jsonl", "-O", &version, dump]);
        if dump != "dump-meters" {
            read.arg("--no-names");
        }
        // The socket of the bridge on the saved host.
        let directory = self.cx.host.reach.run_directory();
        let saved = format!("unix:{}/{bridge}.mgmt", directory.display());
        read.args(["--", &saved]);
        let dumped = run(read, None)?;
        if !dumped.is_success {
            return Err(Failure::new(Exit::Failed, dumped.last_error()));
        }
        if dumped.output.trim_ascii().is_empty() {
            return Ok(());
        }
        if add == "flow" {
            self.remark_timeouts(bridge, &dumped.output);
        }
        let mut write = Command::new(self.binary);
        write
            .envs(self.sandbox.environment())
            .args(["--quiet", "-O", &version, add, "add", socket, "--file", "-"]);
        if add != "meter" {
            // A refused entry does not abort the others.
            write.arg("--no-atomic");
        }
        let added = run(write, Some(&dumped.output))?;
        if !added.is_success {
            let error = added.last_error();
            let message = match added.first_refusal().filter(|why| !error.contains(why)) {
                Some(why) => format!("{error}; the first: {why}"),
                None => error,
            };
            return Err(Failure::new(Exit::Failed, message));
        }
        Ok(())
    }

    /// Says that flows end in the sandbox as they would have on the host.
    fn remark_timeouts(&self, bridge: &str, dumped: &[u8]) {
        let dumped = String::from_utf8_lossy(dumped);
        let flows = dumped.lines().filter(|line| {
            let (flow, _) = line.split_once(",\"actions\":").unwrap_or((line, ""));
            flow.contains("\"idle_timeout\":") || flow.contains("\"hard_timeout\":")
        });
        let count = flows.count();
        if count > 0 {
            self.cx.remark(&format!(
                "flows of {} with a timeout end after it: {count}",
                quoted(bridge)
            ));
        }
    }
}

/// The map of tunnel options as `ovs-ofctl add-tlv-map` reads it: `{class=0xffff,type=0x1,len=4}->tun_metadata0`, with
/// commas in between; empty if there is none.
fn tunnel_options(switch: &SavedSwitch) -> String {
    let messages = switch.parts.get(&Part::TlvMap).into_iter().flatten();
    let decoded = messages.filter_map(|message| Decoded::decode(message).ok());
    let mut options = Vec::new();
    for message in decoded {
        if let Some(Body::TlvTableReply(reply)) = message.body() {
            options.extend(reply.maps.iter().map(|map| {
                format!(
                    "{{class={:#x},type={:#x},len={}}}->tun_metadata{}",
                    map.option_class, map.option_type, map.option_len, map.index
                )
            }));
        }
    }
    options.join(",")
}
