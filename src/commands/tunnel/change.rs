//! `ovs tunnel add`, `del` and `set`.

use clap::{Args, Subcommand};
use futures_util::future::{FutureExt as _, LocalBoxFuture};

use crate::commands::about::{About, Describe as _};
use crate::commands::argument::{Completer, Takes as _, Value};
use crate::commands::setting::{each_once, given_twice, integer};
use crate::commands::write::DatabaseChange;
use crate::model::tunnel::{self, KINDS, TunnelKind};
use crate::ovsdb::Datum;
use crate::plan::settings::{Pair, PortSettings, VlanSettings, pairs};
use crate::plan::tunnel::NewTunnel;
use crate::plan::{Edit, Refusal, Sought as _, quoted};

// The settings of a tunnel besides its type and remote address.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings (none takes one back, K- a pair)")]
pub struct SettingArgs {
    /// The local end: an IPv4 or IPv6 address, or flow [default: the system chooses]
    #[arg(long, takes = Value::free("ADDRESS"), value_parser = or_none(address))]
    local: Option<Text>,

    /// The key of its packets (VNI, GRE key, TEID): a number, or flow; both directions
    #[arg(long, takes = Value::free("KEY"), value_parser = or_none(key))]
    key: Option<Text>,

    /// The key of received packets
    #[arg(long, takes = Value::free("KEY"), value_parser = or_none(key))]
    in_key: Option<Text>,

    /// The key of sent packets
    #[arg(long, takes = Value::free("KEY"), value_parser = or_none(key))]
    out_key: Option<Text>,

    /// UDP or TCP port [default: vxlan 4789, geneve 6081, lisp 4341, stt 7471, gtpu 2152]
    #[arg(long, takes = Value::free("NUMBER"), value_parser = or_none(dst_port))]
    dst_port: Option<Text>,

    /// ToS of the outer packets: a number whose ECN bits are zero, or inherit
    #[arg(long, takes = Value::free("TOS"), value_parser = or_none(any))]
    tos: Option<Text>,

    /// TTL of the outer packets: a number, or inherit
    #[arg(long, takes = Value::free("TTL"), value_parser = or_none(any))]
    ttl: Option<Text>,

    /// Checksums in the outer packets: on, off
    #[arg(long, takes = Value::new("on|off", Completer::OnOff), value_parser = or_none(truth))]
    csum: Option<Text>,

    /// Don't Fragment in the outer packets: on, off [default: on]
    #[arg(long, takes = Value::new("on|off", Completer::OnOff), value_parser = or_none(truth))]
    df_default: Option<Text>,

    /// Another option of the type: K=V sets it, K- removes it
    #[arg(long = "option", takes = Value::pair("Interface", "options"))]
    options: Vec<Pair>,

    /// external_ids of the interface: K=V sets one, K- removes it
    #[arg(long = "external-id", takes = Value::pair("Interface", "external_ids"))]
    external_ids: Vec<Pair>,

    /// The OpenFlow port number to ask for, 1 to 65279
    #[arg(long, takes = Value::free("NUMBER"), value_parser = |text: &str| integer(text, 1..=65279))]
    ofport: Option<Datum>,

    /// VLAN of the port, as an access port
    #[arg(long, takes = Value::VID, value_parser = |text: &str| integer(text, 0..=4095))]
    tag: Option<Datum>,
}

/// The value of an option; `None` removes the option.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Text(Option<String>);

// The changes of tunnels.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub enum TunnelChange {
    /// Add tunnels to a bridge
    #[command(describe = ADD)]
    Add {
        /// The bridge
        #[arg(takes = Value::BRIDGE)]
        bridge: String,
        /// The new port's name [default: the type and the remote address in hex]
        #[arg(takes = Value::PORT)]
        port: Option<String>,
        /// The remote end: an IPv4 or IPv6 address, or flow; a tunnel for each
        #[arg(long, takes = Value::free("ADDRESS"), num_args = 1.., value_delimiter = ',', value_parser = address)]
        remote: Vec<String>,
        /// The type: vxlan, gre, ip6gre, geneve, lisp, stt, erspan, ip6erspan, gtpu, bareudp, srv6
        #[arg(long = "type", takes = Value::TYPE, default_value = "vxlan", value_parser = kind)]
        kind: &'static TunnelKind,
        /// If the tunnel exists on the bridge, change it to these settings
        #[arg(long)]
        may_exist: bool,
        /// If the switch refuses the tunnel, remove it again
        #[arg(long)]
        atomic: bool,
        #[command(flatten)]
        settings: SettingArgs,
    },
    /// Remove tunnels
    #[command(visible_alias = "delete", describe = DELETE)]
    Del {
        /// The tunnels: names, or BRIDGE/NUMBER
        #[arg(takes = Value::PORT, required = true)]
        ports: Vec<String>,
        /// Ignore ports that do not exist
        #[arg(long)]
        if_exists: bool,
    },
    /// Change settings of a tunnel; others are kept
    #[command(describe = SET)]
    Set {
        /// The tunnel: its name, or BRIDGE/NUMBER
        #[arg(takes = Value::PORT)]
        port: String,
        /// The remote end: an IPv4 or IPv6 address, or flow
        #[arg(long, takes = Value::free("ADDRESS"), value_parser = address)]
        remote: Option<String>,
        /// The type: vxlan, gre, geneve, ...
        #[arg(long = "type", takes = Value::TYPE, value_parser = kind)]
        kind: Option<&'static TunnelKind>,
        #[command(flatten)]
        settings: SettingArgs,
    },
}

