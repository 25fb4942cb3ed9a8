//! Whether there is a packet that takes a way: every flow on it restricts the headers, and so do the flows of
//! higher priority that must not take it.
//!
//! The restrictions are kept as they came, and a packet is looked for that meets them all: one cube of each
//! class that must take it, and of what these have in common a point outside of all that must not. A point
//! that is inside such a cube is moved out by one of the bits which that cube looks at. The search is exact;
//! only its length is bounded.

use std::rc::Rc;

use super::class::{Class, Cube, Point, meet, of_variable, preset};
use super::contents::Contents;
use crate::model::budget::Budget;

/// Packets that are in all dimensions; a dimension is a union of classes. The match of a plain rule has one
/// dimension, a conjunctive match several.
pub(super) type Dimensions<'w> = Vec<Vec<&'w Class>>;

/// One restriction, and those before it.
#[derive(Debug)]
pub(super) struct Restriction<'w> {
    /// What must take the packet, or must not.
    dimensions: Dimensions<'w>,
    takes: bool,
    /// What was known of the fields there.
    contents: Contents,
    before: Restrictions<'w>,
}

/// Long lists are taken apart one by one: each within the one before would need a deep stack.
impl Drop for Restriction<'_> {
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(restriction) = next {
            next = Rc::into_inner(restriction).and_then(|mut own| own.before.take());
        }
    }
}

/// All restrictions of a way, the last first.
pub(super) type Restrictions<'w> = Option<Rc<Restriction<'w>>>;

/// What the search came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// This packet.
    Witness(Rc<Point>),
    /// There is none.
    Impossible,
    /// The search was too long.
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

/// Steps that one search may take.
const STEPS: u32 = 4000;

/// Maximum number of classes that must take a packet.
const MAX_TAKES: usize = 512;

/// Whether `point` is in all dimensions; then the cube with it that is.
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

/// Looks for a packet.
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
    // Each is a step deeper on the stack.
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
    /// Chooses a cube of each class that takes the packet, from number `index` on.
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

    /// A point of the cube outside of all that must not take the packet.
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
