//! `ovs --from PATH sandbox run`: the real ofproto/trace gives the verdicts of the saved switch, whose ports, bonds and
//! flags have their states again.

use std::path::Path;

use crate::common::server::until;
use crate::common::{Ran, Sandbox, ovs};
use crate::readme::shell;

fn replayed(file: &Path, line: &str) -> Ran {
    let mut run = ovs(&["--from"]);
    run.arg(file)
        .args(["sandbox", "run", "--", "sh", "-c", line]);
    run.run()
}

/// A trace without what two switches have in any order.
fn verdicts(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| match line.split_once(": ") {
        Some(("Datapath actions", actions)) => {
            let mut actions: Vec<&str> = actions.split(',').collect();
            actions.sort_unstable();
            actions.join(",")
        }
        _ => line.to_owned(),
    });
    lines.filter(|line| !line.starts_with("Megaflow")).collect()
}

#[test]
fn links_flags_and_active_members() {
    let ports = (1..=5).map(|n| {
        format!(" -- add-port g p{n} -- set Interface p{n} type=dummy ofport_request={n}")
    });
    let sandbox = Sandbox::with(&format!(
        "add-br g -- set Bridge g datapath_type=dummy fail_mode=secure mcast_snooping_enable=true {} \
         -- add-bond g bb q1 q2 bond_mode=active-backup -- set Interface q1 type=dummy ofport_request=11 \
         -- set Interface q2 type=dummy ofport_request=12 \
         -- add-port g vx tag=9 -- set Interface vx type=vxlan options:remote_ip=10.0.0.2 ofport_request=22 bfd:enable=true \
         -- set Open_vSwitch . other_config:vlan-limit=2",
        ports.collect::<String>()
    ));
    vsctl!(
        sandbox,
        "add-port g missing -- set Interface missing type=nosuchtype"
    );
    appctl!(sandbox, "netdev-dummy/set-admin-state p2 down");
    for (port, word) in [
        ("p3", "no-forward"),
        ("p4", "no-receive"),
        ("p5", "no-flood"),
        // The sandbox has an underlay of its own.
        ("vx", "no-flood"),
    ] {
        ofctl!(sandbox, "-O OpenFlow10 mod-port g {port} {word}");
    }
    for (group, first, second) in [(1, 2, 3), (2, 2, 1), (3, 22, 1)] {
        ofctl!(
            sandbox,
            "-O OpenFlow15 add-group g group_id={group},type=ff,bucket=bucket_id:1,watch_port={first},actions=output:{first},bucket=bucket_id:2,watch_port={second},actions=output:{second}"
        );
    }
    for flow in [
        "in_port=1,tcp,actions=group:1",
        "in_port=5,tcp,actions=group:2",
        "in_port=5,icmp,actions=group:3",
        "in_port=1,udp,actions=NORMAL",
        "in_port=1,arp,actions=FLOOD",
        "in_port=4,actions=output:1",
        "in_port=3,idle_timeout=1000,actions=output:1",
    ] {
        ofctl!(sandbox, "-O OpenFlow15 add-flow g {flow}");
    }
    // The one that was not chosen by itself.
    let is_first = appctl!(sandbox, "bond/show bb").contains("(q1)");
    let other = if is_first { "q2" } else { "q1" };
    appctl!(sandbox, "bond/set-active-member bb {other}");
    until("the state of p2 is in the database", || {
        vsctl!(sandbox, "get Interface p2 link_state").trim() == "down"
    });
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("host.tar.zst");
    ovs!(sandbox, "save {}", file.display()).ok();
    let traces = [
        "in_port=1,tcp",
        "in_port=5,tcp",
        "in_port=5,icmp",
        "in_port=1,udp",
        "in_port=1,arp",
        "in_port=4,tcp",
    ];
    let mut lines = traces
        .map(|flow| format!("ovs-appctl ofproto/trace --names g {flow}"))
        .to_vec();
    lines.push("ovs-appctl bond/show bb".to_owned());
    lines.push("ovs-vsctl get Open_vSwitch . other_config:vlan-limit".to_owned());
    let line = lines.join("; ");
    let live = shell(&sandbox, &line).exits(0);
    for word in [
        "not live due to port 2",
        "not live due to port 22",
        "NO_FWD",
    ] {
        assert!(live.stdout.contains(word), "{word}: {live:?}");
    }
    let said = replayed(&file, &line).exits(0);
    let without_macs = |text: &str| -> Vec<String> {
        let lines = verdicts(text).into_iter();
        lines
            .map(|line| match line.split_once("active member mac: ") {
                Some((_, mac)) => mac.split('(').nth(1).unwrap_or_default().to_owned(),
                None => line,
            })
            .collect()
    };
    assert_eq!(without_macs(&said.stdout), without_macs(&live.stdout));
    said.says("the switch did not have them: \"missing\"")
        .says("multicast groups that snooping has learned are left out")
        .says("flows of \"g\" with a timeout end after it: 1");
    // A database alone does not tell the states: nothing is set.
    let conf = dir.path().join("conf.db");
    std::fs::copy(sandbox.run_dir().join("conf.db"), &conf).unwrap();
    replayed(
        &conf,
        "ovs-ofctl -O OpenFlow10 show g | grep -c 'PORT_DOWN\\|NO_'",
    )
    .prints("0\n")
    .says("OpenFlow flags of the ports of \"g\": not in the report");
}

/// The bond has a partner again, for the members that had one.
#[test]
fn members_with_lacp() {
    let sandbox = Sandbox::empty();
    let dir = sandbox.run_dir().display();
    vsctl!(
        sandbox,
        "add-br g -- set Bridge g fail_mode=secure -- add-br far -- set Bridge far fail_mode=secure -- add-port g p1 \
         -- add-bond g bl l1 l2 l3 bond_mode=balance-tcp lacp=active -- set Port bl bond_updelay=60000 \
         -- set Interface l1 options:pstream=punix:{dir}/l1.sock -- set Interface l2 options:pstream=punix:{dir}/l2.sock \
         -- add-bond far fb k1 k2 lacp=active -- set Interface k1 options:stream=unix:{dir}/l1.sock \
         -- set Interface k2 options:stream=unix:{dir}/l2.sock"
    );
    ofctl!(sandbox, "add-flow g actions=NORMAL");
    until("LACP has negotiated", || {
        for member in ["l1", "l2"] {
            appctl!(sandbox, "bond/enable-member bl {member}");
        }
        let text = appctl!(sandbox, "bond/show bl");
        text.matches(": enabled").count() == 2 && text.matches("may_enable: true").count() == 2
    });
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("host.tar.zst");
    ovs!(sandbox, "save {}", file.display()).ok();
    let line = "ovs-appctl bond/show bl | grep '^member'; ovs-appctl ofproto/trace g in_port=p1,tcp | grep -o 'hash.l4'";
    let live = shell(&sandbox, line).exits(0);
    assert!(live.stdout.contains("l3: disabled"), "{live:?}");
    replayed(&file, line)
        .exits(0)
        .prints(&live.stdout)
        .says("has the LACP partners");
}
