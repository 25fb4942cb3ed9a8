//! Header fields by actions of their own: OpenFlow 1.0 and 1.1, and deprecated since (ovs-actions(7)).

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::text::{Plain, Sink, TextContext};
use crate::openflow::version::Version;

use super::number::{put_dec, put_ipv4, put_mac};
use super::{
    ActionCodec, Head, Unencodable, Vendor, Wire, number_action, place, put_action, put_name,
};

/// An action with one number in 1.0 and another in 1.1 and later.
const fn renumbered(v10: u16, v11: u16) -> [Wire; 2] {
    [
        Wire::new(Vendor::OpenFlow, v10, Version::V10, Version::V10),
        Wire::openflow(v11, Version::V11),
    ]
}

/// Makes the struct and implements [`ActionCodec`] for an action with one address for an argument.
macro_rules! address_action {
    ($(#[$doc:meta])* $type:ident: $address:ty, $name:literal, $wire:expr, $put:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $type {
            /// The address.
            pub address: $address,
        }

        impl<'a> ActionCodec<'a> for $type {
            const NAME: &'static str = $name;
            const WIRE: &'static [Wire] = $wire;

            fn decode(body: &mut Cursor<'a>, _: Head) -> Result<Self, DecodeError> {
                Ok($type {
                    address: body.array($name)?,
                })
            }

            fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), Unencodable> {
                put_action(place(Self::WIRE, version, $name)?, out, |out| {
                    out.extend(self.address);
                });
                Ok(())
            }

            fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
                put_name(sink, $name);
                $put(sink, self.address);
            }

            fn json(&self, json: &mut Json<'_>, _: &TextContext<'_>) {
                let mut text = Plain::default();
                $put(&mut text, self.address);
                json.key("address");
                json.string(&text.0);
            }
        }
    };
}

address_action! {
    /// Sets the source MAC address: `mod_dl_src:00:11:22:33:44:55`.
    ///
    /// JSON: `{"type":"mod_dl_src","address":"00:11:22:33:44:55"}`.
    ModDlSrc: [u8; 6], "mod_dl_src", &renumbered(4, 3), put_mac
}

address_action! {
    /// Sets the destination MAC address: `mod_dl_dst:00:11:22:33:44:55`.
    ///
    /// JSON: `{"type":"mod_dl_dst","address":"00:11:22:33:44:55"}`.
    ModDlDst: [u8; 6], "mod_dl_dst", &renumbered(5, 4), put_mac
}

address_action! {
    /// Sets the source IPv4 address: `mod_nw_src:10.0.0.1`.
    ///
    /// JSON: `{"type":"mod_nw_src","address":"10.0.0.1"}`.
    ModNwSrc: [u8; 4], "mod_nw_src", &renumbered(6, 5), put_ipv4
}

address_action! {
    /// Sets the destination IPv4 address: `mod_nw_dst:10.0.0.1`.
    ///
    /// JSON: `{"type":"mod_nw_dst","address":"10.0.0.1"}`.
    ModNwDst: [u8; 4], "mod_nw_dst", &renumbered(7, 6), put_ipv4
}

number_action! {
    /// Sets the DSCP, given as a whole byte of type of service: `mod_nw_tos:16`.
    ///
    /// JSON: `{"type":"mod_nw_tos","nw_tos":16}`.
    ModNwTos {
        /// The byte of type of service; its lower two bits are 0.
        nw_tos: u8
    }
    "mod_nw_tos", "nw_tos", &renumbered(8, 7),
    |sink, value| {
        put_name(sink, "mod_nw_tos");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the ECN bits: `mod_nw_ecn:2`.
    ///
    /// JSON: `{"type":"mod_nw_ecn","nw_ecn":2}`.
    ModNwEcn {
        /// The ECN bits, 0 to 3.
        nw_ecn: u8
    }
    "mod_nw_ecn", "nw_ecn", &[Wire::openflow(8, Version::V11)],
    |sink, value| {
        put_name(sink, "mod_nw_ecn");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the TTL or hop limit: `mod_nw_ttl:3`.
    ///
    /// JSON: `{"type":"mod_nw_ttl","nw_ttl":3}`.
    ModNwTtl {
        /// The TTL.
        nw_ttl: u8
    }
    "mod_nw_ttl", "nw_ttl", &[Wire::openflow(23, Version::V11)],
    |sink, value| {
        put_name(sink, "mod_nw_ttl");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the TCP, UDP or SCTP source port: `mod_tp_src:80`.
    ///
    /// JSON: `{"type":"mod_tp_src","port":80}`.
    ModTpSrc {
        /// The port.
        port: u16
    }
    "mod_tp_src", "port", &renumbered(9, 9),
    |sink, value| {
        put_name(sink, "mod_tp_src");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the TCP, UDP or SCTP destination port: `mod_tp_dst:80`.
    ///
    /// JSON: `{"type":"mod_tp_dst","port":80}`.
    ModTpDst {
        /// The port.
        port: u16
    }
    "mod_tp_dst", "port", &renumbered(10, 10),
    |sink, value| {
        put_name(sink, "mod_tp_dst");
        put_dec(sink, value);
    }
}
