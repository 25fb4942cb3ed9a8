//! What a saved host does not know: the same words in every protocol and message.

/// Begins the refusal of a request for what was not saved; the name of that follows.
pub const NOT_IN_REPORT: &str = "not in the report: ";

/// The name of what was not saved, if `text` is such a refusal.
pub fn not_saved(text: &str) -> Option<&str> {
    text.strip_prefix(NOT_IN_REPORT)
}
