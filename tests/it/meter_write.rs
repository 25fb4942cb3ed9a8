//! `ovs meter` on a real switch, against what the real `ovs-ofctl` shows there.

use std::fs;

use serde_json::Value;

use crate::common::Sandbox;

const VERSIONS: [&str; 3] = ["OpenFlow13", "OpenFlow14", "OpenFlow15"];

const METERS: [&str; 5] = [
    "meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=50,type=drop,rate=2000,burst_size=60",
    "meter=2,pktps,stats,band=type=drop,rate=10",
    "meter=3 kbps bands= type=drop rate=4000000000",
    "meter=12,pktps,burst,band=type=drop,rate=7,burst_size=9",
    "meter=controller,pktps,band=type=drop,rate=100",
];

fn bridge() -> Sandbox {
    Sandbox::with("add-br br0 -- set bridge br0 fail_mode=secure datapath_type=dummy")
}

/// The meters as the real `ovs-ofctl` prints them, sorted.
fn real(sandbox: &Sandbox) -> Vec<String> {
    let text = ofctl!(sandbox, "-O OpenFlow13 dump-meters br0");
    let (_, meters) = text.split_once('\n').unwrap_or_default();
    let meters = meters
        .split("\n\n")
        .map(str::trim)
        .filter(|meter| !meter.is_empty());
    let mut meters: Vec<String> = meters.map(str::to_owned).collect();
    meters.sort();
    meters
}

#[test]
fn meters_are_those_that_ovs_ofctl_adds() {
    let sandbox = bridge();
    for meter in METERS {
        ofctl!(sandbox, "-O OpenFlow13 add-meter br0 '{meter}'");
    }
    let expected = real(&sandbox);
    let words: Vec<String> = METERS.iter().map(|meter| format!("'{meter}'")).collect();
    let words = words.join(" ");
    let file = sandbox.run_dir().join("meters.txt");
    let path = file.display();
    for version in VERSIONS {
        ovs!(sandbox, "-O {version} meter del br0 --all").out();
        assert_eq!(real(&sandbox), [""; 0], "{version}");
        ovs!(sandbox, "-O {version} meter add br0 {words}")
            .prints("added\t5\t1,2,3,12,controller\t-\tbr0\n");
        assert_eq!(real(&sandbox), expected, "{version}");
        // What dumps print is read again, also that of ovs-ofctl with its bands on lines of their own.
        for dump in [
            ovs!(sandbox, "-O {version} dump-meters br0").out(),
            ofctl!(sandbox, "-O {version} dump-meters br0"),
        ] {
            fs::write(&file, dump).unwrap();
            let unchanged = ovs!(sandbox, "-O {version} meter mod br0 --file {path}").out();
            assert!(unchanged.starts_with("unchanged\t5\t"), "{unchanged}");
        }
    }
}

#[test]
fn changed_and_removed_with_their_flows() {
    let sandbox = bridge();
    ovs!(
        sandbox,
        "meter add br0 meter=1,kbps,bands=type=drop,rate=1000 meter=2,kbps,bands=type=drop,rate=1"
    )
    .out();
    let document = ovs!(
        sandbox,
        "meter mod br0 meter=1,pktps,bands=type=drop,rate=5 --json"
    )
    .out();
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document[0]["change"], "modified");
    assert_eq!(document[0]["meter_ids"], serde_json::json!(["1"]));
    ovs!(
        sandbox,
        "meter mod br0 --may-create meter=7,pktps,bands=type=drop,rate=5"
    )
    .prints("added\t1\t7\t-\tbr0\n");
    let shown = [
        "meter=1 pktps bands=\ntype=drop rate=5",
        "meter=2 kbps bands=\ntype=drop rate=1",
        "meter=7 pktps bands=\ntype=drop rate=5",
    ];
    assert_eq!(real(&sandbox), shown);
    for flow in [
        "in_port=1,actions=meter:1,2",
        "in_port=2,actions=meter:1,drop",
        "in_port=3,actions=meter:2,1",
    ] {
        let flow = flow.replace(",drop", "");
        ofctl!(sandbox, "-O OpenFlow13 add-flow br0 '{flow}'");
    }
    ovs!(sandbox, "meter del br0 1 --dry-run").prints("removed\t1\t1\t2\tbr0\n");
    assert_eq!(real(&sandbox), shown);
    ovs!(sandbox, "meter del br0 1 7").prints("removed\t2\t1,7\t2\tbr0\n");
    let flows = ofctl!(sandbox, "-O OpenFlow13 --no-stats dump-flows br0");
    assert_eq!(flows.matches("in_port").count(), 1, "{flows}");
    ovs!(sandbox, "meter del br0 meter=2").prints("removed\t1\t2\t1\tbr0\n");
    ovs!(sandbox, "meter del br0 --all").prints("unchanged\t0\t-\t-\tbr0\n");
    ovs!(sandbox, "meter add br0 --file -")
        .write_stdin("# none\n")
        .prints("unchanged\t0\t-\t-\tbr0\n");
}

