//! Names and OpenFlow numbers of one bridge's ports and tables.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::topology::{Bridge, Topology};
use crate::openflow::text::{NameLookup, PORT_LOCAL, RESERVED_PORTS, reserved_port, word};

/// Length of a port name in OpenFlow, in bytes (`OFP_MAX_PORT_NAME_LEN` less the closing NUL).
const PORT_NAME_MAX: usize = 15;

/// A port's name as in OpenFlow: truncated to 15 bytes, even within a character.
pub fn openflow_name(name: &str) -> Cow<'_, str> {
    String::from_utf8_lossy(
        name.as_bytes()
            .get(..PORT_NAME_MAX)
            .unwrap_or(name.as_bytes()),
    )
}

/// Maps interface names to OpenFlow port numbers and back.
///
/// Names come from the database in full; numbers that it does not have, from the switch's own list of
/// ports. A name that the list holds twice (two long names truncated to 15 bytes) is ignored. A port is
/// also found by its truncated name if no other port has the same, and by the name of its row in table `Port` if
/// it has one interface and no interface bears that name.
#[derive(Debug, Clone, Default)]
pub struct PortNames {
    names: BTreeMap<u32, Name>,
    numbers: HashMap<String, u32>,
    /// The numbers by the names of ports with one interface of another name, which no interface bears.
    of_ports: HashMap<String, u32>,
    /// The ports of interfaces that have another name.
    ports: BTreeMap<u32, String>,
    /// The interfaces of bonds, by the bond's name.
    bonds: HashMap<String, Vec<String>>,
    /// Ambiguous names of the switch's list.
    alike: BTreeMap<u32, String>,
    /// The numbers that stand for ports whose own are not known.
    unnumbered: BTreeSet<u32>,
}

#[derive(Debug, Clone)]
struct Name {
    name: String,
    /// The name as written in text, quoted if necessary; empty if it cannot be written.
    word: String,
}

impl PortNames {
    /// The names of a bridge, from the database.
    pub fn of_bridge(bridge: &Bridge) -> Self {
        let mut names = Self::default();
        for (port, interface) in bridge.interfaces() {
            if let Some(number) = interface.port_number() {
                names.insert(number, &interface.name);
                if port.name != interface.name {
                    names.ports.insert(number, port.name.clone());
                    if !port.is_bond() {
                        names.of_ports.insert(port.name.clone(), number);
                    }
                }
            }
        }
        for port in bridge.ports.iter().filter(|port| port.is_bond()) {
            let members = port.interfaces.iter();
            let members = members.map(|interface| interface.name.clone());
            names.bonds.insert(port.name.clone(), members.collect());
        }
        for interface in bridge.interfaces() {
            names.of_ports.remove(&interface.1.name);
        }
        names
    }

    /// The names of the bridge `name` in a topology; none if it is not there.
    pub fn of(topology: &Topology, name: &str) -> Self {
        let bridge = topology.bridge(name);
        bridge.map(Self::of_bridge).unwrap_or_default()
    }

