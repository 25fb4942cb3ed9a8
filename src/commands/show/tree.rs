//! The tree: bridges as headings, below them their ports by number, each with its special properties.

use crate::base::digits::ranges;
use crate::base::secret::masked;
use crate::commands::lines::{InterfaceRow, Picture};
use crate::commands::services;
use crate::model::port_state::{NotLive, PortState};
use crate::model::services::{Mirror, Qos, Queue, Shaping};
use crate::model::{Bridge, Connection};
use crate::openflow::text::PORT_LOCAL;
use crate::output::{ColourRole, Format, Item, NotSaved, Pieces, UNKNOWN, escape, width};

/// The columns of ports and interfaces that the tree needs.
pub(super) fn reads() -> Vec<&'static str> {
    let mut columns = vec!["tag", "trunks", "vlan_mode", "options", "cfm_fault_status"];
    columns.extend(PortState::READS);
    columns
}

/// Wide enough for five digits and `LOCAL`.
const OFPORT_WIDTH: usize = 5;
/// Width of the column of names; a longer name shifts its own line only.
const NAME_WIDTH: usize = 24;
/// Indent of the continuation of a port's line.
const PORT_INDENT: usize = OFPORT_WIDTH + 4;
/// Indent of the continuation of a bridge's line.
const BRIDGE_INDENT: usize = 2;

/// The whole tree, an item of one or more lines for each object; long lines are broken between properties.
pub(super) fn tree(picture: &Picture, format: &Format) -> Vec<Item> {
    let lines = picture.lines();
    let widest = |text: &dyn Fn(&InterfaceRow<'_>) -> String| {
        let widths = lines.iter().map(|line| width(&text(line)));
        widths.max().unwrap_or(0)
    };
    let not_saved = &format.not_saved;
    // Of these the tree shows only what is unusual.
    if !lines.is_empty() {
        not_saved.print(&PortState::READS);
        not_saved.print(&["tag", "trunks", "vlan_mode", "options", "error"]);
    }
    not_saved.print(&OTHER_TABLES);
    let has_types = !not_saved.print(&["type"]);
    let mut tree = Tree {
        not_saved,
        has_types,
        items: Vec::new(),
        text: Pieces::new(format),
        name_width: widest(&name).min(NAME_WIDTH),
        type_width: widest(&|line: &InterfaceRow<'_>| kind(line, has_types)),
    };
    tree.head(picture);
    let mut lines = lines.iter().peekable();
    for bridge in &picture.shown.bridges {
        tree.bridge(bridge);
        while let Some(line) = lines.next_if(|line| line.bridge.uuid == bridge.uuid) {
            tree.port(line, &picture.shown.shaping);
            tree.item(format!("port {} {}", line.port.name, line.interface.name));
        }
    }
    tree.items
}

/// What stands in the first line, and the rows of tables that have lines of their own.
const OTHER_TABLES: [&str; 10] = [
    "Open_vSwitch.ovs_version",
    "Manager._uuid",
    "SSL._uuid",
    "Controller._uuid",
    "Mirror._uuid",
    "sFlow._uuid",
    "NetFlow._uuid",
    "IPFIX._uuid",
    "QoS._uuid",
    "Queue._uuid",
];

struct Tree<'f> {
    not_saved: &'f NotSaved,
    /// Whether the types of interfaces are known.
    has_types: bool,
    items: Vec<Item>,
    text: Pieces,
    name_width: usize,
    type_width: usize,
}

