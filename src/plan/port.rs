//! Adding, changing and removing ports and bonds.

use super::name::{check, check_new};
use super::place::{BridgePlace, INTERFACE, PORT, PortPlace};
use super::settings::{PortSettings, VlanSettings};
use super::{Edit, Refusal, Result, RowId, quoted};
use crate::base::shell::word;
use crate::ovsdb::{Atom, Datum};

/// A port to be added.
#[derive(Debug, Clone)]
pub(crate) struct NewPort<'a> {
    /// Its bridge.
    pub(crate) bridge: &'a str,
    /// Its name.
    pub(crate) name: &'a str,
    /// The interfaces of a bond; empty: one, with the port's name.
    pub(crate) members: &'a [String],
    /// Its settings.
    pub(crate) settings: &'a PortSettings,
    /// Whether an existing port is changed to these settings.
    pub(crate) may_exist: bool,
}

impl Edit<'_> {
    /// Adds a port, or changes the existing one to the settings.
    pub(crate) async fn add_port(&mut self, new: &NewPort<'_>) -> Result<PortPlace> {
        let bridge = self.bridge(new.bridge).await?;
        if let Some((_, vid)) = bridge.vlan {
            refuse_other_tag(new, vid)?;
        }
        if let Some(place) = self.port_if(new.name).await? {
            return self.converge(new, &bridge, place).await;
        }
        let kind = new.settings.kind.as_deref().unwrap_or_default();
        let alone = [new.name.to_owned()];
        let members = if new.members.is_empty() {
            &alone[..]
        } else {
            check_new("port", new.name, "bond")?;
            new.members
        };
        let mut interfaces = Vec::new();
        for member in members {
            interfaces.push(
                self.new_interface(member, kind, new.members.is_empty())
                    .await?,
            );
        }
        let references = interfaces.iter().map(|row| self.draft.reference(*row));
        let references = Datum::Set(references.collect());
        let port = self.draft.insert(
            "Port",
            [("name", new.name.into()), ("interfaces", references)],
        );
        for interface in &interfaces {
            self.settle(*interface, port);
        }
        self.settle(port, bridge.row);
        if let Some((_, vid)) = bridge.vlan {
            self.draft.set(port, "tag", vid.into()).await?;
        }
        let reference = self.draft.reference(port);
        self.draft.add(bridge.row, "ports", vec![reference]);
        let place = PortPlace {
            bridge: bridge.row,
            port,
            interfaces,
        };
        self.set_port(&place, new.settings).await?;
        Ok(place)
    }

    /// Changes the given settings of a port and of each of its interfaces; others are kept.
    pub(crate) async fn set_port(
        &mut self,
        place: &PortPlace,
        settings: &PortSettings,
    ) -> Result<()> {
        self.check_settings(place, settings).await?;
        self.set_vlan(place.port, &settings.vlan).await?;
        self.assign(place.port, &settings.port).await?;
        let of_interface = settings.of_interface();
        for interface in &place.interfaces {
            self.assign(*interface, &of_interface).await?;
        }
        self.touched.extend(&place.interfaces);
        Ok(())
    }

    /// Changes the given VLAN settings of a port.
    pub(crate) async fn set_vlan(&mut self, port: RowId, settings: &VlanSettings) -> Result<()> {
        if let Some(tag) = &settings.tag {
            self.refuse_tag_of_vlan_bridge(port, tag).await?;
        }
        self.assign(port, &settings.of_port()).await?;
        if [&settings.tag, &settings.trunks, &settings.vlan_mode]
            .iter()
            .any(|given| given.is_some())
        {
            self.warn_of_ignored_vlans(port).await?;
        }
        Ok(())
    }

    /// Removes a port with its interfaces.
    pub(crate) async fn delete_port(&mut self, place: &PortPlace) -> Result<()> {
        let name = self.name_of(place.port);
        if name == self.name_of(place.bridge) {
            return Err(Refusal::refused(format!(
                "port {} is the bridge's own, and goes only with it",
                quoted(&name)
            ))
            .hint(format!(
                "`ovs port del` is given ports, without their bridge; `ovs bridge del {}` would remove the \
                 bridge with all its ports",
                word(&name)
            )));
        }
        if self.own_vlan(place.port).await?.is_some() {
            return Err(Refusal::refused(format!(
                "port {} is the VLAN bridge's own, and goes only with it",
                quoted(&name)
            ))
            .hint(format!(
                "`ovs bridge del {}` removes the VLAN bridge with the ports of its VLAN",
                word(&name)
            )));
        }
        for interface in &place.interfaces {
            if self.text(*interface, "type").await? == "patch"
                && let Some(peer) = self.pair(*interface, "options", "peer").await?
            {
                self.removed_patches.push((self.name_of(*interface), peer));
            }
        }
        self.remove_port(place);
        Ok(())
    }

    /// Removes a port with its interfaces, of any kind.
    pub(super) fn remove_port(&mut self, place: &PortPlace) {
        let reference = self.draft.reference(place.port);
        self.draft.remove(place.bridge, "ports", vec![reference]);
        self.draft.let_go(place.port);
        for interface in &place.interfaces {
            self.draft.let_go(*interface);
        }
    }

    /// Removes all ports of a bridge, except its own and those of its VLAN bridges; of a VLAN bridge, those
    /// of its VLAN.
    pub(crate) async fn delete_ports_of(&mut self, bridge: &BridgePlace) -> Result<()> {
        let own = self.name_of(bridge.row);
        for port in self
            .draft
            .referred(bridge.row, "ports", "Port", PORT)
            .await?
        {
            let of_vlan = match bridge.vlan {
                None => true,
                Some((_, vid)) => self.number(port, "tag").await? == Some(vid),
            };
            if of_vlan
                && self.name_of(port) != own
                && self.own_vlan(port).await?.is_none()
                && let Some(place) = self.place(port).await?
            {
                self.delete_port(&place).await?;
            }
        }
        Ok(())
    }

    /// Adds interfaces to a port and removes some; returns the resulting ones.
    pub(crate) async fn change_members(
        &mut self,
        place: &PortPlace,
        add: &[String],
        remove: &[String],
    ) -> Result<Vec<RowId>> {
        let port = self.name_of(place.port);
        if port == self.name_of(place.bridge) || self.own_vlan(place.port).await?.is_some() {
            return Err(Refusal::refused(format!(
                "port {} is the bridge's own, and has no other interface than its own",
                quoted(&port)
            ))
            .hint("`ovs port add BRIDGE PORT --bond IF,IF` makes a bond"));
        }
        let mut members: Vec<String> = place
            .interfaces
            .iter()
            .map(|row| self.name_of(*row))
            .collect();
        for name in remove {
            let before = members.len();
            members.retain(|member| member != name);
            if members.len() == before {
                let place = format!("in port {}", quoted(&port));
                return Err(Refusal::not_found("interface", name, &place, &members));
            }
        }
        for name in add {
            if !members.contains(name) {
                members.push(name.clone());
            }
        }
        if members.is_empty() {
            return Err(Refusal::refused(format!(
                "port {} would have no interface left",
                quoted(&port)
            ))
            .hint(format!("`ovs port del {}` removes the port", word(&port))));
        }
        self.set_members(place, &members, "").await
    }

    /// Warns of each patch port whose peer is removed and not added again, once the whole plan is known.
    ///
    /// # Errors
    ///
    /// The database does not answer.
    pub(crate) async fn warn_of_dangling_patches(&mut self) -> Result<()> {
        for (name, peer) in std::mem::take(&mut self.removed_patches) {
            let Some(far) = self.draft.find("Interface", &peer, INTERFACE).await? else {
                continue;
            };
            if self.pair(far, "options", "peer").await?.as_ref() != Some(&name) {
                continue;
            }
            let fate = match self.draft.find("Interface", &name, INTERFACE).await? {
                None => "is gone",
                Some(again) => match self.pair(again, "options", "peer").await? {
                    Some(back) if back == peer => continue,
                    _ => "no longer leads back",
                },
            };
            self.warn(format!(
                "patch port {} now leads nowhere: its peer {} {fate}; `ovs patch del {}` removes it, too",
                quoted(&peer),
                quoted(&name),
                word(&peer)
            ));
        }
        Ok(())
    }

    /// The VLAN of the VLAN bridge (`fake_bridge`) that has this port as its own.
    pub(super) async fn own_vlan(&mut self, port: RowId) -> Result<Option<i64>> {
        if self.draft.value(port, "fake_bridge").await? != Datum::from(true) {
            return Ok(None);
        }
        self.number(port, "tag").await
    }

    /// Refuses to change or unset the tag of a VLAN bridge's own port: the bridge would have another VLAN
    /// than its ports, or none.
    pub(crate) async fn refuse_tag_of_vlan_bridge(
        &mut self,
        port: RowId,
        tag: &Datum,
    ) -> Result<()> {
        let Some(vid) = self
            .own_vlan(port)
            .await?
            .filter(|vid| *tag != Datum::from(*vid))
        else {
            return Ok(());
        };
        let name = self.name_of(port);
        Err(Refusal::refused(format!(
            "{} is the VLAN bridge for VLAN {vid}: its own port keeps that tag",
            quoted(&name)
        ))
        .hint(format!(
            "`ovs bridge del {0}` and `ovs bridge add {0} --parent BRIDGE --vlan VID` make it \
             one for another VLAN",
            word(&name)
        )))
    }

    /// Changes an existing port to the settings.
    async fn converge(
        &mut self,
        new: &NewPort<'_>,
        bridge: &BridgePlace,
        place: PortPlace,
    ) -> Result<PortPlace> {
        let name = quoted(new.name);
        let other = self.name_of(place.bridge);
        if other == new.name {
            return Err(Refusal::refused(format!(
                "port {name} is the own port of the bridge of that name"
            )));
        }
        if place.bridge != bridge.row {
            return Err(
                Refusal::refused(format!("port {name} is on {other} already")).hint(format!(
                    "`ovs port del {}` takes it off there first",
                    word(new.name)
                )),
            );
        }
        if !new.may_exist {
            return Err(
                Refusal::refused(format!("port {name} exists on {other} already")).hint(format!(
                    "`ovs port set {}` changes it; --may-exist changes it to these settings",
                    word(new.name)
                )),
            );
        }
        if let Some((_, vid)) = bridge.vlan {
            let tag = self.number(place.port, "tag").await?;
            if tag != Some(vid) {
                let has = tag.map_or_else(|| "no tag".to_owned(), |tag| format!("tag {tag}"));
                return Err(Refusal::refused(format!(
                    "port {name} is on {other} already, but not of VLAN bridge {}: it has {has}, \
                     not {vid}",
                    quoted(new.bridge)
                ))
                .hint(format!(
                    "`ovs tag set {} {vid}` puts it there",
                    word(new.name)
                )));
            }
        }
        let mut place = place;
        if !new.members.is_empty() {
            place.interfaces = self
                .set_members(
                    &place,
                    new.members,
                    new.settings.kind.as_deref().unwrap_or_default(),
                )
                .await?;
        }
        self.set_port(&place, new.settings).await?;
        Ok(place)
    }

    /// Replaces the interfaces of a port; those that stay are not changed.
    pub(crate) async fn set_members(
        &mut self,
        place: &PortPlace,
        members: &[String],
        kind: &str,
    ) -> Result<Vec<RowId>> {
        let mut rows = Vec::new();
        for member in members {
            let has = place
                .interfaces
                .iter()
                .find(|row| self.name_of(**row) == *member);
            if let Some(row) = has {
                rows.push(*row);
                continue;
            }
            let row = self.new_interface(member, kind, false).await?;
            self.settle(row, place.port);
            rows.push(row);
        }
        let references: Vec<Atom> = rows.iter().map(|row| self.draft.reference(*row)).collect();
        self.draft
            .set(place.port, "interfaces", Datum::Set(references))
            .await?;
        for gone in place.interfaces.iter().filter(|row| !rows.contains(row)) {
            self.draft.let_go(*gone);
        }
        Ok(rows)
    }

    /// Inserts an interface, whose name must be free.
    async fn new_interface(&mut self, name: &str, kind: &str, is_port: bool) -> Result<RowId> {
        check_new(if is_port { "port" } else { "interface" }, name, kind)?;
        if let Some(other) = self.draft.find("Interface", name, INTERFACE).await? {
            let port = self.port_of(other).await?.map(|port| self.name_of(port));
            let Some(port) = port.filter(|port| !port.is_empty()) else {
                return Err(
                    Refusal::refused(format!("interface {} exists already", quoted(name)))
                        .hint(format!("`ovs db list Interface {}` shows it", word(name))),
                );
            };
            return Err(Refusal::refused(format!(
                "interface {} belongs to port {} already",
                quoted(name),
                quoted(&port)
            ))
            .hint(format!("`ovs port show {}` shows it", word(&port))));
        }
        Ok(self.draft.insert("Interface", [("name", name.into())]))
    }

    /// Refuses settings that the switch or the database would not accept.
    async fn check_settings(&mut self, place: &PortPlace, settings: &PortSettings) -> Result<()> {
        if let Some(number) = settings.ofport.as_ref().and_then(Datum::as_integer) {
            if place.interfaces.len() > 1 {
                return Err(Refusal::usage(
                    "a bond has an OpenFlow port per interface: --ofport cannot name one for all",
                ));
            }
            let own = place.interfaces.first().copied();
            self.refuse_taken_number(place.bridge, number, own).await?;
        }
        if self.name_of(place.port) == self.name_of(place.bridge) {
            refuse_of_own_port(&self.name_of(place.bridge), settings)?;
        }
        if let Some(kind) = &settings.kind {
            for interface in &place.interfaces {
                check("port", &self.name_of(*interface), kind)?;
            }
        }
        Ok(())
    }
}

