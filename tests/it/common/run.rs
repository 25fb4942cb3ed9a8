//! The binary under test, and what is expected of it. Every JSON document that it prints is held against its
//! schema, so that no test can forget it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use ovs::cli::schema;
use serde_json::Value;

/// `ovs ARGUMENTS`, to be run by the method that says what is expected of it: [`Ovs::ok`], [`Ovs::prints`],
/// [`Ovs::out`], [`Ovs::json`], [`Ovs::fails`], [`Ovs::exits`], or [`Ovs::run`] if nothing is.
#[derive(Debug)]
#[must_use = "it is not run yet"]
pub struct Ovs {
    command: assert_cmd::Command,
    arguments: Vec<OsString>,
}

impl Ovs {
    /// In an environment in which nothing changes what it prints.
    pub fn new(arguments: &[impl AsRef<OsStr>]) -> Self {
        let mut command = Command::new(super::binary());
        super::clean(&mut command);
        let mut ovs = Self {
            command: assert_cmd::Command::from_std(command),
            arguments: Vec::new(),
        };
        ovs.args(arguments);
        ovs
    }

    /// One argument more.
    pub fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.args([argument])
    }

    /// More arguments.
    pub fn args<A: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = A>) -> &mut Self {
        for argument in arguments {
            self.command.arg(argument.as_ref());
            self.arguments.push(argument.as_ref().to_owned());
        }
        self
    }

    /// A variable of its environment.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        self.command.env(name, value);
        self
    }

    /// A variable that its environment does not have.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.command.env_remove(name);
        self
    }

    /// Where it runs.
    pub fn current_dir(&mut self, directory: impl AsRef<Path>) -> &mut Self {
        self.command.current_dir(directory);
        self
    }

    /// What it reads.
    pub fn write_stdin(&mut self, input: impl Into<Vec<u8>>) -> &mut Self {
        self.command.write_stdin(input);
        self
    }

    /// When it is killed.
    pub fn timeout(&mut self, limit: Duration) -> &mut Self {
        self.command.timeout(limit);
        self
    }

    /// Runs it.
    ///
    /// # Panics
    /// When it prints JSON that its schema does not allow.
    pub fn output(&mut self) -> io::Result<Output> {
        let output = self.command.output()?;
        let arguments: Option<Vec<&str>> = self.arguments.iter().map(|a| a.to_str()).collect();
        if let (Some(arguments), Ok(text)) = (arguments, std::str::from_utf8(&output.stdout)) {
            hold(&arguments, text, output.status.success());
        }
        Ok(output)
    }

    /// The same for what is not run to its end at once: to be spawned, or with other files.
    pub fn command(&self) -> Command {
        let mut command = Command::new(self.command.get_program());
        command.args(self.command.get_args());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Runs it, whatever comes of it.
    #[track_caller]
    pub fn run(&mut self) -> Ran {
        let output = self.output().expect("ovs runs");
        Ran::new(self.line(), output)
    }

    /// Runs it with another stdout.
    #[track_caller]
    pub fn run_into(&self, stdout: impl Into<Stdio>) -> Ran {
        let output = self.command().stdout(stdout).output().expect("ovs runs");
        Ran::new(self.line(), output)
    }

    /// Runs it on a terminal of so many columns; what is on stderr goes elsewhere. Lines end as in files.
    #[track_caller]
    pub fn on_terminal(&mut self, columns: usize) -> Ran {
        let aside = tempfile::NamedTempFile::new().expect("there is room");
        let words = self.arguments.iter().map(|word| word.to_str().unwrap());
        let line = format!(
            "ovs {} 2>{}",
            shell_words::join(words),
            aside.path().display()
        );
        let mut script = super::terminal::script(columns, &line);
        for (name, value) in self.command.get_envs() {
            // What the environment is cleaned of, the terminal's has.
            if let Some(value) = value {
                script.env(name, value);
            }
        }
        let output = script.output().expect("script(1) is installed");
        let mut ran = Ran::new(self.line(), output);
        ran.stdout = ran.stdout.replace("\r\n", "\n");
        ran.stderr = fs::read_to_string(aside.path()).expect("it prints UTF-8");
        ran
    }

    /// Runs it; it must exit with 0.
    #[track_caller]
    pub fn ok(&mut self) -> Ran {
        self.exits(0)
    }

    /// Runs it; it must exit with 0 and print exactly this.
    #[track_caller]
    pub fn prints(&mut self, stdout: impl AsRef<str>) -> Ran {
        self.ok().prints(stdout)
    }

    /// Runs it; what it prints, and it must exit with 0.
    #[track_caller]
    pub fn out(&mut self) -> String {
        self.ok().stdout
    }

    /// Runs it with `--json`; the document, and it must exit with 0.
    #[track_caller]
    pub fn json(&mut self) -> Value {
        self.arg("--json").ok().json()
    }

    /// Runs it; it must exit with this.
    #[track_caller]
    pub fn exits(&mut self, code: i32) -> Ran {
        self.run().exits(code)
    }

    /// Runs it; it must exit with this, print nothing, and say these words on stderr.
    #[track_caller]
    pub fn fails(&mut self, code: i32, words: impl AsRef<str>) -> Ran {
        self.run().fails(code, words)
    }

    /// The command line.
    fn line(&self) -> String {
        let words: Vec<_> = self.arguments.iter().map(|a| a.to_string_lossy()).collect();
        format!("ovs {}", words.join(" "))
    }
}

