//! `--sort` and `--rsort`: sort keys of flows as comparable bytes, and the flows to sort.
//!
//! Only the message bytes and the keys of a flow are kept; it is formatted when it is printed.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use crate::commands::argument::{Takes as _, Value};
use crate::model::resolve::did_you_mean;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::{Field, ROWS};
use crate::openflow::messages::flow_stats::{Entries, EntryForm, FlowStats, Scratch};

/// The requested order; empty: the order of arrival.
#[derive(Debug, Clone, Default)]
pub(super) struct Sorting(Vec<Criterion>);

/// A sort criterion.
#[derive(Debug, Clone, Copy)]
struct Criterion {
    key: Key,
    descending: bool,
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Statistic(Statistic),
    Field(&'static Field),
}

/// A statistic: name and value.
type Statistic = (&'static str, fn(&FlowStats<'_>) -> Option<u128>);

const TABLE: Statistic = ("table", |flow| Some(flow.table_id.into()));
const PRIORITY: Statistic = ("priority", |flow| Some(flow.priority.into()));

/// In the order of a dump. A flow without the statistic sorts last, as with a field.
static STATISTICS: [Statistic; 12] = [
    ("cookie", |flow| Some(flow.cookie.into())),
    ("duration", |flow| {
        Some(u128::from(flow.duration_sec) << 32 | u128::from(flow.duration_nsec))
    }),
    TABLE,
    ("n_packets", |flow| flow.packet_count.map(u128::from)),
    ("n_bytes", |flow| flow.byte_count.map(u128::from)),
    ("idle_timeout", |flow| some(flow.idle_timeout)),
    ("hard_timeout", |flow| some(flow.hard_timeout)),
    ("importance", |flow| some(flow.importance)),
    ("idle_age", |flow| flow.idle_age.map(u128::from)),
    ("hard_age", |flow| flow.hard_age.map(u128::from)),
    ("flags", |flow| some(flow.flags)),
    PRIORITY,
];

/// The [`STATISTICS`] that packets and time change.
const CHANGE_BY_THEMSELVES: [&str; 5] =
    ["duration", "n_packets", "n_bytes", "idle_age", "hard_age"];

/// A number that is not printed if it is zero.
fn some(number: u16) -> Option<u128> {
    (number != 0).then_some(number.into())
}

impl Sorting {
    /// Whether there is no criterion.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the order changes without a change of a flow.
    pub(super) fn is_by_statistics(&self) -> bool {
        let is_counted = |criterion: &Criterion| match criterion.key {
            Key::Statistic((name, _)) => CHANGE_BY_THEMSELVES.contains(&name),
            Key::Field(_) => false,
        };
        self.0.iter().any(is_counted)
    }

    /// The sort key of `flow`: for each criterion a byte that says whether the value is absent, then the
    /// value, its bits inverted in descending order. Flows without a value are sorted by the other criteria.
    fn put_keys(&self, flow: &FlowStats<'_>, out: &mut Vec<u8>) {
        let mut value = [0; 256];
        for criterion in &self.0 {
            let (present, value) = match criterion.key {
                Key::Statistic((_, of)) => {
                    let number = of(flow);
                    let bytes = number.unwrap_or_default().to_be_bytes();
                    let Some(value) = value.first_chunk_mut::<16>() else {
                        continue;
                    };
                    *value = bytes;
                    (number.is_some(), value.as_slice())
                }
                Key::Field(field) => {
                    let Some(value) = value.get_mut(..usize::from(field.bytes)) else {
                        continue;
                    };
                    (flow.fields.compared(field, value), &*value)
                }
            };
            out.push(u8::from(!present));
            let turn = if criterion.descending { u8::MAX } else { 0 };
            out.extend(value.iter().map(|byte| byte ^ turn));
        }
    }
}

