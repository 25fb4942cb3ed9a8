//! The hosts of a command: which are meant, what is known of them and what was sent to them.

use std::fs;
use std::process::Stdio;

use rustix::process::Signal;

use crate::common::Sandbox;
use crate::common::server::until;
use crate::common::sshd::kill;
use crate::fleet::{Fleet, THREE};

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
