//! The hosts of a command: which are meant, what is known of them and what was sent to them.

use std::fs;
use std::process::Stdio;

use rustix::process::Signal;

use crate::common::Sandbox;
use crate::common::server::{free_port, until};
use crate::common::sshd::kill;
use crate::fleet::{Fleet, THREE};

/// Lists and files of hosts add up.
#[test]
fn several_lists_and_files() {
    let fleet = Fleet::of(&THREE);
    let other = fleet.directory.path().join("other");
    let db = |host: usize| format!("unix:{}", fleet.hosts[host].db_socket().display());
    fs::write(&other, format!("h1 db={}\nh4 db={}\n", db(0), db(1))).unwrap();
    let other = other.display();
    fleet
        .ovs(&format!("bridge list --hosts {other} -g host"))
        .prints("h1\nh2\nh3\nh4\n");
    // ssh finds none of these.
    let unknown = "a.invalid,b.invalid";
    let mut ovs = fleet.ovs(&format!(
        "bridge list --host {unknown} --host c.invalid --host a.invalid --columns bridge"
    ));
    let run = ovs
        .env("OVS_SSH", "false")
        .exits(4)
        .prints("h1\tbr0\nh2\tbr0\nh3\tbr1\n");
    for host in ["a", "b", "c"] {
        let line = format!("ovs: {host}.invalid: cannot connect");
        assert_eq!(run.stderr.matches(&line).count(), 1, "{}", run.stderr);
    }
    let mut ovs =
        ovs!("--host a.invalid db set Bridge br0 fail_mode=secure --host b.invalid --each");
    ovs.env("OVS_SSH", "false")
        .exits(4)
        .says("ovs: failed on a.invalid, b.invalid");
    // Which of two ways to a host is meant is not guessed.
    fs::write(fleet.directory.path().join("other"), "h1 db=unix:/x\n").unwrap();
    fleet
        .ovs(&format!("bridge list --hosts {other}"))
        .fails(2, "h1 is named twice, and reached in two ways");
    fleet
        .ovs("bridge list --host h1")
        .fails(2, "h1 is named twice, and reached in two ways");
}

/// A command with a switch that is connected to from here does not run in the name of another host.
#[test]
fn a_switch_on_the_network_is_of_no_other_host() {
    let sandbox = Sandbox::with("add-br br0 -- set Bridge br0 fail_mode=secure");
    let port = free_port();
    let target = format!("tcp:127.0.0.1:{port}");
    vsctl!(sandbox, "set-controller br0 ptcp:{port}:127.0.0.1");
    until("the bridge listens", || {
        ovs!("dump-flows {target} --count").run().code == 0
    });
    let directory = tempfile::tempdir().unwrap();
    let hosts = directory.path().join("hosts");
    let db = format!("unix:{}", sandbox.db_socket().display());
    fs::write(&hosts, format!("h1 db={db}\n")).unwrap();
    let flows = directory.path().join("flows");
    fs::write(&flows, "priority=7,actions=drop\n").unwrap();
    let flows = flows.display();
    let lines = [
        format!("dump-flows {target}"),
        format!("dump-groups {target}"),
        format!("dump-meters {target}"),
        format!("dump-tables {target}"),
        format!("port stats {target}"),
        format!("flow add {target} actions=drop"),
        format!("flow add {target} actions=drop --dry-run"),
        format!("flow mod {target} actions=drop"),
        format!("flow del {target} --all"),
        format!("flow replace {target} {flows}"),
        format!("flow diff br0 {target}"),
        format!("flow diff {target} {flows}"),
        format!("group add {target} group_id=1,type=all,bucket=output:1"),
        format!("group diff br0 {target}"),
        format!("meter add {target} meter=2,kbps,bands=type=drop,rate=9"),
        format!("table set {target} 3 --name x"),
        format!("packet-out {target} --in-port 1 --actions drop arp"),
    ];
    let ways = [
        format!("--hosts {}", hosts.display()),
        format!("--via-exec env --db {db}"),
        format!("--via 'socat - UNIX-CONNECT:{{}}' --db {db}"),
    ];
    for way in &ways {
        for line in &lines {
            let each = if way.starts_with("--hosts") {
                "--each"
            } else {
                ""
            };
            ovs!("{way} {line} {each}")
                .fails(
                    2,
                    "is connected to from this host: it is no switch of the other one",
                )
                .prints("")
                .says("hint: name the bridge of the other host");
        }
        let each = if way.starts_with("--hosts") {
            "--each"
        } else {
            ""
        };
        ovs!("{way} batch {each}")
            .write_stdin(format!("bridge add br7\nflow add {target} actions=drop\n"))
            .fails(2, "it is no switch of the other one");
    }
    assert_eq!(vsctl!(sandbox, "list-br"), "br0\n");
    assert!(!ofctl!(sandbox, "dump-flows br0").contains("actions"));
    // A socket of the other host is one.
    let socket = sandbox.run_dir().join("br0.mgmt");
    let line = format!("flow add unix:{} priority=3,actions=drop", socket.display());
    ovs!("{} {line}", ways[1]).ok();
    assert!(ofctl!(sandbox, "dump-flows br0").contains("priority=3"));
    // Without another host there is no doubt.
    ovs!(sandbox, "flow del {target} --all").ok();
}

