//! Archives that the usual tools made (`fixtures/golden/make_archives`), and hostile ones: what is read of them is
//! what is in them, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Cursor, Read, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use ovs::source::saved::archive::error::Excess;
use ovs::source::saved::archive::{Archive, ArchiveErrorKind, Form, Limits};
use tempfile::TempDir;

const TOP: &str = "sosreport-node";
const PACKED: [&str; 8] = [
    "gnu.tar",
    "pax.tar",
    "gnu.tar.gz",
    "gnu.tar.bz2",
    "gnu.tar.xz",
    "gnu.tar.zst",
    "python.tar.gz",
    "report.zip",
];

fn golden(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("fixtures/golden/archives").join(name)
}

/// All files of an archive.
fn files(
    archive: &mut Archive,
) -> Result<BTreeMap<String, Vec<u8>>, ovs::source::saved::ArchiveError> {
    let mut files = BTreeMap::new();
    archive.entries(|path, contents| {
        files.insert(path.to_owned(), contents.keep()?);
        Ok(())
    })?;
    Ok(files)
}

/// An archive with these bytes, named so that the name says nothing.
struct Made {
    _directory: TempDir,
    path: PathBuf,
}

impl Made {
    fn of(bytes: &[u8]) -> Made {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("some file");
        fs::write(&path, bytes).unwrap();
        Made {
            _directory: directory,
            path,
        }
    }

    fn open(&self) -> Archive {
        Archive::open(&self.path).unwrap()
    }

    fn fails(&self, limits: Limits) -> String {
        let read =
            Archive::open_within(&self.path, limits).and_then(|mut archive| files(&mut archive));
        read.unwrap_err().to_string()
    }
}

fn numbers() -> Vec<u8> {
    let numbers: Vec<String> = (1..=400).map(|number| format!("{number}\n")).collect();
    numbers.concat().into_bytes()
}

#[test]
fn each_packing_is_known_by_its_first_bytes() {
    for name in PACKED {
        let bytes = fs::read(golden(name)).unwrap();
        let made = Made::of(&bytes);
        let mut archive = made.open();
        let form = if name == "report.zip" {
            Form::Zip
        } else {
            Form::Tar
        };
        assert_eq!(archive.form(), form, "{name}");
        let files = files(&mut archive).unwrap();
        let directory = format!("{TOP}/sos_commands/openvswitch");
        assert_eq!(files[&format!("{directory}/numbers")], numbers(), "{name}");
        assert_eq!(
            files[&format!("{directory}/{}", "x".repeat(120))],
            b"long\n",
            "{name}"
        );
        assert_eq!(archive.index().top(), Some(TOP), "{name}");
        assert_eq!(archive.remarks(), [""; 0], "{name}");
        let conf = format!("{TOP}/var/lib/openvswitch/conf.db");
        let index = archive.index();
        let resolved = |path: &str| index.resolve(&format!("{TOP}/{path}"));
        assert_eq!(resolved("etc/openvswitch/conf.db"), Some(&*conf), "{name}");
        assert_eq!(resolved("etc/absolute/conf.db"), Some(&*conf), "{name}");
        assert_eq!(resolved("etc/outside"), None, "{name}");
        assert_eq!(resolved("etc/loop"), None, "{name}");
        assert_eq!(resolved("fifo"), None, "{name}");
        let same = archive.read(&format!("{directory}/same")).unwrap();
        assert_eq!(same, Some(numbers()), "{name}");
        assert_eq!(
            archive.read(&format!("{TOP}/none")).unwrap(),
            None,
            "{name}"
        );
    }
}

#[test]
fn one_packed_file_is_an_archive_of_one_file() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&numbers()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("flows.txt.gz");
    fs::write(&path, packed.finish().unwrap()).unwrap();
    let mut archive = Archive::open(&path).unwrap();
    assert_eq!(archive.form(), Form::File);
    assert_eq!(archive.read("flows.txt").unwrap(), Some(numbers()));
    let plain = Made::of(b"OVSDB JSON 5 ");
    let read = files(&mut plain.open()).unwrap();
    assert_eq!(read["some file"], b"OVSDB JSON 5 ");
    assert_eq!(files(&mut Made::of(b"").open()).unwrap()["some file"], b"");
}

