//! What fuzzing begins with: what real daemons and tools sent and printed, from `fixtures/golden`.

use std::collections::BTreeSet;

const MESSAGES: &str = include_str!("../../fixtures/golden/messages.tsv");
const DETAILS: &str = include_str!("../../fixtures/golden/details.tsv");
const ACTIONS: &str = include_str!("../../fixtures/golden/actions.tsv");
const FIELDS: &str = include_str!("../../fixtures/golden/fields.tsv");
const FLOW_MODS: &str = include_str!("../../fixtures/golden/flow_mods.tsv");
const TRACES: &str = include_str!("../../fixtures/golden/trace/3.1.txt");
const DATAPATH: [&str; 7] = [
    include_str!("../../fixtures/golden/unixctl/dump-flows-3.5.txt"),
    include_str!("../../fixtures/golden/unixctl/dump-conntrack-3.5.txt"),
    include_str!("../../fixtures/golden/unixctl/dpctl-show-3.5.txt"),
    include_str!("../../fixtures/golden/unixctl/dpif-show-3.5.txt"),
    include_str!("../../fixtures/golden/unixctl/upcall-show-3.5.txt"),
    include_str!("../../fixtures/golden/unixctl/route-show-3.5.txt"),
    include_str!("../../fixtures/golden/unixctl/tnl-neigh-show-3.5.txt"),
];
const ARCHIVES: [&[u8]; 7] = [
    include_bytes!("../../fixtures/golden/archives/gnu.tar"),
    include_bytes!("../../fixtures/golden/archives/pax.tar"),
    include_bytes!("../../fixtures/golden/archives/gnu.tar.gz"),
    include_bytes!("../../fixtures/golden/archives/gnu.tar.bz2"),
    include_bytes!("../../fixtures/golden/archives/gnu.tar.xz"),
    include_bytes!("../../fixtures/golden/archives/gnu.tar.zst"),
    include_bytes!("../../fixtures/golden/archives/report.zip"),
];
const DUMP: &str = include_str!("../../fixtures/golden/dump.hex");
const NEUTRON: [&str; 4] = [
    include_str!("../../fixtures/neutron/node/flows/br-int.expected"),
    include_str!("../../fixtures/neutron/node/flows/br-tun.expected"),
    include_str!("../../fixtures/neutron/notes/flows/br-int.flows"),
    include_str!("../../fixtures/neutron/notes/flows/br-tun.flows"),
];

/// Commands of a batch, one of each family and some that are none.
const BATCH: &[&str] = &[
    "bridge add br0 --datapath-type netdev --fail-mode secure --may-exist",
    "bridge set br0 --protocols OpenFlow13,OpenFlow15 --external-id a=b --other-config hwaddr=02:00:00:00:00:01",
    "bridge del br0 br1 --if-exists",
    "port add br0 p1 --type internal --tag 5 --may-exist # an access port",
    "ovs port add br0 'p 2' --trunks 1-5,7 --vlan-mode native-tagged --ofport 7 --mac 02:00:00:00:00:02",
    "port add br0 bond0 --bond eth0,eth1 --bond-mode balance-tcp --lacp active",
    "port set p1 --option key=value --external-id 'iface-id=x y' --mtu 1400",
    "port del p1 p2 --if-exists",
    "patch add br-int br-tun",
    "patch add br-int:int-br-ex br-ex:phy-br-ex",
    "patch del br-int br-tun",
    "tag set p1 66",
    "tag clear p1",
    "tunnel add br-tun --remote 10.0.0.72 --type vxlan --local 10.0.0.1 --key flow --dst-port 4789",
    "tunnel add br-tun vx6 --remote fe80::1%2 --key 5",
    "tunnel set vx6 --remote 10.0.0.1 --option csum=true",
    "db set Interface p1 external_ids:a=b options:\\\"x:y\\\"=1",
    "db create QoS type=linux-htb queues:0=@q -- @q",
    "db add Bridge br0 flood_vlans 1 2 3",
    "db remove Port p1 other_config a=b",
    "db clear Port p1 tag trunks",
    "db destroy QoS --all",
    "# nothing\n\n  \t\nbridge add \"br\\\"1\"\n",
    "show br0",
    "graph br0 --format dot",
    "port add br0 'p9",
    "port add --help",
];

