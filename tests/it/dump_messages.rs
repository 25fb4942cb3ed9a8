//! The replies that `dump-groups`, `dump-meters`, `dump-tables` and `dump-flows --count` read, as
//! ovs-vswitchd 3.1 sent them (`fixtures/messages`), against what `ovs-ofctl ofp-print` prints for them.
//! Every beginning of each of them is read without a panic.
//!
//! The bridge they came from was made by (ovs-ofctl -O OpenFlow15):
//!
//! ```text
//! add-group 'group_id=1,type=all,bucket=output:1,bucket=actions=set_field:5->reg0,output:2'
//! add-group 'group_id=2,type=select,selection_method=dp_hash,selection_method_param=7,
//!            bucket=weight:5,output:1,bucket=bucket_id:9,weight:0,output:2'
//! add-group 'group_id=3,type=select,selection_method=hash,fields(ip_dst=255.255.255.0,nw_proto,tcp_src),
//!            bucket=output:1'
//! add-group 'group_id=5,type=ff,bucket=watch_port:1,output:1,bucket=watch_port:2,watch_group:1,output:2'
//! add-group 'group_id=7,type=all'
//! add-meter 'meter=1,kbps,burst,stats,bands=type=drop,rate=1000,burst_size=50 type=drop,rate=2000,burst_size=60'
//! add-meter 'meter=2,pktps,band=type=drop,rate=10'
//! add-flow  'table=1,tcp actions=meter:1,group:1'
//! ```

use std::fs;
use std::path::Path;

use ovs::base::json::Json;
use ovs::openflow::bytes::DecodeError;
use ovs::openflow::messages::flow_reply::Aggregate;
use ovs::openflow::messages::groups::{Descs, GROUP_ALL, GroupStats};
use ovs::openflow::messages::meters::{METER_ALL, MeterConfig, MeterStats};
use ovs::openflow::messages::multipart::{self, Part};
use ovs::openflow::messages::{groups, meters, tables};
use ovs::openflow::text::{Plain, Style};
use ovs::openflow::version::Version;

use crate::common::hex::bytes;
use crate::common::openflow::{self, ofp_print};

fn recorded() -> Vec<(String, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/messages");
    let mut all: Vec<(String, Vec<u8>)> = fs::read_dir(directory)
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let text = fs::read_to_string(path).unwrap().replace('\n', "");
            (name, bytes(&text))
        })
        .collect();
    all.sort();
    assert!(all.len() >= 15);
    all
}

fn message(name: &str) -> Vec<u8> {
    let found = recorded().into_iter().find(|(known, _)| known == name);
    found
        .unwrap_or_else(|| panic!("fixtures/messages/{name}.hex"))
        .1
}

/// What ofp-print prints for the message, without the first line, `skip` taken off the beginning of each of the others.
fn ofp_print_body(message: &[u8], skip: &str) -> Vec<String> {
    let text = ofp_print(message);
    let lines = text.lines().skip(1);
    lines
        .map(|line| line.strip_prefix(skip).unwrap_or(line).to_owned())
        .collect()
}

fn version(message: &[u8]) -> Version {
    Version::from_wire(message[0]).unwrap()
}

fn part(message: &[u8]) -> Result<Part<'_>, DecodeError> {
    Ok(multipart::decode(version(message), message)?.expect("it is a multipart reply"))
}

fn descs(message: &[u8]) -> Result<Vec<String>, DecodeError> {
    let version = version(message);
    Descs::new(version, part(message)?)?
        .map(|desc| {
            let desc = desc?;
            let cx = openflow::cx(version, Style::Wire);
            let mut sink = Plain::default();
            desc.text(None, &mut sink, &cx)?;
            let mut json = String::new();
            desc.json(None, &mut Json::new(&mut json), &cx)?;
            assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
            Ok(sink.0)
        })
        .collect()
}

fn stats(message: &[u8]) -> Result<Vec<String>, DecodeError> {
    let stats = GroupStats::of_part(version(message), part(message)?)?;
    let text = |stats: &GroupStats| openflow::text(|sink| stats.text(sink));
    Ok(stats.iter().map(text).collect())
}

/// The lines of all meters, with the empty line that ovs-ofctl puts between them.
fn configs(message: &[u8]) -> Result<Vec<String>, DecodeError> {
    let mut sink = Plain::default();
    for (index, config) in MeterConfig::of_part(part(message)?)?.iter().enumerate() {
        sink.0.push_str(if index > 0 { "\n\n" } else { "" });
        config.text(None, ("\n", "\n"), &mut sink);
    }
    Ok(sink.0.lines().map(str::to_owned).collect())
}

fn meter_stats(message: &[u8]) -> Result<Vec<String>, DecodeError> {
    let mut sink = Plain::default();
    for (index, stats) in MeterStats::of_part(part(message)?)?.iter().enumerate() {
        sink.0.push_str(if index > 0 { "\n" } else { "" });
        stats.text(&mut sink);
    }
    Ok(sink.0.lines().map(str::to_owned).collect())
}

/// Reads a message of any of these kinds.
fn read(name: &str, message: &[u8]) -> Result<Vec<String>, DecodeError> {
    let kind = name.rsplit_once('_').unwrap().0;
    match kind {
        "group_desc" => descs(message),
        "group_stats" => stats(message),
        "meter_config" => configs(message),
        "meter_stats" => meter_stats(message),
        "table_stats" => tables::decode_stats(version(message), part(message)?)
            .map(|tables| tables.iter().map(|table| format!("{table:?}")).collect()),
        "aggregate" => Aggregate::of_part(version(message), part(message)?)
            .map(|aggregate| vec![format!("{aggregate:?}")]),
        other => panic!("what is {other}?"),
    }
}

