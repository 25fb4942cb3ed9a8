//! A report of another kind as a file of `ovs save`: what it has is written as it is.

use std::io;

use super::SavedPart;
use super::destination::Writer;
use super::gathering::Gathering;
use crate::openflow::version::Version;
use crate::source::saved::{Part, PartSource, Report, layout};

impl Gathering {
    /// Writes the switches, replies and facts of the kernel that a report has.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub(super) fn write_report(&mut self, writer: &mut Writer, report: &Report) -> io::Result<()> {
        for (bridge, switch) in &report.switches {
            let parts = switch.parts.iter();
            let parts = parts.map(|(part, messages)| (switch.version, *part, messages));
            let early = switch.early_ports.iter();
            let early = early.filter(|_| switch.version > Version::V10);
            let early = early.map(|messages| (Version::V10, Part::Ports, messages));
            for (version, part, messages) in parts.chain(early) {
                let whole = messages
                    .iter()
                    .filter_map(|message| stamped(message, version));
                let whole: Vec<Vec<u8>> = whole.collect();
                let bytes = whole.concat();
                writer.add(&layout::part(bridge, version, part), &bytes)?;
                self.parts.push(SavedPart {
                    source: PartSource::Switch,
                    name: bridge.clone(),
                    part: part.name().to_owned(),
                    version: Some(version),
                    count: whole.len() as u64,
                    bytes: bytes.len() as u64,
                });
            }
        }
        for (daemon, replies) in &report.replies {
            let mut bytes = 0;
            for (command, text) in replies {
                writer.add(&layout::reply(daemon, command), text.as_bytes())?;
                bytes += text.len() as u64;
            }
            let count = replies.len() as u64;
            self.add(PartSource::Control, daemon, "replies", count, bytes);
        }
        self.write_kernel(writer, report.network.clone(), report.namespaces.clone())
    }
}

/// A message with the version and length of its header, which those made of text need not have. `None` if it has no
/// header, or is too long.
fn stamped(message: &[u8], version: Version) -> Option<Vec<u8>> {
    let mut bytes = message.to_vec();
    let length = u16::try_from(bytes.len()).ok()?;
    *bytes.first_mut()? = version as u8;
    bytes.get_mut(2..4)?.copy_from_slice(&length.to_be_bytes());
    Some(bytes)
}
