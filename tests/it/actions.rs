//! Action lists as a real switch sent them, against the text of the real ovs-ofctl.
//!
//! `golden/actions.tsv` was written by `golden/make_actions.py`, which tells its columns.

use ovs::base::json::Json;
use ovs::cli::schema::documents;
use ovs::openflow::actions::{ActionList, ListForm, NAMES};
use ovs::openflow::spelling::write_actions;
use ovs::openflow::text::{Plain, Style};
use ovs::openflow::version::Version;

use crate::common::hex::bytes as unhex;
use crate::common::openflow::{self, cx, version};
use crate::common::run::Schema;

struct Row {
    version: Version,
    form: ListForm,
    vlan_tag_known: bool,
    bytes: Vec<u8>,
    wire: &'static str,
    classic: Option<&'static str>,
    flow: &'static str,
}

impl Row {
    fn list(&self) -> ActionList<'_> {
        ActionList::new(&self.bytes, 0, self.version, self.form)
    }

    fn text(&self, style: Style) -> String {
        let cx = cx(self.version, style);
        let (list, known) = (self.list(), self.vlan_tag_known);
        openflow::text(|sink| write_actions(&list, sink, &cx, known).unwrap())
    }

    fn json(&self) -> String {
        let mut out = String::new();
        self.list()
            .json(&mut Json::new(&mut out), &cx(self.version, Style::Classic))
            .unwrap();
        out
    }
}

fn rows() -> Vec<Row> {
    openflow::rows(include_str!("../../fixtures/golden/actions.tsv"))
        .map(|cells| Row {
            version: version(cells[0]),
            form: match cells[1] {
                "A" => ListForm::Actions,
                _ => ListForm::Instructions,
            },
            vlan_tag_known: cells[2] == "1",
            bytes: unhex(cells[3]),
            wire: cells[4],
            classic: Some(cells[5]).filter(|text| *text != "-"),
            flow: cells[6],
        })
        .collect()
}

