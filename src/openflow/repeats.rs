//! A cache of the output for lists of actions: most flows of a switch repeat the actions of others, which
//! need not be decoded again.

use std::hash::Hasher as _;

use rustc_hash::FxHasher;

use super::actions::ActionList;
use super::bytes::DecodeError;
use super::spelling::write_actions;
use super::text::{Sink, TextContext};
use crate::base::json::Json;

/// Maximum number of cached lists of actions.
const SLOTS: usize = 128;

/// Maximum bytes of a cached list, and of its output.
const LONGEST: usize = 1024;

/// A cache of lists of actions with their output.
///
/// Serves one dump: always the same context, always text into the same kind of sink or always JSON. The
/// default caches nothing.
#[derive(Debug, Default)]
pub struct Repeats {
    slots: Vec<Slot>,
}

/// A cache entry, shared by the lists of one hash.
#[derive(Debug, Default)]
struct Slot {
    /// The hash of the last list. A list is cached when it occurs twice in a row; copying single ones is
    /// not worthwhile.
    last: u64,
    bytes: Vec<u8>,
    vlan_tag_known: bool,
    written: String,
}

impl Repeats {
    /// An empty cache.
    pub fn new() -> Repeats {
        let mut slots = Vec::new();
        slots.resize_with(SLOTS, Slot::default);
        Repeats { slots }
    }

    /// [`write_actions`], from the cache if possible.
    pub(super) fn text<S: Sink>(
        &mut self,
        actions: &ActionList<'_>,
        sink: &mut S,
        cx: &TextContext<'_>,
        vlan_tag_known: bool,
    ) -> Result<(), DecodeError> {
        let write = |sink: &mut S| write_actions(actions, sink, cx, vlan_tag_known);
        self.put(actions.bytes(), vlan_tag_known, sink, S::buffer, write)
    }

    /// [`ActionList::json`], from the cache if possible.
    pub(super) fn json(
        &mut self,
        actions: &ActionList<'_>,
        json: &mut Json<'_>,
        cx: &TextContext<'_>,
    ) -> Result<(), DecodeError> {
        let write = |out: &mut String| actions.json(&mut Json::new(out), cx);
        json.value_of(|out| self.put(actions.bytes(), false, out, |out| out, write))
    }

    fn put<T>(
        &mut self,
        bytes: &[u8],
        vlan_tag_known: bool,
        into: &mut T,
        buffer: impl Fn(&mut T) -> &mut String,
        write: impl FnOnce(&mut T) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        if self.slots.is_empty() || bytes.len() > LONGEST {
            return write(into);
        }
        let mut hasher = FxHasher::default();
        hasher.write(bytes);
        hasher.write_u8(vlan_tag_known.into());
        let hash = hasher.finish();
        let Some(slot) = self.slots.get_mut(hash as usize % SLOTS) else {
            return write(into);
        };
        if slot.bytes == bytes && slot.vlan_tag_known == vlan_tag_known && !slot.written.is_empty()
        {
            buffer(into).push_str(&slot.written);
            return Ok(());
        }
        let is_kept = std::mem::replace(&mut slot.last, hash) == hash;
        let before = buffer(into).len();
        write(into)?;
        let written = buffer(into).get(before..).unwrap_or_default();
        if is_kept && written.len() <= LONGEST {
            slot.bytes.clear();
            slot.bytes.extend_from_slice(bytes);
            slot.vlan_tag_known = vlan_tag_known;
            slot.written.clear();
            slot.written.push_str(written);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openflow::actions::ListForm;
    use crate::openflow::text::{NoNames, Plain, PortSpelling, Style};
    use crate::openflow::version::Version;

    const CX: TextContext<'_> = TextContext {
        version: Version::V10,
        style: Style::Classic,
        ports: PortSpelling::Number,
        names: &NoNames,
    };

    /// `OFPAT_OUTPUT` of OpenFlow 1.0 to this port.
    fn output(port: u16) -> [u8; 8] {
        let [high, low] = port.to_be_bytes();
        [0, 0, 0, 8, high, low, 0, 0]
    }

    fn list(bytes: &[u8]) -> ActionList<'_> {
        ActionList::new(bytes, 0, Version::V10, ListForm::Actions)
    }

    #[test]
    fn cached_output_equals_uncached_output() {
        let (mut text, mut json) = (Repeats::new(), Repeats::new());
        // More lists than the cache holds, repeated lists, and an empty one.
        for round in 0..5u16 {
            for port in 0..600u16 {
                let bytes = output(1 + port % (100 * (round + 1)));
                let bytes = if port % 7 == 0 { &[][..] } else { &bytes };
                let (list, tagged) = (list(bytes), port % 2 == 0);
                let (mut often, mut once) = (Plain::default(), Plain::default());
                text.text(&list, &mut often, &CX, tagged).unwrap();
                write_actions(&list, &mut once, &CX, tagged).unwrap();
                assert_eq!(often.0, once.0);
                let (mut often, mut once) = (String::new(), String::new());
                json.json(&list, &mut Json::new(&mut often), &CX).unwrap();
                list.json(&mut Json::new(&mut once), &CX).unwrap();
                assert_eq!(often, once);
            }
        }
        let kept = |repeats: &Repeats| repeats.slots.iter().any(|slot| !slot.written.is_empty());
        assert!(kept(&text) && kept(&json));
    }

    #[test]
    fn a_known_tag_changes_the_output() {
        // set_field:1->vlan_vid of OpenFlow 1.3 with and without a tag
        let bytes = [0, 25, 0, 16, 0x80, 0, 0x0c, 2, 0x10, 1, 0, 0, 0, 0, 0, 0];
        let list = ActionList::new(&bytes, 0, Version::V13, ListForm::Actions);
        let cx = TextContext {
            version: Version::V13,
            ..CX
        };
        let mut repeats = Repeats::new();
        for tagged in [true, true, true, false, false, false, true] {
            let mut sink = Plain::default();
            repeats.text(&list, &mut sink, &cx, tagged).unwrap();
            let expected = ["set_field:4097->vlan_vid", "mod_vlan_vid:1"];
            assert_eq!(sink.0, expected[usize::from(tagged)]);
        }
    }

    #[test]
    fn errors_of_malformed_lists_are_returned_each_time() {
        let mut repeats = Repeats::new();
        for _ in 0..3 {
            let mut sink = Plain::default();
            let outcome = repeats.text(&list(&[0, 0, 0, 9, 0]), &mut sink, &CX, false);
            assert!(outcome.is_err());
        }
    }
}