impl Tree<'_> {
    /// `Open vSwitch 3.1.0  debian 12  host node1  system-id sandbox`
    fn head(&mut self, picture: &Picture) {
        let ovs = &picture.shown.ovs;
        let version = ovs.ovs_version.as_deref().unwrap_or_default();
        let version = format!("Open vSwitch {}", escape(version));
        self.text.begin(0, BRIDGE_INDENT);
        self.text
            .put(0, &[(ColourRole::Heading, version.trim_end())]);
        for word in [&ovs.system_type, &ovs.system_version]
            .into_iter()
            .flatten()
        {
            self.text.put(2, &[(ColourRole::Plain, &escape(word))]);
        }
        self.fact("host", ovs.hostname.as_deref());
        self.fact("system-id", ovs.system_id.as_deref());
        self.text.end();
        self.item("switch".to_owned());
        for manager in &picture.shown.managers {
            self.connection("manager", manager);
            self.item(format!("manager {}", manager.target));
        }
        if let Some(ssl) = &picture.shown.ssl {
            self.text.begin(2, PORT_INDENT);
            self.text.put(0, &[(ColourRole::Faint, "ssl")]);
            let key = masked("private_key", &ssl.private_key);
            self.fact("private_key", Some(&key));
            self.fact("certificate", Some(&ssl.certificate));
            self.fact("ca_cert", Some(&ssl.ca_cert));
            self.text.end();
            self.item("ssl".to_owned());
        }
    }

    /// `br-int  fail_mode secure  datapath system  id 000006a65da0414f`, and its controllers.
    fn bridge(&mut self, bridge: &Bridge) {
        self.text.end();
        self.text.begin(0, BRIDGE_INDENT);
        self.text
            .put(0, &[(ColourRole::Heading, &escape(&bridge.name))]);
        for (key, column, value) in [
            ("fail_mode", "Bridge.fail_mode", bridge.fail_mode.as_deref()),
            (
                "datapath",
                "Bridge.datapath_type",
                Some(bridge.datapath_kind()),
            ),
            ("id", "Bridge.datapath_id", bridge.datapath_id.as_deref()),
        ] {
            let is_unknown = self.not_saved.print(&[column]);
            self.fact(key, if is_unknown { Some(UNKNOWN) } else { value });
        }
        if !bridge.protocols.is_empty() {
            self.fact("protocols", Some(&bridge.protocols.join(",")));
        }
        self.text.end();
        self.item(format!("bridge {}", bridge.name));
        for controller in &bridge.controllers {
            self.connection("controller", controller);
            self.item(format!("controller {} {}", bridge.name, controller.target));
        }
        for mirror in &bridge.mirrors {
            self.mirror(mirror);
            self.item(format!("mirror {} {}", bridge.name, mirror.name));
        }
        for (kind, export) in services::exports(bridge) {
            if let Some(export) = export {
                self.text.begin(2, PORT_INDENT);
                self.text.put(0, &[(ColourRole::Faint, kind)]);
                for target in &export.targets {
                    self.text.put(1, &[(ColourRole::Address, &escape(target))]);
                }
                let sampling = export.sampling.map(|sampling| sampling.to_string());
                self.fact("sampling", sampling.as_deref());
                self.text.end();
                self.item(format!("{kind} {}", bridge.name));
            }
        }
    }

    /// Ends an item with this key: the text written since the last one.
    fn item(&mut self, key: String) {
        let text = self.text.take();
        self.items.push(Item::of_text(key, text));
    }

    /// `  controller tcp:127.0.0.1:6633  disconnected  Connection refused`
    fn connection(&mut self, kind: &str, connection: &Connection) {
        self.text.begin(2, PORT_INDENT);
        let target = escape(&connection.target);
        self.text.put(
            0,
            &[
                (ColourRole::Faint, kind),
                (ColourRole::Plain, " "),
                (ColourRole::Address, &target),
            ],
        );
        let columns = match kind {
            "manager" => ["Manager.is_connected", "Manager.status"],
            _ => ["Controller.is_connected", "Controller.status"],
        };
        if self.not_saved.print(&columns) {
            self.text.put(2, &[(ColourRole::Plain, UNKNOWN)]);
            self.text.end();
            return;
        }
        let state = connection.state();
        self.text.put(2, &[(ColourRole::State, state)]);
        if let Some(role) = &connection.role {
            self.text.put(2, &[(ColourRole::Plain, &escape(role))]);
        }
        if !connection.is_connected
            && let Some(error) = connection.status.get("last_error")
        {
            self.text.put(2, &[(ColourRole::Error, &escape(error))]);
        }
        self.text.end();
    }

    /// `  mirror m0  received tap2  sent tap2,tap3  vlan 10  -> tap1`
    fn mirror(&mut self, mirror: &Mirror) {
        self.text.begin(2, PORT_INDENT);
        let name = escape(&mirror.name);
        let parts = [
            (ColourRole::Faint, "mirror"),
            (ColourRole::Plain, " "),
            (ColourRole::Name, &name),
        ];
        self.text.put(0, &parts);
        if mirror.select_all {
            self.text.put(2, &[(ColourRole::Plain, "all ports")]);
        }
        for (what, ports) in [
            ("received", &mirror.select_src_port),
            ("sent", &mirror.select_dst_port),
        ] {
            let names = services::names(mirror, ports).join(",");
            self.fact(what, Some(names.as_str()).filter(|names| !names.is_empty()));
        }
        if mirror.selects_nothing() {
            self.text
                .put(2, &[(ColourRole::Error, "(selects nothing)")]);
        }
        if !mirror.select_vlan.is_empty() {
            self.fact("vlan", Some(&ranges(&mirror.select_vlan, ",")));
        }
        match mirror.output() {
            Some(output) => {
                let output = format!("-> {}", escape(&output));
                self.text.put(2, &[(ColourRole::Name, &output)]);
            }
            None => self.text.put(2, &[(ColourRole::Error, "(no output)")]),
        }
        self.text.end();
    }

    /// `          queue 1  min-rate=500000000`
    fn queue(&mut self, number: i64, queue: &Queue) {
        self.text.begin(PORT_INDENT, PORT_INDENT + 2);
        let number = number.to_string();
        let parts = [
            (ColourRole::Faint, "queue"),
            (ColourRole::Plain, " "),
            (ColourRole::Number, &number),
        ];
        self.text.put(0, &parts);
        for (key, value) in &queue.other_config {
            let pair = format!("{key}={value}");
            self.text.put(2, &[(ColourRole::Plain, &escape(&pair))]);
        }
        let dscp = queue.dscp.map(|dscp| dscp.to_string());
        self.fact("dscp", dscp.as_deref());
        self.text.end();
    }

    /// `     20  qvobeeb2c54-aa  system  tag 1`, and the queues of the port.
    fn port(&mut self, line: &InterfaceRow<'_>, shaping: &Shaping) {
        let ofport = match (line.interface.port_number(), line.ofport()) {
            (Some(PORT_LOCAL), _) => "LOCAL".to_owned(),
            (_, Some(number)) => number.to_string(),
            (_, None) => "-".to_owned(),
        };
        let name = name(line);
        let kind = kind(line, self.has_types);
        let indent = OFPORT_WIDTH.saturating_sub(ofport.len()) + 2;
        self.text.begin(indent, PORT_INDENT);
        self.text.put(0, &[(ColourRole::Number, &ofport)]);
        self.text.put(2, &[(ColourRole::Name, &name)]);
        let gap = self.name_width.saturating_sub(width(&name)) + 2;
        self.text.put(gap, &[(ColourRole::Kind, &kind)]);
        let mut gap = self.type_width.saturating_sub(width(&kind)) + 2;
        let qos = services::qos(line.port, shaping);
        for (role, fact) in facts(line, qos) {
            let mut words = fact.iter();
            if let Some(first) = words.next() {
                self.text.put(gap, &[(role, first)]);
            }
            for word in words {
                self.text.put(1, &[(role, word)]);
            }
            gap = 2;
        }
        self.text.end();
        if let Some(error) = &line.interface.error {
            self.text.begin(PORT_INDENT, PORT_INDENT);
            self.text.put(0, &[(ColourRole::Error, "error:")]);
            for word in escape(error).split(' ') {
                self.text.put(1, &[(ColourRole::Error, word)]);
            }
            self.text.end();
        }
        // Those of a bond stand below its first interface.
        let first = line.port.interfaces.first();
        let qos = qos.filter(|_| first.is_some_and(|first| first.uuid == line.interface.uuid));
        for (number, queue) in qos.into_iter().flat_map(|qos| shaping.queues_of(qos)) {
            self.queue(number, queue);
        }
    }

    fn fact(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            let value = escape(value);
            let parts = [
                (ColourRole::Faint, key),
                (ColourRole::Plain, " "),
                (ColourRole::Plain, &value),
            ];
            self.text.put(2, &parts);
        }
    }
}

