//! What becomes of a change: refused, written but not applied, applied with an error, lost races.

use std::time::{Duration, Instant};

use ovs::sandbox::{Dummy, Options};
use predicates::prelude::PredicateBooleanExt as _;
use predicates::str::contains;

use crate::common::{self, Sandbox};

#[test]
fn with_ovs_vswitchd_gone_it_is_written_and_not_applied() {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    sandbox.kill_vswitchd();
    let start = Instant::now();
    sandbox
        .ovs(&["-t", "2", "port", "add", "br0", "p1"])
        .assert()
        .code(5)
        .stdout(contains("added\tport\tp1"))
        .stderr(contains(
            "written to the database, but ovs-vswitchd has not applied it within 2 s",
        ));
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(sandbox.vsctl(&["--no-wait", "port-to-br", "p1"]), "br0\n");
    sandbox
        .ovs(&["port", "add", "br0", "p2", "--no-wait"])
        .assert()
        .success();
    assert_eq!(sandbox.vsctl(&["--no-wait", "port-to-br", "p2"]), "br0\n");
    sandbox
        .ovs(&["port", "add", "br0", "p3", "--dry-run"])
        .assert()
        .success();
    assert_eq!(
        sandbox.vsctl(&["--no-wait", "list-ports", "br0"]),
        "p1\np2\n"
    );
    // What is there already need not be waited for.
    sandbox
        .ovs(&["port", "add", "br0", "p1", "--may-exist", "--no-wait"])
        .assert()
        .success();
}

#[test]
fn with_the_database_gone_nothing_changes() {
    let sandbox = Sandbox::empty();
    sandbox.kill_ovsdb();
    sandbox.ovs(&["port", "add", "br0", "p1"]).assert().code(4);
}

/// With plain `--enable-dummy` the devices of a bridge of type dummy are dummies only where they are
/// of that type: a system device that does not exist really fails.
fn real_devices() -> Sandbox {
    let sandbox = Sandbox::start(Options {
        dummy: Dummy::Typed,
        ..Options::default()
    });
    sandbox.vsctl(&[
        "add-br",
        "br0",
        "--",
        "set",
        "Bridge",
        "br0",
        "datapath_type=dummy",
    ]);
    sandbox
}

#[test]
fn the_switch_refuses_in_its_own_words() {
    let sandbox = real_devices();
    sandbox
        .ovs(&["port", "add", "br0", "nosuch0"])
        .assert()
        .code(5)
        .stdout(contains("added\tport\tnosuch0\tbr0\t"))
        .stderr(contains("could not open network device nosuch0"));
    let words = sandbox.vsctl(&["get", "Interface", "nosuch0", "error"]);
    assert!(words.contains("could not open network device"), "{words}");
    // Saying it again does not make it true.
    sandbox
        .ovs(&["port", "add", "br0", "nosuch0", "--may-exist"])
        .assert()
        .code(5)
        .stderr(contains("could not open network device nosuch0"));
    sandbox
        .ovs(&["port", "add", "br0", "nosuch1", "--atomic"])
        .assert()
        .code(1)
        .stdout("")
        .stderr(contains("taken out again").and(contains("could not open network device")));
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "nosuch0\n");
}

