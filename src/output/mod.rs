//! One column list, three outputs.
//!
//! A command declares its columns once ([`Column`]: a name and how to read the cell off a row); this module
//! prints a table, tab-separated text, JSON or raw values.
//!
//! | mode | output |
//! |---|---|
//! | [`Mode::Table`] | for people: a header line, aligned columns, colour, fitted to the width |
//! | [`Mode::Text`] | for scripts: one record a line, cells separated by one tab, no header |
//! | [`Mode::Json`] | one document; a list is an array with one record a line, `[]` when empty |
//! | [`Mode::Jsonl`] | one object a line |
//! | [`Mode::Raw`] | the values of one column, one a line |
//!
//! **Text and tables.** An absent value, an empty string and an empty list are `-`; a value that is
//! itself `-` is `\-`; a value that is not known is `unknown`. Tab, newline, carriage return and backslash are `\t`, `\n`, `\r` and `\\`;
//! every other character that acts on a terminal (controls, bidirectional marks) is `\u{1b}`. Lists
//! are `a,b`, maps `k=v,k2=v2` (in tables with a blank after the comma); an element that contains a
//! comma, a blank, `=` or a double quote stands in double quotes.
//!
//! **Changes** while a command is watched are found by comparing two [`Frame`]s, and shown on a [`Screen`]
//! or as a [`Stream`] of lines.
//!
//! **Several hosts**: a [`HostsOutput`] joins what the command prints for each.
//!
//! **Raw values** are neither quoted nor escaped, but for the characters that would break the line or
//! act on a terminal; an absent value is an empty line.
//!
//! **JSON.** The keys are the columns' names; numbers are numbers, 64-bit identifiers `"0x..."`
//! strings, absent values `null`.

mod cell;
mod change;
mod colour;
mod column;
mod frame;
pub mod graph;
mod hosts;
mod json;
mod not_saved;
mod painted;
mod pieces;
mod print;
mod screen;
mod sheet;
mod stream;
mod table;
mod text;
mod time;

pub use cell::{Cell, UNKNOWN};
pub use change::ItemChange;
pub use colour::{ColourRole, Palette};
pub use column::{Column, Heading, Pulse, Shape, UnknownColumn, headings};
pub use frame::{Changes, Difference, Frame, Item};
pub use hosts::{HOST, HostsOutput, format_of_each};
pub use json::Records;
pub use not_saved::{NotSaved, unknown_words};
pub use painted::PaintedText;
pub use pieces::Pieces;
pub use screen::{Head, Screen};
pub use stream::Stream;
pub use text::{cut, escape, push_blanks, push_escaped, width};
pub use time::{clock, timestamp};

use sheet::Sheet;

/// Maximum width of a paragraph, in cells.
const PARAGRAPH: usize = 80;

/// The output modes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Aligned columns for people; the default on a terminal.
    Table,
    /// Tab-separated lines; the default for a pipe or file.
    Text,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// The values of one column, one a line.
    Raw,
}

/// How to print, determined once from the options and from stdout.
#[derive(Debug, Clone)]
pub struct Format {
    /// The mode.
    pub mode: Mode,
    /// Colours, all or none.
    pub palette: Palette,
    /// The maximum width of tables, in cells; `None`: no limit.
    pub width: Option<usize>,
    /// `--header` or `--no-header`; `None`: a header in tables, none in text.
    pub header: Option<bool>,
    /// The columns named by `--columns` or `--get`, in order; `None`: the command's default.
    pub columns: Option<Vec<String>>,
    /// The database columns whose values are not known.
    pub not_saved: NotSaved,
}

impl Format {
    /// The columns to show of those a command has.
    ///
    /// # Errors
    ///
    /// A requested column does not exist.
    pub fn view<'f, R>(&'f self, columns: &'f [Column<R>]) -> Result<View<'f, R>, UnknownColumn> {
        Ok(View {
            columns: column::choose(columns, self.columns.as_deref())?,
            all: columns,
            format: self,
        })
    }

    /// All of these columns that are not extra, whatever `--columns` says: the command has chosen them.
    pub fn view_of<'f, R>(&'f self, columns: &'f [Column<R>]) -> View<'f, R> {
        View {
            columns: columns
                .iter()
                .filter(|column| !column.heading.extra)
                .collect(),
            all: columns,
            format: self,
        }
    }

