//! The clap root: global options and the list of commands; parsing; completion and the manual, which are
//! generated from them.

// Doc comments are help texts in this module, where backticks would be visible.
#![allow(clippy::doc_markdown, rustdoc::bare_urls)]

mod complete;
mod help;
mod hosts;
pub mod manual;
mod parse;
pub mod schema;

pub use complete::Shell;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use tokio::runtime::{LocalOptions, LocalRuntime};

use hosts::SavedSources;
use parse::{command_first, leave, parse, with_environment};

use crate::base::terminal::visible;
use crate::commands::about::{About, Does, Purpose};
use crate::commands::argument::{Takes as _, Value};
use crate::commands::{
    self, Context, Exit, Failure, Fleet, Options, WatchInterval, Ways, Writing, not_saved, today,
};
use crate::model;
use crate::openflow::version::{Version, Versions};
use crate::output::{Format, Mode, Palette};
use crate::source::saved::SavedHost;
use crate::source::{Host, Reach, Remote};
use crate::transport::{Endpoints, Tls, TlsOptions, Trust};

/// Parses the command line, runs the command, and returns its exit code.
///
/// Usage errors exit with 2, see [`Exit`]. A closed pipe while printing help is not an error.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let words = command_first(&words);
    let mut error = match parse(&words) {
        Ok(cli) => return cli.run(&words),
        Err(error) => error,
    };
    // Help and the version are reported as errors, too; they get no hint.
    if error.use_stderr() {
        let root = command();
        let shown: Vec<_> = words
            .iter()
            .skip(1)
            .map(|word| word.to_string_lossy())
            .collect();
        let shown: Vec<&str> = shown.iter().map(AsRef::as_ref).collect();
        let typed: Option<Vec<&str>> = words.iter().skip(1).map(|word| word.to_str()).collect();
        match typed.and_then(|typed| today::runs(&root, &typed)) {
            Some(Ok(carried)) => return run_carried(carried),
            Some(Err(why)) => return Failure::new(Exit::Usage, why).report(false),
            None => today::explain(&mut error, &root, &shown),
        }
    }
    say(&error)
}

/// Runs the command that a verb of another tool stands for.
fn run_carried(carried: Vec<String>) -> ExitCode {
    let carried = carried.into_iter().map(OsString::from);
    let words: Vec<OsString> = [OsString::from("ovs")].into_iter().chain(carried).collect();
    let words = command_first(&words);
    match parse(&words) {
        Ok(cli) => cli.run(&words),
        Err(error) => say(&error),
    }
}

/// Prints help to stdout, an error to stderr. Both may quote the command line, and are escaped for the
/// terminal.
fn say(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        let text = visible(&error.render().to_string());
        let _ = io::stderr().write_all(text.as_bytes());
        return Exit::Usage.into();
    }
    match error.print().and_then(|()| io::stdout().flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => Failure::stdout(&error).report(false),
    }
}

const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nOpenFlow 1.0, 1.1, 1.2, 1.3, 1.4, 1.5\nOVSDB (RFC 7047)"
);

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "ovs",
    version = VERSION,
    about = "One command line for Open vSwitch: bridges, ports, tags, tunnels and flows, by name",
    after_help = exit_codes(),
    max_term_width = help::WIDEST,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The commands, and those that are about the command line itself.
// One exists per process.
#[allow(clippy::large_enum_variant)]
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    #[command(flatten)]
    Do(commands::Command),
    /// A page of the manual: of a command, or flows, json, options
    #[command(add = Purpose::Tools)]
    Help(help::Help),
    /// The script that makes a shell complete ovs
    #[command(add = Purpose::Tools)]
    Completions(complete::Completions),
    #[command(hide = true)]
    Complete(complete::Complete),
}