    /// Adds the names that the switch reports: number and name, truncated to 15 bytes. Names from the
    /// database take precedence.
    #[must_use]
    pub fn with_described<'a>(mut self, ports: impl IntoIterator<Item = (u32, &'a str)>) -> Self {
        let mut described: HashMap<&str, Vec<u32>> = HashMap::new();
        for (number, name) in ports {
            if name.is_empty() || self.names.contains_key(&number) {
                continue;
            }
            described.entry(name).or_default().push(number);
        }
        for (name, numbers) in described {
            let known = name.len() < PORT_NAME_MAX && self.numbers.contains_key(name);
            match numbers.as_slice() {
                [number] if !known => self.insert(*number, name),
                [_] => {}
                several => {
                    let several = several.iter().map(|number| (*number, name.to_owned()));
                    self.alike.extend(several);
                }
            }
        }
        self
    }

    /// Adds ports whose numbers are not known, each with the number that stands for it.
    #[must_use]
    pub fn with_unnumbered(mut self, ports: &BTreeMap<u32, String>) -> Self {
        for (number, name) in ports {
            self.insert(*number, name);
            self.unnumbered.insert(*number);
        }
        self
    }

    /// Adds the names of `earlier` that are there no more, with the numbers that they had.
    #[must_use]
    pub fn with_gone(mut self, earlier: &PortNames) -> Self {
        for (number, name) in &earlier.names {
            if self.ofport(&name.name).is_none() {
                self.numbers.insert(name.name.clone(), *number);
                self.names.entry(*number).or_insert_with(|| name.clone());
            }
        }
        for (port, number) in &earlier.of_ports {
            if self.ofport(port).is_none() {
                self.of_ports.insert(port.clone(), *number);
            }
        }
        self
    }

    /// The ports with this name in OpenFlow, by number; `None` as name if only the truncated name is known.
    pub fn cut_to(&self, name: &str) -> Vec<(u32, Option<&str>)> {
        if name.len() < PORT_NAME_MAX {
            return Vec::new();
        }
        let known = self
            .names
            .iter()
            .map(|(number, known)| (*number, known.name.as_str()));
        let known = known.filter(|(_, known)| openflow_name(known) == name);
        let alike = self.alike.iter().filter(|(_, alike)| *alike == name);
        let mut all: Vec<(u32, Option<&str>)> = known
            .map(|(number, known)| (number, Some(known)))
            .chain(alike.map(|(number, _)| (*number, None)))
            .collect();
        all.sort_unstable();
        all
    }

    /// The name of the port that has this interface; the interface's where the port's is not known.
    pub fn port_of(&self, number: u32) -> Option<&str> {
        let port = self.ports.get(&number).map(String::as_str);
        port.or_else(|| self.port_name(number))
    }

    /// The names of the interfaces of the bond of this name.
    pub fn members(&self, bond: &str) -> Option<&[String]> {
        self.bonds.get(bond).map(Vec::as_slice)
    }

    /// Whether there is a port of this number.
    pub fn has(&self, ofport: u32) -> bool {
        self.names.contains_key(&ofport) || self.alike.contains_key(&ofport)
    }

    /// Whether no port is known.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Every number with its name, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        let mut all: Vec<(u32, &str)> = self
            .names
            .iter()
            .map(|(number, name)| (*number, name.name.as_str()))
            .collect();
        all.sort_unstable();
        all.into_iter()
    }

    fn insert(&mut self, number: u32, name: &str) {
        // The bridge's own port is LOCAL; other reserved numbers belong to no port.
        let reserved = reserved_port(number).is_some() && number != PORT_LOCAL;
        if !reserved && !self.numbers.contains_key(name) {
            let word = word(name).into_owned();
            self.names.insert(
                number,
                Name {
                    name: name.to_owned(),
                    word,
                },
            );
            self.numbers.insert(name.to_owned(), number);
        }
    }
}

impl NameLookup for PortNames {
    fn port_name(&self, ofport: u32) -> Option<&str> {
        self.names.get(&ofport).map(|name| name.name.as_str())
    }

    fn has_number(&self, ofport: u32) -> bool {
        !self.unnumbered.contains(&ofport)
    }

    fn port_word(&self, ofport: u32) -> Option<Cow<'_, str>> {
        let name = self.names.get(&ofport)?;
        Some(Cow::Borrowed(&name.word))
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        let exact = self.numbers.get(name).or_else(|| self.of_ports.get(name));
        exact
            .copied()
            .or_else(|| match self.cut_to(name).as_slice() {
                [(number, _)] => Some(*number),
                _ => None,
            })
    }
}

/// Length of a table name in OpenFlow, in bytes (`OFP_MAX_TABLE_NAME_LEN` less the closing NUL).
pub const TABLE_CUT: usize = 31;

/// The names of the tables of one bridge.
///
/// Names come from the database in full (`Bridge.flow_tables`); for other tables from the switch, where
/// controllers may have set them. If several tables have one name, text has their numbers.
#[derive(Debug, Clone, Default)]
pub struct TableNames {
    /// By number; `None` where no table has a name.
    names: Option<Box<[Option<Name>; 256]>>,
}

