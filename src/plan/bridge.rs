//! Adding, changing and removing bridges and VLAN bridges.

use super::name::check_new;
use super::place::{BridgePlace, INTERFACE, PORT, PortPlace};
use super::settings::{BridgeSettings, Pair, pairs};
use super::{Edit, Refusal, Result, RowId, quoted};
use crate::base::shell::word;
use crate::model::vlan_bridge::VLAN_BRIDGE_KEY;
use crate::ovsdb::{Atom, Condition, Datum};

/// A bridge to be added.
#[derive(Debug, Clone)]
pub(crate) struct NewBridge<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// For a VLAN bridge, its parent bridge and its VLAN.
    pub(crate) parent: Option<(&'a str, i64)>,
    /// Its settings.
    pub(crate) settings: &'a BridgeSettings,
    /// Whether an existing bridge is changed to these settings.
    pub(crate) may_exist: bool,
}

/// With more ports than this to remove, reading whole tables is cheaper than row by row.
const WORTH_READING_WHOLE: usize = 20;

impl Edit<'_> {
    /// Adds a bridge with its own port, or changes the existing one to the settings.
    pub(crate) async fn add_bridge(&mut self, new: &NewBridge<'_>) -> Result<BridgePlace> {
        let place = if let Some(place) = self.bridge_if(new.name).await? {
            self.refuse_other_bridge(new, &place)?;
            place
        } else {
            self.refuse_taken_name(new.name).await?;
            match new.parent {
                None => self.insert_bridge(new.name).await?,
                Some((parent, vid)) => self.insert_vlan_bridge(new.name, parent, vid).await?,
            }
        };
        self.set_bridge(&place, new.settings).await?;
        Ok(place)
    }

    /// Changes the given settings of a bridge; others are kept.
    pub(crate) async fn set_bridge(
        &mut self,
        place: &BridgePlace,
        settings: &BridgeSettings,
    ) -> Result<()> {
        if let Some((port, _)) = place.vlan {
            self.refuse_of_vlan_bridge(port, place.row, settings)?;
            let own_key = |pair: &Pair| Pair {
                key: format!("{VLAN_BRIDGE_KEY}{}", pair.key),
                value: pair.value.clone(),
            };
            let own: Vec<Pair> = settings.external_ids.iter().map(own_key).collect();
            let external_ids = pairs("external_ids", &own);
            return self.assign(port, external_ids.as_slice()).await;
        }
        self.refuse_unknown_datapath(settings).await?;
        self.assign(place.row, &settings.of_real_bridge()).await?;
        let external_ids = pairs("external_ids", &settings.external_ids);
        self.assign(place.row, external_ids.as_slice()).await?;
        if let Some(targets) = &settings.controllers {
            self.set_controllers(place.row, targets).await?;
        }
        self.warn_of_two_trees(place.row, settings).await
    }

    /// Removes bridges with all their ports; a VLAN bridge with the ports of its VLAN.
    pub(crate) async fn delete_bridges(&mut self, places: &[BridgePlace]) -> Result<()> {
        for place in places {
            if self.draft.is_gone(place.row) {
                continue;
            }
            for port in self.ports_of(place).await? {
                self.drop_port(&port).await?;
            }
            if place.vlan.is_none() {
                self.drop_bridge(place.row).await?;
            }
        }
        Ok(())
    }

    async fn insert_bridge(&mut self, name: &str) -> Result<BridgePlace> {
        let root = self.root().await?;
        let (port, reference) = self.insert_own_port(name, Vec::new());
        let ports = Datum::Set(vec![reference]);
        let row = self
            .draft
            .insert("Bridge", [("name", name.into()), ("ports", ports)]);
        self.settle(port, row);
        let reference = self.draft.reference(row);
        self.draft.add(root, "bridges", vec![reference]);
        Ok(BridgePlace { row, vlan: None })
    }

    async fn insert_vlan_bridge(
        &mut self,
        name: &str,
        parent: &str,
        vid: i64,
    ) -> Result<BridgePlace> {
        let place = self.bridge(parent).await?;
        if place.vlan.is_some() {
            return Err(Refusal::refused(format!(
                "{} is itself a VLAN bridge of {}: it cannot have one",
                quoted(parent),
                quoted(&self.name_of(place.row))
            )));
        }
        let fake = vec![
            Condition::is("tag", vid),
            Condition::is("fake_bridge", true),
        ];
        for other in self.draft.search("Port", fake, PORT).await? {
            if self.bridge_of(other).await? == Some(place.row) {
                return Err(Refusal::refused(format!(
                    "VLAN {vid} of {} has a bridge already: {}",
                    quoted(parent),
                    quoted(&self.name_of(other))
                )));
            }
        }
        let columns = vec![("fake_bridge", true.into()), ("tag", vid.into())];
        let (port, reference) = self.insert_own_port(name, columns);
        self.settle(port, place.row);
        self.draft.add(place.row, "ports", vec![reference]);
        Ok(BridgePlace {
            row: place.row,
            vlan: Some((port, vid)),
        })
    }

    /// Inserts a port with an internal interface of its name, and the references to them.
    fn insert_own_port(
        &mut self,
        name: &str,
        mut columns: Vec<(&'static str, Datum)>,
    ) -> (RowId, Atom) {
        let kind = ("type", "internal".into());
        let interface = self
            .draft
            .insert("Interface", [("name", name.into()), kind]);
        let interfaces = Datum::Set(vec![self.draft.reference(interface)]);
        columns.extend([("name", name.into()), ("interfaces", interfaces)]);
        let port = self.draft.insert("Port", columns);
        self.settle(interface, port);
        self.touched.push(interface);
        (port, self.draft.reference(port))
    }

    /// Refuses a name that is not valid for a bridge, or is taken.
    async fn refuse_taken_name(&mut self, name: &str) -> Result<()> {
        check_new("bridge", name, "internal")?;
        if let Some(place) = self.port_if(name).await? {
            let bridge = self.name_of(place.bridge);
            return Err(Refusal::refused(format!(
                "{} is the name of a port of {}",
                quoted(name),
                quoted(&bridge)
            ))
            .hint(format!("`ovs port show {}` shows it", word(name))));
        }
        if let Some(interface) = self.draft.find("Interface", name, INTERFACE).await? {
            let port = self
                .port_of(interface)
                .await?
                .map(|port| self.name_of(port));
            let of = match port.filter(|port| !port.is_empty()) {
                Some(port) => format!(" of port {}", quoted(&port)),
                None => String::new(),
            };
            return Err(Refusal::refused(format!(
                "{} is the name of an interface{of}",
                quoted(name)
            )));
        }
        Ok(())
    }

    /// Refuses a bridge that exists, unless it may and is of the same kind.
    fn refuse_other_bridge(&self, new: &NewBridge<'_>, place: &BridgePlace) -> Result<()> {
        let name = quoted(new.name);
        if !new.may_exist {
            return Err(
                Refusal::refused(format!("bridge {name} exists already")).hint(format!(
                    "`ovs bridge set {}` changes it; --may-exist changes it to these settings",
                    word(new.name)
                )),
            );
        }
        let parent = self.name_of(place.row);
        let is = match place.vlan {
            None => "no VLAN bridge".to_owned(),
            Some((_, vid)) => format!("the VLAN bridge of {} for VLAN {vid}", quoted(&parent)),
        };
        let has = place.vlan.map(|(_, vid)| (parent.as_str(), vid));
        if has == new.parent {
            return Ok(());
        }
        Err(Refusal::refused(format!(
            "bridge {name} exists, and is {is}"
        )))
    }

    /// Refuses settings that a VLAN bridge does not have: all but `external_ids`, which its port stores.
    fn refuse_of_vlan_bridge(
        &self,
        port: RowId,
        parent: RowId,
        settings: &BridgeSettings,
    ) -> Result<()> {
        let of_real_bridge = settings.of_real_bridge();
        let column = of_real_bridge.first().map(|(column, _)| *column);
        match settings
            .controllers
            .as_ref()
            .map(|_| "controller")
            .or(column)
        {
            None => Ok(()),
            Some(what) => Err(Refusal::usage(format!(
                "{} is a VLAN bridge: its {what} is that of its parent {}",
                quoted(&self.name_of(port)),
                quoted(&self.name_of(parent))
            ))),
        }
    }

    /// Refuses a datapath type that the switch does not support: it would not create the bridge, and report
    /// that in its log only.
    async fn refuse_unknown_datapath(&mut self, settings: &BridgeSettings) -> Result<()> {
        let asked = settings.datapath_type.as_ref().and_then(Datum::as_str);
        let Some(asked) = asked.filter(|kind| !kind.is_empty()) else {
            return Ok(());
        };
        let known = self.datapath_types().await?;
        if known.is_empty() || known.iter().any(|kind| kind == asked) {
            return Ok(());
        }
        Err(
            Refusal::refused(format!("the switch has no datapath type {}", quoted(asked)))
                .hint(format!("it has {}", known.join(", "))),
        )
    }

    /// The datapath types that ovs-vswitchd supports; empty until it has run.
    pub(super) async fn datapath_types(&mut self) -> Result<Vec<String>> {
        let root = self.root().await?;
        let known = self.draft.peek(root, "datapath_types").await?;
        let words = known.as_set().unwrap_or_default().iter();
        let words = words.filter_map(|atom| match atom {
            Atom::String(word) => Some(word.clone()),
            _ => None,
        });
        Ok(words.collect())
    }

    /// Replaces the controllers of a bridge; those that stay are not changed.
    async fn set_controllers(&mut self, bridge: RowId, targets: &[String]) -> Result<()> {
        let known = self
            .draft
            .referred(bridge, "controller", "Controller", &["target"])
            .await?;
        let mut rows: Vec<RowId> = Vec::new();
        for target in targets {
            let mut has = None;
            for row in &known {
                if self.text(*row, "target").await? == *target {
                    has = Some(*row);
                }
            }
            let row = match has {
                Some(row) => row,
                None => self
                    .draft
                    .insert("Controller", [("target", target.as_str().into())]),
            };
            if !rows.contains(&row) {
                rows.push(row);
            }
        }
        for row in known.iter().filter(|row| !rows.contains(row)) {
            self.draft.let_go(*row);
        }
        for row in known.iter().chain(&rows) {
            self.settle(*row, bridge);
        }
        let references: Vec<Atom> = rows.iter().map(|row| self.draft.reference(*row)).collect();
        self.draft
            .set(bridge, "controller", Datum::set(references))
            .await?;
        Ok(())
    }

    async fn warn_of_two_trees(&mut self, bridge: RowId, settings: &BridgeSettings) -> Result<()> {
        if settings.stp_enable.is_none() && settings.rstp_enable.is_none() {
            return Ok(());
        }
        let stp = self.draft.value(bridge, "stp_enable").await?;
        let rstp = self.draft.value(bridge, "rstp_enable").await?;
        if stp == Datum::from(true) && rstp == Datum::from(true) {
            let name = self.name_of(bridge);
            self.warn(format!(
                "bridge {} has both STP and RSTP enabled: Open vSwitch then uses RSTP only",
                quoted(&name)
            ));
        }
        Ok(())
    }

    /// The ports that are removed with a bridge. With a real bridge all are, including any added meanwhile,
    /// so there is no `wait`. Those of a VLAN bridge are found by their tag, on which the transaction waits.
    async fn ports_of(&mut self, place: &BridgePlace) -> Result<Vec<PortPlace>> {
        let ports = self.draft.peek(place.row, "ports").await?;
        let ports = ports.as_set().unwrap_or_default().to_vec();
        if ports.len() > WORTH_READING_WHOLE {
            self.read_whole().await?;
        }
        let mut places = Vec::new();
        for port in self.rows_of("Port", &ports, PORT).await? {
            if let Some((_, vid)) = place.vlan
                && self.number(port, "tag").await? != Some(vid)
            {
                continue;
            }
            let interfaces = self.draft.peek(port, "interfaces").await?;
            let interfaces = interfaces.as_set().unwrap_or_default();
            places.push(PortPlace {
                bridge: place.row,
                port,
                interfaces: self.rows_of("Interface", interfaces, INTERFACE).await?,
            });
        }
        Ok(places)
    }

    /// The referenced rows, except those that are already being removed.
    async fn rows_of(
        &mut self,
        table: &str,
        references: &[Atom],
        columns: &[&str],
    ) -> Result<Vec<RowId>> {
        self.draft.read_all(table, references, columns).await?;
        let mut rows = Vec::new();
        for reference in references {
            let row = match reference {
                Atom::Uuid(uuid) => self.draft.by_uuid(table, *uuid, columns).await?,
                other => self.draft.by_reference(other),
            };
            rows.extend(row.filter(|row| !self.draft.is_gone(*row)));
        }
        Ok(rows)
    }

    /// Removes a port with its interfaces from a bridge that is removed.
    async fn drop_port(&mut self, place: &PortPlace) -> Result<()> {
        self.settle(place.port, place.bridge);
        for interface in &place.interfaces {
            self.settle(*interface, place.port);
            if self.draft.peek(*interface, "type").await? == Datum::from("patch") {
                let options = self.draft.peek(*interface, "options").await?;
                let peer = options.text_pairs().find(|(key, _)| *key == "peer");
                if let Some((_, peer)) = peer {
                    let name = self.name_of(*interface);
                    self.removed_patches.push((name, peer.to_owned()));
                }
            }
            self.draft.let_go(*interface);
        }
        let reference = self.draft.reference(place.port);
        self.draft.remove(place.bridge, "ports", vec![reference]);
        self.draft.let_go(place.port);
        Ok(())
    }

    async fn drop_bridge(&mut self, bridge: RowId) -> Result<()> {
        let controllers = self.draft.peek(bridge, "controller").await?;
        let controllers = controllers.as_set().unwrap_or_default();
        for row in self.rows_of("Controller", controllers, &["target"]).await? {
            self.settle(row, bridge);
            self.draft.let_go(row);
        }
        // Rows of this table are not garbage-collected, and would keep the bridge.
        let collectors = self
            .draft
            .referrers("Flow_Sample_Collector_Set", "bridge", bridge, &["id"])
            .await?;
        for row in collectors {
            self.draft.delete(row);
        }
        let root = self.root().await?;
        let reference = self.draft.reference(bridge);
        self.draft.remove(root, "bridges", vec![reference]);
        self.draft.let_go(bridge);
        Ok(())
    }
}
