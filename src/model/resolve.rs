//! Finds a port as the user names it, and suggests a similar name if there is none.
//!
//! A port argument is a number, a name, a reserved name, or one of these behind `BRIDGE/`. A number wins
//! over a port with that name; double quotes force the name.
//!
//! A port and its interface may have different names, even crossed ones. Whatever concerns the database takes
//! the port's name ([`find`]); OpenFlow ports are interfaces, so what concerns the switch takes the interface's
//! name, and the port's if that is unambiguous ([`find_of_switch`],
//! [`PortNames`](super::names::PortNames)).

use std::borrow::Cow;
use std::fmt;

use super::names::openflow_name;
use super::topology::{Bridge, Interface, Port, Topology};
use crate::base::{shell, terminal};
use crate::openflow::text::{PORT_LOCAL, port_from_v10, reserved_port, reserved_port_number};

/// A port as the user wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortArgument {
    /// The bridge before the slash, if there was one.
    pub bridge: Option<String>,
    /// The port.
    pub port: PortWord,
}

/// How a port was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortWord {
    /// An OpenFlow port number, 32 bits wide; `65534` and `LOCAL` are 0xfffffffe.
    Number(u32),
    /// A name.
    Name(String),
}

/// A port that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found<'t> {
    /// Its bridge.
    pub bridge: &'t Bridge,
    /// The port.
    pub port: &'t Port,
    /// The interface that was meant, or the port's only one; `None` for a bond named as a whole.
    pub interface: Option<&'t Interface>,
    /// The interface's OpenFlow number, if it has one.
    pub number: Option<u32>,
}

/// Why there is no such port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolveError {
    /// No bridge of this name.
    NoBridge {
        /// The name.
        bridge: String,
        /// The most similar name.
        suggestion: Option<String>,
    },
    /// No port of this name or number.
    NoPort {
        /// The argument without the bridge.
        port: String,
        /// The bridge that was searched; `None`: all.
        bridge: Option<String>,
        /// The most similar name.
        suggestion: Option<String>,
    },
    /// An interface bears the name, and no port.
    Interface {
        /// The interface.
        interface: String,
        /// Its port.
        port: String,
    },
    /// The port is on another bridge than the argument says.
    Elsewhere {
        /// The port.
        port: String,
        /// The bridge in the argument.
        bridge: String,
        /// Its bridge.
        other: String,
    },
    /// A number without a bridge: numbers are per bridge.
    NumberNeedsBridge {
        /// The number.
        number: u32,
    },
    /// Several ports have this truncated name in OpenFlow.
    Ambiguous {
        /// The argument without the bridge.
        port: String,
        /// The bridge that was searched.
        bridge: String,
        /// The ports that have it.
        ports: Vec<String>,
    },
    /// A reserved number that is not a port of a bridge: `NORMAL`, `CONTROLLER`, …
    Reserved {
        /// Its name.
        name: &'static str,
    },
}

/// Parses a port argument. Never fails: any other text is a name.
pub fn parse(text: &str) -> PortArgument {
    if let Some(name) = quoted(text) {
        return PortArgument {
            bridge: None,
            port: PortWord::Name(name),
        };
    }
    match text.split_once('/') {
        Some((bridge, port)) if !bridge.is_empty() && !port.is_empty() => PortArgument {
            bridge: Some(bridge.to_owned()),
            port: word(port),
        },
        _ => PortArgument {
            bridge: None,
            port: word(text),
        },
    }
}

/// The argument that names exactly this port: a name that looks like a number, a reserved port or a bridge
/// with a port is put in double quotes.
pub fn argument(name: &str) -> Cow<'_, str> {
    let plain = PortArgument {
        bridge: None,
        port: PortWord::Name(name.to_owned()),
    };
    if parse(name) == plain {
        return name.into();
    }
    let escaped = name.replace('\\', r"\\").replace('"', r#"\""#);
    format!("\"{escaped}\"").into()
}

/// Finds the port named by `text`, by the port's own name; on `bridge`, if given.
///
/// # Errors
///
/// There is no such port or bridge, only an interface has the name, or the argument is ambiguous: see
/// [`ResolveError`].
pub fn find<'t>(
    topology: &'t Topology,
    bridge: Option<&str>,
    text: &str,
) -> Result<Found<'t>, ResolveError> {
    find_by(port_by_name, topology, bridge, text)
}

