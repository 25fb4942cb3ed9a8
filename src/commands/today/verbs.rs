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
    /// `ovs appctl VERB`; a verb with a slash runs it.
    Appctl,
    /// None, and the reason.
    NotHere(&'static str),
}

impl Counterpart {
    /// The forms of the verb's arguments; none where there is no counterpart.
    pub fn forms(self) -> &'static [Form] {
        match self {
            Counterpart::Here(forms) | Counterpart::Runs(forms) => forms,
            Counterpart::Appctl | Counterpart::NotHere(_) => &[],
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

const fn appctl(tool: Tool, name: &'static str) -> Verb {
    Verb {
        tool,
        name,
        counterpart: Counterpart::Appctl,
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
    appctl(Appctl, "autoattach/show-isid"),
    appctl(Appctl, "autoattach/statistics"),
    appctl(Appctl, "autoattach/status"),
    appctl(Appctl, "bfd/set-forwarding"),
    appctl(Appctl, "bfd/show"),
    appctl(Appctl, "bond/disable-member"),
    appctl(Appctl, "bond/enable-member"),
    appctl(Appctl, "bond/hash"),
    appctl(Appctl, "bond/list"),
    appctl(Appctl, "bond/migrate"),
    appctl(Appctl, "bond/set-active-member"),
    runs(Appctl, "bond/show", &[form("BOND...", "bond show BOND...", "bond/show")]),
    appctl(Appctl, "bridge/dump-flows"),
    appctl(Appctl, "bridge/reconnect"),
    appctl(Appctl, "cfm/set-fault"),
    appctl(Appctl, "cfm/show"),
    appctl(Appctl, "coverage/read-counter"),
    appctl(Appctl, "coverage/show"),
    appctl(Appctl, "dpctl/add-dp"),
    appctl(Appctl, "dpctl/add-flow"),
    appctl(Appctl, "dpctl/add-flows"),
    appctl(Appctl, "dpctl/add-if"),
    appctl(Appctl, "dpctl/cache-get-size"),
    appctl(Appctl, "dpctl/cache-set-size"),
    appctl(Appctl, "dpctl/ct-bkts"),
    appctl(Appctl, "dpctl/ct-del-limits"),
    appctl(Appctl, "dpctl/ct-disable-tcp-seq-chk"),
    appctl(Appctl, "dpctl/ct-enable-tcp-seq-chk"),
    appctl(Appctl, "dpctl/ct-get-limits"),
    appctl(Appctl, "dpctl/ct-get-maxconns"),
    appctl(Appctl, "dpctl/ct-get-nconns"),
    appctl(Appctl, "dpctl/ct-get-sweep-interval"),
    appctl(Appctl, "dpctl/ct-get-tcp-seq-chk"),
    appctl(Appctl, "dpctl/ct-set-limits"),
    appctl(Appctl, "dpctl/ct-set-maxconns"),
    appctl(Appctl, "dpctl/ct-set-sweep-interval"),
    appctl(Appctl, "dpctl/ct-stats-show"),
    appctl(Appctl, "dpctl/del-dp"),
    appctl(Appctl, "dpctl/del-flow"),
    appctl(Appctl, "dpctl/del-flows"),
    appctl(Appctl, "dpctl/del-if"),
    appctl(Appctl, "dpctl/dump-conntrack"),
    appctl(Appctl, "dpctl/dump-conntrack-exp"),
    appctl(Appctl, "dpctl/dump-dps"),
    appctl(Appctl, "dpctl/dump-flows"),
    appctl(Appctl, "dpctl/flush-conntrack"),
    appctl(Appctl, "dpctl/get-flow"),
    appctl(Appctl, "dpctl/ipf-get-status"),
    appctl(Appctl, "dpctl/ipf-set-disabled"),
    appctl(Appctl, "dpctl/ipf-set-enabled"),
    appctl(Appctl, "dpctl/ipf-set-max-nfrags"),
    appctl(Appctl, "dpctl/ipf-set-min-frag"),
    appctl(Appctl, "dpctl/list-commands"),
    appctl(Appctl, "dpctl/mod-flow"),
    appctl(Appctl, "dpctl/mod-flows"),
    appctl(Appctl, "dpctl/normalize-actions"),
    appctl(Appctl, "dpctl/offload-stats-show"),
    appctl(Appctl, "dpctl/parse-actions"),
    appctl(Appctl, "dpctl/set-if"),
    appctl(Appctl, "dpctl/show"),
    appctl(Appctl, "dpdk/get-malloc-stats"),
    appctl(Appctl, "dpdk/lcore-list"),
    appctl(Appctl, "dpdk/log-list"),
    appctl(Appctl, "dpdk/log-set"),
    appctl(Appctl, "dpif-dummy/change-port-number"),
    appctl(Appctl, "dpif-netdev/bond-show"),
    appctl(Appctl, "dpif-netdev/dpif-impl-get"),
    appctl(Appctl, "dpif-netdev/dpif-impl-set"),
    appctl(Appctl, "dpif-netdev/miniflow-parser-get"),
    appctl(Appctl, "dpif-netdev/miniflow-parser-set"),
    appctl(Appctl, "dpif-netdev/pmd-perf-log-set"),
    appctl(Appctl, "dpif-netdev/pmd-perf-show"),
    appctl(Appctl, "dpif-netdev/pmd-rxq-rebalance"),
    appctl(Appctl, "dpif-netdev/pmd-rxq-show"),
    appctl(Appctl, "dpif-netdev/pmd-sleep-show"),
    appctl(Appctl, "dpif-netdev/pmd-stats-clear"),
    appctl(Appctl, "dpif-netdev/pmd-stats-show"),
    appctl(Appctl, "dpif-netdev/subtable-lookup-info-get"),
    appctl(Appctl, "dpif-netdev/subtable-lookup-prio-get"),
    appctl(Appctl, "dpif-netdev/subtable-lookup-prio-set"),
    appctl(Appctl, "dpif-netlink/dispatch-mode"),
    appctl(Appctl, "dpif/del-flows"),
    appctl(Appctl, "dpif/dump-dps"),
    appctl(Appctl, "dpif/dump-flows"),
    appctl(Appctl, "dpif/offload/show"),
    appctl(Appctl, "dpif/set-dp-features"),
    appctl(Appctl, "dpif/show"),
    appctl(Appctl, "dpif/show-dp-features"),
    appctl(Appctl, "exit"),
    appctl(Appctl, "fdb/add"),
    appctl(Appctl, "fdb/del"),
    appctl(Appctl, "fdb/flush"),
    runs(Appctl, "fdb/show", &[form("BRIDGE", "fdb list BRIDGE", "fdb/show br-int")]),
    appctl(Appctl, "fdb/stats-clear"),
    appctl(Appctl, "fdb/stats-show"),
    appctl(Appctl, "lacp/show"),
    appctl(Appctl, "lacp/show-stats"),
    appctl(Appctl, "lacp/stats-show"),
    appctl(Appctl, "list-commands"),
    appctl(Appctl, "mdb/flush"),
    appctl(Appctl, "mdb/show"),
    appctl(Appctl, "memory/show"),
    appctl(Appctl, "netdev-dpdk/detach"),
    appctl(Appctl, "netdev-dpdk/get-mempool-info"),
    appctl(Appctl, "netdev-dpdk/set-admin-state"),
    appctl(Appctl, "netdev-dummy/conn-state"),
    appctl(Appctl, "netdev-dummy/ip4addr"),
    appctl(Appctl, "netdev-dummy/ip6addr"),
    appctl(Appctl, "netdev-dummy/receive"),
    appctl(Appctl, "netdev-dummy/set-admin-state"),
    appctl(Appctl, "odp-execute/action-impl-set"),
    appctl(Appctl, "odp-execute/action-impl-show"),
    appctl(Appctl, "ofproto/detrace"),
    appctl(Appctl, "ofproto/list"),
    appctl(Appctl, "ofproto/trace"),
    appctl(Appctl, "ofproto/trace-packet-out"),
    appctl(Appctl, "ovs/route/add"),
    appctl(Appctl, "ovs/route/del"),
    appctl(Appctl, "ovs/route/lookup"),
    appctl(Appctl, "ovs/route/rule/add"),
    appctl(Appctl, "ovs/route/rule/del"),
    appctl(Appctl, "ovs/route/rule/show"),
    appctl(Appctl, "ovs/route/show"),
    appctl(Appctl, "qos/show"),
    appctl(Appctl, "qos/show-types"),
    appctl(Appctl, "revalidator/purge"),
    appctl(Appctl, "revalidator/wait"),
    appctl(Appctl, "rstp/show"),
    appctl(Appctl, "rstp/tcn"),
    appctl(Appctl, "set-options"),
    appctl(Appctl, "stp/show"),
    appctl(Appctl, "stp/tcn"),
    appctl(Appctl, "time/stop"),
    appctl(Appctl, "time/warp"),
    appctl(Appctl, "tnl/arp/aging"),
    appctl(Appctl, "tnl/arp/flush"),
    appctl(Appctl, "tnl/arp/set"),
    appctl(Appctl, "tnl/arp/show"),
    appctl(Appctl, "tnl/egress_port_range"),
    appctl(Appctl, "tnl/neigh/aging"),
    appctl(Appctl, "tnl/neigh/flush"),
    appctl(Appctl, "tnl/neigh/retrans_time"),
    appctl(Appctl, "tnl/neigh/set"),
    appctl(Appctl, "tnl/neigh/show"),
    appctl(Appctl, "tnl/ports/show"),
    appctl(Appctl, "upcall/disable-megaflows"),
    appctl(Appctl, "upcall/disable-ufid"),
    appctl(Appctl, "upcall/enable-megaflows"),
    appctl(Appctl, "upcall/enable-ufid"),
    appctl(Appctl, "upcall/set-flow-limit"),
    appctl(Appctl, "upcall/show"),
    appctl(Appctl, "version"),
    appctl(Appctl, "vlog/close"),
    appctl(Appctl, "vlog/disable-rate-limit"),
    appctl(Appctl, "vlog/enable-rate-limit"),
    appctl(Appctl, "vlog/list"),
    appctl(Appctl, "vlog/list-pattern"),
    appctl(Appctl, "vlog/reopen"),
    appctl(Appctl, "vlog/set"),
    appctl(OvsdbServer, "cluster/change-election-timer"),
    appctl(OvsdbServer, "cluster/cid"),
    appctl(OvsdbServer, "cluster/failure-test"),
    appctl(OvsdbServer, "cluster/kick"),
    appctl(OvsdbServer, "cluster/leave"),
    appctl(OvsdbServer, "cluster/set-backlog-threshold"),
    appctl(OvsdbServer, "cluster/sid"),
    appctl(OvsdbServer, "cluster/status"),
    appctl(OvsdbServer, "ovsdb-server/add-db"),
    appctl(OvsdbServer, "ovsdb-server/add-remote"),
    appctl(OvsdbServer, "ovsdb-server/compact"),
    appctl(OvsdbServer, "ovsdb-server/connect-active-ovsdb-server"),
    appctl(OvsdbServer, "ovsdb-server/disable-monitor-cond"),
    appctl(OvsdbServer, "ovsdb-server/disconnect-active-ovsdb-server"),
    appctl(OvsdbServer, "ovsdb-server/get-active-ovsdb-server"),
    appctl(OvsdbServer, "ovsdb-server/get-db-storage-status"),
    appctl(OvsdbServer, "ovsdb-server/get-sync-exclude-tables"),
    appctl(OvsdbServer, "ovsdb-server/list-dbs"),
    appctl(OvsdbServer, "ovsdb-server/list-remotes"),
    appctl(OvsdbServer, "ovsdb-server/memory-trim-on-compaction"),
    appctl(OvsdbServer, "ovsdb-server/perf-counters-clear"),
    appctl(OvsdbServer, "ovsdb-server/perf-counters-show"),
    appctl(OvsdbServer, "ovsdb-server/reconnect"),
    appctl(OvsdbServer, "ovsdb-server/reload"),
    appctl(OvsdbServer, "ovsdb-server/remove-db"),
    appctl(OvsdbServer, "ovsdb-server/remove-remote"),
    appctl(OvsdbServer, "ovsdb-server/set-active-ovsdb-server"),
    appctl(OvsdbServer, "ovsdb-server/set-active-ovsdb-server-probe-interval"),
    appctl(OvsdbServer, "ovsdb-server/set-relay-source-probe-interval"),
    appctl(OvsdbServer, "ovsdb-server/set-sync-exclude-tables"),
    appctl(OvsdbServer, "ovsdb-server/sync-status"),
    appctl(OvsdbServer, "ovsdb-server/tlog-list"),
    appctl(OvsdbServer, "ovsdb-server/tlog-set"),
];
