//! The shape of the JSON of actions, from which the schema of documents with flows is made.

/// A member of a JSON object.
#[derive(Debug, Clone, Copy)]
pub struct Member {
    /// Its key.
    pub name: &'static str,
    /// What its value is.
    pub shape: Shape,
    /// Whether it may be left out.
    pub is_optional: bool,
}

impl Member {
    pub(super) const fn new(name: &'static str, shape: Shape) -> Member {
        Member {
            name,
            shape,
            is_optional: false,
        }
    }

    /// A member that may be left out.
    pub(super) const fn optional(name: &'static str, shape: Shape) -> Member {
        Member {
            name,
            shape,
            is_optional: true,
        }
    }
}

/// What a JSON value is.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// A whole number from 0 to this.
    UpTo(u64),
    /// A whole number from 0 on.
    Whole,
    /// Any string.
    Text,
    /// One of these strings.
    Words(&'static [&'static str]),
    /// This string.
    Word(&'static str),
    /// `true`
    True,
    /// A table's number, with a member for its name behind.
    Table,
    /// What a name stands for in all schemas: `port`, `bits`, `hex`.
    Named(&'static str),
    /// An array.
    List(&'static Shape),
    /// One of several.
    Either(&'static [Shape]),
    /// An object.
    Object(&'static [Member]),
}

impl Shape {
    /// A number of 8 bits.
    pub const U8: Shape = Shape::UpTo(u8::MAX as u64);
    /// A number of 16 bits.
    pub const U16: Shape = Shape::UpTo(u16::MAX as u64);
    /// A number of 32 bits.
    pub const U32: Shape = Shape::UpTo(u32::MAX as u64);
    /// A number as `"0x..."`.
    pub const HEX: Shape = Shape::Named("hex");
    /// Bytes as their hexadecimal digits.
    pub const BYTES: Shape = Shape::Named("bytes");
    /// An Ethernet address.
    pub const MAC: Shape = Shape::Named("mac");
    /// An IPv4 address.
    pub const IPV4: Shape = Shape::Named("ipv4");
    /// A port with its number, its name or both.
    pub const PORT: Shape = Shape::Named("port");
    /// Some bits of a field.
    pub const BITS: Shape = Shape::Named("bits");
    /// A list of actions.
    pub const ACTIONS: Shape = Shape::Named("actions");
    /// The value of a field, with or without a mask.
    pub const FIELD_VALUE: Shape = Shape::Named("field_value");
}