/// The type of the interface, or that it is not known.
fn kind(line: &InterfaceRow<'_>, is_known: bool) -> String {
    escape(if is_known {
        line.interface.kind()
    } else {
        UNKNOWN
    })
}

/// The name in a line: the port's; for an interface of a bond, or of another name, its own, followed by the port.
fn name(line: &InterfaceRow<'_>) -> String {
    if line.port.is_bond() || line.port.name != line.interface.name {
        format!(
            "{} ({})",
            escape(&line.interface.name),
            escape(&line.port.name)
        )
    } else {
        escape(&line.port.name)
    }
}

/// The special properties of a port, as words between which a line may break.
fn facts(line: &InterfaceRow<'_>, qos: Option<&Qos>) -> Vec<(ColourRole, Vec<String>)> {
    let mut facts = Vec::new();
    let port = line.port;
    if let Some(tag) = port.tag {
        facts.push((ColourRole::Number, vec![format!("tag {tag}")]));
    }
    if !port.trunks.is_empty() {
        facts.push((
            ColourRole::Number,
            vec![format!("trunks {}", ranges(&port.trunks, ","))],
        ));
    }
    if let Some(mode) = &port.vlan_mode {
        facts.push((ColourRole::Plain, vec![escape(mode)]));
    }
    if let Some(mode) = port.bond_mode.as_ref().filter(|_| port.is_bond()) {
        facts.push((ColourRole::Plain, vec![escape(mode)]));
    }
    if let Some(peer) = line.interface.peer() {
        match line.far_end {
            Some((bridge, _)) => facts.push((
                ColourRole::Name,
                vec![
                    format!("-> {}", escape(peer)),
                    format!("({})", escape(&bridge.name)),
                ],
            )),
            None => facts.push((
                ColourRole::Error,
                vec![format!("-> {}", escape(peer)), "(no such port)".to_owned()],
            )),
        }
    }
    if let Some(tunnel) = line.tunnel() {
        let mut ends: Vec<String> = tunnel.local.map(escape).into_iter().collect();
        let remote = tunnel.remote.map_or_else(|| "?".to_owned(), escape);
        ends.push(format!("-> {remote}"));
        facts.push((ColourRole::Address, ends));
        if let Some(key) = tunnel.key() {
            facts.push((ColourRole::Number, vec![format!("key {}", escape(&key))]));
        }
    }
    if let Some(reason) = NotLive::of(port, line.interface) {
        let reason = escape(&reason.to_string());
        let words = ["not live:"].into_iter().chain(reason.split(' '));
        facts.push((ColourRole::Error, words.map(str::to_owned).collect()));
    }
    if let Some(qos) = qos {
        let mut words = vec![format!("qos {}", escape(&qos.type_))];
        let pairs = qos.other_config.iter();
        words.extend(pairs.map(|(key, value)| escape(&format!("{key}={value}"))));
        facts.push((ColourRole::Plain, words));
    }
    for (what, state) in [
        ("admin", &line.interface.admin_state),
        ("link", &line.interface.link_state),
    ] {
        if let Some(state) = state.as_deref().filter(|state| *state != "up") {
            facts.push((ColourRole::State, vec![format!("{what} {}", escape(state))]));
            break;
        }
    }
    facts
}
