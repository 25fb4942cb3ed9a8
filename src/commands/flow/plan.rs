//! What becomes of flows, as of one reading of the switch: for `--dry-run` and `--explain`.
//!
//! The changes are applied, in their order, to what was read. Flows count as equal if they mean the same, whatever
//! their spelling.

use std::collections::HashMap;

use super::asked::Numbered;
use super::present::Present;
use crate::commands::effects::{Effect, Outcome};
use crate::commands::switch::SwitchArg;
use crate::commands::{Exit, Failure};
use crate::openflow::actions::SwitchReference;
use crate::openflow::flow;
use crate::openflow::flow_change::FlowChange;
use crate::openflow::flow_entry::Flow;
use crate::openflow::meaning;
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::flow_mod::{FlowCommand, FlowMod};
use crate::openflow::messages::flow_stats::FlowStats;
use crate::openflow::repeats::Repeats;
use crate::openflow::text::{NoNames, Plain, PortSpelling, Style, TextContext};
use crate::openflow::version::Version;
use crate::source::Switch;

/// `OFPTT_ALL`
const ALL_TABLES: u8 = 255;

/// The table of Open vSwitch for its own flows.
const INTERNAL_TABLE: u8 = 254;

/// `OFPFF_CHECK_OVERLAP`
const CHECK_OVERLAP: u16 = 2;

/// What becomes of flows by changes.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub(super) effects: Vec<Effect>,
    /// The changes that the switch refuses, by their index, with its errors.
    pub(super) refused: Vec<(usize, ErrorMessage)>,
}

/// The flows of a switch with the changes applied so far.
pub(in crate::commands) struct FlowPlan {
    version: Version,
    flows: Vec<Option<PlannedFlow>>,
    /// The flows by their keys.
    by_key: HashMap<Vec<u8>, usize>,
    scratch: Plain,
}

/// A flow of the switch.
pub(super) struct PlannedFlow {
    pub(super) flow: Flow,
    key: Vec<u8>,
    effect: Vec<u8>,
    /// The change that made it what it is, by its number.
    pub(super) by: Option<usize>,
}

impl PlannedFlow {
    /// What its actions mean, equal for flows that do the same.
    pub(super) fn actions(&self) -> &[u8] {
        meaning::actions_of(&self.effect)
    }
}

impl FlowPlan {
    /// No flows.
    pub(in crate::commands) fn empty(version: Version) -> FlowPlan {
        FlowPlan {
            version,
            flows: Vec::new(),
            by_key: HashMap::new(),
            scratch: Plain::default(),
        }
    }

    /// Reads the flows of a switch.
    ///
    /// # Errors
    ///
    /// The switch does not answer, or one of its flows is malformed.
    pub(in crate::commands) async fn read(
        session: &mut Switch,
        switch: &SwitchArg,
    ) -> Result<FlowPlan, Failure> {
        let mut plan = FlowPlan::empty(session.version());
        let mut is_whole = true;
        let malformed = session
            .each_flow(|stats| is_whole &= plan.put(Flow::from(&stats.entry), None).is_some())
            .await;
        let malformed = malformed.map_err(|error| switch.failure(error))?;
        if malformed.is_some() || !is_whole {
            let message = format!("{} has a malformed flow", switch.name());
            return Err(Failure::new(Exit::Failed, message).hint(
                "`ovs dump-flows` shows it; flows are read for --dry-run, --explain and `flow mod` in a batch",
            ));
        }
        Ok(plan)
    }

    /// The flows.
    pub(super) fn flows(&self) -> impl Iterator<Item = &PlannedFlow> {
        self.flows.iter().flatten()
    }

    /// Puts a flow in the place of the one with its key; `None` if it is malformed.
    pub(super) fn put(&mut self, flow: Flow, by: Option<usize>) -> Option<usize> {
        let (key, effect) = self.meaning(&flow)?;
        let planned = Some(PlannedFlow {
            flow,
            key: key.clone(),
            effect,
            by,
        });
        if let Some(at) = self.by_key.get(&key).copied() {
            *self.flows.get_mut(at)? = planned;
            return Some(at);
        }
        let at = self.flows.len();
        self.flows.push(planned);
        self.by_key.insert(key, at);
        Some(at)
    }

