//! The options that `flow add`, `mod` and `del` share.

use std::path::PathBuf;

use crate::commands::argument::{Takes as _, Value};

// `--file`, `--no-atomic` and `--explain`.
#[derive(Debug, clap::Args)]
pub(super) struct WriteOptions {
    /// The flows of a file, one a line, with comments; or JSON as dump-flows prints it; -: stdin
    #[arg(long, takes = Value::FILE)]
    pub(super) file: Option<PathBuf>,

    /// Write the flows one by one, not all or none: what the switch refuses is left out
    #[arg(long)]
    pub(super) no_atomic: bool,

    /// Read the flows of the switch first, and print what becomes of each flow
    #[arg(long)]
    pub(super) explain: bool,
}

impl WriteOptions {
    /// Whether all are left out, as a line of a batch must.
    ///
    /// # Errors
    ///
    /// One is not.
    pub(super) fn none(&self) -> Result<(), &'static str> {
        match self {
            WriteOptions { file: Some(_), .. } => Err("--file cannot be in a batch"),
            WriteOptions {
                no_atomic: true, ..
            } => Err("--no-atomic cannot be in a batch"),
            WriteOptions { explain: true, .. } => Err("--explain cannot be in a batch"),
            _ => Ok(()),
        }
    }
}