impl Cli {
    /// Runs the command that these words call.
    fn run(mut self, words: &[OsString]) -> ExitCode {
        let asks = io::stdin().is_terminal() && io::stderr().is_terminal();
        let quiet = self.global.quiet;
        if let Command::Do(commands::Command::Trace(args)) = &mut self.command
            && let Err(failure) = args.take_source(&mut self.global.from)
        {
            return failure.report(quiet);
        }
        if let Command::Do(commands::Command::Sandbox(sandbox)) = &mut self.command
            && let Err(failure) = sandbox.replay(&self.global.from)
        {
            return failure.report(quiet);
        }
        let is_saved = !self.global.from.is_empty();
        if is_saved && let Err(failure) = suits_saved(&self.command, &self.global.from, words) {
            return failure.report(quiet);
        }
        let cx = match self.global.options(names_database(words), asks) {
            Ok(options) => Context::new(options),
            Err(failure) => return failure.report(quiet),
        };
        if cx.watch.is_some() && cx.fleet.is_some() {
            return Failure::new(Exit::Usage, "--watch watches one host")
                .hint("--host HOST names one")
                .report(quiet);
        }
        if cx.watch.is_some() && about(words).does != Does::Watchable {
            return Failure::new(Exit::Usage, "this command cannot be watched")
                .hint(format!("--watch goes with {}", watchable().join(", ")))
                .report(quiet);
        }
        let command = match self.command {
            Command::Do(command) => command,
            Command::Help(args) => return ended(args.run(cx.format.width), quiet),
            Command::Completions(args) => return ended(args.run(), quiet),
            Command::Complete(args) => {
                args.run(command());
                return Exit::Done.into();
            }
        };
        let outcome = runtime()
            .map_err(|error| Failure::new(Exit::Failed, format!("cannot start a runtime: {error}")))
            .and_then(|runtime| {
                let outcome = runtime.block_on(command.run(&cx));
                leave(runtime);
                outcome
            });
        cx.remark_not_saved();
        match outcome {
            Ok(code) => code,
            Err(failure) => failure.report(quiet),
        }
    }
}

/// Whether a command may be given a saved host.
fn suits_saved(command: &Command, from: &[String], words: &[OsString]) -> Result<(), Failure> {
    let refused = |message: &str| Err(Failure::new(Exit::Usage, message));
    let mut options = words.iter().take_while(|word| *word != "--");
    // OVS_DB is no contradiction, and the option cannot be told from it otherwise.
    let is_db = |word: &OsString| word == "--db" || word.to_string_lossy().starts_with("--db=");
    if options.any(is_db) {
        return refused(
            "--from and --db contradict each other: the host is a saved one, or it is reached",
        );
    }
    match command {
        Command::Do(commands::Command::Diff(args)) => Err(args.refused_from(from)),
        Command::Do(command) if command.changes_host() => {
            refused("--from is for commands that read: a saved host is not changed")
        }
        _ => Ok(()),
    }
}

/// The runtime for commands, on this thread.
pub(crate) fn runtime() -> io::Result<LocalRuntime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
}

/// The whole command line, including what is built on demand.
fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}

/// The declaration of the command that these words call.
fn about(words: &[OsString]) -> About {
    let mut root = with_environment(Cli::command());
    let Ok(matches) = root.try_get_matches_from_mut(words) else {
        return About::other();
    };
    let (path, _) = innermost(&matches);
    let called = path
        .iter()
        .try_fold(&root, |command, word| command.find_subcommand(word));
    called.map_or(About::other(), About::of)
}

/// The words of the called command, and its arguments.
fn innermost(matches: &clap::ArgMatches) -> (Vec<String>, &clap::ArgMatches) {
    let (mut path, mut last) = (Vec::new(), matches);
    while let Some((word, inner)) = last.subcommand() {
        path.push(word.to_owned());
        last = inner;
    }
    (path, last)
}

/// The watchable commands: first overviews, then lists, then dumps.
pub fn watchable() -> Vec<String> {
    let root = command();
    let leaves = leaves(&root).into_iter();
    let watchable = leaves.filter(|(_, command)| About::of(command).does == Does::Watchable);
    let mut paths: Vec<String> = watchable.map(|(path, _)| path.join(" ")).collect();
    paths.sort_by_key(|path| (path.starts_with("dump-"), path.contains(' ')));
    paths
}

