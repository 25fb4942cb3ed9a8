//! The description of the switch: manufacturer, hardware, software (OpenFlow 1.5.1 §7.3.5.1).
//!
//! ```text
//! mfr_desc(256) hw_desc(256) sw_desc(256) serial_num(32) dp_desc(256)
//! ```

use serde::Serialize;

use super::codec::{Head, Message, Place, reply};
use super::members::WireText;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V15};

/// `OFPST_DESC` reply
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the specification's names")]
pub struct Desc {
    pub mfr_desc: WireText,
    pub hw_desc: WireText,
    pub sw_desc: WireText,
    pub serial_num: WireText,
    pub dp_desc: WireText,
}

impl<'a> Message<'a> for Desc {
    const PLACES: &'static [Place] = &[reply("OFPST_DESC", 0, V10, V15)];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<Desc, DecodeError> {
        let mut next = |length, what| body.take(length, what).map(WireText::padded);
        Ok(Desc {
            mfr_desc: next(256, "mfr_desc")?,
            hw_desc: next(256, "hw_desc")?,
            sw_desc: next(256, "sw_desc")?,
            serial_num: next(32, "serial_num")?,
            dp_desc: next(256, "dp_desc")?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        sink.put("\n");
        for (key, words) in [
            ("Manufacturer", &self.mfr_desc),
            ("Hardware", &self.hw_desc),
            ("Software", &self.sw_desc),
            ("Serial Num", &self.serial_num),
            ("DP Description", &self.dp_desc),
        ] {
            writeln!(sink, "{key}: {words}");
        }
    }
}
