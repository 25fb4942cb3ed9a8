//! `ovs port set --openflow-config`: the configuration of a port in the switch.

use std::time::Duration;

use crate::commands::switch::SwitchArg;
use crate::commands::write::of_switch::{self, SwitchChange};
use crate::commands::{Context, Exit, Failure, quoted};
use crate::model::resolve::{self, PortArgument, ResolveError, find, find_of_switch, parse};
use crate::model::{Bridge, Depth, Interface, Port, Scope, Topology, Want};
use crate::openflow::messages::error::ErrorMessage;
use crate::openflow::messages::ports::{PortDesc, PortMod, PortWord};
use crate::openflow::version::Versions;
use crate::ovsdb::{Atom, Datum};
use crate::plan::report::Difference;
use crate::source::Switch;

/// How often a port is read again, and how long to wait before, until a change of it shows: the device of a port may be slow.
const READINGS: usize = 20;
const BETWEEN: Duration = Duration::from_millis(50);

/// A port that is to be changed.
struct Target {
    name: String,
    desc: PortDesc,
}

/// A bridge, and ports of it: their names and their OpenFlow numbers, if they have one.
type OpenFlowPorts = (String, Vec<(String, Option<u32>)>);

/// The bits to change, and what they become.
#[derive(Clone, Copy)]
struct Wanted {
    mask: u32,
    config: u32,
}

pub(super) async fn set(cx: &Context, port: &str, words: &[PortWord]) -> Result<(), Failure> {
    let wanted = Wanted::of(words)?;
    let (bridge, interfaces) = place(cx, port).await?;
    let switch = SwitchArg::of_bridge(cx, &bridge)?;
    let mut connected = connect(cx, &switch, words).await?;
    let described = connected.ports().await;
    let described = described.map_err(|error| switch.failure(error))?;
    let mut targets = Vec::new();
    for (name, ofport) in interfaces {
        let desc = described.iter().find(|desc| Some(desc.ofport) == ofport);
        let Some(desc) = desc else {
            let message = format!("port {} has no OpenFlow port on {bridge}", quoted(&name));
            let hint =
                "`ovs port show` shows its state, and the error of the switch if there is one";
            return Err(Failure::new(Exit::NotFound, message).hint(hint));
        };
        if wanted.differs(desc) {
            let desc = desc.clone();
            targets.push(Target { name, desc });
        }
    }
    if cx.writing.dry_run || targets.is_empty() {
        let planned = targets
            .iter()
            .map(|target| target.change(&bridge, wanted, Some(wanted.config), None));
        return of_switch::print(cx, planned.collect());
    }
    let mods = targets.iter().map(|target| {
        PortMod::new(
            target.desc.ofport,
            target.desc.hw_addr,
            wanted.config,
            wanted.mask,
        )
    });
    let refused = connected.settle(&mods.collect::<Vec<_>>()).await;
    let refused = refused.map_err(|error| switch.unconfirmed(error))?;
    let refusal = |index: usize| {
        let refused = refused.iter().find(|(refused, _)| *refused == index);
        refused.map(|(_, error)| error)
    };
    if refused.len() == targets.len()
        && let Some(error) = refusal(0)
    {
        let message = format!("{bridge} refused to change port {}: {error}", quoted(port));
        return Err(Failure::new(Exit::Failed, message));
    }
    let accepted = targets.iter().enumerate();
    let accepted = accepted.filter(|(index, _)| refusal(*index).is_none());
    let accepted: Vec<u32> = accepted.map(|(_, target)| target.desc.ofport).collect();
    let found = read_back(&mut connected, &accepted, wanted).await;
    let found = found.map_err(|error| switch.unconfirmed(error))?;
    let changes: Vec<SwitchChange> = targets
        .iter()
        .enumerate()
        .map(|(index, target)| {
            let now = found.iter().find(|desc| desc.ofport == target.desc.ofport);
            target.changed(&bridge, wanted, now, refusal(index))
        })
        .collect();
    let errors: Vec<String> = changes
        .iter()
        .filter_map(|change| {
            Some(format!(
                "port {}: {}",
                quoted(&change.name),
                change.error.as_ref()?
            ))
        })
        .collect();
    of_switch::print(cx, changes)?;
    if errors.is_empty() {
        cx.remark("this holds until ovs-vswitchd restarts");
        return Ok(());
    }
    let message = format!("sent, but not applied: {}", errors.join("; "));
    Err(Failure::new(Exit::NotApplied, message)
        .hint("ovs-vswitchd's log has details, if the device of the port refused it"))
}

impl Wanted {
    fn of(words: &[PortWord]) -> Result<Wanted, Failure> {
        let mut wanted = Wanted { mask: 0, config: 0 };
        for word in words {
            let against = PortWord::of(wanted.config, wanted.mask);
            if let Some(other) = against
                .into_iter()
                .find(|other| other.bit == word.bit && other.sets != word.sets)
            {
                let message = format!(
                    "--openflow-config has both {} and {}",
                    other.word, word.word
                );
                return Err(Failure::new(Exit::Usage, message).hint("give one of them"));
            }
            wanted.mask |= word.bit;
            wanted.config |= if word.sets { word.bit } else { 0 };
        }
        Ok(wanted)
    }

