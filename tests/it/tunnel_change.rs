//! `ovs tunnel add`, `del` and `set`: what the database holds then, read with the real ovs-vsctl, and
//! which tunnels the real ovs-vswitchd takes.

use ovs::sandbox::Options;
use serde_json::json;

use crate::common::Sandbox;

fn bridges() -> Sandbox {
    Sandbox::with("add-br br-int -- add-br br-tun")
}

/// Type and options as ovs-vsctl has them: `vxlan {key=flow, remote_ip="10.0.0.72"}`.
fn tunnel(sandbox: &Sandbox, name: &str) -> String {
    let told = vsctl!(sandbox, "get Interface {name} type options");
    told.trim().replace('\n', " ")
}

#[test]
fn several_remotes_and_every_option() {
    let sandbox = bridges();
    ovs!(
        sandbox,
        "tunnel add br-tun --remote 10.0.0.72 10.0.0.73 --key flow"
    )
    .ok()
    .says_nothing()
    .shows("added\tport\tvxlan-0a000048\tbr-tun\t")
    .shows("vxlan-0a000049");
    assert_eq!(
        tunnel(&sandbox, "vxlan-0a000048"),
        "vxlan {key=flow, remote_ip=\"10.0.0.72\"}"
    );
    assert_eq!(
        vsctl!(
            sandbox,
            "port-to-br vxlan-0a000049 -- get Interface vxlan-0a000049 error"
        ),
        "br-tun\n[]\n"
    );

    let told = ovs!(
        sandbox,
        "tunnel add br-tun gre1 --type gre --remote 192.0.2.7 --local 192.0.2.1 --in-key 0x64 \
         --out-key flow --tos inherit --ttl 7 --csum on --df-default off --option seq=true \
         --external-id who=me --ofport 99 --tag 5"
    )
    .json();
    assert_eq!(told[0]["ofport"], 99);
    assert_eq!(told[0]["after"]["options"]["in_key"], "100");
    assert_eq!(
        tunnel(&sandbox, "gre1"),
        "gre {csum=\"true\", df_default=\"false\", in_key=\"100\", local_ip=\"192.0.2.1\", \
         out_key=flow, remote_ip=\"192.0.2.7\", seq=\"true\", tos=inherit, ttl=\"7\"}"
    );
    assert_eq!(
        vsctl!(
            sandbox,
            "get Interface gre1 external_ids ofport_request -- get Port gre1 tag"
        ),
        "{who=me}\n99\n5\n"
    );

    ovs!(
        sandbox,
        "tunnel add br-tun --remote=10.0.1.1,[FD00:0::1],flow --dst-port 8472"
    )
    .ok();
    let names = vsctl!(sandbox, "list-ports br-tun");
    for name in ["vxlan-0a000101", "vxlan-94025ccb", "vxlan-flow"] {
        assert!(names.lines().any(|line| line == name), "{names}");
    }
    assert_eq!(
        tunnel(&sandbox, "vxlan-94025ccb"),
        "vxlan {dst_port=\"8472\", remote_ip=\"fd00::1\"}"
    );
}

#[test]
fn every_type_that_the_switch_knows() {
    let sandbox = bridges();
    let known = vsctl!(sandbox, "get Open_vSwitch . iface_types");
    let known: Vec<&str> = known.trim_matches(['[', ']', '\n']).split(", ").collect();
    for (kind, remote, name) in [
        ("gre", "10.9.9.9", "gre-0a090909"),
        ("ip6gre", "fd00::1", "ip6gre-94025ccb"),
        ("geneve", "10.9.9.9", "geneve-0a090909"),
        ("lisp", "10.9.9.9", "lisp-0a090909"),
        ("stt", "10.9.9.9 --key 18446744073709551615", "stt-0a090909"),
        (
            "erspan",
            "10.9.9.9 --option erspan_ver=1",
            "erspan-0a090909",
        ),
        (
            "ip6erspan",
            "fd00::1 --option erspan_ver=2",
            "ip6ers-94025ccb",
        ),
        ("gtpu", "10.9.9.9", "gtpu-0a090909"),
        ("bareudp", "10.9.9.9 --dst-port 6635", "bareud-0a090909"),
        ("srv6", "fd00::1", "srv6-94025ccb"),
    ] {
        if !known.contains(&kind) {
            let line = format!("tunnel add br-tun --type {kind} --remote {remote}");
            sandbox.refuses(&line, 1, &format!("does not know tunnels of type {kind}"));
            continue;
        }
        ovs!(sandbox, "tunnel add br-tun --type {kind} --remote {remote}")
            .ok()
            .begins(format!("added\tport\t{name}\tbr-tun\t"));
        assert_eq!(
            vsctl!(sandbox, "get Interface {name} type error"),
            format!("{kind}\n[]\n")
        );
    }
}

