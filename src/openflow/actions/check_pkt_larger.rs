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
}
