//! `ovs batch`: many commands, one transaction.

use std::fmt::Write as _;

use ovs::sandbox::Neutron;
use serde_json::Value;

use crate::common::{Sandbox, host};

fn with_bridge() -> Sandbox {
    Sandbox::with("add-br br0")
}

const LINES: &str = "\
# ports of a test
port add br0 p1 --type internal --tag 5 --may-exist   # an access port
ovs port add br0 'p2' --type internal --may-exist
tag set p2 7
port set p1 --external-id \"note=two words\"
";

#[test]
fn all_lines_are_one_transaction() {
    let sandbox = with_bridge();
    let before = vsctl!(sandbox, "get Open_vSwitch . next_cfg");
    let lines = ovs!(sandbox, "batch").write_stdin(LINES).out();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    let after = vsctl!(sandbox, "get Open_vSwitch . next_cfg");
    let number = |text: &str| text.trim().parse::<u64>().unwrap();
    // ovs-vsctl's own waiting counts nothing.
    assert_eq!(number(&after), number(&before) + 1);
    assert_eq!(vsctl!(sandbox, "get Port p1 tag"), "5\n");
    assert_eq!(vsctl!(sandbox, "get Port p2 tag"), "7\n");
    assert_eq!(
        vsctl!(sandbox, "get Interface p1 external_ids"),
        "{note=\"two words\"}\n"
    );
    ovs!(sandbox, "batch -")
        .write_stdin(LINES)
        .prints("unchanged\n");
}

#[test]
fn a_broken_line_is_named_and_nothing_changes() {
    let sandbox = with_bridge();
    for (line, code, words) in [
        ("port add br0 p9 --tag 5000", 2, "line 3: "),
        ("port adds br0 p9", 2, "line 3: "),
        ("port add br0 'p9", 2, "line 3: missing closing quote"),
        ("port add br9 p9", 3, "line 3: bridge \"br9\" not found"),
        (
            "port add br0 p1",
            1,
            "line 3: port \"p1\" exists on br0 already",
        ),
        ("port del nope", 3, "line 3: port \"nope\" not found"),
        ("show", 2, "line 3: \"show\" changes nothing"),
        (
            "port add br0 p9 --json",
            2,
            "line 3: unexpected argument '--json'",
        ),
        ("port add --help", 2, "line 3: asks for help"),
        ("batch other", 2, "line 3: \"batch other\" changes nothing"),
        ("port add br0 p9 \\\n --tag 5000", 2, "line 3: "),
        ("port add br0 'p\0'", 2, "line 3: it contains a NUL"),
    ] {
        let text = format!("port add br0 p1 --type internal\n\n{line}\nport add br0 p3\n");
        ovs!(sandbox, "batch").write_stdin(text).fails(code, words);
        assert_eq!(vsctl!(sandbox, "list-ports br0"), "", "{line}");
    }
    ovs!(sandbox, "batch /nonexistent").fails(1, "cannot read");
    ovs!(sandbox, "batch")
        .write_stdin(&b"port add br0 \xff"[..])
        .fails(1, "UTF-8");
    ovs!(sandbox, "batch").write_stdin("").prints("unchanged\n");
}

#[test]
fn a_line_goes_on_after_a_backslash() {
    let sandbox = with_bridge();
    let text = "port add br0 \\\n    p1 --type internal \\\n    --tag 5\n\
                # a comment does not \\\nport add br0 p2 --type internal # nor here \\\n\
                port set p1 --external-id \"e=f \\\ng\"\nport set p1 --external-id 'a=b\\'\nport set p1 --external-id c=d\\\\\n\
                port set p2 --tag 6";
    ovs!(sandbox, "batch").write_stdin(text).ok();
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p1\np2\n");
    assert_eq!(vsctl!(sandbox, "get Port p1 tag"), "5\n");
    assert_eq!(
        vsctl!(sandbox, "get Interface p1 external_ids"),
        "{a=\"b\\\\\", c=\"d\\\\\", e=\"f g\"}\n"
    );
}

#[test]
fn later_lines_see_what_earlier_ones_did() {
    let sandbox = with_bridge();
    vsctl!(
        sandbox,
        "add-port br0 old -- set Interface old type=internal"
    );
    let lines = "\
port del old
port add br0 old --type internal --tag 3
port add br0 new --type internal
port del new
";
    ovs!(sandbox, "batch").write_stdin(lines).ok();
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "old\n");
    assert_eq!(vsctl!(sandbox, "get Port old tag"), "3\n");
}

