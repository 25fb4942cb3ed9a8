//! What is printed of a trace: the tree with the verdict, the results as lines, the document.

use std::ops::Range;

use super::ask::{Asked, Way};
use super::request::Request;
use crate::base::json::Json;
use crate::commands::lines::InterfaceRow;
use crate::model::Topology;
use crate::model::trace::outputs::VlanTag;
use crate::model::trace::steps::{Step, steps};
use crate::model::trace::verdict::{ResultKind, TraceResult};
use crate::output::{Cell, ColourRole, Column, Format, Heading, Pieces, Shape, escape, headings};

/// A result, with the way that it is of.
pub(super) struct ResultLine<'a> {
    way: Option<usize>,
    result: &'a TraceResult,
}

pub(super) fn columns<'a>() -> Vec<Column<ResultLine<'a>>> {
    vec![
        Column::new("way", |line: &ResultLine<'_>| {
            line.way
                .map_or(Cell::Absent, |way| Cell::Integer(way as i128))
        })
        .whole_or_null("the number of the way, where a group chooses one of several")
        .drop(6),
        Column::new("result", |line: &ResultLine<'_>| {
            Cell::text(line.result.kind.word())
        })
        .is(
            Shape::Words(ResultKind::WORDS),
            "what becomes of the packet, or of this copy",
        )
        .role(ColourRole::State),
        Column::new("bridge", |line: &ResultLine<'_>| {
            Cell::from(line.result.bridge.as_deref())
        })
        .text_or_null("the bridge where that is")
        .role(ColourRole::Name),
        Column::new("port", |line: &ResultLine<'_>| {
            Cell::from(line.result.port.as_deref())
        })
        .text_or_null("the port where it comes out, or would have")
        .role(ColourRole::Name),
        Column::new("tag", |line: &ResultLine<'_>| Cell::from(line.result.tag))
            .vid_or_null("the port's own tag: the VLAN within the bridge")
            .role(ColourRole::Number),
        Column::new("vlan", |line: &ResultLine<'_>| vlan(line.result, 0))
            .vid_or_null(
                "the outer VLAN tag with which it leaves; in a tunnel, that of the packet inside",
            )
            .role(ColourRole::Number),
        InterfaceRow::REMOTE_IP
            .of(|line: &ResultLine<'_>| Cell::from(line.result.remote_ip.as_deref()))
            .drop(2),
        Column::new("key", |line: &ResultLine<'_>| whole(line.result.key))
            .whole_or_null("the tunnel's key (the VNI)")
            .role(ColourRole::Number)
            .drop(3),
        Column::new("table", |line: &ResultLine<'_>| whole(line.result.table))
            .whole_or_null("the flow table in which it ends")
            .role(ColourRole::Number)
            .drop(4),
        Column::new("reason", |line: &ResultLine<'_>| {
            Cell::from(line.result.reason.as_deref())
        })
        .text_or_null("why it ends, or what is unknown")
        .wrap()
        .drop(1),
        Column::new("inner_vlan", |line: &ResultLine<'_>| vlan(line.result, 1))
            .vid_or_null("the VLAN tag behind the outer one")
            .extra(),
        Column::new("copies", |line: &ResultLine<'_>| {
            Cell::Integer(line.result.copies as i128)
        })
        .whole("how often it comes out there")
        .extra(),
        Column::new("text", |line: &ResultLine<'_>| {
            Cell::text(line.result.text())
        })
        .text("the result in words")
        .extra(),
    ]
}

fn whole(number: Option<impl Into<i128>>) -> Cell {
    number.map_or(Cell::Absent, |number| Cell::Integer(number.into()))
}

fn vlan(result: &TraceResult, place: usize) -> Cell {
    match result.vlans.get(place) {
        Some(VlanTag::Vlan(vid)) => Cell::Integer(i128::from(*vid)),
        _ => Cell::Absent,
    }
}

fn step_columns() -> Vec<Column<Step>> {
    vec![
        Column::new("kind", |step: &Step| Cell::text(step.kind)).shape(Shape::Words(Step::KINDS)),
        Column::new("depth", |step: &Step| Cell::Integer(step.depth as i128)).shape(Shape::Whole),
        Column::new("recirculation", |step: &Step| whole(step.recirculation)).whole_or_null(""),
        Column::new("bridge", |step: &Step| Cell::from(step.bridge.as_deref())).text_or_null(""),
        Column::new("table", |step: &Step| whole(step.table)).whole_or_null(""),
        Column::new("table_name", |step: &Step| {
            Cell::from(step.table_name.as_deref())
        })
        .text_or_null(""),
        Column::new("text", |step: &Step| Cell::text(&step.text)).text(""),
        Column::new("priority", |step: &Step| whole(step.priority)).whole_or_null(""),
        Column::new("cookie", |step: &Step| {
            step.cookie.map_or(Cell::Absent, Cell::Hex64)
        })
        .shape(Shape::OrNull(&Shape::Hex)),
        Column::new("from", |step: &Step| Cell::from(step.from.as_deref())).text_or_null(""),
        Column::new("to", |step: &Step| Cell::from(step.to.as_deref())).text_or_null(""),
    ]
}

fn filled_columns() -> Vec<Column<(String, String)>> {
    vec![
        Column::new("field", |filled: &(String, String)| Cell::text(&filled.0)).text(""),
        Column::new("source", |filled: &(String, String)| Cell::text(&filled.1)).text(""),
    ]
}

/// The members of a result in the document.
pub(crate) fn result_headings() -> Vec<Heading> {
    headings(&columns())
}

/// The members of a step.
pub(crate) fn step_headings() -> Vec<Heading> {
    headings(&step_columns())
}

/// The members of a field that was filled in.
pub(crate) fn filled_headings() -> Vec<Heading> {
    headings(&filled_columns())
}

/// A trace, to be printed.
pub(super) struct Shown<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) asked: &'a Asked,
    pub(super) topology: &'a Topology,
    pub(super) target: &'a [String],
}

