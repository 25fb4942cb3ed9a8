//! The bytes of a value or mask, without an allocation for nearly every field.

use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// The width of the widest field but for the options of tunnels.
const INLINE: usize = 16;

/// Bytes of a value or mask, as wide as the field.
#[derive(Clone)]
pub(in crate::openflow) enum FieldBytes {
    /// So many of these.
    Inline(u8, [u8; INLINE]),
    /// More than [`INLINE`].
    Long(Box<[u8]>),
}

impl From<&[u8]> for FieldBytes {
    fn from(bytes: &[u8]) -> FieldBytes {
        let mut inline = [0; INLINE];
        match inline.get_mut(..bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                FieldBytes::Inline(bytes.len() as u8, inline)
            }
            None => FieldBytes::Long(bytes.into()),
        }
    }
}

impl FromIterator<u8> for FieldBytes {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> FieldBytes {
        let mut bytes = bytes.into_iter();
        let mut inline = [0; INLINE];
        let mut count = 0;
        for place in &mut inline {
            let Some(byte) = bytes.next() else { break };
            *place = byte;
            count += 1;
        }
        match bytes.next() {
            None => FieldBytes::Inline(count, inline),
            Some(next) => {
                let all = inline.into_iter().chain([next]).chain(bytes);
                FieldBytes::Long(all.collect())
            }
        }
    }
}

impl Deref for FieldBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            FieldBytes::Inline(count, bytes) => {
                bytes.get(..usize::from(*count)).unwrap_or_default()
            }
            FieldBytes::Long(bytes) => bytes,
        }
    }
}

impl std::fmt::Debug for FieldBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

impl PartialEq for FieldBytes {
    fn eq(&self, other: &FieldBytes) -> bool {
        **self == **other
    }
}

impl Eq for FieldBytes {}

impl Hash for FieldBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}
