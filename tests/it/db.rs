//! `ovs db`: rows of any table, side by side with the real ovs-vsctl.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::common::Sandbox;
use crate::common::server::until;

/// A bridge with a port, without what a switch would write into them.
fn sandbox() -> Sandbox {
    Sandbox::with(
        "add-br br0 -- add-port br0 p1 tag=7 trunks=1,2,3 vlan_mode=native-tagged -- \
         set Interface p1 type=internal external_ids:iface-id=x -- set Port p1 other_config:a=b",
    )
}

/// The words of a text, in one order.
fn sorted(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words
}

/// A column of p1, as ovs-vsctl prints it.
fn port(sandbox: &Sandbox, column: &str) -> String {
    vsctl!(sandbox, "get Port p1 {column}").trim().to_owned()
}

#[test]
fn get_prints_what_ovs_vsctl_prints() {
    let sandbox = sandbox();
    for (table, record, columns) in [
        ("Port", "p1", "name tag vlan_mode _uuid"),
        ("port", "p1", "other_config:a other-config:a TAG vlan-m"),
        ("p", "p1", "bond_downdelay"),
        ("Interface", "br0", "type name"),
        ("bridge", "br0", "stp_enable datapath_version"),
        ("open", ".", "next_cfg _uuid cur_cfg"),
    ] {
        let real = vsctl!(sandbox, "get {table} {record} {columns}");
        let real: Vec<&str> = real.lines().map(|line| line.trim_matches('"')).collect();
        ovs!(sandbox, "db get {table} {record} {columns}").prints(&(real.join("\t") + "\n"));
    }
    let uuid = port(&sandbox, "_uuid");
    ovs!(sandbox, "db get Port {uuid} name").prints("p1\n");
    ovs!(sandbox, "db get Port {} name", &uuid[..8]).prints("p1\n");
    ovs!(sandbox, "db get Port p1 -g trunks").prints("1,2,3\n");
    assert_eq!(
        ovs!(
            sandbox,
            "db get Port p1 tag trunks cvlans qos other_config other_config:a fake_bridge"
        )
        .json(),
        json!({"tag": 7, "trunks": [1, 2, 3], "cvlans": [], "qos": null, "other_config": {"a": "b"},
               "other_config:a": "b", "fake_bridge": false})
    );
    ovs!(sandbox, "db get Port p1 tag qos -o table").prints("tag  7\nqos  -\n");
    ovs!(sandbox, "db get --if-exists Port nope tag").prints("");
    ovs!(sandbox, "db get --if-exists Port p1 other_config:x").prints("-\n");
}

#[test]
fn records_by_what_refers_to_them() {
    let sandbox = sandbox();
    vsctl!(
        sandbox,
        "set-controller br0 tcp:127.0.0.1:1 -- set-manager ptcp:16640:127.0.0.1 -- set Port p1 qos=@q -- --id=@q create QoS type=linux-htb -- --id=@m create Mirror \
         name=m0 -- add Bridge br0 mirrors @m -- --id=@n create NetFlow \
         'targets=\"127.0.0.1:1\"' -- set Bridge br0 netflow=@n"
    );
    for (table, record) in [
        ("Controller", "br0"),
        ("Manager", "ptcp:16640:127.0.0.1"),
        ("QoS", "p1"),
        ("Mirror", "m0"),
        ("NetFlow", "br0"),
        ("Open_vSwitch", "."),
        ("Mirror", "."),
    ] {
        ovs!(sandbox, "db get {table} {record} _uuid")
            .prints(vsctl!(sandbox, "get {table} {record} _uuid"));
    }
    ovs!(sandbox, "db get Controller tcp:127.0.0.1:1 target").prints("tcp:127.0.0.1:1\n");
    vsctl!(
        sandbox,
        "set-controller br0 tcp:127.0.0.1:1 tcp:127.0.0.1:2"
    );
    ovs!(sandbox, "db get Controller br0").exits(1);
    ovs!(sandbox, "db get Port .").exits(1);
}