/// Refuses settings that ovs-vswitchd ignores for a bridge's own port.
fn refuse_of_own_port(bridge: &str, settings: &PortSettings) -> Result<()> {
    let own = |what: &str| {
        Refusal::refused(format!(
            "port {} is the bridge's own: {what}",
            quoted(bridge)
        ))
    };
    // The empty set unsets a requested number, which is not a conflict.
    if settings
        .kind
        .as_ref()
        .is_some_and(|kind| kind != "internal")
    {
        return Err(own("its type is always internal"));
    }
    if settings
        .ofport
        .as_ref()
        .is_some_and(|number| *number != Datum::EMPTY)
    {
        return Err(own("its OpenFlow port is always LOCAL"));
    }
    if let Some(mac) = settings.mac.as_ref().and_then(Datum::as_str) {
        return Err(own("its MAC address is the bridge's").hint(format!(
            "`ovs bridge set {} --other-config hwaddr={mac}` sets that",
            word(bridge)
        )));
    }
    Ok(())
}

/// Refuses a tag other than that of the VLAN bridge to which a port is added.
fn refuse_other_tag(new: &NewPort<'_>, vid: i64) -> Result<()> {
    let tag = new.settings.vlan.tag.as_ref();
    if tag.is_none_or(|tag| *tag == Datum::from(vid)) {
        return Ok(());
    }
    Err(Refusal::usage(format!(
        "{} is the VLAN bridge for VLAN {vid}: its ports have that tag",
        quoted(new.bridge)
    ))
    .hint("without --tag the port gets it; a port of another tag goes on the parent bridge"))
}
