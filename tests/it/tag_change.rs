//! `ovs tag set` and `clear`, judged by the real ovs-vsctl.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

use crate::common::Sandbox;

fn with_port() -> Sandbox {
    Sandbox::with("add-br br0 -- add-port br0 p1 -- set Interface p1 type=internal")
}

/// What ovs-vsctl has of the port, in one line.
fn columns(sandbox: &Sandbox) -> String {
    let columns = vsctl!(sandbox, "get Port p1 tag trunks vlan_mode cvlans");
    columns.trim_end().replace('\n', " ")
}

const EMPTY: &str = "[] [] [] []";

#[test]
fn what_it_comes_to_is_said_in_words() {
    let sandbox = with_port();
    for (arguments, columns_then, words) in [
        ("5", "5 [] [] []", "access (VLAN 5, untagged)"),
        (
            "none --trunks 1-3,10",
            "[] [1, 2, 3, 10] [] []",
            "trunk (VLANs 1-3,10, tagged)",
        ),
        ("4", "4 [1, 2, 3, 10] [] []", "its trunks are ignored"),
        (
            "--vlan-mode native-untagged",
            "4 [1, 2, 3, 10] native-untagged []",
            "untagged packets are VLAN 4 and leave untagged",
        ),
        (
            "--vlan-mode dot1q-tunnel --trunks none --cvlans 7 --qinq-ethertype 802.1q --strict",
            "4 [] dot1q-tunnel [7]",
            "VLAN 7 inside VLAN 4",
        ),
    ] {
        ovs!(sandbox, "tag set p1 {arguments}").ok().says(words);
        assert_eq!(columns(&sandbox), columns_then, "{arguments}");
    }
    assert_eq!(
        vsctl!(sandbox, "get Port p1 other_config"),
        "{qinq-ethtype=\"802.1q\"}\n"
    );
    ovs!(sandbox, "tag clear p1")
        .ok()
        .says("trunk (all VLANs, tagged)")
        .omits("warning");
    assert_eq!(columns(&sandbox), EMPTY);
    // What was not asked for is warned of, what was is told.
    for (arguments, words, is_warned) in [
        ("tag set p1 none", "neither a tag nor trunks", true),
        (
            "tag set p1 --vlan-mode trunk",
            "trunk (all VLANs, tagged)",
            false,
        ),
        (
            "tag set p1 5",
            "port \"p1\" has vlan_mode trunk: its tag is ignored",
            true,
        ),
        (
            "port set p1 --vlan-mode trunk --tag 6",
            "port \"p1\" has vlan_mode trunk: its tag is ignored",
            true,
        ),
    ] {
        let said = ovs!(sandbox, "{arguments}").ok().says(words).stderr;
        assert_eq!(said.contains("warning"), is_warned, "{said}");
    }
    ovs!(sandbox, "tag clear p1").ok();
    ovs!(sandbox, "tag clear p1").prints("unchanged\n");
}

#[test]
fn bad_input_changes_nothing() {
    let sandbox = with_port();
    for (arguments, code, words) in [
        ("tag set p1", 2, "<VID>"),
        ("tag set p1 4096", 2, "expected 0 to 4095"),
        ("tag set p1 x", 2, "expected 0 to 4095"),
        ("tag set p2 5", 3, "port \"p2\" not found"),
        ("tag set br1/p1 5", 3, "bridge \"br1\" not found"),
        ("tag clear p1 p2", 3, "port \"p2\" not found"),
    ] {
        ovs!(sandbox, "{arguments}").fails(code, words);
    }
    assert_eq!(columns(&sandbox), EMPTY);
    ovs!(sandbox, "tag set p1 5 -q").prints("").says_nothing();
    ovs!(sandbox, "tag set br0/p1 6")
        .ok()
        .says("VLAN 6")
        .says("untagged");
}

/// The requests that one connection makes of the database.
fn requests(sandbox: &Sandbox, line: &str) -> usize {
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
    ovs!(sandbox, "--db unix:{} {line}", path.display()).ok();
    let asked = String::from_utf8(counted.join().unwrap()).unwrap();
    asked.matches("\"method\":").count()
}

/// On a large host the server takes long to find a port by its name, and each question costs a way there and
/// back: one finds the port, the next does the rest.
#[test]
fn no_more_questions_than_it_takes() {
    let sandbox = with_port();
    for (line, expected, tag_then) in [
        ("tag set p1 7 --no-wait", 2, "7"),
        ("tag set p1 7 --no-wait", 2, "7"),
        ("port show p1 -g tag", 1, "7"),
        // One more for VLAN bridges, where the port has a tag.
        ("port show p1 -g bridge", 3, "7"),
        // One more for `cvlans`, which not every switch has.
        ("tag clear p1 --no-wait", 3, "[]"),
        ("tag show p1", 2, "[]"),
    ] {
        assert_eq!(requests(&sandbox, line), expected, "{line}");
        let tag = vsctl!(sandbox, "get Port p1 tag");
        assert_eq!(tag.trim_end(), tag_then, "{line}");
    }
}
