//! Bytes as hexadecimal digits.

/// The bytes of digits without blanks. `-`, as the tables of golden data have it, is no byte.
#[track_caller]
pub fn bytes(digits: &str) -> Vec<u8> {
    let digits = if digits == "-" { "" } else { digits };
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16);
    (0..digits.len())
        .step_by(2)
        .map(|at| byte(at).unwrap_or_else(|error| panic!("{digits}: at {at}: {error}")))
        .collect()
}

/// The digits of bytes.
pub fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
