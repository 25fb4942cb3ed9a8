//! The columns that the daemons own: they write the state of the switch there, and put back what others
//! write. Measured on Open vSwitch 3.1 and 3.5.

/// A column that a daemon owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnedColumn {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The daemon: `ovs-vswitchd` or `ovsdb-server`.
    pub owner: &'static str,
    /// The setting that requests a value; `None`: there is none.
    pub request: Option<Request>,
}

/// A setting that requests what an owned column then shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The column, with its key where it is a map: `other_config:datapath-id`. A column of another table
    /// has its name before it: `Port.lacp`.
    pub setting: &'static str,
    /// Whether it takes the value that the owned column shows.
    pub takes_value: bool,
}

/// The entry for a column; `None`: no daemon owns it.
pub fn owned(table: &str, column: &str) -> Option<&'static OwnedColumn> {
    OWNED
        .iter()
        .find(|owned| owned.table == table && owned.column == column)
}

/// Every column that a daemon owns.
pub fn owned_columns() -> &'static [OwnedColumn] {
    OWNED
}

const OWNED: &[OwnedColumn] = &[
    state("Open_vSwitch", "cur_cfg"),
    state("Open_vSwitch", "statistics").enabled_by("other_config:enable-statistics"),
    state("Open_vSwitch", "datapath_types"),
    state("Open_vSwitch", "iface_types"),
    state("Open_vSwitch", "dpdk_initialized").enabled_by("other_config:dpdk-init"),
    state("Open_vSwitch", "dpdk_version"),
    state("Bridge", "datapath_id").requested_by("other_config:datapath-id"),
    state("Bridge", "datapath_version"),
    state("Bridge", "status"),
    state("Bridge", "rstp_status").enabled_by("rstp_enable"),
    state("Port", "status"),
    state("Port", "statistics"),
    state("Port", "bond_active_slave"),
    state("Port", "rstp_status"),
    state("Port", "rstp_statistics"),
    state("Interface", "ofport").requested_by("ofport_request"),
    state("Interface", "mtu").requested_by("mtu_request"),
    state("Interface", "mac_in_use").requested_by("mac"),
    state("Interface", "admin_state"),
    state("Interface", "link_state"),
    state("Interface", "link_resets"),
    state("Interface", "link_speed"),
    state("Interface", "duplex"),
    state("Interface", "ifindex"),
    state("Interface", "error"),
    state("Interface", "status"),
    state("Interface", "statistics"),
    state("Interface", "lacp_current").enabled_by("Port.lacp"),
    state("Interface", "bfd_status").enabled_by("bfd"),
    state("Interface", "cfm_fault").enabled_by("cfm_mpid"),
    state("Interface", "cfm_fault_status").enabled_by("cfm_mpid"),
    state("Interface", "cfm_flap_count").enabled_by("cfm_mpid"),
    state("Interface", "cfm_health").enabled_by("cfm_mpid"),
    state("Interface", "cfm_remote_mpids").enabled_by("cfm_mpid"),
    state("Interface", "cfm_remote_opstate").enabled_by("cfm_mpid"),
    state("Mirror", "statistics"),
    state("Controller", "is_connected"),
    state("Controller", "role"),
    state("Controller", "status"),
    state("Manager", "is_connected").of_ovsdb_server(),
    state("Manager", "status").of_ovsdb_server(),
];

const fn state(table: &'static str, column: &'static str) -> OwnedColumn {
    OwnedColumn {
        table,
        column,
        owner: "ovs-vswitchd",
        request: None,
    }
}

impl OwnedColumn {
    /// This setting requests its value.
    const fn requested_by(self, setting: &'static str) -> Self {
        let takes_value = true;
        let request = Some(Request {
            setting,
            takes_value,
        });
        Self { request, ..self }
    }

    /// This setting enables what it shows.
    const fn enabled_by(self, setting: &'static str) -> Self {
        let takes_value = false;
        let request = Some(Request {
            setting,
            takes_value,
        });
        Self { request, ..self }
    }

    const fn of_ovsdb_server(self) -> Self {
        Self {
            owner: "ovsdb-server",
            ..self
        }
    }
}
