//! `bundle` and `bundle_load`: output to one of several ports, by hash or by port state (ovs-actions(7)).

use crate::openflow::text::{port_from_v10, port_to_v10, put_port};

use super::prelude::*;

/// Sends the packet to one of several ports: `bundle(eth_src,0,hrw,ofport,members:1,2)`.
///
/// JSON: `{"type":"bundle","fields":"eth_src","basis":0,"algorithm":"hrw","members":[{"number":1}]}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bundle<'a> {
    /// How a port is chosen, and among which.
    pub choice: BundleChoice<'a>,
}

/// Loads the number of one of several ports: `bundle_load(eth_src,0,hrw,ofport,NXM_NX_REG0[],members:1,2)`.
///
/// JSON: as `bundle`, with `"dst":{"field":"reg0","offset":0,"n_bits":32}`.
#[derive(Debug, Clone, Copy)]
pub struct BundleLoad<'a> {
    /// How a port is chosen, and among which.
    pub choice: BundleChoice<'a>,
    /// The destination of the port number.
    pub dst: Bits,
}

/// How one of several ports is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BundleChoice<'a> {
    /// `NX_BD_ALG_*`
    pub algorithm: u16,
    /// What is hashed, `NX_HASH_FIELDS_*`.
    pub fields: u16,
    /// A constant included in the hash.
    pub basis: u16,
    /// The ports, two bytes each.
    pub members: &'a [u8],
}

struct Algorithm;

impl WordList for Algorithm {
    const WORDS: &'static [&'static str] = &["active_backup", "hrw"];
    const WHAT: &'static str = "algorithm";
}

/// The members of `bundle` in JSON.
const MEMBERS: [JsonMember; 4] = [
    JsonMember::new("fields", <Word<HashFields> as MemberKind<u16>>::SHAPE),
    JsonMember::new("basis", JsonShape::U16),
    JsonMember::new("algorithm", <Word<Algorithm> as MemberKind<u16>>::SHAPE),
    JsonMember::new("members", JsonShape::List(&JsonShape::PORT)),
];
/// The members of `bundle_load` in JSON.
const LOAD_MEMBERS: [JsonMember; 5] = {
    let [fields, basis, algorithm, members] = MEMBERS;
    [
        fields,
        basis,
        algorithm,
        members,
        JsonMember::new("dst", JsonShape::BITS),
    ]
};

/// The only type of member there is: `NXM_OF_IN_PORT`.
const MEMBER_TYPE: u32 = 2;

impl<'a> BundleChoice<'a> {
    /// Decodes the body; `dst` decodes the destination in the middle of it.
    fn decode<D>(
        body: &mut Cursor<'a>,
        dst: impl FnOnce(&mut Cursor<'a>) -> Result<D, DecodeError>,
    ) -> Result<(BundleChoice<'a>, D), DecodeError> {
        let algorithm = body.u16("algorithm")?;
        let fields = body.u16("fields")?;
        let basis = body.u16("basis")?;
        let member_type = body.u32("member type")?;
        if member_type != MEMBER_TYPE {
            let bad = DecodeErrorKind::BadValue(member_type.into());
            return Err(body.error("member type", bad));
        }
        let n_members = usize::from(body.u16("n_members")?);
        let dst = dst(body)?;
        body.skip(4, "padding")?;
        let members = body.take(2 * n_members, "members")?;
        let choice = BundleChoice {
            algorithm,
            fields,
            basis,
            members,
        };
        Ok((choice, dst))
    }

    fn encode(&self, dst: Option<Bits>, out: &mut Vec<u8>) {
        out.extend(self.algorithm.to_be_bytes());
        out.extend(self.fields.to_be_bytes());
        out.extend(self.basis.to_be_bytes());
        out.extend(MEMBER_TYPE.to_be_bytes());
        out.extend(((self.members.len() / 2) as u16).to_be_bytes());
        match dst {
            None => put_zeros(out, 6),
            Some(dst) => dst.encode(out),
        }
        put_zeros(out, 4);
        out.extend_from_slice(self.members);
    }

    pub(super) fn ports(&self) -> impl Iterator<Item = u32> {
        let pairs = self.members.chunks_exact(2);
        pairs.map(|pair| port_from_v10(be_number(pair) as u16))
    }

    fn text<S: Sink>(&self, name: &str, dst: Option<Bits>, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(TextRole::Action, name);
        sink.put("(");
        Word::<HashFields>::text(self.fields, sink, cx);
        sink.put(",");
        put_dec(sink, self.basis);
        sink.put(",");
        Word::<Algorithm>::text(self.algorithm, sink, cx);
        sink.put(",ofport,");
        if let Some(dst) = dst {
            dst.text(sink);
            sink.put(",");
        }
        sink.put("members:");
        for (index, port) in self.ports().enumerate() {
            if index > 0 {
                sink.put(",");
            }
            put_port(sink, cx, port);
        }
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        Word::<HashFields>::json("fields", self.fields, json, cx);
        json.key("basis");
        json.number(self.basis);
        Word::<Algorithm>::json("algorithm", self.algorithm, json, cx);
        json.key("members");
        json.begin_array();
        for port in self.ports() {
            put_port_json(json, cx.names, port);
        }
        json.end_array();
    }
}

impl Bundle<'_> {
    /// The ports among which one is chosen.
    pub fn members(&self) -> impl Iterator<Item = u32> {
        self.choice.ports()
    }
}

