//! Which targets of controllers ovs-vswitchd uses: it knows six forms, opens no socket outside its run directory,
//! and no TLS without a key and certificates.

/// The forms of a controller's target (ovs-vswitchd.conf.db(5), table `Controller`, `target`).
pub const TARGET_FORMS: &str = "tcp:HOST[:PORT], ssl:HOST[:PORT], unix:PATH, ptcp:[PORT][:HOST], \
                                pssl:[PORT][:HOST], punix:PATH";

/// A target that ovs-vswitchd never uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusedTarget {
    /// It has none of the [`TARGET_FORMS`].
    Form,
    /// It names a socket that ovs-vswitchd does not open.
    Socket {
        /// The permitted form: `unix:/var/run/openvswitch/NAME`.
        permitted: String,
    },
}

impl RefusedTarget {
    /// The reason, as a clause.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Form => "it has no known form",
            Self::Socket { .. } => "its path is not in the run directory of the switch",
        }
    }

    /// What ovs-vswitchd uses instead.
    pub fn hint(&self) -> String {
        match self {
            Self::Form => format!("the forms are {TARGET_FORMS}"),
            Self::Socket { permitted } => format!("{permitted} is permitted"),
        }
    }
}

/// Whether ovs-vswitchd refuses a target. `run_directories` are the spellings of its run directory, the usual
/// one first: none if it is not known, and then no socket counts as refused. `bridge` is the bridge's name, if
/// known. It permits `unix:NAME`, `unix:` with a path in its run directory, and `punix:RUNDIR/BRIDGE.NAME`;
/// repeated slashes count as one.
pub fn refused_target(
    target: &str,
    bridge: Option<&str>,
    run_directories: &[String],
) -> Option<RefusedTarget> {
    let (scheme, rest) = target.split_once(':').unwrap_or_default();
    if !["tcp", "ssl", "unix", "ptcp", "pssl", "punix"].contains(&scheme) {
        return Some(RefusedTarget::Form);
    }
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
    let (is_permitted, permitted) = match scheme {
        "unix" => (
            !rest.contains('/') || in_directory(rest, ""),
            format!("unix:{first}/NAME"),
        ),
        "punix" => {
            let beginning = bridge.map(|bridge| format!("{bridge}."));
            (
                in_directory(rest, beginning.as_deref().unwrap_or_default()),
                format!("punix:{first}/{}.NAME", bridge.unwrap_or("BRIDGE")),
            )
        }
        _ => return None,
    };
    (!is_permitted).then_some(RefusedTarget::Socket { permitted })
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
    fn targets() {
        let directories = ["/run/ovs".to_owned(), "/var/run/ovs".to_owned()];
        let refused = |target: &str| refused_target(target, Some("br0"), &directories);
        for bad in ["", "none", "bogus:1.2.3.4", "TCP:1.2.3.4", " tcp:1.2.3.4"] {
            assert_eq!(refused(bad), Some(RefusedTarget::Form), "{bad}");
            assert_eq!(refused_target(bad, None, &[]), Some(RefusedTarget::Form));
        }
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
                refused(bad),
                Some(RefusedTarget::Socket {
                    permitted: permitted.to_owned()
                }),
                "{bad}"
            );
        }
        assert_eq!(
            refused_target("punix:/run/ovs/br1.x", None, &directories),
            None
        );
        assert_eq!(refused_target("unix:/tmp/x", None, &[]), None);
    }
}