/// Names with commas between.
fn all_criteria(names: &str, descending: bool) -> Result<Vec<Criterion>, String> {
    let each = names
        .split(',')
        .map(|name| criteria(name.trim(), descending));
    Ok(each.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The name given, or the default.
fn criteria(name: &str, descending: bool) -> Result<Vec<Criterion>, String> {
    let criterion = |key, descending| Criterion { key, descending };
    if name.is_empty() {
        return Ok(vec![
            criterion(Key::Statistic(TABLE), descending),
            criterion(Key::Statistic(PRIORITY), !descending),
        ]);
    }
    let wanted = name.to_ascii_lowercase();
    let statistic = STATISTICS
        .iter()
        .find(|(name, _)| *name == wanted)
        .map(|statistic| Key::Statistic(*statistic));
    if let Some(key) = statistic.or_else(|| Field::by_name(&wanted).map(Key::Field)) {
        return Ok(vec![criterion(key, descending)]);
    }
    let did_you_mean = did_you_mean(&wanted, fields());
    Err(format!(
        "there is no field \"{}\" to sort by{did_you_mean}; they are those of ovs-fields(7), \
         priority, table, cookie, n_packets, n_bytes, duration, idle_age, ...",
        name.escape_debug()
    ))
}

/// The names of all criteria.
pub fn fields() -> impl Iterator<Item = &'static str> {
    let fields = ROWS.iter().flat_map(|row| [Some(row.name), row.alias]);
    let statistics = STATISTICS.iter().map(|(name, _)| *name);
    statistics.chain(fields.flatten())
}

const OPTIONS: [(&str, bool); 2] = [("sort", false), ("rsort", true)];

/// Implemented by hand because the order of `--sort` and `--rsort` on the command line matters.
impl clap::Args for Sorting {
    fn augment_args(command: Command) -> Command {
        let option = |(name, _): (&'static str, bool), help: &'static str| {
            Arg::new(name)
                .long(name)
                .takes(Value::SORT_FIELD)
                .action(ArgAction::Append)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("")
                .value_parser(|text: &str| all_criteria(text, false).map(|_| text.to_owned()))
                .help(help)
        };
        let [sort, rsort] = OPTIONS;
        command
            .arg(option(
                sort,
                "Sort by a field: one of MATCH, priority, table, cookie, n_packets, n_bytes, duration, \
                 ...; several with commas or by repetition; flows without it last. Without FIELD: by \
                 table, then the highest priority first",
            ))
            .arg(option(rsort, "Sort the other way round: the highest value first"))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Sorting {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut given: Vec<(usize, &str, bool)> = Vec::new();
        for (name, descending) in OPTIONS {
            let indices = matches.indices_of(name).into_iter().flatten();
            let values = matches.get_many::<String>(name).into_iter().flatten();
            given.extend(
                indices
                    .zip(values)
                    .map(|(index, value)| (index, value.as_str(), descending)),
            );
        }
        given.sort_unstable_by_key(|(index, ..)| *index);
        let mut all = Vec::new();
        for (_, value, descending) in given {
            let some = all_criteria(value, descending)
                .map_err(|message| clap::Error::raw(ErrorKind::InvalidValue, message + "\n"))?;
            all.extend(some);
        }
        // Equal flows are sorted by priority, as in ovs-ofctl.
        if !all.is_empty() {
            all.push(Criterion {
                key: Key::Statistic(PRIORITY),
                descending: true,
            });
        }
        Ok(Sorting(all))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Flows to be sorted.
#[derive(Debug)]
pub(super) struct Waiting<'s> {
    sorting: &'s Sorting,
    form: Option<EntryForm>,
    /// The bytes of the flows, one chunk for each part of the reply.
    chunks: Vec<Box<[u8]>>,
    places: Vec<FlowPlace>,
    /// The keys of all flows, all of the same length.
    keys: Vec<u8>,
    key_len: usize,
    /// The total length of `chunks`, in bytes.
    chunk_bytes: usize,
}

/// The position of the bytes of a flow.
#[derive(Debug, Clone, Copy)]
struct FlowPlace {
    chunk: u32,
    start: u32,
    /// Its offset in its message, for errors; at most 64 KiB, as is its length.
    at: u16,
    length: u16,
}

impl<'s> Waiting<'s> {
    pub(super) fn new(sorting: &'s Sorting) -> Waiting<'s> {
        Waiting {
            sorting,
            form: None,
            chunks: Vec::new(),
            places: Vec::new(),
            keys: Vec::new(),
            key_len: 0,
            chunk_bytes: 0,
        }
    }

    /// The memory that the flows take, in bytes.
    pub(super) fn held(&self) -> usize {
        self.chunk_bytes + self.keys.len() + self.places.len() * size_of::<FlowPlace>()
    }

    /// Keeps the flows of a part that `takes` selects; passes errors to `malformed`.
    pub(super) fn keep(
        &mut self,
        entries: &mut Entries<'_>,
        scratch: &mut Scratch,
        mut takes: impl FnMut(&FlowStats<'_>) -> bool,
        mut malformed: impl FnMut(DecodeError),
    ) {
        let form = entries.form();
        self.form = Some(form);
        let mut bytes: Vec<u8> = Vec::new();
        while let Some(entry) = entries.next_bytes() {
            let outcome = entry.and_then(|entry| {
                let flow = form.decode(entry, scratch)?;
                if takes(&flow) {
                    let before = self.keys.len();
                    self.sorting.put_keys(&flow, &mut self.keys);
                    self.key_len = self.keys.len() - before;
                    self.places.push(FlowPlace {
                        chunk: self.chunks.len() as u32,
                        start: bytes.len() as u32,
                        at: entry.at() as u16,
                        length: entry.remaining() as u16,
                    });
                    bytes.extend_from_slice(entry.rest());
                }
                Ok(())
            });
            if let Err(error) = outcome {
                malformed(error);
            }
        }
        self.chunk_bytes += bytes.len();
        self.chunks.push(bytes.into_boxed_slice());
    }

    /// Prints the flows in order.
    pub(super) fn show<E>(
        &self,
        mut show: impl FnMut(Result<FlowStats<'_>, DecodeError>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(form) = self.form else {
            return Ok(());
        };
        let key = |index: u32| {
            let start = index as usize * self.key_len;
            self.keys.get(start..start + self.key_len)
        };
        let mut order: Vec<u32> = (0..self.places.len() as u32).collect();
        // The index comes last: equal flows stay in the switch's order.
        order.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)).then(a.cmp(b)));
        let mut scratch = Scratch::new();
        for index in order {
            let Some(place) = self.places.get(index as usize) else {
                continue;
            };
            let start = place.start as usize;
            let chunk = self.chunks.get(place.chunk as usize);
            let bytes = chunk.and_then(|chunk| chunk.get(start..start + usize::from(place.length)));
            let entry = Cursor::new(bytes.unwrap_or_default(), usize::from(place.at));
            show(form.decode(entry, &mut scratch))?;
        }
        Ok(())
    }
}
