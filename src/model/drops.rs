//! Whether the actions of a flow can send a packet, and how this depends on earlier tables.
//!
//! A flow sends packets by an output, a group or a controller; a lookup in another table leaves it to the
//! flow found there. Where a packet's processing ends, its action set is executed (OpenFlow 1.5.1 §5.6):
//! what this flow and the flows before it wrote. The rest follows Open vSwitch:
//!
//! - the set is kept through `goto_table`, `resubmit` and `ct(table=N)`, and back from a `resubmit`;
//! - `clone` has a copy of the set, and executes it at its end;
//! - `exit` ends the processing without executing the set;
//! - a `resubmit` or a `ct` in the set is executed if the set has neither group nor output.

use std::collections::HashSet;

use crate::openflow::actions::{Action, ActionList};

/// What can happen to a packet whose processing ends at a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It may be sent, or is looked up again, or the actions are not understood.
    Goes,
    /// The action set that earlier flows wrote is executed; nothing if it is empty.
    InheritedSet,
    /// Nothing.
    Drop,
}

/// What the actions of a flow can do.
pub fn outcome(actions: &ActionList<'_>) -> Outcome {
    let mut flow = Ending::default();
    flow.walk(actions);
    if flow.goes || (flow.written && !flow.exited) {
        Outcome::Goes
    } else if flow.executes || !(flow.cleared || flow.exited) {
        Outcome::InheritedSet
    } else {
        Outcome::Drop
    }
}

/// The effects of the actions read so far.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
struct Ending {
    goes: bool,
    /// The action set can send the packet because of this flow.
    written: bool,
    /// The action set of earlier flows was cleared.
    cleared: bool,
    /// The action set of earlier flows was executed by a clone.
    executes: bool,
    exited: bool,
}

impl Ending {
    fn walk(&mut self, actions: &ActionList<'_>) {
        for action in actions {
            match action {
                Ok(Action::CloneActions(clone)) => {
                    self.walk(&clone.actions);
                    self.executes |= !self.exited;
                }
                Ok(Action::WriteActions(write)) => self.written |= writes(&write.actions),
                Ok(Action::ClearActions(_)) => (self.written, self.cleared) = (false, true),
                Ok(Action::Exit(_)) => self.exited = true,
                Ok(action) => self.goes |= goes(&action),
                Err(_) => self.goes = true,
            }
            if self.exited || self.goes {
                return;
            }
        }
    }
}

/// Whether an action without nested actions may send the packet, looks it up again, or belongs to a flow at
/// which no processing ends.
fn goes(action: &Action<'_>) -> bool {
    match action {
        Action::Output(_)
        | Action::OutputReg(_)
        | Action::OutputTrunc(_)
        | Action::Enqueue(_)
        | Action::Controller(_)
        | Action::Bundle(_)
        | Action::Group(_)
        | Action::Resubmit(_)
        | Action::GotoTable(_)
        | Action::Conjunction(_)
        | Action::Unknown(_) => true,
        Action::Ct(ct) => ct.table != u8::MAX,
        _ => false,
    }
}

/// Whether an action set with these actions may send the packet.
fn writes(actions: &ActionList<'_>) -> bool {
    actions.iter().any(|action| match action {
        Ok(action) => goes(&action),
        Err(_) => true,
    })
}

/// The flows of one bridge, reduced to what decides where the action set can send packets.
#[derive(Debug, Default)]
pub struct ActionSets {
    flows: HashSet<(u8, Box<[SetStep]>)>,
}

/// What a flow does to the action set, in the order of execution.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum SetStep {
    Write,
    Clear,
    /// Another table, and back.
    Table(u8),
    /// Another table on a copy of the packet.
    TableOfCopy(u8),
    /// A group: any effect that buckets can have.
    Group,
    Clone(Box<[SetStep]>),
    Exit,
}

impl ActionSets {
    /// Adds a flow of a table.
    pub fn add(&mut self, table: u8, actions: &ActionList<'_>) {
        let steps = steps(table, actions);
        if !steps.is_empty() {
            self.flows.insert((table, steps.into()));
        }
    }