#[test]
fn two_hundred_at_once_all_tell_the_truth() {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    let mut expected = std::collections::BTreeSet::new();
    let mut outcomes = Vec::new();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..200)
            .map(|n| {
                let sandbox = &sandbox;
                scope.spawn(move || {
                    // Twenty names, so that the processes meet.
                    let name = format!("p{}", n % 20);
                    let verb = if n % 3 == 0 { "del" } else { "add" };
                    let add = [
                        "port",
                        "add",
                        "br0",
                        &name,
                        "--type",
                        "internal",
                        "--no-wait",
                    ];
                    let del = ["port", "del", &name, "--no-wait"];
                    let arguments: &[&str] = if verb == "add" { &add } else { &del };
                    let output = sandbox.ovs(arguments).output().unwrap();
                    let code = output.status.code();
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    (name, verb, code, said)
                })
            })
            .collect();
        for worker in workers {
            outcomes.push(worker.join().unwrap());
        }
    });
    let mut balance = std::collections::BTreeMap::<String, i32>::new();
    for (name, verb, code, said) in &outcomes {
        match (*verb, code) {
            ("add", Some(0)) => *balance.entry(name.clone()).or_default() += 1,
            ("del", Some(0)) => *balance.entry(name.clone()).or_default() -= 1,
            ("add", Some(1)) => assert!(said.contains("exists on br0 already"), "{said}"),
            ("del", Some(3)) => assert!(said.contains("not found"), "{said}"),
            other => panic!("{name}: {other:?}: {said}"),
        }
    }
    for (name, count) in balance {
        assert!((0..=1).contains(&count), "{name}: {count}");
        if count == 1 {
            expected.insert(name);
        }
    }
    let there = sandbox.vsctl(&["list-ports", "br0"]);
    let there: std::collections::BTreeSet<String> = there.lines().map(str::to_owned).collect();
    assert_eq!(there, expected);
}

#[test]
fn what_is_done_is_not_called_undone_because_nobody_reads_of_it() {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    let mut command = std::process::Command::new(common::binary());
    common::clean(&mut command);
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = command
        .args(["port", "add", "br0", "p1", "--type", "internal"])
        .env("OVS_RUNDIR", sandbox.run_dir())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("the change is made"), "{said}");
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "p1\n");
}

#[test]
fn unchanged_is_not_said_of_what_is_not_applied() {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    sandbox.kill_vswitchd();
    let add = ["-t", "1", "port", "add", "br0", "p1", "--may-exist"];
    sandbox
        .ovs(&add)
        .assert()
        .code(5)
        .stderr(contains("written to the database"));
    sandbox
        .ovs(&add)
        .assert()
        .code(5)
        .stderr(contains("in the database already"));
}

#[test]
fn atomic_takes_out_what_it_added_and_nothing_else() {
    let sandbox = real_devices();
    sandbox.vsctl(&[
        "add-port",
        "br0",
        "p1",
        "--",
        "set",
        "Interface",
        "p1",
        "type=internal",
    ]);
    let bond = [
        "port",
        "add",
        "br0",
        "bond0",
        "--bond",
        "nosuch1,nosuch2",
        "--atomic",
    ];
    sandbox.ovs(&bond).assert().code(1).stdout("");
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "p1\n");
    // It was there before: it stays, and the answer is that it is written.
    sandbox
        .ovs(&[
            "port",
            "add",
            "br0",
            "p1",
            "--type",
            "vxlan",
            "--may-exist",
            "--atomic",
        ])
        .assert()
        .code(5)
        .stdout(contains("changed\tport\tp1"));
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "p1\n");
    sandbox
        .ovs(&["batch"])
        .write_stdin("port add br0 p2 --atomic\nport add br0 p3\n")
        .assert()
        .code(2)
        .stderr(contains("--atomic"));
    assert_eq!(sandbox.vsctl(&["list-ports", "br0"]), "p1\n");
}

#[test]
fn a_secret_does_not_stay_in_the_log_of_the_database() {
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    let add = [
        "port",
        "add",
        "br0",
        "g0",
        "--type",
        "gre",
        "--dry-run",
        "--json",
    ];
    let options = [
        "--option",
        "remote_ip=192.0.2.1",
        "--option",
        "psk=abracadabra",
    ];
    let said = sandbox.ovs_stdout(&[&add[..], &options].concat());
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    let comment = json["transaction"]
        .as_array()
        .unwrap()
        .iter()
        .find(|o| o["op"] == "comment");
    let comment = comment.unwrap()["comment"].as_str().unwrap();
    assert!(
        comment.contains("psk=***") && !comment.contains("abra"),
        "{comment}"
    );
}
