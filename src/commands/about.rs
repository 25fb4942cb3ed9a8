//! What a command declares besides its arguments, once, for the help, the manual, the schemas, completion and
//! `--watch`.

use clap::builder::CommandExt;

use crate::output::Heading;

/// The declaration of a command.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// What it does.
    pub does: Does,
    /// What it prints, if its output has columns.
    pub prints: Prints,
    /// The document of its JSON.
    pub document: JsonDocument,
    /// Remarks shown in the help before the columns.
    remarks: Remarks,
    /// Remarks on the columns, shown in the help after them.
    notes: &'static str,
    /// Example command lines, one per line.
    pub examples: &'static str,
}

/// The effect of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// It reads, and changes nothing.
    Reads,
    /// It reads and can be watched: its output consists of items with a key each.
    Watchable,
    /// It changes the database.
    Changes,
    /// It changes the flows of a switch.
    WritesFlows,
    /// None of these.
    Other,
}

/// The kind of output of a command whose output has columns.
#[derive(Debug, Clone, Copy)]
pub enum Prints {
    /// Nothing.
    Nothing,
    /// A list of records.
    List(fn() -> Vec<Heading>),
    /// One record.
    One(fn() -> Vec<Heading>),
}

/// What the JSON of a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonDocument {
    /// The columns of what it prints.
    Columns,
    /// The whole topology; as lines, or with chosen columns, the columns.
    Topology,
    /// Flows; with `--count` how many there are, with `--all` those of each bridge.
    Flows,
    /// How many flows were written; with `--dry-run` or `--explain` what becomes of each.
    FlowCounts,
    /// What became of groups or meters: `group` or `meter`; with `--explain` of each.
    Changes(&'static str),
    /// The flows that differ.
    FlowChanges,
    /// In what two hosts differ.
    HostChanges,
    /// Groups.
    Groups,
    /// In what the groups of two sides differ.
    GroupChanges,
    /// Meters.
    Meters,
    /// OpenFlow messages.
    Messages,
    /// What becomes of a packet; as lines, or with chosen columns, the columns.
    Trace,
    /// One record of the database.
    Record,
    /// Records of the database.
    Records,
}

#[derive(Debug, Clone, Copy)]
enum Remarks {
    Written(&'static str),
    Made(fn() -> String),
}

/// The purpose of a command: the heading under which the help lists it. Its variant in the list of commands
/// sets it: `#[command(add = Purpose::Read)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It shows the configuration.
    Read,
    /// It, or one of its commands, changes the database.
    Change,
    /// It shows the contents of a switch.
    Flows,
    /// It explains: faults, the paths of packets, the meaning of a message.
    Understand,
    /// It does not concern the switches of the host.
    Tools,
}

impl CommandExt for About {}
impl CommandExt for Purpose {}

impl Purpose {
    /// All of them, in the order of the help.
    pub const ALL: [Purpose; 5] = [
        Purpose::Read,
        Purpose::Change,
        Purpose::Flows,
        Purpose::Understand,
        Purpose::Tools,
    ];

    /// The heading in the help.
    pub fn heading(self) -> &'static str {
        match self {
            Purpose::Read => "Look",
            Purpose::Change => "Look and change",
            Purpose::Flows => "Flows",
            Purpose::Understand => "Understand",
            Purpose::Tools => "Tools",
        }
    }
}

impl About {
    /// A command that reads, and changes nothing.
    pub const fn reads() -> About {
        About::new(Does::Reads)
    }

    /// A command that reads and can be watched.
    pub const fn watchable() -> About {
        About::new(Does::Watchable)
    }

    /// A command that changes the database.
    pub const fn changes() -> About {
        About::new(Does::Changes)
    }

    /// A command that changes the flows of a switch.
    pub const fn writes_flows() -> About {
        About::new(Does::WritesFlows).document(JsonDocument::FlowCounts)
    }

    /// A command that neither reads from a switch nor changes one.
    pub const fn other() -> About {
        About::new(Does::Other)
    }

    const fn new(does: Does) -> About {
        About {
            does,
            prints: Prints::Nothing,
            document: JsonDocument::Columns,
            remarks: Remarks::Written(""),
            notes: "",
            examples: "",
        }
    }

    /// It prints a list with these columns.
    #[must_use]
    pub const fn list(mut self, columns: fn() -> Vec<Heading>) -> About {
        self.prints = Prints::List(columns);
        self
    }

    /// It prints one record with these columns.
    #[must_use]
    pub const fn one(mut self, columns: fn() -> Vec<Heading>) -> About {
        self.prints = Prints::One(columns);
        self
    }

    /// Sets the document of its JSON, if that is not an array of its columns.
    #[must_use]
    pub const fn document(mut self, document: JsonDocument) -> About {
        self.document = document;
        self
    }

    /// Sets the remarks.
    #[must_use]
    pub const fn remarks(mut self, text: &'static str) -> About {
        self.remarks = Remarks::Written(text);
        self
    }

    /// Like `remarks`, with a text computed from other definitions.
    #[must_use]
    pub const fn remarks_made(mut self, text: fn() -> String) -> About {
        self.remarks = Remarks::Made(text);
        self
    }

    /// Sets the remarks on the columns, which follow their names.
    #[must_use]
    pub const fn notes(mut self, text: &'static str) -> About {
        self.notes = text;
        self
    }

    /// Sets the example command lines, one per line.
    #[must_use]
    pub const fn examples(mut self, lines: &'static str) -> About {
        self.examples = lines;
        self
    }

    /// The declaration of the command with this definition.
    pub fn of(command: &clap::Command) -> About {
        command.get().copied().unwrap_or(About::other())
    }

    /// The columns of the output, those shown on request last; empty if the output has no columns.
    pub fn columns(&self) -> Vec<Heading> {
        let mut columns = match self.prints {
            Prints::Nothing => Vec::new(),
            Prints::List(columns) | Prints::One(columns) => columns(),
        };
        columns.sort_by_key(|column| column.extra);
        columns
    }

    /// The remarks before the columns, and those after them.
    pub fn all_remarks(&self) -> [String; 2] {
        let remarks = match self.remarks {
            Remarks::Written(text) => text.to_owned(),
            Remarks::Made(text) => text(),
        };
        [remarks, self.notes.to_owned()]
    }

    /// The text of the help below the options.
    fn help(&self) -> String {
        let [remarks, notes] = self.all_remarks();
        let columns = self.columns();
        let columns = if columns.is_empty() {
            String::new()
        } else {
            format!("Columns: {}", names(&columns))
        };
        let title = match self.examples.lines().count() {
            0 => "",
            1 => "Example:",
            _ => "Examples:",
        };
        let lines = self.examples.lines();
        let examples = lines.fold(title.to_owned(), |text, line| format!("{text}\n  {line}"));
        let mut parts = vec![remarks, columns, notes, examples];
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }
}

/// The names of the columns shown by default, and of those shown on request.
pub fn names(columns: &[Heading]) -> String {
    let names = |extra: bool| {
        let columns = columns.iter().filter(|column| column.extra == extra);
        let names: Vec<&str> = columns.map(|column| column.name).collect();
        names.join(", ")
    };
    match names(true) {
        extra if extra.is_empty() => names(false),
        extra => format!("{}; on request: {extra}", names(false)),
    }
}

/// Attaches its declaration to a command's definition: `#[command(describe = ABOUT)]`.
pub trait Describe {
    /// The command with its help completed.
    #[must_use]
    fn describe(self, about: About) -> Self;
}

impl Describe for clap::Command {
    fn describe(self, about: About) -> clap::Command {
        self.after_help(about.help()).add(about)
    }
}