#[test]
fn explained_meter_by_meter_as_dump_meters_has_them() {
    let sandbox = bridge();
    let dump = |id: u32| {
        let text = ovs!(sandbox, "dump-meters br0 {id} --no-stats").out();
        text.trim_end().to_owned()
    };
    let first = "meter=1,kbps,bands=type=drop,rate=1000";
    ovs!(
        sandbox,
        "meter add br0 {first} meter=2,pktps,bands=type=drop,rate=5"
    )
    .out();
    let before = dump(1);
    let changed = "meter=1,kbps,bands=type=drop,rate=2000";
    let json = ovs!(
        sandbox,
        "meter mod br0 meter=2,pktps,bands=type=drop,rate=5 {changed} --explain --json"
    )
    .out();
    let explained: Value = serde_json::from_str(&json).unwrap();
    assert_ne!(dump(1), before);
    assert_eq!(
        explained,
        serde_json::json!([
            {"change": "modified", "meter": dump(1), "before": before, "line": 2},
            {"change": "unchanged", "meter": dump(2), "before": null, "line": 1},
        ])
    );
    let then = dump(1);
    ovs!(sandbox, "meter del br0 1 --explain --dry-run").prints(format!("removed\t{then}\t-\t1\n"));
    assert_eq!(dump(1), then, "a dry run changes nothing");
}

#[test]
fn refused() {
    let sandbox = bridge();
    ovs!(
        sandbox,
        "meter add br0 meter=1,kbps,bands=type=drop,rate=1000"
    )
    .out();
    for (line, code, says) in [
        (
            "add br0 meter=1,kbps,bands=type=drop,rate=1",
            1,
            "meter 1 is on br0 already",
        ),
        (
            "add br0 meter=1,kbps,bands=type=drop,rate=1",
            1,
            "hint: `ovs meter mod br0 ...` changes it",
        ),
        ("add br0 meter=5,kbps", 2, "bands= is missing"),
        (
            "add br0 meter=5,kpbs,bands=type=drop,rate=1",
            2,
            "did you mean kbps?",
        ),
        (
            "add br0 meter=5,bands=type=drop,rate=1",
            2,
            "either kbps or pktps",
        ),
        (
            "add br0 meter=5,kbps,pktps,bands=type=drop,rate=1",
            2,
            "either kbps or pktps",
        ),
        (
            "add br0 meter=all,kbps,bands=type=drop,rate=1",
            2,
            "all meters can only be deleted",
        ),
        (
            "add br0 meter=5,kbps,bands=type=dscp_remark,rate=1,prec_level=1",
            1,
            "has no bands of this type (OFPMMFC_BAD_BAND)",
        ),
        (
            "mod br0 meter=5,kbps,bands=type=drop,rate=1",
            3,
            "meter 5 not found on br0",
        ),
        (
            "mod br0 meter=5,kbps,bands=type=drop,rate=1",
            3,
            "hint: --may-create adds it",
        ),
        ("del br0 5", 3, "meter 5 not found on br0"),
        ("del br0 controller", 3, "meter controller not found on br0"),
        ("del br0", 2, "METER"),
    ] {
        ovs!(sandbox, "meter {line}").exits(code).says(says);
    }
    assert_eq!(real(&sandbox), ["meter=1 kbps bands=\ntype=drop rate=1000"]);
    // Meters do not go into a bundle: those before the refused one stay.
    ovs!(sandbox, "meter add br0 meter=2,kbps,bands=type=drop,rate=1 meter=3,kbps,bands=type=dscp_remark,rate=1,prec_level=1")
        .exits(5)
        .says("METER 2: br0 has no bands of this type")
        .says("1 of 2 changes were made; the switch refused 1");
    assert_eq!(real(&sandbox).len(), 2);
    vsctl!(sandbox, "set bridge br0 protocols=OpenFlow10");
    ovs!(sandbox, "meter add br0 meter=9,kbps,bands=type=drop,rate=1")
        .exits(1)
        .says("meters need OpenFlow 1.3 or later");
}
