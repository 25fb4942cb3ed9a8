//! `ovs bond show` against the text of the real daemons.

use ovs::unixctl::bonds::{BondState, LacpState};
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::server::until;

/// What ovs-vswitchd of both versions said, as `fixtures/golden/make_unixctl` has it.
#[test]
fn bonds_of_both_versions() {
    for (bonds, lacp) in [
        (
            include_str!("../../fixtures/golden/unixctl/bond-show-3.1.txt"),
            include_str!("../../fixtures/golden/unixctl/lacp-show-3.1.txt"),
        ),
        (
            include_str!("../../fixtures/golden/unixctl/bond-show-3.5.txt"),
            include_str!("../../fixtures/golden/unixctl/lacp-show-3.5.txt"),
        ),
    ] {
        let bonds = BondState::from_text(bonds);
        for bond in &bonds {
            assert_eq!(bond.unknown, [""; 0]);
            for member in &bond.members {
                assert_eq!(member.unknown, [""; 0], "{member:?}");
                assert!(member.may_enable.is_some(), "{member:?}");
            }
        }
        let states: Vec<String> = bonds
            .iter()
            .flat_map(|bond| {
                bond.members.iter().map(|member| {
                    let active = if member.is_active { " active" } else { "" };
                    format!(
                        "{} {} {}{active}",
                        bond.name, member.name, member.is_enabled
                    )
                })
            })
            .collect();
        let expected = [
            "bond2 e5 false",
            "bond2 e6 true active",
            "bond2 e7 true",
            "bond1 e3 false",
            "bond1 e4 false",
            "bond0 e1 true active",
            "bond0 e2 false",
        ];
        assert_eq!(states, expected);
        let of = |name: &str| bonds.iter().find(|bond| bond.name == name).unwrap();
        let text = Some;
        assert_eq!(of("bond0").mode.as_deref(), text("balance-slb"));
        assert_eq!(of("bond1").mode.as_deref(), text("balance-tcp"));
        assert_eq!(of("bond1").lacp.as_deref(), text("negotiated"));
        assert_eq!(of("bond1").active_mac.as_deref(), text("00:00:00:00:00:00"));
        assert!(of("bond1").next_rebalance.is_some());
        let bond2 = of("bond2");
        assert_eq!((bond2.updelay, bond2.downdelay), (Some(60_000), Some(0)));
        assert_eq!(bond2.primary.as_deref(), text("e6"));
        assert_eq!(bond2.hash_basis, Some(0));
        assert!(bond2.members[0].delay.is_some_and(|delay| delay > 50_000));
        assert_eq!(
            bond2.active().map(|member| member.name.as_str()),
            text("e6")
        );

        let ports = LacpState::from_text(lacp);
        let names: Vec<&str> = ports.iter().map(|port| port.name.as_str()).collect();
        assert_eq!(names, ["bond1", "e8"]);
        assert_eq!(ports[0].status, "active negotiated");
        let e3 = &ports[0].members[0];
        assert_eq!(
            (e3.name.as_str(), e3.status.as_str()),
            ("e3", "expired attached")
        );
        assert_eq!(e3.partner.as_deref(), text("00:00:00:00:00:00"));
        assert_eq!(e3.partner_state, ["timeout"]);
        assert_eq!(ports[1].members[0].status, "defaulted detached");
    }
}

#[test]
fn members_are_those_of_the_daemon() {
    let member = |name: &str| format!("-- set Interface {name} type=dummy");
    let members = ["e1", "e2", "e3", "e4"].map(member).join(" ");
    let sandbox = Sandbox::with(&format!(
        "add-br br0 -- add-bond br0 bond0 e1 e2 -- add-bond br0 bond1 e3 e4 lacp=active bond_mode=balance-tcp \
         {members} -- add-port br0 p1 -- set Interface p1 type=dummy"
    ));
    sandbox.appctl(&["netdev-dummy/set-admin-state", "e2", "down"]);
    until("e2 is disabled", || {
        sandbox
            .appctl(&["bond/show", "bond0"])
            .contains("member e2: disabled")
    });
    let rows = ovs!(sandbox, "bond show").json();
    let rows = rows.as_array().unwrap();
    let text = sandbox.appctl(&["bond/show"]);
    assert_eq!(rows.len(), 4);
    for row in rows {
        let (name, state) = (
            row["member"].as_str().unwrap(),
            row["state"].as_str().unwrap(),
        );
        assert!(
            text.contains(&format!("\nmember {name}: {state}\n")),
            "{row}\n{text}"
        );
        assert_eq!(row["bridge"], "br0");
        let number = vsctl!(sandbox, "get Interface {name} ofport");
        assert_eq!(row["ofport"].to_string(), number.trim());
        let mode = vsctl!(
            sandbox,
            "get Port {} bond_mode",
            row["bond"].as_str().unwrap()
        );
        let mode = mode.trim().replace("[]", "active-backup");
        assert_eq!(row["mode"], mode.as_str());
    }
    let of = |name: &str| rows.iter().find(|row| row["member"] == name).unwrap();
    assert_eq!(of("e1")["active"], true);
    assert_eq!(of("e2")["active"], false);
    assert_eq!(of("e1")["lacp_state"], Value::Null);
    assert!(
        of("e3")["lacp_state"]
            .as_str()
            .unwrap()
            .ends_with("attached")
    );
    let one = ovs!(
        sandbox,
        "bond show bond1 --columns bond,member,more,partner"
    )
    .json();
    assert_eq!(one.as_array().unwrap().len(), 2);
    assert_eq!(one[0]["more"], json!([]));
    assert_eq!(one[0]["partner"], "00:00:00:00:00:00");
    ovs!(sandbox, "bond show p1").fails(3, "bond \"p1\" not found");
    ovs!(sandbox, "bond show bond2").fails(3, "did you mean \"bond");
}
