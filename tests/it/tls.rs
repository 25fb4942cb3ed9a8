//! `ssl:` to a real ovsdb-server and a real bridge, with certificates that the real ovs-pki made.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::common::server::{Server, listening_port, run, tool};
use crate::common::{self, Sandbox};

/// Keys and certificates, made once for all tests here. The daemons' are signed by `switchca`, ours by
/// `controllerca`, as ovs-pki(8) has it.
static PKI: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tls");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    let pki = |arguments: &[&str]| {
        run(tool("ovs-pki")
            .current_dir(&dir)
            .arg("--batch")
            .arg(format!("--dir={}", dir.join("pki").display()))
            .arg(format!("--log={}", dir.join("log").display()))
            .args(arguments))
    };
    pki(&["init"]);
    pki(&["req+sign", "switch", "switch"]);
    pki(&["req+sign", "client", "controller"]);
    // What `ovs-pki sign` runs, with dates of its own.
    let sign = |to: &str, arguments: &[&str]| {
        run(Command::new("openssl")
            .current_dir(dir.join("pki/switchca"))
            .args(["ca", "-config", "ca.cnf", "-batch", "-notext"])
            .args([
                "-in",
                "../../switch-req.pem",
                "-out",
                &format!("../../{to}"),
            ])
            .args(arguments))
    };
    let past = [
        "-startdate",
        "20200101000000Z",
        "-enddate",
        "20200201000000Z",
    ];
    let future = [
        "-startdate",
        "20900101000000Z",
        "-enddate",
        "20910101000000Z",
    ];
    sign("expired-cert.pem", &past);
    sign("future-cert.pem", &future);
    // Up to Open vSwitch 2.11 it gave no extensions, neither to requests nor to certificates: those are of
    // version 1.
    let openssl = |arguments: &[&str]| {
        run(Command::new("openssl").current_dir(&dir).args(arguments));
    };
    let name = "/C=US/ST=CA/O=Open vSwitch/OU=Open vSwitch certifier/CN=switch id:old";
    let key = "switch-privkey.pem";
    openssl(&[
        "req",
        "-new",
        "-key",
        key,
        "-subj",
        name,
        "-out",
        "old-req.pem",
    ]);
    run(Command::new("openssl")
        .current_dir(dir.join("pki/switchca"))
        .args(["ca", "-config", "ca.cnf", "-batch", "-notext"])
        .args(["-in", "../../old-req.pem", "-out", "../../old-cert.pem"]));
    // An authority that bears the name of ours, with another key.
    let (request, forger) = ("pki/switchca/careq.pem", "client-privkey.pem");
    openssl(&[
        "x509",
        "-req",
        "-in",
        request,
        "-signkey",
        forger,
        "-out",
        "forger.pem",
    ]);
    openssl(&[
        "x509",
        "-req",
        "-in",
        "old-req.pem",
        "-CA",
        "forger.pem",
        "-CAkey",
        forger,
        "-set_serial",
        "9",
        "-out",
        "forged-cert.pem",
    ]);
    dir
});

fn pki(file: &str) -> String {
    PKI.join(file).display().to_string()
}

/// An ovsdb-server with this certificate, signed or not by the authority of the switches.
fn server(dir: &TempDir, certificate: &str, more: &[&str]) -> Server {
    let mut arguments = vec![
        "--remote=pssl:0:127.0.0.1".to_owned(),
        format!("--private-key={}", pki("switch-privkey.pem")),
        format!("--certificate={}", pki(certificate)),
        format!("--ca-cert={}", pki("pki/controllerca/cacert.pem")),
    ];
    arguments.extend(more.iter().map(|&argument| argument.to_owned()));
    let server = Server::with_new_database(dir.path(), "server", &arguments);
    run(tool("ovs-vsctl")
        .arg(format!("--db={}", server.unix()))
        .args(["--no-wait", "add-br", "br0"]));
    server
}

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

const OURS: [&str; 6] = [
    "-p",
    "client-privkey.pem",
    "-c",
    "client-cert.pem",
    "-C",
    "pki/switchca/cacert.pem",
];

/// `ovs --db ssl:127.0.0.1:PORT OPTIONS bridge list`, beside the certificates.
fn list(server: &Server, options: &[&str]) -> Output {
    let db = format!("ssl:127.0.0.1:{}", server.port());
    common::ovs(&["--db", &db, "-t", "10"])
        .args(options)
        .args(["bridge", "list", "-g", "bridge"])
        .current_dir(&*PKI)
        .output()
        .unwrap()
}

#[track_caller]
fn works(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "br0\n");
    said
}

#[track_caller]
fn fails(output: &Output, code: i32, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for words in words {
        assert!(said.contains(words), "{words:?} is not in: {said}");
    }
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
}

