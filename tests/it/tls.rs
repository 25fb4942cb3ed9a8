//! `ssl:` to a real ovsdb-server and a real bridge, with certificates that the real ovs-pki made.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::common::line::words;
use crate::common::server::{Server, listening_port, run, tool};
use crate::common::{Ran, Sandbox};

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
    let sign = |line: &str| {
        run(Command::new("openssl")
            .current_dir(dir.join("pki/switchca"))
            .args(words(&format!("ca -config ca.cnf -batch -notext {line}"))))
    };
    sign(
        "-in ../../switch-req.pem -out ../../expired-cert.pem \
         -startdate 20200101000000Z -enddate 20200201000000Z",
    );
    sign(
        "-in ../../switch-req.pem -out ../../future-cert.pem \
         -startdate 20900101000000Z -enddate 20910101000000Z",
    );
    // Up to Open vSwitch 2.11 it gave no extensions, neither to requests nor to certificates: those are of
    // version 1.
    let openssl = |line: &str| run(Command::new("openssl").current_dir(&dir).args(words(line)));
    openssl(
        "req -new -key switch-privkey.pem -out old-req.pem \
         -subj '/C=US/ST=CA/O=Open vSwitch/OU=Open vSwitch certifier/CN=switch id:old'",
    );
    sign("-in ../../old-req.pem -out ../../old-cert.pem");
    // An authority that bears the name of ours, with another key.
    openssl("x509 -req -in pki/switchca/careq.pem -signkey client-privkey.pem -out forger.pem");
    openssl(
        "x509 -req -in old-req.pem -CA forger.pem -CAkey client-privkey.pem -set_serial 9 \
         -out forged-cert.pem",
    );
    dir
});

fn pki(file: &str) -> String {
    PKI.join(file).display().to_string()
}

/// An ovsdb-server with this certificate, signed or not by the authority of the switches.
fn server(dir: &TempDir, certificate: &str, more: &str) -> Server {
    let mut arguments = vec![
        "--remote=pssl:0:127.0.0.1".to_owned(),
        format!("--private-key={}", pki("switch-privkey.pem")),
        format!("--certificate={}", pki(certificate)),
        format!("--ca-cert={}", pki("pki/controllerca/cacert.pem")),
    ];
    arguments.extend(words(more));
    let server = Server::with_new_database(dir.path(), "server", &arguments);
    run(tool("ovs-vsctl")
        .arg(format!("--db={}", server.unix()))
        .args(["--no-wait", "add-br", "br0"]));
    server
}

fn dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Options: what this side has to show.
const OUR_CERTIFICATE: &str = "-p client-privkey.pem -c client-cert.pem";

/// And whom it trusts.
const OURS: &str = "-p client-privkey.pem -c client-cert.pem -C pki/switchca/cacert.pem";

/// `ovs --db ssl:127.0.0.1:PORT OPTIONS bridge list`, beside the certificates.
fn list(server: &Server, options: &str) -> Ran {
    let db = format!("ssl:127.0.0.1:{}", server.port());
    ovs!("--db {db} -t 10 {options} bridge list -g bridge")
        .current_dir(&*PKI)
        .run()
}

#[track_caller]
fn works(list: Ran) -> Ran {
    list.exits(0).prints("br0\n")
}

#[test]
fn good_certificates_in_both_versions_of_tls() {
    let dir = dir();
    let newest = server(&dir, "switch-cert.pem", "");
    works(list(&newest, OURS)).says_nothing();
    drop(newest);
    let dir = self::dir();
    let older = server(&dir, "switch-cert.pem", "--ssl-protocols=TLSv1.2");
    works(list(&older, OURS)).says_nothing();
    // Nobody vouches, and nobody need.
    works(list(&older, &format!("{OUR_CERTIFICATE} -C none")));
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
        let more = if protocols == "TLSv1.2" {
            "--ssl-protocols=TLSv1.2"
        } else {
            ""
        };
        let server = server(&dir, "old-cert.pem", more);
        works(list(&server, OURS));
        let wrong = format!("{OUR_CERTIFICATE} -C pki/controllerca/cacert.pem");
        list(&server, &wrong).fails(4, "is signed by \"OVS switchca CA");
    }
}

#[test]
fn a_signature_counts_and_not_the_name_under_it() {
    let dir = dir();
    let server = server(&dir, "forged-cert.pem", "");
    list(&server, OURS).fails(4, "is signed by \"OVS switchca CA");
}

#[test]
fn the_other_side_is_refused_with_the_reason() {
    let place = dir();
    let good = server(&place, "switch-cert.pem", "");
    let wrong = format!("{OUR_CERTIFICATE} -C pki/controllerca/cacert.pem");
    list(&good, &wrong)
        .fails(4, "the certificate of the other side, \"switch id:")
        .says("is signed by \"OVS switchca CA Certificate")
        .says("and not by \"OVS controllerca CA Certificate")
        .says("hint: -C wants the certificate of the authority that signed the other side's");
    // A certificate that is trusted for itself.
    works(list(
        &good,
        &format!("{OUR_CERTIFICATE} -C switch-cert.pem"),
    ));

    for (certificate, words) in [
        ("expired-cert.pem", "expired on 2020-02-01T00:00:00Z"),
        (
            "future-cert.pem",
            "is not valid before 2090-01-01T00:00:00Z",
        ),
    ] {
        let place = dir();
        let bad = server(&place, certificate, "");
        list(&bad, OURS)
            .fails(4, "certificate of the other side, \"switch id:")
            .says(words)
            .says("hint: ");
    }
}

