//! A side of a comparison: a host, as it is or as it was saved.

use std::path::Path;
use std::rc::Rc;

use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::difference::configuration::{Configuration, SettingColumns, setting_columns};
use crate::ovsdb::Select;
use crate::ovsdb::schema::Schema;
use crate::source::Host;
use crate::source::saved::{Report, SavedHost};
use crate::transport::Endpoints;

/// The host of the command line, as it is now.
pub(super) const NOW: &str = "now";

/// Precedes the name of a host that ssh knows.
const BY_SSH: &str = "host:";

/// One of the hosts.
pub(super) struct Side<'a> {
    /// As it was named.
    pub(super) name: &'a str,
    pub(super) cx: Context,
    pub(super) schema: Rc<Schema>,
}

impl<'a> Side<'a> {
    /// Connects to the database of the host, or opens what was saved.
    ///
    /// # Errors
    ///
    /// There is no such file, it has no host, or the database does not reply.
    pub(super) async fn open(cx: &Context, name: &'a str) -> Result<Side<'a>, Failure> {
        let cx = cx.of_host(&host(cx, name)?);
        let schema = cx.database.schema().await.map_err(Failure::from);
        let schema = cx.of_side(schema).await?;
        Ok(Side { name, cx, schema })
    }

    /// Reads these columns, as far as the side has them.
    ///
    /// # Errors
    ///
    /// The database does not reply.
    pub(super) async fn configuration(
        &self,
        columns: &SettingColumns,
        schema: &Schema,
    ) -> Result<Configuration, Failure> {
        let known = setting_columns(&self.schema);
        let selects = columns.iter().filter_map(|(table, columns)| {
            let columns = columns.intersection(known.get(table)?);
            let columns = columns.map(String::as_str);
            let columns: Vec<&str> = ["_uuid"].into_iter().chain(columns).collect();
            Some(Select::columns(table, &columns))
        });
        let rows = self.cx.database.select(selects.collect()).await;
        let rows = self.cx.of_side(rows.map_err(Failure::from)).await?;
        Ok(Configuration::of(schema, &rows.concat()))
    }
}

/// The host of this name.
fn host(cx: &Context, name: &str) -> Result<Host, Failure> {
    let is_endpoint = ["unix:", "tcp:", "ssl:"]
        .iter()
        .any(|scheme| name.starts_with(scheme));
    if name == NOW {
        return Ok(cx.host.clone());
    }
    if is_endpoint {
        let endpoints = Endpoints::parse(name, None);
        let endpoints = endpoints.map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        return Ok(cx.host.at(endpoints));
    }
    if let Some(host) = name.strip_prefix(BY_SSH) {
        return cx.ways.by_ssh(host);
    }
    // BRIDGE=FILE is a text, - the standard input.
    if !name.contains('=') && name != "-" && !Path::new(name).exists() {
        let message = format!("no file {}", quoted(name));
        return Err(Failure::new(Exit::NotFound, message).hint(
            "A and B are a saved host, host:NAME (by ssh), unix:PATH, tcp:HOST:PORT, or now; `ovs save FILE` saves this one",
        ));
    }
    let report = Report::open(&[name.to_owned()])?;
    Ok(Host::saved(SavedHost::new(report)))
}
