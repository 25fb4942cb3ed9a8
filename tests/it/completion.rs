//! Completion, driven in the real bash, zsh and fish on a private Neutron host, and without daemons.
//!
//! The names expected are those of `fixtures/neutron/`, and of the manual pages of Open vSwitch.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ovs::cli::Shell;
use ovs::sandbox::Neutron;

use crate::common::{self, Sandbox, binary, clean, host, of_project};

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

fn script(shell: Shell) -> PathBuf {
    of_project(match shell {
        Shell::Bash => "completions/ovs.bash",
        Shell::Zsh => "completions/_ovs",
        Shell::Fish => "completions/ovs.fish",
        Shell::Elvish => "completions/ovs.elv",
    })
}

/// What the shell offers after `line`: words alone. `ovs` is the binary under test.
fn offers(shell: Shell, line: &str, run_dir: &Path) -> Vec<String> {
    let mut command = match shell {
        Shell::Bash => {
            let mut bash = Command::new("bash");
            bash.args(["--norc", "--noprofile"])
                .arg(of_project("tests/it/shells/complete.bash"))
                .arg(script(shell))
                .arg(line);
            bash
        }
        Shell::Zsh => {
            let mut zsh = Command::new("zsh");
            zsh.arg("-f")
                .arg(of_project("tests/it/shells/complete.zsh"))
                .arg(script(shell))
                .arg(line)
                .arg(of_project("tests/it/shells/inner.zsh"));
            zsh
        }
        Shell::Fish => {
            let mut fish = Command::new("fish");
            fish.args(["--no-config", "-c", "source $argv[1]; complete -C $argv[2]"])
                .arg(script(shell))
                .arg(line);
            fish
        }
        Shell::Elvish => panic!("it is not driven"),
    };
    clean(&mut command);
    let mut path = OsString::from(binary().parent().unwrap());
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let home = tempfile::tempdir().unwrap();
    command
        .env("PATH", path)
        .env("OVS_RUNDIR", run_dir)
        .env("HOME", home.path())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null());
    let output = command
        .output()
        .expect("the shell is there (scripts/install-deps tests)");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.is_empty(), "{shell:?}: {line}: {stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let words = stdout
        .lines()
        .map(|line| line.split('\t').next().unwrap_or_default());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The same in all shells; bash gives only the part that readline replaces.
fn check(sandbox: &Sandbox, line: &str, expected: &[&str], in_bash: &[&str]) {
    for shell in SHELLS {
        let mut offered = offers(shell, line, sandbox.run_dir());
        let expected = if shell == Shell::Bash {
            in_bash
        } else {
            expected
        };
        let mut expected: Vec<&str> = expected.to_vec();
        expected.sort_unstable();
        offered.retain(|word| word != "(open)");
        offered.sort_unstable();
        assert_eq!(offered, expected, "{shell:?}: {line}");
    }
}

#[test]
fn vlan_bridges_and_interfaces_of_other_names() {
    let sandbox = Sandbox::with(
        "add-br cloudbr0 -- add-br cloudbr0.10 cloudbr0 10 -- add-bond cloudbr0.10 vbond s1 s2 -- \
         --id=@i create Interface name=veth1 type=internal -- --id=@p create Port name=vport1 \
         interfaces=@i -- add Bridge cloudbr0 ports @p",
    );
    for (line, offered) in [
        ("ovs port list cloudbr", &["cloudbr0", "cloudbr0.10"][..]),
        ("ovs bridge del cloudbr", &["cloudbr0", "cloudbr0.10"]),
        // It has no flows of its own.
        ("ovs dump-flows cloudbr", &["cloudbr0"]),
        ("ovs port show cloudbr0.10/v", &["cloudbr0.10/vbond"]),
        ("ovs port del v", &["vbond", "vport1"]),
        ("ovs port resolve cloudbr0 v", &["veth1"]),
        ("ovs dump-flows cloudbr0 --port v", &["veth1"]),
    ] {
        check(&sandbox, line, offered, offered);
    }
}

