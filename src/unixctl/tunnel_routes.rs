//! The routes and neighbours that tunnels of the userspace datapath use: the replies to `ovs/route/show`,
//! `ovs/route/lookup` and `tnl/neigh/show` (ovs-vswitchd(8)).

use std::net::IpAddr;

use serde::Deserialize;

use super::client::{Client, Reply};
use super::error::{Error, ErrorKind};
use crate::base::mac::mac;

/// A route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TunnelRoute {
    /// Whether ovs/route/add added it; else it is a copy of one of the host's.
    pub is_user: bool,
    /// Where it leads to: `10.0.0.0/24`.
    pub destination: String,
    /// The mark that packets must have.
    pub mark: Option<u32>,
    /// The device.
    pub device: String,
    /// The gateway.
    pub gateway: Option<String>,
    /// The source address.
    pub source: Option<String>,
    /// Whether the destination is this host.
    pub is_local: bool,
}

/// A neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelNeighbour {
    /// Its address.
    pub ip: String,
    /// Its MAC address.
    pub mac: String,
    /// The bridge behind which it is.
    pub bridge: String,
}

/// Rows, and the lines that are not understood.
pub type Rows<R> = (Vec<R>, Vec<String>);

impl TunnelRoute {
    /// Asks for all routes.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn read_all(client: &Client) -> Result<Rows<TunnelRoute>, Error> {
        const COMMAND: &str = "ovs/route/show";
        match client.call(COMMAND, &[""; 0]).await? {
            Reply::Text(text) => Ok(Self::from_text(&text)),
            Reply::Json(json) => Self::from_json(json.get()).map_err(|error| Error {
                daemon: client.daemon().to_owned(),
                command: Some(COMMAND.to_owned()),
                kind: ErrorKind::Malformed(error.to_string()),
            }),
        }
    }

    /// Asks for the route to an address; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn lookup(client: &Client, address: IpAddr) -> Result<Option<TunnelRoute>, Error> {
        let reply = client
            .text("ovs/route/lookup", &[address.to_string()])
            .await;
        let text = match reply {
            Err(Error {
                kind: ErrorKind::Refused(text),
                ..
            }) if text == "Not found" => return Ok(None),
            reply => reply?,
        };
        let mut route = TunnelRoute {
            destination: address.to_string(),
            ..TunnelRoute::default()
        };
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("src", source)) => route.source = Some(source.to_owned()),
                Some(("gateway", "::")) => {}
                Some(("gateway", gateway)) => route.gateway = Some(gateway.to_owned()),
                Some(("dev", device)) => device.clone_into(&mut route.device),
                _ => {}
            }
        }
        Ok(Some(route))
    }

    /// The routes in a reply: a heading, then one a line, each with one or several next hops.
    pub fn from_text(text: &str) -> Rows<TunnelRoute> {
        let (routes, unknown) = rows(text, |line| line.starts_with("Route Table"), hops);
        (routes.concat(), unknown)
    }

    /// The routes in a reply that is JSON: an array of objects, each with its next hops. One without is left out; one of
    /// another form is kept as text.
    ///
    /// # Errors
    ///
    /// It is no array.
    pub fn from_json(json: &str) -> Result<Rows<TunnelRoute>, serde_json::Error> {
        #[derive(Deserialize)]
        struct JsonRoute {
            user: bool,
            local: bool,
            dst: String,
            prefix: u8,
            prefsrc: Option<String>,
            mark: Option<u32>,
            nexthops: Vec<JsonHop>,
        }
        #[derive(Deserialize)]
        struct JsonHop {
            dev: String,
            gateway: Option<String>,
            prefsrc: Option<String>,
        }
        let all: Vec<serde_json::Value> = serde_json::from_str(json)?;
        let of_route = |route: JsonRoute| {
            let hops = route.nexthops.into_iter();
            let hops = hops.map(|hop| TunnelRoute {
                is_user: route.user,
                destination: format!("{}/{}", route.dst, route.prefix),
                mark: route.mark,
                device: hop.dev,
                gateway: hop.gateway,
                source: hop.prefsrc.or_else(|| route.prefsrc.clone()),
                is_local: route.local,
            });
            hops.collect::<Vec<TunnelRoute>>()
        };
        let mut rows: Rows<TunnelRoute> = Rows::default();
        for value in all {
            match JsonRoute::deserialize(&value) {
                Ok(route) => rows.0.extend(of_route(route)),
                Err(_) => rows.1.push(value.to_string()),
            }
        }
        Ok(rows)
    }
}

