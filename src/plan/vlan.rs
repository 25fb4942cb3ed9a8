//! The VLAN configuration of a port after a change, in words.

use super::{Edit, Result, RowId, quoted};
use crate::model::topology::Port;
use crate::model::vlan::Vlan;
use crate::ovsdb::{Atom, Datum};

impl Edit<'_> {
    /// Describes the VLAN configuration of a port after the change; warns of a trunk of all VLANs, unless it
    /// was requested: `is_meant`, or by `vlan_mode`.
    pub(crate) async fn say_vlan(&mut self, port: RowId, is_meant: bool) -> Result<()> {
        let port = self.vlan_columns(port).await?;
        let vlan = Vlan::of(&port);
        let name = quoted(&port.name);
        let is_meant = is_meant || port.vlan_mode.is_some();
        if vlan == (Vlan::Trunk { trunks: Vec::new() }) && !is_meant {
            self.warn(format!(
                "port {name} is a trunk of all VLANs: it has neither a tag nor trunks"
            ));
        } else {
            self.notes
                .push(format!("port {name}: {} ({vlan})", vlan.mode()));
        }
        Ok(())
    }

    /// A port with a tag and trunks but no mode is an access port and ignores the trunks; with the mode
    /// `trunk`, it ignores the tag (ovs-vswitchd.conf.db(5), table `Port`, `vlan_mode`).
    pub(super) async fn warn_of_ignored_vlans(&mut self, port: RowId) -> Result<()> {
        let port = self.vlan_columns(port).await?;
        if port.vlan_mode.as_deref() == Some("trunk") && port.tag.is_some() {
            self.warn(format!(
                "port {} has vlan_mode trunk: its tag is ignored",
                quoted(&port.name)
            ));
        }
        if let (Vlan::Access { tag }, false) = (Vlan::of(&port), port.trunks.is_empty()) {
            self.warn(format!(
                "port {} is an access port of VLAN {tag}: its trunks are ignored; \
                 --vlan-mode native-tagged or native-untagged makes it carry both",
                quoted(&port.name)
            ));
        }
        Ok(())
    }

    async fn vlan_columns(&mut self, port: RowId) -> Result<Port> {
        let mode = self.text(port, "vlan_mode").await?;
        Ok(Port {
            name: self.name_of(port),
            tag: self.number(port, "tag").await?,
            trunks: self.numbers(port, "trunks").await?,
            cvlans: match mode.as_str() {
                // Open vSwitch before 2.8 does not have the column.
                "dot1q-tunnel" => self.numbers(port, "cvlans").await?,
                _ => Vec::new(),
            },
            vlan_mode: Some(mode).filter(|mode| !mode.is_empty()),
            ..Port::default()
        })
    }

    async fn numbers(&mut self, port: RowId, column: &str) -> Result<Vec<i64>> {
        let datum: Datum = self.draft.value(port, column).await?;
        let atoms = datum.as_set().unwrap_or_default().iter();
        let mut numbers: Vec<i64> = atoms
            .filter_map(|atom| match atom {
                Atom::Integer(number) => Some(*number),
                _ => None,
            })
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }
}
