//! The Neutron hosts as `fixtures/neutron/*/*.tsv` have them: what the sandbox was told to make, so what
//! the commands must show of it.

use std::fs;
use std::path::Path;

use ovs::sandbox::Neutron;

/// A bridge.
pub struct Bridge {
    pub name: String,
    pub hwaddr: String,
    pub fail_mode: String,
    pub controller: String,
}

/// A port; every one of these hosts has one interface.
#[derive(Clone)]
pub struct Port {
    pub bridge: String,
    pub name: String,
    pub ofport: u32,
    pub tag: Option<u16>,
    pub kind: String,
    pub options: Vec<(String, String)>,
}

impl Port {
    pub fn option(&self, key: &str) -> Option<&str> {
        let (_, value) = self.options.iter().find(|(name, _)| name == key)?;
        Some(value)
    }

    pub fn tag_text(&self) -> String {
        self.tag
            .map_or_else(|| "-".to_owned(), |tag| tag.to_string())
    }
}

/// The bridges, by name.
pub fn bridges(host: Neutron) -> Vec<Bridge> {
    let mut bridges: Vec<Bridge> = rows(host, "bridges.tsv")
        .map(|[name, hwaddr, fail_mode, controller]| Bridge {
            name,
            hwaddr,
            fail_mode,
            controller,
        })
        .collect();
    bridges.sort_by(|a, b| a.name.cmp(&b.name));
    bridges
}

/// The ports, bridge by bridge, in each by OpenFlow number; the bridges' own ports too.
pub fn ports(host: Neutron) -> Vec<Port> {
    let own = bridges(host).into_iter().map(|bridge| Port {
        name: bridge.name.clone(),
        bridge: bridge.name,
        ofport: 65534,
        tag: None,
        kind: "internal".to_owned(),
        options: Vec::new(),
    });
    let mut ports: Vec<Port> = rows(host, "ports.tsv")
        .map(|[bridge, name, ofport, tag, kind, options]| Port {
            bridge,
            name,
            ofport: ofport.parse().unwrap(),
            tag: tag.parse().ok(),
            kind: if kind == "-" {
                "system".to_owned()
            } else {
                kind
            },
            options: options
                .split(' ')
                .filter_map(|option| option.split_once('='))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        })
        .chain(own)
        .collect();
    ports.sort_by_key(|port| (port.bridge.clone(), port.ofport));
    ports
}

fn rows<const N: usize>(host: Neutron, file: &str) -> impl Iterator<Item = [String; N]> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/neutron")
        .join(host.name())
        .join(file);
    let text = fs::read_to_string(path).unwrap();
    let rows: Vec<[String; N]> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            cells.try_into().unwrap()
        })
        .collect();
    rows.into_iter()
}
