//! Requests to a master of ssh at its control socket (OpenSSH's PROTOCOL.mux): without a process for each.

use std::fs;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::AsFd as _;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, Interest};
use tokio::net::UnixStream;

/// Why there is no connection to a socket of the host.
#[derive(Debug)]
pub(super) enum ForwardError {
    /// The host does not open it: the socket is absent or closed to the user, no process listens there, or sshd does not
    /// forward. It does not tell which.
    Refused,
    /// There is no master, or no longer.
    NoMaster(io::Error),
    /// The forwarded socket on this host cannot be used.
    Local(io::Error),
}

impl From<io::Error> for ForwardError {
    fn from(error: io::Error) -> Self {
        Self::NoMaster(error)
    }
}

/// Messages (PROTOCOL.mux, section 11).
mod message {
    pub(super) const HELLO: u32 = 0x0000_0001;
    pub(super) const NEW_SESSION: u32 = 0x1000_0002;
    pub(super) const ALIVE_CHECK: u32 = 0x1000_0004;
    pub(super) const OPEN_FORWARD: u32 = 0x1000_0006;
    pub(super) const CLOSE_FORWARD: u32 = 0x1000_0007;
    pub(super) const OK: u32 = 0x8000_0001;
    pub(super) const ALIVE: u32 = 0x8000_0005;
    pub(super) const SESSION_OPENED: u32 = 0x8000_0006;
}

/// The version of the protocol.
const VERSION: u32 = 4;

/// The type of a forwarding from here to the host.
const LOCAL: u32 = 1;

/// The port that makes a host's name the path of a socket: -2.
const PATH: u32 = u32::MAX - 1;

/// The subsystem that is asked for; no host has it.
const NO_SUBSYSTEM: &str = "ovs-none";

/// Maximum length of a message in bytes: that of OpenSSH.
const MAX_LENGTH: u32 = 1 << 18;

/// Connects to a master, to see whether it is there.
///
/// # Errors
///
/// There is none, or this process cannot connect.
pub(super) async fn reach(control: &Path) -> io::Result<()> {
    Control::open(control).await.map(|_| ())
}

/// Connects to the socket `path` of the host of the master that has this control socket. `local` is the path of a temporary
/// socket on this host, removed before this returns.
///
/// A connection to a forwarded socket is accepted here in any case, and closed if the host does not open its end. So the
/// master is asked for a session after it: the host replies in order, and after the second reply the first is known. The
/// session is one of a subsystem that the host does not have, for which it starts no process.
///
/// # Errors
///
/// See [`ForwardError`].
pub(super) async fn connect(
    control: &Path,
    local: &Path,
    path: &str,
) -> Result<UnixStream, ForwardError> {
    let mut control = Control::open(control).await?;
    let name = local.to_str().unwrap_or_default();
    let forward = |request| {
        let fields = Fields::request(request).number(LOCAL);
        fields.text(name).number(PATH).text(path).number(PATH)
    };
    if control.ask(forward(message::OPEN_FORWARD)).await? != message::OK {
        return Err(ForwardError::Refused);
    }
    let stream = UnixStream::connect(local).await;
    // The master has accepted the connection when it replies.
    let is_alive = control.ask(Fields::request(message::ALIVE_CHECK)).await? == message::ALIVE;
    control.ask(forward(message::CLOSE_FORWARD)).await?;
    let _ = fs::remove_file(local);
    if !is_alive {
        return Err(io::Error::from(io::ErrorKind::InvalidData).into());
    }
    control.await_host().await?;
    let stream = stream.map_err(ForwardError::Local)?;
    if is_closed(&stream) {
        return Err(ForwardError::Refused);
    }
    Ok(stream)
}

/// A connection to a master.
struct Control(UnixStream);

impl Control {
    async fn open(control: &Path) -> io::Result<Control> {
        let mut control = Control(UnixStream::connect(control).await?);
        let hello = Fields::default().number(message::HELLO).number(VERSION);
        control.0.write_all(&hello.packet()).await?;
        let (reply, fields) = control.message().await?;
        if reply == message::HELLO && fields.starts_with(&VERSION.to_be_bytes()) {
            Ok(control)
        } else {
            Err(io::ErrorKind::Unsupported.into())
        }
    }

    /// Sends a request; returns the type of the reply.
    async fn ask(&mut self, request: Fields) -> io::Result<u32> {
        self.0.write_all(&request.packet()).await?;
        self.reply().await
    }