impl TableNames {
    /// The names by number; of two names for one table the first is kept. Empty names are ignored.
    pub fn new<'n>(names: impl IntoIterator<Item = (u8, &'n str)>) -> Self {
        let mut all: Option<Box<[Option<Name>; 256]>> = None;
        let mut seen: HashMap<&str, u32> = HashMap::new();
        for (table, name) in names.into_iter().filter(|(_, name)| !name.is_empty()) {
            let all = all.get_or_insert_with(|| Box::new([const { None }; 256]));
            if let Some(slot @ None) = all.get_mut(usize::from(table)) {
                *seen.entry(name).or_default() += 1;
                *slot = Some(Name {
                    name: name.to_owned(),
                    word: word(name).into_owned(),
                });
            }
        }
        for slot in all.iter_mut().flat_map(|all| all.iter_mut()).flatten() {
            if seen.get(slot.name.as_str()).is_some_and(|count| *count > 1) {
                slot.word.clear();
            }
        }
        Self { names: all }
    }

    /// Adds the names that the switch reports. Names from the database take precedence.
    #[must_use]
    pub fn with_told(self, told: &[(u8, String)]) -> Self {
        if told.is_empty() {
            return self;
        }
        let told = told.iter().map(|(table, name)| (*table, name.as_str()));
        Self::new(self.iter().chain(told))
    }

    /// Every table that has a name, by number.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &str)> {
        let all = self
            .names
            .iter()
            .flat_map(|all| (0..=u8::MAX).zip(all.iter()));
        all.filter_map(|(table, name)| Some((table, name.as_ref()?.name.as_str())))
    }

    /// The name of a table.
    pub fn get(&self, table: u8) -> Option<&str> {
        self.slot(table).map(|name| name.name.as_str())
    }

    fn slot(&self, table: u8) -> Option<&Name> {
        self.names.as_ref()?.get(usize::from(table))?.as_ref()
    }

    /// The tables with this name; if there is none, those whose name OpenFlow truncates to it.
    fn named(&self, name: &str) -> Vec<u8> {
        let tables = |is: fn(&str, &str) -> bool| -> Vec<u8> {
            let named = self.iter().filter(|(_, of_table)| is(of_table, name));
            named.map(|(table, _)| table).collect()
        };
        let whole = tables(|of_table, name| of_table == name);
        if whole.is_empty() {
            return tables(|of_table, name| cut(of_table) == name);
        }
        whole
    }
}

/// A table's name, truncated as in OpenFlow.
fn cut(name: &str) -> &str {
    let mut end = TABLE_CUT.min(name.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    name.split_at_checked(end).map_or(name, |(name, _)| name)
}

/// The names of a switch's ports and tables.
#[derive(Debug, Clone, Default)]
pub struct SwitchNames {
    /// Of its ports.
    pub ports: PortNames,
    /// Of its tables.
    pub tables: TableNames,
}

impl SwitchNames {
    /// Adds table names as [`TableNames::with_told`].
    #[must_use]
    pub fn with_told(mut self, told: &[(u8, String)]) -> Self {
        self.tables = self.tables.with_told(told);
        self
    }
}

impl NameLookup for SwitchNames {
    fn port_name(&self, ofport: u32) -> Option<&str> {
        self.ports.port_name(ofport)
    }

    fn has_number(&self, ofport: u32) -> bool {
        self.ports.has_number(ofport)
    }

    fn port_word(&self, ofport: u32) -> Option<Cow<'_, str>> {
        self.ports.port_word(ofport)
    }

    fn ofport(&self, name: &str) -> Option<u32> {
        self.ports.ofport(name)
    }

    fn table_name(&self, table: u8) -> Option<&str> {
        self.tables.get(table)
    }

    fn table_word(&self, table: u8) -> Option<&str> {
        let word = self.tables.slot(table)?.word.as_str();
        (!word.is_empty()).then_some(word)
    }

    fn tables_named(&self, name: &str) -> Vec<u8> {
        self.tables.named(name)
    }
}