#[test]
fn good_certificates_in_both_versions_of_tls() {
    let dir = dir();
    let newest = server(&dir, "switch-cert.pem", &[]);
    assert_eq!(works(&list(&newest, &OURS)), "");
    drop(newest);
    let dir = self::dir();
    let older = server(&dir, "switch-cert.pem", &["--ssl-protocols=TLSv1.2"]);
    assert_eq!(works(&list(&older, &OURS)), "");
    // Nobody vouches, and nobody need.
    let anyone = [&OURS[..4], &["-C", "none"]].concat();
    works(&list(&older, &anyone));
}

#[test]
fn certificates_of_old_authorities() {
    let text = run(Command::new("openssl")
        .args(["x509", "-noout", "-text", "-in"])
        .arg(pki("old-cert.pem")));
    if !text.contains("Version: 1 (") {
        // Some day openssl will not make them any more.
        eprintln!("no certificates of version 1 here: {text}");
        return;
    }
    for protocols in ["TLSv1.2", "TLSv1.2,TLSv1.3"] {
        let dir = dir();
        // What this version of ovsdb-server does not know is not asked of it.
        let option = format!("--ssl-protocols={protocols}");
        let more: &[&str] = if protocols == "TLSv1.2" {
            &[&option]
        } else {
            &[]
        };
        let server = server(&dir, "old-cert.pem", more);
        works(&list(&server, &OURS));
        let wrong = [&OURS[..4], &["-C", "pki/controllerca/cacert.pem"]].concat();
        fails(
            &list(&server, &wrong),
            4,
            &["is signed by \"OVS switchca CA"],
        );
    }
}

#[test]
fn a_signature_counts_and_not_the_name_under_it() {
    let dir = dir();
    let server = server(&dir, "forged-cert.pem", &[]);
    fails(
        &list(&server, &OURS),
        4,
        &["is signed by \"OVS switchca CA"],
    );
}

#[test]
fn the_other_side_is_refused_with_the_reason() {
    let place = dir();
    let good = server(&place, "switch-cert.pem", &[]);
    let wrong = [&OURS[..4], &["-C", "pki/controllerca/cacert.pem"]].concat();
    fails(
        &list(&good, &wrong),
        4,
        &[
            "the certificate of the other side, \"switch id:",
            "is signed by \"OVS switchca CA Certificate",
            "and not by \"OVS controllerca CA Certificate",
            "hint: -C wants the certificate of the authority that signed the other side's",
        ],
    );
    // A certificate that is trusted for itself.
    let itself = [&OURS[..4], &["-C", "switch-cert.pem"]].concat();
    works(&list(&good, &itself));

    for (certificate, words) in [
        ("expired-cert.pem", "expired on 2020-02-01T00:00:00Z"),
        (
            "future-cert.pem",
            "is not valid before 2090-01-01T00:00:00Z",
        ),
    ] {
        let place = dir();
        let bad = server(&place, certificate, &[]);
        fails(
            &list(&bad, &OURS),
            4,
            &[
                "certificate of the other side, \"switch id:",
                words,
                "hint: ",
            ],
        );
    }
}

#[test]
fn this_side_is_refused_with_the_reason() {
    for protocols in [&[][..], &["--ssl-protocols=TLSv1.2"]] {
        let dir = dir();
        let server = server(&dir, "switch-cert.pem", protocols);
        fails(
            &list(&server, &OURS[4..]),
            4,
            &[
                "the other side demands a certificate of this side, and none was given",
                "hint: -p FILE and -c FILE",
            ],
        );
        let other = ["-p", "switch-privkey.pem", "-c", "switch-cert.pem"];
        fails(
            &list(&server, &[&other, &OURS[4..]].concat()),
            4,
            &[
                "the other side refused the certificate of this side: it is not signed by an authority",
            ],
        );
    }
}

#[test]
fn the_name_can_be_demanded() {
    let dir = dir();
    let server = server(&dir, "switch-cert.pem", &[]);
    let with = |name: &str| list(&server, &[&OURS[..], &["--verify-name", name]].concat());
    works(&with("switch"));
    fails(
        &with("client"),
        4,
        &["bears the names \"switch id:", "and not \"client\""],
    );
    fails(&with("swi"), 4, &["bears the names"]);
    let nobody = [&OURS[..4], &["-C", "none", "--verify-name", "switch"]].concat();
    fails(&list(&server, &nobody), 2, &["proves nothing"]);
    let named = [&OURS[..], &["--ssl-server-name", "switch.example.org"]].concat();
    works(&list(&server, &named));
    let nonsense = [&OURS[..], &["--ssl-server-name", "a b"]].concat();
    fails(
        &list(&server, &nonsense),
        2,
        &["\"a b\" is not a host's name"],
    );
}

