//! The hosts that a command runs on: lists of `--host`, files and groups of `--hosts`.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::database;
use crate::base::terminal::quoted;
use crate::commands::{Exit, Failure, FleetHost, Ways};
use crate::model::hosts::{HostListError, ListedHost, MAX_HOSTS, hosts, hosts_of_file};
use crate::source::Remote;
use crate::source::saved::Report;
use crate::source::saved::open::OpenErrorKind;

/// Maximum size of a file of hosts, in bytes.
const LARGEST: u64 = 4 << 20;

impl Ways {
    /// The hosts of these lists, by ssh, then those of these files or groups, each reached as its words say, else by ssh;
    /// `None` if there are none, or one that is named by its name.
    ///
    /// # Errors
    ///
    /// A list is malformed, there is no such file, or a host is named twice with other words.
    pub(super) fn of_lists(
        &self,
        lists: &[String],
        files: &[String],
    ) -> Result<Option<Vec<FleetHost>>, Failure> {
        let usage = |error: HostListError| Failure::new(Exit::Usage, error.to_string());
        let mut named = NamedHosts::default();
        for list in lists {
            let names = hosts(list).map_err(usage)?;
            if lists.len() == 1 && files.is_empty() && names == [list.as_str()] {
                return Ok(None);
            }
            let listed = names.into_iter().map(|name| ListedHost {
                name,
                words: Vec::new(),
            });
            named.add(listed, None)?;
        }
        for file in files {
            let (path, listed) = of_file(file)?;
            named.add(listed, Some(&path))?;
        }
        if named.hosts.is_empty() {
            return Ok(None);
        }
        let host = |(listed, file): (ListedHost, Option<PathBuf>)| {
            let host = self.of_words(listed);
            host.map_err(|failure| match file {
                Some(path) => Failure {
                    message: format!("{}: {}", path.display(), failure.message),
                    ..failure
                },
                None => failure,
            })
        };
        let hosts = named.hosts.into_iter().map(host);
        hosts.collect::<Result<_, _>>().map(Some)
    }

    /// A host of a file.
    fn of_words(&self, listed: ListedHost) -> Result<FleetHost, Failure> {
        let wrong = |what: String| Failure::new(Exit::Usage, format!("{}: {what}", listed.name));
        let limit = self.base.limit;
        let mut ways = Ways {
            base: self.base.clone(),
            db: self.db.clone(),
            ctl: self.ctl.clone(),
            words: String::new(),
            ..*self
        };
        let mut remote: Option<(&str, &str, Remote)> = None;
        let mut has_database = false;
        let mut saved = Vec::new();
        for (key, value) in &listed.words {
            let mut same = listed.words.iter().filter(|(other, _)| other == key);
            if key != "from" && same.nth(1).is_some() {
                return Err(wrong(format!("{key}= is given twice")));
            }
            let way = match key.as_str() {
                "ssh" => Remote::ssh(value, limit, false),
                "via" => Remote::via(value, limit),
                "via-exec" => Remote::via_exec(value, limit),
                "db" => {
                    ways.db = Some(database(value).map_err(wrong)?);
                    (ways.names_database, has_database) = (true, true);
                    continue;
                }
                "from" => {
                    saved.push(value.clone());
                    continue;
                }
                "ctl" => {
                    ways.ctl = Some(PathBuf::from(value));
                    continue;
                }
                _ => {
                    let message = format!("unknown word {}", quoted(&format!("{key}={value}")));
                    return Err(wrong(message).hint(
                        "words behind a host: db=ENDPOINT, ctl=PATH, ssh=HOST, via=COMMAND, via-exec=PREFIX, from=PATH",
                    ));
                }
            };
            if let Some((other, ..)) = remote {
                return Err(wrong(format!("{other}= and {key}= contradict each other")));
            }
            remote = Some((key, value, way.map_err(wrong)?));
        }
        if !saved.is_empty() {
            let mut others = listed.words.iter().filter(|(key, _)| key != "from");
            if let Some((key, _)) = others.next() {
                return Err(wrong(format!("from= and {key}= contradict each other")));
            }
            return Ok(FleetHost::saved(listed.name, saved));
        }
        let option = match &remote {
            Some((key, value, _)) => Some((option_of(key), *value)),
            None if has_database => None,
            None => Some(("--host", listed.name.as_str())),
        };
        let words = ways.words_of(option.as_slice());
        let host = match remote {
            Some((.., remote)) => ways.by(Ok(remote)),
            // Its endpoint is reached from here.
            None if has_database => Ok(ways.here().elsewhere()),
            None => ways.by(Remote::ssh(&listed.name, limit, false)),
        };
        let host = host.map_err(|failure| Failure {
            message: format!("{}: {}", listed.name, failure.message),
            ..failure
        })?;
        Ok(FleetHost::new(listed.name, words, host))
    }

