//! Two hundred processes that write to one bridge at once; what it holds afterwards is counted by ovs-ofctl.

use std::process::Stdio;
use std::time::Duration;

use crate::common::Sandbox;

/// Runs `line` two hundred times at once, `N` standing for 1 to 200; each must succeed. The pauses of the writers last
/// as long as the machine needs.
fn at_once(sandbox: &Sandbox, line: &str) {
    let writers: Vec<_> = (1..=200)
        .map(|number: u32| {
            let line = line.replace('N', &number.to_string());
            let words: Vec<&str> = line.split(' ').chain(["-t", "60"]).collect();
            let mut ovs = sandbox.ovs(&words);
            let mut command = ovs.timeout(Duration::from_secs(60)).command();
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    for writer in writers {
        let output = writer.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
}

/// How many lines of the output have this word.
fn count(text: &str, word: &str) -> usize {
    text.lines().filter(|line| line.contains(word)).count()
}

#[test]
fn flows() {
    let sandbox = Sandbox::with("add-br br0 -- set-fail-mode br0 secure");
    let flow = |table: u32| format!("table={table},priority=N,actions=drop");
    // Two flows: a bundle.
    at_once(&sandbox, &format!("flow add br0 {} {}", flow(1), flow(2)));
    let reply = ofctl!(sandbox, "-O OpenFlow15 dump-aggregate br0");
    assert!(reply.trim_end().ends_with("flow_count=400"), "{reply}");
    at_once(&sandbox, "flow del br0 --strict table=1,priority=N");
    let reply = ofctl!(sandbox, "-O OpenFlow15 dump-aggregate br0");
    assert!(reply.trim_end().ends_with("flow_count=200"), "{reply}");
}

#[test]
fn groups() {
    let sandbox = Sandbox::with("add-br br0");
    at_once(
        &sandbox,
        "group add br0 group_id=N,type=all,bucket=output:LOCAL",
    );
    let groups = ofctl!(sandbox, "-O OpenFlow15 dump-groups br0");
    assert_eq!(count(&groups, "group_id="), 200, "{groups}");
}

#[test]
fn meters() {
    let sandbox = Sandbox::with("add-br br0 -- set bridge br0 datapath_type=dummy");
    at_once(
        &sandbox,
        "meter add br0 meter=N,kbps,band=type=drop,rate=1000",
    );
    let meters = ofctl!(sandbox, "-O OpenFlow15 dump-meters br0");
    assert_eq!(count(&meters, "meter="), 200, "{meters}");
}
