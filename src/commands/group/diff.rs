//! `ovs group diff`: in what the groups of two switches or files differ.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use super::plan::Groups;
use super::replace::wanted;
use super::request::ReadSwitch;
use crate::base::json::Json;
use crate::commands::about::{About, JsonDocument};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::dumped::Dumped;
use crate::commands::entries::Entries;
use crate::commands::entry_file::names_file;
use crate::commands::invented_names::InventedNames;
use crate::commands::spelling::Spelling;
use crate::commands::switch::SwitchArg;
use crate::commands::{Context, Exit, Failure};
use crate::openflow::group_entry::{Group, GroupCommand};
use crate::openflow::group_spec::GroupChange;
use crate::openflow::text::{NameLookup, Sink as _, TextContext};
use crate::openflow::version::Version;

pub(super) const ABOUT: About = About::reads()
    .document(JsonDocument::GroupChanges)
    .remarks("\
A and B are a switch each, or a file with a group a line as dump-groups prints them; - is stdin. What is not the name of a \
file is a switch. A line with - is a group of A, one with + a group of B. Groups are compared by what they mean: however \
their actions are written, with weights and other defaults given or not. The order of buckets counts; their ids do where \
both sides have them.

The exit code is 0 if they are the same, 1 if they differ, and 2 or more after an error.")
    .examples("\
ovs group diff br-int groups.txt
ovs group diff groups-before.txt groups-after.txt
ovs group diff br-a br-b --json");

// The arguments of `ovs group diff`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A switch or a file
    #[arg(takes = Value::SWITCH_OR_FILE, value_name = "A")]
    a: String,

    /// A switch or a file
    #[arg(takes = Value::SWITCH_OR_FILE, value_name = "B")]
    b: String,

    #[command(flatten)]
    spelling: Spelling,
}

/// The groups of one side.
pub(in crate::commands) struct Side {
    groups: Groups,
    version: Version,
    names: Rc<dyn NameLookup>,
}

impl Args {
    /// Runs it; the exit code is 1 if there is a difference.
    pub(super) async fn run(&self, cx: &Context) -> Result<Exit, Failure> {
        let compared = self.compare(cx).await;
        compared.map_err(Failure::of_comparison)
    }

    /// Prints what differs.
    async fn compare(&self, cx: &Context) -> Result<Exit, Failure> {
        let mut dumped = Dumped::new(cx, "groups")?;
        if self.a == "-" && self.b == "-" {
            return Err(Failure::new(Exit::Usage, "stdin is A or B, not both"));
        }
        let (a, b) = match (
            names_file(cx, &self.a).await?,
            names_file(cx, &self.b).await?,
        ) {
            (false, false) => {
                two_switches([(cx, &self.a), (cx, &self.b)], SwitchArg::parse).await?
            }
            (false, true) => {
                let read = ReadSwitch::read(cx, &self.a).await?;
                let b = of_file_for(&self.b, &read)?;
                (side(read), b)
            }
            (true, false) => {
                let read = ReadSwitch::read(cx, &self.b).await?;
                let a = of_file_for(&self.a, &read)?;
                (a, side(read))
            }
            (true, true) => {
                let names = Rc::new(InventedNames::default());
                (of_file(&self.a, &names)?, of_file(&self.b, &names)?)
            }
        };
        let mut differ = false;
        for (before, after) in differences(&a, &b) {
            let Some(id) = before.or(after).map(|group| group.group_id) else {
                continue;
            };
            differ = true;
            let sides = [(before, &a, "-"), (after, &b, "+")];
            dumped.add(
                id,
                |out| {
                    let mut first = true;
                    for (group, side, sign) in sides {
                        let Some(group) = group else { continue };
                        if !std::mem::take(&mut first) {
                            out.put("\n");
                        }
                        out.put(sign);
                        group.text(out, &side.text(&self.spelling, cx));
                    }
                },
                |json| {
                    json.begin_object();
                    json.key("change");
                    json.word(match (before, after) {
                        (None, _) => "added",
                        (_, None) => "removed",
                        _ => "modified",
                    });
                    for (key, (group, side, _)) in ["before", "after"].into_iter().zip(sides) {
                        json.key(key);
                        self.group_json(cx, group, side, json);
                    }
                    json.end_object();
                },
            );
        }
        dumped.finish("differences")?;
        Ok(if differ { Exit::Failed } else { Exit::Done })
    }

    fn group_json(&self, cx: &Context, group: Option<&Group>, side: &Side, json: &mut Json<'_>) {
        match group {
            Some(group) => group.json(json, &side.text(&self.spelling, cx)),
            None => json.null(),
        }
    }
}

impl Side {
    /// How its groups are written.
    pub(in crate::commands) fn text(&self, spelling: &Spelling, cx: &Context) -> TextContext<'_> {
        TextContext {
            version: self.version,
            style: spelling.style(cx),
            ports: spelling.ports(),
            names: self.names.as_ref(),
        }
    }
}

