//! What a command shows at one moment, piece by piece, and what differs between two such moments.
//!
//! A command gives its rows, or its lines of text, as it always does; with what tells which is which they
//! are a [`Frame`]. Comparing and showing the differences know of no command.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::{Cell, Heading, Mode, Pulse, Sheet, View, text};

/// What was seen at one moment.
#[derive(Debug, Default)]
pub struct Frame {
    /// The columns of a list; none where the items are texts of their own.
    pub(super) columns: Vec<Heading>,
    /// What the items' counters are called, in their order.
    pub(super) counters: Vec<&'static str>,
    /// Words of texts, and members of JSON, that change as time passes.
    pub(super) clocks: Vec<&'static str>,
    pub(super) items: Vec<Item>,
    /// What there is none of where there are no items: `ports`.
    pub(super) what: String,
}

/// One row of a list, or one text that stands for itself.
#[derive(Debug, Default)]
pub struct Item {
    /// Which it is: two looks at one thing have the same.
    pub key: String,
    /// What is compared: the cells of a row; of a text that which does not change by itself.
    pub cells: Vec<String>,
    /// Its text, as the command prints it; of a row in a table none, it is laid out of the cells.
    pub text: String,
    /// Its counters; `None` where the switch does not count.
    pub counters: Vec<Option<u64>>,
}

impl Item {
    /// A text that is compared as it stands, blanks and colours aside.
    pub fn of_text(key: impl Into<String>, text: String) -> Item {
        let plain = plain(&text);
        let words: Vec<&str> = plain.split_whitespace().collect();
        Item {
            key: key.into(),
            cells: vec![words.join(" ")],
            text,
            counters: Vec::new(),
        }
    }
}

impl Frame {
    /// Texts that stand for themselves. `clocks` are the words in them, `KEY=`, and the members of their
    /// JSON that change as time passes; `what` is what there is none of where there are none.
    pub fn of_items(items: Vec<Item>, what: &str) -> Frame {
        let mut frame = Frame {
            what: what.to_owned(),
            ..Frame::default()
        };
        frame.fill(items);
        frame
    }

