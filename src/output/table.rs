//! Tables for people: aligned, coloured, fitted to the width.

use std::fmt::Write as _;

use super::cell::write_pair;
use super::text::{self, escape, width};
use super::{Cell, Column, Palette, Role, View};

/// Blanks between columns.
const GAP: usize = 2;
/// A column that breaks at blanks is not made narrower than this to keep others.
const NARROWEST: usize = 24;

/// Appends records as a table. Nothing for no records.
pub(super) fn list<'r, R: 'r>(
    out: &mut String,
    view: &View<'_, R>,
    rows: impl IntoIterator<Item = &'r R>,
) {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|row| {
            view.columns
                .iter()
                .map(|column| text::cell(&(column.cell)(row), ", "))
                .collect()
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let header = view.format.header.unwrap_or(true);
    let layout = Layout::fit(view, &rows, header);
    let palette = view.format.palette;
    if header {
        let names: Vec<String> = view
            .columns
            .iter()
            .map(|column| column.name.to_ascii_uppercase())
            .collect();
        layout.line(out, palette, &names, |_| Role::Heading);
    }
    for row in &rows {
        layout.line(out, palette, row, |index| {
            view.columns
                .get(index)
                .map_or(Role::Plain, |column| column.role)
        });
    }
    if !layout.hidden.is_empty() {
        let text = format!(
            "hidden: {} (too narrow; see them with --columns, or in a pipe)",
            layout.hidden.join(", ")
        );
        for line in wrapped(&text, view.format.width) {
            let _ = writeln!(out, "{}", palette.paint(Role::Faint, &line));
        }
    }
}

/// Appends one record, a line per column; what is absent is left out unless it was asked for. A map
/// takes a line per key.
pub(super) fn record<R>(out: &mut String, view: &View<'_, R>, row: &R) {
    let asked = view.format.columns.is_some();
    let cells: Vec<(&Column<R>, Cell)> = view
        .columns
        .iter()
        .map(|column| (*column, (column.cell)(row)))
        .filter(|(_, cell)| asked || !cell.is_empty())
        .collect();
    let keys = cells.iter().map(|(column, _)| column.name.len());
    let indent = keys.max().unwrap_or(0) + GAP;
    let palette = view.format.palette;
    for (column, cell) in cells {
        let room = view
            .format
            .width
            .filter(|_| matches!(cell, Cell::List(_)))
            .map(|columns| columns.saturating_sub(indent).max(NARROWEST));
        let lines = match &cell {
            Cell::Map(map) if !map.is_empty() => map
                .iter()
                .map(|(key, value)| {
                    let mut pair = String::new();
                    write_pair(&mut pair, key, value);
                    escape(&pair)
                })
                .collect(),
            cell => wrapped(&text::cell(cell, ", "), room),
        };
        let key = palette.paint(Role::Faint, column.name);
        let pad = indent - column.name.len();
        let _ = write!(out, "{key}{:pad$}", "");
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                let _ = write!(out, "{:indent$}", "");
            }
            let _ = writeln!(out, "{}", palette.paint(column.role, line));
        }
    }
}

/// Which columns are shown, and how wide.
struct Layout {
    /// Index of the column, its width, whether it breaks.
    shown: Vec<(usize, usize, bool)>,
    hidden: Vec<&'static str>,
}