impl<'a> ActionCodec<'a> for Bundle<'a> {
    const NAME: &'static str = "bundle";
    const WIRE: &'static [Wire] = &[Wire::nicira(12)];
    const FORMS: &'static [WordForm] = &[&[
        ("(", Takes::Words(HashFields::WORDS)),
        (",", Takes::Text),
        (",", Takes::Words(Algorithm::WORDS)),
        (",", Takes::Words(&["ofport"])),
        (",members:", Takes::Ports),
    ]];
    const MEMBERS: &'static [JsonMember] = &MEMBERS;

    fn decode(body: &mut Cursor<'a>, _: ActionHeader) -> Result<Self, DecodeError> {
        let (choice, ()) = BundleChoice::decode(body, |body| {
            skip_zeros(&mut body.clone(), 10)?;
            body.skip(6, "destination")
        })?;
        Ok(Bundle { choice })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        self.choice.encode(None, out);
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        self.choice.text(Self::NAME, None, sink, cx);
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        self.choice.json(json, cx);
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        text_of_choice(Self::NAME, object, out)
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let (Bundle { choice }, members, _) = parse_choice(argument, false, parser)?;
        let choice = BundleChoice {
            members: &members,
            ..choice
        };
        Bundle { choice }.put(parser)
    }
}

impl<'a> ActionCodec<'a> for BundleLoad<'a> {
    const NAME: &'static str = "bundle_load";
    const WIRE: &'static [Wire] = &[Wire::nicira(13)];
    const FORMS: &'static [WordForm] = &[&[
        ("(", Takes::Words(HashFields::WORDS)),
        (",", Takes::Text),
        (",", Takes::Words(Algorithm::WORDS)),
        (",", Takes::Words(&["ofport"])),
        (",", Takes::BitsToSet),
        (",members:", Takes::Ports),
    ]];
    const MEMBERS: &'static [JsonMember] = &LOAD_MEMBERS;

    fn decode(body: &mut Cursor<'a>, _: ActionHeader) -> Result<Self, DecodeError> {
        let (choice, dst) = BundleChoice::decode(body, MemberValue::decode)?;
        Ok(BundleLoad { choice, dst })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        self.choice.encode(Some(self.dst), out);
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        self.choice.text(Self::NAME, Some(self.dst), sink, cx);
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        self.choice.json(json, cx);
        json.key("dst");
        self.dst.json(json);
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        text_of_choice(Self::NAME, object, out)
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let (Bundle { choice }, members, dst) = parse_choice(argument, true, parser)?;
        let choice = BundleChoice {
            members: &members,
            ..choice
        };
        match dst {
            Some(dst) => BundleLoad { choice, dst }.put(parser),
            None => Err(Problem::syntax("bundle_load needs a destination")),
        }
    }
}

/// Appends the text of either action.
fn text_of_choice(
    name: &str,
    object: &mut JsonObject<'_>,
    out: &mut String,
) -> Result<(), Problem> {
    out.push_str(name);
    let mut comma = Separator("(");
    for key in ["fields", "basis", "algorithm"] {
        comma.word(out, &object.need(key)?);
    }
    comma.word(out, "ofport");
    if let Some(dst) = object.word("dst")? {
        comma.word(out, &dst);
    }
    let mut before = "members:";
    for port in object.list("members")? {
        comma.word(out, before);
        out.push_str(&word(port, object.names)?);
        before = "";
    }
    if before == "members:" {
        comma.word(out, before);
    }
    comma.end(out);
    Ok(())
}

/// Maximum number of ports.
const MOST_MEMBERS: usize = 2048;

/// Reads `eth_src,0,hrw,ofport,members:1,2`; a destination precedes the members.
fn parse_choice(
    text: &str,
    loads: bool,
    parser: &Parser<'_>,
) -> Result<(Bundle<'static>, Vec<u8>, Option<Bits>), Problem> {
    let mut items = list(text)?.into_iter();
    let mut next = || {
        items.next().filter(|item| !item.is_empty()).ok_or_else(|| {
            Problem::syntax("a bundle is FIELDS,BASIS,ALGORITHM,ofport,[DST,]members:PORT,...")
        })
    };
    let fields = HashFields::number(next()?)?;
    let basis = decimal(next()?, "the basis")?;
    let algorithm = Algorithm::number(next()?)?;
    if !next()?.eq_ignore_ascii_case("ofport") {
        return Err(Problem::syntax("the members are of type ofport"));
    }
    let dst = if loads {
        Some(Bits::parse_short_target(next()?, parser)?)
    } else {
        None
    };
    let first = next()?;
    let (word, first) = first.split_once(':').unwrap_or((first, ""));
    if !word.eq_ignore_ascii_case("members") && !word.eq_ignore_ascii_case("slaves") {
        return Err(Problem::syntax("members: and their ports come last"));
    }
    let mut members = Vec::new();
    for port in std::iter::once(first).chain(items) {
        let port = port.trim_matches(['[', ']', ' ']);
        if port.is_empty() {
            continue;
        }
        let number = port_to_v10(parser.ofport(port)?)
            .ok_or_else(|| Problem::syntax("the port's number is too great").within(port))?;
        members.extend(number.to_be_bytes());
    }
    if members.len() > 2 * MOST_MEMBERS {
        return Err(Problem::syntax(format!(
            "a bundle has {MOST_MEMBERS} members at most"
        )));
    }
    let choice = BundleChoice {
        algorithm,
        fields,
        basis,
        members: &[],
    };
    Ok((Bundle { choice }, members, dst))
}
