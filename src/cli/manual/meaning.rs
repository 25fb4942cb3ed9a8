//! What the columns mean. A name means the same in every command but where the table says otherwise.

/// What a column of a command (`ovs port list`) means; of no command in particular if that is empty.
pub(in crate::cli) fn of(command: &str, column: &str) -> Option<&'static str> {
    let special = SPECIAL
        .iter()
        .find(|(of, name, _)| *of == command && *name == column)
        .map(|(_, _, text)| *text);
    let common = || MEANINGS.iter().find(|(name, _)| *name == column);
    special.or_else(|| common().map(|(_, text)| *text))
}

/// By command, where the common meaning would be wrong.
const SPECIAL: &[(&str, &str, &str)] = &[
    (
        "ovs bridge list",
        "ports",
        "how many ports it has, its own aside",
    ),
    (
        "ovs bridge show",
        "ports",
        "how many ports it has, its own aside",
    ),
    ("ovs bridge list", "vlan", "of a VLAN bridge: the VLAN"),
    ("ovs bridge show", "vlan", "of a VLAN bridge: the VLAN"),
    ("ovs tag map", "ports", "the ports that bear the tag"),
    (
        "ovs tag map",
        "patch",
        "the patch ports by which it leaves the bridge",
    ),
    ("ovs tag map", "peer", "the far ends of these patch ports"),
    (
        "ovs tag map",
        "remote_ip",
        "the far ends of the tunnels by which it leaves",
    ),
    ("ovs path", "vlan", "the VLAN tag that packets bear there"),
    ("ovs path", "key", "the tunnel key on the wire"),
    (
        "ovs graph",
        "ports",
        "the names of the ports that the line stands for",
    ),
    ("ovs dump-tables", "name", "the table's name, if it has one"),
];

const MEANINGS: &[(&str, &str)] = &[
    ("active", "how many flows are in the table"),
    ("admin_state", "whether the device is set up: up, down"),
    ("at", "the port or bridge at which the leg ends or stops"),
    ("bond_mode", "how the bond spreads traffic"),
    ("bridge", "the bridge's name"),
    ("collisions", "collisions"),
    ("connected", "whether a controller is connected"),
    (
        "controllers",
        "the targets of its controllers; in ovs show objects",
    ),
    ("count", "how many ports the line stands for"),
    ("cvlans", "inner VLANs that a dot1q-tunnel carries"),
    (
        "datapath_id",
        "the bridge's ID towards controllers, 16 hexadecimal digits",
    ),
    (
        "datapath_type",
        "system, netdev or another type of datapath",
    ),
    ("differs", "in which keys the flows differ from the record"),
    ("dst_port", "the UDP or TCP port to which the tunnel sends"),
    ("duration", "for how long the port exists, in seconds"),
    ("error", "what the switch says against it"),
    (
        "exits",
        "the wires or tunnels by which the tag leaves the host",
    ),
    (
        "external_ids",
        "keys and values that others, such as Neutron, have left",
    ),
    (
        "fail_mode",
        "what the bridge does without a controller: standalone, secure",
    ),
    ("finding", "what kind of thing is wrong"),
    ("from", "where the leg begins"),
    ("hint", "what helps"),
    ("inbound", "the flows by which packets come in"),
    ("inner_vlan", "the inner tag, where there are two"),
    ("interface", "the interface's name; a bond has several"),
    ("interfaces", "of a bond: its interfaces"),
    ("key", "the key (VNI) of the tunnel, or flow"),
    (
        "kind",
        "of which kind the line is; the command's page lists them",
    ),
    ("lacp", "LACP of a bond: active, passive, off"),
    ("leaves_by", "the bridge by which the tag leaves the host"),
    ("link_state", "whether the link is up: up, down"),
    ("local_ip", "the near end of the tunnel"),
    ("lookups", "how many packets were looked up in the table"),
    ("mac", "the Ethernet address in use"),
    (
        "matched",
        "how many packets matched a flow; in port find what of the port was found",
    ),
    ("max_entries", "how many flows the table has room for"),
    (
        "mcast_snooping_enable",
        "whether the bridge snoops IGMP and MLD",
    ),
    (
        "metadata_match",
        "the bits of metadata that flows of the table can match",
    ),
    (
        "metadata_write",
        "the bits of metadata that flows of the table can write",
    ),
    ("mtu", "the MTU in bytes"),
    ("name", "the name"),
    (
        "network_type",
        "what the tag is on the wire: vlan, flat, local, or the type of its tunnels",
    ),
    ("note", "what else is to be said, in words"),
    ("object", "the port, bridge or other thing that it is about"),
    ("ofport", "the OpenFlow port number"),
    ("options", "options of the interface's type"),
    ("other_config", "further settings, by key"),
    ("outbound", "the flows by which packets go out"),
    ("parent", "of a VLAN bridge: the bridge that it is on"),
    ("patch", "patch ports"),
    ("peer", "of a patch port: the name of its far end"),
    ("peer_bridge", "the bridge on which the far end is"),
    ("peer_ofport", "the OpenFlow port number of the far end"),
    ("port", "the port's name"),
    (
        "port_external_ids",
        "external_ids of the port, not of its interface",
    ),
    ("ports", "the names of the ports; of bridges how many"),
    (
        "protocols",
        "the OpenFlow versions that the bridge allows; empty: the default ones",
    ),
    (
        "reason",
        "why the state is ambiguous or unknown, or which packets are meant",
    ),
    ("record", "what Neutron's agent wrote down about the tag"),
    ("remote_ip", "the far end of the tunnel"),
    (
        "rstp_enable",
        "whether the bridge takes part in rapid spanning tree",
    ),
    ("rx_bytes", "bytes received"),
    ("rx_crc_err", "packets received with a wrong checksum"),
    ("rx_dropped", "packets received and dropped"),
    ("rx_errors", "packets received with an error"),
    (
        "rx_frame_err",
        "packets received with a frame alignment error",
    ),
    ("rx_over_err", "packets lost to a receiver that was overrun"),
    ("rx_packets", "packets received"),
    ("segment", "the VLAN or tunnel key on the wire"),
    ("severity", "error, warning or note"),
    ("state", "whether it works: ok, or what is wrong"),
    ("status", "what the device says of itself, by key"),
    (
        "stp_enable",
        "whether the bridge takes part in spanning tree",
    ),
    ("table", "the table's number"),
    (
        "tag",
        "the VLAN of an access port; the native VLAN of a trunk",
    ),
    ("to", "where the leg ends"),
    ("trunks", "the VLANs that a trunk carries; empty: all"),
    ("tx_bytes", "bytes sent"),
    ("tx_dropped", "packets dropped instead of sent"),
    ("tx_errors", "packets not sent for an error"),
    ("tx_packets", "packets sent"),
    (
        "type",
        "the type of the interface: system, internal, patch, vxlan, ...",
    ),
    (
        "vlan",
        "in words, what the port does with tags; of a VLAN bridge its VLAN",
    ),
    (
        "vlan_mode",
        "access, trunk, native-tagged, native-untagged or dot1q-tunnel",
    ),
    ("way", "the number of the way, where there are several"),
    ("what", "what is wrong, in words"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order() {
        assert!(MEANINGS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
