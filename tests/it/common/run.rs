//! The binary under test. Every JSON document that it prints is held against its schema, so that no test
//! can forget it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use assert_cmd::assert::Assert;
use ovs::cli::schema;
use serde_json::Value;

/// `ovs ARGUMENTS`, to be run; as [`assert_cmd::Command`] is, of which it is made.
#[derive(Debug)]
pub struct Ovs {
    command: assert_cmd::Command,
    arguments: Vec<OsString>,
}

impl Ovs {
    /// In an environment in which nothing changes what it prints.
    pub fn new(arguments: &[&str]) -> Self {
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

    /// Runs it, to say what is expected.
    pub fn assert(&mut self) -> Assert {
        let output = self.output().expect("ovs runs");
        let line: Vec<_> = self.arguments.iter().map(|a| a.to_string_lossy()).collect();
        Assert::new(output).append_context("command", format!("ovs {}", line.join(" ")))
    }
}

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
    let parts: Vec<&str> = if as_lines {
        text.lines().collect()
    } else {
        vec![text]
    };
    let schema = match document.line() {
        Some(line) if as_lines => line,
        _ => document.schema().clone(),
    };
    let mut documents = Vec::new();
    for part in parts {
        match serde_json::from_str::<Value>(part) {
            Ok(value) => documents.push(value),
            Err(_) if !is_whole => return,
            Err(error) => panic!("ovs {}: no JSON: {error}\n{part}", arguments.join(" ")),
        }
    }
    let schema = Schema::of(&schema);
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
