//! `ovs save`: one host in one file.

mod converting;
mod daemon_replies;
mod destination;
mod gathering;
mod unfinished;

use std::path::{Path, PathBuf};

use self::destination::{Destination, FilePath};
use self::gathering::Gathering;
use super::{Context, Exit, Failure, quoted};
use crate::base::secret::words_in_text;
use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Takes as _, Value};
use crate::openflow::version::Version;
use crate::output::{Cell, Column, Mode, Shape, headings};
use crate::source::saved::PartSource;

const ABOUT: About = About::reads()
    .list(|| headings(&columns()))
    .remarks_made(remarks)
    .examples(
        "\
ovs save
ovs save before.tar.zst
ovs save - | ssh support.example.org 'cat > node1.tar.zst'
ovs save --json node1.tar.zst | jq 'map(.bytes) | add'
ovs --from sosreport-node1.tar.xz save node1.tar.zst",
    );

fn remarks() -> String {
    format!("\
The file is a tar, packed with zstd, or with gzip if its name ends with .gz or .tgz; .tar: not packed. Names of other packings, \
such as .zip and .tar.xz, are refused. Without FILE its name is ovs-HOST-TIME.tar.zst, in the current directory; - stands for \
stdout. It is written under a temporary name and renamed when it is complete, for its owner only; a signal that ends ovs removes it. A file that exists is \
replaced with --force only. Of a symbolic link the file that it leads to is replaced. What is not a regular file is never replaced.

It has all tables of the database; of each bridge the flows, groups, meters, ports, tables and their statistics, as the switch \
sent them in the highest OpenFlow version that both sides have (see -O); what the daemons reply on their control sockets: MAC \
tables, bonds, routes and neighbours of tunnels, flows and connections of the datapaths; devices, addresses and routes of the \
kernel. docs/saved-hosts.md describes the files in it.

Secrets are left out: in options, other_config, external_ids and all other maps, the values of keys with the word {}; and of keys \
that name a private key, if the value is not the path of a file.

With --hosts each host is saved in a file of its own, ovs-NAME-TIME.tar.zst with its NAME in the list.

What cannot be read is named on stderr, also with --quiet, and in the file, and the rest is saved. If nothing of Open vSwitch can be read, no file is \
written, and the exit code is that of the reason: 4 if it cannot be reached.

With --from the report, database or text is converted to a file of ovs save: it keeps the host's name, the time and what was \
noted of missing parts, and has nothing that is not in the report.

--dry-run reads everything and prints what would be saved.", words_in_text())
}

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
    source: PartSource,
    name: String,
    part: String,
    version: Option<Version>,
    count: u64,
    bytes: u64,
}

fn columns() -> Vec<Column<SavedPart>> {
    vec![
        Column::new("source", |part: &SavedPart| Cell::text(part.source.word()))
            .is(
                Shape::WordsOf(|| PartSource::ALL.map(PartSource::word).to_vec()),
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
    /// The file exists, is of another kind or cannot be written, or nothing could be read.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        let columns = columns();
        let view = cx.format.view(&columns)?;
        let is_stdout = self
            .file
            .as_deref()
            .is_some_and(|file| file.as_os_str() == "-");
        if is_stdout && (cx.format.is_json() || cx.format.columns.is_some()) {
            let message = "the saved host is written to stdout: the list of its parts cannot be printed there, too";
            return Err(Failure::new(Exit::Usage, message).hint("name a file instead of -"));
        }
        if self.file.is_some() && cx.host_run().is_some() {
            let message = "several hosts are not saved in one file";
            return Err(Failure::new(Exit::Usage, message)
                .hint("leave FILE out: each host is saved in a file of its own"));
        }
        let named = match &self.file {
            Some(file) if !is_stdout => Some(FilePath::new(file, self.force)?),
            _ => None,
        };
        let begun = Gathering::begin(cx).await;
        let file = match named {
            Some(file) => file,
            None => FilePath::new(Path::new(&format!("{}.tar.zst", begun.title())), self.force)?,
        };
        let destination = if cx.writing.dry_run {
            Destination::Nowhere(file.packing())
        } else if is_stdout {
            Destination::stdout()?
        } else {
            Destination::create(&file, self.force)?
        };
        let written = begun.write(cx, destination).await;
        let (parts, destination) = written.map_err(|error| {
            if is_stdout {
                Failure::stdout(&error)
            } else {
                destination::unwritable(file.given(), &error)
            }
        })??;
        destination.complete()?;
        if is_stdout && !cx.writing.dry_run {
            return Ok(());
        }
        if !cx.writing.dry_run {
            let file = quoted(&file.given().display().to_string());
            cx.remark(&format!("ovs: saved in {file}"));
        }
        cx.remark_dry_run();
        if cx.quiet && matches!(cx.format.mode, Mode::Table | Mode::Text) {
            return Ok(());
        }
        cx.print_list(&view, &parts, "parts")
    }
}
