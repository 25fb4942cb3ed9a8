//! Addresses, routes and devices of the host that a switch runs on, as needed for its tunnels and ports. No
//! I/O: parses the kernel's texts, or a file that stands for them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::devices::Device;

/// The known facts of a host's network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HostFacts {
    /// The addresses of its devices.
    addresses: BTreeSet<IpAddr>,
    /// The reachable prefixes: routes of any table that do not reject.
    routes: BTreeSet<Prefix>,
    /// Its network devices, and whether each is hardware.
    devices: BTreeMap<String, bool>,
}

/// An address and how many of its leading bits count.
type Prefix = (IpAddr, u8);

impl HostFacts {
    /// Parses the kernel's own files.
    ///
    /// `fib_trie`, `if_inet6` and `ipv6_route` are the contents of these files in `/proc/net`; malformed
    /// lines are skipped. `devices` are the names in `/sys/class/net`, each with whether it is hardware
    /// (has a link `device`) or stacked on hardware.
    pub fn of_kernel(
        fib_trie: &str,
        if_inet6: &str,
        ipv6_route: &str,
        devices: impl IntoIterator<Item = (String, bool)>,
    ) -> Self {
        let mut facts = Self {
            devices: devices.into_iter().collect(),
            ..Self::default()
        };
        facts.add_fib_trie(fib_trie);
        for line in if_inet6.lines() {
            if let Some(address) = line.split_whitespace().next().and_then(hex_address) {
                facts.addresses.insert(address);
            }
        }
        for line in ipv6_route.lines() {
            facts.routes.extend(ipv6_route_of(line));
        }
        facts
    }

