//! `--host`: a host behind OpenSSH's sshd.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::common::Sandbox;
use crate::common::server::until;
use crate::common::sshd::{Sshd, kill};
use crate::common::terminal::script;
use crate::faults::seen::{by_way_of, heeding_signals, run};

/// A switch with two bridges, a flow and a port with a tag.
fn switch() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 tag=5 -- set interface p1 type=dummy -- add-br br1",
    );
    ofctl!(sandbox, "add-flow br0 priority=7,in_port=p1,actions=drop");
    sandbox
}

/// Commands that read: from the database, a switch, a control socket.
const READING: [&str; 6] = [
    "show",
    "port list",
    "dump-flows br0 --no-stats",
    "appctl ovs-vswitchd version",
    "fdb list br0",
    "port show p1 -g tag",
];

/// Each command prints the same as on the host.
#[track_caller]
fn reads_as_on_the_host(sshd: &Sshd, sandbox: &Sandbox) {
    for line in READING {
        let here = ovs!(sandbox, "{line}").out();
        sshd.ovs(sandbox, line).prints(here).says_nothing();
    }
}

#[test]
fn reading_and_changing_by_a_master_of_its_own() {
    let (sshd, sandbox) = (Sshd::start(""), switch());
    reads_as_on_the_host(&sshd, &sandbox);
    sshd.ovs(&sandbox, "port set p1 --tag 9").ok();
    assert_eq!(vsctl!(sandbox, "get port p1 tag"), "9\n");
    sshd.ovs(
        &sandbox,
        "flow add br0 'priority=8,in_port=p1,actions=output:p1'",
    )
    .ok();
    assert!(ofctl!(sandbox, "dump-flows br0").contains("priority=8"));
    sshd.ovs(&sandbox, "bridge add br2").ok();
    assert!(vsctl!(sandbox, "list-br").contains("br2"));
    // A batch of flows larger than any buffer, both ways.
    let flows: Vec<String> = (0..20_000)
        .map(|number| format!("priority={number},tcp,tp_dst=80,actions=drop\n"))
        .collect();
    sshd.ovs(&sandbox, "flow add br1 --file -")
        .write_stdin(flows.concat())
        .ok();
    let dump = sshd.ovs(&sandbox, "dump-flows br1 --no-stats").out();
    assert_eq!(dump.lines().count(), 20_001);
    until("nothing is left", || sshd.is_clean());
}

/// Hints do not name what holds on this host only.
#[test]
fn hints_are_of_the_other_host() {
    let sshd = Sshd::start("");
    let database = sshd.path("nowhere").join("db.sock");
    let database = database.display();
    for command in ["appctl ovs-vswitchd version", "fdb list br0", "show"] {
        let mut said = sshd.ovs_without_database(&format!("--db unix:{database} {command}"));
        let said = said.exits(4);
        assert!(
            said.stderr.contains("running there? --db unix:PATH"),
            "{said:?}"
        );
        assert!(!said.stderr.contains("OVS_RUNDIR"), "{said:?}");
    }
}

#[test]
fn the_master_of_the_user_is_used_and_stays() {
    let (sshd, sandbox) = (Sshd::start(""), switch());
    sshd.configure(&format!(
        " ControlPath {}/user\n ControlMaster auto",
        sshd.path("").display()
    ));
    let mut master = sshd.ssh(&["-N", "-M", "web"]).spawn().unwrap();
    let check = || {
        let mut check = sshd.ssh(&["-O", "check", "web"]);
        check.stdout(Stdio::null()).status().unwrap().success()
    };
    until("the master is up", check);
    reads_as_on_the_host(&sshd, &sandbox);
    // One login, of the master.
    assert_eq!(sshd.log().matches("Accepted publickey").count(), 1);
    assert!(check());
    // And it listens at none of the sockets any more.
    let sockets = fs::read_to_string("/proc/net/unix").unwrap();
    assert!(
        !sockets.contains(sshd.path("tmp").to_str().unwrap()),
        "{sockets}"
    );
    kill(master.id(), Signal::TERM);
    master.wait().unwrap();
}

