//! `ovs tag set` and `clear`, judged by the real ovs-vsctl.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::common::Sandbox;

fn with_port() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&[
        "add-br",
        "br0",
        "--",
        "add-port",
        "br0",
        "p1",
        "--",
        "set",
        "Interface",
        "p1",
        "type=internal",
    ]);
    sandbox
}

fn columns(sandbox: &Sandbox) -> [String; 4] {
    ["tag", "trunks", "vlan_mode", "cvlans"].map(|column| {
        sandbox
            .vsctl(&["get", "Port", "p1", column])
            .trim_end()
            .to_owned()
    })
}

#[test]
fn what_it_comes_to_is_said_in_words() {
    let sandbox = with_port();
    for (arguments, columns_then, words) in [
        (
            &["5"][..],
            ["5", "[]", "[]", "[]"],
            "access (VLAN 5, untagged)",
        ),
        (
            &["none", "--trunks", "1-3,10"],
            ["[]", "[1, 2, 3, 10]", "[]", "[]"],
            "trunk (VLANs 1-3,10, tagged)",
        ),
        (
            &["4"],
            ["4", "[1, 2, 3, 10]", "[]", "[]"],
            "its trunks are ignored",
        ),
        (
            &["--vlan-mode", "native-untagged"],
            ["4", "[1, 2, 3, 10]", "native-untagged", "[]"],
            "untagged packets are VLAN 4 and leave untagged",
        ),
        (
            &[
                "--vlan-mode",
                "dot1q-tunnel",
                "--trunks",
                "none",
                "--cvlans",
                "7",
                "--qinq-ethertype",
                "802.1q",
                "--strict",
            ],
            ["4", "[]", "dot1q-tunnel", "[7]"],
            "VLAN 7 inside VLAN 4",
        ),
    ] {
        let whole = [&["tag", "set", "p1"], arguments].concat();
        sandbox
            .ovs(&whole)
            .assert()
            .success()
            .stderr(contains(words));
        assert_eq!(columns(&sandbox), columns_then, "{arguments:?}");
    }
    assert_eq!(
        sandbox.vsctl(&["get", "Port", "p1", "other_config"]),
        "{qinq-ethtype=\"802.1q\"}\n"
    );
    sandbox
        .ovs(&["tag", "clear", "p1"])
        .assert()
        .success()
        .stderr(contains("trunk (all VLANs, tagged)").and(contains("warning").not()));
    assert_eq!(columns(&sandbox), ["[]"; 4]);
    // What was not asked for is warned of, what was is told.
    for (arguments, words, is_warned) in [
        (
            &["tag", "set", "p1", "none"][..],
            "neither a tag nor trunks",
            true,
        ),
        (
            &["tag", "set", "p1", "--vlan-mode", "trunk"],
            "trunk (all VLANs, tagged)",
            false,
        ),
        (
            &["tag", "set", "p1", "5"],
            "port \"p1\" has vlan_mode trunk: its tag is ignored",
            true,
        ),
        (
            &["port", "set", "p1", "--vlan-mode", "trunk", "--tag", "6"],
            "port \"p1\" has vlan_mode trunk: its tag is ignored",
            true,
        ),
    ] {
        let run = sandbox.ovs(arguments).assert().success();
        let said = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(said.contains(words), "{said}");
        assert_eq!(said.contains("warning"), is_warned, "{said}");
    }
    sandbox.ovs_stdout(&["tag", "clear", "p1"]);
    sandbox
        .ovs(&["tag", "clear", "p1"])
        .assert()
        .success()
        .stdout("unchanged\n");
}

#[test]
fn bad_input_changes_nothing() {
    let sandbox = with_port();
    for (arguments, code, words) in [
        (&["tag", "set", "p1"][..], 2, "<VID>"),
        (&["tag", "set", "p1", "4096"], 2, "expected 0 to 4095"),
        (&["tag", "set", "p1", "x"], 2, "expected 0 to 4095"),
        (&["tag", "set", "p2", "5"], 3, "port \"p2\" not found"),
        (
            &["tag", "set", "br1/p1", "5"],
            3,
            "bridge \"br1\" not found",
        ),
        (&["tag", "clear", "p1", "p2"], 3, "port \"p2\" not found"),
    ] {
        sandbox
            .ovs(arguments)
            .assert()
            .code(code)
            .stderr(contains(words))
            .stdout("");
    }
    assert_eq!(columns(&sandbox), ["[]"; 4]);
    sandbox
        .ovs(&["tag", "set", "p1", "5", "-q"])
        .assert()
        .success()
        .stdout("")
        .stderr("");
    sandbox
        .ovs(&["tag", "set", "br0/p1", "6"])
        .assert()
        .success()
        .stderr(contains("VLAN 6").and(contains("untagged")));
}

/// The requests that one connection makes of the database.
fn requests(sandbox: &Sandbox, arguments: &[&str]) -> usize {
    let path = sandbox.run_dir().join("relay.sock");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    let server = UnixStream::connect(sandbox.db_socket()).unwrap();
    let counted = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut answers, &mut back));
        let (mut server, mut asked, mut buffer) = (server, Vec::new(), vec![0; 1 << 16]);
        loop {
            let length = client.read(&mut buffer).unwrap_or(0);
            if length == 0 {
                return asked;
            }
            asked.extend_from_slice(&buffer[..length]);
            server.write_all(&buffer[..length]).unwrap();
        }
    });
    let db = format!("unix:{}", path.display());
    sandbox
        .ovs(&["--db", &db])
        .args(arguments)
        .assert()
        .success();
    let asked = String::from_utf8(counted.join().unwrap()).unwrap();
    asked.matches("\"method\":").count()
}

/// On a large host the server takes long to find a port by its name, and each question costs a way there and
/// back: one finds the port, the next does the rest.
#[test]
fn no_more_questions_than_it_takes() {
    let sandbox = with_port();
    assert_eq!(
        requests(&sandbox, &["tag", "set", "p1", "7", "--no-wait"]),
        2
    );
    assert_eq!(columns(&sandbox)[0], "7");
    assert_eq!(
        requests(&sandbox, &["tag", "set", "p1", "7", "--no-wait"]),
        2
    );
    assert_eq!(requests(&sandbox, &["port", "show", "p1", "-g", "tag"]), 1);
    assert_eq!(
        requests(&sandbox, &["port", "show", "p1", "-g", "bridge"]),
        2
    );
    // One more for `cvlans`, which not every switch has.
    assert_eq!(requests(&sandbox, &["tag", "clear", "p1", "--no-wait"]), 3);
    assert_eq!(columns(&sandbox)[0], "[]");
    assert_eq!(requests(&sandbox, &["tag", "show", "p1"]), 2);
}
