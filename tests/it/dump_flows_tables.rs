//! Names of tables in `ovs dump-flows` and its like, against what the real `ovs-ofctl --names` prints.

use std::fmt::Write as _;

use ovs::model::names::SwitchNames;
use ovs::openflow::flow_change::FlowChange;
use ovs::openflow::messages::flow_mod::FlowCommand;
use ovs::openflow::text::NoNames;
use ovs::openflow::version::Version;
use serde_json::{Value, json};

use crate::common::Sandbox;
use crate::common::openflow::{self, VERSIONS, add, entries, sorted};

/// The names of the database, none longer than OpenFlow has room for: of a word, of other characters, of
/// numbers, of words that mean something else; two tables have the same, and one has an empty one.
const NAMES: [(u8, &str); 16] = [
    (0, "Classifier"),
    (1, "a b"),
    (2, "7"),
    (3, "ServiceLB"),
    (4, "Ünïcödé"),
    (5, "twice"),
    (6, "twice"),
    (8, "q\"uo,te"),
    (9, "_under"),
    (10, ""),
    (11, "Egress-Rule.1"),
    (12, "0x5"),
    (13, "ct"),
    (15, "tab\there"),
    (16, "drop"),
    (17, "name-of-exactly-31-bytes-123456"),
];

/// The names that the switch is told over OpenFlow.
const TOLD: [(u8, &str); 2] = [(7, "ViaOpenFlow"), (14, "ServiceLB-14")];

/// A switch without names, with flows in tables 0 to 18 that name the table behind, in every way.
fn switch() -> Sandbox {
    let sandbox = Sandbox::empty();
    vsctl!(sandbox, "add-br br0 -- set bridge br0 datapath_type=dummy");
    ofctl!(sandbox, "del-flows br0");
    let mut flows = String::new();
    for table in 0..=18 {
        let next = table + 1;
        writeln!(
            flows,
            "table={table},priority={table},ip,in_port=1,actions=resubmit(,{next}),resubmit(1,{next}),\
             clone(resubmit(,{next})),ct(table={next}),learn(table={next},NXM_OF_IN_PORT[]),output:1"
        )
        .unwrap();
        writeln!(flows, "table={table},priority=99,actions=resubmit(2,)").unwrap();
    }
    add(&sandbox, "", "add-flows", "br0", &flows);
    for table in 0..=18 {
        let flow = format!("table={table},priority=50,actions=goto_table:{}", table + 1);
        ofctl!(sandbox, "-OOpenFlow13 add-flow br0 '{flow}'");
    }
    sandbox
}

/// Gives tables names in the database.
fn name_tables<'n>(sandbox: &Sandbox, names: impl IntoIterator<Item = (u8, &'n str)>) {
    let mut words = Vec::new();
    let mut sets = Vec::new();
    for (table, name) in names {
        // As ovs-vsctl takes a string that is no word.
        let name = Value::from(name).to_string();
        words.extend([
            format!("--id=@t{table}"),
            "create".into(),
            "Flow_Table".into(),
        ]);
        words.extend([format!("name={name}"), "--".into()]);
        sets.push(format!("flow_tables:{table}=@t{table}"));
    }
    words.extend(["set", "bridge", "br0"].map(str::to_owned));
    words.extend(sets);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    sandbox.vsctl(&[&["--"], words.as_slice()].concat());
}

fn named() -> Sandbox {
    let sandbox = switch();
    name_tables(&sandbox, NAMES);
    for (table, name) in TOLD {
        let (table, name) = (table.to_string(), format!("name:{name}"));
        ofctl!(sandbox, "-OOpenFlow15 mod-table br0 {table} {name}");
    }
    sandbox
}

fn ours(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let line = [&["dump-flows", "--no-stats"], arguments].concat();
    sorted(sandbox.ovs(&line).out().lines())
}

fn theirs(sandbox: &Sandbox, arguments: &[&str]) -> Vec<String> {
    let line = [&["--no-stats"], arguments].concat();
    sorted(entries(&sandbox.ofctl(&line)))
}

/// What is said when it fails.
fn refused(sandbox: &Sandbox, arguments: &[&str], code: i32) -> String {
    sandbox.ovs(arguments).exits(code).stderr
}

fn socket(sandbox: &Sandbox) -> String {
    openflow::socket(sandbox, "br0")
}