/// The routes of `User: 10.0.0.0/24 MARK 1 dev br0 GW 10.0.0.1 SRC 10.0.0.71 local`, one for each next hop where there are
/// several: `... nexthop dev br0 GW 10.0.0.1 SRC 10.0.0.71 weight 1 nexthop dev ...`.
fn hops(line: &str) -> Option<Vec<TunnelRoute>> {
    let (kind, rest) = line.split_once(": ")?;
    let mut words = rest.split_ascii_whitespace();
    let mut hops: Vec<TunnelRoute> = Vec::new();
    let mut route = TunnelRoute {
        is_user: match kind {
            "User" => true,
            "Cached" => false,
            _ => return None,
        },
        destination: words.next()?.to_owned(),
        ..TunnelRoute::default()
    };
    while let Some(word) = words.next() {
        match word {
            "local" => route.is_local = true,
            "nexthop" if route.device.is_empty() => {}
            "nexthop" => hops.push(route.clone()),
            // Which next hop of the kernel's it is, and how packets are shared out.
            "nhid" | "id" | "weight" | "flags" | "table" => drop(words.next()?),
            "dev" => {
                words.next()?.clone_into(&mut route.device);
                (route.gateway, route.source) = (None, None);
            }
            "MARK" => route.mark = Some(words.next()?.parse().ok()?),
            "GW" => route.gateway = Some(words.next()?.to_owned()),
            "SRC" => route.source = Some(words.next()?.to_owned()),
            _ => return None,
        }
    }
    if route.device.is_empty() {
        return None;
    }
    let is_local = route.is_local;
    hops.push(route);
    for hop in &mut hops {
        hop.is_local = is_local;
    }
    Some(hops)
}

impl TunnelNeighbour {
    /// Asks for all neighbours.
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn read_all(client: &Client) -> Result<Rows<TunnelNeighbour>, Error> {
        let text = client.text("tnl/neigh/show", &[""; 0]).await?;
        Ok(Self::from_text(&text))
    }

    /// The neighbours in a reply: a heading, a rule, then one a line.
    pub fn from_text(text: &str) -> Rows<TunnelNeighbour> {
        let is_heading = |line: &str| line.starts_with("IP ") || line.starts_with("===");
        rows(text, is_heading, |line| {
            let mut words = line.split_ascii_whitespace();
            let neighbour = TunnelNeighbour {
                ip: words.next()?.parse::<IpAddr>().ok()?.to_string(),
                mac: mac(words.next()?)?,
                bridge: words.next()?.to_owned(),
            };
            words.next().is_none().then_some(neighbour)
        })
    }
}

/// The rows that `read` takes from the lines, without headings.
fn rows<R>(
    text: &str,
    is_heading: impl Fn(&str) -> bool,
    read: impl Fn(&str) -> Option<R>,
) -> Rows<R> {
    let mut rows = Vec::new();
    let mut unknown = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match read(line) {
            Some(row) => rows.push(row),
            None if is_heading(line) => {}
            None => unknown.push(line.to_owned()),
        }
    }
    (rows, unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_kept() {
        let (routes, unknown) = TunnelRoute::from_text(
            "Route Table:\nUser: 0.0.0.0/0 MARK 7 dev br0 GW 10.0.0.1 SRC 10.0.0.71\n\
             Cached: fe80::/64 dev br0 SRC fe80::1 local\nUser: ::/0 dev br0 NEWS 5\nNews: ::/0 dev br0\n",
        );
        let [user, cached] = routes.as_slice() else {
            panic!("{routes:?}")
        };
        assert_eq!(
            (user.mark, user.gateway.as_deref()),
            (Some(7), Some("10.0.0.1"))
        );
        assert!(user.is_user && !user.is_local && !cached.is_user && cached.is_local);
        // Open vSwitch after 3.5 tells several next hops.
        let (hops, others) = TunnelRoute::from_text(
            "Route Table #9:\nCached: 10.1.0.0/16 nhid 4 nexthop dev br0 GW 10.0.0.1 SRC 10.0.0.71 weight 1 id 2 \
             nexthop dev br1 SRC 10.0.1.71 weight 3 flags 0x4 table 9\n",
        );
        let told: Vec<(&str, Option<&str>)> = hops
            .iter()
            .map(|hop| (hop.device.as_str(), hop.gateway.as_deref()))
            .collect();
        assert_eq!(told, [("br0", Some("10.0.0.1")), ("br1", None)]);
        assert!(others.is_empty(), "{others:?}");
        let json = TunnelRoute::from_json(
            "[{\"table\":254,\"user\":false,\"local\":false,\"prefix\":16,\"dst\":\"10.1.0.0\",\
             \"prefsrc\":\"10.0.0.71\",\"nexthops\":[{\"dev\":\"br0\",\"gateway\":\"10.0.0.1\"},\
             {\"dev\":\"br1\",\"prefsrc\":\"10.0.1.71\",\"weight\":3}]},{\"user\":\"news\"}]",
        );
        let (routes, others) = json.expect("it is an array");
        assert_eq!(routes, hops);
        assert_eq!(others, ["{\"user\":\"news\"}"]);
        assert_eq!(unknown.len(), 2);
        let (neighbours, unknown) = TunnelNeighbour::from_text(
            "IP      MAC     Bridge\n=====\n10.0.0.72  50:54:00:00:00:72   br0\nnews\n",
        );
        assert_eq!((neighbours.len(), unknown.len()), (1, 1));
    }
}
