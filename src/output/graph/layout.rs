//! Positions of boxes and lines, in terminal cells.
//!
//! Connected boxes are placed in columns by their distance from the box with the most lines, so that a line
//! joins neighbouring columns or boxes of one column. It leaves a box at the right or the left of its row,
//! and turns in the channel between the columns, on a track of its own. No line enters a channel at its
//! left in the same terminal row as another leaves it at its right. So lines cross, but never run along
//! each other, over a label or through a box.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};

use super::{End, Frame, FrameKind, Picture};
use crate::output::{escape, width};

/// Between boxes of a column, and between unconnected components.
const GAP: usize = 1;
/// Before the first track of a channel, and between tracks.
const STEP: usize = 2;

/// Boxes and lines with their places.
#[derive(Debug)]
pub(super) struct Layout {
    /// In the order of the picture's frames.
    pub(super) boxes: Vec<Rect>,
    /// In the order of the picture's joins: corners of lines that go straight across or up and down.
    pub(super) lines: Vec<Vec<Point>>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A box with its border: its rows begin three below its top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rect {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A cell: column and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    pub(super) x: usize,
    pub(super) y: usize,
}

impl Rect {
    /// The height of a row, or of the title.
    pub(super) fn line_of(self, row: Option<usize>) -> usize {
        self.y + line_in_box(row)
    }

    pub(super) fn right(self) -> usize {
        (self.x + self.width).saturating_sub(1)
    }

    pub(super) fn bottom(self) -> usize {
        (self.y + self.height).saturating_sub(1)
    }
}

fn line_in_box(row: Option<usize>) -> usize {
    row.map_or(1, |row| row + 3)
}

impl Layout {
    /// Lays the picture out in columns, or in one column if that would be wider than `room`.
    pub(super) fn of(picture: &Picture, room: Option<usize>) -> Layout {
        let wide = Layout::arranged(picture, false);
        match room {
            Some(room) if wide.width > room => Layout::arranged(picture, true),
            _ => wide,
        }
    }

    fn arranged(picture: &Picture, in_one_column: bool) -> Layout {
        let size = |frame: &Frame| {
            let (width, height) = size(frame);
            Rect {
                width,
                height,
                ..Rect::default()
            }
        };
        let mut layout = Layout {
            boxes: picture.frames.iter().map(size).collect(),
            lines: vec![Vec::new(); picture.joins.len()],
            width: 0,
            height: 0,
        };
        for columns in components(picture) {
            let columns = if in_one_column {
                vec![columns.concat()]
            } else {
                columns
            };
            layout.place(picture, columns);
        }
        layout
    }

    /// Places a connected component below those already placed.
    fn place(&mut self, picture: &Picture, mut columns: Vec<Vec<usize>>) {
        let top = match self.height {
            0 => 0,
            height => height + GAP,
        };
        let channels = channels(picture, &columns);
        let mut x = 0;
        let mut starts = Vec::new();
        for (index, column) in columns.iter_mut().enumerate() {
            let before = index.checked_sub(1).and_then(|index| channels.get(index));
            self.stack(column, before.map_or(&[], Vec::as_slice), x, top);
            let boxes = column.iter().filter_map(|frame| self.boxes.get(*frame));
            x += boxes.map(|place| place.width).max().unwrap_or(0);
            starts.push(x);
            let tracks = channels.get(index).map_or(0, Vec::len);
            if tracks > 0 {
                x += STEP + tracks * STEP;
            }
        }
        for (channel, x) in channels.iter().zip(starts) {
            self.route(channel, picture, x);
        }
    }

