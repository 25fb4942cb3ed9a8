//! Encoding of `set_field` and `load`, also for other actions that set a field.

use super::codec::put_action;
use super::prelude::*;

/// `OFPAT_SET_FIELD`
pub(super) const SET_FIELD: Wire = Wire::openflow(25, Version::V12);
/// `NXAST_REG_LOAD2`, which means the same.
pub(super) const REG_LOAD2: Wire = Wire::new(Vendor::Nicira, 33, Version::V10, Version::V14);
/// `NXAST_REG_LOAD`
pub(super) const REG_LOAD: Wire = Wire::new(Vendor::Nicira, 7, Version::V10, Version::V14);

/// Appends the action before OpenFlow 1.2, `set_field` of the whole field in later versions.
pub(super) fn put_before_v12<'a>(
    action: &impl ActionCodec<'a>,
    field: Id,
    number: impl Into<u64>,
    parser: &mut Parser<'_>,
) -> Result<(), Problem> {
    if parser.version < Version::V12 {
        return action.put(parser);
    }
    put_whole(field, number.into(), parser);
    Ok(())
}

/// Appends `set_field` of a whole field.
pub(super) fn put_whole(field: Id, number: u64, parser: &mut Parser<'_>) {
    let header = field.row().header(parser.version, false);
    let value = wide(number.into(), header.length.into());
    put_action(SET_FIELD, &mut parser.out, |out| {
        put_value(header, &value, None, out);
    });
}

/// Appends a field with its value and mask.
pub(super) fn put_value(header: Header, value: &[u8], mask: Option<&[u8]>, out: &mut Vec<u8>) {
    header.encode(out);
    out.extend_from_slice(value);
    out.extend_from_slice(mask.unwrap_or_default());
}

/// Appends `load` of a whole field, which OpenFlow 1.0 has.
pub(super) fn put_whole_load(field: Id, number: u8, parser: &mut Parser<'_>) {
    let field = field.row();
    let dst = Bits {
        header: field.header(Version::V10, false),
        offset: 0,
        n_bits: field.n_bits(),
    };
    put_load(dst, number.into(), &mut parser.out);
}

/// Appends `load`.
pub(super) fn put_load(dst: Bits, value: u64, out: &mut Vec<u8>) {
    put_action(REG_LOAD, out, |out| {
        dst.encode(out);
        out.extend(value.to_be_bytes());
    });
}

/// The runs of ones in a mask, the lowest first: the offset and the length of each, at most 64.
pub(in crate::openflow) fn runs_of_ones(mask: u128) -> impl Iterator<Item = (u16, u16)> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = mask.checked_shr(offset).filter(|rest| *rest != 0)?;
        offset += rest.trailing_zeros();
        let n_bits = (mask >> offset).trailing_ones().min(64);
        let run = (offset as u16, n_bits as u16);
        offset += n_bits;
        Some(run)
    })
}

/// A number with the lowest `n` bits set.
pub(in crate::openflow) fn ones(n: u16) -> u128 {
    1u128.checked_shl(n.into()).map_or(u128::MAX, |bit| bit - 1)
}

/// A number shifted left by some bits, in `width` bytes.
pub(super) fn shifted(number: u128, offset: u16, width: usize) -> Vec<u8> {
    let (skipped, shift) = (usize::from(offset / 8), u32::from(offset % 8));
    let mut out = wide(number << shift, width.saturating_sub(skipped));
    // The bits that the shift moved out of the number.
    let above = number.checked_shr(128 - shift).unwrap_or(0) as u8;
    let place = out.len().checked_sub(17).and_then(|at| out.get_mut(at));
    if let Some(byte) = place {
        *byte = above;
    }
    out.resize(width, 0);
    out
}

/// A number in `width` bytes.
pub(super) fn wide(number: u128, width: usize) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut out = vec![0; width.saturating_sub(bytes.len())];
    out.extend_from_slice(
        bytes
            .get(bytes.len().saturating_sub(width)..)
            .unwrap_or_default(),
    );
    out
}
