//! Where `ovs save` writes to: regular files only, named after their packing; nothing if nothing could be read.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::Command;

use ovs::source::saved::Report;

use crate::common::{self, Ran, Sandbox, as_nobody};

fn save(sandbox: &Sandbox, directory: &Path, arguments: &[&str]) -> Ran {
    let mut ovs = sandbox.ovs(&["save"]);
    ovs.args(arguments).current_dir(directory);
    ovs.run()
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

/// A FIFO and a link were replaced by the saved host, as root also a device.
#[test]
fn only_regular_files_are_replaced() {
    let sandbox = Sandbox::with("add-br br0");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let made = Command::new("mkfifo").arg(path.join("fifo")).status();
    assert!(made.unwrap().success());
    symlink("/dev/full", path.join("device")).unwrap();
    symlink("there", path.join("link")).unwrap();
    symlink("not there", path.join("dangling")).unwrap();
    fs::create_dir(path.join("directory")).unwrap();
    for name in ["fifo", "device"] {
        for force in [&[][..], &["--force"]] {
            let arguments = [&[name], force].concat();
            save(&sandbox, path, &arguments)
                .fails(1, format!("\"{name}\" is not a regular file"))
                .says("hint: - writes to stdout");
        }
    }
    assert!(
        fs::metadata(path.join("fifo"))
            .unwrap()
            .file_type()
            .is_fifo()
    );
    let device = fs::metadata(path.join("device")).unwrap();
    assert!(device.file_type().is_char_device());
    save(&sandbox, path, &["directory", "--force"])
        .fails(1, "\"directory\" is a directory")
        .says("hint: name a file in it");
    save(&sandbox, path, &["dangling", "--force"])
        .fails(1, "is a symbolic link to a file that does not exist");
    fs::write(path.join("there"), "precious").unwrap();
    save(&sandbox, path, &["link"]).fails(1, "\"link\" exists");
    assert_eq!(fs::read(path.join("there")).unwrap(), b"precious");
    save(&sandbox, path, &["link", "--force"]).exits(0);
    assert!(path.join("link").is_symlink());
    let report = Report::open(&[path.join("there").display().to_string()]).unwrap();
    assert!(report.switches.contains_key("br0"));
    assert_eq!(
        names(path),
        ["dangling", "device", "directory", "fifo", "link", "there"]
    );
}

#[test]
fn names_of_other_packings_are_refused() {
    let sandbox = Sandbox::with("add-br br0");
    let directory = tempfile::tempdir().unwrap();
    for (name, suffix) in [
        ("a.zip", "zip"),
        ("a.tar.xz", "xz"),
        ("a.tbz2", "tbz2"),
        ("a.tar.foo", "foo"),
    ] {
        save(&sandbox, directory.path(), &[name])
            .fails(2, format!("a saved host is not packed as .{suffix}"))
            .says(".tar.zst, .tar.gz, .tgz or .tar");
    }
    assert!(names(directory.path()).is_empty());
    // A name that is a host's is no packing.
    save(&sandbox, directory.path(), &["node1.example.org"]).exits(0);
    let bytes = fs::read(directory.path().join("node1.example.org")).unwrap();
    assert!(bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]));
}

#[test]
fn a_dry_run_writes_nothing() {
    let sandbox = Sandbox::with("add-br br0");
    let directory = tempfile::tempdir().unwrap();
    save(&sandbox, directory.path(), &["x.tar", "--dry-run"])
        .exits(0)
        .shows("switch\tbr0\tflows\t")
        .says("dry run: nothing is written")
        .omits("saved in");
    assert!(names(directory.path()).is_empty());
    save(&sandbox, directory.path(), &["x.tar", "-q"])
        .exits(0)
        .prints("")
        .says_nothing();
    save(&sandbox, directory.path(), &["y.tar", "-q", "--json"])
        .exits(0)
        .shows("\"flows\"");
    let text = save(&sandbox, directory.path(), &["none/x"]);
    text.fails(1, "\"none/x\" cannot be written: No such file or directory")
        .omits(".ovs-save-")
        .omits("os error");
}

/// The exit code is that of the reason, and stdout gets no byte.
#[test]
fn nothing_is_written_if_nothing_is_read() {
    let sandbox = Sandbox::with("add-br br0");
    let directory = tempfile::tempdir().unwrap();
    sandbox.kill_vswitchd();
    sandbox.kill_ovsdb();
    for file in ["x.tar", "-"] {
        save(&sandbox, directory.path(), &[file])
            .fails(4, "nothing was saved: cannot connect to unix:")
            .prints("")
            .says("is ovsdb-server running?");
    }
    let elsewhere = ["--db", "unix:/nonexistent/db.sock", "save", "x.tar"];
    let mut ovs = common::ovs(&elsewhere);
    ovs.current_dir(directory.path())
        .fails(4, "the socket does not exist")
        .says("OVS_RUNDIR or --db says where else its socket is")
        // The daemon is named once.
        .says("not saved: ovs-vswitchd: has no control socket in /nonexistent");
    // Of another host nothing is searched here.
    let mut ovs = sandbox.ovs(&["--db", "tcp:127.0.0.1:1", "save", "x.tar"]);
    ovs.current_dir(directory.path())
        .fails(
            4,
            "nothing was saved: cannot connect to tcp:127.0.0.1:1: connection refused",
        )
        .omits("br0");
    assert!(names(directory.path()).is_empty());
    let sandbox = Sandbox::with("add-br br0");
    let path = directory.path().join("x.tar");
    let command = sandbox.ovs(&["save", path.to_str().unwrap()]).command();
    fs::set_permissions(
        directory.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o777),
    )
    .unwrap();
    let Some(mut nobody) = as_nobody(&command, sandbox.run_dir()) else {
        return;
    };
    let output = nobody.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(
        stderr.contains("nothing was saved") && stderr.contains("ermission denied"),
        "{stderr}"
    );
}

/// All hosts of a test have the host name of this machine: the name in the list tells them apart.
#[test]
fn several_hosts_have_a_file_each() {
    let sandboxes = [Sandbox::with("add-br one"), Sandbox::with("add-br two")];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let kept = path.join("kept.tar");
    save(&sandboxes[0], path, &["kept.tar"]).exits(0);
    let list = format!(
        "h1 db=unix:{}\na@b:22 db=unix:{}\nold from={}\n",
        sandboxes[0].db_socket().display(),
        sandboxes[1].db_socket().display(),
        kept.display()
    );
    let hosts = path.join("hosts");
    fs::write(&hosts, list).unwrap();
    let into = path.join("into");
    fs::create_dir(&into).unwrap();
    for sandbox in &sandboxes {
        vsctl!(sandbox, "set open_vswitch . external_ids:hostname=same");
    }
    let words = ["--hosts", hosts.to_str().unwrap(), "save"];
    common::ovs(&words).current_dir(&into).run().exits(0);
    let names = names(&into);
    let begins: Vec<&str> = names
        .iter()
        .map(|name| name.rsplit_once('-').unwrap().0)
        .collect();
    assert_eq!(begins, ["ovs-a%40b%3a22", "ovs-h1", "ovs-old"]);
    let bridge = |name: &str| {
        let report = Report::open(&[into.join(name).display().to_string()]).unwrap();
        report.switches.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(bridge(&names[0]), ["two"]);
    assert_eq!(bridge(&names[1]), ["one"]);
    assert_eq!(bridge(&names[2]), ["one"]);
}
