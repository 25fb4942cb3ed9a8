//! Columns of the database whose values a saved host does not know, and secrets.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::Cell;
use crate::base::secret::{MASK, is_secret};

/// The tables whose columns the output names without their table.
const USUAL_TABLES: [&str; 2] = ["Port", "Interface"];

/// Columns of the database whose values are not known: what is made of them is printed as `unknown`, not as empty.
/// Those that were printed so are recorded.
#[derive(Debug, Clone, Default)]
pub struct NotSaved {
    /// As `TABLE.COLUMN`, by the name of the column.
    columns: Rc<BTreeMap<String, Vec<String>>>,
    /// Whether the columns are those that are known, and all others are not.
    is_inverse: bool,
    /// Whether secrets were left out: the mask stands for one that is not known.
    lacks_secrets: bool,
    printed: Rc<RefCell<BTreeSet<String>>>,
}

impl NotSaved {
    /// These columns, as `TABLE.COLUMN`.
    pub fn new(columns: impl IntoIterator<Item = String>) -> NotSaved {
        let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for column in columns {
            let of_name = by_name.entry(name_of(&column).to_owned()).or_default();
            of_name.push(column);
        }
        NotSaved {
            columns: Rc::new(by_name),
            ..NotSaved::default()
        }
    }

    /// All columns but these.
    pub fn all_but(columns: impl IntoIterator<Item = String>) -> NotSaved {
        NotSaved {
            is_inverse: true,
            ..NotSaved::new(columns)
        }
    }

    /// The same; `lacks_secrets`: secrets were left out when the host was saved.
    #[must_use]
    pub fn with_secrets(self, lacks_secrets: bool) -> NotSaved {
        NotSaved {
            lacks_secrets,
            ..self
        }
    }

    /// Whether secrets were left out.
    pub fn lacks_secrets(&self) -> bool {
        self.lacks_secrets
    }

    /// The value of a column, or of a key of one (`options:psk`), with secrets that were left out as unknown.
    pub fn of_secrets(&self, column: &str, value: Cell) -> Cell {
        if !self.lacks_secrets {
            return value;
        }
        match value {
            Cell::Text(text) if text == MASK => {
                let (_, key) = column.split_once(':').unwrap_or_default();
                if !is_secret(key, MASK) {
                    return Cell::Text(text);
                }
                self.printed.borrow_mut().insert(column.to_owned());
                Cell::Unknown
            }
            Cell::List(values) => {
                let values = values.into_iter();
                Cell::List(values.map(|value| self.of_secrets(column, value)).collect())
            }
            // A column, or a record with columns.
            Cell::Map(pairs) => {
                let pairs = pairs.into_iter().map(|(key, value)| {
                    let value = match &value {
                        Cell::Text(_) => self.of_secrets(&format!("{column}:{key}"), value),
                        _ => self.of_secrets(&key, value),
                    };
                    (key, value)
                });
                Cell::Map(pairs.collect())
            }
            other => other,
        }
    }

    /// Whether all columns are known.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty() && !self.is_inverse
    }

    /// The columns that were printed as unknown.
    pub fn printed(&self) -> Vec<String> {
        self.printed.borrow().iter().cloned().collect()
    }

    /// Whether one of these columns, each a `COLUMN` or `TABLE.COLUMN`, is not known in what is printed now. `TABLE._uuid`
    /// stands for the rows of a table.
    pub fn print(&self, columns: &[&str]) -> bool {
        let unknown = self.of(columns);
        if unknown.is_empty() {
            return false;
        }
        let mut printed = self.printed.borrow_mut();
        for column in unknown {
            let column = unknown_words(column);
            if !printed.contains(&*column) {
                printed.insert(column.into_owned());
            }
        }
        true
    }

    /// Of these columns, each a `COLUMN` or `TABLE.COLUMN`, those that are not known.
    pub fn of<'s>(&'s self, columns: &[&'s str]) -> Vec<&'s str> {
        if self.is_empty() {
            return Vec::new();
        }
        let unknown = columns.iter().flat_map(|column| self.unknown(column));
        unknown.collect()
    }

    /// The columns of this name that are not known.
    fn unknown<'s>(&'s self, column: &'s str) -> Vec<&'s str> {
        let is_named = |known: &&String| match known.strip_suffix(column) {
            Some("") => true,
            Some(table) => table
                .strip_suffix('.')
                .is_some_and(|table| USUAL_TABLES.contains(&table)),
            None => false,
        };
        let of_name = self.columns.get(name_of(column)).into_iter().flatten();
        let named: Vec<&str> = of_name.filter(is_named).map(String::as_str).collect();
        match (self.is_inverse, named.is_empty()) {
            (false, _) => named,
            (true, true) => vec![column],
            (true, false) => Vec::new(),
        }
    }
}

/// A column that is not known, in words; a table of which no row is known.
pub fn unknown_words(column: &str) -> Cow<'_, str> {
    match column.strip_suffix("._uuid") {
        Some(table) => Cow::Owned(format!("table {table}")),
        None => Cow::Borrowed(column),
    }
}

/// The name of a column without its table.
fn name_of(column: &str) -> &str {
    column.split_once('.').map_or(column, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_with_and_without_their_table() {
        let columns = ["Interface.mtu", "Controller.is_connected", "Port.status"];
        let not_saved = NotSaved::new(columns.map(str::to_owned));
        assert!(!not_saved.print(&["name", "is_connected", "Interface.status"]));
        assert!(not_saved.printed().is_empty());
        assert!(not_saved.print(&["status", "mtu"]));
        assert!(!not_saved.print(&["name"]));
        assert_eq!(not_saved.printed(), ["Interface.mtu", "Port.status"]);
        assert!(not_saved.print(&["Controller.is_connected"]));
    }

    #[test]
    fn secrets_that_were_left_out() {
        let options = Cell::text_map([("psk", "***"), ("remote_ip", "10.0.0.1"), ("note", "***")]);
        let interface = |options| Cell::Map(vec![("options".to_owned(), options)]);
        let saved = NotSaved::default().with_secrets(true);
        let known = saved.of_secrets("interfaces", Cell::List(vec![interface(options.clone())]));
        let expected = Cell::Map(vec![
            ("psk".to_owned(), Cell::Unknown),
            ("remote_ip".to_owned(), "10.0.0.1".into()),
            ("note".to_owned(), "***".into()),
        ]);
        assert_eq!(known, Cell::List(vec![interface(expected)]));
        assert_eq!(saved.printed(), ["options:psk"]);
        assert_eq!(saved.of_secrets("options:psk", "***".into()), Cell::Unknown);
        assert_eq!(saved.of_secrets("name", "***".into()), "***".into());
        let live = NotSaved::default();
        assert_eq!(live.of_secrets("options", options.clone()), options);
    }

    #[test]
    fn all_but_some() {
        let not_saved = NotSaved::all_but(["Interface.mtu", "Port.tag"].map(str::to_owned));
        assert!(!not_saved.print(&["mtu", "tag", "Port.tag"]));
        assert!(not_saved.print(&["mtu", "link_state", "Interface.tag"]));
        assert_eq!(not_saved.printed(), ["Interface.tag", "link_state"]);
        assert!(not_saved.print(&["Mirror._uuid"]));
        assert!(not_saved.printed().contains(&"table Mirror".to_owned()));
    }
}
