//! `--db A,B,C`: a real cluster of three ovsdb-servers whose leader is killed between commands and
//! during them.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tempfile::TempDir;

use crate::common::line::words;
use crate::common::server::{Server, free_port, run, schema, tool, until};

/// Three servers, the first of which begins the cluster.
struct Cluster {
    servers: Vec<Server>,
    dir: TempDir,
}

const NAMES: [&str; 3] = ["s0", "s1", "s2"];

impl Cluster {
    fn start() -> Cluster {
        let dir = tempfile::tempdir().unwrap();
        let addresses = NAMES.map(|_| format!("tcp:127.0.0.1:{}", free_port()));
        let [first, second, third] = &addresses;
        let file = |name: &str| dir.path().join(format!("{name}.db"));
        run(tool("ovsdb-tool")
            .arg("create-cluster")
            .arg(file(NAMES[0]))
            .arg(schema())
            .arg(first));
        for (name, address) in [(NAMES[1], second), (NAMES[2], third)] {
            run(tool("ovsdb-tool")
                .arg("join-cluster")
                .arg(file(name))
                .args(["Open_vSwitch", address, first]));
        }
        let servers = NAMES.map(|name| Self::member(&dir, name)).into();
        let cluster = Cluster { servers, dir };
        until("the cluster has a leader and three members", || {
            let statuses: Vec<String> = (0..3).map(|i| cluster.status(i)).collect();
            statuses
                .iter()
                .all(|status| status.contains("Status: cluster member"))
                && statuses
                    .iter()
                    .any(|status| status.contains("Role: leader"))
        });
        vsctl(&cluster.servers[cluster.leader()].unix(), "add-br br0");
        cluster
    }

    fn member(dir: &TempDir, name: &str) -> Server {
        Server::start(dir.path(), name, &["--remote=ptcp:0:127.0.0.1".to_owned()])
    }

    fn status(&self, server: usize) -> String {
        appctl!(self.servers[server], "cluster/status Open_vSwitch")
    }

    fn leader(&self) -> usize {
        let mut leader = None;
        until("there is a leader", || {
            leader = (0..3).find(|i| self.status(*i).contains("Role: leader"));
            leader.is_some()
        });
        leader.unwrap()
    }

    /// `--db` with all of them, the leader last.
    fn db(&self) -> String {
        let leader = self.leader();
        let mut order: Vec<usize> = (0..3).filter(|i| *i != leader).collect();
        order.push(leader);
        let names: Vec<String> = order.iter().map(|i| self.servers[*i].unix()).collect();
        names.join(",")
    }
}

/// What `ovs-vsctl LINE` prints, once one of the servers leads.
fn vsctl(db: &str, line: &str) -> String {
    run(tool("ovs-vsctl")
        .arg(format!("--db={db}"))
        .args(["--retry", "--timeout=50", "--no-wait"])
        .args(words(line)))
}

/// The ports of br0.
fn ports(db: &str) -> Vec<String> {
    let text = vsctl(db, "list-ports br0");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn the_leader_writes_and_any_member_reads() {
    let mut cluster = Cluster::start();
    let db = cluster.db();
    let leader = cluster.leader();
    ovs!("--db {db} -v --no-wait port add br0 p0")
        .ok()
        .says(format!(
            "the server at {} leads",
            cluster.servers[leader].unix()
        ));
    // The first in the list is a member, and that is enough.
    let first = db.split(',').next().unwrap();
    ovs!("--db {db} -v port list br0 -g port")
        .ok()
        .shows("p0")
        .says(format!("the server at {first} is a member"));

    // Between two commands: the next waits until there is another leader.
    cluster.servers[leader].kill();
    ovs!("--db {db} -v --no-wait port add br0 p1")
        .ok()
        .says(" leads");
    assert_eq!(ports(&db), ["p0", "p1"]);

    // One of three is no cluster: what it has may be old.
    let another = cluster.leader();
    cluster.servers[another].kill();
    let alone = 3 - leader - another;
    until("the last notices that it is alone", || {
        cluster
            .status(alone)
            .contains("disconnected from the cluster")
    });
    let alone = cluster.servers[alone].unix();
    let dead = cluster.servers[leader].unix();
    for line in ["--no-wait port add br0 p2", "port list br0"] {
        ovs!("--db {db} -t 1 {line}")
            .fails(4, "none of the database servers will do: ")
            .says(format!("{alone}: it is not connected to its cluster"))
            .says(format!("cannot connect to {dead}: connection refused"))
            .says("hint: every endpoint of --db was tried");
    }
}

/// Each command either did what it says, or says that it does not know.
#[test]
fn the_leader_is_killed_while_commands_run() {
    const COUNT: usize = 60;
    let mut cluster = Cluster::start();
    let db = cluster.db();
    let leader = cluster.leader();
    let done = AtomicUsize::new(0);
    let codes: Vec<i32> = thread::scope(|scope| {
        let commands = scope.spawn(|| {
            (0..COUNT)
                .map(|n| {
                    let port = format!("p{n}");
                    let output = ovs!("--db {db} --no-wait port add br0 {port}")
                        .output()
                        .unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                    output.status.code().unwrap()
                })
                .collect()
        });
        until("some are done", || done.load(Ordering::Relaxed) >= 20);
        cluster.servers[leader].kill();
        commands.join().unwrap()
    });
    let there = ports(&db);
    for (n, code) in codes.iter().enumerate() {
        let is_there = there.contains(&format!("p{n}"));
        match code {
            0 => assert!(is_there, "p{n}: done, but not there"),
            4 => assert!(!is_there, "p{n}: nothing changed, but there"),
            6 => {}
            code => panic!("p{n}: exit code {code}"),
        }
    }
    let done = codes.iter().filter(|code| **code == 0).count();
    assert!(done >= COUNT - 1, "{codes:?}");
}

/// What is written is waited for at another member when the leader dies.
#[test]
fn the_leader_is_killed_while_a_command_waits_for_the_switch() {
    let mut cluster = Cluster::start();
    let db = cluster.db();
    let leader = cluster.leader();
    appctl!(cluster.servers[leader], "vlog/set jsonrpc:file:dbg");
    let file = cluster.dir.path().join("stderr");
    let mut command = ovs!("--db {db} -t 60 -v port add br0 p0").command();
    command.stderr(fs::File::create(&file).unwrap());
    let mut command = command.spawn().unwrap();
    let said = || fs::read_to_string(&file).unwrap();
    until("it waits for ovs-vswitchd", || {
        let log = cluster.servers[leader].log();
        log.lines()
            .any(|line| line.contains("\"wait\"") && line.contains("\"cur_cfg\""))
    });
    cluster.servers[leader].kill();
    until("it notices", || said().contains("trying the others"));
    // What ovs-vswitchd would do, in one transaction: as soon as it is applied, the port has its number.
    let next = vsctl(&db, "get Open_vSwitch . next_cfg");
    let applied = next.trim();
    vsctl(
        &db,
        &format!("set Interface p0 ofport=7 -- set Open_vSwitch . cur_cfg={applied}"),
    );
    let status = command.wait().unwrap();
    assert_eq!(status.code(), Some(0), "{}", said());
}
