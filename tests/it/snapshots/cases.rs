//! The command lines, and the switches that they are run on.

use std::time::Duration;

use ovs::sandbox::Neutron;

use crate::common::Sandbox;
use crate::common::server::{until, within};

/// What there is to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    /// A host of a Neutron cloud.
    Node,
    /// Names that are long, or not of Latin letters; what is rare; what is wrong.
    Odd,
    /// A switch without bridges.
    Empty,
}

/// A command line, on a switch.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) scene: Scene,
    pub(crate) line: &'static str,
}

impl Case {
    /// Its snapshot.
    pub(crate) fn file(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let name: String = self
            .line
            .chars()
            .map(|c| if is_plain(c) { c } else { '_' })
            .take(80)
            .collect();
        format!("tests/snapshots/{}/{name}.txt", self.scene.name())
    }

    /// Whether this line of it may be wider than the terminal: dumps are never folded, and `check` breaks no
    /// word.
    pub(crate) fn is_free(&self, line: &str) -> bool {
        let free = [
            "dump-flows",
            "dump-groups",
            "dump-meters",
            "decode",
            "packet-out",
            "group diff",
            "flow diff",
            "trace",
        ];
        let is_dump = free.iter().any(|command| self.line.starts_with(command));
        is_dump || (self.line.starts_with("check") && !line.trim_start().contains(' '))
    }
}

/// Commands that have no case, and where they are looked at.
pub(crate) const ELSEWHERE: [(&str, &str); 8] = [
    ("diff", "it takes two hosts: diff.rs"),
    ("appctl", "its text is the daemon's: appctl.rs"),
    ("save", "it writes a file: save.rs"),
    ("sandbox start", "it leaves daemons: sandbox.rs"),
    ("sandbox stop", "sandbox.rs"),
    ("sandbox run", "sandbox.rs"),
    ("help", "the pages in man/: manual.rs"),
    ("completions", "the scripts in completions/: completion.rs"),
];

const fn node(line: &'static str) -> Case {
    let scene = Scene::Node;
    Case { scene, line }
}

const fn odd(line: &'static str) -> Case {
    let scene = Scene::Odd;
    Case { scene, line }
}

const fn empty(line: &'static str) -> Case {
    let scene = Scene::Empty;
    Case { scene, line }
}

/// The names of `Odd`, of 60 characters.
const FAR: &str = "phy-br-physical-network-of-the-second-rack-in-the-east-wing1";

