//! Texts of ovs-ofctl, made into the messages of a switch.

use ovs::openflow::messages::Decoded;
use ovs::source::saved::texts::names::TextNames;
use ovs::source::saved::texts::sections::cut;
use ovs::source::saved::texts::{NamedSection, local_port, switch};

use super::assert_harmless;

/// A text: every message made of it can be decoded whole.
pub fn dump_text(input: &[u8]) {
    let sections = cut(input);
    let _ = local_port(&sections);
    let texts: Vec<NamedSection<'_>> = sections
        .into_iter()
        .map(|section| NamedSection {
            name: "text",
            is_given: false,
            section,
        })
        .collect();
    let mut remarks = Vec::new();
    let saved = switch(&texts, TextNames::default(), None, &mut remarks);
    for remark in &remarks {
        assert_harmless(remark, false);
    }
    for message in saved
        .iter()
        .flat_map(|saved| saved.parts.values().flatten())
    {
        let decoded = Decoded::decode(message);
        let error = decoded.map_or_else(Some, |decoded| decoded.error().cloned());
        assert!(error.is_none(), "{error:?}: {}", message.escape_ascii());
    }
}
