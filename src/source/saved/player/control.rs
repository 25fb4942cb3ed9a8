//! The control socket of a saved daemon: what it replied to commands.

use std::io;
use std::os::unix::net::UnixStream;

use super::json_rpc;
use crate::base::saved::NOT_IN_REPORT;
use crate::source::saved::{PartSource, SavedHost};

/// Replies to the commands of a client.
///
/// # Errors
///
/// The connection fails.
pub(super) fn serve(stream: UnixStream, host: &SavedHost, daemon: &str) -> io::Result<()> {
    let replies = host.report.replies.get(daemon);
    json_rpc::serve(stream, |request, out| {
        let arguments: Vec<String> = serde_json::from_str(request.params.get())
            .map_err(|error| format!("malformed arguments: {error}"))?;
        let command = request.method.as_str();
        let asked: Vec<&str> = [command]
            .into_iter()
            .chain(arguments.iter().map(String::as_str))
            .collect();
        let asked = asked.join(" ");
        let saved = replies.and_then(|replies| replies.get(&asked)).cloned();
        let reply = match (saved, command) {
            (Some(reply), _) => reply,
            // Replies in JSON, of Open vSwitch 3.5: only texts are saved.
            (None, "set-options") => return Err(format!("\"{command}\" is not a valid command")),
            (None, "list-commands") if let Some(replies) = replies => {
                let mut names: Vec<&str> = replies
                    .keys()
                    .filter_map(|asked| asked.split(' ').next())
                    .collect();
                names.dedup();
                let lines = names.iter().map(|name| format!("  {name}\n"));
                format!("The available commands are:\n{}", lines.collect::<String>())
            }
            (None, _) => {
                let part = Some(asked.as_str());
                let report = &host.report;
                let asked = report.missing_words(&asked, PartSource::Control, daemon, part);
                return Err(format!("{NOT_IN_REPORT}{asked}"));
            }
        };
        out.push_str(&serde_json::Value::from(reply).to_string());
        Ok(())
    })
}
