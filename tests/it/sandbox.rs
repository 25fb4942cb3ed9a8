//! The private Open vSwitch: what is in it, what it leaves behind, who may use it.
//!
//! What the flows must look like was printed by `ovs-ofctl --no-stats --names dump-flows BRIDGE`
//! (Open vSwitch 3.1) on a host set up by hand: `fixtures/neutron/*/flows/*.expected`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use ovs::sandbox::Neutron;

use crate::common::server::until;
use crate::common::{self, Ran, Sandbox};

/// The bridges of a host, and for each its flows as ovs-ofctl prints them; empty: none.
fn bridges(host: Neutron) -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/neutron")
        .join(host.name());
    fs::read_to_string(dir.join("bridges.tsv"))
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .map(|bridge| {
            let file = dir.join(format!("flows/{bridge}.expected"));
            (bridge, fs::read_to_string(file).unwrap_or_default())
        })
        .collect()
}

fn has_every_flow(host: Neutron) {
    let sandbox = Sandbox::neutron(host);
    for (bridge, expected) in bridges(host) {
        let said = ofctl!(sandbox, "--no-stats --names dump-flows {bridge}");
        let said: String = said
            .lines()
            .filter(|line| !line.contains("_FLOW reply"))
            .flat_map(|line| [line.strip_prefix(' ').unwrap_or(line), "\n"])
            .collect();
        assert!(
            said == expected,
            "{bridge}:\n{}",
            common::diff(&expected, &said)
        );
    }
}

#[test]
fn notes_have_every_flow() {
    has_every_flow(Neutron::Notes);
}

#[test]
fn node_has_every_flow() {
    has_every_flow(Neutron::Node);
}

/// Starts `ovs sandbox run -- sh -c 'FIRST; echo $OVS_RUNDIR; THEN'`; returns it and the directory
/// once FIRST is done.
fn run_in_background(first: &str, then: &str) -> (Child, String) {
    let mut child = ovs!("sandbox run -- sh -c")
        .arg(format!("{first}; echo $OVS_RUNDIR; {then}"))
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut dir = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut dir)
        .unwrap();
    (child, dir.trim_end().to_owned())
}

/// The processes that have this directory in their command line, their program's name first.
fn processes(dir: &str) -> Vec<String> {
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read(entry.unwrap().path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(dir))
        .collect()
}

/// Waits until nothing is left of the sandbox in `dir`.
fn is_gone(dir: &str) {
    until(&format!("{dir} is gone"), || {
        !Path::new(dir).exists() && processes(dir).is_empty()
    });
}

fn signal(name: &str, child: &Child) {
    let pid = child.id().to_string();
    let status = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(status.unwrap().success());
}

#[test]
fn a_dropped_sandbox_leaves_nothing() {
    let sandbox = Sandbox::empty();
    let dir = sandbox.run_dir().to_str().unwrap().to_owned();
    let there = processes(&dir);
    for program in ["ovsdb-server", "ovs-vswitchd", "sandbox guard"] {
        assert!(there.iter().any(|line| line.contains(program)), "{there:?}");
    }
    drop(sandbox);
    assert!(!Path::new(&dir).exists());
    assert_eq!(processes(&dir), [""; 0]);
}

#[test]
fn a_panic_leaves_nothing() {
    let dir = thread::spawn(|| {
        let sandbox = Sandbox::empty();
        std::panic::panic_any(sandbox.run_dir().to_str().unwrap().to_owned());
    })
    .join()
    .unwrap_err();
    let dir: &String = dir.downcast_ref().unwrap();
    assert!(!Path::new(dir).exists());
    assert_eq!(processes(dir), [""; 0]);
}

#[test]
fn daemons_can_be_killed_one_by_one() {
    let sandbox = Sandbox::with("add-br br0");
    sandbox.kill_vswitchd();
    assert_eq!(vsctl!(sandbox, "--no-wait list-br"), "br0\n");
    sandbox.kill_ovsdb();
    assert!(sandbox.db_socket().exists());
    let refused = std::os::unix::net::UnixStream::connect(sandbox.db_socket());
    assert_eq!(
        refused.unwrap_err().kind(),
        std::io::ErrorKind::ConnectionRefused
    );
}

#[test]
fn run_passes_the_exit_code_through() {
    for (script, code) in [
        ("exit 0", 0),
        ("exit 7", 7),
        ("kill -s SEGV $$", 128 + 11),
        ("ovs-vsctl no-such-command 2>/dev/null", 1),
    ] {
        let (mut child, dir) = run_in_background(":", script);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{script}");
        is_gone(&dir);
    }
    ovs!("sandbox run -- no-such-program").exits(127);
    ovs!("sandbox run -- /dev/null").exits(126);
}

