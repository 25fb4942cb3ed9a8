//! One command on several hosts: `--hosts`, `--parallel`, `--each`, and what `check` finds between hosts.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::common::server::until;
use crate::common::sshd::{Sshd, kill};
use crate::common::{self, Ovs, Sandbox};

/// Private switches, and a file that names them: each reached at its own database.
pub(crate) struct Fleet {
    pub(crate) hosts: Vec<Sandbox>,
    pub(crate) directory: tempfile::TempDir,
}

impl Fleet {
    /// As many switches as there are lines of ovs-vsctl, named `h1`, `h2`, ...; `false` stands for a host that is down.
    pub(crate) fn of(lines: &[&str]) -> Fleet {
        let hosts: Vec<Sandbox> = lines.iter().map(|line| Sandbox::with(line)).collect();
        let directory = tempfile::tempdir().unwrap();
        let fleet = Fleet { hosts, directory };
        fs::write(fleet.file(), fleet.lines()).unwrap();
        fleet
    }

    fn lines(&self) -> String {
        let mut text = "# of a test\n".to_owned();
        for (number, host) in (1..).zip(&self.hosts) {
            let db = host.db_socket();
            writeln!(text, "h{number} db=unix:{}", db.display()).unwrap();
        }
        text
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("hosts")
    }

    /// Adds a line.
    pub(crate) fn adds(&self, line: &str) {
        fs::write(self.file(), format!("{}{line}\n", self.lines())).unwrap();
    }

    /// `ovs --hosts FILE LINE`
    pub(crate) fn ovs(&self, line: &str) -> Ovs {
        let mut words = vec!["--hosts".to_owned(), self.file().display().to_string()];
        words.extend(common::line::words(line));
        common::ovs(&words)
    }
}

pub(crate) const THREE: [&str; 3] = [
    "add-br br0 -- set Bridge br0 datapath_type=dummy fail_mode=secure \
     -- add-port br0 p1 tag=5 -- set Interface p1 type=dummy external_ids:attached-mac=fa:16:3e:00:00:01",
    "add-br br0 -- set Bridge br0 datapath_type=dummy fail_mode=secure \
     -- add-port br0 a-long-name tag=77 -- set Interface a-long-name type=dummy \
     external_ids:attached-mac=fa:16:3e:00:00:02",
    "add-br br1 -- set Bridge br1 datapath_type=dummy fail_mode=secure",
];

#[test]
fn every_reader_names_the_host() {
    let fleet = Fleet::of(&THREE);
    fleet
        .ovs("port list --columns port,tag")
        .prints("h1\tp1\t5\nh1\tbr0\t-\nh2\ta-long-name\t77\nh2\tbr0\t-\nh3\tbr1\t-\n");
    fleet
        .ovs("port list --columns port,tag -o table --parallel 1")
        .prints(
            "HOST  PORT         TAG\n\
             h1    p1           5\n\
             h1    br0          -\n\
             h2    a-long-name  77\n\
             h2    br0          -\n\
             h3    br1          -\n",
        );
    fleet
        .ovs("bridge list --columns bridge,host --header")
        .prints("BRIDGE\tHOST\nbr0\th1\nbr0\th2\nbr1\th3\n");
    fleet.ovs("bridge list -g bridge").prints("br0\nbr0\nbr1\n");
    fleet.ovs("bridge list -g host").prints("h1\nh2\nh3\n");
    assert_eq!(
        fleet.ovs("bridge list --columns bridge").json(),
        json!([
            {"host": "h1", "bridge": "br0"},
            {"host": "h2", "bridge": "br0"},
            {"host": "h3", "bridge": "br1"},
        ])
    );
    // The hosts come as they are done.
    let lines = fleet.ovs("bridge list --columns bridge -o jsonl").out();
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            r#"{"host":"h1","bridge":"br0"}"#,
            r#"{"host":"h2","bridge":"br0"}"#,
            r#"{"host":"h3","bridge":"br1"}"#,
        ]
    );
}