/// The server's order is arbitrary: rows are sorted by name, as ports are elsewhere, or else by UUID; also those of a file.
#[test]
fn rows_are_sorted() {
    let sandbox = sandbox();
    for name in ["t10", "t9", "t100", "a"] {
        vsctl!(
            sandbox,
            "add-port br0 {name} -- set Interface {name} type=internal \
             -- --id=@q create QoS type=linux-htb other_config:max-rate=1 -- set Port {name} qos=@q"
        );
    }
    let names = "a\nbr0\np1\nt9\nt10\nt100\n";
    let file = sandbox.run_dir().join("conf.db");
    for from in [String::new(), format!("--from {} ", file.display())] {
        ovs!(sandbox, "{from}db list Port -g name").prints(names);
        ovs!(sandbox, "{from}db find Port 'name!=p1' -g name").prints(&*names.replace("p1\n", ""));
        // The name need not be shown.
        ovs!(sandbox, "{from}db list Port --columns tag,_uuid").prints(
            &*ovs!(
                sandbox,
                "db list Port a br0 p1 t9 t10 t100 --columns tag,_uuid"
            )
            .out(),
        );
        let uuids = ovs!(sandbox, "{from}db list QoS -g _uuid").out();
        let mut sorted: Vec<&str> = uuids.lines().collect();
        sorted.sort_unstable();
        assert_eq!(uuids.lines().collect::<Vec<_>>(), sorted);
        assert_eq!(sorted.len(), 4);
    }
    ovs!(sandbox, "db list Port t9 a -g name").prints("t9\na\n");
}

