//! A saved host replayed into a sandbox: its bridges and ports, groups, meters, flows and MAC tables.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::base::saved::NOT_IN_REPORT;
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::{Bridge, Depth, Interface, Port, Scope, Topology, Want, tunnel};
use crate::openflow::version::Version;
use crate::sandbox::{Sandbox, SandboxError};
use crate::source::Host;
use crate::source::saved::Part;
use crate::transport::{Endpoint, Tls};
use crate::unixctl::Client;
use crate::unixctl::fdb::MacTable;

/// Columns of ports and interfaces that are replayed.
const COLUMNS: [&str; 10] = [
    "tag",
    "trunks",
    "cvlans",
    "vlan_mode",
    "bond_mode",
    "lacp",
    "type",
    "options",
    "external_ids",
    "mac_in_use",
];

/// How long a daemon of the sandbox may take for a reply.
const LIMIT: Duration = Duration::from_secs(10);

/// The address of the underlay where the report has none.
const ADDRESS: &str = "10.255.255.1";
const ADDRESS_V6: &str = "fd00:10:255:255::1";

/// What was saved of a host, to be replayed.
pub(super) struct SavedContent<'c> {
    cx: &'c Context,
    /// The arguments of `--from`.
    from: &'c [String],
    topology: Topology,
    /// The MAC tables by bridge, or why there is none.
    macs: BTreeMap<String, Result<MacTable, String>>,
}

