//! Controllers that ovs-vswitchd never uses: refused where it is known, found by `ovs check`; against what the
//! real daemon does and logs.

use crate::common::Sandbox;
use crate::common::server::until;

/// Whether ovs-vswitchd has logged that it uses the controller.
fn is_used(sandbox: &Sandbox, target: &str) -> bool {
    let log = sandbox.log();
    let used = |role| log.contains(&format!("added {role} controller \"{target}\""));
    used("primary") || used("service")
}

#[test]
fn a_socket_that_the_switch_does_not_open_is_refused() {
    let sandbox = Sandbox::with("add-br br0 -- add-br br1 -- set-controller br1 tcp:127.0.0.1:1");
    let dir = sandbox.run_dir().to_str().unwrap().to_owned();
    for (target, permitted) in [
        ("unix:/tmp/c.sock".to_owned(), format!("unix:{dir}/NAME")),
        (format!("unix:{dir}x/c.sock"), format!("unix:{dir}/NAME")),
        ("unix:sub/c.sock".to_owned(), format!("unix:{dir}/NAME")),
        (
            "punix:/tmp/br0.x".to_owned(),
            format!("punix:{dir}/br0.NAME"),
        ),
        ("punix:br0.x".to_owned(), format!("punix:{dir}/br0.NAME")),
        (
            format!("punix:{dir}/other"),
            format!("punix:{dir}/br0.NAME"),
        ),
    ] {
        let words = format!(
            "ovs: ovs-vswitchd never uses the controller \"{target}\": its path is not in the run directory \
             of the switch\nhint: {permitted} is permitted\n"
        );
        sandbox.refuses(&format!("bridge set br0 --controller {target}"), 1, &words);
        let of_br1 = words.replace("br0.NAME", "br1.NAME");
        sandbox.refuses(
            &format!("db set Controller br1 target={target}"),
            1,
            &of_br1,
        );
        let before = sandbox.database();
        let mut batch = ovs!(sandbox, "batch");
        batch.write_stdin(format!(
            "db create Controller target={target} --id=@c\ndb set Bridge br0 controller=@c\n"
        ));
        batch.fails(1, words.replacen("ovs: ", "ovs: line 1: ", 1));
        assert_eq!(sandbox.database(), before);
        let new = words.replace("br0.NAME", "br2.NAME");
        sandbox.refuses(&format!("bridge add br2 --controller {target}"), 1, &new);

        // The real daemon does not use it.
        vsctl!(sandbox, "set-controller br0 {target}");
        assert!(!is_used(&sandbox, &target), "{target}");
        ovs!(sandbox, "check br0 --columns finding,object,what,hint")
            .run()
            .shows(format!(
                "controller-unreachable\t{target}\tovs-vswitchd does not use it: its path is not in the run \
                 directory of the switch\t{permitted} is permitted: `ovs bridge set br0 --controller TARGET`\n"
            ));
        vsctl!(sandbox, "del-controller br0");
    }
    for target in [
        format!("unix:{dir}/c.sock"),
        format!("unix:/{dir}//c.sock"),
        "unix:c.sock".to_owned(),
        format!("punix:{dir}/br0.x"),
    ] {
        ovs!(sandbox, "bridge set br0 --controller {target}")
            .ok()
            .says_nothing();
        until("it is used", || is_used(&sandbox, &target));
    }
}

#[test]
fn a_target_of_no_known_form_is_refused() {
    let sandbox = Sandbox::with("add-br br0 -- set-controller br0 tcp:127.0.0.1:1");
    let forms = "tcp:HOST[:PORT], ssl:HOST[:PORT], unix:PATH, ptcp:[PORT][:HOST], pssl:[PORT][:HOST], punix:PATH";
    for target in ["bogus:192.0.2.1", "TCP:192.0.2.1", "tcp"] {
        let reason = format!(
            "ovs-vswitchd never uses the controller \"{target}\": it has no known form\nhint: the forms are \
             {forms}\n"
        );
        sandbox.refuses(
            &format!("db set Controller br0 target={target}"),
            1,
            &format!("ovs: {reason}"),
        );
        let mut batch = ovs!(sandbox, "batch");
        batch.write_stdin(format!(
            "bridge add br1\n# not this one\ndb create Controller target=tcp:127.0.0.1:1 --id=@c\n\
             db set Controller @c target={target}\ndb set Bridge br1 controller=@c\n"
        ));
        batch.fails(1, format!("ovs: line 4: {reason}"));

        // The real daemon does not use it.
        vsctl!(sandbox, "set-controller br0 {target}");
        let log = sandbox.log();
        assert!(
            log.contains(&format!("unsupported controller \"{target}\"")),
            "{log}"
        );
        ovs!(sandbox, "check br0 --columns finding,object,what,hint")
            .run()
            .shows(format!(
                "controller-unreachable\t{target}\tovs-vswitchd does not use it: it has no known form\t\
                 `ovs bridge set br0 --controller TARGET` sets another: the forms are {forms}\n"
            ));
        vsctl!(sandbox, "set-controller br0 tcp:127.0.0.1:1");
    }
}

/// Each controller of a bridge without one that is connected has its own reason.
#[test]
fn several_unused_controllers_have_their_own_reasons() {
    let sandbox = Sandbox::with("add-br br0 -- set-fail-mode br0 secure");
    vsctl!(sandbox, "set-controller br0 unix:/x bogus foo");
    for target in ["unix:/x", "bogus", "foo"] {
        assert!(!is_used(&sandbox, target), "{target}");
    }
    ovs!(sandbox, "check br0 -g what").exits(1).prints(
        "fail_mode is secure, and bogus or foo is not connected: ovs-vswitchd does not use it: it has no known form; \
         unix:/x is not connected: ovs-vswitchd does not use it: its path is not in the run directory of the switch\n",
    );
}

#[test]
fn tls_without_a_key_is_warned_of() {
    let sandbox = Sandbox::with("add-br br0");
    let words = "needs a key and certificates, and table SSL has no row";
    ovs!(sandbox, "bridge set br0 --controller ssl:127.0.0.1:1")
        .ok()
        .says(format!(
            "ovs: warning: the controller \"ssl:127.0.0.1:1\" {words}"
        ));
    ovs!(sandbox, "check br0 --columns finding,object,what")
        .run()
        .shows(
            "controller-unreachable\tssl:127.0.0.1:1\tovs-vswitchd has no key and certificates: table SSL \
             has no row\n",
        );
    vsctl!(sandbox, "set-fail-mode br0 secure");
    ovs!(sandbox, "check br0 --columns finding,what").run().shows(
        "no-controller\tfail_mode is secure, and ssl:127.0.0.1:1 is not connected: ovs-vswitchd has no key",
    );
    ovs!(sandbox, "db set Controller br0 target=pssl:0:127.0.0.1")
        .ok()
        .says(words);
    // In one transaction with its row it is no fault.
    let mut batch = ovs!(sandbox, "batch");
    batch.write_stdin(
        "db create SSL private_key=/k certificate=/c ca_cert=/a --id=@s\n\
         db set Open_vSwitch . ssl=@s\nbridge set br0 --controller ssl:127.0.0.1:2\n",
    );
    batch.ok().says_nothing();
}