/// As [`find`], but by the interface's name, on a bridge whose ports are all in the topology. If there is no
/// such interface: by the name of the port, or by a name truncated as in OpenFlow, if only one port has it.
///
/// # Errors
///
/// As [`find`]; [`ResolveError::Ambiguous`] if several ports have the truncated name.
pub fn find_of_switch<'t>(
    topology: &'t Topology,
    bridge: &str,
    text: &str,
) -> Result<Found<'t>, ResolveError> {
    let not_found = match find_by(interface_by_name, topology, Some(bridge), text) {
        Err(error @ ResolveError::NoPort { .. }) => error,
        outcome => return outcome,
    };
    let (Some(place), PortWord::Name(name)) = (topology.bridge(bridge), parse(text).port) else {
        return Err(not_found);
    };
    let named = place.interfaces();
    let mut named = named.filter(|(_, interface)| {
        interface.name.len() > name.len() && openflow_name(&interface.name) == name
    });
    match (named.next(), named.next()) {
        (None, _) => Err(not_found),
        (Some((port, interface)), None) => Ok(Found {
            bridge: place,
            port,
            interface: Some(interface),
            number: interface.port_number(),
        }),
        (Some(first), Some(second)) => Err(ResolveError::Ambiguous {
            port: name.clone(),
            bridge: place.name.clone(),
            ports: [first, second]
                .into_iter()
                .chain(named)
                .map(|(_, interface)| interface.name.clone())
                .collect(),
        }),
    }
}

/// Finds the port of this name on one bridge; without a bridge on any.
type ByName = for<'t> fn(&'t Bridge, &str) -> Option<(&'t Port, Option<&'t Interface>)>;

/// A port by its own name, with its only interface.
fn port_by_name<'t>(bridge: &'t Bridge, name: &str) -> Option<(&'t Port, Option<&'t Interface>)> {
    let port = bridge.port(name)?;
    Some((port, port.interfaces.first().filter(|_| !port.is_bond())))
}

/// A port by the name of its interface; else by its own.
fn interface_by_name<'t>(
    bridge: &'t Bridge,
    name: &str,
) -> Option<(&'t Port, Option<&'t Interface>)> {
    let mut all = bridge.interfaces();
    let named = all.find(|(_, interface)| interface.name == name);
    let named = named.map(|(port, interface)| (port, Some(interface)));
    named.or_else(|| port_by_name(bridge, name))
}

fn find_by<'t>(
    by_name: ByName,
    topology: &'t Topology,
    bridge: Option<&str>,
    text: &str,
) -> Result<Found<'t>, ResolveError> {
    let argument = parse(text);
    let whole = PortArgument {
        bridge: None,
        port: PortWord::Name(text.to_owned()),
    };
    let found = look_up(by_name, topology, bridge, &argument);
    // A name may contain a slash.
    match (&argument.bridge, &found) {
        (Some(_), Err(_)) => look_up(by_name, topology, bridge, &whole).or(found),
        _ => found,
    }
}

fn look_up<'t>(
    by_name: ByName,
    topology: &'t Topology,
    bridge: Option<&str>,
    argument: &PortArgument,
) -> Result<Found<'t>, ResolveError> {
    let wanted = argument.bridge.as_deref().or(bridge);
    let place = match wanted {
        None => None,
        Some(name) => {
            let of_vlan = || topology.vlan_bridge(name).map(|(bridge, _)| bridge);
            let place = topology.bridge(name).or_else(of_vlan);
            Some(place.ok_or_else(|| ResolveError::NoBridge {
                bridge: name.to_owned(),
                suggestion: closest(name, topology.bridges.iter().map(|b| b.name.as_str())),
            })?)
        }
    };
    let found = match &argument.port {
        PortWord::Number(number) => by_number(place, *number)?,
        PortWord::Name(name) => named(by_name, topology, place, name)?,
    };
    // `BRIDGE/PORT` may name another bridge than the command; and the real bridge that was looked at may have
    // the port, and the VLAN bridge not.
    let home = found.port.bridge_in(found.bridge);
    let is_on = |name: &str| [found.bridge.name.as_str(), home].contains(&name);
    match [bridge, wanted]
        .into_iter()
        .flatten()
        .find(|name| !is_on(name))
    {
        Some(said) => Err(ResolveError::Elsewhere {
            port: found.port.name.clone(),
            bridge: said.to_owned(),
            other: home.to_owned(),
        }),
        None => Ok(found),
    }
}

