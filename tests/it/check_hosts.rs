//! `ovs check` on hosts as controllers make them (`fixtures/hosts`): nothing but notes; and with a fault, it.

use std::fs;

use ovs::model::check::Severity;

use crate::common::Sandbox;
use crate::common::checks::{see_from, vsctl};
use crate::common::saved::load;

/// Loads a host, sees no warning and no error, brings a fault about and sees exactly these.
fn host(name: &str, plant: impl FnOnce(&Sandbox), expected: &[&str]) {
    let sandbox = Sandbox::empty();
    load(&sandbox, name);
    see_from(Severity::Warning, &sandbox, &[]);
    plant(&sandbox);
    see_from(Severity::Warning, &sandbox, expected);
}

fn ofctl(sandbox: &Sandbox, words: &[&str]) {
    sandbox.ofctl(&[&["-O", "OpenFlow15"], words].concat());
}

#[test]
fn neutron_hybrid() {
    let lose = |sandbox: &Sandbox| {
        vsctl(
            sandbox,
            "set Interface phy-br-ens37 options:peer=int-br-ens73",
        );
    };
    let expected = ["dangling-patch phy-br-ens37"];
    host("neutron/node", lose, &expected);
}

#[test]
fn neutron_firewall() {
    let unplug = |sandbox: &Sandbox| vsctl(sandbox, "del-port tap00000001-0d");
    let expected = ["flow-matches-no-port port 4", "flow-output-no-port port 4"];
    host("hosts/neutron-firewall", unplug, &expected);
}

#[test]
fn neutron_dvr() {
    let typed = |sandbox: &Sandbox| {
        let flow = "table=2,priority=3,dl_vlan=1,dl_dst=fa:16:3e:00:10:03,actions=drop";
        ofctl(sandbox, &["add-flow", "br-int", flow]);
    };
    let expected = ["hidden-flow table=2,priority=3,dl_vlan=1,dl_dst=fa:16:3e:00:10:03"];
    host("hosts/neutron-dvr", typed, &expected);
}

#[test]
fn neutron_trunk() {
    let unplug = |sandbox: &Sandbox| vsctl(sandbox, "del-port spi-5e6f7a8b-9c");
    host(
        "hosts/neutron-trunk",
        unplug,
        &["dangling-patch spt-5e6f7a8b-9c"],
    );
}

#[test]
fn ovn() {
    let twice = |sandbox: &Sandbox| {
        let line = "add-port br-int ovn-32a2f4-1 -- set Interface ovn-32a2f4-1 type=geneve \
                    options:key=flow options:csum=true options:remote_ip=10.0.0.72";
        vsctl(sandbox, line);
    };
    host("hosts/ovn", twice, &["duplicate-tunnel ovn-32a2f4-1"]);
}

#[test]
fn ovn_kubernetes() {
    let stray = |sandbox: &Sandbox| {
        ofctl(
            sandbox,
            &[
                "add-flow",
                "br-int",
                "table=65,priority=100,reg15=0x4,metadata=0x1,actions=output:9",
            ],
        );
    };
    host(
        "hosts/ovn-kubernetes",
        stray,
        &["flow-output-no-port port 9"],
    );
}

#[test]
fn antrea() {
    let watch = |sandbox: &Sandbox| {
        ofctl(
            sandbox,
            &[
                "add-group",
                "br-int",
                "group_id=300,type=ff,bucket=watch_port:77,actions=output:1",
            ],
        );
    };
    host("hosts/antrea", watch, &["bucket-never-live group 300"]);
}

#[test]
fn opendaylight() {
    // The switch deletes the flows that use a group with it, but not groups that do.
    let lose = |sandbox: &Sandbox| ofctl(sandbox, &["del-groups", "br-int", "group_id=210003"]);
    host("hosts/netvirt", lose, &["missing-group group 210003"]);
}

#[test]
fn opennebula() {
    let dead = |sandbox: &Sandbox| vsctl(sandbox, "set Port one-0-1 tag=4095");
    host("hosts/opennebula", dead, &["dead-vlan one-0-1"]);
}

#[test]
fn openshift_sdn() {
    let meter = |sandbox: &Sandbox| {
        ofctl(
            sandbox,
            &[
                "add-flow",
                "br0",
                "table=110,priority=9,ip,actions=controller(meter_id=7)",
            ],
        );
    };
    host("hosts/openshift-sdn", meter, &["missing-meter meter 7"]);
}

/// Every host names its source, and every host of the folder is tested here.
#[test]
fn hosts_are_complete() {
    let tests = include_str!("check_hosts.rs");
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/hosts");
    let readme = fs::read_to_string(format!("{dir}/README.md")).unwrap();
    let hosts = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for host in hosts.filter(|path| path.is_dir()) {
        let name = host.file_name().unwrap().to_str().unwrap();
        assert!(readme.contains(&format!("| `{name}` |")), "{name}");
        assert!(tests.contains(&format!("\"hosts/{name}\"")), "{name}");
    }
}