    /// Stacks the boxes of a column, each near the boxes at its left that it is joined to: `before` are the
    /// lines of the channel there.
    fn stack(&mut self, column: &mut [usize], before: &[Way], x: usize, top: usize) {
        // The average height where a box's lines start: boxes are sorted by it.
        let origin = |frame: usize| {
            let ways = before.iter().filter(|way| way.right.frame == frame);
            let lines: Vec<usize> = ways.map(|way| self.line_of(way.left)).collect();
            let sum: usize = lines.iter().sum();
            sum.checked_div(lines.len()).unwrap_or(usize::MAX)
        };
        column.sort_by_cached_key(|frame| origin(*frame));
        let taken: BTreeSet<usize> = before
            .iter()
            .flat_map(|way| {
                let other = way.is_loop.then_some(way.right);
                [Some(way.left), other].into_iter().flatten()
            })
            .map(|end| self.line_of(end))
            .collect();
        let mut next = top;
        for frame in column.iter() {
            let lines: Vec<(usize, usize)> = before
                .iter()
                .filter(|way| way.right.frame == *frame && !way.is_loop)
                .map(|way| (self.line_of(way.left), line_in_box(way.right.row)))
                .collect();
            // The box's first line is made straight if there is room.
            let wanted = lines
                .first()
                .map_or(0, |(from, own)| from.saturating_sub(*own));
            let mut y = next.max(wanted);
            // Whether another line would start at the height where this one ends.
            let clashes = |y: usize| {
                let clash =
                    |(from, own): &(usize, usize)| *from != y + own && taken.contains(&(y + own));
                lines.iter().any(clash)
            };
            while clashes(y) {
                y += 1;
            }
            if let Some(place) = self.boxes.get_mut(*frame) {
                (place.x, place.y) = (x, y);
                next = y + place.height + GAP;
                self.width = self.width.max(place.x + place.width);
                self.height = self.height.max(y + place.height);
            }
        }
    }

    /// Assigns a track to each line of a channel, which begins at `x`.
    fn route(&mut self, channel: &[Way], picture: &Picture, x: usize) {
        let mut tracks: Vec<(Turn, Way)> = Vec::new();
        for way in channel {
            let (left, right) = (self.line_of(way.left), self.line_of(way.right));
            let turn = if way.is_loop {
                Turn::Loop(left.abs_diff(right))
            } else if left == right {
                Turn::None
            } else if right < left {
                Turn::Up(left)
            } else {
                Turn::Down(Reverse(left))
            };
            tracks.push((turn, *way));
        }
        tracks.sort_by_key(|(turn, way)| (*turn, way.join));
        let mut x = x + STEP;
        for (turn, way) in tracks {
            let (left, right) = (
                self.side_of(way.left, true),
                self.side_of(way.right, way.is_loop),
            );
            let mut points = vec![left];
            if turn != Turn::None {
                points.extend([Point { x, ..left }, Point { x, ..right }]);
                self.width = self.width.max(x + 1);
                x += STEP;
            }
            points.push(right);
            if picture
                .joins
                .get(way.join)
                .is_some_and(|join| join.from != way.left)
            {
                points.reverse();
            }
            if let Some(line) = self.lines.get_mut(way.join) {
                *line = points;
            }
        }
    }

    fn box_of(&self, end: End) -> Rect {
        self.boxes.get(end.frame).copied().unwrap_or_default()
    }

    fn line_of(&self, end: End) -> usize {
        self.box_of(end).line_of(end.row)
    }

    /// The point where a line meets the border.
    fn side_of(&self, end: End, at_right: bool) -> Point {
        let place = self.box_of(end);
        Point {
            x: if at_right { place.right() } else { place.x },
            y: place.line_of(end.row),
        }
    }
}

/// A line in the channel between two columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    /// Index into the picture's joins.
    join: usize,
    /// The end in the column at the left.
    left: End,
    /// The other end.
    right: End,
    /// Whether the other end is in the column at the left, too.
    is_loop: bool,
}

/// How a line turns, in the order of the tracks, which keeps crossings few: of the lines that lead up, the
/// higher ones turn first; of those that lead down, the lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    None,
    Loop(usize),
    Up(usize),
    Down(Reverse<usize>),
}