#[test]
fn list_and_find() {
    let sandbox = sandbox();
    vsctl!(
        sandbox,
        "add-port br0 p2 tag=9 -- set Interface p2 type=internal"
    );
    let mut ports = ovs!(sandbox, "db list Port --columns name,tag").json();
    let rows = ports.as_array_mut().unwrap();
    rows.sort_by_key(|port| port["name"].to_string());
    assert_eq!(
        ports,
        json!([
            {"name": "br0", "tag": null},
            {"name": "p1", "tag": 7},
            {"name": "p2", "tag": 9},
        ])
    );
    // Record by record, _uuid first and then by name, as ovs-vsctl has it.
    let names = |text: String| -> Vec<String> {
        let names = text.lines().filter(|line| !line.starts_with(' '));
        names
            .filter_map(|line| line.split_whitespace().next())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(
        names(ovs!(sandbox, "db list Port p1 -o table").out()),
        names(vsctl!(sandbox, "list Port p1"))
    );
    ovs!(sandbox, "db list Port p1 p2 --columns name,ta -o table")
        .prints("name  p1\ntag   7\n\nname  p2\ntag   9\n");
    // What is not found does not hide what is.
    ovs!(sandbox, "db list Port nope p2 pp p1 --columns name,tag")
        .exits(3)
        .prints("p2\t9\np1\t7\n")
        .says_only(
            "ovs: record \"nope\" not found in table Port\n\
             ovs: record \"pp\" not found in table Port\n",
        );
    ovs!(sandbox, "db list Port nope p2 -g tag --if-exists")
        .ok()
        .prints("9\n")
        .says_nothing();
    ovs!(sandbox, "db list Port nope -o table")
        .exits(3)
        .prints("")
        .says_only("ovs: record \"nope\" not found in table Port\n");
    for conditions in [
        "tag=7",
        "tag!=7",
        "tag>7",
        "tag<8",
        "tag>=7 name!=p2",
        "tag=[]",
        "trunks=3,2,1",
        "trunks{>=}1,2",
        "trunks{<=}1,2,3,4",
        "trunks{<}1,2,3",
        "trunks{>}1,2",
        "trunks{=}1-3",
        "trunks{!=}[]",
        "trunks{in}1,2,3",
        "trunks{not-in}5",
        "trunks{not-in}1",
        "trunks>1,2",
        "trunks<1,2",
        "trunks>=3,2,1",
        "trunks<=9",
        "trunks<=1,2,4",
        "other_config<a=c",
        "other_config>=a=a",
        "other_config>a=b,c=d",
        "other-config{>=}a=c",
        "other_config{in}a=b,x=y",
        "other_config:a=b",
        "other_config:a!=c",
        "other_config:a{=}b",
        "other_config:a{!=}c",
        "other_config:x{!=}c",
        "other-config{>=}a=b",
        "vlan_mode=native-tagged",
        "'name=\"p1\"'",
        "fake_bridge=false",
        "fake_bridge=true",
    ] {
        assert_eq!(
            sorted(&ovs!(sandbox, "db find Port -g name {conditions}").out()),
            sorted(&vsctl!(
                sandbox,
                "--bare --columns=name find Port {conditions}"
            )),
            "{conditions}"
        );
    }
    ovs!(sandbox, "db find Port tag=100 --json").prints("[]\n");
}

/// Every table there is can be listed.
#[test]
fn all_tables() {
    let sandbox = sandbox();
    for table in [
        "AutoAttach",
        "Bridge",
        "CT_Timeout_Policy",
        "CT_Zone",
        "Controller",
        "Datapath",
        "Flow_Sample_Collector_Set",
        "Flow_Table",
        "IPFIX",
        "Interface",
        "Manager",
        "Mirror",
        "NetFlow",
        "Open_vSwitch",
        "Port",
        "QoS",
        "Queue",
        "SSL",
        "sFlow",
    ] {
        assert_eq!(
            sorted(&ovs!(sandbox, "db list {table} -g _uuid").out()),
            sorted(&vsctl!(sandbox, "--bare --columns=_uuid list {table}")),
            "{table}"
        );
    }
}

#[test]
fn changes_are_those_of_ovs_vsctl() {
    // The same arguments to both tools, each on its own switch.
    let (ours, real) = (sandbox(), sandbox());
    for arguments in [
        "set Port p1 tag=9 trunks=1-5,10 'other_config:\"x y\"=\"a=b\"'",
        "set port p1 other_config:c=d:e vlan-mode=access",
        "add Port p1 trunks 20 30-32",
        "add Port p1 other_config new=1 newer=2",
        "remove Port p1 trunks 1 99 3-4",
        "remove Port p1 other_config c a=nope none",
        "set Port p1 'trunks=[ 1-2, 3 ]'",
        "set Port p1 trunks=[]",
        "remove Port p1 other_config new=1",
        "set Port p1 'external_ids={a=b, \"c d\"=\"e\\\"f\"}'",
        "clear Port p1 tag other_config",
        "set Port p1 bond_fake_iface=yes bond_updelay=7",
        "add Port p1 tag 5",
        "set Open_vSwitch . other_config:max-idle=30000",
    ] {
        ovs!(ours, "db {arguments}").ok();
        vsctl!(real, "{arguments}");
        let columns = |sandbox: &Sandbox| {
            vsctl!(
                sandbox,
                "get Port p1 tag trunks vlan_mode other_config external_ids bond_fake_iface \
                 bond_updelay"
            )
        };
        assert_eq!(columns(&ours), columns(&real), "{arguments}");
    }
    assert_eq!(
        vsctl!(ours, "get Open_vSwitch . other_config"),
        vsctl!(real, "get Open_vSwitch . other_config")
    );
    for arguments in [
        "set Port nope tag=1",
        "remove Port nope tag 1",
        "clear Port nope tag",
        "add Port nope tag 1",
    ] {
        vsctl!(real, "--if-exists {arguments}");
        ovs!(ours, "db {arguments} --if-exists").prints("unchanged\n");
    }
    // A key that is there stays as it is, as ovs-vsctl(8) says; ovs-vsctl 3.1 itself replaces it where
    // add is its last command.
    ovs!(ours, "db set Port p1 external_ids:a=b").ok();
    ovs!(ours, "db add Port p1 external_ids a=c").prints("unchanged\n");
    let said = ovs!(ours, "db set Port p1 tag=6").json();
    assert_eq!(said[0]["kind"], "port");
    assert_eq!(
        (&said[0]["before"], &said[0]["after"]),
        (&json!({"tag": 5}), &json!({"tag": 6}))
    );
    ovs!(ours, "db set Port p1 tag=6").prints("unchanged\n");
    ovs!(ours, "db set Port p1 tag=8 --dry-run")
        .ok()
        .begins("changed\tport\tp1");
    assert_eq!(port(&ours, "tag"), "6");
}

#[test]
fn what_is_refused_changes_nothing() {
    let sandbox = sandbox();
    vsctl!(
        sandbox,
        "-- set Port p1 qos=@q -- --id=@q create QoS type=linux-htb"
    );
    let of_qos = format!("destroy QoS {}", port(&sandbox, "qos"));
    sandbox.refuses_each(
        "db",
        &[
            ("set Prot p1 tag=1", 2, "(did you mean \"Port\"?)"),
            (
                "set C p1 tag=1",
                2,
                "CT_Timeout_Policy, CT_Zone, Controller",
            ),
            (
                "set Port p1 taag=1",
                2,
                "there is no column \"taag\" in table Port of schema ",
            ),
            ("set Port p1 bond=1", 2, "could be any of bond_active_slave"),
            (
                "set Port p1 tag=9999",
                2,
                "column tag of table Port: expected 0 to 4095, not 9999",
            ),
            ("set Port p1 tag=x", 2, "expected an integer, not \"x\""),
            ("set Port p1 tag=1,2", 2, "it holds 1 value at most, not 2"),
            ("set Port p1 vlan_mode=acces", 2, "expected one of"),
            ("set Port p1 fake_bridge=maybe", 2, "expected true or false"),
            ("set Port p1 other_config=a", 2, "expected KEY=VALUE"),
            ("set Port p1 tag:x=1", 2, "is no map"),
            ("set Port p1 tag", 2, "has no value"),
            ("set Port p1 interfaces=[]", 2, "it needs 1 value"),
            (
                "set Port p1 name=p9",
                1,
                "cannot be changed once the row is made",
            ),
            (
                "set Port p1 _uuid=00000000-0000-0000-0000-000000000001",
                1,
                "cannot be changed",
            ),
            (
                "set Port p1 qos=00000000-0000-0000-0000-000000000001",
                1,
                "refers to table QoS, which has no row",
            ),
            ("set Port p1 qos=@q", 2, "\"@q\" stands for no row"),
            (
                "set Port p9 tag=1",
                3,
                "record \"p9\" not found in table Port",
            ),
            ("add Port p1 tag 8", 1, "it holds 1 value at most, not 2"),
            ("add Port p1 other_config x", 2, "expected KEY=VALUE"),
            ("remove Port p1 tagg 8", 2, "there is no column"),
            (
                "clear Port p1 interfaces",
                1,
                "column interfaces of table Port cannot be empty",
            ),
            (
                "create Mirror name=m",
                1,
                "nothing refers to the new row of table Mirror",
            ),
            ("create Queue dscp=64", 2, "expected 0 to 63"),
            ("create Queue --id q", 2, "expected @ and a name"),
            ("destroy Queue", 2, "<RECORD>..."),
            ("destroy Bridge br0", 1, "its column bridges refers to it"),
            (&of_qos, 1, "its column qos refers to it"),
            ("destroy QoS --all", 1, "its column qos refers to it"),
            (
                "destroy Queue 00000000-0000-0000-0000-000000000001",
                3,
                "not found in table Queue",
            ),
            (
                "get Port p1 other_config:x",
                3,
                "key \"x\" not found in other_config",
            ),
            ("get Port p1 tag:x", 2, "is no map"),
            ("get Port p1 tag -g tag", 2, "not both"),
            ("find Port tag", 2, "is no condition"),
            ("find Port tag=x", 2, "expected an integer"),
            ("list Port --columns foo", 2, "there is no column \"foo\""),
            ("destroy Open_vSwitch .", 1, "is the switch"),
            ("destroy Open_vSwitch --all", 1, "is the switch"),
            (
                "clear Port p1 external_ids:a",
                2,
                "`ovs db remove Port RECORD external_ids a`",
            ),
            (
                "set Bridge br0 datapath_type=foo --strict",
                1,
                "no datapath_type \"foo\": it has ",
            ),
        ],
    );
    // With --if-exists, what is not there is passed over.
    ovs!(
        sandbox,
        "db destroy --if-exists Queue 00000000-0000-0000-0000-000000000001"
    )
    .prints("unchanged\n");
}

/// Neither tool reads these as values.
#[test]
fn malformed_values_are_refused() {
    let sandbox = sandbox();
    let before = vsctl!(sandbox, "list Port p1");
    for text in [
        "tag=-1",
        "tag=",
        "tag=[1",
        "tag=[1] 2",
        "tag]",
        "=5",
        "trunks=1,1",
        "trunks=3-1",
        "trunks=,1",
        "trunks=0-99999999999999999999",
        "trunks=1-",
        "trunks={1}",
        "other_config=a=b,a=c",
        "other_config=a=",
        "other_config=[]",
        "other_config=\"a=b",
        "other_config=a=b\\",
        "other_config:\"a",
        "mac=a b",
        "mac=\"\\x\"",
    ] {
        let arguments = ["db", "set", "Port", "p1", text];
        sandbox.ovs(&arguments).exits(2).prints("");
        let mut real = crate::common::server::tool("ovs-vsctl");
        real.env("OVS_RUNDIR", sandbox.run_dir());
        let refused = real.args(["set", "Port", "p1", text]).output().unwrap();
        assert!(!refused.status.success(), "{text}");
    }
    assert_eq!(vsctl!(sandbox, "list Port p1"), before);
}

/// ovs-vsctl says nothing of it; the ports that go so are named.
#[test]
fn ports_that_a_bridge_loses_are_reported() {
    let sandbox = sandbox();
    vsctl!(sandbox, "add-port br0 p2");
    for (arguments, lost) in [
        (
            "clear Bridge br0 ports --dry-run",
            "ports=[br0,p1,p2]\tports=[]",
        ),
        (
            "clear Open_vSwitch . bridges --dry-run",
            "bridges=[br0]\tbridges=[]",
        ),
        ("clear Bridge br0 ports", "ports=[br0,p1,p2]\tports=[]"),
    ] {
        ovs!(sandbox, "db {arguments}")
            .ok()
            .begins("changed\t")
            .shows(lost);
    }
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "");
}

