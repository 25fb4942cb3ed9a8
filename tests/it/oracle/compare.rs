//! Traces of all packets of a domain, and the claims held against them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use super::claims::{Row, Segment, path, tag_map};
use super::host::{ADDRESSES, Bridge, Host, KEYS, Kind, MACS, Port, VLANS};
use super::trace::{Output, Switch, Target};
use crate::common::Sandbox;
use crate::common::chance::Chance;

/// A VLAN and a key that no host knows.
const OTHER_VLAN: u16 = 7;
const OTHER_KEY: u64 = 77;

/// Values of the hash by which groups choose a bucket: it is looked at in four bits.
const HASHES: u32 = 16;

/// Orders of the flows of one priority in which a host with a choice is traced again.
const ORDERS: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Traces.
    pub(crate) pairs: usize,
    /// Those of which something is unknown.
    pub(crate) unknown: usize,
    pub(crate) rows: usize,
    pub(crate) ambiguous: usize,
    pub(crate) unknown_rows: usize,
    pub(crate) ways: usize,
    pub(crate) faults: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} packets traced, {} of them with something unknown; {} rows of tag map, \
             {} ways of path, {} of these ambiguous, {} unknown; {} disagreements",
            self.pairs,
            self.unknown,
            self.rows,
            self.ways,
            self.ambiguous,
            self.unknown_rows,
            self.faults
        )
    }
}

/// Where packets come in: bridge, port, tags, tunnel key.
pub(crate) type Entry = (usize, String, Vec<u16>, u64);

/// What comes out of the packets of each entry, and how many were traced.
type Truth = BTreeMap<Entry, (BTreeSet<Output>, usize)>;

/// Holds `ovs` against the switch; what disagrees, in words.
pub(crate) fn examine(
    sandbox: &Sandbox,
    host: &Host,
    chance: &mut Chance,
    tally: &mut Tally,
) -> Vec<String> {
    let rows = tag_map(sandbox);
    let mut paths = Vec::new();
    for (index, bridge) in host.bridges.iter().enumerate() {
        for port in &bridge.ports {
            let is_patch = matches!(port.kind, Kind::Patch(_));
            if port.kind == Kind::Guest || port.is_access() && !is_patch {
                paths.push((index, port, path(sandbox, &bridge.name, &port.name)));
            }
        }
    }
    tally.rows += rows.len();
    tally.ways += paths.iter().map(|(.., rows)| rows.len()).sum::<usize>();
    let mut truths = vec![trace(sandbox, host)];
    let of_paths = paths.iter().flat_map(|(.., rows)| rows);
    let unknown = rows.iter().chain(of_paths.clone());
    tally.unknown_rows += unknown.filter(|row| row.is_unknown()).count();
    let ambiguous = rows
        .iter()
        .chain(of_paths)
        .filter(|row| row.state == "ambiguous");
    let ambiguous = ambiguous.count();
    tally.ambiguous += ambiguous;
    if ambiguous > 0 {
        for _ in 0..ORDERS {
            let seed = chance.bits();
            // Once in some order, once in the reverse: of any two flows each comes first once.
            for reverse in [0, 255] {
                let mut order = Chance::new(seed);
                host.load(sandbox, |_, flow| {
                    flow.priority * 256 + (order.below(256) as u16 ^ reverse)
                });
                truths.push(trace(sandbox, host));
            }
        }
    }
    let mut faults = Vec::new();
    for truth in &truths {
        tally.pairs += truth.values().map(|(_, count)| count).sum::<usize>();
        let mut unknown = BTreeSet::new();
        sound(host, &rows, truth, &mut unknown, &mut faults);
        for (index, port, rows) in &paths {
            sound_path(host, *index, port, rows, truth, &mut unknown, &mut faults);
        }
        let count = |entry: &Entry| truth.get(entry).map_or(0, |(_, count)| *count);
        tally.unknown += unknown.iter().map(count).sum::<usize>();
    }
    for row in &rows {
        complete(host, row, &truths, &mut faults);
    }
    for (index, port, rows) in &paths {
        for row in rows {
            complete_path(host, *index, port, row, &truths, &mut faults);
        }
    }
    faults.sort();
    faults.dedup();
    faults
}