#[test]
fn flows_trees_and_documents() {
    let fleet = Fleet::of(&THREE);
    for (host, flow) in fleet
        .hosts
        .iter()
        .zip(["priority=1,actions=drop", "priority=2,actions=drop"])
    {
        ofctl!(host, "add-flow br0 {flow}");
    }
    fleet
        .ovs("dump-flows --all --no-stats")
        .prints("h1\tbr0\tpriority=1 actions=drop\nh2\tbr0\tpriority=2 actions=drop\n");
    // A bridge that a host does not have is no failure as long as another has it.
    fleet
        .ovs("dump-flows br0 --no-stats")
        .ok()
        .prints("h1\tpriority=1 actions=drop\nh2\tpriority=2 actions=drop\n")
        .says_nothing();
    fleet
        .ovs("dump-flows br0 --no-stats -o table")
        .prints("h1: priority=1 actions=drop\nh2: priority=2 actions=drop\n");
    let flows = fleet.ovs("dump-flows br0").json();
    assert_eq!(flows[1]["host"], "h2");
    assert_eq!(flows[1]["priority"], 2);
    fleet.ovs("dump-flows br0 --count").prints("h1\t1\nh2\t1\n");

    let tree = fleet.ovs("show -o table").out();
    let own = ovs!(fleet.hosts[0], "show -o table").out();
    assert!(tree.starts_with(&format!("h1:\n{own}\nh2:\n")), "{tree}");
    let documents = fleet.ovs("show").json();
    assert_eq!(documents[2]["host"], "h3");
    assert_eq!(documents[2]["bridges"][0]["name"], "br1");
    fleet.ovs("bridge show br1").ok().begins("h3\tbr1\t");
    fleet
        .ovs("db get Bridge br0 fail_mode")
        .prints("h1\tsecure\nh2\tsecure\n");
}

#[test]
fn what_one_host_has_is_found() {
    let fleet = Fleet::of(&THREE);
    fleet
        .ovs("port find fa:16:3e:00:00:02 --columns port,matched")
        .ok()
        .prints("h2\ta-long-name\texternal_ids:attached-mac\n")
        .says_nothing();
    fleet
        .ovs("port find fa:16:3e:00:00:03")
        .exits(3)
        .prints("")
        .says_only(format!(
            "ovs: no port is known by \"fa:16:3e:00:00:03\"\n\
             hint: `ovs --hosts {} port list --columns port,ofport,mac,external_ids` lists what is searched\n",
            fleet.file().display()
        ));
    fleet
        .ovs("tag map --tag 5 --columns tag,state")
        .prints("h1\t5\tlocal\n");
    // What is wrong on the command line is said once.
    fleet
        .ovs("port list --columns prot")
        .exits(2)
        .prints("")
        .says("ovs: there is no column \"prot\"")
        .omits("h1");
}

/// Of several names each counts for itself: one that a host has is found, and what a host has is printed.
#[test]
fn of_several_names_each_is_found_where_it_is() {
    let fleet = Fleet::of(&[
        "add-br br0 -- set Bridge br0 datapath_type=dummy -- add-port br0 p1 -- set Interface p1 type=dummy",
        "add-br br0 -- set Bridge br0 datapath_type=dummy -- add-port br0 p1 -- set Interface p1 type=dummy \
         -- add-port br0 p2 -- set Interface p2 type=dummy",
        "add-br br1 -- set Bridge br1 datapath_type=dummy",
    ]);
    fleet
        .ovs("db list Interface p1 p2 --columns name,type")
        .ok()
        .prints("h1\tp1\tdummy\nh2\tp1\tdummy\nh2\tp2\tdummy\n")
        .says_nothing();
    fleet
        .ovs("db list Interface p2 nosuch --columns name --json")
        .exits(3)
        .prints("[\n{\"host\":\"h2\",\"name\":\"p2\"}\n]\n")
        .says_only("ovs: record \"nosuch\" not found in table Interface\n");
    fleet
        .ovs("port resolve br0 p2 nosuch -g interface")
        .exits(3)
        .prints("p2\n")
        .says("ovs: h1, h2: port \"nosuch\" not found on br0\n")
        .omits("\"p2\"")
        .omits("\"br1\"");
    fleet
        .ovs("port resolve br0 p1 p2 --columns interface -o table")
        .ok()
        .prints("HOST  INTERFACE\nh1    p1\nh2    p1\nh2    p2\n")
        .says_nothing();
    fleet
        .ovs("bond show b1 b2")
        .exits(3)
        .says("ovs: bond \"b1\" not found\n")
        .says("ovs: bond \"b2\" not found\n");
}

