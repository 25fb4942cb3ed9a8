//! Secrets: one definition for what is shown, saved and compared, and for what the documents say.

use std::fs;

use ovs::base::secret::WORDS;

use serde_json::json;

use crate::common::{self, Sandbox, of_project};

const SECRETS: &str = "add-br br0 -- set bridge br0 other_config:admin-password=hunter2 external_ids:api_token=hunter2 \
    -- add-port br0 g1 -- set interface g1 type=gre options:remote_ip=10.0.0.1 options:psk=hunter2";

#[test]
fn all_secrets_are_masked_in_all_output() {
    let sandbox = Sandbox::with(SECRETS);
    for line in [
        "db list Bridge",
        "db get Bridge br0 other_config",
        "db find Bridge name=br0 --json",
        "bridge show br0 --json",
        "port show g1",
        "show --json",
    ] {
        ovs!(sandbox, "{line}").ok().hides("hunter2");
    }
    ovs!(sandbox, "db get Bridge br0 other_config:admin-password").prints("hunter2\n");
    // Nor in the log of the database.
    ovs!(sandbox, "db set Bridge br0 external_ids:api_token=hunter3").ok();
    let log = fs::read_to_string(sandbox.run_dir().join("conf.db")).unwrap();
    assert!(log.contains("external_ids:api_token=***"), "{log}");
}

/// Different secrets are a difference, although both are printed as `***`; a secret that was left out is none.
#[test]
fn secrets_are_compared() {
    let (one, other) = (Sandbox::with(SECRETS), Sandbox::with(SECRETS));
    for sandbox in [&one, &other] {
        vsctl!(
            sandbox,
            "set open_vswitch . external_ids={{system-id=x}} -- set bridge br0 other_config:hwaddr=\"02:00:00:00:00:01\""
        );
    }
    let endpoint = format!("unix:{}", one.db_socket().display());
    ovs!(other, "diff {endpoint} now").ok().prints("");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.tar");
    ovs!(one, "save {}", file.display()).exits(0);
    vsctl!(
        other,
        "set bridge br0 other_config:admin-password=hunter3 -- set interface g1 options:psk=hunter3"
    );
    ovs!(other, "diff {endpoint} now").exits(1).prints(
        "-bridge br0 other_config:admin-password=\"***\"\n\
         +bridge br0 other_config:admin-password=\"***\"\n\
         -interface g1 options:psk=\"***\"\n\
         +interface g1 options:psk=\"***\"\n",
    );
    // A file of ovs save does not have them, on either side.
    let unknown = "not compared, not in the report: external_ids:api_token of bridge br0, other_config:admin-password of bridge \
        br0, options:psk of interface g1\n";
    let file = file.display();
    for sides in [
        format!("{file} now"),
        format!("now {file}"),
        format!("{file} {file}"),
    ] {
        ovs!(other, "diff {sides}")
            .ok()
            .prints("")
            .says_only(unknown);
    }
    vsctl!(other, "set interface g1 options:remote_ip=10.0.0.2");
    ovs!(other, "diff {file} now")
        .exits(1)
        .prints(
            "-interface g1 options:remote_ip=\"10.0.0.1\"\n+interface g1 options:remote_ip=\"10.0.0.2\"\n",
        )
        .says_only(unknown);
}

/// Secrets that were left out are unknown; those that a saved database has are masked as in a live one.
#[test]
fn secrets_that_were_left_out_are_unknown() {
    let sandbox = Sandbox::with(SECRETS);
    vsctl!(sandbox, "set interface g1 external_ids:note=\"***\"");
    let directory = tempfile::tempdir().unwrap();
    let (file, database) = (
        directory.path().join("x.tar"),
        directory.path().join("x.db"),
    );
    let (file, database) = (file.display(), database.display());
    ovs!(sandbox, "save {file}").exits(0);
    fs::write(database.to_string(), sandbox.ovsdb_client(&["backup"])).unwrap();
    let unknown = "unknown: not in the report: options:psk\n";
    let get = "db get Interface g1 options:psk";
    ovs!("--from {file} {get}")
        .ok()
        .prints("unknown\n")
        .says_only(unknown);
    ovs!("--from {file} {get} --json")
        .ok()
        .prints("{\"options:psk\":null}\n")
        .says_only(unknown);
    ovs!("--from {database} {get}")
        .ok()
        .prints("hunter2\n")
        .says_nothing();
    let options = json!({"psk": null, "remote_ip": "10.0.0.1"});
    for line in [
        "db list Interface g1 --columns options",
        "db get Interface g1 options",
        "port show g1 --columns options",
        "tunnel show g1 --columns options",
    ] {
        let saved = ovs!("--from {file} {line} --json").ok();
        let shown = saved.json();
        let record = shown.get(0).unwrap_or(&shown);
        assert_eq!(record["options"], options, "{line}");
        saved.says_only(unknown);
        ovs!("--from {file} {line}")
            .ok()
            .prints("psk=unknown,remote_ip=10.0.0.1\n");
        for live in [ovs!("--from {database} {line}"), ovs!(sandbox, "{line}")] {
            let mut live = live;
            live.ok()
                .prints("psk=***,remote_ip=10.0.0.1\n")
                .says_nothing();
        }
    }
    for line in [
        "db find Interface options:psk!=x",
        "db wait Interface g1 options:psk=hunter2",
    ] {
        ovs!("--from {file} {line}").fails(3, "unknown: not in the report: options:psk");
        ovs!("--from {database} {line}").ok();
    }
    let shown = ovs!("--from {file} show br0 --json").ok();
    shown.says("unknown: not in the report: external_ids:api_token, options:psk, other_config:admin-password\n");
    // What is no secret is what it says.
    ovs!("--from {file} db get Interface g1 external_ids:note")
        .ok()
        .prints("***\n")
        .says_nothing();
}

#[test]
fn the_documents_name_the_words() {
    let document = fs::read_to_string(of_project("docs/saved-hosts.md")).unwrap();
    let help = common::ovs(&["save", "--help"]).out();
    let get = common::ovs(&["db", "get", "--help"]).out();
    for word in WORDS {
        assert!(document.contains(&format!("`{word}`")), "{word}");
        for help in [&help, &get] {
            let mut words = help.split(|c: char| !c.is_ascii_alphabetic());
            assert!(words.any(|other| other == word), "{word}");
        }
    }
}