#[test]
fn a_cut_archive_is_read_up_to_the_cut() {
    let whole = files(&mut Archive::open(&golden("gnu.tar")).unwrap()).unwrap();
    for name in PACKED {
        let bytes = fs::read(golden(name)).unwrap();
        let (mut first_used, mut last_refused) = (None, 0);
        for cut in (0..bytes.len()).step_by(bytes.len() / 97 + 1) {
            let made = Made::of(&bytes[..cut]);
            let opened = Archive::open(&made.path);
            let Ok(mut archive) = opened else {
                last_refused = cut;
                continue;
            };
            if archive.form() == Form::File {
                // Too little to know it.
                assert!(cut < 512, "{name} {cut}");
                continue;
            }
            match files(&mut archive) {
                Ok(read) => {
                    first_used.get_or_insert(cut);
                    let remarks = archive.remarks().concat();
                    let is_whole = read.len() == whole.len();
                    assert!(
                        is_whole || remarks.contains("it ends early"),
                        "{name} {cut} {remarks}"
                    );
                    for (path, contents) in read {
                        assert_eq!(whole[&path], contents, "{name} {cut} {path}");
                    }
                }
                Err(error) => {
                    last_refused = cut;
                    assert!(error.to_string().contains("some file"), "{name}: {error}");
                }
            }
        }
        // Small ones are a single block, and the directory of a zip is at its end.
        let is_stream = ["tar", "gz", "xz"]
            .iter()
            .any(|end| name.rsplit('.').next() == Some(end));
        // Once a file is whole, every longer one is read, wherever the cut is.
        let is_read = first_used.is_some_and(|used| used > last_refused);
        assert!(
            is_read || !is_stream,
            "{name} {first_used:?} {last_refused}"
        );
    }
}

#[test]
fn flipped_bits_are_found_where_there_is_a_checksum() {
    let whole = files(&mut Archive::open(&golden("gnu.tar")).unwrap()).unwrap();
    for name in ["gnu.tar.gz", "gnu.tar.bz2", "gnu.tar.xz", "report.zip"] {
        let bytes = fs::read(golden(name)).unwrap();
        for at in (0..bytes.len()).step_by(7) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            let made = Made::of(&flipped);
            let Ok(mut archive) = Archive::open(&made.path) else {
                continue;
            };
            // A header has bits that say nothing about the files.
            if let Ok(read) = files(&mut archive)
                && archive.form() != Form::File
            {
                for (path, contents) in read {
                    if let Some(known) = whole.get(&path) {
                        assert_eq!(*known, contents, "{name} {at} {path}");
                    }
                }
            }
        }
    }
}