#[test]
fn a_host_that_fails_leaves_the_others() {
    let fleet = Fleet::of(&THREE[..2]);
    fleet.adds("down[1-2] db=unix:/nonexistent/{host}.sock");
    let ran = fleet.ovs("bridge list --columns bridge").run();
    let ran = ran
        .exits(4)
        .prints("h1\tbr0\nh2\tbr0\n")
        .says("ovs: down1: cannot connect to unix:/nonexistent/down1.sock")
        .says("ovs: down2: cannot connect to unix:/nonexistent/down2.sock");
    assert_eq!(ran.stderr.matches("hint: ").count(), 1, "{}", ran.stderr);
    let array = fleet
        .ovs("bridge list --columns bridge --json")
        .exits(4)
        .json();
    assert_eq!(array.as_array().map(Vec::len), Some(2));
    // Nothing is found where a host did not answer: both are said.
    fleet
        .ovs("bridge show nowhere")
        .exits(4)
        .says("ovs: h1, h2: bridge \"nowhere\" not found");
}

#[test]
fn changes_need_each() {
    let fleet = Fleet::of(&THREE);
    fleet
        .ovs("port add br0 p9 --type internal")
        .fails(2, "this changes something on 3 hosts")
        .says("hint: --each makes the change on each of them");
    fleet.ovs("appctl version").fails(2, "--each");
    fleet
        .ovs("sandbox stop")
        .fails(2, "does not concern a host");
    fleet
        .ovs("diff now x.db")
        .fails(2, "diff compares two hosts");
    fleet
        .ovs("graph --format svg")
        .fails(2, "a picture is of one host");
    ovs!("diff host:a,b now").fails(2, "characters that no host or user has in its name");
    fleet
        .ovs("show --watch")
        .fails(2, "--watch watches one host");
    // Without writing anything it needs no word.
    fleet
        .ovs("bridge set br1 --fail-mode standalone --dry-run")
        .exits(3)
        .says("h1, h2: bridge \"br1\" not found")
        .says("ovs: h3: dry run: nothing is written");
    fleet
        .ovs("port add br0 p9 --type internal --each")
        .exits(3)
        .says("ovs: h3: bridge \"br0\" not found")
        .says("ovs: done on h1, h2; failed on h3");
    for host in &fleet.hosts[..2] {
        assert!(vsctl!(host, "list-ports br0").contains("p9"));
    }
    let done = fleet.ovs("bridge list --columns bridge").out();
    assert_eq!(done, "h1\tbr0\nh2\tbr0\nh3\tbr1\n");
    // One input for all.
    let mut batch = fleet.ovs("batch --each");
    batch.write_stdin("bridge add br7\nbridge set br7 --fail-mode secure\n");
    batch.ok();
    for host in &fleet.hosts {
        assert_eq!(vsctl!(host, "get-fail-mode br7"), "secure\n");
    }
    let mut unchanged: Vec<String> = fleet
        .ovs("bridge set br7 --fail-mode secure --each")
        .out()
        .lines()
        .map(str::to_owned)
        .collect();
    unchanged.sort_unstable();
    assert_eq!(
        unchanged,
        ["h1\tunchanged", "h2\tunchanged", "h3\tunchanged"]
    );
}

