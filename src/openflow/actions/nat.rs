//! `nat`: address translation, inside of `ct` (ovs-actions(7)).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::prelude::*;

/// Translates addresses: `nat`, `nat(src=10.0.0.1-10.0.0.9:1000-2000,random)`.
///
/// JSON: `{"type":"nat","kind":"src","addr_min":"10.0.0.1","addr_max":"10.0.0.9","port_min":1000,
/// "port_max":2000,"persistent":true,"hash":true,"random":true}`; what is absent on the wire is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nat<'a> {
    /// `NX_NAT_F_*`: 1 source, 2 destination, 4 persistent, 8 hash, 16 random.
    pub flags: u16,
    /// `NX_NAT_RANGE_*`: which of the following are present.
    pub present: u16,
    /// The undecoded range: addresses, then ports, each if present.
    pub range: &'a [u8],
    /// The lowest address.
    pub addr_min: Option<IpAddr>,
    /// The highest address.
    pub addr_max: Option<IpAddr>,
    /// The lowest port.
    pub port_min: Option<u16>,
    /// The highest port.
    pub port_max: Option<u16>,
}

const SRC: u16 = 1;
const DST: u16 = 2;
/// The flags that have a word.
const WORDS: [(u16, &str); 3] = [(4, "persistent"), (8, "hash"), (16, "random")];

impl Nat<'_> {
    fn kind(&self) -> Option<&'static str> {
        match self.flags & (SRC | DST) {
            0 => None,
            DST => Some("dst"),
            _ => Some("src"),
        }
    }

    fn words(&self) -> impl Iterator<Item = &'static str> {
        let flags = self.flags;
        let set = WORDS.into_iter().filter(move |(bit, _)| flags & bit != 0);
        set.map(|(_, word)| word)
    }

    fn put_address<S: Sink>(&self, sink: &mut S, address: IpAddr) {
        let brackets = address.is_ipv6() && self.port_min.is_some_and(|port| port != 0);
        if brackets {
            sink.put("[");
        }
        match address {
            IpAddr::V4(address) => put_ipv4(sink, address.octets()),
            IpAddr::V6(address) => put_ipv6(sink, address.octets()),
        }
        if brackets {
            sink.put("]");
        }
    }
}

