//! The database of a host: rows, transactions, notifications of changes.

use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::OnceCell;

use super::Host;
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::cluster::{self, RequiredRole};
use crate::ovsdb::schema::Schema;
use crate::ovsdb::{Client, Error, Operation, Outcome, Row, Select};
use crate::transport::Endpoint;

/// Interval of the probes of a silent server on another host.
pub(super) const PROBE_INTERVAL: Duration = Duration::from_secs(10);

/// The database `Open_vSwitch` of a host (ovs-vswitchd.conf.db(5)).
///
/// Connects with the first request: in a cluster to the first server that is acceptable. If the connection is
/// lost, a request that only reads is repeated once with another server.
///
/// An older schema may lack columns that are asked for. The schema is read only when the server refuses an
/// operation: the request is then repeated without these columns (see [`Schema::fit`]), and later ones are
/// sent without them.
#[derive(Debug)]
pub struct Database {
    host: Host,
    need: RequiredRole,
    /// The longest wait for a reply without progress; `None`: no limit.
    limit: Option<Duration>,
    /// Whether reads are recorded, for [`Database::changed`].
    is_watched: bool,
    connection: OnceCell<Connection>,
}

#[derive(Debug, Clone)]
struct Connection {
    client: Rc<Client>,
    /// Whether the server leads its cluster.
    leads: bool,
    /// Read when it is first needed.
    schema: Rc<OnceCell<Rc<Schema>>>,
}

impl Database {
    /// The database of this host, for reading.
    pub fn new(host: Host) -> Database {
        Database {
            limit: host.limit,
            host,
            need: RequiredRole::Member,
            is_watched: false,
            connection: OnceCell::new(),
        }
    }

    /// Records reads, for [`Database::changed`].
    #[must_use]
    pub fn watched(self) -> Database {
        Database {
            is_watched: true,
            ..self
        }
    }

    /// The same database over a separate connection with this limit for replies; `None`: no limit.
    #[must_use]
    pub fn apart(&self, limit: Option<Duration>) -> Database {
        Database {
            limit,
            ..self.again(self.need)
        }
    }

    /// The same database for writing: in a cluster, a connection to the leader.
    ///
    /// # Errors
    ///
    /// No acceptable server can be reached.
    pub async fn for_writing(&self) -> Result<Database, Error> {
        let leader = self.again(RequiredRole::Leader);
        if self.connection.initialized() {
            let connection = self.connection().await?;
            if connection.leads {
                return Ok(Database {
                    connection: OnceCell::new_with(Some(connection.clone())),
                    ..leader
                });
            }
        }
        leader.connect().await?;
        Ok(leader)
    }

    /// Connects to another server after the connection was lost; `None` if there is no other.
    pub async fn elsewhere(&self) -> Option<Database> {
        self.at_other(self.need).await
    }

    /// The host whose database it is.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The number of servers.
    pub fn servers(&self) -> usize {
        self.host.db.iter().count()
    }

    /// Connects, if it is not connected yet.
    ///
    /// # Errors
    ///
    /// No acceptable server can be reached.
    pub async fn connect(&self) -> Result<(), Error> {
        self.connection().await.map(drop)
    }

    /// Reads from one consistent snapshot: the rows of each select, in their order.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server refuses a select.
    pub async fn select(&self, selects: Vec<Select>) -> Result<Vec<Vec<Row>>, Error> {
        if selects.is_empty() {
            return Ok(Vec::new());
        }
        self.read(selects, async |client, selects| {
            client.select(OPEN_VSWITCH, selects).await
        })
        .await
    }

    /// As [`Database::select`], but a column that has its type's default value may be missing in its row. For
    /// whole tables this costs the server a quarter less.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server refuses a select.
    pub async fn tables(&self, selects: Vec<Select>) -> Result<Vec<Vec<Row>>, Error> {
        if !selects.iter().all(|select| select.when.is_empty()) {
            return self.select(selects).await;
        }
        self.read(selects, async |client, selects| {
            client.tables(OPEN_VSWITCH, selects).await
        })
        .await
    }

    async fn read(
        &self,
        selects: Vec<Select>,
        ask: impl AsyncFn(&Client, Vec<Select>) -> Result<Vec<Vec<Row>>, Error>,
    ) -> Result<Vec<Vec<Row>>, Error> {
        // A transaction must go to the server that its plan was read from.
        if self.servers() == 1 || self.need == RequiredRole::Leader {
            return self.read_here(selects, ask).await;
        }
        match self.read_here(selects.clone(), &ask).await {
            Err(error) if error.is_lost() => match self.elsewhere().await {
                Some(other) => other.read_here(selects, ask).await,
                None => Err(error),
            },
            answer => answer,
        }
    }

    async fn read_here(
        &self,
        selects: Vec<Select>,
        ask: impl AsyncFn(&Client, Vec<Select>) -> Result<Vec<Vec<Row>>, Error>,
    ) -> Result<Vec<Vec<Row>>, Error> {
        let client = self.client().await?;
        if !self.knows_schema() {
            match ask(client, selects.clone()).await {
                Err(error) if error.is_of_schema() => {}
                answer => return answer,
            }
        }
        let selects = self.schema().await?.fit_selects(selects)?;
        let asked = selects.iter().flatten().cloned().collect();
        let mut answers = ask(client, asked).await?.into_iter();
        let rows = |select: &Option<Select>| match select {
            Some(_) => answers.next().unwrap_or_default(),
            None => Vec::new(),
        };
        Ok(selects.iter().map(rows).collect())
    }

