//! The sink for the text of flows, and the lookup of port and table names.
//!
//! Formatters write pieces with a [`TextRole`] into a [`Sink`]; the sink decides
//! on colours. [`NameLookup`], provided by the caller, gives the names of ports and tables.

use std::borrow::Cow;
use std::fmt;

use super::version::Version;
use crate::base::digits::put_decimal;
use crate::base::json::Json;

/// The role of a piece of text, for colouring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRole {
    /// The name of a match field, a statistic or an argument, with its `=`.
    Key,
    /// A value that stands without a key: `tcp`, `NORMAL`, flags.
    Value,
    /// A port's name or number.
    Port,
    /// The name of an action.
    Action,
    /// The action `drop`.
    Drop,
    /// A special word: `priority`, `cookie`, `table`.
    Special,
}

/// Receives text piece by piece.
pub trait Sink {
    /// The buffer that all text goes to; text without a role may be written to it directly.
    fn buffer(&mut self) -> &mut String;

    /// Begins text with this role.
    fn begin(&mut self, role: TextRole);

    /// Ends the text begun by [`Sink::begin`].
    fn end(&mut self, role: TextRole);

    /// Text without a role: punctuation, plain values.
    #[inline]
    fn put(&mut self, text: &str) {
        self.buffer().push_str(text);
    }

    /// Text with a role.
    #[inline]
    fn put_as(&mut self, role: TextRole, text: &str) {
        self.begin(role);
        self.buffer().push_str(text);
        self.end(role);
    }

    /// Called by `write!` and `writeln!`; writing to memory does not fail.
    fn write_fmt(&mut self, text: fmt::Arguments<'_>) {
        let _ = fmt::Write::write_fmt(self.buffer(), text);
    }

    /// `name=`
    #[inline]
    fn key(&mut self, name: &str) {
        self.begin(TextRole::Key);
        self.buffer().push_str(name);
        self.buffer().push('=');
        self.end(TextRole::Key);
    }
}

/// Text without colour.
#[derive(Debug, Default)]
pub struct Plain(pub String);

impl Sink for Plain {
    fn buffer(&mut self) -> &mut String {
        &mut self.0
    }

    fn begin(&mut self, _: TextRole) {}

    fn end(&mut self, _: TextRole) {}
}

/// Lookup of the names of a switch's ports and tables.
pub trait NameLookup {
    /// The whole name of a port; `None` if the number is unknown.
    fn port_name(&self, ofport: u32) -> Option<&str>;

    /// Whether the number of a named port is its own: of a port of which only the name is known another number stands for it,
    /// which is not printed.
    fn has_number(&self, _ofport: u32) -> bool {
        true
    }

    /// The OpenFlow number of a port; `None` if the name is unknown.
    fn ofport(&self, name: &str) -> Option<u32>;

    /// The OpenFlow number of a port whose name is in quotes, which no action and no field is.
    fn quoted_ofport(&self, name: &str) -> Option<u32> {
        self.ofport(name)
    }

    /// The name of a port in text, quoted if necessary; `None` if the number is
    /// unknown.
    fn port_word(&self, ofport: u32) -> Option<Cow<'_, str>> {
        self.port_name(ofport).map(word)
    }

    /// The whole name of a table; `None` if it has none.
    fn table_name(&self, _table: u8) -> Option<&str> {
        None
    }

    /// The name of a table in text, quoted if necessary; `None` if it has none, or
    /// one that another table has, too.
    fn table_word(&self, _table: u8) -> Option<&str> {
        None
    }

    /// The tables of this name, by number: none, one, or several.
    fn tables_named(&self, _name: &str) -> Vec<u8> {
        Vec::new()
    }
}

/// A name in text, quoted if necessary.
pub fn word(name: &str) -> Cow<'_, str> {
    if needs_quotes(name) {
        crate::base::terminal::quoted(name).into()
    } else {
        name.into()
    }
}

/// No names at all: every port and table is its number.
#[derive(Debug, Clone, Copy)]
pub struct NoNames;

impl NameLookup for NoNames {
    fn port_name(&self, _: u32) -> Option<&str> {
        None
    }

    fn ofport(&self, _: &str) -> Option<u32> {
        None
    }
}

