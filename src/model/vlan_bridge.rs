//! VLAN bridges: ports that are shown as bridges (ovs-vswitchd.conf.db(5), table `Port`, `fake_bridge`).

use std::collections::{BTreeMap, HashSet};

use super::topology::Bridge;
use crate::base::order::sort_by_name;
use crate::ovsdb::{Function, Row, Select, Uuid, ValueError};

/// The prefix of the keys of a VLAN bridge's `external_ids` in those of its port, as written by ovs-vsctl.
pub const VLAN_BRIDGE_KEY: &str = "fake-bridge-";

/// Selects the ports that are shown as bridges; only the one of this name, if given.
pub fn select_vlan_bridges(name: Option<&str>) -> Select {
    let columns = ["_uuid", "name", "tag", "external_ids"];
    let fake = Select::columns("Port", &columns).when("fake_bridge", Function::Equal, true);
    match name {
        Some(name) => fake.when("name", Function::Equal, name),
        None => fake,
    }
}

/// Selects what belongs to the ports found by [`select_vlan_bridges`]: for each with a tag, its bridge and
/// the ports of its VLAN. Most hosts have none.
///
/// # Errors
///
/// A column holds a value of another type.
pub fn select_around(fakes: &[Row]) -> Result<Vec<Select>, ValueError> {
    let mut selects = Vec::new();
    for fake in fakes {
        if let Some(vid) = fake.optional_integer("tag")? {
            let port = fake.uuid("_uuid")?;
            let bridges = Select::columns("Bridge", &["name", "ports"]);
            selects.push(bridges.when("ports", Function::Includes, port));
            let tagged = Select::columns("Port", &["_uuid"]);
            selects.push(tagged.when("tag", Function::Equal, vid));
        }
    }
    Ok(selects)
}

/// The VLAN bridges of these bridges, from the answers to [`select_vlan_bridges`] and [`select_around`].
/// Each is like its parent except for its name, VLAN, ports and `external_ids`.
///
/// # Errors
///
/// A column holds a value of another type.
pub fn vlan_bridges(
    parents: &[Bridge],
    fakes: &[Row],
    around: &[Vec<Row>],
) -> Result<Vec<Bridge>, ValueError> {
    let mut found = Vec::new();
    let mut around = around.chunks(2);
    for port in fakes {
        let Some(vid) = port.optional_integer("tag")? else {
            continue;
        };
        let Some([bridges, tagged]) = around.next() else {
            break;
        };
        let Some(row) = bridges.first() else { continue };
        let parent = row.string("name")?;
        if let Some(parent) = parents.iter().find(|bridge| bridge.name == parent) {
            found.push(Bridge {
                name: port.string("name")?.to_owned(),
                uuid: port.uuid("_uuid")?,
                parent: Some(parent.name.clone()),
                vlan: Some(vid),
                external_ids: own_ids(port)?,
                // Its own port has the tag as well.
                port_count: common(row, tagged)?.saturating_sub(1),
                ports: Vec::new(),
                ..parent.clone()
            });
        }
    }
    sort_by_name(&mut found, |bridge| &bridge.name);
    Ok(found)
}

/// The number of the ports with the tag that belong to the bridge.
fn common(bridge: &Row, tagged: &[Row]) -> Result<usize, ValueError> {
    let of_bridge: HashSet<Uuid> = bridge.uuids("ports")?.into_iter().collect();
    let mut count = 0;
    for port in tagged {
        count += usize::from(of_bridge.contains(&port.uuid("_uuid")?));
    }
    Ok(count)
}

fn own_ids(port: &Row) -> Result<BTreeMap<String, String>, ValueError> {
    let all = port.map("external_ids")?.into_iter();
    let own = all.filter_map(|(key, value)| {
        let key = key.strip_prefix(VLAN_BRIDGE_KEY)?;
        Some((key.to_owned(), value))
    });
    Ok(own.collect())
}
