//! Adding, repairing and removing pairs of patch ports (ovs-vswitchd.conf.db(5), "Patch Options").

use super::place::{BridgePlace, INTERFACE, PortPlace};
use super::port::NewPort;
use super::settings::{Pair, PortSettings};
use super::{Edit, Refusal, Result, RowId, quoted};
use crate::base::shell::word;
use crate::ovsdb::{Condition, Datum};

/// One end of the pair to add.
#[derive(Debug)]
struct NewEnd {
    bridge: String,
    name: Option<String>,
    place: BridgePlace,
}

/// An existing patch port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    interface: RowId,
    name: String,
    peer: Option<String>,
}

impl Edit<'_> {
    /// Connects two bridges by a pair of patch ports, or, if the pair may exist, repairs the existing one. An
    /// end is `BRIDGE` or `BRIDGE:PORT`; the default name is `patch-` and the other bridge's name without
    /// `br-`.
    pub(crate) async fn add_patch(&mut self, ends: [&str; 2], may_exist: bool) -> Result<()> {
        let [near, far] = [self.new_end(ends[0]).await?, self.new_end(ends[1]).await?];
        self.refuse_same_bridge(&near, &far)?;
        self.refuse_different_datapaths(&near, &far).await?;
        let names = [near.name_towards(&far), far.name_towards(&near)];
        if names[0] == names[1] {
            return Err(Refusal::refused(format!(
                "both ends would be called {}",
                quoted(&names[0])
            ))
            .hint("BRIDGE:PORT names an end"));
        }
        let found = [
            self.usable_end(&near, &names[0]).await?,
            self.usable_end(&far, &names[1]).await?,
        ];
        let leads = |end: &Option<End>, to: &String| {
            end.as_ref()
                .is_some_and(|end| end.peer.as_ref() == Some(to))
        };
        let is_right = leads(&found[0], &names[1]) && leads(&found[1], &names[0]);
        for (name, other) in [(&names[0], &names[1]), (&names[1], &names[0])] {
            for rival in self
                .claimants(name)
                .await?
                .iter()
                .filter(|end| end.name != *other)
            {
                let place = self.home_name(rival.interface).await?;
                let port = self.port_name(rival.interface).await?;
                let (name, rival) = (quoted(name), &rival.name);
                if !is_right {
                    return Err(Refusal::refused(format!(
                        "{name} is taken: it is the peer of patch port {} on {place}",
                        quoted(rival)
                    ))
                    .hint(format!(
                        "`ovs patch del {}` removes that one; BRIDGE:PORT chooses another name",
                        word(&port)
                    )));
                }
                self.warn(format!(
                    "patch port {} on {place} has {name} as its peer too, and leads nowhere",
                    quoted(rival)
                ));
            }
        }
        if let Some(end) = found.iter().flatten().next().filter(|_| !may_exist) {
            let place = self.home_name(end.interface).await?;
            let what = match &end.peer {
                Some(peer) => format!("leads to {}", quoted(peer)),
                None => "leads nowhere".to_owned(),
            };
            return Err(Refusal::refused(format!(
                "patch port {} exists on {place} already, and {what}",
                quoted(&end.name)
            ))
            .hint("--may-exist makes the pair what it shall be"));
        }
        for (end, name, peer) in [(&near, &names[0], &names[1]), (&far, &names[1], &names[0])] {
            let new = NewPort {
                bridge: &end.bridge,
                name,
                members: &[],
                settings: &leading_to(peer),
                may_exist: true,
            };
            self.add_port(&new).await?;
        }
        Ok(())
    }

    /// Removes a patch port and its other end, if it has one.
    pub(crate) async fn delete_patch(&mut self, port: &str) -> Result<()> {
        let place = self.port(port).await?;
        let Some(this) = self.patch_end(&place).await? else {
            return Err(self.no_patch(&place).await?);
        };
        let mut all = self.claimants(&this.name).await?;
        if let Some(peer) = &this.peer
            && let Some(far) = self.draft.find("Interface", peer, INTERFACE).await?
            && self.text(far, "type").await? == "patch"
        {
            let far = self.end(far).await?;
            if !all.contains(&far) {
                all.push(far);
            }
        }
        let mut ends = opposite(&this, &all);
        ends.push(this);
        self.remove_ends(&ends).await
    }

    /// Removes all pairs of patch ports between two bridges.
    pub(crate) async fn delete_patches_between(&mut self, bridges: [&str; 2]) -> Result<()> {
        for name in bridges {
            if self.bridge_if(name).await?.is_none()
                && let Some(place) = self.port_if(name).await?
                && self.patch_end(&place).await?.is_some()
            {
                return Err(Refusal::usage(format!(
                    "two arguments are two bridges, and {} is a port",
                    quoted(name)
                ))
                .hint(format!(
                    "`ovs patch del {}` removes it with its other end",
                    word(name)
                )));
            }
        }
        let [near, far] = [
            self.bridge(bridges[0]).await?,
            self.bridge(bridges[1]).await?,
        ];
        let is_patch = Condition::is("type", "patch");
        let (mut all, mut on_near, mut on_far) = (Vec::new(), Vec::new(), Vec::new());
        for interface in self
            .draft
            .search("Interface", vec![is_patch], INTERFACE)
            .await?
        {
            let end = self.end(interface).await?;
            if self.is_on(interface, near).await? {
                on_near.push(end.clone());
            } else if self.is_on(interface, far).await? {
                on_far.push(end.clone());
            }
            all.push(end);
        }
        let mut ends = Vec::new();
        for end in on_near {
            let mut others = opposite(&end, &all);
            others.retain(|other| on_far.contains(other));
            if !others.is_empty() {
                ends.push(end);
                ends.append(&mut others);
            }
        }
        if ends.is_empty() {
            let [near, far] = bridges;
            let place = format!("on {near}");
            return Err(Refusal::not_found("patch port to", far, &place, &[]));
        }
        self.remove_ends(&ends).await
    }

    async fn new_end(&mut self, text: &str) -> Result<NewEnd> {
        // The name of a bridge may contain a colon.
        let (bridge, name) = match text.split_once(':') {
            Some((bridge, name)) if self.bridge_if(text).await?.is_none() => (bridge, Some(name)),
            _ => (text, None),
        };
        Ok(NewEnd {
            bridge: bridge.to_owned(),
            name: name.map(str::to_owned),
            place: self.bridge(bridge).await?,
        })
    }

    fn refuse_same_bridge(&self, near: &NewEnd, far: &NewEnd) -> Result<()> {
        if near.place.row != far.place.row {
            return Ok(());
        }
        let (one, other) = (&near.bridge, &far.bridge);
        let message = if one == other {
            format!("both ends would be on {one}: a patch leads from one bridge to another")
        } else {
            let real = self.name_of(near.place.row);
            format!("{one} and {other} are one bridge, {real}: a patch leads to another")
        };
        Err(Refusal::refused(message))
    }

    /// The port of this name, if it exists and can be this end.
    async fn usable_end(&mut self, new: &NewEnd, name: &str) -> Result<Option<End>> {
        let Some(place) = self.port_if(name).await? else {
            return Ok(None);
        };
        let bridge = self.name_of(place.bridge);
        let end = self.patch_end(&place).await?.filter(|end| end.name == name);
        if let (Some(end), true) = (end, place.bridge == new.place.row) {
            return Ok(Some(end));
        }
        let refusal = if place.bridge == new.place.row {
            self.other_purpose(&place).await?
        } else {
            let what = self.purpose(&place).await?;
            Refusal::refused(format!(
                "{} exists on {bridge}, not on {}: it is {what}",
                quoted(name),
                new.bridge
            ))
        };
        Err(refusal.hint("BRIDGE:PORT chooses another name for the end"))
    }

    /// Patch ports do not work between different datapaths.
    async fn refuse_different_datapaths(&mut self, near: &NewEnd, far: &NewEnd) -> Result<()> {
        let near_type = self.datapath_type(near.place.row).await?;
        let far_type = self.datapath_type(far.place.row).await?;
        if near_type == far_type {
            return Ok(());
        }
        Err(Refusal::refused(format!(
            "{} is on a datapath of type {near_type} and {} on one of type {far_type}: \
             a patch does not lead from one to the other",
            near.bridge, far.bridge
        ))
        .hint("`ovs bridge set BRIDGE --datapath-type TYPE` moves a bridge"))
    }

    /// The type of a bridge's datapath; `system` is the empty string in the database.
    async fn datapath_type(&mut self, bridge: RowId) -> Result<String> {
        let kind = self.text(bridge, "datapath_type").await?;
        Ok(if kind.is_empty() {
            "system".to_owned()
        } else {
            kind
        })
    }

    async fn no_patch(&mut self, place: &PortPlace) -> Result<Refusal> {
        let name = self.name_of(place.port);
        let what = self.purpose(place).await?;
        let refusal = Refusal::refused(format!("{} is no patch port: it is {what}", quoted(&name)));
        Ok(if name == self.name_of(place.bridge) {
            refusal.hint(format!(
                "`ovs patch del {} BRIDGE` removes the pairs between two bridges",
                word(&name)
            ))
        } else {
            refusal.hint(format!("`ovs port del {}` removes any port", word(&name)))
        })
    }

    /// The patch port with this port, if it is one.
    async fn patch_end(&mut self, place: &PortPlace) -> Result<Option<End>> {
        match place.interfaces.as_slice() {
            [interface] if self.text(*interface, "type").await? == "patch" => {
                Ok(Some(self.end(*interface).await?))
            }
            _ => Ok(None),
        }
    }

    async fn end(&mut self, interface: RowId) -> Result<End> {
        Ok(End {
            interface,
            name: self.name_of(interface),
            peer: self.pair(interface, "options", "peer").await?,
        })
    }

    /// The patch ports that have this one as their peer.
    async fn claimants(&mut self, name: &str) -> Result<Vec<End>> {
        let when = vec![
            Condition::is("type", "patch"),
            Condition::includes("options", Datum::map([("peer", name)])),
        ];
        let mut ends = Vec::new();
        for interface in self.draft.search("Interface", when, INTERFACE).await? {
            if self.name_of(interface) != name {
                ends.push(self.end(interface).await?);
            }
        }
        Ok(ends)
    }

    /// The name of an interface's bridge.
    pub(super) async fn home_name(&mut self, interface: RowId) -> Result<String> {
        let bridge = match self.port_of(interface).await? {
            Some(port) => self.bridge_of(port).await?,
            None => None,
        };
        Ok(bridge
            .map(|bridge| self.name_of(bridge))
            .unwrap_or_default())
    }

    async fn is_on(&mut self, interface: RowId, bridge: BridgePlace) -> Result<bool> {
        let Some(port) = self.port_of(interface).await? else {
            return Ok(false);
        };
        if self.bridge_of(port).await? != Some(bridge.row) {
            return Ok(false);
        }
        match bridge.vlan {
            Some((_, vid)) => Ok(self.number(port, "tag").await? == Some(vid)),
            None => Ok(true),
        }
    }

    async fn remove_ends(&mut self, ends: &[End]) -> Result<()> {
        for end in ends {
            let Some(port) = self.port_of(end.interface).await? else {
                continue;
            };
            if let Some(place) = self.place(port).await?
                && !self.draft.is_gone(port)
            {
                if place.interfaces.len() > 1 {
                    let port = self.name_of(port);
                    return Err(Refusal::refused(format!(
                        "patch port {} is part of the bond {}",
                        quoted(&end.name),
                        quoted(&port)
                    ))
                    .hint(format!(
                        "`ovs port set {} --remove-member {}` takes it out",
                        word(&port),
                        word(&end.name)
                    )));
                }
                self.remove_port(&place);
            }
        }
        for end in ends {
            for left in self.claimants(&end.name).await? {
                let place = self.home_name(left.interface).await?;
                let port = self.port_name(left.interface).await?;
                self.warn(format!(
                    "patch port {} on {place} leads nowhere: it has {} as its peer; \
                     `ovs patch del {}` removes it",
                    quoted(&left.name),
                    quoted(&end.name),
                    word(&port)
                ));
            }
        }
        Ok(())
    }
}

