//! `--via` and `--via-exec`: hosts and containers behind a command.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::Sandbox;

fn switch() -> Sandbox {
    let sandbox =
        Sandbox::with("add-br br0 -- add-port br0 p1 tag=5 -- set interface p1 type=dummy");
    ofctl!(sandbox, "add-flow br0 priority=7,in_port=p1,actions=drop");
    sandbox
}

fn is_here(program: &str) -> bool {
    let mut command = Command::new("sh");
    let output = command
        .args(["-c", &format!("command -v {program}")])
        .output();
    output.unwrap().status.success()
}

/// A copier as a user may write one.
const PYTHON: &str = "import os, socket, sys, threading
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
def up():
    while True:
        data = os.read(0, 65536)
        if not data: os._exit(0)
        s.sendall(data)
threading.Thread(target=up).start()
while True:
    data = s.recv(65536)
    if not data: os._exit(0)
    os.write(1, data)
";

#[test]
fn any_command_that_connects() {
    let sandbox = switch();
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("copy it.py");
    fs::write(&script, PYTHON).unwrap();
    let db = format!("unix:{}", sandbox.db_socket().display());
    let run_dir = sandbox.run_dir().display();
    let pid = fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    let control = format!("{run_dir}/ovs-vswitchd.{}.ctl", pid.trim());
    let mut count = 0;
    for (program, command) in [
        ("socat", "socat - UNIX-CONNECT:{}".to_owned()),
        ("python3", format!("python3 '{}' {{}}", script.display())),
    ] {
        if !is_here(program) {
            continue;
        }
        count += 1;
        let ovs = |line: &str| {
            let mut words = vec![
                "--via".to_owned(),
                command.clone(),
                "--db".to_owned(),
                db.clone(),
            ];
            words.extend(crate::common::line::words(line));
            let mut ovs = crate::common::ovs(&words);
            ovs.env("OVS_RUNDIR", "/nonexistent");
            ovs
        };
        for line in ["show", "port list", "dump-flows br0 --no-stats"] {
            ovs(line)
                .prints(ovs!(sandbox, "{line}").out())
                .says_nothing();
        }
        ovs(&format!("port set p1 --tag 1{count}")).ok();
        assert_eq!(vsctl!(sandbox, "get port p1 tag"), format!("1{count}\n"));
        // Files cannot be read: the control socket is named, or it is said how.
        ovs("appctl ovs-vswitchd version")
            .fails(4, "cannot look for the control socket of ovs-vswitchd")
            .says("hint: --ctl PATH names the socket of ovs-vswitchd there");
        ovs(&format!("fdb list br0 --ctl {control}")).prints(ovs!(sandbox, "fdb list br0").out());
    }
    assert!(count > 0, "one of them is here");
}

/// What is not reached is not saved as empty.
#[test]
fn the_kernel_is_not_saved() {
    let sandbox = Sandbox::with(
        "add-br br0 -- set bridge br0 datapath_type=dummy -- add-port br0 t1 \
         -- set Interface t1 type=vxlan options:remote_ip=192.0.2.2 options:local_ip=192.0.2.1",
    );
    vsctl!(sandbox, "--no-wait clear Open_vSwitch . iface_types");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("v.tar");
    let save = format!(
        "--via 'socat - UNIX-CONNECT:{{}}' --db unix:{} save {}",
        sandbox.db_socket().display(),
        file.display()
    );
    ovs!("{save}")
        .exits(0)
        .hides("\tnetwork\t")
        .says("ovs: not saved: the host: --via reaches sockets only");
    let saved = format!("--from {}", file.display());
    ovs!("{saved} check -g finding")
        .run()
        .hides("tunnel-local-address")
        .says("unknown: not in the report: addresses and routes of the host");
    // It is so by design.
    ovs!("{save} -q --force").ok().says_nothing();
}

