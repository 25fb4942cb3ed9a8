//! `controller`: output to the controller, with parameters (ovs-actions(7), "The controller action").

use crate::openflow::text::PORT_CONTROLLER;

use super::arguments::word_in;
use super::output::put_output;
use super::prelude::*;

/// Sends the packet to the controllers with an id: `controller(reason=no_match,max_len=128,id=1)`.
///
/// JSON: `{"type":"controller","max_len":128,"id":1,"reason":"no_match","userdata":"0102","pause":true,
/// "meter_id":3}`; what has its default (65535, 0, `action`, none, false, none) is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller<'a> {
    /// How many bytes of the packet to send.
    pub max_len: u16,
    /// The id of the receiving controllers.
    pub controller_id: u16,
    /// `OFPR_*`: the reason given in the packet-in.
    pub reason: u8,
    /// Bytes for the controller.
    pub userdata: &'a [u8],
    /// Whether the packet waits until the controller resumes it.
    pub pause: bool,
    /// The meter that limits it; 0 is none.
    pub meter_id: u32,
    /// The form received: fixed, or the properties as bytes.
    pub form: ControllerForm<'a>,
}

/// The two forms of `controller` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControllerForm<'a> {
    /// `NXAST_CONTROLLER`
    Fixed,
    /// `NXAST_CONTROLLER2`, with its properties.
    Properties(&'a [u8]),
}

const CONTROLLER: Wire = Wire::nicira(20);
const CONTROLLER2: Wire = Wire::nicira(37);
const REASON_ACTION: u8 = 1;

/// The names of `OFPR_*`; the last two are empty.
const REASONS: [&str; 8] = [
    "no_match",
    "action",
    "invalid_ttl",
    "action_set",
    "group",
    "packet_out",
    "",
    "",
];

impl Controller<'_> {
    /// The whole packet to the controllers with id 0.
    const DEFAULT: Self = Controller {
        max_len: u16::MAX,
        controller_id: 0,
        reason: REASON_ACTION,
        userdata: &[],
        pause: false,
        meter_id: 0,
        form: ControllerForm::Fixed,
    };
}