/// The commands shown in the help, with those of groups in place of the groups, each as its words.
fn leaves(root: &clap::Command) -> Vec<(Vec<&str>, &clap::Command)> {
    let of_group = |group| -> Vec<(Vec<&str>, &clap::Command)> {
        let name = clap::Command::get_name(group);
        if !group.has_subcommands() {
            return vec![(vec![name], group)];
        }
        let commands = shown(group);
        commands
            .map(|command| (vec![name, command.get_name()], command))
            .collect()
    };
    shown(root).flat_map(of_group).collect()
}

/// The commands of a group that are shown in the help.
fn shown(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    let commands = command.get_subcommands();
    commands.filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// A quiet context with these global options and this time limit; `None` if the options are malformed.
fn context(options: &[String], limit: Duration) -> Option<Context> {
    let words = ["ovs"]
        .into_iter()
        .chain(options.iter().map(String::as_str));
    let cli = Cli::try_parse_from(words.chain(["show"])).ok()?;
    let mut options = cli.global.options(true, false).ok()?;
    options.host.limit = Some(limit);
    options.quiet = true;
    Some(Context::new(options))
}

fn ended(outcome: Result<(), Failure>, quiet: bool) -> ExitCode {
    match outcome {
        Ok(()) => Exit::Done.into(),
        Err(failure) => failure.report(quiet),
    }
}

/// Options that every command takes, before or after its name.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// The database, unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT]; for a cluster several, separated by commas [default: unix:$OVS_RUNDIR/db.sock, else unix:/var/run/openvswitch/db.sock]
    #[arg(
        long,
        global = true,
        env = "OVS_DB",
        hide_env_values = true,
        takes = Value::ENDPOINT,
        value_parser = database
    )]
    db: Option<Endpoints>,

    /// Read from what was saved of a host, not from a running Open vSwitch: a file of ovs save, a sos report, a
    /// conf.db, pasted text; may be given several times, also for several hosts. Of trace also the source IP address of the packet
    #[arg(long, global = true, takes = Value::SAVED, conflicts_with_all = ["ctl", "host", "hosts", "via", "via_exec", "watch"])]
    from: Vec<String>,

    /// Another host, reached with ssh: HOST, USER@HOST, HOST:PORT, USER@[IPV6]:PORT, or an alias of ssh_config; nothing is
    /// installed there. Several, by commas and ranges: compute[01-40],network01; may be given several times
    #[arg(long, global = true, takes = Value::free("HOST[,HOST]"), value_parser = host)]
    host: Vec<String>,

    /// A command that connects its standard input and output to a socket of another host; {} stands for the socket's path
    #[arg(long, global = true, takes = Value::free("COMMAND"), value_parser = via, conflicts_with_all = ["host", "hosts"])]
    via: Option<String>,

    /// Words before a command that run it on another host or in a container: 'docker exec -i NAME'
    #[arg(
        long,
        global = true,
        takes = Value::free("PREFIX"),
        value_parser = via_exec,
        conflicts_with_all = ["host", "hosts", "via"]
    )]
    via_exec: Option<String>,

    /// The control socket of ovs-vswitchd [default: ovs-vswitchd.PID.ctl beside the database's socket]
    #[arg(long, global = true, takes = Value::CONTROL_SOCKET)]
    ctl: Option<PathBuf>,

    /// Several hosts: those of this file, a host a line, or of the group of this name, ~/.config/ovs/hosts/NAME; may be
    /// given several times, also with --host
    #[arg(
        long,
        global = true,
        takes = Value::HOSTS,
        conflicts_with_all = ["via", "via_exec"]
    )]
    hosts: Vec<String>,

    /// How many hosts at a time
    #[arg(
        long,
        global = true,
        takes = Value::free("N"),
        default_value_t = 32,
        value_parser = clap::value_parser!(u16).range(1..)
    )]
    parallel: u16,

    /// Make the change on each of several hosts
    #[arg(long, global = true)]
    each: bool,

    /// Seconds to wait for the other side without progress; 0: no limit [default: 10]
    #[arg(
        short,
        long,
        global = true,
        env = "OVS_CTL_TIMEOUT",
        hide_env_values = true,
        takes = Value::free("SECS"),
        value_parser = seconds
    )]
    timeout: Option<Limit>,

    /// How to print [default: table on a terminal, else text]
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    output: Option<Output>,

    /// Print JSON; the same as --output json
    #[arg(short, long, global = true, conflicts_with = "output")]
    json: bool,

    /// Run the command repeatedly and show its changes: at once for the database, every SECS for
    /// switches; SECS is at least 0.1, and also the minimum interval [default: 2]
    #[arg(
        long,
        global = true,
        takes = Value::free("SECS"),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "auto",
        value_parser = |text: &str| text.parse::<WatchInterval>()
    )]
    watch: Option<WatchInterval>,

    /// The columns to print, in order
    #[arg(
        long,
        global = true,
        takes = Value::COLUMNS,
        value_delimiter = ',',
        conflicts_with = "get"
    )]
    columns: Option<Vec<String>>,

    /// Print the raw values of one column, one per line
    #[arg(short, long, global = true, takes = Value::COLUMN, conflicts_with_all = ["output", "json"])]
    get: Option<String>,

    /// OpenFlow versions to offer to the switch [default: all]
    #[arg(
        short = 'O',
        long,
        global = true,
        takes = Value::VERSIONS,
        value_delimiter = ',',
        value_parser = |text: &str| text.parse::<Version>()
    )]
    openflow: Option<Vec<Version>>,

    /// Print a header line [default: in tables]
    #[arg(long, global = true, overrides_with = "no_header")]
    header: bool,

    /// Print no header line [default: in text]
    #[arg(long, global = true, overrides_with = "header")]
    no_header: bool,

    /// Colour; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    color: Colour,

    /// Do not wait until ovs-vswitchd has applied a change
    #[arg(long, global = true)]
    no_wait: bool,

    /// Print what would change, and change nothing; of the database in JSON with the transaction
    #[arg(long, global = true)]
    dry_run: bool,

    /// Refuse what is otherwise warned of: keys and values that ovs-vswitchd.conf.db(5) does not document, and probable
    /// mistakes in flows and groups
    #[arg(long, global = true)]
    strict: bool,

    /// No hints, no remarks and no list of changes; errors only
    #[arg(short, long, global = true)]
    quiet: bool,

    /// Log each step to stderr
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,

    #[command(flatten)]
    tls: TlsArguments,
}

