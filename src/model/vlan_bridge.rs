//! VLAN bridges: a port of a bridge that is shown as a bridge of its own (ovs-vswitchd.conf.db(5),
//! table `Port`, `fake_bridge`).

use std::collections::{BTreeMap, HashSet};

use super::topology::Bridge;
use crate::base::order::sort_by_name;
use crate::ovsdb::client::OPEN_VSWITCH;
use crate::ovsdb::{Client, Error, Function, Row, Select, Uuid};

/// What the keys of a VLAN bridge's `external_ids` begin with in those of its port, as ovs-vsctl
/// writes them.
pub const VLAN_BRIDGE_KEY: &str = "fake-bridge-";

/// Reads the VLAN bridges of these bridges; only the one of this name, if one is given. Each is what
/// its parent is, but for its name, its VLAN, its ports and its `external_ids`.
///
/// Most hosts have none: then it is one small request.
pub async fn vlan_bridges(
    client: &Client,
    parents: &[Bridge],
    name: Option<&str>,
) -> Result<Vec<Bridge>, Error> {
    let mut fake = Select::columns("Port", &["_uuid", "name", "tag", "external_ids"]).when(
        "fake_bridge",
        Function::Equal,
        true,
    );
    if let Some(name) = name {
        fake = fake.when("name", Function::Equal, name);
    }
    let fakes = client.select(OPEN_VSWITCH, vec![fake]).await?.concat();
    let mut selects = Vec::new();
    let mut vids = Vec::new();
    let mut ports = Vec::new();
    for fake in &fakes {
        if let Some(vid) = fake.optional_integer("tag")? {
            let port = fake.uuid("_uuid")?;
            let bridges = Select::columns("Bridge", &["name", "ports"]);
            selects.push(bridges.when("ports", Function::Includes, port));
            let tagged = Select::columns("Port", &["_uuid"]);
            selects.push(tagged.when("tag", Function::Equal, vid));
            ports.push(fake);
            vids.push(vid);
        }
    }
    if selects.is_empty() {
        return Ok(Vec::new());
    }
    let answers = client.select(OPEN_VSWITCH, selects).await?;
    let mut found = Vec::new();
    for ((port, vid), answer) in ports.into_iter().zip(vids).zip(answers.chunks(2)) {
        let [bridges, tagged] = answer else { continue };
        let Some(row) = bridges.first() else { continue };
        let parent = row.string("name")?;
        if let Some(parent) = parents.iter().find(|bridge| bridge.name == parent) {
            found.push(Bridge {
                name: port.string("name")?.to_owned(),
                uuid: port.uuid("_uuid")?,
                parent: Some(parent.name.clone()),
                vlan: Some(vid),
                external_ids: own_ids(port)?,
                port_count: common(row, tagged)?,
                ports: Vec::new(),
                ..parent.clone()
            });
        }
    }
    sort_by_name(&mut found, |bridge| &bridge.name);
    Ok(found)
}

/// How many of the ports with the tag are the bridge's.
fn common(bridge: &Row, tagged: &[Row]) -> Result<usize, Error> {
    let of_bridge: HashSet<Uuid> = bridge.uuids("ports")?.into_iter().collect();
    let mut count = 0;
    for port in tagged {
        count += usize::from(of_bridge.contains(&port.uuid("_uuid")?));
    }
    Ok(count)
}

fn own_ids(port: &Row) -> Result<BTreeMap<String, String>, Error> {
    let all = port.map("external_ids")?.into_iter();
    let own = all.filter_map(|(key, value)| {
        let key = key.strip_prefix(VLAN_BRIDGE_KEY)?;
        Some((key.to_owned(), value))
    });
    Ok(own.collect())
}
