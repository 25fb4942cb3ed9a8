//! Actions that set one header field each: OpenFlow 1.0 and 1.1, and deprecated since (ovs-actions(7)).

use super::prelude::*;
use super::put_field::{put_before_v12, put_whole_load};

/// An action with one number in 1.0 and another in 1.1 and later.
const fn renumbered(v10: u16, v11: u16) -> [Wire; 2] {
    [Wire::v10(v10), Wire::openflow(v11, Version::V11)]
}

fixed_action! {
    /// Sets the source MAC address: `mod_dl_src:00:11:22:33:44:55`.
    ///
    /// JSON: `{"type":"mod_dl_src","address":"00:11:22:33:44:55"}`.
    ModDlSrc = "mod_dl_src" at &renumbered(4, 3), {
        /// The address.
        ":" address: [u8; 6],
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        put_before_v12(self, Id::ETH_SRC, number(self.address), parser)
    }
}

fixed_action! {
    /// Sets the destination MAC address: `mod_dl_dst:00:11:22:33:44:55`.
    ///
    /// JSON: `{"type":"mod_dl_dst","address":"00:11:22:33:44:55"}`.
    ModDlDst = "mod_dl_dst" at &renumbered(5, 4), {
        /// The address.
        ":" address: [u8; 6],
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        put_before_v12(self, Id::ETH_DST, number(self.address), parser)
    }
}

fixed_action! {
    /// Sets the source IPv4 address: `mod_nw_src:10.0.0.1`.
    ///
    /// JSON: `{"type":"mod_nw_src","address":"10.0.0.1"}`.
    ModNwSrc = "mod_nw_src" at &renumbered(6, 5), needs Ipv4, {
        /// The address.
        ":" address: [u8; 4],
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        put_before_v12(self, Id::IP_SRC, number(self.address), parser)
    }
}

fixed_action! {
    /// Sets the destination IPv4 address: `mod_nw_dst:10.0.0.1`.
    ///
    /// JSON: `{"type":"mod_nw_dst","address":"10.0.0.1"}`.
    ModNwDst = "mod_nw_dst" at &renumbered(7, 6), needs Ipv4, {
        /// The address.
        ":" address: [u8; 4],
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        put_before_v12(self, Id::IP_DST, number(self.address), parser)
    }
}

fixed_action! {
    /// Sets the DSCP, given as a whole byte of type of service: `mod_nw_tos:16`.
    ///
    /// JSON: `{"type":"mod_nw_tos","nw_tos":16}`.
    ModNwTos = "mod_nw_tos" at &renumbered(8, 7), needs Ip, {
        /// The byte of type of service; its lower two bits are 0.
        ":" nw_tos: u8,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        if self.nw_tos & 3 != 0 {
            return Err(Problem::syntax("the lower two bits of nw_tos are the ECN"));
        }
        put_before_v12(self, Id::IP_DSCP, self.nw_tos >> 2, parser)
    }
}

fixed_action! {
    /// Sets the ECN bits: `mod_nw_ecn:2`.
    ///
    /// JSON: `{"type":"mod_nw_ecn","nw_ecn":2}`.
    ModNwEcn = "mod_nw_ecn" at &[Wire::openflow(8, Version::V11)], needs Ip, {
        /// The ECN bits, 0 to 3.
        ":" nw_ecn: u8 as Below<4>,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        match parser.version {
            Version::V10 => put_whole_load(Id::NW_ECN, self.nw_ecn, parser),
            _ => put_before_v12(self, Id::NW_ECN, self.nw_ecn, parser)?,
        }
        Ok(())
    }
}

fixed_action! {
    /// Sets the TTL or hop limit: `mod_nw_ttl:3`.
    ///
    /// JSON: `{"type":"mod_nw_ttl","nw_ttl":3}`.
    ModNwTtl = "mod_nw_ttl" at &[Wire::openflow(23, Version::V11)], needs Ip, {
        /// The TTL.
        ":" nw_ttl: u8,
    }

    const WORDS: &'static [&'static str] = &["mod_nw_ttl", "set_nw_ttl"];

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        match parser.version {
            Version::V10 => put_whole_load(Id::NW_TTL, self.nw_ttl, parser),
            _ => self.put(parser)?,
        }
        Ok(())
    }
}

fixed_action! {
    /// Sets the TCP, UDP or SCTP source port: `mod_tp_src:80`.
    ///
    /// JSON: `{"type":"mod_tp_src","port":80}`.
    ModTpSrc = "mod_tp_src" at &renumbered(9, 9), {
        /// The port.
        ":" port: u16,
    }

    fn put_equivalent(&self, word: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let fields = [Id::TCP_SRC, Id::UDP_SRC, Id::SCTP_SRC];
        put_transport(self, self.port, fields, word, parser)
    }
}

fixed_action! {
    /// Sets the TCP, UDP or SCTP destination port: `mod_tp_dst:80`.
    ///
    /// JSON: `{"type":"mod_tp_dst","port":80}`.
    ModTpDst = "mod_tp_dst" at &renumbered(10, 10), {
        /// The port.
        ":" port: u16,
    }

    fn put_equivalent(&self, word: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        let fields = [Id::TCP_DST, Id::UDP_DST, Id::SCTP_DST];
        put_transport(self, self.port, fields, word, parser)
    }
}

/// An address as a number.
fn number<const N: usize>(address: [u8; N]) -> u64 {
    be_number(&address) as u64
}

/// Appends the setting of a port: since 1.2, of the TCP, UDP or SCTP field according to the protocol
/// matched.
fn put_transport<'a>(
    action: &impl ActionCodec<'a>,
    port: u16,
    [tcp, udp, sctp]: [Id; 3],
    word: &str,
    parser: &mut Parser<'_>,
) -> Result<(), Problem> {
    let field = match parser.known.nw_proto {
        Some(6) => Some(tcp),
        Some(17) => Some(udp),
        Some(132) => Some(sctp),
        _ if parser.known.checked && parser.version > Version::V10 => {
            return Err(Problem::syntax(format!(
                "{word} needs tcp, udp or sctp in the match"
            )));
        }
        _ => None,
    };
    parser.demand_since_v11(word, Prereq::Ip)?;
    match field {
        Some(field) => put_before_v12(action, field, port, parser),
        None => action.put(parser),
    }
}
