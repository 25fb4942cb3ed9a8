//! Reads a file of `ovs save`, or the directory that it was unpacked to.

use std::io;

use serde::de::DeserializeOwned;

use super::archive::{Archive, ArchiveError, ArchiveErrorKind, Contents, Form};
use super::documents::{Meta, Remarks, SavedDevice, SavedNamespaces};
use super::layout::{self, Member};
use super::{Part, Report, SavedSwitch};
use crate::base::terminal::quoted;
use crate::openflow::messages::codec::At;
use crate::openflow::messages::header::{HEADER_LEN, Header};
use crate::openflow::messages::{Decoded, multipart};
use crate::openflow::version::Version;
use crate::ovsdb::file;
use crate::source::network::{KernelNetwork, Namespaces};

/// Reads a host that `ovs save` saved. `None` if the archive is something else: then little of it was read.
///
/// What is damaged in it is left out, and a remark of the report says so.
///
/// # Errors
///
/// The archive cannot be read, or its format is newer than this program.
pub fn read(archive: &mut Archive) -> Result<Option<Report>, ArchiveError> {
    if archive.form() == Form::File {
        return Ok(None);
    }
    if archive.form() != Form::Tar && !has_meta(archive)? {
        return Ok(None);
    }
    let mut found = Found::default();
    let read = archive.entries(|path, contents| found.take(path, contents));
    if found.is_other || (read.is_ok() && found.meta.is_none()) {
        return Ok(None);
    }
    read?;
    let mut report = found.report;
    archive.name().clone_into(&mut report.name);
    if let Some(meta) = found.meta {
        if let Some(database) = &mut report.database
            && meta.has_partial_schema
        {
            database.schema = None;
        }
        (report.host, report.time) = (Some(meta.host), meta.time);
    }
    // Those of the archive name it.
    for remark in &mut report.remarks {
        *remark = format!("{}: {remark}", archive.name());
    }
    if archive.remarks().is_empty() && !found.has_remarks {
        let text = format!(
            "{}: {} is missing: there may be less in it than was saved",
            archive.name(),
            layout::REMARKS
        );
        report.remarks.push(text);
    }
    report.remarks.extend_from_slice(archive.remarks());
    Ok(Some(report))
}

/// Whether there is the file that tells what an archive is: other files may come before it.
fn has_meta(archive: &mut Archive) -> Result<bool, ArchiveError> {
    archive.entries(|_, _| Ok(()))?;
    let mut files = archive.index().files();
    Ok(files.any(|path| inner_name(path) == Some(layout::META)))
}

/// What was found so far.
#[derive(Default)]
struct Found {
    report: Report,
    meta: Option<Meta>,
    has_remarks: bool,
    /// The archive is something else.
    is_other: bool,
}

impl Found {
    fn take(&mut self, path: &str, contents: &mut Contents<'_>) -> io::Result<()> {
        let Some(name) = inner_name(path) else {
            // In a tar that file is the first, but for what was added beside it; a report of something else has files
            // further below.
            if self.meta.is_none()
                && path.split('/').count() > 2
                && self.report.switches.is_empty()
                && self.report.replies.is_empty()
            {
                self.is_other = true;
                return Err(
                    ArchiveErrorKind::Unsupported("it is something else".to_owned()).into(),
                );
            }
            return Ok(());
        };
        match name {
            layout::META => return self.take_meta(contents),
            layout::REMARKS => {
                let remarks = self
                    .document::<Remarks>(name, contents)?
                    .unwrap_or_default();
                self.has_remarks = true;
                self.report.missing = remarks.missing;
                self.report.left_out = remarks.left_out;
                self.report.remarks.extend(remarks.remarks);
                for (bridge, unnumbered) in remarks.unnumbered {
                    if let Some(switch) = self.report.switches.get_mut(&bridge) {
                        switch.unnumbered = unnumbered;
                    }
                }
            }
            layout::DATABASE => {
                let bytes = contents.keep()?;
                match file::read(&bytes, name) {
                    Ok(database) => self.report.database = Some(database),
                    Err(error) => self.report.remarks.push(error.to_string()),
                }
            }
            layout::FIB_TRIE => self.network().fib_trie = text(contents)?,
            layout::IF_INET6 => self.network().if_inet6 = text(contents)?,
            layout::IPV6_ROUTE => self.network().ipv6_route = text(contents)?,
            layout::DEVICES => {
                let devices: Option<Vec<SavedDevice>> = self.document(name, contents)?;
                let devices = devices.unwrap_or_default().into_iter();
                let devices = devices.map(|device| (device.name, device.hardware));
                self.network().devices = devices.collect();
            }
            layout::NAMESPACES => {
                let namespaces: Option<SavedNamespaces> = self.document(name, contents)?;
                self.report.namespaces = namespaces.map(Namespaces::from);
            }
            _ => match Member::of(name) {
                Some(Member::Part(bridge, version, part)) => {
                    let bytes = contents.keep()?;
                    self.take_part(&bridge, version, part, &bytes);
                }
                Some(Member::Reply(daemon, command)) => {
                    let reply = text(contents)?;
                    let replies = self.report.replies.entry(daemon).or_default();
                    replies.insert(command, reply);
                }
                None => {}
            },
        }
        Ok(())
    }

    fn take_meta(&mut self, contents: &mut Contents<'_>) -> io::Result<()> {
        let Some(meta) = self.document::<Meta>(layout::META, contents)? else {
            return Ok(());
        };
        if meta.format != layout::FORMAT {
            return Ok(());
        }
        if meta.format_version > layout::FORMAT_VERSION {
            let what = format!(
                "a newer ovs ({}) has saved it, in version {} of the format: this one reads up to {}",
                quoted(&meta.ovs),
                meta.format_version,
                layout::FORMAT_VERSION
            );
            self.meta = Some(meta);
            return Err(ArchiveErrorKind::Unsupported(what).into());
        }
        self.meta = Some(meta);
        Ok(())
    }

