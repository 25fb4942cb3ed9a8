//! The VLAN tag (ovs-actions(7)): `set_vlan_vid`, `set_vlan_pcp`, `pop_vlan`, `push_vlan`, and the actions of
//! OpenFlow 1.0, which add a missing tag: `mod_vlan_vid`, `mod_vlan_pcp`, `strip_vlan`.

use super::prelude::*;
use super::put_field::put_before_v12;

fixed_action! {
    /// Sets the VLAN id, of a new tag if there is none: `mod_vlan_vid:66`.
    ///
    /// JSON: `{"type":"mod_vlan_vid","vlan_vid":66}`.
    ModVlanVid = "mod_vlan_vid" at &[Wire::v10(1)], {
        /// The VLAN id.
        ":" vlan_vid: u16 as Below<4096>,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        add_tag(parser)?;
        put_vid(self.vlan_vid, parser)
    }
}

fixed_action! {
    /// Sets the VLAN priority, of a new tag if there is none: `mod_vlan_pcp:3`.
    ///
    /// JSON: `{"type":"mod_vlan_pcp","vlan_pcp":3}`.
    ModVlanPcp = "mod_vlan_pcp" at &[Wire::v10(2)], {
        /// The priority, 0 to 7.
        ":" vlan_pcp: u8 as Below<8>,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        add_tag(parser)?;
        put_pcp(self.vlan_pcp, parser)
    }
}

fixed_action! {
    /// Sets the VLAN id of the outermost tag: `set_vlan_vid:66`.
    ///
    /// JSON: `{"type":"set_vlan_vid","vlan_vid":66}`.
    SetVlanVid = "set_vlan_vid" at &[Wire::openflow(1, Version::V11)], needs Vlan, {
        /// The VLAN id.
        ":" vlan_vid: u16 as Below<4096>,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        put_vid(self.vlan_vid, parser)
    }
}

fixed_action! {
    /// Sets the VLAN priority of the outermost tag: `set_vlan_pcp:3`.
    ///
    /// JSON: `{"type":"set_vlan_pcp","vlan_pcp":3}`.
    SetVlanPcp = "set_vlan_pcp" at &[Wire::openflow(2, Version::V11)], needs Vlan, {
        /// The priority, 0 to 7.
        ":" vlan_pcp: u8 as Below<8>,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        put_pcp(self.vlan_pcp, parser)
    }
}

fixed_action! {
    /// Adds a tag: `push_vlan:0x8100`.
    ///
    /// JSON: `{"type":"push_vlan","eth_type":33024}`.
    PushVlan = "push_vlan" at &[Wire::openflow(17, Version::V11)], {
        /// The Ethernet type of the tag: 0x8100 or 0x88a8.
        ":" eth_type: u16 as TagType,
    }

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        if parser.known.checked && parser.known.vlan_tags >= MOST_TAGS {
            return Err(Problem::syntax(format!(
                "a packet has {MOST_TAGS} tags at most"
            )));
        }
        parser.known.vlan_tags = parser.known.vlan_tags.saturating_add(1);
        self.put(parser)
    }
}

fixed_action! {
    /// Removes the tag if there is one: `strip_vlan`.
    ///
    /// JSON: `{"type":"strip_vlan"}`.
    StripVlan = "strip_vlan" at &[Wire::v10(3)], {}

    /// The word has the same meaning as `pop_vlan`, which parses both.
    const WORDS: &'static [&'static str] = &[];
}

fixed_action! {
    /// Removes the outermost tag: `pop_vlan`.
    ///
    /// JSON: `{"type":"pop_vlan"}`.
    PopVlan = "pop_vlan" at &[Wire::openflow(18, Version::V11)], needs Vlan, {}

    const WORDS: &'static [&'static str] = &["pop_vlan", "strip_vlan"];

    fn put_equivalent(&self, _: &str, parser: &mut Parser<'_>) -> Result<(), Problem> {
        parser.known.vlan_tags = parser.known.vlan_tags.saturating_sub(1);
        match parser.version {
            Version::V10 => StripVlan {}.put(parser),
            _ => self.put(parser),
        }
    }
}

/// The Ethernet type of a VLAN tag (IEEE 802.1Q).
pub const ETH_TYPE_VLAN: u16 = 0x8100;
/// The presence bit of `vlan_vid`.
const PRESENT: u16 = 0x1000;
/// Maximum number of tags that Open vSwitch counts.
const MOST_TAGS: u8 = 2;

/// Appends `push_vlan` where the equivalent of `mod_vlan_vid` must add a tag.
fn add_tag(parser: &mut Parser<'_>) -> Result<(), Problem> {
    if parser.version > Version::V10 && parser.known.vlan_tags == 0 {
        let eth_type = ETH_TYPE_VLAN;
        PushVlan { eth_type }.put(parser)?;
    }
    parser.known.vlan_tags = parser.known.vlan_tags.max(1);
    Ok(())
}

fn put_vid(vlan_vid: u16, parser: &mut Parser<'_>) -> Result<(), Problem> {
    if parser.version == Version::V10 {
        return ModVlanVid { vlan_vid }.put(parser);
    }
    let value = vlan_vid | PRESENT;
    put_before_v12(&SetVlanVid { vlan_vid }, Id::VLAN_VID, value, parser)
}

fn put_pcp(vlan_pcp: u8, parser: &mut Parser<'_>) -> Result<(), Problem> {
    match parser.version {
        Version::V10 => ModVlanPcp { vlan_pcp }.put(parser),
        _ => put_before_v12(&SetVlanPcp { vlan_pcp }, Id::VLAN_PCP, vlan_pcp, parser),
    }
}
