//! The same answer on a terminal, in a pipe and in JSON.

use ovs::output::width;
use ovs::sandbox::Neutron;
use serde_json::Value;

use crate::common::terminal::{is_coloured, without_colours};
use crate::common::{self, Ran, Sandbox};

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
            let said = ovs!(sandbox, "{list}").on_terminal(columns).exits(0).stdout;
            assert!(is_coloured(&said), "{list} has no colour");
            let said = without_colours(&said);
            let longest = said.lines().map(width).max().unwrap();
            assert!(longest <= columns, "{list} in {columns} columns:\n{said}");
            let headless = said.lines().count();
            assert!(headless > 2, "{list}: {said}");
        }
    }
    let bridges = |columns| ovs!(sandbox, "bridge list").on_terminal(columns);
    let narrow = without_colours(&bridges(60).stdout);
    common::golden("output/bridge-list-60.terminal", &narrow);
    bridges(200).hides("hidden");
}

/// As on a serial line: then what `COLUMNS` says, else 80.
#[test]
fn a_terminal_that_does_not_know_its_width() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let list = || ovs!(sandbox, "port list");
    list().on_terminal(0).prints(list().on_terminal(80).stdout);
    list()
        .env("COLUMNS", "60")
        .on_terminal(0)
        .prints(list().on_terminal(60).stdout);
}

#[test]
fn colour_is_wanted_or_not() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let dumb = ("TERM", "dumb");
    let force = ("CLICOLOR_FORCE", "1");
    for (line, environment, expected) in [
        ("patch list", &[][..], true),
        ("patch list", &[("NO_COLOR", "1")], false),
        ("patch list --color never", &[], false),
        ("patch list", &[dumb], false),
        ("patch list", &[dumb, force], true),
    ] {
        let mut ovs = ovs!(sandbox, "{line}");
        for (name, value) in environment {
            ovs.env(name, value);
        }
        let said = ovs.on_terminal(80).exits(0).stdout;
        assert_eq!(is_coloured(&said), expected, "{line} {environment:?}");
    }
    // No terminal.
    let table = || ovs!(sandbox, "patch list -o table");
    assert!(!is_coloured(&table().out()));
    assert!(is_coloured(&table().arg("--color=always").out()));
    assert!(is_coloured(&table().env("CLICOLOR_FORCE", "1").out()));
}

#[test]
fn text_is_the_same_on_a_terminal_and_in_a_pipe() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for list in LISTS {
        let pipe = ovs!(sandbox, "{list}").out();
        ovs!(sandbox, "{list} --output text --color always")
            .on_terminal(40)
            .prints(&pipe);
        // As many cells on every line as there are columns.
        let json = ovs!(sandbox, "{list} --output jsonl").out();
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
    for (options, expected) in [
        ("--columns peer,ofport", "patch-tun\t1\n"),
        ("--columns PEER,peer-ofport", "patch-tun\t3\n"),
        ("--columns peer --header", "PEER\npatch-tun\n"),
        (
            "--columns peer,ofport -o table",
            "PEER       OFPORT\npatch-tun  1\n",
        ),
        ("--columns peer -o table --no-header", "patch-tun\n"),
        (
            "--columns peer,ofport -j",
            "[\n{\"peer\":\"patch-tun\",\"ofport\":1}\n]\n",
        ),
        ("-g peer", "patch-tun\n"),
    ] {
        ovs!(sandbox, "patch list br-tun {options}").prints(expected);
    }
}

#[test]
fn a_closed_pipe_ends_it() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    for arguments in ["show", "port list --json"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        ovs!(sandbox, "{arguments}")
            .run_into(writer)
            .exits(0)
            .says_nothing();
    }
}

#[test]
fn a_full_disk_is_not_a_closed_pipe() {
    let sandbox = Sandbox::neutron(Neutron::Node);
    let full = std::fs::File::options().write(true).open("/dev/full");
    let said = ovs!(sandbox, "show")
        .run_into(full.unwrap())
        .exits(1)
        .stderr;
    assert!(
        said.starts_with("ovs: cannot write to stdout: No space left"),
        "{said}"
    );
}

#[test]
fn the_socket_of_a_real_server_that_is_not_for_everyone() {
    let sandbox = Sandbox::empty();
    let ovs = ovs!(sandbox, "show").command();
    // Who is not root has no other user to be; tests/it/errors.rs has the same with a socket of its own.
    let Some(mut ovs) = common::as_nobody(&ovs, sandbox.run_dir()) else {
        return;
    };
    Ran::new("ovs show".to_owned(), ovs.output().unwrap())
        .exits(4)
        .says("permission denied\nhint: run it with sudo");
}
