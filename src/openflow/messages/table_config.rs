//! The configuration of tables: changes, descriptions, vacancy events (OpenFlow 1.5.1 §7.3.4.1,
//! §7.3.5.17, §7.4.5).
//!
//! ```text
//! table mod      table_id(1) pad(3) config(4) | properties (1.4+)
//! table desc     length(2) table_id(1) pad(1) config(4) | properties
//! table status   reason(1) pad(7) | table desc
//! ```

use serde::Serialize;

use super::codec::{At, Encode, Head, Message, Place, reply, typed};
use super::members::{Flags, Named, next_property};
use super::multipart::{self, Part};
use crate::openflow::bytes::{Cursor, DecodeError, DecodeErrorKind};
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{self, V11, V13, V14, V15};

/// `OFPTC11_TABLE_MISS_*`
pub const MISSES: &[(u32, &str)] = &[(0, "controller"), (1, "continue"), (2, "drop")];
/// `OFPTC14_EVICTION`, `OFPTC14_VACANCY_EVENTS`
const EVICTION: u32 = 1 << 2;
const VACANCY_EVENTS: u32 = 1 << 3;
/// `OFPTMPEF_*`
const EVICTION_FLAGS: &[(u32, &str)] = &[(1, "OTHER"), (2, "IMPORTANCE"), (4, "LIFETIME")];
/// `OFPTMPT_*`
const PROPERTY_EVICTION: u16 = 2;
const PROPERTY_VACANCY: u16 = 3;

/// The properties of a table since 1.4.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TableProperties {
    /// Whether flows give way to others when the table is full.
    pub eviction: bool,
    /// By what the switch chooses them.
    pub eviction_flags: Option<Flags>,
    /// Whether the switch tells how full the table is.
    pub vacancy_events: bool,
    /// The percentages of room at which it does.
    pub vacancy: Option<Vacancy>,
}

/// Percentages of room in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Vacancy {
    /// Below this it tells.
    pub down: u8,
    /// Above this it tells again.
    pub up: u8,
    /// How much there is.
    pub current: u8,
}

impl TableProperties {
    fn config(self) -> u32 {
        let bit = |is_on, bit| if is_on { bit } else { 0 };
        bit(self.eviction, EVICTION) | bit(self.vacancy_events, VACANCY_EVENTS)
    }

    fn decode(config: u32, body: &mut Cursor<'_>) -> Result<TableProperties, DecodeError> {
        let mut properties = TableProperties {
            eviction: config & EVICTION != 0,
            eviction_flags: None,
            vacancy_events: config & VACANCY_EVENTS != 0,
            vacancy: None,
        };
        while !body.is_empty() {
            let (kind, mut property) = next_property(body)?;
            match kind {
                PROPERTY_EVICTION => {
                    properties.eviction_flags =
                        Some(Flags::new(property.u32("eviction flags")?, EVICTION_FLAGS));
                }
                PROPERTY_VACANCY => {
                    properties.vacancy = Some(Vacancy {
                        down: property.u8("vacancy_down")?,
                        up: property.u8("vacancy_up")?,
                        current: property.u8("vacancy")?,
                    });
                }
                _ => {}
            }
        }
        Ok(properties)
    }
}

fn on(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}

/// `OFPT_TABLE_MOD`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TableMod {
    /// The table; 255 for all.
    pub table: u8,
    /// What becomes of packets that match nothing; 1.1 and 1.2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub miss: Option<Named>,
    /// The rest, since 1.4.
    #[serde(flatten)]
    pub properties: Option<TableProperties>,
}

impl TableMod {
    /// Sets what becomes of packets that match nothing, a number of [`MISSES`]; 1.1 and 1.2.
    pub fn of_miss(table: u8, miss: u32) -> TableMod {
        TableMod {
            table,
            miss: Some(Named::new(miss, MISSES)),
            properties: None,
        }
    }

    /// Sets the properties; since 1.4.
    pub fn of_properties(table: u8, properties: TableProperties) -> TableMod {
        TableMod {
            table,
            miss: None,
            properties: Some(properties),
        }
    }
}