#[test]
fn names_read_as_in_ovs_ofctl() {
    let sandbox = named();
    let socket = socket(&sandbox);
    for version in VERSIONS {
        for names in ["--names", "--no-names"] {
            let real = theirs(&sandbox, &["-O", version, names, "dump-flows", "br0"]);
            assert_eq!(real.len(), 19 * 3);
            let has_names = real.iter().any(|line| line.contains("ServiceLB"));
            assert_eq!(has_names, names == "--names");
            for switch in ["br0", &socket] {
                let printed = ours(&sandbox, &[switch, "-O", version, names]);
                assert_eq!(printed, real, "{switch} {version} {names}");
            }
        }
    }
}

/// The names are found whatever versions the bridge allows.
#[test]
fn names_over_one_version_alone() {
    let sandbox = named();
    for version in VERSIONS {
        vsctl!(sandbox, "set bridge br0 protocols={version}");
        let real = theirs(&sandbox, &["-O", version, "--names", "dump-flows", "br0"]);
        let printed = ours(&sandbox, &[&socket(&sandbox), "--style", "wire"]);
        assert_eq!(printed, real, "{version}");
        assert_eq!(
            ours(&sandbox, &["br0", "--style", "wire"]),
            real,
            "{version}"
        );
    }
}

#[test]
fn groups_read_as_in_ovs_ofctl() {
    let sandbox = named();
    let group = "group_id=1,type=all,bucket=actions=resubmit(,3),bucket=actions=ct(table=7),\
                 bucket=actions=learn(table=1,NXM_OF_IN_PORT[])";
    ofctl!(sandbox, "-OOpenFlow13 add-group br0 '{group}'");
    for names in ["--names", "--no-names"] {
        let real = theirs(&sandbox, &["-OOpenFlow13", names, "dump-groups", "br0"]);
        let printed = ovs!(sandbox, "dump-groups br0 -OOpenFlow13 --no-stats {names}").out();
        assert_eq!(sorted(printed.lines()), real);
    }
}

/// All tables that a packet can reach.
#[test]
fn every_table_has_a_name() {
    let sandbox = switch();
    let names: Vec<String> = (0..=253).map(|table| format!("Table{table}Name")).collect();
    name_tables(&sandbox, (0..=253).zip(names.iter().map(String::as_str)));
    let real = theirs(&sandbox, &["-OOpenFlow15", "--names", "dump-flows", "br0"]);
    assert_eq!(ours(&sandbox, &["br0", "-OOpenFlow15"]), real);
    let count = ovs!(sandbox, "dump-flows br0 table=Table18Name --count").out();
    assert_eq!(count, "3\n");
    let tables = ovs!(sandbox, "dump-tables br0 -g name").out();
    assert_eq!(tables.lines().collect::<Vec<_>>(), names);
}

#[test]
fn match_takes_names() {
    let sandbox = named();
    for (table, number) in [
        ("ServiceLB", "3"),
        ("ViaOpenFlow", "7"),
        ("ServiceLB-14", "14"),
        ("Ünïcödé", "4"),
        ("_under", "9"),
        ("Egress-Rule.1", "11"),
        ("\"a b\"", "1"),
        ("\"7\"", "2"),
        ("7", "7"),
        ("\"0x5\"", "12"),
        ("\"q\\\"uo,te\"", "8"),
        ("\"tab\\there\"", "15"),
        ("drop", "16"),
        ("3(ServiceLB)", "3"),
        ("name-of-exactly-31-bytes-123456", "17"),
    ] {
        let expected = theirs(
            &sandbox,
            &[
                "-OOpenFlow15",
                "--names",
                "dump-flows",
                "br0",
                &format!("table={number}"),
            ],
        );
        assert_eq!(expected.len(), 3);
        let in_match = ours(
            &sandbox,
            &["br0", &format!("ip,table={table}"), "-OOpenFlow15"],
        );
        assert_eq!(in_match.len(), 1, "{table}");
        assert!(expected.contains(&in_match[0]), "{table}");
        let option = ours(&sandbox, &["br0", "--table", table, "-OOpenFlow15"]);
        assert_eq!(option, expected, "{table}");
        let both = [&format!("table={table}"), "--table", number, "-OOpenFlow15"];
        let both = ours(&sandbox, &[&["br0"], both.as_slice()].concat());
        assert_eq!(both, expected, "{table}");
    }
    // A word of its own needs no quotes.
    assert_eq!(
        ours(&sandbox, &["br0", "--table", "a b"]),
        ours(&sandbox, &["br0", "--table", "1"])
    );
    // A name of a table does not hide that a port has none.
    let mixed = "in_port=nosuch,table=ServiceLB";
    let said = refused(&sandbox, &["dump-flows", "br0", mixed], 3);
    assert!(said.contains("port \"nosuch\" not found on br0"), "{said}");
    for mixed in ["in_port=br0,table=ServiceLB", "table=ServiceLB,in_port=br0"] {
        assert_eq!(ours(&sandbox, &["br0", mixed]), [""; 0]);
    }
}

