//! What a command says of itself besides its arguments: once, for the help, the manual, the schemas,
//! completion and `--watch`.

use clap::builder::CommandExt;

use crate::output::Heading;

/// What a command says of itself.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// What it does.
    pub does: Does,
    /// What it prints, if that has columns.
    pub prints: Prints,
    /// Remarks, in the help before the columns.
    remarks: Remarks,
    /// Remarks on the columns, in the help behind them.
    notes: &'static str,
    /// Command lines, one a line.
    pub examples: &'static str,
}

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// It answers, and changes nothing.
    Reads,
    /// It answers, and may be asked again and again: what it answers has parts that can be told apart.
    Watchable,
    /// It changes the database.
    Changes,
    /// Something else.
    Other,
}

/// What a command prints that has columns.
#[derive(Debug, Clone, Copy)]
pub enum Prints {
    /// Nothing.
    Nothing,
    /// A list of records.
    List(fn() -> Vec<Heading>),
    /// One record.
    One(fn() -> Vec<Heading>),
}

#[derive(Debug, Clone, Copy)]
enum Remarks {
    Written(&'static str),
    Made(fn() -> String),
}

/// What a command is for: the heading under which the help lists it. Its variant in the list of commands says
/// so: `#[command(add = Purpose::Read)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It shows what is configured.
    Read,
    /// It, or one of its commands, changes the database.
    Change,
    /// It shows what is in a switch.
    Flows,
    /// It explains: what is wrong, where packets go, what a message means.
    Understand,
    /// It does not deal with the switches of the host.
    Tools,
}

impl CommandExt for About {}
impl CommandExt for Purpose {}

impl Purpose {
    /// In the order in which the help lists them.
    pub const ALL: [Purpose; 5] = [
        Purpose::Read,
        Purpose::Change,
        Purpose::Flows,
        Purpose::Understand,
        Purpose::Tools,
    ];

    /// The heading.
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
    /// A command that answers, and changes nothing.
    pub const fn reads() -> About {
        About::new(Does::Reads)
    }

    /// A command that answers and can be watched.
    pub const fn watchable() -> About {
        About::new(Does::Watchable)
    }

    /// A command that changes the database.
    pub const fn changes() -> About {
        About::new(Does::Changes)
    }

    /// A command that does something else.
    pub const fn other() -> About {
        About::new(Does::Other)
    }

    const fn new(does: Does) -> About {
        About {
            does,
            prints: Prints::Nothing,
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

    /// What else there is to say of it.
    #[must_use]
    pub const fn remarks(mut self, text: &'static str) -> About {
        self.remarks = Remarks::Written(text);
        self
    }

    /// The same where the text is made of other things.
    #[must_use]
    pub const fn remarks_made(mut self, text: fn() -> String) -> About {
        self.remarks = Remarks::Made(text);
        self
    }

    /// What there is to say of the columns, behind their names.
    #[must_use]
    pub const fn notes(mut self, text: &'static str) -> About {
        self.notes = text;
        self
    }

    /// Command lines, one a line.
    #[must_use]
    pub const fn examples(mut self, lines: &'static str) -> About {
        self.examples = lines;
        self
    }

    /// What the command with this definition says of itself.
    pub fn of(command: &clap::Command) -> About {
        command.get().copied().unwrap_or(About::other())
    }

    /// The columns of what it prints, those on request last; none where that has no columns.
    pub fn columns(&self) -> Vec<Heading> {
        let mut columns = match self.prints {
            Prints::Nothing => Vec::new(),
            Prints::List(columns) | Prints::One(columns) => columns(),
        };
        columns.sort_by_key(|column| column.extra);
        columns
    }

    /// The remarks, those before the columns and those behind them.
    pub fn all_remarks(&self) -> [String; 2] {
        let remarks = match self.remarks {
            Remarks::Written(text) => text.to_owned(),
            Remarks::Made(text) => text(),
        };
        [remarks, self.notes.to_owned()]
    }

    /// What the help says below the options.
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

/// The names of the columns that are shown, and of those that are shown when asked for.
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

/// Gives a command's definition what it says of itself: `#[command(describe = ABOUT)]`.
pub trait Describe {
    /// The command, its help completed.
    #[must_use]
    fn describe(self, about: About) -> Self;
}

impl Describe for clap::Command {
    fn describe(self, about: About) -> clap::Command {
        self.after_help(about.help()).add(about)
    }
}
