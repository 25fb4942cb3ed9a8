//! Where a daemon listens: the active connection methods of ovsdb(7).

use std::fmt;
use std::path::PathBuf;

/// Where a daemon listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// `unix:PATH`, a Unix domain socket.
    Unix(PathBuf),
    /// `tcp:HOST:PORT`
    Tcp {
        /// A name or an address; an IPv6 address without its brackets.
        host: String,
        /// The TCP port, never 0.
        port: u16,
    },
    /// `ssl:HOST:PORT`
    Ssl {
        /// A name or an address; an IPv6 address without its brackets.
        host: String,
        /// The TCP port, never 0.
        port: u16,
    },
}

/// A malformed endpoint: the text, the reason, and the accepted forms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not an endpoint: {reason} (accepted: {ACCEPTED})", text.escape_debug())]
pub struct EndpointError {
    /// The text as it was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

const ACCEPTED: &str = "unix:PATH, tcp:HOST[:PORT], ssl:HOST[:PORT], an IPv6 address in brackets";

impl Endpoint {
    /// Reads `unix:PATH`, `tcp:HOST[:PORT]` or `ssl:HOST[:PORT]`; an IPv6 address stands in brackets.
    ///
    /// Where the port is left out it is `default_port`; without a default it must be given.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] if the text is anything else.
    pub fn parse(text: &str, default_port: Option<u16>) -> Result<Self, EndpointError> {
        let wrong = |reason| EndpointError {
            text: text.to_owned(),
            reason,
        };
        let (scheme, rest) = text
            .split_once(':')
            .ok_or_else(|| wrong("it does not begin with unix:, tcp: or ssl:"))?;
        let host_and_port = || split_host_and_port(rest, default_port).map_err(wrong);
        match scheme {
            "unix" if rest.is_empty() => Err(wrong("the path of the socket is missing")),
            "unix" if rest.contains('\0') => Err(wrong("the path contains a NUL character")),
            "unix" => Ok(Self::Unix(PathBuf::from(rest))),
            "tcp" => host_and_port().map(|(host, port)| Self::Tcp { host, port }),
            "ssl" => host_and_port().map(|(host, port)| Self::Ssl { host, port }),
            "punix" | "ptcp" | "pssl" => Err(wrong(
                "it says where to listen, not where to connect; leave out the \"p\"",
            )),
            _ => Err(wrong("it does not begin with unix:, tcp: or ssl:")),
        }
    }
}

impl fmt::Display for Endpoint {
    /// The text that [`Endpoint::parse`] reads, with the port always in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Unix(path) => return write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } => ("tcp", host, port),
            Self::Ssl { host, port } => ("ssl", host, port),
        };
        if host.contains(':') {
            write!(f, "{scheme}:[{host}]:{port}")
        } else {
            write!(f, "{scheme}:{host}:{port}")
        }
    }
}

fn split_host_and_port(
    text: &str,
    default_port: Option<u16>,
) -> Result<(String, u16), &'static str> {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest
            .split_once(']')
            .ok_or("the bracket of the IPv6 address is not closed")?;
        // A zone (`fe80::1%eth0`) is for the resolver to understand.
        let address = host.split_once('%').map_or(host, |(address, _)| address);
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return Err("what stands in brackets is not an IPv6 address");
        }
        match after.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if after.is_empty() => (host, None),
            None => return Err("only :PORT may follow the closing bracket"),
        }
    } else {
        match text.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err("an IPv6 address must stand in brackets, as in tcp:[::1]:6640");
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        }
    };
    if host.is_empty() {
        return Err("the host is missing");
    }
    if host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("the host contains white space or control characters");
    }
    let port = match port {
        None => default_port.ok_or("the port is missing")?,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or("the port is not a number from 1 to 65535")?,
        Some(_) => return Err("the port is not a number from 1 to 65535"),
    };
    Ok((host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_endpoints() {
        for (text, shown) in [
            (
                "unix:/var/run/openvswitch/db.sock",
                "unix:/var/run/openvswitch/db.sock",
            ),
            ("unix:a:b", "unix:a:b"),
            ("tcp:127.0.0.1:6641", "tcp:127.0.0.1:6641"),
            ("tcp:controller", "tcp:controller:6640"),
            ("tcp:[::1]", "tcp:[::1]:6640"),
            ("tcp:[fe80::1%eth0]:1", "tcp:[fe80::1%eth0]:1"),
            ("ssl:[2001:db8::1]:6653", "ssl:[2001:db8::1]:6653"),
        ] {
            let endpoint = Endpoint::parse(text, Some(6640)).unwrap();
            assert_eq!(endpoint.to_string(), shown);
            assert_eq!(Endpoint::parse(shown, None).unwrap(), endpoint);
        }
    }

    #[test]
    fn errors_of_invalid_endpoints() {
        for (text, reason) in [
            ("", "does not begin with"),
            ("/var/run/db.sock", "does not begin with"),
            ("udp:1.2.3.4:5", "does not begin with"),
            ("ptcp:6640", "where to listen"),
            ("unix:", "path of the socket is missing"),
            ("tcp:", "host is missing"),
            ("tcp::6640", "host is missing"),
            ("tcp:h", "port is missing"),
            ("tcp:h:", "1 to 65535"),
            ("tcp:h:0", "1 to 65535"),
            ("tcp:h:+1", "1 to 65535"),
            ("tcp:h:65536", "1 to 65535"),
            ("tcp:::1", "in brackets"),
            ("tcp:[::1", "not closed"),
            ("tcp:[h]:1", "not an IPv6"),
            ("tcp:[::1]1", "may follow"),
            ("tcp:a b:1", "white space"),
        ] {
            let error = Endpoint::parse(text, None).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(error.contains(&format!("\"{text}\"")), "{error}");
            assert!(error.contains("unix:PATH"), "{error}");
        }
    }
}