    /// Where packets may have an action set that sends them.
    pub fn tables(&self) -> TablesWithSet {
        let mut tables = TablesWithSet::default();
        // Each round propagates the sets by one table.
        while self.flows.iter().fold(false, |changed, (table, steps)| {
            let before = tables.count();
            let at_entry = tables.is_entered(*table);
            if let Some(at_end) = tables.walk(steps, at_entry) {
                // The flow may not match.
                tables.leave(*table, at_entry || at_end);
            }
            changed || tables.count() != before
        }) {}
        tables
    }
}

fn steps(table: u8, actions: &ActionList<'_>) -> Vec<SetStep> {
    let mut steps = Vec::new();
    for action in actions.iter().flatten() {
        steps.push(match action {
            Action::WriteActions(write) if writes(&write.actions) => SetStep::Write,
            Action::ClearActions(_) => SetStep::Clear,
            Action::Resubmit(resubmit) if resubmit.table == u8::MAX => SetStep::Table(table),
            Action::Resubmit(resubmit) => SetStep::Table(resubmit.table),
            Action::GotoTable(goto) => SetStep::Table(goto.table),
            Action::Ct(ct) if ct.table != u8::MAX => SetStep::TableOfCopy(ct.table),
            Action::Group(_) => SetStep::Group,
            Action::CloneActions(clone) => match self::steps(table, &clone.actions) {
                inside if inside.is_empty() => continue,
                inside => SetStep::Clone(inside.into()),
            },
            Action::Exit(_) => SetStep::Exit,
            _ => continue,
        });
    }
    steps
}

/// The tables that packets may enter, and those that they may leave, with an action set that sends them.
#[derive(Debug, Clone, Default)]
pub struct TablesWithSet {
    entered: TableSet,
    left: TableSet,
}

/// A bit for each table.
type TableSet = [u64; 4];

fn contains(set: &TableSet, table: u8) -> bool {
    let word = set.get(usize::from(table / 64)).copied();
    word.unwrap_or_default() >> (table % 64) & 1 != 0
}

fn insert(set: &mut TableSet, table: u8, is_in: bool) {
    if let Some(word) = set.get_mut(usize::from(table / 64)) {
        *word |= u64::from(is_in) << (table % 64);
    }
}

impl TablesWithSet {
    /// Whether a packet may enter this table with an action set that sends it.
    pub fn is_entered(&self, table: u8) -> bool {
        contains(&self.entered, table)
    }

    fn leave(&mut self, table: u8, with_set: bool) {
        insert(&mut self.left, table, with_set);
    }

    fn count(&self) -> u32 {
        let words = self.entered.iter().chain(&self.left);
        words.map(|word| word.count_ones()).sum()
    }

