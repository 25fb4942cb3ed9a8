//! A peer that stands for a switch: what the real `ovs-ofctl` sends to it.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// Answers the real `ovs-ofctl` as far as its handshake goes, and keeps the other messages.
pub struct OfctlPeer {
    target: String,
    messages: Receiver<Vec<u8>>,
    _dir: tempfile::TempDir,
}

impl OfctlPeer {
    pub fn new() -> OfctlPeer {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("switch");
        let listener = UnixListener::bind(&socket).unwrap();
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let _ = listen(&mut stream.unwrap(), &sender);
            }
        });
        OfctlPeer {
            target: format!("unix:{}", socket.display()),
            messages,
            _dir: dir,
        }
    }

    /// The message that `ovs-ofctl -O VERSION COMMAND... SWITCH TEXT` sends, with the transaction id `xid`; its complaint
    /// if it sends none.
    pub fn sent(
        &self,
        version: &str,
        command: &[&str],
        text: &str,
        xid: u32,
    ) -> Result<Vec<u8>, String> {
        let mut line = Command::new("ovs-ofctl");
        line.args(["-O", version, "--no-names"]).args(command);
        let output = line.args([&self.target, text]).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let wait = Duration::from_secs(10);
        let mut message = self.messages.recv_timeout(wait).unwrap();
        message[4..8].copy_from_slice(&xid.to_be_bytes());
        Ok(message)
    }
}

fn listen(stream: &mut UnixStream, messages: &Sender<Vec<u8>>) -> std::io::Result<()> {
    loop {
        let mut message = vec![0; 8];
        stream.read_exact(&mut message)?;
        let length = u16::from_be_bytes([message[2], message[3]]);
        message.resize(length.into(), 0);
        stream.read_exact(&mut message[8..])?;
        let is_v10 = message[0] == 1;
        match message[1] {
            0 => stream.write_all(&[message[0], 0, 0, 8, 0, 0, 0, 0])?,
            2 => {
                message[1] = 3;
                stream.write_all(&message)?;
            }
            18 if is_v10 => stream.write_all(&reply(&message, 19))?,
            20 if !is_v10 => stream.write_all(&reply(&message, 21))?,
            // NXT_SET_FLOW_FORMAT
            4 if message[8..16] == [0, 0, 0x23, 0x20, 0, 0, 0, 12] => {}
            _ => messages.send(message).unwrap(),
        }
    }
}

fn reply(request: &[u8], kind: u8) -> Vec<u8> {
    [&[request[0], kind, 0, 8], &request[4..8]].concat()
}
