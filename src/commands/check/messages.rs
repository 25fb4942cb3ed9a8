//! Findings as text, in the form of compiler messages: a line for the fault, its hint below. Findings with
//! equal text are merged.

use std::collections::{BTreeMap, BTreeSet};

use crate::commands::failure::one_line;
use crate::commands::hint::HintWay;
use crate::model::check::{Finding, FindingKind, HostFinding, Severity, sort};
use crate::output::{ColourRole, Format, Pieces, width};

/// Indent of a hint, and of each object under a headline.
const BELOW: usize = 2;
/// Indent of continued lines.
const CONTINUED: usize = 4;
/// Indent of continued lines of a hint: aligned behind `hint:`.
const HINT: usize = BELOW + "hint: ".len();

/// Replaces the blanks within a name while text is split into words; no text contains this character.
const HELD: char = '\u{fdd0}';

/// Maximum number of hosts that a message names.
const MAX_HOSTS: usize = 8;

/// The findings, grouped by kind in the order of first occurrence; then their number.
pub(super) fn messages(found: &[Finding], way: HintWay<'_>, format: &Format) -> String {
    let found = found.iter().map(|finding| FoundOn {
        finding,
        hosts: Vec::new(),
    });
    written(&found.collect::<Vec<_>>(), &[], Some(way), format)
}

/// One of several hosts that messages are about.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct HostOfMessages<'n> {
    pub(in crate::commands) name: &'n str,
    /// The options that lead to it.
    pub(in crate::commands) way: HintWay<'n>,
}

/// The same of several hosts, by their index in `all`: findings that are equal are one.
pub(in crate::commands) fn messages_of_hosts(
    found: &[HostFinding],
    all: &[HostOfMessages<'_>],
    format: &Format,
) -> String {
    let mut hosts: BTreeMap<FindingKey<'_>, BTreeSet<usize>> = BTreeMap::new();
    let mut distinct: Vec<Finding> = Vec::new();
    for HostFinding { host, finding } in found {
        let of_finding = hosts.entry(key(finding)).or_default();
        if of_finding.is_empty() {
            distinct.push(finding.clone());
        }
        of_finding.insert(*host);
    }
    sort(&mut distinct);
    let found = distinct.iter().map(|finding| FoundOn {
        finding,
        hosts: hosts
            .get(&key(finding))
            .into_iter()
            .flatten()
            .copied()
            .collect(),
    });
    written(&found.collect::<Vec<_>>(), all, None, format)
}

type FindingKey<'f> = (FindingKind, Option<&'f str>, [&'f str; 3]);

fn key(finding: &Finding) -> FindingKey<'_> {
    let texts = [&finding.object, &finding.what, &finding.hint];
    (
        finding.kind,
        finding.bridge.as_deref(),
        texts.map(String::as_str),
    )
}

fn written(
    found: &[FoundOn<'_>],
    hosts: &[HostOfMessages<'_>],
    way: Option<HintWay<'_>>,
    format: &Format,
) -> String {
    let count = found.iter().map(FoundOn::count).sum::<usize>();
    let mut writer = Writer {
        pieces: Pieces::new(format),
        hosts,
        way,
    };
    for message in grouped(found) {
        writer.message(&message);
    }
    if count > 1 {
        writer.summary(found);
    }
    writer.pieces.take().text
}

/// A finding, and the indices of the hosts that it is of; none if there is only one host.
struct FoundOn<'f> {
    finding: &'f Finding,
    hosts: Vec<usize>,
}

impl FoundOn<'_> {
    fn count(&self) -> usize {
        self.hosts.len().max(1)
    }
}

/// Findings of one kind whose hints differ in names only.
struct Message<'f> {
    kind: FindingKind,
    /// The findings by hosts and equal text, in order.
    facts: Vec<Vec<&'f FoundOn<'f>>>,
}