/// Dumps and other hex, as tools print it.
const PASTED: &[&str] = &[
    include_str!("../../fixtures/golden/pasted/xxd"),
    include_str!("../../fixtures/golden/pasted/xxd-i"),
    include_str!("../../fixtures/golden/pasted/xxd-p"),
    include_str!("../../fixtures/golden/pasted/hexdump-C"),
    include_str!("../../fixtures/golden/pasted/od-x1"),
    include_str!("../../fixtures/golden/pasted/od-x1z-v"),
    include_str!("../../fixtures/golden/pasted/tcpdump-X"),
    include_str!("../../fixtures/golden/pasted/tshark-P-x"),
    "00000000  04 14 00 08 00 00 00 02-                        |........        |\n",
    "0x4 0x14, {0x00, 8} /* x */ // y",
    "b'\\x04\\x14\\n' \"\\x00\" \\\n x04x14 \"0414\"",
    "00000000  04 14 |..|\n*\n00000020  00 00 |..|\n00000022\n",
    "0000000 04 14\n*\n0000040 00\n0000041\n",
];

/// Values, rows and schemas, as JSON and as ovs-vsctl(8) writes them.
const VALUES: &[&str] = &[
    r#"["set",[]]"#,
    r#"["set",[1,2,-3]]"#,
    r#"["map",[["peer","patch-int"],["a\u001b","b\n"]]]"#,
    r#"["uuid","36bef046-7da7-43a5-905a-c17899216fcb"]"#,
    r#"["set",[["uuid","36bef046-7da7-43a5-905a-c17899216fcb"],["named-uuid","new"]]]"#,
    r#"{"name":"br-int","tag":["set",[]],"external_ids":["map",[["a","b"]]],"ofport":-1,"_uuid":["uuid","36bef046-7da7-43a5-905a-c17899216fcb"]}"#,
    r#"{"name":"Open_vSwitch","version":"8.3.0","cksum":"1 2","tables":{"Port":{"columns":{"name":{"type":"string","mutable":false},"tag":{"type":{"key":{"type":"integer","minInteger":0,"maxInteger":4095},"min":0,"max":1}},"other_config":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}},"mode":{"type":{"key":{"type":"string","enum":["set",["access","trunk"]]},"min":0}},"qos":{"type":{"key":{"type":"uuid","refTable":"QoS","refType":"weak"},"min":0,"max":1}}},"isRoot":true,"maxRows":5,"indexes":[["name"]]}}}"#,
    "0.5",
    "1e400",
    "true",
    "[1-5,7]",
    "{a=b, \"c d\"=\"e\\nf\"}",
    "external_ids:\"a:b\"!=[]",
    "tag{<=}[1,2]",
    "@new",
    "36bef046-7da7-43a5-905a-c17899216fcb",
    "\"quoted \\u202e text\"",
];

