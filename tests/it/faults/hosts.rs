//! Hosts behind OpenSSH's sshd, and behind commands: logins that fail, sockets that are not there, lost connections.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::seen::{Row, end_of, piped, run};
use crate::common::server::{free_port, until};
use crate::common::sshd::{Sshd, children_of, kill};
use crate::common::{Ovs, Sandbox};

/// A line for a shell.
fn line(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]);
    command
}

/// The hint, after what the row has.
#[track_caller]
fn hints(output: &Output, words: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let hint = stderr.lines().find_map(|line| line.strip_prefix("hint: "));
    assert!(hint.is_some_and(|hint| hint.contains(words)), "{stderr}");
}

fn run_ovs(ovs: &Ovs) -> Output {
    run(&mut piped(ovs.command()))
}

fn switch() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 p1 tag=5 -- set interface p1 type=dummy -- add-br br1",
    );
    ofctl!(sandbox, "add-flow br0 priority=7,in_port=p1,actions=drop");
    sandbox
}

#[test]
fn host_key_not_the_known_one() {
    let row = Row::of("host_key_not_the_known_one");
    let sshd = Sshd::start("");
    let known = fs::read_to_string(sshd.path("known_hosts")).unwrap();
    let (place, _) = known.split_once(' ').unwrap();
    let other = fs::read_to_string(sshd.path("other.pub")).unwrap();
    fs::write(sshd.path("known_hosts"), format!("{place} {other}")).unwrap();
    let output = run_ovs(&sshd.ovs_without_database("show"));
    row.is(0, &output);
    hints(&output, "the host has another key than known_hosts has");
    // The command of the hint removes it, as a shell runs it.
    let stderr = String::from_utf8_lossy(&output.stderr);
    let (_, command) = stderr.split_once("expected, `").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    assert!(run(&mut piped(line(command))).status.success(), "{command}");
    assert!(
        !fs::read_to_string(sshd.path("known_hosts"))
            .unwrap()
            .contains(place)
    );
    fs::write(sshd.path("known_hosts"), "").unwrap();
    let output = run_ovs(&sshd.ovs_without_database("port add br0 p9"));
    row.is(0, &output);
    hints(
        &output,
        &format!(
            "known_hosts has no key of this host: `{} web` shows it",
            sshd.client()
        ),
    );
    until("nothing is left", || sshd.is_clean());
}

#[test]
fn login_refused() {
    let row = Row::of("login_refused");
    let sshd = Sshd::start("");
    fs::copy(sshd.path("other.pub"), sshd.path("authorized")).unwrap();
    let output = run_ovs(&sshd.ovs_without_database("show"));
    row.is(0, &output);
    hints(
        &output,
        &format!("`{} web true` must work without a question", sshd.client()),
    );
    // Other reasons, in the words of ssh.
    sshd.configure(&format!(" Port {}", free_port()));
    sshd.ovs_without_database("show")
        .fails(4, "ovs: web: cannot connect to unix:")
        .says("Connection refused")
        .says("hint: is sshd running there");
    ovs!("show --host nosuch.invalid")
        .fails(4, "ovs: nosuch.invalid: cannot connect to unix:")
        .says("Could not resolve hostname nosuch.invalid")
        .says("hint: `ssh -G nosuch.invalid`");
    ovs!("show --host web")
        .env("OVS_SSH", "/nonexistent/ssh")
        .fails(4, "cannot run /nonexistent/ssh: No such file or directory")
        .says("hint: install OpenSSH's client; OVS_SSH names another program");
    until("nothing is left", || sshd.is_clean());
}