#[test]
fn names_in_every_shell() {
    let sandbox = Sandbox::neutron(Neutron::Notes);
    let bridges: Vec<String> = host::bridges(Neutron::Notes)
        .into_iter()
        .map(|bridge| bridge.name)
        .collect();
    let bridges: Vec<&str> = bridges.iter().map(String::as_str).collect();
    check(&sandbox, "ovs dump-flows br-", &bridges, &bridges);
    let ports = host::ports(Neutron::Notes);
    let on_int: Vec<&str> = ports
        .iter()
        .filter(|port| port.bridge == "br-int" && port.name.starts_with("qvo"))
        .map(|port| port.name.as_str())
        .collect();
    assert!(on_int.len() > 1);
    check(&sandbox, "ovs port show qvo", &on_int, &on_int);
    check(&sandbox, "ovs port resolve br-int qvo", &on_int, &on_int);
    check(&sandbox, "ovs port resolve br-ens37 qvo", &[], &[]);
    let whole: Vec<String> = on_int.iter().map(|p| format!("in_port={p}")).collect();
    let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
    check(
        &sandbox,
        "ovs dump-flows br-int in_port=qvo",
        &whole,
        &on_int,
    );
    let fields = ["tcp,tp_src=", "tcp,tp_dst="];
    check(&sandbox, "ovs dump-flows br-int tcp,tp_", &fields, &fields);
    check(&sandbox, "ovs sho", &["show"], &["show"]);
}

/// A bridge with two ports, a named table, a group and two meters.
fn switch() -> Sandbox {
    let sandbox = Sandbox::with(
        "add-br br0 -- set bridge br0 datapath_type=dummy -- add-port br0 tap1 \
         -- set Interface tap1 type=dummy -- add-port br0 'p x' -- set Interface 'p x' type=dummy",
    );
    ofctl!(sandbox, "-OOpenFlow15 mod-table br0 3 name:ServiceLB");
    ofctl!(
        sandbox,
        "-OOpenFlow15 add-group br0 group_id=77,type=all,bucket=output:1"
    );
    ofctl!(
        sandbox,
        "-OOpenFlow15 add-meter br0 meter=9,kbps,band=type=drop,rate=1000"
    );
    ofctl!(
        sandbox,
        "-OOpenFlow15 add-meter br0 meter=controller,pktps,band=type=drop,rate=1000"
    );
    sandbox
}

/// What the shells offer after each TEXT and PART in quotes is the text with these words.
fn check_texts(sandbox: &Sandbox, command: &str, cases: &[(&str, &str, &[&str])]) {
    for (text, part, expected) in cases {
        let whole = expected.iter().map(|word| format!("{text}{word}"));
        let whole: Vec<String> = whole.collect();
        for shell in SHELLS {
            let line = format!("{command} '{text}{part}");
            let mut offered = offers(shell, &line, sandbox.run_dir());
            offered.retain(|word| word != "(open)");
            offered.sort_unstable();
            assert_eq!(offered, whole, "{shell:?}: {line}");
        }
    }
}

#[test]
fn a_flow_in_every_shell() {
    check_texts(
        &switch(),
        "ovs flow add br0",
        &[
            ("", "idle_", &["idle_timeout="][..]),
            ("tcp,", "pri", &["priority="]),
            ("", "send_", &["send_flow_rem"]),
            ("in_port=", "tap", &["tap1"]),
            ("", "actio", &["actions="]),
            ("actions=", "res", &["resubmit(", "resubmit:"]),
            ("actions=", "FLO", &["FLOOD"]),
            ("actions=", "flo", &["flood"]),
            ("actions=", "tap", &["tap1"]),
            ("actions=output:", "ta", &["tap1"]),
            ("actions=output:", "\"p", &["\"p x\""]),
            ("actions=resubmit(,", "Serv", &["ServiceLB"]),
            ("actions=goto_table:", "", &["ServiceLB"]),
            ("actions=group:", "", &["77"]),
            ("actions=meter:", "", &["9"]),
            ("actions=strip_vlan,set_field:5->", "ct_m", &["ct_mark"]),
            ("actions=move:NXM_OF_VLAN_TCI[]->", "vlan_v", &["vlan_vid["]),
            ("actions=load:1->", "NXM_NX_CT_M", &["NXM_NX_CT_MARK["]),
            ("actions=ct(commit,", "al", &["alg="]),
            (
                "actions=ct(commit,exec(",
                "",
                &["load:", "move:", "set_field:"],
            ),
            ("actions=ct(nat(", "per", &["persistent"]),
            ("actions=clone(output:tap1,", "gr", &["group:"]),
            ("actions=learn(table=", "S", &["ServiceLB"]),
            ("actions=learn(", "delete", &["delete_learned"]),
            ("actions=output(port=", "tap", &["tap1"]),
            (
                "actions=bundle(eth_src,0,hrw,ofport,members:2,",
                "ta",
                &["tap1"],
            ),
            ("actions=clone(drop)", "", &[]),
            // A port alone.
            ("actions=", "ta", &["table", "tap1"]),
        ],
    );
}

