//! `ovs packet-out`: a packet sent through a switch, as a controller does.

use super::switch::SwitchArg;
use super::{Context, Exit, Failure, quoted};
use crate::commands::about::{About, Describe as _, JsonDocument};
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::model::names::SwitchNames;
use crate::model::resolve::{PortWord, parse};
use crate::openflow::actions::parse_actions;
use crate::openflow::compose::{ComposeError, compose};
use crate::openflow::fields::{Id, ParseError, parse_filter};
use crate::openflow::messages::Decoded;
use crate::openflow::messages::codec;
use crate::openflow::messages::packet_out::{PacketOut, plain_actions};
use crate::openflow::text::{NameLookup as _, PortSpelling, Style, TextContext, reserved_port};
use crate::openflow::version::Version;
use crate::output::{Mode, PaintedText};

const ABOUT: About = About::changes()
    .document(JsonDocument::Messages)
    .remarks("\
The packet is given in hexadecimal, from its Ethernet header on, or composed from a FLOW: fields as in a MATCH, each \
with one value, of Ethernet with a VLAN tag, ARP, IPv4, IPv6, TCP, UDP, ICMP and neighbour discovery. Lengths and \
checksums are computed; what FLOW leaves open is zero, the TTL 64. A payload of 64 bytes follows UDP, ICMP echo, and TCP \
without SYN, FIN and RST. The message that was sent is printed as by ovs decode. A switch says nothing of what becomes \
of the packet; output:TABLE looks it up in the flow tables.")
    .examples("\
ovs packet-out br-int --in-port LOCAL --actions output:tap0 icmp,nw_src=10.0.0.1,nw_dst=10.0.0.2,icmp_type=8
ovs packet-out br-int --in-port tap0 --actions output:TABLE 'arp,arp_op=1,arp_spa=10.0.0.1,arp_tpa=10.0.0.2'
ovs packet-out br-int --in-port CONTROLLER --actions output:tap0 --hex ffffffffffff0a000000000188b5");

// The arguments of `ovs packet-out`.
#[derive(Debug, clap::Args)]
#[command(describe = ABOUT)]
pub struct Args {
    /// A bridge, or unix:PATH, tcp:HOST[:6653]
    #[arg(takes = Value::SWITCH)]
    switch: String,

    /// The packet, from the fields of its headers
    #[arg(takes = Value::new("FLOW", Completer::Match))]
    flow: Option<String>,

    /// The port that it seems to come from: a name or number; LOCAL, CONTROLLER, NONE
    #[arg(long, takes = Value::OPENFLOW_PORT)]
    in_port: String,

    /// What to do with it: actions as in ovs-ofctl(8), ports by name or number
    #[arg(long, takes = Value::FLOW_ACTIONS)]
    actions: String,

    /// The packet in hexadecimal; blanks and colons are ignored
    #[arg(long, takes = Value::free("HEX"), conflicts_with = "flow")]
    hex: Option<String>,
}

/// Length of an Ethernet header, in bytes.
const ETHERNET: usize = 14;

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// An argument is wrong, the switch does not reply or refuses, or stdout cannot be written.
    pub async fn run(&self, cx: &Context) -> Result<(), Failure> {
        if cx.format.columns.is_some() {
            let message = "a message is printed whole, without columns";
            return Err(Failure::new(Exit::Usage, message).hint("--json and jq pick members"));
        }
        if self.flow.is_none() && self.hex.is_none() {
            let message = "which packet? neither FLOW nor --hex is given";
            return Err(Failure::new(Exit::Usage, message).hint(
                "FLOW is the packet by its fields, as tcp,nw_dst=10.0.0.1; --hex HEX its bytes",
            ));
        }
        let hex = self.hex.as_deref().map(bytes).transpose()?;
        let switch = SwitchArg::parse(cx, &self.switch)?;
        let mut connected = switch.connect(cx).await?;
        let version = connected.version();
        let names = switch.all_names(cx, connected.allowed()).await?;
        let in_port = self.in_port(cx, &switch, &names)?;
        let packet = match hex {
            Some(hex) => hex,
            None => self.composed(&switch, &names, in_port)?,
        };
        let parsed = parse_actions(&self.actions, &names, version);
        let parsed = parsed.map_err(|error| malformed(&switch, &names, "--actions ", &error))?;
        let actions = plain_actions(&parsed).ok_or_else(|| {
            let message = format!(
                "--actions {}: a packet that is sent out has actions, but no instructions (goto_table, meter, \
                 write_actions, clear_actions, write_metadata)",
                quoted(&self.actions)
            );
            Failure::new(Exit::Usage, message)
                .hint("output:TABLE looks the packet up in the flow tables")
        })?;
        let message = PacketOut::new(version, in_port, actions, &packet);
        let encoded = message
            .as_ref()
            .and_then(|message| codec::encode_in(message, version, 0));
        let (Some(message), Some(encoded)) = (message, encoded) else {
            let message =
                format!("the packet, its port or its actions do not fit a message of {version}");
            return Err(Failure::new(Exit::Usage, message));
        };
        if cx.writing.dry_run {
            print(cx, &encoded, version, &names)?;
            cx.remark("dry run: nothing is sent");
            return Ok(());
        }
        let refused = connected.settle(&[message]).await;
        let refused = refused.map_err(|error| switch.unconfirmed(error))?;
        if let Some((_, error)) = refused.into_iter().next() {
            let message = format!("{} refused the packet: {error}", switch.name());
            return Err(Failure::new(Exit::Failed, message));
        }
        print(cx, &encoded, version, &names)
    }

    /// The number of the input port; a number that the switch does not have is warned of.
    fn in_port(
        &self,
        cx: &Context,
        switch: &SwitchArg,
        names: &SwitchNames,
    ) -> Result<u32, Failure> {
        let number = match parse(&self.in_port).port {
            PortWord::Number(number) => number,
            PortWord::Name(name) => {
                return names
                    .ofport(&name)
                    .ok_or_else(|| switch.unknown_port(&name, &names.ports));
            }
        };
        if reserved_port(number).is_none() && names.port_name(number).is_none() {
            let message = format!("{} has no port {number}", switch.name());
            if cx.writing.strict {
                return Err(Failure::new(Exit::NotFound, message)
                    .hint("without --strict this is a warning"));
            }
            cx.remark(&format!("ovs: warning: {message}"));
        }
        Ok(number)
    }

    /// The packet of FLOW.
    fn composed(
        &self,
        switch: &SwitchArg,
        names: &SwitchNames,
        in_port: u32,
    ) -> Result<Vec<u8>, Failure> {
        let text = self.flow.as_deref().unwrap_or_default();
        let wrong = |message: String| Failure::new(Exit::Usage, message);
        let filter = parse_filter(text, names);
        let mut filter = filter.map_err(|error| malformed(switch, names, "", &error))?;
        for (is_given, what) in [
            (filter.table.is_some(), "table"),
            (filter.cookie.is_some(), "cookie"),
            (filter.out_port.is_some(), "out_port"),
            (filter.out_group.is_some(), "out_group"),
        ] {
            if is_given {
                return Err(wrong(format!("a packet has no {what}")));
            }
        }
        if let Some((value, _)) = filter.fields.value(Id::IN_PORT_OXM) {
            if value != in_port.to_be_bytes() {
                return Err(wrong("in_port is another port than --in-port".to_owned()));
            }
            // A mask of zeros removes it.
            filter
                .fields
                .set(Id::IN_PORT_OXM.row(), &[0; 4], Some(&[0; 4]));
        }
        compose(&filter.fields).map_err(|error| {
            let failure = wrong(error.to_string());
            match error {
                ComposeError::NoType => failure
                    .hint("name it: udp, tcp, icmp, arp, udp6, tcp6, icmp6, or dl_type=0x88b5"),
                ComposeError::Masked(_) => failure,
                _ => failure.hint("--hex takes any packet"),
            }
        })
    }
}