impl Shown<'_> {
    fn numbered(&self) -> impl Iterator<Item = (Option<usize>, &Way)> {
        let several = self.asked.ways.len() > 1;
        let ways = self.asked.ways.iter().enumerate();
        ways.map(move |(index, way)| (several.then_some(index + 1), way))
    }

    /// The results as lines.
    pub(super) fn lines(&self) -> Vec<ResultLine<'_>> {
        let lines = self.numbered().flat_map(|(way, of)| {
            let results = of.results.results.iter();
            results.map(move |result| ResultLine { way, result })
        });
        lines.collect()
    }

    fn headers(&self) -> String {
        let bridge = &self.request.bridge.name;
        self.asked.labels.headers(bridge, &self.asked.flow)
    }

    /// The whole as JSON.
    pub(super) fn json(&self) -> String {
        let columns = columns();
        let step_columns = step_columns();
        let filled_columns = filled_columns();
        let record = |cells: Vec<(&'static str, Cell)>| {
            let members = cells.into_iter();
            Cell::Map(members.map(|(key, cell)| (key.to_owned(), cell)).collect())
        };
        let ways = self.numbered().map(|(number, way)| {
            let results = way.results.results.iter().map(|result| {
                let line = ResultLine {
                    way: number,
                    result,
                };
                cells(&columns, &line)
            });
            let steps = steps(&way.reply, self.topology, &self.asked.labels);
            let steps = steps.iter().map(|step| cells(&step_columns, step));
            record(vec![
                ("verdict", Cell::text(way.results.headline(self.target))),
                (
                    "hashes",
                    Cell::Integers(way.hashes.iter().map(|hash| i64::from(*hash)).collect()),
                ),
                ("results", Cell::List(results.collect())),
                ("steps", Cell::List(steps.collect())),
                (
                    "datapath_actions",
                    Cell::texts(
                        way.reply
                            .sections
                            .iter()
                            .map(|section| way.reply.at(&section.datapath_actions).to_owned()),
                    ),
                ),
            ])
        });
        let filled = self.request.filled.iter();
        let filled = filled.map(|filled| cells(&filled_columns, filled));
        let document = record(vec![
            ("bridge", Cell::text(&self.request.bridge.name)),
            ("flow", Cell::text(self.headers())),
            ("request", Cell::text(&self.asked.flow)),
            ("filled_in", Cell::List(filled.collect())),
            ("target", Cell::texts(self.request.target.iter())),
            ("verdict", Cell::text(self.asked.headline(self.target))),
            ("ways", Cell::List(ways.collect())),
        ]);
        let mut out = String::new();
        document.write_json(&mut Json::new(&mut out));
        out.push('\n');
        out
    }

    /// The tree and the verdict.
    pub(super) fn tree(&self, format: &Format) -> String {
        let mut text = Pieces::new(format);
        text.begin(0, INDENT);
        text.put_whole(
            0,
            &[
                (ColourRole::Faint, "flow "),
                (ColourRole::Plain, &escape(&self.headers())),
            ],
        );
        text.end();
        for (field, source) in &self.request.filled {
            text.begin(INDENT, INDENT);
            text.put_whole(
                0,
                &[
                    (ColourRole::Faint, "filled in "),
                    (ColourRole::Plain, &escape(field)),
                    (ColourRole::Faint, &format!(" ({})", escape(source))),
                ],
            );
            text.end();
        }
        for (number, way) in self.numbered() {
            text.end();
            if let Some(number) = number {
                let hashes: Vec<String> = way.hashes.iter().map(u32::to_string).collect();
                text.begin(0, INDENT);
                text.put(0, &[(ColourRole::Heading, &format!("way {number}"))]);
                text.put(
                    2,
                    &[(ColourRole::Faint, &format!("hash {}", hashes.join(", ")))],
                );
                text.end();
            }
            for step in &steps(&way.reply, self.topology, &self.asked.labels) {
                put_step(&mut text, step);
            }
            for section in &way.reply.sections {
                // Headings, and lines without a value, say nothing.
                let says = |remark: &&Range<usize>| !way.reply.at(remark).trim_end().ends_with(':');
                for remark in section.remarks.iter().filter(says) {
                    text.begin(0, INDENT);
                    text.put_whole(0, &[(ColourRole::Faint, &escape(way.reply.at(remark)))]);
                    text.end();
                }
            }
            if way.reply.left_out > 0 {
                let lines = format!("{} lines more, which --raw prints", way.reply.left_out);
                text.begin(0, INDENT);
                text.put_whole(0, &[(ColourRole::Faint, &lines)]);
                text.end();
            }
            text.end();
            text.begin(0, INDENT);
            text.put_whole(
                0,
                &[(
                    ColourRole::Heading,
                    &escape(&way.results.headline(self.target)),
                )],
            );
            text.end();
            if way.results.results.len() > 1 {
                for result in &way.results.results {
                    text.begin(INDENT, INDENT);
                    text.put_whole(0, &[(ColourRole::Plain, &escape(&result.text()))]);
                    text.end();
                }
            }
        }
        if self.asked.ways.len() > 1 {
            text.end();
            text.put_whole(
                0,
                &[(
                    ColourRole::Heading,
                    &escape(&self.asked.headline(self.target)),
                )],
            );
            text.end();
        }
        text.take().text
    }
}