/// The lines in the channel at the right of each column.
fn channels(picture: &Picture, columns: &[Vec<usize>]) -> Vec<Vec<Way>> {
    let mut column_of = vec![None; picture.frames.len()];
    for (index, column) in columns.iter().enumerate() {
        for frame in column {
            if let Some(place) = column_of.get_mut(*frame) {
                *place = Some(index);
            }
        }
    }
    let mut channels = vec![Vec::new(); columns.len()];
    for (index, join) in picture.joins.iter().enumerate() {
        let column = |end: End| column_of.get(end.frame).copied().flatten();
        let (Some(from), Some(to)) = (column(join.from), column(join.to)) else {
            continue;
        };
        let (left, right) = if from <= to {
            (join.from, join.to)
        } else {
            (join.to, join.from)
        };
        if let Some(channel) = channels.get_mut(from.min(to)) {
            channel.push(Way {
                join: index,
                left,
                right,
                is_loop: from == to,
            });
        }
    }
    channels
}

/// The connected components, each in columns by the distance from the box with the most lines.
fn components(picture: &Picture) -> Vec<Vec<Vec<usize>>> {
    let mut neighbours: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); picture.frames.len()];
    for join in &picture.joins {
        for (a, b) in [(join.from, join.to), (join.to, join.from)] {
            if let Some(of_frame) = neighbours.get_mut(a.frame) {
                of_frame.insert(b.frame);
            }
        }
    }
    let mut roots: Vec<usize> = (0..picture.frames.len()).collect();
    roots.sort_by_cached_key(|frame| {
        let of = picture.frames.get(*frame);
        let is_host = of.is_some_and(|of| of.kind == FrameKind::Host);
        let bridges = neighbours
            .get(*frame)
            .into_iter()
            .flatten()
            .filter(|other| {
                let other = picture.frames.get(**other);
                other.is_some_and(|other| other.kind == FrameKind::Bridge)
            });
        let rows = of.map_or(0, |of| of.rows.len());
        (is_host, Reverse(bridges.count()), Reverse(rows))
    });
    let mut seen: HashSet<usize> = HashSet::new();
    let mut components = Vec::new();
    for root in roots {
        if !seen.insert(root) {
            continue;
        }
        let mut columns = vec![vec![root]];
        loop {
            let last = columns.last().into_iter().flatten();
            let mut next: Vec<usize> = last
                .filter_map(|frame| neighbours.get(*frame))
                .flatten()
                .copied()
                .filter(|frame| seen.insert(*frame))
                .collect();
            if next.is_empty() {
                break;
            }
            next.sort_unstable();
            columns.push(next);
        }
        components.push(columns);
    }
    components
}

