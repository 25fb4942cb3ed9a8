//! A stream of JSON-RPC messages gives the same messages however it is cut.

use ovs::transport::framing::{Framer, FramingError, MAX_NESTING};

use super::assert_harmless;
use super::mutation::Chance;

/// More than any seed, less than a long one, so that the limit is met too.
const LIMIT: usize = 4096;

/// The first eight bytes say where the others are cut.
pub fn framing(input: &[u8]) {
    let Some((first, stream)) = input.split_first_chunk::<8>() else {
        return;
    };
    let mut chance = Chance::new(u64::from_le_bytes(*first));
    let whole = read(stream, || stream.len());
    let single = read(stream, || 1);
    let cut = read(stream, || 1 + chance.below(40));
    assert!(whole == single, "one by one it is another stream");
    assert!(whole == cut, "cut otherwise it is another stream");
    for message in &whole.0 {
        assert!(message.len() <= LIMIT);
        let depth = serde_json::from_slice::<serde_json::Value>(message);
        assert!(
            message.first() == Some(&b'{') && matches!(message.last(), Some(b'}' | b']')),
            "{depth:?}"
        );
    }
    if let Some(error) = &whole.1 {
        assert_harmless(&error.to_string(), false);
    }
    let depth = deepest(stream);
    if whole.1 == Some(FramingError::TooDeep) {
        assert!(depth > MAX_NESTING);
    }
}

/// The messages in the stream, and what ended it.
fn read(stream: &[u8], mut next: impl FnMut() -> usize) -> (Vec<Vec<u8>>, Option<FramingError>) {
    let mut framer = Framer::with_limit(LIMIT);
    let mut messages = Vec::new();
    let mut rest = stream;
    loop {
        loop {
            match framer.next_message() {
                Ok(Some(message)) => messages.push(message.to_vec()),
                Ok(None) => break,
                Err(FramingError::NotAnObject { .. }) => {
                    // What it shows of the stream depends on how much was there.
                    let begin = String::new();
                    return (messages, Some(FramingError::NotAnObject { begin }));
                }
                Err(error) => return (messages, Some(error)),
            }
        }
        if rest.is_empty() {
            return (messages, None);
        }
        let (now, later) = rest.split_at(next().clamp(1, rest.len()));
        framer.room().extend_from_slice(now);
        rest = later;
    }
}

/// How many braces and brackets there are at most before one closes.
fn deepest(stream: &[u8]) -> usize {
    stream.iter().filter(|b| matches!(b, b'{' | b'[')).count()
}
