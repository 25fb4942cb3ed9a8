//! The messages that change groups and meters: the bytes of the real `ovs-ofctl` for the same text.

use std::fmt::Write as _;

use ovs::openflow::group_entry::GroupCommand;
use ovs::openflow::group_spec::GroupChange;
use ovs::openflow::meter_spec::{MeterChange, MeterCommand};
use ovs::openflow::text::NoNames;
use ovs::openflow::version::Version;

use crate::common::hex;
use crate::common::ofctl_peer::OfctlPeer;
use crate::common::openflow::VERSIONS;

/// Texts, each with the command of ovs-ofctl.
const GROUPS: [(&str, &str); 60] = [
    ("add", "group_id=1,type=all,bucket=output:1"),
    (
        "add",
        "group_id=1 type=all bucket=output:1 bucket= actions=output:2,output:3",
    ),
    (
        "add",
        "group_id=1,type=select,bucket=weight:5,output:1,bucket=output:2,weight:0",
    ),
    (
        "add",
        "group_id=0x10,type=select,bucket=watch_port=3,output:1,bucket=watch_group:4,set_field:5->reg0,output:2",
    ),
    (
        "add",
        "group_id=1,type=ff,bucket=watch_port:3,output:1,bucket=watch_port:3,watch_group:4,mod_vlan_vid:5,output:2",
    ),
    ("add", "group_id=1,type=fast_failover"),
    ("add", "group_id=1,type=indirect,bucket=resubmit(,5)"),
    (
        "add",
        "group_id=1,type=indirect,bucket=output:1,bucket=output:2",
    ),
    ("add", "group_id=0xffffff00,type=all"),
    ("add", "group_id=0xffffff01,type=all"),
    ("add", "group_id=all,type=all"),
    ("add", "group_id=1,type=all,bucket=drop"),
    ("add", "group_id=1,type=all,bucket=actions="),
    ("add", "group_id=1,type=all,bucket="),
    ("add", "group_id=1,type=all,bucket=weight:0,output:1"),
    ("add", "group_id=1,type=all,bucket=weight:5,output:1"),
    ("add", "group_id=1,type=all,bucket=drop,output:1"),
    (
        "add",
        "group_id=1,type=all,bucket=ct(commit,zone=3,exec(set_field:1->ct_mark)),NORMAL",
    ),
    (
        "add",
        "group_id=1,type=all,bucket=clone(set_field:5->reg1,output:2),LOCAL,in_port,controller",
    ),
    (
        "add",
        "group_id=1,type=all,bucket=dec_ttl,mod_nw_src:1.2.3.4,strip_vlan,output:1",
    ),
    (
        "add",
        "group_id=1,type=all,bucket=set_field:01:02:03:04:05:06->eth_dst,group:7",
    ),
    (
        "add",
        "group_id=1,type=all,bucket=push_mpls:0x8847,set_queue:3,output:1",
    ),
    (
        "add",
        "group_id=1,type=all,bucket=set_tunnel:7,load:5->NXM_NX_REG3[0..7],move:NXM_NX_REG0[]->NXM_NX_REG1[]",
    ),
    (
        "add",
        "group_id=1,type=all,bucket=note:01.02,learn(table=1,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[])",
    ),
    ("add", "group_id=1,type=all,bucket=meter:1,output:1"),
    ("add", "group_id=1,type=all,bucket=goto_table:1"),
    ("add", "group_id=1,type=all,bucket=clear_actions"),
    ("add", "group_id=1,type=all,bucket=write_actions(output:1)"),
    (
        "add",
        "group_id=1,type=all,bucket=bucket_id:1,output:1,bucket=output:2,bucket=bucket_id:7,output:3",
    ),
    (
        "add",
        "group_id=1,type=all,bucket=bucket_id:0xffffff01,output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=hash,selection_method_param=7,fields(ip_dst=255.255.255.0,nw_proto,tcp_src),bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=hash,fields(ip_dst=255.255.255.0,metadata,reg3=0xffff,vlan_vid,vlan_tci,ipv6_src=ffff::),bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=hash,fields(reg3,xreg2,xxreg1,in_port,eth_src,eth_dst,eth_type,vlan_pcp,mpls_label,nw_tos,nw_ttl,arp_spa,arp_sha,ip_frag,tun_id,udp_dst,icmp_type,tcp_flags,ct_mark,ct_zone),bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=dp_hash,bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=dp_hash,selection_method_param=0x100000007,bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=0123456789abcde,bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=0123456789abcdef,bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=dp_hash,fields=eth_src,bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method_param=3,bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=hash,fields(eth_src,eth_src),bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=hash,fields(ip_dst=10.0.0.0/8),bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=hash,fields(tcp),bucket=output:1",
    ),
    (
        "add",
        "group_id=1,type=select,selection_method=hash,fields(in_port=1),bucket=output:1",
    ),
    ("add", "group_id=1,type=ff,bucket=output:1"),
    ("add", "group_id=1,type=ff,bucket=watch_port:LOCAL,output:1"),
    ("add", "group_id=1,type=ff,bucket=watch_port:ANY,output:1"),
    (
        "add",
        "group_id=1,type=ff,bucket=watch_group:0xffffff01,output:1",
    ),
    ("add", "group_id=1,type=ALL,bucket=output:1"),
    ("add", "group_id=1,bucket=output:1"),
    ("add", "type=all,bucket=output:1"),
    ("add", "group_id=1,type=all,command_bucket_id=all"),
    ("mod", "group_id=1,type=all,bucket=output:1"),
    ("may-create", "group_id=1,type=select,bucket=output:1"),
    ("del", "group_id=1"),
    ("del", "group_id=all"),
    ("del", "group_id=1,type=all"),
    (
        "insert",
        "group_id=1,command_bucket_id=last,bucket=weight:5,output:1",
    ),
    (
        "insert",
        "group_id=1,command_bucket_id=first,bucket=bucket_id:9,output:1,bucket=bucket_id:3,output:2",
    ),
    ("insert", "group_id=1,command_bucket_id=7,bucket=output:1"),
    ("insert", "group_id=1,command_bucket_id=all,bucket=output:1"),
];