#[test]
fn this_side_is_refused_with_the_reason() {
    for protocols in ["", "--ssl-protocols=TLSv1.2"] {
        let dir = dir();
        let server = server(&dir, "switch-cert.pem", protocols);
        list(&server, "-C pki/switchca/cacert.pem")
            .fails(
                4,
                "the other side demands a certificate of this side, and none was given",
            )
            .says("hint: -p FILE and -c FILE");
        let other = "-p switch-privkey.pem -c switch-cert.pem -C pki/switchca/cacert.pem";
        list(&server, other).fails(
            4,
            "the other side refused the certificate of this side: it is not signed by an authority",
        );
    }
}

#[test]
fn the_name_can_be_demanded() {
    let dir = dir();
    let server = server(&dir, "switch-cert.pem", "");
    let with = |name: &str| list(&server, &format!("{OURS} --verify-name {name}"));
    works(with("switch"));
    with("client")
        .fails(4, "bears the names \"switch id:")
        .says("and not \"client\"");
    with("swi").fails(4, "bears the names");
    let nobody = format!("{OUR_CERTIFICATE} -C none --verify-name switch");
    list(&server, &nobody).fails(2, "proves nothing");
    let named = |name: &str| list(&server, &format!("{OURS} --ssl-server-name {name}"));
    works(named("switch.example.org"));
    named("'a b'").fails(2, "\"a b\" is not a host's name");
}

#[test]
fn the_authority_can_be_fetched_once() {
    let place = dir();
    let peer = format!("--peer-ca-cert={}", pki("pki/switchca/cacert.pem"));
    let server = self::server(&place, "switch-cert.pem", &peer);
    let saved = place.path().join("fetched.pem");
    let saved_text = saved.to_str().unwrap();
    let options = format!("{OUR_CERTIFICATE} --bootstrap-ca-cert {saved_text}");
    works(list(&server, &options)).says("saved the CA certificate \"OVS switchca CA");
    let openssl = |file: &str| {
        let mut command = Command::new("openssl");
        run(command.args(["x509", "-noout", "-fingerprint", "-in", file]))
    };
    assert_eq!(
        openssl(saved_text),
        openssl(&pki("pki/switchca/cacert.pem"))
    );
    works(list(&server, &options)).says_nothing();
    // Now it is the one that counts.
    fs::copy(pki("pki/controllerca/cacert.pem"), &saved).unwrap();
    list(&server, &options).fails(4, "and not by \"OVS controllerca");

    let place = dir();
    let silent = self::server(&place, "switch-cert.pem", "");
    let nothing = place.path().join("fetched.pem");
    let options = format!(
        "{OUR_CERTIFICATE} --bootstrap-ca-cert {}",
        nothing.display()
    );
    list(&silent, &options)
        .fails(4, "does not send its authority's certificate along")
        .says("hint: --peer-ca-cert");
    assert!(!nothing.exists());
}

#[test]
fn files_and_options_that_do_not_fit() {
    let place = dir();
    let server = server(&place, "switch-cert.pem", "");
    list(&server, "")
        .fails(2, "ssl: needs the certificate of the authority")
        .says("hint: -C FILE");
    list(&server, "-p x -C y").fails(2, "-p needs -c");
    let with_key = |key: &str| {
        let rest = "-c client-cert.pem -C pki/switchca/cacert.pem";
        list(&server, &format!("-p {key} {rest}"))
    };
    with_key("missing.pem").fails(4, "private key missing.pem: there is no such file");
    with_key("client-cert.pem").fails(4, "there is no private key in it");
    with_key("switch-privkey.pem").fails(4, "is not that of the private key");
    let authority = format!("{OUR_CERTIFICATE} -C expired-cert.pem");
    list(&server, &authority).fails(
        4,
        "CA certificate expired-cert.pem: it expired on 2020-02-01",
    );

    let open = place.path().join("open.pem");
    fs::copy(pki("client-privkey.pem"), &open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    works(with_key(open.to_str().unwrap()))
        .says("warning: the private key")
        .says("can be read by every user (mode 0644)");
}

#[test]
fn ports_that_speak_something_else() {
    let place = dir();
    let plain = Server::with_new_database(
        place.path(),
        "plain",
        &["--remote=ptcp:0:127.0.0.1".to_owned()],
    );
    list(&plain, OURS)
        .fails(4, "hung up in the middle of the TLS handshake")
        .says("hint: ");
    let place = dir();
    let encrypted = server(&place, "switch-cert.pem", "");
    ovs!("--db tcp:127.0.0.1:{} show", encrypted.port()).fails(4, "hint: ");
}

/// The lines of docs/remote.md, with the addresses of a real server and a real bridge in them.
#[test]
fn the_lines_of_the_page() {
    let place = dir();
    let peer = format!("--peer-ca-cert={}", pki("pki/switchca/cacert.pem"));
    let server = server(&place, "switch-cert.pem", &peer);
    let sandbox = Sandbox::with("add-br br0");
    vsctl!(
        sandbox,
        "set-ssl {} {} {} -- set-controller br0 pssl:0:127.0.0.1",
        pki("switch-privkey.pem"),
        pki("switch-cert.pem"),
        pki("pki/controllerca/cacert.pem")
    );
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
        ovs!("{line}").current_dir(&*PKI).ok();
    }
    assert!(count >= 3, "{section}");
    // The bridge refuses us like the server.
    let endpoint = format!("ssl:127.0.0.1:{bridge}");
    ovs!("dump-flows {endpoint} -C pki/switchca/cacert.pem")
        .current_dir(&*PKI)
        .fails(4, "the other side demands a certificate of this side");
}