/// Prints the message that was sent, or would be.
fn print(
    cx: &Context,
    message: &[u8],
    version: Version,
    names: &SwitchNames,
) -> Result<(), Failure> {
    let decoded = Decoded::decode(message);
    let decoded = decoded.map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    match cx.format.mode {
        Mode::Json => cx.print(&format!("[\n{}\n]\n", decoded.json())),
        Mode::Jsonl => cx.print(&format!("{}\n", decoded.json())),
        _ if cx.quiet => Ok(()),
        Mode::Table | Mode::Text | Mode::Raw => {
            let mut out = PaintedText::new(cx.format.palette);
            let style = if cx.versions.is_some() {
                Style::Wire
            } else {
                Style::Classic
            };
            let ports = PortSpelling::Name;
            decoded.text(
                &mut out,
                &TextContext {
                    version,
                    style,
                    ports,
                    names,
                },
            );
            cx.print(&out.text)
        }
    }
}

/// The failure for a malformed argument, or one that names what the switch does not have.
fn malformed(switch: &SwitchArg, names: &SwitchNames, what: &str, error: &ParseError) -> Failure {
    let unresolved = switch.unresolved(error, names);
    unresolved.unwrap_or_else(|| Failure::new(Exit::Usage, format!("{what}{error}")))
}

/// The bytes of a packet in hexadecimal.
fn bytes(text: &str) -> Result<Vec<u8>, Failure> {
    let wrong = |message: String| Failure::new(Exit::Usage, format!("--hex: {message}"));
    let ignored = |c: char| c.is_whitespace() || matches!(c, ':' | '-');
    let text = text.strip_prefix("0x").unwrap_or(text);
    let mut digits = Vec::new();
    for c in text.chars().filter(|c| !ignored(*c)) {
        let digit = c.to_digit(16);
        digits.push(digit.ok_or_else(|| wrong(format!("{c:?} is no hexadecimal digit")))? as u8);
    }
    if !digits.len().is_multiple_of(2) {
        return Err(wrong("the last byte has one digit".to_owned()));
    }
    let pair = |pair: &[u8]| pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    let bytes: Vec<u8> = digits.chunks(2).map(pair).collect();
    if bytes.len() < ETHERNET {
        return Err(wrong(format!(
            "{} bytes are less than an Ethernet header, which has {ETHERNET}",
            bytes.len()
        )));
    }
    Ok(bytes)
}