/// Databases: the records of logs, without their headers, and dumps.
const DATABASES: &[&str] = &[
    concat!(
        r#"{"name":"Open_vSwitch","version":"8.3.1","tables":{"Port":{"columns":{"name":{"type":"string"},"#,
        r#""tag":{"type":{"key":"integer","min":0}},"trunks":{"type":{"key":"integer","min":0,"max":4096}},"#,
        r#""ids":{"type":{"key":"string","value":"string","min":0,"max":"unlimited"}}}}}}"#,
        "\n",
        r#"{"Port":{"00000000-0000-0000-0000-000000000001":{"name":"p1","trunks":["set",[1,2]],"ids":["map",[["a","b"]]]}},"_date":1}"#,
        "\n",
        r#"{"_is_diff":true,"_date":1,"Port":{"00000000-0000-0000-0000-000000000001":{"tag":5,"trunks":["set",[2,3]],"ids":["map",[["a","c"],["d","e"]]]}}}"#,
        "\n",
        r#"{"Port":{"00000000-0000-0000-0000-000000000001":null},"_comment":"ovs-vsctl: del-port p1"}"#,
        "\n",
    ),
    concat!(
        r#"{"server_id":"00000000-0000-0000-0000-000000000009","cluster_id":"00000000-0000-0000-0000-000000000008","#,
        r#""name":"x","local_address":"unix:raft","prev_term":1,"prev_index":1,"prev_eid":"00000000-0000-0000-0000-000000000007","#,
        r#""prev_servers":{"00000000-0000-0000-0000-000000000009":"unix:raft"},"#,
        r#""prev_data":[{"name":"x","tables":{"T":{"columns":{"s":{"type":{"key":"string","max":"unlimited","min":0}}}}}},{"T":{"00000000-0000-0000-0000-000000000001":{"s":"a"}}}]}"#,
        "\n",
        r#"{"term":1,"index":2,"eid":"00000000-0000-0000-0000-000000000006","data":[null,{"_is_diff":true,"T":{"00000000-0000-0000-0000-000000000001":{"s":["set",["b","c"]]}}}]}"#,
        "\n",
        r#"{"commit_index":2}"#,
        "\n",
        r#"{"term":1,"index":3,"data":[{"name":"x","tables":{"U":{"columns":{}}}},null]}"#,
        "\n",
        r#"{"term":1,"index":3,"data":[{"name":"x","tables":{"U":{"columns":{}}}},{"U":{}}]}"#,
        "\n",
        r#"{"note":"left"}"#,
        "\n",
    ),
    "OVSDB JSON 10737418240 0000000000000000000000000000000000000000\n{}\n",
    "Port table\n_uuid                                name tag\n------------------------------------ ---- ----\n8c561aae-e267-4fbe-a6a5-356cfd3b6bbe p2   [1, 2]\n\nQoS table\n_uuid queues\n----- ------\n",
    "2025-11-29 11:55:15.123\nPort table\n_uuid               : 8c561aae-e267-4fbe-a6a5-356cfd3b6bbe\nname                : \"p 2\"\nids                 : {a=b, \"c d\"=\"\\\"\"}\n",
    "_uuid               : 8c561aae-e267-4fbe-a6a5-356cfd3b6bbe\nofport              : -1\nmtu: 1.5e3\n\n_uuid               : 8c561aae-e267-4fbe-a6a5-356cfd3b6bbf\nofport              : 2",
    "Port table\n_uuid,name,ids\n8c561aae-e267-4fbe-a6a5-356cfd3b6bbe,p2,\"{a=\"\"x y\"\", b=c}\"\n",
    r#"{"caption":"Port table","data":[[["uuid","8c561aae-e267-4fbe-a6a5-356cfd3b6bbe"],"p2",["set",[]]]],"headings":["_uuid","name","tag"]}"#,
];

/// Streams of messages of ovsdb-server.
const STREAMS: &[&str] = &[
    r#"{"id":1,"result":[{"rows":[]}],"error":null}{"method":"echo","params":[],"id":"echo"}"#,
    " {\"id\":0,\"error\":{\"error\":\"x \\\"}\",\"details\":null},\"result\":null} \n{\"a\":[{},[[]]]}",
    "{\"method\":\"update\",\"params\":[null,{\"Port\":{}}],\"id\":null}\r\n\r\nHTTP/1.1 400",
    "{\"a\":\"\\\\\\\"{[\"}{}",
    "{]{}",
];

/// Where fuzzing of a target begins; none for what is no target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let seeds: BTreeSet<Vec<u8>> = match target {
        "openflow" => messages(),
        "match_text" => match_texts(),
        "action_text" => action_texts(),
        "flow_text" => flow_texts(),
        "group_text" => of_all_choices(GROUPS, 36),
        "meter_text" => of_all_choices(METERS, 9),
        "framing" => streams(),
        "pasted" => PASTED.iter().map(|text| text.as_bytes().to_vec()).collect(),
        "datapath" => DATAPATH
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect(),
        "archive" => ARCHIVES.iter().map(|bytes| bytes.to_vec()).collect(),
        "trace" => TRACES
            .split("### ")
            .filter_map(|request| request.split_once('\n'))
            .map(|(_, reply)| reply.as_bytes().to_vec())
            .collect(),
        "ovsdb_value" => VALUES.iter().map(|text| text.as_bytes().to_vec()).collect(),
        "stored_database" => DATABASES
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect(),
        "batch" => {
            let lines = BATCH.iter().map(|text| text.as_bytes().to_vec());
            lines.chain([BATCH.join("\n").into_bytes()]).collect()
        }
        "dump_text" => dump_texts(),
        _ => BTreeSet::new(),
    };
    seeds.into_iter().collect()
}