#[test]
fn groups_and_meters_in_every_shell() {
    const FF: &str = "group_id=1,type=ff,bucket=watch_port:tap1,";
    const HASH: &str = "group_id=1,type=select,selection_method=hash,fields(";
    let sandbox = switch();
    let ff = |rest: &str| format!("{FF}{rest}");
    check_texts(
        &sandbox,
        "ovs group add br0",
        &[
            ("group_id=1,", "ty", &["type="][..]),
            ("group_id=", "", &[]),
            ("group_id=1,type=", "", &["all", "ff", "indirect", "select"]),
            (
                "group_id=1,type=select,selection_method=",
                "",
                &["dp_hash", "hash"],
            ),
            (&format!("{HASH}ip_src,"), "ip_ds", &["ip_dscp", "ip_dst"]),
            ("group_id=1,type=select,bucket=", "we", &["weight:"]),
            ("group_id=1,type=ff,bucket=watch_port:", "\"p", &["\"p x\""]),
            ("group_id=1,type=ff,bucket=watch_port=", "t", &["tap1"]),
            ("group_id=1,type=ff,bucket=watch_group:", "", &["77"]),
            (FF, "buc", &["bucket=", "bucket_id:"]),
            (FF, "tap", &["tap1"]),
            (&ff("output:"), "tap", &["tap1"]),
            (&ff("actions=resubmit(,"), "S", &["ServiceLB"]),
            (&ff("tap1,bucket=ct("), "com", &["commit"]),
        ],
    );
    let buckets: [(_, _, &[_]); 2] = [
        ("group_id=", "", &["77"]),
        (
            "group_id=77,command_bucket_id=",
            "",
            &["all", "first", "last"],
        ),
    ];
    check_texts(&sandbox, "ovs group insert-buckets br0", &buckets);
    check_texts(&sandbox, "ovs group mod br0", &[("group_id=", "", &["77"])]);
    check_texts(
        &sandbox,
        "ovs meter mod br0",
        &[("meter=", "", &["9", "controller"])],
    );
    check_texts(
        &sandbox,
        "ovs meter add br0",
        &[
            (
                "",
                "",
                &["bands=", "burst", "kbps", "meter=", "pktps", "stats"][..],
            ),
            ("meter=", "", &["controller", "slowpath"]),
            ("meter=1,kbps,", "b", &["bands=", "burst"]),
            ("meter=1,kbps,bands=", "", &["type="]),
            ("meter=1,kbps,bands=type=", "", &["drop", "dscp_remark"]),
            ("meter=1,kbps,bands=type=drop,", "r", &["rate="]),
        ],
    );
    for line in ["ovs meter del br0 ", "ovs dump-meters br0 "] {
        check(&sandbox, line, &["9", "controller"], &["9", "controller"]);
    }
    check(&sandbox, "ovs group del br0 77 ", &[], &[]);
    check_texts(
        &sandbox,
        "ovs packet-out br0 --in-port tap1 --actions",
        &[("output:", "ta", &["tap1"])],
    );
}