/// What a switch knows it says itself: Open vSwitch 3.1 has no `SRv6`, 3.6 has neither LISP nor STT any more.
#[test]
fn types_that_the_switch_does_not_know() {
    let sandbox = Sandbox::start(Options {
        vswitchd: false,
        ..Options::default()
    });
    vsctl!(
        sandbox,
        "--no-wait add-br br0 -- set Open_vSwitch . iface_types=[geneve,gre,internal,patch,system,vxlan]"
    );
    sandbox.refuses_each(
        "--no-wait tunnel add br0 --remote 192.0.2.1",
        &[
            (
                "--type lisp",
                1,
                "does not know tunnels of type lisp, which Open vSwitch no longer has since 3.6",
            ),
            ("--type stt", 1, "hint: it knows geneve, gre, vxlan\n"),
            ("--type gtpu", 1, "does not know tunnels of type gtpu\n"),
        ],
    );
    ovs!(
        sandbox,
        "--no-wait tunnel add br0 --type geneve --remote 192.0.2.1"
    )
    .ok();
}

#[test]
fn invalid_tunnels_are_refused() {
    let sandbox = bridges();
    sandbox.refuses_each(
        "tunnel add",
        &[
            ("br-tun", 2, "the remote address is missing"),
            (
                "br-nosuch --remote 10.0.0.1",
                3,
                "bridge \"br-nosuch\" not found",
            ),
            (
                "br-tun --remote host",
                2,
                "expected an IPv4 or IPv6 address",
            ),
            (
                "br-tun --option remote_ip=host",
                2,
                "remote_ip=host is no address",
            ),
            ("br-tun --remote 224.0.0.1", 2, "is a multicast address"),
            ("br-tun --remote ::", 2, "is no host's"),
            (
                "br-tun --remote 10.0.0.1 --local fd00::2",
                2,
                "are of two families",
            ),
            (
                "br-tun --remote 10.0.0.1 --local flow",
                2,
                "only where they choose the remote one",
            ),
            (
                "br-tun --remote 10.0.0.1 --type ip6gre",
                2,
                "runs over IPv6",
            ),
            (
                "br-tun --type gre --remote fd00::1",
                2,
                "--type ip6gre runs over the other",
            ),
            (
                "br-tun --remote 10.0.0.1 --key 16777216",
                2,
                "a number of 24 bits, 0 to 16777215",
            ),
            (
                "br-tun --remote 10.0.0.1 --type geneve --in-key 16777216",
                2,
                "24 bits",
            ),
            (
                "br-tun --remote 10.0.0.1 --type gre --key 4294967296",
                2,
                "32 bits",
            ),
            (
                "br-tun --remote 10.0.0.1 --type erspan --key 1024",
                2,
                "10 bits",
            ),
            (
                "br-tun --remote 10.0.0.1 --type stt --key 18446744073709551616",
                2,
                "expected a number",
            ),
            (
                "br-tun --remote 10.0.0.1 --type bareudp --dst-port 6635 --key 1",
                2,
                "has no key",
            ),
            (
                "br-tun --remote 10.0.0.1 --type bareudp",
                2,
                "has no port of its own",
            ),
            (
                "br-tun --remote 10.0.0.1 --type gre --dst-port 9",
                2,
                "has no port",
            ),
            (
                "br-tun --remote 10.0.0.1 --type internal",
                2,
                "expected one of",
            ),
            (
                "br-tun --remote 10.0.0.1 --dst-port 0",
                2,
                "expected 1 to 65535",
            ),
            ("br-tun --remote 10.0.0.1 --tos 3", 2, "ECN bits"),
            ("br-tun --remote 10.0.0.1 --ttl 256", 2, "from 1 to 255"),
            (
                "br-tun --remote 10.0.0.1 --key 1 --option key=2",
                2,
                "say the same thing twice",
            ),
            ("br-tun --remote 10.0.0.1,10.0.0.1", 2, "is given twice"),
            (
                "br-tun t --remote 10.0.0.1 10.0.0.2",
                2,
                "cannot all be called \"t\"",
            ),
            (
                "br-tun --remote 10.0.0.1 10.0.0.2 --ofport 9",
                2,
                "--ofport",
            ),
            ("br-tun a/b --remote 10.0.0.1", 1, "cannot name a port"),
            // One wrong among several, and none is made.
            (
                "br-tun --remote 10.0.0.1 224.0.0.1",
                2,
                "is a multicast address",
            ),
        ],
    );
    vsctl!(sandbox, "add-br vxlan-0a000001");
    sandbox.refuses_each(
        "tunnel add",
        &[
            (
                "br-tun --remote 10.0.0.1",
                1,
                "\"vxlan-0a000001\" exists on vxlan-0a000001 for another purpose",
            ),
            (
                "br-tun --remote 10.0.0.1 --may-exist",
                1,
                "it is the bridge's own port",
            ),
            ("br-tun br-int --remote 10.0.0.1", 1, "for another purpose"),
        ],
    );
}