fn grouped<'f>(found: &'f [FoundOn<'f>]) -> Vec<Message<'f>> {
    let mut messages: Vec<Message<'f>> = Vec::new();
    let mut places: BTreeMap<(FindingKind, Option<&str>), usize> = BTreeMap::new();
    let mut fact_places: BTreeMap<(usize, &[usize], &str), usize> = BTreeMap::new();
    for found in found {
        let finding = found.finding;
        let own_hint = (!finding.has_usual_hint()).then_some(finding.hint.as_str());
        let place = *places.entry((finding.kind, own_hint)).or_insert_with(|| {
            messages.push(Message {
                kind: finding.kind,
                facts: Vec::new(),
            });
            messages.len() - 1
        });
        let Some(message) = messages.get_mut(place) else {
            continue;
        };
        let facts = &mut message.facts;
        let fact = *fact_places
            .entry((place, &found.hosts, &finding.what))
            .or_insert_with(|| {
                facts.push(Vec::new());
                facts.len() - 1
            });
        if let Some(fact) = facts.get_mut(fact) {
            fact.push(found);
        }
    }
    messages
}

struct Writer<'n> {
    pieces: Pieces,
    /// The hosts, if there are several.
    hosts: &'n [HostOfMessages<'n>],
    /// The options that lead to the host, if there is one.
    way: Option<HintWay<'n>>,
}

