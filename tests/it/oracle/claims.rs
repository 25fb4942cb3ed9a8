//! What `ovs tag map` and `ovs path` say of a host.

use serde_json::Value;

use crate::common::Sandbox;

/// A segment at a wire or tunnel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    pub(crate) port: String,
    /// `flat`, `vlan`, or the tunnel's type.
    pub(crate) kind: String,
    /// The VLAN or key; `None`: flat, or whatever no flow names.
    pub(crate) id: Option<u64>,
    pub(crate) inner: Option<u16>,
}

/// A row of `tag map`, or a way of `path`.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) bridge: String,
    pub(crate) tag: u16,
    /// At each of its wires or tunnels; none: nothing leaves.
    pub(crate) segments: Vec<Segment>,
    pub(crate) is_any: bool,
    pub(crate) outbound: bool,
    pub(crate) inbound: bool,
    pub(crate) state: String,
    pub(crate) reason: String,
}

impl Row {
    pub(crate) fn is_unknown(&self) -> bool {
        self.state == "unknown"
    }

    /// Whether it says that there may be more.
    pub(crate) fn is_open(&self) -> bool {
        self.is_unknown() && self.segments.is_empty() || self.reason.contains("may be more")
    }

    pub(crate) fn names(&self, segment: &Segment) -> bool {
        self.segments.contains(segment)
            || self.is_any
                && self
                    .segments
                    .iter()
                    .any(|own| (&own.port, &own.kind) == (&segment.port, &segment.kind))
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// The rows of `tag map`.
pub(crate) fn tag_map(sandbox: &Sandbox) -> Vec<Row> {
    let columns = "bridge,tag,network_type,exits,segment,inner_vlan,outbound,inbound,state,reason";
    let said = sandbox.ovs_stdout(&["tag", "map", "--json", "--columns", columns]);
    let rows: Vec<Value> = serde_json::from_str(&said).unwrap();
    rows.iter()
        .map(|row| {
            let reason = text(row, "reason");
            let is_any = reason.starts_with("any ");
            let exits = row["exits"].as_array().unwrap();
            let segment = |port: &Value| Segment {
                port: port.as_str().unwrap().to_owned(),
                kind: text(row, "network_type"),
                id: row["segment"].as_u64(),
                inner: row["inner_vlan"].as_u64().map(|vid| vid as u16),
            };
            Row {
                bridge: text(row, "bridge"),
                tag: row["tag"].as_u64().unwrap() as u16,
                segments: exits.iter().map(segment).collect(),
                is_any,
                outbound: row["outbound"].as_bool().unwrap_or(false),
                inbound: row["inbound"].as_bool().unwrap_or(false),
                state: text(row, "state"),
                reason,
            }
        })
        .collect()
}

/// The ways of `path` that lead out; each of one tag with which the port's packets come in, 0 for none.
pub(crate) fn path(sandbox: &Sandbox, bridge: &str, port: &str) -> Vec<Row> {
    let said = sandbox.ovs_stdout(&["path", port, "--json"]);
    let legs: Vec<Value> = serde_json::from_str(&said).unwrap();
    let mut rows: Vec<Row> = Vec::new();
    let (mut way, mut tag) = (None, 0);
    for leg in &legs {
        if leg["way"] != Value::Null && Some(&leg["way"]) != way {
            way = Some(&leg["way"]);
            tag = 0;
        }
        let note = text(leg, "note");
        match text(leg, "kind").as_str() {
            "tag" => tag = leg["vlan"].as_u64().unwrap_or(0) as u16,
            kind @ ("wire" | "tunnel") => {
                let vlan = leg["vlan"].as_u64();
                let (kind, id, inner) = if kind == "wire" {
                    let kind = if vlan.is_some() { "vlan" } else { "flat" };
                    let inner = note
                        .strip_prefix("VLAN ")
                        .and_then(|rest| rest.split_once(" inside")?.0.parse().ok());
                    (kind.to_owned(), vlan, inner)
                } else {
                    let kind = note.split(';').next().unwrap().to_owned();
                    (kind, leg["key"].as_u64(), vlan.map(|vid| vid as u16))
                };
                let state = text(leg, "state");
                rows.push(Row {
                    bridge: bridge.to_owned(),
                    tag,
                    segments: vec![Segment {
                        port: text(leg, "to"),
                        kind,
                        id,
                        inner,
                    }],
                    is_any: note.contains("any VLAN") || note.contains("any key"),
                    outbound: !matches!(state.as_str(), "no-outbound" | "broken-patch"),
                    inbound: false,
                    state,
                    reason: note,
                });
            }
            "end" => rows.push(Row {
                bridge: bridge.to_owned(),
                tag,
                segments: Vec::new(),
                is_any: false,
                outbound: false,
                inbound: false,
                state: text(leg, "state"),
                reason: note,
            }),
            _ => {}
        }
    }
    rows
}