/// The verbs of ovs-ofctl that run are completed as what they run.
#[test]
fn verbs_of_other_tools() {
    let sandbox = switch();
    let flows = sandbox.run_dir().join("flows.txt");
    std::fs::write(&flows, "").unwrap();
    let complete = |words: &[&str]| asked(&mut ovs!(sandbox, ""), words);
    let cases: [(&[&str], &[&str]); 14] = [
        (&["add-flow", ""], &["br0"]),
        (&["-O", "OpenFlow13", "add-flow", ""], &["br0"]),
        (&["ovs-ofctl", "add-flow", "br0", "idl"], &["idle_timeout="]),
        (
            &["add-flow", "br0", "actions=output:t"],
            &["actions=output:tap1"],
        ),
        (&["add-flow", "br0", "tcp", "--dry"], &["--dry-run"]),
        (&["mod-flows", "br0", "-O", "OpenFlow15"], &["OpenFlow15"]),
        (&["mod-flows", "br0", "ip", "--or-a"], &["--or-add"]),
        (&["del-flows", "br0", "in_port=t"], &["in_port=tap1"]),
        (&["del-groups", "br0", ""], &["group_id=77"]),
        (
            &["del-meter", "br0", "meter="],
            &["meter=9", "meter=controller"],
        ),
        (&["mod-group", "br0", "group_id="], &["group_id=77"]),
        (&["mod-port", "br0", "t"], &["tap1"]),
        (&["mod-port", "br0", "tap1", "no-fo"], &["no-forward"]),
        (&["diff-flows", "br0", ""], &["br0"]),
    ];
    for (words, expected) in cases {
        assert_eq!(complete(words), expected, "{words:?}");
    }
    for words in [
        "add-flows br0",
        "replace-flows br0",
        "flow diff",
        "flow diff br0",
    ] {
        ovs!(sandbox, "complete fish -- {words} fl").prints("files\n");
    }
}

#[test]
fn words_of_the_command_line_in_every_shell() {
    let sandbox = Sandbox::empty();
    let same = |line: &str, expected: &[&str]| check(&sandbox, line, expected, expected);
    same("ovs port list --columns port,of", &["port,ofport"]);
    same("ovs port list -g tru", &["trunks"]);
    same(
        "ovs port add br0 p --type vxlan --option remote_i",
        &["remote_ip="],
    );
    same("ovs port add br0 p --type gen", &["geneve"]);
    same(
        "ovs port set p --vlan-mode native-",
        &["native-tagged", "native-untagged"],
    );
    same(
        "ovs -O OpenFlow1",
        &[
            "OpenFlow10",
            "OpenFlow11",
            "OpenFlow12",
            "OpenFlow13",
            "OpenFlow14",
            "OpenFlow15",
        ],
    );
    same("ovs dump-flows --no-s", &["--no-stats"]);
    check(
        &sandbox,
        "ovs dump-flows br0 --sort=n_",
        &["--sort=n_packets", "--sort=n_bytes"],
        &["n_packets", "n_bytes"],
    );
    for shell in [Shell::Bash, Shell::Zsh] {
        let offered = offers(shell, "ovs batch ", sandbox.run_dir());
        assert_eq!(offered, ["(files)"], "{shell:?}");
    }
}

/// `ovs complete` as fish asks it, without what follows a candidate and without descriptions.
fn asked(command: &mut common::Ovs, words: &[&str]) -> Vec<String> {
    let output = command.args(["complete", "fish", "--"]).args(words);
    let output = output.output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    let stdout = String::from_utf8(output.stdout).unwrap();
    let lines = stdout.lines().skip(1);
    lines
        .map(|line| line.split('\t').next().unwrap().to_owned())
        .collect()
}