    /// Runs operations as one transaction (RFC 7047 §4.1.3): all or none. Returns one outcome per operation,
    /// in their order.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server refuses an operation.
    pub async fn transact(&self, operations: &[Operation]) -> Result<Vec<Outcome>, Error> {
        let client = self.client().await?;
        if !self.knows_schema() {
            match client.transact(OPEN_VSWITCH, operations).await {
                Err(error) if error.is_of_schema() => {}
                answer => return answer,
            }
        }
        let operations = self.fit(operations).await?;
        client.transact(OPEN_VSWITCH, &operations).await
    }

    /// The operations as they are sent: without the columns that the schema lacks.
    ///
    /// # Errors
    ///
    /// The schema lacks what an operation needs, or cannot be read.
    pub async fn fit(&self, operations: &[Operation]) -> Result<Vec<Operation>, Error> {
        self.schema().await?.fit(operations.to_vec())
    }

    /// Runs operations that only wait and read. A server that closes the connection meanwhile is replaced by
    /// another of its cluster.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server refuses an operation.
    pub async fn wait(&self, operations: &[Operation]) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = self.transact(operations).await;
        for _ in 0..self.servers() {
            match &outcomes {
                Err(error) if error.is_lost() => {}
                _ => break,
            }
            let Some(other) = self.at_other(RequiredRole::Member).await else {
                break;
            };
            outcomes = other.transact(operations).await;
        }
        outcomes
    }

    /// The tables of the database with their columns. Read once per connection.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server has no schema that can be read.
    pub async fn schema(&self) -> Result<Rc<Schema>, Error> {
        let Connection { client, schema, .. } = self.connection().await?;
        let read = async || {
            let saved = self.host.reach.saved();
            if let Some(schema) = saved.and_then(|host| host.schema.as_ref()) {
                return Ok(Rc::new(schema.clone()));
            }
            let schema = client.schema(OPEN_VSWITCH).await?;
            Ok(Rc::new(Schema::try_from(&schema)?))
        };
        schema.get_or_try_init(read).await.cloned()
    }

    /// Sends a request of RFC 7047 §4.1, and returns the result as the server sent it.
    ///
    /// # Errors
    ///
    /// There is no connection, or the server refuses it.
    pub(super) async fn call(
        &self,
        method: &str,
        params: &impl Serialize,
    ) -> Result<Box<RawValue>, Error> {
        Ok(self.client().await?.rpc().call(method, params).await?)
    }

    /// Whether the schema is at hand without a request. That of a saved host is: its database file lacks columns.
    fn knows_schema(&self) -> bool {
        let connection = self.connection.get();
        connection.is_some_and(|connection| connection.schema.initialized())
            || self
                .host
                .reach
                .saved()
                .is_some_and(|host| host.schema.is_some())
    }

    /// Whether there was a connection, and it has ended.
    pub fn is_lost(&self) -> bool {
        let connection = self.connection.get();
        connection.is_some_and(|connection| connection.client.is_lost())
    }

    /// Waits until something that was read has changed, or may have, or the connection ends. Waits for ever if
    /// nothing was read.
    pub async fn changed(&self) {
        let Some(Connection { client, .. }) = self.connection.get() else {
            return pending().await;
        };
        if !matches!(client.watch_reads().await, Ok(false)) {
            return;
        }
        loop {
            if self.host.is_local() {
                let _ = client.wait_for_change().await;
                return;
            }
            match tokio::time::timeout(PROBE_INTERVAL, client.wait_for_change()).await {
                Ok(_) => return,
                Err(_) => {
                    if client.list_databases().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// The endpoint of the connected server.
    pub(super) async fn endpoint(&self) -> Result<&Endpoint, Error> {
        Ok(self.client().await?.endpoint())
    }

    async fn client(&self) -> Result<&Client, Error> {
        Ok(&self.connection().await?.client)
    }

    async fn connection(&self) -> Result<&Connection, Error> {
        self.connection
            .get_or_try_init(|| Box::pin(self.dial()))
            .await
    }

    /// The same database, without a connection.
    fn again(&self, need: RequiredRole) -> Database {
        Database {
            host: self.host.clone(),
            need,
            limit: self.limit,
            is_watched: self.is_watched,
            connection: OnceCell::new(),
        }
    }

    async fn at_other(&self, need: RequiredRole) -> Option<Database> {
        if self.servers() == 1 {
            return None;
        }
        let log = &self.host.log;
        log.detail("the connection to the database server is lost; trying the others");
        let other = self.again(need);
        other.connect().await.ok()?;
        Some(other)
    }

    async fn dial(&self) -> Result<Connection, Error> {
        let connect = async |endpoint: &Endpoint| -> Result<Client, Error> {
            let stream = self.host.dial(endpoint).await?;
            let client = Client::over(stream, endpoint, self.limit);
            if self.is_watched {
                client.note_reads();
            }
            Ok(client)
        };
        let db = &self.host.db;
        if !db.are_several() {
            let client = connect(db.first()).await?;
            return Ok(Connection::new(client, true));
        }
        let (client, leads) =
            cluster::find(db, OPEN_VSWITCH, self.need, self.host.limit, connect).await?;
        let place = if leads { "leads" } else { "is a member" };
        let log = &self.host.log;
        log.detail(&format!("the server at {} {place}", client.endpoint()));
        Ok(Connection::new(client, leads))
    }
}

impl Connection {
    fn new(client: Client, leads: bool) -> Self {
        Self {
            client: Rc::new(client),
            leads,
            schema: Rc::default(),
        }
    }
}