/// The size of a box with its border.
fn size(frame: &Frame) -> (usize, usize) {
    let title = width(&escape(&frame.title));
    let names = frame.rows.iter().map(|row| width(&row.left())).max();
    let notes = frame.rows.iter().map(|row| width(&row.right())).max();
    let rows = match (names.unwrap_or(0), notes.unwrap_or(0)) {
        (names, 0) => names,
        (names, notes) => names + STEP + notes,
    };
    let height = match frame.rows.len() {
        0 => 3,
        rows => rows + 4,
    };
    (title.max(rows) + 4, height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::graph::{Join, JoinKind, Row};

    fn end(frame: usize, row: usize) -> End {
        End {
            frame,
            row: Some(row),
        }
    }

    fn picture(rows: &[usize], joins: &[(End, End)]) -> Picture {
        let frame = |(index, rows): (usize, &usize)| Frame {
            title: format!("br-{index}"),
            kind: FrameKind::Bridge,
            rows: (0..*rows)
                .map(|row| Row {
                    name: format!("port-{index}-{row}"),
                    ..Row::default()
                })
                .collect(),
        };
        let join = |(from, to): &(End, End)| Join {
            from: *from,
            to: *to,
            kind: JoinKind::Patch,
        };
        Picture {
            frames: rows.iter().enumerate().map(frame).collect(),
            joins: joins.iter().map(join).collect(),
        }
    }

    /// The cells of a line between its ends, each with whether the line runs across or up and down there.
    fn cells(line: &[Point]) -> Vec<(Point, bool)> {
        let mut cells = Vec::new();
        for pair in line.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            assert!(a.x == b.x || a.y == b.y, "straight: {line:?}");
            let across = a.y == b.y;
            for x in a.x.min(b.x)..=a.x.max(b.x) {
                for y in a.y.min(b.y)..=a.y.max(b.y) {
                    cells.push((Point { x, y }, across));
                }
            }
        }
        cells
    }

    /// Checks that boxes are apart, and that lines join their rows, avoid boxes and never run along each
    /// other.
    fn assert_sound(picture: &Picture, room: Option<usize>) {
        let layout = Layout::of(picture, room);
        for (index, a) in layout.boxes.iter().enumerate() {
            assert!(a.right() < layout.width && a.bottom() < layout.height);
            for b in &layout.boxes[index + 1..] {
                let apart =
                    a.right() < b.x || b.right() < a.x || a.bottom() < b.y || b.bottom() < a.y;
                assert!(apart, "{a:?} {b:?}");
            }
        }
        let mut run: Vec<(Point, bool, usize)> = Vec::new();
        for (index, join) in picture.joins.iter().enumerate() {
            let line = &layout.lines[index];
            let ends = [(join.from, line.first()), (join.to, line.last())];
            for (end, point) in ends {
                let (place, point) = (layout.boxes[end.frame], point.unwrap());
                assert_eq!(point.y, place.line_of(end.row));
                assert!(point.x == place.x || point.x == place.right());
            }
            let inner = cells(line);
            for (point, _) in &inner {
                let touched = layout.boxes.iter().filter(|place| {
                    (place.x..=place.right()).contains(&point.x)
                        && (place.y..=place.bottom()).contains(&point.y)
                });
                let at_end = Some(point) == line.first() || Some(point) == line.last();
                assert_eq!(
                    touched.count(),
                    usize::from(at_end),
                    "{point:?} of {line:?}"
                );
                assert!(point.x < layout.width && point.y < layout.height);
            }
            run.extend(
                inner
                    .into_iter()
                    .map(|(point, across)| (point, across, index)),
            );
        }
        run.sort_unstable();
        run.dedup();
        for pair in run.windows(2) {
            let ((a, across_a, one), (b, across_b, other)) = (pair[0], pair[1]);
            if (a, across_a) == (b, across_b) {
                let (one, other) = (picture.joins[one], picture.joins[other]);
                let shared = [one.from, one.to]
                    .iter()
                    .any(|end| [other.from, other.to].contains(end));
                assert!(shared, "{one:?} runs along {other:?} at {a:?}");
            }
        }
    }

    #[test]
    fn shapes_of_networks() {
        let star = [
            (end(0, 7), end(1, 0)),
            (end(0, 8), end(2, 1)),
            (end(0, 9), end(3, 0)),
            (end(3, 1), end(4, 0)),
            (end(3, 2), end(5, 0)),
        ];
        let ring = [
            (end(0, 0), end(1, 0)),
            (end(1, 1), end(2, 0)),
            (end(2, 1), end(3, 0)),
            (end(3, 1), end(0, 1)),
            (end(4, 0), end(4, 1)),
        ];
        for (rows, joins) in [
            (&[10, 2, 2, 3, 1, 1, 4][..], &star),
            (&[2, 2, 2, 2, 3][..], &ring),
        ] {
            let picture = picture(rows, joins);
            assert_sound(&picture, None);
            assert_sound(&picture, Some(10));
        }
    }

    /// Pseudo-random pictures (a linear congruential generator: the same ones every time).
    #[test]
    fn any_network() {
        let mut state = 1_u64;
        let mut chance = |below: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..300 {
            let rows: Vec<usize> = (0..=chance(9)).map(|_| 1 + chance(12)).collect();
            let mut free: Vec<End> = Vec::new();
            for (frame, rows) in rows.iter().enumerate() {
                free.extend((0..*rows).map(|row| end(frame, row)));
            }
            let mut joins = Vec::new();
            for _ in 0..chance(14) {
                if free.len() > 1 {
                    let one = free.swap_remove(chance(free.len()));
                    joins.push((one, free.swap_remove(chance(free.len()))));
                }
            }
            let picture = picture(&rows, &joins);
            assert_sound(&picture, None);
            assert_sound(&picture, Some(10));
        }
    }

    #[test]
    fn nothing_at_all() {
        let layout = Layout::of(&Picture::default(), Some(80));
        assert_eq!((layout.width, layout.height), (0, 0));
    }
}
