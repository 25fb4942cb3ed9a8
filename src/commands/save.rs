//! `ovs save`: one host in one file.

mod destination;
mod gathering;
mod unfinished;

use std::path::PathBuf;

use self::destination::Destination;
use self::gathering::Gathering;
use super::{Context, Exit, Failure, quoted};
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::openflow::version::Version;
use crate::output::{Cell, Column, Shape, headings};

const ABOUT: About = About::reads()
    .list(|| headings(&columns()))
    .remarks("\
The file is a tar, packed with zstd, or with gzip if its name ends with .gz or .tgz; .tar: not packed. Without FILE its name is \
ovs-HOST-TIME.tar.zst, in the current directory; - stands for stdout. It is written under another name and renamed when it \
is complete, for its owner only; a signal that ends ovs removes it. A file that exists is replaced with --force only.

It has all tables of the database; of each bridge the flows, groups, meters, ports, tables and their statistics, as the switch \
sent them in the highest OpenFlow version that both sides have (see -O); what the daemons reply on their control sockets: MAC \
tables, bonds, routes and neighbours of tunnels, flows and connections of the datapaths; devices, addresses and routes of the \
kernel. docs/saved-hosts.md describes the files in it.

Left out are secrets: in options, other_config, external_ids and all other maps, the values of keys with the word psk, password, \
passwd, passphrase, secret, token or credentials, or that name a private key, if the value is not the path of a file.

With --hosts each host is saved in a file of its own.

What cannot be read is said, and noted in the file; the rest is saved. The exit code is 1 if nothing could be read.")
    .examples("\
ovs save
ovs save before.tar.zst
ovs save - | ssh support.example.org 'cat > node1.tar.zst'
ovs save --json node1.tar.zst | jq 'map(.bytes) | add'");

// The arguments of `ovs save`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// The file to write; - is stdout [default: ovs-HOST-TIME.tar.zst]
    #[arg(takes = Value::FILE)]
    file: Option<PathBuf>,

    /// Replace the file if it exists
    #[arg(long)]
    force: bool,
}

/// A part of what was saved.
pub(super) struct SavedPart {
    source: &'static str,
    name: String,
    part: String,
    version: Option<Version>,
    count: u64,
    bytes: u64,
}

fn columns() -> Vec<Column<SavedPart>> {
    vec![
        Column::new("source", |part: &SavedPart| Cell::text(part.source))
            .is(
                Shape::Words(&["database", "switch", "control", "host"]),
                "where it is from: the database, a switch, the control socket of a daemon, the kernel of the host",
            )
            .identity(),
        Column::new("name", |part: &SavedPart| Cell::text(&part.name))
            .text("the database, bridge, daemon or host")
            .identity(),
        Column::new("part", |part: &SavedPart| Cell::text(&part.part))
            .text("the part: of a switch flows, groups, ...; of a daemon replies")
            .identity(),
        Column::new("version", |part: &SavedPart| {
            Cell::from(part.version.map(Version::name))
        })
        .text_or_null("the OpenFlow version of the messages of a switch"),
        Column::new("count", |part: &SavedPart| Cell::from(part.count))
            .whole("the number of rows of the database, messages of the switch, replies of the daemon, files of the host"),
        Column::new("bytes", |part: &SavedPart| Cell::from(part.bytes))
            .whole("their length in bytes, before packing"),
    ]
}

impl Args {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// The file exists or cannot be written, or nothing could be read.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let is_stdout = self
            .file
            .as_deref()
            .is_some_and(|file| file.as_os_str() == "-");
        if is_stdout && (cx.format.is_json() || cx.format.columns.is_some()) {
            let message = "the file itself goes to stdout: there is no room for what was saved";
            return Err(Failure::new(Exit::Usage, message).hint("name a file instead of -"));
        }
        if self.file.is_some() && cx.host_run().is_some() {
            let message = "several hosts are not saved in one file";
            return Err(Failure::new(Exit::Usage, message)
                .hint("leave FILE out: each host is saved in a file of its own"));
        }
        if let Some(file) = &self.file
            && !is_stdout
        {
            destination::check(file, self.force)?;
        }
        let begun = Gathering::begin(cx).await;
        let file = match &self.file {
            Some(file) => file.clone(),
            None => PathBuf::from(format!("{}.tar.zst", begun.title())),
        };
        let destination = if is_stdout {
            Destination::stdout()?
        } else {
            Destination::create(&file, self.force)?
        };
        let written = begun.write(cx, destination).await;
        let (parts, destination) = written.map_err(|error| {
            if is_stdout {
                Failure::stdout(&error)
            } else {
                destination::unwritable(&file, &error)
            }
        })?;
        if !parts.iter().any(|part| part.source != "host") {
            let message = "nothing of the host could be read, so nothing was saved";
            return Err(Failure::new(Exit::Failed, message)
                .hint("run it as root; `--db` names the database if it is elsewhere"));
        }
        destination.complete()?;
        if is_stdout {
            return Ok(());
        }
        cx.remark(&format!(
            "ovs: saved in {}",
            quoted(&file.display().to_string())
        ));
        cx.print_list(&view, &parts, "parts")
    }
}