/// Traces the whole domain.
fn trace(sandbox: &Sandbox, host: &Host) -> Truth {
    let mut switch = Switch::of(sandbox);
    let mut truth = Truth::new();
    let headers = headers(host);
    for entry in entries(host) {
        let (index, name, tags, key) = &entry;
        let bridge = &host.bridges[*index];
        let in_port = match bridge.port(name) {
            Some(port) => port.number.to_string(),
            None => "LOCAL".to_owned(),
        };
        let mut words = format!("in_port={in_port}");
        if let Some(vid) = tags.first() {
            let _ = write!(words, ",dl_vlan={vid}");
        }
        if *key != 0 {
            let _ = write!(words, ",tun_id={key}");
        }
        let (outputs, count) = truth.entry(entry.clone()).or_default();
        // By default the switch looks at one tag only.
        let is_double = *key == 0 && tags.len() > 1;
        for header in &headers {
            let header = match header.split_once(",dl_type=0x88b5") {
                Some((macs, _)) if is_double => &format!("{macs},dl_type=0x8100"),
                None if is_double => continue,
                _ => header,
            };
            for hash in 1..=HASHES {
                let packet = format!("{words},dp_hash={hash},{header}");
                let (found, is_chosen) = switch.trace(&bridge.name, &packet, tags);
                outputs.extend(found);
                *count += 1;
                if !is_chosen {
                    break;
                }
            }
        }
    }
    truth
}

/// Every value that flows match on, and others.
pub(crate) fn headers(host: &Host) -> Vec<String> {
    let flows = || host.bridges.iter().flat_map(|bridge| &bridge.flows);
    let mut macs = vec!["02:00:00:00:00:ff".to_owned()];
    if flows().any(|flow| flow.matched.contains("dl_dst=")) {
        macs.extend(MACS.map(|end| format!("02:00:00:00:00:{end:02x}")));
        macs.push("01:00:5e:00:00:05".to_owned());
    }
    let mut rest = vec!["dl_type=0x88b5".to_owned()];
    if flows().any(|flow| flow.matched.contains("ip")) {
        rest.push("ip,nw_dst=10.0.0.9".to_owned());
        rest.push("ip,nw_dst=10.0.0.3".to_owned());
        rest.extend(ADDRESSES.map(|end| format!("ip,nw_dst=10.0.0.{end}")));
    }
    let mut all = Vec::new();
    for mac in &macs {
        for rest in &rest {
            all.push(format!("dl_src=02:00:00:00:01:01,dl_dst={mac},{rest}"));
        }
    }
    all
}

pub(crate) fn entries(host: &Host) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (index, bridge) in host.bridges.iter().enumerate() {
        entries.push((index, bridge.name.clone(), Vec::new(), 0));
        for port in &bridge.ports {
            let mut add = |tags: Vec<u16>, key| entries.push((index, port.name.clone(), tags, key));
            match &port.kind {
                Kind::Tunnel(_, _, key) => {
                    let keys = key.map_or_else(
                        || [0, OTHER_KEY].into_iter().chain(KEYS).collect(),
                        |key| vec![key],
                    );
                    for key in keys {
                        add(Vec::new(), key);
                        for vid in VLANS {
                            add(vec![vid], key);
                        }
                    }
                }
                Kind::Patch(_) | Kind::Guest if port.is_access() => add(Vec::new(), 0),
                Kind::Patch(_) => {}
                Kind::Wire | Kind::Guest => {
                    add(Vec::new(), 0);
                    for vid in VLANS.into_iter().chain([OTHER_VLAN]) {
                        add(vec![vid], 0);
                    }
                    if port.kind == Kind::Wire {
                        for outer in VLANS {
                            for inner in VLANS {
                                add(vec![outer, inner], 0);
                            }
                        }
                    }
                }
            }
        }
    }
    entries
}

/// The segment of a frame that comes out at a wire or tunnel; `None`: at neither.
fn segment(host: &Host, home: usize, output: &Output) -> Option<Segment> {
    let tag = |at: usize| output.tags.get(at).copied().filter(|vid| *vid != 0);
    match &output.to {
        Target::Tunnel(end, key) => {
            let all = host.bridges.iter().flat_map(|bridge| &bridge.ports);
            let mut tunnels = all.filter_map(|port| match &port.kind {
                Kind::Tunnel(kind, far, _) if far == end => Some((port, kind)),
                _ => None,
            });
            let (port, kind) = tunnels.next().unwrap();
            Some(Segment {
                port: port.name.clone(),
                kind: (*kind).to_owned(),
                id: Some(*key),
                inner: tag(0),
            })
        }
        Target::Port(name) => {
            let (index, port) = find(host, name)?;
            let is_wire = port.kind == Kind::Wire && (index != home || !port.is_access());
            is_wire.then(|| Segment {
                port: name.clone(),
                kind: if tag(0).is_some() { "vlan" } else { "flat" }.to_owned(),
                id: tag(0).map(u64::from),
                inner: tag(1),
            })
        }
    }
}

fn find<'h>(host: &'h Host, name: &str) -> Option<(usize, &'h Port)> {
    let all = host.bridges.iter().enumerate();
    let mut found = all.filter_map(|(index, bridge)| Some((index, bridge.port(name)?)));
    found.next()
}