#[test]
fn files_and_groups_of_hosts() {
    let fleet = Fleet::of(&THREE[..1]);
    let home = tempfile::tempdir().unwrap();
    let groups = home.path().join(".config/ovs/hosts");
    fs::create_dir_all(&groups).unwrap();
    fs::copy(fleet.file(), groups.join("compute")).unwrap();
    let grouped = |name: &str| {
        let mut ovs = common::ovs(&["--hosts", name, "bridge", "list", "-g", "bridge"]);
        ovs.env("HOME", home.path());
        ovs.env_remove("XDG_CONFIG_HOME");
        ovs
    };
    grouped("compute").prints("br0\n");
    grouped("storage")
        .fails(2, "there is no file or group \"storage\"")
        .says(".config/ovs/hosts/storage, a host a line");
    let malformed = |text: &str, says: &str| {
        fs::write(groups.join("odd"), text).unwrap();
        grouped("odd").fails(2, says);
    };
    malformed("", "odd names no hosts");
    malformed(
        "a db=unix:/x\nb[1- db=unix:/x\n",
        "odd, line 2: \"b[1-\": the brackets do not match",
    );
    malformed("a db=nonsense:1\n", "a: \"nonsense:1\" is");
    malformed("a via=nc\n", "a: {} is missing");
    malformed(
        "a via-exec=x db=tcp:h:1\n",
        "a: --db is a socket of the other host",
    );
    malformed("a dbb=unix:/x\n", "a: unknown word \"dbb=unix:/x\"");
    malformed("a db=unix:/x db=unix:/y\n", "a: db= is given twice");
    malformed(
        "a ssh=b via='c {}'\n",
        "a: ssh= and via= contradict each other",
    );
    malformed(
        "a from=/x db=unix:/y\n",
        "a: from= and db= contradict each other",
    );
    // A directory that has the name of a group does not hide it.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("compute")).unwrap();
    let mut ovs = grouped("compute");
    ovs.current_dir(elsewhere.path());
    ovs.prints("br0\n");
}

/// Options before the command contradict those after it as if they stood together.
#[test]
fn options_on_both_sides_of_the_command() {
    let fleet = Fleet::of(&THREE[..2]);
    for line in [
        "bridge add br9 --via 'socat - UNIX:{}' --each",
        "bridge list --via-exec nosuch",
        "bridge list --from /nowhere",
    ] {
        fleet.ovs(line).fails(2, "cannot be used with");
    }
    assert_eq!(vsctl!(&fleet.hosts[0], "list-br"), "br0\n");
    ovs!("--json bridge list -g bridge").fails(2, "cannot be used with");
    ovs!("--from /nowhere show --watch").fails(2, "cannot be used with");
    // The last one of two counts: an alias of the shell may have the first.
    ovs!(fleet.hosts[1], "--get tag -q port -q list -g port").prints("a-long-name\nbr0\n");
    // Which host is meant is not guessed.
    let own = fleet.hosts[1].db_socket();
    let own = own.display();
    for line in [
        format!("--db unix:/nowhere port list --db unix:{own}"),
        format!("--db unix:{own} --db unix:{own} port list"),
        "port list --via 'a {}' --via 'b {}'".to_owned(),
        "--via-exec a port list --via-exec b".to_owned(),
        "--ctl /a appctl --ctl /b version".to_owned(),
    ] {
        ovs!(fleet.hosts[0], "{line}").fails(2, "cannot be used multiple times");
    }
    let mut ovs = ovs!("--db unix:{own} port list -g port");
    ovs.env("OVS_DB", "unix:/nowhere")
        .prints("a-long-name\nbr0\n");
}

/// What is unknown of a host is an error of that host; the others' answers stand.
#[test]
fn what_is_unknown_of_a_saved_host() {
    let fleet = Fleet::of(&THREE[..1]);
    let path = fleet.directory.path().join("s.db");
    fs::copy(fleet.hosts[0].run_dir().join("conf.db"), &path).unwrap();
    fleet.adds(&format!("s from={}", path.display()));
    let run = fleet.ovs("dump-flows br0 --count -o text").exits(3);
    run.shows("h1\t")
        .says("ovs: s: unknown: not in the report: ");
}

/// The last line tells what was written from what was not.
#[test]
fn a_host_where_a_change_is_not_applied() {
    let fleet = Fleet::of(&THREE[..2]);
    let pid = fs::read_to_string(fleet.hosts[1].run_dir().join("ovs-vswitchd.pid")).unwrap();
    let pid = pid.trim().parse().unwrap();
    kill(pid, Signal::STOP);
    let run = fleet
        .ovs("port add br0 p9 --type internal --each -t 1")
        .exits(5);
    kill(pid, Signal::CONT);
    run.says("ovs: done on h1; written, not applied on h2");
    assert!(vsctl!(&fleet.hosts[1], "list-ports br0").contains("p9"));
}

