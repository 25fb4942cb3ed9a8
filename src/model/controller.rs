//! Which targets of controllers ovs-vswitchd uses: it opens no socket outside its run directory, and no TLS
//! without a key and certificates.

/// A target that names a socket which ovs-vswitchd does not open. `permitted` is what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedSocket {
    /// The permitted form: `unix:/var/run/openvswitch/NAME`.
    pub permitted: String,
}

/// Whether ovs-vswitchd refuses the socket of a target. `run_directories` are the spellings of its run
/// directory, the usual one first; `bridge` is the bridge's name, if known. It permits `unix:NAME`, `unix:` with
/// a path in its run directory, and `punix:RUNDIR/BRIDGE.NAME`; repeated slashes count as one.
pub fn refused_socket(
    target: &str,
    bridge: Option<&str>,
    run_directories: &[String],
) -> Option<RefusedSocket> {
    let first = run_directories.first()?;
    let path = |text: &str| -> String {
        let mut path = String::with_capacity(text.len());
        for c in text.chars() {
            if c != '/' || !path.ends_with('/') {
                path.push(c);
            }
        }
        path
    };
    let in_directory = |rest: &str, after: &str| {
        let rest = path(rest);
        run_directories
            .iter()
            .any(|directory| rest.starts_with(&path(&format!("{directory}/{after}"))))
    };
    let (is_permitted, permitted) = match target.split_once(':')? {
        ("unix", rest) => (
            !rest.contains('/') || in_directory(rest, ""),
            format!("unix:{first}/NAME"),
        ),
        ("punix", rest) => {
            let beginning = bridge.map(|bridge| format!("{bridge}."));
            (
                in_directory(rest, beginning.as_deref().unwrap_or_default()),
                format!("punix:{first}/{}.NAME", bridge.unwrap_or("BRIDGE")),
            )
        }
        _ => return None,
    };
    (!is_permitted).then_some(RefusedSocket { permitted })
}

/// Whether a target needs a key and certificates.
pub fn needs_tls(target: &str) -> bool {
    target.starts_with("ssl:") || target.starts_with("pssl:")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ovs-vswitchd of 3.1 and 3.5 log of each target.
    #[test]
    fn sockets() {
        let directories = ["/run/ovs".to_owned(), "/var/run/ovs".to_owned()];
        let refused = |target: &str| refused_socket(target, Some("br0"), &directories);
        for good in [
            "unix:/run/ovs/c.sock",
            "unix://run//ovs/c.sock",
            "unix:/var/run/ovs/sub/c.sock",
            "unix:c.sock",
            "punix:/run/ovs/br0.controller",
            "punix:/run/ovs//br0.x",
            "tcp:127.0.0.1:6653",
            "ptcp:6653",
            "ssl:127.0.0.1:6653",
        ] {
            assert_eq!(refused(good), None, "{good}");
        }
        for (bad, permitted) in [
            ("unix:/tmp/c.sock", "unix:/run/ovs/NAME"),
            ("unix:/run/ovsx/c.sock", "unix:/run/ovs/NAME"),
            ("unix:/run/ovs", "unix:/run/ovs/NAME"),
            ("unix:../c.sock", "unix:/run/ovs/NAME"),
            ("unix:sub/c.sock", "unix:/run/ovs/NAME"),
            ("punix:/run/ovs/c.sock", "punix:/run/ovs/br0.NAME"),
            ("punix:br0.foo", "punix:/run/ovs/br0.NAME"),
            ("punix:/tmp/br0.x", "punix:/run/ovs/br0.NAME"),
        ] {
            assert_eq!(
                refused(bad).map(|refused| refused.permitted).as_deref(),
                Some(permitted),
                "{bad}"
            );
        }
        assert_eq!(
            refused_socket("punix:/run/ovs/br1.x", None, &directories),
            None
        );
        assert_eq!(refused_socket("unix:/tmp/x", None, &[]), None);
    }
}
