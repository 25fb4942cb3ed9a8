//! Replies about flow tables, as they are shown (OpenFlow 1.5.1 §7.3.5.3, §7.3.5.18);
//! [`tables`] reads them.

use serde::{Serialize, Serializer};

use super::codec::{At, Head, List, Message, Place, place};
use super::members::{Hex, Words};
use super::multipart;
use super::table_features::{Abilities, FlowAbilities};
use super::table_listing;
use super::tables::{self, TableFeatures, TableStats};
use crate::openflow::bytes::{Cursor, DecodeError};
use crate::openflow::fields::listing;
use crate::openflow::text::{Sink, TextContext};
use crate::openflow::version::Version::{V10, V13, V15};

/// `OFPST_TABLE` reply
#[derive(Debug, Clone, Serialize)]
pub struct TableStatsReply {
    /// The tables.
    pub tables: List<TableStats>,
}

impl<'a> Message<'a> for TableStatsReply {
    const PLACES: &'static [Place] = &[place(
        "OFPST_TABLE",
        At::Reply(multipart::TABLE_STATS),
        V10,
        V15,
    )];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<TableStatsReply, DecodeError> {
        Ok(TableStatsReply {
            tables: List::read(body, |body| tables::stats_entry(head.version, body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        table_listing::put_stats(sink.buffer(), &self.tables.entries);
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.tables.trouble.clone()
    }
}

/// `OFPST_TABLE_FEATURES`, asked and answered: a request may say what the tables shall be.
#[derive(Debug, Clone, Serialize)]
pub struct TableFeaturesList {
    /// The tables.
    pub tables: List<TableFeatures>,
}

impl<'a> Message<'a> for TableFeaturesList {
    const PLACES: &'static [Place] = &[
        place(
            "OFPST_TABLE_FEATURES",
            At::Request(multipart::TABLE_FEATURES),
            V13,
            V15,
        ),
        place(
            "OFPST_TABLE_FEATURES",
            At::Reply(multipart::TABLE_FEATURES),
            V13,
            V15,
        ),
    ];

    fn decode(body: &mut Cursor<'a>, head: &Head<'a>) -> Result<TableFeaturesList, DecodeError> {
        Ok(TableFeaturesList {
            tables: List::read(body, |body| tables::features_entry(head.version, body)),
        })
    }

    fn text<S: Sink>(&self, sink: &mut S, _: &TextContext<'_>) {
        table_listing::put_features(sink.buffer(), &self.tables.entries);
    }

    fn trouble(&self) -> Option<DecodeError> {
        self.tables.trouble.clone()
    }
}

impl Serialize for TableStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'m> {
            table: u8,
            active: u32,
            lookups: u64,
            matched: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            features: Option<&'m TableFeatures>,
        }
        Members {
            table: self.table_id,
            active: self.active,
            lookups: self.lookups,
            matched: self.matched,
            features: self.features.as_ref(),
        }
        .serialize(serializer)
    }
}

impl Serialize for TableFeatures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'m> {
            table: u8,
            name: Words,
            max_entries: u32,
            metadata_match: Option<Hex>,
            metadata_write: Option<Hex>,
            #[serde(flatten)]
            abilities: &'m Abilities,
        }
        Members {
            table: self.table_id,
            name: Words(self.name.clone()),
            max_entries: self.max_entries,
            metadata_match: self.metadata.map(|(matched, _)| Hex(matched)),
            metadata_write: self.metadata.map(|(_, written)| Hex(written)),
            abilities: &self.abilities,
        }
        .serialize(serializer)
    }
}

impl Serialize for Abilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members<'m> {
            #[serde(skip_serializing_if = "Option::is_none")]
            command: Option<&'static str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            config: Option<&'static str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            eviction: Option<bool>,
            #[serde(skip_serializing_if = "Option::is_none")]
            vacancy_events: Option<bool>,
            #[serde(flatten)]
            flows: &'m FlowAbilities,
            #[serde(skip_serializing_if = "Option::is_none")]
            miss: Option<&'m FlowAbilities>,
            #[serde(rename = "match", skip_serializing_if = "Vec::is_empty")]
            matched: Vec<&'static str>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            mask: Vec<&'static str>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            wildcards: Vec<&'static str>,
            #[serde(skip_serializing_if = "<[u8]>::is_empty")]
            table_sync_from: &'m [u8],
        }
        Members {
            command: self.command,
            config: self.miss_config,
            eviction: self.eviction,
            vacancy_events: self.vacancy_events,
            flows: &self.flows,
            miss: (self.miss != self.flows).then_some(&self.miss),
            matched: listing::names(self.matched),
            mask: listing::names(self.masked),
            wildcards: listing::names(self.wildcards),
            table_sync_from: &self.synced_from,
        }
        .serialize(serializer)
    }
}

impl Serialize for FlowAbilities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Members {
            #[serde(skip_serializing_if = "Vec::is_empty")]
            instructions: Vec<&'static str>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            next_tables: Vec<u8>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            write_actions: Vec<&'static str>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            apply_actions: Vec<&'static str>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            write_setfield: Vec<&'static str>,
            #[serde(skip_serializing_if = "Vec::is_empty")]
            apply_setfield: Vec<&'static str>,
        }
        Members {
            instructions: self.instruction_names(),
            next_tables: self.next.iter().collect(),
            write_actions: self.write.names(),
            apply_actions: self.apply.names(),
            write_setfield: listing::names(self.write.set_fields),
            apply_setfield: listing::names(self.apply.set_fields),
        }
        .serialize(serializer)
    }
}
