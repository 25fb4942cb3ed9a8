//! Bridges and ports of the draft, by name or number.

use super::draft::Around;
use super::{Edit, Refusal, Result, RowId, quoted};
use crate::base::shell;
use crate::model::resolve::{PortWord, argument, give_the_port, not_a_port, parse};
use crate::openflow::text::{PORT_LOCAL, reserved_port};
use crate::ovsdb::{Condition, Datum, Error, Row, Select, Uuid};

/// The columns that are read of a bridge: its settings, not its ports, which may be many.
pub(crate) const BRIDGE: &[&str] = &[
    "name",
    "datapath_type",
    "fail_mode",
    "protocols",
    "controller",
    "stp_enable",
    "rstp_enable",
    "mcast_snooping_enable",
    "external_ids",
    "other_config",
];

/// The columns that are read of a port.
pub(crate) const PORT: &[&str] = &[
    "name",
    "interfaces",
    "tag",
    "trunks",
    "vlan_mode",
    "bond_mode",
    "lacp",
    "fake_bridge",
    "external_ids",
    "other_config",
];

/// The columns that are read of an interface.
pub(crate) const INTERFACE: &[&str] = &[
    "name",
    "type",
    "options",
    "ofport",
    "ofport_request",
    "mac",
    "mtu_request",
    "external_ids",
    "other_config",
];

/// The parent of a port: the table, the column that refers to the port, the columns to read.
const ABOVE: Around<'_> = ("Bridge", "ports", BRIDGE);

/// The children of a port: the table, the port's column that refers to it, the columns to read.
const BELOW: Around<'_> = ("Interface", "interfaces", INTERFACE);

/// A named bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BridgePlace {
    /// The bridge; for a VLAN bridge, the one that it is part of.
    pub(crate) row: RowId,
    /// For a VLAN bridge (`fake_bridge`), its own port and its VLAN.
    pub(crate) vlan: Option<(RowId, i64)>,
}

/// A named port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PortPlace {
    /// Its bridge.
    pub(crate) bridge: RowId,
    /// The port.
    pub(crate) port: RowId,
    /// Its interfaces; several for a bond.
    pub(crate) interfaces: Vec<RowId>,
}