pub(super) const ADD: About = About::changes()
    .remarks("\
Without PORT a tunnel is called by the first six letters of its type and its remote address in hex:
vxlan-0a000048, bareud-0a000048, vxlan-flow. Of an IPv6 address that is the FNV-1a hash (32 bits) of \
its 16 octets. So the name has 15 bytes at most; where it is taken, PORT must be given.

A tunnel that packets could not tell from another one (type, addresses, key of what comes in, port) is \
refused, and so are addresses of two families and keys that the type has no room for (24 bits: vxlan, \
geneve, lisp; 32: gre, ip6gre, gtpu; 64: stt; 10: erspan, ip6erspan; none: bareudp, srv6).")
    .examples("\
ovs tunnel add br-tun --remote 10.0.0.72 --local 10.0.0.69 --key flow
ovs tunnel add br-tun --remote 10.0.0.72 10.0.0.73 10.0.0.74 --key flow --may-exist
ovs tunnel add br-tun gre1 --type gre --remote 192.0.2.7 --key 100
ovs tunnel add br-tun --type ip6erspan --remote fd00::7 --option erspan_ver=1");

pub(super) const DELETE: About =
    About::changes().examples("ovs tunnel del vxlan-0a000048 vxlan-0a000049 --if-exists");

pub(super) const SET: About = About::changes()
    .remarks("--key replaces in_key and out_key too.")
    .examples(
        "\
ovs tunnel set vxlan-0a000048 --key flow --df-default off
ovs tunnel set gre1 --remote 192.0.2.8 --ttl none",
    );

impl DatabaseChange for TunnelChange {
    fn plan<'a>(&'a self, edit: &'a mut Edit<'_>) -> LocalBoxFuture<'a, Result<(), Refusal>> {
        async move {
            match self {
                TunnelChange::Add {
                    bridge,
                    port,
                    remote,
                    kind,
                    may_exist,
                    settings,
                    ..
                } => {
                    refuse_one_for_all(remote, port.as_deref(), settings)?;
                    let mut remotes: Vec<Option<&str>> =
                        remote.iter().map(|remote| Some(remote.as_str())).collect();
                    if remotes.is_empty() {
                        // The key may be given by --option.
                        remotes.push(None);
                    }
                    for remote in remotes {
                        let new = NewTunnel {
                            bridge,
                            name: port.as_deref(),
                            kind,
                            settings: &settings.settings(Some(*kind), remote)?,
                            may_exist: *may_exist,
                        };
                        edit.add_tunnel(&new).await?;
                    }
                    Ok(())
                }
                TunnelChange::Del { ports, if_exists } => {
                    for port in each_once(ports) {
                        edit.delete_tunnel(port).await.or_none_if(*if_exists)?;
                    }
                    Ok(())
                }
                TunnelChange::Set {
                    port,
                    remote,
                    kind,
                    settings,
                } => {
                    let settings = settings.settings(*kind, remote.as_deref())?;
                    edit.set_tunnel(port, &settings).await
                }
            }
        }
        .boxed_local()
    }

    fn is_atomic(&self) -> bool {
        matches!(self, TunnelChange::Add { atomic: true, .. })
    }
}

/// Refuses options that several tunnels cannot share.
fn refuse_one_for_all(
    remotes: &[String],
    port: Option<&str>,
    settings: &SettingArgs,
) -> Result<(), Refusal> {
    if let Some(remote) = given_twice(remotes) {
        return Err(Refusal::usage(format!("--remote {remote} is given twice")));
    }
    if remotes.len() < 2 {
        return Ok(());
    }
    if let Some(port) = port {
        return Err(Refusal::usage(format!(
            "several tunnels cannot all be called {}",
            quoted(port)
        ))
        .hint("without PORT each gets a name of its own"));
    }
    if settings.ofport.is_some() {
        return Err(Refusal::usage(
            "several tunnels have an OpenFlow port each: --ofport cannot name one for all",
        ));
    }
    Ok(())
}