/// What this host has is not taken for what the host behind a socket has.
#[test]
fn the_kernel_of_a_host_behind_a_socket() {
    let fleet = Fleet::of(&["add-br br0 -- set bridge br0 datapath_type=dummy \
         -- add-port br0 t1 -- set Interface t1 type=vxlan options:remote_ip=192.0.2.2 options:local_ip=192.0.2.1 -- add-port br0 p1"]);
    let sandbox = &fleet.hosts[0];
    // As if its devices were the kernel's.
    vsctl!(sandbox, "--no-wait clear Open_vSwitch . iface_types");
    vsctl!(
        sandbox,
        "--no-wait remove Open_vSwitch . external_ids hostname"
    );
    ovs!(sandbox, "check -g finding --severity error")
        .run()
        .shows("tunnel-local-address\n");
    fleet
        .ovs("check -g finding --severity error")
        .run()
        .hides("tunnel-local-address");
    fleet
        .ovs("path p1 --columns note")
        .run()
        .shows("db= reaches the database only");
    let directory = tempfile::tempdir().unwrap();
    let mut save = fleet.ovs("save");
    let run = save.current_dir(directory.path()).exits(0);
    run.hides("network")
        .says("ovs: h1: not saved: the host: db= reaches the database only");
    let file = fs::read_dir(directory.path()).unwrap().next().unwrap();
    let file = file.unwrap().path();
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("ovs-h1-"), "{name}");
    let report = ovs::source::saved::Report::open(&[file.display().to_string()]).unwrap();
    assert!(report.network.is_none() && report.namespaces.is_none());
    assert_eq!(report.host.as_deref(), Some("h1"));
    // With --quiet it is known beforehand; what fails is not.
    fs::remove_file(&file).unwrap();
    let mut save = fleet.ovs("save -q");
    save.current_dir(directory.path()).ok().says_nothing();
    let pid = fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let pid = pid.trim().parse().unwrap();
    kill(pid, Signal::STOP);
    let mut save = fleet.ovs("save -q --force -t 1");
    let run = save.current_dir(directory.path()).exits(0);
    kill(pid, Signal::CONT);
    run.says("ovs: h1: not saved: \"br0\": no reply within 1 s")
        .omits("the host")
        .omits("saved in");
}

/// Where the login is not over, nothing was sent.
#[test]
fn an_interrupt_before_a_login_is_over() {
    let fleet = Fleet::of(&THREE[..2]);
    let config = fleet.directory.path().join("ssh_config");
    fs::write(&config, "Host black\n ProxyCommand sleep 77\n").unwrap();
    let pid = fs::read_to_string(fleet.hosts[1].run_dir().join("ovs-vswitchd.pid")).unwrap();
    let pid = pid.trim().parse().unwrap();
    fleet.adds("black ssh=black");
    let mut ovs = fleet.ovs("bridge set br0 --fail-mode standalone --each");
    ovs.env("OVS_SSH", format!("ssh -F {}", config.display()));
    let mut command = ovs.command();
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    // The second host does not confirm the change.
    kill(pid, Signal::STOP);
    let child = command.spawn().unwrap();
    until("the change is made on the others", || {
        let is_made = |host: &Sandbox| vsctl!(host, "get-fail-mode br0") == "standalone\n";
        fleet.hosts.iter().all(is_made)
    });
    kill(child.id(), Signal::TERM);
    let output = child.wait_with_output().unwrap();
    kill(pid, Signal::CONT);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("begun, outcome unknown, on ")
            && stderr.contains("h2; not begun on black\n"),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(143), "{stderr}");
}
