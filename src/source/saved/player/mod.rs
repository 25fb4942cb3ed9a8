//! Serves a saved host at its sockets, as its daemons did, each connection in a thread of its own.
//!
//! | file | contents |
//! |---|---|
//! | [`database`] | ovsdb-server |
//! | [`switch`] | the bridges of ovs-vswitchd |
//! | [`selection`] | the flows, groups, meters and ports that a request selects |
//! | [`control`] | the control sockets of daemons |
//! | [`json_rpc`] | JSON-RPC 1.0, which the first and the last speak |

mod control;
mod database;
mod json_rpc;
mod selection;
mod switch;

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::source::saved::SavedHost;
use crate::unixctl::daemon_of;

/// The file name of the database's socket.
const DATABASE: &str = "db.sock";

/// Connects to a socket in the run directory of a saved host, by its file name.
///
/// # Errors
///
/// [`io::ErrorKind::NotFound`] if it cannot have had such a socket.
pub(in crate::source) fn connect(host: &Arc<SavedHost>, socket: &Path) -> io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    let host = Arc::clone(host);
    let name = socket.file_name().and_then(|name| name.to_str());
    let name = name.ok_or(io::ErrorKind::NotFound)?;
    let player = thread::Builder::new().name("saved".to_owned());
    // A connection ends with an error if the other side closes it first.
    if name == DATABASE {
        player.spawn(move || database::serve(theirs, &host))?;
    } else if let Some(bridge) = name
        .strip_suffix(".mgmt")
        .filter(|name| host.has_bridge(name))
    {
        let bridge = bridge.to_owned();
        player.spawn(move || switch::serve(theirs, &host, &bridge))?;
    } else if name.strip_suffix(".ctl").is_some() {
        let daemon = daemon_of(socket);
        player.spawn(move || control::serve(theirs, &host, &daemon))?;
    } else {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(ours)
}