/// Prints every difference before it fails, so that one run shows them all.
fn compare(what: &str, differences: &[String]) {
    assert!(
        differences.is_empty(),
        "{what}: {} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn compare_text(style: Style, expected: fn(&Row) -> Option<&'static str>) {
    let mut differences = Vec::new();
    for row in rows() {
        let Some(want) = expected(&row) else { continue };
        let (Row { version, flow, .. }, have) = (&row, row.text(style));
        if have != want {
            differences.push(format!("{version} {flow}\n  want {want}\n  have {have}"));
        }
    }
    compare("text", &differences);
}

#[test]
fn wire_style_is_what_ovs_ofctl_prints() {
    compare_text(Style::Wire, |row| Some(row.wire));
}

#[test]
fn classic_style_is_what_ovs_ofctl_prints_over_1_0_where_that_is_true() {
    compare_text(Style::Classic, |row| row.classic);
}

#[test]
fn encodes_to_the_bytes_it_came_from() {
    let mut differences = Vec::new();
    for row in rows().iter().filter(|row| row.form == ListForm::Actions) {
        let mut out = Vec::new();
        for action in &row.list() {
            action.unwrap().encode(row.version, &mut out).unwrap();
        }
        if out != row.bytes {
            differences.push(format!("{} {}", row.version, row.flow));
        }
    }
    // Of instructions, the actions to apply, and every other one by itself.
    for row in rows()
        .iter()
        .filter(|row| row.form == ListForm::Instructions)
    {
        let mut rest = &row.bytes[..];
        while !rest.is_empty() {
            let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
            let (one, tail) = rest.split_at(length);
            rest = tail;
            let list = ActionList::new(one, 0, row.version, ListForm::Instructions);
            let want = if one.starts_with(&[0, 4]) {
                &one[8..]
            } else {
                one
            };
            let mut out = Vec::new();
            for action in &list {
                action.unwrap().encode(row.version, &mut out).unwrap();
            }
            if out != want {
                differences.push(format!("{} {}", row.version, row.flow));
            }
        }
    }
    compare("encode", &differences);
}

#[test]
fn json_is_json_and_names_every_action() {
    for row in rows() {
        let json: serde_json::Value = serde_json::from_str(&row.json())
            .unwrap_or_else(|error| panic!("{}: {error}: {}", row.flow, row.json()));
        let actions = json.as_array().unwrap();
        assert_eq!(actions.is_empty(), row.wire == "drop", "{}", row.flow);
        for action in actions {
            let name = action["type"].as_str().unwrap();
            assert!(!name.contains("unknown"), "{}: {json}", row.flow);
            assert_ne!(name, "experimenter", "{}: {json}", row.flow);
        }
    }
}

/// Every action that there is has a vector, but for the two that ovs-ofctl neither sends nor prints.
#[test]
fn every_action_has_a_vector() {
    let mut lacking: Vec<&str> = NAMES.to_vec();
    for row in rows() {
        let json = row.json();
        lacking.retain(|name| !json.contains(&format!("{{\"type\":\"{name}\"")));
    }
    lacking.sort_unstable();
    assert_eq!(
        lacking,
        ["debug_recirc", "debug_slow"],
        "an action without a line in actions.tsv: add one to FLOWS of fixtures/golden/make_actions.py and run that"
    );
}

/// An action list or instructions by hand.
fn shown(version: Version, form: ListForm, hex: &str, style: Style) -> (String, Option<String>) {
    shown_bytes(version, form, &unhex(hex), style)
}

fn shown_bytes(
    version: Version,
    form: ListForm,
    bytes: &[u8],
    style: Style,
) -> (String, Option<String>) {
    let cx = cx(version, style);
    let list = ActionList::new(bytes, 100, version, form);
    let mut sink = Plain::default();
    let result = write_actions(&list, &mut sink, &cx, false);
    (sink.0, result.err().map(|error| error.to_string()))
}

#[test]
fn instructions_come_in_the_order_of_ovs_ofctl_and_none_is_lost() {
    // goto_table:2, experimenter, apply(output:1), a second apply(output:2), type 9, clear_actions
    let hex = "0001000802000000ffff0010000000010000000200000003\
               0004001800000000000000100000000100000000000000000004001800000000\
               0000001000000002000000000000000000090008000000000005000800000000";
    assert_eq!(
        shown(Version::V13, ListForm::Instructions, hex, Style::Wire).0,
        "output:1,clear_actions,goto_table:2,\
         experimenter_instruction(id=0x1,data=00.00.00.02.00.00.00.03),\
         unknown_instruction(type=4,data=00.00.00.00.00.00.00.10.00.00.00.02.00.00.00.00.00.00.00.00),\
         unknown_instruction(type=9,data=00.00.00.00)"
    );
}

#[test]
fn unknown_actions_print_whole_and_the_rest_goes_on() {
    // push_pbb, an experimenter's, output:1
    let hex = "001a000888e70000ffff001000001234000102030405060700000010000000010000000000000000";
    assert_eq!(
        shown(Version::V13, ListForm::Actions, hex, Style::Classic).0,
        "unknown(type=26,data=88.e7.00.00),\
         experimenter(id=0x1234,data=00.01.02.03.04.05.06.07),output:1"
    );
}

#[test]
fn a_length_that_cannot_be_ends_the_list_with_its_place() {
    let output = "00000010000000010000000000000000";
    for (bad, at) in [("0000000700000000", 116), ("0000001800000000", 116)] {
        let hex = format!("{output}{bad}");
        let (text, error) = shown(Version::V13, ListForm::Actions, &hex, Style::Wire);
        assert_eq!(text, "output:1");
        assert!(error.unwrap().contains(&format!("at byte {at}")));
    }
}

#[test]
fn lists_nested_too_deep_print_as_bytes() {
    let mut bytes = Vec::new();
    for _ in 0..4000 {
        let length = (bytes.len() + 16) as u16;
        let mut outer = vec![0xff, 0xff];
        outer.extend(length.to_be_bytes());
        outer.extend([0, 0, 0x23, 0x20, 0, 42, 0, 0, 0, 0, 0, 0]);
        outer.extend(bytes);
        bytes = outer;
    }
    let (text, error) = shown_bytes(Version::V13, ListForm::Actions, &bytes, Style::Classic);
    assert_eq!(error, None);
    assert!(text.starts_with("clone(clone("));
    assert!(text.contains("clone(experimenter(id=0x2320,data=00.2a."));
}

/// The row of a flow that ends so.
#[track_caller]
fn row(flow: &str, version: Version) -> Row {
    let mut rows = rows().into_iter();
    let found = rows.find(|row| row.version == version && row.flow.ends_with(flow));
    found.unwrap_or_else(|| panic!("{flow}"))
}

#[test]
fn knows_where_packets_go() {
    let sends = |flow: &str, version: Version, port: u32| row(flow, version).list().sends_to(port);
    for version in [Version::V10, Version::V13, Version::V15] {
        assert!(sends("actions=enqueue:1:2", version, 1));
        assert!(!sends("actions=enqueue:1:2", version, 2));
        assert!(sends(
            "clone(mod_vlan_vid:66,output:1),output:2",
            version,
            1
        ));
        assert!(sends(
            "bundle(eth_src,0,hrw,ofport,members:1,2)",
            version,
            2
        ));
        assert!(sends("output(port=1,max_len=100)", version, 1));
        assert!(!sends("resubmit(2,7)", version, 2));
        assert!(sends(
            "actions=LOCAL,IN_PORT,NORMAL,FLOOD,ALL",
            version,
            0xffff_fffe
        ));
    }
    let write = "write_actions(output:1),write_metadata:0x5";
    assert!(sends(write, Version::V15, 1));
}

#[test]
fn json_says_what_the_wire_says() {
    for (flow, version, want) in [
        (
            "dl_vlan=1,actions=mod_vlan_vid:66,mod_vlan_pcp:3",
            Version::V15,
            r#"[{"type":"set_field","field":"vlan_vid","value":66},{"type":"set_field","field":"vlan_pcp","value":3}]"#,
        ),
        (
            "actions=mod_vlan_vid:66",
            Version::V10,
            r#"[{"type":"mod_vlan_vid","vlan_vid":66}]"#,
        ),
        (
            "actions=LOCAL,IN_PORT,NORMAL,FLOOD,ALL",
            Version::V13,
            r#"[{"type":"output","port":{"name":"LOCAL"}},{"type":"output","port":{"name":"IN_PORT"}},{"type":"output","port":{"name":"NORMAL"}},{"type":"output","port":{"name":"FLOOD"}},{"type":"output","port":{"name":"ALL"}}]"#,
        ),
        (
            "actions=resubmit(2,7)",
            Version::V10,
            r#"[{"type":"resubmit","port":{"number":2},"table":7}]"#,
        ),
        (
            "actions=set_field:0x4/0xf0f->reg3",
            Version::V15,
            r#"[{"type":"set_field","field":"reg3","value":{"value":4,"mask":3855}}]"#,
        ),
        (
            "actions=learn(table=1,limit=10,NXM_OF_VLAN_TCI[0..11]=NXM_NX_REG0[0..11],output:NXM_OF_IN_PORT[])",
            Version::V13,
            r#"[{"type":"learn","table":1,"limit":10,"specs":[{"type":"match","dst":{"field":"vlan_tci","offset":0,"n_bits":12},"src":{"field":"reg0","offset":0,"n_bits":12}},{"type":"output","src":{"field":"in_port","offset":0,"n_bits":16}}]}]"#,
        ),
        (
            "actions=ct(commit,nat(dst=10.0.0.1:80))",
            Version::V15,
            r#"[{"type":"ct","commit":true,"exec":[{"type":"nat","kind":"dst","addr_min":"10.0.0.1","port_min":80}]}]"#,
        ),
        (
            "actions=sample(probability=1,obs_domain_id=NXM_OF_IN_PORT[],obs_point_id=4,ingress)",
            Version::V10,
            r#"[{"type":"sample","probability":1,"collector_set_id":0,"obs_domain_id":{"field":"in_port","offset":0,"n_bits":16},"obs_point_id":4,"direction":"ingress"}]"#,
        ),
        (
            "actions=write_actions(output:1),write_metadata:0x5",
            Version::V13,
            r#"[{"type":"write_actions","actions":[{"type":"output","port":{"number":1}}]},{"type":"write_metadata","metadata":"0x5"}]"#,
        ),
    ] {
        assert_eq!(row(flow, version).json(), want, "{flow}");
    }
}

#[test]
fn a_value_that_ovs_ofctl_refuses_prints_as_it_came() {
    // By hand: a ToS byte with ECN bits in it, which `ovs-ofctl ofp-print` 3.1 does not print
    // (OFPBAC_BAD_SET_ARGUMENT).
    let hex = "0019001000000a010500000000000000";
    let shown = |style| shown(Version::V15, ListForm::Actions, hex, style).0;
    assert_eq!(shown(Style::Wire), "set_field:5->nw_tos");
    assert_eq!(shown(Style::Classic), "load:0x5->NXM_OF_IP_TOS[]");
}

/// Every action is as its schema has it.
#[test]
fn json_is_what_the_schema_allows() {
    let document = documents()
        .into_iter()
        .find(|d| d.name == "ovs-dump-flows")
        .unwrap();
    let schema = Schema::of(&serde_json::json!({
        "$ref": "#/$defs/actions",
        "$defs": document.schema()["$defs"],
    }));
    for row in rows() {
        let json: serde_json::Value = serde_json::from_str(&row.json()).unwrap();
        if let Err(error) = schema.allows(&json) {
            let error: String = error.chars().take(2000).collect();
            panic!("{}: {error}\n{json:#}", row.flow);
        }
    }
}