    /// These options and those of the database and the control socket, as a shell reads them.
    fn words_of(&self, options: &[(&str, &str)]) -> String {
        let database = self.db.as_ref().filter(|_| self.names_database);
        let database = database.map(ToString::to_string);
        let control = self.ctl.as_ref().map(|path| path.display().to_string());
        let more = [("--db", &database), ("--ctl", &control)];
        let more = more
            .into_iter()
            .filter_map(|(option, value)| Some((option, value.as_deref()?)));
        let all = options.iter().copied().chain(more);
        shell_words::join(all.flat_map(|(option, value)| [option, value]))
    }
}

/// The option for a word of a file of hosts that says how the host is reached.
fn option_of(key: &str) -> &'static str {
    match key {
        "via" => "--via",
        "via-exec" => "--via-exec",
        _ => "--host",
    }
}

/// The hosts of several lists and files, each once.
#[derive(Default)]
struct NamedHosts {
    /// With the file, if it is of one.
    hosts: Vec<(ListedHost, Option<PathBuf>)>,
    /// Where each is, by name.
    indices: BTreeMap<String, usize>,
}

impl NamedHosts {
    /// Adds those that are not there.
    ///
    /// # Errors
    ///
    /// One is there with other words: it is not clear by which it is reached; or there are too many.
    fn add(
        &mut self,
        listed: impl IntoIterator<Item = ListedHost>,
        file: Option<&Path>,
    ) -> Result<(), Failure> {
        for host in listed {
            let known = self.indices.get(&host.name);
            match known.and_then(|index| self.hosts.get(*index)) {
                Some((other, _)) if other.words == host.words => continue,
                Some(_) => {
                    let message = format!("{} is named twice, and reached in two ways", host.name);
                    return Err(Failure::new(Exit::Usage, message).hint(
                        "the words behind it in the files of hosts differ: leave one of them out",
                    ));
                }
                None => {}
            }
            self.indices.insert(host.name.clone(), self.hosts.len());
            self.hosts.push((host, file.map(Path::to_owned)));
            if self.hosts.len() > MAX_HOSTS {
                return Err(Failure::new(
                    Exit::Usage,
                    HostListError::TooMany.to_string(),
                ));
            }
        }
        Ok(())
    }
}

/// The path of a file or group, and its hosts.
///
/// # Errors
///
/// There is no such file, or it is malformed.
fn of_file(name: &str) -> Result<(PathBuf, Vec<ListedHost>), Failure> {
    let (path, text) = read(name)?;
    let usage = |message: String| Failure::new(Exit::Usage, message);
    let listed = hosts_of_file(&text)
        .map_err(|(line, error)| usage(format!("{}, line {line}: {error}", path.display())))?;
    if listed.is_empty() {
        return Err(usage(format!("{} names no hosts", path.display())));
    }
    Ok((path, listed))
}

/// What `--from` names.
pub(super) enum SavedSources {
    /// One host; its parts may be in several files.
    One(Box<Report>),
    /// Several hosts: each of the files has one.
    Several(Vec<FleetHost>),
}

/// Opens what `--from` names.
///
/// # Errors
///
/// It cannot be read. (Of several hosts, each is opened later, and may fail alone.)
pub(super) fn saved(sources: &[String]) -> Result<SavedSources, Failure> {
    let error = match Report::open(sources) {
        Ok(report) => return Ok(SavedSources::One(Box::new(report))),
        Err(error) => error,
    };
    let are_hosts = match error.kind {
        OpenErrorKind::SecondHost => true,
        // A text is of a bridge of the one host.
        OpenErrorKind::NotFound | OpenErrorKind::Unreadable => {
            sources.iter().all(|source| !source.contains('='))
        }
        OpenErrorKind::Usage => false,
    };
    if sources.len() < 2 || !are_hosts {
        return Err(error.into());
    }
    let file_name = |source: &String| {
        let name = Path::new(source).file_name()?;
        Some(name.to_str()?.to_owned())
    };
    let names: Option<Vec<String>> = sources.iter().map(file_name).collect();
    let is_unique =
        |names: &Vec<String>| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    let names = names.filter(is_unique).unwrap_or_else(|| sources.to_vec());
    let hosts = names.into_iter().zip(sources);
    let hosts = hosts.map(|(name, source)| FleetHost::saved(name, vec![source.clone()]));
    Ok(SavedSources::Several(hosts.collect()))
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
    if file.metadata()?.is_dir() {
        // Of the same name as a group.
        return Err(io::ErrorKind::NotFound.into());
    }
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
