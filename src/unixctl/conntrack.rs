//! The connections that a datapath tracks: the reply to `dpctl/dump-conntrack -m -s` (dpctl(8)).

use super::client::Client;
use super::error::{Error, ErrorKind};
use super::members::parts;

/// What a datapath tracks, in the order of the daemon.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connections {
    /// The connections.
    pub connections: Vec<Connection>,
    /// Lines of the reply that are not understood.
    pub unknown: Vec<String>,
}

/// A connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connection {
    /// Its protocol: `tcp`, `udp`, `icmp`, or a number.
    pub protocol: String,
    /// Where its first packet came from and went to.
    pub original: Tuple,
    /// The same of its replies: without translation of addresses the original one in reverse.
    pub reply: Tuple,
    /// Its zone; 0 if the text has none.
    pub zone: u16,
    /// Its mark.
    pub mark: Option<String>,
    /// Its labels.
    pub labels: Option<String>,
    /// The state of TCP, of both directions if they differ: `SYN_SENT/CLOSED`.
    pub state: Option<String>,
    /// The seconds until it is forgotten.
    pub timeout: Option<u64>,
    /// What the kernel says of it: `SEEN_REPLY|CONFIRMED`, in userspace a number.
    pub status: Option<String>,
    /// The helper that looks into its packets: `ftp`.
    pub helper: Option<String>,
    /// The other members, by name.
    pub others: Vec<(String, String)>,
}

/// The addresses of one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tuple {
    /// The source address.
    pub source: String,
    /// The destination address.
    pub destination: String,
    /// The source port.
    pub source_port: Option<u16>,
    /// The destination port.
    pub destination_port: Option<u16>,
    /// The type of ICMP.
    pub icmp_type: Option<u8>,
    /// The code of ICMP.
    pub icmp_code: Option<u8>,
    /// The identifier of ICMP echoes.
    pub icmp_id: Option<u16>,
}

impl Connections {
    /// Asks for the connections of a datapath; only those of a zone, if one is given.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if there is no such datapath, or it does not track connections; else why there is no
    /// reply.
    pub async fn read(
        client: &Client,
        datapath: &str,
        zone: Option<u16>,
    ) -> Result<Connections, Error> {
        let zone = zone.map(|zone| format!("zone={zone}"));
        let ask = async |options: &[&str]| {
            let mut args = options.to_vec();
            args.push(datapath);
            args.extend(zone.as_deref());
            client.text("dpctl/dump-conntrack", &args).await
        };
        let text = match ask(&["-m", "-s"]).await {
            // Some releases do not tell timeouts.
            Err(Error {
                kind: ErrorKind::Refused(_),
                ..
            }) => ask(&["-m"]).await?,
            told => told?,
        };
        Ok(Connections::from_text(&text))
    }

    /// The connections in a reply: one a line.
    pub fn from_text(text: &str) -> Connections {
        let mut all = Connections::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match Connection::from_line(line) {
                Some(connection) => all.connections.push(connection),
                None => all.unknown.push(line.to_owned()),
            }
        }
        all
    }
}

impl Connection {
    /// Reads a line; `None` if it is not understood.
    pub fn from_line(line: &str) -> Option<Connection> {
        let mut members = parts(line);
        let mut connection = Connection {
            protocol: members.next()?.to_owned(),
            ..Connection::default()
        };
        let mut has_tuples = (false, false);
        for member in members {
            let (name, value) = member.split_once('=')?;
            let text = || Some(value.to_owned());
            match name {
                "orig" => {
                    connection.original = Tuple::from_text(value)?;
                    has_tuples.0 = true;
                }
                "reply" => {
                    connection.reply = Tuple::from_text(value)?;
                    has_tuples.1 = true;
                }
                "zone" => connection.zone = value.parse().ok()?,
                "mark" => connection.mark = text(),
                "labels" => connection.labels = text(),
                "timeout" => connection.timeout = Some(value.parse().ok()?),
                "status" => connection.status = text(),
                "helper" => connection.helper = text(),
                "protoinfo" => {
                    let members = parts(in_parentheses(value)?);
                    let members: Vec<_> = members.filter_map(|it| it.split_once('=')).collect();
                    connection.state = tcp_state(&members);
                    let is_other = |(name, _): &&(&str, &str)| !name.starts_with("state");
                    let others = members.iter().filter(is_other);
                    let owned =
                        |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
                    connection.others.extend(others.map(owned));
                }
                name => connection.others.push((name.to_owned(), value.to_owned())),
            }
        }
        (has_tuples == (true, true)).then_some(connection)
    }

    /// Whether this address is one of its ends, translated or not.
    pub fn has_address(&self, is_it: impl Fn(&str) -> bool) -> bool {
        [&self.original, &self.reply]
            .iter()
            .any(|tuple| is_it(&tuple.source) || is_it(&tuple.destination))
    }
}

fn in_parentheses(text: &str) -> Option<&str> {
    text.strip_prefix('(')?.strip_suffix(')')
}

/// One state if both directions have the same, as in the kernel.
fn tcp_state(members: &[(&str, &str)]) -> Option<String> {
    let of = |wanted: &str| {
        let member = members.iter().find(|(name, _)| *name == wanted);
        member.map(|(_, value)| *value)
    };
    match (of("state_orig"), of("state_reply")) {
        (Some(original), Some(reply)) if original != reply => Some(format!("{original}/{reply}")),
        (Some(state), _) => Some(state.to_owned()),
        _ => of("state").map(str::to_owned),
    }
}

impl Tuple {
    fn from_text(text: &str) -> Option<Tuple> {
        let mut tuple = Tuple::default();
        for member in parts(in_parentheses(text)?) {
            let (name, value) = member.split_once('=')?;
            match name {
                "src" => value.clone_into(&mut tuple.source),
                "dst" => value.clone_into(&mut tuple.destination),
                "sport" => tuple.source_port = Some(value.parse().ok()?),
                "dport" => tuple.destination_port = Some(value.parse().ok()?),
                "type" => tuple.icmp_type = Some(value.parse().ok()?),
                "code" => tuple.icmp_code = Some(value.parse().ok()?),
                "id" => tuple.icmp_id = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        Some(tuple)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_kept() {
        let text = "tcp,orig=(src=fe80::1,dst=fe80::2,sport=1,dport=2),reply=(src=fe80::2,dst=fe80::1,sport=2,dport=1),\
            zone=7,news=(a,b),protoinfo=(state_orig=ESTABLISHED,state_reply=ESTABLISHED,wscale_orig=7)\n\
            tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=99999,dport=2),reply=(src=10.0.0.1,dst=10.0.0.2)\n\
            udp,orig=(src=10.0.0.1,dst=10.0.0.2)\nnews\n";
        let all = Connections::from_text(text);
        assert_eq!(all.unknown.len(), 3, "{:?}", all.unknown);
        let [tcp] = all.connections.as_slice() else {
            panic!("{all:?}")
        };
        assert_eq!((tcp.zone, tcp.state.as_deref()), (7, Some("ESTABLISHED")));
        let others = [("news", "(a,b)"), ("wscale_orig", "7")];
        let others = others.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(tcp.others, others);
        assert!(tcp.has_address(|it| it == "fe80::2"));
    }
}
