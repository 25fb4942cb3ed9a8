//! How the binary fails: its exit codes, what it says on stderr, and that stdout stays empty.

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{self, Ran};

/// A directory for a socket, and the socket's endpoint.
fn socket() -> (tempfile::TempDir, PathBuf, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db.sock");
    let endpoint = format!("unix:{}", path.display());
    (dir, path, endpoint)
}

/// What people mean by an option that is not there.
#[test]
fn tips_for_options() {
    for (line, tip) in [
        (
            "dump-flows br0 --protocols OpenFlow13",
            "to speak are '-O' or '--openflow'",
        ),
        (
            "--protocols=OpenFlow13 dump-flows br0",
            "to speak are '-O' or '--openflow'",
        ),
        (
            "dump-groups br0 --protocols=OpenFlow13",
            "to speak are '-O' or '--openflow'",
        ),
        (
            "dump-flows br0 --no-stat",
            "'--no-stats' is an option of 'dump-flows'",
        ),
        (
            "--no-stat dump-flows br0",
            "'--no-stats' is an option of 'dump-flows'",
        ),
        (
            "--no-stats dump-flows br0",
            "'--no-stats' is an option of 'dump-flows'",
        ),
        (
            "port stats br0 --no-stat",
            "'--no-stats' is an option of 'dump-flows', 'dump-groups', 'dump-meters'",
        ),
        (
            "bridge set br0 --protocol OpenFlow13",
            "'--protocols' is an option of 'bridge set'",
        ),
        (
            "dump-flows br0 --out-prt 3",
            "a similar argument exists: '--out-port'",
        ),
    ] {
        let said = ovs!("{line}")
            .fails(2, "unexpected argument")
            .says(format!("{tip}\n"))
            .stderr;
        assert_eq!(said.matches("tip: ").count(), 1, "{said}");
    }
}

#[test]
fn no_socket() {
    let (dir, _, db) = socket();
    let said = ovs!("show --db {db}")
        .fails(
            4,
            format!("ovs: cannot connect to {db}: the socket does not exist\n"),
        )
        .says("hint: is Open vSwitch running? OVS_RUNDIR or --db says where else")
        .stderr;
    // The same place, named by the environment.
    ovs!("show")
        .env("OVS_RUNDIR", dir.path())
        .run()
        .says_only(&said);
    ovs!("show -q --db {db}")
        .fails(4, "cannot connect")
        .omits("hint:");
}

#[test]
fn no_server_at_the_socket() {
    let (_dir, socket, db) = socket();
    drop(UnixListener::bind(&socket).unwrap());
    ovs!("show --db {db}")
        .fails(4, "connection refused")
        .says("hint: the socket is left over: is ovsdb-server running?");
}

#[test]
fn a_server_that_says_nothing() {
    let (_dir, socket, db) = socket();
    let _listener = UnixListener::bind(&socket).unwrap();
    let start = Instant::now();
    ovs!("show -t 0.3 --db {db}")
        .fails(4, "no reply within 0.3 s")
        .says("hint: ")
        .says("-t SECS waits longer");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_speaks_something_else() {
    let (_dir, socket, db) = socket();
    let listener = UnixListener::bind(&socket).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 \x1b[31mBad Request\r\n\r\n");
    });
    ovs!("show --db {db}").fails(4, "ovs: ").omits("\u{1b}");
    server.join().unwrap();
}

#[test]
fn permission_denied() {
    let (dir, socket, db) = socket();
    let _listener = UnixListener::bind(&socket).unwrap();
    // A copy, for the build directory may be closed to the other user.
    let binary = dir.path().join("ovs");
    common::copy_binary(&binary);
    for (path, mode) in [
        (dir.path(), 0o755),
        (binary.as_path(), 0o755),
        (socket.as_path(), 0o000),
    ] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut command = Command::new(&binary);
    command.args(["show", "--db", &db]);
    common::clean(&mut command);
    if rustix::process::geteuid().is_root() {
        // Root is denied nothing: become nobody.
        command.uid(65534).gid(65534);
    }
    Ran::new(db, command.output().unwrap())
        .exits(4)
        .prints("")
        .says("permission denied")
        .says("hint: run it with sudo");
}