/// What keeps a row is named so that the hint does what it says.
#[test]
fn a_hint_removes_the_reference() {
    let sandbox = sandbox();
    let batch = "db create Queue --id=@q other_config:max-rate=5\n\
                 db create QoS --id=@qos type=linux-htb queues:7=@q\ndb set Port p1 qos=@qos\n";
    ovs!(sandbox, "batch --json")
        .write_stdin(batch)
        .ok()
        .hides("\"new\"");
    let queue = vsctl!(sandbox, "--bare --columns=_uuid list Queue");
    let refused = ovs!(sandbox, "db destroy Queue {queue}").exits(1);
    let hint = refused.stderr.split('`').nth(1).unwrap();
    ovs!(sandbox, "{}", hint.strip_prefix("ovs ").unwrap()).ok();
    let queues = vsctl!(sandbox, "--bare --columns=queues list QoS");
    assert_eq!(queues.trim(), "");
}

#[test]
fn rows_are_made_and_destroyed() {
    let sandbox = sandbox();
    let said = ovs!(
        sandbox,
        "db create Queue dscp=7 other_config:max-rate=1000 other_config:min-rate=1 -g uuid"
    )
    .out();
    let uuid = said.trim();
    assert_eq!(
        vsctl!(sandbox, "get Queue {uuid} dscp other_config"),
        "7\n{max-rate=\"1000\", min-rate=\"1\"}\n"
    );
    let lines = format!(
        "db create QoS --id=@q type=linux-htb queues:0={uuid}\ndb set Port p1 qos=@q\n\
         db create Mirror --id=@m name=m0 select_all=true\ndb add Bridge br0 mirrors @m\n\
         db set Mirror m0 external_ids:a=b\n"
    );
    ovs!(sandbox, "batch").write_stdin(lines).ok();
    assert_eq!(
        vsctl!(sandbox, "get QoS p1 queues"),
        format!("{{0={uuid}}}\n")
    );
    assert_eq!(vsctl!(sandbox, "get Mirror m0 external_ids"), "{a=b}\n");
    // In a batch, a row of its own can be taken out of a map, and is gone once destroyed.
    let create = "db create Queue --id=@q dscp=1\ndb set QoS p1 queues:5=@q\n";
    for (line, code) in [
        ("db remove QoS p1 queues 6=@q", 0),
        (
            "db remove QoS p1 queues 5=@q\ndb destroy Queue @q\ndb set Queue @q dscp=2",
            3,
        ),
        ("db remove QoS p1 queues 5=@q\ndb destroy Queue @q", 0),
    ] {
        ovs!(sandbox, "batch --dry-run")
            .write_stdin(format!("{create}{line}\n"))
            .exits(code);
    }
    ovs!(sandbox, "db create Queue _uuid={uuid}").fails(1, "the database's own");
    ovs!(sandbox, "db destroy Queue {uuid}").exits(1);
    ovs!(sandbox, "db clear Port p1 qos").ok();
    ovs!(sandbox, "db destroy QoS --all").ok();
    ovs!(sandbox, "db destroy Queue {uuid}").ok();
    assert_eq!(
        vsctl!(sandbox, "list Queue") + &vsctl!(sandbox, "list QoS"),
        ""
    );
    // A line in the middle that is wrong undoes those before it.
    ovs!(sandbox, "batch")
        .write_stdin("db set Port p1 tag=1\ndb set Port p1 tag=9999\n")
        .exits(2);
    assert_eq!(port(&sandbox, "tag"), "7");
}

