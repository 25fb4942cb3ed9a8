//! Directories, tars and zips that came from elsewhere.

use std::io::Write as _;

use ovs::source::saved::archive::{Archive, Limits};

use super::assert_harmless;

/// A pass ends, within the limits; paths stay inside, and links lead to files that are there.
pub fn archive(input: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("a file can be made");
    file.write_all(input).expect("it can be written");
    let limits = Limits {
        unpacked: 1 << 20,
        file: 1 << 18,
        kept: 1 << 19,
        entries: 64,
        names: 1 << 14,
    };
    let mut archive = match Archive::open_within(file.path(), limits) {
        Ok(archive) => archive,
        Err(error) => return assert_harmless(&error.to_string(), false),
    };
    let mut kept = 0;
    let mut paths = Vec::new();
    let read = archive.entries(|path, contents| {
        assert!(
            path.split('/').all(|part| !matches!(part, "" | "." | "..")),
            "{path:?}"
        );
        paths.push(path.to_owned());
        kept += contents.keep()?.len() as u64;
        Ok(())
    });
    if let Err(error) = read {
        assert_harmless(&error.to_string(), false);
    }
    assert!(kept <= limits.kept && paths.len() as u64 <= limits.entries);
    for remark in archive.remarks() {
        assert_harmless(remark, false);
    }
    let index = archive.index();
    for path in paths.iter().map(String::as_str).chain(["etc/loop", "../x"]) {
        if let Some(real) = index.resolve(path) {
            assert!(index.files().any(|file| file == real), "{path:?}");
        }
    }
}