#[test]
fn what_depends_on_what_is_typed() {
    let sandbox = Sandbox::with(
        "add-br br0 -- add-port br0 'p 1;x' tag=7 -- add-port br0 gre0 -- set Interface gre0 \
         type=gre options:remote_ip=192.0.2.1",
    );
    let complete = |words: &[&str]| asked(&mut ovs!(sandbox, ""), words);
    // The type of a port that is there.
    let keys = complete(&["port", "set", "gre0", "--option", ""]);
    assert!(keys.contains(&"csum=".to_owned()) && !keys.contains(&"peer=".to_owned()));
    assert_eq!(complete(&["tag", "set", "p 1;x", ""]), ["7"]);
    assert_eq!(complete(&["dump-flows", "br0", "dl_vlan="]), ["dl_vlan=7"]);
    assert_eq!(complete(&["port", "show", "br0/g"]), ["br0/gre0"]);
    // Tables that have names, from the database and from the switch.
    vsctl!(
        sandbox,
        "-- --id=@one create Flow_Table 'name=\"a b\"' -- set bridge br0 flow_tables:1=@one"
    );
    for (table, name) in [
        ("3", "name:ServiceLB"),
        ("4", "name:twice"),
        ("5", "name:twice"),
    ] {
        ofctl!(sandbox, "-OOpenFlow15 mod-table br0 {table} {name}");
    }
    let tables = ["\"a b\"", "ServiceLB", "4", "5"];
    assert_eq!(complete(&["dump-flows", "br0", "--table", ""]), tables);
    assert_eq!(
        complete(&["dump-flows", "br0", "ip,table="]),
        tables.map(|table| format!("ip,table={table}"))
    );
    assert_eq!(complete(&["dump-flows", "br0", "--names="]).len(), 3);
    // Options that are given do not come again, unless they may.
    assert_eq!(
        complete(&["dump-flows", "br0", "--drops", "--dro"]),
        [""; 0]
    );
    assert_eq!(
        complete(&["port", "set", "p", "--option", "a=b", "--opti"]),
        ["--option"]
    );
    // A database that is named on the line.
    let db = format!("unix:{}", sandbox.db_socket().display());
    let elsewhere = asked(&mut ovs!(""), &["--db", &db, "dump-flows", ""]);
    assert_eq!(elsewhere, ["br0"]);
    // A name that means something to the shell is quoted.
    let offered = offers(Shell::Bash, "ovs port show p", sandbox.run_dir());
    assert_eq!(offered, ["p\\ 1\\;x"]);
    let offered = offers(Shell::Bash, "ovs port show 'p", sandbox.run_dir());
    assert_eq!(offered, ["p 1;x"]);
}

#[test]
fn nothing_acts_on_the_terminal() {
    let sandbox = Sandbox::with("add-br br0");
    let insert = serde_json::json!(["Open_vSwitch",
        {"op": "insert", "table": "Bridge", "row": {"name": "br\u{1b}[31m"}, "uuid-name": "b"},
        {"op": "mutate", "table": "Open_vSwitch", "where": [],
            "mutations": [["bridges", "insert", ["named-uuid", "b"]]]}]);
    sandbox.ovsdb_client(&["transact", &insert.to_string()]);
    ovs!(sandbox, "complete fish -- show br").prints("space\nbr0\n");
}

#[test]
fn without_daemons_nothing_is_completed() {
    let sandbox = Sandbox::empty();
    sandbox.kill_vswitchd();
    sandbox.kill_ovsdb();
    for shell in SHELLS {
        assert_eq!(
            offers(shell, "ovs dump-flows --no-st", sandbox.run_dir()),
            ["--no-stats"]
        );
    }
    let begun = Instant::now();
    assert_eq!(asked(&mut ovs!(sandbox, ""), &["dump-flows", ""]), [""; 0]);
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_database_that_does_not_answer_is_not_waited_for() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("db.sock");
    let _deaf = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let begun = Instant::now();
    let mut ovs = ovs!("");
    ovs.env("OVS_RUNDIR", directory.path());
    assert_eq!(asked(&mut ovs, &["dump-flows", ""]), [""; 0]);
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(900), "{took:?}");
}

#[test]
fn the_scripts_are_those_in_the_tree() {
    for (name, shell) in [
        ("bash", Shell::Bash),
        ("zsh", Shell::Zsh),
        ("fish", Shell::Fish),
        ("elvish", Shell::Elvish),
    ] {
        ovs!("completions {name}").prints(std::fs::read_to_string(script(shell)).unwrap());
    }
}