impl SettingArgs {
    fn settings(
        &self,
        kind: Option<&TunnelKind>,
        remote: Option<&str>,
    ) -> Result<PortSettings, Refusal> {
        Ok(PortSettings {
            vlan: VlanSettings {
                tag: self.tag.clone(),
                ..VlanSettings::default()
            },
            kind: kind.map(|kind| kind.name.to_owned()),
            ofport: self.ofport.clone(),
            options: self.option_pairs(remote)?,
            interface: pairs("external_ids", &self.external_ids)
                .into_iter()
                .collect(),
            ..PortSettings::default()
        })
    }

    /// The options that have arguments of their own, and those of `--option`.
    fn option_pairs(&self, remote: Option<&str>) -> Result<Vec<Pair>, Refusal> {
        let remote = remote.map(|remote| Text(Some(remote.to_owned())));
        let named = [
            ("remote_ip", "--remote", &remote),
            ("local_ip", "--local", &self.local),
            ("key", "--key", &self.key),
            ("in_key", "--in-key", &self.in_key),
            ("out_key", "--out-key", &self.out_key),
            ("dst_port", "--dst-port", &self.dst_port),
            ("tos", "--tos", &self.tos),
            ("ttl", "--ttl", &self.ttl),
            ("csum", "--csum", &self.csum),
            ("df_default", "--df-default", &self.df_default),
        ];
        let mut pairs = Vec::new();
        for (key, option, text) in named {
            let Some(Text(value)) = text else {
                continue;
            };
            if self.options.iter().any(|pair| pair.key == key) {
                return Err(Refusal::usage(format!(
                    "{option} and --option {key} say the same thing twice"
                )));
            }
            pairs.push(Pair::new(key, value.as_deref()));
        }
        pairs.extend(self.options.iter().cloned());
        if self.key.is_some() {
            // They would take precedence over it.
            for key in ["in_key", "out_key"] {
                if !pairs.iter().any(|pair| pair.key == key) {
                    pairs.push(Pair::new(key, None));
                }
            }
        }
        Ok(pairs)
    }
}

/// A value for `parse`, or the word `none`.
fn or_none(
    parse: fn(&str) -> Result<String, String>,
) -> impl Fn(&str) -> Result<Text, String> + Clone + Send + Sync + 'static {
    move |text| match text {
        "none" => Ok(Text(None)),
        text => parse(text)
            .map(|text| Text(Some(text)))
            .map_err(|error| error + ", or none"),
    }
}

/// An address as ovs-vswitchd parses it; an IPv6 address in canonical form (RFC 5952), a mapped one as IPv4.
fn address(text: &str) -> Result<String, String> {
    if text == "flow" {
        return Ok(text.to_owned());
    }
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    match tunnel::address(bare) {
        Some(address) => Ok(address.to_string()),
        None => Err("expected an IPv4 or IPv6 address (no name), or flow".to_owned()),
    }
}

fn key(text: &str) -> Result<String, String> {
    if text == "flow" {
        return Ok(text.to_owned());
    }
    let number = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    match number {
        Ok(number) => Ok(number.to_string()),
        Err(_) => Err("expected a number, or flow".to_owned()),
    }
}

fn dst_port(text: &str) -> Result<String, String> {
    match text.parse::<u16>() {
        Ok(port) if port != 0 => Ok(port.to_string()),
        _ => Err("expected 1 to 65535".to_owned()),
    }
}

fn truth(text: &str) -> Result<String, String> {
    match text {
        "on" | "true" | "yes" => Ok("true".to_owned()),
        "off" | "false" | "no" => Ok("false".to_owned()),
        _ => Err("expected on or off".to_owned()),
    }
}

#[allow(clippy::unnecessary_wraps)] // A parser like the others; what may stand there depends on more.
fn any(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

fn kind(text: &str) -> Result<&'static TunnelKind, String> {
    TunnelKind::of(text).ok_or_else(|| {
        let names = KINDS.each_ref().map(|kind| kind.name);
        format!("expected one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, address_) in [
            ("10.0.0.1", Some("10.0.0.1")),
            ("[FD00:0::1]", Some("fd00::1")),
            ("fd00::1", Some("fd00::1")),
            ("flow", Some("flow")),
            ("host", None),
            ("10.0.0", None),
            ("10.0.0.01", None),
            ("fd00::1%eth0", None),
            ("", None),
        ] {
            assert_eq!(address(text).ok().as_deref(), address_, "{text}");
        }
    }

    #[test]
    fn keys() {
        for (text, key_) in [
            ("100", Some("100")),
            ("0x64", Some("100")),
            ("flow", Some("flow")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("18446744073709551616", None),
            ("-1", None),
            ("ten", None),
        ] {
            assert_eq!(key(text).ok().as_deref(), key_, "{text}");
        }
    }
}