#[test]
fn usage() {
    for (arguments, words) in [
        ("shwo", "similar subcommand"),
        ("show --colums a", "--columns"),
        ("show -t soon", "not a number of seconds"),
        ("show --db udp:1.2.3.4", "is not an endpoint"),
        ("show -O OpenFlow16", "is not an OpenFlow version"),
        ("show --json --output text", "cannot be used with"),
        (
            "port add br0 p1 vlan_mode=trunk",
            "settings are options: --vlan-mode trunk",
        ),
        (
            "port add br0 p1 options:remote_ip=1.2.3.4",
            "settings are options: --option remote_ip=1.2.3.4",
        ),
        (
            "bridge set br0 'external_ids:note=a; rm x'",
            "settings are options: --external-id 'note=a; rm x'",
        ),
        (
            "dump-flows br0 tcp nw_src=1.2.3.4",
            "MATCH is one word: its fields have commas between them",
        ),
        (
            "-t 5 tag set br0 p1 4",
            "a port is named alone, or as 'BRIDGE/PORT'",
        ),
    ] {
        ovs!("{arguments}").fails(2, words);
    }
    // Where it would be wrong, there is no tip.
    for line in [
        "port list br0 p1",
        "show br0 x=y",
        "bridge set br0 stp_enable=true",
    ] {
        ovs!("{line}").run().omits("tip:");
    }
}

#[test]
fn unknown_columns_are_usage_errors_found_before_anything_is_done() {
    ovs!("port list --columns offport --db unix:/nowhere")
        .fails(
            2,
            "there is no column \"offport\" (did you mean \"ofport\"?)",
        )
        .says("hint: columns: bridge, port, ");
    ovs!("patch list -g x --db unix:/nowhere")
        .fails(2, "there is no column \"x\"\n")
        .says("hint: columns: ");
}

#[test]
fn a_closed_pipe_is_quiet() {
    for arguments in ["--help", "--version"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        ovs!("{arguments}").run_into(writer).exits(0).says_nothing();
    }
}

#[test]
fn signals_end_it_as_they_end_any_program() {
    let (_dir, socket, db) = socket();
    let listener = UnixListener::bind(&socket).unwrap();
    for signal in [rustix::process::Signal::INT, rustix::process::Signal::TERM] {
        // Where the tests run in the background of a shell, they ignore SIGINT, and so would it.
        let show = ovs!("show -t 0 --db {db}").command();
        let mut child = Command::new("env")
            .args([
                "-u",
                "OVS_DB",
                "-u",
                "OVS_CTL_TIMEOUT",
                "--default-signal=INT,TERM",
            ])
            .arg(show.get_program())
            .args(show.get_args())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // Once it has connected, it waits.
        let _stream = listener.accept().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, signal).unwrap();
        // What a shell reports as 128 and the signal's number: 130, 143.
        assert_eq!(child.wait().unwrap().signal(), Some(signal.as_raw()));
    }
}

/// Before and after the command an option is the same, and so is what the environment says in its place.
#[test]
fn a_wrong_environment_is_wrong_wherever_the_options_stand() {
    for (variable, wrong) in [("OVS_CTL_TIMEOUT", "abc"), ("OVS_DB", "foo:bar")] {
        for line in [
            "-t 3 --db unix:/nonexistent bridge list",
            "bridge list -t 3 --db unix:/nonexistent",
            "bridge list",
        ] {
            ovs!("{line}").env(variable, wrong).fails(2, "");
        }
        ovs!("bridge list --db unix:/nonexistent")
            .env(variable, "")
            .exits(4);
    }
}

#[test]
fn help_lists_every_exit_code() {
    let help = ovs!("--help").out();
    for code in [0, 1, 2, 3, 4, 5, 6, 130, 143] {
        assert!(
            help.lines()
                .any(|line| line.trim_start().starts_with(&format!("{code}  "))),
            "{code}"
        );
    }
}