/// How ports and tables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortSpelling {
    /// `"phy-br-ens37"`, quoted as ovs-ofctl quotes; the number where the name is unknown.
    Name,
    /// `2`
    Number,
    /// `2(phy-br-ens37)`
    Both,
}

/// The two spellings of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// The words of OpenFlow 1.0 with NXM wherever equivalent.
    Classic,
    /// The words of `ovs-ofctl -O VERSION` for the negotiated version.
    Wire,
}

/// The context of a formatter.
#[derive(Clone, Copy)]
pub struct TextContext<'a> {
    /// The version the bytes were sent in.
    pub version: Version,
    /// The requested spelling.
    pub style: Style,
    /// How ports and tables are written.
    pub ports: PortSpelling,
    /// The names of ports and tables.
    pub names: &'a dyn NameLookup,
}

/// Reserved port numbers (OpenFlow 1.5.1 §7.2.1.2 `ofp_port_no`; `UNSET` is a Nicira extension).
///
/// Port numbers are 32 bits wide everywhere in this crate; [`port_from_v10`] widens those of 1.0.
pub const RESERVED_PORTS: [(u32, &str); 9] = [
    (PORT_UNSET, "UNSET"),
    (PORT_IN_PORT, "IN_PORT"),
    (PORT_TABLE, "TABLE"),
    (PORT_NORMAL, "NORMAL"),
    (PORT_FLOOD, "FLOOD"),
    (PORT_ALL, "ALL"),
    (PORT_CONTROLLER, "CONTROLLER"),
    (PORT_LOCAL, "LOCAL"),
    (PORT_ANY, "ANY"),
];

/// `OFPP_UNSET`
pub const PORT_UNSET: u32 = 0xffff_fff7;
/// `OFPP_IN_PORT`
pub const PORT_IN_PORT: u32 = 0xffff_fff8;
/// `OFPP_TABLE`
pub const PORT_TABLE: u32 = 0xffff_fff9;
/// `OFPP_NORMAL`
pub const PORT_NORMAL: u32 = 0xffff_fffa;
/// `OFPP_FLOOD`
pub const PORT_FLOOD: u32 = 0xffff_fffb;
/// `OFPP_ALL`
pub const PORT_ALL: u32 = 0xffff_fffc;
/// `OFPP_CONTROLLER`
pub const PORT_CONTROLLER: u32 = 0xffff_fffd;
/// `OFPP_LOCAL`
pub const PORT_LOCAL: u32 = 0xffff_fffe;
/// `OFPP_ANY` (`OFPP_NONE` in OpenFlow 1.0)
pub const PORT_ANY: u32 = 0xffff_ffff;

/// The first of the reserved port numbers, most of which have no name.
const FIRST_RESERVED: u32 = 0xffff_ff00;

/// The name of a reserved port number.
pub fn reserved_port(ofport: u32) -> Option<&'static str> {
    if ofport < RESERVED_PORTS[0].0 {
        return None;
    }
    RESERVED_PORTS
        .iter()
        .find(|(number, _)| *number == ofport)
        .map(|(_, name)| *name)
}

/// The number of a reserved port by its name, whatever the case; `NONE` is `ANY`.
pub fn reserved_port_number(name: &str) -> Option<u32> {
    if name.eq_ignore_ascii_case("none") {
        return Some(PORT_ANY);
    }
    RESERVED_PORTS
        .iter()
        .find(|(_, reserved)| reserved.eq_ignore_ascii_case(name))
        .map(|(number, _)| *number)
}

/// A 16-bit port number of OpenFlow 1.0, widened: reserved numbers (0xff00 and above) keep their
/// meaning.
pub fn port_from_v10(port: u16) -> u32 {
    if port >= FIRST_RESERVED as u16 {
        0xffff_0000 | u32::from(port)
    } else {
        u32::from(port)
    }
}

/// The 16-bit number of OpenFlow 1.0 for a port; `None` if it has none.
pub fn port_to_v10(ofport: u32) -> Option<u16> {
    match ofport {
        0..0xff00 | 0xffff_ff00.. => Some(ofport as u16),
        _ => None,
    }
}

/// Whether a name must be quoted where a number or word could stand (ovs-ofctl(8), `--names`).
pub fn needs_quotes(name: &str) -> bool {
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    !(starts_well && name.bytes().all(|c| c.is_ascii_alphanumeric()))
}