/// The first tunnel there is; of each second one the switch itself says whether it is the same.
#[test]
fn the_same_is_what_the_switch_takes_for_the_same() {
    let sandbox = bridges();
    let set = |name: &str, more: &str| {
        vsctl!(
            sandbox,
            "--no-wait add-port br-tun {name} -- set Interface {name} type=vxlan \
             options:remote_ip=10.0.0.1 options:key=5 {more}"
        )
    };
    set("one", "");
    for (ours, theirs) in [
        ("", ""),
        ("--dst-port 4789", "options:dst_port=4789"),
        ("--dst-port 4790", "options:dst_port=4790"),
        ("--out-key 6", "options:out_key=6"),
        ("--in-key 6", "options:in_key=6"),
        ("--in-key flow", "options:in_key=flow"),
        ("--local 10.0.0.9", "options:local_ip=10.0.0.9"),
        ("--type geneve", "type=geneve"),
        ("--option packet_type=ptap", "options:packet_type=ptap"),
    ] {
        set("two", theirs);
        vsctl!(sandbox, "set Interface two external_ids:wait=1");
        let error = vsctl!(sandbox, "get Interface two error");
        let is_same = error.contains("File exists");
        assert!(is_same || error == "[]\n", "{error}");
        vsctl!(sandbox, "del-port two");

        let ours = format!("tunnel add br-int two --remote 10.0.0.1 --key 5 {ours}");
        if is_same {
            let words =
                "tunnel \"one\" on br-tun is the same already: vxlan to 10.0.0.1, key 5, port 4789";
            sandbox.refuses(&ours, 1, words);
        } else {
            ovs!(sandbox, "{ours}").ok();
            vsctl!(sandbox, "del-port two");
        }
    }
    // However an IPv6 address is written.
    vsctl!(sandbox, "set Interface one options:remote_ip=fd00:0::1");
    sandbox.refuses(
        "tunnel add br-int --remote fd00::1 --key 5",
        1,
        "tunnel \"one\" on br-tun is the same already: vxlan to fd00::1",
    );
}

