//! Messages with an empty body.

use serde::Serialize;

use super::codec::{
    At, Encode, Head, Message, NICIRA, ONF, Place, nicira, nicira_request, onf, request, typed,
};
use super::header::FEATURES_REQUEST;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V10, V11, V12, V13, V14, V15};

/// The switch stops to report changes of flows for a while.
const NICIRA_PAUSED: u32 = 22;
const ONF_PAUSED: u32 = 1871;
/// As `NICIRA_PAUSED`, before OpenFlow 1.4.
pub const MONITOR_PAUSED: [At; 2] = [
    At::Vendor(NICIRA, NICIRA_PAUSED),
    At::Vendor(ONF, ONF_PAUSED),
];

/// A message without a body.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Bare {}

impl<'a> Message<'a> for Bare {
    const PLACES: &'static [Place] = &[
        typed("OFPT_FEATURES_REQUEST", FEATURES_REQUEST, V10, V15),
        typed("OFPT_GET_CONFIG_REQUEST", 7, V10, V15),
        typed("OFPT_BARRIER_REQUEST", 18, V10, V10),
        typed("OFPT_BARRIER_REPLY", 19, V10, V10),
        typed("OFPT_BARRIER_REQUEST", 20, V11, V15),
        typed("OFPT_BARRIER_REPLY", 21, V11, V15),
        typed("OFPT_GET_ASYNC_REQUEST", 26, V13, V15),
        request("OFPST_DESC", 0, V10, V15),
        request("OFPST_TABLE", 3, V10, V15),
        request("OFPST_GROUP_FEATURES", 8, V12, V15),
        request("OFPST_METER_FEATURES", 11, V13, V15),
        request("OFPST_TABLE_DESC", 14, V14, V15),
        nicira_request("NXST_IPFIX_BRIDGE", 3, V15),
        nicira_request("NXST_IPFIX_FLOW", 4, V15),
        nicira_request("NXST_GROUP_FEATURES", 9, V11),
        nicira("NXT_FLOW_AGE", 18, V10, V15),
        nicira("NXT_FLOW_MONITOR_PAUSED", NICIRA_PAUSED, V10, V12),
        nicira("NXT_FLOW_MONITOR_RESUMED", 23, V10, V12),
        nicira("NXT_TLV_TABLE_REQUEST", 25, V10, V15),
        onf("ONFT_FLOW_MONITOR_PAUSED", ONF_PAUSED),
        onf("ONFT_FLOW_MONITOR_RESUMED", 1872),
    ];

    fn decode(_: &mut Cursor<'a>, _: &Head<'a>) -> Result<Bare, DecodeError> {
        Ok(Bare {})
    }

    fn text<S: Sink>(&self, _: &mut S, _: &TextContext<'_>) {}
}

impl Encode for Bare {
    fn encode_body(&self, _: Version, _: At, _: &mut Vec<u8>) -> Option<()> {
        Some(())
    }
}