impl Edit<'_> {
    /// Reads all bridges, ports and interfaces at once, for a plan of many steps.
    pub(crate) async fn read_whole(&mut self) -> Result<()> {
        let bridge: Vec<&str> = BRIDGE.iter().copied().chain(["ports"]).collect();
        self.draft.read_whole("Bridge", &bridge).await?;
        self.draft.read_whole("Port", PORT).await?;
        self.draft.read_whole("Interface", INTERFACE).await?;
        Ok(())
    }

    /// The bridge of this name, if it exists: a real one, or a VLAN bridge.
    pub(crate) async fn bridge_if(&mut self, name: &str) -> Result<Option<BridgePlace>> {
        if let Some(row) = self.draft.find("Bridge", name, BRIDGE).await? {
            return Ok(Some(BridgePlace { row, vlan: None }));
        }
        let Some(port) = self.draft.find("Port", name, PORT).await? else {
            return Ok(None);
        };
        let is_fake = self.draft.value(port, "fake_bridge").await? == Datum::from(true);
        let Some(vid) = self.number(port, "tag").await?.filter(|_| is_fake) else {
            return Ok(None);
        };
        let row = self.bridge_of(port).await?;
        Ok(row.map(|row| BridgePlace {
            row,
            vlan: Some((port, vid)),
        }))
    }

    /// The bridge of this name.
    pub(crate) async fn bridge(&mut self, name: &str) -> Result<BridgePlace> {
        if let Some(place) = self.bridge_if(name).await? {
            return Ok(place);
        }
        let names = self.names("Bridge").await?;
        Err(Refusal::not_found("bridge", name, "", &names))
    }

    /// The port of this name, if it exists.
    pub(crate) async fn port_if(&mut self, name: &str) -> Result<Option<PortPlace>> {
        match self.draft.find("Port", name, PORT).await? {
            Some(port) => self.place(port).await,
            None => Ok(None),
        }
    }

    /// The port that an argument names: `PORT`, `BRIDGE/PORT` or `BRIDGE/NUMBER`.
    pub(crate) async fn port(&mut self, text: &str) -> Result<PortPlace> {
        match self.named(text).await? {
            (place, None) => Ok(place),
            (place, Some(interface)) => Err(self.not_a_port(&place, interface)),
        }
    }

    /// As [`Edit::port`], or an interface of a bond; that interface, if one is named.
    pub(crate) async fn port_or_member(
        &mut self,
        text: &str,
    ) -> Result<(PortPlace, Option<RowId>)> {
        match self.named(text).await? {
            (place, Some(interface)) if place.interfaces.len() < 2 => {
                Err(self.not_a_port(&place, interface))
            }
            (place, None) => {
                let member = self.member_numbered(text, &place).await?;
                Ok((place, member))
            }
            found => Ok(found),
        }
    }

    /// Like [`Edit::port`], but refuses the number of an interface of a bond, too.
    pub(crate) async fn whole_port(&mut self, text: &str) -> Result<PortPlace> {
        match self.port_or_member(text).await? {
            (place, None) => Ok(place),
            (place, Some(interface)) => Err(self.not_a_port(&place, interface)),
        }
    }

    /// Refuses an interface where a port is meant.
    pub(crate) fn not_a_port(&mut self, place: &PortPlace, interface: RowId) -> Refusal {
        let (port, interface) = (self.name_of(place.port), self.name_of(interface));
        let message = not_a_port(&interface, &port);
        // With --if-exists the refusal is dropped.
        self.warn(message.clone());
        let refusal = Refusal::missing(message);
        if place.interfaces.len() < 2 {
            return refusal.hint(give_the_port(&port));
        }
        refusal.hint(format!(
            "{}; `ovs port set {} --remove-member {}` takes the interface out of the bond",
            give_the_port(&port),
            shell::word(&argument(&port)),
            shell::word(&interface),
        ))
    }

    /// The port that an argument names; with the interface, if only an interface bears the name.
    async fn named(&mut self, text: &str) -> Result<(PortPlace, Option<RowId>)> {
        let whole = |place| (place, None);
        let argument = parse(text);
        let bridge = argument.bridge.as_deref();
        let found = match (&argument.port, bridge) {
            (PortWord::Name(name), _) => self.port_or_interface(name).await?,
            (PortWord::Number(PORT_LOCAL), Some(bridge)) => self.port_if(bridge).await?.map(whole),
            (PortWord::Number(number), Some(bridge)) => {
                self.port_with_number(bridge, *number).await?.map(whole)
            }
            (PortWord::Number(number), None) => {
                let word = reserved_port(*number).map_or_else(|| number.to_string(), str::to_owned);
                // A number takes precedence over a name, but without a bridge it can only be a name.
                match self.port_or_interface(text).await? {
                    Some(found) => Some(found),
                    None => {
                        return Err(Refusal::usage(format!(
                            "every bridge has a port {word} of its own"
                        ))
                        .hint(format!("BRIDGE/{word} says which is meant")));
                    }
                }
            }
        };
        if let (Some((place, interface)), Some(bridge)) = (&found, bridge) {
            let on = self.bridge(bridge).await?;
            let is_of_vlan = match on.vlan {
                Some((_, vid)) => self.number(place.port, "tag").await? == Some(vid),
                None => true,
            };
            if on.row == place.bridge && is_of_vlan {
                return Ok((place.clone(), *interface));
            }
        } else if let Some(found) = found {
            return Ok(found);
        }
        // A name may contain a slash.
        if bridge.is_some()
            && let Some(found) = self.port_or_interface(text).await?
        {
            return Ok(found);
        }
        let (name, place) = match (bridge, text.split_once('/')) {
            (Some(bridge), Some((_, port))) => {
                self.bridge(bridge).await?;
                (port, format!("on {bridge}"))
            }
            _ => (text, String::new()),
        };
        let names = self.names("Port").await?;
        Err(Refusal::not_found("port", name, &place, &names))
    }

    /// The interface of the bond `place` that has the number in an argument.
    async fn member_numbered(&mut self, text: &str, place: &PortPlace) -> Result<Option<RowId>> {
        if let (PortWord::Number(number), true) = (parse(text).port, place.interfaces.len() > 1)
            && text != self.name_of(place.port)
        {
            for interface in &place.interfaces {
                if self.number(*interface, "ofport").await? == Some(i64::from(number)) {
                    return Ok(Some(*interface));
                }
            }
        }
        Ok(None)
    }

    /// The row of the port that an argument names, for changes that depend on this row only. Its bridge and
    /// interfaces are not read if its own name was given: [`Edit::around`] reads them in the transaction of
    /// the change.
    pub(crate) async fn port_alone(&mut self, text: &str) -> Result<RowId> {
        let argument = parse(text);
        // Already known if whole tables were read.
        if let (None, PortWord::Name(name)) = (&argument.bridge, &argument.port)
            && !self.draft.is_whole(ABOVE.0, ABOVE.1)
            && let Some(port) = self.draft.find("Port", name, PORT).await?
        {
            if !self.alone.contains(&port) {
                self.alone.push(port);
            }
            return Ok(port);
        }
        let place = self.port(text).await?;
        self.touched.extend(&place.interfaces);
        Ok(place.port)
    }

    /// The reads that only the report needs and that are still missing: for [`Edit::learn`].
    pub(crate) fn around(&self) -> Vec<Select> {
        let ports = self.alone.iter();
        ports.flat_map(|port| self.names_around(*port)).collect()
    }

    /// The names of a port's bridge, first, and of its interfaces.
    fn names_around(&self, port: RowId) -> Vec<Select> {
        let names = |(table, column, _)| (table, column, ["name"].as_slice());
        self.draft.around(port, names(ABOVE), names(BELOW))
    }

    /// Takes the results of [`Edit::around`], one list of rows each.
    pub(crate) fn learn(
        &mut self,
        answers: impl IntoIterator<Item = Vec<Row>>,
    ) -> Result<(), Error> {
        let mut answers = answers.into_iter();
        for port in std::mem::take(&mut self.alone) {
            let asked = self.names_around(port).len();
            for (place, rows) in answers.by_ref().take(asked).enumerate() {
                for row in self.draft.learn(&rows)? {
                    if place == 0 {
                        self.homes.insert(port, row);
                    } else {
                        self.homes.insert(row, port);
                        self.touched.push(row);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads what only the report needs, if there is no transaction in which it could be read.
    pub(crate) async fn look_around(&mut self) -> Result<(), Error> {
        let selects = self.around();
        if selects.is_empty() {
            return Ok(());
        }
        let answers = self.draft.database().select(selects).await?;
        self.learn(answers)
    }

    /// The bridge that has this port.
    pub(crate) async fn bridge_of(&mut self, port: RowId) -> Result<Option<RowId>> {
        if let Some(&bridge) = self.homes.get(&port) {
            return Ok(Some(bridge));
        }
        let bridges = self
            .draft
            .referrers("Bridge", "ports", port, BRIDGE)
            .await?;
        if let Some(bridge) = bridges.first() {
            self.homes.insert(port, *bridge);
        }
        Ok(bridges.first().copied())
    }

    /// The port that has this interface.
    pub(crate) async fn port_of(&mut self, interface: RowId) -> Result<Option<RowId>> {
        if let Some(&port) = self.homes.get(&interface) {
            return Ok(Some(port));
        }
        let ports = self
            .draft
            .referrers("Port", "interfaces", interface, PORT)
            .await?;
        if let Some(port) = ports.first() {
            self.homes.insert(interface, *port);
        }
        Ok(ports.first().copied())
    }

    /// The name of the port that has this interface; the interface's own if none has it.
    pub(super) async fn port_name(&mut self, interface: RowId) -> Result<String> {
        let port = self.port_of(interface).await?;
        Ok(self.name_of(port.unwrap_or(interface)))
    }

    /// The port with its bridge and interfaces; `None` if no bridge has it.
    pub(crate) async fn place(&mut self, port: RowId) -> Result<Option<PortPlace>> {
        if self.home(port).is_none() {
            self.draft.read_around(port, ABOVE, BELOW).await?;
        }
        let Some(bridge) = self.bridge_of(port).await? else {
            return Ok(None);
        };
        let interfaces = self
            .draft
            .referred(port, "interfaces", "Interface", INTERFACE)
            .await?;
        for interface in &interfaces {
            self.homes.insert(*interface, port);
        }
        Ok(Some(PortPlace {
            bridge,
            port,
            interfaces,
        }))
    }

    /// The parent of a row: a port's bridge, an interface's port, as far as known.
    pub(crate) fn home(&self, row: RowId) -> Option<RowId> {
        self.homes.get(&row).copied()
    }

    /// Records the parent of a row.
    pub(super) fn settle(&mut self, row: RowId, home: RowId) {
        self.homes.insert(row, home);
    }

    /// The UUID of a row; of a new one once it is written.
    pub(crate) fn uuid(&self, row: RowId) -> Option<Uuid> {
        let made = || self.made.get(&row).copied();
        self.draft.uuid(row).or_else(made)
    }

    /// The name of a row, for messages.
    pub(crate) fn name_of(&self, row: RowId) -> String {
        let name = self.draft.known(row, "name").unwrap_or(Datum::EMPTY);
        name.as_str().unwrap_or_default().to_owned()
    }

    /// All names in a table, for suggestions.
    pub(crate) async fn names(&self, table: &str) -> Result<Vec<String>> {
        let select = Select::columns(table, &["name"]);
        let rows = self.draft.database().select(vec![select]).await?;
        let rows = rows.concat();
        let names = rows.iter().map(|row| row.string("name").map(str::to_owned));
        Ok(names.collect::<Result<_, _>>().map_err(Error::from)?)
    }

    /// The kind of a port, in words.
    pub(super) async fn purpose(&mut self, place: &PortPlace) -> Result<String> {
        if self.name_of(place.port) == self.name_of(place.bridge) {
            return Ok("the bridge's own port".to_owned());
        }
        let [interface] = place.interfaces.as_slice() else {
            return Ok("a bond".to_owned());
        };
        let kind = self.text(*interface, "type").await?;
        Ok(match kind.as_str() {
            "" => "a port of type system".to_owned(),
            "patch" => "a patch port".to_owned(),
            kind => format!("a port of type {kind}"),
        })
    }

    /// The reason why a port cannot be changed to the settings: it is of another kind.
    pub(super) async fn other_purpose(&mut self, place: &PortPlace) -> Result<Refusal> {
        let what = self.purpose(place).await?;
        Ok(Refusal::refused(format!(
            "{} exists on {} for another purpose: it is {what}",
            quoted(&self.name_of(place.port)),
            self.name_of(place.bridge)
        )))
    }

    /// The port of this name; else the port whose interface has it, with that interface.
    async fn port_or_interface(
        &mut self,
        name: &str,
    ) -> Result<Option<(PortPlace, Option<RowId>)>> {
        if let Some(place) = self.port_if(name).await? {
            return Ok(Some((place, None)));
        }
        let Some(interface) = self.draft.find("Interface", name, INTERFACE).await? else {
            return Ok(None);
        };
        let Some(port) = self.port_of(interface).await? else {
            return Ok(None);
        };
        let place = self.place(port).await?;
        Ok(place.map(|place| (place, Some(interface))))
    }

    async fn port_with_number(&mut self, bridge: &str, number: u32) -> Result<Option<PortPlace>> {
        let bridge = self.bridge(bridge).await?;
        let is = Condition::is("ofport", i64::from(number));
        for interface in self.draft.search("Interface", vec![is], INTERFACE).await? {
            let Some(port) = self.port_of(interface).await? else {
                continue;
            };
            if self.bridge_of(port).await? == Some(bridge.row) {
                return self.place(port).await;
            }
        }
        Ok(None)
    }

    /// Refuses an OpenFlow port number that another port of the bridge has or requests.
    pub(super) async fn refuse_taken_number(
        &mut self,
        bridge: RowId,
        number: i64,
        interface: Option<RowId>,
    ) -> Result<()> {
        for column in ["ofport", "ofport_request"] {
            let is = Condition::is(column, number);
            for other in self.draft.search("Interface", vec![is], INTERFACE).await? {
                let Some(port) = self.port_of(other).await? else {
                    continue;
                };
                if Some(other) != interface && self.bridge_of(port).await? == Some(bridge) {
                    let taken = if column == "ofport" {
                        "has"
                    } else {
                        "asks for"
                    };
                    let name = self.name_of(other);
                    return Err(Refusal::refused(format!(
                        "OpenFlow port {number} of {} is taken: {} {taken} it",
                        self.name_of(bridge),
                        quoted(&name)
                    ))
                    .hint(format!(
                        "`ovs port resolve {} {number}` shows it; another --ofport, or none, is free",
                        shell::word(&self.name_of(bridge))
                    )));
                }
            }
        }
        Ok(())
    }
}