#[test]
fn names_that_mean_no_table_or_several() {
    let sandbox = named();
    for (table, code, message) in [
        (
            "twice",
            2,
            "ovs: tables 5 and 6 of br0 are all named \"twice\"\nhint: give the table by its number\n",
        ),
        (
            "ServiceLb",
            3,
            "ovs: table \"ServiceLb\" not found on br0 (did you mean \"ServiceLB\"?)\n\
             hint: `ovs dump-tables br0` lists its tables with their names\n",
        ),
    ] {
        for (arguments, count) in [
            (vec![format!("table={table}")], ""),
            (vec!["--table".to_owned(), table.to_owned()], ""),
            (vec!["--table".to_owned(), table.to_owned()], "--count"),
        ] {
            let mut line = vec!["dump-flows", "br0"];
            line.extend(arguments.iter().map(String::as_str));
            line.extend(Some(count).filter(|count| !count.is_empty()));
            let said = refused(&sandbox, &line, code);
            assert_eq!(said, message, "{line:?}");
        }
    }
    for table in ["300", "", "\"open"] {
        let line = ["dump-flows", "br0", &format!("--table={table}")];
        let said = refused(&sandbox, &line, 2);
        assert!(said.starts_with("ovs: --table \""), "{said}");
    }
    refused(&sandbox, &["dump-flows", "--all", "--table", "nosuch"], 3);
}

/// What OpenFlow cuts is whole in the database; two that it cuts alike are told apart.
#[test]
fn long_names() {
    let sandbox = switch();
    let names = [
        (3, "a-very-long-table-name-of-more-than-31-bytes"),
        (4, "a-very-long-table-name-of-more-too"),
        (5, "another-long-table-name-that-is-alone"),
        (9, "ünïcödé-ünïcödé-ünïcödé-ünïcödé"),
    ];
    name_tables(&sandbox, names);
    for (table, name) in names {
        let printed = ours(&sandbox, &["br0", &format!("table={name}"), "-OOpenFlow15"]);
        assert_eq!(
            printed,
            ours(
                &sandbox,
                &["br0", "--table", &table.to_string(), "-OOpenFlow15"]
            )
        );
        assert!(
            printed[0].starts_with(&format!("table=\"{name}\", ")),
            "{printed:?}"
        );
    }
    // As ovs-ofctl prints and takes them: cut, and numbers where that makes them alike.
    let socket = socket(&sandbox);
    let filter = "table=another-long-table-name-that-is";
    let real = theirs(
        &sandbox,
        &["-OOpenFlow15", "--names", "dump-flows", "br0", filter],
    );
    assert_eq!(real.len(), 3);
    assert_eq!(ours(&sandbox, &[&socket, filter, "-OOpenFlow15"]), real);
    assert_eq!(
        ours(&sandbox, &["br0", filter, "--no-names"]),
        ours(&sandbox, &["br0", "table=5", "--no-names"])
    );
    let alike = theirs(
        &sandbox,
        &["-OOpenFlow15", "--names", "dump-flows", "br0", "table=3"],
    );
    assert_eq!(ours(&sandbox, &[&socket, "table=3", "-OOpenFlow15"]), alike);
    assert!(alike[0].starts_with("table=3, "), "{alike:?}");
    let cut = "table=a-very-long-table-name-of-more-";
    let said = refused(&sandbox, &["dump-flows", "br0", cut], 2);
    assert!(said.contains("tables 3 and 4 of br0"), "{said}");
    // Half a character, as ovs-ofctl prints it, is none.
    for switch in [&socket, "br0"] {
        let line = [switch, "table=ünïcödé-ünïcödé-ünïc", "--no-names"];
        let numbered = ours(&sandbox, &["br0", "table=9", "--no-names"]);
        assert_eq!(ours(&sandbox, &line), numbered, "{switch}");
    }
    let listed = ovs!(sandbox, "dump-tables br0 -g name").out();
    for (_, name) in names {
        assert!(listed.lines().any(|line| line == name), "{listed}");
    }
}

