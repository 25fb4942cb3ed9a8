//! The arguments of an action as text: `key`, `key=value`, `key:value`, `key(value)`, and numbers.
//!
//! Commas and blanks separate them, but not in parentheses nor in quotes. Nothing here recurses; each
//! byte is read once.

use crate::openflow::fields::{ParseErrorKind, Problem, nearest_of, number};

/// One argument, or one action with its arguments.
#[derive(Debug, Clone, Copy)]
pub(in crate::openflow) struct Argument<'t> {
    /// The whole text.
    pub(in crate::openflow) text: &'t str,
    /// The part before the delimiter.
    pub(in crate::openflow) key: &'t str,
    /// What follows the key and its delimiter; includes a `->` after the closing parenthesis.
    pub(in crate::openflow) value: &'t str,
}

/// Iterator over the arguments of a text.
#[derive(Debug, Clone)]
pub(in crate::openflow) struct Arguments<'t> {
    rest: &'t str,
}

/// Maximum nesting of parentheses, since each level is scanned again; more than any valid list of actions has.
const DEPTH_LIMIT: usize = 128;

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn separates(byte: u8) -> bool {
    matches!(byte, b',' | b' ' | b'\t' | b'\r' | b'\n')
}

impl<'t> Arguments<'t> {
    pub(in crate::openflow) fn new(text: &'t str) -> Arguments<'t> {
        Arguments { rest: text }
    }

    fn piece(&mut self) -> Result<Option<Argument<'t>>, Problem> {
        let text = self.rest.trim_start_matches([',', ' ', '\t', '\r', '\n']);
        if text.is_empty() {
            self.rest = "";
            return Ok(None);
        }
        // On an error, iteration ends.
        self.rest = "";
        let key_end = end_of_value(text, |byte| {
            separates(byte) || matches!(byte, b':' | b'=' | b'(')
        })?;
        let (key, tail) = cut(text, key_end);
        let mut length = key.len();
        let mut value = "";
        match tail.chars().next() {
            Some(':' | '=') => {
                let inner = cut(tail, 1).1;
                value = cut(inner, end_of_value(inner, separates)?).0;
                length += 1 + value.len();
            }
            Some('(') => {
                let inner = cut(tail, 1).1;
                let end = end_of_value(inner, |byte| byte == b')')?;
                if end == inner.len() {
                    let missing = Problem::syntax("a closing parenthesis is missing");
                    return Err(missing.within(text));
                }
                value = cut(inner, end).0;
                length += 2 + value.len();
                if cut(inner, end + 1).1.starts_with("->") {
                    let target = cut(inner, end + 1).1;
                    let more = end_of_value(target, separates)?;
                    value = cut(inner, end + 1 + more).0;
                    length += more;
                }
            }
            _ => {}
        }
        let (text, rest) = cut(text, length);
        self.rest = rest;
        Ok(Some(Argument { text, key, value }))
    }
}

impl<'t> Iterator for Arguments<'t> {
    type Item = Result<Argument<'t>, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.piece().transpose()
    }
}

