//! Records whose cells are read: what need not know what a record is.

use super::{Cell, Format, Heading};

/// The columns that are shown, and how.
pub(super) struct Sheet<'f> {
    pub(super) headings: Vec<&'f Heading>,
    pub(super) format: &'f Format,
}

/// Records in their order; each has a cell for each of the sheet's columns.
pub(super) type Rows<'r> = &'r mut dyn Iterator<Item = Vec<Cell>>;