/// A master of the user that does not reply, as one that is stopped: another connection is opened.
#[test]
fn a_master_that_does_not_reply() {
    let (sshd, sandbox) = (Sshd::start(""), switch());
    let control = sshd.path("user");
    let _silent = std::os::unix::net::UnixListener::bind(&control).unwrap();
    sshd.configure(&format!(" ControlPath {}", control.display()));
    for line in ["port list", "appctl ovs-vswitchd version"] {
        let here = ovs!(sandbox, "{line}").out();
        sshd.ovs(&sandbox, line).prints(here).says_nothing();
    }
}

/// Where sshd allows no shell, sockets are reached all the same.
#[test]
fn a_host_without_sessions() {
    let (sshd, sandbox) = (Sshd::start("MaxSessions 0"), switch());
    for line in ["show", "port list", "dump-flows br0 --no-stats"] {
        let here = ovs!(sandbox, "{line}").out();
        sshd.ovs(&sandbox, line).prints(here).says_nothing();
    }
    sshd.ovs_without_database("show").fails(
        4,
        "web: cannot connect to unix:/var/run/openvswitch/db.sock",
    );
    until("nothing is left", || sshd.is_clean());
}

#[test]
fn sockets_that_are_absent_left_over_or_no_sockets() {
    let (sshd, sandbox) = (Sshd::start(""), switch());
    sshd.ovs_without_database("show")
        .fails(
            4,
            "web: cannot connect to unix:/var/run/openvswitch/db.sock: the socket does not exist",
        )
        .says("hint: is Open vSwitch running there?");
    let path = sshd.path("left");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let show = format!("show --db unix:{}", path.display());
    sshd.ovs_without_database(&show)
        .fails(4, "connection refused");
    let show = format!("show --db unix:{}", sshd.path("id").display());
    sshd.ovs_without_database(&show)
        .fails(4, "the file is no socket");
    sshd.ovs(&sandbox, "dump-flows br9")
        .fails(3, "bridge \"br9\" not found");
    // The daemon has ended, and its pid file and its sockets are there.
    let pid = fs::read_to_string(sandbox.run_dir().join("ovs-vswitchd.pid")).unwrap();
    kill(pid.trim().parse().unwrap(), Signal::KILL);
    sshd.ovs(&sandbox, "appctl ovs-vswitchd version")
        .fails(4, "connection refused")
        .says("the socket is left over");
    sshd.ovs(&sandbox, "dump-flows br0").fails(
        4,
        "bridge \"br0\" is in the database, but ovs-vswitchd does not serve it",
    );
}

/// What login shells print before they run a command is not taken for what a socket sends.
#[test]
fn a_login_shell_that_prints() {
    let sandbox = switch();
    let dir = tempfile::tempdir().unwrap();
    let is_here = |program: &str| Path::new("/usr/bin").join(program).exists();
    let programs = ["socat", "python3", "perl", "nc.openbsd"];
    for program in programs.into_iter().filter(|program| is_here(program)) {
        // No other program is found that connects.
        let place = dir.path().join(program);
        fs::create_dir(&place).unwrap();
        for name in [program, "sh", "env", "grep", "ls", "stat", "head"] {
            let link = place.join(name.strip_suffix(".openbsd").unwrap_or(name));
            std::os::unix::fs::symlink(Path::new("/usr/bin").join(name), link).unwrap();
        }
        let login = format!(
            "PATH={}; echo WELCOME >&2; echo WELCOME; printf WELCOME; ",
            place.display()
        );
        let sshd = Sshd::start(&format!(
            "AllowStreamLocalForwarding no\nForceCommand {login} eval \"$SSH_ORIGINAL_COMMAND\""
        ));
        reads_as_on_the_host(&sshd, &sandbox);
        let enter = place.join("enter");
        fs::write(&enter, format!("{login} exec \"$@\"")).unwrap();
        for line in READING {
            let here = ovs!(sandbox, "{line}").out();
            let database = sandbox.db_socket();
            let prefix = format!("--via-exec 'sh {}'", enter.display());
            let mut ovs = ovs!("{prefix} --db unix:{} {line}", database.display());
            ovs.env("OVS_RUNDIR", "/nonexistent").prints(here);
        }
    }
}