    fn network(&mut self) -> &mut KernelNetwork {
        self.report.network.get_or_insert_default()
    }

    /// Of a bridge that was saved in several versions, the highest is used, and the ports of OpenFlow 1.0.
    fn take_part(&mut self, bridge: &str, version: Version, part: Part, bytes: &[u8]) {
        let switches = &mut self.report.switches;
        let switch = switches
            .entry(bridge.to_owned())
            .or_insert_with(|| SavedSwitch::new(version));
        let is_early = (version, part) == (Version::V10, Part::Ports);
        if version < switch.version && !is_early {
            return;
        }
        if version > switch.version {
            switch.version = version;
            switch.parts.clear();
        }
        if let Some(messages) = messages(bytes, version, part) {
            if is_early {
                switch.early_ports = Some(messages.clone());
            }
            if version == switch.version {
                switch.parts.insert(part, messages);
            }
        } else {
            let bridge = quoted(bridge);
            let part = part.name();
            let text = format!("{bridge}: {part}: the messages are malformed: not used");
            self.report.remarks.push(text);
        }
    }

    /// A JSON document; a malformed one is a remark.
    fn document<T: DeserializeOwned>(
        &mut self,
        name: &str,
        contents: &mut Contents<'_>,
    ) -> io::Result<Option<T>> {
        let bytes = contents.keep()?;
        match serde_json::from_slice(&bytes) {
            Ok(document) => Ok(Some(document)),
            Err(error) => {
                let text = format!("{name}: malformed: {error}");
                self.report.remarks.push(text);
                Ok(None)
            }
        }
    }
}

fn text(contents: &mut Contents<'_>) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&contents.keep()?).into_owned())
}

/// The name of a file as [`layout`] has it, without the directory that all files are in; `None` if it has none.
fn inner_name(path: &str) -> Option<&str> {
    const FIRST: [&str; 6] = [
        layout::META,
        layout::REMARKS,
        "database",
        "switches",
        "control",
        "host",
    ];
    let is_ours = |name: &str| FIRST.contains(&name.split('/').next().unwrap_or_default());
    if is_ours(path) {
        return Some(path);
    }
    let (_, rest) = path.split_once('/')?;
    is_ours(rest).then_some(rest)
}

/// The messages of a part; `None` if they are not whole messages of this version, or something else than this part. Of multipart messages without a body only the last is kept, which ends the reply.
fn messages(mut bytes: &[u8], version: Version, part: Part) -> Option<Vec<Vec<u8>>> {
    let is_multipart = !matches!(part, Part::Features | Part::TlvMap);
    let least = if is_multipart {
        multipart::header_len(version)
    } else {
        HEADER_LEN
    };
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let header = Header::decode(bytes).ok()?;
        let length = usize::from(header.length);
        if header.version != version as u8 || length < least {
            return None;
        }
        let (message, rest) = bytes.split_at_checked(length)?;
        let at = Decoded::type_of(version, message)?;
        let is_reply = !matches!(at, At::Request(_) | At::VendorRequest(..));
        if Part::of(at) != Some(part) || !is_reply {
            return None;
        }
        if !is_multipart || length > least || rest.is_empty() {
            messages.push(message.to_vec());
        }
        bytes = rest;
    }
    Some(messages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_directory_of_any_name() {
        assert_eq!(inner_name("meta.json"), Some("meta.json"));
        assert_eq!(inner_name("ovs-node/meta.json"), Some("meta.json"));
        assert_eq!(inner_name("x/switches/a/b/c"), Some("switches/a/b/c"));
        assert_eq!(inner_name("a/b/meta.json"), None);
        assert_eq!(inner_name("sosreport/sos_commands/x"), None);
    }

    #[test]
    fn messages_are_whole_and_of_one_version() {
        let reply = [4, 19, 0, 20, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4];
        let two = [reply, reply].concat();
        let messages = |bytes: &[u8], version| super::messages(bytes, version, Part::Flows);
        assert_eq!(messages(&two, Version::V13), Some(vec![reply.to_vec(); 2]));
        assert_eq!(messages(&[], Version::V13), Some(vec![]));
        assert_eq!(messages(&two, Version::V15), None);
        // A request, statistics of ports.
        for (at, byte) in [(1, 18), (9, 4)] {
            let mut other = two.clone();
            other[at] = byte;
            assert_eq!(messages(&other, Version::V13), None);
        }
        for cut in [1, 7, 9, 19, 21, 39] {
            assert_eq!(messages(&two[..cut], Version::V13), None, "{cut}");
        }
    }

    #[test]
    fn multipart_messages_have_their_header() {
        let short = [4, 19, 0, 8, 0, 0, 0, 1];
        assert_eq!(messages(&short, Version::V13, Part::Groups), None);
        let features = [4, 6, 0, 8, 0, 0, 0, 1];
        assert_eq!(
            messages(&features, Version::V13, Part::Features),
            Some(vec![features.to_vec()])
        );
        // Those without entries are many for few bytes.
        let empty = [4, 19, 0, 16, 0, 0, 0, 1, 0, 7, 0, 1, 0, 0, 0, 0];
        let many = empty.repeat(1000);
        assert_eq!(
            messages(&many, Version::V13, Part::Groups),
            Some(vec![empty.to_vec()])
        );
    }
}
