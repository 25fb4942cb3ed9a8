//! Programs on the host that connect their standard input and output to a socket.
//!
//! A shell on the host becomes the program: its script comes by standard input, so that no shell before it reads the words
//! of the program. Login shells and sudo may print on standard output before: the script prints a mark first, and bytes
//! count from there.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::watch;

use super::child::{self, Child, Stderr};
use super::shell::{new_mark, posix_word};

/// A program that connects its standard input and output to a Unix domain socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relay {
    /// socat(1)
    Socat,
    /// Python with [`PYTHON`].
    Python,
    /// Perl with [`PERL`].
    Perl,
    /// nc(1), of those that know `-U`.
    Netcat,
}

/// What is looked for, for messages.
pub(super) const LOOKED_FOR: &str = "socat, python3, perl, nc -U";

/// Prints the name of the first of them that runs.
pub(super) const PROBE: &str = "if socat -V >/dev/null; then echo socat; \
     elif python3 -c ''; then echo python3; elif perl -e ''; then echo perl; \
     elif nc -h 2>&1 | grep -q -e -U; then echo nc; fi";

/// What ours say on standard error once they are connected.
const CONNECTED: &str = "ovs relay: connected";

/// What socat says.
const SOCAT_CONNECTED: &str = "starting data transfer loop";

/// Maximum length in bytes of what is printed before the mark.
const MAX_BEFORE_MARK: usize = 1 << 20;

/// How long nc, which says nothing, may take to end where it cannot connect.
const SETTLED: Duration = Duration::from_millis(100);

/// Copies in two threads: with one, both sides could wait for each other to read.
const PYTHON: &str = r#"exec("import os,socket,sys,threading\ns=socket.socket(socket.AF_UNIX)\ntry: s.connect(sys.argv[1])\nexcept OSError as e: sys.exit(e.strerror)\nsys.stderr.write(\"ovs relay: connected\\n\")\nsys.stderr.flush()\ndef put(b):\n while b: b=b[os.write(1,b):]\ndef copy(get,put):\n try:\n  while 1:\n   b=get(65536)\n   if len(b)==0: break\n   put(b)\n except OSError: pass\n os._exit(0)\nthreading.Thread(target=copy,args=(lambda n: os.read(0,n),s.sendall)).start()\ncopy(s.recv,put)")"#;

/// Copies in two processes.
const PERL: &str = r#"use Socket; socket(S,AF_UNIX,SOCK_STREAM,0) && connect(S,sockaddr_un($ARGV[0])) or die "$!\n"; print STDERR "ovs relay: connected\n"; $p=fork; defined $p or die "$!\n"; sub c {my($i,$o)=@_; while(sysread($i,$b,65536)) {for($w=0;$w<length $b;$w+=$n) {$n=syswrite($o,$b,length($b)-$w,$w) or return}}} if($p) {c(*S,*STDOUT); kill 9,$p} else {c(*STDIN,*S); kill 9,getppid}"#;

/// Why a relay is not connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RelayError {
    /// The socket does not exist.
    NotFound,
    /// No process listens there.
    Refused,
    /// The user may not connect to it.
    PermissionDenied(String),
    /// Another reason, in the words of the program.
    Other(String),
}

impl Relay {
    /// Reads the output of [`PROBE`].
    pub(super) fn parse(name: &str) -> Option<Relay> {
        match name.trim() {
            "socat" => Some(Relay::Socat),
            "python3" => Some(Relay::Python),
            "perl" => Some(Relay::Perl),
            "nc" => Some(Relay::Netcat),
            _ => None,
        }
    }

    /// Has the shell `child`, whose standard input and output is `stream`, become the program, connected to a socket of the
    /// host. What is read from `stream` then is from the socket.
    ///
    /// # Errors
    ///
    /// The shell or the program ended before.
    pub(super) async fn connect(
        self,
        child: &Child,
        stream: &mut UnixStream,
        socket: &str,
    ) -> Result<(), RelayError> {
        let mut stderr = child.stderr();
        let (words, mark) = (self.words(socket), new_mark());
        let words: Vec<String> = words.iter().map(|word| posix_word(word)).collect();
        let begun = async {
            // The mark is a line of its own, which this line is not where it is printed as it is read.
            let script = format!("echo; echo {mark}; exec {}\n", words.join(" "));
            stream.write_all(script.as_bytes()).await?;
            skip_to(stream, &mark).await
        };
        match begun.await {
            Ok(()) => self.connected(stderr).await,
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Err(RelayError::Other(error.to_string()))
            }
            Err(_) => Err(RelayError::of(&child::last(&mut stderr).await)),
        }
    }

    /// The words of its command line for a socket.
    fn words(self, socket: &str) -> Vec<String> {
        let words: Vec<String> = match self {
            Relay::Socat => {
                // Two -d: it then says when it is connected.
                let address = format!("UNIX-CONNECT:{}", socat_word(socket));
                ["socat", "-d", "-d", "-", &address]
                    .map(str::to_owned)
                    .into()
            }
            Relay::Python => ["python3", "-c", PYTHON, socket].map(str::to_owned).into(),
            Relay::Perl => ["perl", "-e", PERL, socket].map(str::to_owned).into(),
            Relay::Netcat => ["nc", "-U", socket].map(str::to_owned).into(),
        };
        // Its errors are read.
        let environment = ["env", "LC_ALL=C"].map(str::to_owned);
        environment.into_iter().chain(words).collect()
    }

    /// Waits until it is connected.
    ///
    /// # Errors
    ///
    /// It ended before.
    async fn connected(self, mut stderr: watch::Receiver<Stderr>) -> Result<(), RelayError> {
        let is_decided = |stderr: &Stderr| {
            stderr.has_ended || stderr.has(CONNECTED) || stderr.has(SOCAT_CONNECTED)
        };
        let decided = stderr.wait_for(is_decided);
        let said = match self {
            Relay::Netcat => match tokio::time::timeout(SETTLED, decided).await {
                Ok(decided) => decided,
                Err(_) => return Ok(()),
            },
            _ => decided.await,
        };
        let Ok(said) = said else {
            return Err(RelayError::Other(SILENT.to_owned()));
        };
        if said.has(CONNECTED) || said.has(SOCAT_CONNECTED) {
            return Ok(());
        }
        Err(RelayError::of(&said))
    }
}

