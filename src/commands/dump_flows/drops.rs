//! `--drops`: whether a flow that sends nothing drops always, or executes the action set of an earlier table.

use crate::commands::Context;
use crate::model::drops::{ActionSets, Outcome, TablesWithSet, outcome};
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::version::Version;

/// How surely a flow drops its packets.
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

/// What was seen of the flows of a switch while those that drop are listed.
#[derive(Debug)]
pub(super) struct DropSurvey {
    sets: ActionSets,
    scope: Scope,
    /// How many of the flows listed execute an inherited action set, by table.
    undecided: [u64; 256],
}

/// Which flows are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    All,
    Some,
    /// OpenFlow 1.0 does not show what flows write into the action set.
    WithoutSets,
}

impl DropSurvey {
    /// A survey of the reply to a request for the flows of `filter`. `pinned` says that the user chose the
    /// version: else it is the highest that the switch has, and what has only 1.0 has no action set.
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

    /// Takes a flow in; `is_listed` says that it was chosen.
    pub(super) fn add(&mut self, flow: &FlowStats<'_>, is_listed: bool) {
        self.sets.add(flow.table_id, &flow.actions);
        if is_listed
            && outcome(&flow.actions) == Outcome::InheritedSet
            && let Some(count) = self.undecided.get_mut(usize::from(flow.table_id))
        {
            *count += 1;
        }
    }

    /// Whether the other flows of the switch decide about those listed.
    pub(super) fn wants_all(&self) -> bool {
        self.scope == Scope::Some && self.undecided.iter().any(|count| *count > 0)
    }

    /// All flows were seen.
    pub(super) fn has_all(&mut self) {
        self.scope = Scope::All;
    }

    /// What follows from the flows seen.
    pub(super) fn verdicts(&self) -> Verdicts {
        Verdicts((self.scope == Scope::All).then(|| self.sets.tables()))
    }

    /// How many of the flows listed do not drop for certain.
    pub(super) fn count_maybe(&self, verdicts: &Verdicts) -> u64 {
        let counts = (0..=u8::MAX).zip(&self.undecided);
        let unsure = counts.filter(|(table, _)| verdicts.may_have_set(*table));
        unsure.map(|(_, count)| count).sum()
    }
}

/// The tables that packets may enter with an action set that sends them; `None`: any.
#[derive(Debug)]
pub(super) struct Verdicts(Option<TablesWithSet>);

impl Verdicts {
    fn may_have_set(&self, table: u8) -> bool {
        self.0
            .as_ref()
            .is_none_or(|tables| tables.is_entered(table))
    }

    /// How surely a flow drops that is listed.
    pub(super) fn of(&self, flow: &FlowStats<'_>) -> Verdict {
        if outcome(&flow.actions) == Outcome::InheritedSet && self.may_have_set(flow.table_id) {
            Verdict::Maybe
        } else {
            Verdict::Always
        }
    }
}

/// Says how many of the flows listed may not drop.
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