/// The groups that differ, by number.
pub(in crate::commands) fn differences<'s>(
    a: &'s Side,
    b: &'s Side,
) -> impl Iterator<Item = (Option<&'s Group>, Option<&'s Group>)> {
    let ids: BTreeSet<u32> = a.groups.keys().chain(b.groups.keys()).copied().collect();
    let sides = ids
        .into_iter()
        .map(|id| (a.groups.get(&id), b.groups.get(&id)));
    sides.filter(|(before, after)| {
        let both = before.zip(*after);
        !both.is_some_and(|(before, after)| before.means_the_same(after))
    })
}

/// The groups of two switches, over the lower of their versions if both allow it: each version tells a group in its own
/// way. The switches may be on different hosts; `address` reads their names.
///
/// # Errors
///
/// As [`ReadSwitch::read`].
pub(in crate::commands) async fn two_switches(
    named: [(&Context, &str); 2],
    address: fn(&Context, &str) -> Result<SwitchArg, Failure>,
) -> Result<(Side, Side), Failure> {
    let [(first, a), (second, b)] = named;
    let (read_a, read_b) = (
        ReadSwitch::read_over(first, address(first, a)?, None).await,
        ReadSwitch::read_over(second, address(second, b)?, None).await,
    );
    let mut sides = [first.of_side(read_a).await?, second.of_side(read_b).await?];
    let lower = sides.each_ref().map(ReadSwitch::version).into_iter().min();
    for (side, (cx, name)) in sides.iter_mut().zip(named) {
        if Some(side.version()) != lower
            && let Ok(read) = ReadSwitch::read_over(cx, address(cx, name)?, lower).await
        {
            *side = read;
        }
    }
    let [a, b] = sides;
    Ok((side(a), side(b)))
}

fn side(read: ReadSwitch) -> Side {
    Side {
        version: read.version(),
        groups: read.groups,
        names: Rc::new(read.names),
    }
}

/// The groups of a file, for a switch that it is compared with.
fn of_file_for(name: &str, read: &ReadSwitch) -> Result<Side, Failure> {
    let entries = Entries::of_file("group", Path::new(name))?;
    let version = read.version();
    let wanted = wanted(
        &entries,
        |text| GroupChange::parse(text, GroupCommand::Add, &read.names, version),
        |entry, error| read.malformed(&entries, entry, &error),
        |_, _| Ok(()),
    )?;
    Ok(Side {
        groups: wanted
            .into_iter()
            .map(|(id, (_, group))| (id, group))
            .collect(),
        version,
        names: Rc::new(read.names.clone()),
    })
}

/// The groups of a file that is compared with a file: its ports and tables need only names.
fn of_file(name: &str, names: &Rc<InventedNames>) -> Result<Side, Failure> {
    let entries = Entries::of_file("group", Path::new(name))?;
    let version = Version::V15;
    let wanted = wanted(
        &entries,
        |text| GroupChange::parse(text, GroupCommand::Add, names.as_ref(), version),
        |entry, error| entries.wrong(entry, &error.to_string()),
        |_, _| Ok(()),
    )?;
    Ok(Side {
        groups: wanted
            .into_iter()
            .map(|(id, (_, group))| (id, group))
            .collect(),
        version,
        names: Rc::clone(names) as Rc<dyn NameLookup>,
    })
}