    /// Whether there may be a set after the steps, if there may be one before; `None` if they end the
    /// packet's processing.
    fn walk(&mut self, steps: &[SetStep], mut set: bool) -> Option<bool> {
        for step in steps {
            match step {
                SetStep::Write => set = true,
                SetStep::Clear => set = false,
                SetStep::Table(table) => {
                    insert(&mut self.entered, *table, set);
                    set |= contains(&self.left, *table);
                }
                SetStep::TableOfCopy(table) => insert(&mut self.entered, *table, set),
                // A bucket may resubmit to any table, with the set and back.
                SetStep::Group if set => self.entered = [u64::MAX; 4],
                SetStep::Group => set = self.left.iter().any(|word| *word != 0),
                SetStep::Clone(inside) => {
                    self.walk(inside, set);
                }
                SetStep::Exit => return None,
            }
        }
        Some(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openflow::actions::parse_actions;
    use crate::openflow::text::NoNames;
    use crate::openflow::version::Version;

    fn with<T>(text: &str, look: impl FnOnce(&ActionList<'_>) -> T) -> T {
        let parsed = parse_actions(text, &NoNames, Version::V15).unwrap();
        look(&parsed.list())
    }

    #[test]
    fn outcomes_of_flows() {
        for (text, expected) in [
            ("drop", Outcome::InheritedSet),
            ("set_field:1->reg0,note:01", Outcome::InheritedSet),
            (
                "learn(table=2,output:NXM_OF_IN_PORT[])",
                Outcome::InheritedSet,
            ),
            ("ct(commit)", Outcome::InheritedSet),
            ("write_actions(set_field:1->reg0)", Outcome::InheritedSet),
            (
                "clone(set_field:1->reg0),clear_actions",
                Outcome::InheritedSet,
            ),
            ("clone(note:01),exit", Outcome::InheritedSet),
            ("clear_actions", Outcome::Drop),
            (
                "clear_actions,write_actions(set_field:1->reg0)",
                Outcome::Drop,
            ),
            ("exit", Outcome::Drop),
            ("exit,output:1", Outcome::Drop),
            ("clone(exit)", Outcome::Drop),
            ("clone(exit),output:1", Outcome::Drop),
            ("exit,write_actions(output:1)", Outcome::Drop),
            ("output:1", Outcome::Goes),
            ("controller", Outcome::Goes),
            ("group:1", Outcome::Goes),
            ("output:NXM_NX_REG0[]", Outcome::Goes),
            ("clone(set_field:1->reg0,output:1)", Outcome::Goes),
            ("clone(output:1),exit", Outcome::Goes),
            ("clear_actions,write_actions(output:1)", Outcome::Goes),
            ("write_actions(resubmit(,1))", Outcome::Goes),
            ("write_actions(group:1)", Outcome::Goes),
            ("ct(table=1)", Outcome::Goes),
            ("resubmit(,1)", Outcome::Goes),
            ("clear_actions,goto_table:1", Outcome::Goes),
            ("conjunction(1,1/2)", Outcome::Goes),
        ] {
            assert_eq!(with(text, outcome), expected, "{text}");
        }
    }

    /// The tables that packets enter with a set.
    fn entered(flows: &[(u8, &str)]) -> Vec<u8> {
        let mut sets = ActionSets::default();
        for (table, text) in flows {
            with(text, |list| sets.add(*table, list));
        }
        let tables = sets.tables();
        let all = (0..=254).filter(|table| tables.is_entered(*table));
        all.collect()
    }

    #[test]
    fn where_a_set_can_be() {
        let write = "write_actions(output:1),goto_table:";
        assert_eq!(
            entered(&[(0, "goto_table:1"), (1, "resubmit(,2)")]),
            [0u8; 0]
        );
        assert_eq!(
            entered(&[(0, &format!("{write}200")), (1, "goto_table:2")]),
            [200]
        );
        let chain = [
            (0, "write_actions(output:1),goto_table:1"),
            (1, "resubmit(,2)"),
        ];
        assert_eq!(entered(&chain), [1, 2]);
        let clears = [
            (0, "write_actions(output:1),goto_table:1"),
            (1, "clear_actions,goto_table:2"),
        ];
        assert_eq!(entered(&clears), [1]);
        // After the return from a resubmit.
        let back = [
            (0, "resubmit(,5),resubmit(,2)"),
            (5, "write_actions(group:1)"),
        ];
        assert_eq!(entered(&back), [2]);
        let by_way_of = [
            (0, "resubmit(,5),resubmit(,2)"),
            (5, "resubmit(,6)"),
            (6, "write_actions(group:1)"),
        ];
        assert_eq!(entered(&by_way_of), [2]);
        let on_a_copy = [
            (0, "clone(resubmit(,5)),resubmit(,2)"),
            (5, "write_actions(group:1)"),
        ];
        assert_eq!(entered(&on_a_copy), [0u8; 0]);
        let in_a_copy = [
            (0, "write_actions(output:1),goto_table:1"),
            (1, "clone(resubmit(,2))"),
        ];
        assert_eq!(entered(&in_a_copy), [1, 2]);
        let tracked = [
            (0, "write_actions(output:1),goto_table:1"),
            (1, "ct(table=2)"),
        ];
        assert_eq!(entered(&tracked), [1, 2]);
        let same_table = [
            (3, "write_actions(output:1),goto_table:4"),
            (4, "resubmit:7"),
        ];
        assert_eq!(entered(&same_table), [4]);
        let exits = [
            (0, "resubmit(,5),resubmit(,2)"),
            (5, "exit,write_actions(group:1)"),
        ];
        assert_eq!(entered(&exits), [0u8; 0]);
        let no_output = [(0, "write_actions(set_field:1->reg0),goto_table:1")];
        assert_eq!(entered(&no_output), [0u8; 0]);
        let group = [(0, "write_actions(output:1),goto_table:1"), (1, "group:1")];
        assert_eq!(entered(&group).len(), 255);
    }
}
