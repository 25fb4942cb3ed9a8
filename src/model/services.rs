//! What bridges and ports have besides their own rows: mirrors, `QoS` with its queues, and what reports flows.
//!
//! Names are those of ovs-vswitchd.conf.db(5).

use std::collections::BTreeMap;

use crate::ovsdb::Uuid;

/// A row of table `Mirror`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mirror {
    /// The mirror's name.
    pub name: String,
    /// The row's identity.
    pub uuid: Uuid,
    /// Whether it selects the packets of all ports of its bridge.
    pub select_all: bool,
    /// The ports of which it selects the received packets.
    pub select_src_port: Vec<Uuid>,
    /// The ports of which it selects the sent packets.
    pub select_dst_port: Vec<Uuid>,
    /// The VLANs of the selected packets, ascending; empty: all.
    pub select_vlan: Vec<i64>,
    /// The mirror output port; ovsdb-server removes it when the port is deleted.
    pub output_port: Option<Uuid>,
    /// The mirror output VLAN.
    pub output_vlan: Option<i64>,
    /// The length to which packets are cut, in bytes.
    pub snaplen: Option<i64>,
    /// The names of the ports that it refers to, as far as they were found.
    pub names: BTreeMap<Uuid, String>,
}

/// A port's part in a mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MirrorRole {
    /// The packets that it receives are selected.
    Received,
    /// The packets that it sends are selected.
    Sent,
    /// It sends the selected packets.
    Output,
}

impl MirrorRole {
    /// `received`, `sent` or `output`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Sent => "sent",
            Self::Output => "output",
        }
    }
}

impl Mirror {
    /// The port's part in it; the port is one of its bridge.
    pub fn roles(&self, port: Uuid) -> Vec<MirrorRole> {
        let is_output = self.output_port == Some(port);
        let all = self.select_all && !is_output;
        let roles = [
            (
                MirrorRole::Received,
                all || self.select_src_port.contains(&port),
            ),
            (
                MirrorRole::Sent,
                all || self.select_dst_port.contains(&port),
            ),
            (MirrorRole::Output, is_output),
        ];
        let held = roles.into_iter().filter(|(_, holds)| *holds);
        held.map(|(role, _)| role).collect()
    }

    /// Whether it selects no packets. A list of VLANs alone selects none: it restricts the other selections.
    pub fn selects_nothing(&self) -> bool {
        !self.select_all && self.select_src_port.is_empty() && self.select_dst_port.is_empty()
    }

    /// The ports that it refers to.
    pub fn ports(&self) -> impl Iterator<Item = Uuid> {
        let selected = self.select_src_port.iter().chain(&self.select_dst_port);
        selected.chain(&self.output_port).copied()
    }

    /// The name of a port that it refers to; the UUID if the row was not found.
    pub fn port_name(&self, port: Uuid) -> String {
        let name = self.names.get(&port).cloned();
        name.unwrap_or_else(|| port.to_string())
    }

    /// Its output: a port's name, or `vlan 10`; `None` if it has none.
    pub fn output(&self) -> Option<String> {
        match (self.output_port, self.output_vlan) {
            (Some(port), _) => Some(self.port_name(port)),
            (None, Some(vlan)) => Some(format!("vlan {vlan}")),
            (None, None) => None,
        }
    }
}

/// A row of table `QoS`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Qos {
    /// Its type: `linux-htb`, …
    pub type_: String,
    /// Settings of its type: `max-rate`, …
    pub other_config: BTreeMap<String, String>,
    /// Its queues, by number.
    pub queues: BTreeMap<i64, Uuid>,
}

/// A row of table `Queue`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue {
    /// The DSCP value of the packets that leave it.
    pub dscp: Option<i64>,
    /// Its settings: `min-rate`, `max-rate`, …
    pub other_config: BTreeMap<String, String>,
}

/// All rows of tables `QoS` and `Queue`, or those of one port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shaping {
    /// The rows of table `QoS`.
    pub qos: BTreeMap<Uuid, Qos>,
    /// The rows of table `Queue`.
    pub queues: BTreeMap<Uuid, Queue>,
}

impl Shaping {
    /// The queues of a `QoS` with their numbers, ascending.
    pub fn queues_of<'s>(&'s self, qos: &'s Qos) -> impl Iterator<Item = (i64, &'s Queue)> {
        let queues = qos.queues.iter();
        queues.filter_map(|(number, id)| Some((*number, self.queues.get(id)?)))
    }
}

/// A row of table `sFlow`, `NetFlow` or `IPFIX`: reports the flows of a bridge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FlowExport {
    /// The collectors: `10.0.0.1:6343`.
    pub targets: Vec<String>,
    /// One packet in this number is reported; none: the default.
    pub sampling: Option<i64>,
}

/// The row of table `SSL`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ssl {
    /// The file with the private key.
    pub private_key: String,
    /// The file with the certificate.
    pub certificate: String,
    /// The file with the certificate of the CA.
    pub ca_cert: String,
    /// Whether the certificate of the CA is taken from the first connection.
    pub bootstrap_ca_cert: bool,
}
