//! MPLS labels (ovs-actions(7), `push_mpls` and its neighbours).

use std::fmt::Write as _;

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::number::put_dec;
use super::{ActionCodec, Head, Unencodable, Vendor, Wire, bare_action, number_action, put_name};

/// An action of the specification since 1.1, of Nicira in 1.0.
const fn since_v11(number: u16, nicira: u16) -> [Wire; 2] {
    [
        Wire::openflow(number, Version::V11),
        Wire::new(Vendor::Nicira, nicira, Version::V10, Version::V10),
    ]
}

/// `0x8847`, four digits.
fn put_eth_type<S: Sink>(sink: &mut S, eth_type: u16) {
    let _ = write!(sink.buffer(), "{eth_type:#06x}");
}

/// `name(1)`
fn put_call<S: Sink>(sink: &mut S, name: &str, argument: u32) {
    sink.put_as(Role::Action, name);
    sink.put("(");
    put_dec(sink, argument);
    sink.put(")");
}

number_action! {
    /// Adds an MPLS label: `push_mpls:0x8847`.
    ///
    /// JSON: `{"type":"push_mpls","eth_type":34887}`.
    PushMpls {
        /// The Ethernet type to give the packet: 0x8847 or 0x8848.
        eth_type: u16
    }
    "push_mpls", "eth_type", &since_v11(19, 23),
    |sink, eth_type| {
        put_name(sink, "push_mpls");
        put_eth_type(sink, eth_type);
    }
}

number_action! {
    /// Removes the outermost MPLS label: `pop_mpls:0x0800`.
    ///
    /// JSON: `{"type":"pop_mpls","eth_type":2048}`.
    PopMpls {
        /// The Ethernet type of what is below.
        eth_type: u16
    }
    "pop_mpls", "eth_type", &since_v11(20, 24),
    |sink, eth_type| {
        put_name(sink, "pop_mpls");
        put_eth_type(sink, eth_type);
    }
}

number_action! {
    /// Sets the label: `set_mpls_label(100)`. In 1.2 and later rather `set_field`.
    ///
    /// JSON: `{"type":"set_mpls_label","mpls_label":100}`.
    SetMplsLabel {
        /// The label, 20 bits.
        mpls_label: u32
    }
    "set_mpls_label", "mpls_label", &since_v11(13, 30),
    |sink, label| put_call(sink, "set_mpls_label", label)
}

number_action! {
    /// Sets the traffic class: `set_mpls_tc(3)`. In 1.2 and later rather `set_field`.
    ///
    /// JSON: `{"type":"set_mpls_tc","mpls_tc":3}`.
    SetMplsTc {
        /// The traffic class, 3 bits.
        mpls_tc: u8
    }
    "set_mpls_tc", "mpls_tc", &since_v11(14, 31),
    |sink, tc| put_call(sink, "set_mpls_tc", tc.into())
}

number_action! {
    /// Sets the TTL of the outermost label: `set_mpls_ttl(64)`.
    ///
    /// JSON: `{"type":"set_mpls_ttl","mpls_ttl":64}`.
    SetMplsTtl {
        /// The TTL.
        mpls_ttl: u8
    }
    "set_mpls_ttl", "mpls_ttl", &since_v11(15, 25),
    |sink, ttl| put_call(sink, "set_mpls_ttl", ttl.into())
}

/// Decrements the TTL of the outermost label: `dec_mpls_ttl`.
///
/// JSON: `{"type":"dec_mpls_ttl"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecMplsTtl;

bare_action!(DecMplsTtl, "dec_mpls_ttl", &since_v11(16, 26));
