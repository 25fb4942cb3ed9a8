//! Several servers of one database: which of them to talk to.
//!
//! Each tells in its database `_Server` (ovsdb-server(7) §Database `_Server`, table `Database`) whether it serves
//! the database alone or as a member of a cluster (RAFT), whether it is connected to that cluster, and
//! whether it leads it.

use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::client::Client;
use super::error::Error;
use crate::transport::{Endpoint, Endpoints};

/// How long an endpoint is waited for alone, before the next is tried beside it.
const HEAD_START: Duration = Duration::from_millis(300);

/// How often all are asked anew while they choose a leader.
const PAUSE: Duration = Duration::from_millis(200);

/// How long they may take to choose one. (A server tries to become leader once it has not heard from
/// one for its election timer, by default one second.)
const ELECTION: Duration = Duration::from_secs(5);

/// Which of the servers will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Any that is connected to its cluster: for reading.
    Member,
    /// The leader: for writing. Where there is none among these servers, any will do after a while: it
    /// passes on what is written.
    Leader,
}

/// What a server says of itself and a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is connected to its cluster; always, without one.
    pub is_connected: bool,
    /// Whether it leads its cluster; always, without one.
    pub leads: bool,
}

/// What the server at the other end says of itself and a database.
///
/// # Errors
///
/// [`Error::NoDatabase`] if it has no such database; otherwise as [`Client::select`].
pub async fn standing(client: &Client, database: &str) -> Result<Standing, Error> {
    const ALONE: Standing = Standing {
        is_connected: true,
        leads: true,
    };
    // Before Open vSwitch 2.9 there were no clusters.
    let Some(rows) = client.of_server(database, &["connected", "leader"]).await? else {
        return Ok(ALONE);
    };
    match rows.first() {
        Some(row) => Ok(Standing {
            is_connected: row.boolean("connected")?,
            leads: row.boolean("leader")?,
        }),
        None => Err(Error::NoDatabase(database.to_owned())),
    }
}

/// The first server that will do, and whether it leads. `connect` connects to one.
///
/// # Errors
///
/// [`Error::Several`] with what each of them said, if none will do.
pub async fn find(
    endpoints: &Endpoints,
    database: &str,
    need: Need,
    limit: Option<Duration>,
    connect: impl AsyncFn(&Endpoint) -> Result<Client, Error>,
) -> Result<(Client, bool), Error> {
    let attempt = async |endpoint: &Endpoint| {
        let client = connect(endpoint).await?;
        let standing = standing(&client, database).await?;
        if standing.is_connected {
            Ok((client, standing.leads))
        } else {
            Err(Error::NotConnected)
        }
    };
    let patience = limit.map_or(ELECTION, |limit| limit.min(ELECTION));
    let begin = Instant::now();
    loop {
        let round = round(endpoints, need, &attempt).await;
        let all_answered = round.said.is_empty();
        let may_wait = begin.elapsed() < patience;
        match round.found {
            Some((client, leads)) if leads || need == Need::Member => return Ok((client, leads)),
            // All are there and none leads: the leader is a server that is not among them.
            Some((client, _)) if all_answered || !may_wait => return Ok((client, false)),
            // A server that has lost its leader says so, and will have another.
            _ if may_wait && (round.found.is_some() || round.is_electing) => {}
            _ => return Err(Error::Several(round.said)),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What came of asking each once.
struct Round {
    /// The leader if it was found; else any that will do for reading.
    found: Option<(Client, bool)>,
    /// Why others will not do.
    said: Vec<(Endpoint, Box<Error>)>,
    /// Whether one is not connected to its cluster.
    is_electing: bool,
}

async fn round(
    endpoints: &Endpoints,
    need: Need,
    attempt: &impl AsyncFn(&Endpoint) -> Result<(Client, bool), Error>,
) -> Round {
    let mut waiting = endpoints.iter().enumerate().peekable();
    let mut under_way = FuturesUnordered::new();
    let mut said = Vec::new();
    let mut found = None;
    loop {
        // The next begins when none is under way, or those that are have had their time.
        if let Some((place, endpoint)) = waiting.next() {
            under_way.push(async move { (place, endpoint, attempt(endpoint).await) });
        }
        let outcome = if waiting.peek().is_none() {
            under_way.next().await
        } else {
            match tokio::time::timeout(HEAD_START, under_way.next()).await {
                Ok(outcome) => outcome,
                Err(_) => continue,
            }
        };
        match outcome {
            Some((_, _, Ok((client, leads)))) => {
                if leads || need == Need::Member {
                    found = Some((client, leads));
                    break;
                }
                found = found.or(Some((client, false)));
            }
            Some((place, endpoint, Err(error))) => said.push((place, endpoint.clone(), error)),
            None => break,
        }
    }
    said.sort_by_key(|(place, ..)| *place);
    Round {
        found,
        is_electing: said
            .iter()
            .any(|(.., error)| matches!(error, Error::NotConnected)),
        said: said
            .into_iter()
            .map(|(_, endpoint, error)| (endpoint, Box::new(error)))
            .collect(),
    }
}