/// Twenty hosts over the open masters of the user: no login, and nothing is left in the masters.
#[test]
fn twenty_hosts_by_ssh() {
    let sshd = Sshd::start("");
    let hosts: Vec<Sandbox> = (0..20)
        .map(|number| Sandbox::with(&format!("add-br br{number}")))
        .collect();
    let file = sshd.path("hosts");
    let lines = (0..).zip(&hosts).map(|(number, host)| {
        let db = host.db_socket();
        format!("h{number} ssh=web db=unix:{}\n", db.display())
    });
    fs::write(&file, lines.collect::<String>()).unwrap();
    let rows = (0..20).map(|number| format!("h{number}\tbr{number}\n"));
    let expected = rows.collect::<Vec<_>>().concat();
    let list = || {
        let file = file.display().to_string();
        let mut ovs = common::ovs(&["--hosts", &file, "bridge", "list", "--columns", "bridge"]);
        ovs.env("OVS_SSH", sshd.client());
        ovs
    };
    // Twenty logins at once.
    list().prints(&*expected);
    assert_eq!(sshd.log().matches("Accepted publickey").count(), 20);
    sshd.configure(&format!(" ControlPath {}/user", sshd.path("").display()));
    let mut master = sshd.ssh(&["-N", "-M", "web"]).spawn().unwrap();
    until("the master is up", || sshd.path("user").exists());
    list().prints(&*expected);
    assert_eq!(sshd.log().matches("Accepted publickey").count(), 21);
    kill(master.id(), Signal::TERM);
    master.wait().unwrap();
}

#[test]
fn hosts_by_other_ways() {
    let fleet = Fleet::of(&THREE[..1]);
    let db = fleet.hosts[0].db_socket();
    fleet.adds(&format!(
        "v[1-2] via='socat - UNIX-CONNECT:{{}}' db=unix:{0}\nroot@e via-exec='env host={{host}}' db=unix:{0}",
        db.display()
    ));
    fleet
        .ovs("bridge list --columns bridge")
        .prints("h1\tbr0\nv1\tbr0\nv2\tbr0\nroot@e\tbr0\n");
    ovs!("show --host 'a[2-1]'").fails(2, "is not a list of numbers");
    ovs!("show --host a,-b").fails(2, "is not the name of a host");
}

#[test]
fn saved_hosts() {
    let fleet = Fleet::of(&THREE[..2]);
    let saved: Vec<String> = fleet
        .hosts
        .iter()
        .zip(["a.db", "b.db"])
        .map(|(host, name)| {
            let path = fleet.directory.path().join(name);
            fs::copy(host.run_dir().join("conf.db"), &path).unwrap();
            path.display().to_string()
        })
        .collect();
    ovs!(
        "port list --columns port,tag --from {} --from {}",
        saved[0],
        saved[1]
    )
    .ok()
    .shows("a.db\tp1\t5\n")
    .shows("b.db\ta-long-name\t77\n");
    fleet.adds(&format!(
        "s1 from={}\ns2 from={}/nowhere.db",
        saved[0],
        fleet.directory.path().display()
    ));
    fleet
        .ovs("port find p1 --columns port")
        .exits(4)
        .prints("h1\tp1\ns1\tp1\n")
        .says("s2: ");
    fleet
        .ovs("port del p1 --each")
        .fails(2, "a saved host is not changed");
}

/// A Neutron-like host with a tunnel.
fn host(local: &str, remote: &str, segment: u32) -> String {
    format!(
        "add-br br-int -- set Bridge br-int datapath_type=dummy \
         -- add-port br-int tun -- set Interface tun type=vxlan options:local_ip={local} \
         options:remote_ip={remote} options:key=flow \
         -- add-port br-int tap1 tag=1 -- set Interface tap1 type=dummy external_ids:iface-id=id-{local} \
         -- set Port tap1 other_config:net_uuid=n1 other_config:network_type=vxlan \
         other_config:segmentation_id={segment}"
    )
}

/// `HOST FINDING OBJECT` of what `check` finds between hosts.
fn between(fleet: &Fleet) -> Vec<String> {
    const KINDS: [&str; 8] = [
        "tunnel-address-twice",
        "one-way-tunnel",
        "tunnel-mtu",
        "network-segment",
        "network-elsewhere",
        "network-mtu",
        "port-id-twice",
        "mac-twice",
    ];
    let found = fleet.ovs("check --json").run().json();
    let text = |found: &Value, key: &str| found[key].as_str().unwrap().to_owned();
    let found = found.as_array().unwrap().iter();
    let found = found.filter(|found| KINDS.contains(&text(found, "finding").as_str()));
    found
        .map(|found| {
            ["host", "finding", "object"]
                .map(|key| text(found, key))
                .join(" ")
        })
        .collect()
}

