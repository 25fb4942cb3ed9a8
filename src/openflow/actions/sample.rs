//! `sample`: sends packets to IPFIX collectors (ovs-actions(7)).

use crate::openflow::text::{PORT_ANY, port_from_v10, put_port};

use super::codec::put_port_u16;
use super::number_or_field::NumberOrField;
use super::prelude::*;

/// Samples packets: `sample(probability=1,collector_set_id=2,obs_domain_id=3,obs_point_id=NXM_NX_REG0[],
/// sampling_port=1,egress)`.
///
/// JSON: the same keys; an id from a field as `{"field":"reg0","offset":0,"n_bits":32}`, `sampling_port` as a
/// port, `"direction":"egress"`.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// Sampled packets out of 65535.
    pub probability: u16,
    /// `Flow_Sample_Collector_Set.id`
    pub collector_set_id: u32,
    /// The observation domain; in a field since Open vSwitch 3.4.
    pub obs_domain_id: NumberOrField<u32>,
    /// The observation point; in a field since Open vSwitch 3.4.
    pub obs_point_id: NumberOrField<u32>,
    /// The port whose tunnel is reported; `ANY` is none.
    pub sampling_port: u32,
    /// The direction sampled.
    pub direction: SampleDirection,
    /// Which of the four forms it is.
    pub(super) form: Wire,
}

/// The direction in which packets are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleDirection {
    /// Unspecified.
    Default,
    /// Ingress.
    Ingress,
    /// Egress.
    Egress,
}

/// `NXAST_SAMPLE`
const SAMPLE: Wire = Wire::nicira(29);
/// `NXAST_SAMPLE2`: with a port.
const SAMPLE2: Wire = Wire::nicira(38);
/// `NXAST_SAMPLE3`: with a port and a direction.
const SAMPLE3: Wire = Wire::nicira(41);
/// `NXAST_SAMPLE4`: the same, and the ids may come from fields.
const SAMPLE4: Wire = Wire::nicira(51);