/// Options for `ssl:`, with the names they have in ovs-vsctl(8).
#[derive(Debug, Args)]
#[command(next_help_heading = "Options for TLS")]
struct TlsArguments {
    /// This side's private key, PEM
    #[arg(short = 'p', long, global = true, takes = Value::FILE)]
    private_key: Option<PathBuf>,

    /// This side's certificate, PEM
    #[arg(short = 'c', long, global = true, takes = Value::FILE)]
    certificate: Option<PathBuf>,

    /// The certificate of the authority that signed the other side's, PEM; none: accept any
    #[arg(
        short = 'C',
        long,
        global = true,
        takes = Value::FILE,
        conflicts_with = "bootstrap_ca_cert"
    )]
    ca_cert: Option<PathBuf>,

    /// The same; a missing FILE is created from what the other side sends on the first connection
    #[arg(long, global = true, takes = Value::FILE)]
    bootstrap_ca_cert: Option<PathBuf>,

    /// Require this name in the other side's certificate
    #[arg(long, global = true, takes = Value::free("NAME"))]
    verify_name: Option<String>,

    /// The server name to send (SNI) [default: the host in ssl:HOST]
    #[arg(long, global = true, takes = Value::free("NAME"))]
    ssl_server_name: Option<String>,
}

impl TlsArguments {
    fn tls(self) -> Tls {
        let named = |path: Option<PathBuf>| path.filter(|path| path.as_os_str() != "none");
        let trust = match (self.ca_cert, self.bootstrap_ca_cert) {
            (Some(path), _) if path.as_os_str() == "none" => Some(Trust::Unverified),
            (Some(path), _) => Some(Trust::File(path)),
            (None, Some(path)) => Some(Trust::Bootstrap(path)),
            (None, None) => None,
        };
        Tls::new(TlsOptions {
            private_key: named(self.private_key),
            certificate: named(self.certificate),
            trust,
            verify_name: self.verify_name,
            server_name: self.ssl_server_name,
        })
    }
}

