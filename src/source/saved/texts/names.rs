//! The ports and tables that the texts of a bridge name.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::openflow::text::NameLookup;

/// Maximum length of a name in OpenFlow, in bytes; longer ones are cut.
const LONGEST_NAME: usize = 15;

/// Maximum length of a port in JSON, in bytes.
const LONGEST_PORT: usize = 512;

/// The highest number of a port in OpenFlow 1.0, which some actions of all versions are limited to.
const HIGHEST: u32 = 0xfeff;

/// The lowest number that stands for a name.
const LOWEST: u32 = HIGHEST / 2;

/// The names of a bridge's ports and tables.
#[derive(Debug, Default)]
pub struct TextNames {
    numbers: FxHashMap<String, u32>,
    /// Longer names by their beginnings; `None`: several begin so.
    cut: FxHashMap<String, Option<u32>>,
    names: FxHashMap<u32, String>,
    tables: FxHashMap<String, Vec<u8>>,
    /// The names without a number that were asked for, if such are taken.
    unknown: Option<Mutex<BTreeSet<String>>>,
    /// Whether names without quotes are among them.
    takes_bare: bool,
    /// The names that a number stands for.
    pub invented: Vec<(u32, String)>,
    /// The names that are beside their numbers in flows.
    pub learned: Vec<(u32, String)>,
}

impl TextNames {
    /// Adds a port; a name or number that is known is left as it is.
    pub fn add_port(&mut self, ofport: u32, name: &str) {
        if self.names.contains_key(&ofport) || self.numbers.contains_key(name) {
            return;
        }
        if let Some(beginning) = name
            .get(..LONGEST_NAME)
            .filter(|cut| cut.len() < name.len())
        {
            let several = self.cut.contains_key(beginning);
            let ofport = Some(ofport).filter(|_| !several);
            self.cut.insert(beginning.to_owned(), ofport);
        }
        self.numbers.insert(name.to_owned(), ofport);
        self.names.insert(ofport, name.to_owned());
    }

    /// Adds the ports that JSON has with their numbers: `{"number":2,"name":"eth0"}`.
    pub fn learn(&mut self, json: &[u8]) {
        const NUMBER: &[u8] = b"{\"number\":";
        for at in memchr::memmem::find_iter(json, NUMBER) {
            let begins = json.get(at..).unwrap_or_default();
            let begins = begins.get(..LONGEST_PORT).unwrap_or(begins);
            let mut ports = serde_json::Deserializer::from_slice(begins).into_iter::<NamedPort>();
            if let Some(Ok(port)) = ports.next()
                && !self.names.contains_key(&port.number)
                && !self.numbers.contains_key(&*port.name)
            {
                self.add_port(port.number, &port.name);
                self.learned.push((port.number, port.name));
            }
        }
    }

    /// Adds a table.
    pub fn add_table(&mut self, table: u8, name: &str) {
        self.tables.entry(name.to_owned()).or_default().push(table);
    }

    /// Whether a port is known.
    pub fn has_ports(&self) -> bool {
        !self.names.is_empty()
    }

    /// Takes names without a number from now on, which [`TextNames::number_unknown`] numbers: those in quotes, and if no
    /// port is known also others, which may be misspelt actions.
    pub fn take_unknown(&mut self) {
        self.takes_bare = !self.has_ports();
        self.unknown = Some(Mutex::default());
    }

    /// Gives the names that were asked for and have no number each one that no switch is likely to use; returns
    /// whether there are any.
    pub fn number_unknown(&mut self) -> bool {
        let Some(unknown) = self.unknown.take() else {
            return false;
        };
        let unknown = unknown.into_inner().unwrap_or_else(PoisonError::into_inner);
        let free = (LOWEST..=HIGHEST).rev();
        let free: Vec<u32> = free
            .filter(|ofport| !self.names.contains_key(ofport))
            .take(unknown.len())
            .collect();
        for (ofport, name) in free.into_iter().zip(unknown) {
            self.add_port(ofport, &name);
            self.invented.push((ofport, name));
        }
        !self.invented.is_empty()
    }
}

/// A port in the JSON of a flow.
#[derive(Deserialize)]
struct NamedPort {
    number: u32,
    name: String,
}

/// Whether a word without quotes looks like the name of a port and not like an action.
fn is_bare_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(is_plain)
}

impl TextNames {
    /// Takes a name without a number, if such are taken.
    fn unknown_port(&self, name: &str) -> Option<u32> {
        // Several known names begin so.
        if self.cut.contains_key(name) {
            return None;
        }
        let unknown = self.unknown.as_ref()?;
        let mut unknown = unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.insert(name.to_owned());
        Some(HIGHEST)
    }
}

impl NameLookup for TextNames {
    fn port_name(&self, ofport: u32) -> Option<&str> {
        self.names.get(&ofport).map(String::as_str)
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        if let Some(ofport) = self.numbers.get(name) {
            return Some(*ofport);
        }
        if let Some(ofport) = self.cut.get(name) {
            return *ofport;
        }
        if !self.takes_bare || !is_bare_name(name) {
            return None;
        }
        self.unknown_port(name)
    }

    fn quoted_ofport(&self, name: &str) -> Option<u32> {
        self.ofport(name).or_else(|| {
            let is_name = !name.is_empty() && !name.contains(char::is_control);
            is_name.then(|| self.unknown_port(name)).flatten()
        })
    }

    fn tables_named(&self, name: &str) -> Vec<u8> {
        self.tables.get(name).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_as_openflow_cuts_them() {
        let mut names = TextNames::default();
        names.add_port(1, "patch-to-provider-1");
        names.add_port(2, "qvo6b5e4978-e2");
        assert_eq!(names.ofport("patch-to-provider-1"), Some(1));
        assert_eq!(names.ofport("patch-to-provid"), Some(1));
        assert_eq!(names.ofport("patch-to"), None);
        assert_eq!(names.ofport("qvo6b5e4978-e2"), Some(2));
        names.add_port(3, "patch-to-provider-2");
        assert_eq!(names.ofport("patch-to-provid"), None);
        assert_eq!(names.ofport("patch-to-provider-2"), Some(3));
    }

    #[test]
    fn unknown_names_get_numbers_in_their_order() {
        let mut names = TextNames::default();
        names.take_unknown();
        for name in ["tap2", "tap1", "tap2", "no port(", ""] {
            names.ofport(name);
        }
        assert!(names.number_unknown());
        assert_eq!(names.ofport("tap1"), Some(HIGHEST));
        assert_eq!(names.ofport("tap2"), Some(HIGHEST - 1));
        assert_eq!(names.ofport("no port("), None);
        assert_eq!(names.port_name(HIGHEST), Some("tap1"));
    }
}
