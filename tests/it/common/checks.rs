//! What the tests of `ovs check` share: a small switch, its findings, a fault made and mended.

use std::fs;
use std::time::Duration;

use ovs::model::check::{FindingKind, Severity};

use super::Sandbox;
use super::server::within;

/// So long ovs-vswitchd may take to notice: it looks at the state of its ports every five seconds, and
/// tries a controller again after at most eight.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A host on which the tunnels of the Neutron hosts can work.
const HOST: &str =
    "address 10.0.0.71\nroute 10.0.0.0/24\ndevice ens37 hardware\ndevice ens38 hardware\n";

/// `FINDING OBJECT` of each finding of at least a severity, and the exit code.
fn findings(sandbox: &Sandbox, least: Severity) -> (Vec<String>, i32) {
    let facts = sandbox.run_dir().join("host-facts");
    fs::write(&facts, HOST).unwrap();
    let ran = ovs!(
        sandbox,
        "check --columns=finding,object --severity={} --host-facts {} -t 3",
        least.word(),
        facts.display()
    )
    .run()
    .says_nothing();
    let lines = ran.stdout.lines().map(|line| line.replace('\t', " "));
    (lines.collect(), ran.code)
}

/// Waits until exactly these are the findings. The exit code must be that of the worst of them.
pub fn see(sandbox: &Sandbox, expected: &[&str]) {
    see_from(Severity::Note, sandbox, expected);
}

/// The same, of the findings of at least a severity.
pub fn see_from(least: Severity, sandbox: &Sandbox, expected: &[&str]) {
    let (mut found, mut code) = Default::default();
    within(PATIENCE, || {
        (found, code) = findings(sandbox, least);
        found == expected
    });
    assert_eq!(found, expected);
    let is_error = |line: &&str| {
        let word = line.split(' ').next().unwrap();
        let kind = FindingKind::ALL
            .iter()
            .find(|kind| kind.word() == word)
            .unwrap();
        kind.severity() == Severity::Error
    };
    assert_eq!(code, i32::from(expected.iter().any(is_error)), "{found:?}");
}

/// Makes a fault, sees it and only it, mends it and sees it gone.
pub fn fault(sandbox: &Sandbox, make: &str, expected: &str, mend: &str) {
    vsctl!(sandbox, "{make}");
    see(sandbox, &[expected]);
    vsctl!(sandbox, "{mend}");
    see(sandbox, &[]);
}

/// A bridge with two ports that have tags.
pub fn small() -> Sandbox {
    let sandbox = Sandbox::with("add-br br0 -- add-port br0 tap1 tag=1 -- add-port br0 tap2 tag=2");
    see(&sandbox, &[]);
    sandbox
}