impl NewEnd {
    fn name_towards(&self, other: &NewEnd) -> String {
        self.name
            .clone()
            .unwrap_or_else(|| default_name(&other.bridge))
    }
}

/// The default name of the end that leads to this bridge.
fn default_name(bridge: &str) -> String {
    let short = bridge.strip_prefix("br-").filter(|short| !short.is_empty());
    format!("patch-{}", short.unwrap_or(bridge))
}

fn leading_to(peer: &str) -> PortSettings {
    PortSettings {
        kind: Some("patch".to_owned()),
        options: vec![Pair::new("peer", Some(peer))],
        ..PortSettings::default()
    }
}

/// The other ends of a patch port: the one that it makes a pair with; otherwise those that have it as their
/// peer, and the one that it has as its peer, unless that has another peer.
fn opposite(this: &End, all: &[End]) -> Vec<End> {
    let others = || all.iter().filter(|end| end.interface != this.interface);
    let claims_this = |end: &&End| end.peer.as_ref() == Some(&this.name);
    let is_peer = |end: &&End| this.peer.as_ref() == Some(&end.name);
    if let Some(pair) = others().find(|end| is_peer(end) && claims_this(end)) {
        return vec![pair.clone()];
    }
    let is_end = |end: &&End| claims_this(end) || (is_peer(end) && end.peer.is_none());
    others().filter(is_end).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::default_name;

    #[test]
    fn default_names() {
        for (bridge, name) in [
            ("br-tun", "patch-tun"),
            ("br0", "patch-br0"),
            ("ovsbr-1", "patch-ovsbr-1"),
            ("br-", "patch-br-"),
            ("br-br-x", "patch-br-x"),
        ] {
            assert_eq!(default_name(bridge), name);
        }
    }
}
