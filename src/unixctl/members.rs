//! The members of a datapath's text, as dpctl(8) writes it: `name(...)` or `name=...`, separated by commas.

/// The parts of a text between commas, those within parentheses or braces not counted.
pub fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    text.split(move |c: char| {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            ',' => return depth == 0,
            _ => {}
        }
        false
    })
    .filter(|part| !part.is_empty())
}

/// Name and content of `name(...)`.
pub(super) fn group(part: &str) -> Option<(&str, &str)> {
    let (name, rest) = part.split_once('(')?;
    Some((name, rest.strip_suffix(')')?)).filter(|(name, _)| !name.contains('='))
}
