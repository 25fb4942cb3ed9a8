//! `--drops`: whether a flow without output always drops, or executes an action set from an earlier table.

use crate::commands::Context;
use crate::model::drops::{ActionSets, Outcome, TablesWithSet, outcome};
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::version::Version;

/// Whether a flow drops its packets certainly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Always,
    Maybe,
}

impl Verdict {
    /// The value of `drops` in JSON.
    pub(super) fn word(self) -> &'static str {
        match self {
            Verdict::Always => "always",
            Verdict::Maybe => "maybe",
        }
    }
}

/// The flows of a switch that decide about the listed ones.
#[derive(Debug)]
pub(super) struct DropSurvey {
    sets: ActionSets,
    scope: Scope,
    /// The number of listed flows that execute an inherited action set, by table.
    undecided: [u64; 256],
}

/// The set of flows that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    Some,
    /// OpenFlow 1.0 does not report actions written to the action set.
    WithoutSets,
}

impl DropSurvey {
    /// Begins a survey of the reply to a request for the flows of `filter`. `pinned`: the user chose the
    /// version. Otherwise it is the highest that the switch supports, and a switch with only 1.0 has no
    /// action set.
    pub(super) fn new(filter: &Filter, version: Version, pinned: bool) -> DropSurvey {
        DropSurvey {
            sets: ActionSets::default(),
            scope: if version == Version::V10 && pinned {
                Scope::WithoutSets
            } else if version == Version::V10 || *filter == Filter::default() {
                Scope::All
            } else {
                Scope::Some
            },
            undecided: [0; 256],
        }
    }

    /// Adds a flow; `is_listed`: it is printed.
    pub(super) fn add(&mut self, flow: &FlowStats<'_>, is_listed: bool) {
        self.sets.add(flow.table_id, &flow.actions);
        if is_listed
            && outcome(&flow.actions) == Outcome::InheritedSet
            && let Some(count) = self.undecided.get_mut(usize::from(flow.table_id))
        {
            *count += 1;
        }
    }

    /// Whether flows that were not read decide about the listed ones.
    pub(super) fn wants_all(&self) -> bool {
        self.scope == Scope::Some && self.undecided.iter().any(|count| *count > 0)
    }

    /// Marks that all flows were read.
    pub(super) fn has_all(&mut self) {
        self.scope = Scope::All;
    }

    /// The verdicts that follow from the flows read.
    pub(super) fn verdicts(&self) -> Verdicts {
        Verdicts((self.scope == Scope::All).then(|| self.sets.tables()))
    }

    /// The number of listed flows that may not drop.
    pub(super) fn count_maybe(&self, verdicts: &Verdicts) -> u64 {
        let counts = (0..=u8::MAX).zip(&self.undecided);
        let unsure = counts.filter(|(table, _)| verdicts.may_have_set(*table));
        unsure.map(|(_, count)| count).sum()
    }
}

/// The tables that packets may enter with an action set that contains an output; `None`: any table.
#[derive(Debug)]
pub(super) struct Verdicts(Option<TablesWithSet>);

impl Verdicts {
    fn may_have_set(&self, table: u8) -> bool {
        self.0
            .as_ref()
            .is_none_or(|tables| tables.is_entered(table))
    }

    /// The verdict on a listed flow.
    pub(super) fn of(&self, flow: &FlowStats<'_>) -> Verdict {
        if outcome(&flow.actions) == Outcome::InheritedSet && self.may_have_set(flow.table_id) {
            Verdict::Maybe
        } else {
            Verdict::Always
        }
    }
}

/// Warns about the number of listed flows that may not drop.
pub(super) fn remark(cx: &Context, maybe: u64) {
    let flows = match maybe {
        0 => return,
        1 => "1 of these flows".to_owned(),
        n => format!("{n} of these flows"),
    };
    cx.remark(&format!(
        "{flows} may drop or not: an earlier table may have written the action set that is executed there \
         (--action write_actions lists who writes; --json marks each flow)"
    ));
}
