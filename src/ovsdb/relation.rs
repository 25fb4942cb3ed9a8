//! Comparisons of values: the operators of ovs-vsctl(8), "find".

use std::cmp::Ordering;

use super::value::{Atom, Datum};

/// The operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`: fewer elements; with the same number, the first that differs is less.
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `{=}`
    SameSet,
    /// `{!=}`
    OtherSet,
    /// `{<}`
    ProperSubset,
    /// `{<=}` and `{in}`
    Subset,
    /// `{>}`
    ProperSuperset,
    /// `{>=}`
    Superset,
    /// `{not-in}`: no common element.
    Disjoint,
}

impl Relation {
    /// Every operator and its text.
    pub const WORDS: [(&'static str, Self); 14] = [
        ("=", Self::Equal),
        ("!=", Self::NotEqual),
        ("<", Self::Less),
        ("<=", Self::LessOrEqual),
        (">", Self::Greater),
        (">=", Self::GreaterOrEqual),
        ("{=}", Self::SameSet),
        ("{!=}", Self::OtherSet),
        ("{<}", Self::ProperSubset),
        ("{<=}", Self::Subset),
        ("{in}", Self::Subset),
        ("{>}", Self::ProperSuperset),
        ("{>=}", Self::Superset),
        ("{not-in}", Self::Disjoint),
    ];

    /// Returns the operator with this text.
    pub fn of(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, relation)| *relation)
    }

    /// Whether it compares sets: then a missing key counts as an empty set.
    pub fn is_of_sets(self) -> bool {
        !matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
        )
    }

    /// Whether the relation holds between `a` and `b`.
    pub fn holds(self, a: &Datum, b: &Datum) -> bool {
        let (a, b) = (elements(a), elements(b));
        let order = order(&a, &b);
        let within = |a: &[Element<'_>], b: &[Element<'_>]| a.iter().all(|x| b.contains(x));
        match self {
            Self::Equal | Self::SameSet => order == Ordering::Equal,
            Self::NotEqual | Self::OtherSet => order != Ordering::Equal,
            Self::Less => order == Ordering::Less,
            Self::LessOrEqual => order != Ordering::Greater,
            Self::Greater => order == Ordering::Greater,
            Self::GreaterOrEqual => order != Ordering::Less,
            Self::ProperSubset => a.len() < b.len() && within(&a, &b),
            Self::Subset => within(&a, &b),
            Self::ProperSuperset => b.len() < a.len() && within(&b, &a),
            Self::Superset => within(&b, &a),
            Self::Disjoint => !a.iter().any(|x| b.contains(x)),
        }
    }
}

/// An element of a set, or key and value of a map.
type Element<'d> = (&'d Atom, Option<&'d Atom>);

/// Returns the elements in ascending order.
fn elements(datum: &Datum) -> Vec<Element<'_>> {
    let mut elements: Vec<Element<'_>> = match datum {
        Datum::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| (key, Some(value)))
            .collect(),
        Datum::Atom(atom) => vec![(atom, None)],
        Datum::Set(atoms) => atoms.iter().map(|atom| (atom, None)).collect(),
    };
    elements.sort_by(|a, b| or_equal(a.partial_cmp(b)));
    elements
}

/// Orders by number of elements, then by all keys, then by all values.
fn order(a: &[Element<'_>], b: &[Element<'_>]) -> Ordering {
    fn ranked<'d>(elements: &[Element<'d>]) -> (usize, Vec<&'d Atom>, Vec<Option<&'d Atom>>) {
        let (keys, values) = elements.iter().copied().unzip();
        (elements.len(), keys, values)
    }
    or_equal(ranked(a).partial_cmp(&ranked(b)))
}

/// There is always an order: no real number in a database is NaN.
fn or_equal(order: Option<Ordering>) -> Ordering {
    order.unwrap_or(Ordering::Equal)
}
