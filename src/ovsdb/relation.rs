//! How one value stands to another: the operators of ovs-vsctl(8), "find".

use std::cmp::Ordering;

use super::value::{Atom, Datum};

/// The operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`: fewer elements; of so many, the first that differs is less.
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
    /// `{<}`: all of it, and less than all, is in the other.
    ProperSubset,
    /// `{<=}` and `{in}`: all of it is in the other.
    Subset,
    /// `{>}`
    ProperSuperset,
    /// `{>=}`
    Superset,
    /// `{not-in}`: nothing of it is in the other.
    Disjoint,
}

impl Relation {
    /// Every operator, as it is written.
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

    /// The operator that is written so.
    pub fn of(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, relation)| *relation)
    }

    /// Whether it is one of sets, for which a key that is not there is an empty set.
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

    /// Whether `a` stands so to `b`.
    pub fn holds(self, a: &Datum, b: &Datum) -> bool {
        let (a, b) = (elements(a), elements(b));
        let order = compare(&a, &b);
        let within = |a: &[Element<'_>], b: &[Element<'_>]| {
            a.iter()
                .all(|x| b.iter().any(|y| element(x, y) == Ordering::Equal))
        };
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
            Self::Disjoint => !a
                .iter()
                .any(|x| b.iter().any(|y| element(x, y) == Ordering::Equal)),
        }
    }
}

/// An element of a set, or key and value of a map.
type Element<'d> = (&'d Atom, Option<&'d Atom>);

/// In ascending order.
fn elements(datum: &Datum) -> Vec<Element<'_>> {
    let mut elements: Vec<Element<'_>> = match datum {
        Datum::Map(pairs) => pairs
            .iter()
            .map(|(key, value)| (key, Some(value)))
            .collect(),
        Datum::Atom(_) | Datum::Set(_) => datum
            .as_set()
            .unwrap_or_default()
            .iter()
            .map(|atom| (atom, None))
            .collect(),
    };
    elements.sort_by(element);
    elements
}

/// By number, then all keys, then all values.
fn compare(a: &[Element<'_>], b: &[Element<'_>]) -> Ordering {
    let keys = || a.iter().zip(b).map(|(a, b)| atom(a.0, b.0));
    let values = || a.iter().zip(b).filter_map(|(a, b)| Some(atom(a.1?, b.1?)));
    let first = |mut orders: Box<dyn Iterator<Item = Ordering> + '_>| {
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    };
    a.len()
        .cmp(&b.len())
        .then_with(|| first(Box::new(keys())))
        .then_with(|| first(Box::new(values())))
}

fn element(a: &Element<'_>, b: &Element<'_>) -> Ordering {
    atom(a.0, b.0).then_with(|| match (a.1, b.1) {
        (Some(a), Some(b)) => atom(a, b),
        _ => Ordering::Equal,
    })
}

fn atom(a: &Atom, b: &Atom) -> Ordering {
    match (a, b) {
        (Atom::Integer(a), Atom::Integer(b)) => a.cmp(b),
        (Atom::Real(a), Atom::Real(b)) => a.total_cmp(b),
        (Atom::Boolean(a), Atom::Boolean(b)) => a.cmp(b),
        (Atom::String(a), Atom::String(b)) | (Atom::NamedUuid(a), Atom::NamedUuid(b)) => a.cmp(b),
        (Atom::Uuid(a), Atom::Uuid(b)) => a.cmp(b),
        // A column has atoms of one kind.
        _ => rank(a).cmp(&rank(b)),
    }
}

fn rank(atom: &Atom) -> u8 {
    match atom {
        Atom::Integer(_) => 0,
        Atom::Real(_) => 1,
        Atom::Boolean(_) => 2,
        Atom::String(_) => 3,
        Atom::Uuid(_) => 4,
        Atom::NamedUuid(_) => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of ovs-vsctl(8), "find".
    #[test]
    fn sets() {
        let set = |numbers: &[i64]| Datum::set(numbers.iter().map(|number| Atom::from(*number)));
        let holds =
            |a: &[i64], word: &str, b: &[i64]| Relation::of(word).unwrap().holds(&set(a), &set(b));
        for (a, word, b, expected) in [
            (&[2, 1][..], "=", &[1, 2][..], true),
            (&[1, 2], "!=", &[1, 3], true),
            (&[9], "<", &[1, 2], true),
            (&[1, 3], ">", &[1, 2], true),
            (&[1, 2], "<=", &[1, 2], true),
            (&[], "{<=}", &[1, 2], true),
            (&[1, 2], "{<=}", &[1, 2], true),
            (&[1, 2], "{<}", &[1, 2], false),
            (&[2], "{<}", &[1, 2], true),
            (&[1, 2, 3], "{>=}", &[1, 2], true),
            (&[1, 2], "{>}", &[1, 2], false),
            (&[1], "{in}", &[1, 2], true),
            (&[3], "{not-in}", &[1, 2], true),
            (&[1, 3], "{not-in}", &[1, 2], false),
        ] {
            assert_eq!(holds(a, word, b), expected, "{a:?} {word} {b:?}");
        }
        let map = |pairs: &[(&str, &str)]| Datum::map(pairs.iter().copied());
        let (a, b) = (
            map(&[("x", "1"), ("y", "0")]),
            map(&[("y", "1"), ("x", "1")]),
        );
        assert!(Relation::Less.holds(&a, &b) && Relation::NotEqual.holds(&a, &b));
        assert!(Relation::Superset.holds(&a, &map(&[("x", "1")])));
        assert!(!Relation::Superset.holds(&a, &map(&[("y", "1")])));
    }
}