/// The segment of packets that come in at a wire or tunnel.
fn segment_in(host: &Host, home: usize, entry: &Entry) -> Option<Segment> {
    let (index, name, tags, key) = entry;
    let tagged = |port: &str| Segment {
        port: port.to_owned(),
        kind: if tags.is_empty() { "flat" } else { "vlan" }.to_owned(),
        id: tags.first().copied().map(u64::from),
        inner: tags.get(1).copied(),
    };
    let Some(port) = host.bridges[*index].port(name) else {
        // This host itself.
        return (*index != home).then(|| tagged(name));
    };
    match &port.kind {
        Kind::Tunnel(kind, ..) => Some(Segment {
            port: name.clone(),
            kind: (*kind).to_owned(),
            id: Some(*key),
            inner: tags.first().copied(),
        }),
        Kind::Wire if *index != home || !port.is_access() => Some(tagged(name)),
        _ => None,
    }
}

/// Which entries have the packets of a tag of a bridge.
fn of_tag(host: &Host, home: usize, tag: u16) -> Vec<Entry> {
    let ports = &host.bridges[home].ports;
    let bearers: Vec<&Port> = ports.iter().filter(|port| port.tag == Some(tag)).collect();
    let entry = |port: &Port, tags| (home, port.name.clone(), tags, 0);
    let mut entries: Vec<Entry> = bearers.iter().map(|port| entry(port, Vec::new())).collect();
    if bearers
        .iter()
        .all(|port| matches!(port.kind, Kind::Patch(_)))
    {
        let guests = ports
            .iter()
            .filter(|port| port.kind == Kind::Guest && !port.is_access());
        entries.extend(guests.map(|port| entry(port, vec![tag])));
    }
    entries
}

/// The tags of a bridge whose ports get a frame.
fn tags_that_get(host: &Host, home: usize, outputs: &BTreeSet<Output>) -> BTreeSet<u16> {
    let mut tags = BTreeSet::new();
    for output in outputs {
        let Target::Port(name) = &output.to else {
            continue;
        };
        match host.bridges[home].port(name) {
            Some(port) if port.tag.is_some() => tags.extend(port.tag),
            Some(port) if port.kind == Kind::Guest => tags.extend(output.tags.first()),
            _ => {}
        }
    }
    tags
}

fn homes(host: &Host) -> impl Iterator<Item = (usize, BTreeSet<u16>)> {
    let tags = |bridge: &Bridge| bridge.ports.iter().filter_map(|port| port.tag).collect();
    host.bridges
        .iter()
        .enumerate()
        .map(move |(index, bridge)| (index, tags(bridge)))
}

/// Each output of a trace is in a row.
fn sound(
    host: &Host,
    rows: &[Row],
    truth: &Truth,
    unknown: &mut BTreeSet<Entry>,
    faults: &mut Vec<String>,
) {
    for (home, tags) in homes(host) {
        let name = &host.bridges[home].name;
        for tag in &tags {
            let own: Vec<&Row> = rows
                .iter()
                .filter(|row| row.bridge == *name && row.tag == *tag)
                .collect();
            if own.is_empty() {
                faults.push(format!("no row for tag {tag} of {name}"));
            }
            for entry in of_tag(host, home, *tag) {
                for output in &truth[&entry].0 {
                    let Some(segment) = segment(host, home, output) else {
                        continue;
                    };
                    let names = |row: &&&Row| row.outbound && row.names(&segment);
                    judge(&own, names, &entry, unknown, faults, || {
                        format!("tag {tag} of {name} leaves as {segment:?} (from {entry:?})")
                    });
                }
            }
            for (entry, (outputs, _)) in truth {
                let Some(segment) = segment_in(host, home, entry) else {
                    continue;
                };
                // Of second tags, and of tags inside of tunnels, those with which packets leave are tried.
                let is_local = host.bridges[entry.0].port(&entry.1).is_none();
                if is_local
                    || segment.inner.is_some()
                    || !tags_that_get(host, home, outputs).contains(tag)
                {
                    continue;
                }
                let names = |row: &&&Row| row.inbound && row.names(&segment);
                judge(&own, names, entry, unknown, faults, || {
                    format!("tag {tag} of {name} is entered from {segment:?}")
                });
            }
        }
    }
}

fn judge(
    own: &[&Row],
    names: impl FnMut(&&&Row) -> bool,
    entry: &Entry,
    unknown: &mut BTreeSet<Entry>,
    faults: &mut Vec<String>,
    what: impl FnOnce() -> String,
) {
    let naming: Vec<&&Row> = own.iter().filter(names).collect();
    if naming.is_empty() {
        if own.iter().any(|row| row.is_open()) {
            unknown.insert(entry.clone());
        } else {
            faults.push(format!("not named: {}", what()));
        }
    } else if naming.iter().all(|row| row.is_unknown()) {
        unknown.insert(entry.clone());
    }
}

