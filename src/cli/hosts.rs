//! `--hosts`: the file of hosts, or the group of this name.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::database;
use crate::base::terminal::quoted;
use crate::commands::{Exit, Failure, FleetHost};
use crate::model::hosts::{ListedHost, hosts_of_file};
use crate::source::Host;

/// Maximum size of a file of hosts, in bytes.
const LARGEST: u64 = 4 << 20;

/// The hosts of a file or group, each reached as its words say and otherwise as `options` do.
///
/// # Errors
///
/// There is no such file, or it is malformed.
pub(super) fn of_file(name: &str, options: &Host) -> Result<Vec<FleetHost>, Failure> {
    let (path, text) = read(name)?;
    let place = |line: usize| format!("{}, line {line}", path.display());
    let listed = hosts_of_file(&text)
        .map_err(|(line, error)| Failure::new(Exit::Usage, format!("{}: {error}", place(line))))?;
    if listed.is_empty() {
        let message = format!("{} names no hosts", path.display());
        return Err(Failure::new(Exit::Usage, message));
    }
    let hosts = listed.into_iter().map(|host| of_words(host, options));
    hosts.collect()
}

/// A host of a file.
fn of_words(listed: ListedHost, options: &Host) -> Result<FleetHost, Failure> {
    let wrong = |what: String| Failure::new(Exit::Usage, format!("{}: {what}", listed.name));
    let mut host = options.clone();
    let mut is_reached = false;
    for (key, value) in &listed.words {
        match key.as_str() {
            "db" => {
                host = host.with_database(database(value).map_err(wrong)?);
                is_reached = true;
            }
            "ctl" => host.control = Some(PathBuf::from(value)),
            _ => {
                let message = format!("unknown word {}", quoted(&format!("{key}={value}")));
                return Err(wrong(message).hint("words behind a host: db=ENDPOINT, ctl=PATH"));
            }
        }
    }
    if !is_reached {
        return Err(wrong("no db=ENDPOINT behind it".to_owned()));
    }
    Ok(FleetHost::new(listed.name, host))
}

/// The path and text of a file, else of a group.
fn read(name: &str) -> Result<(PathBuf, String), Failure> {
    let mut places = vec![PathBuf::from(name)];
    if !name.contains('/') {
        places.extend(groups().into_iter().map(|directory| directory.join(name)));
    }
    for path in &places {
        match read_file(path) {
            Ok(text) => return Ok((path.clone(), text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let message = format!("cannot read {}: {error}", quoted(&path.to_string_lossy()));
                return Err(Failure::new(Exit::Usage, message));
            }
        }
    }
    let failure = Failure::new(
        Exit::Usage,
        format!("there is no file or group {}", quoted(name)),
    );
    match places.get(1) {
        Some(group) => Err(failure.hint(format!(
            "the hosts of a group stand in {}, a host a line",
            group.display()
        ))),
        None => Err(failure),
    }
}

fn read_file(path: &Path) -> io::Result<String> {
    let file = fs::File::open(path)?;
    let mut text = String::new();
    let length = io::Read::read_to_string(&mut io::Read::take(file, LARGEST + 1), &mut text)?;
    if length as u64 > LARGEST {
        let message = format!("it has more than {} MiB", LARGEST >> 20);
        return Err(io::Error::other(message));
    }
    Ok(text)
}

/// The directories of groups: the user's, then the host's.
fn groups() -> Vec<PathBuf> {
    let named = |name| env::var_os(name).filter(|value| !value.is_empty());
    let absolute = |path: PathBuf| Some(path).filter(|path| path.is_absolute());
    let config = named("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .and_then(absolute);
    let config = config.or_else(|| Some(PathBuf::from(named("HOME")?).join(".config")));
    let directories = config.into_iter().chain([PathBuf::from("/etc")]);
    directories
        .map(|directory| directory.join("ovs/hosts"))
        .collect()
}