pub(crate) const CASES: &[Case] = &[
    node("show"),
    node("show br-tun"),
    node("bridge list"),
    node("bridge show br-int"),
    node("bridge exists br-int"),
    node("port list"),
    node("port list br-int --columns port,ofport,tag,type"),
    node("port show qvobeeb2c54-aa"),
    node("port show int-br-ens37"),
    node("port resolve br-int 1 qvobeeb2c54-aa LOCAL"),
    node("port stats br-tun"),
    node("port find qvobeeb2"),
    node("patch list"),
    node("tag list"),
    node("tag show qvobeeb2c54-aa"),
    node("tag map"),
    node("tunnel list"),
    node("tunnel show vxlan-0a000048"),
    node("dump-flows br-ens37 --sort"),
    node("dump-flows br-ens37 --sort --no-stats -O OpenFlow15"),
    node("dump-flows br-int --count"),
    node("dump-flows --all --count"),
    node("dump-groups br-int"),
    node("dump-meters br-int"),
    node("dump-tables br-tun"),
    node("check"),
    node("check br-tun"),
    node("graph"),
    node("path qvobeeb2c54-aa"),
    node("path qvo6b5e4978-e2"),
    node("trace qvobeeb2c54-aa --arp 66.0.0.1 --from 66.0.0.9"),
    node("trace br-int in_port=int-br-ens37,dl_vlan=77"),
    node("trace qvobeeb2c54-aa --to 192.0.2.1"),
    node("decode 0600000800000001"),
    node("db get Bridge br-int name fail_mode other_config:hwaddr"),
    node("db list Bridge --columns name,fail_mode,protocols,other_config"),
    node("db find Interface type=patch --columns name,options"),
    node("db wait Bridge br-int fail_mode=secure"),
    // What changes something is asked what it would do.
    node("bridge add br-new --dry-run"),
    node("bridge del br-tun --dry-run"),
    node("bridge set br-int --fail-mode standalone --dry-run"),
    node("port add br-int tap0 --type internal --tag 5 --dry-run"),
    node("port del qvobeeb2c54-aa --dry-run"),
    node("flow replace br-ens37 fixtures/neutron/node/flows/br-external.flows --dry-run"),
    node("flow diff br-ens37 fixtures/neutron/node/flows/br-ens37.expected"),
    node("flow diff fixtures/neutron/node/flows/br-external.flows br-ens37"),
    node("port set qvobeeb2c54-aa --tag 7 --dry-run"),
    node("port set qvobeeb2c54-aa --openflow-config no-flood,down --dry-run"),
    node(
        "packet-out br-int --in-port qvobeeb2c54-aa --actions output:int-br-ens37 icmp,icmp_type=8 --dry-run",
    ),
    node("group add br-int group_id=777,type=all,bucket=output:int-br-ens37 --explain --dry-run"),
    node("meter add br-int meter=77,kbps,bands=type=drop,rate=1000 --explain --dry-run"),
    node("table set br-tun 20 --name learned --eviction on --dry-run"),
    node("patch add br-int br-tun:to-int --dry-run"),
    node("patch del patch-tun --dry-run"),
    node("tag set qvobeeb2c54-aa 7 --dry-run"),
    node("tag clear qvobeeb2c54-aa --dry-run"),
    node("tunnel add br-tun --remote 10.0.0.73 --key flow --dry-run"),
    node("tunnel del vxlan-0a000048 --dry-run"),
    node("tunnel set vxlan-0a000048 --remote 10.0.0.74 --dry-run"),
    node("batch tests/snapshots/batch.txt --dry-run"),
    node("db set Bridge br-int fail_mode=standalone --dry-run"),
    node("db add Bridge br-int protocols OpenFlow13 --dry-run"),
    node("db remove Bridge br-int other_config hwaddr --dry-run"),
    node("db clear Bridge br-int fail_mode --dry-run"),
    node("db create QoS type=linux-htb --dry-run"),
    node("db destroy Bridge br-tun --dry-run"),
    node("flow add br-int 'priority=9,in_port=qvobeeb2c54-aa,actions=NORMAL' --dry-run"),
    node("flow mod br-ens37 in_port=phy-br-ens37,actions=NORMAL --dry-run"),
    node("flow del br-ens37 in_port=phy-br-ens37 --dry-run"),
    node(
        "group add br-int group_id=9,type=ff,bucket=watch_port:int-br-ens37,output:int-br-ens37 --dry-run",
    ),
    node("group mod br-int group_id=9,type=all --may-create --dry-run"),
    node("group del br-int --all --dry-run"),
    node("group insert-buckets br-int group_id=1,command_bucket_id=last,bucket=drop --dry-run"),
    node("group remove-buckets br-int group_id=1 --dry-run"),
    node("group replace br-int tests/snapshots/groups.txt --dry-run"),
    node("group diff br-int tests/snapshots/groups.txt"),
    node("meter add br-int meter=9,kbps,bands=type=drop,rate=1000 --dry-run"),
    node("meter mod br-int meter=9,kbps,bands=type=drop,rate=1000 --may-create --dry-run"),
    node("meter del br-int --all --dry-run"),
    // What would not be.
    node("port show nowhere"),
    node("bridge show nowhere"),
    odd("show"),
    odd("bridge list"),
    odd("bridge list --columns bridge,protocols,external_ids"),
    odd("bridge show br-int"),
    odd("port list"),
    odd("port show int-br-physical-network-of-the-second-rack-in-the-east-wing1"),
    odd("port show bond0"),
    odd("port show 漢字ポート名のとても長い名前です"),
    odd("port stats br-int"),
    odd("port find rack"),
    odd("fdb list"),
    odd("fdb find 02:00:00:00:00:07"),
    odd("bond show"),
    odd("datapath show --columns datapath,bridges,ports"),
    odd("datapath ports --columns name,bridge,interface,ofport"),
    odd("patch list"),
    odd("tag list"),
    odd("tag map"),
    odd("tunnel list"),
    odd("tunnel list --columns port,bridge,remote_ip,local_ip,key"),
    odd("check"),
    odd("graph"),
    odd("path eth1"),
    odd("dump-flows br-int --sort"),
    odd("dump-groups br-int"),
    odd("dump-meters br-int"),
    odd("dump-tables br-int"),
    odd("db list Queue --columns external_ids,dscp"),
    odd("port set eth1 --tag 8 --dry-run"),
    empty("show"),
    empty("bridge list"),
    empty("port list"),
    empty("port stats"),
    empty("fdb list"),
    empty("bond show"),
    empty("datapath show"),
    empty("datapath ports"),
    empty("datapath flows"),
    empty("datapath conntrack"),
    empty("datapath neighbours"),
    empty("datapath routes"),
    empty("patch list"),
    empty("tag list"),
    empty("tag map"),
    empty("tunnel list"),
    empty("dump-flows --all"),
    empty("check"),
    empty("graph"),
    empty("db list Bridge"),
];

impl Scene {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Odd => "odd",
            Self::Empty => "empty",
        }
    }

    /// The switch, in a state that does not change any more.
    pub(crate) fn sandbox(self) -> Sandbox {
        match self {
            Self::Node => {
                let sandbox = Sandbox::neutron(Neutron::Node);
                // Its controller is not there, and the switch says so once.
                for bridge in ["br-int", "br-tun", "br-ens37", "br-external"] {
                    let id = vsctl!(sandbox, "get Bridge {bridge} controller");
                    let id = id.trim().trim_matches(['[', ']']);
                    vsctl!(sandbox, "wait-until Controller {id} status:state=BACKOFF");
                }
                let often = "other_config:stats-update-interval=3600000";
                vsctl!(sandbox, "set Open_vSwitch . {often}");
                sandbox
            }
            Self::Odd => odd_switch(),
            Self::Empty => Sandbox::empty(),
        }
    }
}

