//! The connection to ovsdb-server, its requests, and how long it waits.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jsonrpsee::core::client::{Client as RpcCore, ClientBuilder, ClientT, Error as CoreError};
use jsonrpsee::core::params::ArrayParams;
use ovsdb_client::rpc::RpcClient;
use ovsdb_client::schema::DatabaseSchema;

use super::error::Error;
use super::monitor;
use super::operation::{Answer, Operation, Outcome, Select, outcomes};
use super::row::Row;
use super::wire::{Link, server_error, transport};
use crate::transport::{Endpoint, Patience, Stream};

/// The name of the database that describes the switch (ovs-vswitchd.conf.db(5)).
pub const OPEN_VSWITCH: &str = "Open_vSwitch";

/// The client above has a limit of its own, on whole requests. Ours is on waiting without progress;
/// theirs is set so far out (ten years) that it never speaks.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A connection to ovsdb-server.
///
/// Needs a tokio runtime with I/O and time, and lives in it: requests make progress while it runs.
#[derive(Debug)]
pub struct Client {
    core: RpcCore,
    link: Arc<Link>,
    endpoint: Endpoint,
    patience: Patience,
    /// How many monitors it has asked for.
    monitors: AtomicU64,
}

impl Client {
    /// Connects. `limit` bounds connecting, and later every wait without progress; `None`: for ever.
    pub async fn connect(endpoint: &Endpoint, limit: Option<Duration>) -> Result<Self, Error> {
        let stream = endpoint.connect(limit).await?;
        Ok(Self::over(stream, endpoint, limit))
    }

    /// A client over a connection that was made to `endpoint`.
    pub fn over(stream: Stream, endpoint: &Endpoint, limit: Option<Duration>) -> Self {
        let (sender, receiver, link) = transport(stream);
        let core = ClientBuilder::new()
            .request_timeout(NEVER)
            .build_with_tokio(sender, receiver);
        Self {
            core,
            link,
            endpoint: endpoint.clone(),
            patience: Patience::new(limit),
            monitors: AtomicU64::new(0),
        }
    }

    /// Where it is connected to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The names of the server's databases (RFC 7047 §4.1.1).
    pub async fn list_databases(&self) -> Result<Vec<String>, Error> {
        self.answer(self.core.list_databases()).await
    }

    /// The schema of a database (RFC 7047 §4.1.2).
    pub async fn schema(&self, database: &str) -> Result<DatabaseSchema, Error> {
        self.answer(self.core.get_schema(database)).await
    }

    /// Runs operations as one transaction (RFC 7047 §4.1.3): all or none, on one consistent snapshot.
    ///
    /// Returns one outcome per operation, in their order.
    pub async fn transact(
        &self,
        database: &str,
        operations: &[Operation],
    ) -> Result<Vec<Outcome>, Error> {
        let mut params = ArrayParams::new();
        let unwritable = |error: serde_json::Error| Error::Protocol(error.to_string());
        params.insert(database).map_err(unwritable)?;
        for operation in operations {
            params.insert(operation).map_err(unwritable)?;
        }
        let result = self.result("transact", params).await?;
        let answers: Vec<Option<Answer>> =
            serde_json::from_slice(&result).map_err(|error| misshapen(&error))?;
        outcomes(operations, answers)
    }

    /// Asks for a result that may be large, as JSON.
    async fn result(&self, method: &str, params: ArrayParams) -> Result<Vec<u8>, Error> {
        // In place of the result comes the request's id; the result itself waits aside.
        let id: u64 = self.answer(self.core.request(method, params)).await?;
        Ok(self.link.take_result(id).unwrap_or_default())
    }

    /// Reads from one consistent snapshot: the rows of each select, in their order.
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
    /// For many rows this costs the server a quarter less than [`Client::select`]: it is the first
    /// answer to a `monitor_cond` (ovsdb-server(7) §4.1.12) that monitors nothing further. A server
    /// that does not know that is asked for selects.
    pub async fn tables(
        &self,
        database: &str,
        selects: Vec<Select>,
    ) -> Result<Vec<Vec<Row>>, Error> {
        let mut params = ArrayParams::new();
        let unwritable = |error: serde_json::Error| Error::Protocol(error.to_string());
        params.insert(database).map_err(unwritable)?;
        // No two monitors of a connection may have the same name.
        let name = self.monitors.fetch_add(1, Ordering::Relaxed);
        params
            .insert(["tables", &name.to_string()])
            .map_err(unwritable)?;
        params.insert(monitor::once(&selects)).map_err(unwritable)?;
        let result = match self.result("monitor_cond", params).await {
            Err(Error::Rpc(_)) => return self.select(database, selects).await,
            result => result?,
        };
        monitor::rows(&result, &selects).map_err(|error| misshapen(&error))
    }

    /// The JSON-RPC client itself, for what is not here: every method of
    /// [`ovsdb_client::rpc::RpcClient`] can be called on it; for `transact`, whose result does not pass
    /// through it, there is [`Client::transact`].
    ///
    /// Wrap the call in [`Client::answer`]. A `monitor` must have a `null` id: the client above takes
    /// updates with any other for subscriptions of its own kind.
    pub fn rpc(&self) -> &RpcCore {
        &self.core
    }

    /// The answer to a request made with [`Client::rpc`], with our limit on waiting and our errors.
    pub async fn answer<T>(
        &self,
        request: impl Future<Output = Result<T, CoreError>>,
    ) -> Result<T, Error> {
        let mut request = pin!(request);
        loop {
            let step = async {
                tokio::select! {
                    biased;
                    answer = &mut request => Some(answer),
                    () = self.link.progress() => None,
                }
            };
            match self.patience.wait(step).await? {
                None => {}
                Some(Ok(answer)) => return Ok(answer),
                Some(Err(error)) => return Err(self.error(error)),
            }
        }
    }

    fn error(&self, error: CoreError) -> Error {
        match error {
            CoreError::Call(error) => Error::Rpc(server_error(&error)),
            CoreError::ParseError(error) => misshapen(&error),
            other => match (self.link.failure(), other) {
                (Some(failure), _) => failure.into(),
                (None, CoreError::RestartNeeded(cause)) => Error::Protocol(cause.to_string()),
                (None, other) => Error::Protocol(other.to_string()),
            },
        }
    }
}

fn misshapen(error: &serde_json::Error) -> Error {
    Error::Protocol(format!("it sent an answer of another shape: {error}"))
}
