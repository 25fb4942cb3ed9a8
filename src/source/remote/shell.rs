//! A POSIX shell on the host, to which scripts are sent one after another.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, watch};

use super::child::{self, Child, MAX_LINE, Stderr};
use crate::transport::Patience;

/// Maximum length of the output of a script, in bytes.
const MAX_OUTPUT: u64 = 64 << 20;

/// Text as one word of a POSIX shell. (fish and csh read it alike, unless it contains line feeds or `!`.)
pub(super) fn posix_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A line that marks a place in an output: no other output has it.
pub(super) fn new_mark() -> String {
    let number = RandomState::new().build_hasher().finish();
    format!("ovs-{number:016x}")
}

/// A shell on the host: the program `sh`, reading its standard input.
#[derive(Debug)]
pub(super) struct Shell {
    stream: Mutex<Conversation>,
    child: Child,
    patience: Patience,
}

#[derive(Debug)]
struct Conversation {
    stream: BufReader<UnixStream>,
    /// Marks the beginning and the end of an output, which may contain anything else.
    mark: String,
    /// The number of scripts sent.
    count: u64,
    /// The last line that was no output of a script, unless it is empty.
    aside: String,
}

/// Why there is no shell.
#[derive(Debug)]
pub(super) enum StartError {
    /// The program cannot be run.
    CannotRun(io::Error),
    /// No reply within the limit.
    TimedOut,
    /// It ended before it replied.
    Ended(ShellEnd),
}

/// The end of a shell before its first reply.
#[derive(Debug)]
pub(super) struct ShellEnd {
    pub(super) stderr: Stderr,
    /// The last line on standard output.
    last_line: String,
    /// `None`: by a signal, or not known.
    pub(super) code: Option<i32>,
}

impl ShellEnd {
    /// What it said last, on standard error or else on standard output; empty if nothing.
    pub(super) fn reason(&self) -> &str {
        match self.stderr.reason() {
            "" => self.last_line.strip_suffix('.').unwrap_or(&self.last_line),
            reason => reason,
        }
    }
}

/// The output of a script.
#[derive(Debug)]
pub(super) struct Output {
    /// What it printed.
    pub(super) text: String,
    /// Its exit code.
    pub(super) code: i32,
}

impl Shell {
    /// Starts it with these words, and waits for its first reply. Each wait, now and later, is limited by `patience`.
    ///
    /// # Errors
    ///
    /// See [`StartError`].
    pub(super) async fn start(words: &[String], patience: Patience) -> Result<Shell, StartError> {
        let (child, stream) = Child::start(words).map_err(StartError::CannotRun)?;
        let mut shell = Shell {
            stream: Mutex::new(Conversation {
                stream: BufReader::new(stream),
                mark: new_mark(),
                count: 0,
                aside: String::new(),
            }),
            child,
            patience,
        };
        match shell.run(":").await {
            Ok(_) => Ok(shell),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Err(StartError::TimedOut),
            Err(_) => Err(StartError::Ended(ShellEnd {
                stderr: child::last(&mut shell.stderr()).await,
                last_line: std::mem::take(&mut shell.stream.get_mut().aside),
                code: shell.child.exit_code().await,
            })),
        }
    }

    /// Runs a script; its standard error is left out.
    ///
    /// # Errors
    ///
    /// The shell has ended, does not reply in time, or the output is too long.
    pub(super) async fn run(&self, script: &str) -> io::Result<Output> {
        let mut conversation = self.stream.lock().await;
        let Conversation {
            stream,
            mark,
            count,
            aside,
        } = &mut *conversation;
        *count += 1;
        // Output of an earlier script that was not waited for has another number.
        let (begin, end) = (format!("{mark}-{count}"), format!("{mark}-{count}-end"));
        // What the start of a shell prints may end without a line feed.
        let text = format!(
            "echo; echo {begin}; {{ {script}\n}} </dev/null 2>/dev/null; code=$?; echo; echo {end} $code\n"
        );
        let timed_out = |error| io::Error::new(io::ErrorKind::TimedOut, error);
        let sent = self.patience.wait(stream.write_all(text.as_bytes())).await;
        // If it has ended, what it printed before is read, and then the end.
        let _ = sent.map_err(timed_out)?;
        let mut output: Option<Vec<u8>> = None;
        let mut line = Vec::new();
        let mut length = 0;
        loop {
            line.clear();
            let mut bounded = (&mut *stream).take(MAX_OUTPUT);
            let read = self.patience.wait(bounded.read_until(b'\n', &mut line));
            length += match read.await.map_err(timed_out)?? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => read as u64,
            };
            if length > MAX_OUTPUT {
                return Err(io::Error::other("the output is too long"));
            }
            let words = line.trim_ascii();
            match &mut output {
                // What the start of a shell prints.
                None if words == begin.as_bytes() => output = Some(Vec::new()),
                None if words.is_empty() => {}
                None => {
                    let words = words.get(..MAX_LINE).unwrap_or(words);
                    *aside = String::from_utf8_lossy(words).into_owned();
                }
                Some(output) => {
                    let code = words.strip_prefix(end.as_bytes());
                    let Some(code) = code else {
                        output.extend_from_slice(&line);
                        continue;
                    };
                    let code = str::from_utf8(code).unwrap_or_default().trim();
                    // The line feed before the mark.
                    output.pop();
                    return Ok(Output {
                        text: String::from_utf8_lossy(output).into_owned(),
                        code: code.parse().unwrap_or(-1),
                    });
                }
            }
        }
    }

    /// Its standard error.
    pub(super) fn stderr(&self) -> watch::Receiver<Stderr> {
        self.child.stderr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the shells of this machine make of it.
    #[test]
    fn words_are_read_back() {
        for text in ["", "a b", "it's", "$(x)`y`\\n\"", "-n;*?[a]~", "é\t"] {
            let command = format!("printf %s {}", posix_word(text));
            let output = std::process::Command::new("sh")
                .args(["-c", &command])
                .output()
                .unwrap();
            assert_eq!(String::from_utf8(output.stdout).unwrap(), text, "{command}");
        }
    }

    #[tokio::test]
    async fn scripts_one_after_another() {
        let patience = Patience::new(Some(std::time::Duration::from_secs(30)));
        let shell = Shell::start(&["sh".to_owned()], patience).await.unwrap();
        for (script, text, code) in [
            ("printf 'a\\n\\nb'", "a\n\nb", 0),
            ("echo x; false", "x\n", 1),
            ("cat", "", 0),
            ("echo wrong >&2; (exit 7)", "", 7),
        ] {
            let output = shell.run(script).await.unwrap();
            assert_eq!((output.text.as_str(), output.code), (text, code));
        }
        // One that was not waited for.
        let slow = shell.run("sleep 0.2; echo late");
        let few = std::time::Duration::from_millis(20);
        tokio::time::timeout(few, slow).await.unwrap_err();
        assert_eq!(shell.run("echo now").await.unwrap().text, "now\n");
        shell.run("exit 3").await.unwrap_err();
    }
}
