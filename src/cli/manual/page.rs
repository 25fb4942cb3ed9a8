//! A page of the manual, written as roff for man(1) or as text.

use std::fmt::Write as _;

use crate::output::width;

/// The date of the last change of the pages; a constant, so that generated pages are reproducible.
pub(super) const DATE: &str = "2026-11-22";

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its name: `ovs-dump-flows`.
    pub name: String,
    /// The section of the manual: 5, 7 or 8.
    pub section: u8,
    /// A one-line description.
    pub about: String,
    /// The content.
    pub(super) blocks: Vec<Block>,
}

/// A piece of a page. Text in backticks is literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    Section(String),
    Subsection(String),
    Paragraph(String),
    /// A term and what it means.
    Item(String, String),
    /// Literal lines.
    Lines(Vec<String>),
}

impl Page {
    /// `ovs-dump-flows.8`
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.name, self.section)
    }

    /// For man(1): the macros of man(7).
    pub fn roff(&self) -> String {
        let title = roff(&self.name.to_uppercase());
        let version = env!("CARGO_PKG_VERSION");
        let mut out = format!(
            ".\\\" Made of the definitions of the commands: `make generate` writes it anew.\n\
             .TH {title} {} {DATE} \"ovs {version}\" \"Open vSwitch with ovs\"\n\
             .SH NAME\n{} \\- {}\n",
            self.section,
            roff(&self.name),
            roff(&self.about)
        );
        for block in &self.blocks {
            let _ = match block {
                Block::Section(title) => writeln!(out, ".SH {}", quoted(title)),
                Block::Subsection(title) => writeln!(out, ".SS {}", quoted(title)),
                Block::Paragraph(text) => writeln!(out, ".PP\n{}", roff_text(text)),
                Block::Item(term, text) => {
                    writeln!(out, ".TP\n\\fB{}\\fR\n{}", roff(term), roff_text(text))
                }
                Block::Lines(lines) => {
                    out.push_str(".PP\n.RS 4\n.nf\n");
                    for line in lines {
                        let _ = writeln!(out, "{}", roff(line));
                    }
                    out.push_str(".fi\n.RE\n");
                    Ok(())
                }
            };
        }
        // A title already makes space before a paragraph.
        for title in [".SH", ".SS"] {
            out = without_space_after(&out, title);
        }
        out
    }

    /// As plain text, in lines of at most `columns` cells.
    pub fn text(&self, columns: usize) -> String {
        let mut out = format!("NAME\n    {} - {}\n", self.name, self.about);
        let mut after_text = false;
        for block in &self.blocks {
            match block {
                Block::Section(title) => {
                    let _ = writeln!(out, "\n{title}");
                }
                Block::Subsection(title) => {
                    let _ = writeln!(out, "\n  {title}");
                }
                Block::Paragraph(text) => {
                    space(&mut out);
                    fill(&mut out, &text.replace('`', ""), 4, columns);
                }
                Block::Item(term, text) => {
                    if after_text {
                        space(&mut out);
                    }
                    let _ = writeln!(out, "    {term}");
                    fill(&mut out, &text.replace('`', ""), 8, columns);
                }
                Block::Lines(lines) => {
                    space(&mut out);
                    for line in lines {
                        let _ = writeln!(out, "      {line}");
                    }
                }
            }
            after_text = matches!(block, Block::Paragraph(_) | Block::Lines(_));
        }
        out
    }
}

/// An empty line, unless a title precedes.
fn space(out: &mut String) {
    let last = out.lines().last().unwrap_or_default();
    if last.starts_with("    ") {
        out.push('\n');
    }
}

/// Fills indented lines of at most `columns` cells.
fn fill(out: &mut String, text: &str, indent: usize, columns: usize) {
    let mut at = 0;
    for word in text.split_whitespace() {
        if at > 0 && at + 1 + width(word) > columns {
            out.push('\n');
            at = 0;
        }
        if at == 0 {
            let _ = write!(out, "{:indent$}", "");
            at = indent;
        } else {
            out.push(' ');
            at += 1;
        }
        out.push_str(word);
        at += width(word);
    }
    out.push('\n');
}

fn without_space_after(text: &str, macro_name: &str) -> String {
    let mut out = String::new();
    let mut after = false;
    for line in text.lines() {
        if !(after && line == ".PP") {
            out.push_str(line);
            out.push('\n');
        }
        after = line.starts_with(macro_name);
    }
    out
}