fn odd_switch() -> Sandbox {
    let sandbox = Sandbox::empty();
    let near = FAR.replace("phy-", "int-");
    let dangling = format!("dangling-{}", &FAR[..51]);
    let tunnel = "vxlan-to-the-hypervisors-of-the-second-rack-in-the-east-wing";
    let wide = "漢字ポート名のとても長い名前です";
    let far_bridge = "br-physical-network-of-the-second-rack-in-the-eastern-wing-1";
    assert_eq!((FAR.len(), near.len(), dangling.len()), (60, 60, 60));
    assert_eq!((tunnel.len(), far_bridge.len()), (60, 60));
    vsctl!(sandbox, "add-br br-int -- add-br {far_bridge}");
    vsctl!(
        sandbox,
        "set Bridge br-int protocols=OpenFlow10,OpenFlow13,OpenFlow15"
    );
    vsctl!(
        sandbox,
        "set Bridge br-int 'external_ids:owner=rack 2, east'"
    );
    vsctl!(sandbox, "set-fail-mode br-int secure");
    let port = |ofport: u8, bridge: &str, name: &str, of_port: &str, of_interface: &str| {
        vsctl!(
            sandbox,
            "add-port {bridge} '{name}' {of_port} \
             -- set Interface '{name}' ofport_request={ofport} {of_interface}"
        );
    };
    let patch = |name: &str| format!("type=patch options:peer={name}");
    port(1, "br-int", &near, "", &patch(FAR));
    port(1, far_bridge, FAR, "", &patch(&near));
    port(2, "br-int", &dangling, "", &patch("nowhere"));
    let ends = "type=vxlan options:remote_ip=2001:db8:1234:5678:9abc:def0:1111:2222 \
                options:local_ip=2001:db8:1234:5678:9abc:def0:1111:3333 options:key=flow";
    port(3, "br-int", tunnel, "", ends);
    port(4, "br-int", "eth1", "tag=7", "");
    port(5, "br-int", wide, "tag=7", "");
    port(6, "br-int", "👩‍👩‍👧 tap🚀🚀🚀", "trunks=1,2,3,100", "");
    vsctl!(
        sandbox,
        "add-bond br-int bond0 eth2 eth3 -- set Port bond0 lacp=passive bond_mode=balance-tcp \
         -- set Interface eth2 ofport_request=7 -- set Interface eth3 ofport_request=8"
    );
    vsctl!(
        sandbox,
        "--id=@q create Queue dscp=10 external_ids:a=b -- --id=@s create QoS type=linux-htb \
         queues:1=@q -- set Port eth1 qos=@s"
    );
    vsctl!(
        sandbox,
        "set Open_vSwitch . other_config:stats-update-interval=3600000"
    );
    let of = "OpenFlow13";
    let ofctl = |command: &str, what: &str| {
        ofctl!(sandbox, "-O {of} {command} br-int {what}");
    };
    ofctl(
        "add-group",
        "group_id=1,type=select,bucket=weight:10,actions=output:4,bucket=weight:20,actions=output:5",
    );
    ofctl(
        "add-group",
        "group_id=2,type=ff,bucket=watch_port:4,actions=output:4",
    );
    ofctl(
        "add-meter",
        "meter=1,kbps,burst,band=type=drop,rate=1000,burst_size=100",
    );
    ofctl(
        "add-flow",
        "table=0,priority=10,in_port=4,ip,nw_src=10.0.0.0/8,actions=meter:1,group:1",
    );
    ofctl(
        "add-flow",
        "table=0,priority=5,cookie=0x1234567890abcdef,ip,dl_vlan=7,actions=ct(commit,zone=5,exec(set_field:1->ct_mark),table=1)",
    );
    ofctl(
        "add-flow",
        "table=1,priority=0,actions=learn(table=2,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),NORMAL",
    );
    // The switch takes some seconds to find that there is no LACP partner.
    vsctl!(
        sandbox,
        "wait-until Interface eth2 lacp_current=false -- wait-until Interface eth3 lacp_current=false"
    );
    sandbox.appctl(&["fdb/add", "br-int", "eth1", "7", "02:00:00:00:00:07"]);
    sandbox.appctl(&["fdb/add", "br-int", "br-int", "0", "02:00:00:00:00:08"]);
    // One reconfiguration says that the dangling port has no peer, and the next takes that back; without
    // another it stays as it is.
    let mut turn = 1000;
    until("the switch says so", || {
        turn += 1;
        vsctl!(sandbox, "set Open_vSwitch . next_cfg={turn}");
        within(Duration::from_millis(500), || {
            vsctl!(sandbox, "get Interface {dangling} error") != "[]\n"
        })
    });
    sandbox
}
