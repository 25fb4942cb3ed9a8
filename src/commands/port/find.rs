//! `ovs port find`: searches ports by properties other than their name.

use crate::base::mac::mac;
use crate::base::order::sort_by_name;
use crate::commands::about::About;
use crate::commands::lines::{InterfaceRow, Picture, ports_of};
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::resolve::{PortWord, parse};
use crate::model::{Depth, GUEST_KEYS, Interface, Scope, Want};
use crate::openflow::text::{port_from_v10, port_to_v10};
use crate::output::{Cell, Column, Shape, headings};
use crate::ovsdb::{Datum, Function, Select};

pub(super) const ABOUT: About = About::watchable()
    .list(|| headings(&columns()))
    .remarks_made(|| format!("\
It looks at names, OpenFlow numbers, MAC addresses (mac_in_use) and what cloud software wrote into \
Interface.external_ids: iface-id, attached-mac, attached_mac, vm-uuid, vm-id, and every other. The beginning of an id \
or a name will do, from {SHORTEST} characters on, where nothing is equal to it. Of a Neutron port's id, \
the name that Neutron makes of it is found too.
matched says what it was found by. Exit code 3: nothing was found."))
    .examples("\
ovs port find fa:16:3e:75:d5:a4
ovs port find beeb2c54-aa31-4b1e-9d3c-5f6f0a1b2c3d -g port
ovs port find 15");

/// A port that was found, and the matching properties.
struct Match<'t> {
    line: InterfaceRow<'t>,
    matched: Vec<String>,
    /// Whether more of it may match: addresses that are not known.
    is_partial: bool,
}

/// A column of the interface's row.
macro_rules! of_line {
    ($column:expr) => {
        $column.of(|found: &Match<'t>| $column.value(&found.line))
    };
}

fn columns<'t>() -> Vec<Column<Match<'t>>> {
    vec![
        of_line!(InterfaceRow::BRIDGE),
        of_line!(InterfaceRow::PORT),
        of_line!(InterfaceRow::INTERFACE),
        of_line!(InterfaceRow::OFPORT),
        of_line!(InterfaceRow::TYPE.drop(2)),
        of_line!(InterfaceRow::TAG),
        of_line!(InterfaceRow::MAC.drop(1)),
        Column::new("matched", |found: &Match<'t>| {
            if found.is_partial {
                return Cell::Unknown;
            }
            Cell::texts(found.matched.iter().map(String::as_str))
        })
        .is(
            Shape::OrNull(&Shape::TEXTS),
            "how many packets matched a flow; in port find what of the port was found",
        ),
        of_line!(InterfaceRow::EXTERNAL_IDS.extra()),
    ]
}

/// Minimum length of a prefix: shorter ones match too many names.
const SHORTEST: usize = 4;

const READ: [&str; 3] = ["tag", "mac_in_use", "external_ids"];

pub(super) async fn find(cx: &Context, text: &str) -> Result<(), Failure> {
    let columns = columns();
    let view = cx.format.view(&columns)?;
    let wanted = Wanted::of(text);
    let mut pictures = Vec::new();
    // The database finds equal values by itself.
    let mut selects = wanted.selects();
    let is_partial = wanted.mac.is_some() && cx.format.not_saved.print(&["mac_in_use"]);
    if is_partial {
        selects.retain(|select| select.when.iter().all(|when| when.0 != "mac_in_use"));
    }
    let mut ports = ports_of(cx, selects).await?;
    if !ports.iter().any(|port| port == text) {
        ports.push(text.to_owned());
    }
    for port in ports {
        let want = Want::of(Scope::Port(port), Depth::Full).only(READ.to_vec());
        pictures.push(Picture::read_if(cx, want, false).await?);
    }
    let all;
    let mut found = matches(&pictures, |line| wanted.equal(line));
    if found.is_empty() {
        let want = Want::of(Scope::All, Depth::Full).only(READ.to_vec());
        all = [Picture::read(cx, want, false).await?];
        found = matches(&all, |line| wanted.equal(line));
        if found.is_empty() {
            found = matches(&all, |line| wanted.begins(line));
        }
    }
    if found.is_empty() {
        let message = format!("no port is known by {}", quoted(text));
        let begins = text.contains(char::is_alphabetic) && text.chars().count() < SHORTEST;
        let hint = if begins {
            format!("the beginning of a name or an id is looked for from {SHORTEST} characters on")
        } else {
            "`ovs port list --columns port,ofport,mac,external_ids` lists what is searched"
                .to_owned()
        };
        return Err(Failure::new(Exit::NotFound, message).hint(hint));
    }
    for found in &mut found {
        found.is_partial = is_partial;
    }
    cx.print_list(&view, &found, "ports")
}

/// The rows with a matching property, by bridge.
fn matches(
    pictures: &[Picture],
    matched: impl Fn(&InterfaceRow<'_>) -> Vec<String>,
) -> Vec<Match<'_>> {
    let lines = pictures.iter().flat_map(Picture::lines);
    let found = lines.map(|line| Match {
        matched: matched(&line),
        is_partial: false,
        line,
    });
    let mut found: Vec<Match<'_>> = found.filter(|found| !found.matched.is_empty()).collect();
    sort_by_name(&mut found, |found| &found.line.bridge.name);
    found
}

/// The search term.
struct Wanted<'a> {
    /// As given, and in lower case.
    text: &'a str,
    small: String,
    /// As an OpenFlow port number.
    number: Option<u32>,
    /// As a MAC address, in the spelling of the database.
    mac: Option<String>,
}

impl Wanted<'_> {
    fn of(text: &str) -> Wanted<'_> {
        let number = match parse(text).port {
            PortWord::Number(number) => port_to_v10(number).map(port_from_v10),
            PortWord::Name(_) => None,
        };
        Wanted {
            text,
            small: text.to_ascii_lowercase(),
            number,
            mac: mac(text),
        }
    }

    /// The conditions that find interfaces with an equal property in the database.
    fn selects(&self) -> Vec<Select> {
        let interface = || Select::columns("Interface", &["_uuid"]);
        let mut selects = vec![interface().when("name", Function::Equal, self.text)];
        if let Some(number) = self.number.and_then(port_to_v10) {
            selects.push(interface().when("ofport", Function::Equal, i64::from(number)));
        }
        let mut words = vec![self.text];
        if let Some(mac) = &self.mac {
            selects.push(interface().when("mac_in_use", Function::Equal, mac.as_str()));
            words.push(mac);
        }
        words.push(&self.small);
        words.dedup();
        for key in GUEST_KEYS {
            for word in &words {
                let pair = Datum::map([(key, *word)]);
                selects.push(interface().when("external_ids", Function::Includes, pair));
            }
        }
        selects
    }

    /// The properties of an interface and its port that are equal to the term.
    fn equal(&self, line: &InterfaceRow<'_>) -> Vec<String> {
        let interface = line.interface;
        let is_mac = |value: &str| self.mac.is_some() && mac(value) == self.mac;
        let is_it = |value: &str| value.eq_ignore_ascii_case(self.text) || is_mac(value);
        let number = interface.port_number();
        matched(
            interface,
            interface.name == self.text || line.port.name == self.text,
            number.is_some() && number == self.number,
            is_it,
        )
    }

    /// The properties of an interface and its port that begin with the term.
    fn begins(&self, line: &InterfaceRow<'_>) -> Vec<String> {
        let interface = line.interface;
        if self.text.chars().count() < SHORTEST {
            return Vec::new();
        }
        let begins = |value: &str| value.to_ascii_lowercase().starts_with(&self.small);
        let name = [&interface.name, &line.port.name]
            .iter()
            .any(|name| name.starts_with(self.text) || self.is_made_of_it(name));
        matched(interface, name, false, begins)
    }

    /// Whether Neutron derives this name from the id: three letters and its first eleven characters.
    fn is_made_of_it(&self, name: &str) -> bool {
        const KEPT: usize = 11;
        let begin = self.small.get(..KEPT);
        begin.is_some_and(|begin| name.get(3..) == Some(begin))
    }
}

/// The names of the matching properties of an interface.
fn matched(
    interface: &Interface,
    name: bool,
    number: bool,
    is_it: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut matched = Vec::new();
    if name {
        matched.push("name".to_owned());
    }
    if number {
        matched.push("ofport".to_owned());
    }
    if interface.mac_in_use.as_deref().is_some_and(&is_it) {
        matched.push("mac_in_use".to_owned());
    }
    let ids = interface.external_ids.iter();
    let ids = ids.filter(|(_, value)| is_it(value));
    matched.extend(ids.map(|(key, _)| format!("external_ids:{key}")));
    matched
}