impl<'c> SavedContent<'c> {
    /// Reads the configuration and the MAC tables.
    ///
    /// # Errors
    ///
    /// The report has no bridges, or they cannot be read.
    pub(super) async fn read(
        cx: &'c Context,
        from: &'c [String],
    ) -> Result<SavedContent<'c>, Failure> {
        let want = Want::of(Scope::All, Depth::Full).only(COLUMNS.to_vec());
        let topology = cx.topology(want).await?;
        if topology.bridges.is_empty() {
            return Err(Failure::new(Exit::NotFound, "no bridge in the report"));
        }
        let mut macs = BTreeMap::new();
        let client = cx.vswitchd().await.map_err(Failure::from);
        for bridge in &topology.bridges {
            let table = match &client {
                Ok(client) => MacTable::read(client, &bridge.name)
                    .await
                    .map_err(|error| Failure::from(error).message),
                Err(failure) => Err(failure.message.clone()),
            };
            macs.insert(bridge.name.clone(), table);
        }
        Ok(SavedContent {
            cx,
            from,
            topology,
            macs,
        })
    }

    /// Makes the bridges and ports in an empty sandbox, then their groups, meters, flows and MAC addresses. What
    /// cannot be replayed is remarked.
    ///
    /// # Errors
    ///
    /// The bridges cannot be made, or the sandbox does not reply.
    pub(super) async fn replay(&self, sandbox: &Sandbox, binary: &Path) -> Result<(), Failure> {
        let underlay = Underlay::of(&self.topology);
        self.make_bridges(sandbox, underlay.as_ref())?;
        self.remark_left_out();
        let host = Host::new(
            Endpoint::Unix(sandbox.db_socket()),
            Some(LIMIT),
            Tls::default(),
        );
        let client = host.vswitchd().await?;
        if let Some(underlay) = &underlay {
            self.connect_tunnels(&client, underlay).await;
        }
        let bridges = &self.topology.bridges;
        for bridge in bridges {
            if let Err(failure) = self.replay_switch(sandbox, binary, &bridge.name) {
                self.cx.remark(&failure.message);
            }
        }
        for bridge in bridges {
            self.replay_macs(&client, bridge).await;
        }
        Ok(())
    }

    /// Makes bridges, ports and interfaces in one transaction.
    fn make_bridges(&self, sandbox: &Sandbox, underlay: Option<&Underlay>) -> Result<(), Failure> {
        let mut arguments = Vec::new();
        for bridge in &self.topology.bridges {
            arguments.extend(["--".to_owned(), "add-br".to_owned(), bridge.name.clone()]);
        }
        for (index, bridge) in self.topology.bridges.iter().enumerate() {
            configure(bridge, index, &mut arguments);
        }
        if let Some(underlay) = underlay {
            let (bridge, port) = (&underlay.bridge, &underlay.port);
            let words = ["--", "add-br", bridge, "--", "add-port", bridge, port];
            arguments.extend(words.map(str::to_owned));
        }
        let mut vsctl = sandbox
            .tool("ovs-vsctl")
            .map_err(|error| of_sandbox(&error))?;
        vsctl
            .args(["-vsyslog:off", "--timeout=60"])
            .args(&arguments);
        let ended = run(vsctl, None)?;
        if !ended.is_success {
            let message = format!("cannot make the saved bridges: {}", ended.first_error());
            return Err(Failure::new(Exit::Failed, message));
        }
        // ovs-vswitchd could not apply all of it.
        for line in ended.errors.lines().take(5) {
            self.cx.remark(line);
        }
        Ok(())
    }

    /// Says what of the saved host the sandbox does not have.
    fn remark_left_out(&self) {
        self.cx.remark(
            "replayed without controllers, managers, mirrors, QoS and spanning tree; devices are dummies, VLAN bridges \
             ports, and tunnels have no local_ip",
        );
        let interfaces = self.topology.interfaces();
        let kinds: BTreeSet<&str> = interfaces
            .filter(|(.., interface)| is_plain(interface) && interface.kind() != "system")
            .map(|(.., interface)| interface.kind())
            .collect();
        let bridges = self.topology.bridges.iter();
        let netdev = bridges.filter(|bridge| bridge.datapath_kind() == "netdev");
        let count = netdev.count();
        if count > 0 {
            self.cx.remark(&format!(
                "datapath_type=netdev of {count} bridges is left out: all are on the dummy datapath"
            ));
        }
        if !kinds.is_empty() {
            let kinds: Vec<&str> = kinds.into_iter().collect();
            self.cx.remark(&format!(
                "plain devices in the sandbox: ports of type {}",
                kinds.join(", ")
            ));
        }
    }

    /// Adds the groups, meters and flows of a bridge.
    fn replay_switch(&self, sandbox: &Sandbox, binary: &Path, bridge: &str) -> Result<(), Failure> {
        let saved = self.cx.host.reach.saved();
        let switch = saved.and_then(|host| host.report.switches.get(bridge));
        let Some(switch) = switch.filter(|switch| switch.parts.contains_key(&Part::Flows)) else {
            self.cx
                .remark(&format!("flows of {}: not in the report", quoted(bridge)));
            return Ok(());
        };
        let mut delete = sandbox
            .tool("ovs-ofctl")
            .map_err(|error| of_sandbox(&error))?;
        // A new bridge has a flow of its own.
        delete
            .args(["-vsyslog:off", "-O", &switch.version.to_string()])
            .args(["del-flows", bridge]);
        run(delete, None)?;
        for (part, dump, add) in [
            (Part::Groups, "dump-groups", "group"),
            (Part::Meters, "dump-meters", "meter"),
            (Part::Flows, "dump-flows", "flow"),
        ] {
            if !switch.parts.contains_key(&part) {
                continue;
            }
            let copied = self.copy(sandbox, binary, bridge, switch.version, dump, add);
            if let Err(failure) = copied {
                self.cx.remark(&format!(
                    "{add}s of {}: {}",
                    quoted(bridge),
                    failure.message
                ));
            }
        }
        Ok(())
    }

    /// Dumps entries of the saved switch and adds them to that of the sandbox, each by a run of this program.
    fn copy(
        &self,
        sandbox: &Sandbox,
        binary: &Path,
        bridge: &str,
        version: Version,
        dump: &str,
        add: &str,
    ) -> Result<(), Failure> {
        let version = version.to_string();
        let mut read = Command::new(binary);
        for from in self.from {
            read.args(["--from", from]);
        }
        read.args(["--quiet", "-o", "text", "-O", &version, dump, bridge]);
        if dump != "dump-meters" {
            read.arg("--no-names");
        }
        let dumped = run(read, None)?;
        if !dumped.is_success {
            return Err(Failure::new(Exit::Failed, dumped.first_error()));
        }
        if dumped.output.trim_ascii().is_empty() {
            return Ok(());
        }
        let mut write = Command::new(binary);
        write
            .envs(sandbox.environment())
            .args(["--quiet", "-O", &version, add, "add", bridge, "--file", "-"]);
        if add != "meter" {
            // What one switch refuses does not hold up the rest.
            write.arg("--no-atomic");
        }
        let added = run(write, Some(&dumped.output))?;
        if !added.is_success {
            return Err(Failure::new(Exit::Failed, added.first_error()));
        }
        Ok(())
    }

    /// Adds the saved MAC addresses of a bridge.
    async fn replay_macs(&self, client: &Client, bridge: &Bridge) {
        let of = format!("MAC addresses of {}", quoted(&bridge.name));
        let table = match self.macs.get(&bridge.name) {
            Some(Ok(table)) => table,
            Some(Err(message)) if !message.contains(NOT_IN_REPORT) => {
                self.cx.remark(&format!("{of}: {message}"));
                return;
            }
            _ => {
                self.cx.remark(&format!("{of}: not in the report"));
                return;
            }
        };
        let mut refused = 0;
        let mut why = String::new();
        for entry in &table.entries {
            let number = i64::from(entry.port);
            let port = bridge
                .interfaces()
                .find(|(_, interface)| interface.ofport == Some(number));
            let name = match port {
                Some((port, _)) => port.name.as_str(),
                None if entry.port == 0xfffe => &bridge.name,
                None => {
                    refused += 1;
                    why = format!("no port {number}");
                    continue;
                }
            };
            let vlan = entry.vlan.to_string();
            let words = [bridge.name.as_str(), name, &vlan, &entry.mac];
            if let Err(error) = client.call("fdb/add", &words).await {
                refused += 1;
                why = Failure::from(error).message;
            }
        }
        if refused > 0 {
            self.cx.remark(&format!("{of}: {refused} not added: {why}"));
        }
    }

    /// Gives the underlay its addresses, routes and neighbours.
    async fn connect_tunnels(&self, client: &Client, underlay: &Underlay) {
        let bridge = underlay.bridge.as_str();
        self.cx.remark(&format!(
            "bridge {} is not the host's: it carries the tunnels of the sandbox",
            quoted(bridge)
        ));
        let mut commands = Vec::new();
        // Without a prefix every remote address is in its network.
        if underlay.remotes.iter().any(IpAddr::is_ipv4) {
            commands.push(("netdev-dummy/ip4addr", vec![format!("{}/0", underlay.v4)]));
        }
        if underlay.remotes.iter().any(IpAddr::is_ipv6) {
            commands.push(("netdev-dummy/ip6addr", vec![format!("{}/0", underlay.v6)]));
        }
        for (command, arguments) in commands {
            let mut words = vec![bridge.to_owned()];
            words.extend(arguments);
            self.call(client, command, &words).await;
        }
        for (index, remote) in underlay.remotes.iter().enumerate() {
            let width = if remote.is_ipv4() { 32 } else { 128 };
            let route = [format!("{remote}/{width}"), bridge.to_owned()];
            self.call(client, "ovs/route/add", &route).await;
            let [.., high, low] = index.to_be_bytes();
            let mac = format!("02:00:00:00:{high:02x}:{low:02x}");
            let neighbour = [bridge.to_owned(), remote.to_string(), mac];
            self.call(client, "tnl/neigh/set", &neighbour).await;
        }
    }

    /// Runs a command of the sandbox's ovs-vswitchd; a refusal is remarked.
    async fn call(&self, client: &Client, command: &str, words: &[String]) {
        if let Err(error) = client.call(command, words).await {
            self.cx.remark(&Failure::from(error).message);
        }
    }
}

