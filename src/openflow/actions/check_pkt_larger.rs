//! `check_pkt_larger`: compares the packet's length (ovs-actions(7)).

use super::prelude::*;

fixed_action! {
    /// Sets a bit if the packet is longer: `check_pkt_larger(1500)->NXM_NX_REG0[0]`.
    ///
    /// JSON: `{"type":"check_pkt_larger","pkt_len":1500,"dst":{"field":"reg0","offset":0,"n_bits":1}}`.
    CheckPktLarger = "check_pkt_larger" at &[Wire::nicira(49)], {
        /// The length to compare with, in bytes.
        "(" pkt_len: u16,
        /// The bit.
        ")->" dst: Bits as OneBit,
    }

    fn parse(_: &str, argument: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let (length, field) = arrow(argument)?;
        let pkt_len = uint(length.trim_end_matches(')'), "the length")?;
        let dst = Bits::parse_target(field, parser)?;
        if dst.n_bits != 1 {
            return Err(Problem::syntax("the result is one bit of a field"));
        }
        CheckPktLarger { pkt_len, dst }.put(parser)
    }
}