#[test]
fn three_spellings() {
    let sandbox = named();
    let line = |options: &[&str]| {
        let line = [&["br0", "table=3,ip", "-OOpenFlow15"], options].concat();
        ours(&sandbox, &line).concat()
    };
    let named = line(&[]);
    assert!(named.starts_with("table=ServiceLB, "), "{named}");
    for same in [
        &["--names"][..],
        &["--names=name"],
        &["--ports", "name"],
        &["--ports=name"],
    ] {
        assert_eq!(line(same), named);
    }
    let numbered = line(&["--no-names"]);
    assert!(numbered.starts_with("table=3, "), "{numbered}");
    for same in [&["--names=number"][..], &["--ports", "number"]] {
        assert_eq!(line(same), numbered);
    }
    let both = line(&["--names=both"]);
    assert!(both.starts_with("table=3(ServiceLB), "), "{both}");
    assert!(both.contains("resubmit(,4(\"Ünïcödé\")),"), "{both}");
    assert_eq!(line(&["--ports", "both"]), both);
    // --names does not take the word behind it for its own.
    assert_eq!(
        ours(&sandbox, &["--names", "br0", "table=3,ip", "-OOpenFlow15"]).concat(),
        named
    );
    for wrong in ["--names --no-names", "--names=both --ports=both"] {
        ovs!(sandbox, "dump-flows br0 {wrong}").exits(2);
    }
}

#[test]
fn json_has_number_and_name() {
    let sandbox = named();
    let flows = |options: &[&str]| -> Vec<Value> {
        let line = [&["dump-flows", "br0", "--json", "--no-stats"], options].concat();
        serde_json::from_str(&sandbox.ovs(&line).out()).unwrap()
    };
    let by_priority = |flows: &[Value], priority: u64| -> Value {
        let found = flows.iter().find(|flow| flow["priority"] == priority);
        found.unwrap().clone()
    };
    let all = flows(&["table=2"]);
    assert!(
        all.iter()
            .all(|flow| flow["table"] == 2 && flow["table_name"] == "7")
    );
    let goto = json!([{"type": "goto_table", "table": 3, "table_name": "ServiceLB"}]);
    assert_eq!(by_priority(&all, 50)["actions"], goto);
    let flow = by_priority(&all, 2);
    let named: Vec<&Value> = flow["actions"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|action| action["table"] == 3 && action["table_name"] == "ServiceLB")
        .collect();
    let types: Vec<&str> = named.iter().map(|a| a["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["resubmit", "resubmit", "ct", "learn"]);
    assert_eq!(flow["actions"][2]["actions"][0]["table_name"], "ServiceLB");
    // A name that two tables have is no way to call one, but it is the name.
    assert_eq!(by_priority(&flows(&["table=5"]), 50)["table_name"], "twice");
    for flow in flows(&["table=10"])
        .iter()
        .chain(&flows(&["table=3", "--no-names"]))
    {
        assert!(flow.get("table_name").is_none(), "{flow}");
    }
    let text = ovs!(sandbox, "dump-flows br0 --json --no-names table=ServiceLB").out();
    assert!(!text.contains("name"), "{text}");
}

/// What is printed with names can be read with them, and means the same.
#[test]
fn names_read_back() {
    let sandbox = named();
    let names = SwitchNames::default().with_told(
        &NAMES
            .iter()
            .chain(&TOLD)
            .map(|(table, name)| (*table, (*name).to_owned()))
            .collect::<Vec<_>>(),
    );
    let by_name = ovs!(sandbox, "dump-flows br0 --no-stats").out();
    let by_number = ovs!(sandbox, "dump-flows br0 --no-stats --no-names").out();
    let mut different = 0;
    for (by_name, by_number) in by_name.lines().zip(by_number.lines()) {
        different += u32::from(by_name != by_number);
        for version in [Version::V10, Version::V15] {
            let named = FlowChange::parse(by_name, FlowCommand::Add, &names, version);
            let numbered = FlowChange::parse(by_number, FlowCommand::Add, &NoNames, version);
            assert_eq!(named.unwrap(), numbered.unwrap(), "{by_name}");
        }
    }
    assert!(different > 40);
    for flow in [
        "actions=goto_table:twice",
        "actions=resubmit(,Nowhere)",
        "table=twice,actions=drop",
    ] {
        let error = FlowChange::parse(flow, FlowCommand::Add, &names, Version::V15).unwrap_err();
        assert!(error.to_string().contains("this name"), "{error}");
    }
}

/// A finding names a flow as a dump does, so that a MATCH finds it.
#[test]
fn findings_name_tables() {
    let sandbox = named();
    ovs!(sandbox, "check --json br0")
        .run()
        .shows("table=Classifier,");
}

/// The order is that of the numbers.
#[test]
fn sorted_by_number() {
    let sandbox = named();
    let flows = ovs!(sandbox, "dump-flows br0 ip --sort=table --json").out();
    let flows: Vec<Value> = serde_json::from_str(&flows).unwrap();
    let tables: Vec<u64> = flows
        .iter()
        .map(|flow| flow["table"].as_u64().unwrap())
        .collect();
    assert_eq!(tables, (0..=18).collect::<Vec<u64>>());
}
