//! Changes of a bundle that select flows which the same bundle adds: Open vSwitch may not find them, and reports no error.

use crate::common::Sandbox;

const REASON: &str = "adds, which Open vSwitch may not find within a bundle";

#[test]
fn a_bundle_does_not_change_what_it_adds() {
    let sandbox = Sandbox::with("add-br br0");
    let start = || {
        ofctl!(sandbox, "del-flows br0");
        ofctl!(sandbox, "add-flow br0 table=3,arp,actions=drop");
    };
    start();
    let refused = [
        ("add tcp,tp_dst=22,actions=drop\ndelete tcp", 2, 1, [1, 0]),
        (
            "# one\n\ntcp,actions=drop\nudp,actions=drop\nmodify ip,actions=NORMAL",
            5,
            3,
            [3, 2],
        ),
        ("delete ip\ntcp,actions=drop\ndelete table=0", 3, 2, [1, 0]),
        (
            "tcp,actions=drop\nmodify_strict tcp,actions=1\nmodify tcp,actions=NORMAL",
            3,
            2,
            [2, 1],
        ),
        (
            "delete arp\nudp,actions=drop\ndelete tcp\ndelete udp\n",
            4,
            2,
            [0, 0],
        ),
    ];
    for (lines, line, adds, expected) in refused {
        let before = ofctl!(sandbox, "--no-stats dump-flows br0");
        for option in ["", "--dry-run", "--explain"] {
            ovs!(sandbox, "flow add br0 --file - {option}")
                .write_stdin(lines)
                .fails(
                    1,
                    format!(
                        "stdin, line {line}: it selects a flow that stdin, line {adds} {REASON}"
                    ),
                )
                .says("hint: modify_strict and delete_strict name a single flow");
        }
        assert_eq!(
            before,
            ofctl!(sandbox, "--no-stats dump-flows br0"),
            "{lines}"
        );
        // One by one, the switch finds them.
        ovs!(sandbox, "flow add br0 --file - --no-atomic")
            .write_stdin(lines)
            .ok();
        let left = ofctl!(sandbox, "--no-stats dump-flows br0");
        let counts = ["actions=", "actions=NORMAL"].map(|word| left.matches(word).count());
        assert_eq!(counts, expected, "{lines}: {left}");
        start();
    }
    let accepted = [
        (
            "delete table=3\ntable=3,tcp,actions=drop\ntable=4,udp,actions=drop\ndelete table=5",
            2,
        ),
        (
            "tcp,actions=drop\ndelete_strict tcp\nudp,actions=drop\ndelete tcp",
            2,
        ),
        (
            "tcp,actions=drop\nmodify_strict tcp,actions=NORMAL\ndelete udp",
            2,
        ),
        ("cookie=1,tcp,actions=drop\ndelete cookie=2/-1,tcp", 2),
    ];
    for (lines, left) in accepted {
        ovs!(sandbox, "flow add br0 --file - --dry-run")
            .write_stdin(lines)
            .ok();
        ovs!(sandbox, "flow add br0 --file -")
            .write_stdin(lines)
            .ok();
        let flows = ofctl!(sandbox, "--no-stats dump-flows br0");
        assert_eq!(flows.lines().count(), left, "{lines}\n{flows}");
        start();
    }
    ofctl!(sandbox, "add-flow br0 udp,tp_src=6,actions=drop");
    ovs!(
        sandbox,
        "flow mod br0 --or-add udp,tp_src=5,actions=drop udp,actions=NORMAL"
    )
    .fails(2, format!("FLOW 2: it selects a flow that FLOW 1 {REASON}"))
    .says("hint: --strict names a single flow");
}