    /// The key and the effect of a flow.
    fn meaning(&mut self, flow: &Flow) -> Option<(Vec<u8>, Vec<u8>)> {
        let told_by = Some(self.version);
        let message = flow.flow_mod(FlowCommand::Add)?;
        let entry = message.entry()?;
        let (mut key, mut effect) = (Vec::new(), Vec::new());
        meaning::put_key(&entry, told_by, &mut key);
        meaning::put_effect(&entry, told_by, &mut self.scratch, &mut effect).ok()?;
        Some((key, effect))
    }

    /// Applies the changes that the switch accepts, and returns what becomes of each flow that they concern.
    pub(super) fn apply(
        &mut self,
        changes: &[Numbered],
        present: &Present,
        cx: &TextContext<'_>,
    ) -> Applied {
        let mut applied = Applied::default();
        for (index, (number, change)) in changes.iter().enumerate() {
            if let Some(error) = self.refusal(change, present) {
                applied.refused.push((index, error));
                continue;
            }
            let effects = &mut applied.effects;
            match change.command {
                FlowCommand::Add => effects.extend(self.add(*number, change, cx)),
                _ => {
                    for at in self.selected(change) {
                        effects.extend(self.change(*number, at, change, cx));
                    }
                }
            }
        }
        applied
    }

    /// The number of the change that made one of the flows that this one selects.
    pub(in crate::commands) fn made_by(&mut self, change: &FlowChange) -> Option<usize> {
        let selected = self.selected(change);
        let mut selected = selected.into_iter().filter_map(|at| self.flows.get(at));
        selected.find_map(|flow| flow.as_ref()?.by)
    }

    /// Applies the change of this number; returns how many flows it selects, of an addition 1.
    pub(in crate::commands) fn follow(&mut self, number: usize, change: &FlowChange) -> usize {
        if change.command == FlowCommand::Add {
            self.put(change.flow.clone(), Some(number));
            return 1;
        }
        let cx = TextContext {
            version: self.version,
            style: Style::Classic,
            ports: PortSpelling::Number,
            names: &NoNames,
        };
        let selected = self.selected(change);
        for at in &selected {
            self.change(number, *at, change, &cx);
        }
        selected.len()
    }

    /// Removes the flows that use a group or a meter: the switch removes them with it.
    pub(in crate::commands) fn remove_users(&mut self, of: SwitchReference) {
        for slot in &mut self.flows {
            let uses = |planned: &PlannedFlow| uses(&planned.flow, of);
            if let Some(gone) = slot.take_if(|planned| uses(planned)) {
                self.by_key.remove(&gone.key);
            }
        }
    }

    /// The error of the switch for a change, as far as it can be foreseen.
    fn refusal(&mut self, change: &FlowChange, present: &Present) -> Option<ErrorMessage> {
        if let Some(error) = present.refusal(&change.flow.actions.list()) {
            return Some(error);
        }
        if change.command != FlowCommand::Add {
            return None;
        }
        let flow = &change.flow;
        if flow.table_id == INTERNAL_TABLE {
            return ErrorMessage::named(self.version, "OFPBRC_EPERM");
        }
        if flow.flags & CHECK_OVERLAP == 0 {
            return None;
        }
        let (key, _) = self.meaning(flow)?;
        let overlaps = |other: &PlannedFlow| {
            (other.flow.table_id, other.flow.priority) == (flow.table_id, flow.priority)
                && other.flow.fields.meets(&flow.fields)
        };
        // A flow that takes the place of another is not checked.
        (!self.by_key.contains_key(&key) && self.flows.iter().flatten().any(overlaps))
            .then(|| ErrorMessage::named(self.version, "OFPFMFC_OVERLAP"))?
    }