    /// Reads a reply; returns its type.
    async fn reply(&mut self) -> io::Result<u32> {
        Ok(self.message().await?.0)
    }

    /// Reads a message: its type, and the rest.
    async fn message(&mut self) -> io::Result<(u32, Vec<u8>)> {
        let length = self.0.read_u32().await?;
        let Some(rest) = length.checked_sub(4).filter(|_| length <= MAX_LENGTH) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let reply = self.0.read_u32().await?;
        let mut rest = vec![0; rest as usize];
        self.0.read_exact(&mut rest).await?;
        Ok((reply, rest))
    }

    /// Waits for a reply of the host.
    async fn await_host(mut self) -> io::Result<()> {
        let request = Fields::request(message::NEW_SESSION)
            .text("")
            // No terminal, no X11, no agent; a subsystem; no escape character.
            .number(0)
            .number(0)
            .number(0)
            .number(1)
            .number(u32::MAX)
            .text("")
            .text(NO_SUBSYSTEM);
        self.0.write_all(&request.packet()).await?;
        let null = fs::File::options()
            .read(true)
            .write(true)
            .open("/dev/null")?;
        // Standard input, output and error of the session, each with one byte.
        for _ in 0..3 {
            let send = || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut descriptors = SendAncillaryBuffer::new(&mut space);
                let null = [null.as_fd()];
                descriptors.push(SendAncillaryMessage::ScmRights(&null));
                let byte = [IoSlice::new(&[0])];
                sendmsg(&self.0, &byte, &mut descriptors, SendFlags::empty())?;
                Ok(())
            };
            self.0.async_io(Interest::WRITABLE, send).await?;
        }
        // The master closes a refused forwarding before it sends the next reply.
        if self.reply().await? == message::SESSION_OPENED {
            // It ends at once, and this connection with it.
            let mut rest = (&mut self.0).take(u64::from(MAX_LENGTH));
            tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
        } else {
            // The host allows no session (MaxSessions in sshd_config). The master replies once more, or ends this connection.
            let _ = self.ask(Fields::request(message::ALIVE_CHECK)).await;
        }
        Ok(())
    }
}

/// The fields of a message to send (RFC 4251, section 5).
#[derive(Default)]
struct Fields(Vec<u8>);

impl Fields {
    /// The start of a request. Its request id is always 0: requests are sent one at a time.
    fn request(kind: u32) -> Fields {
        Fields::default().number(kind).number(0)
    }

    fn number(mut self, number: u32) -> Fields {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn text(mut self, text: &str) -> Fields {
        // What is written is a path or a word: no longer than a command line can be.
        self = self.number(text.len() as u32);
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// The message with its length before it.
    fn packet(self) -> Vec<u8> {
        let mut packet = Fields::default().number(self.0.len() as u32).0;
        packet.extend(self.0);
        packet
    }
}

/// Whether the other side has closed the connection. What it sent before is not read.
fn is_closed(stream: &UnixStream) -> bool {
    let mut fds = [PollFd::new(stream, PollFlags::IN | PollFlags::RDHUP)];
    let polled = poll(&mut fds, Some(&Timespec::default()));
    let [fd] = fds;
    let closed = PollFlags::RDHUP | PollFlags::HUP | PollFlags::ERR;
    polled.is_err() || fd.revents().intersects(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_stream_is_seen_and_not_read() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        assert!(!is_closed(&ours));
        theirs.write_all(b"x").await.unwrap();
        assert!(!is_closed(&ours));
        drop(theirs);
        assert!(is_closed(&ours));
        let mut byte = [0];
        ours.readable().await.unwrap();
        assert_eq!(ours.try_read(&mut byte).unwrap(), 1);
    }

    /// Lengths that a master does not send end the connection, and reserve no memory.
    #[tokio::test]
    async fn malformed_replies() {
        for bytes in [&[0_u8, 0, 0, 3, 0][..], &[0xff; 8], b"SSH-2.0"] {
            let (ours, mut theirs) = UnixStream::pair().unwrap();
            theirs.write_all(bytes).await.unwrap();
            drop(theirs.into_std());
            let mut control = Control(ours);
            let asked = control.ask(Fields::request(message::ALIVE_CHECK));
            asked.await.unwrap_err();
        }
    }
}
