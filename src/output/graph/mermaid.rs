//! The picture as a Mermaid flowchart (<https://mermaid.js.org/syntax/flowchart.html>): a subgraph per
//! bridge, a node per row.

use std::fmt::Write as _;

use super::{FrameKind, JoinKind, Picture};
use crate::output::escape;

/// The picture for Mermaid, as rendered by wikis and forges.
pub fn mermaid(picture: &Picture) -> String {
    let mut out = String::from("flowchart LR\n");
    for (index, frame) in picture.frames.iter().enumerate() {
        let title = text(&escape(&frame.title));
        if frame.kind == FrameKind::Host {
            let mut words = title;
            for row in &frame.rows {
                words.push_str("<br/>");
                words.push_str(&text(&row.left()));
            }
            let _ = writeln!(out, "  f{index}([\"{words}\"])");
            continue;
        }
        let _ = writeln!(out, "  subgraph f{index} [\"{title}\"]");
        for (number, row) in frame.rows.iter().enumerate() {
            let mut words = text(&row.left());
            let right = row.right();
            if !right.is_empty() {
                let _ = write!(words, "<br/>{}", text(&right));
            }
            let class = match row.problem {
                Some(_) => ":::trouble",
                None => "",
            };
            let _ = writeln!(out, "    f{index}r{number}[\"{words}\"]{class}");
        }
        out.push_str("  end\n");
    }
    for join in &picture.joins {
        let line = match join.kind {
            JoinKind::Patch => "---",
            JoinKind::Broken => "-. broken .-",
            JoinKind::Tunnel => "-.-",
        };
        let _ = writeln!(out, "  {} {line} {}", join.from.node(), join.to.node());
    }
    if out.contains(":::trouble") {
        out.push_str("  classDef trouble stroke:#b00020,color:#b00020\n");
    }
    out
}

/// Escapes all characters special to Mermaid, Markdown or HTML as numeric entities.
fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | ',' | ':' | '/' | '(' | ')' | '=') {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", c as u32);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        assert_eq!(text("a\"]<b>#1;"), "a#34;#93;#60;b#62;#35;1#59;");
    }
}