impl<'a> Message<'a> for TableMod {
    const PLACES: &'static [Place] = &[typed("OFPT_TABLE_MOD", 17, V11, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<TableMod, DecodeError> {
        let table = body.u8("table_id")?;
        body.skip(3, "padding")?;
        let config = body.u32("config")?;
        let properties = if head.version >= V14 {
            Some(TableProperties::decode(config, body)?)
        } else {
            None
        };
        Ok(TableMod {
            table,
            miss: (head.version < V13).then_some(Named::new(config & 3, MISSES)),
            properties,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        match self.table {
            u8::MAX => write!(sink, " table_id: ALL_TABLES"),
            table => write!(sink, " table_id={table}"),
        }
        if let Some(miss) = self.miss {
            write!(sink, ", flow_miss_config={miss}");
        }
        let Some(properties) = self.properties else {
            return;
        };
        write!(sink, ", eviction={}", on(properties.eviction));
        if let Some(flags) = properties.eviction_flags {
            sink.put(" eviction_flags=");
            flags.text(sink, "|");
        }
        write!(sink, ", vacancy={}", on(properties.vacancy_events));
        if properties.vacancy_events {
            let (down, up) = properties.vacancy.map_or((0, 0), |v| (v.down, v.up));
            write!(sink, " vacancy:{down},{up}");
        }
    }
}

impl Encode for TableMod {
    fn encode_body(&self, version: Version, _: At, out: &mut Vec<u8>) -> Option<()> {
        out.extend([self.table, 0, 0, 0]);
        let properties = self.properties.filter(|_| version >= V14);
        let miss = self.miss.map_or(0, |miss| miss.number);
        let config = properties.map_or(miss, TableProperties::config);
        out.extend(config.to_be_bytes());
        if let Some(flags) = properties.and_then(|properties| properties.eviction_flags) {
            out.extend(PROPERTY_EVICTION.to_be_bytes());
            out.extend(8u16.to_be_bytes());
            out.extend(flags.bits.to_be_bytes());
        }
        if let Some(vacancy) = properties.and_then(|properties| properties.vacancy) {
            out.extend(PROPERTY_VACANCY.to_be_bytes());
            out.extend(8u16.to_be_bytes());
            out.extend([vacancy.down, vacancy.up, vacancy.current, 0]);
        }
        Some(())
    }
}

/// What a table is set to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TableDesc {
    /// The table.
    pub table: u8,
    /// Its properties.
    #[serde(flatten)]
    pub properties: TableProperties,
}

impl TableDesc {
    fn decode(body: &mut Cursor<'_>) -> Result<TableDesc, DecodeError> {
        let start = *body;
        let length = usize::from(body.u16("table description length")?);
        let inside = length.checked_sub(2).ok_or_else(|| {
            start.error(
                "table description length",
                DecodeErrorKind::BadLength(length),
            )
        })?;
        let mut inside = body.sub(inside, "table description")?;
        let table = inside.u8("table_id")?;
        inside.skip(1, "padding")?;
        let config = inside.u32("config")?;
        Ok(TableDesc {
            table,
            properties: TableProperties::decode(config, &mut inside)?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S) {
        write!(
            sink,
            "\n  table {}:\n   eviction={} eviction_flags=",
            self.table,
            on(self.properties.eviction)
        );
        match self.properties.eviction_flags {
            Some(flags) if flags.bits != u32::MAX => flags.text(sink, "|"),
            _ => sink.put("(default)"),
        }
        write!(sink, "\n   vacancy={}", on(self.properties.vacancy_events));
        if self.properties.vacancy_events {
            let vacancy = self.properties.vacancy;
            let (down, up) = vacancy.map_or((0, 0), |vacancy| (vacancy.down, vacancy.up));
            let now = vacancy.map_or(0, |vacancy| vacancy.current);
            write!(
                sink,
                " vacancy_down={down}% vacancy_up={up}% vacancy={now}%"
            );
        }
        sink.put("\n");
    }
}

/// A request for the settings of all tables. `None` before 1.4.
pub fn desc_request(version: Version, xid: u32) -> Option<Vec<u8>> {
    if version < V14 {
        return None;
    }
    multipart::request(version, multipart::TABLE_DESC, xid, |_| ())
}

/// The tables in a part of a reply to [`desc_request`].
///
/// # Errors
///
/// The part is something else, or malformed.
pub fn decode_descs(part: Part<'_>) -> Result<Vec<TableDesc>, DecodeError> {
    part.only(multipart::TABLE_DESC)?.all(TableDesc::decode)
}

/// `OFPST_TABLE_DESC` reply
#[derive(Debug, Clone, Serialize)]
pub struct TableDescReply {
    /// The tables.
    pub tables: Vec<TableDesc>,
}

impl<'a> Message<'a> for TableDescReply {
    const PLACES: &'static [Place] = &[reply("OFPST_TABLE_DESC", multipart::TABLE_DESC, V14, V15)];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<TableDescReply, DecodeError> {
        Ok(TableDescReply {
            tables: head.list(body, TableDesc::decode),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        for table in &self.tables {
            table.text(sink);
        }
    }
}

/// `OFPT_TABLE_STATUS`
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TableStatus {
    /// `OFPTR_*`
    pub reason: Named,
    /// The table.
    #[serde(flatten)]
    pub desc: TableDesc,
}

/// `OFPTR_*`
const REASONS: &[(u32, &str)] = &[(3, "VACANCY_DOWN"), (4, "VACANCY_UP")];

impl<'a> Message<'a> for TableStatus {
    const PLACES: &'static [Place] = &[typed("OFPT_TABLE_STATUS", 31, V14, V15)];

    fn decode(body: &mut Cursor<'a>, _: &Head<'a>) -> Result<TableStatus, DecodeError> {
        let reason = Named::new(body.u8("reason")?, REASONS);
        body.skip(7, "padding")?;
        Ok(TableStatus {
            reason,
            desc: TableDesc::decode(body)?,
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        write!(sink, " reason={}\ntable_desc:-", self.reason);
        self.desc.text(sink);
    }
}