/// What ovs-ofctl prints of replies, and flows of dumps.
fn dump_texts() -> BTreeSet<Vec<u8>> {
    let replies = rows(MESSAGES).chain(rows(DETAILS));
    let replies = replies.map(|row| row[1].replace("\\n", "\n"));
    let replies = replies.filter(|text| text.contains(" reply") || text.contains("_REPLY"));
    let flows = NEUTRON.map(str::to_owned);
    replies.chain(flows).map(String::into_bytes).collect()
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').collect())
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2);
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.filter_map(pair).collect()
}

/// Messages as they came, and flow mods around each golden match and list of actions.
fn messages() -> BTreeSet<Vec<u8>> {
    let recorded = rows(MESSAGES).chain(rows(DETAILS));
    let mut all: BTreeSet<Vec<u8>> = recorded.map(|row| unhex(row[0])).collect();
    all.extend(DUMP.lines().map(unhex));
    all.extend(rows(ACTIONS).filter_map(|row| {
        let version = row[0].parse().ok()?;
        let bytes = unhex(row[3]);
        let actions = match row[1] {
            "A" if version > 1 => {
                let length = u16::try_from(bytes.len() + 8).ok()?.to_be_bytes();
                [&[0, 4, length[0], length[1], 0, 0, 0, 0], bytes.as_slice()].concat()
            }
            _ => bytes,
        };
        Some(match version {
            1 => flow_mod_v10(&[0; 40], &actions),
            2 => flow_mod(2, &[&[0, 0, 0, 88], [0; 84].as_slice()].concat(), &actions),
            _ => flow_mod(version, &[0, 1, 0, 4, 0, 0, 0, 0], &actions),
        })
    }));
    all.extend(rows(FIELDS).filter_map(|row| {
        let bytes = unhex(row[2]);
        let version = match row[0] {
            "v10" => return Some(flow_mod_v10(&bytes, &[])),
            "v11" => return Some(flow_mod(2, &bytes, &[])),
            "nxm" => 3,
            other => other.strip_prefix("v1")?.parse::<u8>().ok()? + 1,
        };
        let length = u16::try_from(bytes.len() + 4).ok()?.to_be_bytes();
        let mut fields = [&[0, 1, length[0], length[1]], bytes.as_slice()].concat();
        fields.resize(fields.len().next_multiple_of(8), 0);
        Some(flow_mod(version, &fields, &[]))
    }));
    all
}

/// `OFPT_FLOW_MOD` of OpenFlow 1.0 that adds a flow.
fn flow_mod_v10(fields: &[u8], actions: &[u8]) -> Vec<u8> {
    let rest = [
        0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0,
    ];
    message(1, &[fields, &rest, actions].concat())
}

/// `OFPT_FLOW_MOD` of later versions.
fn flow_mod(version: u8, fields: &[u8], instructions: &[u8]) -> Vec<u8> {
    let mut rest = [0; 40];
    rest[7] = 9;
    rest[22] = 0x80;
    rest[24..36].fill(0xff);
    message(version, &[&rest, fields, instructions].concat())
}

fn message(version: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 8)
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    [&[version, 14, length[0], length[1], 0, 0, 0, 7], body].concat()
}

fn match_texts() -> BTreeSet<Vec<u8>> {
    let fields = rows(FIELDS).filter_map(|row| row.get(3).copied());
    let flows = rows(FLOW_MODS).filter_map(|row| row.get(4).copied());
    let neutron = NEUTRON.iter().flat_map(|dump| dump.lines());
    let all = fields.chain(flows).chain(neutron);
    all.map(|text| text.as_bytes().to_vec()).collect()
}

fn action_texts() -> BTreeSet<Vec<u8>> {
    let mut all = BTreeSet::new();
    let mut put = |version: &str, text: &str| {
        if let Some((_, actions)) = text.split_once("actions=") {
            // The first byte chooses the version: '0' is the first.
            let number = version.parse().unwrap_or(1u8);
            all.insert([&[b'0' + number - 1], actions.as_bytes()].concat());
        }
    };
    for row in rows(FLOW_MODS) {
        if let Some(text) = row.get(4) {
            put(row[0], text);
        }
    }
    for line in NEUTRON.iter().flat_map(|dump| dump.lines()) {
        put("4", line);
    }
    all
}

