//! Ports whose link is up and that do not pass packets all the same: BFD, CFM and LACP between two bridges of a real
//! switch, whose dummy devices are joined in pairs. `ovs check` sees each fault and its end, and so do `show`,
//! `port show` and `tunnel list`.

use ovs::sandbox::{Dummy, Options};
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::checks::see;
use crate::common::server::until;

/// Bridges `a` and `b`.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::start(Options {
        dummy: Dummy::Typed,
        ..Options::default()
    });
    vsctl!(
        sandbox,
        "add-br a -- set Bridge a datapath_type=dummy -- add-br b -- set Bridge b datapath_type=dummy"
    );
    sandbox
}

/// Makes ports by ovs-vsctl, and joins their devices `aN` and `bN`.
fn join(sandbox: &Sandbox, number: u8, make: &str) {
    let socket = sandbox.run_dir().join(format!("link{number}"));
    let socket = socket.display();
    vsctl!(
        sandbox,
        "{make} -- set Interface a{number} type=dummy options:pstream=punix:{socket} \
         -- set Interface b{number} type=dummy options:stream=unix:{socket}"
    );
}

/// Ports `a1` and `b1`, joined.
fn joined() -> Sandbox {
    let sandbox = sandbox();
    join(&sandbox, 1, "add-port a a1 -- add-port b b1");
    sandbox
}

/// Columns of `port show`.
fn shown(sandbox: &Sandbox, port: &str, columns: &str) -> Value {
    ovs!(sandbox, "port show {port} --columns {columns}").json()
}

#[test]
fn bfd() {
    let sandbox = joined();
    vsctl!(
        sandbox,
        "set Interface a1 bfd:enable=true -- set Interface b1 bfd:enable=true"
    );
    see(&sandbox, &[]);
    let columns = "link_state,state,bfd";
    assert_eq!(
        shown(&sandbox, "a1", columns),
        json!({"link_state": "up", "state": "up", "bfd": "up"})
    );
    // The far end no longer answers.
    vsctl!(sandbox, "set Interface b1 bfd:enable=false");
    see(&sandbox, &["not-live a1"]);
    let broken = "down (Control Detection Time Expired)";
    assert_eq!(
        shown(&sandbox, "a1", columns),
        json!({"link_state": "up", "state": "not-live", "bfd": broken})
    );
    let ports = ovs!(sandbox, "port list a --columns port,state").out();
    assert_eq!(ports, "a1\tnot-live\na\tup\n");
    ovs!(sandbox, "show a -o table")
        .ok()
        .shows(format!("not live: BFD {broken}"));
    let tree = ovs!(sandbox, "show a").json();
    let interface = &tree["bridges"][0]["ports"][0]["interfaces"][0];
    assert_eq!(interface["state"], "not-live");
    assert_eq!(interface["bfd_status"]["forwarding"], "false");
    vsctl!(sandbox, "set Interface b1 bfd:enable=true");
    see(&sandbox, &[]);
    // The session is up, and the far end says that the way behind it is broken.
    vsctl!(sandbox, "set Interface b1 bfd:cpath_down=true");
    see(&sandbox, &["not-live a1"]);
    assert_eq!(
        shown(&sandbox, "a1", "state,bfd"),
        json!({"state": "not-live", "bfd": "up (remote: Concatenated Path Down)"})
    );
    vsctl!(sandbox, "remove Interface b1 bfd cpath_down");
    see(&sandbox, &[]);
    // A link that is down is down.
    appctl!(sandbox, "bfd/set-forwarding a1 false");
    see(&sandbox, &["not-live a1"]);
    appctl!(sandbox, "netdev-dummy/set-admin-state a1 down");
    see(&sandbox, &[]);
    assert_eq!(shown(&sandbox, "a1", "state"), json!({"state": "down"}));
}

#[test]
fn bfd_of_a_tunnel() {
    let sandbox = Sandbox::with(
        "add-br a -- add-port a v1 \
         -- set Interface v1 type=vxlan options:remote_ip=10.0.0.72 bfd:enable=true",
    );
    see(&sandbox, &["not-live v1"]);
    let line = "tunnel list --columns port,state,bfd";
    ovs!(sandbox, "{line}").prints("v1\tnot-live\tdown\n");
    // As if the far end answered.
    appctl!(sandbox, "bfd/set-forwarding v1 true");
    see(&sandbox, &[]);
    ovs!(sandbox, "{line}").prints("v1\tup\tdown\n");
    vsctl!(sandbox, "set Interface v1 bfd:enable=false");
    see(&sandbox, &[]);
    ovs!(sandbox, "{line}").prints("v1\tup\t-\n");
}

#[test]
fn cfm() {
    let sandbox = joined();
    vsctl!(
        sandbox,
        "set Interface a1 cfm_mpid=1 -- set Interface b1 cfm_mpid=2"
    );
    see(&sandbox, &[]);
    assert_eq!(
        shown(&sandbox, "a1", "state,cfm"),
        json!({"state": "up", "cfm": "ok"})
    );
    vsctl!(sandbox, "clear Interface b1 cfm_mpid");
    see(&sandbox, &["not-live a1"]);
    assert_eq!(
        shown(&sandbox, "a1", "state,cfm"),
        json!({"state": "not-live", "cfm": "fault (recv)"})
    );
    vsctl!(
        sandbox,
        "set Interface b1 cfm_mpid=2 other_config:cfm_extended=true other_config:cfm_opstate=down \
         -- set Interface a1 other_config:cfm_extended=true"
    );
    let reason = "CFM remote opstate down\n";
    until(reason, || {
        ovs!(sandbox, "check --columns what").run().stdout == reason
    });
    vsctl!(sandbox, "remove Interface b1 other_config cfm_opstate");
    see(&sandbox, &[]);
}

