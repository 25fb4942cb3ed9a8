//! Numbers as ovs-ofctl writes them in actions; what they are made of is in [`digits`].

use crate::base::digits;
use crate::openflow::text::Sink;

/// Writes a decimal number.
pub(crate) fn put_dec<S: Sink>(sink: &mut S, number: impl Into<u64>) {
    digits::put_decimal(sink.buffer(), number.into());
}

/// Writes `0x1f`; zero is `0x0`.
pub(crate) fn put_hex<S: Sink>(sink: &mut S, number: impl Into<u64>) {
    digits::put_hex(sink.buffer(), number.into(), 1);
}

/// Writes `0x1f`; zero is `0`.
pub(crate) fn put_hex_or_zero<S: Sink>(sink: &mut S, number: impl Into<u64>) {
    match number.into() {
        0 => sink.put("0"),
        number => put_hex(sink, number),
    }
}

/// Writes the number in `bytes` as `0x1f`, whatever its width; zero is `0`.
pub(crate) fn put_hex_bytes<S: Sink>(sink: &mut S, bytes: &[u8]) {
    digits::put_hex_bytes(sink.buffer(), bytes);
}

/// Writes bytes as `00.1f.ff`.
pub(crate) fn put_dotted<S: Sink>(sink: &mut S, bytes: &[u8]) {
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            sink.put(".");
        }
        digits::put_pair(sink.buffer(), *byte);
    }
}

/// Bytes as `001fff`.
pub(crate) fn hex_string(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        digits::put_pair(&mut out, *byte);
    }
    out
}

/// Writes `00:1f:...`.
pub(crate) fn put_mac<S: Sink>(sink: &mut S, mac: [u8; 6]) {
    digits::put_mac(sink.buffer(), &mac);
}

/// Writes `10.0.0.1`.
pub(crate) fn put_ipv4<S: Sink>(sink: &mut S, address: [u8; 4]) {
    digits::put_v4(sink.buffer(), &address);
}

/// Writes `2001:db8::1`.
pub(crate) fn put_ipv6<S: Sink>(sink: &mut S, address: [u8; 16]) {
    digits::put_v6(sink.buffer(), &address);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openflow::text::Plain;

    fn text(write: impl FnOnce(&mut Plain)) -> String {
        let mut sink = Plain::default();
        write(&mut sink);
        sink.0
    }

    #[test]
    fn as_printf_does() {
        assert_eq!(text(|sink| put_dec(sink, 0u8)), "0");
        assert_eq!(text(|sink| put_hex(sink, 0u8)), "0x0");
        assert_eq!(text(|sink| put_hex_or_zero(sink, 0u8)), "0");
        assert_eq!(text(|sink| put_hex_or_zero(sink, 0x64u32)), "0x64");
        assert_eq!(text(|sink| put_hex_bytes(sink, &[0, 0x0a, 1])), "0xa01");
        assert_eq!(text(|sink| put_hex_bytes(sink, &[0, 0])), "0");
        assert_eq!(text(|sink| put_hex_bytes(sink, &[])), "0");
        assert_eq!(text(|sink| put_dotted(sink, &[0, 0x1f])), "00.1f");
    }
}