/// Lines with what else a file of flows may have.
const FLOWS: &[&str] = &[
    "add table=1,priority=5,cookie=0x7,idle_timeout=9,hard_timeout=0,send_flow_rem,tcp,tp_dst=80 actions=output:1 # a web server",
    "modify in_port=eth0,actions=drop",
    "modify_strict priority=7,cookie=5/7,ip,nw_dst=10.0.0.0/8,actions=mod_nw_src:10.0.0.1,2",
    "delete cookie=0x5/-1,table=2,out_port=2",
    "delete_strict priority=3,dl_vlan=0xffff",
    "del out_group=5",
    "in_port=\"a,b(c\",dl_vlan=1,dl_vlan_pcp=3,importance=9,no_packet_counts,actions=strip_vlan,learn(table=1,tun_flags=0,output:2)",
];

/// Groups as ovs-ofctl(8) writes them, and deletions and changes of buckets.
const GROUPS: &[&str] = &[
    "group_id=1,type=all,bucket=output:eth0,bucket=actions=set_field:5->reg0,mod_vlan_vid:7,output:\"a,b(c\"",
    "add group_id=2,type=select,bucket=weight:5,output:1,bucket=weight:0,bucket_id:7,output:2",
    "modify group_id=5 type=ff bucket=watch_port:eth0,output:1 bucket=watch_port:2,watch_group:1,output:2",
    "add_or_mod group_id=6,type=indirect,bucket=resubmit(,5)",
    "group_id=0xff,type=select,selection_method=dp_hash,selection_method_param=7,bucket=drop,bucket=watch_group:6,group:6",
    "group_id=3,type=select,selection_method=hash,fields(ip_dst=255.255.255.0,nw_proto,tcp_src),bucket=bucket_id=9,weight=2,actions=strip_vlan,set_tunnel:1,2",
    "insert_bucket group_id=1,command_bucket_id=first,bucket=mod_nw_src:10.0.0.1,mod_tp_dst:80,1",
    "remove_bucket group_id=1,command_bucket_id=3",
    "delete group_id=all",
    "5",
    "group_id=4000000000,type=fast_failover,duration=5s,ref_count=1,packet_count=2,byte_count=3,bucket0:packet_count=0,bucket=ct(commit,zone=3,exec(set_field:1->ct_mark)),NORMAL",
];

/// Meters as ovs-ofctl(8) writes them, and deletions.
const METERS: &[&str] = &[
    "meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=50,type=drop,rate=2000,burst_size=60",
    "meter=controller pktps bands= type=dscp_remark rate=7 prec_level=3",
    "meter=3 kbps bands= type=drop rate=4000000000",
    "meter=slowpath,kbps,band=type=drop,rate=1,band=type=drop,rate=2",
    "meter=9 pktps stats bands=",
    "meter:5 flow_count:1 packet_in_count:2 byte_in_count:3 duration:4.5s bands:\n0: packet_count:6 byte_count:7",
    "meter=all",
    "7",
];

/// Each text with each first byte from '0' on.
fn of_all_choices(texts: &[&str], count: u8) -> BTreeSet<Vec<u8>> {
    let all = texts
        .iter()
        .flat_map(|text| (0..count).map(|choice| [&[b'0' + choice], text.as_bytes()].concat()));
    all.collect()
}

fn flow_texts() -> BTreeSet<Vec<u8>> {
    // The first byte chooses version and command: '0' adds in the first version.
    let flow = |version: u8, text: &str| [&[b'0' + version], text.as_bytes()].concat();
    let mut all: BTreeSet<Vec<u8>> = rows(FLOW_MODS)
        .filter_map(|row| {
            let version = row[0].parse::<u8>().ok()?.checked_sub(1)?;
            Some(flow(version, row.get(4)?))
        })
        .collect();
    for line in NEUTRON.iter().flat_map(|dump| dump.lines()) {
        all.insert(flow(0, line));
        all.insert(flow(4, line));
    }
    all.extend(of_all_choices(FLOWS, 30));
    for row in rows(FIELDS) {
        if let Some(text) = row.get(3) {
            all.insert(flow(5, &format!("{text},actions=drop")));
            all.insert(flow(0, &format!("{text},actions=drop")));
        }
    }
    all
}

fn streams() -> BTreeSet<Vec<u8>> {
    let deep = ["{", &"[".repeat(120), &"]".repeat(120), "}"].concat();
    let long = ["{\"a\":\"", &"x".repeat(5000), "\"}{}"].concat();
    let all = STREAMS.iter().copied().chain([deep.as_str(), &long]);
    let cut = |text: &str| [b"01234567", text.as_bytes()].concat();
    all.map(cut).collect()
}