fn by_number(place: Option<&Bridge>, number: u32) -> Result<Found<'_>, ResolveError> {
    if let Some(name) = reserved_port(number)
        && number != PORT_LOCAL
    {
        return Err(ResolveError::Reserved { name });
    }
    let bridge = place.ok_or(ResolveError::NumberNeedsBridge { number })?;
    bridge
        .interfaces()
        .find(|(_, interface)| interface.port_number() == Some(number))
        .map(|(port, interface)| Found {
            bridge,
            port,
            interface: Some(interface),
            number: Some(number),
        })
        .ok_or_else(|| ResolveError::NoPort {
            port: number.to_string(),
            bridge: Some(bridge.name.clone()),
            suggestion: None,
        })
}

fn named<'t>(
    by_name: ByName,
    topology: &'t Topology,
    place: Option<&'t Bridge>,
    name: &str,
) -> Result<Found<'t>, ResolveError> {
    // Port names are unique in a database, and so are those of interfaces; a port and an interface of one name
    // may be on different bridges.
    let mut bridges = place.into_iter().chain(&topology.bridges);
    let found = bridges.find_map(|bridge| {
        let (port, interface) = by_name(bridge, name)?;
        Some(Found {
            bridge,
            port,
            interface,
            number: interface.and_then(Interface::port_number),
        })
    });
    match (found, place) {
        (Some(found), Some(place)) if found.bridge.name != place.name => {
            Err(ResolveError::Elsewhere {
                port: name.to_owned(),
                bridge: place.name.clone(),
                other: found.port.bridge_in(found.bridge).to_owned(),
            })
        }
        (Some(found), _) => Ok(found),
        (None, _) => Err(match topology.interface(name) {
            Some((_, port, _)) => ResolveError::Interface {
                interface: name.to_owned(),
                port: port.name.clone(),
            },
            None => ResolveError::NoPort {
                port: name.to_owned(),
                bridge: place.map(|bridge| bridge.name.clone()),
                suggestion: match place {
                    Some(bridge) => closest(name, names_of(bridge)),
                    None => closest(name, topology.bridges.iter().flat_map(names_of)),
                },
            },
        }),
    }
}

/// The message that an interface was named where a port is meant.
pub fn not_a_port(interface: &str, port: &str) -> String {
    format!(
        "{} is an interface of port {}, not a port",
        terminal::quoted(interface),
        terminal::quoted(port)
    )
}

/// The next step where an interface was named: what to give instead.
pub fn give_the_port(port: &str) -> String {
    format!(
        "give the name of the port: {}",
        shell::word(&argument(port))
    )
}

/// The names of a bridge's ports.
pub fn names_of(bridge: &Bridge) -> impl Iterator<Item = &str> {
    bridge.ports.iter().map(|port| port.name.as_str())
}

/// The name most similar to `wanted`, if one is similar enough.
///
/// Case does not matter. The similarity is Jaro-Winkler's without its minimum, as short common prefixes of
/// long names matter here. A name that contains `wanted` counts as similar.
pub fn closest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<String> {
    const LIKE: f64 = 0.75;
    const HOLDS: f64 = 0.9;
    let wanted = wanted.to_lowercase();
    let mut best = None;
    let mut best_score = LIKE;
    for name in names {
        let lower = name.to_lowercase();
        let same = wanted.chars().zip(lower.chars());
        let same = same.take(4).take_while(|(a, b)| a == b).count();
        let jaro = strsim::jaro(&wanted, &lower);
        let mut score = (0..same).fold(jaro, |score, _| score + 0.1 * (1.0 - jaro));
        if wanted.chars().count() > 2 && lower.contains(&wanted) {
            score = score.max(HOLDS);
        }
        if score > best_score {
            best = Some(name);
            best_score = score;
        }
    }
    best.map(str::to_owned)
}

/// The message that several ports of a switch share a name in OpenFlow.
pub fn ambiguous(name: &str, switch: &str, ports: &[String]) -> String {
    /// Maximum number of ports that are named.
    const MAX_NAMED: usize = 10;
    let mut shown: Vec<String> = ports
        .iter()
        .take(MAX_NAMED)
        .map(|port| port.escape_debug().to_string())
        .collect();
    if ports.len() > MAX_NAMED {
        shown.push("...".to_owned());
    }
    format!(
        "\"{}\" is what OpenFlow calls {} ports of {}: {}",
        name.escape_debug(),
        ports.len(),
        switch.escape_debug(),
        shown.join(", ")
    )
}