#[test]
fn without_ovs_vswitchd() {
    let sandbox = sandbox();
    sandbox.kill_vswitchd();
    let start = Instant::now();
    ovs!(sandbox, "-t 1 db set Port p1 tag=8").exits(5);
    ovs!(sandbox, "--no-wait db set Port p1 tag=9").ok();
    ovs!(sandbox, "--dry-run db set Port p1 tag=10").ok();
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(vsctl!(sandbox, "--no-wait get Port p1 tag"), "9\n");
}

#[test]
fn wait_ends_when_the_condition_holds() {
    let sandbox = sandbox();
    for arguments in [
        "Bridge br0",
        "Port p1 tag=7",
        "Interface p1 ofport>0 external_ids:iface-id=x",
        "Open_vSwitch . cur_cfg>=1",
    ] {
        ovs!(sandbox, "db wait {arguments}")
            .prints("")
            .says_nothing();
    }
    // The server counts the operations that wait.
    let are_waiting = |count: usize| {
        let shown = appctl!(sandbox, "-t ovsdb-server memory/show");
        shown.trim_end().ends_with(&format!("triggers:{count}"))
    };
    let mut waiting = [
        "Port p1 tag>100 trunks{>=}77",
        "Port p5",
        "Controller br0 'target=\"tcp:127.0.0.1:9\"'",
        "Manager ptcp:16641:127.0.0.1",
        "Interface p5 type=internal ofport>0",
    ]
    .map(|arguments| {
        let mut wait = ovs!(sandbox, "db wait {arguments}").command();
        let wait = wait.stdout(Stdio::piped()).stderr(Stdio::piped());
        (arguments, wait.spawn().unwrap())
    });
    until("all wait", || are_waiting(waiting.len()));
    vsctl!(sandbox, "set Port p1 tag=101 -- add-port br0 p5");
    until("one waits no more", || are_waiting(waiting.len() - 1));
    for (at, (arguments, child)) in waiting.iter_mut().enumerate() {
        if at == 1 {
            assert!(child.wait().unwrap().success(), "{arguments}");
        } else {
            assert!(child.try_wait().unwrap().is_none(), "{arguments}");
        }
    }
    vsctl!(
        sandbox,
        "set Port p1 trunks=77,78 -- set-controller br0 tcp:127.0.0.1:9 -- \
         set-manager ptcp:16641:127.0.0.1 -- set Interface p5 type=internal"
    );
    for (arguments, child) in &mut waiting {
        until(arguments, || child.try_wait().unwrap().is_some());
        assert!(child.wait().unwrap().success(), "{arguments}");
    }
}

#[test]
fn wait_ends_at_its_timeout() {
    let sandbox = sandbox();
    for (arguments, words) in [
        (
            "Bridge nope",
            "there was no record \"nope\" in table Bridge within 0.3 s",
        ),
        (
            "Port p1 tag=8",
            "tag=8 did not hold for Port \"p1\" within 0.3 s",
        ),
    ] {
        let start = Instant::now();
        ovs!(sandbox, "-t 0.3 db wait {arguments}")
            .exits(4)
            .says(words);
        assert!(start.elapsed() < Duration::from_secs(2));
    }
    for arguments in ["Prot p1", "Port p1 tagg=8", "Port p1 tag=x", "Port p1 tag"] {
        ovs!(sandbox, "db wait {arguments}").exits(2);
    }
    sandbox.kill_ovsdb();
    ovs!(sandbox, "db wait Port p1").exits(4);
}
