//! The JSON documents in a file of `ovs save`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::MissingPart;
use crate::source::links::KernelLink;
use crate::source::network::Namespaces;

/// `meta.json`: what the file is.
#[derive(Debug, Serialize, Deserialize)]
pub struct Meta {
    /// [`FORMAT`](super::layout::FORMAT).
    pub format: String,
    /// The version of the format.
    pub format_version: u32,
    /// The version of `ovs` that wrote it.
    pub ovs: String,
    /// The name of the host.
    pub host: String,
    /// When it was saved: `2026-01-31T23:59:59.000Z`; `None` if it was converted from a report that does not say so.
    pub time: Option<String>,
    /// The name of the file or report that it was converted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted_from: Option<String>,
    /// Whether the report had no schema: that of the database then has only the columns of its rows, and others are unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_partial_schema: bool,
    /// The version of Open vSwitch, as its database has it.
    pub openvswitch: Option<String>,
    /// The version of the schema of its database.
    pub schema: Option<String>,
}

/// `remarks.json`: what is not in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Remarks {
    /// The parts that could not be read.
    #[serde(default)]
    pub missing: Vec<MissingPart>,
    /// The secrets that were replaced: `Interface ipsec0 options:psk`.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// What is wrong with the report that it was converted from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Of each bridge the ports of which only the name is known, by the number that stands for them in its messages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unnumbered: BTreeMap<String, BTreeMap<u32, String>>,
}

/// An entry of `host/devices.json`.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedDevice {
    /// The name of the device.
    pub name: String,
    /// Whether it is hardware or stacked on hardware.
    pub hardware: bool,
}

/// `host/namespaces.json`
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct SavedNamespaces {
    /// The devices, by namespace.
    namespaces: Vec<SavedNamespace>,
    /// What could not be read, and why.
    unseen: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedNamespace {
    /// `null`: that in which Open vSwitch runs.
    name: Option<String>,
    links: Vec<KernelLink>,
}

impl From<Namespaces> for SavedNamespaces {
    fn from(namespaces: Namespaces) -> SavedNamespaces {
        let namespace = |(name, links)| SavedNamespace { name, links };
        SavedNamespaces {
            namespaces: namespaces.links.into_iter().map(namespace).collect(),
            unseen: namespaces.unseen,
        }
    }
}

impl From<SavedNamespaces> for Namespaces {
    fn from(saved: SavedNamespaces) -> Namespaces {
        let links = saved.namespaces.into_iter();
        Namespaces {
            links: links
                .map(|namespace| (namespace.name, namespace.links))
                .collect(),
            unseen: saved.unseen,
        }
    }
}
