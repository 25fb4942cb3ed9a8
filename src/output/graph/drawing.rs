//! The picture in box-drawing characters.

use super::layout::{Layout, Point, Rect};
use super::{Frame, FrameKind, JoinKind, Picture};
use crate::output::text::{SHORTEST, cut};
use crate::output::{ColourRole, Format, escape, push_blanks, width};

/// Maximum size of a picture, in cells.
const MOST_CELLS: usize = 1 << 24;

/// The picture has more than the maximum number of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the picture would be {width} columns wide and {height} lines high")]
pub struct TooLarge {
    /// In cells.
    pub width: usize,
    /// In lines.
    pub height: usize,
}

/// The picture for a terminal, with colours. If the terminal is too narrow for boxes side by side, they are
/// stacked; if it is still too narrow, names are cut.
///
/// # Errors
///
/// The picture is too large to draw.
pub fn drawing(picture: &Picture, format: &Format) -> Result<String, TooLarge> {
    let fitted = fitted(picture, format.width);
    let picture = fitted.as_ref().unwrap_or(picture);
    let layout = Layout::of(picture, format.width);
    let (width, height) = (layout.width, layout.height);
    if width.saturating_mul(height) > MOST_CELLS {
        return Err(TooLarge { width, height });
    }
    let mut canvas = Canvas {
        width,
        strokes: vec![Stroke::default(); width * height],
        texts: vec![Vec::new(); height],
    };
    for (index, join) in picture.in_order() {
        let line = layout.lines.get(index).map_or(&[][..], Vec::as_slice);
        canvas.line(line, join.kind);
    }
    for (frame, place) in picture.frames.iter().zip(&layout.boxes) {
        canvas.frame(frame, *place);
    }
    Ok(canvas.print(format))
}

/// The picture with its longest names cut, if it is wider than `room`.
fn fitted(picture: &Picture, room: Option<usize>) -> Option<Picture> {
    let layout = Layout::of(picture, room);
    let over = layout.width.checked_sub(room?).filter(|over| *over > 0)?;
    let widest = layout.boxes.iter().map(|place| place.width).max()?;
    let room = widest.saturating_sub(over);
    let mut fitted = picture.clone();
    for (frame, place) in fitted.frames.iter_mut().zip(&layout.boxes) {
        let over = place.width.saturating_sub(room);
        let notes = frame.rows.iter().map(|row| width(&row.right())).max();
        let names = frame.rows.iter().map(|row| width(&row.left())).max();
        let names = names.unwrap_or(0).saturating_sub(over).max(SHORTEST);
        for row in &mut frame.rows {
            row.name = cut(&row.name, names);
        }
        let all = notes.unwrap_or(0) + names;
        frame.title = cut(&frame.title, room.saturating_sub(4).max(SHORTEST).max(all));
    }
    Some(fitted)
}

/// Which sides of its cell a line reaches, and its look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Stroke {
    sides: u8,
    look: StrokeStyle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum StrokeStyle {
    #[default]
    Border,
    Patch,
    Tunnel,
    Broken,
}

const UP: u8 = 1;
const DOWN: u8 = 2;
const LEFT: u8 = 4;
const RIGHT: u8 = 8;

struct Canvas {
    width: usize,
    strokes: Vec<Stroke>,
    /// By line: column, role and text.
    texts: Vec<Vec<(usize, ColourRole, String)>>,
}

impl Canvas {
    fn stroke(&mut self, x: usize, y: usize, sides: u8, look: StrokeStyle) {
        if let Some(stroke) = self.strokes.get_mut(y * self.width + x) {
            stroke.sides |= sides;
            stroke.look = look;
        }
    }

    fn line(&mut self, points: &[Point], kind: JoinKind) {
        let look = match kind {
            JoinKind::Patch => StrokeStyle::Patch,
            JoinKind::Broken => StrokeStyle::Broken,
            JoinKind::Tunnel => StrokeStyle::Tunnel,
        };
        for pair in points.windows(2) {
            if let [a, b] = pair {
                self.straight(*a, *b, look);
            }
        }
    }

    fn straight(&mut self, a: Point, b: Point, look: StrokeStyle) {
        let (a, b) = (a.min(b), a.max(b));
        for x in a.x..b.x {
            self.stroke(x, a.y, RIGHT, look);
            self.stroke(x + 1, a.y, LEFT, look);
        }
        for y in a.y..b.y {
            self.stroke(a.x, y, DOWN, look);
            self.stroke(a.x, y + 1, UP, look);
        }
    }