    /// The same with counters of these names in each item.
    #[must_use]
    pub fn counting(mut self, counters: &[&'static str]) -> Frame {
        self.counters = counters.to_vec();
        self
    }

    /// The same with words that tell the time.
    #[must_use]
    pub fn with_clocks(mut self, clocks: &[&'static str]) -> Frame {
        self.clocks = clocks.to_vec();
        self
    }

    /// An answer in one piece: in JSON one item, else a line each, known by what stands before its first
    /// tab.
    pub fn of_text(answer: &str, mode: Mode) -> Frame {
        if matches!(mode, Mode::Json | Mode::Jsonl) {
            // Line feeds stand between the members only, in strings they are escaped.
            return Frame::of_items(vec![Item::of_text("", answer.replace('\n', ""))], "answer");
        }
        let item = |line: &str| {
            let key = line.split_once('\t').map_or("", |(key, _)| key);
            Item::of_text(key, line.to_owned())
        };
        Frame::of_items(answer.lines().map(item).collect(), "answer")
    }

    /// Nothing of what was there before.
    pub fn emptied(before: &Frame) -> Frame {
        Frame {
            columns: before.columns.clone(),
            counters: before.counters.clone(),
            clocks: before.clocks.clone(),
            items: Vec::new(),
            what: before.what.clone(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether anything in it counts, so that rates can be told.
    pub fn counts(&self) -> bool {
        !self.counters.is_empty()
    }

    /// Takes the items; of several with one key the second, third, ... are told apart by their place.
    fn fill(&mut self, mut items: Vec<Item>) {
        let mut times: HashMap<String, usize> = HashMap::new();
        let mut seen: HashSet<String> = HashSet::with_capacity(items.len());
        for item in &mut items {
            if !seen.insert(item.key.clone()) {
                let time = times.entry(item.key.clone()).or_insert(1);
                *time += 1;
                item.key = format!("{}\0{time}", item.key);
            }
        }
        self.items = items;
    }

    /// What is different from a moment ago; `elapsed` is how long that is.
    pub fn compare<'f>(
        &'f self,
        before: Option<&'f Frame>,
        elapsed: Option<Duration>,
    ) -> Changes<'f> {
        let Some(before) = before else {
            let all = self.items.iter().map(Difference::unchanged);
            return Changes {
                all: all.collect(),
                is_first: true,
            };
        };
        let old: HashMap<&str, &Item> = before
            .items
            .iter()
            .map(|item| (item.key.as_str(), item))
            .collect();
        let keys: HashSet<&str> = self.items.iter().map(|item| item.key.as_str()).collect();
        // What is gone is shown where it was: behind what stood before it, and is still there.
        let mut gone: HashMap<Option<&str>, Vec<&'f Item>> = HashMap::new();
        let mut last = None;
        for item in &before.items {
            if keys.contains(item.key.as_str()) {
                last = Some(item.key.as_str());
            } else {
                gone.entry(last).or_default().push(item);
            }
        }
        let mut all = Vec::with_capacity(self.items.len());
        let mut push_gone = |all: &mut Vec<Difference<'f>>, place: Option<&'f str>| {
            let gone = gone.remove(&place).unwrap_or_default();
            all.extend(gone.into_iter().map(|item| Difference {
                change: Some(Change::Gone),
                item,
                was: None,
                rates: Vec::new(),
            }));
        };
        push_gone(&mut all, None);
        for item in &self.items {
            let was = old.get(item.key.as_str()).copied();
            all.push(self.difference(item, was, elapsed));
            push_gone(&mut all, Some(&item.key));
        }
        Changes {
            all,
            is_first: false,
        }
    }

    fn difference<'f>(
        &self,
        item: &'f Item,
        was: Option<&'f Item>,
        elapsed: Option<Duration>,
    ) -> Difference<'f> {
        let Some(was) = was else {
            return Difference {
                change: Some(Change::New),
                ..Difference::unchanged(item)
            };
        };
        let differs = (0..item.cells.len().max(was.cells.len()))
            .any(|place| !self.is_clock(place) && item.cells.get(place) != was.cells.get(place));
        let mut rates = Vec::new();
        if let Some(seconds) = elapsed
            .map(|elapsed| elapsed.as_secs_f64())
            .filter(|s| *s > 0.0)
        {
            let counters = item.counters.iter().zip(&was.counters);
            for (name, (now, then)) in self.counters.iter().zip(counters) {
                // A counter that went back began anew: nobody knows how much has passed.
                if let (Some(now), Some(then)) = (now, then)
                    && let Some(more) = now.checked_sub(*then).filter(|more| *more > 0)
                {
                    #[allow(clippy::cast_precision_loss)] // A rate has a few digits.
                    rates.push((*name, more as f64 / seconds));
                }
            }
        }
        let changed = differs || item.counters != was.counters;
        Difference {
            change: changed.then_some(Change::Changed),
            item,
            was: Some(was),
            rates,
        }
    }

    fn is_clock(&self, place: usize) -> bool {
        self.columns
            .get(place)
            .is_some_and(|column| column.pulse == Pulse::Clock)
    }

    /// The names of what changes as time passes: columns of a list, members of a text's JSON.
    pub(super) fn clock_names(&self) -> impl Iterator<Item = &'static str> {
        let columns = self.columns.iter();
        let columns = columns.filter(|column| column.pulse == Pulse::Clock);
        columns
            .map(|column| column.name)
            .chain(self.clocks.iter().copied())
    }
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// `+`: it was not there.
    New,
    /// `~`: it was there, and was different.
    Changed,
    /// `-`: it is no longer there.
    Gone,
}

