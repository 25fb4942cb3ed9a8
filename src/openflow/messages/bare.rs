//! Messages whose type says all: their bodies are empty.

use serde::Serialize;

use super::codec::{At, Head, Message, NICIRA, ONF, Place, place};
use super::header::FEATURES_REQUEST;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V11, V12, V13, V14, V15};

/// A message without a body.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Bare {}

impl<'a> Message<'a> for Bare {
    const PLACES: &'static [Place] = &[
        place(
            "OFPT_FEATURES_REQUEST",
            At::Type(FEATURES_REQUEST),
            V10,
            V15,
        ),
        place("OFPT_GET_CONFIG_REQUEST", At::Type(7), V10, V15),
        place("OFPT_BARRIER_REQUEST", At::Type(18), V10, V10),
        place("OFPT_BARRIER_REPLY", At::Type(19), V10, V10),
        place("OFPT_BARRIER_REQUEST", At::Type(20), V11, V15),
        place("OFPT_BARRIER_REPLY", At::Type(21), V11, V15),
        place("OFPT_GET_ASYNC_REQUEST", At::Type(26), V13, V15),
        place("OFPST_DESC", At::Request(0), V10, V15),
        place("OFPST_TABLE", At::Request(3), V10, V15),
        place("OFPST_GROUP_FEATURES", At::Request(8), V12, V15),
        place("OFPST_METER_FEATURES", At::Request(11), V13, V15),
        place("OFPST_TABLE_DESC", At::Request(14), V14, V15),
        place("NXST_IPFIX_BRIDGE", At::VendorRequest(NICIRA, 3), V10, V15),
        place("NXST_IPFIX_FLOW", At::VendorRequest(NICIRA, 4), V10, V15),
        place(
            "NXST_GROUP_FEATURES",
            At::VendorRequest(NICIRA, 9),
            V10,
            V11,
        ),
        place("NXT_FLOW_AGE", At::Vendor(NICIRA, 18), V10, V15),
        place("NXT_FLOW_MONITOR_PAUSED", At::Vendor(NICIRA, 22), V10, V12),
        place("NXT_FLOW_MONITOR_RESUMED", At::Vendor(NICIRA, 23), V10, V12),
        place("NXT_TLV_TABLE_REQUEST", At::Vendor(NICIRA, 25), V10, V15),
        place("ONFT_FLOW_MONITOR_PAUSED", At::Vendor(ONF, 1871), V13, V13),
        place("ONFT_FLOW_MONITOR_RESUMED", At::Vendor(ONF, 1872), V13, V13),
    ];

    fn decode(_: &mut Cursor<'a>, _: &Head<'a>) -> Result<Bare, DecodeError> {
        Ok(Bare {})
    }

    fn text<S: Sink>(&self, _: &mut S, _: &TextContext<'_>) {}
}