/// An argument of a macro.
fn quoted(text: &str) -> String {
    format!("\"{}\"", roff(text).replace('"', "\\(dq"))
}

/// Filled text: literals in bold, about one line per sentence.
fn roff_text(text: &str) -> String {
    let mut out = String::new();
    for (number, part) in text.split('`').enumerate() {
        if number % 2 == 1 {
            let _ = write!(out, "\\fB{}\\fR", roff(part));
        } else {
            out.push_str(&roff(part));
        }
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    let mut lines = String::new();
    let mut at = 0;
    for word in words {
        if at > 0 && at + 1 + word.len() > 76 {
            lines.push('\n');
            at = 0;
        } else if at > 0 {
            lines.push(' ');
            at += 1;
        }
        // At the beginning of a line these would be roff requests.
        if at == 0 && word.starts_with(['.', '\'']) {
            lines.push_str("\\&");
        }
        lines.push_str(word);
        at += word.len();
    }
    lines
}

/// Escapes characters special to roff.
fn roff(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '.' if at == 0 => out.push_str("\\&."),
            c if c.is_ascii() => out.push(c),
            c => {
                let _ = write!(out, "\\[u{:04X}]", u32::from(c));
            }
        }
    }
    out
}

/// Reads prose: `# SECTION`, `## Subsection`, paragraphs with empty lines between, indented lines that stay
/// as they are, and items, either `term: meaning` in a line that begins so (a term of lower-case
/// words), or a line with the term and lines with the meaning that begin with `: `.
pub(super) fn prose(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut fresh = true;
    for line in text.lines() {
        if line.trim().is_empty() {
            fresh = true;
            continue;
        }
        let begins = std::mem::take(&mut fresh);
        if let Some(title) = line.strip_prefix("## ") {
            blocks.push(Block::Subsection(title.to_owned()));
            fresh = true;
        } else if let Some(title) = line.strip_prefix("# ") {
            blocks.push(Block::Section(title.to_owned()));
            fresh = true;
        } else if let Some(literal) = line.strip_prefix("  ") {
            match blocks.last_mut() {
                Some(Block::Lines(lines)) if !begins => lines.push(literal.to_owned()),
                _ => blocks.push(Block::Lines(vec![literal.to_owned()])),
            }
        } else if let Some(meaning) = line.strip_prefix(": ") {
            match blocks.last_mut() {
                Some(Block::Item(_, text)) => {
                    text.push(' ');
                    text.push_str(meaning);
                }
                Some(block @ Block::Paragraph(_)) => {
                    if let Block::Paragraph(term) = block {
                        *block = Block::Item(term.replace('`', ""), meaning.to_owned());
                    }
                }
                _ => blocks.push(Block::Paragraph(meaning.to_owned())),
            }
        } else if let Some((term, meaning)) = term(line) {
            blocks.push(Block::Item(term.to_owned(), meaning.to_owned()));
        } else {
            match blocks.last_mut() {
                Some(Block::Paragraph(text) | Block::Item(_, text)) if !begins => {
                    text.push(' ');
                    text.push_str(line);
                }
                _ => blocks.push(Block::Paragraph(line.to_owned())),
            }
        }
    }
    blocks
}

/// `state: ok; no-inbound`
fn term(line: &str) -> Option<(&str, &str)> {
    let (term, meaning) = line.split_once(": ")?;
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    (!term.is_empty() && term.chars().all(is_word)).then_some((term, meaning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roff_control_characters_are_escaped() {
        assert_eq!(roff(".a-b\\'"), "\\&.a\\-b\\e\\(aq");
        assert_eq!(roff_text("a `-o x` b\nc"), "a \\fB\\-o x\\fR b c");
        let long = format!("{} .b", "x".repeat(75));
        assert!(roff_text(&long).ends_with("\n\\&.b"));
    }

    #[test]
    fn prose_is_taken_apart() {
        let blocks = prose("# A\nb\nc\n  d\n   e\n\nstate: f\ng\n\n`h`\n: i\n: j");
        assert_eq!(
            blocks,
            [
                Block::Section("A".into()),
                Block::Paragraph("b c".into()),
                Block::Lines(vec!["d".into(), " e".into()]),
                Block::Item("state".into(), "f g".into()),
                Block::Item("h".into(), "i j".into()),
            ]
        );
    }

    #[test]
    fn text_fits() {
        let mut out = String::new();
        fill(&mut out, "aaa bbb ccc", 2, 9);
        assert_eq!(out, "  aaa bbb\n  ccc\n");
    }
}
