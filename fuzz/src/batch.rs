//! Lines of a batch: read, and nothing done.

use ovs::commands::batch::check;

use super::assert_harmless;

/// The lines are commands, or the error is one line that says which is not.
pub fn batch(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    match check(text) {
        Ok(count) => assert!(count <= text.lines().count()),
        Err(failure) => {
            assert_harmless(&failure.message, false);
            assert!(failure.message.starts_with("line "), "{}", failure.message);
        }
    }
}
