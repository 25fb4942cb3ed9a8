//! The connection to ovsdb-server: its requests and their timeouts.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonrpsee::core::client::Error as RpcClientError;
use ovsdb_client::rpc::RpcClient;
use ovsdb_client::schema::DatabaseSchema;
use serde::ser::{Serialize, SerializeSeq as _, Serializer};
use serde_json::value::RawValue;

use super::error::Error;
use super::monitor::{self, Reads};
use super::operation::{Function, Operation, OperationReply, Outcome, Select, outcomes};
use super::row::Row;
use crate::transport::{Connection, Endpoint, Patience, Stream};

/// The name of the database that describes the switch (ovs-vswitchd.conf.db(5)).
pub const OPEN_VSWITCH: &str = "Open_vSwitch";

/// A connection to ovsdb-server.
///
/// Needs a tokio runtime with I/O and time, and lives in it: requests make progress while it runs.
#[derive(Debug)]
pub struct Client {
    connection: Connection,
    endpoint: Endpoint,
    /// Number of monitors requested.
    monitors: AtomicU64,
    /// What was read, and which part of it is monitored; `None` unless reads are recorded.
    noted: Mutex<Option<(Reads, Reads)>>,
}

impl Client {
    /// Connects. `limit` bounds connecting, and later every wait without progress; `None`: no limit.
    ///
    /// # Errors
    ///
    /// [`Error::Connect`].
    pub async fn connect(endpoint: &Endpoint, limit: Option<Duration>) -> Result<Self, Error> {
        let stream = endpoint.connect(limit).await?;
        Ok(Self::over(stream, endpoint, limit))
    }

    /// Returns a client over an existing connection to `endpoint`.
    pub fn over(stream: Stream, endpoint: &Endpoint, limit: Option<Duration>) -> Self {
        Self {
            connection: Connection::new(stream, Patience::new(limit)),
            endpoint: endpoint.clone(),
            monitors: AtomicU64::new(0),
            noted: Mutex::new(None),
        }
    }

    /// Records what is read from now on, for [`Client::watch_reads`].
    pub fn note_reads(&self) {
        self.noted().get_or_insert_default();
    }

    /// Monitors everything that was read so far. Returns whether that adds anything to the monitors: its
    /// changes before this call are not notified.
    ///
    /// # Errors
    ///
    /// As [`Client::transact`].
    pub async fn watch_reads(&self) -> Result<bool, Error> {
        let request = match &mut *self.noted() {
            Some((reads, watched)) => monitor::changes(reads, watched),
            None => None,
        };
        let Some(request) = request else {
            return Ok(false);
        };
        match self.monitor("monitor_cond", OPEN_VSWITCH, &request).await {
            // Before Open vSwitch 2.6 there is only RFC 7047 §4.1.5, with the same parameters.
            Err(Error::Rpc(error)) if error.error == "unknown method" => {
                self.monitor("monitor", OPEN_VSWITCH, &request).await?
            }
            reply => reply?,
        };
        Ok(true)
    }

    /// Waits until something monitored by [`Client::watch_reads`] has changed since the last return.
    ///
    /// # Errors
    ///
    /// Why the connection ended, if it has.
    pub async fn wait_for_change(&self) -> Result<(), Error> {
        Ok(self.connection.notified().await?)
    }

    /// Whether the connection has ended.
    pub fn is_lost(&self) -> bool {
        self.connection.failure().is_some()
    }

    fn noted(&self) -> MutexGuard<'_, Option<(Reads, Reads)>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note<'s>(&self, selects: impl IntoIterator<Item = &'s Select>) {
        if let Some((reads, _)) = &mut *self.noted() {
            for select in selects {
                monitor::note(reads, select);
            }
        }
    }

    /// The endpoint of the server.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The names of the server's databases (RFC 7047 §4.1.1).
    ///
    /// # Errors
    ///
    /// Why there is no reply.
    pub async fn list_databases(&self) -> Result<Vec<String>, Error> {
        self.answer(self.connection.list_databases()).await
    }

    /// The schema of a database (RFC 7047 §4.1.2).
    ///
    /// The database `_Server` has its text too, at a third of the cost, but it is out of date after a conversion
    /// of a running server's database.
    ///
    /// # Errors
    ///
    /// [`Error::Rpc`] if the server has no such database; otherwise why there is no reply.
    pub async fn schema(&self, database: &str) -> Result<DatabaseSchema, Error> {
        self.answer(self.connection.get_schema(database)).await
    }