impl<'a> ActionCodec<'a> for Nat<'a> {
    const NAME: &'static str = "nat";
    const WIRE: &'static [Wire] = &[Wire::nicira(36)];
    const FORMS: &'static [WordForm] = &[&[], &[("(", Takes::Named(Nat::ARGUMENTS))]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::optional("kind", JsonShape::Words(&["src", "dst"])),
        JsonMember::optional("addr_min", JsonShape::Text),
        JsonMember::optional("addr_max", JsonShape::Text),
        JsonMember::optional("port_min", JsonShape::U16),
        JsonMember::optional("port_max", JsonShape::U16),
        JsonMember::optional("persistent", JsonShape::True),
        JsonMember::optional("hash", JsonShape::True),
        JsonMember::optional("random", JsonShape::True),
    ];

    fn decode(body: &mut Cursor<'a>, _: ActionHeader) -> Result<Self, DecodeError> {
        body.skip(2, "padding")?;
        let flags = body.u16("nat flags")?;
        let present = body.u16("range_present")?;
        let whole = *body;
        // A maximum requires its minimum.
        let ends_only = present >> 1 & !present & 0b01_0101 != 0;
        let both = present & 0b11 != 0 && present & 0b1100 != 0;
        if both || ends_only {
            let bad = DecodeErrorKind::BadValue(present.into());
            return Err(whole.error("range_present", bad));
        }
        let mut address = |v4: u16, v6: u16| -> Result<Option<IpAddr>, DecodeError> {
            Ok(if present & v4 != 0 {
                Some(Ipv4Addr::from(body.array::<4>("address")?).into())
            } else if present & v6 != 0 {
                Some(Ipv6Addr::from(body.array::<16>("address")?).into())
            } else {
                None
            })
        };
        let addr_min = address(1, 4)?;
        let addr_max = address(2, 8)?;
        let mut port = |bit: u16| -> Result<Option<u16>, DecodeError> {
            if present & bit == 0 {
                Ok(None)
            } else {
                body.u16("port").map(Some)
            }
        };
        let port_min = port(16)?;
        let port_max = port(32)?;
        let length = whole.remaining() - body.remaining();
        Ok(Nat {
            flags,
            present,
            range: whole.rest().get(..length).unwrap_or_default(),
            addr_min,
            addr_max,
            port_min,
            port_max,
        })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        put_zeros(out, 2);
        out.extend(self.flags.to_be_bytes());
        out.extend(self.present.to_be_bytes());
        out.extend_from_slice(self.range);
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "nat");
        let Some(kind) = self.kind() else {
            return;
        };
        let mut comma = Separator("(");
        comma.put(sink);
        sink.put(kind);
        if let Some(min) = self.addr_min {
            sink.put("=");
            self.put_address(sink, min);
            if let Some(max) = self.addr_max.filter(|max| *max != min) {
                sink.put("-");
                self.put_address(sink, max);
            }
            if let Some(min) = self.port_min.filter(|min| *min != 0) {
                sink.put(":");
                put_dec(sink, min);
                if let Some(max) = self.port_max.filter(|max| *max != min) {
                    sink.put("-");
                    put_dec(sink, max);
                }
            }
            for word in self.words() {
                comma.put(sink);
                sink.put(word);
            }
        }
        comma.close(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        if let Some(kind) = self.kind() {
            json.key("kind");
            json.string(kind);
        }
        for (name, address) in [("addr_min", self.addr_min), ("addr_max", self.addr_max)] {
            if let Some(address) = address {
                json.key(name);
                json.display(address);
            }
        }
        for (name, port) in [("port_min", self.port_min), ("port_max", self.port_max)] {
            if let Some(port) = port {
                json.key(name);
                json.number(port);
            }
        }
        for word in self.words() {
            json.key(word);
            json.bool(true);
        }
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        out.push_str(Self::NAME);
        let mut comma = Separator("(");
        let ends = ["addr_min", "addr_max", "port_min", "port_max"].map(|key| object.word(key));
        let [addr_min, addr_max, port_min, port_max] = ends;
        let (addr_min, addr_max, port_min, port_max) = (addr_min?, addr_max?, port_min?, port_max?);
        match object.word("kind")? {
            Some(kind) => comma.word(out, &kind),
            None if addr_min.is_some() => return Err(object.missing("kind")),
            None => {}
        }
        if let Some(min) = addr_min {
            let in_brackets = |address: String| match port_min {
                Some(_) if address.contains(':') => format!("[{address}]"),
                _ => address,
            };
            out.push('=');
            out.push_str(&in_brackets(min));
            if let Some(max) = addr_max {
                out.push('-');
                out.push_str(&in_brackets(max));
            }
            if let Some(min) = &port_min {
                out.push(':');
                out.push_str(min);
            }
            if let Some(max) = port_max {
                out.push('-');
                out.push_str(&max);
            }
        } else if addr_max.or(port_min).or(port_max).is_some() {
            return Err(object.missing("addr_min"));
        }
        for (_, flag) in WORDS {
            if object.flag(flag)? {
                comma.word(out, flag);
            }
        }
        if comma.is_open() {
            comma.end(out);
        }
        Ok(())
    }

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut nat = Nat {
            flags: 0,
            present: 0,
            range: &[],
            addr_min: None,
            addr_max: None,
            port_min: None,
            port_max: None,
        };
        for argument in Arguments::new(argument) {
            let Argument { key, value, .. } = argument?;
            match key {
                "src" | "dst" => {
                    nat.flags |= if key == "src" { SRC } else { DST };
                    nat.parse_range(value)
                        .map_err(|problem| problem.within(value))?;
                }
                _ => match WORDS.iter().find(|(_, word)| *word == key) {
                    Some((bit, _)) => nat.flags |= bit,
                    None => {
                        return Err(no_argument(
                            word,
                            key,
                            Nat::ARGUMENTS.iter().map(|(word, _)| *word),
                        ));
                    }
                },
            }
        }
        if nat.flags & SRC != 0 && nat.flags & DST != 0 {
            return Err(Problem::syntax("nat takes one of src and dst"));
        }
        if nat.flags != 0 && nat.flags & (SRC | DST) == 0 {
            return Err(Problem::syntax("the flags of nat need src or dst"));
        }
        if nat.flags & (8 | 16) == 8 | 16 {
            return Err(Problem::syntax("nat takes one of hash and random"));
        }
        match nat.addr_min {
            Some(IpAddr::V4(_)) => parser.demand(word, Prereq::Ipv4)?,
            Some(IpAddr::V6(_)) => parser.demand(word, Prereq::Ipv6)?,
            None => parser.demand(word, Prereq::Ip)?,
        }
        let has_no_beginning =
            |min: Option<bool>, max: Option<bool>| min == Some(true) && max == Some(false);
        if has_no_beginning(
            nat.addr_min.map(|address| address.is_unspecified()),
            nat.addr_max.map(|address| address.is_unspecified()),
        ) || has_no_beginning(
            nat.port_min.map(|port| port == 0),
            nat.port_max.map(|port| port == 0),
        ) {
            return Err(Problem::syntax("a range of nat begins at 1 or more"));
        }
        // Zeros are not encoded.
        let mut range = Vec::new();
        for (address, v4, v6) in [(nat.addr_min, 1, 4), (nat.addr_max, 2, 8)] {
            match address.filter(|address| !address.is_unspecified()) {
                Some(IpAddr::V4(address)) => {
                    nat.present |= v4;
                    range.extend(address.octets());
                }
                Some(IpAddr::V6(address)) => {
                    nat.present |= v6;
                    range.extend(address.octets());
                }
                None => {}
            }
        }
        for (port, bit) in [(nat.port_min, 16), (nat.port_max, 32)] {
            if let Some(port) = port.filter(|port| *port != 0) {
                nat.present |= bit;
                range.extend(port.to_be_bytes());
            }
        }
        let nat = Nat {
            flags: nat.flags,
            present: nat.present,
            range: &range,
            ..nat
        };
        nat.put(parser)
    }
}