/// Writes `text` as a JSON string in double quotes; control characters come out escaped.
pub fn put_quoted(out: &mut String, text: &str) {
    crate::base::terminal::push_string(out, text);
}

/// Writes a port according to the context.
pub fn put_port<S: Sink>(sink: &mut S, cx: &TextContext<'_>, ofport: u32) {
    if let Some(name) = reserved_port(ofport) {
        sink.put_as(TextRole::Port, name);
        return;
    }
    sink.begin(TextRole::Port);
    let out = sink.buffer();
    // ovs-ofctl shows an unnamed reserved number as the 16 bits of OpenFlow 1.0.
    let ofport = if ofport >= FIRST_RESERVED {
        ofport & 0xffff
    } else {
        ofport
    };
    let spelling = if cx.names.has_number(ofport) {
        cx.ports
    } else {
        PortSpelling::Name
    };
    match spelling {
        PortSpelling::Name => match cx.names.port_word(ofport) {
            Some(word) => out.push_str(&word),
            None => put_decimal(out, ofport),
        },
        PortSpelling::Number => put_decimal(out, ofport),
        PortSpelling::Both => {
            put_decimal(out, ofport);
            if let Some(name) = cx.names.port_name(ofport) {
                put_in_parentheses(out, name);
            }
        }
    }
    sink.end(TextRole::Port);
}

/// Writes a table according to the context.
#[inline]
pub fn put_table(out: &mut String, cx: &TextContext<'_>, table: u8) {
    match cx.ports {
        PortSpelling::Name => match cx.names.table_word(table) {
            Some(word) => out.push_str(word),
            None => put_decimal(out, table),
        },
        PortSpelling::Number => put_decimal(out, table),
        PortSpelling::Both => {
            put_decimal(out, table);
            if let Some(name) = cx.names.table_name(table) {
                put_in_parentheses(out, name);
            }
        }
    }
}

/// Writes a table as members of an object: `"table":3,"table_name":"ServiceLB"`; the number alone if it has
/// no name.
pub fn put_table_json(json: &mut Json<'_>, cx: &TextContext<'_>, table: u8) {
    json.key("table");
    json.number(table);
    if let Some(name) = cx.names.table_name(table) {
        json.key("table_name");
        json.string(name);
    }
}

/// `(name)`, in quotes where it would not read as one word.
fn put_in_parentheses(out: &mut String, name: &str) {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '(' | ')' | ',' | '"' | '\\');
    out.push('(');
    if name.chars().all(plain) {
        out.push_str(name);
    } else {
        put_quoted(out, name);
    }
    out.push(')');
}

#[cfg(test)]
mod tests {
    use super::*;

    struct One;

    impl NameLookup for One {
        fn port_name(&self, ofport: u32) -> Option<&str> {
            (ofport == 2).then_some("phy-br-ens37")
        }

        fn ofport(&self, name: &str) -> Option<u32> {
            (name == "phy-br-ens37").then_some(2)
        }
    }

    fn port(ports: PortSpelling, ofport: u32) -> String {
        let cx = TextContext {
            version: Version::V10,
            style: Style::Classic,
            ports,
            names: &One,
        };
        let mut sink = Plain::default();
        put_port(&mut sink, &cx, ofport);
        sink.0
    }

    #[test]
    fn ports_in_three_spellings() {
        assert_eq!(port(PortSpelling::Name, 2), "\"phy-br-ens37\"");
        assert_eq!(port(PortSpelling::Number, 2), "2");
        assert_eq!(port(PortSpelling::Both, 2), "2(phy-br-ens37)");
        assert_eq!(port(PortSpelling::Both, 3), "3");
        assert_eq!(port(PortSpelling::Number, PORT_LOCAL), "LOCAL");
    }

    #[test]
    fn quotes_as_ovs_ofctl_does() {
        assert!(!needs_quotes("eth0"));
        for name in ["", "0eth", "_a1", "a_b", "a-b", "a.b", "é"] {
            assert!(needs_quotes(name), "{name}");
        }
    }

    #[test]
    fn ports_of_1_0() {
        assert_eq!(port_from_v10(0xfffe), PORT_LOCAL);
        assert_eq!(port_from_v10(0xfeff), 0xfeff);
        assert_eq!(port_to_v10(PORT_LOCAL), Some(0xfffe));
        assert_eq!(port_to_v10(0x1_0000), None);
    }
}
