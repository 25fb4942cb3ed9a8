//! What is saved of a host, as its daemons send it: the messages of a switch, the rows of the database.

use std::collections::BTreeMap;
use std::io;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Part;
use crate::openflow::fields::Filter;
use crate::openflow::messages::flow_stats::RequestError;
use crate::openflow::messages::groups::{self, GROUP_ALL};
use crate::openflow::messages::meters::{self, METER_ALL};
use crate::openflow::messages::{port_stats, ports, table_config, tables, tlv_table};
use crate::openflow::text::PORT_ANY;
use crate::openflow::version::Version;
use crate::ovsdb;
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::stored::{StoredDatabase, StoredRow};
use crate::ovsdb::{OperationError, Uuid};
use crate::source::Database;
use crate::source::switch::{Switch, SwitchError};

/// Why a part of a switch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The switch does not answer, or with an error.
    #[error(transparent)]
    Switch(#[from] SwitchError),
    /// What takes the messages failed.
    #[error(transparent)]
    Sink(#[from] io::Error),
}

impl TakeError {
    /// Whether this version has no such question.
    pub fn is_not_in_version(&self) -> bool {
        matches!(self, TakeError::Switch(SwitchError::Request(_)))
    }
}

impl Switch {
    /// Asks for a part, and passes each message of the answer to `take`, whole. Those without entries are left out.
    ///
    /// # Errors
    ///
    /// The switch does not answer, refuses the question, its version does not have it, or `take` fails.
    pub async fn take_part(
        &mut self,
        part: Part,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), TakeError> {
        let session = &mut self.session;
        let single = match part {
            Part::Features => Some(session.single_reply(ports::features_request).await),
            Part::TlvMap => Some(session.single_reply(tlv_table::request).await),
            _ => None,
        };
        if let Some(message) = single {
            return Ok(take(message?)?);
        }
        if part == Part::Flows {
            self.ask_flows(&Filter::default(), false).await?;
        } else {
            let version = self.version();
            let xid = self.session.next_xid();
            let request = request(part, version, xid);
            let request = request.ok_or(SwitchError::Request(RequestError::NotIn(version)))?;
            self.session.ask(xid, &request).await?;
        }
        while let Some(message) = self.session.part_message().await? {
            take(message)?;
        }
        Ok(())
    }
}

/// The request for a part that is a multipart reply; `None` if the version does not have it.
fn request(part: Part, version: Version, xid: u32) -> Option<Vec<u8>> {
    match part {
        Part::Groups => groups::desc_request(version, xid, GROUP_ALL),
        Part::GroupStats => groups::stats_request(version, xid, GROUP_ALL),
        Part::Meters if version >= Version::V13 => meters::config_request(version, xid, METER_ALL),
        Part::MeterStats if version >= Version::V13 => {
            meters::stats_request(version, xid, METER_ALL)
        }
        Part::Ports => ports::desc_request(version, xid),
        Part::PortStats => port_stats::stats_request(version, xid, PORT_ANY),
        Part::TableStats => tables::stats_request(version, xid),
        Part::TableFeatures => tables::features_request(version, xid),
        Part::TableDescs => table_config::desc_request(version, xid),
        Part::Features | Part::TlvMap | Part::Flows | Part::Meters | Part::MeterStats => None,
    }
}

impl Database {
    /// Reads the whole database in one consistent snapshot: all columns of all rows, ephemeral ones included.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server refuses it.
    pub async fn whole(&self) -> Result<StoredDatabase, ovsdb::Error> {
        #[derive(Deserialize)]
        struct Tables {
            tables: BTreeMap<String, Box<RawValue>>,
        }
        let schema = self.call("get_schema", &[OPEN_VSWITCH]).await?;
        let Tables { tables: names } = serde_json::from_str(schema.get())?;
        let select = |table| serde_json::json!({"op": "select", "table": table, "where": []});
        let mut params = vec![serde_json::Value::from(OPEN_VSWITCH)];
        params.extend(names.keys().map(select));
        let replies = self.call("transact", &params).await?;
        let tables = tables_of(names.into_keys().collect(), &replies)?;
        Ok(StoredDatabase {
            is_completed: false,
            schema: Some(schema),
            tables,
            remarks: Vec::new(),
        })
    }
}

/// The rows of these tables in the reply to a transaction that selects all of each, in this order.
fn tables_of(
    names: Vec<String>,
    replies: &RawValue,
) -> Result<BTreeMap<String, BTreeMap<Uuid, StoredRow>>, ovsdb::Error> {
    #[derive(Deserialize)]
    struct Reply {
        rows: Option<Vec<StoredRow>>,
        error: Option<String>,
        details: Option<String>,
    }
    let protocol = |what: &str| ovsdb::Error::Protocol(what.to_owned());
    let replies: Vec<Option<Reply>> = serde_json::from_str(replies.get())?;
    let errors = replies.iter().enumerate();
    let errors = errors.filter_map(|(index, reply)| Some((index, reply.as_ref()?)));
    for (index, reply) in errors {
        if let Some(error) = &reply.error {
            let table = names.get(index);
            return Err(ovsdb::Error::from(OperationError {
                index: table.map(|_| index),
                operation: table.map_or("commit".to_owned(), |name| format!("select from {name}")),
                error: error.clone(),
                details: reply.details.clone(),
            }));
        }
    }
    let mut replies = replies.into_iter();
    let mut tables = BTreeMap::new();
    for name in names {
        let reply = replies.next().flatten();
        let reply = reply.and_then(|reply| reply.rows);
        let reply = reply.ok_or_else(|| protocol("it sent no rows of a table"))?;
        let mut rows = BTreeMap::new();
        for row in reply {
            let mut columns = row.columns();
            let uuid = columns.iter().find(|(column, _)| column == "_uuid");
            let (_, uuid) = uuid.ok_or_else(|| protocol("it sent a row without _uuid"))?;
            let uuid: Uuid = serde_json::from_str(uuid.get())?;
            columns.retain(|(column, _)| column != "_uuid" && column != "_version");
            rows.insert(uuid, columns.into_iter().collect());
        }
        tables.insert(name, rows);
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7047, section 4.1.3: an operation that fails has an error object, those after it `null`.
    #[test]
    fn errors_of_a_transaction() {
        let rows = |reply: &str| {
            let reply = RawValue::from_string(reply.to_owned()).unwrap();
            let names = vec!["Bridge".to_owned(), "Port".to_owned()];
            tables_of(names, &reply).map_err(|error| error.to_string())
        };
        let refused =
            rows(r#"[{"rows":[]},{"error":"resources exhausted","details":"out of memory"}]"#);
        assert_eq!(
            refused.unwrap_err(),
            "the database refused: select from Port: resources exhausted: out of memory"
        );
        let refused = rows(r#"[{"error":"timed out"},null]"#).unwrap_err();
        assert!(
            refused.contains("select from Bridge: timed out"),
            "{refused}"
        );
        let refused = rows(r#"[{"rows":[]},{"rows":[]},{"error":"not owner"}]"#).unwrap_err();
        assert!(refused.contains("commit: not owner"), "{refused}");
        for malformed in [
            r#"[{"rows":[]}]"#,
            r#"[{"rows":[]},null]"#,
            r#"[{"rows":[{}]},{"rows":[]}]"#,
        ] {
            assert!(rows(malformed).is_err(), "{malformed}");
        }
        let two = rows(
            r#"[{"rows":[{"_uuid":["uuid","00000000-0000-0000-0000-000000000001"],"_version":["uuid","00000000-0000-0000-0000-000000000002"],"name":"br0"}]},{"rows":[]}]"#,
        );
        let two = two.unwrap();
        assert_eq!(two.len(), 2);
        let row = two["Bridge"].values().next().unwrap();
        let columns: Vec<_> = row.columns().into_iter().map(|(name, _)| name).collect();
        assert_eq!(columns, ["name"]);
    }
}
