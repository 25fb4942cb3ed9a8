//! `encap`, `decap`, `dec_nsh_ttl`: adding and removing headers, network service headers above all
//! (ovs-actions(7)).

use std::fmt::Write as _;

use super::prelude::*;

const fn since_v13(number: u16) -> [Wire; 1] {
    [Wire::new(
        Vendor::Nicira,
        number,
        Version::V13,
        Version::V15,
    )]
}

/// Adds a header: `encap(ethernet)`, `encap(nsh(md_type=2,tlv(0x1000,10,0x12345678)))`.
///
/// JSON: `{"type":"encap","packet_type":"nsh","properties":[{"type":"md_type","md_type":2},
/// {"type":"tlv","class":4096,"tlv_type":10,"data":"12345678"}]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encap<'a> {
    /// The size of the header in bytes; 0 leaves it to the switch.
    pub hdr_size: u16,
    /// The header's type: namespace in the upper 16 bits, type in the lower.
    pub packet_type: u32,
    /// The undecoded properties.
    pub properties: &'a [u8],
}

/// One property of `encap`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncapProperty<'a> {
    /// The type of metadata of an NSH header.
    MdType(u8),
    /// One piece of metadata of an NSH header.
    Tlv {
        /// The class that defines the type.
        class: u16,
        /// The type.
        kind: u8,
        /// The data.
        data: &'a [u8],
    },
}

/// A property in JSON.
const PROPERTY: JsonShape = JsonShape::Either(&[
    JsonShape::Object(&[
        JsonMember::new("type", JsonShape::Word("md_type")),
        JsonMember::new("md_type", JsonShape::U8),
    ]),
    JsonShape::Object(&[
        JsonMember::new("type", JsonShape::Word("tlv")),
        JsonMember::new("class", JsonShape::U16),
        JsonMember::new("tlv_type", JsonShape::U8),
        JsonMember::new("data", JsonShape::BYTES),
    ]),
]);

/// The property class of NSH.
const NSH: u16 = 4;

fn next_property<'a>(rest: &mut Cursor<'a>) -> Result<EncapProperty<'a>, DecodeError> {
    let start = *rest;
    let class = rest.u16("property class")?;
    let kind = rest.u8("property type")?;
    let length = usize::from(rest.u8("property length")?);
    let bad = start.error("property length", DecodeErrorKind::BadLength(length));
    let mut value = rest.sub(length.checked_sub(4).ok_or(bad.clone())?, "property")?;
    rest.skip(length.next_multiple_of(8) - length, "padding")?;
    match (class, kind) {
        (NSH, 1) => Ok(EncapProperty::MdType(value.u8("md_type")?)),
        (NSH, 2) => {
            let class = value.u16("TLV class")?;
            let kind = value.u8("TLV type")?;
            let length = usize::from(value.u8("TLV length")?);
            let data = value.take(length, "TLV")?;
            Ok(EncapProperty::Tlv { class, kind, data })
        }
        _ => Err(start.error("property", DecodeErrorKind::BadValue(kind.into()))),
    }
}

fn packet_type_name(packet_type: u32) -> Option<&'static str> {
    match packet_type {
        0 => Some("ethernet"),
        0x1_894f => Some("nsh"),
        0x1_8847 => Some("mpls"),
        0x1_8848 => Some("mpls_mc"),
        _ => None,
    }
}

impl<'a> Encap<'a> {
    /// The properties, one by one.
    pub fn properties(&self) -> impl Iterator<Item = EncapProperty<'a>> + use<'a> {
        let mut rest = Cursor::new(self.properties, 0);
        std::iter::from_fn(move || {
            if rest.is_empty() {
                None
            } else {
                next_property(&mut rest).ok()
            }
        })
    }
}