    /// Text that is not a record, wrapped to the width and at most 80 cells wide.
    pub fn paragraph(&self, text: &str) -> String {
        table::paragraph(
            text,
            self.width.map_or(PARAGRAPH, |width| width.min(PARAGRAPH)),
        )
    }

    /// Whether the output is JSON.
    pub fn is_json(&self) -> bool {
        matches!(self.mode, Mode::Json | Mode::Jsonl)
    }
}

/// The chosen columns, and how to print them.
#[derive(Debug)]
pub struct View<'f, R> {
    columns: Vec<&'f Column<R>>,
    /// All columns, also those not shown: they may identify records.
    all: &'f [Column<R>],
    format: &'f Format,
}

impl<R> View<'_, R> {
    /// Whether a column is shown; others need not be read.
    pub fn shows(&self, name: &str) -> bool {
        self.columns
            .iter()
            .any(|column| column.heading.name == name)
    }

    /// The database columns that the shown columns are made of; `None` if one of them does not declare its own.
    pub fn reads(&self) -> Option<Vec<&'static str>> {
        let reads = self.columns.iter().map(|column| column.heading.reads);
        Some(reads.collect::<Option<Vec<_>>>()?.concat())
    }

    /// Whether only these columns are shown.
    pub fn shows_only(&self, names: &[&str]) -> bool {
        self.columns
            .iter()
            .all(|column| names.contains(&column.heading.name))
    }

    /// A list of records.
    pub fn list<'r>(&self, rows: impl IntoIterator<Item = &'r R>) -> String
    where
        R: 'r,
    {
        self.sheet()
            .list(&mut rows.into_iter().map(|row| self.cells(row)))
            .text
    }

    /// One record: its columns below each other in a table, an object in JSON; else a list of one.
    pub fn one(&self, row: &R) -> String {
        self.one_painted(row).text
    }

    /// The same as [`View::one`], with the colours kept apart if the palette says so.
    pub fn one_painted(&self, row: &R) -> PaintedText {
        self.sheet().one(self.cells(row))
    }

    fn sheet(&self) -> Sheet<'_> {
        Sheet {
            headings: self.columns.iter().map(|column| &column.heading).collect(),
            format: self.format,
        }
    }

    fn cells(&self, row: &R) -> Vec<Cell> {
        let not_saved = &self.format.not_saved;
        let columns = self.columns.iter();
        columns
            .map(|column| column.value_or_unknown(row, not_saved))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Port {
        name: &'static str,
        ofport: Option<i64>,
        tag: Option<i64>,
    }

    const COLUMNS: &[Column<Port>] = &[
        Column::new("name", |p: &Port| Cell::text(p.name)).role(ColourRole::Name),
        Column::new("ofport", |p: &Port| Cell::from(p.ofport)).role(ColourRole::Number),
        Column::new("tag", |p: &Port| Cell::from(p.tag)).drop(2),
        Column::new("long_column_name", |_: &Port| Cell::text("x".repeat(30))).drop(1),
        Column::new("extra", |_: &Port| Cell::Bool(true)).extra(),
    ];

    const PORTS: [Port; 3] = [
        Port {
            name: "qvo1",
            ofport: Some(-1),
            tag: None,
        },
        Port {
            name: "漢字-port",
            ofport: Some(65534),
            tag: Some(4),
        },
        Port {
            name: "-",
            ofport: None,
            tag: Some(4095),
        },
    ];

    fn format(mode: Mode, columns: Option<&str>) -> Format {
        Format {
            mode,
            palette: Palette::new(false),
            width: None,
            header: None,
            columns: columns.map(|c| c.split(',').map(str::to_owned).collect()),
            not_saved: NotSaved::default(),
        }
    }

    fn print(format: &Format) -> String {
        format.view(COLUMNS).unwrap().list(&PORTS)
    }

    #[test]
    fn text_is_tab_separated_and_tells_a_dash_from_nothing() {
        let mut format = format(Mode::Text, Some("name,ofport,tag"));
        assert_eq!(
            print(&format),
            "qvo1\t-1\t-\n漢字-port\t65534\t4\n\\-\t-\t4095\n"
        );
        format.header = Some(true);
        assert!(print(&format).starts_with("NAME\tOFPORT\tTAG\n"));
    }

    #[test]
    fn json_is_well_formed() {
        let text = print(&format(Mode::Json, None));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value[0]["ofport"], -1);
        assert_eq!(value[0]["tag"], serde_json::Value::Null);
        assert_eq!(value[1]["name"], "漢字-port");
        assert!(value[0].get("extra").is_none());
        assert_eq!(text.lines().count(), 5, "a record a line:\n{text}");
        let text = print(&format(Mode::Jsonl, Some("extra")));
        assert_eq!(text, "{\"extra\":true}\n".repeat(3));
    }

    #[test]
    fn empty_lists() {
        for (mode, expected) in [
            (Mode::Json, "[]\n"),
            (Mode::Jsonl, ""),
            (Mode::Text, ""),
            (Mode::Raw, ""),
            (Mode::Table, ""),
        ] {
            assert_eq!(
                format(mode, None).view(COLUMNS).unwrap().list(&[]),
                expected
            );
        }
    }

    #[test]
    fn raw_values_one_a_line() {
        assert_eq!(
            print(&format(Mode::Raw, Some("name"))),
            "qvo1\n漢字-port\n-\n"
        );
        assert_eq!(print(&format(Mode::Raw, Some("tag"))), "\n4\n4095\n");
    }

    #[test]
    fn unknown_columns_name_those_that_exist() {
        let error = format(Mode::Text, Some("name,offport"))
            .view(COLUMNS)
            .unwrap_err();
        assert_eq!(error.name, "offport");
        assert_eq!(
            error.known,
            ["name", "ofport", "tag", "long_column_name", "extra"]
        );
    }

    #[test]
    fn tables_are_aligned_by_display_width() {
        let table = print(&format(Mode::Table, Some("name,ofport,tag")));
        assert_eq!(
            table,
            "NAME       OFPORT  TAG\n\
             qvo1       -1      -\n\
             漢字-port  65534   4\n\
             \\-         -       4095\n"
        );
    }

    #[test]
    fn narrow_terminals_lose_columns_in_the_declared_order() {
        let mut format = format(Mode::Table, None);
        for (columns, lost) in [
            (60, None),
            (53, Some("tag")),
            (20, Some("tag, long_column_name")),
        ] {
            format.width = Some(columns);
            let table = print(&format);
            let (rows, footer) = match table.split_once("hidden: ") {
                Some((rows, footer)) => (rows, Some(footer.replace('\n', " "))),
                None => (table.as_str(), None),
            };
            let hidden = footer.as_deref().and_then(|text| text.split(" (").next());
            assert_eq!(hidden, lost, "{columns} columns:\n{table}");
            for line in rows.lines() {
                assert!(width(line) <= columns, "{columns} columns:\n{table}");
            }
        }
    }

    #[test]
    fn the_note_on_hidden_columns_fits_the_width() {
        let mut format = format(Mode::Table, None);
        let mut seen = 0;
        for room in 20..=70 {
            format.width = Some(room);
            let table = print(&format);
            let is_above = |line: &&str| !line.starts_with("hidden: ");
            for line in table.lines().skip_while(is_above) {
                seen += 1;
                assert!(width(line) <= room, "{room} columns:\n{table}");
            }
        }
        assert!(seen > 20, "{seen}");
    }

    #[test]
    fn columns_that_were_asked_for_stay() {
        let mut format = format(Mode::Table, Some("name,tag,long_column_name"));
        format.width = Some(20);
        let table = print(&format);
        assert!(table.contains("LONG_COLUMN_NAME") && table.contains("TAG"));
        assert!(!table.contains("hidden"));
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let plain = print(&format(Mode::Table, None));
        let mut coloured = format(Mode::Table, None);
        coloured.palette = Palette::new(true);
        let coloured = print(&coloured);
        assert_ne!(plain, coloured);
        let mut stripped = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, escape)) = rest.split_once('\u{1b}') {
            stripped.push_str(before);
            rest = escape.split_once('m').unwrap().1;
        }
        stripped.push_str(rest);
        assert_eq!(stripped, plain);
    }

    #[test]
    fn a_record_omits_absent_values() {
        let view = format(Mode::Table, None);
        let record = view.view(COLUMNS).unwrap().one(&PORTS[0]);
        assert_eq!(
            record,
            format!(
                "name              qvo1\nofport            -1\nlong_column_name  {}\n",
                "x".repeat(30)
            )
        );
        let asked = format(Mode::Table, Some("name,tag"));
        let record = asked.view(COLUMNS).unwrap().one(&PORTS[0]);
        assert_eq!(record, "name  qvo1\ntag   -\n");
    }
}
