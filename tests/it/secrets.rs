//! Secrets: one definition for what is shown, saved and compared, and for what the documents say.

use std::fs;

use ovs::base::secret::WORDS;

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
    ovs!(other, "diff {} now", file.display()).ok().prints("");
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
