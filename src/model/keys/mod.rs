//! The keys of the maps `options`, `other_config`, `external_ids`, `bfd`, `lldp` and `timeouts`, as
//! documented in ovs-vswitchd.conf.db(5): names, types and valid values.
//!
//! The database accepts any key, and the switch silently ignores unknown ones, so misspelt keys are found
//! only here. `external_ids` are free for other programs: a key there is reported only if it looks like a
//! typing error.
//!
//! | file | contents |
//! |---|---|
//! | `switch`, `interface`, `qos`, `remote` | the rows |
//! | `row` | the members of a row |
//! | `value` | the valid values of a key |
//! | `finding` | findings on keys, in words |

mod finding;
mod interface;
mod qos;
mod remote;
mod row;
mod switch;
mod value;

use crate::model::resolve::closest;

pub use finding::{KeyFault, KeyFinding};
pub use row::{Key, Section, Source};
pub use value::Value;

/// The findings on `pairs` of keys and values in `column` of `table`, in their order.
///
/// `kind` is the type of the interface (empty: `system`), of the `QoS`, or of the `QoS` that the queue
/// belongs to. Without it a key is valid if it is valid for any type. Unknown tables, and columns without
/// documented keys, have no findings.
///
/// `version` is that of the Open vSwitch that is run, as [`version`] reads it; without it, no key was removed.
pub fn check<'a>(
    table: &str,
    column: &str,
    kind: Option<&str>,
    version: Option<(u8, u8)>,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<KeyFinding> {
    let Some(section) = section(table, column) else {
        return Vec::new();
    };
    let of = kind_of(section.table, kind);
    let finding = |(key, value)| {
        let kind = wrong(section, of, version, key, value)?;
        Some(KeyFinding {
            table: section.table,
            column: section.column,
            of: of.filter(|_| section.is_by_type()).map(str::to_owned),
            key: key.to_owned(),
            kind,
        })
    };
    pairs.into_iter().filter_map(finding).collect()
}

/// Major and minor version of Open vSwitch of a text such as `3.1.0`.
pub fn version(text: &str) -> Option<(u8, u8)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

/// Whether some version of Open vSwitch no longer has this key.
pub fn was_removed(table: &str, column: &str, key: &str) -> bool {
    let keys = section(table, column)
        .into_iter()
        .flat_map(|section| section.keys);
    keys.into_iter().any(|row| row.gone && row.is(key))
}

/// The keys of `column` of `table` for objects of type `kind` (`None`: of any type), for completion.
/// Families such as `fake-bridge-*` are left out, and what is no longer there; each key comes once.
pub fn known(
    table: &str,
    column: &str,
    kind: Option<&str>,
) -> impl Iterator<Item = &'static str> + use<> {
    let section = section(table, column);
    let keys: Vec<&'static str> = section.map_or_else(Vec::new, |section| {
        let of = kind_of(section.table, kind);
        let mut names = Vec::new();
        for key in section.keys.iter().filter(|key| key.is_for(of)) {
            if !key.is_family() && !key.gone && !names.contains(&key.name) {
                names.push(key.name);
            }
        }
        names
    });
    keys.into_iter()
}

/// The options that the switch requires for an interface of type `kind`, and that are not among `keys`:
/// `peer` of a patch port, `remote_ip` of a tunnel, `dpdk-devargs` of a DPDK port.
pub fn missing<'a>(kind: &str, keys: impl IntoIterator<Item = &'a str>) -> Vec<&'static str> {
    let mut needed: Vec<&'static str> = section("Interface", "options")
        .into_iter()
        .flat_map(|section| section.keys)
        .filter(|key| key.required && key.is_for(Some(kind)))
        .map(|key| key.name)
        .collect();
    for key in keys {
        needed.retain(|name| *name != key);
    }
    needed
}

/// All types of interfaces of past and present versions of Open vSwitch. The types that a switch supports
/// are in `Open_vSwitch.iface_types`.
pub fn interface_types() -> &'static [&'static str] {
    interface::TYPES
}

