//! The VLAN tag (ovs-actions(7)): `set_vlan_vid`, `set_vlan_pcp`, `pop_vlan`, `push_vlan`, and the actions of
//! OpenFlow 1.0, which add a tag where there is none: `mod_vlan_vid`, `mod_vlan_pcp`, `strip_vlan`.

use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::json::Json;
use crate::openflow::text::{Role, Sink, TextContext};
use crate::openflow::version::Version;

use super::number::{put_dec, put_hex_or_zero};
use super::{ActionCodec, Head, Unencodable, Vendor, Wire, bare_action, number_action, put_name};

/// An action of OpenFlow 1.0 alone.
const fn v10(number: u16) -> [Wire; 1] {
    [Wire::new(
        Vendor::OpenFlow,
        number,
        Version::V10,
        Version::V10,
    )]
}

number_action! {
    /// Sets the VLAN id, of a new tag if there is none: `mod_vlan_vid:66`.
    ///
    /// JSON: `{"type":"mod_vlan_vid","vlan_vid":66}`.
    ModVlanVid {
        /// The VLAN id.
        vlan_vid: u16
    }
    "mod_vlan_vid", "vlan_vid", &v10(1),
    |sink, value| {
        put_name(sink, "mod_vlan_vid");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the VLAN priority, of a new tag if there is none: `mod_vlan_pcp:3`.
    ///
    /// JSON: `{"type":"mod_vlan_pcp","vlan_pcp":3}`.
    ModVlanPcp {
        /// The priority, 0 to 7.
        vlan_pcp: u8
    }
    "mod_vlan_pcp", "vlan_pcp", &v10(2),
    |sink, value| {
        put_name(sink, "mod_vlan_pcp");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the VLAN id of the outermost tag: `set_vlan_vid:66`.
    ///
    /// JSON: `{"type":"set_vlan_vid","vlan_vid":66}`.
    SetVlanVid {
        /// The VLAN id.
        vlan_vid: u16
    }
    "set_vlan_vid", "vlan_vid", &[Wire::openflow(1, Version::V11)],
    |sink, value| {
        put_name(sink, "set_vlan_vid");
        put_dec(sink, value);
    }
}

number_action! {
    /// Sets the VLAN priority of the outermost tag: `set_vlan_pcp:3`.
    ///
    /// JSON: `{"type":"set_vlan_pcp","vlan_pcp":3}`.
    SetVlanPcp {
        /// The priority, 0 to 7.
        vlan_pcp: u8
    }
    "set_vlan_pcp", "vlan_pcp", &[Wire::openflow(2, Version::V11)],
    |sink, value| {
        put_name(sink, "set_vlan_pcp");
        put_dec(sink, value);
    }
}

number_action! {
    /// Adds a tag: `push_vlan:0x8100`.
    ///
    /// JSON: `{"type":"push_vlan","eth_type":33024}`.
    PushVlan {
        /// The Ethernet type of the tag: 0x8100 or 0x88a8.
        eth_type: u16
    }
    "push_vlan", "eth_type", &[Wire::openflow(17, Version::V11)],
    |sink, eth_type| {
        put_name(sink, "push_vlan");
        put_hex_or_zero(sink, eth_type);
    }
}

/// Removes the tag if there is one: `strip_vlan`.
///
/// JSON: `{"type":"strip_vlan"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StripVlan;

bare_action!(StripVlan, "strip_vlan", &v10(3));

/// Removes the outermost tag: `pop_vlan`.
///
/// JSON: `{"type":"pop_vlan"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PopVlan;

bare_action!(PopVlan, "pop_vlan", &[Wire::openflow(18, Version::V11)]);