    fn differs(self, desc: &PortDesc) -> bool {
        desc.config.bits & self.mask != self.config
    }
}

impl Target {
    /// The change of the bits that become others; `after` is the configuration after it.
    fn change(
        &self,
        bridge: &str,
        wanted: Wanted,
        after: Option<u32>,
        error: Option<String>,
    ) -> SwitchChange {
        let before = self.desc.config.bits;
        let bits = wanted.mask & (before ^ wanted.config);
        let words = |config| {
            let words = PortWord::of(config, bits).map(|word| Atom::from(word.word));
            Datum::Set(words.collect())
        };
        SwitchChange {
            kind: "port",
            name: self.name.clone(),
            switch: bridge.to_owned(),
            ofport: Some(self.desc.ofport),
            columns: vec![Difference {
                column: "openflow_config".to_owned(),
                before: Some(words(before)),
                after: after.map(words),
            }],
            error,
        }
    }

    fn changed(
        &self,
        bridge: &str,
        wanted: Wanted,
        now: Option<&PortDesc>,
        refused: Option<&ErrorMessage>,
    ) -> SwitchChange {
        let error = match (refused, now) {
            (Some(error), _) => Some(format!("the switch refused: {error}")),
            (None, None) => Some("the switch no longer has it".to_owned()),
            (None, Some(desc)) => {
                let left = wanted.mask & (desc.config.bits ^ wanted.config);
                let left: Vec<&str> = PortWord::of(wanted.config, left)
                    .map(|word| word.word)
                    .collect();
                (!left.is_empty()).then(|| format!("the switch ignored {}", left.join(", ")))
            }
        };
        self.change(bridge, wanted, now.map(|desc| desc.config.bits), error)
    }
}

/// Connects with a version that has the bits of all `words`: OpenFlow 1.0 only, if one needs it.
async fn connect(cx: &Context, switch: &SwitchArg, words: &[PortWord]) -> Result<Switch, Failure> {
    match words.iter().find(|word| word.versions() != Versions::ALL) {
        Some(word) => switch.connect_for(cx, word.versions(), word.word).await,
        None => switch.connect(cx).await,
    }
}

/// The bridge of the port that `text` names, and its interfaces with their OpenFlow numbers.
async fn place(cx: &Context, text: &str) -> Result<OpenFlowPorts, Failure> {
    let argument = parse(text);
    // The name may be an interface's, the bridge a VLAN bridge, or the slash part of the name.
    let first = match (&argument.bridge, &argument.port) {
        (Some(bridge), _) => Scope::Bridge(bridge.clone()),
        (None, resolve::PortWord::Name(name)) => Scope::Port(name.clone()),
        (None, resolve::PortWord::Number(_)) => Scope::All,
    };
    let want = |scope| Want::of(scope, Depth::PortNames).with_tags();
    let near = cx.read(want(first)).await?;
    if let Ok(place) = place_in(&near, &argument, text, true) {
        return Ok(place);
    }
    let all = cx.read(want(Scope::All)).await?;
    Ok(place_in(&all, &argument, text, false)?)
}

/// As [`place`], in this topology; `by_interface`: only by the name of an interface, if no bridge is given.
fn place_in(
    topology: &Topology,
    argument: &PortArgument,
    text: &str,
    by_interface: bool,
) -> Result<OpenFlowPorts, ResolveError> {
    let place = |bridge: &Bridge, port: &Port, interface: Option<&Interface>| {
        let interfaces = interface.map_or(port.interfaces.as_slice(), std::slice::from_ref);
        let pair = |interface: &Interface| (interface.name.clone(), interface.port_number());
        (bridge.name.clone(), interfaces.iter().map(pair).collect())
    };
    if let Some(bridge) = &argument.bridge {
        let found = find_of_switch(topology, bridge, text)?;
        return Ok(place(found.bridge, found.port, found.interface));
    }
    let named = match &argument.port {
        resolve::PortWord::Name(name) => topology.interface(name),
        resolve::PortWord::Number(_) => None,
    };
    if let Some((bridge, port, interface)) = named {
        return Ok(place(bridge, port, Some(interface)));
    }
    let found = find(topology, None, text)?;
    if by_interface && found.interface.is_some() {
        let (bridge, port) = (None, text.to_owned());
        return Err(ResolveError::NoPort {
            port,
            bridge,
            suggestion: None,
        });
    }
    Ok(place(found.bridge, found.port, found.interface))
}

/// Reads these ports until they are as wanted, or it has taken long enough.
async fn read_back(
    connected: &mut Switch,
    ofports: &[u32],
    wanted: Wanted,
) -> Result<Vec<PortDesc>, crate::source::SwitchError> {
    let mut readings = 0;
    loop {
        let mut ports = connected.ports().await?;
        ports.retain(|desc| ofports.contains(&desc.ofport));
        readings += 1;
        if readings == READINGS || !ports.iter().any(|desc| wanted.differs(desc)) {
            return Ok(ports);
        }
        tokio::time::sleep(BETWEEN).await;
    }
}