/// Every column with keys, and its rows.
pub fn sections() -> impl Iterator<Item = &'static Section> {
    let tables: [&'static [Section]; 6] = [
        &switch::OPEN_VSWITCH,
        &switch::BRIDGE,
        &switch::PORT,
        &interface::INTERFACE,
        &qos::QOS,
        &remote::REMOTE,
    ];
    tables.into_iter().flatten()
}

fn section(table: &str, column: &str) -> Option<&'static Section> {
    sections().find(|section| section.table == table && section.column == column)
}

/// An interface without a type is `system`.
fn kind_of<'k>(table: &str, kind: Option<&'k str>) -> Option<&'k str> {
    match kind {
        Some("") if table == "Interface" => Some("system"),
        Some("") => None,
        kind => kind,
    }
}

fn wrong(
    section: &Section,
    of: Option<&str>,
    version: Option<(u8, u8)>,
    key: &str,
    value: &str,
) -> Option<KeyFault> {
    let rows: Vec<&Key> = section.keys.iter().filter(|row| row.is(key)).collect();
    let mut fitting = rows.iter().filter(|row| row.is_for(of));
    if let Some(first) = fitting.clone().next() {
        if let Some(now) = version
            && let Some(last) = first.gone_in(now)
        {
            return Some(KeyFault::Removed { last, now });
        }
        return (!fitting.any(|row| row.value.accepts(value))).then(|| KeyFault::BadValue {
            value: value.to_owned(),
            expected: first.value.to_string(),
        });
    }
    if !rows.is_empty() {
        let mut types: Vec<&'static str> = Vec::new();
        for kind in rows.iter().flat_map(|row| row.of) {
            if !types.contains(kind) {
                types.push(kind);
            }
        }
        return Some(KeyFault::KeyOfOtherType { types });
    }
    if section.column == "external_ids" {
        let meant = section.keys.iter().find(|row| is_slip(key, row.name));
        return meant.map(|row| KeyFault::UnknownKey {
            meant: Some(row.name.to_owned()),
        });
    }
    let keys = || {
        let keys = section.keys.iter();
        keys.filter(|row| row.is_for(of) && !row.gone)
    };
    let folded = fold(key);
    if let Some(row) = keys().find(|row| fold(row.name) == folded) {
        let meant = Some(row.name.to_owned());
        return Some(KeyFault::UnknownKey { meant });
    }
    if let Some(found) = elsewhere(section, key) {
        return Some(found);
    }
    let names: Vec<String> = keys().map(|row| fold(row.name)).collect();
    let near = closest(&folded, names.iter().map(String::as_str));
    let meant = near.and_then(|near| keys().find(|row| fold(row.name) == near));
    Some(KeyFault::UnknownKey {
        meant: meant.map(|row| row.name.to_owned()),
    })
}

/// The column for which the key is documented: of the same table if possible.
fn elsewhere(section: &Section, key: &str) -> Option<KeyFault> {
    let here = |other: &&Section| other.table == section.table;
    let same_table = sections().filter(here);
    let mut places = same_table.chain(sections().filter(|other| !here(other)));
    let written = |row: &Key| row.is(key) && row.source != Source::Practice;
    let place = places.find(|other| other.keys.iter().any(written))?;
    Some(KeyFault::KeyOfOtherColumn {
        table: place.table,
        column: place.column,
    })
}

/// Ignores case and the difference between `-` and `_`.
fn fold(key: &str) -> String {
    key.to_lowercase().replace('-', "_")
}