impl<'a> ActionCodec<'a> for Encap<'a> {
    const NAME: &'static str = "encap";
    const WIRE: &'static [Wire] = &since_v13(46);
    const FORMS: &'static [WordForm] = &[&[(
        "(",
        Takes::Named(&[
            ("ethernet", &[]),
            ("mpls", &[]),
            ("mpls_mc", &[]),
            ("nsh", &[]),
            (
                "nsh",
                &[(
                    "(",
                    Takes::Named(&[("md_type", EQUALS_TEXT), ("tlv", &[("(", Takes::Text)])]),
                )],
            ),
        ]),
    )]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new(
            "packet_type",
            JsonShape::Either(&[JsonShape::Text, JsonShape::U32]),
        ),
        JsonMember::optional("properties", JsonShape::List(&PROPERTY)),
    ];

    fn decode(body: &mut Cursor<'a>, _: ActionHeader) -> Result<Self, DecodeError> {
        let hdr_size = body.u16("hdr_size")?;
        let packet_type = body.u32("packet type")?;
        let mut walk = *body;
        while !walk.is_empty() {
            next_property(&mut walk)?;
        }
        Ok(Encap {
            hdr_size,
            packet_type,
            properties: body.take(body.remaining(), "properties")?,
        })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        out.extend(self.hdr_size.to_be_bytes());
        out.extend(self.packet_type.to_be_bytes());
        out.extend_from_slice(self.properties);
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "encap");
        sink.put("(");
        sink.put(packet_type_name(self.packet_type).unwrap_or("UNKNOWN"));
        if !self.properties.is_empty() {
            let mut comma = Separator("(");
            for property in self.properties() {
                comma.put(sink);
                match property {
                    EncapProperty::MdType(md_type) => {
                        sink.key("md_type");
                        put_dec(sink, md_type);
                    }
                    EncapProperty::Tlv { class, kind, data } => {
                        let _ = write!(sink.buffer(), "tlv({class:#06x},{kind},");
                        put_hex_bytes(sink, data);
                        sink.put(")");
                    }
                }
            }
            comma.close(sink);
        }
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        json.key("packet_type");
        match packet_type_name(self.packet_type) {
            Some(name) => json.string(name),
            None => json.number(self.packet_type),
        }
        if self.properties.is_empty() {
            return;
        }
        json.key("properties");
        json.begin_array();
        for property in self.properties() {
            json.begin_object();
            json.key("type");
            match property {
                EncapProperty::MdType(md_type) => {
                    json.string("md_type");
                    json.key("md_type");
                    json.number(md_type);
                }
                EncapProperty::Tlv { class, kind, data } => {
                    json.string("tlv");
                    json.key("class");
                    json.number(class);
                    json.key("tlv_type");
                    json.number(kind);
                    json.key("data");
                    json.string(&hex_string(data));
                }
            }
            json.end_object();
        }
        json.end_array();
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        out.push_str("encap(");
        out.push_str(&object.need("packet_type")?);
        let mut comma = Separator("(");
        let properties = object.list("properties")?;
        for property in properties {
            let mut property = object.within(property, "a property")?;
            match property.need("type")?.as_str() {
                "md_type" => comma.argument(out, "md_type", Some(property.need("md_type")?)),
                "tlv" => {
                    let class = property.need("class")?;
                    let kind = property.need("tlv_type")?;
                    let data = property.need("data")?;
                    comma.word(out, &format!("tlv({class},{kind},0x{data})"));
                }
                _ => return Err(Problem::syntax("a property is a md_type or a tlv")),
            }
            property.end()?;
        }
        if !properties.is_empty() {
            comma.end(out);
        }
        out.push(')');
        Ok(())
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut headers = Arguments::new(argument);
        let header = headers
            .next()
            .ok_or_else(|| Problem::syntax("encap needs a header"))??;
        if let Some(more) = headers.next() {
            return Err(Problem::syntax("encap adds one header").within(more?.text));
        }
        let packet_type = PACKET_TYPES
            .into_iter()
            .find(|packet_type| packet_type_name(*packet_type) == Some(header.key))
            .ok_or_else(|| {
                let names = PACKET_TYPES.into_iter().filter_map(packet_type_name);
                let names: Vec<&str> = names.collect();
                Problem::syntax(format!("encap adds one of {}", names.join(", ")))
            })?;
        let mut properties = Vec::new();
        for property in Arguments::new(header.value) {
            let property = property?;
            put_property(property, packet_type, &mut properties)
                .map_err(|problem| problem.within(property.text))?;
            if properties.len() > 0xff00 {
                return Err(Problem::syntax("these are too many properties"));
            }
        }
        // The match describes the inner packet.
        parser.known.checked = false;
        let encap = Encap {
            hdr_size: 0,
            packet_type,
            properties: &properties,
        };
        encap.put(parser)
    }
}

/// The removed header gives the type of the inner packet.
const USE_NEXT_PROTO: u32 = 0xfffe;

