//! Records as cells, independent of the type of record.

use super::{Cell, Format, Heading};

/// The shown columns, and the format.
pub(super) struct Sheet<'f> {
    pub(super) headings: Vec<&'f Heading>,
    pub(super) format: &'f Format,
}

/// Records in order, each with one cell per column of the sheet.
pub(super) type Rows<'r> = &'r mut dyn Iterator<Item = Vec<Cell>>;
