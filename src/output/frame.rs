//! What a command shows at one moment, piece by piece, and what differs between two such moments.
//!
//! A command gives its rows, or its lines of text, as it always does; with what tells which is which they
//! are a [`Frame`]. Comparing and showing the differences know of no command.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::{Cell, Change, Heading, Mode, PaintedText, Palette, Pulse, Sheet, View, text};

/// What was seen at one moment.
#[derive(Debug, Default, Clone)]
pub struct Frame {
    /// The columns of a list; none where the items are texts of their own.
    pub columns: Vec<Heading>,
    /// What the items' counters are called, in their order.
    pub counters: Vec<&'static str>,
    /// Words of texts, and members of JSON, that change as time passes.
    pub clocks: Vec<&'static str>,
    /// Several may have one key: they are told apart by their order.
    pub items: Vec<Item>,
    /// What there is none of where there are no items: `ports`.
    pub what: String,
}

/// One row of a list, or one text that stands for itself.
#[derive(Debug, Default, Clone)]
pub struct Item {
    /// Which it is: two looks at one thing have the same.
    pub key: String,
    /// The cells of a row as text.
    pub(super) cells: Vec<String>,
    /// What stands for itself.
    pub text: PaintedText,
    /// What a stream has of it: a line or an object; `None`: the text.
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

    /// What a stream has of it.
    pub(super) fn line(&self) -> Cow<'_, str> {
        match &self.line {
            Some(line) => line.into(),
            None => self.text.coloured().into(),
        }
    }
}

/// What ends a word of a text.
pub(super) fn ends_word(c: char) -> bool {
    matches!(c, ' ' | ',' | '\n' | '\t')
}

/// Whether a word of a text is the value of `name`: `name=12`.
pub(super) fn is_of(word: &str, name: &str) -> bool {
    let value = word.strip_prefix(name);
    value.is_some_and(|value| value.starts_with(['=', ':']))
}

type ItemKey<'f> = (&'f str, usize);

impl Frame {
    /// Texts that stand for themselves; `what` is what there is none of where there are none.
    pub fn of_items(items: Vec<Item>, what: &str) -> Frame {
        Frame {
            items,
            what: what.to_owned(),
            ..Frame::default()
        }
    }

    /// An answer in one piece: in JSON one item, else a line each, known by what stands before its first
    /// tab.
    pub fn of_text(answer: &str, mode: Mode) -> Frame {
        let item = |key: &str, line: String| {
            let mut text = PaintedText::new(Palette::Off);
            text.text = line;
            Item::of_text(key, text)
        };
        let items = if matches!(mode, Mode::Json | Mode::Jsonl) {
            // Line feeds stand between the members only, in strings they are escaped.
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

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether anything in it counts, so that rates can be told.
    pub fn counts(&self) -> bool {
        !self.counters.is_empty()
    }

    /// The items by their keys, each with the place that it has among those of its key.
    fn keyed(&self) -> Vec<(ItemKey<'_>, &Item)> {
        let mut times: HashMap<&str, usize> = HashMap::new();
        let keyed = self.items.iter().map(|item| {
            let time = times.entry(&item.key).or_default();
            *time += 1;
            ((item.key.as_str(), *time), item)
        });
        keyed.collect()
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
        let (new, old) = (self.keyed(), before.keyed());
        let keys: HashSet<ItemKey<'_>> = new.iter().map(|(key, _)| *key).collect();
        // What is gone is shown where it was: behind what stood before it, and is still there.
        let mut gone: HashMap<Option<ItemKey<'_>>, Vec<Difference<'_>>> = HashMap::new();
        let mut last = None;
        for (key, item) in &old {
            if keys.contains(key) {
                last = Some(*key);
            } else {
                gone.entry(last).or_default().push(Difference {
                    change: Some(Change::Gone),
                    ..Difference::unchanged(item)
                });
            }
        }
        let old: HashMap<ItemKey<'_>, &Item> = old.into_iter().collect();
        let mut all = gone.remove(&None).unwrap_or_default();
        for (key, item) in new {
            all.push(self.difference(item, old.get(&key).copied(), elapsed));
            all.extend(gone.remove(&Some(key)).unwrap_or_default());
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
        let changed = item.counters != was.counters
            || self.cells(item).ne(self.cells(was))
            || self.words(item).ne(self.words(was));
        Difference {
            change: changed.then_some(Change::Changed),
            item,
            was: Some(was),
            rates,
        }
    }

    /// The cells of a row that do not change by themselves.
    fn cells<'f>(&self, item: &'f Item) -> impl Iterator<Item = &'f String> {
        let cells = item.cells.iter().zip(&self.columns);
        let cells = cells.filter(|(_, column)| column.pulse != Pulse::Clock);
        cells.map(|(cell, _)| cell)
    }

    /// The words of a text that do not change by themselves. Counters are compared as numbers.
    fn words<'f>(&self, item: &'f Item) -> impl Iterator<Item = &'f str> {
        let words = item.text.text.split(ends_word).filter(|w| !w.is_empty());
        let names = self.clocks.iter().chain(&self.counters);
        words.filter(move |word| !names.clone().any(|name| is_of(word, name)))
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
