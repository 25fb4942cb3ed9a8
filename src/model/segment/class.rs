//! The packets that a flow matches by their headers: a union of cubes.
//!
//! A cube is the set of packets with given values in given bits of given fields: the match of one flow. Flows
//! that do the same with the same port, tag and registers are one rule, and their cubes one class: a hundred
//! thousand flows, one per address, are one class. The cubes of a class are grouped by shape (which bits of
//! which fields) and their values sorted, so that a packet takes one lookup per shape.

use std::collections::HashSet;
use std::rc::Rc;

use super::contents::{Contents, Variable};
use crate::openflow::bytes::be_number;
use crate::openflow::fields::{Id, Match};

/// The bits that a cube matches on, by row.
pub(super) type CubeShape = Rc<[(u8, u128)]>;

/// A union of cubes.
#[derive(Debug, PartialEq, Eq, Hash, Default)]
pub(super) struct Class {
    shapes: Vec<Cubes>,
    /// Whether the match of any of the flows also depends on fields that are not followed.
    pub(super) is_vague: bool,
}

/// The cubes of one shape.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Cubes {
    shape: CubeShape,
    /// The values of one cube after the other, each in the order of the shape's fields; sorted once all are
    /// added.
    values: Vec<u128>,
}

impl Cubes {
    /// Iterates over the values of the cubes. The shape without bits has one cube.
    fn all(&self) -> impl Iterator<Item = &[u128]> {
        let whole: &[u128] = &[];
        let one = self.shape.is_empty().then_some(whole);
        one.into_iter()
            .chain(self.values.chunks_exact(self.shape.len().max(1)))
    }

    fn len(&self) -> usize {
        match self.shape.len() {
            0 => 1,
            width => self.values.len() / width,
        }
    }

    fn at(&self, index: usize) -> &[u128] {
        let width = self.shape.len();
        let begin = index.saturating_mul(width);
        let cube = self.values.get(begin..begin.saturating_add(width));
        cube.unwrap_or_default()
    }

    fn sort(&mut self) {
        if self.len() > 1 {
            let mut cubes: Vec<&[u128]> = self.all().collect();
            cubes.sort_unstable();
            cubes.dedup();
            self.values = cubes.concat();
        }
        self.values.shrink_to_fit();
    }

    fn has(&self, values: &[u128]) -> bool {
        self.find(values).is_some()
    }

    /// The index of the cube with these values.
    fn find(&self, values: &[u128]) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.at(middle).cmp(values) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle.saturating_add(1),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// Bits of variables: the variable, the value, the mask. Each variable occurs once; the value has no bits
/// outside of the mask.
pub(super) type Cube = Vec<(Variable, u128, u128)>;

/// A value for each variable that is set; the others have the value of [`preset`].
pub(super) type Point = Vec<(Variable, u128)>;

/// A cube with the fields of a flow's match.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    shape: Vec<(u8, u128)>,
    values: Vec<u128>,
    is_vague: bool,
}

/// Fields that are not part of a class: rules store them separately.
const APART: [Id; 9] = [
    Id::IN_PORT,
    Id::IN_PORT_OXM,
    Id::VLAN_TCI,
    Id::DL_VLAN,
    Id::VLAN_VID,
    Id::DL_VLAN_PCP,
    Id::VLAN_PCP,
    Id::TUN_ID,
    Id::METADATA,
];

/// The bit offset of the DSCP in the type-of-service byte.
const DSCP_SHIFT: u32 = 2;
/// The bit offset of the priority in the tag control information.
const PCP_SHIFT: u32 = 13;

/// Number of a row; rows are fewer than 256.
pub(super) fn row(id: Id) -> u8 {
    u8::try_from(id.index()).unwrap_or(u8::MAX)
}

