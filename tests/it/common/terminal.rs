//! A terminal, by script(1) of util-linux.

use std::process::Command;

use super::Sandbox;

/// A line for bash on a terminal of so many columns, 0 for one that does not know; `ovs` in it is the binary
/// under test. The terminal's bytes come on stdout, with `\r\n` at the end of a line.
pub fn script(columns: usize, line: &str) -> Command {
    let binary = super::binary();
    let line = format!(
        "stty rows 50 cols {columns}; ovs() {{ '{}' \"$@\"; }}; {line}",
        binary.display()
    );
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]);
    super::clean(&mut command);
    command
        .env("TERM", "xterm")
        .env("SHELL", "/bin/bash")
        .env("LC_ALL", "C.UTF-8");
    command
}

/// The same, on a sandbox.
pub fn script_on(sandbox: &Sandbox, columns: usize, line: &str) -> Command {
    let mut command = script(columns, line);
    command.env("OVS_RUNDIR", sandbox.run_dir());
    command
}

/// A text without its colours.
///
/// # Panics
/// When an escape sequence is no colour.
#[track_caller]
pub fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (numbers, rest) = part.split_once('m').expect("a colour ends");
        let is_number = |c: char| c.is_ascii_digit() || c == ';';
        assert!(numbers.chars().all(is_number), "{text:?}");
        plain.push_str(rest);
    }
    plain
}

/// Whether some of a text has a colour.
pub fn is_coloured(text: &str) -> bool {
    text.contains('\u{1b}')
}