impl<'a> ActionCodec<'a> for Sample {
    const NAME: &'static str = "sample";
    const WIRE: &'static [Wire] = &[SAMPLE, SAMPLE2, SAMPLE3, SAMPLE4];
    const FORMS: &'static [WordForm] = &[&[(
        "(",
        Takes::Named(&[
            ("probability", EQUALS_TEXT),
            ("collector_set_id", EQUALS_TEXT),
            ("obs_domain_id", EQUALS_BITS),
            ("obs_point_id", EQUALS_BITS),
            ("sampling_port", EQUALS_PORT),
            ("ingress", &[]),
            ("egress", &[]),
        ]),
    )]];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("probability", JsonShape::U16),
        JsonMember::optional("collector_set_id", JsonShape::U32),
        JsonMember::optional("obs_domain_id", <NumberOrField<u32>>::SHAPE),
        JsonMember::optional("obs_point_id", <NumberOrField<u32>>::SHAPE),
        JsonMember::optional("sampling_port", JsonShape::PORT),
        JsonMember::optional("direction", JsonShape::Words(&["ingress", "egress"])),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let form = head.form();
        let id = |body: &mut Cursor<'_>| {
            if form == SAMPLE4 {
                MemberValue::decode(body)
            } else {
                body.u32("observation id").map(NumberOrField::Number)
            }
        };
        let mut sample = Sample {
            probability: body.u16("probability")?,
            collector_set_id: body.u32("collector_set_id")?,
            obs_domain_id: id(body)?,
            obs_point_id: id(body)?,
            sampling_port: PORT_ANY,
            direction: SampleDirection::Default,
            form,
        };
        if form == SAMPLE {
            return Ok(sample);
        }
        sample.sampling_port = port_from_v10(body.u16("sampling_port")?);
        if form == SAMPLE2 {
            body.skip(6, "padding")?;
            return Ok(sample);
        }
        sample.direction = match body.u8("direction")? {
            0 => SampleDirection::Default,
            1 => SampleDirection::Ingress,
            2 => SampleDirection::Egress,
            other => {
                let bad = DecodeErrorKind::BadValue(other.into());
                return Err(body.error("direction", bad));
            }
        };
        skip_zeros(body, 5)?;
        Ok(sample)
    }

    fn wire(&self, _: Version) -> Option<Wire> {
        Some(self.form)
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        out.extend(self.probability.to_be_bytes());
        out.extend(self.collector_set_id.to_be_bytes());
        for (_, id) in self.ids() {
            match id {
                NumberOrField::Number(id) if self.form != SAMPLE4 => id.encode(out),
                id => id.encode(out),
            }
        }
        if self.form != SAMPLE {
            put_port_u16(self.sampling_port, Self::unencodable(version), out)?;
            out.push(self.direction as u8);
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(TextRole::Action, "sample");
        sink.put("(");
        sink.key("probability");
        put_dec(sink, self.probability);
        sink.put(",");
        sink.key("collector_set_id");
        put_dec(sink, self.collector_set_id);
        for (name, id) in self.ids() {
            sink.put(",");
            sink.key(name);
            id.text(sink);
        }
        if self.sampling_port != PORT_ANY {
            sink.put(",");
            sink.key("sampling_port");
            put_port(sink, cx, self.sampling_port);
        }
        if let Some(direction) = self.direction.name() {
            sink.put(",");
            sink.put(direction);
        }
        sink.put(")");
    }

    fn json(&self, json: &mut Json<'_>, cx: &TextContext<'_>) {
        json.key("probability");
        json.number(self.probability);
        json.key("collector_set_id");
        json.number(self.collector_set_id);
        for (name, id) in self.ids() {
            json.key(name);
            id.json(json);
        }
        if self.sampling_port != PORT_ANY {
            json.key("sampling_port");
            put_port_json(json, cx.names, self.sampling_port);
        }
        if let Some(direction) = self.direction.name() {
            json.key("direction");
            json.string(direction);
        }
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        let mut comma = Separator("(");
        out.push_str(Self::NAME);
        for key in [
            "probability",
            "collector_set_id",
            "obs_domain_id",
            "obs_point_id",
            "sampling_port",
        ] {
            comma.argument(out, key, object.word(key)?);
        }
        if let Some(direction) = object.word("direction")? {
            comma.word(out, &direction);
        }
        comma.end(out);
        Ok(())
    }

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut sample = Sample {
            probability: 0,
            collector_set_id: 0,
            obs_domain_id: NumberOrField::Number(0),
            obs_point_id: NumberOrField::Number(0),
            sampling_port: PORT_ANY,
            direction: SampleDirection::Default,
            form: SAMPLE,
        };
        set_arguments!(word, argument, |key, value| {
            "probability" => sample.probability = uint(value, key)?,
            "collector_set_id" => sample.collector_set_id = uint(value, key)?,
            "obs_domain_id" => sample.obs_domain_id = observation_id(key, value, parser)?,
            "obs_point_id" => sample.obs_point_id = observation_id(key, value, parser)?,
            "sampling_port" => sample.sampling_port = parser.ofport(value)?,
            "ingress" => sample.direction = SampleDirection::Ingress,
            "egress" => sample.direction = SampleDirection::Egress,
        });
        if sample.probability == 0 {
            return Err(Problem::syntax(
                "sample needs a probability from 1 to 65535",
            ));
        }
        let in_field = |(_, id)| matches!(id, NumberOrField::Field(_));
        if sample.ids().into_iter().any(in_field) {
            sample.form = SAMPLE4;
        } else if sample.direction != SampleDirection::Default {
            sample.form = SAMPLE3;
        } else if sample.sampling_port != PORT_ANY {
            sample.form = SAMPLE2;
        }
        sample.put(parser)
    }
}

impl Sample {
    fn ids(&self) -> [(&'static str, NumberOrField<u32>); 2] {
        [
            ("obs_domain_id", self.obs_domain_id),
            ("obs_point_id", self.obs_point_id),
        ]
    }
}

impl SampleDirection {
    fn name(self) -> Option<&'static str> {
        match self {
            SampleDirection::Default => None,
            SampleDirection::Ingress => Some("ingress"),
            SampleDirection::Egress => Some("egress"),
        }
    }
}

/// Reads an observation id, which has 32 bits at most.
fn observation_id(
    key: &str,
    value: &str,
    parser: &Parser<'_>,
) -> Result<NumberOrField<u32>, Problem> {
    match NumberOrField::parse(value, key, parser)? {
        NumberOrField::Field(bits) if bits.n_bits > 32 => {
            Err(Problem::syntax(format!("{key} takes 32 bits at most")).within(value))
        }
        id => Ok(id),
    }
}
