//! What a host's files say, read by scripts: as few as there are questions.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use super::shell::posix_word;
use crate::source::links::KernelLink;
use crate::source::network::{KernelNetwork, Namespaces};

/// The state of a socket's file, as a script sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SocketState {
    /// It is there, and this user may connect.
    Open,
    /// It is there, or may be, but closed to this user.
    Denied,
    /// There is a file, but it is no socket.
    NotASocket,
    /// There is none.
    Absent,
}

/// A script that prints the state of a socket. A path in a directory that is closed to this user looks absent: the
/// deepest directory that is seen tells.
pub(super) fn state_script(path: &str) -> String {
    let word = posix_word(path);
    format!(
        "p={word}; if test -S \"$p\"; then if test -w \"$p\"; then echo open; else echo denied; fi; \
         elif test -e \"$p\"; then echo other; else s=absent; d=$p; while d=${{d%/*}}; test -n \"$d\"; do \
         if test -d \"$d\"; then test -x \"$d\" || s=denied; break; fi; done; echo $s; fi"
    )
}

/// Reads its output.
pub(super) fn state(text: &str) -> SocketState {
    match text.trim() {
        "open" => SocketState::Open,
        "denied" => SocketState::Denied,
        "other" => SocketState::NotASocket,
        _ => SocketState::Absent,
    }
}

/// A script that prints the time of each file of a directory, in seconds since 1970, and its name.
pub(super) fn list_script(directory: &str) -> String {
    let word = posix_word(directory);
    format!(
        "d={word}; test -d \"$d\" || exit_code=2; \
         if test -z \"$exit_code\"; then cd \"$d\" && ls >/dev/null || exit_code=3; fi; \
         if test -z \"$exit_code\"; then for f in *; do test -e \"$f\" || test -S \"$f\" || continue; \
         echo \"$(stat -c %Y -- \"$f\" || echo -) $f\"; done; fi; \
         c=${{exit_code:-0}}; cd /; unset exit_code; (exit $c)"
    )
}

/// Reads its output.
pub(super) fn list(text: &str) -> impl Iterator<Item = (String, Option<SystemTime>)> {
    text.lines().filter_map(|line| {
        let (time, name) = line.split_once(' ')?;
        let seconds = time.parse().ok().map(Duration::from_secs);
        let modified = seconds.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since));
        Some((name.to_owned(), modified))
    })
}

/// What precedes the parts of an output.
const PART: &str = "== ovs: ";

/// A script that prints the addresses, routes and devices of the host's network namespace.
pub(super) const NETWORK: &str = "for f in fib_trie if_inet6 ipv6_route; do echo \"== ovs: $f\"; \
     cat /proc/net/$f; done; echo '== ovs: devices'; for d in /sys/class/net/*; do h=0; \
     for e in device bonding; do test -e \"$d/$e\" && h=1; done; \
     for l in \"$d\"/lower_*; do test -e \"$l/device\" && h=1; done; echo \"$h ${d##*/}\"; done";

/// Reads its output. What is missing is left empty.
pub(super) fn network(text: &str) -> KernelNetwork {
    let mut network = KernelNetwork::default();
    for (name, text) in parts(text) {
        match name {
            "fib_trie" => text.clone_into(&mut network.fib_trie),
            "if_inet6" => text.clone_into(&mut network.if_inet6),
            "ipv6_route" => text.clone_into(&mut network.ipv6_route),
            "devices" => {
                let devices = text.lines().filter_map(|line| line.split_once(' '));
                let devices = devices.map(|(hardware, name)| (name.to_owned(), hardware == "1"));
                network.devices = devices.collect();
            }
            _ => {}
        }
    }
    network
}

/// A script that prints the devices of the host's network namespace and of the named ones. Entering those needs
/// privileges.
pub(super) const NAMESPACES: &str = "echo '== ovs: here'; ip -d -j addr 2>&1; \
     sudo=; test \"$(id -u)\" = 0 || sudo='sudo -n'; \
     for d in /run/netns /var/run/netns; do test -d $d && break; done; \
     for n in $d/*; do test -e \"$n\" || continue; n=${n##*/}; echo; echo \"== ovs: in $n\"; \
     $sudo ip -n \"$n\" -d -j addr 2>&1; done";

/// Reads its output.
pub(super) fn namespaces(text: &str) -> Namespaces {
    let mut found = Namespaces::default();
    for (part, text) in parts(text) {
        let name = part.strip_prefix("in ");
        match links(text) {
            Ok(links) => found.links.push((name.map(str::to_owned), links)),
            Err(reason) => found.unseen.push(match name {
                Some(name) => format!("namespace {name}: {reason}"),
                None => format!("devices: {reason}"),
            }),
        }
    }
    found
}

/// The parts of an output, each with its name.
fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let parts = text.split(PART).skip(1);
    parts.filter_map(|part| part.split_once('\n'))
}