    fn add(&mut self, number: usize, change: &FlowChange, cx: &TextContext<'_>) -> Option<Effect> {
        let (key, effect) = self.meaning(&change.flow)?;
        let at = self.by_key.get(&key).copied();
        let before = at.and_then(|at| self.flows.get(at)?.as_ref());
        let outcome = match before {
            None => Outcome::Added,
            Some(before) if before.effect == effect => Outcome::Unchanged,
            Some(_) => Outcome::Modified,
        };
        let old = before.filter(|_| outcome == Outcome::Modified);
        let old = old.map(|before| text_of(&before.flow, cx));
        if outcome != Outcome::Unchanged {
            self.put(change.flow.clone(), Some(number))?;
        }
        Some(Effect {
            number,
            outcome,
            entry: text_of(&change.flow, cx),
            before: old,
        })
    }

    /// Modifies or removes a flow.
    fn change(
        &mut self,
        number: usize,
        at: usize,
        change: &FlowChange,
        cx: &TextContext<'_>,
    ) -> Option<Effect> {
        let slot = self.flows.get_mut(at)?;
        let old = slot.take()?;
        let before = text_of(&old.flow, cx);
        if super::input::is_deletion(change.command) {
            self.by_key.remove(&old.key);
            return Some(Effect {
                number,
                outcome: Outcome::Removed,
                entry: before,
                before: None,
            });
        }
        let mut flow = old.flow.clone();
        flow.actions = change.flow.actions.clone();
        // Later versions leave the cookie as it is.
        if self.version < Version::V12 && !change.keeps_cookie {
            flow.cookie = change.flow.cookie;
        }
        let (_, effect) = self.meaning(&flow)?;
        let is_same = effect == old.effect;
        let text = text_of(&flow, cx);
        let slot = self.flows.get_mut(at)?;
        *slot = Some(PlannedFlow {
            flow,
            effect,
            by: if is_same { old.by } else { Some(number) },
            key: old.key,
        });
        Some(Effect {
            number,
            outcome: if is_same {
                Outcome::Unchanged
            } else {
                Outcome::Modified
            },
            entry: text,
            before: Some(before).filter(|_| !is_same),
        })
    }

    /// The flows that a modification or deletion selects.
    fn selected(&mut self, change: &FlowChange) -> Vec<usize> {
        let is_strict = matches!(
            change.command,
            FlowCommand::ModifyStrict | FlowCommand::DeleteStrict
        );
        let key = if is_strict {
            self.meaning(&change.flow)
        } else {
            None
        };
        let is_selected = |planned: &PlannedFlow| {
            let flow = &planned.flow;
            let table = change.flow.table_id;
            let in_cookie = |(value, mask): (u64, u64)| (flow.cookie ^ value) & mask == 0;
            (table == ALL_TABLES || table == flow.table_id)
                && change.match_cookie.is_none_or(in_cookie)
                && (change.out_port).is_none_or(|port| flow.actions.list().sends_to(port))
                && change
                    .out_group
                    .is_none_or(|group| uses(flow, SwitchReference::Group(group)))
                && if is_strict {
                    flow.priority == change.flow.priority && flow.fields == change.flow.fields
                } else {
                    change.flow.fields.covers(&flow.fields)
                }
        };
        if change.flow.table_id != ALL_TABLES
            && let Some((key, _)) = key
        {
            let at = self.by_key.get(&key).copied();
            let flow = |at: &usize| self.flows.get(*at)?.as_ref();
            let at = at.filter(|at| flow(at).is_some_and(is_selected));
            return at.into_iter().collect();
        }
        let flows = self.flows.iter().enumerate();
        let selected = flows.filter(|(_, flow)| flow.as_ref().is_some_and(is_selected));
        selected.map(|(at, _)| at).collect()
    }
}

fn uses(flow: &Flow, wanted: SwitchReference) -> bool {
    let mut uses = false;
    let list = flow.actions.list();
    list.references(&mut |reference| uses |= reference == wanted);
    uses
}

/// The flow as dump-flows prints it, without statistics.
pub(super) fn text_of(flow: &Flow, cx: &TextContext<'_>) -> String {
    let mut line = Plain::default();
    let message = flow.flow_mod(FlowCommand::Add);
    if let Some(entry) = message.as_ref().and_then(FlowMod::entry) {
        let stats = FlowStats::without_stats(entry);
        // A malformed flow is printed up to the bytes that are malformed.
        let _ = flow::text(&stats, false, &mut Repeats::new(), &mut line, cx);
    }
    line.0
}