/// Whether `key` is probably a misspelling of `name`. A different number at the end is not a misspelling.
fn is_slip(key: &str, name: &str) -> bool {
    let (key, name) = (fold(key), fold(name));
    if key == name {
        return true;
    }
    let letters = |text: &str| -> String { text.chars().filter(|c| c.is_alphabetic()).collect() };
    let slips = match key.len().min(name.len()) {
        0..6 => 0,
        6..10 => 1,
        _ => 2,
    };
    letters(&key) != letters(&name) && strsim::osa_distance(&key, &name) <= slips
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The findings of `check`, one a line.
    fn said(place: &str, kind: Option<&str>, pairs: &[(&str, &str)]) -> String {
        let (table, column) = place.split_once('.').unwrap();
        let findings = check(table, column, kind, Some((3, 7)), pairs.iter().copied());
        let lines: Vec<String> = findings.iter().map(KeyFinding::to_string).collect();
        lines.join("\n")
    }

    fn unknown(place: &str, kind: Option<&str>, key: &str) -> Option<String> {
        let (table, column) = place.split_once('.').unwrap();
        match check(table, column, kind, None, [(key, "1")]).pop()?.kind {
            KeyFault::UnknownKey { meant } => Some(meant.unwrap_or_default()),
            kind => panic!("{kind:?}"),
        }
    }

    #[test]
    fn each_finding_in_words() {
        let options = "Interface.options";
        for (place, kind, pair, words) in [
            (
                options,
                Some("vxlan"),
                ("remote-ip", "1.2.3.4"),
                "options:remote-ip of interface type vxlan is not a documented key \
                 (did you mean remote_ip?)",
            ),
            (
                options,
                Some("gre"),
                ("dst_port", "4789"),
                "options:dst_port of interface type gre is not a documented key; \
                 it is one of types geneve, vxlan, lisp, stt, gtpu, bareudp",
            ),
            (
                options,
                Some("vxlan"),
                ("peer", "p"),
                "options:peer of interface type vxlan is not a documented key; \
                 it is one of type patch",
            ),
            (
                options,
                Some("vxlan"),
                ("iface-id", "x"),
                "options:iface-id of interface type vxlan is not a documented key; \
                 it is one of column external_ids",
            ),
            (
                options,
                Some("vxlan"),
                ("ttl", "300"),
                "options:ttl of interface type vxlan is \"300\", but should be \
                 a decimal integer from 0 to 255 or inherit",
            ),
            (
                "Port.other_config",
                None,
                ("mac-aging-time", "5"),
                "other_config:mac-aging-time of table Port is not a documented key; \
                 it is one of column other_config of table Bridge",
            ),
            (
                options,
                Some("afxdp"),
                ("use-need-wakeup", "true"),
                "options:use-need-wakeup of interface type afxdp is ignored: \
                 Open vSwitch 3.6 was the last version that had it, and this is 3.7",
            ),
            (
                "Bridge.other_config",
                None,
                ("zzz\n", "5"),
                "other_config:zzz\\n of table Bridge is not a documented key",
            ),
            (
                "Queue.other_config",
                Some("linux-hfsc"),
                ("burst", "5"),
                "other_config:burst of a queue of QoS type linux-hfsc is not a documented key; \
                 it is one of type linux-htb",
            ),
        ] {
            assert_eq!(said(place, kind, &[pair]), words);
        }
    }

    #[test]
    fn suggestions_for_keys() {
        for (place, kind, key, meant) in [
            ("Interface.options", Some("vxlan"), "remote-ip", "remote_ip"),
            ("Interface.options", Some("vxlan"), "RemoteIP", "remote_ip"),
            ("Interface.options", Some("vxlan"), "remot_ip", "remote_ip"),
            ("Interface.options", Some("vxlan"), "dstport", "dst_port"),
            ("Interface.options", Some("patch"), "per", "peer"),
            ("Interface.options", None, "n_rxqs", "n_rxq"),
            ("Bridge.other_config", None, "stp_priority", "stp-priority"),
            ("Bridge.other_config", None, "hw-addr", "hwaddr"),
            ("Port.other_config", None, "lacp_time", "lacp-time"),
            ("Open_vSwitch.other_config", None, "dpdk_init", "dpdk-init"),
            (
                "QoS.other_config",
                Some("linux-htb"),
                "max_rate",
                "max-rate",
            ),
            ("Interface.bfd", None, "min-rx", "min_rx"),
            ("Interface.options", Some("vxlan"), "color", ""),
        ] {
            assert_eq!(unknown(place, kind, key).as_deref(), Some(meant), "{key}");
        }
    }

    #[test]
    fn external_ids_are_open() {
        for key in [
            "iface_id",
            "iface-di",
            "Iface-Id",
            "attached-mc",
            "vm_id",
            "ovn-installd",
        ] {
            assert!(
                unknown("Interface.external_ids", None, key).is_some(),
                "{key}"
            );
        }
        for key in [
            "vm-name",
            "owner",
            "iface-id2",
            "iface-id-2",
            "vm-ip",
            "remote_ip",
            "id",
        ] {
            assert_eq!(
                said("Interface.external_ids", None, &[(key, "x")]),
                "",
                "{key}"
            );
        }
        let host = [
            ("ovn-encap-ip-host1", "192.0.2.1"),
            ("ovn-bridge-mappings", "physnet1:br-ex"),
            ("system-id", "a"),
        ];
        assert_eq!(said("Open_vSwitch.external_ids", None, &host), "");
        let fake = [
            ("fake-bridge-bridge-id", "br0"),
            ("fake-bridge-iface-id", "x"),
        ];
        assert_eq!(said("Port.external_ids", None, &fake), "");
        assert_eq!(said("Mirror.external_ids", None, &[("iface_id", "x")]), "");
        assert_eq!(
            said("Interface.external_ids", None, &[("iface-status", "on")]),
            "external_ids:iface-status of table Interface is \"on\", \
             but should be active or inactive"
        );
    }

    #[test]
    fn types_and_values() {
        let good = |place: &str, kind: Option<&str>, pairs: &[(&str, &str)]| {
            assert_eq!(said(place, kind, pairs), "");
        };
        let bad = |place: &str, kind: Option<&str>, key: &str, values: &[&str]| {
            let (table, column) = place.split_once('.').unwrap();
            for value in values {
                let found = check(table, column, kind, None, [(key, *value)]);
                let is_bad = found
                    .iter()
                    .all(|one| matches!(one.kind, KeyFault::BadValue { .. }));
                assert!(found.len() == 1 && is_bad, "{key}={value}: {found:?}");
            }
        };
        let options = "Interface.options";
        // Keys that Neutron writes.
        good(
            options,
            Some("vxlan"),
            &[
                ("df_default", "true"),
                ("egress_pkt_mark", "0"),
                ("in_key", "flow"),
                ("local_ip", "10.0.0.71"),
                ("out_key", "flow"),
                ("remote_ip", "10.0.0.72"),
            ],
        );
        good(
            options,
            Some("geneve"),
            &[("remote_ip", "fe80::1"), ("key", "0xffffff")],
        );
        good(
            options,
            Some("gre"),
            &[("key", "16777216"), ("tos", "0x20")],
        );
        good(options, None, &[("key", "16777216"), ("peer", "p")]);
        good(options, Some("stt"), &[("key", "0xffffffffffffffff")]);
        good(
            options,
            Some("erspan"),
            &[("erspan_idx", "fffff"), ("erspan_hwid", "3f")],
        );
        good(options, Some("srv6"), &[("srv6_segs", "fc00::1,fc00::2")]);
        good(options, Some("bareudp"), &[("payload_type", "0x8847")]);
        good(
            options,
            Some("vxlan"),
            &[("exts", "gbp,gpe"), ("ipsec_encapsulation", "yes")],
        );
        bad(
            options,
            Some("vxlan"),
            "key",
            &["16777216", "-1", "flows", "", "+1", "0x"],
        );
        bad(
            options,
            Some("vxlan"),
            "remote_ip",
            &["host", "224.0.0.1", "ff02::1", ""],
        );
        bad(options, Some("vxlan"), "dst_port", &["0", "65536"]);
        bad(options, Some("vxlan"), "tos", &["1", "256", "copy"]);
        bad(options, Some("vxlan"), "df_default", &["True", "1", "yes"]);
        bad(options, Some("vxlan"), "exts", &["gpb", "gbp,"]);
        bad(options, Some("erspan"), "erspan_idx", &["100000", "g"]);

        let switch = "Open_vSwitch.other_config";
        good(
            switch,
            None,
            &[
                ("hw-offload", "True"),
                ("dpdk-socket-mem", "1024,0,2048"),
                ("pmd-cpu-mask", "0x00ff00ff00ff00ff00ff"),
                ("pmd-sleep-max", "50,1:100"),
                ("shared-mempool-config", "9000,1500:1"),
                ("ipsec_skb_mark", "0/1"),
                ("dpdk-extra", ""),
            ],
        );
        bad(switch, None, "max-idle", &["499", "1.5", "0x400"]);
        bad(switch, None, "n-offload-threads", &["0", "11"]);
        bad(switch, None, "pmd-sleep-max", &["10001", "a:1"]);

        let bridge = "Bridge.other_config";
        good(
            bridge,
            None,
            &[
                ("datapath-id", "00000000000000ab"),
                ("hwaddr", "0:1:2:a:B:c"),
            ],
        );
        good(bridge, None, &[("datapath-id", "0xab")]);
        bad(
            bridge,
            None,
            "datapath-id",
            &["ab", "0x0", "0000000000000000", "0x11112222333344445"],
        );
        bad(
            bridge,
            None,
            "hwaddr",
            &["0:1:2:3:4", "0:1:2:3:4:555", "0:1:2:3:4:", "é:1:2:3:4:5"],
        );
        // The switch reads this one in decimal only.
        bad(bridge, None, "stp-priority", &["65536", "0x8000"]);

        let neutron = [("net_uuid", "x"), ("segmentation_id", "64"), ("tag", "1")];
        good("Port.other_config", None, &neutron);
        good(
            "QoS.other_config",
            Some("linux-netem"),
            &[("latency", "1000")],
        );
        good("Controller.other_config", None, &[("dscp", "48")]);
        bad("Controller.other_config", None, "dscp", &["64"]);
        // Read-only columns and unknown tables have no findings.
        good("Interface.status", None, &[("x", "y")]);
        good("Nothing.other_config", None, &[("x", "y")]);
    }

    #[test]
    fn versions() {
        for (text, number) in [
            ("3.1.0", Some((3, 1))),
            ("2.17.11-rc1", Some((2, 17))),
            ("3.1", Some((3, 1))),
            ("3", None),
            ("", None),
            ("v3.1", None),
            ("3.1000", None),
        ] {
            assert_eq!(version(text), number, "{text}");
        }
        let removed = |version| {
            let pairs = [("n-dpdk-rxqs", "2")];
            !check("Open_vSwitch", "other_config", None, version, pairs).is_empty()
        };
        assert_eq!(
            [None, Some((2, 5)), Some((2, 6))].map(removed),
            [false, false, true]
        );
    }

    #[test]
    fn an_empty_type_is_system() {
        assert_eq!(
            said("Interface.options", Some(""), &[("peer", "p")]),
            "options:peer of interface type system is not a documented key; it is one of type patch"
        );
    }

    #[test]
    fn known_and_missing() {
        let of = |kind| known("Interface", "options", Some(kind)).collect::<Vec<_>>();
        assert_eq!(of("patch"), ["peer"]);
        assert!(of("vxlan").contains(&"exts") && !of("gre").contains(&"exts"));
        assert_eq!(of("system"), [""; 0]);
        let all: Vec<_> = known("Interface", "options", None).collect();
        assert_eq!(all.iter().filter(|key| **key == "key").count(), 1);
        assert!(!all.iter().any(|key| key.ends_with('*')));
        assert_eq!(missing("patch", []), ["peer"]);
        assert_eq!(missing("vxlan", ["key"]), ["remote_ip"]);
        assert_eq!(missing("vxlan", ["remote_ip"]), [""; 0]);
        assert_eq!(missing("internal", []), [""; 0]);
    }

    #[test]
    fn the_table_is_in_order() {
        let types: Vec<_> = sections().map(|s| (s.table, s.column)).collect();
        for (at, place) in types.iter().enumerate() {
            assert!(!types[..at].contains(place), "{place:?} twice");
        }
        for section in sections() {
            for (at, key) in section.keys.iter().enumerate() {
                let others = section.keys[..at].iter().filter(|k| k.name == key.name);
                for other in others {
                    let shared = key.of.iter().any(|kind| other.of.contains(kind));
                    assert!(!shared && !key.of.is_empty(), "{} twice", key.name);
                }
                let of_interface = section.table == "Interface";
                let known = |kind| interface::TYPES.contains(kind) || kind.starts_with("dummy");
                assert!(!of_interface || key.of.iter().all(known), "{}", key.name);
            }
        }
    }
}
