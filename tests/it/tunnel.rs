//! `ovs tunnel`: where tunnels lead.

use ovs::sandbox::Neutron;

use crate::common::{self, Sandbox};

#[test]
fn where_tunnels_lead() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    // fixtures/neutron/notes/ports.tsv
    let expected = "br-tun\tvxlan-0a000048\t2\tvxlan\t10.0.0.71\t10.0.0.72\tflow\tup\t-\t-\tvxlan-0a000048\n\
         br-tun\tvxlan-c0a80148\t3\tvxlan\t192.168.1.71\t192.168.1.72\tflow\tup\t-\t-\tvxlan-c0a80148\n";
    ovs!(sandbox, "tunnel list").prints(expected);
    ovs!(sandbox, "tunnel list br-tun").prints(expected);
    ovs!(sandbox, "tunnel list br-int").prints("");
    ovs!(sandbox, "tunnel list -g remote_ip").prints("10.0.0.72\n192.168.1.72\n");
    for (file, option) in [("list.table", "-o table"), ("list.json", "--json")] {
        let said = ovs!(sandbox, "tunnel list {option}").out();
        common::golden(&format!("tunnel/{file}"), &said);
    }
}

#[test]
fn keys_and_ports() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 gre0 -- set Interface gre0 type=gre \
         options:remote_ip=192.0.2.1 options:key=42 ofport_request=1 -- add-port br0 gnv0 -- \
         set Interface gnv0 type=geneve options:remote_ip=flow options:in_key=1 \
         options:out_key=flow options:dst_port=6082 ofport_request=2",
    );
    ovs!(sandbox, "tunnel list --columns port,remote_ip,key,dst_port")
        .prints("gre0\t192.0.2.1\t42\t-\ngnv0\tflow\tin=1 out=flow\t6082\n");
}
