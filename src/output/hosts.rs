//! The output of one command on several hosts: each record and each line with its host.

use serde_json::value::RawValue;

use super::sheet::Sheet;
use super::{ColourRole, Format, Frame, Heading, Mode, Records, Shape, table};
use crate::base::terminal::push_string;

/// The column of the host.
pub const HOST: Heading = {
    let mut heading = Heading::new("host");
    heading.shape = Shape::Text;
    heading.meaning = "the host, of several";
    heading.role = ColourRole::Name;
    heading
};

/// Joins the outputs of hosts.
///
/// | mode | a list | other text |
/// |---|---|---|
/// | table | the host as first column, the widths fitted over all hosts | below a line with the host |
/// | text | the host before each line | the same |
/// | JSON | the host as first member of each object, the objects of all hosts in one array | the same |
/// | raw | the values | the lines |
#[derive(Debug)]
pub struct HostsOutput<'f> {
    format: &'f Format,
    /// The index of the host's column, if `--columns` or `--get` names it.
    asked: Option<usize>,
    records: Records,
    is_headed: bool,
    has_text: bool,
    tables: Vec<HostTable>,
}

/// The rows of all hosts that have these columns, with the host among them.
#[derive(Debug)]
struct HostTable {
    columns: Vec<Heading>,
    rows: Vec<Vec<String>>,
}

/// The format in which each host's output is made: without the column of the host.
pub fn format_of_each(format: &Format) -> Format {
    let mut format = format.clone();
    if let Some(columns) = &mut format.columns {
        columns.retain(|name| !is_host(name));
    }
    // Text has one header, for all hosts.
    if format.mode == Mode::Text {
        format.header = None;
    }
    format
}

fn is_host(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case(HOST.name)
}