/// The names of the reserved ports, for completion and suggestions: `LOCAL`, `CONTROLLER`, …
pub fn reserved() -> impl Iterator<Item = &'static str> {
    RESERVED_PORTS.iter().map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::topology::{Interface, Port};

    fn bridge(ports: &[(&str, Option<i64>)]) -> Bridge {
        let port = |(name, ofport): &(&str, Option<i64>)| Port {
            name: (*name).into(),
            interfaces: vec![Interface {
                name: (*name).into(),
                ofport: *ofport,
                ..Interface::default()
            }],
            ..Port::default()
        };
        Bridge {
            name: "br-int".into(),
            ports: ports.iter().map(port).collect(),
            ..Bridge::default()
        }
    }

    #[test]
    fn both_ways_with_local_and_without_the_dead() {
        let names = PortNames::of_bridge(&bridge(&[
            ("br-int", Some(65534)),
            ("qvobeeb2c54-aa", Some(20)),
            ("broken", Some(-1)),
            ("new", None),
            ("liar", Some(1 << 40)),
            ("reserved", Some(65533)),
        ]));
        assert_eq!(names.port_name(20), Some("qvobeeb2c54-aa"));
        assert_eq!(names.ofport("qvobeeb2c54-aa"), Some(20));
        assert_eq!(names.ofport("br-int"), Some(PORT_LOCAL));
        for name in ["broken", "new", "liar", "reserved"] {
            assert_eq!(names.ofport(name), None, "{name}");
        }
        assert_eq!(names.iter().count(), 2);
    }

    #[test]
    fn cut_names_are_found_if_they_are_of_one_port() {
        let names = PortNames::of_bridge(&bridge(&[
            ("patch-br-int-to-ex", Some(1)),
            ("patch-br-int-to-tun", Some(2)),
            ("patch-br-ex-to-int", Some(3)),
            ("int-br-ens37-eth", Some(4)),
            ("int-br-ens37-et", Some(5)),
            ("abcdefghijklmnü", Some(6)),
        ]));
        assert_eq!(names.ofport("patch-br-ex-to-"), Some(3));
        assert_eq!(names.ofport("patch-br-ex-to"), None, "not cut there");
        assert_eq!(names.ofport("patch-br-int-to"), None);
        assert_eq!(names.cut_to("patch-br-int-to").len(), 2);
        // The exact name wins.
        assert_eq!(names.ofport("int-br-ens37-et"), Some(5));
        assert_eq!(names.ofport("abcdefghijklmn\u{fffd}"), Some(6));
        assert_eq!(names.ofport(""), None);
    }

    #[test]
    fn the_database_wins_and_cut_names_are_told_apart_or_not_at_all() {
        let names = PortNames::of_bridge(&bridge(&[("patch-to-physical-one", Some(1))]));
        let names = names.with_described([
            (1, "patch-to-physic"),
            (2, "patch-to-physic"),
            (3, "eth0"),
            (4, "int-patch-to-ph"),
            (5, "int-patch-to-ph"),
            (6, ""),
            (PORT_LOCAL, "br-int"),
        ]);
        // The port that the switch itself calls so wins.
        assert_eq!(names.ofport("patch-to-physic"), Some(2));
        assert_eq!(names.ofport("int-patch-to-ph"), None);
        assert_eq!(names.cut_to("int-patch-to-ph"), [(4, None), (5, None)]);
        assert_eq!(names.port_name(1), Some("patch-to-physical-one"));
        assert_eq!(names.port_name(2), Some("patch-to-physic"));
        assert_eq!(names.port_name(3), Some("eth0"));
        assert_eq!(names.ofport("eth0"), Some(3));
        for number in [4, 5, 6] {
            assert_eq!(names.port_name(number), None, "{number}");
        }
        assert_eq!(names.port_name(PORT_LOCAL), Some("br-int"));
    }

    #[test]
    fn tables_with_one_name_two_and_none() {
        let names = SwitchNames {
            tables: TableNames::new([(0, "one"), (5, "twice"), (6, "twice"), (7, ""), (0, "late")]),
            ..SwitchNames::default()
        };
        let names = names.with_told(&[(5, "told".into()), (8, "a b".into()), (9, "one".into())]);
        let all: Vec<(u8, &str)> = names.tables.iter().collect();
        let expected = [
            (0, "one"),
            (5, "twice"),
            (6, "twice"),
            (8, "a b"),
            (9, "one"),
        ];
        assert_eq!(all, expected);
        for (table, word) in [
            (0, None),
            (5, None),
            (7, None),
            (8, Some("\"a b\"")),
            (255, None),
        ] {
            assert_eq!(names.table_word(table), word, "{table}");
        }
        assert_eq!(names.tables_named("twice"), [5, 6]);
        assert_eq!(names.tables_named("told"), [0; 0]);
        assert_eq!(names.tables_named(""), [0; 0]);
    }

    #[test]
    fn cut_names_of_tables() {
        let long = "ünïcödé-ünïcödé-ünïcödé-ünïcödé";
        let names = TableNames::new([
            (1, "exactly-thirty-one-bytes-aaaaaa"),
            (2, "exactly-thirty-one-bytes-aaaaaa-2"),
            (3, "exactly-thirty-one-bytes-bbbbbb-3"),
            (4, "exactly-thirty-one-bytes-bbbbbb-4"),
            (5, long),
        ]);
        assert_eq!(names.named("exactly-thirty-one-bytes-aaaaaa"), [1]);
        assert_eq!(names.named("exactly-thirty-one-bytes-aaaaaa-2"), [2]);
        assert_eq!(names.named("exactly-thirty-one-bytes-bbbbbb"), [3, 4]);
        assert_eq!(names.named("exactly-thirty-one-bytes"), [0; 0]);
        assert_eq!(names.named("ünïcödé-ünïcödé-ünïc"), [5]);
        assert_eq!(names.named(long), [5]);
    }
}