#[test]
fn the_authority_can_be_fetched_once() {
    let place = dir();
    let peer = format!("--peer-ca-cert={}", pki("pki/switchca/cacert.pem"));
    let server = self::server(&place, "switch-cert.pem", &[&peer]);
    let saved = place.path().join("fetched.pem");
    let saved_text = saved.to_str().unwrap();
    let options = [&OURS[..4], &["--bootstrap-ca-cert", saved_text]].concat();
    let said = works(&list(&server, &options));
    assert!(
        said.contains("saved the CA certificate \"OVS switchca CA"),
        "{said}"
    );
    let openssl = |file: &str| {
        let mut command = Command::new("openssl");
        run(command.args(["x509", "-noout", "-fingerprint", "-in", file]))
    };
    assert_eq!(
        openssl(saved_text),
        openssl(&pki("pki/switchca/cacert.pem"))
    );
    assert_eq!(works(&list(&server, &options)), "");
    // Now it is the one that counts.
    fs::copy(pki("pki/controllerca/cacert.pem"), &saved).unwrap();
    fails(
        &list(&server, &options),
        4,
        &["and not by \"OVS controllerca"],
    );

    let place = dir();
    let silent = self::server(&place, "switch-cert.pem", &[]);
    let nothing = place.path().join("fetched.pem");
    let options = ["--bootstrap-ca-cert", nothing.to_str().unwrap()];
    fails(
        &list(&silent, &[&OURS[..4], &options].concat()),
        4,
        &[
            "does not send its authority's certificate along",
            "hint: --peer-ca-cert",
        ],
    );
    assert!(!nothing.exists());
}

#[test]
fn files_and_options_that_do_not_fit() {
    let place = dir();
    let server = server(&place, "switch-cert.pem", &[]);
    fails(
        &list(&server, &[]),
        2,
        &[
            "ssl: needs the certificate of the authority",
            "hint: -C FILE",
        ],
    );
    fails(&list(&server, &["-p", "x", "-C", "y"]), 2, &["-p needs -c"]);
    let with_key = |key: &str| list(&server, &[&["-p", key], &OURS[2..]].concat());
    fails(
        &with_key("missing.pem"),
        4,
        &["private key missing.pem: there is no such file"],
    );
    fails(
        &with_key("client-cert.pem"),
        4,
        &["there is no private key in it"],
    );
    fails(
        &with_key("switch-privkey.pem"),
        4,
        &["is not that of the private key"],
    );
    let authority = [&OURS[..4], &["-C", "expired-cert.pem"]].concat();
    fails(
        &list(&server, &authority),
        4,
        &["CA certificate expired-cert.pem: it expired on 2020-02-01"],
    );

    let open = place.path().join("open.pem");
    fs::copy(pki("client-privkey.pem"), &open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let said = works(&with_key(open.to_str().unwrap()));
    assert!(said.contains("warning: the private key"), "{said}");
    assert!(
        said.contains("can be read by every user (mode 0644)"),
        "{said}"
    );
}

#[test]
fn ports_that_speak_something_else() {
    let place = dir();
    let plain = Server::with_new_database(
        place.path(),
        "plain",
        &["--remote=ptcp:0:127.0.0.1".to_owned()],
    );
    fails(
        &list(&plain, &OURS),
        4,
        &["hung up in the middle of the TLS handshake", "hint: "],
    );
    let place = dir();
    let encrypted = server(&place, "switch-cert.pem", &[]);
    let db = format!("tcp:127.0.0.1:{}", encrypted.port());
    let output = common::ovs(&["--db", &db, "show"]).output().unwrap();
    fails(&output, 4, &["hint: "]);
}

/// The lines of docs/remote.md, with the addresses of a real server and a real bridge in them.
#[test]
fn the_lines_of_the_page() {
    let place = dir();
    let peer = format!("--peer-ca-cert={}", pki("pki/switchca/cacert.pem"));
    let server = server(&place, "switch-cert.pem", &[&peer]);
    let sandbox = Sandbox::empty();
    sandbox.vsctl(&["add-br", "br0"]);
    sandbox.vsctl(&[
        "set-ssl",
        &pki("switch-privkey.pem"),
        &pki("switch-cert.pem"),
        &pki("pki/controllerca/cacert.pem"),
    ]);
    sandbox.vsctl(&["set-controller", "br0", "pssl:0:127.0.0.1"]);
    let bridge = listening_port(&sandbox.run_dir().join("ovs-vswitchd.log"));

    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/remote.md")).unwrap();
    let (_, section) = page.split_once("\n## TLS\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut count = 0;
    for line in section
        .lines()
        .filter_map(|line| line.strip_prefix("$ ovs "))
    {
        count += 1;
        let line = line
            .replace("/var/lib/openvswitch/pki", "pki")
            .replace(
                "ssl:192.0.2.7:6640",
                &format!("ssl:127.0.0.1:{}", server.port()),
            )
            .replace("ssl:192.0.2.7:6653", &format!("ssl:127.0.0.1:{bridge}"));
        let words = shell_words::split(&line).unwrap();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        common::ovs(&words).current_dir(&*PKI).assert().success();
    }
    assert!(count >= 3, "{section}");
    // The bridge refuses us like the server.
    let endpoint = format!("ssl:127.0.0.1:{bridge}");
    let output = common::ovs(&["dump-flows", &endpoint, "-C", "pki/switchca/cacert.pem"])
        .current_dir(&*PKI)
        .output()
        .unwrap();
    fails(
        &output,
        4,
        &["the other side demands a certificate of this side"],
    );
}