/// The text before and from a position; the whole text and nothing if out of range.
fn cut(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Where the first ASCII character that `ends` a value stands, outside of parentheses and quotes; the length of
/// the text if none does.
fn end_of_value(text: &str, ends: impl Fn(u8) -> bool) -> Result<usize, Problem> {
    let mut depth = 0usize;
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            byte if depth == 0 && ends(byte) => return Ok(at),
            b'(' if depth >= DEPTH_LIMIT => {
                let deep = Problem::syntax("these are too many parentheses in each other");
                return Err(deep.within(text));
            }
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    if quoted {
        return Err(Problem::syntax("a closing quote is missing").within(text));
    }
    if depth > 0 {
        return Err(Problem::syntax("a closing parenthesis is missing").within(text));
    }
    Ok(text.len())
}

/// The texts between commas (outside of parentheses and quotes), without the blanks around them.
pub(super) fn list(text: &str) -> Result<Vec<&str>, Problem> {
    let mut items = Vec::new();
    let mut rest = text;
    loop {
        let end = end_of_value(rest, |byte| byte == b',')?;
        let (item, tail) = cut(rest, end);
        items.push(item.trim_matches(BLANKS));
        match tail.strip_prefix(',') {
            Some(tail) => rest = tail,
            None => return Ok(items),
        }
    }
}

/// The parts before and after the first `->`.
pub(super) fn arrow(text: &str) -> Result<(&str, &str), Problem> {
    match text.split_once("->") {
        Some((_, "")) => Err(Problem::syntax("the field behind -> is missing")),
        Some((value, field)) => Ok((value.trim(), field.trim())),
        None => Err(Problem::syntax("-> and a field are missing")),
    }
}

/// A number that fits in `N`; `what` it is, for the error.
pub(in crate::openflow) fn uint<N: TryFrom<u128>>(text: &str, what: &str) -> Result<N, Problem> {
    number(text)
        .and_then(|number| N::try_from(number).ok())
        .ok_or_else(|| {
            Problem::syntax(format!("{what} is a number of {} bits", size_of::<N>() * 8))
        })
}

/// A number that is decimal even where it begins with 0.
pub(super) fn decimal<N: TryFrom<u128>>(text: &str, what: &str) -> Result<N, Problem> {
    match text.trim_start_matches('0') {
        digits if digits.starts_with(|c: char| c.is_ascii_digit()) => uint(digits, what),
        _ => uint(text, what),
    }
}

/// Bytes in hexadecimal, with periods between them or without.
pub(in crate::openflow) fn hex_bytes(text: &str) -> Result<Vec<u8>, Problem> {
    let bad = || Problem::syntax("bytes are pairs of hexadecimal digits");
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high: Option<u8> = None;
    for c in text.chars() {
        let digit = c.to_digit(16).map(|digit| digit as u8);
        high = match (high, digit) {
            (None, None) if c == '.' || BLANKS.contains(&c) => None,
            (None, Some(digit)) => Some(digit),
            (Some(high), Some(low)) => {
                bytes.push(high << 4 | low);
                None
            }
            _ => return Err(bad()),
        };
    }
    if high.is_some() {
        return Err(bad());
    }
    Ok(bytes)
}

/// The position of a word in a list of them, whatever the case.
pub(super) fn word_in(words: &[&'static str], text: &str, what: &str) -> Result<u16, Problem> {
    words
        .iter()
        .position(|word| !word.is_empty() && word.eq_ignore_ascii_case(text))
        .map(|at| at as u16)
        .ok_or_else(|| {
            Problem::syntax(format!(
                "\"{}\" is no {what}: {}",
                shown(text),
                words.join(", ").trim_end_matches([',', ' '])
            ))
        })
}

/// Sets what the arguments `key=value` of an action say, each by the arm of its key.
///
/// # Errors
///
/// An argument is malformed or not one of those.
macro_rules! set_arguments {
    ($action:expr, $text:expr, |$key:ident, $value:ident| { $($name:literal => $set:expr,)* }) => {
        for argument in Arguments::new($text) {
            let Argument { key: $key, value: $value, .. } = argument?;
            match $key {
                $($name => $set,)*
                _ => return Err(no_argument($action, $key, [$($name),*])),
            }
        }
    };
}
pub(super) use set_arguments;

/// The error for an unknown argument of an action.
pub(super) fn no_argument(
    action: &str,
    key: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Problem {
    let hint = match nearest_of(key, known.into_iter()) {
        Some(name) => format!("; did you mean {name}?"),
        None => String::new(),
    };
    Problem::new(
        format!("{action} has no argument \"{}\"{hint}", shown(key)),
        ParseErrorKind::Syntax,
    )
}

/// The beginning of a text, for an error.
pub(in crate::openflow) fn shown(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// An error if an action without arguments is given one.
pub(super) fn nothing(action: &str, argument: &str) -> Result<(), Problem> {
    if argument.trim().is_empty() {
        Ok(())
    } else {
        Err(Problem::syntax(format!("{action} takes no argument")))
    }
}