/// What a command line came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    /// The command line.
    pub line: String,
    /// What it printed.
    pub stdout: String,
    /// What it said besides.
    pub stderr: String,
    /// The exit code; -1 if a signal ended it.
    pub code: i32,
}

impl Ran {
    /// # Panics
    /// When something that was printed is not UTF-8.
    #[track_caller]
    pub fn new(line: String, output: Output) -> Self {
        Self {
            line,
            stdout: String::from_utf8(output.stdout).expect("it prints UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("it prints UTF-8"),
            code: output.status.code().unwrap_or(-1),
        }
    }

    #[track_caller]
    fn hold(self, holds: bool, what: &str, expected: impl AsRef<str>) -> Self {
        let Self {
            line,
            stdout,
            stderr,
            code,
        } = &self;
        assert!(
            holds,
            "{line}: {what} {:?}\n-- exit code {code}\n-- stdout\n{stdout}\n-- stderr\n{stderr}",
            expected.as_ref()
        );
        self
    }

    /// The exit code is this.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        let holds = self.code == code;
        self.hold(holds, "expected exit code", code.to_string())
    }

    /// This is all that is on stdout.
    #[track_caller]
    pub fn prints(self, stdout: impl AsRef<str>) -> Self {
        let (expected, line) = (stdout.as_ref(), &self.line);
        assert!(
            self.stdout == expected,
            "{line}: stdout differs (- expected, + actual):\n{}-- stderr\n{}",
            super::diff(expected, &self.stdout),
            self.stderr
        );
        self
    }

    /// The exit code is this, nothing is on stdout, and these words are on stderr.
    #[track_caller]
    pub fn fails(self, code: i32, words: impl AsRef<str>) -> Self {
        self.exits(code).prints("").says(words)
    }

    /// This is how stdout begins.
    #[track_caller]
    pub fn begins(self, start: impl AsRef<str>) -> Self {
        let holds = self.stdout.starts_with(start.as_ref());
        self.hold(holds, "stdout does not begin with", start)
    }

    /// This is somewhere on stdout.
    #[track_caller]
    pub fn shows(self, part: impl AsRef<str>) -> Self {
        let holds = self.stdout.contains(part.as_ref());
        self.hold(holds, "not on stdout:", part)
    }

    /// This is nowhere on stdout.
    #[track_caller]
    pub fn hides(self, part: impl AsRef<str>) -> Self {
        let holds = !self.stdout.contains(part.as_ref());
        self.hold(holds, "on stdout:", part)
    }

    /// This is somewhere on stderr.
    #[track_caller]
    pub fn says(self, words: impl AsRef<str>) -> Self {
        let holds = self.stderr.contains(words.as_ref());
        self.hold(holds, "not on stderr:", words)
    }

    /// This is nowhere on stderr.
    #[track_caller]
    pub fn omits(self, words: impl AsRef<str>) -> Self {
        let holds = !self.stderr.contains(words.as_ref());
        self.hold(holds, "on stderr:", words)
    }

    /// This is all that is on stderr.
    #[track_caller]
    pub fn says_only(self, stderr: impl AsRef<str>) -> Self {
        let holds = self.stderr == stderr.as_ref();
        self.hold(holds, "expected on stderr", stderr)
    }

