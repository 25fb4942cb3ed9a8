//! Where a daemon is configured to listen: the passive connection methods of ovsdb(7).

use std::net::IpAddr;

use super::Endpoint;

/// A port on which a daemon listens: `ptcp:[PORT][:ADDRESS]` or `pssl:[PORT][:ADDRESS]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listener {
    /// Whether it speaks TLS there.
    pub is_tls: bool,
    /// The TCP port.
    pub port: u16,
    /// The address on which it listens; `None`: all addresses.
    pub address: Option<IpAddr>,
}

impl Listener {
    /// Parses it; `None` if the text is anything else, or has port 0 (any free port).
    pub fn parse(text: &str, default_port: u16) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let is_tls = match scheme {
            "ptcp" => false,
            "pssl" => true,
            _ => return None,
        };
        let (port, address) = rest.split_once(':').unwrap_or((rest, ""));
        let port = match port {
            "" => default_port,
            digits => digits.parse().ok().filter(|port| *port != 0)?,
        };
        let address = match address.trim_start_matches('[').trim_end_matches(']') {
            "" => None,
            address => {
                let address = address.split('%').next().unwrap_or_default();
                let address: IpAddr = address.parse().ok()?;
                Some(address).filter(|address| !address.is_unspecified())
            }
        };
        Some(Self {
            is_tls,
            port,
            address,
        })
    }

    /// Returns the endpoint to connect to on `host`; `None` if it listens on the loopback of another host.
    pub fn on(&self, host: &str) -> Option<Endpoint> {
        let host = match self.address {
            Some(address) if address.is_loopback() && !is_loopback(host) => return None,
            Some(address) => address.to_string(),
            None => host.to_owned(),
        };
        let port = self.port;
        Some(if self.is_tls {
            Endpoint::Ssl { host, port }
        } else {
            Endpoint::Tcp { host, port }
        })
    }
}

/// Whether a host name or address is the loopback.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The forms of ovs-vswitchd.conf.db(5), table `Controller`, `target`.
    #[test]
    fn where_to_connect() {
        for (text, host, endpoint) in [
            ("ptcp:", "h", Some("tcp:h:6653")),
            ("ptcp:6634", "h", Some("tcp:h:6634")),
            ("pssl:6634", "2001:db8::1", Some("ssl:[2001:db8::1]:6634")),
            ("ptcp:6634:0.0.0.0", "h", Some("tcp:h:6634")),
            ("ptcp:6634:[::]", "h", Some("tcp:h:6634")),
            ("ptcp::192.0.2.7", "h", Some("tcp:192.0.2.7:6653")),
            ("ptcp:1:[2001:db8::7]", "h", Some("tcp:[2001:db8::7]:1")),
            ("ptcp:6634:127.0.0.1", "h", None),
            (
                "ptcp:6634:127.0.0.1",
                "localhost",
                Some("tcp:127.0.0.1:6634"),
            ),
            ("tcp:192.0.2.7:6653", "h", None),
            ("punix:/run/x", "h", None),
            ("ptcp:0", "h", None),
            ("ptcp:70000", "h", None),
            ("ptcp:1:h", "h", None),
        ] {
            let found = Listener::parse(text, 6653).and_then(|listener| listener.on(host));
            let found = found.map(|endpoint| endpoint.to_string());
            assert_eq!(found.as_deref(), endpoint, "{text}");
        }
    }
}