/// A search finds what meets its condition, and not what an earlier line has looked at.
#[test]
fn lines_do_not_find_each_others_ports() {
    let sandbox = with_bridge();
    vsctl!(sandbox, "add-port br0 p1 -- set Interface p1 type=internal");
    let lines = "db set Interface p1 external_ids:a=b\nport del br0/99\n";
    ovs!(sandbox, "batch").write_stdin(lines).fails(3, "line 2");
    let lines =
        "db set Interface p1 external_ids:a=b\nport add br0 p2 --ofport 77 --type internal\n";
    ovs!(sandbox, "batch").write_stdin(lines).ok();
    assert_eq!(vsctl!(sandbox, "list-ports br0"), "p1\np2\n");
    let lines = "port del p2\nport del p2\n";
    ovs!(sandbox, "batch")
        .write_stdin(lines)
        .fails(3, "line 2: port \"p2\" not found\n");
}

#[test]
fn a_thousand_lines() {
    let sandbox = with_bridge();
    let mut lines = String::new();
    for n in 0..1000 {
        let tag = n % 4096;
        writeln!(
            lines,
            "port add br0 p{n} --type internal --tag {tag} --may-exist"
        )
        .unwrap();
    }
    let said = ovs!(sandbox, "batch --no-wait")
        .write_stdin(lines.clone())
        .out();
    assert_eq!(said.lines().count(), 1000);
    assert_eq!(
        vsctl!(sandbox, "--no-wait list-ports br0").lines().count(),
        1000
    );
    ovs!(sandbox, "batch --no-wait")
        .write_stdin(lines)
        .prints("unchanged\n");
}

/// The lines that make a Neutron host: its bridges, then its ports.
fn neutron(host: Neutron) -> String {
    let mut lines = String::new();
    for bridge in host::bridges(host) {
        let (name, mode) = (&bridge.name, &bridge.fail_mode);
        let hwaddr = &bridge.hwaddr;
        write!(
            lines,
            "bridge add {name} --fail-mode {mode} --other-config hwaddr={hwaddr} --may-exist"
        )
        .unwrap();
        if !host.controller_is_taken() {
            write!(lines, " --controller {}", bridge.controller).unwrap();
        }
        lines.push('\n');
    }
    for port in host::ports(host)
        .iter()
        .filter(|port| port.name != port.bridge)
    {
        write!(lines, "port add {} {}", port.bridge, port.name).unwrap();
        write!(lines, " --ofport {} --may-exist", port.ofport).unwrap();
        if let Some(tag) = port.tag {
            write!(lines, " --tag {tag}").unwrap();
        }
        if port.kind != "system" {
            write!(lines, " --type {}", port.kind).unwrap();
        }
        for (key, value) in &port.options {
            write!(lines, " --option '{key}={value}'").unwrap();
        }
        lines.push('\n');
    }
    lines
}

/// `ovs show --json`, without identities and what the switch itself makes up or goes through.
fn shown(sandbox: &Sandbox) -> Value {
    fn strip(value: &mut Value) {
        const STATE: [&str; 12] = [
            "uuid",
            "cur_cfg",
            "next_cfg",
            "is_connected",
            "role",
            "status",
            "hostname",
            "system_id",
            "datapath_id",
            "mac",
            "link_state",
            "state",
        ];
        match value {
            Value::Object(map) => {
                map.retain(|key, _| !STATE.contains(&key.as_str()));
                map.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = ovs!(sandbox, "show").json();
    strip(&mut value);
    value
}

#[test]
fn a_neutron_host_in_one_transaction() {
    for host in Neutron::ALL {
        let made = Sandbox::neutron(host);
        let built = Sandbox::empty();
        let lines = neutron(host);
        ovs!(built, "batch").write_stdin(lines.clone()).ok();
        assert_eq!(shown(&built), shown(&made));
        for table in ["Bridge", "Port", "Interface"] {
            let columns = match table {
                "Bridge" => "--columns=name,fail_mode,other_config,datapath_type",
                "Port" => "--columns=name,tag,trunks,vlan_mode,other_config",
                _ => "--columns=name,type,options,ofport,ofport_request,external_ids",
            };
            let list = |sandbox: &Sandbox| {
                let said = vsctl!(sandbox, "{columns} --format=csv list {table}");
                let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
                lines.sort();
                lines
            };
            assert_eq!(list(&built), list(&made), "{table}");
        }
        let number = |sandbox: &Sandbox| vsctl!(sandbox, "get Open_vSwitch . next_cfg");
        let before = number(&built);
        ovs!(built, "batch")
            .write_stdin(lines.clone())
            .prints("unchanged\n");
        assert_eq!(number(&built), before);
        // A line broken in the middle: nothing of the others either.
        let mut broken: Vec<&str> = lines.lines().collect();
        broken.insert(
            broken.len() / 2,
            "port add br-int x1 --tag 7 --ofport nought",
        );
        let empty = Sandbox::empty();
        ovs!(empty, "batch")
            .write_stdin(broken.join("\n"))
            .fails(2, "line ");
        assert_eq!(vsctl!(empty, "list-br"), "");
    }
}