#[test]
fn as_ovs_ofctl_prints_them() {
    for (name, message) in recorded() {
        let (kind, _) = name.rsplit_once('_').unwrap();
        let skip = match kind {
            "group_desc" | "group_stats" => " ",
            "meter_config" | "meter_stats" => "",
            _ => continue,
        };
        assert_eq!(
            read(&name, &message).unwrap(),
            ofp_print_body(&message, skip),
            "{name}"
        );
    }
}

/// The switch of the recordings refuses these bands; ovs-ofctl prints them all the same.
#[test]
fn a_band_that_marks() {
    let mut config = message("meter_config_1.3");
    // The second band of the first meter that has two.
    let band = config
        .windows(8)
        .position(|window| window == [0, 1, 0, 16, 0, 0, 7, 0xd0])
        .unwrap();
    config[band + 1] = 2;
    config[band + 12] = 3;
    let lines = configs(&config).unwrap();
    assert!(
        lines.iter().any(|line| line.ends_with("prec_level=3")),
        "{lines:?}"
    );
    assert_eq!(lines, ofp_print_body(&config, ""));
}

#[test]
fn tables_of_every_version() {
    for name in ["1.0", "1.1", "1.2", "1.3"] {
        let message = message(&format!("table_stats_{name}"));
        let tables = tables::decode_stats(version(&message), part(&message).unwrap()).unwrap();
        let active: Vec<u32> = tables.iter().map(|table| table.active).collect();
        assert_eq!(active, [0, 1, 0], "{name}");
        for table in tables {
            let features = table.features;
            assert_eq!(features.is_some(), name != "1.3");
            if let Some(features) = features {
                assert_eq!(features.max_entries, 1_000_000);
                assert_eq!(features.name.as_str(), "", "nobody gave it one");
                assert_eq!(features.metadata().is_some(), name == "1.2");
            }
        }
    }
}

#[test]
fn every_beginning_is_an_error_that_says_where() {
    for (name, message) in recorded() {
        let whole = read(&name, &message).unwrap();
        for end in 0..message.len() {
            let cut = &message[..end];
            if end == 0 {
                continue;
            }
            match multipart::decode(version(&message), cut) {
                Err(error) => assert!(error.at <= end, "{name} {end}: {error}"),
                Ok(_) => match read(&name, cut) {
                    Err(error) => assert!(error.at <= end, "{name} {end}: {error}"),
                    // Nothing is missing at the end of an entry, nor where only padding follows.
                    Ok(some) => assert!(
                        some == whole[..some.len()]
                            && (some.len() < whole.len()
                                || message[end..].iter().all(|byte| *byte == 0)),
                        "{name} {end}"
                    ),
                },
            }
        }
    }
}

/// Bytes that make no sense are an error or nonsense, but no panic.
#[test]
fn every_byte_flipped() {
    for (name, mut message) in recorded() {
        for at in 8..message.len() {
            for turned in [0x00, 0x01, 0x7f, 0xff] {
                let right = message[at];
                message[at] = turned;
                let _ = multipart::decode(version(&message), &message)
                    .map(|part| part.map(|_| read(&name, &message)));
                message[at] = right;
            }
        }
    }
}

#[test]
fn what_a_property_says_that_nobody_knows_is_kept() {
    let mut message = message("group_desc_1.5");
    // The last group, of type all and without buckets: two properties behind its 16 bytes.
    let last = message.len() - 16;
    assert_eq!(message[last..last + 8], [0, 16, 0, 0, 0, 0, 0, 7]);
    message[last + 1] = 32;
    message.extend([0, 5, 0, 6, 0xab, 0xcd, 0, 0]);
    message.extend([0xff, 0xff, 0, 8, 0, 0, 0x12, 0x34]);
    let lines = descs(&message).unwrap();
    assert_eq!(
        lines.last().unwrap(),
        "group_id=7,type=all,property=0x00050006abcd,property=0xffff000800001234"
    );
}

#[test]
fn requests_are_what_ovs_ofctl_reads() {
    for (request, text) in [
        (
            groups::desc_request(Version::V15, 2, GROUP_ALL),
            "OFPST_GROUP_DESC request (OF1.5) (xid=0x2): group_id=ALL",
        ),
        (
            groups::desc_request(Version::V13, 2, 7),
            "OFPST_GROUP_DESC request (OF1.3) (xid=0x2): group_id=ALL",
        ),
        (
            groups::desc_request(Version::V10, 2, 7),
            "NXST_GROUP_DESC request (xid=0x2): group_id=7",
        ),
        (
            groups::stats_request(Version::V10, 2, 5),
            "NXST_GROUP request (xid=0x2): group_id=5",
        ),
        (
            groups::stats_request(Version::V13, 2, 5),
            "OFPST_GROUP request (OF1.3) (xid=0x2): group_id=5",
        ),
        (
            meters::config_request(Version::V13, 2, 1),
            "OFPST_METER_CONFIG request (OF1.3) (xid=0x2): meter=1",
        ),
        (
            meters::stats_request(Version::V15, 2, METER_ALL),
            "OFPST_METER request (OF1.5) (xid=0x2): meter=all",
        ),
        (
            tables::stats_request(Version::V11, 2),
            "OFPST_TABLE request (OF1.1) (xid=0x2):",
        ),
        (
            tables::features_request(Version::V13, 2),
            "OFPST_TABLE_FEATURES request (OF1.3) (xid=0x2):",
        ),
    ] {
        assert_eq!(ofp_print(&request.unwrap()).trim_end(), text);
    }
    assert!(meters::stats_request(Version::V12, 2, 1).is_none());
    assert!(tables::features_request(Version::V12, 2).is_none());
}
