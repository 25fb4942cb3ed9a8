//! The paths of an archive, and its links: followed inside the archive only.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::budget::Limits;
use super::error::{ArchiveErrorKind, Excess};

/// Maximum number of links that are followed for one path, as in Linux.
const MAX_LINKS: usize = 40;

/// The files and links of an archive, by path: components separated by `/`, none of them empty, `.` or `..`.
#[derive(Debug, Default)]
pub struct Index {
    files: BTreeSet<String>,
    links: BTreeMap<String, LinkTarget>,
    top: Top,
    names: u64,
}

/// The first component of all paths.
#[derive(Debug, Default)]
enum Top {
    /// There is no path yet.
    #[default]
    Unknown,
    /// It is the same.
    Common(String),
    /// It differs, or a path has only one component.
    None,
}

/// Where a link points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkTarget {
    /// A symbolic link: relative to its own directory, or absolute.
    Symbolic(String),
    /// A hard link: a path of the archive.
    Hard(String),
}

impl Index {
    /// Adds a file.
    pub(super) fn add_file(&mut self, path: &str, limits: &Limits) -> Result<(), ArchiveErrorKind> {
        self.count(path, "", limits)?;
        self.links.remove(path);
        self.files.insert(path.to_owned());
        Ok(())
    }

    /// Adds a link.
    pub(super) fn add_link(
        &mut self,
        path: &str,
        target: LinkTarget,
        limits: &Limits,
    ) -> Result<(), ArchiveErrorKind> {
        let (LinkTarget::Symbolic(text) | LinkTarget::Hard(text)) = &target;
        self.count(path, text, limits)?;
        self.files.remove(path);
        self.links.insert(path.to_owned(), target);
        Ok(())
    }

    fn count(&mut self, path: &str, target: &str, limits: &Limits) -> Result<(), ArchiveErrorKind> {
        let entries = self.files.len().saturating_add(self.links.len()) as u64;
        if entries >= limits.entries {
            return Err(ArchiveErrorKind::TooMuch(Excess::Entries(limits.entries)));
        }
        let bytes = path.len().saturating_add(target.len()) as u64;
        self.names = self.names.saturating_add(bytes);
        if self.names > limits.names {
            return Err(ArchiveErrorKind::TooMuch(Excess::Names(limits.names)));
        }
        let top = path.split_once('/').map(|(top, _)| top);
        match (&self.top, top) {
            (Top::Unknown, Some(top)) => self.top = Top::Common(top.to_owned()),
            (Top::Common(known), Some(top)) if known == top => {}
            _ => self.top = Top::None,
        }
        Ok(())
    }

    /// The directory that all files are in, if there is one: tars of reports have one, named after the host.
    pub fn top(&self) -> Option<&str> {
        match &self.top {
            Top::Common(top) => Some(top),
            Top::Unknown | Top::None => None,
        }
    }

    /// The files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str)
    }

    /// The path of the file that `path` leads to: itself, or what links lead to, of files and of directories. An
    /// absolute link starts at the [top](Index::top) directory. `None` if there is no such file, the links lead out
    /// of the archive, or do not end.
    pub fn resolve(&self, path: &str) -> Option<&str> {
        let mut todo: VecDeque<&str> = components(path).collect();
        let mut done: Vec<&str> = Vec::new();
        let mut followed = 0;
        while let Some(component) = todo.pop_front() {
            if component == ".." {
                done.pop()?;
                continue;
            }
            done.push(component);
            let Some(target) = self.links.get(&done.join("/")) else {
                continue;
            };
            followed += 1;
            if followed > MAX_LINKS {
                return None;
            }
            let target = match target {
                LinkTarget::Hard(target) => {
                    done.clear();
                    target
                }
                LinkTarget::Symbolic(target) if target.starts_with('/') => {
                    done.clear();
                    done.extend(self.top());
                    target
                }
                LinkTarget::Symbolic(target) => {
                    done.pop();
                    target
                }
            };
            for component in components(target).rev() {
                todo.push_front(component);
            }
        }
        self.files.get(&done.join("/")).map(String::as_str)
    }
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !matches!(*part, "" | "."))
}

/// The path of a member of an archive, as the [`Index`] has it; `None` if it leads out of the archive or names
/// nothing. A leading `/` is ignored, as tar(1) does.
pub(super) fn member_path(name: &[u8]) -> Option<String> {
    let name = String::from_utf8_lossy(name);
    let parts: Vec<&str> = components(&name).collect();
    (!parts.is_empty() && !parts.contains(&"..")).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(files: &[&str], links: &[(&str, LinkTarget)]) -> Index {
        let mut index = Index::default();
        let limits = Limits::default();
        for file in files {
            index.add_file(file, &limits).unwrap();
        }
        for (path, target) in links {
            index.add_link(path, target.clone(), &limits).unwrap();
        }
        index
    }

    fn to(target: &str) -> LinkTarget {
        LinkTarget::Symbolic(target.to_owned())
    }

    #[test]
    fn links_are_followed_inside_only() {
        let links = [
            ("top/etc/conf.db", to("../var/lib/conf.db")),
            ("top/etc/absolute", to("/var/lib/conf.db")),
            ("top/etc/directory", to("../var")),
            ("top/etc/chain", to("directory/./lib//conf.db")),
            ("top/etc/outside", to("../../../etc/passwd")),
            ("top/etc/loop", to("loop")),
            ("top/etc/a", to("b/x")),
            ("top/etc/b", to("a/x")),
            ("top/etc/dangling", to("nothing")),
            ("top/hard", LinkTarget::Hard("top/var/lib/conf.db".into())),
            ("top/harder", LinkTarget::Hard("../top/hard".into())),
        ];
        let index = index(&["top/var/lib/conf.db"], &links);
        let file = Some("top/var/lib/conf.db");
        for path in ["conf.db", "absolute", "directory/lib/conf.db", "chain"] {
            assert_eq!(index.resolve(&format!("top/etc/{path}")), file, "{path}");
        }
        assert_eq!(index.resolve("top/hard"), file);
        assert_eq!(index.resolve("/top/./etc/../hard"), file);
        assert_eq!(index.top(), Some("top"));
        for path in ["outside", "loop", "a", "b", "dangling", "none", ""] {
            assert_eq!(index.resolve(&format!("top/etc/{path}")), None, "{path}");
        }
        assert_eq!(index.resolve("top/harder"), None);
    }

    #[test]
    fn names_of_members() {
        let path = |name: &str| member_path(name.as_bytes());
        assert_eq!(path("./a//b/./c").as_deref(), Some("a/b/c"));
        assert_eq!(path("/etc/passwd").as_deref(), Some("etc/passwd"));
        for outside in ["../x", "a/../../x", "a/..", "", "/", "."] {
            assert_eq!(path(outside), None, "{outside}");
        }
        assert_eq!(member_path(b"\xff").as_deref(), Some("\u{fffd}"));
    }

    #[test]
    fn there_is_a_top_directory_only_if_all_are_in_it() {
        assert_eq!(index(&["a/b", "a/c/d"], &[]).top(), Some("a"));
        assert_eq!(index(&["a/b", "b/c"], &[]).top(), None);
        assert_eq!(index(&["a/b", "a"], &[]).top(), None);
        assert_eq!(index(&[], &[]).top(), None);
    }
}