#[test]
fn commands_that_fail() {
    let began = Instant::now();
    ovs!("show --via '/nonexistent/program {{}}'").fails(
        4,
        "/nonexistent/program {}: cannot connect to unix:/var/run/openvswitch/db.sock: \
         cannot run /nonexistent/program: No such file or directory",
    );
    ovs!("show --via \"sh -c 'echo such a container is not here >&2; exit 1' {{}}\"")
        .fails(4, "such a container is not here")
        .says(
            "hint: the command of --via must connect its standard input and output to the socket",
        );
    // So with what could not be read, and of several hosts.
    let boom = "--via \"sh -c 'echo boom >&2; exit 1' {{}}\"".replace("{{}}", "{}");
    ovs!("save {boom}")
        .exits(4)
        .says("the database: the database server closed the connection (boom)\n");
    let dir = tempfile::tempdir().unwrap();
    let hosts = dir.path().join("hosts");
    std::fs::write(
        &hosts,
        "a via=\"sh -c 'echo boom >&2; exit 1' {}\"\nb via=\"sh -c 'echo bang >&2; exit 1' {}\"\n",
    )
    .unwrap();
    ovs!("show --hosts {}", hosts.display())
        .fails(4, "a: the database server closed the connection (boom)\n")
        .says("b: the database server closed the connection (bang)\n");
    // What it writes is not for the terminal as it is, and only its end is kept.
    let noise = "sh -c 'head -c 3000000 /dev/zero | tr \\\\0 x >&2; printf \"\\\\nred \\\\033[31m\\\\n\" >&2' {{}}";
    let said = ovs!(
        "show --via \"{}\"",
        noise.replace('"', "\\\"").replace("{{}}", "{}")
    )
    .exits(4);
    assert!(
        !said.stderr.contains('\u{1b}') && said.stderr.len() < 2000,
        "{said:?}"
    );
    ovs!("show -t 0.4 --via \"sh -c 'exec sleep 30' {{}}\"").fails(4, "no reply within 0.4 s");
    ovs!("show -t 0.4 --via-exec 'sleep 30'").fails(4, "cannot connect");
    ovs!("show -t 0.4 --via-exec \"sh -c 'exec sleep 30'\"").fails(
        4,
        "cannot connect to unix:/var/run/openvswitch/db.sock: no reply within 0.4 s",
    );
    ovs!("show --via-exec 'sh -c \"echo no such pod >&2; exit 1\"'")
        .fails(4, "no such pod")
        .says("hint: the words of --via-exec must run a program there");
    // A process that it leaves keeps its standard error open.
    let left = "echo no such pod >&2; sleep 5 >/dev/null & exit 3";
    ovs!("--via-exec 'sh -c \"{left}\"' appctl version").fails(4, "no such pod");
    assert!(began.elapsed() < Duration::from_secs(20));
}

/// As in a container: another root of files for the sockets, in which the run directory is the usual one.
#[test]
fn a_container_is_reached_by_a_prefix() {
    let mut prefix = Command::new("unshare");
    let can = prefix.args(["-m", "true"]).status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no mount namespaces here");
        return;
    }
    let sandbox = switch();
    let dir = tempfile::tempdir().unwrap();
    // The usual run directory is the sandbox's in there only.
    let script = dir.path().join("enter");
    let text = format!(
        "mkdir -p /run/openvswitch; mount --bind {} /run/openvswitch; exec \"$@\"",
        sandbox.run_dir().display()
    );
    fs::write(&script, text).unwrap();
    let prefix = format!("unshare -m sh {}", script.display());
    for line in [
        "show",
        "dump-flows br0 --no-stats",
        "appctl ovs-vswitchd version",
        "fdb list br0",
    ] {
        let here = ovs!(sandbox, "{line}").out();
        let mut ovs = ovs!("--via-exec '{prefix}' {line}");
        ovs.env("OVS_RUNDIR", "/nonexistent")
            .prints(here)
            .says_nothing();
    }
    ovs!("port set p1 --tag 9 --via-exec '{prefix}'").ok();
    assert_eq!(vsctl!(sandbox, "get port p1 tag"), "9\n");
    ovs!("dump-flows br9 --via-exec '{prefix}'").fails(3, "bridge \"br9\" not found");
}

#[test]
fn the_variables_of_this_host_are_not_of_another() {
    let sandbox = switch();
    let here = format!("unix:{}", sandbox.db_socket().display());
    ovs!("show --via-exec env")
        .env("OVS_DB", here)
        .env("OVS_RUNDIR", sandbox.run_dir())
        .fails(
            4,
            "cannot connect to unix:/var/run/openvswitch/db.sock: the socket does not exist",
        );
}

/// A command that ends at once is begun once for each connection: it may be a login.
#[test]
fn a_command_that_ends_is_not_begun_again() {
    let sandbox = switch();
    let dir = tempfile::tempdir().unwrap();
    let begun = dir.path().join("begun");
    let database = sandbox.db_socket();
    for end in ["exec 0<&-; exit 1", "cat >/dev/null </dev/null"] {
        let command = format!("sh -c 'echo begun >> {}; {end}' {{}}", begun.display());
        for line in ["show", "dump-flows br0 --count"] {
            let _ = fs::remove_file(&begun);
            let mut ovs = crate::common::ovs(&crate::common::line::words(line));
            ovs.args(["--via", &command, "--db"]);
            let ran = ovs.arg(format!("unix:{}", database.display())).run();
            ran.fails(
                4,
                "must connect its standard input and output to the socket",
            );
            let count = fs::read_to_string(&begun).unwrap().lines().count();
            // The database is asked for the names of ports.
            assert!(count <= 2, "{line}: {count}");
        }
    }
}