impl Layout {
    fn fit<R>(view: &View<'_, R>, rows: &[Vec<String>], header: bool) -> Layout {
        let mut shown: Vec<(usize, usize, bool)> = view
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| {
                let cells = self::column(rows, index).map(width);
                let name = if header { column.name.len() } else { 0 };
                (index, cells.max().unwrap_or(0).max(name), false)
            })
            .collect();
        let mut hidden = Vec::new();
        let chosen = view.format.columns.is_some();
        if !chosen {
            shown.retain(|(index, _, _)| !is_echo(view, rows, *index));
        }
        let Some(room) = view.format.width else {
            return Layout { shown, hidden };
        };
        if !chosen && total(&shown) > room {
            // Nothing is lost with a column that has nothing in it.
            shown.retain(|(index, _, _)| {
                let droppable = view.columns.get(*index).is_some_and(|c| c.drop > 0);
                !(droppable && column(rows, *index).all(|cell| cell == "-"))
            });
        }
        loop {
            let total = total(&shown);
            if total <= room {
                break;
            }
            let over = total - room;
            let breaks = shown.iter_mut().find(|(index, width, breaks)| {
                !breaks
                    && view.columns.get(*index).is_some_and(|column| column.wrap)
                    && *width >= over + longest_word(rows, *index).max(NARROWEST)
            });
            if let Some((_, width, breaks)) = breaks {
                *width -= over;
                *breaks = true;
                continue;
            }
            let droppable = shown
                .iter()
                .enumerate()
                .filter_map(|(place, (index, _, _))| {
                    let column = view.columns.get(*index)?;
                    (column.drop > 0 && !chosen).then_some((place, column.drop, column.name))
                })
                .max_by_key(|(_, drop, _)| *drop);
            let Some((place, _, name)) = droppable else {
                break;
            };
            shown.remove(place);
            hidden.push(name);
        }
        Layout { shown, hidden }
    }

    /// Appends one record: a line, or several where a column breaks.
    fn line(
        &self,
        out: &mut String,
        palette: Palette,
        cells: &[String],
        role: impl Fn(usize) -> Role,
    ) {
        let parts: Vec<(usize, usize, Vec<String>)> = self
            .shown
            .iter()
            .map(|(index, width, breaks)| {
                let cell = cells.get(*index).map_or("", String::as_str);
                (*index, *width, wrapped(cell, breaks.then_some(*width)))
            })
            .collect();
        let height = parts.iter().map(|(_, _, lines)| lines.len()).max();
        for number in 0..height.unwrap_or(0) {
            // Blanks are owed until something follows them: no line ends in blanks.
            let mut owed = 0;
            for (index, column, lines) in &parts {
                let line = lines.get(number).map_or("", String::as_str);
                if !line.is_empty() {
                    let role = if line == "-" {
                        Role::Faint
                    } else {
                        role(*index)
                    };
                    let _ = write!(out, "{:owed$}{}", "", palette.paint(role, line));
                    owed = 0;
                }
                owed += column.saturating_sub(width(line)) + GAP;
            }
            out.push('\n');
        }
    }
}

fn total(shown: &[(usize, usize, bool)]) -> usize {
    let cells: usize = shown.iter().map(|(_, width, _)| width).sum();
    cells + GAP * shown.len().saturating_sub(1)
}

/// Whether a column says what another says, in every row.
fn is_echo<R>(view: &View<'_, R>, rows: &[Vec<String>], index: usize) -> bool {
    let echoed = view.columns.get(index).and_then(|column| column.echoes);
    let original = view
        .columns
        .iter()
        .position(|column| Some(column.name) == echoed);
    original.is_some_and(|original| column(rows, index).eq(column(rows, original)))
}

/// The cells of a column.
fn column(rows: &[Vec<String>], index: usize) -> impl Iterator<Item = &str> {
    rows.iter()
        .filter_map(move |row| row.get(index))
        .map(String::as_str)
}

fn longest_word(rows: &[Vec<String>], index: usize) -> usize {
    column(rows, index)
        .flat_map(|cell| cell.split(' '))
        .map(width)
        .max()
        .unwrap_or(0)
}

/// `text` in lines of at most `room` cells, broken at blanks only; a longer word gets a line of its
/// own.
fn wrapped(text: &str, room: Option<usize>) -> Vec<String> {
    let Some(room) = room.filter(|room| width(text) > *room) else {
        return vec![text.to_owned()];
    };
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut taken = 0;
    for word in text.split(' ') {
        let wide = width(word);
        if !line.is_empty() && taken + 1 + wide > room {
            lines.push(std::mem::take(&mut line));
            taken = 0;
        }
        if !line.is_empty() {
            line.push(' ');
            taken += 1;
        }
        line.push_str(word);
        taken += wide;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_blanks_only() {
        assert_eq!(
            wrapped("aaa, bbb, ccc-ddd-eee, f", Some(9)),
            ["aaa, bbb,", "ccc-ddd-eee,", "f"]
        );
        assert_eq!(wrapped("a b", None), ["a b"]);
    }
}
