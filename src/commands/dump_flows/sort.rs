//! `--sort` and `--rsort`: the keys of a flow as bytes that compare, and the flows that wait.
//!
//! Of each flow only its message bytes and its keys are held; it is written when its turn comes.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches};

use crate::commands::argument::{Takes as _, Value};
use crate::model::resolve::did_you_mean;
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::{Field, ROWS};
use crate::openflow::messages::flow_stats::{Entries, EntryForm, FlowStats, Scratch};

/// The order asked for; empty: as the flows come.
#[derive(Debug, Clone, Default)]
pub(super) struct Sorting(Vec<Criterion>);

/// One thing to sort by.
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

/// What a flow has besides its match: name and value.
type Statistic = (&'static str, fn(&FlowStats<'_>) -> Option<u128>);

const TABLE: Statistic = ("table", |flow| Some(flow.table_id.into()));
const PRIORITY: Statistic = ("priority", |flow| Some(flow.priority.into()));

/// In the order of a dump. What a flow lacks sorts it to the end, as a field does.
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

/// A number that is not shown where it is zero.
fn some(number: u16) -> Option<u128> {
    (number != 0).then_some(number.into())
}

impl Sorting {
    /// Whether there is nothing to sort by.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes by which `flow` compares: criterion by criterion whether it is absent, then the value,
    /// its bits turned where the highest comes first. Without a value only the rest decides.
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

/// The name that the user gave, or what is meant by none.
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

/// What flows can be sorted by.
pub fn fields() -> impl Iterator<Item = &'static str> {
    let fields = ROWS.iter().flat_map(|row| [Some(row.name), row.alias]);
    let statistics = STATISTICS.iter().map(|(name, _)| *name);
    statistics.chain(fields.flatten())
}

const OPTIONS: [(&str, bool); 2] = [("sort", false), ("rsort", true)];

/// By hand, because the order in which `--sort` and `--rsort` were given counts.
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
        // What is alike goes by priority, as in ovs-ofctl.
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

/// Flows that wait to be sorted.
#[derive(Debug)]
pub(super) struct Waiting<'s> {
    sorting: &'s Sorting,
    form: Option<EntryForm>,
    /// The bytes of the flows, one chunk for each part of the reply.
    chunks: Vec<Box<[u8]>>,
    places: Vec<FlowPlace>,
    /// The keys of all flows, each as long as the others.
    keys: Vec<u8>,
    key_len: usize,
    /// The bytes in `chunks`.
    chunk_bytes: usize,
}

/// Where the bytes of a flow are.
#[derive(Debug, Clone, Copy)]
struct FlowPlace {
    chunk: u32,
    start: u32,
    /// Its offset in the message it came in, for errors; 64 KiB at most, as its length.
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

    /// How many bytes of memory the flows take.
    pub(super) fn held(&self) -> usize {
        self.chunk_bytes + self.keys.len() + self.places.len() * size_of::<FlowPlace>()
    }

    /// Keeps the flows of a part that `takes` wants; tells `malformed` of those that make no sense.
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

    /// Shows the flows in their order.
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
        // The number itself last: alike flows stay in the switch's order.
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
