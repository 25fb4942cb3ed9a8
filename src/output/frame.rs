//! The output of a command at one moment, item by item, and the differences between two such frames.
//!
//! Commands produce rows or lines of text as usual; a [`Frame`] adds the keys by which items are matched.
//! Comparing and showing the differences does not depend on the command.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::{Cell, Heading, ItemChange, Mode, PaintedText, Palette, Pulse, Sheet, View, text};

/// The output at one moment.
#[derive(Debug, Default, Clone)]
pub struct Frame {
    /// The columns of a list; empty if the items are texts.
    pub columns: Vec<Heading>,
    /// The names of the items' counters, in order.
    pub counters: Vec<&'static str>,
    /// Words of texts, and members of JSON objects, that change as time passes.
    pub clocks: Vec<&'static str>,
    /// Items with equal keys are matched by their order.
    pub items: Vec<Item>,
    /// Items that were added since the frame before. Those that are in neither frame came and went.
    pub added: Vec<Item>,
    /// The keys of items that were removed since the frame before. Those that are in both frames were replaced.
    pub removed: HashSet<String>,
    /// What the items are (`ports`), for the message that there are none.
    pub what: String,
}

/// One row of a list, or one text.
#[derive(Debug, Default, Clone)]
pub struct Item {
    /// Its key: equal in all frames that show the same thing.
    pub key: String,
    /// The cells of a row as text.
    pub(super) cells: Vec<String>,
    /// Its text, if it is not a row.
    pub text: PaintedText,
    /// Its line or object in a stream; `None`: the text.
    pub line: Option<String>,
    /// Its counters; `None` where the switch does not count.
    pub counters: Vec<Option<u64>>,
}

impl Item {
    /// A text that is compared word by word.
    pub fn of_text(key: impl Into<String>, text: PaintedText) -> Item {
        Item {
            key: key.into(),
            text,
            ..Item::default()
        }
    }

    /// Its line in a stream.
    pub(super) fn line(&self) -> Cow<'_, str> {
        match &self.line {
            Some(line) => line.into(),
            None => self.text.coloured().into(),
        }
    }
}

/// Whether a character ends a word of a text.
pub(super) fn ends_word(c: char) -> bool {
    matches!(c, ' ' | ',' | '\n' | '\t')
}

/// Whether a word of a text is the value of `name`, as `name=12`.
pub(super) fn is_of(word: &str, name: &str) -> bool {
    let value = word.strip_prefix(name);
    value.is_some_and(|value| value.starts_with(['=', ':']))
}

type ItemKey<'f> = (&'f str, usize);

impl Frame {
    /// A frame of texts; `what` is used in the message that there are none.
    pub fn of_items(items: Vec<Item>, what: &str) -> Frame {
        Frame {
            items,
            what: what.to_owned(),
            ..Frame::default()
        }
    }

    /// A frame from a complete output: in JSON one item, else one per line, with the text before the first
    /// tab as the key.
    pub fn of_text(answer: &str, mode: Mode) -> Frame {
        let item = |key: &str, line: String| {
            let mut text = PaintedText::new(Palette::Off);
            text.text = line;
            Item::of_text(key, text)
        };
        let items = if matches!(mode, Mode::Json | Mode::Jsonl) {
            // Line feeds stand only between members; in strings they are escaped.
            vec![item("", answer.replace('\n', ""))]
        } else {
            let lines = answer.lines().map(|line| {
                let key = line.split_once('\t').map_or("", |(key, _)| key);
                item(key, line.to_owned())
            });
            lines.collect()
        };
        Frame::of_items(items, "answer")
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether any item has counters, so that rates can be shown.
    pub fn counts(&self) -> bool {
        !self.counters.is_empty()
    }

    /// The items by key, each with its index among the items of that key.
    fn keyed(&self) -> Vec<(ItemKey<'_>, &Item)> {
        let mut times: HashMap<&str, usize> = HashMap::new();
        let keyed = self.items.iter().map(|item| {
            let time = times.entry(&item.key).or_default();
            *time += 1;
            ((item.key.as_str(), *time), item)
        });
        keyed.collect()
    }

    /// The differences from the frame `elapsed` ago.
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
        let (new, old) = (self.keyed(), before.keyed());
        let keys: HashSet<ItemKey<'_>> = new.iter().map(|(key, _)| *key).collect();
        // Items that are gone are listed after the item that preceded them and still exists.
        let mut gone: HashMap<Option<ItemKey<'_>>, Vec<Difference<'_>>> = HashMap::new();
        let mut last = None;
        for (key, item) in &old {
            if keys.contains(key) {
                last = Some(*key);
            } else {
                let gone = gone.entry(last).or_default();
                gone.push(Difference::of(ItemChange::Gone, item));
            }
        }
        let old: HashMap<ItemKey<'_>, &Item> = old.into_iter().collect();
        let mut all = gone.remove(&None).unwrap_or_default();
        for (key, item) in new {
            match old.get(&key).copied() {
                Some(was) if self.removed.contains(key.0) => {
                    all.push(Difference::of(ItemChange::Gone, was));
                    all.push(Difference::of(ItemChange::New, item));
                }
                was => all.push(self.difference(item, was, elapsed)),
            }
            all.extend(gone.remove(&Some(key)).unwrap_or_default());
        }
        for item in &self.added {
            let key = (item.key.as_str(), 1);
            if !keys.contains(&key) && !old.contains_key(&key) {
                all.push(Difference::of(ItemChange::New, item));
                all.push(Difference::of(ItemChange::Gone, item));
            }
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
            return Difference::of(ItemChange::New, item);
        };
        let mut rates = Vec::new();
        if let Some(seconds) = elapsed
            .map(|elapsed| elapsed.as_secs_f64())
            .filter(|s| *s > 0.0)
        {
            let counters = item.counters.iter().zip(&was.counters);
            for (name, (now, then)) in self.counters.iter().zip(counters) {
                // A counter that decreased was reset: its rate is unknown.
                if let (Some(now), Some(then)) = (now, then)
                    && let Some(more) = now.checked_sub(*then).filter(|more| *more > 0)
                {
                    #[allow(clippy::cast_precision_loss)] // A rate has a few digits.
                    rates.push((*name, more as f64 / seconds));
                }
            }
        }
        let changed = item.counters != was.counters
            || self.cells(item).ne(self.cells(was))
            || self.words(item).ne(self.words(was));
        Difference {
            change: changed.then_some(ItemChange::Changed),
            item,
            was: Some(was),
            rates,
        }
    }

