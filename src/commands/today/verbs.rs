//! The table of verbs: every verb of ovs-vsctl(8), ovs-ofctl(8) and ovs-appctl(8), with its counterpart or the reason
//! why there is none. A test takes the list of verbs from the tools themselves, and runs both sides of every form.

use Tool::{Appctl, Ofctl, OvsdbServer, Vsctl};

/// A tool of Open vSwitch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// ovs-vsctl(8)
    Vsctl,
    /// ovs-ofctl(8)
    Ofctl,
    /// ovs-appctl(8) with ovs-vswitchd(8), and what all daemons answer
    Appctl,
    /// ovs-appctl(8) with ovsdb-server(1)
    OvsdbServer,
}

impl Tool {
    /// All of them.
    pub const ALL: [Tool; 4] = [Tool::Vsctl, Tool::Ofctl, Tool::Appctl, Tool::OvsdbServer];

    /// The beginning of its command line.
    pub fn line(self) -> &'static str {
        match self {
            Tool::Vsctl => "ovs-vsctl",
            Tool::Ofctl => "ovs-ofctl",
            Tool::Appctl => "ovs-appctl",
            Tool::OvsdbServer => "ovs-appctl -t ovsdb-server",
        }
    }

    /// Whether this word, with or without `ovs-`, is its name.
    pub(super) fn is_named(self, word: &str) -> bool {
        let program = self.line().split(' ').next().unwrap_or_default();
        word == program || program.strip_prefix("ovs-") == Some(word)
    }
}

/// A verb of a tool.
#[derive(Debug, Clone, Copy)]
pub struct Verb {
    /// The tool.
    pub tool: Tool,
    /// The verb.
    pub name: &'static str,
    /// Its counterpart.
    pub counterpart: Counterpart,
}

/// The counterpart of a verb.
#[derive(Debug, Clone, Copy)]
pub enum Counterpart {
    /// The same with `ovs`, for each form of the verb's arguments.
    Here(&'static [Form]),
    /// The same, and `ovs VERB` runs it.
    Runs(&'static [Form]),
    /// None, and the reason.
    NotHere(&'static str),
}

impl Counterpart {
    /// The forms of the verb's arguments; none where there is no counterpart.
    pub fn forms(self) -> &'static [Form] {
        match self {
            Counterpart::Here(forms) | Counterpart::Runs(forms) => forms,
            Counterpart::NotHere(_) => &[],
        }
    }
}

/// A form of a verb's arguments, and the command of `ovs` for it.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// The arguments, each a name in capitals, which may follow a prefix, or a word that stands for itself. With `...` it takes all arguments that are
    /// left; before `SETTING...` those without `=`.
    pub arguments: &'static str,
    /// The command of `ovs`, with the names of the arguments. `--SETTING...` stands for the options that set the
    /// columns, `IFACE,...` for a list.
    pub ovs: &'static str,
    /// The difference of its answer, if any.
    pub but: &'static str,
    /// The words after the tool's name, for the shell; on the host of `ovs sandbox start --neutron=node`, after
    /// the examples above it.
    pub example: &'static str,
}

impl Form {
    const fn but(mut self, difference: &'static str) -> Form {
        self.but = difference;
        self
    }
}

impl Verb {
    /// The verb's row; of a tool, if that is known.
    pub(super) fn find(name: &str, tool: Option<Tool>) -> Option<&'static Verb> {
        let is_of = |verb: &Verb| match tool {
            Some(Tool::Appctl) => matches!(verb.tool, Tool::Appctl | Tool::OvsdbServer),
            Some(tool) => verb.tool == tool,
            None => true,
        };
        VERBS.iter().find(|verb| verb.name == name && is_of(verb))
    }
}

const fn here(tool: Tool, name: &'static str, forms: &'static [Form]) -> Verb {
    Verb {
        tool,
        name,
        counterpart: Counterpart::Here(forms),
    }
}

const fn runs(tool: Tool, name: &'static str, forms: &'static [Form]) -> Verb {
    Verb {
        tool,
        name,
        counterpart: Counterpart::Runs(forms),
    }
}

const fn not_here(tool: Tool, name: &'static str, why: &'static str) -> Verb {
    Verb {
        tool,
        name,
        counterpart: Counterpart::NotHere(why),
    }
}

const fn form(arguments: &'static str, ovs: &'static str, example: &'static str) -> Form {
    Form {
        arguments,
        ovs,
        but: "",
        example,
    }
}

