//! The daemons' control sockets: commands of the real daemons, where their sockets are, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ovs::source::{ControlError, ControlTarget, Host};
use ovs::transport::{ConnectErrorKind, Endpoint, Tls};
use ovs::unixctl::{ErrorKind, Reply};

use crate::common::Sandbox;

const LIMIT: Option<Duration> = Some(Duration::from_secs(20));
const NONE: [&str; 0] = [];

fn host(run_dir: &Path) -> Host {
    Host::new(
        Endpoint::Unix(run_dir.join("db.sock")),
        LIMIT,
        Tls::default(),
    )
}

fn socket(sandbox: &Sandbox, daemon: &str) -> PathBuf {
    let pid = fs::read_to_string(sandbox.run_dir().join(format!("{daemon}.pid"))).unwrap();
    let name = format!("{daemon}.{}.ctl", pid.trim());
    sandbox.run_dir().join(name)
}

#[tokio::test]
async fn replies_are_those_of_ovs_appctl() {
    let sandbox = Sandbox::with("add-br br0");
    let client = host(sandbox.run_dir()).vswitchd().await.unwrap();
    assert_eq!(client.daemon(), "ovs-vswitchd");
    assert_eq!(client.socket(), socket(&sandbox, "ovs-vswitchd"));
    for command in [&["list-commands"][..], &["fdb/show", "br0"], &["vlog/list"]] {
        let text = client.text(command[0], &command[1..]).await.unwrap();
        assert_eq!(text, sandbox.appctl(command), "{command:?}");
    }
    let refused = client.call("nosuch", &NONE).await.unwrap_err();
    assert!(!refused.may_have_run());
    let said = "ovs-vswitchd refuses nosuch: \"nosuch\" is not a valid command";
    assert!(refused.to_string().starts_with(said), "{refused}");

    let knows_json = client.prefer_json().await.unwrap();
    let dpif = client.call("dpif/show", &NONE).await.unwrap();
    assert_eq!(matches!(dpif, Reply::Json(_)), knows_json);
    let text = client.text("fdb/stats-show", &["br0"]).await.unwrap();
    assert_eq!(text, sandbox.appctl(&["fdb/stats-show", "br0"]));

    let server = ControlTarget::parse("ovsdb-server");
    let server = host(sandbox.run_dir()).control(&server).await.unwrap();
    let databases = server.text("ovsdb-server/list-dbs", &NONE).await.unwrap();
    assert!(databases.lines().any(|line| line == "Open_vSwitch"));
}

#[tokio::test]
async fn a_socket_is_found_without_its_pid_file_and_beside_stale_ones() {
    let sandbox = Sandbox::empty();
    let real = socket(&sandbox, "ovs-vswitchd");
    let dir = sandbox.run_dir();
    // Left over, and newer; one of them is that of the pid file.
    for pid in [1, 2_000_000_001] {
        drop(UnixListener::bind(dir.join(format!("ovs-vswitchd.{pid}.ctl"))).unwrap());
    }
    drop(UnixListener::bind(dir.join("ovs-vswitchd.x.ctl")).unwrap());
    let host = host(dir);
    for pid in [
        Some("1\n"),
        Some("3"),
        Some(""),
        Some("../x"),
        Some("\0\u{1b}"),
        None,
    ] {
        match pid {
            Some(pid) => fs::write(dir.join("ovs-vswitchd.pid"), pid).unwrap(),
            None => fs::remove_file(dir.join("ovs-vswitchd.pid")).unwrap(),
        }
        let client = host.vswitchd().await.unwrap();
        assert_eq!(client.socket(), real, "{pid:?}");
    }
}

#[tokio::test]
async fn why_there_is_no_connection() {
    let dir = tempfile::tempdir().unwrap();
    let host = host(dir.path());
    let error = host.vswitchd().await.unwrap_err();
    let ControlError::NoSocket { directories, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(directories, [dir.path()]);

    let left_over = dir.path().join("ovs-vswitchd.1.ctl");
    drop(UnixListener::bind(&left_over).unwrap());
    let error = host.vswitchd().await.unwrap_err();
    let ControlError::Stale { sockets, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(sockets, [left_over]);

    let missing = ControlTarget::Socket(dir.path().join("none.ctl"));
    let ControlError::Client(error) = host.control(&missing).await.unwrap_err() else {
        panic!("it is not there");
    };
    let ErrorKind::Connect(error) = error.kind else {
        panic!("{error:?}");
    };
    assert!(matches!(error.kind, ConnectErrorKind::NotFound));

    let remote = Endpoint::parse("tcp:192.0.2.1:6640", None).unwrap();
    let error = Host::new(remote, LIMIT, Tls::default()).vswitchd().await;
    assert!(
        matches!(error, Err(ControlError::NotLocal { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_closed_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(dir.path()).is_ok() {
        return; // root
    }
    let error = host(dir.path()).vswitchd().await.unwrap_err();
    assert!(matches!(error, ControlError::Directory { .. }), "{error:?}");
}