/// On a terminal, equal findings of several hosts are one message with one hint; records are of one host each.
#[test]
fn check_joins_equal_findings() {
    let same = "add-br br-int -- set bridge br-int datapath_type=dummy -- add-port br-int tap0 -- set Interface tap0 type=patch";
    let other = "add-br br-int -- set bridge br-int datapath_type=dummy -- add-port br-int tap1 -- set Interface tap1 type=patch";
    let fleet = Fleet::of(&[same, same, other]);
    let records = fleet.ovs("check --severity error --json").exits(1).json();
    let records: Vec<String> = records
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            ["host", "finding", "object"]
                .map(|key| found[key].as_str().unwrap())
                .join(" ")
        })
        .collect();
    assert_eq!(
        records,
        [
            "h1 dangling-patch tap0",
            "h2 dangling-patch tap0",
            "h3 dangling-patch tap1"
        ]
    );
    let shown = fleet.ovs("check --severity error -o table").exits(1).stdout;
    assert_eq!(shown.matches("h1, h2: br-int tap0: ").count(), 1, "{shown}");
    assert_eq!(shown.matches("h3: br-int tap1: ").count(), 1, "{shown}");
    assert_eq!(shown.matches("hint").count(), 1, "{shown}");
    assert!(shown.contains("hint for tap0 on h1: "), "{shown}");
    assert!(shown.ends_with("3 errors\n"), "{shown}");
    // The commands of a hint lead to the host of the record.
    for (number, found) in (0..).zip(
        fleet
            .ovs("check --severity error -g hint")
            .run()
            .stdout
            .lines(),
    ) {
        let host: &Sandbox = &fleet.hosts[number];
        let way = format!("`ovs --db unix:{} port set ", host.db_socket().display());
        assert!(found.contains(&way), "{found}");
    }
    Fleet::of(&[same, same])
        .ovs("check --severity error -o table")
        .exits(1)
        .shows("all 2 hosts: br-int tap0: ");
}

#[test]
fn check_compares_the_hosts() {
    let lines = [
        host("10.0.0.1", "10.0.0.2", 64),
        host("10.0.0.2", "10.0.0.1", 64),
        host("10.0.0.3", "10.0.0.2", 64),
    ];
    let fleet = Fleet::of(&lines.each_ref().map(String::as_str));
    assert_eq!(between(&fleet), ["h3 one-way-tunnel tun"]);
    vsctl!(
        fleet.hosts[1],
        "add-port br-int back -- set Interface back type=vxlan options:local_ip=10.0.0.2 \
         options:remote_ip=10.0.0.3 options:key=flow"
    );
    assert_eq!(between(&fleet), [""; 0]);

    vsctl!(
        fleet.hosts[1],
        "set Port tap1 other_config:segmentation_id=65"
    );
    vsctl!(
        fleet.hosts[2],
        "set Interface tap1 external_ids:iface-id=id-10.0.0.1 mtu_request=1400"
    );
    assert_eq!(
        between(&fleet),
        [
            "h1 port-id-twice tap1",
            "h2 network-segment tap1",
            "h3 network-mtu tap1"
        ]
    );
    fleet
        .ovs("check br-int --severity error -o table")
        .exits(1)
        .shows("error[network-segment] h2: br-int tap1: its network n1 is vxlan 65 here")
        .hides("port-id-twice");
    vsctl!(
        fleet.hosts[2],
        "set Interface tun options:local_ip=10.0.0.2"
    );
    assert!(between(&fleet).contains(&"h2 tunnel-address-twice 10.0.0.2".to_owned()));

    // The port of two hosts explains their MAC address, not that of a third host.
    for host in &fleet.hosts {
        vsctl!(
            host,
            "set Interface tap1 external_ids:attached-mac=fa\\:16\\:3e\\:00\\:00\\:01"
        );
    }
    let found = between(&fleet);
    assert!(
        found.contains(&"h1 port-id-twice tap1".to_owned()),
        "{found:?}"
    );
    assert!(found.contains(&"h1 mac-twice tap1".to_owned()), "{found:?}");
}
