//! The options with the settings of a port, for adding and for changing one.

use clap::Args;

use crate::commands::argument::{Takes as _, Value};
use crate::commands::setting::{amount, integer, interface_type, mac, one_of, vlans};
use crate::model::vlan::MODES;
use crate::ovsdb::Datum;
use crate::plan::settings::{Pair, PortSettings, VlanSettings, columns, pairs};

// The settings of a port. `none` unsets one.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Settings (none takes one back, K- a pair)")]
pub struct SettingArgs {
    /// The interface's type: system, internal, patch, vxlan, ... [default: system]
    #[arg(long = "type", takes = Value::TYPE, value_parser = interface_type)]
    kind: Option<String>,

    /// VLAN of an access port; native VLAN, with a native --vlan-mode
    #[arg(long, takes = Value::VID, value_parser = |text: &str| integer(text, 0..=4095))]
    tag: Option<Datum>,

    /// VLANs that a trunk carries: 1-5,10
    #[arg(long, takes = Value::VIDS, value_parser = vlans)]
    trunks: Option<Datum>,

    /// access, trunk, native-tagged, native-untagged, dot1q-tunnel
    #[arg(long, value_name = "MODE", value_parser = one_of(&MODES), hide_possible_values = true)]
    vlan_mode: Option<Datum>,

    /// Inner VLANs that a dot1q-tunnel carries: 1-5,10
    #[arg(long, takes = Value::VIDS, value_parser = vlans)]
    cvlans: Option<Datum>,

    /// The OpenFlow port number to ask for, 1 to 65279
    #[arg(long, takes = Value::free("NUMBER"), value_parser = |text: &str| integer(text, 1..=65279))]
    ofport: Option<Datum>,

    /// The MAC address to give to the interface
    #[arg(long, takes = Value::free("MAC"), value_parser = mac)]
    mac: Option<Datum>,

    /// The MTU to ask for, in bytes
    #[arg(long, takes = Value::free("BYTES"), value_parser = |text: &str| integer(text, 68..=65535))]
    mtu: Option<Datum>,

    /// An option of the interface's type: K=V sets it, K- removes it
    #[arg(long = "option", takes = Value::pair("Interface", "options"))]
    options: Vec<Pair>,

    /// external_ids of the interface (iface-id, ...): K=V sets one, K- removes it
    #[arg(long = "external-id", takes = Value::pair("Interface", "external_ids"))]
    external_ids: Vec<Pair>,

    /// other_config of the port: K=V sets it, K- removes it
    #[arg(long = "other-config", takes = Value::pair("Port", "other_config"))]
    other_config: Vec<Pair>,

    /// other_config of the interface: K=V sets it, K- removes it
    #[arg(long = "interface-other-config", takes = Value::pair("Interface", "other_config"))]
    interface_other_config: Vec<Pair>,

    /// external_ids of the port: K=V sets one, K- removes it
    #[arg(long = "port-external-id", takes = Value::pair("Port", "external_ids"))]
    port_external_ids: Vec<Pair>,

    /// Rate limit of received packets, in kbit/s; 0: no limit
    #[arg(long, takes = Value::free("KBPS"), value_parser = amount)]
    ingress_policing_rate: Option<Datum>,

    /// Burst size of the rate limit, in kbit
    #[arg(long, takes = Value::free("KBIT"), value_parser = amount)]
    ingress_policing_burst: Option<Datum>,

    /// Rate limit of received packets, in 1000 packets/s; 0: no limit
    #[arg(long, takes = Value::free("KPKTS"), value_parser = amount)]
    ingress_policing_kpkts_rate: Option<Datum>,

    /// Burst size of the packet rate limit, in 1000 packets
    #[arg(long, takes = Value::free("KPKTS"), value_parser = amount)]
    ingress_policing_kpkts_burst: Option<Datum>,

    /// How a bond spreads traffic: active-backup, balance-slb, balance-tcp
    #[arg(long, value_name = "MODE", value_parser = one_of(&["active-backup", "balance-slb", "balance-tcp"]), hide_possible_values = true)]
    bond_mode: Option<Datum>,

    /// LACP: active, passive, off
    #[arg(long, value_name = "MODE", value_parser = one_of(&["active", "passive", "off"]), hide_possible_values = true)]
    lacp: Option<Datum>,

    /// Milliseconds that a member's link must be up before it is used
    #[arg(long, takes = Value::free("MS"), value_parser = amount)]
    bond_updelay: Option<Datum>,

    /// Milliseconds that a member's link must be down before it is not used
    #[arg(long, takes = Value::free("MS"), value_parser = amount)]
    bond_downdelay: Option<Datum>,
}

impl SettingArgs {
    pub(super) fn settings(&self) -> PortSettings {
        let mut port = columns([
            ("bond_mode", &self.bond_mode),
            ("lacp", &self.lacp),
            ("bond_updelay", &self.bond_updelay),
            ("bond_downdelay", &self.bond_downdelay),
        ]);
        port.extend(pairs("other_config", &self.other_config));
        port.extend(pairs("external_ids", &self.port_external_ids));
        let mut interface = columns([
            ("mtu_request", &self.mtu),
            ("ingress_policing_rate", &self.ingress_policing_rate),
            ("ingress_policing_burst", &self.ingress_policing_burst),
            (
                "ingress_policing_kpkts_rate",
                &self.ingress_policing_kpkts_rate,
            ),
            (
                "ingress_policing_kpkts_burst",
                &self.ingress_policing_kpkts_burst,
            ),
        ]);
        interface.extend(pairs("external_ids", &self.external_ids));
        interface.extend(pairs("other_config", &self.interface_other_config));
        PortSettings {
            vlan: VlanSettings {
                tag: self.tag.clone(),
                trunks: self.trunks.clone(),
                vlan_mode: self.vlan_mode.clone(),
                cvlans: self.cvlans.clone(),
            },
            port,
            kind: self.kind.clone(),
            ofport: self.ofport.clone(),
            mac: self.mac.clone(),
            options: self.options.clone(),
            interface,
        }
    }
}
