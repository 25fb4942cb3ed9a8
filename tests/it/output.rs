//! The same answer on a terminal, in a pipe and in JSON.

use std::process::Command;

use ovs::output::width;
use ovs::sandbox::Neutron;
use serde_json::Value;

use crate::common::{self, Sandbox};

/// What a terminal of this many columns gets from `ovs ARGUMENTS`, by script(1) of util-linux.
fn terminal(
    sandbox: &Sandbox,
    columns: usize,
    arguments: &str,
    environment: &[(&str, &str)],
) -> String {
    let binary = common::binary();
    let line = format!(
        "stty rows 50 cols {columns}; exec '{}' {arguments}",
        binary.display()
    );
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]);
    common::clean(&mut command);
    command.env("OVS_RUNDIR", sandbox.run_dir());
    command
        .env("TERM", "xterm")
        .envs(environment.iter().copied());
    let output = command.output().expect("script(1) is installed");
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .replace("\r\n", "\n")
}

/// Without the colours.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = escape.split_once('m').unwrap().1;
    }
    out.push_str(rest);
    out
}

const LISTS: [&str; 7] = [
    "show",
    "bridge list",
    "port list",
    "port list br-int",
    "patch list",
    "tag list",
    "tunnel list",
];

#[test]
fn tables_fit_the_terminal() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for columns in [60, 80, 120, 200] {
        for list in LISTS {
            let said = terminal(&sandbox, columns, list, &[]);
            assert!(said.contains('\u{1b}'), "{list} has no colour");
            let said = plain(&said);
            let longest = said.lines().map(width).max().unwrap();
            assert!(longest <= columns, "{list} in {columns} columns:\n{said}");
            let headless = said.lines().count();
            assert!(headless > 2, "{list}: {said}");
        }
    }
    let narrow = plain(&terminal(&sandbox, 60, "bridge list", &[]));
    common::golden("output/bridge-list-60.terminal", &narrow);
    let wide = plain(&terminal(&sandbox, 200, "bridge list", &[]));
    assert!(!wide.contains("hidden"), "{wide}");
}

/// As on a serial line: then what `COLUMNS` says, else 80.
#[test]
fn a_terminal_that_does_not_know_its_width() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    for (environment, columns) in [(&[][..], 80), (&[("COLUMNS", "60")], 60)] {
        let unknown = terminal(&sandbox, 0, "port list", environment);
        assert_eq!(unknown, terminal(&sandbox, columns, "port list", &[]));
    }
}

#[test]
fn colour_is_wanted_or_not() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let coloured = |text: String| text.contains('\u{1b}');
    assert!(coloured(terminal(&sandbox, 80, "patch list", &[])));
    assert!(!coloured(terminal(
        &sandbox,
        80,
        "patch list",
        &[("NO_COLOR", "1")]
    )));
    assert!(!coloured(terminal(
        &sandbox,
        80,
        "patch list --color never",
        &[]
    )));
    assert!(!coloured(terminal(
        &sandbox,
        80,
        "patch list",
        &[("TERM", "dumb")]
    )));
    assert!(coloured(terminal(
        &sandbox,
        80,
        "patch list",
        &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")]
    )));
    assert!(!coloured(
        sandbox.ovs_stdout(&["patch", "list", "-o", "table"])
    ));
    assert!(coloured(sandbox.ovs_stdout(&[
        "patch",
        "list",
        "-o",
        "table",
        "--color=always"
    ])));
    let mut forced = sandbox.ovs(&["patch", "list", "-o", "table"]);
    let forced = forced.env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stdout.contains(&0x1b));
}

#[test]
fn text_is_the_same_on_a_terminal_and_in_a_pipe() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for list in LISTS {
        let arguments: Vec<&str> = list.split(' ').collect();
        let pipe = sandbox.ovs_stdout(&arguments);
        let line = format!("{list} --output text --color always");
        assert_eq!(terminal(&sandbox, 40, &line, &[]), pipe, "{list}");
        // As many cells on every line as there are columns.
        let json = sandbox.ovs_stdout(&[&arguments[..], &["--output", "jsonl"]].concat());
        for (line, object) in pipe.lines().zip(json.lines()) {
            let object: Value = serde_json::from_str(object).unwrap();
            assert_eq!(line.split('\t').count(), object.as_object().unwrap().len());
        }
        assert_eq!(pipe.lines().count(), json.lines().count(), "{list}");
    }
}

#[test]
fn columns_and_headers_in_every_output() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let ovs = |arguments: &[&str]| {
        sandbox.ovs_stdout(&[&["patch", "list", "br-tun"], arguments].concat())
    };
    assert_eq!(ovs(&["--columns", "peer,ofport"]), "patch-tun\t1\n");
    assert_eq!(ovs(&["--columns", "PEER,peer-ofport"]), "patch-tun\t3\n");
    assert_eq!(ovs(&["--columns", "peer", "--header"]), "PEER\npatch-tun\n");
    assert_eq!(
        ovs(&["--columns", "peer,ofport", "-o", "table"]),
        "PEER       OFPORT\npatch-tun  1\n"
    );
    assert_eq!(
        ovs(&["--columns", "peer", "-o", "table", "--no-header"]),
        "patch-tun\n"
    );
    assert_eq!(
        ovs(&["--columns", "peer,ofport", "-j"]),
        "[\n{\"peer\":\"patch-tun\",\"ofport\":1}\n]\n"
    );
    assert_eq!(ovs(&["-g", "peer"]), "patch-tun\n");
}

#[test]
fn a_reader_that_has_enough() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for arguments in [&["show"][..], &["port", "list", "--json"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(common::binary());
        common::clean(&mut command);
        let output = command
            .args(arguments)
            .env("OVS_RUNDIR", sandbox.run_dir())
            .stdout(writer)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[test]
fn a_full_disk_is_not_a_closed_pipe() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let mut command = Command::new(common::binary());
    common::clean(&mut command);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = command
        .arg("show")
        .env("OVS_RUNDIR", sandbox.run_dir())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("ovs: cannot write to stdout: No space left"),
        "{said}"
    );
}

#[test]
fn the_socket_of_a_real_server_that_is_not_for_everyone() {
    let sandbox = Sandbox::empty();
    let mut ovs = Command::new(common::binary());
    ovs.arg("show").env("OVS_RUNDIR", sandbox.run_dir());
    // Who is not root has no other user to be; tests/it/errors.rs has the same with a socket of its own.
    let Some(mut ovs) = common::as_nobody(&ovs, sandbox.run_dir()) else {
        return;
    };
    let output = ovs.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.contains("permission denied\nhint: run it with sudo"),
        "{said}"
    );
}
