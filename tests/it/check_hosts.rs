//! `ovs check` on hosts as controllers make them (`fixtures/hosts`): nothing but notes; and with a fault, it.

use std::fs;

use ovs::model::check::Severity;

use crate::common::Sandbox;
use crate::common::checks::see_from;
use crate::common::saved::load;

/// Loads a host, sees no warning and no error, runs a line of ovs-vsctl or ovs-ofctl and sees exactly these.
fn host(name: &str, line: &str, expected: &[&str]) {
    let sandbox = Sandbox::empty();
    load(&sandbox, name);
    see_from(Severity::Warning, &sandbox, &[]);
    match line.split_once(' ') {
        Some(("ovs-ofctl", line)) => ofctl!(sandbox, "-O OpenFlow15 {line}"),
        Some(("ovs-vsctl", line)) => vsctl!(sandbox, "{line}"),
        _ => panic!("{line}"),
    };
    see_from(Severity::Warning, &sandbox, expected);
}

/// A test for each: they run in parallel.
macro_rules! hosts {
    ($($test:ident: $name:literal, $line:expr => $expected:expr;)*) => {
        $(
            #[test]
            fn $test() {
                host($name, $line, &$expected);
            }
        )*
    };
}

hosts! {
    neutron_hybrid: "neutron/node",
        "ovs-vsctl set Interface phy-br-ens37 options:peer=int-br-ens73"
        => ["dangling-patch phy-br-ens37"];
    neutron_firewall: "hosts/neutron-firewall",
        "ovs-vsctl del-port tap00000001-0d"
        => ["flow-matches-no-port port 4", "flow-output-no-port port 4"];
    neutron_dvr: "hosts/neutron-dvr",
        "ovs-ofctl add-flow br-int table=2,priority=3,dl_vlan=1,dl_dst=fa:16:3e:00:10:03,actions=drop"
        => ["hidden-flow table=2,priority=3,dl_vlan=1,dl_dst=fa:16:3e:00:10:03"];
    neutron_trunk: "hosts/neutron-trunk",
        "ovs-vsctl del-port spi-5e6f7a8b-9c"
        => ["dangling-patch spt-5e6f7a8b-9c"];
    ovn: "hosts/ovn",
        "ovs-vsctl add-port br-int ovn-32a2f4-1 -- set Interface ovn-32a2f4-1 type=geneve options:key=flow \
         options:csum=true options:remote_ip=10.0.0.72"
        => ["duplicate-tunnel ovn-32a2f4-1"];
    ovn_kubernetes: "hosts/ovn-kubernetes",
        "ovs-ofctl add-flow br-int table=65,priority=100,reg15=0x4,metadata=0x1,actions=output:9"
        => ["flow-output-no-port port 9"];
    antrea: "hosts/antrea",
        "ovs-ofctl add-group br-int group_id=300,type=ff,bucket=watch_port:77,actions=output:1"
        => ["bucket-never-live group 300"];
    // The switch deletes the flows that use a group with it, but not groups that do.
    opendaylight: "hosts/netvirt",
        "ovs-ofctl del-groups br-int group_id=210003"
        => ["missing-group group 210003"];
    opennebula: "hosts/opennebula",
        "ovs-vsctl set Port one-0-1 tag=4095"
        => ["dead-vlan one-0-1"];
    openshift_sdn: "hosts/openshift-sdn",
        "ovs-ofctl add-flow br0 table=110,priority=9,ip,'actions=controller(meter_id=7)'"
        => ["missing-meter meter 7"];
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