#[test]
fn a_name_that_is_taken() {
    let sandbox = bridges();
    let again = "tunnel add br-tun --remote 10.0.0.72";
    ovs!(sandbox, "{again}").ok();
    sandbox.refuses_each(
        again,
        &[
            (
                "",
                1,
                "tunnel \"vxlan-0a000048\" exists on br-tun already: vxlan to 10.0.0.72",
            ),
            (
                "--key 5",
                1,
                "is that of another tunnel on br-tun: vxlan to 10.0.0.72, port 4789",
            ),
        ],
    );
    vsctl!(
        sandbox,
        "set Interface vxlan-0a000048 options:remote_ip=10.0.0.1"
    );
    let words =
        "the name \"vxlan-0a000048\" is that of another tunnel on br-tun: vxlan to 10.0.0.1";
    sandbox.refuses_each(again, &[("", 1, words), ("--may-exist", 1, words)]);
    let words = "exists on another bridge, br-tun";
    sandbox.refuses_each(
        "tunnel add br-int vxlan-0a000048 --remote 10.0.0.9",
        &[("", 1, words), ("--may-exist", 1, words)],
    );
}

#[test]
fn may_exist_converges() {
    let sandbox = bridges();
    let ask = "tunnel add br-tun --remote 10.0.0.72 --key flow --may-exist";
    ovs!(sandbox, "{ask}").ok().begins("added");
    ovs!(sandbox, "{ask}").prints("unchanged\n");
    // A tunnel whose name nobody chose is not made another.
    let words = "is that of another tunnel";
    sandbox.refuses_each(
        "tunnel add br-tun --remote 10.0.0.72 --may-exist",
        &[
            ("--key 9", 1, words),
            ("--local 10.0.0.1", 1, words),
            ("--dst-port 4790", 1, words),
        ],
    );
    // One that was named is.
    let ask = "tunnel add br-tun vxlan-0a000048 --remote 10.0.0.72 --key flow --may-exist";
    vsctl!(
        sandbox,
        "set Interface vxlan-0a000048 options:in_key=7 options:key=8 options:tos=32 \
         external_ids:mine=1 -- set Port vxlan-0a000048 tag=4"
    );
    ovs!(sandbox, "{ask}")
        .ok()
        .begins("changed\tport\tvxlan-0a000048");
    assert_eq!(
        tunnel(&sandbox, "vxlan-0a000048"),
        "vxlan {key=flow, remote_ip=\"10.0.0.72\", tos=\"32\"}"
    );
    assert_eq!(
        vsctl!(
            sandbox,
            "get Interface vxlan-0a000048 external_ids -- get Port vxlan-0a000048 tag"
        ),
        "{mine=\"1\"}\n4\n"
    );
    ovs!(sandbox, "{ask}").prints("unchanged\n");
    // Nobody asked for a name: the tunnel that is there is the one.
    let remote = "--remote 10.0.0.73 --key flow";
    ovs!(sandbox, "tunnel add br-tun mine {remote}").ok();
    ovs!(sandbox, "tunnel add br-tun {remote} --may-exist").prints("unchanged\n");
    // By its name, whatever it was.
    ovs!(
        sandbox,
        "tunnel add br-tun mine --type gre --remote 10.0.0.74 --may-exist"
    )
    .ok()
    .begins("changed\tport\tmine");
    assert_eq!(
        tunnel(&sandbox, "mine"),
        "gre {key=flow, remote_ip=\"10.0.0.74\"}"
    );
}

#[test]
fn set_changes_what_is_named() {
    let sandbox = bridges();
    ovs!(
        sandbox,
        "tunnel add br-tun t --remote 10.0.0.1 --in-key 5 --out-key 6 --ttl 9"
    )
    .ok();
    let set = |more: &str| ovs!(sandbox, "tunnel set t {more}").ok();
    set("--remote 10.0.0.2 --tag 3").begins("changed\tport\tt\tbr-tun");
    assert_eq!(
        tunnel(&sandbox, "t"),
        "vxlan {in_key=\"5\", out_key=\"6\", remote_ip=\"10.0.0.2\", ttl=\"9\"}"
    );
    set("--key 7 --ttl none --tag none --option egress_pkt_mark=4");
    assert_eq!(
        tunnel(&sandbox, "t"),
        "vxlan {egress_pkt_mark=\"4\", key=\"7\", remote_ip=\"10.0.0.2\"}"
    );
    set("--key 7").prints("unchanged\n");
    set("--type geneve --key none --option egress_pkt_mark- --remote fd00::1");
    assert_eq!(tunnel(&sandbox, "t"), "geneve {remote_ip=\"fd00::1\"}");

    ovs!(
        sandbox,
        "tunnel add br-int u --type geneve --remote fd00::2"
    )
    .ok();
    sandbox.refuses_each(
        "tunnel set t",
        &[
            (
                "--remote fd00::2",
                1,
                "tunnel \"u\" on br-int is the same already: geneve to fd00::2, port 6081",
            ),
            (
                "--remote 10.0.0.1 --local fd00::9",
                2,
                "are of two families",
            ),
            ("--option remote_ip-", 2, "the remote address is missing"),
            ("--key 16777216", 2, "24 bits"),
            ("--type srv7", 2, "expected one of"),
        ],
    );
    sandbox.refuses("tunnel set br-int --key 1", 1, "\"br-int\" is no tunnel");
    sandbox.refuses("tunnel set nosuch --key 1", 3, "port \"nosuch\" not found");
}