/// Reads to the end of the line `mark`, and no byte more.
async fn skip_to(stream: &mut UnixStream, mark: &str) -> io::Result<()> {
    let mut line = Vec::new();
    for _ in 0..MAX_BEFORE_MARK {
        // Byte by byte: the next one may be the first from the socket.
        match stream.read_u8().await? {
            b'\n' if line.trim_ascii_end() == mark.as_bytes() => return Ok(()),
            b'\n' => line.clear(),
            byte => line.push(byte),
        }
    }
    let reason = "the login shell there prints too much before it runs a command";
    Err(io::Error::new(io::ErrorKind::FileTooLarge, reason))
}

impl RelayError {
    fn of(said: &Stderr) -> RelayError {
        if said.has("Connection refused") {
            RelayError::Refused
        } else if said.has("Permission denied") {
            RelayError::PermissionDenied(said.reason().to_owned())
        } else if said.has("sudo: ") {
            RelayError::PermissionDenied(format!("permission denied ({})", said.reason()))
        } else if said.is_about_socket("No such file or directory") {
            RelayError::NotFound
        } else {
            let reason = Some(said.reason()).filter(|reason| !reason.is_empty());
            RelayError::Other(reason.unwrap_or(SILENT).to_owned())
        }
    }
}

/// The reason of a relay that has ended and said nothing.
const SILENT: &str = "the program that connects to it there ended without an error message";

/// A path as a word of an address of socat, in which these characters separate or quote.
fn socat_word(path: &str) -> String {
    let mut word = String::new();
    for c in path.chars() {
        if "\\,:!'\"([{}])".contains(c) {
            word.push('\\');
        }
        word.push(c);
    }
    word
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::super::child::Child;
    use super::*;

    /// A server that sends back what it receives, in capitals.
    fn serve(path: &Path) {
        let listener = UnixListener::bind(path).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                std::thread::spawn(move || {
                    let mut buffer = [0; 4096];
                    while let Ok(length @ 1..) = stream.read(&mut buffer) {
                        buffer[..length].make_ascii_uppercase();
                        stream.write_all(&buffer[..length]).unwrap();
                    }
                });
            }
        });
    }

    fn is_here(relay: Relay) -> bool {
        let words = relay.words("");
        let probe = match relay {
            Relay::Netcat => "nc -h 2>&1 | grep -q -e -U".to_owned(),
            Relay::Socat | Relay::Python | Relay::Perl => format!("command -v {}", words[2]),
        };
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", &probe]).output();
        output.unwrap().status.success()
    }

    /// A megabyte in both directions at once, over a path with characters that socat and shells quote.
    #[tokio::test]
    async fn relays_copy_both_ways_and_say_why_not() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("it's a, b:{c}.sock");
        serve(&socket);
        let gone = dir.path().join("gone");
        drop(UnixListener::bind(&gone).unwrap());
        let mut count = 0;
        for relay in [Relay::Socat, Relay::Python, Relay::Perl, Relay::Netcat] {
            if !is_here(relay) {
                continue;
            }
            count += 1;
            let connect = async |path: &Path| {
                let shell = "seq 20000; printf WELCOME; exec sh";
                let words = ["sh", "-c", shell].map(str::to_owned);
                let (child, mut stream) = Child::start(&words).unwrap();
                let path = path.to_str().unwrap();
                let connected = relay.connect(&child, &mut stream, path).await;
                connected.map(|()| (child, stream))
            };
            let (child, stream) = connect(&socket).await.unwrap();
            let (mut reader, mut writer) = stream.into_split();
            let write = tokio::spawn(async move {
                writer.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
                writer
            });
            let mut read = vec![0; 1 << 20];
            reader.read_exact(&mut read).await.unwrap();
            assert!(read.iter().all(|byte| *byte == b'X'), "{relay:?}");
            drop((write.await.unwrap(), reader, child));

            let refused = connect(&gone).await.unwrap_err();
            assert_eq!(refused, RelayError::Refused, "{relay:?}");
            let none = connect(&dir.path().join("none")).await.unwrap_err();
            assert_eq!(none, RelayError::NotFound, "{relay:?}");
        }
        assert!(count > 0, "one of them is here");
    }

    /// A line that begins or ends with it is not the mark, and what follows the mark stays.
    #[tokio::test]
    async fn what_precedes_the_mark_is_skipped() {
        let mark = new_mark();
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let text = format!("WELCOME\n\nx{mark}\necho {mark}; y\n{mark}\r\n\n{mark}\nz");
        theirs.write_all(text.as_bytes()).await.unwrap();
        skip_to(&mut ours, &mark).await.unwrap();
        drop(theirs);
        let mut rest = String::new();
        ours.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, format!("\n{mark}\nz"));
        let ended = skip_to(&mut ours, &mark).await.unwrap_err();
        assert_eq!(ended.kind(), io::ErrorKind::UnexpectedEof);

        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        let noise = tokio::spawn(async move { while theirs.write_all(b"x").await.is_ok() {} });
        let endless = skip_to(&mut ours, &mark).await.unwrap_err();
        assert_eq!(endless.kind(), io::ErrorKind::FileTooLarge);
        drop(ours);
        noise.await.unwrap();
    }
}
