//! Errors of tables that are checked at compile time.

/// Ends the evaluation of a constant with a message made of these parts, which the compiler prints.
#[allow(clippy::indexing_slicing, clippy::panic, reason = "at compile time")]
pub(crate) const fn fail_compilation(parts: &[&str]) -> ! {
    let mut message = [0; 256];
    let mut length = 0;
    let mut part = 0;
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut at = 0;
        while at < bytes.len() && length < message.len() {
            message[length] = bytes[at];
            length += 1;
            at += 1;
        }
        part += 1;
    }
    match std::str::from_utf8(message.split_at(length).0) {
        Ok(message) => panic!("{}", message),
        Err(_) => panic!("a table is wrong; the message is not UTF-8"),
    }
}
