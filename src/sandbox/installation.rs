//! Where the programs and the schema of Open vSwitch are: the machine's own, or another installation.

use std::path::{Path, PathBuf};

use super::error::SandboxError;

/// Where distributions install daemons although users' PATHs lack it.
const SYSTEM: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

/// Where programs are in another installation, relative to its directory: a system's root, a prefix, a
/// directory of programs, Debian's unpacked package, a build tree.
const WITHIN: [&str; 9] = [
    "usr/sbin",
    "sbin",
    "usr/bin",
    "bin",
    "",
    "usr/lib/openvswitch-switch",
    "ovsdb",
    "vswitchd",
    "utilities",
];

/// The variable by which the programs of Open vSwitch themselves find their data.
pub(super) const DATA: &str = "OVS_PKGDATADIR";

/// The schema of the database that belongs to a program, relative to the program's directory: installed in a
/// prefix, or in a build tree.
const SCHEMAS: [&str; 3] = [
    "../share/openvswitch/vswitch.ovsschema",
    "../vswitchd/vswitch.ovsschema",
    "vswitch.ovsschema",
];

/// An installation of Open vSwitch.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    /// Its directory; `None`: the machine's own installation.
    dir: Option<PathBuf>,
}

impl Installation {
    /// The installation in `dir`, or the machine's own.
    ///
    /// # Errors
    ///
    /// [`SandboxError::NoInstallation`]: `dir` is no directory.
    pub(super) fn new(dir: Option<&Path>) -> Result<Self, SandboxError> {
        let Some(dir) = dir else {
            return Ok(Self { dir: None });
        };
        // The daemons run in a directory of their own.
        match std::path::absolute(dir) {
            Ok(whole) if whole.is_dir() => Ok(Self { dir: Some(whole) }),
            _ => Err(SandboxError::NoInstallation {
                dir: dir.to_owned(),
            }),
        }
    }

    /// The directories of its programs, where it is not the machine's own.
    pub(super) fn directories(&self) -> impl Iterator<Item = PathBuf> + use<'_> {
        let dir = self.dir.as_ref();
        let within = dir.map(|dir| WITHIN.map(|part| dir.join(part)));
        within.into_iter().flatten().filter(|dir| dir.is_dir())
    }

    /// Finds a program: of the machine's own installation in PATH, or where distributions install daemons.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub(super) fn find(&self, program: &'static str) -> Result<PathBuf, SandboxError> {
        let dirs: Vec<PathBuf> = if self.dir.is_some() {
            self.directories().collect()
        } else {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let named = std::env::split_paths(&path).filter(|dir| dir.is_absolute());
            named.chain(SYSTEM.map(PathBuf::from)).collect()
        };
        let mut files = dirs.into_iter().map(|dir| dir.join(program));
        files.find(|file| file.is_file()).ok_or_else(|| {
            self.dir
                .as_ref()
                .map_or(SandboxError::MissingProgram { program }, |dir| {
                    SandboxError::NotInInstallation {
                        program,
                        dir: dir.clone(),
                    }
                })
        })
    }

    /// The schema that belongs to this ovsdb-server: that of the directory that `OVS_PKGDATADIR` names for the
    /// machine's own installation, or that of the installation in which the program is.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(super) fn schema(&self, ovsdb_server: &Path) -> Result<PathBuf, SandboxError> {
        let named = std::env::var_os(DATA).filter(|dir| self.dir.is_none() && !dir.is_empty());
        // The program may be a link, and `/sbin` one to `/usr/sbin`.
        let real = ovsdb_server.canonicalize().ok();
        let beside = [real.as_deref(), Some(ovsdb_server)];
        let parents = beside.into_iter().flatten().filter_map(Path::parent);
        named
            .map(|dir| Path::new(&dir).join("vswitch.ovsschema"))
            .into_iter()
            .chain(parents.flat_map(|dir| SCHEMAS.map(|part| dir.join(part))))
            .find_map(|file| file.canonicalize().ok().filter(|file| file.is_file()))
            .ok_or_else(|| SandboxError::MissingSchema {
                ovsdb_server: ovsdb_server.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Makes empty files, and returns the directory that they are in.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let file = dir.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        dir
    }

    #[test]
    fn layouts() {
        for (server, schema) in [
            (
                "usr/sbin/ovsdb-server",
                "usr/share/openvswitch/vswitch.ovsschema",
            ),
            ("sbin/ovsdb-server", "share/openvswitch/vswitch.ovsschema"),
            ("bin/ovsdb-server", "share/openvswitch/vswitch.ovsschema"),
            ("ovsdb/ovsdb-server", "vswitchd/vswitch.ovsschema"),
            ("ovsdb-server", "vswitch.ovsschema"),
        ] {
            let dir = tree(&[server, schema]);
            let root = dir.path().canonicalize().unwrap();
            let installation = Installation::new(Some(&root)).unwrap();
            let found = installation.find("ovsdb-server").unwrap();
            assert_eq!(found, root.join(server));
            assert_eq!(installation.schema(&found).unwrap(), root.join(schema));
        }
    }

    #[test]
    fn a_link_to_a_program_leads_to_its_schema() {
        let dir = tree(&[
            "opt/sbin/ovsdb-server",
            "opt/share/openvswitch/vswitch.ovsschema",
        ]);
        let link = dir.path().join("ovsdb-server");
        std::os::unix::fs::symlink("opt/sbin/ovsdb-server", &link).unwrap();
        let installation = Installation::new(Some(dir.path())).unwrap();
        let schema = installation.schema(&link).unwrap();
        assert!(schema.ends_with("opt/share/openvswitch/vswitch.ovsschema"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let own = Installation::new(None).unwrap();
        let error = own.find("ovs-no-such-program").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("ovs-no-such-program is not installed")
        );
        let hint = error.hint().unwrap();
        assert!(hint.contains("openvswitch-switch") && hint.contains("dnf install openvswitch"));

        let dir = tree(&["sbin/ovsdb-server"]);
        let other = Installation::new(Some(dir.path())).unwrap();
        let root = dir.path().display();
        assert_eq!(
            other.find("ovs-vswitchd").unwrap_err().to_string(),
            format!("ovs-vswitchd is not in {root} (nor in usr/sbin, usr/bin, sbin or bin in it)")
        );
        let server = other.find("ovsdb-server").unwrap();
        assert_eq!(
            other.schema(&server).unwrap_err().to_string(),
            format!("{root}/sbin/ovsdb-server has no vswitch.ovsschema in ../share/openvswitch")
        );
        let gone = dir.path().join("gone");
        assert_eq!(
            Installation::new(Some(&gone)).unwrap_err().to_string(),
            format!("{} is not a directory", gone.display())
        );
    }
}