    /// Nothing is on stderr.
    #[track_caller]
    pub fn says_nothing(self) -> Self {
        self.says_only("")
    }

    /// What is on stdout, as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        let Self { line, stdout, .. } = self;
        serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{line}: {error}\n{stdout}"))
    }
}

/// The schemas that were compiled by now, by their text.
static SCHEMAS: LazyLock<Mutex<HashMap<String, Schema>>> = LazyLock::new(Mutex::default);

/// Holds what `ovs ARGUMENTS` printed against the schema of its document. What was cut short by an error
/// may be no JSON.
///
/// # Panics
/// When the schema does not allow it.
pub fn hold(arguments: &[&str], text: &str, is_whole: bool) {
    let Some((document, as_lines)) = schema::printed(arguments) else {
        return;
    };
    if text.is_empty() && (!is_whole || as_lines) {
        return;
    }
    let has_hosts = arguments.contains(&"--hosts");
    let as_lines = as_lines || (has_hosts && arguments.contains(&"jsonl"));
    let parts: Vec<&str> = if as_lines {
        text.lines().collect()
    } else {
        vec![text]
    };
    let mut schema = match document.line() {
        Some(line) if as_lines || has_hosts => line,
        _ => document.schema().clone(),
    };
    if arguments.contains(&"--from") {
        allow_null(&mut schema);
    }
    let mut documents = Vec::new();
    for part in parts {
        match serde_json::from_str::<Value>(part) {
            Ok(value) => documents.push(value),
            Err(_) if !is_whole => return,
            Err(error) => panic!("ovs {}: no JSON: {error}\n{part}", arguments.join(" ")),
        }
    }
    if has_hosts {
        documents = without_hosts(documents);
    }
    let mut schemas = SCHEMAS.lock().unwrap_or_else(PoisonError::into_inner);
    let schema = schemas
        .entry(schema.to_string())
        .or_insert_with(|| Schema::of(&schema));
    for value in &documents {
        if let Err(error) = schema.allows(value) {
            let line = arguments.join(" ");
            panic!(
                "ovs {line}: not as {} has it: {error}\n{value:#}",
                document.name
            );
        }
    }
}

/// Any member may be null, which is what is not known of a saved host.
fn allow_null(schema: &mut Value) {
    let keywords = match schema {
        Value::Object(keywords) => keywords,
        Value::Array(schemas) => return schemas.iter_mut().for_each(allow_null),
        _ => return,
    };
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(members)) => {
                for member in members.values_mut() {
                    allow_null(member);
                    *member = serde_json::json!({"anyOf": [{"type": "null"}, member.take()]});
                }
            }
            ("$defs", Value::Object(schemas)) => schemas.values_mut().for_each(allow_null),
            ("items" | "anyOf" | "oneOf" | "allOf", schema) => allow_null(schema),
            _ => {}
        }
    }
}

/// The objects that several hosts printed, without their host, which each must have as its first member.
fn without_hosts(documents: Vec<Value>) -> Vec<Value> {
    let each = |document| match document {
        Value::Array(all) => all,
        one => vec![one],
    };
    let mut all: Vec<Value> = documents.into_iter().flat_map(each).collect();
    for object in &mut all {
        let members = object.as_object_mut().expect("each is an object");
        let first = members.keys().next().map(String::as_str);
        assert_eq!(first, Some("host"), "{members:?}");
        members.shift_remove("host");
    }
    all
}

/// A schema that was read.
pub struct Schema {
    schemas: boon::Schemas,
    index: boon::SchemaIndex,
}

impl Schema {
    /// # Panics
    /// When it is no schema of draft 2020-12.
    pub fn of(schema: &Value) -> Self {
        const PLACE: &str = "urn:ovs:schema";
        let mut schemas = boon::Schemas::new();
        let mut compiler = boon::Compiler::new();
        let added = compiler.add_resource(PLACE, schema.clone());
        added.expect("it can be read");
        match compiler.compile(PLACE, &mut schemas) {
            Ok(index) => Self { schemas, index },
            Err(error) => panic!("{error:#}\n{schema:#}"),
        }
    }

    /// Whether it allows a value, and if not, why.
    pub fn allows(&self, value: &Value) -> Result<(), String> {
        let outcome = self.schemas.validate(value, self.index);
        outcome.map_err(|error| format!("{error:#}"))
    }
}