fixed_layout! {
    /// Removes the outermost header: `decap()`, `decap(packet_type(ns=1,type=0x800))`.
    ///
    /// JSON: `{"type":"decap","packet_type":{"ns":1,"type":2048}}`; omitted if the header itself gives the type.
    Decap = "decap" at &since_v13(47), {
        /// The type of the inner packet: namespace in the upper 16 bits, type in the lower.
        packet_type: u32,
    }

    const FORMS: &'static [WordForm] = &[&[(
        "(",
        Takes::Named(&[(
            "packet_type",
            &[("(", Takes::Named(&[("ns", EQUALS_TEXT), ("type", EQUALS_TEXT)]))],
        )]),
    )]];

    const MEMBERS: &'static [JsonMember] = &[JsonMember::optional(
        "packet_type",
        JsonShape::Object(&[
            JsonMember::new("ns", JsonShape::U16),
            JsonMember::new("type", JsonShape::U16),
        ]),
    )];

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "decap");
        sink.put("(");
        if self.packet_type != USE_NEXT_PROTO {
            sink.put("packet_type(ns=");
            put_dec(sink, self.packet_type >> 16);
            sink.put(",type=");
            put_hex_or_zero(sink, self.packet_type & 0xffff);
            sink.put(")");
        }
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        if self.packet_type != USE_NEXT_PROTO {
            json.key("packet_type");
            json.begin_object();
            json.key("ns");
            json.number(self.packet_type >> 16);
            json.key("type");
            json.number(self.packet_type & 0xffff);
            json.end_object();
        }
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        out.push_str("decap(");
        if let Some(packet_type) = object.take("packet_type") {
            let mut packet_type = object.within(packet_type, "a packet type")?;
            let (ns, kind) = (packet_type.need("ns")?, packet_type.need("type")?);
            packet_type.end()?;
            out.push_str("packet_type(ns=");
            out.push_str(&ns);
            out.push_str(",type=");
            out.push_str(&kind);
            out.push(')');
        }
        out.push(')');
        Ok(())
    }

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut packet_type = USE_NEXT_PROTO;
        set_arguments!(word, argument, |key, value| {
            "packet_type" => packet_type = parse_packet_type(key, value)?,
        });
        parser.known.checked = false;
        Decap { packet_type }.put(parser)
    }
}

/// Reads `ns=1,type=0x800`.
fn parse_packet_type(word: &str, text: &str) -> Result<u32, Problem> {
    let (mut namespace, mut number) = (None, None);
    set_arguments!(word, text, |key, value| {
        "ns" => namespace = Some(uint::<u16>(value, key)?),
        "type" => number = Some(uint::<u16>(value, key)?),
    });
    match (namespace, number) {
        (Some(namespace), Some(number)) => Ok(u32::from(namespace) << 16 | u32::from(number)),
        _ => Err(Problem::syntax(
            "a packet type is packet_type(ns=1,type=0x800)",
        )),
    }
}

/// The headers that `encap` has names for.
const PACKET_TYPES: [u32; 4] = [0, PACKET_TYPE_NSH, 0x1_8847, 0x1_8848];
const PACKET_TYPE_NSH: u32 = 0x1_894f;

/// Appends `md_type=1` or `tlv(0x1000,10,0x12345678)`.
fn put_property(
    property: Argument<'_>,
    packet_type: u32,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    match property.key {
        "md_type" | "tlv" if packet_type != PACKET_TYPE_NSH => {
            Err(Problem::syntax("only nsh has properties"))
        }
        "md_type" => {
            let md_type: u8 = uint(property.value, "md_type")?;
            if !matches!(md_type, 1 | 2) {
                return Err(Problem::syntax("md_type is 1 or 2"));
            }
            out.extend(NSH.to_be_bytes());
            out.extend([1, 5, md_type, 0, 0, 0]);
            Ok(())
        }
        "tlv" => {
            let items = list(property.value)?;
            let [class, kind, data] = items.as_slice() else {
                return Err(Problem::syntax("a tlv is tlv(CLASS,TYPE,0xDATA)"));
            };
            let class: u16 = uint(class, "the class")?;
            let kind: u8 = decimal(kind, "the type")?;
            let data = hex_bytes(data.strip_prefix("0x").unwrap_or(data))?;
            let length = 8 + data.len().next_multiple_of(8);
            let Ok(length) = u8::try_from(length) else {
                return Err(Problem::syntax("the data of a tlv is 240 bytes at most"));
            };
            out.extend(NSH.to_be_bytes());
            out.extend([2, length]);
            out.extend(class.to_be_bytes());
            out.extend([kind, data.len() as u8]);
            out.extend_from_slice(&data);
            out.resize(out.len().next_multiple_of(8), 0);
            Ok(())
        }
        key => Err(no_argument("encap", key, ["md_type", "tlv"])),
    }
}

fixed_action! {
    /// Decrements the TTL of the network service header: `dec_nsh_ttl`.
    ///
    /// JSON: `{"type":"dec_nsh_ttl"}`.
    DecNshTtl = "dec_nsh_ttl" at &since_v13(48), needs Nsh, {}
}