#[test]
fn login_dropped() {
    let row = Row::of("login_dropped");
    let (sshd, sandbox) = (Sshd::start(""), switch());
    let config = fs::read_to_string(sshd.path("config")).unwrap();
    let (_, port) = config.split_once("Port ").unwrap();
    let (port, _) = port.split_once('\n').unwrap();
    // The first connection is closed, the second is made.
    let (first, script) = (sshd.path("first"), sshd.path("proxy"));
    let text = format!(
        "mkdir {} 2>/dev/null || exec socat - TCP:127.0.0.1:{port}",
        first.display()
    );
    fs::write(&script, text).unwrap();
    sshd.configure(&format!(" ProxyCommand sh {}", script.display()));
    let output = run_ovs(&sshd.ovs(&sandbox, "show"));
    row.is(0, &output);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        ovs!(sandbox, "show").out()
    );
    assert!(first.exists());
    // Closed after ssh has sent its identification, and perhaps before: then it says nothing.
    for (numbers, proxy) in [(1..=1, "head -c 1 >/dev/null"), (1..=2, "exec 0<&-")] {
        sshd.configure(&format!(" ProxyCommand sh -c '{proxy}'"));
        let output = run_ovs(&sshd.ovs(&sandbox, "show"));
        assert!(numbers.contains(&row.which(&output)), "{output:?}");
        hints(&output, "sshd drops logins when too many begin at once");
    }
}

#[test]
fn login_too_slow() {
    let row = Row::of("login_too_slow");
    let sshd = Sshd::start("");
    sshd.configure(" ProxyCommand sleep 30");
    let began = Instant::now();
    let output = run_ovs(&sshd.ovs_without_database("show -t 0.7"));
    row.is(0, &output);
    hints(&output, "-t SECS waits longer");
    assert!(began.elapsed() < Duration::from_secs(10));
    until("nothing is left", || sshd.is_clean());
}

#[test]
fn forwarding_not_allowed() {
    let row = Row::of("forwarding_not_allowed");
    let (sshd, sandbox) = (Sshd::start("AllowStreamLocalForwarding no"), switch());
    for line in [
        "show",
        "dump-flows br0 --no-stats",
        "appctl ovs-vswitchd version",
    ] {
        let output = run_ovs(&sshd.ovs(&sandbox, line));
        row.is(0, &output);
        let here = ovs!(sandbox, "{line}").out();
        assert_eq!(String::from_utf8_lossy(&output.stdout), here);
    }
    sshd.ovs(&sandbox, "port set p1 --tag 9").ok();
    assert_eq!(vsctl!(sandbox, "get port p1 tag"), "9\n");
    until("nothing is left", || sshd.is_clean());

    // Nothing but a shell, whatever the user's shell adds.
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/bin/sh", dir.path().join("sh")).unwrap();
    let sshd = Sshd::start(&format!(
        "AllowStreamLocalForwarding no\n\
         ForceCommand /usr/bin/env -i PATH={} /bin/sh -c \"$SSH_ORIGINAL_COMMAND\"",
        dir.path().display()
    ));
    let output = run_ovs(&sshd.ovs(&sandbox, "show"));
    row.is(1, &output);
    hints(&output, "sshd_config: AllowStreamLocalForwarding");
}

#[test]
fn login_shell_ends() {
    let row = Row::of("login_shell_ends");
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("long");
    fs::write(&long, "printf '\\033[31mred'; seq -s x 5000; exit 1").unwrap();
    let long = format!("sh {}", long.display());
    for (number, shell, words) in [
        (1, "exit 3", "exit code 3,"),
        (1, "exit 255", "exit code 255,"),
        (0, "echo WELCOME; exit 3", "exit code 3: WELCOME\n"),
        (
            0,
            "echo WELCOME; echo no such shell >&2; exit 1",
            "1: no such shell\n",
        ),
        (
            0,
            "/usr/sbin/nologin",
            "1: This account is currently not available\n",
        ),
        (0, &*long, "red1x2x3x"),
    ] {
        let sshd = Sshd::start(&format!(
            "AllowStreamLocalForwarding no\nForceCommand {shell}"
        ));
        let output = run_ovs(&sshd.ovs_without_database("show"));
        row.is(number, &output);
        let account = format!("`{} web true` must succeed", sshd.client());
        hints(&output, &account);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(words), "{stderr}");
        assert!(
            !stderr.contains('\u{1b}') && stderr.len() < 1000,
            "{stderr}"
        );
        // It is not tried again as one that was dropped.
        assert_eq!(sshd.log().matches("Accepted publickey").count(), 1);
        until("nothing is left", || sshd.is_clean());
    }
    // What is printed on standard output by a command that leads to a container.
    ovs!("show --via-exec \"sh -c 'echo no such container; exit 1'\"")
        .fails(4, ": no such container\n")
        .says("hint: the words of --via-exec must run a program there");
    ovs!("show --via-exec \"sh -c 'exit 7'\"")
        .fails(4, "it ended with exit code 7, without an error message");
}