/// A bond without LACP where its mode needs it passes nothing, nor does one with LACP at one end only.
#[test]
fn lacp() {
    let sandbox = sandbox();
    ovs!(
        sandbox,
        "port add a bond --bond a1,a2 --type dummy --bond-mode balance-tcp"
    )
    .ok()
    .says("warning: bond \"bond\" passes no packets: balance-tcp needs LACP");
    see(&sandbox, &["bond-needs-lacp bond"]);
    let refuses = |member: &str| {
        appctl!(
            sandbox,
            "ofproto/trace a in_port={member},dl_dst=50:54:00:00:00:02"
        )
        .contains("bonding refused admissibility")
    };
    let refuses_both = || refuses("a1") && refuses("a2");
    assert!(refuses_both());
    let fallback = "other_config:lacp-fallback-ab=true";
    vsctl!(
        sandbox,
        "set Port bond other_config:lacp-time=fast {fallback}"
    );
    see(&sandbox, &["bond-needs-lacp bond"]);
    vsctl!(sandbox, "remove Port bond other_config lacp-fallback-ab");
    ovs!(sandbox, "port set bond --lacp active")
        .ok()
        .omits("warning");
    for mode in ["balance-tcp", "active-backup"] {
        vsctl!(sandbox, "set Port bond bond_mode={mode}");
        see(&sandbox, &["lacp-no-partner bond"]);
        assert!(refuses_both());
        assert_eq!(
            shown(&sandbox, "bond", "state,active_member"),
            json!({"state": "not-live", "active_member": null})
        );
        ovs!(sandbox, "show a -o table")
            .ok()
            .shows("not live: no LACP partner");
    }
    vsctl!(sandbox, "set Port bond {fallback}");
    see(&sandbox, &[]);
    // As in active-backup, one member is active, and the other one is refused.
    until("the fallback", || !refuses_both());
    vsctl!(sandbox, "remove Port bond other_config lacp-fallback-ab");
    see(&sandbox, &["lacp-no-partner bond"]);
    // A partner for one member, then for both. Without one, LACP asks for it every 30 seconds only: it begins anew.
    let anew = |lacp| {
        vsctl!(
            sandbox,
            "set Port bond lacp={lacp} -- set Port far lacp={lacp}"
        )
    };
    vsctl!(
        sandbox,
        "add-bond b far b1 b2 other_config:lacp-time=fast -- set Interface b1 type=dummy \
         -- set Interface b2 type=dummy"
    );
    for (number, expected) in [
        (1, &["bond-degraded bond", "bond-degraded far"][..]),
        (2, &[]),
    ] {
        anew("off");
        join(&sandbox, number, "set Port far bond_mode=active-backup");
        anew("active");
        see(&sandbox, expected);
    }
    let bond = shown(&sandbox, "bond", "state,active_member,interfaces");
    assert_eq!(bond["state"], "up");
    assert!(bond["active_member"].is_string(), "{bond}");
    assert_eq!(bond["interfaces"][0]["lacp_current"], true);
    // The partner goes.
    vsctl!(sandbox, "del-port far");
    see(&sandbox, &["lacp-no-partner bond"]);
}

/// Whatever makes the bond so, in whatever order, is warned of once the plan is whole.
#[test]
fn bonds_are_warned_of_when_made() {
    let sandbox = Sandbox::with("add-br a");
    let batch = |lines: &str| {
        let mut ovs = ovs!(sandbox, "batch -");
        ovs.write_stdin(lines).ok()
    };
    batch("port add a b0 --bond a1,a2 --bond-mode balance-tcp\nport set b0 --lacp passive\n")
        .says_nothing();
    let warning = "passes no packets: balance-tcp needs LACP";
    ovs!(sandbox, "db set Port b0 lacp=off").ok().says(warning);
    ovs!(sandbox, "port set b0 --bond-mode balance-slb")
        .ok()
        .says_nothing();
    ovs!(sandbox, "port add a p1 --bond-mode balance-tcp")
        .ok()
        .says_nothing();
    ovs!(sandbox, "port set p1 --add-member p2")
        .ok()
        .says(warning);
}

/// BFD takes a member out of its bond.
#[test]
fn members_without_a_path() {
    let sandbox = Sandbox::with("add-br a -- add-bond a bond a1 a2");
    vsctl!(sandbox, "set Interface a1 bfd:enable=true");
    see(&sandbox, &["not-live a1"]);
    vsctl!(sandbox, "set Interface a2 bfd:enable=true");
    see(&sandbox, &["bond-down bond"]);
    ovs!(sandbox, "check --columns what")
        .exits(1)
        .prints("none of its 2 members is usable; a1: BFD down; a2: BFD down\n");
    appctl!(sandbox, "bfd/set-forwarding a1 true");
    see(&sandbox, &["not-live a2"]);
    vsctl!(sandbox, "clear Interface a1 bfd -- clear Interface a2 bfd");
    see(&sandbox, &[]);
}