/// However it ends, neither a master, nor a session, nor a directory is left.
#[test]
fn what_is_killed_leaves_nothing() {
    let sandbox = switch();
    for (signal, forwarding) in [
        (Signal::TERM, "yes"),
        (Signal::TERM, "no"),
        (Signal::KILL, "yes"),
        (Signal::KILL, "no"),
    ] {
        let sshd = Sshd::start(&format!("AllowStreamLocalForwarding {forwarding}"));
        let mut watch = sshd.ovs(&sandbox, "port list --watch -o jsonl").command();
        let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut output = std::io::BufReader::new(watch.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut output, &mut line).unwrap();
        assert!(!sshd.is_clean());
        kill(watch.id(), signal);
        watch.wait().unwrap();
        until("nothing is left", || sshd.is_clean());
    }
}

/// Processes whose command line has these words.
fn running(words: &str) -> Vec<u32> {
    let mut running = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let process = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        running.extend(process.filter(|_: &u32| line.contains(words)));
    }
    running
}

/// Neither a jump host's ssh nor a proxy is left, nor what they began, after the limit of time or however ovs ends.
#[test]
fn a_proxy_that_hangs_is_not_left() {
    let sshd = Sshd::start("");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().port();
    let config = sshd.path("config");
    let config = config.to_str().unwrap();
    // The ssh of the jump host has this configuration, too.
    let jump = format!(" ProxyJump 127.0.0.1:{silent}");
    let proxy = format!(" ProxyCommand sh -c 'tail -n 0 -f {config}; :'");
    for (lines, count) in [(&jump, 2), (&proxy, 3)] {
        sshd.configure(lines);
        sshd.ovs_without_database("-t 1 show")
            .fails(4, "no reply within 1 s");
        until("nothing is left", || running(config).is_empty());
        // There ssh may ask.
        let mut terminal = script(80, "ovs --host web -t 1 show");
        let ssh = sshd.client();
        let output = terminal.env("OVS_SSH", ssh).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("no reply within 1 s"), "{said}");
        until("nothing is left", || running(config).is_empty());
        for signal in [Signal::INT, Signal::TERM, Signal::KILL] {
            let ovs = sshd.ovs_without_database("show --timeout 60");
            let mut ovs = heeding_signals(&ovs.command()).spawn().unwrap();
            until("it has begun", || running(config).len() >= count);
            kill(ovs.id(), signal);
            ovs.wait().unwrap();
            until("nothing is left", || {
                running(config).is_empty() && sshd.is_clean()
            });
        }
    }
}

/// A master that the ssh of a jump host has left for others (`ControlPersist`).
#[test]
fn the_master_of_a_jump_host_stays() {
    let sshd = Sshd::start("");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = silent.local_addr().unwrap().port();
    let (config, control) = (sshd.path("config"), sshd.path("hop"));
    let hop = fs::read_to_string(&config).unwrap();
    let hop = hop.replace("Host web", "Host hop");
    let text = format!(
        "Host web\n HostName 127.0.0.1\n Port {silent}\n ProxyJump hop\n\
         {hop} ControlMaster auto\n ControlPersist yes\n ControlPath {}\n",
        control.display()
    );
    fs::write(&config, text).unwrap();
    let master = format!("{} [mux]", control.display());
    for signal in [Signal::TERM, Signal::KILL] {
        let ovs = sshd.ovs_without_database("show --timeout 60");
        let mut ovs = ovs.command().stderr(Stdio::null()).spawn().unwrap();
        until("it has left", || !running(&master).is_empty());
        kill(ovs.id(), signal);
        ovs.wait().unwrap();
        let config = config.to_str().unwrap();
        until("no other is left", || running(config).is_empty());
        let mut check = sshd.ssh(&["-O", "check", "hop"]);
        assert!(check.status().unwrap().success());
        let mut exit = sshd.ssh(&["-O", "exit", "hop"]);
        assert!(exit.status().unwrap().success());
        until("it has ended", || running(&master).is_empty());
    }
}

#[test]
fn a_watched_command_follows_changes_there() {
    let (sshd, sandbox) = (Sshd::start(""), switch());
    let mut watch = sshd
        .ovs(&sandbox, "port list --watch --columns port,tag -o jsonl")
        .command();
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let output = std::io::BufReader::new(watch.stdout.take().unwrap());
    let mut lines = std::io::BufRead::lines(output).map(Result::unwrap);
    lines.find(|line| line.contains("\"p1\"")).unwrap();
    vsctl!(sandbox, "set port p1 tag=77");
    lines.find(|line| line.contains("77")).unwrap();
    kill(watch.id(), Signal::TERM);
    watch.wait().unwrap();
}