#[test]
fn socket_absent_there() {
    let row = Row::of("socket_absent_there");
    let sshd = Sshd::start("");
    let left = sshd.path("left");
    drop(UnixListener::bind(&left).unwrap());
    let left = format!("--db unix:{} show", left.display());
    // Where sockets are forwarded, and where programs connect to them.
    for (number, line) in [(0, "show"), (1, &left)] {
        let output = run_ovs(&sshd.ovs_without_database(line));
        row.is(number, &output);
        row.is(
            number,
            &run(&mut piped(ovs!("--via-exec env {line}").command())),
        );
    }
    let output = run_ovs(&sshd.ovs_without_database("show"));
    hints(&output, "is Open vSwitch running there?");
    let no_socket = format!("--db unix:{} show", sshd.path("id").display());
    sshd.ovs_without_database(&no_socket)
        .fails(4, "the file is no socket");
}

/// A program that runs a command where `nobody` can log in to a shell that prints a greeting, and where sudo obeys, if it
/// is to.
fn where_nobody_logs_in(dir: &Path, with_sudo: bool) -> Command {
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let login = |line: &str| match line.strip_prefix("nobody:") {
        Some(_) => format!("nobody:x:65534:65534:nobody:{}:/bin/bash\n", dir.display()),
        None => format!("{line}\n"),
    };
    let passwd: String = passwd.lines().map(login).collect();
    fs::write(dir.join("passwd"), passwd).unwrap();
    fs::write(dir.join(".bashrc"), "echo WELCOME\n").unwrap();
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    let sudoers = dir.join("sudoers");
    let _ = fs::remove_file(&sudoers);
    let rule = if with_sudo {
        "nobody ALL=(root) NOPASSWD: ALL\n"
    } else {
        ""
    };
    fs::write(&sudoers, rule).unwrap();
    fs::set_permissions(&sudoers, fs::Permissions::from_mode(0o440)).unwrap();
    let script = "mount --bind \"$0/passwd\" /etc/passwd && \
        { ! test -e /etc/sudoers || mount --bind \"$0/sudoers\" /etc/sudoers; } && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script]).arg(dir);
    command
}