impl<'a> ActionCodec<'a> for Controller<'a> {
    const NAME: &'static str = "controller";
    const WIRE: &'static [Wire] = &[CONTROLLER, CONTROLLER2];
    const FORMS: &'static [WordForm] = &[
        &[],
        &[(":", Takes::Text)],
        &[(
            "(",
            Takes::Named(&[
                ("reason", &[("=", Takes::Words(&REASONS))]),
                ("max_len", EQUALS_TEXT),
                ("id", EQUALS_TEXT),
                ("userdata", EQUALS_TEXT),
                ("pause", &[]),
                ("meter_id", &[("=", Takes::Meter)]),
            ]),
        )],
    ];
    const MEMBERS: &'static [JsonMember] = &[
        JsonMember::optional("max_len", JsonShape::U16),
        JsonMember::optional("id", JsonShape::U16),
        JsonMember::optional(
            "reason",
            JsonShape::Either(&[JsonShape::Text, JsonShape::U8]),
        ),
        JsonMember::optional("userdata", JsonShape::BYTES),
        JsonMember::optional("pause", JsonShape::True),
        JsonMember::optional("meter_id", JsonShape::U32),
    ];

    fn decode(body: &mut Cursor<'a>, head: ActionHeader) -> Result<Self, DecodeError> {
        let mut controller = Controller::DEFAULT;
        if head.number == CONTROLLER.number {
            controller.max_len = body.u16("max_len")?;
            controller.controller_id = body.u16("controller_id")?;
            controller.reason = body.u8("reason")?;
            body.skip(1, "padding")?;
            return Ok(controller);
        }
        skip_zeros(body, 6)?;
        controller.form = ControllerForm::Properties(body.rest());
        while !body.is_empty() {
            let at = *body;
            let kind = body.u16("property")?;
            let length = usize::from(body.u16("property length")?);
            let bad = at.error("property length", DecodeErrorKind::BadLength(length));
            let Some(length) = length.checked_sub(4) else {
                return Err(bad);
            };
            let mut value = body.sub(length, "property")?;
            body.skip((8 - (length + 4) % 8) % 8, "padding of a property")?;
            match kind {
                0 => controller.max_len = value.u16("max_len")?,
                1 => controller.controller_id = value.u16("controller_id")?,
                2 => controller.reason = value.u8("reason")?,
                3 => controller.userdata = value.rest(),
                4 => controller.pause = true,
                5 => controller.meter_id = value.u32("meter_id")?,
                _ => return Err(at.error("property", DecodeErrorKind::BadValue(kind.into()))),
            }
        }
        Ok(controller)
    }

    fn wire(&self, _: Version) -> Option<Wire> {
        Some(match self.form {
            ControllerForm::Fixed => CONTROLLER,
            ControllerForm::Properties(_) => CONTROLLER2,
        })
    }

    fn body(&self, _: Wire, _: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        match self.form {
            ControllerForm::Fixed => {
                out.extend(self.max_len.to_be_bytes());
                out.extend(self.controller_id.to_be_bytes());
                out.extend([self.reason, 0]);
            }
            ControllerForm::Properties(properties) => {
                put_zeros(out, 6);
                out.extend_from_slice(properties);
            }
        }
        Ok(())
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        let plain = self.reason == REASON_ACTION
            && self.controller_id == 0
            && self.userdata.is_empty()
            && !self.pause
            && self.meter_id == 0;
        if plain {
            sink.put_as(TextRole::Action, "CONTROLLER");
            sink.put(":");
            put_dec(sink, self.max_len);
            return;
        }
        sink.put_as(TextRole::Action, "controller");
        let mut comma = Separator("(");
        if self.reason != REASON_ACTION {
            comma.key(sink, "reason");
            match REASONS.get(usize::from(self.reason)) {
                Some(name) => sink.put(name),
                None => put_dec(sink, self.reason),
            }
        }
        if self.max_len != u16::MAX {
            comma.key(sink, "max_len");
            put_dec(sink, self.max_len);
        }
        if self.controller_id != 0 {
            comma.key(sink, "id");
            put_dec(sink, self.controller_id);
        }
        if !self.userdata.is_empty() {
            comma.key(sink, "userdata");
            put_dotted(sink, self.userdata);
        }
        if self.pause {
            comma.put(sink);
            sink.put_as(TextRole::Value, "pause");
        }
        if self.meter_id != 0 {
            comma.key(sink, "meter_id");
            put_dec(sink, self.meter_id);
        }
        comma.close(sink);
    }

    fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
        if self.max_len != u16::MAX {
            json.key("max_len");
            json.number(self.max_len);
        }
        if self.controller_id != 0 {
            json.key("id");
            json.number(self.controller_id);
        }
        if self.reason != REASON_ACTION {
            json.key("reason");
            match REASONS.get(usize::from(self.reason)) {
                Some(name) if !name.is_empty() => json.string(name),
                _ => json.number(self.reason),
            }
        }
        if !self.userdata.is_empty() {
            json.key("userdata");
            json.string(&hex_string(self.userdata));
        }
        if self.pause {
            json.key("pause");
            json.bool(true);
        }
        if self.meter_id != 0 {
            json.key("meter_id");
            json.number(self.meter_id);
        }
    }

    fn text_of_json(object: &mut JsonObject<'_>, out: &mut String) -> Result<(), Problem> {
        let mut comma = Separator("(");
        out.push_str(Self::NAME);
        for key in ["reason", "max_len", "id", "userdata", "meter_id"] {
            comma.argument(out, key, object.word(key)?);
        }
        if object.flag("pause")? {
            comma.word(out, "pause");
        }
        comma.end(out);
        Ok(())
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let mut controller = Controller::DEFAULT;
        let mut userdata = None;
        if argument.starts_with(|c: char| c.is_ascii_digit()) {
            controller.max_len = uint(argument, "max_len")?;
        } else {
            set_arguments!("controller", argument, |key, value| {
                "reason" => controller.reason = parse_reason(key, value)?,
                "max_len" => controller.max_len = uint(value, key)?,
                "id" => controller.controller_id = uint(value, key)?,
                "userdata" => userdata = Some(hex_bytes(value)?),
                "pause" => controller.pause = true,
                "meter_id" => controller.meter_id = uint(value, key)?,
            });
        }
        let long = userdata.is_some() || controller.pause || controller.meter_id != 0;
        if !long && controller.reason == REASON_ACTION && controller.controller_id == 0 {
            return put_output(PORT_CONTROLLER, controller.max_len, parser);
        }
        let userdata = userdata.unwrap_or_default();
        if userdata.len() > 0xff00 {
            return Err(Problem::syntax("these are too many bytes of userdata"));
        }
        let properties = controller.properties(&userdata);
        if !userdata.is_empty() || controller.pause || controller.meter_id != 0 {
            controller.form = ControllerForm::Properties(&properties);
        }
        controller.put(parser)
    }
}

/// A reason by name or number.
fn parse_reason(key: &str, text: &str) -> Result<u8, Problem> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        uint(text, key)
    } else {
        Ok(word_in(&REASONS, text, key)? as u8)
    }
}

impl Controller<'_> {
    /// The properties of non-default values, each padded to 8 bytes.
    fn properties(&self, userdata: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        // Numbers of 16 bits take four bytes with their padding.
        let mut put = |kind: u16, present: bool, value: &[u8]| {
            if present {
                out.extend(kind.to_be_bytes());
                out.extend((value.len() as u16 + 4).to_be_bytes());
                out.extend_from_slice(value);
                out.resize(out.len().next_multiple_of(8), 0);
            }
        };
        let short = |number: u16| {
            let [high, low] = number.to_be_bytes();
            [high, low, 0, 0]
        };
        put(0, self.max_len != u16::MAX, &short(self.max_len));
        put(1, self.controller_id != 0, &short(self.controller_id));
        put(2, self.reason != REASON_ACTION, &[self.reason]);
        put(3, !userdata.is_empty(), userdata);
        put(4, self.pause, &[]);
        put(5, self.meter_id != 0, &self.meter_id.to_be_bytes());
        out
    }
}
