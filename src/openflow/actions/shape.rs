//! The JSON members of actions, for the schemas of documents with flows.

/// A member of a JSON object.
#[derive(Debug, Clone, Copy)]
pub struct JsonMember {
    /// Its key.
    pub name: &'static str,
    /// The type of its value.
    pub shape: JsonShape,
    /// Whether it may be left out.
    pub is_optional: bool,
}

impl JsonMember {
    pub(super) const fn new(name: &'static str, shape: JsonShape) -> JsonMember {
        JsonMember {
            name,
            shape,
            is_optional: false,
        }
    }

    /// A member that may be left out.
    pub(super) const fn optional(name: &'static str, shape: JsonShape) -> JsonMember {
        JsonMember {
            name,
            shape,
            is_optional: true,
        }
    }
}

/// The type of a JSON value.
#[derive(Debug, Clone, Copy)]
pub enum JsonShape {
    /// An integer from 0 to this.
    UpTo(u64),
    /// A non-negative integer.
    Whole,
    /// Any string.
    Text,
    /// One of these strings.
    Words(&'static [&'static str]),
    /// This string.
    Word(&'static str),
    /// `true`
    True,
    /// A table's number, followed by a member for its name.
    Table,
    /// A definition shared by all schemas: `port`, `bits`, `hex`.
    Named(&'static str),
    /// An array.
    List(&'static JsonShape),
    /// One of several.
    Either(&'static [JsonShape]),
    /// An object.
    Object(&'static [JsonMember]),
}

impl JsonShape {
    /// A number of 8 bits.
    pub const U8: JsonShape = JsonShape::UpTo(u8::MAX as u64);
    /// A number of 16 bits.
    pub const U16: JsonShape = JsonShape::UpTo(u16::MAX as u64);
    /// A number of 32 bits.
    pub const U32: JsonShape = JsonShape::UpTo(u32::MAX as u64);
    /// A number as `"0x..."`.
    pub const HEX: JsonShape = JsonShape::Named("hex");
    /// Bytes as their hexadecimal digits.
    pub const BYTES: JsonShape = JsonShape::Named("bytes");
    /// An Ethernet address.
    pub const MAC: JsonShape = JsonShape::Named("mac");
    /// An IPv4 address.
    pub const IPV4: JsonShape = JsonShape::Named("ipv4");
    /// A port with its number, its name or both.
    pub const PORT: JsonShape = JsonShape::Named("port");
    /// Some bits of a field.
    pub const BITS: JsonShape = JsonShape::Named("bits");
    /// A list of actions.
    pub const ACTIONS: JsonShape = JsonShape::Named("actions");
    /// The value of a field, with or without a mask.
    pub const FIELD_VALUE: JsonShape = JsonShape::Named("field_value");
}
