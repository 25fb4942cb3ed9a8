//! What files are packed with, known by their first bytes.

use std::io::{self, BufRead as _, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::{Action, Status, XzStream};

/// Maximum memory for the dictionary of xz, in KiB: `xz -9` uses 64 MiB.
const XZ_MEMORY: u32 = 256 << 10;
/// Maximum window of zstd, as a power of two: what `zstd -d` accepts.
const ZSTD_WINDOW: u32 = 27;

/// What a file is packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

impl Packing {
    /// Tells it from the first bytes of a file.
    pub(super) fn of(first: &[u8]) -> Packing {
        match first {
            [0x1f, 0x8b, ..] => Packing::Gzip,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Packing::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Packing::Xz,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
            _ => Packing::None,
        }
    }

    /// What the names of files packed with it end with.
    pub(super) fn suffixes(self) -> &'static [&'static str] {
        match self {
            Packing::None => &[],
            Packing::Gzip => &[".gz"],
            Packing::Bzip2 => &[".bz2"],
            Packing::Xz => &[".xz"],
            Packing::Zstd => &[".zst", ".zstd"],
        }
    }

    /// Unpacks what `packed` reads.
    pub(super) fn unpack<'r>(self, packed: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
        Ok(match self {
            Packing::None => Box::new(packed),
            Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
            Packing::Bzip2 => Box::new(MultiBzDecoder::new(packed)),
            Packing::Xz => Box::new(XzUnpacker {
                packed: BufReader::new(packed),
                stream: XzStream::new_mem_limit(true, XZ_MEMORY),
            }),
            Packing::Zstd => {
                let mut decoder = zstd::Decoder::new(packed)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
        })
    }
}

/// Unpacks xz. The reader of the crate returns nothing of a chunk, up to 2 MiB, that is not whole.
struct XzUnpacker<R> {
    packed: BufReader<R>,
    stream: XzStream,
}

impl<R: Read> Read for XzUnpacker<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let input = self.packed.fill_buf()?;
            let is_end = input.is_empty();
            let mut done = self.stream.process(input, buffer, Action::Run)?;
            self.packed.consume(done.bytes_consumed);
            if is_end && done.bytes_produced == 0 {
                // This is an error if the end is missing, whatever there is to return.
                done = self.stream.process(&[], buffer, Action::Finish)?;
            }
            if done.bytes_produced > 0 || done.status == Status::StreamEnd {
                return Ok(done.bytes_produced);
            }
            if done.bytes_consumed == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
}

/// Whether a zip begins with these bytes; `PK\5\6` is one without files.
pub(super) fn is_zip(first: &[u8]) -> bool {
    first.starts_with(b"PK\x03\x04") || first.starts_with(b"PK\x05\x06")
}
