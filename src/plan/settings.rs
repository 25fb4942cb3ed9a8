//! The settings of a bridge or a port. Those not given are kept.

use std::str::FromStr;

use super::draft::ColumnChange;
use crate::ovsdb::{Atom, Datum};

/// A column, with the change to it.
pub(crate) type Assignment = (&'static str, ColumnChange);

/// The settings of a bridge.
#[derive(Debug, Clone, Default)]
pub(crate) struct BridgeSettings {
    /// The type of its datapath; empty for `system`.
    pub(crate) datapath_type: Option<Datum>,
    /// Its behaviour without a controller (`fail_mode`).
    pub(crate) fail_mode: Option<Datum>,
    /// The allowed OpenFlow versions.
    pub(crate) protocols: Option<Datum>,
    /// Whether it uses STP.
    pub(crate) stp_enable: Option<Datum>,
    /// Whether it uses RSTP.
    pub(crate) rstp_enable: Option<Datum>,
    /// Whether it snoops IGMP and MLD.
    pub(crate) mcast_snooping_enable: Option<Datum>,
    /// Changes to its `external_ids`.
    pub(crate) external_ids: Vec<Pair>,
    /// Changes to its `other_config`.
    pub(crate) other_config: Vec<Pair>,
    /// The targets of its controllers, all of them; `None` keeps the current ones.
    pub(crate) controllers: Option<Vec<String>>,
}

/// The settings of a port.
#[derive(Debug, Clone, Default)]
pub(crate) struct PortSettings {
    /// Its VLAN settings.
    pub(crate) vlan: VlanSettings,
    /// The other columns of table `Port`.
    pub(crate) port: Vec<Assignment>,
    /// The type of its interfaces; empty for `system`.
    pub(crate) kind: Option<String>,
    /// The requested OpenFlow port number.
    pub(crate) ofport: Option<Datum>,
    /// The MAC address of its interfaces.
    pub(crate) mac: Option<Datum>,
    /// Changes to the `options` of its interfaces.
    pub(crate) options: Vec<Pair>,
    /// The other columns of table `Interface`, for each of its interfaces.
    pub(crate) interface: Vec<Assignment>,
}

/// The VLAN settings of a port; the empty set unsets a column.
#[derive(Debug, Clone, Default)]
pub(crate) struct VlanSettings {
    /// The VLAN of an access port, or the native one.
    pub(crate) tag: Option<Datum>,
    /// The VLANs that a trunk carries.
    pub(crate) trunks: Option<Datum>,
    /// The mode.
    pub(crate) vlan_mode: Option<Datum>,
    /// The inner VLANs that a dot1q-tunnel carries.
    pub(crate) cvlans: Option<Datum>,
}

impl BridgeSettings {
    /// The assignments to columns that a VLAN bridge does not have: all but `external_ids`.
    pub(crate) fn of_real_bridge(&self) -> Vec<Assignment> {
        let mut all = columns([
            ("datapath_type", &self.datapath_type),
            ("fail_mode", &self.fail_mode),
            ("protocols", &self.protocols),
            ("stp_enable", &self.stp_enable),
            ("rstp_enable", &self.rstp_enable),
            ("mcast_snooping_enable", &self.mcast_snooping_enable),
        ]);
        all.extend(pairs("other_config", &self.other_config));
        all
    }
}

impl VlanSettings {
    /// The assignments to the port's row.
    pub(crate) fn of_port(&self) -> Vec<Assignment> {
        columns([
            ("tag", &self.tag),
            ("trunks", &self.trunks),
            ("vlan_mode", &self.vlan_mode),
            ("cvlans", &self.cvlans),
        ])
    }
}

impl PortSettings {
    /// Whether any is of the port itself, not of its interfaces.
    pub(crate) fn is_of_port(&self) -> bool {
        !self.port.is_empty() || !self.vlan.of_port().is_empty()
    }

    /// The assignments to the row of each interface.
    pub(crate) fn of_interface(&self) -> Vec<Assignment> {
        let kind = self.kind.as_deref().map(Datum::from);
        let mut all = columns([
            ("type", &kind),
            ("ofport_request", &self.ofport),
            ("mac", &self.mac),
        ]);
        all.extend(pairs("options", &self.options));
        all.extend(self.interface.iter().cloned());
        all
    }
}

/// A change to one key of a map: `K=V` sets it, `K-` removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The key.
    pub(crate) key: String,
    /// Its value; `None` removes it.
    pub(crate) value: Option<String>,
}

impl Pair {
    /// The value to set, or the removal.
    pub(crate) fn new(key: &str, value: Option<&str>) -> Self {
        Self {
            key: key.to_owned(),
            value: value.map(str::to_owned),
        }
    }
}

impl FromStr for Pair {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = match (text.split_once('='), text.strip_suffix('-')) {
            (Some((key, value)), _) => (key, Some(value)),
            (None, Some(key)) => (key, None),
            (None, None) => {
                return Err("expected KEY=VALUE, or KEY- to remove the key".to_owned());
            }
        };
        if key.is_empty() {
            return Err("the key before \"=\" is missing".to_owned());
        }
        Ok(Self::new(key, value))
    }
}

/// The assignments to columns whose value was given.
pub(crate) fn columns<'s>(
    given: impl IntoIterator<Item = (&'static str, &'s Option<Datum>)>,
) -> Vec<Assignment> {
    let given = given.into_iter();
    given
        .filter_map(|(column, datum)| Some((column, ColumnChange::Set(datum.clone()?))))
        .collect()
}

/// The assignment of these pairs to a map column; none if there are no pairs.
pub(crate) fn pairs(column: &'static str, pairs: &[Pair]) -> Option<Assignment> {
    let (mut put, mut removed): (Vec<(Atom, Atom)>, Vec<Atom>) = (Vec::new(), Vec::new());
    for Pair { key, value } in pairs {
        // If a key is given twice, the later value is used.
        let key = Atom::from(key.as_str());
        put.retain(|(other, _)| *other != key);
        removed.retain(|other| *other != key);
        match value {
            Some(value) => put.push((key, value.as_str().into())),
            None => removed.push(key),
        }
    }
    (!pairs.is_empty()).then_some((column, ColumnChange::Pairs { put, removed }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_and_their_removal() {
        let pair = |text: &str| text.parse::<Pair>();
        assert_eq!(pair("a=b=c").unwrap().value.as_deref(), Some("b=c"));
        assert_eq!(pair("a-b=").unwrap().value.as_deref(), Some(""));
        assert_eq!(pair("bond-x-").unwrap(), Pair::new("bond-x", None));
        assert!(pair("a").is_err() && pair("=b").is_err() && pair("-").is_err());
    }
}
