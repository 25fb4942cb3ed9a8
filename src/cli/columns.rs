//! Which columns a command has: its help says so, in the line that
//! [`columns_help`](crate::output::columns_help) makes of the command's column list.

use clap::Command;

/// The columns of a command.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// All of them.
    pub all: Vec<String>,
    /// How many of them, the last, are shown only on request.
    pub extra: usize,
}

/// The columns of a command; none if it prints no list.
pub(super) fn of(command: &Command) -> Columns {
    let help = command.get_after_help().map(ToString::to_string);
    let help = help.unwrap_or_default();
    let Some(line) = help.lines().find_map(|line| line.strip_prefix("Columns: ")) else {
        return Columns::default();
    };
    let (shown, extra) = line.split_once("; on request: ").unwrap_or((line, ""));
    let names = |text: &str| -> Vec<String> {
        let names = text.split(", ").filter(|name| !name.is_empty());
        names.map(str::to_owned).collect()
    };
    let (mut all, extra) = (names(shown), names(extra));
    let columns = Columns {
        extra: extra.len(),
        all: Vec::new(),
    };
    all.extend(extra);
    Columns { all, ..columns }
}
