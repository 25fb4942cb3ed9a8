//! Selects one of several servers of a database.
//!
//! The database `_Server` of each (ovsdb-server(7) §Database `_Server`, table `Database`) holds whether it is
//! standalone or a member of a RAFT cluster, whether it is connected to the cluster, and whether it is the leader.

use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::client::Client;
use super::error::Error;
use crate::transport::{Endpoint, Endpoints};

/// Delay before the next endpoint is tried in parallel.
const CONNECT_STAGGER: Duration = Duration::from_millis(300);

/// Interval between polls of all servers during a leader election.
const ELECTION_POLL: Duration = Duration::from_millis(200);

/// Maximum wait for an election. (The election timer of a server is one second by default.)
const ELECTION_LIMIT: Duration = Duration::from_secs(5);

/// Which servers are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequiredRole {
    /// Any that is connected to its cluster; for reading.
    Member,
    /// The leader; for writing. If none of these servers is the leader, any member is accepted after
    /// `ELECTION_LIMIT`: it forwards transactions to the leader.
    Leader,
}

/// The state of a server with respect to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerStatus {
    /// Whether it is connected to its cluster; true for a standalone server.
    pub is_connected: bool,
    /// Whether it leads its cluster; true for a standalone server.
    pub leads: bool,
}

/// Reads the state of the server with respect to a database.
///
/// # Errors
///
/// [`Error::NoDatabase`] if it has no such database; otherwise as [`Client::select`].
pub async fn standing(client: &Client, database: &str) -> Result<ServerStatus, Error> {
    const ALONE: ServerStatus = ServerStatus {
        is_connected: true,
        leads: true,
    };
    // Before Open vSwitch 2.9 there were no clusters.
    let Some(rows) = client
        .database_status(database, &["connected", "leader"])
        .await?
    else {
        return Ok(ALONE);
    };
    match rows.first() {
        Some(row) => Ok(ServerStatus {
            is_connected: row.boolean("connected")?,
            leads: row.boolean("leader")?,
        }),
        None => Err(Error::NoDatabase(database.to_owned())),
    }
}

/// Returns a connection to the first acceptable server, and whether it leads. `connect` connects to one.
///
/// # Errors
///
/// [`Error::Several`] with the error of each server if none is acceptable.
pub async fn find(
    endpoints: &Endpoints,
    database: &str,
    need: RequiredRole,
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
    let patience = limit.map_or(ELECTION_LIMIT, |limit| limit.min(ELECTION_LIMIT));
    let begin = Instant::now();
    loop {
        let round = round(endpoints, need, &attempt).await;
        let all_answered = round.errors.is_empty();
        let may_wait = begin.elapsed() < patience;
        match round.found {
            Some((client, leads)) if leads || need == RequiredRole::Member => {
                return Ok((client, leads));
            }
            // All are reachable and none leads: the leader is not among these endpoints.
            Some((client, _)) if all_answered || !may_wait => return Ok((client, false)),
            // Some server has no leader: an election is under way.
            _ if may_wait && (round.found.is_some() || round.is_electing) => {}
            _ => return Err(Error::Several(round.errors)),
        }
        tokio::time::sleep(ELECTION_POLL).await;
    }
}

/// The result of asking each server once.
struct Round {
    /// The leader if found; else any member.
    found: Option<(Client, bool)>,
    /// The errors of the others.
    errors: Vec<(Endpoint, Box<Error>)>,
    /// Whether some server is not connected to its cluster.
    is_electing: bool,
}

async fn round(
    endpoints: &Endpoints,
    need: RequiredRole,
    attempt: &impl AsyncFn(&Endpoint) -> Result<(Client, bool), Error>,
) -> Round {
    let mut waiting = endpoints.iter().enumerate().peekable();
    let mut under_way = FuturesUnordered::new();
    let mut errors = Vec::new();
    let mut found = None;
    loop {
        // Each attempt starts when all before it have failed, or after the delay.
        if let Some((place, endpoint)) = waiting.next() {
            under_way.push(async move { (place, endpoint, attempt(endpoint).await) });
        }
        let outcome = if waiting.peek().is_none() {
            under_way.next().await
        } else {
            match tokio::time::timeout(CONNECT_STAGGER, under_way.next()).await {
                Ok(outcome) => outcome,
                Err(_) => continue,
            }
        };
        match outcome {
            Some((_, _, Ok((client, leads)))) => {
                if leads || need == RequiredRole::Member {
                    found = Some((client, leads));
                    break;
                }
                found = found.or(Some((client, false)));
            }
            Some((place, endpoint, Err(error))) => errors.push((place, endpoint.clone(), error)),
            None => break,
        }
    }
    errors.sort_by_key(|(place, ..)| *place);
    Round {
        found,
        is_electing: errors
            .iter()
            .any(|(.., error)| matches!(error, Error::NotConnected)),
        errors: errors
            .into_iter()
            .map(|(_, endpoint, error)| (endpoint, Box::new(error)))
            .collect(),
    }
}