/// A bridge over which the tunnels of the sandbox go.
struct Underlay {
    /// Its name, and that of its device.
    bridge: String,
    port: String,
    /// Its addresses.
    v4: String,
    v6: String,
    /// The other ends of the tunnels.
    remotes: BTreeSet<IpAddr>,
}

impl Underlay {
    /// The underlay of these tunnels; `None` if none has a remote address.
    fn of(topology: &Topology) -> Option<Underlay> {
        let addresses = |key: &str| -> BTreeSet<IpAddr> {
            let tunnels = topology
                .interfaces()
                .filter(|(.., interface)| is_tunnel(interface));
            tunnels
                .filter_map(|(.., interface)| interface.options.get(key)?.parse().ok())
                .collect()
        };
        let remotes = addresses("remote_ip");
        if remotes.is_empty() {
            return None;
        }
        let locals = addresses("local_ip");
        let local = |is: fn(&IpAddr) -> bool, default: &str| {
            let found = locals.iter().find(|address| is(address));
            found.map_or_else(|| default.to_owned(), ToString::to_string)
        };
        let is_taken = |name: &str| {
            topology.bridge(name).is_some()
                || topology.port(name).is_some()
                || topology.interface(name).is_some()
        };
        let mut names = (0_u32..).map(|number| match number {
            0 => "underlay".to_owned(),
            _ => format!("underlay{number}"),
        });
        let bridge = names.find(|name| !is_taken(name))?;
        let port = names.find(|name| !is_taken(name))?;
        Some(Underlay {
            bridge,
            port,
            v4: local(IpAddr::is_ipv4, ADDRESS),
            v6: local(IpAddr::is_ipv6, ADDRESS_V6),
            remotes,
        })
    }
}