const MORE_GROUPS: [(&str, &str); 5] = [
    ("insert", "group_id=1,bucket=output:1"),
    ("remove", "group_id=1,command_bucket_id=7"),
    ("remove", "group_id=1,command_bucket_id=first"),
    ("remove", "group_id=1,command_bucket_id=all"),
    ("remove", "group_id=1"),
];

/// ovs-ofctl sends these, without the part that the version cannot carry, or for every group; we refuse them.
fn is_stricter(version: Version, text: &str) -> bool {
    text.starts_with("group_id=all,type")
        || !matches!(version, Version::V10 | Version::V15) && text.contains("selection_method")
}

/// Open vSwitch takes Nicira's actions in 1.1, too, but ovs-ofctl does not send them.
fn is_wider(version: Version, text: &str) -> bool {
    version == Version::V11 && text.contains("set_field")
}

#[test]
fn group_mods_have_the_bytes_of_ovs_ofctl() {
    let peer = OfctlPeer::new();
    let mut wrong = String::new();
    let mut same = 0;
    for (name, version) in VERSIONS.into_iter().zip(Version::ALL) {
        for (word, text) in GROUPS.into_iter().chain(MORE_GROUPS) {
            let (command, words): (_, &[&str]) = match word {
                "add" => (GroupCommand::Add, &["add-group"]),
                "mod" => (GroupCommand::Modify, &["mod-group"]),
                "may-create" => (GroupCommand::AddOrModify, &["--may-create", "mod-group"]),
                "del" => (GroupCommand::Delete, &["del-groups"]),
                "insert" => (GroupCommand::InsertBuckets, &["insert-buckets"]),
                "remove" => (GroupCommand::RemoveBuckets, &["remove-buckets"]),
                _ => panic!("{word}"),
            };
            let sent = peer.sent(name, words, text, 9);
            let own = GroupChange::parse(text, command, &NoNames, version);
            match (sent, own) {
                (Err(_), Err(_)) => same += 1,
                (Ok(_), Err(_)) if is_stricter(version, text) => {}
                (Err(_), Ok(_)) if is_wider(version, text) => {}
                (Ok(sent), Ok(own)) if own.message(9) == Some(sent.clone()) => same += 1,
                (sent, own) => {
                    let sent = sent.map(|bytes| hex::digits(&bytes));
                    let own = own.map(|own| own.message(9).map(|bytes| hex::digits(&bytes)));
                    let _ = writeln!(wrong, "{version} {word} {text}\n  {sent:?}\n  {own:?}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(same > 300, "{same}");
}

const METERS: [&str; 34] = [
    "meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=50",
    "meter=1 kbps burst stats bands= type=drop rate=1000 burst_size=50",
    "meter=1,kbps,burst,bands=type=drop,rate=1000,burst_size=50,type=drop,rate=2000,burst_size=60",
    "meter=1,kbps,bands=type=dscp_remark,rate=1000,prec_level=1",
    "meter=1,kbps,bands=type=dscp_remark,rate=1000",
    "meter=1,kbps,bands=type=drop,rate=1000,prec_level=1",
    "meter=1,pktps,band=type=drop,rate=0x10",
    "meter=1,pktps,bands=type=drop,rate=1,burst_size=7",
    "meter=1,pktps,burst,bands=type=drop,rate=1",
    "meter=1,bands=type=drop,rate=1",
    "meter=1,kbps",
    "meter=1,kbps,bands=type=drop",
    "meter=1,kbps,bands=rate=1",
    "meter=1,kbps,bands=type=foo,rate=1",
    "meter=controller,pktps,bands=type=drop,rate=1",
    "meter=slowpath,pktps,bands=type=drop,rate=1",
    "meter=0,pktps,bands=type=drop,rate=1",
    "meter=0xffff0000,pktps,bands=type=drop,rate=1",
    "meter=0xffff0001,pktps,bands=type=drop,rate=1",
    "kbps,bands=type=drop,rate=1",
    "meter=1,foo,kbps,bands=type=drop,rate=1",
    "meter=1,kbps,bands=type=drop,rate=1,foo=2",
    "meter=1,kbps,bands=type=drop,rate=4294967295",
    "meter=1,kbps,bands=type=drop,rate=4294967296",
    "meter=1,kbps,bands=type=drop,rate=0",
    "meter=1,kbps,bands=",
    "1",
    "",
    "meter=,kbps,bands=type=drop,rate=1",
    "meter=x,kbps,bands=type=drop,rate=1",
    "meter=1,kbps,burst,bands=type=drop,rate=1,burst_size=0",
    "meter=1,kbps=3,bands=type=drop,rate=1",
    "meter=-1,kbps,bands=type=drop,rate=1",
    "meter=1,kbps,bands=type=drop,type=drop,rate=1",
];

#[test]
fn meter_mods_have_the_bytes_of_ovs_ofctl() {
    let peer = OfctlPeer::new();
    let mut wrong = String::new();
    for (name, version) in VERSIONS.into_iter().zip(Version::ALL) {
        let deletions = [
            "meter=1",
            "meter=all",
            "meter=controller",
            "meter=x",
            "1,kbps",
        ];
        let deletions = deletions.map(|text| (MeterCommand::Delete, "del-meters", text));
        let all = METERS.into_iter().flat_map(|text| {
            let add = (MeterCommand::Add, "add-meter", text);
            [add, (MeterCommand::Modify, "mod-meter", text)]
        });
        for (command, word, text) in all.chain(deletions) {
            let sent = peer.sent(name, &[word], text, 9).ok();
            let own = MeterChange::parse(text, command).ok();
            let own = own.and_then(|own| own.message(version, 9));
            if sent != own {
                let [sent, own] = [sent, own].map(|bytes| bytes.map(|bytes| hex::digits(&bytes)));
                let _ = writeln!(wrong, "{version} {word} {text}\n  {sent:?}\n  {own:?}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_is_wrong_is_said() {
    for (text, says) in [
        ("", "group_id= is missing"),
        ("group_id=1", "type= is missing"),
        ("group_id=1,tpye=all", "did you mean type?"),
        ("group_id=1,group_id=2,type=all", "group_id is given twice"),
        ("group_id=1,type=some", "\"some\" is no type of group"),
        (
            "group_id=1,type=all,bucket=watch_port:nosuch,output:1",
            "no port has this name",
        ),
        (
            "group_id=1,type=all,bucket=output:nosuch",
            "no port has this name",
        ),
        (
            "group_id=1,type=all,bucket=outptu:1",
            "did you mean output?",
        ),
        (
            "group_id=1,type=all,bucket=weight:5,output:1",
            "only buckets of groups of type select",
        ),
        (
            "group_id=1,type=all,bucket=bucket_id:1,drop,bucket=bucket_id:1,drop",
            "two buckets have the id 1",
        ),
        (
            "group_id=1,type=select,selection_method=hash,fields(ip_dts),bucket=drop",
            "did you mean ip_dst?",
        ),
    ] {
        let error = GroupChange::parse(text, GroupCommand::Add, &NoNames, Version::V15);
        let error = error.unwrap_err().to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
    let text = "group_id=1,type=select,selection_method=hash,bucket=drop";
    let error = GroupChange::parse(text, GroupCommand::Add, &NoNames, Version::V13);
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("OpenFlow13 cannot carry selection_method"),
        "{error}"
    );
}