    /// The cells of a row that do not change by the passing of time.
    fn cells<'f>(&self, item: &'f Item) -> impl Iterator<Item = &'f String> {
        let cells = item.cells.iter().zip(&self.columns);
        let cells = cells.filter(|(_, column)| column.pulse != Pulse::Clock);
        cells.map(|(cell, _)| cell)
    }

    /// The words of a text that do not change by the passing of time. Counters are compared as numbers.
    fn words<'f>(&self, item: &'f Item) -> impl Iterator<Item = &'f str> {
        let words = item.text.text.split(ends_word).filter(|w| !w.is_empty());
        let names = self.clocks.iter().chain(&self.counters);
        words.filter(move |word| !names.clone().any(|name| is_of(word, name)))
    }

    /// The names of columns and of JSON members that change as time passes.
    pub(super) fn clock_names(&self) -> impl Iterator<Item = &'static str> {
        let columns = self.columns.iter();
        let columns = columns.filter(|column| column.pulse == Pulse::Clock);
        columns
            .map(|column| column.name)
            .chain(self.clocks.iter().copied())
    }
}

/// An item, and how it changed.
#[derive(Debug)]
pub struct Difference<'f> {
    /// `None`: unchanged.
    pub change: Option<ItemChange>,
    /// The item; if it is gone, its last state.
    pub item: &'f Item,
    /// Its previous state.
    pub(super) was: Option<&'f Item>,
    /// The rates of its counters per second, without those that are zero.
    pub(super) rates: Vec<(&'static str, f64)>,
}

impl<'f> Difference<'f> {
    fn unchanged(item: &'f Item) -> Difference<'f> {
        Difference {
            change: None,
            ..Difference::of(ItemChange::New, item)
        }
    }

    /// An item that came or went.
    fn of(change: ItemChange, item: &'f Item) -> Difference<'f> {
        Difference {
            change: Some(change),
            item,
            was: None,
            rates: Vec::new(),
        }
    }
}

/// The differences between two frames: all current items in order, with those that are gone among them.
#[derive(Debug)]
pub struct Changes<'f> {
    /// Every item.
    pub all: Vec<Difference<'f>>,
    /// Whether there was no previous frame.
    pub is_first: bool,
}

impl Changes<'_> {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.all
            .iter()
            .all(|difference| difference.change.is_none())
    }

    /// `+2 -1 ~3`; zeros are left out.
    pub fn summary(&self) -> String {
        let counts = [ItemChange::New, ItemChange::Gone, ItemChange::Changed].map(|change| {
            let of_it = self.all.iter();
            let count = of_it.filter(|d| d.change == Some(change)).count();
            (change.sign(), count)
        });
        let counts = counts.iter().filter(|(_, count)| *count > 0);
        let words = counts.map(|(sign, count)| format!("{sign}{count}"));
        words.collect::<Vec<_>>().join(" ")
    }
}

/// A rate as `12.5`, without a fraction if it is large.
pub(super) fn rate(rate: f64) -> String {
    if rate < 99.95 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

impl<R> View<'_, R> {
    /// The frame of a list. Records are recognized by their identity columns, or by all shown columns if
    /// there are none. `what` names the records (`ports`), for the message that there are none.
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
        Frame {
            columns: sheet.headings.iter().copied().copied().collect(),
            counters: counters.map(|heading| heading.name).collect(),
            items: rows.into_iter().map(item).collect(),
            what: what.to_owned(),
            ..Frame::default()
        }
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
            line: Some(self.line(row)),
            counters: counters.collect(),
            cells,
            ..Item::default()
        }
    }
}