fn is_tunnel(interface: &Interface) -> bool {
    tunnel::is_tunnel(interface.kind())
}

/// Whether it is a dummy device in the sandbox, whatever its type.
fn is_plain(interface: &Interface) -> bool {
    !matches!(interface.kind(), "internal" | "patch") && !is_tunnel(interface)
}

/// The arguments of ovs-vsctl that configure a bridge and make its ports; `number` is one of its own.
fn configure(bridge: &Bridge, number: usize, arguments: &mut Vec<String>) {
    let mut add = |words: &[String]| {
        arguments.push("--".to_owned());
        arguments.extend_from_slice(words);
    };
    let word = str::to_owned;
    // Without its controllers, a standalone bridge would forward as a learning switch besides its flows.
    let fail_mode = match (&bridge.fail_mode, bridge.controllers.is_empty()) {
        (mode, true) => mode.as_deref().unwrap_or("standalone"),
        (_, false) => "secure",
    };
    let protocols: Vec<String> = Version::ALL.iter().map(ToString::to_string).collect();
    let mut words = vec![
        word("set"),
        word("Bridge"),
        bridge.name.clone(),
        format!("protocols={}", protocols.join(",")),
        format!("fail_mode={}", string(fail_mode)),
    ];
    if let Some(id) = &bridge.datapath_id {
        words.push(format!("other_config:datapath-id={}", string(id)));
    }
    pairs("external_ids", &bridge.external_ids, &mut words);
    let local = bridge
        .interfaces()
        .find(|(_, interface)| interface.name == bridge.name);
    if let Some(mac) = local.and_then(|(_, interface)| interface.mac_in_use.as_ref()) {
        words.push(format!("other_config:hwaddr={}", string(mac)));
    }
    add(&words);
    let mut made = Vec::new();
    for (index, port) in bridge.ports.iter().enumerate() {
        if port.name == bridge.name {
            let of_port = columns_of_port(port);
            if !of_port.is_empty() {
                add(&[vec![word("set"), word("Port"), port.name.clone()], of_port].concat());
            }
            let ids = local.map(|(_, interface)| &interface.external_ids);
            let mut of_interface = Vec::new();
            if let Some(ids) = ids {
                pairs("external_ids", ids, &mut of_interface);
            }
            if !of_interface.is_empty() {
                let set = vec![word("set"), word("Interface"), port.name.clone()];
                add(&[set, of_interface].concat());
            }
            continue;
        }
        let id = format!("@p{number}-{index}");
        let mut members = Vec::new();
        for (index, interface) in port.interfaces.iter().enumerate() {
            let member = format!("{id}-{index}");
            let mut words = vec![format!("--id={member}"), word("create"), word("Interface")];
            words.extend(columns_of_interface(interface));
            add(&words);
            members.push(member);
        }
        if members.is_empty() {
            continue;
        }
        let mut words = vec![
            format!("--id={id}"),
            word("create"),
            word("Port"),
            format!("name={}", string(&port.name)),
            format!("interfaces={}", members.join(",")),
        ];
        words.extend(columns_of_port(port));
        add(&words);
        made.push(id);
    }
    if !made.is_empty() {
        let add_ports = [
            word("add"),
            word("Bridge"),
            bridge.name.clone(),
            word("ports"),
        ];
        add(&[&add_ports[..], &made].concat());
    }
}