    /// Parses a file of facts: lines `address 10.0.0.71`, `route 10.0.0.0/24`, `device ens37` and `device
    /// ens37 hardware` (further words: [`Devices::parse`](super::devices::Devices::parse)); empty lines and
    /// those that begin with `#` are skipped.
    ///
    /// # Errors
    ///
    /// Returns the first line that is none of these.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut facts = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let understood = match words.as_slice() {
                [] | ["unseen", ..] => true,
                [first, ..] if first.starts_with('#') => true,
                ["address", address] => address
                    .parse()
                    .map(|address| facts.addresses.insert(address))
                    .is_ok(),
                ["route", route] => prefix(route)
                    .map(|route| facts.routes.insert(route))
                    .is_some(),
                // `Devices` parses the further words.
                ["device", name, words @ ..] => {
                    let is_hardware = words.contains(&"hardware");
                    facts.devices.insert((*name).to_owned(), is_hardware);
                    Device::parse(name, words).is_some()
                }
                _ => false,
            };
            if !understood {
                return Err(line.to_owned());
            }
        }
        Ok(facts)
    }

    /// Whether one of its devices has this address.
    pub fn has_address(&self, address: IpAddr) -> bool {
        let is_loopback = address.is_loopback();
        is_loopback || self.addresses.contains(&address)
    }

    /// Whether any route leads to this address, or it is local.
    pub fn has_route(&self, address: IpAddr) -> bool {
        self.has_address(address) || self.routes.iter().any(|route| contains(*route, address))
    }

    /// Whether the device is hardware or stacked on hardware: a network card or bond, not a tap or veth.
    pub fn is_hardware(&self, device: &str) -> bool {
        self.devices.get(device).copied().unwrap_or_default()
    }

    /// `/proc/net/fib_trie`: an address, then the prefixes that begin with it, each with its type.
    fn add_fib_trie(&mut self, text: &str) {
        let mut address: Option<Ipv4Addr> = None;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["|--", leaf] => address = leaf.parse().ok(),
                [length, .., kind] => {
                    let Some(address) = address else {
                        continue;
                    };
                    let length = length
                        .strip_prefix('/')
                        .and_then(|length| length.parse().ok());
                    match (length, *kind) {
                        (Some(32), "LOCAL") => {
                            self.addresses.insert(address.into());
                        }
                        (Some(length), "UNICAST" | "LOCAL") => {
                            self.routes.insert((address.into(), length));
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }
}

/// A line of `/proc/net/ipv6_route`: destination, its length, source and its length, next hop, metric, two
/// counts, flags, device; all in hexadecimal. `None` for a route that rejects.
fn ipv6_route_of(line: &str) -> Option<Prefix> {
    /// `RTF_UP`
    const UP: u32 = 0x1;
    /// `RTF_REJECT`
    const REJECT: u32 = 0x200;
    let words: Vec<&str> = line.split_whitespace().collect();
    let address = hex_address(words.first()?)?;
    let length = u8::from_str_radix(words.get(1)?, 16).ok()?;
    let flags = u32::from_str_radix(words.get(8)?, 16).ok()?;
    (flags & UP != 0 && flags & REJECT == 0).then_some((address, length))
}

/// 32 hexadecimal digits without colons.
fn hex_address(text: &str) -> Option<IpAddr> {
    (text.len() == 32)
        .then(|| u128::from_str_radix(text, 16).ok())
        .flatten()
        .map(|bits| Ipv6Addr::from(bits).into())
}

/// `10.0.0.0/24`
fn prefix(text: &str) -> Option<Prefix> {
    let (address, length) = text.split_once('/')?;
    let (address, length): Prefix = (address.parse().ok()?, length.parse().ok()?);
    (length <= bits(address)).then_some((address, length))
}

fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn contains((network, length): Prefix, address: IpAddr) -> bool {
    let differ = match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()),
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
        _ => return false,
    };
    let rest = bits(network).saturating_sub(length);
    differ.checked_shr(rest.into()).unwrap_or_default() == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// `cat /proc/net/fib_trie` of a machine with one network card and a default route, shortened.
    const FIB_TRIE: &str = "\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
        |-- 127.255.255.255
           /32 link BROADCAST
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
";

    /// `cat /proc/net/if_inet6` there.
    const IF_INET6: &str = "\
fd000000000000000000000000000002 04 40 00 82     eth0
00000000000000000000000000000001 01 80 10 80       lo
";

    /// `cat /proc/net/ipv6_route` there, shortened; the last line is the kernel's own reject route.
    const IPV6_ROUTE: &str = "\
fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
";

    #[test]
    fn the_kernels_words() {
        let devices = [("eth0".to_owned(), true), ("lo".to_owned(), false)];
        let facts = HostFacts::of_kernel(FIB_TRIE, IF_INET6, IPV6_ROUTE, devices.clone());
        assert!(facts.has_address(ip("192.0.2.2")) && facts.has_address(ip("fd00::2")));
        assert!(!facts.has_address(ip("192.0.2.255")) && !facts.has_address(ip("fd00::3")));
        // The default route matches every IPv4 address; there is none for IPv6.
        assert!(facts.has_route(ip("198.51.100.1")) && facts.has_route(ip("fd00::99")));
        assert!(!facts.has_route(ip("2001:db8::1")));
        assert!(facts.is_hardware("eth0") && !facts.is_hardware("lo"));
        let without = FIB_TRIE.replace("/0 universe UNICAST", "/0 universe UNREACHABLE");
        let facts = HostFacts::of_kernel(&without, "", "", devices);
        assert!(facts.has_route(ip("192.0.2.77")) && !facts.has_route(ip("198.51.100.1")));
    }

    #[test]
    fn a_file_of_our_own() {
        let text = "# a host\naddress 10.0.0.71\n\nroute 10.0.0.0/24\ndevice ens37 hardware\ndevice tap1\n";
        let facts = HostFacts::parse(text).unwrap();
        assert!(facts.has_address(ip("10.0.0.71")) && !facts.has_address(ip("10.0.0.72")));
        assert!(facts.has_route(ip("10.0.0.72")) && !facts.has_route(ip("10.0.1.72")));
        assert!(facts.is_hardware("ens37") && !facts.is_hardware("tap1"));
        for wrong in [
            "address here",
            "route 10.0.0.0",
            "route 10.0.0.0/33",
            "gateway 10.0.0.1",
        ] {
            assert_eq!(HostFacts::parse(wrong), Err(wrong.to_owned()));
        }
        let all = HostFacts::parse("route 0.0.0.0/0\nroute ::/0").unwrap();
        assert!(all.has_route(ip("192.0.2.1")) && all.has_route(ip("2001:db8::1")));
    }
}