impl Writer<'_> {
    /// `error[no-controller] br-int: …`; if the texts of several objects differ, each text on a line of its
    /// own below.
    fn message(&mut self, message: &Message<'_>) {
        let kind = message.kind;
        let word = format!("[{}]", kind.word());
        let head = [
            (ColourRole::State, kind.severity().word()),
            (ColourRole::Plain, word.as_str()),
        ];
        self.pieces.begin(0, CONTINUED);
        self.pieces.put_whole(0, &head);
        match message.facts.as_slice() {
            [fact] => self.fact(1, fact),
            facts => {
                let about = format!("{}:", kind.about());
                self.text(&about, &[]);
                for fact in facts {
                    self.pieces.end();
                    self.pieces.begin(BELOW, CONTINUED);
                    self.fact(0, fact);
                }
            }
        }
        self.pieces.end();
        self.hint(message);
    }

    /// `br-int tap1, tap2; br-ex eth0: it has …`
    fn fact(&mut self, gap: usize, findings: &[&FoundOn<'_>]) {
        let mut gap = gap;
        let hosts = findings.first().map_or(&[][..], |found| &found.hosts);
        if !hosts.is_empty() {
            self.hosts(gap, hosts);
            gap = 1;
        }
        let mut findings = findings.iter().map(|found| found.finding).peekable();
        let mut bridge_before = None;
        let mut names = Vec::new();
        let mut what = "";
        while let Some(finding) = findings.next() {
            let bridge = finding.bridge.as_deref();
            let object = finding.object.as_str();
            names.extend(bridge.into_iter().chain([object]));
            what = &finding.what;
            let end = match findings.peek() {
                None => ":",
                Some(next) if next.bridge == finding.bridge => ",",
                Some(next) if is_the_bridge(finding) && is_the_bridge(next) => ",",
                Some(_) => ";",
            };
            if let Some(bridge) = bridge.filter(|_| !is_the_bridge(finding))
                && bridge_before != Some(bridge)
            {
                self.name(gap, bridge, "");
                gap = 1;
            }
            self.name(gap, object, end);
            gap = 1;
            bridge_before = bridge;
        }
        names.sort_unstable();
        names.dedup();
        self.text(what, &names);
    }

    /// `compute1, compute2:`
    fn hosts(&mut self, gap: usize, hosts: &[usize]) {
        let all = self.hosts.len();
        if all > 1 && hosts.len() == all {
            let all = format!("all {all} hosts:");
            self.pieces.put_whole(gap, &[(ColourRole::Plain, &all)]);
            return;
        }
        let shown = if hosts.len() > MAX_HOSTS + 1 {
            MAX_HOSTS
        } else {
            hosts.len()
        };
        let names: Vec<&str> = hosts
            .iter()
            .take(shown)
            .filter_map(|host| Some(self.hosts.get(*host)?.name))
            .collect();
        let others = hosts.len() - shown;
        for (index, name) in names.iter().enumerate() {
            let end = match (index + 1 < names.len(), others) {
                (true, _) => ",",
                (false, 0) => ":",
                (false, _) => "",
            };
            self.name(if index == 0 { gap } else { 1 }, name, end);
        }
        if others > 0 {
            let others = format!("and {others} others:");
            self.pieces.put_whole(1, &[(ColourRole::Plain, &others)]);
        }
    }

    fn name(&mut self, gap: usize, name: &str, end: &str) {
        let parts = [
            (ColourRole::Name, &*one_line(name)),
            (ColourRole::Plain, end),
        ];
        self.pieces.put_whole(gap, &parts);
    }

    /// The hint; if each object or host has its own, that of the first.
    fn hint(&mut self, message: &Message<'_>) {
        let mut all = message.facts.iter().flatten().copied();
        let Some(first) = all.next().filter(|first| !first.finding.hint.is_empty()) else {
            return;
        };
        let FoundOn { finding, hosts } = first;
        let host = hosts.first().and_then(|host| self.hosts.get(*host));
        let way = host.map(|host| host.way).or(self.way);
        let hint = match way {
            Some(way) => way.hint(&finding.hint),
            None => finding.hint.clone(),
        };
        let is_of_object = all.clone().any(|other| other.finding.hint != finding.hint);
        let has_other_host = hosts.len() > 1 || all.any(|other| other.hosts != *hosts);
        let host = host.filter(|_| has_other_host && hint != finding.hint);
        self.pieces.begin(BELOW, HINT);
        let mut names = vec![finding.object.as_str()];
        names.extend(finding.bridge.as_deref());
        match (is_of_object, host) {
            (false, None) => self.pieces.put_whole(0, &[(ColourRole::Faint, "hint:")]),
            (false, Some(host)) => {
                self.pieces.put_whole(0, &[(ColourRole::Faint, "hint for")]);
                self.name(1, host.name, ":");
            }
            (true, host) => {
                let end = if host.is_some() { "" } else { ":" };
                self.pieces.put_whole(0, &[(ColourRole::Faint, "hint for")]);
                self.name(1, &finding.object, end);
                if let Some(host) = host {
                    self.pieces.put_whole(1, &[(ColourRole::Faint, "on")]);
                    self.name(1, host.name, ":");
                }
            }
        }
        self.text(&hint, &names);
        self.pieces.end();
    }

    /// The words of a text; these names are not broken, nor a command in backticks that fits on a line.
    fn text(&mut self, text: &str, names: &[&str]) {
        // An error of ovs-vswitchd may have several lines.
        let mut text = one_line(&text.trim_end().replace('\n', "; "));
        for name in names.iter().filter(|name| name.contains(' ')) {
            let name = one_line(name);
            text = text.replace(&name, &name.replace(' ', &HELD.to_string()));
        }
        for word in words(&text) {
            if word.contains(' ') && !self.pieces.has_room(width(word)) {
                for word in word.split(' ') {
                    self.word(word);
                }
            } else {
                self.word(word);
            }
        }
    }

    fn word(&mut self, word: &str) {
        let word = word.replace(HELD, " ");
        self.pieces.put_whole(1, &[(ColourRole::Plain, &word)]);
    }

    /// `2 errors, 1 warning`
    fn summary(&mut self, found: &[FoundOn<'_>]) {
        self.pieces.begin(0, 0);
        let mut severities = [Severity::Error, Severity::Warning, Severity::Note]
            .into_iter()
            .map(|severity| {
                let of_it = |found: &&FoundOn<'_>| found.finding.kind.severity() == severity;
                let of_it = found.iter().filter(of_it);
                (severity.word(), of_it.map(FoundOn::count).sum::<usize>())
            })
            .filter(|(_, count)| *count > 0)
            .peekable();
        let mut gap = 0;
        while let Some((word, count)) = severities.next() {
            let number = format!("{count} ");
            let plural = if count == 1 { "" } else { "s" };
            let end = if severities.peek().is_some() { "," } else { "" };
            let parts = [
                (ColourRole::Plain, number.as_str()),
                (ColourRole::State, word),
                (ColourRole::Plain, plural),
                (ColourRole::Plain, end),
            ];
            self.pieces.put_whole(gap, &parts);
            gap = 1;
        }
        self.pieces.end();
    }
}

/// Whether the object is a bridge.
fn is_the_bridge(finding: &Finding) -> bool {
    finding.bridge.as_ref() == Some(&finding.object)
}

/// The words of a text; text in backticks is one word with its blanks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut is_command = false;
    let ends = move |c: char| {
        is_command ^= c == '`';
        c == ' ' && !is_command
    };
    text.split(ends).filter(|word| !word.is_empty())
}