impl Conditions {
    /// The headers that a match requires. `conj_id` is left out: see [`super::rules`].
    pub(super) fn of(fields: &Match<'_>) -> Conditions {
        let mut conditions = Conditions {
            is_vague: fields.has_unknown(),
            ..Conditions::default()
        };
        for (field, (value, mask)) in fields.fields() {
            let id = field.id;
            if APART.contains(&id) || id == Id::CONJ_ID || id.registers().is_some() {
                continue;
            }
            if value.len() > size_of::<u128>() || id == Id::ACTSET_OUTPUT {
                conditions.is_vague = true;
                continue;
            }
            let ones = ones(value.len());
            let mask = mask.map_or(ones, be_number);
            // Both are bits of one byte.
            let (id, shift) = match id {
                Id::IP_DSCP => (Id::NW_TOS, DSCP_SHIFT),
                id => (id, 0),
            };
            let mask = match id {
                Id::NW_TOS => mask << shift & 0xfc,
                _ => mask,
            };
            conditions.put(row(id), be_number(value) << shift, mask);
        }
        let (tci, mask) = fields.vlan_tci();
        let priority = |bits: u16| u128::from(bits >> PCP_SHIFT);
        conditions.put(row(Id::VLAN_PCP), priority(tci), priority(mask));
        conditions
    }

    fn put(&mut self, row: u8, value: u128, mask: u128) {
        if mask == 0 {
            return;
        }
        match self.shape.binary_search_by_key(&row, |(row, _)| *row) {
            Ok(at) => {
                if let (Some(bits), Some(values)) =
                    (self.shape.get_mut(at), self.values.get_mut(at))
                {
                    bits.1 |= mask;
                    *values |= value & mask;
                }
            }
            Err(at) => {
                self.shape.insert(at, (row, mask));
                self.values.insert(at, value & mask);
            }
        }
    }
}

fn ones(bytes: usize) -> u128 {
    let unused = size_of::<u128>().saturating_sub(bytes) * 8;
    u128::MAX
        .checked_shr(u32::try_from(unused).unwrap_or(u32::MAX))
        .unwrap_or(0)
}

/// The shapes of the classes, shared among them.
#[derive(Debug, Default)]
pub(super) struct CubeShapes(HashSet<CubeShape>);

impl CubeShapes {
    fn shared(&mut self, shape: &[(u8, u128)]) -> CubeShape {
        if let Some(shape) = self.0.get(shape) {
            return Rc::clone(shape);
        }
        let shape: CubeShape = shape.into();
        self.0.insert(Rc::clone(&shape));
        shape
    }
}

impl Class {
    pub(super) fn add(&mut self, conditions: Conditions, shapes: &mut CubeShapes) {
        self.is_vague |= conditions.is_vague;
        let of_shape = |cubes: &&mut Cubes| *cubes.shape == *conditions.shape;
        match self.shapes.iter_mut().find(of_shape) {
            Some(cubes) => cubes.values.extend(conditions.values),
            None => self.shapes.push(Cubes {
                shape: shapes.shared(&conditions.shape),
                values: conditions.values,
            }),
        }
    }

    /// The packets with these bits of one field.
    pub(super) fn of_field(row: u8, value: u128, mask: u128) -> Class {
        let shape: CubeShape = [(row, mask)].into();
        Class {
            shapes: vec![Cubes {
                shape,
                values: vec![value & mask],
            }],
            is_vague: false,
        }
    }

    /// Sorts the values, once all are added.
    pub(super) fn sort(&mut self) {
        self.shapes.iter_mut().for_each(Cubes::sort);
        self.shapes.shrink_to_fit();
    }

    /// Whether it is all packets.
    pub(super) fn is_all(&self) -> bool {
        !self.is_vague && self.shapes.iter().any(|cubes| cubes.shape.is_empty())
    }

    /// The number of cubes.
    pub(super) fn len(&self) -> usize {
        self.shapes.iter().map(Cubes::len).sum()
    }

    /// Iterates over the cubes: shape and values.
    pub(super) fn cubes(&self) -> impl Iterator<Item = (&CubeShape, &[u128])> {
        self.shapes
            .iter()
            .flat_map(|cubes| cubes.all().map(|values| (&cubes.shape, values)))
    }

    /// Whether membership depends on bits that are not followed.
    pub(super) fn is_opaque_in(&self, contents: &Contents) -> bool {
        self.is_vague
            || self.shapes.iter().any(|cubes| {
                let opaque = |(row, mask): &(u8, u128)| contents.of(*row).opaque & mask != 0;
                cubes.shape.iter().any(opaque)
            })
    }