/// The limit of a wait; `None`: no limit. (A type of its own, because clap treats `Option` specially.)
#[derive(Debug, Clone, Copy)]
struct Limit(Option<Duration>);

impl Limit {
    /// The default.
    const DEFAULT: Limit = Limit(Some(Duration::from_secs(10)));
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Text,
    Json,
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

impl Global {
    /// The options that lead to the host, as a shell reads them.
    fn words_to_host(&self, names_database: bool) -> String {
        let database = self.db.as_ref().filter(|_| names_database);
        let database = database.map(ToString::to_string);
        let control = self.ctl.as_ref().map(|path| path.display().to_string());
        let named: [(&str, &[String]); 7] = [
            ("--from", &self.from),
            ("--db", database.as_slice()),
            ("--host", &self.host),
            ("--via", self.via.as_slice()),
            ("--via-exec", self.via_exec.as_slice()),
            ("--hosts", &self.hosts),
            ("--ctl", control.as_slice()),
        ];
        let words = named.into_iter().flat_map(|(option, values)| {
            let values = values.iter();
            values.flat_map(move |value| [option, value.as_str()])
        });
        shell_words::join(words)
    }

    /// Resolves the options with the environment and stdout. `names_database`: whether the database was named on the
    /// command line; `asks`: whether ssh may ask the user.
    ///
    /// # Errors
    ///
    /// The file of hosts, or what was saved of a host, cannot be read or is malformed; options contradict each other.
    fn options(self, names_database: bool, asks: bool) -> Result<Options, Failure> {
        let terminal = io::stdout().is_terminal();
        let limit = self.timeout.unwrap_or(Limit::DEFAULT);
        let mode = match (self.output, self.json, &self.get) {
            (_, _, Some(_)) => Mode::Raw,
            (_, true, _) | (Some(Output::Json), ..) => Mode::Json,
            (Some(Output::Jsonl), ..) => Mode::Jsonl,
            (Some(Output::Table), ..) => Mode::Table,
            (None, ..) if terminal => Mode::Table,
            (Some(Output::Text) | None, ..) => Mode::Text,
        };
        let words = self.words_to_host(names_database);
        let ways = Ways {
            words,
            base: Host::new(
                Host::default_database(&Reach::Here),
                limit.0,
                self.tls.tls(),
            ),
            db: self.db,
            names_database,
            ctl: self.ctl,
            asks,
        };
        let mut several = ways.of_lists(&self.host, &self.hosts)?;
        let host = match (&several, self.host.first(), &self.via, &self.via_exec) {
            (Some(_), ..) => ways.base.clone(),
            (None, Some(name), ..) => ways.by_ssh(name)?,
            (None, _, Some(command), _) => ways.by(Remote::via(command, limit.0))?,
            (None, .., Some(prefix)) => ways.by(Remote::via_exec(prefix, limit.0))?,
            (None, None, None, None) if !self.from.is_empty() => match hosts::saved(&self.from)? {
                SavedSources::One(report) => Host::saved(SavedHost::new(*report)),
                SavedSources::Several(hosts) => {
                    several = Some(hosts);
                    ways.base.clone()
                }
            },
            (None, None, None, None) => ways.here(),
        };
        let not_saved = not_saved(&host);
        let fleet = several.map(|hosts| Fleet {
            hosts,
            parallel: self.parallel.into(),
            each: self.each,
        });
        Ok(Options {
            host,
            ways,
            limit_is_given: self.timeout.is_some(),
            format: Format {
                mode,
                palette: Palette::new(self.color.is_on(terminal)),
                width: screen_width(terminal),
                header: match (self.header, self.no_header) {
                    (true, _) => Some(true),
                    (_, true) => Some(false),
                    _ => None,
                },
                columns: self.get.map(|column| vec![column]).or(self.columns),
                not_saved,
            },
            versions: self
                .openflow
                .map(|versions| versions.into_iter().collect::<Versions>()),
            writing: Writing {
                no_wait: self.no_wait,
                dry_run: self.dry_run,
                strict: self.strict,
            },
            quiet: self.quiet,
            verbose: self.verbose,
            watch: self.watch,
            fleet,
        })
    }
}

impl Colour {
    /// <https://no-color.org> and <https://bixense.com/clicolors>
    fn is_on(self, terminal: bool) -> bool {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let forced = std::env::var_os("CLICOLOR_FORCE")
            .is_some_and(|value| !value.is_empty() && value != "0");
        match self {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto if set("NO_COLOR") => false,
            // It shows escape sequences as text.
            Colour::Auto if std::env::var_os("TERM").is_some_and(|term| term == "dumb") => forced,
            Colour::Auto => forced || terminal,
        }
    }
}

/// The width of the terminal in cells, if known; else `COLUMNS` if set; without a terminal no limit.
fn screen_width(terminal: bool) -> Option<usize> {
    /// The default width for a terminal that does not report one (a serial line).
    const USUAL: usize = 80;
    let from_environment = || {
        std::env::var("COLUMNS")
            .ok()?
            .parse()
            .ok()
            .filter(|n| *n > 0)
    };
    if !terminal {
        return from_environment();
    }
    let size = terminal_size::terminal_size_of(io::stdout());
    let width = size.map(|(width, _)| usize::from(width.0));
    let width = width.filter(|width| *width > 0);
    width.or_else(from_environment).or(Some(USUAL))
}

fn database(text: &str) -> Result<Endpoints, String> {
    /// IANA's port for OVSDB.
    const PORT: u16 = 6640;
    Endpoints::parse(text, Some(PORT)).map_err(|error| error.to_string())
}

fn host(text: &str) -> Result<String, String> {
    for name in model::hosts::hosts(text).map_err(|error| error.to_string())? {
        Remote::ssh(&name, None, false)?;
    }
    Ok(text.to_owned())
}

fn via(text: &str) -> Result<String, String> {
    Remote::via(text, None).map(|_| text.to_owned())
}

fn via_exec(text: &str) -> Result<String, String> {
    Remote::via_exec(text, None).map(|_| text.to_owned())
}

/// Whether the command line has `--db`.
fn names_database(words: &[OsString]) -> bool {
    let words = words.iter().filter_map(|word| word.to_str());
    words
        .take_while(|word| *word != "--")
        .any(|word| word == "--db" || word.starts_with("--db="))
}

fn seconds(text: &str) -> Result<Limit, String> {
    let wrong = || format!("\"{}\" is not a number of seconds", text.escape_debug());
    let seconds: f64 = text.parse().map_err(|_| wrong())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(Duration::ZERO) => Ok(Limit(None)),
        Ok(limit) => Ok(Limit(Some(limit))),
        Err(_) => Err(wrong()),
    }
}

