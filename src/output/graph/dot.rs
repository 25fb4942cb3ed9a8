//! The picture in the DOT language of Graphviz (<https://graphviz.org/doc/info/lang.html>): a cluster per
//! bridge, a node per row.

use std::fmt::Write as _;

use super::{FrameKind, JoinKind, Picture};
use crate::output::escape;

/// The picture for `dot`.
pub fn dot(picture: &Picture) -> String {
    let mut out = String::from(
        "graph ovs {\n  rankdir=LR;\n  node [shape=box, fontname=\"monospace\", fontsize=10];\n",
    );
    for (index, frame) in picture.frames.iter().enumerate() {
        let title = text(&frame.title);
        if frame.kind == FrameKind::Host {
            let mut words = title;
            for row in &frame.rows {
                words.push_str("\\n");
                words.push_str(&text(&row.name));
            }
            let _ = writeln!(out, "  f{index} [label=\"{words}\", style=dashed];");
            continue;
        }
        let _ = writeln!(out, "  subgraph cluster_{index} {{\n    label=\"{title}\";");
        if frame.rows.is_empty() {
            let _ = writeln!(out, "    f{index} [label=\"\", style=invis];");
        }
        for (number, row) in frame.rows.iter().enumerate() {
            let mut words = text(&row.name);
            // The text at the right is escaped already.
            let right = row.right();
            if !right.is_empty() {
                let _ = write!(words, "\\n{}", quotable(&right));
            }
            let colour = match row.problem {
                Some(_) => ", color=red, fontcolor=red",
                None => "",
            };
            let _ = writeln!(out, "    f{index}r{number} [label=\"{words}\"{colour}];");
        }
        out.push_str("  }\n");
    }
    for join in &picture.joins {
        let attributes = match join.kind {
            JoinKind::Patch => "",
            JoinKind::Broken => " [style=dotted, color=red]",
            JoinKind::Tunnel => " [style=dashed]",
        };
        let _ = writeln!(
            out,
            "  {} -- {}{attributes};",
            join.from.node(),
            join.to.node()
        );
    }
    out.push_str("}\n");
    out
}

fn text(words: &str) -> String {
    quotable(&escape(words))
}

/// In a quoted string, backslashes begin escapes, and a quote ends it.
fn quotable(words: &str) -> String {
    words.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside_their_quotes() {
        assert_eq!(text("a\"; x [label=\"b"), "a\\\"; x [label=\\\"b");
        assert_eq!(text("a\nb"), "a\\\\nb");
    }
}