impl Nat<'_> {
    /// Its arguments.
    pub(super) const ARGUMENTS: &'static [NamedArgument] = &[
        ("src", &[]),
        ("src", EQUALS_TEXT),
        ("dst", &[]),
        ("dst", EQUALS_TEXT),
        ("persistent", &[]),
        ("hash", &[]),
        ("random", &[]),
    ];

    /// Reads `10.0.0.1-10.0.0.9:1000-2000`, or nothing.
    fn parse_range(&mut self, text: &str) -> Result<(), Problem> {
        if text.is_empty() {
            return Ok(());
        }
        let (addresses, ports) = split_ports(text);
        let address = |text: &str| {
            let inner = text
                .strip_prefix('[')
                .and_then(|text| text.strip_suffix(']'));
            inner.unwrap_or(text).parse::<IpAddr>().map_err(|_| {
                Problem::syntax("addresses are like 10.0.0.1-10.0.0.9 or [fe80::1]:80")
            })
        };
        match addresses.split_once('-') {
            Some((min, max)) => {
                let (min, max) = (address(min)?, address(max)?);
                if min.is_ipv4() != max.is_ipv4() || min > max {
                    return Err(Problem::syntax(
                        "the range of addresses ends before it begins",
                    ));
                }
                (self.addr_min, self.addr_max) = (Some(min), Some(max));
            }
            None => self.addr_min = Some(address(addresses)?),
        }
        match ports.map(|ports| ports.split_once('-').ok_or(ports)) {
            None => {}
            Some(Ok((min, max))) => {
                let (min, max) = (decimal(min, "a port")?, decimal(max, "a port")?);
                if min > max {
                    return Err(Problem::syntax("the range of ports ends before it begins"));
                }
                (self.port_min, self.port_max) = (Some(min), Some(max));
            }
            Some(Err(min)) => self.port_min = Some(decimal(min, "a port")?),
        }
        Ok(())
    }
}

/// The addresses of a range, and its ports: after the colon of IPv4, or after the brackets of IPv6.
fn split_ports(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((addresses, ports)) if addresses.ends_with(']') || !addresses.contains(':') => {
            (addresses, Some(ports))
        }
        _ => (text, None),
    }
}
