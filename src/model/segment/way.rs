//! A path of packets: the packet, and the restrictions on its headers.

use std::rc::Rc;

use super::class::{Class, Point};
use super::packet::{Choice, Doubt, Packet};
use super::pipeline::{Pipeline, RuleNumber};
use super::proof::{Dimensions, Proof, Restrictions, cube_with, prove, restrict};
use crate::model::budget::Budget;

/// A packet with the restrictions on its headers, and an example that meets them, if known.
#[derive(Debug, Clone)]
pub(super) struct Way<'w> {
    pub(super) packet: Packet<'w>,
    pub(super) restrictions: Restrictions<'w>,
    pub(super) witness: Option<Rc<Point>>,
}

impl<'w> Way<'w> {
    /// Restricts the path to packets in all dimensions; returns whether there is one.
    pub(super) fn take(&mut self, dimensions: &Dimensions<'w>, budget: &Budget) -> bool {
        let contents = self.packet.contents.clone();
        let decides = |classes: &&Vec<&'w Class>| {
            let opaque = classes.iter().any(|class| class.is_opaque_in(&contents));
            !opaque && !classes.iter().any(|class| class.is_all())
        };
        let narrowing: Dimensions<'w> = dimensions.iter().filter(decides).cloned().collect();
        if narrowing.is_empty() {
            return self.is_possible(budget);
        }
        let inside = |point: &Rc<Point>| cube_with(&narrowing, point, &contents).is_some();
        self.witness = self.witness.take().filter(inside);
        self.restrictions = Some(restrict(&self.restrictions, narrowing, true, &contents));
        self.is_possible(budget)
    }

    /// Restricts the path to packets that are not in all dimensions.
    pub(super) fn leave(&mut self, dimensions: Dimensions<'w>) {
        let contents = self.packet.contents.clone();
        let outside = |point: &Rc<Point>| cube_with(&dimensions, point, &contents).is_none();
        self.witness = self.witness.take().filter(outside);
        self.restrictions = Some(restrict(&self.restrictions, dimensions, false, &contents));
    }

    /// Whether there is a packet on the path; if that cannot be decided, the path is marked.
    pub(super) fn is_possible(&mut self, budget: &Budget) -> bool {
        if self.witness.is_some() {
            return true;
        }
        match prove(&self.restrictions, budget) {
            Proof::Witness(point) => self.witness = Some(point),
            Proof::Impossible => return false,
            Proof::Unknown => self.packet.doubt(Doubt::Many),
        }
        true
    }

    /// Splits the packets of a flow: those that also match one of `others`, of the same priority, and those
    /// that only match this flow.
    pub(super) fn part(
        self,
        others: &[RuleNumber],
        pipeline: &'w Pipeline,
        choice: Choice,
        budget: &Budget,
    ) -> Vec<Way<'w>> {
        if others.is_empty() {
            return vec![self];
        }
        let classes: Vec<_> = others
            .iter()
            .filter_map(|other| Some(pipeline.rule(*other)?.1))
            .collect();
        let dimensions: Dimensions<'w> = vec![classes];
        let mut parts = Vec::new();
        let mut shared = self.clone();
        shared.packet.trail.choice.get_or_insert(choice);
        if shared.take(&dimensions, budget) {
            parts.push(shared);
        }
        let all = dimensions.iter().flatten().any(|class| class.is_all());
        if !all {
            let mut alone = self;
            alone.leave(dimensions);
            if alone.is_possible(budget) {
                parts.push(alone);
            }
        }
        parts
    }
}