    /// The cube that contains a packet, as bits of variables; `None` if there is none.
    pub(super) fn cube_with(&self, point: &Point, contents: &Contents) -> Option<Cube> {
        self.shapes.iter().find_map(|cubes| {
            let value = |(row, mask): &(u8, u128)| {
                let content = contents.of(*row);
                let variable = content.variable();
                let bits = content.value & content.known | at(point, variable) & content.free();
                bits & mask
            };
            // Most classes have one cube, and most of these are decided by the first field.
            if let (1, only) = (cubes.len(), cubes.at(0)) {
                let same = |(field, own): (&(u8, u128), &u128)| value(field) == *own;
                let is_in = cubes.shape.iter().zip(only).all(same);
                return is_in.then(|| as_variables(&cubes.shape, only, contents))?;
            }
            let key: Vec<u128> = cubes.shape.iter().map(value).collect();
            let found = cubes.has(&key);
            found.then(|| as_variables(&cubes.shape, &key, contents))?
        })
    }

    /// The intersections with `cube` that are not empty.
    pub(super) fn cubes_within<'c>(
        &'c self,
        cube: &'c Cube,
        contents: &'c Contents,
    ) -> impl Iterator<Item = Cube> + 'c {
        self.shapes.iter().flat_map(move |cubes| {
            // If `cube` determines all bits of the shape, one lookup suffices.
            let decided = |(row, mask): &(u8, u128)| {
                let content = contents.of(*row);
                let (value, bits) = of_variable(cube, content.variable());
                let told = content.known | bits & content.free();
                let value = content.value & content.known | value & content.free();
                (mask & !told == 0).then_some(value & mask)
            };
            let key: Option<Vec<u128>> = cubes.shape.iter().map(decided).collect();
            let range = match key {
                Some(key) => match cubes.find(&key) {
                    Some(at) => at..at.saturating_add(1),
                    None => 0..0,
                },
                None => 0..cubes.len(),
            };
            range.filter_map(move |at| {
                meet(cube, &as_variables(&cubes.shape, cubes.at(at), contents)?)
            })
        })
    }
}

/// A cube as bits of variables; `None` if a known bit has another value.
fn as_variables(shape: &CubeShape, values: &[u128], contents: &Contents) -> Option<Cube> {
    let mut cube = Cube::new();
    for ((row, mask), value) in shape.iter().zip(values) {
        let content = contents.of(*row);
        if (content.value ^ value) & mask & content.known != 0 {
            return None;
        }
        let bits = mask & content.free();
        if bits != 0 {
            cube.push((content.variable(), value & bits, bits));
        }
    }
    Some(cube)
}

/// The intersection of two cubes; `None` if it is empty.
pub(super) fn meet(a: &Cube, b: &Cube) -> Option<Cube> {
    let mut both = a.clone();
    for (variable, value, mask) in b {
        match both.iter_mut().find(|(of, ..)| of == variable) {
            Some((_, first, bits)) => {
                if (*first ^ value) & *bits & mask != 0 {
                    return None;
                }
                *first |= value;
                *bits |= mask;
            }
            None => both.push((*variable, *value, *mask)),
        }
    }
    Some(both)
}

/// The value and mask of a variable in a cube.
pub(super) fn of_variable(cube: &Cube, variable: Variable) -> (u128, u128) {
    let found = cube.iter().find(|(of, ..)| *of == variable);
    found.map_or((0, 0), |(_, value, mask)| (*value, *mask))
}

fn at(point: &Point, variable: Variable) -> u128 {
    let found = point.iter().find(|(of, _)| *of == variable);
    found.map_or_else(|| preset(variable), |(_, value)| *value)
}

/// The default of an unrestricted variable: a value that hardly any flow matches on. Addresses are locally
/// administered, the Ethernet type is IEEE's local experimental one.
pub(super) fn preset((of, _): Variable) -> u128 {
    if of == row(Id::ETH_SRC) {
        0x0200_00b5_0001
    } else if of == row(Id::ETH_DST) {
        0x0200_00b5_0002
    } else if of == row(Id::ETH_TYPE) {
        0x88b5
    } else {
        0
    }
}