#[test]
fn a_tunnel_named_twice_goes_once() {
    let sandbox = bridges();
    ovs!(sandbox, "tunnel add br-tun t1 --remote 10.0.0.1").ok();
    let said = ovs!(sandbox, "tunnel del t1 t1").out();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(vsctl!(sandbox, "list-ports br-tun"), "");
}

#[test]
fn del_takes_tunnels_only() {
    let sandbox = bridges();
    let before = sandbox.configuration();
    ovs!(sandbox, "tunnel add br-tun --remote 10.0.0.1 10.0.0.2 flow").ok();
    vsctl!(
        sandbox,
        "add-port br-int p -- set Interface p type=internal"
    );
    let number = vsctl!(sandbox, "get Interface vxlan-0a000002 ofport");
    let number = format!("br-tun/{}", number.trim());
    sandbox.refuses_each(
        "tunnel del",
        &[
            (
                "vxlan-flow p",
                1,
                "\"p\" is no tunnel: it is a port of type internal",
            ),
            ("vxlan-flow br-tun", 1, "it is the bridge's own port"),
            ("vxlan-flow nosuch", 3, "port \"nosuch\" not found"),
        ],
    );
    ovs!(sandbox, "tunnel del vxlan-flow nosuch {number} --if-exists")
        .ok()
        .shows("removed\tport\tvxlan-flow")
        .shows("vxlan-0a000002");
    ovs!(sandbox, "tunnel del vxlan-0a000001").ok();
    vsctl!(sandbox, "del-port p");
    assert_same!(before, sandbox.configuration());
}

#[test]
fn what_the_switch_refuses() {
    let sandbox = bridges();
    ovs!(sandbox, "tunnel add br-tun --remote 10.0.0.1").ok();
    let before = sandbox.configuration();
    // The switch wants one kind of VXLAN on a port.
    let gbp = "tunnel add br-tun g --remote 10.0.0.2 --option exts=gbp";
    let words = "VXLAN-GBP, and non-VXLAN-GBP tunnels can't be configured on the same dst_port";
    let several = "tunnel add br-tun --remote 10.0.0.2 10.0.0.3 --option exts=gbp";
    for ask in [gbp, several] {
        ovs!(sandbox, "{ask} --atomic")
            .fails(1, words)
            .says("taken out again");
        assert_same!(before, sandbox.configuration());
    }
    ovs!(sandbox, "{gbp}").exits(5).says(words);
    let dry = "--dry-run tunnel add br-tun h --remote 10.0.0.5";
    let told = ovs!(sandbox, "{dry}").json();
    assert_eq!(
        told["changes"][0]["after"],
        json!({"options": {"remote_ip": "10.0.0.5"}, "type": "vxlan"})
    );
    ovs!(sandbox, "tunnel del g").ok();
    assert_same!(before, sandbox.configuration());
    sandbox.kill_vswitchd();
    ovs!(sandbox, "-t 1 tunnel add br-tun --remote 10.0.0.7")
        .exits(5)
        .says("ovs-vswitchd has not applied it");
    ovs!(sandbox, "--no-wait tunnel del vxlan-0a000007").ok();
    ovs!(sandbox, "{dry}").ok();
}
