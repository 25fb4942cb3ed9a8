//! MPLS labels (ovs-actions(7), `push_mpls` and following).

use super::prelude::*;
use super::put_field::put_before_v12;

/// An action of the specification since 1.1, of Nicira in 1.0.
const fn since_v11(number: u16, nicira: u16) -> [Wire; 2] {
    [
        Wire::openflow(number, Version::V11),
        Wire::nicira_v10(nicira),
    ]
}

fixed_action! {
    /// Adds an MPLS label: `push_mpls:0x8847`.
    ///
    /// JSON: `{"type":"push_mpls","eth_type":34887}`.
    PushMpls = "push_mpls" at &since_v11(19, 23), needs Ethernet, {
        /// The Ethernet type to give the packet: 0x8847 or 0x8848.
        ":" eth_type: u16 as EthTypeDigits,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        parser.known.set_eth_type(self.eth_type);
        parser.known.nw_proto = None;
        self.put(parser)
    }
}

fixed_action! {
    /// Removes the outermost MPLS label: `pop_mpls:0x0800`.
    ///
    /// JSON: `{"type":"pop_mpls","eth_type":2048}`.
    PopMpls = "pop_mpls" at &since_v11(20, 24), needs Ethernet and Mpls, {
        /// The Ethernet type of the payload.
        ":" eth_type: u16 as EthTypeDigits,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        parser.known.set_eth_type(self.eth_type);
        self.put(parser)
    }
}

fixed_action! {
    /// Sets the label: `set_mpls_label(100)`. In 1.2 and later rather `set_field`.
    ///
    /// JSON: `{"type":"set_mpls_label","mpls_label":100}`.
    SetMplsLabel = "set_mpls_label" at &since_v11(13, 30), needs Mpls, {
        /// The label, 20 bits.
        "(" mpls_label: u32 as Below<0x10_0000>,
        ; ")"
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        put_before_v12(self, Id::MPLS_LABEL, self.mpls_label, parser)
    }
}

fixed_action! {
    /// Sets the traffic class: `set_mpls_tc(3)`. In 1.2 and later rather `set_field`.
    ///
    /// JSON: `{"type":"set_mpls_tc","mpls_tc":3}`.
    SetMplsTc = "set_mpls_tc" at &since_v11(14, 31), needs Mpls, {
        /// The traffic class, 3 bits.
        "(" mpls_tc: u8 as Below<8>,
        ; ")"
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        put_before_v12(self, Id::MPLS_TC, self.mpls_tc, parser)
    }
}

fixed_action! {
    /// Sets the TTL of the outermost label: `set_mpls_ttl(64)`.
    ///
    /// JSON: `{"type":"set_mpls_ttl","mpls_ttl":64}`.
    SetMplsTtl = "set_mpls_ttl" at &since_v11(15, 25), needs Mpls, {
        /// The TTL.
        "(" mpls_ttl: u8,
        ; ")"
    }
}

fixed_action! {
    /// Decrements the TTL of the outermost label: `dec_mpls_ttl`.
    ///
    /// JSON: `{"type":"dec_mpls_ttl"}`.
    DecMplsTtl = "dec_mpls_ttl" at &since_v11(16, 26), needs Mpls, {}
}
