//! The MAC learning table of a bridge: the replies to `fdb/show` and `fdb/stats-show` (ovs-vswitchd(8)).

use std::collections::HashMap;

use serde::Deserialize;

use super::client::{Client, Reply};
use super::error::{Error, ErrorKind};
use crate::base::mac::mac;

/// The number of the port `LOCAL`, as OpenFlow 1.0 and the database have it.
const LOCAL: u16 = 0xfffe;

/// The MAC learning table of a bridge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MacTable {
    /// Its entries, in the order of the daemon: the oldest first.
    pub entries: Vec<MacEntry>,
    /// Lines of the reply, or its JSON objects, that are not understood.
    pub unknown: Vec<String>,
}

/// An entry of a MAC learning table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MacEntry {
    /// The address, in lower case with colons.
    pub mac: String,
    /// The VLAN, 0 without one.
    pub vlan: u16,
    /// The OpenFlow port number, 16 bits wide as in the database; of a bond that of one of its members.
    pub port: u16,
    /// The seconds since it was last seen; `None` for a static entry.
    pub age: Option<u64>,
}

/// The counters of a MAC learning table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MacCounters {
    /// The number of entries.
    pub entries: u64,
    /// The maximum number of entries.
    pub limit: u64,
    /// How many entries were learned, in all.
    pub learned: u64,
    /// How many entries were removed in favour of new ones, since the table was full.
    pub evicted: u64,
    /// How often an address was seen on another port than before.
    pub moved: u64,
}

impl MacTable {
    /// Asks for the table of a bridge. If the daemon was asked to prefer JSON, its reply may be either.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if ovs-vswitchd has no such bridge; else why there is no reply.
    pub async fn read(client: &Client, bridge: &str) -> Result<MacTable, Error> {
        const COMMAND: &str = "fdb/show";
        match client.call(COMMAND, &[bridge]).await? {
            Reply::Text(text) => Ok(MacTable::from_text(&text)),
            Reply::Json(json) => {
                let table = MacTable::from_json(json.get(), bridge);
                table.map_err(|error| Error {
                    daemon: client.daemon().to_owned(),
                    command: Some(COMMAND.to_owned()),
                    kind: ErrorKind::Malformed(error.to_string()),
                })
            }
        }
    }

    /// The table in a reply that is text: a heading, then an entry a line.
    pub fn from_text(text: &str) -> MacTable {
        let mut table = MacTable::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words.as_slice() {
                [] | ["port", "VLAN", "MAC", "Age"] => {}
                words => match entry_of(words) {
                    Some(entry) => table.entries.push(entry),
                    None => table.unknown.push(line.to_owned()),
                },
            }
        }
        table
    }

    /// The table of a bridge in a reply that is JSON: an array of entries, or an object that has one for each bridge.
    ///
    /// # Errors
    ///
    /// It is neither.
    pub fn from_json(json: &str, bridge: &str) -> Result<MacTable, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Replied {
            OfOne(Vec<serde_json::Value>),
            OfAll(HashMap<String, Vec<serde_json::Value>>),
        }
        #[derive(Deserialize)]
        struct JsonEntry {
            port: u16,
            vlan: u16,
            mac: String,
            age: Option<u64>,
            #[serde(default, rename = "static")]
            is_static: bool,
        }
        let entries = match serde_json::from_str(json)? {
            Replied::OfOne(entries) => entries,
            Replied::OfAll(mut tables) => tables.remove(bridge).unwrap_or_default(),
        };
        let mut table = MacTable::default();
        for value in entries {
            let entry = JsonEntry::deserialize(&value).ok().and_then(|entry| {
                let age = if entry.is_static {
                    None
                } else {
                    Some(entry.age?)
                };
                Some(MacEntry {
                    mac: mac(&entry.mac)?,
                    vlan: entry.vlan,
                    port: entry.port,
                    age,
                })
            });
            match entry {
                Some(entry) => table.entries.push(entry),
                None => table.unknown.push(value.to_string()),
            }
        }
        Ok(table)
    }
}

fn entry_of(words: &[&str]) -> Option<MacEntry> {
    let [port, vlan, address, age] = words else {
        return None;
    };
    Some(MacEntry {
        mac: mac(address)?,
        vlan: vlan.parse().ok()?,
        port: match *port {
            "LOCAL" => LOCAL,
            number => number.parse().ok()?,
        },
        age: match *age {
            "static" => None,
            seconds => Some(seconds.parse().ok()?),
        },
    })
}

impl MacCounters {
    /// Asks for the counters of a bridge: Open vSwitch 2.10 and later have them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] if ovs-vswitchd has no such bridge or no counters; else why there is no reply.
    pub async fn read(client: &Client, bridge: &str) -> Result<MacCounters, Error> {
        let text = client.text("fdb/stats-show", &[bridge]).await?;
        Ok(MacCounters::from_text(&text))
    }

    /// The counters in a reply: a counter a line. What is missing is 0.
    pub fn from_text(text: &str) -> MacCounters {
        let mut counters = MacCounters::default();
        for line in text.lines() {
            let Some((name, value)) = line.rsplit_once(':') else {
                continue;
            };
            let number = |text: &str| text.trim().parse().unwrap_or_default();
            match name.trim() {
                "Current/maximum MAC entries in the table" => {
                    let (entries, limit) = value.split_once('/').unwrap_or((value, ""));
                    counters.entries = number(entries);
                    counters.limit = number(limit);
                }
                "Total number of learned MAC entries" => counters.learned = number(value),
                "Total number of evicted MAC entries" => counters.evicted = number(value),
                "Total number of port moved MAC entries" => counters.moved = number(value),
                _ => {}
            }
        }
        counters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_kept() {
        let text = " port  VLAN  MAC                Age\n\
                    \x20   2     0  50:54:00:00:00:05  static\n\
                    LOCAL    66  50:54:00:00:00:06   17\n\
                    \x20   2     0  50:54:00:00:00:05  static  more\n\
                    99999     0  50:54:00:00:00:05    1\n";
        let table = MacTable::from_text(text);
        let entry = |mac: &str, vlan, port, age| MacEntry {
            mac: mac.to_owned(),
            vlan,
            port,
            age,
        };
        let expected = [
            entry("50:54:00:00:00:05", 0, 2, None),
            entry("50:54:00:00:00:06", 66, LOCAL, Some(17)),
        ];
        assert_eq!(table.entries, expected);
        assert_eq!(table.unknown.len(), 2, "{:?}", table.unknown);

        let entries = r#"[{"port":2,"vlan":0,"mac":"50:54:00:00:00:05","static":true},
            {"port":65534,"vlan":66,"mac":"50:54:00:00:00:06","age":17},
            {"port":1,"vlan":0,"mac":"50:54:00:00:00:06"}, 7]"#;
        for json in [entries.to_owned(), format!(r#"{{"br0":{entries}}}"#)] {
            let table = MacTable::from_json(&json, "br0").unwrap();
            assert_eq!(table.entries, expected);
            assert_eq!(table.unknown.len(), 2, "{:?}", table.unknown);
        }
        assert!(MacTable::from_json("{\"br0\":1}", "br0").is_err());
    }
}