fn sound_path(
    host: &Host,
    home: usize,
    port: &Port,
    rows: &[Row],
    truth: &Truth,
    unknown: &mut BTreeSet<Entry>,
    faults: &mut Vec<String>,
) {
    for (entry, (outputs, _)) in truth {
        if (entry.0, &entry.1) != (home, &port.name) || port.is_access() && !entry.2.is_empty() {
            continue;
        }
        // A VLAN that no flow names has no way of its own.
        let tag = entry.2.first().copied().unwrap_or(0);
        if tag != 0 && !host.names(tag) {
            continue;
        }
        let own: Vec<&Row> = rows
            .iter()
            .filter(|row| port.is_access() || row.tag == tag)
            .collect();
        for output in outputs {
            let Some(segment) = segment(host, home, output) else {
                continue;
            };
            let names = |row: &&&Row| row.outbound && row.names(&segment);
            judge(&own, names, entry, unknown, faults, || {
                format!("path {}, VLAN {tag}: leaves as {segment:?}", port.name)
            });
        }
    }
}

/// What a row says must hold in every truth; of an ambiguous one, in any.
fn holds(row: &Row, truths: &[Truth], is_in: impl FnMut(&Truth) -> bool) -> bool {
    let mut truths = truths.iter().map(is_in);
    if row.state == "ambiguous" {
        truths.any(|holds| holds)
    } else {
        truths.all(|holds| holds)
    }
}

/// Each row has a witness.
fn complete(host: &Host, row: &Row, truths: &[Truth], faults: &mut Vec<String>) {
    if row.is_unknown() || row.state == "broken-patch" || row.segments.is_empty() {
        return;
    }
    let home = host
        .bridges
        .iter()
        .position(|bridge| bridge.name == row.bridge);
    let home = home.unwrap();
    let goes = |truth: &Truth| {
        of_tag(host, home, row.tag).iter().any(|entry| {
            truth[entry]
                .0
                .iter()
                .any(|output| leaves(host, home, row, output))
        })
    };
    if row.outbound && !holds(row, truths, goes) {
        faults.push(format!("no packet leaves so: {row:?}"));
    }
    let bearers: Vec<&Port> = host.bridges[home]
        .ports
        .iter()
        .filter(|port| port.tag == Some(row.tag))
        .collect();
    // What a patch passes on is no output of a trace.
    if bearers
        .iter()
        .any(|port| matches!(port.kind, Kind::Patch(_)))
    {
        return;
    }
    let comes = |truth: &Truth| {
        truth.iter().any(|(entry, (outputs, _))| {
            let own = segment_in(host, home, entry);
            own.is_some_and(|segment| enters(row, &segment))
                && tags_that_get(host, home, outputs).contains(&row.tag)
        })
    };
    if row.inbound && !holds(row, truths, comes) {
        faults.push(format!("no packet enters so: {row:?}"));
    }
}

/// Whether a frame that comes out is what a row says; this host's own port counts where the row names it.
fn leaves(host: &Host, home: usize, row: &Row, output: &Output) -> bool {
    match (segment(host, home, output), &output.to) {
        (Some(segment), _) => row.segments.contains(&segment),
        (None, Target::Port(name)) => {
            find(host, name).is_none()
                && row
                    .segments
                    .iter()
                    .any(|own| own.port == *name && own.kind == "flat")
        }
        _ => false,
    }
}

/// Whether packets that come in so are what a row says.
fn enters(row: &Row, segment: &Segment) -> bool {
    if row.is_any {
        let other = [Some(u64::from(OTHER_VLAN)), Some(OTHER_KEY)];
        return row.names(segment) && other.contains(&segment.id);
    }
    row.segments.contains(segment)
}

fn complete_path(
    host: &Host,
    home: usize,
    port: &Port,
    row: &Row,
    truths: &[Truth],
    faults: &mut Vec<String>,
) {
    if row.is_unknown() || !row.outbound || row.segments.is_empty() {
        return;
    }
    let goes = |truth: &Truth| {
        truth.iter().any(|(entry, (outputs, _))| {
            let tag = entry.2.first().copied().unwrap_or(0);
            let is_its = (entry.0, &entry.1) == (home, &port.name)
                && (port.is_access() && tag == 0 || !port.is_access() && tag == row.tag);
            is_its && outputs.iter().any(|output| leaves(host, home, row, output))
        })
    };
    if !holds(row, truths, goes) {
        faults.push(format!("path {}: no packet goes so: {row:?}", port.name));
    }
}
