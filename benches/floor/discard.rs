//! The floor under every dump: asks a switch for all its flows and throws the reply away unread.
//!
//! Usage: `discard SOCKET`. Prints how many bytes came. Speaks OpenFlow 1.5 as `ovs dump-flows` does by
//! default, with blocking reads into one buffer; the headers are read only to find the last part.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

const HELLO: [u8; 16] = [6, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0x40];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: discard SOCKET")?;
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(&HELLO)?;
    stream.write_all(&request())?;
    println!("{} bytes", discard(&mut stream)?);
    Ok(())
}

/// A request for the flows of all tables, with the transaction id 2.
fn request() -> Vec<u8> {
    let mut request = vec![6, 18, 0, 56, 0, 0, 0, 2];
    request.extend([0, 1, 0, 0, 0, 0, 0, 0]);
    request.extend([0xff, 0, 0, 0]);
    request.extend([0xff; 8]);
    request.extend([0; 20]);
    request.extend([0, 1, 0, 4, 0, 0, 0, 0]);
    request
}

/// Reads to the end of the last part of the reply.
fn discard(stream: &mut UnixStream) -> Result<usize, Box<dyn std::error::Error>> {
    let mut buffer = vec![0; 131_072];
    let mut filled = 0;
    let mut total = 0;
    loop {
        let count = stream.read(&mut buffer[filled..])?;
        if count == 0 {
            return Err("the switch hung up".into());
        }
        filled += count;
        total += count;
        let mut at = 0;
        while filled - at >= 12 {
            let length = usize::from(u16::from_be_bytes([buffer[at + 2], buffer[at + 3]]));
            if length < 8 || filled - at < length {
                break;
            }
            let (kind, xid, more) = (buffer[at + 1], buffer[at + 7], buffer[at + 11] & 1);
            if kind == 1 {
                return Err("the switch refused the request".into());
            }
            if kind == 19 && xid == 2 && more == 0 {
                return Ok(total);
            }
            at += length;
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
    }
}