#[test]
fn socket_closed_to_the_user() {
    let row = Row::of("socket_closed_to_the_user");
    let dir = tempfile::tempdir().unwrap();
    let is_root = rustix::process::geteuid().is_root();
    let can = || where_nobody_logs_in(dir.path(), false).arg("true").status();
    if !is_root || !can().is_ok_and(|status| status.success()) {
        eprintln!("skipped: a login of another user needs root and mount namespaces");
        return;
    }
    let sandbox = switch();
    // The directories are open, the sockets their owner's.
    for directory in sandbox.run_dir().ancestors() {
        if directory.starts_with("/tmp/") && directory != Path::new("/tmp") {
            fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
    let sshd = Sshd::run_by(where_nobody_logs_in(dir.path(), false), "");
    sshd.configure(" User nobody");
    let output = run_ovs(&sshd.ovs(&sandbox, "show"));
    row.is(1, &output);
    hints(
        &output,
        "log in as root, or let sudo run there without a password",
    );
    drop(sshd);
    if !Path::new("/etc/sudoers").exists() {
        eprintln!("skipped in part: sudo is not installed");
        return;
    }
    let sshd = Sshd::run_by(where_nobody_logs_in(dir.path(), true), "");
    sshd.configure(" User nobody");
    for line in [
        "show",
        "appctl ovs-vswitchd version",
        "dump-flows br0 --no-stats",
    ] {
        let output = run_ovs(&sshd.ovs(&sandbox, line));
        row.is(0, &output);
        let here = ovs!(sandbox, "{line}").out();
        assert_eq!(String::from_utf8_lossy(&output.stdout), here);
    }
    sshd.ovs(&sandbox, "port set p1 --tag 9").ok();
    assert_eq!(vsctl!(sandbox, "get port p1 tag"), "9\n");
    // The directory is its owner's, too.
    fs::set_permissions(sandbox.run_dir(), fs::Permissions::from_mode(0o700)).unwrap();
    for line in ["appctl ovs-vswitchd version", "port list", "fdb list br0"] {
        let here = ovs!(sandbox, "{line}").out();
        sshd.ovs(&sandbox, line).prints(here);
    }
}

#[test]
fn host_lost_in_mid_dump() {
    let row = Row::of("host_lost_in_mid_dump");
    let (sshd, sandbox) = (Sshd::start(""), switch());
    let flows: Vec<String> = (0..60_000)
        .map(|number| format!("priority={number},tcp,tp_dst=80,actions=drop\n"))
        .collect();
    ovs!(sandbox, "flow add br1 --file -")
        .write_stdin(flows.concat())
        .ok();
    let mut dump = piped(sshd.ovs(&sandbox, "dump-flows br1").command());
    let mut dump = dump.spawn().unwrap();
    // The rest of its output is not read: it stops in the middle.
    let mut first = [0; 1000];
    dump.stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut first)
        .unwrap();
    for session in sshd.sessions() {
        for process in children_of(session) {
            kill(process, Signal::KILL);
        }
        kill(session, Signal::KILL);
    }
    row.which(&end_of(dump));
    until("nothing is left", || sshd.is_clean());
}

#[test]
fn host_stops_answering() {
    let row = Row::of("host_stops_answering");
    let (sshd, sandbox) = (Sshd::start(""), switch());
    sshd.configure(&format!(" ControlPath {}", sshd.path("user").display()));
    let mut master = sshd.ssh(&["-N", "-M", "web"]).spawn().unwrap();
    let check = || {
        let mut check = sshd.ssh(&["-O", "check", "web"]);
        check.stdout(Stdio::null()).status().unwrap().success()
    };
    until("the master is up", check);
    sshd.ovs(&sandbox, "show").ok();
    for session in sshd.sessions() {
        for process in children_of(session) {
            kill(process, Signal::STOP);
        }
        kill(session, Signal::STOP);
    }
    let output = run_ovs(&sshd.ovs(&sandbox, "show -t 0.7"));
    row.is(0, &output);
    kill(master.id(), Signal::KILL);
    master.wait().unwrap();
}

#[test]
fn command_ends_early() {
    let row = Row::of("command_ends_early");
    let script = "sh -c 'echo such a container is not here >&2; exit 1'";
    let via = format!("{script} {{}}");
    let output = run(&mut piped(
        crate::common::ovs(&["--via", &via, "show"]).command(),
    ));
    row.is(0, &output);
    hints(
        &output,
        "must connect its standard input and output to the socket",
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("(such a container is not here)"));
    let output = run(&mut piped(
        crate::common::ovs(&["--via-exec", script, "show"]).command(),
    ));
    row.is(1, &output);
    hints(&output, "the words of --via-exec must run a program there");
    assert!(String::from_utf8_lossy(&output.stderr).contains(": such a container is not here\n"));
}
