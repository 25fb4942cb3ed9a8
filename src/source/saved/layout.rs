//! The names in a file of `ovs save`, which `docs/saved-hosts.md` describes.
//!
//! ```text
//! meta.json                            what it is
//! database/Open_vSwitch.db             the database, as a log of ovsdb(5)
//! switches/BRIDGE/VERSION/PART.messages
//! control/DAEMON/COMMAND               what the daemon replied
//! host/...                             facts of its kernel
//! remarks.json                         what could not be read, and what was left out
//! ```

use super::Part;
use crate::openflow::version::Version;

/// What `format` of `meta.json` is.
pub const FORMAT: &str = "ovs-save";
/// The version of the format that is written, and the latest that is read.
pub const FORMAT_VERSION: u32 = 1;

/// The first file.
pub const META: &str = "meta.json";
/// The last file.
pub const REMARKS: &str = "remarks.json";
/// The database.
pub const DATABASE: &str = "database/Open_vSwitch.db";
/// The facts of the kernel.
pub const FIB_TRIE: &str = "host/fib_trie";
/// See [`FIB_TRIE`].
pub const IF_INET6: &str = "host/if_inet6";
/// See [`FIB_TRIE`].
pub const IPV6_ROUTE: &str = "host/ipv6_route";
/// The names of the devices, and whether each is hardware.
pub const DEVICES: &str = "host/devices.json";
/// The devices of the network namespaces.
pub const NAMESPACES: &str = "host/namespaces.json";

/// The file with the messages of a part.
pub fn part(bridge: &str, version: Version, part: Part) -> String {
    let bridge = encoded(bridge);
    format!("switches/{bridge}/{version}/{}.messages", part.name())
}

/// The file with the reply to a command, with its arguments, separated by blanks.
pub fn reply(daemon: &str, command: &str) -> String {
    format!("control/{}/{}", encoded(daemon), encoded(command))
}

/// What a file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// Messages of a part: the bridge, the version, the part.
    Part(String, Version, Part),
    /// A reply: the daemon, the command.
    Reply(String, String),
}

impl Member {
    /// What the file with this name has; `None` for others.
    pub fn of(name: &str) -> Option<Member> {
        let mut words = name.split('/');
        match [(); 5].map(|()| words.next()) {
            [
                Some("switches"),
                Some(bridge),
                Some(version),
                Some(file),
                None,
            ] => {
                let part = file.strip_suffix(".messages")?;
                let mut parts = Part::ALL.into_iter();
                let part = parts.find(|known| known.name() == part)?;
                let mut versions = Version::ALL.into_iter();
                let version = versions.find(|known| known.to_string() == version)?;
                Some(Member::Part(decoded(bridge)?, version, part))
            }
            [Some("control"), Some(daemon), Some(command), None, None] => {
                Some(Member::Reply(decoded(daemon)?, decoded(command)?))
            }
            _ => None,
        }
    }
}

/// A name as a part of a path: all but letters, digits and `_.-` as `%` and two hexadecimal digits, and a dot at the
/// begin.
pub fn encoded(name: &str) -> String {
    let mut out = String::new();
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'.' if at == 0 => out.push_str("%2e"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                crate::base::digits::put_pair(&mut out, byte);
            }
        }
    }
    out
}

fn decoded(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        let digits = std::str::from_utf8(&digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let file = part("br int/ü", Version::V13, Part::GroupStats);
        assert_eq!(
            file,
            "switches/br%20int%2f%c3%bc/OpenFlow13/group-stats.messages"
        );
        let member = Member::Part("br int/ü".into(), Version::V13, Part::GroupStats);
        assert_eq!(Member::of(&file), Some(member));
        let file = reply("ovs-vswitchd", "dpctl/dump-flows -m --names a@b");
        assert_eq!(
            file,
            "control/ovs-vswitchd/dpctl%2fdump-flows%20-m%20--names%20a%40b"
        );
        let member = Member::Reply(
            "ovs-vswitchd".into(),
            "dpctl/dump-flows -m --names a@b".into(),
        );
        assert_eq!(Member::of(&file), Some(member));
        assert_eq!(encoded(".."), "%2e.");
        for other in [
            "meta.json",
            "switches/br/OpenFlow13/none.messages",
            "switches/br/OpenFlow99/flows.messages",
            "switches/br%/OpenFlow13/flows.messages",
            "control/a/b/c",
            "control/%ff/b",
            "control/%+f/b",
        ] {
            assert_eq!(Member::of(other), None, "{other}");
        }
    }
}
