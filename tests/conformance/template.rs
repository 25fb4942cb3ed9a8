//! Texts with holes, from which random actions are made.
//!
//! | in a template | what comes of it |
//! |---|---|
//! | `[a\|b\|\|c]` | one of these, which are templates themselves; the third is empty |
//! | `;` | a comma, unless a parenthesis was just opened |
//! | `{16}` | a number of 16 bits |
//! | `{x16}` | the same in hexadecimal |
//! | `{1-64}` | a number from 1 to 64 |
//! | `{name}` | what [`hole`] makes of the name |

use super::actions::hole;
use super::flows::Making;

/// A text of a template; `None` if the match, or the class, has nothing for a hole of it. `depth` is the number of
/// actions around it.
pub(crate) fn filled(m: &mut Making<'_>, template: &str, depth: u8) -> Option<String> {
    let mut text = String::new();
    fill(m, &mut text, template, depth)?;
    Some(text)
}

fn fill(m: &mut Making<'_>, text: &mut String, template: &str, depth: u8) -> Option<()> {
    let mut rest = template;
    while let Some(at) = rest.find(['[', ';', '{']) {
        text.push_str(&rest[..at]);
        let (mark, after) = rest[at..].split_at(1);
        rest = after;
        match mark {
            "[" => {
                let (choices, after) = choices(rest);
                let choice = m.chance.of(&choices);
                fill(m, text, choice, depth)?;
                rest = after;
            }
            "{" => {
                let (name, after) = rest.split_once('}').expect("a hole ends");
                match number(m, name) {
                    Some(number) => text.push_str(&number),
                    None => text.push_str(&hole(m, name, depth)?),
                }
                rest = after;
            }
            _ if text.ends_with('(') => {}
            _ => text.push(','),
        }
    }
    text.push_str(rest);
    Some(())
}

/// What may be chosen up to the bracket that closes, and what is behind that.
fn choices(text: &str) -> (Vec<&str>, &str) {
    let (mut choices, mut begin, mut depth) = (Vec::new(), 0, 0);
    for (at, mark) in text.match_indices(['[', '|', ']']) {
        match mark {
            "[" => depth += 1,
            "]" if depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            _ => {
                choices.push(&text[begin..at]);
                begin = at + 1;
            }
        }
        if mark == "]" && begin > at {
            return (choices, &text[begin..]);
        }
    }
    panic!("no end: {text}");
}

fn number(m: &mut Making<'_>, name: &str) -> Option<String> {
    if let Some((first, last)) = name.split_once('-') {
        let (first, last) = (first.parse().ok()?, last.parse().ok()?);
        return Some(m.chance.between(first, last).to_string());
    }
    if let Some(bits) = name.strip_prefix('x') {
        return Some(format!("{:#x}", m.chance.number(bits.parse().ok()?)));
    }
    Some(m.chance.number(name.parse().ok()?).to_string())
}