fn word(text: &str) -> PortWord {
    if let Some(name) = quoted(text) {
        return PortWord::Name(name);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = text.parse::<u32>()
    {
        // LOCAL is 65534 in the database, and 4294967294 in OpenFlow.
        let narrow = u16::try_from(number).ok().map(port_from_v10);
        return PortWord::Number(match narrow {
            Some(wide) if reserved_port(wide).is_some() => wide,
            _ => number,
        });
    }
    reserved_port_number(text).map_or_else(|| PortWord::Name(text.to_owned()), PortWord::Number)
}

/// The contents of double quotes; `\` makes the next character literal.
fn quoted(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut name = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => name.push(chars.next()?),
            '"' => return None,
            _ => name.push(c),
        }
    }
    Some(name)
}

/// ` (did you mean "qvo0d3ade5c-72"?)`, if one of the candidates is close to what was written; else nothing.
pub fn did_you_mean<'n>(word: &str, candidates: impl IntoIterator<Item = &'n str>) -> String {
    match closest(word, candidates) {
        Some(close) => format!(" (did you mean {}?)", terminal::quoted(&close)),
        None => String::new(),
    }
}

/// `port "qvoX" not found on br-int (did you mean "qvo0d3ade5c-72"?)`. `place` is what follows `not found`,
/// with its preposition, or empty.
pub fn not_found<'n>(
    kind: &str,
    name: &str,
    place: &str,
    candidates: impl IntoIterator<Item = &'n str>,
) -> String {
    let others = candidates.into_iter().filter(|other| *other != name);
    let space = if place.is_empty() { "" } else { " " };
    format!(
        "{kind} {} not found{space}{place}{}",
        terminal::quoted(name),
        did_you_mean(name, others)
    )
}

impl fmt::Display for ResolveError {
    /// One line, without a full stop: `port "qvoX" not found on br-int (did you mean "…"?)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let did_you_mean = |f: &mut fmt::Formatter<'_>, suggestion: &Option<String>| {
            suggestion.as_deref().map_or(Ok(()), |name| {
                write!(f, " (did you mean \"{}\"?)", name.escape_debug())
            })
        };
        match self {
            Self::NoBridge { bridge, suggestion } => {
                write!(f, "bridge \"{}\" not found", bridge.escape_debug())?;
                did_you_mean(f, suggestion)
            }
            Self::NoPort {
                port,
                bridge,
                suggestion,
            } => {
                write!(f, "port \"{}\" not found", port.escape_debug())?;
                if let Some(bridge) = bridge {
                    write!(f, " on {}", bridge.escape_debug())?;
                }
                did_you_mean(f, suggestion)
            }
            Self::Elsewhere {
                port,
                bridge,
                other,
            } => write!(
                f,
                "port \"{}\" is not on {}, but on {}",
                port.escape_debug(),
                bridge.escape_debug(),
                other.escape_debug()
            ),
            Self::Interface { interface, port } => f.write_str(&not_a_port(interface, port)),
            Self::Ambiguous {
                port,
                bridge,
                ports,
            } => f.write_str(&ambiguous(port, bridge, ports)),
            Self::NumberNeedsBridge { number } => {
                let number = match reserved_port(*number) {
                    Some(name) => name.to_owned(),
                    None => number.to_string(),
                };
                write!(
                    f,
                    "port {number} of which bridge? Numbers differ from bridge to bridge; \
                     write BRIDGE/{number}"
                )
            }
            Self::Reserved { name } => write!(f, "{name} is a reserved port, not one of a bridge"),
        }
    }
}