/// The table of exit codes, for the help.
fn exit_codes() -> String {
    let mut text = String::from("Exit codes:\n");
    for exit in Exit::ALL {
        let _ = writeln!(text, "  {:>3}  {}", exit.code(), exit.meaning());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_version_names_every_protocol_version() {
        let listed = VERSION.lines().nth(1).unwrap();
        let versions: Vec<Version> = listed
            .trim_start_matches("OpenFlow ")
            .split(", ")
            .map(|version| version.parse().unwrap())
            .collect();
        assert_eq!(versions, Version::ALL);
        assert_eq!(VERSION.lines().nth(2), Some("OVSDB (RFC 7047)"));
    }

    #[test]
    fn global_options_before_and_after_the_command() {
        for line in [
            ["ovs", "--timeout", "3", "show"],
            ["ovs", "show", "--timeout", "3"],
        ] {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.global.timeout.unwrap().0, Some(Duration::from_secs(3)));
        }
    }

    #[test]
    fn arguments_are_escaped_in_errors() {
        let error = Cli::try_parse_from(["ovs", "\u{1b}[31mx\u{202e}"]).unwrap_err();
        let text = visible(&error.render().to_string());
        assert!(text.contains("x\\u{202e}'"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
        assert!(text.contains('\n'));
    }

    #[test]
    fn timeouts() {
        assert_eq!(seconds("0").unwrap().0, None);
        assert_eq!(seconds("0.5").unwrap().0, Some(Duration::from_millis(500)));
        for wrong in ["", "-1", "NaN", "1e300", "ten"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