/// A device, as `ip -d -j addr` prints it (ip-address(8)).
#[derive(Debug, Deserialize)]
struct IpLink {
    ifindex: Option<u32>,
    ifname: Option<String>,
    /// The name of the device below or of the other end; `null` where it has none.
    link: Option<String>,
    /// Its index, if it is in another namespace.
    link_index: Option<u32>,
    link_netnsid: Option<i64>,
    /// The name of the bridge or bond.
    master: Option<String>,
    linkinfo: Option<LinkInfo>,
    #[serde(default)]
    addr_info: Vec<AddressInfo>,
}

#[derive(Debug, Deserialize)]
struct AddressInfo {
    local: Option<IpAddr>,
}

#[derive(Debug, Deserialize)]
struct LinkInfo {
    info_kind: Option<String>,
}

/// Reads what `ip -d -j addr` printed; an error is what it printed instead.
fn links(text: &str) -> Result<Vec<KernelLink>, String> {
    let links: Vec<IpLink> = serde_json::from_str(text).map_err(|error| {
        let line = text.lines().find(|line| !line.trim().is_empty());
        match line {
            Some(line) if !line.starts_with('[') => line.to_owned(),
            Some(_) => error.to_string(),
            None => "`ip` printed nothing".to_owned(),
        }
    })?;
    let index_of = |name: &Option<String>| {
        let name = name.as_ref()?;
        let named = links.iter().find(|link| link.ifname.as_ref() == Some(name));
        named?.ifindex
    };
    let link = |link: &IpLink| {
        Some(KernelLink {
            index: link.ifindex?,
            name: link.ifname.clone()?,
            kind: link
                .linkinfo
                .as_ref()
                .and_then(|info| info.info_kind.clone())
                .unwrap_or_default(),
            peer: link.link_index.or_else(|| index_of(&link.link)),
            peer_is_elsewhere: link.link_netnsid.is_some(),
            master: index_of(&link.master),
            addresses: link
                .addr_info
                .iter()
                .filter_map(|info| info.local)
                .collect(),
        })
    };
    Ok(links.iter().filter_map(link).collect())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    use super::*;
    use crate::source::network as here;

    fn run(script: &str) -> String {
        let output = Command::new("sh").args(["-c", script]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same as this process reads itself.
    #[test]
    fn the_network_of_this_machine() {
        let (read, own) = (network(&run(NETWORK)), here::network());
        assert_eq!(read.fib_trie, own.fib_trie);
        assert_eq!(read.if_inet6, own.if_inet6);
        assert_eq!(read.ipv6_route, own.ipv6_route);
        let sorted = |mut devices: Vec<(String, bool)>| {
            devices.sort();
            devices
        };
        assert_eq!(sorted(read.devices), sorted(own.devices));
        let own = here::namespaces();
        let read = namespaces(&run(NAMESPACES));
        let found = |namespaces: &Namespaces| {
            let links = namespaces.links.iter();
            let links = links.map(|(name, links)| (name.clone(), format!("{links:?}")));
            links.collect::<Vec<_>>()
        };
        assert_eq!(found(&read), found(&own));
    }

    #[test]
    fn what_ip_says_instead_is_the_reason() {
        let read = namespaces("== ovs: here\nsh: ip: not found\n\n== ovs: in ns1\n[{\"ifindex\":1");
        assert_eq!(read.unseen[0], "devices: sh: ip: not found");
        assert!(read.unseen[1].starts_with("namespace ns1: EOF"), "{read:?}");
    }

    #[test]
    fn states_of_sockets() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
        let _listener = std::os::unix::net::UnixListener::bind(path("a socket")).unwrap();
        std::fs::write(path("file"), "").unwrap();
        let state = |name: &str| state(&run(&state_script(&path(name))));
        assert_eq!(state("a socket"), SocketState::Open);
        assert_eq!(state("file"), SocketState::NotASocket);
        assert_eq!(state("none/none"), SocketState::Absent);
        // Root may do everything.
        if !rustix::process::geteuid().is_root() {
            std::fs::set_permissions(path("a socket"), Permissions::from_mode(0o400)).unwrap();
            assert_eq!(state("a socket"), SocketState::Denied);
            std::fs::create_dir(path("closed")).unwrap();
            std::fs::set_permissions(path("closed"), Permissions::from_mode(0o000)).unwrap();
            assert_eq!(state("closed/x/socket"), SocketState::Denied);
        }
    }

    #[test]
    fn directories() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["ovs-vswitchd.7.ctl", "a b", "-n"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let text = run(&list_script(dir.path().to_str().unwrap()));
        let mut entries: Vec<_> = list(&text).collect();
        entries.sort();
        for (entry, name) in entries.iter().zip(["-n", "a b", "ovs-vswitchd.7.ctl"]) {
            let metadata = std::fs::metadata(dir.path().join(name)).unwrap();
            let modified = metadata.modified().unwrap();
            let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let seconds = SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs());
            assert_eq!(entry, &(name.to_owned(), Some(seconds)));
        }
        assert_eq!(entries.len(), 3);
    }
}
