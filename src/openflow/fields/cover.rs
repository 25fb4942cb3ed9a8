//! Which packets two matches have in common.

use super::request::MatchFields;

impl MatchFields {
    /// Whether every packet that `narrow` matches is matched by these fields; matches with fields that are not known
    /// cover nothing.
    pub fn covers(&self, narrow: &MatchFields) -> bool {
        !self.has_unknown()
            && self.iter().all(|(field, (value, mask))| {
                narrow.value(field.id).is_some_and(|(other, other_mask)| {
                    value.len() == other.len()
                        && (0..value.len()).all(|at| {
                            let (mine, theirs) = (bits(mask, at), bits(other_mask, at));
                            mine & !theirs == 0 && differs(value, other, at) & mine == 0
                        })
                })
            })
    }

    /// Whether a packet may match both.
    pub fn meets(&self, other: &MatchFields) -> bool {
        self.iter().all(|(field, (value, mask))| {
            other.value(field.id).is_none_or(|(others, other_mask)| {
                value.len() != others.len()
                    || (0..value.len()).all(|at| {
                        differs(value, others, at) & bits(mask, at) & bits(other_mask, at) == 0
                    })
            })
        })
    }
}

/// The bits of a byte that are compared.
fn bits(mask: Option<&[u8]>, at: usize) -> u8 {
    mask.map_or(0xff, |mask| mask.get(at).copied().unwrap_or(0))
}

/// The bits of a byte in which two values differ.
fn differs(one: &[u8], other: &[u8], at: usize) -> u8 {
    let byte = |value: &[u8]| value.get(at).copied().unwrap_or(0);
    byte(one) ^ byte(other)
}
