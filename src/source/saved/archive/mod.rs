//! Reads the files of a directory, a tar or a zip one after another. The input is not trusted; nothing is written to disk.
//!
//! | file | contents |
//! |---|---|
//! | [`opened`] | an archive: what it is, passes over its files, one file by path |
//! | [`error`] | why an archive cannot be read, and where in it |
//! | [`budget`] | the limits, and the contents of a file under them |
//! | [`index`] | paths and links, followed inside the archive only |
//! | `packing` | gzip, bzip2, xz and zstd, by their first bytes |
//! | `tar` | the files of a tar |
//! | `zip` | the files of a zip |
//! | `visitor` | what takes the files and links |
//! | `directory` | the files below a directory |

pub mod budget;
mod directory;
pub mod error;
pub mod index;
pub mod opened;
mod packing;
mod tar;
mod visitor;
mod zip;

pub use budget::{Contents, Limits};
pub use error::{ArchiveError, ArchiveErrorKind};
pub use opened::{Archive, Form};