fn columns_of_port(port: &Port) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(port.tag.map(|tag| format!("tag={tag}")));
    for (column, vlans) in [("trunks", &port.trunks), ("cvlans", &port.cvlans)] {
        if !vlans.is_empty() {
            let vlans: Vec<String> = vlans.iter().map(ToString::to_string).collect();
            words.push(format!("{column}={}", vlans.join(",")));
        }
    }
    for (column, value) in [
        ("vlan_mode", &port.vlan_mode),
        ("bond_mode", &port.bond_mode),
        ("lacp", &port.lacp),
    ] {
        words.extend(
            value
                .iter()
                .map(|value| format!("{column}={}", string(value))),
        );
    }
    pairs("external_ids", &port.external_ids, &mut words);
    words
}

fn columns_of_interface(interface: &Interface) -> Vec<String> {
    let mut words = vec![format!("name={}", string(&interface.name))];
    if !is_plain(interface) {
        words.push(format!("type={}", string(&interface.type_)));
        let mut options = interface.options.clone();
        options.remove("local_ip");
        pairs("options", &options, &mut words);
    }
    let number = interface.ofport.or(interface.ofport_request);
    if let Some(number) = number.filter(|number| (1..0xff00).contains(number)) {
        words.push(format!("ofport_request={number}"));
    }
    if let Some(mac) = interface
        .mac_in_use
        .as_ref()
        .filter(|_| interface.kind() == "internal")
    {
        words.push(format!("mac={}", string(mac)));
    }
    pairs("external_ids", &interface.external_ids, &mut words);
    words
}

/// A column of key-value pairs as arguments of ovs-vsctl.
fn pairs(column: &str, map: &BTreeMap<String, String>, words: &mut Vec<String>) {
    let pairs = map.iter();
    words.extend(pairs.map(|(key, value)| format!("{column}:{}={}", string(key), string(value))));
}

/// A string as ovs-vsctl(8) reads it in any place: a JSON string.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn of_sandbox(error: &SandboxError) -> Failure {
    Failure::with(Exit::Failed, error.to_string(), error.hint())
}

/// The end of a program.
struct Ended {
    is_success: bool,
    output: Vec<u8>,
    errors: String,
}

impl Ended {
    /// The first line that it wrote to stderr.
    fn first_error(&self) -> String {
        let line = self.errors.lines().next().unwrap_or("no message");
        line.strip_prefix("ovs: ").unwrap_or(line).to_owned()
    }
}

/// Runs a program to its end.
fn run(mut command: Command, input: Option<&[u8]>) -> Result<Ended, Failure> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |error| Failure::new(Exit::Failed, format!("cannot run {program}: {error}"));
    let mut child = command
        .stdin(match input {
            Some(_) => Stdio::piped(),
            None => Stdio::null(),
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let stdin = child.stdin.take();
    let ended = thread::scope(|scope| {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // A program that does not read its input says why on stderr.
            scope.spawn(move || {
                let _ = stdin.write_all(input);
            });
        }
        child.wait_with_output()
    });
    let ended = ended.map_err(failed)?;
    Ok(Ended {
        is_success: ended.status.success(),
        output: ended.stdout,
        errors: String::from_utf8_lossy(&ended.stderr).into_owned(),
    })
}