impl std::error::Error for ResolveError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(name: &str, ofport: i64) -> Interface {
        Interface {
            name: name.into(),
            ofport: Some(ofport),
            ..Interface::default()
        }
    }

    fn port(name: &str, interfaces: &[(&str, i64)]) -> Port {
        Port {
            name: name.into(),
            interfaces: interfaces.iter().map(|(n, o)| interface(n, *o)).collect(),
            ..Port::default()
        }
    }

    fn topology() -> Topology {
        let bridge = |name: &str, ports: Vec<Port>| Bridge {
            name: name.into(),
            ports,
            ..Bridge::default()
        };
        Topology {
            bridges: vec![
                bridge(
                    "br-int",
                    vec![
                        port("br-int", &[("br-int", 65534)]),
                        port("int-br-ens37", &[("int-br-ens37", 15)]),
                        port("qvo0d3ade5c-72", &[("qvo0d3ade5c-72", 17)]),
                        port("15", &[("15", 3)]),
                        port("bond0", &[("eth0", 4), ("eth1", 5)]),
                        port("br-tun/1", &[("br-tun/1", 6)]),
                    ],
                ),
                bridge("br-tun", vec![port("patch-int", &[("patch-int", 1)])]),
            ],
            ..Topology::default()
        }
    }

    #[test]
    fn names_numbers_and_both() {
        let topology = topology();
        let found = |bridge, text| {
            let found = find(&topology, bridge, text).unwrap();
            (found.port.name.clone(), found.number)
        };
        let br_int = Some("br-int");
        let ens37 = ("int-br-ens37".to_owned(), Some(15));
        assert_eq!(found(br_int, "15"), ens37);
        assert_eq!(found(None, "int-br-ens37"), ens37);
        assert_eq!(found(None, "br-int/15"), ens37);
        assert_eq!(found(br_int, "br-int/int-br-ens37"), ens37);
        assert_eq!(found(br_int, "\"15\""), ("15".into(), Some(3)));
        assert_eq!(found(br_int, "bond0"), ("bond0".into(), None));
        assert_eq!(found(None, "\"br-tun/1\""), ("br-tun/1".into(), Some(6)));
        assert_eq!(found(None, "br-tun/1"), ("patch-int".into(), Some(1)));
        let local = ("br-int".to_owned(), Some(PORT_LOCAL));
        for text in ["LOCAL", "local", "65534", "4294967294", "br-int"] {
            assert_eq!(found(br_int, text), local, "{text}");
        }
    }

    #[test]
    fn errors_suggest_names() {
        let topology = topology();
        for (bridge, text, words) in [
            (
                Some("br-int"),
                "qvoX",
                "port \"qvoX\" not found on br-int (did you mean \"qvo0d3ade5c-72\"?)",
            ),
            (None, "zzz", "port \"zzz\" not found"),
            (
                Some("br-int"),
                "eth1",
                "\"eth1\" is an interface of port \"bond0\", not a port",
            ),
            (Some("br-int"), "99", "port \"99\" not found on br-int"),
            (
                Some("br-itn"),
                "1",
                "bridge \"br-itn\" not found (did you mean \"br-int\"?)",
            ),
            (
                Some("br-int"),
                "patch-int",
                "port \"patch-int\" is not on br-int, but on br-tun",
            ),
            (
                Some("br-int"),
                "br-tun/patch-int",
                "port \"patch-int\" is not on br-int, but on br-tun",
            ),
            (
                None,
                "15",
                "port 15 of which bridge? Numbers differ from bridge to bridge; write BRIDGE/15",
            ),
            (
                Some("br-int"),
                "NORMAL",
                "NORMAL is a reserved port, not one of a bridge",
            ),
        ] {
            let error = find(&topology, bridge, text).unwrap_err();
            assert_eq!(error.to_string(), words);
        }
    }

    #[test]
    fn arguments() {
        let name = |text: &str| PortWord::Name(text.into());
        for (text, bridge, port) in [
            ("eth0", None, name("eth0")),
            ("br/eth0", Some("br"), name("eth0")),
            ("br/\"7\"", Some("br"), name("7")),
            ("br/7", Some("br"), PortWord::Number(7)),
            ("\"br/7\"", None, name("br/7")),
            (r#""a\"b""#, None, name("a\"b")),
            ("\"", None, name("\"")),
            ("/7", None, name("/7")),
            ("99999999999", None, name("99999999999")),
            ("", None, name("")),
        ] {
            let bridge = bridge.map(str::to_owned);
            if text.is_empty() {
                continue;
            }
            assert_eq!(parse(text), PortArgument { bridge, port }, "{text}");
        }
        for port in [
            "eth0", "15", "local", "br/7", "\"7\"", r"a\b/c", "/7", "65534",
        ] {
            let text = argument(port);
            let (bridge, port) = (None, name(port));
            assert_eq!(parse(&text), PortArgument { bridge, port }, "{text}");
        }
        assert_eq!(argument("eth0"), "eth0");
    }
}
