//! Decides whether there is a packet for a path: every flow on it restricts the headers, and so do the flows
//! of higher priority that must not match.
//!
//! The restrictions are collected, and a packet is searched that meets all of them: one cube of each class
//! that must match, and in their intersection a point outside of all cubes that must not match. A point
//! inside such a cube is moved out of it by one of the bits that the cube matches on. The search is exact;
//! only its length is limited.

use std::rc::Rc;

use super::class::{Class, Cube, Point, meet, of_variable, preset};
use super::contents::Contents;
use crate::model::budget::Budget;

/// Packets that are in all dimensions; a dimension is a union of classes. The match of an ordinary rule has
/// one dimension, a conjunctive match several.
pub(super) type Dimensions<'w> = Vec<Vec<&'w Class>>;

/// A restriction, linked to the previous ones.
#[derive(Debug)]
pub(super) struct Restriction<'w> {
    /// The dimensions that must, or must not, match the packet.
    dimensions: Dimensions<'w>,
    takes: bool,
    /// The contents of the fields at this point.
    contents: Contents,
    before: Restrictions<'w>,
}

/// Dropped iteratively: recursion over a long list would need a deep stack.
impl Drop for Restriction<'_> {
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(restriction) = next {
            next = Rc::into_inner(restriction).and_then(|mut own| own.before.take());
        }
    }
}

/// All restrictions of a path, the last first.
pub(super) type Restrictions<'w> = Option<Rc<Restriction<'w>>>;

/// The result of the search.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// A packet that meets all restrictions.
    Witness(Rc<Point>),
    /// There is no such packet.
    Impossible,
    /// The work limit was reached.
    Unknown,
}

/// Adds a restriction.
pub(super) fn restrict<'w>(
    before: &Restrictions<'w>,
    dimensions: Dimensions<'w>,
    takes: bool,
    contents: &Contents,
) -> Rc<Restriction<'w>> {
    Rc::new(Restriction {
        dimensions,
        takes,
        contents: contents.clone(),
        before: before.clone(),
    })
}

/// Maximum number of steps of a search.
const STEPS: u32 = 4000;

/// Maximum number of classes that must match a packet.
const MAX_TAKES: usize = 512;

/// Whether `point` is in all dimensions; if so, the intersection of the cubes that contain it.
pub(super) fn cube_with(
    dimensions: &Dimensions<'_>,
    point: &Point,
    contents: &Contents,
) -> Option<Cube> {
    let mut all = Cube::new();
    for classes in dimensions {
        let cube = classes
            .iter()
            .find_map(|class| class.cube_with(point, contents))?;
        all = meet(&all, &cube)?;
    }
    Some(all)
}

/// Searches a packet.
pub(super) fn prove(restrictions: &Restrictions<'_>, budget: &Budget) -> Proof {
    let mut takes: Vec<(&[&Class], &Contents)> = Vec::new();
    let mut excludes: Vec<(&Dimensions<'_>, &Contents)> = Vec::new();
    let mut next = restrictions;
    while let Some(restriction) = next {
        if !budget.spend(1) {
            return Proof::Unknown;
        }
        if restriction.takes {
            let dimensions = restriction.dimensions.iter();
            takes.extend(dimensions.map(|classes| (classes.as_slice(), &restriction.contents)));
        } else {
            excludes.push((&restriction.dimensions, &restriction.contents));
        }
        next = &restriction.before;
    }
    // Each adds a level to the stack.
    if takes.len() > MAX_TAKES {
        return Proof::Unknown;
    }
    takes.sort_by_key(|(classes, _)| classes.iter().map(|class| class.len()).sum::<usize>());
    let mut search = Search {
        takes,
        excludes,
        steps: STEPS,
        budget,
    };
    search.choose(0, &Cube::new())
}

struct Search<'s, 'w> {
    takes: Vec<(&'s [&'w Class], &'s Contents)>,
    excludes: Vec<(&'s Dimensions<'w>, &'s Contents)>,
    steps: u32,
    budget: &'s Budget,
}

impl Search<'_, '_> {
    /// Chooses a cube of each class that must match, from index `index` on.
    fn choose(&mut self, index: usize, cube: &Cube) -> Proof {
        let Some((classes, contents)) = self.takes.get(index).copied() else {
            return self.leave(cube);
        };
        let mut result = Proof::Impossible;
        for class in classes {
            for narrower in class.cubes_within(cube, contents) {
                if self.is_over(1) {
                    return Proof::Unknown;
                }
                match self.choose(index.saturating_add(1), &narrower) {
                    found @ Proof::Witness(_) => return found,
                    Proof::Unknown => result = Proof::Unknown,
                    Proof::Impossible => {}
                }
            }
        }
        result
    }

    /// A point of the cube outside of everything that must not match.
    fn leave(&mut self, cube: &Cube) -> Proof {
        let classes = |(dimensions, _): &(&Dimensions<'_>, &Contents)| {
            dimensions.iter().map(Vec::len).sum::<usize>()
        };
        if self.is_over(self.excludes.iter().map(classes).sum()) {
            return Proof::Unknown;
        }
        let point: Point = cube
            .iter()
            .map(|(variable, value, mask)| (*variable, value | preset(*variable) & !mask))
            .collect();
        let inside = self
            .excludes
            .iter()
            .find_map(|(dimensions, contents)| cube_with(dimensions, &point, contents));
        let Some(inside) = inside else {
            return Proof::Witness(Rc::new(point));
        };
        let mut result = Proof::Impossible;
        let mut rest = cube.clone();
        for (variable, value, mask) in inside {
            let (_, told) = of_variable(cube, variable);
            let mut open = mask & !told;
            while open != 0 {
                let bit = open & open.wrapping_neg();
                open &= !bit;
                let other: Cube = vec![(variable, !value & bit, bit)];
                if let Some(outside) = meet(&rest, &other) {
                    match self.leave(&outside) {
                        found @ Proof::Witness(_) => return found,
                        Proof::Unknown => result = Proof::Unknown,
                        Proof::Impossible => {}
                    }
                }
                let same: Cube = vec![(variable, value & bit, bit)];
                if let Some(narrower) = meet(&rest, &same) {
                    rest = narrower;
                }
            }
        }
        result
    }

    fn is_over(&mut self, work: usize) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.steps == 0 || !self.budget.spend(work)
    }
}
