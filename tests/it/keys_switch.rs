//! The table of keys against what ovs-vswitchd says of options that it does not know.

use std::collections::BTreeSet;

use ovs::model::keys::{KeyFault, check, interface_types, known};

use crate::common::Sandbox;

/// A value that each is content with.
fn value(kind: &str, key: &str) -> &'static str {
    let six = kind.starts_with("ip6");
    match key {
        "remote_ip" if six => "fc00::1",
        "local_ip" if six => "fc00::2",
        "remote_ip" => "192.0.2.1",
        "local_ip" => "192.0.2.2",
        "dst_port" => "1234",
        "tos" | "ttl" => "32",
        "df_default" | "csum" | "seq" => "true",
        "exts" => "gbp",
        "packet_type" => "ptap",
        "payload_type" => "mpls",
        "srv6_segs" => "fc00::1",
        "srv6_flowlabel" => "zero",
        "psk" | "remote_cert" | "remote_name" | "peer" => "x",
        _ => "1",
    }
}

#[test]
fn tunnel_options_that_the_switch_does_not_know() {
    let sandbox = Sandbox::with("add-br br0");
    let types = vsctl!(sandbox, "get Open_vSwitch . iface_types");
    let types: Vec<&str> = types.trim_matches(['[', ']', '\n']).split(", ").collect();
    let tunnels = interface_types().iter().filter(|kind| {
        let of_tunnels = known("Interface", "options", Some(kind)).any(|key| key == "remote_ip");
        of_tunnels && types.contains(kind)
    });
    let mut keys: BTreeSet<&str> = known("Interface", "options", Some("patch")).collect();
    for kind in tunnels.clone() {
        keys.extend(known("Interface", "options", Some(kind)));
    }
    // Of the options of ERSPAN, bareudp and SRv6 it tells at no tunnel, and of keys neither.
    let has_srv6 = types.contains(&"srv6");
    let silent = |key: &str| {
        key.starts_with("erspan_")
            || (has_srv6 && key.starts_with("srv6_"))
            || ["payload_type", "key", "in_key", "out_key"].contains(&key)
    };
    let mut seen = 0;
    for kind in tunnels {
        let name = format!("t_{kind}");
        let options: Vec<String> = keys
            .iter()
            .map(|key| format!("'options:{key}=\"{}\"'", value(kind, key)))
            .collect();
        let with_type = format!("type={kind}");
        vsctl!(
            sandbox,
            "add-port br0 {name} -- set Interface {name} {with_type} {}",
            options.join(" ")
        );

        let log = sandbox.log();
        let complaint = format!("{name}: unknown {kind} argument '");
        let theirs: BTreeSet<&str> = log
            .lines()
            .filter_map(|line| line.split_once(&complaint)?.1.split('\'').next())
            .collect();
        let pairs = keys.iter().map(|key| (*key, value(kind, key)));
        let findings = check("Interface", "options", Some(kind), None, pairs);
        let mut ours: BTreeSet<&str> = findings
            .iter()
            .inspect(|finding| {
                assert!(
                    !matches!(finding.kind, KeyFault::BadValue { .. }),
                    "{finding}"
                );
            })
            .map(|finding| finding.key.as_str())
            .filter(|key| !silent(key))
            .collect();
        // The manual page has it for bareudp, the switch has not.
        if *kind == "bareudp" && theirs.contains("csum") {
            ours.insert("csum");
        }
        assert_eq!(ours, theirs, "{kind}");
        seen += 1;
    }
    assert!(seen >= 8, "only {seen} types");
}