/// A tar of these members: name, type, target of the link, claimed size, contents.
fn tar(members: &[(&str, tar::EntryType, &str, u64, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, kind, link, size, contents) in members {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(*size);
        header.set_mode(0o644);
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(contents);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

const FILE: tar::EntryType = tar::EntryType::Regular;
const LINK: tar::EntryType = tar::EntryType::Symlink;
const HARD: tar::EntryType = tar::EntryType::Link;

#[test]
fn names_and_links_that_lead_out_are_not_followed() {
    let made = Made::of(&tar(&[
        ("../evil", FILE, "", 1, b"x"),
        ("a/../../evil", FILE, "", 1, b"x"),
        ("/etc/passwd", FILE, "", 1, b"p"),
        ("up", LINK, "../../../../../../etc/passwd", 0, b""),
        ("absolute", LINK, "/etc/passwd", 0, b""),
        ("hard", HARD, "../../etc/passwd", 0, b""),
        ("directory", LINK, "/", 0, b""),
        ("device", tar::EntryType::Char, "", 0, b""),
        ("link1", LINK, "link2", 0, b""),
        ("link2", LINK, "link3", 0, b""),
        ("link3", HARD, "etc/passwd", 0, b""),
    ]));
    let mut archive = made.open();
    let read = files(&mut archive).unwrap();
    assert_eq!(read.keys().collect::<Vec<_>>(), ["etc/passwd"]);
    assert_eq!(archive.remarks().len(), 2, "{:?}", archive.remarks());
    for (path, contents) in [
        ("up", None),
        ("hard", None),
        ("device", None),
        ("absolute", Some("p")),
        ("directory/etc/passwd", Some("p")),
        ("link1", Some("p")),
    ] {
        let read = archive.read(path).unwrap();
        assert_eq!(read.as_deref(), contents.map(str::as_bytes), "{path}");
    }
}

/// What the operating system refuses to read is left out, and the rest is read. `flush` can only be written, by anybody.
#[test]
fn a_file_that_cannot_be_read_is_a_remark() {
    let directory = Path::new("/proc/sys/net/ipv4/route");
    if !directory.join("flush").exists() {
        return;
    }
    let mut archive = Archive::open(directory).unwrap();
    let mut read = Vec::new();
    let all = archive.entries(|path, contents| {
        contents.keep()?;
        read.push(path.to_owned());
        Ok(())
    });
    all.unwrap();
    let has = |name: &str| read.iter().any(|path| path == name);
    assert!(has("gc_timeout") && !has("flush"), "{read:?}");
    let remarks = archive.remarks();
    let told = "\"flush\" cannot be read: Permission denied";
    assert!(
        remarks.iter().any(|remark| remark.starts_with(told)),
        "{remarks:?}"
    );
}

/// Directories count, too.
#[test]
fn directories_are_limited() {
    let dir = tempfile::tempdir().unwrap();
    for number in 0..4 {
        fs::create_dir_all(dir.path().join(format!("{number}/x"))).unwrap();
    }
    let limits = Limits {
        entries: 7,
        ..Limits::default()
    };
    let mut archive = Archive::open_within(dir.path(), limits).unwrap();
    let error = archive.entries(|_, _| Ok(())).unwrap_err();
    assert!(error.to_string().contains("more than 7 files"), "{error}");
}

#[test]
fn the_links_of_a_directory_are_not_opened() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    fs::write(outside.path(), "secret").unwrap();
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("a/b")).unwrap();
    fs::write(root.join("a/b/file"), "inside").unwrap();
    symlink(outside.path(), root.join("a/secret")).unwrap();
    symlink("/", root.join("a/root")).unwrap();
    symlink("b/../b/file", root.join("a/link")).unwrap();
    symlink("..", root.join("a/b/up")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("a/fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let mut archive = Archive::open(root).unwrap();
    assert_eq!(archive.form(), Form::Directory);
    let read = files(&mut archive).unwrap();
    assert_eq!(read.keys().collect::<Vec<_>>(), ["a/b/file"]);
    let mut read = |path: &str| archive.read(path).unwrap();
    assert_eq!(read("a/link"), Some(b"inside".to_vec()));
    assert_eq!(read("a/b/up/b/up/link"), Some(b"inside".to_vec()));
    for path in ["a/secret", "a/root/etc/passwd", "a/fifo", "../x"] {
        assert_eq!(read(path), None, "{path}");
    }
}

#[test]
fn claimed_sizes_are_not_trusted() {
    let claims = tar(&[
        ("first", FILE, "", 1, b"x"),
        ("huge", FILE, "", 10 << 30, b"y"),
    ]);
    let made = Made::of(&claims);
    let mut archive = made.open();
    let read = files(&mut archive).unwrap();
    assert_eq!(read.keys().collect::<Vec<_>>(), ["first"]);
    let remark = archive.remarks().concat();
    assert!(remark.contains("\"huge\": it ends early"), "{remark}");
    let long_name = tar(&[(
        "././@LongLink",
        tar::EntryType::GNULongName,
        "",
        10 << 30,
        b"name",
    )]);
    let error = Made::of(&long_name).fails(Limits::default());
    assert!(error.contains("a name of 10737418240 bytes"), "{error}");
}

/// A bomb: zeros, as long as they are read.
fn bomb(name: &str, size: u64) -> impl Read {
    let mut header = tar::Header::new_gnu();
    header.set_path(name).unwrap();
    header.set_size(size);
    header.set_cksum();
    Cursor::new(header.as_bytes().to_vec()).chain(io::repeat(0).take(size + 1024))
}

#[test]
fn bombs_end_in_an_error_that_names_the_file() {
    const SIZE: u64 = 8 << 20;
    let limits = Limits {
        unpacked: 1 << 20,
        ..Limits::default()
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    io::copy(&mut bomb("bomb", SIZE), &mut gzip).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    io::copy(&mut bomb("bomb", SIZE), &mut bzip2).unwrap();
    let mut options = lzma_rust2::XzOptions::with_preset(0);
    options.set_check_sum_type(lzma_rust2::CheckType::Crc32);
    let mut xz = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    io::copy(&mut bomb("bomb", SIZE), &mut xz).unwrap();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bomb", zip::write::SimpleFileOptions::default())
        .unwrap();
    io::copy(&mut io::repeat(0).take(SIZE), &mut zip).unwrap();
    for (packing, bytes) in [
        ("gzip", gzip.finish().unwrap()),
        ("bzip2", bzip2.finish().unwrap()),
        ("xz", xz.finish().unwrap()),
        ("zstd", zstd::encode_all(bomb("bomb", SIZE), 1).unwrap()),
        ("zip", zip.finish().unwrap().into_inner()),
    ] {
        let made = Made::of(&bytes);
        assert!(bytes.len() < 1 << 20, "{packing}");
        let error = made.fails(limits);
        let expected = "\"bomb\": more than 1048576 bytes when unpacked";
        assert!(error.contains(expected), "{packing}: {error}");
        // Also if its contents are not asked for.
        let mut archive = Archive::open_within(&made.path, limits).unwrap();
        if packing != "zip" {
            assert!(archive.entries(|_, _| Ok(())).is_err(), "{packing}");
        }
        let small = Limits {
            file: 1 << 16,
            ..Limits::default()
        };
        assert!(
            made.fails(small)
                .contains("\"bomb\": a file of more than 65536 bytes")
        );
        let small = Limits {
            kept: 1 << 16,
            ..Limits::default()
        };
        assert!(
            made.fails(small)
                .contains("\"bomb\": more than 65536 bytes to keep in memory")
        );
    }
}

#[test]
fn a_gigabyte_is_the_limit_of_a_file() {
    // Frames follow one another: the header of a tar, and a part of the zeros as often as needed.
    let mut bytes = zstd::encode_all(bomb("bomb", 10 << 30).take(512), 1).unwrap();
    let zeros = zstd::encode_all(io::repeat(0).take(64 << 20), 1).unwrap();
    bytes.extend(zeros.repeat(17));
    let made = Made::of(&bytes);
    let mut archive = made.open();
    let read = archive.entries(|_, contents| io::copy(contents, &mut io::sink()).map(drop));
    let error = read.unwrap_err();
    assert!(
        matches!(error.kind, ArchiveErrorKind::TooMuch(Excess::File(_))),
        "{error}"
    );
    assert_eq!(error.entry.as_deref(), Some("bomb"));
    assert!(error.hint().unwrap().contains("unpack it"));
}

#[test]
fn the_number_of_files_and_the_length_of_names_are_limited() {
    let names: Vec<String> = (0..20).map(|number| format!("file{number}")).collect();
    let members: Vec<_> = names
        .iter()
        .map(|name| (&**name, FILE, "", 0, &b""[..]))
        .collect();
    let made = Made::of(&tar(&members));
    let error = made.fails(Limits {
        entries: 10,
        ..Limits::default()
    });
    assert!(error.contains("\"file10\": more than 10 files"), "{error}");
    let error = made.fails(Limits {
        names: 50,
        ..Limits::default()
    });
    assert!(error.contains("more than 50 bytes of names"), "{error}");
}

#[test]
fn what_is_no_file_is_refused() {
    let error = Archive::open(Path::new("/dev/null")).unwrap_err();
    assert!(matches!(error.kind, ArchiveErrorKind::NotAFile), "{error}");
    let error = Archive::open(Path::new("/nonexistent")).unwrap_err();
    assert!(matches!(error.kind, ArchiveErrorKind::Io(_)), "{error}");
}
