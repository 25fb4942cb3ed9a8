//! The structure of `src/`, read from the code itself: imports point one way, as the arrows in `src/lib.rs`
//! have it; no two files import each other, directly or by way of others; the model is pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Each layer, and those below it that it may use. Itself it may always use.
const ARROWS: &[(&str, &str)] = &[
    ("main", "cli"),
    (
        "cli",
        "commands plan model output source ovsdb unixctl openflow transport base",
    ),
    (
        "commands",
        "plan model output sandbox source ovsdb unixctl openflow transport base",
    ),
    ("plan", "model source ovsdb openflow base"),
    ("model", "ovsdb unixctl openflow base"),
    ("source", "ovsdb unixctl openflow transport base"),
    // Colour for what the codecs write into a sink, and their JSON.
    ("output", "openflow base"),
    ("ovsdb", "transport base"),
    ("unixctl", "transport base"),
    ("openflow", "transport base"),
    ("transport", "base"),
    ("base", ""),
    ("sandbox", ""),
];

#[test]
fn imports_point_down() {
    let house = House::of_src();
    assert!(house.files.len() > 100, "src/ was found");
    assert_eq!(house.upward(), [""; 0]);
}

#[test]
fn no_files_import_each_other() {
    let circles = House::of_src().circles();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn the_model_is_pure() {
    for (path, text) in source_files() {
        if path.starts_with("model") {
            for word in ["async", "Client"] {
                assert!(!text.contains(word), "src/{path} has the word {word}");
            }
        }
    }
}

#[test]
fn planted_arrows_up_are_found() {
    for (file, text) in [
        ("openflow/text.rs", "use crate::model::Names;"),
        (
            "openflow/fields/mod.rs",
            "use crate::{transport::X, model::{self}};",
        ),
        (
            "openflow/fields/mod.rs",
            "fn f() { super::super::output::cell() }",
        ),
        (
            "openflow/fields/mod.rs",
            "use super::super::{ovsdb, transport};",
        ),
        ("ovsdb/wire.rs", "fn f(x: &crate::openflow::Flow) {}"),
        ("ovsdb/mod.rs", "mod inner { use super::super::cli; }"),
        (
            "ovsdb/mod.rs",
            "macro_rules! m { () => { $crate::commands::x() } }",
        ),
        ("ovsdb/mod.rs", "fn f() { vec![crate::commands::x()]; }"),
        ("model/mod.rs", "use crate /* of ours */ :: commands;"),
        ("model/mod.rs", "use crate::source::Database;"),
        ("transport/mod.rs", "use crate::*;"),
        ("transport/mod.rs", "use crate::nowhere;"),
        ("output/mod.rs", "use crate::ovsdb::Uuid;"),
        ("sandbox.rs", "use super::ovsdb;"),
        ("main.rs", "fn main() { ovs::commands::run() }"),
        ("unknown.rs", "use crate::transport;"),
    ] {
        let mut house = House::default();
        house.add(file, text);
        assert_eq!(house.upward().len(), 1, "{file}: {text}");
    }
}

#[test]
fn arrows_down_and_aside_are_not() {
    for (file, text) in [
        (
            "openflow/fields/mod.rs",
            "use super::text::Sink; use crate::transport::Stream;",
        ),
        (
            "openflow/fields/mod.rs",
            "// use crate::model;\n/* crate::cli /* */ */ const A: &str = \"crate::cli\";",
        ),
        (
            "openflow/text.rs",
            "pub(crate) fn f<'a>(x: &'a str) { r#\"crate::cli \" \"#; }",
        ),
        (
            "openflow/text.rs",
            "pub(in crate::openflow) struct A; mod tests { use super::super::flow; }",
        ),
        (
            "commands/show.rs",
            "use crate::{model::{Cell, commands}, output, sandbox};",
        ),
        (
            "ovsdb/mod.rs",
            "#[cfg(test)] mod tests { use crate::sandbox::Sandbox; }",
        ),
        ("main.rs", "fn main() { ovs::cli::main() }"),
        ("lib.rs", "pub mod cli; use crate::commands;"),
    ] {
        let mut house = House::default();
        house.add(file, text);
        assert_eq!(house.upward(), [""; 0], "{file}: {text}");
    }
}

#[test]
fn planted_circles_are_found() {
    let house = |files: &[(&str, &str)]| {
        let mut house = House::default();
        for (file, text) in files {
            house.add(file, text);
        }
        house.circles()
    };
    let two = [
        ("base/a.rs", "use super::b::B; pub struct A;"),
        ("base/b.rs", "pub struct B; fn f(a: &crate::base::a::A) {}"),
    ];
    assert_eq!(house(&two).len(), 1);
    // By way of a name that the parent hands on.
    let handed_on = [
        ("base/mod.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
        ("base/a.rs", "use super::B; pub struct A;"),
        ("base/b.rs", "use crate::base::{A}; pub struct B;"),
    ];
    assert_eq!(house(&handed_on).len(), 1);
    let three = [
        ("base/a.rs", "use super::b::B; pub struct A;"),
        ("base/b.rs", "use super::c::C; pub struct B;"),
        ("base/c.rs", "fn f() { super::a::A } pub struct C;"),
    ];
    assert_eq!(house(&three).len(), 1);
    // A parent that calls its child, which uses what the parent defines.
    let parent = [
        ("base/mod.rs", "mod a; pub trait T {} fn f() { a::g() }"),
        ("base/a.rs", "use super::T; pub fn g() {}"),
    ];
    assert_eq!(house(&parent), [""; 0]);
    let none = [
        ("base/mod.rs", "mod a; mod b; pub use a::A; pub use b::B;"),
        ("base/a.rs", "use super::B; pub struct A;"),
        (
            "base/b.rs",
            "pub struct B; #[cfg(test)] mod tests { use super::super::A; }",
        ),
    ];
    assert_eq!(house(&none), [""; 0]);
}

/// Each file under `src/`, relative to it, and its text.
fn source_files() -> Vec<(String, String)> {
    fn walk(directory: &Path, root: &Path, files: &mut Vec<(String, String)>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, files);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap();
                files.push((name.to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &root, &mut files);
    files.sort();
    files
}

/// The names of modules from the root of the crate on: `["model", "check"]`.
type ModulePath = Vec<String>;

/// All files, by the module that each is.
#[derive(Default)]
struct House {
    files: BTreeMap<ModulePath, SourceFile>,
}

#[derive(Default)]
struct SourceFile {
    name: String,
    /// The items that are defined here, by name.
    defined: BTreeSet<String>,
    /// What a name that is imported here stands for.
    imported: BTreeMap<String, ModulePath>,
    /// Modules all of whose names are imported here.
    globs: Vec<ModulePath>,
    /// What is handed on to other files: `pub use`.
    handed_on: BTreeSet<ModulePath>,
    /// Every path into the crate that is written here, as seen from its root.
    paths: BTreeSet<ModulePath>,
}

impl House {
    fn of_src() -> House {
        let mut house = House::default();
        for (file, text) in source_files() {
            house.add(&file, &text);
        }
        house
    }

    fn add(&mut self, file: &str, text: &str) {
        let stem = file.trim_end_matches(".rs");
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        let mut module: ModulePath = stem.split('/').map(str::to_owned).collect();
        if stem == "lib" {
            module.clear();
        }
        let mut reader = Reader {
            file: SourceFile {
                name: format!("src/{file}"),
                ..SourceFile::default()
            },
            module: module.clone(),
            children: BTreeSet::new(),
            inline: 0,
        };
        reader.visit_file(&syn::parse_file(text).unwrap_or_else(|e| panic!("{file}: {e}")));
        self.files.insert(module, reader.file);
    }

    /// The imports that no arrow allows.
    fn upward(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (module, file) in &self.files {
            let Some(layer) = module.first() else {
                continue;
            };
            let Some((_, below)) = ARROWS.iter().find(|(name, _)| name == layer) else {
                wrong.push(format!("{}: {layer} is not a layer", file.name));
                continue;
            };
            let targets: BTreeSet<&str> = file
                .paths
                .iter()
                .filter_map(|path| path.first())
                .map(String::as_str)
                .collect();
            for target in targets {
                if target != layer && !below.split(' ').any(|name| name == target) {
                    wrong.push(format!("{}: {layer} may not use {target}", file.name));
                }
            }
        }
        wrong
    }

    /// The circles of files that import each other, each with what ties it. A module and those in its
    /// folder count as one: it calls them, and they use what it defines for them.
    fn circles(&self) -> Vec<String> {
        let arrows: BTreeMap<&ModulePath, BTreeSet<ModulePath>> = self
            .files
            .iter()
            .map(|(module, file)| {
                let paths = file.paths.difference(&file.handed_on);
                let mut targets: BTreeSet<ModulePath> =
                    paths.filter_map(|path| self.home(path, 0)).collect();
                targets.retain(|target| !target.starts_with(module) && !module.starts_with(target));
                (module, targets)
            })
            .collect();
        let reach = |from: &ModulePath| {
            let mut seen: BTreeSet<&ModulePath> = BTreeSet::new();
            let mut next: Vec<&ModulePath> = arrows[from].iter().collect();
            while let Some(module) = next.pop() {
                if seen.insert(module) {
                    next.extend(&arrows[module]);
                }
            }
            seen
        };
        let reached: BTreeMap<&ModulePath, BTreeSet<&ModulePath>> = arrows
            .keys()
            .map(|module| (*module, reach(module)))
            .collect();
        let mut circles: BTreeMap<Vec<&ModulePath>, Vec<String>> = BTreeMap::new();
        for (module, targets) in &arrows {
            let circle: Vec<&ModulePath> = reached[module]
                .iter()
                .filter(|other| reached[**other].contains(module))
                .copied()
                .collect();
            for target in targets.iter().filter(|target| circle.contains(target)) {
                let tie = format!(
                    "{} -> {}",
                    self.files[*module].name, self.files[target].name
                );
                circles.entry(circle.clone()).or_default().push(tie);
            }
        }
        circles.into_values().map(|ties| ties.join(", ")).collect()
    }

    /// The file that defines what a path names.
    fn home(&self, path: &[String], depth: usize) -> Option<ModulePath> {
        let known = (0..=path.len())
            .rev()
            .find(|end| *end > 0 && self.files.contains_key(&path[..*end]))?;
        let (module, rest) = path.split_at(known);
        let file = &self.files[module];
        let Some(name) = rest.first().filter(|name| !file.defined.contains(*name)) else {
            return Some(module.to_owned());
        };
        if depth > 8 {
            return None;
        }
        if let Some(target) = file.imported.get(name) {
            let target: ModulePath = target.iter().chain(&rest[1..]).cloned().collect();
            return self.home(&target, depth + 1);
        }
        file.globs.iter().find_map(|glob| {
            let target: ModulePath = glob.iter().chain(rest).cloned().collect();
            let home = self.home(&target, depth + 1)?;
            self.files[&home].defined.contains(name).then_some(home)
        })
    }
}

/// Collects what a file defines, imports and names; its tests aside.
struct Reader {
    file: SourceFile,
    module: ModulePath,
    /// The modules that the file declares.
    children: BTreeSet<String>,
    /// How many modules inside the file we are in.
    inline: usize,
}

impl Reader {
    /// A path as seen from the root of the crate; `None` if it does not lead into the crate.
    fn rooted(&self, path: &[String]) -> Option<ModulePath> {
        let is_main = self.module.first().is_some_and(|name| name == "main");
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "ovs" if is_main => Some(path[1..].to_vec()),
            "self" if self.inline == 0 => Some([&self.module, &path[1..]].concat()),
            "super" => {
                let climbs = path.iter().take_while(|word| *word == "super").count();
                let up = climbs.checked_sub(self.inline).filter(|up| *up > 0)?;
                let kept = self.module.len().saturating_sub(up);
                Some([&self.module[..kept], &path[climbs..]].concat())
            }
            name if self.inline == 0 && self.children.contains(name) => {
                Some([&self.module, path].concat())
            }
            _ => None,
        }
    }

    fn note(&mut self, path: &[String]) {
        if let Some(path) = self.rooted(path) {
            self.file.paths.insert(path);
        }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, before: &[String], handed_on: bool) {
        let with = |ident: &syn::Ident| [before, &[ident.to_string()]].concat();
        let (path, name) = match tree {
            syn::UseTree::Path(path) => {
                return self.use_tree(&path.tree, &with(&path.ident), handed_on);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, before, handed_on);
                }
                return;
            }
            syn::UseTree::Name(name) if name.ident == "self" => {
                (before.to_vec(), before.last().cloned())
            }
            syn::UseTree::Name(name) => (with(&name.ident), Some(name.ident.to_string())),
            syn::UseTree::Rename(rename) => (with(&rename.ident), Some(rename.rename.to_string())),
            syn::UseTree::Glob(_) => (before.to_vec(), None),
        };
        let local = [&self.module, &path[..]].concat();
        let mut path = self.rooted(&path).unwrap_or(local);
        if path.is_empty() {
            path.push("*".to_owned());
        }
        if handed_on {
            self.file.handed_on.insert(path.clone());
        }
        if let Some(name) = name {
            self.file.imported.insert(name, path.clone());
        } else {
            self.file.globs.push(path.clone());
        }
        self.file.paths.insert(path);
    }

    /// The paths in the arguments or the body of a macro, which are not parsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) if path.is_empty() || colons == 2 => {
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                }
                other => {
                    self.note(&std::mem::take(&mut path));
                    colons = 0;
                    match other {
                        TokenTree::Ident(ident) => path.push(ident.to_string()),
                        TokenTree::Group(group) if group.delimiter() != Delimiter::None => {
                            self.tokens(group.stream());
                        }
                        _ => {}
                    }
                }
            }
        }
        self.note(&path);
    }
}

