//! Writes a saved host: a tar, packed or not, whose files are written one after another.

use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::SpooledTempFile;

/// How much of a file is kept in memory until its size is known; more goes to a temporary file.
const IN_MEMORY: usize = 1 << 20;

/// What a saved host is packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Nothing: a plain tar.
    Plain,
    /// gzip
    Gzip,
    /// zstd
    Zstd,
}

/// Endings of the names of other packings and archives.
const OTHERS: [&str; 19] = [
    "7z", "ar", "br", "bz2", "cpio", "lz", "lz4", "lzma", "lzo", "rar", "sz", "tbz", "tbz2", "tlz",
    "txz", "tz2", "xz", "z", "zip",
];

impl Packing {
    /// What the name of a file asks for: `.tar` nothing, `.gz` and `.tgz` gzip, any other name zstd.
    ///
    /// # Errors
    ///
    /// The name is that of a file packed otherwise, such as `.zip`, `.tar.xz`: the ending.
    pub fn of(path: &Path) -> Result<Packing, String> {
        let end = path.extension().and_then(|end| end.to_str());
        let end = end.unwrap_or_default().to_ascii_lowercase();
        let is_tar = Path::new(path.file_stem().unwrap_or_default())
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("tar"));
        match end.as_str() {
            "tar" => Ok(Packing::Plain),
            "gz" | "tgz" => Ok(Packing::Gzip),
            "zst" | "tzst" | "" => Ok(Packing::Zstd),
            other if is_tar || OTHERS.contains(&other) => Err(end),
            _ => Ok(Packing::Zstd),
        }
    }
}

/// Writes the files of a saved host.
pub struct SavedHostWriter<W: Write> {
    tar: tar::Builder<Packer<W>>,
    top: String,
    time: u64,
}

enum Packer<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Write> SavedHostWriter<W> {
    /// Begins a tar with all files in the directory `top`, written at `time`, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// The packing cannot be set up.
    pub fn new(out: W, packing: Packing, top: &str, time: u64) -> io::Result<SavedHostWriter<W>> {
        let packer = match packing {
            Packing::Plain => Packer::Plain(out),
            Packing::Gzip => Packer::Gzip(GzEncoder::new(out, Compression::default())),
            Packing::Zstd => {
                let mut encoder = zstd::Encoder::new(out, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                encoder.include_checksum(true)?;
                Packer::Zstd(encoder)
            }
        };
        Ok(SavedHostWriter {
            tar: tar::Builder::new(packer),
            top: top.to_owned(),
            time,
        })
    }

    /// Adds a file with these contents.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn add(&mut self, name: &str, contents: &[u8]) -> io::Result<()> {
        self.append(name, contents.len() as u64, contents)
    }

    /// Adds a file of which the contents were collected.
    ///
    /// # Errors
    ///
    /// It cannot be written, or the temporary file cannot be read.
    pub fn add_spooled(&mut self, name: &str, mut spool: Spool) -> io::Result<()> {
        spool.file.seek(SeekFrom::Start(0))?;
        self.append(name, spool.bytes, &mut spool.file)
    }

    fn append(&mut self, name: &str, size: u64, contents: impl Read) -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.time);
        let path = format!("{}/{name}", self.top);
        self.tar.append_data(&mut header, path, contents)
    }

    /// Ends the tar, and returns what it was written to.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn finish(self) -> io::Result<W> {
        match self.tar.into_inner()? {
            Packer::Plain(out) => Ok(out),
            Packer::Gzip(encoder) => encoder.finish(),
            Packer::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Packer::Plain(out) => out.write(bytes),
            Packer::Gzip(encoder) => encoder.write(bytes),
            Packer::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Packer::Plain(out) => out.flush(),
            Packer::Gzip(encoder) => encoder.flush(),
            Packer::Zstd(encoder) => encoder.flush(),
        }
    }
}

/// Collects the contents of a file until its size is known: a little in memory, more in an unnamed temporary file.
#[derive(Debug)]
pub struct Spool {
    file: SpooledTempFile,
    /// The number of bytes so far.
    pub bytes: u64,
}

impl Default for Spool {
    fn default() -> Spool {
        Spool {
            file: SpooledTempFile::new(IN_MEMORY),
            bytes: 0,
        }
    }
}

impl Spool {
    /// Appends bytes.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be written.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_its_packing() {
        for (path, packing) in [
            ("a.tar", Packing::Plain),
            ("a.tar.gz", Packing::Gzip),
            ("a.tgz", Packing::Gzip),
            ("a.tar.zst", Packing::Zstd),
            ("before", Packing::Zstd),
            ("a.TGZ", Packing::Gzip),
            ("node1.example.org", Packing::Zstd),
        ] {
            assert_eq!(Packing::of(Path::new(path)), Ok(packing), "{path}");
        }
        for path in ["a.zip", "a.tar.xz", "a.tar.foo", "a.TBZ", "a.7z"] {
            assert!(Packing::of(Path::new(path)).is_err(), "{path}");
        }
    }
}