    /// Reads the row of a database in `_Server` (ovsdb-server(7) §Database `_Server`, table `Database`). The list
    /// is empty if there is no such database; `None` before Open vSwitch 2.9, which has no `_Server`.
    pub(super) async fn database_status(
        &self,
        database: &str,
        columns: &[&str],
    ) -> Result<Option<Vec<Row>>, Error> {
        let select = Select::columns("Database", columns);
        let select = select.when("name", Function::Equal, database);
        match self.select("_Server", vec![select]).await {
            Err(Error::Rpc(error)) if error.error == "unknown database" => Ok(None),
            rows => Ok(Some(rows?.concat())),
        }
    }

    /// Runs operations as one transaction (RFC 7047 §4.1.3) on one consistent snapshot.
    ///
    /// Returns one outcome per operation, in their order.
    ///
    /// # Errors
    ///
    /// [`Error::Operation`] if the server refuses an operation or the commit, [`Error::Rpc`] if it refuses the
    /// whole request; otherwise why there is no reply, or none that can be read. After
    /// [`Error::TimedOut`], [`Error::Closed`], [`Error::Io`] and [`Error::Protocol`] the server may
    /// have committed the transaction.
    pub async fn transact(
        &self,
        database: &str,
        operations: &[Operation],
    ) -> Result<Vec<Outcome>, Error> {
        let params = Transact {
            database,
            operations,
        };
        let result = self.connection.call("transact", &params).await?;
        let answers: Vec<Option<OperationReply>> = serde_json::from_str(result.get())?;
        let outcomes = outcomes(operations, answers)?;
        // What the server refuses it would also refuse to monitor.
        self.note(operations.iter().filter_map(|operation| match operation {
            Operation::Select(select) if database == OPEN_VSWITCH => Some(select),
            _ => None,
        }));
        Ok(outcomes)
    }

    /// Reads from one consistent snapshot: the rows of each select, in their order.
    ///
    /// # Errors
    ///
    /// As [`Client::transact`].
    pub async fn select(
        &self,
        database: &str,
        selects: Vec<Select>,
    ) -> Result<Vec<Vec<Row>>, Error> {
        let operations: Vec<Operation> = selects.into_iter().map(Operation::Select).collect();
        let outcomes = self.transact(database, &operations).await?;
        let rows = |outcome| match outcome {
            Outcome::Rows(rows) => rows,
            _ => Vec::new(),
        };
        Ok(outcomes.into_iter().map(rows).collect())
    }

    /// Reads whole tables from one consistent snapshot: the rows of each select, in their order.
    /// Selects have no conditions and a table each. A column that has its type's default value is
    /// missing in its row.
    ///
    /// For many rows this costs the server a quarter less than [`Client::select`]: the rows are the initial
    /// reply to a `monitor_cond` (ovsdb-server(7) §4.1.12), whose updates are ignored. Falls back to selects if
    /// the server does not support it.
    ///
    /// # Errors
    ///
    /// As [`Client::transact`].
    pub async fn tables(
        &self,
        database: &str,
        selects: Vec<Select>,
    ) -> Result<Vec<Vec<Row>>, Error> {
        // A monitor lasts as long as the connection: repeated reads would accumulate them.
        if self.noted().is_some() {
            return self.select(database, selects).await;
        }
        let request = monitor::once(&selects);
        let result = match self.monitor("monitor_cond", database, &request).await {
            Err(Error::Rpc(_) | Error::NotSaved(_)) => return self.select(database, selects).await,
            result => result?,
        };
        Ok(monitor::rows(&result, &selects)?)
    }

    /// Requests a monitor by one of the methods for it.
    async fn monitor(
        &self,
        method: &str,
        database: &str,
        request: &serde_json::Value,
    ) -> Result<Box<RawValue>, Error> {
        // The identity of a monitor must be unique on its connection.
        let number = self.monitors.fetch_add(1, Ordering::Relaxed);
        let params = (database, number, request);
        Ok(self.connection.call(method, &params).await?)
    }

    /// The connection itself, for the other methods of [`RpcClient`]. Wrap the call in [`Client::answer`].
    pub fn rpc(&self) -> &Connection {
        &self.connection
    }

    /// Returns the result of a request made with [`Client::rpc`], its error converted.
    ///
    /// # Errors
    ///
    /// As [`Client::transact`].
    pub async fn answer<T>(
        &self,
        request: impl Future<Output = Result<T, RpcClientError>>,
    ) -> Result<T, Error> {
        Ok(request.await?)
    }
}

/// The parameters of a `transact` (RFC 7047 §4.1.3).
struct Transact<'a> {
    database: &'a str,
    operations: &'a [Operation],
}

impl Serialize for Transact<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut params = serializer.serialize_seq(Some(1 + self.operations.len()))?;
        params.serialize_element(self.database)?;
        for operation in self.operations {
            params.serialize_element(operation)?;
        }
        params.end()
    }
}
