//! `sample`: sends packets to IPFIX collectors (ovs-actions(7)).

use crate::openflow::text::{PORT_ANY, port_from_v10, put_port};

use super::codec::put_port_u16;
use super::prelude::*;

/// Samples packets: `sample(probability=1,collector_set_id=2,obs_domain_id=3,obs_point_id=4,
/// sampling_port=1,egress)`.
///
/// JSON: the same keys; `sampling_port` as a port, `"direction":"egress"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Sampled packets out of 65535.
    pub probability: u16,
    /// `Flow_Sample_Collector_Set.id`
    pub collector_set_id: u32,
    /// The observation domain.
    pub obs_domain_id: u32,
    /// The observation point.
    pub obs_point_id: u32,
    /// The port whose tunnel is reported; `ANY` is none.
    pub sampling_port: u32,
    /// The direction sampled.
    pub direction: Direction,
    /// The wire form received, 1 to 4.
    pub form: u8,
}

/// The direction in which packets are sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Unspecified.
    Default,
    /// Ingress.
    Ingress,
    /// Egress.
    Egress,
}

const SAMPLE: [Wire; 3] = [Wire::nicira(29), Wire::nicira(38), Wire::nicira(41)];

impl<'a> ActionCodec<'a> for Sample {
    const NAME: &'static str = "sample";
    const WIRE: &'static [Wire] = &SAMPLE;
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::new("probability", JsonShape::U16),
        JsonMember::optional("collector_set_id", JsonShape::U32),
        JsonMember::optional("obs_domain_id", JsonShape::U32),
        JsonMember::optional("obs_point_id", JsonShape::U32),
        JsonMember::optional("sampling_port", JsonShape::PORT),
        JsonMember::optional("direction", JsonShape::Words(&["ingress", "egress"])),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let mut sample = Sample {
            probability: body.u16("probability")?,
            collector_set_id: body.u32("collector_set_id")?,
            obs_domain_id: body.u32("obs_domain_id")?,
            obs_point_id: body.u32("obs_point_id")?,
            sampling_port: PORT_ANY,
            direction: Direction::Default,
            form: 1,
        };
        if head.number != SAMPLE[0].number {
            sample.form = if head.number == SAMPLE[1].number {
                2
            } else {
                3
            };
            sample.sampling_port = port_from_v10(body.u16("sampling_port")?);
            if sample.form == 2 {
                body.skip(6, "padding")?;
                return Ok(sample);
            }
            sample.direction = match body.u8("direction")? {
                0 => Direction::Default,
                1 => Direction::Ingress,
                2 => Direction::Egress,
                other => {
                    let bad = DecodeErrorKind::BadValue(other.into());
                    return Err(body.error("direction", bad));
                }
            };
            skip_zeros(body, 5)?;
        }
        Ok(sample)
    }

    fn wire(&self, _: Version) -> Option<Wire> {
        Some(match self.form {
            1 => SAMPLE[0],
            2 => SAMPLE[1],
            _ => SAMPLE[2],
        })
    }

    fn body(&self, _: Wire, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        out.extend(self.probability.to_be_bytes());
        out.extend(self.collector_set_id.to_be_bytes());
        out.extend(self.obs_domain_id.to_be_bytes());
        out.extend(self.obs_point_id.to_be_bytes());
        if self.form > 1 {
            put_port_u16(self.sampling_port, Self::unencodable(version), out)?;
            out.push(self.direction as u8);
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, cx: &TextContext<'_>) {
        sink.put_as(Role::Action, "sample");
        sink.put("(");
        sink.key("probability");
        put_dec(sink, self.probability);
        for (name, id) in self.ids() {
            sink.put(",");
            sink.key(name);
            put_dec(sink, id);
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
        for (name, id) in self.ids() {
            json.key(name);
            json.number(id);
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

    fn parse(word: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut sample = Sample {
            probability: 0,
            collector_set_id: 0,
            obs_domain_id: 0,
            obs_point_id: 0,
            sampling_port: PORT_ANY,
            direction: Direction::Default,
            form: 1,
        };
        for argument in Arguments::new(argument) {
            let Argument { key, value, .. } = argument?;
            match key {
                "probability" => sample.probability = uint(value, key)?,
                "collector_set_id" => sample.collector_set_id = uint(value, key)?,
                "obs_domain_id" => sample.obs_domain_id = uint(value, key)?,
                "obs_point_id" => sample.obs_point_id = uint(value, key)?,
                "sampling_port" => sample.sampling_port = parser.ofport(value)?,
                "ingress" => sample.direction = Direction::Ingress,
                "egress" => sample.direction = Direction::Egress,
                _ => return Err(no_argument(word, key, &KEYS)),
            }
        }
        if sample.probability == 0 {
            return Err(Problem::syntax(
                "sample needs a probability from 1 to 65535",
            ));
        }
        if sample.direction != Direction::Default {
            sample.form = 3;
        } else if sample.sampling_port != PORT_ANY {
            sample.form = 2;
        }
        sample.put(parser)
    }
}

impl Sample {
    fn ids(&self) -> [(&'static str, u32); 3] {
        [
            ("collector_set_id", self.collector_set_id),
            ("obs_domain_id", self.obs_domain_id),
            ("obs_point_id", self.obs_point_id),
        ]
    }
}

impl Direction {
    fn name(self) -> Option<&'static str> {
        match self {
            Direction::Default => None,
            Direction::Ingress => Some("ingress"),
            Direction::Egress => Some("egress"),
        }
    }
}

const KEYS: [&str; 7] = [
    "probability",
    "collector_set_id",
    "obs_domain_id",
    "obs_point_id",
    "sampling_port",
    "ingress",
    "egress",
];