impl<'a> Visit<'a> for Reader {
    fn visit_item(&mut self, item: &'a syn::Item) {
        use syn::Item;
        let name = match item {
            Item::Const(item) => Some(&item.ident),
            Item::Enum(item) => Some(&item.ident),
            Item::Fn(item) => Some(&item.sig.ident),
            Item::Static(item) => Some(&item.ident),
            Item::Struct(item) => Some(&item.ident),
            Item::Trait(item) => Some(&item.ident),
            Item::Type(item) => Some(&item.ident),
            Item::Mod(item) if item.content.is_some() => Some(&item.ident),
            Item::Macro(item) => item.ident.as_ref(),
            _ => None,
        };
        if let Some(name) = name.filter(|_| self.inline == 0) {
            self.file.defined.insert(name.to_string());
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        let is_test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Path>()
                    .is_ok_and(|path| path.is_ident("test"))
        };
        if item.content.is_none() {
            self.children.insert(item.ident.to_string());
        } else if !item.attrs.iter().any(is_test) {
            self.inline += 1;
            visit::visit_item_mod(self, item);
            self.inline -= 1;
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        let handed_on = !matches!(item.vis, syn::Visibility::Inherited);
        self.use_tree(&item.tree, &[], handed_on && self.inline == 0);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let words: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.note(&words);
        visit::visit_path(self, path);
    }

    fn visit_vis_restricted(&mut self, _: &'a syn::VisRestricted) {}

    fn visit_macro(&mut self, item: &'a syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}
