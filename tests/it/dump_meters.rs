//! `ovs dump-meters` against a real switch, its lines against those of the real `ovs-ofctl`.

use serde_json::Value;

use crate::common::Sandbox;

const VERSIONS: [&str; 3] = ["OpenFlow13", "OpenFlow14", "OpenFlow15"];

const METERS: [&str; 5] = [
    "meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=50 type=drop,rate=2000,burst_size=60",
    "meter=2,pktps,stats,band=type=drop,rate=10",
    "meter=3,kbps,band=type=drop,rate=4000000000",
    "meter=12,pktps,burst,band=type=drop,rate=7,burst_size=9",
    "meter=controller,pktps,band=type=drop,rate=100",
];

fn bridge_with_meters() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- set bridge br0 fail_mode=secure datapath_type=dummy \
                -- add-br br1 -- set bridge br1 datapath_type=dummy",
    );
    for meter in METERS {
        ofctl!(sandbox, "-O OpenFlow13 add-meter br0 '{meter}'");
    }
    sandbox
}

/// What `ovs-ofctl` prints for each meter, its lines joined by `joint`, in the order of the numbers.
fn ofctl(sandbox: &Sandbox, version: &str, command: &str, joint: &str) -> Vec<String> {
    let text = ofctl!(sandbox, "-O {version} {command} br0");
    let (_, meters) = text.split_once('\n').unwrap();
    let mut meters: Vec<String> = meters
        .split("\n\n")
        .map(|meter| {
            meter
                .trim_end()
                .replace("bands=\n", "bands=")
                .replace('\n', joint)
        })
        .collect();
    meters.sort_by_key(|meter| number(meter));
    meters
}

fn number(line: &str) -> u32 {
    let (_, rest) = line.split_once(['=', ':']).unwrap();
    rest.split(' ').next().unwrap().parse().unwrap_or(u32::MAX)
}

#[test]
fn as_ovs_ofctl_prints_them() {
    let sandbox = bridge_with_meters();
    for version in VERSIONS {
        let ours = ovs!(sandbox, "dump-meters br0 --no-stats -O {version}").out();
        let real = ofctl(&sandbox, version, "dump-meters", " ");
        assert_eq!(ours.lines().collect::<Vec<_>>(), real, "{version}");
        assert_eq!(real.len(), METERS.len());
    }
}

/// `packet_count:0 byte_count:0` of each band.
fn band_counters(line: &str) -> Vec<&str> {
    let words = line.split([' ', '\n']);
    words
        .filter(|word| word.starts_with("packet_count:") || word.starts_with("byte_count:"))
        .collect()
}

#[test]
fn statistics_joined() {
    let sandbox = bridge_with_meters();
    let flow = "in_port=LOCAL actions=meter:2,controller";
    ofctl!(sandbox, "-O OpenFlow13 add-flow br0 '{flow}'");
    let packet = "in_port=LOCAL packet=0200000000010200000000990800 actions=table";
    for _ in 0..20 {
        ofctl!(sandbox, "-O OpenFlow13 packet-out br0 '{packet}'");
    }
    for version in VERSIONS {
        let ours = ovs!(sandbox, "dump-meters br0 -O {version}").out();
        let real = ofctl(&sandbox, version, "meter-stats", " ");
        for (ours, real) in ours.lines().zip(&real) {
            // meter:2 flow_count:1 packet_in_count:0 byte_in_count:0 duration:… bands: 0: packet_count:0 …
            let (before, after) = real.split_once(" duration:").unwrap();
            let (_, counters) = before.split_once(' ').unwrap();
            assert!(ours.contains(counters), "{version}\n{ours}\n{real}");
            assert_eq!(band_counters(ours), band_counters(after), "{version}");
        }
        let second = ours.lines().nth(1).unwrap();
        assert!(
            second.contains("flow_count:1 packet_in_count:20 "),
            "{second}"
        );
        assert_eq!(
            ours.matches("packet_count:").count(),
            6,
            "one for each band"
        );
    }
    let json = ovs!(sandbox, "dump-meters br0 --json").out();
    let meters: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        meters[0]["flags"],
        serde_json::json!(["kbps", "burst", "stats"])
    );
    assert_eq!(meters[0]["bands"][1]["burst_size"], 60);
    assert_eq!(meters[1]["flow_count"], 1);
    assert_eq!(meters[1]["bands"][0].get("burst_size"), None);
    assert_eq!(meters[4]["meter_id"], "controller");
}

#[test]
fn one_none_and_unknown() {
    let sandbox = bridge_with_meters();
    let one = |meter: &str| ovs!(sandbox, "dump-meters br0 {meter} --no-stats").out();
    assert_eq!(one("3"), "meter=3 kbps bands=type=drop rate=4000000000\n");
    assert_eq!(
        one("controller"),
        "meter=controller pktps bands=type=drop rate=100\n"
    );
    ovs!(sandbox, "dump-meters br1").prints("");
    ovs!(sandbox, "dump-meters br1 --json").prints("[]\n");
    for (line, code, says) in [
        ("br0 9", 3, "meter 9 not found on br0"),
        ("br0 all", 2, "a number, controller or slowpath"),
        ("br0 -O OpenFlow12", 1, "meters need OpenFlow 1.3"),
        ("br0 --columns rate", 2, "printed whole"),
    ] {
        ovs!(sandbox, "dump-meters {line}").exits(code).says(says);
    }
    vsctl!(sandbox, "set bridge br0 protocols=OpenFlow10");
    ovs!(sandbox, "dump-meters br0")
        .exits(1)
        .says("hint: the bridge's protocols");
}