const NO: &str = "ovs does not do that";
const ROWS: &str = "ovs has no command that makes or removes these records together";
const COMMENT: &str = "ovs describes each of its changes itself in the database's log";
const MIXED: &str = "ovs has no file of changes of every kind; 'ovs flow add --file' and 'ovs group add --file' are each all or none";
const PACKET: &str =
    "'ovs packet-out SWITCH --in-port PORT --actions ACTIONS --hex HEX' takes the parts as options";
const SHOW: &str =
    "ovs does not print what a switch supports, only its ports ('ovs port list BRIDGE')";
const TEST: &str = "ovs has no commands to test its parsers";
const OWN: &str = "'ovs --help' lists the commands of ovs, not those of other tools";
const SOCKET: &str = "ovs does not talk to the daemons' control sockets";

/// Every verb, the tools in order. A name that several tools have is that of the first for one who names no tool.
#[rustfmt::skip]
pub const VERBS: &[Verb] = &[
    here(Vsctl, "show", &[form("", "show", "show")]),
    here(Vsctl, "add-br", &[
        form("BRIDGE", "bridge add BRIDGE --SETTING...", "add-br br-ex -- set Bridge br-ex fail_mode=secure external_ids:a=b other_config:hwaddr=02:00:00:00:00:01 rstp_enable=true"),
        form("BRIDGE PARENT VLAN", "bridge add BRIDGE --parent PARENT --vlan VLAN", "--may-exist add-br br-ex7 br-ex 7"),
    ]),
    here(Vsctl, "list-br", &[form("", "bridge list -g bridge", "list-br")]),
    here(Vsctl, "br-exists", &[form("BRIDGE", "bridge exists BRIDGE", "br-exists br-int")]),
    here(Vsctl, "br-to-vlan", &[
        form("BRIDGE", "bridge show BRIDGE -g vlan", "br-to-vlan br-ex7").but("nothing, not 0, for a bridge that is not a VLAN bridge"),
    ]),
    here(Vsctl, "br-to-parent", &[
        form("BRIDGE", "bridge show BRIDGE -g parent", "br-to-parent br-ex7").but("nothing, not its own name, for a bridge that is not a VLAN bridge"),
    ]),
    here(Vsctl, "br-set-external-id", &[
        form("BRIDGE KEY VALUE", "bridge set BRIDGE --external-id KEY=VALUE", "br-set-external-id br-int note here"),
        form("BRIDGE KEY", "bridge set BRIDGE --external-id KEY-", "br-set-external-id br-ex a"),
    ]),
    here(Vsctl, "br-get-external-id", &[
        form("BRIDGE KEY", "db get Bridge BRIDGE external_ids:KEY", "br-get-external-id br-int note").but("an error for a key that is not there"),
        form("BRIDGE", "bridge show BRIDGE -g external_ids", "br-get-external-id br-int").but("all on one line"),
    ]),
    here(Vsctl, "list-ports", &[
        form("BRIDGE", "port list BRIDGE -g port", "list-ports br-int").but("the bridge's own port too"),
    ]),
    here(Vsctl, "add-port", &[
        form("BRIDGE PORT SETTING...", "port add BRIDGE PORT --SETTING...", "--may-exist add-port br-int tap0 tag=5 external_ids:p=q other_config:r=s -- set Interface tap0 type=internal external_ids:a='x y' mtu_request=1400 ofport_request=77"),
    ]),
    here(Vsctl, "port-to-br", &[form("PORT", "port show PORT -g bridge", "port-to-br ens37")]),
    here(Vsctl, "add-bond", &[
        form("BRIDGE PORT IFACE... SETTING...", "port add BRIDGE PORT --bond IFACE,... --SETTING...", "add-bond br-ex bond0 eth1 eth2 lacp=active bond_mode=balance-tcp"),
    ]),
    here(Vsctl, "add-bond-iface", &[
        form("BOND IFACE", "port set BOND --add-member IFACE", "add-bond-iface bond0 eth3"),
    ]),
    here(Vsctl, "del-bond-iface", &[
        form("BOND IFACE", "port set BOND --remove-member IFACE", "del-bond-iface bond0 eth3"),
    ]),
    here(Vsctl, "list-ifaces", &[
        form("BRIDGE", "port list BRIDGE -g interface", "list-ifaces br-int").but("the bridge's own interface too"),
    ]),
    here(Vsctl, "iface-to-br", &[form("IFACE", "port show IFACE -g bridge", "iface-to-br ens37")]),
    here(Vsctl, "del-port", &[
        form("PORT", "port del PORT", "--if-exists del-port bond0"),
        form("BRIDGE PORT", "port del BRIDGE/PORT", "del-port br-int tap0"),
    ]),
    here(Vsctl, "del-br", &[form("BRIDGE", "bridge del BRIDGE", "-- --if-exists del-br br-ex7")]),
    here(Vsctl, "set-controller", &[
        form("BRIDGE TARGET...", "bridge set BRIDGE --controller TARGET...", "set-controller br-ex tcp:127.0.0.1:6633 tcp:127.0.0.1:6634"),
    ]),
    here(Vsctl, "get-controller", &[
        form("BRIDGE", "bridge show BRIDGE -g controllers", "get-controller br-ex").but("all on one line"),
    ]),
    here(Vsctl, "del-controller", &[form("BRIDGE", "bridge set BRIDGE --controller none", "del-controller br-ex")]),
    here(Vsctl, "set-fail-mode", &[
        form("BRIDGE MODE", "bridge set BRIDGE --fail-mode MODE", "set-fail-mode br-ex standalone"),
    ]),
    here(Vsctl, "get-fail-mode", &[form("BRIDGE", "bridge show BRIDGE -g fail_mode", "get-fail-mode br-ex")]),
    here(Vsctl, "del-fail-mode", &[form("BRIDGE", "bridge set BRIDGE --fail-mode none", "del-fail-mode br-ex")]),
    here(Vsctl, "get-manager", &[form("", "db list Manager -g target", "get-manager")]),
    here(Vsctl, "del-manager", &[form("", "db clear Open_vSwitch . manager_options", "del-manager")]),
    here(Vsctl, "get-ssl", &[
        form("", "db list SSL --columns private_key,certificate,ca_cert,bootstrap_ca_cert", "get-ssl"),
    ]),
    here(Vsctl, "del-ssl", &[form("", "db clear Open_vSwitch . ssl", "del-ssl")]),
    here(Vsctl, "list", &[form("TABLE RECORD...", "db list TABLE RECORD...", "--columns=name,tag list Port ens37")]),
    here(Vsctl, "find", &[
        form("TABLE CONDITION...", "db find TABLE CONDITION...", "--columns=name,type find Interface type=vxlan"),
    ]),
    here(Vsctl, "get", &[
        form("TABLE RECORD COLUMN...", "db get TABLE RECORD COLUMN...", "--if-exists get Interface patch-tun type"),
    ]),
    here(Vsctl, "set", &[
        form("TABLE RECORD SETTING...", "db set TABLE RECORD SETTING...", "set Interface ens37 mtu_request=1400"),
    ]),
    here(Vsctl, "add", &[
        form("TABLE RECORD COLUMN VALUE...", "db add TABLE RECORD COLUMN VALUE...", "add Port ens37 trunks 10"),
    ]),
    here(Vsctl, "remove", &[
        form("TABLE RECORD COLUMN VALUE...", "db remove TABLE RECORD COLUMN VALUE...", "remove Port ens37 trunks 10"),
    ]),
    here(Vsctl, "clear", &[
        form("TABLE RECORD COLUMN...", "db clear TABLE RECORD COLUMN...", "clear Interface ens37 mtu_request"),
    ]),
    here(Vsctl, "create", &[form("TABLE SETTING...", "db create TABLE SETTING...", "create QoS type=linux-htb")]),
    here(Vsctl, "destroy", &[form("TABLE RECORD...", "db destroy TABLE RECORD...", "-- --all destroy QoS")]),
    here(Vsctl, "wait-until", &[
        form("TABLE RECORD CONDITION...", "db wait TABLE RECORD CONDITION...", "--timeout=5 wait-until Interface ens37 'ofport>0'"),
    ]),
    not_here(Vsctl, "add-aa-mapping", ROWS),
    not_here(Vsctl, "add-zone-tp", ROWS),
    not_here(Vsctl, "comment", COMMENT),
    not_here(Vsctl, "del-aa-mapping", ROWS),
    not_here(Vsctl, "del-zone-limit", ROWS),
    not_here(Vsctl, "del-zone-tp", ROWS),
    not_here(Vsctl, "emer-reset", NO),
    not_here(Vsctl, "get-aa-mapping", NO),
    not_here(Vsctl, "init", NO),
    not_here(Vsctl, "list-dp-cap", NO),
    not_here(Vsctl, "list-zone-limits", NO),
    not_here(Vsctl, "list-zone-tp", NO),
    not_here(Vsctl, "set-manager", ROWS),
    not_here(Vsctl, "set-ssl", ROWS),
    not_here(Vsctl, "set-zone-limit", ROWS),
    here(Ofctl, "dump-tables", &[form("SWITCH", "dump-tables SWITCH", "dump-tables br-int")]),
    here(Ofctl, "dump-ports", &[
        form("SWITCH", "port stats SWITCH", "dump-ports br-int"),
        form("SWITCH PORT", "port stats SWITCH PORT", "dump-ports br-int patch-tun"),
    ]),
    here(Ofctl, "dump-ports-desc", &[
        form("BRIDGE", "port list BRIDGE", "dump-ports-desc br-int"),
        form("BRIDGE PORT", "port show BRIDGE/PORT", "dump-ports-desc br-int 3"),
    ]),
    here(Ofctl, "dump-flows", &[
        form("SWITCH", "dump-flows SWITCH", "--names dump-flows br-int"),
        form("SWITCH MATCH", "dump-flows SWITCH MATCH", "--no-names dump-flows br-int table=0,in_port=1"),
    ]),
    here(Ofctl, "dump-aggregate", &[
        form("SWITCH", "dump-flows SWITCH --count --json", "dump-aggregate br-int"),
        form("SWITCH MATCH", "dump-flows SWITCH MATCH --count --json", "dump-aggregate br-int table=0"),
    ]),
    here(Ofctl, "dump-groups", &[
        form("SWITCH", "dump-groups SWITCH", "-O OpenFlow13 dump-groups br-int"),
        form("SWITCH GROUP", "dump-groups SWITCH GROUP", "dump-groups br-int 5 -O OpenFlow15"),
    ]),
    here(Ofctl, "dump-group-stats", &[
        form("SWITCH", "dump-groups SWITCH", "-O OpenFlow13 dump-group-stats br-int"),
        form("SWITCH group_id=GROUP", "dump-groups SWITCH GROUP", "dump-group-stats br-int group_id=5 -O OpenFlow15"),
    ]),
    here(Ofctl, "dump-meters", &[
        form("SWITCH", "dump-meters SWITCH", "-O OpenFlow13 dump-meters br-int"),
        form("SWITCH meter=METER", "dump-meters SWITCH METER", "--protocols=OpenFlow13 dump-meters br-int meter=3"),
    ]),
    here(Ofctl, "meter-stats", &[
        form("SWITCH", "dump-meters SWITCH", "-O OpenFlow13 meter-stats br-int"),
        form("SWITCH meter=METER", "dump-meters SWITCH METER", "--protocols=OpenFlow13 meter-stats br-int meter=3"),
    ]),
    here(Ofctl, "dump-meter", &[
        form("SWITCH meter=METER", "dump-meters SWITCH METER", "-O OpenFlow13 dump-meter br-int meter=3"),
    ]),
    here(Ofctl, "ofp-parse", &[form("FILE", "decode FILE", "ofp-parse of.bin")]),
    here(Ofctl, "ofp-parse-pcap", &[form("FILE PORT...", "decode FILE", "ofp-parse-pcap of.pcap 16654").but("OpenFlow on any port")]),
    here(Ofctl, "ofp-print", &[form("HEX", "decode HEX", "ofp-print 0102000800000001")]),
    runs(Ofctl, "add-flow", &[
        form("SWITCH FLOW", "flow add SWITCH FLOW", "add-flow br-int 'table=7,priority=5,tcp,in_port=1,actions=mod_vlan_vid:5,resubmit(,8)'"),
        form("SWITCH -", "flow add SWITCH --file -", "add-flow br-int - < more.txt"),
    ]),
    runs(Ofctl, "add-flows", &[form("SWITCH FILE", "flow add SWITCH --file FILE", "--bundle add-flows br-int flows.txt")]),
    runs(Ofctl, "mod-flows", &[
        form("SWITCH FLOW", "flow mod SWITCH FLOW", "mod-flows br-int table=61,in_port=1,actions=drop"),
        form("SWITCH -", "flow mod SWITCH --file -", "--strict mod-flows br-int - < changed.txt").but("exit code 3 if no flow matches"),
    ]),
    runs(Ofctl, "del-flows", &[
        form("SWITCH MATCH", "flow del SWITCH MATCH", "del-flows br-int table=61,arp"),
        form("SWITCH -", "flow del SWITCH --file -", "del-flows br-int - < match.txt"),
        form("SWITCH", "flow del SWITCH", "del-flows br-tun").but("refused without --all"),
    ]),
    runs(Ofctl, "replace-flows", &[form("SWITCH FILE", "flow replace SWITCH FILE", "-O OpenFlow13 replace-flows br-int flows.txt")]),
    runs(Ofctl, "diff-flows", &[form("FIRST SECOND", "flow diff FIRST SECOND", "-O OpenFlow13 diff-flows br-int br-int")]),
    runs(Ofctl, "add-group", &[form("SWITCH GROUP", "group add SWITCH GROUP", "-O OpenFlow15 add-group br-int group_id=9,type=all,bucket=output:1,bucket=output:2")]),
    runs(Ofctl, "add-groups", &[form("SWITCH FILE", "group add SWITCH --file FILE", "-O OpenFlow15 add-groups br-int groups.txt")]),
    runs(Ofctl, "mod-group", &[form("SWITCH GROUP", "group mod SWITCH GROUP", "-O OpenFlow15 mod-group br-int group_id=9,type=all,bucket=output:2")]),
    runs(Ofctl, "insert-buckets", &[
        form("SWITCH GROUP", "group insert-buckets SWITCH GROUP", "-O OpenFlow15 insert-buckets br-int group_id=9,command_bucket_id=last,bucket=bucket_id:5,output:1"),
    ]),
    runs(Ofctl, "remove-buckets", &[
        form("SWITCH GROUP", "group remove-buckets SWITCH GROUP", "-O OpenFlow15 remove-buckets br-int group_id=9,command_bucket_id=5"),
    ]),
    runs(Ofctl, "del-groups", &[
        form("SWITCH group_id=GROUP", "group del SWITCH GROUP", "-O OpenFlow15 del-groups br-int group_id=9"),
        form("SWITCH", "group del SWITCH", "-O OpenFlow15 del-groups br-int").but("refused without --all"),
    ]),
    runs(Ofctl, "add-meter", &[form("SWITCH METER", "meter add SWITCH METER", "-O OpenFlow15 add-meter br-int meter=4,kbps,band=type=drop,rate=1000")]),
    runs(Ofctl, "mod-meter", &[form("SWITCH METER", "meter mod SWITCH METER", "-O OpenFlow15 mod-meter br-int meter=4,kbps,band=type=drop,rate=2000")]),
    runs(Ofctl, "del-meter", &[form("SWITCH meter=METER", "meter del SWITCH METER", "-O OpenFlow15 del-meter br-int meter=4")]),
    runs(Ofctl, "del-meters", &[form("SWITCH", "meter del SWITCH", "-O OpenFlow15 del-meters br-int").but("refused without --all")]),
    runs(Ofctl, "mod-port", &[
        form("SWITCH PORT WORD", "port set SWITCH/PORT --openflow-config WORD", "mod-port br-int patch-tun no-flood"),
    ]),
    runs(Ofctl, "mod-table", &[
        form("SWITCH TABLE name:NAME", "table set SWITCH TABLE --name NAME", "-O OpenFlow15 mod-table br-int 21 name:lb"),
        form("SWITCH TABLE evict", "table set SWITCH TABLE --eviction on", "-O OpenFlow14 mod-table br-int 22 evict"),
        form("SWITCH TABLE noevict", "table set SWITCH TABLE --eviction off", "-O OpenFlow14 mod-table br-int 22 noevict"),
        form("SWITCH TABLE vacancy:RANGE", "table set SWITCH TABLE --vacancy RANGE", "-O OpenFlow14 mod-table br-int 22 vacancy:20,80"),
        form("SWITCH TABLE novacancy", "table set SWITCH TABLE --vacancy off", "-O OpenFlow14 mod-table br-int 22 novacancy"),
        form("SWITCH TABLE MISS", "table set SWITCH TABLE --miss MISS", "-O OpenFlow11 mod-table br-int 23 drop"),
    ]),
    not_here(Ofctl, "add-tlv-map", NO),
    not_here(Ofctl, "benchmark", NO),
    not_here(Ofctl, "bundle", MIXED),
    not_here(Ofctl, "check-vlan", TEST),
    not_here(Ofctl, "compose-packet", TEST),
    not_here(Ofctl, "ct-flush", NO),
    not_here(Ofctl, "ct-flush-zone", NO),
    not_here(Ofctl, "del-tlv-map", NO),
    not_here(Ofctl, "dump-desc", NO),
    not_here(Ofctl, "dump-group-features", NO),
    not_here(Ofctl, "dump-ipfix-bridge", NO),
    not_here(Ofctl, "dump-ipfix-flow", NO),
    not_here(Ofctl, "dump-table-desc", NO),
    not_here(Ofctl, "dump-table-features", NO),
    not_here(Ofctl, "dump-tlv-map", NO),
    not_here(Ofctl, "encode-error-reply", TEST),
    not_here(Ofctl, "encode-hello", TEST),
    not_here(Ofctl, "get-frags", NO),
    not_here(Ofctl, "help", OWN),
    not_here(Ofctl, "list-commands", OWN),
    not_here(Ofctl, "meter-features", NO),
    not_here(Ofctl, "monitor", NO),
    not_here(Ofctl, "packet-out", PACKET),
    not_here(Ofctl, "parse-actions", TEST),
    not_here(Ofctl, "parse-flow", TEST),
    not_here(Ofctl, "parse-flows", TEST),
    not_here(Ofctl, "parse-group", TEST),
    not_here(Ofctl, "parse-instructions", TEST),
    not_here(Ofctl, "parse-key-value", TEST),
    not_here(Ofctl, "parse-nx-match", TEST),
    not_here(Ofctl, "parse-nxm", TEST),
    not_here(Ofctl, "parse-ofp10-match", TEST),
    not_here(Ofctl, "parse-ofp11-match", TEST),
    not_here(Ofctl, "parse-oxm", TEST),
    not_here(Ofctl, "parse-packet", TEST),
    not_here(Ofctl, "parse-pcap", TEST),
    not_here(Ofctl, "ping", NO),
    not_here(Ofctl, "print-error", TEST),
    not_here(Ofctl, "probe", NO),
    not_here(Ofctl, "queue-get-config", NO),
    not_here(Ofctl, "queue-stats", NO),
    not_here(Ofctl, "set-frags", NO),
    not_here(Ofctl, "show", SHOW),
    not_here(Ofctl, "snoop", NO),
    not_here(Appctl, "autoattach/show-isid", SOCKET),
    not_here(Appctl, "autoattach/statistics", SOCKET),
    not_here(Appctl, "autoattach/status", SOCKET),
    not_here(Appctl, "bfd/set-forwarding", SOCKET),
    not_here(Appctl, "bfd/show", SOCKET),
    not_here(Appctl, "bond/disable-member", SOCKET),
    not_here(Appctl, "bond/enable-member", SOCKET),
    not_here(Appctl, "bond/hash", SOCKET),
    not_here(Appctl, "bond/list", SOCKET),
    not_here(Appctl, "bond/migrate", SOCKET),
    not_here(Appctl, "bond/set-active-member", SOCKET),
    not_here(Appctl, "bond/show", SOCKET),
    not_here(Appctl, "bridge/dump-flows", SOCKET),
    not_here(Appctl, "bridge/reconnect", SOCKET),
    not_here(Appctl, "cfm/set-fault", SOCKET),
    not_here(Appctl, "cfm/show", SOCKET),
    not_here(Appctl, "coverage/read-counter", SOCKET),
    not_here(Appctl, "coverage/show", SOCKET),
    not_here(Appctl, "dpctl/add-dp", SOCKET),
    not_here(Appctl, "dpctl/add-flow", SOCKET),
    not_here(Appctl, "dpctl/add-flows", SOCKET),
    not_here(Appctl, "dpctl/add-if", SOCKET),
    not_here(Appctl, "dpctl/cache-get-size", SOCKET),
    not_here(Appctl, "dpctl/cache-set-size", SOCKET),
    not_here(Appctl, "dpctl/ct-bkts", SOCKET),
    not_here(Appctl, "dpctl/ct-del-limits", SOCKET),
    not_here(Appctl, "dpctl/ct-disable-tcp-seq-chk", SOCKET),
    not_here(Appctl, "dpctl/ct-enable-tcp-seq-chk", SOCKET),
    not_here(Appctl, "dpctl/ct-get-limits", SOCKET),
    not_here(Appctl, "dpctl/ct-get-maxconns", SOCKET),
    not_here(Appctl, "dpctl/ct-get-nconns", SOCKET),
    not_here(Appctl, "dpctl/ct-get-sweep-interval", SOCKET),
    not_here(Appctl, "dpctl/ct-get-tcp-seq-chk", SOCKET),
    not_here(Appctl, "dpctl/ct-set-limits", SOCKET),
    not_here(Appctl, "dpctl/ct-set-maxconns", SOCKET),
    not_here(Appctl, "dpctl/ct-set-sweep-interval", SOCKET),
    not_here(Appctl, "dpctl/ct-stats-show", SOCKET),
    not_here(Appctl, "dpctl/del-dp", SOCKET),
    not_here(Appctl, "dpctl/del-flow", SOCKET),
    not_here(Appctl, "dpctl/del-flows", SOCKET),
    not_here(Appctl, "dpctl/del-if", SOCKET),
    not_here(Appctl, "dpctl/dump-conntrack", SOCKET),
    not_here(Appctl, "dpctl/dump-conntrack-exp", SOCKET),
    not_here(Appctl, "dpctl/dump-dps", SOCKET),
    not_here(Appctl, "dpctl/dump-flows", SOCKET),
    not_here(Appctl, "dpctl/flush-conntrack", SOCKET),
    not_here(Appctl, "dpctl/get-flow", SOCKET),
    not_here(Appctl, "dpctl/ipf-get-status", SOCKET),
    not_here(Appctl, "dpctl/ipf-set-disabled", SOCKET),
    not_here(Appctl, "dpctl/ipf-set-enabled", SOCKET),
    not_here(Appctl, "dpctl/ipf-set-max-nfrags", SOCKET),
    not_here(Appctl, "dpctl/ipf-set-min-frag", SOCKET),
    not_here(Appctl, "dpctl/list-commands", SOCKET),
    not_here(Appctl, "dpctl/mod-flow", SOCKET),
    not_here(Appctl, "dpctl/mod-flows", SOCKET),
    not_here(Appctl, "dpctl/normalize-actions", SOCKET),
    not_here(Appctl, "dpctl/offload-stats-show", SOCKET),
    not_here(Appctl, "dpctl/parse-actions", SOCKET),
    not_here(Appctl, "dpctl/set-if", SOCKET),
    not_here(Appctl, "dpctl/show", SOCKET),
    not_here(Appctl, "dpdk/get-malloc-stats", SOCKET),
    not_here(Appctl, "dpdk/lcore-list", SOCKET),
    not_here(Appctl, "dpdk/log-list", SOCKET),
    not_here(Appctl, "dpdk/log-set", SOCKET),
    not_here(Appctl, "dpif-dummy/change-port-number", SOCKET),
    not_here(Appctl, "dpif-netdev/bond-show", SOCKET),
    not_here(Appctl, "dpif-netdev/dpif-impl-get", SOCKET),
    not_here(Appctl, "dpif-netdev/dpif-impl-set", SOCKET),
    not_here(Appctl, "dpif-netdev/miniflow-parser-get", SOCKET),
    not_here(Appctl, "dpif-netdev/miniflow-parser-set", SOCKET),
    not_here(Appctl, "dpif-netdev/pmd-perf-log-set", SOCKET),
    not_here(Appctl, "dpif-netdev/pmd-perf-show", SOCKET),
    not_here(Appctl, "dpif-netdev/pmd-rxq-rebalance", SOCKET),
    not_here(Appctl, "dpif-netdev/pmd-rxq-show", SOCKET),
    not_here(Appctl, "dpif-netdev/pmd-sleep-show", SOCKET),
    not_here(Appctl, "dpif-netdev/pmd-stats-clear", SOCKET),
    not_here(Appctl, "dpif-netdev/pmd-stats-show", SOCKET),
    not_here(Appctl, "dpif-netdev/subtable-lookup-info-get", SOCKET),
    not_here(Appctl, "dpif-netdev/subtable-lookup-prio-get", SOCKET),
    not_here(Appctl, "dpif-netdev/subtable-lookup-prio-set", SOCKET),
    not_here(Appctl, "dpif-netlink/dispatch-mode", SOCKET),
    not_here(Appctl, "dpif/del-flows", SOCKET),
    not_here(Appctl, "dpif/dump-dps", SOCKET),
    not_here(Appctl, "dpif/dump-flows", SOCKET),
    not_here(Appctl, "dpif/offload/show", SOCKET),
    not_here(Appctl, "dpif/set-dp-features", SOCKET),
    not_here(Appctl, "dpif/show", SOCKET),
    not_here(Appctl, "dpif/show-dp-features", SOCKET),
    not_here(Appctl, "exit", SOCKET),
    not_here(Appctl, "fdb/add", SOCKET),
    not_here(Appctl, "fdb/del", SOCKET),
    not_here(Appctl, "fdb/flush", SOCKET),
    not_here(Appctl, "fdb/show", SOCKET),
    not_here(Appctl, "fdb/stats-clear", SOCKET),
    not_here(Appctl, "fdb/stats-show", SOCKET),
    not_here(Appctl, "lacp/show", SOCKET),
    not_here(Appctl, "lacp/show-stats", SOCKET),
    not_here(Appctl, "lacp/stats-show", SOCKET),
    not_here(Appctl, "list-commands", SOCKET),
    not_here(Appctl, "mdb/flush", SOCKET),
    not_here(Appctl, "mdb/show", SOCKET),
    not_here(Appctl, "memory/show", SOCKET),
    not_here(Appctl, "netdev-dpdk/detach", SOCKET),
    not_here(Appctl, "netdev-dpdk/get-mempool-info", SOCKET),
    not_here(Appctl, "netdev-dpdk/set-admin-state", SOCKET),
    not_here(Appctl, "netdev-dummy/conn-state", SOCKET),
    not_here(Appctl, "netdev-dummy/ip4addr", SOCKET),
    not_here(Appctl, "netdev-dummy/ip6addr", SOCKET),
    not_here(Appctl, "netdev-dummy/receive", SOCKET),
    not_here(Appctl, "netdev-dummy/set-admin-state", SOCKET),
    not_here(Appctl, "odp-execute/action-impl-set", SOCKET),
    not_here(Appctl, "odp-execute/action-impl-show", SOCKET),
    not_here(Appctl, "ofproto/detrace", SOCKET),
    not_here(Appctl, "ofproto/list", SOCKET),
    not_here(Appctl, "ofproto/trace", SOCKET),
    not_here(Appctl, "ofproto/trace-packet-out", SOCKET),
    not_here(Appctl, "ovs/route/add", SOCKET),
    not_here(Appctl, "ovs/route/del", SOCKET),
    not_here(Appctl, "ovs/route/lookup", SOCKET),
    not_here(Appctl, "ovs/route/rule/add", SOCKET),
    not_here(Appctl, "ovs/route/rule/del", SOCKET),
    not_here(Appctl, "ovs/route/rule/show", SOCKET),
    not_here(Appctl, "ovs/route/show", SOCKET),
    not_here(Appctl, "qos/show", SOCKET),
    not_here(Appctl, "qos/show-types", SOCKET),
    not_here(Appctl, "revalidator/purge", SOCKET),
    not_here(Appctl, "revalidator/wait", SOCKET),
    not_here(Appctl, "rstp/show", SOCKET),
    not_here(Appctl, "rstp/tcn", SOCKET),
    not_here(Appctl, "set-options", SOCKET),
    not_here(Appctl, "stp/show", SOCKET),
    not_here(Appctl, "stp/tcn", SOCKET),
    not_here(Appctl, "time/stop", SOCKET),
    not_here(Appctl, "time/warp", SOCKET),
    not_here(Appctl, "tnl/arp/aging", SOCKET),
    not_here(Appctl, "tnl/arp/flush", SOCKET),
    not_here(Appctl, "tnl/arp/set", SOCKET),
    not_here(Appctl, "tnl/arp/show", SOCKET),
    not_here(Appctl, "tnl/egress_port_range", SOCKET),
    not_here(Appctl, "tnl/neigh/aging", SOCKET),
    not_here(Appctl, "tnl/neigh/flush", SOCKET),
    not_here(Appctl, "tnl/neigh/retrans_time", SOCKET),
    not_here(Appctl, "tnl/neigh/set", SOCKET),
    not_here(Appctl, "tnl/neigh/show", SOCKET),
    not_here(Appctl, "tnl/ports/show", SOCKET),
    not_here(Appctl, "upcall/disable-megaflows", SOCKET),
    not_here(Appctl, "upcall/disable-ufid", SOCKET),
    not_here(Appctl, "upcall/enable-megaflows", SOCKET),
    not_here(Appctl, "upcall/enable-ufid", SOCKET),
    not_here(Appctl, "upcall/set-flow-limit", SOCKET),
    not_here(Appctl, "upcall/show", SOCKET),
    not_here(Appctl, "version", SOCKET),
    not_here(Appctl, "vlog/close", SOCKET),
    not_here(Appctl, "vlog/disable-rate-limit", SOCKET),
    not_here(Appctl, "vlog/enable-rate-limit", SOCKET),
    not_here(Appctl, "vlog/list", SOCKET),
    not_here(Appctl, "vlog/list-pattern", SOCKET),
    not_here(Appctl, "vlog/reopen", SOCKET),
    not_here(Appctl, "vlog/set", SOCKET),
    not_here(OvsdbServer, "cluster/change-election-timer", SOCKET),
    not_here(OvsdbServer, "cluster/cid", SOCKET),
    not_here(OvsdbServer, "cluster/failure-test", SOCKET),
    not_here(OvsdbServer, "cluster/kick", SOCKET),
    not_here(OvsdbServer, "cluster/leave", SOCKET),
    not_here(OvsdbServer, "cluster/set-backlog-threshold", SOCKET),
    not_here(OvsdbServer, "cluster/sid", SOCKET),
    not_here(OvsdbServer, "cluster/status", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/add-db", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/add-remote", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/compact", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/connect-active-ovsdb-server", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/disable-monitor-cond", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/disconnect-active-ovsdb-server", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/get-active-ovsdb-server", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/get-db-storage-status", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/get-sync-exclude-tables", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/list-dbs", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/list-remotes", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/memory-trim-on-compaction", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/perf-counters-clear", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/perf-counters-show", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/reconnect", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/reload", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/remove-db", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/remove-remote", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/set-active-ovsdb-server", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/set-active-ovsdb-server-probe-interval", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/set-relay-source-probe-interval", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/set-sync-exclude-tables", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/sync-status", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/tlog-list", SOCKET),
    not_here(OvsdbServer, "ovsdb-server/tlog-set", SOCKET),
];