impl<'f> HostsOutput<'f> {
    /// Nothing yet; `format` is the one that was asked for.
    pub fn new(format: &'f Format) -> HostsOutput<'f> {
        let columns = format.columns.as_deref().unwrap_or_default();
        HostsOutput {
            format,
            asked: columns.iter().position(|name| is_host(name)),
            records: Records::new(format.mode),
            is_headed: false,
            has_text: false,
            tables: Vec::new(),
        }
    }

    /// Adds a list of a host; returns what can be printed already.
    pub fn rows(&mut self, host: &str, frame: Frame) -> String {
        let place = self.asked.unwrap_or_default();
        let mut out = String::new();
        match self.format.mode {
            Mode::Table => self.keep(host, frame),
            Mode::Text => {
                if self.format.header == Some(true) && !std::mem::replace(&mut self.is_headed, true)
                {
                    let names = frame.columns.iter().map(|column| column.name);
                    let names = names.collect::<Vec<_>>().join("\t");
                    push_with(&mut out, &names.to_ascii_uppercase(), "HOST", place);
                }
                for item in &frame.items {
                    push_with(&mut out, &item.line(), host, place);
                }
            }
            Mode::Raw => {
                for item in &frame.items {
                    out.push_str(match self.asked {
                        Some(_) => host,
                        None => item.line.as_deref().unwrap_or_default(),
                    });
                    out.push('\n');
                }
            }
            Mode::Json | Mode::Jsonl => {
                for item in &frame.items {
                    self.object(&mut out, host, &item.line());
                }
            }
        }
        out
    }

    /// Adds the text that the command prints for a host; returns what can be printed already.
    pub fn text(&mut self, host: &str, text: &str) -> String {
        let mut out = String::new();
        match self.format.mode {
            Mode::Table => {
                let title = format!("{host}:");
                let title = self.format.palette.paint(ColourRole::Heading, &title);
                if text.trim_end().contains('\n') {
                    let gap = if self.has_text { "\n" } else { "" };
                    out = format!("{gap}{title}\n{text}");
                } else {
                    out = format!("{title} {text}");
                }
                self.has_text = true;
                if !out.ends_with('\n') {
                    out.push('\n');
                }
            }
            Mode::Text => {
                for line in text.lines() {
                    push_with(&mut out, line, host, self.asked.unwrap_or_default());
                }
            }
            Mode::Raw => out.push_str(text),
            Mode::Json | Mode::Jsonl => {
                let documents = serde_json::Deserializer::from_str(text);
                for document in documents.into_iter::<&RawValue>() {
                    // A document that was cut short.
                    let Ok(document) = document else {
                        break;
                    };
                    match serde_json::from_str::<Vec<&RawValue>>(document.get()) {
                        Ok(records) => {
                            for record in records {
                                self.object(&mut out, host, record.get());
                            }
                        }
                        Err(_) => self.object(&mut out, host, document.get()),
                    }
                }
            }
        }
        out
    }

    /// Ends the document; returns what is left to print.
    pub fn finish(mut self) -> String {
        let mut out = String::new();
        match self.format.mode {
            Mode::Json => self.records.finish(&mut out),
            Mode::Table => {
                for table in std::mem::take(&mut self.tables) {
                    if self.has_text {
                        out.push('\n');
                    }
                    self.has_text = true;
                    let sheet = Sheet {
                        headings: table.columns.iter().collect(),
                        format: self.format,
                    };
                    for line in table::lines(&sheet, table.rows, |_, _| None) {
                        out.push_str(&line.text);
                        out.push('\n');
                    }
                }
            }
            Mode::Jsonl | Mode::Text | Mode::Raw => {}
        }
        out
    }

    fn keep(&mut self, host: &str, frame: Frame) {
        if frame.items.is_empty() {
            return;
        }
        let place = self.asked.unwrap_or_default();
        let mut columns = frame.columns;
        let place = place.min(columns.len());
        columns.insert(place, HOST);
        let rows = frame.items.into_iter().map(|item| {
            let mut cells = item.cells;
            cells.insert(place.min(cells.len()), host.to_owned());
            cells
        });
        let names = |columns: &[Heading]| columns.iter().map(|c| c.name).collect::<Vec<_>>();
        let mut tables = self.tables.iter_mut();
        if let Some(table) = tables.find(|table| names(&table.columns) == names(&columns)) {
            table.rows.extend(rows);
        } else {
            let rows = rows.collect();
            self.tables.push(HostTable { columns, rows });
        }
    }

    /// Appends a record of a host. What is not an object becomes its member `value`.
    fn object(&mut self, out: &mut String, host: &str, record: &str) {
        let is_lines = self.format.mode == Mode::Jsonl;
        if !is_lines {
            self.records.begin(out);
        }
        out.push_str("{\"host\":");
        push_string(out, host);
        // Line feeds stand only between members; in strings they are escaped.
        let record = record.replace('\n', "");
        match record.trim_start().strip_prefix('{') {
            Some(members) if members.trim_start().starts_with('}') => out.push('}'),
            Some(members) => {
                out.push(',');
                out.push_str(members);
            }
            None => {
                out.push_str(",\"value\":");
                out.push_str(&record);
                out.push('}');
            }
        }
        if is_lines {
            out.push('\n');
        }
    }
}

/// Appends a line of cells with the host inserted at this index.
fn push_with(out: &mut String, line: &str, host: &str, place: usize) {
    let mut cells: Vec<&str> = if line.is_empty() {
        Vec::new()
    } else {
        line.split('\t').collect()
    };
    cells.insert(place.min(cells.len()), host);
    out.push_str(&cells.join("\t"));
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::super::{Cell, Column, Palette, View};
    use super::*;

    type Port = (&'static str, i64);

    const COLUMNS: &[Column<Port>] = &[
        Column::new("port", |port: &Port| Cell::text(port.0)).identity(),
        Column::new("tag", |port: &Port| Cell::from(port.1)),
    ];

    fn format(mode: Mode, columns: Option<&str>) -> Format {
        Format {
            mode,
            palette: Palette::new(false),
            width: None,
            header: Some(true),
            columns: columns.map(|names| names.split(',').map(str::to_owned).collect()),
            not_saved: crate::output::NotSaved::default(),
        }
    }

    fn lists(mode: Mode, columns: Option<&str>) -> String {
        let format = format(mode, columns);
        let each = format_of_each(&format);
        let view: View<'_, Port> = each.view(COLUMNS).unwrap();
        let mut output = HostsOutput::new(&format);
        let ports: [&[Port]; 3] = [&[("a\tb", 1)], &[], &[("long-name", 2), ("c", 3)]];
        let mut out = String::new();
        for (host, ports) in ["one", "two", "three"].into_iter().zip(ports) {
            out += &output.rows(host, view.frame(ports, "ports"));
        }
        out + &output.finish()
    }

    #[test]
    fn the_host_is_the_first_column() {
        assert_eq!(
            lists(Mode::Table, None),
            "HOST   PORT       TAG\n\
             one    a\\tb       1\n\
             three  long-name  2\n\
             three  c          3\n"
        );
        assert_eq!(
            lists(Mode::Text, None),
            "HOST\tPORT\tTAG\none\ta\\tb\t1\nthree\tlong-name\t2\nthree\tc\t3\n"
        );
        assert_eq!(
            lists(Mode::Text, Some("tag,host")),
            "TAG\tHOST\n1\tone\n2\tthree\n3\tthree\n"
        );
        assert_eq!(lists(Mode::Raw, Some("tag")), "1\n2\n3\n");
        assert_eq!(lists(Mode::Raw, Some("host")), "one\nthree\nthree\n");
        assert_eq!(
            lists(Mode::Json, Some("host")),
            "[\n{\"host\":\"one\"},\n{\"host\":\"three\"},\n{\"host\":\"three\"}\n]\n"
        );
    }

    #[test]
    fn texts_and_documents() {
        let joined = |mode, texts: [&str; 2]| {
            let format = format(mode, None);
            let mut output = HostsOutput::new(&format);
            let mut out = output.text("one", texts[0]);
            out += &output.text("two", texts[1]);
            out + &output.finish()
        };
        assert_eq!(
            joined(Mode::Table, ["a\nb\n", "c\nd\n"]),
            "one:\na\nb\n\ntwo:\nc\nd\n"
        );
        assert_eq!(joined(Mode::Table, ["5\n", "7\n"]), "one: 5\ntwo: 7\n");
        assert_eq!(
            joined(Mode::Text, ["a\tb\n", "c\n\n"]),
            "one\ta\tb\ntwo\tc\ntwo\n"
        );
        assert_eq!(
            joined(Mode::Jsonl, ["{\"a\":[1]}\n{}\n", "[]\n"]),
            "{\"host\":\"one\",\"a\":[1]}\n{\"host\":\"one\"}\n"
        );
        assert_eq!(
            joined(Mode::Json, ["[\n{\"a\":\n1},\n2\n]\n", "{\"b\":\"\\n\"}"]),
            "[\n{\"host\":\"one\",\"a\":1},\n{\"host\":\"one\",\"value\":2},\n\
             {\"host\":\"two\",\"b\":\"\\n\"}\n]\n"
        );
        assert_eq!(joined(Mode::Json, ["[]\n", "[{\"cut\":"]), "[]\n");
    }
}
