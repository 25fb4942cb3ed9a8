//! Small changes of an input, the same on every machine: what a fuzzer does, without one.

/// Numbers that look like chance (xorshift64*).
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number less than `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16;
        (number as usize).checked_rem(limit).unwrap_or(0)
    }
}

/// Bytes that decide something in one of the formats.
const TELLING: &[u8] = b"\x00\x01\x04\x06\x07\x08\x10\x18\x7f\x80\xff(),:=[]{}\"\\/->. \n";

/// The input, changed in one to four places.
pub fn changed(input: &[u8], other: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=chance.below(4) {
        let at = chance.below(bytes.len() + 1);
        let Some(byte) = bytes.get(at).copied() else {
            bytes.push(TELLING[chance.below(TELLING.len())]);
            continue;
        };
        match chance.below(7) {
            0 => bytes[at] = byte ^ 1 << chance.below(8),
            1 => bytes[at] = TELLING[chance.below(TELLING.len())],
            2 => bytes[at] = byte.wrapping_add(8),
            3 => bytes.insert(at, TELLING[chance.below(TELLING.len())]),
            4 => bytes.truncate(at),
            5 => {
                let end = at + chance.below(bytes.len() - at);
                bytes.drain(at..end);
            }
            _ => {
                let from = chance.below(other.len());
                let length = chance.below(24).min(other.len() - from);
                bytes.splice(at..at, other[from..from + length].iter().copied());
            }
        }
    }
    bytes
}