#[test]
fn run_gives_the_command_its_environment() {
    let stdout = ovs!(
        "sandbox run --neutron=node -- sh -c \
         'ovs-vsctl list-br; command -v ovs; echo $OVS_DB; echo $OVS_RUNDIR'"
    )
    .out();
    let (rest, dir) = stdout.trim_end().rsplit_once('\n').unwrap();
    let expected = [
        "br-ens37",
        "br-external",
        "br-int",
        "br-tun",
        env!("CARGO_BIN_EXE_ovs"),
        &format!("unix:{dir}/db.sock"),
    ];
    assert_eq!(rest.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn signals_are_passed_on_and_everything_is_cleaned_up() {
    for (name, code) in [("TERM", 3), ("INT", 4), ("HUP", 5)] {
        let trap = format!("trap 'exit {code}' {name}");
        let (mut child, dir) = run_in_background(&trap, "while :; do sleep 0.02; done");
        signal(name, &child);
        assert_eq!(child.wait().unwrap().code(), Some(code), "{name}");
        is_gone(&dir);
    }
}

/// What started it may have blocked the signal that tells of a child's end.
#[test]
fn run_ends_with_its_command_whatever_is_blocked() {
    let mut run = Command::new("env");
    run.arg("--block-signal=CHLD").arg(common::binary());
    run.args(["sandbox", "run", "--", "sh", "-c", "exit 7"]);
    common::clean(&mut run);
    assert_eq!(run.status().unwrap().code(), Some(7));
}

#[test]
fn a_killed_run_leaves_no_daemon() {
    let (mut child, dir) = run_in_background(":", "exec sleep 5");
    assert!(!processes(&dir).is_empty());
    child.kill().unwrap(); // SIGKILL
    child.wait().unwrap();
    is_gone(&dir);
}

#[test]
fn start_and_stop() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("it is here");
    let dir = dir.to_str().unwrap();
    let stdout = ovs!("sandbox start --dir '{dir}' --neutron")
        .prints(format!("export OVS_RUNDIR='{dir}'\n"))
        .says("hint: `ovs sandbox stop --dir ")
        .stdout;
    let bridges = Command::new("sh")
        .args(["-c", &format!("{stdout} exec ovs-vsctl list-br")])
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(bridges.stdout).unwrap(),
        "br-ens37\nbr-ex\nbr-external\nbr-int\nbr-tun\n"
    );
    ovs!("sandbox start --dir '{dir}'").fails(1, "is a sandbox already");
    ovs!("sandbox stop").env("OVS_RUNDIR", dir).ok();
    is_gone(dir);
}

#[test]
fn what_is_not_a_sandbox_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("precious");
    fs::write(&file, "x").unwrap();
    let path = dir.path().to_str().unwrap();
    ovs!("sandbox stop --dir {path}").fails(1, "is not a sandbox");
    ovs!("sandbox start --dir {path}").fails(1, "is not empty");
    ovs!("sandbox stop").exits(2);
    assert!(file.exists());
    fs::remove_file(&file).unwrap();
    // A directory that was there is there afterwards, with what others put into it meanwhile.
    ovs!("sandbox start --dir {path}").ok();
    fs::write(&file, "x").unwrap();
    ovs!("sandbox stop --dir {path}").ok();
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(file.exists());
}

#[test]
fn a_path_too_long_for_sockets_is_refused() {
    let dir = format!("/tmp/{}", "x".repeat(90));
    ovs!("sandbox start --dir {dir}").fails(1, "is too long for a run directory: 95 bytes");
    assert!(!Path::new(&dir).exists());
}

#[test]
fn no_rights_are_needed() {
    let dir = tempfile::tempdir().unwrap();
    let run = ovs!("sandbox run --neutron -- sh -c 'id -u; ovs-ofctl show br-int'").command();
    let Some(mut run) = common::as_nobody(&run, dir.path()) else {
        return; // All the other tests run without rights.
    };
    Ran::new("ovs sandbox run".to_owned(), run.output().unwrap())
        .exits(0)
        .begins("65534\n")
        .shows(" 15(int-br-ens37): ");
}

/// The other installation is the machine's own, laid out elsewhere: its programs come first in PATH, its schema is
/// the one that is taken.
#[test]
fn another_installation_is_named_by_its_directory() {
    let own = common::server::schema();
    let prefix = own.ancestors().nth(3).unwrap();
    let other = tempfile::tempdir().unwrap();
    let within = |part: &str| other.path().join(part);
    for part in ["sbin", "bin", "share/openvswitch"] {
        fs::create_dir_all(within(part)).unwrap();
    }
    let dir = other.path().to_str().unwrap();
    let run = |line: &str| ovs!("sandbox run --ovs {dir} -- {line}");
    ovs!("sandbox run --ovs {dir}/nowhere -- true")
        .fails(1, format!("{dir}/nowhere is not a directory"));
    run("true").fails(1, format!("ovsdb-server is not in {dir}"));
    for program in [
        "ovsdb-server",
        "ovs-vswitchd",
        "ovsdb-tool",
        "ovs-vsctl",
        "ovs-ofctl",
    ] {
        let place = ["sbin", "bin"]
            .map(|part| prefix.join(part).join(program))
            .into_iter()
            .find(|file| file.exists())
            .expect("Open vSwitch is installed");
        // A copy: a link would lead to the schema of the machine's own.
        fs::copy(place, within("sbin").join(program)).unwrap();
    }
    run("true").fails(
        1,
        format!("{dir}/sbin/ovsdb-server has no vswitch.ovsschema"),
    );
    let schema = fs::read_to_string(&own).unwrap();
    let mark = "\"name\": \"Open_vSwitch\",\n \"version\": \"";
    assert!(schema.contains(mark), "{schema}");
    let schema = schema.replacen(mark, &format!("{mark}9"), 1);
    fs::write(within("share/openvswitch/vswitch.ovsschema"), schema).unwrap();
    let printed = run(
        "sh -c 'command -v ovs-vsctl; ovsdb-client get-schema-version; ovs-vsctl add-br br0; ovs bridge list -g bridge'",
    )
    .out();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], format!("{dir}/sbin/ovs-vsctl"));
    assert!(lines[1].starts_with('9'), "{lines:?}");
    assert_eq!(lines[2..], ["br0"]);
}
