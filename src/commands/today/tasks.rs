//! The most common tasks, with Open vSwitch's own tools and with `ovs`: the table of the README.

/// One task, both ways. The names are those of `ovs sandbox start --neutron=node`.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// The purpose in a few words; if empty, the line is not in the README.
    pub what: &'static str,
    /// The line for the shell with ovs-vsctl(8) or ovs-ofctl(8).
    pub today: &'static str,
    /// The line for the shell with `ovs`.
    pub ovs: &'static str,
}

const fn task(what: &'static str, today: &'static str, ovs: &'static str) -> Task {
    Task { what, today, ovs }
}

/// The most common tasks, in an order in which they can be run.
#[rustfmt::skip]
pub const TASKS: [Task; 37] = [
    task("What is on this host", "ovs-vsctl show", "ovs show"),
    task("The bridges", "ovs-vsctl list-br", "ovs bridge list -g bridge"),
    task("Is there such a bridge?", "ovs-vsctl br-exists br-int", "ovs bridge exists br-int"),
    task("Add a bridge", "ovs-vsctl add-br br-ex", "ovs bridge add br-ex"),
    task("Give it a controller", "ovs-vsctl set-controller br-ex tcp:127.0.0.1:6633", "ovs bridge set br-ex --controller tcp:127.0.0.1:6633"),
    task("Its OpenFlow versions", "ovs-vsctl set Bridge br-ex protocols=OpenFlow10,OpenFlow13", "ovs bridge set br-ex --protocols OpenFlow10,OpenFlow13"),
    task("The ports of a bridge (here its own too)", "ovs-vsctl list-ports br-int", "ovs port list br-int -g port"),
    task("The bridge of a port", "ovs-vsctl port-to-br ens37", "ovs port show ens37 -g bridge"),
    task("Add a port with a VLAN tag", "ovs-vsctl add-port br-int tap0 tag=5 -- set Interface tap0 type=internal", "ovs port add br-int tap0 --tag 5 --type internal"),
    task("Read the tag", "ovs-vsctl get Port tap0 tag", "ovs tag show tap0 -g tag"),
    task("Change the tag", "ovs-vsctl set Port tap0 tag=7", "ovs tag set tap0 7"),
    task("Take the tag away", "ovs-vsctl clear Port tap0 tag", "ovs tag set tap0 none"),
    task("Make it a trunk", "ovs-vsctl set Port tap0 trunks=10,20", "ovs port set tap0 --trunks 10,20"),
    task("The number of a port", "ovs-vsctl get Interface patch-tun ofport", "ovs port resolve br-int patch-tun -g ofport"),
    task("The port of a number", "ovs-ofctl show br-int | grep ' 3('", "ovs port resolve br-int 3"),
    task("Packets and bytes of the ports", "ovs-ofctl dump-ports br-int", "ovs port stats br-int"),
    task("Add a bond", "ovs-vsctl add-bond br-ex bond0 eth1 eth2 lacp=active", "ovs port add br-ex bond0 --bond eth1,eth2 --lacp active"),
    task("Remove a port", "ovs-vsctl del-port tap0", "ovs port del tap0"),
    task("Join two bridges", "ovs-vsctl add-port br-int int-br-ex -- set Interface int-br-ex type=patch options:peer=phy-br-ex -- add-port br-ex phy-br-ex -- set Interface phy-br-ex type=patch options:peer=int-br-ex", "ovs patch add br-int:int-br-ex br-ex:phy-br-ex"),
    task("The other end of a patch", "ovs-vsctl get Interface int-br-ex options:peer", "ovs port show int-br-ex -g peer"),
    task("Add a tunnel", "ovs-vsctl add-port br-tun vx1 -- set Interface vx1 type=vxlan options:remote_ip=10.0.0.73 options:key=flow", "ovs tunnel add br-tun vx1 --remote 10.0.0.73 --key flow"),
    task("The tunnels", "ovs-vsctl --columns=name,ofport,options find Interface type=vxlan", "ovs tunnel list"),
    task("The flows", "ovs-ofctl dump-flows br-int", "ovs dump-flows br-int"),
    task("The flows of one port", "ovs-ofctl --names dump-flows br-int | grep qvobeeb2c54-aa", "ovs dump-flows br-int --port qvobeeb2c54-aa"),
    task("In the words of OpenFlow 1.3", "ovs-ofctl -O OpenFlow13 --names dump-flows br-int", "ovs dump-flows br-int -O OpenFlow13"),
    task("How many flows there are", "ovs-ofctl dump-aggregate br-int", "ovs dump-flows br-int --count"),
    task("Add a flow", "ovs-ofctl add-flow br-int table=60,priority=10,arp,actions=normal", "ovs flow add br-int table=60,priority=10,arp,actions=normal"),
    task("Change the actions of flows", "ovs-ofctl mod-flows br-int table=60,arp,actions=drop", "ovs flow mod br-int table=60,arp,actions=drop"),
    task("Remove flows", "ovs-ofctl del-flows br-int table=60", "ovs flow del br-int table=60"),
    task("Add a group", "ovs-ofctl -O OpenFlow13 add-group br-int group_id=5,type=all,bucket=output:3", "ovs group add br-int group_id=5,type=all,bucket=output:patch-tun"),
    task("Remove it", "ovs-ofctl -O OpenFlow13 del-groups br-int group_id=5", "ovs group del br-int 5"),
    task("Add a meter", "ovs-ofctl -O OpenFlow13 add-meter br-int meter=5,kbps,bands=type=drop,rate=1000", "ovs meter add br-int meter=5,kbps,bands=type=drop,rate=1000"),
    task("Send no floods to a port", "ovs-ofctl mod-port br-int patch-tun no-flood", "ovs port set patch-tun --openflow-config no-flood"),
    task("Any column of any record", "ovs-vsctl --columns=name,type list Interface patch-tun", "ovs db list Interface patch-tun --columns name,type"),
    task("A setting of the switch", "ovs-vsctl set Open_vSwitch . other_config:max-idle=30000", "ovs db set Open_vSwitch . other_config:max-idle=30000"),
    task("Wait until a port is there", "ovs-vsctl --timeout=5 wait-until Interface ens37 'ofport>0'", "ovs db wait -t 5 Interface ens37 'ofport>0'"),
    task("Remove a bridge", "ovs-vsctl del-br br-ex", "ovs bridge del br-ex"),
];
