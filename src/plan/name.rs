//! The valid names of bridges, ports and interfaces.

use super::{Refusal, Result};
use crate::openflow::text::reserved_port_number;

/// The maximum length of the name of a network device, in bytes (Linux: `IFNAMSIZ`, less the closing NUL).
pub(crate) const DEVICE_NAME: usize = 15;

/// Interface types whose interface is a network device of the host with the same name.
const DEVICES: [&str; 5] = ["", "system", "internal", "tap", "afxdp"];

/// Whether an interface of this type is a network device of the host.
pub(crate) fn is_device(kind: &str) -> bool {
    DEVICES.contains(&kind)
}

/// Refuses a name that ovs-vswitchd or the system would not accept; `what` is `bridge` or `port`, `kind` the
/// interface's type (`internal` for a bridge).
pub(crate) fn check(what: &str, name: &str, kind: &str) -> Result<()> {
    let quoted = super::quoted(name);
    let refuse = |why: &str| Refusal::refused(format!("{quoted} cannot name {}: {why}", one(what)));
    if name.is_empty() {
        return Err(refuse("it is empty"));
    }
    if name == "." || name == ".." {
        return Err(refuse("it is a directory's name"));
    }
    if name.contains('/') {
        return Err(refuse("it contains \"/\"")
            .hint("BRIDGE/PORT names a port that exists; a new one is BRIDGE PORT"));
    }
    if is_device(kind) && name.contains(':') {
        return Err(refuse("it contains \":\", which no network device may"));
    }
    if name.chars().any(char::is_whitespace) {
        return Err(refuse("it contains a blank"));
    }
    if name.chars().any(char::is_control) {
        return Err(refuse("it contains a control character"));
    }
    if is_device(kind) && name.len() > DEVICE_NAME {
        let kind = if kind.is_empty() { "system" } else { kind };
        let length = name.len();
        return Err(refuse(&format!(
            "it has {length} bytes, and an interface of type {kind} is a network device, whose name has \
             {DEVICE_NAME} at most"
        )));
    }
    Ok(())
}

/// Like `check_name`, for a new bridge, port or interface: also refuses a name that would be ambiguous as an
/// argument or as a port in flows. An existing object may have such a name.
pub(crate) fn check_new(what: &str, name: &str, kind: &str) -> Result<()> {
    check(what, name, kind)?;
    let quoted = super::quoted(name);
    let refuse = |why: &str| {
        Err(Refusal::refused(format!(
            "{quoted} cannot name {}: {why}",
            one(what)
        )))
    };
    if name.starts_with('-') {
        return refuse("it would be taken for an option");
    }
    if what == "bridge" {
        return Ok(());
    }
    if name.starts_with('"') && name.ends_with('"') {
        return refuse("in double quotes it would be taken for what stands in them");
    }
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        return refuse("it would be taken for an OpenFlow port number");
    }
    if reserved_port_number(name).is_some() {
        return refuse("it is a reserved port of OpenFlow, and would be taken for that one");
    }
    Ok(())
}

/// `a port`, `an interface`
fn one(what: &str) -> String {
    let article = if what.starts_with('i') { "an" } else { "a" };
    format!("{article} {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, kind, good) in [
            ("p1", "", true),
            ("123456789012345", "system", true),
            ("1234567890123456", "system", false),
            ("1234567890123456", "internal", false),
            ("1234567890123456", "patch", true),
            ("patch-provnet-7e6365c7-to-br-int", "vxlan", true),
            ("äöüäöüäö", "", false),
            ("äöüäöüä", "", true),
            ("", "patch", false),
            ("a/b", "patch", false),
            ("a b", "patch", false),
            ("a:b", "patch", true),
            ("a:b", "", false),
            ("a\u{1b}", "patch", false),
            ("..", "", false),
        ] {
            assert_eq!(check("port", name, kind).is_ok(), good, "{name} {kind}");
        }
        for (what, name, good) in [
            ("port", "p-1", true),
            ("port", "5p", true),
            ("port", "-p", false),
            ("bridge", "-p", false),
            ("bridge", "5", true),
            ("port", "5", false),
            ("interface", "99999999999", false),
            ("port", "local", false),
            ("port", "In_Port", false),
            ("port", "NONE", false),
            ("port", "\"z\"", false),
            ("port", "z\"", true),
        ] {
            assert_eq!(check_new(what, name, "").is_ok(), good, "{what} {name}");
        }
    }
}
