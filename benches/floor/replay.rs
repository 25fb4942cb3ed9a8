//! The floor under every write: sends a switch the bytes that another program has sent it, encoded beforehand.
//!
//! Usage: `replay record SOCKET LISTEN FILE` stands between a switch and the programs that connect to LISTEN, until one has
//! written something; writes what it sent to FILE. `replay send SOCKET FILE` sends that, and waits for the reply to the last message.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["record", socket, listen, file] => record(socket, listen, file),
        ["send", socket, file] => send(socket, file),
        _ => Err("usage: replay record SOCKET LISTEN FILE, or replay send SOCKET FILE".into()),
    }
}

/// A connection that sends less than this reads names, or which versions there are.
const SHORTEST: usize = 1 << 16;

fn record(socket: &str, listen: &str, file: &str) -> Result<()> {
    let listener = UnixListener::bind(listen)?;
    thread::scope(|scope| {
        for program in listener.incoming() {
            let (mut program, mut switch) = (program?, UnixStream::connect(socket)?);
            scope.spawn(move || {
                let sent = pass(&mut program, &mut switch).unwrap_or_default();
                if sent.len() >= SHORTEST {
                    std::fs::write(file, sent).expect("the file can be written");
                    std::process::exit(0);
                }
            });
        }
        Ok(())
    })
}

/// Passes on what both say; returns what the program said.
fn pass(program: &mut UnixStream, switch: &mut UnixStream) -> std::io::Result<Vec<u8>> {
    let (mut replies, mut back) = (switch.try_clone()?, program.try_clone()?);
    thread::spawn(move || std::io::copy(&mut replies, &mut back));
    let mut sent = Vec::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = program.read(&mut buffer)?;
        if count == 0 {
            switch.shutdown(std::net::Shutdown::Both)?;
            return Ok(sent);
        }
        switch.write_all(&buffer[..count])?;
        sent.extend_from_slice(&buffer[..count]);
    }
}

fn send(socket: &str, file: &str) -> Result<()> {
    let bytes = std::fs::read(file)?;
    let mut last = 0;
    let mut at = 0;
    while at < bytes.len() {
        last = at;
        at += usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])).max(8);
    }
    let xid = bytes[last + 4..last + 8].to_vec();
    let mut switch = UnixStream::connect(socket)?;
    let mut replies = switch.try_clone()?;
    let wait = thread::spawn(move || reply_to(&mut replies, &xid));
    switch.write_all(&bytes)?;
    wait.join()
        .map_err(|_| "the reader failed")?
        .map_err(|error| error.to_string())?;
    Ok(())
}

/// Reads to the reply to a message.
fn reply_to(switch: &mut UnixStream, xid: &[u8]) -> std::io::Result<()> {
    loop {
        let mut header = [0; 8];
        switch.read_exact(&mut header)?;
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let mut body = vec![0; length.saturating_sub(header.len())];
        switch.read_exact(&mut body)?;
        if header[4..] == *xid {
            return match header[1] {
                1 => Err(std::io::Error::other("the switch refused it")),
                _ => Ok(()),
            };
        }
    }
}
