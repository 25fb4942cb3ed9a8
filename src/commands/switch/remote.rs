//! A bridge whose database is on another host: its own OpenFlow listener, which the database names.

use super::OPENFLOW_PORT;
use crate::base::shell;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::{Depth, Scope, Want};
use crate::openflow::session::Session;
use crate::openflow::version::Versions;
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::{Error, Function, Select};
use crate::transport::endpoint::Endpoint;
use crate::transport::listener::{Listener, is_loopback};

/// What the database says of a bridge's connections.
struct Configured {
    /// The targets of its controllers, those it connects to and those it listens for.
    targets: Vec<String>,
    /// Its datapath id; `None` while ovs-vswitchd has not told.
    datapath_id: Option<u64>,
}

/// Connects to the bridge of this name: where it listens, on the host of the database. On the host's own
/// loopback (`--db tcp:127.0.0.1`) also through `socket`, if its bridge is the one in the database.
pub(super) async fn connect(
    cx: &Context,
    bridge: &str,
    socket: &Endpoint,
    offer: Versions,
) -> Result<Session, Failure> {
    let database = cx.client().await?.endpoint().clone();
    let host = match &database {
        Endpoint::Tcp { host, .. } | Endpoint::Ssl { host, .. } => host.as_str(),
        Endpoint::Unix(_) => "localhost",
    };
    let configured = configured(cx, bridge).await?;
    let parse = |target: &String| Listener::parse(target, OPENFLOW_PORT);
    let mut listeners: Vec<Listener> = configured.targets.iter().filter_map(parse).collect();
    // With certificates at hand, the port that asks for them.
    let prefers_tls = cx.speaks_tls();
    listeners.sort_by_key(|listener| listener.is_tls != prefers_tls);
    let mut endpoints: Vec<Endpoint> = listeners.iter().filter_map(|l| l.on(host)).collect();
    if is_loopback(host) {
        endpoints.push(socket.clone());
    }
    let mut failures = Vec::new();
    for endpoint in &endpoints {
        match try_one(cx, bridge, endpoint, configured.datapath_id, offer).await {
            Ok(session) => return Ok(session),
            Err(failure) => failures.push(failure),
        }
    }
    let how = how_to_listen(bridge, &database, &configured.targets);
    if listeners.is_empty() {
        let message = format!(
            "bridge {} of the database at {database} listens for OpenFlow on no port",
            quoted(bridge)
        );
        return Err(Failure::new(Exit::Unreachable, message).hint(how));
    }
    if endpoints.is_empty() {
        let message = format!(
            "bridge {} of the database at {database} listens for OpenFlow on its own host only",
            quoted(bridge)
        );
        return Err(Failure::new(Exit::Unreachable, message).hint(how));
    }
    let said: Vec<&str> = failures.iter().map(|f| f.message.as_str()).collect();
    let message = format!("{bridge}: {}", said.join("; "));
    let first = failures.into_iter().next();
    let (exit, hint) = first.map_or((Exit::Unreachable, None), |f| (f.exit, f.hint));
    Err(Failure {
        exit,
        message,
        hint,
    })
}

/// A session with the switch there, if it is the bridge's.
async fn try_one(
    cx: &Context,
    bridge: &str,
    endpoint: &Endpoint,
    datapath_id: Option<u64>,
    offer: Versions,
) -> Result<Session, Failure> {
    let failure = |error| super::failure(&endpoint.to_string(), error);
    let stream = cx.dial(endpoint).await?;
    let session = Session::over(stream, offer, cx.limit).await;
    let mut session = session.map_err(failure)?;
    if let Some(expected) = datapath_id {
        let found = session.datapath_id().await.map_err(failure)?;
        if found != expected {
            let message = format!(
                "the switch at {endpoint} is not {}: its datapath id is {found:016x}, and in the \
                 database {expected:016x}",
                quoted(bridge)
            );
            return Err(Failure::new(Exit::Unreachable, message).hint(
                "give the switch as tcp:HOST[:PORT], with the host that ovs-vswitchd runs on",
            ));
        }
    }
    Ok(session)
}

async fn configured(cx: &Context, bridge: &str) -> Result<Configured, Failure> {
    let client = cx.client().await?;
    let select = Select::columns("Bridge", &["controller", "datapath_id"]);
    let select = select.when("name", Function::Equal, bridge);
    let rows = client.select(OPEN_VSWITCH, vec![select]).await?.concat();
    let Some(row) = rows.first() else {
        let want = Want::of(Scope::All, Depth::BridgeNames);
        return Err(Failure::no_bridge(bridge, &cx.topology(want).await?));
    };
    let uuids = row.uuids("controller").map_err(Error::from)?;
    let selects = uuids.into_iter().map(|uuid| {
        Select::columns("Controller", &["target"]).when("_uuid", Function::Equal, uuid)
    });
    let controllers = client.select(OPEN_VSWITCH, selects.collect()).await?;
    let mut targets = Vec::new();
    for controller in controllers.concat() {
        targets.push(controller.string("target").map_err(Error::from)?.to_owned());
    }
    targets.sort_unstable();
    let datapath_id = row.optional_string("datapath_id").map_err(Error::from)?;
    Ok(Configured {
        targets,
        datapath_id: datapath_id.and_then(|id| u64::from_str_radix(id, 16).ok()),
    })
}

/// The line that makes a bridge listen. It names all controllers, because it sets all.
fn how_to_listen(bridge: &str, database: &Endpoint, targets: &[String]) -> String {
    let mut words = vec![
        "ovs".to_owned(),
        "--db".to_owned(),
        database.to_string(),
        "bridge".to_owned(),
        "set".to_owned(),
        bridge.to_owned(),
    ];
    let is_connection = |target: &&String| Listener::parse(target, OPENFLOW_PORT).is_none();
    let stay = targets.iter().filter(is_connection).cloned();
    for target in stay.chain([format!("ptcp:{OPENFLOW_PORT}")]) {
        words.extend(["--controller".to_owned(), target]);
    }
    format!(
        "`{}` makes it listen, for everyone who reaches the port; pssl:{OPENFLOW_PORT} only for those \
         with a certificate; or name the switch itself: tcp:HOST[:PORT], ssl:HOST[:PORT]",
        words
            .iter()
            .map(|word| shell::word(word))
            .collect::<Vec<_>>()
            .join(" ")
    )
}
