//! A packet given as bytes.

use crate::commands::{Context, Exit, Failure, decode};
use crate::openflow::fields::TCP_FLAGS;

/// The first packet of an argument.
pub(super) fn first_packet(cx: &Context, input: &str) -> Result<Vec<u8>, Failure> {
    let packets = decode::packets_of(input)?;
    let count = packets.len();
    let Some(first) = packets
        .into_iter()
        .next()
        .filter(|packet| !packet.is_empty())
    else {
        return Err(Failure::new(Exit::Usage, "--packet: there is no packet"));
    };
    if count > 1 {
        cx.remark(&format!("the first of {count} packets is traced"));
    }
    if first.len() < 14 {
        let message = format!(
            "--packet: {} bytes are less than an Ethernet header",
            first.len()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    Ok(first)
}

/// `syn|ack` as a number.
pub(super) fn flags_piece(flags: &str) -> String {
    let bit = |word: &str| {
        TCP_FLAGS
            .iter()
            .position(|flag| *flag == word)
            .map(|at| 1u16 << at)
    };
    match flags.split('|').map(bit).collect::<Option<Vec<u16>>>() {
        Some(bits) => format!("tcp_flags={:#x}", bits.iter().fold(0, |all, bit| all | bit)),
        None => format!("tcp_flags={flags}"),
    }
}
