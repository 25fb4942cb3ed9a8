//! The headers of one packet in the words that ovs-vswitchd's `ofproto/trace` takes: numbers instead of names, each
//! field behind its prerequisites, and no masks.

use std::fmt::Write as _;

use crate::openflow::bytes::be_number;
use crate::openflow::fields::{FieldKind, Id, MatchFields};
use crate::openflow::text::{NoNames, Plain, PortSpelling, Style, TextContext};
use crate::openflow::version::Version;

/// The bit for a VLAN tag in `vlan_tci`.
const TAGGED: u16 = 0x1000;
/// The bits of `vlan_tci` that `dl_vlan` matches.
const VLAN: u16 = 0x1fff;

/// The text of these headers.
///
/// # Errors
///
/// The key of a field that is matched under a mask, where a packet has one value.
pub fn exact_flow(fields: &MatchFields) -> Result<String, &'static str> {
    let context = TextContext {
        version: Version::V15,
        style: Style::Wire,
        ports: PortSpelling::Number,
        names: &NoNames,
    };
    let mut text = String::new();
    for (field, (value, mask)) in fields.iter() {
        if !text.is_empty() && !text.ends_with(',') {
            text.push(',');
        }
        let number = be_number(value);
        let _ = match (field.id, field.kind) {
            (Id::VLAN_TCI, _) => {
                let (tci, mask) = (
                    number as u16,
                    mask.map_or(u16::MAX, |mask| be_number(mask) as u16),
                );
                match (tci & TAGGED != 0, mask) {
                    // Packets without a tag are what is traced unless one is given.
                    (false, mask) if mask & TAGGED != 0 && tci == 0 => Ok(()),
                    (true, mask) if mask & VLAN == VLAN => {
                        let pcp = (tci & mask) >> 13;
                        let pcp = if pcp > 0 {
                            format!(",dl_vlan_pcp={pcp}")
                        } else {
                            String::new()
                        };
                        write!(text, "dl_vlan={}{pcp}", tci & 0xfff)
                    }
                    _ => return Err("the VLAN tag"),
                }
            }
            (Id::PACKET_TYPE, _) if number == 0 => Ok(()),
            (Id::IN_PORT_OXM, _) => write!(text, "in_port={number}"),
            // Flags that are not named are not set.
            (_, FieldKind::TcpFlags | FieldKind::CtState | FieldKind::TunFlags) => {
                write!(text, "{}={number:#x}", field.name)
            }
            (Id::IP_FRAG, _) => {
                let mut out = Plain::default();
                field.value_text(value, mask, &mut out, &context);
                match out.0.as_str() {
                    "no" => Ok(()),
                    word @ ("first" | "later") => write!(text, "nw_frag={word}"),
                    "yes" => write!(text, "nw_frag=first"),
                    _ => return Err(field.key),
                }
            }
            _ if mask.is_some() => return Err(field.key),
            _ => {
                let mut out = Plain::default();
                field.value_text(value, None, &mut out, &context);
                write!(text, "{}={}", field.name, out.0)
            }
        };
    }
    text.truncate(text.trim_end_matches(',').len());
    Ok(text)
}
