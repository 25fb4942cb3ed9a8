//! What becomes of a change: refused, written but not applied, applied with an error, lost races.

use std::time::{Duration, Instant};

use ovs::sandbox::{Dummy, Options};

use crate::common::Sandbox;

#[test]
fn with_ovs_vswitchd_gone_it_is_written_and_not_applied() {
    let sandbox = Sandbox::with("add-br br0");
    sandbox.kill_vswitchd();
    let start = Instant::now();
    ovs!(sandbox, "-t 2 port add br0 p1")
        .exits(5)
        .shows("added\tport\tp1")
        .says("written to the database, but ovs-vswitchd has not applied it within 2 s");
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(vsctl!(sandbox, "--no-wait port-to-br p1"), "br0\n");
    ovs!(sandbox, "port add br0 p2 --no-wait").ok();
    assert_eq!(vsctl!(sandbox, "--no-wait port-to-br p2"), "br0\n");
    ovs!(sandbox, "port add br0 p3 --dry-run").ok();
    assert_eq!(vsctl!(sandbox, "--no-wait list-ports br0"), "p1\np2\n");
    // What is there already need not be waited for.
    ovs!(sandbox, "port add br0 p1 --may-exist --no-wait").ok();
}

#[test]
fn with_the_database_gone_nothing_changes() {
    let sandbox = Sandbox::empty();
    sandbox.kill_ovsdb();
    ovs!(sandbox, "port add br0 p1").exits(4);
}

/// With plain `--enable-dummy` the devices of a bridge of type dummy are dummies only where they are
/// of that type: a system device that does not exist really fails.
fn real_devices() -> Sandbox {
    let sandbox = Sandbox::start(Options {
        dummy: Dummy::Typed,
        ..Options::default()
    });
    vsctl!(sandbox, "add-br br0 -- set Bridge br0 datapath_type=dummy");
    sandbox
}

#[test]
fn the_switch_refuses_in_its_own_words() {
    let sandbox = real_devices();
    ovs!(sandbox, "port add br0 nosuch0")
        .exits(5)
        .shows("added\tport\tnosuch0\tbr0\t")
        .says("could not open network device nosuch0");
    let words = vsctl!(sandbox, "get Interface nosuch0 error");
    assert!(words.contains("could not open network device"), "{words}");
    // Saying it again does not make it true.
    ovs!(sandbox, "port add br0 nosuch0 --may-exist")
        .exits(5)
        .says("could not open network device nosuch0");
    ovs!(sandbox, "port add br0 nosuch1 --atomic")
        .fails(1, "taken out again")
        .says("could not open network device");
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "nosuch0\n");
}

#[test]
fn two_hundred_at_once_report_what_they_did() {
    let sandbox = Sandbox::with("add-br br0");
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
                    let ran = if verb == "add" {
                        ovs!(sandbox, "port add br0 {name} --type internal --no-wait").run()
                    } else {
                        ovs!(sandbox, "port del {name} --no-wait").run()
                    };
                    (name, verb, ran.code, ran.stderr)
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
            ("add", 0) => *balance.entry(name.clone()).or_default() += 1,
            ("del", 0) => *balance.entry(name.clone()).or_default() -= 1,
            ("add", 1) => assert!(said.contains("exists on br0 already"), "{said}"),
            ("del", 3) => assert!(said.contains("not found"), "{said}"),
            other => panic!("{name}: {other:?}: {said}"),
        }
    }
    for (name, count) in balance {
        assert!((0..=1).contains(&count), "{name}: {count}");
        if count == 1 {
            expected.insert(name);
        }
    }
    let there = vsctl!(sandbox, "list-ports br0");
    let there: std::collections::BTreeSet<String> = there.lines().map(str::to_owned).collect();
    assert_eq!(there, expected);
}

#[test]
fn a_closed_pipe_does_not_make_a_change_a_failure() {
    let sandbox = Sandbox::with("add-br br0");
    let full = std::fs::File::options().write(true).open("/dev/full");
    ovs!(sandbox, "port add br0 p1 --type internal")
        .run_into(full.unwrap())
        .exits(0)
        .says("the change is made");
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p1\n");
}

#[test]
fn unchanged_is_not_said_of_what_is_not_applied() {
    let sandbox = Sandbox::with("add-br br0");
    sandbox.kill_vswitchd();
    for words in ["written to the database", "in the database already"] {
        ovs!(sandbox, "-t 1 port add br0 p1 --may-exist")
            .exits(5)
            .says(words);
    }
}

#[test]
fn atomic_takes_out_what_it_added_and_nothing_else() {
    let sandbox = real_devices();
    vsctl!(sandbox, "add-port br0 p1 -- set Interface p1 type=internal");
    ovs!(
        sandbox,
        "port add br0 bond0 --bond nosuch1,nosuch2 --atomic"
    )
    .exits(1)
    .prints("");
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p1\n");
    // It was there before: it stays, and the answer is that it is written.
    ovs!(sandbox, "port add br0 p1 --type vxlan --may-exist --atomic")
        .exits(5)
        .shows("changed\tport\tp1");
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p1\n");
    ovs!(sandbox, "batch")
        .write_stdin("port add br0 p2 --atomic\nport add br0 p3\n")
        .exits(2)
        .says("--atomic");
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p1\n");
}

#[test]
fn a_secret_does_not_stay_in_the_log_of_the_database() {
    let sandbox = Sandbox::with("add-br br0");
    let json = ovs!(
        sandbox,
        "port add br0 g0 --type gre --dry-run --option remote_ip=192.0.2.1 \
         --option psk=abracadabra"
    )
    .json();
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
