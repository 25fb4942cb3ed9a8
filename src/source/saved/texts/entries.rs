//! The entries of a text: its lines, or its JSON objects.

use serde_json::value::RawValue;

use super::problems::LineProblems;
use crate::openflow::flow_change::without_comment;

/// Maximum length of a line or object, in bytes; the message of a flow has less than 64 KiB.
const LONGEST: usize = 1 << 20;
const TOO_LONG: &str = "longer than 1 MiB";

/// Whether a text is JSON: an array of objects, or objects one after another.
pub(super) fn is_json(body: &[u8]) -> bool {
    // A prompt may begin with a bracket, too: `[root@compute1 ~]# `.
    match body.trim_ascii_start().split_first() {
        Some((b'{', _)) => true,
        Some((b'[', rest)) => {
            let rest = rest.trim_ascii_start();
            rest.is_empty() || rest.starts_with(b"{") || rest.starts_with(b"]")
        }
        _ => false,
    }
}

/// Passes each line that is not blank, without its comment, and the number of the line to `take`.
pub(super) fn each_line(
    body: &[u8],
    first: usize,
    problems: &mut LineProblems,
    mut take: impl FnMut(&str, usize, &mut LineProblems),
) {
    let lines = body
        .strip_suffix(b"\n")
        .unwrap_or(body)
        .split(|byte| *byte == b'\n');
    for (line, text) in (first..).zip(lines) {
        let Ok(text) = str::from_utf8(text) else {
            problems.add(line, "not UTF-8");
            continue;
        };
        let text = without_comment(text);
        if text.len() > LONGEST {
            problems.add(line, TOO_LONG);
        } else if !text.is_empty() {
            take(text, line, problems);
        }
    }
}

/// Passes each object and the number of the line that it begins in to `take`.
pub(super) fn each_object(
    body: &[u8],
    problems: &mut LineProblems,
    mut take: impl FnMut(&str, usize, &mut LineProblems),
) {
    let (mut before, mut line) = (0, 1);
    let mut take = |object: &RawValue, problems: &mut LineProblems| {
        let object = object.get();
        // The object borrows from the body.
        let begins = object.as_ptr().addr() - body.as_ptr().addr();
        let skipped = body.get(before..begins).unwrap_or_default();
        line += memchr::memchr_iter(b'\n', skipped).count();
        before = begins;
        if object.len() > LONGEST {
            problems.add(line, TOO_LONG);
        } else {
            take(object, line, problems);
        }
    };
    let malformed = |error: &serde_json::Error, problems: &mut LineProblems| {
        problems.add(error.line(), &format!("malformed JSON: {error}"));
    };
    if body.trim_ascii_start().starts_with(b"[") {
        match serde_json::from_slice::<Vec<&RawValue>>(body) {
            Ok(objects) => objects
                .into_iter()
                .for_each(|object| take(object, problems)),
            Err(error) => malformed(&error, problems),
        }
        return;
    }
    for object in serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>() {
        match object {
            Ok(object) => take(object, problems),
            Err(error) => return malformed(&error, problems),
        }
    }
}
