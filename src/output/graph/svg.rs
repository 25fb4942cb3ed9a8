//! The picture as SVG 1.1, in pixels; legible without colour too.

use std::fmt::Write as _;

use super::layout::{Layout, Point, Rect};
use super::{Frame, FrameKind, JoinKind, Picture};
use crate::output::{escape, width};

/// The width of a cell in pixels. Monospaced fonts are 0.6 em wide; the margin is for the widest of them.
const CELL: f64 = 7.6;
const LINE: f64 = 18.0;
const FONT: f64 = 12.0;
const MARGIN: f64 = 12.0;

/// Fills for tags, evenly spread over the hues, light enough for black text and for printing without
/// colours.
const TAG_FILLS: [&str; 8] = [
    "#fde2c8", "#d5ecd4", "#d6e6f7", "#ecdcf3", "#fbf3c0", "#d3eeee", "#f8d9dd", "#e4e8c9",
];

/// The picture as an SVG document.
///
/// Each box is a `g` with the class `bridge` or `host`, each line a `path` with the class `patch`, `broken`
/// or `tunnel` and its ends in `data-from` and `data-to` (title of the box, a blank, the row's number).
pub fn svg(picture: &Picture) -> String {
    let layout = Layout::of(picture, None);
    let (across, down) = (
        cells(layout.width, CELL) + 2.0 * MARGIN,
        cells(layout.height, LINE) + 2.0 * MARGIN,
    );
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{across:.0}\" height=\"{down:.0}\" \
         viewBox=\"0 0 {across:.1} {down:.1}\" font-family=\"'DejaVu Sans Mono', Menlo, Consolas, \
         'Liberation Mono', monospace\" font-size=\"{FONT}\">\n\
         <style>\n\
         text {{ white-space: pre; fill: #111 }}\n\
         .frame {{ fill: #fff; stroke: #333; stroke-width: 1.2 }}\n\
         .head {{ fill: #e8edf2; stroke: #333; stroke-width: 1.2 }}\n\
         .host .frame {{ fill: #f6f6f6; stroke-dasharray: 4 3 }}\n\
         .title {{ font-weight: bold }}\n\
         .note {{ fill: #444 }}\n\
         .trouble {{ fill: #b00020; font-weight: bold }}\n\
         path {{ fill: none; stroke: #333; stroke-width: 1.5; stroke-linejoin: round }}\n\
         .tunnel {{ stroke: #1f5fa8; stroke-dasharray: 6 3 }}\n\
         .broken {{ stroke: #b00020; stroke-dasharray: 2 4; stroke-width: 2 }}\n\
         </style>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    );
    for (index, join) in picture.in_order() {
        let line = layout.lines.get(index).map_or(&[][..], Vec::as_slice);
        let class = match join.kind {
            JoinKind::Patch => "patch",
            JoinKind::Broken => "broken",
            JoinKind::Tunnel => "tunnel",
        };
        let end = |end: super::End| {
            let title = picture.frames.get(end.frame).map(|frame| &frame.title);
            let row = end
                .row
                .map_or_else(|| "-".to_owned(), |row| row.to_string());
            let title = title.map_or("", String::as_str);
            format!("{} {row}", text(&escape(title)))
        };
        let _ = write!(
            out,
            "<path class=\"{class}\" data-from=\"{}\" data-to=\"{}\" d=\"",
            end(join.from),
            end(join.to)
        );
        for (index, point) in line.iter().enumerate() {
            let (x, y) = place_of(*point);
            let letter = if index == 0 { 'M' } else { 'L' };
            let _ = write!(out, "{letter}{x:.1} {y:.1}");
        }
        out.push_str("\"/>\n");
    }
    for (frame, place) in picture.frames.iter().zip(&layout.boxes) {
        draw(&mut out, frame, *place);
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, frame: &Frame, place: Rect) {
    let class = match frame.kind {
        FrameKind::Bridge => "bridge",
        FrameKind::Host => "host",
    };
    let point = |x, y| place_of(Point { x, y });
    let (x, y) = point(place.x, place.y);
    let (right, bottom) = point(place.right(), place.bottom());
    let _ = writeln!(out, "<g class=\"{class}\">");
    rect(out, "frame", "", [x, y, right, bottom]);
    if !frame.rows.is_empty() {
        let (_, below_title) = point(place.x, place.y + 2);
        rect(out, "head", "", [x, y, right, below_title]);
    }
    let (_, middle) = point(place.x, place.line_of(None));
    label(
        out,
        "title",
        "start",
        x + CELL * 1.5,
        middle,
        &escape(&frame.title),
    );
    for (index, row) in frame.rows.iter().enumerate() {
        let (_, middle) = point(place.x, place.line_of(Some(index)));
        if let Some(tag) = row.tag {
            let fill = usize::try_from(tag).unwrap_or(0) % TAG_FILLS.len();
            let fill = TAG_FILLS.get(fill).copied().unwrap_or("#fff");
            let edges = [
                x + 1.0,
                middle - LINE / 2.0,
                right - 1.0,
                middle + LINE / 2.0,
            ];
            rect(out, "tag", fill, edges);
        }
        label(out, "name", "start", x + CELL * 1.5, middle, &row.left());
        let class = if row.problem.is_some() {
            "trouble"
        } else {
            "note"
        };
        label(out, class, "end", right - CELL * 1.5, middle, &row.right());
    }
    out.push_str("</g>\n");
}

fn rect(out: &mut String, class: &str, fill: &str, [left, top, right, bottom]: [f64; 4]) {
    let (width, height) = (right - left, bottom - top);
    let _ = write!(
        out,
        "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\""
    );
    if !fill.is_empty() {
        let _ = write!(out, " fill=\"{fill}\"");
    }
    out.push_str("/>\n");
}

/// A text; `textLength` keeps it within its cells if the font is wider than assumed.
fn label(out: &mut String, class: &str, anchor: &str, x: f64, middle: f64, words: &str) {
    if words.is_empty() {
        return;
    }
    let y = middle + FONT * 0.35;
    let length = cells(width(words), FONT * 0.6);
    let _ = writeln!(
        out,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" \
         textLength=\"{length:.1}\" lengthAdjust=\"spacingAndGlyphs\">{}</text>",
        text(words)
    );
}

fn place_of(point: Point) -> (f64, f64) {
    (
        cells(point.x, CELL) + CELL / 2.0 + MARGIN,
        cells(point.y, LINE) + LINE / 2.0 + MARGIN,
    )
}

fn cells(count: usize, size: f64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * size
}

/// Escapes for XML, and replaces characters that XML does not allow.
fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        let words = escape("<a & \"b\">'\u{1}");
        assert_eq!(text(&words), "&lt;a &amp; &quot;b&quot;&gt;&#39;\\u{1}");
    }
}