/// More hosts at once than this process may have files for: each is read, or has its reason.
#[test]
fn more_hosts_than_files() {
    let (sshd, sandbox) = (Sshd::start(""), switch());
    let config = fs::read_to_string(sshd.path("config")).unwrap();
    fs::write(sshd.path("config"), config.replace("web", "m*")).unwrap();
    let database = sandbox.db_socket();
    for files in ["64", "32"] {
        let line = format!(
            "--host m[1-40] --db unix:{} -t 0 bridge list",
            database.display()
        );
        let mut limited = Command::new("sh");
        limited.args(["-c", "ulimit -n \"$0\" && exec \"$@\"", files]);
        let output = run(&mut by_way_of(limited, &sshd.ovs_here(&line).command()));
        assert_eq!(output.status.code(), Some(4));
        let stderr = String::from_utf8_lossy(&output.stderr);
        let stdout = String::from_utf8_lossy(&output.stdout);
        for host in (1..=40).map(|number| format!("m{number}")) {
            let is_read = stdout
                .lines()
                .any(|line| line.starts_with(&format!("{host}\t")));
            let prefix = format!("ovs: {host}: ");
            let reason = stderr.lines().find(|line| line.starts_with(&prefix));
            let has_reason = reason.is_some_and(|line| line.contains("Too many open files"));
            assert!(is_read != has_reason, "{host}: {stdout}{stderr}");
        }
        assert!(stderr.contains("hint: --parallel N takes fewer hosts at once"));
        assert!(!stderr.contains("os error"), "{stderr}");
        until("nothing is left", || sshd.is_clean());
    }
}

#[test]
fn wrong_options() {
    for (line, words) in [
        ("show --host ''", "missing"),
        ("show --host=-oProxyCommand=x", "is not the name of a host"),
        ("show --host a --via 'b {}'", "cannot be used with"),
        ("show --host a --via-exec b", "cannot be used with"),
        ("show --via 'b {}' --via-exec b", "cannot be used with"),
        ("show --via 'socat - UNIX:/x'", "{} is missing"),
        ("show --via-exec ''", "there is no command"),
        ("show --via-exec \"a 'b\"", "a quote is not closed"),
        (
            "show --host a --db tcp:b",
            "--db is a socket of the other host",
        ),
    ] {
        ovs!("{line}").fails(2, words);
    }
}

/// Settings of `ssh_config(5)` with which ssh leaves its process, or reads nothing.
#[test]
fn settings_that_a_connection_does_not_survive() {
    let sandbox = switch();
    for forwarding in ["yes", "no"] {
        let sshd = Sshd::start(&format!("AllowStreamLocalForwarding {forwarding}"));
        for lines in [
            " ForkAfterAuthentication yes\n StdinNull yes",
            " SessionType none",
            " SessionType subsystem",
        ] {
            sshd.configure(lines);
            reads_as_on_the_host(&sshd, &sandbox);
            until("nothing is left", || sshd.is_clean());
        }
    }
}

/// The words of the program before sshd, not what follows from its end; and each command begins it once.
#[test]
fn a_proxy_that_does_not_get_there() {
    let sshd = Sshd::start("");
    let begun = sshd.path("begun");
    let proxy = |rest: &str| {
        let line = format!("echo begun >> {}; {rest}", begun.display());
        sshd.configure(&format!(" ProxyCommand sh -c '{line}'"));
        let _ = fs::remove_file(&begun);
    };
    let count = || fs::read_to_string(&begun).unwrap().lines().count();
    proxy("echo proxy: no way to the bastion >&2; exit 1");
    sshd.ovs_without_database("show")
        .fails(4, "proxy: no way to the bastion");
    assert_eq!(count(), 1);
    let save = format!("save {}", sshd.path("host.tar").display());
    let lines = [
        &*save,
        "check",
        "flow add br0 in_port=p1,actions=drop",
        "dump-flows br0 in_port=p1",
        "appctl ovs-vswitchd version",
    ];
    for line in lines {
        proxy("exec sleep 30");
        sshd.ovs_without_database(&format!("--timeout 1 {line}"))
            .fails(4, "no reply within 1 s");
        assert_eq!(count(), 1, "{line}");
    }
    until("nothing is left", || sshd.is_clean());
}
