//! The files of a tar: ustar, GNU and pax.
//!
//! Long names are read here, within limits; the crate would read them whole, whatever size they claim.

use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};

use super::budget::{Budget, Contents};
use super::error::ArchiveErrorKind;
use super::index::{LinkTarget, member_path};
use super::visitor::Visitor;

/// Maximum length of what describes the next member: a long name, or its attributes.
const MAX_DESCRIPTION: u64 = 64 << 10;

/// Whether a tar begins with these bytes: 512 of them with the checksum of a header.
pub(super) fn is_header(first: &[u8]) -> bool {
    let Some(block) = first.get(..512) else {
        return false;
    };
    let header = Header::from_byte_slice(block);
    let (before, after) = (block.get(..148), block.get(156..));
    let bytes = before.into_iter().chain(after).flatten();
    // The checksum itself counts as blanks.
    let sum = bytes.map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    header.cksum().is_ok_and(|checksum| checksum == sum)
}

/// What precedes a member and describes it.
#[derive(Default)]
struct Description {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

/// Passes the files to `visitor`. An error carries its cause; the visitor knows the member.
pub(super) fn pass(
    stream: impl Read,
    budget: &Budget,
    visitor: &mut Visitor<'_>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(stream);
    let mut next = Description::default();
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        let size = entry.size();
        match kind {
            EntryType::GNULongName => next.path = Some(described(&mut entry, size)?),
            EntryType::GNULongLink => next.link = Some(described(&mut entry, size)?),
            EntryType::XHeader => {
                let text = described(&mut entry, size)?;
                next.add_attributes(&text)?;
            }
            EntryType::XGlobalHeader => {}
            _ => {
                let description = std::mem::take(&mut next);
                let name = description
                    .path
                    .unwrap_or_else(|| entry.path_bytes().into());
                visitor.begin(&name);
                if description.size.is_some_and(|real| real != size) {
                    let what = "the length of a file is written in two ways".to_owned();
                    return Err(ArchiveErrorKind::Damaged(what).into());
                }
                let link = description.link;
                let link = link.or_else(|| entry.link_name_bytes().map(Into::into));
                let link = link.unwrap_or_default();
                let mut contents = Contents::new(&mut entry, budget, size);
                member(kind, &name, &link, &mut contents, visitor)?;
                contents.skip()?;
                visitor.end();
            }
        }
    }
    Ok(())
}

fn member(
    kind: EntryType,
    name: &[u8],
    link: &[u8],
    contents: &mut Contents<'_>,
    visitor: &mut Visitor<'_>,
) -> io::Result<()> {
    let is_directory = kind == EntryType::Directory || name.ends_with(b"/");
    let Some(path) = member_path(name) else {
        if !is_directory {
            visitor.skip_outside(name);
        }
        return Ok(());
    };
    let target = || String::from_utf8_lossy(link).into_owned();
    match kind {
        _ if is_directory => Ok(()),
        EntryType::Symlink => visitor.link(&path, LinkTarget::Symbolic(target())),
        EntryType::Link => visitor.link(&path, LinkTarget::Hard(target())),
        EntryType::Regular | EntryType::Continuous => visitor.file(&path, contents),
        EntryType::GNUSparse => {
            let what = "sparse files are not read".to_owned();
            Err(ArchiveErrorKind::Unsupported(what).into())
        }
        // Devices, FIFOs and what else a system may have.
        _ => Ok(()),
    }
}

fn described(entry: &mut impl Read, size: u64) -> io::Result<Vec<u8>> {
    if size > MAX_DESCRIPTION {
        let what = format!("a name of {size} bytes");
        return Err(ArchiveErrorKind::Damaged(what).into());
    }
    let mut text = Vec::new();
    entry.take(MAX_DESCRIPTION).read_to_end(&mut text)?;
    if (text.len() as u64) < size {
        return Err(ArchiveErrorKind::Truncated.into());
    }
    while text.last() == Some(&0) {
        text.pop();
    }
    Ok(text)
}

impl Description {
    fn add_attributes(&mut self, text: &[u8]) -> io::Result<()> {
        for attribute in PaxExtensions::new(text) {
            let attribute = attribute?;
            let value = attribute.value_bytes();
            match attribute.key_bytes() {
                b"path" => self.path = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => {
                    let size = attribute.value().ok().and_then(|size| size.parse().ok());
                    self.size = Some(size.unwrap_or(u64::MAX));
                }
                key if key.starts_with(b"GNU.sparse.") => {
                    let what = "sparse files are not read".to_owned();
                    return Err(ArchiveErrorKind::Unsupported(what).into());
                }
                _ => {}
            }
        }
        Ok(())
    }
}
