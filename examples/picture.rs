//! Makes an SVG of what a terminal was sent: `make pictures`.
//!
//! Reads lines with the colours of ECMA-48 (SGR) from stdin and writes the picture to stdout: a dark
//! window of its own, legible on light pages and dark ones. Knows what `ovs` prints: bold, faint, and the
//! eight colours; other sequences are left out.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};

use unicode_width::UnicodeWidthChar as _;

/// Tenths of a pixel, the units of the picture, in a pixel.
const PIXEL: usize = 10;
/// A cell.
const WIDTH: usize = 84;
const HEIGHT: usize = 190;
/// Of the letters, and from the top of a cell to the line they stand on.
const SIZE: usize = 140;
/// Around the text.
const MARGIN: usize = 160;

const BACKGROUND: &str = "#1b1f27";
const TEXT: &str = "#d7dce5";
/// Black, red, green, yellow, blue, magenta, cyan, white.
const COLOURS: [&str; 8] = [
    "#5c6370", "#f0717b", "#8fd07f", "#e6c26b", "#73b3f5", "#cd8fe8", "#5fc9d3", TEXT,
];

fn main() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    io::stdout().write_all(picture(&text).as_bytes())
}

/// How what follows looks.
#[derive(Default, Clone, PartialEq)]
struct Look {
    colour: Option<usize>,
    bold: bool,
    faint: bool,
}

/// A word in one look, and the cell at which it begins. (Viewers differ in what they make of spaces.)
struct Word {
    column: usize,
    width: usize,
    look: Look,
    text: String,
}

fn picture(text: &str) -> String {
    let lines: Vec<Vec<Word>> = text.trim_end().lines().map(words).collect();
    let columns = lines.iter().flatten().map(|word| word.column + word.width);
    let columns = columns.max().unwrap_or(0);
    let width = columns * WIDTH + 2 * MARGIN;
    let height = lines.len() * HEIGHT + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{}\" \
         height=\"{}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"80\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace\" \
         font-size=\"{SIZE}\" fill=\"{TEXT}\">\n",
        width / PIXEL,
        height / PIXEL
    );
    for (row, words) in lines.iter().enumerate() {
        let y = MARGIN + row * HEIGHT + SIZE;
        for word in words {
            let x = MARGIN + word.column * WIDTH;
            let length = word.width * WIDTH;
            let _ = write!(svg, "<text x=\"{x}\" y=\"{y}\" textLength=\"{length}\"");
            if let Some(colour) = word.look.colour.and_then(|colour| COLOURS.get(colour)) {
                let _ = write!(svg, " fill=\"{colour}\"");
            }
            if word.look.bold {
                svg.push_str(" font-weight=\"bold\"");
            }
            if word.look.faint {
                svg.push_str(" opacity=\"0.65\"");
            }
            let _ = writeln!(svg, ">{}</text>", escaped(&word.text));
        }
    }
    svg.push_str("</g>\n</svg>\n");
    svg
}

/// The words of a line.
fn words(line: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut look = Look::default();
    let mut column = 0;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        if c == '\u{1b}' {
            let sequence: String = rest
                .by_ref()
                .take_while(|c| !c.is_ascii_alphabetic())
                .collect();
            look.apply(sequence.trim_start_matches('['));
            continue;
        }
        let Some(width) = c.width() else { continue };
        column += width;
        if c == ' ' {
            continue;
        }
        let begins = column - width;
        match words.last_mut() {
            Some(word) if word.look == look && word.column + word.width == begins => {
                word.text.push(c);
                word.width += width;
            }
            _ => words.push(Word {
                column: begins,
                width,
                look: look.clone(),
                text: c.to_string(),
            }),
        }
    }
    words
}

impl Look {
    /// SGR's numbers, with semicolons between.
    fn apply(&mut self, numbers: &str) {
        for number in numbers.split(';') {
            match number.parse::<usize>().unwrap_or(0) {
                0 => *self = Look::default(),
                1 => self.bold = true,
                2 => self.faint = true,
                22 => (self.bold, self.faint) = (false, false),
                colour @ 30..=37 => self.colour = Some(colour - 30),
                39 => self.colour = None,
                _ => {}
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