const INDENT: usize = 2;
/// Deeper steps are indented as those of this depth.
const MAX_DEPTH: usize = 40;

fn put_step(text: &mut Pieces, step: &Step) {
    let blanks = step.shown_depth.min(MAX_DEPTH) * INDENT;
    let body = escape(&step.text);
    text.begin(blanks, blanks + INDENT);
    match step.kind {
        "recirculation" => {
            let id = step.recirculation.unwrap_or_default();
            text.put_whole(
                0,
                &[
                    (ColourRole::Heading, &format!("recirc({id:#x})")),
                    (ColourRole::Faint, &format!(" {body}")),
                ],
            );
        }
        "bridge" => {
            text.put_whole(0, &[(ColourRole::Heading, &body)]);
            if let (Some(from), Some(to)) = (&step.from, &step.to) {
                let patch = format!("by {} to {}", escape(from), escape(to));
                text.put(2, &[(ColourRole::Faint, &patch)]);
            }
        }
        "flow" | "miss" => {
            let table = step.table.unwrap_or_default();
            let table = match &step.table_name {
                Some(name) => format!("table {table} {}", escape(name)),
                None => format!("table {table}"),
            };
            text.put_whole(
                0,
                &[
                    (ColourRole::Number, &table),
                    (ColourRole::Plain, &format!("  {body}")),
                ],
            );
            if let Some(cookie) = step.cookie.filter(|cookie| *cookie != 0) {
                text.put(2, &[(ColourRole::Faint, &format!("cookie={cookie:#x}"))]);
            }
        }
        "detail" => text.put_whole(0, &[(ColourRole::Faint, &format!("-> {body}"))]),
        "warning" | "error" => text.put_whole(0, &[(ColourRole::Error, &format!(">> {body}"))]),
        _ => text.put_whole(0, &[(ColourRole::Plain, &body)]),
    }
    text.end();
}

fn cells<R>(columns: &[Column<R>], record: &R) -> Cell {
    let members = columns.iter();
    Cell::Map(
        members
            .map(|column| (column.heading.name.to_owned(), column.value(record)))
            .collect(),
    )
}