    fn frame(&mut self, frame: &Frame, place: Rect) {
        let (left, right, top, bottom) = (place.x, place.right(), place.y, place.bottom());
        let point = |x, y| Point { x, y };
        for (a, b) in [
            (point(left, top), point(right, top)),
            (point(left, bottom), point(right, bottom)),
            (point(left, top), point(left, bottom)),
            (point(right, top), point(right, bottom)),
        ] {
            self.straight(a, b, StrokeStyle::Border);
        }
        let title = match frame.kind {
            FrameKind::Bridge => ColourRole::Heading,
            FrameKind::Host => ColourRole::Address,
        };
        self.text(left + 2, place.line_of(None), title, escape(&frame.title));
        if !frame.rows.is_empty() {
            self.straight(
                point(left, top + 2),
                point(right, top + 2),
                StrokeStyle::Border,
            );
        }
        for (index, row) in frame.rows.iter().enumerate() {
            let y = place.line_of(Some(index));
            self.text(left + 2, y, ColourRole::Name, row.left());
            let right_text = row.right();
            let role = match (&row.problem, row.tag) {
                (Some(_), _) => ColourRole::Error,
                (None, Some(_)) => ColourRole::Number,
                (None, None) => ColourRole::Kind,
            };
            let x = (right + 1).saturating_sub(2 + width(&right_text));
            self.text(x, y, role, right_text);
        }
    }

    fn text(&mut self, x: usize, y: usize, role: ColourRole, text: String) {
        if let (Some(line), false) = (self.texts.get_mut(y), text.is_empty()) {
            line.push((x, role, text));
        }
    }

    fn print(mut self, format: &Format) -> String {
        let mut out = String::new();
        for (y, texts) in self.texts.iter_mut().enumerate() {
            texts.sort_by_key(|(x, ..)| *x);
            let start = y * self.width;
            let strokes = self.strokes.get(start..start + self.width);
            let strokes = strokes.unwrap_or_default();
            let mut line = LineWriter {
                out: &mut out,
                format,
                blanks: 0,
                run: (ColourRole::Plain, String::new()),
            };
            let mut x = 0;
            for (at, role, text) in texts.iter() {
                line.strokes(strokes.get(x..*at).unwrap_or_default());
                line.put(*role, text);
                x = at + width(text);
            }
            line.strokes(strokes.get(x..).unwrap_or_default());
            line.flush();
            out.push('\n');
        }
        out
    }
}

/// One printed line: trailing blanks are omitted, colours change only where needed.
struct LineWriter<'o> {
    out: &'o mut String,
    format: &'o Format,
    blanks: usize,
    run: (ColourRole, String),
}

impl LineWriter<'_> {
    fn strokes(&mut self, strokes: &[Stroke]) {
        for stroke in strokes {
            if stroke.sides == 0 {
                self.blanks += 1;
                continue;
            }
            let role = match stroke.look {
                StrokeStyle::Border => ColourRole::Faint,
                StrokeStyle::Patch => ColourRole::Plain,
                StrokeStyle::Tunnel => ColourRole::Address,
                StrokeStyle::Broken => ColourRole::Error,
            };
            let mut buffer = [0; 4];
            self.put(role, sign(*stroke).encode_utf8(&mut buffer));
        }
    }

    fn put(&mut self, role: ColourRole, text: &str) {
        if role != self.run.0 || self.blanks > 0 {
            self.flush();
            push_blanks(self.out, std::mem::take(&mut self.blanks));
            self.run.0 = role;
        }
        self.run.1.push_str(text);
    }

    fn flush(&mut self) {
        use std::fmt::Write as _;
        if !self.run.1.is_empty() {
            let _ = write!(
                self.out,
                "{}",
                self.format.palette.paint(self.run.0, &self.run.1)
            );
            self.run.1.clear();
        }
    }
}

fn sign(stroke: Stroke) -> char {
    const SIGNS: [char; 16] = [
        ' ', '│', '│', '│', '─', '┘', '┐', '┤', '─', '└', '┌', '├', '─', '┴', '┬', '┼',
    ];
    const ACROSS: u8 = LEFT | RIGHT;
    const ALONG: u8 = UP | DOWN;
    match (stroke.look, stroke.sides) {
        (StrokeStyle::Tunnel, ACROSS) => '╌',
        (StrokeStyle::Tunnel, ALONG) => '╎',
        (StrokeStyle::Broken, ACROSS | ALONG) => '×',
        (_, sides) => SIGNS.get(usize::from(sides)).copied().unwrap_or(' '),
    }
}