impl Change {
    /// `+`, `~` or `-`.
    pub fn sign(self) -> char {
        match self {
            Change::New => '+',
            Change::Changed => '~',
            Change::Gone => '-',
        }
    }
}

/// An item, and what became of it.
#[derive(Debug)]
pub struct Difference<'f> {
    /// `None`: it is as it was.
    pub change: Option<Change>,
    /// The item; as it last was, if it is gone.
    pub item: &'f Item,
    /// What it was a moment ago.
    pub(super) was: Option<&'f Item>,
    /// How fast its counters grow, a second; those that stand still are left out.
    pub(super) rates: Vec<(&'static str, f64)>,
}

impl<'f> Difference<'f> {
    fn unchanged(item: &'f Item) -> Difference<'f> {
        Difference {
            change: None,
            item,
            was: None,
            rates: Vec::new(),
        }
    }
}

/// Two moments compared: everything that is there now, in its order, with what is gone between.
#[derive(Debug)]
pub struct Changes<'f> {
    /// Every item.
    pub all: Vec<Difference<'f>>,
    /// Whether there was nothing to compare with.
    pub is_first: bool,
}

impl Changes<'_> {
    /// Whether everything is as it was.
    pub fn is_empty(&self) -> bool {
        self.all
            .iter()
            .all(|difference| difference.change.is_none())
    }

    /// `+2 -1 ~3`; what there is none of is left out.
    pub fn summary(&self) -> String {
        let counts = [Change::New, Change::Gone, Change::Changed].map(|change| {
            let of_it = self.all.iter();
            let count = of_it.filter(|d| d.change == Some(change)).count();
            (change.sign(), count)
        });
        let counts = counts.iter().filter(|(_, count)| *count > 0);
        let words = counts.map(|(sign, count)| format!("{sign}{count}"));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// `12.5`, and without a fraction where it is large.
pub(super) fn rate(rate: f64) -> String {
    if rate < 99.95 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

/// A text without its colours.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        rest = escape.split_once('m').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}

impl<R> View<'_, R> {
    /// What a list shows, with what tells its records apart: the columns of identity, or all that are
    /// shown where there are none of those. `what` is what there is none of in an empty list: `ports`.
    pub fn frame<'r>(&self, rows: impl IntoIterator<Item = &'r R>, what: &str) -> Frame
    where
        R: 'r,
    {
        let sheet = self.sheet();
        let item = |row: &'r R| {
            let identity = self.all.iter().filter(|column| column.heading.identity);
            let identity = identity.map(|column| column.value(row));
            sheet.item(&self.cells(row), &identity.collect::<Vec<_>>())
        };
        let counters = sheet.headings.iter().filter(|heading| heading.counts());
        let mut frame = Frame {
            columns: sheet.headings.iter().copied().copied().collect(),
            counters: counters.map(|heading| heading.name).collect(),
            clocks: Vec::new(),
            items: Vec::new(),
            what: what.to_owned(),
        };
        frame.fill(rows.into_iter().map(item).collect());
        frame
    }
}

impl Heading {
    fn counts(&self) -> bool {
        self.pulse == Pulse::Counter
    }
}

impl Sheet<'_> {
    fn item(&self, row: &[Cell], identity: &[Cell]) -> Item {
        let texts = |cells: &[Cell]| -> Vec<String> {
            cells.iter().map(|cell| text::cell(cell, ", ")).collect()
        };
        let cells = texts(row);
        let counters = self.headings.iter().zip(row);
        let counters = counters.filter(|(heading, _)| heading.counts());
        let counters = counters.map(|(_, cell)| match cell {
            Cell::Integer(count) => u64::try_from(*count).ok(),
            _ => None,
        });
        Item {
            key: if identity.is_empty() {
                cells.join("\t")
            } else {
                texts(identity).join("\t")
            },
            text: self.line(row),
            counters: counters.collect(),
            cells,
        }
    }
}
